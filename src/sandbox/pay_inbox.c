
/*
 * Copyright (C) the ngx_pay authors
 *
 * The inbox: a stand-in application that keeps the events it was sent.  An
 * item is stored as netstrings ("5:hello,"), which take any bytes: numbers,
 * then name and value of each header, then the body.
 */

#include <sandbox/pay_html.h>
#include <sandbox/pay_inbox.h>


#define PAY_INBOX_HEADERS  128


static void
pay_inbox_put(pay_buf_t *b, pay_str_t s)
{
    pay_buf_addi(b, (int64_t) s.len);
    pay_buf_addc(b, ':');
    pay_buf_adds(b, s);
    pay_buf_addc(b, ',');
}


static void
pay_inbox_put_int(pay_buf_t *b, int64_t n)
{
    pay_buf_t  text;

    pay_buf_init(&text, b->arena, 20);
    pay_buf_addi(&text, n);

    b->failed |= text.failed;
    pay_inbox_put(b, pay_buf_str(&text));
}


pay_str_t
pay_inbox_pack(pay_arena_t *a, const pay_inbox_item_t *item)
{
    size_t     i;
    pay_buf_t  b;

    if (item->received_at < 0 || item->headers.nelts > PAY_INBOX_HEADERS) {
        return (pay_str_t) pay_str_null;
    }

    pay_buf_init(&b, a, item->body.len + 1024);
    pay_inbox_put_int(&b, item->received_at);
    pay_inbox_put_int(&b, item->verified != 0);
    pay_inbox_put_int(&b, (int64_t) item->headers.nelts);

    for (i = 0; i < item->headers.nelts; i++) {
        pay_inbox_put(&b, item->headers.elts[i].name);
        pay_inbox_put(&b, item->headers.elts[i].value);
    }

    pay_inbox_put(&b, item->body);

    return pay_buf_str(&b);
}


static pay_rc_t
pay_inbox_take(pay_str_t *rest, pay_str_t *out)
{
    uint64_t       n;
    pay_str_t      digits;
    const pay_u8  *p;

    p = rest->len != 0 ? memchr(rest->data, ':', rest->len) : NULL;

    if (p == NULL) {
        return PAY_INVALID;
    }

    digits = (pay_str_t) { (size_t) (p - rest->data), rest->data };
    rest->data = p + 1;
    rest->len -= digits.len + 1;

    /* strictly less: the comma is there, too */

    if (pay_str_uint(digits, UINT32_MAX, &n) != PAY_OK || n >= rest->len
        || rest->data[n] != ',')
    {
        return PAY_INVALID;
    }

    *out = (pay_str_t) { (size_t) n, rest->data };
    rest->data += n + 1;
    rest->len -= (size_t) n + 1;

    return PAY_OK;
}


static pay_rc_t
pay_inbox_take_int(pay_str_t *rest, uint64_t max, uint64_t *out)
{
    pay_str_t  text;

    if (pay_inbox_take(rest, &text) != PAY_OK) {
        return PAY_INVALID;
    }

    return pay_str_uint(text, max, out);
}


pay_rc_t
pay_inbox_unpack(pay_arena_t *a, pay_str_t bytes, pay_inbox_item_t *item)
{
    size_t         i;
    uint64_t       at, verified, n;
    pay_header_t  *h;

    if (pay_inbox_take_int(&bytes, INT64_MAX, &at) != PAY_OK
        || pay_inbox_take_int(&bytes, 1, &verified) != PAY_OK
        || pay_inbox_take_int(&bytes, PAY_INBOX_HEADERS, &n) != PAY_OK)
    {
        return PAY_INVALID;
    }

    h = pay_calloc(a, ((size_t) n + 1) * sizeof(pay_header_t));

    if (h == NULL) {
        return PAY_ERROR;
    }

    for (i = 0; i < n; i++) {
        if (pay_inbox_take(&bytes, &h[i].name) != PAY_OK
            || pay_inbox_take(&bytes, &h[i].value) != PAY_OK)
        {
            return PAY_INVALID;
        }
    }

    if (pay_inbox_take(&bytes, &item->body) != PAY_OK || bytes.len != 0) {
        return PAY_INVALID;
    }

    item->received_at = (int64_t) at;
    item->verified = (int) verified;
    item->headers.elts = h;
    item->headers.nelts = (size_t) n;

    return PAY_OK;
}


const pay_inbox_item_t **
pay_inbox_sort(pay_arena_t *a, const pay_inbox_item_t *items, size_t nitems)
{
    size_t                    i, k;
    const pay_inbox_item_t  **list;

    list = pay_calloc(a, (nitems + 1) * sizeof(pay_inbox_item_t *));

    if (list == NULL) {
        return NULL;
    }

    for (i = 0; i < nitems; i++) {

        for (k = i; k > 0; k--) {

            if (list[k - 1]->received_at >= items[i].received_at) {
                break;
            }

            list[k] = list[k - 1];
        }

        list[k] = &items[i];
    }

    return list;
}


static void
pay_inbox_line(pay_buf_t *b, int depth)
{
    pay_buf_addc(b, '\n');

    while (depth-- > 0) {
        pay_buf_addz(b, "  ");
    }
}


/*
 * Line breaks and indentation for text that our own writer made: it has no
 * white space outside of strings, and every bracket has its partner.
 */

static void
pay_inbox_pretty(pay_buf_t *b, pay_str_t text)
{
    int     quoted, depth;
    size_t  i;
    pay_u8  c, before;

    quoted = 0;
    depth = 0;
    before = 0;

    for (i = 0; i < text.len; i++) {
        c = text.data[i];

        if (quoted) {
            /* a quote behind a backslash is no end, nor one behind "\\" */
            quoted = c != '"' || before == '\\';
            before = before == '\\' ? 0 : c;
            pay_buf_addc(b, c);
            continue;
        }

        if (c == '}' || c == ']') {
            pay_inbox_line(b, --depth);

        } else if (before == ',' || before == '{' || before == '[') {
            pay_inbox_line(b, depth);
        }

        pay_buf_addc(b, c);

        if (c == ':') {
            pay_buf_addc(b, ' ');
        }

        depth += c == '{' || c == '[';
        quoted = c == '"';
        before = c;
    }
}


/* the body in readable form, or as it came when it is no JSON */

static pay_str_t
pay_inbox_body(pay_arena_t *a, pay_str_t body, const pay_json_t *tree)
{
    pay_buf_t           b;
    pay_str_t           text;
    pay_json_writer_t  *w;

    if (tree == NULL) {
        return pay_text_utf8(a, body);
    }

    w = pay_json_writer(a);

    if (w == NULL) {
        return (pay_str_t) pay_str_null;
    }

    pay_jw_tree(w, NULL, tree);
    text = pay_jw_text(w);

    pay_buf_init(&b, a, 2 * text.len);
    b.failed |= text.data == NULL;
    pay_inbox_pretty(&b, text);

    return pay_buf_str(&b);
}


static void
pay_inbox_headers(pay_buf_t *b, pay_lang_t lang, const pay_headers_t *h)
{
    size_t  i;

    pay_buf_addz(b, "<tr><th>");
    pay_html_say(b, lang, "Headers");
    pay_buf_addz(b, "</th><td><pre>");

    for (i = 0; i < h->nelts; i++) {
        pay_html_text(b, h->elts[i].name);
        pay_buf_addz(b, ": ");
        pay_html_text(b, h->elts[i].value);
        pay_buf_addc(b, '\n');
    }

    pay_buf_addz(b, "</pre></td></tr>\n");
}


static void
pay_inbox_item(pay_buf_t *b, pay_lang_t lang, const pay_inbox_item_t *item)
{
    pay_rc_t     rc;
    pay_str_t    at, body, type = pay_str_null, id = pay_str_null;
    pay_json_t  *tree;
    const char  *why;

    rc = pay_json_parse(b->arena, item->body, &tree, &why);

    if (rc != PAY_OK) {
        tree = NULL;
    }

    (void) pay_json_string(tree, "type", &type);
    (void) pay_json_string(tree, "id", &id);

    at = pay_html_time(b->arena, lang, item->received_at);
    body = pay_inbox_body(b->arena, item->body, tree);

    if (rc == PAY_ERROR || at.data == NULL || body.data == NULL) {
        b->failed = 1;
    }

    pay_buf_addz(b, "<section>\n<table>\n");
    pay_html_row(b, lang, "Type", type);
    pay_html_row(b, lang, "Event", id);
    pay_html_row(b, lang, "Received", at);
    pay_buf_addz(b, "<tr><th>");
    pay_html_say(b, lang, "Signature");
    pay_buf_addz(b, item->verified ? "</th><td class=\"yes\">"
                                   : "</th><td class=\"no\">");
    pay_html_say(b, lang, item->verified ? "verified" : "NOT verified");
    pay_buf_addz(b, "</td></tr>\n");
    pay_inbox_headers(b, lang, &item->headers);
    pay_buf_addz(b, "</table>\n<pre>");
    pay_html_text(b, body);
    pay_buf_addz(b, "</pre>\n</section>\n");
}


pay_str_t
pay_page_inbox(pay_arena_t *a, pay_lang_t lang, const pay_inbox_item_t *items,
    size_t nitems)
{
    size_t                    i;
    pay_buf_t                 b;
    const pay_inbox_item_t  **list;

    list = pay_inbox_sort(a, items, nitems);

    if (list == NULL) {
        return (pay_str_t) pay_str_null;
    }

    pay_buf_init(&b, a, 8192);
    pay_html_head(&b, lang, "Inbox");
    pay_buf_addz(&b, "<p><a href=\"\">");
    pay_html_say(&b, lang, "Look again");
    pay_buf_addz(&b, "</a></p>\n");

    if (nitems == 0) {
        pay_buf_addz(&b, "<p class=\"card\">");
        pay_html_say(&b, lang, "No event has come yet.");
        pay_buf_addz(&b, "</p>\n");
    }

    for (i = 0; i < nitems; i++) {
        pay_inbox_item(&b, lang, list[i]);
    }

    pay_html_foot(&b);

    return pay_buf_str(&b);
}
