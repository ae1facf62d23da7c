
/*
 * Copyright (C) the ngx_pay authors
 *
 * Lines of fields: both forms, every cut, the limits.
 */

#include "test.h"

#include <codec/pay_csv.h>


static char    seen[65536];
static size_t  nseen, stop_at, nlines;


static pay_rc_t
line(void *data, const pay_str_t *fields, size_t n)
{
    size_t  i;

    if (data != &nlines) {
        return PAY_ERROR;
    }

    if (++nlines == stop_at) {
        return PAY_DECLINED;
    }

    for (i = 0; i < n; i++) {
        nseen += snprintf(seen + nseen, sizeof(seen) - nseen, "[%.*s]",
                          (int) fields[i].len, fields[i].data);
    }

    nseen += snprintf(seen + nseen, sizeof(seen) - nseen, "/");

    return PAY_OK;
}


static pay_rc_t
feed(pay_csv_form_t form, const char *text, size_t len, size_t piece)
{
    size_t        n;
    pay_rc_t      rc;
    pay_csv_t    *c;
    pay_str_t     s;
    pay_arena_t  *a;

    nseen = nlines = 0;
    seen[0] = '\0';

    a = pay_arena_create(0);
    c = pay_csv_create(a, form, line, &nlines);
    rc = c ? PAY_OK : PAY_ERROR;

    while (rc == PAY_OK) {
        n = len < piece ? len : piece;
        s.data = (const pay_u8 *) text;
        s.len = n;
        rc = pay_csv_feed(c, s, n == len);

        if (n == len) {
            break;
        }

        text += n;
        len -= n;
    }

    pay_arena_destroy(a);

    return rc;
}


static void
test_lines(void)
{
    size_t  i, piece;

    static const struct {
        pay_csv_form_t  form;
        const char     *text;
        const char     *want;
    } rows[] = {
        { PAY_CSV_COMMA, "", "" },
        { PAY_CSV_COMMA, "\n\r\n\n", "" },
        { PAY_CSV_COMMA, "a,b,c\n", "[a][b][c]/" },
        { PAY_CSV_COMMA, "a,b,c", "[a][b][c]/" },
        { PAY_CSV_COMMA, "\xef\xbb\xbf" "a\r\nb\r\n\r\nc", "[a]/[b]/[c]/" },
        { PAY_CSV_COMMA, ",a,,\n", "[][a][][]/" },
        { PAY_CSV_COMMA, "a\t, b ,c\t\r\n", "[a][b][c]/" },
        { PAY_CSV_COMMA, "#---\n`a,`b\n", "[#---]/[`a][`b]/" },
        { PAY_CSV_COMMA, "\"a,b\",\"\",\"c\"\"d\"\"\"\n",
          "[a,b][][c\"d\"]/" },
        { PAY_CSV_COMMA, "\"a,b\nc\"d,\"e\"f\n", "[\"a][b]/[c\"d][\"e\"f]/" },
        { PAY_CSV_COMMA, "\"\n\"\"\n\"\"\"\"", "[\"]/[]/[\"]/" },
        { PAY_CSV_COMMA, "\xe4\xba\xa4,\xe6\x98\x93",
          "[\xe4\xba\xa4][\xe6\x98\x93]/" },
        { PAY_CSV_BACKQUOTE, "\xef\xbb\xbf" "x,y\r\n`1,`2\r\n",
          "[x][y]/[1][2]/" },
        { PAY_CSV_BACKQUOTE, "`a,b,`c`d,`,`\n", "[a,b][c`d][][]/" },
        { PAY_CSV_BACKQUOTE, "`,`,`,\n`\n", "[][][,]/[]/" },
        { PAY_CSV_BACKQUOTE, "`\"a\",`b\t\n", "[\"a\"][b]/" }
    };

    for (i = 0; i < pay_nelts(rows); i++) {
        for (piece = 1; piece <= strlen(rows[i].text) + 1; piece++) {
            if (feed(rows[i].form, rows[i].text, strlen(rows[i].text), piece)
                != PAY_OK || strcmp(seen, rows[i].want) != 0)
            {
                break;
            }
        }

        ok(piece == strlen(rows[i].text) + 2, "%s, in pieces of any size",
           rows[i].want);

        if (piece != strlen(rows[i].text) + 2) {
            printf("#      got: %s, by %zu\n", seen, piece);
        }
    }
}


static void
test_limits(void)
{
    char    text[PAY_CSV_LINE + 8];
    size_t  i;

    memset(text, 'x', sizeof(text));

    text[PAY_CSV_LINE] = '\n';
    is_int(feed(PAY_CSV_COMMA, text, PAY_CSV_LINE + 1, 1000), PAY_OK,
           "the longest line");
    is_int(nlines, 1, "is one");

    memcpy(text + PAY_CSV_LINE, "\r\n", 2);
    is_int(feed(PAY_CSV_COMMA, text, PAY_CSV_LINE + 2, 1000), PAY_OK,
           "with a CR");

    text[PAY_CSV_LINE] = 'x';
    text[PAY_CSV_LINE + 1] = 'x';
    is_int(feed(PAY_CSV_COMMA, text, PAY_CSV_LINE + 2, 1000), PAY_INVALID,
           "a longer one");

    for (i = 0; i < PAY_CSV_FIELDS; i++) {
        text[i] = ',';
    }

    is_int(feed(PAY_CSV_COMMA, text, PAY_CSV_FIELDS - 1, 7), PAY_OK,
           "as many fields as there may be");
    is_int(feed(PAY_CSV_COMMA, text, PAY_CSV_FIELDS, 7), PAY_INVALID,
           "one more");

    is_int(feed(PAY_CSV_COMMA, "a\0b\n", 4, 4), PAY_INVALID, "a NUL");
    is_int(feed(PAY_CSV_COMMA, "a\n\xff\n", 4, 1), PAY_INVALID, "no UTF-8");
    is_int(nlines, 1, "what was before it was read");

    stop_at = 2;
    is_int(feed(PAY_CSV_COMMA, "a\nb\nc\n", 6, 6), PAY_DECLINED,
           "the caller has enough");
    is_int(nlines, 2, "and gets no more");
    stop_at = 0;
}


static void
test_memory(void)
{
    pay_arena_t  *a;

    a = pay_arena_create(1000);
    ok(pay_csv_create(a, PAY_CSV_COMMA, line, NULL) == NULL, "no memory");
    pay_arena_destroy(a);
}


int
main(void)
{
    test_lines();
    test_limits();
    test_memory();

    return done();
}
