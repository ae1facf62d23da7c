
/*
 * Copyright (C) the ngx_pay authors
 *
 * The channel block of driver alipay, shared with its simulator.
 */

#ifndef PAY_ALIPAY_H_INCLUDED
#define PAY_ALIPAY_H_INCLUDED


#include <channel/pay_driver.h>


#define PAY_ALIPAY_ROOT_SN  331         /* ten of them, joined by '_', NUL */


/*
 * Key mode: alipay_public_key.  Certificate mode: the three files instead.
 * Exactly one of them, as nginx -t sees to.
 *
 * The public half of app_private_key is in it: pay_verify_begin() takes it as
 * it is, and so does a simulator.
 */

typedef struct {
    pay_str_t     app_id;               /* app_id */
    pay_str_t     seller_id;            /* seller_id: 2088 and 12 digits */
    pay_str_t     sign_type;            /* sign_type RSA2 | SM2; empty: RSA2 */
    pay_key_t    *app_private_key;      /* app_private_key FILE */
    pay_key_t    *alipay_public_key;    /* alipay_public_key FILE */

    pay_certs_t  *app_certificate;      /* app_certificate FILE */
    pay_certs_t  *alipay_certificate;   /* alipay_certificate FILE: the first
                                           verifies, its issuers follow */
    pay_certs_t  *root_certificate;     /* alipay_root_certificate FILE */

    pay_str_t     encrypt_key;          /* encrypt_key FILE: base64 of an AES
                                           key, as the console gives it */

    /* the other side's private key: only with "mode sandbox" */
    pay_key_t    *sandbox_key;          /* sandbox_alipay_key FILE */

    /* by check(), in certificate mode; "" in key mode */
    char          app_cert_sn[PAY_CERT_SN];
    char          alipay_cert_sn[PAY_CERT_SN];
    char          root_cert_sn[PAY_ALIPAY_ROOT_SN];
} pay_alipay_conf_t;


/* where all requests go, on the channel's host */
#define PAY_ALIPAY_GATEWAY  "/gateway.do"


#endif /* PAY_ALIPAY_H_INCLUDED */
