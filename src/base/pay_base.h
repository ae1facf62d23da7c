
/*
 * Copyright (C) the ngx_pay authors
 *
 * What every room of the core uses: strings, return codes, the arena, the
 * string builder, UTF-8, header fields.  Nothing here knows nginx, OpenSSL or
 * a protocol.
 */

#ifndef PAY_BASE_H_INCLUDED
#define PAY_BASE_H_INCLUDED


#include <stddef.h>
#include <stdint.h>
#include <string.h>


typedef unsigned char  pay_u8;


/*
 * A run of bytes, not NUL-terminated; the owner is whoever made it (most
 * often an arena).  The layout is that of ngx_str_t, converted at the border.
 * len == 0 may have data == NULL.
 */

typedef struct {
    size_t         len;
    const pay_u8  *data;
} pay_str_t;


#define pay_str(text)   { sizeof(text) - 1, (const pay_u8 *) (text) }
#define pay_str_null    { 0, NULL }
#define PAY_STR(text)   ((pay_str_t) pay_str(text))
#define pay_nelts(a)    (sizeof(a) / sizeof((a)[0]))


/*
 * One enum for all of the core.  PAY_OK is 0; the negative ones are
 * failures; the positive ones say what a driver wants next (pay_driver.h).
 */

typedef enum {
    PAY_OK        = 0,
    PAY_ERROR     = -1,    /* no memory, or a library failed: our own fault */
    PAY_INVALID   = -2,    /* the input breaks a rule */
    PAY_DECLINED  = -3,    /* not there, or not this one */

    PAY_DONE      = 1,
    PAY_SEND      = 2,
    PAY_WAIT      = 3,
    PAY_SIGN      = 4,
    PAY_FETCH     = 5
} pay_rc_t;


int pay_str_eq(pay_str_t a, pay_str_t b);
int pay_str_eqz(pay_str_t a, const char *z);
int pay_str_caseeq(pay_str_t a, pay_str_t b);               /* ASCII only */
int pay_str_caseeqz(pay_str_t a, const char *z);
int pay_str_starts(pay_str_t a, const char *prefix);
pay_str_t pay_strz(const char *z);

/* without the spaces and tabs around it (OWS of RFC 9110) */
pay_str_t pay_str_trim(pay_str_t s);

/* -1, 0, 1 by bytes; the shorter one first when one is a prefix */
int pay_str_cmp(pay_str_t a, pay_str_t b);

/* 1 if every byte is in [A-Za-z0-9] or in extra, and min <= len <= max */
int pay_str_token(pay_str_t a, const char *extra, size_t min, size_t max);

/* decimal digits only, no sign, no leading zero but "0"; PAY_INVALID else */
pay_rc_t pay_str_uint(pay_str_t a, uint64_t max, uint64_t *out);

/* the number of characters, or -1 if this is not strict UTF-8 or has a NUL */
long pay_utf8_length(pay_str_t s);

/* the longest prefix of at most max characters, cut at a character */
pay_str_t pay_utf8_cut(pay_str_t s, size_t max);


/* takes the pieces of something long, one after the other */
typedef void (*pay_sink_pt)(void *data, const void *p, size_t n);


/*
 * An arena gives memory in one direction and is given back whole.  What was
 * used of it is wiped when it goes: it has held decrypted notices and
 * personal data.  It is not shared between threads at one time.
 */

typedef struct pay_arena_s  pay_arena_t;

/* limit: bytes it may take from malloc in all, 0 for no limit */
pay_arena_t *pay_arena_create(size_t limit);
void pay_arena_destroy(pay_arena_t *a);                     /* NULL is fine */

void *pay_alloc(pay_arena_t *a, size_t n);             /* NULL: no memory */
void *pay_calloc(pay_arena_t *a, size_t n);

/* a copy that also has a NUL behind it; data == NULL when there is no memory */
pay_str_t pay_str_dup(pay_arena_t *a, pay_str_t s);

/* constant time in the content, for any secret or signature */
int pay_equal_secret(const void *a, const void *b, size_t n);

void pay_wipe(void *p, size_t n);


/*
 * A string that grows in an arena.  Every function may be called after a
 * failure and does nothing then; pay_buf_str() gives the text at the end, or
 * data == NULL if anything failed on the way.
 */

typedef struct {
    pay_arena_t  *arena;
    pay_u8       *data;
    size_t        len;
    size_t        size;
    int           failed;
} pay_buf_t;

void pay_buf_init(pay_buf_t *b, pay_arena_t *a, size_t size);
void pay_buf_add(pay_buf_t *b, const void *p, size_t n);
void pay_buf_adds(pay_buf_t *b, pay_str_t s);
void pay_buf_addz(pay_buf_t *b, const char *z);
void pay_buf_addc(pay_buf_t *b, pay_u8 c);
void pay_buf_addi(pay_buf_t *b, int64_t n);                 /* decimal */
/* n / 10^digits, with all of its digits; digits <= 18 */
void pay_buf_addfix(pay_buf_t *b, int64_t n, unsigned digits);
void pay_buf_addhex(pay_buf_t *b, const pay_u8 *p, size_t n);   /* lower case */
pay_str_t pay_buf_str(pay_buf_t *b);

/* the parts joined: up to a last NULL pointer to a string */
pay_str_t pay_concat(pay_arena_t *a, const pay_str_t *const *parts);


/*
 * Header fields, as received or to be sent, in order; names are compared
 * without case.
 */

typedef struct {
    pay_str_t  name;
    pay_str_t  value;
} pay_header_t;

typedef struct {
    const pay_header_t  *elts;
    size_t               nelts;
} pay_headers_t;

/*
 * PAY_OK: there exactly once and not empty.  PAY_DECLINED: not there.
 * PAY_INVALID: empty, or there more than once (which nobody may interpret).
 */
pay_rc_t pay_header_get(const pay_headers_t *h, const char *name,
    pay_str_t *value);

/*
 * Every instance, trimmed and joined by ", " (RFC 9110 section 5.2): for
 * fields that are lists, and for signing.  PAY_DECLINED: not there.  *value
 * may be empty; it points into h or is in the arena.
 */
pay_rc_t pay_header_join(pay_arena_t *a, const pay_headers_t *h,
    pay_str_t name, pay_str_t *value);


#endif /* PAY_BASE_H_INCLUDED */
