
/*
 * Copyright (C) the ngx_pay authors
 *
 * What is counted, in shared memory, by closed lists: an index is all that a
 * request can choose.  ngx_pay_status*.c tells it by the names of the lists.
 */

#ifndef NGX_PAY_COUNT_H_INCLUDED
#define NGX_PAY_COUNT_H_INCLUDED


#include <ngx_config.h>
#include <ngx_core.h>

#include <model/pay_model.h>


/* why the gate refused: the words of $pay_auth_reason, 0 for others */

#define NGX_PAY_REASONS_MAX  128

ngx_uint_t ngx_pay_reason(const char *reason);

/* NULL: there are no more */
const char *ngx_pay_reason_name(ngx_uint_t i);

/* of those, the ones that come from Redis begin here */
ngx_uint_t ngx_pay_reason_redis(void);


/* the forms in which a request is signed, and whether its signature held */

typedef enum {
    NGX_PAY_FORM_LINES = 0,
    NGX_PAY_FORM_MESSAGE,           /* RFC 9421 */
    NGX_PAY_FORM_MAX
} ngx_pay_form_t;

#define NGX_PAY_SIGNATURE_VALID    0
#define NGX_PAY_SIGNATURE_INVALID  1
#define NGX_PAY_SIGNATURE_MAX      2


/* how a request to the unified API ended */

typedef enum {
    NGX_PAY_OUTCOME_OK = 0,
    NGX_PAY_OUTCOME_REFUSED,        /* 4xx */
    NGX_PAY_OUTCOME_FAILED,         /* 5xx */
    NGX_PAY_OUTCOME_UNKNOWN,        /* money may have moved */
    NGX_PAY_OUTCOME_MAX
} ngx_pay_outcome_t;

/* 1: a code that the gate may refuse by */
ngx_uint_t ngx_pay_gate_gives(pay_code_t code);

ngx_pay_outcome_t ngx_pay_outcome(pay_code_t code);


/* calls to channels */

typedef enum {
    NGX_PAY_CALL_ANSWERED = 0,
    NGX_PAY_CALL_NOT_SENT,
    NGX_PAY_CALL_UNKNOWN,
    NGX_PAY_CALL_MAX
} ngx_pay_call_result_t;

#define NGX_PAY_CALL_BOUNDS  9

extern const char *const  ngx_pay_call_bounds[NGX_PAY_CALL_BOUNDS];

/* the bucket of a call, of NGX_PAY_CALL_BOUNDS + 1 */
ngx_uint_t ngx_pay_call_bucket(ngx_msec_t ms);


/* notices of channels */

typedef enum {
    NGX_PAY_NOTICE_ACKNOWLEDGED = 0,
    NGX_PAY_NOTICE_REPEATED,        /* accepted before: acknowledged at once */
    NGX_PAY_NOTICE_IN_FLIGHT,       /* a copy is on its way: come again */
    NGX_PAY_NOTICE_REFUSED,         /* not verified, or not ours */
    NGX_PAY_NOTICE_PROBE,           /* a channel's signature probe */
    NGX_PAY_NOTICE_FAILED,          /* the application did not accept it */
    NGX_PAY_NOTICE_LATE,            /* ... not before the deadline */
    NGX_PAY_NOTICE_MISMATCH,        /* verified, but not the order's amount */
    NGX_PAY_NOTICE_DROPPED,         /* verified, but says nothing new */
    NGX_PAY_NOTICE_OTHER,           /* verified, of no kind that we know */
    NGX_PAY_NOTICE_STORE,           /* the store cannot take it now */
    NGX_PAY_NOTICE_MAX
} ngx_pay_notice_result_t;


/* counted by channel; the name finds them again after a reload */

typedef struct {
    u_char                name[64];
    ngx_atomic_t          notices[NGX_PAY_NOTICE_MAX];
    ngx_atomic_t          calls[NGX_PAY_CALL_MAX];
    ngx_atomic_t          call_buckets[NGX_PAY_CALL_BOUNDS + 1];
    ngx_atomic_t          call_ms;      /* of all of them */
    ngx_atomic_t          last_notice;
} ngx_pay_channel_stat_t;


#endif /* NGX_PAY_COUNT_H_INCLUDED */
