
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver wechatpay_v3: whose answer it is, and what every answer may mean.
 */

#include <channel/pay_wechatpay_v3_int.h>


pay_rc_t
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


pay_rc_t
pay_wechatpay_doubt(pay_talk_t *t, pay_wechatpay_said_t *s,
    const char *reason)
{
    pay_fact_init(&t->fact);

    s->code = PAY_E_OUTCOME_UNKNOWN;
    s->reason = reason;

    return pay_wechatpay_fail(t, s);
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

    case PAY_WECHATPAY_CREATE:
        return pay_wechatpay_created(t, &s);

    case PAY_WECHATPAY_FIND:
        return pay_wechatpay_found(t, &s);

    default:
        return pay_wechatpay_queried(t, &s);
    }
}
