
/*
 * Copyright (C) the ngx_pay authors
 *
 * WeChat Pay APIv3 simulator: native prepay, query and close, written by the
 * channel document (sections 8.1, 8.4, 8.5), never by the driver.
 */

#include <sandbox/pay_sim_wechatpay_v3.h>


/* section 8.1: the life of an order without time_expire */
#define PAY_WXS_ORDER_LIFE   (7 * 86400)

#define PAY_WXS_NATIVE_PATH  "/v3/pay/transactions/native"
#define PAY_WXS_NUMBER_PATH  "/v3/pay/transactions/out-trade-no/"
#define PAY_WXS_ID_PATH      "/v3/pay/transactions/id/"


static pay_rc_t pay_wxs_native(pay_sim_t *s, const pay_wxs_call_t *c);
static pay_rc_t pay_wxs_query(pay_sim_t *s, const pay_wxs_call_t *c);
static pay_rc_t pay_wxs_close(pay_sim_t *s, const pay_wxs_call_t *c);
static pay_rc_t pay_wxs_open(pay_sim_t *s);
static pay_rc_t pay_wxs_serve(pay_sim_t *s);


static const pay_wxs_op_t  pay_wxs_ops[] = {

    { "POST", PAY_WXS_NATIVE_PATH, "", PAY_WXS_BY_BODY,
      pay_wxs_native_rules, pay_wxs_native },

    { "GET", PAY_WXS_NUMBER_PATH, "", PAY_WXS_BY_PATH, NULL, pay_wxs_query },

    { "POST", PAY_WXS_NUMBER_PATH, "/close", PAY_WXS_BY_PATH,
      pay_wxs_close_rules, pay_wxs_close },

    { "GET", PAY_WXS_ID_PATH, "", PAY_WXS_BY_ID, NULL, pay_wxs_query },

    { NULL, NULL, NULL, PAY_WXS_BY_BODY, NULL, NULL }
};


const pay_simulator_t  pay_sim_wechatpay_v3 = {
    pay_str("wechatpay_v3"),
    pay_wxs_open,
    pay_wxs_serve,
    pay_wxs_press,
    pay_wxs_notice,
    pay_wxs_acknowledged,
    pay_wxs_view
};


static pay_rc_t
pay_wxs_open(pay_sim_t *s)
{
    pay_rc_t        rc;
    pay_wxs_call_t  c;

    rc = pay_wxs_authorize(s);

    if (rc == PAY_OK) {
        rc = pay_wxs_check_headers(s);
    }

    if (rc == PAY_OK) {
        rc = pay_wxs_read(s, pay_wxs_ops, &c);
    }

    if (rc == PAY_OK) {
        s->order_id = c.number;
    }

    return rc;
}


static pay_rc_t
pay_wxs_serve(pay_sim_t *s)
{
    pay_rc_t        rc;
    pay_wxs_call_t  c;

    /* read again: pay_sim_t has no place to keep it since open() */

    rc = pay_wxs_read(s, pay_wxs_ops, &c);

    return rc == PAY_OK ? c.op->serve(s, &c) : rc;
}


/* an appid may be bound to the mchid in any of its channels */

static int
pay_wxs_bound(const pay_sim_t *s, pay_str_t appid)
{
    size_t                          i;
    const pay_wechatpay_v3_conf_t  *own, *conf;

    own = s->channel->conf;

    for (i = 0; s->channels[i] != NULL; i++) {
        conf = s->channels[i]->conf;

        if (pay_str_eq(conf->mchid, own->mchid)
            && pay_str_eq(conf->appid, appid))
        {
            return 1;
        }
    }

    return 0;
}


static pay_str_t
pay_wxs_fingerprint(pay_arena_t *a, const pay_json_t *body)
{
    pay_u8           hash[PAY_SHA256_LEN];
    pay_str_t        text;
    const pay_str_t  bytes = { sizeof(hash), hash };

    text = pay_sim_fields_text(a, pay_wxs_native_rules, body);

    if (text.data == NULL || pay_sha256(hash, text) != 0) {
        return (pay_str_t) pay_str_null;
    }

    return pay_hex_encode(a, bytes);
}


/* the checked body as an order that is not paid yet */

static pay_rc_t
pay_wxs_prepare(pay_sim_t *s, const pay_json_t *body, pay_wxs_order_t *o)
{
    pay_str_t          expire;
    const pay_json_t  *scene;

    memset(o, 0, sizeof(pay_wxs_order_t));

    scene = pay_json_get(body, "scene_info");
    o->fingerprint = pay_wxs_fingerprint(s->arena, body);

    if (o->fingerprint.data == NULL
        || pay_json_string(body, "appid", &o->appid) != PAY_OK
        || pay_json_string(body, "mchid", &o->mchid) != PAY_OK
        || pay_json_string(body, "out_trade_no", &o->out_trade_no) != PAY_OK
        || pay_json_string(body, "description", &o->description) != PAY_OK
        || pay_json_string(body, "notify_url", &o->notify_url) != PAY_OK
        || pay_json_int(pay_json_get(body, "amount"), "total", &o->total)
           != PAY_OK)
    {
        return PAY_ERROR;
    }

    (void) pay_json_string(body, "attach", &o->attach);
    (void) pay_json_string(scene, "device_id", &o->device_id);

    if (pay_json_string(body, "time_expire", &expire) != PAY_OK) {
        o->expires_at = s->now + PAY_WXS_ORDER_LIFE;
        return PAY_OK;
    }

    return pay_time_parse(expire, &o->expires_at);
}


static pay_rc_t
pay_wxs_code_url(pay_sim_t *s, pay_str_t number)
{
    pay_str_t           url, encoded;
    pay_json_writer_t  *w;
    const pay_str_t     path = pay_str("/sandbox/checkout/");
    const pay_str_t     slash = pay_str("/");
    const pay_str_t    *parts[] = {
        &s->base, &path, &s->channel->name, &slash, &encoded, NULL
    };

    encoded = pay_percent_encode(s->arena, number);
    w = pay_json_writer(s->arena);

    if (encoded.data == NULL || w == NULL) {
        return PAY_ERROR;
    }

    url = pay_concat(s->arena, parts);

    if (url.data == NULL) {
        return PAY_ERROR;
    }

    pay_jw_object(w, NULL);
    pay_jw_str(w, "code_url", url);
    pay_jw_end(w);

    return pay_wxs_reply(s, 200, pay_jw_text(w));
}


/* section 8.1: a prepay may be repeated while unpaid, word for word */

static pay_rc_t
pay_wxs_native(pay_sim_t *s, const pay_wxs_call_t *c)
{
    pay_rc_t         rc;
    pay_wxs_order_t  asked, known;

    if (pay_wxs_prepare(s, c->body, &asked) != PAY_OK) {
        return PAY_ERROR;
    }

    if (!pay_wxs_bound(s, asked.appid)) {
        return pay_wxs_refuse(s, PAY_WXS_APPID, "body", "/appid",
                              "is not bound to mchid");
    }

    rc = pay_wxs_order_load(s, &known);

    if (rc == PAY_DECLINED) {

        if (asked.expires_at <= s->now) {
            return pay_wxs_refuse(s, PAY_WXS_PARAM_ERROR, "body",
                                  "/time_expire", "must be in the future");
        }

        rc = pay_wxs_order_save(s, &asked);

        return rc == PAY_OK ? pay_wxs_code_url(s, c->number) : rc;
    }

    if (rc != PAY_OK) {
        return rc;
    }

    if (known.state == PAY_WXS_SUCCESS) {
        return pay_wxs_fail(s, PAY_WXS_ORDER_PAID, NULL);
    }

    if (known.state == PAY_WXS_CLOSED) {
        return pay_wxs_fail(s, PAY_WXS_ORDER_CLOSED, NULL);
    }

    if (!pay_str_eq(known.fingerprint, asked.fingerprint)) {
        return pay_wxs_fail(s, PAY_WXS_REPEATED, NULL);
    }

    return pay_wxs_code_url(s, c->number);
}


static pay_rc_t
pay_wxs_query(pay_sim_t *s, const pay_wxs_call_t *c)
{
    pay_rc_t         rc;
    pay_wxs_order_t  o;

    (void) c;

    rc = pay_wxs_order_load(s, &o);

    if (rc == PAY_DECLINED) {
        return pay_wxs_fail(s, PAY_WXS_ORDER_NOT_EXIST, NULL);
    }

    if (rc != PAY_OK) {
        return rc;
    }

    return pay_wxs_reply(s, 200, pay_wxs_transaction(s->arena, &o, 0));
}


static pay_rc_t
pay_wxs_close(pay_sim_t *s, const pay_wxs_call_t *c)
{
    pay_rc_t         rc;
    pay_wxs_order_t  o;

    (void) c;

    rc = pay_wxs_order_load(s, &o);

    if (rc == PAY_DECLINED) {
        return pay_wxs_fail(s, PAY_WXS_ORDER_NOT_EXIST, NULL);
    }

    if (rc == PAY_OK && o.state == PAY_WXS_SUCCESS) {
        return pay_wxs_fail(s, PAY_WXS_ORDER_PAID, NULL);
    }

    if (rc == PAY_OK && o.state == PAY_WXS_NOTPAY) {
        o.state = PAY_WXS_CLOSED;
        rc = pay_wxs_order_save(s, &o);
    }

    return rc == PAY_OK ? pay_wxs_reply(s, 204, (pay_str_t) pay_str_null)
                        : rc;
}
