
/*
 * Copyright (C) the ngx_pay authors
 *
 * Alipay simulator: content encryption, section 5 of the channel document.
 */

#include <sandbox/pay_sim_alipay.h>


static const pay_u8  pay_alis_iv[16];


/* the console gives the key as base64 */

static pay_rc_t
pay_alis_content_key(pay_sim_t *s, pay_str_t *out)
{
    const pay_alipay_conf_t  *conf;

    conf = s->channel->conf;

    return conf->encrypt_key.len != 0
           ? pay_base64_decode(s->arena, conf->encrypt_key, out)
           : PAY_DECLINED;
}


pay_rc_t
pay_alis_decrypt(pay_sim_t *s, pay_str_t text, pay_str_t *out)
{
    pay_rc_t         rc;
    pay_str_t        key, bytes;
    const pay_str_t  iv = { sizeof(pay_alis_iv), pay_alis_iv };

    rc = pay_alis_content_key(s, &key);

    if (rc == PAY_OK) {
        rc = pay_base64_decode(s->arena, text, &bytes);
    }

    return rc == PAY_OK ? pay_aes_cbc_open(s->arena, out, bytes, iv, key) : rc;
}


pay_str_t
pay_alis_encrypt(pay_sim_t *s, pay_str_t text)
{
    pay_str_t        key, bytes;
    const pay_str_t  iv = { sizeof(pay_alis_iv), pay_alis_iv };

    if (pay_alis_content_key(s, &key) != PAY_OK
        || pay_aes_cbc_seal(s->arena, &bytes, text, iv, key) != PAY_OK)
    {
        return (pay_str_t) pay_str_null;
    }

    return pay_base64_encode(s->arena, bytes);
}
