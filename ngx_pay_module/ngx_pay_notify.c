
/*
 * Copyright (C) the ngx_pay authors
 *
 * pay_notify: the callback desk (docs/design.md sections 4 and 8).  A notice
 * is verified, decrypted and checked; its event goes to the application by a
 * clone of this location; the channel gets its acknowledgement only after
 * the application's whole 2xx, or the failure answer at the deadline.
 */

#include <ngx_pay.h>


#define NGX_PAY_NOTICE_BODY   (1024 * 1024)
#define NGX_PAY_APP_BODY      (64 * 1024)
#define NGX_PAY_NOTICE_MARGIN 1000

/* the backstop of a delivery whose worker lives but never ends it */
#define NGX_PAY_DELIVERY_TIME 600


typedef struct {
    ngx_pay_call_t        call;
    pay_request_t         request;
    ngx_pay_talk_t       *talk;
    ngx_pay_zone_t       *zone;
    ngx_http_request_t   *parent;
    ngx_event_t           timer;
    pay_u8                key[16];
    ngx_uint_t            status;       /* of the application */
    unsigned              claimed:1;
    unsigned              accepted:1;
    unsigned              mismatch:1;
    unsigned              answered:1;   /* the channel has its answer */
} ngx_pay_delivery_t;


static void ngx_pay_notify_body(ngx_http_request_t *r);
static void ngx_pay_notify_start(ngx_http_request_t *r, ngx_pay_ctx_t *ctx,
    ngx_pay_loc_conf_t *plcf);
static void ngx_pay_notify_record(ngx_http_request_t *r,
    ngx_pay_talk_t *talk);
static void ngx_pay_notify_done(ngx_http_request_t *r, ngx_pay_talk_t *talk);
static void ngx_pay_notify_payment(ngx_http_request_t *r,
    ngx_pay_talk_t *talk);
static void ngx_pay_notify_deliver(ngx_http_request_t *r,
    ngx_pay_talk_t *talk, pay_event_t *event);
static void ngx_pay_notify_settle(ngx_pay_call_t *call);
static void ngx_pay_notify_resume(ngx_pay_call_t *call);
static void ngx_pay_notify_deadline(ngx_event_t *ev);
static void ngx_pay_notify_cleanup(void *data);


static const char *const  ngx_pay_notice_results[NGX_PAY_NOTICE_MAX] = {
    "acknowledged", "repeated", "in_flight", "refused", "probe", "failed",
    "late", "mismatch", "dropped", "other", "store"
};


ngx_int_t
ngx_pay_notify_handler(ngx_http_request_t *r)
{
    ngx_int_t            rc;
    ngx_pay_ctx_t       *ctx;
    ngx_pay_loc_conf_t  *plcf;

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

    ctx->reading = 1;

    rc = ngx_http_read_client_request_body(r, ngx_pay_notify_body);

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        return rc;
    }

    ngx_http_finalize_request(r, NGX_DONE);

    return NGX_DONE;
}


static void
ngx_pay_notify_body(ngx_http_request_t *r)
{
    ngx_pay_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_pay_module);

    ctx->body_done = 1;
    r->preserve_body = 1;
    r->write_event_handler = ngx_http_core_run_phases;

    ngx_http_core_run_phases(r);
}


/* the answer to the channel, in its own words */

static void
ngx_pay_notify_reply(ngx_http_request_t *r, ngx_pay_talk_t *talk,
    pay_verdict_t verdict, ngx_pay_notice_result_t result,
    ngx_uint_t app_status)
{
    u_char                   buf[NGX_INT_T_LEN];
    ngx_int_t                rc;
    ngx_str_t                s;
    pay_reply_t              reply;
    ngx_pay_ctx_t           *ctx;
    ngx_pay_main_conf_t     *mcf;
    ngx_pay_channel_stat_t  *st;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_pay_module);
    st = &mcf->zone->sh->channels[talk->channel->number];
    ctx = talk->ctx;

    (void) ngx_atomic_fetch_add(&st->notices[result], 1);
    ctx->notify_result = ngx_pay_notice_results[result];

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

    rc = ngx_pay_reply(r, reply.status, reply.content_type, reply.body);

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


static void
ngx_pay_notify_record(ngx_http_request_t *r, ngx_pay_talk_t *talk)
{
    /* what a notice says is recorded with its event */
}


static void
ngx_pay_notify_refuse(ngx_http_request_t *r, ngx_pay_talk_t *talk)
{
    ngx_uint_t   probe;
    const char  *reason;

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


static void
ngx_pay_notify_done(ngx_http_request_t *r, ngx_pay_talk_t *talk)
{
    time_t                   now;
    ngx_pay_main_conf_t     *mcf;
    ngx_pay_channel_stat_t  *st;

    if (talk->core.error.code == PAY_E_INTERNAL_ERROR
        && talk->core.notice != PAY_NOTICE_REFUSED)
    {
        ngx_pay_notify_reply(r, talk, PAY_ACK_LATER, NGX_PAY_NOTICE_STORE, 0);
        return;
    }

    if (talk->core.notice == PAY_NOTICE_REFUSED) {
        ngx_pay_notify_refuse(r, talk);
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

    ngx_pay_notify_payment(r, talk);
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

    if (stored && talk->payment.amount) {
        return f->amount == talk->payment.amount
               && pay_str_eq(f->currency, talk->payment.currency) ? NGX_OK
                                                                  : NGX_ABORT;
    }

    if (mcf->secret == NULL || pay_echo_merchant(f->echo, &named) != PAY_OK) {
        return NGX_DECLINED;
    }

    echo = pay_echo_make(talk->core.arena, merchant, f->order_id, f->amount,
                         f->currency, mcf->secret);

    if (echo.data == NULL) {
        return NGX_ERROR;
    }

    return echo.len == f->echo.len
           && pay_equal_secret(echo.data, f->echo.data, echo.len) ? NGX_OK
                                                                  : NGX_ABORT;
}


static void
ngx_pay_notify_blank(ngx_pay_talk_t *talk, pay_str_t merchant)
{
    pay_fact_t     *f;
    pay_payment_t  *p;

    f = &talk->core.fact;
    p = &talk->payment;

    ngx_memzero(p, sizeof(pay_payment_t));

    p->order_id = f->order_id;
    p->merchant = merchant;
    p->channel = ngx_pay_str(&talk->channel->name);
    p->state = PAY_STATE_PENDING;
    p->amount = f->amount;
    p->currency = f->currency;
    p->answered = 1;
}


static void
ngx_pay_notify_payment(ngx_http_request_t *r, ngx_pay_talk_t *talk)
{
    pay_rc_t              rc;
    pay_str_t             merchant;
    ngx_int_t             amount;
    pay_fact_t           *f;
    pay_event_t           event;
    pay_change_t          change;
    ngx_pay_ctx_t        *ctx;
    ngx_pay_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_pay_module);
    ctx = talk->ctx;
    f = &talk->core.fact;

    ctx->merchant = talk->channel->merchant;
    merchant = ngx_pay_str(&ctx->merchant->node.str);

    ctx->order_id = ngx_pay_keep(r, f->order_id);
    ctx->currency = ngx_pay_keep(r, f->currency);
    ctx->amount = f->amount;

    if (ngx_pay_record_key(talk->key, "payment", merchant, f->order_id)
        != NGX_OK)
    {
        ngx_pay_notify_reply(r, talk, PAY_ACK_LATER, NGX_PAY_NOTICE_STORE, 0);
        return;
    }

    rc = ngx_pay_object_load(mcf->zone, talk->core.arena, talk->key,
                             &talk->payment);

    /* the same number on another channel is another order */

    if (rc == PAY_OK
        && !pay_str_eq(talk->payment.channel,
                       ngx_pay_str(&talk->channel->name)))
    {
        rc = PAY_DECLINED;
        ngx_memzero(talk->key, sizeof(talk->key));
    }

    if (rc != PAY_OK && rc != PAY_DECLINED) {
        ngx_pay_notify_reply(r, talk, PAY_ACK_LATER, NGX_PAY_NOTICE_STORE, 0);
        return;
    }

    amount = ngx_pay_notify_amount(mcf, talk, merchant, rc == PAY_OK);

    if (amount == NGX_ERROR) {
        ngx_pay_notify_reply(r, talk, PAY_ACK_LATER, NGX_PAY_NOTICE_STORE, 0);
        return;
    }

    if (rc == PAY_DECLINED) {
        ngx_pay_notify_blank(talk, merchant);
    }

    ngx_memzero(&event, sizeof(pay_event_t));

    event.created_at = ngx_time();
    event.merchant = merchant;
    event.channel = ngx_pay_str(&talk->channel->name);
    event.source = "notice";
    event.test = talk->channel->core.sandbox;
    event.amount_checked = amount == NGX_OK;
    event.payment = &talk->payment;

    if (amount == NGX_ABORT) {

        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "pay: channel \"%V\" says that order \"%V\" was paid "
                      "with %L %V: that is not the amount of the order",
                      &talk->channel->name, &ctx->order_id, f->amount,
                      &ctx->currency);

        event.type = PAY_EVENT_PAYMENT_MISMATCH;
        talk->payment.amount_paid = f->amount;
        talk->payment.channel_order_id = f->channel_order_id;
        ngx_pay_notify_deliver(r, talk, &event);
        return;
    }

    rc = ngx_pay_object_apply(mcf->zone, talk->core.arena, talk->key, f, 0, 1,
                              &talk->payment, &change);

    /* the store is full: the event is worth more than the record */

    if (rc != PAY_OK && rc != PAY_DECLINED) {
        ngx_pay_notify_reply(r, talk, PAY_ACK_LATER, NGX_PAY_NOTICE_STORE, 0);
        return;
    }

    ctx->state = talk->payment.state;

    switch (change) {

    case PAY_CHANGE_DROPPED:
        ngx_pay_notify_reply(r, talk, PAY_ACK_OK, NGX_PAY_NOTICE_DROPPED, 0);
        return;

    case PAY_CHANGE_DUPLICATE:
        event.type = PAY_EVENT_PAYMENT_DUPLICATE;
        talk->payment.channel_order_id = f->channel_order_id;
        talk->payment.paid_at = f->paid_at;

        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "pay: order \"%V\" of channel \"%V\" was paid twice",
                      &ctx->order_id, &talk->channel->name);
        break;

    case PAY_CHANGE_MISMATCH:
        event.type = PAY_EVENT_PAYMENT_MISMATCH;
        break;

    default:
        event.type = pay_event_of_state(f->state);
        break;
    }

    if (event.type == PAY_EVENT_NONE) {
        ngx_pay_notify_reply(r, talk, PAY_ACK_OK, NGX_PAY_NOTICE_DROPPED, 0);
        return;
    }

    ngx_pay_notify_deliver(r, talk, &event);
}


/* the event as the application's request; PAY_ERROR: no memory */

static pay_rc_t
ngx_pay_notify_request(ngx_pay_talk_t *talk, pay_event_t *event,
    pay_request_t *q)
{
    pay_u8               digits[NGX_INT64_LEN];
    pay_str_t            id, timestamp, signature;
    pay_arena_t         *a;
    ngx_pay_merchant_t  *m;

    a = talk->core.arena;
    m = talk->channel->merchant;

    ngx_memzero(q, sizeof(pay_request_t));

    q->method = "POST";
    q->body = pay_event_json(a, event);

    timestamp.data = digits;
    timestamp.len = ngx_sprintf(digits, "%T", ngx_time()) - digits;
    timestamp = pay_str_dup(a, timestamp);

    if (q->body.data == NULL || timestamp.data == NULL) {
        return PAY_ERROR;
    }

    id = pay_strz(event->id);
    signature = pay_webhook_sign(a, id, ngx_time(), q->body,
                                 m->webhook_keys.elts, m->webhook_keys.nelts);

    if (signature.data == NULL
        || pay_request_header(q, "Content-Type", PAY_STR("application/json"))
           != PAY_OK
        || pay_request_header(q, "webhook-id", id) != PAY_OK
        || pay_request_header(q, "webhook-timestamp", timestamp) != PAY_OK
        || pay_request_header(q, "webhook-signature", signature) != PAY_OK)
    {
        return PAY_ERROR;
    }

    return PAY_OK;
}


static ngx_pay_delivery_t *
ngx_pay_notify_delivery(ngx_http_request_t *r, ngx_pay_talk_t *talk)
{
    ngx_pay_delivery_t   *d;
    ngx_http_cleanup_t   *cln;
    ngx_pay_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_pay_module);

    d = ngx_pcalloc(r->pool, sizeof(ngx_pay_delivery_t));
    cln = ngx_http_cleanup_add(r, 0);

    if (d == NULL || cln == NULL) {
        return NULL;
    }

    cln->handler = ngx_pay_notify_cleanup;
    cln->data = d;

    d->talk = talk;
    d->zone = mcf->zone;
    d->parent = r;

    d->timer.handler = ngx_pay_notify_deadline;
    d->timer.data = d;
    d->timer.log = r->connection->log;

    d->call.request = &d->request;
    d->call.owner = talk->ctx;
    d->call.limit = NGX_PAY_APP_BODY;
    d->call.data = d;
    d->call.settle = ngx_pay_notify_settle;
    d->call.resume = ngx_pay_notify_resume;

    return d;
}


static ngx_int_t
ngx_pay_notify_claim(ngx_http_request_t *r, ngx_pay_talk_t *talk,
    ngx_pay_delivery_t *d)
{
    int          status;
    time_t       now;
    pay_ev_rc_t  rc;

    now = ngx_time();

    ngx_pay_zone_lock(d->zone);

    rc = pay_events_claim(d->zone->events, d->key, ngx_pid,
                          now + NGX_PAY_DELIVERY_TIME, now, ngx_pay_alive);
    status = pay_events_status(d->zone->events, d->key);

    ngx_pay_zone_unlock(d->zone);

    switch (rc) {

    case PAY_EV_CLAIMED:
        d->claimed = 1;
        return NGX_OK;

    case PAY_EV_ACCEPTED:
        ngx_pay_notify_reply(r, talk, PAY_ACK_OK, NGX_PAY_NOTICE_REPEATED,
                             status > 0 ? status : 0);
        return NGX_DONE;

    case PAY_EV_IN_FLIGHT:
        ngx_pay_notify_reply(r, talk, PAY_ACK_LATER, NGX_PAY_NOTICE_IN_FLIGHT,
                             0);
        return NGX_DONE;

    default:
        ngx_pay_notify_reply(r, talk, PAY_ACK_LATER, NGX_PAY_NOTICE_STORE, 0);
        return NGX_DONE;
    }
}


static void
ngx_pay_notify_deliver(ngx_http_request_t *r, ngx_pay_talk_t *talk,
    pay_event_t *event)
{
    unsigned             deadline;
    ngx_pay_ctx_t       *ctx;
    ngx_pay_delivery_t  *d;

    ctx = talk->ctx;
    d = ngx_pay_notify_delivery(r, talk);

    if (d == NULL
        || pay_event_id(event, talk->core.fact.order_id,
                        talk->core.fact.channel_order_id) != 0
        || ngx_pay_record_key(d->key, "event", pay_strz(event->id),
                              PAY_STR("")) != NGX_OK)
    {
        ngx_pay_notify_reply(r, talk, PAY_ACK_LATER, NGX_PAY_NOTICE_STORE, 0);
        return;
    }

    ctx->event = ngx_pay_keep(r, pay_strz(event->id));
    d->mismatch = event->type == PAY_EVENT_PAYMENT_MISMATCH;

    if (ngx_pay_notify_claim(r, talk, d) != NGX_OK) {
        return;
    }

    if (ngx_pay_notify_request(talk, event, &d->request) != PAY_OK
        || ngx_pay_call(r, &d->call) != NGX_OK)
    {
        ngx_pay_notify_reply(r, talk, PAY_ACK_LATER, NGX_PAY_NOTICE_STORE, 0);
        return;
    }

    ctx->data = d;

    deadline = talk->core.channel->driver->can->notice_deadline_ms;

    ngx_add_timer(&d->timer, deadline > 2 * NGX_PAY_NOTICE_MARGIN
                             ? deadline - NGX_PAY_NOTICE_MARGIN
                             : deadline / 2);
}


/* the application has answered, or will not: recorded at once */

static void
ngx_pay_notify_settle(ngx_pay_call_t *call)
{
    ngx_pay_delivery_t  *d = call->data;

    d->status = call->status;
    d->accepted = ngx_pay_call_whole(call) && call->status >= 200
                  && call->status < 300;

    ngx_pay_zone_lock(d->zone);

    pay_events_settle(d->zone->events, d->key, ngx_pid, d->accepted,
                      (int) d->status, ngx_time());

    ngx_pay_zone_unlock(d->zone);

    d->claimed = 0;

    if (!d->accepted) {
        ngx_log_error(NGX_LOG_ERR, call->parent->connection->log, 0,
                      "pay: the application did not accept event \"%V\": "
                      "status %ui%s", &call->owner->event, call->status,
                      call->status && !ngx_pay_call_whole(call)
                      ? ", answer not whole" : "");

    } else if (d->answered) {
        ngx_log_error(NGX_LOG_NOTICE, call->parent->connection->log, 0,
                      "pay: the application accepted event \"%V\" after the "
                      "channel's deadline", &call->owner->event);
    }
}


static void
ngx_pay_notify_resume(ngx_pay_call_t *call)
{
    ngx_pay_delivery_t  *d = call->data;

    if (d->timer.timer_set) {
        ngx_del_timer(&d->timer);
    }

    d->answered = 1;

    if (!d->accepted) {
        ngx_pay_notify_reply(d->parent, d->talk, PAY_ACK_LATER,
                             NGX_PAY_NOTICE_FAILED, d->status);
        return;
    }

    ngx_pay_notify_reply(d->parent, d->talk, PAY_ACK_OK,
                         d->mismatch ? NGX_PAY_NOTICE_MISMATCH
                                     : NGX_PAY_NOTICE_ACKNOWLEDGED,
                         d->status);
}


/* the channel will not wait: it comes again; the call itself runs on */

static void
ngx_pay_notify_deadline(ngx_event_t *ev)
{
    ngx_pay_delivery_t  *d = ev->data;

    ngx_connection_t    *c;

    c = d->parent->connection;
    ngx_http_set_log_request(c->log, d->parent);

    ngx_log_error(NGX_LOG_ERR, c->log, 0,
                  "pay: the application did not answer event \"%V\" in time",
                  &d->call.owner->event);

    d->answered = 1;
    d->call.abandoned = 1;

    ngx_pay_notify_reply(d->parent, d->talk, PAY_ACK_LATER,
                         NGX_PAY_NOTICE_LATE, 0);

    ngx_http_run_posted_requests(c);
}


static void
ngx_pay_notify_cleanup(void *data)
{
    ngx_pay_delivery_t  *d = data;

    if (d->timer.timer_set) {
        ngx_del_timer(&d->timer);
    }

    if (!d->claimed) {
        return;
    }

    d->claimed = 0;

    ngx_pay_zone_lock(d->zone);

    pay_events_settle(d->zone->events, d->key, ngx_pid, 0, 0, ngx_time());

    ngx_pay_zone_unlock(d->zone);
}
