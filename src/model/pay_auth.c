
/*
 * Copyright (C) the ngx_pay authors
 *
 * The merchant's Authorization header (docs/design.md section 6).  Stricter
 * than RFC 9110: one way to write it, so that no two readers can differ.
 */

#include <base/pay_base.h>
#include <crypto/pay_crypto.h>
#include <model/pay_auth.h>


/* base64 of the signature by the largest RSA key, and some to spare */

#define PAY_SIGNATURE_MAX  2048


typedef struct {
    const char  *name;
    size_t       offset;        /* of a pay_str_t in pay_auth_t */
} pay_auth_param_t;

typedef struct {
    const char  *word;
    pay_alg_t    alg;
} pay_auth_scheme_t;


static pay_alg_t pay_auth_alg(pay_str_t word);
static pay_rc_t pay_auth_params(pay_str_t text, pay_auth_t *out,
    const char **why);
static int pay_auth_param(pay_str_t *text, pay_str_t *name,
    pay_str_t *value);
static int pay_auth_comma(pay_str_t *text);
static pay_str_t *pay_auth_field(pay_auth_t *auth, pay_str_t name);
static const char *pay_auth_check(pay_auth_t *auth);
static int pay_auth_signature(pay_str_t s);
static pay_str_t pay_auth_split(pay_str_t *text, pay_u8 c);
static void pay_auth_spaces(pay_str_t *text);


static const pay_auth_param_t  pay_auth_fields[] = {
    { "merchant",  offsetof(pay_auth_t, merchant) },
    { "key",       offsetof(pay_auth_t, key) },
    { "timestamp", offsetof(pay_auth_t, timestamp) },
    { "nonce",     offsetof(pay_auth_t, nonce) },
    { "signature", offsetof(pay_auth_t, signature) }
};

static const pay_auth_scheme_t  pay_auth_schemes[] = {
    { "PAY-HMAC-SHA256",       PAY_ALG_HMAC_SHA256 },
    { "PAY-RSA-SHA256",        PAY_ALG_RSA_SHA256 },
    { "PAY-ECDSA-P256-SHA256", PAY_ALG_ECDSA_P256_SHA256 },
    { "PAY-ED25519",           PAY_ALG_ED25519 },
    { "PAY-SM2-SM3",           PAY_ALG_SM2_SM3 }
};


pay_rc_t
pay_auth_parse(pay_str_t value, pay_auth_t *out, const char **why)
{
    pay_rc_t   rc;
    pay_str_t  scheme;

    memset(out, 0, sizeof(pay_auth_t));

    /*
     * Any case makes it ours, so that a client that writes it in small
     * letters is told what is wrong; only the exact word is accepted.
     */

    scheme = value;
    scheme.len = (value.len < 4) ? value.len : 4;

    if (!pay_str_caseeqz(scheme, "PAY-")) {
        return PAY_DECLINED;
    }

    scheme = pay_auth_split(&value, ' ');

    if (!pay_str_token(scheme, "-", 5, 64)) {
        *why = "scheme_syntax";
        return PAY_INVALID;
    }

    out->alg = pay_auth_alg(scheme);

    pay_auth_spaces(&value);

    rc = pay_auth_params(value, out, why);
    if (rc != PAY_OK) {
        return rc;
    }

    *why = pay_auth_check(out);

    return (*why == NULL) ? PAY_OK : PAY_INVALID;
}


static pay_alg_t
pay_auth_alg(pay_str_t word)
{
    size_t  i;

    for (i = 0; i < pay_nelts(pay_auth_schemes); i++) {
        if (pay_str_eqz(word, pay_auth_schemes[i].word)) {
            return pay_auth_schemes[i].alg;
        }
    }

    return PAY_ALG_NONE;
}


static pay_rc_t
pay_auth_params(pay_str_t text, pay_auth_t *out, const char **why)
{
    size_t      n;
    pay_str_t   name, value, *field;

    n = 0;

    while (text.len != 0) {

        if ((n != 0 && !pay_auth_comma(&text))
            || !pay_auth_param(&text, &name, &value))
        {
            *why = "param_syntax";
            return PAY_INVALID;
        }

        field = pay_auth_field(out, name);

        if (field == NULL) {
            *why = "param_unknown";
            return PAY_INVALID;
        }

        if (field->data != NULL) {
            *why = "param_repeated";
            return PAY_INVALID;
        }

        *field = value;
        n++;
    }

    if (n != pay_nelts(pay_auth_fields)) {
        *why = "param_missing";
        return PAY_INVALID;
    }

    return PAY_OK;
}


/* name="value", without spaces and without an escape */

static int
pay_auth_param(pay_str_t *text, pay_str_t *name, pay_str_t *value)
{
    *name = pay_auth_split(text, '=');

    if (!pay_str_token(*name, "_-", 1, 64)
        || text->len == 0 || text->data[0] != '"')
    {
        return 0;
    }

    text->data++;
    text->len--;

    if (memchr(text->data, '"', text->len) == NULL) {
        return 0;
    }

    *value = pay_auth_split(text, '"');

    return 1;
}


static int
pay_auth_comma(pay_str_t *text)
{
    pay_auth_spaces(text);

    if (text->len == 0 || text->data[0] != ',') {
        return 0;
    }

    text->data++;
    text->len--;

    pay_auth_spaces(text);

    return 1;
}


static pay_str_t *
pay_auth_field(pay_auth_t *auth, pay_str_t name)
{
    size_t  i;

    for (i = 0; i < pay_nelts(pay_auth_fields); i++) {
        if (pay_str_eqz(name, pay_auth_fields[i].name)) {
            return (pay_str_t *) ((char *) auth + pay_auth_fields[i].offset);
        }
    }

    return NULL;
}


/* the nonce is the last: its word says that the rest is in order */

static const char *
pay_auth_check(pay_auth_t *auth)
{
    uint64_t  t;

    if (!pay_str_token(auth->merchant, "._-", 1, 64)) {
        return "merchant_syntax";
    }

    if (!pay_str_token(auth->key, "._-", 1, 64)) {
        return "key_syntax";
    }

    if (auth->timestamp.len != 10
        || pay_str_uint(auth->timestamp, 9999999999, &t) != PAY_OK)
    {
        return "ts_syntax";
    }

    auth->time = (int64_t) t;

    if (!pay_auth_signature(auth->signature)) {
        return "signature_syntax";
    }

    if (!pay_str_token(auth->nonce, "_-", 16, 64)) {
        return "nonce_syntax";
    }

    return NULL;
}


/*
 * Visible characters only; whether they are base64 is for the verification
 * to say, as a part of "does not hold".
 */

static int
pay_auth_signature(pay_str_t s)
{
    size_t  i;

    if (s.len == 0 || s.len > PAY_SIGNATURE_MAX) {
        return 0;
    }

    for (i = 0; i < s.len; i++) {
        if (s.data[i] < 0x20 || s.data[i] > 0x7e) {
            return 0;
        }
    }

    return 1;
}


/* what is before c, or all; text goes on behind c */

static pay_str_t
pay_auth_split(pay_str_t *text, pay_u8 c)
{
    size_t     n;
    pay_str_t  head;

    head = *text;

    for (n = 0; n < text->len && text->data[n] != c; n++) { /* void */ }

    head.len = n;
    n += (n < text->len);

    text->data += n;
    text->len -= n;

    return head;
}


static void
pay_auth_spaces(pay_str_t *text)
{
    while (text->len != 0 && text->data[0] == ' ') {
        text->data++;
        text->len--;
    }
}


void
pay_auth_head(const pay_auth_t *auth, pay_str_t method, pay_str_t target,
    pay_sink_pt sink, void *data)
{
    sink(data, method.data, method.len);
    sink(data, "\n", 1);
    sink(data, target.data, target.len);
    sink(data, "\n", 1);
    sink(data, auth->timestamp.data, auth->timestamp.len);
    sink(data, "\n", 1);
    sink(data, auth->nonce.data, auth->nonce.len);
    sink(data, "\n", 1);
}
