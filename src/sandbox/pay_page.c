
/*
 * Copyright (C) the ngx_pay authors
 *
 * The checkout page behind a sandbox code: what is to be paid, four buttons,
 * its refunds and theirs, and what became of the notices.
 */

#include <sandbox/pay_html.h>


/* open: only while the order can be paid; a transfer is the other way round */

static const struct {
    const char  *action;
    const char  *label;
    const char  *transfer;
    int          open;
} pay_page_buttons[] = {
    { "pay", "Pay", "Confirm", 1 },
    { "decline", "Decline", "Refuse", 1 },
    { "pay_twice", "Pay twice", NULL, 1 },
    { "pay_late", "Pay late", NULL, 0 }
};

static const struct {
    const char  *action;
    const char  *label;
} pay_page_part_buttons[] = {
    { "refund", "Succeed" },
    { "refund_fail", "Fail" },
    { "refund_close", "Close" }
};

static const char *const  pay_page_columns[] = {
    "Of", "Attempt", "Application", "Event", "Acknowledgement",
    "Acknowledged"
};


/* "0.5" and the like in thousandths; what cannot be read counts nothing */

static int
pay_page_weight(pay_str_t s)
{
    int     unit, q;
    size_t  i;

    if (s.len == 0 || s.data[0] < '0' || s.data[0] > '1') {
        return 0;
    }

    q = (s.data[0] - '0') * 1000;

    if (s.len > 1 && s.data[1] != '.') {
        return 0;
    }

    for (i = 2, unit = 100; i < s.len && unit != 0; i++, unit /= 10) {

        if (s.data[i] < '0' || s.data[i] > '9') {
            return 0;
        }

        q += (s.data[i] - '0') * unit;
    }

    return q > 1000 ? 1000 : q;
}


/* the text before stop; rest is what follows it */

static pay_str_t
pay_page_part(pay_str_t *rest, pay_u8 stop)
{
    pay_str_t      part;
    const pay_u8  *p;

    part = *rest;
    p = memchr(rest->data, stop, rest->len);

    if (p == NULL) {
        rest->len = 0;

    } else {
        part.len = (size_t) (p - part.data);
        rest->data = p + 1;
        rest->len -= part.len + 1;
    }

    while (part.len != 0 && part.data[0] == ' ') {
        part.data++;
        part.len--;
    }

    while (part.len != 0 && part.data[part.len - 1] == ' ') {
        part.len--;
    }

    return part;
}


static int
pay_page_is(pay_str_t tag, const char *language)
{
    pay_str_t  primary;

    primary = tag.len != 0 ? pay_page_part(&tag, '-') : tag;

    return pay_str_caseeqz(primary, language);
}


/* the weight of "zh-CN;q=0.5", of which range becomes "zh-CN" */

static int
pay_page_range(pay_str_t *range)
{
    int        q;
    pay_str_t  rest, param;

    q = 1000;
    rest = *range;
    *range = pay_page_part(&rest, ';');

    while (rest.len != 0) {
        param = pay_page_part(&rest, ';');

        if (pay_str_starts(param, "q=")) {
            param.data += 2;
            param.len -= 2;
            q = pay_page_weight(param);
        }
    }

    return q;
}


pay_lang_t
pay_page_lang(pay_str_t accept_language)
{
    int         q, best, zh;
    pay_str_t   range;
    pay_lang_t  lang;

    lang = PAY_LANG_EN;
    best = 0;

    while (accept_language.len != 0) {
        range = pay_page_part(&accept_language, ',');

        if (range.len == 0) {
            continue;
        }

        q = pay_page_range(&range);
        zh = pay_page_is(range, "zh");

        /* of equal ones the first */

        if (q > best && (zh || pay_page_is(range, "en"))) {
            lang = zh ? PAY_LANG_ZH : PAY_LANG_EN;
            best = q;
        }
    }

    return lang;
}


static void
pay_page_amount(pay_buf_t *b, int64_t amount, pay_str_t currency)
{
    int        exponent;
    pay_str_t  text;

    exponent = pay_currency_exponent(currency);
    text = pay_amount_to_decimal(b->arena, amount,
                                 exponent < 0 ? 0 : exponent);

    if (text.data == NULL) {
        b->failed = 1;
    }

    pay_html_text(b, text);
    pay_buf_addc(b, ' ');
    pay_html_text(b, currency);
}


static void
pay_page_order(pay_buf_t *b, pay_lang_t lang, pay_str_t channel,
    const pay_sim_view_t *view)
{
    pay_str_t  expires;

    expires = pay_html_time(b->arena, lang, view->expires_at);

    if (expires.data == NULL) {
        b->failed = 1;
    }

    pay_buf_addz(b, "<section>\n");
    pay_buf_addz(b, "<p class=\"amount\">");
    pay_page_amount(b, view->amount, view->currency);
    pay_buf_addz(b, "</p>\n<table>\n");
    pay_html_row(b, lang, "Description", view->description);
    pay_html_row(b, lang, "Merchant account", view->account);
    pay_html_row(b, lang, "Order", view->order_id);
    pay_html_row(b, lang, "Channel", channel);
    pay_html_row(b, lang, "State", pay_strz(view->state));
    pay_html_row(b, lang, "Expires", expires);
    pay_html_row(b, lang, "Notices go to", view->notify_url);
    pay_buf_addz(b, "</table>\n");
}


/* a form without an action posts to the page's own URL */

static void
pay_page_form(pay_buf_t *b, pay_lang_t lang, const pay_sim_view_t *view)
{
    int          transfer;
    size_t       i;
    const char  *label;

    transfer = strcmp(view->kind, "transfer") == 0;

    pay_buf_addz(b, "<form method=\"post\">\n");

    for (i = 0; i < pay_nelts(pay_page_buttons); i++) {
        label = transfer ? pay_page_buttons[i].transfer
                         : pay_page_buttons[i].label;

        if (label == NULL) {
            continue;
        }

        pay_buf_addz(b, "<button type=\"submit\" name=\"action\" value=\"");
        pay_buf_addz(b, pay_page_buttons[i].action);
        pay_buf_addz(b, pay_page_buttons[i].open && !view->payable
                        ? "\" disabled>" : "\">");
        pay_html_say(b, lang, label);
        pay_buf_addz(b, "</button>\n");
    }

    pay_buf_addz(b, "</form>\n<p><a href=\"\">");
    pay_html_say(b, lang, "Look again");
    pay_buf_addz(b, "</a></p>\n");

    if (view->return_url.len != 0) {
        pay_buf_addz(b, "<p><a href=\"");
        pay_html_text(b, view->return_url);
        pay_buf_addz(b, "\">");
        pay_html_say(b, lang, "Back to the merchant");
        pay_buf_addz(b, "</a></p>\n");
    }

    pay_buf_addz(b, "</section>\n");
}


/* each with a form of its own, which says whose buttons they are */

static void
pay_page_refund(pay_buf_t *b, pay_lang_t lang, const pay_sim_view_t *view,
    const pay_sim_part_t *part)
{
    size_t  i;

    pay_buf_addz(b, "<tr><td>");
    pay_html_text(b, part->id);
    pay_buf_addz(b, "</td><td>");
    pay_page_amount(b, part->amount, view->currency);
    pay_buf_addz(b, "</td><td>");
    pay_html_text(b, pay_strz(part->state));
    pay_buf_addz(b, "</td><td>");

    if (part->open) {
        pay_buf_addz(b, "<form method=\"post\">\n"
                        "<input type=\"hidden\" name=\"part\" value=\"");
        pay_html_text(b, part->id);
        pay_buf_addz(b, "\">\n");

        for (i = 0; i < pay_nelts(pay_page_part_buttons); i++) {
            pay_buf_addz(b, "<button type=\"submit\" name=\"action\""
                            " value=\"");
            pay_buf_addz(b, pay_page_part_buttons[i].action);
            pay_buf_addz(b, "\">");
            pay_html_say(b, lang, pay_page_part_buttons[i].label);
            pay_buf_addz(b, "</button>\n");
        }

        pay_buf_addz(b, "</form>\n");
    }

    pay_buf_addz(b, "</td></tr>\n");
}


static void
pay_page_refunds(pay_buf_t *b, pay_lang_t lang, const pay_sim_view_t *view)
{
    size_t  i;

    if (view->nparts == 0) {
        return;
    }

    pay_buf_addz(b, "<section>\n<h2>");
    pay_html_say(b, lang, "Refunds");
    pay_buf_addz(b, "</h2>\n<table>\n");

    for (i = 0; i < view->nparts; i++) {
        pay_page_refund(b, lang, view, &view->parts[i]);
    }

    pay_buf_addz(b, "</table>\n</section>\n");
}


/* 0 is no status at all */

static void
pay_page_status(pay_buf_t *b, pay_lang_t lang, int status)
{
    if (status == 0) {
        pay_html_say(b, lang, "none");
        return;
    }

    pay_buf_addi(b, status);
}


static void
pay_page_of(pay_buf_t *b, const pay_sim_due_t *notice)
{
    pay_html_text(b, pay_strz(notice->kind));
    pay_buf_addc(b, ' ');

    if (notice->payment != 0) {
        pay_buf_addi(b, (int64_t) notice->payment);
        return;
    }

    pay_html_text(b, notice->number);
}


static void
pay_page_sent(pay_buf_t *b, pay_lang_t lang, const pay_sim_sent_t *sent)
{
    pay_buf_addz(b, "<tr><td>");
    pay_page_of(b, &sent->notice);
    pay_buf_addz(b, "</td><td>");
    pay_buf_addi(b, (int64_t) sent->attempt);
    pay_buf_addz(b, "</td><td>");
    pay_page_status(b, lang, sent->application_status);
    pay_buf_addz(b, "</td><td>");
    pay_html_text(b, sent->event);
    pay_buf_addz(b, "</td><td>");
    pay_page_status(b, lang, sent->status);
    pay_buf_addz(b, "<pre>");
    pay_html_text(b, sent->acknowledgement);
    pay_buf_addz(b, sent->acknowledged ? "</pre></td><td class=\"yes\">"
                                       : "</pre></td><td class=\"no\">");
    pay_html_say(b, lang, sent->acknowledged ? "yes" : "no");
    pay_buf_addz(b, "</td></tr>\n");
}


static void
pay_page_notices(pay_buf_t *b, pay_lang_t lang, const pay_sim_sent_t *sent,
    size_t nsent)
{
    size_t  i;

    pay_buf_addz(b, "<section>\n<h2>");
    pay_html_say(b, lang, "Notices");
    pay_buf_addz(b, "</h2>\n");

    if (nsent == 0) {
        pay_buf_addz(b, "<p>");
        pay_html_say(b, lang, "No notice was sent.");
        pay_buf_addz(b, "</p>\n</section>\n");
        return;
    }

    pay_buf_addz(b, "<table>\n<tr>");

    for (i = 0; i < pay_nelts(pay_page_columns); i++) {
        pay_buf_addz(b, "<th>");
        pay_html_say(b, lang, pay_page_columns[i]);
        pay_buf_addz(b, "</th>");
    }

    pay_buf_addz(b, "</tr>\n");

    for (i = 0; i < nsent; i++) {
        pay_page_sent(b, lang, &sent[i]);
    }

    pay_buf_addz(b, "</table>\n</section>\n");
}


static void
pay_page_pending(pay_buf_t *b, pay_lang_t lang, const pay_sim_view_t *view)
{
    size_t     i;
    pay_str_t  time;

    if (view->ndue == 0) {
        return;
    }

    pay_buf_addz(b, "<section>\n<h2>");
    pay_html_say(b, lang, "Notices to come");
    pay_buf_addz(b, "</h2>\n<table>\n");

    for (i = 0; i < view->ndue; i++) {
        time = pay_html_time(b->arena, lang, view->due[i].due_at);

        if (time.data == NULL) {
            b->failed = 1;
        }

        pay_buf_addz(b, "<tr><td>");
        pay_page_of(b, &view->due[i]);
        pay_buf_addz(b, "</td><td>");
        pay_html_text(b, time);
        pay_buf_addz(b, "</td></tr>\n");
    }

    pay_buf_addz(b, "</table>\n</section>\n");
}


/* the amounts that force a case */

static void
pay_page_magic(pay_buf_t *b, pay_lang_t lang)
{
    const pay_magic_row_t  *row;

    pay_buf_addz(b, "<section>\n<details><summary>");
    pay_html_say(b, lang, "Amounts that force a case, by their last three"
                          " digits");
    pay_buf_addz(b, "</summary>\n<table>\n");

    for (row = pay_magic_rows; row->digits != 0; row++) {
        pay_buf_addz(b, "<tr><th>");
        pay_buf_addi(b, row->digits);
        pay_buf_addz(b, "</th><td>");
        pay_html_say(b, lang, row->sentence);
        pay_buf_addz(b, "</td></tr>\n");
    }

    pay_buf_addz(b, "</table>\n</details>\n</section>\n");
}


pay_str_t
pay_page_checkout(pay_arena_t *a, pay_lang_t lang, pay_str_t channel,
    const pay_sim_view_t *view, const char *message,
    const pay_sim_sent_t *sent, size_t nsent)
{
    pay_buf_t  b;

    pay_buf_init(&b, a, 8192);
    pay_html_head(&b, lang, "Checkout");

    if (message != NULL) {
        pay_buf_addz(&b, "<p class=\"card message\" role=\"status\">");
        pay_html_say(&b, lang, message);
        pay_buf_addz(&b, "</p>\n");
    }

    pay_page_order(&b, lang, channel, view);
    pay_page_form(&b, lang, view);
    pay_page_refunds(&b, lang, view);

    /* before a button was pressed there is nothing to tell of */

    if (message != NULL || nsent != 0) {
        pay_page_notices(&b, lang, sent, nsent);
    }

    pay_page_pending(&b, lang, view);
    pay_page_magic(&b, lang);
    pay_html_foot(&b);

    return pay_buf_str(&b);
}
