
/*
 * Copyright (C) the ngx_pay authors
 *
 * What the two files that read structured fields share, and nobody else
 * includes.
 */

#ifndef PAY_SF_READER_H_INCLUDED
#define PAY_SF_READER_H_INCLUDED


#include <codec/pay_sf.h>


typedef struct {
    pay_str_t     text;         /* what is still to be read */
    pay_arena_t  *arena;
    const char   *why;
} pay_sf_reader_t;


pay_rc_t pay_sf_key(pay_sf_reader_t *r, pay_str_t *out);
pay_rc_t pay_sf_bare(pay_sf_reader_t *r, pay_sf_bare_t *out);

/* the next byte, -1 at the end; take: 1 if it was c, and is gone now */
int pay_sf_peek(const pay_sf_reader_t *r);
int pay_sf_take(pay_sf_reader_t *r, int c);
void pay_sf_skip(pay_sf_reader_t *r, const char *blanks);

/* PAY_INVALID */
pay_rc_t pay_sf_bad(pay_sf_reader_t *r, const char *why);


#endif /* PAY_SF_READER_H_INCLUDED */
