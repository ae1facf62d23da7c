
/*
 * Copyright (C) the ngx_pay authors
 *
 * Private to this room: what a key is made of, and the way from PEM text to
 * it.
 */

#ifndef PAY_KEY_H_INCLUDED
#define PAY_KEY_H_INCLUDED


#include <crypto/pay_crypto.h>

#include <openssl/evp.h>


struct pay_key_s {
    EVP_PKEY        *pkey;
    pay_key_kind_t   kind;
    int              refs;      /* atomic */
};

typedef enum {
    PAY_PEM_PRIVATE = 0,
    PAY_PEM_PUBLIC,
    PAY_PEM_CERT,
    PAY_PEM_OTHER
} pay_pem_kind_t;

typedef struct {
    pay_u8  *data;
    long     len;
} pay_der_t;


/* the one object of the text; to be freed by pay_der_free() on PAY_OK */
pay_rc_t pay_pem_read(pay_str_t pem, pay_pem_kind_t want, pay_der_t *der,
    const char **why);
void pay_der_free(pay_der_t *der);

/*
 * The key as one that may be used.  Takes pkey over in any case; NULL says
 * that what was read is no key.
 */
pay_rc_t pay_key_take(EVP_PKEY *pkey, pay_key_kind_t kind, pay_key_t **out,
    const char **why);


#endif /* PAY_KEY_H_INCLUDED */
