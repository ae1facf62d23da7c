
/*
 * Copyright (C) the ngx_pay authors
 *
 * src/sandbox: refunds of the WeChat Pay APIv3 simulator, by section 8.6 of
 * the channel document: sums, numbers, states, buttons and notices.
 */

#include "sim_wechatpay_v3.h"


#define REFUND   "/v3/refund/domestic/refunds"
#define URL      "http://127.0.0.1:8080/notify/wechat"
#define OF       "\"out_trade_no\":\"" NUMBER "\","
#define AMOUNT(refund)                                                       \
    "\"amount\":{\"refund\":" refund ",\"total\":1050,\"currency\":\"CNY\"}"
#define WHOLE(number, refund)                                                \
    "{" OF "\"out_refund_no\":\"" number "\",\"notify_url\":\"" URL "\","    \
    AMOUNT(refund) "}"


static void
paid(void)
{
    const char  *why;

    now = NOW;
    prepay();
    press(PAY_PRESS_PAY, &why);
}


static pay_str_t
transaction(int n)
{
    const char  *p;

    p = strstr((const char *) pay_str_dup(arena, order).data, "[[\"420000");

    for (p += 3; n > 0; n--) {
        p = strstr(p, "[\"420000") + 2;
    }

    return text("%.28s", p);
}


/* what a look alone changes is changed before, and no request's doing */

static int
refund(const char *json, int status, const char *code, const char *name)
{
    request("GET", QUERY, "");
    run();
    request("POST", REFUND, json);

    return expect(status, code, name);
}


static void
refund_is(const char *number, const char *status)
{
    request("GET", (const char *) text(REFUND "/%s", number).data, "");
    expect(200, NULL, number);
    is(member(s.reply_body, "status"), status, status);
}


static void
trade_is(const char *state)
{
    request("GET", QUERY, "");
    expect(200, NULL, "query");
    is(member(s.reply_body, "trade_state"), state, state);
}


static int64_t
amount(pay_str_t body, const char *key)
{
    int64_t  n;

    return pay_json_int(pay_json_get(parse(body), "amount"), key, &n)
           == PAY_OK ? n : -1;
}


static void
test_refund(void)
{
    pay_str_t  id, first;

    paid();
    trade_is("SUCCESS");

    refund(WHOLE("R-1", "50"), 200, NULL, "refund");
    ok(s.changed && s.things != NULL && s.things->changed,
       "order and index are to be stored");
    first = s.reply_body;
    id = member(first, "refund_id");
    ok(pay_str_token(id, "", 20, 32), "refund_id");
    is(member(first, "out_refund_no"), "R-1", "out_refund_no");
    is(member(first, "out_trade_no"), NUMBER, "out_trade_no");
    ok(pay_str_eq(member(first, "transaction_id"), transaction(0)),
       "transaction_id");
    is(member(first, "channel"), "ORIGINAL", "channel");
    is(member(first, "status"), "PROCESSING", "status");
    is(member(first, "funds_account"), "UNSETTLED", "funds_account");
    is(member(first, "create_time"), "2026-11-22T08:00:00+08:00",
       "create_time");
    ok(pay_json_get(parse(first), "success_time") == NULL,
       "no success_time yet");
    ok(member(first, "user_received_account").len != 0,
       "user_received_account");
    is_int(amount(first, "total"), 1050, "total");
    is_int(amount(first, "refund"), 50, "refund");
    is_int(amount(first, "payer_refund"), 50, "payer_refund");
    is_int(amount(first, "settlement_refund"), 50, "settlement_refund");

    now = NOW + 5;
    refund_is("R-1", "SUCCESS");
    is(member(s.reply_body, "success_time"), "2026-11-22T08:00:00+08:00",
       "success_time");
    ok(pay_str_eq(member(s.reply_body, "refund_id"), id), "the same refund_id");
    trade_is("REFUND");

    /* the same again, a look later: as it is now */

    refund(WHOLE("R-1", "50"), 200, NULL, "the same again");
    is(member(s.reply_body, "status"), "SUCCESS", "as it is now");
    ok(pay_str_eq(member(s.reply_body, "refund_id"), id), "the same refund");

    refund("{" AMOUNT("50") ",\"notify_url\":\"" URL "\",\"out_refund_no\":"
           "\"R-1\"," "\"out_trade_no\":\"" NUMBER "\"}", 200, NULL,
           "the same in another order");

    refund(WHOLE("R-1", "51"), 400, "INVALID_REQUEST", "another amount");
    is(detail("field"), "/out_refund_no", "detail.field");
    refund("{" OF "\"out_refund_no\":\"R-1\"," AMOUNT("50") "}", 400,
           "INVALID_REQUEST", "without notify_url");
    trade_is("REFUND");
    is_int(amount(s.reply_body, "total"), 1050, "the amount stays");
}


static void
test_sums(void)
{
    paid();

    refund(WHOLE("R-1", "1051"), 400, "INVALID_REQUEST", "more than paid");
    is(detail("field"), "/amount/refund", "detail.field");
    refund(WHOLE("R-1", "1000"), 200, NULL, "1000 of 1050");
    refund(WHOLE("R-2", "51"), 400, "INVALID_REQUEST", "51 of the 50 left");
    refund(WHOLE("R-2", "50"), 200, NULL, "50 of the 50 left");
    refund(WHOLE("R-3", "1"), 400, "INVALID_REQUEST", "nothing is left");

    request("GET", REFUND "/R-3", "");
    expect(404, "RESOURCE_NOT_EXISTS", "one that was refused");

    paid();
    refund("{" OF "\"out_refund_no\":\"R-1\",\"amount\":{\"refund\":1,"
           "\"total\":1049,\"currency\":\"CNY\"}}", 400, "INVALID_REQUEST",
           "another total");
    is(detail("field"), "/amount/total", "detail.field");
    refund("{" OF "\"out_refund_no\":\"R-1\",\"amount\":{\"refund\":10,"
           "\"total\":1050,\"currency\":\"CNY\",\"from\":[{\"account\":"
           "\"AVAILABLE\",\"amount\":4},{\"account\":\"UNAVAILABLE\","
           "\"amount\":5}]}}", 400, "INVALID_REQUEST",
           "accounts that do not add up");
    refund("{" OF "\"out_refund_no\":\"R-1\",\"amount\":{\"refund\":10,"
           "\"total\":1050,\"currency\":\"CNY\",\"from\":[{\"account\":"
           "\"AVAILABLE\",\"amount\":4},{\"account\":\"UNAVAILABLE\","
           "\"amount\":6}]},\"funds_account\":\"AVAILABLE\"}", 200, NULL,
           "accounts that do");
    is(member(s.reply_body, "funds_account"), "AVAILABLE", "funds_account");
}


static void
test_orders(void)
{
    const char  *why;
    pay_str_t    first, second;

    refund(WHOLE("R-1", "1"), 404, "RESOURCE_NOT_EXISTS", "no order");

    prepay();
    refund(WHOLE("R-1", "1"), 404, "RESOURCE_NOT_EXISTS", "an unpaid order");
    request("GET", REFUND "/R-1", "");
    expect(404, "RESOURCE_NOT_EXISTS", "no refund");

    press(PAY_PRESS_PAY_TWICE, &why);
    first = transaction(0);
    second = transaction(1);

    refund("{\"out_refund_no\":\"R-1\"," AMOUNT("1") "}", 400, "PARAM_ERROR",
           "of nothing");
    refund((const char *) text("{" OF "\"transaction_id\":\"%.*s\","
           "\"out_refund_no\":\"R-1\"," AMOUNT("1") "}", (int) first.len,
           first.data).data, 400, "PARAM_ERROR", "of both numbers");
    refund("{\"transaction_id\":\"4200009\",\"out_refund_no\":\"R-1\","
           AMOUNT("1") "}", 404, "RESOURCE_NOT_EXISTS",
           "an unknown transaction");

    /* either payment may be refunded whole, each once */

    refund((const char *) text("{\"transaction_id\":\"%.*s\","
           "\"out_refund_no\":\"R-2\"," AMOUNT("1050") "}", (int) second.len,
           second.data).data, 200, NULL, "the second payment");
    ok(pay_str_eq(member(s.reply_body, "transaction_id"), second),
       "transaction_id of the second");
    trade_is("SUCCESS");
    refund((const char *) text("{\"transaction_id\":\"%.*s\","
           "\"out_refund_no\":\"R-3\"," AMOUNT("1") "}", (int) second.len,
           second.data).data, 400, "INVALID_REQUEST", "of it nothing is left");
    refund(WHOLE("R-4", "1050"), 200, NULL, "the first by out_trade_no");
    trade_is("REFUND");

    request("GET", (const char *) text("/v3/pay/transactions/id/%.*s?mchid="
            MCHID, (int) second.len, second.data).data, "");
    expect(200, NULL, "query by transaction_id");
    ok(pay_str_eq(member(s.reply_body, "transaction_id"), second)
       && pay_str_eqz(member(s.reply_body, "trade_state"), "REFUND"),
       "the second payment");

    /* a number is of one order only */

    request("POST", NATIVE, body("out_trade_no", "\"order-0002\""));
    run();
    s.order = get(PAY_STR("order-0002"));
    is_int(again(PAY_PRESS_PAY, &why), PAY_OK, "another order, paid");
    save();
    refund("{\"out_trade_no\":\"order-0002\",\"out_refund_no\":\"R-4\","
           AMOUNT("1050") "}", 400, "INVALID_REQUEST",
           "the number of another order's refund");
}


static void
test_fields(void)
{
    size_t  i;
    static const struct {
        const char  *json;
        const char  *field;
    } rows[] = {
        { "{" OF AMOUNT("1") "}", "/out_refund_no" },
        { "{" OF "\"out_refund_no\":\"\"," AMOUNT("1") "}",
          "/out_refund_no" },
        { "{" OF "\"out_refund_no\":\"a b\"," AMOUNT("1") "}",
          "/out_refund_no" },
        { "{" OF "\"out_refund_no\":\"R\"}", "/amount" },
        { "{" OF "\"out_refund_no\":\"R\",\"amount\":{\"refund\":1,"
          "\"total\":1050}}", "/amount/currency" },
        { "{" OF "\"out_refund_no\":\"R\",\"amount\":{\"total\":1050,"
          "\"currency\":\"CNY\"}}", "/amount/refund" },
        { "{" OF "\"out_refund_no\":\"R\"," AMOUNT("0") "}",
          "/amount/refund" },
        { "{" OF "\"out_refund_no\":\"R\"," AMOUNT("1.5") "}",
          "/amount/refund" },
        { "{" OF "\"out_refund_no\":\"R\",\"reason\":\"\"," AMOUNT("1") "}",
          "/reason" },
        { "{" OF "\"out_refund_no\":\"R\",\"notify_url\":\"a\","
          AMOUNT("1") "}", "/notify_url" },
        { "{" OF "\"out_refund_no\":\"R\",\"funds_account\":\"X\","
          AMOUNT("1") "}", "/funds_account" },
        { "{" OF "\"out_refund_no\":\"R\",\"mchid\":\"" MCHID "\","
          AMOUNT("1") "}", "/mchid" },
        { "{" OF "\"out_refund_no\":\"R\",\"goods_detail\":[{}],"
          AMOUNT("1") "}", "/goods_detail/0/merchant_goods_id" },
    };

    paid();

    for (i = 0; i < pay_nelts(rows); i++) {
        refund(rows[i].json, 400, "PARAM_ERROR", rows[i].json);
        is(detail("field"), rows[i].field, "detail.field");
    }

    request("GET", REFUND "/a%2Fb", "");
    expect(400, "PARAM_ERROR", "a number with a slash");
    request("GET", REFUND "/R?mchid=" MCHID, "");
    expect(400, "PARAM_ERROR", "a query string of another operation");
    refund("{" OF "\"out_refund_no\":\"a@_*|-b\"," AMOUNT("1") "}", 200, NULL,
           "every character of a number");
    request("GET", REFUND "/a%40_*%7C-b", "");
    expect(200, NULL, "and in the path");
    refund("{" OF "\"out_refund_no\":\"G\",\"reason\":\"退款\","
           "\"goods_detail\":[{\"merchant_goods_id\":\"g\",\"unit_price\":1,"
           "\"refund_amount\":1,\"refund_quantity\":1}]," AMOUNT("1") "}",
           200, NULL, "all that it may have");
}


/* a refund that is given up leaves its sum to others */

static void
test_buttons(void)
{
    const char      *why;
    pay_sim_view_t   view;

    paid();
    refund(WHOLE("R-1", "1050"), 200, NULL, "refund");

    fresh();
    memset(&view, 0, sizeof(view));
    is_int(sim->view(&s, &view), PAY_OK, "view");
    is(pay_strz(view.state), "REFUND", "state");
    ok(view.nparts == 1 && pay_str_eqz(view.parts[0].id, "R-1")
       && view.parts[0].amount == 1050 && !view.parts[0].open
       && strcmp(view.parts[0].state, "SUCCESS") == 0
       && strcmp(view.parts[0].kind, "refund") == 0, "its refund");

    part = PAY_STR("R-1");
    is_int(press(PAY_PRESS_REFUND_CLOSE, &why), PAY_DECLINED, "it is over");
    ok(why != NULL, "says so");
    part = PAY_STR("R-2");
    is_int(press(PAY_PRESS_REFUND, &why), PAY_DECLINED, "no such refund");
    ok(why != NULL, "says so");
}


static pay_str_t
event(const pay_request_t *q, const char *type, const char *status)
{
    pay_str_t  plain;

    ok(verified(q), "%s: its signature holds", type);
    is(member(q->body, "event_type"), type, type);
    plain = opened(q);
    is(member(plain, "refund_status"), status, status);

    return plain;
}


static void
test_notices(void)
{
    pay_str_t      plain, id;
    pay_request_t  q, again;

    paid();
    refund(WHOLE("R-1", "50"), 200, NULL, "refund");
    is_int((long long) s.ndue, 2, "the payment's notice and the refund's");
    ok(strcmp(s.due[1].kind, "refund") == 0
       && pay_str_eqz(s.due[1].number, "R-1") && s.due[1].payment == 0
       && s.due[1].due_at == NOW, "what is due");

    fresh();
    is_int(sim->notice(&s, s.ndue + 2, &q), PAY_OK, "notice");
    is(q.host, "http://127.0.0.1:8080", "host");
    is(q.target, "/notify/wechat", "target");
    plain = event(&q, "REFUND.SUCCESS", "SUCCESS");
    ok(has_only(plain, " mchid out_trade_no transaction_id out_refund_no"
                       " refund_id refund_status success_time"
                       " user_received_account amount "), "what it tells");
    is(member(plain, "mchid"), MCHID, "mchid");
    is(member(plain, "out_refund_no"), "R-1", "out_refund_no");
    is_int(amount(plain, "refund"), 50, "refund");
    is_int(amount(plain, "total"), 1050, "total");

    now = NOW + 60;
    fresh();
    is_int(sim->notice(&s, 2, &again), PAY_OK, "a copy");
    ok(pay_str_eq(member(again.body, "id"), member(q.body, "id"))
       && pay_str_eq(opened(&again), plain)
       && !pay_str_eq(again.body, q.body), "the same, sealed anew");

    fresh();
    is_int(sim->sent(&s, 2), PAY_OK, "sent");
    save();
    ok(s.ndue == 1 && strcmp(s.due[0].kind, "payment") == 0,
       "is off the list");
    fresh();
    is_int(sim->sent(&s, 2), PAY_DECLINED, "once");
    is_int(sim->notice(&s, 2, &q), PAY_DECLINED, "is not sent again");

    /* nobody is told */

    refund("{" OF "\"out_refund_no\":\"R-2\"," AMOUNT("50") "}", 200, NULL,
           "without notify_url");
    is_int((long long) s.ndue, 1, "no notice");

    /* another address */

    refund("{" OF "\"out_refund_no\":\"R-3\",\"notify_url\":"
           "\"https://example.com/r\"," AMOUNT("50") "}", 200, NULL,
           "another notify_url");
    id = s.due[s.ndue - 1].number;
    is(id, "R-3", "its notice");
    fresh();
    is_int(sim->notice(&s, 3, &q), PAY_OK, "notice");
    is(q.host, "https://example.com", "host");
    is(q.target, "/r", "target");
}


/* 50 refunds, or as many as the record of an order has room for */

static void
test_many(void)
{
    int   i, status;
    char  json[512];

    paid();

    for (i = 0, status = 200; i < 60 && status == 200; i++) {
        snprintf(json, sizeof(json), "{" OF "\"out_refund_no\":\"R%03d\","
                 "\"notify_url\":\"" URL "\"," AMOUNT("1") "}", i);
        request("GET", QUERY, "");
        run();
        request("POST", REFUND, json);
        run();
        status = s.status;
    }

    ok(i > 20 && i <= 51, "%d refunds of an order", i - 1);
    is(member(s.reply_body, "code"), "INVALID_REQUEST", "then no more");
    ok(!s.changed, "and nothing has changed");
    refund_is("R000", "SUCCESS");
    ok(order.len > 2000 && order.len <= PAY_SIM_TEXT_MAX, "it fits");
}


static void
test_memory(void)
{
    int       rc;
    size_t    limit, bad, good;

    bad = 0;
    good = 0;

    for (limit = 1000; limit < 120000; limit += 3001) {
        paid();
        request("POST", REFUND, WHOLE("R-1", "50"));
        s.arena = pay_arena_create(limit);
        rc = run();
        good += rc == PAY_DONE && s.status == 200;
        bad += rc != PAY_ERROR && (rc != PAY_DONE || s.status != 200);
        pay_arena_destroy(s.arena);
    }

    ok(bad == 0 && good != 0, "refund without memory: an error or all well");
}


int
main(void)
{
    static void (*const  tests[])(void) = {
        test_refund, test_sums, test_orders, test_fields, test_buttons,
        test_notices, test_many, test_memory
    };

    return run_tests(tests, pay_nelts(tests));
}
