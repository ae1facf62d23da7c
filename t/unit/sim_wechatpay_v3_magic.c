
/*
 * Copyright (C) the ngx_pay authors
 *
 * src/sandbox: amounts that force a case, in the WeChat Pay APIv3 simulator:
 * each row of pay_magic_rows, for payments, refunds and transfers.
 */

#include "sim_wechatpay_v3.h"


#define REFUND  "/v3/refund/domestic/refunds"
#define BILLS   "/v3/fund-app/mch-transfer/transfer-bills"


static void
ask(int64_t total)
{
    forget();
    request("POST", NATIVE, body("amount", (const char *)
            text("{\"total\":%lld}", (long long) total).data));
}


static void
paid(int64_t total)
{
    const char  *why;

    now = NOW;
    ask(total);
    run();
    press(PAY_PRESS_PAY, &why);
}


static int
refund(int64_t amount, int64_t total, int status, const char *code,
    const char *name)
{
    request("GET", QUERY, "");
    run();
    request("POST", REFUND, (const char *) text("{\"out_trade_no\":\"" NUMBER
            "\",\"out_refund_no\":\"R%lld\",\"notify_url\":"
            "\"http://127.0.0.1:8080/r\",\"amount\":{\"refund\":%lld,"
            "\"total\":%lld,\"currency\":\"CNY\"}}", (long long) amount,
            (long long) amount, (long long) total).data);

    if (status == 0) {
        return is_int(run(), PAY_DONE, name);
    }

    return expect(status, code, name);
}


static const char *
transfer(int64_t amount)
{
    return (const char *) text("{\"appid\":\"wxd678efh567hg6787\","
        "\"out_bill_no\":\"B%lld\",\"transfer_scene_id\":\"1002\","
        "\"openid\":\"o1\",\"transfer_amount\":%lld,\"transfer_remark\":\"r\","
        "\"notify_url\":\"http://127.0.0.1:8080/t\","
        "\"transfer_scene_report_infos\":[{\"info_type\":\"补贴类型\","
        "\"info_content\":\"a\"}]}", (long long) amount, (long long) amount)
        .data;
}


static void
test_table(void)
{
    size_t  n;

    for (n = 0; pay_magic_rows[n].digits != 0; n++) {
        ok(pay_magic(pay_magic_rows[n].digits) == pay_magic_rows[n].magic
           && pay_magic(12000 + pay_magic_rows[n].digits)
              == pay_magic_rows[n].magic, "%d: %s", pay_magic_rows[n].digits,
           pay_magic_rows[n].name);
    }

    is_int((long long) n, PAY_MAGIC_POOR, "all of them");
    ok(pay_magic(900) == PAY_MAGIC_NONE && pay_magic(1) == PAY_MAGIC_NONE
       && pay_magic(9010) == PAY_MAGIC_NONE
       && pay_magic(PAY_AMOUNT_MAX) == PAY_MAGIC_NONE, "and no others");
}


/* the answer to the prepay that makes the order; the next one is told */

static void
test_answers(void)
{
    size_t  i;
    static const struct {
        int             digits;
        pay_sim_wire_t  wire;
    } rows[] = {
        { 902, PAY_SIM_LOST }, { 903, PAY_SIM_LATE }, { 904, PAY_SIM_CUT }
    };

    for (i = 0; i < pay_nelts(rows); i++) {
        ask(rows[i].digits);
        expect(200, NULL, "prepay");
        ok(s.wire == rows[i].wire && s.changed, "%d: done, and the wire fails",
           rows[i].digits);
        request("POST", NATIVE, body("amount", (const char *)
                text("{\"total\":%d}", rows[i].digits).data));
        expect(200, NULL, "the same again");
        ok(s.wire == PAY_SIM_WHOLE && !s.changed, "is told");
    }

    ask(905);
    run();
    ok(s.status == 500 && s.changed
       && pay_str_eqz(member(s.reply_body, "code"), "SYSTEM_ERROR"),
       "905: done, and 500");
    request("GET", QUERY, "");
    expect(200, NULL, "it is there");

    ask(906);
    run();
    ok(s.status == 503 && !s.changed && parse(s.reply_body) == NULL
       && reply_header("Wechatpay-Signature").len == 0,
       "906: not done, and 503 without JSON");
    request("GET", QUERY, "");
    expect(404, "ORDER_NOT_EXIST", "it is not there");
    ask(906);
    run();
    is_int(s.status, 503, "every time");

    ask(907);
    run();
    ok(s.status == 200 && s.changed && !reply_signed()
       && reply_header("Wechatpay-Signature").len == 344,
       "907: done, and the signature does not hold");
    request("GET", QUERY, "");
    expect(200, NULL, "that of the query does");
}


static void
state_is(const char *state)
{
    request("GET", QUERY, "");
    expect(200, NULL, "query");
    is(member(s.reply_body, "trade_state"), state, state);
}


static void
test_payer(void)
{
    const char  *why;

    ask(901);
    run();
    is_int(press(PAY_PRESS_PAY, &why), PAY_OK, "901: pay");
    ok(why != NULL && s.ndue == 0, "is declined");
    state_is("NOTPAY");

    paid(911);
    ok(s.ndue == 1 && s.due[0].due_at == NOW + 5, "911: a notice to come");
    state_is("USERPAYING");
    ok(pay_json_get(parse(s.reply_body), "transaction_id") == NULL,
       "no transaction yet");
    request("POST", CLOSE, CLOSING);
    expect(429, "FREQUENCY_LIMITED", "no close meanwhile");
    refund(1, 911, 404, "RESOURCE_NOT_EXISTS", "no refund");
    is_int(press(PAY_PRESS_PAY, &why), PAY_DECLINED, "no second payment");
    now = NOW + 5;
    state_is("SUCCESS");
    is(member(s.reply_body, "success_time"), "2026-11-22T08:00:05+08:00",
       "success_time");
}


static int64_t
told(const pay_request_t *q, const char *key)
{
    int64_t  n;

    return pay_json_int(pay_json_get(parse(opened(q)), "amount"), key, &n)
           == PAY_OK ? n : -1;
}


static void
test_notices(void)
{
    const char     *why;
    pay_request_t   q, again;

    paid(912);
    ok(s.ndue == 1 && s.due[0].due_at == NOW + 10, "912: later");
    state_is("SUCCESS");

    paid(913);
    ok(s.ndue == 2 && s.due[0].due_at == NOW && s.due[1].due_at == NOW,
       "913: twice");
    sim->notice(&s, 1, &q);
    sim->notice(&s, 2, &again);
    ok(verified(&q) && verified(&again)
       && pay_str_eq(member(q.body, "id"), member(again.body, "id")),
       "the same notice");

    paid(914);
    ok(s.ndue == 1 && s.due[0].due_at == NOW + 30, "914: held back");
    refund(1, 914, 200, NULL, "a refund");
    ok(s.ndue == 2 && strcmp(s.due[0].kind, "refund") == 0
       && strcmp(s.due[1].kind, "payment") == 0
       && s.due[0].due_at == NOW && s.due[1].due_at == NOW,
       "its notice comes first");
    now = NOW;
    ask(914);
    run();
    press(PAY_PRESS_PAY_TWICE, &why);
    ok(s.ndue == 2 && s.due[0].payment == 2 && s.due[1].payment == 1
       && s.due[0].due_at == NOW && s.due[1].due_at == NOW,
       "the second payment's before the first one's");

    paid(915);
    is_int((long long) s.ndue, 2, "915: two notices");
    sim->notice(&s, 1, &q);
    sim->notice(&s, 2, &again);
    ok(!verified(&q) && notice_header(&q, "Wechatpay-Signature").len == 344
       && verified(&again), "a forged one, then the real one");
    ok(pay_str_eq(opened(&q), opened(&again)), "they say the same");

    paid(916);
    sim->notice(&s, 1, &q);
    ok(verified(&q) && told(&q, "total") == 917
       && told(&q, "payer_total") == 917, "916: another amount");
    request("GET", QUERY, "");
    run();
    ok(strstr((const char *) pay_str_dup(arena, s.reply_body).data,
              "\"total\":916") != NULL, "the query has the right one");
}


static void
refund_is(const char *number, const char *status)
{
    request("GET", (const char *) text(REFUND "/%s", number).data, "");
    expect(200, NULL, number);
    is(member(s.reply_body, "status"), status, status);
}


static void
test_refunds(void)
{
    const char     *why;
    pay_request_t   q;

    paid(100000);
    refund(902, 100000, 200, NULL, "902");
    ok(s.wire == PAY_SIM_LOST, "a refund whose answer is lost");
    refund_is("R902", "SUCCESS");
    refund(905, 100000, 0, NULL, "905");
    is_int(s.status, 500, "a refund that is made, with 500");
    refund_is("R905", "SUCCESS");
    refund(906, 100000, 0, NULL, "906");
    is_int(s.status, 503, "a refund that is not made");
    request("GET", REFUND "/R906", "");
    expect(404, "RESOURCE_NOT_EXISTS", "it is not there");
    refund(924, 100000, 403, "NOT_ENOUGH", "924: no money");

    paid(100000);
    refund(921, 100000, 200, NULL, "921");
    now = NOW + 1000;
    refund_is("R921", "PROCESSING");
    is_int((long long) s.ndue, 1, "nothing is told of it");
    part = PAY_STR("R921");
    is_int(press(PAY_PRESS_REFUND_FAIL, &why), PAY_OK, "it cannot be done");
    refund_is("R921", "ABNORMAL");
    is_int(sim->notice(&s, 2, &q), PAY_OK, "notice");
    is(member(q.body, "event_type"), "REFUND.ABNORMAL", "event_type");
    is(member(opened(&q), "refund_status"), "ABNORMAL", "refund_status");
    is_int(press(PAY_PRESS_REFUND, &why), PAY_OK, "then it can");
    refund_is("R921", "SUCCESS");
    is_int(press(PAY_PRESS_REFUND_CLOSE, &why), PAY_DECLINED, "it is over");

    paid(100000);
    refund(922, 100000, 200, NULL, "922");
    refund_is("R922", "ABNORMAL");
    is_int(sim->notice(&s, 2, &q), PAY_OK, "notice");
    is(member(q.body, "event_type"), "REFUND.ABNORMAL", "event_type");
    ok(pay_json_get(parse(opened(&q)), "success_time") == NULL,
       "no success_time");

    paid(923);
    refund(923, 923, 200, NULL, "923");
    refund_is("R923", "CLOSED");
    is_int(sim->notice(&s, 2, &q), PAY_OK, "notice");
    is(member(q.body, "event_type"), "REFUND.CLOSED", "event_type");
    refund(1, 923, 200, NULL, "its sum is free again");

    paid(100000);
    refund(916, 100000, 200, NULL, "916");
    is_int(sim->notice(&s, 2, &q), PAY_OK, "notice");
    ok(verified(&q) && told(&q, "refund") == 917, "of another amount");
}


static void
test_transfers(void)
{
    const char     *why;
    pay_request_t   q;

    request("POST", BILLS, transfer(924));
    expect(403, "NOT_ENOUGH", "924");
    request("POST", BILLS, transfer(902));
    expect(200, NULL, "902");
    ok(s.wire == PAY_SIM_LOST && s.changed, "its answer is lost");
    request("POST", BILLS, transfer(922));
    expect(200, NULL, "922");
    is_int(again(PAY_PRESS_PAY, &why), PAY_OK, "confirmed");
    save();
    request("GET", BILLS "/out-bill-no/B922", "");
    expect(200, NULL, "query");
    is(member(s.reply_body, "state"), "FAIL", "it fails");
    request("POST", BILLS, transfer(912));
    run();
    again(PAY_PRESS_PAY, &why);
    ok(s.ndue == 1 && s.due[0].due_at == NOW + 10, "912: later");
    is_int(sim->notice(&s, 1, &q), PAY_OK, "its notice");
}


int
main(void)
{
    static void (*const  tests[])(void) = {
        test_table, test_answers, test_payer, test_notices, test_refunds,
        test_transfers
    };

    return run_tests(tests, pay_nelts(tests));
}
