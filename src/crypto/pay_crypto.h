
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


/*
 * Keys.  pay_key_t is reference-counted, by an atomic count.  The policy
 * (docs/security.md, keys): RSA 2048 to 8192 bits, e odd and >= 65537; one
 * PEM object of the kind that was asked for, at most 16 KiB, no passphrase.
 */

typedef struct pay_key_s  pay_key_t;

typedef enum {
    PAY_KEY_RSA_PUBLIC = 1,
    PAY_KEY_RSA_PRIVATE
} pay_key_kind_t;

/*
 * PAY_INVALID: *why is a constant text for the operator, as "RSA key of 1024
 * bits is too small, 2048 is the least".
 */
pay_rc_t pay_key_private_pem(pay_str_t pem, pay_key_t **out, const char **why);
pay_rc_t pay_key_public_pem(pay_str_t pem, pay_key_t **out, const char **why);

/* an X.509 certificate: its public key, serial and validity */

typedef struct {
    pay_key_t  *key;
    char        serial[64];     /* upper-case hex, leading zeros kept, NUL */
    int64_t     not_before;
    int64_t     not_after;
} pay_cert_t;

pay_rc_t pay_cert_pem(pay_str_t pem, pay_cert_t *out, const char **why);

pay_key_t *pay_key_ref(pay_key_t *k);
void pay_key_unref(pay_key_t *k);                           /* NULL is fine */
pay_key_kind_t pay_key_kind(const pay_key_t *k);
size_t pay_key_signature_len(const pay_key_t *k);

/* 1 if the private key belongs to the certificate's public key */
int pay_key_match(const pay_key_t *private_key, const pay_key_t *public_key);

/* RSASSA-PKCS1-v1_5 with SHA-256; *sig in the arena, raw bytes */
pay_rc_t pay_rsa_sha256_sign(pay_arena_t *a, pay_str_t *sig, pay_str_t in,
    const pay_key_t *private_key);
pay_rc_t pay_rsa_sha256_verify(pay_str_t sig, pay_str_t in,
    const pay_key_t *public_key);


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
 * The bytes of a secret's file -> the secret: one line end at the end is cut.
 * PAY_INVALID with *why: too short (min), too long, empty, one repeated byte,
 * NUL or line end inside.  The result points into file.
 */
pay_rc_t pay_secret_file(pay_str_t file, size_t min, pay_str_t *out,
    const char **why);


#endif /* PAY_CRYPTO_H_INCLUDED */
