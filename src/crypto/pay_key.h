
/*
 * Copyright (C) the ngx_pay authors
 *
 * Private to this room: what a key is made of, the way from PEM text to it,
 * and how it is used.
 */

#ifndef PAY_KEY_H_INCLUDED
#define PAY_KEY_H_INCLUDED


#include <crypto/pay_crypto.h>

#include <openssl/evp.h>


struct pay_key_s {
    EVP_PKEY        *pkey;
    pay_alg_t        alg;
    int              refs;      /* atomic */
    unsigned         private:1;
    unsigned         stored:1;  /* by URI: it may live in a token */
};

typedef enum {
    PAY_PEM_PRIVATE = 0,
    PAY_PEM_PUBLIC,
    PAY_PEM_CERT,
    PAY_PEM_OTHER
} pay_pem_kind_t;

typedef struct {
    pay_u8  *data;
    long     len;
} pay_der_t;


/* the one object of the text; to be freed by pay_der_free() on PAY_OK */
pay_rc_t pay_pem_read(pay_str_t pem, pay_pem_kind_t want, pay_der_t *der,
    const char **why);
void pay_der_free(pay_der_t *der);

/* NULL: it is no key, or there is more than one */
EVP_PKEY *pay_key_reader_get(pay_key_reader_t *r, const pay_der_t *der);

/*
 * The key as one that may be used.  Takes pkey over in any case; NULL says
 * that what was read is no key.  A private one has to make a signature that
 * holds.
 */
pay_rc_t pay_key_take(EVP_PKEY *pkey, unsigned kinds, int private,
    pay_key_t **out, const char **why);

/* the caller gives out->key back on a failure, too */
pay_rc_t pay_cert_take(X509 *x, unsigned kinds, pay_cert_t *out,
    const char **why);

/* the algorithm of kinds that the key is for, or PAY_ALG_NONE and *why */
pay_alg_t pay_key_policy(EVP_PKEY *pkey, unsigned kinds, int private,
    const char **why);


/* ready for the first byte; which: EVP_DigestSignInit_ex() or ...Verify... */

typedef int (*pay_sig_init_pt)(EVP_MD_CTX *ctx, EVP_PKEY_CTX **pctx,
    const char *md, OSSL_LIB_CTX *lib, const char *properties,
    EVP_PKEY *pkey, const OSSL_PARAM *params);

EVP_MD_CTX *pay_sig_context(const pay_key_t *k, pay_sig_init_pt init);

/* r || s of 64 bytes <-> DER, into the caller's PAY_SIG_DER_MAX bytes */

#define PAY_SIG_RAW_LEN  64
#define PAY_SIG_DER_MAX  72

pay_rc_t pay_sig_to_der(pay_u8 *out, pay_str_t *sig);
pay_rc_t pay_sig_to_raw(pay_u8 *out, pay_str_t *sig);

/* 1 if the algorithm has both forms */
int pay_sig_is_pair(pay_alg_t alg);


#endif /* PAY_KEY_H_INCLUDED */
