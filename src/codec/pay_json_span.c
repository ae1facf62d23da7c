
/*
 * Copyright (C) the ngx_pay authors
 *
 * The members of an object as bytes.  yajl cannot do this: it tells where it
 * is, but not where a token began, and it reads no GBK.
 */

#include <codec/pay_json_span.h>


typedef struct {
    const pay_u8  *p;
    const pay_u8  *last;
    int            gbk;
} pay_span_reader_t;


static void
pay_span_space(pay_span_reader_t *r)
{
    while (r->p < r->last
           && (*r->p == ' ' || *r->p == '\t' || *r->p == '\r'
               || *r->p == '\n'))
    {
        r->p++;
    }
}


static int
pay_span_take(pay_span_reader_t *r, pay_u8 c)
{
    pay_span_space(r);

    if (r->p == r->last || *r->p != c) {
        return 0;
    }

    r->p++;

    return 1;
}


/* behind the quote that ends a string; r->p is at the one that begins it */

static int
pay_span_string(pay_span_reader_t *r)
{
    pay_u8  c;

    for (r->p++; r->p < r->last; r->p++) {
        c = *r->p;

        if (c == '"') {
            r->p++;
            return 1;
        }

        if (c == '\\' || (r->gbk && c >= 0x81 && c <= 0xfe
                          && r->last - r->p > 1 && r->p[1] >= 0x40))
        {
            r->p++;
        }
    }

    return 0;
}


/* braces and brackets count alike: whether they match is for the reader */

static int
pay_span_nested(pay_span_reader_t *r)
{
    size_t  depth;

    depth = 0;

    while (r->p < r->last) {

        switch (*r->p) {

        case '"':
            if (!pay_span_string(r)) {
                return 0;
            }
            continue;

        case '{':
        case '[':
            depth++;
            break;

        case '}':
        case ']':
            if (--depth == 0) {
                r->p++;
                return 1;
            }
            break;
        }

        r->p++;
    }

    return 0;
}


static int
pay_span_word(pay_span_reader_t *r)
{
    const pay_u8  *start;

    for (start = r->p; r->p < r->last; r->p++) {

        if (*r->p == ',' || *r->p == '}' || *r->p <= ' ') {
            break;
        }
    }

    return r->p != start;
}


static int
pay_span_value(pay_span_reader_t *r, pay_str_t *out)
{
    int  good;

    pay_span_space(r);

    if (r->p == r->last) {
        return 0;
    }

    out->data = r->p;

    switch (*r->p) {

    case '"':
        good = pay_span_string(r);
        break;

    case '{':
    case '[':
        good = pay_span_nested(r);
        break;

    default:
        good = pay_span_word(r);
        break;
    }

    out->len = r->p - out->data;

    return good;
}


static int
pay_span_key(pay_span_reader_t *r, pay_str_t *out)
{
    size_t  i;

    pay_span_space(r);

    if (r->p == r->last || *r->p != '"' || !pay_span_value(r, out)) {
        return 0;
    }

    out->data++;
    out->len -= 2;

    for (i = 0; i < out->len; i++) {
        if (out->data[i] < 0x20 || out->data[i] > 0x7e
            || out->data[i] == '\\')
        {
            return 0;
        }
    }

    return 1;
}


pay_rc_t
pay_json_spans(pay_str_t text, int gbk, pay_json_span_t *spans, size_t max,
    size_t *n)
{
    pay_json_span_t    *s;
    pay_span_reader_t   r;

    r.p = text.data;
    r.last = text.data + text.len;
    r.gbk = gbk;
    *n = 0;

    if (!pay_span_take(&r, '{')) {
        return PAY_INVALID;
    }

    do {
        if (*n == max) {
            return PAY_INVALID;
        }

        s = &spans[*n];

        if (!pay_span_key(&r, &s->key) || pay_json_span(spans, *n, s->key)
            || !pay_span_take(&r, ':') || !pay_span_value(&r, &s->value))
        {
            return PAY_INVALID;
        }

        (*n)++;

    } while (pay_span_take(&r, ','));

    if (!pay_span_take(&r, '}')) {
        return PAY_INVALID;
    }

    pay_span_space(&r);

    return r.p == r.last ? PAY_OK : PAY_INVALID;
}


const pay_json_span_t *
pay_json_span(const pay_json_span_t *spans, size_t n, pay_str_t key)
{
    size_t  i;

    for (i = 0; i < n; i++) {
        if (pay_str_eq(spans[i].key, key)) {
            return &spans[i];
        }
    }

    return NULL;
}
