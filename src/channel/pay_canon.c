
/*
 * Copyright (C) the ngx_pay authors
 *
 * Canonical strings by recipe.
 */

#include <channel/pay_canon.h>


pay_str_t
pay_canon_lines(pay_arena_t *a, const pay_str_t *lines, size_t n)
{
    size_t     i, size;
    pay_buf_t  b;

    for (size = 0, i = 0; i < n; i++) {
        size += lines[i].len + 1;
    }

    pay_buf_init(&b, a, size);

    for (i = 0; i < n; i++) {
        pay_buf_adds(&b, lines[i]);
        pay_buf_addc(&b, '\n');
    }

    return pay_buf_str(&b);
}
