
/*
 * Copyright (C) the ngx_pay authors
 *
 * src/base/pay_time.c: RFC 3339.
 */

#include "test.h"

#include <base/pay_time.h>


static const struct {
    const char  *text;
    int64_t      t;
} good[] = {
    { "1970-01-01T00:00:00Z", 0 },
    { "1970-01-01T00:00:01Z", 1 },
    { "1970-01-01T08:00:00+08:00", 0 },
    { "1970-01-01T00:00:00+08:00", -28800 },
    { "2024-11-21T12:00:00Z", 1732190400 },
    { "2024-11-21T20:00:00+08:00", 1732190400 },
    { "2024-11-21T06:30:00-05:30", 1732190400 },
    { "2018-06-08T10:34:56+08:00", 1528425296 },
    { "2024-11-21t12:00:00z", 1732190400 },
    { "2024-11-21T12:00:00-00:00", 1732190400 },
    { "2024-11-21T12:00:00+00:00", 1732190400 },
    { "2024-11-21T12:00:00.5Z", 1732190400 },
    { "2024-11-21T12:00:00.999999999Z", 1732190400 },
    { "2024-11-21T20:00:00.123+08:00", 1732190400 },
    { "2000-02-29T00:00:00Z", 951782400 },
    { "2000-03-01T00:00:00Z", 951868800 },
    { "2024-02-29T23:59:59Z", 1709251199 },
    { "2023-02-28T23:59:59Z", 1677628799 },
    { "2100-02-28T00:00:00Z", INT64_C(4107456000) },
    { "2100-03-01T00:00:00Z", INT64_C(4107542400) },
    { "2038-01-19T03:14:08Z", INT64_C(2147483648) },
    { "9999-12-31T23:59:59Z", INT64_C(253402300799) },
    { "2016-12-31T23:59:60Z", 1483228800 },
    { "2017-01-01T07:59:60+08:00", 1483228800 },
    { "2016-12-31T23:59:60.5Z", 1483228800 },
    { "1999-12-31T23:59:59-23:59", 946771139 }
};


static const char *bad[] = {
    "", "2024", "2024-11-21", "2024-11-21T12:00:00", "2024-11-21T12:00Z",
    "2024-11-21T12:00:00+0800", "2024-11-21T12:00:00+08",
    "2024-11-21T12:00:00+8:00", "2024-11-21T12:00:00+08:0",
    "2024-11-21T12:00:00+08:000", "2024-11-21T12:00:00 +08:00",
    "2024-11-21T12:00:00+24:00", "2024-11-21T12:00:00+08:60",
    "2024-11-21T12:00:00*08:00", "2024-11-21T12:00:00+08-00",
    "2024-11-21T12:00:00+0a:00", "2024-11-21T12:00:00Z ",
    " 2024-11-21T12:00:00Z", "2024-11-21T12:00:00ZZ", "2024-11-21T12:00:00Y",
    "2024-11-21T12:00:00.Z", "2024-11-21T12:00:00,5Z",
    "2024-11-21T12:00:00.5", "2024-11-21T12:00:00.5.5Z",
    "2024-11-21T12:00:00.", "2024-11-21T12:00:00.+08:00",
    "2024-11-21 12:00:00Z", "2024-11-21_12:00:00Z", "20241121T120000Z",
    "2024/11/21T12:00:00Z", "2024-11/21T12:00:00Z", "2024-11-21T12.00:00Z",
    "2024-11-21T12:00.00Z", "2024-1-21T12:00:00ZZ",
    "2024-00-21T12:00:00Z", "2024-13-21T12:00:00Z", "2024-11-00T12:00:00Z",
    "2024-11-31T12:00:00Z", "2024-01-32T12:00:00Z", "2023-02-29T12:00:00Z",
    "2024-02-30T12:00:00Z", "2100-02-29T12:00:00Z", "2024-04-31T12:00:00Z",
    "2024-11-21T24:00:00Z", "2024-11-21T12:60:00Z", "2024-11-21T12:00:61Z",
    "2024-11-21T12:00:60Z", "2024-11-21T23:58:60Z",
    "2016-12-31T23:59:60+08:00",
    "1969-12-31T23:59:59Z", "0000-01-01T00:00:00Z", "+2024-1-21T12:00:00Z",
    "12024-11-21T12:00:00Z", "-024-11-21T12:00:00Z", "2024-11-21T-1:00:00Z",
    "2024-11-21T+1:00:00Z", "2024-11-21T12:00:0xZ", "2024-11-21T 1:00:00Z",
    "\xef\xbc\x92" "024-11-21T12:00:00Z"
};


static const struct {
    int64_t      t;
    int          offset;
    const char  *text;
} formats[] = {
    { 0, PAY_UTC, "1970-01-01T00:00:00Z" },
    { 0, PAY_BEIJING, "1970-01-01T08:00:00+08:00" },
    { -28800, PAY_BEIJING, "1970-01-01T00:00:00+08:00" },
    { 1732190400, PAY_UTC, "2024-11-21T12:00:00Z" },
    { 1732190400, PAY_BEIJING, "2024-11-21T20:00:00+08:00" },
    { 1732190400, -(5 * 3600 + 1800), "2024-11-21T06:30:00-05:30" },
    { 951782399, PAY_UTC, "2000-02-28T23:59:59Z" },
    { 951782400, PAY_UTC, "2000-02-29T00:00:00Z" },
    { 951868800, PAY_UTC, "2000-03-01T00:00:00Z" },
    { 1735689599, PAY_UTC, "2024-12-31T23:59:59Z" },
    { 1735689600, PAY_UTC, "2025-01-01T00:00:00Z" },
    { INT64_C(4107542399), PAY_UTC, "2100-02-28T23:59:59Z" },
    { INT64_C(253402300799), PAY_UTC, "9999-12-31T23:59:59Z" },
    { INT64_C(253402300800), PAY_UTC, NULL },
    { INT64_C(253402300799), PAY_BEIJING, NULL },
    { -1, PAY_UTC, NULL },
    { -28801, PAY_BEIJING, NULL },
    { INT64_MAX, PAY_UTC, NULL },
    { INT64_MAX, PAY_BEIJING, NULL },
    { INT64_MIN, PAY_UTC, NULL },
    { INT64_MIN, -3600, NULL },
    { 0, 30, NULL },
    { 100000, 86400, NULL },
    { 100000, -86400, NULL }
};


static void
test_parse(void)
{
    char       *copy;
    size_t      i, n;
    int64_t     t;
    pay_str_t   s;

    for (i = 0; i < pay_nelts(good); i++) {
        t = 4711;
        is_int(pay_time_parse(pay_strz(good[i].text), &t), PAY_OK,
               good[i].text);
        is_int(t, good[i].t, "its seconds");
    }

    for (i = 0; i < pay_nelts(bad); i++) {
        t = 4711;
        ok(pay_time_parse(pay_strz(bad[i]), &t) == PAY_INVALID && t == 4711,
           "refused: <%s>", bad[i]);
    }

    /* every proper prefix, in a block of just its length */

    for (n = 0; n < 29; n++) {
        copy = malloc(n + 1);
        memcpy(copy, "2024-11-21T20:00:00.123+08:00", n);
        s.data = (pay_u8 *) copy;
        s.len = n;
        is_int(pay_time_parse(s, &t), PAY_INVALID, "refused: cut");
        free(copy);
    }

    is_int(pay_time_parse(PAY_STR("2024-11-21T12:00:00Z\0"), &t), PAY_INVALID,
           "refused: a NUL behind");
}


static void
test_format(void)
{
    size_t        i;
    pay_str_t     s;
    pay_arena_t  *a;

    a = pay_arena_create(0);

    for (i = 0; i < pay_nelts(formats); i++) {
        s = pay_time_format(a, formats[i].t, formats[i].offset);

        if (formats[i].text == NULL) {
            ok(s.data == NULL, "no text of %lld", (long long) formats[i].t);
            continue;
        }

        is(s, formats[i].text, "format");
    }

    pay_arena_destroy(a);

    a = pay_arena_create(1);
    ok(pay_time_format(a, 0, 0).data == NULL, "format: no memory");
    pay_arena_destroy(a);
}


/* each day of 1970 to 2400, and steps to 9999, there and back */

static void
test_round(void)
{
    int           offset;
    int64_t       t, back, wrong, step;
    pay_str_t     s;
    pay_arena_t  *a;

    wrong = 0;
    a = pay_arena_create(0);

    for (t = 0; t < INT64_C(253402200000); t += step) {
        step = t < INT64_C(13570000000) ? 86399 : 86400 * 97 + 12345;
        offset = t % 3 == 0 ? PAY_UTC : t % 3 == 1 ? PAY_BEIJING : -12600;
        offset = t < 86400 ? PAY_UTC : offset;

        s = pay_time_format(a, t, offset);
        back = -1;

        if (pay_time_parse(s, &back) != PAY_OK || back != t) {
            wrong++;
        }
    }

    is_int(wrong, 0, "there and back, 1970 to 9999");
    pay_arena_destroy(a);
}


int
main(void)
{
    test_parse();
    test_format();
    test_round();

    return done();
}
