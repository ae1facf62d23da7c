
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
#define PAY_WECHATPAY_REF_MAX          256


/* which request of the talk is at hand */

typedef enum {
    PAY_WECHATPAY_PREPAY = 1,
    PAY_WECHATPAY_QUERY,        /* of a payment */
    PAY_WECHATPAY_CLOSE,
    PAY_WECHATPAY_PARAMS,       /* no request: signed for the front end */
    PAY_WECHATPAY_CREATE,       /* a refund, a transfer, a split, a return */
    PAY_WECHATPAY_FIND,         /* ... and what became of it */
    PAY_WECHATPAY_CANCEL,       /* of a transfer */
    PAY_WECHATPAY_RECEIVER,     /* is added or deleted */
    PAY_WECHATPAY_STATEMENT,    /* where it can be had */
    PAY_WECHATPAY_DOWNLOAD,
    PAY_WECHATPAY_CERTS         /* the platform's certificates */
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
    pay_str_t             number;       /* of the object, on the wire */
    pay_str_t             order;        /* ... of what is behind it */
    pay_kind_t            kind;         /* of the object */
    pay_str_t             sub_mchid;    /* of the partner form, or empty */
    pay_str_t             transaction;  /* the payment that a notice names */
    unsigned              same:1;       /* an answer's split is the one asked
                                           for */
    unsigned              backup:1;     /* sent to the second host, too */
    unsigned              fetched:1;    /* certificates, once in a talk */
    unsigned              notice:1;     /* whose talk it is is not known */
    void                 *bill;         /* a statement that is being read */
    pay_str_t             certs;        /* downloaded in this talk */
    pay_wechatpay_step_t  step;         /* of the withheld answer */
    pay_answer_t         *withheld;     /* until its key is there */
    pay_notice_t         *called;       /* ... or the withheld notice */
    pay_str_t             prepay_id;    /* of the parameters to be signed */
    pay_wechatpay_said_t  first;        /* why the object is looked up */
} pay_wechatpay_own_t;


/* the requests: PAY_SIGN, or PAY_ERROR */

pay_rc_t pay_wechatpay_send(pay_talk_t *t, pay_wechatpay_step_t step,
    const char *method, pay_str_t target, pay_str_t body);
pay_rc_t pay_wechatpay_begin(pay_talk_t *t);
pay_rc_t pay_wechatpay_start(pay_talk_t *t);
pay_rc_t pay_wechatpay_sign(pay_talk_t *t);

/* a timestamp and a nonce for what is to be signed next */
pay_rc_t pay_wechatpay_stamp(pay_talk_t *t, pay_wechatpay_step_t step);

/* base64, of lines that end with LF each; data NULL: it failed */
pay_str_t pay_wechatpay_signature(pay_talk_t *t, const pay_str_t *lines,
    size_t n);

/* the app that a payment by this method belongs to, or empty */
pay_str_t pay_wechatpay_appid(const pay_talk_t *t, pay_method_t method);

/* path + number + suffix + value; number and value are data */
pay_str_t pay_wechatpay_target(pay_talk_t *t, const char *path,
    pay_str_t number, const char *suffix, pay_str_t value);

/* ... and sub_mchid where it is the partner form */
pay_str_t pay_wechatpay_target_sub(pay_talk_t *t, pay_str_t target);

/* PAY_DONE: what was asked for can't be, by that field */
pay_rc_t pay_wechatpay_refuse(pay_talk_t *t, pay_code_t code,
    const char *param);

/* an object is opened; sub_mchid first where it is the partner form */
pay_json_writer_t *pay_wechatpay_body(pay_talk_t *t);


/* payments */

pay_rc_t pay_wechatpay_pay(pay_talk_t *t);
pay_rc_t pay_wechatpay_query(pay_talk_t *t);
pay_rc_t pay_wechatpay_close(pay_talk_t *t);
pay_rc_t pay_wechatpay_prepaid(pay_talk_t *t, pay_wechatpay_said_t *s);
pay_rc_t pay_wechatpay_closed(pay_talk_t *t, pay_wechatpay_said_t *s);
pay_rc_t pay_wechatpay_queried(pay_talk_t *t, pay_wechatpay_said_t *s);

/*
 * What a payment can be made by, rebuilt from what the channel gave for it,
 * while somebody may still pay by it: PAY_DONE, or PAY_SIGN.
 */
pay_rc_t pay_wechatpay_show(pay_talk_t *t, pay_str_t ref);
int pay_wechatpay_lives(const pay_talk_t *t, pay_str_t ref);
pay_method_t pay_wechatpay_method(const pay_talk_t *t);
pay_rc_t pay_wechatpay_sign_params(pay_talk_t *t);


/* all other objects: how each kind is asked for, and what is said of it */

typedef struct {
    /* what became of it, by its number: PAY_SIGN */
    pay_rc_t    (*find)(pay_talk_t *t);

    /* the members of an answer, to t->fact; NULL, or why not */
    const char *(*take)(pay_talk_t *t, const pay_json_t *o);

    /* 1 if t->fact is of what was asked for: a number may be in use */
    int         (*same)(pay_talk_t *t);
} pay_wechatpay_kind_t;

extern const pay_wechatpay_kind_t  pay_wechatpay_refunds;
extern const pay_wechatpay_kind_t  pay_wechatpay_transfers;
extern const pay_wechatpay_kind_t  pay_wechatpay_splits;
extern const pay_wechatpay_kind_t  pay_wechatpay_returns;

pay_rc_t pay_wechatpay_created(pay_talk_t *t, pay_wechatpay_said_t *s);
pay_rc_t pay_wechatpay_found(pay_talk_t *t, pay_wechatpay_said_t *s);

pay_rc_t pay_wechatpay_refund(pay_talk_t *t);
pay_rc_t pay_wechatpay_notice_refund(pay_talk_t *t, const pay_json_t *o);

pay_rc_t pay_wechatpay_transfer(pay_talk_t *t);
pay_rc_t pay_wechatpay_transfer_cancel(pay_talk_t *t);
pay_rc_t pay_wechatpay_not_cancelled(pay_talk_t *t);
pay_rc_t pay_wechatpay_notice_transfer(pay_talk_t *t, const pay_json_t *o);

pay_rc_t pay_wechatpay_split(pay_talk_t *t);
pay_rc_t pay_wechatpay_split_finish(pay_talk_t *t);
pay_rc_t pay_wechatpay_split_return(pay_talk_t *t);
pay_rc_t pay_wechatpay_notice_split(pay_talk_t *t, const pay_json_t *o);

/* who gets a part: 1 if it is somebody that the channel can pay */
int pay_wechatpay_receives(const pay_receiver_t *r);
const char *pay_wechatpay_receiver_type(pay_str_t theirs);
void pay_wechatpay_receiver(pay_talk_t *t, pay_json_writer_t *w,
    const pay_receiver_t *r, pay_str_t name);
void pay_wechatpay_split_apps(pay_talk_t *t, pay_json_writer_t *w);
pay_rc_t pay_wechatpay_receivers(pay_talk_t *t);
pay_rc_t pay_wechatpay_received(pay_talk_t *t, pay_wechatpay_said_t *s);


pay_rc_t pay_wechatpay_statement(pay_talk_t *t);
pay_rc_t pay_wechatpay_stated(pay_talk_t *t, pay_wechatpay_said_t *s);
pay_rc_t pay_wechatpay_not_downloaded(pay_talk_t *t, const pay_answer_t *a);
pay_rc_t pay_wechatpay_rows(pay_talk_t *t, pay_str_t bytes, int last);


/* the platform's keys, as configured and as downloaded */

pay_rc_t pay_wechatpay_refresh(pay_talk_t *t);
pay_rc_t pay_wechatpay_certs(pay_talk_t *t);
pay_rc_t pay_wechatpay_certified(pay_talk_t *t, const pay_answer_t *a);

/* 1 if it is worth a download that the serial in h is not known */
int pay_wechatpay_certs_may(const pay_talk_t *t, const pay_headers_t *h);

/* to be given back; NULL: unknown */
pay_key_t *pay_wechatpay_platform_key(const pay_talk_t *t, pay_str_t serial);

/* the one to be asked for, and to seal by; empty: there is none yet */
pay_str_t pay_wechatpay_platform_id(const pay_talk_t *t);
int pay_wechatpay_serial_eq(pay_str_t ours, pay_str_t theirs);

/* section 6; PAY_DECLINED: no key yet; PAY_INVALID: too long */
pay_rc_t pay_wechatpay_seal(pay_talk_t *t, pay_str_t text, pay_str_t *out);

/*
 * ... of what was asked for, if it was.  Other than PAY_OK: what comes next,
 * an error or the platform's certificates.
 */
pay_rc_t pay_wechatpay_secret(pay_talk_t *t, pay_str_t text,
    const char *param, pay_str_t *out);

/* section 5.  PAY_INVALID: *why is a token */
pay_rc_t pay_wechatpay_open(pay_talk_t *t, const pay_json_t *resource,
    pay_str_t *plain, const char **why);

/* a copy that outlives the call; *body in and out */
pay_rc_t pay_wechatpay_keep(pay_talk_t *t, const pay_headers_t *from,
    pay_headers_t *h, pay_str_t *body);


/* answers */

pay_rc_t pay_wechatpay_resume(pay_talk_t *t, const pay_answer_t *a);

/* ... that there is, in the step at hand */
pay_rc_t pay_wechatpay_answered(pay_talk_t *t, const pay_answer_t *a);

/* PAY_OK with *s filled; PAY_ERROR: our own fault */
pay_rc_t pay_wechatpay_read(pay_talk_t *t, const pay_answer_t *a,
    pay_wechatpay_said_t *s);

/* PAY_DONE with the error of s; ... with an outcome that nobody knows */
pay_rc_t pay_wechatpay_fail(pay_talk_t *t, const pay_wechatpay_said_t *s);
pay_rc_t pay_wechatpay_doubt(pay_talk_t *t, pay_wechatpay_said_t *s,
    const char *reason);

/*
 * Sections 3.1 to 3.3, for answers and notices.  PAY_INVALID: it does not
 * hold, *why is a token; PAY_ERROR: our own fault.
 */
pay_rc_t pay_wechatpay_verify(pay_talk_t *t, const pay_headers_t *h,
    pay_str_t body, const char **why);

/* 1 for application/json, with or without parameters */
int pay_wechatpay_json(pay_str_t media_type);


/* members */

/* a text that may be absent, of at most max bytes; 0: of another type */
int pay_wechatpay_text(const pay_json_t *o, const char *key, size_t max,
    pay_str_t *out);

/* an integer that may be absent, and is left alone then */
int pay_wechatpay_amount(const pay_json_t *o, const char *key, int64_t min,
    int64_t *out);

/* a time that may be absent; 0, as for a broken one: nothing is lost for it */
int64_t pay_wechatpay_time(const pay_json_t *o, const char *key);

/* a number of ours: 0 if it is absent or of no form that we ever sent */
int pay_wechatpay_id(const pay_json_t *o, const char *key, pay_str_t *out);

/*
 * The members of a query's answer and of a payment notice (8.4, 10.2).
 * PAY_INVALID: something is missing or of another type.  An unknown
 * trade_state is PAY_STATE_NONE.
 */
pay_rc_t pay_wechatpay_order(const pay_json_t *o, pay_fact_t *f);

/*
 * 1 if it is of the channel's own account.  Products name that differently:
 * one name at least, and whoever names one must name ours.  *sub is the
 * merchant of the partner form, or empty; in an answer (not a notice) it is
 * the one that was asked for.
 */
int pay_wechatpay_own_account(const pay_talk_t *t, const pay_json_t *o,
    pay_str_t *sub);

/* 1 if it is of another account; what names none is not */
int pay_wechatpay_foreign(const pay_talk_t *t, const pay_json_t *o,
    pay_str_t *sub);

/* ... and of one of its apps */
int pay_wechatpay_own_order(const pay_talk_t *t, const pay_json_t *o,
    pay_str_t *sub);


/* notices */

pay_rc_t pay_wechatpay_notice(pay_talk_t *t, const pay_notice_t *n);
pay_rc_t pay_wechatpay_notice_again(pay_talk_t *t);
pay_rc_t pay_wechatpay_refused(pay_talk_t *t, const char *why);
void pay_wechatpay_acknowledge(pay_talk_t *t, pay_verdict_t v,
    pay_reply_t *out);


#endif /* PAY_WECHATPAY_V3_INT_H_INCLUDED */
