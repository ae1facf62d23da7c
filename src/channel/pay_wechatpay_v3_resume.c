
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver wechatpay_v3: what an answer means for the operation.
 */

#include <channel/pay_wechatpay_v3_int.h>


#define PAY_WECHATPAY_REF_MAX   256
#define PAY_WECHATPAY_CODE_MAX  512


static pay_rc_t
pay_wechatpay_fail(pay_talk_t *t, const pay_wechatpay_said_t *s)
{
    pay_code_t  code;

    code = s->code;

    if (code == PAY_E_OUTCOME_UNKNOWN && !pay_op_info(t->op)->money) {
        code = PAY_E_CHANNEL_RESPONSE_INVALID;
    }

    t->error.channel_code = s->channel_code;
    t->error.channel_message = s->channel_message;

    return pay_talk_fail(t, code, s->reason);
}


static pay_rc_t
pay_wechatpay_doubt(pay_talk_t *t, pay_wechatpay_said_t *s,
    const char *reason)
{
    pay_fact_init(&t->fact);

    s->code = PAY_E_OUTCOME_UNKNOWN;
    s->reason = reason;

    return pay_wechatpay_fail(t, s);
}


/* what an error only hints at, a verified query decides */

static pay_rc_t
pay_wechatpay_look_up(pay_talk_t *t, const pay_wechatpay_said_t *s)
{
    pay_wechatpay_own_t  *own = t->own;

    own->first = *s;

    return pay_wechatpay_query(t);
}


static pay_rc_t
pay_wechatpay_prepaid(pay_talk_t *t, pay_wechatpay_said_t *s)
{
    size_t     i;
    pay_str_t  url;

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

    if (pay_json_string(s->body, "code_url", &url) != PAY_OK
        || url.len == 0 || url.len > PAY_WECHATPAY_CODE_MAX)
    {
        return pay_wechatpay_doubt(t, s, "code_url");
    }

    for (i = 0; i < url.len; i++) {
        if (url.data[i] <= 0x20 || url.data[i] >= 0x7f) {
            return pay_wechatpay_doubt(t, s, "code_url");
        }
    }

    t->fact.state = PAY_STATE_PENDING;
    t->fact.action.kind = PAY_ACTION_QR_CODE;
    t->fact.action.value = url;

    /* one that can't be kept is asked for again: the channel dedupes */

    if (url.len <= PAY_WECHATPAY_REF_MAX) {
        t->fact.ref = url;
    }

    return PAY_DONE;
}


static pay_rc_t
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
    const pay_object_t  *p;

    f = &t->fact;
    p = t->object;

    if (pay_wechatpay_order(s->body, f) != PAY_OK) {
        return "json";
    }

    if (!pay_wechatpay_own_order(t->channel, s->body)
        || (p->number.len
            ? !pay_str_eq(f->number, p->number)
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

        if (t->fact.state == PAY_STATE_PENDING) {
            pay_wechatpay_show(t);
        }

        return PAY_DONE;
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


static pay_rc_t
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

    if (t->fact.state == PAY_STATE_PENDING) {
        pay_wechatpay_show(t);
    }

    return PAY_DONE;
}


pay_rc_t
pay_wechatpay_resume(pay_talk_t *t, const pay_answer_t *a)
{
    pay_rc_t              rc;
    pay_wechatpay_own_t  *own;
    pay_wechatpay_said_t  s;

    own = t->own;

    if (a->outcome != PAY_ANSWERED) {

        /* of a talk whose first request had arrived */

        if (own->first.code != PAY_E_NONE) {
            return pay_wechatpay_doubt(t, &own->first, "unanswered");
        }

        return pay_talk_unanswered(t, a);
    }

    rc = pay_wechatpay_read(t, a, &s);
    if (rc != PAY_OK) {
        return rc;
    }

    switch (t->step) {

    case PAY_WECHATPAY_PREPAY:
        return pay_wechatpay_prepaid(t, &s);

    case PAY_WECHATPAY_CLOSE:
        return pay_wechatpay_closed(t, &s);

    default:
        return pay_wechatpay_queried(t, &s);
    }
}
