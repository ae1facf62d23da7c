
/*
 * Copyright (C) the ngx_pay authors
 *
 * The notices of a simulated channel on their way to the merchant.
 */

#include <ngx_pay_sandbox.h>


#define NGX_PAY_COURIER_ANSWER  (64 * 1024)


static void ngx_pay_courier_settle(ngx_pay_call_t *call);
static void ngx_pay_courier_resume(ngx_pay_call_t *call);
static void ngx_pay_courier_timer(ngx_event_t *ev);
static void ngx_pay_courier_cleanup(void *data);


/* the first that is due, or NULL */

static pay_sim_due_t *
ngx_pay_courier_due(ngx_pay_courier_t *c)
{
    size_t  i;

    if (c->rounds == PAY_SIM_DUE) {
        return NULL;
    }

    for (i = 0; i < c->core->ndue; i++) {
        if (c->core->due[i].due_at <= ngx_time()) {
            return &c->core->due[i];
        }
    }

    return NULL;
}


static ngx_int_t
ngx_pay_courier_url(ngx_pay_courier_t *c, ngx_pay_call_t *call)
{
    u_char  *p, *last;

    call->url.len = c->letter.host.len + c->letter.target.len;
    call->url.data = ngx_pnalloc(c->request->pool, call->url.len);

    if (call->url.data == NULL) {
        return NGX_ERROR;
    }

    last = ngx_cpymem(call->url.data, c->letter.host.data,
                      c->letter.host.len);
    ngx_memcpy(last, c->letter.target.data, c->letter.target.len);

    p = ngx_strlchr(call->url.data, last, ':');

    if (p == NULL) {
        return NGX_ERROR;
    }

    call->host.data = p + 3;
    call->host.len = last - call->host.data;
    call->upstream = call->host;

    return NGX_OK;
}


/* NGX_DECLINED: it is not to be sent any more */

static ngx_int_t
ngx_pay_courier_send(ngx_pay_courier_t *c)
{
    pay_rc_t             rc;
    ngx_pay_call_t      *call;
    ngx_http_request_t  *r;

    r = c->request;

    /* each notice is made from fresh random bytes */

    c->core->now = ngx_time();
    c->core->random_used = 0;

    if (pay_random(c->core->random, sizeof(c->core->random)) != 0) {
        return NGX_ERROR;
    }

    ngx_memzero(&c->letter, sizeof(pay_request_t));

    rc = c->sim->notice(c->core, c->notice.id, &c->letter);

    if (rc != PAY_OK) {
        return rc == PAY_DECLINED ? NGX_DECLINED : NGX_ERROR;
    }

    call = ngx_pcalloc(r->pool, sizeof(ngx_pay_call_t));

    if (call == NULL || ngx_pay_courier_url(c, call) != NGX_OK) {
        return NGX_ERROR;
    }

    call->location = c->location;
    call->request = &c->letter;
    call->owner = c->ctx;
    call->limit = NGX_PAY_COURIER_ANSWER;
    call->data = c;
    call->settle = ngx_pay_courier_settle;
    call->resume = ngx_pay_courier_resume;

    r->read_event_handler = ngx_http_block_reading;
    r->write_event_handler = ngx_http_request_empty_handler;

    return ngx_pay_call(r, call) == NGX_OK ? NGX_AGAIN : NGX_ERROR;
}


/* off the list, whatever became of the order meanwhile */

static ngx_int_t
ngx_pay_courier_sent(ngx_pay_courier_t *c)
{
    pay_rc_t    rc;
    ngx_int_t   stored;
    ngx_uint_t  tries;

    stored = NGX_AGAIN;

    for (tries = 0; tries < NGX_PAY_SANDBOX_TRIES && stored == NGX_AGAIN;
         tries++)
    {
        if (ngx_pay_sandbox_reload(c->zone, c->core) != NGX_OK) {
            return NGX_ERROR;
        }

        rc = c->sim->sent(c->core, c->notice.id);

        if (rc != PAY_OK) {
            return rc == PAY_DECLINED ? NGX_OK : NGX_ERROR;
        }

        stored = ngx_pay_sandbox_store(c->zone, c->core);
    }

    return stored;
}


static ngx_int_t
ngx_pay_courier_next(ngx_pay_courier_t *c)
{
    ngx_int_t       rc;
    pay_sim_due_t  *due;

    for ( ;; ) {
        due = ngx_pay_courier_due(c);

        if (due == NULL) {
            return NGX_OK;
        }

        c->rounds++;
        c->notice = *due;
        c->attempt = 0;

        rc = ngx_pay_courier_send(c);

        if (rc != NGX_DECLINED) {
            return rc;
        }

        rc = ngx_pay_courier_sent(c);

        if (rc != NGX_OK) {
            return NGX_ERROR;
        }
    }
}


ngx_int_t
ngx_pay_courier(ngx_pay_courier_t *c)
{
    ngx_http_cleanup_t  *cln;

    if (ngx_pay_courier_due(c) == NULL) {
        return NGX_OK;
    }

    cln = ngx_http_cleanup_add(c->request, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_pay_courier_cleanup;
    cln->data = c;

    c->timer.handler = ngx_pay_courier_timer;
    c->timer.data = c;
    c->timer.log = c->request->connection->log;

    return ngx_pay_courier_next(c);
}


static pay_str_t
ngx_pay_courier_header(ngx_pay_call_t *call, const char *name)
{
    pay_str_t      value;
    pay_headers_t  headers;

    if (call->status == 0
        || ngx_pay_headers(call->parent->pool,
                           &call->sr->upstream->headers_in.headers, &headers)
           != NGX_OK
        || pay_header_get(&headers, name, &value) != PAY_OK)
    {
        return PAY_STR("");
    }

    return value;
}


static void
ngx_pay_courier_settle(ngx_pay_call_t *call)
{
    ngx_pay_courier_t  *c = call->data;

    pay_str_t           status;
    ngx_int_t           n;
    pay_sim_sent_t     *sent;

    sent = &c->sent[c->nsent++];

    sent->notice = c->notice;
    sent->attempt = c->attempt + 1;
    sent->url = ngx_pay_str(&call->url);
    sent->event = ngx_pay_courier_header(call, "Pay-Event");

    status = ngx_pay_courier_header(call, "Pay-Application-Status");
    n = status.len ? ngx_atoi((u_char *) status.data, status.len) : 0;
    sent->application_status = n > 0 ? (int) n : 0;

    if (ngx_pay_call_whole(call)
        && ngx_pay_call_body(call, &sent->acknowledgement) == NGX_OK)
    {
        sent->status = (int) call->status;
        sent->acknowledged = c->sim->acknowledged(sent->status,
                                                  sent->acknowledgement);
    }
}


static void
ngx_pay_courier_resume(ngx_pay_call_t *call)
{
    ngx_pay_courier_t  *c = call->data;

    if (!c->sent[c->nsent - 1].acknowledged
        && ++c->attempt < NGX_PAY_COURIER_ATTEMPTS)
    {
        ngx_add_timer(&c->timer, 1000 * c->attempt);
        return;
    }

    if (ngx_pay_courier_sent(c) != NGX_OK
        || ngx_pay_courier_next(c) != NGX_AGAIN)
    {
        c->done(c);
    }
}


static void
ngx_pay_courier_timer(ngx_event_t *ev)
{
    ngx_pay_courier_t  *c = ev->data;

    ngx_connection_t   *connection;

    connection = c->request->connection;
    ngx_http_set_log_request(connection->log, c->request);

    if (ngx_pay_courier_send(c) != NGX_AGAIN) {
        c->done(c);
    }

    ngx_http_run_posted_requests(connection);
}


static void
ngx_pay_courier_cleanup(void *data)
{
    ngx_pay_courier_t  *c = data;

    if (c->timer.timer_set) {
        ngx_del_timer(&c->timer);
    }
}
