
/*
 * Copyright (C) the ngx_pay authors
 *
 * WeChat Pay APIv3 simulator: the platform's certificates (section 4 of the
 * channel document), and what is encrypted for it (section 6).  A certificate
 * is made whenever it is asked for, and is the same every time: its serial
 * number comes of the key.
 */

#include <sandbox/pay_sim_wechatpay_v3.h>


#define PAY_WXS_SERIAL_LEN  20

/* the second was added a year later; it expires last */

static const struct {
    int64_t  not_before;
    int64_t  not_after;
} pay_wxs_validity[PAY_WXS_CERTIFICATES] = {
    { INT64_C(1577836800), INT64_C(2524608000) },       /* 2020 to 2050 */
    { INT64_C(1609459200), INT64_C(2556144000) }        /* 2021 to 2051 */
};


/* 20 bytes, the first neither 0 nor over 127: as the platform's are */

static pay_rc_t
pay_wxs_serial_bytes(pay_sim_t *s, size_t i, pay_u8 out[PAY_SHA256_LEN])
{
    const pay_wechatpay_v3_conf_t  *conf;

    conf = s->channel->conf;

    if (conf->sandbox_key == NULL
        || pay_key_digest(out, conf->sandbox_key) != 0)
    {
        return PAY_ERROR;
    }

    out[0] = (pay_u8) (0x40 | (out[0] & 0x3f));
    out[PAY_WXS_SERIAL_LEN - 1] = (pay_u8) i;

    return PAY_OK;
}


pay_str_t
pay_wxs_serial(pay_sim_t *s, size_t i)
{
    size_t             n;
    pay_u8             bytes[PAY_SHA256_LEN];
    pay_buf_t          b;
    static const char  hex[] = "0123456789ABCDEF";

    if (pay_wxs_serial_bytes(s, i, bytes) != PAY_OK) {
        return (pay_str_t) pay_str_null;
    }

    pay_buf_init(&b, s->arena, 2 * PAY_WXS_SERIAL_LEN);

    for (n = 0; n < PAY_WXS_SERIAL_LEN; n++) {
        pay_buf_addc(&b, (pay_u8) hex[bytes[n] >> 4]);
        pay_buf_addc(&b, (pay_u8) hex[bytes[n] & 0xf]);
    }

    return pay_buf_str(&b);
}


/* section 4.3: hex in either case, an id to the letter */

int
pay_wxs_is_platform(pay_sim_t *s, pay_str_t serial)
{
    size_t                          i;
    const pay_wechatpay_v3_conf_t  *conf;

    conf = s->channel->conf;

    for (i = 0; i < conf->platform_keys.nkeys; i++) {
        if (pay_str_eq(conf->platform_keys.id[i], serial)) {
            return 1;
        }
    }

    for (i = 0; i < PAY_WXS_CERTIFICATES; i++) {
        if (pay_str_caseeq(pay_wxs_serial(s, i), serial)) {
            return 1;
        }
    }

    return 0;
}


static pay_rc_t
pay_wxs_certificate(pay_sim_t *s, pay_json_writer_t *w, size_t i)
{
    pay_u8                          bytes[PAY_SHA256_LEN];
    pay_str_t                       pem, nonce, sealed, text, from, to;
    const pay_str_t                 serial = { PAY_WXS_SERIAL_LEN, bytes };
    const pay_wechatpay_v3_conf_t  *conf;

    conf = s->channel->conf;
    nonce = pay_sim_nonce(s, PAY_GCM_NONCE_LEN);

    if (nonce.data == NULL
        || pay_wxs_serial_bytes(s, i, bytes) != PAY_OK
        || pay_cert_make(s->arena, &pem, serial,
                         "ngx_pay sandbox platform, no money moves",
                         pay_wxs_validity[i].not_before,
                         pay_wxs_validity[i].not_after, conf->sandbox_key)
           != PAY_OK
        || pay_aes256_gcm_seal(s->arena, &sealed, pem, nonce,
                               PAY_STR("certificate"), conf->api_v3_key)
           != PAY_OK)
    {
        return PAY_ERROR;
    }

    text = pay_base64_encode(s->arena, sealed);
    from = pay_time_format(s->arena, pay_wxs_validity[i].not_before,
                           PAY_BEIJING);
    to = pay_time_format(s->arena, pay_wxs_validity[i].not_after, PAY_BEIJING);

    if (text.data == NULL || from.data == NULL || to.data == NULL) {
        return PAY_ERROR;
    }

    pay_jw_object(w, NULL);
    pay_jw_str(w, "serial_no", pay_wxs_serial(s, i));
    pay_jw_str(w, "effective_time", from);
    pay_jw_str(w, "expire_time", to);

    pay_jw_object(w, "encrypt_certificate");
    pay_jw_strz(w, "algorithm", "AEAD_AES_256_GCM");
    pay_jw_str(w, "nonce", nonce);
    pay_jw_strz(w, "associated_data", "certificate");
    pay_jw_str(w, "ciphertext", text);
    pay_jw_end(w);
    pay_jw_end(w);

    return PAY_OK;
}


pay_rc_t
pay_wxs_certificates(pay_sim_t *s, const pay_wxs_call_t *c)
{
    size_t              i;
    pay_json_writer_t  *w;

    (void) c;

    w = pay_json_writer(s->arena);

    if (w == NULL) {
        return PAY_ERROR;
    }

    pay_jw_object(w, NULL);
    pay_jw_array(w, "data");

    for (i = 0; i < PAY_WXS_CERTIFICATES; i++) {
        if (pay_wxs_certificate(s, w, i) != PAY_OK) {
            return PAY_ERROR;
        }
    }

    pay_jw_end(w);
    pay_jw_end(w);

    return pay_wxs_reply(s, 200, pay_jw_text(w));
}


pay_rc_t
pay_wxs_sensitive(pay_sim_t *s, pay_str_t text, pay_str_t *out)
{
    pay_rc_t                        rc;
    pay_str_t                       sealed;
    const pay_wechatpay_v3_conf_t  *conf;

    conf = s->channel->conf;

    if (conf->sandbox_key == NULL) {
        return PAY_ERROR;
    }

    rc = pay_base64_decode(s->arena, text, &sealed);

    if (rc == PAY_INVALID) {
        return PAY_DECLINED;
    }

    return rc == PAY_OK ? pay_rsa_oaep_open(s->arena, out, sealed,
                                            conf->sandbox_key) : rc;
}
