
/*
 * Copyright (C) the ngx_pay authors
 *
 * pay_notify: the callback desk (docs/design.md sections 4 and 8).  A notice
 * is verified and decrypted by its driver, which may ask the channel first;
 * what it says is for ngx_pay_fact.c, and its event for ngx_pay_delivery.c.
 */

#include <ngx_pay_notify.h>


#define NGX_PAY_NOTICE_BODY    (1024 * 1024)
#define NGX_PAY_NOTICE_MARGIN  1000


static void ngx_pay_notify_start(ngx_http_request_t *r, ngx_pay_ctx_t *ctx,
    ngx_pay_loc_conf_t *plcf);
static void ngx_pay_notify_record(ngx_pay_talk_t *talk);
static void ngx_pay_notify_done(ngx_pay_talk_t *talk);
static void ngx_pay_notify_watch(ngx_pay_talk_t *talk);
static void ngx_pay_notify_overdue(ngx_event_t *ev);
static void ngx_pay_notify_unwatch(void *data);


const char *const  ngx_pay_notice_names[NGX_PAY_NOTICE_MAX] = {
    "acknowledged", "repeated", "in_flight", "refused", "probe", "failed",
    "late", "mismatch", "dropped", "other", "store"
};


ngx_int_t
ngx_pay_notify_handler(ngx_http_request_t *r)
{
    ngx_pay_ctx_t       *ctx;
    ngx_pay_loc_conf_t  *plcf;

    /* X-Accel-Redirect and the like lead nowhere */

    if (ngx_pay_call_strayed(r)) {
        return NGX_HTTP_BAD_GATEWAY;
    }

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_pay_module);

    if (plcf->notify == NULL) {
        return NGX_DECLINED;
    }

    if (r != r->main) {

        /* the event on its way to the application; nobody else's subrequest */

        ctx = ngx_http_get_module_ctx(r, ngx_http_pay_module);

        return ctx && ctx->role == NGX_PAY_ROLE_CALL ? NGX_DECLINED
                                                     : NGX_HTTP_FORBIDDEN;
    }

    if (r->method == NGX_HTTP_HEAD) {
        return NGX_HTTP_NOT_ALLOWED;
    }

    ctx = ngx_pay_ctx_get(r);

    if (ctx && ctx->role == NGX_PAY_ROLE_NOTIFY) {

        if (ctx->body_done && !ctx->reading) {
            return NGX_DONE;
        }

        if (ctx->body_done) {
            ctx->reading = 0;
            ngx_pay_notify_start(r, ctx, plcf);
        }

        return NGX_DONE;
    }

    ctx = ngx_pay_ctx_make(r, NGX_PAY_ROLE_NOTIFY);
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_pay_body_read(r, ctx);
}


/* the answer to the channel, in its own words */

ngx_int_t
ngx_pay_notify_answer(ngx_http_request_t *r, ngx_pay_talk_t *talk,
    pay_verdict_t verdict, ngx_pay_notice_result_t result,
    ngx_uint_t app_status)
{
    u_char                   buf[NGX_INT_T_LEN];
    ngx_str_t                s;
    pay_reply_t              reply;
    ngx_pay_ctx_t           *ctx;
    ngx_pay_main_conf_t     *mcf;
    ngx_pay_channel_stat_t  *st;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_pay_module);
    st = &mcf->zone->sh->channels[talk->channel->number];
    ctx = talk->ctx;

    (void) ngx_atomic_fetch_add(&st->notices[result], 1);
    ctx->notify_result = ngx_pay_notice_names[result];

    ngx_memzero(&reply, sizeof(pay_reply_t));
    talk->core.channel->driver->acknowledge(&talk->core, verdict, &reply);

    /* a developer wants to see what happened behind the answer */

    if (talk->channel->core.sandbox) {

        s.data = buf;
        s.len = ngx_sprintf(buf, "%ui", app_status) - buf;
        s = ngx_pay_keep(r, ngx_pay_str(&s));

        if (app_status) {
            (void) ngx_pay_add_header(r, "Pay-Application-Status", &s);
        }

        if (ctx->event.len) {
            (void) ngx_pay_add_header(r, "Pay-Event", &ctx->event);
        }
    }

    r->write_event_handler = ngx_http_request_empty_handler;

    return ngx_pay_reply(r, reply.status, reply.content_type, reply.body);
}


void
ngx_pay_notify_reply(ngx_http_request_t *r, ngx_pay_talk_t *talk,
    pay_verdict_t verdict, ngx_pay_notice_result_t result,
    ngx_uint_t app_status)
{
    ngx_int_t  rc;

    rc = ngx_pay_notify_answer(r, talk, verdict, result, app_status);

    ngx_http_finalize_request(r, rc);
}


static void
ngx_pay_notify_start(ngx_http_request_t *r, ngx_pay_ctx_t *ctx,
    ngx_pay_loc_conf_t *plcf)
{
    ngx_str_t        body;
    pay_rc_t         next;
    ngx_int_t        rc;
    pay_notice_t     n;
    ngx_pay_talk_t  *talk;

    /* the channel may leave: the event goes on its way all the same */

    r->read_event_handler = ngx_http_block_reading;
    r->write_event_handler = ngx_http_request_empty_handler;

    talk = ngx_pay_talk_create(r, ctx, PAY_OP_NONE);

    if (talk == NULL) {
        ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
        return;
    }

    ngx_pay_talk_with(talk, plcf->notify);
    talk->record = ngx_pay_notify_record;
    talk->done = ngx_pay_notify_done;

    rc = ngx_pay_body(r, NGX_PAY_NOTICE_BODY, &body);

    if (rc != NGX_OK
        || ngx_pay_headers(r->pool, &r->headers_in.headers, &n.headers)
           != NGX_OK)
    {
        ngx_http_finalize_request(r, rc == NGX_DECLINED
                                     ? NGX_HTTP_REQUEST_ENTITY_TOO_LARGE
                                     : NGX_HTTP_INTERNAL_SERVER_ERROR);
        return;
    }

    n.method = ngx_pay_str(&r->method_name);
    n.args = ngx_pay_str(&r->args);
    n.body = ngx_pay_str(&body);

    next = talk->core.channel->driver->notice(&talk->core, &n);

    if (next != PAY_DONE) {
        ngx_pay_notify_watch(talk);
    }

    ngx_pay_talk_run(talk, next);
}


/*
 * A notice that makes calls has the channel's time for all of them and for
 * the application together.
 */

static void
ngx_pay_notify_watch(ngx_pay_talk_t *talk)
{
    ngx_http_cleanup_t  *cln;

    cln = ngx_http_cleanup_add(talk->request, 0);
    if (cln == NULL) {
        return;
    }

    cln->handler = ngx_pay_notify_unwatch;
    cln->data = talk->ctx;

    talk->ctx->deadline.handler = ngx_pay_notify_overdue;
    talk->ctx->deadline.data = talk->request;
    talk->ctx->deadline.log = talk->request->connection->log;

    ngx_add_timer(&talk->ctx->deadline, ngx_pay_notify_time(talk));
}


static void
ngx_pay_notify_unwatch(void *data)
{
    ngx_pay_ctx_t  *ctx = data;

    if (ctx->deadline.timer_set) {
        ngx_del_timer(&ctx->deadline);
    }
}


ngx_msec_t
ngx_pay_notify_time(ngx_pay_talk_t *talk)
{
    ngx_msec_t  time, gone;

    time = talk->core.channel->driver->can->notice_deadline_ms;
    time = time > 2 * NGX_PAY_NOTICE_MARGIN ? time - NGX_PAY_NOTICE_MARGIN
                                            : time / 2;

    gone = ngx_current_msec - talk->started;

    return gone < time ? time - gone : 1;
}


/*
 * The channel will not wait: it comes again.  A call that is under way runs
 * on, and what it brings may still be of use to the next copy.
 */

static void
ngx_pay_notify_overdue(ngx_event_t *ev)
{
    ngx_http_request_t  *r = ev->data;

    ngx_int_t            rc;
    ngx_pay_ctx_t       *ctx;
    ngx_pay_talk_t      *talk;
    ngx_connection_t    *c;
    ngx_pay_channel_t   *ch;

    c = r->connection;
    ctx = ngx_http_get_module_ctx(r, ngx_http_pay_module);
    talk = ctx->talk;
    ch = talk->channel;

    ngx_http_set_log_request(c->log, r);

    ngx_log_error(NGX_LOG_ERR, c->log, 0,
                  "pay: channel \"%V\" did not answer in time what its notice "
                  "needs", &ch->name);

    r->keepalive = 0;

    if (ngx_pay_talk_abandon(talk) != NGX_OK) {

        /* a thread has it: the answer is made by another */

        talk = ngx_pay_talk_create(r, ctx, PAY_OP_NONE);

        if (talk == NULL) {
            ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
            ngx_http_run_posted_requests(c);
            return;
        }

        ngx_pay_talk_with(talk, ch);
    }

    rc = ngx_pay_notify_answer(r, talk, PAY_ACK_LATER, NGX_PAY_NOTICE_LATE, 0);

    if (rc != NGX_ERROR || talk->call_now == NULL) {
        ngx_http_finalize_request(r, rc);
    }

    ngx_http_run_posted_requests(c);
}


/* what a notice says is recorded with its event */

static void
ngx_pay_notify_record(ngx_pay_talk_t *talk)
{
    ngx_pay_talk_recorded(talk);
}


void
ngx_pay_notify_refuse(ngx_pay_talk_t *talk)
{
    ngx_uint_t           probe;
    const char          *reason;
    ngx_http_request_t  *r;

    r = talk->request;
    reason = talk->core.error.reason ? talk->core.error.reason : "";
    probe = ngx_strcmp(reason, "probe") == 0;

    talk->ctx->error = talk->core.error.code;
    talk->ctx->reason = reason;

    ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                  "pay: notice of channel \"%V\" refused: reason \"%s\"",
                  &talk->channel->name, reason);

    ngx_pay_notify_reply(r, talk, PAY_ACK_REFUSED,
                         probe ? NGX_PAY_NOTICE_PROBE : NGX_PAY_NOTICE_REFUSED,
                         0);
}


/* the store cannot take it now: the channel comes again */

void
ngx_pay_notify_later(ngx_pay_talk_t *talk)
{
    ngx_pay_notify_reply(talk->request, talk, PAY_ACK_LATER,
                         NGX_PAY_NOTICE_STORE, 0);
}


/* what it needs could not be asked: nobody has judged it */

static ngx_uint_t
ngx_pay_notify_undecided(ngx_pay_talk_t *talk)
{
    switch (talk->core.error.code) {

    case PAY_E_CHANNEL_UNREACHABLE:
    case PAY_E_CHANNEL_RESPONSE_INVALID:
    case PAY_E_CHANNEL_BUSY:
    case PAY_E_CHANNEL_QUOTA:
    case PAY_E_OUTCOME_UNKNOWN:
    case PAY_E_STORE_UNAVAILABLE:
        return 1;

    case PAY_E_INTERNAL_ERROR:
        return talk->core.notice != PAY_NOTICE_REFUSED;

    default:
        return 0;
    }
}


static void
ngx_pay_notify_done(ngx_pay_talk_t *talk)
{
    time_t                   now;
    ngx_http_request_t      *r;
    ngx_pay_main_conf_t     *mcf;
    ngx_pay_channel_stat_t  *st;

    r = talk->request;

    ngx_pay_notify_unwatch(talk->ctx);

    if (ngx_pay_notify_undecided(talk)) {
        ngx_pay_notify_later(talk);
        return;
    }

    if (talk->core.notice == PAY_NOTICE_REFUSED) {
        ngx_pay_notify_refuse(talk);
        return;
    }

    mcf = ngx_http_get_module_main_conf(r, ngx_http_pay_module);
    st = &mcf->zone->sh->channels[talk->channel->number];

    now = ngx_time();
    st->last_notice = now;

    if (talk->core.notice == PAY_NOTICE_OTHER) {
        ngx_pay_notify_reply(r, talk, PAY_ACK_OK, NGX_PAY_NOTICE_OTHER, 0);
        return;
    }

    ngx_pay_notify_fact(talk);
}
