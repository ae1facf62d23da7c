
/*
 * Copyright (C) the ngx_pay authors
 *
 * Structured fields, RFC 8941: Dictionaries, with what may be in them.  More
 * strict than the RFC where two readers could differ: a repeated key is
 * PAY_INVALID instead of "the last one wins", and a Byte Sequence has one
 * text only.  There are no Decimals: no field of ours has one, so they are
 * PAY_INVALID.
 */

#ifndef PAY_SF_H_INCLUDED
#define PAY_SF_H_INCLUDED


#include <base/pay_base.h>


#define PAY_SF_SIZE_MAX     8192    /* bytes of a field */
#define PAY_SF_MEMBERS_MAX  32      /* of a Dictionary */
#define PAY_SF_ITEMS_MAX    64      /* of an Inner List */
#define PAY_SF_PARAMS_MAX   16      /* of an Item or an Inner List */


/* section 3.3: a Bare Item */

typedef enum {
    PAY_SF_INTEGER = 1,         /* number, at most 15 digits */
    PAY_SF_STRING,              /* text, its escapes resolved */
    PAY_SF_TOKEN,               /* text */
    PAY_SF_BYTES,               /* text, decoded */
    PAY_SF_BOOLEAN              /* number: 0 or 1 */
} pay_sf_type_t;

typedef struct {
    pay_sf_type_t  type;
    int64_t        number;
    pay_str_t      text;
} pay_sf_bare_t;

typedef struct {
    pay_str_t      key;
    pay_sf_bare_t  value;
} pay_sf_param_t;

typedef struct {
    const pay_sf_param_t  *elts;    /* in order, each key once */
    size_t                 nelts;
} pay_sf_params_t;

typedef struct {
    pay_sf_bare_t    bare;
    pay_sf_params_t  params;
} pay_sf_item_t;

/* sections 3.1.1 and 3.2: an Item, or an Inner List with its parameters */

typedef struct {
    pay_str_t             key;
    int                   inner_list;
    pay_sf_item_t         item;     /* of an Inner List: params alone */
    const pay_sf_item_t  *items;    /* of an Inner List */
    size_t                nitems;
} pay_sf_member_t;

typedef struct {
    const pay_sf_member_t  *elts;   /* in order, each key once */
    size_t                  nelts;
} pay_sf_dict_t;


/*
 * Section 4.2.  text: all lines of the field joined by ", "; an empty one is
 * a Dictionary without members.  PAY_INVALID: *why is a token for the log.
 * The result points into text, or is in the arena.
 */
pay_rc_t pay_sf_parse(pay_arena_t *a, pay_str_t text, pay_sf_dict_t *out,
    const char **why);

/* NULL if there is none */
const pay_sf_member_t *pay_sf_member(const pay_sf_dict_t *d, pay_str_t key);
const pay_sf_bare_t *pay_sf_param(const pay_sf_params_t *p, const char *key);

int pay_sf_bare_eq(const pay_sf_bare_t *a, const pay_sf_bare_t *b);


/* section 4.1, strict: what was read has one text */

void pay_sf_write(pay_buf_t *b, const pay_sf_dict_t *d);
void pay_sf_write_value(pay_buf_t *b, const pay_sf_member_t *m);  /* no key */
void pay_sf_write_item(pay_buf_t *b, const pay_sf_item_t *item);


#endif /* PAY_SF_H_INCLUDED */
