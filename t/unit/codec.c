
/*
 * Copyright (C) the ngx_pay authors
 *
 * src/codec: base64 (K-11 and the table of docs/security.md), hexadecimal,
 * percent-encoding, forms (C-2, C-4, C-8, C-9, C-10, C-15).
 */

#include "test.h"

#include <codec/pay_codec.h>
#include <codec/pay_hex.h>


/* RFC 4648 section 10, and bits of every kind */

static const struct {
    const char  *bytes;
    size_t       len;
    const char  *text;
    const char  *url;
} base64_good[] = {
    { "", 0, "", "" },
    { "f", 1, "Zg==", "Zg" },
    { "fo", 2, "Zm8=", "Zm8" },
    { "foo", 3, "Zm9v", "Zm9v" },
    { "foob", 4, "Zm9vYg==", "Zm9vYg" },
    { "fooba", 5, "Zm9vYmE=", "Zm9vYmE" },
    { "foobar", 6, "Zm9vYmFy", "Zm9vYmFy" },
    { "\0", 1, "AA==", "AA" },
    { "\0\0\0", 3, "AAAA", "AAAA" },
    { "\xff\xff\xff", 3, "////", "____" },
    { "\xfb\xef\xbe", 3, "++++", "----" },
    { "\xff", 1, "/w==", "_w" },
    { "\xfb\xf0", 2, "+/A=", "-_A" },
    { "\x00\x10\x83\x10\x51\x87\x20\x92\x8b\x30\xd3\x8f\x41\x14\x93\x51\x55"
      "\x97\x61\x96\x9b\x71\xd7\x9f\x82\x18\xa3\x92\x59\xa7\xa2\x9a\xab\xb2"
      "\xdb\xaf\xc3\x1c\xb3\xd3\x5d\xb7\xe3\x9e\xbb\xf3\xdf\xbf", 48,
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" }
};


static const struct {
    const char  *text;
    const char  *why;
} base64_bad[] = {
    { "Zm9v\n", "line feed behind" },
    { " Zm9v", "space in front" },
    { "Zm9v ", "space behind" },
    { "Zm9v    ", "four spaces behind" },
    { "Zm9\nvYmFy", "line feed inside" },
    { "Zm9v\r\nYm", "CR LF inside" },
    { "Zm9v=", "one = too many" },
    { "Zm9v====", "four = too many" },
    { "QUJD====", "four = too many, again" },
    { "QUJD=", "one = too many, again" },
    { "=QUJ", "= in front" },
    { "Q=JD", "= inside" },
    { "QQ=Q", "= before a digit" },
    { "Zg==Zg==", "two texts" },
    { "Zm8=Zm8=", "two texts of one =" },
    { "Zg", "no padding, one byte" },
    { "Zm8", "no padding, two bytes" },
    { "Zg=", "half of the padding" },
    { "Zm9vY", "one digit over" },
    { "Z", "one digit" },
    { "=", "= alone" },
    { "==", "== alone" },
    { "===", "=== alone" },
    { "====", "==== alone" },
    { "A===", "three =" },
    { "QR==", "spare bits, 1" },
    { "Qf==", "spare bits, 15" },
    { "Zh==", "spare bits of Zg" },
    { "Zm9=", "spare bits of Zm8, 1" },
    { "Zm+=", "spare bits of Zm8, 2" },
    { "____", "URL alphabet" },
    { "-_A=", "URL alphabet with padding" },
    { "Zm.v", "a point" },
    { "Zm9v\xc3\xa9==", "not ASCII" },
    { "Zm9@", "neighbour of A" },
    { "Zm9[", "neighbour of Z" },
    { "Zm9`", "neighbour of a" },
    { "Zm9{", "neighbour of z" },
    { "Zm9:", "neighbour of 9" },
    { "Zm9%", "a percent sign" }
};


static const struct {
    const char  *text;
    const char  *fields;    /* name|value|..., NULL: refused */
    const char  *name;
} forms[] = {
    { "", "", "no field" },
    { "a=1", "a|1|", "one field" },
    { "a=1&b=2&c=3", "a|1|b|2|c|3|", "three, in order" },
    { "b=1&a=2", "b|1|a|2|", "not sorted" },
    { "a=", "a||", "C-10: empty value" },
    { "a", "a||", "C-10: no equals sign" },
    { "a&b=1", "a||b|1|", "C-10: no equals sign, and another" },
    { "a=b=c", "a|b=c|", "a second equals sign belongs to the value" },
    { "a==", "a|=|", "value of an equals sign" },
    { "a=x+y", "a|x y|", "C-8: plus is a space" },
    { "a=x%20y", "a|x y|", "C-8: %20 is a space" },
    { "a=x%2By", "a|x+y|", "C-8: %2B is a plus" },
    { "sign=a%2Bb%2Fc%3D", "sign|a+b/c=|", "C-8: base64 as it should come" },
    { "sign=a+b/c=", "sign|a b/c=|", "C-8: raw plus is a space, not restored" },
    { "a+b=1", "a b|1|", "plus in a name" },
    { "a=%2541", "a|%41|", "C-9: decoded once" },
    { "a=%252541", "a|%2541|", "C-9: decoded once, of three" },
    { "a=%26b%3D2", "a|&b=2|", "an escaped separator is none" },
    { "%61mount=1", "amount|1|", "C-4: names are decoded" },
    { "a=%e4%b8%ad", "a|\xe4\xb8\xad|", "UTF-8, lower case" },
    { "a=%E4%B8%AD", "a|\xe4\xb8\xad|", "UTF-8, upper case" },
    { "a=\xe4\xb8\xad", "a|\xe4\xb8\xad|", "UTF-8, raw" },
    { "A=1&a=2", "A|1|a|2|", "C-3: names differ by case" },
    { "Sign=x&sign=y", "Sign|x|sign|y|", "C-3: case, for the caller" },
    { "a=%0d%0ab", "a|\r\nb|", "C-16: line ends, for the caller" },
    { "a[]=1", "a[]|1|", "C-12: brackets, for the caller" },
    { "a=1;b=2", "a|1;b=2|", "a semicolon does not separate" },

    { "amount=1&amount=10000", NULL, "C-2: twice" },
    { "amount=1&x=2&amount=1", NULL, "C-2: twice the same" },
    { "a[]=1&a[]=2", NULL, "C-12: brackets twice" },
    { "%61mount=1&amount=2", NULL, "C-4: twice, decoded" },
    { "amount=2&%61%6d%6F%75nt=1", NULL, "C-4: twice, all decoded" },
    { "a+b=1&a%20b=2", NULL, "C-4: twice, two kinds of space" },
    { "a&a=1", NULL, "C-2: twice, once without a value" },
    { "a=%00", NULL, "C-15: NUL" },
    { "a=x%00y", NULL, "C-15: NUL inside" },
    { "a%00=1", NULL, "C-15: NUL in a name" },
    { "a=%", NULL, "broken: % at the end" },
    { "a=%4", NULL, "broken: one digit" },
    { "a=%4&b=1", NULL, "broken: one digit, then a field" },
    { "a=%&b=1", NULL, "broken: %&" },
    { "a=%zz", NULL, "broken: no digits" },
    { "a=%4g", NULL, "broken: one digit and a letter" },
    { "a=%u4e2d", NULL, "broken: %u" },
    { "a=% 41", NULL, "broken: a space" },
    { "a=%+41", NULL, "broken: a sign" },
    { "a%=1", NULL, "broken: in a name" },
    { "a=%c0%af", NULL, "C-13: overlong" },
    { "a=%ed%a0%80", NULL, "C-13: surrogate" },
    { "a=%f4%90%80%80", NULL, "C-13: over U+10FFFF" },
    { "a=%d6%d0", NULL, "C-13: GBK" },
    { "a=%93%5c", NULL, "C-13: GBK with a backslash" },
    { "a=\xd6\xd0", NULL, "C-13: GBK, raw" },
    { "%ff=1", NULL, "C-13: in a name" },
    { "a=%e4%b8&b=%ad", NULL, "C-13: a character over two fields" },
    { "=1", NULL, "no name" },
    { "=", NULL, "no name, no value" },
    { "&", NULL, "two of nothing" },
    { "a=1&", NULL, "nothing behind" },
    { "&a=1", NULL, "nothing in front" },
    { "a=1&&b=2", NULL, "nothing between" },
    { "a=1&=2", NULL, "no name, second" }
};


/* in a block of just its length, so that a reader over its end is caught */

static pay_str_t
boxed(const char *p, size_t len)
{
    pay_str_t  s;

    s.len = len;
    s.data = memcpy(malloc(len + (len == 0)), p, len);

    return s;
}


static void
test_base64(void)
{
    size_t        i;
    pay_rc_t      rc;
    pay_str_t     in, out;
    pay_arena_t  *a;

    a = pay_arena_create(0);

    for (i = 0; i < pay_nelts(base64_good); i++) {
        in = boxed(base64_good[i].bytes, base64_good[i].len);
        is(pay_base64_encode(a, in), base64_good[i].text, "base64: encode");
        is(pay_base64url_encode(a, in), base64_good[i].url, "base64url");
        free((void *) in.data);

        in = boxed(base64_good[i].text, strlen(base64_good[i].text));
        rc = pay_base64_decode(a, in, &out);
        ok(rc == PAY_OK && out.data != NULL && out.len == base64_good[i].len
           && memcmp(out.data, base64_good[i].bytes, out.len) == 0,
           "base64: decode %s", base64_good[i].text);
        free((void *) in.data);
    }

    for (i = 0; i < pay_nelts(base64_bad); i++) {
        out = PAY_STR("untouched");
        in = boxed(base64_bad[i].text, strlen(base64_bad[i].text));
        is_int(pay_base64_decode(a, in, &out), PAY_INVALID, base64_bad[i].why);
        is(out, "untouched", "K-11: nothing given");
        free((void *) in.data);
    }

    is_int(pay_base64_decode(a, PAY_STR("Zm9\0"), &out), PAY_INVALID,
           "K-11: a NUL");

    pay_arena_destroy(a);
}


/* K-11: of all 64^2 endings of one byte, and 64 of two, just one decodes */

static void
test_spare_bits(void)
{
    char          text[5] = "AA==";
    int           i, j, good;
    pay_str_t     out;
    pay_arena_t  *a;
    const char   *digits;

    digits = base64_good[pay_nelts(base64_good) - 1].text;
    a = pay_arena_create(0);

    for (good = 0, i = 0; i < 64; i++) {
        for (j = 0; j < 64; j++) {
            text[0] = digits[i];
            text[1] = digits[j];
            good += pay_base64_decode(a, pay_strz(text), &out) == PAY_OK;
        }
    }

    is_int(good, 256, "K-11: 256 texts for one byte");

    for (good = 0, i = 0; i < 64; i++) {
        memcpy(text, "AAA=", 4);
        text[2] = digits[i];
        good += pay_base64_decode(a, pay_strz(text), &out) == PAY_OK;
    }

    is_int(good, 16, "K-11: 16 texts for four bits");

    pay_arena_destroy(a);
}


static void
test_lengths(void)
{
    size_t        n, bad;
    pay_u8        bytes[300];
    pay_str_t     s, text, back;
    pay_arena_t  *a;

    a = pay_arena_create(0);

    for (n = 0; n < sizeof(bytes); n++) {
        bytes[n] = n * 167 + 13;
    }

    for (bad = 0, n = 0; n <= sizeof(bytes); n++) {
        s.data = bytes;
        s.len = n;

        text = pay_base64_encode(a, s);
        bad += text.len != (n + 2) / 3 * 4
               || pay_base64_decode(a, text, &back) != PAY_OK
               || !pay_str_eq(s, back);

        text = pay_hex_encode(a, s);
        bad += text.len != 2 * n
               || pay_hex_decode(a, text, &back) != PAY_OK
               || !pay_str_eq(s, back);

        bad += pay_base64url_encode(a, s).len != (n * 4 + 2) / 3;
    }

    is_int(bad, 0, "there and back, 0 to 300 bytes");
    pay_arena_destroy(a);
}


static void
test_hex(void)
{
    int                 i, digits;
    size_t              k;
    pay_str_t           out, in;
    pay_arena_t        *a;
    static const char  *bad[] = {
        "0", "000", "0g", "g0", "0x", " 0", "0 ", "00 ", "0\n", "-1", "+1",
        "00:11", "\xef\xbc\x90" "0", "@0", "`0", "G0", "/0", ":0"
    };

    a = pay_arena_create(0);

    is(pay_hex_encode(a, PAY_STR("\x00\x7f\x80\xff")), "007f80ff",
       "hex: encode, lower case");
    is(pay_hex_encode(a, PAY_STR("")), "", "hex: encode nothing");
    is_int(pay_hex_decode(a, PAY_STR("4a4B"), &out), PAY_OK, "hex: decode");
    is(out, "JK", "hex: either case");
    is_int(pay_hex_decode(a, PAY_STR(""), &out), PAY_OK, "hex: nothing");
    ok(out.len == 0 && out.data != NULL, "hex: nothing is not null");

    for (k = 0; k < pay_nelts(bad); k++) {
        out = PAY_STR("untouched");
        in = boxed(bad[k], strlen(bad[k]));
        is_int(pay_hex_decode(a, in, &out), PAY_INVALID, "hex: refused");
        is(out, "untouched", "hex: nothing given");
        free((void *) in.data);
    }

    is_int(pay_hex_decode(a, PAY_STR("0\0"), &out), PAY_INVALID, "hex: NUL");

    for (digits = 0, i = 0; i < 256; i++) {
        digits += pay_hex_digit(i) >= 0;
    }

    is_int(digits, 22, "hex: 22 digits");

    pay_arena_destroy(a);
}


static void
test_percent(void)
{
    int           i;
    pay_u8        all[256];
    pay_str_t     s;
    pay_form_t    f;
    pay_arena_t  *a;

    a = pay_arena_create(0);

    is(pay_percent_encode(a, PAY_STR("azAZ09-_.~")), "azAZ09-_.~",
       "percent: unreserved stay");
    is(pay_percent_encode(a, PAY_STR(" +/=&%?*!'()")),
       "%20%2B%2F%3D%26%25%3F%2A%21%27%28%29", "percent: upper case");
    is(pay_percent_encode(a, PAY_STR("\xe4\xb8\xad\x00\xff")),
       "%E4%B8%AD%00%FF", "percent: any byte");
    is(pay_percent_encode(a, PAY_STR("")), "", "percent: nothing");
    is(pay_form_encode(a, PAY_STR("azAZ09*-._")), "azAZ09*-._",
       "form: what a form leaves");
    is(pay_form_encode(a, PAY_STR(" +~/=&%?!'()\xff")),
       "%20%2B%7E%2F%3D%26%25%3F%21%27%28%29%FF", "form: and the rest");

    for (i = 0; i < 256; i++) {
        all[i] = i;
    }

    s.data = all;
    s.len = 256;
    is_int(pay_percent_encode(a, s).len, 66 + 3 * 190, "percent: all bytes");

    /* what is encoded comes back by the form reader, in one decode */

    s.data = all + 1;
    s.len = 127;
    is_int(pay_form_parse(a, pay_percent_encode(a, s), 1, &f), PAY_OK,
           "percent: a form takes it");
    ok(f.nelts == 1 && pay_str_eq(f.elts[0].name, s), "percent: and back");

    pay_arena_destroy(a);
}


static pay_str_t
form_text(pay_arena_t *a, const pay_form_t *f)
{
    size_t     i;
    pay_buf_t  b;

    pay_buf_init(&b, a, 0);

    for (i = 0; i < f->nelts; i++) {
        pay_buf_adds(&b, f->elts[i].name);
        pay_buf_addc(&b, '|');
        pay_buf_adds(&b, f->elts[i].value);
        pay_buf_addc(&b, '|');
    }

    return pay_buf_str(&b);
}


static void
test_forms(void)
{
    size_t        i;
    pay_rc_t      rc;
    pay_str_t     in;
    pay_form_t    f;
    pay_arena_t  *a;

    a = pay_arena_create(0);

    for (i = 0; i < pay_nelts(forms); i++) {
        in = boxed(forms[i].text, strlen(forms[i].text));
        f.nelts = 4711;
        rc = pay_form_parse(a, in, 200, &f);
        free((void *) in.data);

        if (forms[i].fields == NULL) {
            ok(rc == PAY_INVALID && f.nelts == 4711, "refused: %s",
               forms[i].name);
            continue;
        }

        is_int(rc, PAY_OK, forms[i].name);

        if (rc == PAY_OK) {
            is(form_text(a, &f), forms[i].fields, "its fields");
        }
    }

    is_int(pay_form_parse(a, PAY_STR("a=\0"), 9, &f), PAY_INVALID,
           "C-15: raw NUL");
    is_int(pay_form_parse(a, PAY_STR("a=1\0&b=2"), 9, &f), PAY_INVALID,
           "C-15: raw NUL between");

    pay_arena_destroy(a);
}


static void
test_form_get(void)
{
    pay_form_t        f;
    pay_arena_t      *a;
    const pay_str_t  *v;

    a = pay_arena_create(0);

    is_int(pay_form_parse(a, PAY_STR("a=1&bc=&d=x%26y"), 9, &f), PAY_OK,
           "get: parse");

    v = pay_form_get(&f, "a");
    ok(v != NULL && pay_str_eqz(*v, "1"), "get: first");
    v = pay_form_get(&f, "d");
    ok(v != NULL && pay_str_eqz(*v, "x&y"), "get: last");
    v = pay_form_get(&f, "bc");
    ok(v != NULL && v->len == 0 && v->data != NULL, "C-10: get: empty");
    ok(pay_form_get(&f, "b") == NULL, "get: a prefix is not it");
    ok(pay_form_get(&f, "A") == NULL, "C-3: get: case counts");
    ok(pay_form_get(&f, "") == NULL, "get: no name");

    is_int(pay_form_parse(a, PAY_STR(""), 0, &f), PAY_OK, "get: empty form");
    ok(pay_form_get(&f, "a") == NULL, "get: in an empty form");

    pay_arena_destroy(a);
}


/* C-17: 200 fields and one more */

static void
test_form_max(void)
{
    int           i;
    pay_buf_t     b;
    pay_str_t     s;
    pay_form_t    f;
    pay_arena_t  *a;

    a = pay_arena_create(0);
    pay_buf_init(&b, a, 0);

    for (i = 0; i < 200; i++) {
        pay_buf_addz(&b, i == 0 ? "f" : "&f");
        pay_buf_addi(&b, i);
        pay_buf_addz(&b, "=v");
        pay_buf_addi(&b, i);
    }

    s = pay_buf_str(&b);
    is_int(pay_form_parse(a, s, 200, &f), PAY_OK, "C-17: 200 of 200");
    is_int(f.nelts, 200, "C-17: all there");
    ok(pay_str_eqz(*pay_form_get(&f, "f199"), "v199"), "C-17: the last");
    is_int(pay_form_parse(a, s, 199, &f), PAY_INVALID, "C-17: 200 of 199");
    is_int(pay_form_parse(a, PAY_STR("a"), 0, &f), PAY_INVALID,
           "C-17: 1 of 0");

    pay_buf_addz(&b, "&f0=x");
    is_int(pay_form_parse(a, pay_buf_str(&b), 500, &f), PAY_INVALID,
           "C-2: the last repeats the first");

    pay_arena_destroy(a);
}


/* each function with too little memory: PAY_ERROR or no text, until it fits */

static void
test_memory(void)
{
    size_t        limit, fits[6] = { 0 };
    pay_str_t     out, s = pay_str("sixteen bytes ++");
    pay_form_t    f;
    pay_arena_t  *a;

    for (limit = 1; limit < 1024; limit += 8) {
        a = pay_arena_create(limit);
        fits[0] += pay_base64_decode(a, PAY_STR("c2l4dGVlbiBieXRlcyArKw=="),
                                     &out) == PAY_OK;
        pay_arena_destroy(a);

        a = pay_arena_create(limit);
        fits[1] += pay_base64_encode(a, s).data != NULL;
        pay_arena_destroy(a);

        a = pay_arena_create(limit);
        fits[2] += pay_hex_decode(a, PAY_STR("00112233445566778899aabbccddee"),
                                  &out) == PAY_OK;
        pay_arena_destroy(a);

        a = pay_arena_create(limit);
        fits[3] += pay_hex_encode(a, s).data != NULL;
        pay_arena_destroy(a);

        a = pay_arena_create(limit);
        fits[4] += pay_percent_encode(a, s).data != NULL;
        pay_arena_destroy(a);

        a = pay_arena_create(limit);
        fits[5] += pay_form_parse(a, PAY_STR("a=1&b=2&c=3"), 9, &f) == PAY_OK;
        pay_arena_destroy(a);
    }

    for (limit = 0; limit < pay_nelts(fits); limit++) {
        ok(fits[limit] > 64 && fits[limit] < 128, "memory: %zu fit",
           fits[limit]);
    }

    a = pay_arena_create(8);
    is_int(pay_base64_decode(a, PAY_STR("c2l4dGVlbiBieXRlcyArKw=="), &out),
           PAY_ERROR, "memory: base64 decode");
    is_int(pay_hex_decode(a, PAY_STR("00112233445566778899"), &out),
           PAY_ERROR, "memory: hex decode");
    is_int(pay_form_parse(a, PAY_STR("a=1"), 9, &f), PAY_ERROR,
           "memory: form");
    pay_arena_destroy(a);
}


int
main(void)
{
    test_base64();
    test_spare_bits();
    test_lengths();
    test_hex();
    test_percent();
    test_forms();
    test_form_get();
    test_form_max();
    test_memory();

    return done();
}
