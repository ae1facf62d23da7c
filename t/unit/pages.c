
/*
 * Copyright (C) the ngx_pay authors
 *
 * src/sandbox: the checkout and inbox pages, their JSON, and how the inbox
 * keeps an event.
 */

#include "test.h"

#include <sandbox/pay_html.h>
#include <sandbox/pay_sandbox.h>


/* one of each character that HTML gives a meaning to, and where it came from */

#define EVIL(n)  "<b>&\"'" n
#define MILD(n)  "&lt;b&gt;&amp;&quot;&#39;" n


static pay_arena_t  *arena;


static const char *
z(pay_str_t s)
{
    if (s.data == NULL) {
        return "(null)";
    }

    return (const char *) pay_str_dup(arena, s).data;
}


static int
has(pay_str_t s, const char *what)
{
    return strstr(z(s), what) != NULL;
}


static size_t
count(pay_str_t s, const char *what)
{
    size_t       n;
    const char  *p;

    for (n = 0, p = z(s); (p = strstr(p, what)) != NULL; p += strlen(what)) {
        n++;
    }

    return n;
}


static pay_json_t *
parse(pay_str_t s)
{
    pay_json_t  *tree;
    const char  *why;

    return s.data != NULL && pay_json_parse(arena, s, &tree, &why) == PAY_OK
           ? tree : NULL;
}


static pay_str_t
member(const pay_json_t *tree, const char *key)
{
    pay_str_t  value = pay_str_null;

    (void) pay_json_string(tree, key, &value);

    return value;
}


static const pay_sim_view_t  plain = {
    "payment",
    pay_str("order-0001"),
    pay_str("Tea"),
    1050,
    pay_str("CNY"),
    pay_str("1900000109"),
    "NOTPAY",
    INT64_C(1795305600),
    pay_str("http://127.0.0.1:8080/notify/wechat"),
    1, pay_str(""), NULL, 0, NULL, 0
};

static const pay_sim_part_t  parts[] = {
    { pay_str("R-1"), "refund", 50, "PROCESSING", 1 },
    { pay_str(EVIL("part")), "refund", 100, "SUCCESS", 0 },
    { pay_str(EVIL("open")), "refund", 100, "ABNORMAL", 1 }
};

static const pay_sim_due_t  due[] = {
    { 3, "refund", pay_str(EVIL("number")), 0, INT64_C(1795305600) },
    { 4, "payment", pay_str("order-0001"), 2, INT64_C(1795305601) }
};

static const pay_sim_view_t  refunded = {
    "payment",
    pay_str("order-0001"),
    pay_str("Tea"),
    1050,
    pay_str("CNY"),
    pay_str("1900000109"),
    "REFUND",
    INT64_C(1795305600),
    pay_str("http://127.0.0.1:8080/notify/wechat"),
    0, pay_str("http://shop.example/back?a=1&b=2"), parts, 3, due, 2
};

static const pay_sim_view_t  evil = {
    "payment",
    pay_str(EVIL("order")),
    pay_str(EVIL("description")),
    1,
    pay_str(EVIL("currency")),
    pay_str(EVIL("account")),
    EVIL("state"),
    0,
    pay_str(EVIL("url")),
    0, pay_str(EVIL("back")), NULL, 0, NULL, 0
};

#define FIRST   { 1, "payment", pay_str("order-0001"), 1, 0 }
#define SECOND  { 2, "payment", pay_str("order-0001"), 2, 0 }
#define REFUND  { 3, "refund", pay_str("R-1"), 0, 0 }

static const pay_sim_sent_t  sent[] = {
    { FIRST, 1, pay_str("http://127.0.0.1:8080/notify/wechat"), 503,
      pay_str("{\"code\":\"FAIL\",\"message\":\"later\"}"), 0,
      pay_str("evt_1"), 500 },
    { FIRST, 2, pay_str("http://127.0.0.1:8080/notify/wechat"), 200,
      pay_str("{\"code\":\"SUCCESS\"}"), 1, pay_str("evt_1"), 204 },
    { SECOND, 1, pay_str("http://127.0.0.1:8080/notify/wechat"), 0,
      pay_str_null, 0, pay_str_null, 0 },
    { REFUND, 1, pay_str("http://127.0.0.1:8080/notify/wechat"), 204,
      pay_str_null, 1, pay_str("evt_2"), 200 }
};

static const pay_sim_sent_t  evil_sent = {
    FIRST, 1, pay_str(EVIL("sent-url")), 200, pay_str(EVIL("ack")), 1,
    pay_str(EVIL("event")), 200
};


static void
test_lang(void)
{
    size_t  i;
    static const struct {
        const char  *value;
        pay_lang_t   lang;
    } rows[] = {
        { "", PAY_LANG_EN }, { "zh", PAY_LANG_ZH }, { "en", PAY_LANG_EN },
        { "zh-CN,zh;q=0.9,en;q=0.8", PAY_LANG_ZH },
        { "en-US,en;q=0.9,zh-CN;q=0.8", PAY_LANG_EN },
        { "ZH-hant-TW", PAY_LANG_ZH }, { "zha", PAY_LANG_EN },
        { "fr,de;q=0.7,zh;q=0.3", PAY_LANG_ZH }, { "fr", PAY_LANG_EN },
        { "en;q=0.3, zh;q=0.7", PAY_LANG_ZH },
        { "en;q=0.71,zh;q=0.7", PAY_LANG_EN },
        { "zh;q=0", PAY_LANG_EN }, { "zh;q=0,en", PAY_LANG_EN },
        { "zh;q=0.001", PAY_LANG_ZH }, { "zh;q=1.5,en", PAY_LANG_ZH },
        { "zh;q=x,en;q=0.1", PAY_LANG_EN }, { "zh;q=", PAY_LANG_EN },
        { "zh;q=00.5,en;q=0.1", PAY_LANG_EN },
        { "zh;q=0.5x,en;q=0.1", PAY_LANG_EN },
        { " zh ; q=0.5 , en ; q=0.4", PAY_LANG_ZH },
        { ",,,;,zh", PAY_LANG_ZH }, { ";q=1", PAY_LANG_EN },
        { "-", PAY_LANG_EN }, { "*", PAY_LANG_EN }
    };

    for (i = 0; i < pay_nelts(rows); i++) {
        is_int(pay_page_lang(pay_strz(rows[i].value)), rows[i].lang,
               (const char *) z(pay_strz(rows[i].value)));
    }

    is_int(pay_page_lang((pay_str_t) pay_str_null), PAY_LANG_EN, "no header");
}


static void
test_checkout(void)
{
    pay_str_t  page;

    page = pay_page_checkout(arena, PAY_LANG_EN, PAY_STR("wechat"), &plain,
                             NULL, NULL, 0);
    ok(has(page, "<html lang=\"en\">"), "in English");
    ok(has(page, "no money moves"), "says that it is a sandbox");
    ok(has(page, "width=device-width"), "fits a phone");
    ok(has(page, "10.50 CNY"), "amount as a decimal");
    ok(has(page, "1900000109") && has(page, "order-0001") && has(page, ">Tea<")
       && has(page, "NOTPAY") && has(page, "2026-11-22T00:00:00Z")
       && has(page, "http://127.0.0.1:8080/notify/wechat")
       && has(page, ">wechat<"), "everything of the order");
    ok(has(page, "name=\"action\" value=\"pay\"")
       && has(page, "name=\"action\" value=\"decline\"")
       && has(page, "name=\"action\" value=\"pay_twice\"")
       && has(page, "name=\"action\" value=\"pay_late\""), "four buttons");
    ok(has(page, "<form method=\"post\">"), "that post to the page's own URL");
    ok(!has(page, "disabled>"), "all of them may be pressed");
    ok(!has(page, "<script") && !has(page, " on") && !has(page, " src="),
       "no script, nothing from elsewhere");
    ok(!has(page, "Notices</h2>"), "no notices before a button");

    page = pay_page_checkout(arena, PAY_LANG_ZH, PAY_STR("wechat"), &plain,
                             NULL, NULL, 0);
    ok(has(page, "<html lang=\"zh-CN\">") && has(page, "沙箱环境")
       && has(page, "重复支付") && has(page, "商户号"), "in Chinese");
    ok(has(page, "2026-11-22T08:00:00+08:00"), "Beijing time");
    ok(!has(page, ">Pay<") && !has(page, ">Order<"), "and nothing else");
    ok(pay_utf8_length(page) > 0, "UTF-8");
}


static void
test_checkout_pressed(void)
{
    pay_str_t       page;
    pay_sim_view_t  view;

    view = plain;
    view.payable = 0;
    view.state = "SUCCESS";

    page = pay_page_checkout(arena, PAY_LANG_EN, PAY_STR("wechat"), &view,
                             NULL, sent, 4);
    is_int((long long) count(page, "disabled>"), 3,
           "paid: three buttons are off");
    ok(has(page, "value=\"pay_late\">"), "a late payment can be tried");
    is_int((long long) count(page, "<tr><td>"), 4, "a row for each notice");
    ok(has(page, "<td>refund R-1</td><td>1</td><td>200</td><td>evt_2</td>"),
       "one of a refund");
    ok(!has(page, "Refunds") && !has(page, "Notices to come"),
       "no refund, nothing to come");
    ok(has(page, "<td>payment 1</td><td>1</td><td>500</td><td>evt_1"
                 "</td>"
                 "<td>503<pre>{&quot;code&quot;:&quot;FAIL&quot;,&quot;"
                 "message&quot;:&quot;later&quot;}</pre></td>"
                 "<td class=\"no\">no</td>"), "one that was refused");
    ok(has(page, "<td>payment 1</td><td>2</td><td>204</td><td>evt_1"
                 "</td>"
                 "<td>200<pre>{&quot;code&quot;:&quot;SUCCESS&quot;}</pre>"
                 "</td><td class=\"yes\">yes</td>"), "one acknowledged");
    ok(has(page, "<td>payment 2</td><td>1</td><td>none</td><td></td>"
                 "<td>none<pre>"
                 "</pre></td><td class=\"no\">no</td>"), "one not answered");

    page = pay_page_checkout(arena, PAY_LANG_EN, PAY_STR("wechat"), &view,
                             "The order is already paid.", NULL, 0);
    ok(has(page, "The order is already paid.")
       && has(page, "No notice was sent."), "a button that made no sense");

    page = pay_page_checkout(arena, PAY_LANG_ZH, PAY_STR("wechat"), &view,
                             "The order is already paid.", NULL, 0);
    ok(has(page, "订单已支付。") && !has(page, "already paid"),
       "the same in Chinese");

    page = pay_page_checkout(arena, PAY_LANG_ZH, PAY_STR("wechat"), &view,
                             "Something of the glue <x>.", NULL, 0);
    ok(has(page, "Something of the glue &lt;x&gt;."),
       "a sentence that has no translation, escaped");

    view.currency = PAY_STR("JPY");
    page = pay_page_checkout(arena, PAY_LANG_EN, PAY_STR("c"), &view, NULL,
                             NULL, 0);
    ok(has(page, ">1050 JPY<"), "a currency without a minor unit");
}


static void
test_checkout_refunded(void)
{
    pay_str_t  page;

    page = pay_page_checkout(arena, PAY_LANG_EN, PAY_STR("wechat"), &refunded,
                             NULL, NULL, 0);
    ok(has(page, "<h2>Refunds</h2>"), "refunds");
    ok(has(page, "<tr><td>R-1</td><td>0.50 CNY</td><td>PROCESSING</td>"
                 "<td><form method=\"post\">\n<input type=\"hidden\""
                 " name=\"part\" value=\"R-1\">\n"),
       "one that goes on: whose buttons they are");
    ok(has(page, "<tr><td>" MILD("part") "</td><td>1.00 CNY</td>"
                 "<td>SUCCESS</td><td></td></tr>"), "one that is over");
    ok(has(page, "name=\"part\" value=\"" MILD("open") "\">"), "escaped");
    is_int((long long) count(page, "value=\"refund\">Succeed<"), 2,
           "a button for each that goes on");
    is_int((long long) count(page, "value=\"refund_fail\">Fail<"), 2,
           "another");
    is_int((long long) count(page, "value=\"refund_close\">Close<"), 2,
           "a third");
    ok(has(page, "<h2>Notices to come</h2>")
       && has(page, "<td>refund " MILD("number") "</td>"
                    "<td>2026-11-22T00:00:00Z</td>")
       && has(page, "<td>payment 2</td><td>2026-11-22T00:00:01Z</td>"),
       "notices to come");
    ok(!has(page, "<b>"), "nothing raw");

    page = pay_page_checkout(arena, PAY_LANG_ZH, PAY_STR("wechat"), &refunded,
                             NULL, NULL, 0);
    ok(has(page, "退款异常") && has(page, "待发送的通知"), "in Chinese");
}


static void
test_checkout_transfer(void)
{
    pay_str_t       page;
    pay_sim_view_t  view;

    view = plain;
    view.kind = "transfer";

    page = pay_page_checkout(arena, PAY_LANG_EN, PAY_STR("wechat"), &view,
                             NULL, NULL, 0);
    is_int((long long) count(page, "<button"), 2, "transfer: two buttons");
    ok(has(page, "value=\"pay\">Confirm<")
       && has(page, "value=\"decline\">Refuse<"), "of the payee");
}


static void
test_escaping(void)
{
    size_t       i;
    pay_str_t    page;
    static const char *const  mild[] = {
        MILD("order"), MILD("description"), MILD("currency"), MILD("account"),
        MILD("state"), MILD("url"), MILD("channel"), MILD("message"),
        MILD("ack"), MILD("event")
    };

    page = pay_page_checkout(arena, PAY_LANG_EN, PAY_STR(EVIL("channel")),
                             &evil, EVIL("message"), &evil_sent, 1);

    for (i = 0; i < pay_nelts(mild); i++) {
        ok(has(page, mild[i]), "checkout: %s", mild[i]);
    }

    ok(!has(page, "<b>") && !has(page, "&\"") && !has(page, "\"'")
       && !has(page, ";'"), "checkout: nothing raw");
}


static void
test_text(void)
{
    pay_buf_t  b;

    pay_buf_init(&b, arena, 1);
    pay_html_text(&b, PAY_STR("a\tb\nc"));
    pay_html_text(&b, (pay_str_t) { 4, (const pay_u8 *) "\0\x01\r\x7f" });
    pay_html_text(&b, PAY_STR("\xff<\xe6\x94\xaf"));
    pay_html_text(&b, PAY_STR("支"));
    pay_html_text(&b, (pay_str_t) pay_str_null);

    is(pay_buf_str(&b), "a\tb\nc\ufffd\ufffd\ufffd\ufffd"
       "\ufffd&lt;\ufffd\ufffd\ufffd" "支", "bytes that are no text");
    ok(pay_utf8_length(pay_buf_str(&b)) > 0, "become UTF-8");
}


static void
test_json_checkout(void)
{
    int64_t      n;
    pay_str_t    text;
    pay_json_t  *tree, *e, *ack;

    text = pay_json_checkout(arena, PAY_STR("wechat"), &plain, "pay_twice",
                             NULL, sent, 3);
    tree = parse(text);
    ok(tree != NULL, "checkout: JSON");
    is(member(tree, "channel"), "wechat", "channel");
    is(member(tree, "order_id"), "order-0001", "order_id");
    is(member(tree, "action"), "pay_twice", "action");
    is(member(tree, "state"), "NOTPAY", "state");
    is_int(pay_json_get(tree, "message")->type, PAY_JSON_NULL, "message");

    e = pay_json_get(tree, "notices")->child;
    ack = pay_json_get(e, "acknowledgement");
    ok(pay_json_int(e, "payment", &n) == PAY_OK && n == 1, "payment");
    ok(pay_json_int(e, "attempt", &n) == PAY_OK && n == 1, "attempt");
    is(member(e, "url"), "http://127.0.0.1:8080/notify/wechat", "url");
    is(member(e, "event"), "evt_1", "event");
    ok(pay_json_int(e, "application_status", &n) == PAY_OK && n == 500,
       "application_status");
    ok(pay_json_int(ack, "status", &n) == PAY_OK && n == 503, "status");
    is(member(ack, "body"), "{\"code\":\"FAIL\",\"message\":\"later\"}",
       "body");
    is_int(pay_json_get(ack, "accepted")->type, PAY_JSON_FALSE, "accepted");
    is_int(pay_json_get(pay_json_get(e->next, "acknowledgement"),
                        "accepted")->type, PAY_JSON_TRUE, "accepted");

    e = e->next->next;
    ack = pay_json_get(e, "acknowledgement");
    ok(pay_json_get(e, "event")->type == PAY_JSON_NULL
       && pay_json_get(e, "application_status")->type == PAY_JSON_NULL
       && pay_json_get(ack, "status")->type == PAY_JSON_NULL
       && pay_json_get(ack, "body")->text.len == 0, "one not answered");
    ok(e->next == NULL, "three notices");

    tree = parse(pay_json_checkout(arena, PAY_STR(EVIL("channel")), &evil,
                                   NULL, EVIL("message"), &evil_sent, 1));
    is(member(tree, "order_id"), EVIL("order"), "odd characters, order_id");
    is(member(tree, "message"), EVIL("message"), "odd characters, message");
    is_int(pay_json_get(tree, "action")->type, PAY_JSON_NULL, "no action");

    tree = parse(pay_json_checkout(arena, PAY_STR("c"), &refunded, NULL,
                                   NULL, &sent[3], 1));
    e = pay_json_get(tree, "refunds")->child;
    is(member(e, "refund_id"), "R-1", "refund_id");
    is(member(e, "state"), "PROCESSING", "state");
    ok(pay_json_int(e, "amount", &n) == PAY_OK && n == 50, "amount");
    ok(e->next->next->next == NULL, "three refunds");
    e = pay_json_get(tree, "pending")->child;
    is(member(e, "kind"), "refund", "pending: kind");
    is(member(e, "number"), EVIL("number"), "number");
    is(member(e, "due_at"), "2026-11-22T00:00:00Z", "due_at");
    is_int(pay_json_get(e, "payment")->type, PAY_JSON_NULL, "no payment");
    ok(pay_json_int(e->next, "payment", &n) == PAY_OK && n == 2,
       "the second payment");
    ok(e->next->next == NULL, "two of them");
    e = pay_json_get(tree, "notices")->child;
    is(member(e, "kind"), "refund", "a notice of a refund");
    is(member(e, "number"), "R-1", "which");

    pay_sim_sent_t  raw = evil_sent;

    raw.acknowledgement = PAY_STR("\xff\xfe");
    tree = parse(pay_json_checkout(arena, PAY_STR("c"), &plain, "pay", NULL,
                                   &raw, 1));
    ok(tree != NULL, "an acknowledgement that is no UTF-8");
}


/* the inbox */

static const pay_header_t  inbox_headers[] = {
    { pay_str("Webhook-Id"), pay_str("evt_1") },
    { pay_str("X-Odd"), pay_str(EVIL("header")) },
    { pay_str("x-odd"), pay_str("second") },
    { pay_str("X-Raw"), pay_str("\xff") },
    { pay_str("X-Empty"), pay_str_null }
};

static const pay_inbox_item_t  items[] = {
    { INT64_C(1795305600), 1, { inbox_headers, 5 },
      pay_str("{\"id\":\"evt_1\",\"type\":\"payment.succeeded\",\"data\":"
              "{\"amount\":1050,\"text\":\"a\\\"{,\\\\\"},\"list\":[1,2,[]],"
              "\"none\":{},\"big\":12345678901234567890.10}") },
    { INT64_C(1795305602), 0, { NULL, 0 }, pay_str(EVIL("body")) },
    { INT64_C(1795305602), 0, { NULL, 0 }, pay_str("\xff") },
    { INT64_C(1795305601), 0, { inbox_headers, 1 },
      pay_str("{\"id\":\"<i>\",\"type\":\"<t>\"}") }
};


static int
same(const pay_inbox_item_t *a, const pay_inbox_item_t *b)
{
    size_t  i;

    if (a->received_at != b->received_at || a->verified != b->verified
        || a->headers.nelts != b->headers.nelts
        || !pay_str_eq(a->body, b->body))
    {
        return 0;
    }

    for (i = 0; i < a->headers.nelts; i++) {
        if (!pay_str_eq(a->headers.elts[i].name, b->headers.elts[i].name)
            || !pay_str_eq(a->headers.elts[i].value, b->headers.elts[i].value))
        {
            return 0;
        }
    }

    return 1;
}


static void
test_pack(void)
{
    size_t            i, k, bad;
    pay_str_t         bytes, cut, longer;
    pay_header_t      many[129];
    pay_inbox_item_t  item;

    for (i = 0; i < pay_nelts(items); i++) {
        bytes = pay_inbox_pack(arena, &items[i]);
        ok(bytes.data != NULL
           && pay_inbox_unpack(arena, bytes, &item) == PAY_OK
           && same(&item, &items[i]), "item %d, packed and back", (int) i);

        for (k = 0, bad = 0; k < bytes.len; k++) {
            cut = pay_str_dup(arena, (pay_str_t) { k, bytes.data });
            bad += pay_inbox_unpack(arena, cut, &item) != PAY_INVALID;
        }

        is_int((long long) bad, 0, "cut short anywhere: refused");

        longer = pay_str_dup(arena, bytes);
        longer.len++;           /* the NUL behind it */
        is_int(pay_inbox_unpack(arena, longer, &item), PAY_INVALID,
               "a byte more: refused");
    }

    is_int(pay_inbox_unpack(arena, PAY_STR("1:1,1:2,1:0,0:,"), &item),
           PAY_INVALID, "verified is 0 or 1");
    is_int(pay_inbox_unpack(arena, PAY_STR("1:1,1:1,3:129,0:,"), &item),
           PAY_INVALID, "too many headers");
    is_int(pay_inbox_unpack(arena, PAY_STR("1:1,1:1,1:0,"
           "18446744073709551615:,"), &item), PAY_INVALID, "a huge length");
    is_int(pay_inbox_unpack(arena, PAY_STR("1:1,1:1,1:0,01:x,"), &item),
           PAY_INVALID, "a length with a zero in front");
    is_int(pay_inbox_unpack(arena, PAY_STR("1:1,1:1,1:0,1:x;"), &item),
           PAY_INVALID, "no comma");
    is_int(pay_inbox_unpack(arena, PAY_STR("1:1,1:1,1:0,1:x,"), &item),
           PAY_OK, "the same, well formed");

    memset(many, 0, sizeof(many));
    memset(&item, 0, sizeof(item));
    item.headers.elts = many;
    item.headers.nelts = 129;
    ok(pay_inbox_pack(arena, &item).data == NULL, "too many headers to pack");
    item.headers.nelts = 128;
    ok(pay_inbox_pack(arena, &item).data != NULL, "just as many as may be");
}


static void
test_inbox_page(void)
{
    pay_str_t    page;
    const char  *p, *q, *r, *t;

    page = pay_page_inbox(arena, PAY_LANG_EN, items, 4);
    ok(has(page, "no money moves") && has(page, "<html lang=\"en\">"),
       "inbox: the frame");
    ok(has(page, ">payment.succeeded<") && has(page, ">evt_1<"),
       "type and id");
    is_int((long long) count(page, "<td class=\"yes\">verified</td>"), 1,
           "one is verified");
    is_int((long long) count(page, "<td class=\"no\">NOT verified</td>"), 3,
           "three are not");

    p = strstr(z(page), MILD("body"));
    q = strstr(p ? p : "", "<pre>\ufffd</pre>");
    r = strstr(q ? q : "", "&lt;t&gt;");
    t = strstr(r ? r : "", "payment.succeeded");
    ok(p && q && r && t, "newest first, one second in the order given");

    ok(has(page, "X-Odd: " MILD("header")), "a header, escaped");
    ok(!has(page, "<b>") && !has(page, "<t>") && !has(page, "<i>")
       && !has(page, ";'"), "nothing raw");
    ok(pay_utf8_length(page) > 0, "UTF-8");
    ok(has(page, "{\n  &quot;id&quot;: &quot;evt_1&quot;,\n"
                 "  &quot;type&quot;: &quot;payment.succeeded&quot;,\n"
                 "  &quot;data&quot;: {\n    &quot;amount&quot;: 1050,\n"
                 "    &quot;text&quot;: &quot;a\\&quot;{,\\\\&quot;\n  },\n"
                 "  &quot;list&quot;: [\n    1,\n    2,\n    [\n    ]\n  ],\n"),
       "the body in lines, strings untouched");
    ok(has(page, "&quot;big&quot;: 12345678901234567890.10\n}"),
       "numbers as they were");

    page = pay_page_inbox(arena, PAY_LANG_ZH, items, 1);
    ok(has(page, "收件箱") && has(page, "验证通过") && has(page, "+08:00"),
       "in Chinese");

    page = pay_page_inbox(arena, PAY_LANG_EN, NULL, 0);
    ok(has(page, "No event has come yet."), "an empty inbox");
}


static void
test_inbox_json(void)
{
    size_t            i;
    char              deep[64];
    pay_str_t         text;
    pay_json_t       *tree, *e;
    pay_inbox_item_t  item;

    text = pay_json_inbox(arena, items, 4);
    tree = parse(text);
    ok(tree != NULL, "inbox: JSON");
    e = pay_json_get(tree, "events")->child;
    is(member(e, "raw"), EVIL("body"), "newest first: no JSON, as text");
    ok(pay_json_get(e, "body") == NULL, "and no body");
    is(member(e, "received_at"), "2026-11-22T00:00:02Z", "received_at");
    e = e->next;
    is(member(e, "raw"), "\ufffd", "bytes that are no text");
    e = e->next;
    is(member(pay_json_get(e, "body"), "id"), "<i>", "the third");
    e = e->next;
    is_int(pay_json_get(e, "verified")->type, PAY_JSON_TRUE, "verified");
    is(member(pay_json_get(e, "headers"), "webhook-id"), "evt_1",
       "headers in lower case");
    is(member(pay_json_get(e, "headers"), "x-odd"), EVIL("header") ", second",
       "a repeated one is joined");
    is(member(pay_json_get(e, "headers"), "x-raw"), "\ufffd",
       "one that is no text");
    is_int(pay_json_get(pay_json_get(e, "headers"), "x-empty")->type,
           PAY_JSON_STRING, "an empty one");
    is(pay_json_get(pay_json_get(e, "body"), "big")->text,
       "12345678901234567890.10", "a number as it was");
    ok(pay_json_get(e, "raw") == NULL && e->next == NULL, "that is all");

    is(pay_json_inbox(arena, NULL, 0), "{\"events\":[]}", "an empty inbox");

    /* a body as deep as the reader takes it does not spoil the whole text */

    for (i = 12; i <= 16; i++) {
        memset(deep, '[', i);
        memset(deep + i, ']', i);
        memset(&item, 0, sizeof(item));
        item.body = (pay_str_t) { 2 * i, (pay_u8 *) deep };
        tree = parse(pay_json_inbox(arena, &item, 1));
        e = tree ? pay_json_get(tree, "events")->child : NULL;
        ok(pay_json_get(e, i <= 13 ? "body" : "raw") != NULL,
           "a body of depth %d", (int) i);
    }
}


/* a text is whole or not there, wherever the memory ends */

#define TEXTS  5

static pay_str_t
make(pay_arena_t *a, size_t n)
{
    switch (n) {

    case 0:
        return pay_page_checkout(a, PAY_LANG_ZH, PAY_STR("c\xff"), &plain,
                                 "m", sent, 3);
    case 1:
        return pay_page_inbox(a, PAY_LANG_EN, items, 4);

    case 2:
        return pay_json_checkout(a, PAY_STR("c"), &plain, "pay", "m", sent,
                                 3);
    case 3:
        return pay_json_inbox(a, items, 4);

    default:
        return pay_inbox_pack(a, &items[0]);
    }
}


static void
test_memory(void)
{
    size_t        n, limit, bad, none;
    pay_str_t     whole, part;
    pay_arena_t  *a;

    for (n = 0; n < TEXTS; n++) {
        whole = make(arena, n);
        bad = whole.data == NULL;
        none = 0;

        for (limit = 16; limit < 60000; limit += limit < 4000 ? 61 : 397) {
            a = pay_arena_create(limit);
            part = make(a, n);
            none += part.data == NULL;
            bad += part.data != NULL && !pay_str_eq(part, whole);
            pay_arena_destroy(a);
        }

        ok(bad == 0 && none != 0, "text %d without memory: none, or all",
           (int) n);
    }
}


int
main(void)
{
    arena = pay_arena_create(0);

    test_lang();
    test_checkout();
    test_checkout_pressed();
    test_checkout_refunded();
    test_checkout_transfer();
    test_escaping();
    test_text();
    test_json_checkout();
    test_pack();
    test_inbox_page();
    test_inbox_json();
    test_memory();

    pay_arena_destroy(arena);

    return done();
}
