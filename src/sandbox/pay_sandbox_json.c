
/*
 * Copyright (C) the ngx_pay authors
 *
 * The sandbox's pages for programs: the same as JSON.
 */

#include <sandbox/pay_html.h>
#include <sandbox/pay_inbox.h>


/* where an event stands in the inbox's JSON: what is left for its own depth */
#define PAY_INBOX_DEPTH  (PAY_JSON_DEPTH - 3)


/* the writer takes no bad UTF-8: the whole text fails */

static void
pay_sandbox_failed(pay_json_writer_t *w)
{
    pay_jw_pair(w, PAY_STR("\377"), PAY_STR("\377"));
}


/* foreign text */

static void
pay_sandbox_str(pay_json_writer_t *w, pay_arena_t *a, pay_str_t key,
    pay_str_t s)
{
    s = pay_text_utf8(a, s);

    if (s.data == NULL) {
        pay_sandbox_failed(w);
        return;
    }

    pay_jw_pair(w, key, s);
}


/* 0 is no status at all */

static void
pay_sandbox_status(pay_json_writer_t *w, const char *key, int status)
{
    if (status == 0) {
        pay_jw_null(w, key);
        return;
    }

    pay_jw_int(w, key, status);
}


static void
pay_sandbox_of(pay_json_writer_t *w, const pay_sim_due_t *notice)
{
    pay_jw_strz(w, "kind", notice->kind);
    pay_jw_str(w, "number", notice->number);

    if (notice->payment == 0) {
        pay_jw_null(w, "payment");

    } else {
        pay_jw_int(w, "payment", (int64_t) notice->payment);
    }
}


static void
pay_sandbox_sent(pay_json_writer_t *w, pay_arena_t *a,
    const pay_sim_sent_t *sent)
{
    pay_jw_object(w, NULL);
    pay_sandbox_of(w, &sent->notice);
    pay_jw_int(w, "attempt", (int64_t) sent->attempt);
    pay_sandbox_str(w, a, PAY_STR("url"), sent->url);
    pay_jw_opt(w, "event", sent->event);
    pay_sandbox_status(w, "application_status", sent->application_status);

    pay_jw_object(w, "acknowledgement");
    pay_sandbox_status(w, "status", sent->status);
    pay_sandbox_str(w, a, PAY_STR("body"), sent->acknowledgement);
    pay_jw_bool(w, "accepted", sent->acknowledged);
    pay_jw_end(w);

    pay_jw_end(w);
}


/* the parts of the order, and the notices that are still to come */

static void
pay_sandbox_view(pay_json_writer_t *w, pay_arena_t *a,
    const pay_sim_view_t *view)
{
    size_t                 i;
    pay_str_t              time;
    const pay_sim_part_t  *part;

    pay_jw_array(w, "refunds");

    for (i = 0; i < view->nparts; i++) {
        part = &view->parts[i];

        pay_jw_object(w, NULL);
        pay_jw_str(w, "refund_id", part->id);
        pay_jw_int(w, "amount", part->amount);
        pay_jw_strz(w, "state", part->state);
        pay_jw_end(w);
    }

    pay_jw_end(w);
    pay_jw_array(w, "pending");

    for (i = 0; i < view->ndue; i++) {
        time = pay_time_format(a, view->due[i].due_at, PAY_UTC);

        if (time.data == NULL) {
            pay_sandbox_failed(w);
            return;
        }

        pay_jw_object(w, NULL);
        pay_sandbox_of(w, &view->due[i]);
        pay_jw_str(w, "due_at", time);
        pay_jw_end(w);
    }

    pay_jw_end(w);
}


pay_str_t
pay_json_checkout(pay_arena_t *a, pay_str_t channel,
    const pay_sim_view_t *view, const char *action, const char *message,
    const pay_sim_sent_t *sent, size_t nsent)
{
    size_t              i;
    pay_json_writer_t  *w;

    w = pay_json_writer(a);

    if (w == NULL) {
        return (pay_str_t) pay_str_null;
    }

    pay_jw_object(w, NULL);
    pay_jw_str(w, "channel", channel);
    pay_jw_str(w, "order_id", view->order_id);
    pay_jw_opt(w, "action", pay_strz(action));
    pay_jw_opt(w, "state", pay_strz(view->state));
    pay_jw_opt(w, "message", pay_strz(message));

    if (view->return_url.len != 0) {
        pay_sandbox_str(w, a, PAY_STR("return_url"), view->return_url);
    }

    pay_jw_array(w, "notices");

    for (i = 0; i < nsent; i++) {
        pay_sandbox_sent(w, a, &sent[i]);
    }

    pay_jw_end(w);
    pay_sandbox_view(w, a, view);
    pay_jw_end(w);

    return pay_jw_text(w);
}


static pay_str_t
pay_inbox_lower(pay_arena_t *a, pay_str_t name)
{
    size_t     i;
    pay_buf_t  b;

    pay_buf_init(&b, a, name.len);

    for (i = 0; i < name.len; i++) {
        pay_buf_addc(&b, name.data[i] >= 'A' && name.data[i] <= 'Z'
                         ? (pay_u8) (name.data[i] | 0x20) : name.data[i]);
    }

    return pay_buf_str(&b);
}


static int
pay_inbox_repeated(const pay_header_t *h, size_t i)
{
    size_t  k;

    for (k = 0; k < i; k++) {
        if (pay_str_eq(h[k].name, h[i].name)) {
            return 1;
        }
    }

    return 0;
}


/* the first header of a name takes the values of the others, as in RFC 9110 */

static pay_str_t
pay_inbox_joined(pay_arena_t *a, const pay_header_t *h, size_t n, size_t i)
{
    size_t     k;
    pay_buf_t  b;

    pay_buf_init(&b, a, h[i].value.len);
    pay_buf_adds(&b, h[i].value);

    for (k = i + 1; k < n; k++) {
        if (pay_str_eq(h[k].name, h[i].name)) {
            pay_buf_addz(&b, ", ");
            pay_buf_adds(&b, h[k].value);
        }
    }

    return pay_buf_str(&b);
}


static void
pay_inbox_headers(pay_json_writer_t *w, pay_arena_t *a, const pay_headers_t *h)
{
    size_t         i;
    pay_str_t      value;
    pay_header_t  *lower;

    pay_jw_object(w, "headers");

    lower = pay_calloc(a, (h->nelts + 1) * sizeof(pay_header_t));

    if (lower == NULL) {
        pay_sandbox_failed(w);
        return;
    }

    for (i = 0; i < h->nelts; i++) {
        lower[i].name = pay_inbox_lower(a, pay_text_utf8(a, h->elts[i].name));
        lower[i].value = h->elts[i].value;
    }

    for (i = 0; i < h->nelts; i++) {

        if (pay_inbox_repeated(lower, i)) {
            continue;
        }

        value = pay_inbox_joined(a, lower, h->nelts, i);

        if (lower[i].name.data == NULL || value.data == NULL) {
            pay_sandbox_failed(w);
            return;
        }

        pay_sandbox_str(w, a, lower[i].name, value);
    }

    pay_jw_end(w);
}


static int
pay_inbox_depth(const pay_json_t *tree)
{
    int                deepest, n;
    const pay_json_t  *v;

    deepest = 0;

    for (v = tree->child; v != NULL; v = v->next) {
        n = pay_inbox_depth(v);
        deepest = n > deepest ? n : deepest;
    }

    return deepest + (tree->type == PAY_JSON_OBJECT
                      || tree->type == PAY_JSON_ARRAY);
}


static void
pay_inbox_event(pay_json_writer_t *w, pay_arena_t *a,
    const pay_inbox_item_t *item)
{
    pay_rc_t     rc;
    pay_str_t    at;
    pay_json_t  *tree;
    const char  *why;

    at = pay_time_format(a, item->received_at, PAY_UTC);
    rc = pay_json_parse(a, item->body, &tree, &why);

    if (at.data == NULL || rc == PAY_ERROR) {
        pay_sandbox_failed(w);
        return;
    }

    pay_jw_object(w, NULL);
    pay_jw_str(w, "received_at", at);
    pay_jw_bool(w, "verified", item->verified);
    pay_inbox_headers(w, a, &item->headers);

    if (rc == PAY_OK && pay_inbox_depth(tree) <= PAY_INBOX_DEPTH) {
        pay_jw_tree(w, "body", tree);

    } else {
        pay_sandbox_str(w, a, PAY_STR("raw"), item->body);
    }

    pay_jw_end(w);
}


pay_str_t
pay_json_inbox(pay_arena_t *a, const pay_inbox_item_t *items, size_t nitems)
{
    size_t                    i;
    pay_json_writer_t        *w;
    const pay_inbox_item_t  **list;

    w = pay_json_writer(a);
    list = pay_inbox_sort(a, items, nitems);

    if (w == NULL || list == NULL) {
        return (pay_str_t) pay_str_null;
    }

    pay_jw_object(w, NULL);
    pay_jw_array(w, "events");

    for (i = 0; i < nitems; i++) {
        pay_inbox_event(w, a, list[i]);
    }

    pay_jw_end(w);
    pay_jw_end(w);

    return pay_jw_text(w);
}
