
/*
 * Copyright (C) the ngx_pay authors
 *
 * What tells one wish for a payment from another (docs/design.md section 7,
 * idempotency).
 */

#include <model/pay_model.h>


int
pay_payment_fingerprint(pay_u8 out[16], pay_arena_t *a,
    const pay_payment_ask_t *ask)
{
    size_t            i;
    pay_u8            digest[PAY_SHA256_LEN];
    pay_str_t         text;
    pay_buf_t         b;
    const pay_str_t  *s;

    const pay_str_t *const  fields[] = {
        &ask->order_id, &ask->currency, &ask->description, &ask->channel,
        &ask->openid, &ask->user_id, &ask->payer_ip, &ask->payer_device,
        &ask->auth_code, &ask->store_id, &ask->terminal_id,
        &ask->operator_id, &ask->return_url, &ask->cancel_url,
        &ask->metadata
    };

    /* each text behind its length, so that no two wishes look alike */

    pay_buf_init(&b, a, 512);

    for (i = 0; i < pay_nelts(fields); i++) {
        s = fields[i];
        pay_buf_addi(&b, (int64_t) s->len);
        pay_buf_addc(&b, ':');
        pay_buf_adds(&b, *s);
    }

    pay_buf_addi(&b, ask->amount);
    pay_buf_addc(&b, ',');
    pay_buf_addi(&b, ask->expires_at);
    pay_buf_addc(&b, ',');
    pay_buf_addi(&b, ask->method * 4 + ask->manual_capture * 2 + ask->split);

    text = pay_buf_str(&b);

    if (text.data == NULL || pay_sha256(digest, text) != 0) {
        return -1;
    }

    memcpy(out, digest, 16);

    return 0;
}
