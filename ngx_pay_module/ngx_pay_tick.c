
/*
 * Copyright (C) the ngx_pay authors
 *
 * pay_tick: does what is due, one thing after the other, with talks and
 * subrequests of this request.  What is asked of it is ignored: anyone may
 * call it.
 */

#include <ngx_pay_tick.h>
#include <store/pay_jobs.h>


#define NGX_PAY_TICK_JOBS   16          /* of one request */
#define NGX_PAY_TICK_CLAIM  300         /* s, where a process lives on */
#define NGX_PAY_TICK_LATER  5           /* s, when it was cut short */


struct ngx_pay_tick_s {
    ngx_http_request_t   *request;
    ngx_pay_ctx_t        *ctx;
    ngx_pay_main_conf_t  *conf;
    ngx_uint_t            n;            /* things done */
    pay_job_t             job;          /* kind 0: none at hand */
};


static ngx_int_t ngx_pay_tick_next(ngx_pay_tick_t *t);
static void ngx_pay_tick_cleanup(void *data);
static ngx_int_t ngx_pay_tick_refresh(ngx_pay_tick_t *t,
    ngx_pay_channel_t *ch);
static void ngx_pay_tick_refreshed(ngx_pay_talk_t *talk);
static ngx_int_t ngx_pay_tick_job(ngx_pay_tick_t *t);


static const ngx_pay_job_pt  ngx_pay_job_kinds[NGX_PAY_JOB_MAX] = {
    [NGX_PAY_JOB_NOTICE] = ngx_pay_errand
};


pay_rc_t
ngx_pay_job_add(ngx_pay_zone_t *zone, ngx_pay_job_kind_t kind, time_t due,
    pay_str_t key)
{
    pay_rc_t  rc;

    ngx_pay_zone_lock(zone);
    rc = pay_jobs_add(&zone->sh->jobs, kind, due, key);
    ngx_pay_zone_unlock(zone);

    return rc;
}


ngx_uint_t
ngx_pay_tick_due(ngx_pay_main_conf_t *mcf)
{
    int64_t  next;

    ngx_pay_zone_lock(mcf->zone);
    next = pay_jobs_next(&mcf->zone->sh->jobs, ngx_time(), ngx_pay_alive);
    ngx_pay_zone_unlock(mcf->zone);

    return (next && next <= ngx_time()) || ngx_pay_cache_due(mcf);
}


ngx_int_t
ngx_pay_tick_handler(ngx_http_request_t *r)
{
    ngx_int_t            rc;
    ngx_pay_tick_t      *t;
    ngx_http_cleanup_t  *cln;

    if (r != r->main) {
        return NGX_HTTP_NOT_FOUND;
    }

    rc = ngx_http_discard_request_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    t = ngx_pcalloc(r->pool, sizeof(ngx_pay_tick_t));
    cln = ngx_http_cleanup_add(r, 0);

    if (t == NULL || cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    t->ctx = ngx_pay_ctx_make(r, NGX_PAY_ROLE_TICK);

    if (t->ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    cln->handler = ngx_pay_tick_cleanup;
    cln->data = t;

    t->request = r;
    t->conf = ngx_http_get_module_main_conf(r, ngx_http_pay_module);
    t->ctx->data = t;

    /* a job may be done at once: nothing ends before this returns */

    r->main->count++;

    rc = ngx_pay_tick_next(t);

    if (rc != NGX_DONE) {
        ngx_http_finalize_request(r, rc);
    }

    return NGX_DONE;
}


/* whoever called may have left: what was begun is ended */

static ngx_int_t
ngx_pay_tick_next(ngx_pay_tick_t *t)
{
    ngx_int_t           rc;
    ngx_pay_channel_t  *ch;

    t->request->read_event_handler = ngx_http_block_reading;
    t->request->write_event_handler = ngx_http_request_empty_handler;

    while (t->n < NGX_PAY_TICK_JOBS && !ngx_exiting && !ngx_terminate) {

        t->n++;

        ch = ngx_pay_cache_claim(t->conf);
        rc = ch ? ngx_pay_tick_refresh(t, ch) : ngx_pay_tick_job(t);

        if (rc == NGX_AGAIN) {
            return NGX_DONE;
        }

        if (rc == NGX_DECLINED) {
            break;
        }
    }

    return ngx_pay_reply(t->request, NGX_HTTP_NO_CONTENT, NULL, PAY_STR(""));
}


static void
ngx_pay_tick_go(ngx_pay_tick_t *t)
{
    ngx_int_t            rc;
    ngx_http_request_t  *r;

    r = t->request;
    rc = ngx_pay_tick_next(t);

    if (rc != NGX_DONE) {
        ngx_http_finalize_request(r, rc);
    }
}


/*
 * A refresh is a talk without a merchant.  What it brings is taken as of
 * every talk; one that fails comes again.
 */

static ngx_int_t
ngx_pay_tick_refresh(ngx_pay_tick_t *t, ngx_pay_channel_t *ch)
{
    ngx_pay_talk_t  *talk;

    talk = ngx_pay_talk_create(t->request, t->ctx, PAY_OP_REFRESH);

    if (talk == NULL) {
        return NGX_DECLINED;
    }

    ngx_pay_talk_with(talk, ch);

    talk->record = ngx_pay_talk_recorded;
    talk->done = ngx_pay_tick_refreshed;

    ngx_pay_talk_run(talk, talk->core.channel->driver->begin(&talk->core));

    return NGX_AGAIN;
}


static void
ngx_pay_tick_refreshed(ngx_pay_talk_t *talk)
{
    ngx_pay_tick_t  *t;

    t = talk->ctx->data;

    if (talk->core.error.code != PAY_E_NONE) {
        ngx_log_error(NGX_LOG_ERR, t->request->connection->log, 0,
                      "pay: the cache of channel \"%V\" could not be "
                      "refreshed: %s, reason \"%s\"", &talk->channel->name,
                      pay_code_info(talk->core.error.code)->name,
                      talk->core.error.reason ? talk->core.error.reason : "");
    }

    /* before the next one begins: there may be many */

    ngx_pay_talk_orphan(talk);

    ngx_pay_tick_go(t);
}


static ngx_int_t
ngx_pay_tick_job(ngx_pay_tick_t *t)
{
    time_t           now;
    pay_rc_t         rc;
    ngx_int_t        ended;
    pay_str_t        key;
    ngx_pay_zone_t  *zone;

    now = ngx_time();
    zone = t->conf->zone;

    ngx_pay_zone_lock(zone);
    rc = pay_jobs_claim(&zone->sh->jobs, now, ngx_pid,
                        now + NGX_PAY_TICK_CLAIM, ngx_pay_alive, &t->job);
    ngx_pay_zone_unlock(zone);

    if (rc != PAY_OK) {
        t->job.kind = NGX_PAY_JOB_NONE;
        return NGX_DECLINED;
    }

    /* a kind of another build: nobody here knows it */

    if (t->job.kind >= NGX_PAY_JOB_MAX
        || ngx_pay_job_kinds[t->job.kind] == NULL)
    {
        ngx_pay_tick_end(t, 0);
        return NGX_OK;
    }

    key.data = t->job.key;
    key.len = t->job.len;

    ended = ngx_pay_job_kinds[t->job.kind](t, t->request, key);

    if (ended != NGX_AGAIN) {
        ngx_pay_tick_end(t, ended == NGX_OK ? 0 : now + NGX_PAY_TICK_LATER);
        return NGX_OK;
    }

    return NGX_AGAIN;
}


void
ngx_pay_tick_end(ngx_pay_tick_t *t, time_t again)
{
    ngx_pay_zone_t  *zone;

    if (t->job.kind == NGX_PAY_JOB_NONE) {
        return;
    }

    zone = t->conf->zone;

    ngx_pay_zone_lock(zone);

    if (again) {
        pay_jobs_again(&zone->sh->jobs, &t->job, again);

    } else {
        pay_jobs_done(&zone->sh->jobs, &t->job);
    }

    ngx_pay_zone_unlock(zone);

    t->job.kind = NGX_PAY_JOB_NONE;
}


void
ngx_pay_tick_done(ngx_pay_tick_t *t, time_t again)
{
    ngx_pay_tick_end(t, again);
    ngx_pay_tick_go(t);
}


static void
ngx_pay_tick_cleanup(void *data)
{
    ngx_pay_tick_end(data, ngx_time() + NGX_PAY_TICK_LATER);
}
