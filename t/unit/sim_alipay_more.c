
/*
 * Copyright (C) the ngx_pay authors
 *
 * src/sandbox: the Alipay simulator: transfers, receivers and settlements,
 * statements, certificate mode, SM2, content encryption.
 */

#include "sim_alipay.h"

#include <codec/pay_gbk.h>


#define TRANSFER  "alipay.fund.trans.uni.transfer"
#define FOUND     "alipay.fund.trans.common.query"
#define BIND      "alipay.trade.royalty.relation.bind"
#define UNBIND    "alipay.trade.royalty.relation.unbind"
#define LIST      "alipay.trade.royalty.relation.batchquery"
#define SETTLE    "alipay.trade.order.settle"
#define SETTLED   "alipay.trade.order.settle.query"
#define BILL      "alipay.data.dataservice.bill.downloadurl.query"

#define BIZ  "{\"out_trade_no\":\"" NUMBER "\",\"total_amount\":\"88.88\","   \
             "\"subject\":\"测试, A\",\"extend_params\":"                      \
             "{\"royalty_freeze\":\"%s\"}}"
#define MOVE  "{\"out_biz_no\":\"T1\",\"trans_amount\":\"%s\","               \
              "\"product_code\":\"TRANS_ACCOUNT_NO_PWD\","                    \
              "\"biz_scene\":\"DIRECT_TRANSFER\",\"order_title\":\"t\","      \
              "\"payee_info\":{\"identity\":\"2088\","                        \
              "\"identity_type\":\"%s\"}}"
#define REL   "{\"receiver_list\":[{\"type\":\"userId\",\"account\":\"%s\"}]," \
              "\"out_request_no\":\"B1\"}"
#define SHARE  "{\"out_request_no\":\"%s\",\"trade_no\":\"%.*s\","            \
               "\"royalty_parameters\":[{\"trans_in\":\"2088111\","           \
               "\"amount\":\"%s\"}]%s}"


static const char *
z(const char *fmt, ...)
{
    char     buf[4096];
    va_list  ap;

    va_start(ap, fmt);
    vsnprintf(buf, sizeof(buf), fmt, ap);
    va_end(ap);

    return (const char *) pay_str_dup(arena, pay_strz(buf)).data;
}


static void
transfers(void)
{
    pay_str_t  order, fund;

    call(FOUND, "{\"out_biz_no\":\"T1\",\"product_code\":\"p\","
         "\"biz_scene\":\"b\"}");
    expect("40004", "ORDER_NOT_EXIST", 1, "query of none");

    call(TRANSFER, z(MOVE, "1.00", "NOBODY"));
    expect("40004", "INVALID_PARAMETER", 1, "an identity of no type");
    call(TRANSFER, z(MOVE, "1.00", "ALIPAY_LOGON_ID"));
    expect("40004", "INVALID_PARAMETER", 1, "a login without its name");
    call(TRANSFER, z(MOVE, "0.09", "ALIPAY_USER_ID"));
    expect("40004", "INVALID_PARAMETER", 1, "less than 0.10");

    call(TRANSFER, z(MOVE, "1.00", "ALIPAY_USER_ID"));
    expect("10000", NULL, 1, "a transfer");
    is(got("status"), "SUCCESS", "done");
    is(got("out_biz_no"), "T1", "its number");
    is(got("trans_date"), NOW_TEXT, "its time");
    order = got("order_id");
    fund = got("pay_fund_order_id");

    call(TRANSFER, z(MOVE, "1.00", "ALIPAY_USER_ID"));
    ok(pay_str_eq(order, got("order_id")), "again: the same");
    call(TRANSFER, z(MOVE, "1.01", "ALIPAY_USER_ID"));
    expect("40004", "PAYMENT_INFO_INCONSISTENCY", 1, "another amount");

    call(FOUND, "{\"out_biz_no\":\"T1\"}");
    expect("40004", "INVALID_PARAMETER", 1, "query without a product");
    call(FOUND, "{\"out_biz_no\":\"T1\",\"product_code\":\"p\","
         "\"biz_scene\":\"b\"}");
    is(got("status"), "SUCCESS", "query by out_biz_no");
    is(got("trans_amount"), "1.00", "its amount");
    call(FOUND, z("{\"order_id\":\"%.*s\"}", (int) order.len, order.data));
    is(got("out_biz_no"), "T1", "query by order_id");
    call(FOUND, z("{\"order_id\":\"1\",\"pay_fund_order_id\":\"%.*s\"}",
                  (int) fund.len, fund.data));
    is(got("out_biz_no"), "T1", "query by pay_fund_order_id, which wins");
    call(FOUND, "{\"order_id\":\"1\"}");
    expect("40004", "ORDER_NOT_EXIST", 1, "query by an order_id of nobody");
    forget();
}


static pay_str_t
paid(const char *freeze)
{
    call("alipay.trade.precreate", z(BIZ, freeze));
    press(NUMBER, PAY_PRESS_PAY);
    call("alipay.trade.query", "{\"out_trade_no\":\"" NUMBER "\"}");

    return got("trade_no");
}


static void
share(const char *number, pay_str_t no, const char *amount, const char *more)
{
    call(SETTLE, z(SHARE, number, (int) no.len, no.data, amount, more));
}


static void
receivers(void)
{
    call(BIND, z(REL, "2088111"));
    expect("10000", NULL, 1, "bind");
    is(got("result_code"), "SUCCESS", "... result_code");
    call(BIND, z(REL, "2088111"));
    call(BIND, z(REL, "2088222"));
    call(LIST, "{\"out_request_no\":\"Q\"}");
    ok(pay_json_get(pay_json_get(parse(node()), "receiver_list"), "x") == NULL
       && pay_str_eqz(pay_json_get(parse(node()), "total_record_num")->text,
                      "2"), "two are bound, however often they were");
    call(UNBIND, z(REL, "2088222"));
    call(LIST, "{\"out_request_no\":\"Q\"}");
    is(pay_json_get(parse(node()), "total_record_num")->text, "1", "unbind");
    call(BIND, "{\"receiver_list\":[{\"type\":\"loginName\","
         "\"account\":\"a\"}],\"out_request_no\":\"B\"}");
    expect("40004", "INVALID_PARAMETER", 1, "a login without its name");
    call(BIND, "{\"receiver_list\":[],\"out_request_no\":\"B\"}");
    expect("40004", "INVALID_PARAMETER", 1, "nobody");
}


static void
settlements(void)
{
    pay_str_t  no, settle;

    receivers();

    no = paid("false");
    share("S1", no, "1.00", "");
    expect("40004", "ACQ.NOT_SUPPORT_ROYALTY", 1, "without royalty_freeze");
    forget();

    no = paid("true");
    share("S1", no, "1.00", "");
    expect("40004", "ACQ.ROYALTY_RECEIVER_INVALID", 1, "nobody is bound");
    call(BIND, z(REL, "2088111"));
    share("S1", no, "88.89", "");
    expect("40004", "ACQ.ALLOC_AMOUNT_VALIDATE_ERROR", 1, "too much");
    share("S1", no, "8.88", "");
    expect("10000", NULL, 1, "a part");
    settle = got("settle_no");
    share("S1", no, "8.88", "");
    ok(pay_str_eq(settle, got("settle_no")), "again: the same");
    share("S1", no, "8.87", "");
    expect("40004", "ACQ.DISCORDANT_REPEAT_REQUEST", 1, "another amount");
    share("S2", no, "80.01", "");
    expect("40004", "ACQ.ALLOC_AMOUNT_VALIDATE_ERROR", 1, "more than is left");

    call(SETTLED, z("{\"settle_no\":\"%.*s\"}", (int) settle.len,
                    settle.data));
    is(got("out_request_no"), "S1", "query by settle_no");
    ok(strstr(z("%.*s", (int) node().len, node().data),
              "\"amount\":\"8.88\",\"state\":\"SUCCESS\"") != NULL,
       "its detail");
    call(SETTLED, z("{\"trade_no\":\"%.*s\",\"out_request_no\":\"S1\"}",
                    (int) no.len, no.data));
    is(got("operation_dt"), NOW_TEXT, "query by both numbers");
    call(SETTLED, "{\"settle_no\":\"1\"}");
    expect("40004", "ACQ.TRADE_NOT_EXIST", 1, "query of none");

    share("S3", no, "1.00", ",\"extend_params\":{\"royalty_finish\":"
          "\"true\"}");
    expect("10000", NULL, 1, "the last part");
    share("S4", no, "1.00", "");
    expect("40004", "ACQ.ALREADY_FINISH_ALLOC", 1, "one more");
    forget();
}


static uint32_t
le(const pay_u8 *p, int n)
{
    return n == 0 ? 0 : p[0] | le(p + 1, n - 1) << 8;
}


/* the n-th stored file of the archive */

static pay_str_t
unzip(size_t n, pay_str_t *name)
{
    size_t         len;
    pay_str_t      text;
    const pay_u8  *p;

    for (p = s.reply_body.data; ; p += 30 + name->len + len) {

        if (le(p, 4) != 0x04034b50) {
            return (pay_str_t) pay_str_null;
        }

        len = le(p + 18, 4);
        *name = (pay_str_t) { le(p + 26, 2), p + 30 };

        if (n-- == 0) {
            break;
        }
    }

    need(pay_gbk_decode(arena, *name, name), "GBK");
    need(pay_gbk_decode(arena, (pay_str_t) { len, p + 30 + le(p + 26, 2) },
                        &text), "GBK");

    return text;
}


static void
download(pay_str_t url)
{
    fresh();
    s.method = PAY_STR("GET");
    s.target = pay_sim_after(url, "http://127.0.0.1:8082");
    s.headers.nelts = 0;
    serve();
}


static int
has(pay_str_t t, const char *what)
{
    return strstr(z("%.*s", (int) t.len, t.data), what) != NULL;
}


static void
bills(void)
{
    pay_str_t  url, name, t, no;

    call(BILL, "{\"bill_type\":\"trade\",\"bill_date\":\"2026-11-22\"}");
    is(got("bill_file_code"), "EMPTY_DATA_WITH_BILL_FILE", "an empty day");
    call(BILL, "{\"bill_type\":\"nothing\",\"bill_date\":\"2026-11-22\"}");
    expect("40004", "TYPE_NOT_SUPPORTED", 1, "another type");
    call(BILL, "{\"bill_type\":\"trade\",\"bill_date\":\"2026-13-01\"}");
    expect("40004", "INVAILID_ARGUMENTS", 1, "no day");
    call(BILL, "{\"bill_type\":\"trade\",\"bill_date\":\"2026-11-23\"}");
    expect("40004", "BILL_NOT_EXIST", 1, "tomorrow");

    no = paid("false");
    call("alipay.trade.refund", "{\"out_trade_no\":\"" NUMBER "\","
         "\"refund_amount\":\"8.88\",\"out_request_no\":\"R1\"}");

    call(BILL, "{\"bill_type\":\"trade\",\"bill_date\":\"2026-11-22\"}");
    expect("10000", NULL, 1, "an address");
    url = got("bill_download_url");
    download(url);
    ok(s.status == 200 && pay_str_eqz(s.reply_headers[0].value,
                                      "application/zip"), "a zip");
    t = unzip(0, &name);
    is(name, "20881021000000010156_20261122_业务明细.csv", "the rows");
    ok(has(t, z("%.*s\t," NUMBER "\t,交易,测试  A,2026-11-22 08:00:00,"
                "2026-11-22 08:00:00,,,,,*测试(159****5620)\t,88.88,88.88,",
                (int) no.len, no.data)), "the payment");
    ok(has(t, ",-8.88,-8.88,0.00,0.00,0.00,0.00,0.00,,0.00,0.00,R1,"),
       "the refund");
    ok(has(t, "退款批次号/请求号") && has(t, "业务明细列表结束"),
       "head and end");
    t = unzip(1, &name);
    is(name, "20881021000000010156_20261122_业务明细(汇总).csv", "the sums");
    ok(has(t, "合计,,1,1,80.00,80.00,"), "... match");

    call(BILL, "{\"bill_type\":\"signcustomer\","
         "\"bill_date\":\"2026-11-22\"}");
    download(got("bill_download_url"));
    t = unzip(0, &name);
    is(name, "20881021000000010156_20261122_账务明细.csv", "movements");
    ok(has(t, ",88.88,0.00,88.88,支付宝,在线支付,")
       && has(t, ",0.00,-8.88,80.00,支付宝,交易退款,"), "in and out");

    now += 31;
    download(url);
    is_int(s.status, 403, "the address is good for 30 s");
    now = NOW;
    download(text("%.*s", (int) url.len - 3, url.data));
    is_int(s.status, 403, "another signature");
    forget();
}


static void
certificates(void)
{
    strcpy(conf.app_cert_sn, "0123456789abcdef0123456789abcdef");
    strcpy(conf.alipay_cert_sn, "53aa86380ddeb48f0c0d95b7028230fc");
    strcpy(conf.root_cert_sn, "a_b");

    call("alipay.trade.query", "{\"out_trade_no\":\"1\"}");
    expect("40002", "isv.app-cert-not-exist", 0, "without a certificate");

    request("alipay.trade.query", "{\"out_trade_no\":\"1\"}");
    set("app_cert_sn", conf.app_cert_sn);
    set("alipay_root_cert_sn", "a");
    sent_by(app_key);
    expect("40002", "isv.invalid-alipay-root-cert-sn", 0, "other roots");

    set("alipay_root_cert_sn", "a_b");
    sent_by(app_key);
    expect("40004", "ACQ.TRADE_NOT_EXIST", 1, "both are known");
    ok(strstr(z("%.*s", (int) s.reply_body.len, s.reply_body.data),
              "},\"alipay_cert_sn\":\"53aa86380ddeb48f0c0d95b7028230fc\","
              "\"sign\":\"") != NULL, "the answer names its own");

    conf.app_cert_sn[0] = '\0';
    conf.alipay_cert_sn[0] = '\0';
    conf.root_cert_sn[0] = '\0';
}


static void
sm2(void)
{
    pay_key_t          *app, *gate, *public;
    pay_alipay_conf_t   old;

    old = conf;
    make_key("SM2", PAY_KEYS_ANY, &app, NULL);
    make_key("SM2", PAY_KEYS_ANY, &gate, &public);

    conf.sign_type = PAY_STR("SM2");
    conf.app_private_key = app;
    conf.sandbox_key = gate;
    conf.alipay_public_key = public;

    request("alipay.trade.query", "{\"out_trade_no\":\"1\"}");
    set("sign_type", "SM2");
    sent_by(app);
    expect("40004", "ACQ.TRADE_NOT_EXIST", 1, "SM2 both ways");
    sent_by(gate);
    expect("40002", "isv.invalid-signature", 0, "S-2: another SM2 key");
    set("sign_type", "RSA2");
    sent_by(app_key);
    expect("40002", "isv.invalid-signature-type", 0, "RSA2 does not go");

    conf = old;
    pay_key_unref(app);
    pay_key_unref(gate);
    pay_key_unref(public);
}


static void
encryption(void)
{
    pay_str_t       key, bytes, plain, answer;
    const char     *biz = "{\"out_trade_no\":\"1\"}";
    static pay_u8   zero[16];
    pay_str_t       iv = { 16, zero };

    key = PAY_STR("0123456789abcdef");

    request("alipay.trade.query", "AAAA");
    set("encrypt_type", "AES");
    sent_by(app_key);
    expect("40002", "isv.invalid-encrypt", 1, "the app has no key");

    conf.encrypt_key = pay_base64_encode(arena, key);

    sent_by(app_key);
    expect("40002", "isv.invalid-encrypt", 1, "no ciphertext");

    set("encrypt_type", "AES_V2");
    sent_by(app_key);
    expect("40002", "isv.invalid-encrypt-type", 1, "another type");

    need(pay_aes_cbc_seal(arena, &bytes, pay_strz(biz), iv, key), "AES");
    request("alipay.trade.query", z("%.*s",
            (int) pay_base64_encode(arena, bytes).len,
            pay_base64_encode(arena, bytes).data));
    set("encrypt_type", "AES");
    sent_by(app_key);

    answer = PAY_STR("");
    (void) pay_json_string(parse(s.reply_body),
                           "alipay_trade_query_response", &answer);
    ok(answer.len != 0 && answer_signed(),
       "the answer is a text, signed with its quotes");
    ok(pay_base64_decode(arena, answer, &bytes) == PAY_OK
       && pay_aes_cbc_open(arena, &plain, bytes, iv, key) == PAY_OK
       && has(plain, "\"sub_code\":\"ACQ.TRADE_NOT_EXIST\""),
       "and encrypted");

    conf.encrypt_key = (pay_str_t) pay_str_null;
}


int
main(void)
{
    size_t  i;

    static void (*const  blocks[])(void) = {
        transfers, settlements, bills, certificates, sm2, encryption
    };

    keys();

    for (i = 0; i < pay_nelts(blocks); i++) {
        arena = pay_arena_create(0);
        blocks[i]();
        pay_arena_destroy(arena);
    }

    keys_free();

    return done();
}
