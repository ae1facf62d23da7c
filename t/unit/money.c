
/*
 * Copyright (C) the ngx_pay authors
 *
 * src/base/pay_money.c: the rows of docs/security.md, and the
 * currency table against ISO 4217.
 */

#include "vectors.h"

#include <base/pay_money.h>


#define NO  -1      /* refused */


static const struct {
    const char  *text;
    int64_t      amount;
} integers[] = {
    { "1", 1 },
    { "100", 100 },
    { "9999999999999", INT64_C(9999999999999) },
    { "10000000000000", PAY_AMOUNT_MAX },
    { "10000000000001", NO },
    { "0", NO }, { "-1", NO }, { "-0", NO }, { "00100", NO }, { "+100", NO },
    { "100.0", NO }, { "1e2", NO }, { "1E+2", NO }, { "100.5", NO },
    { "1.005", NO }, { "0.1", NO },
    { " 100", NO }, { "100 ", NO }, { "1,00", NO },
    { "\xef\xbc\x91\xef\xbc\x90\xef\xbc\x90", NO },
    { "0x64", NO }, { "true", NO }, { "null", NO }, { "[100]", NO },
    { "{}", NO }, { "\"100\"", NO }, { "", NO },
    { "9007199254740993", NO },
    { "4294967396", INT64_C(4294967396) },      /* 2^32 + 100: not 100 */
    { "18446744073709551716", NO },             /* 2^64 + 100 */
    { "9223372036854775807", NO },
    { "9223372036854775808", NO },
    { "-9223372036854775808", NO },
    { "1e400", NO }, { "NaN", NO }, { "Infinity", NO }, { "-Infinity", NO }
};


static const struct {
    const char  *text;
    int          exponent;
    int64_t      amount;
} decimals[] = {
    { "1.1", 2, 110 }, { "1", 2, 100 }, { "0.01", 2, 1 }, { "1.10", 2, 110 },
    { "0", 2, 0 }, { "0.0", 2, 0 }, { "0.00", 2, 0 }, { "10.99", 2, 1099 },
    { "0.1", 2, 10 }, { "100", 2, 10000 }, { "1234567.89", 2, 123456789 },
    { "01.10", 2, NO }, { "1.", 2, NO }, { ".5", 2, NO }, { "1.005", 2, NO },
    { "1.100", 2, NO }, { "1e1", 2, NO }, { "-0.01", 2, NO }, { "+1", 2, NO },
    { "1,000.00", 2, NO }, { "1,5", 2, NO }, { "", 2, NO }, { ".", 2, NO },
    { "00", 2, NO }, { "00.1", 2, NO }, { "1.1.1", 2, NO }, { "1..1", 2, NO },
    { " 1", 2, NO }, { "1 ", 2, NO }, { "1.1\n", 2, NO }, { "1. 1", 2, NO },
    { "0x1", 2, NO }, { "1.-1", 2, NO }, { "NaN", 2, NO },
    { "\xef\xbc\x91", 2, NO },
    { "100000000000", 2, PAY_AMOUNT_MAX },
    { "100000000000.00", 2, PAY_AMOUNT_MAX },
    { "100000000000.01", 2, NO },
    { "42949672.97", 2, INT64_C(4294967297) },
    { "184467440737095517.16", 2, NO },
    { "99999999999999999999999999999999.99", 2, NO },
    { "500", 0, 500 }, { "10000", 0, 10000 }, { "500.0", 0, NO },
    { "500.", 0, NO }, { "705.00", 0, NO },
    { "10000000000000", 0, PAY_AMOUNT_MAX }, { "10000000000001", 0, NO },
    { "1.234", 3, 1234 }, { "1.2", 3, 1200 }, { "1", 3, 1000 },
    { "1.2345", 3, NO }, { "0.001", 3, 1 }, { "1.000", 3, 1000 },
    { "1.2345", 4, 12345 }, { "0.0001", 4, 1 }, { "1", 4, 10000 },
    { "1.23456", 4, NO },
    { "1", -1, NO }, { "1", 5, NO }
};


static const struct {
    int64_t      amount;
    int          exponent;
    const char  *text;
} texts[] = {
    { 110, 2, "1.10" }, { 5, 2, "0.05" }, { 100, 2, "1.00" }, { 1, 2, "0.01" },
    { 123456789, 2, "1234567.89" }, { 0, 2, "0.00" }, { 10, 2, "0.10" },
    { 10000, 0, "10000" }, { 0, 0, "0" }, { 1, 0, "1" },
    { 1234, 3, "1.234" }, { 5, 3, "0.005" }, { 1000, 3, "1.000" },
    { 12345, 4, "1.2345" }, { 1, 4, "0.0001" },
    { 1234, 2, "12.34" },
    { PAY_AMOUNT_MAX, 2, "100000000000.00" },
    { INT64_MAX, 2, "92233720368547758.07" },
    { -1, 2, NULL }, { INT64_MIN, 2, NULL }, { 100, -1, NULL },
    { 100, 5, NULL }
};


static const struct {
    const char  *code;
    int          exponent;
} codes[] = {
    { "CNY", 2 }, { "USD", 2 }, { "EUR", 2 }, { "HKD", 2 }, { "AED", 2 },
    { "ZWG", 2 }, { "MGA", 2 }, { "HUF", 2 }, { "TWD", 2 },
    { "JPY", 0 }, { "KRW", 0 }, { "VND", 0 }, { "ISK", 0 }, { "UGX", 0 },
    { "BHD", 3 }, { "IQD", 3 }, { "JOD", 3 }, { "KWD", 3 }, { "LYD", 3 },
    { "OMR", 3 }, { "TND", 3 },
    { "CLF", 4 }, { "UYW", 4 },
    { "XXX", -1 }, { "XTS", -1 }, { "XAU", -1 }, { "XAG", -1 }, { "XDR", -1 },
    { "XBA", -1 }, { "ZZZ", -1 }, { "cny", -1 }, { "Cny", -1 }, { "", -1 },
    { "CN", -1 }, { "CNYX", -1 }, { "CNY ", -1 }, { " CN", -1 }, { "NY ", -1 },
    { "Y U", -1 }, { "   ", -1 }, { "156", -1 }, { "DEM", -1 }, { "ZWL", -1 },
    { "ED ", -1 }, { "\0\0\0", -1 }
};


static void
test_integers(void)
{
    char      digits[1001];
    size_t    i;
    int64_t   n;
    pay_rc_t  rc;

    for (i = 0; i < pay_nelts(integers); i++) {
        n = 4711;
        rc = pay_amount_parse(pay_strz(integers[i].text), &n);
        ok(integers[i].amount == NO ? rc == PAY_INVALID && n == 4711
                                    : rc == PAY_OK && n == integers[i].amount,
           "A: amount <%s>", integers[i].text);
    }

    memset(digits, '1', 1000);
    digits[1000] = '\0';
    is_int(pay_amount_parse(pay_strz(digits), &n), PAY_INVALID,
           "A: 1000 digits");
    is_int(pay_amount_from_decimal(pay_strz(digits), 2, &n), PAY_INVALID,
           "A-2: 1000 digits");
    is_int(pay_amount_parse(PAY_STR("1\0"), &n), PAY_INVALID,
           "A: a NUL behind");
    is_int(pay_amount_from_decimal(PAY_STR("1\0"), 2, &n), PAY_INVALID,
           "A-2: a NUL behind");
}


static void
test_decimals(void)
{
    size_t        i;
    int64_t       n;
    pay_rc_t      rc;
    pay_str_t     s;
    pay_arena_t  *a;

    a = pay_arena_create(0);

    for (i = 0; i < pay_nelts(decimals); i++) {
        n = 4711;
        rc = pay_amount_from_decimal(pay_strz(decimals[i].text),
                                     decimals[i].exponent, &n);
        ok(decimals[i].amount == NO ? rc == PAY_INVALID && n == 4711
                                    : rc == PAY_OK && n == decimals[i].amount,
           "A-2: decimal <%s> of %d", decimals[i].text, decimals[i].exponent);
    }

    for (i = 0; i < pay_nelts(texts); i++) {
        s = pay_amount_to_decimal(a, texts[i].amount, texts[i].exponent);

        if (texts[i].text == NULL) {
            ok(s.data == NULL, "A-4: no text of %lld, %d",
               (long long) texts[i].amount, texts[i].exponent);
            continue;
        }

        is(s, texts[i].text, "A-1, A-3: text");

        if (texts[i].amount <= PAY_AMOUNT_MAX) {
            is_int(pay_amount_from_decimal(s, texts[i].exponent, &n), PAY_OK,
                   "and back");
            is_int(n, texts[i].amount, "the same amount");
        }
    }

    pay_arena_destroy(a);

    a = pay_arena_create(1);
    ok(pay_amount_to_decimal(a, 1, 2).data == NULL, "text: no memory");
    pay_arena_destroy(a);
}


static void
test_add(void)
{
    int64_t  n;

    is_int(pay_amount_add(1, 2, &n), PAY_OK, "A-5: add");
    is_int(n, 3, "A-5: sum");
    is_int(pay_amount_add(PAY_AMOUNT_MAX, 0, &n), PAY_OK, "A-5: the most");
    is_int(pay_amount_add(PAY_AMOUNT_MAX - 1, 1, &n), PAY_OK, "A-5: just");
    n = 4711;
    is_int(pay_amount_add(PAY_AMOUNT_MAX, 1, &n), PAY_INVALID, "A-5: over");
    is_int(pay_amount_add(INT64_MAX, 1, &n), PAY_INVALID, "A-5: overflow");
    is_int(pay_amount_add(INT64_MAX, INT64_MAX, &n), PAY_INVALID, "A-5: twice");
    is_int(pay_amount_add(INT64_MIN, -1, &n), PAY_INVALID, "A-5: underflow");
    is_int(pay_amount_add(1, -2, &n), PAY_INVALID, "A-5: below zero");
    is_int(n, 4711, "A-5: untouched");
    is_int(pay_amount_add(5, -5, &n), PAY_OK, "A-5: to zero");
    is_int(n, 0, "A-5: zero");
}


/* what the channels' documents say of an amount, from text to text */

static void
test_cases(yajl_val root)
{
    size_t              i;
    int64_t             n;
    yajl_val            v;
    pay_str_t           code;
    const char         *text;
    static const char  *list[] = { "conversion_cases", NULL };
    static const char  *path[][2] = {
        { "currency", NULL }, { "decimal", NULL }, { "iso_minor", NULL }
    };

    v = yajl_tree_get(root, list, yajl_t_array);

    for (i = 0; v != NULL && i < YAJL_GET_ARRAY(v)->len; i++) {
        yajl_val  c = YAJL_GET_ARRAY(v)->values[i];
        yajl_val  minor = yajl_tree_get(c, path[2], yajl_t_number);
        yajl_val  name = yajl_tree_get(c, path[0], yajl_t_string);
        yajl_val  dec = yajl_tree_get(c, path[1], yajl_t_string);

        if (name == NULL || dec == NULL) {
            continue;
        }

        code = pay_strz(YAJL_GET_STRING(name));
        text = YAJL_GET_STRING(dec);
        n = -1;
        (void) pay_amount_from_decimal(pay_strz(text),
                                       pay_currency_exponent(code), &n);
        is_int(n, minor == NULL ? -1 : YAJL_GET_INTEGER(minor), text);
    }
}


static void
test_list(yajl_val root, const char *name, int *counts)
{
    int          exponent;
    size_t       i, bad;
    yajl_val     v, c, e;
    pay_str_t    code;
    const char  *list[2] = { name, NULL }, *key[2] = { "code", NULL };
    const char  *exp[2] = { "exponent", NULL };

    v = yajl_tree_get(root, list, yajl_t_array);
    bad = v == NULL;

    for (i = 0; v != NULL && i < YAJL_GET_ARRAY(v)->len; i++) {
        c = YAJL_GET_ARRAY(v)->values[i];
        code = pay_strz(YAJL_GET_STRING(yajl_tree_get(c, key, yajl_t_string)));
        e = yajl_tree_get(c, exp, yajl_t_number);
        exponent = pay_currency_exponent(code);

        if (exponent != (e == NULL ? -1 : (int) YAJL_GET_INTEGER(e))) {
            printf("# %s: %d\n", code.data, exponent);
            bad++;
        }

        counts[exponent + 1]++;
    }

    is_int(bad, 0, name);
}


/* codes that answer at all: no window over two codes may be one */

static int
count_codes(void)
{
    int        n;
    char       z[4] = "AAA";
    pay_str_t  s = { 3, (pay_u8 *) z };

    for (n = 0; z[0] <= 'Z'; z[0]++) {
        for (z[1] = ' '; z[1] <= 'Z'; z[1]++) {
            for (z[2] = ' '; z[2] <= 'Z'; z[2]++) {
                n += pay_currency_exponent(s) >= 0;
            }
        }
    }

    return n;
}


static void
test_codes(void)
{
    int       counts[6] = { 0 };
    size_t    i;
    yajl_val  root;

    for (i = 0; i < pay_nelts(codes); i++) {
        is_int(pay_currency_exponent(pay_strz(codes[i].code)),
               codes[i].exponent, codes[i].code);
    }

    is_int(pay_currency_exponent(PAY_STR("\0\0\0")), -1, "three NUL");
    is_int(count_codes(), 165, "A-3: 165 codes and no more");

    root = tree_shared("iso4217.json");

    if (root == NULL) {
        skip("no iso4217.json");
        return;
    }

    test_list(root, "active", counts);
    is_int(counts[0], 13, "A-3: none");
    is_int(counts[1], 17, "A-3: exponent 0");
    is_int(counts[3], 139, "A-3: exponent 2");
    is_int(counts[4], 7, "A-3: exponent 3");
    is_int(counts[5], 2, "A-3: exponent 4");
    test_list(root, "withdrawn", counts);
    test_cases(root);

    yajl_tree_free(root);
}


int
main(void)
{
    test_integers();
    test_decimals();
    test_add();
    test_codes();

    return done();
}
