
/*
 * Copyright (C) the ngx_pay authors
 *
 * The unified model: operations, states, errors, events and the objects that
 * they speak of, as tables (docs/design.md sections 7 and 8).
 */

#ifndef PAY_MODEL_H_INCLUDED
#define PAY_MODEL_H_INCLUDED


#include <base/pay_base.h>
#include <codec/pay_codec.h>
#include <codec/pay_json.h>
#include <crypto/pay_crypto.h>


/* operations */

typedef enum {
    PAY_OP_NONE = 0,
    PAY_OP_PAY,
    PAY_OP_QUERY,
    PAY_OP_CLOSE,
    PAY_OP_CAPTURE,
    PAY_OP_REFUND,
    PAY_OP_REFUND_QUERY,
    PAY_OP_TRANSFER,
    PAY_OP_TRANSFER_QUERY,
    PAY_OP_TRANSFER_CANCEL,
    PAY_OP_SPLIT,
    PAY_OP_SPLIT_QUERY,
    PAY_OP_SPLIT_RETURN,
    PAY_OP_SPLIT_RETURN_QUERY,
    PAY_OP_SPLIT_FINISH,
    PAY_OP_RECEIVER_ADD,
    PAY_OP_RECEIVER_DELETE,
    PAY_OP_STATEMENT,
    PAY_OP_CHANNELS,
    PAY_OP_MAX
} pay_op_t;

typedef struct {
    const char  *name;
    const char  *method;
    const char  *route;         /* "/v1/payments/{order_id}/close" */
    unsigned     money:1;       /* it may move money: never cut short */
} pay_op_info_t;

const pay_op_info_t *pay_op_info(pay_op_t op);
pay_op_t pay_op_by_name(pay_str_t name);                    /* NONE: unknown */

/*
 * The operation of a request line, and the number in its path.  PAY_DECLINED:
 * no such route; PAY_INVALID: the route has other methods.
 */
pay_rc_t pay_op_route(pay_str_t method, pay_str_t path, pay_op_t *op,
    pay_str_t *number);


/* payment methods */

typedef enum {
    PAY_METHOD_NONE = 0,
    PAY_METHOD_QR_CODE, PAY_METHOD_BARCODE, PAY_METHOD_JSAPI,
    PAY_METHOD_MINI_PROGRAM, PAY_METHOD_APP, PAY_METHOD_H5, PAY_METHOD_PAGE,
    PAY_METHOD_CARD,
    PAY_METHOD_MAX
} pay_method_t;

const char *pay_method_name(pay_method_t m);
pay_method_t pay_method_by_name(pay_str_t name);


/* states of a payment */

typedef enum {
    PAY_STATE_NONE = 0,         /* nothing was said of it */
    PAY_STATE_PENDING,
    PAY_STATE_PROCESSING,
    PAY_STATE_AUTHORIZED,
    PAY_STATE_SUCCEEDED,
    PAY_STATE_FAILED,
    PAY_STATE_CLOSED,
    PAY_STATE_MAX
} pay_state_t;

const char *pay_state_name(pay_state_t s);

/* 1 if the arrow is in section 8; the same state is no arrow */
int pay_state_may(pay_state_t from, pay_state_t to);


typedef enum {
    PAY_REFUND_NONE = 0, PAY_REFUND_PARTIAL, PAY_REFUND_FULL,
    PAY_REFUND_UNKNOWN, PAY_REFUND_MAX
} pay_refund_status_t;

const char *pay_refund_status_name(pay_refund_status_t s);


/* errors: one cause, one code, one retry */

typedef enum {
    PAY_E_NONE = 0,
    PAY_E_SIGNATURE_MALFORMED, PAY_E_NONCE_INVALID, PAY_E_JSON_INVALID,
    PAY_E_SIGNATURE_MISSING, PAY_E_SIGNATURE_MISMATCH,
    PAY_E_ALGORITHM_NOT_ALLOWED, PAY_E_TIMESTAMP_OUT_OF_WINDOW,
    PAY_E_DECLINED, PAY_E_AUTH_CODE_INVALID,
    PAY_E_IP_NOT_ALLOWED, PAY_E_OPERATION_FORBIDDEN, PAY_E_CHANNEL_FORBIDDEN,
    PAY_E_RISK_REJECTED,
    PAY_E_NOT_FOUND, PAY_E_ROUTE_UNKNOWN, PAY_E_METHOD_NOT_ALLOWED,
    PAY_E_NONCE_REPLAYED, PAY_E_IDEMPOTENCY_CONFLICT, PAY_E_IN_PROGRESS,
    PAY_E_ALREADY_PAID, PAY_E_ALREADY_CLOSED, PAY_E_PAYER_BUSY,
    PAY_E_STATE_CONFLICT, PAY_E_STATEMENT_NOT_READY,
    PAY_E_BODY_TOO_LARGE, PAY_E_MEDIA_TYPE_UNSUPPORTED,
    PAY_E_ENCODING_UNSUPPORTED,
    PAY_E_FIELD_MISSING, PAY_E_FIELD_INVALID, PAY_E_FIELD_UNKNOWN,
    PAY_E_AMOUNT_INVALID, PAY_E_AMOUNT_EXCEEDS_ORDER,
    PAY_E_CURRENCY_UNSUPPORTED, PAY_E_RECEIVER_INVALID, PAY_E_SPLIT_LIMIT,
    PAY_E_BALANCE_INSUFFICIENT, PAY_E_CHANNEL_REJECTED,
    PAY_E_LIMIT_EXCEEDED,
    PAY_E_INTERNAL_ERROR, PAY_E_OPERATION_UNSUPPORTED,
    PAY_E_CHANNEL_UNREACHABLE, PAY_E_CHANNEL_AUTH_FAILED,
    PAY_E_CHANNEL_PERMISSION, PAY_E_CHANNEL_RESPONSE_INVALID,
    PAY_E_STORE_UNAVAILABLE, PAY_E_CHANNEL_BUSY, PAY_E_CHANNEL_QUOTA,
    PAY_E_OUTCOME_UNKNOWN,
    PAY_E_MAX
} pay_code_t;

typedef struct {
    const char  *name;          /* "field_missing" */
    int          status;        /* HTTP */
    const char  *retry;         /* never, new, same, query, later */
    const char  *detail;        /* what happened and what to do, a sentence */
} pay_code_info_t;

const pay_code_info_t *pay_code_info(pay_code_t code);

typedef struct {
    pay_code_t   code;          /* PAY_E_NONE: no error */
    pay_str_t    param;         /* the bad field, "payer.openid" */
    pay_str_t    detail;        /* a sentence of ours, or empty */
    pay_str_t    channel;
    pay_str_t    channel_code;  /* in the channel's words */
    pay_str_t    channel_message;
    const char  *reason;        /* a token for the log and $pay_error */
} pay_error_t;

/* sets code and param, returns PAY_INVALID so that callers can return it */
pay_rc_t pay_error_set(pay_error_t *e, pay_code_t code, const char *param);

/* RFC 9457 problem details; data == NULL: no memory */
pay_str_t pay_error_json(pay_arena_t *a, const pay_error_t *e,
    pay_str_t request_id, int money);


/* what is asked: a payment request, validated */

typedef struct {
    pay_str_t      order_id;
    int64_t        amount;
    pay_str_t      currency;
    pay_str_t      description;
    pay_method_t   method;
    pay_str_t      channel;
    pay_str_t      openid, user_id, payer_ip, payer_device, auth_code;
    pay_str_t      store_id, terminal_id, operator_id;
    int64_t        expires_at;          /* 0: not asked for */
    pay_str_t      return_url, cancel_url;
    pay_str_t      metadata;            /* JSON text of an object, or empty */
    unsigned       manual_capture, split;   /* 0 or 1 */
} pay_payment_ask_t;

/* the number grammar of section 7: [A-Za-z0-9_-]{1,64} */
int pay_number_valid(pay_str_t number);

pay_rc_t pay_payment_ask_parse(pay_arena_t *a, pay_str_t body,
    pay_payment_ask_t *ask, pay_error_t *e);

/*
 * Over every validated field, so that the same number with another wish is
 * seen.  First 16 bytes of SHA-256.  0 on success.
 */
int pay_payment_fingerprint(pay_u8 out[16], pay_arena_t *a,
    const pay_payment_ask_t *ask);


/* a payment as we know it */

typedef struct {
    pay_u8               fingerprint[16];
    pay_str_t            order_id;
    pay_str_t            merchant;
    pay_str_t            channel;
    pay_method_t         method;
    pay_str_t            channel_order_id;
    pay_state_t          state;
    pay_str_t            currency;
    int64_t              amount;
    int64_t              amount_paid;
    int64_t              amount_refunded;
    pay_refund_status_t  refund_status;
    pay_str_t            payer;         /* openid, or what the channel gives */
    pay_str_t            failure;       /* the channel's code, or empty */
    int64_t              created_at;
    int64_t              expires_at;
    int64_t              paid_at;       /* 0: not */
    int64_t              closed_at;
    pay_str_t            ref;           /* the driver's own, <= 256 bytes */
    pay_str_t            metadata;      /* JSON text */
    unsigned             closing:1;
    unsigned             late:1;        /* paid after failed or closed */
    unsigned             unknown:1;     /* a call's outcome is not known */
    unsigned             answered:1;    /* the channel has accepted it once */
} pay_payment_t;

/* to and from the bytes that the store keeps; <= 4 KiB */
pay_str_t pay_payment_pack(pay_arena_t *a, const pay_payment_t *p);
pay_rc_t pay_payment_unpack(pay_arena_t *a, pay_str_t bytes, pay_payment_t *p);


/* what the front end does next */

typedef enum {
    PAY_ACTION_NONE = 0,
    PAY_ACTION_QR_CODE,         /* value is the text of the code */
    PAY_ACTION_REDIRECT,        /* value is a URL */
    PAY_ACTION_FORM,            /* value is HTML */
    PAY_ACTION_PARAMS,          /* value is JSON text, kind its type */
    PAY_ACTION_WAIT
} pay_action_kind_t;

typedef struct {
    pay_action_kind_t  kind;
    const char        *type;    /* of PARAMS: app, jsapi, mini_program ... */
    pay_str_t          value;
} pay_action_t;


/*
 * What a channel has said of a payment, in a verified answer or notice.
 * Members that it did not speak of are empty, 0, or -1 for amounts.
 */

typedef struct {
    pay_state_t          state;
    pay_str_t            order_id;
    pay_str_t            channel_order_id;
    int64_t              amount;        /* of the order */
    int64_t              amount_paid;   /* by the payer */
    pay_str_t            currency;
    pay_str_t            payer;
    pay_str_t            echo;          /* the text that we had sent */
    pay_str_t            failure;
    pay_str_t            ref;
    int64_t              paid_at;
    pay_refund_status_t  refund_status;
    unsigned             closing:1;
    pay_action_t         action;
} pay_fact_t;

void pay_fact_init(pay_fact_t *f);

typedef enum {
    PAY_CHANGE_NONE = 0,        /* nothing new */
    PAY_CHANGE_STATE,           /* an arrow was taken, or members were filled */
    PAY_CHANGE_DUPLICATE,       /* a second real payment of one order */
    PAY_CHANGE_MISMATCH,        /* amount or currency is not the order's */
    PAY_CHANGE_DROPPED          /* no such arrow: counted, nothing changed */
} pay_change_t;

/*
 * Takes what the channel said into p.  A verified query may take any arrow
 * but out of succeeded and closed (its answer may be older than the close); a
 * notice only those of section 8.  Strings of f are taken by reference.
 */
pay_change_t pay_payment_apply(pay_payment_t *p, const pay_fact_t *f,
    int from_query, int64_t now);

/* the payment object of section 7, as a member or at the top (key NULL) */
void pay_payment_json(pay_json_writer_t *w, pay_arena_t *a, const char *key,
    const pay_payment_t *p, const pay_action_t *action, int test);


/*
 * The text that a channel echoes: p1.<merchant>.<base64url of HMAC-SHA256
 * over merchant, order_id, amount and currency, each ended by LF>.
 */
pay_str_t pay_echo_make(pay_arena_t *a, pay_str_t merchant,
    pay_str_t order_id, int64_t amount, pay_str_t currency,
    const pay_mac_key_t *secret);

/* the merchant named in it; PAY_DECLINED: no text of ours */
pay_rc_t pay_echo_merchant(pay_str_t echo, pay_str_t *merchant);


/* events */

typedef enum {
    PAY_EVENT_NONE = 0,
    PAY_EVENT_PAYMENT_SUCCEEDED, PAY_EVENT_PAYMENT_FAILED,
    PAY_EVENT_PAYMENT_CLOSED, PAY_EVENT_PAYMENT_AUTHORIZED,
    PAY_EVENT_PAYMENT_DUPLICATE, PAY_EVENT_PAYMENT_MISMATCH,
    PAY_EVENT_CHANNEL_NOTICE,
    PAY_EVENT_MAX
} pay_event_type_t;

const char *pay_event_name(pay_event_type_t t);

/* the event that a state of a payment makes; NONE for pending, processing */
pay_event_type_t pay_event_of_state(pay_state_t s);

typedef struct {
    pay_event_type_t      type;
    char                  id[32];       /* "evt_" + 26 characters, NUL */
    int64_t               created_at;
    pay_str_t             merchant;
    pay_str_t             channel;
    const char           *source;       /* "notice" or "query" */
    unsigned              test:1;
    unsigned              amount_checked:1;
    const pay_payment_t  *payment;      /* NULL for channel.notice */
    pay_str_t             channel_type; /* the channel's name of the notice */
    pay_str_t             channel_data; /* JSON text, or empty */
} pay_event_t;

/*
 * Fills id: the same for the same merchant, channel, number, channel number
 * and type, whatever else the notice says.  0 on success.
 */
int pay_event_id(pay_event_t *e, pay_str_t number, pay_str_t channel_number);

pay_str_t pay_event_json(pay_arena_t *a, const pay_event_t *e);


#endif /* PAY_MODEL_H_INCLUDED */
