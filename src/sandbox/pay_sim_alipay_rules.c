
/*
 * Copyright (C) the ngx_pay authors
 *
 * Alipay simulator: what biz_content may hold, sections 7.10 to 7.12 of the
 * channel document row by row.
 */

#include <sandbox/pay_sim_alipay.h>


static int pay_alis_is_product(pay_str_t text);
static int pay_alis_is_identity(pay_str_t text);
static int pay_alis_is_account(pay_str_t text);


static const pay_sim_rule_t  pay_alis_bank[] = {

    PAY_ALIS_TEXT("inst_name", 128),
    PAY_ALIS_TEXT("account_type", 1),
    PAY_ALIS_TEXT("inst_province", 64),
    PAY_ALIS_TEXT("inst_city", 64),
    PAY_ALIS_TEXT("inst_branch_name", 128),
    PAY_ALIS_TEXT("bank_code", 32),

    PAY_ALIS_END
};


static const pay_sim_rule_t  pay_alis_payees[] = {

    { "identity", PAY_SIM_STRING, 1, 1, 64, NULL, NULL },
    { "identity_type", PAY_SIM_STRING, 1, 1, 64, NULL, pay_alis_is_identity },
    PAY_ALIS_TEXT("name", 128),
    { "bankcard_ext_info", PAY_SIM_OBJECT, 0, 0, 0, pay_alis_bank, NULL },
    PAY_ALIS_TEXT("cert_type", 32),
    PAY_ALIS_TEXT("cert_no", 64),

    PAY_ALIS_END
};


static const pay_sim_rule_t  pay_alis_reports[] = {

    PAY_ALIS_TEXT("info_type", 64),
    PAY_ALIS_TEXT("info_content", 256),

    PAY_ALIS_END
};


const pay_sim_rule_t  pay_alis_transfer_rules[] = {

    { "out_biz_no", PAY_SIM_STRING, 1, 1, 64, NULL, NULL },
    { "trans_amount", PAY_SIM_STRING, 1, 1, 12, NULL, pay_alis_is_money },
    { "product_code", PAY_SIM_STRING, 1, 1, 64, NULL, pay_alis_is_product },
    { "biz_scene", PAY_SIM_STRING, 1, 1, 64, NULL, NULL },
    { "order_title", PAY_SIM_STRING, 1, 1, 128, NULL, NULL },
    { "payee_info", PAY_SIM_OBJECT, 1, 0, 0, pay_alis_payees, NULL },
    PAY_ALIS_TEXT("remark", 200),
    PAY_ALIS_TEXT("business_params", 2048),
    PAY_ALIS_TEXT("passback_params", 512),
    PAY_ALIS_TEXT("original_order_id", 64),
    PAY_ALIS_TEXT("transfer_scene_name", 64),
    { "transfer_scene_report_infos", PAY_SIM_OBJECTS, 0, 0, 20,
      pay_alis_reports, NULL },

    PAY_ALIS_END
};


const pay_sim_rule_t  pay_alis_transfer_query_rules[] = {

    PAY_ALIS_TEXT("out_biz_no", 64),
    PAY_ALIS_TEXT("order_id", 64),
    PAY_ALIS_TEXT("pay_fund_order_id", 64),
    PAY_ALIS_TEXT("product_code", 64),
    PAY_ALIS_TEXT("biz_scene", 64),

    PAY_ALIS_END
};


static const pay_sim_rule_t  pay_alis_receiver_rules[] = {

    { "type", PAY_SIM_STRING, 1, 1, 32, NULL, pay_alis_is_account },
    { "account", PAY_SIM_STRING, 1, 1, 64, NULL, NULL },
    PAY_ALIS_TEXT("name", 64),
    PAY_ALIS_TEXT("memo", 128),
    PAY_ALIS_TEXT("login_name", 64),
    PAY_ALIS_TEXT("bind_login_name", 64),
    PAY_ALIS_TEXT("account_open_id", 128),

    PAY_ALIS_END
};


const pay_sim_rule_t  pay_alis_relation_rules[] = {

    { "receiver_list", PAY_SIM_OBJECTS, 1, 1, 20, pay_alis_receiver_rules,
      NULL },
    { "out_request_no", PAY_SIM_STRING, 1, 1, 32, NULL, NULL },

    PAY_ALIS_END
};


const pay_sim_rule_t  pay_alis_relations_rules[] = {

    { "out_request_no", PAY_SIM_STRING, 1, 1, 32, NULL, NULL },
    { "page_num", PAY_SIM_INTEGER, 0, 1, 100000, NULL, NULL },
    { "page_size", PAY_SIM_INTEGER, 0, 1, 100, NULL, NULL },

    PAY_ALIS_END
};


static const pay_sim_rule_t  pay_alis_royalties[] = {

    PAY_ALIS_TEXT("royalty_type", 32),
    PAY_ALIS_TEXT("trans_out", 64),
    PAY_ALIS_TEXT("trans_out_type", 32),
    { "trans_in", PAY_SIM_STRING, 1, 1, 64, NULL, NULL },
    PAY_ALIS_TEXT("trans_in_type", 32),
    PAY_ALIS_MONEY("amount"),
    { "amount_percentage", PAY_SIM_INTEGER, 0, 1, 100, NULL, NULL },
    PAY_ALIS_TEXT("desc", 1000),
    PAY_ALIS_TEXT("royalty_scene", 256),
    PAY_ALIS_TEXT("trans_in_name", 64),

    PAY_ALIS_END
};


static const pay_sim_rule_t  pay_alis_settle_extend[] = {

    PAY_ALIS_TEXT("royalty_finish", 5),
    PAY_ALIS_MONEY("royalty_finish_amount"),

    PAY_ALIS_END
};


const pay_sim_rule_t  pay_alis_settle_rules[] = {

    { "out_request_no", PAY_SIM_STRING, 1, 1, 64, NULL, NULL },
    { "trade_no", PAY_SIM_STRING, 1, 1, 64, NULL, NULL },
    { "royalty_parameters", PAY_SIM_OBJECTS, 1, 0, 50, pay_alis_royalties,
      NULL },
    PAY_ALIS_TEXT("operator_id", 64),
    PAY_ALIS_TEXT("royalty_mode", 16),
    { "extend_params", PAY_SIM_OBJECT, 0, 0, 0, pay_alis_settle_extend,
      NULL },

    PAY_ALIS_END
};


const pay_sim_rule_t  pay_alis_settle_query_rules[] = {

    PAY_ALIS_TEXT("settle_no", 64),
    PAY_ALIS_TEXT("out_request_no", 64),
    PAY_ALIS_TEXT("trade_no", 64),

    PAY_ALIS_END
};


const pay_sim_rule_t  pay_alis_bill_rules[] = {

    { "bill_type", PAY_SIM_STRING, 1, 1, 32, NULL, NULL },
    { "bill_date", PAY_SIM_STRING, 1, 7, 10, NULL, NULL },
    PAY_ALIS_TEXT("smid", 32),

    PAY_ALIS_END
};


static int
pay_alis_is_product(pay_str_t text)
{
    return pay_str_eqz(text, "TRANS_ACCOUNT_NO_PWD")
           || pay_str_eqz(text, "TRANS_BANKCARD_NO_PWD")
           || pay_str_eqz(text, "STD_RED_PACKET");
}


static int
pay_alis_is_identity(pay_str_t text)
{
    return pay_str_eqz(text, "ALIPAY_USER_ID")
           || pay_str_eqz(text, "ALIPAY_LOGON_ID")
           || pay_str_eqz(text, "ALIPAY_OPEN_ID")
           || pay_str_eqz(text, "BANKCARD_ACCOUNT");
}


static int
pay_alis_is_account(pay_str_t text)
{
    return pay_str_eqz(text, "userId") || pay_str_eqz(text, "loginName")
           || pay_str_eqz(text, "openId");
}
