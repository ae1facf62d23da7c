
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver wechatpay_v3: what an answer means for a refund, a transfer, a split
 * or a return (docs/design.md section 7).  The channel dedupes all of them by
 * number; what an error leaves open, a verified query decides.
 */

#include <channel/pay_wechatpay_v3_int.h>


static const pay_wechatpay_kind_t *
pay_wechatpay_kind(const pay_talk_t *t)
{
    static const pay_wechatpay_kind_t *const  kinds[PAY_KIND_MAX] = {
        [PAY_KIND_REFUND] = &pay_wechatpay_refunds,
        [PAY_KIND_TRANSFER] = &pay_wechatpay_transfers,
        [PAY_KIND_SPLIT] = &pay_wechatpay_splits,
        [PAY_KIND_SPLIT_RETURN] = &pay_wechatpay_returns
    };

    pay_wechatpay_own_t  *own = t->own;

    return kinds[own->kind];
}


/*
 * A refusal may be of another call than this one, or of a number in use: is
 * there something by this number?  A refusal that never came to the object
 * says nothing of it.
 */

static int
pay_wechatpay_in_doubt(const pay_talk_t *t, const pay_wechatpay_said_t *s)
{
    switch (s->code) {

    case PAY_E_CHANNEL_AUTH_FAILED:
    case PAY_E_CHANNEL_PERMISSION:
    case PAY_E_CHANNEL_QUOTA:
        return 0;

    case PAY_E_OUTCOME_UNKNOWN:
    case PAY_E_IDEMPOTENCY_CONFLICT:
        return 1;

    default:
        return t->known != PAY_KNOWN_NEW
               || pay_str_eqz(s->channel_code, "INVALID_REQUEST");
    }
}


/* the members of an answer into t->fact; NULL, or why not */

static const char *
pay_wechatpay_taken(pay_talk_t *t, const pay_json_t *o)
{
    const char           *why;
    pay_wechatpay_own_t  *own = t->own;

    pay_fact_init(&t->fact);
    t->fact.kind = own->kind;

    why = pay_wechatpay_kind(t)->take(t, o);

    if (why == NULL && !pay_str_eq(t->fact.number, own->number)) {
        why = "echo_mismatch";
    }

    if (why == NULL && t->fact.state == PAY_STATE_NONE) {
        why = "state";
    }

    return why;
}


pay_rc_t
pay_wechatpay_created(pay_talk_t *t, pay_wechatpay_said_t *s)
{
    const char           *why;
    pay_wechatpay_own_t  *own = t->own;

    if (s->code == PAY_E_NONE) {
        why = pay_wechatpay_taken(t, s->body);

        if (why == NULL && !pay_wechatpay_kind(t)->same(t)) {
            why = "echo_mismatch";
        }

        return why ? pay_wechatpay_doubt(t, s, why) : PAY_DONE;
    }

    if (!pay_wechatpay_in_doubt(t, s)) {
        return pay_wechatpay_fail(t, s);
    }

    own->first = *s;

    return pay_wechatpay_kind(t)->find(t);
}


/* docs/design.md section 7: a number in use is no failure of what uses it */

static pay_rc_t
pay_wechatpay_looked_up(pay_talk_t *t, pay_wechatpay_said_t *s)
{
    pay_wechatpay_own_t   *own;
    pay_wechatpay_said_t  *first;

    own = t->own;
    first = &own->first;

    if (s->code == PAY_E_NOT_FOUND && first->code != PAY_E_OUTCOME_UNKNOWN) {
        return pay_wechatpay_fail(t, first);
    }

    if (s->code != PAY_E_NONE) {
        return pay_wechatpay_doubt(t, first, s->reason);
    }

    if (pay_wechatpay_kind(t)->same(t)) {
        return t->op == PAY_OP_TRANSFER_CANCEL ? pay_wechatpay_not_cancelled(t)
                                               : PAY_DONE;
    }

    pay_fact_init(&t->fact);

    first->code = PAY_E_IDEMPOTENCY_CONFLICT;
    first->reason = "number_used";

    return pay_wechatpay_fail(t, first);
}


/* what a notice has told of, if it is there */

static pay_rc_t
pay_wechatpay_noticed(pay_talk_t *t, const pay_wechatpay_said_t *s)
{
    switch (s->code) {

    case PAY_E_NONE:
        t->notice = PAY_NOTICE_OBJECT;
        return PAY_DONE;

    case PAY_E_NOT_FOUND:
    case PAY_E_CHANNEL_PERMISSION:
        t->notice = PAY_NOTICE_OTHER;
        return PAY_DONE;

    default:
        return pay_wechatpay_fail(t, s);
    }
}


pay_rc_t
pay_wechatpay_found(pay_talk_t *t, pay_wechatpay_said_t *s)
{
    pay_wechatpay_own_t  *own = t->own;

    if (s->code == PAY_E_NONE) {
        s->reason = pay_wechatpay_taken(t, s->body);

        if (s->reason) {
            s->code = PAY_E_OUTCOME_UNKNOWN;
            pay_fact_init(&t->fact);
        }
    }

    if (own->notice) {
        return pay_wechatpay_noticed(t, s);
    }

    if (own->first.code != PAY_E_NONE) {
        return pay_wechatpay_looked_up(t, s);
    }

    if (s->code != PAY_E_NONE) {
        return pay_wechatpay_fail(t, s);
    }

    if (!pay_wechatpay_kind(t)->same(t)) {
        return pay_wechatpay_doubt(t, s, "echo_mismatch");
    }

    return PAY_DONE;
}
