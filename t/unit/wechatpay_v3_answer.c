
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver wechatpay_v3: answers, from verified to doubtful, and every row of
 * the error table.
 */

#include "wechatpay_v3_talk.h"


static void
test_prepaid(void)
{
    char       body[1024], url[600];
    size_t     i;
    pay_rc_t   rc;

    static const char *const  bad[] = {
        "{}", "{\"code_url\":null}", "{\"code_url\":\"\"}",
        "{\"code_url\":1}", "{\"code_url\":\"weixin://a b\"}",
        "{\"code_url\":\"weixin://\\u0001\"}",
        "{\"code_url\":\"weixin://\xe8\x8c\xb6\"}"
    };

    begin_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    is_int(answer_signed(200, "{\"code_url\":\"" CODE_URL "\"}"), PAY_DONE,
           "a code");
    is_int(t.error.code, PAY_E_NONE, "no error");
    is_int(t.fact.state, PAY_STATE_PENDING, "pending");
    is(t.fact.ref, CODE_URL, "ref");
    is(t.fact.action.value, CODE_URL, "action");
    is_int(t.fact.action.kind, PAY_ACTION_QR_CODE, "qr_code");
    is_int(t.fact.amount, -1, "the amount was not spoken of");

    for (i = 0; i < pay_nelts(bad); i++) {
        begin_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
        failed(answer_signed(200, bad[i]), PAY_E_OUTCOME_UNKNOWN, "code_url",
               bad[i]);
        no_fact();
    }

    for (i = 256; i <= 513; i += i == 256 ? 1 : i == 257 ? 255 : 1) {
        memset(url, 'x', i);
        url[i] = '\0';
        snprintf(body, sizeof(body), "{\"code_url\":\"%s\"}", url);

        begin_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
        rc = answer_signed(200, body);

        if (i > 512) {
            failed(rc, PAY_E_OUTCOME_UNKNOWN, "code_url", "513 bytes");
            continue;
        }

        is_int(rc, PAY_DONE, "a long code");
        is_int(t.fact.action.value.len, i, "is shown");
        is_int(t.fact.ref.len, i > 256 ? 0 : i, "kept up to 256 bytes");
    }
}


/* answers that prove nothing */

static void
test_doubtful(void)
{
    size_t             i, n;
    pay_rc_t           rc;
    pay_code_t         code;
    const char        *good;

    static const struct {
        pay_op_t       op;
        int            status;      /* the wanted one */
        const char    *body;
    } ops[] = {
        { PAY_OP_PAY, 200, "{\"code_url\":\"" CODE_URL "\"}" },
        { PAY_OP_QUERY, 200, PAID },
        { PAY_OP_CLOSE, 204, "" }
    };

    static const struct {
        int            status;
        const char    *body;
        const char    *reason;
    } wrong[] = {
        { 100, "", "status" },
        { 201, "{\"code_url\":\"" CODE_URL "\"}", "status" },
        { 202, "{\"code\":\"USERPAYING\",\"message\":\"m\"}", "status" },
        { 301, "", "status" },
        { 307, "{\"code\":\"PARAM_ERROR\",\"message\":\"m\"}", "status" },
        { 500, ERR("SYSTEM_ERROR"), "channel_code" },
        { 500, ERR("ORDER_PAID"), "channel_code" },
        { 502, "<html></html>", "json" },
        { 503, "", "json" },
        { 600, ERR("PARAM_ERROR"), "status" },
        { 400, "", "json" },
        { 400, "{\"code\":\"PARAM_ERROR\"", "json" },
        { 400, "{\"code\":\"PARAM_ERROR\",\"code\":\"PARAM_ERROR\"}", "json" },
        { 400, "{\"message\":\"m\"}", "json" },
        { 400, "{\"code\":400}", "json" },
        { 400, "{\"code\":\"param error\"}", "json" },
        { 400, "[\"PARAM_ERROR\"]", "json" },
        { 400, "{\"code\":\"PARAM_ERROR\",\"message\":\"\xff\"}", "json" },
        { 404, "<html>not here</html>", "json" },
        { 400, ERR("A_CODE_THAT_IS_NEW"), "channel_code" },
        { 400, ERR("SYSTEM_ERROR"), "channel_code" },
        { 403, ERR("BANKERROR"), "channel_code" }
    };

    for (n = 0; n < pay_nelts(ops); n++) {

        code = ops[n].op == PAY_OP_QUERY ? PAY_E_CHANNEL_RESPONSE_INVALID
                                         : PAY_E_OUTCOME_UNKNOWN;
        good = ops[n].body;

        for (i = 0; i < pay_nelts(wrong); i++) {
            begin_talk(ops[n].op, PAY_KNOWN_OPEN);
            failed(answer_unsigned(wrong[i].status, wrong[i].body), code,
                   wrong[i].reason, wrong[i].body);
            no_fact();
        }

        begin_talk(ops[n].op, PAY_KNOWN_OPEN);
        failed(answer_unsigned(ops[n].status, good), code, "missing_header",
               "the right answer, unsigned");
        no_fact();

        begin_talk(ops[n].op, PAY_KNOWN_OPEN);
        platform_sign(t.arena, &headers, t.now, PAY_STR("{}"));
        failed(resume(ops[n].status, good), code, "signature",
               "signed is another body");
        no_fact();

        begin_talk(ops[n].op, PAY_KNOWN_OPEN);
        platform_sign(t.arena, &headers, t.now - 300, pay_strz(good));
        failed(resume(ops[n].status, good), code, "timestamp", "stale");
        no_fact();

        begin_talk(ops[n].op, PAY_KNOWN_OPEN);
        platform_sign(t.arena, &headers, t.now + 300, pay_strz(good));
        failed(resume(ops[n].status, good), code, "timestamp",
               "from the future");

        begin_talk(ops[n].op, PAY_KNOWN_OPEN);
        platform_sign(t.arena, &headers, t.now, pay_strz(good));
        header_add(&headers, "wechatpay-nonce", PAY_STR("again"));
        failed(resume(ops[n].status, good), code, "missing_header",
               "a header twice");

        begin_talk(ops[n].op, PAY_KNOWN_OPEN);
        platform_sign(t.arena, &headers, t.now, pay_strz(good));
        header_add(&headers, "Wechatpay-Signature-Type",
                   PAY_STR(PAY_WECHATPAY_V3_SCHEME));
        failed(resume(ops[n].status, good), code, "signature_type",
               "the type twice");

        begin_talk(ops[n].op, PAY_KNOWN_OPEN);
        rc = answer_signed(ops[n].status, "{\"code_url\":");
        failed(rc, code, "json", "signed, but cut short");
        no_fact();

        begin_talk(ops[n].op, PAY_KNOWN_OPEN);
        rc = answer_signed(ops[n].status == 204 ? 200 : 204, "");
        failed(rc, code, "status", "204 for 200, or 200 for 204");
        no_fact();
    }

    /* the last instant that holds */

    begin_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
    platform_sign(t.arena, &headers, t.now + 299, PAY_STR(PAID));
    is_int(resume(200, PAID), PAY_DONE, "299 s ahead");
    is_int(t.error.code, PAY_E_NONE, "holds");

    /* the hex of a certificate in either case; the id of a key in its own */

    begin_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
    platform_sign(t.arena, &headers, t.now, PAY_STR(PAID));
    *header_at(&headers, "Wechatpay-Serial") =
        PAY_STR("0a0b0c0d0e0f101112131415161718191a1b1c1d");
    failed(resume(200, PAID), PAY_E_CHANNEL_RESPONSE_INVALID, "signature",
           "the key of another serial, in lower case, is found");

    begin_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
    platform_sign(t.arena, &headers, t.now, PAY_STR(PAID));
    *header_at(&headers, "Wechatpay-Serial") =
        PAY_STR("pub_key_id_0119000001092026112200000000000001");
    failed(resume(200, PAID), PAY_E_CHANNEL_RESPONSE_INVALID, "serial",
           "an id in lower case");
}


/* every row of the error table, for each request: LOOK_UP is a query */

#define UNKNOWN  PAY_E_OUTCOME_UNKNOWN
#define LOOK_UP  PAY_E_MAX

static void
test_errors(void)
{
    char        body[256];
    size_t      i, n;
    pay_rc_t    rc;
    pay_code_t  want;

    static const pay_op_t  ops[] = {
        PAY_OP_PAY, PAY_OP_QUERY, PAY_OP_CLOSE
    };

    static const struct {
        int          status;
        const char  *code;
        pay_code_t   ours[3];
    } rows[] = {
        { 400, "PARAM_ERROR", { PAY_E_CHANNEL_REJECTED,
          PAY_E_CHANNEL_REJECTED, PAY_E_CHANNEL_REJECTED } },
        { 400, "INVALID_REQUEST", { PAY_E_CHANNEL_REJECTED,
          PAY_E_CHANNEL_REJECTED, PAY_E_CHANNEL_REJECTED } },
        { 400, "APPID_MCHID_NOT_MATCH", { PAY_E_CHANNEL_REJECTED,
          PAY_E_CHANNEL_REJECTED, PAY_E_CHANNEL_REJECTED } },
        { 400, "MCH_NOT_EXISTS", { PAY_E_CHANNEL_AUTH_FAILED,
          PAY_E_CHANNEL_AUTH_FAILED, PAY_E_CHANNEL_AUTH_FAILED } },
        { 401, "SIGN_ERROR", { PAY_E_CHANNEL_AUTH_FAILED,
          PAY_E_CHANNEL_AUTH_FAILED, PAY_E_CHANNEL_AUTH_FAILED } },
        { 401, "SOMETHING", { PAY_E_CHANNEL_AUTH_FAILED,
          PAY_E_CHANNEL_AUTH_FAILED, PAY_E_CHANNEL_AUTH_FAILED } },
        { 403, "NO_AUTH", { PAY_E_CHANNEL_PERMISSION,
          PAY_E_CHANNEL_PERMISSION, PAY_E_CHANNEL_PERMISSION } },
        { 403, "NOAUTH", { PAY_E_CHANNEL_PERMISSION,
          PAY_E_CHANNEL_PERMISSION, PAY_E_CHANNEL_PERMISSION } },
        { 403, "TRADE_ERROR", { PAY_E_CHANNEL_REJECTED,
          PAY_E_CHANNEL_REJECTED, PAY_E_CHANNEL_REJECTED } },
        { 403, "RULELIMIT", { PAY_E_CHANNEL_REJECTED,
          PAY_E_CHANNEL_REJECTED, PAY_E_CHANNEL_REJECTED } },
        { 403, "ACCOUNTERROR", { PAY_E_CHANNEL_REJECTED,
          PAY_E_CHANNEL_REJECTED, PAY_E_CHANNEL_REJECTED } },
        { 403, "NOTENOUGH", { PAY_E_BALANCE_INSUFFICIENT, UNKNOWN,
          UNKNOWN } },
        { 429, "FREQUENCY_LIMITED", { PAY_E_CHANNEL_QUOTA,
          PAY_E_CHANNEL_QUOTA, LOOK_UP } },
        { 429, "RATELIMIT_EXCEED", { PAY_E_CHANNEL_QUOTA,
          PAY_E_CHANNEL_QUOTA, LOOK_UP } },
        { 403, "RATELIMIT_EXCEEDED", { PAY_E_CHANNEL_QUOTA,
          PAY_E_CHANNEL_QUOTA, LOOK_UP } },
        { 400, "FREQUENCY_LIMIT_EXCEED", { PAY_E_CHANNEL_QUOTA,
          PAY_E_CHANNEL_QUOTA, LOOK_UP } },
        { 429, "SOMETHING", { PAY_E_CHANNEL_QUOTA, PAY_E_CHANNEL_QUOTA,
          LOOK_UP } },
        { 404, "ORDER_NOT_EXIST", { UNKNOWN, PAY_E_NOT_FOUND,
          PAY_E_NOT_FOUND } },
        { 404, "ORDERNOTEXIST", { UNKNOWN, PAY_E_NOT_FOUND,
          PAY_E_NOT_FOUND } },
        { 404, "RESOURCE_NOT_EXISTS", { UNKNOWN, PAY_E_NOT_FOUND,
          PAY_E_NOT_FOUND } },
        { 404, "NOT_A_CODE", { UNKNOWN, UNKNOWN, UNKNOWN } },
        { 403, "OUT_TRADE_NO_USED", { LOOK_UP, UNKNOWN, UNKNOWN } },
        { 403, "OUTTRADENOUSED", { LOOK_UP, UNKNOWN, UNKNOWN } },
        { 400, "ORDER_PAID", { LOOK_UP, UNKNOWN, LOOK_UP } },
        { 403, "ORDERPAID", { LOOK_UP, UNKNOWN, LOOK_UP } },
        { 400, "ORDER_CLOSED", { LOOK_UP, UNKNOWN, LOOK_UP } },
        { 400, "ORDERCLOSED", { LOOK_UP, UNKNOWN, LOOK_UP } },
        { 400, "ORDER_CLOSEDX", { UNKNOWN, UNKNOWN, UNKNOWN } },
        { 400, "ORDER", { UNKNOWN, UNKNOWN, UNKNOWN } },
        { 400, "PARAM_ERRORED", { PAY_E_CHANNEL_REJECTED,
          PAY_E_CHANNEL_REJECTED, PAY_E_CHANNEL_REJECTED } },
        { 500, "OPENID_MISMATCH", { UNKNOWN, UNKNOWN, UNKNOWN } },
        { 500, "INVALID_TRANSACTIONID", { UNKNOWN, UNKNOWN, UNKNOWN } },
        { 500, "BANK_ERROR", { UNKNOWN, UNKNOWN, UNKNOWN } },
        { 500, "SYSTEMERROR", { UNKNOWN, UNKNOWN, UNKNOWN } },
        { 500, "PARAM_ERROR", { UNKNOWN, UNKNOWN, UNKNOWN } }
    };

    for (i = 0; i < pay_nelts(rows); i++) {

        snprintf(body, sizeof(body),
                 "{\"code\":\"%s\",\"message\":\"why not\"}", rows[i].code);

        for (n = 0; n < 6; n++) {
            begin_talk(ops[n % 3], PAY_KNOWN_NEW);

            rc = n < 3 ? answer_unsigned(rows[i].status, body)
                       : answer_signed(rows[i].status, body);
            want = rows[i].ours[n % 3];

            if (want == LOOK_UP) {
                is_int(rc, PAY_SIGN, rows[i].code);
                is(t.request.target, "/v3/pay/transactions/out-trade-no/"
                   ORDER "?mchid=1900000109", "is looked up");
                is_int(t.error.code, PAY_E_NONE, "nothing is decided");
                no_fact();
                continue;
            }

            if (want == UNKNOWN && ops[n % 3] == PAY_OP_QUERY) {
                want = PAY_E_CHANNEL_RESPONSE_INVALID;
            }

            failed(rc, want, rows[i].ours[n % 3] == UNKNOWN ? "channel_code"
                                                            : "refused",
                   rows[i].code);
            is(t.error.channel_code, rows[i].code, "the channel's code");
            is(t.error.channel_message, "why not", "its message");
            no_fact();
        }
    }
}


static void
test_error_details(void)
{
    char    body[1200];
    size_t  i, n;

    /* a signature that is there must hold: section 3.4 */

    begin_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
    platform_sign(t.arena, &headers, t.now, PAY_STR("{}"));
    failed(resume(404, ERR("ORDER_NOT_EXIST")),
           PAY_E_CHANNEL_RESPONSE_INVALID, "signature",
           "an error with a wrong signature");
    is_int(t.error.channel_code.len, 0, "its code is not repeated");

    begin_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    platform_sign(t.arena, &headers, t.now, PAY_STR(ERR("PARAM_ERROR")));
    *header_at(&headers, "Wechatpay-Signature") =
        PAY_STR("WECHATPAY/SIGNTEST/xyz");
    failed(resume(400, ERR("PARAM_ERROR")), PAY_E_OUTCOME_UNKNOWN, "probe",
           "a probe");

    begin_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    memset(&headers, 0, sizeof(headers));
    header_add(&headers, "Wechatpay-Signature", PAY_STR("x"));
    failed(resume(400, ERR("PARAM_ERROR")), PAY_E_OUTCOME_UNKNOWN,
           "missing_header", "a signature without its other headers");

    begin_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    memset(&headers, 0, sizeof(headers));
    header_add(&headers, "Content-Type", PAY_STR("text/html"));
    failed(resume(400, ERR("PARAM_ERROR")), PAY_E_OUTCOME_UNKNOWN,
           "media_type", "no JSON by its own word");

    begin_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    memset(&headers, 0, sizeof(headers));
    header_add(&headers, "Content-Type",
               PAY_STR("Application/JSON; charset=utf-8"));
    failed(resume(400, ERR("PARAM_ERROR")), PAY_E_CHANNEL_REJECTED, "refused",
           "a charset is fine");

    begin_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    memset(&headers, 0, sizeof(headers));
    failed(resume(400, ERR("PARAM_ERROR")), PAY_E_CHANNEL_REJECTED, "refused",
           "and so is no word at all");

    n = snprintf(body, sizeof(body), "{\"code\":\"PARAM_ERROR\","
                 "\"message\":\"");

    for (i = 0; i < 300; i++) {
        n += snprintf(body + n, sizeof(body) - n, "\xe8\x8c\xb6");
    }

    snprintf(body + n, sizeof(body) - n, "\"}");

    begin_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    failed(answer_unsigned(400, body), PAY_E_CHANNEL_REJECTED, "refused",
           "a long message");
    is_int(pay_utf8_length(t.error.channel_message), 256, "is cut");

    begin_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    failed(answer_unsigned(400, "{\"code\":\"PARAM_ERROR\",\"message\":7}"),
           PAY_E_CHANNEL_REJECTED, "refused", "a message of another type");
    is_int(t.error.channel_message.len, 0, "is left out");
}


static void
test_unanswered(void)
{
    size_t         i, n;
    pay_answer_t   a;
    pay_request_t  before;

    static const struct {
        pay_op_t    op;
        pay_code_t  code;
    } ops[] = {
        { PAY_OP_PAY, PAY_E_OUTCOME_UNKNOWN },
        { PAY_OP_QUERY, PAY_E_CHANNEL_RESPONSE_INVALID },
        { PAY_OP_CLOSE, PAY_E_OUTCOME_UNKNOWN }
    };

    memset(&a, 0, sizeof(a));

    for (i = 0; i < pay_nelts(ops); i++) {
        begin_talk(ops[i].op, PAY_KNOWN_NEW);
        a.outcome = PAY_NOT_SENT;
        before = t.request;
        is_int(pay_wechatpay_v3.resume(&t, &a), PAY_SEND, "nothing was sent");
        is(t.request.host, "https://api2.mch.weixin.qq.com",
           "the second host");
        t.request.host = before.host;
        ok(memcmp(&t.request, &before, sizeof(before)) == 0,
           "gets the same request, as it was signed");
        t.request.host = PAY_STR("https://api2.mch.weixin.qq.com");
        failed(pay_wechatpay_v3.resume(&t, &a), PAY_E_CHANNEL_UNREACHABLE,
               "not_sent", "once");

        begin_talk(ops[i].op, PAY_KNOWN_NEW);
        t.request.host = PAY_STR("http://127.0.0.1:8082");
        failed(pay_wechatpay_v3.resume(&t, &a), PAY_E_CHANNEL_UNREACHABLE,
               "not_sent", "nothing was sent");

        begin_talk(ops[i].op, PAY_KNOWN_NEW);
        a.outcome = PAY_UNANSWERED;
        failed(pay_wechatpay_v3.resume(&t, &a), ops[i].code, "unanswered",
               "no answer");
        no_fact();
    }

    /* the look-up did not leave, but the first request had arrived */

    for (n = 0; n < 3; n += 2) {
        begin_talk(ops[n].op, PAY_KNOWN_NEW);
        is_int(answer_unsigned(403, ERR("ORDER_PAID")), PAY_SIGN, "look up");
        a.outcome = PAY_NOT_SENT;
        is_int(pay_wechatpay_v3.resume(&t, &a), PAY_SEND, "another host");
        failed(pay_wechatpay_v3.resume(&t, &a), PAY_E_OUTCOME_UNKNOWN,
               "unanswered", "a look-up that was not sent");
        no_fact();
    }
}


static void
test_query_states(void)
{
    size_t  i;

    static const struct {
        const char          *body;
        pay_state_t          state;
        pay_refund_status_t  refund;
    } rows[] = {
        { NOTPAY, PAY_STATE_PENDING, PAY_REFUND_NONE },
        { FOUND "\"trade_state\":\"USERPAYING\"}", PAY_STATE_PROCESSING, 0 },
        { FOUND "\"trade_state\":\"ACCEPT\"}", PAY_STATE_PROCESSING, 0 },
        { PAID, PAY_STATE_SUCCEEDED, PAY_REFUND_NONE },
        { PAID_AS("REFUND", "100", ""), PAY_STATE_SUCCEEDED,
          PAY_REFUND_UNKNOWN },
        { CLOSED, PAY_STATE_CLOSED, PAY_REFUND_NONE },
        { FOUND "\"trade_state\":\"REVOKED\"}", PAY_STATE_CLOSED, 0 },
        { FOUND "\"trade_state\":\"PAYERROR\"}", PAY_STATE_FAILED, 0 }
    };

    for (i = 0; i < pay_nelts(rows); i++) {
        begin_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
        payment.ref = PAY_STR(CODE_URL);

        is_int(answer_signed(200, rows[i].body), PAY_DONE, "query");
        is_int(t.error.code, PAY_E_NONE, "no error");
        is_int(t.fact.state, rows[i].state, rows[i].body);
        is_int(t.fact.refund_status, rows[i].refund, "refund_status");
        is(t.fact.number, ORDER, "order_id");
        is_int(t.fact.action.kind, rows[i].state == PAY_STATE_PENDING
               ? PAY_ACTION_QR_CODE : PAY_ACTION_NONE, "the stored code");
        ok(pay_str_eqz(t.fact.failure, rows[i].state == PAY_STATE_FAILED
                                       ? "PAYERROR" : ""), "failure");
    }

    begin_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
    is_int(answer_signed(200, PAID), PAY_DONE, "paid");
    is(t.fact.channel_number, "4200000001", "channel_order_id");
    is(t.fact.payer, "oUpF8uMuAJO", "payer");
    is(t.fact.echo, ECHO, "echo");
    is(t.fact.currency, "CNY", "currency");
    is_int(t.fact.amount, 100, "amount");
    is_int(t.fact.amount_paid, 90, "amount_paid");
    is_int(t.fact.done_at, 1795305600, "paid_at");

    begin_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
    is_int(answer_signed(200, NOTPAY), PAY_DONE, "pending, no stored code");
    is_int(t.fact.action.kind, PAY_ACTION_NONE, "nothing to show");
    is_int(t.fact.amount, -1, "an unpaid order tells no amount");

    begin_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
    payment.ref = PAY_STR(CODE_URL);
    payment.expires_at = NOW;
    is_int(answer_signed(200, NOTPAY), PAY_DONE, "pending, expired");
    is_int(t.fact.action.kind, PAY_ACTION_NONE, "nothing to show");

    /* by the channel's number, and with nothing known of the order */

    open_talk(PAY_OP_QUERY, PAY_KNOWN_FORGOTTEN);
    memset(&payment, 0, sizeof(payment));
    payment.channel_number = PAY_STR("4200000001");
    is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, "by the channel's number");
    is_int(answer_signed(200, PAID), PAY_DONE, "found");
    is_int(t.error.code, PAY_E_NONE, "no error");
    is(t.fact.number, ORDER, "order_id");
    is_int(t.fact.amount, 100, "amount");
}


/* verified answers that speak of something else, or make no sense */

static void
test_query_wrong(void)
{
    size_t  i;

    static const struct {
        const char  *body;
        const char  *reason;
    } rows[] = {
        { "{\"appid\":\"wxd678efh567hg6787\",\"mchid\":\"1900000109\","
          "\"out_trade_no\":\"order-0002\",\"trade_state\":\"NOTPAY\"}",
          "echo_mismatch" },
        { "{\"appid\":\"wxd678efh567hg6787\",\"mchid\":\"1900000110\","
          "\"out_trade_no\":\"" ORDER "\",\"trade_state\":\"NOTPAY\"}",
          "echo_mismatch" },
        { "{\"appid\":\"wx0\",\"mchid\":\"1900000109\","
          "\"out_trade_no\":\"" ORDER "\",\"trade_state\":\"NOTPAY\"}",
          "echo_mismatch" },
        { "{\"mchid\":\"1900000109\",\"out_trade_no\":\"" ORDER "\","
          "\"trade_state\":\"NOTPAY\"}", "echo_mismatch" },
        { "{\"sp_mchid\":\"1900000109\",\"sp_appid\":\"wxd678efh567hg6787\","
          "\"sub_mchid\":\"1900000110\",\"out_trade_no\":\"" ORDER "\","
          "\"trade_state\":\"NOTPAY\"}", "echo_mismatch" },
        { PAID_AS("SUCCESS", "101", ""), "echo_mismatch" },
        { PAID_AS("REFUND", "99", ""), "echo_mismatch" },
        { FOUND "\"trade_state\":\"SUCCESS\",\"transaction_id\":\"1\","
          "\"amount\":{\"total\":100,\"currency\":\"USD\"}}",
          "echo_mismatch" },
        { FOUND "\"trade_state\":\"NOTPAY\",\"amount\":{\"total\":99}}",
          "echo_mismatch" },
        { FOUND "\"trade_state\":\"PAID\"}", "trade_state" },
        { FOUND "\"trade_state\":\"success\"}", "trade_state" },
        { FOUND "\"trade_state\":7}", "json" },
        { FOUND "\"trade_state_desc\":\"x\"}", "json" },
        { "{\"appid\":\"wxd678efh567hg6787\",\"mchid\":\"1900000109\","
          "\"trade_state\":\"NOTPAY\"}", "json" },
        { "[" NOTPAY "]", "json" },
        { "\"NOTPAY\"", "json" },
        { "", "json" },
        { FOUND "\"trade_state\":\"CLOSED\",\"trade_state\":\"SUCCESS\"}",
          "json" },
        { FOUND "\"trade_state\":\"SUCCESS\",\"transaction_id\":\"1\"}",
          "json" },
        { FOUND "\"trade_state\":\"SUCCESS\",\"amount\":{\"total\":100,"
          "\"currency\":\"CNY\"}}", "json" },
        { FOUND "\"trade_state\":\"SUCCESS\",\"transaction_id\":\"1\","
          "\"amount\":{\"total\":100}}", "json" },
        { FOUND "\"trade_state\":\"SUCCESS\",\"transaction_id\":\"1\","
          "\"amount\":{\"currency\":\"CNY\"}}", "json" },
        { FOUND "\"trade_state\":\"SUCCESS\",\"transaction_id\":\"1\","
          "\"amount\":{\"total\":\"100\",\"currency\":\"CNY\"}}", "json" },
        { PAID_AS("SUCCESS", "100.0", ""), "json" },
        { PAID_AS("SUCCESS", "1e2", ""), "json" },
        { PAID_AS("SUCCESS", "0", ""), "json" },
        { PAID_AS("SUCCESS", "-100", ""), "json" },
        { PAID_AS("SUCCESS", "10000000000001", ""), "json" },
        { PAID_AS("SUCCESS", "100", "\"attach\":7,"), "json" },
        { FOUND "\"trade_state\":\"NOTPAY\",\"amount\":100}", "json" },
        { FOUND "\"trade_state\":\"NOTPAY\",\"transaction_id\":7}", "json" }
    };

    for (i = 0; i < pay_nelts(rows); i++) {
        begin_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
        failed(answer_signed(200, rows[i].body),
               PAY_E_CHANNEL_RESPONSE_INVALID, rows[i].reason, rows[i].body);
        no_fact();
    }

    open_talk(PAY_OP_QUERY, PAY_KNOWN_FORGOTTEN);
    memset(&payment, 0, sizeof(payment));
    payment.channel_number = PAY_STR("4200000002");
    is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, "by the channel's number");
    failed(answer_signed(200, PAID), PAY_E_CHANNEL_RESPONSE_INVALID,
           "echo_mismatch", "another number");

    begin_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
    is_int(answer_signed(200, FOUND "\"trade_state\":\"SUCCESS\","
                         "\"transaction_id\":\"1\",\"success_time\":\"?\","
                         "\"amount\":{\"total\":100,\"currency\":\"CNY\"}}"),
           PAY_DONE, "an odd date");
    is_int(t.fact.state, PAY_STATE_SUCCEEDED, "loses no payment");
    is_int(t.fact.done_at, 0, "and is not believed");
    is_int(t.fact.amount_paid, -1, "an amount that was not told");
}


int
main(void)
{
    channel_open();

    test_prepaid();
    test_doubtful();
    test_errors();
    test_error_details();
    test_unanswered();
    test_query_states();
    test_query_wrong();

    talk_close(&t);
    channel_close();

    return done();
}
