
/*
 * Copyright (C) the ngx_pay authors
 *
 * The channel block of driver wechatpay_v3, shared with its simulator.
 */

#ifndef PAY_WECHATPAY_V3_H_INCLUDED
#define PAY_WECHATPAY_V3_H_INCLUDED


#include <channel/pay_driver.h>


typedef struct {
    /* appid ID [METHOD ...], repeated; the first of the array has no method */
    union {
        pay_text_by_method_t  appids;
        pay_str_t             appid;
    };

    pay_str_t      mchid;               /* mchid */
    pay_cert_t     certificate;         /* certificate FILE */
    pay_key_t     *certificate_key;     /* certificate_key FILE */
    pay_key_set_t  platform_keys;       /* platform_key ID FILE, repeated */
    pay_str_t      api_v3_key;          /* api_v3_key FILE, 32 bytes */

    /* the other side's private key: only with "mode sandbox" */
    pay_key_t     *sandbox_key;         /* sandbox_platform_key FILE */
} pay_wechatpay_v3_conf_t;


/* Authorization, Wechatpay-Signature-Type: the scheme of both directions */
#define PAY_WECHATPAY_V3_SCHEME  "WECHATPAY2-SHA256-RSA2048"


#endif /* PAY_WECHATPAY_V3_H_INCLUDED */
