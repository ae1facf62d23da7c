
/*
 * Copyright (C) the ngx_pay authors
 *
 * What a merchant asks for: a request of the unified API, validated
 * (docs/design.md section 7).
 */

#ifndef PAY_ASK_H_INCLUDED
#define PAY_ASK_H_INCLUDED


#include <model/pay_model.h>


/* who gets a part of a split, or a part back */

typedef struct {
    pay_str_t      type;            /* merchant, openid, user_id, login_id */
    pay_str_t      account;
    pay_str_t      name;            /* a secret where the channel wants it */
    pay_str_t      relation;
    pay_str_t      description;
    int64_t        amount;          /* -1: by ratio */
    int64_t        ratio;           /* basis points of the base, or -1 */
} pay_receiver_t;

#define PAY_RECEIVERS_MAX  50


/* what a transfer is for, where the channel wants it told */

typedef struct {
    pay_str_t      type;
    pay_str_t      content;
} pay_report_t;

#define PAY_REPORTS_MAX  10


/*
 * One struct for all operations; which members an operation has is a table in
 * pay_ask.c.  Members that were not asked for are empty or 0.  Texts belong
 * to the arena that they were read with.
 */

typedef struct {
    pay_str_t              number;      /* of what is to be made */
    pay_str_t              channel;
    int64_t                amount;
    pay_str_t              currency;
    pay_str_t              description; /* ... or a refund's reason */
    pay_str_t              metadata;    /* JSON text of an object */

    /* pay */
    pay_method_t           method;
    pay_str_t              openid, user_id, payer_ip, payer_device, auth_code;
    pay_str_t              store_id, terminal_id, operator_id;
    int64_t                expires_at;
    pay_str_t              return_url, cancel_url;
    unsigned               manual_capture, split;           /* 0 or 1 */

    /* refund */
    unsigned               available;   /* funds: 0 unsettled, 1 available */

    /* transfer */
    pay_str_t              to_type;     /* openid, user_id, login_id, card */
    pay_str_t              to_account;
    pay_str_t              to_name;     /* never logged, never stored */
    pay_str_t              to_bank;
    pay_str_t              purpose;     /* the scene */
    const pay_report_t    *reports;
    size_t                 nreports;

    /* split; the receivers of receiver_add and _delete, one */
    const pay_receiver_t  *receivers;
    size_t                 nreceivers;
    int64_t                base;        /* of ratios; 0: the payment */
    unsigned               finish;      /* the rest is the merchant's, now */

    /* statement */
    pay_str_t              statement;   /* payments, funds */
    pay_str_t              format;      /* ndjson, csv */

    /* locators, where the store may have forgotten the payment */
    pay_str_t              order_id;
    pay_str_t              channel_order_id;
    pay_str_t              channel_number;      /* of the object itself */
    int64_t                created_at;
    int64_t                order_amount;
} pay_ask_t;


/* the number grammar of section 7: [A-Za-z0-9_-]{1,64} */
int pay_number_valid(pay_str_t number);

/*
 * body: JSON text, may be empty where nothing is required.  PAY_INVALID: e
 * says why; PAY_ERROR: no memory.
 */
pay_rc_t pay_ask_parse(pay_arena_t *a, pay_op_t op, pay_str_t body,
    pay_ask_t *ask, pay_error_t *e);

/* ... of a query string */
pay_rc_t pay_ask_form(pay_arena_t *a, pay_op_t op, const pay_form_t *form,
    pay_ask_t *ask, pay_error_t *e);

/*
 * Over every validated field but the locators, so that the same number with
 * another wish is seen.  First 16 bytes of SHA-256.  0 on success.
 */
int pay_ask_fingerprint(pay_u8 out[16], pay_arena_t *a, pay_op_t op,
    const pay_ask_t *ask);

/*
 * Sets the amounts of receivers that were asked for by ratio: by largest
 * remainder, exactly (rest to the first of equal ones).  PAY_INVALID: over
 * 10 000 basis points together, or the parts are more than base.
 */
pay_rc_t pay_split_amounts(pay_receiver_t *receivers, size_t n, int64_t base);


#endif /* PAY_ASK_H_INCLUDED */
