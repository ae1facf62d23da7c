
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver alipay as a pure function: payments and refunds, request by request
 * and answer by answer.
 */

#include "alipay.h"


#define ORDER_BIZ(product, more)                                             \
    "{\"out_trade_no\":\"" ORDER "\",\"total_amount\":\"88.88\","            \
    "\"subject\":\"Tea\",\"product_code\":\"" product "\","                  \
    "\"time_expire\":\"2026-11-22 10:00:00\","                               \
    "\"passback_params\":\"" ECHO "\"" more "}"

#define TRADE_BIZ  "{\"out_trade_no\":\"" ORDER "\"}"


/* of the form, what is not in biz_content */

static void
test_request(void)
{
    pay_str_t  sign, text;

    open_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    sends(begin(), "alipay.trade.precreate",
          ORDER_BIZ("FACE_TO_FACE_PAYMENT", ""), "qr_code");

    is(field("app_id"), APP_ID, "app_id");
    is(field("charset"), "utf-8", "charset");
    is(field("format"), "JSON", "format");
    is(field("sign_type"), "RSA2", "sign_type");
    is(field("timestamp"), "2026-11-22 08:00:00", "the time of Beijing");
    is(field("version"), "1.0", "version");
    is(field("notify_url"), "https://pay.example.com/notify/alipay",
       "notify_url");
    is(field("app_cert_sn"), "", "no certificate");
    is(field("encrypt_type"), "", "no encryption");
    is(field("return_url"), "", "no return_url");

    is(pay_strz(t.request.method), "POST", "POST");
    is(t.request.host, "https://openapi.alipay.com", "host");
    ok(pay_str_starts(t.request.target, "/gateway.do?app_id=" APP_ID "&"),
       "target");
    ok(pay_str_starts(t.request.body, "biz_content=%7B%22out_trade_no"),
       "body");
    is_int(t.request.nheaders, 3, "headers");
    is(t.request.headers[2].value,
       "application/x-www-form-urlencoded;charset=utf-8", "media type");

    /* the signature in the target is over the canonical string */

    text = pay_alipay_canon(t.arena, ((pay_alipay_own_t *) t.own)->fields,
                            ((pay_alipay_own_t *) t.own)->nfields, 0);
    is_int(pay_sign(t.arena, &sign, text, conf.app_private_key, PAY_SIG_DER),
           PAY_OK, "signed again");
    is_int(pay_alipay_verify(&t, pay_base64_encode(t.arena, sign), text,
                             app_public), PAY_OK, "by the application's key");

    open_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
    is_int(begin(), PAY_SIGN, "a query");
    is(field("notify_url"), "", "has no notify_url");
}


static void
test_fields(void)
{
    open_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    t.echo = PAY_STR("");
    t.account = &account;
    account.prefix = PAY_STR("ab");
    account.sub_merchant = PAY_STR("2088300001");
    object.expires_at = 0;
    object.amount = 1;
    ask.description = PAY_STR("1/2 A&B=\"C\"");
    ask.store_id = PAY_STR("s1");
    ask.terminal_id = PAY_STR("t1");
    ask.operator_id = PAY_STR("o1");
    ask.split = 1;

    sends(begin(), "alipay.trade.precreate",
          "{\"out_trade_no\":\"ab" ORDER "\",\"total_amount\":\"0.01\","
          "\"subject\":\"1\xef\xbc\x8f" "2 A\xef\xbc\x86" "B\xef\xbc\x9d"
          "\\\"C\\\"\",\"product_code\":\"FACE_TO_FACE_PAYMENT\","
          "\"store_id\":\"s1\",\"terminal_id\":\"t1\",\"operator_id\":\"o1\","
          "\"extend_params\":{\"royalty_freeze\":\"true\"},"
          "\"sub_merchant\":{\"merchant_id\":\"2088300001\"}}",
          "every member, and a prefix");

    open_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    ask.manual_capture = 1;
    failed(begin(), PAY_E_OPERATION_UNSUPPORTED, "field", "capture");
    is(t.error.param, "capture", "the field");

    open_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    ask.method = PAY_METHOD_CARD;
    failed(begin(), PAY_E_OPERATION_UNSUPPORTED, "field", "card");

    open_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    ask.operator_id = PAY_STR("12345678901234567890123456789");
    failed(begin(), PAY_E_FIELD_INVALID, "field", "a long operator");
    is(t.error.param, "store.operator_id", "the field");

    open_talk(PAY_OP_CAPTURE, PAY_KNOWN_OPEN);
    failed(begin(), PAY_E_OPERATION_UNSUPPORTED, "operation", "capture");
}


static void
test_precreate(void)
{
    pay_str_t  ref;

    begin_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    done_as(accepts("\"out_trade_no\":\"" ORDER "\",\"qr_code\":\"" QR "\""),
            PAY_STATE_PENDING, "precreated");
    is_int(t.fact.action.kind, PAY_ACTION_QR_CODE, "a code");
    is(t.fact.action.value, QR, "its text");
    is(t.fact.ref, QR, "kept");

    ref = PAY_STR(QR);
    open_talk(PAY_OP_PAY, PAY_KNOWN_OPEN);
    object.ref = ref;
    is_int(begin(), PAY_DONE, "the same again: nobody is called");
    is(t.fact.action.value, QR, "the code that is kept");

    open_talk(PAY_OP_PAY, PAY_KNOWN_OPEN);
    object.ref = ref;
    object.expires_at = NOW;
    is_int(begin(), PAY_DONE, "expired");
    is_int(t.fact.action.kind, PAY_ACTION_NONE, "no code");

    open_talk(PAY_OP_PAY, PAY_KNOWN_OPEN);
    is_int(begin(), PAY_SIGN, "open without a code: asked for again");

    begin_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    failed(accepts("\"out_trade_no\":\"X\",\"qr_code\":\"" QR "\""),
           PAY_E_OUTCOME_UNKNOWN, "echo_mismatch", "another's number");
    is_int(t.fact.state, PAY_STATE_NONE, "no fact");

    begin_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    failed(accepts("\"out_trade_no\":\"" ORDER "\",\"qr_code\":\"a b\""),
           PAY_E_OUTCOME_UNKNOWN, "qr_code", "no code");

    begin_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    failed(outcome(PAY_NOT_SENT), PAY_E_CHANNEL_UNREACHABLE, "not_sent",
           "nothing was sent");

    begin_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    failed(outcome(PAY_UNANSWERED), PAY_E_OUTCOME_UNKNOWN, "unanswered",
           "no answer");

    begin_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    failed(answer(502, PAY_STR("x")), PAY_E_OUTCOME_UNKNOWN, "status", "502");

    begin_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    failed(refuses("ACQ.INVALID_PARAMETER"), PAY_E_CHANNEL_REJECTED,
           "refused", "refused");
    is(t.error.channel_code, "ACQ.INVALID_PARAMETER", "in their words");
    is(t.error.channel_message, "m", "their message");

    begin_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    failed(refuses("ACQ.SYSTEM_ERROR"), PAY_E_OUTCOME_UNKNOWN,
           "channel_code", "a system error");

    begin_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    failed(answer(200, PAY_STR("{\"alipay_trade_precreate_response\":"
           "{\"code\":\"40004\",\"sub_code\":\"ACQ.INVALID_PARAMETER\"}}")),
           PAY_E_OUTCOME_UNKNOWN, "unsigned", "U: an unsigned refusal");

    begin_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    failed(answer(200, PAY_STR("{\"alipay_trade_precreate_response\":"
           "{\"code\":\"10000\",\"out_trade_no\":\"" ORDER "\","
           "\"qr_code\":\"" QR "\"}}")),
           PAY_E_OUTCOME_UNKNOWN, "unsigned", "U: an unsigned success");
}


/* a number in use: a query decides (docs/design.md section 7) */

static void
test_used(void)
{
    begin_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    sends(refuses("ACQ.TRADE_HAS_SUCCESS"), "alipay.trade.query", TRADE_BIZ,
          "used: looked up");
    done_as(accepts(PAID), PAY_STATE_SUCCEEDED, "ours, by its amount");

    begin_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    is_int(refuses("ACQ.TRADE_HAS_SUCCESS"), PAY_SIGN, "used");
    failed(accepts(TRADE_AS("TRADE_SUCCESS",
                            ",\"passback_params\":\"p1.shop-b.x\"")),
           PAY_E_IDEMPOTENCY_CONFLICT, "number_used", "another's echo");
    is_int(t.fact.state, PAY_STATE_NONE, "nothing is told of it");

    begin_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    object.amount = 8887;
    is_int(refuses("ACQ.CONTEXT_INCONSISTENT"), PAY_SIGN, "inconsistent");
    failed(accepts(PAID), PAY_E_IDEMPOTENCY_CONFLICT, "number_used",
           "another amount");

    begin_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    is_int(refuses("ACQ.TRADE_HAS_CLOSE"), PAY_SIGN, "closed");
    done_as(accepts(TRADE_AS("TRADE_CLOSED", "")), PAY_STATE_CLOSED,
            "the object as it is");

    begin_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    is_int(refuses("ACQ.TRADE_HAS_SUCCESS"), PAY_SIGN, "used");
    failed(outcome(PAY_UNANSWERED), PAY_E_OUTCOME_UNKNOWN, "unanswered",
           "and nobody knows");

    begin_talk(PAY_OP_PAY, PAY_KNOWN_UNKNOWN);
    is_int(refuses("ACQ.INVALID_PARAMETER"), PAY_SIGN,
           "refused, but sent before: looked up");
    failed(refuses("ACQ.TRADE_NOT_EXIST"), PAY_E_CHANNEL_REJECTED, "refused",
           "refused indeed");
}


static void
test_handed(void)
{
    open_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    ask.method = object.method = PAY_METHOD_PAGE;
    ask.return_url = PAY_STR("https://shop.example.com/done?a=1");
    is_int(begin(), PAY_SIGN, "page");
    is(biz(), ORDER_BIZ("FAST_INSTANT_TRADE_PAY", ""), "page");
    is(field("method"), "alipay.trade.page.pay", "page");
    is(field("return_url"), "https://shop.example.com/done?a=1", "page");
    done_as(pay_alipay.sign(&t), PAY_STATE_PENDING, "nobody is called");
    is_int(t.fact.action.kind, PAY_ACTION_REDIRECT, "a redirect");
    ok(pay_str_starts(t.fact.action.value,
                      "https://openapi.alipay.com/gateway.do?app_id="),
       "to the gateway");

    open_talk(PAY_OP_PAY, PAY_KNOWN_OPEN);
    ask.method = object.method = PAY_METHOD_H5;
    ask.cancel_url = PAY_STR("https://shop.example.com/quit");
    is_int(begin(), PAY_SIGN, "h5, open already: signed again");
    is(biz(), ORDER_BIZ("QUICK_WAP_WAY",
       ",\"quit_url\":\"https://shop.example.com/quit\""), "h5");
    is(field("method"), "alipay.trade.wap.pay", "h5");
    done_as(pay_alipay.sign(&t), PAY_STATE_PENDING, "h5");
    is_int(t.fact.action.kind, PAY_ACTION_REDIRECT, "a redirect");

    open_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    ask.method = object.method = PAY_METHOD_APP;
    is_int(begin(), PAY_SIGN, "app");
    is(field("method"), "alipay.trade.app.pay", "app");
    done_as(pay_alipay.sign(&t), PAY_STATE_PENDING, "app");
    is_int(t.fact.action.kind, PAY_ACTION_PARAMS, "params");
    is(pay_strz(t.fact.action.type), "app", "of type app");
    ok(pay_str_starts(t.fact.action.value,
                      "{\"order_string\":\"app_id=" APP_ID "&biz_content="),
       "an order string");

    open_talk(PAY_OP_PAY, PAY_KNOWN_OPEN);
    ask.method = object.method = PAY_METHOD_PAGE;
    object.state = PAY_STATE_SUCCEEDED;
    is_int(begin(), PAY_DONE, "paid already");
    is_int(t.fact.action.kind, PAY_ACTION_NONE, "nothing to do");
}


static void
test_create(void)
{
    open_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    ask.method = object.method = PAY_METHOD_MINI_PROGRAM;
    failed(begin(), PAY_E_FIELD_MISSING, "field", "nobody named");
    is(t.error.param, "payer.user_id", "the field");

    open_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    ask.method = object.method = PAY_METHOD_MINI_PROGRAM;
    ask.openid = PAY_STR("0123abcd");
    t.account = &account;
    account.app_id = PAY_STR("2021000000000007");
    sends(begin(), "alipay.trade.create",
          ORDER_BIZ("JSAPI_PAY", ",\"buyer_open_id\":\"0123abcd\","
                    "\"op_app_id\":\"2021000000000007\""), "mini_program");
    done_as(accepts("\"out_trade_no\":\"" ORDER "\",\"trade_no\":\"" TRADE
                    "\""), PAY_STATE_PENDING, "created");
    is(t.fact.channel_number, TRADE, "its number");
    is(pay_strz(t.fact.action.type), "mini_program", "for the client");
    is(t.fact.action.value, "{\"tradeNO\":\"" TRADE "\"}", "its parameters");

    open_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    ask.method = object.method = PAY_METHOD_JSAPI;
    ask.user_id = PAY_STR("2088000000000009");
    sends(begin(), "alipay.trade.create",
          ORDER_BIZ("JSAPI_PAY", ",\"buyer_id\":\"2088000000000009\","
                    "\"op_app_id\":\"" APP_ID "\""), "jsapi");

    open_talk(PAY_OP_PAY, PAY_KNOWN_OPEN);
    ask.method = object.method = PAY_METHOD_JSAPI;
    ask.user_id = PAY_STR("2088000000000009");
    object.channel_number = PAY_STR(TRADE);
    is_int(begin(), PAY_DONE, "the same again");
    is(t.fact.action.value, "{\"tradeNO\":\"" TRADE "\"}", "its parameters");
}


static void
barcode(pay_known_t known)
{
    open_talk(PAY_OP_PAY, known);
    ask.method = object.method = PAY_METHOD_BARCODE;
    ask.auth_code = PAY_STR("28763443825664394");
}


#define BARCODE_BIZ  ORDER_BIZ("FACE_TO_FACE_PAYMENT",                       \
    ",\"scene\":\"bar_code\",\"auth_code\":\"28763443825664394\"")

#define SCANNED      "\"out_trade_no\":\"" ORDER "\",\"trade_no\":\"" TRADE  \
    "\",\"total_amount\":\"88.88\",\"buyer_pay_amount\":\"88.88\","          \
    "\"gmt_payment\":\"2026-11-22 08:00:03\",\"buyer_user_id\":\"2088\""

#define IN_PROCESS   "{\"code\":\"10003\",\"msg\":\"x\",\"out_trade_no\":\"" \
    ORDER "\",\"trade_no\":\"" TRADE "\"}"

static void
begin_barcode(pay_known_t known)
{
    barcode(known);

    if (begin() != PAY_SIGN || pay_alipay.sign(&t) != PAY_SEND) {
        ok(0, "begin and sign");
    }
}


static void
test_barcode(void)
{
    barcode(PAY_KNOWN_NEW);
    sends(begin(), "alipay.trade.pay", BARCODE_BIZ, "barcode");
    done_as(accepts(SCANNED), PAY_STATE_SUCCEEDED, "paid at once");
    is(t.fact.channel_number, TRADE, "its number");
    is_int(t.fact.amount, 8888, "its amount");
    is_int(t.fact.done_at, NOW + 3, "its time");
    is(t.fact.payer, "2088", "who paid");
    ok(t.fact.user_id, "... by a user id");

    begin_barcode(PAY_KNOWN_NEW);
    is_int(answers(IN_PROCESS), PAY_WAIT, "the payer types a password");
    is_int(t.wait_ms, 3000, "3 s");
    is_int(t.fact.state, PAY_STATE_PROCESSING, "that is known already");
    sends(waited(), "alipay.trade.query", TRADE_BIZ, "then a query");
    is_int(accepts(TRADE_AS("WAIT_BUYER_PAY", "")), PAY_WAIT, "not yet");
    is_int(t.fact.state, PAY_STATE_PROCESSING, "processing");
    is_int(waited(), PAY_SIGN, "again");
    done_as(accepts(PAID), PAY_STATE_SUCCEEDED, "paid");

    /* 30 s, whatever comes */

    begin_barcode(PAY_KNOWN_NEW);
    is_int(answers(IN_PROCESS), PAY_WAIT, "the payer is slow");
    t.now = NOW + 26;
    is_int(waited(), PAY_SIGN, "the last query");
    done_as(outcome(PAY_UNANSWERED), PAY_STATE_PROCESSING,
            "30 s are over: processing");

    begin_barcode(PAY_KNOWN_NEW);
    is_int(outcome(PAY_UNANSWERED), PAY_WAIT, "no answer: look");
    is_int(waited(), PAY_SIGN, "a query");
    is_int(refuses("ACQ.TRADE_NOT_EXIST"), PAY_WAIT, "not there yet");
    t.now = NOW + 30;
    is_int(waited(), PAY_SIGN, "a query");
    failed(refuses("ACQ.TRADE_NOT_EXIST"), PAY_E_OUTCOME_UNKNOWN, "waited",
           "nobody knows");

    begin_barcode(PAY_KNOWN_NEW);
    is_int(refuses("ACQ.SYSTEM_ERROR"), PAY_WAIT, "a system error: look");
    is_int(waited(), PAY_SIGN, "a query");
    done_as(accepts(TRADE_AS("TRADE_CLOSED", "")), PAY_STATE_CLOSED,
            "closed by the payer");

    begin_barcode(PAY_KNOWN_NEW);
    failed(refuses("ACQ.BUYER_BALANCE_NOT_ENOUGH"), PAY_E_DECLINED, "refused",
           "declined");
    begin_barcode(PAY_KNOWN_NEW);
    failed(refuses("ACQ.PAYMENT_AUTH_CODE_INVALID"), PAY_E_AUTH_CODE_INVALID,
           "refused", "an old code");

    /* a used number is never "declined" */

    barcode(PAY_KNOWN_UNKNOWN);
    sends(begin(), "alipay.trade.query", TRADE_BIZ, "sent before: looked up");
    done_as(accepts(PAID), PAY_STATE_SUCCEEDED, "it was paid");

    barcode(PAY_KNOWN_UNKNOWN);
    is_int(begin(), PAY_SIGN, "sent before");
    sends(refuses("ACQ.TRADE_NOT_EXIST"), "alipay.trade.pay", BARCODE_BIZ,
          "it never arrived: sent");
    is_int(refuses("ACQ.PAYMENT_AUTH_CODE_INVALID"), PAY_SIGN,
           "the code was used: looked up");
    done_as(accepts(PAID), PAY_STATE_SUCCEEDED, "by that payment itself");

    barcode(PAY_KNOWN_OPEN);
    object.state = PAY_STATE_PROCESSING;
    is_int(begin(), PAY_DONE, "the same again: as it is");

    barcode(PAY_KNOWN_NEW);
    ask.auth_code = PAY_STR("");
    failed(begin(), PAY_E_FIELD_MISSING, "field", "no code");
    barcode(PAY_KNOWN_NEW);
    ask.auth_code = PAY_STR("18763443825664394");
    failed(begin(), PAY_E_FIELD_INVALID, "field", "no code of theirs");
    barcode(PAY_KNOWN_NEW);
    ask.auth_code = PAY_STR("fp012345678901234567890123456789012");
    is_int(begin(), PAY_SIGN, "a face");
}


static void
begin_close(void)
{
    open_talk(PAY_OP_CLOSE, PAY_KNOWN_OPEN);
    object.method = PAY_METHOD_BARCODE;
    object.state = PAY_STATE_PROCESSING;

    if (begin() != PAY_SIGN || pay_alipay.sign(&t) != PAY_SEND) {
        ok(0, "begin and sign");
    }
}


#define CANCELED(retry, action)                                              \
    "\"out_trade_no\":\"" ORDER "\",\"trade_no\":\"" TRADE "\","             \
    "\"retry_flag\":\"" retry "\"" action

static void
test_reversal(void)
{
    int  i;

    begin_close();
    is(field("method"), "alipay.trade.query", "queried first");
    failed(accepts(PAID), PAY_E_ALREADY_PAID, "paid",
           "what is paid is not reversed");
    is_int(t.fact.state, PAY_STATE_SUCCEEDED, "the fact is kept");

    begin_close();
    sends(accepts(TRADE_AS("WAIT_BUYER_PAY", "")), "alipay.trade.cancel",
          TRADE_BIZ, "not paid: reversed");
    done_as(accepts(CANCELED("N", ",\"action\":\"close\"")), PAY_STATE_CLOSED,
            "reversed");

    begin_close();
    is_int(refuses("ACQ.TRADE_NOT_EXIST"), PAY_SIGN,
           "nobody knows it: reversed, for it may arrive yet");
    is(field("method"), "alipay.trade.cancel", "by cancel");
    done_as(accepts(CANCELED("N", "")), PAY_STATE_CLOSED, "no such trade");

    begin_close();
    is_int(accepts(TRADE_AS("WAIT_BUYER_PAY", "")), PAY_SIGN, "cancel");
    is_int(accepts(CANCELED("Y", "")), PAY_WAIT, "retry_flag Y");
    is_int(waited(), PAY_SIGN, "again");
    is(field("method"), "alipay.trade.cancel", "the cancel");
    is_int(outcome(PAY_UNANSWERED), PAY_WAIT, "no answer: again");
    is_int(waited(), PAY_SIGN, "the cancel");
    is_int(refuses("AQC.SYSTEM_ERROR"), PAY_WAIT, "a system error: again");

    for (i = 0; i < 2; i++) {
        is_int(waited(), PAY_SIGN, "the cancel");

        if (i == 0) {
            is_int(accepts(CANCELED("Y", "")), PAY_WAIT, "again");
        }
    }

    failed(accepts(CANCELED("Y", "")), PAY_E_OUTCOME_UNKNOWN, "cancel",
           "five times, then nobody knows");

    begin_close();
    is_int(accepts(TRADE_AS("WAIT_BUYER_PAY", "")), PAY_SIGN, "cancel");
    is_int(accepts(CANCELED("N", ",\"action\":\"refund\"")), PAY_SIGN,
           "paid in between, paid back: looked at");
    failed(accepts(TRADE_AS("TRADE_CLOSED",
           ",\"send_pay_date\":\"2026-11-22 08:00:10\"")),
           PAY_E_ALREADY_PAID, "paid", "it was paid");
    is_int(t.fact.refund_status, PAY_REFUND_FULL, "and paid back");
}


static void
test_close(void)
{
    open_talk(PAY_OP_CLOSE, PAY_KNOWN_OPEN);
    sends(begin(), "alipay.trade.close", TRADE_BIZ, "close");
    done_as(accepts("\"out_trade_no\":\"" ORDER "\""), PAY_STATE_CLOSED,
            "closed");

    begin_talk(PAY_OP_CLOSE, PAY_KNOWN_OPEN);
    done_as(refuses("ACQ.TRADE_NOT_EXIST"), PAY_STATE_PENDING,
            "a code that nobody scanned can still be paid");
    ok(t.fact.closing, "closing");

    begin_talk(PAY_OP_CLOSE, PAY_KNOWN_OPEN);
    t.now = object.expires_at + 60;
    done_as(refuses("ACQ.TRADE_NOT_EXIST"), PAY_STATE_CLOSED,
            "... until it expires");

    begin_talk(PAY_OP_CLOSE, PAY_KNOWN_OPEN);
    is_int(refuses("ACQ.REASON_TRADE_STATUS_INVALID"), PAY_SIGN, "refused");
    failed(accepts(PAID), PAY_E_ALREADY_PAID, "paid", "it is paid");
    is_int(t.fact.state, PAY_STATE_SUCCEEDED, "the fact is kept");

    begin_talk(PAY_OP_CLOSE, PAY_KNOWN_OPEN);
    is_int(refuses("ACQ.TRADE_STATUS_ERROR"), PAY_SIGN, "refused");
    done_as(accepts(TRADE_AS("TRADE_CLOSED", "")), PAY_STATE_CLOSED,
            "closed already");

    begin_talk(PAY_OP_CLOSE, PAY_KNOWN_FORGOTTEN);
    failed(refuses("ACQ.TRADE_NOT_EXIST"), PAY_E_NOT_FOUND, "refused",
           "nobody knows it");
}


static void
test_query(void)
{
    begin_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
    done_as(accepts(PAID), PAY_STATE_SUCCEEDED, "paid");
    is(t.fact.number, ORDER, "number");
    is(t.fact.channel_number, TRADE, "channel number");
    is_int(t.fact.amount, 8888, "amount");
    is_int(t.fact.amount_paid, 8000, "amount_paid");
    is(t.fact.currency, "CNY", "currency");
    is(t.fact.payer, "2088000000000009", "payer");
    is_int(t.fact.done_at, NOW + 10, "done_at");
    is_int(t.fact.refund_status, PAY_REFUND_NONE, "refunds are not told of");

    open_talk(PAY_OP_QUERY, PAY_KNOWN_FORGOTTEN);
    object.number = PAY_STR("");
    object.channel_number = PAY_STR(TRADE);
    sends(begin(), "alipay.trade.query", "{\"trade_no\":\"" TRADE "\"}",
          "by their number");
    done_as(accepts(PAID), PAY_STATE_SUCCEEDED, "paid");

    begin_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
    done_as(accepts(TRADE_AS("TRADE_FINISHED", "")), PAY_STATE_SUCCEEDED,
            "finished");
    begin_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
    done_as(accepts(TRADE_AS("WAIT_BUYER_PAY", "")), PAY_STATE_PENDING,
            "waiting");
    begin_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
    done_as(accepts(TRADE_AS("TRADE_CLOSED", "")), PAY_STATE_CLOSED,
            "closed, never paid");

    begin_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
    object.state = PAY_STATE_SUCCEEDED;
    done_as(accepts(TRADE_AS("TRADE_CLOSED", "")), PAY_STATE_SUCCEEDED,
            "closed, but it was paid");
    is_int(t.fact.refund_status, PAY_REFUND_FULL, "and paid back");
    is_int(t.fact.amount_refunded, 8888, "all of it");

    begin_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
    object.ref = PAY_STR(QR);
    done_as(refuses("ACQ.TRADE_NOT_EXIST"), PAY_STATE_PENDING,
            "nobody scanned it");
    is(t.fact.action.value, QR, "its code");

    begin_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
    t.now = object.expires_at + 59;
    done_as(refuses("ACQ.TRADE_NOT_EXIST"), PAY_STATE_PENDING, "just expired");
    begin_talk(PAY_OP_QUERY, PAY_KNOWN_UNKNOWN);
    t.now = object.expires_at + 60;
    done_as(refuses("ACQ.TRADE_NOT_EXIST"), PAY_STATE_CLOSED, "expired");

    begin_talk(PAY_OP_QUERY, PAY_KNOWN_UNKNOWN);
    failed(refuses("ACQ.TRADE_NOT_EXIST"), PAY_E_NOT_FOUND, "refused",
           "sent, not there: the same number again");

    begin_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
    failed(accepts("\"out_trade_no\":\"X\",\"trade_no\":\"1\","
                   "\"trade_status\":\"TRADE_SUCCESS\","
                   "\"total_amount\":\"88.88\""),
           PAY_E_CHANNEL_RESPONSE_INVALID, "echo_mismatch",
           "U: another order's answer");
    is_int(t.fact.state, PAY_STATE_NONE, "no fact");

    begin_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
    object.amount = 8889;
    failed(accepts(PAID), PAY_E_CHANNEL_RESPONSE_INVALID, "echo_mismatch",
           "another amount");

    begin_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
    failed(accepts(TRADE_AS("NEW_STATUS", "")),
           PAY_E_CHANNEL_RESPONSE_INVALID, "trade_status",
           "an unknown state");

    begin_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
    failed(accepts("\"out_trade_no\":\"" ORDER "\",\"trade_no\":\"1\","
                   "\"trade_status\":\"TRADE_SUCCESS\","
                   "\"total_amount\":\"88.888\""),
           PAY_E_CHANNEL_RESPONSE_INVALID, "json", "a third digit");
}


#define REFUND  "R202601020001"

static void
begin_refund(pay_op_t op, pay_known_t known)
{
    open_talk_of(op, known, PAY_KIND_REFUND, REFUND, 888);
    ask.description = PAY_STR("late");

    if (begin() != PAY_SIGN || pay_alipay.sign(&t) != PAY_SEND) {
        ok(0, "begin and sign");
    }
}


#define REFUND_BIZ                                                           \
    "{\"out_trade_no\":\"" ORDER "\",\"refund_amount\":\"8.88\","            \
    "\"out_request_no\":\"" REFUND "\",\"refund_reason\":\"late\"}"

#define REFUND_QUERY_BIZ                                                     \
    "{\"out_trade_no\":\"" ORDER "\",\"out_request_no\":\"" REFUND "\","     \
    "\"query_options\":[\"gmt_refund_pay\"]}"

#define REFUNDED(change)                                                     \
    "\"out_trade_no\":\"" ORDER "\",\"trade_no\":\"" TRADE "\","             \
    "\"fund_change\":\"" change "\",\"refund_fee\":\"18.88\""

#define REFUND_FOUND(amount, status)                                         \
    "\"out_trade_no\":\"" ORDER "\",\"trade_no\":\"" TRADE "\","             \
    "\"out_request_no\":\"" REFUND "\",\"refund_amount\":\"" amount "\","    \
    "\"total_amount\":\"88.88\",\"gmt_refund_pay\":\"2026-11-22 08:00:05\""  \
    status

#define REFUND_SUCCESS  ",\"refund_status\":\"REFUND_SUCCESS\""

static void
test_refund(void)
{
    open_talk_of(PAY_OP_REFUND, PAY_KNOWN_NEW, PAY_KIND_REFUND, REFUND, 888);
    ask.description = PAY_STR("late");
    sends(begin(), "alipay.trade.refund", REFUND_BIZ, "refund");
    done_as(accepts(REFUNDED("Y")), PAY_STATE_SUCCEEDED, "this call moved it");
    is_int(t.fact.kind, PAY_KIND_REFUND, "a refund");
    is(t.fact.number, REFUND, "its number");
    is(t.fact.order_id, ORDER, "the payment");
    is(t.fact.channel_order_id, TRADE, "... as they call it");
    is_int(t.fact.amount_refunded, 1888, "the sum of the payment");
    is_int(t.fact.amount, -1, "its own amount was not told");

    begin_refund(PAY_OP_REFUND, PAY_KNOWN_UNKNOWN);
    sends(accepts(REFUNDED("N")), "alipay.trade.fastpay.refund.query",
          REFUND_QUERY_BIZ, "fund_change N: asked");
    done_as(accepts(REFUND_FOUND("8.88", REFUND_SUCCESS)),
            PAY_STATE_SUCCEEDED, "refunded before");
    is_int(t.fact.amount, 888, "its amount");
    is_int(t.fact.done_at, NOW + 5, "its time");

    begin_refund(PAY_OP_REFUND, PAY_KNOWN_NEW);
    is_int(accepts(REFUNDED("N")), PAY_SIGN, "fund_change N");
    done_as(accepts(REFUND_FOUND("8.88", "")), PAY_STATE_PENDING,
            "not done yet");
    begin_refund(PAY_OP_REFUND, PAY_KNOWN_NEW);
    is_int(accepts(REFUNDED("N")), PAY_SIGN, "fund_change N");
    done_as(outcome(PAY_UNANSWERED), PAY_STATE_PENDING, "nobody knows more");

    begin_refund(PAY_OP_REFUND, PAY_KNOWN_NEW);
    is_int(refuses("ACQ.DISCORDANT_REPEAT_REQUEST"), PAY_SIGN, "used");
    failed(accepts(REFUND_FOUND("8.87", REFUND_SUCCESS)),
           PAY_E_IDEMPOTENCY_CONFLICT, "number_used", "another amount");

    begin_refund(PAY_OP_REFUND, PAY_KNOWN_UNKNOWN);
    is_int(refuses("ACQ.TRADE_HAS_CLOSE"), PAY_SIGN, "closed");
    done_as(accepts(REFUND_FOUND("8.88", REFUND_SUCCESS)),
            PAY_STATE_SUCCEEDED, "closed by this very refund");

    begin_refund(PAY_OP_REFUND, PAY_KNOWN_NEW);
    is_int(refuses("ACQ.TRADE_HAS_FINISHED"), PAY_SIGN, "finished");
    failed(accepts(""), PAY_E_OUTCOME_UNKNOWN, "look_up",
           "and an answer that says nothing");
}


static void
test_refund_errors(void)
{
    begin_refund(PAY_OP_REFUND, PAY_KNOWN_NEW);
    is_int(refuses("ACQ.TRADE_HAS_FINISHED"), PAY_SIGN, "finished");
    failed(refuses("ACQ.TRADE_NOT_EXIST"), PAY_E_STATE_CONFLICT, "refused",
           "finished, no such refund");
    begin_refund(PAY_OP_REFUND, PAY_KNOWN_NEW);
    is_int(refuses("ACQ.TRADE_HAS_FINISHED"), PAY_SIGN, "finished");
    failed(outcome(PAY_UNANSWERED), PAY_E_OUTCOME_UNKNOWN, "look_up",
           "nobody knows");

    begin_refund(PAY_OP_REFUND, PAY_KNOWN_NEW);
    failed(refuses("ACQ.SELLER_BALANCE_NOT_ENOUGH"),
           PAY_E_BALANCE_INSUFFICIENT, "refused", "no money");
    begin_refund(PAY_OP_REFUND, PAY_KNOWN_NEW);
    failed(refuses("ACQ.SYSTEM_ERROR"), PAY_E_OUTCOME_UNKNOWN, "channel_code",
           "a system error");
    begin_refund(PAY_OP_REFUND, PAY_KNOWN_NEW);
    failed(outcome(PAY_UNANSWERED), PAY_E_OUTCOME_UNKNOWN, "unanswered",
           "no answer");
    begin_refund(PAY_OP_REFUND, PAY_KNOWN_NEW);
    failed(accepts("\"out_trade_no\":\"X\",\"trade_no\":\"1\","
                   "\"fund_change\":\"Y\",\"refund_fee\":\"8.88\""),
           PAY_E_OUTCOME_UNKNOWN, "echo_mismatch", "another's");
    is_int(t.fact.state, PAY_STATE_NONE, "no fact");

    open_talk_of(PAY_OP_REFUND, PAY_KNOWN_NEW, PAY_KIND_REFUND, REFUND, 888);
    ask.available = 1;
    failed(begin(), PAY_E_OPERATION_UNSUPPORTED, "field", "funds");
}


static void
test_refund_query(void)
{
    open_talk_of(PAY_OP_REFUND_QUERY, PAY_KNOWN_OPEN, PAY_KIND_REFUND,
                 REFUND, 888);
    sends(begin(), "alipay.trade.fastpay.refund.query", REFUND_QUERY_BIZ,
          "refund_query");
    done_as(accepts(REFUND_FOUND("8.88", REFUND_SUCCESS)),
            PAY_STATE_SUCCEEDED, "done");
    is_int(t.fact.order_amount, 8888, "of the payment");

    begin_refund(PAY_OP_REFUND_QUERY, PAY_KNOWN_OPEN);
    done_as(accepts(REFUND_FOUND("8.88", "")), PAY_STATE_PENDING,
            "without a status: pending");

    /* 7.9: an answer without the refund says nothing of it */

    begin_refund(PAY_OP_REFUND_QUERY, PAY_KNOWN_OPEN);
    done_as(accepts("\"out_trade_no\":\"" ORDER "\",\"trade_no\":\"" TRADE
                    "\""), PAY_STATE_PENDING, "accepted once: pending");
    begin_refund(PAY_OP_REFUND_QUERY, PAY_KNOWN_UNKNOWN);
    failed(accepts("\"out_trade_no\":\"" ORDER "\",\"trade_no\":\"" TRADE
                   "\""), PAY_E_NOT_FOUND, "no_refund",
           "not known to have arrived: the same again");
    begin_refund(PAY_OP_REFUND_QUERY, PAY_KNOWN_OPEN);
    failed(accepts(REFUND_FOUND("8.87", REFUND_SUCCESS)),
           PAY_E_CHANNEL_RESPONSE_INVALID, "amount", "another amount");
}


static void
test_table(void)
{
    const pay_can_t  *can = pay_alipay.can;

    ok(pay_driver_find(PAY_STR("alipay")) == &pay_alipay, "in the list");
    ok(pay_driver_can(&pay_alipay, PAY_OP_PAY, PAY_METHOD_BARCODE),
       "barcode");
    ok(!pay_driver_can(&pay_alipay, PAY_OP_PAY, PAY_METHOD_CARD), "no card");
    ok(!pay_driver_can(&pay_alipay, PAY_OP_CAPTURE, PAY_METHOD_NONE),
       "no capture");
    ok(pay_can_number(can, PAY_KIND_PAYMENT, PAY_STR("ab"), PAY_STR("x_1")),
       "a number");
    ok(!pay_can_number(can, PAY_KIND_PAYMENT, PAY_STR(""), PAY_STR("x-1")),
       "no '-' (7.1)");
    is_int(can->amount_max, INT64_C(10000000000), "100 000 000 yuan");
    is_int(can->needs[PAY_OP_REFUND_QUERY], PAY_NEEDS_ORDER_ID, "locators");
}


int
main(void)
{
    channel_open();

    test_table();
    test_request();
    test_fields();
    test_precreate();
    test_used();
    test_handed();
    test_create();
    test_barcode();
    test_reversal();
    test_close();
    test_query();
    test_refund();
    test_refund_errors();
    test_refund_query();

    channel_close();

    return done();
}
