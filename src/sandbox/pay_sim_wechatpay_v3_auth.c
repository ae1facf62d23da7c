
/*
 * Copyright (C) the ngx_pay authors
 *
 * WeChat Pay APIv3 simulator: who sent a request, by section 2 of the channel
 * document.
 */

#include <channel/pay_canon.h>
#include <sandbox/pay_sim_wechatpay_v3.h>


#define PAY_WXS_WINDOW  300


typedef struct {
    pay_str_t  mchid;
    pay_str_t  nonce;
    pay_str_t  signature;
    pay_str_t  timestamp;
    pay_str_t  serial;
} pay_wxs_auth_t;


static const struct {
    const char  *name;
    size_t       offset;
} pay_wxs_params[] = {
    { "mchid", offsetof(pay_wxs_auth_t, mchid) },
    { "nonce_str", offsetof(pay_wxs_auth_t, nonce) },
    { "signature", offsetof(pay_wxs_auth_t, signature) },
    { "timestamp", offsetof(pay_wxs_auth_t, timestamp) },
    { "serial_no", offsetof(pay_wxs_auth_t, serial) }
};


/* name="value", the first of text, which is cut behind it */

static pay_rc_t
pay_wxs_pair(pay_str_t *text, pay_str_t *name, pay_str_t *value)
{
    const pay_u8  *p, *end;

    p = memchr(text->data, '=', text->len);

    if (p == NULL) {
        return PAY_INVALID;
    }

    *name = (pay_str_t) { (size_t) (p - text->data), text->data };

    end = text->data + text->len;
    p++;

    if (p == end || *p != '"') {
        return PAY_INVALID;
    }

    p++;
    value->data = p;

    p = memchr(p, '"', (size_t) (end - p));

    if (p == NULL || p == value->data) {
        return PAY_INVALID;
    }

    value->len = (size_t) (p - value->data);

    text->data = p + 1;
    text->len = (size_t) (end - p) - 1;

    return PAY_OK;
}


static pay_rc_t
pay_wxs_param(pay_wxs_auth_t *auth, pay_str_t name, pay_str_t value)
{
    size_t      i;
    pay_str_t  *field;

    for (i = 0; i < pay_nelts(pay_wxs_params); i++) {

        if (!pay_str_eqz(name, pay_wxs_params[i].name)) {
            continue;
        }

        field = (pay_str_t *) ((pay_u8 *) auth + pay_wxs_params[i].offset);

        if (field->data != NULL) {
            return PAY_INVALID;
        }

        *field = value;

        return PAY_OK;
    }

    return PAY_INVALID;
}


/* section 2.1: the order of the five is free, nothing else is */

static pay_rc_t
pay_wxs_auth_parse(pay_str_t text, pay_wxs_auth_t *auth)
{
    size_t     n;
    pay_str_t  name, value;

    memset(auth, 0, sizeof(pay_wxs_auth_t));

    text = pay_sim_after(text, PAY_WECHATPAY_V3_SCHEME " ");

    for (n = 1; text.len != 0; n++) {

        if (pay_wxs_pair(&text, &name, &value) != PAY_OK
            || pay_wxs_param(auth, name, value) != PAY_OK)
        {
            return PAY_INVALID;
        }

        if (text.len == 0) {
            return n == pay_nelts(pay_wxs_params) ? PAY_OK : PAY_INVALID;
        }

        if (text.data[0] != ',') {
            return PAY_INVALID;
        }

        text.data++;
        text.len--;
    }

    return PAY_INVALID;
}


/* two channels of one mchid may have a certificate each */

static const pay_channel_t *
pay_wxs_account(const pay_sim_t *s, const pay_wxs_auth_t *auth, int *known)
{
    size_t                          i;
    const pay_wechatpay_v3_conf_t  *conf;

    *known = 0;

    for (i = 0; s->channels[i] != NULL; i++) {
        conf = s->channels[i]->conf;

        if (!pay_str_eq(conf->mchid, auth->mchid)) {
            continue;
        }

        *known = 1;

        /* a number in hexadecimal: an SDK of the field writes lower case */

        if (pay_str_caseeqz(auth->serial, conf->certificate.serial)) {
            return s->channels[i];
        }
    }

    return NULL;
}


static int
pay_wxs_fresh(pay_str_t timestamp, int64_t now)
{
    uint64_t  t;

    return pay_str_uint(timestamp, UINT64_C(99999999999), &t) == PAY_OK
           && (int64_t) t >= now - PAY_WXS_WINDOW
           && (int64_t) t <= now + PAY_WXS_WINDOW;
}


static pay_rc_t
pay_wxs_verify(pay_sim_t *s, const pay_wxs_auth_t *auth, const pay_key_t *key)
{
    pay_rc_t         rc;
    pay_str_t        text, sig;
    const pay_str_t  lines[] = {
        s->method, s->target, auth->timestamp, auth->nonce, s->body
    };

    text = pay_canon_lines(s->arena, lines, pay_nelts(lines));

    if (text.data == NULL) {
        return PAY_ERROR;
    }

    rc = pay_base64_decode(s->arena, auth->signature, &sig);

    if (rc != PAY_OK) {
        return rc;
    }

    return pay_rsa_sha256_verify(sig, text, key);
}


static pay_rc_t
pay_wxs_sign_error(pay_sim_t *s, const char *field, const char *issue)
{
    return pay_wxs_refuse(s, PAY_WXS_SIGN_ERROR, "authorization", field,
                          issue);
}


pay_rc_t
pay_wxs_authorize(pay_sim_t *s)
{
    int                             known;
    pay_rc_t                        rc;
    pay_str_t                       text;
    pay_wxs_auth_t                  auth;
    const pay_channel_t            *ch;
    const pay_wechatpay_v3_conf_t  *conf;

    if (pay_header_get(&s->headers, "Authorization", &text) != PAY_OK) {
        return pay_wxs_sign_error(s, "Authorization", "must be there once");
    }

    if (pay_wxs_auth_parse(text, &auth) != PAY_OK || auth.nonce.len > 32) {
        return pay_wxs_sign_error(s, "Authorization", "is malformed");
    }

    ch = pay_wxs_account(s, &auth, &known);

    if (!known) {
        return pay_wxs_sign_error(s, "mchid", "is not known here");
    }

    if (ch == NULL) {
        return pay_wxs_sign_error(s, "serial_no", "is not that of the"
                                  " merchant's certificate");
    }

    if (!pay_wxs_fresh(auth.timestamp, s->now)) {
        return pay_wxs_sign_error(s, "timestamp", "is no number or more than"
                                  " 300 s away");
    }

    conf = ch->conf;
    rc = pay_wxs_verify(s, &auth, conf->certificate.key);

    if (rc == PAY_ERROR) {
        return PAY_ERROR;
    }

    if (rc != PAY_OK) {
        return pay_wxs_sign_error(s, "signature", "does not hold");
    }

    s->channel = ch;

    return PAY_OK;
}
