
/*
 * Copyright (C) the ngx_pay authors
 *
 * The unified API's part of the glue.
 */

#ifndef NGX_PAY_API_H_INCLUDED
#define NGX_PAY_API_H_INCLUDED


#include <ngx_pay_talk.h>


typedef void (*ngx_pay_api_pt)(ngx_http_request_t *r, ngx_pay_ctx_t *ctx,
    pay_str_t number, pay_str_t body);


void ngx_pay_api_pay(ngx_http_request_t *r, ngx_pay_ctx_t *ctx,
    pay_str_t number, pay_str_t body);
void ngx_pay_api_query(ngx_http_request_t *r, ngx_pay_ctx_t *ctx,
    pay_str_t number, pay_str_t body);
void ngx_pay_api_close(ngx_http_request_t *r, ngx_pay_ctx_t *ctx,
    pay_str_t number, pay_str_t body);

/* a channel that the merchant may use, or NULL */
ngx_pay_channel_t *ngx_pay_api_channel(ngx_http_request_t *r,
    ngx_pay_ctx_t *ctx, pay_str_t name);

/* a talk of the operation that is asked for; NULL: no memory */
ngx_pay_talk_t *ngx_pay_api_talk(ngx_http_request_t *r, ngx_pay_ctx_t *ctx,
    ngx_pay_channel_t *ch);
void ngx_pay_api_begin(ngx_pay_talk_t *talk);

/* each of these is the answer: the request is over */
void ngx_pay_api_fail(ngx_http_request_t *r, pay_error_t *e);
void ngx_pay_api_error(ngx_http_request_t *r, pay_code_t code,
    const char *param);
void ngx_pay_api_object(ngx_http_request_t *r, ngx_pay_talk_t *talk,
    const pay_object_t *p, const pay_action_t *action);

/* what finds an order that the store has forgotten */

typedef struct {
    pay_str_t  channel;
    pay_str_t  channel_order_id;
    int64_t    created_at;
} ngx_pay_locators_t;

pay_rc_t ngx_pay_api_locators(ngx_http_request_t *r, pay_arena_t *a,
    pay_str_t body, ngx_pay_locators_t *l, pay_error_t *e);

/* what the variables tell of a payment */
void ngx_pay_api_note(ngx_http_request_t *r, ngx_pay_ctx_t *ctx,
    const pay_object_t *p);


#endif /* NGX_PAY_API_H_INCLUDED */
