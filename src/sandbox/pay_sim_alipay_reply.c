
/*
 * Copyright (C) the ngx_pay authors
 *
 * Alipay simulator: answers (sections 2.3 and 2.4 of the channel document)
 * and errors (2.5, 7).
 */

#include <sandbox/pay_sim_alipay.h>


static const struct {
    const char  *code;
    const char  *sub_code;
    const char  *sub_msg;
} pay_alis_errors[] = {
    { "40001", "isv.missing-method", "缺少方法名参数" },
    { "40001", "isv.missing-signature", "缺少签名参数" },
    { "40001", "isv.missing-signature-type", "缺少签名类型参数" },
    { "40001", "isv.missing-app-id", "缺少应用标识参数" },
    { "40001", "isv.missing-timestamp", "缺少时间戳参数" },
    { "40001", "isv.missing-version", "缺少版本参数" },
    { "40002", "isv.invalid-parameter", "参数无效" },
    { "40002", "isv.invalid-method", "不存在的方法名" },
    { "40002", "isv.invalid-format", "无效的数据格式" },
    { "40002", "isv.invalid-charset", "无效的字符集" },
    { "40002", "isv.invalid-signature-type", "无效的签名类型" },
    { "40002", "isv.invalid-signature", "验签出错，网关生成的验签字符串" },
    { "40002", "isv.invalid-app-id", "无效的应用标识" },
    { "40002", "isv.invalid-timestamp", "非法的时间戳" },
    { "40002", "isv.invalid-content-type", "无效的内容类型" },
    { "40002", "isv.app-cert-not-exist", "应用公钥证书不存在" },
    { "40002", "isv.invalid-alipay-root-cert-sn", "支付宝根证书序列号无效" },
    { "40002", "isv.invalid-encrypt-type", "无效的加密类型" },
    { "40002", "isv.invalid-encrypt", "解密出错" },
    { "40004", "ACQ.INVALID_PARAMETER", "参数无效" },
    { "40004", "ACQ.SYSTEM_ERROR", "系统错误" },
    { "40004", "ACQ.TRADE_NOT_EXIST", "交易不存在" },
    { "40004", "ACQ.TRADE_HAS_SUCCESS", "交易已被支付" },
    { "40004", "ACQ.TRADE_HAS_CLOSE", "交易已经关闭" },
    { "40004", "ACQ.TRADE_HAS_FINISHED", "交易已完结" },
    { "40004", "ACQ.TRADE_STATUS_ERROR", "交易状态不合法" },
    { "40004", "ACQ.CONTEXT_INCONSISTENT", "交易信息被篡改" },
    { "40004", "ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR", "已超过交易有效期" },
    { "40004", "ACQ.TRADE_CANCEL_TIME_OUT", "超过撤销时间" },
    { "40004", "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", "退款金额超限" },
    { "40004", "ACQ.DISCORDANT_REPEAT_REQUEST", "请求信息不一致" },
    { "40004", "ACQ.TRADE_NOT_ALLOW_REFUND", "当前交易不允许退款" },
    { "20000", "aop.unknow-error", "系统繁忙" },
    { "40004", "ACQ.PAYMENT_AUTH_CODE_INVALID", "支付授权码无效" },
    { "40004", "ACQ.BUYER_BALANCE_NOT_ENOUGH", "买家余额不足" },
    { "40004", "INVALID_PARAMETER", "参数有误" },
    { "40004", "ORDER_NOT_EXIST", "转账订单不存在" },
    { "40004", "PAYMENT_INFO_INCONSISTENCY", "两次请求商户单号一致但信息不同" },
    { "40004", "RELATION_QUANTITY_LIMIT", "分账关系数量超限" },
    { "40004", "ACQ.NOT_SUPPORT_ROYALTY", "交易不支持分账" },
    { "40004", "ACQ.ROYALTY_RECEIVER_INVALID", "分账收入方不合法" },
    { "40004", "ACQ.ALLOC_AMOUNT_VALIDATE_ERROR", "分账金额校验失败" },
    { "40004", "ACQ.ALREADY_FINISH_ALLOC", "交易分账已完结" },
    { "40004", "ACQ.TRADE_SETTLE_ERROR", "分账处理失败" },
    { "40004", "INVAILID_ARGUMENTS", "参数不合法" },
    { "40004", "TYPE_NOT_SUPPORTED", "账单类型不支持" },
    { "40004", "BILL_NOT_EXIST", "账单不存在" },
    { "40004", "ACQ.SELLER_BALANCE_NOT_ENOUGH", "商户余额不足" },
    { "40004", "PAYER_BALANCE_NOT_ENOUGH", "付款方余额不足" }
};

static const struct {
    const char  *code;
    const char  *msg;
} pay_alis_codes[] = {
    { "20000", "Service Currently Unavailable" },
    { "40001", "Missing Required Arguments" },
    { "40002", "Invalid Arguments" },
    { "40004", "Business Failed" }
};


static const char *
pay_alis_msg(const char *code)
{
    size_t  i;

    for (i = 0; i < pay_nelts(pay_alis_codes) - 1; i++) {
        if (strcmp(pay_alis_codes[i].code, code) == 0) {
            break;
        }
    }

    return pay_alis_codes[i].msg;
}


/* alipay_trade_query_response */

static void
pay_alis_node_name(pay_buf_t *b, const pay_alis_call_t *c)
{
    size_t  i;

    if (c->method.len == 0) {
        pay_buf_addz(b, "error_response");
        return;
    }

    for (i = 0; i < c->method.len; i++) {
        pay_buf_addc(b, c->method.data[i] == '.' ? '_' : c->method.data[i]);
    }

    pay_buf_addz(b, "_response");
}


/* the channel writes "\/"; outside of strings JSON has no such character */

static pay_str_t
pay_alis_slashes(pay_arena_t *a, pay_str_t text)
{
    size_t     i;
    pay_buf_t  b;

    pay_buf_init(&b, a, text.len + 64);

    for (i = 0; i < text.len; i++) {

        if (text.data[i] == '/') {
            pay_buf_addc(&b, '\\');
        }

        pay_buf_addc(&b, text.data[i]);
    }

    return pay_buf_str(&b);
}


/* section 2.3: the node is a string then, and signed with its quotes */

static pay_str_t
pay_alis_secret(pay_sim_t *s, pay_str_t node)
{
    pay_str_t        text;
    const pay_str_t  quote = pay_str("\"");
    const pay_str_t *const  parts[] = { &quote, &text, &quote, NULL };

    text = pay_alis_encrypt(s, node);

    return text.data != NULL ? pay_concat(s->arena, parts) : text;
}


static pay_str_t
pay_alis_envelope(pay_sim_t *s, const pay_alis_call_t *c, pay_str_t node)
{
    pay_buf_t                 b;
    pay_str_t                 sign;
    const pay_alipay_conf_t  *conf;

    pay_buf_init(&b, s->arena, node.len + 512);

    pay_buf_addz(&b, "{\"");
    pay_alis_node_name(&b, c);
    pay_buf_addz(&b, "\":");
    pay_buf_adds(&b, node);

    /* before the signature holds there is nobody to sign for */

    if (s->channel == NULL) {
        pay_buf_addc(&b, '}');
        return pay_buf_str(&b);
    }

    conf = s->channel->conf;
    sign = pay_alis_sign(s, node);

    if (sign.data == NULL) {
        return sign;
    }

    if (conf->alipay_cert_sn[0] != '\0') {
        pay_buf_addz(&b, ",\"alipay_cert_sn\":\"");
        pay_buf_addz(&b, conf->alipay_cert_sn);
        pay_buf_addc(&b, '"');
    }

    pay_buf_addz(&b, ",\"sign\":\"");
    pay_buf_adds(&b, sign);
    pay_buf_addz(&b, "\"}");

    return pay_buf_str(&b);
}


/* section 2.3: whatever the node says, the status is 200 */

pay_rc_t
pay_alis_reply(pay_sim_t *s, const pay_alis_call_t *c, pay_json_writer_t *w)
{
    pay_str_t  node;

    pay_jw_end(w);
    node = pay_jw_text(w);

    if (node.data == NULL) {
        return PAY_ERROR;
    }

    node = c->encrypted ? pay_alis_secret(s, node)
                        : pay_alis_slashes(s->arena, node);

    if (node.data == NULL) {
        return PAY_ERROR;
    }

    s->status = 200;
    s->reply_body = pay_alis_envelope(s, c, node);

    if (s->reply_body.data == NULL
        || pay_sim_header(s, "Content-Type",
                          PAY_STR("text/html;charset=utf-8")) != PAY_OK
        || pay_sim_header(s, "trace_id", pay_sim_hex(s, 15)) != PAY_OK)
    {
        return PAY_ERROR;
    }

    return PAY_DONE;
}


static pay_json_writer_t *
pay_alis_answer_code(pay_sim_t *s, const char *code, const char *msg)
{
    pay_json_writer_t  *w;

    w = pay_json_writer(s->arena);

    if (w == NULL) {
        return NULL;
    }

    pay_jw_object(w, NULL);
    pay_jw_strz(w, "code", code);
    pay_jw_strz(w, "msg", msg);

    return w;
}


pay_json_writer_t *
pay_alis_answer(pay_sim_t *s)
{
    return pay_alis_answer_code(s, "10000", "Success");
}


pay_json_writer_t *
pay_alis_answer_waiting(pay_sim_t *s)
{
    return pay_alis_answer_code(s, "10003", "order success pay inprocess");
}


pay_rc_t
pay_alis_fail(pay_sim_t *s, const pay_alis_call_t *c, pay_alis_error_t e,
    pay_str_t more)
{
    pay_buf_t           b;
    pay_str_t           words;
    pay_json_writer_t  *w;

    pay_buf_init(&b, s->arena, 64 + more.len);
    pay_buf_addz(&b, pay_alis_errors[e].sub_msg);

    if (more.len != 0) {
        pay_buf_addz(&b, ": ");
        pay_buf_adds(&b, more);
    }

    words = pay_buf_str(&b);
    w = pay_alis_answer_code(s, pay_alis_errors[e].code,
                             pay_alis_msg(pay_alis_errors[e].code));

    if (w == NULL || words.data == NULL) {
        return PAY_ERROR;
    }

    pay_jw_strz(w, "sub_code", pay_alis_errors[e].sub_code);
    pay_jw_str(w, "sub_msg", words);

    return pay_alis_reply(s, c, w);
}
