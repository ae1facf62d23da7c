
/*
 * Copyright (C) the ngx_pay authors
 *
 * What the files of the store share, and nobody else.
 */

#ifndef PAY_STORE_MEMORY_H_INCLUDED
#define PAY_STORE_MEMORY_H_INCLUDED


#include <store/pay_store.h>


/*
 * Keeps the compiler from moving stores over it: what a killed process leaves
 * is then a state that the code names.  The processor needs nothing: the next
 * holder of the lock comes after the kill has been waited for.
 */

#define pay_in_order()  __atomic_signal_fence(__ATOMIC_SEQ_CST)


/* FNV-1a; chains cannot be engineered where keys are keyed hashes */

static inline uint32_t
pay_store_hash(const pay_u8 *p, size_t n)
{
    size_t    i;
    uint32_t  hash;

    hash = 2166136261u;

    for (i = 0; i < n; i++) {
        hash = (hash ^ p[i]) * 16777619u;
    }

    return hash;
}


/* over the numbers that all bounds come from */

static inline uint32_t
pay_store_check(uint32_t a, uint32_t b)
{
    return 0x70617921u ^ (a * 2654435761u) ^ (b * 2246822519u);
}


#endif /* PAY_STORE_MEMORY_H_INCLUDED */
