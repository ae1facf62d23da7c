
/*
 * Copyright (C) the ngx_pay authors
 *
 * RSASSA-PKCS1-v1_5 with SHA-256.  The padding and the digest are named here
 * and nowhere else: neither a key nor a message may choose them.
 */

#include <base/pay_base.h>
#include <crypto/pay_crypto.h>
#include <crypto/pay_key.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>


typedef int (*pay_rsa_init_pt)(EVP_MD_CTX *ctx, EVP_PKEY_CTX **pctx,
    const EVP_MD *md, ENGINE *e, EVP_PKEY *pkey);


static EVP_MD_CTX *pay_rsa_begin(const pay_key_t *k, pay_rsa_init_pt init);


pay_rc_t
pay_rsa_sha256_sign(pay_arena_t *a, pay_str_t *sig, pay_str_t in,
    const pay_key_t *private_key)
{
    int          rc;
    pay_u8      *p;
    size_t       len;
    EVP_MD_CTX  *ctx;

    sig->len = 0;
    sig->data = NULL;

    if (private_key->kind != PAY_KEY_RSA_PRIVATE) {
        return PAY_ERROR;
    }

    len = pay_key_signature_len(private_key);

    p = pay_alloc(a, len);
    if (p == NULL) {
        return PAY_ERROR;
    }

    ctx = pay_rsa_begin(private_key, EVP_DigestSignInit);
    if (ctx == NULL) {
        return PAY_ERROR;
    }

    rc = EVP_DigestSign(ctx, p, &len, in.data, in.len);

    EVP_MD_CTX_free(ctx);

    if (rc != 1) {
        ERR_clear_error();
        return PAY_ERROR;
    }

    sig->len = len;
    sig->data = p;

    return PAY_OK;
}


pay_rc_t
pay_rsa_sha256_verify(pay_str_t sig, pay_str_t in, const pay_key_t *public_key)
{
    int          rc;
    EVP_MD_CTX  *ctx;

    if (sig.len != pay_key_signature_len(public_key)) {
        return PAY_DECLINED;
    }

    ctx = pay_rsa_begin(public_key, EVP_DigestVerifyInit);
    if (ctx == NULL) {
        return PAY_ERROR;
    }

    rc = EVP_DigestVerify(ctx, sig.data, sig.len, in.data, in.len);

    EVP_MD_CTX_free(ctx);

    /* 0 and -1 both come from what a stranger sent: never a fault of ours */

    if (rc != 1) {
        ERR_clear_error();
        return PAY_DECLINED;
    }

    return PAY_OK;
}


static EVP_MD_CTX *
pay_rsa_begin(const pay_key_t *k, pay_rsa_init_pt init)
{
    EVP_MD_CTX    *ctx;
    EVP_PKEY_CTX  *pctx;

    ERR_clear_error();

    ctx = EVP_MD_CTX_new();
    if (ctx == NULL) {
        goto failed;
    }

    if (init(ctx, &pctx, EVP_sha256(), NULL, k->pkey) != 1
        || EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PADDING) != 1)
    {
        goto failed;
    }

    return ctx;

failed:

    EVP_MD_CTX_free(ctx);
    ERR_clear_error();

    return NULL;
}
