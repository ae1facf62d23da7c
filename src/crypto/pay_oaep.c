
/*
 * Copyright (C) the ngx_pay authors
 *
 * RSA-OAEP with SHA-1, as channels have it for the single field; a key that
 * was received, as text again.
 */

#include <base/pay_base.h>
#include <crypto/pay_crypto.h>
#include <crypto/pay_key.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>


static EVP_PKEY_CTX *
pay_oaep_context(const pay_key_t *k)
{
    EVP_PKEY_CTX  *ctx;

    ctx = EVP_PKEY_CTX_new(k->pkey, NULL);
    if (ctx == NULL) {
        return NULL;
    }

    /* the hash of the label, and of MGF1, is SHA-1 where none is set */

    if (EVP_PKEY_encrypt_init(ctx) != 1
        || EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) != 1)
    {
        EVP_PKEY_CTX_free(ctx);
        return NULL;
    }

    return ctx;
}


pay_rc_t
pay_rsa_oaep_seal(pay_arena_t *a, pay_str_t *out, pay_str_t in,
    const pay_key_t *public_key)
{
    int            rc;
    size_t         len;
    pay_u8        *p;
    EVP_PKEY_CTX  *ctx;

    out->len = 0;
    out->data = NULL;

    if (public_key->alg != PAY_ALG_RSA_SHA256) {
        return PAY_ERROR;
    }

    len = (size_t) EVP_PKEY_get_size(public_key->pkey);

    if (in.len + PAY_OAEP_SPARE > len) {
        return PAY_INVALID;
    }

    p = pay_alloc(a, len);
    ctx = p ? pay_oaep_context(public_key) : NULL;

    rc = ctx ? EVP_PKEY_encrypt(ctx, p, &len, in.data, in.len) : 0;

    EVP_PKEY_CTX_free(ctx);
    ERR_clear_error();

    if (rc != 1) {
        return PAY_ERROR;
    }

    out->len = len;
    out->data = p;

    return PAY_OK;
}


pay_str_t
pay_key_public_text(pay_arena_t *a, const pay_key_t *k)
{
    BIO        *bio;
    char       *p;
    long        n;
    pay_str_t   s;

    s.len = 0;
    s.data = NULL;

    bio = BIO_new(BIO_s_mem());

    if (bio && PEM_write_bio_PUBKEY(bio, k->pkey) == 1) {
        n = BIO_get_mem_data(bio, &p);

        if (n > 0) {
            s.len = (size_t) n;
            s.data = (const pay_u8 *) p;
            s = pay_str_dup(a, s);
        }
    }

    BIO_free(bio);
    ERR_clear_error();

    return s;
}
