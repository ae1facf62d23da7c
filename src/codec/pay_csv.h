
/*
 * Copyright (C) the ngx_pay authors
 *
 * The files of statements: lines of fields, read as they come, without ever
 * holding more than a line.  Sources: RFC 4180; the bill formats of WeChat
 * Pay, QQ Wallet and Alipay.
 */

#ifndef PAY_CSV_H_INCLUDED
#define PAY_CSV_H_INCLUDED


#include <base/pay_base.h>


#define PAY_CSV_LINE    16384       /* bytes, without its end */
#define PAY_CSV_FIELDS  64

typedef enum {
    PAY_CSV_COMMA = 0,      /* a,"b, or ""c""",d */
    PAY_CSV_BACKQUOTE       /* `a,`b,c`,`d where a line begins with one: what
                               stands between ,` and ,` is a field, commas
                               and all; a,b,c where it does not */
} pay_csv_form_t;

typedef struct pay_csv_s  pay_csv_t;

/*
 * The fields of a line, without the spaces and tabs around them; they are
 * gone when it returns.  Whatever it returns but PAY_OK ends the reading.
 */
typedef pay_rc_t (*pay_csv_line_pt)(void *data, const pay_str_t *fields,
    size_t n);

/* NULL: no memory */
pay_csv_t *pay_csv_create(pay_arena_t *a, pay_csv_form_t form,
    pay_csv_line_pt line, void *data);

/*
 * The next bytes, cut anywhere; last: there are no more.  Lines end with LF
 * or CR LF, the last one with the file; empty ones are passed over, and a
 * byte order mark is.  PAY_INVALID: no strict UTF-8, a NUL, or more than the
 * limits; then, and after any other failure, nothing more may be fed.
 */
pay_rc_t pay_csv_feed(pay_csv_t *c, pay_str_t bytes, int last);


#endif /* PAY_CSV_H_INCLUDED */
