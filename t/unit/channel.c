
/*
 * Copyright (C) the ngx_pay authors
 *
 * What drivers share: words, nonces, failures, canonical lines, the list of
 * drivers.
 */

#include "test.h"

#include <channel/pay_canon.h>
#include <channel/pay_driver.h>


static void
test_words(void)
{
    static const pay_word_t  words[] = {
        { "ONE", 1 }, { "TWO", 2 }, { "ONE", 3 }, { NULL, 9 }
    };

    is_int(pay_word_find(words, PAY_STR("ONE"), 0), 1, "the first row");
    is_int(pay_word_find(words, PAY_STR("TWO"), 0), 2, "the second");
    is_int(pay_word_find(words, PAY_STR("two"), 0), 0, "another case");
    is_int(pay_word_find(words, PAY_STR("TW"), 7), 7, "a prefix");
    is_int(pay_word_find(words, PAY_STR(""), 7), 7, "empty");
}


static void
test_request_header(void)
{
    size_t         i;
    pay_str_t      null = pay_str_null;
    pay_request_t  q;

    memset(&q, 0, sizeof(q));

    is_int(pay_request_header(&q, "A", PAY_STR("b c")), PAY_OK, "a header");
    is_int(q.nheaders, 1, "one");
    is(q.headers[0].name, "A", "its name");
    is(q.headers[0].value, "b c", "its value");

    is_int(pay_request_header(&q, "A", PAY_STR("b\r\nC: d")), PAY_ERROR,
           "a line end");
    is_int(pay_request_header(&q, "A", PAY_STR("b\0c")), PAY_ERROR, "a NUL");
    is_int(pay_request_header(&q, "A", PAY_STR("\tb")), PAY_ERROR, "a tab");
    is_int(pay_request_header(&q, "A", null), PAY_ERROR, "no memory before");
    is_int(q.nheaders, 1, "none of them was added");

    for (i = 1; i < PAY_REQUEST_HEADERS; i++) {
        pay_request_header(&q, "A", PAY_STR("b"));
    }

    is_int(q.nheaders, PAY_REQUEST_HEADERS, "full");
    is_int(pay_request_header(&q, "A", PAY_STR("b")), PAY_ERROR, "no room");
}


static void
test_nonce(void)
{
    size_t      i;
    pay_str_t   a, b;
    pay_talk_t  t;

    memset(&t, 0, sizeof(t));
    t.arena = pay_arena_create(0);

    for (i = 0; i < PAY_TALK_RANDOM; i++) {
        t.random[i] = (pay_u8) (i * 37);
    }

    a = pay_talk_nonce(&t, 32);
    b = pay_talk_nonce(&t, 32);

    is_int(a.len, 32, "32 characters");
    ok(pay_str_token(a, "", 32, 32), "of [0-9A-Za-z]");
    ok(pay_str_token(b, "", 32, 32), "and the next ones");
    ok(!pay_str_eq(a, b), "are others");
    (void) pay_talk_nonce(&t, PAY_TALK_RANDOM - 64);
    ok(pay_talk_nonce(&t, 1).data == NULL, "no random bytes are left");
    is_int(pay_talk_nonce(&t, 0).len, 0, "none are needed for none");

    /* every byte makes a character */

    for (i = 0; i < 256; i += PAY_TALK_RANDOM) {
        size_t  n;

        for (n = 0; n < PAY_TALK_RANDOM; n++) {
            t.random[n] = (pay_u8) (i + n);
        }

        t.random_used = 0;
        ok(pay_str_token(pay_talk_nonce(&t, PAY_TALK_RANDOM), "",
                         PAY_TALK_RANDOM, PAY_TALK_RANDOM),
           "bytes from %zu", i);
    }

    pay_arena_destroy(t.arena);
}


static void
test_failures(void)
{
    size_t         i;
    pay_talk_t     t;
    pay_answer_t   a;
    pay_channel_t  ch;

    static const struct {
        pay_op_t       op;
        pay_outcome_t  outcome;
        pay_code_t     code;
        const char    *reason;
    } rows[] = {
        { PAY_OP_PAY, PAY_NOT_SENT, PAY_E_CHANNEL_UNREACHABLE, "not_sent" },
        { PAY_OP_QUERY, PAY_NOT_SENT, PAY_E_CHANNEL_UNREACHABLE,
          "not_sent" },
        { PAY_OP_PAY, PAY_UNANSWERED, PAY_E_OUTCOME_UNKNOWN, "unanswered" },
        { PAY_OP_CLOSE, PAY_UNANSWERED, PAY_E_OUTCOME_UNKNOWN, "unanswered" },
        { PAY_OP_QUERY, PAY_UNANSWERED, PAY_E_CHANNEL_RESPONSE_INVALID,
          "unanswered" }
    };

    memset(&ch, 0, sizeof(ch));
    ch.name = PAY_STR("wechat");

    for (i = 0; i < pay_nelts(rows); i++) {
        memset(&t, 0, sizeof(t));
        memset(&a, 0, sizeof(a));
        t.channel = &ch;
        t.op = rows[i].op;
        a.outcome = rows[i].outcome;

        is_int(pay_talk_unanswered(&t, &a), PAY_DONE, "done");
        is_int(t.error.code, rows[i].code, pay_code_info(rows[i].code)->name);
        is(pay_strz(t.error.reason), rows[i].reason, "reason");
        is(t.error.channel, "wechat", "channel");
    }
}


static void
test_lines(void)
{
    pay_arena_t  *a;
    pay_str_t     lines[3] = { pay_str("a"), pay_str_null, pay_str("c\n") };

    a = pay_arena_create(0);

    is(pay_canon_lines(a, lines, 3), "a\n\nc\n\n", "each ends with LF");
    is(pay_canon_lines(a, lines, 1), "a\n", "one line");
    is(pay_canon_lines(a, lines, 0), "", "none");

    pay_arena_destroy(a);

    a = pay_arena_create(2);
    ok(pay_canon_lines(a, lines, 3).data == NULL, "no memory");
    pay_arena_destroy(a);
}


static void
test_drivers(void)
{
    size_t               i, n;
    const pay_driver_t  *d;

    for (i = 0; (d = pay_drivers[i]) != NULL; i++) {
        ok(pay_driver_find(d->name) == d, "%.*s", (int) d->name.len,
           d->name.data);
        ok(d->params && d->can && d->check && d->expiry && d->begin && d->sign
           && d->resume && d->notice && d->acknowledge, "is complete");
        ok(d->can->hosts[0] && d->can->currencies[0] && d->can->ops[0].op,
           "so is its table");

        for (n = 0; d->params[n].name; n++) {
            ok(d->params[n].offset < d->conf_size, "%s", d->params[n].name);
        }
    }

    ok(i > 0, "%zu drivers", i);
    ok(pay_driver_find(PAY_STR("wechatpay")) == NULL, "no such driver");
    ok(pay_driver_find(PAY_STR("")) == NULL, "no name");

    d = pay_driver_find(PAY_STR("wechatpay_v3"));

    is_int(pay_driver_can(d, PAY_OP_PAY, PAY_METHOD_QR_CODE), 1, "qr_code");
    is_int(pay_driver_can(d, PAY_OP_PAY, PAY_METHOD_JSAPI), 1, "jsapi");
    is_int(pay_driver_can(d, PAY_OP_PAY, PAY_METHOD_BARCODE), 0, "barcode");
    is_int(pay_driver_can(d, PAY_OP_PAY, PAY_METHOD_NONE), 1, "any method");
    is_int(pay_driver_can(d, PAY_OP_QUERY, PAY_METHOD_NONE), 1, "query");
    is_int(pay_driver_can(d, PAY_OP_QUERY, PAY_METHOD_JSAPI), 1,
           "query, however it was paid");
    is_int(pay_driver_can(d, PAY_OP_CLOSE, PAY_METHOD_NONE), 1, "close");
    is_int(pay_driver_can(d, PAY_OP_REFUND, PAY_METHOD_NONE), 1, "refund");
    is_int(pay_driver_can(d, PAY_OP_CAPTURE, PAY_METHOD_NONE), 0, "capture");
    is_int(pay_driver_can(d, PAY_OP_NONE, PAY_METHOD_NONE), 0, "nothing");
}


int
main(void)
{
    test_words();
    test_request_header();
    test_nonce();
    test_failures();
    test_lines();
    test_drivers();

    return done();
}
