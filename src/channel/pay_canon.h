
/*
 * Copyright (C) the ngx_pay authors
 *
 * Canonical strings by recipe: what is signed, as bytes.  Shared by drivers
 * and simulators; each recipe names its source.
 */

#ifndef PAY_CANON_H_INCLUDED
#define PAY_CANON_H_INCLUDED


#include <base/pay_base.h>


/*
 * Each line followed by LF, the last one too.  WeChat Pay APIv3 requests
 * (method, target, timestamp, nonce, body), answers and notices (timestamp,
 * nonce, body) and front-end parameters are all of this form.
 */
pay_str_t pay_canon_lines(pay_arena_t *a, const pay_str_t *lines, size_t n);


#endif /* PAY_CANON_H_INCLUDED */
