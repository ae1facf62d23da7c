
/*
 * Copyright (C) the ngx_pay authors
 *
 * Notices of WeChat Pay that are made here, right ones and others.
 */

#ifndef PAY_TEST_WECHATPAY_V3_MADE_H_INCLUDED
#define PAY_TEST_WECHATPAY_V3_MADE_H_INCLUDED


#include "wechatpay_v3_talk.h"


#define OURS  "\"mchid\":\"1900000109\",\"appid\":\"wxd678efh567hg6787\","

#define PAID_BY(account, more)                                               \
    "{" account "\"out_trade_no\":\"order-0001\"," more                      \
    "\"transaction_id\":\"4200000001\",\"attach\":\"p1.shop-a.x\","          \
    "\"success_time\":\"2026-11-22T08:00:00+08:00\","                        \
    "\"payer\":{\"openid\":\"oUpF8uMuAJO\"},"                                \
    "\"amount\":{\"total\":100,\"payer_total\":90,\"currency\":\"CNY\"}}"

#define SUCCESS       "\"trade_state\":\"SUCCESS\","
#define MADE_PAID     PAID_BY(OURS, SUCCESS)


/* what a notice is made of; NULL members are left out */

typedef struct {
    const char  *event;
    const char  *original;
    const char  *algorithm;
    const char  *aad;
    const char  *nonce;
    const char  *key;
    const char  *plain;
} made_t;

static const made_t  right = {
    "TRANSACTION.SUCCESS", "transaction", "AEAD_AES_256_GCM", "transaction",
    "0123456789ab", NULL, MADE_PAID
};

static UNUSED pay_str_t
envelope(const made_t *m)
{
    pay_str_t           sealed, aad, key;
    pay_json_writer_t  *w;

    key = m->key ? pay_strz(m->key) : conf.api_v3_key;
    aad = m->aad ? pay_strz(m->aad) : PAY_STR("");

    if (pay_aes256_gcm_seal(t.arena, &sealed, pay_strz(m->plain),
                            PAY_STR("0123456789ab"), aad, key) != PAY_OK)
    {
        bail("cannot", "seal");
    }

    w = pay_json_writer(t.arena);
    pay_jw_object(w, NULL);
    pay_jw_strz(w, "id", "EV-2018022511223320873");
    pay_jw_strz(w, "create_time", "2026-11-22T08:00:00+08:00");
    pay_jw_strz(w, "resource_type", "encrypt-resource");

    if (m->event) {
        pay_jw_strz(w, "event_type", m->event);
    }

    pay_jw_strz(w, "summary", "x");
    pay_jw_object(w, "resource");

    if (m->original) {
        pay_jw_strz(w, "original_type", m->original);
    }

    if (m->algorithm) {
        pay_jw_strz(w, "algorithm", m->algorithm);
    }

    pay_jw_str(w, "ciphertext", pay_base64_encode(t.arena, sealed));

    if (m->aad) {
        pay_jw_strz(w, "associated_data", m->aad);
    }

    if (m->nonce) {
        pay_jw_strz(w, "nonce", m->nonce);
    }

    pay_jw_end(w);
    pay_jw_end(w);

    return pay_jw_text(w);
}


static UNUSED void
open_notice(void)
{
    if (t.arena) {
        talk_close(&t);
    }

    talk_open(&t, PAY_OP_NONE);

    /* certificates were asked for just now: an unknown serial stays so */

    t.cache_at = t.now;
}


static UNUSED pay_rc_t
deliver(const char *method, pay_str_t body)
{
    pay_notice_t  n;

    memset(&n, 0, sizeof(n));
    n.method = pay_strz(method);
    n.headers = headers_of(&headers);
    n.body = body;

    return pay_wechatpay_v3.notice(&t, &n);
}


static UNUSED pay_rc_t
send_made(const made_t *m)
{
    pay_str_t  body;

    open_notice();

    body = envelope(m);
    platform_sign(t.arena, &headers, t.now, body);

    return deliver("POST", body);
}


static UNUSED pay_rc_t
send_plain(const char *plain)
{
    made_t  m = right;

    m.plain = plain;

    return send_made(&m);
}


#endif /* PAY_TEST_WECHATPAY_V3_MADE_H_INCLUDED */
