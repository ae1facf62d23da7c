
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver alipay: a request of any method, and how it is signed; or what is
 * signed for a browser or an app, and sent by these (sections 2 and 7.5).
 */

#include <channel/pay_alipay_int.h>


static const char *const  pay_alipay_methods[PAY_ALIPAY_STEP_MAX] = {
    [PAY_ALIPAY_PRECREATE] = "alipay.trade.precreate",
    [PAY_ALIPAY_CREATE] = "alipay.trade.create",
    [PAY_ALIPAY_PAY] = "alipay.trade.pay",
    [PAY_ALIPAY_PAGE] = "alipay.trade.page.pay",
    [PAY_ALIPAY_WAP] = "alipay.trade.wap.pay",
    [PAY_ALIPAY_APP] = "alipay.trade.app.pay",
    [PAY_ALIPAY_QUERY] = "alipay.trade.query",
    [PAY_ALIPAY_CLOSE] = "alipay.trade.close",
    [PAY_ALIPAY_CANCEL] = "alipay.trade.cancel",
    [PAY_ALIPAY_REFUND] = "alipay.trade.refund",
    [PAY_ALIPAY_REFUND_QUERY] = "alipay.trade.fastpay.refund.query",
    [PAY_ALIPAY_TRANSFER] = "alipay.fund.trans.uni.transfer",
    [PAY_ALIPAY_TRANSFER_QUERY] = "alipay.fund.trans.common.query",
    [PAY_ALIPAY_BIND] = "alipay.trade.royalty.relation.bind",
    [PAY_ALIPAY_UNBIND] = "alipay.trade.royalty.relation.unbind",
    [PAY_ALIPAY_SETTLE] = "alipay.trade.order.settle",
    [PAY_ALIPAY_SETTLE_QUERY] = "alipay.trade.order.settle.query",
    [PAY_ALIPAY_BILL] = "alipay.data.dataservice.bill.downloadurl.query",
    [PAY_ALIPAY_CERT] = "alipay.open.app.alipaycert.download"
};


const char *
pay_alipay_method(int step)
{
    return pay_alipay_methods[step];
}


/* section 13: never the time zone of the machine */

pay_str_t
pay_alipay_time(pay_arena_t *a, int64_t at)
{
    pay_u8     *p;
    pay_str_t   s;

    s = pay_time_format(a, at, PAY_BEIJING);

    if (s.data == NULL || s.len < 19) {
        return (pay_str_t) pay_str_null;
    }

    p = pay_alloc(a, 19);
    if (p == NULL) {
        return (pay_str_t) pay_str_null;
    }

    memcpy(p, s.data, 19);
    p[10] = ' ';

    s.data = p;
    s.len = 19;

    return s;
}


/* with a fraction, or without (8.1) */

pay_rc_t
pay_alipay_time_parse(pay_str_t text, int64_t *out)
{
    char  iso[40];

    if (text.len < 19 || text.len > 23 || text.data[10] != ' ') {
        return PAY_INVALID;
    }

    memcpy(iso, text.data, text.len);
    memcpy(iso + text.len, "+08:00", sizeof("+08:00"));
    iso[10] = 'T';

    return pay_time_parse(pay_strz(iso), out);
}


pay_str_t
pay_alipay_canon(pay_arena_t *a, const pay_field_t *f, size_t n, int keep)
{
    size_t     i;
    pay_buf_t  b;

    pay_buf_init(&b, a, 1024);

    for (i = 0; i < n; i++) {

        if (f[i].value.len == 0 && !keep) {
            continue;
        }

        if (b.len) {
            pay_buf_addc(&b, '&');
        }

        pay_buf_adds(&b, f[i].name);
        pay_buf_addc(&b, '=');
        pay_buf_adds(&b, f[i].value);
    }

    return pay_buf_str(&b);
}


/* to be called in the order of the names */

static void
pay_alipay_field(pay_alipay_own_t *own, const char *name, pay_str_t value)
{
    pay_field_t  *f;

    if (value.len) {
        f = &own->fields[own->nfields++];
        f->name = pay_strz(name);
        f->value = value;
    }
}


/* section 5: the ciphertext is what is signed */

static pay_rc_t
pay_alipay_seal(pay_talk_t *t, pay_str_t *biz)
{
    pay_rc_t                  rc;
    pay_str_t                 key, iv;
    const pay_alipay_conf_t  *conf = t->channel->conf;

    static const pay_u8  zeros[PAY_CBC_IV_LEN];

    iv.data = zeros;
    iv.len = sizeof(zeros);

    rc = pay_base64_decode(t->arena, conf->encrypt_key, &key);

    if (rc == PAY_OK) {
        rc = pay_aes_cbc_seal(t->arena, biz, *biz, iv, key);
    }

    if (rc != PAY_OK) {
        return PAY_ERROR;
    }

    *biz = pay_base64_encode(t->arena, *biz);

    return biz->data ? PAY_OK : PAY_ERROR;
}


static int
pay_alipay_notified(pay_alipay_step_t step)
{
    return step >= PAY_ALIPAY_PRECREATE && step <= PAY_ALIPAY_APP;
}


pay_rc_t
pay_alipay_request(pay_talk_t *t, pay_alipay_step_t step, pay_str_t biz)
{
    int                       sealed;
    pay_str_t                 time, none;
    pay_alipay_own_t         *own;
    const pay_alipay_conf_t  *conf;

    own = t->own;
    conf = t->channel->conf;
    none = PAY_STR("");
    time = pay_alipay_time(t->arena, t->now);
    sealed = conf->encrypt_key.len && step != PAY_ALIPAY_CERT;

    if (time.data == NULL || biz.data == NULL
        || (sealed && pay_alipay_seal(t, &biz) != PAY_OK))
    {
        return PAY_ERROR;
    }

    t->step = step;
    own->nfields = 0;

    pay_alipay_field(own, "alipay_root_cert_sn", pay_strz(conf->root_cert_sn));
    pay_alipay_field(own, "app_cert_sn", pay_strz(conf->app_cert_sn));
    pay_alipay_field(own, "app_id", conf->app_id);
    pay_alipay_field(own, "biz_content", biz);
    pay_alipay_field(own, "charset", PAY_STR("utf-8"));
    pay_alipay_field(own, "encrypt_type", sealed ? PAY_STR("AES") : none);
    pay_alipay_field(own, "format", PAY_STR("JSON"));
    pay_alipay_field(own, "method", pay_strz(pay_alipay_method(step)));

    if (pay_alipay_notified(step)) {
        pay_alipay_field(own, "notify_url", t->channel->notify_url);
    }

    if (step == PAY_ALIPAY_PAGE || step == PAY_ALIPAY_WAP) {
        pay_alipay_field(own, "return_url", t->ask->return_url);
    }

    pay_alipay_field(own, "sign_type",
                     pay_key_alg(conf->app_private_key) == PAY_ALG_SM2_SM3
                     ? PAY_STR("SM2") : PAY_STR("RSA2"));
    pay_alipay_field(own, "timestamp", time);
    pay_alipay_field(own, "version", PAY_STR("1.0"));

    return PAY_SIGN;
}


/* of a query string: all of the fields, or all but biz_content */

static pay_str_t
pay_alipay_encoded(pay_talk_t *t, const char *before, pay_str_t sign,
    int biz)
{
    size_t             i;
    pay_buf_t          b;
    pay_str_t          value;
    const char        *name;
    pay_alipay_own_t  *own = t->own;

    pay_buf_init(&b, t->arena, 2048);
    pay_buf_addz(&b, before);
    name = "";

    for (i = 0; i < own->nfields; i++) {

        if (!biz && pay_str_eqz(own->fields[i].name, "biz_content")) {
            continue;
        }

        if (pay_str_eqz(own->fields[i].name, "sign_type")) {
            pay_buf_addz(&b, name);
            pay_buf_addz(&b, "sign=");
            pay_buf_adds(&b, sign);
        }

        value = pay_percent_encode(t->arena, own->fields[i].value);
        if (value.data == NULL) {
            return value;
        }

        pay_buf_addz(&b, name);
        pay_buf_adds(&b, own->fields[i].name);
        pay_buf_addc(&b, '=');
        pay_buf_adds(&b, value);
        name = "&";
    }

    return pay_buf_str(&b);
}


static pay_rc_t
pay_alipay_post(pay_talk_t *t, pay_str_t sign)
{
    size_t             i;
    pay_buf_t          b;
    pay_str_t          value;
    pay_request_t     *q;
    pay_alipay_own_t  *own;

    own = t->own;
    q = &t->request;

    for (i = 0; i < own->nfields; i++) {
        if (pay_str_eqz(own->fields[i].name, "biz_content")) {
            break;
        }
    }

    value = pay_percent_encode(t->arena, own->fields[i].value);
    if (value.data == NULL) {
        return PAY_ERROR;
    }

    pay_buf_init(&b, t->arena, value.len + 16);
    pay_buf_addz(&b, "biz_content=");
    pay_buf_adds(&b, value);

    memset(q, 0, sizeof(pay_request_t));

    q->method = "POST";
    q->host = t->channel->host;
    q->target = pay_alipay_encoded(t, PAY_ALIPAY_GATEWAY "?", sign, 0);
    q->body = pay_buf_str(&b);

    if (q->target.data == NULL || q->body.data == NULL
        || pay_request_header(q, "Accept", PAY_STR("application/json"))
           != PAY_OK
        || pay_request_header(q, "User-Agent", PAY_STR("ngx_pay")) != PAY_OK
        || pay_request_header(q, "Content-Type",
               PAY_STR("application/x-www-form-urlencoded;charset=utf-8"))
           != PAY_OK)
    {
        return PAY_ERROR;
    }

    return PAY_SEND;
}


/* section 7.5: nobody is called, so the payment is open by our word alone */

static pay_rc_t
pay_alipay_handed(pay_talk_t *t, pay_str_t sign)
{
    pay_str_t           text;
    pay_action_t       *action;
    const pay_str_t    *parts[3];
    pay_json_writer_t  *w;

    action = &t->fact.action;

    text = pay_alipay_encoded(t, t->step == PAY_ALIPAY_APP
                                 ? "" : PAY_ALIPAY_GATEWAY "?", sign, 1);
    if (text.data == NULL) {
        return PAY_ERROR;
    }

    if (t->step == PAY_ALIPAY_APP) {

        w = pay_json_writer(t->arena);
        if (w == NULL) {
            return PAY_ERROR;
        }

        pay_jw_object(w, NULL);
        pay_jw_str(w, "order_string", text);
        pay_jw_end(w);

        action->kind = PAY_ACTION_PARAMS;
        action->type = "app";
        action->value = pay_jw_text(w);

    } else {
        parts[0] = &t->channel->host;
        parts[1] = &text;
        parts[2] = NULL;

        action->kind = PAY_ACTION_REDIRECT;
        action->value = pay_concat(t->arena, parts);
    }

    t->fact.state = PAY_STATE_PENDING;

    return action->value.data ? PAY_DONE : PAY_ERROR;
}


pay_rc_t
pay_alipay_sign(pay_talk_t *t)
{
    pay_str_t                 text, sign;
    pay_alipay_own_t         *own;
    const pay_alipay_conf_t  *conf;

    own = t->own;
    conf = t->channel->conf;

    text = pay_alipay_canon(t->arena, own->fields, own->nfields, 0);

    if (text.data == NULL
        || pay_sign(t->arena, &sign, text, conf->app_private_key, PAY_SIG_DER)
           != PAY_OK)
    {
        return PAY_ERROR;
    }

    sign = pay_base64_encode(t->arena, sign);

    if (sign.data) {
        sign = pay_percent_encode(t->arena, sign);
    }

    if (sign.data == NULL) {
        return PAY_ERROR;
    }

    switch (t->step) {

    case PAY_ALIPAY_PAGE:
    case PAY_ALIPAY_WAP:
    case PAY_ALIPAY_APP:
        return pay_alipay_handed(t, sign);

    default:
        return pay_alipay_post(t, sign);
    }
}
