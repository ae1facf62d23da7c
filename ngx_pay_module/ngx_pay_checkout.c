
/*
 * Copyright (C) the ngx_pay authors
 *
 * pay_sandbox checkout: the page behind the code.  A button changes the
 * simulated order; its notices are sent from here, each up to three times,
 * as a channel would, and the answer tells what became of them.
 */

#include <ngx_pay_sandbox.h>


#define NGX_PAY_CHECKOUT_ATTEMPTS  3
#define NGX_PAY_CHECKOUT_SENT                                                \
    (PAY_SIM_NOTICES * NGX_PAY_CHECKOUT_ATTEMPTS)
#define NGX_PAY_CHECKOUT_TRIES     8
#define NGX_PAY_CHECKOUT_ANSWER    (64 * 1024)


typedef struct {
    ngx_http_request_t     *request;
    ngx_pay_ctx_t          *ctx;
    ngx_pay_zone_t         *zone;
    ngx_str_t               location;
    const pay_simulator_t  *sim;
    pay_sim_t               core;
    const char             *action;
    const char             *message;
    size_t                  payment;    /* the one at hand, from 0 */
    size_t                  attempt;    /* from 0 */
    pay_sim_sent_t          sent[NGX_PAY_CHECKOUT_SENT];
    size_t                  nsent;
    pay_request_t           notice;
    ngx_event_t             timer;
} ngx_pay_checkout_t;


static ngx_int_t ngx_pay_checkout_find(ngx_http_request_t *r,
    ngx_pay_checkout_t *co, ngx_pay_loc_conf_t *plcf);
static ngx_int_t ngx_pay_checkout_press(ngx_pay_checkout_t *co,
    ngx_pay_loc_conf_t *plcf, pay_press_t press);
static ngx_int_t ngx_pay_checkout_next(ngx_pay_checkout_t *co);
static void ngx_pay_checkout_settle(ngx_pay_call_t *call);
static void ngx_pay_checkout_resume(ngx_pay_call_t *call);
static void ngx_pay_checkout_timer(ngx_event_t *ev);
static void ngx_pay_checkout_cleanup(void *data);
static ngx_int_t ngx_pay_checkout_show(ngx_pay_checkout_t *co,
    ngx_uint_t status);


static const struct {
    const char   *name;
    pay_press_t   press;
} ngx_pay_presses[] = {
    { "pay", PAY_PRESS_PAY },
    { "decline", PAY_PRESS_DECLINE },
    { "pay_twice", PAY_PRESS_PAY_TWICE },
    { "pay_late", PAY_PRESS_PAY_LATE }
};


ngx_int_t
ngx_pay_checkout(ngx_http_request_t *r, ngx_pay_loc_conf_t *plcf,
    pay_arena_t *arena)
{
    ngx_int_t             rc;
    pay_form_t            form;
    ngx_uint_t            i;
    const pay_str_t      *action;
    ngx_pay_checkout_t   *co;
    ngx_http_cleanup_t   *cln;
    ngx_pay_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_pay_module);

    co = ngx_pcalloc(r->pool, sizeof(ngx_pay_checkout_t));
    cln = ngx_http_cleanup_add(r, 0);

    if (co == NULL || cln == NULL
        || ngx_pay_sandbox_sim(r, plcf, arena, &co->core) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    cln->handler = ngx_pay_checkout_cleanup;
    cln->data = co;

    co->request = r;
    co->ctx = ngx_http_get_module_ctx(r, ngx_http_pay_module);
    co->zone = mcf->zone;
    co->location = plcf->call;
    co->timer.handler = ngx_pay_checkout_timer;
    co->timer.data = co;
    co->timer.log = r->connection->log;

    rc = ngx_pay_checkout_find(r, co, plcf);

    if (rc != NGX_OK) {
        return rc;
    }

    if (r->method == NGX_HTTP_GET) {
        return ngx_pay_checkout_show(co, NGX_HTTP_OK);
    }

    action = pay_form_parse(arena, co->core.body, 16, &form) == PAY_OK
             ? pay_form_get(&form, "action") : NULL;

    for (i = 0; action && i < pay_nelts(ngx_pay_presses); i++) {

        if (pay_str_eqz(*action, ngx_pay_presses[i].name)) {
            co->action = ngx_pay_presses[i].name;
            return ngx_pay_checkout_press(co, plcf, ngx_pay_presses[i].press);
        }
    }

    co->message = "action must be pay, decline, pay_twice or pay_late";

    return ngx_pay_checkout_show(co, NGX_HTTP_BAD_REQUEST);
}


/* the location's URI, then channel "/" number */

static ngx_int_t
ngx_pay_checkout_find(ngx_http_request_t *r, ngx_pay_checkout_t *co,
    ngx_pay_loc_conf_t *plcf)
{
    u_char                      *p, *last, *slash;
    pay_u8                       key[16];
    pay_rec_t                    rec;
    pay_str_t                    name;
    const pay_channel_t *const  *ch;
    ngx_http_core_loc_conf_t    *clcf;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    if (r->uri.len <= clcf->name.len) {
        return NGX_HTTP_NOT_FOUND;
    }

    p = r->uri.data + clcf->name.len;
    last = r->uri.data + r->uri.len;
    slash = ngx_strlchr(p, last, '/');

    if (slash == NULL || slash + 1 == last) {
        return NGX_HTTP_NOT_FOUND;
    }

    name.data = p;
    name.len = slash - p;

    for (ch = plcf->simulated->elts; *ch; ch++) {
        if (pay_str_eq((*ch)->name, name)) {
            break;
        }
    }

    co->sim = *ch ? pay_simulator_find((*ch)->driver->name) : NULL;

    if (co->sim == NULL) {
        return NGX_HTTP_NOT_FOUND;
    }

    co->core.channel = *ch;
    co->core.order_id.data = slash + 1;
    co->core.order_id.len = last - slash - 1;

    if (ngx_pay_sandbox_load(co->zone, &co->core, key, &rec) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return co->core.order.len ? NGX_OK : NGX_HTTP_NOT_FOUND;
}


static ngx_int_t
ngx_pay_checkout_press(ngx_pay_checkout_t *co, ngx_pay_loc_conf_t *plcf,
    pay_press_t press)
{
    pay_u8      key[16];
    pay_rc_t    rc, pressed;
    pay_rec_t   rec;
    ngx_uint_t  tries;

    pressed = PAY_OK;
    rc = PAY_INVALID;

    for (tries = 0; tries < NGX_PAY_CHECKOUT_TRIES && rc == PAY_INVALID;
         tries++)
    {
        if (ngx_pay_sandbox_load(co->zone, &co->core, key, &rec) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        co->core.changed = 0;
        co->message = NULL;

        rc = co->sim->press(&co->core, press, &co->message);

        pressed = rc;

        if (rc != PAY_OK && rc != PAY_DECLINED) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        /* a look alone may close an order that has expired */

        rc = !co->core.changed ? PAY_OK
             : ngx_pay_record_write(co->zone, key, co->core.order,
                                    PAY_REC_OPEN, rec.version);
    }

    if (rc != PAY_OK) {
        return NGX_HTTP_SERVICE_UNAVAILABLE;
    }

    if (pressed == PAY_DECLINED) {
        return ngx_pay_checkout_show(co, NGX_HTTP_CONFLICT);
    }

    return ngx_pay_checkout_next(co);
}


/* NGX_DONE: a notice is on its way */

static ngx_int_t
ngx_pay_checkout_send(ngx_pay_checkout_t *co)
{
    u_char              *p;
    ngx_pay_call_t      *call;
    ngx_http_request_t  *r;

    r = co->request;

    /* each notice is made from fresh random bytes */

    co->core.now = ngx_time();
    co->core.random_used = 0;

    if (pay_random(co->core.random, sizeof(co->core.random)) != 0) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_memzero(&co->notice, sizeof(pay_request_t));

    call = ngx_pcalloc(r->pool, sizeof(ngx_pay_call_t));

    if (call == NULL
        || co->sim->notice(&co->core, co->payment, &co->notice) != PAY_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    call->url.len = co->notice.host.len + co->notice.target.len;
    call->url.data = ngx_pnalloc(r->pool, call->url.len);

    if (call->url.data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    p = ngx_cpymem(call->url.data, co->notice.host.data, co->notice.host.len);
    ngx_memcpy(p, co->notice.target.data, co->notice.target.len);

    p = ngx_strlchr(call->url.data, call->url.data + co->notice.host.len, ':');

    if (p == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    call->host.data = p + 3;
    call->host.len = call->url.data + co->notice.host.len - call->host.data;
    call->upstream = call->host;

    call->location = co->location;
    call->request = &co->notice;
    call->owner = co->ctx;
    call->limit = NGX_PAY_CHECKOUT_ANSWER;
    call->data = co;
    call->settle = ngx_pay_checkout_settle;
    call->resume = ngx_pay_checkout_resume;

    r->read_event_handler = ngx_http_block_reading;
    r->write_event_handler = ngx_http_request_empty_handler;

    return ngx_pay_call(r, call) == NGX_OK ? NGX_DONE
                                           : NGX_HTTP_INTERNAL_SERVER_ERROR;
}


static ngx_int_t
ngx_pay_checkout_next(ngx_pay_checkout_t *co)
{
    if (co->payment < co->core.npayments && co->payment < PAY_SIM_NOTICES) {
        return ngx_pay_checkout_send(co);
    }

    return ngx_pay_checkout_show(co, NGX_HTTP_OK);
}


static pay_str_t
ngx_pay_checkout_header(ngx_pay_call_t *call, const char *name)
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
ngx_pay_checkout_settle(ngx_pay_call_t *call)
{
    ngx_pay_checkout_t  *co = call->data;

    pay_str_t            status;
    ngx_int_t            n;
    pay_sim_sent_t      *sent;

    sent = &co->sent[co->nsent++];

    sent->payment = co->payment + 1;
    sent->attempt = co->attempt + 1;
    sent->url = ngx_pay_str(&call->url);
    sent->event = ngx_pay_checkout_header(call, "Pay-Event");

    status = ngx_pay_checkout_header(call, "Pay-Application-Status");
    n = status.len ? ngx_atoi((u_char *) status.data, status.len) : 0;
    sent->application_status = n > 0 ? (int) n : 0;

    if (ngx_pay_call_whole(call)
        && ngx_pay_call_body(call, &sent->acknowledgement) == NGX_OK)
    {
        sent->status = (int) call->status;
        sent->acknowledged = co->sim->acknowledged(sent->status,
                                                   sent->acknowledgement);
    }
}


static void
ngx_pay_checkout_resume(ngx_pay_call_t *call)
{
    ngx_pay_checkout_t  *co = call->data;

    ngx_int_t            rc;

    if (!co->sent[co->nsent - 1].acknowledged
        && ++co->attempt < NGX_PAY_CHECKOUT_ATTEMPTS)
    {
        ngx_add_timer(&co->timer, 1000 * co->attempt);
        return;
    }

    co->payment++;
    co->attempt = 0;

    rc = ngx_pay_checkout_next(co);

    if (rc != NGX_DONE) {
        ngx_http_finalize_request(co->request, rc);
    }
}


static void
ngx_pay_checkout_timer(ngx_event_t *ev)
{
    ngx_pay_checkout_t  *co = ev->data;

    ngx_int_t            rc;
    ngx_connection_t    *c;

    c = co->request->connection;
    ngx_http_set_log_request(c->log, co->request);

    rc = ngx_pay_checkout_send(co);

    if (rc != NGX_DONE) {
        ngx_http_finalize_request(co->request, rc);
    }

    ngx_http_run_posted_requests(c);
}


static void
ngx_pay_checkout_cleanup(void *data)
{
    ngx_pay_checkout_t  *co = data;

    if (co->timer.timer_set) {
        ngx_del_timer(&co->timer);
    }
}


static ngx_int_t
ngx_pay_checkout_show(ngx_pay_checkout_t *co, ngx_uint_t status)
{
    pay_str_t            text;
    ngx_uint_t           json;
    pay_sim_view_t       view;
    ngx_http_request_t  *r;

    r = co->request;

    ngx_memzero(&view, sizeof(pay_sim_view_t));

    if (co->sim->view(&co->core, &view) != PAY_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    json = ngx_pay_sandbox_json(r);

    text = json ? pay_json_checkout(co->core.arena, co->core.channel->name,
                                    &view, co->action, co->message, co->sent,
                                    co->nsent)
                : pay_page_checkout(co->core.arena, ngx_pay_sandbox_lang(r),
                                    co->core.channel->name, &view,
                                    co->message, co->sent, co->nsent);

    return ngx_pay_sandbox_page(r, status, text, json);
}
