
/*
 * Copyright (C) the ngx_pay authors
 *
 * GBK to UTF-8, by the iconv of libc (as GB18030, of which GBK is a part).
 * What is no character becomes U+FFFD: channels cut names in the middle of
 * one.
 */

#ifndef PAY_GBK_H_INCLUDED
#define PAY_GBK_H_INCLUDED


#include <base/pay_base.h>


/* what of a character was there at the end of a piece; zeroed at first */

typedef struct {
    size_t  n;
    pay_u8  kept[4];
} pay_gbk_t;

/* PAY_ERROR: no memory, or libc has no such encoding */
pay_rc_t pay_gbk_piece(pay_gbk_t *g, pay_arena_t *a, pay_str_t piece,
    int last, pay_str_t *out);

/* all of it in one piece */
pay_rc_t pay_gbk_decode(pay_arena_t *a, pay_str_t text, pay_str_t *out);


#endif /* PAY_GBK_H_INCLUDED */
