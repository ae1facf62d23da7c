
/*
 * Copyright (C) the ngx_pay authors
 *
 * What a talk wants of the store, and how it outlives its request until the
 * store has answered.
 */

#include <ngx_pay_tick.h>


static void ngx_pay_talk_stored(ngx_pay_record_t *o);


/*
 * An orphan goes when nobody has it any more: no thread, and not the store,
 * which first gets back what was claimed.
 */

void
ngx_pay_talk_leave(ngx_pay_talk_t *talk)
{
    if (talk->storing) {
        return;
    }

    if (talk->claimed) {
        ngx_pay_talk_release(talk, ngx_pay_talk_leave);
        return;
    }

    if (!talk->in_thread) {
        ngx_pay_talk_free(talk);
    }
}


/* the talk is not with its request any more */

void
ngx_pay_talk_orphan(ngx_pay_talk_t *talk)
{
    if (talk->timer.timer_set) {
        ngx_del_timer(&talk->timer);
    }

    talk->ctx->talk = NULL;
    talk->ctx = NULL;
    talk->request = NULL;
    talk->rec.op.request = NULL;
    talk->behind.op.request = NULL;
    talk->cleanup->handler = NULL;

    ngx_pay_talk_leave(talk);
}


ngx_int_t
ngx_pay_talk_abandon(ngx_pay_talk_t *talk)
{
    if (talk->in_thread) {
        ngx_pay_talk_orphan(talk);
        return NGX_AGAIN;
    }

    if (talk->timer.timer_set) {
        ngx_del_timer(&talk->timer);
    }

    if (talk->call_now) {
        talk->call_now->abandoned = 1;
    }

    return NGX_OK;
}


static void
ngx_pay_talk_stored(ngx_pay_record_t *o)
{
    ngx_pay_talk_t  *talk = o->data;

    talk->storing = 0;

    if (talk->request == NULL && !talk->recording) {
        ngx_pay_talk_leave(talk);
        return;
    }

    talk->next(talk);
}


static void
ngx_pay_talk_taken(ngx_pay_record_t *o)
{
    ngx_pay_talk_t  *talk = o->data;

    talk->claimed = o->claim == NGX_PAY_CLAIM_NEW
                    || o->claim == NGX_PAY_CLAIM_OPEN
                    || o->claim == NGX_PAY_CLAIM_UNKNOWN;

    if (talk->claimed) {
        talk->core.known = o->claim == NGX_PAY_CLAIM_NEW ? PAY_KNOWN_NEW
                           : o->claim == NGX_PAY_CLAIM_OPEN ? PAY_KNOWN_OPEN
                           : PAY_KNOWN_UNKNOWN;
    }

    ngx_pay_talk_stored(o);
}


/* what the store is asked for next: one thing at a time */

static ngx_pay_record_t *
ngx_pay_talk_store(ngx_pay_talk_t *talk, ngx_pay_talk_pt next)
{
    talk->storing = 1;
    talk->next = next;

    return &talk->rec;
}


void
ngx_pay_talk_claim(ngx_pay_talk_t *talk, const pay_object_t *fresh,
    ngx_pay_talk_pt next)
{
    ngx_pay_record_t  *o;

    o = ngx_pay_talk_store(talk, next);
    o->object = &talk->object;

    ngx_pay_record_claim(o, fresh, ngx_pay_talk_taken);
}


void
ngx_pay_talk_load(ngx_pay_talk_t *talk, ngx_pay_talk_pt next)
{
    ngx_pay_record_t  *o;

    o = ngx_pay_talk_store(talk, next);
    o->object = &talk->object;

    ngx_pay_record_load(o, ngx_pay_talk_stored);
}


void
ngx_pay_talk_load_behind(ngx_pay_talk_t *talk, ngx_pay_talk_pt next)
{
    (void) ngx_pay_talk_store(talk, next);

    ngx_pay_record_load(&talk->behind, ngx_pay_talk_stored);
}


void
ngx_pay_talk_change_behind(ngx_pay_talk_t *talk, ngx_pay_record_edit_pt edit,
    ngx_pay_talk_pt next)
{
    (void) ngx_pay_talk_store(talk, next);

    ngx_pay_record_change(&talk->behind, edit, ngx_pay_talk_stored);
}


void
ngx_pay_talk_apply(ngx_pay_talk_t *talk, ngx_uint_t from_query,
    ngx_uint_t create, ngx_pay_talk_pt next)
{
    ngx_pay_record_t  *o;

    o = ngx_pay_talk_store(talk, next);
    o->object = &talk->applied;

    ngx_pay_record_apply(o, &talk->core.fact, from_query, create,
                         ngx_pay_talk_stored);
}


static ngx_pay_end_t
ngx_pay_talk_fate(ngx_pay_talk_t *talk)
{
    if (!pay_op_info(talk->core.op)->creates) {
        return NGX_PAY_END_KEEP;
    }

    if (talk->core.known == PAY_KNOWN_UNKNOWN || talk->sent || talk->call_now) {
        return NGX_PAY_END_UNKNOWN;
    }

    return talk->core.known == PAY_KNOWN_NEW ? NGX_PAY_END_DROP
                                             : NGX_PAY_END_KEEP;
}


static void
ngx_pay_talk_unreserved(ngx_pay_talk_t *talk)
{
    ngx_pay_talk_release(talk, talk->released);
}


/*
 * A refund that is forgotten leaves its payment first: the other way round a
 * worker's death in between would leave a sum there that nobody takes back.
 */

void
ngx_pay_talk_release(ngx_pay_talk_t *talk, ngx_pay_talk_pt next)
{
    ngx_pay_end_t  end;

    if (!talk->claimed) {
        next(talk);
        return;
    }

    end = ngx_pay_talk_fate(talk);

    if (talk->reserved && end == NGX_PAY_END_DROP) {
        talk->reserved = 0;
        talk->released = next;
        ngx_pay_refund_settle(talk, PAY_STATE_FAILED, ngx_pay_talk_unreserved);
        return;
    }

    talk->claimed = 0;

    ngx_pay_record_release(ngx_pay_talk_store(talk, next), end,
                           ngx_pay_talk_stored);
}


void
ngx_pay_talk_record(ngx_pay_talk_t *talk)
{
    ngx_pay_cache_take(talk->rec.op.conf->zone, talk->channel, &talk->core);

    talk->recording = 1;
    talk->record(talk);
}


void
ngx_pay_talk_recorded(ngx_pay_talk_t *talk)
{
    talk->recording = 0;

    if (talk->request == NULL) {
        ngx_pay_talk_leave(talk);
        return;
    }

    if (talk->proceed) {
        talk->proceed = 0;
        ngx_pay_talk_next(talk);
    }
}
