
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver alipay: statements, from what is asked to the download (section
 * 7.10).  Their rows are read in pay_alipay_rows.c.
 */

#include <channel/pay_alipay_int.h>


#define PAY_ALIPAY_URL_MAX  1024


static int
pay_alipay_date(pay_talk_t *t, pay_str_t date)
{
    int64_t    at;
    pay_buf_t  b;

    if (date.len != sizeof("YYYY-MM-DD") - 1) {
        return 0;
    }

    pay_buf_init(&b, t->arena, 32);
    pay_buf_adds(&b, date);
    pay_buf_addz(&b, "T00:00:00Z");

    return pay_time_parse(pay_buf_str(&b), &at) == PAY_OK;
}


pay_rc_t
pay_alipay_statement(pay_talk_t *t)
{
    int                 funds;
    pay_json_writer_t  *w;
    const pay_ask_t    *ask;

    ask = t->ask;
    funds = pay_str_eqz(ask->statement, "funds");

    if (!funds && ask->statement.len
        && !pay_str_eqz(ask->statement, "payments"))
    {
        return pay_alipay_refuse(t, PAY_E_FIELD_INVALID, "type");
    }

    if (!pay_alipay_date(t, ask->number)) {
        return pay_alipay_refuse(t, PAY_E_FIELD_INVALID, "date");
    }

    w = pay_json_writer(t->arena);
    if (w == NULL) {
        return PAY_ERROR;
    }

    pay_jw_object(w, NULL);
    pay_jw_strz(w, "bill_type", funds ? "signcustomer" : "trade");
    pay_jw_str(w, "bill_date", ask->number);
    pay_jw_end(w);

    return pay_alipay_request(t, PAY_ALIPAY_BILL, pay_jw_text(w));
}


static int
pay_alipay_ends(pay_str_t s, const char *end)
{
    size_t  n;

    n = strlen(end);

    return s.len > n && memcmp(s.data + s.len - n, end, n) == 0;
}


/*
 * A file comes from the channel's own domains by https, whatever the scheme
 * that was told; or from the host that was asked.
 */

static pay_rc_t
pay_alipay_place(pay_talk_t *t, pay_str_t url, pay_str_t *host,
    pay_str_t *target)
{
    size_t            i;
    pay_str_t         name, scheme;
    const pay_str_t  *parts[3];

    for (i = 0; i < url.len; i++) {
        if (url.data[i] <= 0x20 || url.data[i] >= 0x7f) {
            return PAY_DECLINED;
        }
    }

    name = t->channel->host;

    if (url.len > name.len && url.data[name.len] == '/'
        && memcmp(url.data, name.data, name.len) == 0)
    {
        *host = name;
        target->data = url.data + name.len;
        target->len = url.len - name.len;
        return PAY_OK;
    }

    i = pay_str_starts(url, "https://") ? 8
        : pay_str_starts(url, "http://") ? 7 : 0;

    name.data = url.data + i;
    target->data = i ? memchr(name.data, '/', url.len - i) : NULL;

    if (target->data == NULL) {
        return PAY_DECLINED;
    }

    name.len = target->data - name.data;
    target->len = url.data + url.len - target->data;

    if (!pay_str_token(name, ".-", 1, 128)
        || (!pay_alipay_ends(name, ".alipay.com")
            && !pay_alipay_ends(name, ".alipaydev.com")))
    {
        return PAY_DECLINED;
    }

    scheme = PAY_STR("https://");
    parts[0] = &scheme;
    parts[1] = &name;
    parts[2] = NULL;

    *host = pay_concat(t->arena, parts);

    return host->data ? PAY_OK : PAY_ERROR;
}


/* there is no hash: the address is the channel's signed word */

pay_rc_t
pay_alipay_stated(pay_talk_t *t, pay_alipay_said_t *s)
{
    pay_rc_t        rc;
    pay_str_t       url, host, target;
    pay_request_t  *q;

    if (s->code != PAY_E_NONE) {
        return pay_alipay_fail(t, s);
    }

    if (pay_alipay_text(s->node, "bill_download_url", PAY_ALIPAY_URL_MAX,
                        &url) != PAY_OK)
    {
        return pay_alipay_doubt(t, s, "json");
    }

    rc = pay_alipay_place(t, url, &host, &target);
    if (rc != PAY_OK) {
        return rc == PAY_ERROR ? rc : pay_alipay_doubt(t, s, "download_url");
    }

    t->step = PAY_ALIPAY_DOWNLOAD;

    memset(&t->fetch, 0, sizeof(pay_fetch_t));

    q = &t->request;
    memset(q, 0, sizeof(pay_request_t));

    q->method = "GET";
    q->host = host;
    q->target = target;

    return pay_request_header(q, "User-Agent", PAY_STR("ngx_pay")) == PAY_OK
           ? PAY_FETCH : PAY_ERROR;
}
