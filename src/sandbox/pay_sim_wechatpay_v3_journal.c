
/*
 * Copyright (C) the ngx_pay authors
 *
 * WeChat Pay APIv3 simulator: what happened on a day, for its bills.  A line
 * is a kind, a number and the id of a thing, which has all the rest: what a
 * bill tells of never changes.  Pages of a record each, and only so many.
 */

#include <sandbox/pay_sim_wechatpay_v3.h>


#define PAY_WXS_PAGES      32
#define PAY_WXS_LINE_MAX   200


pay_str_t
pay_wxs_day(pay_arena_t *a, int64_t time)
{
    pay_str_t  day;

    day = pay_time_format(a, time, PAY_BEIJING);

    if (day.data != NULL) {
        day.len = 10;
    }

    return day;
}


/* n == 0: the head, which has the number of the last page */

static pay_str_t
pay_wxs_page_id(pay_arena_t *a, pay_str_t day, size_t n)
{
    pay_buf_t  b;

    pay_buf_init(&b, a, 32);
    pay_buf_addz(&b, "journal/");
    pay_buf_adds(&b, day);

    if (n != 0) {
        pay_buf_addc(&b, '/');
        pay_buf_addi(&b, (int64_t) n);
    }

    return pay_buf_str(&b);
}


static size_t
pay_wxs_pages(const pay_sim_thing_t *head)
{
    uint64_t  n;

    return head->text.len != 0
           && pay_str_uint(head->text, PAY_WXS_PAGES, &n) == PAY_OK
           ? (size_t) n : 0;
}


/* the page that takes the next line; NULL: the day is full */

static pay_rc_t
pay_wxs_page(pay_sim_t *s, pay_sim_thing_t **head, pay_sim_thing_t **page,
    size_t *n)
{
    pay_rc_t   rc;
    pay_str_t  day;

    day = pay_wxs_day(s->arena, s->now);

    if (day.data == NULL) {
        return PAY_ERROR;
    }

    rc = pay_sim_thing(s, pay_wxs_page_id(s->arena, day, 0), head);

    if (rc != PAY_OK) {
        return rc;
    }

    *n = pay_wxs_pages(*head);
    *n += *n == 0;

    rc = pay_sim_thing(s, pay_wxs_page_id(s->arena, day, *n), page);

    if (rc != PAY_OK
        || (*page)->text.len + PAY_WXS_LINE_MAX <= PAY_SIM_TEXT_MAX)
    {
        return rc;
    }

    if (*n == PAY_WXS_PAGES) {
        *page = NULL;
        return PAY_OK;
    }

    return pay_sim_thing(s, pay_wxs_page_id(s->arena, day, ++*n), page);
}


pay_rc_t
pay_wxs_journal_open(pay_sim_t *s)
{
    size_t            n;
    pay_sim_thing_t  *head, *page;

    return pay_wxs_page(s, &head, &page, &n);
}


pay_rc_t
pay_wxs_journal(pay_sim_t *s, const char *kind, pay_str_t number,
    pay_str_t id)
{
    size_t            n;
    pay_rc_t          rc;
    pay_buf_t         b, digits;
    pay_sim_thing_t  *head, *page;

    rc = pay_wxs_page(s, &head, &page, &n);

    if (rc != PAY_OK || page == NULL) {
        return rc == PAY_OK ? PAY_OK : PAY_ERROR;
    }

    pay_buf_init(&b, s->arena, page->text.len + PAY_WXS_LINE_MAX);
    pay_buf_adds(&b, page->text);
    pay_buf_addz(&b, kind);
    pay_buf_addc(&b, ' ');
    pay_buf_adds(&b, number);
    pay_buf_addc(&b, ' ');
    pay_buf_adds(&b, id);
    pay_buf_addc(&b, '\n');

    if (pay_sim_put(page, pay_buf_str(&b)) != PAY_OK) {
        return PAY_ERROR;
    }

    if (pay_wxs_pages(head) == n) {
        return PAY_OK;
    }

    pay_buf_init(&digits, s->arena, 8);
    pay_buf_addi(&digits, (int64_t) n);

    return pay_sim_put(head, pay_buf_str(&digits));
}


/* "kind number id LF" */

static pay_rc_t
pay_wxs_journal_line(pay_str_t *text, pay_wxs_entry_t *out)
{
    pay_str_t      line;
    const pay_u8  *p;

    p = memchr(text->data, '\n', text->len);

    if (p == NULL) {
        return PAY_ERROR;
    }

    line.data = text->data;
    line.len = (size_t) (p - text->data);
    text->len -= line.len + 1;
    text->data = p + 1;

    if (line.len < 4 || line.data[1] != ' ') {
        return PAY_ERROR;
    }

    out->kind = line.data[0];
    out->number.data = line.data + 2;

    p = memchr(out->number.data, ' ', line.len - 2);

    if (p == NULL) {
        return PAY_ERROR;
    }

    out->number.len = (size_t) (p - out->number.data);
    out->id.data = p + 1;
    out->id.len = line.len - 3 - out->number.len;

    return PAY_OK;
}


static pay_rc_t
pay_wxs_journal_take(pay_arena_t *a, pay_sim_thing_t *const *pages, size_t n,
    pay_wxs_journal_t *out)
{
    size_t            i, lines;
    pay_str_t         text;
    pay_wxs_entry_t  *e;

    for (lines = 0, i = 0; i < n; i++) {
        lines += pages[i]->text.len / 4 + 1;
    }

    e = pay_calloc(a, lines * sizeof(pay_wxs_entry_t));

    if (e == NULL) {
        return PAY_ERROR;
    }

    out->elts = e;
    out->nelts = 0;

    for (i = 0; i < n; i++) {
        for (text = pages[i]->text; text.len != 0; out->nelts++) {
            if (pay_wxs_journal_line(&text, &e[out->nelts]) != PAY_OK) {
                return PAY_ERROR;
            }
        }
    }

    return PAY_OK;
}


pay_rc_t
pay_wxs_journal_load(pay_sim_t *s, pay_str_t day, pay_wxs_journal_t *out)
{
    size_t            i, n;
    pay_rc_t          rc, all;
    pay_sim_thing_t  *head, *pages[PAY_WXS_PAGES];

    rc = pay_sim_thing(s, pay_wxs_page_id(s->arena, day, 0), &head);

    if (rc != PAY_OK) {
        return rc;
    }

    n = pay_wxs_pages(head);
    all = PAY_OK;

    for (i = 0; i < n; i++) {
        rc = pay_sim_thing(s, pay_wxs_page_id(s->arena, day, i + 1),
                           &pages[i]);
        if (rc == PAY_ERROR) {
            return rc;
        }

        all = rc == PAY_OK ? all : rc;
    }

    return all == PAY_OK ? pay_wxs_journal_take(s->arena, pages, n, out) : all;
}
