
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver wechatpay_v3: the members that answers and notices have in common,
 * and whose they are.
 */

#include <channel/pay_wechatpay_v3_int.h>


static const pay_word_t  pay_wechatpay_states[] = {
    { "NOTPAY", PAY_STATE_PENDING },
    { "USERPAYING", PAY_STATE_PROCESSING },
    { "ACCEPT", PAY_STATE_PROCESSING },
    { "SUCCESS", PAY_STATE_SUCCEEDED },
    { "REFUND", PAY_STATE_SUCCEEDED },
    { "CLOSED", PAY_STATE_CLOSED },
    { "REVOKED", PAY_STATE_CLOSED },
    { "PAYERROR", PAY_STATE_FAILED },
    { NULL, 0 }
};


/* a text that may be absent; longer ones than ever seen are no such text */

int
pay_wechatpay_text(const pay_json_t *o, const char *key, size_t max,
    pay_str_t *out)
{
    return pay_json_string(o, key, out) != PAY_INVALID && out->len <= max;
}


/* an integer that may be absent, and is left alone then */

int
pay_wechatpay_amount(const pay_json_t *o, const char *key, int64_t min,
    int64_t *out)
{
    int64_t   n;
    pay_rc_t  rc;

    rc = pay_json_int(o, key, &n);

    if (rc != PAY_OK) {
        return rc == PAY_DECLINED;
    }

    if (n < min || n > PAY_AMOUNT_MAX) {
        return 0;
    }

    *out = n;

    return 1;
}


int64_t
pay_wechatpay_time(const pay_json_t *o, const char *key)
{
    int64_t    t;
    pay_str_t  text;

    return pay_json_string(o, key, &text) == PAY_OK
           && pay_time_parse(text, &t) == PAY_OK ? t : 0;
}


/* section 8.0, of all products */

int
pay_wechatpay_id(const pay_json_t *o, const char *key, pay_str_t *out)
{
    return pay_json_string(o, key, out) == PAY_OK
           && pay_str_token(*out, "_-|*@", 1, 64);
}


/* the payer's id at the app that he used; an empty one is none */

static int
pay_wechatpay_openid(const pay_json_t *payer, pay_fact_t *f)
{
    size_t     i;
    pay_str_t  id;

    static const char *const  names[] = { "openid", "sub_openid", "sp_openid" };

    for (i = 0; i < pay_nelts(names); i++) {
        id = PAY_STR("");

        if (!pay_wechatpay_text(payer, names[i], 128, &id)) {
            return 0;
        }

        if (f->payer.len == 0) {
            f->payer = id;
        }
    }

    return 1;
}


static int
pay_wechatpay_amounts(const pay_json_t *o, pay_fact_t *f)
{
    const pay_json_t  *amount;

    amount = pay_json_get(o, "amount");

    if (amount == NULL || amount->type == PAY_JSON_NULL) {
        return 1;
    }

    return amount->type == PAY_JSON_OBJECT
           && pay_wechatpay_amount(amount, "total", 1, &f->amount)
           && pay_wechatpay_amount(amount, "payer_total", 0, &f->amount_paid)
           && pay_wechatpay_text(amount, "currency", 3, &f->currency);
}


pay_rc_t
pay_wechatpay_order(const pay_json_t *o, pay_fact_t *f)
{
    pay_str_t  state;

    pay_fact_init(f);

    if (pay_json_string(o, "out_trade_no", &f->number) != PAY_OK
        || !pay_str_token(f->number, "_-|*@", 1, 32)
        || pay_json_string(o, "trade_state", &state) != PAY_OK
        || !pay_wechatpay_text(o, "transaction_id", 32, &f->channel_number)
        || !pay_wechatpay_text(o, "attach", 512, &f->echo)
        || !pay_wechatpay_openid(pay_json_get(o, "payer"), f)
        || !pay_wechatpay_amounts(o, f))
    {
        return PAY_INVALID;
    }

    f->state = pay_word_find(pay_wechatpay_states, state, PAY_STATE_NONE);

    if (f->state == PAY_STATE_FAILED) {
        f->failure = state;
    }

    if (f->state != PAY_STATE_SUCCEEDED) {
        return PAY_OK;
    }

    /* nobody may believe that it is paid without knowing what, and how much */

    if (f->channel_number.len == 0 || f->amount < 0 || f->currency.len == 0)
    {
        return PAY_INVALID;
    }

    f->done_at = pay_wechatpay_time(o, "success_time");

    /* section 12.1: it says that there is a refund, not of how much */

    if (pay_str_eqz(state, "REFUND")) {
        f->refund_status = PAY_REFUND_UNKNOWN;
    }

    return PAY_OK;
}


/* how often it is named; -1: another's */

static int
pay_wechatpay_named(const pay_talk_t *t, const pay_json_t *o, pay_str_t *sub)
{
    int                             named;
    size_t                          i;
    pay_rc_t                        rc;
    pay_str_t                       id;
    pay_wechatpay_own_t            *own;
    const pay_wechatpay_v3_conf_t  *conf;

    static const char *const  names[] = { "mchid", "sp_mchid", "mch_id" };

    own = t->own;
    conf = t->channel->conf;
    *sub = PAY_STR("");

    for (i = 0, named = 0; i < pay_nelts(names); i++) {

        rc = pay_json_string(o, names[i], &id);

        if (rc == PAY_INVALID
            || (rc == PAY_OK && !pay_str_eq(id, conf->mchid)))
        {
            return -1;
        }

        named += rc == PAY_OK;
    }

    if (pay_json_string(o, "sub_mchid", sub) == PAY_INVALID
        || (!own->notice && !pay_str_eq(*sub, own->sub_mchid)))
    {
        return -1;
    }

    return named;
}


int
pay_wechatpay_own_account(const pay_talk_t *t, const pay_json_t *o,
    pay_str_t *sub)
{
    return pay_wechatpay_named(t, o, sub) > 0;
}


int
pay_wechatpay_foreign(const pay_talk_t *t, const pay_json_t *o,
    pay_str_t *sub)
{
    return pay_wechatpay_named(t, o, sub) < 0;
}


static int
pay_wechatpay_own_app(const pay_talk_t *t, pay_str_t appid)
{
    size_t                          i;
    const pay_wechatpay_v3_conf_t  *conf = t->channel->conf;

    for (i = 0; i < PAY_METHOD_MAX; i++) {
        if (appid.len && pay_str_eq(appid, conf->appids.text[i])) {
            return 1;
        }
    }

    return 0;
}


/* sections 8.3 and 8.4: an order names all of one form, nothing of the other */

int
pay_wechatpay_own_order(const pay_talk_t *t, const pay_json_t *o,
    pay_str_t *sub)
{
    int        partner;
    pay_str_t  id;

    if (!pay_wechatpay_own_account(t, o, sub)) {
        return 0;
    }

    partner = sub->len != 0;

    if (pay_json_get(o, partner ? "mchid" : "sp_mchid")
        || pay_json_string(o, partner ? "sp_mchid" : "mchid", &id) != PAY_OK)
    {
        return 0;
    }

    return pay_json_string(o, partner ? "sp_appid" : "appid", &id) == PAY_OK
           && pay_wechatpay_own_app(t, id);
}
