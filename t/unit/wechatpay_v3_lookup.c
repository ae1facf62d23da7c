
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver wechatpay_v3: where an error only hints, a verified query decides:
 * a number that is in use, a close that was refused.
 */

#include "wechatpay_v3_talk.h"


/* a prepay for a number that is in use: design.md section 7 */

static void
test_pay_used(void)
{
    size_t    i;
    pay_rc_t  rc;

    static const struct {
        const char   *name;
        pay_known_t   known;
        const char   *first;
        int           status;
        const char   *body;         /* of the query */
        pay_code_t    code;
        const char   *reason;
        pay_state_t   state;
    } rows[] = {
        { "paid, same amount and echo", PAY_KNOWN_NEW, "ORDER_PAID", 200,
          PAID, PAY_E_NONE, NULL, PAY_STATE_SUCCEEDED },
        { "paid, same amount, no echo", PAY_KNOWN_FORGOTTEN, "ORDER_PAID",
          200, PAID_AS("SUCCESS", "100", ""), PAY_E_NONE, NULL,
          PAY_STATE_SUCCEEDED },
        { "refunded", PAY_KNOWN_FORGOTTEN, "OUT_TRADE_NO_USED", 200,
          PAID_AS("REFUND", "100", ""), PAY_E_NONE, NULL,
          PAY_STATE_SUCCEEDED },
        { "paid, another amount", PAY_KNOWN_NEW, "ORDER_PAID", 200,
          PAID_AS("SUCCESS", "101", ""), PAY_E_IDEMPOTENCY_CONFLICT,
          "number_used", PAY_STATE_NONE },
        { "ours, paid, another amount", PAY_KNOWN_UNKNOWN, "ORDER_PAID", 200,
          PAID_AS("SUCCESS", "101", ""), PAY_E_IDEMPOTENCY_CONFLICT,
          "number_used", PAY_STATE_NONE },
        { "paid, another merchant's echo", PAY_KNOWN_NEW, "ORDER_PAID", 200,
          PAID_AS("SUCCESS", "100", "\"attach\":\"p1.shop-b.x\","),
          PAY_E_IDEMPOTENCY_CONFLICT, "number_used", PAY_STATE_NONE },
        { "ours, although its echo is older", PAY_KNOWN_UNKNOWN, "ORDER_PAID",
          200, PAID_AS("SUCCESS", "100", "\"attach\":\"p1.shop-a.x\","),
          PAY_E_NONE, NULL, PAY_STATE_SUCCEEDED },
        { "ours, open", PAY_KNOWN_UNKNOWN, "INVALID_REQUEST", 200, NOTPAY,
          PAY_E_NONE, NULL, PAY_STATE_PENDING },
        { "open, whose is not known", PAY_KNOWN_FORGOTTEN, "INVALID_REQUEST",
          200, NOTPAY, PAY_E_IDEMPOTENCY_CONFLICT, "number_used",
          PAY_STATE_NONE },
        { "open, ours by its echo", PAY_KNOWN_FORGOTTEN, "OUT_TRADE_NO_USED",
          200, FOUND "\"trade_state\":\"NOTPAY\",\"attach\":\"" ECHO "\"}",
          PAY_E_NONE, NULL, PAY_STATE_PENDING },
        { "ours, closed", PAY_KNOWN_UNKNOWN, "ORDER_CLOSED", 200, CLOSED,
          PAY_E_NONE, NULL, PAY_STATE_CLOSED },
        { "closed, whose is not known", PAY_KNOWN_NEW, "ORDER_CLOSED", 200,
          CLOSED, PAY_E_ALREADY_CLOSED, "number_used", PAY_STATE_NONE },
        { "refused, and not there", PAY_KNOWN_UNKNOWN, "PARAM_ERROR", 404,
          ERR("ORDER_NOT_EXIST"), PAY_E_CHANNEL_REJECTED, "refused",
          PAY_STATE_NONE },
        { "used by another product", PAY_KNOWN_NEW, "OUT_TRADE_NO_USED", 404,
          ERR("ORDER_NOT_EXIST"), PAY_E_IDEMPOTENCY_CONFLICT, "refused",
          PAY_STATE_NONE },
        { "paid, and not there", PAY_KNOWN_NEW, "ORDER_PAID", 404,
          ERR("ORDER_NOT_EXIST"), PAY_E_OUTCOME_UNKNOWN, "refused",
          PAY_STATE_NONE },
        { "the query fails", PAY_KNOWN_NEW, "ORDER_PAID", 500,
          ERR("SYSTEM_ERROR"), PAY_E_OUTCOME_UNKNOWN, "channel_code",
          PAY_STATE_NONE },
        { "the query is refused", PAY_KNOWN_NEW, "ORDER_PAID", 401,
          ERR("SIGN_ERROR"), PAY_E_OUTCOME_UNKNOWN, "refused",
          PAY_STATE_NONE },
        { "another account's order", PAY_KNOWN_NEW, "ORDER_PAID", 200,
          "{\"appid\":\"wx0\",\"mchid\":\"1900000109\",\"out_trade_no\":\""
          ORDER "\",\"trade_state\":\"NOTPAY\"}", PAY_E_OUTCOME_UNKNOWN,
          "echo_mismatch", PAY_STATE_NONE }
    };

    for (i = 0; i < pay_nelts(rows); i++) {
        char  body[128];

        snprintf(body, sizeof(body), "{\"code\":\"%s\"}", rows[i].first);

        begin_talk(PAY_OP_PAY, rows[i].known);
        is_int(answer_unsigned(403, body), PAY_SIGN, rows[i].name);
        is(pay_strz(t.request.method), "GET", "a query");
        is_int(t.request.body.len, 0, "without a body");
        is_int(t.request.nheaders, 3, "nor headers of the first request");
        is_signed("GET\n/v3/pay/transactions/out-trade-no/" ORDER
                  "?mchid=1900000109\n1795305600\n" NONCE_2 "\n\n", NONCE_2);

        rc = rows[i].status == 200 ? answer_signed(200, rows[i].body)
                                   : answer_unsigned(rows[i].status,
                                                     rows[i].body);
        if (rows[i].code != PAY_E_NONE) {
            failed(rc, rows[i].code, rows[i].reason, rows[i].name);
            no_fact();
            continue;
        }

        is_int(rc, PAY_DONE, "done");
        is_int(t.error.code, PAY_E_NONE, "no error");
        is_int(t.fact.state, rows[i].state, "its state");
        is(t.fact.number, ORDER, "its number");
    }

    /* unsigned, or unverified: never a state */

    begin_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    is_int(answer_unsigned(403, ERR("ORDER_PAID")), PAY_SIGN, "look up");
    failed(answer_unsigned(200, PAID), PAY_E_OUTCOME_UNKNOWN,
           "missing_header", "an unsigned answer to the look-up");
    no_fact();

    /* the first time, a broken rule is a broken rule */

    begin_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    failed(answer_unsigned(400, ERR("INVALID_REQUEST")),
           PAY_E_CHANNEL_REJECTED, "refused", "INVALID_REQUEST, first time");

    /* ours and open, and the store still has the code */

    begin_talk(PAY_OP_PAY, PAY_KNOWN_UNKNOWN);
    payment.ref = PAY_STR(CODE_URL);
    is_int(answer_unsigned(400, ERR("INVALID_REQUEST")), PAY_SIGN, "look up");
    is_int(answer_signed(200, NOTPAY), PAY_DONE, "pending");
    is(t.fact.action.value, CODE_URL, "with the stored code");
}


static void
test_close(void)
{
    size_t    i;
    pay_rc_t  rc;

    static const struct {
        const char   *name;
        const char   *first;
        int           status;
        const char   *body;
        pay_code_t    code;
        const char   *reason;
        pay_state_t   state;
    } rows[] = {
        { "paid", "ORDER_PAID", 200, PAID, PAY_E_ALREADY_PAID, "paid",
          PAY_STATE_SUCCEEDED },
        { "refunded", "ORDERPAID", 200, PAID_AS("REFUND", "100", ""),
          PAY_E_ALREADY_PAID, "paid", PAY_STATE_SUCCEEDED },
        { "limited, and paid", "FREQUENCY_LIMITED", 200, PAID,
          PAY_E_ALREADY_PAID, "paid", PAY_STATE_SUCCEEDED },
        { "limited, not paid", "FREQUENCY_LIMITED", 200, NOTPAY,
          PAY_E_PAYER_BUSY, "payer_busy", PAY_STATE_PENDING },
        { "limited, being paid", "FREQUENCY_LIMITED", 200,
          FOUND "\"trade_state\":\"USERPAYING\"}", PAY_E_PAYER_BUSY,
          "payer_busy", PAY_STATE_PROCESSING },
        { "limited, closed", "FREQUENCY_LIMITED", 200, CLOSED, PAY_E_NONE,
          NULL, PAY_STATE_CLOSED },
        { "closed before", "ORDER_CLOSED", 200, CLOSED, PAY_E_NONE, NULL,
          PAY_STATE_CLOSED },
        { "paid, says the error alone", "ORDER_PAID", 200, NOTPAY,
          PAY_E_OUTCOME_UNKNOWN, "look_up", PAY_STATE_NONE },
        { "closed, says the error alone", "ORDER_CLOSED", 200, NOTPAY,
          PAY_E_OUTCOME_UNKNOWN, "look_up", PAY_STATE_NONE },
        { "closed, but paid", "ORDER_CLOSED", 200, PAID, PAY_E_ALREADY_PAID,
          "paid", PAY_STATE_SUCCEEDED },
        { "paid, with another amount", "ORDER_PAID", 200,
          PAID_AS("SUCCESS", "101", ""), PAY_E_OUTCOME_UNKNOWN,
          "echo_mismatch", PAY_STATE_NONE },
        { "paid, and not there", "ORDER_PAID", 404, ERR("ORDER_NOT_EXIST"),
          PAY_E_OUTCOME_UNKNOWN, "refused", PAY_STATE_NONE },
        { "the query is limited", "FREQUENCY_LIMITED", 429,
          ERR("FREQUENCY_LIMITED"), PAY_E_OUTCOME_UNKNOWN, "refused",
          PAY_STATE_NONE }
    };

    begin_talk(PAY_OP_CLOSE, PAY_KNOWN_OPEN);
    is_int(answer_signed(204, ""), PAY_DONE, "204, signed");
    is_int(t.error.code, PAY_E_NONE, "no error");
    is_int(t.fact.state, PAY_STATE_CLOSED, "closed");

    begin_talk(PAY_OP_CLOSE, PAY_KNOWN_OPEN);
    failed(answer_signed(204, "{}"), PAY_E_OUTCOME_UNKNOWN, "json",
           "204 with a body, signed");
    no_fact();

    begin_talk(PAY_OP_CLOSE, PAY_KNOWN_OPEN);
    failed(answer_signed(200, "{}"), PAY_E_OUTCOME_UNKNOWN, "status",
           "200, signed");
    no_fact();

    for (i = 0; i < pay_nelts(rows); i++) {
        char  body[128];

        snprintf(body, sizeof(body), "{\"code\":\"%s\"}", rows[i].first);

        begin_talk(PAY_OP_CLOSE, PAY_KNOWN_OPEN);
        is_int(answer_unsigned(400, body), PAY_SIGN, rows[i].name);
        is_int(pay_wechatpay_v3.sign(&t), PAY_SEND, "a query");

        rc = rows[i].status == 200 ? answer_signed(200, rows[i].body)
                                   : answer_unsigned(rows[i].status,
                                                     rows[i].body);
        is_int(t.fact.state, rows[i].state, "its state");

        if (rows[i].code == PAY_E_NONE) {
            is_int(rc, PAY_DONE, "done");
            is_int(t.error.code, PAY_E_NONE, "no error");
            continue;
        }

        failed(rc, rows[i].code, rows[i].reason, rows[i].name);

        if (rows[i].code == PAY_E_ALREADY_PAID) {
            is(t.fact.channel_number, "4200000001", "the verified fact");
            is(t.error.channel_code, rows[i].first, "the channel's code");
        }
    }
}


int
main(void)
{
    channel_open();

    test_pay_used();
    test_close();

    talk_close(&t);
    channel_close();

    return done();
}
