
/*
 * Copyright (C) the ngx_pay authors
 *
 * Digests and random bytes.
 */

#include <base/pay_base.h>
#include <crypto/pay_crypto.h>

#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>


struct pay_hash_s {
    EVP_MD_CTX  *ctx;
    int          failed;
};


int
pay_sha256(pay_u8 out[PAY_SHA256_LEN], pay_str_t in)
{
    ERR_clear_error();

    if (EVP_Digest(in.data, in.len, out, NULL, EVP_sha256(), NULL) != 1) {
        ERR_clear_error();
        return -1;
    }

    return 0;
}


int
pay_random(pay_u8 *out, size_t n)
{
    ERR_clear_error();

    /* a child of fork() gets a new seed from libcrypto by itself */

    if (RAND_bytes_ex(NULL, out, n, 0) != 1) {
        ERR_clear_error();
        return -1;
    }

    return 0;
}


pay_hash_t *
pay_hash_begin(pay_hash_kind_t kind)
{
    pay_hash_t    *h;
    const EVP_MD  *md;

    h = malloc(sizeof(pay_hash_t));
    if (h == NULL) {
        return NULL;
    }

    ERR_clear_error();

    md = (kind == PAY_HASH_SHA512) ? EVP_sha512()
         : (kind == PAY_HASH_SHA1) ? EVP_sha1() : EVP_sha256();

    h->ctx = EVP_MD_CTX_new();
    h->failed = h->ctx == NULL || EVP_DigestInit_ex(h->ctx, md, NULL) != 1;

    if (h->failed) {
        pay_hash_drop(h);
        ERR_clear_error();
        return NULL;
    }

    return h;
}


void
pay_hash_add(pay_hash_t *h, const void *p, size_t n)
{
    if (n == 0 || h->failed) {
        return;
    }

    if (EVP_DigestUpdate(h->ctx, p, n) != 1) {
        ERR_clear_error();
        h->failed = 1;
    }
}


int
pay_hash_end(pay_u8 *out, pay_hash_t *h)
{
    int  good;

    good = !h->failed && EVP_DigestFinal_ex(h->ctx, out, NULL) == 1;

    pay_hash_drop(h);

    if (!good) {
        ERR_clear_error();
        return -1;
    }

    return 0;
}


void
pay_hash_drop(pay_hash_t *h)
{
    if (h == NULL) {
        return;
    }

    EVP_MD_CTX_free(h->ctx);
    free(h);
}
