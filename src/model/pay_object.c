
/*
 * Copyright (C) the ngx_pay authors
 *
 * An object: as bytes in the store, and what a channel's word does to it
 * (docs/design.md sections 8 and 10).
 */

#include <base/pay_time.h>
#include <model/pay_object.h>


/* the first byte of a stored object: another layout is not read */
#define PAY_OBJECT_LAYOUT  2


typedef struct {
    pay_u8    layout;
    pay_u8    kind;
    pay_u8    method;
    pay_u8    state;
    pay_u8    refund_status;
    pay_u8    closing;
    pay_u8    late;
    pay_u8    unknown;
    pay_u8    answered;
    pay_u8    user_id;
    pay_u8    fingerprint[16];
    int64_t   amount;
    int64_t   amount_paid;
    int64_t   amount_refunded;
    int64_t   created_at;
    int64_t   expires_at;
    int64_t   done_at;
    int64_t   closed_at;
} pay_object_head_t;


static const size_t  pay_object_texts[] = {
    offsetof(pay_object_t, number),
    offsetof(pay_object_t, merchant),
    offsetof(pay_object_t, channel),
    offsetof(pay_object_t, channel_number),
    offsetof(pay_object_t, order_id),
    offsetof(pay_object_t, channel_order_id),
    offsetof(pay_object_t, currency),
    offsetof(pay_object_t, payer),
    offsetof(pay_object_t, account),
    offsetof(pay_object_t, failure),
    offsetof(pay_object_t, ref),
    offsetof(pay_object_t, metadata),
    offsetof(pay_object_t, receivers),
    offsetof(pay_object_t, refunds)
};

#define pay_object_text(p, i)                                               \
    ((pay_str_t *) ((char *) (p) + pay_object_texts[i]))


pay_str_t
pay_object_pack(pay_arena_t *a, const pay_object_t *p)
{
    size_t               i;
    pay_str_t           *s;
    pay_buf_t            b;
    pay_object_head_t   h;

    memset(&h, 0, sizeof(pay_object_head_t));

    h.layout = PAY_OBJECT_LAYOUT;
    h.kind = (pay_u8) p->kind;
    h.method = (pay_u8) p->method;
    h.state = (pay_u8) p->state;
    h.refund_status = (pay_u8) p->refund_status;
    h.closing = p->closing;
    h.late = p->late;
    h.unknown = p->unknown;
    h.answered = p->answered;
    h.user_id = p->user_id;
    h.amount = p->amount;
    h.amount_paid = p->amount_paid;
    h.amount_refunded = p->amount_refunded;
    h.created_at = p->created_at;
    h.expires_at = p->expires_at;
    h.done_at = p->done_at;
    h.closed_at = p->closed_at;
    memcpy(h.fingerprint, p->fingerprint, sizeof(h.fingerprint));

    pay_buf_init(&b, a, 512);
    pay_buf_add(&b, &h, sizeof(pay_object_head_t));

    for (i = 0; i < pay_nelts(pay_object_texts); i++) {
        s = pay_object_text(p, i);
        pay_buf_addc(&b, (pay_u8) (s->len >> 8));
        pay_buf_addc(&b, (pay_u8) s->len);
        pay_buf_adds(&b, *s);
    }

    return pay_buf_str(&b);
}


pay_rc_t
pay_object_unpack(pay_arena_t *a, pay_str_t bytes, pay_object_t *p)
{
    size_t               i, n;
    pay_str_t            s;
    const pay_u8        *at, *last;
    pay_object_head_t   h;

    memset(p, 0, sizeof(pay_object_t));

    if (bytes.len < sizeof(pay_object_head_t)) {
        return PAY_INVALID;
    }

    memcpy(&h, bytes.data, sizeof(pay_object_head_t));

    if (h.layout != PAY_OBJECT_LAYOUT || h.kind == PAY_KIND_NONE
        || h.kind >= PAY_KIND_MAX || h.state >= PAY_STATE_MAX
        || h.method >= PAY_METHOD_MAX || h.refund_status >= PAY_REFUND_MAX)
    {
        return PAY_INVALID;
    }

    p->kind = (pay_kind_t) h.kind;
    p->method = (pay_method_t) h.method;
    p->state = (pay_state_t) h.state;
    p->refund_status = (pay_refund_status_t) h.refund_status;
    p->closing = h.closing & 1;
    p->late = h.late & 1;
    p->unknown = h.unknown & 1;
    p->answered = h.answered & 1;
    p->user_id = h.user_id & 1;
    p->amount = h.amount;
    p->amount_paid = h.amount_paid;
    p->amount_refunded = h.amount_refunded;
    p->created_at = h.created_at;
    p->expires_at = h.expires_at;
    p->done_at = h.done_at;
    p->closed_at = h.closed_at;
    memcpy(p->fingerprint, h.fingerprint, sizeof(h.fingerprint));

    at = bytes.data + sizeof(pay_object_head_t);
    last = bytes.data + bytes.len;

    for (i = 0; i < pay_nelts(pay_object_texts); i++) {

        if (last - at < 2) {
            return PAY_INVALID;
        }

        n = (size_t) at[0] << 8 | at[1];
        at += 2;

        if ((size_t) (last - at) < n) {
            return PAY_INVALID;
        }

        s.data = at;
        s.len = n;
        at += n;

        s = pay_str_dup(a, s);
        if (s.data == NULL) {
            return PAY_ERROR;
        }

        *pay_object_text(p, i) = s;
    }

    return at == last ? PAY_OK : PAY_INVALID;
}


void
pay_fact_init(pay_fact_t *f)
{
    memset(f, 0, sizeof(pay_fact_t));

    f->kind = PAY_KIND_PAYMENT;
    f->amount = -1;
    f->order_amount = -1;
    f->amount_paid = -1;
    f->amount_refunded = -1;
}


static int
pay_text_fill(pay_str_t *to, pay_str_t from)
{
    if (from.len == 0 || pay_str_eq(*to, from)) {
        return 0;
    }

    *to = from;

    return 1;
}


static int
pay_object_fill(pay_object_t *p, const pay_fact_t *f)
{
    int  filled;

    filled = pay_text_fill(&p->channel_number, f->channel_number);
    filled |= pay_text_fill(&p->payer, f->payer);
    filled |= pay_text_fill(&p->failure, f->failure);
    filled |= pay_text_fill(&p->ref, f->ref);
    filled |= pay_text_fill(&p->account, f->account);
    filled |= pay_text_fill(&p->receivers, f->receivers);
    filled |= pay_text_fill(&p->channel_order_id, f->channel_order_id);

    if (f->payer.len) {
        p->user_id = f->user_id;
    }

    if (f->amount_paid >= 0 && p->amount_paid != f->amount_paid) {
        p->amount_paid = f->amount_paid;
        filled = 1;
    }

    if (f->done_at && p->done_at != f->done_at) {
        p->done_at = f->done_at;
        filled = 1;
    }

    if (f->refund_status != PAY_REFUND_NONE
        && p->refund_status != f->refund_status
        && !(f->refund_status == PAY_REFUND_UNKNOWN
             && p->refund_status != PAY_REFUND_NONE))
    {
        p->refund_status = f->refund_status;
        filled = 1;
    }

    if (p->closing != f->closing && p->state != PAY_STATE_CLOSED) {
        p->closing = f->closing;
        filled = 1;
    }

    return filled;
}


static void
pay_object_enter(pay_object_t *p, pay_state_t to, int64_t now)
{
    p->late = p->kind == PAY_KIND_PAYMENT && to == PAY_STATE_SUCCEEDED
              && (p->state == PAY_STATE_FAILED
                  || p->state == PAY_STATE_CLOSED);
    p->state = to;

    if (to == PAY_STATE_CLOSED) {
        p->closed_at = now;
        p->closing = 0;
    }

    if (to == PAY_STATE_SUCCEEDED) {
        p->closed_at = 0;
        p->closing = 0;
        p->failure = PAY_STR("");
    }
}


pay_change_t
pay_object_apply(pay_object_t *p, const pay_fact_t *f, int from_query,
    int64_t now)
{
    int  filled, moved;

    if ((f->amount >= 0 && p->amount && f->amount != p->amount)
        || (f->currency.len && p->currency.len
            && !pay_str_eq(f->currency, p->currency)))
    {
        return PAY_CHANGE_MISMATCH;
    }

    if (f->state == PAY_STATE_NONE) {
        return PAY_CHANGE_NONE;
    }

    if (f->state == PAY_STATE_SUCCEEDED && p->state == PAY_STATE_SUCCEEDED
        && f->channel_number.len && p->channel_number.len
        && !pay_str_eq(f->channel_number, p->channel_number))
    {
        return PAY_CHANGE_DUPLICATE;
    }

    if (f->state != p->state && !pay_state_may(p->kind, p->state, f->state)
        && (!from_query || pay_state_final(p->kind, p->state)))
    {
        return PAY_CHANGE_DROPPED;
    }

    moved = f->state != p->state;

    if (moved) {
        pay_object_enter(p, f->state, now);
    }

    filled = pay_object_fill(p, f);

    if (!p->answered || p->unknown) {
        p->answered = 1;
        p->unknown = 0;
        filled = 1;
    }

    return moved || filled ? PAY_CHANGE_STATE : PAY_CHANGE_NONE;
}
