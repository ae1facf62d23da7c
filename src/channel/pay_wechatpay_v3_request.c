
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver wechatpay_v3: its requests, and how they are signed.
 */

#include <channel/pay_canon.h>
#include <channel/pay_wechatpay_v3_int.h>


#define PAY_WECHATPAY_ORDERS        "/v3/pay/transactions/out-trade-no/"
#define PAY_WECHATPAY_IDS           "/v3/pay/transactions/id/"

#define PAY_WECHATPAY_STORE_ID_MAX  32


/* all of a request but its signature; an empty body is none */

static pay_rc_t
pay_wechatpay_request(pay_talk_t *t, pay_wechatpay_step_t step,
    pay_str_t target, pay_str_t body)
{
    pay_buf_t                       b;
    pay_request_t                  *q;
    pay_wechatpay_own_t            *own;
    const pay_wechatpay_v3_conf_t  *conf;

    own = t->own;
    conf = t->channel->conf;

    pay_buf_init(&b, t->arena, 24);
    pay_buf_addi(&b, t->now);

    own->timestamp = pay_buf_str(&b);
    own->nonce = pay_talk_nonce(t, 32);

    if (own->timestamp.data == NULL || own->nonce.data == NULL
        || target.data == NULL || body.data == NULL)
    {
        return PAY_ERROR;
    }

    t->step = step;

    q = &t->request;
    memset(q, 0, sizeof(pay_request_t));

    q->method = body.len ? "POST" : "GET";
    q->host = t->channel->host;
    q->target = target;
    q->body = body;

    /* section 4.3: without a serial the channel may sign with any key */

    if (pay_request_header(q, "Accept", PAY_STR("application/json")) != PAY_OK
        || pay_request_header(q, "User-Agent", PAY_STR("ngx_pay")) != PAY_OK
        || pay_request_header(q, "Wechatpay-Serial", conf->platform_keys.id[0])
           != PAY_OK)
    {
        return PAY_ERROR;
    }

    if (body.len
        && pay_request_header(q, "Content-Type", PAY_STR("application/json"))
           != PAY_OK)
    {
        return PAY_ERROR;
    }

    return PAY_SIGN;
}


static pay_str_t
pay_wechatpay_target(pay_talk_t *t, const char *prefix, pay_str_t number,
    const char *suffix, pay_str_t value)
{
    pay_buf_t  b;

    pay_buf_init(&b, t->arena, 160);
    pay_buf_addz(&b, prefix);

    number = pay_percent_encode(t->arena, number);
    value = pay_percent_encode(t->arena, value);

    if (number.data == NULL || value.data == NULL) {
        return (pay_str_t) pay_str_null;
    }

    pay_buf_adds(&b, number);
    pay_buf_addz(&b, suffix);
    pay_buf_adds(&b, value);

    return pay_buf_str(&b);
}


/* section 8.4 */

pay_rc_t
pay_wechatpay_query(pay_talk_t *t)
{
    pay_str_t                       target;
    const pay_object_t            *p;
    const pay_wechatpay_v3_conf_t  *conf;

    p = t->object;
    conf = t->channel->conf;

    if (p->number.len) {
        target = pay_wechatpay_target(t, PAY_WECHATPAY_ORDERS, p->number,
                                      "?mchid=", conf->mchid);

    } else if (p->channel_number.len) {
        target = pay_wechatpay_target(t, PAY_WECHATPAY_IDS,
                                      p->channel_number, "?mchid=",
                                      conf->mchid);

    } else {
        pay_error_set(&t->error, PAY_E_FIELD_MISSING, "order_id");
        return pay_talk_fail(t, PAY_E_FIELD_MISSING, "locator");
    }

    return pay_wechatpay_request(t, PAY_WECHATPAY_QUERY, target, PAY_STR(""));
}


/* section 8.5 */

static pay_rc_t
pay_wechatpay_close(pay_talk_t *t)
{
    pay_str_t                       target;
    pay_json_writer_t              *w;
    const pay_wechatpay_v3_conf_t  *conf;

    conf = t->channel->conf;

    if (t->object->number.len == 0) {
        pay_error_set(&t->error, PAY_E_FIELD_MISSING, "order_id");
        return pay_talk_fail(t, PAY_E_FIELD_MISSING, "locator");
    }

    w = pay_json_writer(t->arena);
    if (w == NULL) {
        return PAY_ERROR;
    }

    pay_jw_object(w, NULL);
    pay_jw_str(w, "mchid", conf->mchid);
    pay_jw_end(w);

    target = pay_wechatpay_target(t, PAY_WECHATPAY_ORDERS,
                                  t->object->number, "/close",
                                  PAY_STR(""));

    return pay_wechatpay_request(t, PAY_WECHATPAY_CLOSE, target,
                                 pay_jw_text(w));
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

    pay_jw_end(w);
}


/* section 8.1; members that are not known are left out, never empty */

static pay_str_t
pay_wechatpay_prepay_body(pay_talk_t *t)
{
    pay_json_writer_t              *w;
    const pay_object_t            *p;
    const pay_ask_t        *ask;
    const pay_wechatpay_v3_conf_t  *conf;

    p = t->object;
    ask = t->ask;
    conf = t->channel->conf;

    w = pay_json_writer(t->arena);
    if (w == NULL) {
        return (pay_str_t) pay_str_null;
    }

    pay_jw_object(w, NULL);
    pay_jw_str(w, "appid", conf->appid);
    pay_jw_str(w, "mchid", conf->mchid);
    pay_jw_str(w, "description",
               pay_utf8_cut(ask->description, PAY_WECHATPAY_DESCRIPTION_MAX));
    pay_jw_str(w, "out_trade_no", p->number);

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

    pay_wechatpay_scene(w, ask);

    if (ask->split) {
        pay_jw_object(w, "settle_info");
        pay_jw_bool(w, "profit_sharing", 1);
        pay_jw_end(w);
    }

    pay_jw_end(w);

    return pay_jw_text(w);
}


void
pay_wechatpay_show(pay_talk_t *t)
{
    const pay_object_t  *p;

    p = t->object;

    if (p->ref.len && (p->expires_at == 0 || t->now < p->expires_at)) {
        t->fact.action.kind = PAY_ACTION_QR_CODE;
        t->fact.action.value = p->ref;
    }
}


static pay_rc_t
pay_wechatpay_refuse(pay_talk_t *t, pay_code_t code, const char *param)
{
    pay_error_set(&t->error, code, param);

    return pay_talk_fail(t, code, "field");
}


static pay_rc_t
pay_wechatpay_pay(pay_talk_t *t)
{
    const pay_object_t      *p;
    const pay_ask_t  *ask;

    p = t->object;
    ask = t->ask;

    if (ask->method != PAY_METHOD_QR_CODE) {
        return pay_wechatpay_refuse(t, PAY_E_OPERATION_UNSUPPORTED, "method");
    }

    if (ask->manual_capture) {
        return pay_wechatpay_refuse(t, PAY_E_OPERATION_UNSUPPORTED, "capture");
    }

    if (ask->store_id.len > PAY_WECHATPAY_STORE_ID_MAX) {
        return pay_wechatpay_refuse(t, PAY_E_FIELD_INVALID, "store.id");
    }

    if (t->known == PAY_KNOWN_OPEN) {

        if (p->state != PAY_STATE_PENDING && p->state != PAY_STATE_NONE) {
            return PAY_DONE;
        }

        /* a prepay of a time that is over would only be refused */

        if (p->ref.len || (p->expires_at && t->now >= p->expires_at)) {
            pay_wechatpay_show(t);
            return PAY_DONE;
        }
    }

    return pay_wechatpay_request(t, PAY_WECHATPAY_PREPAY,
                                 PAY_STR("/v3/pay/transactions/native"),
                                 pay_wechatpay_prepay_body(t));
}


pay_rc_t
pay_wechatpay_begin(pay_talk_t *t)
{
    pay_fact_init(&t->fact);

    t->own = pay_calloc(t->arena, sizeof(pay_wechatpay_own_t));
    if (t->own == NULL) {
        return PAY_ERROR;
    }

    switch (t->op) {

    case PAY_OP_PAY:
        return pay_wechatpay_pay(t);

    case PAY_OP_QUERY:
        return pay_wechatpay_query(t);

    case PAY_OP_CLOSE:
        return pay_wechatpay_close(t);

    default:
        return pay_talk_fail(t, PAY_E_OPERATION_UNSUPPORTED, "operation");
    }
}


/* section 2 */

pay_rc_t
pay_wechatpay_sign(pay_talk_t *t)
{
    pay_buf_t                       b;
    pay_str_t                       text, sig, lines[5];
    pay_request_t                  *q;
    pay_wechatpay_own_t            *own;
    const pay_wechatpay_v3_conf_t  *conf;

    q = &t->request;
    own = t->own;
    conf = t->channel->conf;

    lines[0] = pay_strz(q->method);
    lines[1] = q->target;
    lines[2] = own->timestamp;
    lines[3] = own->nonce;
    lines[4] = q->body;

    text = pay_canon_lines(t->arena, lines, 5);

    if (text.data == NULL
        || pay_rsa_sha256_sign(t->arena, &sig, text, conf->certificate_key)
           != PAY_OK)
    {
        return PAY_ERROR;
    }

    sig = pay_base64_encode(t->arena, sig);
    if (sig.data == NULL) {
        return PAY_ERROR;
    }

    pay_buf_init(&b, t->arena, 640);
    pay_buf_addz(&b, PAY_WECHATPAY_V3_SCHEME " mchid=\"");
    pay_buf_adds(&b, conf->mchid);
    pay_buf_addz(&b, "\",nonce_str=\"");
    pay_buf_adds(&b, own->nonce);
    pay_buf_addz(&b, "\",timestamp=\"");
    pay_buf_adds(&b, own->timestamp);
    pay_buf_addz(&b, "\",serial_no=\"");
    pay_buf_addz(&b, conf->certificate.serial);
    pay_buf_addz(&b, "\",signature=\"");
    pay_buf_adds(&b, sig);
    pay_buf_addc(&b, '"');

    if (pay_request_header(q, "Authorization", pay_buf_str(&b)) != PAY_OK) {
        return PAY_ERROR;
    }

    return PAY_SEND;
}
