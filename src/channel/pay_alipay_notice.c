
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver alipay: notices, and what is answered to them (section 8).
 */

#include <channel/pay_alipay_int.h>
#include <codec/pay_gbk.h>


#define PAY_ALIPAY_NOTICE_FIELDS  100
#define PAY_ALIPAY_TYPE_MAX       64


/* why a notice is refused, and by that the status of our answer */

static const pay_word_t  pay_alipay_refusals[] = {
    { "method", PAY_E_METHOD_NOT_ALLOWED },
    { "encoding", PAY_E_ENCODING_UNSUPPORTED },
    { "media_type", PAY_E_MEDIA_TYPE_UNSUPPORTED },
    { "form", PAY_E_JSON_INVALID },
    { "charset", PAY_E_ENCODING_UNSUPPORTED },
    { "missing_field", PAY_E_SIGNATURE_MISSING },
    { "sign_type", PAY_E_ALGORITHM_NOT_ALLOWED },
    { "certificate", PAY_E_SIGNATURE_MISMATCH },
    { "signature", PAY_E_SIGNATURE_MISMATCH },
    { "identity", PAY_E_CHANNEL_FORBIDDEN },
    { "json", PAY_E_JSON_INVALID },
    { "trade_status", PAY_E_STATE_CONFLICT },
    { NULL, 0 }
};


static pay_rc_t
pay_alipay_refused(pay_talk_t *t, const char *why)
{
    pay_fact_init(&t->fact);

    t->notice = PAY_NOTICE_REFUSED;
    t->notice_data = PAY_STR("");

    return pay_talk_fail(t, pay_word_find(pay_alipay_refusals, pay_strz(why),
                                          PAY_E_INTERNAL_ERROR), why);
}


/* a parameter of the type names a charset, which the form says itself */

static int
pay_alipay_is_form(pay_str_t media_type)
{
    size_t  n;

    for (n = 0; n < media_type.len; n++) {
        if (media_type.data[n] == ';' || media_type.data[n] == ' ') {
            break;
        }
    }

    media_type.len = n;

    return pay_str_caseeqz(media_type, "application/x-www-form-urlencoded");
}


static const char *
pay_alipay_notice_form(const pay_notice_t *n)
{
    pay_str_t  v;

    if (!pay_str_eqz(n->method, "POST")) {
        return "method";
    }

    if (pay_header_get(&n->headers, "Content-Encoding", &v) != PAY_DECLINED) {
        return "encoding";
    }

    if (pay_header_get(&n->headers, "Content-Type", &v) != PAY_OK
        || !pay_alipay_is_form(v))
    {
        return "media_type";
    }

    return NULL;
}


static pay_str_t
pay_alipay_get(const pay_form_t *f, const char *name)
{
    const pay_str_t  *s;

    s = pay_form_get(f, name);

    return s ? *s : PAY_STR("");
}


/* by name; the names of a form differ */

void
pay_alipay_sort(pay_form_t *f)
{
    size_t       i, n;
    pay_field_t  moved;

    for (i = 1; i < f->nelts; i++) {

        moved = f->elts[i];

        for (n = i; n && pay_str_cmp(f->elts[n - 1].name, moved.name) > 0;
             n--)
        {
            f->elts[n] = f->elts[n - 1];
        }

        f->elts[n] = moved;
    }
}


/*
 * Section 8.2: the variants of what is signed.  That they are tried one after
 * the other opens nothing: each is a text that only the channel can sign, and
 * sign_type is never read for anything but to be the configured one.
 */

typedef struct {
    int  type;          /* sign_type is in it */
    int  empty;         /* empty values are in it */
    int  sn;            /* alipay_cert_sn is in it */
} pay_alipay_variant_t;


static pay_rc_t
pay_alipay_variant(pay_talk_t *t, const pay_alipay_variant_t *v,
    pay_str_t sign, const pay_key_t *key)
{
    size_t             i, n;
    pay_str_t          text;
    pay_field_t       *fields;
    const pay_form_t  *form;

    form = ((pay_alipay_own_t *) t->own)->form;

    fields = pay_alloc(t->arena, form->nelts * sizeof(pay_field_t));
    if (fields == NULL) {
        return PAY_ERROR;
    }

    for (n = 0, i = 0; i < form->nelts; i++) {

        if (pay_str_eqz(form->elts[i].name, "sign")
            || (!v->type && pay_str_eqz(form->elts[i].name, "sign_type"))
            || (!v->sn && pay_str_eqz(form->elts[i].name, "alipay_cert_sn")))
        {
            continue;
        }

        fields[n++] = form->elts[i];
    }

    text = pay_alipay_canon(t->arena, fields, n, v->empty);

    return text.data ? pay_alipay_verify(t, sign, text, key) : PAY_ERROR;
}


static pay_rc_t
pay_alipay_variants(pay_talk_t *t, pay_str_t sign, const pay_key_t *key)
{
    int                    i, sn, empty;
    size_t                 n;
    pay_rc_t               rc;
    const pay_form_t      *form;
    pay_alipay_variant_t   v;

    form = ((pay_alipay_own_t *) t->own)->form;
    sn = pay_form_get(form, "alipay_cert_sn") != NULL;

    for (empty = 0, n = 0; n < form->nelts; n++) {
        empty |= form->elts[n].value.len == 0;
    }

    for (i = 0; i < 8; i++) {

        v.type = (i & 1) ^ (pay_form_get(form, "msg_method") != NULL);
        v.empty = i >> 1 & 1;
        v.sn = i >> 2 & 1;

        if ((v.empty && !empty) || (v.sn && !sn)) {
            continue;
        }

        rc = pay_alipay_variant(t, &v, sign, key);
        if (rc != PAY_DECLINED) {
            return rc;
        }
    }

    return PAY_DECLINED;
}


/* the fields as UTF-8, once their bytes were verified; NULL, or why not */

static const char *
pay_alipay_charset(pay_talk_t *t, const pay_form_t *form)
{
    int         gbk;
    size_t      i;
    pay_str_t   charset, *s;

    charset = pay_alipay_get(form, "charset");

    gbk = pay_str_caseeqz(charset, "gbk") || pay_str_caseeqz(charset, "gb2312")
          || pay_str_caseeqz(charset, "gb18030");

    if (!gbk && charset.len && !pay_str_caseeqz(charset, "utf-8")
        && !pay_str_caseeqz(charset, "utf8"))
    {
        return "charset";
    }

    for (i = 0; i < form->nelts; i++) {
        s = &form->elts[i].value;

        if (gbk && pay_gbk_decode(t->arena, *s, s) != PAY_OK) {
            return "gbk";
        }

        if (pay_utf8_length(form->elts[i].name) < 0
            || pay_utf8_length(*s) < 0)
        {
            return "charset";
        }
    }

    return NULL;
}


/* the form as JSON: what the application may be given, and a tree of it */

static pay_rc_t
pay_alipay_notice_tree(pay_talk_t *t, pay_json_t **out)
{
    size_t              i;
    const char         *why;
    const pay_form_t   *form;
    pay_json_writer_t  *w;

    form = ((pay_alipay_own_t *) t->own)->form;

    w = pay_json_writer(t->arena);
    if (w == NULL) {
        return PAY_ERROR;
    }

    pay_jw_object(w, NULL);

    for (i = 0; i < form->nelts; i++) {
        if (!pay_str_eqz(form->elts[i].name, "sign")
            && !pay_str_eqz(form->elts[i].name, "sign_type"))
        {
            pay_jw_pair(w, form->elts[i].name, form->elts[i].value);
        }
    }

    pay_jw_end(w);

    t->notice_data = pay_jw_text(w);

    if (t->notice_data.data == NULL) {
        return PAY_ERROR;
    }

    return pay_json_parse(t->arena, t->notice_data, out, &why);
}


/* section 8.3: whoever names an account must name ours */

static int
pay_alipay_own_account(const pay_talk_t *t, const pay_form_t *form)
{
    pay_str_t                 seller;
    const pay_alipay_conf_t  *conf = t->channel->conf;

    seller = pay_alipay_get(form, "seller_id");

    return pay_str_eq(pay_alipay_get(form, "app_id"), conf->app_id)
           && (seller.len == 0 || pay_str_eq(seller, conf->seller_id));
}


/*
 * A notice of a refund tells only how much was paid back in all (8.1): the
 * refund itself is asked for, by the number that the notice has.
 */

static pay_rc_t
pay_alipay_notice_trade(pay_talk_t *t, const pay_json_t *o)
{
    int64_t            refunded;
    pay_str_t          number;
    const char        *why;
    pay_fact_t        *f;
    pay_alipay_own_t  *own;

    f = &t->fact;
    own = t->own;
    refunded = 0;

    why = pay_alipay_order(o, f);

    if (why || pay_alipay_amount(o, "refund_fee", &refunded) == PAY_INVALID) {
        return pay_alipay_refused(t, why ? why : "json");
    }

    if (pay_form_get(own->form, "seller_id") == NULL) {
        return pay_alipay_refused(t, "identity");
    }

    t->notice = PAY_NOTICE_OBJECT;

    if (refunded == 0) {
        return PAY_DONE;
    }

    number = pay_alipay_get(own->form, "out_biz_no");

    if (number.len) {
        return pay_alipay_refund_query(t, number);
    }

    /* paid back whole: closed, but it was paid */

    f->state = PAY_STATE_SUCCEEDED;
    f->amount_refunded = refunded;
    f->refund_status = refunded >= f->amount ? PAY_REFUND_FULL
                                             : PAY_REFUND_PARTIAL;

    if (f->amount <= 0) {
        return pay_alipay_refused(t, "json");
    }

    return PAY_DONE;
}


/* section 8.6: of other products' transfers, too, which are not ours */

static pay_rc_t
pay_alipay_notice_transfer(pay_talk_t *t)
{
    pay_rc_t           rc;
    pay_str_t          biz;
    pay_json_t        *o;
    const char        *why;
    pay_alipay_own_t  *own = t->own;

    biz = pay_alipay_get(own->form, "biz_content");

    rc = pay_json_parse(t->arena, biz, &o, &why);
    if (rc != PAY_OK) {
        return rc == PAY_ERROR ? rc : pay_alipay_refused(t, "json");
    }

    t->notice = PAY_NOTICE_OBJECT;

    if (pay_alipay_transfer_fact(o, &t->fact)) {
        pay_fact_init(&t->fact);
        t->notice = PAY_NOTICE_OTHER;
    }

    return PAY_DONE;
}


static pay_rc_t
pay_alipay_notice_read(pay_talk_t *t)
{
    pay_rc_t           rc;
    pay_str_t          type;
    pay_json_t        *o;
    pay_alipay_own_t  *own = t->own;

    rc = pay_alipay_notice_tree(t, &o);
    if (rc != PAY_OK) {
        return rc == PAY_ERROR ? rc : pay_alipay_refused(t, "json");
    }

    if (!pay_alipay_own_account(t, own->form)) {
        return pay_alipay_refused(t, "identity");
    }

    type = pay_alipay_get(own->form, "msg_method");

    if (type.len == 0) {
        type = pay_alipay_get(own->form, "notify_type");
    }

    if (type.len > PAY_ALIPAY_TYPE_MAX) {
        return pay_alipay_refused(t, "json");
    }

    t->notice_type = type;

    if (pay_form_get(own->form, "trade_status")
        && (type.len == 0 || pay_str_eqz(type, "trade_status_sync")))
    {
        return pay_alipay_notice_trade(t, o);
    }

    if (pay_str_eqz(type, "alipay.fund.trans.order.changed")) {
        return pay_alipay_notice_transfer(t);
    }

    t->notice = PAY_NOTICE_OTHER;

    return PAY_DONE;
}


pay_rc_t
pay_alipay_notice_verify(pay_talk_t *t)
{
    pay_rc_t           rc;
    pay_str_t          sign, sn;
    pay_key_t         *key;
    const char        *why;
    pay_alipay_own_t  *own;

    own = t->own;
    sign = pay_alipay_get(own->form, "sign");
    sn = pay_alipay_get(own->form, "alipay_cert_sn");

    rc = pay_alipay_key(t, sn, &key);

    if (rc == PAY_DECLINED && pay_alipay_cert_wanted(t)) {
        own->held_step = PAY_ALIPAY_NONE;
        return pay_alipay_cert_ask(t, sn);
    }

    if (rc != PAY_OK) {
        return rc == PAY_ERROR ? rc : pay_alipay_refused(t, "certificate");
    }

    rc = pay_alipay_variants(t, sign, key);

    pay_key_unref(key);

    if (rc != PAY_OK) {
        return rc == PAY_ERROR ? rc : pay_alipay_refused(t, "signature");
    }

    why = pay_alipay_charset(t, own->form);
    if (why) {
        return pay_alipay_refused(t, why);
    }

    return pay_alipay_notice_read(t);
}


pay_rc_t
pay_alipay_notice(pay_talk_t *t, const pay_notice_t *n)
{
    pay_rc_t                  rc;
    pay_str_t                 type;
    pay_form_t               *form;
    const char               *why;
    pay_alipay_own_t         *own;
    const pay_alipay_conf_t  *conf;

    pay_fact_init(&t->fact);
    t->notice = PAY_NOTICE_REFUSED;

    why = pay_alipay_notice_form(n);
    if (why) {
        return pay_alipay_refused(t, why);
    }

    own = pay_calloc(t->arena, sizeof(pay_alipay_own_t));
    form = pay_calloc(t->arena, sizeof(pay_form_t));

    if (own == NULL || form == NULL) {
        return PAY_ERROR;
    }

    t->own = own;
    own->form = form;
    conf = t->channel->conf;

    rc = pay_form_bytes(t->arena, n->body, PAY_ALIPAY_NOTICE_FIELDS, form);
    if (rc != PAY_OK) {
        return rc == PAY_ERROR ? rc : pay_alipay_refused(t, "form");
    }

    pay_alipay_sort(form);

    if (pay_alipay_get(form, "sign").len == 0) {
        return pay_alipay_refused(t, "missing_field");
    }

    type = pay_alipay_get(form, "sign_type");

    if (type.len
        && !pay_str_eqz(type, conf->sign_type.len
                              && pay_str_eqz(conf->sign_type, "SM2")
                              ? "SM2" : "RSA2"))
    {
        return pay_alipay_refused(t, "sign_type");
    }

    return pay_alipay_notice_verify(t);
}


/* the answer of the query that a refund's notice needs */

pay_rc_t
pay_alipay_notice_refund(pay_talk_t *t, pay_alipay_said_t *s)
{
    pay_str_t          number;
    pay_fact_t         f;
    pay_alipay_own_t  *own;

    own = t->own;
    number = pay_alipay_get(own->form, "out_biz_no");

    if (s->code == PAY_E_NONE) {
        s->reason = pay_alipay_refund_fact(s->node, &f);
    }

    if (s->reason == NULL
        && (!pay_str_eq(f.number, number)
            || !pay_str_eq(f.order_id, t->fact.number)))
    {
        s->reason = "echo_mismatch";
    }

    /* the channel comes again: nothing is lost */

    if (s->reason) {
        t->notice = PAY_NOTICE_OBJECT;
        return pay_talk_fail(t, PAY_E_INTERNAL_ERROR, s->reason);
    }

    if (pay_str_eqz(pay_alipay_get(own->form, "trade_status"), "TRADE_CLOSED")
        || f.amount_refunded < 0)
    {
        (void) pay_amount_from_decimal(pay_alipay_get(own->form, "refund_fee"),
                                       PAY_ALIPAY_EXPONENT,
                                       &f.amount_refunded);
    }

    t->fact = f;
    t->notice = PAY_NOTICE_OBJECT;

    return PAY_DONE;
}


/* section 8.5: these seven bytes, and anything else is no acknowledgement */

void
pay_alipay_acknowledge(pay_talk_t *t, pay_verdict_t v, pay_reply_t *out)
{
    int  status;

    out->content_type = "text/plain";
    out->body = PAY_STR("fail");

    switch (v) {

    case PAY_ACK_OK:
        out->status = 200;
        out->body = PAY_STR("success");
        return;

    case PAY_ACK_LATER:
        out->status = 503;
        return;

    default:
        status = pay_code_info(t->error.code)->status;
        out->status = status < 400 ? 500 : status;
    }
}
