
/*
 * Copyright (C) the ngx_pay authors
 *
 * Standard Webhooks 1.0.0, symmetric form (v1).  An id with a point in it is
 * refused on both sides: the signed text would have two readings.
 */

#include <base/pay_base.h>
#include <codec/pay_codec.h>
#include <crypto/pay_crypto.h>
#include <model/pay_auth.h>


#define PAY_WEBHOOK_KEY_MIN  24
#define PAY_WEBHOOK_KEY_MAX  64
#define PAY_WEBHOOK_ID_MAX   256
#define PAY_WEBHOOK_WINDOW   300
#define PAY_WEBHOOK_TIME_MAX 9999999999

/* of "v1," and of base64 of 32 bytes */

#define PAY_WEBHOOK_TAG      3
#define PAY_WEBHOOK_TEXT     44


static int pay_webhook_id(pay_str_t id);
static int pay_webhook_mac(pay_u8 out[PAY_SHA256_LEN], pay_str_t id,
    pay_str_t timestamp, pay_str_t body, const pay_mac_key_t *k);
static pay_rc_t pay_webhook_match(pay_arena_t *a, pay_str_t signature,
    const pay_u8 *macs, size_t nmacs);
static pay_rc_t pay_webhook_token(pay_arena_t *a, pay_str_t token,
    const pay_u8 *macs, size_t nmacs);
static pay_str_t pay_webhook_next(pay_str_t *list);


pay_rc_t
pay_webhook_secret(pay_arena_t *a, pay_str_t text, pay_str_t *key,
    const char **why)
{
    pay_rc_t   rc;
    pay_str_t  s;

    static const pay_str_t  prefix = pay_str("whsec_");

    if (!pay_str_starts(text, (const char *) prefix.data)) {
        *why = "the webhook secret does not begin with whsec_";
        return PAY_INVALID;
    }

    text.data += prefix.len;
    text.len -= prefix.len;

    rc = pay_base64_decode(a, text, &s);

    if (rc == PAY_ERROR) {
        *why = "no memory";
        return PAY_ERROR;
    }

    if (rc != PAY_OK) {
        *why = "the webhook secret is not base64 behind whsec_";
        return PAY_INVALID;
    }

    if (s.len < PAY_WEBHOOK_KEY_MIN || s.len > PAY_WEBHOOK_KEY_MAX) {
        *why = "the webhook secret is not 24 to 64 bytes long";
        return PAY_INVALID;
    }

    if (memcmp(s.data, s.data + 1, s.len - 1) == 0) {
        *why = "the webhook secret is one repeated byte";
        return PAY_INVALID;
    }

    *key = s;

    return PAY_OK;
}


pay_str_t
pay_webhook_sign(pay_arena_t *a, pay_str_t id, int64_t timestamp,
    pay_str_t body, pay_mac_key_t *const *keys, size_t nkeys)
{
    size_t     i;
    pay_u8     mac[PAY_SHA256_LEN];
    pay_buf_t  b, t;
    pay_str_t  text, token;

    static const pay_str_t  none = pay_str_null;

    if (nkeys == 0 || !pay_webhook_id(id)) {
        return none;
    }

    pay_buf_init(&t, a, 24);
    pay_buf_addi(&t, timestamp);

    text = pay_buf_str(&t);
    if (text.data == NULL) {
        return none;
    }

    pay_buf_init(&b, a, nkeys * (PAY_WEBHOOK_TAG + PAY_WEBHOOK_TEXT + 1));

    for (i = 0; i < nkeys; i++) {

        if (pay_webhook_mac(mac, id, text, body, keys[i]) != 0) {
            return none;
        }

        token = pay_base64_encode(a, (pay_str_t) { PAY_SHA256_LEN, mac });
        if (token.data == NULL) {
            return none;
        }

        pay_buf_addz(&b, (i == 0) ? "v1," : " v1,");
        pay_buf_adds(&b, token);
    }

    return pay_buf_str(&b);
}


pay_rc_t
pay_webhook_verify(pay_arena_t *a, pay_str_t id, pay_str_t timestamp,
    pay_str_t signature, pay_str_t body, int64_t now,
    pay_mac_key_t *const *keys, size_t nkeys)
{
    size_t     i;
    pay_u8    *macs;
    pay_rc_t   rc;
    int64_t    age;
    uint64_t   t;

    if (nkeys == 0 || !pay_webhook_id(id)
        || pay_str_uint(timestamp, PAY_WEBHOOK_TIME_MAX, &t) != PAY_OK)
    {
        return PAY_DECLINED;
    }

    macs = pay_alloc(a, nkeys * PAY_SHA256_LEN);
    if (macs == NULL) {
        return PAY_ERROR;
    }

    for (i = 0; i < nkeys; i++) {
        if (pay_webhook_mac(macs + i * PAY_SHA256_LEN, id, timestamp, body,
                            keys[i])
            != 0)
        {
            return PAY_ERROR;
        }
    }

    rc = pay_webhook_match(a, signature, macs, nkeys);
    if (rc != PAY_OK) {
        return rc;
    }

    age = now - (int64_t) t;

    return (age >= -PAY_WEBHOOK_WINDOW && age <= PAY_WEBHOOK_WINDOW)
           ? PAY_OK : PAY_DECLINED;
}


static int
pay_webhook_id(pay_str_t id)
{
    return pay_str_token(id, "_-:", 1, PAY_WEBHOOK_ID_MAX);
}


static int
pay_webhook_mac(pay_u8 out[PAY_SHA256_LEN], pay_str_t id,
    pay_str_t timestamp, pay_str_t body, const pay_mac_key_t *k)
{
    pay_mac_t  *m;

    m = pay_mac_begin(k);
    if (m == NULL) {
        return -1;
    }

    pay_mac_add(m, id.data, id.len);
    pay_mac_add(m, ".", 1);
    pay_mac_add(m, timestamp.data, timestamp.len);
    pay_mac_add(m, ".", 1);
    pay_mac_add(m, body.data, body.len);

    return pay_mac_end(out, m);
}


static pay_rc_t
pay_webhook_match(pay_arena_t *a, pay_str_t signature, const pay_u8 *macs,
    size_t nmacs)
{
    pay_rc_t  rc;

    while (signature.len != 0) {

        rc = pay_webhook_token(a, pay_webhook_next(&signature), macs, nmacs);
        if (rc != PAY_DECLINED) {
            return rc;
        }
    }

    return PAY_DECLINED;
}


/* a token of another version is no failure: it is for another reader */

static pay_rc_t
pay_webhook_token(pay_arena_t *a, pay_str_t token, const pay_u8 *macs,
    size_t nmacs)
{
    int        found;
    size_t     i;
    pay_rc_t   rc;
    pay_str_t  mac;

    if (!pay_str_starts(token, "v1,")
        || token.len != PAY_WEBHOOK_TAG + PAY_WEBHOOK_TEXT)
    {
        return PAY_DECLINED;
    }

    token.data += PAY_WEBHOOK_TAG;
    token.len -= PAY_WEBHOOK_TAG;

    rc = pay_base64_decode(a, token, &mac);
    if (rc != PAY_OK) {
        return (rc == PAY_INVALID) ? PAY_DECLINED : rc;
    }

    if (mac.len != PAY_SHA256_LEN) {
        return PAY_DECLINED;
    }

    found = 0;

    for (i = 0; i < nmacs; i++) {
        found |= pay_equal_secret(mac.data, macs + i * PAY_SHA256_LEN,
                                  PAY_SHA256_LEN);
    }

    return found ? PAY_OK : PAY_DECLINED;
}


/* up to the next space; list goes on behind it */

static pay_str_t
pay_webhook_next(pay_str_t *list)
{
    size_t     n;
    pay_str_t  token;

    token = *list;

    for (n = 0; n < list->len && list->data[n] != ' '; n++) { /* void */ }

    token.len = n;
    n += (n < list->len);

    list->data += n;
    list->len -= n;

    return token;
}
