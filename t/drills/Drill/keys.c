
/*
 * Copyright (C) the ngx_pay authors
 *
 * usage: keys p256|rsa COUNT DIRECTORY
 *
 * Writes that many public keys, DIRECTORY/0.pem and on.  Their private halves
 * are thrown away; an RSA modulus is a random number that never had any.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>


static EVP_PKEY *
make_rsa(void)
{
    BIGNUM          *n, *e;
    EVP_PKEY        *pkey;
    OSSL_PARAM      *params;
    EVP_PKEY_CTX    *ctx;
    OSSL_PARAM_BLD  *bld;

    n = BN_new();
    e = BN_new();
    BN_rand(n, 2048, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD);
    BN_set_word(e, 65537);

    bld = OSSL_PARAM_BLD_new();
    OSSL_PARAM_BLD_push_BN(bld, "n", n);
    OSSL_PARAM_BLD_push_BN(bld, "e", e);
    params = OSSL_PARAM_BLD_to_param(bld);

    pkey = NULL;
    ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY_fromdata_init(ctx);
    EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params);

    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(bld);
    BN_free(n);
    BN_free(e);

    return pkey;
}


int
main(int argc, char **argv)
{
    int        i, count;
    char       path[4096];
    FILE      *f;
    EVP_PKEY  *pkey;

    if (argc != 4) {
        return 2;
    }

    count = atoi(argv[2]);

    for (i = 0; i < count; i++) {
        pkey = strcmp(argv[1], "rsa") == 0
               ? make_rsa() : EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");

        snprintf(path, sizeof(path), "%s/%d.pem", argv[3], i);
        f = fopen(path, "w");

        if (pkey == NULL || f == NULL || PEM_write_PUBKEY(f, pkey) != 1
            || fclose(f) != 0)
        {
            perror(path);
            return 1;
        }

        EVP_PKEY_free(pkey);
    }

    return 0;
}
