
/*
 * Copyright (C) the ngx_pay authors
 *
 * Redis: what a new connection is asked before others may use it, and PING.
 */

#include <ngx_pay_redis.h>


/*
 * All are sent at once.  PING is the last: unlike INFO it tells of a server
 * that is loading, or has lost its master.
 */

enum {
    NGX_PAY_REDIS_AUTH = 0,
    NGX_PAY_REDIS_SELECT,
    NGX_PAY_REDIS_INFO_SERVER,
    NGX_PAY_REDIS_INFO_MEMORY,
    NGX_PAY_REDIS_PING              /* NGX_PAY_REDIS_STEPS - 1 */
};


/* the number of words; 0: there is nothing to send */

static ngx_uint_t
ngx_pay_redis_build(ngx_pay_redis_t *rd, ngx_uint_t step, ngx_str_t *argv,
    u_char *buf)
{
    switch (step) {

    case NGX_PAY_REDIS_AUTH:
        ngx_str_set(&argv[0], "AUTH");
        argv[1] = rd->user.len ? rd->user : rd->password;
        argv[2] = rd->password;
        return rd->password.len == 0 ? 0 : rd->user.len ? 3 : 2;

    case NGX_PAY_REDIS_SELECT:
        ngx_str_set(&argv[0], "SELECT");
        argv[1].data = buf;
        argv[1].len = ngx_sprintf(buf, "%i", rd->database) - buf;
        return rd->database == 0 ? 0 : 2;

    case NGX_PAY_REDIS_INFO_SERVER:
        ngx_str_set(&argv[0], "INFO");
        ngx_str_set(&argv[1], "server");
        return 2;

    case NGX_PAY_REDIS_INFO_MEMORY:
        ngx_str_set(&argv[0], "INFO");
        ngx_str_set(&argv[1], "memory");
        return 2;

    default:
        ngx_str_set(&argv[0], "PING");
        return 1;
    }
}


/* "name:value" of a line of INFO's */

static ngx_str_t
ngx_pay_redis_info(ngx_str_t *text, const char *name)
{
    u_char     *p, *last;
    size_t      len;
    ngx_str_t   value;

    ngx_str_null(&value);

    len = ngx_strlen(name);
    p = text->data;
    last = p + text->len;

    while (p && (size_t) (last - p) > len) {

        if (ngx_strncmp(p, name, len) == 0 && p[len] == ':') {
            value.data = p + len + 1;

            for (p = value.data; p < last && *p != CR && *p != LF; p++) {
                /* void */
            }

            value.len = p - value.data;
            return value;
        }

        p = ngx_strlchr(p, last, LF);
        p = p ? p + 1 : NULL;
    }

    return value;
}


static void
ngx_pay_redis_take_server(ngx_pay_redis_t *rd, ngx_str_t *text)
{
    ngx_str_t  id;

    id = ngx_pay_redis_info(text, "run_id");

    if (id.len == 0) {
        return;
    }

    rd->run_id.data = rd->run_id_buf;
    rd->run_id.len = ngx_min(id.len, sizeof(rd->run_id_buf));
    ngx_memcpy(rd->run_id_buf, id.data, rd->run_id.len);
}


static void
ngx_pay_redis_take_memory(ngx_pay_redis_t *rd, ngx_str_t *text)
{
    ngx_str_t  policy;

    policy = ngx_pay_redis_info(text, "maxmemory_policy");

    if (policy.len == 0
        || (policy.len == 10
            && ngx_strncmp(policy.data, "noeviction", 10) == 0))
    {
        return;
    }

    policy.len = ngx_min(policy.len, 32);

    ngx_pay_redis_count(rd, evicting);

    ngx_log_error(NGX_LOG_ERR, rd->log, 0,
                  "pay redis %V: maxmemory-policy is \"%V\" and not "
                  "\"noeviction\": what it evicts is accepted again",
                  &rd->addrs[rd->addr].name, &policy);
}


static void
ngx_pay_redis_open(ngx_pay_redis_t *rd)
{
    rd->state = NGX_PAY_REDIS_UP;
    rd->stat->up = 1;
    rd->opened = 1;

    ngx_pay_redis_count(rd, connects);

    if (rd->greeted) {
        ngx_pay_redis_count(rd, reconnects);
    }

    rd->greeted = 1;

    ngx_log_error(NGX_LOG_NOTICE, rd->log, 0, "pay redis %V: connected",
                  &rd->addrs[rd->addr].name);

    ngx_pay_redis_after(rd, rd->idle);

    if (rd->ready) {
        rd->ready(rd, &rd->run_id);
    }

    ngx_pay_redis_flush(rd);
}


static void
ngx_pay_redis_unpermitted(ngx_pay_redis_t *rd, const char *reason)
{
    if (rd->warned) {
        return;
    }

    rd->warned = 1;

    ngx_log_error(NGX_LOG_WARN, rd->log, 0,
                  "pay redis %V: INFO is refused (%s): neither a restart of "
                  "the server nor an evicting maxmemory-policy can be told",
                  &rd->addrs[rd->addr].name, reason);
}


static void
ngx_pay_redis_refuse(ngx_pay_redis_t *rd, const char *text)
{
    ngx_pay_redis_log(rd, NGX_PAY_REDIS_NOT_CONNECTED, text);
    ngx_pay_redis_close(rd, NGX_PAY_REDIS_CLOSED);
}


static void
ngx_pay_redis_informed(ngx_pay_redis_t *rd, ngx_uint_t step,
    ngx_pay_redis_job_t *job)
{
    if (job->rc != NGX_OK) {
        ngx_pay_redis_unpermitted(rd, job->reason);
        return;
    }

    if (job->values[0].type != NGX_PAY_REDIS_STRING) {
        ngx_pay_redis_unpermitted(rd, "no text");
        return;
    }

    if (step == NGX_PAY_REDIS_INFO_SERVER) {
        ngx_pay_redis_take_server(rd, &job->values[0].str);

    } else {
        ngx_pay_redis_take_memory(rd, &job->values[0].str);
    }
}


/* an answer to the greeting; that to a later PING is nothing to act upon */

static void
ngx_pay_redis_greeted(ngx_pay_redis_job_t *job)
{
    ngx_uint_t        step;
    ngx_pay_redis_t  *rd = job->data;

    if (rd->state != NGX_PAY_REDIS_GREETING) {
        return;
    }

    step = job - rd->own;

    switch (step) {

    case NGX_PAY_REDIS_AUTH:
        if (job->rc != NGX_OK) {
            ngx_pay_redis_refuse(rd, "AUTH is refused");
        }

        return;

    case NGX_PAY_REDIS_SELECT:
        if (job->rc != NGX_OK) {
            ngx_pay_redis_refuse(rd, "SELECT is refused");
        }

        return;

    case NGX_PAY_REDIS_PING:

        /* who may not PING is connected all the same */

        if (job->rc == NGX_OK || ngx_strcmp(job->reason, "NOPERM") == 0) {
            ngx_pay_redis_open(rd);
            return;
        }

        ngx_pay_redis_refuse(rd, "PING is refused");
        return;

    default:
        ngx_pay_redis_informed(rd, step, job);
    }
}


static ngx_int_t
ngx_pay_redis_step(ngx_pay_redis_t *rd, ngx_uint_t n)
{
    u_char                buf[NGX_INT_T_LEN];
    ngx_str_t             argv[3];
    ngx_uint_t            argc;
    ngx_pay_redis_job_t  *job;

    argc = ngx_pay_redis_build(rd, n, argv, buf);
    if (argc == 0) {
        return NGX_OK;
    }

    job = &rd->own[n];
    job->handler = ngx_pay_redis_greeted;
    job->data = rd;

    return ngx_pay_redis_own(rd, job, argc, argv);
}


void
ngx_pay_redis_greet(ngx_pay_redis_t *rd)
{
    ngx_uint_t  n;

    rd->state = NGX_PAY_REDIS_GREETING;
    rd->run_id.len = 0;

    for (n = 0; n < NGX_PAY_REDIS_STEPS; n++) {

        if (ngx_pay_redis_step(rd, n) != NGX_OK) {
            ngx_pay_redis_break(rd);
            return;
        }
    }
}


void
ngx_pay_redis_ping(ngx_pay_redis_t *rd)
{
    if (ngx_pay_redis_step(rd, NGX_PAY_REDIS_PING) != NGX_OK) {
        ngx_pay_redis_break(rd);
    }
}
