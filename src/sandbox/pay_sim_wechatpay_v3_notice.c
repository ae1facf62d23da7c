
/*
 * Copyright (C) the ngx_pay authors
 *
 * WeChat Pay APIv3 simulator: the payer's buttons, and the notices that come
 * of them (section 10 of the channel document).
 */

#include <sandbox/pay_sim_wechatpay_v3.h>


/* 28 digits: 420000, the day in Beijing, 14 random ones */

static pay_str_t
pay_wxs_transaction_id(pay_sim_t *s)
{
    size_t         i;
    uint64_t       n, unit;
    pay_str_t      day;
    pay_buf_t      b;
    const pay_u8  *p;

    p = pay_sim_random(s, 8);
    day = pay_time_format(s->arena, s->now, PAY_BEIJING);

    if (p == NULL || day.data == NULL) {
        return (pay_str_t) pay_str_null;
    }

    for (n = 0, i = 0; i < 8; i++) {
        n = n << 8 | p[i];
    }

    pay_buf_init(&b, s->arena, 28);
    pay_buf_addz(&b, "420000");
    pay_buf_add(&b, day.data, 4);
    pay_buf_add(&b, day.data + 5, 2);
    pay_buf_add(&b, day.data + 8, 2);

    for (unit = UINT64_C(10000000000000); unit != 0; unit /= 10) {
        pay_buf_addc(&b, (pay_u8) ('0' + n / unit % 10));
    }

    return pay_buf_str(&b);
}


/* a press on an order that cannot take it; NULL: it can */

static const char *
pay_wxs_no(const pay_wxs_order_t *o, pay_press_t press)
{
    if (o->state == PAY_WXS_SUCCESS) {
        return "The order is already paid.";
    }

    if (o->state == PAY_WXS_CLOSED && press != PAY_PRESS_PAY_LATE) {
        return "The order is closed or expired. Only a late payment can"
               " reach it now.";
    }

    return NULL;
}


pay_rc_t
pay_wxs_press(pay_sim_t *s, pay_press_t press, const char **why)
{
    size_t              n;
    pay_rc_t            rc;
    pay_wxs_order_t     o;
    pay_wxs_payment_t  *p;

    *why = NULL;
    s->npayments = 0;

    rc = pay_wxs_order_load(s, &o);

    if (rc != PAY_OK) {
        *why = "There is no such order.";
        return rc;
    }

    *why = pay_wxs_no(&o, press);

    if (*why != NULL) {
        return PAY_DECLINED;
    }

    /* section 10.2: a notice tells of success only */

    if (press == PAY_PRESS_DECLINE) {
        o.refused = 1;
        *why = "The payment was declined. WeChat Pay sends no notice of that:"
               " the order stays unpaid.";
        return pay_wxs_order_save(s, &o);
    }

    o.state = PAY_WXS_SUCCESS;
    n = press == PAY_PRESS_PAY_TWICE ? 2 : 1;

    while (o.npayments < n) {
        p = &o.payments[o.npayments++];
        p->time = s->now;
        p->transaction_id = pay_wxs_transaction_id(s);

        if (p->transaction_id.data == NULL) {
            return PAY_ERROR;
        }
    }

    rc = pay_wxs_order_save(s, &o);

    if (rc == PAY_OK) {
        s->npayments = o.npayments;
    }

    return rc;
}


/* the same for each copy of one payment's notice */

static pay_str_t
pay_wxs_event_id(pay_arena_t *a, const pay_wxs_payment_t *p)
{
    pay_u8     hash[PAY_SHA256_LEN];
    pay_buf_t  b;

    if (pay_sha256(hash, p->transaction_id) != 0) {
        return (pay_str_t) pay_str_null;
    }

    pay_buf_init(&b, a, 35);
    pay_buf_addz(&b, "EV-");
    pay_buf_addhex(&b, hash, 16);

    return pay_buf_str(&b);
}


/* the plaintext under the APIv3 key, as base64 (section 5) */

static pay_str_t
pay_wxs_ciphertext(pay_sim_t *s, const pay_wxs_order_t *o, size_t n,
    pay_str_t nonce, pay_str_t aad)
{
    pay_str_t                       plain, sealed;
    const pay_wechatpay_v3_conf_t  *conf;

    conf = s->channel->conf;
    plain = pay_wxs_transaction(s->arena, o, n);

    if (plain.data == NULL
        || pay_aes256_gcm_seal(s->arena, &sealed, plain, nonce, aad,
                               conf->api_v3_key) != PAY_OK)
    {
        return (pay_str_t) pay_str_null;
    }

    return pay_base64_encode(s->arena, sealed);
}


static pay_str_t
pay_wxs_envelope(pay_sim_t *s, const pay_wxs_order_t *o, size_t n)
{
    pay_str_t                 id, time, ciphertext, nonce;
    pay_json_writer_t        *w;
    const pay_wxs_payment_t  *p;
    const pay_str_t           aad = pay_str("transaction");

    p = &o->payments[n];

    id = pay_wxs_event_id(s->arena, p);
    time = pay_time_format(s->arena, p->time, PAY_BEIJING);
    nonce = pay_sim_nonce(s, PAY_GCM_NONCE_LEN);
    ciphertext = pay_wxs_ciphertext(s, o, n, nonce, aad);
    w = pay_json_writer(s->arena);

    if (id.data == NULL || time.data == NULL || nonce.data == NULL
        || ciphertext.data == NULL || w == NULL)
    {
        return (pay_str_t) pay_str_null;
    }

    pay_jw_object(w, NULL);
    pay_jw_str(w, "id", id);
    pay_jw_str(w, "create_time", time);
    pay_jw_strz(w, "resource_type", "encrypt-resource");
    pay_jw_strz(w, "event_type", "TRANSACTION.SUCCESS");
    pay_jw_strz(w, "summary", "支付成功");

    pay_jw_object(w, "resource");
    pay_jw_strz(w, "original_type", "transaction");
    pay_jw_strz(w, "algorithm", "AEAD_AES_256_GCM");
    pay_jw_str(w, "ciphertext", ciphertext);
    pay_jw_str(w, "associated_data", aad);
    pay_jw_str(w, "nonce", nonce);
    pay_jw_end(w);
    pay_jw_end(w);

    return pay_jw_text(w);
}


static pay_rc_t
pay_wxs_notice_headers(pay_request_t *q, pay_str_t id,
    const pay_wxs_signature_t *sig)
{
    size_t  i;

    const struct {
        const char  *name;
        pay_str_t    value;
    } headers[] = {
        { "Content-Type", pay_str("application/json") },
        { "User-Agent", pay_str("Mozilla/4.0") },
        { "Pragma", pay_str("no-cache") },
        { "Request-ID", id },
        { "Wechatpay-Timestamp", sig->timestamp },
        { "Wechatpay-Nonce", sig->nonce },
        { "Wechatpay-Signature", sig->signature },
        { "Wechatpay-Serial", sig->serial },
        { "Wechatpay-Signature-Type", pay_str(PAY_WECHATPAY_V3_SCHEME) }
    };

    for (i = 0; i < pay_nelts(headers); i++) {

        if (pay_request_header(q, headers[i].name, headers[i].value)
            != PAY_OK)
        {
            return PAY_ERROR;
        }
    }

    return PAY_OK;
}


pay_rc_t
pay_wxs_notice(pay_sim_t *s, size_t n, pay_request_t *out)
{
    pay_rc_t             rc;
    pay_str_t            id;
    pay_wxs_order_t      o;
    pay_wxs_signature_t  sig;

    memset(out, 0, sizeof(pay_request_t));

    rc = pay_wxs_order_load(s, &o);

    if (rc != PAY_OK) {
        return rc;
    }

    if (n >= o.npayments) {
        return PAY_DECLINED;
    }

    out->method = "POST";
    out->body = pay_wxs_envelope(s, &o, n);
    id = pay_sim_hex(s, 8);

    if (out->body.data == NULL || id.data == NULL
        || pay_wxs_sign(s, out->body, &sig) != PAY_OK
        || pay_sim_url(o.notify_url, &out->host, &out->target) != PAY_OK)
    {
        return PAY_ERROR;
    }

    return pay_wxs_notice_headers(out, id, &sig);
}


/* section 10.6: the body is optional, but one that says FAIL is no success */

int
pay_wxs_acknowledged(int status, pay_str_t body)
{
    int           yes;
    pay_str_t     code;
    const char   *why;
    pay_json_t   *tree;
    pay_arena_t  *a;

    if (status != 200 && status != 204) {
        return 0;
    }

    if (body.len == 0) {
        return 1;
    }

    a = pay_arena_create(0);

    if (a == NULL) {
        return 0;
    }

    switch (pay_json_parse(a, body, &tree, &why)) {

    case PAY_OK:
        yes = pay_json_string(tree, "code", &code) != PAY_OK
              || !pay_str_eqz(code, "FAIL");
        break;

    case PAY_INVALID:
        yes = 1;
        break;

    default:
        yes = 0;
    }

    pay_arena_destroy(a);

    return yes;
}
