
/*
 * Copyright (C) the ngx_pay authors
 *
 * Alipay simulator: asynchronous notices, section 8 of the channel document.
 */

#include <sandbox/pay_sim_alipay.h>


#define PAY_ALIS_FIELDS  40


typedef struct {
    pay_sim_t    *sim;
    pay_field_t   elts[PAY_ALIS_FIELDS];
    size_t        nelts;
    int           failed;
    int           forged;
} pay_alis_fields_t;

/* what a notice tells, as it was when it became due */

typedef struct {
    const pay_alis_trade_t    *trade;
    const pay_alis_payment_t  *payment;     /* NULL: never paid */
    const pay_alis_refund_t   *refund;      /* the last one, or NULL */
    pay_str_t                  trade_no;
    const char                *status;
    int64_t                    refunded;
} pay_alis_news_t;


static void
pay_alis_add(pay_alis_fields_t *f, const char *name, pay_str_t value)
{
    if (value.data == NULL || f->nelts == PAY_ALIS_FIELDS) {
        f->failed = 1;
        return;
    }

    f->elts[f->nelts].name = pay_strz(name);
    f->elts[f->nelts++].value = value;
}


static void
pay_alis_addz(pay_alis_fields_t *f, const char *name, const char *value)
{
    pay_alis_add(f, name, pay_strz(value));
}


static void
pay_alis_add_money(pay_alis_fields_t *f, const char *name, int64_t amount)
{
    pay_alis_add(f, name, pay_alis_money(f->sim->arena, amount));
}


static void
pay_alis_add_time(pay_alis_fields_t *f, const char *name, int64_t t)
{
    pay_alis_add(f, name, pay_alis_time(f->sim->arena, t));
}


/* the same for each copy of one notice: 34 digits, the day first */

static pay_str_t
pay_alis_notify_id(pay_sim_t *s, const pay_alis_news_t *n)
{
    size_t            i;
    pay_u8            hash[PAY_SHA256_LEN];
    pay_str_t         sum, status, text;
    pay_buf_t         b;
    const pay_str_t  *parts[] = { &n->trade_no, &status, &sum, NULL };

    status = pay_strz(n->status);
    sum = pay_alis_money(s->arena, n->refunded);

    if (sum.data == NULL) {
        return sum;
    }

    text = pay_concat(s->arena, parts);

    if (text.data == NULL || pay_sha256(hash, text) != 0) {
        return (pay_str_t) pay_str_null;
    }

    pay_buf_init(&b, s->arena, 34);
    pay_buf_add(&b, n->trade_no.data, 8);

    for (i = 0; i < 26; i++) {
        pay_buf_addc(&b, (pay_u8) ('0' + hash[i] % 10));
    }

    return pay_buf_str(&b);
}


static pay_str_t
pay_alis_bills(pay_sim_t *s, const pay_alis_trade_t *t)
{
    pay_json_writer_t  *w;

    w = pay_json_writer(s->arena);

    if (w == NULL) {
        return (pay_str_t) pay_str_null;
    }

    pay_jw_array(w, NULL);
    pay_jw_object(w, NULL);
    pay_alis_put_money(w, s, "amount", t->total);
    pay_jw_strz(w, "fundChannel", "ALIPAYACCOUNT");
    pay_jw_end(w);
    pay_jw_end(w);

    return pay_jw_text(w);
}


static void
pay_alis_add_common(pay_alis_fields_t *f, const pay_alis_news_t *n)
{
    const pay_alipay_conf_t  *conf;

    conf = f->sim->channel->conf;

    pay_alis_add_time(f, "notify_time", f->sim->now);
    pay_alis_addz(f, "notify_type", "trade_status_sync");
    pay_alis_add(f, "notify_id", pay_alis_notify_id(f->sim, n));
    pay_alis_add(f, "app_id", conf->app_id);
    pay_alis_add(f, "auth_app_id", conf->app_id);
    pay_alis_addz(f, "charset", "utf-8");
    pay_alis_addz(f, "version", "1.0");
    pay_alis_addz(f, "sign_type", pay_alis_sign_type(f->sim->channel));
    pay_alis_add(f, "seller_id", pay_alis_seller(conf));
    pay_alis_addz(f, "seller_email", "seller@sandbox.example");
    pay_alis_addz(f, "buyer_id", PAY_ALIS_BUYER);
    pay_alis_addz(f, "buyer_logon_id", PAY_ALIS_LOGON);
}


static void
pay_alis_add_trade(pay_alis_fields_t *f, const pay_alis_news_t *n)
{
    const pay_alis_trade_t  *t;

    t = n->trade;

    pay_alis_add(f, "trade_no", n->trade_no);
    pay_alis_add(f, "out_trade_no", t->out_trade_no);
    pay_alis_addz(f, "trade_status", n->status);
    pay_alis_add(f, "subject", t->subject);

    if (t->body.len != 0) {
        pay_alis_add(f, "body", t->body);
    }

    if (t->passback.len != 0) {
        pay_alis_add(f, "passback_params", t->passback);
    }

    pay_alis_add_money(f, "total_amount", t->total);
    pay_alis_add_time(f, "gmt_create", t->created_at);
}


/* section 8.4: what was never paid has no such fields */

static void
pay_alis_add_payment(pay_alis_fields_t *f, const pay_alis_news_t *n)
{
    int64_t  total;

    if (n->payment == NULL) {
        pay_alis_add_time(f, "gmt_close", n->trade->closed_at);
        return;
    }

    total = n->trade->total;

    pay_alis_add_money(f, "receipt_amount", total);
    pay_alis_add_money(f, "invoice_amount", total);
    pay_alis_add_money(f, "buyer_pay_amount", total);
    pay_alis_add_money(f, "point_amount", 0);
    pay_alis_add(f, "fund_bill_list", pay_alis_bills(f->sim, n->trade));
    pay_alis_add_time(f, "gmt_payment", n->payment->time);
}


/* gmt_refund has a fraction (section 8.1) */

static pay_str_t
pay_alis_refund_time(pay_arena_t *a, int64_t t)
{
    pay_str_t        text;
    const pay_str_t  fraction = pay_str(".000");
    const pay_str_t *const  parts[] = { &text, &fraction, NULL };

    text = pay_alis_time(a, t);

    return text.data != NULL ? pay_concat(a, parts) : text;
}


/* section 8.4: a notice tells of refunds by their sum */

static void
pay_alis_add_refund(pay_alis_fields_t *f, const pay_alis_news_t *n)
{
    if (n->refund == NULL) {
        return;
    }

    pay_alis_add_money(f, "refund_fee", n->refunded);
    pay_alis_add_money(f, "send_back_fee", n->refund->amount);
    pay_alis_add(f, "out_biz_no", n->refund->number);
    pay_alis_add(f, "gmt_refund",
                 pay_alis_refund_time(f->sim->arena, n->refund->time));

    if (n->refunded == n->trade->total) {
        pay_alis_add_time(f, "gmt_close", n->refund->time);
    }
}


static pay_str_t
pay_alis_signed_form(pay_alis_fields_t *f)
{
    pay_str_t    sign;
    pay_form_t   form;

    form.elts = f->elts;
    form.nelts = f->nelts;

    if (f->failed) {
        return (pay_str_t) pay_str_null;
    }

    sign = pay_alis_sign(f->sim, pay_alis_canonical(f->sim->arena, &form, 1));

    if (sign.data != NULL && f->forged) {
        sign = pay_alis_spoil(f->sim->arena, sign, 0);
    }

    pay_alis_add(f, "sign", sign);

    if (f->failed) {
        return (pay_str_t) pay_str_null;
    }

    form.nelts = f->nelts;

    return pay_alis_form(f->sim->arena, &form);
}


static void
pay_alis_news_refund(const pay_alis_trade_t *t, size_t index,
    pay_alis_news_t *n)
{
    size_t  i;

    n->refund = &t->refunds[index];
    n->payment = &t->payments[n->refund->payment];

    for (i = 0; i <= index; i++) {
        if (t->refunds[i].payment == n->refund->payment) {
            n->refunded += t->refunds[i].amount;
        }
    }
}


static void
pay_alis_news(const pay_alis_trade_t *t, const pay_alis_letter_t *l,
    pay_alis_news_t *n)
{
    memset(n, 0, sizeof(pay_alis_news_t));

    n->trade = t;

    switch (l->tell) {

    case PAY_ALIS_TELL_PAYMENT:
        n->payment = &t->payments[l->index];
        break;

    case PAY_ALIS_TELL_REFUND:
        pay_alis_news_refund(t, l->index, n);
        break;

    case PAY_ALIS_TELL_CLOSE:
        break;
    }

    n->trade_no = n->payment != NULL ? n->payment->trade_no : t->trade_no;
    n->status = n->payment == NULL || n->refunded == t->total
                ? "TRADE_CLOSED" : "TRADE_SUCCESS";
}


static size_t
pay_alis_letter_find(const pay_alis_trade_t *t, int64_t id)
{
    size_t  i;

    for (i = 0; i < t->nletters && t->letters[i].id != id; i++) {
        /* void */
    }

    return i;
}


pay_rc_t
pay_alis_notice(pay_sim_t *s, int64_t id, pay_request_t *out)
{
    size_t             i;
    pay_rc_t           rc;
    pay_alis_news_t    n;
    pay_alis_trade_t   t;
    pay_alis_fields_t  f;

    memset(out, 0, sizeof(pay_request_t));

    rc = pay_alis_load(s, &t);

    if (rc != PAY_OK) {
        return rc;
    }

    i = pay_alis_letter_find(&t, id);

    if (i == t.nletters) {
        return PAY_DECLINED;
    }

    if (pay_sim_url(t.notify_url, &out->host, &out->target) != PAY_OK) {
        return PAY_ERROR;
    }

    f.sim = s;
    f.nelts = 0;
    f.failed = 0;
    f.forged = t.letters[i].how == PAY_ALIS_FORGED;

    pay_alis_news(&t, &t.letters[i], &n);

    if (t.letters[i].how == PAY_ALIS_OTHER) {
        t.total++;
    }

    pay_alis_add_common(&f, &n);
    pay_alis_add_trade(&f, &n);
    pay_alis_add_payment(&f, &n);
    pay_alis_add_refund(&f, &n);

    out->method = "POST";
    out->body = pay_alis_signed_form(&f);

    if (out->body.data == NULL) {
        return PAY_ERROR;
    }

    return pay_request_header(out, "Content-Type",
                              PAY_STR("application/x-www-form-urlencoded;"
                                      " charset=utf-8"));
}


pay_rc_t
pay_alis_sent(pay_sim_t *s, int64_t id)
{
    size_t            i;
    pay_rc_t          rc;
    pay_alis_trade_t  t;

    rc = pay_alis_load(s, &t);

    if (rc != PAY_OK) {
        return rc;
    }

    i = pay_alis_letter_find(&t, id);

    if (i == t.nletters) {
        return PAY_DECLINED;
    }

    t.nletters--;
    memmove(&t.letters[i], &t.letters[i + 1],
            (t.nletters - i) * sizeof(pay_alis_letter_t));

    return pay_alis_save(s, &t);
}


/* section 8.5: these seven bytes and nothing else */

int
pay_alis_acknowledged(int status, pay_str_t body)
{
    return status == 200 && pay_str_eqz(body, "success");
}
