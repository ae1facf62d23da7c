
/*
 * Copyright (C) the ngx_pay authors
 *
 * For the tests of src/store: numbers by chance that a seed repeats, and keys.
 */

#ifndef PAY_TEST_STORE_H_INCLUDED
#define PAY_TEST_STORE_H_INCLUDED


#include "test.h"


static uint64_t  seed;


static uint32_t
rnd(uint32_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;

    return (uint32_t) (seed >> 32) % n;
}


/* a number at one end of its key or at the other */

static UNUSED const pay_u8 *
key(uint32_t id)
{
    static pay_u8  k[16];

    memset(k, 0, sizeof(k));
    memcpy(k + (id & 8), &id, sizeof(id));

    return k;
}


#endif /* PAY_TEST_STORE_H_INCLUDED */
