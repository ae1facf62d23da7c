
/*
 * Copyright (C) the ngx_pay authors
 *
 * pay_notify: the callback desk (docs/design.md sections 4 and 8).  A notice
 * is verified, decrypted and checked; its event goes on by ngx_pay_delivery.c.
 */

#include <ngx_pay_notify.h>


#define NGX_PAY_NOTICE_BODY  (1024 * 1024)


static void ngx_pay_notify_start(ngx_http_request_t *r, ngx_pay_ctx_t *ctx,
    ngx_pay_loc_conf_t *plcf);
static void ngx_pay_notify_record(ngx_pay_talk_t *talk);
static void ngx_pay_notify_done(ngx_pay_talk_t *talk);
static void ngx_pay_notify_payment(ngx_pay_talk_t *talk);
static void ngx_pay_notify_loaded(ngx_pay_talk_t *talk);
static void ngx_pay_notify_known(ngx_pay_talk_t *talk);
static void ngx_pay_notify_applied(ngx_pay_talk_t *talk);


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
    ngx_int_t        rc;
    pay_notice_t     n;
    ngx_pay_talk_t  *talk;

    /* the channel may leave: the event goes on its way all the same */

    r->read_event_handler = ngx_http_block_reading;
    r->write_event_handler = ngx_http_request_empty_handler;

    talk = ngx_pay_talk_create(r, ctx, plcf->notify, PAY_OP_NONE);

    if (talk == NULL) {
        ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
        return;
    }

    ctx->channel = plcf->notify;
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

    ngx_pay_talk_run(talk, talk->core.channel->driver->notice(&talk->core,
                                                              &n));
}


/* what a notice says is recorded with its event */

static void
ngx_pay_notify_record(ngx_pay_talk_t *talk)
{
    ngx_pay_talk_recorded(talk);
}


static void
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

static void
ngx_pay_notify_later(ngx_pay_talk_t *talk)
{
    ngx_pay_notify_reply(talk->request, talk, PAY_ACK_LATER,
                         NGX_PAY_NOTICE_STORE, 0);
}


static void
ngx_pay_notify_done(ngx_pay_talk_t *talk)
{
    time_t                   now;
    ngx_http_request_t      *r;
    ngx_pay_main_conf_t     *mcf;
    ngx_pay_channel_stat_t  *st;

    r = talk->request;

    if (talk->core.error.code == PAY_E_INTERNAL_ERROR
        && talk->core.notice != PAY_NOTICE_REFUSED)
    {
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

    ngx_pay_notify_payment(talk);
}


/*
 * For how much the order was: by the store, or by the text that the channel
 * echoes.  NGX_OK: it is right; NGX_DECLINED: nobody knows; NGX_ABORT: it is
 * wrong.
 */

static ngx_int_t
ngx_pay_notify_amount(ngx_pay_main_conf_t *mcf, ngx_pay_talk_t *talk,
    pay_str_t merchant, ngx_uint_t stored)
{
    pay_str_t    echo, named;
    pay_fact_t  *f;

    f = &talk->core.fact;

    if (stored && talk->object.amount) {
        return f->amount == talk->object.amount
               && pay_str_eq(f->currency, talk->object.currency) ? NGX_OK
                                                                  : NGX_ABORT;
    }

    if (mcf->secret == NULL || pay_echo_merchant(f->echo, &named) != PAY_OK) {
        return NGX_DECLINED;
    }

    echo = pay_echo_make(talk->core.arena, merchant, f->number, f->amount,
                         f->currency, mcf->secret);

    if (echo.data == NULL) {
        return NGX_ERROR;
    }

    return echo.len == f->echo.len
           && pay_equal_secret(echo.data, f->echo.data, echo.len) ? NGX_OK
                                                                  : NGX_ABORT;
}


/* an amount that nobody could check is not kept: a copy would prove it */

static void
ngx_pay_notify_blank(ngx_pay_talk_t *talk, pay_str_t merchant,
    ngx_uint_t checked)
{
    pay_fact_t     *f;
    pay_object_t  *p;

    f = &talk->core.fact;
    p = &talk->object;

    ngx_memzero(p, sizeof(pay_object_t));

    p->kind = f->kind;
    p->number = f->number;
    p->merchant = merchant;
    p->channel = ngx_pay_str(&talk->channel->name);
    p->state = PAY_STATE_PENDING;
    p->answered = 1;

    if (checked) {
        p->amount = f->amount;
        p->currency = f->currency;
    }
}


/* the event says what the channel said where nobody knows better */

static void
ngx_pay_notify_told(ngx_pay_talk_t *talk)
{
    if (talk->object.amount == 0 && talk->core.fact.amount > 0) {
        talk->object.amount = talk->core.fact.amount;
        talk->object.currency = talk->core.fact.currency;
    }
}


static void
ngx_pay_notify_payment(ngx_pay_talk_t *talk)
{
    pay_fact_t          *f;
    ngx_pay_ctx_t       *ctx;
    ngx_http_request_t  *r;

    r = talk->request;
    ctx = talk->ctx;
    f = &talk->core.fact;

    ctx->merchant = talk->channel->merchant;
    ctx->order_id = ngx_pay_keep(r, f->number);
    ctx->currency = ngx_pay_keep(r, f->currency);
    ctx->amount = f->amount;

    if (ngx_pay_store_key(&talk->rec.op, "payment",
                          ngx_pay_str(&ctx->merchant->id), f->number,
                          PAY_STR("")) != NGX_OK)
    {
        ngx_pay_notify_later(talk);
        return;
    }

    ngx_pay_talk_load(talk, ngx_pay_notify_loaded);
}


/* the same number on another channel is another order */

static void
ngx_pay_notify_loaded(ngx_pay_talk_t *talk)
{
    pay_str_t  channel;

    channel = ngx_pay_str(&talk->channel->name);

    if (talk->rec.rc != PAY_OK
        || pay_str_eq(talk->object.channel, channel))
    {
        ngx_pay_notify_known(talk);
        return;
    }

    if (ngx_pay_store_key(&talk->rec.op, "other", channel,
                          talk->core.fact.number, PAY_STR("")) != NGX_OK)
    {
        ngx_pay_notify_later(talk);
        return;
    }

    ngx_pay_talk_load(talk, ngx_pay_notify_known);
}


static void
ngx_pay_notify_mismatch(ngx_pay_talk_t *talk)
{
    pay_fact_t     *f;
    pay_event_t    *event;
    ngx_pay_ctx_t  *ctx;

    ctx = talk->ctx;
    f = &talk->core.fact;
    event = ctx->data;

    ngx_log_error(NGX_LOG_ERR, talk->request->connection->log, 0,
                  "pay: channel \"%V\" says that order \"%V\" was paid "
                  "with %L %V: that is not the amount of the order",
                  &talk->channel->name, &ctx->order_id, f->amount,
                  &ctx->currency);

    event->type = PAY_EVENT_PAYMENT_MISMATCH;
    ngx_pay_notify_told(talk);
    talk->object.amount_paid = f->amount;
    talk->object.channel_number = f->channel_number;

    ngx_pay_notify_deliver(talk->request, talk, event);
}


static void
ngx_pay_notify_known(ngx_pay_talk_t *talk)
{
    pay_rc_t              rc;
    pay_str_t             merchant;
    ngx_int_t             amount;
    pay_event_t          *event;
    ngx_pay_ctx_t        *ctx;
    ngx_pay_main_conf_t  *mcf;

    mcf = talk->rec.op.conf;
    ctx = talk->ctx;
    rc = talk->rec.rc;
    merchant = ngx_pay_str(&ctx->merchant->id);

    amount = rc == PAY_OK || rc == PAY_DECLINED
             ? ngx_pay_notify_amount(mcf, talk, merchant, rc == PAY_OK)
             : NGX_ERROR;

    event = ngx_pcalloc(talk->request->pool, sizeof(pay_event_t));

    if (amount == NGX_ERROR || event == NULL) {
        ngx_pay_notify_later(talk);
        return;
    }

    if (rc == PAY_DECLINED) {
        ngx_pay_notify_blank(talk, merchant, amount == NGX_OK);
    }

    event->created_at = ngx_time();
    event->merchant = merchant;
    event->channel = ngx_pay_str(&talk->channel->name);
    event->source = "notice";
    event->test = talk->channel->core.sandbox;
    event->amount_checked = amount == NGX_OK;
    event->object = &talk->object;

    ctx->data = event;

    if (amount == NGX_ABORT) {
        ngx_pay_notify_mismatch(talk);
        return;
    }

    talk->applied = talk->object;
    ngx_pay_talk_apply(talk, 0, 1, ngx_pay_notify_applied);
}


static void
ngx_pay_notify_applied(ngx_pay_talk_t *talk)
{
    pay_fact_t          *f;
    pay_event_t         *event;
    ngx_pay_ctx_t       *ctx;
    ngx_http_request_t  *r;

    r = talk->request;
    ctx = talk->ctx;
    event = ctx->data;
    f = &talk->core.fact;

    /* the store is full: the event is worth more than the record */

    if (talk->rec.rc != PAY_OK && talk->rec.rc != PAY_DECLINED) {
        ngx_pay_notify_later(talk);
        return;
    }

    talk->object = talk->applied;
    ctx->state = talk->object.state;
    ngx_pay_notify_told(talk);

    switch (talk->rec.change) {

    case PAY_CHANGE_DROPPED:
        ngx_pay_notify_reply(r, talk, PAY_ACK_OK, NGX_PAY_NOTICE_DROPPED, 0);
        return;

    case PAY_CHANGE_DUPLICATE:
        event->type = PAY_EVENT_PAYMENT_DUPLICATE;
        talk->object.channel_number = f->channel_number;
        talk->object.done_at = f->done_at;

        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "pay: order \"%V\" of channel \"%V\" was paid twice",
                      &ctx->order_id, &talk->channel->name);
        break;

    case PAY_CHANGE_MISMATCH:
        event->type = PAY_EVENT_PAYMENT_MISMATCH;
        break;

    default:
        event->type = pay_event_of_state(f->kind, f->state);
        break;
    }

    if (event->type == PAY_EVENT_NONE) {
        ngx_pay_notify_reply(r, talk, PAY_ACK_OK, NGX_PAY_NOTICE_DROPPED, 0);
        return;
    }

    ngx_pay_notify_deliver(r, talk, event);
}
