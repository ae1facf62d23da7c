
/*
 * Copyright (C) the ngx_pay authors
 *
 * src/sandbox: bills of the WeChat Pay APIv3 simulator, by section 8.7 of the
 * channel document: they hold what happened, and their hash holds.
 */

#include "sim_wechatpay_v3.h"

#include <codec/pay_gunzip.h>


#define REFUND   "/v3/refund/domestic/refunds"
#define BILLS    "/v3/fund-app/mch-transfer/transfer-bills"
#define TRADE    "/v3/bill/tradebill?bill_date=2026-11-22"
#define FUND     "/v3/bill/fundflowbill?bill_date=2026-11-22"


static pay_str_t   unzipped;


static void
pay(const char *number)
{
    const char  *why;

    request("POST", NATIVE, body("out_trade_no",
            (const char *) text("\"%s\"", number).data));
    run();
    again(PAY_PRESS_PAY, &why);
    save();
}


static void
refund(const char *number, int amount)
{
    request("GET", QUERY, "");
    run();
    request("POST", REFUND, (const char *) text("{\"out_trade_no\":\"" NUMBER
            "\",\"out_refund_no\":\"%s\",\"amount\":{\"refund\":%d,"
            "\"total\":1050,\"currency\":\"CNY\"}}", number, amount).data);
    expect(200, NULL, number);
}


static void
sink(void *data, const void *p, size_t n)
{
    (void) data;

    unzipped = text("%.*s%.*s", (int) unzipped.len,
                    unzipped.len ? (const char *) unzipped.data : "", (int) n,
                    (const char *) p);
}


static int
has(pay_str_t file, const char *what)
{
    return strstr((const char *) pay_str_dup(arena, file).data, what) != NULL;
}


static int
lines(pay_str_t file)
{
    int     n;
    size_t  i;

    for (n = 0, i = 1; i < file.len; i++) {
        n += file.data[i] == '\n' && file.data[i - 1] == '\r';
    }

    return n;
}


/* what is behind the answer, which is in s */

static pay_str_t
download(const char *name)
{
    int              gzip;
    pay_u8           digest[20];
    pay_hash_t      *h;
    pay_str_t        url, hash, file;
    pay_gunzip_t    *z;
    const pay_str_t  bytes = { sizeof(digest), digest };

    expect(200, NULL, name);
    is(member(s.reply_body, "hash_type"), "SHA1", "hash_type");
    hash = member(s.reply_body, "hash_value");
    url = member(s.reply_body, "download_url");
    ok(pay_str_starts(url, "http://127.0.0.1:8080/v3/billdownload/file?token="),
       "download_url");

    request("GET", (const char *) pay_str_dup(arena, url).data
            + strlen("http://127.0.0.1:8080"), "");
    is_int(run(), PAY_DONE, "download");
    is_int(s.status, 200, "200");
    is_int((long long) reply_header("Wechatpay-Signature").len, 0,
           "is not signed");

    file = s.reply_body;
    gzip = has(url, "&tartype=gzip");

    if (gzip) {
        unzipped = (pay_str_t) pay_str_null;
        z = pay_gunzip_begin(1 << 20, sink, NULL);
        is_int(pay_gunzip_add(z, file.data, file.len), PAY_OK, "a gzip file");
        is_int(pay_gunzip_end(z), PAY_OK, "whole");
        file = unzipped;
    }

    h = pay_hash_begin(PAY_HASH_SHA1);
    pay_hash_add(h, file.data, file.len);
    pay_hash_end(digest, h);
    ok(pay_str_eq(pay_hex_encode(arena, bytes), hash), "its hash holds");

    return file;
}


static void
test_trade(void)
{
    pay_str_t  file, first;

    request("GET", TRADE, "");
    expect(400, "NO_STATEMENT_EXIST", "nothing has happened");

    pay(NUMBER);
    pay("order-0002");
    refund("R1", 50);
    refund("R2", 923);
    now = NOW + 60;

    request("GET", TRADE, "");
    file = download("tradebill");
    ok(pay_str_starts(file, "\357\273\277交易时间,公众账号ID,"),
       "byte order mark, names");
    is_int(lines(file), 6, "names, three rows, names and values of the sums");
    ok(has(file, "\r\n`2026-11-22 08:00:00,`wxd678efh567hg6787,`" MCHID
           ",`0,`till-1,`420000"), "a payment: its first fields");
    ok(has(file, ",`" NUMBER ",`,`NATIVE,`SUCCESS,`OTHERS,`CNY,`10.50,`0.00,"
           "`0,`0,`0.00,`0.00,`,`,`一杯茶 & \"cake\",`p1.shop.0123,`0.00000,"
           "`0.60%,`10.50,`0.00,`\r\n"), "the rest of them");
    ok(has(file, ",`order-0002,"), "another payment");
    ok(has(file, "`REFUND,`OTHERS,`CNY,`0.00,`0.00,`50")
       && has(file, ",`R1,`0.50,`0.00,`ORIGINAL,`SUCCESS,"), "a refund");
    ok(!has(file, "R2"), "a refund that was closed is none");
    ok(has(file, "`3,`21.00,`0.50,`0.00,`0.00000,`21.00,`0.50\r\n"), "sums");

    /* a file is what it was when it was asked for */

    request("GET", TRADE "&tar_type=GZIP", "");
    expect(200, NULL, "gzip");
    first = member(s.reply_body, "download_url");
    pay("order-0003");
    request("GET", TRADE "&tar_type=GZIP", "");
    file = download("the bill as it is now");
    is_int(lines(file), 7, "has a row more");
    request("GET", (const char *) pay_str_dup(arena, first).data
            + strlen("http://127.0.0.1:8080"), "");
    run();
    ok(s.status == 200 && s.reply_body.len != 0, "the older file");

    request("GET", "/v3/bill/tradebill?bill_date=2026-11-21", "");
    expect(400, "NO_STATEMENT_EXIST", "the day before");
    request("GET", "/v3/bill/tradebill?bill_date=20261122", "");
    expect(400, "PARAM_ERROR", "another form of a date");
    request("GET", "/v3/bill/tradebill", "");
    expect(400, "PARAM_ERROR", "no date");
    request("GET", TRADE "&tar_type=ZIP", "");
    expect(400, "PARAM_ERROR", "another tar_type");
    request("GET", TRADE "&bill_type=REFUND", "");
    expect(400, "INVALID_REQUEST", "bills of ALL only");
    request("GET", TRADE "&sub_mchid=1900000200", "");
    expect(400, "NO_STATEMENT_EXIST", "another merchant's");
    request("GET", "/v3/billdownload/file?token=x", "");
    expect(400, "PARAM_ERROR", "a token of somebody else");
}


static void
test_fund(void)
{
    pay_str_t    file;
    const char  *why;

    pay(NUMBER);
    refund("R1", 50);
    request("POST", BILLS, "{\"appid\":\"wxd678efh567hg6787\","
            "\"out_bill_no\":\"B1\",\"transfer_scene_id\":\"1002\","
            "\"openid\":\"o1\",\"transfer_amount\":200,\"transfer_remark\":"
            "\"r\",\"transfer_scene_report_infos\":[{\"info_type\":"
            "\"补贴类型\",\"info_content\":\"a\"}]}");
    expect(200, NULL, "transfer");
    request("GET", FUND, "");
    file = download("fundflowbill");
    is_int(lines(file), 5, "a transfer that waits is none");

    request("GET", BILLS "/out-bill-no/B1", "");
    run();
    again(PAY_PRESS_PAY, &why);
    save();

    request("GET", FUND "&account_type=BASIC", "");
    file = download("fundflowbill");
    ok(pay_str_starts(file, "\357\273\277记账时间,"), "names");
    is_int(lines(file), 6, "three rows");
    ok(has(file, ",`收入,`10.50,`10000010.50,"), "the payment, in");
    ok(has(file, ",`支出,`0.50,`10000010.00,"), "the refund, out");
    ok(has(file, ",`支出,`2.00,`10000008.00,")
       && has(file, ",`B1\r\n"), "the transfer, out");
    ok(has(file, "`3,`1,`10.50,`2,`2.50\r\n"), "sums");

    request("GET", FUND "&account_type=FEES", "");
    expect(400, "NO_STATEMENT_EXIST", "another account");
    request("GET", TRADE, "");
    file = download("tradebill");
    is_int(lines(file), 5, "has no transfer");
}


/* more than a page of the journal */

static void
test_pages(void)
{
    int   i;
    char  number[32];

    for (i = 0; i < 180; i++) {
        snprintf(number, sizeof(number), "order-%024d", i);
        pay(number);
    }

    ok(get(PAY_STR("journal/2026-11-22")).len != 0, "the head");
    ok(get(PAY_STR("journal/2026-11-22/1")).len > 3000
       && get(PAY_STR("journal/2026-11-22/2")).len != 0, "two pages");
}


int
main(void)
{
    static void (*const  tests[])(void) = {
        test_trade, test_fund, test_pages
    };

    return run_tests(tests, pay_nelts(tests));
}
