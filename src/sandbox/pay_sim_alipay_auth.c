
/*
 * Copyright (C) the ngx_pay authors
 *
 * Alipay simulator: the common parameters and the signature (sections 2, 2.1
 * and 4 of the channel document), and what this side signs.
 */

#include <stdlib.h>

#include <sandbox/pay_sim_alipay.h>


/*
 * The channel does not tell its window.  This one sees a clock in another
 * time zone, the usual mistake.
 */
#define PAY_ALIS_WINDOW   3600

/* of the string that the gateway has built, as shown */
#define PAY_ALIS_SHOWN    2048


static const struct {
    const char        *name;
    size_t             max;
    pay_alis_error_t   missing;
} pay_alis_required[] = {
    { "app_id", 32, PAY_ALIS_MISSING_APP_ID },
    { "sign_type", 10, PAY_ALIS_MISSING_SIGN_TYPE },
    { "sign", 344, PAY_ALIS_MISSING_SIGNATURE },
    { "timestamp", 19, PAY_ALIS_MISSING_TIMESTAMP },
    { "version", 3, PAY_ALIS_MISSING_VERSION }
};


static int
pay_alis_by_name(const void *one, const void *two)
{
    const pay_field_t  *a, *b;

    a = one;
    b = two;

    return pay_str_cmp(a->name, b->name);
}


pay_str_t
pay_alis_canonical(pay_arena_t *a, const pay_form_t *f, int notice)
{
    size_t        i, n;
    pay_buf_t     b;
    pay_field_t  *e;

    e = pay_alloc(a, f->nelts * sizeof(pay_field_t));

    if (e == NULL) {
        return (pay_str_t) pay_str_null;
    }

    for (i = 0, n = 0; i < f->nelts; i++) {

        if (f->elts[i].value.len == 0 || pay_str_eqz(f->elts[i].name, "sign")
            || (notice && pay_str_eqz(f->elts[i].name, "sign_type")))
        {
            continue;
        }

        e[n++] = f->elts[i];
    }

    qsort(e, n, sizeof(pay_field_t), pay_alis_by_name);

    pay_buf_init(&b, a, 1024);

    for (i = 0; i < n; i++) {

        if (i != 0) {
            pay_buf_addc(&b, '&');
        }

        pay_buf_adds(&b, e[i].name);
        pay_buf_addc(&b, '=');
        pay_buf_adds(&b, e[i].value);
    }

    return pay_buf_str(&b);
}


pay_str_t
pay_alis_form(pay_arena_t *a, const pay_form_t *form)
{
    size_t     i;
    pay_buf_t  b;
    pay_str_t  value;

    pay_buf_init(&b, a, 2048);

    for (i = 0; i < form->nelts; i++) {
        value = pay_form_encode(a, form->elts[i].value);

        if (value.data == NULL) {
            return value;
        }

        if (i != 0) {
            pay_buf_addc(&b, '&');
        }

        pay_buf_adds(&b, form->elts[i].name);
        pay_buf_addc(&b, '=');
        pay_buf_adds(&b, value);
    }

    return pay_buf_str(&b);
}


const char *
pay_alis_sign_type(const pay_channel_t *ch)
{
    const pay_alipay_conf_t  *conf;

    conf = ch->conf;

    return pay_str_eqz(conf->sign_type, "SM2") ? "SM2" : "RSA2";
}


pay_str_t
pay_alis_sign(pay_sim_t *s, pay_str_t text)
{
    pay_str_t                 sig;
    const pay_alipay_conf_t  *conf;

    conf = s->channel->conf;

    if (text.data == NULL || conf->sandbox_key == NULL
        || pay_sign(s->arena, &sig, text, conf->sandbox_key, PAY_SIG_DER)
           != PAY_OK)
    {
        return (pay_str_t) pay_str_null;
    }

    return pay_base64_encode(s->arena, sig);
}


static pay_rc_t
pay_alis_check_required(pay_sim_t *s, const pay_alis_call_t *c)
{
    size_t     i;
    pay_str_t  value;

    for (i = 0; i < pay_nelts(pay_alis_required); i++) {
        value = pay_alis_param(c, pay_alis_required[i].name);

        if (value.len == 0) {
            return pay_alis_fail(s, c, pay_alis_required[i].missing, value);
        }

        if (value.len > pay_alis_required[i].max) {
            return pay_alis_fail(s, c, PAY_ALIS_INVALID_PARAMETER,
                                 pay_strz(pay_alis_required[i].name));
        }
    }

    return PAY_OK;
}


static pay_rc_t
pay_alis_check_time(pay_sim_t *s, const pay_alis_call_t *c)
{
    int64_t    t;
    pay_rc_t   rc;
    pay_str_t  text;

    text = pay_alis_param(c, "timestamp");
    rc = pay_alis_time_parse(s->arena, text, &t);

    if (rc == PAY_ERROR) {
        return rc;
    }

    if (rc != PAY_OK || t < s->now - PAY_ALIS_WINDOW
        || t > s->now + PAY_ALIS_WINDOW)
    {
        return pay_alis_fail(s, c, PAY_ALIS_INVALID_TIMESTAMP, text);
    }

    return PAY_OK;
}


static int
pay_alis_is_url(pay_str_t url)
{
    pay_str_t  host, target;

    return url.len == 0
           || (url.len <= 256 && pay_sim_url(url, &host, &target) == PAY_OK);
}


static pay_rc_t
pay_alis_check_common(pay_sim_t *s, const pay_alis_call_t *c)
{
    pay_str_t  value;

    value = pay_alis_param(c, "charset");

    if (!pay_str_caseeqz(value, "utf-8")) {
        return pay_alis_fail(s, c, PAY_ALIS_INVALID_CHARSET, value);
    }

    value = pay_alis_param(c, "format");

    if (value.len != 0 && !pay_str_caseeqz(value, "JSON")) {
        return pay_alis_fail(s, c, PAY_ALIS_INVALID_FORMAT, value);
    }

    if (!pay_str_eqz(pay_alis_param(c, "version"), "1.0")) {
        return pay_alis_fail(s, c, PAY_ALIS_INVALID_PARAMETER,
                             PAY_STR("version"));
    }

    if (!pay_alis_is_url(pay_alis_param(c, "notify_url"))) {
        return pay_alis_fail(s, c, PAY_ALIS_INVALID_PARAMETER,
                             PAY_STR("notify_url"));
    }

    if (!pay_alis_is_url(pay_alis_param(c, "return_url"))) {
        return pay_alis_fail(s, c, PAY_ALIS_INVALID_PARAMETER,
                             PAY_STR("return_url"));
    }

    return pay_alis_check_time(s, c);
}


static pay_rc_t
pay_alis_verify(pay_sim_t *s, const pay_channel_t *ch, pay_str_t text,
    pay_str_t sign)
{
    pay_rc_t                  rc;
    pay_str_t                 sig;
    pay_verify_t             *v;
    const pay_alipay_conf_t  *conf;

    conf = ch->conf;
    rc = pay_base64_decode(s->arena, sign, &sig);

    if (rc != PAY_OK) {
        return rc;
    }

    v = pay_verify_begin(conf->app_private_key);

    if (v == NULL) {
        return PAY_ERROR;
    }

    pay_verify_add(v, text.data, text.len);

    return pay_verify_end(v, sig, PAY_SIG_DER);
}


/* section 4: an app has one mode, and its serial numbers are ours */

static pay_rc_t
pay_alis_check_certs(pay_sim_t *s, const pay_alis_call_t *c,
    const pay_channel_t *ch)
{
    pay_str_t                 app, root;
    const pay_alipay_conf_t  *conf;

    conf = ch->conf;
    app = pay_alis_param(c, "app_cert_sn");
    root = pay_alis_param(c, "alipay_root_cert_sn");

    if (conf->app_cert_sn[0] == '\0') {
        return app.len == 0 && root.len == 0 ? PAY_OK
               : pay_alis_fail(s, c, PAY_ALIS_APP_CERT, app);
    }

    if (!pay_str_eqz(app, conf->app_cert_sn)) {
        return pay_alis_fail(s, c, PAY_ALIS_APP_CERT, app);
    }

    if (!pay_str_eqz(root, conf->root_cert_sn)) {
        return pay_alis_fail(s, c, PAY_ALIS_ROOT_CERT, root);
    }

    return PAY_OK;
}


/* section 2.5: the words of this error are the string that was built */

static pay_rc_t
pay_alis_check_signature(pay_sim_t *s, const pay_alis_call_t *c,
    const pay_channel_t *ch)
{
    pay_rc_t   rc;
    pay_str_t  text;

    text = pay_alis_canonical(s->arena, &c->params, 0);

    if (text.data == NULL) {
        return PAY_ERROR;
    }

    rc = pay_alis_verify(s, ch, text, pay_alis_param(c, "sign"));

    if (rc == PAY_ERROR || rc == PAY_OK) {
        return rc;
    }

    return pay_alis_fail(s, c, PAY_ALIS_INVALID_SIGNATURE,
                         pay_utf8_cut(text, PAY_ALIS_SHOWN));
}


/*
 * The channel with the app: of two with the same app the one with the sent
 * certificate, else the first.
 */

static const pay_channel_t *
pay_alis_account(const pay_sim_t *s, const pay_alis_call_t *c)
{
    size_t                    i;
    pay_str_t                 app_id, sn;
    const pay_channel_t      *found;
    const pay_alipay_conf_t  *conf;

    found = NULL;
    app_id = pay_alis_param(c, "app_id");
    sn = pay_alis_param(c, "app_cert_sn");

    for (i = 0; s->channels[i] != NULL; i++) {
        conf = s->channels[i]->conf;

        if (!pay_str_eq(conf->app_id, app_id)) {
            continue;
        }

        if (pay_str_eqz(sn, conf->app_cert_sn)) {
            return s->channels[i];
        }

        if (found == NULL) {
            found = s->channels[i];
        }
    }

    return found;
}


pay_rc_t
pay_alis_authorize(pay_sim_t *s, const pay_alis_call_t *c)
{
    pay_rc_t              rc;
    pay_str_t             type;
    const pay_channel_t  *ch;

    rc = pay_alis_check_required(s, c);

    if (rc != PAY_OK) {
        return rc;
    }

    ch = pay_alis_account(s, c);

    if (ch == NULL) {
        return pay_alis_fail(s, c, PAY_ALIS_INVALID_APP_ID,
                             pay_alis_param(c, "app_id"));
    }

    type = pay_alis_param(c, "sign_type");

    if (!pay_str_eqz(type, pay_alis_sign_type(ch))) {
        return pay_alis_fail(s, c, PAY_ALIS_INVALID_SIGN_TYPE, type);
    }

    rc = pay_alis_check_certs(s, c, ch);

    if (rc == PAY_OK) {
        rc = pay_alis_check_signature(s, c, ch);
    }

    if (rc != PAY_OK) {
        return rc;
    }

    /* from here on errors are signed, too */

    s->channel = ch;

    return pay_alis_check_common(s, c);
}
