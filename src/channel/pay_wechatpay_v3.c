
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver wechatpay_v3: what it can do, and its channel block.
 */

#include <channel/pay_wechatpay_v3_int.h>


#define pay_wechatpay_offset(m)  offsetof(pay_wechatpay_v3_conf_t, m)

static const pay_param_t  pay_wechatpay_params[] = {

    { "appid", PAY_PARAM_TEXT_BY_METHOD, pay_wechatpay_offset(appids), 1, 32,
      1, 0, "the app that payments belong to: all of them, or those by the "
      "methods behind it" },

    { "mchid", PAY_PARAM_TEXT, pay_wechatpay_offset(mchid), 1, 32, 1, 0,
      "the merchant number" },

    { "certificate", PAY_PARAM_CERTIFICATE,
      pay_wechatpay_offset(certificate), 0, 0, 1, 0,
      "the merchant's API certificate: its serial number is sent" },

    { "certificate_key", PAY_PARAM_PRIVATE_KEY,
      pay_wechatpay_offset(certificate_key), 0, 0, 1, 0,
      "the private key of the certificate: it signs requests" },

    { "platform_key", PAY_PARAM_KEY_SET,
      pay_wechatpay_offset(platform_keys), 0, 0, 0, 0,
      "PUB_KEY_ID_... or a certificate's serial number, and the key that "
      "verifies answers and notices; the first one is asked for; without any "
      "the platform's certificates are downloaded" },

    { "api_v3_key", PAY_PARAM_SECRET, pay_wechatpay_offset(api_v3_key),
      32, 32, 1, 0, "decrypts notices" },

    { "sandbox_platform_key", PAY_PARAM_PRIVATE_KEY,
      pay_wechatpay_offset(sandbox_key), 0, 0, 0, 1,
      "the private key of the first platform_key, for the simulator" },

    { NULL, PAY_PARAM_TEXT, 0, 0, 0, 0, 0, NULL }
};


static const pay_can_op_t  pay_wechatpay_ops[] = {
    { PAY_OP_PAY, PAY_METHOD_QR_CODE },
    { PAY_OP_PAY, PAY_METHOD_JSAPI },
    { PAY_OP_PAY, PAY_METHOD_MINI_PROGRAM },
    { PAY_OP_PAY, PAY_METHOD_APP },
    { PAY_OP_PAY, PAY_METHOD_H5 },
    { PAY_OP_QUERY, PAY_METHOD_NONE },
    { PAY_OP_CLOSE, PAY_METHOD_NONE },
    { PAY_OP_REFUND, PAY_METHOD_NONE },
    { PAY_OP_REFUND_QUERY, PAY_METHOD_NONE },
    { PAY_OP_TRANSFER, PAY_METHOD_NONE },
    { PAY_OP_TRANSFER_QUERY, PAY_METHOD_NONE },
    { PAY_OP_TRANSFER_CANCEL, PAY_METHOD_NONE },
    { PAY_OP_SPLIT, PAY_METHOD_NONE },
    { PAY_OP_SPLIT_QUERY, PAY_METHOD_NONE },
    { PAY_OP_SPLIT_RETURN, PAY_METHOD_NONE },
    { PAY_OP_SPLIT_RETURN_QUERY, PAY_METHOD_NONE },
    { PAY_OP_SPLIT_FINISH, PAY_METHOD_NONE },
    { PAY_OP_RECEIVER_ADD, PAY_METHOD_NONE },
    { PAY_OP_RECEIVER_DELETE, PAY_METHOD_NONE },
    { PAY_OP_STATEMENT, PAY_METHOD_NONE },
    { PAY_OP_REFRESH, PAY_METHOD_NONE },
    { PAY_OP_NONE, PAY_METHOD_NONE }
};

static const char *const  pay_wechatpay_hosts[] = {
    "https://api.mch.weixin.qq.com",
    "https://api2.mch.weixin.qq.com",
    NULL
};

static const char *const  pay_wechatpay_currencies[] = { "CNY", NULL };

static const pay_can_t  pay_wechatpay_can = {
    .ops = pay_wechatpay_ops,
    .hosts = pay_wechatpay_hosts,
    .currencies = pay_wechatpay_currencies,
    .numbers = {
        [PAY_KIND_PAYMENT] = { 6, 32, "_-" },
        [PAY_KIND_REFUND] = { 1, 64, "_-" },
        [PAY_KIND_TRANSFER] = { 1, 32, "" },
        [PAY_KIND_SPLIT] = { 1, 64, "_-" },
        [PAY_KIND_SPLIT_RETURN] = { 1, 64, "_-" }
    },
    .description_max = PAY_WECHATPAY_DESCRIPTION_MAX,
    .amount_min = 1,
    .amount_max = PAY_AMOUNT_MAX,
    .expires_min = 60,
    .expires_max = 7 * 86400,
    .notice_deadline_ms = 5000,
    .needs = {
        [PAY_OP_REFUND] = PAY_NEEDS_ORDER_AMOUNT,
        [PAY_OP_SPLIT] = PAY_NEEDS_CHANNEL_ORDER_ID,
        [PAY_OP_SPLIT_QUERY] = PAY_NEEDS_CHANNEL_ORDER_ID,
        [PAY_OP_SPLIT_FINISH] = PAY_NEEDS_CHANNEL_ORDER_ID
    },
    .dedupes = 1,
    .echoes = 1
};


/* everything here comes into a quoted header value or into JSON */

static pay_rc_t
pay_wechatpay_check_keys(const pay_key_set_t *set, const char **why)
{
    size_t  i, n;

    for (i = 0; i < set->nkeys; i++) {

        if (!pay_str_token(set->id[i], "_-", 1, 64)) {
            *why = "the id of a platform_key may have A-Z a-z 0-9 _ - only";
            return PAY_INVALID;
        }

        for (n = 0; n < i; n++) {
            if (pay_str_eq(set->id[i], set->id[n])) {
                *why = "two platform_key have the same id";
                return PAY_INVALID;
            }
        }
    }

    return PAY_OK;
}


static pay_rc_t
pay_wechatpay_check_appids(const pay_text_by_method_t *appids,
    const char **why)
{
    size_t  i, n;

    for (n = 0, i = 0; i < PAY_METHOD_MAX; i++) {

        if (appids->text[i].len == 0) {
            continue;
        }

        n++;

        if (!pay_str_token(appids->text[i], "_-", 1, 32)) {
            n = 0;
            break;
        }
    }

    if (n == 0) {
        *why = "appid must be 1 to 32 characters of A-Z a-z 0-9 _ -";
        return PAY_INVALID;
    }

    return PAY_OK;
}


/* section 8.0 */

static pay_rc_t
pay_wechatpay_check_url(pay_str_t url, const char **why)
{
    if (url.len == 0 || url.len > 256) {
        *why = "notify_url must be there, of at most 256 bytes";
        return PAY_INVALID;
    }

    if (memchr(url.data, '?', url.len)) {
        *why = "notify_url must not have a query string";
        return PAY_INVALID;
    }

    return PAY_OK;
}


static pay_rc_t
pay_wechatpay_check(pay_channel_t *ch, const char **why)
{
    pay_wechatpay_v3_conf_t  *conf = ch->conf;

    if (pay_wechatpay_check_appids(&conf->appids, why) != PAY_OK) {
        return PAY_INVALID;
    }

    if (!pay_str_token(conf->mchid, "_-", 1, 32)) {
        *why = "mchid must be 1 to 32 characters of A-Z a-z 0-9 _ -";
        return PAY_INVALID;
    }

    if (!pay_key_match(conf->certificate_key, conf->certificate.key)) {
        *why = "certificate_key is not the key of certificate";
        return PAY_INVALID;
    }

    if (conf->api_v3_key.len != PAY_GCM_KEY_LEN) {
        *why = "api_v3_key must be 32 bytes";
        return PAY_INVALID;
    }

    if (pay_wechatpay_check_keys(&conf->platform_keys, why) != PAY_OK
        || pay_wechatpay_check_url(ch->notify_url, why) != PAY_OK)
    {
        return PAY_INVALID;
    }

    if (conf->sandbox_key && conf->platform_keys.nkeys == 0) {
        *why = "sandbox_platform_key is without its platform_key";
        return PAY_INVALID;
    }

    if (conf->sandbox_key
        && !pay_key_match(conf->sandbox_key, conf->platform_keys.key[0]))
    {
        *why = "sandbox_platform_key is not the key of the first platform_key";
        return PAY_INVALID;
    }

    return PAY_OK;
}


static void
pay_wechatpay_expiry(const pay_channel_t *ch, pay_str_t *serial,
    int64_t *not_after)
{
    const pay_wechatpay_v3_conf_t  *conf = ch->conf;

    *serial = pay_strz(conf->certificate.serial);
    *not_after = conf->certificate.not_after;
}


const pay_driver_t  pay_wechatpay_v3 = {
    .name = pay_str("wechatpay_v3"),
    .conf_size = sizeof(pay_wechatpay_v3_conf_t),
    .params = pay_wechatpay_params,
    .can = &pay_wechatpay_can,
    .check = pay_wechatpay_check,
    .expiry = pay_wechatpay_expiry,
    .begin = pay_wechatpay_begin,
    .sign = pay_wechatpay_sign,
    .resume = pay_wechatpay_resume,
    .notice = pay_wechatpay_notice,
    .rows = pay_wechatpay_rows,
    .acknowledge = pay_wechatpay_acknowledge
};
