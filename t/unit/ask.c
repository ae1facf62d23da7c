
/*
 * Copyright (C) the ngx_pay authors
 *
 * A payment request: every rule of its fields.
 */

#include "test.h"
#include <model/pay_ask.h>


#define BASE(members)                                                        \
    "{\"order_id\":\"T20261125-0001\",\"currency\":\"CNY\","                 \
    "\"description\":\"demo\",\"method\":\"qr_code\","                       \
    "\"channel\":\"wechat\"" members "}"


static const struct {
    const char  *body;
    pay_code_t   code;
    const char  *param;
    const char  *name;
} cases[] = {
    { BASE(",\"amount\":100"), 0, "", "the least" },
    { BASE(""), PAY_E_FIELD_MISSING, "amount", "amount absent" },
    { BASE(",\"amount\":0"), PAY_E_AMOUNT_INVALID, "amount", "A: 0" },
    { BASE(",\"amount\":-1"), PAY_E_AMOUNT_INVALID, "amount", "A: -1" },
    { BASE(",\"amount\":-0"), PAY_E_AMOUNT_INVALID, "amount", "A: -0" },
    { BASE(",\"amount\":100.0"), PAY_E_AMOUNT_INVALID, "amount", "A: 100.0" },
    { BASE(",\"amount\":1e2"), PAY_E_AMOUNT_INVALID, "amount", "A: 1e2" },
    { BASE(",\"amount\":1E+2"), PAY_E_AMOUNT_INVALID, "amount", "A: 1E+2" },
    { BASE(",\"amount\":0.1"), PAY_E_AMOUNT_INVALID, "amount", "A: 0.1" },
    { BASE(",\"amount\":\"100\""), PAY_E_AMOUNT_INVALID, "amount",
      "A: a string" },
    { BASE(",\"amount\":null"), PAY_E_AMOUNT_INVALID, "amount", "A: null" },
    { BASE(",\"amount\":true"), PAY_E_AMOUNT_INVALID, "amount", "A: true" },
    { BASE(",\"amount\":[100]"), PAY_E_AMOUNT_INVALID, "amount", "A: [100]" },
    { BASE(",\"amount\":{}"), PAY_E_AMOUNT_INVALID, "amount", "A: {}" },
    { BASE(",\"amount\":9007199254740993"), PAY_E_AMOUNT_INVALID, "amount",
      "A: 2^53+1" },
    { BASE(",\"amount\":18446744073709551716"), PAY_E_AMOUNT_INVALID,
      "amount", "A: 2^64+100" },
    { BASE(",\"amount\":1e400"), PAY_E_AMOUNT_INVALID, "amount", "A: 1e400" },
    { BASE(",\"amount\":00100"), PAY_E_JSON_INVALID, "", "A: 00100" },
    { BASE(",\"amount\":+100"), PAY_E_JSON_INVALID, "", "A: +100" },
    { BASE(",\"amount\":NaN"), PAY_E_JSON_INVALID, "", "A: NaN" },
    { BASE(",\"amount\":1,\"amount\":1"), PAY_E_JSON_INVALID, "",
      "C-5: amount twice" },
    { BASE(",\"amount\":1,\"\\u0061mount\":2"), PAY_E_JSON_INVALID, "",
      "C-5: amount twice, once escaped" },
    { BASE(",\"amount\":1,\"payer\":{\"ip\":\"1.1.1.1\",\"ip\":\"2.2.2.2\"}"),
      PAY_E_JSON_INVALID, "", "C-5: nested" },
    { BASE(",\"amount\":1,\"notify_url\":\"http://x/\""), PAY_E_FIELD_UNKNOWN,
      "notify_url", "S-1: notify_url" },
    { BASE(",\"amount\":1,\"payer\":{\"nickname\":\"x\"}"),
      PAY_E_FIELD_UNKNOWN, "payer.nickname", "an unknown nested member" },
    { BASE(",\"amount\":1,\"payer\":\"x\""), PAY_E_FIELD_INVALID, "payer",
      "payer is no object" },
    { BASE(",\"amount\":1,\"payer\":{\"ip\":\"1.1.1.1\"}"), 0, "", "payer" },
    { BASE(",\"amount\":1,\"capture\":\"auto\",\"split\":\"none\""), 0, "",
      "capture, split" },
    { BASE(",\"amount\":1,\"capture\":\"later\""), PAY_E_FIELD_INVALID,
      "capture", "capture: another word" },
    { BASE(",\"amount\":1,\"capture\":\"manual\",\"split\":\"later\""), 0,
      "", "capture, split: the other words" },
    { BASE(",\"amount\":1,\"split\":\"manual\""), PAY_E_FIELD_INVALID,
      "split", "split: a word of capture" },
    { BASE(",\"amount\":1,\"split\":true"), PAY_E_FIELD_INVALID, "split",
      "split: no word" },
    { BASE(",\"amount\":1,\"capture\":null"), PAY_E_FIELD_INVALID,
      "capture", "capture: null" },
    { BASE(",\"amount\":1,\"expires_at\":\"2026-11-25T10:00:00+08:00\""), 0,
      "", "expires_at" },
    { BASE(",\"amount\":1,\"expires_at\":\"2026-11-25 10:00:00\""),
      PAY_E_FIELD_INVALID, "expires_at", "expires_at: no RFC 3339" },
    { BASE(",\"amount\":1,\"return_url\":\"https://shop.example/ok?a=1\""),
      0, "", "return_url" },
    { BASE(",\"amount\":1,\"return_url\":\"javascript:alert(1)\""),
      PAY_E_FIELD_INVALID, "return_url", "return_url: no http" },
    { BASE(",\"amount\":1,\"return_url\":\"https://x/\\r\\nA: b\""),
      PAY_E_FIELD_INVALID, "return_url", "C-16: CR LF in a URL" },
    { BASE(",\"amount\":1,\"metadata\":{\"k\":\"v\"}"), 0, "", "metadata" },
    { BASE(",\"amount\":1,\"metadata\":{\"k\":1}"), PAY_E_FIELD_INVALID,
      "metadata", "metadata: a number" },
    { BASE(",\"amount\":1,\"metadata\":{\"\":\"v\"}"), PAY_E_FIELD_INVALID,
      "metadata", "metadata: an empty key" },
    { BASE(",\"amount\":1,\"channel_options\":{}"), 0, "", "no option" },
    { BASE(",\"amount\":1,\"channel_options\":{\"x\":1}"),
      PAY_E_FIELD_UNKNOWN, "channel_options.x", "an option" },
    { "[]", PAY_E_JSON_INVALID, "", "an array" },
    { "1", PAY_E_JSON_INVALID, "", "a number" },
    { "", PAY_E_JSON_INVALID, "", "nothing" },
    { "{\"order_id\":\"a\\u0000b\"}", PAY_E_JSON_INVALID, "", "C-15: NUL" },
    { "{\"order_id\":\"../../refund\"}", PAY_E_FIELD_INVALID, "order_id",
      "S-8: a path" },
    { "{\"order_id\":\"e\xCC\x81\"}", PAY_E_FIELD_INVALID, "order_id",
      "C-6: not ASCII" },
    { "{\"order_id\":\"\"}", PAY_E_FIELD_INVALID, "order_id", "empty" },
    { "{\"order_id\":null}", PAY_E_FIELD_INVALID, "order_id", "C-10: null" },
    { "{\"currency\":\"cny\"}", PAY_E_CURRENCY_UNSUPPORTED, "currency",
      "A: cny" },
    { "{\"currency\":\"XXX\"}", PAY_E_CURRENCY_UNSUPPORTED, "currency",
      "A: XXX" },
    { "{\"currency\":\"ZZZ\"}", PAY_E_CURRENCY_UNSUPPORTED, "currency",
      "A: ZZZ" },
    { "{\"method\":\"QR_CODE\"}", PAY_E_FIELD_INVALID, "method",
      "a method in other letters" },
    { "{\"description\":\"a\\nb\"}", PAY_E_FIELD_INVALID, "description",
      "a line end in the description" },
    { "{\"description\":\"\"}", PAY_E_FIELD_INVALID, "description", "empty" }
};


static void
test_cases(void)
{
    size_t              i;
    pay_rc_t            rc;
    pay_error_t         e;
    pay_arena_t        *a;
    pay_ask_t           ask;

    for (i = 0; i < pay_nelts(cases); i++) {
        a = pay_arena_create(0);
        memset(&e, 0, sizeof(e));

        rc = pay_ask_parse(a, PAY_OP_PAY, pay_strz(cases[i].body), &ask, &e);

        if (!ok((rc == PAY_OK) == (cases[i].code == 0)
                && e.code == cases[i].code
                && pay_str_eqz(e.param, cases[i].param),
                "%s", cases[i].name))
        {
            printf("# rc %d, %s, param %.*s\n", rc,
                   pay_code_info(e.code)->name, (int) e.param.len,
                   e.param.data);
        }

        pay_arena_destroy(a);
    }
}


static void
test_lengths(void)
{
    char                body[8192], text[600];
    size_t              i;
    pay_rc_t            rc;
    pay_error_t         e;
    pay_arena_t        *a;
    pay_ask_t           ask;

    a = pay_arena_create(0);

    for (i = 126; i <= 128; i++) {
        size_t  k;

        text[0] = '\0';

        for (k = 0; k < i; k++) {
            strcat(text, "\xE5\xBC\xA0");
        }

        snprintf(body, sizeof(body), "{\"order_id\":\"A\",\"amount\":1,"
                 "\"currency\":\"CNY\",\"method\":\"qr_code\","
                 "\"channel\":\"w\",\"description\":\"%s\"}", text);
        memset(&e, 0, sizeof(e));
        rc = pay_ask_parse(a, PAY_OP_PAY, pay_strz(body), &ask, &e);
        ok((rc == PAY_OK) == (i <= 127),
           "description of %zu characters of 3 bytes", i);
    }

    for (i = 64; i <= 65; i++) {
        memset(text, 'x', i);
        text[i] = '\0';
        ok(pay_number_valid(pay_strz(text)) == (i == 64),
           "C-17: a number of %zu", i);
    }

    pay_arena_destroy(a);
}


static void
fingerprint(const char *body, pay_u8 out[16])
{
    pay_error_t         e;
    pay_arena_t        *a;
    pay_ask_t           ask;

    a = pay_arena_create(0);
    memset(out, 0, 16);

    if (pay_ask_parse(a, PAY_OP_PAY, pay_strz(body), &ask, &e) == PAY_OK) {
        pay_ask_fingerprint(out, a, PAY_OP_PAY, &ask);
    }

    pay_arena_destroy(a);
}


static const struct {
    const char  *body;
    int          same;
    const char  *name;
} wishes[] = {
    { BASE(",\"amount\":100,\"metadata\":{\"a\":\"1\",\"b\":\"2\"}"), 1,
      "the same" },
    { BASE(" , \"metadata\":{\"b\":\"2\",\"a\":\"1\"},\n\"amount\":100"), 1,
      "other spaces, another order" },
    { BASE(",\"amount\":101,\"metadata\":{\"a\":\"1\",\"b\":\"2\"}"), 0,
      "another amount" },
    { BASE(",\"amount\":100,\"metadata\":{\"a\":\"1\",\"b\":\"3\"}"), 0,
      "other metadata" },
    { BASE(",\"amount\":100"), 0, "no metadata" },
    { BASE(",\"amount\":100,\"metadata\":{\"a\":\"1\",\"b\":\"2\"},"
           "\"split\":\"later\""), 0, "split" },
    { BASE(",\"amount\":100,\"metadata\":{\"a\":\"1\",\"b\":\"2\"},"
           "\"capture\":\"manual\""), 0, "capture" },
    { BASE(",\"amount\":100,\"metadata\":{\"a\":\"1\",\"b\":\"2\"},"
           "\"capture\":\"auto\",\"split\":\"none\""), 1,
      "what is so anyway" },
    { BASE(",\"amount\":100,\"metadata\":{\"a\":\"1\",\"b\":\"2\"},"
           "\"store\":{\"id\":\"7\"}"), 0, "a store" },
    { BASE(",\"amount\":100,\"metadata\":{\"a\":\"1\",\"b\":\"2\"},"
           "\"expires_at\":\"2026-11-25T10:00:00Z\""), 0, "an end" }
};


static void
test_fingerprints(void)
{
    size_t  i;
    pay_u8  first[16], other[16];

    fingerprint(wishes[0].body, first);

    for (i = 1; i < pay_nelts(wishes); i++) {
        fingerprint(wishes[i].body, other);
        ok((memcmp(first, other, 16) == 0) == wishes[i].same,
           "fingerprint: %s", wishes[i].name);
    }
}


/* every allocation may fail: an error, never a wrong verdict */

static void
test_memory(void)
{
    size_t              limit;
    pay_rc_t            rc;
    pay_error_t         e;
    pay_arena_t        *a;
    pay_ask_t           ask;

    for (limit = 64; limit < 65536; limit += 64) {
        a = pay_arena_create(limit);

        if (a == NULL) {
            continue;
        }

        rc = pay_ask_parse(a, PAY_OP_PAY, pay_strz(wishes[0].body), &ask, &e);
        pay_arena_destroy(a);

        if (rc != PAY_ERROR) {
            break;
        }
    }

    ok(limit < 65536 && rc == PAY_OK, "no memory up to %zu bytes: PAY_ERROR",
       limit);
}


int
main(void)
{
    test_cases();
    test_lengths();
    test_fingerprints();
    test_memory();

    return done();
}
