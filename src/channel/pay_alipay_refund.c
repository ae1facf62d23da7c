
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver alipay: refunds (sections 7.8 and 7.9).
 */

#include <channel/pay_alipay_int.h>


pay_rc_t
pay_alipay_refund(pay_talk_t *t)
{
    pay_json_writer_t   *w;
    const pay_object_t  *p = t->object;

    if (t->ask->available) {
        return pay_alipay_refuse(t, PAY_E_OPERATION_UNSUPPORTED, "funds");
    }

    w = pay_json_writer(t->arena);
    if (w == NULL) {
        return PAY_ERROR;
    }

    pay_jw_object(w, NULL);
    pay_alipay_trade(t, w);
    pay_jw_str(w, "refund_amount",
               pay_amount_to_decimal(t->arena, p->amount,
                                     PAY_ALIPAY_EXPONENT));
    pay_jw_str(w, "out_request_no", pay_talk_number(t, p->number));

    if (t->ask->description.len) {
        pay_jw_str(w, "refund_reason", t->ask->description);
    }

    pay_jw_end(w);

    return pay_alipay_request(t, PAY_ALIPAY_REFUND, pay_jw_text(w));
}


/* number: as on the wire */

pay_rc_t
pay_alipay_refund_query(pay_talk_t *t, pay_str_t number)
{
    pay_json_writer_t  *w;
    pay_alipay_own_t   *own = t->own;

    w = pay_json_writer(t->arena);
    if (w == NULL) {
        return PAY_ERROR;
    }

    pay_jw_object(w, NULL);

    if (own->form) {
        pay_jw_str(w, "out_trade_no", *pay_form_get(own->form,
                                                    "out_trade_no"));
    } else {
        pay_alipay_trade(t, w);
    }

    pay_jw_str(w, "out_request_no", number);
    pay_jw_array(w, "query_options");
    pay_jw_strz(w, NULL, "gmt_refund_pay");
    pay_jw_end(w);
    pay_jw_end(w);

    return pay_alipay_request(t, PAY_ALIPAY_REFUND_QUERY, pay_jw_text(w));
}


/* what the two answers have in common; NULL, or why it is none */

static const char *
pay_alipay_refund_trade(const pay_json_t *o, pay_fact_t *f)
{
    pay_str_t  time;

    pay_fact_init(f);
    f->kind = PAY_KIND_REFUND;
    f->currency = PAY_ALIPAY_CURRENCY;
    time = PAY_STR("");

    if (pay_alipay_text(o, "out_trade_no", 64, &f->order_id) != PAY_OK
        || pay_alipay_text(o, "trade_no", 64, &f->channel_order_id) != PAY_OK
        || pay_alipay_text(o, "gmt_refund_pay", 32, &time) == PAY_INVALID)
    {
        return "json";
    }

    if (pay_alipay_time_parse(time, &f->done_at) != PAY_OK) {
        f->done_at = 0;
    }

    return NULL;
}


/*
 * Section 7.9: only REFUND_SUCCESS says that it is done.  Without a number
 * the channel has no such refund: state is NONE then.
 */

const char *
pay_alipay_refund_fact(const pay_json_t *o, pay_fact_t *f)
{
    pay_rc_t     rc;
    pay_str_t    status;
    const char  *why;

    status = PAY_STR("");

    why = pay_alipay_refund_trade(o, f);
    if (why) {
        return why;
    }

    if (pay_alipay_text(o, "refund_status", 32, &status) == PAY_INVALID
        || pay_alipay_amount(o, "refund_amount", &f->amount) == PAY_INVALID
        || pay_alipay_amount(o, "total_amount", &f->order_amount)
           == PAY_INVALID)
    {
        return "json";
    }

    rc = pay_alipay_text(o, "out_request_no", 64, &f->number);

    if (rc == PAY_DECLINED) {
        return NULL;
    }

    f->state = pay_str_eqz(status, "REFUND_SUCCESS") ? PAY_STATE_SUCCEEDED
                                                     : PAY_STATE_PENDING;

    if (rc == PAY_INVALID
        || (f->state == PAY_STATE_SUCCEEDED && f->amount <= 0))
    {
        return "json";
    }

    return NULL;
}


static pay_rc_t
pay_alipay_refund_blank(pay_talk_t *t)
{
    pay_fact_init(&t->fact);
    t->fact.kind = PAY_KIND_REFUND;

    return PAY_OK;
}


/* 7.8: fund_change says whether this call moved the money */

pay_rc_t
pay_alipay_refunded(pay_talk_t *t, pay_alipay_said_t *s)
{
    pay_str_t          change, number;
    pay_fact_t        *f;
    pay_alipay_own_t  *own;

    f = &t->fact;
    own = t->own;
    number = pay_talk_number(t, t->object->number);

    switch (s->code) {

    case PAY_E_NONE:
        break;

    case PAY_E_IDEMPOTENCY_CONFLICT:
    case PAY_E_ALREADY_CLOSED:
    case PAY_E_STATE_CONFLICT:
    case PAY_E_AMOUNT_EXCEEDS_ORDER:

        /* it may be refused for what it has done itself, once before */

        own->first = *s;
        return pay_alipay_refund_query(t, number);

    default:
        return pay_alipay_fail(t, s);
    }

    s->reason = pay_alipay_refund_trade(s->node, f);

    if (s->reason == NULL
        && (pay_alipay_text(s->node, "fund_change", 8, &change) != PAY_OK
            || pay_alipay_amount(s->node, "refund_fee", &f->amount_refunded)
               == PAY_INVALID))
    {
        s->reason = "json";
    }

    if (s->reason == NULL
        && !pay_alipay_is_trade(t, f->order_id, f->channel_order_id))
    {
        s->reason = "echo_mismatch";
    }

    if (s->reason) {
        (void) pay_alipay_refund_blank(t);
        return pay_alipay_doubt(t, s, s->reason);
    }

    f->number = number;

    if (pay_str_eqz(change, "Y")) {
        f->state = PAY_STATE_SUCCEEDED;
        return PAY_DONE;
    }

    f->state = PAY_STATE_PENDING;

    return pay_alipay_refund_query(t, number);
}


/* of this refund, or of one that another wish has made: NULL, or why */

static const char *
pay_alipay_refund_take(pay_talk_t *t, const pay_alipay_said_t *s,
    pay_fact_t *f)
{
    const char          *why;
    const pay_object_t  *p = t->object;

    why = pay_alipay_refund_fact(s->node, f);
    if (why) {
        return why;
    }

    if (!pay_alipay_is_trade(t, f->order_id, f->channel_order_id)
        || (f->number.len
            && !pay_str_eq(f->number, pay_talk_number(t, p->number))))
    {
        return "echo_mismatch";
    }

    if (f->state == PAY_STATE_SUCCEEDED && p->amount
        && f->amount != p->amount)
    {
        return "amount";
    }

    return NULL;
}


/* a query that only looks into an answer of the refund itself */

static pay_rc_t
pay_alipay_refund_looked(pay_talk_t *t, pay_alipay_said_t *s,
    const pay_fact_t *f, const char *why)
{
    pay_alipay_own_t  *own = t->own;

    if (s->code == PAY_E_NONE && why == NULL
        && f->state == PAY_STATE_SUCCEEDED)
    {
        t->fact = *f;
        return PAY_DONE;
    }

    /* accepted, not done yet: nothing more is known */

    if (own->first.code == PAY_E_NONE) {
        return PAY_DONE;
    }

    if (why && strcmp(why, "amount") == 0) {
        own->first.code = PAY_E_IDEMPOTENCY_CONFLICT;
        own->first.reason = "number_used";

    } else if (why || (s->code != PAY_E_NONE && s->code != PAY_E_NOT_FOUND)) {
        return pay_alipay_doubt(t, &own->first, "look_up");
    }

    return pay_alipay_fail(t, &own->first);
}


pay_rc_t
pay_alipay_refund_queried(pay_talk_t *t, pay_alipay_said_t *s)
{
    pay_fact_t   f;
    const char  *why;

    why = NULL;
    pay_fact_init(&f);

    if (s->code == PAY_E_NONE) {
        why = pay_alipay_refund_take(t, s, &f);
    }

    if (t->op == PAY_OP_REFUND) {
        return pay_alipay_refund_looked(t, s, &f, why);
    }

    if (s->code != PAY_E_NONE) {
        return pay_alipay_fail(t, s);
    }

    if (why) {
        return pay_alipay_doubt(t, s, why);
    }

    if (f.state != PAY_STATE_NONE) {
        t->fact = f;
        return PAY_DONE;
    }

    /* not received, failed, or not yet done: as long as we know of it */

    if (t->known == PAY_KNOWN_OPEN) {
        (void) pay_alipay_refund_blank(t);
        t->fact.state = PAY_STATE_PENDING;
        return PAY_DONE;
    }

    s->code = PAY_E_NOT_FOUND;
    s->reason = "no_refund";

    return pay_alipay_fail(t, s);
}
