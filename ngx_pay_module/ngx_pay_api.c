
/*
 * Copyright (C) the ngx_pay authors
 *
 * pay_api: the unified API (docs/design.md section 7).  The gate is checked
 * here, inside of the content handler, so that no other access rule of the
 * location can stand in for it.
 */

#include <ngx_pay_api.h>


#define NGX_PAY_API_BODY  (64 * 1024)


static void ngx_pay_api_body(ngx_http_request_t *r);
static void ngx_pay_api_checked(ngx_http_request_t *r, ngx_pay_ctx_t *ctx);
static void ngx_pay_api_call(ngx_http_request_t *r, ngx_pay_ctx_t *ctx);
static void ngx_pay_api_channels(ngx_http_request_t *r, ngx_pay_ctx_t *ctx,
    const pay_str_t *numbers, pay_str_t body);


/* what has none is not there for any channel: capture */

static const ngx_pay_api_pt  ngx_pay_api_ops[PAY_OP_MAX] = {
    [PAY_OP_PAY] = ngx_pay_api_operation,
    [PAY_OP_QUERY] = ngx_pay_api_operation,
    [PAY_OP_CLOSE] = ngx_pay_api_operation,
    [PAY_OP_REFUND] = ngx_pay_api_operation,
    [PAY_OP_REFUND_QUERY] = ngx_pay_api_operation,
    [PAY_OP_TRANSFER] = ngx_pay_api_operation,
    [PAY_OP_TRANSFER_QUERY] = ngx_pay_api_operation,
    [PAY_OP_TRANSFER_CANCEL] = ngx_pay_api_operation,
    [PAY_OP_SPLIT] = ngx_pay_api_operation,
    [PAY_OP_SPLIT_QUERY] = ngx_pay_api_operation,
    [PAY_OP_SPLIT_RETURN] = ngx_pay_api_operation,
    [PAY_OP_SPLIT_RETURN_QUERY] = ngx_pay_api_operation,
    [PAY_OP_SPLIT_FINISH] = ngx_pay_api_operation,
    [PAY_OP_RECEIVER_ADD] = ngx_pay_api_operation,
    [PAY_OP_RECEIVER_DELETE] = ngx_pay_api_operation,
    [PAY_OP_STATEMENT] = ngx_pay_api_statement,
    [PAY_OP_CHANNELS] = ngx_pay_api_channels
};


ngx_int_t
ngx_pay_api_handler(ngx_http_request_t *r)
{
    ngx_int_t  rc;

    if (r != r->main) {
        return NGX_HTTP_NOT_FOUND;
    }

    if (ngx_pay_ctx_make(r, NGX_PAY_ROLE_API) == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (r->method & (NGX_HTTP_HEAD|NGX_HTTP_OPTIONS|NGX_HTTP_TRACE)) {
        return ngx_pay_not_allowed(r);
    }

    rc = ngx_http_read_client_request_body(r, ngx_pay_api_body);

    return rc >= NGX_HTTP_SPECIAL_RESPONSE ? rc : NGX_DONE;
}


void
ngx_pay_api_fail(ngx_http_request_t *r, pay_error_t *e)
{
    ngx_pay_ctx_t        *ctx;
    ngx_pay_main_conf_t  *mcf;

    ctx = ngx_http_get_module_ctx(r, ngx_http_pay_module);
    mcf = ngx_http_get_module_main_conf(r, ngx_http_pay_module);

    ngx_pay_count(mcf->zone, errors[e->code]);

    if (ctx->verified) {
        ngx_pay_count(mcf->zone, requests[ctx->op][ngx_pay_outcome(e->code)]);
    }

    ngx_http_finalize_request(r, ngx_pay_reply_error(r, e));
}


void
ngx_pay_api_error(ngx_http_request_t *r, pay_code_t code, const char *param)
{
    pay_error_t  e;

    ngx_memzero(&e, sizeof(pay_error_t));
    (void) pay_error_set(&e, code, param);

    ngx_pay_api_fail(r, &e);
}


static void
ngx_pay_api_body(ngx_http_request_t *r)
{
    ngx_pay_ctx_t       *ctx;
    ngx_pay_loc_conf_t  *plcf;

    ctx = ngx_http_get_module_ctx(r, ngx_http_pay_module);
    plcf = ngx_http_get_module_loc_conf(r, ngx_http_pay_module);

    if (ngx_pay_gate(r, ctx, plcf->window, NGX_PAY_API_BODY,
                     ngx_pay_api_checked) == NGX_OK)
    {
        ngx_pay_api_checked(r, ctx);
    }
}


static void
ngx_pay_api_checked(ngx_http_request_t *r, ngx_pay_ctx_t *ctx)
{
    if (!ctx->verified) {
        ngx_pay_api_error(r, ctx->auth, NULL);
        return;
    }

    ngx_pay_api_call(r, ctx);
}


/* application/json, with a charset of UTF-8 at most */

static ngx_uint_t
ngx_pay_api_json_type(ngx_http_request_t *r)
{
    u_char     *p, *last;
    ngx_str_t   type;

    if (ngx_pay_header_once(r, "Content-Type", &type) != NGX_OK
        || type.len < sizeof("application/json") - 1
        || ngx_strncasecmp(type.data, (u_char *) "application/json",
                           sizeof("application/json") - 1) != 0)
    {
        return 0;
    }

    p = type.data + sizeof("application/json") - 1;
    last = type.data + type.len;

    while (p < last && (*p == ' ' || *p == ';')) {
        p++;
    }

    return p == last
           || (last - p == sizeof("charset=utf-8") - 1
               && ngx_strncasecmp(p, (u_char *) "charset=utf-8", last - p)
                  == 0);
}


/* the route is taken from the signed target: it must be in its plain form */

static ngx_uint_t
ngx_pay_api_plain_path(ngx_http_request_t *r)
{
    size_t   len;
    u_char  *q;

    q = ngx_strlchr(r->unparsed_uri.data,
                    r->unparsed_uri.data + r->unparsed_uri.len, '?');

    len = q ? (size_t) (q - r->unparsed_uri.data) : r->unparsed_uri.len;

    return len == r->uri.len
           && ngx_memcmp(r->unparsed_uri.data, r->uri.data, len) == 0;
}


static void
ngx_pay_api_call(ngx_http_request_t *r, ngx_pay_ctx_t *ctx)
{
    pay_rc_t   rc;
    ngx_str_t  value, body;
    pay_str_t  numbers[2];

    if (!ngx_pay_api_plain_path(r)) {
        ngx_pay_api_error(r, PAY_E_ROUTE_UNKNOWN, NULL);
        return;
    }

    rc = pay_op_route(ngx_pay_str(&r->method_name), ngx_pay_str(&r->uri),
                      &ctx->op, numbers);

    if (rc != PAY_OK) {
        ngx_pay_api_error(r, rc == PAY_INVALID ? PAY_E_METHOD_NOT_ALLOWED
                                               : PAY_E_ROUTE_UNKNOWN, NULL);
        return;
    }

    if (ctx->op != PAY_OP_CHANNELS
        && !(ctx->merchant->operations & (1u << ctx->op)))
    {
        ngx_pay_api_error(r, PAY_E_OPERATION_FORBIDDEN, NULL);
        return;
    }

    if (ngx_pay_api_ops[ctx->op] == NULL) {
        ngx_pay_api_error(r, PAY_E_OPERATION_UNSUPPORTED, NULL);
        return;
    }

    if (ngx_pay_header_once(r, "Content-Encoding", &value) != NGX_DECLINED) {
        ngx_pay_api_error(r, PAY_E_ENCODING_UNSUPPORTED, NULL);
        return;
    }

    if (ngx_pay_body(r, NGX_PAY_API_BODY, &body) != NGX_OK) {
        ngx_pay_api_error(r, PAY_E_INTERNAL_ERROR, NULL);
        return;
    }

    if (body.len && !ngx_pay_api_json_type(r)) {
        ngx_pay_api_error(r, PAY_E_MEDIA_TYPE_UNSUPPORTED, NULL);
        return;
    }

    ngx_pay_api_ops[ctx->op](r, ctx, numbers, ngx_pay_str(&body));
}


void
ngx_pay_api_note(ngx_http_request_t *r, ngx_pay_ctx_t *ctx,
    const pay_object_t *p)
{
    ctx->kind = p->kind;
    ctx->number = ngx_pay_keep(r, p->number);
    ctx->order_id = p->kind == PAY_KIND_PAYMENT
                    ? ctx->number
                    : p->kind == PAY_KIND_SPLIT_RETURN
                    ? ctx->order_id : ngx_pay_keep(r, p->order_id);
    ctx->currency = ngx_pay_keep(r, p->currency);
    ctx->amount = p->amount;
    ctx->state = p->state;
}


void
ngx_pay_api_object(ngx_http_request_t *r, ngx_pay_talk_t *talk,
    const pay_object_t *p, const pay_action_t *action)
{
    ngx_int_t             rc;
    pay_str_t             text;
    ngx_pay_main_conf_t  *mcf;
    pay_json_writer_t    *w;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_pay_module);

    ngx_pay_api_note(r, talk->ctx, p);

    w = pay_json_writer(talk->core.arena);
    if (w) {
        pay_object_json(w, talk->core.arena, NULL, p, action,
                         talk->channel->core.sandbox);
        text = pay_jw_text(w);
    }

    if (w == NULL || text.data == NULL) {
        ngx_pay_api_error(r, talk->sent && talk->money
                             ? PAY_E_OUTCOME_UNKNOWN : PAY_E_INTERNAL_ERROR,
                          NULL);
        return;
    }

    ngx_pay_count(mcf->zone, requests[talk->core.op][NGX_PAY_OUTCOME_OK]);

    rc = ngx_pay_reply(r, NGX_HTTP_OK, "application/json", text);

    ngx_http_finalize_request(r, rc);
}


static void
ngx_pay_api_channels(ngx_http_request_t *r, ngx_pay_ctx_t *ctx,
    const pay_str_t *numbers, pay_str_t body)
{
    ngx_int_t             rc;
    pay_str_t             text;
    ngx_uint_t            i;
    pay_arena_t          *a;
    const pay_can_op_t   *can;
    ngx_pay_channel_t    *ch;
    ngx_pay_account_t    *account;
    pay_json_writer_t    *w;
    ngx_pay_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_pay_module);

    a = pay_arena_create(0);
    w = a ? pay_json_writer(a) : NULL;

    if (w == NULL) {
        pay_arena_destroy(a);
        ngx_pay_api_error(r, PAY_E_INTERNAL_ERROR, NULL);
        return;
    }

    pay_jw_object(w, NULL);
    pay_jw_array(w, "channels");

    account = ctx->merchant->channels.elts;

    for (i = 0; i < ctx->merchant->channels.nelts; i++) {

        ch = account[i].channel;

        pay_jw_object(w, NULL);
        pay_jw_str(w, "channel", ngx_pay_str(&ch->name));
        pay_jw_str(w, "driver", ch->core.driver->name);
        pay_jw_bool(w, "test", ch->core.sandbox);
        pay_jw_array(w, "operations");

        for (can = ch->core.driver->can->ops; can->op; can++) {
            pay_jw_object(w, NULL);
            pay_jw_strz(w, "operation", pay_op_info(can->op)->name);

            if (can->method != PAY_METHOD_NONE) {
                pay_jw_strz(w, "method", pay_method_name(can->method));
            }

            pay_jw_end(w);
        }

        pay_jw_end(w);
        pay_jw_end(w);
    }

    pay_jw_end(w);
    pay_jw_end(w);

    text = pay_jw_text(w);

    ngx_pay_count(mcf->zone, requests[PAY_OP_CHANNELS][NGX_PAY_OUTCOME_OK]);

    rc = text.data ? ngx_pay_reply(r, NGX_HTTP_OK, "application/json", text)
                   : NGX_HTTP_INTERNAL_SERVER_ERROR;

    pay_arena_destroy(a);

    ngx_http_finalize_request(r, rc);
}
