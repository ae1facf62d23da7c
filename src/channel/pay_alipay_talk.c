
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver alipay: which operation begins with what, and which answer goes to
 * whom.
 */

#include <channel/pay_alipay_int.h>



pay_rc_t
pay_alipay_begin(pay_talk_t *t)
{
    pay_alipay_own_t  *own;

    pay_fact_init(&t->fact);

    own = pay_calloc(t->arena, sizeof(pay_alipay_own_t));
    if (own == NULL) {
        return PAY_ERROR;
    }

    t->own = own;
    t->step = PAY_ALIPAY_NONE;
    own->began = t->now;

    t->fact.kind = pay_op_info(t->op)->kind;

    switch (t->op) {

    case PAY_OP_PAY:
        return pay_alipay_pay(t);

    case PAY_OP_QUERY:
        return pay_alipay_query(t);

    case PAY_OP_CLOSE:
        return pay_alipay_close(t);

    case PAY_OP_REFUND:
        return pay_alipay_refund(t);

    case PAY_OP_REFUND_QUERY:
        return pay_alipay_refund_query(t, pay_talk_number(t,
                                                          t->object->number));

    case PAY_OP_TRANSFER:
        return pay_alipay_transfer(t);

    case PAY_OP_TRANSFER_QUERY:
        return pay_alipay_transfer_query(t);

    case PAY_OP_SPLIT:
        return pay_alipay_split(t);

    case PAY_OP_SPLIT_QUERY:
        return pay_alipay_split_query(t);

    case PAY_OP_RECEIVER_ADD:
        return pay_alipay_bind(t, PAY_ALIPAY_BIND);

    case PAY_OP_RECEIVER_DELETE:
        return pay_alipay_bind(t, PAY_ALIPAY_UNBIND);

    case PAY_OP_STATEMENT:
        return pay_alipay_statement(t);

    default:
        return pay_talk_fail(t, PAY_E_OPERATION_UNSUPPORTED, "operation");
    }
}


pay_rc_t
pay_alipay_resumed(pay_talk_t *t, pay_alipay_said_t *s)
{
    pay_alipay_own_t  *own = t->own;

    if (own->form) {
        return pay_alipay_notice_refund(t, s);
    }

    switch (t->step) {

    case PAY_ALIPAY_PRECREATE:
    case PAY_ALIPAY_CREATE:
    case PAY_ALIPAY_PAY:
        return pay_alipay_paid(t, s);

    case PAY_ALIPAY_QUERY:
        return pay_alipay_queried(t, s);

    case PAY_ALIPAY_CLOSE:
        return pay_alipay_closed(t, s);

    case PAY_ALIPAY_CANCEL:
        return pay_alipay_canceled(t, s);

    case PAY_ALIPAY_REFUND:
        return pay_alipay_refunded(t, s);

    case PAY_ALIPAY_REFUND_QUERY:
        return pay_alipay_refund_queried(t, s);

    case PAY_ALIPAY_TRANSFER:
    case PAY_ALIPAY_TRANSFER_QUERY:
        return pay_alipay_transferred(t, s);

    case PAY_ALIPAY_BIND:
    case PAY_ALIPAY_UNBIND:
        return pay_alipay_bound(t, s);

    case PAY_ALIPAY_SETTLE:
        return pay_alipay_settled(t, s);

    case PAY_ALIPAY_SETTLE_QUERY:
        return pay_alipay_split_queried(t, s);

    case PAY_ALIPAY_BILL:
        return pay_alipay_stated(t, s);

    default:
        return PAY_ERROR;
    }
}


pay_rc_t
pay_alipay_resume(pay_talk_t *t, const pay_answer_t *a)
{
    pay_rc_t            rc;
    pay_alipay_said_t   s;

    if (t->step == PAY_ALIPAY_CERT) {
        return pay_alipay_cert_resume(t, a);
    }

    /* no file: whatever there is instead */

    if (t->step == PAY_ALIPAY_DOWNLOAD) {
        return pay_talk_fail(t, a->outcome == PAY_NOT_SENT
                                ? PAY_E_CHANNEL_UNREACHABLE
                                : PAY_E_CHANNEL_RESPONSE_INVALID,
                             "download");
    }

    switch (a->outcome) {

    case PAY_ANSWERED:
        rc = pay_alipay_read(t, a->status, a->body, &s);
        break;

    case PAY_WAITED:
        return pay_alipay_waited(t);

    default:
        memset(&s, 0, sizeof(pay_alipay_said_t));

        s.code = a->outcome == PAY_NOT_SENT ? PAY_E_CHANNEL_UNREACHABLE
                                            : PAY_E_OUTCOME_UNKNOWN;
        s.reason = a->outcome == PAY_NOT_SENT ? "not_sent" : "unanswered";
        rc = PAY_OK;
    }

    return rc == PAY_OK ? pay_alipay_resumed(t, &s) : rc;
}
