
/*
 * Copyright (C) the ngx_pay authors
 *
 * ZIP archives and GBK, as codecs; driver alipay's statements, of an archive
 * that is made here of the lists in t/vectors/alipay.json.
 */

#include "alipay.h"

#include <codec/pay_gbk.h>
#include <codec/pay_zip.h>

#include <zlib.h>


#define FILES  8


typedef struct {
    pay_str_t  name, text;
    int        stored, behind, unmarked;
    unsigned   flags;
    int        spoil;           /* 1: the CRC, 2: a size */
} entry_t;


static void
add_number(pay_buf_t *b, unsigned long n, int bytes)
{
    while (bytes--) {
        pay_buf_addc(b, (pay_u8) n);
        n >>= 8;
    }
}


static pay_str_t
deflated(pay_str_t text)
{
    pay_u8     *p;
    size_t      n;
    z_stream    z;
    pay_str_t   s;

    n = text.len + 1024;
    p = pay_alloc(keys_arena, n);
    memset(&z, 0, sizeof(z));

    if (p == NULL || deflateInit2(&z, 9, Z_DEFLATED, -MAX_WBITS, 8,
                                  Z_DEFAULT_STRATEGY) != Z_OK)
    {
        bail("zlib", "deflate");
    }

    z.next_in = (Bytef *) text.data;
    z.avail_in = text.len;
    z.next_out = p;
    z.avail_out = n;

    if (deflate(&z, Z_FINISH) != Z_STREAM_END) {
        bail("zlib", "deflate");
    }

    s.data = p;
    s.len = n - z.avail_out;
    deflateEnd(&z);

    return s;
}


static void
add_entry(pay_buf_t *b, const entry_t *e)
{
    pay_str_t      body;
    unsigned long  crc, packed, size;

    body = e->stored ? e->text : deflated(e->text);
    crc = crc32(crc32(0, NULL, 0), e->text.data, e->text.len);
    crc += e->spoil == 1;
    packed = body.len;
    size = e->text.len + (e->spoil == 2);

    add_number(b, 0x04034b50, 4);
    add_number(b, 20, 2);
    add_number(b, (e->behind ? 8 : 0) | e->flags, 2);
    add_number(b, e->stored ? 0 : 8, 2);
    add_number(b, 0, 4);
    add_number(b, e->behind ? 0 : crc, 4);
    add_number(b, e->behind ? 0 : packed, 4);
    add_number(b, e->behind ? 0 : size, 4);
    add_number(b, e->name.len, 2);
    add_number(b, 3, 2);
    pay_buf_adds(b, e->name);
    pay_buf_addz(b, "xyz");
    pay_buf_adds(b, body);

    if (e->behind) {

        if (!e->unmarked) {
            add_number(b, 0x08074b50, 4);
        }

        add_number(b, crc, 4);
        add_number(b, packed, 4);
        add_number(b, size, 4);
    }
}


/* with something like a central directory behind the files */

static pay_str_t
archive(const entry_t *e, size_t n)
{
    size_t     i;
    pay_buf_t  b;

    pay_buf_init(&b, keys_arena, 4096);

    for (i = 0; i < n; i++) {
        add_entry(&b, &e[i]);
    }

    add_number(&b, 0x02014b50, 4);
    pay_buf_addz(&b, "a central directory is not read");

    return pay_buf_str(&b);
}


typedef struct {
    size_t     n, lasts;
    pay_str_t  names[FILES];
    pay_buf_t  texts[FILES];
} found_t;

static found_t  found;


static pay_rc_t
on_open(void *data, pay_str_t name)
{
    found_t  *f = data;

    if (f->n == FILES) {
        return PAY_ERROR;
    }

    f->names[f->n] = pay_str_dup(t.arena, name);
    pay_buf_init(&f->texts[f->n++], t.arena, 64);

    return PAY_OK;
}


static pay_rc_t
on_bytes(void *data, pay_str_t bytes, int last)
{
    found_t  *f = data;

    pay_buf_adds(&f->texts[f->n - 1], bytes);
    f->lasts += last;

    return PAY_OK;
}


/* in pieces of step bytes, each from a block of its own */

static pay_rc_t
unzip(pay_str_t zip, size_t step, uint64_t limit)
{
    char        *p;
    size_t       i;
    pay_rc_t     rc;
    pay_str_t    piece;
    pay_zip_t   *z;

    open_talk(PAY_OP_STATEMENT, PAY_KNOWN_NEW);
    memset(&found, 0, sizeof(found));

    z = pay_zip_create(t.arena, limit, on_open, on_bytes, &found);
    rc = PAY_OK;

    for (i = 0; rc == PAY_OK && i < zip.len; i += step) {
        piece.len = zip.len - i < step ? zip.len - i : step;
        p = malloc(piece.len);
        memcpy(p, zip.data + i, piece.len);
        piece.data = (const pay_u8 *) p;
        rc = pay_zip_feed(z, piece, i + step >= zip.len);
        free(p);
    }

    return rc;
}


static void
test_zip(void)
{
    size_t     i, n;
    pay_str_t  zip, big;
    pay_buf_t  b;

    entry_t  e[] = {
        { pay_str("a.csv"), pay_str("one\n"), 0, 0, 0, 0, 0 },
        { pay_str("b.csv"), pay_str("two\n"), 1, 0, 0, 0, 0 },
        { pay_str("c.csv"), pay_str("three\n"), 0, 1, 0, 0, 0 },
        { pay_str("d.csv"), pay_str("four\n"), 0, 1, 1, 0, 0 },
        { pay_str("e.csv"), pay_str(""), 1, 0, 0, 0, 0 }
    };
    static const char *const  texts[] = { "one\n", "two\n", "three\n",
                                          "four\n", "" };
    static const size_t       steps[] = { 1, 2, 3, 7, 30, 10000 };

    zip = archive(e, pay_nelts(e));

    for (n = 0; n < pay_nelts(steps); n++) {
        is_int(unzip(zip, steps[n], 1000), PAY_OK, "zip: five files");
        is_int(found.n, 5, "zip: all of them");
        is_int(found.lasts, 5, "zip: each whole");

        for (i = 0; i < found.n; i++) {
            is(pay_buf_str(&found.texts[i]), texts[i], "zip: a text");
        }
    }

    is(found.names[3], "d.csv", "zip: a name");
    is_int(unzip(zip, 7, 18), PAY_DECLINED, "zip: more than its limit");
    is_int(unzip(zip, 7, 19), PAY_OK, "zip: as much as its limit");

    /* cut anywhere but in what is not read */

    for (i = 1, n = 0; i < zip.len - 31; i++) {
        big = zip;
        big.len = i;
        n += unzip(big, 100000, 1000) == PAY_INVALID;
    }

    is_int(n, i - 1, "zip: every cut is seen");

    for (i = 0; i < 3; i++) {
        e[i].spoil = 1;
        is_int(unzip(archive(e, 3), 50, 1000), PAY_INVALID, "zip: a CRC");
        e[i].spoil = 0;
    }

    e[0].spoil = e[2].spoil = 2;
    is_int(unzip(archive(e, 1), 50, 1000), PAY_INVALID, "zip: a length");
    is_int(unzip(archive(&e[2], 1), 50, 1000), PAY_INVALID,
           "zip: a length behind");
    e[0].spoil = e[2].spoil = 0;
    e[0].flags = 1;
    is_int(unzip(archive(e, 1), 50, 1000), PAY_INVALID, "zip: encrypted");
    e[0].flags = 0;
    e[1].behind = 1;
    is_int(unzip(archive(&e[1], 1), 50, 1000), PAY_INVALID,
           "zip: stored, its length behind it");
    is_int(unzip(archive(e, 0), 50, 1000), PAY_INVALID, "zip: no files");
    is_int(unzip(PAY_STR("<html>not found</html>"), 5, 1000), PAY_INVALID,
           "zip: no archive");

    /* much of one byte: small in, large out */

    open_talk(PAY_OP_STATEMENT, PAY_KNOWN_NEW);
    pay_buf_init(&b, keys_arena, 1000000);

    for (i = 0; i < 100000; i++) {
        pay_buf_addz(&b, "0000000000");
    }

    e[0].text = pay_buf_str(&b);
    zip = archive(e, 1);
    is_int(unzip(zip, 64, 1000000), PAY_OK, "zip: a million bytes");
    is_int(found.texts[0].len, 1000000, "zip: all of them");
    is_int(unzip(zip, 64, 999999), PAY_DECLINED, "zip: or one too many");
}


static void
test_gbk(void)
{
    size_t     i, step;
    pay_gbk_t  g;
    pay_str_t  text, piece, out;
    pay_buf_t  b;

    static const char  gbk[] = "a\xb2\xe2\xca\xd4\xd5\x5c\x95\x32\x82\x36z";

    open_talk(PAY_OP_STATEMENT, PAY_KNOWN_NEW);
    text = PAY_STR(gbk);

    for (step = 1; step <= 5; step++) {

        memset(&g, 0, sizeof(g));
        pay_buf_init(&b, t.arena, 64);

        for (i = 0; i < text.len; i += step) {
            piece.data = text.data + i;
            piece.len = text.len - i < step ? text.len - i : step;
            is_int(pay_gbk_piece(&g, t.arena, piece, i + step >= text.len,
                                 &out), PAY_OK, "gbk: a piece");
            pay_buf_adds(&b, out);
        }

        is(pay_buf_str(&b), "a测试誠\xf0\xa0\x80\x80z",
           "gbk: cut anywhere");
    }

    is_int(pay_gbk_decode(t.arena, PAY_STR("x\xb2"), &out), PAY_OK,
           "gbk: half of a character");
    is(out, "x\xef\xbf\xbd", "gbk: becomes U+FFFD");
    is_int(pay_gbk_decode(t.arena, PAY_STR("\xff" "a"), &out), PAY_OK,
           "gbk: none");
    is(out, "\xef\xbf\xbd" "a", "gbk: becomes U+FFFD");
    is_int(pay_gbk_decode(t.arena, PAY_STR(""), &out), PAY_OK, "gbk: empty");
    is_int(out.len, 0, "gbk: empty");
}


static pay_row_t  rows[8];
static size_t     nrows;


static void
on_row(pay_talk_t *talk, const pay_row_t *row)
{
    pay_row_t  *r;

    if (nrows == pay_nelts(rows)) {
        return;
    }

    r = &rows[nrows++];
    *r = *row;
    r->order_id = pay_str_dup(talk->arena, row->order_id);
    r->channel_order_id = pay_str_dup(talk->arena, row->channel_order_id);
    r->refund_id = pay_str_dup(talk->arena, row->refund_id);
    r->description = pay_str_dup(talk->arena, row->description);
    r->payer_masked = pay_str_dup(talk->arena, row->payer_masked);
}


static pay_str_t
bytes_of(yajl_val v, const char *name)
{
    pay_str_t  s;

    if (pay_base64_decode(keys_arena, pay_strz(text_of(v, name)), &s)
        != PAY_OK)
    {
        bail("not base64", name);
    }

    return s;
}


static pay_rc_t
read_rows(pay_str_t zip, size_t step)
{
    size_t     i;
    pay_rc_t   rc;
    pay_str_t  piece;

    open_talk(PAY_OP_STATEMENT, PAY_KNOWN_NEW);
    t.own = pay_calloc(t.arena, sizeof(pay_alipay_own_t));
    t.row = on_row;
    nrows = 0;
    rc = PAY_OK;

    for (i = 0; rc == PAY_OK && i < zip.len; i += step) {
        piece.data = zip.data + i;
        piece.len = zip.len - i < step ? zip.len - i : step;
        t.scratch = pay_arena_create(0);
        rc = pay_alipay.rows(&t, piece, i + step >= zip.len);
        pay_arena_destroy(t.scratch);
    }

    return rc;
}


static void
is_trades(void)
{
    is_int(nrows, 3, "two rows and the summary");

    is_int(rows[0].type, PAY_ROW_PAYMENT, "a payment");
    is(rows[0].order_id, ORDER, "its number, without the tab");
    is(rows[0].channel_order_id, TRADE, "theirs");
    is(rows[0].description, "测试商品", "its name");
    is(rows[0].payer_masked, "*测试(159****5620)", "who paid");
    is_int(rows[0].amount, 8888, "amount");
    is_int(rows[0].fee, 53, "fee: charged is above zero");
    is_int(rows[0].net, 8835, "net");
    is_int(rows[0].time, 1767207910, "time");

    is_int(rows[1].type, PAY_ROW_REFUND, "a refund");
    is(rows[1].refund_id, "R202601020001", "its number");
    is(rows[1].order_id, ORDER, "of which payment");
    is_int(rows[1].refund_amount, 888, "positive");
    is_int(rows[1].amount, PAY_ROW_NONE, "no amount of its own");
    is_int(rows[1].fee, -5, "fee: given back");
    is_int(rows[1].net, -883, "net");

    is_int(rows[2].type, PAY_ROW_SUMMARY, "the summary is the last");
    is_int(rows[2].count, 2, "how many");
    is_int(rows[2].fee, 48, "fees");
    is_int(rows[2].net, 7952, "net");
    is_int(rows[0].net + rows[1].net, rows[2].net, "it adds up");
}


#define FUNDS_HEAD                                                           \
    "账务流水号,业务流水号,商户订单号,商品名称,发生时间,对方账号,"           \
    "收入金额（+元）,支出金额（-元）,账户余额（元）,交易渠道,业务类型,备注\n"

static void
test_rows(void)
{
    size_t     i;
    yajl_val   bill, names;
    entry_t    e[3], swapped[2];
    pay_str_t  zip;

    static const size_t  steps[] = { 1, 7, 64, 100000 };

    bill = member(vectors, "bill");
    names = member(bill, "zip_entry_names_gbk_base64");
    memset(e, 0, sizeof(e));

    for (i = 0; i < 2; i++) {
        if (pay_base64_decode(keys_arena,
                     pay_strz(YAJL_GET_STRING(names->u.array.values[i])),
                     &e[i].name) != PAY_OK)
        {
            bail("not base64", "name");
        }
    }

    e[0].text = bytes_of(bill, "detail_csv_gbk_base64");
    e[1].text = bytes_of(bill, "summary_csv_gbk_base64");
    zip = archive(e, 2);

    for (i = 0; i < pay_nelts(steps); i++) {
        is_int(read_rows(zip, steps[i]), PAY_OK, "a statement of trades");
        is_trades();
    }

    swapped[0] = e[1];
    swapped[1] = e[0];
    is_int(read_rows(archive(swapped, 2), 1000), PAY_OK,
           "the summary comes first");
    is_trades();

    zip.len -= 40;
    is_int(read_rows(zip, 1000), PAY_INVALID, "cut short");

    e[2].name = PAY_STR("readme.txt");
    e[2].text = PAY_STR("no,list\n");
    is_int(read_rows(archive(e, 3), 1000), PAY_OK,
           "another file is passed over");
    is_int(read_rows(archive(&e[2], 1), 1000), PAY_INVALID, "no list at all");

    e[2].name = e[0].name;
    is_int(read_rows(archive(&e[2], 1), 1000), PAY_INVALID, "no head");
}


/* in UTF-8 here, and made GBK by the same library that reads it */

#include <iconv.h>

static pay_str_t
gbk(const char *text)
{
    char       *in, *out;
    size_t      left, space, n;
    iconv_t     cd;
    pay_str_t   s;

    n = strlen(text) * 2;
    in = (char *) text;
    left = strlen(text);
    out = pay_alloc(keys_arena, n);
    s.data = (const pay_u8 *) out;
    space = n;
    cd = iconv_open("GBK", "UTF-8");

    if (iconv(cd, &in, &left, &out, &space) == (size_t) -1) {
        bail("not GBK", text);
    }

    iconv_close(cd);
    s.len = n - space;

    return s;
}


static void
test_funds(void)
{
    entry_t  e[2];

    memset(e, 0, sizeof(e));
    e[0].name = gbk("2088_20260101_账务明细.csv");
    e[0].text = gbk("#账务明细列表\n" FUNDS_HEAD
        "1\t,2026\t,T1\t,茶,2026-01-01 03:05:10,a***@x.cn,88.88,,100.00,支付宝,"
        "在线支付,\n"
        "2,2027,T1,茶,2026-01-01 10:00:00,a***@x.cn,0.00,-8.88,91.12,支付宝,"
        "交易退款,x\n#----账务明细列表结束----\n");
    e[1].name = gbk("2088_20260101_账务明细(汇总).csv");
    e[1].text = gbk("类型,收入笔数,收入金额（+元）,支出笔数,支出金额（-元）,"
                    "总金额（元）\n合计,1,88.88,1,-8.88,80.00\n");

    is_int(read_rows(archive(e, 2), 11), PAY_OK, "a statement of funds");
    is_int(nrows, 3, "two rows and the summary");
    is_int(rows[0].type, PAY_ROW_FUNDS, "funds");
    is_int(rows[0].net, 8888, "in");
    is(rows[0].channel_order_id, "2026", "their number");
    is(rows[0].description, "在线支付", "what for");
    is_int(rows[1].net, -888, "out");
    is_int(rows[1].amount, 888, "amount");
    is_int(rows[2].net, 8000, "sum");
    is_int(rows[2].count, 2, "count");
}


static void
ask_statement(const char *type, const char *date)
{
    open_talk(PAY_OP_STATEMENT, PAY_KNOWN_NEW);
    t.object = &object;
    ask.statement = pay_strz(type);
    ask.number = pay_strz(date);
}


static void
fetched_from(const char *url, const char *host, const char *target)
{
    char  members[256];

    ask_statement("payments", "2026-01-01");
    is_int(begin(), PAY_SIGN, "asked for");
    is_int(pay_alipay.sign(&t), PAY_SEND, "signed");

    snprintf(members, sizeof(members), "\"bill_download_url\":\"%s\"", url);

    if (host == NULL) {
        failed(accepts(members), PAY_E_CHANNEL_RESPONSE_INVALID,
               "download_url", url);
        return;
    }

    is_int(accepts(members), PAY_FETCH, url);
    is(t.request.host, host, "host");
    is(t.request.target, target, "target");
    is(pay_strz(t.request.method), "GET", "GET");
    is_int(t.fetch.digest.len, 0, "no digest is told");
}


static void
test_statement(void)
{
    ask_statement("payments", "2026-01-01");
    sends(begin(), "alipay.data.dataservice.bill.downloadurl.query",
          "{\"bill_type\":\"trade\",\"bill_date\":\"2026-01-01\"}",
          "payments");
    failed(refuses("BILL_NOT_EXIST"), PAY_E_STATEMENT_NOT_READY, "refused",
           "not ready");

    ask_statement("funds", "2026-01-01");
    sends(begin(), "alipay.data.dataservice.bill.downloadurl.query",
          "{\"bill_type\":\"signcustomer\",\"bill_date\":\"2026-01-01\"}",
          "funds");

    ask_statement("funds", "2026-02-30");
    failed(begin(), PAY_E_FIELD_INVALID, "field", "no such day");
    ask_statement("moon", "2026-01-01");
    failed(begin(), PAY_E_FIELD_INVALID, "field", "no such list");

    fetched_from("http://dwbillcenter.alipay.com/f.resource?a=1",
                 "https://dwbillcenter.alipay.com", "/f.resource?a=1");
    fetched_from("https://openapi.alipay.com/x", "https://openapi.alipay.com",
                 "/x");
    fetched_from("https://alipay.com.example.com/x", NULL, NULL);
    fetched_from("https://user@a.alipay.com/x", NULL, NULL);
    fetched_from("https://example.com/?.alipay.com/", NULL, NULL);
    fetched_from("ftp://a.alipay.com/x", NULL, NULL);
    fetched_from("https://a.alipay.com", NULL, NULL);

    fetched_from("https://a.alipay.com/x", "https://a.alipay.com", "/x");
    failed(outcome(PAY_UNANSWERED), PAY_E_CHANNEL_RESPONSE_INVALID,
           "download", "no file");
}


int
main(void)
{
    channel_open();

    test_zip();
    test_gbk();
    test_rows();
    test_funds();
    test_statement();

    channel_close();

    return done();
}
