
/*
 * Copyright (C) the ngx_pay authors
 *
 * RFC 3339 text to Unix seconds and back, without the C library's calendar:
 * that one reads TZ and is not the same everywhere.
 */

#include <base/pay_time.h>


#define PAY_DAY  86400


static const int  pay_month_starts[13] = {
    0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365
};


/* what RFC 3339 has at fixed places: the width and range of each number */

static const struct {
    size_t  at;
    size_t  width;
    int     min;
    int     max;
} pay_time_parts[] = {
    {  0, 4, 1970, 9999 },
    {  5, 2,    1,   12 },
    {  8, 2,    1,   31 },
    { 11, 2,    0,   23 },
    { 14, 2,    0,   59 },
    { 17, 2,    0,   60 }
};

enum { YEAR, MONTH, DAY, HOUR, MINUTE, SECOND, PARTS };


static int
pay_time_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}


/* days from 1970-01-01 to the first of January of a year */

static int64_t
pay_time_year_day(int64_t year)
{
    int64_t  y;

    y = year - 1;

    return (year - 1970) * 365 + (y / 4 - 492) - (y / 100 - 19)
           + (y / 400 - 4);
}


/* days in the year before the month, 1 to 13 */

static int
pay_time_month_day(int64_t year, int month)
{
    return pay_month_starts[month - 1] + (month > 2 && pay_time_leap(year));
}


static pay_rc_t
pay_time_number(const pay_u8 *p, size_t width, int min, int max, int *out)
{
    int     n;
    size_t  i;

    for (n = 0, i = 0; i < width; i++) {
        if (p[i] < '0' || p[i] > '9') {
            return PAY_INVALID;
        }

        n = n * 10 + (p[i] - '0');
    }

    *out = n;

    return n < min || n > max ? PAY_INVALID : PAY_OK;
}


/* Z or +hh:mm and nothing behind */

static pay_rc_t
pay_time_offset(const pay_u8 *p, size_t len, int *out)
{
    int  hour, minute;

    if (len == 1 && (*p == 'Z' || *p == 'z')) {
        *out = 0;
        return PAY_OK;
    }

    if (len != 6 || (*p != '+' && *p != '-') || p[3] != ':'
        || pay_time_number(p + 1, 2, 0, 23, &hour) != PAY_OK
        || pay_time_number(p + 4, 2, 0, 59, &minute) != PAY_OK)
    {
        return PAY_INVALID;
    }

    *out = (hour * 3600 + minute * 60) * (*p == '-' ? -1 : 1);

    return PAY_OK;
}


/* the bytes of a fraction, 0 if there is none or it has no digit */

static size_t
pay_time_fraction(const pay_u8 *p, size_t len)
{
    size_t  i;

    if (len == 0 || p[0] != '.') {
        return 0;
    }

    for (i = 1; i < len && p[i] >= '0' && p[i] <= '9'; i++) { /* void */ }

    return i == 1 ? 0 : i;
}


pay_rc_t
pay_time_parse(pay_str_t text, int64_t *out)
{
    int            v[PARTS], offset;
    size_t         i;
    int64_t        t;
    const pay_u8  *p;

    p = text.data;

    if (text.len < sizeof("1970-01-01T00:00:00Z") - 1
        || p[4] != '-' || p[7] != '-' || (p[10] != 'T' && p[10] != 't')
        || p[13] != ':' || p[16] != ':')
    {
        return PAY_INVALID;
    }

    for (i = 0; i < PARTS; i++) {
        if (pay_time_number(p + pay_time_parts[i].at, pay_time_parts[i].width,
                            pay_time_parts[i].min, pay_time_parts[i].max,
                            &v[i])
            != PAY_OK)
        {
            return PAY_INVALID;
        }
    }

    if (v[DAY] > pay_time_month_day(v[YEAR], v[MONTH] + 1)
                 - pay_time_month_day(v[YEAR], v[MONTH]))
    {
        return PAY_INVALID;
    }

    i = 19 + pay_time_fraction(p + 19, text.len - 19);

    if (pay_time_offset(p + i, text.len - i, &offset) != PAY_OK) {
        return PAY_INVALID;
    }

    t = (pay_time_year_day(v[YEAR]) + pay_time_month_day(v[YEAR], v[MONTH])
         + v[DAY] - 1)
        * PAY_DAY
        + v[HOUR] * 3600 + v[MINUTE] * 60 + v[SECOND] - offset;

    /* a leap second ends a day of UTC: RFC 3339 section 5.7 */

    if (v[SECOND] == 60 && t % PAY_DAY != 0) {
        return PAY_INVALID;
    }

    *out = t;

    return PAY_OK;
}


static void
pay_time_add(pay_buf_t *b, pay_u8 before, int n)
{
    pay_buf_addc(b, before);
    pay_buf_addc(b, '0' + n / 10);
    pay_buf_addc(b, '0' + n % 10);
}


static void
pay_time_add_offset(pay_buf_t *b, int offset)
{
    int  minutes;

    if (offset == 0) {
        pay_buf_addc(b, 'Z');
        return;
    }

    minutes = (offset < 0 ? -offset : offset) / 60;
    pay_time_add(b, offset < 0 ? '-' : '+', minutes / 60);
    pay_time_add(b, ':', minutes % 60);
}


pay_str_t
pay_time_format(pay_arena_t *a, int64_t t, int offset)
{
    int        month, second;
    int64_t    day, year;
    pay_buf_t  b;
    pay_str_t  none = pay_str_null;

    if (offset % 60 != 0 || offset <= -PAY_DAY || offset >= PAY_DAY
        || t < -offset || t >= pay_time_year_day(10000) * PAY_DAY - offset)
    {
        return none;
    }

    day = (t + offset) / PAY_DAY;
    second = (t + offset) % PAY_DAY;

    /* 366 is too long for a year: the estimate is never too late */

    for (year = 1970 + day / 366; pay_time_year_day(year + 1) <= day; year++) {
        /* void */
    }

    day -= pay_time_year_day(year);

    for (month = 1; pay_time_month_day(year, month + 1) <= day; month++) {
        /* void */
    }

    pay_buf_init(&b, a, sizeof("1970-01-01T00:00:00+00:00"));
    pay_buf_addi(&b, year);
    pay_time_add(&b, '-', month);
    pay_time_add(&b, '-', day - pay_time_month_day(year, month) + 1);
    pay_time_add(&b, 'T', second / 3600);
    pay_time_add(&b, ':', second / 60 % 60);
    pay_time_add(&b, ':', second % 60);
    pay_time_add_offset(&b, offset);

    return pay_buf_str(&b);
}
