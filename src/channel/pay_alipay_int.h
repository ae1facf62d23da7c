
/*
 * Copyright (C) the ngx_pay authors
 *
 * What the files of driver alipay share, and nobody else includes.  Sections
 * named in them are those of the protocol reference, Alipay open platform.
 */

#ifndef PAY_ALIPAY_INT_H_INCLUDED
#define PAY_ALIPAY_INT_H_INCLUDED


#include <channel/pay_alipay.h>


#define PAY_ALIPAY_FIELDS  16
#define PAY_ALIPAY_CURRENCY  PAY_STR("CNY")
#define PAY_ALIPAY_EXPONENT  2


/* which request of the talk is at hand; their methods are in a table */

typedef enum {
    PAY_ALIPAY_NONE = 0,
    PAY_ALIPAY_PRECREATE,
    PAY_ALIPAY_CREATE,
    PAY_ALIPAY_PAY,
    PAY_ALIPAY_PAGE,            /* these three are signed, and not sent */
    PAY_ALIPAY_WAP,
    PAY_ALIPAY_APP,
    PAY_ALIPAY_QUERY,
    PAY_ALIPAY_CLOSE,
    PAY_ALIPAY_CANCEL,
    PAY_ALIPAY_REFUND,
    PAY_ALIPAY_REFUND_QUERY,
    PAY_ALIPAY_TRANSFER,
    PAY_ALIPAY_TRANSFER_QUERY,
    PAY_ALIPAY_BIND,
    PAY_ALIPAY_UNBIND,
    PAY_ALIPAY_SETTLE,
    PAY_ALIPAY_SETTLE_QUERY,
    PAY_ALIPAY_BILL,
    PAY_ALIPAY_CERT,
    PAY_ALIPAY_DOWNLOAD,        /* of a statement: no method */
    PAY_ALIPAY_STEP_MAX
} pay_alipay_step_t;

const char *pay_alipay_method(int step);


/* an answer, judged: code NONE is verified and of gateway code 10000 */

typedef struct {
    pay_code_t    code;
    const char   *reason;
    pay_str_t     gateway;          /* "10000" */
    pay_json_t   *node;
    pay_str_t     channel_code;
    pay_str_t     channel_message;
    unsigned      verified:1;
} pay_alipay_said_t;


/* a statement that is being read */
typedef struct pay_alipay_bill_s  pay_alipay_bill_t;


/* what a talk remembers from one step to the next */

typedef struct {
    pay_field_t           fields[PAY_ALIPAY_FIELDS];    /* of the request at
                                                           hand, by name */
    size_t                nfields;
    int64_t               began;
    unsigned              tries;        /* of what is repeated */
    pay_alipay_said_t     first;        /* why something is looked up */

    /* what waits until a certificate is there */
    pay_str_t             sn;
    int                   held_step;    /* NONE: a notice */
    pay_str_t             held;         /* an answer's body */
    const pay_form_t     *form;         /* a notice */
    unsigned              downloaded:1;
    unsigned              looked:1;     /* for a payment, before it is sent */

    pay_alipay_bill_t    *bill;
} pay_alipay_own_t;


/*
 * The requests: PAY_SIGN, or PAY_ERROR.  biz: JSON text; data NULL is no
 * memory.
 */
pay_rc_t pay_alipay_request(pay_talk_t *t, pay_alipay_step_t step,
    pay_str_t biz);
pay_rc_t pay_alipay_sign(pay_talk_t *t);

/* YYYY-MM-DD HH:MM:SS of Beijing, from and to */
pay_str_t pay_alipay_time(pay_arena_t *a, int64_t at);
pay_rc_t pay_alipay_time_parse(pay_str_t text, int64_t *out);

/* name=value joined by '&'; empty values are left out where keep is 0 */
pay_str_t pay_alipay_canon(pay_arena_t *a, const pay_field_t *f, size_t n,
    int keep);


/*
 * An answer: PAY_OK with *s filled; PAY_ERROR: our own fault; PAY_SIGN: a
 * certificate is to be asked for first, own->held waits for it.
 */
pay_rc_t pay_alipay_read(pay_talk_t *t, int status, pay_str_t body,
    pay_alipay_said_t *s);

/* sections 2.5 and 10.2 */
pay_code_t pay_alipay_code(int step, pay_str_t gateway, pay_str_t sub_code);

/*
 * The members of a node.  A member may be absent: then PAY_DECLINED, and out
 * is as it was.  PAY_INVALID: of another type, or no amount.
 */
pay_rc_t pay_alipay_text(const pay_json_t *o, const char *key, size_t max,
    pay_str_t *out);
pay_rc_t pay_alipay_amount(const pay_json_t *o, const char *key,
    int64_t *out);

/* PAY_DONE with what was said, or for what it leaves open */
pay_rc_t pay_alipay_fail(pay_talk_t *t, const pay_alipay_said_t *s);
pay_rc_t pay_alipay_doubt(pay_talk_t *t, pay_alipay_said_t *s,
    const char *reason);
pay_rc_t pay_alipay_refuse(pay_talk_t *t, pay_code_t code, const char *param);


/*
 * The key for a certificate's serial number (empty: none was named), to be
 * unref'ed.  PAY_DECLINED: it is one that we do not have.
 */
pay_rc_t pay_alipay_key(pay_talk_t *t, pay_str_t sn, pay_key_t **key);

/* 1 if it may be asked for now */
int pay_alipay_cert_wanted(const pay_talk_t *t);
pay_rc_t pay_alipay_cert_ask(pay_talk_t *t, pay_str_t sn);

/* the answer: the talk goes on with what was held */
pay_rc_t pay_alipay_cert_resume(pay_talk_t *t, const pay_answer_t *a);

/* PAY_OK, PAY_DECLINED: it does not hold, PAY_ERROR; sig: base64 */
pay_rc_t pay_alipay_verify(pay_talk_t *t, pay_str_t sig, pay_str_t text,
    const pay_key_t *key);


/* payments */

pay_rc_t pay_alipay_begin(pay_talk_t *t);
pay_rc_t pay_alipay_pay(pay_talk_t *t);
pay_rc_t pay_alipay_query(pay_talk_t *t);
pay_rc_t pay_alipay_close(pay_talk_t *t);

pay_rc_t pay_alipay_resume(pay_talk_t *t, const pay_answer_t *a);
pay_rc_t pay_alipay_resumed(pay_talk_t *t, pay_alipay_said_t *s);
pay_rc_t pay_alipay_paid(pay_talk_t *t, pay_alipay_said_t *s);
pay_rc_t pay_alipay_queried(pay_talk_t *t, pay_alipay_said_t *s);
pay_rc_t pay_alipay_closed(pay_talk_t *t, pay_alipay_said_t *s);
pay_rc_t pay_alipay_canceled(pay_talk_t *t, pay_alipay_said_t *s);

/* a query that decides what s only hints at; of a close, or before a cancel */
pay_rc_t pay_alipay_look_up(pay_talk_t *t, const pay_alipay_said_t *s);
pay_rc_t pay_alipay_looked(pay_talk_t *t, pay_alipay_said_t *s);

/* the channel has no such trade (yet) */
pay_rc_t pay_alipay_no_trade(pay_talk_t *t, pay_alipay_said_t *s);

/* the next step of a barcode payment that is not decided yet */
pay_rc_t pay_alipay_poll(pay_talk_t *t, pay_alipay_said_t *s);
pay_rc_t pay_alipay_waited(pay_talk_t *t);

/* out_trade_no, trade_no: of the payment that the talk is about, or behind */
void pay_alipay_trade(pay_talk_t *t, pay_json_writer_t *w);
int pay_alipay_is_trade(pay_talk_t *t, pay_str_t number, pay_str_t trade_no);

/*
 * The members of an order, in an answer or a notice (then by a tree made of
 * the form).  NULL, or why it is none.
 */
const char *pay_alipay_order(const pay_json_t *o, pay_fact_t *f);

/* 0: there is one, of another type */
int pay_alipay_buyer(const pay_json_t *o, pay_fact_t *f);

/* that of the fact, where it has one, is the object's, where that has one */
int pay_alipay_same_amount(const pay_talk_t *t);

/* the action of a payment that is open already, where there is one */
void pay_alipay_show(pay_talk_t *t);


/* refunds */

pay_rc_t pay_alipay_refund(pay_talk_t *t);
pay_rc_t pay_alipay_refund_query(pay_talk_t *t, pay_str_t number);
pay_rc_t pay_alipay_refunded(pay_talk_t *t, pay_alipay_said_t *s);
pay_rc_t pay_alipay_refund_queried(pay_talk_t *t, pay_alipay_said_t *s);

/* of a refund query's answer; NULL, or why it is none */
const char *pay_alipay_refund_fact(const pay_json_t *o, pay_fact_t *f);


/* transfers */

pay_rc_t pay_alipay_transfer(pay_talk_t *t);
pay_rc_t pay_alipay_transfer_query(pay_talk_t *t);
pay_rc_t pay_alipay_transferred(pay_talk_t *t, pay_alipay_said_t *s);

/* of an answer or a message; NULL, or why it is none */
const char *pay_alipay_transfer_fact(const pay_json_t *o, pay_fact_t *f);


/* splits */

pay_rc_t pay_alipay_bind(pay_talk_t *t, pay_alipay_step_t step);
pay_rc_t pay_alipay_split(pay_talk_t *t);
pay_rc_t pay_alipay_split_query(pay_talk_t *t);
pay_rc_t pay_alipay_bound(pay_talk_t *t, pay_alipay_said_t *s);
pay_rc_t pay_alipay_settled(pay_talk_t *t, pay_alipay_said_t *s);
pay_rc_t pay_alipay_split_queried(pay_talk_t *t, pay_alipay_said_t *s);


/* statements */

pay_rc_t pay_alipay_statement(pay_talk_t *t);
pay_rc_t pay_alipay_stated(pay_talk_t *t, pay_alipay_said_t *s);
pay_rc_t pay_alipay_rows(pay_talk_t *t, pay_str_t bytes, int last);


/* notices */

pay_rc_t pay_alipay_notice(pay_talk_t *t, const pay_notice_t *n);
void pay_alipay_sort(pay_form_t *f);
pay_rc_t pay_alipay_notice_verify(pay_talk_t *t);
pay_rc_t pay_alipay_notice_refund(pay_talk_t *t, pay_alipay_said_t *s);
void pay_alipay_acknowledge(pay_talk_t *t, pay_verdict_t v, pay_reply_t *out);


#endif /* PAY_ALIPAY_INT_H_INCLUDED */
