
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver wechatpay_v3: the signature of answers and notices.
 */

#include <channel/pay_canon.h>
#include <channel/pay_wechatpay_v3_int.h>


#define PAY_WECHATPAY_WINDOW  300


/* of the two limits that SDKs have at exactly 300 s the strict one is taken */

static int
pay_wechatpay_fresh(pay_str_t timestamp, int64_t now)
{
    uint64_t  at;

    if (pay_str_uint(timestamp, INT64_MAX / 2, &at) != PAY_OK) {
        return 0;
    }

    return (int64_t) at > now - PAY_WECHATPAY_WINDOW
           && (int64_t) at < now + PAY_WECHATPAY_WINDOW;
}


/*
 * Section 4.3: the id of a public key is matched byte by byte, and so is the
 * hex of a certificate, but for its case: openssl and the channel may differ.
 */

int
pay_wechatpay_serial_eq(pay_str_t ours, pay_str_t theirs)
{
    size_t  i;
    pay_u8  c;

    if (ours.len != theirs.len) {
        return 0;
    }

    if (pay_str_starts(ours, "PUB_KEY_ID_")) {
        return pay_str_eq(ours, theirs);
    }

    for (i = 0; i < ours.len; i++) {
        c = ours.data[i] ^ theirs.data[i];

        if (c != 0 && (c != 0x20 || (ours.data[i] | 0x20) < 'a'
                       || (ours.data[i] | 0x20) > 'f'))
        {
            return 0;
        }
    }

    return 1;
}


static int
pay_wechatpay_type_known(const pay_headers_t *h)
{
    pay_rc_t   rc;
    pay_str_t  type;

    rc = pay_header_get(h, "Wechatpay-Signature-Type", &type);

    return rc == PAY_DECLINED
           || (rc == PAY_OK && pay_str_eqz(type, PAY_WECHATPAY_V3_SCHEME));
}


pay_rc_t
pay_wechatpay_verify(pay_talk_t *t, const pay_headers_t *h, pay_str_t body,
    const char **why)
{
    pay_rc_t    rc;
    pay_str_t   text, sig, serial, lines[3];
    pay_key_t  *key;

    *why = "missing_header";

    if (pay_header_get(h, "Wechatpay-Timestamp", &lines[0]) != PAY_OK
        || pay_header_get(h, "Wechatpay-Nonce", &lines[1]) != PAY_OK
        || pay_header_get(h, "Wechatpay-Signature", &sig) != PAY_OK
        || pay_header_get(h, "Wechatpay-Serial", &serial) != PAY_OK)
    {
        return PAY_INVALID;
    }

    *why = "timestamp";

    if (!pay_wechatpay_fresh(lines[0], t->now)) {
        return PAY_INVALID;
    }

    *why = "signature_type";

    if (!pay_wechatpay_type_known(h)) {
        return PAY_INVALID;
    }

    /* section 3.5: a probe fails like any other, and is told from an attack */

    *why = pay_str_starts(sig, "WECHATPAY/SIGNTEST/") ? "probe" : "signature";

    rc = pay_base64_decode(t->arena, sig, &sig);

    lines[2] = body;
    text = pay_canon_lines(t->arena, lines, 3);

    if (rc == PAY_ERROR || text.data == NULL) {
        return PAY_ERROR;
    }

    key = pay_wechatpay_platform_key(t, serial);
    if (key == NULL) {
        *why = "serial";
        return PAY_INVALID;
    }

    rc = rc == PAY_OK ? pay_rsa_sha256_verify(sig, text, key) : rc;

    pay_key_unref(key);

    return rc == PAY_DECLINED ? PAY_INVALID : rc;
}


int
pay_wechatpay_json(pay_str_t media_type)
{
    size_t  n;

    for (n = 0; n < media_type.len; n++) {
        if (media_type.data[n] == ';' || media_type.data[n] == ' ') {
            break;
        }
    }

    media_type.len = n;

    return pay_str_caseeqz(media_type, "application/json");
}
