
/*
 * Copyright (C) the ngx_pay authors
 *
 * src/sandbox: the Alipay simulator: page, wap and app payments with their
 * way back, trade.create, bar codes.
 */

#include "sim_alipay.h"


#define WHICH  "{\"out_trade_no\":\"" NUMBER "\"}"
#define ORDER  "{\"out_trade_no\":\"" NUMBER "\",\"total_amount\":\"88.88\","  \
               "\"subject\":\"Iphone \\\"白\\\"\",\"product_code\":\"%s\"%s}"
#define BAR    "{\"out_trade_no\":\"" NUMBER "\",\"total_amount\":\"1.00\","   \
               "\"subject\":\"tea\",\"scene\":\"bar_code\","                   \
               "\"auth_code\":\"%s\"}"
#define PAGE   "http://127.0.0.1:8082/sandbox/checkout/alipay/" NUMBER
#define QUERY  "alipay.trade.query"


static const struct {
    const char  *method;
    const char  *product;
} pages[] = {
    { "alipay.trade.page.pay", "FAST_INSTANT_TRADE_PAY" },
    { "alipay.trade.wap.pay", "QUICK_WAP_WAY" },
    { "alipay.trade.app.pay", "QUICK_MSECURITY_PAY" }
};


static const char *
order(const char *product, const char *more)
{
    return (const char *) text(ORDER, product, more).data;
}


static void
shown(size_t i, const char *back)
{
    request(pages[i].method, order(pages[i].product, ""));
    set("return_url", back);
    sign_with(app_key);

    fresh();
    s.method = PAY_STR("GET");
    s.target = text("/gateway.do?%.*s", (int) encoded(params, nparams).len,
                    encoded(params, nparams).data);
    s.headers.nelts = 0;
    serve();

    ok(s.status == 302 && pay_str_eqz(s.reply_headers[0].name, "Location"),
       "%s: on to the page", pages[i].method);
    is(s.reply_headers[0].value, PAGE, "its address");
}


static void
back(size_t i, const char *start)
{
    size_t          n;
    pay_str_t       args;
    pay_form_t      f;
    pay_sim_view_t  v;

    memset(&v, 0, sizeof(v));
    ok(sim->view(&s, &v) == PAY_OK && pay_str_starts(v.return_url, start),
       "the way back begins with %s", start);

    n = strlen(start);
    args = (pay_str_t) { v.return_url.len - n, v.return_url.data + n };
    ok(pay_form_parse(arena, args, 20, &f) == PAY_OK && f.nelts == 12,
       "twelve parameters");
    ok(notice_signed(&f), "signed as V1");
    is(of(&f, "method"), (const char *) text("%s.return", pages[i].method)
       .data, "method");
    is(of(&f, "out_trade_no"), NUMBER, "out_trade_no");
    is(of(&f, "total_amount"), "88.88", "total_amount");
    is(of(&f, "timestamp"), NOW_TEXT, "timestamp");
    is(of(&f, "seller_id"), "2088102100000001", "seller_id");
    ok(of(&f, "trade_status").data == NULL, "no trade_status");
}


static void
browser(void)
{
    size_t          i;
    pay_sim_view_t  v;

    for (i = 0; i < pay_nelts(pages); i++) {
        shown(i, "http://shop.example/done");
        shown(i, "http://shop.example/done");
        call(QUERY, WHICH);
        expect("40004", "ACQ.TRADE_NOT_EXIST", 1, "nobody has come yet");

        ok(press(NUMBER, PAY_PRESS_PAY) == PAY_OK && s.ndue == 1,
           "paid, with a notice");
        back(i, "http://shop.example/done?");
        call(QUERY, WHICH);
        is(got("trade_status"), "TRADE_SUCCESS", "query: paid");

        request(pages[i].method, order(pages[i].product, ""));
        sent_by(app_key);
        expect("40004", "ACQ.TRADE_HAS_SUCCESS", 1, "the address again");
        forget();
    }

    shown(0, "http://shop.example/?a=1");
    press(NUMBER, PAY_PRESS_PAY);
    back(0, "http://shop.example/?a=1&");
    forget();

    shown(0, NULL);
    press(NUMBER, PAY_PRESS_PAY);
    memset(&v, 0, sizeof(v));
    ok(sim->view(&s, &v) == PAY_OK && v.return_url.len == 0,
       "no return_url: no way back");
    forget();

    call("alipay.trade.page.pay", order("QUICK_WAP_WAY", ""));
    expect("40004", "ACQ.INVALID_PARAMETER", 1, "another product");
    call("alipay.trade.wap.pay", order("", ""));
    expect("40004", "ACQ.INVALID_PARAMETER", 1, "no product");
    request("alipay.trade.page.pay", order("FAST_INSTANT_TRADE_PAY", ""));
    sent_by(stranger);
    expect("40002", "isv.invalid-signature", 0, "S-2: another key");
}


static void
create(void)
{
    pay_str_t  no;

    call("alipay.trade.create", order("JSAPI_PAY", ""));
    expect("40004", "ACQ.INVALID_PARAMETER", 1, "without a buyer");
    call("alipay.trade.create", order("JSAPI_PAY", ",\"buyer_open_id\":\"o\","
                                      "\"op_app_id\":\"1\""));
    expect("10000", NULL, 1, "a trade");
    no = got("trade_no");
    ok(pay_str_token(no, "", 28, 28), "its trade_no");
    call("alipay.trade.create", order("JSAPI_PAY", ",\"buyer_open_id\":\"o\","
                                      "\"op_app_id\":\"1\""));
    ok(pay_str_eq(got("trade_no"), no), "again: the same");
    call(QUERY, WHICH);
    is(got("trade_status"), "WAIT_BUYER_PAY", "it exists, and waits");
    press(NUMBER, PAY_PRESS_PAY);
    call(QUERY, WHICH);
    is(got("trade_status"), "TRADE_SUCCESS", "paid");
    ok(pay_str_eq(got("trade_no"), no), "by its trade_no");
    forget();
}


static void
bar(const char *code)
{
    call("alipay.trade.pay", (const char *) text(BAR, code).data);
}


static void
bars(void)
{
    bar("281234567890123456");
    expect("10000", NULL, 1, "28: paid");
    is(got("total_amount"), "1.00", "amount");
    is(got("buyer_pay_amount"), "1.00", "buyer_pay_amount");
    is(got("gmt_payment"), NOW_TEXT, "gmt_payment");
    ok(pay_json_get(parse(node()), "fund_bill_list") != NULL,
       "fund_bill_list");
    bar("281234567890123456");
    expect("40004", "ACQ.TRADE_HAS_SUCCESS", 1, "again");
    forget();

    bar("291234567890123456");
    expect("10003", NULL, 1, "29: the buyer thinks");
    bar("291234567890123456");
    expect("10003", NULL, 1, "again");
    call(QUERY, WHICH);
    is(got("trade_status"), "WAIT_BUYER_PAY", "the first query");
    call(QUERY, WHICH);
    is(got("trade_status"), "TRADE_SUCCESS", "the second query");
    forget();

    bar("301234567890123456");
    expect("10003", NULL, 1, "30: the buyer leaves");
    call(QUERY, WHICH);
    call(QUERY, WHICH);
    call(QUERY, WHICH);
    is(got("trade_status"), "WAIT_BUYER_PAY", "still");
    call("alipay.trade.cancel", WHICH);
    is(got("action"), "close", "reversed");
    forget();

    bar("251234567890123456");
    expect("40004", "ACQ.PAYMENT_AUTH_CODE_INVALID", 1, "25");
    bar("261234567890123456");
    expect("40004", "ACQ.BUYER_BALANCE_NOT_ENOUGH", 1, "26");
    call(QUERY, WHICH);
    expect("40004", "ACQ.TRADE_NOT_EXIST", 1, "no trade");

    bar("271234567890123456");
    ok(pay_str_eqz(got("code"), "20000") && answer_signed(), "27: unknown");
    call(QUERY, WHICH);
    is(got("trade_status"), "TRADE_SUCCESS", "but paid");
    forget();

    bar("fp12345678901234567890123456789012a");
    expect("10000", NULL, 1, "fp");
    forget();

    bar("241234567890123456");
    expect("40004", "ACQ.INVALID_PARAMETER", 1, "24");
    bar("28123456789012345");
    expect("10000", NULL, 1, "17 digits");
    forget();
    bar("28123456789012345678901234");
    expect("40004", "ACQ.INVALID_PARAMETER", 1, "26 digits");
    bar("fp1234");
    expect("40004", "ACQ.INVALID_PARAMETER", 1, "fp, too short");
}


int
main(void)
{
    size_t  i;

    static void (*const  blocks[])(void) = { browser, create, bars };

    keys();

    for (i = 0; i < pay_nelts(blocks); i++) {
        arena = pay_arena_create(0);
        blocks[i]();
        pay_arena_destroy(arena);
    }

    keys_free();

    return done();
}
