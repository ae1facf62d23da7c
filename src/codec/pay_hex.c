
/*
 * Copyright (C) the ngx_pay authors
 *
 * Hexadecimal.  Source: RFC 4648 section 8.
 */

#include <codec/pay_codec.h>
#include <codec/pay_hex.h>


int
pay_hex_digit(pay_u8 c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }

    c |= 0x20;

    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}


pay_rc_t
pay_hex_decode(pay_arena_t *a, pay_str_t text, pay_str_t *out)
{
    int      high, low;
    size_t   i;
    pay_u8  *p;

    if (text.len % 2 != 0) {
        return PAY_INVALID;
    }

    p = pay_alloc(a, text.len / 2);
    if (p == NULL) {
        return PAY_ERROR;
    }

    for (i = 0; i < text.len / 2; i++) {
        high = pay_hex_digit(text.data[2 * i]);
        low = pay_hex_digit(text.data[2 * i + 1]);

        if (high < 0 || low < 0) {
            return PAY_INVALID;
        }

        p[i] = high << 4 | low;
    }

    out->len = text.len / 2;
    out->data = p;

    return PAY_OK;
}


pay_str_t
pay_hex_encode(pay_arena_t *a, pay_str_t bytes)
{
    pay_buf_t  b;

    pay_buf_init(&b, a, bytes.len * 2);
    pay_buf_addhex(&b, bytes.data, bytes.len);

    return pay_buf_str(&b);
}
