
/*
 * Copyright (C) the ngx_pay authors
 *
 * Alipay simulator: what biz_content may hold, sections 7.1 to 7.9 of the
 * channel document row by row.
 */

#include <sandbox/pay_sim_alipay.h>


/* one of two, which the reader of the request sees to */

#define PAY_ALIS_WHICH                                                       \
    PAY_ALIS_TEXT("trade_no", 64),                                           \
    { "out_trade_no", PAY_SIM_STRING, 0, 1, 64, NULL, pay_alis_is_number }

/* section 7.1 */

#define PAY_ALIS_TRADE                                                       \
    { "out_trade_no", PAY_SIM_STRING, 1, 1, 64, NULL, pay_alis_is_number },  \
    { "total_amount", PAY_SIM_STRING, 1, 1, 12, NULL, pay_alis_is_money },   \
    { "subject", PAY_SIM_STRING, 1, 1, 256, NULL, pay_alis_is_subject },     \
    { "seller_id", PAY_SIM_STRING, 0, 16, 28, NULL, pay_alis_is_seller },    \
    { "timeout_express", PAY_SIM_STRING, 0, 2, 6, NULL,                      \
      pay_alis_is_timeout },                                                 \
    { "time_expire", PAY_SIM_STRING, 0, 19, 19, NULL, NULL },                \
    { "extend_params", PAY_SIM_OBJECT, 0, 0, 0, pay_alis_extend, NULL },     \
    { "goods_detail", PAY_SIM_OBJECTS, 0, 0, 100, pay_alis_goods, NULL },    \
    { "query_options", PAY_SIM_STRINGS, 0, 0, 1024, NULL, NULL },            \
    PAY_ALIS_TEXT("body", 128),                                              \
    PAY_ALIS_TEXT("product_code", 64),                                       \
    PAY_ALIS_TEXT("passback_params", 512),                                   \
    PAY_ALIS_MONEY("discountable_amount"),                                   \
    PAY_ALIS_MONEY("undiscountable_amount"),                                 \
    PAY_ALIS_TEXT("enable_pay_channels", 128),                               \
    PAY_ALIS_TEXT("disable_pay_channels", 128),                              \
    PAY_ALIS_TEXT("operator_id", 28),                                        \
    PAY_ALIS_TEXT("store_id", 32),                                           \
    PAY_ALIS_TEXT("terminal_id", 32),                                        \
    PAY_ALIS_TEXT("merchant_order_no", 32),                                  \
    PAY_ALIS_TEXT("business_params", 512)


static int pay_alis_is_number(pay_str_t text);
static int pay_alis_is_subject(pay_str_t text);
static int pay_alis_is_seller(pay_str_t text);
static int pay_alis_is_timeout(pay_str_t text);
static int pay_alis_is_scene(pay_str_t text);
static int pay_alis_is_auth_code(pay_str_t text);


static const pay_sim_rule_t  pay_alis_extend[] = {

    PAY_ALIS_TEXT("sys_service_provider_id", 64),
    PAY_ALIS_TEXT("hb_fq_num", 5),
    PAY_ALIS_TEXT("hb_fq_seller_percent", 3),
    PAY_ALIS_TEXT("industry_reflux_info", 512),
    PAY_ALIS_TEXT("card_type", 32),
    PAY_ALIS_TEXT("royalty_freeze", 5),
    PAY_ALIS_TEXT("specified_seller_name", 32),

    PAY_ALIS_END
};


static const pay_sim_rule_t  pay_alis_goods[] = {

    { "goods_id", PAY_SIM_STRING, 1, 1, 64, NULL, NULL },
    { "goods_name", PAY_SIM_STRING, 1, 1, 256, NULL, NULL },
    { "quantity", PAY_SIM_INTEGER, 1, 1, PAY_AMOUNT_MAX, NULL, NULL },
    { "price", PAY_SIM_STRING, 1, 1, 12, NULL, pay_alis_is_money },
    PAY_ALIS_TEXT("goods_category", 24),
    PAY_ALIS_TEXT("categories_tree", 128),
    PAY_ALIS_TEXT("body", 1000),
    PAY_ALIS_TEXT("show_url", 400),

    PAY_ALIS_END
};


const pay_sim_rule_t  pay_alis_precreate_rules[] = {

    PAY_ALIS_TRADE,
    { "qr_code_timeout_express", PAY_SIM_STRING, 0, 2, 6, NULL,
      pay_alis_is_timeout },
    PAY_ALIS_TEXT("code_type", 32),

    PAY_ALIS_END
};


/* section 7.5 */

const pay_sim_rule_t  pay_alis_page_rules[] = {

    PAY_ALIS_TRADE,
    PAY_ALIS_TEXT("qr_pay_mode", 2),
    PAY_ALIS_TEXT("qrcode_width", 4),
    PAY_ALIS_TEXT("integration_type", 16),
    PAY_ALIS_TEXT("quit_url", 400),
    PAY_ALIS_TEXT("request_from_url", 256),

    PAY_ALIS_END
};


const pay_sim_rule_t  pay_alis_create_rules[] = {

    PAY_ALIS_TRADE,
    PAY_ALIS_TEXT("buyer_id", 28),
    PAY_ALIS_TEXT("buyer_open_id", 128),
    PAY_ALIS_TEXT("op_app_id", 32),
    PAY_ALIS_TEXT("buyer_logon_id", 100),

    PAY_ALIS_END
};


const pay_sim_rule_t  pay_alis_pay_rules[] = {

    PAY_ALIS_TRADE,
    { "scene", PAY_SIM_STRING, 0, 1, 32, NULL, pay_alis_is_scene },
    { "auth_code", PAY_SIM_STRING, 1, 16, 64, NULL, pay_alis_is_auth_code },

    PAY_ALIS_END
};


const pay_sim_rule_t  pay_alis_query_rules[] = {

    PAY_ALIS_WHICH,
    { "query_options", PAY_SIM_STRINGS, 0, 0, 1024, NULL, NULL },
    PAY_ALIS_TEXT("org_pid", 16),

    PAY_ALIS_END
};


const pay_sim_rule_t  pay_alis_close_rules[] = {

    PAY_ALIS_WHICH,
    PAY_ALIS_TEXT("operator_id", 28),

    PAY_ALIS_END
};


const pay_sim_rule_t  pay_alis_cancel_rules[] = {

    PAY_ALIS_WHICH,

    PAY_ALIS_END
};


static const pay_sim_rule_t  pay_alis_royalty_back[] = {

    PAY_ALIS_TEXT("royalty_type", 32),
    PAY_ALIS_TEXT("trans_out", 64),
    PAY_ALIS_TEXT("trans_out_type", 32),
    PAY_ALIS_TEXT("trans_in", 64),
    PAY_ALIS_TEXT("trans_in_type", 32),
    { "amount", PAY_SIM_STRING, 1, 1, 12, NULL, pay_alis_is_money },
    PAY_ALIS_TEXT("desc", 1000),

    PAY_ALIS_END
};


const pay_sim_rule_t  pay_alis_refund_rules[] = {

    PAY_ALIS_WHICH,
    { "refund_amount", PAY_SIM_STRING, 1, 1, 12, NULL, pay_alis_is_money },
    PAY_ALIS_TEXT("out_request_no", 64),
    PAY_ALIS_TEXT("refund_reason", 256),
    PAY_ALIS_TEXT("operator_id", 30),
    PAY_ALIS_TEXT("store_id", 32),
    PAY_ALIS_TEXT("terminal_id", 32),
    { "query_options", PAY_SIM_STRINGS, 0, 0, 1024, NULL, NULL },
    { "refund_royalty_parameters", PAY_SIM_OBJECTS, 0, 0, 20,
      pay_alis_royalty_back, NULL },

    PAY_ALIS_END
};


const pay_sim_rule_t  pay_alis_refund_query_rules[] = {

    PAY_ALIS_WHICH,
    { "out_request_no", PAY_SIM_STRING, 1, 1, 64, NULL, NULL },
    { "query_options", PAY_SIM_STRINGS, 0, 0, 1024, NULL, NULL },

    PAY_ALIS_END
};


static int
pay_alis_is_number(pay_str_t text)
{
    return pay_str_token(text, "_", 1, 64);
}


/* yuan, 0.01 to 100000000.00 */

int
pay_alis_is_money(pay_str_t text)
{
    int64_t  amount;

    return pay_amount_from_decimal(text, 2, &amount) == PAY_OK && amount >= 1
           && amount <= INT64_C(10000000000);
}


static int
pay_alis_is_subject(pay_str_t text)
{
    size_t  i;

    for (i = 0; i < text.len; i++) {
        if (strchr("/=&", text.data[i]) != NULL) {
            return 0;
        }
    }

    return 1;
}


static int
pay_alis_is_seller(pay_str_t text)
{
    uint64_t  n;

    return text.len == 16 && pay_str_starts(text, "2088")
           && pay_str_uint(text, UINT64_C(9999999999999999), &n) == PAY_OK;
}


static int
pay_alis_is_timeout(pay_str_t text)
{
    int64_t  seconds;

    return pay_alis_timeout(text, &seconds) == PAY_OK;
}


static int
pay_alis_is_scene(pay_str_t text)
{
    return pay_str_eqz(text, "bar_code") || pay_str_eqz(text, "security_code");
}


/* section 7.3 */

static int
pay_alis_is_auth_code(pay_str_t text)
{
    size_t  i;

    if (pay_str_starts(text, "fp")) {
        return text.len == 35 && pay_str_token(text, "", 35, 35);
    }

    for (i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return 0;
        }
    }

    return text.len <= 24
           && ((text.data[0] == '2' && text.data[1] >= '5')
               || (text.data[0] == '3' && text.data[1] == '0'));
}


pay_rc_t
pay_alis_timeout(pay_str_t text, int64_t *seconds)
{
    uint64_t   n;
    pay_str_t  digits;

    if (text.len < 2) {
        return PAY_INVALID;
    }

    digits = (pay_str_t) { text.len - 1, text.data };

    if (pay_str_uint(digits, 21600, &n) != PAY_OK || n == 0) {
        return PAY_INVALID;
    }

    switch (text.data[text.len - 1]) {

    case 'm':
        *seconds = (int64_t) n * 60;
        break;

    case 'h':
        *seconds = (int64_t) n * 3600;
        break;

    case 'd':
        *seconds = (int64_t) n * 86400;
        break;

    case 'c':
        *seconds = 0;
        return n == 1 ? PAY_OK : PAY_INVALID;

    default:
        return PAY_INVALID;
    }

    return *seconds <= 15 * 86400 ? PAY_OK : PAY_INVALID;
}
