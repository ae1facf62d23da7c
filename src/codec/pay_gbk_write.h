
/*
 * Copyright (C) the ngx_pay authors
 *
 * UTF-8 to GBK, by the iconv of libc: for the statements of a sandbox.
 */

#ifndef PAY_GBK_WRITE_H_INCLUDED
#define PAY_GBK_WRITE_H_INCLUDED


#include <base/pay_base.h>


/*
 * What GBK has no character for becomes '?'.  data NULL: no memory, or libc
 * has no such encoding.
 */
pay_str_t pay_gbk_encode(pay_arena_t *a, pay_str_t text);


#endif /* PAY_GBK_WRITE_H_INCLUDED */
