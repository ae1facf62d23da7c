
/*
 * Copyright (C) the ngx_pay authors
 *
 * An event goes to the merchant's application by a clone of the notify
 * location.  The channel gets its acknowledgement only after the
 * application's whole 2xx, or the failure answer at its deadline; the call
 * then runs on, and a late 2xx is recorded (docs/design.md section 4,
 * decisions 4 and 11).
 */

#include <ngx_pay_notify.h>


#define NGX_PAY_APP_BODY  (64 * 1024)


typedef struct {
    ngx_pay_call_t        call;
    pay_request_t         request;
    ngx_pay_talk_t       *talk;
    ngx_pay_store_op_t    op;
    ngx_http_request_t   *parent;
    pay_event_t          *event;
    ngx_event_t           timer;
    ngx_uint_t            status;       /* of the application */
    unsigned              claimed:1;
    unsigned              settling:1;   /* the store is being told */
    unsigned              ended:1;      /* ... and the answer waits for it */
    unsigned              accepted:1;
    unsigned              mismatch:1;
    unsigned              answered:1;   /* the channel has its answer */
} ngx_pay_delivery_t;


static void ngx_pay_notify_claimed(ngx_pay_store_op_t *op);
static void ngx_pay_notify_settle(ngx_pay_call_t *call);
static void ngx_pay_notify_settled(ngx_pay_store_op_t *op);
static void ngx_pay_notify_end(ngx_pay_delivery_t *d);
static void ngx_pay_notify_resume(ngx_pay_call_t *call);
static void ngx_pay_notify_deadline(ngx_event_t *ev);
static void ngx_pay_notify_cleanup(void *data);


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
    m = talk->ctx->merchant;

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
    ngx_pay_delivery_t  *d;
    ngx_http_cleanup_t  *cln;

    d = ngx_pcalloc(r->pool, sizeof(ngx_pay_delivery_t));
    cln = ngx_http_cleanup_add(r, 0);

    if (d == NULL || cln == NULL) {
        return NULL;
    }

    cln->handler = ngx_pay_notify_cleanup;
    cln->data = d;

    d->talk = talk;
    d->parent = r;

    ngx_pay_store_init(&d->op, r, d);

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


void
ngx_pay_notify_deliver(ngx_http_request_t *r, ngx_pay_talk_t *talk,
    pay_event_t *event)
{
    ngx_pay_ctx_t       *ctx;
    ngx_pay_delivery_t  *d;

    ctx = talk->ctx;
    d = ngx_pay_notify_delivery(r, talk);

    if (d == NULL
        || pay_event_id(event, talk->core.fact.number,
                        talk->core.fact.channel_number) != 0
        || ngx_pay_store_key(&d->op, "event", pay_strz(event->id),
                             PAY_STR(""), PAY_STR("")) != NGX_OK)
    {
        ngx_pay_notify_reply(r, talk, PAY_ACK_LATER, NGX_PAY_NOTICE_STORE, 0);
        return;
    }

    ctx->event = ngx_pay_keep(r, pay_strz(event->id));
    ctx->data = d;

    d->event = event;
    d->mismatch = event->type
                  == pay_event_of_mismatch(talk->core.fact.kind);

    /* should the request end before the answer, the claim is given back */

    d->claimed = 1;

    ngx_pay_store(&d->op, NGX_PAY_STORE_EVENT, ngx_pay_notify_claimed);
}


static void
ngx_pay_notify_send(ngx_pay_delivery_t *d)
{
    ngx_pay_talk_t      *talk;
    ngx_http_request_t  *r;

    r = d->parent;
    talk = d->talk;

    if (ngx_pay_notify_request(talk, d->event, &d->request) != PAY_OK
        || ngx_pay_call(r, &d->call) != NGX_OK)
    {
        ngx_pay_notify_reply(r, talk, PAY_ACK_LATER, NGX_PAY_NOTICE_STORE, 0);
        return;
    }

    ngx_add_timer(&d->timer, ngx_pay_notify_time(talk));
}


static void
ngx_pay_notify_claimed(ngx_pay_store_op_t *op)
{
    ngx_pay_delivery_t  *d = op->data;

    d->claimed = op->rc == PAY_OK && op->event == PAY_EV_CLAIMED;

    if (op->rc != PAY_OK) {
        ngx_pay_notify_reply(d->parent, d->talk, PAY_ACK_LATER,
                             NGX_PAY_NOTICE_STORE, 0);
        return;
    }

    switch (op->event) {

    case PAY_EV_CLAIMED:
        ngx_pay_notify_send(d);
        return;

    case PAY_EV_ACCEPTED:
        ngx_pay_notify_reply(d->parent, d->talk, PAY_ACK_OK,
                             NGX_PAY_NOTICE_REPEATED,
                             op->status > 0 ? op->status : 0);
        return;

    case PAY_EV_IN_FLIGHT:
        ngx_pay_notify_reply(d->parent, d->talk, PAY_ACK_LATER,
                             NGX_PAY_NOTICE_IN_FLIGHT, 0);
        return;

    default:
        ngx_pay_notify_reply(d->parent, d->talk, PAY_ACK_LATER,
                             NGX_PAY_NOTICE_STORE, 0);
    }
}


/* the application has answered, or will not: recorded at once */

static void
ngx_pay_notify_settle(ngx_pay_call_t *call)
{
    ngx_pay_delivery_t  *d = call->data;

    d->status = call->status;
    d->accepted = ngx_pay_call_whole(call) && call->status >= 200
                  && call->status < 300;

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

    d->claimed = 0;
    d->settling = 1;
    d->op.accepted = d->accepted;
    d->op.status = (int) d->status;

    ngx_pay_store(&d->op, NGX_PAY_STORE_SETTLE, ngx_pay_notify_settled);
}


/*
 * That the store did not hear of it makes at worst another copy of the event
 * for the application, which has accepted this one.
 */

static void
ngx_pay_notify_settled(ngx_pay_store_op_t *op)
{
    ngx_pay_delivery_t  *d = op->data;

    d->settling = 0;

    if (d->ended) {
        ngx_pay_notify_end(d);
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

    if (d->settling) {
        d->ended = 1;
        return;
    }

    ngx_pay_notify_end(d);
}


static void
ngx_pay_notify_end(ngx_pay_delivery_t *d)
{
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

    ngx_int_t            rc;
    ngx_connection_t    *c;

    c = d->parent->connection;
    ngx_http_set_log_request(c->log, d->parent);

    ngx_log_error(NGX_LOG_ERR, c->log, 0,
                  "pay: the application did not answer event \"%V\" in time",
                  &d->call.owner->event);

    d->answered = 1;
    d->call.abandoned = 1;

    /* the next request on this connection would wait for the application */

    d->parent->keepalive = 0;

    rc = ngx_pay_notify_answer(d->parent, d->talk, PAY_ACK_LATER,
                               NGX_PAY_NOTICE_LATE, 0);

    /*
     * A channel that has left, or cannot be answered, must not end the call:
     * the call's end ends the request.
     */

    if (rc == NGX_ERROR) {
        c->error = 1;

    } else {
        ngx_http_finalize_request(d->parent, rc);
    }

    ngx_http_run_posted_requests(c);
}


static void
ngx_pay_notify_cleanup(void *data)
{
    ngx_pay_delivery_t  *d = data;

    if (d->timer.timer_set) {
        ngx_del_timer(&d->timer);
    }

    ngx_pay_store_abandon(&d->op);

    if (!d->claimed) {
        return;
    }

    /* what nobody waits for is told, though, and d goes */

    d->claimed = 0;
    d->op.request = NULL;
    d->op.accepted = 0;
    d->op.status = 0;

    ngx_pay_store(&d->op, NGX_PAY_STORE_SETTLE, ngx_pay_notify_settled);
    ngx_pay_store_abandon(&d->op);
}
