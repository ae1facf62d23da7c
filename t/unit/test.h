
/*
 * Copyright (C) the ngx_pay authors
 *
 * A unit test is a program that prints TAP.  Each includes this file once,
 * calls ok(), is() and is_int(), and ends with "return done();".
 */

#ifndef PAY_TEST_H_INCLUDED
#define PAY_TEST_H_INCLUDED


#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <base/pay_base.h>


#define UNUSED  __attribute__((unused))


static int  test_n, test_failed;


static int __attribute__((unused, format(printf, 2, 3)))
ok(int yes, const char *fmt, ...)
{
    va_list  ap;

    test_n++;
    test_failed += !yes;

    printf("%sok %d - ", yes ? "" : "not ", test_n);
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    putchar('\n');
    fflush(stdout);

    return yes;
}


static UNUSED int
is(pay_str_t got, const char *want, const char *name)
{
    int  yes;

    yes = got.data != NULL && got.len == strlen(want)
          && memcmp(got.data, want, got.len) == 0;
    ok(yes, "%s", name);

    if (!yes) {
        printf("#      got: %.*s\n#   wanted: %s\n", (int) got.len,
               got.data ? (const char *) got.data : "(null)", want);
    }

    return yes;
}


static UNUSED int
is_int(long long got, long long want, const char *name)
{
    if (!ok(got == want, "%s", name)) {
        printf("#      got: %lld\n#   wanted: %lld\n", got, want);
        return 0;
    }

    return 1;
}


static UNUSED int
done(void)
{
    printf("1..%d\n", test_n);
    return test_failed != 0;
}


#endif /* PAY_TEST_H_INCLUDED */
