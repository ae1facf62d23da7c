
/*
 * Copyright (C) the ngx_pay authors
 *
 * Keys: from PEM text to one that may be used, and their life.
 */

#include <base/pay_base.h>
#include <crypto/pay_crypto.h>
#include <crypto/pay_key.h>

#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>


static pay_rc_t pay_key_pem(pay_key_reader_t *r, pay_str_t pem,
    pay_pem_kind_t kind, unsigned kinds, pay_key_t **out, const char **why);
static EVP_PKEY *pay_key_der(const pay_der_t *der, pay_pem_kind_t kind);
static pay_key_t *pay_key_create(EVP_PKEY *pkey, pay_alg_t alg, int private);
static int pay_key_is_cert(pay_str_t file);
static int pay_key_works(const pay_key_t *k);
static EVP_PKEY *pay_key_half(const pay_key_t *k);


pay_rc_t
pay_key_private_pem(pay_str_t pem, unsigned kinds, pay_key_t **out,
    const char **why)
{
    return pay_key_pem(NULL, pem, PAY_PEM_PRIVATE, kinds, out, why);
}


pay_rc_t
pay_key_public_pem(pay_str_t pem, unsigned kinds, pay_key_t **out,
    const char **why)
{
    return pay_key_pem(NULL, pem, PAY_PEM_PUBLIC, kinds, out, why);
}


pay_rc_t
pay_key_public_file(pay_str_t file, unsigned kinds, pay_key_t **out,
    int64_t *not_after, const char **why)
{
    return pay_key_reader_file(NULL, file, kinds, out, not_after, why);
}


pay_rc_t
pay_key_reader_file(pay_key_reader_t *r, pay_str_t file, unsigned kinds,
    pay_key_t **out, int64_t *not_after, const char **why)
{
    pay_rc_t    rc;
    pay_cert_t  cert;

    cert.not_after = 0;

    if (pay_key_is_cert(file)) {
        rc = pay_cert_pem(file, kinds, &cert, why);
        *out = cert.key;

    } else {
        rc = pay_key_pem(r, file, PAY_PEM_PUBLIC, kinds, out, why);
    }

    if (not_after != NULL) {
        *not_after = cert.not_after;
    }

    return rc;
}


/* whether it is whole, and alone, is seen when it is read */

static int
pay_key_is_cert(pay_str_t file)
{
    size_t  i;

    static const char  mark[] = "-----BEGIN CERTIFICATE-----";

    for (i = 0; i + sizeof(mark) - 1 <= file.len; i++) {
        if (memcmp(file.data + i, mark, sizeof(mark) - 1) == 0) {
            return 1;
        }
    }

    return 0;
}


static pay_rc_t
pay_key_pem(pay_key_reader_t *r, pay_str_t pem, pay_pem_kind_t kind,
    unsigned kinds, pay_key_t **out, const char **why)
{
    pay_rc_t    rc;
    EVP_PKEY   *pkey;
    pay_der_t   der;

    *out = NULL;

    rc = pay_pem_read(pem, kind, &der, why);
    if (rc != PAY_OK) {
        return rc;
    }

    pkey = (r == NULL) ? pay_key_der(&der, kind) : pay_key_reader_get(r, &der);

    pay_der_free(&der);

    return pay_key_take(pkey, kinds, kind == PAY_PEM_PRIVATE, out, why);
}


static EVP_PKEY *
pay_key_der(const pay_der_t *der, pay_pem_kind_t kind)
{
    EVP_PKEY      *pkey;
    const pay_u8  *p;

    p = der->data;
    pkey = (kind == PAY_PEM_PRIVATE) ? d2i_AutoPrivateKey(NULL, &p, der->len)
                                     : d2i_PUBKEY(NULL, &p, der->len);

    if (pkey != NULL && p != der->data + der->len) {
        EVP_PKEY_free(pkey);
        return NULL;
    }

    return pkey;
}


pay_rc_t
pay_key_take(EVP_PKEY *pkey, unsigned kinds, int private, pay_key_t **out,
    const char **why)
{
    pay_alg_t   alg;
    pay_key_t  *k;

    *out = NULL;
    *why = "the PEM object is damaged";

    alg = (pkey == NULL) ? PAY_ALG_NONE
                         : pay_key_policy(pkey, kinds, private, why);

    ERR_clear_error();

    if (alg == PAY_ALG_NONE) {
        EVP_PKEY_free(pkey);
        return PAY_INVALID;
    }

    k = pay_key_create(pkey, alg, private);
    if (k == NULL) {
        *why = "no memory";
        return PAY_ERROR;
    }

    /* one changed character in the file, and every signature were wrong */

    if (private && !pay_key_works(k)) {
        *why = "the private key makes no valid signature";
        pay_key_unref(k);
        return PAY_INVALID;
    }

    *out = k;

    return PAY_OK;
}


static pay_key_t *
pay_key_create(EVP_PKEY *pkey, pay_alg_t alg, int private)
{
    pay_key_t  *k;

    k = malloc(sizeof(pay_key_t));
    if (k == NULL) {
        EVP_PKEY_free(pkey);
        return NULL;
    }

    k->pkey = pkey;
    k->alg = alg;
    k->refs = 1;
    k->private = private;
    k->stored = 0;

    return k;
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


pay_alg_t
pay_key_alg(const pay_key_t *k)
{
    return k->alg;
}


int
pay_key_wake(const pay_key_t *private_key)
{
    return !private_key->stored || pay_key_works(private_key) ? 0 : -1;
}


/* a token's key may be good for signing only: then libcrypto verifies */

static int
pay_key_works(const pay_key_t *k)
{
    int        good;
    pay_key_t  half;

    if (pay_key_match(k, k)) {
        return 1;
    }

    half = *k;
    half.pkey = pay_key_half(k);

    good = half.pkey != NULL && pay_key_match(k, &half);

    EVP_PKEY_free(half.pkey);

    return good;
}


static EVP_PKEY *
pay_key_half(const pay_key_t *k)
{
    int            len;
    pay_u8        *der;
    EVP_PKEY      *pkey;
    const pay_u8  *p;

    der = NULL;
    len = i2d_PUBKEY(k->pkey, &der);

    p = der;
    pkey = (len > 0) ? d2i_PUBKEY(NULL, &p, len) : NULL;

    OPENSSL_free(der);
    ERR_clear_error();

    return pkey;
}


/* asked of a signature, because a token tells little else about its keys */

int
pay_key_match(const pay_key_t *private_key, const pay_key_t *public_key)
{
    pay_rc_t       rc;
    pay_str_t      sig;
    pay_arena_t   *a;
    pay_verify_t  *v;

    static const pay_str_t  text = pay_str("trial");

    a = pay_arena_create(0);
    if (a == NULL) {
        return 0;
    }

    v = pay_verify_begin(public_key);
    rc = pay_sign(a, &sig, text, private_key, PAY_SIG_DER);

    if (v != NULL && rc == PAY_OK) {
        pay_verify_add(v, text.data, text.len);
        rc = pay_verify_end(v, sig, PAY_SIG_DER);

    } else {
        pay_verify_drop(v);
        rc = PAY_ERROR;
    }

    pay_arena_destroy(a);

    return rc == PAY_OK;
}


int
pay_key_digest(pay_u8 out[PAY_SHA256_LEN], const pay_key_t *k)
{
    int        rc, len;
    pay_u8    *der;
    pay_str_t  s;

    der = NULL;
    len = i2d_PUBKEY(k->pkey, &der);

    ERR_clear_error();

    if (len <= 0) {
        return -1;
    }

    s.len = len;
    s.data = der;
    rc = pay_sha256(out, s);

    OPENSSL_free(der);

    return rc;
}
