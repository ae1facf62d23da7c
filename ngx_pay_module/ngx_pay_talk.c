
/*
 * Copyright (C) the ngx_pay authors
 *
 * Runs a driver: its private-key work in nginx's thread pool, its requests
 * as subrequests, its waits by timers.  A talk is malloc'ed with its task
 * inside; when its request dies while a thread has it, it is an orphan and
 * goes when the thread is done (docs/design.md section 4, decision 15).
 */

#include <ngx_pay_fetch.h>
#include <ngx_pay_tick.h>


#define NGX_PAY_TALK_LIMIT    (4 * 1024 * 1024)
#define NGX_PAY_ANSWER_LIMIT  (256 * 1024)
#define NGX_PAY_JOBS          256
#define NGX_PAY_JOB_TIME      10000
#define NGX_PAY_WAIT_TIME     60000


static void ngx_pay_talk_cleanup(void *data);
static void ngx_pay_talk_sign(ngx_pay_talk_t *talk);
static void ngx_pay_talk_wait(ngx_pay_talk_t *talk);
static void ngx_pay_talk_timer(ngx_event_t *ev);
static void ngx_pay_talk_send(ngx_pay_talk_t *talk);
static void ngx_pay_talk_fail(ngx_pay_talk_t *talk, pay_code_t code,
    const char *reason);
static void ngx_pay_talk_end(ngx_pay_talk_t *talk);
static void ngx_pay_talk_settle(ngx_pay_call_t *call);
static void ngx_pay_talk_resume(ngx_pay_call_t *call);

static void ngx_pay_talk_thread(void *data, ngx_log_t *log);
static void ngx_pay_talk_signed(ngx_event_t *ev);


/* of this worker */
static ngx_uint_t  ngx_pay_jobs;


ngx_pay_talk_t *
ngx_pay_talk_create(ngx_http_request_t *r, ngx_pay_ctx_t *ctx, pay_op_t op)
{
    ngx_pay_talk_t      *talk;
    ngx_http_cleanup_t  *cln;

    cln = ngx_http_cleanup_add(r, 0);
    if (cln == NULL) {
        return NULL;
    }

    talk = ngx_calloc(sizeof(ngx_pay_talk_t), r->connection->log);
    if (talk == NULL) {
        return NULL;
    }

    talk->core.arena = pay_arena_create(NGX_PAY_TALK_LIMIT);

    if (talk->core.arena == NULL
        || pay_random(talk->core.random, PAY_TALK_RANDOM) != 0)
    {
        ngx_pay_talk_free(talk);
        return NULL;
    }

    cln->handler = ngx_pay_talk_cleanup;
    cln->data = talk;
    talk->cleanup = cln;

    talk->request = r;
    talk->ctx = ctx;
    talk->money = pay_op_info(op)->money;
    talk->started = ngx_current_msec;
    talk->core.now = ngx_time();
    talk->core.op = op;
    talk->core.ask = &talk->ask;
    talk->core.object = &talk->object;
    pay_fact_init(&talk->core.fact);

    ngx_pay_record_init(&talk->rec, r, talk->core.arena, &talk->object,
                        talk);
    ngx_pay_record_init(&talk->behind, r, talk->core.arena, &talk->payment,
                        talk);

    talk->timer.handler = ngx_pay_talk_timer;
    talk->timer.data = talk;
    talk->timer.log = r->connection->log;

    ctx->talk = talk;

    return talk;
}


void
ngx_pay_talk_with(ngx_pay_talk_t *talk, ngx_pay_channel_t *ch)
{
    ngx_pay_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(talk->request, ngx_http_pay_module);

    talk->channel = ch;
    talk->call = ch->call.len ? ch->call : plcf->call;
    talk->core.channel = &ch->core;
    talk->ctx->channel = ch;

    ngx_pay_cache_give(talk->rec.op.conf->zone, ch, &talk->core);
}


void
ngx_pay_talk_free(ngx_pay_talk_t *talk)
{
    pay_arena_destroy(talk->core.arena);
    ngx_explicit_memzero(talk, sizeof(ngx_pay_talk_t));
    ngx_free(talk);
}


static void
ngx_pay_talk_cleanup(void *data)
{
    ngx_pay_talk_orphan(data);
}


void
ngx_pay_talk_run(ngx_pay_talk_t *talk, pay_rc_t rc)
{
    talk->rc = rc;
    ngx_pay_talk_next(talk);
}


/* the driver has spoken: what comes next; the last thing its caller does */

void
ngx_pay_talk_next(ngx_pay_talk_t *talk)
{
    /* what was said before is in the store first */

    if (talk->recording) {
        talk->proceed = 1;
        return;
    }

    switch (talk->rc) {

    case PAY_SIGN:
        ngx_pay_talk_sign(talk);
        return;

    case PAY_SEND:
    case PAY_FETCH:
        ngx_pay_talk_send(talk);
        return;

    case PAY_WAIT:
        ngx_pay_talk_wait(talk);
        return;

    case PAY_DONE:
        ngx_pay_talk_end(talk);
        return;

    default:
        ngx_pay_talk_fail(talk, PAY_E_INTERNAL_ERROR, "driver");
        ngx_pay_talk_end(talk);
    }
}


static void
ngx_pay_talk_fail(ngx_pay_talk_t *talk, pay_code_t code, const char *reason)
{
    if (talk->sent && talk->money) {
        code = PAY_E_OUTCOME_UNKNOWN;
    }

    talk->rc = pay_talk_fail(&talk->core, code, reason);
}


static void
ngx_pay_talk_end(ngx_pay_talk_t *talk)
{
    if (!talk->recorded) {
        talk->recorded = 1;
        talk->proceed = 1;
        ngx_pay_talk_record(talk);
        return;
    }

    talk->done(talk);
}


/* nothing of the talk's latest request was sent */

static void
ngx_pay_talk_busy(ngx_pay_talk_t *talk, const char *reason)
{
    ngx_pay_talk_fail(talk, PAY_E_CHANNEL_BUSY, reason);
    ngx_pay_talk_end(talk);
}


static void
ngx_pay_talk_sign(ngx_pay_talk_t *talk)
{
    ngx_pay_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(talk->request, ngx_http_pay_module);

    if (ngx_pay_jobs >= NGX_PAY_JOBS) {
        ngx_pay_talk_busy(talk, "jobs");
        return;
    }

    talk->task.ctx = talk;
    talk->task.handler = ngx_pay_talk_thread;
    talk->task.event.data = talk;
    talk->task.event.handler = ngx_pay_talk_signed;
    talk->task.event.log = ngx_cycle->log;

    if (ngx_thread_task_post(mcf->threads, &talk->task) != NGX_OK) {
        ngx_pay_talk_busy(talk, "threads");
        return;
    }

    ngx_pay_jobs++;
    talk->in_thread = 1;

    /* a reload waits for a timer, not for a thread */

    ngx_add_timer(&talk->timer, NGX_PAY_JOB_TIME);
}


static void
ngx_pay_talk_thread(void *data, ngx_log_t *log)
{
    ngx_pay_talk_t  *talk = data;

    talk->rc = talk->core.channel->driver->sign(&talk->core);
}


static void
ngx_pay_talk_signed(ngx_event_t *ev)
{
    ngx_pay_talk_t    *talk = ev->data;

    ngx_connection_t  *c;

    ngx_pay_jobs--;
    talk->in_thread = 0;

    if (talk->request == NULL) {
        ngx_pay_talk_leave(talk);
        return;
    }

    if (talk->timer.timer_set) {
        ngx_del_timer(&talk->timer);
    }

    c = talk->request->connection;
    ngx_http_set_log_request(c->log, talk->request);

    ngx_pay_talk_next(talk);

    ngx_http_run_posted_requests(c);
}


static void
ngx_pay_talk_wait(ngx_pay_talk_t *talk)
{
    talk->waited += talk->core.wait_ms;

    if (talk->waited > NGX_PAY_WAIT_TIME) {
        ngx_pay_talk_fail(talk, PAY_E_CHANNEL_RESPONSE_INVALID, "waited");
        ngx_pay_talk_end(talk);
        return;
    }

    ngx_add_timer(&talk->timer, ngx_max(talk->core.wait_ms, 1));
}


static void
ngx_pay_talk_timer(ngx_event_t *ev)
{
    ngx_pay_talk_t      *talk = ev->data;

    pay_error_t          e;
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    r = talk->request;
    c = r->connection;
    ngx_http_set_log_request(c->log, r);

    if (talk->in_thread) {

        /* the thread keeps the talk; this request goes on without it */

        ngx_log_error(NGX_LOG_ERR, c->log, 0,
                      "pay: no thread signed within %d ms",
                      NGX_PAY_JOB_TIME);

        ngx_memzero(&e, sizeof(pay_error_t));
        e.code = talk->sent && talk->money ? PAY_E_OUTCOME_UNKNOWN
                                           : PAY_E_CHANNEL_BUSY;

        ngx_pay_talk_orphan(talk);
        ngx_http_finalize_request(r, ngx_pay_reply_error(r, &e));

    } else {
        talk->answer.outcome = PAY_WAITED;
        talk->core.now = ngx_time();
        talk->rc = talk->core.channel->driver->resume(&talk->core,
                                                      &talk->answer);
        ngx_pay_talk_next(talk);
    }

    ngx_http_run_posted_requests(c);
}


static ngx_int_t
ngx_pay_talk_url(ngx_pay_talk_t *talk, ngx_pay_call_t *call)
{
    u_char         *p;
    pay_request_t  *q;
    ngx_pool_t     *pool;
    ngx_str_t       scheme, host;

    q = &talk->core.request;
    pool = talk->request->pool;

    scheme = ngx_pay_nstr(q->host);
    p = ngx_strlchr(scheme.data, scheme.data + scheme.len, ':');

    if (p == NULL || scheme.data + scheme.len - p < 4) {
        return NGX_ERROR;
    }

    host.data = p + 3;
    host.len = scheme.data + scheme.len - host.data;
    scheme.len = host.data - scheme.data;

    call->host.len = host.len;
    call->host.data = ngx_pstrdup(pool, &host);

    if (call->host.data == NULL) {
        return NGX_ERROR;
    }

    call->upstream = talk->channel->upstream.len ? talk->channel->upstream
                                                 : call->host;

    call->url.data = ngx_pnalloc(pool, scheme.len + call->upstream.len
                                       + q->target.len);
    if (call->url.data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(call->url.data, scheme.data, scheme.len);
    p = ngx_cpymem(p, call->upstream.data, call->upstream.len);
    p = ngx_cpymem(p, q->target.data, q->target.len);
    call->url.len = p - call->url.data;

    return NGX_OK;
}


static void
ngx_pay_talk_send(ngx_pay_talk_t *talk)
{
    ngx_pay_call_t      *call;
    ngx_http_request_t  *r;

    r = talk->request;

    call = ngx_pcalloc(r->pool, sizeof(ngx_pay_call_t));

    if (call == NULL || ngx_pay_talk_url(talk, call) != NGX_OK) {
        ngx_pay_talk_busy(talk, "memory");
        return;
    }

    call->location = talk->call;
    call->request = &talk->core.request;
    call->owner = talk->ctx;
    call->limit = NGX_PAY_ANSWER_LIMIT;
    call->data = talk;
    call->settle = ngx_pay_talk_settle;
    call->resume = ngx_pay_talk_resume;

    if (talk->rc == PAY_FETCH && ngx_pay_fetch_open(talk, call) != NGX_OK) {
        ngx_pay_talk_busy(talk, "file");
        return;
    }

    /* while money moves, the client's leaving does not stop the call */

    if (talk->money || talk->core.op == PAY_OP_NONE
        || talk->core.op == PAY_OP_REFRESH)
    {
        r->read_event_handler = ngx_http_block_reading;

    } else {
        r->read_event_handler = ngx_http_test_reading;

        if (ngx_handle_read_event(r->connection->read, 0) != NGX_OK) {
            ngx_pay_talk_busy(talk, "event");
            return;
        }
    }

    r->write_event_handler = ngx_http_request_empty_handler;

    if (ngx_pay_call(r, call) != NGX_OK) {
        ngx_pay_talk_busy(talk, "subrequest");
        return;
    }

    talk->call_now = call;
}


static void
ngx_pay_talk_answer(ngx_pay_talk_t *talk, ngx_pay_call_t *call)
{
    pay_answer_t  *a;

    a = &talk->answer;
    ngx_memzero(a, sizeof(pay_answer_t));

    talk->call_now = NULL;

    a->status = (int) call->status;

    if (!call->sent) {
        a->outcome = PAY_NOT_SENT;
        return;
    }

    talk->sent = 1;

    if (!ngx_pay_call_whole(call)
        || ngx_pay_headers(call->parent->pool,
                           &call->sr->upstream->headers_in.headers,
                           &a->headers) != NGX_OK
        || ngx_pay_call_body(call, &a->body) != NGX_OK)
    {
        a->outcome = PAY_UNANSWERED;
        return;
    }

    a->outcome = PAY_ANSWERED;
}


static void
ngx_pay_talk_count(ngx_pay_talk_t *talk, ngx_pay_call_t *call)
{
    ngx_msec_t               ms;
    ngx_pay_main_conf_t     *mcf;
    ngx_pay_channel_stat_t  *st;

    mcf = ngx_http_get_module_main_conf(call->parent, ngx_http_pay_module);
    st = &mcf->zone->sh->channels[talk->channel->number];
    ms = ngx_current_msec - call->start;

    (void) ngx_atomic_fetch_add(&st->calls[talk->answer.outcome], 1);
    (void) ngx_atomic_fetch_add(&st->call_buckets[ngx_pay_call_bucket(ms)], 1);
    (void) ngx_atomic_fetch_add(&st->call_ms, ms);
}


static void
ngx_pay_talk_heard(ngx_pay_talk_t *talk, ngx_pay_call_t *call)
{
    ngx_int_t  rc;

    rc = talk->fetch ? ngx_pay_fetch_close(talk, call) : NGX_DECLINED;

    if (rc == NGX_DECLINED) {
        talk->core.now = ngx_time();
        talk->rc = talk->core.channel->driver->resume(&talk->core,
                                                      &talk->answer);
        return;
    }

    talk->rc = PAY_DONE;

    if (rc != NGX_OK) {
        ngx_pay_talk_fail(talk, PAY_E_CHANNEL_RESPONSE_INVALID,
                          talk->fetch->failed);
    }
}


/*
 * The answer is verified and its outcome recorded here, within the end of
 * the subrequest: whatever happens to the client or the request afterwards,
 * the store knows.
 */

static void
ngx_pay_talk_settle(ngx_pay_call_t *call)
{
    ngx_pay_talk_t          *talk = call->data;

    ngx_pay_talk_answer(talk, call);
    ngx_pay_talk_count(talk, call);

    if (talk->answer.outcome != PAY_ANSWERED) {
        ngx_log_error(NGX_LOG_ERR, call->parent->connection->log, 0,
                      "pay: channel \"%V\" did not answer %s: %s, status "
                      "%ui, %uz bytes%s",
                      &talk->channel->name, pay_op_info(talk->core.op)->name,
                      call->sent ? "the request may have arrived"
                                 : "nothing was sent",
                      call->status, call->size,
                      call->too_big ? ", too many"
                                    : call->complete ? "" : ", not whole");
    }

    ngx_pay_talk_heard(talk, call);

    if (talk->rc < 0
        || (talk->rc != PAY_DONE && call->parent->connection->error))
    {
        ngx_pay_talk_fail(talk, PAY_E_INTERNAL_ERROR, "cut short");
    }

    talk->recorded = talk->rc == PAY_DONE;
    ngx_pay_talk_record(talk);
}


static void
ngx_pay_talk_resume(ngx_pay_call_t *call)
{
    ngx_pay_talk_next(call->data);
}
