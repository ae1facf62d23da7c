
/*
 * Copyright (C) the ngx_pay authors
 *
 * src/sandbox: the WeChat Pay APIv3 simulator against a good client, and a
 * client that does one thing wrong at a time: native prepay, query, close,
 * the buttons and notices of a payment.
 */

#include "sim_wechatpay_v3.h"


static void
test_prepay(void)
{
    pay_str_t        url;
    pay_sim_view_t   view;

    forget();
    request("POST", NATIVE, body(NULL, NULL));
    expect(200, NULL, "prepay");
    ok(s.changed && s.channel == &channel, "the order is to be stored");
    is(s.order_id, NUMBER, "order_id");
    url = member(s.reply_body, "code_url");
    is(url, "http://127.0.0.1:8080/sandbox/checkout/wechat/" NUMBER,
       "code_url");

    fresh();
    is_int(sim->view(&s, &view), PAY_OK, "view");
    ok(pay_str_eqz(view.order_id, NUMBER) && view.amount == 1050
       && pay_str_eqz(view.currency, "CNY") && pay_str_eqz(view.account, MCHID)
       && strcmp(view.state, "NOTPAY") == 0 && view.payable
       && view.expires_at == NOW + 7200
       && pay_str_eqz(view.description, "一杯茶 & \"cake\"")
       && pay_str_eqz(view.notify_url, "http://127.0.0.1:8080/notify/wechat"),
       "view has it all");

    request("POST", NATIVE, body(NULL, NULL));
    expect(200, NULL, "the same again");
    ok(!s.changed && pay_str_eq(member(s.reply_body, "code_url"), url),
       "has the same code_url and changes nothing");

    /* the same parameters in another order and spelling of JSON */

    request("POST", NATIVE, "{ \"amount\": {\"currency\":\"CNY\","
            "\"total\":1050}, \"scene_info\":{\"device_id\":\"till-1\","
            "\"payer_client_ip\":\"203.0.113.9\"},\"notify_url\":"
            "\"http:\\/\\/127.0.0.1:8080/notify/wechat\","
            "\"attach\":\"p1.shop.0123\","
            "\"time_expire\":\"2026-11-22T10:00:00+08:00\","
            "\"out_trade_no\":\"" NUMBER "\","
            "\"description\":\"\\u4e00杯茶 & \\\"cake\\\"\","
            "\"mchid\":\"" MCHID "\",\"appid\":\"wxd678efh567hg6787\"}");
    expect(200, NULL, "the same in another order");
    ok(!s.changed, "changes nothing");

    forget();
    request("POST", NATIVE, body("out_trade_no", "\"a_*|-b\""));
    expect(200, NULL, "every character of a number");
    is(member(s.reply_body, "code_url"),
       "http://127.0.0.1:8080/sandbox/checkout/wechat/a_%2A%7C-b",
       "is percent-encoded in the code_url");

    forget();
    request("POST", NATIVE, body("time_expire", NULL));
    expect(200, NULL, "without time_expire");
    fresh();
    sim->view(&s, &view);
    is_int(view.expires_at - NOW, 7 * 86400, "an order lives 7 days");
}


static void
test_replayed_prepay(void)
{
    size_t  i;
    static const struct {
        const char  *key;
        const char  *value;
    } rows[] = {
        { "description", "\"another\"" },
        { "time_expire", "\"2026-11-22T10:00:01+08:00\"" },
        { "time_expire", NULL },
        { "attach", "\"other\"" },
        { "attach", NULL },
        { "notify_url", "\"http://127.0.0.1:8080/notify/other\"" },
        { "goods_tag", "\"x\"" },
        { "support_fapiao", "false" },
        { "limit_pay", "[\"no_credit\"]" },
        { "amount", "{\"total\":1051,\"currency\":\"CNY\"}" },
        { "amount", "{\"total\":1050}" },
        { "detail", "{\"cost_price\":1}" },
        { "scene_info", "{\"payer_client_ip\":\"203.0.113.8\","
                        "\"device_id\":\"till-1\"}" },
        { "scene_info", NULL },
        { "settle_info", "{\"profit_sharing\":true}" },
    };

    prepay();

    for (i = 0; i < pay_nelts(rows); i++) {
        request("POST", NATIVE, body(rows[i].key, rows[i].value));
        expect(400, "INVALID_REQUEST", rows[i].key);
    }

    request("POST", NATIVE, body(NULL, NULL));
    expect(200, NULL, "the first one still holds");
}


/* section 2: all 401, nothing signed, nothing stored */

static const char *
auth(const char *scheme, const char *fmt, const char *sig)
{
    char  params[1024];

    snprintf(params, sizeof(params), fmt, sig);

    return (const char *) text("%s%s", scheme, params).data;
}


#define SCHEME  PAY_WECHATPAY_V3_SCHEME " "
#define NONCE   "593BEC0C930BF1AFEB40B4A08C8FB242"
#define A_MCH   "mchid=\"" MCHID "\""
#define A_NON   "nonce_str=\"" NONCE "\""
#define A_SIG   "signature=\"%s\""
#define A_TIME  "timestamp=\"1795305600\""
#define A_SER   "serial_no=\"0DDE55AD98ED71D6EDD4A4A16996DE7B4777AAAA\""

static const struct {
    const char  *name;
    const char  *scheme;
    const char  *params;
    int          good;
} auths[] = {
    { "as it should be", SCHEME,
      A_MCH "," A_NON "," A_SIG "," A_TIME "," A_SER, 1 },
    { "another order", SCHEME,
      A_SER "," A_SIG "," A_TIME "," A_NON "," A_MCH, 1 },

    { "no mchid", SCHEME, A_NON "," A_SIG "," A_TIME "," A_SER, 0 },
    { "no nonce_str", SCHEME, A_MCH "," A_SIG "," A_TIME "," A_SER, 0 },
    { "no timestamp", SCHEME, A_MCH "," A_NON "," A_SIG "," A_SER, 0 },
    { "no serial_no", SCHEME, A_MCH "," A_NON "," A_SIG "," A_TIME, 0 },
    { "mchid twice", SCHEME,
      A_MCH "," A_NON "," A_SIG "," A_TIME "," A_SER "," A_MCH, 0 },
    { "mchid instead of serial_no", SCHEME,
      A_MCH "," A_NON "," A_SIG "," A_TIME "," A_MCH, 0 },
    { "nonce_str twice", SCHEME,
      A_MCH "," A_NON "," A_NON "," A_SIG "," A_TIME "," A_SER, 0 },
    { "timestamp twice", SCHEME,
      A_MCH "," A_NON "," A_SIG "," A_TIME "," A_TIME "," A_SER, 0 },
    { "serial_no twice", SCHEME,
      A_MCH "," A_NON "," A_SIG "," A_TIME "," A_SER "," A_SER, 0 },
    { "a sixth one", SCHEME,
      A_MCH "," A_NON "," A_SIG "," A_TIME "," A_SER ",x=\"y\"", 0 },
    { "a name in capitals", SCHEME,
      "MCHID=\"" MCHID "\"," A_NON "," A_SIG "," A_TIME "," A_SER, 0 },
    { "a space behind a comma", SCHEME,
      A_MCH ", " A_NON "," A_SIG "," A_TIME "," A_SER, 0 },
    { "a comma at the end", SCHEME,
      A_MCH "," A_NON "," A_SIG "," A_TIME "," A_SER ",", 0 },
    { "a comma in front", SCHEME,
      "," A_MCH "," A_NON "," A_SIG "," A_TIME "," A_SER, 0 },
    { "two commas", SCHEME,
      A_MCH ",," A_NON "," A_SIG "," A_TIME "," A_SER, 0 },
    { "no comma", SCHEME,
      A_MCH A_NON "," A_SIG "," A_TIME "," A_SER, 0 },
    { "no quotes", SCHEME,
      "mchid=" MCHID "," A_NON "," A_SIG "," A_TIME "," A_SER, 0 },
    { "an open quote", SCHEME, A_NON "," A_SIG "," A_TIME "," A_SER ","
      "mchid=\"" MCHID, 0 },
    { "nothing behind =", SCHEME, A_NON "," A_SIG "," A_TIME "," A_SER ","
      "mchid=", 0 },
    { "an empty value", SCHEME,
      "mchid=\"\"," A_NON "," A_SIG "," A_TIME "," A_SER, 0 },
    { "garbage", SCHEME, "garbage", 0 },
    { "no parameters", SCHEME, "", 0 },
    { "two spaces", SCHEME " ",
      A_MCH "," A_NON "," A_SIG "," A_TIME "," A_SER, 0 },
    { "lower-case scheme", "wechatpay2-sha256-rsa2048 ",
      A_MCH "," A_NON "," A_SIG "," A_TIME "," A_SER, 0 },
    { "another scheme", "WECHATPAY2-SM2-WITH-SM3 ",
      A_MCH "," A_NON "," A_SIG "," A_TIME "," A_SER, 0 },
    { "no scheme", "", A_MCH "," A_NON "," A_SIG "," A_TIME "," A_SER, 0 },

    { "unknown mchid", SCHEME, "mchid=\"1900000110\","
      A_NON "," A_SIG "," A_TIME "," A_SER, 0 },
    { "mchid with a zero more", SCHEME, "mchid=\"" MCHID "0\","
      A_NON "," A_SIG "," A_TIME "," A_SER, 0 },
    { "the platform's serial", SCHEME, A_MCH "," A_NON "," A_SIG "," A_TIME
      ",serial_no=\"" PUB_ID "\"", 0 },
    { "a serial without its zero", SCHEME, A_MCH "," A_NON "," A_SIG ","
      A_TIME ",serial_no=\"DDE55AD98ED71D6EDD4A4A16996DE7B4777AAAA\"", 0 },
    { "a serial in lower case", SCHEME, A_MCH "," A_NON "," A_SIG "," A_TIME
      ",serial_no=\"0dde55ad98ed71d6edd4a4a16996de7b4777aaaa\"", 1 },
    { "another nonce", SCHEME, A_MCH ",nonce_str=\"x\"," A_SIG "," A_TIME ","
      A_SER, 0 },
    { "another timestamp", SCHEME, A_MCH "," A_NON "," A_SIG ","
      "timestamp=\"1795305601\"," A_SER, 0 },
    { "timestamp is no number", SCHEME, A_MCH "," A_NON "," A_SIG ","
      "timestamp=\"17953056oo\"," A_SER, 0 },
    { "timestamp with a zero", SCHEME, A_MCH "," A_NON "," A_SIG ","
      "timestamp=\"01795305600\"," A_SER, 0 },
    { "timestamp with a sign", SCHEME, A_MCH "," A_NON "," A_SIG ","
      "timestamp=\"+1795305600\"," A_SER, 0 },
    { "timestamp in milliseconds", SCHEME, A_MCH "," A_NON "," A_SIG ","
      "timestamp=\"1795305600000\"," A_SER, 0 },
    { "signature is no base64", SCHEME, A_MCH "," A_NON "," A_TIME "," A_SER
      ",signature=\"WECHATPAY/SIGNTEST/%s\"", 0 },
    { "signature of four bytes", SCHEME, A_MCH "," A_NON "," A_TIME "," A_SER
      ",signature=\"AAAAAA==\"", 0 },
};


static void
test_authorization(void)
{
    size_t       i;
    const char  *sig;

    prepay();

    sig = signature(merchant, "GET", QUERY, "1795305600", NONCE,
                    (pay_str_t) pay_str_null);

    for (i = 0; i < pay_nelts(auths); i++) {
        request("GET", QUERY, "");
        set("Authorization", auth(auths[i].scheme, auths[i].params, sig));
        expect(auths[i].good ? 200 : 401,
               auths[i].good ? NULL : "SIGN_ERROR", auths[i].name);
    }

    request("GET", QUERY, "");
    set("Authorization", NULL);
    expect(401, "SIGN_ERROR", "no Authorization");
    is(detail("location"), "authorization", "detail.location");

    request("GET", QUERY, "");
    set("Authorization", "");
    expect(401, "SIGN_ERROR", "an empty Authorization");

    request("GET", QUERY, "");
    add("authorization", auth(auths[0].scheme, auths[0].params, sig));
    expect(401, "SIGN_ERROR", "two of them, both good");

    request("GET", QUERY, "");
    set("Authorization", auth(SCHEME, auths[0].params,
        signature(stranger, "GET", QUERY, "1795305600", NONCE,
                  (pay_str_t) pay_str_null)));
    expect(401, "SIGN_ERROR", "another key signed");

    request("GET", QUERY, "");
    set("Authorization", auth(SCHEME, A_MCH ",nonce_str=\"" NONCE "0\","
        A_SIG "," A_TIME "," A_SER,
        signature(merchant, "GET", QUERY, "1795305600", NONCE "0",
                  (pay_str_t) pay_str_null)));
    expect(401, "SIGN_ERROR", "a nonce of 33 characters");

    request("GET", QUERY, "");
    s.channels = &channels[2];
    expect(401, "SIGN_ERROR", "no channel here");
}


static void
test_clock(void)
{
    int     k;
    static const struct {
        int  age;
        int  status;
    } rows[] = {
        { 299, 200 }, { 300, 200 }, { 301, 401 }, { 86400, 401 },
        { -299, 200 }, { -300, 200 }, { -301, 401 }, { -86400, 401 }
    };

    prepay();

    for (k = 0; k < (int) pay_nelts(rows); k++) {
        now = NOW - rows[k].age;
        request("GET", QUERY, "");
        now = NOW;
        s.now = NOW;
        expect(rows[k].status, rows[k].status == 401 ? "SIGN_ERROR" : NULL,
               (const char *) text("a clock %d s behind", rows[k].age).data);
    }
}


/* each part of what was signed, changed on its way */

static void
test_tampering(void)
{
    size_t     i, n;
    pay_str_t  sent;

    forget();
    request("POST", NATIVE, body(NULL, NULL));
    s.method = PAY_STR("PUT");
    expect(401, "SIGN_ERROR", "method changed");

    request("POST", NATIVE, body(NULL, NULL));
    s.target = PAY_STR(NATIVE "?");
    expect(401, "SIGN_ERROR", "a bare ? behind the target");

    request("GET", QUERY, "");
    s.target = PAY_STR("/v3/pay/transactions/out-trade-no/order-0002?mchid="
                       MCHID);
    expect(401, "SIGN_ERROR", "another number in the target");

    request("GET", QUERY, "");
    s.target = PAY_STR("/v3/pay/transactions/out-trade-no/order%2D0001?mchid="
                       MCHID);
    expect(401, "SIGN_ERROR", "another encoding of the same number");

    request("POST", NATIVE, body(NULL, NULL));
    s.body = text("%s\n", body(NULL, NULL));
    expect(401, "SIGN_ERROR", "a line feed behind the body");

    request("POST", NATIVE, body(NULL, NULL));
    s.body = text("%s", body("amount", "{\"total\":1,\"currency\":\"CNY\"}"));
    expect(401, "SIGN_ERROR", "another amount");

    request("GET", QUERY, "");
    s.body = PAY_STR("{}");
    expect(401, "SIGN_ERROR", "a body where none was signed");

    request("POST", NATIVE, body(NULL, NULL));
    sent = s.body;

    for (i = 0, n = 0; i < sent.len; i += 7, n++) {
        pay_str_t  copy = pay_str_dup(arena, sent);

        ((pay_u8 *) copy.data)[i] ^= 1;
        request("POST", NATIVE, body(NULL, NULL));
        s.body = copy;
        n -= run() == PAY_DONE && s.status == 401 && !s.changed;
    }

    is_int((long long) n, 0, "every seventh byte of the body, one bit");
    ok(order.len == 0, "nothing was stored");
}


static void
test_headers(void)
{
    prepay();

    request("GET", QUERY, "");
    set("User-Agent", NULL);
    expect(400, "PARAM_ERROR", "no User-Agent");
    is(detail("field"), "User-Agent", "detail.field");
    is(detail("location"), "header", "detail.location");

    request("GET", QUERY, "");
    set("Accept", NULL);
    expect(400, "PARAM_ERROR", "no Accept");

    request("GET", QUERY, "");
    set("Accept", "text/html");
    expect(406, "PARAM_ERROR", "Accept of HTML only");

    request("GET", QUERY, "");
    set("Accept", "text/plain, application/json;q=0.9");
    expect(200, NULL, "Accept of several");

    request("GET", QUERY, "");
    set("Accept", "*/*");
    expect(200, NULL, "Accept of anything");

    request("GET", QUERY, "");
    set("Wechatpay-Serial", NULL);
    expect(200, NULL, "no Wechatpay-Serial");

    request("GET", QUERY, "");
    set("Wechatpay-Serial", PUB_ID2);
    signer = PUB_ID2;
    expect(200, NULL, "the second platform key, which signs the answer");
    signer = PUB_ID;

    request("GET", QUERY, "");
    set("Wechatpay-Serial", "0119000001092026112200000000000001");
    expect(400, "PARAM_ERROR", "Wechatpay-Serial without its prefix");

    request("GET", QUERY, "");
    set("Wechatpay-Serial", conf.certificate.serial);
    expect(400, "PARAM_ERROR", "the merchant's serial as Wechatpay-Serial");

    request("GET", QUERY, "");
    add("Wechatpay-Serial", PUB_ID);
    expect(400, "PARAM_ERROR", "two of Wechatpay-Serial");

    request("POST", CLOSE, CLOSING);
    set("Content-Type", NULL);
    expect(415, "PARAM_ERROR", "no Content-Type");

    request("POST", CLOSE, CLOSING);
    set("Content-Type", "text/json");
    expect(415, "PARAM_ERROR", "another Content-Type");

    request("POST", CLOSE, CLOSING);
    set("Content-Type", "application/jsonp");
    expect(415, "PARAM_ERROR", "application/jsonp");

    request("POST", CLOSE, CLOSING);
    set("Content-Type", "application/json; charset=gbk");
    expect(415, "PARAM_ERROR", "another charset");

    request("POST", CLOSE, CLOSING);
    set("Content-Type", "application/json; charset=UTF-8");
    expect(204, NULL, "charset=UTF-8");
}


static void
test_routes(void)
{
    size_t  i;
    static const struct {
        const char  *method;
        const char  *target;
        const char  *body;
        int          status;
        const char  *code;
    } rows[] = {
        { "GET", "/", "", 404, "NOT_FOUND" },
        { "GET", "/v3/pay/transactions/", "", 404, "NOT_FOUND" },
        { "POST", "/v3/pay/transactions/micropay", "{}", 404, "NOT_FOUND" },
        { "POST", NATIVE "/", "{}", 404, "NOT_FOUND" },
        { "POST", "/V3/pay/transactions/native", "{}", 404, "NOT_FOUND" },
        { "POST", "//v3/pay/transactions/native", "{}", 404, "NOT_FOUND" },
        { "POST", "/v3/refund/domestic/refund", "{}", 404, "NOT_FOUND" },
        { "GET", "/v3/pay/transactions/out-trade-no/?mchid=" MCHID, "", 404,
          "NOT_FOUND" },
        { "POST", "/v3/pay/transactions/out-trade-no//close", CLOSING, 404,
          "NOT_FOUND" },
        { "GET", "/v3/pay/transactions/out-trade-no/a/b?mchid=" MCHID, "",
          404, "NOT_FOUND" },
        { "GET", NATIVE, "", 405, "INVALID_REQUEST" },
        { "PUT", NATIVE, "{}", 405, "INVALID_REQUEST" },
        { "get", QUERY, "", 405, "INVALID_REQUEST" },
        { "GET", CLOSE "?mchid=" MCHID, "", 405, "INVALID_REQUEST" },
        { "DELETE", QUERY, "", 405, "INVALID_REQUEST" },

        { "GET", "/v3/pay/transactions/id/4200001234?mchid=" MCHID, "", 404,
          "ORDER_NOT_EXIST" },
        { "GET", "/v3/pay/transactions/id/4200001234", "", 400,
          "PARAM_ERROR" },

        { "GET", "/v3/pay/transactions/out-trade-no/" NUMBER, "", 400,
          "PARAM_ERROR" },
        { "GET", "/v3/pay/transactions/out-trade-no/" NUMBER "?", "", 400,
          "PARAM_ERROR" },
        { "GET", "/v3/pay/transactions/out-trade-no/" NUMBER "?mchid=", "",
          400, "PARAM_ERROR" },
        { "GET", "/v3/pay/transactions/out-trade-no/" NUMBER
          "?mchid=1900000110", "", 400, "PARAM_ERROR" },
        { "GET", QUERY "&mchid=" MCHID, "", 400, "PARAM_ERROR" },
        { "GET", QUERY "&sub_mchid=1", "", 400, "PARAM_ERROR" },
        { "GET", QUERY "&", "", 400, "PARAM_ERROR" },
        { "GET", QUERY "%", "", 400, "PARAM_ERROR" },
        { "GET", QUERY, "{}", 400, "PARAM_ERROR" },

        { "GET", "/v3/pay/transactions/out-trade-no/short?mchid=" MCHID, "",
          400, "PARAM_ERROR" },
        { "GET", "/v3/pay/transactions/out-trade-no/"
          "123456789012345678901234567890123?mchid=" MCHID, "", 400,
          "PARAM_ERROR" },
        { "GET", "/v3/pay/transactions/out-trade-no/order|0001?mchid=" MCHID,
          "", 400, "PARAM_ERROR" },
        { "GET", "/v3/pay/transactions/out-trade-no/order+0001?mchid=" MCHID,
          "", 400, "PARAM_ERROR" },
        { "GET", "/v3/pay/transactions/out-trade-no/order&0001?mchid=" MCHID,
          "", 400, "PARAM_ERROR" },
        { "GET", "/v3/pay/transactions/out-trade-no/order%2?mchid=" MCHID,
          "", 400, "PARAM_ERROR" },
        { "GET", "/v3/pay/transactions/out-trade-no/order%000?mchid=" MCHID,
          "", 400, "PARAM_ERROR" },
        { "GET", "/v3/pay/transactions/out-trade-no/..%2f..%2fa?mchid=" MCHID,
          "", 400, "PARAM_ERROR" },
        { "GET", "/v3/pay/transactions/out-trade-no/a%7Cb*-_?mchid=" MCHID,
          "", 404, "ORDER_NOT_EXIST" },
        { "GET", "/v3/pay/transactions/out-trade-no/%6frder-0001?mchid="
          MCHID, "", 200, NULL },
        { "GET", "/v3/pay/transactions/out-trade-no/order-0002?mchid=" MCHID,
          "", 404, "ORDER_NOT_EXIST" },

        { "POST", "/v3/pay/transactions/out-trade-no/order-0002/close",
          CLOSING, 404, "ORDER_NOT_EXIST" },
        { "POST", CLOSE, "", 400, "PARAM_ERROR" },
        { "POST", CLOSE, "{}", 400, "PARAM_ERROR" },
        { "POST", CLOSE, "[]", 400, "PARAM_ERROR" },
        { "POST", CLOSE, "{\"mchid\":1900000109}", 400, "PARAM_ERROR" },
        { "POST", CLOSE, "{\"mchid\":\"1900000110\"}", 400, "PARAM_ERROR" },
        { "POST", CLOSE, "{\"mchid\":\"" MCHID "\",\"x\":1}", 400,
          "PARAM_ERROR" },
        { "POST", CLOSE "?a=b", CLOSING, 400, "PARAM_ERROR" },
        { "POST", CLOSE "?", CLOSING, 400, "PARAM_ERROR" },
    };

    prepay();

    for (i = 0; i < pay_nelts(rows); i++) {
        request(rows[i].method, rows[i].target, rows[i].body);
        expect(rows[i].status, rows[i].code,
               (const char *) text("%s %s %s", rows[i].method, rows[i].target,
                                   rows[i].body).data);
    }
}


/* section 8.1, row by row: field of the error, or NULL where it is good */

#define C31   "1234567890123456789012345678901"
#define C127  C31 "2" C31 "2" C31 "2" C31
#define ZH31  "一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一"
#define ZH127 ZH31 "二" ZH31 "二" ZH31 "二" ZH31
#define GOODS "\"merchant_goods_id\":\"1\",\"quantity\":1,\"unit_price\":5"

static const struct {
    const char  *key;
    const char  *value;
    const char  *field;
} fields[] = {
    { "appid", NULL, "/appid" },
    { "appid", "\"\"", "/appid" },
    { "appid", "null", "/appid" },
    { "appid", "1", "/appid" },
    { "appid", "\"" C31 "12\"", "/appid" },
    { "mchid", NULL, "/mchid" },
    { "mchid", "1900000109", "/mchid" },
    { "mchid", "\"1900000110\"", "/mchid" },

    { "description", NULL, "/description" },
    { "description", "\"\"", "/description" },
    { "description", "\"" C127 "\"", NULL },
    { "description", "\"" C127 "8\"", "/description" },
    { "description", "\"" ZH127 "\"", NULL },
    { "description", "\"" ZH127 "八\"", "/description" },
    { "description", "[\"x\"]", "/description" },

    { "out_trade_no", NULL, "/out_trade_no" },
    { "out_trade_no", "\"12345\"", "/out_trade_no" },
    { "out_trade_no", "\"" C31 "2\"", NULL },
    { "out_trade_no", "\"" C31 "23\"", "/out_trade_no" },
    { "out_trade_no", "\"order 0001\"", "/out_trade_no" },
    { "out_trade_no", "\"order/0001\"", "/out_trade_no" },
    { "out_trade_no", "\"order@0001\"", "/out_trade_no" },
    { "out_trade_no", "\"订单订单订单\"", "/out_trade_no" },
    { "out_trade_no", "123456", "/out_trade_no" },

    { "time_expire", "\"\"", "/time_expire" },
    { "time_expire", "\"2026-11-22 10:00:00\"", "/time_expire" },
    { "time_expire", "\"2026-11-22T10:00:00\"", "/time_expire" },
    { "time_expire", "\"20261122100000\"", "/time_expire" },
    { "time_expire", "\"2026-11-31T10:00:00+08:00\"", "/time_expire" },
    { "time_expire", "\"2026-11-22T10:00:00.5+08:00\"", "/time_expire" },
    { "time_expire", "1795312800", "/time_expire" },
    { "time_expire", "\"2026-11-22T08:00:00+08:00\"", "/time_expire" },
    { "time_expire", "\"2026-11-22T07:59:59+08:00\"", "/time_expire" },
    { "time_expire", "\"2026-11-22T08:00:01+08:00\"", NULL },
    { "time_expire", "\"2026-11-22T02:00:00Z\"", NULL },

    { "attach", "\"\"", "/attach" },
    { "attach", "\"" C127 "8\"", NULL },
    { "attach", "\"" C127 "89\"", "/attach" },
    { "attach", "{}", "/attach" },

    { "notify_url", NULL, "/notify_url" },
    { "notify_url", "\"\"", "/notify_url" },
    { "notify_url", "\"https://pay.example.com/n\"", NULL },
    { "notify_url", "\"https://pay.example.com\"", NULL },
    { "notify_url", "\"https://pay.example.com/n?a=b\"", "/notify_url" },
    { "notify_url", "\"https://pay.example.com/n?\"", "/notify_url" },
    { "notify_url", "\"https://pay.example.com?a\"", "/notify_url" },
    { "notify_url", "\"https://pay.example.com/n#a\"", "/notify_url" },
    { "notify_url", "\"https://me:pw@pay.example.com/n\"", "/notify_url" },
    { "notify_url", "\"https://pay.example.com/a@b\"", NULL },
    { "notify_url", "\"https:///n\"", "/notify_url" },
    { "notify_url", "\"https://:8080/n\"", "/notify_url" },
    { "notify_url", "\"//pay.example.com/n\"", "/notify_url" },
    { "notify_url", "\"ftp://pay.example.com/n\"", "/notify_url" },
    { "notify_url", "\"https://pay.example.com/a b\"", "/notify_url" },
    { "notify_url", "\"https://pay.example.com/a\\r\\nb\"", "/notify_url" },
    { "notify_url", "\"https://支付.example.com/n\"", "/notify_url" },
    { "notify_url", "\"https://pay.example.com/" C127 C127 "\"",
      "/notify_url" },

    { "goods_tag", "\"" C31 "2\"", NULL },
    { "goods_tag", "\"" C31 "23\"", "/goods_tag" },
    { "support_fapiao", "true", NULL },
    { "support_fapiao", "\"true\"", "/support_fapiao" },
    { "support_fapiao", "1", "/support_fapiao" },

    { "limit_pay", "[\"no_balance\",\"no_credit\",\"no_debit\","
                   "\"balance_only\"]", NULL },
    { "limit_pay", "[]", "/limit_pay" },
    { "limit_pay", "\"no_credit\"", "/limit_pay" },
    { "limit_pay", "[\"no_credit\",\"no_fun\"]", "/limit_pay/1" },
    { "limit_pay", "[1]", "/limit_pay/0" },

    { "amount", NULL, "/amount" },
    { "amount", "100", "/amount" },
    { "amount", "[]", "/amount" },
    { "amount", "{}", "/amount/total" },
    { "amount", "{\"total\":1}", NULL },
    { "amount", "{\"total\":10000000000000}", NULL },
    { "amount", "{\"total\":10000000000001}", "/amount/total" },
    { "amount", "{\"total\":99999999999999999999}", "/amount/total" },
    { "amount", "{\"total\":0}", "/amount/total" },
    { "amount", "{\"total\":-1}", "/amount/total" },
    { "amount", "{\"total\":1.0}", "/amount/total" },
    { "amount", "{\"total\":1e2}", "/amount/total" },
    { "amount", "{\"total\":\"100\"}", "/amount/total" },
    { "amount", "{\"total\":null}", "/amount/total" },
    { "amount", "{\"total\":1,\"currency\":\"USD\"}", "/amount/currency" },
    { "amount", "{\"total\":1,\"currency\":\"cny\"}", "/amount/currency" },
    { "amount", "{\"total\":1,\"currency\":\"\"}", "/amount/currency" },
    { "amount", "{\"total\":1,\"currency\":156}", "/amount/currency" },
    { "amount", "{\"total\":1,\"payer_total\":1}", "/amount/payer_total" },

    { "detail", "{}", NULL },
    { "detail", "{\"cost_price\":100,\"invoice_id\":\"i\","
                "\"goods_detail\":[{" GOODS "},{" GOODS
                ",\"wechatpay_goods_id\":\"w\",\"goods_name\":\"茶\"}]}",
      NULL },
    { "detail", "{\"cost_price\":-1}", "/detail/cost_price" },
    { "detail", "{\"goods_detail\":[]}", "/detail/goods_detail" },
    { "detail", "{\"goods_detail\":{}}", "/detail/goods_detail" },
    { "detail", "{\"goods_detail\":[5]}", "/detail/goods_detail/0" },
    { "detail", "{\"goods_detail\":[{" GOODS "},{\"quantity\":1,"
                "\"unit_price\":5}]}",
      "/detail/goods_detail/1/merchant_goods_id" },
    { "detail", "{\"goods_detail\":[{\"merchant_goods_id\":\"1\","
                "\"quantity\":0,\"unit_price\":5}]}",
      "/detail/goods_detail/0/quantity" },
    { "detail", "{\"goods_detail\":[{" GOODS ",\"price\":1}]}",
      "/detail/goods_detail/0/price" },

    { "scene_info", "{\"payer_client_ip\":\"2001:db8::1\"}", NULL },
    { "scene_info", "{}", "/scene_info/payer_client_ip" },
    { "scene_info", "{\"payer_client_ip\":\"203.0.113.256\"}",
      "/scene_info/payer_client_ip" },
    { "scene_info", "{\"payer_client_ip\":\"" ZH31 "\"}",
      "/scene_info/payer_client_ip" },
    { "scene_info", "{\"payer_client_ip\":\"localhost\"}",
      "/scene_info/payer_client_ip" },
    { "scene_info", "{\"payer_client_ip\":\"203.0.113.9\","
                    "\"device_id\":\"\"}", "/scene_info/device_id" },
    { "scene_info", "{\"payer_client_ip\":\"203.0.113.9\","
                    "\"store_info\":{\"id\":\"s\",\"name\":\"n\","
                    "\"area_code\":\"440305\",\"address\":\"a\"}}", NULL },
    { "scene_info", "{\"payer_client_ip\":\"203.0.113.9\","
                    "\"store_info\":{\"name\":\"n\"}}",
      "/scene_info/store_info/id" },
    { "scene_info", "{\"payer_client_ip\":\"203.0.113.9\","
                    "\"h5_info\":{\"type\":\"Wap\"}}", "/scene_info/h5_info" },

    { "settle_info", "{\"profit_sharing\":false}", NULL },
    { "settle_info", "{\"profit_sharing\":0}", "/settle_info/profit_sharing" },
    { "settle_info", "null", "/settle_info" },

    { "extra", "1", "/extra" },
    { "extra", "null", "/extra" },
};


static void
test_fields(void)
{
    size_t     i;
    pay_str_t  field;

    for (i = 0; i < pay_nelts(fields); i++) {
        forget();
        request("POST", NATIVE, body(fields[i].key, fields[i].value));

        if (fields[i].field == NULL) {
            expect(200, NULL, (const char *) text("%s: %s", fields[i].key,
                                                  fields[i].value).data);
            continue;
        }

        expect(400, "PARAM_ERROR", (const char *) text("%s: %s",
               fields[i].key, fields[i].value ? fields[i].value : "absent")
               .data);

        field = detail("field");

        if (!pay_str_eqz(field, fields[i].field)
            || !pay_str_eqz(detail("location"), "body")
            || detail("issue").len == 0)
        {
            is(field, fields[i].field, "detail.field");
        }
    }

    forget();
    request("POST", NATIVE, body("appid", "\"wx0000000000000000\""));
    expect(400, "APPID_MCHID_NOT_MATCH", "an appid that is not bound");

    request("POST", NATIVE, body("payer", NULL));
    s.body = (pay_str_t) pay_str_null;
    expect(401, "SIGN_ERROR", "a body that was lost");

    request("POST", NATIVE, body("amount",
            "{\"total\":1,\"currency\":\"XYZ\"}"));
    expect(400, "PARAM_ERROR", "what is wrong is shown");
    is(detail("value"), "XYZ", "detail.value");
    ok(pay_str_eqz(pay_sim_after(reply_header("Request-ID"), "x"), "")
       && memcmp(reply_header("Request-ID").data + 16, "-268435461", 10) == 0,
       "Request-ID ends with the internal number");
}


static void
test_detail_size(void)
{
    int          n;
    size_t       i;
    static char  buf[16384];

    for (i = 0; i < 2; i++) {
        forget();
        n = sprintf(buf, "{\"goods_detail\":[");

        while (n < (i == 0 ? 6080 : 6144)) {
            n += sprintf(buf + n, "{" GOODS "},");
        }

        sprintf(buf + n - 1, "]}");
        request("POST", NATIVE, body("detail", buf));

        if (i == 0) {
            expect(200, NULL, "a detail that just fits");

        } else {
            expect(400, "PARAM_ERROR", "a detail over 6144 bytes");
            is(detail("field"), "/detail", "detail.field");
        }
    }
}


static void
test_json(void)
{
    size_t  i;
    static const char *const  rows[] = {
        "", " ", "{", "null", "\"x\"", "[]", "{}x", "{,}", "{\"a\":1,}",
        "{'a':1}", "{\"mchid\":\"" MCHID "\",\"mchid\":\"" MCHID "\"}",
        "{\"mchid\":\"\\ud800\"}", "{\"mchid\":\"\xff\"}",
        "{\"mchid\":\"\\u0000\"}", "\xef\xbb\xbf{}", "{\"a\":01}",
        "[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]"
    };

    forget();

    for (i = 0; i < pay_nelts(rows); i++) {
        request("POST", NATIVE, rows[i]);
        expect(400, "PARAM_ERROR", (const char *) text("row %d of JSON",
               (int) i).data);
    }
}


/* section 8.4 */

#define STARRED  " appid mchid out_trade_no trade_state trade_state_desc "

static void
state_is(const char *state)
{
    request("GET", QUERY, "");
    expect(200, NULL, "query");
    is(member(s.reply_body, "trade_state"), state, state);
    ok(member(s.reply_body, "trade_state_desc").len != 0, "its description");
}


static int
paid_members(pay_str_t body)
{
    int64_t      total, payer_total;
    pay_str_t    id, openid, device, currency, payer_currency;
    pay_json_t  *tree, *amount, *list;

    tree = parse(body);
    amount = pay_json_get(tree, "amount");
    list = pay_json_get(tree, "promotion_detail");

    return tree != NULL
           && pay_json_string(tree, "transaction_id", &id) == PAY_OK
           && pay_str_token(id, "", 28, 28)
           && strspn((const char *) pay_str_dup(arena, id).data,
                     "0123456789") == 28
           && pay_json_string(pay_json_get(tree, "payer"), "openid", &openid)
              == PAY_OK
           && openid.len == 28
           && pay_json_int(amount, "total", &total) == PAY_OK
           && pay_json_int(amount, "payer_total", &payer_total) == PAY_OK
           && total == 1050 && payer_total == 1050
           && pay_json_string(amount, "currency", &currency) == PAY_OK
           && pay_json_string(amount, "payer_currency", &payer_currency)
              == PAY_OK
           && pay_str_eqz(currency, "CNY")
           && pay_str_eqz(payer_currency, "CNY")
           && pay_json_string(pay_json_get(tree, "scene_info"), "device_id",
                              &device) == PAY_OK
           && pay_str_eqz(device, "till-1")
           && list != NULL && list->type == PAY_JSON_ARRAY
           && pay_str_eqz(member(body, "appid"), "wxd678efh567hg6787")
           && pay_str_eqz(member(body, "mchid"), MCHID)
           && pay_str_eqz(member(body, "out_trade_no"), NUMBER)
           && pay_str_eqz(member(body, "trade_type"), "NATIVE")
           && pay_str_eqz(member(body, "trade_state"), "SUCCESS")
           && pay_str_eqz(member(body, "attach"), "p1.shop.0123")
           && member(body, "bank_type").len != 0;
}


static void
test_query(void)
{
    const char  *why;

    forget();
    request("GET", QUERY, "");
    expect(404, "ORDER_NOT_EXIST", "before the prepay");

    prepay();
    state_is("NOTPAY");
    ok(has_only(s.reply_body, STARRED), "unpaid: the starred members only");

    now = NOW + 65;
    is_int(press(PAY_PRESS_PAY, &why), PAY_OK, "paid");
    now = NOW + 70;
    state_is("SUCCESS");
    ok(paid_members(s.reply_body), "paid: every member");
    is(member(s.reply_body, "success_time"), "2026-11-22T08:01:05+08:00",
       "success_time");
    now = NOW;
}


static void
test_close(void)
{
    const char  *why;

    forget();
    request("POST", CLOSE, CLOSING);
    expect(404, "ORDER_NOT_EXIST", "close before the prepay");

    prepay();
    request("POST", CLOSE, CLOSING);
    expect(204, NULL, "close");
    ok(s.changed, "is stored");

    request("POST", CLOSE, CLOSING);
    expect(204, NULL, "close again");
    ok(!s.changed, "changes nothing");

    state_is("CLOSED");
    ok(has_only(s.reply_body, STARRED), "closed: the starred members only");

    request("POST", NATIVE, body(NULL, NULL));
    expect(400, "ORDER_CLOSED", "prepay of a closed order");

    prepay();
    press(PAY_PRESS_PAY, &why);
    request("POST", CLOSE, CLOSING);
    expect(400, "ORDER_PAID", "close of a paid order");
    request("POST", NATIVE, body(NULL, NULL));
    expect(400, "ORDER_PAID", "prepay of a paid order");
    state_is("SUCCESS");
}


static void
test_expiry(void)
{
    const char      *why;
    pay_sim_view_t   view;

    prepay();
    now = NOW + 7199;
    state_is("NOTPAY");
    fresh();
    sim->view(&s, &view);
    ok(view.payable && !s.changed, "payable to the last second");

    now = NOW + 7200;
    fresh();
    sim->view(&s, &view);
    ok(!view.payable && strcmp(view.state, "CLOSED") == 0 && s.changed,
       "closed when somebody looks");

    is_int(press(PAY_PRESS_PAY, &why), PAY_DECLINED, "not payable any more");
    state_is("CLOSED");

    request("POST", NATIVE, body(NULL, NULL));
    expect(400, "ORDER_CLOSED", "the same prepay, too late");
    request("POST", CLOSE, CLOSING);
    expect(204, NULL, "close");

    /* an answer of an error stores that it was seen to have expired */

    now = NOW;
    prepay();
    now = NOW + 7200;
    request("POST", NATIVE, body(NULL, NULL));
    is_int(run(), PAY_DONE, "the same prepay, nobody has looked");
    is(member(s.reply_body, "code"), "ORDER_CLOSED", "is ORDER_CLOSED");
    ok(s.changed, "and is stored");
    now = NOW;
}


/* every button in every state */

static const struct {
    const char   *state;
    pay_press_t   press;
    pay_rc_t      rc;
    size_t        ndue;         /* the notices, old and new */
    const char   *after;
} presses[] = {
    { "NOTPAY", PAY_PRESS_PAY, PAY_OK, 1, "SUCCESS" },
    { "NOTPAY", PAY_PRESS_DECLINE, PAY_OK, 0, "NOTPAY" },
    { "NOTPAY", PAY_PRESS_PAY_TWICE, PAY_OK, 2, "SUCCESS" },
    { "NOTPAY", PAY_PRESS_PAY_LATE, PAY_OK, 1, "SUCCESS" },
    { "SUCCESS", PAY_PRESS_PAY, PAY_DECLINED, 1, "SUCCESS" },
    { "SUCCESS", PAY_PRESS_DECLINE, PAY_DECLINED, 1, "SUCCESS" },
    { "SUCCESS", PAY_PRESS_PAY_TWICE, PAY_DECLINED, 1, "SUCCESS" },
    { "SUCCESS", PAY_PRESS_PAY_LATE, PAY_DECLINED, 1, "SUCCESS" },
    { "CLOSED", PAY_PRESS_PAY, PAY_DECLINED, 0, "CLOSED" },
    { "CLOSED", PAY_PRESS_DECLINE, PAY_DECLINED, 0, "CLOSED" },
    { "CLOSED", PAY_PRESS_PAY_TWICE, PAY_DECLINED, 0, "CLOSED" },
    { "CLOSED", PAY_PRESS_PAY_LATE, PAY_OK, 1, "SUCCESS" },
    { "expired", PAY_PRESS_PAY, PAY_DECLINED, 0, "CLOSED" },
    { "expired", PAY_PRESS_DECLINE, PAY_DECLINED, 0, "CLOSED" },
    { "expired", PAY_PRESS_PAY_TWICE, PAY_DECLINED, 0, "CLOSED" },
    { "expired", PAY_PRESS_PAY_LATE, PAY_OK, 1, "SUCCESS" },
    { "declined", PAY_PRESS_PAY, PAY_OK, 1, "SUCCESS" },
    { "declined", PAY_PRESS_DECLINE, PAY_OK, 0, "NOTPAY" }
};


static void
bring(const char *state)
{
    const char  *why;

    now = NOW;
    prepay();

    if (strcmp(state, "SUCCESS") == 0) {
        press(PAY_PRESS_PAY, &why);

    } else if (strcmp(state, "CLOSED") == 0) {
        request("POST", CLOSE, CLOSING);
        run();

    } else if (strcmp(state, "expired") == 0) {
        now = NOW + 100000;

    } else if (strcmp(state, "declined") == 0) {
        press(PAY_PRESS_DECLINE, &why);
    }
}


static void
test_presses(void)
{
    size_t          i;
    pay_rc_t        rc;
    pay_str_t       desc;
    const char     *why;

    for (i = 0; i < pay_nelts(presses); i++) {
        bring(presses[i].state);
        rc = press(presses[i].press, &why);

        ok(rc == presses[i].rc && s.ndue == presses[i].ndue
           && (rc == PAY_OK || (why != NULL && strlen(why) > 10)),
           "button %d when %s", presses[i].press, presses[i].state);

        state_is(presses[i].after);
    }

    /* the second payment: its own number, the query shows the first */

    bring("NOTPAY");
    press(PAY_PRESS_PAY_TWICE, &why);
    state_is("SUCCESS");
    ok(paid_members(s.reply_body), "paid twice: every member");

    /* declined: the text says it, and no notice tells of it */

    bring("NOTPAY");
    state_is("NOTPAY");
    desc = member(s.reply_body, "trade_state_desc");
    press(PAY_PRESS_DECLINE, &why);
    ok(why != NULL && strstr(why, "no notice") != NULL, "the page can say so");
    is_int((long long) s.ndue, 0, "no notice");
    state_is("NOTPAY");
    ok(!pay_str_eq(member(s.reply_body, "trade_state_desc"), desc),
       "trade_state_desc remembers the refusal");
    request("POST", NATIVE, body(NULL, NULL));
    expect(200, NULL, "and the code can be asked for again");
    press(PAY_PRESS_PAY, &why);
    ok(why == NULL, "no sentence with a payment");

    now = NOW;
    forget();
    is_int(press(PAY_PRESS_PAY, &why), PAY_DECLINED, "no order, no payment");
    ok(why != NULL, "says why");
}


static void
test_notices(void)
{
    const char     *why;
    pay_str_t       plain, second, nonce;
    pay_json_t     *r;
    pay_request_t   q, again, other;

    now = NOW;
    prepay();
    fresh();
    is_int(sim->notice(&s, 1, &q), PAY_DECLINED, "unpaid: no notice");

    press(PAY_PRESS_PAY_TWICE, &why);
    is_int(sim->notice(&s, 1, &q), PAY_OK, "notice");
    ok(!s.changed || pay_str_eq(s.order, order), "changes no order");
    ok(strcmp(q.method, "POST") == 0, "is a POST");
    is(q.host, "http://127.0.0.1:8080", "host");
    is(q.target, "/notify/wechat", "target");
    is(notice_header(&q, "content-type"), "application/json", "media type");
    ok(notice_header(&q, "Request-ID").len != 0, "Request-ID");
    ok(verified(&q), "its signature holds");

    is(member(q.body, "event_type"), "TRANSACTION.SUCCESS", "event_type");
    is(member(q.body, "resource_type"), "encrypt-resource", "resource_type");
    is(member(q.body, "create_time"), "2026-11-22T08:00:00+08:00",
       "create_time");
    ok(member(q.body, "summary").len != 0, "summary");
    ok(has_only(q.body, " id create_time resource_type event_type summary"
                        " resource "), "nothing else");

    r = pay_json_get(parse(q.body), "resource");
    (void) pay_json_string(r, "algorithm", &plain);
    is(plain, "AEAD_AES_256_GCM", "algorithm");
    (void) pay_json_string(r, "original_type", &plain);
    is(plain, "transaction", "original_type");
    (void) pay_json_string(r, "nonce", &nonce);
    is_int((long long) nonce.len, 12, "nonce of 12 bytes");

    plain = opened(&q);
    ok(paid_members(plain), "the plaintext is the transaction");
    request("GET", QUERY, "");
    run();
    is(s.reply_body, (const char *) pay_str_dup(arena, plain).data,
       "the same as a query tells");

    /* a copy, a minute later */

    now = NOW + 60;
    fresh();
    is_int(sim->notice(&s, 1, &again), PAY_OK, "a copy");
    ok(verified(&again), "its signature holds");
    ok(pay_str_eq(member(again.body, "id"), member(q.body, "id")),
       "has the same id");
    ok(pay_str_eq(opened(&again), plain), "and the same plaintext");
    ok(!pay_str_eq(again.body, q.body)
       && !pay_str_eq(notice_header(&again, "Wechatpay-Nonce"),
                      notice_header(&q, "Wechatpay-Nonce"))
       && !pay_str_eq(notice_header(&again, "Wechatpay-Signature"),
                      notice_header(&q, "Wechatpay-Signature")),
       "all else is fresh");

    /* the second payment */

    is_int(sim->notice(&s, 2, &other), PAY_OK, "notice of the second payment");
    second = opened(&other);
    ok(verified(&other) && paid_members(second), "is a good one");
    ok(!pay_str_eq(member(second, "transaction_id"),
                   member(plain, "transaction_id")), "of another number");
    ok(!pay_str_eq(member(other.body, "id"), member(q.body, "id")),
       "and of another id");
    is_int(sim->notice(&s, 3, &other), PAY_DECLINED, "there is no third");

    /* another notify_url */

    now = NOW;
    forget();
    request("POST", NATIVE, body("notify_url", "\"https://example.com\""));
    run();
    press(PAY_PRESS_PAY_LATE, &why);
    is_int(sim->notice(&s, 1, &q), PAY_OK, "a URL without a path");
    is(q.host, "https://example.com", "host");
    is(q.target, "/", "target");
}


static void
test_acknowledged(void)
{
    size_t  i;
    static const struct {
        int          status;
        const char  *body;
        int          yes;
    } rows[] = {
        { 200, "", 1 }, { 204, "", 1 },
        { 200, "{\"code\":\"SUCCESS\",\"message\":\"成功\"}", 1 },
        { 200, "{}", 1 }, { 200, "OK", 1 }, { 200, "[\"FAIL\"]", 1 },
        { 200, "{\"code\":\"FAIL\",\"message\":\"x\"}", 0 },
        { 204, "{\"code\":\"FAIL\"}", 0 },
        { 200, " { \"message\" : \"x\", \"code\" : \"FAIL\" }", 0 },
        { 201, "", 0 }, { 202, "", 0 }, { 301, "", 0 }, { 302, "", 0 },
        { 401, "{\"code\":\"SUCCESS\"}", 0 }, { 500, "", 0 }, { 0, "", 0 },
        { 200000, "", 0 }
    };

    for (i = 0; i < pay_nelts(rows); i++) {
        is_int(sim->acknowledged(rows[i].status, pay_strz(rows[i].body)),
               rows[i].yes, (const char *) text("acknowledged: %d %s",
                            rows[i].status, rows[i].body).data);
    }
}


/* one mchid with two apps: orders belong to the mchid, to its first channel */

static void
test_channels(void)
{
    channels[1] = &channel2;

    forget();
    request("POST", NATIVE, body("appid", "\"wx2222222222222222\""));
    expect(200, NULL, "the second app of one mchid");
    ok(s.channel == &channel, "is served by the first channel of it");
    request("GET", QUERY, "");
    expect(200, NULL, "so that a query finds it");
    is(member(s.reply_body, "appid"), "wx2222222222222222", "with its appid");

    channels[1] = NULL;

    ok(pay_simulator_find(PAY_STR("wechatpay_v3")) == sim, "find");
    ok(pay_simulator_find(PAY_STR("wechatpay_v")) == NULL
       && pay_simulator_find((pay_str_t) pay_str_null) == NULL, "find nothing");
    ok(pay_simulators[0] == sim, "the list");
}


#define ORDER(end)                                                            \
    "{\"id\":\"n\",\"appid\":\"a\",\"mchid\":\"m\",\"out_trade_no\":\"n\","   \
    "\"description\":\"d\",\"notify_url\":\"http://a/\","                     \
    "\"fingerprint\":\"00\",\"total\":1,\"sharing\":0,"                    \
    "\"released\":0,\"shared\":0,"                                          \
    "\"expires_at\":9999999999," end "}"

#define STATE  "\"type\":\"NATIVE\",\"state\":\"NOTPAY\",\"refused\":0,"      \
               "\"last_notice\":0,"
#define NONE   "\"payments\":[],\"refunds\":[],\"notices\":[]"
#define ONE    "\"payments\":[[\"1\",1]],"
#define REF    "[\"r\",\"=\",\"\",\"00\","

static const char *const  damaged[] = {
    "null", "{}", "[]",
    ORDER("\"type\":\"NATIVE\",\"state\":\"PAID\",\"refused\":0,"
          "\"last_notice\":0," NONE),
    ORDER("\"type\":\"NATIVE\",\"state\":null,\"refused\":0,"
          "\"last_notice\":0," NONE),
    ORDER("\"type\":\"X\",\"state\":\"NOTPAY\",\"refused\":0,"
          "\"last_notice\":0," NONE),
    ORDER("\"type\":\"NATIVE\",\"state\":\"NOTPAY\",\"last_notice\":0," NONE),
    ORDER("\"type\":\"NATIVE\",\"state\":\"NOTPAY\",\"refused\":0," NONE),
    ORDER(STATE "\"refunds\":[],\"notices\":[]"),
    ORDER(STATE "\"payments\":[],\"notices\":[]"),
    ORDER(STATE "\"payments\":[],\"refunds\":[]"),
    ORDER(STATE "\"payments\":{},\"refunds\":[],\"notices\":[]"),
    ORDER(STATE "\"payments\":[1],\"refunds\":[],\"notices\":[]"),
    ORDER(STATE "\"payments\":[[1]],\"refunds\":[],\"notices\":[]"),
    ORDER(STATE "\"payments\":[[\"1\"]],\"refunds\":[],\"notices\":[]"),
    ORDER(STATE "\"payments\":[[\"1\",1],[\"2\",1],[\"3\",1]],"
          "\"refunds\":[],\"notices\":[]"),
    ORDER(STATE "\"payments\":[],\"refunds\":[" REF "0,1,1,1,1]],"
          "\"notices\":[]"),
    ORDER(STATE ONE "\"refunds\":[" REF "1,1,1,1,1]],\"notices\":[]"),
    ORDER(STATE ONE "\"refunds\":[" REF "0,1,1,1,4]],\"notices\":[]"),
    ORDER(STATE ONE "\"refunds\":[" REF "0,1,1,1]],\"notices\":[]"),
    ORDER(STATE ONE "\"refunds\":[],\"notices\":[[1,1,0,1,0]]"),
    ORDER(STATE ONE "\"refunds\":[],\"notices\":[[1,0,1,1,0]]"),
    ORDER(STATE ONE "\"refunds\":[],\"notices\":[[1,2,0,1,0]]"),
    ORDER(STATE ONE "\"refunds\":[],\"notices\":[[1,0,0]]"),
    ORDER(STATE ONE "\"refunds\":[],\"notices\":[[1,0,0,1,3]]"),
};


static void
test_failures(void)
{
    size_t          limit, left;
    const char     *why;
    pay_key_t      *key;
    pay_arena_t    *whole;
    pay_request_t   q;
    pay_sim_view_t  view;

    /* randomness that is used up is an error, never a repeated nonce */

    forget();
    request("POST", NATIVE, body(NULL, NULL));
    s.random_used = sizeof(s.random) - 23;
    is_int(run(), PAY_ERROR, "no randomness left for an answer");

    prepay();
    fresh();
    s.random_used = sizeof(s.random) - 7;
    is_int(again(PAY_PRESS_PAY, &why), PAY_ERROR,
           "none left for a number");

    press(PAY_PRESS_PAY_TWICE, &why);
    fresh();
    is_int(sim->notice(&s, 1, &q) | sim->notice(&s, 2, &q)
           | sim->notice(&s, 2, &q), PAY_OK, "enough for three notices");
    is_int(sim->notice(&s, 1, &q), PAY_ERROR, "none left for a fourth");

    /* what is stored is ours: damage is our own fault */

    for (left = 1; left < order.len; left += 5) {
        fresh();
        s.order.len = left;

        if (sim->view(&s, &view) != PAY_ERROR) {
            break;
        }
    }

    ok(left >= order.len, "an order that was cut");

    for (left = 0; left < pay_nelts(damaged); left++) {
        fresh();
        s.order = pay_strz(damaged[left]);
        is_int(sim->view(&s, &view), PAY_ERROR, damaged[left]);
        is_int(again(PAY_PRESS_PAY, &why), PAY_ERROR, "not payable");
    }

    fresh();
    s.order = PAY_STR(ORDER(STATE ONE "\"refunds\":[" REF "0,1,1,1,1]],"
                            "\"notices\":[[1,0,0,1,0],[2,1,0,1,2]]"));
    is_int(sim->view(&s, &view), PAY_OK, "one like them that is whole");

    key = conf.sandbox_key;
    conf.sandbox_key = NULL;
    request("GET", QUERY, "");
    is_int(run(), PAY_ERROR, "no key to sign with");
    conf.sandbox_key = key;

    /* no memory, wherever it ends */

    whole = arena;

    for (limit = 100, left = 0; limit < 40000; limit += 331) {
        pay_rc_t  rc;

        arena = whole;
        forget();
        request("POST", NATIVE, body(NULL, NULL));
        s.arena = pay_arena_create(limit);
        rc = sim->open(&s);
        rc = rc == PAY_OK ? sim->serve(&s) : rc;
        left += rc != PAY_ERROR && (rc != PAY_DONE || s.status != 200
                                    || s.reply_body.data == NULL);
        pay_arena_destroy(s.arena);
    }

    is_int((long long) left, 0, "prepay without memory: an error or all well");

    prepay();
    press(PAY_PRESS_PAY, &why);

    for (limit = 100, left = 0; limit < 20000; limit += 167) {
        pay_rc_t  rc;

        fresh();
        s.arena = pay_arena_create(limit);
        rc = sim->notice(&s, 1, &q);
        left += rc != PAY_ERROR && (rc != PAY_OK
                                    || !paid_members(opened(&q))
                                    || member(q.body, "id").len != 35);
        pay_arena_destroy(s.arena);
    }

    is_int((long long) left, 0, "notice without memory: the same");
}


int
main(void)
{
    static void (*const  tests[])(void) = {
        test_prepay, test_replayed_prepay, test_authorization, test_clock,
        test_tampering, test_headers, test_routes, test_fields,
        test_detail_size, test_json, test_query, test_close, test_expiry,
        test_presses, test_notices, test_acknowledged, test_channels,
        test_failures
    };

    return run_tests(tests, pay_nelts(tests));
}
