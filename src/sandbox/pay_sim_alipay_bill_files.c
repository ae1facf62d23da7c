
/*
 * Copyright (C) the ngx_pay authors
 *
 * Alipay simulator: the two files of a statement, by the table of section
 * 7.10 of the channel document, in GBK.
 */

#include <codec/pay_gbk_write.h>
#include <sandbox/pay_sim_alipay_bill.h>


typedef struct {
    pay_str_t  trade_no;
    pay_str_t  out_trade_no;
    pay_str_t  subject;
    pay_str_t  refund;          /* its number; empty: a payment */
    int64_t    created;
    int64_t    time;
    int64_t    amount;
    int64_t    balance;         /* of the account behind it */
} pay_alis_row_t;

typedef struct {
    int64_t    n;
    int64_t    amount;
} pay_alis_sum_t;

typedef struct {
    pay_alis_sum_t  paid;
    pay_alis_sum_t  refunded;
} pay_alis_sums_t;

typedef struct {
    const char  *type;
    const char  *word;          /* in names and comments */
    const char  *columns;
    const char  *sums;
    void       (*row)(pay_buf_t *b, const pay_alis_row_t *r);
    void       (*total)(pay_buf_t *b, const pay_alis_sums_t *n);
} pay_alis_layout_t;


static void pay_alis_trade_row(pay_buf_t *b, const pay_alis_row_t *r);
static void pay_alis_trade_total(pay_buf_t *b, const pay_alis_sums_t *n);
static void pay_alis_account_row(pay_buf_t *b, const pay_alis_row_t *r);
static void pay_alis_account_total(pay_buf_t *b, const pay_alis_sums_t *n);


static const pay_alis_layout_t  pay_alis_layouts[] = {

    { "trade", "业务明细",
      "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,"
      "门店名称,操作员,终端号,对方账户,订单金额（元）,商家实收（元）,"
      "支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,"
      "券核销金额（元）,券名称,商家红包消费金额（元）,卡消费金额（元）,"
      "退款批次号/请求号,服务费（元）,分润（元）,备注\r\n",
      "门店编号,门店名称,交易订单总笔数,退款订单总笔数,订单金额（元）,"
      "商家实收（元）,支付宝优惠（元）,商家优惠（元）,卡消费金额（元）,"
      "服务费（元）,分润（元）,实收净额（元）\r\n",
      pay_alis_trade_row, pay_alis_trade_total },

    { "signcustomer", "账务明细",
      "账务流水号,业务流水号,商户订单号,商品名称,发生时间,对方账号,"
      "收入金额（+元）,支出金额（-元）,账户余额（元）,交易渠道,业务类型,备注"
      "\r\n",
      "类型,收入笔数,收入金额（+元）,支出笔数,支出金额（-元）,总金额（元）"
      "\r\n",
      pay_alis_account_row, pay_alis_account_total }
};


static void
pay_alis_cell_money(pay_buf_t *b, int64_t amount)
{
    if (amount < 0) {
        pay_buf_addc(b, '-');
        amount = -amount;
    }

    pay_buf_addfix(b, amount, 2);
}


/* a subject with a comma or a quote would be two cells */

static void
pay_alis_cell(pay_buf_t *b, pay_str_t text)
{
    size_t  i;

    for (i = 0; i < text.len; i++) {
        pay_buf_addc(b, text.data[i] == ',' || text.data[i] == '"'
                        || text.data[i] < 0x20 ? ' ' : text.data[i]);
    }
}


static void
pay_alis_cell_time(pay_buf_t *b, int64_t t)
{
    pay_str_t  text;

    text = pay_alis_time(b->arena, t);

    if (text.data == NULL) {
        b->failed = 1;
        return;
    }

    pay_buf_adds(b, text);
}


static void
pay_alis_trade_row(pay_buf_t *b, const pay_alis_row_t *r)
{
    int64_t  amount;

    amount = r->refund.len != 0 ? -r->amount : r->amount;

    pay_buf_adds(b, r->trade_no);
    pay_buf_addz(b, "\t,");
    pay_alis_cell(b, r->out_trade_no);
    pay_buf_addz(b, r->refund.len != 0 ? "\t,退款," : "\t,交易,");
    pay_alis_cell(b, r->subject);
    pay_buf_addc(b, ',');
    pay_alis_cell_time(b, r->created);
    pay_buf_addc(b, ',');
    pay_alis_cell_time(b, r->time);
    pay_buf_addz(b, ",,,,,*测试(" PAY_ALIS_LOGON ")\t,");
    pay_alis_cell_money(b, amount);
    pay_buf_addc(b, ',');
    pay_alis_cell_money(b, amount);
    pay_buf_addz(b, ",0.00,0.00,0.00,0.00,0.00,,0.00,0.00,");
    pay_alis_cell(b, r->refund);
    pay_buf_addz(b, ",0.00,0.00,\r\n");
}


static void
pay_alis_trade_total(pay_buf_t *b, const pay_alis_sums_t *n)
{
    int64_t  net;

    net = n->paid.amount - n->refunded.amount;

    pay_buf_addz(b, "合计,,");
    pay_buf_addi(b, n->paid.n);
    pay_buf_addc(b, ',');
    pay_buf_addi(b, n->refunded.n);
    pay_buf_addc(b, ',');
    pay_alis_cell_money(b, net);
    pay_buf_addc(b, ',');
    pay_alis_cell_money(b, net);
    pay_buf_addz(b, ",0.00,0.00,0.00,0.00,0.00,");
    pay_alis_cell_money(b, net);
    pay_buf_addz(b, "\r\n");
}


static void
pay_alis_account_row(pay_buf_t *b, const pay_alis_row_t *r)
{
    pay_buf_adds(b, r->trade_no);
    pay_alis_cell(b, r->refund);
    pay_buf_addz(b, "\t,");
    pay_buf_adds(b, r->trade_no);
    pay_buf_addz(b, "\t,");
    pay_alis_cell(b, r->out_trade_no);
    pay_buf_addz(b, "\t,");
    pay_alis_cell(b, r->subject);
    pay_buf_addc(b, ',');
    pay_alis_cell_time(b, r->time);
    pay_buf_addz(b, ",*测试(" PAY_ALIS_LOGON ")\t,");
    pay_alis_cell_money(b, r->refund.len != 0 ? 0 : r->amount);
    pay_buf_addc(b, ',');
    pay_alis_cell_money(b, r->refund.len != 0 ? -r->amount : 0);
    pay_buf_addc(b, ',');
    pay_alis_cell_money(b, r->balance);
    pay_buf_addz(b, r->refund.len != 0 ? ",支付宝,交易退款,\r\n"
                                       : ",支付宝,在线支付,\r\n");
}


static void
pay_alis_account_total(pay_buf_t *b, const pay_alis_sums_t *n)
{
    pay_buf_addz(b, "合计,");
    pay_buf_addi(b, n->paid.n);
    pay_buf_addc(b, ',');
    pay_alis_cell_money(b, n->paid.amount);
    pay_buf_addc(b, ',');
    pay_buf_addi(b, n->refunded.n);
    pay_buf_addc(b, ',');
    pay_alis_cell_money(b, -n->refunded.amount);
    pay_buf_addc(b, ',');
    pay_alis_cell_money(b, n->paid.amount - n->refunded.amount);
    pay_buf_addz(b, "\r\n");
}


static pay_rc_t
pay_alis_row_read(pay_arena_t *a, pay_str_t line, pay_alis_row_t *r)
{
    const char  *why;
    pay_json_t  *tree;

    memset(r, 0, sizeof(pay_alis_row_t));

    if (pay_json_parse(a, line, &tree, &why) != PAY_OK
        || pay_json_string(tree, "trade_no", &r->trade_no) != PAY_OK
        || pay_json_string(tree, "out_trade_no", &r->out_trade_no) != PAY_OK
        || pay_json_string(tree, "subject", &r->subject) != PAY_OK
        || pay_json_string(tree, "refund", &r->refund) == PAY_INVALID
        || pay_json_int(tree, "created", &r->created) != PAY_OK
        || pay_json_int(tree, "time", &r->time) != PAY_OK
        || pay_json_int(tree, "amount", &r->amount) != PAY_OK)
    {
        return PAY_ERROR;
    }

    return PAY_OK;
}


/* the lines of a page */

static pay_rc_t
pay_alis_rows(pay_sim_t *s, const pay_alis_layout_t *l, pay_str_t page,
    pay_buf_t *b, pay_alis_sums_t *n)
{
    pay_str_t        line;
    const pay_u8    *end;
    pay_alis_row_t   r;
    pay_alis_sum_t  *sum;

    while (page.len != 0) {
        end = memchr(page.data, '\n', page.len);

        if (end == NULL) {
            return PAY_ERROR;
        }

        line = (pay_str_t) { (size_t) (end - page.data), page.data };
        page.data += line.len + 1;
        page.len -= line.len + 1;

        if (pay_alis_row_read(s->arena, line, &r) != PAY_OK) {
            return PAY_ERROR;
        }

        sum = r.refund.len != 0 ? &n->refunded : &n->paid;
        sum->n++;
        sum->amount += r.amount;

        r.balance = n->paid.amount - n->refunded.amount;
        l->row(b, &r);
    }

    return PAY_OK;
}


static void
pay_alis_head(pay_sim_t *s, const pay_alis_layout_t *l, pay_buf_t *b,
    const char *more)
{
    pay_buf_addz(b, "#支付宝");
    pay_buf_addz(b, l->word);
    pay_buf_addz(b, more);
    pay_buf_addz(b, "\r\n#账号：[");
    pay_buf_adds(b, pay_alis_seller(s->channel->conf));
    pay_buf_addz(b, "0156]\r\n");
}


static void
pay_alis_tail(pay_sim_t *s, pay_buf_t *b)
{
    pay_buf_addz(b, "#导出时间：[");
    pay_alis_cell_time(b, s->now);
    pay_buf_addz(b, "]\r\n");
}


static void
pay_alis_rule(const pay_alis_layout_t *l, pay_buf_t *b, const char *more)
{
    pay_buf_addz(b, "#----------------------------------------");
    pay_buf_addz(b, l->word);
    pay_buf_addz(b, more);
    pay_buf_addz(b, "----------------------------------------\r\n");
}


/* 20880000000000010156_20261122_业务明细.csv */

static pay_str_t
pay_alis_name(pay_sim_t *s, const pay_alis_layout_t *l, pay_str_t day,
    const char *more)
{
    pay_buf_t  b;
    pay_str_t  text;

    pay_buf_init(&b, s->arena, 64);
    pay_buf_adds(&b, pay_alis_seller(s->channel->conf));
    pay_buf_addz(&b, "0156_");
    pay_buf_adds(&b, day);
    pay_buf_addc(&b, '_');
    pay_buf_addz(&b, l->word);
    pay_buf_addz(&b, more);
    pay_buf_addz(&b, ".csv");

    text = pay_buf_str(&b);

    return text.data != NULL ? pay_gbk_encode(s->arena, text) : text;
}


static pay_str_t
pay_alis_details(pay_sim_t *s, const pay_alis_layout_t *l, pay_str_t day,
    pay_alis_sums_t *n)
{
    size_t     i;
    pay_buf_t  b;
    pay_str_t  page, text;

    pay_buf_init(&b, s->arena, 8192);
    pay_alis_head(s, l, &b, "查询");
    pay_alis_rule(l, &b, "列表");
    pay_buf_addz(&b, l->columns);

    for (i = 0; ; i++) {
        page = pay_alis_journal_page(s, day, i);

        if (page.len == 0) {
            break;
        }

        if (pay_alis_rows(s, l, page, &b, n) != PAY_OK) {
            return (pay_str_t) pay_str_null;
        }
    }

    pay_alis_rule(l, &b, "列表结束");
    pay_alis_tail(s, &b);

    text = pay_buf_str(&b);

    return text.data != NULL ? pay_gbk_encode(s->arena, text) : text;
}


static pay_str_t
pay_alis_totals(pay_sim_t *s, const pay_alis_layout_t *l,
    const pay_alis_sums_t *n)
{
    pay_buf_t  b;
    pay_str_t  text;

    pay_buf_init(&b, s->arena, 1024);
    pay_alis_head(s, l, &b, "汇总查询");
    pay_buf_addz(&b, l->sums);
    l->total(&b, n);
    pay_alis_tail(s, &b);

    text = pay_buf_str(&b);

    return text.data != NULL ? pay_gbk_encode(s->arena, text) : text;
}


pay_rc_t
pay_alis_bill_files(pay_sim_t *s, pay_str_t type, pay_str_t day,
    pay_zip_file_t out[2])
{
    size_t                    i;
    pay_alis_sums_t           n;
    const pay_alis_layout_t  *l;

    memset(&n, 0, sizeof(pay_alis_sums_t));

    for (i = 0; i < pay_nelts(pay_alis_layouts) - 1; i++) {
        if (pay_str_eqz(type, pay_alis_layouts[i].type)) {
            break;
        }
    }

    l = &pay_alis_layouts[i];

    out[0].name = pay_alis_name(s, l, day, "");
    out[0].text = pay_alis_details(s, l, day, &n);
    out[1].name = pay_alis_name(s, l, day, "(汇总)");
    out[1].text = pay_alis_totals(s, l, &n);

    for (i = 0; i < 2; i++) {
        if (out[i].name.data == NULL || out[i].text.data == NULL) {
            return PAY_ERROR;
        }
    }

    return PAY_OK;
}
