
/*
 * Copyright (C) the ngx_pay authors
 *
 * Alipay simulator: how a trade begins, whatever the call (section 7.1 of the
 * channel document).
 */

#include <sandbox/pay_sim_alipay.h>


#define PAY_ALIS_DAY  86400


pay_str_t
pay_alis_fingerprint(pay_sim_t *s, const pay_alis_call_t *c)
{
    pay_u8           hash[PAY_SHA256_LEN];
    pay_str_t        text;
    const pay_str_t  bytes = { 16, hash };

    text = pay_sim_fields_text(s->arena, c->op->rules, c->biz);

    if (text.data == NULL || pay_sha256(hash, text) != 0) {
        return (pay_str_t) pay_str_null;
    }

    return pay_hex_encode(s->arena, bytes);
}


/* section 7.1: time_expire wins; the day ends in Beijing */

static pay_rc_t
pay_alis_expiry(pay_sim_t *s, const pay_alis_call_t *c, int64_t life,
    int64_t *out)
{
    pay_str_t  text;

    text = pay_alis_field(c, "time_expire");

    if (text.len != 0) {
        return pay_alis_time_parse(s->arena, text, out);
    }

    text = pay_alis_field(c, "timeout_express");

    if (text.len != 0 && pay_alis_timeout(text, &life) != PAY_OK) {
        return PAY_INVALID;
    }

    *out = s->now + life;

    if (life == 0) {
        *out += PAY_ALIS_DAY - (s->now + PAY_BEIJING) % PAY_ALIS_DAY;
    }

    return PAY_OK;
}


static pay_rc_t
pay_alis_make(pay_sim_t *s, const pay_alis_call_t *c, int64_t life,
    pay_alis_trade_t *t)
{
    pay_str_t  freeze;

    memset(t, 0, sizeof(pay_alis_trade_t));

    t->method = c->method;
    t->out_trade_no = c->number;
    t->subject = pay_alis_field(c, "subject");
    t->body = pay_alis_field(c, "body");
    t->passback = pay_alis_field(c, "passback_params");
    t->store_id = pay_alis_field(c, "store_id");
    t->terminal_id = pay_alis_field(c, "terminal_id");
    t->notify_url = pay_alis_param(c, "notify_url");
    t->return_url = pay_alis_param(c, "return_url");
    t->fingerprint = pay_alis_fingerprint(s, c);
    t->freeze = pay_json_string(pay_json_get(c->biz, "extend_params"),
                                "royalty_freeze", &freeze) == PAY_OK
                && pay_str_eqz(freeze, "true");

    if (t->fingerprint.data == NULL
        || pay_alis_money_field(c, "total_amount", &t->total) != PAY_OK)
    {
        return PAY_ERROR;
    }

    return pay_alis_expiry(s, c, life, &t->expires_at);
}


/* what a number that came before allows: PAY_OK, or PAY_DONE, an error */

static pay_rc_t
pay_alis_again(pay_sim_t *s, const pay_alis_call_t *c,
    const pay_alis_trade_t *known, const pay_alis_trade_t *asked)
{
    if (known->state == PAY_ALIS_PAID) {
        return pay_alis_fail(s, c, PAY_ALIS_HAS_SUCCESS, PAY_STR(""));
    }

    if (known->state == PAY_ALIS_CLOSED || known->state == PAY_ALIS_DROPPED) {
        return pay_alis_fail(s, c, PAY_ALIS_HAS_CLOSE, PAY_STR(""));
    }

    if (!pay_str_eq(known->fingerprint, asked->fingerprint)
        || !pay_str_eq(known->method, asked->method))
    {
        return pay_alis_fail(s, c, PAY_ALIS_INCONSISTENT, PAY_STR(""));
    }

    return PAY_OK;
}


/* what the account, not the form, says of the call */

static pay_rc_t
pay_alis_contract(pay_sim_t *s, const pay_alis_call_t *c)
{
    pay_str_t  seller, product;

    seller = pay_alis_field(c, "seller_id");
    product = pay_alis_field(c, "product_code");

    if (seller.len != 0
        && !pay_str_eq(seller, pay_alis_seller(s->channel->conf)))
    {
        return pay_alis_fail(s, c, PAY_ALIS_ACQ_PARAMETER,
                             PAY_STR("seller_id"));
    }

    if (c->op->product != NULL && !pay_str_eqz(product, c->op->product)) {
        return pay_alis_fail(s, c, PAY_ALIS_ACQ_PARAMETER,
                             PAY_STR("product_code"));
    }

    return PAY_OK;
}


pay_rc_t
pay_alis_begin(pay_sim_t *s, const pay_alis_call_t *c, int64_t life,
    pay_alis_trade_t *t)
{
    pay_rc_t          rc;
    pay_alis_trade_t  asked;

    rc = pay_alis_contract(s, c);

    if (rc != PAY_OK) {
        return rc;
    }

    rc = pay_alis_make(s, c, life, &asked);

    if (rc == PAY_INVALID) {
        return pay_alis_fail(s, c, PAY_ALIS_ACQ_PARAMETER,
                             PAY_STR("time_expire"));
    }

    if (rc != PAY_OK) {
        return rc;
    }

    rc = pay_alis_load(s, t);

    if (rc == PAY_OK) {
        return pay_alis_again(s, c, t, &asked);
    }

    if (rc != PAY_DECLINED) {
        return rc;
    }

    if (asked.expires_at <= s->now) {
        return pay_alis_fail(s, c, PAY_ALIS_EXPIRED, PAY_STR(""));
    }

    *t = asked;

    return PAY_OK;
}


pay_str_t
pay_alis_seller(const pay_alipay_conf_t *conf)
{
    return conf->seller_id.len != 0 ? conf->seller_id
                                    : PAY_STR(PAY_ALIS_SELLER);
}
