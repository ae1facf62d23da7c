
/*
 * Copyright (C) the ngx_pay authors
 *
 * The arena: a list of blocks, each filled from its start, given back whole
 * and wiped.
 */

#include <stdlib.h>

#include <base/pay_base.h>


/*
 * Under AddressSanitizer every allocation is a block of its own, without
 * rounding: a read over its end is then seen (nginx has NGX_DEBUG_PALLOC for
 * the same purpose).
 */

#if defined(__SANITIZE_ADDRESS__)
#define PAY_ARENA_DEBUG  1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PAY_ARENA_DEBUG  1
#endif
#endif

#ifdef PAY_ARENA_DEBUG
#define PAY_ARENA_ALIGN  1
#define PAY_ARENA_MIN    1
#define PAY_ARENA_MAX    1
#else
#define PAY_ARENA_ALIGN  16
#define PAY_ARENA_MIN    4064
#define PAY_ARENA_MAX    65504
#endif


typedef struct pay_arena_block_s  pay_arena_block_t;

struct pay_arena_block_s {
    pay_arena_block_t  *next;
    size_t              size;
    size_t              used;
    pay_u8              data[] __attribute__((aligned(16)));
};

struct pay_arena_s {
    size_t              limit;
    size_t              taken;      /* the blocks without their headers */
    pay_arena_block_t  *blocks;
};


pay_arena_t *
pay_arena_create(size_t limit)
{
    pay_arena_t  *a;

    a = malloc(sizeof(pay_arena_t));
    if (a == NULL) {
        return NULL;
    }

    a->limit = limit == 0 ? SIZE_MAX : limit;
    a->taken = 0;
    a->blocks = NULL;

    return a;
}


void
pay_arena_destroy(pay_arena_t *a)
{
    pay_arena_block_t  *b, *next;

    if (a == NULL) {
        return;
    }

    for (b = a->blocks; b != NULL; b = next) {
        next = b->next;
        pay_wipe(b->data, b->used);
        free(b);
    }

    free(a);
}


/* blocks grow with what was taken, so that their number stays small */

static size_t
pay_arena_size(pay_arena_t *a, size_t n)
{
    size_t  size;

    size = a->taken;
    size = size < PAY_ARENA_MIN ? PAY_ARENA_MIN : size;
    size = size > PAY_ARENA_MAX ? PAY_ARENA_MAX : size;
    size = size < n ? n : size;

    return size > a->limit - a->taken ? a->limit - a->taken : size;
}


static pay_arena_block_t *
pay_arena_grow(pay_arena_t *a, size_t n)
{
    size_t              size;
    pay_arena_block_t  *b, *head;

    size = pay_arena_size(a, n);
    if (size < n) {
        return NULL;
    }

    b = malloc(sizeof(pay_arena_block_t) + size);
    if (b == NULL) {
        return NULL;
    }

    b->size = size;
    b->used = 0;
    a->taken += size;

    /* the block with more room left goes first and is filled next */

    head = a->blocks;

    if (head != NULL && head->size - head->used > size - n) {
        b->next = head->next;
        head->next = b;
        return b;
    }

    b->next = head;
    a->blocks = b;

    return b;
}


void *
pay_alloc(pay_arena_t *a, size_t n)
{
    void               *p;
    pay_arena_block_t  *b;

    if (n > SIZE_MAX / 2) {
        return NULL;
    }

    n = n == 0 ? PAY_ARENA_ALIGN
               : (n + PAY_ARENA_ALIGN - 1) / PAY_ARENA_ALIGN * PAY_ARENA_ALIGN;

    b = a->blocks;

    if (b == NULL || n > b->size - b->used) {
        b = pay_arena_grow(a, n);
        if (b == NULL) {
            return NULL;
        }
    }

    p = b->data + b->used;
    b->used += n;

    return p;
}


void *
pay_calloc(pay_arena_t *a, size_t n)
{
    void  *p;

    p = pay_alloc(a, n);
    if (p != NULL) {
        memset(p, 0, n);
    }

    return p;
}


pay_str_t
pay_str_dup(pay_arena_t *a, pay_str_t s)
{
    pay_u8     *p;
    pay_str_t   out = pay_str_null;

    p = pay_alloc(a, s.len + 1);
    if (p == NULL) {
        return out;
    }

    if (s.len > 0) {
        memcpy(p, s.data, s.len);
    }

    p[s.len] = '\0';
    out.len = s.len;
    out.data = p;

    return out;
}
