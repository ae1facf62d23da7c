
/*
 * Copyright (C) the ngx_pay authors
 *
 * How a split's ratios become amounts (docs/design.md section 7).
 */

#include <model/pay_ask.h>


#define PAY_POINTS  10000


/* base * ratio / 10 000 and what is left, without a product that overflows */

static int64_t
pay_split_part(int64_t base, int64_t ratio, int64_t *rest)
{
    int64_t  whole, part;

    whole = base / PAY_POINTS;
    part = base % PAY_POINTS * ratio;
    *rest = part % PAY_POINTS;

    return whole * ratio + part / PAY_POINTS;
}


/* who has the largest remainder, the first of equal ones; n: nobody */

static size_t
pay_split_next(const int64_t *rest, size_t n)
{
    size_t  i, best;

    best = n;

    for (i = 0; i < n; i++) {
        if (rest[i] > 0 && (best == n || rest[i] > rest[best])) {
            best = i;
        }
    }

    return best;
}


pay_rc_t
pay_split_amounts(pay_receiver_t *receivers, size_t n, int64_t base)
{
    size_t   i;
    int64_t  points, given, wanted, whole, rest[PAY_RECEIVERS_MAX];

    points = 0;
    given = 0;
    wanted = 0;

    if (n > PAY_RECEIVERS_MAX || base < 0) {
        return PAY_INVALID;
    }

    for (i = 0; i < n; i++) {

        rest[i] = 0;

        if ((receivers[i].amount < 0) == (receivers[i].ratio < 0)) {
            return PAY_INVALID;
        }

        if (receivers[i].amount >= 0) {

            if (receivers[i].amount > base - given) {
                return PAY_INVALID;
            }

            given += receivers[i].amount;
            continue;
        }

        points += receivers[i].ratio;
        receivers[i].amount = pay_split_part(base, receivers[i].ratio,
                                             &rest[i]);
        wanted += receivers[i].amount;
    }

    if (points > PAY_POINTS) {
        return PAY_INVALID;
    }

    /* together they get what their ratios are together, rounded down */

    whole = pay_split_part(base, points, &points);

    if (whole > base - given) {
        return PAY_INVALID;
    }

    while (wanted < whole && (i = pay_split_next(rest, n)) < n) {
        receivers[i].amount++;
        rest[i] = 0;
        wanted++;
    }

    return PAY_OK;
}
