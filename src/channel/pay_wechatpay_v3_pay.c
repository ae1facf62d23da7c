
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver wechatpay_v3: payments, what is asked (sections 8.1, 8.3 to 8.5).
 */

#include <channel/pay_wechatpay_v3_int.h>


#define PAY_WECHATPAY_STORE_ID_MAX  32


/* the last segment of a prepay's path, by method */

static const char *const  pay_wechatpay_products[PAY_METHOD_MAX] = {
    [PAY_METHOD_QR_CODE] = "native",
    [PAY_METHOD_JSAPI] = "jsapi",
    [PAY_METHOD_MINI_PROGRAM] = "jsapi",
    [PAY_METHOD_APP] = "app",
    [PAY_METHOD_H5] = "h5"
};


static int
pay_wechatpay_partner(const pay_talk_t *t)
{
    return ((pay_wechatpay_own_t *) t->own)->sub_mchid.len != 0;
}


/* "/v3/pay/[partner/]transactions/" + what + number + suffix */

static pay_str_t
pay_wechatpay_path(pay_talk_t *t, const char *what, pay_str_t number,
    const char *suffix)
{
    pay_buf_t  b;

    number = pay_percent_encode(t->arena, number);
    if (number.data == NULL) {
        return number;
    }

    pay_buf_init(&b, t->arena, 160);
    pay_buf_addz(&b, pay_wechatpay_partner(t) ? "/v3/pay/partner" : "/v3/pay");
    pay_buf_addz(&b, "/transactions/");
    pay_buf_addz(&b, what);
    pay_buf_adds(&b, number);
    pay_buf_addz(&b, suffix);

    return pay_buf_str(&b);
}


/* section 8.4 */

pay_rc_t
pay_wechatpay_query(pay_talk_t *t)
{
    pay_str_t                       target;
    const char                     *suffix;
    const pay_object_t             *p;
    pay_wechatpay_own_t            *own;
    const pay_wechatpay_v3_conf_t  *conf;

    p = t->object;
    own = t->own;
    conf = t->channel->conf;
    suffix = own->sub_mchid.len ? "?sp_mchid=" : "?mchid=";

    if (own->number.len) {
        target = pay_wechatpay_path(t, "out-trade-no/", own->number, suffix);

    } else if (p->channel_number.len) {
        target = pay_wechatpay_path(t, "id/", p->channel_number, suffix);

    } else {
        pay_error_set(&t->error, PAY_E_FIELD_MISSING, "order_id");
        return pay_talk_fail(t, PAY_E_FIELD_MISSING, "locator");
    }

    if (target.data == NULL) {
        return PAY_ERROR;
    }

    target = pay_concat(t->arena, (const pay_str_t *const []) {
                        &target, &conf->mchid, NULL });

    return pay_wechatpay_send(t, PAY_WECHATPAY_QUERY, "GET",
                              pay_wechatpay_target_sub(t, target),
                              PAY_STR(""));
}


/* section 8.3: who is who in either form */

static void
pay_wechatpay_mchid(pay_json_writer_t *w, pay_talk_t *t)
{
    pay_wechatpay_own_t            *own = t->own;
    const pay_wechatpay_v3_conf_t  *conf = t->channel->conf;

    if (own->sub_mchid.len == 0) {
        pay_jw_str(w, "mchid", conf->mchid);
        return;
    }

    pay_jw_str(w, "sp_mchid", conf->mchid);
    pay_jw_str(w, "sub_mchid", own->sub_mchid);
}


/* section 8.5 */

pay_rc_t
pay_wechatpay_close(pay_talk_t *t)
{
    pay_str_t             target;
    pay_json_writer_t    *w;
    pay_wechatpay_own_t  *own = t->own;

    if (own->number.len == 0) {
        pay_error_set(&t->error, PAY_E_FIELD_MISSING, "order_id");
        return pay_talk_fail(t, PAY_E_FIELD_MISSING, "locator");
    }

    w = pay_json_writer(t->arena);
    if (w == NULL) {
        return PAY_ERROR;
    }

    pay_jw_object(w, NULL);
    pay_wechatpay_mchid(w, t);
    pay_jw_end(w);

    target = pay_wechatpay_path(t, "out-trade-no/", own->number, "/close");

    return pay_wechatpay_send(t, PAY_WECHATPAY_CLOSE, "POST", target,
                              pay_jw_text(w));
}


static void
pay_wechatpay_payer(pay_json_writer_t *w, pay_talk_t *t)
{
    const char  *name;

    if (t->ask->method != PAY_METHOD_JSAPI
        && t->ask->method != PAY_METHOD_MINI_PROGRAM)
    {
        return;
    }

    name = !pay_wechatpay_partner(t) ? "openid"
           : t->account->app_id.len ? "sub_openid" : "sp_openid";

    pay_jw_object(w, "payer");
    pay_jw_str(w, name, t->ask->openid);
    pay_jw_end(w);
}


/* scene_info without the payer's address is an error */

static void
pay_wechatpay_scene(pay_json_writer_t *w, const pay_ask_t *ask)
{
    if (ask->payer_ip.len == 0) {
        return;
    }

    pay_jw_object(w, "scene_info");
    pay_jw_str(w, "payer_client_ip", ask->payer_ip);

    if (ask->store_id.len) {
        pay_jw_object(w, "store_info");
        pay_jw_str(w, "id", ask->store_id);
        pay_jw_end(w);
    }

    if (ask->method == PAY_METHOD_H5) {
        pay_jw_object(w, "h5_info");
        pay_jw_strz(w, "type", "Wap");
        pay_jw_end(w);
    }

    pay_jw_end(w);
}


static void
pay_wechatpay_apps(pay_json_writer_t *w, pay_talk_t *t)
{
    pay_str_t  appid;

    appid = pay_wechatpay_appid(t, t->ask->method);

    if (!pay_wechatpay_partner(t)) {
        pay_jw_str(w, "appid", appid);
        return;
    }

    pay_jw_str(w, "sp_appid", appid);

    if (t->account->app_id.len) {
        pay_jw_str(w, "sub_appid", t->account->app_id);
    }
}


/* section 8.1; members that are not known are left out, never empty */

static pay_str_t
pay_wechatpay_prepay_body(pay_talk_t *t)
{
    pay_json_writer_t    *w;
    const pay_ask_t      *ask;
    const pay_object_t   *p;
    pay_wechatpay_own_t  *own;

    p = t->object;
    ask = t->ask;
    own = t->own;

    w = pay_json_writer(t->arena);
    if (w == NULL) {
        return (pay_str_t) pay_str_null;
    }

    pay_jw_object(w, NULL);
    pay_wechatpay_apps(w, t);
    pay_wechatpay_mchid(w, t);
    pay_jw_str(w, "description",
               pay_utf8_cut(ask->description, PAY_WECHATPAY_DESCRIPTION_MAX));
    pay_jw_str(w, "out_trade_no", own->number);

    if (p->expires_at) {
        pay_jw_str(w, "time_expire",
                   pay_time_format(t->arena, p->expires_at, PAY_BEIJING));
    }

    if (t->echo.len) {
        pay_jw_str(w, "attach", t->echo);
    }

    pay_jw_str(w, "notify_url", t->channel->notify_url);

    pay_jw_object(w, "amount");
    pay_jw_int(w, "total", p->amount);
    pay_jw_str(w, "currency", p->currency);
    pay_jw_end(w);

    pay_wechatpay_payer(w, t);
    pay_wechatpay_scene(w, ask);

    if (ask->split) {
        pay_jw_object(w, "settle_info");
        pay_jw_bool(w, "profit_sharing", 1);
        pay_jw_end(w);
    }

    pay_jw_end(w);

    return pay_jw_text(w);
}


static pay_rc_t
pay_wechatpay_payable(pay_talk_t *t)
{
    const pay_ask_t  *ask = t->ask;

    if (pay_wechatpay_products[ask->method] == NULL
        || pay_wechatpay_appid(t, ask->method).len == 0)
    {
        return pay_wechatpay_refuse(t, PAY_E_OPERATION_UNSUPPORTED, "method");
    }

    if (ask->manual_capture) {
        return pay_wechatpay_refuse(t, PAY_E_OPERATION_UNSUPPORTED, "capture");
    }

    if (ask->store_id.len > PAY_WECHATPAY_STORE_ID_MAX) {
        return pay_wechatpay_refuse(t, PAY_E_FIELD_INVALID, "store.id");
    }

    switch (ask->method) {

    case PAY_METHOD_JSAPI:
    case PAY_METHOD_MINI_PROGRAM:
        return ask->openid.len ? PAY_OK
               : pay_wechatpay_refuse(t, PAY_E_FIELD_MISSING, "payer.openid");

    case PAY_METHOD_H5:
        return ask->payer_ip.len ? PAY_OK
               : pay_wechatpay_refuse(t, PAY_E_FIELD_MISSING, "payer.ip");

    default:
        return PAY_OK;
    }
}


pay_rc_t
pay_wechatpay_pay(pay_talk_t *t)
{
    pay_rc_t             rc;
    pay_str_t            target;
    const pay_object_t  *p;

    rc = pay_wechatpay_payable(t);
    if (rc != PAY_OK) {
        return rc;
    }

    p = t->object;

    if (t->known == PAY_KNOWN_OPEN) {

        if (p->state != PAY_STATE_PENDING && p->state != PAY_STATE_NONE) {
            return PAY_DONE;
        }

        /* a prepay of a time that is over would only be refused */

        if (p->expires_at && t->now >= p->expires_at) {
            return PAY_DONE;
        }

        if (pay_wechatpay_lives(t, p->ref)) {
            return pay_wechatpay_show(t, p->ref);
        }
    }

    target = pay_wechatpay_path(t, pay_wechatpay_products[t->ask->method],
                                PAY_STR(""), "");

    return pay_wechatpay_send(t, PAY_WECHATPAY_PREPAY, "POST", target,
                              pay_wechatpay_prepay_body(t));
}
