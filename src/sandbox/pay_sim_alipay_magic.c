
/*
 * Copyright (C) the ngx_pay authors
 *
 * Alipay simulator: amounts that force a case (docs/sandbox.md).
 */

#include <sandbox/pay_sim_alipay.h>


/* the money of a call that makes something */

static const char *const  pay_alis_amounts[] = {
    "total_amount", "refund_amount", "trans_amount"
};


pay_magic_t
pay_alis_magic(const pay_alis_call_t *c)
{
    size_t   i;
    int64_t  amount;

    for (i = 0; i < pay_nelts(pay_alis_amounts); i++) {
        if (pay_alis_money_field(c, pay_alis_amounts[i], &amount) == PAY_OK) {
            return pay_magic(amount);
        }
    }

    return PAY_MAGIC_NONE;
}


pay_rc_t
pay_alis_broken(pay_sim_t *s, int status)
{
    s->status = status;
    s->nreply_headers = 0;
    s->reply_body = PAY_STR("the gateway is out of order\n");

    return pay_sim_header(s, "Content-Type", PAY_STR("text/plain")) == PAY_OK
           ? PAY_DONE : PAY_ERROR;
}


pay_str_t
pay_alis_spoil(pay_arena_t *a, pay_str_t text, size_t at)
{
    pay_buf_t  b;

    pay_buf_init(&b, a, text.len);
    pay_buf_add(&b, text.data, at);
    pay_buf_addc(&b, text.data[at] == 'A' ? 'B' : 'A');
    pay_buf_add(&b, text.data + at + 1, text.len - at - 1);

    return pay_buf_str(&b);
}


/* the sign of an answer is its last member */

static pay_rc_t
pay_alis_unsign(pay_sim_t *s)
{
    size_t     at;
    pay_str_t  rest;

    for (at = s->reply_body.len; at-- != 0; /* void */ ) {
        rest = (pay_str_t) { s->reply_body.len - at,
                             s->reply_body.data + at };

        if (pay_str_starts(rest, "\"sign\":\"")) {
            s->reply_body = pay_alis_spoil(s->arena, s->reply_body, at + 8);
            break;
        }
    }

    return s->reply_body.data != NULL ? PAY_DONE : PAY_ERROR;
}


pay_rc_t
pay_alis_made(pay_sim_t *s, pay_magic_t magic)
{
    /* a browser is sent on, whatever the amount */

    if (s->status == 302 || pay_magic_wire(s, magic)) {
        return PAY_DONE;
    }

    if (magic == PAY_MAGIC_BROKEN) {
        return pay_alis_broken(s, 500);
    }

    return magic == PAY_MAGIC_UNSIGNED ? pay_alis_unsign(s) : PAY_DONE;
}
