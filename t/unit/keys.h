
/*
 * Copyright (C) the ngx_pay authors
 *
 * For the tests of keys and signatures: one key of each kind, made at run
 * time and thrown away.
 */

#ifndef PAY_TEST_KEYS_H_INCLUDED
#define PAY_TEST_KEYS_H_INCLUDED


#include "test.h"

#include <crypto/pay_crypto.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>


#define BYTES(p, n)  ((pay_str_t) { (n), (const pay_u8 *) (p) })


typedef struct {
    const char  *name;
    pay_alg_t    alg;
    unsigned     kinds;
    int          pair;          /* both forms */
    EVP_PKEY    *pkey;
    pay_key_t   *private;
    pay_key_t   *public;
} kind_t;


static pay_arena_t  *arena;

static kind_t  kinds[] = {
    { "RSA", PAY_ALG_RSA_SHA256, PAY_KEYS_ANY, 0, NULL, NULL, NULL },
    { "RSA-PSS", PAY_ALG_RSA_PSS_SHA512, PAY_KEYS_RSA_PSS, 0, NULL, NULL,
      NULL },
    { "P-256", PAY_ALG_ECDSA_P256_SHA256, PAY_KEYS_ANY, 1, NULL, NULL, NULL },
    { "Ed25519", PAY_ALG_ED25519, PAY_KEYS_ANY, 0, NULL, NULL, NULL },
    { "SM2", PAY_ALG_SM2_SM3, PAY_KEYS_ANY, 1, NULL, NULL, NULL }
};

#define KINDS  (kinds + pay_nelts(kinds))

static UNUSED kind_t  *const rsa = &kinds[0];
static UNUSED kind_t  *const pss = &kinds[1];
static UNUSED kind_t  *const ec = &kinds[2];
static UNUSED kind_t  *const ed = &kinds[3];
static UNUSED kind_t  *const sm2 = &kinds[4];


static int
clean(const char *name)
{
    return ok(ERR_peek_error() == 0, "%s: the error queue is empty", name);
}


static pay_str_t
take_bio(BIO *bio)
{
    long        n;
    char       *p;
    pay_str_t   s;

    n = BIO_get_mem_data(bio, &p);
    s = pay_str_dup(arena, BYTES(p, n));
    BIO_free(bio);

    return s;
}


static pay_str_t
pem_private(EVP_PKEY *pkey)
{
    BIO  *bio;

    bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL);

    return take_bio(bio);
}


static pay_str_t
pem_public(EVP_PKEY *pkey)
{
    BIO  *bio;

    bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PUBKEY(bio, pkey);

    return take_bio(bio);
}


/* any bytes under any label */

static UNUSED pay_str_t
pem_label(const char *label, const pay_u8 *der, long len)
{
    BIO  *bio;

    bio = BIO_new(BIO_s_mem());
    PEM_write_bio(bio, label, "", der, len);

    return take_bio(bio);
}


static void
make_kinds(void)
{
    kind_t      *k;
    const char  *why;

    arena = pay_arena_create(0);

    rsa->pkey = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t) 2048);
    pss->pkey = EVP_PKEY_dup(rsa->pkey);
    ec->pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    ed->pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    sm2->pkey = EVP_PKEY_Q_keygen(NULL, NULL, "SM2");
    ERR_clear_error();

    for (k = kinds; k < KINDS; k++) {
        why = "";

        if (pay_key_private_pem(pem_private(k->pkey), k->kinds, &k->private,
                                &why)
            != PAY_OK
            || pay_key_public_pem(pem_public(k->pkey), k->kinds, &k->public,
                                  &why)
               != PAY_OK)
        {
            ok(0, "%s: %s", k->name, why);
            exit(1);
        }
    }
}


static void
free_kinds(void)
{
    kind_t  *k;

    for (k = kinds; k < KINDS; k++) {
        pay_key_unref(k->private);
        pay_key_unref(k->public);
        EVP_PKEY_free(k->pkey);
    }

    pay_arena_destroy(arena);
}


static UNUSED pay_rc_t
verify(pay_str_t sig, pay_str_t in, const pay_key_t *k, pay_sig_form_t form)
{
    pay_verify_t  *v;

    v = pay_verify_begin(k);
    if (v == NULL) {
        return PAY_ERROR;
    }

    pay_verify_add(v, in.data, in.len);

    return pay_verify_end(v, sig, form);
}


#endif /* PAY_TEST_KEYS_H_INCLUDED */
