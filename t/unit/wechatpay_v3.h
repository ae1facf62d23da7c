
/*
 * Copyright (C) the ngx_pay authors
 *
 * What the tests of driver wechatpay_v3 share: a channel with the keys of
 * t/vectors/wechatpay-v3.json (throwaway keys, made for that file), talks,
 * and the other side's signature.
 */

#ifndef PAY_TEST_WECHATPAY_V3_H_INCLUDED
#define PAY_TEST_WECHATPAY_V3_H_INCLUDED


#include "vectors.h"

#include <channel/pay_canon.h>
#include <channel/pay_wechatpay_v3_int.h>


static yajl_val                 vectors;
static pay_arena_t             *keys_arena;
static pay_key_t               *platform_key;   /* the channel's own */
static pay_wechatpay_v3_conf_t  conf;
static pay_channel_t            channel;


static pay_str_t
key_text(const char *name)
{
    const char  *s;

    s = text_of(member(vectors, "keys"), name);
    if (*s == '\0') {
        bail("no key in the vectors", name);
    }

    return pay_strz(s);
}


static void
platform_add(pay_str_t id, pay_key_t *key)
{
    pay_key_set_t  *set = &conf.platform_keys;

    set->id[set->nkeys] = id;
    set->key[set->nkeys++] = key;
}


static void
platform_add_cert(const char *name)
{
    yajl_val     v;
    pay_cert_t   cert;
    const char  *why;

    v = member(member(vectors, "keys"), name);

    if (pay_cert_pem(pay_strz(text_of(v, "pem")), PAY_KEYS_RSA, &cert, &why)
        != PAY_OK)
    {
        bail(name, why);
    }

    platform_add(pay_strz(text_of(v, "serial_no")), cert.key);
}


static UNUSED void
channel_open(void)
{
    pay_key_t   *key;
    const char  *why;

    vectors = tree_read("t/vectors/wechatpay-v3.json");
    keys_arena = pay_arena_create(0);

    if (vectors == NULL || keys_arena == NULL) {
        bail("no vectors", "t/vectors/wechatpay-v3.json");
    }

    conf.appid = key_text("appid");
    conf.mchid = key_text("mchid");
    conf.api_v3_key = key_text("apiv3_key");

    if (pay_cert_pem(key_text("merchant_certificate_pem"), PAY_KEYS_RSA,
                     &conf.certificate, &why) != PAY_OK
        || pay_key_private_pem(key_text("merchant_private_key_pem"),
                               PAY_KEYS_RSA, &conf.certificate_key, &why)
           != PAY_OK
        || pay_key_public_pem(key_text("platform_public_key_pem"),
                              PAY_KEYS_RSA, &key, &why) != PAY_OK
        || pay_key_private_pem(
               key_text("platform_private_key_pem_test_side_only"),
               PAY_KEYS_RSA, &platform_key, &why) != PAY_OK)
    {
        bail("key", why);
    }

    platform_add(key_text("platform_public_key_id"), key);
    platform_add_cert("platform_certificate_1");
    platform_add_cert("platform_certificate_2");

    channel.name = PAY_STR("wechat");
    channel.driver = &pay_wechatpay_v3;
    channel.conf = &conf;
    channel.host = PAY_STR("https://api.mch.weixin.qq.com");
    channel.notify_url = PAY_STR("https://pay.example.com/notify/wechat");
    channel.order_expires = 7200;
}


static UNUSED void
channel_close(void)
{
    size_t  i;

    for (i = 0; i < conf.platform_keys.nkeys; i++) {
        pay_key_unref(conf.platform_keys.key[i]);
    }

    pay_key_unref(conf.certificate.key);
    pay_key_unref(conf.certificate_key);
    pay_key_unref(platform_key);
    pay_arena_destroy(keys_arena);
    yajl_tree_free(vectors);
}


#define NOW  1795305600

static UNUSED void
talk_open(pay_talk_t *t, pay_op_t op)
{
    size_t  i;

    memset(t, 0, sizeof(pay_talk_t));

    t->channel = &channel;
    t->arena = pay_arena_create(0);
    t->now = NOW;
    t->op = op;

    if (t->arena == NULL) {
        bail("no", "memory");
    }

    for (i = 0; i < PAY_TALK_RANDOM; i++) {
        t->random[i] = (pay_u8) i;
    }
}


static UNUSED void
talk_close(pay_talk_t *t)
{
    pay_arena_destroy(t->arena);
    t->arena = NULL;
}


/* headers that may be changed by a test */

#define HEADERS_MAX  16

typedef struct {
    pay_header_t  elts[HEADERS_MAX];
    size_t        nelts;
} headers_t;


static UNUSED void
header_add(headers_t *h, const char *name, pay_str_t value)
{
    h->elts[h->nelts].name = pay_strz(name);
    h->elts[h->nelts++].value = value;
}


/* the value of a header, to be written over */

static UNUSED pay_str_t *
header_at(headers_t *h, const char *name)
{
    size_t  i;

    for (i = 0; i < h->nelts; i++) {
        if (pay_str_eqz(h->elts[i].name, name)) {
            return &h->elts[i].value;
        }
    }

    bail("no header", name);

    return NULL;
}


static UNUSED pay_headers_t
headers_of(const headers_t *h)
{
    pay_headers_t  out;

    out.elts = h->elts;
    out.nelts = h->nelts;

    return out;
}


/* as the channel signs: section 3 */

static UNUSED void
platform_sign(pay_arena_t *a, headers_t *h, int64_t at, pay_str_t body)
{
    pay_buf_t  b;
    pay_str_t  sig, lines[3];

    pay_buf_init(&b, a, 24);
    pay_buf_addi(&b, at);

    lines[0] = pay_buf_str(&b);
    lines[1] = PAY_STR("C5AC7061FCCF6BF3C5AC7061FCCF6BF3");
    lines[2] = body;

    if (pay_rsa_sha256_sign(a, &sig, pay_canon_lines(a, lines, 3),
                            platform_key) != PAY_OK)
    {
        bail("cannot", "sign");
    }

    memset(h, 0, sizeof(headers_t));
    header_add(h, "Content-Type", PAY_STR("application/json"));
    header_add(h, "Wechatpay-Timestamp", lines[0]);
    header_add(h, "Wechatpay-Nonce", lines[1]);
    header_add(h, "Wechatpay-Signature", pay_base64_encode(a, sig));
    header_add(h, "Wechatpay-Serial", conf.platform_keys.id[0]);
    header_add(h, "Wechatpay-Signature-Type",
               PAY_STR(PAY_WECHATPAY_V3_SCHEME));
}


#endif /* PAY_TEST_WECHATPAY_V3_H_INCLUDED */
