
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver alipay: what it can do, and its channel block.
 */

#include <channel/pay_alipay_int.h>


#define PAY_ALIPAY_KEYS  (PAY_KEYS_RSA | 1u << PAY_ALG_SM2_SM3)

#define pay_alipay_offset(m)  offsetof(pay_alipay_conf_t, m)

static const pay_param_t  pay_alipay_params[] = {

    { "app_id", PAY_PARAM_TEXT, pay_alipay_offset(app_id), 1, 32, 1, 0,
      "the application at the open platform" },

    { "seller_id", PAY_PARAM_TEXT, pay_alipay_offset(seller_id), 16, 16, 1, 0,
      "the merchant's account, 2088 and 12 digits: notices must name it" },

    { "sign_type", PAY_PARAM_TEXT, pay_alipay_offset(sign_type), 1, 8, 0, 0,
      "RSA2 (the default) or SM2, as the application is set up" },

    { "app_private_key", PAY_PARAM_PRIVATE_KEY,
      pay_alipay_offset(app_private_key), 0, PAY_ALIPAY_KEYS, 1, 0,
      "the application's private key: it signs requests" },

    { "alipay_public_key", PAY_PARAM_PUBLIC_KEY,
      pay_alipay_offset(alipay_public_key), 0, PAY_ALIPAY_KEYS, 0, 0,
      "the channel's public key (not the application's): it verifies answers "
      "and notices, in key mode" },

    { "app_certificate", PAY_PARAM_CERTIFICATES,
      pay_alipay_offset(app_certificate), 0, 0, 0, 0,
      "the application's certificate, in certificate mode" },

    { "alipay_certificate", PAY_PARAM_CERTIFICATES,
      pay_alipay_offset(alipay_certificate), 0, 0, 0, 0,
      "the channel's certificate and its issuers, in certificate mode" },

    { "alipay_root_certificate", PAY_PARAM_CERTIFICATES,
      pay_alipay_offset(root_certificate), 0, 0, 0, 0,
      "the channel's root certificates, in certificate mode" },

    { "encrypt_key", PAY_PARAM_SECRET, pay_alipay_offset(encrypt_key),
      24, 44, 0, 0, "base64 of the AES key that encrypts contents" },

    { "sandbox_alipay_key", PAY_PARAM_PRIVATE_KEY,
      pay_alipay_offset(sandbox_key), 0, PAY_ALIPAY_KEYS, 0, 1,
      "the private key of the channel's public one, for the simulator" },

    { NULL, PAY_PARAM_TEXT, 0, 0, 0, 0, 0, NULL }
};


static const pay_can_op_t  pay_alipay_ops[] = {
    { PAY_OP_PAY, PAY_METHOD_QR_CODE },
    { PAY_OP_PAY, PAY_METHOD_BARCODE },
    { PAY_OP_PAY, PAY_METHOD_PAGE },
    { PAY_OP_PAY, PAY_METHOD_H5 },
    { PAY_OP_PAY, PAY_METHOD_APP },
    { PAY_OP_PAY, PAY_METHOD_JSAPI },
    { PAY_OP_PAY, PAY_METHOD_MINI_PROGRAM },
    { PAY_OP_QUERY, PAY_METHOD_NONE },
    { PAY_OP_CLOSE, PAY_METHOD_NONE },
    { PAY_OP_REFUND, PAY_METHOD_NONE },
    { PAY_OP_REFUND_QUERY, PAY_METHOD_NONE },
    { PAY_OP_TRANSFER, PAY_METHOD_NONE },
    { PAY_OP_TRANSFER_QUERY, PAY_METHOD_NONE },
    { PAY_OP_SPLIT, PAY_METHOD_NONE },
    { PAY_OP_SPLIT_QUERY, PAY_METHOD_NONE },
    { PAY_OP_RECEIVER_ADD, PAY_METHOD_NONE },
    { PAY_OP_RECEIVER_DELETE, PAY_METHOD_NONE },
    { PAY_OP_STATEMENT, PAY_METHOD_NONE },
    { PAY_OP_NONE, PAY_METHOD_NONE }
};

static const char *const  pay_alipay_hosts[] = {
    "https://openapi.alipay.com",
    "https://openapi-sandbox.dl.alipaydev.com",
    NULL
};

static const char *const  pay_alipay_currencies[] = { "CNY", NULL };

static const pay_can_t  pay_alipay_can = {
    .ops = pay_alipay_ops,
    .hosts = pay_alipay_hosts,
    .currencies = pay_alipay_currencies,
    .numbers = {
        [PAY_KIND_PAYMENT] = { 1, 64, "_" },
        [PAY_KIND_REFUND] = { 1, 64, "_" },
        [PAY_KIND_TRANSFER] = { 1, 64, "_" },
        [PAY_KIND_SPLIT] = { 1, 64, "_" }
    },
    .description_max = 256,
    .amount_min = 1,
    .amount_max = INT64_C(10000000000),
    .expires_min = 60,
    .expires_max = 15 * 86400,
    .notice_deadline_ms = 5000,
    .needs = {
        [PAY_OP_REFUND_QUERY] = PAY_NEEDS_ORDER_ID,
        [PAY_OP_SPLIT] = PAY_NEEDS_CHANNEL_ORDER_ID,
        [PAY_OP_SPLIT_QUERY] = PAY_NEEDS_CHANNEL_ORDER_ID
    },
    .dedupes = 1,
    .echoes = 1,
    .user_id = 1
};


static pay_rc_t
pay_alipay_bad(const char *text, const char **why)
{
    *why = text;

    return PAY_INVALID;
}


static pay_rc_t
pay_alipay_check_texts(const pay_channel_t *ch, const char **why)
{
    pay_arena_t              *a;
    pay_rc_t                  rc;
    pay_str_t                 key;
    const pay_alipay_conf_t  *conf = ch->conf;

    if (!pay_str_token(conf->app_id, "", 1, 32)) {
        return pay_alipay_bad("app_id must be 1 to 32 letters and digits",
                              why);
    }

    if (!pay_str_starts(conf->seller_id, "2088")
        || !pay_str_token(conf->seller_id, "", 16, 16))
    {
        return pay_alipay_bad("seller_id must be 2088 and 12 digits", why);
    }

    if (ch->notify_url.len == 0 || ch->notify_url.len > 256) {
        return pay_alipay_bad("notify_url must be there, of at most 256 bytes",
                              why);
    }

    if (conf->encrypt_key.len == 0) {
        return PAY_OK;
    }

    a = pay_arena_create(0);
    if (a == NULL) {
        return pay_alipay_bad("no memory", why);
    }

    rc = pay_base64_decode(a, conf->encrypt_key, &key);

    if (rc == PAY_OK && key.len != 16 && key.len != 24 && key.len != 32) {
        rc = PAY_INVALID;
    }

    pay_arena_destroy(a);

    return rc == PAY_OK ? PAY_OK
           : pay_alipay_bad("encrypt_key must be base64 of 16, 24 or 32 bytes",
                            why);
}


static pay_rc_t
pay_alipay_check_keys(const pay_alipay_conf_t *conf, const char **why)
{
    pay_alg_t  alg;

    alg = pay_key_alg(conf->app_private_key);

    if (conf->sign_type.len && !pay_str_eqz(conf->sign_type, "RSA2")
        && !pay_str_eqz(conf->sign_type, "SM2"))
    {
        return pay_alipay_bad("sign_type must be RSA2 or SM2", why);
    }

    if ((alg == PAY_ALG_SM2_SM3) != pay_str_eqz(conf->sign_type, "SM2")) {
        return pay_alipay_bad("app_private_key is not a key of sign_type",
                              why);
    }

    if ((conf->alipay_public_key != NULL)
        + (conf->app_certificate && conf->alipay_certificate
           && conf->root_certificate) != 1
        || (conf->alipay_public_key
            && (conf->app_certificate || conf->alipay_certificate
                || conf->root_certificate)))
    {
        return pay_alipay_bad("either alipay_public_key or the three of "
                              "app_certificate, alipay_certificate and "
                              "alipay_root_certificate must be there", why);
    }

    if (conf->alipay_public_key
        && pay_key_alg(conf->alipay_public_key) != alg)
    {
        return pay_alipay_bad("alipay_public_key is not a key of sign_type",
                              why);
    }

    /* the most frequent mistake (section 3) */

    if (conf->alipay_public_key
        && pay_key_match(conf->app_private_key, conf->alipay_public_key))
    {
        return pay_alipay_bad("alipay_public_key is the application's own "
                              "key, the channel's is needed", why);
    }

    return PAY_OK;
}


/* section 4.2 */

static int
pay_alipay_root_sn(pay_alipay_conf_t *conf, unsigned kind)
{
    char    *p, *last;
    size_t   i;

    p = conf->root_cert_sn;
    last = p + sizeof(conf->root_cert_sn);

    for (i = 0; i < pay_certs_count(conf->root_certificate); i++) {

        if (pay_certs_signer(conf->root_certificate, i) != kind) {
            continue;
        }

        if (p != conf->root_cert_sn) {
            *p++ = '_';
        }

        if (last - p < PAY_CERT_SN
            || pay_certs_sn(conf->root_certificate, i, p) != 0)
        {
            return 0;
        }

        p += PAY_CERT_SN - 1;
    }

    return p != conf->root_cert_sn;
}


/* 1 if the first certificate has a key of ours, or of theirs to be matched */

static int
pay_alipay_leaf_match(const pay_certs_t *certs, const pay_key_t *private_key,
    const char **why)
{
    int         good;
    pay_cert_t  cert;

    if (pay_certs_get(certs, 0, 1u << pay_key_alg(private_key), &cert, why)
        != PAY_OK)
    {
        return 0;
    }

    good = pay_key_match(private_key, cert.key);

    pay_key_unref(cert.key);

    return good;
}


static pay_rc_t
pay_alipay_check_certs(pay_alipay_conf_t *conf, const char **why)
{
    unsigned    kind;
    pay_cert_t  cert;

    kind = 1u << pay_key_alg(conf->app_private_key);

    if (!pay_alipay_leaf_match(conf->app_certificate, conf->app_private_key,
                               why))
    {
        return pay_alipay_bad("app_private_key is not the key of "
                              "app_certificate", why);
    }

    if (pay_certs_get(conf->alipay_certificate, 0, kind, &cert, why)
        != PAY_OK)
    {
        return pay_alipay_bad("alipay_certificate is not one of sign_type",
                              why);
    }

    pay_key_unref(cert.key);

    /* at its own time: one that has run out is replaced by the channel */

    if (pay_certs_verify(conf->alipay_certificate, NULL,
                         conf->root_certificate, cert.not_before)
        != PAY_OK)
    {
        return pay_alipay_bad("no chain leads from alipay_certificate to "
                              "alipay_root_certificate", why);
    }

    if (pay_certs_sn(conf->app_certificate, 0, conf->app_cert_sn) != 0
        || pay_certs_sn(conf->alipay_certificate, 0, conf->alipay_cert_sn)
           != 0
        || !pay_alipay_root_sn(conf, kind))
    {
        return pay_alipay_bad("no serial number of alipay_root_certificate "
                              "is one of sign_type", why);
    }

    return PAY_OK;
}


static pay_rc_t
pay_alipay_check_sandbox(pay_alipay_conf_t *conf, const char **why)
{
    int  good;

    if (conf->sandbox_key == NULL) {
        return PAY_OK;
    }

    good = conf->alipay_public_key
           ? pay_key_match(conf->sandbox_key, conf->alipay_public_key)
           : pay_alipay_leaf_match(conf->alipay_certificate,
                                   conf->sandbox_key, why);

    return good ? PAY_OK
           : pay_alipay_bad("sandbox_alipay_key is not the key of "
                            "alipay_public_key or alipay_certificate", why);
}


static pay_rc_t
pay_alipay_check(pay_channel_t *ch, const char **why)
{
    pay_alipay_conf_t  *conf = ch->conf;

    if (pay_alipay_check_texts(ch, why) != PAY_OK
        || pay_alipay_check_keys(conf, why) != PAY_OK
        || (conf->app_certificate
            && pay_alipay_check_certs(conf, why) != PAY_OK))
    {
        return PAY_INVALID;
    }

    return pay_alipay_check_sandbox(conf, why);
}


static void
pay_alipay_expiry(const pay_channel_t *ch, pay_str_t *serial,
    int64_t *not_after)
{
    pay_cert_t                cert;
    const char               *why;
    const pay_alipay_conf_t  *conf = ch->conf;

    *serial = pay_strz(conf->app_cert_sn);
    *not_after = 0;

    if (conf->app_certificate
        && pay_certs_get(conf->app_certificate, 0, PAY_ALIPAY_KEYS, &cert,
                         &why) == PAY_OK)
    {
        *not_after = cert.not_after;
        pay_key_unref(cert.key);
    }
}


const pay_driver_t  pay_alipay = {
    .name = pay_str("alipay"),
    .conf_size = sizeof(pay_alipay_conf_t),
    .params = pay_alipay_params,
    .can = &pay_alipay_can,
    .check = pay_alipay_check,
    .expiry = pay_alipay_expiry,
    .begin = pay_alipay_begin,
    .sign = pay_alipay_sign,
    .resume = pay_alipay_resume,
    .notice = pay_alipay_notice,
    .rows = pay_alipay_rows,
    .acknowledge = pay_alipay_acknowledge
};
