
/*
 * Copyright (C) the ngx_pay authors
 *
 * HTTP Message Signatures, RFC 9421: the second form in which a merchant may
 * sign a request.  The steps are those of its section 3.2: parse, look
 * whether the gateway's own requirements hold, find the key, make the
 * signature base, verify.  What the signature covers of the body is
 * Content-Digest (pay_content_digest.h).
 */

#ifndef PAY_MESSAGE_H_INCLUDED
#define PAY_MESSAGE_H_INCLUDED


#include <base/pay_base.h>
#include <codec/pay_sf.h>
#include <crypto/pay_crypto.h>


#define PAY_MESSAGE_TAG             "ngx-pay"

#define PAY_MESSAGE_LABELS_MAX      4
#define PAY_MESSAGE_COMPONENTS_MAX  32
#define PAY_MESSAGE_QUERY_MAX       200     /* parameters of a query */


/* a request as it was received */

typedef struct {
    pay_str_t             method;
    pay_str_t             target;       /* as sent */
    pay_str_t             authority;    /* Host or :authority, as sent */
    pay_str_t             scheme;       /* as the client sees it: "https" */
    const pay_headers_t  *headers;      /* in order */
} pay_message_t;

/* one signature; what is not there has data == NULL, a time of 0 */

typedef struct {
    pay_str_t               label;
    pay_str_t               keyid;
    pay_str_t               nonce;
    pay_str_t               tag;
    pay_str_t               alg;
    int64_t                 created;    /* Unix seconds */
    int64_t                 expires;
    const pay_sf_member_t  *input;      /* covered components, parameters */
    pay_str_t               signature;  /* decoded */
} pay_message_sig_t;


/*
 * The one signature whose parameter "tag" is this; by an empty tag the only
 * signature that there is.  PAY_DECLINED: there is none.  PAY_INVALID: *why
 * is a token for the log.  The result points into m, or is in the arena.
 */
pay_rc_t pay_message_parse(pay_arena_t *a, const pay_message_t *m,
    pay_str_t tag, pay_message_sig_t *out, const char **why);

/*
 * Section 2.5: the text that was signed.  PAY_INVALID with *why: a component
 * is not there, or is none that a request can have.
 */
pay_rc_t pay_message_base(pay_arena_t *a, const pay_message_t *m,
    const pay_message_sig_t *s, pay_str_t *base, const char **why);

/*
 * What the gateway requires of a signature beyond the RFC: NULL, or a token.
 * "nonce_syntax" alone means that all but the nonce is in order.  The times
 * are there, and for the caller to judge.
 */
const char *pay_message_profile(const pay_message_sig_t *s, int has_content);

/* "merchant/key", each [A-Za-z0-9._-]{1,64}: 1 if it is so */
int pay_message_keyid(pay_str_t keyid, pay_str_t *merchant, pay_str_t *key);


/*
 * Section 6.2, the names of algorithms; "sm2-sm3" is a name of our own, its
 * signature r || s as that of ECDSA.  NULL and PAY_ALG_NONE: there is none.
 */
const char *pay_alg_name(pay_alg_t alg);
pay_alg_t pay_alg_by_name(pay_str_t name);


#endif /* PAY_MESSAGE_H_INCLUDED */
