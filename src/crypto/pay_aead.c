
/*
 * Copyright (C) the ngx_pay authors
 *
 * AES-256-GCM with one size of each: key 32, nonce 12, tag 16.  Shorter tags
 * and other nonces weaken it, and no channel uses them.
 */

#include <base/pay_base.h>
#include <crypto/pay_crypto.h>

#include <limits.h>

#include <openssl/err.h>
#include <openssl/evp.h>


static EVP_CIPHER_CTX *pay_gcm_begin(pay_str_t nonce, pay_str_t aad,
    pay_str_t key, int seal);
static int pay_gcm_open(EVP_CIPHER_CTX *ctx, pay_u8 *out, pay_str_t in,
    const pay_u8 *tag);
static int pay_gcm_seal(EVP_CIPHER_CTX *ctx, pay_u8 *out, pay_str_t in,
    pay_u8 *tag);
static int pay_gcm_sizes(pay_str_t in, pay_str_t nonce, pay_str_t aad,
    pay_str_t key);


pay_rc_t
pay_aes256_gcm_open(pay_arena_t *a, pay_str_t *out, pay_str_t in,
    pay_str_t nonce, pay_str_t aad, pay_str_t key)
{
    int              good;
    pay_u8          *p;
    EVP_CIPHER_CTX  *ctx;

    out->len = 0;
    out->data = NULL;

    if (!pay_gcm_sizes(in, nonce, aad, key) || in.len < PAY_GCM_TAG_LEN) {
        return PAY_INVALID;
    }

    in.len -= PAY_GCM_TAG_LEN;

    p = pay_alloc(a, in.len + 1);
    if (p == NULL) {
        return PAY_ERROR;
    }

    ctx = pay_gcm_begin(nonce, aad, key, 0);
    if (ctx == NULL) {
        return PAY_ERROR;
    }

    good = pay_gcm_open(ctx, p, in, in.data + in.len);

    EVP_CIPHER_CTX_free(ctx);

    if (!good) {
        pay_wipe(p, in.len);
        ERR_clear_error();
        return PAY_DECLINED;
    }

    p[in.len] = '\0';
    out->len = in.len;
    out->data = p;

    return PAY_OK;
}


pay_rc_t
pay_aes256_gcm_seal(pay_arena_t *a, pay_str_t *out, pay_str_t in,
    pay_str_t nonce, pay_str_t aad, pay_str_t key)
{
    int              good;
    pay_u8          *p;
    EVP_CIPHER_CTX  *ctx;

    out->len = 0;
    out->data = NULL;

    if (!pay_gcm_sizes(in, nonce, aad, key)) {
        return PAY_INVALID;
    }

    p = pay_alloc(a, in.len + PAY_GCM_TAG_LEN);
    if (p == NULL) {
        return PAY_ERROR;
    }

    ctx = pay_gcm_begin(nonce, aad, key, 1);
    if (ctx == NULL) {
        return PAY_ERROR;
    }

    good = pay_gcm_seal(ctx, p, in, p + in.len);

    EVP_CIPHER_CTX_free(ctx);

    if (!good) {
        pay_wipe(p, in.len + PAY_GCM_TAG_LEN);
        ERR_clear_error();
        return PAY_ERROR;
    }

    out->len = in.len + PAY_GCM_TAG_LEN;
    out->data = p;

    return PAY_OK;
}


static EVP_CIPHER_CTX *
pay_gcm_begin(pay_str_t nonce, pay_str_t aad, pay_str_t key, int seal)
{
    int              n;
    EVP_CIPHER_CTX  *ctx;

    ERR_clear_error();

    ctx = EVP_CIPHER_CTX_new();
    if (ctx == NULL) {
        goto failed;
    }

    if (EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, key.data, nonce.data,
                          seal)
        != 1)
    {
        goto failed;
    }

    if (aad.len != 0
        && EVP_CipherUpdate(ctx, NULL, &n, aad.data, (int) aad.len) != 1)
    {
        goto failed;
    }

    return ctx;

failed:

    EVP_CIPHER_CTX_free(ctx);
    ERR_clear_error();

    return NULL;
}


/*
 * Update and Final, never EVP_Cipher(): that one has taken forgeries with an
 * empty ciphertext (CVE-2026-75803).
 */

static int
pay_gcm_open(EVP_CIPHER_CTX *ctx, pay_u8 *out, pay_str_t in,
    const pay_u8 *tag)
{
    int  n;

    n = 0;

    if (in.len != 0
        && EVP_DecryptUpdate(ctx, out, &n, in.data, (int) in.len) != 1)
    {
        return 0;
    }

    if ((size_t) n != in.len) {
        return 0;
    }

    if (EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, PAY_GCM_TAG_LEN,
                            (void *) tag)
        != 1)
    {
        return 0;
    }

    return EVP_DecryptFinal_ex(ctx, out + in.len, &n) == 1;
}


static int
pay_gcm_seal(EVP_CIPHER_CTX *ctx, pay_u8 *out, pay_str_t in, pay_u8 *tag)
{
    int  n;

    n = 0;

    if (in.len != 0
        && EVP_EncryptUpdate(ctx, out, &n, in.data, (int) in.len) != 1)
    {
        return 0;
    }

    if ((size_t) n != in.len) {
        return 0;
    }

    if (EVP_EncryptFinal_ex(ctx, out + in.len, &n) != 1) {
        return 0;
    }

    return EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, PAY_GCM_TAG_LEN,
                               tag)
           == 1;
}


/* libcrypto counts in int */

static int
pay_gcm_sizes(pay_str_t in, pay_str_t nonce, pay_str_t aad, pay_str_t key)
{
    return key.len == PAY_GCM_KEY_LEN
           && nonce.len == PAY_GCM_NONCE_LEN
           && in.len <= INT_MAX - PAY_GCM_TAG_LEN
           && aad.len <= INT_MAX;
}
