
/*
 * Copyright (C) the ngx_pay authors
 *
 * pay_sandbox checkout: the page behind the code.  A button changes the
 * simulated order; what notices are due is sent from here, also when somebody
 * only looks, and the answer tells what became of them.
 */

#include <ngx_pay_sandbox.h>


/* s, until somebody else sends what was due when a button was pressed */
#define NGX_PAY_CHECKOUT_HOLD  60


typedef struct {
    pay_sim_t           core;
    ngx_pay_courier_t   courier;
    const char         *action;
    const char         *message;
    ngx_uint_t          status;
} ngx_pay_checkout_t;


static ngx_int_t ngx_pay_checkout_find(ngx_http_request_t *r,
    ngx_pay_checkout_t *co, ngx_pay_loc_conf_t *plcf);
static ngx_int_t ngx_pay_checkout_post(ngx_http_request_t *r,
    ngx_pay_checkout_t *co);
static ngx_int_t ngx_pay_checkout_press(ngx_http_request_t *r,
    ngx_pay_checkout_t *co, pay_press_t press);
static ngx_int_t ngx_pay_checkout_send(ngx_http_request_t *r,
    ngx_pay_checkout_t *co, ngx_uint_t status);
static void ngx_pay_checkout_sent(ngx_pay_courier_t *c);
static ngx_int_t ngx_pay_checkout_show(ngx_http_request_t *r,
    ngx_pay_checkout_t *co, ngx_uint_t status);


static const struct {
    const char   *name;
    pay_press_t   press;
} ngx_pay_presses[] = {
    { "pay", PAY_PRESS_PAY },
    { "decline", PAY_PRESS_DECLINE },
    { "pay_twice", PAY_PRESS_PAY_TWICE },
    { "pay_late", PAY_PRESS_PAY_LATE },
    { "refund", PAY_PRESS_REFUND },
    { "refund_fail", PAY_PRESS_REFUND_FAIL },
    { "refund_close", PAY_PRESS_REFUND_CLOSE }
};


ngx_int_t
ngx_pay_checkout(ngx_http_request_t *r, ngx_pay_loc_conf_t *plcf,
    pay_arena_t *arena)
{
    ngx_int_t             rc;
    pay_sim_view_t        view;
    ngx_pay_checkout_t   *co;
    ngx_pay_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_pay_module);

    co = ngx_pcalloc(r->pool, sizeof(ngx_pay_checkout_t));

    if (co == NULL || ngx_pay_sandbox_sim(r, plcf, arena, &co->core) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    co->courier.request = r;
    co->courier.ctx = ngx_http_get_module_ctx(r, ngx_http_pay_module);
    co->courier.zone = mcf->zone;
    co->courier.location = plcf->call;
    co->courier.core = &co->core;
    co->courier.data = co;
    co->courier.done = ngx_pay_checkout_sent;

    rc = ngx_pay_checkout_find(r, co, plcf);

    if (rc != NGX_OK) {
        return rc;
    }

    if (r->method != NGX_HTTP_GET) {
        return ngx_pay_checkout_post(r, co);
    }

    /* a look, which tells what is due */

    ngx_memzero(&view, sizeof(pay_sim_view_t));

    if (co->courier.sim->view(&co->core, &view) != PAY_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_pay_checkout_send(r, co, NGX_HTTP_OK);
}


static ngx_int_t
ngx_pay_checkout_post(ngx_http_request_t *r, ngx_pay_checkout_t *co)
{
    pay_form_t        form;
    ngx_uint_t        i;
    const pay_str_t  *action, *part;

    action = NULL;

    if (pay_form_parse(co->core.arena, co->core.body, 16, &form) == PAY_OK) {
        action = pay_form_get(&form, "action");
        part = pay_form_get(&form, "part");

        if (part) {
            co->core.part_id = *part;
        }
    }

    for (i = 0; action && i < pay_nelts(ngx_pay_presses); i++) {

        if (pay_str_eqz(*action, ngx_pay_presses[i].name)) {
            co->action = ngx_pay_presses[i].name;
            return ngx_pay_checkout_press(r, co, ngx_pay_presses[i].press);
        }
    }

    co->message = "action must be pay, decline, pay_twice or pay_late, or"
                  " with a part refund, refund_fail or refund_close";

    return ngx_pay_checkout_show(r, co, NGX_HTTP_BAD_REQUEST);
}


/* the location's URI, then channel "/" number */

static ngx_int_t
ngx_pay_checkout_find(ngx_http_request_t *r, ngx_pay_checkout_t *co,
    ngx_pay_loc_conf_t *plcf)
{
    u_char                      *p, *last, *slash;
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

    co->courier.sim = *ch ? pay_simulator_find((*ch)->driver->name) : NULL;

    if (co->courier.sim == NULL) {
        return NGX_HTTP_NOT_FOUND;
    }

    co->core.channel = *ch;
    co->core.order_id.data = slash + 1;
    co->core.order_id.len = last - slash - 1;

    if (ngx_pay_sandbox_load(co->courier.zone, &co->core) == NGX_ERROR) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return co->core.order.len ? NGX_OK : NGX_HTTP_NOT_FOUND;
}


/* once, as far as it needs: PAY_OK or PAY_DECLINED, and it may be stored */

static pay_rc_t
ngx_pay_checkout_try(ngx_pay_checkout_t *co, pay_press_t press)
{
    pay_rc_t    rc;
    ngx_uint_t  fetches;

    if (ngx_pay_sandbox_reload(co->courier.zone, &co->core) != NGX_OK) {
        return PAY_ERROR;
    }

    for (fetches = 0; fetches < NGX_PAY_SANDBOX_FETCHES; fetches++) {

        co->message = NULL;
        rc = co->courier.sim->press(&co->core, press, &co->message);

        if (rc != PAY_FETCH) {
            return rc;
        }

        if (ngx_pay_sandbox_load(co->courier.zone, &co->core) != NGX_OK) {
            return PAY_ERROR;
        }
    }

    return PAY_ERROR;
}


static ngx_int_t
ngx_pay_checkout_press(ngx_http_request_t *r, ngx_pay_checkout_t *co,
    pay_press_t press)
{
    pay_rc_t    rc;
    ngx_int_t   stored;
    ngx_uint_t  tries;

    rc = PAY_OK;
    stored = NGX_AGAIN;

    for (tries = 0; tries < NGX_PAY_SANDBOX_TRIES && stored == NGX_AGAIN;
         tries++)
    {
        rc = ngx_pay_checkout_try(co, press);

        if (rc != PAY_OK && rc != PAY_DECLINED) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        /* a look alone may close an order that has expired */

        stored = ngx_pay_sandbox_store(co->courier.zone, &co->core);
    }

    if (stored != NGX_OK) {
        return NGX_HTTP_SERVICE_UNAVAILABLE;
    }

    /* those that are due are sent from here */

    ngx_pay_errand_add(co->courier.zone, &co->core, NGX_PAY_CHECKOUT_HOLD);

    return rc == PAY_DECLINED
           ? ngx_pay_checkout_show(r, co, NGX_HTTP_CONFLICT)
           : ngx_pay_checkout_send(r, co, NGX_HTTP_OK);
}


/* NGX_DONE: notices are on their way */

static ngx_int_t
ngx_pay_checkout_send(ngx_http_request_t *r, ngx_pay_checkout_t *co,
    ngx_uint_t status)
{
    co->status = status;

    switch (ngx_pay_courier(&co->courier)) {

    case NGX_OK:
        return ngx_pay_checkout_show(r, co, status);

    case NGX_AGAIN:
        return NGX_DONE;

    default:
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
}


static void
ngx_pay_checkout_sent(ngx_pay_courier_t *c)
{
    ngx_pay_checkout_t  *co = c->data;

    ngx_http_finalize_request(c->request,
                              ngx_pay_checkout_show(c->request, co,
                                                    co->status));
}


static ngx_int_t
ngx_pay_checkout_show(ngx_http_request_t *r, ngx_pay_checkout_t *co,
    ngx_uint_t status)
{
    pay_str_t       text;
    ngx_uint_t      json;
    pay_sim_view_t  view;

    ngx_memzero(&view, sizeof(pay_sim_view_t));

    if (co->courier.sim->view(&co->core, &view) != PAY_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    view.due = co->core.due;
    view.ndue = co->core.ndue;

    json = ngx_pay_sandbox_json(r);

    text = json ? pay_json_checkout(co->core.arena, co->core.channel->name,
                                    &view, co->action, co->message,
                                    co->courier.sent, co->courier.nsent)
                : pay_page_checkout(co->core.arena, ngx_pay_sandbox_lang(r),
                                    co->core.channel->name, &view,
                                    co->message, co->courier.sent,
                                    co->courier.nsent);

    return ngx_pay_sandbox_page(r, status, text, json);
}
