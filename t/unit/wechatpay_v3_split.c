
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver wechatpay_v3: splits, returns, receivers.
 */

#define _GNU_SOURCE      /* memmem() */

#include "wechatpay_v3_made.h"


#define SPLIT    "split-0001"
#define RETURN   "return-0001"
#define TRADE    "4200000001"
#define SPLITS   "/v3/profitsharing/orders"
#define RETURNS  "/v3/profitsharing/return-orders"
#define APP      "\"appid\":\"wxd678efh567hg6787\""

#define PART(type, account, amount, result, more)                            \
    "{\"amount\":" amount ",\"description\":\"d\",\"type\":\"" type "\","    \
    "\"account\":\"" account "\",\"result\":\"" result "\"," more            \
    "\"detail_id\":\"1\",\"create_time\":\"2026-11-22T08:00:00+08:00\","     \
    "\"finish_time\":\"2026-11-22T09:00:00+08:00\"}"

#define SHOP(amount, result)   PART("MERCHANT_ID", "1900000111", amount,     \
                                    result, "")
#define STAFF(amount, result)  PART("PERSONAL_OPENID", "oUpF8", amount,      \
                                    result, "")

#define ANSWER(number, trade, state, parts)                                  \
    "{\"transaction_id\":\"" trade "\",\"out_order_no\":\"" number "\","     \
    "\"order_id\":\"3008450740\",\"state\":\"" state "\","                   \
    "\"receivers\":[" parts "]}"

static pay_object_t    split;
static pay_account_t   account;
static pay_receiver_t  receivers[2];


static void
open_split(pay_op_t op, pay_known_t known)
{
    open_talk(op, known);

    memset(&split, 0, sizeof(split));
    split.kind = pay_op_info(op)->kind;
    split.number = split.kind == PAY_KIND_SPLIT_RETURN ? PAY_STR(RETURN)
                                                       : PAY_STR(SPLIT);
    split.order_id = split.kind == PAY_KIND_SPLIT_RETURN ? PAY_STR(SPLIT)
                                                         : PAY_STR(ORDER);
    split.amount = split.kind == PAY_KIND_SPLIT_RETURN ? 10 : 0;
    split.state = PAY_STATE_PENDING;

    memset(receivers, 0, sizeof(receivers));
    receivers[0].type = PAY_STR("merchant");
    receivers[0].account = PAY_STR("1900000111");
    receivers[0].amount = 20;
    receivers[1].type = PAY_STR("openid");
    receivers[1].account = PAY_STR("oUpF8");
    receivers[1].amount = 5;
    receivers[1].description = PAY_STR("tip");

    memset(&ask, 0, sizeof(ask));
    ask.number = split.number;
    ask.receivers = receivers;
    ask.nreceivers = split.kind == PAY_KIND_SPLIT ? 2 : 1;
    payment.channel_number = PAY_STR(TRADE);

    memset(&account, 0, sizeof(account));

    t.ask = &ask;
    t.object = &split;
    t.payment = &payment;
}


static void
begin_split(pay_op_t op, pay_known_t known)
{
    open_split(op, known);

    if (pay_wechatpay_v3.begin(&t) != PAY_SIGN
        || pay_wechatpay_v3.sign(&t) != PAY_SEND)
    {
        ok(0, "begin and sign");
    }
}


static void
sends(const char *method, const char *target, const char *body)
{
    is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, target);
    is(pay_strz(t.request.method), method, method);
    is(t.request.target, target, "target");
    is(t.request.body, body, "body, byte by byte");
}


static void
test_requests(void)
{
    open_split(PAY_OP_SPLIT, PAY_KNOWN_NEW);
    sends("POST", SPLITS, "{" APP ",\"transaction_id\":\"" TRADE "\","
          "\"out_order_no\":\"" SPLIT "\",\"receivers\":["
          "{\"type\":\"MERCHANT_ID\",\"account\":\"1900000111\","
          "\"amount\":20,\"description\":\"split\"},"
          "{\"type\":\"PERSONAL_OPENID\",\"account\":\"oUpF8\","
          "\"amount\":5,\"description\":\"tip\"}],"
          "\"unfreeze_unsplit\":false}");

    open_split(PAY_OP_SPLIT, PAY_KNOWN_NEW);
    account.prefix = PAY_STR("ab");
    account.sub_merchant = PAY_STR("1900000110");
    account.app_id = PAY_STR("wxsub");
    t.account = &account;
    ask.finish = 1;
    ask.description = PAY_STR("share");
    ask.nreceivers = 1;
    ask.receivers = &receivers[1];
    receivers[1].description = PAY_STR("");
    sends("POST", SPLITS, "{\"sub_mchid\":\"1900000110\"," APP ","
          "\"sub_appid\":\"wxsub\",\"transaction_id\":\"" TRADE "\","
          "\"out_order_no\":\"ab" SPLIT "\",\"receivers\":["
          "{\"type\":\"PERSONAL_SUB_OPENID\",\"account\":\"oUpF8\","
          "\"amount\":5,\"description\":\"share\"}],"
          "\"unfreeze_unsplit\":true}");

    open_split(PAY_OP_SPLIT_QUERY, PAY_KNOWN_FORGOTTEN);
    t.payment = NULL;
    ask.channel_order_id = PAY_STR(TRADE);
    sends("GET", SPLITS "/" SPLIT "?transaction_id=" TRADE, "");

    open_split(PAY_OP_SPLIT_QUERY, PAY_KNOWN_OPEN);
    account.sub_merchant = PAY_STR("1900000110");
    t.account = &account;
    split.channel_order_id = PAY_STR("42x");
    sends("GET", SPLITS "/" SPLIT "?transaction_id=42x&sub_mchid=1900000110",
          "");

    open_split(PAY_OP_SPLIT_FINISH, PAY_KNOWN_NEW);
    ask.description = PAY_STR("done");
    sends("POST", SPLITS "/unfreeze", "{\"transaction_id\":\"" TRADE "\","
          "\"out_order_no\":\"" SPLIT "\",\"description\":\"done\"}");

    open_split(PAY_OP_SPLIT_RETURN, PAY_KNOWN_NEW);
    sends("POST", RETURNS, "{\"out_order_no\":\"" SPLIT "\","
          "\"out_return_no\":\"" RETURN "\",\"return_mchid\":\"1900000111\","
          "\"amount\":10,\"description\":\"return\"}");

    open_split(PAY_OP_SPLIT_RETURN_QUERY, PAY_KNOWN_OPEN);
    account.prefix = PAY_STR("ab");
    t.account = &account;
    sends("GET", RETURNS "/ab" RETURN "?out_order_no=ab" SPLIT, "");

    open_split(PAY_OP_RECEIVER_ADD, PAY_KNOWN_OPEN);
    receivers[0].relation = PAY_STR("supplier");
    sends("POST", "/v3/profitsharing/receivers/add", "{" APP ","
          "\"type\":\"MERCHANT_ID\",\"account\":\"1900000111\","
          "\"relation_type\":\"SUPPLIER\"}");

    open_split(PAY_OP_RECEIVER_ADD, PAY_KNOWN_OPEN);
    receivers[0].relation = PAY_STR("landlord");
    sends("POST", "/v3/profitsharing/receivers/add", "{" APP ","
          "\"type\":\"MERCHANT_ID\",\"account\":\"1900000111\","
          "\"relation_type\":\"CUSTOM\",\"custom_relation\":\"landlord\"}");

    open_split(PAY_OP_RECEIVER_DELETE, PAY_KNOWN_OPEN);
    sends("POST", "/v3/profitsharing/receivers/delete", "{" APP ","
          "\"type\":\"MERCHANT_ID\",\"account\":\"1900000111\"}");

    open_split(PAY_OP_RECEIVER_ADD, PAY_KNOWN_OPEN);
    receivers[0].relation = PAY_STR("supplier");
    receivers[0].name = PAY_STR("secret-name");
    is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, "with a name");
    ok(memmem(t.request.body.data, t.request.body.len, "secret-name", 11)
       == NULL, "which is sealed");
    ok(memmem(t.request.body.data, t.request.body.len, "\"name\":\"", 8)
       != NULL, "and there");
}


static void
test_refused(void)
{
    open_split(PAY_OP_SPLIT, PAY_KNOWN_FORGOTTEN);
    payment.channel_number = PAY_STR("");
    failed(pay_wechatpay_v3.begin(&t), PAY_E_FIELD_MISSING, "field",
           "the channel's number of the payment");
    is(t.error.param, "channel_order_id", "the field");

    open_split(PAY_OP_SPLIT, PAY_KNOWN_NEW);
    receivers[1].type = PAY_STR("login_id");
    failed(pay_wechatpay_v3.begin(&t), PAY_E_RECEIVER_INVALID, "field",
           "a receiver of another channel");

    open_split(PAY_OP_SPLIT, PAY_KNOWN_NEW);
    receivers[1].amount = -1;
    failed(pay_wechatpay_v3.begin(&t), PAY_E_AMOUNT_INVALID, "field",
           "an amount that is not known");

    open_split(PAY_OP_SPLIT_RETURN, PAY_KNOWN_NEW);
    ask.receivers = &receivers[1];
    failed(pay_wechatpay_v3.begin(&t), PAY_E_RECEIVER_INVALID, "field",
           "persons give nothing back");

    open_split(PAY_OP_RECEIVER_ADD, PAY_KNOWN_OPEN);
    failed(pay_wechatpay_v3.begin(&t), PAY_E_FIELD_MISSING, "field",
           "a receiver's relation");

    open_split(PAY_OP_RECEIVER_ADD, PAY_KNOWN_OPEN);
    receivers[0].relation = PAY_STR("12345678901");
    failed(pay_wechatpay_v3.begin(&t), PAY_E_RECEIVER_INVALID, "field",
           "a relation of 11 characters");

    open_split(PAY_OP_SPLIT, PAY_KNOWN_OPEN);
    is_int(pay_wechatpay_v3.begin(&t), PAY_DONE, "known: not sent again");
}


static void
test_states(void)
{
    size_t  i;

    static const struct {
        const char   *body;
        pay_state_t   state;
        int64_t       at;
    } rows[] = {
        { ANSWER(SPLIT, TRADE, "PROCESSING", SHOP("20", "PENDING") ","
                 STAFF("5", "PENDING")), PAY_STATE_PENDING, 0 },
        { ANSWER(SPLIT, TRADE, "PROCESSING", SHOP("20", "SUCCESS") ","
                 STAFF("5", "SUCCESS")), PAY_STATE_PENDING, 0 },
        { ANSWER(SPLIT, TRADE, "FINISHED", SHOP("20", "SUCCESS") ","
                 STAFF("5", "PENDING")), PAY_STATE_PENDING, 0 },
        { ANSWER(SPLIT, TRADE, "FINISHED", SHOP("20", "SUCCESS") ","
                 STAFF("5", "SUCCESS")), PAY_STATE_SUCCEEDED, 1795309200 },
        { ANSWER(SPLIT, TRADE, "FINISHED", SHOP("20", "CLOSED") ","
                 STAFF("5", "SUCCESS")), PAY_STATE_PARTIALLY_SUCCEEDED,
          1795309200 },
        { ANSWER(SPLIT, TRADE, "FINISHED", SHOP("20", "CLOSED") ","
                 STAFF("5", "CLOSED")), PAY_STATE_FAILED, 0 }
    };

    static const pay_op_t  ops[] = { PAY_OP_SPLIT, PAY_OP_SPLIT_QUERY };

    for (i = 0; i < 2 * pay_nelts(rows); i++) {
        begin_split(ops[i & 1], PAY_KNOWN_UNKNOWN);
        is_int(answer_signed(200, rows[i / 2].body), PAY_DONE, "an answer");
        is_int(t.error.code, PAY_E_NONE, "no error");
        is_int(t.fact.kind, PAY_KIND_SPLIT, "a split");
        is_int(t.fact.state, rows[i / 2].state, "its state");
        is(t.fact.number, SPLIT, "split_id");
        is(t.fact.channel_number, "3008450740", "channel_split_id");
        is(t.fact.channel_order_id, TRADE, "channel_order_id");
        is_int(t.fact.done_at, rows[i / 2].at, "succeeded_at");
    }

    begin_split(PAY_OP_SPLIT_QUERY, PAY_KNOWN_OPEN);
    is_int(answer_signed(200, ANSWER(SPLIT, TRADE, "FINISHED",
                                     PART("MERCHANT_ID", "1900000111", "20",
                                          "CLOSED",
                                          "\"fail_reason\":\"NO_RELATION\",")
                                     "," STAFF("5", "SUCCESS"))),
           PAY_DONE, "its receivers");
    is(t.fact.receivers, "[{\"type\":\"merchant\","
       "\"account\":\"1900000111\",\"amount\":20,\"status\":\"failed\","
       "\"failure\":\"NO_RELATION\"},{\"type\":\"openid\","
       "\"account\":\"oUpF8\",\"amount\":5,\"status\":\"succeeded\","
       "\"failure\":null}]", "as the object has them");
}


static void
test_doubt(void)
{
    size_t  i;

    static const struct {
        const char  *body;
        const char  *reason;
    } bad[] = {
        { ANSWER("split-0002", TRADE, "FINISHED", SHOP("20", "SUCCESS")),
          "echo_mismatch" },
        { ANSWER(SPLIT, "42x", "FINISHED", SHOP("20", "SUCCESS")),
          "echo_mismatch" },
        { ANSWER(SPLIT, TRADE, "FINISHED", SHOP("20", "SUCCESS")),
          "echo_mismatch" },
        { ANSWER(SPLIT, TRADE, "FINISHED", SHOP("21", "SUCCESS") ","
                 STAFF("5", "SUCCESS")), "echo_mismatch" },
        { ANSWER(SPLIT, TRADE, "ENDED", SHOP("20", "SUCCESS") ","
                 STAFF("5", "SUCCESS")), "state" },
        { ANSWER(SPLIT, TRADE, "FINISHED", SHOP("20", "LOST") ","
                 STAFF("5", "SUCCESS")), "json" },
        { "{}", "json" }
    };

    for (i = 0; i < pay_nelts(bad); i++) {
        begin_split(PAY_OP_SPLIT, PAY_KNOWN_NEW);
        failed(answer_signed(200, bad[i].body), PAY_E_OUTCOME_UNKNOWN,
               bad[i].reason, bad[i].body);
        no_fact();
    }

    begin_split(PAY_OP_SPLIT, PAY_KNOWN_NEW);
    is_int(answer_unsigned(500, ERR("SYSTEM_ERROR")), PAY_SIGN, "look up");
    is_int(answer_signed(200, ANSWER(SPLIT, TRADE, "PROCESSING",
                                     SHOP("20", "PENDING") ","
                                     STAFF("5", "PENDING"))), PAY_DONE,
           "it was made");
    is_int(t.fact.state, PAY_STATE_PENDING, "pending");

    begin_split(PAY_OP_SPLIT, PAY_KNOWN_NEW);
    is_int(answer_unsigned(400, ERR("INVALID_REQUEST")), PAY_SIGN, "look up");
    failed(answer_signed(200, ANSWER(SPLIT, TRADE, "FINISHED",
                                     SHOP("21", "SUCCESS"))),
           PAY_E_IDEMPOTENCY_CONFLICT, "number_used", "another split");

    begin_split(PAY_OP_SPLIT, PAY_KNOWN_NEW);
    failed(answer_unsigned(403, ERR("RULE_LIMIT")), PAY_E_SPLIT_LIMIT,
           "refused", "the rule of a split");

    begin_split(PAY_OP_SPLIT, PAY_KNOWN_NEW);
    failed(answer_unsigned(403, ERR("NOT_ENOUGH")),
           PAY_E_BALANCE_INSUFFICIENT, "refused", "nothing left");
}


#define BACK(number, of, amount, result)                                     \
    "{\"order_id\":\"3008450740\",\"out_order_no\":\"" of "\","              \
    "\"out_return_no\":\"" number "\",\"return_id\":\"3008450741\","         \
    "\"return_mchid\":\"1900000111\",\"amount\":" amount ","                 \
    "\"result\":\"" result "\",\"fail_reason\":\"TIME_OUT_CLOSED\","         \
    "\"finish_time\":\"2026-11-22T09:00:00+08:00\"}"

static void
test_return(void)
{
    size_t  i;

    static const struct {
        const char   *body;
        pay_state_t   state;
    } rows[] = {
        { BACK(RETURN, SPLIT, "10", "PROCESSING"), PAY_STATE_PENDING },
        { BACK(RETURN, SPLIT, "10", "SUCCESS"), PAY_STATE_SUCCEEDED },
        { BACK(RETURN, SPLIT, "10", "FAILED"), PAY_STATE_FAILED }
    };

    static const pay_op_t  ops[] = {
        PAY_OP_SPLIT_RETURN, PAY_OP_SPLIT_RETURN_QUERY
    };

    for (i = 0; i < 2 * pay_nelts(rows); i++) {
        begin_split(ops[i & 1], PAY_KNOWN_UNKNOWN);
        is_int(answer_signed(200, rows[i / 2].body), PAY_DONE, "an answer");
        is_int(t.fact.kind, PAY_KIND_SPLIT_RETURN, "a return");
        is_int(t.fact.state, rows[i / 2].state, "its state");
        is(t.fact.number, RETURN, "return_id");
        is(t.fact.order_id, SPLIT, "split_id");
        is(t.fact.channel_number, "3008450741", "channel_return_id");
        is_int(t.fact.amount, 10, "amount");
        is(t.fact.failure, "TIME_OUT_CLOSED", "failure");
    }

    begin_split(PAY_OP_SPLIT_RETURN, PAY_KNOWN_NEW);
    failed(answer_signed(200, BACK(RETURN, "split-0002", "10", "SUCCESS")),
           PAY_E_OUTCOME_UNKNOWN, "echo_mismatch", "of another split");

    begin_split(PAY_OP_SPLIT_RETURN, PAY_KNOWN_NEW);
    failed(answer_signed(200, BACK(RETURN, SPLIT, "11", "SUCCESS")),
           PAY_E_OUTCOME_UNKNOWN, "echo_mismatch", "of another amount");

    begin_split(PAY_OP_SPLIT_RETURN, PAY_KNOWN_NEW);
    is_int(answer_unsigned(500, ERR("SYSTEM_ERROR")), PAY_SIGN, "look up");
    is(t.request.target, RETURNS "/" RETURN "?out_order_no=" SPLIT, "by it");
    is_int(answer_signed(200, rows[1].body), PAY_DONE, "it was made");
    is_int(t.fact.state, PAY_STATE_SUCCEEDED, "succeeded");
}


static void
test_receiver(void)
{
    begin_split(PAY_OP_RECEIVER_DELETE, PAY_KNOWN_OPEN);
    is_int(answer_signed(200, "{\"type\":\"MERCHANT_ID\","
                         "\"account\":\"1900000111\"}"), PAY_DONE, "deleted");
    is_int(t.error.code, PAY_E_NONE, "no error");

    begin_split(PAY_OP_RECEIVER_DELETE, PAY_KNOWN_OPEN);
    failed(answer_signed(200, "{\"account\":\"1\"}"),
           PAY_E_CHANNEL_RESPONSE_INVALID, "echo_mismatch", "another's");

    begin_split(PAY_OP_RECEIVER_DELETE, PAY_KNOWN_OPEN);
    failed(answer_unsigned(403, ERR("NO_AUTH")), PAY_E_CHANNEL_PERMISSION,
           "refused", "no permission");
}


#define NOTICE(mch)                                                          \
    "{" mch "\"transaction_id\":\"" TRADE "\",\"order_id\":\"3008450740\","  \
    "\"out_order_no\":\"ab" SPLIT "\",\"receiver\":{\"type\":"               \
    "\"MERCHANT_ID\",\"account\":\"1900000111\",\"amount\":20,"              \
    "\"description\":\"d\"},\"success_time\":\"2026-11-22T08:05:00+08:00\"}"

static void
test_notice(void)
{
    made_t  m = right;

    m.original = "profitsharing";
    m.aad = "profitsharing";
    m.plain = NOTICE("\"sp_mchid\":\"1900000109\","
                     "\"sub_mchid\":\"1900000110\",");

    is_int(send_made(&m), PAY_SIGN, "a notice of one receiver");
    is(t.request.target, SPLITS "/ab" SPLIT "?transaction_id=" TRADE
       "&sub_mchid=1900000110", "is completed by a query");
    is_int(pay_wechatpay_v3.sign(&t), PAY_SEND, "signed");
    is_int(answer_signed(200, ANSWER("ab" SPLIT, TRADE, "FINISHED",
                                     SHOP("20", "SUCCESS"))), PAY_DONE,
           "answered");
    is_int(t.notice, PAY_NOTICE_OBJECT, "a notice of an object");
    is_int(t.fact.kind, PAY_KIND_SPLIT, "a split");
    is_int(t.fact.state, PAY_STATE_SUCCEEDED, "succeeded");
    is(t.fact.number, "ab" SPLIT, "its number, as on the wire");
    is(t.fact.sub_merchant, "1900000110", "whose");

    m.plain = NOTICE("\"mchid\":\"1900000109\",");
    is_int(send_made(&m), PAY_SIGN, "another");
    is_int(answer_unsigned(404, ERR("RESOURCE_NOT_EXISTS")), PAY_DONE,
           "of a split that is not ours");
    is_int(t.notice, PAY_NOTICE_OTHER, "is told as it is");

    is_int(send_made(&m), PAY_SIGN, "another");
    failed(answer_unsigned(500, ERR("SYSTEM_ERROR")),
           PAY_E_CHANNEL_RESPONSE_INVALID, "channel_code",
           "nobody knows: it has to come again");
    is_int(t.notice, PAY_NOTICE_REFUSED, "refused for now");

    m.plain = NOTICE("\"mchid\":\"1900000110\",");
    (void) send_made(&m);
    is(pay_strz(t.error.reason), "identity", "of another account");
}


int
main(void)
{
    channel_open();

    test_requests();
    test_refused();
    test_states();
    test_doubt();
    test_return();
    test_receiver();
    test_notice();

    talk_close(&t);
    channel_close();

    return done();
}
