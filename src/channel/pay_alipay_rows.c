
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver alipay: the files of a statement as rows (section 7.10).  An archive
 * of lists in GBK: which of them is which, and what a column holds, is told
 * by names, never by places.
 */

#include <channel/pay_alipay_int.h>
#include <codec/pay_csv.h>
#include <codec/pay_gbk.h>
#include <codec/pay_zip.h>


/* of what comes out of an archive */
#define PAY_ALIPAY_BILL_MAX  (UINT64_C(4) << 30)


typedef enum {
    /* of trades */
    PAY_ALIBILL_TRADE = 0,
    PAY_ALIBILL_ORDER,
    PAY_ALIBILL_TYPE,
    PAY_ALIBILL_NAME,
    PAY_ALIBILL_CREATED,
    PAY_ALIBILL_DONE,
    PAY_ALIBILL_STORE,
    PAY_ALIBILL_PAYER,
    PAY_ALIBILL_AMOUNT,
    PAY_ALIBILL_RECEIVED,
    PAY_ALIBILL_PLATFORM,
    PAY_ALIBILL_MERCHANT,
    PAY_ALIBILL_REFUND,
    PAY_ALIBILL_FEE,
    PAY_ALIBILL_SPLIT,

    /* their summary */
    PAY_ALIBILL_PAYMENTS,
    PAY_ALIBILL_REFUNDS,
    PAY_ALIBILL_NET,

    /* of funds */
    PAY_ALIBILL_BOOKING,
    PAY_ALIBILL_BUSINESS,
    PAY_ALIBILL_BOOKED,
    PAY_ALIBILL_OTHER,
    PAY_ALIBILL_IN,
    PAY_ALIBILL_OUT,
    PAY_ALIBILL_NOTE,

    /* their summary */
    PAY_ALIBILL_SORT,
    PAY_ALIBILL_INS,
    PAY_ALIBILL_OUTS,
    PAY_ALIBILL_SUM,

    PAY_ALIBILL_MAX
} pay_alibill_column_t;


/* without the unit that some have in brackets */

static const char *const  pay_alibill_names[PAY_ALIBILL_MAX] = {
    [PAY_ALIBILL_TRADE] = "支付宝交易号",
    [PAY_ALIBILL_ORDER] = "商户订单号",
    [PAY_ALIBILL_TYPE] = "业务类型",
    [PAY_ALIBILL_NAME] = "商品名称",
    [PAY_ALIBILL_CREATED] = "创建时间",
    [PAY_ALIBILL_DONE] = "完成时间",
    [PAY_ALIBILL_STORE] = "门店编号",
    [PAY_ALIBILL_PAYER] = "对方账户",
    [PAY_ALIBILL_AMOUNT] = "订单金额",
    [PAY_ALIBILL_RECEIVED] = "商家实收",
    [PAY_ALIBILL_PLATFORM] = "支付宝优惠",
    [PAY_ALIBILL_MERCHANT] = "商家优惠",
    [PAY_ALIBILL_REFUND] = "退款批次号/请求号",
    [PAY_ALIBILL_FEE] = "服务费",
    [PAY_ALIBILL_SPLIT] = "分润",

    [PAY_ALIBILL_PAYMENTS] = "交易订单总笔数",
    [PAY_ALIBILL_REFUNDS] = "退款订单总笔数",
    [PAY_ALIBILL_NET] = "实收净额",

    [PAY_ALIBILL_BOOKING] = "账务流水号",
    [PAY_ALIBILL_BUSINESS] = "业务流水号",
    [PAY_ALIBILL_BOOKED] = "发生时间",
    [PAY_ALIBILL_OTHER] = "对方账号",
    [PAY_ALIBILL_IN] = "收入金额",
    [PAY_ALIBILL_OUT] = "支出金额",
    [PAY_ALIBILL_NOTE] = "备注",

    [PAY_ALIBILL_SORT] = "类型",
    [PAY_ALIBILL_INS] = "收入笔数",
    [PAY_ALIBILL_OUTS] = "支出笔数",
    [PAY_ALIBILL_SUM] = "总金额"
};


/* what is kept from one piece to the next */

struct pay_alipay_bill_s {
    pay_talk_t            *talk;
    pay_zip_t             *zip;
    pay_csv_t             *csv;             /* NULL: of a file to be passed */
    pay_gbk_t              gbk;
    pay_alibill_column_t   table;           /* MAX: no head yet */
    size_t                 at[PAY_ALIBILL_MAX];     /* from 1 */
    const pay_str_t       *fields;          /* of the line at hand */
    size_t                 nfields;
    pay_row_t              summary;         /* numbers only */
    unsigned               summed:1;
    unsigned               detailed:1;      /* there was a list of rows */
};


static pay_str_t
pay_alibill_text(const pay_alipay_bill_t *b, pay_alibill_column_t c)
{
    size_t  i = b->at[c];

    return i == 0 || i > b->nfields ? PAY_STR("") : b->fields[i - 1];
}


/* yuan to fen, signed; PAY_ROW_NONE: not told */

static pay_rc_t
pay_alibill_amount(const pay_alipay_bill_t *b, pay_alibill_column_t c,
    int64_t *out)
{
    int        minus;
    pay_rc_t   rc;
    pay_str_t  s;

    *out = PAY_ROW_NONE;

    s = pay_alibill_text(b, c);
    if (s.len == 0) {
        return PAY_OK;
    }

    minus = s.data[0] == '-';

    if (minus || s.data[0] == '+') {
        s.data++;
        s.len--;
    }

    rc = pay_amount_from_decimal(s, PAY_ALIPAY_EXPONENT, out);

    if (rc == PAY_OK && minus) {
        *out = -*out;
    }

    return rc;
}


static pay_rc_t
pay_alibill_count(const pay_alipay_bill_t *b, pay_alibill_column_t c,
    int64_t *out)
{
    uint64_t  n;

    if (pay_str_uint(pay_alibill_text(b, c), INT32_MAX, &n) != PAY_OK) {
        return PAY_INVALID;
    }

    *out = (int64_t) n;

    return PAY_OK;
}


static int64_t
pay_alibill_or(int64_t n, int64_t otherwise)
{
    return n == PAY_ROW_NONE ? otherwise : n;
}


static pay_rc_t
pay_alibill_trade(pay_alipay_bill_t *b, pay_row_t *row)
{
    int64_t    fee, split, received;
    pay_str_t  type;

    type = pay_alibill_text(b, PAY_ALIBILL_TYPE);

    if (pay_alipay_time_parse(pay_alibill_text(b, PAY_ALIBILL_DONE),
                              &row->time) != PAY_OK
        && pay_alipay_time_parse(pay_alibill_text(b, PAY_ALIBILL_CREATED),
                                 &row->time) != PAY_OK)
    {
        return PAY_INVALID;
    }

    if (pay_alibill_amount(b, PAY_ALIBILL_AMOUNT, &row->amount) != PAY_OK
        || pay_alibill_amount(b, PAY_ALIBILL_RECEIVED, &received) != PAY_OK
        || pay_alibill_amount(b, PAY_ALIBILL_PLATFORM,
                              &row->discount_platform) != PAY_OK
        || pay_alibill_amount(b, PAY_ALIBILL_MERCHANT,
                              &row->discount_merchant) != PAY_OK
        || pay_alibill_amount(b, PAY_ALIBILL_FEE, &fee) != PAY_OK
        || pay_alibill_amount(b, PAY_ALIBILL_SPLIT, &split) != PAY_OK
        || row->amount == PAY_ROW_NONE || received == PAY_ROW_NONE)
    {
        return PAY_INVALID;
    }

    /* they write what leaves the account below zero */

    row->fee = fee == PAY_ROW_NONE ? fee : -fee;
    row->net = received + pay_alibill_or(fee, 0) + pay_alibill_or(split, 0);
    row->channel_order_id = pay_alibill_text(b, PAY_ALIBILL_TRADE);
    row->order_id = pay_alibill_text(b, PAY_ALIBILL_ORDER);
    row->store_id = pay_alibill_text(b, PAY_ALIBILL_STORE);
    row->payer_masked = pay_alibill_text(b, PAY_ALIBILL_PAYER);
    row->description = pay_alibill_text(b, PAY_ALIBILL_NAME);
    row->currency = PAY_ALIPAY_CURRENCY;
    row->status = pay_strz(pay_state_name(PAY_STATE_SUCCEEDED));

    if (pay_str_eqz(type, "交易")) {
        row->type = PAY_ROW_PAYMENT;
        return PAY_OK;
    }

    row->type = PAY_ROW_REFUND;
    row->refund_id = pay_alibill_text(b, PAY_ALIBILL_REFUND);
    row->refund_amount = row->amount < 0 ? -row->amount : row->amount;
    row->amount = PAY_ROW_NONE;

    return pay_str_eqz(type, "退款") ? PAY_OK : PAY_INVALID;
}


static pay_rc_t
pay_alibill_funds(pay_alipay_bill_t *b, pay_row_t *row)
{
    int64_t  in, out;

    if (pay_alipay_time_parse(pay_alibill_text(b, PAY_ALIBILL_BOOKED),
                              &row->time) != PAY_OK
        || pay_alibill_amount(b, PAY_ALIBILL_IN, &in) != PAY_OK
        || pay_alibill_amount(b, PAY_ALIBILL_OUT, &out) != PAY_OK)
    {
        return PAY_INVALID;
    }

    in = pay_alibill_or(in, 0);
    out = pay_alibill_or(out, 0);
    out = out < 0 ? -out : out;

    row->type = PAY_ROW_FUNDS;
    row->amount = in ? in : out;
    row->net = in - out;
    row->channel_order_id = pay_alibill_text(b, PAY_ALIBILL_BUSINESS);
    row->order_id = pay_alibill_text(b, PAY_ALIBILL_ORDER);
    row->payer_masked = pay_alibill_text(b, PAY_ALIBILL_OTHER);
    row->description = pay_alibill_text(b, PAY_ALIBILL_TYPE);
    row->currency = PAY_ALIPAY_CURRENCY;

    return PAY_OK;
}


/*
 * Of a summary the line of all, for which there is no more than one.  Its
 * amounts are those of payments less those of refunds, which are two columns
 * of ours: only what is one here, too, is compared.
 */

static pay_rc_t
pay_alibill_summary(pay_alipay_bill_t *b)
{
    int64_t     n, m, fee;
    pay_row_t  *row;

    if (!pay_str_eqz(b->fields[0], "合计")) {
        return PAY_OK;
    }

    row = &b->summary;
    pay_row_init(row);
    row->type = PAY_ROW_SUMMARY;

    if (b->table == PAY_ALIBILL_PAYMENTS) {

        if (pay_alibill_count(b, PAY_ALIBILL_PAYMENTS, &n) != PAY_OK
            || pay_alibill_count(b, PAY_ALIBILL_REFUNDS, &m) != PAY_OK
            || pay_alibill_amount(b, PAY_ALIBILL_FEE, &fee) != PAY_OK
            || pay_alibill_amount(b, PAY_ALIBILL_NET, &row->net) != PAY_OK)
        {
            return PAY_INVALID;
        }

        row->fee = fee == PAY_ROW_NONE ? fee : -fee;

    } else if (pay_alibill_count(b, PAY_ALIBILL_INS, &n) != PAY_OK
               || pay_alibill_count(b, PAY_ALIBILL_OUTS, &m) != PAY_OK
               || pay_alibill_amount(b, PAY_ALIBILL_SUM, &row->net)
                  != PAY_OK)
    {
        return PAY_INVALID;
    }

    row->count = n + m;
    b->summed = 1;

    return PAY_OK;
}


/* a name without its unit, "（元）" or "(...)" */

static pay_str_t
pay_alibill_column(pay_str_t name)
{
    size_t  i;

    for (i = 0; i < name.len; i++) {

        if (name.data[i] == '('
            || (name.len - i >= 3
                && memcmp(name.data + i, "（", 3) == 0))
        {
            name.len = i;
        }
    }

    return name;
}


/* 1 if the line names columns: they hold from here on */

static int
pay_alibill_head(pay_alipay_bill_t *b)
{
    size_t     i, c;
    pay_str_t  name;

    static const pay_alibill_column_t  first[] = {
        PAY_ALIBILL_TRADE, PAY_ALIBILL_STORE, PAY_ALIBILL_BOOKING,
        PAY_ALIBILL_SORT
    };

    for (i = 0; i < pay_nelts(first); i++) {
        if (pay_str_eqz(b->fields[0], pay_alibill_names[first[i]])) {
            break;
        }
    }

    if (i == pay_nelts(first)) {
        return 0;
    }

    b->table = first[i] == PAY_ALIBILL_STORE ? PAY_ALIBILL_PAYMENTS
                                             : first[i];
    memset(b->at, 0, sizeof(b->at));

    for (i = 0; i < b->nfields; i++) {
        name = pay_alibill_column(b->fields[i]);

        for (c = 0; c < PAY_ALIBILL_MAX; c++) {
            if (pay_str_eqz(name, pay_alibill_names[c])) {
                b->at[c] = i + 1;
            }
        }
    }

    return 1;
}


static pay_rc_t
pay_alibill_line(void *data, const pay_str_t *fields, size_t n)
{
    pay_alipay_bill_t  *b = data;

    pay_rc_t   rc;
    pay_row_t  row;

    /* what stands before and behind a list */

    if (n == 0 || (fields[0].len && fields[0].data[0] == '#')) {
        return PAY_OK;
    }

    b->fields = fields;
    b->nfields = n;

    if (b->table == PAY_ALIBILL_MAX) {
        return pay_alibill_head(b) ? PAY_OK : PAY_INVALID;
    }

    pay_row_init(&row);

    switch (b->table) {

    case PAY_ALIBILL_TRADE:
        rc = pay_alibill_trade(b, &row);
        break;

    case PAY_ALIBILL_BOOKING:
        rc = pay_alibill_funds(b, &row);
        break;

    default:
        return pay_alibill_summary(b);
    }

    if (rc == PAY_OK) {
        b->talk->row(b->talk, &row);
    }

    return rc;
}


/* a file of the archive: lists are "..._业务明细.csv", or "...(汇总).csv" */

static pay_rc_t
pay_alibill_open(void *data, pay_str_t name)
{
    pay_alipay_bill_t  *b = data;

    size_t      i;
    pay_rc_t    rc;
    pay_str_t   text;

    static const char  list[] = "明细";

    rc = pay_gbk_decode(b->talk->scratch, name, &text);
    if (rc != PAY_OK) {
        return rc;
    }

    /* some archives have names in UTF-8 */

    if (pay_utf8_length(name) >= 0) {
        text = name;
    }

    b->csv = NULL;
    b->table = PAY_ALIBILL_MAX;
    memset(&b->gbk, 0, sizeof(pay_gbk_t));

    for (i = 0; i + sizeof(list) - 1 <= text.len; i++) {

        if (memcmp(text.data + i, list, sizeof(list) - 1) != 0) {
            continue;
        }

        b->csv = pay_csv_create(b->talk->arena, PAY_CSV_COMMA,
                                pay_alibill_line, b);
        if (b->csv == NULL) {
            return PAY_ERROR;
        }

        b->detailed = 1;
        break;
    }

    return PAY_OK;
}


static pay_rc_t
pay_alibill_bytes(void *data, pay_str_t bytes, int last)
{
    pay_alipay_bill_t  *b = data;

    pay_rc_t  rc;

    if (b->csv == NULL) {
        return PAY_OK;
    }

    rc = pay_gbk_piece(&b->gbk, b->talk->scratch, bytes, last, &bytes);

    return rc == PAY_OK ? pay_csv_feed(b->csv, bytes, last) : rc;
}


static pay_alipay_bill_t *
pay_alibill_begin(pay_talk_t *t)
{
    pay_alipay_bill_t  *b;

    b = pay_calloc(t->arena, sizeof(pay_alipay_bill_t));
    if (b == NULL) {
        return NULL;
    }

    b->talk = t;
    b->zip = pay_zip_create(t->arena, PAY_ALIPAY_BILL_MAX, pay_alibill_open,
                            pay_alibill_bytes, b);

    return b->zip ? b : NULL;
}


/* the summary is the last row, wherever it was in the archive */

pay_rc_t
pay_alipay_rows(pay_talk_t *t, pay_str_t bytes, int last)
{
    pay_rc_t            rc;
    pay_alipay_own_t   *own;
    pay_alipay_bill_t  *b;

    own = t->own;

    if (own->bill == NULL) {
        own->bill = pay_alibill_begin(t);
    }

    b = own->bill;
    if (b == NULL) {
        return PAY_ERROR;
    }

    rc = pay_zip_feed(b->zip, bytes, last);
    if (rc != PAY_OK || !last) {
        return rc;
    }

    if (!b->detailed) {
        return PAY_INVALID;
    }

    if (b->summed) {
        t->row(t, &b->summary);
    }

    return PAY_OK;
}
