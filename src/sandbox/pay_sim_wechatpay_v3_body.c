
/*
 * Copyright (C) the ngx_pay authors
 *
 * WeChat Pay APIv3 simulator: what request bodies may hold, section 8.1 of
 * the channel document row by row.  Native prepay has no payer, and scene_info
 * of it no h5_info.
 */

#include <arpa/inet.h>

#include <sandbox/pay_sim_wechatpay_v3.h>


static int pay_wxs_notify_url(pay_str_t url);
static int pay_wxs_time(pay_str_t text);
static int pay_wxs_cny(pay_str_t text);
static int pay_wxs_limit_pay(pay_str_t text);
static int pay_wxs_ip(pay_str_t text);


static const pay_sim_rule_t  pay_wxs_amount[] = {

    { "total", PAY_SIM_INTEGER, 1, 1, PAY_AMOUNT_MAX, NULL, NULL },
    { "currency", PAY_SIM_STRING, 0, 1, 16, NULL, pay_wxs_cny },

    { NULL, PAY_SIM_STRING, 0, 0, 0, NULL, NULL }
};


static const pay_sim_rule_t  pay_wxs_goods[] = {

    { "merchant_goods_id", PAY_SIM_STRING, 1, 1, 32, NULL, NULL },
    { "wechatpay_goods_id", PAY_SIM_STRING, 0, 1, 32, NULL, NULL },
    { "goods_name", PAY_SIM_STRING, 0, 1, 256, NULL, NULL },
    { "quantity", PAY_SIM_INTEGER, 1, 1, PAY_AMOUNT_MAX, NULL, NULL },
    { "unit_price", PAY_SIM_INTEGER, 1, 0, PAY_AMOUNT_MAX, NULL, NULL },

    { NULL, PAY_SIM_STRING, 0, 0, 0, NULL, NULL }
};


static const pay_sim_rule_t  pay_wxs_detail[] = {

    { "cost_price", PAY_SIM_INTEGER, 0, 0, PAY_AMOUNT_MAX, NULL, NULL },
    { "invoice_id", PAY_SIM_STRING, 0, 1, 32, NULL, NULL },
    { "goods_detail", PAY_SIM_OBJECTS, 0, 1, 6000, pay_wxs_goods, NULL },

    { NULL, PAY_SIM_STRING, 0, 0, 0, NULL, NULL }
};


static const pay_sim_rule_t  pay_wxs_store_info[] = {

    { "id", PAY_SIM_STRING, 1, 1, 32, NULL, NULL },
    { "name", PAY_SIM_STRING, 0, 1, 256, NULL, NULL },
    { "area_code", PAY_SIM_STRING, 0, 1, 32, NULL, NULL },
    { "address", PAY_SIM_STRING, 0, 1, 512, NULL, NULL },

    { NULL, PAY_SIM_STRING, 0, 0, 0, NULL, NULL }
};


static const pay_sim_rule_t  pay_wxs_scene_info[] = {

    { "payer_client_ip", PAY_SIM_STRING, 1, 1, 45, NULL, pay_wxs_ip },
    { "device_id", PAY_SIM_STRING, 0, 1, 32, NULL, NULL },
    { "store_info", PAY_SIM_OBJECT, 0, 0, 0, pay_wxs_store_info, NULL },

    { NULL, PAY_SIM_STRING, 0, 0, 0, NULL, NULL }
};


static const pay_sim_rule_t  pay_wxs_settle_info[] = {

    { "profit_sharing", PAY_SIM_BOOLEAN, 0, 0, 0, NULL, NULL },

    { NULL, PAY_SIM_STRING, 0, 0, 0, NULL, NULL }
};


const pay_sim_rule_t  pay_wxs_native_rules[] = {

    { "appid", PAY_SIM_STRING, 1, 1, 32, NULL, NULL },
    { "mchid", PAY_SIM_STRING, 1, 1, 32, NULL, NULL },
    { "description", PAY_SIM_STRING, 1, 1, 127, NULL, NULL },
    { "out_trade_no", PAY_SIM_STRING, 1, 6, 32, NULL, pay_wxs_number },
    { "time_expire", PAY_SIM_STRING, 0, 1, 64, NULL, pay_wxs_time },
    { "attach", PAY_SIM_STRING, 0, 1, 128, NULL, NULL },
    { "notify_url", PAY_SIM_STRING, 1, 1, 256, NULL, pay_wxs_notify_url },
    { "goods_tag", PAY_SIM_STRING, 0, 1, 32, NULL, NULL },
    { "support_fapiao", PAY_SIM_BOOLEAN, 0, 0, 0, NULL, NULL },
    { "limit_pay", PAY_SIM_STRINGS, 0, 1, 4, NULL, pay_wxs_limit_pay },
    { "amount", PAY_SIM_OBJECT, 1, 0, 0, pay_wxs_amount, NULL },
    { "detail", PAY_SIM_OBJECT, 0, 0, 6144, pay_wxs_detail, NULL },
    { "scene_info", PAY_SIM_OBJECT, 0, 0, 0, pay_wxs_scene_info, NULL },
    { "settle_info", PAY_SIM_OBJECT, 0, 0, 0, pay_wxs_settle_info, NULL },

    { NULL, PAY_SIM_STRING, 0, 0, 0, NULL, NULL }
};


const pay_sim_rule_t  pay_wxs_close_rules[] = {

    { "mchid", PAY_SIM_STRING, 1, 1, 32, NULL, NULL },

    { NULL, PAY_SIM_STRING, 0, 0, 0, NULL, NULL }
};


int
pay_wxs_number(pay_str_t number)
{
    return pay_str_token(number, "_-*|", 6, 32);
}


/* section 8.0; http is for a sandbox on the developer's own machine */

static int
pay_wxs_notify_url(pay_str_t url)
{
    pay_str_t  host, target;

    return pay_sim_url(url, &host, &target) == PAY_OK
           && memchr(target.data, '?', target.len) == NULL;
}


/* section 8.0: seconds with an offset, and no fraction */

static int
pay_wxs_time(pay_str_t text)
{
    int64_t  t;

    return pay_time_parse(text, &t) == PAY_OK
           && memchr(text.data, '.', text.len) == NULL;
}


static int
pay_wxs_cny(pay_str_t text)
{
    return pay_str_eqz(text, "CNY");
}


static int
pay_wxs_limit_pay(pay_str_t text)
{
    return pay_str_eqz(text, "no_balance") || pay_str_eqz(text, "no_credit")
           || pay_str_eqz(text, "no_debit")
           || pay_str_eqz(text, "balance_only");
}


static int
pay_wxs_ip(pay_str_t text)
{
    char    z[46];
    pay_u8  addr[16];

    if (text.len >= sizeof(z)) {
        return 0;
    }

    memcpy(z, text.data, text.len);
    z[text.len] = '\0';

    return inet_pton(AF_INET, z, addr) == 1
           || inet_pton(AF_INET6, z, addr) == 1;
}
