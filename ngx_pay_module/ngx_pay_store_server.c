
/*
 * Copyright (C) the ngx_pay authors
 *
 * Which Redis it is, and since when it is answered for.
 */

#include <ngx_pay_store_script.h>


/* ARGV[2]: this worker, or its node, has been at another one meanwhile */

static ngx_str_t  ngx_pay_redis_server = ngx_string(
    NGX_PAY_REDIS_BORN("or ARGV[2] == '1' ")
    "return s[2]");


/* where this worker was the last time; empty: nowhere yet */

static ngx_str_t  ngx_pay_redis_last;
static u_char     ngx_pay_redis_last_buf[NGX_PAY_REDIS_RUN_ID];


static ngx_uint_t
ngx_pay_redis_other(ngx_str_t *run_id, u_char *data, size_t len)
{
    return len && (len != run_id->len
                   || ngx_memcmp(data, run_id->data, len) != 0);
}


/*
 * What a server knows that nobody has left is whole.  Who comes back to one,
 * as after a failover that was undone, may have had requests accepted at
 * another that this one has never heard of.
 */

static ngx_uint_t
ngx_pay_redis_moved(ngx_pay_zone_t *zone, ngx_str_t *run_id)
{
    ngx_uint_t         moved;
    ngx_pay_shared_t  *sh;

    if (run_id->len == 0) {
        return 0;
    }

    sh = zone->sh;

    ngx_pay_zone_lock(zone);

    moved = ngx_pay_redis_other(run_id, sh->redis_id, sh->redis_id_len);

    ngx_pay_zone_unlock(zone);

    return moved || ngx_pay_redis_other(run_id, ngx_pay_redis_last.data,
                                        ngx_pay_redis_last.len);
}


static void
ngx_pay_redis_met(ngx_pay_zone_t *zone, ngx_str_t *run_id)
{
    ngx_pay_shared_t  *sh;

    if (run_id->len == 0) {
        return;
    }

    ngx_pay_redis_last.len = run_id->len;
    ngx_pay_redis_last.data = ngx_pay_redis_last_buf;
    ngx_memcpy(ngx_pay_redis_last_buf, run_id->data, run_id->len);

    sh = zone->sh;

    ngx_pay_zone_lock(zone);

    ngx_memcpy(sh->redis_id, run_id->data, run_id->len);
    sh->redis_id_len = run_id->len;

    ngx_pay_zone_unlock(zone);
}


/* nobody waits for it: what it says is in what the other scripts find */

static void
ngx_pay_redis_server_done(ngx_pay_redis_job_t *job)
{
    ngx_pay_main_conf_t  *mcf = job->data;

    if (job->rc != NGX_OK || job->nvalues != 1
        || job->values[0].type != NGX_PAY_REDIS_STRING)
    {
        return;
    }

    mcf->zone->sh->redis_born = ngx_atotm(job->values[0].str.data,
                                          job->values[0].str.len);

    ngx_pay_redis_met(mcf->zone, &mcf->redis->run_id);
}


void
ngx_pay_store_redis_ready(ngx_pay_redis_t *rd, ngx_str_t *run_id)
{
    ngx_pay_main_conf_t         *mcf = rd->data;

    ngx_pay_script_t  a;

    static ngx_pay_redis_job_t   job;

    ngx_memzero(&job, sizeof(ngx_pay_redis_job_t));

    job.handler = ngx_pay_redis_server_done;
    job.data = mcf;

    ngx_pay_script_begin(&a, &ngx_pay_redis_server, "1");
    ngx_pay_script_key(rd, &a, "server", NULL);
    ngx_pay_script_add(&a, run_id->data, run_id->len);
    ngx_pay_script_number(&a, ngx_pay_redis_moved(mcf->zone, run_id));

    (void) ngx_pay_redis_send(rd, &job, a.argc, a.argv);
}
