
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver wechatpay_v3: transfers, from the request to the notice.
 */

#define _GNU_SOURCE      /* memmem() */

#include "wechatpay_v3_made.h"


#define NUMBER  "transfer0001"
#define BILLS   "/v3/fund-app/mch-transfer/transfer-bills"
#define OPENID  "o-MYE42l80oelYMDE34nYD456Xoy"

#define BILL_AS(number, state, more)                                         \
    "{\"out_bill_no\":\"" number "\",\"transfer_bill_no\":\"1330000001\","   \
    "\"create_time\":\"2026-11-22T08:00:00+08:00\",\"state\":\"" state "\""  \
    more "}"

#define BILL(state)   BILL_AS(NUMBER, state, "")
#define CONFIRM                                                              \
    BILL_AS(NUMBER, "WAIT_USER_CONFIRM", ",\"package_info\":\"ABBQ+x==\"")
#define FULL(state, amount, openid)                                          \
    BILL_AS(NUMBER, state, ",\"mch_id\":\"1900000109\","                     \
            "\"transfer_amount\":" amount ",\"openid\":\"" openid "\","      \
            "\"fail_reason\":\"\","                                          \
            "\"update_time\":\"2026-11-22T09:00:00+08:00\"")

static pay_object_t  transfer;

static const pay_report_t  reports[] = {
    { pay_str("\xe5\xb2\x97"), pay_str("driver") }
};


static void
open_transfer(pay_op_t op, pay_known_t known)
{
    open_talk(op, known);

    memset(&transfer, 0, sizeof(transfer));
    transfer.kind = PAY_KIND_TRANSFER;
    transfer.number = PAY_STR(NUMBER);
    transfer.amount = 2000;
    transfer.currency = PAY_STR("CNY");
    transfer.state = PAY_STATE_PENDING;

    memset(&ask, 0, sizeof(ask));
    ask.number = transfer.number;
    ask.amount = 2000;
    ask.to_type = PAY_STR("openid");
    ask.to_account = PAY_STR(OPENID);
    ask.purpose = PAY_STR("1005");
    ask.description = PAY_STR("wages");
    ask.reports = reports;
    ask.nreports = 1;

    t.ask = &ask;
    t.object = &transfer;
}


static void
begin_transfer(pay_op_t op, pay_known_t known)
{
    open_transfer(op, known);

    if (pay_wechatpay_v3.begin(&t) != PAY_SIGN
        || pay_wechatpay_v3.sign(&t) != PAY_SEND)
    {
        ok(0, "begin and sign");
    }
}


#define BODY                                                                 \
    "{\"appid\":\"wxd678efh567hg6787\",\"out_bill_no\":\"" NUMBER "\","      \
    "\"transfer_scene_id\":\"1005\",\"openid\":\"" OPENID "\","              \
    "\"transfer_amount\":2000,\"transfer_remark\":\"wages\","                \
    "\"notify_url\":\"https://pay.example.com/notify/wechat\","              \
    "\"transfer_scene_report_infos\":[{\"info_type\":\"\xe5\xb2\x97\","      \
    "\"info_content\":\"driver\"}]}"

static void
test_requests(void)
{
    pay_str_t    name;
    pay_json_t  *o;
    const char  *why;

    open_transfer(PAY_OP_TRANSFER, PAY_KNOWN_NEW);
    is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, "a transfer");
    is(pay_strz(t.request.method), "POST", "POST");
    is(t.request.target, BILLS, "target");
    is(t.request.body, BODY, "body, byte by byte");
    is_signed("POST\n" BILLS "\n1795305600\n" NONCE_1 "\n" BODY "\n", NONCE_1);

    open_transfer(PAY_OP_TRANSFER, PAY_KNOWN_NEW);
    ask.to_name = PAY_STR("\xe5\xbc\xa0\xe4\xb8\x89");
    is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, "to somebody by name");
    is_int(pay_json_parse(t.arena, t.request.body, &o, &why), PAY_OK, "JSON");
    is_int(pay_json_string(o, "user_name", &name), PAY_OK, "user_name");
    is_int(name.len, 344, "sealed");
    ok(memmem(t.request.body.data, t.request.body.len, "\xe5\xbc\xa0", 3)
       == NULL, "the name is nowhere in the body");
    is(t.request.headers[2].name, "Wechatpay-Serial", "whose key it is");

    open_transfer(PAY_OP_TRANSFER_QUERY, PAY_KNOWN_OPEN);
    is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, "a query");
    is(pay_strz(t.request.method), "GET", "GET");
    is(t.request.target, BILLS "/out-bill-no/" NUMBER, "target");

    open_transfer(PAY_OP_TRANSFER_CANCEL, PAY_KNOWN_OPEN);
    is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, "a cancel");
    is(pay_strz(t.request.method), "POST", "POST");
    is(t.request.target, BILLS "/out-bill-no/" NUMBER "/cancel", "target");
    is_int(t.request.body.len, 0, "no body");
    is_signed("POST\n" BILLS "/out-bill-no/" NUMBER "/cancel\n1795305600\n"
              NONCE_1 "\n\n", NONCE_1);
}


static void
refuses(pay_code_t code, const char *param)
{
    failed(pay_wechatpay_v3.begin(&t), code, "field", param);
    is(t.error.param, param, "the field");
}


static void
test_refused(void)
{
    pay_account_t  account;

    open_transfer(PAY_OP_TRANSFER, PAY_KNOWN_NEW);
    ask.to_type = PAY_STR("card");
    refuses(PAY_E_FIELD_INVALID, "to.type");

    open_transfer(PAY_OP_TRANSFER, PAY_KNOWN_NEW);
    ask.to_account = PAY_STR("");
    refuses(PAY_E_FIELD_MISSING, "to.openid");

    open_transfer(PAY_OP_TRANSFER, PAY_KNOWN_NEW);
    ask.purpose = PAY_STR("");
    refuses(PAY_E_FIELD_MISSING, "purpose.scene");

    open_transfer(PAY_OP_TRANSFER, PAY_KNOWN_NEW);
    ask.nreports = 0;
    refuses(PAY_E_FIELD_MISSING, "purpose.reports");

    open_transfer(PAY_OP_TRANSFER, PAY_KNOWN_NEW);
    ask.description = PAY_STR("");
    refuses(PAY_E_FIELD_MISSING, "description");

    open_transfer(PAY_OP_TRANSFER, PAY_KNOWN_NEW);
    transfer.amount = 200000;
    refuses(PAY_E_FIELD_MISSING, "to.name");

    open_transfer(PAY_OP_TRANSFER, PAY_KNOWN_NEW);
    transfer.amount = 199999;
    is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, "one fen less needs none");

    open_transfer(PAY_OP_TRANSFER, PAY_KNOWN_NEW);
    transfer.amount = 29;
    ask.to_name = PAY_STR("x");
    refuses(PAY_E_FIELD_INVALID, "to.name");

    open_transfer(PAY_OP_TRANSFER, PAY_KNOWN_NEW);
    memset(&account, 0, sizeof(account));
    account.sub_merchant = PAY_STR("1900000110");
    t.account = &account;
    failed(pay_wechatpay_v3.begin(&t), PAY_E_OPERATION_UNSUPPORTED, "field",
           "the partner form has none");
}


static void
is_action(int yes)
{
    if (!yes) {
        is_int(t.fact.action.kind, PAY_ACTION_NONE, "no action");
        return;
    }

    is_int(t.fact.action.kind, PAY_ACTION_PARAMS, "an action");
    is(pay_strz(t.fact.action.type), "user_confirm", "its type");
    is(t.fact.action.value, "{\"mchId\":\"1900000109\","
       "\"appId\":\"wxd678efh567hg6787\",\"package\":\"ABBQ+x==\"}", "params");
}


static void
test_states(void)
{
    size_t  i;

    static const struct {
        const char   *state;
        pay_state_t   ours;
    } rows[] = {
        { "ACCEPTED", PAY_STATE_PENDING },
        { "PROCESSING", PAY_STATE_PENDING },
        { "WAIT_USER_CONFIRM", PAY_STATE_REQUIRES_ACTION },
        { "TRANSFERING", PAY_STATE_PENDING },
        { "SUCCESS", PAY_STATE_SUCCEEDED },
        { "FAIL", PAY_STATE_FAILED },
        { "CANCELING", PAY_STATE_PENDING },
        { "CANCELLED", PAY_STATE_CLOSED }
    };

    for (i = 0; i < pay_nelts(rows); i++) {
        char  body[512];

        snprintf(body, sizeof(body), "{\"out_bill_no\":\"" NUMBER "\","
                 "\"transfer_bill_no\":\"1330000001\",\"state\":\"%s\","
                 "\"mch_id\":\"1900000109\",\"transfer_amount\":2000,"
                 "\"fail_reason\":\"%s\","
                 "\"update_time\":\"2026-11-22T09:00:00+08:00\"}",
                 rows[i].state, rows[i].ours == PAY_STATE_FAILED
                                ? "ACCOUNT_FROZEN" : "");

        begin_transfer(PAY_OP_TRANSFER_QUERY, PAY_KNOWN_OPEN);
        transfer.ref = PAY_STR("ABBQ+x==");
        is_int(answer_signed(200, body), PAY_DONE, rows[i].state);
        is_int(t.error.code, PAY_E_NONE, "no error");
        is_int(t.fact.kind, PAY_KIND_TRANSFER, "a transfer");
        is_int(t.fact.state, rows[i].ours, "its state");
        is(t.fact.number, NUMBER, "its number");
        is(t.fact.channel_number, "1330000001", "the channel's");
        is_int(t.fact.amount, 2000, "its amount");
        is_int(t.fact.closing, i == 6, "closing");
        is_int(t.fact.done_at, i == 4 ? 1795309200 : 0, "succeeded_at");
        ok(rows[i].ours == PAY_STATE_FAILED
           ? pay_str_eqz(t.fact.failure, "ACCOUNT_FROZEN")
           : t.fact.failure.len == 0, "failure");
        is_action(rows[i].ours == PAY_STATE_REQUIRES_ACTION);
    }

    begin_transfer(PAY_OP_TRANSFER, PAY_KNOWN_NEW);
    is_int(answer_signed(200, CONFIRM), PAY_DONE, "to be confirmed");
    is_int(t.fact.state, PAY_STATE_REQUIRES_ACTION, "requires_action");
    is(t.fact.ref, "ABBQ+x==", "what it needs is kept");
    is_action(1);

    open_transfer(PAY_OP_TRANSFER, PAY_KNOWN_OPEN);
    transfer.state = PAY_STATE_REQUIRES_ACTION;
    transfer.ref = PAY_STR("ABBQ+x==");
    is_int(pay_wechatpay_v3.begin(&t), PAY_DONE, "the same again: not sent");
    is_int(t.fact.state, PAY_STATE_NONE, "the channel said nothing");
    is_action(1);
}


static void
test_doubt(void)
{
    size_t  i;

    static const struct {
        const char  *body;
        const char  *reason;
    } bad[] = {
        { BILL_AS("transfer0002", "SUCCESS", ""), "echo_mismatch" },
        { FULL("SUCCESS", "2001", OPENID), "echo_mismatch" },
        { FULL("SUCCESS", "2000", "o-other"), "echo_mismatch" },
        { BILL_AS(NUMBER, "SUCCESS", ",\"mch_id\":\"1900000110\""),
          "echo_mismatch" },
        { BILL("DONE"), "state" },
        { "{\"out_bill_no\":\"" NUMBER "\",\"state\":\"SUCCESS\"}", "json" }
    };

    for (i = 0; i < pay_nelts(bad); i++) {
        begin_transfer(PAY_OP_TRANSFER, PAY_KNOWN_NEW);
        failed(answer_signed(200, bad[i].body), PAY_E_OUTCOME_UNKNOWN,
               bad[i].reason, bad[i].body);
        no_fact();
    }

    /* what an error leaves open is looked up */

    begin_transfer(PAY_OP_TRANSFER, PAY_KNOWN_NEW);
    is_int(answer_unsigned(500, ERR("SYSTEM_ERROR")), PAY_SIGN, "look up");
    is(t.request.target, BILLS "/out-bill-no/" NUMBER, "by number");
    is_int(answer_signed(200, FULL("SUCCESS", "2000", OPENID)), PAY_DONE,
           "it was made");
    is_int(t.fact.state, PAY_STATE_SUCCEEDED, "succeeded");

    begin_transfer(PAY_OP_TRANSFER, PAY_KNOWN_NEW);
    is_int(answer_unsigned(400, ERR("ALREADY_EXISTS")), PAY_SIGN, "look up");
    failed(answer_signed(200, FULL("SUCCESS", "2001", OPENID)),
           PAY_E_IDEMPOTENCY_CONFLICT, "number_used", "another's number");
    no_fact();

    begin_transfer(PAY_OP_TRANSFER, PAY_KNOWN_NEW);
    is_int(answer_unsigned(400, ERR("INVALID_REQUEST")), PAY_SIGN, "look up");
    failed(answer_unsigned(404, ERR("NOT_FOUND")), PAY_E_CHANNEL_REJECTED,
           "refused", "not there: the first error stands");

    begin_transfer(PAY_OP_TRANSFER, PAY_KNOWN_NEW);
    failed(answer_unsigned(403, ERR("QUOTA_EXCEED")), PAY_E_CHANNEL_QUOTA,
           "refused", "a quota");

    begin_transfer(PAY_OP_TRANSFER, PAY_KNOWN_NEW);
    failed(answer_unsigned(403, ERR("NOT_ENOUGH")),
           PAY_E_BALANCE_INSUFFICIENT, "refused", "the balance");
}


static void
test_cancel(void)
{
    begin_transfer(PAY_OP_TRANSFER_CANCEL, PAY_KNOWN_OPEN);
    is_int(answer_signed(200, BILL("CANCELING")), PAY_DONE, "canceling");
    is_int(t.fact.state, PAY_STATE_PENDING, "pending");
    is_int(t.fact.closing, 1, "and closing");

    begin_transfer(PAY_OP_TRANSFER_CANCEL, PAY_KNOWN_OPEN);
    is_int(answer_signed(200, BILL("CANCELLED")), PAY_DONE, "cancelled");
    is_int(t.fact.state, PAY_STATE_CLOSED, "closed");

    begin_transfer(PAY_OP_TRANSFER_CANCEL, PAY_KNOWN_OPEN);
    is_int(answer_unsigned(400, ERR("INVALID_REQUEST")), PAY_SIGN, "refused");
    failed(answer_signed(200, FULL("SUCCESS", "2000", OPENID)),
           PAY_E_STATE_CONFLICT, "state", "it has succeeded");
    is_int(t.fact.state, PAY_STATE_SUCCEEDED, "which is told");

    begin_transfer(PAY_OP_TRANSFER_CANCEL, PAY_KNOWN_OPEN);
    is_int(answer_unsigned(400, ERR("INVALID_REQUEST")), PAY_SIGN, "refused");
    is_int(answer_signed(200, FULL("CANCELLED", "2000", OPENID)), PAY_DONE,
           "it was cancelled before");
    is_int(t.error.code, PAY_E_NONE, "no error");

    begin_transfer(PAY_OP_TRANSFER_CANCEL, PAY_KNOWN_OPEN);
    is_int(answer_unsigned(500, ERR("SYSTEM_ERROR")), PAY_SIGN, "unknown");
    failed(answer_signed(200, FULL("WAIT_USER_CONFIRM", "2000", OPENID)),
           PAY_E_OUTCOME_UNKNOWN, "channel_code", "still unknown");

    begin_transfer(PAY_OP_TRANSFER_CANCEL, PAY_KNOWN_OPEN);
    failed(answer_signed(200, BILL_AS("transfer0002", "CANCELLED", "")),
           PAY_E_OUTCOME_UNKNOWN, "echo_mismatch", "another's");
}


/* the name needs the platform's key: without one the certificates first */

static void
test_key(void)
{
    pay_key_set_t  set = conf.platform_keys;

    conf.platform_keys.nkeys = 0;

    open_transfer(PAY_OP_TRANSFER, PAY_KNOWN_NEW);
    ask.to_name = PAY_STR("x");
    is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, "a name, and no key");
    is(t.request.target, "/v3/certificates", "certificates");
    failed(answer_unsigned(404, ERR("NOT_FOUND")), PAY_E_CHANNEL_UNREACHABLE,
           "certificates", "there are none: nothing was sent");

    conf.platform_keys = set;
}


static void
test_notice(void)
{
    made_t  m = right;

    m.event = "MCHTRANSFER.BILL.FINISHED";
    m.original = "mch_payment";
    m.aad = "mch_payment";

    m.plain = FULL("SUCCESS", "2000", OPENID);
    is_int(send_made(&m), PAY_DONE, "a notice");
    is_int(t.notice, PAY_NOTICE_OBJECT, "of an object");
    is_int(t.fact.kind, PAY_KIND_TRANSFER, "a transfer");
    is_int(t.fact.state, PAY_STATE_SUCCEEDED, "succeeded");
    is(t.fact.payer, OPENID, "to whom");
    is_int(t.fact.amount, 2000, "how much");

    m.plain = BILL("SUCCESS");
    (void) send_made(&m);
    is(pay_strz(t.error.reason), "identity", "of nobody");

    m.plain = BILL_AS(NUMBER, "SUCCESS", ",\"mch_id\":\"1900000110\"");
    (void) send_made(&m);
    is(pay_strz(t.error.reason), "identity", "of another account");

    m.plain = FULL("LOST", "2000", OPENID);
    (void) send_made(&m);
    is(pay_strz(t.error.reason), "state", "an unknown state");

    m.plain = FULL("SUCCESS", "0", OPENID);
    (void) send_made(&m);
    is(pay_strz(t.error.reason), "json", "of nothing");
}


int
main(void)
{
    channel_open();

    test_requests();
    test_refused();
    test_states();
    test_doubt();
    test_cancel();
    test_key();
    test_notice();

    talk_close(&t);
    channel_close();

    return done();
}
