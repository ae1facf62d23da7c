
/*
 * Copyright (C) the ngx_pay authors
 *
 * Several certificates in one file: leaf and issuers, or roots.  Here a chain
 * is followed, because a channel may hand out a new leaf at any time.
 */

#include <base/pay_base.h>
#include <crypto/pay_crypto.h>
#include <crypto/pay_key.h>

#include <stdlib.h>

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>


#define PAY_CERTS_FILE_MAX  65536
#define PAY_MD5_LEN         16


struct pay_certs_s {
    size_t   n;
    X509    *certs[PAY_CERTS_MAX];
};


static const char *pay_certs_read(pay_certs_t *c, BIO *bio);
static const char *pay_certs_add(pay_certs_t *c, const pay_u8 *der, long len);
static int pay_certs_sm2(X509 *x);
static int pay_certs_name(X509 *x, BIO *bio);
static STACK_OF(X509) *pay_certs_stack(const pay_certs_t *c,
    const pay_certs_t *more);
static int pay_certs_push(STACK_OF(X509) *stack, const pay_certs_t *c);
static int pay_certs_chain(const pay_certs_t *c, STACK_OF(X509) *others,
    STACK_OF(X509) *roots, int64_t now);


pay_rc_t
pay_certs_pem(pay_str_t pem, pay_certs_t **out, const char **why)
{
    BIO          *bio;
    pay_certs_t  *c;

    *out = NULL;

    if (pem.len > PAY_CERTS_FILE_MAX) {
        *why = "the file is larger than 64 KiB";
        return PAY_INVALID;
    }

    ERR_clear_error();

    c = calloc(1, sizeof(pay_certs_t));
    bio = BIO_new_mem_buf(pem.data, (int) pem.len);

    if (c == NULL || bio == NULL) {
        *why = "no memory";
        BIO_free(bio);
        free(c);
        ERR_clear_error();
        return PAY_ERROR;
    }

    *why = pay_certs_read(c, bio);

    BIO_free(bio);
    ERR_clear_error();

    if (*why != NULL) {
        pay_certs_destroy(c);
        return PAY_INVALID;
    }

    *out = c;

    return PAY_OK;
}


static const char *
pay_certs_read(pay_certs_t *c, BIO *bio)
{
    char        *name, *header;
    long         len;
    pay_u8      *der;
    const char  *why;

    while (PEM_read_bio(bio, &name, &header, &der, &len) == 1) {

        why = strcmp(name, "CERTIFICATE") == 0
              ? pay_certs_add(c, der, len)
              : "there is something else than certificates in the file";

        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_clear_free(der, len);

        if (why != NULL) {
            return why;
        }
    }

    if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
        return "a PEM object of the file is damaged";
    }

    return c->n ? NULL : "there is no certificate in the file";
}


static const char *
pay_certs_add(pay_certs_t *c, const pay_u8 *der, long len)
{
    X509          *x;
    const pay_u8  *p;

    if (c->n == PAY_CERTS_MAX) {
        return "there are too many certificates in the file";
    }

    p = der;
    x = d2i_X509(NULL, &p, len);

    if (x == NULL || p != der + len || !pay_certs_sm2(x)) {
        X509_free(x);
        return "a PEM object of the file is damaged";
    }

    c->certs[c->n++] = x;

    return NULL;
}


/* libcrypto's own default is an empty id, with which none would hold */

static int
pay_certs_sm2(X509 *x)
{
    ASN1_OCTET_STRING  *id;

    static const char  text[] = "1234567812345678";

    if (X509_get_signature_nid(x) != NID_SM2_with_SM3) {
        return 1;
    }

    id = ASN1_OCTET_STRING_new();

    if (id == NULL
        || ASN1_OCTET_STRING_set(id, (const pay_u8 *) text, sizeof(text) - 1)
           != 1)
    {
        ASN1_OCTET_STRING_free(id);
        return 0;
    }

    X509_set0_distinguishing_id(x, id);

    return 1;
}


void
pay_certs_destroy(pay_certs_t *c)
{
    size_t  i;

    if (c == NULL) {
        return;
    }

    for (i = 0; i < c->n; i++) {
        X509_free(c->certs[i]);
    }

    free(c);
}


size_t
pay_certs_count(const pay_certs_t *c)
{
    return c->n;
}


pay_rc_t
pay_certs_get(const pay_certs_t *c, size_t i, unsigned kinds, pay_cert_t *out,
    const char **why)
{
    pay_rc_t  rc;

    memset(out, 0, sizeof(pay_cert_t));

    rc = pay_cert_take(c->certs[i], kinds, out, why);

    ERR_clear_error();

    if (rc != PAY_OK) {
        pay_key_unref(out->key);
        memset(out, 0, sizeof(pay_cert_t));
    }

    return rc;
}


int
pay_certs_sn(const pay_certs_t *c, size_t i, char out[PAY_CERT_SN])
{
    int       good;
    long      len;
    char     *p;
    BIO      *bio;
    size_t    n;
    pay_u8    md[PAY_MD5_LEN];

    static const char  hex[] = "0123456789abcdef";

    ERR_clear_error();

    bio = BIO_new(BIO_s_mem());

    good = bio != NULL && pay_certs_name(c->certs[i], bio);

    if (good) {
        len = BIO_get_mem_data(bio, &p);
        good = EVP_Q_digest(NULL, "MD5", NULL, p, len, md, &n) == 1
               && n == PAY_MD5_LEN;
    }

    BIO_free(bio);
    ERR_clear_error();

    if (!good) {
        return -1;
    }

    for (n = 0; n < PAY_MD5_LEN; n++) {
        *out++ = hex[md[n] >> 4];
        *out++ = hex[md[n] & 0xf];
    }

    *out = '\0';

    return 0;
}


/* the most specific first, ',' without a space, no escapes of UTF-8 */

static int
pay_certs_name(X509 *x, BIO *bio)
{
    int      good;
    char    *text;
    BIGNUM  *n;

    if (X509_NAME_print_ex(bio, X509_get_issuer_name(x), 0,
                           XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB)
        < 0)
    {
        return 0;
    }

    n = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x), NULL);
    text = n != NULL ? BN_bn2dec(n) : NULL;

    good = text != NULL && BIO_puts(bio, text) == (int) strlen(text);

    OPENSSL_free(text);
    BN_free(n);

    return good;
}


/* of an OID that starts with 1.2.840.113549.1.1, or with 1.2.156.10197.1.501 */

unsigned
pay_certs_signer(const pay_certs_t *c, size_t i)
{
    char                oid[64];
    size_t              n;
    const ASN1_OBJECT  *o;
    const X509_ALGOR   *alg;

    static const struct {
        const char  *prefix;
        pay_alg_t    alg;
    } kinds[] = {
        { "1.2.840.113549.1.1.", PAY_ALG_RSA_SHA256 },
        { "1.2.156.10197.1.501", PAY_ALG_SM2_SM3 }
    };

    X509_get0_signature(NULL, &alg, c->certs[i]);
    X509_ALGOR_get0(&o, NULL, NULL, alg);

    if (OBJ_obj2txt(oid, sizeof(oid), o, 1) <= 0) {
        ERR_clear_error();
        return 0;
    }

    for (n = 0; n < pay_nelts(kinds); n++) {
        if (strncmp(oid, kinds[n].prefix, strlen(kinds[n].prefix)) == 0) {
            return 1u << kinds[n].alg;
        }
    }

    return 0;
}


pay_rc_t
pay_certs_verify(const pay_certs_t *c, const pay_certs_t *more,
    const pay_certs_t *roots, int64_t now)
{
    int               rc;
    STACK_OF(X509)  *others, *trusted;

    ERR_clear_error();

    rc = -1;
    others = pay_certs_stack(c, more);
    trusted = pay_certs_stack(roots, NULL);

    if (others != NULL && trusted != NULL) {
        rc = pay_certs_chain(c, others, trusted, now);
    }

    sk_X509_free(others);
    sk_X509_free(trusted);
    ERR_clear_error();

    return rc == 1 ? PAY_OK : rc == 0 ? PAY_DECLINED : PAY_ERROR;
}


static STACK_OF(X509) *
pay_certs_stack(const pay_certs_t *c, const pay_certs_t *more)
{
    STACK_OF(X509)  *stack;

    stack = sk_X509_new_null();

    if (stack == NULL || !pay_certs_push(stack, c)
        || (more != NULL && !pay_certs_push(stack, more)))
    {
        sk_X509_free(stack);
        return NULL;
    }

    return stack;
}


static int
pay_certs_push(STACK_OF(X509) *stack, const pay_certs_t *c)
{
    size_t  i;

    for (i = 0; i < c->n; i++) {
        if (sk_X509_push(stack, c->certs[i]) <= 0) {
            return 0;
        }
    }

    return 1;
}


/* -1: our own fault */

static int
pay_certs_chain(const pay_certs_t *c, STACK_OF(X509) *others,
    STACK_OF(X509) *roots, int64_t now)
{
    int                 rc;
    X509_STORE_CTX     *ctx;
    X509_VERIFY_PARAM  *param;

    ctx = X509_STORE_CTX_new();
    if (ctx == NULL) {
        return -1;
    }

    rc = -1;

    if (X509_STORE_CTX_init(ctx, NULL, c->certs[0], others) == 1) {

        X509_STORE_CTX_set0_trusted_stack(ctx, roots);

        /* no SHA-1, no RSA of 1024 bits between leaf and root */

        param = X509_STORE_CTX_get0_param(ctx);
        X509_VERIFY_PARAM_set_time(param, (time_t) now);
        X509_VERIFY_PARAM_set_auth_level(param, 1);

        rc = X509_verify_cert(ctx);
    }

    X509_STORE_CTX_free(ctx);

    return rc;
}
