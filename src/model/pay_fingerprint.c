
/*
 * Copyright (C) the ngx_pay authors
 *
 * What tells one wish from another (docs/design.md section 7, idempotency).
 */

#include <model/pay_ask.h>


static void
pay_fingerprint_text(pay_buf_t *b, pay_str_t s)
{
    pay_buf_addi(b, (int64_t) s.len);
    pay_buf_addc(b, ':');
    pay_buf_adds(b, s);
}


static void
pay_fingerprint_number(pay_buf_t *b, int64_t n)
{
    pay_buf_addi(b, n);
    pay_buf_addc(b, ',');
}


static void
pay_fingerprint_receiver(pay_buf_t *b, const pay_receiver_t *r)
{
    pay_fingerprint_text(b, r->type);
    pay_fingerprint_text(b, r->account);
    pay_fingerprint_text(b, r->name);
    pay_fingerprint_text(b, r->relation);
    pay_fingerprint_text(b, r->description);
    pay_fingerprint_number(b, r->amount);
    pay_fingerprint_number(b, r->ratio);
}


int
pay_ask_fingerprint(pay_u8 out[16], pay_arena_t *a, pay_op_t op,
    const pay_ask_t *ask)
{
    size_t            i;
    pay_u8            digest[PAY_SHA256_LEN];
    pay_str_t         text;
    pay_buf_t         b;

    /* locators are not here: they only help to find what is meant */

    const pay_str_t *const  texts[] = {
        &ask->number, &ask->currency, &ask->description, &ask->metadata,
        &ask->openid, &ask->user_id, &ask->payer_ip, &ask->payer_device,
        &ask->auth_code, &ask->store_id, &ask->terminal_id,
        &ask->operator_id, &ask->return_url, &ask->cancel_url,
        &ask->to_type, &ask->to_account, &ask->to_name, &ask->to_bank,
        &ask->purpose
    };

    /* each text behind its length, so that no two wishes look alike */

    pay_buf_init(&b, a, 512);
    pay_fingerprint_number(&b, op);

    for (i = 0; i < pay_nelts(texts); i++) {
        pay_fingerprint_text(&b, *texts[i]);
    }

    if (op == PAY_OP_PAY || op == PAY_OP_TRANSFER) {
        pay_fingerprint_text(&b, ask->channel);
    }

    pay_fingerprint_number(&b, ask->amount);
    pay_fingerprint_number(&b, ask->expires_at);
    pay_fingerprint_number(&b, ask->method);
    pay_fingerprint_number(&b, ask->base);
    pay_fingerprint_number(&b, ask->manual_capture * 8 + ask->split * 4
                               + ask->available * 2 + ask->finish);

    for (i = 0; i < ask->nreports; i++) {
        pay_fingerprint_text(&b, ask->reports[i].type);
        pay_fingerprint_text(&b, ask->reports[i].content);
    }

    for (i = 0; i < ask->nreceivers; i++) {
        pay_fingerprint_receiver(&b, &ask->receivers[i]);
    }

    text = pay_buf_str(&b);

    if (text.data == NULL || pay_sha256(digest, text) != 0) {
        return -1;
    }

    memcpy(out, digest, 16);

    return 0;
}
