
/*
 * Copyright (C) the ngx_pay authors
 *
 * The other half of pay_oaep.c: for whoever was written to.
 */

#include <base/pay_base.h>
#include <crypto/pay_crypto.h>
#include <crypto/pay_key.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>


pay_rc_t
pay_rsa_oaep_open(pay_arena_t *a, pay_str_t *out, pay_str_t in,
    const pay_key_t *private_key)
{
    pay_u8        *p;
    size_t         len;
    pay_rc_t       rc;
    EVP_PKEY_CTX  *ctx;

    out->len = 0;
    out->data = NULL;

    if (private_key->alg != PAY_ALG_RSA_SHA256 || !private_key->private) {
        return PAY_ERROR;
    }

    len = (size_t) EVP_PKEY_get_size(private_key->pkey);

    p = pay_calloc(a, len + 1);
    if (p == NULL) {
        return PAY_ERROR;
    }

    ctx = EVP_PKEY_CTX_new_from_pkey(NULL, private_key->pkey, NULL);
    if (ctx == NULL) {
        return PAY_ERROR;
    }

    rc = PAY_ERROR;

    /* the hash of the label, and of MGF1, is SHA-1 where none is set */

    if (EVP_PKEY_decrypt_init(ctx) == 1
        && EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1)
    {
        rc = EVP_PKEY_decrypt(ctx, p, &len, in.data, in.len) == 1
             ? PAY_OK : PAY_DECLINED;
    }

    EVP_PKEY_CTX_free(ctx);
    ERR_clear_error();

    if (rc == PAY_OK) {
        out->len = len;
        out->data = p;
    }

    return rc;
}
