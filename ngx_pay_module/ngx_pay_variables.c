
/*
 * Copyright (C) the ngx_pay authors
 *
 * $pay_...: for log_format, map and the call location.  None holds a secret
 * or a decrypted body.
 */

#include <ngx_pay_talk.h>


typedef enum {
    NGX_PAY_VAR_MERCHANT = 0, NGX_PAY_VAR_KEY, NGX_PAY_VAR_AUTH_STATUS,
    NGX_PAY_VAR_AUTH_REASON, NGX_PAY_VAR_OPERATION, NGX_PAY_VAR_CHANNEL,
    NGX_PAY_VAR_ORDER_ID, NGX_PAY_VAR_AMOUNT, NGX_PAY_VAR_CURRENCY,
    NGX_PAY_VAR_STATUS, NGX_PAY_VAR_ERROR, NGX_PAY_VAR_CHANNEL_CODE,
    NGX_PAY_VAR_CHANNEL_TIME, NGX_PAY_VAR_EVENT, NGX_PAY_VAR_NOTIFY_RESULT,
    NGX_PAY_VAR_OBJECT, NGX_PAY_VAR_OBJECT_ID, NGX_PAY_VAR_URL,
    NGX_PAY_VAR_HOST, NGX_PAY_VAR_UPSTREAM
} ngx_pay_variable_t;


static ngx_int_t ngx_pay_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);


static const struct {
    ngx_str_t           name;
    ngx_pay_variable_t  variable;
} ngx_pay_variable_names[] = {
    { ngx_string("pay_merchant"), NGX_PAY_VAR_MERCHANT },
    { ngx_string("pay_key"), NGX_PAY_VAR_KEY },
    { ngx_string("pay_auth_status"), NGX_PAY_VAR_AUTH_STATUS },
    { ngx_string("pay_auth_reason"), NGX_PAY_VAR_AUTH_REASON },
    { ngx_string("pay_operation"), NGX_PAY_VAR_OPERATION },
    { ngx_string("pay_channel"), NGX_PAY_VAR_CHANNEL },
    { ngx_string("pay_order_id"), NGX_PAY_VAR_ORDER_ID },
    { ngx_string("pay_object"), NGX_PAY_VAR_OBJECT },
    { ngx_string("pay_object_id"), NGX_PAY_VAR_OBJECT_ID },
    { ngx_string("pay_amount"), NGX_PAY_VAR_AMOUNT },
    { ngx_string("pay_currency"), NGX_PAY_VAR_CURRENCY },
    { ngx_string("pay_payment_status"), NGX_PAY_VAR_STATUS },
    { ngx_string("pay_error"), NGX_PAY_VAR_ERROR },
    { ngx_string("pay_channel_code"), NGX_PAY_VAR_CHANNEL_CODE },
    { ngx_string("pay_channel_time"), NGX_PAY_VAR_CHANNEL_TIME },
    { ngx_string("pay_event"), NGX_PAY_VAR_EVENT },
    { ngx_string("pay_notify_result"), NGX_PAY_VAR_NOTIFY_RESULT },
    { ngx_string("pay_url"), NGX_PAY_VAR_URL },
    { ngx_string("pay_host"), NGX_PAY_VAR_HOST },
    { ngx_string("pay_upstream"), NGX_PAY_VAR_UPSTREAM }
};


ngx_int_t
ngx_pay_variables(ngx_conf_t *cf)
{
    ngx_str_t             name;
    ngx_uint_t            i;
    ngx_http_variable_t  *var;

    for (i = 0; i < pay_nelts(ngx_pay_variable_names); i++) {

        name = ngx_pay_variable_names[i].name;

        var = ngx_http_add_variable(cf, &name, NGX_HTTP_VAR_NOCACHEABLE);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = ngx_pay_variable;
        var->data = ngx_pay_variable_names[i].variable;
    }

    return NGX_OK;
}


static ngx_str_t
ngx_pay_variable_z(const char *z)
{
    ngx_str_t  s;

    s.data = (u_char *) z;
    s.len = z ? ngx_strlen(z) : 0;

    return s;
}


static ngx_str_t
ngx_pay_variable_number(ngx_http_request_t *r, const char *fmt, int64_t n,
    int64_t fraction)
{
    u_char     buf[64];
    ngx_str_t  s;

    s.data = buf;
    s.len = ngx_snprintf(buf, sizeof(buf), fmt, n, fraction) - buf;

    return ngx_pay_keep(r, ngx_pay_str(&s));
}


/* ctx: of the main request; call: of a subrequest of ours, or NULL */

static ngx_str_t
ngx_pay_variable_text(ngx_http_request_t *r, ngx_uint_t variable,
    ngx_pay_ctx_t *ctx, ngx_pay_call_t *call)
{
    ngx_str_t  none = ngx_null_string;

    switch (variable) {

    case NGX_PAY_VAR_MERCHANT:
        return ctx->merchant ? ctx->merchant->id : none;

    case NGX_PAY_VAR_KEY:
        return ctx->key;

    case NGX_PAY_VAR_AUTH_STATUS:
        return !ctx->decided ? none
               : ngx_pay_variable_z(ctx->verified ? "ok"
                                    : pay_code_info(ctx->auth)->name);

    case NGX_PAY_VAR_AUTH_REASON:
        return ctx->decided && !ctx->verified
               ? ngx_pay_variable_z(ctx->reason) : none;

    case NGX_PAY_VAR_OPERATION:
        return ctx->op ? ngx_pay_variable_z(pay_op_info(ctx->op)->name) : none;

    case NGX_PAY_VAR_CHANNEL:
        return ctx->channel ? ctx->channel->name : none;

    case NGX_PAY_VAR_ORDER_ID:
        return ctx->order_id;

    case NGX_PAY_VAR_OBJECT:
        return ctx->kind ? ngx_pay_variable_z(pay_kind_name(ctx->kind)) : none;

    case NGX_PAY_VAR_OBJECT_ID:
        return ctx->number;

    case NGX_PAY_VAR_AMOUNT:
        return ctx->amount ? ngx_pay_variable_number(r, "%L", ctx->amount, 0)
                           : none;

    case NGX_PAY_VAR_CURRENCY:
        return ctx->currency;

    case NGX_PAY_VAR_STATUS:
        return ctx->state ? ngx_pay_variable_z(pay_state_name(ctx->state))
                          : none;

    case NGX_PAY_VAR_ERROR:
        return ctx->error ? ngx_pay_variable_z(pay_code_info(ctx->error)->name)
                          : none;

    case NGX_PAY_VAR_CHANNEL_CODE:
        return ctx->channel_code;

    case NGX_PAY_VAR_CHANNEL_TIME:
        return ctx->called
               ? ngx_pay_variable_number(r, "%L.%03L",
                                         ctx->channel_time / 1000,
                                         ctx->channel_time % 1000)
               : none;

    case NGX_PAY_VAR_EVENT:
        return ctx->event;

    case NGX_PAY_VAR_NOTIFY_RESULT:
        return ngx_pay_variable_z(ctx->notify_result);

    case NGX_PAY_VAR_URL:
        return call ? call->url : none;

    case NGX_PAY_VAR_HOST:
        return call ? call->host : none;

    case NGX_PAY_VAR_UPSTREAM:
        return call ? call->upstream : none;
    }

    return none;
}


static ngx_int_t
ngx_pay_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    ngx_str_t        s;
    ngx_pay_ctx_t   *ctx;
    ngx_pay_call_t  *call;

    ctx = ngx_pay_ctx_get(r);
    call = NULL;

    if (ctx && ctx->role == NGX_PAY_ROLE_CALL) {
        call = ctx->call;
        ctx = call->owner;

    } else if (ctx == NULL && r != r->main) {
        ctx = ngx_pay_ctx_get(r->main);
    }

    if (ctx == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    s = ngx_pay_variable_text(r, data, ctx, call);

    if (s.len == 0) {
        v->not_found = 1;
        return NGX_OK;
    }

    v->len = s.len;
    v->data = s.data;
    v->valid = 1;
    v->no_cacheable = 1;
    v->not_found = 0;

    return NGX_OK;
}
