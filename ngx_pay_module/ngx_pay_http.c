
/*
 * Copyright (C) the ngx_pay authors
 *
 * A request's context, its body and headers, and answers of ours.
 */

#include <ngx_pay.h>


#define NGX_PAY_FILE_BUFFER  16384


static void
ngx_pay_ctx_cleanup(void *data)
{
    /* it is the mark by which the context is found again */
}


/*
 * An internal redirect wipes the contexts of a request.  Ours is found again
 * by its cleanup, or an inherited gate would see its own nonce as a replay.
 */

ngx_pay_ctx_t *
ngx_pay_ctx_get(ngx_http_request_t *r)
{
    ngx_pay_ctx_t       *ctx;
    ngx_pool_cleanup_t  *cln;

    ctx = ngx_http_get_module_ctx(r, ngx_http_pay_module);

    if (ctx || r != r->main || (!r->internal && !r->filter_finalize)) {
        return ctx;
    }

    for (cln = r->pool->cleanup; cln; cln = cln->next) {
        if (cln->handler == ngx_pay_ctx_cleanup) {
            ngx_http_set_ctx(r, cln->data, ngx_http_pay_module);
            return cln->data;
        }
    }

    return NULL;
}


ngx_pay_ctx_t *
ngx_pay_ctx_make(ngx_http_request_t *r, ngx_uint_t role)
{
    ngx_pay_ctx_t       *ctx;
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_pay_ctx_t));
    if (cln == NULL) {
        return NULL;
    }

    ctx = cln->data;
    ngx_memzero(ctx, sizeof(ngx_pay_ctx_t));
    ctx->role = role;

    /* a subrequest shares the pool: its context is no mark */

    cln->handler = r == r->main ? ngx_pay_ctx_cleanup : NULL;

    ngx_http_set_ctx(r, ctx, ngx_http_pay_module);

    return ctx;
}


static void
ngx_pay_body_done(ngx_http_request_t *r)
{
    ngx_pay_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_pay_module);

    ctx->body_done = 1;
    r->preserve_body = 1;
    r->write_event_handler = ngx_http_core_run_phases;

    ngx_http_core_run_phases(r);
}


ngx_int_t
ngx_pay_body_read(ngx_http_request_t *r, ngx_pay_ctx_t *ctx)
{
    ngx_int_t  rc;

    ctx->reading = 1;

    rc = ngx_http_read_client_request_body(r, ngx_pay_body_done);

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        return rc;
    }

    ngx_http_finalize_request(r, NGX_DONE);

    return NGX_DONE;
}


pay_arena_t *
ngx_pay_arena(ngx_http_request_t *r, ngx_pool_cleanup_t **cleanup)
{
    pay_arena_t         *arena;
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(r->pool, 0);
    arena = cln ? pay_arena_create(0) : NULL;

    if (arena == NULL) {
        return NULL;
    }

    cln->handler = (ngx_pool_cleanup_pt) pay_arena_destroy;
    cln->data = arena;

    if (cleanup) {
        *cleanup = cln;
    }

    return arena;
}


static ngx_int_t
ngx_pay_body_file(ngx_buf_t *b, u_char *out)
{
    off_t    offset;
    size_t   size;
    ssize_t  n;

    for (offset = b->file_pos; offset < b->file_last; offset += n) {

        size = (size_t) (b->file_last - offset);
        n = ngx_read_file(b->file, out, size, offset);

        if (n <= 0) {
            return NGX_ERROR;
        }

        out += n;
    }

    return NGX_OK;
}


off_t
ngx_pay_body_size(ngx_http_request_t *r)
{
    off_t         size;
    ngx_chain_t  *cl;

    if (r->request_body == NULL) {
        return 0;
    }

    for (size = 0, cl = r->request_body->bufs; cl; cl = cl->next) {
        size += ngx_buf_size(cl->buf);
    }

    return size;
}


ngx_int_t
ngx_pay_body(ngx_http_request_t *r, size_t limit, ngx_str_t *out)
{
    off_t         size;
    u_char       *p;
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    ngx_str_null(out);

    if (r->request_body == NULL || r->request_body->bufs == NULL) {
        return NGX_OK;
    }

    size = ngx_pay_body_size(r);

    if (size > (off_t) limit) {
        return NGX_DECLINED;
    }

    cl = r->request_body->bufs;
    b = cl->buf;

    if (cl->next == NULL && ngx_buf_in_memory(b)) {
        out->data = b->pos;
        out->len = b->last - b->pos;
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, size ? size : 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    out->data = p;
    out->len = (size_t) size;

    for ( /* void */ ; cl; cl = cl->next) {
        b = cl->buf;

        if (ngx_buf_in_memory(b)) {
            p = ngx_cpymem(p, b->pos, b->last - b->pos);
            continue;
        }

        if (!b->in_file) {
            continue;
        }

        if (ngx_pay_body_file(b, p) != NGX_OK) {
            return NGX_ERROR;
        }

        p += b->file_last - b->file_pos;
    }

    return NGX_OK;
}


/* the body as received: a file is read in pieces */

ngx_int_t
ngx_pay_body_each(ngx_http_request_t *r, pay_sink_pt sink, void *data)
{
    off_t         offset;
    u_char       *buf;
    ssize_t       n;
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    if (r->request_body == NULL) {
        return NGX_OK;
    }

    buf = NULL;

    for (cl = r->request_body->bufs; cl; cl = cl->next) {
        b = cl->buf;

        if (ngx_buf_in_memory(b)) {
            sink(data, b->pos, b->last - b->pos);
            continue;
        }

        if (!b->in_file) {
            continue;
        }

        if (buf == NULL) {
            buf = ngx_palloc(r->pool, NGX_PAY_FILE_BUFFER);
            if (buf == NULL) {
                return NGX_ERROR;
            }
        }

        for (offset = b->file_pos; offset < b->file_last; offset += n) {

            n = ngx_read_file(b->file, buf,
                              (size_t) ngx_min(b->file_last - offset,
                                               NGX_PAY_FILE_BUFFER),
                              offset);
            if (n <= 0) {
                return NGX_ERROR;
            }

            sink(data, buf, n);
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_pay_headers(ngx_pool_t *pool, ngx_list_t *list, pay_headers_t *out)
{
    size_t            n;
    ngx_uint_t        i;
    pay_header_t     *elts;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    for (n = 0, part = &list->part; part; part = part->next) {
        n += part->nelts;
    }

    elts = ngx_palloc(pool, (n + 1) * sizeof(pay_header_t));
    if (elts == NULL) {
        return NGX_ERROR;
    }

    for (n = 0, part = &list->part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (h[i].hash == 0) {
                continue;
            }

            elts[n].name = ngx_pay_str(&h[i].key);
            elts[n].value = ngx_pay_str(&h[i].value);
            n++;
        }
    }

    out->elts = elts;
    out->nelts = n;

    return NGX_OK;
}


ngx_int_t
ngx_pay_header_once(ngx_http_request_t *r, const char *name,
    ngx_str_t *value)
{
    size_t            len;
    ngx_uint_t        i, found;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    len = ngx_strlen(name);
    found = 0;

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (h[i].key.len == len
                && ngx_strncasecmp(h[i].key.data, (u_char *) name, len) == 0)
            {
                found++;
                *value = h[i].value;
            }
        }
    }

    return found == 0 ? NGX_DECLINED : found == 1 ? NGX_OK : NGX_ABORT;
}


pay_str_t
ngx_pay_request_id(ngx_http_request_t *r)
{
    pay_str_t                   id;
    ngx_pay_main_conf_t        *mcf;
    ngx_http_variable_value_t  *vv;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_pay_module);
    vv = ngx_http_get_indexed_variable(r->main, mcf->request_id);

    if (vv == NULL || vv->not_found) {
        return PAY_STR("");
    }

    id.data = vv->data;
    id.len = vv->len;

    return id;
}


ngx_str_t
ngx_pay_keep(ngx_http_request_t *r, pay_str_t s)
{
    ngx_str_t  in, out;

    in = ngx_pay_nstr(s);
    ngx_str_null(&out);

    if (in.len) {
        out.data = ngx_pstrdup(r->pool, &in);
        out.len = out.data ? in.len : 0;
    }

    return out;
}


ngx_int_t
ngx_pay_add_header(ngx_http_request_t *r, const char *name, ngx_str_t *value)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(h, sizeof(ngx_table_elt_t));

    h->hash = 1;
    h->key.data = (u_char *) name;
    h->key.len = ngx_strlen(name);
    h->value = *value;

    return NGX_OK;
}


ngx_int_t
ngx_pay_reply(ngx_http_request_t *r, ngx_uint_t status, const char *type,
    pay_str_t body)
{
    ngx_int_t       rc;
    ngx_buf_t      *b;
    ngx_chain_t     out;
    ngx_pay_ctx_t  *ctx;

    ctx = ngx_pay_ctx_get(r);

    if (ctx) {
        ctx->replied = 1;
    }

    /* the answer depends on what was done, not on what the client has */

    r->disable_not_modified = 1;

    r->headers_out.status = status;
    r->headers_out.content_length_n = body.len;

    if (type && body.len) {
        r->headers_out.content_type.data = (u_char *) type;
        r->headers_out.content_type.len = ngx_strlen(type);
        r->headers_out.content_type_len = r->headers_out.content_type.len;
        r->headers_out.content_type_lowcase = NULL;
    }

    if (body.len == 0) {
        r->header_only = 1;
    }

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_ERROR;
    }

    /* the text may live in an arena that goes with its talk */

    b->pos = ngx_pnalloc(r->pool, body.len);
    if (b->pos == NULL) {
        return NGX_ERROR;
    }

    b->last = ngx_cpymem(b->pos, body.data, body.len);
    b->memory = 1;
    b->last_buf = 1;
    b->last_in_chain = 1;

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}


static ngx_int_t
ngx_pay_retry_after(ngx_http_request_t *r, pay_code_t code)
{
    u_char         *p;
    ngx_str_t       value;
    ngx_pay_ctx_t  *ctx;

    if (code != PAY_E_STORE_UNAVAILABLE && code != PAY_E_CHANNEL_BUSY
        && code != PAY_E_IN_PROGRESS)
    {
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, NGX_TIME_T_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ctx = ngx_pay_ctx_get(r);

    value.data = p;
    value.len = ngx_sprintf(p, "%T", ctx && ctx->retry_after
                                     ? ctx->retry_after : (time_t) 1) - p;

    return ngx_pay_add_header(r, "Retry-After", &value);
}


/* the same for everybody: it does not tell who has what kind of key */

ngx_int_t
ngx_pay_challenge(ngx_http_request_t *r)
{
    ngx_str_t  value = ngx_string("PAY-HMAC-SHA256");

    return ngx_pay_add_header(r, "WWW-Authenticate", &value);
}


static ngx_int_t
ngx_pay_error_headers(ngx_http_request_t *r, pay_code_t code)
{
    if (pay_code_info(code)->status == NGX_HTTP_UNAUTHORIZED) {
        return ngx_pay_challenge(r);
    }

    return ngx_pay_retry_after(r, code);
}


ngx_int_t
ngx_pay_reply_error(ngx_http_request_t *r, const pay_error_t *e)
{
    ngx_int_t       rc;
    pay_str_t       body;
    pay_arena_t    *arena;
    ngx_pay_ctx_t  *ctx;

    ctx = ngx_pay_ctx_get(r);

    if (ctx) {
        ctx->error = e->code;
        ctx->channel_code = ngx_pay_keep(r, e->channel_code);
    }

    arena = pay_arena_create(0);
    if (arena == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    body = pay_error_json(arena, e, ngx_pay_request_id(r),
                          ctx && pay_op_info(ctx->op)->money);

    rc = NGX_HTTP_INTERNAL_SERVER_ERROR;

    if (body.data && ngx_pay_error_headers(r, e->code) == NGX_OK) {
        rc = ngx_pay_reply(r, pay_code_info(e->code)->status,
                           "application/problem+json", body);
    }

    pay_arena_destroy(arena);

    return rc;
}


ngx_int_t
ngx_pay_not_allowed(ngx_http_request_t *r)
{
    ngx_int_t    rc;
    pay_error_t  e;

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_memzero(&e, sizeof(pay_error_t));
    e.code = PAY_E_METHOD_NOT_ALLOWED;

    return ngx_pay_reply_error(r, &e);
}
