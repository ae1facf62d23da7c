
/*
 * Copyright (C) the ngx_pay authors
 *
 * What is in a gzip file, piece by piece.  Source: RFC 1952; zlib does it.
 */

#ifndef PAY_GUNZIP_H_INCLUDED
#define PAY_GUNZIP_H_INCLUDED


#include <base/pay_base.h>


typedef struct pay_gunzip_s  pay_gunzip_t;

/*
 * limit: bytes that may come out in all.  sink is given what comes out, at
 * most 16 KiB at a time.  NULL: no memory.
 */
pay_gunzip_t *pay_gunzip_begin(uint64_t limit, pay_sink_pt sink, void *data);

/*
 * PAY_INVALID: this is no gzip file, or it is damaged; PAY_DECLINED: more
 * than limit comes out.  Neither may be followed by another call but drop.
 */
pay_rc_t pay_gunzip_add(pay_gunzip_t *g, const void *p, size_t n);

/* frees g.  PAY_INVALID: the end is missing */
pay_rc_t pay_gunzip_end(pay_gunzip_t *g);
void pay_gunzip_drop(pay_gunzip_t *g);                      /* NULL is fine */


/* the other way, in one piece; data NULL: no memory, or it is too long */
pay_str_t pay_gzip(pay_arena_t *a, pay_str_t in);


#endif /* PAY_GUNZIP_H_INCLUDED */
