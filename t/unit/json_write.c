
/*
 * Copyright (C) the ngx_pay authors
 *
 * The JSON writer: P-10, misuse, memory, and reading again what was written.
 */

#include "json.h"

#include <yajl/yajl_tree.h>


#define T(text)  pay_str(text)


static void
test_write(void)
{
    pay_arena_t        *a;
    pay_json_writer_t  *w;
    pay_str_t           none = pay_str_null;

    a = pay_arena_create(0);

    w = pay_json_writer(a);
    pay_jw_object(w, NULL);
    pay_jw_strz(w, "id", "evt_1");
    pay_jw_int(w, "max", INT64_MAX);
    pay_jw_int(w, "min", INT64_MIN);
    pay_jw_bool(w, "yes", 2);
    pay_jw_bool(w, "no", 0);
    pay_jw_null(w, "null");
    pay_jw_opt(w, "opt", PAY_STR("x"));
    pay_jw_opt(w, "none", none);
    pay_jw_str(w, "empty", none);
    pay_jw_array(w, "list");
    pay_jw_int(w, NULL, 1);
    pay_jw_strz(w, NULL, "two");
    pay_jw_opt(w, NULL, none);
    pay_jw_object(w, NULL);
    pay_jw_end(w);
    pay_jw_end(w);
    pay_jw_object(w, "meta");
    pay_jw_pair(w, PAY_STR("k \" \\ \n"), PAY_STR("http://a/b"));
    pay_jw_pair(w, PAY_STR(""), PAY_STR("\x01\x1f\x7f"));
    pay_jw_end(w);
    pay_jw_end(w);
    is(pay_jw_text(w),
       "{\"id\":\"evt_1\",\"max\":9223372036854775807,"
       "\"min\":-9223372036854775808,\"yes\":true,\"no\":false,\"null\":null,"
       "\"opt\":\"x\",\"none\":null,\"empty\":\"\",\"list\":[1,\"two\",null,{}]"
       ",\"meta\":{\"k \\\" \\\\ \\n\":\"http://a/b\","
       "\"\":\"\\u0001\\u001F\x7f\"}}", "write: one of each");
    ok(pay_jw_text(w).data == NULL, "write: used up");

    w = pay_json_writer(a);
    pay_jw_strz(w, NULL, "top");
    is(pay_jw_text(w), "\"top\"", "write: a scalar at the top");

    w = pay_json_writer(a);
    pay_jw_object(w, NULL);
    pay_jw_tree(w, "t", NULL);
    pay_jw_end(w);
    is(pay_jw_text(w), "{\"t\":null}", "write: no tree");

    pay_arena_destroy(a);
}


/* what makes the whole text fail; each case by its number */

static void
misuse(pay_json_writer_t *w, int i)
{
    int         k;
    pay_json_t  loop = { .type = PAY_JSON_ARRAY };

    switch (i) {

    case 0:                                         /* nothing */
        break;

    case 1:                                         /* not closed */
        pay_jw_object(w, NULL);
        break;

    case 2:                                         /* closed twice */
        pay_jw_object(w, NULL);
        pay_jw_end(w);
        pay_jw_end(w);
        break;

    case 3:                                         /* closed at the top */
        pay_jw_end(w);
        break;

    case 4:                                         /* no key in an object */
        pay_jw_object(w, NULL);
        pay_jw_strz(w, NULL, "x");
        pay_jw_end(w);
        break;

    case 5:                                         /* a key in an array */
        pay_jw_array(w, NULL);
        pay_jw_int(w, "k", 1);
        pay_jw_end(w);
        break;

    case 6:                                         /* a key at the top */
        pay_jw_null(w, "k");
        break;

    case 7:                                         /* a pair in an array */
        pay_jw_array(w, NULL);
        pay_jw_pair(w, PAY_STR("k"), PAY_STR("v"));
        pay_jw_end(w);
        break;

    case 8:                                         /* two texts */
        pay_jw_int(w, NULL, 1);
        pay_jw_int(w, NULL, 2);
        break;

    case 9:
        pay_jw_object(w, NULL);
        pay_jw_end(w);
        pay_jw_object(w, NULL);
        pay_jw_end(w);
        break;

    case 10:                                        /* too deep */
        for (k = 0; k <= PAY_JSON_DEPTH; k++) {
            pay_jw_array(w, NULL);
        }

        for (k = 0; k <= PAY_JSON_DEPTH; k++) {
            pay_jw_end(w);
        }
        break;

    case 11:                                        /* a tree without an end */
        loop.child = &loop;
        pay_jw_tree(w, NULL, &loop);
        break;

    case 12:                                        /* a tree with a key */
        loop.type = PAY_JSON_NULL;
        pay_jw_tree(w, "k", &loop);
        break;

    case 13:                                        /* no key for a tree */
        loop.type = PAY_JSON_NULL;
        pay_jw_object(w, NULL);
        pay_jw_tree(w, NULL, &loop);
        pay_jw_end(w);
        break;
    }
}


static void
test_misuse(void)
{
    int                 i;
    size_t              k;
    pay_arena_t        *a;
    pay_json_writer_t  *w;
    static const pay_str_t  bad[] = {
        T("\xff\xfe"), T("\xc0\xaf"), T("\xed\xa0\x80"), T("\xf4\x90\x80\x80"),
        T("\xe4\xb8"), T("a\0b"), T("\xd6\xd0")
    };

    a = pay_arena_create(0);

    for (i = 0; i <= 13; i++) {
        w = pay_json_writer(a);
        misuse(w, i);
        ok(pay_jw_text(w).data == NULL, "P-10: misuse %d gives no text", i);
    }

    for (k = 0; k < pay_nelts(bad); k++) {
        w = pay_json_writer(a);
        pay_jw_str(w, NULL, bad[k]);
        ok(pay_jw_text(w).data == NULL, "P-10: bad value %zu", k);

        w = pay_json_writer(a);
        pay_jw_object(w, NULL);
        pay_jw_pair(w, bad[k], PAY_STR("v"));
        pay_jw_strz(w, "more", "x");
        pay_jw_end(w);
        ok(pay_jw_text(w).data == NULL, "P-10: bad key %zu", k);
    }

    pay_arena_destroy(a);
}


/* P-10: what was written is read again, and by yajl's own tree reader too */

static void
test_round(void)
{
    int                 c;
    char                z[2] = "";
    pay_buf_t           b;
    pay_str_t           s, text, got;
    yajl_val            tree;
    const char         *why, *path[] = { "all", NULL };
    pay_json_t         *root;
    pay_arena_t        *a;
    pay_json_writer_t  *w;

    a = pay_arena_create(0);
    pay_buf_init(&b, a, 0);

    for (c = 1; c < 128; c++) {
        z[0] = c;
        pay_buf_addz(&b, z);
    }

    pay_buf_addz(&b, "\xc2\x80\xe2\x80\xa8\xef\xbf\xbf\xf4\x8f\xbf\xbf");
    s = pay_buf_str(&b);

    w = pay_json_writer(a);
    pay_jw_object(w, NULL);
    pay_jw_str(w, "all", s);
    pay_jw_pair(w, s, PAY_STR("a key"));
    pay_jw_end(w);
    text = pay_jw_text(w);
    ok(text.data != NULL, "P-10: written");

    is_int(pay_json_parse(a, at_end(text), &root, &why), PAY_OK,
           "P-10: read again");
    ok(pay_json_string(root, "all", &got) == PAY_OK && pay_str_eq(got, s),
       "P-10: the same value");
    ok(pay_str_eq(root->child->next->key, s), "P-10: the same key");
    ok(pay_str_eq(tree_text(a, root), text), "P-10: written the same");

    text = pay_str_dup(a, text);
    tree = yajl_tree_parse((const char *) text.data, NULL, 0);
    ok(tree != NULL, "P-10: another reader takes it");
    ok(pay_str_eqz(s, YAJL_GET_STRING(yajl_tree_get(tree, path,
                                                    yajl_t_string))),
       "P-10: and finds the same");
    yajl_tree_free(tree);

    pay_arena_destroy(a);
}


/* P-6 for the writer: no text until it fits */

static void
test_write_memory(void)
{
    size_t              limit, fits, wrong, n;
    pay_str_t           s;
    pay_arena_t        *a;
    pay_json_writer_t  *w;

    fits = 0;
    wrong = 0;

    for (limit = 1; limit < 12000; limit += 7) {
        a = pay_arena_create(limit);
        w = pay_json_writer(a);

        if (w == NULL) {
            wrong += fits != 0;
            pay_arena_destroy(a);
            continue;
        }

        pay_jw_array(w, NULL);

        for (n = 0; n < 100; n++) {
            pay_jw_strz(w, NULL, "some \"text\"");
        }

        pay_jw_end(w);
        s = pay_jw_text(w);
        wrong += s.data == NULL ? fits != 0 : s.len != 1601;
        fits = fits == 0 && s.data != NULL ? limit : fits;

        pay_arena_destroy(a);
    }

    is_int(wrong, 0, "P-6: the writer with too little memory");
    ok(fits > 1000, "P-6: it fits into %zu bytes", fits);
}


int
main(void)
{
    if (!room_open()) {
        return done();
    }

    test_write();
    test_misuse();
    test_round();
    test_write_memory();

    room_close();

    return done();
}
