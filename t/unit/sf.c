
/*
 * Copyright (C) the ngx_pay authors
 *
 * src/codec/pay_sf*.c: structured fields, RFC 8941.
 * Rows of the threat catalogue: C-2, C-15, C-17, P-1.
 */

#include "test.h"

#include <codec/pay_sf.h>


static pay_arena_t  *arena;


/* a copy without a byte behind it, so that a read over its end is seen */

static pay_str_t
exact(pay_str_t s)
{
    pay_u8  *p;

    p = pay_alloc(arena, s.len);
    memcpy(p, s.data, s.len);
    s.data = p;

    return s;
}


static pay_rc_t
parse(const char *text, pay_sf_dict_t *d, const char **why)
{
    *why = NULL;

    return pay_sf_parse(arena, exact(pay_strz(text)), d, why);
}


static pay_str_t
written(const pay_sf_dict_t *d)
{
    pay_buf_t  b;

    pay_buf_init(&b, arena, 0);
    pay_sf_write(&b, d);

    return pay_buf_str(&b);
}


/* --- good ---------------------------------------------------------------- */

static const struct {
    const char  *text;
    const char  *strict;        /* NULL: the same */
} good[] = {
    { "", NULL },
    { "   ", "" },
    { "a=1", NULL },
    { "  a=1  ", "a=1" },
    { "a=1\t", "a=1" },
    { "a=1,b=2", "a=1, b=2" },
    { "a=1 \t,\t b=2", "a=1, b=2" },
    { "a", NULL },
    { "a=?1", "a" },
    { "a=?0", NULL },
    { "a;b;c=2", NULL },
    { "a=?1;x=?1;y=?0", "a;x;y=?0" },
    { "a=1;  x=1;y", "a=1;x=1;y" },
    { "a=0, b=-0, c=-1, d=007", "a=0, b=0, c=-1, d=7" },
    { "a=999999999999999, b=-999999999999999", NULL },
    { "a=\"\", b=\"x y\"", NULL },
    { "a=\"\\\"\\\\\"", NULL },
    { "a=\" !#$%&'()*+,-./:;<=>?@[]^_`{|}~\"", NULL },
    { "a=tok, b=*tok, c=T/o:k!#$%&'*+-.^_`|~", NULL },
    { "a=::", NULL },
    { "a=:AA==:, b=:AAA=:, c=:AAAA:, d=:+/+/:", NULL },
    { "a=()", NULL },
    { "a=(   )", "a=()" },
    { "a=(1   2);x", "a=(1 2);x" },
    { "a=( \"x\";y tok :AA==: ?0;z=1 )", "a=(\"x\";y tok :AA==: ?0;z=1)" },
    { "*=1, *a=2, a*=3, a-._*9=4", NULL },
    { "a=1, b;a=1;b=2, c=(1;a 2;a)", NULL }
};


static void
test_good(void)
{
    size_t          i;
    pay_rc_t        rc;
    const char     *why;
    pay_sf_dict_t   d;

    for (i = 0; i < pay_nelts(good); i++) {
        rc = parse(good[i].text, &d, &why);

        if (!ok(rc == PAY_OK && why == NULL, "read: <%s>", good[i].text)) {
            printf("# rc %d why %s\n", rc, why ? why : "(none)");
            continue;
        }

        is(written(&d), good[i].strict ? good[i].strict : good[i].text,
           "and written");
    }
}


static void
test_values(void)
{
    const char             *why;
    pay_sf_dict_t           d;
    const pay_sf_bare_t    *v;
    const pay_sf_member_t  *m;

    is_int(parse("i=-12;p=\"q\\\"\", s=\"a\\\\b\", t=tok, b=:AP8=:, y, n=?0, "
                 "l=(x \"y\";k=:AA==:);w=7", &d, &why), PAY_OK, "read");
    is_int(d.nelts, 7, "seven members");

    m = pay_sf_member(&d, PAY_STR("i"));
    ok(m && m->item.bare.type == PAY_SF_INTEGER && m->item.bare.number == -12,
       "an Integer");
    v = pay_sf_param(&m->item.params, "p");
    ok(v && v->type == PAY_SF_STRING, "its parameter");
    is(v->text, "q\"", "without the escape");
    ok(pay_sf_param(&m->item.params, "q") == NULL, "and no other");

    m = pay_sf_member(&d, PAY_STR("s"));
    ok(m && m->item.bare.type == PAY_SF_STRING, "a String");
    is(m->item.bare.text, "a\\b", "its text");

    m = pay_sf_member(&d, PAY_STR("t"));
    ok(m && m->item.bare.type == PAY_SF_TOKEN, "a Token");

    m = pay_sf_member(&d, PAY_STR("b"));
    ok(m && m->item.bare.type == PAY_SF_BYTES && m->item.bare.text.len == 2
       && memcmp(m->item.bare.text.data, "\0\xff", 2) == 0, "bytes");

    m = pay_sf_member(&d, PAY_STR("y"));
    ok(m && m->item.bare.type == PAY_SF_BOOLEAN && m->item.bare.number == 1,
       "true");
    m = pay_sf_member(&d, PAY_STR("n"));
    ok(m && m->item.bare.type == PAY_SF_BOOLEAN && m->item.bare.number == 0,
       "false");

    m = pay_sf_member(&d, PAY_STR("l"));
    ok(m && m->inner_list && m->nitems == 2, "an Inner List");
    ok(pay_sf_param(&m->items[1].params, "k") != NULL, "of its second item");
    ok(pay_sf_param(&m->items[0].params, "k") == NULL, "not of its first");
    v = pay_sf_param(&m->item.params, "w");
    ok(v && v->number == 7, "of the list");

    ok(pay_sf_member(&d, PAY_STR("I")) == NULL, "keys have a case");
    ok(pay_sf_member(&d, PAY_STR("")) == NULL, "no key");
}


/* --- bad ----------------------------------------------------------------- */

static const struct {
    const char  *text;
    const char  *why;
} bad[] = {
    { ",", "key" }, { "a=1,", "key" }, { "a=1, ", "key" },
    { ",a=1", "key" }, { "a=1,,b=2", "key" }, { "=1", "key" },
    { "A=1", "key" }, { "aB=1", "key" }, { "1a=1", "key" }, { "-a=1", "key" },
    { "_a=1", "key" }, { ".a=1", "key" }, { "\"a\"=1", "key" },
    { "\ta=1", "key" }, { "\xc3\xa4=1", "key" }, { "(a)", "key" },

    { "a=1 b=2", "comma" }, { "a=1;x=1 ;y=1", "comma" }, { "a =1", "comma" },
    { "a=1x", "comma" }, { "a=1\n", "comma" }, { "a=\"x\"y", "comma" },
    { "a=:AA==:x", "comma" }, { "a=tok@", "comma" }, { "a=?11", "comma" },
    { "a=1=2", "comma" }, { "a=()()", "comma" }, { "a=()b", "comma" },
    { "a/b=1", "comma" }, { "a=1;x=\"y\"z", "comma" },
    { "a=--x", "integer" },

    { "a=", "value" }, { "a= 1", "value" }, { "a=,", "value" },
    { "a=@1", "value" }, { "a='x'", "value" }, { "a=[1]", "value" },
    { "a=\xef\xbc\x91", "value" }, { "a=1;x=", "value" },
    { "a=(,)", "value" }, { "a=(\t1)", "value" }, { "a=)", "value" },
    { "a=((1))", "value" }, { "a=(1 (2))", "value" }, { "a=(", "value" },
    { "a=_x", "value" }, { "a=1;x=(1)", "value" },

    { "a=(1", "list" }, { "a=(1 ", "list" }, { "a=(1,2)", "list" },
    { "a=(\"x\"\"y\")", "list" },
    { "a=(1\t2)", "list" }, { "a=(1;x", "list" }, { "a=(x;y=1;z;", "key" },

    { "a=1;", "key" }, { "a=1; ", "key" }, { "a=1;;x", "key" },
    { "a=1;X=1", "key" }, { "a=1;=1", "key" }, { "a=1;\tx", "key" },

    { "a=-", "integer" }, { "a=--1", "integer" }, { "a=1.5", "integer" },
    { "a=1.", "integer" }, { "a=-1.0", "integer" },
    { "a=1000000000000000", "integer" }, { "a=0000000000000001", "integer" },
    { "a=99999999999999999999", "integer" }, { "a=-a", "integer" },

    { "a=\"", "string" }, { "a=\"x", "string" }, { "a=\"\\\"", "string" },
    { "a=\"\\", "string" }, { "a=\"\\x\"", "string" },
    { "a=\"x\ty\"", "string" }, { "a=\"x\ny\"", "string" },
    { "a=\"\x7f\"", "string" }, { "a=\"\xc3\xa4\"", "string" },

    { "a=:", "bytes" }, { "a=:AA==", "bytes" }, { "a=:A:", "bytes" },
    { "a=:AA:", "bytes" }, { "a=:AA=:", "bytes" }, { "a=:AAA:", "bytes" },
    { "a=:AB==:", "bytes" }, { "a=:AAB=:", "bytes" }, { "a=:AA===:", "bytes" },
    { "a=:AA==AA==:", "bytes" }, { "a=:-_-_:", "bytes" },
    { "a=: AAAA:", "bytes" }, { "a=:AA AA:", "bytes" }, { "a=:=:", "bytes" },
    { "a=:====:", "bytes" }, { "a=:A===:", "bytes" }, { "a=:AA;AA:", "bytes" },

    { "a=?", "boolean" }, { "a=?2", "boolean" }, { "a=?t", "boolean" },
    { "a=? 1", "boolean" },

    { "a=1, a=1", "key_repeated" }, { "a, b, a", "key_repeated" },
    { "a=1, b=2, a=(1)", "key_repeated" },
    { "a;x=1;x=1", "param_repeated" }, { "a;x;y;x=2", "param_repeated" },
    { "a=(1);x;x", "param_repeated" }, { "a=(1;x;x)", "param_repeated" }
};


static void
is_bad(pay_str_t text, const char *want, const char *name)
{
    pay_rc_t        rc;
    const char     *why;
    pay_sf_dict_t   d;

    why = NULL;
    rc = pay_sf_parse(arena, exact(text), &d, &why);

    if (!ok(rc == PAY_INVALID && why != NULL && strcmp(why, want) == 0,
            "%s: %s", want, name))
    {
        printf("# rc %d why %s\n", rc, why ? why : "(none)");
    }
}


static void
test_bad(void)
{
    char    name[128];
    size_t  i, k;

    for (i = 0; i < pay_nelts(bad); i++) {
        snprintf(name, sizeof(name), "<%s>", bad[i].text);

        for (k = 0; name[k]; k++) {
            name[k] = name[k] < 0x20 || name[k] > 0x7e ? '?' : name[k];
        }

        is_bad(pay_strz(bad[i].text), bad[i].why, name);
    }

    is_bad(PAY_STR("a=1\0"), "comma", "C-15: a NUL behind");
    is_bad(PAY_STR("a\0=1"), "comma", "C-15: a NUL in a key");
    is_bad(PAY_STR("\0"), "key", "C-15: a NUL alone");
    is_bad(PAY_STR("a=\"x\0y\""), "string", "C-15: a NUL in a String");
    is_bad(PAY_STR("a=:AA\0=:"), "bytes", "C-15: a NUL in bytes");
    is_bad(PAY_STR("a=(\0)"), "value", "C-15: a NUL in a list");
}


/* --- limits -------------------------------------------------------------- */

/* head, n times the piece with %d in it, tail */

static pay_str_t
repeated(const char *head, const char *piece, int n, const char *tail)
{
    int        i;
    char       one[32];
    pay_buf_t  b;

    pay_buf_init(&b, arena, 0);
    pay_buf_addz(&b, head);

    for (i = 0; i < n; i++) {
        snprintf(one, sizeof(one), piece, i);
        pay_buf_addz(&b, one);
    }

    pay_buf_addz(&b, tail);

    return pay_buf_str(&b);
}


static void
test_limit(const char *head, const char *piece, int max, const char *tail,
    const char *why)
{
    const char     *w;
    pay_sf_dict_t   d;

    is_int(pay_sf_parse(arena, exact(repeated(head, piece, max, tail)), &d,
                        &w), PAY_OK, "C-17: as many as there may be");
    is_bad(repeated(head, piece, max + 1, tail), why, "C-17: one more");
}


static void
test_limits(void)
{
    test_limit("z", ", k%d=1", PAY_SF_MEMBERS_MAX - 1, "", "too_many");
    test_limit("z=(", "%d ", PAY_SF_ITEMS_MAX, ")", "too_many");
    test_limit("z", ";k%d", PAY_SF_PARAMS_MAX, "", "too_many");
    test_limit("z=(1", ";k%d", PAY_SF_PARAMS_MAX, ")", "too_many");
    test_limit("z=(1)", ";k%d", PAY_SF_PARAMS_MAX, "", "too_many");
    test_limit("z=\"", "x", PAY_SF_SIZE_MAX - 4, "\"", "size");
}


/* --- all kinds of input -------------------------------------------------- */

static const char  whole[] =
    "a=(\"@method\";x=:AA==: tok ?1;y);k=-15;l=\"q\\\"r\", b=:AAA=:;z, c;d=?0";


/* what was read is read again the same, and written the same */

static int
steady(pay_str_t text)
{
    pay_str_t       once, twice;
    const char     *why;
    pay_sf_dict_t   d;

    why = NULL;

    switch (pay_sf_parse(arena, exact(text), &d, &why)) {

    case PAY_OK:
        once = written(&d);

        if (pay_sf_parse(arena, exact(once), &d, &why) != PAY_OK) {
            return 0;
        }

        twice = written(&d);
        return once.data != NULL && pay_str_eq(once, twice);

    case PAY_INVALID:
        return why != NULL;

    default:
        return 0;
    }
}


static void
test_cuts(void)
{
    size_t     n;
    int        wrong;
    pay_str_t  s = pay_str(whole);

    wrong = 0;

    for (n = 0; n < sizeof(whole); n++) {
        s.len = n;
        wrong += !steady(s);
    }

    is_int(wrong, 0, "every cut is refused with a word, or is one of its own");
}


static void
test_bytes(void)
{
    int        c, wrong;
    size_t     i;
    pay_u8     copy[sizeof(whole)];
    pay_str_t  s;

    wrong = 0;
    s.data = copy;
    s.len = sizeof(whole) - 1;

    for (i = 0; i < s.len; i++) {
        memcpy(copy, whole, sizeof(whole));

        for (c = 0; c < 256; c++) {
            copy[i] = c;
            wrong += !steady(s);
        }
    }

    is_int(wrong, 0, "P-1: every byte in place of each");
}


static void
test_garbage(void)
{
    int          wrong;
    size_t       i, n;
    pay_u8       text[64];
    uint32_t     seed;
    pay_str_t    s;

    static const char  alphabet[] = "ab1*\"\\:=;,?() \t-.A/+0";

    wrong = 0;
    seed = 1;
    s.data = text;

    for (n = 0; n < 20000; n++) {
        s.len = n % sizeof(text);

        for (i = 0; i < s.len; i++) {
            seed = seed * 1103515245 + 12345;
            text[i] = alphabet[(seed >> 16) % (sizeof(alphabet) - 1)];
        }

        wrong += !steady(s);

        if (n % 1000 == 0) {
            pay_arena_destroy(arena);
            arena = pay_arena_create(0);
        }
    }

    is_int(wrong, 0, "P-1: 20000 texts made of what has a meaning");
}


/* no memory, at each place where some is taken */

static void
test_memory(void)
{
    size_t          limit;
    pay_rc_t        rc;
    pay_buf_t       b;
    const char     *why;
    pay_arena_t    *a;
    pay_sf_dict_t   d;

    rc = PAY_ERROR;

    for (limit = 1; rc == PAY_ERROR && limit < 65536; limit += 16) {
        a = pay_arena_create(limit);
        rc = pay_sf_parse(a, PAY_STR(whole), &d, &why);
        pay_arena_destroy(a);
    }

    ok(rc == PAY_OK && limit > 256, "no memory is PAY_ERROR up to %zu bytes",
       limit);

    pay_sf_parse(arena, PAY_STR(whole), &d, &why);
    rc = PAY_ERROR;

    for (limit = 1; rc == PAY_ERROR && limit < 65536; limit += 16) {
        a = pay_arena_create(limit);
        pay_buf_init(&b, a, 0);
        pay_sf_write(&b, &d);
        rc = pay_buf_str(&b).data == NULL ? PAY_ERROR : PAY_OK;
        pay_arena_destroy(a);
    }

    ok(rc == PAY_OK && limit > 64, "writing: up to %zu bytes", limit);
}


int
main(void)
{
    arena = pay_arena_create(0);

    test_good();
    test_values();
    test_bad();
    test_limits();
    test_cuts();
    test_bytes();
    test_garbage();
    test_memory();

    pay_arena_destroy(arena);

    return done();
}
