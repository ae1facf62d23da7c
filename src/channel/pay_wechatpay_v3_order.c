
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver wechatpay_v3: what an answer means for a payment.
 */

#include <channel/pay_wechatpay_v3_int.h>


#define PAY_WECHATPAY_CODE_MAX  512


/* what an error only hints at, a verified query decides */

static pay_rc_t
pay_wechatpay_look_up(pay_talk_t *t, const pay_wechatpay_said_t *s)
{
    pay_wechatpay_own_t  *own = t->own;

    own->first = *s;

    return pay_wechatpay_query(t);
}


/* section 8.1: what a prepay gives, by method */

static const char *const  pay_wechatpay_gives[PAY_METHOD_MAX] = {
    [PAY_METHOD_QR_CODE] = "code_url",
    [PAY_METHOD_JSAPI] = "prepay_id",
    [PAY_METHOD_MINI_PROGRAM] = "prepay_id",
    [PAY_METHOD_APP] = "prepay_id",
    [PAY_METHOD_H5] = "h5_url"
};


/* section 9: where the buyer's browser goes when he is done */

static pay_str_t
pay_wechatpay_h5(pay_talk_t *t, pay_str_t url)
{
    pay_buf_t  b;
    pay_str_t  back;

    if (t->ask->method != PAY_METHOD_H5 || t->ask->return_url.len == 0) {
        return url;
    }

    back = pay_percent_encode(t->arena, t->ask->return_url);
    if (back.data == NULL) {
        return back;
    }

    pay_buf_init(&b, t->arena, url.len + back.len + 16);
    pay_buf_adds(&b, url);
    pay_buf_addz(&b, memchr(url.data, '?', url.len) ? "&" : "?");
    pay_buf_addz(&b, "redirect_url=");
    pay_buf_adds(&b, back);

    return pay_buf_str(&b);
}


/* PAY_INVALID: nothing that one could pay by */

static pay_rc_t
pay_wechatpay_given(pay_talk_t *t, const pay_json_t *o, pay_str_t *ref)
{
    size_t  i;

    if (pay_json_string(o, pay_wechatpay_gives[t->ask->method], ref) != PAY_OK
        || ref->len == 0 || ref->len > PAY_WECHATPAY_CODE_MAX)
    {
        return PAY_INVALID;
    }

    for (i = 0; i < ref->len; i++) {
        if (ref->data[i] <= 0x20 || ref->data[i] >= 0x7f) {
            return PAY_INVALID;
        }
    }

    *ref = pay_wechatpay_h5(t, *ref);

    return ref->data ? PAY_OK : PAY_ERROR;
}


pay_rc_t
pay_wechatpay_prepaid(pay_talk_t *t, pay_wechatpay_said_t *s)
{
    pay_rc_t   rc;
    pay_str_t  ref;

    switch (s->code) {

    case PAY_E_NONE:
        break;

    case PAY_E_CHANNEL_REJECTED:

        /* section 8.1: the number may be in use with other parameters */

        return t->known == PAY_KNOWN_NEW ? pay_wechatpay_fail(t, s)
                                         : pay_wechatpay_look_up(t, s);

    case PAY_E_IDEMPOTENCY_CONFLICT:
    case PAY_E_ALREADY_PAID:
    case PAY_E_ALREADY_CLOSED:
        return pay_wechatpay_look_up(t, s);

    default:
        return pay_wechatpay_fail(t, s);
    }

    rc = pay_wechatpay_given(t, s->body, &ref);

    if (rc != PAY_OK) {
        return rc == PAY_ERROR ? rc : pay_wechatpay_doubt(t, s,
                                    pay_wechatpay_gives[t->ask->method]);
    }

    t->fact.state = PAY_STATE_PENDING;

    /* one that can't be kept is asked for again: the channel dedupes */

    if (ref.len <= PAY_WECHATPAY_REF_MAX) {
        t->fact.ref = ref;
    }

    return pay_wechatpay_show(t, ref);
}


pay_rc_t
pay_wechatpay_closed(pay_talk_t *t, pay_wechatpay_said_t *s)
{
    switch (s->code) {

    case PAY_E_NONE:
        t->fact.state = PAY_STATE_CLOSED;
        return PAY_DONE;

    case PAY_E_ALREADY_PAID:
    case PAY_E_ALREADY_CLOSED:
    case PAY_E_CHANNEL_QUOTA:
        return pay_wechatpay_look_up(t, s);

    default:
        return pay_wechatpay_fail(t, s);
    }
}


static int
pay_wechatpay_same_amount(const pay_object_t *p, const pay_fact_t *f)
{
    return (f->amount < 0 || p->amount == 0 || f->amount == p->amount)
           && (f->currency.len == 0 || p->currency.len == 0
               || pay_str_eq(f->currency, p->currency));
}


/* the order of a query's answer into t->fact; NULL, or why not */

static const char *
pay_wechatpay_take(pay_talk_t *t, const pay_wechatpay_said_t *s)
{
    pay_fact_t           *f;
    const pay_object_t   *p;
    pay_wechatpay_own_t  *own;

    f = &t->fact;
    p = t->object;
    own = t->own;

    if (pay_wechatpay_order(s->body, f) != PAY_OK) {
        return "json";
    }

    if (!pay_wechatpay_own_order(t, s->body, &f->sub_merchant)
        || (own->number.len
            ? !pay_str_eq(f->number, own->number)
            : !pay_str_eq(f->channel_number, p->channel_number)))
    {
        return "echo_mismatch";
    }

    if (f->state == PAY_STATE_NONE) {
        return "trade_state";
    }

    /* for pay this is no fault of the channel, but a number used twice */

    if (t->op != PAY_OP_PAY && !pay_wechatpay_same_amount(p, f)) {
        return "echo_mismatch";
    }

    return NULL;
}


/*
 * Is the order that was found the one that is asked for?  The store knows, if
 * it remembers that we have sent it; else the text that the channel echoes,
 * which covers merchant and amount; else the amount.  An order that was never
 * paid tells neither (section 8.4): then nobody knows.
 */

static int
pay_wechatpay_same_order(const pay_talk_t *t)
{
    const pay_fact_t  *f = &t->fact;

    if (!pay_wechatpay_same_amount(t->object, f)) {
        return 0;
    }

    if (t->known == PAY_KNOWN_UNKNOWN || t->known == PAY_KNOWN_OPEN) {
        return 1;
    }

    if (t->echo.len && f->echo.len) {
        return pay_str_eq(t->echo, f->echo);
    }

    return f->amount >= 0;
}


/* what was found may still be paid, by what the store has of it */

static pay_rc_t
pay_wechatpay_open_order(pay_talk_t *t)
{
    if (t->fact.state != PAY_STATE_PENDING
        || !pay_wechatpay_lives(t, t->object->ref))
    {
        return PAY_DONE;
    }

    return pay_wechatpay_show(t, t->object->ref);
}


/* a prepay was refused for a number in use: docs/design.md section 7 */

static pay_rc_t
pay_wechatpay_used(pay_talk_t *t, pay_wechatpay_said_t *s)
{
    int                    closed;
    pay_wechatpay_own_t   *own;
    pay_wechatpay_said_t  *first;

    own = t->own;
    first = &own->first;

    if (s->code == PAY_E_NOT_FOUND
        && (first->code == PAY_E_CHANNEL_REJECTED
            || first->code == PAY_E_IDEMPOTENCY_CONFLICT))
    {
        return pay_wechatpay_fail(t, first);
    }

    if (s->code != PAY_E_NONE) {
        return pay_wechatpay_doubt(t, s, s->reason);
    }

    if (pay_wechatpay_same_order(t)) {

        return pay_wechatpay_open_order(t);
    }

    closed = t->fact.state == PAY_STATE_CLOSED && t->fact.amount < 0;

    /* what is known of somebody's order is not for this caller */

    pay_fact_init(&t->fact);

    first->code = closed ? PAY_E_ALREADY_CLOSED : PAY_E_IDEMPOTENCY_CONFLICT;
    first->reason = "number_used";

    return pay_wechatpay_fail(t, first);
}


/* a close was refused: is it paid, closed, or being paid (section 8.5)? */

static pay_rc_t
pay_wechatpay_not_closed(pay_talk_t *t, pay_wechatpay_said_t *s)
{
    pay_wechatpay_own_t   *own;
    pay_wechatpay_said_t  *first;

    own = t->own;
    first = &own->first;

    if (s->code != PAY_E_NONE) {
        return pay_wechatpay_doubt(t, s, s->reason);
    }

    if (t->fact.state == PAY_STATE_CLOSED) {
        return PAY_DONE;
    }

    if (t->fact.state == PAY_STATE_SUCCEEDED) {
        first->code = PAY_E_ALREADY_PAID;
        first->reason = "paid";
        return pay_wechatpay_fail(t, first);
    }

    if (first->code != PAY_E_CHANNEL_QUOTA) {
        return pay_wechatpay_doubt(t, first, "look_up");
    }

    first->code = PAY_E_PAYER_BUSY;
    first->reason = "payer_busy";

    return pay_wechatpay_fail(t, first);
}


pay_rc_t
pay_wechatpay_queried(pay_talk_t *t, pay_wechatpay_said_t *s)
{
    if (s->code == PAY_E_NONE) {
        s->reason = pay_wechatpay_take(t, s);

        if (s->reason) {
            s->code = PAY_E_OUTCOME_UNKNOWN;
            pay_fact_init(&t->fact);
        }
    }

    if (t->op == PAY_OP_PAY) {
        return pay_wechatpay_used(t, s);
    }

    if (t->op == PAY_OP_CLOSE) {
        return pay_wechatpay_not_closed(t, s);
    }

    if (s->code != PAY_E_NONE) {
        return pay_wechatpay_fail(t, s);
    }

    return pay_wechatpay_open_order(t);
}
