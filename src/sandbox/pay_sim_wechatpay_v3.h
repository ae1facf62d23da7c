
/*
 * Copyright (C) the ngx_pay authors
 *
 * The parts of the WeChat Pay APIv3 simulator, internal to it:
 *
 *   pay_sim_wechatpay_v3.c         the operations, and how a request is served
 *   pay_sim_wechatpay_v3_request.c what a request asks for
 *   pay_sim_wechatpay_v3_auth.c    who sent a request
 *   pay_sim_wechatpay_v3_reply.c   signed answers, errors
 *   pay_sim_wechatpay_v3_certificates.c  ... and the platform's certificates
 *   pay_sim_wechatpay_v3_body.c    what a prepay may hold
 *   pay_sim_wechatpay_v3_rules.c   what the other requests may hold
 *   pay_sim_wechatpay_v3_pay.c     prepay, query, close
 *   pay_sim_wechatpay_v3_refund.c  refunds and their query
 *   pay_sim_wechatpay_v3_split.c   profit sharing
 *   pay_sim_wechatpay_v3_split_order.c     ... as stored, as answered
 *   pay_sim_wechatpay_v3_receivers.c       ... and who may have a share
 *   pay_sim_wechatpay_v3_transfer.c        transfer bills
 *   pay_sim_wechatpay_v3_transfer_order.c  ... as stored, as shown, as told
 *   pay_sim_wechatpay_v3_journal.c what happened on a day
 *   pay_sim_wechatpay_v3_bill.c    bills of that
 *   pay_sim_wechatpay_v3_bill_rows.c       ... and their files
 *   pay_sim_wechatpay_v3_order.c   the order as stored
 *   pay_sim_wechatpay_v3_show.c    the order as told: transaction, refund, page
 *   pay_sim_wechatpay_v3_press.c   buttons
 *   pay_sim_wechatpay_v3_notice.c  notices
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
    PAY_WXS_REPEATED,
    PAY_WXS_NO_RESOURCE,
    PAY_WXS_INVALID_REQUEST,
    PAY_WXS_NO_BILL,
    PAY_WXS_EXISTS,
    PAY_WXS_NOT_ENOUGH,
    PAY_WXS_FREQUENCY,
    PAY_WXS_SYSTEM,
    PAY_WXS_NO_STATEMENT
} pay_wxs_error_t;


/* an order, as its JSON text tells */

typedef enum {
    PAY_WXS_NOTPAY = 0,
    PAY_WXS_SUCCESS,
    PAY_WXS_CLOSED,
    PAY_WXS_PAYING
} pay_wxs_state_t;

#define PAY_WXS_PAYMENTS  2
#define PAY_WXS_REFUNDS   50            /* section 8.6 */
#define PAY_WXS_NOTICES   PAY_SIM_DUE

typedef struct {
    pay_str_t        transaction_id;    /* 28 digits */
    int64_t          time;
} pay_wxs_payment_t;

typedef enum {
    PAY_WXS_PROCESSING = 0,
    PAY_WXS_REFUNDED,
    PAY_WXS_REFUND_CLOSED,
    PAY_WXS_ABNORMAL
} pay_wxs_refund_state_t;

typedef struct {
    pay_str_t               number;         /* out_refund_no */
    pay_str_t               notify_url;     /* empty: nobody is told */
    pay_str_t               account;        /* funds_account, or empty */
    pay_str_t               hash;           /* of every parameter */
    size_t                  payment;        /* whose, from 0 */
    int64_t                 amount;
    int64_t                 created;
    int64_t                 ends;           /* when it leaves PROCESSING, or
                                               left it; 0: by a button */
    pay_wxs_refund_state_t  state;
} pay_wxs_refund_t;

typedef enum {
    PAY_WXS_OF_PAYMENT = 0,
    PAY_WXS_OF_REFUND
} pay_wxs_of_t;

typedef enum {
    PAY_WXS_TRUE = 0,
    PAY_WXS_FORGED,                         /* its signature does not hold */
    PAY_WXS_OTHER                           /* ... its amount is another */
} pay_wxs_how_t;

typedef struct {
    int64_t                 id;
    pay_wxs_of_t            of;
    size_t                  index;          /* of the payment, the refund */
    int64_t                 due_at;
    pay_wxs_how_t           how;
} pay_wxs_notice_t;

typedef struct {
    pay_str_t          id;              /* of the order, for the glue */
    const char        *type;            /* trade_type */
    pay_str_t          appid;           /* sp_appid */
    pay_str_t          mchid;           /* sp_mchid */
    pay_str_t          sub_appid;
    pay_str_t          sub_mchid;       /* empty: no partner's order */
    pay_str_t          openid;          /* of the prepay: sp_openid, if any */
    pay_str_t          sub_openid;
    pay_str_t          out_trade_no;
    pay_str_t          description;
    pay_str_t          attach;
    pay_str_t          device_id;
    pay_str_t          notify_url;
    pay_str_t          fingerprint;     /* of every parameter of the prepay */
    int64_t            total;
    int64_t            expires_at;
    int                refused;         /* the payer's last try failed */
    int                sharing;         /* settle_info.profit_sharing */
    int                released;        /* what was not shared is free */
    int64_t            shared;          /* what others have of it now */
    pay_wxs_state_t    state;
    pay_wxs_payment_t  payments[PAY_WXS_PAYMENTS];
    size_t             npayments;
    pay_wxs_refund_t   refunds[PAY_WXS_REFUNDS];
    size_t             nrefunds;
    pay_wxs_notice_t   notices[PAY_WXS_NOTICES];
    size_t             nnotices;
    int64_t            last_notice;     /* the last id given away */
} pay_wxs_order_t;

/*
 * Of s->order; PAY_DECLINED: there is none.  What time alone has changed is
 * changed on the way, as it is at the channel when somebody looks.
 */
pay_rc_t pay_wxs_order_load(pay_sim_t *s, pay_wxs_order_t *o);

/* PAY_INVALID: there is no room for all of it; nothing has changed */
pay_rc_t pay_wxs_order_save(pay_sim_t *s, const pay_wxs_order_t *o);

/*
 * What there is to tell of it, by its magic, to the end of the list; the
 * oldest goes where there is no room.
 */
void pay_wxs_notice_add(pay_wxs_order_t *o, pay_wxs_of_t of, size_t index,
    int64_t now);

/* what was refunded of a payment, or may still be */
int64_t pay_wxs_refunded(const pay_wxs_order_t *o, size_t payment);

/* of any text: for bills, which change nothing */
pay_rc_t pay_wxs_order_read(pay_arena_t *a, pay_str_t text,
    pay_wxs_order_t *o);

/* NULL: the order has none of that number */
pay_wxs_refund_t *pay_wxs_refund_find(pay_wxs_order_t *o, pay_str_t number);

/* section 8.4, the answer of a query and the plaintext of a notice (10.2) */
pay_str_t pay_wxs_transaction(pay_arena_t *a, const pay_wxs_order_t *o,
    size_t payment);

/* section 8.6, and the plaintext of a notice (10.3) */
pay_str_t pay_wxs_refund_answer(pay_arena_t *a, const pay_wxs_order_t *o,
    const pay_wxs_refund_t *r);
pay_str_t pay_wxs_refund_told(pay_arena_t *a, const pay_wxs_order_t *o,
    const pay_wxs_refund_t *r);
const char *pay_wxs_refund_word(const pay_wxs_refund_t *r);
pay_str_t pay_wxs_refund_id(pay_arena_t *a, const pay_wxs_order_t *o,
    const pay_wxs_refund_t *r);

/* what it becomes by itself */
pay_wxs_refund_state_t pay_wxs_refund_end(int64_t amount);

/* digits that a hash of the text gives, behind a prefix: always the same */
pay_str_t pay_wxs_digits(pay_arena_t *a, const char *prefix, pay_str_t text,
    size_t n);

pay_rc_t pay_wxs_press(pay_sim_t *s, pay_press_t press, const char **why);
pay_rc_t pay_wxs_view(pay_sim_t *s, pay_sim_view_t *out);

pay_rc_t pay_wxs_notice(pay_sim_t *s, int64_t id, pay_request_t *out);
pay_rc_t pay_wxs_sent(pay_sim_t *s, int64_t id);
int pay_wxs_acknowledged(int status, pay_str_t body);

/* what a notice says, before it is sealed */

typedef struct {
    pay_str_t    url;
    pay_str_t    id;
    pay_str_t    plain;
    int64_t      time;
    const char  *event;
    const char  *summary;
    const char  *type;          /* original_type, and the associated data */
    int          forged;        /* its signature must not hold */
} pay_wxs_letter_t;

/* the same for each copy of one notice; data NULL: no memory */
pay_str_t pay_wxs_event_id(pay_arena_t *a, pay_str_t number,
    const char *event);

/* sealed, signed, on its way */
pay_rc_t pay_wxs_post(pay_sim_t *s, const pay_wxs_letter_t *letter,
    pay_request_t *out);


/* a transfer bill (section 8.10), which has an order's place */

typedef enum {
    PAY_WXS_WAIT = 0,
    PAY_WXS_DONE,
    PAY_WXS_FAILED,
    PAY_WXS_CANCELING,
    PAY_WXS_CANCELLED
} pay_wxs_transfer_state_t;

typedef struct {
    pay_str_t                 number;       /* out_bill_no */
    pay_str_t                 bill_no;      /* transfer_bill_no */
    pay_str_t                 appid;
    pay_str_t                 mchid;
    pay_str_t                 openid;
    pay_str_t                 remark;
    pay_str_t                 notify_url;   /* empty: nobody is told */
    pay_str_t                 fingerprint;
    pay_str_t                 fail_reason;
    int64_t                   amount;
    int64_t                   created;
    int64_t                   updated;
    int64_t                   due_at;       /* of its notice; 0: none */
    pay_wxs_transfer_state_t  state;
} pay_wxs_transfer_t;

/* shares of a payment (section 8.8): a thing beside its order */

#define PAY_WXS_RECEIVERS  50
#define PAY_WXS_RETURNS    20

typedef struct {
    pay_str_t               type;
    pay_str_t               account;
    pay_str_t               description;
    pay_str_t               fail_reason;    /* empty: it has the money */
    int64_t                 amount;
} pay_wxs_receiver_t;

typedef struct {
    pay_str_t               number;         /* out_return_no */
    pay_str_t               account;        /* return_mchid */
    pay_str_t               description;
    int64_t                 amount;
    int64_t                 time;
} pay_wxs_return_t;

typedef struct {
    pay_str_t               order;          /* its id */
    pay_str_t               transaction_id;
    pay_str_t               number;         /* out_order_no */
    pay_str_t               order_id;       /* the platform's */
    pay_str_t               sub;            /* sub_mchid, or empty */
    pay_str_t               hash;           /* of every parameter */
    int64_t                 time;
    pay_wxs_receiver_t      receivers[PAY_WXS_RECEIVERS];
    size_t                  nreceivers;
    pay_wxs_return_t        returns[PAY_WXS_RETURNS];
    size_t                  nreturns;
} pay_wxs_split_t;

/* PAY_DECLINED: there is none */
pay_rc_t pay_wxs_split_load(pay_sim_t *s, const pay_sim_thing_t *thing,
    pay_wxs_split_t *split);

/* PAY_INVALID: there is no room for all of it */
pay_rc_t pay_wxs_split_save(pay_sim_t *s, pay_sim_thing_t *thing,
    const pay_wxs_split_t *split);

/* fresh: as it is told when it was just made */
pay_str_t pay_wxs_split_answer(pay_arena_t *a, const pay_wxs_split_t *split,
    int fresh);
pay_str_t pay_wxs_return_answer(pay_arena_t *a, const pay_wxs_split_t *split,
    const pay_wxs_return_t *r, int fresh);

/* whom the merchant may share with: PAY_OK, PAY_DECLINED, or PAY_FETCH */
pay_rc_t pay_wxs_receiver_known(pay_sim_t *s, pay_str_t sub, pay_str_t type,
    pay_str_t account);


#define PAY_WXS_TRANSFER  "transfer/"

/* 1 if s->order_id is a transfer's */
int pay_wxs_is_transfer(const pay_sim_t *s);

/* as of an order */
pay_rc_t pay_wxs_transfer_load(pay_sim_t *s, pay_wxs_transfer_t *t);
pay_rc_t pay_wxs_transfer_save(pay_sim_t *s, const pay_wxs_transfer_t *t);
pay_rc_t pay_wxs_transfer_read_text(pay_arena_t *a, pay_str_t text,
    pay_wxs_transfer_t *t);
const char *pay_wxs_transfer_word(const pay_wxs_transfer_t *t);

pay_rc_t pay_wxs_transfer_press(pay_sim_t *s, pay_press_t press,
    const char **why);
pay_rc_t pay_wxs_transfer_view(pay_sim_t *s, pay_sim_view_t *out);
pay_rc_t pay_wxs_transfer_notice(pay_sim_t *s, int64_t id,
    pay_request_t *out);
pay_rc_t pay_wxs_transfer_sent(pay_sim_t *s, int64_t id);


/*
 * The journal: 'P' a payment ("0", "1"), 'R' a refund (out_refund_no), 'T' a
 * transfer.  open: PAY_OK when a line can be written, or PAY_FETCH: to be
 * called before anything is changed.
 */

typedef struct {
    pay_u8                  kind;
    pay_str_t               number;
    pay_str_t               id;         /* of the thing that has the rest */
} pay_wxs_entry_t;

typedef struct {
    pay_wxs_entry_t        *elts;
    size_t                  nelts;
} pay_wxs_journal_t;

pay_rc_t pay_wxs_journal_open(pay_sim_t *s);
pay_rc_t pay_wxs_journal(pay_sim_t *s, const char *kind, pay_str_t number,
    pay_str_t id);
pay_rc_t pay_wxs_journal_load(pay_sim_t *s, pay_str_t day,
    pay_wxs_journal_t *out);

/* YYYY-MM-DD in Beijing */
pay_str_t pay_wxs_day(pay_arena_t *a, int64_t time);

/* what a row of a bill is of */

typedef struct {
    const pay_wxs_order_t   *order;     /* NULL: a transfer's */
    const pay_wxs_refund_t  *refund;    /* NULL: a payment's */
    size_t                   payment;
    pay_str_t                id;        /* the platform's number of it */
    pay_str_t                number;    /* the merchant's */
    int64_t                  amount;
    int64_t                  time;
    int                      income;
    const char              *name;
} pay_wxs_event_t;

pay_str_t pay_wxs_trade_file(pay_arena_t *a, const pay_wxs_event_t *events,
    size_t n);
pay_str_t pay_wxs_fund_file(pay_arena_t *a, const pay_wxs_event_t *events,
    size_t n);


/* an operation, and a request for it */

typedef struct pay_wxs_op_s  pay_wxs_op_t;

typedef struct {
    const pay_wxs_op_t     *op;
    pay_str_t               number;     /* of the path, or out_trade_no */
    pay_str_t               sub;        /* sub_mchid, or empty */
    pay_str_t               args;
    pay_json_t             *body;       /* of a GET: its query string */
} pay_wxs_call_t;

struct pay_wxs_op_s {
    const char             *method;     /* NULL: end of the table */
    const char             *prefix;
    const char             *suffix;     /* behind a number; NULL: no number */
    const char             *name;       /* ... of that name */
    int                   (*fits)(pay_str_t number);
    const pay_sim_rule_t   *rules;      /* of the body or the query string */
    int                     order;      /* the number is the order's */
    pay_rc_t              (*serve)(pay_sim_t *s, const pay_wxs_call_t *c);
    const char             *type;       /* trade_type, of a prepay */
};

extern const pay_wxs_op_t  pay_wxs_ops[];

/* section 1 */
pay_rc_t pay_wxs_check_headers(pay_sim_t *s);

/* all that can be said without the order: PAY_OK, or PAY_DONE: an error */
pay_rc_t pay_wxs_read(pay_sim_t *s, pay_wxs_call_t *c);

/*
 * What the simulator calls a thing: kind, sub_mchid where there is one, and
 * number; an order has no kind.  data NULL: no memory
 */
pay_str_t pay_wxs_id(pay_sim_t *s, const char *kind, pay_str_t sub,
    pay_str_t number);

/* PAY_OK: s->order is this one's; PAY_FETCH: it will be */
pay_rc_t pay_wxs_want(pay_sim_t *s, pay_str_t order_id);

/* 1 if the appid belongs to the merchant that signed */
int pay_wxs_bound(const pay_sim_t *s, pay_str_t appid);

/* of a checked body, as n hexadecimal digits */
pay_str_t pay_wxs_fingerprint(pay_arena_t *a, const pay_wxs_call_t *c,
    size_t n);

pay_rc_t pay_wxs_prepay(pay_sim_t *s, const pay_wxs_call_t *c);
pay_rc_t pay_wxs_query(pay_sim_t *s, const pay_wxs_call_t *c);
pay_rc_t pay_wxs_query_id(pay_sim_t *s, const pay_wxs_call_t *c);
pay_rc_t pay_wxs_close(pay_sim_t *s, const pay_wxs_call_t *c);
pay_rc_t pay_wxs_refund(pay_sim_t *s, const pay_wxs_call_t *c);
pay_rc_t pay_wxs_refund_query(pay_sim_t *s, const pay_wxs_call_t *c);
pay_rc_t pay_wxs_transfer(pay_sim_t *s, const pay_wxs_call_t *c);
pay_rc_t pay_wxs_transfer_query(pay_sim_t *s, const pay_wxs_call_t *c);
pay_rc_t pay_wxs_transfer_query_id(pay_sim_t *s, const pay_wxs_call_t *c);
pay_rc_t pay_wxs_transfer_cancel(pay_sim_t *s, const pay_wxs_call_t *c);
pay_rc_t pay_wxs_split(pay_sim_t *s, const pay_wxs_call_t *c);
pay_rc_t pay_wxs_split_query(pay_sim_t *s, const pay_wxs_call_t *c);
pay_rc_t pay_wxs_split_return(pay_sim_t *s, const pay_wxs_call_t *c);
pay_rc_t pay_wxs_split_return_query(pay_sim_t *s, const pay_wxs_call_t *c);
pay_rc_t pay_wxs_split_left(pay_sim_t *s, const pay_wxs_call_t *c);
pay_rc_t pay_wxs_receiver_add(pay_sim_t *s, const pay_wxs_call_t *c);
pay_rc_t pay_wxs_receiver_delete(pay_sim_t *s, const pay_wxs_call_t *c);
pay_rc_t pay_wxs_bill_trade(pay_sim_t *s, const pay_wxs_call_t *c);
pay_rc_t pay_wxs_bill_fund(pay_sim_t *s, const pay_wxs_call_t *c);
pay_rc_t pay_wxs_bill_download(pay_sim_t *s, const pay_wxs_call_t *c);


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

/*
 * Platform certificates (section 4.1): two of one key, as during a rotation,
 * made of it and of nothing else.  data NULL: no memory
 */
#define PAY_WXS_CERTIFICATES  2

pay_str_t pay_wxs_serial(pay_sim_t *s, size_t i);

/* 1 if it names a platform key or certificate */
int pay_wxs_is_platform(pay_sim_t *s, pay_str_t serial);

pay_rc_t pay_wxs_certificates(pay_sim_t *s, const pay_wxs_call_t *c);

/* a text of section 6, decrypted: PAY_DECLINED: it is not for us */
pay_rc_t pay_wxs_sensitive(pay_sim_t *s, pay_str_t text, pay_str_t *out);

/* both PAY_DONE: the signed answer; the error, with what is wrong or NULL */
pay_rc_t pay_wxs_reply(pay_sim_t *s, int status, pay_str_t body);
pay_rc_t pay_wxs_fail(pay_sim_t *s, pay_wxs_error_t e,
    const pay_sim_fault_t *fault);

/*
 * What has just been made was answered (rc): the answer that its magic gives
 * it.  down: before that, PAY_OK or PAY_DONE: there is nobody at home.
 */
pay_rc_t pay_wxs_made(pay_sim_t *s, int64_t amount, pay_rc_t rc);
pay_rc_t pay_wxs_down(pay_sim_t *s, int64_t amount);

/* of the same length, and wrong; data NULL: no memory */
pay_str_t pay_wxs_spoil(pay_arena_t *a, pay_str_t signature);

/* for what has no table: field and issue are constants */
pay_rc_t pay_wxs_refuse(pay_sim_t *s, pay_wxs_error_t e, const char *location,
    const char *field, const char *issue);


/* what requests may hold: bodies, or query strings of a GET */

extern const pay_sim_rule_t  pay_wxs_native_rules[];    /* 8.1 */
extern const pay_sim_rule_t  pay_wxs_jsapi_rules[];
extern const pay_sim_rule_t  pay_wxs_app_rules[];
extern const pay_sim_rule_t  pay_wxs_h5_rules[];
extern const pay_sim_rule_t  pay_wxs_sp_native_rules[]; /* 8.3 */
extern const pay_sim_rule_t  pay_wxs_sp_jsapi_rules[];
extern const pay_sim_rule_t  pay_wxs_sp_app_rules[];
extern const pay_sim_rule_t  pay_wxs_sp_h5_rules[];
extern const pay_sim_rule_t  pay_wxs_mchid_rules[];     /* 8.4, 8.5 */
extern const pay_sim_rule_t  pay_wxs_sp_mchid_rules[];
extern const pay_sim_rule_t  pay_wxs_refund_rules[];    /* 8.6 */
extern const pay_sim_rule_t  pay_wxs_sub_mchid_rules[];
extern const pay_sim_rule_t  pay_wxs_certificates_rules[];  /* 4.1 */
extern const pay_sim_rule_t  pay_wxs_transfer_rules[];      /* 8.10 */
extern const pay_sim_rule_t  pay_wxs_no_rules[];
extern const pay_sim_rule_t  pay_wxs_split_rules[];         /* 8.8 */
extern const pay_sim_rule_t  pay_wxs_split_query_rules[];
extern const pay_sim_rule_t  pay_wxs_unfreeze_rules[];
extern const pay_sim_rule_t  pay_wxs_return_rules[];
extern const pay_sim_rule_t  pay_wxs_return_query_rules[];
extern const pay_sim_rule_t  pay_wxs_receiver_add_rules[];
extern const pay_sim_rule_t  pay_wxs_receiver_delete_rules[];
extern const pay_sim_rule_t  pay_wxs_trade_rules[];         /* 8.7 */
extern const pay_sim_rule_t  pay_wxs_fund_rules[];
extern const pay_sim_rule_t  pay_wxs_download_rules[];

/* numbers of section 8.0: out_trade_no, out_refund_no, and the channel's */
int pay_wxs_number(pay_str_t number);
int pay_wxs_long_number(pay_str_t number);
int pay_wxs_transaction_number(pay_str_t number);
int pay_wxs_bill_number(pay_str_t number);

/* 1 if text is one of the words, which single spaces divide */
int pay_wxs_one_of(pay_str_t text, const char *words);

int pay_wxs_cny(pay_str_t text);
int pay_wxs_notify_url(pay_str_t url);


#endif /* PAY_SIM_WECHATPAY_V3_H_INCLUDED */
