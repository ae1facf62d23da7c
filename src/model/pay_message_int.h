
/*
 * Copyright (C) the ngx_pay authors
 *
 * What the files that make a signature base share, and nobody else includes.
 */

#ifndef PAY_MESSAGE_INT_H_INCLUDED
#define PAY_MESSAGE_INT_H_INCLUDED


#include <codec/pay_codec.h>
#include <model/pay_message.h>


typedef struct {
    pay_arena_t          *arena;
    const pay_message_t  *message;
    pay_str_t             path;     /* of the target; "/" where it has none */
    pay_str_t             query;    /* with its "?", or empty */
    pay_form_t            params;   /* of the query, once they are needed */
    const char           *why;
} pay_message_base_t;


/*
 * The value of a component: of a field (section 2.1), or a derived one
 * (section 2.2), whose name begins with "@".
 */
pay_rc_t pay_message_field(pay_message_base_t *b, const pay_sf_item_t *id,
    pay_str_t *out);
pay_rc_t pay_message_derived(pay_message_base_t *b, const pay_sf_item_t *id,
    pay_str_t *out);

/* the target into path and query, the query into params */
pay_rc_t pay_message_target(pay_message_base_t *b);
pay_rc_t pay_message_params(pay_message_base_t *b);

/* an authority without the port, where it is the scheme's own */
pay_str_t pay_message_host(pay_str_t authority, pay_str_t scheme);

/* PAY_INVALID */
pay_rc_t pay_message_bad(pay_message_base_t *b, const char *why);


#endif /* PAY_MESSAGE_INT_H_INCLUDED */
