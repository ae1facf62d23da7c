
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver alipay as a pure function: transfers, splits and their receivers.
 */

#include "alipay.h"


#define TRANSFER  "P202601020001"
#define SPLIT     "S202601020001"
#define SETTLE    "20260102002530020000000000000001"


static void
open_transfer(pay_op_t op, pay_known_t known)
{
    open_talk(op, known);

    memset(&object, 0, sizeof(object));
    object.kind = PAY_KIND_TRANSFER;
    object.number = ask.number = PAY_STR(TRANSFER);
    object.amount = ask.amount = 100;
    object.currency = PAY_STR("CNY");

    ask.description = PAY_STR("Salary");
    ask.to_type = PAY_STR("user_id");
    ask.to_account = PAY_STR("2088000000000009");
}


static void
begin_transfer(pay_op_t op, pay_known_t known)
{
    open_transfer(op, known);

    if (begin() != PAY_SIGN || pay_alipay.sign(&t) != PAY_SEND) {
        ok(0, "begin and sign");
    }
}


#define TRANSFERRED(status, more)                                            \
    "\"out_biz_no\":\"" TRANSFER "\",\"order_id\":\"2026\",\"status\":\""    \
    status "\",\"trans_amount\":\"1.00\"" more

static void
test_transfer(void)
{
    pay_report_t  report = { pay_str("a"), pay_str("b") };

    open_transfer(PAY_OP_TRANSFER, PAY_KNOWN_NEW);
    sends(begin(), "alipay.fund.trans.uni.transfer",
          "{\"out_biz_no\":\"" TRANSFER "\",\"trans_amount\":\"1.00\","
          "\"product_code\":\"TRANS_ACCOUNT_NO_PWD\","
          "\"biz_scene\":\"DIRECT_TRANSFER\",\"order_title\":\"Salary\","
          "\"payee_info\":{\"identity\":\"2088000000000009\","
          "\"identity_type\":\"ALIPAY_USER_ID\"}}", "to an account");
    done_as(accepts(TRANSFERRED("SUCCESS",
                    ",\"trans_date\":\"2026-11-22 08:00:07\"")),
            PAY_STATE_SUCCEEDED, "paid");
    is_int(t.fact.kind, PAY_KIND_TRANSFER, "a transfer");
    is(t.fact.number, TRANSFER, "number");
    is(t.fact.channel_number, "2026", "channel number");
    is_int(t.fact.amount, 100, "amount");
    is_int(t.fact.done_at, NOW + 7, "time");

    open_transfer(PAY_OP_TRANSFER, PAY_KNOWN_NEW);
    ask.to_type = PAY_STR("card");
    ask.to_account = PAY_STR("6222000000000000");
    ask.to_name = PAY_STR("N");
    ask.to_bank = PAY_STR("B");
    ask.description = PAY_STR("");
    ask.purpose = PAY_STR("Bonus");
    ask.reports = &report;
    ask.nreports = 1;
    sends(begin(), "alipay.fund.trans.uni.transfer",
          "{\"out_biz_no\":\"" TRANSFER "\",\"trans_amount\":\"1.00\","
          "\"product_code\":\"TRANS_BANKCARD_NO_PWD\","
          "\"biz_scene\":\"DIRECT_TRANSFER\",\"order_title\":\"" TRANSFER
          "\",\"payee_info\":{\"identity\":\"6222000000000000\","
          "\"identity_type\":\"BANKCARD_ACCOUNT\",\"name\":\"N\","
          "\"bankcard_ext_info\":{\"account_type\":\"2\","
          "\"inst_name\":\"B\"}},\"transfer_scene_name\":\"Bonus\","
          "\"transfer_scene_report_infos\":[{\"info_type\":\"a\","
          "\"info_content\":\"b\"}]}", "to a card");
    done_as(accepts(TRANSFERRED("DEALING", "")), PAY_STATE_PENDING,
            "on its way");
    is(t.fact.ref, "TRANS_BANKCARD_NO_PWD", "the product is kept");

    open_transfer(PAY_OP_TRANSFER, PAY_KNOWN_NEW);
    ask.to_type = PAY_STR("login_id");
    failed(begin(), PAY_E_FIELD_MISSING, "field", "a login without a name");
    is(t.error.param, "to.name", "the field");
    open_transfer(PAY_OP_TRANSFER, PAY_KNOWN_NEW);
    ask.to_type = PAY_STR("moon");
    failed(begin(), PAY_E_RECEIVER_INVALID, "field", "nowhere");
    open_transfer(PAY_OP_TRANSFER, PAY_KNOWN_NEW);
    object.amount = 9;
    failed(begin(), PAY_E_AMOUNT_INVALID, "field", "0.09 is too little");

    begin_transfer(PAY_OP_TRANSFER, PAY_KNOWN_NEW);
    failed(refuses("SYSTEM_ERROR"), PAY_E_OUTCOME_UNKNOWN, "channel_code",
           "a system error");
    begin_transfer(PAY_OP_TRANSFER, PAY_KNOWN_NEW);
    failed(refuses("PAYER_BALANCE_NOT_ENOUGH"), PAY_E_BALANCE_INSUFFICIENT,
           "refused", "no money");
    begin_transfer(PAY_OP_TRANSFER, PAY_KNOWN_NEW);
    failed(refuses("PAYMENT_INFO_INCONSISTENCY"), PAY_E_IDEMPOTENCY_CONFLICT,
           "refused", "another wish under this number");
    begin_transfer(PAY_OP_TRANSFER, PAY_KNOWN_NEW);
    failed(outcome(PAY_UNANSWERED), PAY_E_OUTCOME_UNKNOWN, "unanswered",
           "no answer");
    begin_transfer(PAY_OP_TRANSFER, PAY_KNOWN_NEW);
    failed(accepts("\"out_biz_no\":\"X\",\"status\":\"SUCCESS\""),
           PAY_E_OUTCOME_UNKNOWN, "echo_mismatch", "another's");
    is_int(t.fact.state, PAY_STATE_NONE, "no fact");
}


static void
test_transfer_query(void)
{
    open_transfer(PAY_OP_TRANSFER_QUERY, PAY_KNOWN_OPEN);
    object.ref = PAY_STR("TRANS_BANKCARD_NO_PWD");
    sends(begin(), "alipay.fund.trans.common.query",
          "{\"out_biz_no\":\"" TRANSFER "\","
          "\"product_code\":\"TRANS_BANKCARD_NO_PWD\","
          "\"biz_scene\":\"DIRECT_TRANSFER\"}", "by our number");
    done_as(accepts(TRANSFERRED("FAIL", ",\"error_code\":\"CARD_BIN_ERROR\"")),
            PAY_STATE_FAILED, "failed");
    is(t.fact.failure, "CARD_BIN_ERROR", "why");

    begin_transfer(PAY_OP_TRANSFER_QUERY, PAY_KNOWN_OPEN);
    done_as(accepts(TRANSFERRED("REFUND", "")), PAY_STATE_FAILED,
            "the bank sent it back");
    is(t.fact.failure, "REFUND", "why");
    begin_transfer(PAY_OP_TRANSFER_QUERY, PAY_KNOWN_OPEN);
    done_as(accepts(TRANSFERRED("CLOSED", "")), PAY_STATE_CLOSED, "closed");
    begin_transfer(PAY_OP_TRANSFER_QUERY, PAY_KNOWN_OPEN);
    done_as(accepts(TRANSFERRED("WAIT_PAY", "")), PAY_STATE_PENDING,
            "waiting");
    begin_transfer(PAY_OP_TRANSFER_QUERY, PAY_KNOWN_OPEN);
    failed(accepts(TRANSFERRED("WHAT", "")), PAY_E_CHANNEL_RESPONSE_INVALID,
           "status", "an unknown state");
    begin_transfer(PAY_OP_TRANSFER_QUERY, PAY_KNOWN_UNKNOWN);
    failed(refuses("ORDER_NOT_EXIST"), PAY_E_NOT_FOUND, "refused",
           "not there: the same number again");

    open_transfer(PAY_OP_TRANSFER_QUERY, PAY_KNOWN_FORGOTTEN);
    object.channel_number = PAY_STR("2026");
    sends(begin(), "alipay.fund.trans.common.query",
          "{\"order_id\":\"2026\",\"product_code\":\"TRANS_ACCOUNT_NO_PWD\","
          "\"biz_scene\":\"DIRECT_TRANSFER\"}", "by theirs");
}


static pay_receiver_t  receivers[2];

static void
open_split(pay_op_t op, pay_known_t known)
{
    open_talk_of(op, known, PAY_KIND_SPLIT, SPLIT, 300);

    memset(receivers, 0, sizeof(receivers));

    receivers[0].type = PAY_STR("user_id");
    receivers[0].account = PAY_STR("2088000000000009");
    receivers[0].amount = 100;
    receivers[0].description = PAY_STR("fee");
    receivers[1].type = PAY_STR("login_id");
    receivers[1].account = PAY_STR("recv@example.com");
    receivers[1].name = PAY_STR("N");
    receivers[1].amount = 200;

    ask.receivers = receivers;
    ask.nreceivers = 2;
}


static void
begin_split(pay_op_t op, pay_known_t known)
{
    open_split(op, known);

    if (begin() != PAY_SIGN || pay_alipay.sign(&t) != PAY_SEND) {
        ok(0, "begin and sign");
    }
}


#define PART(type, account, amount, state)                                   \
    "{\"operation_type\":\"transfer\",\"trans_in_type\":\"" type "\","       \
    "\"trans_in\":\"" account "\",\"amount\":\"" amount "\","                \
    "\"state\":\"" state "\"}"

#define SETTLED                                                              \
    "\"trade_no\":\"" TRADE "\",\"settle_no\":\"" SETTLE "\""

#define PARTS(list)                                                          \
    "\"out_request_no\":\"" SPLIT "\",\"royalty_detail_list\":[" list "]"

#define TWO_PARTS(a, b)                                                      \
    PARTS(PART("userId", "2088000000000009", "1.00", a) ","                  \
          PART("loginName", "recv@example.com", "2.00", b))

static void
test_split(void)
{
    open_split(PAY_OP_SPLIT, PAY_KNOWN_NEW);
    ask.finish = 1;
    sends(begin(), "alipay.trade.order.settle",
          "{\"out_request_no\":\"" SPLIT "\",\"trade_no\":\"" TRADE "\","
          "\"royalty_parameters\":[{\"royalty_type\":\"transfer\","
          "\"trans_in_type\":\"userId\",\"trans_in\":\"2088000000000009\","
          "\"amount\":\"1.00\",\"desc\":\"fee\"},"
          "{\"royalty_type\":\"transfer\",\"trans_in_type\":\"loginName\","
          "\"trans_in\":\"recv@example.com\",\"trans_in_name\":\"N\","
          "\"amount\":\"2.00\"}],"
          "\"extend_params\":{\"royalty_finish\":\"true\"}}", "split");
    sends(accepts(SETTLED), "alipay.trade.order.settle.query",
          "{\"settle_no\":\"" SETTLE "\"}", "then a query");
    is_int(t.fact.state, PAY_STATE_PENDING, "accepted so far");
    done_as(accepts(TWO_PARTS("SUCCESS", "SUCCESS")), PAY_STATE_SUCCEEDED,
            "done");
    is_int(t.fact.kind, PAY_KIND_SPLIT, "a split");
    is(t.fact.number, SPLIT, "number");
    is(t.fact.channel_number, SETTLE, "channel number");
    is(t.fact.receivers,
       "[{\"type\":\"user_id\",\"account\":\"2088000000000009\","
       "\"amount\":100,\"status\":\"succeeded\",\"failure\":null},"
       "{\"type\":\"login_id\",\"account\":\"recv@example.com\","
       "\"amount\":200,\"status\":\"succeeded\",\"failure\":null}]",
       "its receivers");

    begin_split(PAY_OP_SPLIT, PAY_KNOWN_NEW);
    is_int(accepts(SETTLED), PAY_SIGN, "accepted");
    done_as(outcome(PAY_UNANSWERED), PAY_STATE_PENDING,
            "how far it is, nobody knows");

    begin_split(PAY_OP_SPLIT, PAY_KNOWN_NEW);
    sends(refuses("ACQ.DUP_OUT_REQUEST_NO"),
          "alipay.trade.order.settle.query",
          "{\"out_request_no\":\"" SPLIT "\",\"trade_no\":\"" TRADE "\"}",
          "used: looked up");
    done_as(accepts(TWO_PARTS("SUCCESS", "PROCESSING")), PAY_STATE_PENDING,
            "by this very split");
    begin_split(PAY_OP_SPLIT, PAY_KNOWN_NEW);
    is_int(refuses("ACQ.DUP_OUT_REQUEST_NO"), PAY_SIGN, "used");
    failed(accepts(PARTS(PART("userId", "2088", "1.00", "SUCCESS"))),
           PAY_E_IDEMPOTENCY_CONFLICT, "refused", "by another");

    begin_split(PAY_OP_SPLIT, PAY_KNOWN_NEW);
    failed(refuses("ACQ.ALREADY_FINISH_ALLOC"), PAY_E_STATE_CONFLICT,
           "refused", "finished");
    begin_split(PAY_OP_SPLIT, PAY_KNOWN_NEW);
    failed(accepts("\"trade_no\":\"1\""), PAY_E_OUTCOME_UNKNOWN, "json",
           "another trade");

    open_split(PAY_OP_SPLIT, PAY_KNOWN_FORGOTTEN);
    t.payment = NULL;
    object.channel_order_id = PAY_STR("");
    failed(begin(), PAY_E_FIELD_MISSING, "field", "no trade number");
    is(t.error.param, "channel_order_id", "the field");
    open_split(PAY_OP_SPLIT, PAY_KNOWN_NEW);
    receivers[1].type = PAY_STR("moon");
    failed(begin(), PAY_E_RECEIVER_INVALID, "field", "nowhere");
}


static void
test_split_query(void)
{
    begin_split(PAY_OP_SPLIT_QUERY, PAY_KNOWN_OPEN);
    done_as(accepts(TWO_PARTS("SUCCESS", "FAIL")),
            PAY_STATE_PARTIALLY_SUCCEEDED, "one of two");
    begin_split(PAY_OP_SPLIT_QUERY, PAY_KNOWN_OPEN);
    done_as(accepts(TWO_PARTS("FAIL", "FAIL")), PAY_STATE_FAILED, "none");
    begin_split(PAY_OP_SPLIT_QUERY, PAY_KNOWN_OPEN);
    done_as(accepts(PARTS("{\"operation_type\":\"replenish\"}")),
            PAY_STATE_PENDING, "others' rows are passed over");
    is(t.fact.receivers, "[]", "nobody");
    begin_split(PAY_OP_SPLIT_QUERY, PAY_KNOWN_OPEN);
    failed(accepts(TWO_PARTS("SUCCESS", "WHAT")),
           PAY_E_CHANNEL_RESPONSE_INVALID, "json", "an unknown state");
    begin_split(PAY_OP_SPLIT_QUERY, PAY_KNOWN_OPEN);
    failed(accepts("\"out_request_no\":\"X\",\"royalty_detail_list\":[]"),
           PAY_E_CHANNEL_RESPONSE_INVALID, "echo_mismatch", "another's");
}


static void
test_receivers(void)
{
    open_split(PAY_OP_RECEIVER_ADD, PAY_KNOWN_NEW);
    ask.nreceivers = 1;
    receivers[0].relation = PAY_STR("partner");
    sends(begin(), "alipay.trade.royalty.relation.bind",
          "{\"receiver_list\":[{\"type\":\"userId\","
          "\"account\":\"2088000000000009\",\"memo\":\"partner\"}],"
          "\"out_request_no\":\"00000000000000000000000000000000\"}",
          "receiver_add");
    is_int(accepts("\"result_code\":\"SUCCESS\""), PAY_DONE, "bound");
    is_int(t.error.code, PAY_E_NONE, "no error");

    open_split(PAY_OP_RECEIVER_DELETE, PAY_KNOWN_NEW);
    ask.nreceivers = 1;
    is_int(begin(), PAY_SIGN, "receiver_delete");
    is(field("method"), "alipay.trade.royalty.relation.unbind", "unbind");
    is_int(pay_alipay.sign(&t), PAY_SEND, "sent");
    failed(accepts("\"result_code\":\"FAIL\""), PAY_E_CHANNEL_REJECTED,
           "result_code", "it failed");

    open_split(PAY_OP_RECEIVER_ADD, PAY_KNOWN_NEW);
    ask.nreceivers = 1;
    is_int(begin(), PAY_SIGN, "receiver_add");
    is_int(pay_alipay.sign(&t), PAY_SEND, "sent");
    failed(refuses("USER_NOT_EXIST"), PAY_E_RECEIVER_INVALID, "refused",
           "nobody");

    open_split(PAY_OP_RECEIVER_ADD, PAY_KNOWN_NEW);
    ask.receivers = &receivers[1];
    ask.nreceivers = 1;
    receivers[1].name = PAY_STR("");
    failed(begin(), PAY_E_FIELD_MISSING, "field", "a login without a name");
}


int
main(void)
{
    channel_open();

    test_transfer();
    test_transfer_query();
    test_split();
    test_split_query();
    test_receivers();

    channel_close();

    return done();
}
