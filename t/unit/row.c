
/*
 * Copyright (C) the ngx_pay authors
 *
 * Rows of a statement as text, whose they are, and what they add up to.
 */

#include <channel/pay_statement.h>

#include "test.h"


#define NONE  PAY_ROW_NONE


static pay_arena_t  *a;


static pay_row_t
row(pay_row_type_t type, const char *order_id, int64_t amount, int64_t fee)
{
    pay_row_t  r;

    pay_row_init(&r);

    r.type = type;
    r.order_id = pay_strz(order_id);
    r.currency = PAY_STR("CNY");
    r.amount = amount;
    r.fee = fee;

    return r;
}


static pay_row_t
full(void)
{
    pay_row_t  r;

    pay_row_init(&r);

    r.type = PAY_ROW_REFUND;
    r.time = 1732190400;
    r.sub_merchant = PAY_STR("19");
    r.order_id = PAY_STR("o1");
    r.channel_order_id = PAY_STR("co1");
    r.refund_id = PAY_STR("r1");
    r.channel_refund_id = PAY_STR("cr1");
    r.status = PAY_STR("succeeded");
    r.method = PAY_STR("jsapi");
    r.store_id = PAY_STR("s");
    r.currency = PAY_STR("CNY");
    r.amount = 0;
    r.refund_amount = 100;
    r.fee = -1;
    r.fee_rate = PAY_STR("0.60%");
    r.net = -99;
    r.payer_masked = PAY_STR("o*p");
    r.description = PAY_STR("a \"b\", \xe4\xb8\xad");

    return r;
}


static void
test_json(void)
{
    pay_row_t  r;

    r = full();

    is(pay_row_json(a, &r, PAY_STR("wechat")),
       "{\"channel\":\"wechat\",\"sub_merchant\":\"19\","
       "\"row_type\":\"refund\",\"time\":\"2024-11-21T12:00:00Z\","
       "\"order_id\":\"o1\",\"channel_order_id\":\"co1\","
       "\"refund_id\":\"r1\",\"channel_refund_id\":\"cr1\","
       "\"transfer_id\":null,\"split_id\":null,\"status\":\"succeeded\","
       "\"method\":\"jsapi\",\"store_id\":\"s\",\"currency\":\"CNY\","
       "\"amount\":0,\"amount_paid\":null,\"discount_merchant\":null,"
       "\"discount_platform\":null,\"refund_amount\":100,\"fee\":-1,"
       "\"fee_rate\":\"0.60%\",\"net\":-99,\"payer_masked\":\"o*p\","
       "\"description\":\"a \\\"b\\\", \xe4\xb8\xad\"}\n",
       "every column, as JSON");

    pay_row_init(&r);
    is(pay_row_json(a, &r, PAY_STR("c")),
       "{\"channel\":\"c\",\"sub_merchant\":null,\"row_type\":\"payment\","
       "\"time\":null,\"order_id\":null,\"channel_order_id\":null,"
       "\"refund_id\":null,\"channel_refund_id\":null,\"transfer_id\":null,"
       "\"split_id\":null,\"status\":null,\"method\":null,\"store_id\":null,"
       "\"currency\":null,\"amount\":null,\"amount_paid\":null,"
       "\"discount_merchant\":null,\"discount_platform\":null,"
       "\"refund_amount\":null,\"fee\":null,\"fee_rate\":null,\"net\":null,"
       "\"payer_masked\":null,\"description\":null}\n",
       "nothing is told");

    r.description = PAY_STR("\xff");
    ok(pay_row_json(a, &r, PAY_STR("c")).data == NULL,
       "bytes that are no UTF-8 make no row");
}


static void
test_csv(void)
{
    pay_row_t  r;

    is(pay_row_csv_head(a),
       "channel,sub_merchant,row_type,time,order_id,channel_order_id,"
       "refund_id,channel_refund_id,transfer_id,split_id,status,method,"
       "store_id,currency,amount,amount_paid,discount_merchant,"
       "discount_platform,refund_amount,fee,fee_rate,net,payer_masked,"
       "description\r\n", "the columns");

    r = full();
    is(pay_row_csv(a, &r, PAY_STR("wechat")),
       "wechat,19,refund,2024-11-21T12:00:00Z,o1,co1,r1,cr1,,,succeeded,"
       "jsapi,s,CNY,0,,,,100,-1,0.60%,-99,o*p,\"a \"\"b\"\", "
       "\xe4\xb8\xad\"\r\n", "every column, as CSV");

    pay_row_init(&r);
    r.type = PAY_ROW_FEE;
    r.description = PAY_STR("=HYPERLINK(1)");
    is(pay_row_csv(a, &r, PAY_STR("c")),
       "c,,fee,,,,,,,,,,,,,,,,,,,,,'=HYPERLINK(1)\r\n",
       "a formula is none");

    r.description = PAY_STR("two\nlines");
    is(pay_row_csv(a, &r, PAY_STR("c")),
       "c,,fee,,,,,,,,,,,,,,,,,,,,,\"two\nlines\"\r\n", "a line feed");
}


static void
test_mine(void)
{
    pay_row_t         r;
    pay_account_t     account;
    pay_statement_t   s;

    memset(&s, 0, sizeof(s));
    memset(&account, 0, sizeof(account));

    r = row(PAY_ROW_PAYMENT, "abc", 5, NONE);
    is_int(pay_statement_row(&s, &r), 1, "without an account all are his");
    s.account = &account;
    is_int(pay_statement_row(&s, &r), 1, "... and so with one alone");
    is_int(s.foreign, 0, "... no other's");

    account.prefix = PAY_STR("ab");
    is_int(pay_statement_row(&s, &r), 1, "a number behind the prefix");
    is(r.order_id, "c", "... without it");

    r = row(PAY_ROW_PAYMENT, "ab", 5, NONE);
    is_int(pay_statement_row(&s, &r), 0, "the prefix alone is no number");
    is_int(s.foreign, 1, "... that is another's");
    r = row(PAY_ROW_PAYMENT, "xbc", 5, NONE);
    is_int(pay_statement_row(&s, &r), 0, "another prefix");
    r = row(PAY_ROW_FEE, "", 5, NONE);
    is_int(pay_statement_row(&s, &r), 0, "no number at all");

    r = row(PAY_ROW_REFUND, "abo", 5, NONE);
    r.refund_id = PAY_STR("abr");
    is_int(pay_statement_row(&s, &r), 1, "two numbers");
    is(r.refund_id, "r", "... both without it");
    r = row(PAY_ROW_REFUND, "abo", 5, NONE);
    r.refund_id = PAY_STR("xyr");
    is_int(pay_statement_row(&s, &r), 0, "... of which one is another's");

    is_int(s.rows, 4, "four were his");
    is_int(s.sums[0], 20, "... and only they are summed");

    account.prefix = PAY_STR("");
    account.sub_merchant = PAY_STR("19");
    r = row(PAY_ROW_FEE, "", 5, NONE);
    is_int(pay_statement_row(&s, &r), 0, "no sub-merchant");
    r.sub_merchant = PAY_STR("190");
    is_int(pay_statement_row(&s, &r), 0, "another one");
    r.sub_merchant = PAY_STR("19");
    is_int(pay_statement_row(&s, &r), 1, "his own");

    r = row(PAY_ROW_SUMMARY, "", 25, NONE);
    is_int(pay_statement_row(&s, &r), 0, "the summary is no row");
    is_int(pay_statement_matches(&s), -1, "... and of more than his");
}


static int
sum(pay_statement_t *s, int64_t count, int64_t amount, int64_t fee)
{
    pay_row_t  r;

    r = row(PAY_ROW_SUMMARY, "", amount, fee);
    r.count = count;
    (void) pay_statement_row(s, &r);

    return pay_statement_matches(s);
}


static void
test_sums(void)
{
    pay_row_t         r;
    pay_statement_t   s;

    memset(&s, 0, sizeof(s));

    is_int(pay_statement_matches(&s), -1, "no summary, nothing to compare");
    is_int(sum(&s, 0, 0, 0), 1, "nothing is nothing");
    is_int(sum(&s, 1, 0, 0), 0, "a row that is not there");

    r = row(PAY_ROW_PAYMENT, "1", 100, 1);
    (void) pay_statement_row(&s, &r);
    r = row(PAY_ROW_PAYMENT, "2", 200, -2);
    (void) pay_statement_row(&s, &r);
    r = row(PAY_ROW_PAYMENT, "3", NONE, NONE);
    (void) pay_statement_row(&s, &r);

    is_int(sum(&s, 3, 300, -1), 1, "the same");
    is_int(sum(&s, NONE, 300, NONE), 1, "as far as it is told");
    is_int(sum(&s, 2, 300, -1), 0, "another count");
    is_int(sum(&s, 3, 301, -1), 0, "another amount");
    is_int(sum(&s, 3, 300, 1), 0, "another fee");

    is(pay_statement_json(a, &s, PAY_STR("c")),
       "{\"row_type\":\"summary\",\"channel\":\"c\",\"rows\":3,"
       "\"currency\":\"CNY\",\"amount\":300,\"amount_paid\":null,"
       "\"discount_merchant\":null,\"discount_platform\":null,"
       "\"refund_amount\":null,\"fee\":-1,\"net\":null,"
       "\"channel_summary\":{\"rows\":3,\"amount\":300,"
       "\"amount_paid\":null,\"discount_merchant\":null,"
       "\"discount_platform\":null,\"refund_amount\":null,\"fee\":1,"
       "\"net\":null},\"matches\":false}\n", "both sums, and that they differ");
    is(pay_statement_csv(a, &s, PAY_STR("c")),
       "c,,summary,,,,,,,,,,,CNY,300,,,,,-1,,,,rows 3 matches false\r\n",
       "... as CSV");

    r = row(PAY_ROW_PAYMENT, "4", 1, 1);
    r.currency = PAY_STR("USD");
    (void) pay_statement_row(&s, &r);
    is_int(sum(&s, 4, 301, 0), -1, "two currencies have no sum");
    is(pay_statement_csv(a, &s, PAY_STR("c")),
       "c,,summary,,,,,,,,,,,,,,,,,,,,,rows 4 matches unknown\r\n",
       "... as CSV");

    memset(&s, 0, sizeof(s));
    r = row(PAY_ROW_PAYMENT, "1", INT64_MAX, NONE);
    (void) pay_statement_row(&s, &r);
    (void) pay_statement_row(&s, &r);
    is_int(sum(&s, 2, -2, NONE), 0, "a sum that has no room is no sum");
}


int
main(void)
{
    a = pay_arena_create(0);

    test_json();
    test_csv();
    test_mine();
    test_sums();

    pay_arena_destroy(a);

    return done();
}
