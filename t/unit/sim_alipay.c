
/*
 * Copyright (C) the ngx_pay authors
 *
 * src/sandbox: the Alipay simulator against a good client, and a client that
 * does one thing wrong at a time: the gateway, trades by code, refunds,
 * buttons, notices.
 */

#include "sim_alipay.h"


#define BIZ  "{\"out_trade_no\":\"" NUMBER "\",\"total_amount\":\"88.88\","   \
             "\"subject\":\"测试商品 A+B\",\"timeout_express\":\"30m\"}"
#define WHICH  "{\"out_trade_no\":\"" NUMBER "\"}"
#define PAGE   "http://127.0.0.1:8082/sandbox/checkout/alipay/" NUMBER

#define PRECREATE  "alipay.trade.precreate"
#define QUERY      "alipay.trade.query"
#define CLOSE      "alipay.trade.close"
#define CANCEL     "alipay.trade.cancel"
#define REFUND     "alipay.trade.refund"
#define REFUNDED   "alipay.trade.fastpay.refund.query"


/* a request that lacks or spoils one thing, signed again or not */

static void
spoilt(const char *name, const char *value, const char *code,
    const char *sub_code, int sign)
{
    request(PRECREATE, BIZ);
    set(name, value);
    sent_by(app_key);
    expect(code, sub_code, sign, (const char *) text("%s = %s", name,
                                         value ? value : "(none)").data);
}


static void
gateway(void)
{
    call(PRECREATE, BIZ);
    expect("10000", NULL, 1, "a code");
    is(got("out_trade_no"), NUMBER, "its number");
    is(got("qr_code"), PAGE, "its page");
    ok(memcmp(s.reply_body.data, "{\"alipay_trade_precreate_response\":{", 36)
       == 0, "the node is named after the method, and first");
    ok(strstr((const char *) pay_str_dup(arena, s.reply_body).data,
              "http:\\/\\/127.0.0.1:8082\\/") != NULL,
       "slashes are escaped, as the channel does");
    ok(s.nreply_headers == 2
       && pay_str_eqz(s.reply_headers[0].value, "text/html;charset=utf-8")
       && pay_str_eqz(s.reply_headers[1].name, "trace_id"),
       "S-5: type and trace_id");
    forget();

    spoilt("method", NULL, "40001", "isv.missing-method", 0);
    spoilt("app_id", NULL, "40001", "isv.missing-app-id", 0);
    spoilt("sign_type", "", "40001", "isv.missing-signature-type", 0);
    spoilt("timestamp", NULL, "40001", "isv.missing-timestamp", 0);
    spoilt("version", NULL, "40001", "isv.missing-version", 0);
    spoilt("method", "alipay.trade.nothing", "40002", "isv.invalid-method",
           0);
    spoilt("app_id", "2021000000000002", "40002", "isv.invalid-app-id", 0);
    spoilt("sign_type", "RSA", "40002", "isv.invalid-signature-type", 0);
    spoilt("sign_type", "SM2", "40002", "isv.invalid-signature-type", 0);
    spoilt("charset", "gbk", "40002", "isv.invalid-charset", 1);
    spoilt("charset", NULL, "40002", "isv.invalid-charset", 1);
    spoilt("format", "XML", "40002", "isv.invalid-format", 1);
    spoilt("version", "1.1", "40002", "isv.invalid-parameter", 1);
    spoilt("notify_url", "ftp://x/", "40002", "isv.invalid-parameter", 1);
    spoilt("return_url", "x", "40002", "isv.invalid-parameter", 1);
    spoilt("timestamp", "2026-11-22 00:00:00", "40002",
           "isv.invalid-timestamp", 1);
    spoilt("timestamp", "2026-11-22T08:00:00", "40002",
           "isv.invalid-timestamp", 1);
    spoilt("timestamp", "2026-11-22 08:00:0", "40002",
           "isv.invalid-timestamp", 1);
    spoilt("app_cert_sn", "53aa86380ddeb48f0c0d95b7028230fc", "40002",
           "isv.app-cert-not-exist", 0);
    spoilt("format", NULL, "10000", NULL, 1);
    forget();
    spoilt("format", "json", "10000", NULL, 1);
    forget();
    spoilt("alipay_sdk", "of somebody/1 +~", "10000", NULL, 1);
    forget();
    spoilt("app_auth_token", "", "10000", NULL, 1);
    forget();
}


static void
signatures(void)
{
    request(PRECREATE, BIZ);
    set("sign", NULL);
    sent_by(NULL);
    expect("40001", "isv.missing-signature", 0, "S-2: no signature");

    request(PRECREATE, BIZ);
    sent_by(stranger);
    expect("40002", "isv.invalid-signature", 0, "S-2: another key");

    request(PRECREATE, BIZ);
    sign_with(app_key);
    set("biz_content", WHICH);
    sent_by(NULL);
    expect("40002", "isv.invalid-signature", 0, "S-2: another content");

    request(PRECREATE, BIZ);
    sign_with(app_key);
    set("notify_url", "http://127.0.0.1/evil");
    sent_by(NULL);
    expect("40002", "isv.invalid-signature", 0, "S-2: another notify_url");

    request(PRECREATE, BIZ);
    sign_with(app_key);
    set("more", "1");
    sent_by(NULL);
    expect("40002", "isv.invalid-signature", 0, "S-2: one parameter more");

    request(PRECREATE, BIZ);
    set("sign", "AAAA");
    sent_by(NULL);
    expect("40002", "isv.invalid-signature", 0, "S-2: a short signature");
    ok(strstr((const char *) pay_str_dup(arena, got("sub_msg")).data,
              "app_id=" APP "&biz_content={\"out_trade_no\"") != NULL,
       "and what the gateway has built is told");

    request(PRECREATE, BIZ);
    set("sign", "====");
    sent_by(NULL);
    expect("40002", "isv.invalid-signature", 0, "S-2: no base64");
    ok(records[0].len == 0, "nothing was stored");
}


/* section 2.2: both ways of the SDKs */

static void
transport(void)
{
    size_t     i;
    pay_str_t  q;

    request(PRECREATE, BIZ);
    sign_with(app_key);
    q = params[8].value;
    set("biz_content", NULL);
    fresh();
    s.target = text("/gateway.do?%.*s", (int) encoded(params, nparams).len,
                    encoded(params, nparams).data);
    s.body = text("biz_content=%.*s", (int) pay_form_encode(arena, q).len,
                  pay_form_encode(arena, q).data);
    serve();
    expect("10000", NULL, 1, "biz_content in the body, the rest in the URL");

    set("biz_content", BIZ);
    fresh();
    s.method = PAY_STR("GET");
    s.target = text("/gateway.do?%.*s", (int) encoded(params, nparams).len,
                    encoded(params, nparams).data);
    s.headers.nelts = 0;
    serve();
    expect("10000", NULL, 1, "a GET");

    fresh();
    s.target = PAY_STR("/gateway.do?app_id=" APP);
    s.body = encoded(params, nparams);
    serve();
    expect("40002", "isv.invalid-parameter", 0, "a name in both places");

    fresh();
    headers[0].value = PAY_STR("application/json");
    s.body = encoded(params, nparams);
    serve();
    expect("40002", "isv.invalid-content-type", 0, "another type");

    fresh();
    s.body = PAY_STR("biz_content=%ff");
    serve();
    expect("40002", "isv.invalid-parameter", 0, "no UTF-8");
    ok(memcmp(s.reply_body.data, "{\"error_response\":{", 19) == 0,
       "without a method it is an error_response");

    for (i = 0; i < 2; i++) {
        fresh();
        s.method = i ? PAY_STR("PUT") : PAY_STR("POST");
        s.target = i ? PAY_STR("/gateway.do") : PAY_STR("/gateway.do/");
        ok(sim->open(&s) == PAY_DONE && s.status == (i ? 405 : 404),
           "%s", i ? "PUT: 405" : "another path: 404");
    }

    forget();
}


static void
wrong(const char *biz, const char *field)
{
    call(PRECREATE, biz);
    expect("40004", "ACQ.INVALID_PARAMETER", 1, biz);
    ok(strstr((const char *) pay_str_dup(arena, got("sub_msg")).data, field)
       != NULL, "... told of %s", field);
}


static void
content(void)
{
    wrong("", "biz_content");
    wrong("{", "biz_content");
    wrong("{\"total_amount\":\"1.00\",\"subject\":\"a\"}", "out_trade_no");
    wrong("{\"out_trade_no\":\"a-b\",\"total_amount\":\"1.00\","
          "\"subject\":\"a\"}", "out_trade_no");
    wrong("{\"out_trade_no\":\"a\",\"total_amount\":\"0.00\","
          "\"subject\":\"a\"}", "total_amount");
    wrong("{\"out_trade_no\":\"a\",\"total_amount\":\"1.005\","
          "\"subject\":\"a\"}", "total_amount");
    wrong("{\"out_trade_no\":\"a\",\"total_amount\":1,\"subject\":\"a\"}",
          "total_amount");
    wrong("{\"out_trade_no\":\"a\",\"total_amount\":\"100000000.01\","
          "\"subject\":\"a\"}", "total_amount");
    wrong("{\"out_trade_no\":\"a\",\"total_amount\":\"1.00\"}", "subject");
    wrong("{\"out_trade_no\":\"a\",\"total_amount\":\"1.00\","
          "\"subject\":\"a/b\"}", "subject");
    wrong("{\"out_trade_no\":\"a\",\"total_amount\":\"1.00\","
          "\"subject\":\"a\",\"subjct\":\"b\"}", "subjct");
    wrong("{\"out_trade_no\":\"a\",\"total_amount\":\"1.00\","
          "\"subject\":\"a\",\"timeout_express\":\"16d\"}",
          "timeout_express");
    wrong("{\"out_trade_no\":\"a\",\"total_amount\":\"1.00\","
          "\"subject\":\"a\",\"timeout_express\":\"1.5h\"}",
          "timeout_express");
    wrong("{\"out_trade_no\":\"a\",\"total_amount\":\"1.00\","
          "\"subject\":\"a\",\"time_expire\":\"2026-11-22T09:00:00\"}",
          "time_expire");
    wrong("{\"out_trade_no\":\"a\",\"total_amount\":\"1.00\","
          "\"subject\":\"a\",\"seller_id\":\"2088000000000009\"}",
          "seller_id");

    call(PRECREATE, "{\"out_trade_no\":\"a\",\"total_amount\":\"1.00\","
         "\"subject\":\"a\",\"time_expire\":\"2026-11-22 07:59:59\"}");
    expect("40004", "ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR", 1,
           "it expires before now");

    call(QUERY, "{}");
    expect("40004", "ACQ.INVALID_PARAMETER", 1, "a query of nothing");
    ok(records[0].len == 0, "nothing was stored");
}


/* section 7.2: until the scan there is no trade */

static void
codes(void)
{
    call(QUERY, WHICH);
    expect("40004", "ACQ.TRADE_NOT_EXIST", 1, "query of nothing");
    call(CANCEL, WHICH);
    expect("10000", NULL, 1, "cancel of nothing");
    ok(got("action").data == NULL && pay_str_eqz(got("retry_flag"), "N"),
       "... without an action");

    call(PRECREATE, BIZ);
    call(QUERY, WHICH);
    expect("40004", "ACQ.TRADE_NOT_EXIST", 1, "query before the scan");
    call(CLOSE, WHICH);
    expect("40004", "ACQ.TRADE_NOT_EXIST", 1, "close before the scan");

    call(PRECREATE, BIZ);
    expect("10000", NULL, 1, "the same again");
    call(PRECREATE, "{\"out_trade_no\":\"" NUMBER "\",\"total_amount\":"
         "\"88.89\",\"subject\":\"测试商品 A+B\","
         "\"timeout_express\":\"30m\"}");
    expect("40004", "ACQ.CONTEXT_INCONSISTENT", 1, "another amount");

    ok(press(NUMBER, PAY_PRESS_DECLINE) == PAY_OK && s.ndue == 0,
       "scanned, and declined: no notice");
    call(QUERY, WHICH);
    expect("10000", NULL, 1, "query after the scan");
    is(got("trade_status"), "WAIT_BUYER_PAY", "it waits");
    ok(pay_str_token(got("trade_no"), "", 28, 28)
       && pay_str_starts(got("trade_no"), "20261122"),
       "trade_no: 28, the day first");
    is(got("total_amount"), "88.88", "the amount");
    is(got("buyer_pay_amount"), "0.00", "nothing is paid");
    ok(got("send_pay_date").data == NULL, "nor has it a time");

    call(CLOSE, WHICH);
    expect("10000", NULL, 1, "close");
    call(QUERY, WHICH);
    is(got("trade_status"), "TRADE_CLOSED", "closed");
    call(CLOSE, WHICH);
    expect("40004", "ACQ.TRADE_STATUS_ERROR", 1, "close again");
    call(PRECREATE, BIZ);
    expect("40004", "ACQ.TRADE_HAS_CLOSE", 1, "the same after the close");
    ok(press(NUMBER, PAY_PRESS_PAY) == PAY_DECLINED, "no payment any more");
    forget();

    call(PRECREATE, BIZ);
    call(CANCEL, WHICH);
    ok(pay_str_eqz(got("code"), "10000") && got("action").data == NULL,
       "a cancelled code: no action");
    ok(press(NUMBER, PAY_PRESS_PAY) == PAY_DECLINED, "... is of no use");
    ok(press(NUMBER, PAY_PRESS_PAY_LATE) == PAY_OK && s.ndue == 1,
       "... but for a late payment");
    call(CANCEL, WHICH);
    is(got("action"), "refund", "cancel of a paid one");
    call(QUERY, WHICH);
    is(got("trade_status"), "TRADE_CLOSED", "... closes it");
    call(CANCEL, WHICH);
    is(got("action"), "refund", "cancel again: the same");
    forget();

    call(PRECREATE, BIZ);
    press(NUMBER, PAY_PRESS_DECLINE);
    now += 1800;
    call(QUERY, WHICH);
    is(got("trade_status"), "TRADE_CLOSED", "its time is over");
    now = NOW;
    forget();

    call(PRECREATE, BIZ);
    press(NUMBER, PAY_PRESS_PAY);
    now += 86400;
    call(CANCEL, WHICH);
    expect("40004", "ACQ.TRADE_CANCEL_TIME_OUT", 1, "cancel after a day");
    now += 364 * 86400;
    call(QUERY, WHICH);
    is(got("trade_status"), "TRADE_FINISHED", "finished after a year");
    call(REFUND, "{\"out_trade_no\":\"" NUMBER "\","
         "\"refund_amount\":\"88.88\"}");
    expect("40004", "ACQ.TRADE_HAS_FINISHED", 1, "no refund after a year");
    now = NOW;
    forget();
}


static int
notified(size_t n, int taken, pay_form_t *f)
{
    pay_request_t  q;

    if (post(n, taken, f, &q) != PAY_OK) {
        return ok(0, "the notice is a form");
    }

    is(q.host, "http://127.0.0.1:8080", "to this host");
    is(q.target, "/notify?ch=a&t=1", "with the query that notify_url has");
    ok(strcmp(q.method, "POST") == 0 && q.nheaders == 1
       && pay_str_starts(q.headers[0].value,
                         "application/x-www-form-urlencoded"),
       "POST of a form");

    return ok(notice_signed(f), "signed as V1");
}


static void
payments(void)
{
    pay_str_t       first, id;
    pay_form_t      f;
    pay_sim_view_t  v;

    call(PRECREATE, "{\"out_trade_no\":\"" NUMBER "\",\"total_amount\":"
         "\"88.88\",\"subject\":\"测试 & +\",\"body\":\"b\","
         "\"passback_params\":\"a%3D1%26b%3D2\"}");
    ok(pay_str_eqz(got("code"), "40004"), "a subject with &");
    call(PRECREATE, "{\"out_trade_no\":\"" NUMBER "\",\"total_amount\":"
         "\"88.88\",\"subject\":\"测试 +\",\"body\":\"b\","
         "\"passback_params\":\"a%3D1%26b%3D2\"}");

    fresh();
    s.channel = &channel;
    load(PAY_STR(NUMBER));
    memset(&v, 0, sizeof(v));
    ok(sim->view(&s, &v) == PAY_OK && v.amount == 8888 && v.payable
       && strcmp(v.state, "TRADE_NOT_EXIST") == 0
       && v.expires_at == NOW + 7200, "the page before the scan");

    ok(press(NUMBER, PAY_PRESS_PAY) == PAY_OK && s.ndue == 1, "paid");
    notified(0, 0, &f);
    is(of(&f, "trade_status"), "TRADE_SUCCESS", "trade_status");
    is(of(&f, "total_amount"), "88.88", "total_amount");
    is(of(&f, "notify_type"), "trade_status_sync", "notify_type");
    is(of(&f, "app_id"), APP, "app_id");
    is(of(&f, "seller_id"), "2088102100000001", "seller_id");
    is(of(&f, "out_trade_no"), NUMBER, "out_trade_no");
    is(of(&f, "subject"), "测试 +", "subject");
    is(of(&f, "passback_params"), "a%3D1%26b%3D2",
       "passback_params: as they came");
    is(of(&f, "gmt_payment"), NOW_TEXT, "gmt_payment");
    is(of(&f, "fund_bill_list"),
       "[{\"amount\":\"88.88\",\"fundChannel\":\"ALIPAYACCOUNT\"}]",
       "fund_bill_list");
    ok(of(&f, "refund_fee").data == NULL, "nothing of refunds");
    id = of(&f, "notify_id");

    s.now += 5;
    notified(0, 0, &f);
    ok(pay_str_eq(id, of(&f, "notify_id")), "again: the same notify_id");
    is(of(&f, "notify_time"), "2026-11-22 08:00:05", "... another time");
    notified(0, 1, &f);
    is_int(s.ndue, 0, "sent: off the list");
    ok(sim->sent(&s, 1) == PAY_DECLINED, "... it is not there any more");

    call(QUERY, WHICH);
    is(got("trade_status"), "TRADE_SUCCESS", "query: paid");
    is(got("passback_params"), "a%3D1%26b%3D2", "... passback_params");
    is(got("send_pay_date"), NOW_TEXT, "... when");
    first = got("trade_no");
    ok(press(NUMBER, PAY_PRESS_PAY) == PAY_DECLINED, "not paid again");
    call(PRECREATE, BIZ);
    expect("40004", "ACQ.TRADE_HAS_SUCCESS", 1, "precreate of a paid one");
    call(CLOSE, WHICH);
    expect("40004", "ACQ.TRADE_STATUS_ERROR", 1, "close of a paid one");
    call(QUERY, (const char *) text("{\"out_trade_no\":\"" NUMBER "\","
                        "\"trade_no\":\"%.*s\"}", 28, first.data).data);
    expect("10000", NULL, 1, "query by both numbers");
    call(QUERY, (const char *) text("{\"trade_no\":\"%.*s\"}", 28,
                                    first.data).data);
    is(got("out_trade_no"), NUMBER, "query by trade_no alone");
    call(QUERY, "{\"out_trade_no\":\"" NUMBER "\",\"trade_no\":\"1\"}");
    expect("40004", "ACQ.TRADE_NOT_EXIST", 1, "trade_no wins");
    forget();

    call(PRECREATE, BIZ);
    ok(press(NUMBER, PAY_PRESS_PAY_TWICE) == PAY_OK && s.ndue == 2,
       "paid twice");
    notified(0, 0, &f);
    first = of(&f, "trade_no");
    notified(1, 1, &f);
    ok(!pay_str_eq(first, of(&f, "trade_no")), "two trade_no");
    call(QUERY, (const char *) text("{\"out_trade_no\":\"" NUMBER "\","
             "\"trade_no\":\"%.*s\"}", 28, of(&f, "trade_no").data).data);
    ok(pay_str_eq(got("trade_no"), of(&f, "trade_no")),
       "the second one, by its trade_no");
    forget();

    request(PRECREATE, BIZ);
    set("notify_url", NULL);
    sent_by(app_key);
    ok(press(NUMBER, PAY_PRESS_PAY) == PAY_OK && s.ndue == 0,
       "no notify_url, no notice");
    forget();

    ok(sim->acknowledged(200, PAY_STR("success")), "success");
    ok(!sim->acknowledged(200, PAY_STR("SUCCESS"))
       && !sim->acknowledged(200, PAY_STR("success\n"))
       && !sim->acknowledged(200, PAY_STR(""))
       && !sim->acknowledged(204, PAY_STR("success"))
       && !sim->acknowledged(500, PAY_STR("success")), "nothing else");
}


static void
refund(const char *amount, const char *number)
{
    call(REFUND, (const char *) text("{\"out_trade_no\":\"" NUMBER "\","
                     "\"refund_amount\":\"%s\"%s%s%s}", amount,
                     number ? ",\"refund_reason\":\"r\",\"out_request_no\":\""
                            : "", number ? number : "", number ? "\"" : "")
                     .data);
}


static void
refunds(void)
{
    int         i;
    char        number[16];
    pay_form_t  f;

    refund("1.00", "R1");
    expect("40004", "ACQ.TRADE_NOT_EXIST", 1, "of nothing");
    call(PRECREATE, BIZ);
    press(NUMBER, PAY_PRESS_DECLINE);
    refund("1.00", "R1");
    expect("40004", "ACQ.TRADE_STATUS_ERROR", 1, "of an unpaid trade");
    press(NUMBER, PAY_PRESS_PAY);

    refund("8.88", NULL);
    expect("40004", "ACQ.INVALID_PARAMETER", 1, "a part without a number");
    refund("88.89", "R1");
    expect("40004", "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", 1, "too much");
    refund("8.88", "R1");
    expect("10000", NULL, 1, "a part");
    ok(pay_str_eqz(got("fund_change"), "Y")
       && pay_str_eqz(got("refund_fee"), "8.88"), "fund_change Y, 8.88");
    refund("8.88", "R1");
    ok(pay_str_eqz(got("fund_change"), "N")
       && pay_str_eqz(got("refund_fee"), "8.88"), "again: N, 8.88");
    refund("8.87", "R1");
    expect("40004", "ACQ.DISCORDANT_REPEAT_REQUEST", 1, "another amount");
    call(QUERY, WHICH);
    is(got("trade_status"), "TRADE_SUCCESS", "the trade is paid");

    ok(s.ndue == 2 && strcmp(s.due[0].kind, "payment") == 0
       && s.due[0].payment == 1 && strcmp(s.due[1].kind, "refund") == 0
       && pay_str_eqz(s.due[1].number, "R1"), "two notices are due");
    notified(1, 0, &f);
    is(of(&f, "trade_status"), "TRADE_SUCCESS", "notice of a part: status");
    is(of(&f, "refund_fee"), "8.88", "... its sum");
    is(of(&f, "out_biz_no"), "R1", "... its number");
    is(of(&f, "gmt_refund"), NOW_TEXT ".000", "... its time");
    ok(of(&f, "gmt_close").data == NULL, "... not closed");

    call(REFUNDED, "{\"out_trade_no\":\"" NUMBER "\","
         "\"out_request_no\":\"R1\"}");
    expect("10000", NULL, 1, "query of a refund");
    is(got("refund_status"), "REFUND_SUCCESS", "... done");
    is(got("refund_amount"), "8.88", "... amount");
    is(got("total_amount"), "88.88", "... of");
    is(got("refund_reason"), "r", "... reason");
    call(REFUNDED, "{\"out_trade_no\":\"" NUMBER "\","
         "\"out_request_no\":\"R2\"}");
    expect("10000", NULL, 1, "query of none");
    ok(got("refund_status").data == NULL, "... has no refund_status");

    refund("80.01", "R2");
    expect("40004", "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", 1, "more than is left");
    refund("80.00", "R2");
    is(got("refund_fee"), "88.88", "the rest: refund_fee is the sum");
    call(QUERY, WHICH);
    is(got("trade_status"), "TRADE_CLOSED", "all is back: closed");
    refund("0.01", "R3");
    expect("40004", "ACQ.TRADE_HAS_CLOSE", 1, "one more");
    refund("8.88", "R1");
    ok(pay_str_eqz(got("fund_change"), "N"), "the first again: N");
    notified(2, 0, &f);
    is(of(&f, "trade_status"), "TRADE_CLOSED", "notice of all: status");
    is(of(&f, "gmt_close"), NOW_TEXT, "... closed");
    is(of(&f, "refund_fee"), "88.88", "... its sum");
    notified(1, 0, &f);
    is(of(&f, "refund_fee"), "8.88", "the first one tells what was then");
    notified(0, 0, &f);
    ok(of(&f, "refund_fee").data == NULL
       && pay_str_eqz(of(&f, "trade_status"), "TRADE_SUCCESS"),
       "and the payment's nothing of refunds");
    forget();

    call(PRECREATE, BIZ);
    press(NUMBER, PAY_PRESS_PAY);
    refund("88.88", NULL);
    is(got("fund_change"), "Y", "all of it needs no number");
    call(REFUNDED, "{\"out_trade_no\":\"" NUMBER "\","
         "\"out_request_no\":\"" NUMBER "\"}");
    is(got("refund_status"), "REFUND_SUCCESS", "its number is the trade's");
    forget();

    call(PRECREATE, BIZ);
    press(NUMBER, PAY_PRESS_PAY);

    for (i = 0; i < 16; i++) {
        snprintf(number, sizeof(number), "R%d", i);
        refund("0.01", number);
    }

    is(got("refund_fee"), "0.16", "sixteen refunds");
    refund("0.01", "R16");
    expect("40004", "ACQ.TRADE_NOT_ALLOW_REFUND", 1, "one too many");
    forget();
}


int
main(void)
{
    size_t  i;

    static void (*const  blocks[])(void) = {
        gateway, signatures, transport, content, codes, payments, refunds
    };

    keys();

    ok(pay_simulator_find(PAY_STR("alipay")) == &pay_sim_alipay,
       "it is on the list");

    for (i = 0; i < pay_nelts(blocks); i++) {
        arena = pay_arena_create(0);
        blocks[i]();
        pay_arena_destroy(arena);
    }

    keys_free();

    return done();
}
