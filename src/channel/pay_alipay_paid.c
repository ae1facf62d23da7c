
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver alipay: what came of asking for a payment (sections 7.2 to 7.4).
 */

#include <channel/pay_alipay_int.h>


#define PAY_ALIPAY_CODE_MAX      512
#define PAY_ALIPAY_REF_MAX       256
#define PAY_ALIPAY_BARCODE_WAIT  30         /* seconds */
#define PAY_ALIPAY_POLL          3000       /* ms */


static pay_rc_t
pay_alipay_qr_code(pay_talk_t *t, pay_alipay_said_t *s)
{
    size_t     i;
    pay_str_t  url;

    if (pay_alipay_text(s->node, "qr_code", PAY_ALIPAY_CODE_MAX, &url)
        != PAY_OK)
    {
        return pay_alipay_doubt(t, s, "qr_code");
    }

    for (i = 0; i < url.len; i++) {
        if (url.data[i] <= 0x20 || url.data[i] >= 0x7f) {
            return pay_alipay_doubt(t, s, "qr_code");
        }
    }

    t->fact.state = PAY_STATE_PENDING;
    t->fact.action.kind = PAY_ACTION_QR_CODE;
    t->fact.action.value = url;

    /* one that can't be kept is asked for again: the channel dedupes */

    if (url.len <= PAY_ALIPAY_REF_MAX) {
        t->fact.ref = url;
    }

    return PAY_DONE;
}


static pay_rc_t
pay_alipay_created(pay_talk_t *t, pay_alipay_said_t *s)
{
    if (pay_alipay_text(s->node, "trade_no", 64, &t->fact.channel_number)
        != PAY_OK)
    {
        return pay_alipay_doubt(t, s, "trade_no");
    }

    t->fact.state = PAY_STATE_PENDING;
    pay_alipay_show(t);

    return t->fact.action.kind == PAY_ACTION_NONE ? PAY_ERROR : PAY_DONE;
}


/* 7.3: paid, or the payer has to do something first */

static pay_rc_t
pay_alipay_scanned(pay_talk_t *t, pay_alipay_said_t *s)
{
    pay_fact_t  *f;
    pay_str_t    time;

    f = &t->fact;
    f->currency = PAY_ALIPAY_CURRENCY;
    time = PAY_STR("");

    if (pay_alipay_text(s->node, "trade_no", 64, &f->channel_number)
        == PAY_INVALID
        || pay_alipay_amount(s->node, "total_amount", &f->amount)
           == PAY_INVALID
        || pay_alipay_amount(s->node, "buyer_pay_amount", &f->amount_paid)
           == PAY_INVALID
        || pay_alipay_text(s->node, "gmt_payment", 32, &time) == PAY_INVALID
        || !pay_alipay_buyer(s->node, f))
    {
        pay_fact_init(f);
        return pay_alipay_poll(t, s);
    }

    if (pay_str_eqz(s->gateway, "10003")) {
        f->state = PAY_STATE_PROCESSING;
        return pay_alipay_poll(t, s);
    }

    if (f->channel_number.len == 0 || f->amount <= 0) {
        pay_fact_init(f);
        return pay_alipay_poll(t, s);
    }

    if (pay_alipay_time_parse(time, &f->done_at) != PAY_OK) {
        f->done_at = 0;
    }

    f->state = PAY_STATE_SUCCEEDED;

    return PAY_DONE;
}


/* the number in the answer, and the kind of it */

static pay_rc_t
pay_alipay_accepted(pay_talk_t *t, pay_alipay_said_t *s)
{
    if (pay_alipay_text(s->node, "out_trade_no", 64, &t->fact.number)
        != PAY_OK
        || !pay_alipay_is_trade(t, t->fact.number, PAY_STR("")))
    {
        pay_fact_init(&t->fact);
        return pay_alipay_doubt(t, s, "echo_mismatch");
    }

    switch (t->step) {

    case PAY_ALIPAY_PRECREATE:
        return pay_alipay_qr_code(t, s);

    case PAY_ALIPAY_CREATE:
        return pay_alipay_created(t, s);

    default:
        return pay_alipay_scanned(t, s);
    }
}


pay_rc_t
pay_alipay_paid(pay_talk_t *t, pay_alipay_said_t *s)
{
    switch (s->code) {

    case PAY_E_NONE:
        return pay_alipay_accepted(t, s);

    case PAY_E_IDEMPOTENCY_CONFLICT:
    case PAY_E_ALREADY_PAID:
    case PAY_E_ALREADY_CLOSED:
        return pay_alipay_look_up(t, s);

    case PAY_E_OUTCOME_UNKNOWN:
        return t->step == PAY_ALIPAY_PAY ? pay_alipay_poll(t, s)
                                         : pay_alipay_fail(t, s);

    case PAY_E_CHANNEL_UNREACHABLE:
        return pay_alipay_fail(t, s);

    default:

        /* the first of two requests may have arrived, and this be the other */

        return t->known == PAY_KNOWN_NEW ? pay_alipay_fail(t, s)
                                         : pay_alipay_look_up(t, s);
    }
}


/* while the payer types a password, or nobody knows what came of it */

pay_rc_t
pay_alipay_poll(pay_talk_t *t, pay_alipay_said_t *s)
{
    pay_state_t        state;
    pay_alipay_own_t  *own;

    own = t->own;
    state = t->fact.state;

    if (s->code == PAY_E_NONE
        && (state == PAY_STATE_SUCCEEDED || state == PAY_STATE_CLOSED))
    {
        if (pay_alipay_same_amount(t)) {
            return PAY_DONE;
        }

        pay_fact_init(&t->fact);
        s->code = PAY_E_IDEMPOTENCY_CONFLICT;

        return pay_alipay_fail(t, s);
    }

    if (t->now - own->began + PAY_ALIPAY_POLL / 1000
        < PAY_ALIPAY_BARCODE_WAIT)
    {
        t->wait_ms = PAY_ALIPAY_POLL;
        return PAY_WAIT;
    }

    return state == PAY_STATE_PROCESSING ? PAY_DONE
                                         : pay_alipay_doubt(t, s, "waited");
}


pay_rc_t
pay_alipay_waited(pay_talk_t *t)
{
    return t->op == PAY_OP_PAY ? pay_alipay_query(t) : pay_alipay_close(t);
}
