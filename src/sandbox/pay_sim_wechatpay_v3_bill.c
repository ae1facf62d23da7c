
/*
 * Copyright (C) the ngx_pay authors
 *
 * WeChat Pay APIv3 simulator: bills of trades and of the fund flow (section
 * 8.7 of the channel document).  Unlike the channel's, a day has a bill while
 * it is not over: a file holds what had happened when it was asked for.
 */

#include <codec/pay_gunzip.h>
#include <sandbox/pay_sim_wechatpay_v3.h>


/* a token: "trade-ALL" or "fund-BASIC", the day, how many lines, sub_mchid */

typedef struct {
    pay_str_t  kind;
    pay_str_t  type;
    pay_str_t  day;
    pay_str_t  sub;
    size_t     count;
} pay_wxs_bill_t;


/* one line: PAY_OK, PAY_DECLINED: not in this bill, PAY_FETCH */

static pay_rc_t
pay_wxs_event(pay_sim_t *s, const pay_wxs_bill_t *bill,
    const pay_wxs_entry_t *entry, pay_wxs_event_t *out)
{
    pay_rc_t             rc;
    pay_sim_thing_t     *thing;
    pay_wxs_order_t     *o;
    pay_wxs_transfer_t   t;

    memset(out, 0, sizeof(pay_wxs_event_t));

    rc = pay_sim_thing(s, entry->id, &thing);

    if (rc != PAY_OK) {
        return rc;
    }

    if (thing->text.len == 0) {
        return PAY_DECLINED;
    }

    if (entry->kind == 'T') {

        if (bill->sub.len != 0 || !pay_str_eqz(bill->kind, "fund")) {
            return PAY_DECLINED;
        }

        if (pay_wxs_transfer_read_text(s->arena, thing->text, &t) != PAY_OK) {
            return PAY_ERROR;
        }

        out->id = t.bill_no;
        out->number = t.number;
        out->amount = t.amount;
        out->time = t.updated;
        out->name = "商家转账";

        return PAY_OK;
    }

    o = pay_alloc(s->arena, sizeof(pay_wxs_order_t));

    if (o == NULL || pay_wxs_order_read(s->arena, thing->text, o) != PAY_OK) {
        return PAY_ERROR;
    }

    if (bill->sub.len != 0 && !pay_str_eq(bill->sub, o->sub_mchid)) {
        return PAY_DECLINED;
    }

    out->order = o;
    out->name = "交易";
    out->income = 1;

    if (entry->kind == 'R') {
        out->refund = pay_wxs_refund_find(o, entry->number);

        if (out->refund == NULL || pay_str_eqz(bill->type, "SUCCESS")) {
            return PAY_DECLINED;
        }

        out->payment = out->refund->payment;
        out->id = pay_wxs_refund_id(s->arena, o, out->refund);
        out->number = out->refund->number;
        out->amount = out->refund->amount;
        out->time = out->refund->ends;
        out->name = "退款";
        out->income = 0;

        return out->id.data != NULL ? PAY_OK : PAY_ERROR;
    }

    out->payment = pay_str_eqz(entry->number, "1");

    if (out->payment >= o->npayments || pay_str_eqz(bill->type, "REFUND")) {
        return PAY_DECLINED;
    }

    out->id = o->payments[out->payment].transaction_id;
    out->number = o->out_trade_no;
    out->amount = o->total;
    out->time = o->payments[out->payment].time;

    return PAY_OK;
}


/* PAY_DECLINED: nothing of it has happened */

static pay_rc_t
pay_wxs_bill_file(pay_sim_t *s, pay_wxs_bill_t *bill, pay_str_t *out)
{
    size_t              i, n;
    pay_rc_t            rc, all;
    pay_wxs_event_t    *events;
    pay_wxs_journal_t   journal;

    memset(&journal, 0, sizeof(pay_wxs_journal_t));

    rc = pay_wxs_journal_load(s, bill->day, &journal);

    if (rc != PAY_OK) {
        return rc;
    }

    if (bill->count > journal.nelts || bill->count == 0) {
        bill->count = journal.nelts;
    }

    events = pay_calloc(s->arena,
                        (bill->count + 1) * sizeof(pay_wxs_event_t));

    if (events == NULL) {
        return PAY_ERROR;
    }

    all = PAY_OK;

    for (n = 0, i = 0; i < bill->count; i++) {
        rc = pay_wxs_event(s, bill, &journal.elts[i], &events[n]);

        if (rc == PAY_ERROR) {
            return rc;
        }

        n += rc == PAY_OK;
        all = rc == PAY_FETCH ? rc : all;
    }

    if (all != PAY_OK || n == 0) {
        return all != PAY_OK ? all : PAY_DECLINED;
    }

    *out = pay_str_eqz(bill->kind, "fund")
           ? pay_wxs_fund_file(s->arena, events, n)
           : pay_wxs_trade_file(s->arena, events, n);

    return out->data != NULL ? PAY_OK : PAY_ERROR;
}


static pay_str_t
pay_wxs_sha1(pay_arena_t *a, pay_str_t text)
{
    pay_u8           digest[20];
    pay_hash_t      *h;
    const pay_str_t  bytes = { sizeof(digest), digest };

    h = pay_hash_begin(PAY_HASH_SHA1);

    if (h == NULL) {
        return (pay_str_t) pay_str_null;
    }

    pay_hash_add(h, text.data, text.len);

    if (pay_hash_end(digest, h) != 0) {
        return (pay_str_t) pay_str_null;
    }

    return pay_hex_encode(a, bytes);
}


static pay_str_t
pay_wxs_bill_url(pay_sim_t *s, const pay_wxs_bill_t *bill, int gzip)
{
    pay_buf_t  b;

    pay_buf_init(&b, s->arena, 256);
    pay_buf_adds(&b, s->base);
    pay_buf_addz(&b, "/v3/billdownload/file?token=");
    pay_buf_adds(&b, bill->kind);
    pay_buf_addc(&b, '.');
    pay_buf_adds(&b, bill->type);
    pay_buf_addc(&b, '.');
    pay_buf_adds(&b, bill->day);
    pay_buf_addc(&b, '.');
    pay_buf_addi(&b, (int64_t) bill->count);
    pay_buf_addc(&b, '.');
    pay_buf_adds(&b, bill->sub);

    if (gzip) {
        pay_buf_addz(&b, "&tartype=gzip");
    }

    return pay_buf_str(&b);
}


static pay_rc_t
pay_wxs_bill(pay_sim_t *s, const pay_wxs_call_t *c, pay_wxs_bill_t *bill)
{
    pay_rc_t            rc;
    pay_str_t           file, hash, url;
    pay_json_writer_t  *w;

    bill->sub = c->sub;
    bill->count = 0;

    if (pay_json_string(c->body, "bill_date", &bill->day) != PAY_OK) {
        return PAY_ERROR;
    }

    rc = pay_wxs_bill_file(s, bill, &file);

    if (rc == PAY_DECLINED) {
        return pay_wxs_fail(s, PAY_WXS_NO_STATEMENT, NULL);
    }

    if (rc != PAY_OK) {
        return rc;
    }

    hash = pay_wxs_sha1(s->arena, file);
    url = pay_wxs_bill_url(s, bill, pay_json_get(c->body, "tar_type") != NULL);
    w = pay_json_writer(s->arena);

    if (hash.data == NULL || url.data == NULL || w == NULL) {
        return PAY_ERROR;
    }

    pay_jw_object(w, NULL);
    pay_jw_strz(w, "hash_type", "SHA1");
    pay_jw_str(w, "hash_value", hash);
    pay_jw_str(w, "download_url", url);
    pay_jw_end(w);

    return pay_wxs_reply(s, 200, pay_jw_text(w));
}


pay_rc_t
pay_wxs_bill_trade(pay_sim_t *s, const pay_wxs_call_t *c)
{
    pay_wxs_bill_t  bill;

    bill.kind = PAY_STR("trade");
    bill.type = PAY_STR("ALL");

    (void) pay_json_string(c->body, "bill_type", &bill.type);

    /* the files of these have other columns */

    if (!pay_str_eqz(bill.type, "ALL")) {
        return pay_wxs_refuse(s, PAY_WXS_INVALID_REQUEST, "uri", "bill_type",
                              "the sandbox has bills of ALL only");
    }

    return pay_wxs_bill(s, c, &bill);
}


pay_rc_t
pay_wxs_bill_fund(pay_sim_t *s, const pay_wxs_call_t *c)
{
    pay_wxs_bill_t  bill;

    bill.kind = PAY_STR("fund");
    bill.type = PAY_STR("BASIC");

    (void) pay_json_string(c->body, "account_type", &bill.type);

    /* all of it goes through the one account */

    if (!pay_str_eqz(bill.type, "BASIC")) {
        return pay_wxs_fail(s, PAY_WXS_NO_STATEMENT, NULL);
    }

    return pay_wxs_bill(s, c, &bill);
}


static pay_str_t
pay_wxs_token_part(pay_str_t *rest)
{
    pay_str_t      part;
    const pay_u8  *p;

    part = *rest;
    p = part.len != 0 ? memchr(part.data, '.', part.len) : NULL;

    if (p == NULL) {
        rest->len = 0;
        return part;
    }

    part.len = (size_t) (p - part.data);
    rest->data = p + 1;
    rest->len -= part.len + 1;

    return part;
}


/* section 3.4: the file is not signed, its hash is */

pay_rc_t
pay_wxs_bill_download(pay_sim_t *s, const pay_wxs_call_t *c)
{
    pay_rc_t        rc;
    uint64_t        n;
    pay_str_t       token, file;
    pay_wxs_bill_t  bill;

    if (pay_json_string(c->body, "token", &token) != PAY_OK) {
        return PAY_ERROR;
    }

    bill.kind = pay_wxs_token_part(&token);
    bill.type = pay_wxs_token_part(&token);
    bill.day = pay_wxs_token_part(&token);

    if (pay_str_uint(pay_wxs_token_part(&token), 1000000, &n) != PAY_OK) {
        return pay_wxs_refuse(s, PAY_WXS_PARAM_ERROR, "uri", "token",
                              "is none of ours");
    }

    bill.count = (size_t) n;
    bill.sub = token;

    rc = pay_wxs_bill_file(s, &bill, &file);

    if (rc != PAY_OK) {
        return rc == PAY_DECLINED ? pay_wxs_fail(s, PAY_WXS_NO_STATEMENT, NULL)
                                  : rc;
    }

    if (pay_json_get(c->body, "tartype") != NULL) {
        file = pay_gzip(s->arena, file);
    }

    if (file.data == NULL
        || pay_sim_header(s, "Content-Type",
                          PAY_STR("application/octet-stream")) != PAY_OK)
    {
        return PAY_ERROR;
    }

    s->status = 200;
    s->reply_body = file;

    return PAY_DONE;
}
