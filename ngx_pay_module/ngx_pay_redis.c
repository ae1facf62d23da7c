
/*
 * Copyright (C) the ngx_pay authors
 *
 * Redis: commands, replies, reasons, counters.
 */

#include <ngx_pay_redis.h>

#include <hiredis/hiredis.h>
#include <hiredis/async.h>


/*
 * A command under way, in memory of its own: the job may be gone when the
 * reply comes, and hiredis knows only us.
 */

struct ngx_pay_redis_cmd_s {
    ngx_event_t           timer;
    ngx_pay_redis_t      *rd;
    ngx_pay_redis_job_t  *job;      /* NULL: abandoned */
    ngx_queue_t           queue;    /* while text is not sent */
    char                 *text;
    size_t                len;
    uint64_t              start;    /* in us */
    unsigned              own:1;
    unsigned              late:1;
};


typedef struct {
    const char           *name;
    unsigned              close:1;  /* this server is of no use now */
    unsigned              quiet:1;  /* nothing is wrong */
} ngx_pay_redis_word_t;


static void ngx_pay_redis_reply(redisAsyncContext *ac, void *data,
    void *privdata);


/* in the order of ngx_pay_redis_reason_t */

static const ngx_pay_redis_word_t
    ngx_pay_redis_words[NGX_PAY_REDIS_REASONS] = {
    { "not_connected", 0, 0 },
    { "timeout", 0, 0 },
    { "closed", 0, 0 },
    { "protocol", 0, 0 },
    { "memory", 0, 0 },
    { "error", 0, 0 },

    { "OOM", 0, 0 },
    { "READONLY", 1, 0 },
    { "NOREPLICAS", 0, 0 },
    { "LOADING", 1, 0 },
    { "MASTERDOWN", 1, 0 },
    { "MISCONF", 0, 0 },
    { "BUSY", 0, 0 },
    { "NOAUTH", 1, 0 },
    { "WRONGPASS", 1, 0 },
    { "NOPERM", 0, 0 },
    { "MOVED", 1, 0 },
    { "ASK", 0, 0 },
    { "TRYAGAIN", 0, 0 },
    { "CLUSTERDOWN", 0, 0 },
    { "WRONGTYPE", 0, 0 },
    { "NOSCRIPT", 0, 1 },
    { "EXECABORT", 0, 0 },
    { "ERR", 0, 0 }
};


const char *
ngx_pay_redis_reason(ngx_uint_t reason)
{
    return ngx_pay_redis_words[reason].name;
}


void
ngx_pay_redis_log(ngx_pay_redis_t *rd, ngx_uint_t why, const char *text)
{
    if (rd->logged[why] == ngx_time()) {
        return;
    }

    rd->logged[why] = ngx_time();

    ngx_log_error(NGX_LOG_ERR, rd->log, 0, "pay redis %V: %s%s%s",
                  &rd->addrs[rd->addr].name, ngx_pay_redis_words[why].name,
                  text ? ": " : "", text ? text : "");
}


static uint64_t
ngx_pay_redis_clock(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (uint64_t) ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}


/* a password may be in it */

static void
ngx_pay_redis_free_text(ngx_pay_redis_cmd_t *cmd)
{
    if (cmd->text) {
        ngx_explicit_memzero(cmd->text, cmd->len);
        redisFreeCommand(cmd->text);
        cmd->text = NULL;
    }
}


static void
ngx_pay_redis_free(ngx_pay_redis_cmd_t *cmd)
{
    if (cmd->timer.timer_set) {
        ngx_del_timer(&cmd->timer);
    }

    ngx_pay_redis_free_text(cmd);

    if (cmd->job) {
        cmd->job->cmd = NULL;
    }

    ngx_free(cmd);
}


/* the end of a command; job: filled in, NULL if its owner went */

static void
ngx_pay_redis_finish(ngx_pay_redis_cmd_t *cmd, ngx_uint_t sent)
{
    ngx_pay_redis_t      *rd = cmd->rd;
    ngx_pay_redis_job_t  *job = cmd->job;

    ngx_pay_redis_free(cmd);

    if (job && !rd->exiting) {
        job->sent = sent;
        job->handler(job);
    }
}


static void
ngx_pay_redis_failed(ngx_pay_redis_cmd_t *cmd, ngx_uint_t why)
{
    ngx_pay_redis_t      *rd = cmd->rd;
    ngx_pay_redis_job_t  *job = cmd->job;

    if (!cmd->own) {
        rd->stat->last_error = ngx_time();
        ngx_pay_redis_count(rd, errors[why]);
    }

    if (job) {
        job->rc = NGX_ERROR;
        job->reason = ngx_pay_redis_words[why].name;
        job->nvalues = 0;
    }

    ngx_pay_redis_finish(cmd, cmd->text == NULL);
}


static void
ngx_pay_redis_timeout(ngx_event_t *ev)
{
    ngx_pay_redis_cmd_t  *cmd = ev->data;
    ngx_pay_redis_t      *rd = cmd->rd;

    if (cmd->text) {
        ngx_queue_remove(&cmd->queue);
        ngx_pay_redis_failed(cmd, NGX_PAY_REDIS_TIMEOUT);
        return;
    }

    cmd->late = 1;

    ngx_pay_redis_count(rd, timeouts);
    ngx_pay_redis_log(rd, NGX_PAY_REDIS_TIMEOUT,
                      "no reply in time, closing the connection");
    ngx_pay_redis_close(rd, NGX_PAY_REDIS_CLOSED);
}


static ngx_pay_redis_cmd_t *
ngx_pay_redis_create(ngx_pay_redis_t *rd, ngx_pay_redis_job_t *job,
    ngx_uint_t argc, const ngx_str_t *argv)
{
    size_t                len[NGX_PAY_REDIS_ARGS];
    long long             n;
    const char           *arg[NGX_PAY_REDIS_ARGS];
    ngx_uint_t            i;
    ngx_pay_redis_cmd_t  *cmd;

    if (argc > NGX_PAY_REDIS_ARGS) {
        return NULL;
    }

    for (i = 0; i < argc; i++) {
        arg[i] = (const char *) argv[i].data;
        len[i] = argv[i].len;
    }

    cmd = ngx_calloc(sizeof(ngx_pay_redis_cmd_t), rd->log);
    if (cmd == NULL) {
        return NULL;
    }

    n = redisFormatCommandArgv(&cmd->text, argc, arg, len);

    if (n < 0) {
        ngx_free(cmd);
        return NULL;
    }

    cmd->len = n;
    cmd->rd = rd;
    cmd->job = job;
    cmd->start = ngx_pay_redis_clock();
    cmd->timer.handler = ngx_pay_redis_timeout;
    cmd->timer.data = cmd;
    cmd->timer.log = rd->log;

    job->cmd = cmd;

    return cmd;
}


/*
 * A reply is matched to its command by its place in hiredis' list: where
 * memory was short, the list or the output may lack one, and hiredis 0.14
 * does not tell.
 */

static ngx_int_t
ngx_pay_redis_submit(ngx_pay_redis_cmd_t *cmd)
{
    ngx_pay_redis_t    *rd = cmd->rd;
    redisAsyncContext  *ac = rd->ac;

    if (redisAsyncFormattedCommand(ac, ngx_pay_redis_reply, cmd, cmd->text,
                                   cmd->len) != REDIS_OK)
    {
        return NGX_ERROR;
    }

    if (ac->replies.tail == NULL || ac->replies.tail->privdata != cmd) {
        ngx_pay_redis_break(rd);
        return NGX_ERROR;
    }

    ngx_pay_redis_free_text(cmd);
    rd->inflight++;

    if (ac->c.err) {
        ngx_pay_redis_break(rd);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_pay_redis_declined(ngx_pay_redis_t *rd, ngx_pay_redis_job_t *job,
    ngx_uint_t why)
{
    job->rc = NGX_ERROR;
    job->reason = ngx_pay_redis_words[why].name;
    job->sent = 0;
    job->nvalues = 0;
    job->cmd = NULL;

    rd->stat->last_error = ngx_time();
    ngx_pay_redis_count(rd, errors[why]);

    return NGX_DECLINED;
}


ngx_int_t
ngx_pay_redis_own(ngx_pay_redis_t *rd, ngx_pay_redis_job_t *job,
    ngx_uint_t argc, const ngx_str_t *argv)
{
    ngx_pay_redis_cmd_t  *cmd;

    cmd = ngx_pay_redis_create(rd, job, argc, argv);
    if (cmd == NULL) {
        return NGX_DECLINED;
    }

    cmd->own = 1;
    cmd->timer.cancelable = 1;

    if (ngx_pay_redis_submit(cmd) != NGX_OK) {
        ngx_pay_redis_free(cmd);
        return NGX_DECLINED;
    }

    ngx_add_timer(&cmd->timer, rd->timeout);

    return NGX_OK;
}


ngx_int_t
ngx_pay_redis_send(ngx_pay_redis_t *rd, ngx_pay_redis_job_t *job,
    ngx_uint_t argc, const ngx_str_t *argv)
{
    ngx_uint_t            wait;
    ngx_pay_redis_cmd_t  *cmd;

    wait = !rd->opened && (rd->state == NGX_PAY_REDIS_CONNECTING
                           || rd->state == NGX_PAY_REDIS_GREETING);

    if (rd->state != NGX_PAY_REDIS_UP && !wait) {
        return ngx_pay_redis_declined(rd, job, NGX_PAY_REDIS_NOT_CONNECTED);
    }

    cmd = ngx_pay_redis_create(rd, job, argc, argv);
    if (cmd == NULL) {
        return ngx_pay_redis_declined(rd, job, NGX_PAY_REDIS_MEMORY);
    }

    if (wait) {
        ngx_queue_insert_tail(&rd->waiting, &cmd->queue);

    } else if (ngx_pay_redis_submit(cmd) != NGX_OK) {
        ngx_pay_redis_free(cmd);
        return ngx_pay_redis_declined(rd, job, NGX_PAY_REDIS_NOT_CONNECTED);
    }

    ngx_pay_redis_count(rd, commands);
    ngx_add_timer(&cmd->timer, rd->timeout);

    return NGX_OK;
}


void
ngx_pay_redis_abandon(ngx_pay_redis_job_t *job)
{
    ngx_pay_redis_cmd_t  *cmd = job->cmd;

    if (cmd == NULL) {
        return;
    }

    cmd->job = NULL;
    job->cmd = NULL;

    /* what was sent is answered some time; what was not is not sent */

    if (cmd->text) {
        ngx_queue_remove(&cmd->queue);
        ngx_pay_redis_free(cmd);
    }
}


void
ngx_pay_redis_flush(ngx_pay_redis_t *rd)
{
    ngx_queue_t          *q;
    ngx_pay_redis_cmd_t  *cmd;

    while (!ngx_queue_empty(&rd->waiting)) {

        q = ngx_queue_head(&rd->waiting);
        ngx_queue_remove(q);

        cmd = ngx_queue_data(q, ngx_pay_redis_cmd_t, queue);

        if (!ngx_pay_redis_up(rd) || ngx_pay_redis_submit(cmd) != NGX_OK) {
            ngx_pay_redis_failed(cmd, NGX_PAY_REDIS_NOT_CONNECTED);
        }
    }
}


/* NGX_ERROR: an array where none can be told */

static ngx_int_t
ngx_pay_redis_value(ngx_pay_redis_value_t *v, const redisReply *reply)
{
    ngx_memzero(v, sizeof(ngx_pay_redis_value_t));

    switch (reply->type) {

    case REDIS_REPLY_NIL:
        v->type = NGX_PAY_REDIS_NIL;
        return NGX_OK;

    case REDIS_REPLY_INTEGER:
        v->type = NGX_PAY_REDIS_INTEGER;
        v->integer = reply->integer;
        return NGX_OK;

    case REDIS_REPLY_STATUS:
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_ERROR:
        v->type = reply->type == REDIS_REPLY_ERROR ? NGX_PAY_REDIS_ERROR
                                                   : NGX_PAY_REDIS_STRING;
        v->str.data = (u_char *) reply->str;
        v->str.len = reply->len;
        return NGX_OK;

    default:
        return NGX_ERROR;
    }
}


static ngx_int_t
ngx_pay_redis_values(ngx_pay_redis_job_t *job, const redisReply *reply)
{
    size_t  i;

    ngx_memzero(job->values, sizeof(job->values));

    if (reply->type != REDIS_REPLY_ARRAY) {
        job->nvalues = 1;
        return ngx_pay_redis_value(&job->values[0], reply);
    }

    job->nvalues = 0;

    if (reply->elements > NGX_PAY_REDIS_VALUES) {
        return NGX_ERROR;
    }

    for (i = 0; i < reply->elements; i++) {
        if (ngx_pay_redis_value(&job->values[i], reply->element[i])
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    job->nvalues = reply->elements;

    return NGX_OK;
}


/* an error reply: its first word, if we know it */

static ngx_uint_t
ngx_pay_redis_word(const redisReply *reply)
{
    size_t       n;
    ngx_uint_t   i;
    const char  *name;

    for (i = NGX_PAY_REDIS_WORDS; i < NGX_PAY_REDIS_REASONS; i++) {
        name = ngx_pay_redis_words[i].name;
        n = ngx_strlen(name);

        if ((size_t) reply->len >= n
            && ngx_strncmp(reply->str, name, n) == 0
            && (reply->str[n] == ' ' || reply->str[n] == '\0'))
        {
            return i;
        }
    }

    return NGX_PAY_REDIS_OTHER;
}


static void
ngx_pay_redis_refused(ngx_pay_redis_cmd_t *cmd, const redisReply *reply)
{
    ngx_uint_t        why;
    ngx_pay_redis_t  *rd = cmd->rd;

    why = ngx_pay_redis_word(reply);

    /* the greeting knows which of its commands need not be permitted */

    if (ngx_pay_redis_words[why].close
        || (!cmd->own && !ngx_pay_redis_words[why].quiet))
    {
        ngx_pay_redis_log(rd, why, "error reply");
    }

    if (ngx_pay_redis_words[why].close) {
        ngx_pay_redis_close(rd, NGX_PAY_REDIS_CLOSED);
    }

    ngx_pay_redis_failed(cmd, why);
}


static void
ngx_pay_redis_answered(ngx_pay_redis_cmd_t *cmd, const redisReply *reply)
{
    uint64_t              us;
    ngx_pay_redis_t      *rd = cmd->rd;
    ngx_pay_redis_job_t  *job, gone;

    job = cmd->job ? cmd->job : &gone;

    if (ngx_pay_redis_values(job, reply) != NGX_OK) {
        ngx_pay_redis_log(rd, NGX_PAY_REDIS_PROTOCOL,
                          "an array of more than can be told");
        ngx_pay_redis_failed(cmd, NGX_PAY_REDIS_PROTOCOL);
        return;
    }

    job->rc = NGX_OK;
    job->reason = NULL;

    if (ngx_pay_redis_up(rd)) {
        rd->attempts = 0;
        rd->stat->up = 1;
    }

    rd->last = ngx_current_msec;
    rd->stat->last_answer = ngx_time();

    if (!cmd->own) {
        us = ngx_pay_redis_clock() - cmd->start;
        rd->stat->latency = us;
        (void) ngx_atomic_fetch_add(&rd->stat->latency_sum, us);
        ngx_pay_redis_count(rd, answered);
    }

    ngx_pay_redis_finish(cmd, 1);
}


static void
ngx_pay_redis_reply(redisAsyncContext *ac, void *data, void *privdata)
{
    redisReply           *reply = data;
    ngx_pay_redis_cmd_t  *cmd = privdata;
    ngx_pay_redis_t      *rd = cmd->rd;

    rd->inflight--;

    if (reply == NULL) {
        ngx_pay_redis_dropped(rd);
        ngx_pay_redis_failed(cmd, cmd->late ? NGX_PAY_REDIS_TIMEOUT : rd->why);
        return;
    }

    if (reply->type == REDIS_REPLY_ERROR) {
        ngx_pay_redis_refused(cmd, reply);
        return;
    }

    ngx_pay_redis_answered(cmd, reply);
}
