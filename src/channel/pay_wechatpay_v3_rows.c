
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver wechatpay_v3: the lines of a statement as rows (section 8.7).  What
 * a column holds is told by its name, never by its place.
 */

#include <channel/pay_wechatpay_v3_int.h>
#include <codec/pay_csv.h>


typedef enum {
    /* of trades */
    PAY_BILL_TIME = 0,
    PAY_BILL_SUB_MERCHANT,
    PAY_BILL_TRANSACTION,
    PAY_BILL_ORDER,
    PAY_BILL_PAYER,
    PAY_BILL_TYPE,
    PAY_BILL_STATE,
    PAY_BILL_CURRENCY,
    PAY_BILL_SETTLED,
    PAY_BILL_CHANNEL_REFUND,
    PAY_BILL_REFUND,
    PAY_BILL_REFUND_SETTLED,
    PAY_BILL_REFUND_STATE,
    PAY_BILL_DESCRIPTION,
    PAY_BILL_FEE,
    PAY_BILL_RATE,
    PAY_BILL_AMOUNT,
    PAY_BILL_REFUND_AMOUNT,

    /* their summary */
    PAY_BILL_COUNT,
    PAY_BILL_SUM_SETTLED,
    PAY_BILL_SUM_REFUND_SETTLED,
    PAY_BILL_SUM_FEE,
    PAY_BILL_SUM_AMOUNT,
    PAY_BILL_SUM_REFUND,

    /* of funds */
    PAY_BILL_BOOKED,
    PAY_BILL_BUSINESS,
    PAY_BILL_NAME,
    PAY_BILL_WAY,
    PAY_BILL_MOVED,
    PAY_BILL_NOTE,

    /* their summary */
    PAY_BILL_FUNDS_COUNT,
    PAY_BILL_IN,
    PAY_BILL_OUT,

    PAY_BILL_MAX
} pay_bill_column_t;


static const char *const  pay_bill_names[PAY_BILL_MAX] = {
    [PAY_BILL_TIME] = "交易时间",
    [PAY_BILL_SUB_MERCHANT] = "特约商户号",
    [PAY_BILL_TRANSACTION] = "微信订单号",
    [PAY_BILL_ORDER] = "商户订单号",
    [PAY_BILL_PAYER] = "用户标识",
    [PAY_BILL_TYPE] = "交易类型",
    [PAY_BILL_STATE] = "交易状态",
    [PAY_BILL_CURRENCY] = "货币种类",
    [PAY_BILL_SETTLED] = "应结订单金额",
    [PAY_BILL_CHANNEL_REFUND] = "微信退款单号",
    [PAY_BILL_REFUND] = "商户退款单号",
    [PAY_BILL_REFUND_SETTLED] = "退款金额",
    [PAY_BILL_REFUND_STATE] = "退款状态",
    [PAY_BILL_DESCRIPTION] = "商品名称",
    [PAY_BILL_FEE] = "手续费",
    [PAY_BILL_RATE] = "费率",
    [PAY_BILL_AMOUNT] = "订单金额",
    [PAY_BILL_REFUND_AMOUNT] = "申请退款金额",

    [PAY_BILL_COUNT] = "总交易单数",
    [PAY_BILL_SUM_SETTLED] = "应结订单总金额",
    [PAY_BILL_SUM_REFUND_SETTLED] = "退款总金额",
    [PAY_BILL_SUM_FEE] = "手续费总金额",
    [PAY_BILL_SUM_AMOUNT] = "订单总金额",
    [PAY_BILL_SUM_REFUND] = "申请退款总金额",

    [PAY_BILL_BOOKED] = "记账时间",
    [PAY_BILL_BUSINESS] = "微信支付业务单号",
    [PAY_BILL_NAME] = "业务名称",
    [PAY_BILL_WAY] = "收支类型",
    [PAY_BILL_MOVED] = "收支金额(元)",
    [PAY_BILL_NOTE] = "备注",

    [PAY_BILL_FUNDS_COUNT] = "资金流水总笔数",
    [PAY_BILL_IN] = "收入金额",
    [PAY_BILL_OUT] = "支出金额"
};


static const pay_word_t  pay_bill_methods[] = {
    { "NATIVE", PAY_METHOD_QR_CODE },
    { "JSAPI", PAY_METHOD_JSAPI },
    { "APP", PAY_METHOD_APP },
    { "MWEB", PAY_METHOD_H5 },
    { "MICROPAY", PAY_METHOD_BARCODE },
    { NULL, 0 }
};

static const pay_word_t  pay_bill_refund_states[] = {
    { "SUCCESS", PAY_STATE_SUCCEEDED },
    { "PROCESSING", PAY_STATE_PENDING },
    { "FAIL", PAY_STATE_FAILED },
    { NULL, 0 }
};


/* which table a line belongs to: named by the first of its columns */

typedef struct {
    pay_talk_t         *talk;
    pay_csv_t          *csv;
    pay_bill_column_t   table;              /* PAY_BILL_MAX: no head yet */
    size_t              at[PAY_BILL_MAX];   /* of a column, from 1 */
    const pay_str_t    *fields;             /* of the line at hand */
    size_t              nfields;
} pay_wechatpay_bill_t;


/* "0" stands for none among numbers */

static pay_str_t
pay_bill_text(const pay_wechatpay_bill_t *b, pay_bill_column_t c)
{
    size_t  i = b->at[c];

    return i == 0 || i > b->nfields ? PAY_STR("") : b->fields[i - 1];
}


static pay_str_t
pay_bill_number(const pay_wechatpay_bill_t *b, pay_bill_column_t c)
{
    pay_str_t  s;

    s = pay_bill_text(b, c);

    return pay_str_eqz(s, "0") ? PAY_STR("") : s;
}


/* yuan to fen; fees are written with more digits, which are zeros */

static pay_rc_t
pay_bill_amount(const pay_wechatpay_bill_t *b, pay_bill_column_t c,
    int64_t *out)
{
    int            minus;
    pay_rc_t       rc;
    pay_str_t      s;
    const pay_u8  *point;

    *out = PAY_ROW_NONE;

    s = pay_bill_text(b, c);
    if (s.len == 0) {
        return PAY_OK;
    }

    minus = s.data[0] == '-';
    s.data += minus;
    s.len -= minus;

    point = s.len ? memchr(s.data, '.', s.len) : NULL;

    while (point && s.data + s.len > point + 3 && s.data[s.len - 1] == '0') {
        s.len--;
    }

    rc = pay_amount_from_decimal(s, 2, out);

    if (rc == PAY_OK && minus) {
        *out = -*out;
    }

    return rc;
}


/* YYYY-MM-DD HH:MM:SS, in Beijing */

static pay_rc_t
pay_bill_time(const pay_wechatpay_bill_t *b, pay_bill_column_t c, int64_t *out)
{
    char       text[sizeof("YYYY-MM-DDTHH:MM:SS+08:00")];
    pay_str_t  s;

    s = pay_bill_text(b, c);
    if (s.len != 19 || s.data[10] != ' ') {
        return PAY_INVALID;
    }

    memcpy(text, s.data, 19);
    memcpy(text + 19, "+08:00", 7);
    text[10] = 'T';

    return pay_time_parse(pay_strz(text), out);
}


/* enough to tell two payers apart, not enough to be one */

static pay_str_t
pay_bill_mask(pay_talk_t *t, pay_str_t payer)
{
    pay_buf_t  buf;
    pay_str_t  tail;

    if (payer.len < 16) {
        return PAY_STR("");
    }

    tail.data = payer.data + payer.len - 4;
    tail.len = 4;
    payer.len = 4;

    pay_buf_init(&buf, t->scratch, 16);
    pay_buf_adds(&buf, payer);
    pay_buf_addz(&buf, "****");
    pay_buf_adds(&buf, tail);

    return pay_buf_str(&buf);
}


/* what came in, less what went out; of two or of three columns */

static int64_t
pay_bill_net(int64_t in, int64_t out, int64_t fee)
{
    if (in == PAY_ROW_NONE || out == PAY_ROW_NONE || fee == PAY_ROW_NONE) {
        return PAY_ROW_NONE;
    }

    return in - out - fee;
}


static void
pay_bill_kind(const pay_wechatpay_bill_t *b, pay_row_t *row)
{
    pay_str_t    state;
    pay_state_t  s;

    state = pay_bill_text(b, PAY_BILL_STATE);

    if (pay_str_eqz(state, "SUCCESS")) {
        row->status = pay_strz(pay_state_name(PAY_STATE_SUCCEEDED));
        return;
    }

    row->type = PAY_ROW_REFUND;

    s = pay_word_find(pay_bill_refund_states,
                      pay_bill_text(b, PAY_BILL_REFUND_STATE), PAY_STATE_NONE);

    if (s != PAY_STATE_NONE) {
        row->status = pay_strz(pay_state_name(s));
    }

    /* a refund's line repeats the order, not its amount */

    if (row->amount == 0) {
        row->amount = PAY_ROW_NONE;
    }
}


static pay_rc_t
pay_bill_trade(pay_wechatpay_bill_t *b, pay_row_t *row)
{
    int64_t       settled, back;
    pay_method_t  m;

    if (pay_bill_time(b, PAY_BILL_TIME, &row->time) != PAY_OK
        || pay_bill_amount(b, PAY_BILL_AMOUNT, &row->amount) != PAY_OK
        || pay_bill_amount(b, PAY_BILL_REFUND_AMOUNT, &row->refund_amount)
           != PAY_OK
        || pay_bill_amount(b, PAY_BILL_FEE, &row->fee) != PAY_OK
        || pay_bill_amount(b, PAY_BILL_SETTLED, &settled) != PAY_OK
        || pay_bill_amount(b, PAY_BILL_REFUND_SETTLED, &back) != PAY_OK)
    {
        return PAY_INVALID;
    }

    row->net = pay_bill_net(settled, back, row->fee);
    row->sub_merchant = pay_bill_number(b, PAY_BILL_SUB_MERCHANT);
    row->channel_order_id = pay_bill_number(b, PAY_BILL_TRANSACTION);
    row->order_id = pay_bill_number(b, PAY_BILL_ORDER);
    row->channel_refund_id = pay_bill_number(b, PAY_BILL_CHANNEL_REFUND);
    row->refund_id = pay_bill_number(b, PAY_BILL_REFUND);
    row->currency = pay_bill_text(b, PAY_BILL_CURRENCY);
    row->description = pay_bill_text(b, PAY_BILL_DESCRIPTION);
    row->fee_rate = pay_bill_text(b, PAY_BILL_RATE);
    row->payer_masked = pay_bill_mask(b->talk,
                                      pay_bill_text(b, PAY_BILL_PAYER));

    m = pay_word_find(pay_bill_methods, pay_bill_text(b, PAY_BILL_TYPE),
                      PAY_METHOD_NONE);
    if (m != PAY_METHOD_NONE) {
        row->method = pay_strz(pay_method_name(m));
    }

    pay_bill_kind(b, row);

    return row->payer_masked.data ? PAY_OK : PAY_ERROR;
}


static pay_rc_t
pay_bill_funds(pay_wechatpay_bill_t *b, pay_row_t *row)
{
    row->type = PAY_ROW_FUNDS;

    if (pay_bill_time(b, PAY_BILL_BOOKED, &row->time) != PAY_OK
        || pay_bill_amount(b, PAY_BILL_MOVED, &row->amount) != PAY_OK
        || row->amount == PAY_ROW_NONE)
    {
        return PAY_INVALID;
    }

    row->net = pay_str_eqz(pay_bill_text(b, PAY_BILL_WAY), "支出")
               ? -row->amount : row->amount;
    row->currency = PAY_STR("CNY");
    row->channel_order_id = pay_bill_number(b, PAY_BILL_BUSINESS);
    row->description = pay_bill_text(b, PAY_BILL_NAME);

    if (row->description.len == 0) {
        row->description = pay_bill_text(b, PAY_BILL_NOTE);
    }

    return PAY_OK;
}


static pay_rc_t
pay_bill_count(const pay_wechatpay_bill_t *b, pay_bill_column_t c,
    int64_t *out)
{
    uint64_t  n;

    if (pay_str_uint(pay_bill_text(b, c), INT64_MAX, &n) != PAY_OK) {
        return PAY_INVALID;
    }

    *out = (int64_t) n;

    return PAY_OK;
}


static pay_rc_t
pay_bill_trade_sums(pay_wechatpay_bill_t *b, pay_row_t *row)
{
    int64_t  settled, back;

    row->type = PAY_ROW_SUMMARY;

    if (pay_bill_count(b, PAY_BILL_COUNT, &row->count) != PAY_OK
        || pay_bill_amount(b, PAY_BILL_SUM_AMOUNT, &row->amount) != PAY_OK
        || pay_bill_amount(b, PAY_BILL_SUM_REFUND, &row->refund_amount)
           != PAY_OK
        || pay_bill_amount(b, PAY_BILL_SUM_FEE, &row->fee) != PAY_OK
        || pay_bill_amount(b, PAY_BILL_SUM_SETTLED, &settled) != PAY_OK
        || pay_bill_amount(b, PAY_BILL_SUM_REFUND_SETTLED, &back) != PAY_OK)
    {
        return PAY_INVALID;
    }

    row->net = pay_bill_net(settled, back, row->fee);

    return PAY_OK;
}


static pay_rc_t
pay_bill_funds_sums(pay_wechatpay_bill_t *b, pay_row_t *row)
{
    int64_t  in, out;

    row->type = PAY_ROW_SUMMARY;

    if (pay_bill_count(b, PAY_BILL_FUNDS_COUNT, &row->count) != PAY_OK
        || pay_bill_amount(b, PAY_BILL_IN, &in) != PAY_OK
        || pay_bill_amount(b, PAY_BILL_OUT, &out) != PAY_OK)
    {
        return PAY_INVALID;
    }

    row->net = pay_bill_net(in, out, 0);

    return PAY_OK;
}


/* 1 if the line names columns: they hold from here on */

static int
pay_bill_head(pay_wechatpay_bill_t *b)
{
    size_t  i, c;

    static const pay_bill_column_t  first[] = {
        PAY_BILL_TIME, PAY_BILL_COUNT, PAY_BILL_BOOKED, PAY_BILL_FUNDS_COUNT
    };

    for (i = 0; i < pay_nelts(first); i++) {
        if (pay_str_eqz(b->fields[0], pay_bill_names[first[i]])) {
            break;
        }
    }

    if (i == pay_nelts(first)) {
        return 0;
    }

    b->table = first[i];
    memset(b->at, 0, sizeof(b->at));

    for (i = 0; i < b->nfields; i++) {
        for (c = 0; c < PAY_BILL_MAX; c++) {
            if (pay_str_eqz(b->fields[i], pay_bill_names[c])) {
                b->at[c] = i + 1;
            }
        }
    }

    return 1;
}


static pay_rc_t
pay_bill_line(void *data, const pay_str_t *fields, size_t n)
{
    pay_wechatpay_bill_t  *b = data;

    pay_rc_t   rc;
    pay_row_t  row;

    b->fields = fields;
    b->nfields = n;

    if (pay_bill_head(b)) {
        return PAY_OK;
    }

    pay_row_init(&row);

    switch (b->table) {

    case PAY_BILL_TIME:
        rc = pay_bill_trade(b, &row);
        break;

    case PAY_BILL_COUNT:
        rc = pay_bill_trade_sums(b, &row);
        break;

    case PAY_BILL_BOOKED:
        rc = pay_bill_funds(b, &row);
        break;

    case PAY_BILL_FUNDS_COUNT:
        rc = pay_bill_funds_sums(b, &row);
        break;

    default:
        rc = PAY_INVALID;
    }

    if (rc == PAY_OK) {
        b->talk->row(b->talk, &row);
    }

    return rc;
}


pay_rc_t
pay_wechatpay_rows(pay_talk_t *t, pay_str_t bytes, int last)
{
    pay_wechatpay_own_t   *own;
    pay_wechatpay_bill_t  *b;

    own = t->own;
    b = own->bill;

    if (b == NULL) {
        b = pay_calloc(t->arena, sizeof(pay_wechatpay_bill_t));
        if (b == NULL) {
            return PAY_ERROR;
        }

        b->talk = t;
        b->table = PAY_BILL_MAX;
        b->csv = pay_csv_create(t->arena, PAY_CSV_BACKQUOTE, pay_bill_line, b);

        if (b->csv == NULL) {
            return PAY_ERROR;
        }

        own->bill = b;
    }

    return pay_csv_feed(b->csv, bytes, last);
}
