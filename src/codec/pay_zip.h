
/*
 * Copyright (C) the ngx_pay authors
 *
 * The files in a ZIP archive, one after the other, as the archive comes in.
 * Source: PKWARE APPNOTE.TXT 6.3; zlib inflates.
 *
 * Strict: stored and deflated entries only, neither encrypted nor ZIP64, each
 * with the length and the CRC-32 that are told of it, and a central directory
 * behind them, which is not read.
 */

#ifndef PAY_ZIP_H_INCLUDED
#define PAY_ZIP_H_INCLUDED


#include <base/pay_base.h>


#define PAY_ZIP_NAME     512        /* bytes of a name */
#define PAY_ZIP_ENTRIES  16

typedef struct pay_zip_s  pay_zip_t;

/* a file begins; its name as it is written */
typedef pay_rc_t (*pay_zip_open_pt)(void *data, pay_str_t name);

/* ... and goes on; last: that was all of it */
typedef pay_rc_t (*pay_zip_bytes_pt)(void *data, pay_str_t bytes, int last);

/*
 * limit: bytes that may come out in all.  All memory is the arena's, so that
 * nothing needs to be closed.  NULL: no memory.
 */
pay_zip_t *pay_zip_create(pay_arena_t *a, uint64_t limit,
    pay_zip_open_pt open, pay_zip_bytes_pt bytes, void *data);

/*
 * PAY_INVALID: no such archive, or a damaged one; PAY_DECLINED: more than
 * limit.  What open or bytes returns, if not PAY_OK, is returned, too.
 */
pay_rc_t pay_zip_feed(pay_zip_t *z, pay_str_t bytes, int last);


#endif /* PAY_ZIP_H_INCLUDED */
