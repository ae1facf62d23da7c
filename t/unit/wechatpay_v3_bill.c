
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver wechatpay_v3: statements, from the request to the rows.
 */

#define _GNU_SOURCE      /* memmem() */

#include "wechatpay_v3_talk.h"

#include <channel/pay_statement.h>


#define SHA1  "31745f87b1984608c9afafcb0e23d63c8a9f78e8"
#define FILES "/v3/billdownload/file?token=xx%2By&tartype=gzip"

#define PLACE(url)                                                           \
    "{\"hash_type\":\"SHA1\",\"hash_value\":\"" SHA1 "\","                   \
    "\"download_url\":\"" url "\"}"

static pay_account_t    account;
static pay_statement_t  sums;
static pay_buf_t        told;
static size_t           nrows;


static void
open_statement(const char *date, const char *type)
{
    open_talk(PAY_OP_STATEMENT, PAY_KNOWN_OPEN);

    memset(&ask, 0, sizeof(ask));
    ask.number = pay_strz(date);
    ask.statement = pay_strz(type);
    t.ask = &ask;
}


static void
begin_statement(void)
{
    open_statement("2026-11-21", "payments");

    if (pay_wechatpay_v3.begin(&t) != PAY_SIGN
        || pay_wechatpay_v3.sign(&t) != PAY_SEND)
    {
        ok(0, "begin and sign");
    }
}


static void
test_requests(void)
{
    open_statement("2026-11-21", "");
    is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, "payments");
    is(t.request.target, "/v3/bill/tradebill?bill_date=2026-11-21"
       "&tar_type=GZIP", "target");
    is(pay_strz(t.request.method), "GET", "GET");

    open_statement("2026-11-21", "funds");
    is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, "funds");
    is(t.request.target, "/v3/bill/fundflowbill?bill_date=2026-11-21"
       "&tar_type=GZIP", "target");

    account.sub_merchant = PAY_STR("1900000110");
    open_statement("2026-11-21", "payments");
    t.account = &account;
    is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, "of a sub-merchant");
    is(t.request.target, "/v3/bill/tradebill?bill_date=2026-11-21"
       "&tar_type=GZIP&sub_mchid=1900000110", "target");

    open_statement("2026-11-21", "funds");
    t.account = &account;
    failed(pay_wechatpay_v3.begin(&t), PAY_E_OPERATION_UNSUPPORTED, "field",
           "the funds of a sub-merchant");

    open_statement("2026-02-29", "payments");
    failed(pay_wechatpay_v3.begin(&t), PAY_E_FIELD_INVALID, "field",
           "a day that there is not");
    is(t.error.param, "date", "the field");

    open_statement("2026-11-21&x=1", "payments");
    failed(pay_wechatpay_v3.begin(&t), PAY_E_FIELD_INVALID, "field",
           "no date");

    open_statement("2026-11-21", "taxes");
    failed(pay_wechatpay_v3.begin(&t), PAY_E_FIELD_INVALID, "field",
           "another type");
}


static void
test_place(void)
{
    size_t        i;
    pay_str_t     digest;
    pay_answer_t  a;

    static const char *const  bad[] = {
        PLACE("https://evil.example/v3/billdownload/file"),
        PLACE("https://api.mch.weixin.qq.com.evil.example/x"),
        PLACE("https://api.mch.weixin.qq.com@evil.example/x"),
        PLACE("https://api.mch.weixin.qq.com"),
        PLACE("http://api.mch.weixin.qq.com/x"),
        PLACE("https://api.mch.weixin.qq.com/a b"),
        PLACE("https://api.mch.weixin.qq.com/a\\r\\nb")
    };

    begin_statement();
    is_int(answer_signed(200, PLACE("https://api.mch.weixin.qq.com" FILES)),
           PAY_SIGN, "where it is");
    is(t.request.host, "https://api.mch.weixin.qq.com", "the host");
    is(t.request.target, FILES, "the target as it was given");
    is_int(t.fetch.hash, PAY_HASH_SHA1, "SHA-1");
    is_int(t.fetch.gzip, 1, "of what is in the gzip file");
    is_int(pay_hex_decode(t.arena, PAY_STR(SHA1), &digest), PAY_OK, "digest");
    ok(pay_str_eq(digest, t.fetch.digest), "as it was told");
    is_int(pay_wechatpay_v3.sign(&t), PAY_FETCH, "signed, and fetched");
    is(t.request.headers[t.request.nheaders - 1].name, "Authorization",
       "with a signature of its own");

    memset(&a, 0, sizeof(a));
    a.outcome = PAY_NOT_SENT;
    is_int(pay_wechatpay_v3.resume(&t, &a), PAY_FETCH, "the second host");
    is(t.request.host, "https://api2.mch.weixin.qq.com", "its name");
    failed(pay_wechatpay_v3.resume(&t, &a), PAY_E_CHANNEL_UNREACHABLE,
           "download", "once");

    begin_statement();
    (void) answer_signed(200, PLACE("https://api2.wechatpay.cn" FILES));
    is(t.request.host, "https://api2.wechatpay.cn", "another of its hosts");
    a.outcome = PAY_ANSWERED;
    a.status = 200;
    failed(pay_wechatpay_v3.resume(&t, &a), PAY_E_CHANNEL_RESPONSE_INVALID,
           "download", "another file than it had spoken of");

    for (i = 0; i < pay_nelts(bad); i++) {
        begin_statement();
        failed(answer_signed(200, bad[i]), PAY_E_CHANNEL_RESPONSE_INVALID,
               "download_url", bad[i]);
    }

    channel.host = PAY_STR("http://127.0.0.1:8082");
    begin_statement();
    is_int(answer_signed(200, PLACE("http://127.0.0.1:8082/f")), PAY_SIGN,
           "the host of the channel");
    channel.host = PAY_STR("https://api.mch.weixin.qq.com");

    begin_statement();
    failed(answer_signed(200, "{\"hash_type\":\"MD5\",\"hash_value\":\""
                         SHA1 "\",\"download_url\":\"x\"}"),
           PAY_E_CHANNEL_RESPONSE_INVALID, "json", "another hash");

    begin_statement();
    failed(answer_unsigned(400, ERR("NO_STATEMENT_EXIST")),
           PAY_E_STATEMENT_NOT_READY, "refused", "no statement");

    begin_statement();
    failed(answer_unsigned(400, ERR("STATEMENT_CREATING")),
           PAY_E_STATEMENT_NOT_READY, "refused", "not yet");

    begin_statement();
    failed(answer_unsigned(400, ERR("INVALID_REQUEST")),
           PAY_E_CHANNEL_REJECTED, "refused", "out of range");
}


static void
take_row(pay_talk_t *talk, const pay_row_t *row)
{
    pay_row_t  copy = *row;

    ok(talk == &t, "the talk");
    nrows++;

    if (pay_statement_row(&sums, &copy)) {
        pay_buf_adds(&told, pay_row_json(t.arena, &copy, PAY_STR("wechat")));
    }
}


static pay_rc_t
read_rows(pay_str_t file, size_t piece)
{
    pay_rc_t   rc;
    pay_str_t  s;

    begin_statement();

    memset(&sums, 0, sizeof(sums));
    pay_buf_init(&told, t.arena, 1024);
    nrows = 0;

    t.scratch = t.arena;
    t.row = take_row;

    do {
        s.data = file.data;
        s.len = file.len < piece ? file.len : piece;
        file.data += s.len;
        file.len -= s.len;
        rc = pay_wechatpay_v3.rows(&t, s, file.len == 0);
    } while (rc == PAY_OK && file.len);

    return rc;
}


#define ROW_1                                                                \
    "{\"channel\":\"wechat\",\"sub_merchant\":null,"                         \
    "\"row_type\":\"payment\",\"time\":\"2026-11-20T17:52:32Z\","            \
    "\"order_id\":\"T202611210001\","                                        \
    "\"channel_order_id\":\"4200000263202611217700134902\","                 \
    "\"refund_id\":null,\"channel_refund_id\":null,\"transfer_id\":null,"    \
    "\"split_id\":null,\"status\":\"succeeded\",\"method\":\"qr_code\","     \
    "\"store_id\":null,\"currency\":\"CNY\",\"amount\":3,"                   \
    "\"amount_paid\":null,\"discount_merchant\":null,"                       \
    "\"discount_platform\":null,\"refund_amount\":0,\"fee\":1,"              \
    "\"fee_rate\":\"0.60%\",\"net\":2,\"payer_masked\":\"oUpF****eS6o\","     \
    "\"description\":\"苹果,梨\"}\n"

#define ROW_2                                                                \
    "{\"channel\":\"wechat\",\"sub_merchant\":null,"                         \
    "\"row_type\":\"refund\",\"time\":\"2026-11-20T21:01:46Z\","             \
    "\"order_id\":\"T202611210002\","                                        \
    "\"channel_order_id\":\"4200000263202611217700134212\","                 \
    "\"refund_id\":\"R202611210002\","                                       \
    "\"channel_refund_id\":\"50000709672026112108420787722\","               \
    "\"transfer_id\":null,\"split_id\":null,\"status\":\"succeeded\","       \
    "\"method\":\"jsapi\",\"store_id\":null,\"currency\":\"CNY\","           \
    "\"amount\":null,\"amount_paid\":null,\"discount_merchant\":null,"       \
    "\"discount_platform\":null,\"refund_amount\":1,\"fee\":0,"              \
    "\"fee_rate\":\"0.60%\",\"net\":-1,\"payer_masked\":\"oUpF****eS6o\","    \
    "\"description\":\"autotest\"}\n"

static void
test_trades(void)
{
    size_t     i;
    yajl_val   v;
    pay_str_t  file, rest;

    static const size_t  pieces[] = { 1, 7, 4096 };

    v = section(vectors, "bill", 1)->u.array.values[0];

    if (pay_base64_decode(keys_arena,
                          pay_strz(text_of(v, "decompressed_base64")), &file)
        != PAY_OK)
    {
        bail("bill", "base64");
    }

    for (i = 0; i < pay_nelts(pieces); i++) {
        is_int(read_rows(file, pieces[i]), PAY_OK, text_of(v, "id"));
        is_int(nrows, 3, "two rows and the summary");
        is(pay_buf_str(&told), ROW_1 ROW_2, "as they are told");
        is_int(sums.summed, 1, "the channel has summed up");
        is_int(pay_statement_matches(&sums), 1, "and its sums are right");
    }

    /* cut short: the sums are missing, which the end of the file tells */

    rest = file;
    rest.len -= 40;
    is_int(read_rows(rest, 100), PAY_INVALID, "cut short within the sums");

    rest = file;
    rest.data += 200;
    rest.len -= 200;
    is_int(read_rows(rest, 100), PAY_INVALID, "without the names of columns");

    is_int(read_rows(PAY_STR(""), 100), PAY_OK, "an empty file");
    is_int(nrows, 0, "has no rows");
}


#define FUNDS                                                                \
    "\xef\xbb\xbf" "记账时间,微信支付业务单号,资金流水单号,业务名称,"        \
    "业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,备注,"   \
    "业务凭证号\r\n"                                                         \
    "`2026-11-21 01:52:32,`4200000001,`900001,`交易,`交易,`收入,`0.10,"      \
    "`1.10,`system,`,`T1\r\n"                                                \
    "`2026-11-21 02:00:00,`5000000001,`900002,`退款,`退款,`支出,`0.04,"      \
    "`1.06,`1900000109API,`x,`R1\r\n"                                        \
    "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额\r\n"                 \
    "`2,`1,`0.10,`1,`0.04\r\n"

static void
test_funds(void)
{
    pay_str_t  text;

    is_int(read_rows(PAY_STR(FUNDS), 5), PAY_OK, "a fund-flow bill");
    is_int(nrows, 3, "two rows and the summary");
    is_int(pay_statement_matches(&sums), 1, "the sums are right");

    text = pay_buf_str(&told);
    ok(memmem(text.data, text.len, "\"amount\":4,", 11) != NULL, "amount");
    ok(memmem(text.data, text.len, "\"net\":-4,", 9) != NULL, "net");
    ok(memmem(text.data, text.len, "\"net\":10,", 9) != NULL, "and in");
}


int
main(void)
{
    channel_open();

    test_requests();
    test_place();
    test_trades();
    test_funds();

    talk_close(&t);
    channel_close();

    return done();
}
