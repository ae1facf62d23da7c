
/*
 * Copyright (C) the ngx_pay authors
 *
 * Strings: comparing, tokens, numbers, strict UTF-8.
 * Source: Unicode Standard, table 3-7 (well-formed UTF-8); RFC 3629.
 */

#define _DEFAULT_SOURCE

#include <base/pay_base.h>


/* the range of the second byte is what keeps out overlongs and surrogates */

static const struct {
    pay_u8  first;
    pay_u8  last;
    pay_u8  low;
    pay_u8  high;
    size_t  len;
} pay_utf8_rows[] = {
    { 0xc2, 0xdf, 0x80, 0xbf, 2 },
    { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
    { 0xe1, 0xec, 0x80, 0xbf, 3 },
    { 0xed, 0xed, 0x80, 0x9f, 3 },
    { 0xee, 0xef, 0x80, 0xbf, 3 },
    { 0xf0, 0xf0, 0x90, 0xbf, 4 },
    { 0xf1, 0xf3, 0x80, 0xbf, 4 },
    { 0xf4, 0xf4, 0x80, 0x8f, 4 }
};


static pay_u8
pay_lower(pay_u8 c)
{
    return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}


pay_str_t
pay_strz(const char *z)
{
    pay_str_t  s;

    s.len = z == NULL ? 0 : strlen(z);
    s.data = (const pay_u8 *) z;

    return s;
}


int
pay_str_eq(pay_str_t a, pay_str_t b)
{
    return a.len == b.len
           && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}


int
pay_str_eqz(pay_str_t a, const char *z)
{
    return pay_str_eq(a, pay_strz(z));
}


int
pay_str_caseeq(pay_str_t a, pay_str_t b)
{
    size_t  i;

    if (a.len != b.len) {
        return 0;
    }

    for (i = 0; i < a.len; i++) {
        if (pay_lower(a.data[i]) != pay_lower(b.data[i])) {
            return 0;
        }
    }

    return 1;
}


int
pay_str_caseeqz(pay_str_t a, const char *z)
{
    return pay_str_caseeq(a, pay_strz(z));
}


static int
pay_is_blank(pay_u8 c)
{
    return c == ' ' || c == '\t';
}


pay_str_t
pay_str_trim(pay_str_t s)
{
    while (s.len > 0 && pay_is_blank(s.data[0])) {
        s.data++;
        s.len--;
    }

    while (s.len > 0 && pay_is_blank(s.data[s.len - 1])) {
        s.len--;
    }

    return s;
}


int
pay_str_starts(pay_str_t a, const char *prefix)
{
    size_t  n;

    n = strlen(prefix);

    return a.len >= n && (n == 0 || memcmp(a.data, prefix, n) == 0);
}


int
pay_str_cmp(pay_str_t a, pay_str_t b)
{
    int     rc;
    size_t  n;

    n = a.len < b.len ? a.len : b.len;
    rc = n == 0 ? 0 : memcmp(a.data, b.data, n);

    if (rc == 0) {
        return (a.len > b.len) - (a.len < b.len);
    }

    return rc < 0 ? -1 : 1;
}


int
pay_str_token(pay_str_t a, const char *extra, size_t min, size_t max)
{
    size_t     i;
    pay_u8     c;
    pay_str_t  more;

    if (a.len < min || a.len > max) {
        return 0;
    }

    more = pay_strz(extra);

    for (i = 0; i < a.len; i++) {
        c = pay_lower(a.data[i]);

        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
            continue;
        }

        /* by length: strchr() would find the NUL at the end of extra */

        if (more.len == 0 || memchr(more.data, a.data[i], more.len) == NULL) {
            return 0;
        }
    }

    return 1;
}


pay_rc_t
pay_str_uint(pay_str_t a, uint64_t max, uint64_t *out)
{
    size_t    i;
    pay_u8    digit;
    uint64_t  n;

    if (a.len == 0 || (a.data[0] == '0' && a.len > 1)) {
        return PAY_INVALID;
    }

    n = 0;

    for (i = 0; i < a.len; i++) {
        digit = a.data[i] - '0';

        if (digit > 9
            || __builtin_mul_overflow(n, 10, &n)
            || __builtin_add_overflow(n, digit, &n)
            || n > max)
        {
            return PAY_INVALID;
        }
    }

    *out = n;

    return PAY_OK;
}


/* the length of the character at p, 0 if there is none or it is a NUL */

static size_t
pay_utf8_step(const pay_u8 *p, const pay_u8 *end)
{
    size_t  i, n;

    if (*p < 0x80) {
        return *p != 0;
    }

    for (i = 0; i < pay_nelts(pay_utf8_rows); i++) {
        if (*p <= pay_utf8_rows[i].last) {
            break;
        }
    }

    if (i == pay_nelts(pay_utf8_rows) || *p < pay_utf8_rows[i].first) {
        return 0;
    }

    n = pay_utf8_rows[i].len;

    if ((size_t) (end - p) < n
        || p[1] < pay_utf8_rows[i].low || p[1] > pay_utf8_rows[i].high)
    {
        return 0;
    }

    for (i = 2; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
    }

    return n;
}


long
pay_utf8_length(pay_str_t s)
{
    long           count;
    size_t         n;
    const pay_u8  *p, *end;

    if (s.len == 0) {
        return 0;
    }

    end = s.data + s.len;

    for (count = 0, p = s.data; p < end; count++, p += n) {
        n = pay_utf8_step(p, end);
        if (n == 0) {
            return -1;
        }
    }

    return count;
}


pay_str_t
pay_utf8_cut(pay_str_t s, size_t max)
{
    size_t         n;
    const pay_u8  *p, *end;

    if (s.len == 0) {
        return s;
    }

    end = s.data + s.len;

    for (p = s.data; p < end && max > 0; max--, p += n) {
        n = pay_utf8_step(p, end);
        if (n == 0) {
            break;
        }
    }

    s.len = p - s.data;

    return s;
}


int
pay_equal_secret(const void *a, const void *b, size_t n)
{
    size_t                  i;
    const volatile pay_u8  *x, *y;
    volatile pay_u8         diff;

    x = a;
    y = b;
    diff = 0;

    /* volatile: no compiler may stop at the first difference */

    for (i = 0; i < n; i++) {
        diff |= x[i] ^ y[i];
    }

    return diff == 0;
}


void
pay_wipe(void *p, size_t n)
{
    if (n > 0) {
        explicit_bzero(p, n);
    }
}
