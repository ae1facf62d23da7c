
/*
 * Copyright (C) the ngx_pay authors
 *
 * JSON by yajl: a strict reader into a tree in an arena, and a writer.
 *
 * The reader refuses what yajl lets through (docs/security.md): duplicate
 * keys at any depth (compared decoded), UTF-8 that is not strict, lone
 * surrogates, NUL in a key or a string, a form feed as white space, a byte
 * order mark, depth over PAY_JSON_DEPTH, more than PAY_JSON_NODES values.
 * Numbers stay text.
 *
 * yajl does not survive a failed allocation: its allocator longjmps back to
 * the reader, which then returns PAY_ERROR.
 */

#ifndef PAY_JSON_H_INCLUDED
#define PAY_JSON_H_INCLUDED


#include <base/pay_base.h>


#define PAY_JSON_DEPTH  16
#define PAY_JSON_NODES  2000


typedef enum {
    PAY_JSON_NULL, PAY_JSON_FALSE, PAY_JSON_TRUE,
    PAY_JSON_NUMBER,            /* text: as written */
    PAY_JSON_STRING,            /* text: decoded */
    PAY_JSON_ARRAY, PAY_JSON_OBJECT
} pay_json_type_t;

typedef struct pay_json_s  pay_json_t;

struct pay_json_s {
    pay_json_type_t   type;
    pay_str_t         key;      /* in an object */
    pay_str_t         text;
    pay_json_t       *child;    /* first member or element */
    pay_json_t       *next;
};


/*
 * The whole text in one piece.  PAY_INVALID: *why is a short constant for the
 * log ("duplicate key", "depth", "utf8" ...).  The tree refers to the arena
 * only, never to text.
 */
pay_rc_t pay_json_parse(pay_arena_t *a, pay_str_t text, pay_json_t **out,
    const char **why);

/* the same, fed in pieces of n bytes: for tests, the verdict is the same */
pay_rc_t pay_json_parse_chunked(pay_arena_t *a, pay_str_t text, size_t n,
    pay_json_t **out, const char **why);

/* a member of an object, or NULL; o may be NULL or no object */
pay_json_t *pay_json_get(const pay_json_t *o, const char *key);

/*
 * A member's text.  PAY_OK; PAY_DECLINED when it is absent or null;
 * PAY_INVALID when it is of another type.
 */
pay_rc_t pay_json_string(const pay_json_t *o, const char *key, pay_str_t *out);

/* a member that is an integer of -?(0|[1-9][0-9]*) within int64_t */
pay_rc_t pay_json_int(const pay_json_t *o, const char *key, int64_t *out);


/*
 * The writer.  key is NULL in an array or at the top.  Strings are checked to
 * be strict UTF-8: anything else makes the whole text fail.  Text comes out
 * without white space, '/' is not escaped.
 */

typedef struct pay_json_writer_s  pay_json_writer_t;

pay_json_writer_t *pay_json_writer(pay_arena_t *a);         /* NULL: memory */
void pay_jw_object(pay_json_writer_t *w, const char *key);
void pay_jw_array(pay_json_writer_t *w, const char *key);
void pay_jw_end(pay_json_writer_t *w);                      /* of either */
void pay_jw_str(pay_json_writer_t *w, const char *key, pay_str_t s);
void pay_jw_strz(pay_json_writer_t *w, const char *key, const char *z);
void pay_jw_int(pay_json_writer_t *w, const char *key, int64_t n);
void pay_jw_bool(pay_json_writer_t *w, const char *key, int yes);
void pay_jw_null(pay_json_writer_t *w, const char *key);
/* null where s.len == 0 */
void pay_jw_opt(pay_json_writer_t *w, const char *key, pay_str_t s);
/* a member whose key is data (metadata) */
void pay_jw_pair(pay_json_writer_t *w, pay_str_t key, pay_str_t value);
/* a parsed tree written again, numbers as they were */
void pay_jw_tree(pay_json_writer_t *w, const char *key, const pay_json_t *t);

/* data == NULL if anything failed; the writer is used up */
pay_str_t pay_jw_text(pay_json_writer_t *w);


#endif /* PAY_JSON_H_INCLUDED */
