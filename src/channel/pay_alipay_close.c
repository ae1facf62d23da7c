
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver alipay: closing, and what is reversed at the till (section 7.7).
 */

#include <channel/pay_alipay_int.h>


#define PAY_ALIPAY_CANCEL_POLL  1000        /* ms */
#define PAY_ALIPAY_CANCELS      5


/* a close is looked into: before a cancel, or after it was refused */

pay_rc_t
pay_alipay_looked(pay_talk_t *t, pay_alipay_said_t *s)
{
    int                 barcode;
    pay_alipay_own_t   *own;
    pay_alipay_said_t  *first;

    own = t->own;
    first = &own->first;
    barcode = t->object->method == PAY_METHOD_BARCODE;

    if (barcode && own->tries == 0
        && (s->code == PAY_E_NOT_FOUND
            || (s->code == PAY_E_NONE
                && t->fact.state == PAY_STATE_PROCESSING)))
    {
        return pay_alipay_close(t);
    }

    if (s->code != PAY_E_NONE) {
        return own->first.code ? pay_alipay_doubt(t, s, s->reason)
                               : pay_alipay_fail(t, s);
    }

    if (t->fact.state == PAY_STATE_CLOSED) {
        return PAY_DONE;
    }

    if (t->fact.state == PAY_STATE_SUCCEEDED) {
        first->code = PAY_E_ALREADY_PAID;
        first->reason = "paid";
        return pay_alipay_fail(t, first);
    }

    first->reason = "look_up";
    first->code = PAY_E_STATE_CONFLICT;

    return pay_alipay_fail(t, first);
}


pay_rc_t
pay_alipay_closed(pay_talk_t *t, pay_alipay_said_t *s)
{
    switch (s->code) {

    case PAY_E_NONE:
        t->fact.state = PAY_STATE_CLOSED;
        return PAY_DONE;

    case PAY_E_NOT_FOUND:
        return pay_alipay_no_trade(t, s);

    case PAY_E_ALREADY_PAID:
    case PAY_E_ALREADY_CLOSED:
    case PAY_E_STATE_CONFLICT:
        return pay_alipay_look_up(t, s);

    default:
        return pay_alipay_fail(t, s);
    }
}


/* 7.7: again, as long as the channel says so, or does not say anything */

static pay_rc_t
pay_alipay_cancel_again(pay_talk_t *t, pay_alipay_said_t *s)
{
    pay_alipay_own_t  *own = t->own;

    if (own->tries >= PAY_ALIPAY_CANCELS) {
        return pay_alipay_doubt(t, s, "cancel");
    }

    t->wait_ms = PAY_ALIPAY_CANCEL_POLL;

    return PAY_WAIT;
}


pay_rc_t
pay_alipay_canceled(pay_talk_t *t, pay_alipay_said_t *s)
{
    pay_fact_t  *f;
    pay_str_t    retry, action;

    f = &t->fact;

    switch (s->code) {

    case PAY_E_NONE:
        break;

    case PAY_E_OUTCOME_UNKNOWN:
    case PAY_E_CHANNEL_UNREACHABLE:
    case PAY_E_CHANNEL_QUOTA:
        return pay_alipay_cancel_again(t, s);

    case PAY_E_ALREADY_PAID:
    case PAY_E_ALREADY_CLOSED:
    case PAY_E_STATE_CONFLICT:
        return pay_alipay_look_up(t, s);

    default:
        return pay_alipay_fail(t, s);
    }

    retry = PAY_STR("");
    action = PAY_STR("");

    if (pay_alipay_text(s->node, "retry_flag", 8, &retry) == PAY_INVALID
        || pay_alipay_text(s->node, "action", 16, &action) == PAY_INVALID)
    {
        return pay_alipay_doubt(t, s, "json");
    }

    if (pay_str_eqz(retry, "Y")) {
        return pay_alipay_cancel_again(t, s);
    }

    pay_fact_init(f);

    if (!pay_str_eqz(action, "refund")) {
        f->state = PAY_STATE_CLOSED;
        return PAY_DONE;
    }

    /* it was paid in between, and is paid back: look at it */

    s->code = PAY_E_ALREADY_PAID;
    s->reason = "reversed";

    return pay_alipay_look_up(t, s);
}
