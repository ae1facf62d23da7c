
/*
 * Copyright (C) the ngx_pay authors
 *
 * The one PEM object of a file: which kind it is, and its bytes.
 */

#include <base/pay_base.h>
#include <crypto/pay_crypto.h>
#include <crypto/pay_key.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>


#define PAY_PEM_MAX  16384


typedef struct {
    const char      *label;
    pay_pem_kind_t   kind;
} pay_pem_label_t;


static const char *pay_pem_count(pay_str_t pem);
static const char *pay_pem_check(const char *label, const char *header,
    pay_pem_kind_t want);


static const pay_pem_label_t  pay_pem_labels[] = {
    { "PRIVATE KEY",     PAY_PEM_PRIVATE },
    { "RSA PRIVATE KEY", PAY_PEM_PRIVATE },
    { "EC PRIVATE KEY",  PAY_PEM_PRIVATE },
    { "DSA PRIVATE KEY", PAY_PEM_PRIVATE },
    { "PUBLIC KEY",      PAY_PEM_PUBLIC },
    { "CERTIFICATE",     PAY_PEM_CERT }
};


/* by what is wanted and what is there */

static const char *const  pay_pem_why[3][4] = {
    { NULL,
      "a private key is needed, this is a public key",
      "a private key is needed, this is a certificate",
      "a private key is needed, this is another kind of PEM object" },
    { "a public key is needed, this is a private key",
      NULL,
      "a public key is needed, this is a certificate",
      "a public key is needed, this is another kind of PEM object" },
    { "a certificate is needed, this is a private key",
      "a certificate is needed, this is a public key",
      NULL,
      "a certificate is needed, this is another kind of PEM object" }
};


/*
 * The bytes of the one object.  It is never decrypted here, so there is
 * nothing that could ask for a passphrase on the terminal.
 */

pay_rc_t
pay_pem_read(pay_str_t pem, pay_pem_kind_t want, pay_der_t *der,
    const char **why)
{
    int    rc;
    BIO   *bio;
    char  *label, *header;

    *why = pay_pem_count(pem);
    if (*why != NULL) {
        return PAY_INVALID;
    }

    ERR_clear_error();

    bio = BIO_new_mem_buf(pem.data, (int) pem.len);
    if (bio == NULL) {
        ERR_clear_error();
        *why = "no memory";
        return PAY_ERROR;
    }

    rc = PEM_read_bio(bio, &label, &header, &der->data, &der->len);

    BIO_free(bio);
    ERR_clear_error();

    if (rc != 1) {
        *why = "the PEM object is damaged";
        return PAY_INVALID;
    }

    *why = pay_pem_check(label, header, want);

    OPENSSL_free(label);
    OPENSSL_free(header);

    if (*why != NULL) {
        pay_der_free(der);
        return PAY_INVALID;
    }

    return PAY_OK;
}


/* a second object would be passed over in silence */

static const char *
pay_pem_count(pay_str_t pem)
{
    size_t  i, n;

    static const char  mark[] = "-----BEGIN ";

    if (pem.len > PAY_PEM_MAX) {
        return "the file is larger than 16 KiB";
    }

    n = 0;

    for (i = 0; i + sizeof(mark) - 1 <= pem.len; i++) {
        n += memcmp(pem.data + i, mark, sizeof(mark) - 1) == 0;
    }

    if (n == 0) {
        return "there is no PEM object in the file";
    }

    if (n > 1) {
        return "there is more than one PEM object in the file";
    }

    return NULL;
}


static const char *
pay_pem_check(const char *label, const char *header, pay_pem_kind_t want)
{
    size_t          i;
    pay_pem_kind_t  kind;

    /* the old form says it in a header, PKCS #8 in the label */

    if (header[0] != '\0' || strcmp(label, "ENCRYPTED PRIVATE KEY") == 0) {
        return "the key is protected by a passphrase";
    }

    if (strcmp(label, "RSA PUBLIC KEY") == 0 && want == PAY_PEM_PUBLIC) {
        return "this is an \"RSA PUBLIC KEY\", the form \"PUBLIC KEY\" is "
               "needed (openssl rsa -RSAPublicKey_in -pubout)";
    }

    kind = PAY_PEM_OTHER;

    for (i = 0; i < pay_nelts(pay_pem_labels); i++) {
        if (strcmp(label, pay_pem_labels[i].label) == 0) {
            kind = pay_pem_labels[i].kind;
        }
    }

    return pay_pem_why[want][kind];
}


void
pay_der_free(pay_der_t *der)
{
    OPENSSL_clear_free(der->data, der->len);
}
