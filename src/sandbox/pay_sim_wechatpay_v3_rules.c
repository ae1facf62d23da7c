
/*
 * Copyright (C) the ngx_pay authors
 *
 * WeChat Pay APIv3 simulator: what all requests but a prepay may hold, by
 * section 8 of the channel document row by row; of a GET, its query string.
 */

#include <sandbox/pay_sim_wechatpay_v3.h>


static int pay_wxs_algorithm(pay_str_t text);
static int pay_wxs_recv_type(pay_str_t text);
static int pay_wxs_receiver_type(pay_str_t text);
static int pay_wxs_relation(pay_str_t text);
static int pay_wxs_date(pay_str_t text);
static int pay_wxs_tar(pay_str_t text);
static int pay_wxs_tar_file(pay_str_t text);
static int pay_wxs_bill_type(pay_str_t text);
static int pay_wxs_account_type(pay_str_t text);
static int pay_wxs_from_account(pay_str_t text);
static int pay_wxs_funds_account(pay_str_t text);


#define PAY_WXS_END  { NULL, PAY_SIM_STRING, 0, 0, 0, NULL, NULL }

#define PAY_WXS_SUB_MCHID(required)                                          \
    { "sub_mchid", PAY_SIM_STRING, required, 1, 32, NULL,                    \
      pay_wxs_transaction_number }


/* who asks: sections 8.4, 8.5, and 8.3 for partners */

const pay_sim_rule_t  pay_wxs_mchid_rules[] = {

    { "mchid", PAY_SIM_STRING, 1, 1, 32, NULL, NULL },

    PAY_WXS_END
};


const pay_sim_rule_t  pay_wxs_sp_mchid_rules[] = {

    { "sp_mchid", PAY_SIM_STRING, 1, 1, 32, NULL, NULL },
    PAY_WXS_SUB_MCHID(1),

    PAY_WXS_END
};


const pay_sim_rule_t  pay_wxs_sub_mchid_rules[] = {

    PAY_WXS_SUB_MCHID(0),

    PAY_WXS_END
};


/* section 4.1: this platform has no other kind */

const pay_sim_rule_t  pay_wxs_certificates_rules[] = {

    { "algorithm_type", PAY_SIM_STRING, 0, 1, 8, NULL, pay_wxs_algorithm },

    PAY_WXS_END
};


/* section 8.6 */

static const pay_sim_rule_t  pay_wxs_refund_from[] = {

    { "account", PAY_SIM_STRING, 1, 1, 32, NULL, pay_wxs_from_account },
    { "amount", PAY_SIM_INTEGER, 1, 1, PAY_AMOUNT_MAX, NULL, NULL },

    PAY_WXS_END
};


static const pay_sim_rule_t  pay_wxs_refund_amount[] = {

    { "refund", PAY_SIM_INTEGER, 1, 1, PAY_AMOUNT_MAX, NULL, NULL },
    { "total", PAY_SIM_INTEGER, 1, 1, PAY_AMOUNT_MAX, NULL, NULL },
    { "currency", PAY_SIM_STRING, 1, 1, 16, NULL, pay_wxs_cny },
    { "from", PAY_SIM_OBJECTS, 0, 1, 2, pay_wxs_refund_from, NULL },

    PAY_WXS_END
};


static const pay_sim_rule_t  pay_wxs_refund_goods[] = {

    { "merchant_goods_id", PAY_SIM_STRING, 1, 1, 32, NULL, NULL },
    { "wechatpay_goods_id", PAY_SIM_STRING, 0, 1, 32, NULL, NULL },
    { "goods_name", PAY_SIM_STRING, 0, 1, 256, NULL, NULL },
    { "unit_price", PAY_SIM_INTEGER, 1, 0, PAY_AMOUNT_MAX, NULL, NULL },
    { "refund_amount", PAY_SIM_INTEGER, 1, 0, PAY_AMOUNT_MAX, NULL, NULL },
    { "refund_quantity", PAY_SIM_INTEGER, 1, 1, PAY_AMOUNT_MAX, NULL, NULL },

    PAY_WXS_END
};


const pay_sim_rule_t  pay_wxs_refund_rules[] = {

    PAY_WXS_SUB_MCHID(0),
    { "transaction_id", PAY_SIM_STRING, 0, 1, 32, NULL,
      pay_wxs_transaction_number },
    { "out_trade_no", PAY_SIM_STRING, 0, 6, 32, NULL, pay_wxs_number },
    { "out_refund_no", PAY_SIM_STRING, 1, 1, 64, NULL, pay_wxs_long_number },
    { "reason", PAY_SIM_STRING, 0, 1, 80, NULL, NULL },
    { "notify_url", PAY_SIM_STRING, 0, 8, 256, NULL, pay_wxs_notify_url },
    { "funds_account", PAY_SIM_STRING, 0, 1, 32, NULL,
      pay_wxs_funds_account },
    { "amount", PAY_SIM_OBJECT, 1, 0, 0, pay_wxs_refund_amount, NULL },
    { "goods_detail", PAY_SIM_OBJECTS, 0, 1, 6000, pay_wxs_refund_goods,
      NULL },

    PAY_WXS_END
};


/* section 8.10; user_name is encrypted, and comes in another text each time */

static const pay_sim_rule_t  pay_wxs_report_infos[] = {

    { "info_type", PAY_SIM_STRING, 1, 1, 15, NULL, NULL },
    { "info_content", PAY_SIM_STRING, 1, 1, 32, NULL, NULL },

    PAY_WXS_END
};


static const pay_sim_rule_t  pay_wxs_recv_style[] = {

    { "type", PAY_SIM_STRING, 1, 1, 32, NULL, pay_wxs_recv_type },

    PAY_WXS_END
};


const pay_sim_rule_t  pay_wxs_transfer_rules[] = {

    { "appid", PAY_SIM_STRING, 1, 1, 32, NULL, NULL },
    { "out_bill_no", PAY_SIM_STRING, 1, 1, 32, NULL, pay_wxs_bill_number },
    { "transfer_scene_id", PAY_SIM_STRING, 1, 1, 36, NULL, NULL },
    { "openid", PAY_SIM_STRING, 1, 1, 64, NULL, NULL },
    { "user_name", PAY_SIM_STRING, 0, 1, 1024, NULL, NULL },
    { "transfer_amount", PAY_SIM_INTEGER, 1, 1, PAY_AMOUNT_MAX, NULL, NULL },
    { "transfer_remark", PAY_SIM_STRING, 1, 1, 32, NULL, NULL },
    { "notify_url", PAY_SIM_STRING, 0, 1, 256, NULL, pay_wxs_notify_url },
    { "user_recv_perception", PAY_SIM_STRING, 0, 1, 32, NULL, NULL },
    { "transfer_scene_report_infos", PAY_SIM_OBJECTS, 1, 1, 10,
      pay_wxs_report_infos, NULL },
    { "user_recv_style", PAY_SIM_OBJECT, 0, 0, 0, pay_wxs_recv_style, NULL },

    PAY_WXS_END
};


const pay_sim_rule_t  pay_wxs_no_rules[] = {

    PAY_WXS_END
};


/* section 8.8 */

#define PAY_WXS_TRANSACTION                                                  \
    { "transaction_id", PAY_SIM_STRING, 1, 1, 32, NULL,                      \
      pay_wxs_transaction_number }

#define PAY_WXS_OUT_ORDER_NO(required)                                       \
    { "out_order_no", PAY_SIM_STRING, required, 1, 64, NULL,                 \
      pay_wxs_long_number }


static const pay_sim_rule_t  pay_wxs_split_receivers[] = {

    { "type", PAY_SIM_STRING, 1, 1, 32, NULL, pay_wxs_receiver_type },
    { "account", PAY_SIM_STRING, 1, 1, 64, NULL, NULL },
    { "name", PAY_SIM_STRING, 0, 1, 1024, NULL, NULL },
    { "amount", PAY_SIM_INTEGER, 1, 1, PAY_AMOUNT_MAX, NULL, NULL },
    { "description", PAY_SIM_STRING, 1, 1, 80, NULL, NULL },

    PAY_WXS_END
};


const pay_sim_rule_t  pay_wxs_split_rules[] = {

    PAY_WXS_SUB_MCHID(0),
    { "appid", PAY_SIM_STRING, 1, 1, 32, NULL, NULL },
    { "sub_appid", PAY_SIM_STRING, 0, 1, 32, NULL, NULL },
    PAY_WXS_TRANSACTION,
    PAY_WXS_OUT_ORDER_NO(1),
    { "receivers", PAY_SIM_OBJECTS, 1, 1, PAY_WXS_RECEIVERS,
      pay_wxs_split_receivers, NULL },
    { "unfreeze_unsplit", PAY_SIM_BOOLEAN, 1, 0, 0, NULL, NULL },

    PAY_WXS_END
};


const pay_sim_rule_t  pay_wxs_unfreeze_rules[] = {

    PAY_WXS_SUB_MCHID(0),
    PAY_WXS_TRANSACTION,
    PAY_WXS_OUT_ORDER_NO(1),
    { "description", PAY_SIM_STRING, 1, 1, 80, NULL, NULL },

    PAY_WXS_END
};


const pay_sim_rule_t  pay_wxs_split_query_rules[] = {

    PAY_WXS_SUB_MCHID(0),
    PAY_WXS_TRANSACTION,

    PAY_WXS_END
};


const pay_sim_rule_t  pay_wxs_return_rules[] = {

    PAY_WXS_SUB_MCHID(0),
    { "order_id", PAY_SIM_STRING, 0, 1, 64, NULL, pay_wxs_long_number },
    PAY_WXS_OUT_ORDER_NO(0),
    { "out_return_no", PAY_SIM_STRING, 1, 1, 64, NULL, pay_wxs_long_number },
    { "return_mchid", PAY_SIM_STRING, 1, 1, 32, NULL, NULL },
    { "amount", PAY_SIM_INTEGER, 1, 1, PAY_AMOUNT_MAX, NULL, NULL },
    { "description", PAY_SIM_STRING, 1, 1, 80, NULL, NULL },

    PAY_WXS_END
};


const pay_sim_rule_t  pay_wxs_return_query_rules[] = {

    PAY_WXS_SUB_MCHID(0),
    PAY_WXS_OUT_ORDER_NO(1),

    PAY_WXS_END
};


const pay_sim_rule_t  pay_wxs_receiver_add_rules[] = {

    PAY_WXS_SUB_MCHID(0),
    { "appid", PAY_SIM_STRING, 1, 1, 32, NULL, NULL },
    { "sub_appid", PAY_SIM_STRING, 0, 1, 32, NULL, NULL },
    { "type", PAY_SIM_STRING, 1, 1, 32, NULL, pay_wxs_receiver_type },
    { "account", PAY_SIM_STRING, 1, 1, 64, NULL, NULL },
    { "name", PAY_SIM_STRING, 0, 1, 1024, NULL, NULL },
    { "relation_type", PAY_SIM_STRING, 1, 1, 32, NULL, pay_wxs_relation },
    { "custom_relation", PAY_SIM_STRING, 0, 1, 10, NULL, NULL },

    PAY_WXS_END
};


const pay_sim_rule_t  pay_wxs_receiver_delete_rules[] = {

    PAY_WXS_SUB_MCHID(0),
    { "appid", PAY_SIM_STRING, 1, 1, 32, NULL, NULL },
    { "sub_appid", PAY_SIM_STRING, 0, 1, 32, NULL, NULL },
    { "type", PAY_SIM_STRING, 1, 1, 32, NULL, pay_wxs_receiver_type },
    { "account", PAY_SIM_STRING, 1, 1, 64, NULL, NULL },

    PAY_WXS_END
};


/* section 8.7 */

#define PAY_WXS_BILL_DATE                                                    \
    { "bill_date", PAY_SIM_STRING, 1, 10, 10, NULL, pay_wxs_date }

#define PAY_WXS_TAR                                                          \
    { "tar_type", PAY_SIM_STRING, 0, 1, 8, NULL, pay_wxs_tar }


const pay_sim_rule_t  pay_wxs_trade_rules[] = {

    PAY_WXS_BILL_DATE,
    PAY_WXS_SUB_MCHID(0),
    { "bill_type", PAY_SIM_STRING, 0, 1, 16, NULL, pay_wxs_bill_type },
    PAY_WXS_TAR,

    PAY_WXS_END
};


const pay_sim_rule_t  pay_wxs_fund_rules[] = {

    PAY_WXS_BILL_DATE,
    { "account_type", PAY_SIM_STRING, 0, 1, 16, NULL, pay_wxs_account_type },
    PAY_WXS_TAR,

    PAY_WXS_END
};


const pay_sim_rule_t  pay_wxs_download_rules[] = {

    { "token", PAY_SIM_STRING, 1, 1, 256, NULL, NULL },
    { "tartype", PAY_SIM_STRING, 0, 4, 4, NULL, pay_wxs_tar_file },

    PAY_WXS_END
};


int
pay_wxs_one_of(pay_str_t text, const char *words)
{
    size_t  n;

    for ( /* void */ ; *words != '\0'; words += n + (words[n] == ' ')) {
        n = strcspn(words, " ");

        if (text.len == n && memcmp(text.data, words, n) == 0) {
            return 1;
        }
    }

    return 0;
}


/* section 8.0 */

int
pay_wxs_long_number(pay_str_t number)
{
    return pay_str_token(number, "_-*@|", 1, 64);
}


int
pay_wxs_transaction_number(pay_str_t number)
{
    return pay_str_token(number, "", 1, 32);
}


int
pay_wxs_bill_number(pay_str_t number)
{
    return pay_str_token(number, "", 1, 32);
}


static int
pay_wxs_recv_type(pay_str_t text)
{
    return pay_wxs_one_of(text, "CONFIRM_PAGE RED_PACKET");
}


static int
pay_wxs_receiver_type(pay_str_t text)
{
    return pay_wxs_one_of(text, "MERCHANT_ID PERSONAL_OPENID"
                                " PERSONAL_SUB_OPENID");
}


static int
pay_wxs_relation(pay_str_t text)
{
    return pay_wxs_one_of(text, "SERVICE_PROVIDER STORE STAFF STORE_OWNER"
                                " PARTNER HEADQUARTER BRAND DISTRIBUTOR USER"
                                " SUPPLIER CUSTOM");
}


/* YYYY-MM-DD: that there is such a day the journal knows */

static int
pay_wxs_date(pay_str_t text)
{
    size_t  i;

    for (i = 0; i < text.len; i++) {
        if (i == 4 || i == 7 ? text.data[i] != '-'
                             : text.data[i] < '0' || text.data[i] > '9')
        {
            return 0;
        }
    }

    return 1;
}


static int
pay_wxs_tar(pay_str_t text)
{
    return pay_str_eqz(text, "GZIP");
}


static int
pay_wxs_tar_file(pay_str_t text)
{
    return pay_str_eqz(text, "gzip");
}


static int
pay_wxs_bill_type(pay_str_t text)
{
    return pay_wxs_one_of(text, "ALL SUCCESS REFUND");
}


static int
pay_wxs_account_type(pay_str_t text)
{
    return pay_wxs_one_of(text, "BASIC OPERATION FEES");
}


static int
pay_wxs_algorithm(pay_str_t text)
{
    return pay_wxs_one_of(text, "RSA ALL");
}


static int
pay_wxs_from_account(pay_str_t text)
{
    return pay_wxs_one_of(text, "AVAILABLE UNAVAILABLE");
}


static int
pay_wxs_funds_account(pay_str_t text)
{
    return pay_str_eqz(text, "AVAILABLE");
}
