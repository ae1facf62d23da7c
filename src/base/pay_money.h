
/*
 * Copyright (C) the ngx_pay authors
 *
 * Money is an int64_t of minor units and a currency code, from text to text.
 * Source: ISO 4217 (exponents); docs/design.md section 4, decision 12.
 */

#ifndef PAY_MONEY_H_INCLUDED
#define PAY_MONEY_H_INCLUDED


#include <base/pay_base.h>


#define PAY_AMOUNT_MAX  INT64_C(10000000000000)             /* 10^13 */


/* text of a JSON number: [1-9][0-9]{0,14}, at most PAY_AMOUNT_MAX */
pay_rc_t pay_amount_parse(pay_str_t text, int64_t *out);

/* 0 .. 4, or -1: not a currency that one can pay with */
int pay_currency_exponent(pay_str_t code);

/*
 * Decimal text of a channel: "0" or [1-9][0-9]*, then optionally a point and
 * 1 to exponent digits.  More digits than the exponent is PAY_INVALID: never
 * rounded.  The result is >= 0 and at most PAY_AMOUNT_MAX.
 */
pay_rc_t pay_amount_from_decimal(pay_str_t text, int exponent, int64_t *out);

/* always exponent digits behind the point, none and no point when it is 0 */
pay_str_t pay_amount_to_decimal(pay_arena_t *a, int64_t amount, int exponent);

/* a + b; PAY_INVALID when it overflows or leaves 0 .. PAY_AMOUNT_MAX */
pay_rc_t pay_amount_add(int64_t a, int64_t b, int64_t *out);


#endif /* PAY_MONEY_H_INCLUDED */
