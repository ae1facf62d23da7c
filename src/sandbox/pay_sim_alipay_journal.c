
/*
 * Copyright (C) the ngx_pay authors
 *
 * Alipay simulator: what was paid and given back on a day, for its statement.
 * A page is a thing with lines of JSON; a thing for the day has their number.
 */

#include <sandbox/pay_sim_alipay.h>


/* what a line needs at most, its subject cut */
#define PAY_ALIS_LINE     1024
#define PAY_ALIS_SUBJECT  64

#define PAY_ALIS_PAGES    4096


static pay_str_t
pay_alis_page_id(pay_sim_t *s, pay_str_t day, int64_t page)
{
    pay_buf_t  b;

    pay_buf_init(&b, s->arena, 32);
    pay_buf_addz(&b, "day/");
    pay_buf_adds(&b, day);

    if (page >= 0) {
        pay_buf_addc(&b, '/');
        pay_buf_addi(&b, page);
    }

    return pay_buf_str(&b);
}


/* PAY_OK: *pages is known, and all of them are named */

static pay_rc_t
pay_alis_pages(pay_sim_t *s, pay_str_t day, int all, uint64_t *pages)
{
    uint64_t          i;
    pay_rc_t          rc, last;
    pay_sim_thing_t  *head, *page;

    rc = pay_sim_thing(s, pay_alis_page_id(s, day, -1), &head);

    if (rc != PAY_OK) {
        return rc;
    }

    *pages = 0;

    if (head->text.len != 0
        && pay_str_uint(head->text, PAY_ALIS_PAGES, pages) != PAY_OK)
    {
        return PAY_ERROR;
    }

    last = PAY_OK;

    for (i = all || *pages == 0 ? 0 : *pages - 1; i < *pages; i++) {
        rc = pay_sim_thing(s, pay_alis_page_id(s, day, (int64_t) i), &page);

        if (rc != PAY_OK) {
            last = rc;
        }
    }

    return last;
}


pay_rc_t
pay_alis_journal(pay_sim_t *s, pay_str_t day)
{
    uint64_t  pages;

    return pay_alis_pages(s, day, 1, &pages);
}


static pay_str_t
pay_alis_today(pay_sim_t *s)
{
    pay_buf_t  b;
    pay_str_t  text;

    text = pay_alis_time(s->arena, s->now);

    if (text.data == NULL) {
        return text;
    }

    pay_buf_init(&b, s->arena, 8);
    pay_buf_add(&b, text.data, 4);
    pay_buf_add(&b, text.data + 5, 2);
    pay_buf_add(&b, text.data + 8, 2);

    return pay_buf_str(&b);
}


pay_rc_t
pay_alis_journal_today(pay_sim_t *s)
{
    uint64_t   pages;
    pay_str_t  day;

    day = pay_alis_today(s);

    return day.data != NULL ? pay_alis_pages(s, day, 0, &pages) : PAY_ERROR;
}


pay_str_t
pay_alis_journal_page(pay_sim_t *s, pay_str_t day, size_t n)
{
    uint64_t          pages;
    pay_sim_thing_t  *page;

    if (pay_alis_pages(s, day, 1, &pages) != PAY_OK || n >= pages
        || pay_sim_thing(s, pay_alis_page_id(s, day, (int64_t) n), &page)
           != PAY_OK)
    {
        return PAY_STR("");
    }

    return page->text;
}


static pay_str_t
pay_alis_line(pay_sim_t *s, const pay_alis_trade_t *t, size_t payment,
    const pay_alis_refund_t *r)
{
    pay_json_writer_t  *w;

    w = pay_json_writer(s->arena);

    if (w == NULL) {
        return (pay_str_t) pay_str_null;
    }

    pay_jw_object(w, NULL);
    pay_jw_str(w, "trade_no", t->payments[payment].trade_no);
    pay_jw_str(w, "out_trade_no", t->out_trade_no);
    pay_jw_str(w, "subject", pay_utf8_cut(t->subject, PAY_ALIS_SUBJECT));
    pay_jw_int(w, "created", t->created_at);
    pay_jw_int(w, "time", r != NULL ? r->time : t->payments[payment].time);
    pay_jw_int(w, "amount", r != NULL ? r->amount : t->total);

    if (r != NULL) {
        pay_jw_str(w, "refund", r->number);
    }

    pay_jw_end(w);

    return pay_jw_text(w);
}


/* a page that has room; a new one begins empty */

static pay_rc_t
pay_alis_room(pay_sim_t *s, pay_str_t day, pay_sim_thing_t **page)
{
    uint64_t          pages;
    pay_buf_t         b;
    pay_sim_thing_t  *head;

    if (pay_alis_pages(s, day, 0, &pages) != PAY_OK
        || pay_sim_thing(s, pay_alis_page_id(s, day, -1), &head) != PAY_OK)
    {
        return PAY_ERROR;
    }

    if (pages != 0
        && pay_sim_thing(s, pay_alis_page_id(s, day, (int64_t) pages - 1),
                         page) == PAY_OK
        && (*page)->text.len + PAY_ALIS_LINE <= PAY_SIM_TEXT_MAX)
    {
        return PAY_OK;
    }

    if (pages == PAY_ALIS_PAGES
        || pay_sim_make(s, pay_alis_page_id(s, day, (int64_t) pages),
                        PAY_STR("")) != PAY_OK)
    {
        return PAY_ERROR;
    }

    pay_buf_init(&b, s->arena, 8);
    pay_buf_addi(&b, (int64_t) pages + 1);

    return pay_sim_put(head, pay_buf_str(&b)) == PAY_OK
           ? pay_sim_thing(s, pay_alis_page_id(s, day, (int64_t) pages), page)
           : PAY_ERROR;
}


pay_rc_t
pay_alis_journal_add(pay_sim_t *s, const pay_alis_trade_t *t, size_t payment,
    const pay_alis_refund_t *r)
{
    pay_str_t         day, text, line;
    pay_sim_thing_t  *page;
    const pay_str_t   end = pay_str("\n");
    const pay_str_t *const  parts[] = { &text, &line, &end, NULL };

    day = pay_alis_today(s);
    line = pay_alis_line(s, t, payment, r);

    if (day.data == NULL || line.data == NULL
        || pay_alis_room(s, day, &page) != PAY_OK)
    {
        return PAY_ERROR;
    }

    text = page->text;

    return pay_sim_put(page, pay_concat(s->arena, parts)) == PAY_OK
           ? PAY_OK : PAY_ERROR;
}
