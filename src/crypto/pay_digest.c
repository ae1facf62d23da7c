
/*
 * Copyright (C) the ngx_pay authors
 *
 * SHA-256 and random bytes.
 */

#include <base/pay_base.h>
#include <crypto/pay_crypto.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>


int
pay_sha256(pay_u8 out[PAY_SHA256_LEN], pay_str_t in)
{
    ERR_clear_error();

    if (EVP_Digest(in.data, in.len, out, NULL, EVP_sha256(), NULL) != 1) {
        ERR_clear_error();
        return -1;
    }

    return 0;
}


int
pay_random(pay_u8 *out, size_t n)
{
    ERR_clear_error();

    /* a child of fork() gets a new seed from libcrypto by itself */

    if (RAND_bytes_ex(NULL, out, n, 0) != 1) {
        ERR_clear_error();
        return -1;
    }

    return 0;
}
