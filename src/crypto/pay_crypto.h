
/*
 * Copyright (C) the ngx_pay authors
 *
 * The only door to libcrypto.  Argument order: out, in, key.  Every failure
 * leaves the thread's error queue empty.  Keys may be used by several threads
 * at once.
 *
 * PAY_OK is the only success of a verification: PAY_DECLINED says that the
 * signature does not hold, PAY_ERROR that libcrypto failed.
 */

#ifndef PAY_CRYPTO_H_INCLUDED
#define PAY_CRYPTO_H_INCLUDED


#include <base/pay_base.h>


#define PAY_SHA256_LEN      32
#define PAY_GCM_KEY_LEN     32
#define PAY_GCM_NONCE_LEN   12
#define PAY_GCM_TAG_LEN     16
#define PAY_SECRET_MIN      16
#define PAY_SECRET_MAX      4096


/* 0 on success */
int pay_sha256(pay_u8 out[PAY_SHA256_LEN], pay_str_t in);
int pay_random(pay_u8 *out, size_t n);


/* HMAC-SHA256, its key schedule prepared once; streaming over many pieces */

typedef struct pay_mac_key_s  pay_mac_key_t;
typedef struct pay_mac_s      pay_mac_t;

pay_mac_key_t *pay_mac_key_create(pay_str_t secret);        /* NULL: memory */
void pay_mac_key_destroy(pay_mac_key_t *k);

pay_mac_t *pay_mac_begin(const pay_mac_key_t *k);           /* NULL: memory */
void pay_mac_add(pay_mac_t *m, const void *p, size_t n);
/* frees m; 0 on success */
int pay_mac_end(pay_u8 out[PAY_SHA256_LEN], pay_mac_t *m);
void pay_mac_drop(pay_mac_t *m);

/* of one piece */
int pay_hmac_sha256(pay_u8 out[PAY_SHA256_LEN], pay_str_t in,
    const pay_mac_key_t *k);


/* a digest of many pieces */

typedef struct pay_hash_s  pay_hash_t;

typedef enum {
    PAY_HASH_SHA256 = 0,    /* 32 bytes */
    PAY_HASH_SHA512,        /* 64 bytes */
    PAY_HASH_SHA1           /* 20 bytes: where a channel has nothing else */
} pay_hash_kind_t;

pay_hash_t *pay_hash_begin(pay_hash_kind_t kind);           /* NULL: memory */
void pay_hash_add(pay_hash_t *h, const void *p, size_t n);
/* frees h; 0 on success */
int pay_hash_end(pay_u8 *out, pay_hash_t *h);
void pay_hash_drop(pay_hash_t *h);                          /* NULL is fine */


/*
 * Keys.  pay_key_t is reference-counted, by an atomic count.  The algorithm
 * is a property of the key, and no message may choose it.
 *
 * The policy (docs/security.md, keys): RSA of 2048 to 8192 bits, e odd and
 * >= 65537; EC on the named curve P-256; Ed25519; SM2 of that type.  One PEM
 * object of the kind that was asked for, at most 16 KiB, no passphrase.
 */

typedef struct pay_key_s  pay_key_t;

typedef enum {
    PAY_ALG_NONE = 0,
    PAY_ALG_HMAC_SHA256,        /* a pay_mac_key_t, never a pay_key_t */
    PAY_ALG_RSA_SHA256,         /* RSASSA-PKCS1-v1_5 */
    PAY_ALG_RSA_PSS_SHA512,     /* salt of 64 bytes, MGF1 with SHA-512 */
    PAY_ALG_ECDSA_P256_SHA256,
    PAY_ALG_ED25519,
    PAY_ALG_SM2_SM3,            /* with the id 1234567812345678 */
    PAY_ALG_MAX
} pay_alg_t;

/* which keys a place takes: a set of these, one bit by pay_alg_t */

#define PAY_KEYS_RSA      (1u << PAY_ALG_RSA_SHA256)
#define PAY_KEYS_RSA_PSS  (1u << PAY_ALG_RSA_PSS_SHA512)
#define PAY_KEYS_ANY      (PAY_KEYS_RSA | 1u << PAY_ALG_ECDSA_P256_SHA256    \
                           | 1u << PAY_ALG_ED25519 | 1u << PAY_ALG_SM2_SM3)

/*
 * PAY_INVALID: *why is a constant text for the operator, as "the RSA key is
 * too small, 2048 bits is the least".  An RSA key becomes one of RSA_PSS
 * where the set has that and not RSA.
 */
pay_rc_t pay_key_private_pem(pay_str_t pem, unsigned kinds, pay_key_t **out,
    const char **why);
pay_rc_t pay_key_public_pem(pay_str_t pem, unsigned kinds, pay_key_t **out,
    const char **why);

/*
 * The bytes of a file with one "PUBLIC KEY" or one X.509 certificate.
 * *not_after: when the certificate ends, 0 for a bare key; may be NULL.
 */
pay_rc_t pay_key_public_file(pay_str_t file, unsigned kinds, pay_key_t **out,
    int64_t *not_after, const char **why);

/*
 * The same for many files, a few times as fast.  A reader is for one thread,
 * and may go before its keys do.
 */

typedef struct pay_key_reader_s  pay_key_reader_t;

pay_key_reader_t *pay_key_reader_create(void);              /* NULL: memory */
void pay_key_reader_destroy(pay_key_reader_t *r);           /* NULL is fine */
pay_rc_t pay_key_reader_file(pay_key_reader_t *r, pay_str_t file,
    unsigned kinds, pay_key_t **out, int64_t *not_after, const char **why);

/*
 * The one private key that an OSSL_STORE URI leads to: a file of any form
 * that libcrypto reads, or a token by a provider (PKCS #11).  Nothing ever
 * asks for a passphrase or a PIN, and none may be in the URI itself.
 * detail: libcrypto's own words, "" where it has none.
 */
pay_rc_t pay_key_private_store(const char *uri, unsigned kinds,
    pay_key_t **out, const char **why, char *detail, size_t size);

/*
 * To be called in every process that fork() made, before its threads start:
 * a token opens its session at a key's first use, and not by two at once.
 * 0 if the key may be used.
 */
int pay_key_wake(const pay_key_t *private_key);

/* an X.509 certificate: its public key, serial and validity */

typedef struct {
    pay_key_t  *key;
    char        serial[64];     /* upper-case hex, leading zeros kept, NUL */
    int64_t     not_before;
    int64_t     not_after;
} pay_cert_t;

pay_rc_t pay_cert_pem(pay_str_t pem, unsigned kinds, pay_cert_t *out,
    const char **why);

/* one that the key signs for itself, in PEM; serial: bytes of a number */
pay_rc_t pay_cert_make(pay_arena_t *a, pay_str_t *pem, pay_str_t serial,
    const char *name, int64_t not_before, int64_t not_after,
    const pay_key_t *private_key);

/*
 * Several X.509 certificates, in the order of the file: a leaf and its
 * issuers, or roots.  At most PAY_CERTS_MAX in 64 KiB; text between them is
 * passed over.
 */

#define PAY_CERTS_MAX  16
#define PAY_CERT_SN    33           /* MD5 in hex, NUL */

typedef struct pay_certs_s  pay_certs_t;

pay_rc_t pay_certs_pem(pay_str_t pem, pay_certs_t **out, const char **why);
void pay_certs_destroy(pay_certs_t *c);                     /* NULL is fine */

size_t pay_certs_count(const pay_certs_t *c);

/* the i-th one, from 0: its key by kinds, serial and validity */
pay_rc_t pay_certs_get(const pay_certs_t *c, size_t i, unsigned kinds,
    pay_cert_t *out, const char **why);

/*
 * Alipay's serial number of the i-th one: MD5 of its issuer (RFC 2253) and
 * the decimal serial.  A name, not a proof of anything.  0 on success.
 */
int pay_certs_sn(const pay_certs_t *c, size_t i, char out[PAY_CERT_SN]);

/* the kind of key that signed the i-th one: PAY_KEYS_RSA, SM2's, or 0 */
unsigned pay_certs_signer(const pay_certs_t *c, size_t i);

/*
 * Whether a chain leads from the first one of c, by the others of it and those
 * of more (which may be NULL), to one of roots, all of them valid at now.
 * PAY_DECLINED: it does not.
 */
pay_rc_t pay_certs_verify(const pay_certs_t *c, const pay_certs_t *more,
    const pay_certs_t *roots, int64_t now);

/*
 * A public key whose private half nobody has: what has no key of its own is
 * verified under this one, and costs as much (K-13).  NULL: no memory, or
 * libcrypto has no such algorithm; always for NONE and HMAC_SHA256.
 */
pay_key_t *pay_key_dummy(pay_alg_t alg);

pay_key_t *pay_key_ref(pay_key_t *k);
void pay_key_unref(pay_key_t *k);                           /* NULL is fine */
pay_alg_t pay_key_alg(const pay_key_t *k);

/* SHA-256 of SubjectPublicKeyInfo in DER: the same for the same key, however
 * it was written; 0 on success */
int pay_key_digest(pay_u8 out[PAY_SHA256_LEN], const pay_key_t *k);

/* 1 if the private key belongs to the certificate's public key */
int pay_key_match(const pay_key_t *private_key, const pay_key_t *public_key);


/*
 * Signatures.  What comes from the network can only make PAY_DECLINED: a
 * wrong length, broken DER, numbers out of range.  DER is strict.  ECDSA is
 * malleable by nature: (r, n - s) holds where (r, s) does, so that a
 * signature never identifies anything (K-8).
 */

typedef enum {
    PAY_SIG_DER = 0,        /* ECDSA, SM2: ASN.1 */
    PAY_SIG_RAW             /* r || s, 64 bytes */
} pay_sig_form_t;           /* other algorithms have one form */

/* Ed25519 reads its text twice, so that all of it must be kept */
#define PAY_VERIFY_KEPT_MAX  (16 * 1024 * 1024)

typedef struct pay_verify_s  pay_verify_t;

/* NULL: no memory, or libcrypto failed.  The key may go before v does. */
pay_verify_t *pay_verify_begin(const pay_key_t *public_key);
void pay_verify_add(pay_verify_t *v, const void *p, size_t n);
/*
 * Frees v.  PAY_INVALID: a text of more than PAY_VERIFY_KEPT_MAX bytes, under
 * an Ed25519 key.
 */
pay_rc_t pay_verify_end(pay_verify_t *v, pay_str_t sig, pay_sig_form_t form);
void pay_verify_drop(pay_verify_t *v);                      /* NULL is fine */

/* *sig in the arena, raw bytes; PAY_ERROR for a public key too */
pay_rc_t pay_sign(pay_arena_t *a, pay_str_t *sig, pay_str_t in,
    const pay_key_t *private_key, pay_sig_form_t form);

/* of one piece, and only with a key of PAY_ALG_RSA_SHA256: PAY_ERROR else */
pay_rc_t pay_rsa_sha256_sign(pay_arena_t *a, pay_str_t *sig, pay_str_t in,
    const pay_key_t *private_key);
pay_rc_t pay_rsa_sha256_verify(pay_str_t sig, pay_str_t in,
    const pay_key_t *public_key);


/*
 * RSA-OAEP with SHA-1, MGF1 with SHA-1, no label.  PAY_INVALID: in is longer
 * than the key's bytes less PAY_OAEP_SPARE.  PAY_ERROR: for another than an
 * RSA key, too.
 */
#define PAY_OAEP_SPARE  42

pay_rc_t pay_rsa_oaep_seal(pay_arena_t *a, pay_str_t *out, pay_str_t in,
    const pay_key_t *public_key);

/* PAY_DECLINED: it was not written to this key */
pay_rc_t pay_rsa_oaep_open(pay_arena_t *a, pay_str_t *out, pay_str_t in,
    const pay_key_t *private_key);

/* PEM, "PUBLIC KEY", of a private key its public half; data NULL: it failed */
pay_str_t pay_key_public_text(pay_arena_t *a, const pay_key_t *k);


/*
 * AES-256-GCM.  in of open is ciphertext and 16 bytes of tag.  nonce is 12
 * bytes, key 32; any other length is PAY_INVALID.  A tag that does not hold
 * is PAY_DECLINED and no plaintext is left.
 */
pay_rc_t pay_aes256_gcm_open(pay_arena_t *a, pay_str_t *out, pay_str_t in,
    pay_str_t nonce, pay_str_t aad, pay_str_t key);
pay_rc_t pay_aes256_gcm_seal(pay_arena_t *a, pay_str_t *out, pay_str_t in,
    pay_str_t nonce, pay_str_t aad, pay_str_t key);


/*
 * AES-CBC with PKCS #7, by a key of 16, 24 or 32 bytes and an iv of 16: any
 * other length, and a ciphertext that is not of whole blocks, is PAY_INVALID.
 * PAY_DECLINED: the padding does not hold.  To be opened only behind a
 * signature that was verified.
 */
#define PAY_CBC_IV_LEN  16

pay_rc_t pay_aes_cbc_open(pay_arena_t *a, pay_str_t *out, pay_str_t in,
    pay_str_t iv, pay_str_t key);
pay_rc_t pay_aes_cbc_seal(pay_arena_t *a, pay_str_t *out, pay_str_t in,
    pay_str_t iv, pay_str_t key);


/*
 * The bytes of a secret's file -> the secret: one line end at the end is cut.
 * PAY_INVALID with *why: too short (min), too long, empty, one repeated byte,
 * NUL or line end inside.  The result points into file.
 */
pay_rc_t pay_secret_file(pay_str_t file, size_t min, pay_str_t *out,
    const char **why);


#endif /* PAY_CRYPTO_H_INCLUDED */
