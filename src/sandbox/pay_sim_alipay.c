
/*
 * Copyright (C) the ngx_pay authors
 *
 * Alipay simulator, written by the channel document (sections 2 to 9), never
 * by the driver.
 */

#include <sandbox/pay_sim_alipay.h>


static pay_rc_t pay_alis_open(pay_sim_t *s);
static pay_rc_t pay_alis_serve(pay_sim_t *s);


#define PAY_ALIS_TRADE_OP(name, rules, product, serve)                      \
    { name, rules, PAY_ALIS_BY_TRADE, PAY_ALIS_ACQ_PARAMETER, product, serve }

#define PAY_ALIS_OTHER_OP(name, rules, by, serve)                           \
    { name, rules, by, PAY_ALIS_PARAMETER, NULL, serve }


static const pay_alis_op_t  pay_alis_ops[] = {

    PAY_ALIS_TRADE_OP("alipay.trade.precreate", pay_alis_precreate_rules,
                      NULL, pay_alis_precreate),

    PAY_ALIS_TRADE_OP("alipay.trade.page.pay", pay_alis_page_rules,
                      "FAST_INSTANT_TRADE_PAY", pay_alis_page),

    PAY_ALIS_TRADE_OP("alipay.trade.wap.pay", pay_alis_page_rules,
                      "QUICK_WAP_WAY", pay_alis_page),

    /* the way in for a test: the app's SDK does not post it like this */

    PAY_ALIS_TRADE_OP("alipay.trade.app.pay", pay_alis_page_rules,
                      "QUICK_MSECURITY_PAY", pay_alis_page),

    PAY_ALIS_TRADE_OP("alipay.trade.create", pay_alis_create_rules, NULL,
                      pay_alis_create),

    PAY_ALIS_TRADE_OP("alipay.trade.pay", pay_alis_pay_rules, NULL,
                      pay_alis_pay),

    PAY_ALIS_TRADE_OP("alipay.trade.query", pay_alis_query_rules, NULL,
                      pay_alis_query),

    PAY_ALIS_TRADE_OP("alipay.trade.close", pay_alis_close_rules, NULL,
                      pay_alis_close),

    PAY_ALIS_TRADE_OP("alipay.trade.cancel", pay_alis_cancel_rules, NULL,
                      pay_alis_cancel),

    PAY_ALIS_TRADE_OP("alipay.trade.refund", pay_alis_refund_rules, NULL,
                      pay_alis_refund),

    PAY_ALIS_TRADE_OP("alipay.trade.fastpay.refund.query",
                      pay_alis_refund_query_rules, NULL,
                      pay_alis_refund_query),

    PAY_ALIS_TRADE_OP("alipay.trade.order.settle", pay_alis_settle_rules,
                      NULL, pay_alis_settle),

    { "alipay.trade.order.settle.query", pay_alis_settle_query_rules,
      PAY_ALIS_BY_NOTHING, PAY_ALIS_ACQ_PARAMETER, NULL,
      pay_alis_settle_query },

    PAY_ALIS_OTHER_OP("alipay.trade.royalty.relation.bind",
                      pay_alis_relation_rules, PAY_ALIS_BY_NOTHING,
                      pay_alis_bind),

    PAY_ALIS_OTHER_OP("alipay.trade.royalty.relation.unbind",
                      pay_alis_relation_rules, PAY_ALIS_BY_NOTHING,
                      pay_alis_unbind),

    PAY_ALIS_OTHER_OP("alipay.trade.royalty.relation.batchquery",
                      pay_alis_relations_rules, PAY_ALIS_BY_NOTHING,
                      pay_alis_relations),

    PAY_ALIS_OTHER_OP("alipay.fund.trans.uni.transfer",
                      pay_alis_transfer_rules, PAY_ALIS_BY_TRANSFER,
                      pay_alis_transfer),

    PAY_ALIS_OTHER_OP("alipay.fund.trans.common.query",
                      pay_alis_transfer_query_rules, PAY_ALIS_BY_TRANSFER,
                      pay_alis_transfer_query),

    { "alipay.data.dataservice.bill.downloadurl.query", pay_alis_bill_rules,
      PAY_ALIS_BY_NOTHING, PAY_ALIS_BILL_ARGUMENTS, NULL, pay_alis_bill },

    { NULL, NULL, PAY_ALIS_BY_NOTHING, PAY_ALIS_PARAMETER, NULL, NULL }
};


const pay_simulator_t  pay_sim_alipay = {
    pay_str("alipay"),
    pay_alis_open,
    pay_alis_serve,
    pay_alis_press,
    pay_alis_notice,
    pay_alis_sent,
    pay_alis_acknowledged,
    pay_alis_view
};


static pay_str_t
pay_alis_record_id(pay_sim_t *s, const pay_alis_call_t *c)
{
    const pay_str_t  kind = pay_str("transfer/");
    const pay_str_t *const  parts[] = { &kind, &c->number, NULL };

    return c->op->by == PAY_ALIS_BY_TRANSFER ? pay_concat(s->arena, parts)
                                             : c->number;
}


static pay_rc_t
pay_alis_open(pay_sim_t *s)
{
    pay_rc_t         rc;
    pay_alis_call_t  c;

    if (pay_alis_is_download(s)) {
        return pay_alis_download_open(s);
    }

    rc = pay_alis_receive(s, pay_alis_ops, &c);

    if (rc == PAY_OK) {
        rc = pay_alis_authorize(s, &c);
    }

    if (rc == PAY_OK) {
        rc = pay_alis_read(s, &c);
    }

    /* a number of ours wins (7.6, 7.11), and leads to the record in serve() */

    if (rc == PAY_OK && c.trade_no.len == 0) {
        s->order_id = pay_alis_record_id(s, &c);
        rc = s->order_id.data != NULL || c.number.len == 0 ? PAY_OK
                                                           : PAY_ERROR;
    }

    return rc;
}


/* asked again, what was made is told (docs/sandbox.md) */

static pay_rc_t
pay_alis_do(pay_sim_t *s, const pay_alis_call_t *c)
{
    int          old;
    pay_rc_t     rc;
    pay_magic_t  magic;

    magic = pay_alis_magic(c);

    if (magic == PAY_MAGIC_DOWN) {
        return pay_alis_broken(s, 503);
    }

    old = s->order.len != 0 && c->op->serve != pay_alis_refund;
    rc = c->op->serve(s, c);

    return rc == PAY_DONE && s->changed && !old ? pay_alis_made(s, magic)
                                                : rc;
}


static pay_rc_t
pay_alis_serve(pay_sim_t *s)
{
    pay_rc_t         rc;
    pay_alis_call_t  c;

    /* read again: pay_sim_t has no place to keep it since open() */

    if (pay_alis_is_download(s)) {
        return pay_alis_download(s);
    }

    rc = pay_alis_receive(s, pay_alis_ops, &c);

    if (rc == PAY_OK) {
        rc = pay_alis_read(s, &c);
    }

    if (rc == PAY_OK && c.trade_no.len != 0) {
        rc = pay_alis_lead(s, c.trade_no);

        if (rc == PAY_DECLINED) {
            return pay_alis_fail(s, &c, c.op->by == PAY_ALIS_BY_TRADE
                                        ? PAY_ALIS_NOT_EXIST
                                        : PAY_ALIS_ORDER_NOT_EXIST,
                                 PAY_STR(""));
        }
    }

    return rc == PAY_OK ? pay_alis_do(s, &c) : rc;
}
