
/*
 * Copyright (C) the ngx_pay authors
 *
 * The outcome of what was asked of a channel: into the store, and then to the
 * merchant.  The record is written before the first byte leaves and holds the
 * outcome whoever hears of it (docs/design.md, what is kept).
 */

#include <ngx_pay_api.h>


static void ngx_pay_api_applied(ngx_pay_talk_t *talk);
static void ngx_pay_api_recorded(ngx_pay_talk_t *talk);
static void ngx_pay_api_received(ngx_http_request_t *r, ngx_pay_talk_t *talk);


/*
 * The driver has compared what was asked with what is told, and this compares
 * once more: what is known of another's object is not for this merchant.
 */

static ngx_uint_t
ngx_pay_api_strayed(ngx_pay_talk_t *talk)
{
    pay_str_t             number;
    pay_fact_t           *f;
    const pay_account_t  *account;

    f = &talk->core.fact;
    account = talk->core.account;

    if (f->kind != talk->object.kind) {
        return 1;
    }

    if (account->sub_merchant.len && f->sub_merchant.len
        && !pay_str_eq(account->sub_merchant, f->sub_merchant))
    {
        return 1;
    }

    number = pay_talk_number(&talk->core, talk->object.number);

    return f->number.len && !pay_str_eq(f->number, number);
}


static void
ngx_pay_api_doubt(ngx_pay_talk_t *talk, const char *reason)
{
    ngx_log_error(NGX_LOG_ERR, talk->request
                               ? talk->request->connection->log
                               : ngx_cycle->log, 0,
                  "pay: channel \"%V\" told of another object than \"%*s\" "
                  "in its answer to %s: %s", &talk->channel->name,
                  talk->object.number.len, talk->object.number.data,
                  pay_op_info(talk->core.op)->name, reason);

    if (talk->core.error.code == PAY_E_NONE) {
        (void) pay_talk_fail(&talk->core,
                             talk->money ? PAY_E_OUTCOME_UNKNOWN
                                         : PAY_E_CHANNEL_RESPONSE_INVALID,
                             reason);
    }
}


/*
 * Into the store, also when nobody will hear the answer.  A refusal that is
 * definite leaves no trace of an object that this call would have made; one
 * of an object that was sent before says nothing about the first time.
 */

void
ngx_pay_api_record(ngx_pay_talk_t *talk)
{
    pay_fact_t  *f;

    f = &talk->core.fact;

    if (talk->object.kind == PAY_KIND_NONE) {
        ngx_pay_api_recorded(talk);
        return;
    }

    if (f->state != PAY_STATE_NONE && ngx_pay_api_strayed(talk)) {
        pay_fact_init(f);
        ngx_pay_api_doubt(talk, "number");
    }

    if (f->state != PAY_STATE_NONE) {

        talk->applied = talk->object;

        if (talk->core.known == PAY_KNOWN_FORGOTTEN) {
            talk->applied.amount = f->amount < 0 ? 0 : f->amount;

            if (f->currency.len) {
                talk->applied.currency = f->currency;
            }
        }

        ngx_pay_talk_apply(talk, 1, 0, ngx_pay_api_applied);
        return;
    }

    if (talk->recorded) {

        switch (talk->core.error.code) {

        case PAY_E_NONE:
        case PAY_E_OUTCOME_UNKNOWN:
        case PAY_E_INTERNAL_ERROR:
        case PAY_E_CHANNEL_RESPONSE_INVALID:
            break;

        default:
            talk->sent = 0;
        }
    }

    ngx_pay_api_recorded(talk);
}


/* the answer tells what the channel said, though the store may not know */

static void
ngx_pay_api_applied(ngx_pay_talk_t *talk)
{
    pay_fact_t    *f;
    pay_object_t  *p;
    pay_change_t   change;

    f = &talk->core.fact;
    p = &talk->applied;

    if (talk->rec.rc == PAY_OK) {
        change = talk->rec.change;

    } else {
        *p = talk->object;
        change = pay_object_apply(p, f, 1, ngx_time());
    }

    if (change == PAY_CHANGE_MISMATCH) {
        ngx_pay_api_doubt(talk, "amount");
        ngx_pay_api_recorded(talk);
        return;
    }

    /* what a notice made does not know what was asked for */

    if (p->amount == 0 && f->amount > 0) {
        p->amount = f->amount;

        if (f->currency.len) {
            p->currency = f->currency;
        }
    }

    talk->object = *p;

    if (talk->rec.rc == PAY_OK) {
        talk->core.known = PAY_KNOWN_OPEN;
        talk->sent = talk->recorded ? 0 : talk->sent;
    }

    if (talk->ledger) {
        ngx_pay_refund_settle(talk, p->state, ngx_pay_api_recorded);
        return;
    }

    ngx_pay_api_recorded(talk);
}


static void
ngx_pay_api_recorded(ngx_pay_talk_t *talk)
{
    if (talk->recorded) {
        ngx_pay_talk_release(talk, ngx_pay_talk_recorded);
        return;
    }

    ngx_pay_talk_recorded(talk);
}


/* what the front end can do with it, while it can */

static const pay_action_t *
ngx_pay_api_action(ngx_pay_talk_t *talk)
{
    const pay_object_t  *p;

    p = &talk->object;

    if (p->kind == PAY_KIND_PAYMENT) {
        return (p->state == PAY_STATE_PENDING
                || p->state == PAY_STATE_PROCESSING)
               && p->expires_at > ngx_time() ? &talk->core.fact.action : NULL;
    }

    return p->state == PAY_STATE_PENDING
           || p->state == PAY_STATE_REQUIRES_ACTION
           ? &talk->core.fact.action : NULL;
}


void
ngx_pay_api_done(ngx_pay_talk_t *talk)
{
    pay_error_t         *e;
    ngx_http_request_t  *r;

    r = talk->request;
    e = &talk->core.error;

    ngx_pay_api_note(r, talk->ctx, &talk->object);

    if (e->code != PAY_E_NONE) {
        e->channel = ngx_pay_str(&talk->channel->name);
        ngx_pay_api_fail(r, e);
        return;
    }

    if (talk->object.kind == PAY_KIND_NONE) {
        ngx_pay_api_received(r, talk);
        return;
    }

    ngx_pay_api_object(r, talk, &talk->object, ngx_pay_api_action(talk));
}


/* a receiver of splits, who is there now, or no more */

static void
ngx_pay_api_received(ngx_http_request_t *r, ngx_pay_talk_t *talk)
{
    pay_str_t              text;
    pay_json_writer_t     *w;
    ngx_pay_main_conf_t   *mcf;
    const pay_receiver_t  *receiver;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_pay_module);
    receiver = talk->ask.receivers;

    text.data = NULL;
    w = pay_json_writer(talk->core.arena);

    if (w) {
        pay_jw_object(w, NULL);
        pay_jw_strz(w, "object", "receiver");
        pay_jw_str(w, "merchant", talk->object.merchant);
        pay_jw_str(w, "channel", talk->object.channel);
        pay_jw_str(w, "type", receiver->type);
        pay_jw_str(w, "account", receiver->account);
        pay_jw_opt(w, "relation", receiver->relation);
        pay_jw_bool(w, "deleted", talk->core.op == PAY_OP_RECEIVER_DELETE);
        pay_jw_bool(w, "test", talk->channel->core.sandbox);
        pay_jw_end(w);
        text = pay_jw_text(w);
    }

    if (text.data == NULL) {
        ngx_pay_api_error(r, PAY_E_INTERNAL_ERROR, NULL);
        return;
    }

    ngx_pay_count(mcf->zone, requests[talk->core.op][NGX_PAY_OUTCOME_OK]);

    ngx_http_finalize_request(r, ngx_pay_reply(r, NGX_HTTP_OK,
                                               "application/json", text));
}
