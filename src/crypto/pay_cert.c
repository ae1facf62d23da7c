
/*
 * Copyright (C) the ngx_pay authors
 *
 * An X.509 certificate is a way to carry a key: its serial and validity are
 * read, its chain is not followed.
 */

#include <base/pay_base.h>
#include <crypto/pay_crypto.h>
#include <crypto/pay_key.h>

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/x509.h>


#define PAY_DAY  86400


static const char *pay_cert_serial(const ASN1_INTEGER *n, char *out,
    size_t size);
static int pay_cert_time(const ASN1_TIME *t, int64_t *out);


pay_rc_t
pay_cert_pem(pay_str_t pem, unsigned kinds, pay_cert_t *out, const char **why)
{
    X509          *x;
    pay_rc_t       rc;
    pay_der_t      der;
    const pay_u8  *p;

    memset(out, 0, sizeof(pay_cert_t));

    rc = pay_pem_read(pem, PAY_PEM_CERT, &der, why);
    if (rc != PAY_OK) {
        return rc;
    }

    p = der.data;
    x = d2i_X509(NULL, &p, der.len);

    if (x == NULL || p != der.data + der.len) {
        *why = "the PEM object is damaged";
        rc = PAY_INVALID;

    } else {
        rc = pay_cert_take(x, kinds, out, why);
    }

    X509_free(x);
    pay_der_free(&der);
    ERR_clear_error();

    if (rc != PAY_OK) {
        pay_key_unref(out->key);
        memset(out, 0, sizeof(pay_cert_t));
    }

    return rc;
}


pay_rc_t
pay_cert_take(X509 *x, unsigned kinds, pay_cert_t *out, const char **why)
{
    pay_rc_t  rc;

    rc = pay_key_take(X509_get_pubkey(x), kinds, 0, &out->key, why);
    if (rc != PAY_OK) {
        return rc;
    }

    *why = pay_cert_serial(X509_get0_serialNumber(x), out->serial,
                           sizeof(out->serial));
    if (*why != NULL) {
        return PAY_INVALID;
    }

    if (pay_cert_time(X509_get0_notBefore(x), &out->not_before) != 0
        || pay_cert_time(X509_get0_notAfter(x), &out->not_after) != 0)
    {
        *why = "the certificate's validity cannot be read";
        return PAY_INVALID;
    }

    return PAY_OK;
}


/* whole bytes, as the channels print it and "openssl x509 -serial" does */

static const char *
pay_cert_serial(const ASN1_INTEGER *n, char *out, size_t size)
{
    int            i, len;
    const pay_u8  *p;

    static const char  hex[] = "0123456789ABCDEF";

    if (ASN1_STRING_type(n) != V_ASN1_INTEGER) {
        return "the certificate's serial number is negative";
    }

    p = ASN1_STRING_get0_data(n);
    len = ASN1_STRING_length(n);

    if ((size_t) len * 2 >= size) {
        return "the certificate's serial number is too long";
    }

    for (i = 0; i < len; i++) {
        *out++ = hex[p[i] >> 4];
        *out++ = hex[p[i] & 0xf];
    }

    *out = '\0';

    return NULL;
}


static int
pay_cert_time(const ASN1_TIME *t, int64_t *out)
{
    int         rc, days, seconds;
    ASN1_TIME  *epoch;

    epoch = ASN1_TIME_set(NULL, 0);
    if (epoch == NULL) {
        return -1;
    }

    rc = ASN1_TIME_diff(&days, &seconds, epoch, t);

    ASN1_TIME_free(epoch);

    if (rc != 1) {
        return -1;
    }

    *out = (int64_t) days * PAY_DAY + seconds;

    return 0;
}
