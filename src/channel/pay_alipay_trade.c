
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver alipay: what is known of a trade, and what that means for a payment
 * (sections 7.6, 9 and 10.1).
 */

#include <channel/pay_alipay_int.h>


#define PAY_ALIPAY_SKEW  60         /* seconds, of their clock */


static const pay_word_t  pay_alipay_states[] = {
    { "WAIT_BUYER_PAY", PAY_STATE_PENDING },
    { "TRADE_SUCCESS", PAY_STATE_SUCCEEDED },
    { "TRADE_FINISHED", PAY_STATE_SUCCEEDED },
    { "TRADE_CLOSED", PAY_STATE_CLOSED },
    { NULL, 0 }
};


pay_rc_t
pay_alipay_fail(pay_talk_t *t, const pay_alipay_said_t *s)
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


pay_rc_t
pay_alipay_doubt(pay_talk_t *t, pay_alipay_said_t *s, const char *reason)
{
    s->code = PAY_E_OUTCOME_UNKNOWN;
    s->reason = reason;

    return pay_alipay_fail(t, s);
}


/* who pays: by the two names that answers and notices have for the old id */

int
pay_alipay_buyer(const pay_json_t *o, pay_fact_t *f)
{
    pay_rc_t  rc;

    rc = pay_alipay_text(o, "buyer_user_id", 128, &f->payer);

    if (rc == PAY_DECLINED) {
        rc = pay_alipay_text(o, "buyer_id", 128, &f->payer);
    }

    if (rc != PAY_DECLINED) {
        f->user_id = 1;
        return rc == PAY_OK;
    }

    return pay_alipay_text(o, "buyer_open_id", 128, &f->payer) != PAY_INVALID;
}


/* 7.1: it comes back in the form in which it was put in */

static int
pay_alipay_echo(const pay_json_t *o, pay_fact_t *f)
{
    pay_rc_t   rc;
    pay_str_t  text;

    rc = pay_alipay_text(o, "passback_params", 512, &text);

    /* ours has nothing in it that is ever encoded */

    if (rc == PAY_OK) {
        f->echo = text;
    }

    return rc != PAY_INVALID;
}


const char *
pay_alipay_order(const pay_json_t *o, pay_fact_t *f)
{
    pay_rc_t   rc;
    pay_str_t  state, time;

    pay_fact_init(f);
    f->currency = PAY_ALIPAY_CURRENCY;
    time = PAY_STR("");

    if (pay_alipay_text(o, "out_trade_no", 64, &f->number) != PAY_OK
        || pay_alipay_text(o, "trade_no", 64, &f->channel_number) != PAY_OK
        || pay_alipay_text(o, "trade_status", 32, &state) != PAY_OK
        || pay_alipay_amount(o, "total_amount", &f->amount) == PAY_INVALID
        || pay_alipay_amount(o, "buyer_pay_amount", &f->amount_paid)
           == PAY_INVALID
        || !pay_alipay_buyer(o, f)
        || !pay_alipay_echo(o, f))
    {
        return "json";
    }

    f->state = pay_word_find(pay_alipay_states, state, PAY_STATE_NONE);

    if (f->state == PAY_STATE_NONE) {
        return "trade_status";
    }

    rc = pay_alipay_text(o, "send_pay_date", 32, &time);

    if (rc == PAY_DECLINED) {
        rc = pay_alipay_text(o, "gmt_payment", 32, &time);
    }

    /* a payment is not lost for a date */

    if (rc != PAY_OK || pay_alipay_time_parse(time, &f->done_at) != PAY_OK) {
        f->done_at = 0;
    }

    return f->state == PAY_STATE_SUCCEEDED && f->amount <= 0 ? "json" : NULL;
}


int
pay_alipay_same_amount(const pay_talk_t *t)
{
    return t->fact.amount < 0 || t->object->amount == 0
           || t->fact.amount == t->object->amount;
}


/*
 * Section 7.6: a trade that was paid back whole is TRADE_CLOSED, like one
 * that was never paid; then only the day of payment tells, or we know better.
 */

static void
pay_alipay_closed_paid(pay_talk_t *t)
{
    pay_fact_t  *f = &t->fact;

    if (f->state == PAY_STATE_CLOSED
        && (f->done_at || t->object->state == PAY_STATE_SUCCEEDED))
    {
        f->state = PAY_STATE_SUCCEEDED;
        f->refund_status = PAY_REFUND_FULL;
        f->amount_refunded = f->amount;
    }
}


/* the order of a query's answer into t->fact; NULL, or why not */

static const char *
pay_alipay_take(pay_talk_t *t, const pay_alipay_said_t *s)
{
    pay_fact_t  *f;
    const char  *why;

    f = &t->fact;

    why = pay_alipay_order(s->node, f);
    if (why) {
        return why;
    }

    if (!pay_alipay_is_trade(t, f->number, f->channel_number)) {
        return "echo_mismatch";
    }

    /* for pay this is no fault of the channel, but a number used twice */

    if (t->op != PAY_OP_PAY && !pay_alipay_same_amount(t)) {
        return "echo_mismatch";
    }

    if (f->state == PAY_STATE_PENDING
        && t->object->method == PAY_METHOD_BARCODE)
    {
        f->state = PAY_STATE_PROCESSING;
    }

    pay_alipay_closed_paid(t);

    if (f->state == PAY_STATE_PENDING || f->state == PAY_STATE_PROCESSING) {
        f->closing = t->object->closing;
    }

    return NULL;
}


/* what an error only hints at, a verified query decides */

pay_rc_t
pay_alipay_look_up(pay_talk_t *t, const pay_alipay_said_t *s)
{
    pay_alipay_own_t  *own = t->own;

    own->first = *s;

    return pay_alipay_query(t);
}


/*
 * Is the order that was found the one that is asked for?  The store knows, if
 * it remembers that we have sent it; else the text that the channel echoes,
 * which covers merchant and amount; else the amount.
 */

static int
pay_alipay_same_order(const pay_talk_t *t)
{
    const pay_fact_t  *f = &t->fact;

    if (!pay_alipay_same_amount(t)) {
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


/* a number in use: docs/design.md section 7 */

static pay_rc_t
pay_alipay_used(pay_talk_t *t, pay_alipay_said_t *s)
{
    pay_alipay_own_t   *own;
    pay_alipay_said_t  *first;

    own = t->own;
    first = &own->first;

    if (s->code == PAY_E_NOT_FOUND) {

        if (first->reason == NULL) {

            /* looked for before it was sent: it never was */

            first->code = PAY_E_NONE;
            return pay_alipay_pay(t);
        }

        return first->code == PAY_E_ALREADY_PAID
               ? pay_alipay_doubt(t, s, "look_up")
               : pay_alipay_fail(t, first);
    }

    if (s->code != PAY_E_NONE) {
        return pay_alipay_doubt(t, s, s->reason);
    }

    if (pay_alipay_same_order(t)) {

        if (t->fact.state == PAY_STATE_PENDING) {
            pay_alipay_show(t);
        }

        return PAY_DONE;
    }

    /* what is known of somebody's order is not for this caller */

    pay_fact_init(&t->fact);

    first->code = PAY_E_IDEMPOTENCY_CONFLICT;
    first->reason = "number_used";

    return pay_alipay_fail(t, first);
}


/* 7.2: a code that nobody scanned yet has no trade */

pay_rc_t
pay_alipay_no_trade(pay_talk_t *t, pay_alipay_said_t *s)
{
    const pay_object_t  *p = t->object;

    if (t->known == PAY_KNOWN_FORGOTTEN) {
        return pay_alipay_fail(t, s);
    }

    if (p->expires_at && t->now >= p->expires_at + PAY_ALIPAY_SKEW) {
        t->fact.state = PAY_STATE_CLOSED;
        return PAY_DONE;
    }

    if (t->op == PAY_OP_CLOSE) {
        t->fact.state = PAY_STATE_PENDING;
        t->fact.closing = 1;
        return PAY_DONE;
    }

    if (t->known != PAY_KNOWN_OPEN || p->method == PAY_METHOD_BARCODE) {
        return pay_alipay_fail(t, s);
    }

    t->fact.state = PAY_STATE_PENDING;
    t->fact.closing = p->closing;
    pay_alipay_show(t);

    return PAY_DONE;
}


pay_rc_t
pay_alipay_queried(pay_talk_t *t, pay_alipay_said_t *s)
{
    pay_alipay_own_t  *own = t->own;

    if (s->code == PAY_E_NONE) {
        s->reason = pay_alipay_take(t, s);

        if (s->reason) {
            s->code = PAY_E_OUTCOME_UNKNOWN;
            pay_fact_init(&t->fact);
        }
    }

    switch (t->op) {

    case PAY_OP_PAY:
        return own->first.code ? pay_alipay_used(t, s)
                               : pay_alipay_poll(t, s);

    case PAY_OP_CLOSE:
        return pay_alipay_looked(t, s);

    default:
        break;
    }

    if (s->code == PAY_E_NOT_FOUND) {
        return pay_alipay_no_trade(t, s);
    }

    if (s->code != PAY_E_NONE) {
        return pay_alipay_fail(t, s);
    }

    if (t->fact.state == PAY_STATE_PENDING) {
        pay_alipay_show(t);
    }

    return PAY_DONE;
}
