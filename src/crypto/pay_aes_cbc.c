
/*
 * Copyright (C) the ngx_pay authors
 *
 * AES-CBC with PKCS #7, for channels whose texts are signed outside of it:
 * alone it protects nothing from being changed.
 */

#include <base/pay_base.h>
#include <crypto/pay_crypto.h>

#include <limits.h>

#include <openssl/err.h>
#include <openssl/evp.h>


static const EVP_CIPHER *
pay_cbc_cipher(size_t key_len)
{
    switch (key_len) {

    case 16:
        return EVP_aes_128_cbc();

    case 24:
        return EVP_aes_192_cbc();

    case 32:
        return EVP_aes_256_cbc();

    default:
        return NULL;
    }
}


static pay_rc_t
pay_cbc_run(pay_arena_t *a, pay_str_t *out, pay_str_t in, pay_str_t iv,
    pay_str_t key, int seal)
{
    int                n, rest, good;
    pay_u8            *p;
    EVP_CIPHER_CTX    *ctx;
    const EVP_CIPHER  *cipher;

    out->len = 0;
    out->data = NULL;

    cipher = pay_cbc_cipher(key.len);

    if (cipher == NULL || iv.len != PAY_CBC_IV_LEN
        || in.len > INT_MAX - 2 * PAY_CBC_IV_LEN
        || (!seal && (in.len == 0 || in.len % PAY_CBC_IV_LEN)))
    {
        return PAY_INVALID;
    }

    p = pay_alloc(a, in.len + PAY_CBC_IV_LEN + 1);
    if (p == NULL) {
        return PAY_ERROR;
    }

    ERR_clear_error();

    n = 0;
    rest = 0;
    ctx = EVP_CIPHER_CTX_new();

    good = ctx != NULL
           && EVP_CipherInit_ex(ctx, cipher, NULL, key.data, iv.data, seal)
              == 1
           && EVP_CipherUpdate(ctx, p, &n, in.data, (int) in.len) == 1;

    if (!good) {
        EVP_CIPHER_CTX_free(ctx);
        ERR_clear_error();
        return PAY_ERROR;
    }

    good = EVP_CipherFinal_ex(ctx, p + n, &rest) == 1;

    EVP_CIPHER_CTX_free(ctx);
    ERR_clear_error();

    if (!good) {
        pay_wipe(p, in.len);
        return seal ? PAY_ERROR : PAY_DECLINED;
    }

    out->len = (size_t) n + (size_t) rest;
    out->data = p;
    p[out->len] = '\0';

    return PAY_OK;
}


pay_rc_t
pay_aes_cbc_open(pay_arena_t *a, pay_str_t *out, pay_str_t in, pay_str_t iv,
    pay_str_t key)
{
    return pay_cbc_run(a, out, in, iv, key, 0);
}


pay_rc_t
pay_aes_cbc_seal(pay_arena_t *a, pay_str_t *out, pay_str_t in, pay_str_t iv,
    pay_str_t key)
{
    return pay_cbc_run(a, out, in, iv, key, 1);
}
