
/*
 * Copyright (C) the ngx_pay authors
 *
 * Lines of fields, piece by piece.
 */

#include <codec/pay_csv.h>


struct pay_csv_s {
    pay_csv_form_t    form;
    pay_csv_line_pt   line;
    void             *data;
    int               begun;        /* the first line is behind us */
    size_t            len;
    pay_u8            text[PAY_CSV_LINE + 1];
};


typedef struct {
    size_t            n;
    pay_str_t         elts[PAY_CSV_FIELDS];
} pay_csv_fields_t;


pay_csv_t *
pay_csv_create(pay_arena_t *a, pay_csv_form_t form, pay_csv_line_pt line,
    void *data)
{
    pay_csv_t  *c;

    c = pay_alloc(a, sizeof(pay_csv_t));
    if (c == NULL) {
        return NULL;
    }

    c->form = form;
    c->line = line;
    c->data = data;
    c->begun = 0;
    c->len = 0;

    return c;
}


static pay_rc_t
pay_csv_field(pay_csv_fields_t *f, const pay_u8 *p, const pay_u8 *end)
{
    pay_str_t  s;

    if (f->n == PAY_CSV_FIELDS) {
        return PAY_INVALID;
    }

    s.data = p;
    s.len = end - p;

    f->elts[f->n++] = pay_str_trim(s);

    return PAY_OK;
}


/* behind the first backquote */

static pay_rc_t
pay_csv_backquote(pay_csv_fields_t *f, const pay_u8 *p, const pay_u8 *last)
{
    const pay_u8  *q;

    for (q = p; q < last; q++) {

        if (q[0] != ',' || last - q < 2 || q[1] != '`') {
            continue;
        }

        if (pay_csv_field(f, p, q) != PAY_OK) {
            return PAY_INVALID;
        }

        p = q + 2;
        q++;
    }

    return pay_csv_field(f, p, last);
}


/*
 * The end of the field that opens with a quote, its text moved together; or
 * NULL: the quote is text like any other.
 */

static pay_u8 *
pay_csv_quoted(pay_u8 *p, pay_u8 *last, size_t *len)
{
    pay_u8  *q, *to;

    for (q = p + 1; q < last; q++) {

        if (*q != '"') {
            continue;
        }

        if (last - q > 1 && q[1] == '"') {
            q++;
            continue;
        }

        break;
    }

    if (q == last || (last - q > 1 && q[1] != ',')) {
        return NULL;
    }

    last = q;

    for (q = p + 1, to = p; q < last; q++) {
        *to++ = *q;
        q += *q == '"';
    }

    *len = to - p;

    return last + 1;
}


static pay_rc_t
pay_csv_comma(pay_csv_fields_t *f, pay_u8 *p, pay_u8 *last)
{
    size_t   len;
    pay_u8  *q;

    for ( ;; ) {

        q = p < last && *p == '"' ? pay_csv_quoted(p, last, &len) : NULL;

        if (q == NULL) {
            for (q = p; q < last && *q != ','; q++) { /* void */ }
            len = q - p;
        }

        if (pay_csv_field(f, p, p + len) != PAY_OK) {
            return PAY_INVALID;
        }

        if (q == last) {
            return PAY_OK;
        }

        p = q + 1;
    }
}


static pay_rc_t
pay_csv_end(pay_csv_t *c)
{
    pay_u8           *p, *last;
    pay_rc_t          rc;
    pay_str_t         s;
    pay_csv_fields_t  f;

    p = c->text;
    last = c->text + c->len;

    if (last > p && last[-1] == '\r') {
        last--;
    }

    if (!c->begun && last - p >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) {
        p += 3;
    }

    c->begun = 1;
    c->len = 0;

    if (p == last) {
        return PAY_OK;
    }

    s.data = p;
    s.len = last - p;

    if (pay_utf8_length(s) < 0) {
        return PAY_INVALID;
    }

    f.n = 0;

    rc = c->form == PAY_CSV_BACKQUOTE && *p == '`'
         ? pay_csv_backquote(&f, p + 1, last) : pay_csv_comma(&f, p, last);

    return rc == PAY_OK ? c->line(c->data, f.elts, f.n) : rc;
}


pay_rc_t
pay_csv_feed(pay_csv_t *c, pay_str_t bytes, int last)
{
    size_t         n;
    pay_rc_t       rc;
    const pay_u8  *lf;

    while (bytes.len) {

        lf = memchr(bytes.data, '\n', bytes.len);
        n = lf ? (size_t) (lf - bytes.data) : bytes.len;

        /* one byte more for a CR */

        if (n > PAY_CSV_LINE + 1 - c->len) {
            return PAY_INVALID;
        }

        memcpy(c->text + c->len, bytes.data, n);
        c->len += n;

        if (lf == NULL) {
            break;
        }

        rc = pay_csv_end(c);
        if (rc != PAY_OK) {
            return rc;
        }

        bytes.data += n + 1;
        bytes.len -= n + 1;
    }

    return last ? pay_csv_end(c) : PAY_OK;
}
