
/*
 * Copyright (C) the ngx_pay authors
 *
 * WeChat Pay APIv3 simulator: the files behind bills (section 8.7 of the
 * channel document), of what the journal tells.  Money is in yuan there.
 */

#include <sandbox/pay_sim_wechatpay_v3.h>


/* what a day begins with: 10 000 000.00 yuan */
#define PAY_WXS_BALANCE  INT64_C(1000000000)


static const char  pay_wxs_trade_head[] =
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,"
    "用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,"
    "微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,"
    "商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注\r\n";

static const char  pay_wxs_trade_sum[] =
    "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,"
    "订单总金额,申请退款总金额\r\n";

static const char  pay_wxs_fund_head[] =
    "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,"
    "收支金额(元),账户结余(元),资金变更提交申请人,备注,业务凭证号\r\n";

static const char  pay_wxs_fund_sum[] =
    "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额\r\n";


/* a field: a backquote, and no line end within */

static void
pay_wxs_field(pay_buf_t *b, pay_str_t text)
{
    size_t  i;

    pay_buf_addz(b, b->len != 0 && b->data[b->len - 1] != '\n' ? ",`" : "`");

    for (i = 0; i < text.len; i++) {
        pay_buf_addc(b, text.data[i] == '\r' || text.data[i] == '\n'
                        ? ' ' : text.data[i]);
    }
}


static void
pay_wxs_fieldz(pay_buf_t *b, const char *text)
{
    pay_wxs_field(b, pay_strz(text));
}


static void
pay_wxs_money(pay_buf_t *b, int64_t amount)
{
    pay_str_t  text;

    text = pay_amount_to_decimal(b->arena, amount, 2);

    if (text.data == NULL) {
        b->failed = 1;
    }

    pay_wxs_field(b, text);
}


static void
pay_wxs_count(pay_buf_t *b, int64_t n)
{
    pay_buf_t  text;

    pay_buf_init(&text, b->arena, 20);
    pay_buf_addi(&text, n);
    b->failed |= text.failed;
    pay_wxs_field(b, pay_buf_str(&text));
}


/* YYYY-MM-DD HH:mm:ss in Beijing */

static void
pay_wxs_stamp(pay_buf_t *b, int64_t time)
{
    pay_str_t  text;

    text = pay_time_format(b->arena, time, PAY_BEIJING);

    if (text.data == NULL) {
        b->failed = 1;
        return;
    }

    pay_wxs_field(b, (pay_str_t) { 10, text.data });
    pay_buf_addc(b, ' ');
    pay_buf_add(b, text.data + 11, 8);
}


static void
pay_wxs_trade_row(pay_buf_t *b, const pay_wxs_event_t *e)
{
    const pay_wxs_order_t   *o;
    const pay_wxs_refund_t  *r;

    o = e->order;
    r = e->refund;

    pay_wxs_stamp(b, e->time);
    pay_wxs_field(b, o->appid);
    pay_wxs_field(b, o->mchid);
    pay_wxs_field(b, o->sub_mchid.len != 0 ? o->sub_mchid : PAY_STR("0"));
    pay_wxs_field(b, o->device_id);
    pay_wxs_field(b, o->payments[e->payment].transaction_id);
    pay_wxs_field(b, o->out_trade_no);
    pay_wxs_field(b, o->openid);
    pay_wxs_fieldz(b, o->type);
    pay_wxs_fieldz(b, r != NULL ? "REFUND" : "SUCCESS");
    pay_wxs_fieldz(b, "OTHERS");
    pay_wxs_fieldz(b, "CNY");
    pay_wxs_money(b, r != NULL ? 0 : o->total);
    pay_wxs_money(b, 0);
    pay_wxs_field(b, r != NULL ? e->id : PAY_STR("0"));
    pay_wxs_field(b, r != NULL ? r->number : PAY_STR("0"));
    pay_wxs_money(b, r != NULL ? r->amount : 0);
    pay_wxs_money(b, 0);
    pay_wxs_fieldz(b, r != NULL ? "ORIGINAL" : "");
    pay_wxs_fieldz(b, r != NULL ? "SUCCESS" : "");
    pay_wxs_field(b, o->description);
    pay_wxs_field(b, o->attach);
    pay_wxs_fieldz(b, "0.00000");
    pay_wxs_fieldz(b, "0.60%");
    pay_wxs_money(b, r != NULL ? 0 : o->total);
    pay_wxs_money(b, r != NULL ? r->amount : 0);
    pay_wxs_fieldz(b, "");
    pay_buf_addz(b, "\r\n");
}


pay_str_t
pay_wxs_trade_file(pay_arena_t *a, const pay_wxs_event_t *events, size_t n)
{
    size_t     i;
    int64_t    rows, total, refunded;
    pay_buf_t  b;

    pay_buf_init(&b, a, 4096);
    pay_buf_addz(&b, "\357\273\277");
    pay_buf_addz(&b, pay_wxs_trade_head);

    rows = total = refunded = 0;

    for (i = 0; i < n; i++) {

        if (events[i].order == NULL) {
            continue;
        }

        pay_wxs_trade_row(&b, &events[i]);
        rows++;

        if (events[i].refund != NULL) {
            refunded += events[i].amount;

        } else {
            total += events[i].amount;
        }
    }

    pay_buf_addz(&b, pay_wxs_trade_sum);
    pay_wxs_count(&b, rows);
    pay_wxs_money(&b, total);
    pay_wxs_money(&b, refunded);
    pay_wxs_money(&b, 0);
    pay_wxs_fieldz(&b, "0.00000");
    pay_wxs_money(&b, total);
    pay_wxs_money(&b, refunded);
    pay_buf_addz(&b, "\r\n");

    return pay_buf_str(&b);
}


static void
pay_wxs_fund_row(pay_buf_t *b, const pay_wxs_event_t *e, size_t i,
    int64_t balance)
{
    pay_buf_t  flow;

    pay_buf_init(&flow, b->arena, 64);
    pay_buf_adds(&flow, e->id);
    pay_buf_addc(&flow, '-');
    pay_buf_addi(&flow, (int64_t) i + 1);

    pay_wxs_stamp(b, e->time);
    pay_wxs_field(b, e->id);
    pay_wxs_field(b, pay_buf_str(&flow));
    pay_wxs_fieldz(b, e->name);
    pay_wxs_fieldz(b, e->name);
    pay_wxs_fieldz(b, e->income ? "收入" : "支出");
    pay_wxs_money(b, e->amount);
    pay_wxs_money(b, balance);
    pay_wxs_fieldz(b, "API");
    pay_wxs_fieldz(b, "");
    pay_wxs_field(b, e->number);
    pay_buf_addz(b, "\r\n");
}


pay_str_t
pay_wxs_fund_file(pay_arena_t *a, const pay_wxs_event_t *events, size_t n)
{
    size_t     i;
    int64_t    in, nin, out, nout;
    pay_buf_t  b;

    pay_buf_init(&b, a, 4096);
    pay_buf_addz(&b, "\357\273\277");
    pay_buf_addz(&b, pay_wxs_fund_head);

    in = nin = out = nout = 0;

    for (i = 0; i < n; i++) {

        if (events[i].income) {
            in += events[i].amount;
            nin++;

        } else {
            out += events[i].amount;
            nout++;
        }

        pay_wxs_fund_row(&b, &events[i], i, PAY_WXS_BALANCE + in - out);
    }

    pay_buf_addz(&b, pay_wxs_fund_sum);
    pay_wxs_count(&b, nin + nout);
    pay_wxs_count(&b, nin);
    pay_wxs_money(&b, in);
    pay_wxs_count(&b, nout);
    pay_wxs_money(&b, out);
    pay_buf_addz(&b, "\r\n");

    return pay_buf_str(&b);
}
