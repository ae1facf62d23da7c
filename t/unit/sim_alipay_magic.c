
/*
 * Copyright (C) the ngx_pay authors
 *
 * src/sandbox: the Alipay simulator: amounts that force a case.
 */

#include "sim_alipay.h"


#define QUERY  "alipay.trade.query"
#define WHICH  "{\"out_trade_no\":\"" NUMBER "\"}"


static void
bar(const char *amount)
{
    call("alipay.trade.pay", (const char *) text("{\"out_trade_no\":\""
         NUMBER "\",\"total_amount\":\"%s\",\"subject\":\"t\","
         "\"auth_code\":\"281234567890123456\"}", amount).data);
}


static void
code(const char *amount)
{
    call("alipay.trade.precreate", (const char *) text("{\"out_trade_no\":\""
         NUMBER "\",\"total_amount\":\"%s\",\"subject\":\"t\"}", amount)
         .data);
}


static void
wire(void)
{
    size_t  i;

    static const struct {
        const char      *amount;
        pay_sim_wire_t   wire;
    } cases[] = {
        { "9.02", PAY_SIM_LOST },
        { "9.03", PAY_SIM_LATE },
        { "19.04", PAY_SIM_CUT }
    };

    for (i = 0; i < pay_nelts(cases); i++) {
        bar(cases[i].amount);
        ok(s.wire == cases[i].wire, "%s: the wire", cases[i].amount);
        call(QUERY, WHICH);
        ok(s.wire == PAY_SIM_WHOLE
           && pay_str_eqz(got("trade_status"), "TRADE_SUCCESS"),
           "... it is done, and the query is whole");
        bar(cases[i].amount);
        expect("40004", "ACQ.TRADE_HAS_SUCCESS", 1, "... asked again");
        forget();
    }

    bar("9.05");
    is_int(s.status, 500, "905: the answer is 500");
    call(QUERY, WHICH);
    is(got("trade_status"), "TRADE_SUCCESS", "... it is done");
    forget();

    bar("9.06");
    is_int(s.status, 503, "906: the answer is 503");
    call(QUERY, WHICH);
    expect("40004", "ACQ.TRADE_NOT_EXIST", 1, "... nothing is done");

    bar("9.07");
    ok(pay_str_eqz(got("code"), "10000") && !answer_signed(),
       "907: the signature does not hold");
    call(QUERY, WHICH);
    expect("10000", NULL, 1, "... that of the query does");
    forget();
}


static void
fates(void)
{
    bar("9.01");
    expect("40004", "ACQ.BUYER_BALANCE_NOT_ENOUGH", 1, "901: a bar code");
    code("9.01");
    ok(press(NUMBER, PAY_PRESS_PAY) == PAY_OK && s.ndue == 0,
       "901: a code: no payment");
    forget();

    bar("9.11");
    expect("10003", NULL, 1, "911: a bar code");
    call(QUERY, WHICH);
    call(QUERY, WHICH);
    is(got("trade_status"), "TRADE_SUCCESS", "... is paid then");
    forget();

    code("20.00");
    press(NUMBER, PAY_PRESS_PAY);
    call("alipay.trade.refund", "{\"out_trade_no\":\"" NUMBER "\","
         "\"refund_amount\":\"9.24\",\"out_request_no\":\"R\"}");
    expect("40004", "ACQ.SELLER_BALANCE_NOT_ENOUGH", 1, "924: a refund");
    call("alipay.trade.refund", "{\"out_trade_no\":\"" NUMBER "\","
         "\"refund_amount\":\"9.02\",\"out_request_no\":\"R\"}");
    is_int(s.wire, PAY_SIM_LOST, "902: a refund");
    call("alipay.trade.refund", "{\"out_trade_no\":\"" NUMBER "\","
         "\"refund_amount\":\"9.02\",\"out_request_no\":\"R\"}");
    ok(s.wire == PAY_SIM_WHOLE && pay_str_eqz(got("fund_change"), "N"),
       "... asked again");
    forget();
}


static void
notices(void)
{
    pay_form_t     f;
    pay_request_t  q;

    code("9.12");
    press(NUMBER, PAY_PRESS_PAY);
    ok(s.ndue == 1 && s.due[0].due_at == NOW + 10, "912: delayed");
    forget();

    code("9.13");
    press(NUMBER, PAY_PRESS_PAY);
    is_int(s.ndue, 2, "913: twice");
    forget();

    code("9.14");
    press(NUMBER, PAY_PRESS_PAY);
    ok(s.ndue == 1 && s.due[0].due_at == NOW + 30, "914: held back");
    call("alipay.trade.refund", "{\"out_trade_no\":\"" NUMBER "\","
         "\"refund_amount\":\"1.00\",\"out_request_no\":\"R\"}");
    ok(s.ndue == 2 && strcmp(s.due[0].kind, "refund") == 0
       && s.due[1].due_at == NOW, "... until after the next one");
    forget();

    code("9.15");
    press(NUMBER, PAY_PRESS_PAY);
    ok(s.ndue == 2 && post(0, 0, &f, &q) == PAY_OK && !notice_signed(&f),
       "915: a forged one first");
    ok(post(1, 0, &f, &q) == PAY_OK && notice_signed(&f),
       "... then the true one");
    forget();

    code("9.16");
    press(NUMBER, PAY_PRESS_PAY);
    ok(post(0, 0, &f, &q) == PAY_OK && notice_signed(&f)
       && pay_str_eqz(of(&f, "total_amount"), "9.17"), "916: one more");
    forget();
}


int
main(void)
{
    size_t  i;

    static void (*const  blocks[])(void) = { wire, fates, notices };

    keys();

    for (i = 0; i < pay_nelts(blocks); i++) {
        arena = pay_arena_create(0);
        blocks[i]();
        pay_arena_destroy(arena);
    }

    keys_free();

    return done();
}
