
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver wechatpay_v3 as a pure function: its tables, and each request byte
 * by byte.
 */

#include "wechatpay_v3_talk.h"


static void
is_header(size_t i, const char *name, const char *value)
{
    ok(i < t.request.nheaders, "header %zu", i);
    is(t.request.headers[i].name, name, name);
    is(t.request.headers[i].value, value, "its value");
}


#define BODY_MIN                                                             \
    "{\"appid\":\"wxd678efh567hg6787\",\"mchid\":\"1900000109\","            \
    "\"description\":\"Tea\",\"out_trade_no\":\"" ORDER "\","                \
    "\"time_expire\":\"2026-11-22T10:00:00+08:00\","                         \
    "\"attach\":\"" ECHO "\","                                               \
    "\"notify_url\":\"https://pay.example.com/notify/wechat\","              \
    "\"amount\":{\"total\":100,\"currency\":\"CNY\"}}"

#define BODY_MAX                                                             \
    "{\"appid\":\"wxd678efh567hg6787\",\"mchid\":\"1900000109\","            \
    "\"description\":\"\xe8\x8c\xb6 \\\"A\\\"/B\","                          \
    "\"out_trade_no\":\"" ORDER "\","                                        \
    "\"notify_url\":\"https://pay.example.com/notify/wechat\","              \
    "\"amount\":{\"total\":10000000000000,\"currency\":\"CNY\"},"            \
    "\"scene_info\":{\"payer_client_ip\":\"2001:db8::1\","                   \
    "\"store_info\":{\"id\":\"store-7\"}},"                                  \
    "\"settle_info\":{\"profit_sharing\":true}}"

static void
test_prepay_request(void)
{
    open_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, "pay begins with a request");

    is(pay_strz(t.request.method), "POST", "POST");
    is(t.request.host, "https://api.mch.weixin.qq.com", "host");
    is(t.request.target, "/v3/pay/transactions/native", "target");
    is(t.request.body, BODY_MIN, "body, byte by byte");

    is_int(t.request.nheaders, 4, "headers before signing");
    is_header(0, "Accept", "application/json");
    is_header(1, "User-Agent", "ngx_pay");
    is_header(2, "Wechatpay-Serial",
              "PUB_KEY_ID_0119000001092026112200000000000001");
    is_header(3, "Content-Type", "application/json");

    is_signed("POST\n/v3/pay/transactions/native\n1795305600\n" NONCE_1 "\n"
              BODY_MIN "\n", NONCE_1);
    is_int(t.random_used, 32, "32 random bytes are used up");

    open_talk(PAY_OP_PAY, PAY_KNOWN_FORGOTTEN);
    t.echo = PAY_STR("");
    ask.description = PAY_STR("\xe8\x8c\xb6 \"A\"/B");
    ask.payer_ip = PAY_STR("2001:db8::1");
    ask.store_id = PAY_STR("store-7");
    ask.split = 1;
    payment.amount = PAY_AMOUNT_MAX;
    payment.expires_at = 0;
    is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, "with every member");
    is(t.request.body, BODY_MAX, "body, byte by byte");

    /* payer_client_ip is required inside scene_info */

    open_talk(PAY_OP_PAY, PAY_KNOWN_UNKNOWN);
    ask.store_id = PAY_STR("store-7");
    is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, "a store, no address");
    is(t.request.body, BODY_MIN, "no scene_info");
}


static void
test_description(void)
{
    size_t      i;
    pay_str_t   text;
    pay_json_t *o;
    pay_buf_t   b;
    const char *why;

    open_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    pay_buf_init(&b, t.arena, 0);

    for (i = 0; i < 130; i++) {
        pay_buf_addz(&b, "\xe8\x8c\xb6");
    }

    ask.description = pay_buf_str(&b);

    is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, "130 characters");
    is_int(pay_json_parse(t.arena, t.request.body, &o, &why), PAY_OK, "JSON");
    is_int(pay_json_string(o, "description", &text), PAY_OK, "a string");
    is_int(pay_utf8_length(text), 127, "cut at 127 characters");
    is_int(text.len, 127 * 3, "and at a character");
}


static void
test_query_request(void)
{
    open_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
    is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, "query");
    is(pay_strz(t.request.method), "GET", "GET");
    is(t.request.target, "/v3/pay/transactions/out-trade-no/" ORDER
       "?mchid=1900000109", "target");
    is_int(t.request.body.len, 0, "no body");
    is_int(t.request.nheaders, 3, "no Content-Type");
    is_signed("GET\n/v3/pay/transactions/out-trade-no/" ORDER
              "?mchid=1900000109\n1795305600\n" NONCE_1 "\n\n", NONCE_1);

    open_talk(PAY_OP_QUERY, PAY_KNOWN_FORGOTTEN);
    payment.channel_number = PAY_STR("4200000001");
    is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, "both numbers");
    is(t.request.target, "/v3/pay/transactions/out-trade-no/" ORDER
       "?mchid=1900000109", "ours is taken");

    payment.number = PAY_STR("");
    t.random_used = 0;
    is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, "the channel's number");
    is(t.request.target, "/v3/pay/transactions/id/4200000001"
       "?mchid=1900000109", "target");

    payment.channel_number = PAY_STR("a/b|c?d");
    t.random_used = 0;
    is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, "an odd number");
    is(t.request.target, "/v3/pay/transactions/id/a%2Fb%7Cc%3Fd"
       "?mchid=1900000109", "percent-encoded");
    is_signed("GET\n/v3/pay/transactions/id/a%2Fb%7Cc%3Fd?mchid=1900000109\n"
              "1795305600\n" NONCE_1 "\n\n", NONCE_1);

    payment.channel_number = PAY_STR("");
    t.random_used = 0;
    failed(pay_wechatpay_v3.begin(&t), PAY_E_FIELD_MISSING, "locator",
           "no number at all");
    is(t.error.param, "order_id", "the field");
}


static void
test_close_request(void)
{
    open_talk(PAY_OP_CLOSE, PAY_KNOWN_OPEN);
    is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, "close");
    is(pay_strz(t.request.method), "POST", "POST");
    is(t.request.target, "/v3/pay/transactions/out-trade-no/" ORDER "/close",
       "target");
    is(t.request.body, "{\"mchid\":\"1900000109\"}", "body");
    is_signed("POST\n/v3/pay/transactions/out-trade-no/" ORDER "/close\n"
              "1795305600\n" NONCE_1 "\n{\"mchid\":\"1900000109\"}\n",
              NONCE_1);

    open_talk(PAY_OP_CLOSE, PAY_KNOWN_FORGOTTEN);
    payment.number = PAY_STR("");
    payment.channel_number = PAY_STR("4200000001");
    failed(pay_wechatpay_v3.begin(&t), PAY_E_FIELD_MISSING, "locator",
           "close needs our number");
}


static void
test_refused_at_once(void)
{
    open_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    ask.method = PAY_METHOD_BARCODE;
    failed(pay_wechatpay_v3.begin(&t), PAY_E_OPERATION_UNSUPPORTED, "field",
           "another method");
    is(t.error.param, "method", "the field");

    open_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    ask.manual_capture = 1;
    failed(pay_wechatpay_v3.begin(&t), PAY_E_OPERATION_UNSUPPORTED, "field",
           "manual capture");
    is(t.error.param, "capture", "the field");

    open_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    ask.store_id = PAY_STR("123456789012345678901234567890123");
    failed(pay_wechatpay_v3.begin(&t), PAY_E_FIELD_INVALID, "field",
           "a long store");
    is(t.error.param, "store.id", "the field");

    open_talk(PAY_OP_CAPTURE, PAY_KNOWN_OPEN);
    failed(pay_wechatpay_v3.begin(&t), PAY_E_OPERATION_UNSUPPORTED,
           "operation", "capture");

    open_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    t.random_used = PAY_TALK_RANDOM - 31;
    is_int(pay_wechatpay_v3.begin(&t), PAY_ERROR, "no random bytes left");
}


static void
test_known_open(void)
{
    open_talk(PAY_OP_PAY, PAY_KNOWN_OPEN);
    payment.ref = PAY_STR(CODE_URL);
    is_int(pay_wechatpay_v3.begin(&t), PAY_DONE, "a stored code: not sent");
    is_int(t.error.code, PAY_E_NONE, "no error");
    is_int(t.fact.state, PAY_STATE_NONE, "the channel said nothing");
    is_int(t.fact.action.kind, PAY_ACTION_QR_CODE, "a code to show");
    is(t.fact.action.value, CODE_URL, "the stored one");

    open_talk(PAY_OP_PAY, PAY_KNOWN_OPEN);
    is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, "no stored code: sent again");
    is(t.request.body, BODY_MIN, "the same request");

    open_talk(PAY_OP_PAY, PAY_KNOWN_OPEN);
    payment.ref = PAY_STR(CODE_URL);
    payment.expires_at = NOW;
    is_int(pay_wechatpay_v3.begin(&t), PAY_DONE, "expired: not sent");
    no_fact();

    open_talk(PAY_OP_PAY, PAY_KNOWN_OPEN);
    payment.expires_at = NOW;
    is_int(pay_wechatpay_v3.begin(&t), PAY_DONE, "expired without a code");
    no_fact();

    open_talk(PAY_OP_PAY, PAY_KNOWN_OPEN);
    payment.state = PAY_STATE_SUCCEEDED;
    is_int(pay_wechatpay_v3.begin(&t), PAY_DONE, "paid: never sent again");
    is_int(t.error.code, PAY_E_NONE, "no error");
    no_fact();

    open_talk(PAY_OP_PAY, PAY_KNOWN_OPEN);
    payment.state = PAY_STATE_CLOSED;
    payment.ref = PAY_STR(CODE_URL);
    is_int(pay_wechatpay_v3.begin(&t), PAY_DONE, "closed: no code");
    no_fact();
}


/* memory ends at every place once */

static void
test_memory(void)
{
    size_t        limit, n;
    pay_rc_t      rc;
    pay_arena_t  *whole;

    static const pay_op_t  ops[] = {
        PAY_OP_PAY, PAY_OP_QUERY, PAY_OP_CLOSE
    };

    for (n = 0; n < pay_nelts(ops); n++) {

        rc = PAY_ERROR;

        for (limit = 1; limit < 65536 && rc == PAY_ERROR; limit += 61) {

            open_talk(ops[n], PAY_KNOWN_UNKNOWN);
            whole = t.arena;
            platform_sign(whole, &headers, t.now, PAY_STR(PAID));

            t.arena = pay_arena_create(limit);

            rc = pay_wechatpay_v3.begin(&t);
            rc = rc == PAY_SIGN ? pay_wechatpay_v3.sign(&t) : rc;

            if (rc == PAY_SEND) {
                memset(&headers, 0, sizeof(headers));
                rc = resume(403, ops[n] == PAY_OP_QUERY ? ERR("NO_AUTH")
                                                        : ERR("ORDER_PAID"));
            }

            if (rc == PAY_SIGN) {
                rc = pay_wechatpay_v3.sign(&t);
            }

            if (rc == PAY_SEND) {
                platform_sign(whole, &headers, t.now, PAY_STR(PAID));
                rc = resume(200, PAID);
            }

            talk_close(&t);
            t.arena = whole;

            if (rc != PAY_ERROR && rc != PAY_DONE) {
                break;
            }
        }

        ok(rc == PAY_DONE && limit > 1000, "%s: %zu bytes are enough, with "
           "less it is an error", pay_op_info(ops[n])->name, limit);
    }
}


static void
check_fails(const char *want)
{
    const char  *why;

    why = NULL;
    is_int(pay_wechatpay_v3.check(&channel, &why), PAY_INVALID, want);
    ok(why && strstr(why, want), "why: %s", why ? why : "(null)");
}


static void
test_check(void)
{
    int64_t                  end;
    pay_str_t                serial;
    const char              *why;
    pay_wechatpay_v3_conf_t  good = conf;

    is_int(pay_wechatpay_v3.check(&channel, &why), PAY_OK, "a good channel");

    conf.sandbox_key = platform_key;
    is_int(pay_wechatpay_v3.check(&channel, &why), PAY_OK,
           "with the sandbox's key");

    conf.platform_keys.key[0] = good.certificate.key;
    check_fails("sandbox_platform_key");
    conf = good;

    conf.sandbox_key = good.certificate_key;
    check_fails("sandbox_platform_key");
    conf = good;

    conf.certificate_key = platform_key;
    check_fails("certificate_key is not");
    conf = good;

    conf.platform_keys.nkeys = 0;
    is_int(pay_wechatpay_v3.check(&channel, &why), PAY_OK,
           "without a key: there are certificates");
    conf.sandbox_key = platform_key;
    check_fails("sandbox_platform_key is without");
    conf = good;

    conf.platform_keys.id[1] = PAY_STR("");
    check_fails("the id of a platform_key");
    conf.platform_keys.id[1] = PAY_STR("A\r\nB");
    check_fails("the id of a platform_key");
    conf.platform_keys.id[1] = conf.platform_keys.id[2];
    check_fails("the same id");
    conf = good;

    conf.appid = PAY_STR("");
    check_fails("appid");
    conf = good;

    conf.mchid = PAY_STR("19\"00");
    check_fails("mchid");
    conf = good;

    conf.api_v3_key = PAY_STR("0123456789abcdef0123456789ABCDE");
    check_fails("api_v3_key");
    conf = good;

    channel.notify_url = PAY_STR("");
    check_fails("notify_url must be there");
    channel.notify_url = PAY_STR("https://pay.example.com/notify?a=b");
    check_fails("query string");
    channel.notify_url = PAY_STR("https://pay.example.com/notify/wechat");

    pay_wechatpay_v3.expiry(&channel, &serial, &end);
    is(serial, "1DDE55AD98ED71D6EDD4A4A16996DE7B4777AAAA", "the serial");
    is_int(end, conf.certificate.not_after, "the certificate's end");
}


static void
test_tables(void)
{
    size_t              i, n;
    const pay_can_t    *can = pay_wechatpay_v3.can;
    const pay_param_t  *p = pay_wechatpay_v3.params;

    static const char *const  names[] = {
        "appid", "mchid", "certificate", "certificate_key", "platform_key",
        "api_v3_key", "sandbox_platform_key"
    };

    for (i = 0; i < pay_nelts(names); i++) {
        ok(p[i].name && strcmp(p[i].name, names[i]) == 0, "%s", names[i]);
        ok(p[i].doc != NULL, "has its line of help");
        is_int(p[i].required, i != 4 && i != 6, "required");
        is_int(p[i].sandbox, i == 6, "with mode sandbox only");
        ok(p[i].offset < sizeof(pay_wechatpay_v3_conf_t), "its place");

        for (n = 0; n < i; n++) {
            ok(p[n].offset != p[i].offset, "which is its own");
        }
    }

    ok(p[i].name == NULL, "and no more");
    is_int(pay_wechatpay_v3.conf_size, sizeof(conf), "conf_size");

    is_int(p[5].min, 32, "api_v3_key: 32 bytes");
    is_int(p[5].max, 32, "no more");

    is(pay_strz(can->hosts[0]), "https://api.mch.weixin.qq.com", "host");
    is(pay_strz(can->hosts[1]), "https://api2.mch.weixin.qq.com", "host 2");
    ok(can->hosts[2] == NULL, "no more hosts");
    is(pay_strz(can->currencies[0]), "CNY", "CNY");
    ok(can->currencies[1] == NULL, "alone");
    is_int(can->numbers[PAY_KIND_PAYMENT].min, 6, "order_id_min");
    is_int(can->numbers[PAY_KIND_PAYMENT].max, 32, "order_id_max");
    is(pay_strz(can->numbers[PAY_KIND_PAYMENT].extra), "_-", "order_id_extra");
    is_int(can->description_max, 127, "description_max");
    is_int(can->amount_min, 1, "amount_min");
    is_int(can->amount_max, PAY_AMOUNT_MAX, "amount_max");
    is_int(can->expires_min, 60, "expires_min");
    is_int(can->expires_max, 604800, "expires_max");
    is_int(can->notice_deadline_ms, 5000, "notice deadline");
    ok(can->dedupes && can->echoes && !can->test_only, "dedupes, echoes");
}


int
main(void)
{
    channel_open();

    test_tables();
    test_check();
    test_prepay_request();
    test_description();
    test_query_request();
    test_close_request();
    test_refused_at_once();
    test_known_open();
    test_memory();

    talk_close(&t);
    channel_close();

    return done();
}
