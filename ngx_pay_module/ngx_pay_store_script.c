
/*
 * Copyright (C) the ngx_pay authors
 *
 * The arguments of Redis' commands, their replies.
 */

#include <ngx_pay_store_script.h>


void
ngx_pay_script_add(ngx_pay_script_t *a, u_char *data, size_t len)
{
    a->argv[a->argc].data = data;
    a->argv[a->argc].len = len;
    a->argc++;
}


void
ngx_pay_script_number(ngx_pay_script_t *a, int64_t n)
{
    u_char  *p;

    p = a->number[a->nnumbers++];

    ngx_pay_script_add(a, p, ngx_sprintf(p, "%L", n) - p);
}


void
ngx_pay_script_key(ngx_pay_redis_t *rd, ngx_pay_script_t *a,
    const char *kind, const pay_u8 *key)
{
    u_char     *p, *last;
    ngx_str_t  *prefix;

    prefix = &rd->key_prefix;

    p = a->key[a->nkeys++];
    last = ngx_cpymem(p, prefix->data, prefix->len);
    last = ngx_cpymem(last, kind, ngx_strlen(kind));

    if (key) {
        last = ngx_hex_dump(last, (u_char *) key, 16);
    }

    ngx_pay_script_add(a, p, last - p);
}


void
ngx_pay_script_op_key(ngx_pay_store_op_t *op, ngx_pay_script_t *a,
    const char *kind)
{
    ngx_pay_script_key(op->conf->redis, a, kind, op->key.redis);
}


void
ngx_pay_script_begin(ngx_pay_script_t *a, ngx_str_t *script, char *nkeys)
{
    ngx_pay_script_command(a, "EVAL");
    ngx_pay_script_add(a, script->data, script->len);
    ngx_pay_script_add(a, (u_char *) nkeys, 1);
}


void
ngx_pay_script_command(ngx_pay_script_t *a, char *name)
{
    ngx_memzero(a, offsetof(ngx_pay_script_t, key));

    ngx_pay_script_add(a, (u_char *) name, ngx_strlen(name));
}


ngx_int_t
ngx_pay_script_run(ngx_pay_store_op_t *op, ngx_pay_script_t *a,
    void (*handler)(ngx_pay_redis_job_t *job))
{
    ngx_memzero(&op->job, sizeof(ngx_pay_redis_job_t));

    op->job.handler = handler;
    op->job.data = op;

    if (ngx_pay_redis_send(op->conf->redis, &op->job, a->argc, a->argv)
        != NGX_OK)
    {
        op->reason = op->job.reason;
        return NGX_ERROR;
    }

    return NGX_AGAIN;
}


/* the request's log, and what it has posted meanwhile */

void
ngx_pay_script_end(ngx_pay_store_op_t *op, ngx_int_t rc)
{
    ngx_connection_t  *c;

    c = NULL;

    if (op->request) {
        c = op->request->connection;
        ngx_http_set_log_request(c->log, op->request);
    }

    if (rc == NGX_ERROR && op->reason == NULL) {
        op->reason = op->job.rc == NGX_OK ? "reply" : op->job.reason;
    }

    ngx_pay_store_done(op, rc);

    if (c) {
        ngx_http_run_posted_requests(c);
    }
}


ngx_uint_t
ngx_pay_script_is(ngx_pay_redis_job_t *job, ngx_uint_t i, const char *word)
{
    ngx_pay_redis_value_t  *v;

    if (job->rc != NGX_OK || i >= job->nvalues) {
        return 0;
    }

    v = &job->values[i];

    return v->type == NGX_PAY_REDIS_STRING
           && pay_str_eqz(ngx_pay_str(&v->str), word);
}
