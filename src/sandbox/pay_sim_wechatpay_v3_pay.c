
/*
 * Copyright (C) the ngx_pay authors
 *
 * WeChat Pay APIv3 simulator: prepay, query and close (sections 8.1, 8.3, 8.4,
 * 8.5 of the channel document).
 */

#include <sandbox/pay_sim_wechatpay_v3.h>


/* section 8.1: the life of an order without time_expire */
#define PAY_WXS_ORDER_LIFE  (7 * 86400)


/* an appid may be bound to the mchid in any of its channels */

int
pay_wxs_bound(const pay_sim_t *s, pay_str_t appid)
{
    size_t                          i, k;
    const pay_wechatpay_v3_conf_t  *own, *conf;

    own = s->channel->conf;

    for (i = 0; s->channels[i] != NULL; i++) {
        conf = s->channels[i]->conf;

        if (!pay_str_eq(conf->mchid, own->mchid)) {
            continue;
        }

        for (k = 0; k < pay_nelts(conf->appids.text); k++) {
            if (pay_str_eq(conf->appids.text[k], appid)) {
                return 1;
            }
        }
    }

    return 0;
}


pay_str_t
pay_wxs_fingerprint(pay_arena_t *a, const pay_wxs_call_t *c, size_t n)
{
    pay_u8           hash[PAY_SHA256_LEN];
    pay_str_t        text;
    const pay_str_t  bytes = { n / 2, hash };

    text = pay_sim_fields_text(a, c->op->rules, c->body);

    if (text.data == NULL || pay_sha256(hash, text) != 0) {
        return (pay_str_t) pay_str_null;
    }

    return pay_hex_encode(a, bytes);
}


/* who pays whom: the direct form, or the partner's */

static pay_rc_t
pay_wxs_prepare_parties(const pay_json_t *body, pay_wxs_order_t *o)
{
    int                partner;
    const pay_json_t  *payer;

    partner = pay_json_get(body, "sp_mchid") != NULL;
    payer = pay_json_get(body, "payer");

    (void) pay_json_string(body, "sub_appid", &o->sub_appid);
    (void) pay_json_string(body, "sub_mchid", &o->sub_mchid);
    (void) pay_json_string(payer, partner ? "sp_openid" : "openid",
                           &o->openid);
    (void) pay_json_string(payer, "sub_openid", &o->sub_openid);

    if (pay_json_string(body, partner ? "sp_appid" : "appid", &o->appid)
        != PAY_OK)
    {
        return PAY_ERROR;
    }

    return pay_json_string(body, partner ? "sp_mchid" : "mchid", &o->mchid);
}


/* the checked body as an order that is not paid yet */

static pay_rc_t
pay_wxs_prepare(pay_sim_t *s, const pay_wxs_call_t *c, pay_wxs_order_t *o)
{
    pay_str_t          expire;
    const pay_json_t  *scene, *body, *sharing;

    memset(o, 0, sizeof(pay_wxs_order_t));

    body = c->body;
    scene = pay_json_get(body, "scene_info");
    o->fingerprint = pay_wxs_fingerprint(s->arena, c, 64);
    o->type = c->op->type;
    o->id = s->order_id;

    sharing = pay_json_get(pay_json_get(body, "settle_info"),
                           "profit_sharing");
    o->sharing = sharing != NULL && sharing->type == PAY_JSON_TRUE;

    if (o->fingerprint.data == NULL
        || pay_wxs_prepare_parties(body, o) != PAY_OK
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


/* what no table of members can say: PAY_OK, or PAY_DONE */

static pay_rc_t
pay_wxs_prepay_check(pay_sim_t *s, const pay_wxs_call_t *c,
    const pay_wxs_order_t *o)
{
    if (!pay_wxs_bound(s, o->appid)) {
        return pay_wxs_refuse(s, PAY_WXS_APPID, "body",
                              o->sub_mchid.len == 0 ? "/appid" : "/sp_appid",
                              "is not bound to the merchant");
    }

    if (o->sub_mchid.len == 0 || strcmp(c->op->type, "JSAPI") != 0) {
        return PAY_OK;
    }

    if ((o->openid.len != 0) == (o->sub_openid.len != 0)) {
        return pay_wxs_refuse(s, PAY_WXS_PARAM_ERROR, "body", "/payer",
                              "has sp_openid or sub_openid, one of them");
    }

    if (o->sub_openid.len != 0 && o->sub_appid.len == 0) {
        return pay_wxs_refuse(s, PAY_WXS_PARAM_ERROR, "body", "/sub_appid",
                              "is required with sub_openid");
    }

    return PAY_OK;
}


static pay_str_t
pay_wxs_page_url(pay_sim_t *s, const pay_wxs_order_t *o)
{
    pay_str_t         encoded, sub;
    const pay_str_t   path = pay_str("/sandbox/checkout/");
    const pay_str_t   slash = pay_str("/");
    const pay_str_t  *direct[] = {
        &s->base, &path, &s->channel->name, &slash, &encoded, NULL
    };
    const pay_str_t  *partner[] = {
        &s->base, &path, &s->channel->name, &slash, &sub, &slash, &encoded,
        NULL
    };

    encoded = pay_percent_encode(s->arena, o->out_trade_no);
    sub = pay_percent_encode(s->arena, o->sub_mchid);

    if (encoded.data == NULL || sub.data == NULL) {
        return (pay_str_t) pay_str_null;
    }

    return pay_concat(s->arena, o->sub_mchid.len == 0 ? direct : partner);
}


/* section 8.1: the same answer for the same order */

static pay_rc_t
pay_wxs_prepaid(pay_sim_t *s, const pay_wxs_order_t *o)
{
    pay_str_t           value;
    const char         *name;
    pay_json_writer_t  *w;

    name = strcmp(o->type, "NATIVE") == 0 ? "code_url"
           : strcmp(o->type, "MWEB") == 0 ? "h5_url" : "prepay_id";

    value = strcmp(name, "prepay_id") == 0
            ? pay_wxs_digits(s->arena, "wx", s->order_id, 32)
            : pay_wxs_page_url(s, o);

    w = pay_json_writer(s->arena);

    if (value.data == NULL || w == NULL) {
        return PAY_ERROR;
    }

    pay_jw_object(w, NULL);
    pay_jw_str(w, name, value);
    pay_jw_end(w);

    return pay_wxs_reply(s, 200, pay_jw_text(w));
}


static pay_rc_t
pay_wxs_prepay_new(pay_sim_t *s, const pay_wxs_order_t *o)
{
    pay_rc_t  rc;

    if (o->expires_at <= s->now) {
        return pay_wxs_refuse(s, PAY_WXS_PARAM_ERROR, "body", "/time_expire",
                              "must be in the future");
    }

    rc = pay_wxs_down(s, o->total);

    if (rc == PAY_OK) {
        rc = pay_wxs_order_save(s, o);
    }

    return rc == PAY_OK ? pay_wxs_made(s, o->total, pay_wxs_prepaid(s, o))
           : rc == PAY_DONE ? PAY_DONE : PAY_ERROR;
}


/* section 8.1: a prepay may be repeated while unpaid, word for word */

pay_rc_t
pay_wxs_prepay(pay_sim_t *s, const pay_wxs_call_t *c)
{
    pay_rc_t         rc;
    pay_wxs_order_t  asked, known;

    if (pay_wxs_prepare(s, c, &asked) != PAY_OK) {
        return PAY_ERROR;
    }

    rc = pay_wxs_prepay_check(s, c, &asked);

    if (rc != PAY_OK) {
        return rc;
    }

    rc = pay_wxs_order_load(s, &known);

    if (rc != PAY_OK) {
        return rc == PAY_DECLINED ? pay_wxs_prepay_new(s, &asked) : rc;
    }

    if (known.state == PAY_WXS_SUCCESS || known.state == PAY_WXS_PAYING) {
        return pay_wxs_fail(s, PAY_WXS_ORDER_PAID, NULL);
    }

    if (known.state == PAY_WXS_CLOSED) {
        return pay_wxs_fail(s, PAY_WXS_ORDER_CLOSED, NULL);
    }

    if (strcmp(known.type, asked.type) != 0
        || !pay_str_eq(known.fingerprint, asked.fingerprint))
    {
        return pay_wxs_fail(s, PAY_WXS_REPEATED, NULL);
    }

    return pay_wxs_prepaid(s, &known);
}


/* payment: its index, or where there is none, of an order never paid */

static pay_rc_t
pay_wxs_query_answer(pay_sim_t *s, const pay_wxs_call_t *c,
    pay_str_t transaction_id)
{
    size_t           i;
    pay_rc_t         rc;
    pay_wxs_order_t  o;

    rc = pay_wxs_order_load(s, &o);

    /* the same merchant, and the same form of the question */

    if (rc == PAY_DECLINED
        || (rc == PAY_OK && !pay_str_eq(o.sub_mchid, c->sub)))
    {
        return pay_wxs_fail(s, PAY_WXS_ORDER_NOT_EXIST, NULL);
    }

    if (rc != PAY_OK) {
        return rc;
    }

    for (i = 0; i < o.npayments; i++) {
        if (pay_str_eq(o.payments[i].transaction_id, transaction_id)) {
            return pay_wxs_reply(s, 200,
                                 pay_wxs_transaction(s->arena, &o, i));
        }
    }

    return pay_wxs_reply(s, 200, pay_wxs_transaction(s->arena, &o, 0));
}


pay_rc_t
pay_wxs_query(pay_sim_t *s, const pay_wxs_call_t *c)
{
    return pay_wxs_query_answer(s, c, (pay_str_t) pay_str_null);
}


pay_rc_t
pay_wxs_query_id(pay_sim_t *s, const pay_wxs_call_t *c)
{
    pay_rc_t          rc;
    pay_sim_thing_t  *index;

    rc = pay_sim_thing(s, pay_wxs_id(s, "transaction/",
                                     (pay_str_t) pay_str_null, c->number),
                       &index);
    if (rc != PAY_OK) {
        return rc;
    }

    if (index->text.len == 0) {
        return pay_wxs_fail(s, PAY_WXS_ORDER_NOT_EXIST, NULL);
    }

    rc = pay_wxs_want(s, index->text);

    return rc == PAY_OK ? pay_wxs_query_answer(s, c, c->number) : rc;
}


pay_rc_t
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

    /* section 8.5: query, then decide */

    if (rc == PAY_OK && o.state == PAY_WXS_PAYING) {
        return pay_wxs_fail(s, PAY_WXS_FREQUENCY, NULL);
    }

    if (rc == PAY_OK && o.state == PAY_WXS_NOTPAY) {
        o.state = PAY_WXS_CLOSED;
        rc = pay_wxs_order_save(s, &o);
    }

    return rc == PAY_OK ? pay_wxs_reply(s, 204, (pay_str_t) pay_str_null)
                        : rc;
}
