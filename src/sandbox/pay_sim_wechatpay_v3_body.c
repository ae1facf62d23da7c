
/*
 * Copyright (C) the ngx_pay authors
 *
 * WeChat Pay APIv3 simulator: what a prepay may hold, sections 8.1 and 8.3 of
 * the channel document row by row.  Only JSAPI has a payer, and only H5 an
 * h5_info.
 */

#include <arpa/inet.h>

#include <sandbox/pay_sim_wechatpay_v3.h>


static int pay_wxs_time(pay_str_t text);
static int pay_wxs_limit_pay(pay_str_t text);
static int pay_wxs_ip(pay_str_t text);
static int pay_wxs_h5_type(pay_str_t text);
static int pay_wxs_identity_type(pay_str_t text);


/* the end of a table, and the rows that several of them have */

#define PAY_WXS_END  { NULL, PAY_SIM_STRING, 0, 0, 0, NULL, NULL }

#define PAY_WXS_DIRECT                                                       \
    { "appid", PAY_SIM_STRING, 1, 1, 32, NULL, NULL },                       \
    { "mchid", PAY_SIM_STRING, 1, 1, 32, NULL, NULL }

#define PAY_WXS_PARTNER                                                      \
    { "sp_appid", PAY_SIM_STRING, 1, 1, 32, NULL, NULL },                    \
    { "sp_mchid", PAY_SIM_STRING, 1, 1, 32, NULL, NULL },                    \
    { "sub_appid", PAY_SIM_STRING, 0, 1, 32, NULL, NULL },                   \
    { "sub_mchid", PAY_SIM_STRING, 1, 1, 32, NULL, pay_wxs_transaction_number }

#define PAY_WXS_COMMON                                                       \
    { "description", PAY_SIM_STRING, 1, 1, 127, NULL, NULL },                \
    { "out_trade_no", PAY_SIM_STRING, 1, 6, 32, NULL, pay_wxs_number },      \
    { "time_expire", PAY_SIM_STRING, 0, 1, 64, NULL, pay_wxs_time },         \
    { "attach", PAY_SIM_STRING, 0, 1, 128, NULL, NULL },                     \
    { "notify_url", PAY_SIM_STRING, 1, 1, 256, NULL, pay_wxs_notify_url },   \
    { "goods_tag", PAY_SIM_STRING, 0, 1, 32, NULL, NULL },                   \
    { "support_fapiao", PAY_SIM_BOOLEAN, 0, 0, 0, NULL, NULL },              \
    { "limit_pay", PAY_SIM_STRINGS, 0, 1, 4, NULL, pay_wxs_limit_pay },      \
    { "amount", PAY_SIM_OBJECT, 1, 0, 0, pay_wxs_amount, NULL },             \
    { "detail", PAY_SIM_OBJECT, 0, 0, 6144, pay_wxs_detail, NULL }

#define PAY_WXS_SCENE_ROWS                                                   \
    { "payer_client_ip", PAY_SIM_STRING, 1, 1, 45, NULL, pay_wxs_ip },       \
    { "device_id", PAY_SIM_STRING, 0, 1, 32, NULL, NULL },                   \
    { "store_info", PAY_SIM_OBJECT, 0, 0, 0, pay_wxs_store_info, NULL }


static const pay_sim_rule_t  pay_wxs_amount[] = {

    { "total", PAY_SIM_INTEGER, 1, 1, PAY_AMOUNT_MAX, NULL, NULL },
    { "currency", PAY_SIM_STRING, 0, 1, 16, NULL, pay_wxs_cny },

    PAY_WXS_END
};


static const pay_sim_rule_t  pay_wxs_goods[] = {

    { "merchant_goods_id", PAY_SIM_STRING, 1, 1, 32, NULL, NULL },
    { "wechatpay_goods_id", PAY_SIM_STRING, 0, 1, 32, NULL, NULL },
    { "goods_name", PAY_SIM_STRING, 0, 1, 256, NULL, NULL },
    { "quantity", PAY_SIM_INTEGER, 1, 1, PAY_AMOUNT_MAX, NULL, NULL },
    { "unit_price", PAY_SIM_INTEGER, 1, 0, PAY_AMOUNT_MAX, NULL, NULL },

    PAY_WXS_END
};


static const pay_sim_rule_t  pay_wxs_detail[] = {

    { "cost_price", PAY_SIM_INTEGER, 0, 0, PAY_AMOUNT_MAX, NULL, NULL },
    { "invoice_id", PAY_SIM_STRING, 0, 1, 32, NULL, NULL },
    { "goods_detail", PAY_SIM_OBJECTS, 0, 1, 6000, pay_wxs_goods, NULL },

    PAY_WXS_END
};


static const pay_sim_rule_t  pay_wxs_store_info[] = {

    { "id", PAY_SIM_STRING, 1, 1, 32, NULL, NULL },
    { "name", PAY_SIM_STRING, 0, 1, 256, NULL, NULL },
    { "area_code", PAY_SIM_STRING, 0, 1, 32, NULL, NULL },
    { "address", PAY_SIM_STRING, 0, 1, 512, NULL, NULL },

    PAY_WXS_END
};


static const pay_sim_rule_t  pay_wxs_scene_info[] = {

    PAY_WXS_SCENE_ROWS,

    PAY_WXS_END
};


static const pay_sim_rule_t  pay_wxs_h5_info[] = {

    { "type", PAY_SIM_STRING, 1, 1, 32, NULL, pay_wxs_h5_type },
    { "app_name", PAY_SIM_STRING, 0, 1, 64, NULL, NULL },
    { "app_url", PAY_SIM_STRING, 0, 1, 128, NULL, NULL },
    { "bundle_id", PAY_SIM_STRING, 0, 1, 128, NULL, NULL },
    { "package_name", PAY_SIM_STRING, 0, 1, 128, NULL, NULL },

    PAY_WXS_END
};


static const pay_sim_rule_t  pay_wxs_h5_scene_info[] = {

    PAY_WXS_SCENE_ROWS,
    { "h5_info", PAY_SIM_OBJECT, 1, 0, 0, pay_wxs_h5_info, NULL },

    PAY_WXS_END
};


static const pay_sim_rule_t  pay_wxs_settle_info[] = {

    { "profit_sharing", PAY_SIM_BOOLEAN, 0, 0, 0, NULL, NULL },

    PAY_WXS_END
};


static const pay_sim_rule_t  pay_wxs_sp_settle_info[] = {

    { "profit_sharing", PAY_SIM_BOOLEAN, 0, 0, 0, NULL, NULL },
    { "subsidy_amount", PAY_SIM_INTEGER, 0, 0, PAY_AMOUNT_MAX, NULL, NULL },

    PAY_WXS_END
};


static const pay_sim_rule_t  pay_wxs_identity[] = {

    { "type", PAY_SIM_STRING, 1, 1, 32, NULL, pay_wxs_identity_type },
    { "number", PAY_SIM_STRING, 1, 1, 1024, NULL, NULL },
    { "name", PAY_SIM_STRING, 1, 1, 1024, NULL, NULL },

    PAY_WXS_END
};


static const pay_sim_rule_t  pay_wxs_payer[] = {

    { "openid", PAY_SIM_STRING, 1, 1, 128, NULL, NULL },
    { "identity", PAY_SIM_OBJECT, 0, 0, 0, pay_wxs_identity, NULL },

    PAY_WXS_END
};


/* exactly one of the two, which no table can say */

static const pay_sim_rule_t  pay_wxs_sp_payer[] = {

    { "sp_openid", PAY_SIM_STRING, 0, 1, 128, NULL, NULL },
    { "sub_openid", PAY_SIM_STRING, 0, 1, 128, NULL, NULL },
    { "identity", PAY_SIM_OBJECT, 0, 0, 0, pay_wxs_identity, NULL },

    PAY_WXS_END
};


const pay_sim_rule_t  pay_wxs_native_rules[] = {

    PAY_WXS_DIRECT,
    PAY_WXS_COMMON,
    { "scene_info", PAY_SIM_OBJECT, 0, 0, 0, pay_wxs_scene_info, NULL },
    { "settle_info", PAY_SIM_OBJECT, 0, 0, 0, pay_wxs_settle_info, NULL },

    PAY_WXS_END
};


const pay_sim_rule_t  pay_wxs_jsapi_rules[] = {

    PAY_WXS_DIRECT,
    PAY_WXS_COMMON,
    { "payer", PAY_SIM_OBJECT, 1, 0, 0, pay_wxs_payer, NULL },
    { "scene_info", PAY_SIM_OBJECT, 0, 0, 0, pay_wxs_scene_info, NULL },
    { "settle_info", PAY_SIM_OBJECT, 0, 0, 0, pay_wxs_settle_info, NULL },

    PAY_WXS_END
};


const pay_sim_rule_t  pay_wxs_app_rules[] = {

    PAY_WXS_DIRECT,
    PAY_WXS_COMMON,
    { "scene_info", PAY_SIM_OBJECT, 0, 0, 0, pay_wxs_scene_info, NULL },
    { "settle_info", PAY_SIM_OBJECT, 0, 0, 0, pay_wxs_settle_info, NULL },

    PAY_WXS_END
};


const pay_sim_rule_t  pay_wxs_h5_rules[] = {

    PAY_WXS_DIRECT,
    PAY_WXS_COMMON,
    { "scene_info", PAY_SIM_OBJECT, 1, 0, 0, pay_wxs_h5_scene_info, NULL },
    { "settle_info", PAY_SIM_OBJECT, 0, 0, 0, pay_wxs_settle_info, NULL },

    PAY_WXS_END
};


const pay_sim_rule_t  pay_wxs_sp_native_rules[] = {

    PAY_WXS_PARTNER,
    PAY_WXS_COMMON,
    { "scene_info", PAY_SIM_OBJECT, 0, 0, 0, pay_wxs_scene_info, NULL },
    { "settle_info", PAY_SIM_OBJECT, 0, 0, 0, pay_wxs_sp_settle_info, NULL },

    PAY_WXS_END
};


const pay_sim_rule_t  pay_wxs_sp_jsapi_rules[] = {

    PAY_WXS_PARTNER,
    PAY_WXS_COMMON,
    { "payer", PAY_SIM_OBJECT, 1, 0, 0, pay_wxs_sp_payer, NULL },
    { "scene_info", PAY_SIM_OBJECT, 0, 0, 0, pay_wxs_scene_info, NULL },
    { "settle_info", PAY_SIM_OBJECT, 0, 0, 0, pay_wxs_sp_settle_info, NULL },

    PAY_WXS_END
};


const pay_sim_rule_t  pay_wxs_sp_app_rules[] = {

    PAY_WXS_PARTNER,
    PAY_WXS_COMMON,
    { "scene_info", PAY_SIM_OBJECT, 0, 0, 0, pay_wxs_scene_info, NULL },
    { "settle_info", PAY_SIM_OBJECT, 0, 0, 0, pay_wxs_sp_settle_info, NULL },

    PAY_WXS_END
};


const pay_sim_rule_t  pay_wxs_sp_h5_rules[] = {

    PAY_WXS_PARTNER,
    PAY_WXS_COMMON,
    { "scene_info", PAY_SIM_OBJECT, 1, 0, 0, pay_wxs_h5_scene_info, NULL },
    { "settle_info", PAY_SIM_OBJECT, 0, 0, 0, pay_wxs_sp_settle_info, NULL },

    PAY_WXS_END
};


int
pay_wxs_number(pay_str_t number)
{
    return pay_str_token(number, "_-*|", 6, 32);
}


/* section 8.0; http is for a sandbox on the developer's own machine */

int
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


int
pay_wxs_cny(pay_str_t text)
{
    return pay_str_eqz(text, "CNY");
}


static int
pay_wxs_limit_pay(pay_str_t text)
{
    return pay_wxs_one_of(text, "no_balance no_credit no_debit balance_only");
}


static int
pay_wxs_h5_type(pay_str_t text)
{
    return pay_wxs_one_of(text, "iOS Android Wap");
}


static int
pay_wxs_identity_type(pay_str_t text)
{
    return pay_wxs_one_of(text, "IDCARD HONGKONG_MACAO"
                                " HONGKONG_MACAO_RESIDENT TAIWAN_RESIDENT"
                                " FOREIGN_RESIDENT OVERSEA_PASSPORT"
                                " PHONE_NUMBER");
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
