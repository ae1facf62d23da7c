
/*
 * Copyright (C) the ngx_pay authors
 *
 * What yajl does not do for us.  yajl 2.1 writes to what its allocator
 * returns without a look at it (docs/security.md), so a failure must not
 * return: it jumps to whoever called yajl.
 */

#ifndef PAY_JSON_GUARD_H_INCLUDED
#define PAY_JSON_GUARD_H_INCLUDED


#include <setjmp.h>

#include <base/pay_base.h>


typedef struct {
    pay_arena_t  *arena;
    int           armed;    /* jump leads to a frame that still lives */
    jmp_buf       jump;
} pay_json_mem_t;


/* the three functions of yajl_alloc_funcs; mem is a pay_json_mem_t */
void *pay_json_guard_alloc(void *mem, size_t n);
void *pay_json_guard_realloc(void *mem, void *p, size_t n);
void pay_json_guard_free(void *mem, void *p);

/* what is wrong with a text that yajl would take, or NULL */
const char *pay_json_guard_scan(pay_str_t text);


#endif /* PAY_JSON_GUARD_H_INCLUDED */
