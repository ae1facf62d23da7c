
/*
 * Copyright (C) the ngx_pay authors
 *
 * Private keys by URI, from wherever libcrypto has a loader for.
 */

#include <base/pay_base.h>
#include <crypto/pay_crypto.h>
#include <crypto/pay_key.h>

#include <openssl/err.h>
#include <openssl/store.h>
#include <openssl/ui.h>
#include <openssl/x509.h>


#define PAY_STORE_FAILURES  16


static const char *pay_store_get(const char *uri, EVP_PKEY **pkey);
static const char *pay_store_read(OSSL_STORE_CTX *ctx, EVP_PKEY **pkey);
static const char *pay_store_add(EVP_PKEY **pkey, EVP_PKEY *more);
static int pay_store_same(EVP_PKEY *one, EVP_PKEY *two);
static void pay_store_detail(char *detail, size_t size);


pay_rc_t
pay_key_private_store(const char *uri, unsigned kinds, pay_key_t **out,
    const char **why, char *detail, size_t size)
{
    pay_rc_t   rc;
    EVP_PKEY  *pkey;

    *out = NULL;
    detail[0] = '\0';

    /* it would be in every dump of the configuration */

    if (strstr(uri, "pin-value") != NULL) {
        *why = "the URI has a PIN inside: name its file by \"pin-source\"";
        return PAY_INVALID;
    }

    ERR_clear_error();

    pkey = NULL;
    *why = pay_store_get(uri, &pkey);

    if (*why != NULL) {
        pay_store_detail(detail, size);
        EVP_PKEY_free(pkey);
        return PAY_INVALID;
    }

    rc = pay_key_take(pkey, kinds, 1, out, why);

    if (rc == PAY_OK) {
        (*out)->stored = 1;
    }

    return rc;
}


static const char *
pay_store_get(const char *uri, EVP_PKEY **pkey)
{
    const char      *why;
    OSSL_STORE_CTX  *ctx;

    ctx = OSSL_STORE_open(uri, UI_null(), NULL, NULL, NULL);

    if (ctx == NULL) {
        return "the store cannot be opened";
    }

    if (OSSL_STORE_expect(ctx, OSSL_STORE_INFO_PKEY) != 1) {
        why = "the store has no private keys";

    } else {
        why = pay_store_read(ctx, pkey);
    }

    OSSL_STORE_close(ctx);

    return why;
}


/*
 * A loader may fail at what is no key, and does so once more behind the last
 * object of a file: only that nothing was found is a failure.
 */

static const char *
pay_store_read(OSSL_STORE_CTX *ctx, EVP_PKEY **pkey)
{
    int               failures;
    const char       *why;
    OSSL_STORE_INFO  *info;

    failures = 0;

    while (!OSSL_STORE_eof(ctx) && failures < PAY_STORE_FAILURES) {

        info = OSSL_STORE_load(ctx);

        if (info == NULL) {
            failures++;
            continue;
        }

        why = pay_store_add(pkey, OSSL_STORE_INFO_get1_PKEY(info));

        OSSL_STORE_INFO_free(info);

        if (why != NULL) {
            return why;
        }
    }

    return (*pkey == NULL) ? "the URI leads to no private key" : NULL;
}


/* a token that is logged in may tell of one key twice */

static const char *
pay_store_add(EVP_PKEY **pkey, EVP_PKEY *more)
{
    int  same;

    if (*pkey == NULL) {
        *pkey = more;
        return NULL;
    }

    same = more == NULL || pay_store_same(*pkey, more);

    EVP_PKEY_free(more);
    ERR_clear_error();

    return same ? NULL : "the URI leads to more than one private key";
}


/* by their public halves: not every provider compares its keys */

static int
pay_store_same(EVP_PKEY *one, EVP_PKEY *two)
{
    int      n, m, same;
    pay_u8  *a, *b;

    a = NULL;
    b = NULL;

    n = i2d_PUBKEY(one, &a);
    m = i2d_PUBKEY(two, &b);

    same = n > 0 && n == m && memcmp(a, b, n) == 0;

    OPENSSL_free(a);
    OPENSSL_free(b);

    return same;
}


/* the last one: those before it are of loaders that were tried in vain */

static void
pay_store_detail(char *detail, size_t size)
{
    unsigned long  error;

    error = ERR_peek_last_error();

    if (error != 0) {
        ERR_error_string_n(error, detail, size);
    }

    ERR_clear_error();
}
