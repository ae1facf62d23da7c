
/*
 * Copyright (C) the ngx_pay authors
 *
 * Payments in the store.  Packing is done outside of its lock; a version
 * tells whether somebody was faster.
 */

#include <ngx_pay.h>


#define NGX_PAY_TRIES  16


static void ngx_pay_record_taken(ngx_pay_store_op_t *op);
static void ngx_pay_record_loaded(ngx_pay_store_op_t *op);
static void ngx_pay_record_found(ngx_pay_store_op_t *op);
static void ngx_pay_record_written(ngx_pay_store_op_t *op);
static void ngx_pay_record_mark(ngx_pay_store_op_t *op);
static void ngx_pay_record_marked(ngx_pay_store_op_t *op);
static void ngx_pay_record_free(ngx_pay_record_t *o);
static void ngx_pay_record_freed(ngx_pay_store_op_t *op);


static pay_rec_class_t
ngx_pay_record_class(const pay_object_t *p)
{
    if (p->unknown || !p->answered) {
        return PAY_REC_KEPT;
    }

    switch (p->state) {

    case PAY_STATE_SUCCEEDED:
    case PAY_STATE_FAILED:
    case PAY_STATE_CLOSED:
        return PAY_REC_FINISHED;

    default:
        return PAY_REC_OPEN;
    }
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
 * money on the same channel is the same order.
 */

static ngx_pay_claim_t
ngx_pay_record_same(const pay_object_t *fresh, const pay_object_t *p)
{
    static const pay_u8  none[16];

    if (ngx_memcmp(fresh->fingerprint, p->fingerprint, 16) == 0) {
        return NGX_PAY_CLAIM_OPEN;
    }

    if (ngx_memcmp(p->fingerprint, none, 16) != 0
        || !pay_str_eq(fresh->channel, p->channel))
    {
        return NGX_PAY_CLAIM_CONFLICT;
    }

    if (p->amount == 0) {
        return NGX_PAY_CLAIM_PAID;
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

    if (same != NGX_PAY_CLAIM_OPEN) {
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
               ? NGX_PAY_CLAIM_UNKNOWN : NGX_PAY_CLAIM_OPEN;
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


static void
ngx_pay_record_try(ngx_pay_record_t *o)
{
    o->op.arena = o->arena;

    ngx_pay_store(&o->op, NGX_PAY_STORE_READ, ngx_pay_record_found);
}


void
ngx_pay_record_apply(ngx_pay_record_t *o, const pay_fact_t *fact,
    ngx_uint_t from_query, ngx_uint_t create, ngx_pay_record_pt handler)
{
    o->handler = handler;
    o->fact = fact;
    o->from_query = from_query;
    o->create = create;
    o->given = *o->object;
    o->tries = 0;

    ngx_pay_record_try(o);
}


static void
ngx_pay_record_applied(ngx_pay_record_t *o, pay_rc_t rc)
{
    o->rc = rc;
    o->handler(o);
}


static void
ngx_pay_record_found(ngx_pay_store_op_t *op)
{
    ngx_pay_record_t  *o = op->data;

    if (op->rc == PAY_OK) {

        if (pay_object_unpack(o->arena, op->bytes, o->object) != PAY_OK) {
            ngx_pay_record_applied(o, PAY_ERROR);
            return;
        }

    } else if (op->rc == PAY_DECLINED) {
        *o->object = o->given;
        op->version = 0;

    } else {
        ngx_pay_record_applied(o, op->rc);
        return;
    }

    o->change = pay_object_apply(o->object, o->fact, o->from_query,
                                  ngx_time());

    if (o->change != PAY_CHANGE_STATE
        || (op->rc == PAY_DECLINED && !o->create))
    {
        ngx_pay_record_applied(o, PAY_OK);
        return;
    }

    op->bytes = pay_object_pack(o->arena, o->object);
    op->class_ = ngx_pay_record_class(o->object);

    if (op->bytes.data == NULL) {
        ngx_pay_record_applied(o, PAY_ERROR);
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

    ngx_pay_record_applied(o, op->rc == PAY_INVALID ? PAY_ERROR : op->rc);
}


/* in an arena of its own: a thread may have the caller's */

void
ngx_pay_record_release(ngx_pay_record_t *o, ngx_pay_end_t end,
    ngx_pay_record_pt handler)
{
    o->handler = handler;
    o->op.drop = end == NGX_PAY_END_DROP;
    o->tries = 0;
    o->scratch = NULL;

    if (end == NGX_PAY_END_UNKNOWN) {
        o->scratch = pay_arena_create(0);
    }

    if (o->scratch == NULL) {
        ngx_pay_record_free(o);
        return;
    }

    o->op.arena = o->scratch;

    ngx_pay_store(&o->op, NGX_PAY_STORE_READ, ngx_pay_record_mark);
}


/* the word of the channel may have come meanwhile by a notice */

static void
ngx_pay_record_mark(ngx_pay_store_op_t *op)
{
    pay_object_t      p;
    ngx_pay_record_t  *o = op->data;

    if (op->rc != PAY_OK
        || pay_object_unpack(o->scratch, op->bytes, &p) != PAY_OK
        || (p.answered && p.state != PAY_STATE_PENDING))
    {
        ngx_pay_record_free(o);
        return;
    }

    p.unknown = 1;

    op->bytes = pay_object_pack(o->scratch, &p);
    op->class_ = PAY_REC_KEPT;

    if (op->bytes.data == NULL) {
        ngx_pay_record_free(o);
        return;
    }

    ngx_pay_store(op, NGX_PAY_STORE_WRITE, ngx_pay_record_marked);
}


static void
ngx_pay_record_marked(ngx_pay_store_op_t *op)
{
    ngx_pay_record_t  *o = op->data;

    if (op->rc == PAY_INVALID && ++o->tries < NGX_PAY_TRIES) {
        ngx_pay_store(op, NGX_PAY_STORE_READ, ngx_pay_record_mark);
        return;
    }

    ngx_pay_record_free(o);
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
    ngx_pay_record_t  *o = op->data;

    pay_arena_destroy(o->scratch);
    o->scratch = NULL;

    o->handler(o);
}
