
/*
 * Copyright (C) the ngx_pay authors
 *
 * pay_auth: the gate in front of any location, in the access phase.
 */

#include <ngx_pay.h>


static void ngx_pay_auth_body(ngx_http_request_t *r);
static ngx_int_t ngx_pay_auth_decide(ngx_http_request_t *r,
    ngx_pay_ctx_t *ctx, ngx_pay_loc_conf_t *plcf);
static ngx_uint_t ngx_pay_auth_error_page(ngx_http_request_t *r,
    ngx_uint_t status);


ngx_int_t
ngx_pay_auth_handler(ngx_http_request_t *r)
{
    ngx_int_t            rc;
    ngx_pay_ctx_t       *ctx;
    ngx_pay_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_pay_module);

    /* the unified API has the gate in it, a notice its own signature */

    if (!plcf->auth || plcf->api || plcf->notify || r != r->main) {
        return NGX_DECLINED;
    }

    ctx = ngx_pay_ctx_get(r);

    /* an error page that is to be seen must be in a location that is off */

    if (ctx && ctx->decided) {
        return ctx->verified ? NGX_DECLINED
                             : pay_code_info(ctx->auth)->status;
    }

    if (ctx && ctx->body_done) {
        return ngx_pay_auth_decide(r, ctx, plcf);
    }

    if (ctx && ctx->reading) {
        return NGX_DONE;
    }

    if (ctx == NULL) {
        ctx = ngx_pay_ctx_make(r, NGX_PAY_ROLE_AUTH);
        if (ctx == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    ctx->reading = 1;

    rc = ngx_http_read_client_request_body(r, ngx_pay_auth_body);

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        return rc;
    }

    ngx_http_finalize_request(r, NGX_DONE);

    return NGX_DONE;
}


/*
 * The access phase is not for subrequests.  SSI, auth_request or mirror may
 * enter a checked location only for a request that was checked.
 */

ngx_int_t
ngx_pay_auth_subrequest(ngx_http_request_t *r)
{
    ngx_pay_ctx_t       *ctx;
    ngx_pay_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_pay_module);

    if (!plcf->auth || plcf->notify || r == r->main) {
        return NGX_DECLINED;
    }

    ctx = ngx_http_get_module_ctx(r, ngx_http_pay_module);

    if (ctx && ctx->role == NGX_PAY_ROLE_CALL) {
        return NGX_DECLINED;
    }

    ctx = ngx_pay_ctx_get(r->main);

    return ctx && ctx->verified ? NGX_DECLINED : NGX_HTTP_FORBIDDEN;
}


static void
ngx_pay_auth_body(ngx_http_request_t *r)
{
    ngx_pay_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_pay_module);

    ctx->body_done = 1;
    r->preserve_body = 1;
    r->write_event_handler = ngx_http_core_run_phases;

    ngx_http_core_run_phases(r);
}


static ngx_int_t
ngx_pay_auth_decide(ngx_http_request_t *r, ngx_pay_ctx_t *ctx,
    ngx_pay_loc_conf_t *plcf)
{
    pay_error_t           e;
    const char           *reason;
    ngx_uint_t            status;

    ngx_memzero(&e, sizeof(pay_error_t));

    e.code = ngx_pay_gate(r, ctx, plcf->window, 0, &reason);

    if (e.code == PAY_E_NONE) {
        return NGX_DECLINED;
    }

    ctx->error = e.code;
    status = pay_code_info(e.code)->status;

    if (ngx_pay_auth_error_page(r, status)) {
        return status;
    }

    /* the answer is ours, complete: the phases end here */

    ngx_http_finalize_request(r, ngx_pay_reply_error(r, &e));

    return NGX_DONE;
}


static ngx_uint_t
ngx_pay_auth_error_page(ngx_http_request_t *r, ngx_uint_t status)
{
    ngx_uint_t                 i;
    ngx_http_err_page_t       *page;
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    if (clcf->error_pages == NULL) {
        return 0;
    }

    page = clcf->error_pages->elts;

    for (i = 0; i < clcf->error_pages->nelts; i++) {
        if (page[i].status == (ngx_int_t) status) {
            return 1;
        }
    }

    return 0;
}
