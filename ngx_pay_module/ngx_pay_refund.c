
/*
 * Copyright (C) the ngx_pay authors
 *
 * The sum of a payment's refunds, in the payment's own record: it is taken
 * before a refund is sent, and given back when the channel has refused it for
 * good.  While the outcome is not known it stays (docs/design.md section 7).
 */

#include <ngx_pay_talk.h>


/*
 * A payment of which nobody knows for how much it was, or that another
 * channel has, has no sum here: the channel alone knows.
 */

static ngx_uint_t
ngx_pay_refund_kept(ngx_pay_talk_t *talk, const pay_object_t *p)
{
    return p->kind == PAY_KIND_PAYMENT && p->amount > 0
           && pay_str_eq(p->channel, talk->object.channel);
}


static pay_rc_t
ngx_pay_refund_reserving(ngx_pay_record_t *o)
{
    pay_rc_t         rc;
    const pay_u8    *before;
    pay_object_t    *p;
    ngx_pay_talk_t  *talk = o->data;

    p = o->edited;
    talk->verdict = PAY_E_NONE;

    if (p->state != PAY_STATE_SUCCEEDED) {
        talk->verdict = PAY_E_STATE_CONFLICT;
        return PAY_DECLINED;
    }

    if (!ngx_pay_refund_kept(talk, p)) {
        return PAY_DECLINED;
    }

    before = p->refunds.data;
    rc = pay_refunds_reserve(o->work, p, talk->object.number,
                             talk->object.amount);

    switch (rc) {

    case PAY_OK:

        /* what was there before is not ours to take back */

        if (p->refunds.data == before) {
            return PAY_DECLINED;
        }

        talk->reserved = 1;
        return PAY_OK;

    case PAY_DECLINED:
        talk->verdict = PAY_E_AMOUNT_EXCEEDS_ORDER;
        return PAY_DECLINED;

    case PAY_INVALID:
        return PAY_DECLINED;

    default:
        return PAY_ERROR;
    }
}


void
ngx_pay_refund_reserve(ngx_pay_talk_t *talk, ngx_pay_talk_pt next)
{
    talk->verdict = PAY_E_NONE;

    ngx_pay_talk_change_behind(talk, ngx_pay_refund_reserving, next);
}


static pay_rc_t
ngx_pay_refund_settling(ngx_pay_record_t *o)
{
    int64_t          amount;
    ngx_pay_talk_t  *talk = o->data;

    amount = talk->object.amount ? talk->object.amount
                                 : talk->core.fact.amount;

    if (amount < 0 || !ngx_pay_refund_kept(talk, o->edited)) {
        return PAY_DECLINED;
    }

    return pay_refunds_settle(o->work, o->edited, talk->object.number, amount,
                              talk->settle) ? PAY_OK : PAY_DECLINED;
}


void
ngx_pay_refund_settle(ngx_pay_talk_t *talk, pay_state_t s,
    ngx_pay_talk_pt next)
{
    talk->settle = s;

    ngx_pay_talk_change_behind(talk, ngx_pay_refund_settling, next);
}
