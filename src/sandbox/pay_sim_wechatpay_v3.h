
/*
 * Copyright (C) the ngx_pay authors
 *
 * The parts of the WeChat Pay APIv3 simulator, internal to it:
 *
 *   pay_sim_wechatpay_v3.c         the operations
 *   pay_sim_wechatpay_v3_request.c what a request asks for
 *   pay_sim_wechatpay_v3_auth.c    who sent a request
 *   pay_sim_wechatpay_v3_reply.c   signed answers, errors
 *   pay_sim_wechatpay_v3_body.c    what the request bodies may hold
 *   pay_sim_wechatpay_v3_order.c   the order as stored, as shown
 *   pay_sim_wechatpay_v3_notice.c  buttons and notices
 */

#ifndef PAY_SIM_WECHATPAY_V3_H_INCLUDED
#define PAY_SIM_WECHATPAY_V3_H_INCLUDED


#include <channel/pay_wechatpay_v3.h>
#include <sandbox/pay_sim.h>


/* errors: code, HTTP status and number of section 11 */

typedef enum {
    PAY_WXS_SIGN_ERROR = 0,
    PAY_WXS_PARAM_ERROR,
    PAY_WXS_EXTRA_PARAM,
    PAY_WXS_NOT_ACCEPTABLE,
    PAY_WXS_MEDIA_TYPE,
    PAY_WXS_NOT_FOUND,
    PAY_WXS_METHOD,
    PAY_WXS_APPID,
    PAY_WXS_ORDER_NOT_EXIST,
    PAY_WXS_ORDER_PAID,
    PAY_WXS_ORDER_CLOSED,
    PAY_WXS_REPEATED
} pay_wxs_error_t;


/* an order, as its JSON text tells */

typedef enum {
    PAY_WXS_NOTPAY = 0,
    PAY_WXS_SUCCESS,
    PAY_WXS_CLOSED
} pay_wxs_state_t;

#define PAY_WXS_PAYMENTS  2

typedef struct {
    pay_str_t        transaction_id;    /* 28 digits */
    int64_t          time;
} pay_wxs_payment_t;

typedef struct {
    pay_str_t          appid;
    pay_str_t          mchid;
    pay_str_t          out_trade_no;
    pay_str_t          description;
    pay_str_t          attach;
    pay_str_t          device_id;
    pay_str_t          notify_url;
    pay_str_t          fingerprint;     /* of every parameter of the prepay */
    int64_t            total;
    int64_t            expires_at;
    int                refused;         /* the payer's last try failed */
    pay_wxs_state_t    state;
    pay_wxs_payment_t  payments[PAY_WXS_PAYMENTS];
    size_t             npayments;
} pay_wxs_order_t;

/*
 * Of s->order; PAY_DECLINED: there is none.  An order whose time is over is
 * closed on the way, as it is at the channel when somebody looks.
 */
pay_rc_t pay_wxs_order_load(pay_sim_t *s, pay_wxs_order_t *o);
pay_rc_t pay_wxs_order_save(pay_sim_t *s, const pay_wxs_order_t *o);

/* section 8.4, the answer of a query and the plaintext of a notice (10.2) */
pay_str_t pay_wxs_transaction(pay_arena_t *a, const pay_wxs_order_t *o,
    size_t payment);

pay_rc_t pay_wxs_press(pay_sim_t *s, pay_press_t press, const char **why);
pay_rc_t pay_wxs_view(pay_sim_t *s, pay_sim_view_t *out);

pay_rc_t pay_wxs_notice(pay_sim_t *s, size_t n, pay_request_t *out);
int pay_wxs_acknowledged(int status, pay_str_t body);


/* an operation, and a request for it */

typedef enum {
    PAY_WXS_BY_BODY = 0,        /* out_trade_no is a member of the body */
    PAY_WXS_BY_PATH,            /* ... is between prefix and suffix */
    PAY_WXS_BY_ID               /* a transaction_id is */
} pay_wxs_key_t;

typedef struct pay_wxs_op_s  pay_wxs_op_t;

typedef struct {
    const pay_wxs_op_t     *op;
    pay_str_t               number;     /* out_trade_no */
    pay_str_t               args;
    pay_json_t             *body;
} pay_wxs_call_t;

struct pay_wxs_op_s {
    const char             *method;     /* NULL: end of the table */
    const char             *prefix;
    const char             *suffix;
    pay_wxs_key_t           key;
    const pay_sim_rule_t   *rules;      /* of the body; NULL: ?mchid= */
    pay_rc_t              (*serve)(pay_sim_t *s, const pay_wxs_call_t *c);
};

/* section 1 */
pay_rc_t pay_wxs_check_headers(pay_sim_t *s);

/* all that can be said without the order: PAY_OK, or PAY_DONE: an error */
pay_rc_t pay_wxs_read(pay_sim_t *s, const pay_wxs_op_t *ops,
    pay_wxs_call_t *c);


/* who sent it, and signatures */

/* Authorization (section 2): PAY_OK with s->channel set, or PAY_DONE */
pay_rc_t pay_wxs_authorize(pay_sim_t *s);

/* the headers of section 3.2 */

typedef struct {
    pay_str_t  timestamp;
    pay_str_t  nonce;
    pay_str_t  signature;
    pay_str_t  serial;
} pay_wxs_signature_t;

pay_rc_t pay_wxs_sign(pay_sim_t *s, pay_str_t body, pay_wxs_signature_t *out);

/* both PAY_DONE: the signed answer; the error, with what is wrong or NULL */
pay_rc_t pay_wxs_reply(pay_sim_t *s, int status, pay_str_t body);
pay_rc_t pay_wxs_fail(pay_sim_t *s, pay_wxs_error_t e,
    const pay_sim_fault_t *fault);

/* for what has no table: field and issue are constants */
pay_rc_t pay_wxs_refuse(pay_sim_t *s, pay_wxs_error_t e, const char *location,
    const char *field, const char *issue);


/* the members of the bodies of native prepay and close (8.1, 8.5) */

extern const pay_sim_rule_t  pay_wxs_native_rules[];
extern const pay_sim_rule_t  pay_wxs_close_rules[];

/* out_trade_no of section 8.0 */
int pay_wxs_number(pay_str_t number);


#endif /* PAY_SIM_WECHATPAY_V3_H_INCLUDED */
