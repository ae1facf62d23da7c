
/*
 * Copyright (C) the ngx_pay authors
 *
 * A certificate that a key signs for itself: for simulators, which stand in
 * for somebody who has one.
 */

#include <base/pay_base.h>
#include <crypto/pay_crypto.h>
#include <crypto/pay_key.h>

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>


static int
pay_cert_set_serial(X509 *x, pay_str_t serial)
{
    int      rc;
    BIGNUM  *n;

    n = BN_bin2bn(serial.data, (int) serial.len, NULL);
    if (n == NULL) {
        return 0;
    }

    rc = BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x)) != NULL;

    BN_free(n);

    return rc;
}


static int
pay_cert_set_name(X509 *x, const char *name)
{
    X509_NAME  *subject;

    /* a certificate's own name, which may be written to */

    subject = X509_get_subject_name(x);

    return X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                      (const unsigned char *) name, -1, -1, 0)
           == 1
           && X509_set_issuer_name(x, subject) == 1;
}


/* version 3 is written as 2 */

static int
pay_cert_fill(X509 *x, const pay_key_t *key, pay_str_t serial,
    const char *name, int64_t not_before, int64_t not_after)
{
    return X509_set_version(x, 2) == 1
           && pay_cert_set_serial(x, serial)
           && pay_cert_set_name(x, name)
           && ASN1_TIME_set(X509_getm_notBefore(x), (time_t) not_before)
              != NULL
           && ASN1_TIME_set(X509_getm_notAfter(x), (time_t) not_after) != NULL
           && X509_set_pubkey(x, key->pkey) == 1
           && X509_sign(x, key->pkey, EVP_sha256()) > 0;
}


static pay_rc_t
pay_cert_write(pay_arena_t *a, pay_str_t *pem, X509 *x)
{
    BIO   *bio;
    char  *p;
    long   n;

    bio = BIO_new(BIO_s_mem());
    if (bio == NULL) {
        return PAY_ERROR;
    }

    if (PEM_write_bio_X509(bio, x) == 1) {
        n = BIO_get_mem_data(bio, &p);
        *pem = pay_str_dup(a, (pay_str_t) { (size_t) n, (pay_u8 *) p });
    }

    BIO_free(bio);

    return pem->data != NULL ? PAY_OK : PAY_ERROR;
}


pay_rc_t
pay_cert_make(pay_arena_t *a, pay_str_t *pem, pay_str_t serial,
    const char *name, int64_t not_before, int64_t not_after,
    const pay_key_t *private_key)
{
    X509      *x;
    pay_rc_t   rc;

    pem->len = 0;
    pem->data = NULL;

    if (!private_key->private) {
        return PAY_ERROR;
    }

    x = X509_new();
    if (x == NULL) {
        return PAY_ERROR;
    }

    rc = PAY_ERROR;

    if (pay_cert_fill(x, private_key, serial, name, not_before, not_after)) {
        rc = pay_cert_write(a, pem, x);
    }

    X509_free(x);
    ERR_clear_error();

    return rc;
}
