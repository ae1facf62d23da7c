
/*
 * Copyright (C) the ngx_pay authors
 *
 * The unified API's part of the glue.
 */

#ifndef NGX_PAY_API_H_INCLUDED
#define NGX_PAY_API_H_INCLUDED


#include <ngx_pay_talk.h>


typedef void (*ngx_pay_api_pt)(ngx_http_request_t *r, ngx_pay_ctx_t *ctx,
    const pay_str_t *numbers, pay_str_t body);


/* all operations about objects, and about receivers */
void ngx_pay_api_operation(ngx_http_request_t *r, ngx_pay_ctx_t *ctx,
    const pay_str_t *numbers, pay_str_t body);

/* rows of a day, as they come */
void ngx_pay_api_statement(ngx_http_request_t *r, ngx_pay_ctx_t *ctx,
    const pay_str_t *numbers, pay_str_t body);

/* the kind of what the first number in the path is of, if not of the object */
pay_kind_t ngx_pay_api_path(pay_op_t op);

/* what is asked about an object that is there, or that the store forgot */
void ngx_pay_api_lookup(ngx_pay_talk_t *talk);

/* a talk of the operation that is asked for; NULL: no memory */
ngx_pay_talk_t *ngx_pay_api_talk(ngx_http_request_t *r, ngx_pay_ctx_t *ctx);

/*
 * The channel of a talk, which the merchant may use and which can do it; 0:
 * he may not, and that was the answer.
 */
ngx_uint_t ngx_pay_api_channel(ngx_pay_talk_t *talk, pay_str_t name);

/* the key of an object of the talk's merchant */
ngx_int_t ngx_pay_api_key(ngx_pay_talk_t *talk, ngx_pay_record_t *o,
    pay_kind_t kind, pay_str_t number);

/* a payment that the store has forgotten, of what was asked for */
void ngx_pay_api_payment(ngx_pay_talk_t *talk, pay_str_t order_id);

/* what the driver needs and nobody knows: PAY_INVALID */
pay_rc_t ngx_pay_api_needs(ngx_pay_talk_t *talk, pay_error_t *e);

/* the limits of the channel; then talk->fresh of what is asked for */
pay_rc_t ngx_pay_api_limits(ngx_pay_talk_t *talk, pay_error_t *e);
pay_rc_t ngx_pay_api_fresh(ngx_pay_talk_t *talk, pay_error_t *e);

void ngx_pay_api_begin(ngx_pay_talk_t *talk);

/* these two are of a talk: into the store, and to the merchant */
void ngx_pay_api_record(ngx_pay_talk_t *talk);
void ngx_pay_api_done(ngx_pay_talk_t *talk);

/* each of these is the answer: the request is over */
void ngx_pay_api_fail(ngx_http_request_t *r, pay_error_t *e);
void ngx_pay_api_error(ngx_http_request_t *r, pay_code_t code,
    const char *param);
void ngx_pay_api_object(ngx_http_request_t *r, ngx_pay_talk_t *talk,
    const pay_object_t *p, const pay_action_t *action);

/* ... when what was claimed is given back; param stays with the caller */
void ngx_pay_api_refuse(ngx_pay_talk_t *talk, pay_code_t code,
    const char *param);

/* what the variables tell of an object */
void ngx_pay_api_note(ngx_http_request_t *r, ngx_pay_ctx_t *ctx,
    const pay_object_t *p);


#endif /* NGX_PAY_API_H_INCLUDED */
