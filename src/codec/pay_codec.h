
/*
 * Copyright (C) the ngx_pay authors
 *
 * base64, hexadecimal, percent-encoding and forms.  All strict: what another
 * reader could take differently is PAY_INVALID.
 */

#ifndef PAY_CODEC_H_INCLUDED
#define PAY_CODEC_H_INCLUDED


#include <base/pay_base.h>


/*
 * RFC 4648 section 4: standard alphabet, padding required, no white space,
 * spare bits zero.  Empty text gives an empty string.
 */
pay_rc_t pay_base64_decode(pay_arena_t *a, pay_str_t text, pay_str_t *out);
pay_str_t pay_base64_encode(pay_arena_t *a, pay_str_t bytes);

/* RFC 4648 section 5 without padding */
pay_str_t pay_base64url_encode(pay_arena_t *a, pay_str_t bytes);

/* either case, an even number of digits */
pay_rc_t pay_hex_decode(pay_arena_t *a, pay_str_t text, pay_str_t *out);
pay_str_t pay_hex_encode(pay_arena_t *a, pay_str_t bytes);       /* lower */

/* RFC 3986: all but A-Z a-z 0-9 - _ . ~ as %XX, upper case */
pay_str_t pay_percent_encode(pay_arena_t *a, pay_str_t s);

/* URL Standard: the same for all but A-Z a-z 0-9 * - . _, as forms have it */
pay_str_t pay_form_encode(pay_arena_t *a, pay_str_t s);


/*
 * A form or a query string, in order, decoded once.  '+' is a space.  A
 * repeated name (after decoding), a NUL, bad UTF-8, a broken %XX, an empty
 * name, or more than max fields is PAY_INVALID.
 */

typedef struct {
    pay_str_t  name;
    pay_str_t  value;
} pay_field_t;

typedef struct {
    pay_field_t  *elts;
    size_t        nelts;
} pay_form_t;

pay_rc_t pay_form_parse(pay_arena_t *a, pay_str_t text, size_t max,
    pay_form_t *out);

/* the same in any encoding: names and values are bytes, without NUL */
pay_rc_t pay_form_bytes(pay_arena_t *a, pay_str_t text, size_t max,
    pay_form_t *out);

/* NULL if there is none */
const pay_str_t *pay_form_get(const pay_form_t *f, const char *name);


#endif /* PAY_CODEC_H_INCLUDED */
