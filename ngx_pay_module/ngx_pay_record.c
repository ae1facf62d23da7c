
/*
 * Copyright (C) the ngx_pay authors
 *
 * Objects in the store.  Packing is done outside of its lock; a version tells
 * whether somebody was faster.
 */

#include <ngx_pay.h>


/* of writers of one record at once each round lets one through */
#define NGX_PAY_TRIES  64


static void ngx_pay_record_taken(ngx_pay_store_op_t *op);
static void ngx_pay_record_loaded(ngx_pay_store_op_t *op);
static void ngx_pay_record_found(ngx_pay_store_op_t *op);
static void ngx_pay_record_written(ngx_pay_store_op_t *op);
static void ngx_pay_record_free(ngx_pay_record_t *o);
static void ngx_pay_record_freed(ngx_pay_store_op_t *op);


static pay_rec_class_t
ngx_pay_record_class(const pay_object_t *p)
{
    if (p->unknown || !p->answered) {
        return PAY_REC_KEPT;
    }

    return p->state == PAY_STATE_FAILED || pay_state_final(p->kind, p->state)
           ? PAY_REC_FINISHED : PAY_REC_OPEN;
}


void
ngx_pay_record_init(ngx_pay_record_t *o, ngx_http_request_t *r,
    pay_arena_t *a, pay_object_t *p, void *data)
{
    ngx_memzero(o, sizeof(ngx_pay_record_t));

    ngx_pay_store_init(&o->op, r, o);

    o->arena = a;
    o->object = p;
    o->data = data;
}


/*
 * A record that a notice made has no wish of the merchant's in it: the same
 * money on the same channel is the same order.  Where not even the amount is
 * known, the channel tells whether it is the same refund, by its own rule.
 */

static ngx_pay_claim_t
ngx_pay_record_same(const pay_object_t *fresh, const pay_object_t *p)
{
    static const pay_u8  none[16];

    /* the path is no member of what is asked for */

    if (ngx_memcmp(fresh->fingerprint, p->fingerprint, 16) == 0) {
        return pay_str_eq(fresh->order_id, p->order_id)
               ? NGX_PAY_CLAIM_OPEN : NGX_PAY_CLAIM_CONFLICT;
    }

    if (ngx_memcmp(p->fingerprint, none, 16) != 0
        || !pay_str_eq(fresh->channel, p->channel)
        || (p->order_id.len && !pay_str_eq(fresh->order_id, p->order_id)))
    {
        return NGX_PAY_CLAIM_CONFLICT;
    }

    if (p->amount == 0) {
        return p->kind == PAY_KIND_PAYMENT ? NGX_PAY_CLAIM_PAID
                                           : NGX_PAY_CLAIM_UNKNOWN;
    }

    return fresh->amount == p->amount && pay_str_eq(fresh->currency,
                                                    p->currency)
           ? NGX_PAY_CLAIM_OPEN : NGX_PAY_CLAIM_CONFLICT;
}


void
ngx_pay_record_claim(ngx_pay_record_t *o, const pay_object_t *fresh,
    ngx_pay_record_pt handler)
{
    o->handler = handler;
    o->fresh = fresh;
    o->op.arena = o->arena;
    o->op.bytes.len = 0;

    /* here a record of this node's goes to where the others find it */

    o->op.local = 0;

    if (fresh) {
        o->op.bytes = pay_object_pack(o->arena, fresh);

        if (o->op.bytes.data == NULL || o->op.bytes.len > PAY_REC_MAX) {
            o->claim = o->op.bytes.data ? NGX_PAY_CLAIM_FULL
                                        : NGX_PAY_CLAIM_ERROR;
            handler(o);
            return;
        }
    }

    ngx_pay_store(&o->op, NGX_PAY_STORE_CLAIM, ngx_pay_record_taken);
}


static ngx_pay_claim_t
ngx_pay_record_state(ngx_pay_record_t *o)
{
    ngx_pay_claim_t  same;

    if (o->op.rc != PAY_OK) {
        return o->op.rc == PAY_DECLINED
               && o->op.claim == NGX_PAY_STORE_ABSENT ? NGX_PAY_CLAIM_ABSENT
                                                      : NGX_PAY_CLAIM_FULL;
    }

    if (pay_object_unpack(o->arena, o->op.bytes, o->object) != PAY_OK) {
        return NGX_PAY_CLAIM_ERROR;
    }

    same = o->fresh ? ngx_pay_record_same(o->fresh, o->object)
                    : NGX_PAY_CLAIM_OPEN;

    if (same == NGX_PAY_CLAIM_CONFLICT || same == NGX_PAY_CLAIM_PAID) {
        return same;
    }

    switch (o->op.claim) {

    case NGX_PAY_STORE_BUSY:
        return NGX_PAY_CLAIM_BUSY;

    case NGX_PAY_STORE_NEW:
        return NGX_PAY_CLAIM_NEW;

    case NGX_PAY_STORE_ORPHAN:
        return NGX_PAY_CLAIM_UNKNOWN;

    default:
        return o->object->unknown || !o->object->answered
               ? NGX_PAY_CLAIM_UNKNOWN : same;
    }
}


/* what was claimed and is not for this caller is given back first */

static void
ngx_pay_record_taken(ngx_pay_store_op_t *op)
{
    ngx_uint_t         held;
    ngx_pay_end_t      end;
    ngx_pay_record_t  *o = op->data;

    held = op->rc == PAY_OK && op->claim != NGX_PAY_STORE_BUSY;
    end = op->claim == NGX_PAY_STORE_ORPHAN ? NGX_PAY_END_UNKNOWN
                                            : NGX_PAY_END_KEEP;

    o->version = op->version;
    o->claim = ngx_pay_record_state(o);

    switch (o->claim) {

    case NGX_PAY_CLAIM_CONFLICT:
    case NGX_PAY_CLAIM_PAID:
    case NGX_PAY_CLAIM_ERROR:

        if (held) {
            ngx_pay_record_release(o, end, o->handler);
            return;
        }

        break;

    default:
        break;
    }

    o->handler(o);
}


void
ngx_pay_record_load(ngx_pay_record_t *o, ngx_pay_record_pt handler)
{
    o->handler = handler;
    o->op.arena = o->arena;

    ngx_pay_store(&o->op, NGX_PAY_STORE_READ, ngx_pay_record_loaded);
}


static void
ngx_pay_record_loaded(ngx_pay_store_op_t *op)
{
    ngx_pay_record_t  *o = op->data;

    o->rc = op->rc == PAY_OK
            ? pay_object_unpack(o->arena, op->bytes, o->object) : op->rc;

    o->handler(o);
}


/*
 * One way for all changes: read, edit, write if nobody was faster; in the
 * arena o->work, and to o->edited.
 */

static void
ngx_pay_record_try(ngx_pay_record_t *o)
{
    o->op.arena = o->work;

    ngx_pay_store(&o->op, NGX_PAY_STORE_READ, ngx_pay_record_found);
}


static void
ngx_pay_record_edit(ngx_pay_record_t *o, ngx_pay_record_edit_pt edit,
    ngx_pay_record_pt then)
{
    o->edit = edit;
    o->then = then;
    o->tries = 0;

    ngx_pay_record_try(o);
}


static void
ngx_pay_record_edited(ngx_pay_record_t *o, pay_rc_t rc)
{
    o->rc = rc;
    o->then(o);
}


static void
ngx_pay_record_found(ngx_pay_store_op_t *op)
{
    pay_rc_t           rc;
    ngx_pay_record_t  *o = op->data;

    o->stored = op->rc == PAY_OK;

    if (o->stored) {
        rc = pay_object_unpack(o->work, op->bytes, o->edited);
        rc = rc == PAY_OK ? PAY_OK : PAY_ERROR;

    } else if (op->rc == PAY_DECLINED && o->edited == o->object) {
        *o->edited = o->given;
        op->version = 0;
        rc = PAY_OK;

    } else {
        rc = op->rc;
    }

    if (rc == PAY_OK) {
        rc = o->edit(o);

        if (rc == PAY_DECLINED) {
            ngx_pay_record_edited(o, PAY_OK);
            return;
        }
    }

    if (rc != PAY_OK) {
        ngx_pay_record_edited(o, rc);
        return;
    }

    op->bytes = pay_object_pack(o->work, o->edited);
    op->class_ = ngx_pay_record_class(o->edited);

    if (op->bytes.data == NULL) {
        ngx_pay_record_edited(o, PAY_ERROR);
        return;
    }

    ngx_pay_store(op, NGX_PAY_STORE_WRITE, ngx_pay_record_written);
}


static void
ngx_pay_record_written(ngx_pay_store_op_t *op)
{
    ngx_pay_record_t  *o = op->data;

    if (op->rc == PAY_INVALID && ++o->tries < NGX_PAY_TRIES) {
        ngx_pay_record_try(o);
        return;
    }

    ngx_pay_record_edited(o, op->rc == PAY_INVALID ? PAY_ERROR : op->rc);
}


static pay_rc_t
ngx_pay_record_take(ngx_pay_record_t *o)
{
    o->change = pay_object_apply(o->object, o->fact, o->from_query,
                                 ngx_time());

    return o->change == PAY_CHANGE_STATE && (o->stored || o->create)
           ? PAY_OK : PAY_DECLINED;
}


void
ngx_pay_record_apply(ngx_pay_record_t *o, const pay_fact_t *fact,
    ngx_uint_t from_query, ngx_uint_t create, ngx_pay_record_pt handler)
{
    o->fact = fact;
    o->from_query = from_query;
    o->create = create;
    o->given = *o->object;
    o->work = o->arena;
    o->edited = o->object;

    ngx_pay_record_edit(o, ngx_pay_record_take, handler);
}


/* in an arena of its own: a thread may have the caller's */

static pay_rc_t
ngx_pay_record_scratch(ngx_pay_record_t *o)
{
    o->scratch = pay_arena_create(0);
    o->work = o->scratch;
    o->edited = &o->given;

    return o->scratch ? PAY_OK : PAY_ERROR;
}


static void
ngx_pay_record_changed(ngx_pay_record_t *o)
{
    pay_arena_destroy(o->scratch);
    o->scratch = NULL;

    o->handler(o);
}


void
ngx_pay_record_change(ngx_pay_record_t *o, ngx_pay_record_edit_pt edit,
    ngx_pay_record_pt handler)
{
    o->handler = handler;

    if (ngx_pay_record_scratch(o) != PAY_OK) {
        o->rc = PAY_ERROR;
        handler(o);
        return;
    }

    ngx_pay_record_edit(o, edit, ngx_pay_record_changed);
}


/* the word of the channel may have come meanwhile by a notice */

static pay_rc_t
ngx_pay_record_mark(ngx_pay_record_t *o)
{
    if (o->edited->answered && o->edited->state != PAY_STATE_PENDING) {
        return PAY_DECLINED;
    }

    o->edited->unknown = 1;

    return PAY_OK;
}


void
ngx_pay_record_release(ngx_pay_record_t *o, ngx_pay_end_t end,
    ngx_pay_record_pt handler)
{
    o->handler = handler;
    o->op.drop = end == NGX_PAY_END_DROP;
    o->scratch = NULL;

    if (end != NGX_PAY_END_UNKNOWN || ngx_pay_record_scratch(o) != PAY_OK) {
        ngx_pay_record_free(o);
        return;
    }

    ngx_pay_record_edit(o, ngx_pay_record_mark, ngx_pay_record_free);
}


static void
ngx_pay_record_free(ngx_pay_record_t *o)
{
    o->op.version = o->version;

    ngx_pay_store(&o->op, NGX_PAY_STORE_RELEASE, ngx_pay_record_freed);
}


static void
ngx_pay_record_freed(ngx_pay_store_op_t *op)
{
    ngx_pay_record_changed(op->data);
}
