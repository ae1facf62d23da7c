
/*
 * Copyright (C) the ngx_pay authors
 *
 * Between the gate and the forms in which a request may be signed.
 */

#ifndef NGX_PAY_GATE_H_INCLUDED
#define NGX_PAY_GATE_H_INCLUDED


#include <ngx_pay.h>

#include <model/pay_message.h>


/* what a request says of itself; the strings point into it */

typedef struct {
    pay_str_t             merchant;
    pay_str_t             key;
    pay_str_t             nonce;
    int64_t               time;
    int64_t               expires;      /* 0: it does not say */
    pay_alg_t             alg;          /* the same */

    pay_auth_t            auth;         /* the form of five lines */
    pay_message_t         message;      /* RFC 9421 */
    pay_message_sig_t     sig;
    pay_headers_t         headers;
    pay_arena_t          *arena;        /* NULL: five lines */
} ngx_pay_signed_t;


/* s: cleared.  PAY_E_NONE: it is well formed; reason: a token for the log */
pay_code_t ngx_pay_signed_read(ngx_http_request_t *r, ngx_pay_signed_t *s,
    const char **reason);

/* key: NULL when nobody has it, which costs as much as a wrong signature */
pay_code_t ngx_pay_signed_verify(ngx_http_request_t *r, ngx_pay_signed_t *s,
    ngx_pay_key_t *key, const char **reason);


#endif /* NGX_PAY_GATE_H_INCLUDED */
