
/*
 * Copyright (C) the ngx_pay authors
 *
 * pay_auth: the gate in front of any location, in the access phase.
 */

#include <ngx_pay.h>


static ngx_int_t ngx_pay_auth_broken(ngx_http_request_t *r,
    ngx_pay_loc_conf_t *plcf);
static void ngx_pay_auth_resume(ngx_http_request_t *r, ngx_pay_ctx_t *ctx);
static ngx_int_t ngx_pay_auth_decide(ngx_http_request_t *r,
    ngx_pay_ctx_t *ctx, ngx_pay_loc_conf_t *plcf);
static ngx_uint_t ngx_pay_auth_error_page(ngx_http_request_t *r,
    ngx_uint_t status);


ngx_int_t
ngx_pay_auth_handler(ngx_http_request_t *r)
{
    ngx_pay_ctx_t       *ctx;
    ngx_pay_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_pay_module);

    /* the unified API has the gate in it, a notice its own signature */

    if (!plcf->auth || plcf->api || plcf->notify || r != r->main) {
        return NGX_DECLINED;
    }

    ctx = ngx_pay_ctx_get(r);

    if (ctx == NULL) {
        ctx = ngx_pay_ctx_make(r, NGX_PAY_ROLE_AUTH);
        if (ctx == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        return ngx_pay_body_read(r, ctx);
    }

    if (ctx->decided) {
        return ngx_pay_auth_decide(r, ctx, plcf);
    }

    if (ctx->waiting) {
        return NGX_AGAIN;
    }

    if (!ctx->body_done) {
        return ctx->reading ? ngx_pay_auth_broken(r, plcf)
                            : ngx_pay_body_read(r, ctx);
    }

    if (ngx_pay_gate(r, ctx, plcf->window, 0, ngx_pay_auth_resume)
        == NGX_AGAIN)
    {
        return NGX_AGAIN;
    }

    return ngx_pay_auth_decide(r, ctx, plcf);
}


/*
 * No phase runs while the body is on its way: it has failed, and this is the
 * location of its error page.  Nobody would ever end the request but we.
 */

static ngx_int_t
ngx_pay_auth_broken(ngx_http_request_t *r, ngx_pay_loc_conf_t *plcf)
{
    if (plcf->dry_run) {
        return NGX_DECLINED;
    }

    ngx_pay_guard_restore(r);

    if (r->err_status < NGX_HTTP_SPECIAL_RESPONSE) {
        return NGX_HTTP_BAD_REQUEST;
    }

    return r->err_status;
}


static void
ngx_pay_auth_resume(ngx_http_request_t *r, ngx_pay_ctx_t *ctx)
{
    r->write_event_handler = ngx_http_core_run_phases;

    ngx_http_core_run_phases(r);
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

    if (!plcf->auth || plcf->dry_run || plcf->notify || r == r->main) {
        return NGX_DECLINED;
    }

    ctx = ngx_http_get_module_ctx(r, ngx_http_pay_module);

    if (ctx && ctx->role == NGX_PAY_ROLE_CALL) {
        return NGX_DECLINED;
    }

    ctx = ngx_pay_ctx_get(r->main);

    return ctx && ctx->verified ? NGX_DECLINED : NGX_HTTP_FORBIDDEN;
}


/*
 * Once for each location that the request comes into.  An error page that is
 * to be seen must be in a location that is off.
 */

static ngx_int_t
ngx_pay_auth_decide(ngx_http_request_t *r, ngx_pay_ctx_t *ctx,
    ngx_pay_loc_conf_t *plcf)
{
    pay_error_t           e;
    ngx_uint_t            status;
    ngx_pay_main_conf_t  *mcf;

    if (ctx->verified) {
        ngx_pay_guard_restore(r);
        return NGX_DECLINED;
    }

    if (plcf->dry_run) {

        if (!ctx->dry) {
            ctx->dry = 1;

            mcf = ngx_http_get_module_main_conf(r, ngx_http_pay_module);
            ngx_pay_count(mcf->zone, gate_dry);
        }

        return NGX_DECLINED;
    }

    status = pay_code_info(ctx->auth)->status;

    if (ctx->answered) {
        return status;
    }

    ctx->answered = 1;

    ngx_memzero(&e, sizeof(pay_error_t));

    e.code = ctx->auth;
    ctx->error = ctx->auth;

    if (ngx_pay_auth_error_page(r, status)) {

        if (status == NGX_HTTP_UNAUTHORIZED && ngx_pay_challenge(r) != NGX_OK)
        {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

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
