
/*
 * Copyright (C) the ngx_pay authors
 *
 * Amounts: integers of minor units, from text to text.
 * Source: ISO 4217 list one as of 2026-02-01; docs/design.md section 4.
 */

#include <base/pay_money.h>


#define PAY_EXPONENT_MAX  4


/*
 * The codes that one can pay with, by exponent.  Not here, so not payable:
 * metals, SDR, bond and test units (no exponent), and withdrawn codes.
 */

static const struct {
    int          exponent;
    const char  *codes;
} pay_currencies[] = {
    { 0,
      "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF "
      "XOF XPF " },
    { 2,
      "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB "
      "BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY COP COU "
      "CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL "
      "GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES "
      "KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK "
      "MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR "
      "NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG "
      "SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP "
      "TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG "
      "YER ZAR ZMW ZWG " },
    { 3,
      "BHD IQD JOD KWD LYD OMR TND " },
    { 4,
      "CLF UYW " }
};


int
pay_currency_exponent(pay_str_t code)
{
    size_t       i;
    const char  *p;

    if (code.len != 3) {
        return -1;
    }

    for (i = 0; i < pay_nelts(pay_currencies); i++) {
        for (p = pay_currencies[i].codes; *p != '\0'; p += 4) {
            if (memcmp(p, code.data, 3) == 0) {
                return pay_currencies[i].exponent;
            }
        }
    }

    return -1;
}


pay_rc_t
pay_amount_parse(pay_str_t text, int64_t *out)
{
    uint64_t  n;

    if (pay_str_uint(text, PAY_AMOUNT_MAX, &n) != PAY_OK || n == 0) {
        return PAY_INVALID;
    }

    *out = n;

    return PAY_OK;
}


/* digits appended to n; the limit holds after each, so nothing overflows */

static pay_rc_t
pay_amount_digits(const pay_u8 *p, size_t len, int64_t *n)
{
    size_t  i;
    pay_u8  digit;

    for (i = 0; i < len; i++) {
        digit = p[i] - '0';

        if (digit > 9) {
            return PAY_INVALID;
        }

        *n = *n * 10 + digit;

        if (*n > PAY_AMOUNT_MAX) {
            return PAY_INVALID;
        }
    }

    return PAY_OK;
}


pay_rc_t
pay_amount_from_decimal(pay_str_t text, int exponent, int64_t *out)
{
    size_t         whole, part, zeros;
    int64_t        n;
    const pay_u8  *point;

    if (exponent < 0 || exponent > PAY_EXPONENT_MAX || text.len == 0) {
        return PAY_INVALID;
    }

    point = memchr(text.data, '.', text.len);
    whole = point == NULL ? text.len : (size_t) (point - text.data);
    part = point == NULL ? 0 : text.len - whole - 1;

    if (whole == 0 || (whole > 1 && text.data[0] == '0')) {
        return PAY_INVALID;
    }

    if (point != NULL && (part == 0 || part > (size_t) exponent)) {
        return PAY_INVALID;
    }

    n = 0;
    zeros = exponent - part;

    if (pay_amount_digits(text.data, whole, &n) != PAY_OK
        || pay_amount_digits(text.data + text.len - part, part, &n) != PAY_OK
        || pay_amount_digits((const pay_u8 *) "0000", zeros, &n) != PAY_OK)
    {
        return PAY_INVALID;
    }

    *out = n;

    return PAY_OK;
}


pay_str_t
pay_amount_to_decimal(pay_arena_t *a, int64_t amount, int exponent)
{
    pay_buf_t  b;
    pay_str_t  none = pay_str_null;

    /* no channel may be sent a negative amount, nor one of no currency */

    if (amount < 0 || exponent < 0 || exponent > PAY_EXPONENT_MAX) {
        return none;
    }

    pay_buf_init(&b, a, 24);
    pay_buf_addfix(&b, amount, exponent);

    return pay_buf_str(&b);
}


pay_rc_t
pay_amount_add(int64_t a, int64_t b, int64_t *out)
{
    int64_t  sum;

    if (__builtin_add_overflow(a, b, &sum)
        || sum < 0 || sum > PAY_AMOUNT_MAX)
    {
        return PAY_INVALID;
    }

    *out = sum;

    return PAY_OK;
}
