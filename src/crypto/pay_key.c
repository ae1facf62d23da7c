
/*
 * Copyright (C) the ngx_pay authors
 *
 * Keys, and what one must be to be taken: libcrypto itself verifies with
 * RSA-512, and with e = 1 any forgery (docs/security.md, keys).
 */

#include <base/pay_base.h>
#include <crypto/pay_crypto.h>
#include <crypto/pay_key.h>

#include <stdlib.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>


#define PAY_RSA_MIN  2048
#define PAY_RSA_MAX  8192


static pay_rc_t pay_key_pem(pay_str_t pem, pay_pem_kind_t kind,
    pay_key_t **out, const char **why);
static const char *pay_key_policy(const EVP_PKEY *pkey);
static const char *pay_key_exponent(const EVP_PKEY *pkey);
static pay_rc_t pay_key_try(const pay_key_t *k, const char **why);


pay_rc_t
pay_key_private_pem(pay_str_t pem, pay_key_t **out, const char **why)
{
    pay_rc_t  rc;

    rc = pay_key_pem(pem, PAY_PEM_PRIVATE, out, why);
    if (rc != PAY_OK) {
        return rc;
    }

    rc = pay_key_try(*out, why);
    if (rc != PAY_OK) {
        pay_key_unref(*out);
        *out = NULL;
    }

    return rc;
}


pay_rc_t
pay_key_public_pem(pay_str_t pem, pay_key_t **out, const char **why)
{
    return pay_key_pem(pem, PAY_PEM_PUBLIC, out, why);
}


static pay_rc_t
pay_key_pem(pay_str_t pem, pay_pem_kind_t kind, pay_key_t **out,
    const char **why)
{
    pay_rc_t       rc;
    pay_der_t      der;
    EVP_PKEY      *pkey;
    const pay_u8  *p;

    *out = NULL;

    rc = pay_pem_read(pem, kind, &der, why);
    if (rc != PAY_OK) {
        return rc;
    }

    p = der.data;
    pkey = (kind == PAY_PEM_PRIVATE) ? d2i_AutoPrivateKey(NULL, &p, der.len)
                                     : d2i_PUBKEY(NULL, &p, der.len);

    if (pkey != NULL && p != der.data + der.len) {
        EVP_PKEY_free(pkey);
        pkey = NULL;
    }

    pay_der_free(&der);

    return pay_key_take(pkey, (kind == PAY_PEM_PRIVATE) ? PAY_KEY_RSA_PRIVATE
                                                        : PAY_KEY_RSA_PUBLIC,
                        out, why);
}


pay_rc_t
pay_key_take(EVP_PKEY *pkey, pay_key_kind_t kind, pay_key_t **out,
    const char **why)
{
    pay_key_t  *k;

    *why = (pkey == NULL) ? "the PEM object is damaged" : pay_key_policy(pkey);

    ERR_clear_error();

    if (*why != NULL) {
        EVP_PKEY_free(pkey);
        return PAY_INVALID;
    }

    k = malloc(sizeof(pay_key_t));
    if (k == NULL) {
        EVP_PKEY_free(pkey);
        *why = "no memory";
        return PAY_ERROR;
    }

    k->pkey = pkey;
    k->kind = kind;
    k->refs = 1;

    *out = k;

    return PAY_OK;
}


static const char *
pay_key_policy(const EVP_PKEY *pkey)
{
    int  bits;

    /* RSA-PSS is another type, and refused with the rest */

    if (!EVP_PKEY_is_a(pkey, "RSA")) {
        return "the key is not an RSA key";
    }

    bits = EVP_PKEY_get_bits(pkey);

    if (bits < PAY_RSA_MIN) {
        return "the RSA key is too small, 2048 bits is the least";
    }

    if (bits > PAY_RSA_MAX) {
        return "the RSA key is too large, 8192 bits is the most";
    }

    return pay_key_exponent(pkey);
}


static const char *
pay_key_exponent(const EVP_PKEY *pkey)
{
    int      odd, bits;
    BIGNUM  *e;

    e = NULL;

    if (EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e) != 1) {
        return "the RSA key has no exponent";
    }

    odd = BN_is_odd(e);
    bits = BN_num_bits(e);

    BN_free(e);

    if (!odd) {
        return "the RSA exponent is even";
    }

    /* of the odd numbers 65537 is the first with 17 bits */

    if (bits < 17) {
        return "the RSA exponent is too small, 65537 is the least";
    }

    /* libcrypto refuses longer ones at each use, if the modulus is large */

    if (bits > 64) {
        return "the RSA exponent is too large";
    }

    return NULL;
}


/* one changed character in the file, and every signature would be wrong */

static pay_rc_t
pay_key_try(const pay_key_t *k, const char **why)
{
    pay_rc_t      rc;
    pay_str_t     sig;
    pay_arena_t  *a;

    static const pay_str_t  text = pay_str("trial");

    a = pay_arena_create(0);
    if (a == NULL) {
        *why = "no memory";
        return PAY_ERROR;
    }

    rc = pay_rsa_sha256_sign(a, &sig, text, k);
    if (rc == PAY_OK) {
        rc = pay_rsa_sha256_verify(sig, text, k);
    }

    pay_arena_destroy(a);

    if (rc != PAY_OK) {
        *why = "the private key makes no valid signature";
        return PAY_INVALID;
    }

    return PAY_OK;
}


pay_key_t *
pay_key_ref(pay_key_t *k)
{
    __atomic_add_fetch(&k->refs, 1, __ATOMIC_RELAXED);

    return k;
}


void
pay_key_unref(pay_key_t *k)
{
    if (k == NULL || __atomic_sub_fetch(&k->refs, 1, __ATOMIC_ACQ_REL) != 0) {
        return;
    }

    EVP_PKEY_free(k->pkey);
    free(k);
}


pay_key_kind_t
pay_key_kind(const pay_key_t *k)
{
    return k->kind;
}


size_t
pay_key_signature_len(const pay_key_t *k)
{
    return (size_t) EVP_PKEY_get_size(k->pkey);
}


int
pay_key_match(const pay_key_t *private_key, const pay_key_t *public_key)
{
    int  equal;

    ERR_clear_error();

    equal = private_key->kind == PAY_KEY_RSA_PRIVATE
            && EVP_PKEY_eq(private_key->pkey, public_key->pkey) == 1;

    ERR_clear_error();

    return equal;
}
