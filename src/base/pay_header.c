
/*
 * Copyright (C) the ngx_pay authors
 *
 * Header fields: one that must be there once, and all instances of one.
 */

#include <base/pay_base.h>


pay_rc_t
pay_header_get(const pay_headers_t *h, const char *name, pay_str_t *value)
{
    size_t               i;
    const pay_header_t  *found;

    found = NULL;

    for (i = 0; i < h->nelts; i++) {

        if (!pay_str_caseeqz(h->elts[i].name, name)) {
            continue;
        }

        if (found) {
            return PAY_INVALID;
        }

        found = &h->elts[i];
    }

    if (found == NULL) {
        return PAY_DECLINED;
    }

    if (found->value.len == 0) {
        return PAY_INVALID;
    }

    *value = found->value;

    return PAY_OK;
}


pay_rc_t
pay_header_join(pay_arena_t *a, const pay_headers_t *h, pay_str_t name,
    pay_str_t *value)
{
    size_t     i, n;
    pay_buf_t  b;

    for (n = 0, i = 0; i < h->nelts; i++) {

        if (!pay_str_caseeq(h->elts[i].name, name)) {
            continue;
        }

        n++;

        /* most often there is one, which needs no copy */

        if (n == 1) {
            *value = pay_str_trim(h->elts[i].value);
            continue;
        }

        if (n == 2) {
            pay_buf_init(&b, a, 0);
            pay_buf_adds(&b, *value);
        }

        pay_buf_addz(&b, ", ");
        pay_buf_adds(&b, pay_str_trim(h->elts[i].value));
    }

    if (n > 1) {
        *value = pay_buf_str(&b);
    }

    if (n > 1 && value->data == NULL) {
        return PAY_ERROR;
    }

    return n == 0 ? PAY_DECLINED : PAY_OK;
}
