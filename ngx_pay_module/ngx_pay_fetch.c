
/*
 * Copyright (C) the ngx_pay authors
 *
 * PAY_FETCH: a channel's answer goes into a temporary file, and its digest is
 * computed while it comes.  What is in a gzip file is written, so that the
 * limit is one of the disk.
 */

#include <ngx_pay_fetch.h>


#define NGX_PAY_FETCH_TIME   1800000    /* ms */
#define NGX_PAY_FETCH_OTHER  65536      /* of an answer that is no file */


static ngx_int_t ngx_pay_fetch_sink(ngx_pay_call_t *call, ngx_buf_t *b,
    size_t n);
static void ngx_pay_fetch_write(void *data, const void *p, size_t n);
static void ngx_pay_fetch_cleanup(void *data);


ngx_int_t
ngx_pay_fetch_open(ngx_pay_talk_t *talk, ngx_pay_call_t *call)
{
    ngx_http_request_t        *r;
    ngx_pay_fetch_t           *f;
    ngx_pool_cleanup_t        *cln;
    ngx_pay_loc_conf_t        *plcf;
    ngx_http_core_loc_conf_t  *clcf;

    r = talk->request;
    plcf = ngx_http_get_module_loc_conf(r, ngx_http_pay_module);
    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    f = ngx_pcalloc(r->pool, sizeof(ngx_pay_fetch_t));
    cln = ngx_pool_cleanup_add(r->pool, 0);

    if (f == NULL || cln == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_pay_fetch_cleanup;
    cln->data = f;

    f->limit = plcf->statement_size;
    f->file.fd = NGX_INVALID_FILE;
    f->file.log = r->connection->log;

    if (talk->core.fetch.digest.len) {
        f->hash = pay_hash_begin(talk->core.fetch.hash);
    }

    if (talk->core.fetch.gzip) {
        f->gunzip = pay_gunzip_begin(f->limit, ngx_pay_fetch_write, f);
    }

    if ((talk->core.fetch.digest.len && f->hash == NULL)
        || (talk->core.fetch.gzip && f->gunzip == NULL))
    {
        return NGX_ERROR;
    }

    /* not persistent: it has lost its name when this returns */

    if (ngx_create_temp_file(&f->file, clcf->client_body_temp_path, r->pool, 0,
                             0, 0) != NGX_OK)
    {
        return NGX_ERROR;
    }

    talk->fetch = f;

    call->sink = ngx_pay_fetch_sink;
    call->time = NGX_PAY_FETCH_TIME;

    return NGX_OK;
}


static void
ngx_pay_fetch_cleanup(void *data)
{
    ngx_pay_fetch_t  *f = data;

    pay_hash_drop(f->hash);
    pay_gunzip_drop(f->gunzip);

    f->hash = NULL;
    f->gunzip = NULL;
}


static void
ngx_pay_fetch_write(void *data, const void *p, size_t n)
{
    ngx_pay_fetch_t  *f = data;

    if (f->failed) {
        return;
    }

    if ((off_t) n > f->limit - f->size) {
        f->failed = "size";
        return;
    }

    if (f->hash) {
        pay_hash_add(f->hash, p, n);
    }

    if (ngx_write_file(&f->file, (u_char *) p, n, f->size) != (ssize_t) n) {
        f->failed = "disk";
        return;
    }

    f->size += n;
}


/* a part of the answer; NGX_ERROR: the rest is not wanted */

static ngx_int_t
ngx_pay_fetch_sink(ngx_pay_call_t *call, ngx_buf_t *b, size_t n)
{
    pay_rc_t          rc;
    ngx_pay_talk_t   *talk = call->data;
    ngx_pay_fetch_t  *f;

    f = talk->fetch;

    if (call->sr->upstream == NULL
        || call->sr->upstream->headers_in.status_n != NGX_HTTP_OK)
    {
        return call->size + n <= NGX_PAY_FETCH_OTHER
               ? ngx_pay_call_copy(call, b, n) : NGX_ERROR;
    }

    if (f->gunzip == NULL) {
        ngx_pay_fetch_write(f, b->pos, n);

    } else if (f->failed == NULL) {
        rc = pay_gunzip_add(f->gunzip, b->pos, n);

        if (rc != PAY_OK && f->failed == NULL) {
            f->failed = rc == PAY_DECLINED ? "size"
                        : rc == PAY_INVALID ? "gzip" : "memory";
        }
    }

    return f->failed ? NGX_ERROR : NGX_OK;
}


static void
ngx_pay_fetch_check(ngx_pay_fetch_t *f, pay_str_t digest)
{
    pay_u8         got[64];
    pay_hash_t    *hash;
    pay_gunzip_t  *gunzip;

    gunzip = f->gunzip;
    f->gunzip = NULL;

    if (gunzip && pay_gunzip_end(gunzip) != PAY_OK && f->failed == NULL) {
        f->failed = "gzip";
    }

    hash = f->hash;
    f->hash = NULL;

    if (hash == NULL) {
        return;
    }

    if (pay_hash_end(got, hash) != 0) {
        f->failed = "memory";
        return;
    }

    if (f->failed == NULL
        && (digest.len > sizeof(got)
            || ngx_memcmp(got, digest.data, digest.len) != 0))
    {
        f->failed = "digest";
    }
}


ngx_int_t
ngx_pay_fetch_close(ngx_pay_talk_t *talk, ngx_pay_call_t *call)
{
    ngx_pay_fetch_t  *f;

    f = talk->fetch;

    if (f->failed == NULL
        && (talk->answer.outcome != PAY_ANSWERED
            || talk->answer.status != NGX_HTTP_OK))
    {
        talk->fetch = NULL;
        return NGX_DECLINED;
    }

    ngx_pay_fetch_check(f, talk->core.fetch.digest);

    if (f->failed == NULL) {
        return NGX_OK;
    }

    ngx_log_error(NGX_LOG_ERR, call->parent->connection->log, 0,
                  "pay: the statement of channel \"%V\" is not taken: %s, "
                  "%O bytes", &talk->channel->name, f->failed, f->size);

    return NGX_ERROR;
}
