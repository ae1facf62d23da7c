
/*
 * Copyright (C) the ngx_pay authors
 *
 * The parts of the Alipay simulator, internal to it:
 *
 *   pay_sim_alipay.c           the operations by name
 *   pay_sim_alipay_request.c   what a request asks for
 *   pay_sim_alipay_auth.c      who sent a request, signatures
 *   pay_sim_alipay_reply.c     signed answers, errors
 *   pay_sim_alipay_body.c      what biz_content may hold
 *   pay_sim_alipay_rules.c     ... of what is no trade
 *   pay_sim_alipay_record.c    the trade as stored
 *   pay_sim_alipay_index.c     our numbers, and where they lead
 *   pay_sim_alipay_trade.c     precreate, query, close, cancel
 *   pay_sim_alipay_begin.c     how a trade begins
 *   pay_sim_alipay_page.c      page, wap and app, and the way back from them
 *   pay_sim_alipay_pay.c       create, bar codes
 *   pay_sim_alipay_refund.c    refunds
 *   pay_sim_alipay_fund.c      transfers
 *   pay_sim_alipay_royalty.c   receivers of parts
 *   pay_sim_alipay_settle.c    parts of a payment for others
 *   pay_sim_alipay_journal.c   what was paid on a day
 *   pay_sim_alipay_bill.c      statements
 *   pay_sim_alipay_crypt.c     content encryption
 *   pay_sim_alipay_magic.c     amounts that force a case
 *   pay_sim_alipay_press.c     buttons, the trade as shown
 *   pay_sim_alipay_notice.c    notices
 */

#ifndef PAY_SIM_ALIPAY_H_INCLUDED
#define PAY_SIM_ALIPAY_H_INCLUDED


#include <channel/pay_alipay.h>
#include <sandbox/pay_sim.h>


#define PAY_ALIS_PARAMS   64

/* who pays and, where the channel names no seller, who is paid */
#define PAY_ALIS_BUYER    "2088102100000009"
#define PAY_ALIS_LOGON    "159****5620"
#define PAY_ALIS_SELLER   "2088102100000001"


/* errors: code, sub_code and words of sections 2.5 and 7 */

typedef enum {
    PAY_ALIS_MISSING_METHOD = 0,
    PAY_ALIS_MISSING_SIGNATURE,
    PAY_ALIS_MISSING_SIGN_TYPE,
    PAY_ALIS_MISSING_APP_ID,
    PAY_ALIS_MISSING_TIMESTAMP,
    PAY_ALIS_MISSING_VERSION,
    PAY_ALIS_INVALID_PARAMETER,
    PAY_ALIS_INVALID_METHOD,
    PAY_ALIS_INVALID_FORMAT,
    PAY_ALIS_INVALID_CHARSET,
    PAY_ALIS_INVALID_SIGN_TYPE,
    PAY_ALIS_INVALID_SIGNATURE,
    PAY_ALIS_INVALID_APP_ID,
    PAY_ALIS_INVALID_TIMESTAMP,
    PAY_ALIS_INVALID_CONTENT_TYPE,
    PAY_ALIS_APP_CERT,
    PAY_ALIS_ROOT_CERT,
    PAY_ALIS_INVALID_ENCRYPT_TYPE,
    PAY_ALIS_INVALID_ENCRYPT,
    PAY_ALIS_ACQ_PARAMETER,
    PAY_ALIS_ACQ_SYSTEM,
    PAY_ALIS_NOT_EXIST,
    PAY_ALIS_HAS_SUCCESS,
    PAY_ALIS_HAS_CLOSE,
    PAY_ALIS_HAS_FINISHED,
    PAY_ALIS_STATUS,
    PAY_ALIS_INCONSISTENT,
    PAY_ALIS_EXPIRED,
    PAY_ALIS_CANCEL_LATE,
    PAY_ALIS_REFUND_TOTAL,
    PAY_ALIS_REFUND_REPEAT,
    PAY_ALIS_NO_REFUND,
    PAY_ALIS_UNKNOWN,
    PAY_ALIS_AUTH_CODE,
    PAY_ALIS_NO_BALANCE,
    PAY_ALIS_PARAMETER,
    PAY_ALIS_ORDER_NOT_EXIST,
    PAY_ALIS_TRANSFER_REPEAT,
    PAY_ALIS_RELATIONS_FULL,
    PAY_ALIS_NO_ROYALTY,
    PAY_ALIS_RECEIVER,
    PAY_ALIS_ALLOC_AMOUNT,
    PAY_ALIS_SETTLED,
    PAY_ALIS_SETTLE_ERROR,
    PAY_ALIS_BILL_ARGUMENTS,
    PAY_ALIS_BILL_TYPE,
    PAY_ALIS_BILL_NOT_EXIST,
    PAY_ALIS_SELLER_POOR,
    PAY_ALIS_PAYER_POOR
} pay_alis_error_t;


/* a trade, as its JSON text tells */

typedef enum {
    PAY_ALIS_CODE = 0,          /* a code that nobody has scanned: no trade */
    PAY_ALIS_WAIT,
    PAY_ALIS_PAID,
    PAY_ALIS_CLOSED,
    PAY_ALIS_DROPPED            /* a code that was cancelled before a scan */
} pay_alis_state_t;

#define PAY_ALIS_PAYMENTS  2
#define PAY_ALIS_REFUNDS   16

/* notices that are still to be sent */

typedef enum {
    PAY_ALIS_TELL_PAYMENT = 0,
    PAY_ALIS_TELL_REFUND,
    PAY_ALIS_TELL_CLOSE
} pay_alis_tell_t;

typedef enum {
    PAY_ALIS_TRUE = 0,
    PAY_ALIS_FORGED,            /* its signature does not hold */
    PAY_ALIS_OTHER              /* larger by 1 */
} pay_alis_how_t;

typedef struct {
    int64_t            id;
    pay_alis_how_t     how;
    pay_alis_tell_t    tell;
    size_t             index;           /* of payments or refunds */
    int64_t            due_at;
} pay_alis_letter_t;

typedef struct {
    pay_str_t          trade_no;
    int64_t            time;
} pay_alis_payment_t;

typedef struct {
    size_t             payment;         /* of which, from 0 */
    pay_str_t          number;          /* out_request_no */
    pay_str_t          reason;
    int64_t            amount;
    int64_t            time;
} pay_alis_refund_t;

typedef struct {
    pay_str_t           method;         /* that created it */
    pay_str_t           out_trade_no;
    pay_str_t           trade_no;       /* empty before a scan */
    pay_str_t           subject;
    pay_str_t           body;
    pay_str_t           passback;
    pay_str_t           store_id;
    pay_str_t           terminal_id;
    pay_str_t           notify_url;
    pay_str_t           return_url;
    pay_str_t           fingerprint;    /* of every field of biz_content */
    int64_t             total;
    int64_t             created_at;
    int64_t             expires_at;
    int64_t             closed_at;
    int64_t             asks;           /* queries until a buyer who thinks
                                           has paid; 0: nobody thinks */
    int                 refused;        /* the payer's last try failed */
    pay_alis_state_t    state;
    pay_alis_payment_t  payments[PAY_ALIS_PAYMENTS];
    size_t              npayments;
    pay_alis_refund_t   refunds[PAY_ALIS_REFUNDS];
    size_t              nrefunds;
    int64_t             letter;         /* the id of the last one */
    pay_alis_letter_t   letters[PAY_SIM_DUE];
    size_t              nletters;
    int64_t             settled;        /* given to others */
    int64_t             freeze;         /* royalty_freeze: it may be */
    int64_t             released;       /* royalty_finish: no more of it */
} pay_alis_trade_t;

/*
 * Of s->order; PAY_DECLINED: there is none.  A trade whose time is over is
 * closed on the way, as it is at the channel when somebody looks.
 */
pay_rc_t pay_alis_load(pay_sim_t *s, pay_alis_trade_t *t);

/* PAY_INVALID: it would be longer than a record may be */
pay_rc_t pay_alis_save(pay_sim_t *s, const pay_alis_trade_t *t);

/*
 * 28 digits: the day in Beijing, mark, random ones; and a way from such a
 * number to the record of this call or press.
 */
pay_str_t pay_alis_serial(pay_sim_t *s, const char *mark);
pay_rc_t pay_alis_index(pay_sim_t *s, pay_str_t number, pay_str_t order_id);

/*
 * s->order_id by one of those numbers: PAY_FETCH, as serve() has it; PAY_OK:
 * it is loaded; PAY_DECLINED: there is no such number.
 */
pay_rc_t pay_alis_lead(pay_sim_t *s, pay_str_t number);

/*
 * The receivers that are bound, as a JSON array: PAY_FETCH as serve() has it.
 * 1 if an account of this type is among them.
 */
pay_rc_t pay_alis_receivers(pay_sim_t *s, pay_sim_thing_t **thing,
    pay_json_t **list);
int pay_alis_receiver(const pay_json_t *list, pay_str_t type,
    pay_str_t account);

/*
 * The journal of a day: a line of JSON for each payment and refund.  It has
 * to be open before the record changes, PAY_FETCH as serve() has it; then a
 * line can be added to that of today.
 */
pay_rc_t pay_alis_journal(pay_sim_t *s, pay_str_t day);
pay_rc_t pay_alis_journal_today(pay_sim_t *s);
pay_rc_t pay_alis_journal_add(pay_sim_t *s, const pay_alis_trade_t *t,
    size_t payment, const pay_alis_refund_t *r);

/* its pages, from 0; empty: no more.  day as 20261122 */
pay_str_t pay_alis_journal_page(pay_sim_t *s, pay_str_t day, size_t n);

/* the download of a statement: it is no call of the gateway */
int pay_alis_is_download(const pay_sim_t *s);
pay_rc_t pay_alis_download_open(pay_sim_t *s);
pay_rc_t pay_alis_download(pay_sim_t *s);

/* section 5: PAY_DECLINED: the app has no key; data NULL: it failed */
pay_rc_t pay_alis_decrypt(pay_sim_t *s, pay_str_t text, pay_str_t *out);
pay_str_t pay_alis_encrypt(pay_sim_t *s, pay_str_t text);

/* somebody has scanned the code, if nobody had: there is a trade */
pay_rc_t pay_alis_scan(pay_sim_t *s, pay_alis_trade_t *t);

/* one more payment, the first one or the second; the journal is open */
pay_rc_t pay_alis_paid(pay_sim_t *s, pay_alis_trade_t *t);

/* one more notice, if the merchant wants any; to be saved with the trade */
void pay_alis_tell(const pay_sim_t *s, pay_alis_trade_t *t,
    pay_alis_tell_t tell, size_t index);

/* of the n-th payment: what was given back, and trade_status (section 9) */
int64_t pay_alis_refunded(const pay_alis_trade_t *t, size_t n);
const char *pay_alis_status(const pay_alis_trade_t *t, size_t n, int64_t now);

pay_rc_t pay_alis_press(pay_sim_t *s, pay_press_t press, const char **why);
pay_rc_t pay_alis_view(pay_sim_t *s, pay_sim_view_t *out);
pay_rc_t pay_alis_notice(pay_sim_t *s, int64_t id, pay_request_t *out);
pay_rc_t pay_alis_sent(pay_sim_t *s, int64_t id);
int pay_alis_acknowledged(int status, pay_str_t body);


/* an operation, and a request for it */

typedef struct pay_alis_op_s    pay_alis_op_t;
typedef struct pay_alis_call_s  pay_alis_call_t;

struct pay_alis_call_s {
    const pay_alis_op_t    *op;
    pay_form_t              params;     /* of the query string and the body */
    pay_str_t               method;     /* empty: none that is known */
    pay_json_t             *biz;
    pay_str_t               number;     /* out_trade_no, or empty */
    pay_str_t               trade_no;   /* or empty; of a transfer: one of its
                                           numbers that are ours */
    int                     encrypted;
};

/* what the record of a call is */

typedef enum {
    PAY_ALIS_BY_TRADE = 0,      /* by trade_no, or out_trade_no */
    PAY_ALIS_BY_TRANSFER,       /* by our numbers, or out_biz_no */
    PAY_ALIS_BY_NOTHING         /* there is none */
} pay_alis_by_t;

struct pay_alis_op_s {
    const char             *method;     /* NULL: end of the table */
    const pay_sim_rule_t   *rules;      /* of biz_content */
    pay_alis_by_t           by;
    pay_alis_error_t        invalid;    /* what a wrong member is called */
    const char             *product;    /* product_code has to be this; NULL:
                                           it is not looked at */
    pay_rc_t              (*serve)(pay_sim_t *s, const pay_alis_call_t *c);
};

/* "": it is not there, or empty, which is the same (section 2.1) */
pay_str_t pay_alis_param(const pay_alis_call_t *c, const char *name);

/* a member of biz_content, or "" */
pay_str_t pay_alis_field(const pay_alis_call_t *c, const char *name);

/* ... that is money, as its rule has seen to */
pay_rc_t pay_alis_money_field(const pay_alis_call_t *c, const char *name,
    int64_t *out);

/*
 * All that can be said without the record, PAY_OK or PAY_DONE, an error: the
 * parameters and their form; what they ask for, once it is known who asks.
 */
pay_rc_t pay_alis_receive(pay_sim_t *s, const pay_alis_op_t *ops,
    pay_alis_call_t *c);
pay_rc_t pay_alis_read(pay_sim_t *s, pay_alis_call_t *c);

/* PAY_DONE: "field: issue", as the operation calls it */
pay_rc_t pay_alis_wrong(pay_sim_t *s, const pay_alis_call_t *c,
    pay_str_t field, const char *issue);

/* PAY_OK with s->channel set, or PAY_DONE */
pay_rc_t pay_alis_authorize(pay_sim_t *s, const pay_alis_call_t *c);

/* yyyy-MM-dd HH:mm:ss in Beijing, both ways */
pay_str_t pay_alis_time(pay_arena_t *a, int64_t t);
pay_rc_t pay_alis_time_parse(pay_arena_t *a, pay_str_t text, int64_t *out);

/* money texts of a trade are yuan with two decimals */
pay_str_t pay_alis_money(pay_arena_t *a, int64_t amount);


/* base64 of the signature of the other side; data NULL: it failed */
pay_str_t pay_alis_sign(pay_sim_t *s, pay_str_t text);
const char *pay_alis_sign_type(const pay_channel_t *ch);

/*
 * Section 2.1: sorted by name, without sign and empty values; without
 * sign_type, too, in a notice (V1, section 8.2).
 */
pay_str_t pay_alis_canonical(pay_arena_t *a, const pay_form_t *f, int notice);


/*
 * An answer: pay_alis_answer() begins the node with code 10000, the operation
 * adds its members, pay_alis_reply() ends and signs it: PAY_DONE.
 */
pay_json_writer_t *pay_alis_answer(pay_sim_t *s);

/* the same with 10003, which is no error */
pay_json_writer_t *pay_alis_answer_waiting(pay_sim_t *s);
pay_rc_t pay_alis_reply(pay_sim_t *s, const pay_alis_call_t *c,
    pay_json_writer_t *w);

/* PAY_DONE: the error; more is added to its words, it may be empty */
pay_rc_t pay_alis_fail(pay_sim_t *s, const pay_alis_call_t *c,
    pay_alis_error_t e, pay_str_t more);


/*
 * What the amount of a call forces (docs/sandbox.md): to be asked before it
 * is served, and done to the answer of a call that made something.
 */
pay_magic_t pay_alis_magic(const pay_alis_call_t *c);
pay_rc_t pay_alis_broken(pay_sim_t *s, int status);
pay_rc_t pay_alis_made(pay_sim_t *s, pay_magic_t magic);

/* the first of a base64 text, another one: no signature any more */
pay_str_t pay_alis_spoil(pay_arena_t *a, pay_str_t text, size_t at);

/* name=value&..., the values encoded once as forms have it */
pay_str_t pay_alis_form(pay_arena_t *a, const pay_form_t *form);


/* the operations */

pay_rc_t pay_alis_precreate(pay_sim_t *s, const pay_alis_call_t *c);
pay_rc_t pay_alis_page(pay_sim_t *s, const pay_alis_call_t *c);
pay_rc_t pay_alis_create(pay_sim_t *s, const pay_alis_call_t *c);
pay_rc_t pay_alis_pay(pay_sim_t *s, const pay_alis_call_t *c);
pay_rc_t pay_alis_query(pay_sim_t *s, const pay_alis_call_t *c);
pay_rc_t pay_alis_transfer(pay_sim_t *s, const pay_alis_call_t *c);
pay_rc_t pay_alis_transfer_query(pay_sim_t *s, const pay_alis_call_t *c);
pay_rc_t pay_alis_bind(pay_sim_t *s, const pay_alis_call_t *c);
pay_rc_t pay_alis_unbind(pay_sim_t *s, const pay_alis_call_t *c);
pay_rc_t pay_alis_relations(pay_sim_t *s, const pay_alis_call_t *c);
pay_rc_t pay_alis_settle(pay_sim_t *s, const pay_alis_call_t *c);
pay_rc_t pay_alis_settle_query(pay_sim_t *s, const pay_alis_call_t *c);
pay_rc_t pay_alis_bill(pay_sim_t *s, const pay_alis_call_t *c);
pay_rc_t pay_alis_close(pay_sim_t *s, const pay_alis_call_t *c);
pay_rc_t pay_alis_cancel(pay_sim_t *s, const pay_alis_call_t *c);
pay_rc_t pay_alis_refund(pay_sim_t *s, const pay_alis_call_t *c);
pay_rc_t pay_alis_refund_query(pay_sim_t *s, const pay_alis_call_t *c);

/*
 * A trade that a call creates: as it is, when the same call came before, or
 * new and not saved yet.  PAY_DONE: an error.  life: seconds, where the call
 * does not tell.
 */
pay_rc_t pay_alis_begin(pay_sim_t *s, const pay_alis_call_t *c, int64_t life,
    pay_alis_trade_t *t);

/* of biz_content: equal for equal fields */
pay_str_t pay_alis_fingerprint(pay_sim_t *s, const pay_alis_call_t *c);

/* "30m", "1h", "15d"; "1c", the end of the day, is 0 */
pay_rc_t pay_alis_timeout(pay_str_t text, int64_t *seconds);

/* section 7.1: the life of a trade where the call does not tell */
#define PAY_ALIS_CODE_LIFE  (2 * 3600)          /* 7.2 */
#define PAY_ALIS_FACE_LIFE  (3 * 3600)
#define PAY_ALIS_LIFE       (15 * 86400)

pay_str_t pay_alis_seller(const pay_alipay_conf_t *conf);

/*
 * Section 7.5: where the buyer goes when the n-th payment is made, signed;
 * empty: nowhere, data NULL: no memory.
 */
pay_str_t pay_alis_way_back(pay_sim_t *s, const pay_alis_trade_t *t,
    size_t n);

/* the checkout page of an order */
pay_str_t pay_alis_page_url(pay_sim_t *s, pay_str_t number);

/* the members of an answer about a payment, as query and pay have them */
void pay_alis_put_trade(pay_json_writer_t *w, pay_sim_t *s,
    const pay_alis_trade_t *t, size_t n);

/* a text of the arena, money: what could not be made fails the answer */
void pay_alis_put(pay_json_writer_t *w, const char *key, pay_str_t text);
void pay_alis_put_money(pay_json_writer_t *w, pay_sim_t *s, const char *key,
    int64_t amount);

/*
 * The trade that a call names and, in *n, the payment of it: PAY_DONE is
 * TRADE_NOT_EXIST, as for a code that nobody has scanned.
 */
pay_rc_t pay_alis_find(pay_sim_t *s, const pay_alis_call_t *c,
    pay_alis_trade_t *t, size_t *n);

/* what biz_content may hold (section 7) */

extern const pay_sim_rule_t  pay_alis_precreate_rules[];
extern const pay_sim_rule_t  pay_alis_page_rules[];
extern const pay_sim_rule_t  pay_alis_create_rules[];
extern const pay_sim_rule_t  pay_alis_pay_rules[];
extern const pay_sim_rule_t  pay_alis_query_rules[];
extern const pay_sim_rule_t  pay_alis_transfer_rules[];
extern const pay_sim_rule_t  pay_alis_transfer_query_rules[];
extern const pay_sim_rule_t  pay_alis_relation_rules[];
extern const pay_sim_rule_t  pay_alis_relations_rules[];
extern const pay_sim_rule_t  pay_alis_settle_rules[];
extern const pay_sim_rule_t  pay_alis_settle_query_rules[];
extern const pay_sim_rule_t  pay_alis_bill_rules[];

/* "0.01" to "100000000.00" */
int pay_alis_is_money(pay_str_t text);

/* rows of such tables */

#define PAY_ALIS_END                                                         \
    { NULL, PAY_SIM_STRING, 0, 0, 0, NULL, NULL }

#define PAY_ALIS_TEXT(name, max)                                             \
    { name, PAY_SIM_STRING, 0, 0, max, NULL, NULL }

#define PAY_ALIS_MONEY(name)                                                 \
    { name, PAY_SIM_STRING, 0, 1, 12, NULL, pay_alis_is_money }
extern const pay_sim_rule_t  pay_alis_close_rules[];
extern const pay_sim_rule_t  pay_alis_cancel_rules[];
extern const pay_sim_rule_t  pay_alis_refund_rules[];
extern const pay_sim_rule_t  pay_alis_refund_query_rules[];


#endif /* PAY_SIM_ALIPAY_H_INCLUDED */
