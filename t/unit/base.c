
/*
 * Copyright (C) the ngx_pay authors
 *
 * src/base: strings, UTF-8, the arena, the string builder.
 */

#include "test.h"


#define WIPED_MAX  64

static size_t  wiped_n;
static struct {
    pay_u8     *p;
    size_t      n;
} wiped[WIPED_MAX];


/* instead of libc's: to see what is wiped, which can't be read afterwards */

void
explicit_bzero(void *p, size_t n)
{
    if (wiped_n < WIPED_MAX) {
        wiped[wiped_n].p = p;
        wiped[wiped_n].n = n;
    }

    wiped_n++;
    memset(p, 0, n);
}


/* and under its name in a fortified build */

void  __explicit_bzero_chk(void *p, size_t n, size_t size);

void
__explicit_bzero_chk(void *p, size_t n, size_t size)
{
    (void) size;
    explicit_bzero(p, n);
}


static const struct {
    const char  *text;
    size_t       len;
    long         chars;
    const char  *name;
} utf8_rows[] = {
    { "", 0, 0, "empty" },
    { "abc", 3, 3, "ASCII" },
    { "\x7f", 1, 1, "U+007F" },
    { "\0", 1, -1, "NUL" },
    { "a\0b", 3, -1, "NUL inside" },
    { "\xc2\x80", 2, 1, "U+0080, the least of two bytes" },
    { "\xdf\xbf", 2, 1, "U+07FF" },
    { "\xe0\xa0\x80", 3, 1, "U+0800, the least of three" },
    { "\xed\x9f\xbf", 3, 1, "U+D7FF" },
    { "\xee\x80\x80", 3, 1, "U+E000" },
    { "\xef\xbf\xbf", 3, 1, "U+FFFF" },
    { "\xf0\x90\x80\x80", 4, 1, "U+10000, the least of four" },
    { "\xf4\x8f\xbf\xbf", 4, 1, "U+10FFFF" },
    { "\xe4\xb8\xad\xe6\x96\x87" "x", 7, 3, "two ideographs and a letter" },
    { "\xc0\xaf", 2, -1, "overlong of two" },
    { "\xc1\xbf", 2, -1, "overlong C1" },
    { "\xe0\x80\xaf", 3, -1, "overlong of three" },
    { "\xe0\x9f\xbf", 3, -1, "overlong U+07FF" },
    { "\xf0\x80\x80\xaf", 4, -1, "overlong of four" },
    { "\xf0\x8f\xbf\xbf", 4, -1, "overlong U+FFFF" },
    { "\xed\xa0\x80", 3, -1, "surrogate D800" },
    { "\xed\xbf\xbf", 3, -1, "surrogate DFFF" },
    { "\xf4\x90\x80\x80", 4, -1, "over U+10FFFF" },
    { "\xf5\x80\x80\x80", 4, -1, "lead byte F5" },
    { "\xf8\x88\x80\x80\x80", 5, -1, "five bytes" },
    { "\xff\xfe", 2, -1, "FF FE" },
    { "\x80", 1, -1, "continuation alone" },
    { "\xbf", 1, -1, "continuation BF alone" },
    { "\xc2", 1, -1, "two bytes, cut" },
    { "\xe4\xb8", 2, -1, "three bytes, cut" },
    { "\xf0\x9f\x98", 3, -1, "four bytes, cut" },
    { "\xc2" "a", 2, -1, "lead byte and a letter" },
    { "\xe4\xb8" "a", 3, -1, "third byte a letter" },
    { "\xf0\x9f\x98" "a", 4, -1, "fourth byte a letter" },
    { "\xe4\xb8\xc0", 3, -1, "third byte a lead byte" },
    { "\xd6\xd0", 2, -1, "GBK" },
    { "\x93\x5c", 2, -1, "GBK with a backslash as second byte" }
};


static const struct {
    const char  *text;
    uint64_t     max;
    pay_rc_t     rc;
    uint64_t     n;
} uint_rows[] = {
    { "0", 0, PAY_OK, 0 },
    { "1", 0, PAY_INVALID, 0 },
    { "7", 9, PAY_OK, 7 },
    { "10", 9, PAY_INVALID, 0 },
    { "9", 5, PAY_INVALID, 0 },
    { "5", 5, PAY_OK, 5 },
    { "4294967396", 100000, PAY_INVALID, 0 },
    { "18446744073709551615", UINT64_MAX, PAY_OK, UINT64_MAX },
    { "18446744073709551616", UINT64_MAX, PAY_INVALID, 0 },
    { "18446744073709551716", UINT64_MAX, PAY_INVALID, 0 },
    { "99999999999999999999999", UINT64_MAX, PAY_INVALID, 0 },
    { "", 9, PAY_INVALID, 0 },
    { "00", 9, PAY_INVALID, 0 },
    { "01", 9, PAY_INVALID, 0 },
    { "+1", 9, PAY_INVALID, 0 },
    { "-1", 9, PAY_INVALID, 0 },
    { "-0", 9, PAY_INVALID, 0 },
    { " 1", 9, PAY_INVALID, 0 },
    { "1 ", 9, PAY_INVALID, 0 },
    { "1.0", 99, PAY_INVALID, 0 },
    { "1e1", 99, PAY_INVALID, 0 },
    { "0x1", 99, PAY_INVALID, 0 },
    { "\xef\xbc\x91", 9, PAY_INVALID, 0 }
};


static void
test_str(void)
{
    pay_str_t  none = pay_str_null;

    ok(pay_str_eq(PAY_STR("ab"), PAY_STR("ab")), "eq");
    ok(!pay_str_eq(PAY_STR("ab"), PAY_STR("aB")), "eq: case counts");
    ok(!pay_str_eq(PAY_STR("ab"), PAY_STR("abc")), "eq: length counts");
    ok(!pay_str_eq(PAY_STR("a\0b"), PAY_STR("a\0c")), "eq: behind a NUL");
    ok(pay_str_eq(none, PAY_STR("")), "eq: null and empty");
    ok(pay_str_eqz(PAY_STR("x"), "x"), "eqz");
    ok(!pay_str_eqz(PAY_STR("x\0"), "x"), "eqz: a NUL is a byte");
    ok(pay_str_eqz(none, ""), "eqz: null is empty");

    ok(pay_str_caseeqz(PAY_STR("Content-TYPE"), "content-type"), "caseeqz");
    ok(!pay_str_caseeqz(PAY_STR("content-typ"), "content-type"),
       "caseeqz: prefix");
    ok(!pay_str_caseeqz(PAY_STR("["), "{"), "caseeqz: letters only");
    ok(pay_str_caseeq(PAY_STR("a-Z"), PAY_STR("A-z")), "caseeq");
    ok(!pay_str_caseeq(PAY_STR("a\0b"), PAY_STR("a\0c")),
       "caseeq: behind a NUL");
    is(pay_str_trim(PAY_STR(" \t a \t b\t ")), "a \t b", "trim");
    is(pay_str_trim(PAY_STR("\r\na\n")), "\r\na\n", "trim: no line ends");
    is(pay_str_trim(PAY_STR(" \t")), "", "trim: to nothing");
    ok(!pay_str_caseeqz(PAY_STR("\xc3\x84"), "\xc3\xa4"),
       "caseeqz: ASCII only");

    ok(pay_str_starts(PAY_STR("whsec_x"), "whsec_"), "starts");
    ok(pay_str_starts(PAY_STR("whsec_"), "whsec_"), "starts: whole");
    ok(!pay_str_starts(PAY_STR("whsec"), "whsec_"), "starts: too short");
    ok(pay_str_starts(none, ""), "starts: null with nothing");
    ok(!pay_str_starts(none, "a"), "starts: null with something");

    is_int(pay_strz("abc").len, 3, "strz");
    is_int(pay_strz(NULL).len, 0, "strz of NULL");
}


/* C-18: bytes, and the shorter first */

static void
test_cmp(void)
{
    size_t              i;
    static const char  *sorted[] = { "", "A", "a", "aB", "a_b", "ab", "b" };

    for (i = 1; i < pay_nelts(sorted); i++) {
        is_int(pay_str_cmp(pay_strz(sorted[i - 1]), pay_strz(sorted[i])), -1,
               "C-18: cmp is -1");
        is_int(pay_str_cmp(pay_strz(sorted[i]), pay_strz(sorted[i - 1])), 1,
               "C-18: cmp is 1");
        is_int(pay_str_cmp(pay_strz(sorted[i]), pay_strz(sorted[i])), 0,
               "C-18: cmp is 0");
    }

    is_int(pay_str_cmp(PAY_STR("\xff"), PAY_STR("a")), 1, "cmp: unsigned");
    is_int(pay_str_cmp(PAY_STR("a\0b"), PAY_STR("a\0a")), 1, "cmp: NUL");
}


static void
test_token(void)
{
    pay_str_t  none = pay_str_null;

    ok(pay_str_token(PAY_STR("Az09"), "", 1, 4), "token: letters, digits");
    ok(pay_str_token(PAY_STR("a_-b"), "_-", 1, 64), "token: extra");
    ok(!pay_str_token(PAY_STR("a_-b"), "_", 1, 64), "token: not in extra");
    ok(!pay_str_token(PAY_STR("ab"), "", 3, 4), "token: too short");
    ok(!pay_str_token(PAY_STR("abcde"), "", 3, 4), "token: too long");
    ok(!pay_str_token(PAY_STR("a\0b"), "_-", 1, 64), "C-15: token: NUL");
    ok(!pay_str_token(PAY_STR("a\nb"), "_-", 1, 64), "C-1: token: line feed");
    ok(!pay_str_token(PAY_STR("a b"), "_-", 1, 64), "token: space");
    ok(!pay_str_token(PAY_STR("a@[`{/:"), "", 1, 64), "token: neighbours");
    ok(!pay_str_token(PAY_STR("\xc3\xa9"), "", 1, 64), "C-6: token: UTF-8");
    ok(pay_str_token(PAY_STR("abc"), NULL, 1, 64), "token: extra is NULL");
    ok(!pay_str_token(PAY_STR("a-"), NULL, 1, 64), "token: extra is NULL, -");
    ok(pay_str_token(none, "", 0, 4), "token: empty where allowed");
    ok(!pay_str_token(none, "", 1, 4), "token: empty where not");
}


static void
test_uint(void)
{
    size_t    i;
    uint64_t  n;

    for (i = 0; i < pay_nelts(uint_rows); i++) {
        n = 4711;
        is_int(pay_str_uint(pay_strz(uint_rows[i].text), uint_rows[i].max, &n),
               uint_rows[i].rc, uint_rows[i].text);
        ok(n == (uint_rows[i].rc == PAY_OK ? uint_rows[i].n : 4711),
           "uint \"%s\": value, or untouched", uint_rows[i].text);
    }
}


/* each text also in a block of its own length, so that a reader over its end
   is caught */

static void
test_utf8(void)
{
    char       *copy;
    size_t      i;
    pay_str_t   s;

    for (i = 0; i < pay_nelts(utf8_rows); i++) {
        copy = malloc(utf8_rows[i].len + (utf8_rows[i].len == 0));
        memcpy(copy, utf8_rows[i].text, utf8_rows[i].len);

        s.data = (pay_u8 *) copy;
        s.len = utf8_rows[i].len;
        is_int(pay_utf8_length(s), utf8_rows[i].chars, utf8_rows[i].name);

        free(copy);
    }
}


static void
test_cut(void)
{
    pay_str_t  s = pay_str("a\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80z");
    pay_str_t  none = pay_str_null;

    is(pay_utf8_cut(s, 0), "", "cut: none");
    is(pay_utf8_cut(s, 1), "a", "cut: one");
    is(pay_utf8_cut(s, 2), "a\xc3\xa9", "cut: behind two bytes");
    is(pay_utf8_cut(s, 3), "a\xc3\xa9\xe4\xb8\xad", "cut: behind three");
    is_int(pay_utf8_cut(s, 4).len, 10, "cut: behind four");
    is_int(pay_utf8_cut(s, 5).len, 11, "cut: all");
    is_int(pay_utf8_cut(s, 99).len, 11, "cut: more than there are");
    is_int(pay_utf8_cut(none, 5).len, 0, "cut: null");
    is(pay_utf8_cut(PAY_STR("ab\xff" "c"), 9), "ab", "cut: at a bad byte");
    is(pay_utf8_cut(PAY_STR("ab\xe4\xb8"), 9), "ab", "cut: at a torn one");
}


static void
test_secret(void)
{
    size_t  i;
    pay_u8  a[32], b[32];

    memset(a, 0x5a, sizeof(a));
    memcpy(b, a, sizeof(a));

    ok(pay_equal_secret(a, b, sizeof(a)), "secrets: equal");
    ok(pay_equal_secret(a, b, 0), "secrets: nothing");

    for (i = 0; i < sizeof(a); i++) {
        b[i] ^= 1 << i % 8;
        ok(!pay_equal_secret(a, b, sizeof(a)), "secrets: byte %zu", i);
        b[i] = a[i];
    }

    pay_wipe(a, 16);
    ok(a[0] == 0 && a[15] == 0 && a[16] == 0x5a, "wipe: so many bytes");
    pay_wipe(NULL, 0);
    ok(1, "wipe: nothing");
}


static void
test_arena(void)
{
    pay_u8       *p, *q;
    size_t        i, bad;
    pay_str_t     s, none = pay_str_null;
    pay_arena_t  *a;

    a = pay_arena_create(0);
    ok(a != NULL, "arena");

    p = pay_alloc(a, 0);
    q = pay_alloc(a, 0);
    ok(p != NULL && q != NULL && p != q, "arena: nothing is something");
    ok(pay_alloc(a, SIZE_MAX) == NULL, "arena: SIZE_MAX");
    ok(pay_alloc(a, SIZE_MAX - 15) == NULL, "arena: near SIZE_MAX");
    ok(pay_calloc(a, SIZE_MAX / 2 + 2) == NULL, "arena: half of it");

    for (bad = 0, i = 1; i < 3000; i += 7) {
        p = pay_alloc(a, i);
        q = pay_calloc(a, i);
        memset(p, 0xaa, i);
        bad += (uintptr_t) p % 16 != 0 || (uintptr_t) q % 16 != 0
               || q[0] != 0 || q[i - 1] != 0;
    }

    is_int(bad, 0, "arena: aligned, zeroed, apart");

    p = pay_alloc(a, 1000000);
    ok(p != NULL, "arena: a large one");
    memset(p, 1, 1000000);

    s = pay_str_dup(a, PAY_STR("a\0b"));
    ok(s.len == 3 && memcmp(s.data, "a\0b", 4) == 0, "dup: with a NUL");
    s = pay_str_dup(a, none);
    ok(s.len == 0 && s.data != NULL && s.data[0] == '\0', "dup: of null");

    pay_arena_destroy(a);
    pay_arena_destroy(NULL);
    ok(1, "arena: destroyed, and NULL");
}


/* L: whatever was handed out is wiped when the arena goes */

static void
test_wiped(void)
{
    size_t        i, j, n[5] = { 1, 100, 4000, 5000, 100000 };
    pay_u8       *p[5];
    pay_arena_t  *a;

    a = pay_arena_create(0);

    for (i = 0; i < 5; i++) {
        p[i] = pay_alloc(a, n[i]);
        memset(p[i], 0x5a, n[i]);
    }

    wiped_n = 0;
    pay_arena_destroy(a);
    ok(wiped_n > 0 && wiped_n <= WIPED_MAX, "arena: wipes");

    for (i = 0; i < 5; i++) {
        for (j = 0; j < wiped_n; j++) {
            if (p[i] >= wiped[j].p && p[i] + n[i] <= wiped[j].p + wiped[j].n) {
                break;
            }
        }

        ok(j < wiped_n, "arena: wipes what it gave, %zu", n[i]);
    }
}


static void
test_limit(void)
{
    size_t        limit, n, sum;
    pay_str_t     s;
    pay_arena_t  *a;

    for (limit = 1; limit < 200000; limit = limit * 3 + 1) {
        a = pay_arena_create(limit);

        for (sum = 0, n = 1; n < 3000; n++) {
            if (pay_alloc(a, n % 100 + 1) != NULL) {
                sum += n % 100 + 1;
            }
        }

        ok(sum <= limit, "limit %zu: no more than that", limit);
        ok(sum + limit / 2 + 200 >= limit || sum > 150000,
           "limit %zu: and not much less", limit);
        ok(pay_alloc(a, limit + 1) == NULL, "limit %zu: too large", limit);
        pay_arena_destroy(a);
    }

    a = pay_arena_create(1024);
    ok(pay_alloc(a, 1024) != NULL, "limit: all at once");
    ok(pay_alloc(a, 1) == NULL, "limit: nothing left");
    s = pay_str_dup(a, PAY_STR("x"));
    ok(s.data == NULL && s.len == 0, "limit: dup fails");
    pay_arena_destroy(a);
}


static void
test_buf(void)
{
    int           i;
    char          want[3001];
    pay_buf_t     b;
    pay_str_t     none = pay_str_null;
    pay_arena_t  *a;

    a = pay_arena_create(0);

    pay_buf_init(&b, a, 0);
    is(pay_buf_str(&b), "", "buf: empty is not null");

    pay_buf_init(&b, a, 1);
    pay_buf_add(&b, "ab", 2);
    pay_buf_adds(&b, PAY_STR("cd"));
    pay_buf_adds(&b, none);
    pay_buf_addz(&b, "ef");
    pay_buf_addz(&b, "");
    pay_buf_addc(&b, '.');
    is(pay_buf_str(&b), "abcdef.", "buf: parts");

    pay_buf_init(&b, a, 3);
    pay_buf_addi(&b, 0);
    pay_buf_addc(&b, ' ');
    pay_buf_addi(&b, -1);
    pay_buf_addc(&b, ' ');
    pay_buf_addi(&b, 1234567890);
    pay_buf_addc(&b, ' ');
    pay_buf_addi(&b, INT64_MAX);
    pay_buf_addc(&b, ' ');
    pay_buf_addi(&b, INT64_MIN);
    is(pay_buf_str(&b), "0 -1 1234567890 9223372036854775807 "
       "-9223372036854775808", "buf: integers");

    pay_buf_init(&b, a, 3);
    pay_buf_addfix(&b, 0, 0);
    pay_buf_addc(&b, ' ');
    pay_buf_addfix(&b, 42, 0);
    pay_buf_addc(&b, ' ');
    pay_buf_addfix(&b, 0, 3);
    pay_buf_addc(&b, ' ');
    pay_buf_addfix(&b, 12045, 3);
    pay_buf_addc(&b, ' ');
    pay_buf_addfix(&b, -7, 2);
    pay_buf_addc(&b, ' ');
    pay_buf_addfix(&b, -1203, 2);
    is(pay_buf_str(&b), "0 42 0.000 12.045 -0.07 -12.03", "buf: fractions");

    pay_buf_init(&b, a, 3);
    pay_buf_addfix(&b, INT64_MAX, 18);
    pay_buf_addc(&b, ' ');
    pay_buf_addfix(&b, INT64_MIN, 6);
    is(pay_buf_str(&b), "9.223372036854775807 -9223372036854.775808",
       "buf: fractions at the limits");

    pay_buf_init(&b, a, 1);
    pay_buf_addhex(&b, (const pay_u8 *) "\x00\x0f\xa0\xff", 4);
    pay_buf_addhex(&b, NULL, 0);
    is(pay_buf_str(&b), "000fa0ff", "buf: hex");

    pay_buf_init(&b, a, 1);

    for (i = 0; i < 1000; i++) {
        pay_buf_addz(&b, "xyz");
        memcpy(want + 3 * i, "xyz", 3);
    }

    want[3000] = '\0';
    is(pay_buf_str(&b), want, "buf: grows");
    is_int(b.failed, 0, "buf: has not failed");

    pay_buf_init(&b, a, 4);
    pay_buf_addz(&b, "ab");
    pay_buf_add(&b, b.data, b.len);
    pay_buf_add(&b, b.data, b.len);
    is(pay_buf_str(&b), "abababab", "buf: its own text");

    pay_buf_add(&b, "", SIZE_MAX - 4);
    ok(b.failed && pay_buf_str(&b).data == NULL, "buf: absurd length");

    pay_buf_init(&b, a, 4);
    pay_buf_addhex(&b, NULL, SIZE_MAX / 2 + 1);
    ok(b.failed, "buf: absurd length in hex");

    pay_arena_destroy(a);
}


/* after a failure: nothing more, and no text */

static void
test_buf_fails(void)
{
    pay_buf_t     b;
    pay_str_t     s;
    pay_arena_t  *a;

    a = pay_arena_create(64);
    pay_buf_init(&b, a, 32);
    pay_buf_addz(&b, "0123456789012345678901234567890123456789");
    ok(b.failed, "buf: over the limit");
    pay_buf_addc(&b, 'x');
    pay_buf_addi(&b, 1);
    pay_buf_addfix(&b, 1, 1);
    pay_buf_addhex(&b, (const pay_u8 *) "x", 1);
    pay_buf_adds(&b, PAY_STR("y"));
    s = pay_buf_str(&b);
    ok(s.data == NULL && s.len == 0, "buf: stays failed");
    pay_arena_destroy(a);

    a = pay_arena_create(16);
    pay_buf_init(&b, a, 17);
    ok(b.failed, "buf: fails at once");
    pay_buf_addz(&b, "x");
    ok(pay_buf_str(&b).data == NULL, "buf: no text");
    pay_arena_destroy(a);
}


static void
test_concat(void)
{
    pay_str_t         one = pay_str("one"), none = pay_str_null;
    pay_str_t         two = pay_str("\ntwo");
    const pay_str_t  *parts[] = { &one, &none, &two, &one, NULL };
    pay_arena_t      *a;

    a = pay_arena_create(0);
    is(pay_concat(a, parts), "one\ntwoone", "concat");
    is(pay_concat(a, parts + 4), "", "concat: nothing is empty, not null");
    pay_arena_destroy(a);

    a = pay_arena_create(8);
    ok(pay_concat(a, parts).data == NULL, "concat: no memory");
    pay_arena_destroy(a);
}


int
main(void)
{
    test_str();
    test_cmp();
    test_token();
    test_uint();
    test_utf8();
    test_cut();
    test_secret();
    test_arena();
    test_wiped();
    test_limit();
    test_buf();
    test_buf_fails();
    test_concat();

    return done();
}
