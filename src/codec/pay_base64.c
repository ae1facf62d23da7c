
/*
 * Copyright (C) the ngx_pay authors
 *
 * base64 that has one text for each string of bytes: a signature can't be
 * written in a second way.  Source: RFC 4648 sections 3.5, 4 and 5.
 */

#include <codec/pay_codec.h>


static const char  pay_base64_standard[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static const char  pay_base64_url[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";


static int
pay_base64_digit(pay_u8 c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }

    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }

    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }

    return c == '+' ? 62 : c == '/' ? 63 : -1;
}


/* len digits without padding; the bits that are left over must be zero */

static pay_rc_t
pay_base64_digits(pay_u8 *out, const pay_u8 *text, size_t len)
{
    int       digit, bits;
    size_t    i;
    uint32_t  sum;

    sum = 0;
    bits = 0;

    for (i = 0; i < len; i++) {
        digit = pay_base64_digit(text[i]);
        if (digit < 0) {
            return PAY_INVALID;
        }

        sum = sum << 6 | digit;
        bits += 6;

        if (bits >= 8) {
            bits -= 8;
            *out++ = sum >> bits;
            sum &= (1u << bits) - 1;
        }
    }

    return sum == 0 ? PAY_OK : PAY_INVALID;
}


pay_rc_t
pay_base64_decode(pay_arena_t *a, pay_str_t text, pay_str_t *out)
{
    size_t   pad;
    pay_u8  *p;

    if (text.len % 4 != 0) {
        return PAY_INVALID;
    }

    pad = 0;

    if (text.len > 0 && text.data[text.len - 1] == '=') {
        pad = text.data[text.len - 2] == '=' ? 2 : 1;
    }

    p = pay_alloc(a, text.len / 4 * 3);
    if (p == NULL) {
        return PAY_ERROR;
    }

    /* a '=' further in front is no digit and fails there */

    if (pay_base64_digits(p, text.data, text.len - pad) != PAY_OK) {
        return PAY_INVALID;
    }

    out->len = text.len / 4 * 3 - pad;
    out->data = p;

    return PAY_OK;
}


static pay_str_t
pay_base64_write(pay_arena_t *a, pay_str_t bytes, const char *digits, int pad)
{
    int        bits;
    size_t     i;
    uint32_t   sum;
    pay_buf_t  b;

    pay_buf_init(&b, a, bytes.len / 3 * 4 + 4);

    sum = 0;
    bits = 0;

    for (i = 0; i < bytes.len; i++) {
        sum = (sum << 8 | bytes.data[i]) & 0xffff;
        bits += 8;

        while (bits >= 6) {
            bits -= 6;
            pay_buf_addc(&b, digits[sum >> bits & 63]);
        }
    }

    if (bits > 0) {
        pay_buf_addc(&b, digits[sum << (6 - bits) & 63]);
    }

    while (pad && b.len % 4 != 0 && !b.failed) {
        pay_buf_addc(&b, '=');
    }

    return pay_buf_str(&b);
}


pay_str_t
pay_base64_encode(pay_arena_t *a, pay_str_t bytes)
{
    return pay_base64_write(a, bytes, pay_base64_standard, 1);
}


pay_str_t
pay_base64url_encode(pay_arena_t *a, pay_str_t bytes)
{
    return pay_base64_write(a, bytes, pay_base64_url, 0);
}
