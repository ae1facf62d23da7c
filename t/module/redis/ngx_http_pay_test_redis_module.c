
/*
 * Copyright (C) the ngx_pay authors
 *
 * For the tests: a location that sends its arguments to Redis as a command,
 * "/redis?SET+key+a%20value", and answers with what came of it.
 *
 *   test_redis_server { ... }    as pay_redis
 *   test_redis_idle MS           PING after that
 *   test_redis;                  the location
 *   test_redis_status;           the client's counters of this worker
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <ngx_pay_redis.h>


typedef struct {
    ngx_pay_redis_t      *redis;
    ngx_msec_t            idle;
    ngx_pay_redis_job_t   ready;
    ngx_uint_t            readies;
} ngx_test_redis_conf_t;

typedef struct {
    ngx_http_request_t   *request;
    ngx_pay_redis_job_t   job;
} ngx_test_redis_ctx_t;


static void *ngx_test_redis_create_conf(ngx_conf_t *cf);
static char *ngx_test_redis_location(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static ngx_int_t ngx_test_redis_init_process(ngx_cycle_t *cycle);
static void ngx_test_redis_exit_process(ngx_cycle_t *cycle);
static ngx_int_t ngx_test_redis_handler(ngx_http_request_t *r);
static ngx_int_t ngx_test_redis_status(ngx_http_request_t *r);


static ngx_command_t  ngx_test_redis_commands[] = {

    { ngx_string("test_redis_server"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_BLOCK|NGX_CONF_NOARGS,
      ngx_pay_conf_redis,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_test_redis_conf_t, redis),
      NULL },

    { ngx_string("test_redis_idle"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_test_redis_conf_t, idle),
      NULL },

    { ngx_string("test_redis"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_test_redis_location,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      ngx_test_redis_handler },

    { ngx_string("test_redis_status"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_test_redis_location,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      ngx_test_redis_status },

      ngx_null_command
};


static ngx_http_module_t  ngx_test_redis_module_ctx = {
    NULL, NULL, ngx_test_redis_create_conf, NULL, NULL, NULL, NULL, NULL
};


ngx_module_t  ngx_http_pay_test_redis_module = {
    NGX_MODULE_V1,
    &ngx_test_redis_module_ctx,            /* module context */
    ngx_test_redis_commands,               /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    ngx_test_redis_init_process,           /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    ngx_test_redis_exit_process,           /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static void *
ngx_test_redis_create_conf(ngx_conf_t *cf)
{
    ngx_test_redis_conf_t  *conf;

    conf = ngx_pcalloc(cf->pool, sizeof(ngx_test_redis_conf_t));

    if (conf) {
        conf->idle = NGX_CONF_UNSET_MSEC;
    }

    return conf;
}


static char *
ngx_test_redis_location(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = (ngx_http_handler_pt) cmd->post;

    return NGX_CONF_OK;
}


static void
ngx_test_redis_first(ngx_pay_redis_job_t *job)
{
    ngx_pay_redis_t  *rd = job->data;

    ngx_log_error(NGX_LOG_NOTICE, rd->log, 0, "test redis: first answer %s %L",
                  job->rc == NGX_OK ? "ok" : job->reason,
                  job->values[0].integer);
}


static void
ngx_test_redis_ready(ngx_pay_redis_t *rd, ngx_str_t *run_id)
{
    ngx_str_t               argv[2];
    ngx_test_redis_conf_t  *conf = rd->data;

    ngx_log_error(NGX_LOG_NOTICE, rd->log, 0, "test redis: ready \"%V\"",
                  run_id);

    ngx_str_set(&argv[0], "INCR");
    ngx_str_set(&argv[1], "test:ready");

    conf->ready.handler = ngx_test_redis_first;
    conf->ready.data = rd;

    if (ngx_pay_redis_send(rd, &conf->ready, 2, argv) != NGX_OK) {
        ngx_log_error(NGX_LOG_NOTICE, rd->log, 0, "test redis: declined");
    }
}


static ngx_int_t
ngx_test_redis_init_process(ngx_cycle_t *cycle)
{
    ngx_test_redis_conf_t  *conf;

    conf = ngx_http_cycle_get_module_main_conf(cycle,
                                              ngx_http_pay_test_redis_module);

    if (conf == NULL || conf->redis == NULL) {
        return NGX_OK;
    }

    if (conf->idle != NGX_CONF_UNSET_MSEC) {
        conf->redis->idle = conf->idle;
    }

    return ngx_pay_redis_init(conf->redis, cycle, NULL, ngx_test_redis_ready,
                              conf);
}


static void
ngx_test_redis_exit_process(ngx_cycle_t *cycle)
{
    ngx_test_redis_conf_t  *conf;

    conf = ngx_http_cycle_get_module_main_conf(cycle,
                                              ngx_http_pay_test_redis_module);

    if (conf && conf->redis) {
        ngx_pay_redis_exit(conf->redis);
    }
}


static ngx_int_t
ngx_test_redis_answer(ngx_http_request_t *r, u_char *text, size_t len)
{
    ngx_buf_t    *b;
    ngx_int_t     rc;
    ngx_chain_t   out;

    b = ngx_create_temp_buf(r->pool, len + 1);
    if (b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    b->last = ngx_cpymem(b->pos, text, len);
    b->last_buf = 1;
    out.buf = b;
    out.next = NULL;

    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = len;
    ngx_str_set(&r->headers_out.content_type, "text/plain");

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    return ngx_http_output_filter(r, &out);
}


static ngx_int_t
ngx_test_redis_tell(ngx_http_request_t *r, ngx_pay_redis_job_t *job,
    const char *what)
{
    u_char                 *p, text[4096];
    ngx_uint_t              i;
    ngx_pay_redis_value_t  *v;

    p = ngx_slprintf(text, text + sizeof(text), "%s %s sent=%ui", what,
                     job->rc == NGX_OK ? "-" : job->reason,
                     (ngx_uint_t) job->sent);

    for (i = 0; i < job->nvalues; i++) {
        v = &job->values[i];

        switch (v->type) {
        case NGX_PAY_REDIS_NIL:
            p = ngx_slprintf(p, text + sizeof(text), " nil");
            break;

        case NGX_PAY_REDIS_INTEGER:
            p = ngx_slprintf(p, text + sizeof(text), " %L", v->integer);
            break;

        case NGX_PAY_REDIS_STRING:
            p = ngx_slprintf(p, text + sizeof(text), " \"%V\"", &v->str);
            break;

        case NGX_PAY_REDIS_ERROR:
            p = ngx_slprintf(p, text + sizeof(text), " error");
            break;

        default:
            p = ngx_slprintf(p, text + sizeof(text), " none");
        }
    }

    return ngx_test_redis_answer(r, text, p - text);
}


static void
ngx_test_redis_done(ngx_pay_redis_job_t *job)
{
    ngx_test_redis_ctx_t  *ctx = job->data;
    ngx_http_request_t    *r = ctx->request;
    ngx_connection_t      *c = r->connection;

    ngx_http_finalize_request(r,
                        ngx_test_redis_tell(r, job, job->rc == NGX_OK ? "ok"
                                                                : "error"));
    ngx_http_run_posted_requests(c);
}


static void
ngx_test_redis_gone(void *data)
{
    ngx_test_redis_ctx_t  *ctx = data;

    ngx_pay_redis_abandon(&ctx->job);
}


/* "a+b%20c" -> { "a", "b c" } */

static ngx_uint_t
ngx_test_redis_words(ngx_http_request_t *r, ngx_str_t *argv, ngx_uint_t most)
{
    u_char      *p, *last, *end, *src, *dst;
    ngx_uint_t   n;

    p = r->args.data;
    last = p + r->args.len;

    for (n = 0; p < last && n < most; n++) {
        end = ngx_strlchr(p, last, '+');
        end = end ? end : last;

        dst = ngx_pnalloc(r->pool, end - p + 1);
        if (dst == NULL) {
            return 0;
        }

        src = p;
        argv[n].data = dst;
        ngx_unescape_uri(&dst, &src, end - p, 0);
        argv[n].len = dst - argv[n].data;

        p = end + 1;
    }

    return n;
}


static ngx_int_t
ngx_test_redis_handler(ngx_http_request_t *r)
{
    ngx_str_t               argv[40];
    ngx_int_t               rc;
    ngx_uint_t              argc;
    ngx_http_cleanup_t     *cln;
    ngx_test_redis_ctx_t   *ctx;
    ngx_test_redis_conf_t  *conf;

    conf = ngx_http_get_module_main_conf(r, ngx_http_pay_test_redis_module);
    argc = ngx_test_redis_words(r, argv, 40);

    cln = ngx_http_cleanup_add(r, sizeof(ngx_test_redis_ctx_t));

    if (cln == NULL || argc == 0) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx = cln->data;
    ngx_memzero(ctx, sizeof(ngx_test_redis_ctx_t));
    cln->handler = ngx_test_redis_gone;

    ctx->request = r;
    ctx->job.handler = ngx_test_redis_done;
    ctx->job.data = ctx;

    rc = ngx_pay_redis_send(conf->redis, &ctx->job, argc, argv);

    if (rc == NGX_DECLINED) {
        return ngx_test_redis_tell(r, &ctx->job, "declined");
    }

    r->main->count++;
    r->read_event_handler = ngx_http_test_reading;

    if (ngx_handle_read_event(r->connection->read, 0) != NGX_OK) {
        return NGX_ERROR;
    }

    return NGX_DONE;
}


static ngx_int_t
ngx_test_redis_status(ngx_http_request_t *r)
{
    u_char                 *p, text[4096];
    ngx_uint_t              i;
    ngx_pay_redis_stat_t   *s;
    ngx_test_redis_conf_t  *conf;

    conf = ngx_http_get_module_main_conf(r, ngx_http_pay_test_redis_module);
    s = conf->redis->stat;

    p = ngx_slprintf(text, text + sizeof(text),
                     "pid %P\nup %uA\nconnects %uA\nconnect_errors %uA\n"
                     "reconnects %uA\ncommands %uA\nanswered %uA\n"
                     "timeouts %uA\nevicting %uA\nlast_answer %uA\n"
                     "last_error %uA\nlatency %uA\ninflight %ui\n",
                     ngx_pid, s->up, s->connects, s->connect_errors,
                     s->reconnects, s->commands, s->answered, s->timeouts,
                     s->evicting, s->last_answer, s->last_error, s->latency,
                     conf->redis->inflight);

    for (i = 0; i < NGX_PAY_REDIS_REASONS; i++) {
        p = ngx_slprintf(p, text + sizeof(text), "%s %uA\n",
                         ngx_pay_redis_reason(i), s->errors[i]);
    }

    return ngx_test_redis_answer(r, text, p - text);
}
