
/*
 * Copyright (C) the ngx_pay authors
 *
 * Signing, and the two forms of a signature that is a pair of numbers.
 */

#include <base/pay_base.h>
#include <crypto/pay_crypto.h>
#include <crypto/pay_key.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>


#define PAY_SIG_HALF  (PAY_SIG_RAW_LEN / 2)


pay_rc_t
pay_sign(pay_arena_t *a, pay_str_t *sig, pay_str_t in,
    const pay_key_t *private_key, pay_sig_form_t form)
{
    int          rc;
    pay_u8      *p;
    size_t       len;
    EVP_MD_CTX  *ctx;

    *sig = PAY_STR("");
    sig->data = NULL;

    if (!private_key->private) {
        return PAY_ERROR;
    }

    len = (size_t) EVP_PKEY_get_size(private_key->pkey);

    p = pay_alloc(a, len);
    if (p == NULL) {
        return PAY_ERROR;
    }

    ctx = pay_sig_context(private_key, EVP_DigestSignInit_ex);
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

    if (form == PAY_SIG_RAW && pay_sig_is_pair(private_key->alg)) {
        return pay_sig_to_raw(p, sig);
    }

    return PAY_OK;
}


pay_rc_t
pay_rsa_sha256_sign(pay_arena_t *a, pay_str_t *sig, pay_str_t in,
    const pay_key_t *private_key)
{
    if (private_key->alg != PAY_ALG_RSA_SHA256) {
        sig->len = 0;
        sig->data = NULL;
        return PAY_ERROR;
    }

    return pay_sign(a, sig, in, private_key, PAY_SIG_DER);
}


int
pay_sig_is_pair(pay_alg_t alg)
{
    return alg == PAY_ALG_ECDSA_P256_SHA256 || alg == PAY_ALG_SM2_SM3;
}


pay_rc_t
pay_sig_to_der(pay_u8 *out, pay_str_t *sig)
{
    int         len;
    BIGNUM     *r, *s;
    ECDSA_SIG  *pair;

    if (sig->len != PAY_SIG_RAW_LEN) {
        return PAY_DECLINED;
    }

    ERR_clear_error();

    pair = ECDSA_SIG_new();
    r = BN_bin2bn(sig->data, PAY_SIG_HALF, NULL);
    s = BN_bin2bn(sig->data + PAY_SIG_HALF, PAY_SIG_HALF, NULL);

    if (pair == NULL || ECDSA_SIG_set0(pair, r, s) != 1) {
        BN_free(r);
        BN_free(s);
        len = -1;

    } else {
        len = i2d_ECDSA_SIG(pair, &out);
    }

    ECDSA_SIG_free(pair);
    ERR_clear_error();

    if (len <= 0) {
        return PAY_ERROR;
    }

    sig->data = out - len;
    sig->len = len;

    return PAY_OK;
}


pay_rc_t
pay_sig_to_raw(pay_u8 *out, pay_str_t *sig)
{
    int            good;
    pay_u8         raw[PAY_SIG_RAW_LEN];
    ECDSA_SIG     *pair;
    const pay_u8  *p;

    ERR_clear_error();

    p = sig->data;
    pair = d2i_ECDSA_SIG(NULL, &p, sig->len);

    good = pair != NULL
           && BN_bn2binpad(ECDSA_SIG_get0_r(pair), raw, PAY_SIG_HALF)
              == PAY_SIG_HALF
           && BN_bn2binpad(ECDSA_SIG_get0_s(pair), raw + PAY_SIG_HALF,
                           PAY_SIG_HALF)
              == PAY_SIG_HALF;

    ECDSA_SIG_free(pair);
    ERR_clear_error();

    if (!good) {
        sig->len = 0;
        sig->data = NULL;
        return PAY_ERROR;
    }

    memcpy(out, raw, PAY_SIG_RAW_LEN);
    sig->len = PAY_SIG_RAW_LEN;
    sig->data = out;

    return PAY_OK;
}
