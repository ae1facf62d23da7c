
/*
 * Copyright (C) the ngx_pay authors
 *
 * Forms and query strings, decoded exactly once, and percent-encoding.
 * Source: application/x-www-form-urlencoded (WHATWG URL section 5); RFC 3986
 * section 2.
 */

#include <codec/pay_codec.h>
#include <codec/pay_hex.h>


static pay_str_t
pay_percent_write(pay_arena_t *a, pay_str_t s, const char *kept)
{
    size_t             i;
    pay_buf_t          b;
    pay_str_t          c;
    static const char  hex[] = "0123456789ABCDEF";

    pay_buf_init(&b, a, s.len);
    c.len = 1;

    for (i = 0; i < s.len; i++) {
        c.data = s.data + i;

        if (pay_str_token(c, kept, 1, 1)) {
            pay_buf_addc(&b, *c.data);
            continue;
        }

        pay_buf_addc(&b, '%');
        pay_buf_addc(&b, hex[*c.data >> 4]);
        pay_buf_addc(&b, hex[*c.data & 15]);
    }

    return pay_buf_str(&b);
}


pay_str_t
pay_percent_encode(pay_arena_t *a, pay_str_t s)
{
    return pay_percent_write(a, s, "-_.~");
}


pay_str_t
pay_form_encode(pay_arena_t *a, pay_str_t s)
{
    return pay_percent_write(a, s, "*-._");
}


/* the text up to a byte, which is skipped, or up to the end */

static pay_str_t
pay_form_split(pay_str_t *rest, pay_u8 stop)
{
    size_t         len;
    pay_str_t      part;
    const pay_u8  *p;

    p = rest->len == 0 ? NULL : memchr(rest->data, stop, rest->len);

    if (p == NULL) {
        part = *rest;
        rest->len = 0;
        return part;
    }

    len = p - rest->data;
    part.data = rest->data;
    part.len = len;
    rest->data += len + 1;
    rest->len -= len + 1;

    return part;
}


/* into *room, which moves on; a decoded text is never longer */

static pay_rc_t
pay_form_decode(pay_u8 **room, pay_str_t text, int utf8, pay_str_t *out)
{
    int      high, low;
    size_t   i;
    pay_u8  *p;

    p = *room;

    for (i = 0; i < text.len; i++) {
        if (text.data[i] != '%') {
            *p++ = text.data[i] == '+' ? ' ' : text.data[i];
            continue;
        }

        if (text.len - i < 3) {
            return PAY_INVALID;
        }

        high = pay_hex_digit(text.data[++i]);
        low = pay_hex_digit(text.data[++i]);

        if (high < 0 || low < 0) {
            return PAY_INVALID;
        }

        *p++ = high << 4 | low;
    }

    out->data = *room;
    out->len = p - *room;
    *room = p;

    if (!utf8) {
        return memchr(out->data, '\0', out->len) ? PAY_INVALID : PAY_OK;
    }

    /* refuses NUL, too */

    return pay_utf8_length(*out) < 0 ? PAY_INVALID : PAY_OK;
}


static pay_rc_t
pay_form_field(pay_u8 **room, pay_str_t text, int utf8, pay_form_t *f)
{
    size_t        i;
    pay_str_t     name;
    pay_field_t  *new;

    new = &f->elts[f->nelts];
    name = pay_form_split(&text, '=');

    if (pay_form_decode(room, name, utf8, &new->name) != PAY_OK
        || pay_form_decode(room, text, utf8, &new->value) != PAY_OK
        || new->name.len == 0)
    {
        return PAY_INVALID;
    }

    for (i = 0; i < f->nelts; i++) {
        if (pay_str_eq(f->elts[i].name, new->name)) {
            return PAY_INVALID;
        }
    }

    f->nelts++;

    return PAY_OK;
}


static size_t
pay_form_count(pay_str_t text)
{
    size_t  i, n;

    n = text.len > 0;

    for (i = 0; i < text.len; i++) {
        n += text.data[i] == '&';
    }

    return n;
}


static pay_rc_t
pay_form_read(pay_arena_t *a, pay_str_t text, size_t max, int utf8,
    pay_form_t *out)
{
    size_t       i, n;
    pay_u8      *room;
    pay_form_t   f;

    n = pay_form_count(text);
    if (n > max) {
        return PAY_INVALID;
    }

    f.nelts = 0;
    f.elts = pay_alloc(a, n * sizeof(pay_field_t));
    room = pay_alloc(a, text.len);

    if (f.elts == NULL || room == NULL) {
        return PAY_ERROR;
    }

    /* by count: a '&' at the end makes one more field, without a name */

    for (i = 0; i < n; i++) {
        if (pay_form_field(&room, pay_form_split(&text, '&'), utf8, &f)
            != PAY_OK)
        {
            return PAY_INVALID;
        }
    }

    *out = f;

    return PAY_OK;
}


pay_rc_t
pay_form_parse(pay_arena_t *a, pay_str_t text, size_t max, pay_form_t *out)
{
    return pay_form_read(a, text, max, 1, out);
}


pay_rc_t
pay_form_bytes(pay_arena_t *a, pay_str_t text, size_t max, pay_form_t *out)
{
    return pay_form_read(a, text, max, 0, out);
}


const pay_str_t *
pay_form_get(const pay_form_t *f, const char *name)
{
    size_t  i;

    for (i = 0; i < f->nelts; i++) {
        if (pay_str_eqz(f->elts[i].name, name)) {
            return &f->elts[i].value;
        }
    }

    return NULL;
}
