
/*
 * Copyright (C) the ngx_pay authors
 *
 * The unified model's tables: operations, methods, states and errors
 * (docs/design.md sections 7 and 8).  What is asked is in pay_ask.h, what is
 * known in pay_object.h, what the application is told in pay_event.h.
 */

#ifndef PAY_MODEL_H_INCLUDED
#define PAY_MODEL_H_INCLUDED


#include <base/pay_base.h>
#include <codec/pay_codec.h>
#include <codec/pay_json.h>
#include <crypto/pay_crypto.h>


/* what the operations are about */

typedef enum {
    PAY_KIND_NONE = 0,
    PAY_KIND_PAYMENT,
    PAY_KIND_REFUND,
    PAY_KIND_TRANSFER,
    PAY_KIND_SPLIT,
    PAY_KIND_SPLIT_RETURN,
    PAY_KIND_MAX
} pay_kind_t;

/* "payment", and the name of its number, "order_id" */
const char *pay_kind_name(pay_kind_t k);
const char *pay_kind_number(pay_kind_t k);


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
    PAY_OP_REFRESH,             /* ours alone: fills the channel's cache */
    PAY_OP_MAX
} pay_op_t;

typedef struct {
    const char  *name;
    const char  *method;
    const char  *route;         /* "/v1/payments/{}/close"; "": none */
    pay_kind_t   kind;          /* of the object that it is about */
    unsigned     money:1;       /* it may move money: never cut short */
    unsigned     creates:1;     /* ... by an object of the caller's number */
} pay_op_info_t;

const pay_op_info_t *pay_op_info(pay_op_t op);
pay_op_t pay_op_by_name(pay_str_t name);                    /* NONE: unknown */

/*
 * The operation of a request line, and the numbers in its path, at most two:
 * of a return, the split's and its own.  PAY_DECLINED: no such route;
 * PAY_INVALID: the route has other methods.
 */
pay_rc_t pay_op_route(pay_str_t method, pay_str_t path, pay_op_t *op,
    pay_str_t numbers[2]);


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


/* states; which of them an object may be in depends on its kind */

typedef enum {
    PAY_STATE_NONE = 0,         /* nothing was said of it */
    PAY_STATE_PENDING,
    PAY_STATE_PROCESSING,
    PAY_STATE_AUTHORIZED,
    PAY_STATE_SUCCEEDED,
    PAY_STATE_FAILED,
    PAY_STATE_CLOSED,
    PAY_STATE_REQUIRES_ACTION,      /* of somebody outside: a receiver */
    PAY_STATE_PARTIALLY_SUCCEEDED,  /* a split, of its receivers */
    PAY_STATE_MAX
} pay_state_t;

const char *pay_state_name(pay_state_t s);

/* 1 if the arrow is in section 8; the same state is no arrow */
int pay_state_may(pay_kind_t kind, pay_state_t from, pay_state_t to);

/* 1 if no arrow of a notice but a late or bounced one leads out of it */
int pay_state_final(pay_kind_t kind, pay_state_t s);


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


#endif /* PAY_MODEL_H_INCLUDED */
