
/*
 * Copyright (C) the ngx_pay authors
 *
 * How the members of a request are read into a struct by a table.  Internal
 * to pay_ask*.c.
 */

#ifndef PAY_ASK_INT_H_INCLUDED
#define PAY_ASK_INT_H_INCLUDED


#include <model/pay_ask.h>


typedef struct {
    pay_arena_t        *arena;
    void               *base;       /* of the offsets: a pay_ask_t, an element
                                       of one of its arrays */
    pay_error_t        *error;
    pay_str_t           path;       /* of the member at hand, for param */
} pay_ask_ctx_t;

typedef pay_rc_t (*pay_ask_set_pt)(pay_ask_ctx_t *c, const pay_json_t *v,
    size_t offset, const void *rule);

typedef struct {
    const char         *name;
    pay_ask_set_pt      set;
    size_t              offset;
    const void         *rule;
    unsigned            required:1;
} pay_ask_field_t;

#define pay_ask_fields_end  { NULL, NULL, 0, NULL, 0 }

typedef struct {
    size_t              min, max;   /* characters */
} pay_ask_length_t;

typedef struct {
    const char         *extra;
    size_t              min, max;   /* bytes of [A-Za-z0-9] and extra */
} pay_ask_token_t;

typedef struct {
    const char         *no, *yes;
} pay_ask_words_t;

typedef struct {
    const pay_ask_field_t  *fields;
    size_t              size;       /* of an element */
    size_t              max;        /* elements; at least one */
    size_t              count;      /* offset of how many there are */
    void              (*init)(void *element);
} pay_ask_array_t;


pay_rc_t pay_ask_fail(pay_ask_ctx_t *c, pay_code_t code);
pay_rc_t pay_ask_members(pay_ask_ctx_t *c, const pay_json_t *o,
    const pay_ask_field_t *fields);

/* the setters: rule is what the type in the comment says */

/* pay_ask_field_t [] */
pay_rc_t pay_ask_object(pay_ask_ctx_t *c, const pay_json_t *v,
    size_t offset, const void *rule);
/* pay_ask_length_t */
pay_rc_t pay_ask_text(pay_ask_ctx_t *c, const pay_json_t *v,
    size_t offset, const void *rule);
/* pay_ask_token_t */
pay_rc_t pay_ask_token(pay_ask_ctx_t *c, const pay_json_t *v,
    size_t offset, const void *rule);
/* none */
pay_rc_t pay_ask_ip(pay_ask_ctx_t *c, const pay_json_t *v,
    size_t offset, const void *rule);
/* none */
pay_rc_t pay_ask_url(pay_ask_ctx_t *c, const pay_json_t *v,
    size_t offset, const void *rule);
/* none */
pay_rc_t pay_ask_amount(pay_ask_ctx_t *c, const pay_json_t *v,
    size_t offset, const void *rule);
/* none */
pay_rc_t pay_ask_currency(pay_ask_ctx_t *c, const pay_json_t *v,
    size_t offset, const void *rule);
/* none */
pay_rc_t pay_ask_method(pay_ask_ctx_t *c, const pay_json_t *v,
    size_t offset, const void *rule);
/* none */
pay_rc_t pay_ask_time(pay_ask_ctx_t *c, const pay_json_t *v,
    size_t offset, const void *rule);
/* pay_ask_words_t */
pay_rc_t pay_ask_flag(pay_ask_ctx_t *c, const pay_json_t *v,
    size_t offset, const void *rule);
/* none */
pay_rc_t pay_ask_metadata(pay_ask_ctx_t *c, const pay_json_t *v,
    size_t offset, const void *rule);
/* none */
pay_rc_t pay_ask_options(pay_ask_ctx_t *c, const pay_json_t *v,
    size_t offset, const void *rule);
/* pay_ask_array_t */
pay_rc_t pay_ask_array(pay_ask_ctx_t *c, const pay_json_t *v,
    size_t offset, const void *rule);
/* pay_ask_field_t []: of the one receiver */
pay_rc_t pay_ask_one(pay_ask_ctx_t *c, const pay_json_t *v,
    size_t offset, const void *rule);
/* none; 1 to 10 000 */
pay_rc_t pay_ask_points(pay_ask_ctx_t *c, const pay_json_t *v,
    size_t offset, const void *rule);


#endif /* PAY_ASK_INT_H_INCLUDED */
