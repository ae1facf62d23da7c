
/*
 * Copyright (C) the ngx_pay authors
 *
 * HMAC-SHA256.  The context of a key holds both hashed pads; each use works
 * on a copy of it, so that threads share a key without a lock.
 */

#include <base/pay_base.h>
#include <crypto/pay_crypto.h>

#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>


struct pay_mac_key_s {
    EVP_MAC_CTX  *ctx;
};

struct pay_mac_s {
    EVP_MAC_CTX  *ctx;
    int           failed;
};


static EVP_MAC_CTX *pay_mac_context(pay_str_t secret);


pay_mac_key_t *
pay_mac_key_create(pay_str_t secret)
{
    pay_mac_key_t  *k;

    /* libcrypto takes an empty key, and everybody knows that one */

    if (secret.len == 0) {
        return NULL;
    }

    k = malloc(sizeof(pay_mac_key_t));
    if (k == NULL) {
        return NULL;
    }

    ERR_clear_error();

    k->ctx = pay_mac_context(secret);
    if (k->ctx == NULL) {
        ERR_clear_error();
        free(k);
        return NULL;
    }

    return k;
}


static EVP_MAC_CTX *
pay_mac_context(pay_str_t secret)
{
    char          digest[] = "SHA256";
    EVP_MAC      *mac;
    OSSL_PARAM    params[2];
    EVP_MAC_CTX  *ctx;

    mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    if (mac == NULL) {
        return NULL;
    }

    ctx = EVP_MAC_CTX_new(mac);
    EVP_MAC_free(mac);

    if (ctx == NULL) {
        return NULL;
    }

    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
                                                 digest, 0);
    params[1] = OSSL_PARAM_construct_end();

    if (EVP_MAC_init(ctx, secret.data, secret.len, params) != 1) {
        EVP_MAC_CTX_free(ctx);
        return NULL;
    }

    return ctx;
}


void
pay_mac_key_destroy(pay_mac_key_t *k)
{
    if (k == NULL) {
        return;
    }

    EVP_MAC_CTX_free(k->ctx);
    free(k);
}


pay_mac_t *
pay_mac_begin(const pay_mac_key_t *k)
{
    pay_mac_t  *m;

    m = malloc(sizeof(pay_mac_t));
    if (m == NULL) {
        return NULL;
    }

    ERR_clear_error();

    m->failed = 0;
    m->ctx = EVP_MAC_CTX_dup(k->ctx);

    if (m->ctx == NULL) {
        ERR_clear_error();
        free(m);
        return NULL;
    }

    return m;
}


void
pay_mac_add(pay_mac_t *m, const void *p, size_t n)
{
    if (n == 0 || m->failed) {
        return;
    }

    if (EVP_MAC_update(m->ctx, p, n) != 1) {
        ERR_clear_error();
        m->failed = 1;
    }
}


int
pay_mac_end(pay_u8 out[PAY_SHA256_LEN], pay_mac_t *m)
{
    int     good;
    size_t  len;

    good = !m->failed
           && EVP_MAC_final(m->ctx, out, &len, PAY_SHA256_LEN) == 1
           && len == PAY_SHA256_LEN;

    pay_mac_drop(m);

    if (!good) {
        ERR_clear_error();
        return -1;
    }

    return 0;
}


void
pay_mac_drop(pay_mac_t *m)
{
    if (m == NULL) {
        return;
    }

    EVP_MAC_CTX_free(m->ctx);
    free(m);
}


int
pay_hmac_sha256(pay_u8 out[PAY_SHA256_LEN], pay_str_t in,
    const pay_mac_key_t *k)
{
    pay_mac_t  *m;

    m = pay_mac_begin(k);
    if (m == NULL) {
        return -1;
    }

    pay_mac_add(m, in.data, in.len);

    return pay_mac_end(out, m);
}
