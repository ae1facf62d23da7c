
/*
 * Copyright (C) the ngx_pay authors
 *
 * Verification, and what it has in common with signing.  Padding, salt,
 * digest and id are named here and nowhere else: neither a key nor a message
 * may choose them.
 */

#include <base/pay_base.h>
#include <crypto/pay_crypto.h>
#include <crypto/pay_key.h>

#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>


struct pay_verify_s {
    EVP_MD_CTX  *ctx;
    pay_alg_t    alg;
    pay_rc_t     rc;            /* of what was done so far */
    size_t       sig_len;
    pay_u8      *text;          /* Ed25519: all of it */
    size_t       len;
    size_t       size;
};


static int pay_sig_pad(EVP_PKEY_CTX *pctx, pay_alg_t alg);
static int pay_sig_pad_pss(EVP_PKEY_CTX *pctx);
static pay_rc_t pay_verify_keep(pay_verify_t *v, const void *p, size_t n);
static pay_rc_t pay_verify_check(pay_verify_t *v, pay_str_t sig,
    pay_sig_form_t form);


/* Ed25519 has its digest inside */

static const char *const  pay_sig_digests[PAY_ALG_MAX] = {
    [PAY_ALG_RSA_SHA256] = "SHA256",
    [PAY_ALG_RSA_PSS_SHA512] = "SHA512",
    [PAY_ALG_ECDSA_P256_SHA256] = "SHA256",
    [PAY_ALG_SM2_SM3] = "SM3"
};


EVP_MD_CTX *
pay_sig_context(const pay_key_t *k, pay_sig_init_pt init)
{
    EVP_MD_CTX    *ctx;
    EVP_PKEY_CTX  *pctx;

    ERR_clear_error();

    ctx = EVP_MD_CTX_new();

    if (ctx == NULL
        || init(ctx, &pctx, pay_sig_digests[k->alg], NULL, NULL, k->pkey,
                NULL)
           != 1
        || pay_sig_pad(pctx, k->alg) != 1)
    {
        EVP_MD_CTX_free(ctx);
        ERR_clear_error();
        return NULL;
    }

    return ctx;
}


/* libcrypto's own default for SM2 is an empty id */

static int
pay_sig_pad(EVP_PKEY_CTX *pctx, pay_alg_t alg)
{
    static const char  id[] = "1234567812345678";

    switch (alg) {

    case PAY_ALG_RSA_SHA256:
        return EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PADDING);

    case PAY_ALG_RSA_PSS_SHA512:
        return pay_sig_pad_pss(pctx);

    case PAY_ALG_SM2_SM3:
        return EVP_PKEY_CTX_set1_id(pctx, id, sizeof(id) - 1);

    default:
        return 1;
    }
}


static int
pay_sig_pad_pss(EVP_PKEY_CTX *pctx)
{
    return EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) == 1
           && EVP_PKEY_CTX_set_rsa_mgf1_md_name(pctx, "SHA512", NULL) == 1
           && EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST)
              == 1;
}


pay_verify_t *
pay_verify_begin(const pay_key_t *public_key)
{
    pay_verify_t  *v;

    v = calloc(1, sizeof(pay_verify_t));
    if (v == NULL) {
        return NULL;
    }

    v->ctx = pay_sig_context(public_key, EVP_DigestVerifyInit_ex);
    if (v->ctx == NULL) {
        free(v);
        return NULL;
    }

    v->alg = public_key->alg;
    v->sig_len = (size_t) EVP_PKEY_get_size(public_key->pkey);

    return v;
}


void
pay_verify_add(pay_verify_t *v, const void *p, size_t n)
{
    if (n == 0 || v->rc != PAY_OK) {
        return;
    }

    if (v->alg == PAY_ALG_ED25519) {
        v->rc = pay_verify_keep(v, p, n);
        return;
    }

    if (EVP_DigestVerifyUpdate(v->ctx, p, n) != 1) {
        ERR_clear_error();
        v->rc = PAY_ERROR;
    }
}


static pay_rc_t
pay_verify_keep(pay_verify_t *v, const void *p, size_t n)
{
    size_t   size;
    pay_u8  *text;

    if (n > PAY_VERIFY_KEPT_MAX - v->len) {
        return PAY_INVALID;
    }

    for (size = v->size ? v->size : 4096; size < v->len + n; size *= 2);

    if (size != v->size) {
        text = OPENSSL_clear_realloc(v->text, v->size, size);
        if (text == NULL) {
            ERR_clear_error();
            return PAY_ERROR;
        }

        v->text = text;
        v->size = size;
    }

    memcpy(v->text + v->len, p, n);
    v->len += n;

    return PAY_OK;
}


pay_rc_t
pay_verify_end(pay_verify_t *v, pay_str_t sig, pay_sig_form_t form)
{
    pay_rc_t  rc;

    rc = v->rc;

    if (rc == PAY_OK) {
        rc = pay_verify_check(v, sig, form);
    }

    pay_verify_drop(v);

    return rc;
}


static pay_rc_t
pay_verify_check(pay_verify_t *v, pay_str_t sig, pay_sig_form_t form)
{
    int       rc;
    pay_u8    der[PAY_SIG_DER_MAX];
    pay_rc_t  prc;

    if (!pay_sig_is_pair(v->alg)) {

        if (sig.len != v->sig_len) {
            return PAY_DECLINED;
        }

    } else if (form == PAY_SIG_RAW) {

        prc = pay_sig_to_der(der, &sig);
        if (prc != PAY_OK) {
            return prc;
        }
    }

    ERR_clear_error();

    rc = (v->alg == PAY_ALG_ED25519)
         ? EVP_DigestVerify(v->ctx, sig.data, sig.len,
                            v->text ? v->text : (const pay_u8 *) "", v->len)
         : EVP_DigestVerifyFinal(v->ctx, sig.data, sig.len);

    /* 0 and -1 both come from what a stranger sent: never a fault of ours */

    if (rc != 1) {
        ERR_clear_error();
        return PAY_DECLINED;
    }

    return PAY_OK;
}


void
pay_verify_drop(pay_verify_t *v)
{
    if (v == NULL) {
        return;
    }

    EVP_MD_CTX_free(v->ctx);
    OPENSSL_clear_free(v->text, v->size);
    free(v);
}


pay_rc_t
pay_rsa_sha256_verify(pay_str_t sig, pay_str_t in, const pay_key_t *public_key)
{
    pay_verify_t  *v;

    if (public_key->alg != PAY_ALG_RSA_SHA256) {
        return PAY_ERROR;
    }

    v = pay_verify_begin(public_key);
    if (v == NULL) {
        return PAY_ERROR;
    }

    pay_verify_add(v, in.data, in.len);

    return pay_verify_end(v, sig, PAY_SIG_DER);
}
