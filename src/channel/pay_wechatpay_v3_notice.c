
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver wechatpay_v3: notices, and what is answered to them (section 10).
 */

#include <channel/pay_wechatpay_v3_int.h>


#define PAY_WECHATPAY_EVENT_MAX  64


/* why a notice is refused, and by that the status of our answer */

static const pay_word_t  pay_wechatpay_refusals[] = {
    { "method", PAY_E_METHOD_NOT_ALLOWED },
    { "encoding", PAY_E_ENCODING_UNSUPPORTED },
    { "media_type", PAY_E_MEDIA_TYPE_UNSUPPORTED },
    { "missing_header", PAY_E_SIGNATURE_MISSING },
    { "timestamp", PAY_E_TIMESTAMP_OUT_OF_WINDOW },
    { "signature_type", PAY_E_ALGORITHM_NOT_ALLOWED },
    { "serial", PAY_E_SIGNATURE_MISMATCH },
    { "signature", PAY_E_SIGNATURE_MISMATCH },
    { "probe", PAY_E_SIGNATURE_MISMATCH },
    { "json", PAY_E_JSON_INVALID },
    { "identity", PAY_E_CHANNEL_FORBIDDEN },
    { "state", PAY_E_STATE_CONFLICT },
    { "algorithm", PAY_E_INTERNAL_ERROR },
    { "decrypt", PAY_E_INTERNAL_ERROR },
    { NULL, 0 }
};


pay_rc_t
pay_wechatpay_refused(pay_talk_t *t, const char *why)
{
    pay_fact_init(&t->fact);

    t->notice = PAY_NOTICE_REFUSED;
    t->notice_data = PAY_STR("");

    return pay_talk_fail(t, pay_word_find(pay_wechatpay_refusals,
                                          pay_strz(why),
                                          PAY_E_INTERNAL_ERROR), why);
}


/* what must hold before a signature is worth checking */

static const char *
pay_wechatpay_form(const pay_notice_t *n)
{
    pay_str_t  v;

    if (!pay_str_eqz(n->method, "POST")) {
        return "method";
    }

    if (pay_header_get(&n->headers, "Content-Encoding", &v) != PAY_DECLINED) {
        return "encoding";
    }

    if (pay_header_get(&n->headers, "Content-Type", &v) != PAY_OK
        || !pay_wechatpay_json(v))
    {
        return "media_type";
    }

    return NULL;
}


/* section 5: the algorithm is ours to name, the message only agrees */

pay_rc_t
pay_wechatpay_open(pay_talk_t *t, const pay_json_t *resource,
    pay_str_t *plain, const char **why)
{
    pay_rc_t                        rc;
    pay_str_t                       algorithm, text, nonce, aad;
    const pay_wechatpay_v3_conf_t  *conf = t->channel->conf;

    *why = "json";
    aad = PAY_STR("");

    if (pay_json_string(resource, "algorithm", &algorithm) != PAY_OK
        || pay_json_string(resource, "ciphertext", &text) != PAY_OK
        || pay_json_string(resource, "nonce", &nonce) != PAY_OK
        || pay_json_string(resource, "associated_data", &aad) == PAY_INVALID)
    {
        return PAY_INVALID;
    }

    *why = "algorithm";

    if (!pay_str_eqz(algorithm, "AEAD_AES_256_GCM")) {
        return PAY_INVALID;
    }

    *why = "decrypt";

    rc = pay_base64_decode(t->arena, text, &text);
    if (rc != PAY_OK) {
        return rc;
    }

    rc = pay_aes256_gcm_open(t->arena, plain, text, nonce, aad,
                             conf->api_v3_key);

    return rc == PAY_DECLINED ? PAY_INVALID : rc;
}


/* section 10.2: the amount is the model's to judge, not a reason to refuse */

static pay_rc_t
pay_wechatpay_notice_payment(pay_talk_t *t, const pay_json_t *o)
{
    pay_str_t  state, sub;

    if (!pay_wechatpay_own_order(t, o, &sub)) {
        return pay_wechatpay_refused(t, "identity");
    }

    if (pay_wechatpay_order(o, &t->fact) != PAY_OK) {
        return pay_wechatpay_refused(t, "json");
    }

    t->fact.sub_merchant = sub;

    if (pay_json_string(o, "trade_state", &state) == PAY_OK
        && pay_str_eqz(state, "SUCCESS"))
    {
        t->notice = PAY_NOTICE_OBJECT;
        return PAY_DONE;
    }

    if (pay_str_eqz(t->notice_type, "TRANSACTION.SUCCESS")) {
        return pay_wechatpay_refused(t, "state");
    }

    pay_fact_init(&t->fact);
    t->notice = PAY_NOTICE_OTHER;

    return PAY_DONE;
}


/* section 10.1: what it is, by original_type first */

static pay_rc_t
pay_wechatpay_notice_read(pay_talk_t *t, pay_str_t body)
{
    pay_rc_t           rc;
    pay_str_t          original, plain;
    pay_json_t        *o;
    const char        *why;
    const pay_json_t  *resource;

    rc = pay_json_parse(t->arena, body, &o, &why);
    if (rc != PAY_OK) {
        return rc == PAY_ERROR ? rc : pay_wechatpay_refused(t, "json");
    }

    original = PAY_STR("");
    resource = pay_json_get(o, "resource");

    if (pay_json_string(o, "event_type", &t->notice_type) != PAY_OK
        || t->notice_type.len == 0
        || t->notice_type.len > PAY_WECHATPAY_EVENT_MAX
        || pay_json_string(resource, "original_type", &original)
           == PAY_INVALID)
    {
        return pay_wechatpay_refused(t, "json");
    }

    rc = pay_wechatpay_open(t, resource, &plain, &why);
    if (rc != PAY_OK) {
        return rc == PAY_ERROR ? rc : pay_wechatpay_refused(t, why);
    }

    rc = pay_json_parse(t->arena, plain, &o, &why);
    if (rc == PAY_ERROR) {
        return rc;
    }

    if (rc != PAY_OK || o->type != PAY_JSON_OBJECT) {
        return pay_wechatpay_refused(t, "json");
    }

    t->notice_data = plain;

    if (pay_str_eqz(original, "transaction")) {
        return pay_wechatpay_notice_payment(t, o);
    }

    if (pay_str_eqz(original, "refund")) {
        return pay_wechatpay_notice_refund(t, o);
    }

    if (pay_str_eqz(t->notice_type, "MCHTRANSFER.BILL.FINISHED")) {
        return pay_wechatpay_notice_transfer(t, o);
    }

    if (pay_str_eqz(original, "profitsharing")) {
        return pay_wechatpay_notice_split(t, o);
    }

    if (pay_wechatpay_foreign(t, o, &t->fact.sub_merchant)) {
        return pay_wechatpay_refused(t, "identity");
    }

    t->notice = PAY_NOTICE_OTHER;

    return PAY_DONE;
}


static pay_rc_t
pay_wechatpay_withhold(pay_talk_t *t, const pay_notice_t *n)
{
    pay_wechatpay_own_t  *own = t->own;

    own->called = pay_calloc(t->arena, sizeof(pay_notice_t));
    if (own->called == NULL) {
        return PAY_ERROR;
    }

    own->called->body = n->body;

    if (pay_wechatpay_keep(t, &n->headers, &own->called->headers,
                           &own->called->body) != PAY_OK)
    {
        return PAY_ERROR;
    }

    return pay_wechatpay_certs(t);
}


static pay_rc_t
pay_wechatpay_notice_verify(pay_talk_t *t, const pay_notice_t *n)
{
    pay_rc_t     rc;
    const char  *why;

    rc = pay_wechatpay_verify(t, &n->headers, n->body, &why);

    if (rc == PAY_OK) {
        return pay_wechatpay_notice_read(t, n->body);
    }

    if (rc == PAY_ERROR) {
        return rc;
    }

    if (strcmp(why, "serial") == 0 && pay_wechatpay_certs_may(t, &n->headers))
    {
        return pay_wechatpay_withhold(t, n);
    }

    return pay_wechatpay_refused(t, why);
}


/* the certificates have come, or not */

pay_rc_t
pay_wechatpay_notice_again(pay_talk_t *t)
{
    pay_wechatpay_own_t  *own = t->own;

    return pay_wechatpay_notice_verify(t, own->called);
}


pay_rc_t
pay_wechatpay_notice(pay_talk_t *t, const pay_notice_t *n)
{
    const char           *why;
    pay_wechatpay_own_t  *own;

    pay_fact_init(&t->fact);
    t->notice = PAY_NOTICE_REFUSED;

    own = pay_calloc(t->arena, sizeof(pay_wechatpay_own_t));
    if (own == NULL) {
        return PAY_ERROR;
    }

    own->notice = 1;
    t->own = own;

    why = pay_wechatpay_form(n);

    return why ? pay_wechatpay_refused(t, why)
               : pay_wechatpay_notice_verify(t, n);
}


/* section 10.6; the text says nothing that a stranger could learn from */

void
pay_wechatpay_acknowledge(pay_talk_t *t, pay_verdict_t v, pay_reply_t *out)
{
    int  status;

    if (v == PAY_ACK_OK) {
        out->status = 204;
        out->content_type = NULL;
        out->body = PAY_STR("");
        return;
    }

    out->content_type = "application/json";

    if (v == PAY_ACK_LATER) {
        out->status = 503;
        out->body = PAY_STR("{\"code\":\"FAIL\",\"message\":\"try again\"}");
        return;
    }

    status = pay_code_info(t->error.code)->status;

    out->status = status < 400 ? 500 : status;
    out->body = PAY_STR("{\"code\":\"FAIL\",\"message\":\"refused\"}");
}
