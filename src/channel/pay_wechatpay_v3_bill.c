
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver wechatpay_v3: statements, from what is asked to the download
 * (section 8.7).  Their rows are read in pay_wechatpay_v3_rows.c.
 */

#include <channel/pay_wechatpay_v3_int.h>


#define PAY_WECHATPAY_URL_MAX  1024


/* where a file may come from, besides the host that was asked */

static const char *const  pay_wechatpay_files[] = {
    "https://api.mch.weixin.qq.com",
    "https://api2.mch.weixin.qq.com",
    "https://api.wechatpay.cn",
    "https://api2.wechatpay.cn"
};


static int
pay_wechatpay_date(pay_talk_t *t, pay_str_t date)
{
    int64_t    at;
    pay_buf_t  b;

    if (date.len != sizeof("YYYY-MM-DD") - 1) {
        return 0;
    }

    pay_buf_init(&b, t->arena, 32);
    pay_buf_adds(&b, date);
    pay_buf_addz(&b, "T00:00:00Z");

    return pay_time_parse(pay_buf_str(&b), &at) == PAY_OK;
}


pay_rc_t
pay_wechatpay_statement(pay_talk_t *t)
{
    int                   funds;
    pay_str_t             target;
    const pay_ask_t      *ask;
    pay_wechatpay_own_t  *own;

    ask = t->ask;
    own = t->own;
    funds = pay_str_eqz(ask->statement, "funds");

    if (!funds && ask->statement.len
        && !pay_str_eqz(ask->statement, "payments"))
    {
        return pay_wechatpay_refuse(t, PAY_E_FIELD_INVALID, "type");
    }

    /* the account of a sub-merchant is in a file of another kind */

    if (funds && own->sub_mchid.len) {
        return pay_wechatpay_refuse(t, PAY_E_OPERATION_UNSUPPORTED, "type");
    }

    if (!pay_wechatpay_date(t, ask->number)) {
        return pay_wechatpay_refuse(t, PAY_E_FIELD_INVALID, "date");
    }

    target = pay_wechatpay_target(t, funds ? "/v3/bill/fundflowbill?bill_date="
                                           : "/v3/bill/tradebill?bill_date=",
                                  ask->number, "&tar_type=GZIP", PAY_STR(""));

    return pay_wechatpay_send(t, PAY_WECHATPAY_STATEMENT, "GET",
                              pay_wechatpay_target_sub(t, target),
                              PAY_STR(""));
}


/* scheme://host and the rest of a URL; PAY_DECLINED: not from there */

static pay_rc_t
pay_wechatpay_place(const pay_talk_t *t, pay_str_t url, pay_str_t *host,
    pay_str_t *target)
{
    size_t     i, n;
    pay_str_t  place;

    if (url.len > PAY_WECHATPAY_URL_MAX) {
        return PAY_DECLINED;
    }

    for (i = 0; i < url.len; i++) {
        if (url.data[i] <= 0x20 || url.data[i] >= 0x7f) {
            return PAY_DECLINED;
        }
    }

    for (n = 0; n <= pay_nelts(pay_wechatpay_files); n++) {

        place = n < pay_nelts(pay_wechatpay_files)
                ? pay_strz(pay_wechatpay_files[n]) : t->channel->host;

        if (url.len > place.len && url.data[place.len] == '/'
            && memcmp(url.data, place.data, place.len) == 0)
        {
            *host = place;
            target->data = url.data + place.len;
            target->len = url.len - place.len;
            return PAY_OK;
        }
    }

    return PAY_DECLINED;
}


pay_rc_t
pay_wechatpay_stated(pay_talk_t *t, pay_wechatpay_said_t *s)
{
    pay_rc_t   rc;
    pay_str_t  type, hash, url, host, target;

    if (s->code != PAY_E_NONE) {
        return pay_wechatpay_fail(t, s);
    }

    if (pay_json_string(s->body, "hash_type", &type) != PAY_OK
        || pay_json_string(s->body, "hash_value", &hash) != PAY_OK
        || pay_json_string(s->body, "download_url", &url) != PAY_OK
        || !pay_str_eqz(type, "SHA1") || hash.len != 40)
    {
        return pay_wechatpay_doubt(t, s, "json");
    }

    rc = pay_hex_decode(t->arena, hash, &t->fetch.digest);
    if (rc != PAY_OK) {
        return rc == PAY_ERROR ? rc : pay_wechatpay_doubt(t, s, "json");
    }

    if (pay_wechatpay_place(t, url, &host, &target) != PAY_OK) {
        return pay_wechatpay_doubt(t, s, "download_url");
    }

    t->fetch.hash = PAY_HASH_SHA1;
    t->fetch.gzip = 1;

    rc = pay_wechatpay_send(t, PAY_WECHATPAY_DOWNLOAD, "GET", target,
                            PAY_STR(""));

    t->request.host = host;

    return rc;
}


/* no file, or not the one that the channel had spoken of */

pay_rc_t
pay_wechatpay_not_downloaded(pay_talk_t *t, const pay_answer_t *a)
{
    return pay_talk_fail(t, a->outcome == PAY_NOT_SENT
                            ? PAY_E_CHANNEL_UNREACHABLE
                            : PAY_E_CHANNEL_RESPONSE_INVALID, "download");
}
