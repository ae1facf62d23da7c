
/*
 * Copyright (C) the ngx_pay authors
 *
 * Alipay simulator: what a request asks for (sections 2, 2.2 and 7.1 of the
 * channel document).
 */

#include <sandbox/pay_sim_alipay.h>


pay_str_t
pay_alis_param(const pay_alis_call_t *c, const char *name)
{
    const pay_str_t  *value;

    value = pay_form_get(&c->params, name);

    return value != NULL ? *value : PAY_STR("");
}


pay_str_t
pay_alis_field(const pay_alis_call_t *c, const char *name)
{
    pay_str_t  value;

    return pay_json_string(c->biz, name, &value) == PAY_OK ? value
                                                           : PAY_STR("");
}


pay_rc_t
pay_alis_money_field(const pay_alis_call_t *c, const char *name, int64_t *out)
{
    return pay_amount_from_decimal(pay_alis_field(c, name), 2, out);
}


pay_str_t
pay_alis_money(pay_arena_t *a, int64_t amount)
{
    return pay_amount_to_decimal(a, amount, 2);
}


pay_str_t
pay_alis_time(pay_arena_t *a, int64_t t)
{
    pay_u8     *p;
    pay_str_t   text;

    text = pay_time_format(a, t, PAY_BEIJING);

    if (text.data == NULL) {
        return text;
    }

    text.len = sizeof("yyyy-MM-dd HH:mm:ss") - 1;

    p = pay_alloc(a, text.len);

    if (p == NULL) {
        return (pay_str_t) pay_str_null;
    }

    memcpy(p, text.data, text.len);
    p[sizeof("yyyy-MM-dd") - 1] = ' ';

    return (pay_str_t) { text.len, p };
}


pay_rc_t
pay_alis_time_parse(pay_arena_t *a, pay_str_t text, int64_t *out)
{
    pay_str_t        date, time;
    const pay_str_t  t = pay_str("T"), zone = pay_str("+08:00");
    const pay_str_t *const  parts[] = { &date, &t, &time, &zone, NULL };

    if (text.len != sizeof("yyyy-MM-dd HH:mm:ss") - 1 || text.data[10] != ' ')
    {
        return PAY_INVALID;
    }

    date = (pay_str_t) { 10, text.data };
    time = (pay_str_t) { 8, text.data + 11 };

    text = pay_concat(a, parts);

    return text.data != NULL ? pay_time_parse(text, out) : PAY_ERROR;
}


/* section 2.2; charset may stand behind it */

static int
pay_alis_is_form(const pay_sim_t *s)
{
    pay_str_t  type;

    if (pay_header_get(&s->headers, "Content-Type", &type) != PAY_OK) {
        return 0;
    }

    if (type.len > 33 && type.data[33] == ';') {
        type.len = 33;
    }

    return pay_str_caseeqz(type, "application/x-www-form-urlencoded");
}


/* one set of parameters: a name in both places is one too many */

static pay_rc_t
pay_alis_params(pay_sim_t *s, pay_str_t args, pay_form_t *out)
{
    pay_rc_t          rc;
    pay_str_t         text;
    const pay_str_t   amp = pay_str("&");
    const pay_str_t  *parts[] = { &args, &amp, &s->body, NULL };

    if (args.len == 0 || s->body.len == 0) {
        text = args.len == 0 ? s->body : args;

    } else {
        text = pay_concat(s->arena, parts);

        if (text.data == NULL) {
            return PAY_ERROR;
        }
    }

    rc = pay_form_parse(s->arena, text, PAY_ALIS_PARAMS, out);

    if (rc != PAY_OK) {
        out->nelts = 0;
    }

    return rc;
}


static pay_rc_t
pay_alis_route(pay_sim_t *s, const pay_alis_op_t *ops, pay_alis_call_t *c)
{
    pay_str_t  method;

    method = pay_alis_param(c, "method");

    if (method.len == 0) {
        return pay_alis_fail(s, c, PAY_ALIS_MISSING_METHOD, method);
    }

    for ( /* void */ ; ops->method != NULL; ops++) {

        if (pay_str_eqz(method, ops->method)) {
            c->op = ops;
            c->method = method;
            return PAY_OK;
        }
    }

    return pay_alis_fail(s, c, PAY_ALIS_INVALID_METHOD, method);
}


/* no answer of the gateway's: a wrong address */

static pay_rc_t
pay_alis_no_page(pay_sim_t *s, int status, pay_str_t text)
{
    s->status = status;
    s->reply_body = text;

    return pay_sim_header(s, "Content-Type", PAY_STR("text/plain")) == PAY_OK
           ? PAY_DONE : PAY_ERROR;
}


pay_rc_t
pay_alis_receive(pay_sim_t *s, const pay_alis_op_t *ops, pay_alis_call_t *c)
{
    pay_rc_t       rc;
    pay_str_t      path, args;
    const pay_u8  *q;

    memset(c, 0, sizeof(pay_alis_call_t));

    path = s->target;
    args = (pay_str_t) pay_str_null;
    q = path.len != 0 ? memchr(path.data, '?', path.len) : NULL;

    if (q != NULL) {
        args.data = q + 1;
        args.len = path.len - (size_t) (q + 1 - path.data);
        path.len = (size_t) (q - path.data);
    }

    if (!pay_str_eqz(path, PAY_ALIPAY_GATEWAY)) {
        return pay_alis_no_page(s, 404, PAY_STR("no such page\n"));
    }

    if (!pay_str_eqz(s->method, "POST") && !pay_str_eqz(s->method, "GET")) {
        return pay_alis_no_page(s, 405, PAY_STR("GET or POST\n"));
    }

    if (s->body.len != 0 && !pay_alis_is_form(s)) {
        return pay_alis_fail(s, c, PAY_ALIS_INVALID_CONTENT_TYPE,
                             PAY_STR(""));
    }

    rc = pay_alis_params(s, args, &c->params);

    if (rc == PAY_ERROR) {
        return rc;
    }

    if (rc != PAY_OK) {
        return pay_alis_fail(s, c, PAY_ALIS_INVALID_PARAMETER,
                             PAY_STR("the form is malformed"));
    }

    return pay_alis_route(s, ops, c);
}


/* what is wrong, as "out_trade_no: is required" */

pay_rc_t
pay_alis_wrong(pay_sim_t *s, const pay_alis_call_t *c, pay_str_t field,
    const char *issue)
{
    pay_str_t        more, words;
    const pay_str_t  colon = pay_str(": ");
    const pay_str_t *const  parts[] = { &field, &colon, &words, NULL };

    words = pay_strz(issue);
    more = pay_concat(s->arena, parts);

    if (more.data == NULL) {
        return PAY_ERROR;
    }

    return pay_alis_fail(s, c, c->op->invalid, more);
}


/* section 5: biz_content as it was before it was encrypted */

static pay_rc_t
pay_alis_read_text(pay_sim_t *s, pay_alis_call_t *c, pay_str_t *out)
{
    pay_rc_t   rc;
    pay_str_t  type;

    type = pay_alis_param(c, "encrypt_type");
    *out = pay_alis_param(c, "biz_content");

    if (type.len == 0) {
        return PAY_OK;
    }

    if (!pay_str_eqz(type, "AES")) {
        return pay_alis_fail(s, c, PAY_ALIS_INVALID_ENCRYPT_TYPE, type);
    }

    rc = pay_alis_decrypt(s, *out, out);

    if (rc == PAY_ERROR) {
        return rc;
    }

    if (rc != PAY_OK) {
        return pay_alis_fail(s, c, PAY_ALIS_INVALID_ENCRYPT, PAY_STR(""));
    }

    c->encrypted = 1;

    return PAY_OK;
}


static pay_rc_t
pay_alis_read_biz(pay_sim_t *s, pay_alis_call_t *c)
{
    pay_rc_t          rc;
    pay_str_t         text;
    const char       *why;
    pay_sim_fault_t   fault;

    rc = pay_alis_read_text(s, c, &text);

    if (rc != PAY_OK) {
        return rc;
    }

    if (text.len == 0) {
        return pay_alis_wrong(s, c, PAY_STR("biz_content"), "is required");
    }

    rc = pay_json_parse(s->arena, text, &c->biz, &why);

    if (rc == PAY_INVALID) {
        return pay_alis_wrong(s, c, PAY_STR("biz_content"), why);
    }

    if (rc != PAY_OK) {
        return PAY_ERROR;
    }

    rc = pay_sim_fields_check(s->arena, c->op->rules, c->biz, &fault);

    if (rc == PAY_INVALID) {
        return pay_alis_wrong(s, c, fault.field, fault.issue);
    }

    return rc;
}


/* the names of the record: one of two */

static pay_rc_t
pay_alis_which(pay_sim_t *s, pay_alis_call_t *c, const char *name,
    const char *of_ours, const char *also)
{
    c->number = pay_alis_field(c, name);
    c->trade_no = pay_alis_field(c, of_ours);

    if (c->trade_no.len == 0) {
        c->trade_no = pay_alis_field(c, also);
    }

    return c->number.len != 0 || c->trade_no.len != 0 ? PAY_OK
           : pay_alis_wrong(s, c, pay_strz(name), "is required, or another"
                            " number");
}


pay_rc_t
pay_alis_read(pay_sim_t *s, pay_alis_call_t *c)
{
    pay_rc_t  rc;

    rc = pay_alis_read_biz(s, c);

    if (rc != PAY_OK) {
        return rc;
    }

    switch (c->op->by) {

    case PAY_ALIS_BY_TRADE:
        return pay_alis_which(s, c, "out_trade_no", "trade_no", "trade_no");

    case PAY_ALIS_BY_TRANSFER:
        return pay_alis_which(s, c, "out_biz_no", "pay_fund_order_id",
                              "order_id");

    case PAY_ALIS_BY_NOTHING:
        break;
    }

    return PAY_OK;
}
