
/*
 * Copyright (C) the ngx_pay authors
 *
 * The JSON reader: what yajl lets through (table 2.4 of docs/security.md,
 * P-5 to P-9, C-5, C-13 to C-15), memory, looking into a tree.
 */

#define _GNU_SOURCE

#include "json.h"

#include <time.h>


/* why is NULL: accepted, and written again as want; want NULL: as text */

static void
check(pay_str_t text, const char *why, const char *want, const char *name)
{
    int        same;
    verdict_t  v;
    pay_str_t  tree;

    v = judge_all(text, &same);
    ok(same, "%s: the same in pieces", name);

    if (why != NULL) {
        ok(v.rc == PAY_INVALID && strcmp(v.why, why) == 0, "%s: %s (%s)", name,
           why, v.why);
        free(v.tree);
        return;
    }

    if (is_int(v.rc, PAY_OK, name)) {
        tree.data = (pay_u8 *) v.tree;
        tree.len = v.len;
        ok(pay_str_eq(tree, want == NULL ? text : pay_strz(want)),
           "%s: its tree", name);
    }

    free(v.tree);
}


#define T(text)  pay_str(text)

static const struct {
    pay_str_t    text;
    const char  *why;
    const char  *want;
    const char  *name;
} rows[] = {

    /* accepted */

    { T("{}"), NULL, NULL, "empty object" },
    { T("[]"), NULL, NULL, "empty array" },
    { T("{\"a\":1,\"b\":\"x\",\"c\":[true,false,null],\"d\":{}}"), NULL, NULL,
      "one of each" },
    { T(" \t\r\n{ \"a\" :\n1 } \r\n"), NULL, "{\"a\":1}", "white space" },
    { T("1"), NULL, NULL, "top-level number" },
    { T("\"\""), NULL, NULL, "top-level string" },
    { T("null"), NULL, NULL, "top-level null" },
    { T("true"), NULL, NULL, "top-level true" },
    { T("{\"\":0}"), NULL, NULL, "empty key" },
    { T("{\"a\":{\"a\":{\"a\":1}},\"b\":[{\"a\":1},{\"a\":2}]}"), NULL, NULL,
      "the same key in other objects" },
    { T("{\"a\":1,\"A\":2}"), NULL, NULL, "keys that differ by case" },
    { T("{\"a\":1,\"ab\":2,\"\":3}"), NULL, NULL, "keys that are prefixes" },
    { T("[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]"), NULL,
      "[\"\\\"\\\\/\\b\\f\\n\\r\\t\"]", "escapes" },
    { T("[\"\\u0061\\u00e9\\u4e2d\\ud83d\\ude00\"]"), NULL,
      "[\"a\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80\"]", "\\u escapes" },
    { T("[\"\\uD834\\uDD1E\\udbff\\udfff\"]"), NULL,
      "[\"\xf0\x9d\x84\x9e\xf4\x8f\xbf\xbf\"]", "surrogate pairs" },
    { T("[\"\\\\ud800\"]"), NULL, NULL, "no escape: a backslash and ud800" },
    { T("[\"\\\\u0000\"]"), NULL, NULL, "no escape: a backslash and u0000" },
    { T("[\"\\\\\\ud83d\\ude00\"]"), NULL, "[\"\\\\\xf0\x9f\x98\x80\"]",
      "a backslash and a pair" },
    { T("[\"\xc2\x80\xed\x9f\xbf\xf4\x8f\xbf\xbf\x7f\"]"), NULL, NULL,
      "UTF-8 at its borders" },
    { T("[\"\xe2\x80\xa8\xe2\x80\x8b\xef\xbb\xbf\"]"), NULL, NULL,
      "U+2028, U+200B, U+FEFF inside" },

    /* numbers stay text */

    { T("[-0,0,1E2,1e-2,100.0,0.10,-1.5E+3]"), NULL, NULL, "numbers" },
    { T("[9223372036854775807,9223372036854775808,-9223372036854775808]"),
      NULL, NULL, "integers at the border" },
    { T("[18446744073709551716,9007199254740993,1e400,1e-400]"), NULL, NULL,
      "numbers over every border" },
    { T("[0.10000000000000000000000000000000001]"), NULL, NULL,
      "more digits than a double" },
    { T("[01]"), "syntax", NULL, "leading zero" },
    { T("[+1]"), "syntax", NULL, "plus" },
    { T("[1.]"), "syntax", NULL, "no digit behind the point" },
    { T("[.1]"), "syntax", NULL, "no digit before it" },
    { T("[0x1]"), "syntax", NULL, "hexadecimal" },
    { T("[NaN]"), "syntax", NULL, "NaN" },
    { T("[Infinity]"), "syntax", NULL, "Infinity" },
    { T("[-]"), "syntax", NULL, "minus" },
    { T("-"), "syntax", NULL, "minus, top-level" },

    /* C-5 */

    { T("{\"amount\":1,\"amount\":10000}"), "duplicate key", NULL,
      "C-5: twice" },
    { T("{\"amount\":1,\"amount\":1}"), "duplicate key", NULL,
      "C-5: twice the same" },
    { T("{\"amount\":1,\"\\u0061mount\":10000}"), "duplicate key", NULL,
      "C-5: twice, decoded" },
    { T("{\"\\u0061\":1,\"b\":2,\"a\":3}"), "duplicate key", NULL,
      "C-5: not side by side" },
    { T("{\"x\":{\"a\":1,\"a\":2}}"), "duplicate key", NULL, "C-5: nested" },
    { T("[[{\"a\":1,\"b\":2,\"a\":2}]]"), "duplicate key", NULL,
      "C-5: in an array" },
    { T("{\"a\":{\"b\":1},\"a\":[]}"), "duplicate key", NULL,
      "C-5: of other types" },
    { T("{\"\":1,\"\":2}"), "duplicate key", NULL, "C-5: empty keys" },
    { T("{\"/\":1,\"\\/\":2}"), "duplicate key", NULL, "C-5: escaped solidus" },
    { T("{\"\xf0\x9f\x98\x80\":1,\"\\ud83d\\ude00\":2}"), "duplicate key",
      NULL, "C-5: by a surrogate pair" },
    { T("{\"e\\u0301\":1,\"\\u00e9\":2}"), NULL,
      "{\"e\xcc\x81\":1,\"\xc3\xa9\":2}", "C-6: not normalized" },

    /* C-13, P-9 */

    { T("[\"\xc0\xaf\"]"), "utf8", NULL, "C-13: overlong of two" },
    { T("[\"\xe0\x80\xaf\"]"), "utf8", NULL, "C-13: overlong of three" },
    { T("[\"\xf0\x80\x80\xaf\"]"), "utf8", NULL, "C-13: overlong of four" },
    { T("[\"\xed\xa0\x80\"]"), "utf8", NULL, "C-13: surrogate" },
    { T("[\"\xf4\x90\x80\x80\"]"), "utf8", NULL, "C-13: over U+10FFFF" },
    { T("[\"\xf5\x80\x80\x80\"]"), "utf8", NULL, "C-13: F5" },
    { T("[\"\xd6\xd0\"]"), "utf8", NULL, "C-13: GBK" },
    { T("[\"\x93\x5c\"]"), "utf8", NULL, "C-13: GBK with a backslash" },
    { T("[\"\xe4\xb8\"]"), "utf8", NULL, "C-13: torn" },
    { T("{\"\xc0\xaf\":1}"), "utf8", NULL, "C-13: in a key" },
    { T("[1]\xff"), "utf8", NULL, "C-13: behind the text" },
    { T("[\"\\ud800\"]"), "surrogate", NULL, "P-9: high alone" },
    { T("[\"\\udc00\"]"), "surrogate", NULL, "P-9: low alone" },
    { T("[\"\\ud800\\u0041\"]"), "surrogate", NULL, "P-9: high and a letter" },
    { T("[\"\\ud800A\"]"), "surrogate", NULL, "P-9: high and a raw letter" },
    { T("[\"\\ud800\\n\"]"), "surrogate", NULL, "P-9: high and a line feed" },
    { T("[\"\\ud800\\\\udc00\"]"), "surrogate", NULL,
      "P-9: high and a backslash" },
    { T("[\"\\ude00\\ud83d\"]"), "surrogate", NULL, "P-9: reversed" },
    { T("[\"\\ud83d\\ud83d\\ude00\"]"), "surrogate", NULL, "P-9: high twice" },
    { T("[\"\\ud83d\\ude00\\ude00\"]"), "surrogate", NULL, "P-9: low twice" },
    { T("[\"\\uDBFF\\uE000\"]"), "surrogate", NULL, "P-9: high and E000" },
    { T("[\"\\\\\\ud800\"]"), "surrogate", NULL,
      "P-9: high behind a backslash" },
    { T("{\"\\uDFAA\":0}"), "surrogate", NULL, "P-9: in a key" },
    { T("[\"\\ud800"), "surrogate", NULL, "P-7: high at the end" },
    { T("[\"\\ud83d\\ude0"), "surrogate", NULL, "P-7: half a low at the end" },
    { T("[\"\\ud83"), "syntax", NULL, "P-7: half a high at the end" },
    { T("[\"\\u"), "syntax", NULL, "P-7: \\u at the end" },
    { T("[\"\\"), "syntax", NULL, "P-7: a backslash at the end" },
    { T("[\"\\uD8XX\"]"), "syntax", NULL, "P-7: no digits" },
    { T("[\"\\x41\"]"), "syntax", NULL, "\\x" },
    { T("[\"\\a\"]"), "syntax", NULL, "\\a" },

    /* C-14, C-15 */

    { T("\xef\xbb\xbf{}"), "bom", NULL, "C-14: BOM" },
    { T("\xef\xbb\xbf"), "bom", NULL, "C-14: BOM alone" },
    { T("\xff\xfe{\0}\0"), "nul", NULL, "C-14: UTF-16" },
    { T("\0{\0}"), "nul", NULL, "C-14: UTF-16 without a BOM" },
    { T("{\"id\":\"A1\\u0000B2\"}"), "nul", NULL, "C-15: \\u0000" },
    { T("{\"id\\u0000\":1}"), "nul", NULL, "C-15: \\u0000 in a key" },
    { T("[\"a\0b\"]"), "nul", NULL, "C-15: raw" },
    { T("{}\0"), "nul", NULL, "C-15: behind the text" },
    { T("[\"a\nb\"]"), "syntax", NULL, "raw line feed in a string" },
    { T("[\"a\rb\"]"), "syntax", NULL, "raw CR in a string" },
    { T("[\"a\x1f\"]"), "syntax", NULL, "raw control byte in a string" },
    { T("[\f]"), "white space", NULL, "form feed as white space" },
    { T("\f{}"), "white space", NULL, "form feed in front" },
    { T("{}\f"), "white space", NULL, "form feed behind" },
    { T("[\"\f\"]"), "white space", NULL, "form feed in a string" },
    { T("[\v]"), "white space", NULL, "vertical tab as white space" },
    { T("\v1"), "white space", NULL, "vertical tab in front" },
    { T("[\"\v\"]"), "white space", NULL, "vertical tab in a string" },
    { T("[\x1c]"), "syntax", NULL, "file separator" },
    { T("[\x85]"), "utf8", NULL, "next line, one byte" },
    { T("[\xc2\xa0]"), "syntax", NULL, "no-break space" },

    /* syntax */

    { T(""), "syntax", NULL, "nothing" },
    { T(" "), "syntax", NULL, "a space" },
    { T("{} {}"), "syntax", NULL, "two texts" },
    { T("{}x"), "syntax", NULL, "garbage behind" },
    { T("{}\""), "syntax", NULL, "a quote behind" },
    { T("{\"amount\":1} \"x"), "syntax", NULL, "half a string behind" },
    { T("[]\"\\"), "syntax", NULL, "a backslash in it" },
    { T("[]\"\\\""), "syntax", NULL, "an escaped quote in it" },
    { T("[]\"\\u00"), "syntax", NULL, "half an escape in it" },
    { T("1\"23"), "syntax", NULL, "half a string behind a number" },
    { T("\"a\"\"b"), "syntax", NULL, "half a string behind a string" },
    { T("true\"{}"), "syntax", NULL, "half a string behind true" },
    { T("{}tru"), "syntax", NULL, "half a word behind" },
    { T("{} 1"), "syntax", NULL, "a number behind" },
    { T("{} -"), "syntax", NULL, "a minus behind" },
    { T("{} ,"), "syntax", NULL, "a comma behind" },
    { T("{}}"), "syntax", NULL, "one brace too many" },
    { T("1 2"), "syntax", NULL, "two numbers" },
    { T("{"), "syntax", NULL, "not closed" },
    { T("[1,]"), "syntax", NULL, "comma behind" },
    { T("{\"a\":1,}"), "syntax", NULL, "comma behind a member" },
    { T("{,}"), "syntax", NULL, "comma alone" },
    { T("{a:1}"), "syntax", NULL, "bare key" },
    { T("{'a':1}"), "syntax", NULL, "single quotes" },
    { T("{1:1}"), "syntax", NULL, "number as a key" },
    { T("{\"a\"}"), "syntax", NULL, "no value" },
    { T("{\"a\":}"), "syntax", NULL, "no value behind the colon" },
    { T("[1 2]"), "syntax", NULL, "no comma" },
    { T("[1}"), "syntax", NULL, "closed by the other" },
    { T("[/**/1]"), "syntax", NULL, "comment" },
    { T("[1]//x"), "syntax", NULL, "comment behind" },
    { T("[True]"), "syntax", NULL, "True" },
    { T("nul"), "syntax", NULL, "nul" },
    { T("nulll"), "syntax", NULL, "nulll" },
    { T("\\u0041"), "syntax", NULL, "escape outside" }
};


static void
test_rows(void)
{
    size_t  i;

    for (i = 0; i < pay_nelts(rows); i++) {
        check(rows[i].text, rows[i].why, rows[i].want, rows[i].name);
    }
}


/* every row that is accepted, cut at every length: P-7, P-8 */

static void
test_cut(void)
{
    int        same;
    size_t     i, n, wrong;
    verdict_t  v;
    pay_str_t  s;

    for (i = 0; i < pay_nelts(rows); i++) {
        if (rows[i].why != NULL) {
            continue;
        }

        s = rows[i].text;

        for (wrong = 0, n = 0; n < rows[i].text.len; n++) {
            s.len = n;
            v = judge_all(s, &same);
            wrong += !same;

            /* what begins with a bracket is not whole before its last byte */

            wrong += (s.data[0] == '{' || s.data[0] == '[')
                     && v.rc == PAY_OK && v.len < n - 1
                     && s.data[n - 1] != ' ' && s.data[n - 1] != '}';
            free(v.tree);
        }

        is_int(wrong, 0, "P-7, P-8: cut at every length");
    }
}


/* n times the text, in one */

static pay_str_t
times(pay_arena_t *a, const char *open, const char *mid, const char *close,
    size_t n)
{
    size_t     i;
    pay_buf_t  b;

    pay_buf_init(&b, a, 0);

    for (i = 0; i < n; i++) {
        pay_buf_addz(&b, open);
    }

    pay_buf_addz(&b, mid);

    for (i = 0; i < n; i++) {
        pay_buf_addz(&b, close);
    }

    return pay_buf_str(&b);
}


static void
test_depth(void)
{
    pay_str_t     s;
    verdict_t     v;
    pay_arena_t  *a;

    a = pay_arena_create(0);

    check(times(a, "[", "1", "]", 16), NULL, NULL, "P-5: 16 arrays");
    check(times(a, "[", "1", "]", 17), "depth", NULL, "P-5: 17 arrays");
    check(times(a, "{\"a\":", "1", "}", 16), NULL, NULL, "P-5: 16 objects");
    check(times(a, "{\"a\":", "1", "}", 17), "depth", NULL,
          "P-5: 17 objects");
    check(times(a, "[{\"a\":", "1", "}]", 8), NULL, NULL, "P-5: 16 of both");
    check(times(a, "[{\"a\":", "[]", "}]", 8), "depth", NULL,
          "P-5: 17 of both");
    check(times(a, "[", "", "", 17), "depth", NULL, "P-5: 17 brackets");
    check(times(a, "[", "", "", 16), "syntax", NULL, "P-5: 16 brackets");
    check(PAY_STR("[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]],[[[[[[[[[[[[[[[[1"),
          "syntax", NULL, "P-5: goes down as well");

    /* refused early, so it is in one piece only */

    s = times(a, "[", "", "", 1 << 20);
    v = judge(s, 0);
    ok(v.rc == PAY_INVALID && strcmp(v.why, "depth") == 0,
       "P-5: 1 MiB of brackets");
    s = times(a, "{\"a\":", "", "", 1 << 17);
    v = judge(s, 0);
    ok(v.rc == PAY_INVALID && strcmp(v.why, "depth") == 0,
       "P-5: 128 K objects");

    pay_arena_destroy(a);
}


/* an array of n - 1 zeros has n values */

static pay_str_t
zeros(pay_arena_t *a, size_t n)
{
    size_t     i;
    pay_buf_t  b;

    pay_buf_init(&b, a, 0);
    pay_buf_addc(&b, '[');

    for (i = 1; i < n; i++) {
        pay_buf_addz(&b, i == 1 ? "0" : ",0");
    }

    pay_buf_addc(&b, ']');

    return pay_buf_str(&b);
}


/* an object of n members, the keys apart only at their ends */

static pay_str_t
members(pay_arena_t *a, size_t n, const char *last)
{
    size_t     i;
    pay_buf_t  b;

    pay_buf_init(&b, a, 0);

    for (i = 0; i < n; i++) {
        pay_buf_addz(&b, i == 0 ? "{" : ",");
        pay_buf_addz(&b, "\"a_rather_long_name_of_a_member_");
        pay_buf_addi(&b, i * 7919 % n);
        pay_buf_addz(&b, "\":0");
    }

    pay_buf_addz(&b, last);
    pay_buf_addc(&b, '}');

    return pay_buf_str(&b);
}


/* the best of twenty, in microseconds of this process: others have theirs */

static long
cost(pay_str_t text)
{
    int              i;
    long             us, best;
    pay_arena_t     *a;
    const char      *why;
    pay_json_t      *root;
    struct timespec  from, to;

    for (best = -1, i = 0; i < 20; i++) {
        a = pay_arena_create(0);
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
        (void) pay_json_parse(a, text, &root, &why);
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
        pay_arena_destroy(a);

        us = (to.tv_sec - from.tv_sec) * 1000000
             + (to.tv_nsec - from.tv_nsec) / 1000;
        best = best < 0 || us < best ? us : best;
    }

    return best;
}


static void
test_nodes(void)
{
    long          one, all;
    pay_arena_t  *a;

    a = pay_arena_create(0);

    check(zeros(a, PAY_JSON_NODES), NULL, NULL, "X: 2000 values");
    check(zeros(a, PAY_JSON_NODES + 1), "nodes", NULL, "X: 2001 values");
    check(members(a, 1999, ""), NULL, NULL, "C-5: 1999 keys");
    check(members(a, 2000, ""), "nodes", NULL, "X: 2000 members");
    check(members(a, 1998, ",\"a_rather_long_name_of_a_member_0\":1"),
          "duplicate key", NULL, "C-5: one of 1999 twice");

    /* ten times the keys: 100 times the cost if each met each */

    one = cost(members(a, 199, ""));
    all = cost(members(a, 1999, ""));
    printf("# 199 keys: %ld us, 1999 keys: %ld us\n", one, all);
    ok(all < 40 * (one + 10), "C-5: the check of keys is not quadratic");

    pay_arena_destroy(a);
}


/* strings longer than yajl's own buffers, escapes and characters split */

static void
test_long(void)
{
    size_t        i;
    pay_str_t     s;
    verdict_t     v, w;
    pay_arena_t  *a;

    a = pay_arena_create(0);

    s = times(a, "\\u4e2d\xe4\xb8\xad\\n\\ud83d\\ude00 ", "\"]}", "", 400);
    s = pay_concat(a, (const pay_str_t *[]) { &PAY_STR("{\"k\":[\""), &s,
                                              NULL });
    v = judge(s, 0);
    is_int(v.rc, PAY_OK, "P-8: a long string");
    is_int(v.len, 10 + 400 * (3 + 3 + 2 + 4 + 1), "P-8: its length");

    for (i = 1; i <= 4099; i = i < 17 ? i + 1 : i * 2 + 1) {
        w = judge(s, i);
        ok(w.rc == PAY_OK && w.len == v.len
           && memcmp(v.tree, w.tree, v.len) == 0,
           "P-8: a long string in pieces of %zu", i);
        free(w.tree);
    }

    free(v.tree);
    pay_arena_destroy(a);
}


/* P-6: more and more memory: PAY_ERROR until it fits, then always PAY_OK */

static void
sweep(pay_str_t text, size_t n, const char *name)
{
    size_t        limit, fits, wrong;
    pay_rc_t      rc;
    const char   *why;
    pay_json_t   *root;
    pay_arena_t  *a;

    fits = 0;
    wrong = 0;

    for (limit = 1; limit < 40000; limit += limit < 9000 ? 7 : 301) {
        a = pay_arena_create(limit);
        root = (pay_json_t *) 1;
        rc = pay_json_parse_chunked(a, at_end(text), n, &root, &why);

        if (rc == PAY_OK) {
            fits = fits == 0 ? limit : fits;
            wrong += root == NULL;

        } else {
            wrong += rc != PAY_ERROR || fits != 0 || root != NULL
                     || strcmp(why, "memory") != 0;
        }

        pay_arena_destroy(a);
    }

    is_int(wrong, 0, name);
    ok(fits > 100, "P-6: fits into %zu bytes", fits);
}


static void
test_memory(void)
{
    pay_str_t     s;
    pay_arena_t  *a;

    a = pay_arena_create(0);

    s = PAY_STR("{\"a\":\"\\u4e2dx\",\"b\":[1,{\"c\":null}],\"d\":true}");
    sweep(s, 0, "P-6: small, in one piece");
    sweep(s, 1, "P-6: small, in bytes");
    sweep(s, 7, "P-6: small, in sevens");
    sweep(PAY_STR("1"), 0, "P-6: a number");
    sweep(PAY_STR("\"\\n\""), 0, "P-6: a string");
    sweep(members(a, 20, ""), 0, "P-6: many keys");
    s = times(a, "\\n", "\"", "", 2000);
    s = pay_concat(a, (const pay_str_t *[]) { &PAY_STR("\""), &s, NULL });
    sweep(s, 0, "P-6: yajl's buffer grows");
    sweep(s, 900, "P-6: and its other one");
    sweep(times(a, "[", "1", "]", 16), 0, "P-6: deep");

    pay_arena_destroy(a);
}


static void
test_get(void)
{
    int64_t       n;
    pay_str_t     s;
    const char   *why;
    pay_json_t   *o, *v;
    pay_arena_t  *a;

    a = pay_arena_create(0);

    is_int(pay_json_parse(a, PAY_STR(
        "{\"s\":\"text\",\"e\":\"\",\"n\":42,\"z\":null,\"t\":true,"
        "\"a\":[1,\"b\"],\"o\":{\"s\":\"inner\"},\"neg\":-7,\"m0\":-0,"
        "\"max\":9223372036854775807,\"min\":-9223372036854775808,"
        "\"over\":9223372036854775808,\"under\":-9223372036854775809,"
        "\"wrap\":18446744073709551716,\"f\":1.0,\"x\":1e2,\"q\":\"42\","
        "\"\":\"empty\"}"), &o, &why), PAY_OK, "get: parse");

    s = PAY_STR("untouched");
    is_int(pay_json_string(o, "absent", &s), PAY_DECLINED, "string: absent");
    is_int(pay_json_string(o, "z", &s), PAY_DECLINED, "C-10: string: null");
    is_int(pay_json_string(o, "n", &s), PAY_INVALID, "string: number");
    is_int(pay_json_string(o, "t", &s), PAY_INVALID, "string: true");
    is_int(pay_json_string(o, "a", &s), PAY_INVALID, "string: array");
    is_int(pay_json_string(o, "o", &s), PAY_INVALID, "string: object");
    is_int(pay_json_string(NULL, "s", &s), PAY_DECLINED, "string: no object");
    is(s, "untouched", "string: untouched");
    is_int(pay_json_string(o, "s", &s), PAY_OK, "string");
    is(s, "text", "string: text");
    ok(s.data[s.len] == '\0', "string: a NUL behind");
    is_int(pay_json_string(o, "", &s), PAY_OK, "string: empty key");
    is(s, "empty", "string: its text");
    is_int(pay_json_string(o, "e", &s), PAY_OK, "C-10: string: empty");
    is(s, "", "string: empty, not null");
    is_int(pay_json_string(pay_json_get(o, "o"), "s", &s), PAY_OK, "nested");
    is(s, "inner", "nested: text");

    n = 4711;
    is_int(pay_json_int(o, "absent", &n), PAY_DECLINED, "int: absent");
    is_int(pay_json_int(o, "z", &n), PAY_DECLINED, "int: null");
    is_int(pay_json_int(o, "q", &n), PAY_INVALID, "A: int: a string");
    is_int(pay_json_int(o, "f", &n), PAY_INVALID, "A: int: 1.0");
    is_int(pay_json_int(o, "x", &n), PAY_INVALID, "A: int: 1e2");
    is_int(pay_json_int(o, "over", &n), PAY_INVALID, "A: int: 2^63");
    is_int(pay_json_int(o, "under", &n), PAY_INVALID, "A: int: -2^63 - 1");
    is_int(pay_json_int(o, "wrap", &n), PAY_INVALID, "A: int: 2^64 + 100");
    is_int(n, 4711, "int: untouched");
    is_int(pay_json_int(o, "n", &n), PAY_OK, "int");
    is_int(n, 42, "int: 42");
    is_int(pay_json_int(o, "neg", &n), PAY_OK, "int: negative");
    is_int(n, -7, "int: -7");
    is_int(pay_json_int(o, "m0", &n), PAY_OK, "int: -0");
    is_int(n, 0, "int: 0");
    is_int(pay_json_int(o, "max", &n), PAY_OK, "int: greatest");
    ok(n == INT64_MAX, "int: INT64_MAX");
    is_int(pay_json_int(o, "min", &n), PAY_OK, "int: least");
    ok(n == INT64_MIN, "int: INT64_MIN");

    v = pay_json_get(o, "wrap");
    is(v->text, "18446744073709551716", "A: a number keeps its text");
    v = pay_json_get(o, "a");
    ok(v->type == PAY_JSON_ARRAY && v->child->type == PAY_JSON_NUMBER
       && v->child->next->type == PAY_JSON_STRING
       && v->child->next->next == NULL, "an array's elements");
    ok(v->child->key.len == 0, "no key in an array");
    is(v->key, "a", "a member's key");
    ok(pay_json_get(v, "a") == NULL, "get: not in an array");
    ok(pay_json_get(o, "S") == NULL, "get: case counts");
    ok(pay_json_get(NULL, "s") == NULL, "get: of nothing");

    pay_arena_destroy(a);
}


int
main(void)
{
    if (!room_open()) {
        return done();
    }

    test_rows();
    test_cut();
    test_depth();
    test_nodes();
    test_long();
    test_memory();
    test_get();

    room_close();

    return done();
}
