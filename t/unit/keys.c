
/*
 * Copyright (C) the ngx_pay authors
 *
 * src/crypto: keys of every kind, their policy, signing and verifying.
 * All keys but those of published vectors are made at run time and thrown
 * away.  Rows of the threat catalogue: K-1, K-2, K-4, K-8, K-9, K-10, K-13,
 * K-16, K-20.
 */

#include "test.h"

#include <crypto/pay_crypto.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>


#define BYTES(p, n)  ((pay_str_t) { (n), (const pay_u8 *) (p) })

#define PAIR  64


typedef struct {
    const char  *name;
    pay_alg_t    alg;
    unsigned     kinds;
    EVP_PKEY    *pkey;
    pay_key_t   *private;
    pay_key_t   *public;
    pay_str_t    sig;           /* of text */
} kind_t;


static pay_arena_t  *arena;

static kind_t  kinds[] = {
    { "RSA", PAY_ALG_RSA_SHA256, PAY_KEYS_ANY, NULL, NULL, NULL, { 0, NULL } },
    { "RSA-PSS", PAY_ALG_RSA_PSS_SHA512, PAY_KEYS_RSA_PSS, NULL, NULL, NULL,
      { 0, NULL } },
    { "P-256", PAY_ALG_ECDSA_P256_SHA256, PAY_KEYS_ANY, NULL, NULL, NULL,
      { 0, NULL } },
    { "Ed25519", PAY_ALG_ED25519, PAY_KEYS_ANY, NULL, NULL, NULL,
      { 0, NULL } },
    { "SM2", PAY_ALG_SM2_SM3, PAY_KEYS_ANY, NULL, NULL, NULL, { 0, NULL } }
};

static kind_t  *const rsa = &kinds[0];
static kind_t  *const ec = &kinds[2];
static kind_t  *const sm2 = &kinds[4];

static const pay_str_t  text = pay_str("POST\n/v1/payments\n1732190400\n{}\n");


/* --- making things ------------------------------------------------------- */

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


static pay_str_t
pem_der(const char *label, const pay_u8 *der, long len)
{
    BIO  *bio;

    bio = BIO_new(BIO_s_mem());
    PEM_write_bio(bio, label, "", der, len);

    return take_bio(bio);
}


static pay_str_t
pem_cert(EVP_PKEY *pkey, int64_t from, int64_t to)
{
    BIO        *bio;
    X509       *x;
    X509_NAME  *name;

    x = X509_new();
    X509_set_version(x, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 7);

    name = X509_NAME_new();
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               (unsigned char *) "throwaway", -1, -1, 0);
    X509_set_subject_name(x, name);
    X509_set_issuer_name(x, name);
    X509_NAME_free(name);

    ASN1_TIME_set(X509_getm_notBefore(x), from);
    ASN1_TIME_set(X509_getm_notAfter(x), to);

    X509_set_pubkey(x, pkey);
    X509_sign(x, rsa->pkey, EVP_sha256());

    bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, x);
    X509_free(x);

    return take_bio(bio);
}


static pay_str_t
join(pay_str_t a, pay_str_t b)
{
    pay_buf_t  buf;

    pay_buf_init(&buf, arena, a.len + b.len + 1);
    pay_buf_adds(&buf, a);
    pay_buf_adds(&buf, b);

    return pay_buf_str(&buf);
}


static int
clean(const char *what, const char *name)
{
    return ok(ERR_peek_error() == 0, "%s, %s: the error queue is empty", name,
              what);
}


static pay_rc_t
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


static void
holds(pay_str_t sig, pay_str_t in, const pay_key_t *k, pay_sig_form_t form,
    const char *what, const char *name)
{
    ok(verify(sig, in, k, form) == PAY_OK, "%s, %s: holds", name, what);
    clean(what, name);
}


static void
declined(pay_str_t sig, pay_str_t in, const pay_key_t *k, pay_sig_form_t form,
    const char *what, const char *name)
{
    ok(verify(sig, in, k, form) == PAY_DECLINED, "%s, %s: declined", name,
       what);
    clean(what, name);
}


static void
make_kinds(void)
{
    kind_t      *k;
    const char  *why;

    kinds[0].pkey = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t) 2048);
    kinds[1].pkey = kinds[0].pkey;
    kinds[2].pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    kinds[3].pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    kinds[4].pkey = EVP_PKEY_Q_keygen(NULL, NULL, "SM2");
    ERR_clear_error();

    for (k = kinds; k < kinds + pay_nelts(kinds); k++) {
        why = "";

        if (pay_key_private_pem(pem_private(k->pkey), k->kinds, &k->private,
                                &why)
            != PAY_OK
            || pay_key_public_pem(pem_public(k->pkey), k->kinds, &k->public,
                                  &why)
               != PAY_OK
            || pay_sign(arena, &k->sig, text, k->private, PAY_SIG_DER)
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

    for (k = kinds; k < kinds + pay_nelts(kinds); k++) {
        pay_key_unref(k->private);
        pay_key_unref(k->public);

        if (k != kinds) {
            EVP_PKEY_free(k->pkey);
        }

        if (k == kinds) {
            EVP_PKEY_up_ref(k->pkey);
        }
    }

    EVP_PKEY_free(kinds[0].pkey);
}


/* --- sign, verify -------------------------------------------------------- */

static void
test_round(kind_t *k)
{
    size_t     i;
    int        wrong;
    pay_u8    *p;
    pay_str_t  sig, in;

    ok(pay_key_alg(k->private) == k->alg && pay_key_alg(k->public) == k->alg,
       "%s: its algorithm", k->name);

    holds(k->sig, text, k->public, PAY_SIG_DER, "a signature", k->name);
    holds(k->sig, text, k->private, PAY_SIG_DER, "by the private key",
          k->name);

    /* flipped bits, of the signature and of the text */

    p = (pay_u8 *) pay_str_dup(arena, k->sig).data;
    sig = BYTES(p, k->sig.len);
    wrong = 0;

    for (i = 0; i < sig.len * 8; i += (k->alg == PAY_ALG_SM2_SM3) ? 7 : 3) {
        p[i / 8] ^= 1 << i % 8;
        wrong += verify(sig, text, k->public, PAY_SIG_DER) != PAY_DECLINED;
        wrong += ERR_peek_error() != 0;
        p[i / 8] ^= 1 << i % 8;
    }

    ok(wrong == 0, "%s: no flipped bit of a signature holds", k->name);

    p = (pay_u8 *) pay_str_dup(arena, text).data;
    in = BYTES(p, text.len);
    wrong = 0;

    for (i = 0; i < in.len * 8; i += 11) {
        p[i / 8] ^= 1 << i % 8;
        wrong += verify(k->sig, in, k->public, PAY_SIG_DER) != PAY_DECLINED;
        p[i / 8] ^= 1 << i % 8;
    }

    ok(wrong == 0, "%s: no flipped bit of a text holds", k->name);
}


int
main(void)
{
    kind_t  *k;

    arena = pay_arena_create(0);
    make_kinds();

    for (k = kinds; k < kinds + pay_nelts(kinds); k++) {
        test_round(k);
    }

    (void) ec; (void) sm2; (void) pem_cert; (void) pem_der; (void) join;
    (void) declined;
    free_kinds();
    pay_arena_destroy(arena);

    return done();
}
