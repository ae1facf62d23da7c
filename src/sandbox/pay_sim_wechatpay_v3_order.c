
/*
 * Copyright (C) the ngx_pay authors
 *
 * WeChat Pay APIv3 simulator: the order, as JSON text in the store, as a
 * transaction of section 8.4, and as the checkout page shows it.
 */

#include <sandbox/pay_sim_wechatpay_v3.h>


static const struct {
    const char  *name;
    const char  *desc;
} pay_wxs_states[] = {
    { "NOTPAY", "订单未支付" },
    { "SUCCESS", "支付成功" },
    { "CLOSED", "订单已关闭" }
};


static pay_rc_t
pay_wxs_payments_load(pay_wxs_order_t *o, const pay_json_t *list)
{
    pay_json_t         *e;
    pay_wxs_payment_t  *p;

    if (list == NULL || list->type != PAY_JSON_ARRAY) {
        return PAY_ERROR;
    }

    for (e = list->child; e != NULL; e = e->next) {

        if (o->npayments == PAY_WXS_PAYMENTS) {
            return PAY_ERROR;
        }

        p = &o->payments[o->npayments++];

        if (pay_json_string(e, "transaction_id", &p->transaction_id) != PAY_OK
            || pay_json_int(e, "time", &p->time) != PAY_OK)
        {
            return PAY_ERROR;
        }
    }

    return PAY_OK;
}


static pay_rc_t
pay_wxs_state_load(pay_wxs_order_t *o, const pay_json_t *tree)
{
    size_t      i;
    int64_t     refused;
    pay_str_t   name;

    if (pay_json_string(tree, "state", &name) != PAY_OK
        || pay_json_int(tree, "refused", &refused) != PAY_OK)
    {
        return PAY_ERROR;
    }

    o->refused = refused != 0;

    for (i = 0; i < pay_nelts(pay_wxs_states); i++) {

        if (pay_str_eqz(name, pay_wxs_states[i].name)) {
            o->state = (pay_wxs_state_t) i;
            return PAY_OK;
        }
    }

    return PAY_ERROR;
}


static pay_rc_t
pay_wxs_order_parse(pay_arena_t *a, pay_str_t text, pay_wxs_order_t *o)
{
    pay_json_t  *tree;
    const char  *why;

    memset(o, 0, sizeof(pay_wxs_order_t));

    if (pay_json_parse(a, text, &tree, &why) != PAY_OK
        || pay_json_string(tree, "appid", &o->appid) != PAY_OK
        || pay_json_string(tree, "mchid", &o->mchid) != PAY_OK
        || pay_json_string(tree, "out_trade_no", &o->out_trade_no) != PAY_OK
        || pay_json_string(tree, "description", &o->description) != PAY_OK
        || pay_json_string(tree, "attach", &o->attach) == PAY_INVALID
        || pay_json_string(tree, "device_id", &o->device_id) == PAY_INVALID
        || pay_json_string(tree, "notify_url", &o->notify_url) != PAY_OK
        || pay_json_string(tree, "fingerprint", &o->fingerprint) != PAY_OK
        || pay_json_int(tree, "total", &o->total) != PAY_OK
        || pay_json_int(tree, "expires_at", &o->expires_at) != PAY_OK
        || pay_wxs_state_load(o, tree) != PAY_OK)
    {
        return PAY_ERROR;
    }

    return pay_wxs_payments_load(o, pay_json_get(tree, "payments"));
}


pay_rc_t
pay_wxs_order_load(pay_sim_t *s, pay_wxs_order_t *o)
{
    if (s->order.len == 0) {
        return PAY_DECLINED;
    }

    if (pay_wxs_order_parse(s->arena, s->order, o) != PAY_OK) {
        return PAY_ERROR;
    }

    if (o->state != PAY_WXS_NOTPAY || s->now < o->expires_at) {
        return PAY_OK;
    }

    o->state = PAY_WXS_CLOSED;

    return pay_wxs_order_save(s, o);
}


pay_rc_t
pay_wxs_order_save(pay_sim_t *s, const pay_wxs_order_t *o)
{
    size_t              i;
    pay_str_t           text;
    pay_json_writer_t  *w;

    w = pay_json_writer(s->arena);

    if (w == NULL) {
        return PAY_ERROR;
    }

    pay_jw_object(w, NULL);
    pay_jw_str(w, "appid", o->appid);
    pay_jw_str(w, "mchid", o->mchid);
    pay_jw_str(w, "out_trade_no", o->out_trade_no);
    pay_jw_str(w, "description", o->description);
    pay_jw_opt(w, "attach", o->attach);
    pay_jw_opt(w, "device_id", o->device_id);
    pay_jw_str(w, "notify_url", o->notify_url);
    pay_jw_str(w, "fingerprint", o->fingerprint);
    pay_jw_int(w, "total", o->total);
    pay_jw_int(w, "expires_at", o->expires_at);
    pay_jw_strz(w, "state", pay_wxs_states[o->state].name);
    pay_jw_int(w, "refused", o->refused);
    pay_jw_array(w, "payments");

    for (i = 0; i < o->npayments; i++) {
        pay_jw_object(w, NULL);
        pay_jw_str(w, "transaction_id", o->payments[i].transaction_id);
        pay_jw_int(w, "time", o->payments[i].time);
        pay_jw_end(w);
    }

    pay_jw_end(w);
    pay_jw_end(w);

    text = pay_jw_text(w);

    if (text.data == NULL) {
        return PAY_ERROR;
    }

    s->order = text;
    s->changed = 1;

    return PAY_OK;
}


/* one payer for each app: an openid belongs to its appid */

static pay_str_t
pay_wxs_openid(pay_arena_t *a, pay_str_t appid)
{
    pay_u8           hash[PAY_SHA256_LEN];
    pay_str_t        id;
    const pay_str_t  bytes = { 20, hash };
    const pay_str_t  o = pay_str("o");
    const pay_str_t *const  parts[] = { &o, &id, NULL };

    if (pay_sha256(hash, appid) != 0) {
        return (pay_str_t) pay_str_null;
    }

    id = pay_base64url_encode(a, bytes);

    if (id.data == NULL) {
        return id;
    }

    return pay_concat(a, parts);
}


static pay_rc_t
pay_wxs_paid(pay_json_writer_t *w, pay_arena_t *a, const pay_wxs_order_t *o,
    const pay_wxs_payment_t *p)
{
    pay_str_t  time, openid;

    time = pay_time_format(a, p->time, PAY_BEIJING);
    openid = pay_wxs_openid(a, o->appid);

    if (time.data == NULL || openid.data == NULL) {
        return PAY_ERROR;
    }

    pay_jw_str(w, "transaction_id", p->transaction_id);
    pay_jw_strz(w, "trade_type", "NATIVE");
    pay_jw_strz(w, "bank_type", "OTHERS");

    if (o->attach.len != 0) {
        pay_jw_str(w, "attach", o->attach);
    }

    pay_jw_str(w, "success_time", time);

    pay_jw_object(w, "payer");
    pay_jw_str(w, "openid", openid);
    pay_jw_end(w);

    pay_jw_object(w, "amount");
    pay_jw_int(w, "total", o->total);
    pay_jw_int(w, "payer_total", o->total);
    pay_jw_strz(w, "currency", "CNY");
    pay_jw_strz(w, "payer_currency", "CNY");
    pay_jw_end(w);

    if (o->device_id.len != 0) {
        pay_jw_object(w, "scene_info");
        pay_jw_str(w, "device_id", o->device_id);
        pay_jw_end(w);
    }

    pay_jw_array(w, "promotion_detail");
    pay_jw_end(w);

    return PAY_OK;
}


/* an order never paid has the first five members only */

pay_str_t
pay_wxs_transaction(pay_arena_t *a, const pay_wxs_order_t *o, size_t payment)
{
    const char         *desc;
    pay_json_writer_t  *w;

    w = pay_json_writer(a);

    if (w == NULL) {
        return (pay_str_t) pay_str_null;
    }

    desc = pay_wxs_states[o->state].desc;

    if (o->state == PAY_WXS_NOTPAY && o->refused) {
        desc = "支付失败，余额不足";
    }

    pay_jw_object(w, NULL);
    pay_jw_str(w, "appid", o->appid);
    pay_jw_str(w, "mchid", o->mchid);
    pay_jw_str(w, "out_trade_no", o->out_trade_no);
    pay_jw_strz(w, "trade_state", pay_wxs_states[o->state].name);
    pay_jw_strz(w, "trade_state_desc", desc);

    if (payment < o->npayments
        && pay_wxs_paid(w, a, o, &o->payments[payment]) != PAY_OK)
    {
        return (pay_str_t) pay_str_null;
    }

    pay_jw_end(w);

    return pay_jw_text(w);
}


pay_rc_t
pay_wxs_view(pay_sim_t *s, pay_sim_view_t *out)
{
    pay_rc_t         rc;
    pay_wxs_order_t  o;

    rc = pay_wxs_order_load(s, &o);

    if (rc != PAY_OK) {
        return rc;
    }

    out->order_id = o.out_trade_no;
    out->description = o.description;
    out->amount = o.total;
    out->currency = PAY_STR("CNY");
    out->account = o.mchid;
    out->state = pay_wxs_states[o.state].name;
    out->expires_at = o.expires_at;
    out->notify_url = o.notify_url;
    out->payable = o.state == PAY_WXS_NOTPAY;

    s->npayments = o.npayments;

    return PAY_OK;
}
