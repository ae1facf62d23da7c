
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


/* section 4: what an unknown key has signed is looked at again with it */

static pay_rc_t
pay_wechatpay_withhold(pay_talk_t *t, const pay_answer_t *a)
{
    pay_wechatpay_own_t  *own = t->own;

    own->withheld = pay_alloc(t->arena, sizeof(pay_answer_t));
    if (own->withheld == NULL) {
        return PAY_ERROR;
    }

    *own->withheld = *a;

    if (pay_wechatpay_keep(t, &a->headers, &own->withheld->headers,
                           &own->withheld->body) != PAY_OK)
    {
        return PAY_ERROR;
    }

    own->step = t->step;

    return pay_wechatpay_certs(t);
}


pay_rc_t
pay_wechatpay_answered(pay_talk_t *t, const pay_answer_t *a)
{
    pay_rc_t              rc;
    pay_wechatpay_said_t  s;

    rc = pay_wechatpay_read(t, a, &s);
    if (rc != PAY_OK) {
        return rc;
    }

    if (s.reason && strcmp(s.reason, "serial") == 0
        && pay_wechatpay_certs_may(t, &a->headers))
    {
        return pay_wechatpay_withhold(t, a);
    }

    switch (t->step) {

    case PAY_WECHATPAY_PREPAY:
        return pay_wechatpay_prepaid(t, &s);

    case PAY_WECHATPAY_CLOSE:
        return pay_wechatpay_closed(t, &s);

    case PAY_WECHATPAY_CREATE:
    case PAY_WECHATPAY_CANCEL:
        return pay_wechatpay_created(t, &s);

    case PAY_WECHATPAY_RECEIVER:
        return pay_wechatpay_received(t, &s);

    case PAY_WECHATPAY_STATEMENT:
        return pay_wechatpay_stated(t, &s);

    case PAY_WECHATPAY_FIND:
        return pay_wechatpay_found(t, &s);

    default:
        return pay_wechatpay_queried(t, &s);
    }
}


/* section 1: once, and only what has certainly not left */

static int
pay_wechatpay_second_host(pay_talk_t *t)
{
    const char *const    *hosts;
    pay_wechatpay_own_t  *own;

    own = t->own;
    hosts = t->channel->driver->can->hosts;

    if (own->backup || !pay_str_eqz(t->request.host, hosts[0])) {
        return 0;
    }

    own->backup = 1;
    t->request.host = pay_strz(hosts[1]);

    return 1;
}


pay_rc_t
pay_wechatpay_resume(pay_talk_t *t, const pay_answer_t *a)
{
    pay_wechatpay_own_t  *own = t->own;

    if (a->outcome == PAY_NOT_SENT && pay_wechatpay_second_host(t)) {
        return t->step == PAY_WECHATPAY_DOWNLOAD ? PAY_FETCH : PAY_SEND;
    }

    if (t->step == PAY_WECHATPAY_DOWNLOAD) {
        return pay_wechatpay_not_downloaded(t, a);
    }

    if (t->step == PAY_WECHATPAY_CERTS) {
        return pay_wechatpay_certified(t, a);
    }

    if (a->outcome == PAY_ANSWERED) {
        return pay_wechatpay_answered(t, a);
    }

    /* of a talk whose first request had arrived */

    if (own->first.code != PAY_E_NONE) {
        return pay_wechatpay_doubt(t, &own->first, "unanswered");
    }

    return pay_talk_unanswered(t, a);
}
