
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver wechatpay_v3: refunds, from the request to the notice.
 */

#include "wechatpay_v3_made.h"


#define REFUND   "refund-0001"
#define REFUNDS  "/v3/refund/domestic/refunds"

#define REFUNDED_AS(status, number, amount)                                  \
    "{\"refund_id\":\"5030000001\",\"out_refund_no\":\"" number "\","        \
    "\"transaction_id\":\"4200000001\",\"out_trade_no\":\"" ORDER "\","      \
    "\"channel\":\"ORIGINAL\",\"user_received_account\":\"x 0403\","         \
    "\"success_time\":\"2026-11-22T09:00:00+08:00\","                        \
    "\"create_time\":\"2026-11-22T08:30:00+08:00\",\"status\":\"" status     \
    "\",\"amount\":{\"total\":100,\"refund\":" amount ",\"payer_total\":90,"  \
    "\"payer_refund\":36,\"currency\":\"CNY\"}}"

#define REFUNDED  REFUNDED_AS("SUCCESS", REFUND, "40")


static pay_object_t   refund;
static pay_account_t  account;


static void
open_refund(pay_op_t op, pay_known_t known)
{
    open_talk(op, known);

    memset(&refund, 0, sizeof(refund));

    refund.kind = PAY_KIND_REFUND;
    refund.number = PAY_STR(REFUND);
    refund.order_id = PAY_STR(ORDER);
    refund.amount = 40;
    refund.currency = PAY_STR("CNY");
    refund.state = PAY_STATE_PENDING;

    ask.number = refund.number;
    ask.amount = 40;
    ask.description = PAY_STR("");

    t.ask = &ask;
    t.object = &refund;
    t.payment = &payment;
}


static void
begin_refund(pay_op_t op, pay_known_t known)
{
    open_refund(op, known);

    if (pay_wechatpay_v3.begin(&t) != PAY_SIGN
        || pay_wechatpay_v3.sign(&t) != PAY_SEND)
    {
        ok(0, "begin and sign");
    }
}


#define BODY_MIN                                                             \
    "{\"out_trade_no\":\"" ORDER "\",\"out_refund_no\":\"" REFUND "\","      \
    "\"notify_url\":\"https://pay.example.com/notify/wechat\","              \
    "\"amount\":{\"refund\":40,\"total\":100,\"currency\":\"CNY\"}}"

#define BODY_MAX                                                             \
    "{\"sub_mchid\":\"1900000110\",\"out_trade_no\":\"ab" ORDER "\","        \
    "\"out_refund_no\":\"ab" REFUND "\",\"reason\":\"sold out\","            \
    "\"notify_url\":\"https://pay.example.com/notify/wechat\","              \
    "\"funds_account\":\"AVAILABLE\","                                       \
    "\"amount\":{\"refund\":40,\"total\":77,\"currency\":\"CNY\"}}"

static void
test_request(void)
{
    size_t             i;
    pay_str_t          reason;
    pay_json_t        *o;
    const char        *why;
    pay_buf_t          b;

    open_refund(PAY_OP_REFUND, PAY_KNOWN_NEW);
    is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, "a refund");
    is(pay_strz(t.request.method), "POST", "POST");
    is(t.request.target, REFUNDS, "target");
    is(t.request.body, BODY_MIN, "body, byte by byte");
    is_signed("POST\n" REFUNDS "\n1795305600\n" NONCE_1 "\n" BODY_MIN "\n",
              NONCE_1);

    /* a merchant's prefix, the partner form, a forgotten order */

    open_refund(PAY_OP_REFUND, PAY_KNOWN_UNKNOWN);
    account.prefix = PAY_STR("ab");
    account.sub_merchant = PAY_STR("1900000110");
    t.account = &account;
    ask.available = 1;
    ask.description = PAY_STR("sold out");
    ask.order_amount = 77;
    payment.amount = 0;
    is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, "with every member");
    is(t.request.body, BODY_MAX, "body, byte by byte");

    open_refund(PAY_OP_REFUND_QUERY, PAY_KNOWN_OPEN);
    t.account = &account;
    is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, "its query");
    is(pay_strz(t.request.method), "GET", "GET");
    is(t.request.target, REFUNDS "/ab" REFUND "?sub_mchid=1900000110",
       "target");

    open_refund(PAY_OP_REFUND_QUERY, PAY_KNOWN_FORGOTTEN);
    is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, "a query");
    is(t.request.target, REFUNDS "/" REFUND, "target");
    is_int(t.request.body.len, 0, "no body");

    open_refund(PAY_OP_REFUND, PAY_KNOWN_NEW);
    pay_buf_init(&b, t.arena, 0);

    for (i = 0; i < 127; i++) {
        pay_buf_addz(&b, "\xe8\x8c\xb6");
    }

    ask.description = pay_buf_str(&b);
    is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, "a long reason");
    is_int(pay_json_parse(t.arena, t.request.body, &o, &why), PAY_OK, "JSON");
    is_int(pay_json_string(o, "reason", &reason), PAY_OK, "reason");
    is_int(reason.len, 240, "cut at 80 characters");
}


static void
test_refused(void)
{
    open_refund(PAY_OP_REFUND, PAY_KNOWN_FORGOTTEN);
    payment.amount = 0;
    failed(pay_wechatpay_v3.begin(&t), PAY_E_FIELD_MISSING, "field",
           "nobody knows what the order was for");
    is(t.error.param, "order_amount", "the field");

    open_refund(PAY_OP_REFUND, PAY_KNOWN_NEW);
    refund.amount = 101;
    failed(pay_wechatpay_v3.begin(&t), PAY_E_AMOUNT_EXCEEDS_ORDER, "field",
           "more than the order");

    open_refund(PAY_OP_REFUND, PAY_KNOWN_FORGOTTEN);
    refund.order_id = PAY_STR("");
    payment.number = PAY_STR("");
    failed(pay_wechatpay_v3.begin(&t), PAY_E_FIELD_MISSING, "field",
           "of no order");

    payment.channel_number = PAY_STR("4200000001");
    t.error.code = PAY_E_NONE;
    is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, "of the channel's number");
    ok(pay_str_starts(t.request.body, "{\"transaction_id\":\"4200000001\","),
       "which names the order");

    open_refund(PAY_OP_REFUND, PAY_KNOWN_OPEN);
    is_int(pay_wechatpay_v3.begin(&t), PAY_DONE, "accepted before: not sent");
    no_fact();
}


static void
is_fact(pay_state_t state)
{
    is_int(t.error.code, PAY_E_NONE, "no error");
    is_int(t.fact.kind, PAY_KIND_REFUND, "a refund");
    is_int(t.fact.state, state, "its state");
    is(t.fact.number, REFUND, "refund_id");
    is(t.fact.channel_number, "5030000001", "channel_refund_id");
    is(t.fact.order_id, ORDER, "order_id");
    is(t.fact.channel_order_id, "4200000001", "channel_order_id");
    is(t.fact.account, "x 0403", "account");
    is_int(t.fact.amount, 40, "amount");
    is_int(t.fact.order_amount, 100, "order_amount");
    ok(state == PAY_STATE_REQUIRES_ACTION
       ? pay_str_eqz(t.fact.failure, "ABNORMAL") : t.fact.failure.len == 0,
       "failure");
    is_int(t.fact.done_at, state == PAY_STATE_SUCCEEDED ? 1795309200 : 0,
           "succeeded_at");
}


static void
test_answers(void)
{
    size_t  i, n;

    static const struct {
        const char   *body;
        pay_state_t   state;
    } good[] = {
        { REFUNDED, PAY_STATE_SUCCEEDED },
        { REFUNDED_AS("PROCESSING", REFUND, "40"), PAY_STATE_PENDING },
        { REFUNDED_AS("CLOSED", REFUND, "40"), PAY_STATE_CLOSED },
        { REFUNDED_AS("ABNORMAL", REFUND, "40"), PAY_STATE_REQUIRES_ACTION }
    };

    static const struct {
        const char  *body;
        const char  *reason;
    } bad[] = {
        { REFUNDED_AS("NEW", REFUND, "40"), "state" },
        { REFUNDED_AS("SUCCESS", "refund-0002", "40"), "echo_mismatch" },
        { REFUNDED_AS("SUCCESS", REFUND, "41"), "echo_mismatch" },
        { REFUNDED_AS("SUCCESS", REFUND, "0"), "json" },
        { REFUNDED_AS("SUCCESS", REFUND, "\"40\""), "json" },
        { REFUNDED_AS("SUCCESS", REFUND, "40.5"), "json" },
        { "{\"out_refund_no\":\"" REFUND "\",\"status\":\"SUCCESS\"}", "json" },
        { "{}", "json" }
    };

    static const pay_op_t  ops[] = { PAY_OP_REFUND, PAY_OP_REFUND_QUERY };

    for (n = 0; n < pay_nelts(ops); n++) {

        for (i = 0; i < pay_nelts(good); i++) {
            begin_refund(ops[n], PAY_KNOWN_UNKNOWN);
            is_int(answer_signed(200, good[i].body), PAY_DONE, "an answer");
            is_fact(good[i].state);
        }

        for (i = 0; i < pay_nelts(bad); i++) {
            begin_refund(ops[n], PAY_KNOWN_UNKNOWN);
            failed(answer_signed(200, bad[i].body),
                   n ? PAY_E_CHANNEL_RESPONSE_INVALID : PAY_E_OUTCOME_UNKNOWN,
                   bad[i].reason, bad[i].body);
            no_fact();
        }
    }

    begin_refund(PAY_OP_REFUND_QUERY, PAY_KNOWN_FORGOTTEN);
    failed(answer_unsigned(404, ERR("RESOURCE_NOT_EXISTS")), PAY_E_NOT_FOUND,
           "refused", "no such refund");

    begin_refund(PAY_OP_REFUND_QUERY, PAY_KNOWN_FORGOTTEN);
    refund.amount = 0;
    is_int(answer_signed(200, REFUNDED_AS("SUCCESS", REFUND, "41")), PAY_DONE,
           "forgotten: whatever its amount");
    is_int(t.fact.amount, 41, "is told");
}


/* LOOK_UP: a query, its answer not found; then the error, or unknown */

#define LOOK_UP  PAY_E_MAX

static void
test_errors(void)
{
    size_t    i, known;
    pay_rc_t  rc;
    char      body[128];

    static const struct {
        int          status;
        const char  *code;
        int          look_up[2];        /* new, sent before */
        pay_code_t   ours;
    } rows[] = {
        { 400, "PARAM_ERROR", { 0, 1 }, PAY_E_CHANNEL_REJECTED },
        { 400, "INVALID_REQUEST", { 1, 1 }, PAY_E_CHANNEL_REJECTED },
        { 401, "SIGN_ERROR", { 0, 0 }, PAY_E_CHANNEL_AUTH_FAILED },
        { 403, "NO_AUTH", { 0, 0 }, PAY_E_CHANNEL_PERMISSION },
        { 403, "NOT_ENOUGH", { 0, 1 }, PAY_E_BALANCE_INSUFFICIENT },
        { 403, "USER_ACCOUNT_ABNORMAL", { 0, 1 }, PAY_E_CHANNEL_REJECTED },
        { 404, "MCH_NOT_EXISTS", { 0, 0 }, PAY_E_CHANNEL_AUTH_FAILED },
        { 404, "RESOURCE_NOT_EXISTS", { 0, 1 }, PAY_E_NOT_FOUND },
        { 429, "FREQUENCY_LIMITED", { 0, 0 }, PAY_E_CHANNEL_QUOTA },
        { 400, "ALREADY_EXISTS", { 1, 1 }, PAY_E_IDEMPOTENCY_CONFLICT },
        { 500, "SYSTEM_ERROR", { 1, 1 }, PAY_E_OUTCOME_UNKNOWN },
        { 500, "NOT_ENOUGH", { 1, 1 }, PAY_E_OUTCOME_UNKNOWN },
        { 400, "ORDER_PAID", { 1, 1 }, PAY_E_OUTCOME_UNKNOWN },
        { 400, "A_NEW_CODE", { 1, 1 }, PAY_E_OUTCOME_UNKNOWN }
    };

    for (i = 0; i < pay_nelts(rows); i++) {

        snprintf(body, sizeof(body), "{\"code\":\"%s\",\"message\":\"m\"}",
                 rows[i].code);

        for (known = 0; known < 2; known++) {
            begin_refund(PAY_OP_REFUND,
                         known ? PAY_KNOWN_UNKNOWN : PAY_KNOWN_NEW);
            rc = answer_unsigned(rows[i].status, body);

            is_int(rc, rows[i].look_up[known] ? PAY_SIGN : PAY_DONE,
                   rows[i].code);

            if (rows[i].look_up[known]) {
                is(t.request.target, REFUNDS "/" REFUND, "is looked up");
                rc = answer_unsigned(404, ERR("RESOURCE_NOT_EXISTS"));
            }

            failed(rc, rows[i].ours, "refused", rows[i].code);
            is(t.error.channel_code, rows[i].code, "the channel's code");
            no_fact();
        }
    }
}


static void
test_used(void)
{
    pay_answer_t  a;

    begin_refund(PAY_OP_REFUND, PAY_KNOWN_NEW);
    is_int(answer_unsigned(500, ERR("SYSTEM_ERROR")), PAY_SIGN, "look up");
    is_int(answer_signed(200, REFUNDED), PAY_DONE, "it was made");
    is_fact(PAY_STATE_SUCCEEDED);

    begin_refund(PAY_OP_REFUND, PAY_KNOWN_NEW);
    is_int(answer_unsigned(400, ERR("INVALID_REQUEST")), PAY_SIGN, "look up");
    is_int(answer_signed(200, REFUNDED_AS("PROCESSING", REFUND, "40")),
           PAY_DONE, "the same refund");
    is_fact(PAY_STATE_PENDING);

    begin_refund(PAY_OP_REFUND, PAY_KNOWN_NEW);
    is_int(answer_unsigned(400, ERR("INVALID_REQUEST")), PAY_SIGN, "look up");
    failed(answer_signed(200, REFUNDED_AS("SUCCESS", REFUND, "41")),
           PAY_E_IDEMPOTENCY_CONFLICT, "number_used", "of another amount");
    is(t.error.channel_code, "INVALID_REQUEST", "the channel's code");
    no_fact();

    begin_refund(PAY_OP_REFUND, PAY_KNOWN_NEW);
    is_int(answer_unsigned(403, ERR("ALREADY_EXISTS")), PAY_SIGN, "look up");
    failed(answer_unsigned(200, REFUNDED), PAY_E_OUTCOME_UNKNOWN,
           "missing_header", "an unsigned answer to it");
    no_fact();

    begin_refund(PAY_OP_REFUND, PAY_KNOWN_NEW);
    is_int(answer_unsigned(400, ERR("INVALID_REQUEST")), PAY_SIGN, "look up");
    memset(&a, 0, sizeof(a));
    a.outcome = PAY_NOT_SENT;
    is_int(pay_wechatpay_v3.resume(&t, &a), PAY_SEND, "another host");
    failed(pay_wechatpay_v3.resume(&t, &a), PAY_E_OUTCOME_UNKNOWN,
           "unanswered", "the query is not sent: the first request was");

    begin_refund(PAY_OP_REFUND, PAY_KNOWN_NEW);
    a.outcome = PAY_UNANSWERED;
    failed(pay_wechatpay_v3.resume(&t, &a), PAY_E_OUTCOME_UNKNOWN,
           "unanswered", "no answer");
}


#define NOTICE(account, status, refund)                                      \
    "{" account "\"transaction_id\":\"4200000001\","                         \
    "\"out_trade_no\":\"" ORDER "\",\"refund_id\":\"5030000001\","           \
    "\"out_refund_no\":\"" REFUND "\",\"refund_status\":\"" status "\","     \
    "\"success_time\":\"2026-11-22T09:00:00+08:00\","                        \
    "\"user_received_account\":\"x 0403\",\"amount\":{\"total\":100,"        \
    "\"refund\":" refund ",\"payer_total\":90,\"payer_refund\":36}}"

#define DIRECT   "\"mchid\":\"1900000109\","
#define PARTNER  "\"sp_mchid\":\"1900000109\",\"sub_mchid\":\"1900000110\","

static pay_rc_t
send_refund(const char *plain)
{
    made_t  m = right;

    m.event = "REFUND.SUCCESS";
    m.original = "refund";
    m.aad = "refund";
    m.plain = plain;

    return send_made(&m);
}


static void
test_notice(void)
{
    size_t  i;

    static const struct {
        const char  *plain;
        const char  *reason;
    } bad[] = {
        { NOTICE("\"mchid\":\"1900000110\",", "SUCCESS", "40"), "identity" },
        { NOTICE("\"mchid\":\"1900000109\",\"sp_mchid\":\"1\",", "SUCCESS",
                 "40"), "identity" },
        { NOTICE("", "SUCCESS", "40"), "identity" },
        { NOTICE(DIRECT, "DONE", "40"), "state" },
        { NOTICE(DIRECT, "SUCCESS", "0"), "json" },
        { NOTICE(DIRECT, "SUCCESS", "-1"), "json" },
        { "{" DIRECT "\"out_refund_no\":\"x\"}", "json" }
    };

    is_int(send_refund(NOTICE(DIRECT, "SUCCESS", "40")), PAY_DONE, "notice");
    is_int(t.notice, PAY_NOTICE_OBJECT, "of an object");
    is_fact(PAY_STATE_SUCCEEDED);
    is(t.fact.sub_merchant, "", "of nobody below");

    is_int(send_refund(NOTICE(PARTNER, "ABNORMAL", "40")), PAY_DONE,
           "the partner form");
    is_int(t.notice, PAY_NOTICE_OBJECT, "of an object");
    is_fact(PAY_STATE_REQUIRES_ACTION);
    is(t.fact.sub_merchant, "1900000110", "whose");

    for (i = 0; i < pay_nelts(bad); i++) {
        is_int(send_refund(bad[i].plain), PAY_DONE, bad[i].plain);
        is(pay_strz(t.error.reason), bad[i].reason, "the reason");
        is_int(t.notice, PAY_NOTICE_REFUSED, "refused");
        no_fact();
    }
}


int
main(void)
{
    channel_open();

    test_request();
    test_refused();
    test_answers();
    test_errors();
    test_used();
    test_notice();

    talk_close(&t);
    channel_close();

    return done();
}
