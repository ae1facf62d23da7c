
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver alipay: the channel's errors and ours (sections 2.5 and 10.2).
 */

#include <channel/pay_alipay_int.h>


/*
 * By sub_code, without the "ACQ." that trades have before it (and "AQC.",
 * which is the channel's own slip).  What is not here goes by its form, then
 * by the gateway's code.
 */

static const pay_word_t  pay_alipay_codes[] = {
    { "isp.unknow-error", PAY_E_OUTCOME_UNKNOWN },
    { "isp.unknown-error", PAY_E_OUTCOME_UNKNOWN },
    { "aop.unknow-error", PAY_E_OUTCOME_UNKNOWN },
    { "SYSTEM_ERROR", PAY_E_OUTCOME_UNKNOWN },
    { "UNKNOWN_ERROR", PAY_E_OUTCOME_UNKNOWN },
    { "REQUEST_PROCESSING", PAY_E_OUTCOME_UNKNOWN },
    { "TRANS_ORDER_DEALING", PAY_E_OUTCOME_UNKNOWN },
    { "PROMO_TRANS_ORDER_DEALING", PAY_E_OUTCOME_UNKNOWN },
    { "BANK_RESPONSE_ERROR", PAY_E_OUTCOME_UNKNOWN },
    { "PROCESS_FAIL", PAY_E_OUTCOME_UNKNOWN },

    { "FREQUENCY_LIMITED", PAY_E_CHANNEL_QUOTA },
    { "isv.app-call-limited", PAY_E_CHANNEL_QUOTA },
    { "isv.method-call-limited", PAY_E_CHANNEL_QUOTA },
    { "RESOURCE_LIMIT_EXCEED", PAY_E_CHANNEL_QUOTA },

    { "INVALID_PARAMETER", PAY_E_CHANNEL_REJECTED },
    { "INVAILID_ARGUMENTS", PAY_E_CHANNEL_REJECTED },
    { "PARAM_ILLEGAL", PAY_E_CHANNEL_REJECTED },
    { "PARAMETER_ERROR", PAY_E_CHANNEL_REJECTED },
    { "ILLEGAL_ARGUMENT", PAY_E_CHANNEL_REJECTED },
    { "EXIST_FORBIDDEN_WORD", PAY_E_CHANNEL_REJECTED },
    { "REMARK_HAS_SENSITIVE_WORD", PAY_E_CHANNEL_REJECTED },
    { "REFUND_AMT_NOT_EQUAL_TOTAL", PAY_E_CHANNEL_REJECTED },
    { "NOW_TIME_AFTER_EXPIRE_TIME_ERROR", PAY_E_CHANNEL_REJECTED },
    { "TYPE_NOT_SUPPORTED", PAY_E_CHANNEL_REJECTED },
    { "BILL_DATE_BEFORE_REGISTRATION", PAY_E_CHANNEL_REJECTED },
    { "isv.invalid-timestamp", PAY_E_CHANNEL_REJECTED },
    { "PAYMENT_AUTH_CODE_INVALID", PAY_E_AUTH_CODE_INVALID },

    { "isv.invalid-signature", PAY_E_CHANNEL_AUTH_FAILED },
    { "isv.missing-signature", PAY_E_CHANNEL_AUTH_FAILED },
    { "isv.invalid-app-id", PAY_E_CHANNEL_AUTH_FAILED },
    { "SIGN_INVALID", PAY_E_CHANNEL_AUTH_FAILED },
    { "isv.insufficient-isv-permissions", PAY_E_CHANNEL_PERMISSION },
    { "isv.illegal-client-ip", PAY_E_CHANNEL_PERMISSION },
    { "ACCESS_FORBIDDEN", PAY_E_CHANNEL_PERMISSION },
    { "PARTNER_ERROR", PAY_E_CHANNEL_PERMISSION },
    { "MERCHANT_STATUS_NOT_NORMAL", PAY_E_CHANNEL_PERMISSION },
    { "MERCHANT_AGREEMENT_NOT_EXIST", PAY_E_CHANNEL_PERMISSION },
    { "PRODUCT_NOT_SIGN", PAY_E_CHANNEL_PERMISSION },
    { "PRODUCT_UNSIGN", PAY_E_CHANNEL_PERMISSION },
    { "NO_ACCOUNT_PAYMENT_PERMISSION", PAY_E_CHANNEL_PERMISSION },
    { "NO_ORDER_PERMISSION", PAY_E_CHANNEL_PERMISSION },
    { "ISV_AUTH_ERROR", PAY_E_CHANNEL_PERMISSION },
    { "NOT_SUPPORT_ROYALTY", PAY_E_CHANNEL_PERMISSION },

    { "TRADE_HAS_SUCCESS", PAY_E_ALREADY_PAID },
    { "CONTEXT_INCONSISTENT", PAY_E_IDEMPOTENCY_CONFLICT },
    { "DISCORDANT_REPEAT_REQUEST", PAY_E_IDEMPOTENCY_CONFLICT },
    { "DUP_OUT_REQUEST_NO", PAY_E_IDEMPOTENCY_CONFLICT },
    { "PAYMENT_INFO_INCONSISTENCY", PAY_E_IDEMPOTENCY_CONFLICT },
    { "REP_INCONSISTENT", PAY_E_IDEMPOTENCY_CONFLICT },
    { "BIZ_UNIQUE_EXCEPTION", PAY_E_IDEMPOTENCY_CONFLICT },

    { "TRADE_HAS_CLOSE", PAY_E_ALREADY_CLOSED },
    { "TRADE_HAS_FINISHED", PAY_E_STATE_CONFLICT },
    { "TRADE_STATUS_ERROR", PAY_E_STATE_CONFLICT },
    { "REASON_TRADE_STATUS_INVALID", PAY_E_STATE_CONFLICT },
    { "REASON_ILLEGAL_STATUS", PAY_E_STATE_CONFLICT },
    { "TRADE_CANCEL_TIME_OUT", PAY_E_STATE_CONFLICT },
    { "CANCEL_NOT_ALLOWED", PAY_E_STATE_CONFLICT },
    { "TRADE_NOT_ALLOW_REFUND", PAY_E_STATE_CONFLICT },
    { "NOT_ALLOW_PARTIAL_REFUND", PAY_E_STATE_CONFLICT },
    { "REASON_TRADE_BEEN_FREEZEN", PAY_E_STATE_CONFLICT },
    { "ALREADY_FINISH_ALLOC", PAY_E_STATE_CONFLICT },
    { "ALLOC_REFUSE_AFTER_REFUND", PAY_E_STATE_CONFLICT },
    { "ORDER_STATUS_INVALID", PAY_E_STATE_CONFLICT },
    { "REASON_TRADE_REFUND_FEE_ERR", PAY_E_AMOUNT_EXCEEDS_ORDER },
    { "REFUND_FEE_ERROR", PAY_E_AMOUNT_EXCEEDS_ORDER },
    { "ALLOC_AMOUNT_VALIDATE_ERROR", PAY_E_SPLIT_LIMIT },

    { "TRADE_NOT_EXIST", PAY_E_NOT_FOUND },
    { "ORDER_NOT_EXIST", PAY_E_NOT_FOUND },
    { "NO_BILL_DATA", PAY_E_NOT_FOUND },
    { "BILL_NOT_EXIST", PAY_E_STATEMENT_NOT_READY },
    { "BUYER_NOT_EXIST", PAY_E_DECLINED },
    { "SELLER_NOT_EXIST", PAY_E_CHANNEL_REJECTED },
    { "PAYEE_NOT_EXIST", PAY_E_RECEIVER_INVALID },
    { "USER_NOT_EXIST", PAY_E_RECEIVER_INVALID },
    { "ROYALTY_RECEIVER_INVALID", PAY_E_RECEIVER_INVALID },
    { "INVALID_RECEIVER_TYPE", PAY_E_RECEIVER_INVALID },
    { "USERNAME_NOT_MATCH", PAY_E_RECEIVER_INVALID },
    { "RECEIVER_ACCOUNT_NOT_CERTIFY", PAY_E_RECEIVER_INVALID },
    { "RECEIVER_ACCOUNT_NO_BALANCE", PAY_E_RECEIVER_INVALID },
    { "RECEIVER_ACCOUNT_STATE_INVALID", PAY_E_RECEIVER_INVALID },
    { "OPENID_APPID_NOT_MATCH", PAY_E_RECEIVER_INVALID },
    { "PAYEE_USER_INFO_ERROR", PAY_E_RECEIVER_INVALID },
    { "PAYEE_ACC_OCUPIED", PAY_E_RECEIVER_INVALID },
    { "RELATION_QUANTITY_LIMIT", PAY_E_SPLIT_LIMIT },
    { "RECEIVER_LIST_OVERLOAD", PAY_E_SPLIT_LIMIT },

    { "BUYER_BALANCE_NOT_ENOUGH", PAY_E_DECLINED },
    { "BUYER_BANKCARD_BALANCE_NOT_ENOUGH", PAY_E_DECLINED },
    { "AUTH_AMOUNT_NOT_ENOUGH", PAY_E_DECLINED },

    { "TOTAL_FEE_EXCEED", PAY_E_AMOUNT_INVALID },
    { "PRODUCT_AMOUNT_LIMIT_ERROR", PAY_E_AMOUNT_INVALID },
    { "EXCEED_LIMIT_SM_MIN_AMOUNT", PAY_E_AMOUNT_INVALID },
    { "BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR", PAY_E_DECLINED },
    { "BUYER_PAYMENT_AMOUNT_MONTH_LIMIT_ERROR", PAY_E_DECLINED },
    { "BEYOND_PAY_RESTRICTION", PAY_E_DECLINED },

    { "PAYMENT_FAIL", PAY_E_DECLINED },
    { "ERROR_BALANCE_PAYMENT_DISABLE", PAY_E_DECLINED },
    { "BUYER_ENABLE_STATUS_FORBID", PAY_E_DECLINED },
    { "PULL_MOBILE_CASHIER_FAIL", PAY_E_DECLINED },
    { "MOBILE_PAYMENT_SWITCH_OFF", PAY_E_DECLINED },
    { "USER_FACE_PAYMENT_SWITCH_OFF", PAY_E_DECLINED },
    { "NO_PAYMENT_INSTRUMENTS_AVAILABLE", PAY_E_DECLINED },
    { "BUYER_SELLER_EQUAL", PAY_E_DECLINED },
    { "TRADE_BUYER_NOT_MATCH", PAY_E_DECLINED },
    { "SELLER_BEEN_BLOCKED", PAY_E_DECLINED },
    { "ERROR_BUYER_CERTIFY_LEVEL_LIMIT", PAY_E_DECLINED },
    { "PAYMENT_REQUEST_HAS_RISK", PAY_E_RISK_REJECTED },
    { NULL, 0 }
};

static const pay_word_t  pay_alipay_gateway_codes[] = {
    { "20000", PAY_E_OUTCOME_UNKNOWN },
    { "20001", PAY_E_CHANNEL_AUTH_FAILED },
    { "40001", PAY_E_CHANNEL_REJECTED },
    { "40002", PAY_E_CHANNEL_REJECTED },
    { "40003", PAY_E_CHANNEL_REJECTED },
    { "40005", PAY_E_CHANNEL_QUOTA },
    { "40006", PAY_E_CHANNEL_PERMISSION },
    { NULL, 0 }
};

/* of names that are not known: what is in them */

static const pay_word_t  pay_alipay_forms[] = {
    { "SYSTEM_ERROR", PAY_E_OUTCOME_UNKNOWN },
    { "_NOT_EXIST", PAY_E_NOT_FOUND },
    { "NOT_ENOUGH", PAY_E_BALANCE_INSUFFICIENT },
    { "LIMIT", PAY_E_CHANNEL_QUOTA },
    { "EXCEED", PAY_E_CHANNEL_QUOTA },
    { "BEYOND_", PAY_E_CHANNEL_QUOTA },
    { NULL, 0 }
};


static int
pay_alipay_has(pay_str_t text, const char *part)
{
    size_t  i, n;

    n = strlen(part);

    for (i = 0; i + n <= text.len; i++) {
        if (memcmp(text.data + i, part, n) == 0) {
            return 1;
        }
    }

    return 0;
}


pay_code_t
pay_alipay_code(int step, pay_str_t gateway, pay_str_t sub_code)
{
    int                code;
    const pay_word_t  *w;

    if (pay_str_starts(sub_code, "ACQ.") || pay_str_starts(sub_code, "AQC.")) {
        sub_code.data += 4;
        sub_code.len -= 4;
    }

    code = pay_word_find(pay_alipay_codes, sub_code, PAY_E_NONE);

    if (code == PAY_E_NONE) {
        code = pay_word_find(pay_alipay_gateway_codes, gateway, PAY_E_NONE);
    }

    for (w = pay_alipay_forms; code == PAY_E_NONE && w->theirs; w++) {
        if (pay_alipay_has(sub_code, w->theirs)) {
            code = w->ours;
        }
    }

    /* a business failure of another name, or a code of none */

    if (code == PAY_E_NONE) {
        code = !pay_str_eqz(gateway, "40004") ? PAY_E_OUTCOME_UNKNOWN
               : step == PAY_ALIPAY_PAY ? PAY_E_DECLINED
                                        : PAY_E_CHANNEL_REJECTED;
    }

    return code;
}
