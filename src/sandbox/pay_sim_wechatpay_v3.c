
/*
 * Copyright (C) the ngx_pay authors
 *
 * WeChat Pay APIv3 simulator: the table of operations, and the way of a
 * request through it; written by the channel document, never by the driver.
 */

#include <sandbox/pay_sim_wechatpay_v3.h>


#define PAY_WXS_PAY         "/v3/pay/transactions/"
#define PAY_WXS_PARTNER     "/v3/pay/partner/transactions/"
#define PAY_WXS_REFUND      "/v3/refund/domestic/refunds"
#define PAY_WXS_SPLIT       "/v3/profitsharing/"
#define PAY_WXS_BILLS       "/v3/fund-app/mch-transfer/transfer-bills"


static pay_rc_t pay_wxs_open(pay_sim_t *s);
static pay_rc_t pay_wxs_serve(pay_sim_t *s);


const pay_wxs_op_t  pay_wxs_ops[] = {

    /* sections 8.1, 8.4, 8.5 */

    { "POST", PAY_WXS_PAY "native", NULL, NULL, NULL,
      pay_wxs_native_rules, 1, pay_wxs_prepay, "NATIVE" },

    { "POST", PAY_WXS_PAY "jsapi", NULL, NULL, NULL,
      pay_wxs_jsapi_rules, 1, pay_wxs_prepay, "JSAPI" },

    { "POST", PAY_WXS_PAY "app", NULL, NULL, NULL,
      pay_wxs_app_rules, 1, pay_wxs_prepay, "APP" },

    { "POST", PAY_WXS_PAY "h5", NULL, NULL, NULL,
      pay_wxs_h5_rules, 1, pay_wxs_prepay, "MWEB" },

    { "GET", PAY_WXS_PAY "out-trade-no/", "", "out_trade_no", pay_wxs_number,
      pay_wxs_mchid_rules, 1, pay_wxs_query, NULL },

    { "POST", PAY_WXS_PAY "out-trade-no/", "/close", "out_trade_no",
      pay_wxs_number, pay_wxs_mchid_rules, 1, pay_wxs_close, NULL },

    { "GET", PAY_WXS_PAY "id/", "", "transaction_id",
      pay_wxs_transaction_number, pay_wxs_mchid_rules, 0, pay_wxs_query_id,
      NULL },

    /* section 8.3 */

    { "POST", PAY_WXS_PARTNER "native", NULL, NULL, NULL,
      pay_wxs_sp_native_rules, 1, pay_wxs_prepay, "NATIVE" },

    { "POST", PAY_WXS_PARTNER "jsapi", NULL, NULL, NULL,
      pay_wxs_sp_jsapi_rules, 1, pay_wxs_prepay, "JSAPI" },

    { "POST", PAY_WXS_PARTNER "app", NULL, NULL, NULL,
      pay_wxs_sp_app_rules, 1, pay_wxs_prepay, "APP" },

    { "POST", PAY_WXS_PARTNER "h5", NULL, NULL, NULL,
      pay_wxs_sp_h5_rules, 1, pay_wxs_prepay, "MWEB" },

    { "GET", PAY_WXS_PARTNER "out-trade-no/", "", "out_trade_no",
      pay_wxs_number, pay_wxs_sp_mchid_rules, 1, pay_wxs_query, NULL },

    { "POST", PAY_WXS_PARTNER "out-trade-no/", "/close", "out_trade_no",
      pay_wxs_number, pay_wxs_sp_mchid_rules, 1, pay_wxs_close, NULL },

    { "GET", PAY_WXS_PARTNER "id/", "", "transaction_id",
      pay_wxs_transaction_number, pay_wxs_sp_mchid_rules, 0,
      pay_wxs_query_id, NULL },

    /* section 8.6 */

    { "POST", PAY_WXS_REFUND, NULL, NULL, NULL, pay_wxs_refund_rules, 0,
      pay_wxs_refund, NULL },

    { "GET", PAY_WXS_REFUND "/", "", "out_refund_no", pay_wxs_long_number,
      pay_wxs_sub_mchid_rules, 0, pay_wxs_refund_query, NULL },

    /* section 8.7 */

    { "GET", "/v3/bill/tradebill", NULL, NULL, NULL, pay_wxs_trade_rules, 0,
      pay_wxs_bill_trade, NULL },

    { "GET", "/v3/bill/fundflowbill", NULL, NULL, NULL, pay_wxs_fund_rules, 0,
      pay_wxs_bill_fund, NULL },

    { "GET", "/v3/billdownload/file", NULL, NULL, NULL,
      pay_wxs_download_rules, 0, pay_wxs_bill_download, NULL },

    /* section 8.8; unfreeze is no number of an order */

    { "POST", PAY_WXS_SPLIT "orders", NULL, NULL, NULL, pay_wxs_split_rules,
      0, pay_wxs_split, NULL },

    { "POST", PAY_WXS_SPLIT "orders/unfreeze", NULL, NULL, NULL,
      pay_wxs_unfreeze_rules, 0, pay_wxs_split, NULL },

    { "GET", PAY_WXS_SPLIT "orders/", "", "out_order_no", pay_wxs_long_number,
      pay_wxs_split_query_rules, 0, pay_wxs_split_query, NULL },

    { "POST", PAY_WXS_SPLIT "return-orders", NULL, NULL, NULL,
      pay_wxs_return_rules, 0, pay_wxs_split_return, NULL },

    { "GET", PAY_WXS_SPLIT "return-orders/", "", "out_return_no",
      pay_wxs_long_number, pay_wxs_return_query_rules, 0,
      pay_wxs_split_return_query, NULL },

    { "GET", PAY_WXS_SPLIT "transactions/", "/amounts", "transaction_id",
      pay_wxs_transaction_number, pay_wxs_no_rules, 0, pay_wxs_split_left,
      NULL },

    { "POST", PAY_WXS_SPLIT "receivers/add", NULL, NULL, NULL,
      pay_wxs_receiver_add_rules, 0, pay_wxs_receiver_add, NULL },

    { "POST", PAY_WXS_SPLIT "receivers/delete", NULL, NULL, NULL,
      pay_wxs_receiver_delete_rules, 0, pay_wxs_receiver_delete, NULL },

    /* section 8.10 */

    { "POST", PAY_WXS_BILLS, NULL, NULL, NULL, pay_wxs_transfer_rules, 0,
      pay_wxs_transfer, NULL },

    { "GET", PAY_WXS_BILLS "/out-bill-no/", "", "out_bill_no",
      pay_wxs_bill_number, pay_wxs_no_rules, 0, pay_wxs_transfer_query, NULL },

    { "GET", PAY_WXS_BILLS "/transfer-bill-no/", "", "transfer_bill_no",
      pay_wxs_long_number, pay_wxs_no_rules, 0, pay_wxs_transfer_query_id,
      NULL },

    { "POST", PAY_WXS_BILLS "/out-bill-no/", "/cancel", "out_bill_no",
      pay_wxs_bill_number, pay_wxs_no_rules, 0, pay_wxs_transfer_cancel,
      NULL },

    /* section 4.1 */

    { "GET", "/v3/certificates", NULL, NULL, NULL, pay_wxs_certificates_rules,
      0, pay_wxs_certificates, NULL },

    { NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL }
};


const pay_simulator_t  pay_sim_wechatpay_v3 = {
    pay_str("wechatpay_v3"),
    pay_wxs_open,
    pay_wxs_serve,
    pay_wxs_press,
    pay_wxs_notice,
    pay_wxs_sent,
    pay_wxs_acknowledged,
    pay_wxs_view
};


pay_str_t
pay_wxs_id(pay_sim_t *s, const char *kind, pay_str_t sub, pay_str_t number)
{
    const pay_str_t  k = pay_strz(kind);
    const pay_str_t  slash = pay_str("/");
    const pay_str_t *const  direct[] = { &k, &number, NULL };
    const pay_str_t *const  partner[] = { &k, &sub, &slash, &number, NULL };

    return pay_concat(s->arena, sub.len == 0 ? direct : partner);
}


pay_rc_t
pay_wxs_want(pay_sim_t *s, pay_str_t order_id)
{
    if (order_id.data == NULL) {
        return PAY_ERROR;
    }

    if (pay_str_eq(s->order_id, order_id)) {
        return PAY_OK;
    }

    s->order_id = order_id;

    return PAY_FETCH;
}


static pay_rc_t
pay_wxs_open(pay_sim_t *s)
{
    pay_rc_t        rc;
    pay_wxs_call_t  c;

    rc = pay_wxs_authorize(s);

    if (rc == PAY_OK) {
        rc = pay_wxs_check_headers(s);
    }

    if (rc == PAY_OK) {
        rc = pay_wxs_read(s, &c);
    }

    if (rc == PAY_OK && c.op->order) {
        s->order_id = pay_wxs_id(s, "", c.sub, c.number);
        rc = s->order_id.data != NULL ? PAY_OK : PAY_ERROR;
    }

    return rc;
}


static pay_rc_t
pay_wxs_serve(pay_sim_t *s)
{
    pay_rc_t        rc;
    pay_wxs_call_t  c;

    /* read again: pay_sim_t has no place to keep it since open() */

    rc = pay_wxs_read(s, &c);

    return rc == PAY_OK ? c.op->serve(s, &c) : rc;
}
