
/*
 * Copyright (C) the ngx_pay authors
 *
 * What a location with a check of ours must not let out: an answer that
 * nobody checked.  "return" and "rewrite" run before our phases.
 */

#include <ngx_pay.h>


static void
ngx_pay_guard_status_cleanup(void *data)
{
    /* it is the mark by which the status is found again */
}


/* of the error page that this is; 0: kept nowhere */

static ngx_uint_t *
ngx_pay_guard_status(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t  *cln;

    for (cln = r->pool->cleanup; cln; cln = cln->next) {
        if (cln->handler == ngx_pay_guard_status_cleanup) {
            return cln->data;
        }
    }

    return NULL;
}


void
ngx_pay_guard_restore(ngx_http_request_t *r)
{
    ngx_uint_t  *status;

    if (!r->internal || r != r->main) {
        return;
    }

    status = ngx_pay_guard_status(r);

    if (status && *status) {
        r->err_status = *status;
        *status = 0;
    }
}


/*
 * Before "return" and "rewrite".  In an error page nginx puts the status of
 * the error in place of that of the answer, and ngx_pay_guard() would take
 * "return 200" for a refusal: until the request is checked it has none.
 */

ngx_int_t
ngx_pay_guard_page(ngx_http_request_t *r)
{
    ngx_uint_t          *status;
    ngx_pay_ctx_t       *ctx;
    ngx_pool_cleanup_t  *cln;
    ngx_pay_loc_conf_t  *plcf;

    ngx_pay_guard_restore(r);

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_pay_module);

    if (r->err_status == 0 || !plcf->auth || plcf->dry_run || plcf->api
        || plcf->notify)
    {
        return NGX_DECLINED;
    }

    ctx = ngx_pay_ctx_get(r->main);

    if (ctx && ctx->verified) {
        return NGX_DECLINED;
    }

    /* a subrequest gets no further than to "return" */

    if (r != r->main) {
        r->err_status = 0;
        return NGX_DECLINED;
    }

    status = ngx_pay_guard_status(r);

    if (status == NULL) {
        cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_uint_t));
        if (cln == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        cln->handler = ngx_pay_guard_status_cleanup;
        status = cln->data;
    }

    *status = r->err_status;
    r->err_status = 0;

    return NGX_DECLINED;
}


/*
 * A subrequest comes into a checked location only for a request that was
 * checked (ngx_pay_auth_subrequest), but "return" runs before that: who asked,
 * as auth_request or SSI, is told 403 and nothing else.
 */

static void
ngx_pay_guard_subrequest(ngx_http_request_t *r)
{
    ngx_pay_ctx_t       *ctx;
    ngx_pay_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_pay_module);

    if (!plcf->auth || plcf->dry_run || plcf->notify) {
        return;
    }

    ctx = ngx_pay_ctx_get(r->main);

    if (ctx && ctx->verified) {
        return;
    }

    ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                  "pay: a response of status %ui to a subrequest is withheld: "
                  "its request was not checked, and \"return\" does not go "
                  "together with \"pay_auth\" in this location",
                  r->headers_out.status);

    ngx_http_clear_content_length(r);
    r->headers_out.status = NGX_HTTP_FORBIDDEN;
    r->header_only = 1;
}


ngx_int_t
ngx_pay_guard(ngx_http_request_t *r)
{
    ngx_pay_ctx_t       *ctx;
    ngx_pay_loc_conf_t  *plcf;

    if (r->headers_out.status >= 300) {
        return NGX_OK;
    }

    if (r != r->main) {
        ngx_pay_guard_subrequest(r);
        return NGX_OK;
    }

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_pay_module);

    if ((!plcf->auth || plcf->dry_run) && plcf->notify == NULL) {
        return NGX_OK;
    }

    ctx = ngx_pay_ctx_get(r);

    if (ctx && ctx->replied) {
        return NGX_OK;
    }

    if (plcf->notify == NULL && ctx && ctx->verified) {
        return NGX_OK;
    }

    ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                  "pay: a response of status %ui that was not checked is "
                  "withheld: \"return\", \"rewrite\" and \"error_page\" do "
                  "not go together with \"%s\" in this location",
                  r->headers_out.status,
                  plcf->notify ? "pay_notify" : "pay_auth");

    return NGX_DECLINED;
}
