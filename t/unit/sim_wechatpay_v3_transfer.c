
/*
 * Copyright (C) the ngx_pay authors
 *
 * src/sandbox: transfer bills of the WeChat Pay APIv3 simulator, by sections
 * 8.10 and 10.4 of the channel document.
 */

#include "sim_wechatpay_v3.h"


#define BILLS    "/v3/fund-app/mch-transfer/transfer-bills"
#define BY_NO    BILLS "/out-bill-no/"
#define URL      "http://127.0.0.1:8080/notify/wechat"
#define INFOS    "[{\"info_type\":\"活动名称\",\"info_content\":\"a\"},"       \
                 "{\"info_type\":\"奖励说明\",\"info_content\":\"b\"}]"
#define BILL(number, amount, more)                                           \
    "{\"appid\":\"wxd678efh567hg6787\",\"out_bill_no\":\"" number "\","      \
    "\"transfer_scene_id\":\"1000\",\"openid\":\"o1\",\"transfer_amount\":"  \
    amount ",\"transfer_remark\":\"奖\",\"notify_url\":\"" URL "\"," more      \
    "\"transfer_scene_report_infos\":" INFOS "}"


static int
transfer(const char *json, int status, const char *code, const char *name)
{
    request("POST", BILLS, json);

    return expect(status, code, name);
}


static void
state_is(const char *number, const char *state)
{
    request("GET", (const char *) text(BY_NO "%s", number).data, "");
    expect(200, NULL, "query");
    is(member(s.reply_body, "state"), state, state);
}


static pay_rc_t
button(const char *number, pay_press_t what, const char **why)
{
    pay_rc_t  rc;

    fresh();
    s.order_id = text("transfer/%s", number);
    s.order = get(s.order_id);
    rc = again(what, why);
    save();

    return rc;
}


static const char *
sealed(const char *name)
{
    pay_str_t  out;

    need(pay_rsa_oaep_seal(arena, &out, pay_strz(name), platform), "sealing");
    out = pay_base64_encode(arena, out);

    return (const char *) text("\"user_name\":\"%.*s\",", (int) out.len,
                               out.data).data;
}


static const char *
named(const char *number, const char *amount, const char *name)
{
    return (const char *) text(BILL("%s", "%s", "%s"), number, amount,
                               name).data;
}


static void
test_transfer(void)
{
    const char      *why;
    pay_str_t        bill;
    pay_sim_view_t   view;

    transfer(BILL("B1", "100", ""), 200, NULL, "transfer");
    is(member(s.reply_body, "state"), "WAIT_USER_CONFIRM", "state");
    is(member(s.reply_body, "out_bill_no"), "B1", "out_bill_no");
    ok(member(s.reply_body, "package_info").len != 0, "package_info");
    bill = member(s.reply_body, "transfer_bill_no");
    ok(bill.len != 0, "transfer_bill_no");

    transfer(BILL("B1", "100", ""), 200, NULL, "the same again");
    ok(!s.changed && pay_str_eq(member(s.reply_body, "transfer_bill_no"),
                                bill), "is the same bill");
    transfer(BILL("B1", "101", ""), 400, "ALREADY_EXISTS", "another amount");

    state_is("B1", "WAIT_USER_CONFIRM");
    is(member(s.reply_body, "mch_id"), MCHID, "mch_id");
    is(member(s.reply_body, "openid"), "o1", "openid");
    ok(pay_json_get(parse(s.reply_body), "package_info") == NULL,
       "no package_info in a query");
    request("GET", (const char *) text(BILLS "/transfer-bill-no/%.*s",
            (int) bill.len, bill.data).data, "");
    expect(200, NULL, "query by transfer_bill_no");
    is(member(s.reply_body, "out_bill_no"), "B1", "the same bill");

    fresh();
    s.order_id = PAY_STR("transfer/B1");
    s.order = get(s.order_id);
    memset(&view, 0, sizeof(view));
    is_int(sim->view(&s, &view), PAY_OK, "view");
    ok(strcmp(view.kind, "transfer") == 0 && view.amount == 100
       && view.payable && pay_str_eqz(view.order_id, "B1")
       && view.expires_at == NOW + 86400, "what its payee sees");

    is_int(button("B1", PAY_PRESS_PAY_TWICE, &why), PAY_DECLINED,
           "no transfer is made twice");
    is_int(button("B1", PAY_PRESS_PAY, &why), PAY_OK, "confirmed");
    state_is("B1", "SUCCESS");
    is_int(button("B1", PAY_PRESS_PAY, &why), PAY_DECLINED, "once");
    request("POST", BY_NO "B1/cancel", "");
    expect(400, "INVALID_REQUEST", "cancel: it is over");

    request("GET", BY_NO "B9", "");
    expect(404, "NOT_FOUND", "no such bill");
    request("POST", BY_NO "B9/cancel", "");
    expect(404, "NOT_FOUND", "cancel of none");
    request("GET", BILLS "/transfer-bill-no/9", "");
    expect(404, "NOT_FOUND", "none of that number");
}


static void
test_ends(void)
{
    const char  *why;

    transfer(BILL("B1", "100", ""), 200, NULL, "transfer");
    is_int(button("B1", PAY_PRESS_DECLINE, &why), PAY_OK, "declined");
    state_is("B1", "FAIL");
    is(member(s.reply_body, "fail_reason"), "PAYEE_ACCOUNT_ABNORMAL",
       "fail_reason");

    transfer(BILL("B2", "100", ""), 200, NULL, "transfer");
    request("POST", BY_NO "B2/cancel", "");
    expect(200, NULL, "cancel");
    is(member(s.reply_body, "state"), "CANCELING", "on its way");
    state_is("B2", "CANCELLED");
    request("POST", BY_NO "B2/cancel", "{}");
    expect(200, NULL, "cancel again");
    is(member(s.reply_body, "state"), "CANCELLED", "it is");
    is_int(button("B2", PAY_PRESS_PAY, &why), PAY_DECLINED, "too late");

    transfer(BILL("B3", "100", ""), 200, NULL, "transfer");
    now = NOW + 86399;
    state_is("B3", "WAIT_USER_CONFIRM");
    now = NOW + 86400;
    state_is("B3", "FAIL");
    is(member(s.reply_body, "fail_reason"), "OVERDUE_CLOSE", "fail_reason");
}


static void
test_notice(void)
{
    pay_str_t       plain;
    const char     *why;
    pay_request_t   q;

    transfer(BILL("B1", "100", ""), 200, NULL, "transfer");
    is_int((long long) s.ndue, 0, "nothing to tell yet");
    button("B1", PAY_PRESS_PAY, &why);
    ok(s.ndue == 1 && strcmp(s.due[0].kind, "transfer") == 0
       && pay_str_eqz(s.due[0].number, "B1") && s.due[0].due_at == NOW,
       "one notice is due");
    is_int(sim->notice(&s, s.due[0].id, &q), PAY_OK, "notice");
    ok(verified(&q), "its signature holds");
    is(member(q.body, "event_type"), "MCHTRANSFER.BILL.FINISHED",
       "event_type");
    plain = opened(&q);
    is(member(plain, "state"), "SUCCESS", "state");
    is(member(plain, "out_bill_no"), "B1", "out_bill_no");
    is(member(plain, "mch_id"), MCHID, "mch_id");
    is(q.target, "/notify/wechat", "target");
    is_int(sim->sent(&s, s.due[0].id), PAY_OK, "sent");
    is_int((long long) s.ndue, 0, "off the list");
    is_int(sim->sent(&s, 1), PAY_DECLINED, "once");
    is_int(sim->notice(&s, 1, &q), PAY_DECLINED, "not again");
}


static void
test_rules(void)
{
    transfer(BILL("B-1", "100", ""), 400, "PARAM_ERROR", "a dash");
    transfer(BILL("B1", "0", ""), 400, "PARAM_ERROR", "nothing");
    transfer(BILL("B1", "100", "\"mchid\":\"" MCHID "\","), 400,
             "PARAM_ERROR", "mchid");
    transfer("{\"appid\":\"wxd678efh567hg6787\",\"out_bill_no\":\"B1\","
             "\"transfer_scene_id\":\"1005\",\"openid\":\"o\","
             "\"transfer_amount\":1,\"transfer_remark\":\"r\","
             "\"transfer_scene_report_infos\":" INFOS "}", 400, "PARAM_ERROR",
             "another scene's texts");
    is(detail("field"), "/transfer_scene_report_infos", "detail.field");
    transfer("{\"appid\":\"wx0\",\"out_bill_no\":\"B1\","
             "\"transfer_scene_id\":\"1000\",\"openid\":\"o\","
             "\"transfer_amount\":1,\"transfer_remark\":\"r\","
             "\"transfer_scene_report_infos\":" INFOS "}", 400,
             "APPID_MCHID_NOT_MATCH", "another appid");

    /* section 6: the name, encrypted for the platform */

    transfer(named("B1", "29", sealed("张三")), 400, "PARAM_ERROR",
             "a name below 0.30 yuan");
    transfer(BILL("B1", "200000", ""), 400, "PARAM_ERROR",
             "no name from 2000 yuan on");
    is(detail("field"), "/user_name", "detail.field");
    transfer(named("B1", "200000", "\"user_name\":\"张三\","), 400,
             "PARAM_ERROR", "a name in clear");
    transfer(named("B1", "200000", sealed("张三")), 200, NULL, "a name");
    transfer(named("B1", "200000", sealed("张三")), 200, NULL,
             "the same in another ciphertext");
    ok(!s.changed, "is the same bill");
    transfer(named("B1", "200000", sealed("李四")), 400, "ALREADY_EXISTS",
             "another name");

    request("POST", BILLS, named("B2", "200000", sealed("张三")));
    set("Wechatpay-Serial", NULL);
    expect(400, "PARAM_ERROR", "without Wechatpay-Serial");
}


int
main(void)
{
    static void (*const  tests[])(void) = {
        test_transfer, test_ends, test_notice, test_rules
    };

    return run_tests(tests, pay_nelts(tests));
}
