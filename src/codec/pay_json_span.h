
/*
 * Copyright (C) the ngx_pay authors
 *
 * Where the members of an object are, as bytes: for a signature that is over
 * a part of a JSON text as it was received.  Nothing in a member is judged;
 * whoever wants to read one gives its bytes to pay_json_parse(), so that what
 * is verified is what is read.
 */

#ifndef PAY_JSON_SPAN_H_INCLUDED
#define PAY_JSON_SPAN_H_INCLUDED


#include <base/pay_base.h>


typedef struct {
    pay_str_t  key;         /* without its quotes */
    pay_str_t  value;       /* all of it: quotes, braces */
} pay_json_span_t;

/*
 * gbk: in strings, the second byte of a character of two may be a quote's
 * neighbour, a backslash or a brace, and means nothing.
 *
 * PAY_INVALID: no object, not whole, something behind it, more than max
 * members, a key twice, or one that is not plain ASCII without escapes.
 */
pay_rc_t pay_json_spans(pay_str_t text, int gbk, pay_json_span_t *spans,
    size_t max, size_t *n);

/* NULL if there is none */
const pay_json_span_t *pay_json_span(const pay_json_span_t *spans, size_t n,
    pay_str_t key);


#endif /* PAY_JSON_SPAN_H_INCLUDED */
