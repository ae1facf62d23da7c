
/*
 * Copyright (C) the ngx_pay authors
 *
 * src/base/pay_header.c: header fields, once and joined.
 */

#include "test.h"


static void
test_header_get(void)
{
    pay_str_t      v;
    pay_headers_t  h;

    static const pay_header_t  elts[] = {
        { pay_str("Once"), pay_str("1") },
        { pay_str("Twice"), pay_str("2") },
        { pay_str("Empty"), pay_str("") },
        { pay_str("tWICE"), pay_str("2") },
        { pay_str("Twice-Empty"), pay_str("") },
        { pay_str("Twice-Empty"), pay_str("5") }
    };

    h.elts = elts;
    h.nelts = pay_nelts(elts);

    is_int(pay_header_get(&h, "Once", &v), PAY_OK, "there once");
    is(v, "1", "its value");
    is_int(pay_header_get(&h, "oNCE", &v), PAY_OK, "in any case");
    is_int(pay_header_get(&h, "Onc", &v), PAY_DECLINED, "a prefix");
    is_int(pay_header_get(&h, "Once2", &v), PAY_DECLINED, "not there");
    is_int(pay_header_get(&h, "Twice", &v), PAY_INVALID, "there twice");
    is_int(pay_header_get(&h, "Empty", &v), PAY_INVALID, "empty");
    is_int(pay_header_get(&h, "Twice-Empty", &v), PAY_INVALID,
           "twice, the first one empty");

    h.nelts = 0;
    h.elts = NULL;
    is_int(pay_header_get(&h, "Once", &v), PAY_DECLINED, "no headers");
}


static void
test_header_join(void)
{
    pay_str_t      v;
    pay_arena_t   *a;
    pay_headers_t  h;

    static const pay_header_t  elts[] = {
        { pay_str("Once"), pay_str(" \t 1 2\t3\t ") },
        { pay_str("Many"), pay_str("") },
        { pay_str("mANY"), pay_str("a,b ") },
        { pay_str("Other"), pay_str("x") },
        { pay_str("MANY"), pay_str("\t") },
        { pay_str("many"), pay_str("c") },
        { pay_str("Blank"), pay_str(" \t ") },
        { pay_str("Nothing"), pay_str_null }
    };

    h.elts = elts;
    h.nelts = pay_nelts(elts);
    a = pay_arena_create(0);

    is_int(pay_header_join(a, &h, PAY_STR("once"), &v), PAY_OK, "one line");
    is(v, "1 2\t3", "without what is around it");
    ok(v.data == elts[0].value.data + 3, "and without a copy");
    is_int(pay_header_join(a, &h, PAY_STR("MaNy"), &v), PAY_OK, "four lines");
    is(v, ", a,b, , c", "in order, the empty ones too");
    is_int(pay_header_join(a, &h, PAY_STR("blank"), &v), PAY_OK, "blank");
    is_int(v.len, 0, "is empty");
    is_int(pay_header_join(a, &h, PAY_STR("nothing"), &v), PAY_OK, "nothing");
    is_int(v.len, 0, "is empty, too");
    is_int(pay_header_join(a, &h, PAY_STR("man"), &v), PAY_DECLINED,
           "a prefix");
    is_int(pay_header_join(a, &h, PAY_STR("many2"), &v), PAY_DECLINED,
           "not there");
    is_int(pay_header_join(a, &h, PAY_STR(""), &v), PAY_DECLINED, "no name");

    pay_arena_destroy(a);

    a = pay_arena_create(1);
    is_int(pay_header_join(a, &h, PAY_STR("many"), &v), PAY_ERROR,
           "no memory");
    is_int(pay_header_join(a, &h, PAY_STR("other"), &v), PAY_OK,
           "one line needs none");
    pay_arena_destroy(a);
}


int
main(void)
{
    test_header_get();
    test_header_join();

    return done();
}
