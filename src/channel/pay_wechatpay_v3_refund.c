
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver wechatpay_v3: refunds (sections 8.6, 10.3).
 */

#include <channel/pay_wechatpay_v3_int.h>


#define PAY_WECHATPAY_REFUNDS     "/v3/refund/domestic/refunds"
#define PAY_WECHATPAY_REASON_MAX  80


/* ABNORMAL: the bank refused, and an operator has to send it elsewhere */

static const pay_word_t  pay_wechatpay_refund_states[] = {
    { "PROCESSING", PAY_STATE_PENDING },
    { "SUCCESS", PAY_STATE_SUCCEEDED },
    { "CLOSED", PAY_STATE_CLOSED },
    { "ABNORMAL", PAY_STATE_REQUIRES_ACTION },
    { NULL, 0 }
};


/* what the order was for: the channel compares it */

static int64_t
pay_wechatpay_total(const pay_talk_t *t)
{
    if (t->payment && t->payment->amount > 0) {
        return t->payment->amount;
    }

    return t->ask->order_amount;
}


static pay_str_t
pay_wechatpay_refund_body(pay_talk_t *t)
{
    pay_json_writer_t    *w;
    const pay_ask_t      *ask;
    const pay_object_t   *p;
    pay_wechatpay_own_t  *own;

    p = t->object;
    ask = t->ask;
    own = t->own;

    w = pay_wechatpay_body(t);
    if (w == NULL) {
        return (pay_str_t) pay_str_null;
    }

    if (own->order.len) {
        pay_jw_str(w, "out_trade_no", own->order);

    } else {
        pay_jw_str(w, "transaction_id", t->payment->channel_number);
    }

    pay_jw_str(w, "out_refund_no", own->number);

    if (ask->description.len) {
        pay_jw_str(w, "reason",
                   pay_utf8_cut(ask->description, PAY_WECHATPAY_REASON_MAX));
    }

    pay_jw_str(w, "notify_url", t->channel->notify_url);

    if (ask->available) {
        pay_jw_strz(w, "funds_account", "AVAILABLE");
    }

    pay_jw_object(w, "amount");
    pay_jw_int(w, "refund", p->amount);
    pay_jw_int(w, "total", pay_wechatpay_total(t));
    pay_jw_strz(w, "currency", "CNY");
    pay_jw_end(w);

    pay_jw_end(w);

    return pay_jw_text(w);
}


pay_rc_t
pay_wechatpay_refund(pay_talk_t *t)
{
    int64_t               total;
    pay_wechatpay_own_t  *own = t->own;

    /* nothing of it can change by being asked for again */

    if (t->known == PAY_KNOWN_OPEN) {
        return PAY_DONE;
    }

    if (own->order.len == 0
        && (t->payment == NULL || t->payment->channel_number.len == 0))
    {
        return pay_wechatpay_refuse(t, PAY_E_FIELD_MISSING, "order_id");
    }

    total = pay_wechatpay_total(t);

    if (total <= 0) {
        return pay_wechatpay_refuse(t, PAY_E_FIELD_MISSING, "order_amount");
    }

    if (t->object->amount > total) {
        return pay_wechatpay_refuse(t, PAY_E_AMOUNT_EXCEEDS_ORDER, "amount");
    }

    return pay_wechatpay_send(t, PAY_WECHATPAY_CREATE, "POST",
                              PAY_STR(PAY_WECHATPAY_REFUNDS),
                              pay_wechatpay_refund_body(t));
}


static pay_rc_t
pay_wechatpay_refund_find(pay_talk_t *t)
{
    pay_str_t             target;
    pay_wechatpay_own_t  *own = t->own;

    target = pay_wechatpay_target(t, PAY_WECHATPAY_REFUNDS "/", own->number,
                                  "", PAY_STR(""));

    return pay_wechatpay_send(t, PAY_WECHATPAY_FIND, "GET",
                              pay_wechatpay_target_sub(t, target),
                              PAY_STR(""));
}


/* an answer says status, a notice refund_status */

static const char *
pay_wechatpay_refund_read(const pay_json_t *o, const char *status,
    pay_fact_t *f)
{
    pay_str_t          state;
    const pay_json_t  *amount;

    amount = pay_json_get(o, "amount");
    f->currency = PAY_STR("");

    if (!pay_wechatpay_id(o, "out_refund_no", &f->number)
        || !pay_wechatpay_id(o, "out_trade_no", &f->order_id)
        || pay_json_string(o, "refund_id", &f->channel_number) != PAY_OK
        || f->channel_number.len == 0 || f->channel_number.len > 64
        || !pay_wechatpay_text(o, "transaction_id", 64, &f->channel_order_id)
        || pay_json_string(o, status, &state) != PAY_OK
        || !pay_wechatpay_text(o, "user_received_account", 256, &f->account)
        || !pay_wechatpay_amount(amount, "refund", 1, &f->amount)
        || !pay_wechatpay_amount(amount, "total", 1, &f->order_amount)
        || !pay_wechatpay_text(amount, "currency", 3, &f->currency)
        || f->amount < 0)
    {
        return "json";
    }

    f->state = pay_word_find(pay_wechatpay_refund_states, state,
                             PAY_STATE_NONE);

    if (f->state == PAY_STATE_REQUIRES_ACTION) {
        f->failure = state;
    }

    if (f->state == PAY_STATE_SUCCEEDED) {
        f->done_at = pay_wechatpay_time(o, "success_time");
    }

    return NULL;
}


static const char *
pay_wechatpay_refund_take(pay_talk_t *t, const pay_json_t *o)
{
    return pay_wechatpay_refund_read(o, "status", &t->fact);
}


static int
pay_wechatpay_refund_same(pay_talk_t *t)
{
    const pay_fact_t     *f = &t->fact;
    pay_wechatpay_own_t  *own = t->own;

    return (t->object->amount == 0 || f->amount == t->object->amount)
           && (own->order.len == 0 || pay_str_eq(f->order_id, own->order));
}


const pay_wechatpay_kind_t  pay_wechatpay_refunds = {
    .find = pay_wechatpay_refund_find,
    .take = pay_wechatpay_refund_take,
    .same = pay_wechatpay_refund_same
};


pay_rc_t
pay_wechatpay_notice_refund(pay_talk_t *t, const pay_json_t *o)
{
    const char  *why;

    t->fact.kind = PAY_KIND_REFUND;

    if (!pay_wechatpay_own_account(t, o, &t->fact.sub_merchant)) {
        return pay_wechatpay_refused(t, "identity");
    }

    why = pay_wechatpay_refund_read(o, "refund_status", &t->fact);
    if (why) {
        return pay_wechatpay_refused(t, why);
    }

    if (t->fact.state == PAY_STATE_NONE) {
        return pay_wechatpay_refused(t, "state");
    }

    t->notice = PAY_NOTICE_OBJECT;

    return PAY_DONE;
}
