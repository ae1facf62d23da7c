
/*
 * Copyright (C) the ngx_pay authors
 *
 * Alipay simulator, written by the channel document (sections 2 to 9), never
 * by the driver.
 */

#include <sandbox/pay_sim_alipay.h>


static pay_rc_t pay_alis_open(pay_sim_t *s);
static pay_rc_t pay_alis_serve(pay_sim_t *s);


static const pay_alis_op_t  pay_alis_ops[] = {

    { "alipay.trade.precreate", pay_alis_precreate_rules, NULL,
      pay_alis_precreate },

    { "alipay.trade.page.pay", pay_alis_page_rules,
      "FAST_INSTANT_TRADE_PAY", pay_alis_page },

    { "alipay.trade.wap.pay", pay_alis_page_rules, "QUICK_WAP_WAY",
      pay_alis_page },

    /* the way in for a test: the app's SDK does not post it like this */

    { "alipay.trade.app.pay", pay_alis_page_rules, "QUICK_MSECURITY_PAY",
      pay_alis_page },

    { "alipay.trade.create", pay_alis_create_rules, NULL, pay_alis_create },

    { "alipay.trade.pay", pay_alis_pay_rules, NULL, pay_alis_pay },

    { "alipay.trade.query", pay_alis_query_rules, NULL, pay_alis_query },

    { "alipay.trade.close", pay_alis_close_rules, NULL, pay_alis_close },

    { "alipay.trade.cancel", pay_alis_cancel_rules, NULL, pay_alis_cancel },

    { "alipay.trade.refund", pay_alis_refund_rules, NULL, pay_alis_refund },

    { "alipay.trade.fastpay.refund.query", pay_alis_refund_query_rules, NULL,
      pay_alis_refund_query },

    { NULL, NULL, NULL, NULL }
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


static pay_rc_t
pay_alis_open(pay_sim_t *s)
{
    pay_rc_t         rc;
    pay_alis_call_t  c;

    rc = pay_alis_receive(s, pay_alis_ops, &c);

    if (rc == PAY_OK) {
        rc = pay_alis_authorize(s, &c);
    }

    if (rc == PAY_OK) {
        rc = pay_alis_read(s, &c);
    }

    /* trade_no wins (section 7.6), and leads to the number in serve() */

    if (rc == PAY_OK && c.trade_no.len == 0) {
        s->order_id = c.number;
    }

    return rc;
}


static pay_rc_t
pay_alis_serve(pay_sim_t *s)
{
    pay_rc_t         rc;
    pay_alis_call_t  c;

    /* read again: pay_sim_t has no place to keep it since open() */

    rc = pay_alis_receive(s, pay_alis_ops, &c);

    if (rc == PAY_OK) {
        rc = pay_alis_read(s, &c);
    }

    if (rc == PAY_OK && c.trade_no.len != 0) {
        rc = pay_alis_lead(s, c.trade_no);

        if (rc == PAY_DECLINED) {
            return pay_alis_fail(s, &c, PAY_ALIS_NOT_EXIST, PAY_STR(""));
        }
    }

    return rc == PAY_OK ? c.op->serve(s, &c) : rc;
}
