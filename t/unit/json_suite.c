
/*
 * Copyright (C) the ngx_pay authors
 *
 * The JSON reader against the 318 files of nst/JSONTestSuite: P-9.
 */

#include "json.h"
#include "vectors.h"

#include <codec/pay_codec.h>


/*
 * nst/JSONTestSuite.  RFC 8259 leaves the i_ files open; here is what we do
 * with them, and with those y_ files that our own policy refuses.
 */

static const struct {
    const char  *name;
    const char  *why;       /* NULL: accepted */
} policy[] = {
    { "i_number_double_huge_neg_exp.json", NULL },      /* text, no double */
    { "i_number_huge_exp.json", NULL },
    { "i_number_neg_int_huge_exp.json", NULL },
    { "i_number_pos_double_huge_exp.json", NULL },
    { "i_number_real_neg_overflow.json", NULL },
    { "i_number_real_pos_overflow.json", NULL },
    { "i_number_real_underflow.json", NULL },
    { "i_number_too_big_neg_int.json", NULL },
    { "i_number_too_big_pos_int.json", NULL },
    { "i_number_very_big_negative_int.json", NULL },
    { "i_object_key_lone_2nd_surrogate.json", "surrogate" },
    { "i_string_1st_surrogate_but_2nd_missing.json", "surrogate" },
    { "i_string_1st_valid_surrogate_2nd_invalid.json", "surrogate" },
    { "i_string_UTF-16LE_with_BOM.json", "nul" },
    { "i_string_UTF-8_invalid_sequence.json", "utf8" },
    { "i_string_UTF8_surrogate_U+D800.json", "utf8" },
    { "i_string_incomplete_surrogate_and_escape_valid.json", "surrogate" },
    { "i_string_incomplete_surrogate_pair.json", "surrogate" },
    { "i_string_incomplete_surrogates_escape_valid.json", "surrogate" },
    { "i_string_invalid_lonely_surrogate.json", "surrogate" },
    { "i_string_invalid_surrogate.json", "surrogate" },
    { "i_string_invalid_utf-8.json", "utf8" },
    { "i_string_inverted_surrogates_U+1D11E.json", "surrogate" },
    { "i_string_iso_latin_1.json", "utf8" },
    { "i_string_lone_second_surrogate.json", "surrogate" },
    { "i_string_lone_utf8_continuation_byte.json", "utf8" },
    { "i_string_not_in_unicode_range.json", "utf8" },
    { "i_string_overlong_sequence_2_bytes.json", "utf8" },
    { "i_string_overlong_sequence_6_bytes.json", "utf8" },
    { "i_string_overlong_sequence_6_bytes_null.json", "utf8" },
    { "i_string_truncated-utf-8.json", "utf8" },
    { "i_string_utf16BE_no_BOM.json", "nul" },
    { "i_string_utf16LE_no_BOM.json", "nul" },
    { "i_structure_500_nested_arrays.json", "depth" },
    { "i_structure_UTF-8_BOM_empty_object.json", "bom" },

    { "y_object_duplicated_key.json", "duplicate key" },        /* C-5 */
    { "y_object_duplicated_key_and_value.json", "duplicate key" },
    { "y_object_escaped_null_in_key.json", "nul" },             /* C-15 */
    { "y_string_null_escape.json", "nul" }
};


static void
suite_case(const char *name, const char *expect, pay_str_t text)
{
    int          same;
    size_t       i;
    verdict_t    v;
    const char  *why;

    v = judge_all(text, &same);
    why = strcmp(expect, "reject") == 0 ? "" : NULL;

    for (i = 0; i < pay_nelts(policy); i++) {
        if (strcmp(policy[i].name, name) == 0) {
            why = policy[i].why;
            break;
        }
    }

    ok(same && (i < pay_nelts(policy) || strcmp(expect, "policy") != 0)
       && (why == NULL ? v.rc == PAY_OK
                       : v.rc == PAY_INVALID
                         && (*why == '\0' || strcmp(why, v.why) == 0)),
       "P-9: %s: %s%s%s", name, why == NULL ? "accepted" : "refused",
       v.why[0] ? ", " : "", v.why);

    free(v.tree);
}


static void
test_suite(void)
{
    int                counts[3] = { 0 };
    size_t             i, k;
    pay_str_t          body;
    yajl_val           root, list, c;
    const char        *word[3];
    pay_arena_t       *a;
    static const char *cases[] = { "cases", NULL };
    static const char *keys[][2] = {
        { "name", NULL }, { "expect", NULL }, { "body_base64", NULL }
    };

    root = tree_shared("third-party/json-parsing.json");

    if (root == NULL) {
        skip("no third-party/json-parsing.json");
        return;
    }

    list = yajl_tree_get(root, cases, yajl_t_array);
    a = pay_arena_create(0);

    for (i = 0; list != NULL && i < YAJL_GET_ARRAY(list)->len; i++) {
        c = YAJL_GET_ARRAY(list)->values[i];

        for (k = 0; k < 3; k++) {
            word[k] = YAJL_GET_STRING(yajl_tree_get(c, keys[k],
                                                    yajl_t_string));
        }

        if (pay_base64_decode(a, pay_strz(word[2]), &body) != PAY_OK) {
            ok(0, "%s: its base64", word[0]);
            continue;
        }

        suite_case(word[0], word[1], body);
        counts[0] += strcmp(word[1], "accept") == 0;
        counts[1] += strcmp(word[1], "reject") == 0;
        counts[2] += strcmp(word[1], "policy") == 0;
    }

    is_int(counts[0], 95, "95 files to accept");
    is_int(counts[1], 188, "188 files to refuse");
    is_int(counts[2], 35, "35 files by policy");

    yajl_tree_free(root);
    pay_arena_destroy(a);
}


int
main(void)
{
    if (!room_open()) {
        return done();
    }

    test_suite();

    room_close();

    return done();
}
