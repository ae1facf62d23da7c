
/*
 * Copyright (C) the ngx_pay authors
 *
 * The chain of decoders that reads a public key.  To build it costs ten times
 * as much as to use it, so whoever reads thousands of keys builds it once.
 */

#include <base/pay_base.h>
#include <crypto/pay_crypto.h>
#include <crypto/pay_key.h>

#include <stdlib.h>

#include <openssl/decoder.h>
#include <openssl/err.h>


struct pay_key_reader_s {
    OSSL_DECODER_CTX  *ctx;
    EVP_PKEY          *pkey;        /* where ctx puts what it reads */
};


pay_key_reader_t *
pay_key_reader_create(void)
{
    pay_key_reader_t  *r;

    r = malloc(sizeof(pay_key_reader_t));
    if (r == NULL) {
        return NULL;
    }

    r->pkey = NULL;
    r->ctx = OSSL_DECODER_CTX_new_for_pkey(&r->pkey, "DER",
                                           "SubjectPublicKeyInfo", NULL,
                                           EVP_PKEY_PUBLIC_KEY, NULL, NULL);
    ERR_clear_error();

    if (r->ctx == NULL) {
        free(r);
        return NULL;
    }

    return r;
}


EVP_PKEY *
pay_key_reader_get(pay_key_reader_t *r, const pay_der_t *der)
{
    size_t         len;
    EVP_PKEY      *pkey;
    const pay_u8  *p;

    p = der->data;
    len = (size_t) der->len;

    if (OSSL_DECODER_from_data(r->ctx, &p, &len) != 1 || len != 0) {
        EVP_PKEY_free(r->pkey);
        r->pkey = NULL;
    }

    pkey = r->pkey;
    r->pkey = NULL;

    return pkey;
}


void
pay_key_reader_destroy(pay_key_reader_t *r)
{
    if (r == NULL) {
        return;
    }

    OSSL_DECODER_CTX_free(r->ctx);
    free(r);
}
