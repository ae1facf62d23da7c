
/*
 * Copyright (C) the ngx_pay authors
 *
 * A payment: as bytes in the store, as an object for the merchant, and what
 * a channel's word does to it (docs/design.md sections 7, 8 and 10).
 */

#include <base/pay_time.h>
#include <model/pay_model.h>


/* the first byte of a stored payment: another layout is not read */
#define PAY_PAYMENT_LAYOUT  1


typedef struct {
    pay_u8    layout;
    pay_u8    method;
    pay_u8    state;
    pay_u8    refund_status;
    pay_u8    closing;
    pay_u8    late;
    pay_u8    unknown;
    pay_u8    answered;
    pay_u8    fingerprint[16];
    int64_t   amount;
    int64_t   amount_paid;
    int64_t   amount_refunded;
    int64_t   created_at;
    int64_t   expires_at;
    int64_t   paid_at;
    int64_t   closed_at;
} pay_payment_head_t;


static const size_t  pay_payment_texts[] = {
    offsetof(pay_payment_t, order_id),
    offsetof(pay_payment_t, merchant),
    offsetof(pay_payment_t, channel),
    offsetof(pay_payment_t, channel_order_id),
    offsetof(pay_payment_t, currency),
    offsetof(pay_payment_t, payer),
    offsetof(pay_payment_t, failure),
    offsetof(pay_payment_t, ref),
    offsetof(pay_payment_t, metadata)
};

#define pay_payment_text(p, i)                                               \
    ((pay_str_t *) ((char *) (p) + pay_payment_texts[i]))


pay_str_t
pay_payment_pack(pay_arena_t *a, const pay_payment_t *p)
{
    size_t               i;
    pay_str_t           *s;
    pay_buf_t            b;
    pay_payment_head_t   h;

    memset(&h, 0, sizeof(pay_payment_head_t));

    h.layout = PAY_PAYMENT_LAYOUT;
    h.method = (pay_u8) p->method;
    h.state = (pay_u8) p->state;
    h.refund_status = (pay_u8) p->refund_status;
    h.closing = p->closing;
    h.late = p->late;
    h.unknown = p->unknown;
    h.answered = p->answered;
    h.amount = p->amount;
    h.amount_paid = p->amount_paid;
    h.amount_refunded = p->amount_refunded;
    h.created_at = p->created_at;
    h.expires_at = p->expires_at;
    h.paid_at = p->paid_at;
    h.closed_at = p->closed_at;
    memcpy(h.fingerprint, p->fingerprint, sizeof(h.fingerprint));

    pay_buf_init(&b, a, 512);
    pay_buf_add(&b, &h, sizeof(pay_payment_head_t));

    for (i = 0; i < pay_nelts(pay_payment_texts); i++) {
        s = pay_payment_text(p, i);
        pay_buf_addc(&b, (pay_u8) (s->len >> 8));
        pay_buf_addc(&b, (pay_u8) s->len);
        pay_buf_adds(&b, *s);
    }

    return pay_buf_str(&b);
}


pay_rc_t
pay_payment_unpack(pay_arena_t *a, pay_str_t bytes, pay_payment_t *p)
{
    size_t               i, n;
    pay_str_t            s;
    const pay_u8        *at, *last;
    pay_payment_head_t   h;

    memset(p, 0, sizeof(pay_payment_t));

    if (bytes.len < sizeof(pay_payment_head_t)) {
        return PAY_INVALID;
    }

    memcpy(&h, bytes.data, sizeof(pay_payment_head_t));

    if (h.layout != PAY_PAYMENT_LAYOUT || h.state >= PAY_STATE_MAX
        || h.method >= PAY_METHOD_MAX || h.refund_status >= PAY_REFUND_MAX)
    {
        return PAY_INVALID;
    }

    p->method = (pay_method_t) h.method;
    p->state = (pay_state_t) h.state;
    p->refund_status = (pay_refund_status_t) h.refund_status;
    p->closing = h.closing & 1;
    p->late = h.late & 1;
    p->unknown = h.unknown & 1;
    p->answered = h.answered & 1;
    p->amount = h.amount;
    p->amount_paid = h.amount_paid;
    p->amount_refunded = h.amount_refunded;
    p->created_at = h.created_at;
    p->expires_at = h.expires_at;
    p->paid_at = h.paid_at;
    p->closed_at = h.closed_at;
    memcpy(p->fingerprint, h.fingerprint, sizeof(h.fingerprint));

    at = bytes.data + sizeof(pay_payment_head_t);
    last = bytes.data + bytes.len;

    for (i = 0; i < pay_nelts(pay_payment_texts); i++) {

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

        *pay_payment_text(p, i) = s;
    }

    return at == last ? PAY_OK : PAY_INVALID;
}


void
pay_fact_init(pay_fact_t *f)
{
    memset(f, 0, sizeof(pay_fact_t));

    f->amount = -1;
    f->amount_paid = -1;
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
pay_payment_fill(pay_payment_t *p, const pay_fact_t *f)
{
    int  filled;

    filled = pay_text_fill(&p->channel_order_id, f->channel_order_id);
    filled |= pay_text_fill(&p->payer, f->payer);
    filled |= pay_text_fill(&p->failure, f->failure);
    filled |= pay_text_fill(&p->ref, f->ref);

    if (f->amount_paid >= 0 && p->amount_paid != f->amount_paid) {
        p->amount_paid = f->amount_paid;
        filled = 1;
    }

    if (f->paid_at && p->paid_at != f->paid_at) {
        p->paid_at = f->paid_at;
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
pay_payment_enter(pay_payment_t *p, pay_state_t to, int64_t now)
{
    p->late = to == PAY_STATE_SUCCEEDED
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
pay_payment_apply(pay_payment_t *p, const pay_fact_t *f, int from_query,
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
        && f->channel_order_id.len && p->channel_order_id.len
        && !pay_str_eq(f->channel_order_id, p->channel_order_id))
    {
        return PAY_CHANGE_DUPLICATE;
    }

    if (f->state != p->state && !pay_state_may(p->state, f->state)
        && (!from_query || p->state == PAY_STATE_SUCCEEDED
            || p->state == PAY_STATE_CLOSED))
    {
        return PAY_CHANGE_DROPPED;
    }

    moved = f->state != p->state;

    if (moved) {
        pay_payment_enter(p, f->state, now);
    }

    filled = pay_payment_fill(p, f);

    if (!p->answered || p->unknown) {
        p->answered = 1;
        p->unknown = 0;
        filled = 1;
    }

    return moved || filled ? PAY_CHANGE_STATE : PAY_CHANGE_NONE;
}


static void
pay_json_time(pay_json_writer_t *w, pay_arena_t *a, const char *key, int64_t t)
{
    if (t == 0) {
        pay_jw_null(w, key);
        return;
    }

    pay_jw_str(w, key, pay_time_format(a, t, PAY_UTC));
}


static void
pay_action_json(pay_json_writer_t *w, pay_arena_t *a,
    const pay_action_t *action)
{
    const char  *why;
    pay_json_t  *params;

    if (action == NULL || action->kind == PAY_ACTION_NONE) {
        pay_jw_null(w, "next_action");
        return;
    }

    pay_jw_object(w, "next_action");

    switch (action->kind) {

    case PAY_ACTION_QR_CODE:
        pay_jw_strz(w, "type", "qr_code");
        pay_jw_str(w, "url", action->value);
        break;

    case PAY_ACTION_REDIRECT:
        pay_jw_strz(w, "type", "redirect");
        pay_jw_str(w, "url", action->value);
        break;

    case PAY_ACTION_FORM:
        pay_jw_strz(w, "type", "form");
        pay_jw_str(w, "html", action->value);
        break;

    case PAY_ACTION_PARAMS:
        pay_jw_strz(w, "type", action->type);

        if (pay_json_parse(a, action->value, &params, &why) == PAY_OK) {
            pay_jw_tree(w, "params", params);
        }

        break;

    default:
        pay_jw_strz(w, "type", "wait");
        break;
    }

    pay_jw_end(w);
}


void
pay_payment_json(pay_json_writer_t *w, pay_arena_t *a, const char *key,
    const pay_payment_t *p, const pay_action_t *action, int test)
{
    const char  *why;
    pay_json_t  *metadata;

    pay_jw_object(w, key);
    pay_jw_strz(w, "object", "payment");
    pay_jw_str(w, "order_id", p->order_id);
    pay_jw_str(w, "merchant", p->merchant);
    pay_jw_str(w, "channel", p->channel);

    if (p->method == PAY_METHOD_NONE) {
        pay_jw_null(w, "method");

    } else {
        pay_jw_strz(w, "method", pay_method_name(p->method));
    }

    pay_jw_opt(w, "channel_order_id", p->channel_order_id);
    pay_jw_strz(w, "status", pay_state_name(p->state));
    pay_jw_int(w, "amount", p->amount);
    pay_jw_opt(w, "currency", p->currency);
    pay_jw_int(w, "amount_paid", p->amount_paid);
    pay_jw_int(w, "amount_refunded", p->amount_refunded);
    pay_jw_strz(w, "refund_status", pay_refund_status_name(p->refund_status));
    pay_action_json(w, a, action);

    if (p->payer.len) {
        pay_jw_object(w, "payer");
        pay_jw_str(w, "openid", p->payer);
        pay_jw_end(w);

    } else {
        pay_jw_null(w, "payer");
    }

    pay_jw_opt(w, "failure", p->failure);
    pay_jw_bool(w, "closing", p->closing);
    pay_jw_bool(w, "late", p->late);
    pay_json_time(w, a, "created_at", p->created_at);
    pay_json_time(w, a, "expires_at", p->expires_at);
    pay_json_time(w, a, "paid_at", p->paid_at);
    pay_json_time(w, a, "closed_at", p->closed_at);

    if (p->metadata.len
        && pay_json_parse(a, p->metadata, &metadata, &why) == PAY_OK)
    {
        pay_jw_tree(w, "metadata", metadata);

    } else {
        pay_jw_null(w, "metadata");
    }

    pay_jw_bool(w, "test", test);
    pay_jw_end(w);
}
