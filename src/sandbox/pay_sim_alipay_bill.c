
/*
 * Copyright (C) the ngx_pay authors
 *
 * Alipay simulator: the address of a statement, and its download (section
 * 7.10 of the channel document).  Unlike the channel's, there is one of today,
 * too, so that a test need not wait; and there are no months.
 */

#include <sandbox/pay_sim_alipay_bill.h>


#define PAY_ALIS_DOWNLOAD  PAY_ALIPAY_GATEWAY "/bill?"

/* section 7.10: how long an address is good */
#define PAY_ALIS_ADDRESS_LIFE  30


/* what an address says; its signature is that of this side */

typedef struct {
    pay_str_t  channel;
    pay_str_t  type;
    pay_str_t  day;             /* 20261122 */
    pay_str_t  until;
    pay_str_t  sign;
} pay_alis_address_t;


static pay_str_t
pay_alis_address_text(pay_arena_t *a, const pay_alis_address_t *d)
{
    pay_field_t  f[] = {
        { pay_str("channel"), d->channel },
        { pay_str("type"), d->type },
        { pay_str("day"), d->day },
        { pay_str("until"), d->until }
    };

    const pay_form_t  form = { f, pay_nelts(f) };

    return pay_alis_form(a, &form);
}


static pay_str_t
pay_alis_address(pay_sim_t *s, pay_alis_address_t *d)
{
    pay_buf_t         until;
    pay_str_t         text, sign;
    const pay_str_t   path = pay_str(PAY_ALIS_DOWNLOAD);
    const pay_str_t   word = pay_str("&sign=");
    const pay_str_t  *parts[] = { &s->base, &path, &text, &word, &sign, NULL };

    pay_buf_init(&until, s->arena, 20);
    pay_buf_addi(&until, s->now + PAY_ALIS_ADDRESS_LIFE);

    d->channel = s->channel->name;
    d->until = pay_buf_str(&until);

    text = pay_alis_address_text(s->arena, d);
    sign = pay_alis_sign(s, text);

    if (sign.data == NULL) {
        return sign;
    }

    sign = pay_form_encode(s->arena, sign);

    return sign.data != NULL ? pay_concat(s->arena, parts) : sign;
}


/* yyyy-MM-dd as yyyyMMdd, a day that there is and that has come */

static pay_rc_t
pay_alis_bill_day(pay_sim_t *s, pay_str_t date, pay_str_t *out)
{
    int64_t           t;
    pay_rc_t          rc;
    pay_str_t         text, y, m, d;
    const pay_str_t   time = pay_str(" 00:00:00");
    const pay_str_t  *parts[] = { &date, &time, NULL };
    const pay_str_t  *digits[] = { &y, &m, &d, NULL };

    if (date.len != sizeof("yyyy-MM-dd") - 1) {
        return PAY_INVALID;
    }

    text = pay_concat(s->arena, parts);

    if (text.data == NULL) {
        return PAY_ERROR;
    }

    rc = pay_alis_time_parse(s->arena, text, &t);

    if (rc != PAY_OK) {
        return rc;
    }

    y = (pay_str_t) { 4, date.data };
    m = (pay_str_t) { 2, date.data + 5 };
    d = (pay_str_t) { 2, date.data + 8 };

    *out = pay_concat(s->arena, digits);

    if (out->data == NULL) {
        return PAY_ERROR;
    }

    return t <= s->now ? PAY_OK : PAY_DECLINED;
}


pay_rc_t
pay_alis_bill(pay_sim_t *s, const pay_alis_call_t *c)
{
    pay_rc_t             rc;
    pay_str_t            url;
    pay_json_writer_t   *w;
    pay_alis_address_t   d;

    d.type = pay_alis_field(c, "bill_type");

    if (!pay_str_eqz(d.type, "trade") && !pay_str_eqz(d.type, "signcustomer"))
    {
        return pay_alis_fail(s, c, PAY_ALIS_BILL_TYPE, d.type);
    }

    rc = pay_alis_bill_day(s, pay_alis_field(c, "bill_date"), &d.day);

    if (rc == PAY_INVALID || rc == PAY_DECLINED) {
        return pay_alis_fail(s, c, rc == PAY_INVALID ? PAY_ALIS_BILL_ARGUMENTS
                                                     : PAY_ALIS_BILL_NOT_EXIST,
                             PAY_STR("bill_date"));
    }

    if (rc == PAY_OK) {
        rc = pay_alis_journal(s, d.day);
    }

    if (rc != PAY_OK) {
        return rc;
    }

    url = pay_alis_address(s, &d);
    w = pay_alis_answer(s);

    if (url.data == NULL || w == NULL) {
        return PAY_ERROR;
    }

    pay_jw_str(w, "bill_download_url", url);

    if (pay_alis_journal_page(s, d.day, 0).len == 0) {
        pay_jw_strz(w, "bill_file_code", "EMPTY_DATA_WITH_BILL_FILE");
    }

    return pay_alis_reply(s, c, w);
}


int
pay_alis_is_download(const pay_sim_t *s)
{
    return pay_str_starts(s->target, PAY_ALIS_DOWNLOAD);
}


static pay_rc_t
pay_alis_address_read(pay_sim_t *s, pay_alis_address_t *d)
{
    size_t            i;
    pay_form_t        form;
    const pay_str_t  *v;

    const struct {
        const char  *name;
        pay_str_t   *to;
    } fields[] = {
        { "channel", &d->channel }, { "type", &d->type }, { "day", &d->day },
        { "until", &d->until }, { "sign", &d->sign }
    };

    if (pay_form_parse(s->arena, pay_sim_after(s->target, PAY_ALIS_DOWNLOAD),
                       8, &form) != PAY_OK)
    {
        return PAY_INVALID;
    }

    for (i = 0; i < pay_nelts(fields); i++) {
        v = pay_form_get(&form, fields[i].name);

        if (v == NULL) {
            return PAY_INVALID;
        }

        *fields[i].to = *v;
    }

    return PAY_OK;
}


static pay_rc_t
pay_alis_address_verify(pay_sim_t *s, const pay_alis_address_t *d)
{
    uint64_t                  until;
    pay_str_t                 text, sig;
    pay_verify_t             *v;
    const pay_alipay_conf_t  *conf;

    conf = s->channel->conf;
    text = pay_alis_address_text(s->arena, d);

    if (text.data == NULL || conf->sandbox_key == NULL
        || pay_base64_decode(s->arena, d->sign, &sig) != PAY_OK
        || pay_str_uint(d->until, INT64_MAX, &until) != PAY_OK
        || (int64_t) until < s->now)
    {
        return PAY_INVALID;
    }

    v = pay_verify_begin(conf->sandbox_key);

    if (v == NULL) {
        return PAY_ERROR;
    }

    pay_verify_add(v, text.data, text.len);

    return pay_verify_end(v, sig, PAY_SIG_DER);
}


static pay_rc_t
pay_alis_no_bill(pay_sim_t *s)
{
    s->status = 403;
    s->reply_body = PAY_STR("the address is not good, or not any more\n");

    return pay_sim_header(s, "Content-Type", PAY_STR("text/plain")) == PAY_OK
           ? PAY_DONE : PAY_ERROR;
}


pay_rc_t
pay_alis_download_open(pay_sim_t *s)
{
    size_t               i;
    pay_alis_address_t   d;

    if (pay_alis_address_read(s, &d) != PAY_OK) {
        return pay_alis_no_bill(s);
    }

    for (i = 0; s->channels[i] != NULL; i++) {
        if (pay_str_eq(s->channels[i]->name, d.channel)) {
            s->channel = s->channels[i];
        }
    }

    return s->channel != NULL && pay_alis_address_verify(s, &d) == PAY_OK
           ? PAY_OK : pay_alis_no_bill(s);
}


pay_rc_t
pay_alis_download(pay_sim_t *s)
{
    pay_rc_t            rc;
    pay_zip_file_t      files[2];
    pay_alis_address_t  d;

    if (pay_alis_address_read(s, &d) != PAY_OK) {
        return PAY_ERROR;
    }

    rc = pay_alis_journal(s, d.day);

    if (rc == PAY_OK) {
        rc = pay_alis_bill_files(s, d.type, d.day, files);
    }

    if (rc != PAY_OK) {
        return rc;
    }

    s->status = 200;
    s->reply_body = pay_zip_write(s->arena, files, pay_nelts(files));

    if (s->reply_body.data == NULL
        || pay_sim_header(s, "Content-Type", PAY_STR("application/zip"))
           != PAY_OK)
    {
        return PAY_ERROR;
    }

    return PAY_DONE;
}
