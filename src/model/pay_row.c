
/*
 * Copyright (C) the ngx_pay authors
 *
 * A row of a statement as text: one table of its columns, for NDJSON and CSV.
 */

#include <base/pay_time.h>
#include <model/pay_row.h>


typedef enum {
    PAY_COLUMN_TEXT,            /* pay_str_t */
    PAY_COLUMN_AMOUNT,          /* int64_t, PAY_ROW_NONE: not told */
    PAY_COLUMN_TIME,            /* int64_t, 0: not told */
    PAY_COLUMN_TYPE,            /* the row's */
    PAY_COLUMN_CHANNEL          /* not in the row */
} pay_column_kind_t;

typedef struct {
    const char         *name;
    pay_column_kind_t   kind;
    size_t              offset;
} pay_column_t;


#define pay_column(name, kind)                                               \
    { #name, PAY_COLUMN_##kind, offsetof(pay_row_t, name) }


static const pay_column_t  pay_columns[] = {
    { "channel", PAY_COLUMN_CHANNEL, 0 },
    pay_column(sub_merchant, TEXT),
    { "row_type", PAY_COLUMN_TYPE, 0 },
    pay_column(time, TIME),
    pay_column(order_id, TEXT),
    pay_column(channel_order_id, TEXT),
    pay_column(refund_id, TEXT),
    pay_column(channel_refund_id, TEXT),
    pay_column(transfer_id, TEXT),
    pay_column(split_id, TEXT),
    pay_column(status, TEXT),
    pay_column(method, TEXT),
    pay_column(store_id, TEXT),
    pay_column(currency, TEXT),
    pay_column(amount, AMOUNT),
    pay_column(amount_paid, AMOUNT),
    pay_column(discount_merchant, AMOUNT),
    pay_column(discount_platform, AMOUNT),
    pay_column(refund_amount, AMOUNT),
    pay_column(fee, AMOUNT),
    pay_column(fee_rate, TEXT),
    pay_column(net, AMOUNT),
    pay_column(payer_masked, TEXT),
    pay_column(description, TEXT)
};


static const char *const  pay_row_types[] = {
    [PAY_ROW_PAYMENT] = "payment",
    [PAY_ROW_REFUND] = "refund",
    [PAY_ROW_TRANSFER] = "transfer",
    [PAY_ROW_SPLIT] = "split",
    [PAY_ROW_FEE] = "fee",
    [PAY_ROW_FUNDS] = "funds",
    [PAY_ROW_SUMMARY] = "summary"
};


void
pay_row_init(pay_row_t *row)
{
    memset(row, 0, sizeof(pay_row_t));

    row->amount = PAY_ROW_NONE;
    row->amount_paid = PAY_ROW_NONE;
    row->discount_merchant = PAY_ROW_NONE;
    row->discount_platform = PAY_ROW_NONE;
    row->refund_amount = PAY_ROW_NONE;
    row->fee = PAY_ROW_NONE;
    row->net = PAY_ROW_NONE;
    row->count = PAY_ROW_NONE;
}


const char *
pay_row_type_name(pay_row_type_t type)
{
    return pay_row_types[type];
}


/* empty: not told */

static pay_str_t
pay_column_text(pay_arena_t *a, const pay_column_t *c, const pay_row_t *row,
    pay_str_t channel)
{
    int64_t         time;
    const pay_u8   *p;

    p = (const pay_u8 *) row + c->offset;

    switch (c->kind) {

    case PAY_COLUMN_CHANNEL:
        return channel;

    case PAY_COLUMN_TYPE:
        return pay_strz(pay_row_types[row->type]);

    case PAY_COLUMN_TIME:
        time = *(const int64_t *) p;
        return time ? pay_time_format(a, time, PAY_UTC) : PAY_STR("");

    default:
        return *(const pay_str_t *) p;
    }
}


pay_str_t
pay_row_json(pay_arena_t *a, const pay_row_t *row, pay_str_t channel)
{
    size_t               i;
    int64_t              n;
    pay_str_t            text, lf = pay_str("\n");
    const pay_column_t  *c;
    pay_json_writer_t   *w;

    const pay_str_t     *parts[] = { &text, &lf, NULL };

    w = pay_json_writer(a);
    if (w == NULL) {
        return (pay_str_t) pay_str_null;
    }

    pay_jw_object(w, NULL);

    for (i = 0; i < pay_nelts(pay_columns); i++) {
        c = &pay_columns[i];

        if (c->kind != PAY_COLUMN_AMOUNT) {
            pay_jw_opt(w, c->name, pay_column_text(a, c, row, channel));
            continue;
        }

        n = *(const int64_t *) ((const pay_u8 *) row + c->offset);

        if (n == PAY_ROW_NONE) {
            pay_jw_null(w, c->name);

        } else {
            pay_jw_int(w, c->name, n);
        }
    }

    pay_jw_end(w);

    text = pay_jw_text(w);

    return text.data ? pay_concat(a, parts) : text;
}


/*
 * RFC 4180.  A text that a spreadsheet would take for a formula has an
 * apostrophe in front of it: descriptions are written by strangers.
 */

static void
pay_csv_text(pay_buf_t *b, pay_str_t s)
{
    int     quoted;
    size_t  i;

    quoted = 0;

    for (i = 0; i < s.len; i++) {
        quoted |= s.data[i] == '"' || s.data[i] == ',' || s.data[i] < 0x20;
    }

    if (quoted) {
        pay_buf_addc(b, '"');
    }

    if (s.len && strchr("=+-@\t\r", s.data[0])) {
        pay_buf_addc(b, '\'');
    }

    for (i = 0; i < s.len; i++) {

        if (s.data[i] == '"') {
            pay_buf_addc(b, '"');
        }

        pay_buf_addc(b, s.data[i]);
    }

    if (quoted) {
        pay_buf_addc(b, '"');
    }
}


pay_str_t
pay_row_csv(pay_arena_t *a, const pay_row_t *row, pay_str_t channel)
{
    size_t               i;
    int64_t              n;
    pay_buf_t            b;
    const pay_column_t  *c;

    pay_buf_init(&b, a, 512);

    for (i = 0; i < pay_nelts(pay_columns); i++) {
        c = &pay_columns[i];

        if (i) {
            pay_buf_addc(&b, ',');
        }

        if (c->kind != PAY_COLUMN_AMOUNT) {
            pay_csv_text(&b, pay_column_text(a, c, row, channel));
            continue;
        }

        n = *(const int64_t *) ((const pay_u8 *) row + c->offset);

        if (n != PAY_ROW_NONE) {
            pay_buf_addi(&b, n);
        }
    }

    pay_buf_addz(&b, "\r\n");

    return pay_buf_str(&b);
}


pay_str_t
pay_row_csv_head(pay_arena_t *a)
{
    size_t     i;
    pay_buf_t  b;

    pay_buf_init(&b, a, 512);

    for (i = 0; i < pay_nelts(pay_columns); i++) {

        if (i) {
            pay_buf_addc(&b, ',');
        }

        pay_buf_addz(&b, pay_columns[i].name);
    }

    pay_buf_addz(&b, "\r\n");

    return pay_buf_str(&b);
}
