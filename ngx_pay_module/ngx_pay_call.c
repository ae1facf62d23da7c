
/*
 * Copyright (C) the ngx_pay authors
 *
 * One HTTP call: to a channel through the internal call location, or to the
 * merchant's application through a clone of the notify location.  A
 * background subrequest with a capture filter: the answer counts only when
 * it is complete (docs/design.md section 4, decisions 1 to 6).
 */

#include <ngx_pay_talk.h>


/* an answer that comes in drops is given up after this */
#define NGX_PAY_CALL_TIME  120000


typedef struct {
    ngx_list_t                  headers;
    ngx_http_request_body_t    *body;
    ngx_http_variable_value_t  *variables;
    ngx_pay_ctx_t              *ctx;
    ngx_table_elt_t            *content_type;
} ngx_pay_call_parts_t;


static ngx_int_t ngx_pay_call_parts(ngx_http_request_t *r,
    ngx_pay_call_t *call, ngx_pay_call_parts_t *parts);
static ngx_int_t ngx_pay_call_push(ngx_pool_t *pool, ngx_list_t *headers,
    pay_header_t *header);
static ngx_int_t ngx_pay_call_done(ngx_http_request_t *sr, void *data,
    ngx_int_t rc);
static void ngx_pay_call_resume(ngx_http_request_t *r);


static ngx_http_output_header_filter_pt  ngx_http_next_header_filter;
static ngx_http_output_body_filter_pt    ngx_http_next_body_filter;


/*
 * A fresh header list, own body, own variables: what the client sent is not
 * passed on, and what one call computed is not seen by another.  All of it
 * is made first: a subrequest that is posted cannot be taken back.
 */

ngx_int_t
ngx_pay_call(ngx_http_request_t *r, ngx_pay_call_t *call)
{
    ngx_str_t                    uri, server;
    ngx_uint_t                   flags;
    ngx_table_elt_t             *host;
    ngx_http_request_t          *sr;
    ngx_pay_call_parts_t         parts;
    ngx_http_post_subrequest_t  *ps;

    ps = ngx_palloc(r->pool, sizeof(ngx_http_post_subrequest_t));

    if (ps == NULL || ngx_pay_call_parts(r, call, &parts) != NGX_OK) {
        return NGX_ERROR;
    }

    ps->handler = ngx_pay_call_done;
    ps->data = call;

    call->parent = r;
    call->last = &call->out;
    call->start = ngx_current_msec;

    if (call->time == 0) {
        call->time = NGX_PAY_CALL_TIME;
    }

    flags = NGX_HTTP_SUBREQUEST_BACKGROUND;
    uri = call->location;

    if (uri.len == 0) {
        flags |= NGX_HTTP_SUBREQUEST_CLONE;
        uri = r->uri;
    }

    if (ngx_http_subrequest(r, &uri, NULL, &sr, ps, flags) != NGX_OK) {
        return NGX_ERROR;
    }

    call->sr = sr;

    ngx_http_set_ctx(sr, parts.ctx, ngx_http_pay_module);

    /* number and name: the number decides whether nginx sends again */

    sr->method = ngx_strcmp(call->request->method, "GET") == 0
                 ? NGX_HTTP_GET : NGX_HTTP_POST;
    sr->method_name.data = (u_char *) call->request->method;
    sr->method_name.len = ngx_strlen(call->request->method);

    ngx_str_null(&sr->args);
    sr->valid_unparsed_uri = 0;
    sr->unparsed_uri = sr->uri;

    server = r->headers_in.server;
    host = call->location.len ? NULL : r->headers_in.host;
    ngx_memzero(&sr->headers_in, sizeof(ngx_http_headers_in_t));
    sr->headers_in.server = server;
    sr->headers_in.host = host;
    sr->headers_in.content_type = parts.content_type;
    sr->headers_in.keep_alive_n = -1;
    sr->headers_in.content_length_n = call->request->body.len;

    if (sr->method == NGX_HTTP_GET) {
        sr->headers_in.content_length_n = -1;
    }

    /* one part, or the list's last would point into the stack */

    sr->headers_in.headers = parts.headers;
    sr->headers_in.headers.last = &sr->headers_in.headers.part;

    sr->variables = parts.variables;
    sr->request_body = parts.body;

    return NGX_OK;
}


static ngx_int_t
ngx_pay_call_parts(ngx_http_request_t *r, ngx_pay_call_t *call,
    ngx_pay_call_parts_t *parts)
{
    ngx_buf_t                  *b;
    ngx_uint_t                  i;
    pay_request_t              *q;
    ngx_http_core_main_conf_t  *cmcf;

    q = call->request;
    cmcf = ngx_http_get_module_main_conf(r, ngx_http_core_module);

    parts->ctx = ngx_pcalloc(r->pool, sizeof(ngx_pay_ctx_t));
    parts->body = ngx_pcalloc(r->pool, sizeof(ngx_http_request_body_t));
    parts->variables = ngx_pcalloc(r->pool, cmcf->variables.nelts
                                         * sizeof(ngx_http_variable_value_t));

    if (parts->ctx == NULL || parts->body == NULL || parts->variables == NULL
        || ngx_list_init(&parts->headers, r->pool, PAY_REQUEST_HEADERS,
                         sizeof(ngx_table_elt_t)) != NGX_OK)
    {
        return NGX_ERROR;
    }

    parts->ctx->role = NGX_PAY_ROLE_CALL;
    parts->ctx->call = call;
    parts->content_type = NULL;

    for (i = 0; i < q->nheaders; i++) {
        if (ngx_pay_call_push(r->pool, &parts->headers, &q->headers[i])
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (pay_str_caseeqz(q->headers[i].name, "Content-Type")) {
            parts->content_type = (ngx_table_elt_t *)
                                  parts->headers.part.elts + i;
        }
    }

    if (q->body.len == 0) {
        return NGX_OK;
    }

    b = ngx_create_temp_buf(r->pool, q->body.len);
    parts->body->bufs = ngx_alloc_chain_link(r->pool);

    if (b == NULL || parts->body->bufs == NULL) {
        return NGX_ERROR;
    }

    /* copied: the talk's arena may go before the last byte is written */

    b->last = ngx_cpymem(b->pos, q->body.data, q->body.len);
    b->last_buf = 1;

    parts->body->bufs->buf = b;
    parts->body->bufs->next = NULL;

    return NGX_OK;
}


static ngx_int_t
ngx_pay_call_push(ngx_pool_t *pool, ngx_list_t *headers, pay_header_t *header)
{
    u_char           *p;
    ngx_table_elt_t  *h;

    h = ngx_list_push(headers);
    p = ngx_pnalloc(pool, 2 * (header->name.len + 1) + header->value.len + 1);

    if (h == NULL || p == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(h, sizeof(ngx_table_elt_t));

    h->key.data = p;
    h->key.len = header->name.len;
    p = ngx_cpymem(p, header->name.data, header->name.len);
    *p++ = '\0';

    h->lowcase_key = p;
    h->hash = ngx_hash_strlow(p, h->key.data, h->key.len);
    p += h->key.len;
    *p++ = '\0';

    h->value.data = p;
    h->value.len = header->value.len;
    p = ngx_cpymem(p, header->value.data, header->value.len);
    *p = '\0';

    return NGX_OK;
}


/*
 * Runs inside of ngx_http_finalize_request(sr): it records and posts, and
 * touches nothing else.  An HTTP/2 RST_STREAM of the client has set
 * connection->error although the answer may be whole: the outcome is noted
 * before anything is ended by it.
 */

static ngx_int_t
ngx_pay_call_done(ngx_http_request_t *sr, void *data, ngx_int_t rc)
{
    ngx_pay_call_t  *call = data;

    ngx_pay_ctx_t       *owner;
    ngx_http_request_t  *r;

    if (call->done) {
        return NGX_OK;
    }

    call->done = 1;
    r = call->parent;
    owner = call->owner;

    if (sr->upstream) {
        call->status = sr->upstream->headers_in.status_n;
        call->sent = sr->upstream->request_sent;
        r->upstream_states = sr->upstream_states;
    }

    if (rc == NGX_ERROR || rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        call->complete = 0;
    }

    owner->called = 1;
    owner->channel_time += ngx_current_msec - call->start;

    if (call->settle) {
        call->settle(call);
    }

    if (call->abandoned || sr->connection->error) {
        return NGX_OK;
    }

    r->write_event_handler = ngx_pay_call_resume;
    owner->call = call;

    return ngx_http_post_request(r, NULL) == NGX_OK ? NGX_OK : NGX_ERROR;
}


static void
ngx_pay_call_resume(ngx_http_request_t *r)
{
    ngx_pay_ctx_t   *ctx;
    ngx_pay_call_t  *call;

    r->write_event_handler = ngx_http_request_empty_handler;

    ctx = ngx_http_get_module_ctx(r, ngx_http_pay_module);

    if (ctx == NULL || ctx->call == NULL) {
        return;
    }

    call = ctx->call;
    ctx->call = NULL;

    call->resume(call);
}


/* an answer that may be looked at: whole, and within the limit */

ngx_uint_t
ngx_pay_call_whole(ngx_pay_call_t *call)
{
    return call->status != 0 && call->complete && !call->too_big
           && !call->failed;
}


ngx_int_t
ngx_pay_call_body(ngx_pay_call_t *call, pay_str_t *out)
{
    u_char       *p;
    ngx_chain_t  *cl;

    out->len = call->size;
    out->data = NULL;

    if (call->size == 0) {
        return NGX_OK;
    }

    if (call->out->next == NULL) {
        out->data = call->out->buf->pos;
        return NGX_OK;
    }

    p = ngx_pnalloc(call->parent->pool, call->size);
    if (p == NULL) {
        return NGX_ERROR;
    }

    out->data = p;

    for (cl = call->out; cl; cl = cl->next) {
        p = ngx_cpymem(p, cl->buf->pos, cl->buf->last - cl->buf->pos);
    }

    return NGX_OK;
}


/*
 * The call of a subrequest.  An internal redirect within it (error_page,
 * try_files) wipes the context, and its output would go to the client.
 */

static ngx_pay_call_t *
ngx_pay_call_find(ngx_http_request_t *sr)
{
    ngx_pay_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(sr, ngx_http_pay_module);

    if (ctx && ctx->call && ctx->role == NGX_PAY_ROLE_CALL) {
        return ctx->call;
    }

    if (sr->post_subrequest
        && sr->post_subrequest->handler == ngx_pay_call_done)
    {
        return sr->post_subrequest->data;
    }

    return NULL;
}


ngx_int_t
ngx_pay_call_copy(ngx_pay_call_t *call, ngx_buf_t *in, size_t n)
{
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    b = ngx_create_temp_buf(call->sr->pool, n);
    cl = ngx_alloc_chain_link(call->sr->pool);

    if (b == NULL || cl == NULL) {
        return NGX_ERROR;
    }

    b->last = ngx_cpymem(b->pos, in->pos, n);

    cl->buf = b;
    cl->next = NULL;

    *call->last = cl;
    call->last = &cl->next;
    call->size += n;

    return NGX_OK;
}


/* a subrequest of ours that was redirected: its context is gone */

ngx_uint_t
ngx_pay_call_strayed(ngx_http_request_t *sr)
{
    return sr != sr->main
           && ngx_http_get_module_ctx(sr, ngx_http_pay_module) == NULL
           && ngx_pay_call_find(sr) != NULL;
}


/*
 * The event pipe writes only for the request that owns the connection: with
 * all its buffers full it would stop reading, and no timer is left.
 */

static void
ngx_pay_call_direct(ngx_http_upstream_t *u)
{
    ngx_str_t  *s;

    u->buffering = 0;

    if (u->conf == NULL) {
        return;
    }

    s = &u->conf->module;

    /*
     * nginx takes a closed connection for the end of any answer without a
     * length.  FastCGI has a record for it, which sets this to 0.
     */

    if (s->len == 7 && ngx_strncmp(s->data, "fastcgi", 7) == 0) {
        u->length = 1;
    }
}


static ngx_int_t
ngx_pay_header_filter(ngx_http_request_t *r)
{
    ngx_pay_call_t  *call;

    call = r == r->main ? NULL : ngx_pay_call_find(r);

    if (call == NULL) {

        if (ngx_pay_guard(r) == NGX_OK) {
            return ngx_http_next_header_filter(r);
        }

        return ngx_http_filter_finalize_request(r, &ngx_http_pay_module,
                                               NGX_HTTP_INTERNAL_SERVER_ERROR);
    }

    /* what another location says, after X-Accel-Redirect, or the cache */

    if (r->cached || ngx_pay_call_strayed(r)) {
        call->failed = 1;
    }

    r->filter_need_in_memory = 1;
    r->header_sent = 1;

    if (r->upstream && !r->upstream->cacheable) {
        ngx_pay_call_direct(r->upstream);
    }

    return NGX_OK;
}


static void
ngx_pay_call_take(ngx_pay_call_t *call, ngx_buf_t *b)
{
    size_t  n;

    n = ngx_buf_in_memory(b) ? (size_t) (b->last - b->pos) : 0;

    if (n && ((call->sink == NULL && call->size + n > call->limit)
              || ngx_current_msec - call->start > call->time))
    {
        call->too_big = 1;
    }

    if (n == 0 || call->too_big) {
        return;
    }

    if (call->sink) {
        call->too_big = call->sink(call, b, n) != NGX_OK;

    } else if (ngx_pay_call_copy(call, b, n) != NGX_OK) {
        call->failed = 1;
    }
}


static ngx_int_t
ngx_pay_body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_buf_t       *b;
    ngx_pay_call_t  *call;

    call = r == r->main ? NULL : ngx_pay_call_find(r);

    if (call == NULL) {
        return ngx_http_next_body_filter(r, in);
    }

    for ( /* void */ ; in; in = in->next) {
        b = in->buf;

        if (b->last_buf || b->last_in_chain) {
            call->complete = 1;
        }

        ngx_pay_call_take(call, b);

        /* consumed: or the pipe never reuses its buffers */

        b->pos = b->last;
        b->file_pos = b->file_last;
    }

    /*
     * No answer any more, and it may have no end: the upstream takes it for
     * read and closes.  An error here would end the client's request, too.
     */

    if (call->too_big && r->upstream && !r->upstream->buffering) {
        r->upstream->length = 0;
    }

    return NGX_OK;
}


ngx_int_t
ngx_pay_call_init(void)
{
    ngx_http_next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx_pay_header_filter;

    ngx_http_next_body_filter = ngx_http_top_body_filter;
    ngx_http_top_body_filter = ngx_pay_body_filter;

    return NGX_OK;
}
