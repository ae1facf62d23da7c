
/*
 * Copyright (C) the ngx_pay authors
 *
 * WeChat Pay APIv3 simulator: what a request asks for, checked as strictly as
 * the channel does (sections 1 and 8 of the channel document).
 */

#include <sandbox/pay_sim_wechatpay_v3.h>


/* application/json, at most with charset=utf-8 */

static int
pay_wxs_is_json(pay_str_t type)
{
    size_t     n;
    pay_str_t  rest;

    for (n = 0; n < type.len && strchr("; ", type.data[n]) == NULL; n++) {
        /* void */
    }

    rest = (pay_str_t) { type.len - n, type.data + n };
    type.len = n;

    while (rest.len != 0 && strchr("; ", rest.data[0]) != NULL) {
        rest.data++;
        rest.len--;
    }

    return pay_str_caseeqz(type, "application/json")
           && (rest.len == 0 || pay_str_caseeqz(rest, "charset=utf-8"));
}


static int
pay_wxs_accepts_json(pay_str_t accept)
{
    size_t  i;

    for (i = 0; i < accept.len; i++) {
        pay_str_t  rest = { accept.len - i, accept.data + i };

        if (pay_str_starts(rest, "application/json")
            || pay_str_starts(rest, "*/*"))
        {
            return 1;
        }
    }

    return 0;
}


pay_rc_t
pay_wxs_check_headers(pay_sim_t *s)
{
    pay_rc_t   rc;
    pay_str_t  value;

    if (pay_header_get(&s->headers, "User-Agent", &value) != PAY_OK) {
        return pay_wxs_refuse(s, PAY_WXS_PARAM_ERROR, "header", "User-Agent",
                              "is required, once");
    }

    if (pay_header_get(&s->headers, "Accept", &value) != PAY_OK) {
        return pay_wxs_refuse(s, PAY_WXS_PARAM_ERROR, "header", "Accept",
                              "is required, once");
    }

    if (!pay_wxs_accepts_json(value)) {
        return pay_wxs_fail(s, PAY_WXS_NOT_ACCEPTABLE, NULL);
    }

    rc = pay_header_get(&s->headers, "Wechatpay-Serial", &value);

    if (rc == PAY_INVALID
        || (rc == PAY_OK && !pay_wxs_is_platform(s, value)))
    {
        return pay_wxs_refuse(s, PAY_WXS_PARAM_ERROR, "header",
                              "Wechatpay-Serial",
                              "is no platform key of this merchant");
    }

    if (s->body.len != 0
        && (pay_header_get(&s->headers, "Content-Type", &value) != PAY_OK
            || !pay_wxs_is_json(value)))
    {
        return pay_wxs_fail(s, PAY_WXS_MEDIA_TYPE, NULL);
    }

    return PAY_OK;
}


/* the number of op in path; data == NULL: another path */

static pay_str_t
pay_wxs_match(const pay_wxs_op_t *op, pay_str_t path)
{
    size_t     n;
    pay_str_t  rest;

    rest = pay_sim_after(path, op->prefix);

    if (rest.data == NULL || op->suffix == NULL) {
        return rest.len == 0 ? rest : (pay_str_t) pay_str_null;
    }

    n = strlen(op->suffix);

    if (rest.len <= n
        || memcmp(rest.data + rest.len - n, op->suffix, n) != 0)
    {
        return (pay_str_t) pay_str_null;
    }

    rest.len -= n;

    return memchr(rest.data, '/', rest.len) == NULL
           ? rest : (pay_str_t) pay_str_null;
}


static pay_rc_t
pay_wxs_route(pay_sim_t *s, pay_wxs_call_t *c)
{
    int                  known;
    pay_str_t            path, number;
    const pay_u8        *q;
    const pay_wxs_op_t  *op;

    path = s->target;
    q = path.len != 0 ? memchr(path.data, '?', path.len) : NULL;

    if (q != NULL) {
        c->args.data = q + 1;
        c->args.len = path.len - (size_t) (q + 1 - path.data);
        path.len = (size_t) (q - path.data);
    }

    for (known = 0, op = pay_wxs_ops; op->method != NULL; op++) {
        number = pay_wxs_match(op, path);

        if (number.data == NULL) {
            continue;
        }

        known = 1;

        if (pay_str_eqz(s->method, op->method)) {
            c->op = op;
            c->number = number;
            return PAY_OK;
        }
    }

    return pay_wxs_fail(s, known ? PAY_WXS_METHOD : PAY_WXS_NOT_FOUND, NULL);
}


/*
 * Section 8.0: all but unreserved characters, '*' and '@' must come encoded.
 * The decoder of forms serves, as nothing that a form gives a meaning to is
 * left by then.
 */

static pay_rc_t
pay_wxs_decode_number(pay_sim_t *s, pay_wxs_call_t *c)
{
    pay_rc_t          rc;
    pay_str_t         text;
    pay_form_t        form;
    const pay_str_t   name = pay_str("n=");
    const pay_str_t  *parts[] = { &name, &c->number, NULL };

    text = pay_concat(s->arena, parts);

    if (text.data == NULL) {
        return PAY_ERROR;
    }

    rc = pay_str_token(c->number, "-_.~*@%", 1, 192)
         ? pay_form_parse(s->arena, text, 1, &form) : PAY_INVALID;

    if (rc == PAY_ERROR) {
        return rc;
    }

    if (rc != PAY_OK || !c->op->fits(form.elts[0].value)) {
        return pay_wxs_refuse(s, PAY_WXS_PARAM_ERROR, "uri", c->op->name,
                              "is malformed");
    }

    c->number = form.elts[0].value;

    return PAY_OK;
}


/* a query string as the object that the same rules can be held against */

static pay_rc_t
pay_wxs_read_args(pay_sim_t *s, pay_wxs_call_t *c)
{
    size_t        i;
    pay_rc_t      rc;
    pay_form_t    form;
    pay_json_t   *v;

    if (s->body.len != 0) {
        return pay_wxs_refuse(s, PAY_WXS_EXTRA_PARAM, "body", "",
                              "a GET has no body");
    }

    form.nelts = 0;
    rc = c->args.data != NULL
         ? pay_form_parse(s->arena, c->args, 16, &form) : PAY_OK;

    if (rc == PAY_INVALID || (c->args.data != NULL && form.nelts == 0)) {
        return pay_wxs_refuse(s, PAY_WXS_PARAM_ERROR, "uri", "",
                              "the query string is malformed");
    }

    c->body = pay_calloc(s->arena, (form.nelts + 1) * sizeof(pay_json_t));

    if (rc != PAY_OK || c->body == NULL) {
        return PAY_ERROR;
    }

    c->body->type = PAY_JSON_OBJECT;

    for (i = form.nelts; i != 0; i--) {
        v = &c->body[i];
        v->type = PAY_JSON_STRING;
        v->key = form.elts[i - 1].name;
        v->text = form.elts[i - 1].value;
        v->next = c->body->child;
        c->body->child = v;
    }

    return PAY_OK;
}


static pay_rc_t
pay_wxs_read_body(pay_sim_t *s, pay_wxs_call_t *c)
{
    pay_rc_t     rc;
    const char  *why;

    if (c->args.data != NULL) {
        return pay_wxs_refuse(s, PAY_WXS_EXTRA_PARAM, "uri", "",
                              "a POST has no query string");
    }

    /* an operation may have nothing to say, and then an empty body will do */

    if (c->op->rules == pay_wxs_no_rules && s->body.len == 0) {
        c->body = pay_calloc(s->arena, sizeof(pay_json_t));

        if (c->body == NULL) {
            return PAY_ERROR;
        }

        c->body->type = PAY_JSON_OBJECT;

        return PAY_OK;
    }

    rc = pay_json_parse(s->arena, s->body, &c->body, &why);

    if (rc == PAY_INVALID) {
        return pay_wxs_refuse(s, PAY_WXS_PARAM_ERROR, "body", "", why);
    }

    return rc;
}


static pay_rc_t
pay_wxs_check_fields(pay_sim_t *s, const pay_wxs_call_t *c, int get)
{
    pay_rc_t         rc;
    pay_sim_fault_t  fault;

    rc = pay_sim_fields_check(s->arena, c->op->rules, c->body, &fault);

    if (rc != PAY_INVALID) {
        return rc;
    }

    fault.location = get ? "uri" : "body";

    return pay_wxs_fail(s, fault.unknown ? PAY_WXS_EXTRA_PARAM
                                         : PAY_WXS_PARAM_ERROR, &fault);
}


/* mchid or sp_mchid, where there is one: whoever signed */

static pay_rc_t
pay_wxs_check_mchid(pay_sim_t *s, const pay_wxs_call_t *c, int get)
{
    size_t                          i;
    pay_str_t                       mchid;
    const pay_wechatpay_v3_conf_t  *conf;
    static const char *const        fields[] = { "/mchid", "/sp_mchid" };

    conf = s->channel->conf;

    for (i = 0; i < pay_nelts(fields); i++) {

        if (pay_json_string(c->body, fields[i] + 1, &mchid) == PAY_OK
            && !pay_str_eq(mchid, conf->mchid))
        {
            return pay_wxs_refuse(s, PAY_WXS_PARAM_ERROR,
                                  get ? "uri" : "body", fields[i],
                                  "is not the one that signed");
        }
    }

    return PAY_OK;
}


pay_rc_t
pay_wxs_read(pay_sim_t *s, pay_wxs_call_t *c)
{
    int       get;
    pay_rc_t  rc;

    memset(c, 0, sizeof(pay_wxs_call_t));

    rc = pay_wxs_route(s, c);

    if (rc != PAY_OK) {
        return rc;
    }

    get = strcmp(c->op->method, "GET") == 0;

    if (c->op->suffix != NULL) {
        rc = pay_wxs_decode_number(s, c);
    }

    if (rc == PAY_OK) {
        rc = get ? pay_wxs_read_args(s, c) : pay_wxs_read_body(s, c);
    }

    if (rc == PAY_OK) {
        rc = pay_wxs_check_fields(s, c, get);
    }

    if (rc == PAY_OK) {
        rc = pay_wxs_check_mchid(s, c, get);
    }

    if (rc != PAY_OK) {
        return rc;
    }

    (void) pay_json_string(c->body, "sub_mchid", &c->sub);

    return c->op->order && c->op->suffix == NULL
           ? pay_json_string(c->body, "out_trade_no", &c->number) : PAY_OK;
}
