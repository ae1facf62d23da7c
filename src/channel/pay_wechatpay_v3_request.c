
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver wechatpay_v3: how an operation begins, what its requests have in
 * common, and how they are signed.
 */

#include <channel/pay_canon.h>
#include <channel/pay_wechatpay_v3_int.h>


/* section 4.3: without a serial the channel may sign with any key */

static pay_rc_t
pay_wechatpay_headers(pay_talk_t *t)
{
    pay_str_t       id;
    pay_request_t  *q;

    q = &t->request;
    id = pay_wechatpay_platform_id(t);

    if (pay_request_header(q, "Accept", PAY_STR("application/json")) != PAY_OK
        || pay_request_header(q, "User-Agent", PAY_STR("ngx_pay")) != PAY_OK)
    {
        return PAY_ERROR;
    }

    if (id.len && pay_request_header(q, "Wechatpay-Serial", id) != PAY_OK) {
        return PAY_ERROR;
    }

    if (q->body.len == 0) {
        return PAY_OK;
    }

    return pay_request_header(q, "Content-Type", PAY_STR("application/json"));
}


pay_rc_t
pay_wechatpay_stamp(pay_talk_t *t, pay_wechatpay_step_t step)
{
    pay_buf_t             b;
    pay_wechatpay_own_t  *own;

    own = t->own;

    pay_buf_init(&b, t->arena, 24);
    pay_buf_addi(&b, t->now);

    own->timestamp = pay_buf_str(&b);
    own->nonce = pay_talk_nonce(t, 32);

    t->step = step;

    return own->timestamp.data && own->nonce.data ? PAY_OK : PAY_ERROR;
}


pay_rc_t
pay_wechatpay_send(pay_talk_t *t, pay_wechatpay_step_t step,
    const char *method, pay_str_t target, pay_str_t body)
{
    pay_request_t        *q;
    pay_wechatpay_own_t  *own = t->own;

    own->backup = 0;

    if (pay_wechatpay_stamp(t, step) != PAY_OK || target.data == NULL
        || body.data == NULL)
    {
        return PAY_ERROR;
    }

    q = &t->request;
    memset(q, 0, sizeof(pay_request_t));

    q->method = method;
    q->host = t->channel->host;
    q->target = target;
    q->body = body;

    return pay_wechatpay_headers(t) == PAY_OK ? PAY_SIGN : PAY_ERROR;
}


pay_str_t
pay_wechatpay_target(pay_talk_t *t, const char *path, pay_str_t number,
    const char *suffix, pay_str_t value)
{
    pay_buf_t  b;

    pay_buf_init(&b, t->arena, 192);
    pay_buf_addz(&b, path);

    number = pay_percent_encode(t->arena, number);
    value = pay_percent_encode(t->arena, value);

    if (number.data == NULL || value.data == NULL) {
        return (pay_str_t) pay_str_null;
    }

    pay_buf_adds(&b, number);
    pay_buf_addz(&b, suffix);
    pay_buf_adds(&b, value);

    return pay_buf_str(&b);
}


pay_str_t
pay_wechatpay_target_sub(pay_talk_t *t, pay_str_t target)
{
    pay_buf_t             b;
    pay_str_t             sub;
    pay_wechatpay_own_t  *own = t->own;

    if (own->sub_mchid.len == 0 || target.data == NULL) {
        return target;
    }

    sub = pay_percent_encode(t->arena, own->sub_mchid);
    if (sub.data == NULL) {
        return sub;
    }

    pay_buf_init(&b, t->arena, target.len + 48);
    pay_buf_adds(&b, target);
    pay_buf_addz(&b, memchr(target.data, '?', target.len) ? "&" : "?");
    pay_buf_addz(&b, "sub_mchid=");
    pay_buf_adds(&b, sub);

    return pay_buf_str(&b);
}


pay_json_writer_t *
pay_wechatpay_body(pay_talk_t *t)
{
    pay_json_writer_t    *w;
    pay_wechatpay_own_t  *own = t->own;

    w = pay_json_writer(t->arena);
    if (w == NULL) {
        return NULL;
    }

    pay_jw_object(w, NULL);

    if (own->sub_mchid.len) {
        pay_jw_str(w, "sub_mchid", own->sub_mchid);
    }

    return w;
}


pay_rc_t
pay_wechatpay_refuse(pay_talk_t *t, pay_code_t code, const char *param)
{
    pay_error_set(&t->error, code, param);

    return pay_talk_fail(t, code, "field");
}


pay_str_t
pay_wechatpay_appid(const pay_talk_t *t, pay_method_t method)
{
    size_t                          i;
    const pay_wechatpay_v3_conf_t  *conf = t->channel->conf;

    if (conf->appids.text[method].len) {
        return conf->appids.text[method];
    }

    /* what is no payment takes whichever there is */

    for (i = 0; method == PAY_METHOD_NONE && i < PAY_METHOD_MAX; i++) {
        if (conf->appids.text[i].len) {
            return conf->appids.text[i];
        }
    }

    return conf->appids.text[PAY_METHOD_NONE];
}


/* numbers as they are on the wire, once for the talk */

static pay_rc_t
pay_wechatpay_open_talk(pay_talk_t *t)
{
    pay_str_t             order;
    const pay_object_t   *p;
    pay_wechatpay_own_t  *own;

    pay_fact_init(&t->fact);

    own = pay_calloc(t->arena, sizeof(pay_wechatpay_own_t));
    if (own == NULL) {
        return PAY_ERROR;
    }

    t->own = own;
    p = t->object;
    own->kind = pay_op_info(t->op)->kind;

    if (t->account) {
        own->sub_mchid = t->account->sub_merchant;
    }

    if (p == NULL) {
        return PAY_OK;
    }

    order = p->order_id;

    if (order.len == 0 && t->payment) {
        order = t->payment->number;
    }

    if (p->number.len) {
        own->number = pay_talk_number(t, p->number);
    }

    if (order.len) {
        own->order = pay_talk_number(t, order);
    }

    return (p->number.len && own->number.data == NULL)
           || (order.len && own->order.data == NULL) ? PAY_ERROR : PAY_OK;
}


pay_rc_t
pay_wechatpay_begin(pay_talk_t *t)
{
    return pay_wechatpay_open_talk(t) == PAY_OK ? pay_wechatpay_start(t)
                                                : PAY_ERROR;
}


pay_rc_t
pay_wechatpay_start(pay_talk_t *t)
{
    switch (t->op) {

    case PAY_OP_REFRESH:
        return pay_wechatpay_refresh(t);


    case PAY_OP_PAY:
        return pay_wechatpay_pay(t);

    case PAY_OP_QUERY:
        return pay_wechatpay_query(t);

    case PAY_OP_CLOSE:
        return pay_wechatpay_close(t);

    case PAY_OP_REFUND:
        return pay_wechatpay_refund(t);

    case PAY_OP_REFUND_QUERY:
        return pay_wechatpay_refunds.find(t);

    case PAY_OP_TRANSFER:
        return pay_wechatpay_transfer(t);

    case PAY_OP_TRANSFER_QUERY:
        return pay_wechatpay_transfers.find(t);

    case PAY_OP_TRANSFER_CANCEL:
        return pay_wechatpay_transfer_cancel(t);

    case PAY_OP_SPLIT:
        return pay_wechatpay_split(t);

    case PAY_OP_SPLIT_QUERY:
        return pay_wechatpay_splits.find(t);

    case PAY_OP_SPLIT_FINISH:
        return pay_wechatpay_split_finish(t);

    case PAY_OP_SPLIT_RETURN:
        return pay_wechatpay_split_return(t);

    case PAY_OP_SPLIT_RETURN_QUERY:
        return pay_wechatpay_returns.find(t);

    case PAY_OP_STATEMENT:
        return pay_wechatpay_statement(t);

    case PAY_OP_RECEIVER_ADD:
    case PAY_OP_RECEIVER_DELETE:
        return pay_wechatpay_receivers(t);

    default:
        return pay_talk_fail(t, PAY_E_OPERATION_UNSUPPORTED, "operation");
    }
}


/* base64, of lines that end with LF each; data NULL: it failed */

pay_str_t
pay_wechatpay_signature(pay_talk_t *t, const pay_str_t *lines, size_t n)
{
    pay_str_t                       text, sig;
    const pay_wechatpay_v3_conf_t  *conf = t->channel->conf;

    text = pay_canon_lines(t->arena, lines, n);

    if (text.data == NULL
        || pay_rsa_sha256_sign(t->arena, &sig, text, conf->certificate_key)
           != PAY_OK)
    {
        return (pay_str_t) pay_str_null;
    }

    return pay_base64_encode(t->arena, sig);
}


/* section 2 */

pay_rc_t
pay_wechatpay_sign(pay_talk_t *t)
{
    pay_buf_t                       b;
    pay_str_t                       sig, lines[5];
    pay_request_t                  *q;
    pay_wechatpay_own_t            *own;
    const pay_wechatpay_v3_conf_t  *conf;

    if (t->step == PAY_WECHATPAY_PARAMS) {
        return pay_wechatpay_sign_params(t);
    }

    q = &t->request;
    own = t->own;
    conf = t->channel->conf;

    lines[0] = pay_strz(q->method);
    lines[1] = q->target;
    lines[2] = own->timestamp;
    lines[3] = own->nonce;
    lines[4] = q->body;

    sig = pay_wechatpay_signature(t, lines, 5);
    if (sig.data == NULL) {
        return PAY_ERROR;
    }

    pay_buf_init(&b, t->arena, 640);
    pay_buf_addz(&b, PAY_WECHATPAY_V3_SCHEME " mchid=\"");
    pay_buf_adds(&b, conf->mchid);
    pay_buf_addz(&b, "\",nonce_str=\"");
    pay_buf_adds(&b, own->nonce);
    pay_buf_addz(&b, "\",timestamp=\"");
    pay_buf_adds(&b, own->timestamp);
    pay_buf_addz(&b, "\",serial_no=\"");
    pay_buf_addz(&b, conf->certificate.serial);
    pay_buf_addz(&b, "\",signature=\"");
    pay_buf_adds(&b, sig);
    pay_buf_addc(&b, '"');

    if (pay_request_header(q, "Authorization", pay_buf_str(&b)) != PAY_OK) {
        return PAY_ERROR;
    }

    return t->step == PAY_WECHATPAY_DOWNLOAD ? PAY_FETCH : PAY_SEND;
}
