
/*
 * Copyright (C) the ngx_pay authors
 *
 * One row of a statement (docs/design.md section 7).
 */

#ifndef PAY_ROW_H_INCLUDED
#define PAY_ROW_H_INCLUDED


#include <model/pay_model.h>


typedef enum {
    PAY_ROW_PAYMENT = 0,
    PAY_ROW_REFUND,
    PAY_ROW_TRANSFER,
    PAY_ROW_SPLIT,
    PAY_ROW_FEE,
    PAY_ROW_FUNDS,              /* any other movement of the account */
    PAY_ROW_SUMMARY             /* the channel's own sums, the last */
} pay_row_type_t;

/* an amount that the channel does not tell */
#define PAY_ROW_NONE  INT64_MIN

/*
 * Texts that the channel does not tell are empty.  Amounts are minor units;
 * fee > 0 was charged; net is what came to the account, signed.
 */

typedef struct {
    pay_row_type_t  type;
    int64_t         time;               /* 0: not told */
    pay_str_t       sub_merchant;
    pay_str_t       order_id, channel_order_id;
    pay_str_t       refund_id, channel_refund_id;
    pay_str_t       transfer_id, split_id;
    pay_str_t       status;             /* our word, or empty */
    pay_str_t       method;
    pay_str_t       store_id;
    pay_str_t       currency;
    int64_t         amount;
    int64_t         amount_paid;
    int64_t         discount_merchant, discount_platform;
    int64_t         refund_amount;      /* positive */
    int64_t         fee;
    pay_str_t       fee_rate;           /* as the channel writes it */
    int64_t         net;
    pay_str_t       payer_masked;
    pay_str_t       description;
    int64_t         count;              /* of SUMMARY: how many rows, or
                                           PAY_ROW_NONE */
} pay_row_t;

/* all amounts, and count, are PAY_ROW_NONE */
void pay_row_init(pay_row_t *row);

const char *pay_row_type_name(pay_row_type_t type);

/* a line of NDJSON, with its LF; data NULL: no memory */
pay_str_t pay_row_json(pay_arena_t *a, const pay_row_t *row,
    pay_str_t channel);

/* a line of CSV (RFC 4180), and the line of the columns' names */
pay_str_t pay_row_csv(pay_arena_t *a, const pay_row_t *row,
    pay_str_t channel);
pay_str_t pay_row_csv_head(pay_arena_t *a);


#endif /* PAY_ROW_H_INCLUDED */
