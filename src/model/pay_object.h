
/*
 * Copyright (C) the ngx_pay authors
 *
 * What is known of a payment, a refund, a transfer, a split or a return, what
 * a channel says of it, and what that changes (docs/design.md sections 7, 8
 * and 10).
 */

#ifndef PAY_OBJECT_H_INCLUDED
#define PAY_OBJECT_H_INCLUDED


#include <codec/pay_json.h>
#include <model/pay_model.h>


/*
 * One struct for all kinds: what a kind has no use for is empty or 0.
 * Numbers are the merchant's own, without the prefix that he may have on a
 * channel.
 */

typedef struct {
    pay_kind_t           kind;
    pay_u8               fingerprint[16];
    pay_str_t            number;
    pay_str_t            merchant;
    pay_str_t            channel;
    pay_str_t            channel_number;
    pay_str_t            order_id;          /* of the payment behind a refund,
                                               a split; of a return: split */
    pay_str_t            channel_order_id;
    pay_method_t         method;
    pay_state_t          state;
    pay_str_t            currency;
    int64_t              amount;
    int64_t              amount_paid;
    int64_t              amount_refunded;
    pay_refund_status_t  refund_status;
    pay_str_t            payer;             /* ... or who is paid */
    pay_str_t            account;           /* where a refund went */
    pay_str_t            failure;           /* the channel's code, or empty */
    int64_t              created_at;
    int64_t              expires_at;
    int64_t              done_at;           /* paid_at, succeeded_at; 0: not */
    int64_t              closed_at;
    pay_str_t            ref;               /* the driver's, <= 256 bytes */
    pay_str_t            metadata;          /* JSON text of an object */
    pay_str_t            receivers;         /* of a split: JSON text, array */
    pay_str_t            refunds;           /* of a payment: pay_refunds_... */
    unsigned             closing:1;
    unsigned             late:1;            /* paid after failed or closed */
    unsigned             unknown:1;         /* a call's outcome not known */
    unsigned             answered:1;        /* the channel accepted it once */
    unsigned             user_id:1;         /* payer is no openid */
} pay_object_t;

/* to and from the bytes that the store keeps; <= 4 KiB */
pay_str_t pay_object_pack(pay_arena_t *a, const pay_object_t *p);
pay_rc_t pay_object_unpack(pay_arena_t *a, pay_str_t bytes, pay_object_t *p);


/* what the front end does next */

typedef enum {
    PAY_ACTION_NONE = 0,
    PAY_ACTION_QR_CODE,         /* value is the text of the code */
    PAY_ACTION_REDIRECT,        /* value is a URL */
    PAY_ACTION_FORM,            /* value is HTML */
    PAY_ACTION_PARAMS,          /* value is JSON text, type says of what */
    PAY_ACTION_WAIT
} pay_action_kind_t;

typedef struct {
    pay_action_kind_t  kind;
    const char        *type;    /* of PARAMS: app, jsapi, mini_program,
                                   client, user_confirm */
    pay_str_t          value;
} pay_action_t;


/*
 * What a channel has said of an object, in a verified answer or notice.
 * Members that it did not speak of are empty, 0, or -1 for amounts.  Numbers
 * are as on the wire.
 */

typedef struct {
    pay_kind_t           kind;
    pay_state_t          state;
    pay_str_t            number;
    pay_str_t            channel_number;
    pay_str_t            order_id;          /* of the payment behind it */
    pay_str_t            channel_order_id;
    int64_t              amount;
    int64_t              order_amount;      /* of the payment behind it */
    int64_t              amount_paid;       /* by the payer */
    int64_t              amount_refunded;   /* of the payment, in sum */
    pay_str_t            currency;
    pay_str_t            payer;
    pay_str_t            account;
    pay_str_t            echo;              /* the text that we had sent */
    pay_str_t            sub_merchant;      /* whose it is, at the channel */
    pay_str_t            failure;
    pay_str_t            ref;
    pay_str_t            receivers;         /* JSON text, array */
    int64_t              done_at;
    pay_refund_status_t  refund_status;
    unsigned             closing:1;
    unsigned             user_id:1;
    pay_action_t         action;
} pay_fact_t;

/* kind is PAYMENT */
void pay_fact_init(pay_fact_t *f);

typedef enum {
    PAY_CHANGE_NONE = 0,        /* nothing new */
    PAY_CHANGE_STATE,           /* an arrow was taken, or members were filled */
    PAY_CHANGE_DUPLICATE,       /* a second real payment of one order */
    PAY_CHANGE_MISMATCH,        /* amount or currency is not the object's */
    PAY_CHANGE_DROPPED          /* no such arrow: counted, nothing changed */
} pay_change_t;

/*
 * Takes what the channel said into p.  A verified query may take any arrow
 * but out of a final state; a notice only those of section 8.  Strings of f
 * are taken by reference.
 */
pay_change_t pay_object_apply(pay_object_t *p, const pay_fact_t *f,
    int from_query, int64_t now);

/* the object of section 7, as a member or at the top (key NULL) */
void pay_object_json(pay_json_writer_t *w, pay_arena_t *a, const char *key,
    const pay_object_t *p, const pay_action_t *action, int test);


/*
 * The refunds of a payment, p->refunds: what was asked for and has not
 * failed, so that their sum is known before the channel is asked.
 *
 * reserve: before a refund is sent; the same number again changes nothing.
 * PAY_DECLINED: the sum would be more than the payment; PAY_INVALID: there
 * are too many to be kept (then the channel alone knows).
 *
 * settle: the refund is in state s now (FAILED, CLOSED: it is no more);
 * amount_refunded and refund_status follow.  1 if anything changed.
 */
pay_rc_t pay_refunds_reserve(pay_arena_t *a, pay_object_t *p,
    pay_str_t refund_id, int64_t amount);
int pay_refunds_settle(pay_arena_t *a, pay_object_t *p, pay_str_t refund_id,
    int64_t amount, pay_state_t s);


/*
 * The text that a channel echoes: p1.<merchant>.<base64url of HMAC-SHA256
 * over merchant, order_id, amount and currency, each ended by LF>.
 */
pay_str_t pay_echo_make(pay_arena_t *a, pay_str_t merchant,
    pay_str_t order_id, int64_t amount, pay_str_t currency,
    const pay_mac_key_t *secret);

/* the merchant named in it; PAY_DECLINED: no text of ours */
pay_rc_t pay_echo_merchant(pay_str_t echo, pay_str_t *merchant);


#endif /* PAY_OBJECT_H_INCLUDED */
