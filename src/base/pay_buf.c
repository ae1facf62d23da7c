
/*
 * Copyright (C) the ngx_pay authors
 *
 * The string builder: it doubles in its arena and remembers a failure, so
 * that callers check once, at the end.
 */

#include <base/pay_base.h>


#define PAY_BUF_SIZE  64


void
pay_buf_init(pay_buf_t *b, pay_arena_t *a, size_t size)
{
    b->arena = a;
    b->len = 0;
    b->size = size == 0 ? PAY_BUF_SIZE : size;
    b->data = pay_alloc(a, b->size);
    b->failed = b->data == NULL;
}


/* room for n more bytes behind the text, or NULL */

static pay_u8 *
pay_buf_room(pay_buf_t *b, size_t n)
{
    size_t   size;
    pay_u8  *p;

    if (b->failed) {
        return NULL;
    }

    if (n <= b->size - b->len) {
        return b->data + b->len;
    }

    size = b->size > n ? b->size : n;

    /* too much is refused by pay_alloc(), which takes half of a size_t */

    p = n > SIZE_MAX / 4 ? NULL : pay_alloc(b->arena, b->size + size);
    if (p == NULL) {
        b->failed = 1;
        return NULL;
    }

    memcpy(p, b->data, b->len);
    b->data = p;
    b->size += size;

    return p + b->len;
}


void
pay_buf_add(pay_buf_t *b, const void *p, size_t n)
{
    pay_u8  *room;

    room = pay_buf_room(b, n);

    if (room != NULL && n > 0) {
        memcpy(room, p, n);
        b->len += n;
    }
}


void
pay_buf_adds(pay_buf_t *b, pay_str_t s)
{
    pay_buf_add(b, s.data, s.len);
}


void
pay_buf_addz(pay_buf_t *b, const char *z)
{
    pay_buf_adds(b, pay_strz(z));
}


void
pay_buf_addc(pay_buf_t *b, pay_u8 c)
{
    pay_buf_add(b, &c, 1);
}


void
pay_buf_addi(pay_buf_t *b, int64_t n)
{
    pay_u8    digits[20], *p;
    uint64_t  u;

    /* the least int64_t has no positive of its own */

    u = n < 0 ? 0 - (uint64_t) n : (uint64_t) n;
    p = digits + sizeof(digits);

    do {
        *--p = '0' + u % 10;
        u /= 10;
    } while (u > 0);

    if (n < 0) {
        *--p = '-';
    }

    pay_buf_add(b, p, digits + sizeof(digits) - p);
}


void
pay_buf_addfix(pay_buf_t *b, int64_t n, unsigned digits)
{
    int64_t   unit;
    unsigned  i;

    for (unit = 1, i = 0; i < digits; i++) {
        unit *= 10;
    }

    /* "-0" is no integer */

    if (n < 0 && n / unit == 0) {
        pay_buf_addc(b, '-');
    }

    pay_buf_addi(b, n / unit);

    if (digits > 0) {
        pay_buf_addc(b, '.');
    }

    while (unit > 1) {
        n %= unit;
        unit /= 10;
        pay_buf_addc(b, '0' + (n < 0 ? -(n / unit) : n / unit));
    }
}


void
pay_buf_addhex(pay_buf_t *b, const pay_u8 *p, size_t n)
{
    size_t             i;
    pay_u8            *room;
    static const char  hex[] = "0123456789abcdef";

    room = n > SIZE_MAX / 4 ? NULL : pay_buf_room(b, 2 * n);

    if (room == NULL) {
        b->failed = 1;
        return;
    }

    for (i = 0; i < n; i++) {
        *room++ = hex[p[i] >> 4];
        *room++ = hex[p[i] & 15];
    }

    b->len += 2 * n;
}


pay_str_t
pay_buf_str(pay_buf_t *b)
{
    pay_str_t  s = pay_str_null;

    if (!b->failed) {
        s.len = b->len;
        s.data = b->data;
    }

    return s;
}


pay_str_t
pay_concat(pay_arena_t *a, const pay_str_t *const *parts)
{
    size_t     i, len;
    pay_buf_t  b;

    len = 0;

    for (i = 0; parts[i] != NULL; i++) {
        len += parts[i]->len;
    }

    pay_buf_init(&b, a, len);

    for (i = 0; parts[i] != NULL; i++) {
        pay_buf_adds(&b, *parts[i]);
    }

    return pay_buf_str(&b);
}
