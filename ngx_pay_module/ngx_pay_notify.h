
/*
 * Copyright (C) the ngx_pay authors
 *
 * The callback desk's part of the glue.
 */

#ifndef NGX_PAY_NOTIFY_H_INCLUDED
#define NGX_PAY_NOTIFY_H_INCLUDED


#include <ngx_pay_talk.h>


extern const char *const  ngx_pay_notice_names[NGX_PAY_NOTICE_MAX];

/* sends the answer to the channel; NGX_ERROR: it has left */
ngx_int_t ngx_pay_notify_answer(ngx_http_request_t *r, ngx_pay_talk_t *talk,
    pay_verdict_t verdict, ngx_pay_notice_result_t result,
    ngx_uint_t app_status);

/* either of these is the answer to the channel, now or later */
void ngx_pay_notify_reply(ngx_http_request_t *r, ngx_pay_talk_t *talk,
    pay_verdict_t verdict, ngx_pay_notice_result_t result,
    ngx_uint_t app_status);
void ngx_pay_notify_deliver(ngx_http_request_t *r, ngx_pay_talk_t *talk,
    pay_event_t *event);

/* ... that it is not believed; that it is to come again */
void ngx_pay_notify_refuse(ngx_pay_talk_t *talk);
void ngx_pay_notify_later(ngx_pay_talk_t *talk);

/* what the channel leaves us of its time, at least 1 ms */
ngx_msec_t ngx_pay_notify_time(ngx_pay_talk_t *talk);

/* a verified notice speaks of an object */
void ngx_pay_notify_fact(ngx_pay_talk_t *talk);


#endif /* NGX_PAY_NOTIFY_H_INCLUDED */
