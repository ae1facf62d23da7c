
/*
 * Copyright (C) the ngx_pay authors
 *
 * What the files of driver wechatpay_v3 share, and nobody else includes.
 * Sections named in them are those of the protocol reference, WeChat Pay
 * APIv3.
 */

#ifndef PAY_WECHATPAY_V3_INT_H_INCLUDED
#define PAY_WECHATPAY_V3_INT_H_INCLUDED


#include <channel/pay_wechatpay_v3.h>


#define PAY_WECHATPAY_DESCRIPTION_MAX  127


/* which request of the talk is at hand */

typedef enum {
    PAY_WECHATPAY_PREPAY = 1,
    PAY_WECHATPAY_QUERY,
    PAY_WECHATPAY_CLOSE
} pay_wechatpay_step_t;


/* an answer, judged: code NONE is verified and of the wanted status */

typedef struct {
    pay_code_t    code;
    const char   *reason;
    pay_json_t   *body;
    pay_str_t     channel_code;
    pay_str_t     channel_message;
} pay_wechatpay_said_t;


/* what a talk remembers from one step to the next */

typedef struct {
    pay_str_t             timestamp;    /* of the request at hand */
    pay_str_t             nonce;
    pay_wechatpay_said_t  first;        /* why the order is looked up */
} pay_wechatpay_own_t;


/* the requests: PAY_SIGN, or PAY_ERROR */
pay_rc_t pay_wechatpay_begin(pay_talk_t *t);
pay_rc_t pay_wechatpay_query(pay_talk_t *t);
pay_rc_t pay_wechatpay_sign(pay_talk_t *t);

/* the code of a stored payment, while somebody may still pay by it */
void pay_wechatpay_show(pay_talk_t *t);

pay_rc_t pay_wechatpay_resume(pay_talk_t *t, const pay_answer_t *a);

/* PAY_OK with *s filled; PAY_ERROR: our own fault */
pay_rc_t pay_wechatpay_read(pay_talk_t *t, const pay_answer_t *a,
    pay_wechatpay_said_t *s);

/*
 * Sections 3.1 to 3.3, for answers and notices.  PAY_INVALID: it does not
 * hold, *why is a token; PAY_ERROR: our own fault.
 */
pay_rc_t pay_wechatpay_verify(pay_talk_t *t, const pay_headers_t *h,
    pay_str_t body, const char **why);

/* 1 for application/json, with or without parameters */
int pay_wechatpay_json(pay_str_t media_type);

/*
 * The members of a query's answer and of a payment notice (8.4, 10.2).
 * PAY_INVALID: something is missing or of another type.  An unknown
 * trade_state is PAY_STATE_NONE.
 */
pay_rc_t pay_wechatpay_order(const pay_json_t *o, pay_fact_t *f);

/* 1 if the order is that of the channel's own account, in the direct form */
int pay_wechatpay_own_order(const pay_channel_t *ch, const pay_json_t *o);

pay_rc_t pay_wechatpay_notice(pay_talk_t *t, const pay_notice_t *n);
void pay_wechatpay_acknowledge(pay_talk_t *t, pay_verdict_t v,
    pay_reply_t *out);


#endif /* PAY_WECHATPAY_V3_INT_H_INCLUDED */
