
/*
 * Copyright (C) the ngx_pay authors
 *
 * The merchant's signature on a request (docs/design.md section 6):
 *
 *   Authorization: PAY-HMAC-SHA256 merchant="..",key="..",timestamp="..",
 *                  nonce="..",signature=".."
 *
 * or PAY-RSA-SHA256, PAY-ECDSA-P256-SHA256, PAY-ED25519, PAY-SM2-SM3
 *
 *   string to sign = METHOD LF target LF timestamp LF nonce LF body LF
 */

#ifndef PAY_AUTH_H_INCLUDED
#define PAY_AUTH_H_INCLUDED


#include <base/pay_base.h>
#include <crypto/pay_crypto.h>


typedef struct {
    pay_alg_t  alg;             /* NONE: the word begins with PAY- and is none
                                   of ours */
    pay_str_t  merchant;        /* [A-Za-z0-9._-]{1,64} */
    pay_str_t  key;             /* [A-Za-z0-9._-]{1,64} */
    pay_str_t  timestamp;       /* 10 digits */
    pay_str_t  nonce;           /* [A-Za-z0-9_-]{16,64} */
    pay_str_t  signature;       /* base64 as sent; of ECDSA and SM2 in DER */
    int64_t    time;            /* of timestamp */
} pay_auth_t;

/*
 * value: of the one Authorization header.  PAY_DECLINED: another scheme
 * (Basic, Bearer ...) or empty.  PAY_INVALID: *why is a token for the log;
 * "nonce_syntax" alone means that all but the nonce is in order.  Each
 * parameter once, all five, quoted, in any order, separated by a comma and
 * optional spaces; nothing else.  The result points into value.
 */
pay_rc_t pay_auth_parse(pay_str_t value, pay_auth_t *out, const char **why);

/*
 * The first four lines of the string to sign, into a MAC or a verification;
 * the caller adds body and LF by itself, so that a body in a file needs no
 * copy.
 */
void pay_auth_head(const pay_auth_t *auth, pay_str_t method,
    pay_str_t target, pay_sink_pt sink, void *data);


/*
 * Standard Webhooks 1.0.0: signed text = id "." timestamp "." body; the
 * secret's text is whsec_ + base64 of 24 to 64 bytes.
 */

/* the key bytes, in the arena; PAY_INVALID with *why */
pay_rc_t pay_webhook_secret(pay_arena_t *a, pay_str_t text, pay_str_t *key,
    const char **why);

/* "v1,<base64>", or several joined by spaces, one per key */
pay_str_t pay_webhook_sign(pay_arena_t *a, pay_str_t id, int64_t timestamp,
    pay_str_t body, pay_mac_key_t *const *keys, size_t nkeys);

/*
 * signature: the webhook-signature header.  PAY_OK if any v1 token holds
 * under any key and |now - timestamp| <= 300; PAY_DECLINED else.
 */
pay_rc_t pay_webhook_verify(pay_arena_t *a, pay_str_t id, pay_str_t timestamp,
    pay_str_t signature, pay_str_t body, int64_t now,
    pay_mac_key_t *const *keys, size_t nkeys);


#endif /* PAY_AUTH_H_INCLUDED */
