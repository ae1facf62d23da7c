
/*
 * Copyright (C) the ngx_pay authors
 *
 * Content-Digest, RFC 9530: the body of a request, checked piece by piece.
 * "sha-256" and "sha-512" count, and each of them that is there must hold;
 * other keys are passed over, once they are well formed.
 */

#ifndef PAY_CONTENT_DIGEST_H_INCLUDED
#define PAY_CONTENT_DIGEST_H_INCLUDED


#include <base/pay_base.h>
#include <crypto/pay_crypto.h>


#define PAY_CONTENT_DIGESTS  2

typedef struct {
    pay_str_t    expected[PAY_CONTENT_DIGESTS];     /* empty: not there */
    pay_hash_t  *hash[PAY_CONTENT_DIGESTS];
} pay_content_digest_t;


/*
 * PAY_DECLINED: there is no such header.  PAY_INVALID: *why is a token for
 * the log.  What is expected is in the arena; nothing else is held.
 */
pay_rc_t pay_content_digest_parse(pay_arena_t *a, const pay_headers_t *h,
    pay_content_digest_t *out, const char **why);

/* PAY_OK is followed by one end or one drop */
pay_rc_t pay_content_digest_begin(pay_content_digest_t *d);
void pay_content_digest_add(pay_content_digest_t *d, const void *p, size_t n);

/* PAY_OK: that was the body.  PAY_DECLINED: that was another one. */
pay_rc_t pay_content_digest_end(pay_content_digest_t *d);
void pay_content_digest_drop(pay_content_digest_t *d);


#endif /* PAY_CONTENT_DIGEST_H_INCLUDED */
