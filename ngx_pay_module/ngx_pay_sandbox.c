
/*
 * Copyright (C) the ngx_pay authors
 *
 * pay_sandbox: its locations, and the simulators.  The checkout page, which
 * sends notices, is in ngx_pay_checkout.c, the inbox in ngx_pay_inbox.c.
 */

#include <ngx_pay.h>
#include <ngx_pay_sandbox.h>


/* more than pay_proxy.conf gives a channel */
#define NGX_PAY_SANDBOX_LATE  20000


typedef struct {
    ngx_http_request_t  *request;
    pay_sim_t            core;
    ngx_event_t          timer;
} ngx_pay_late_t;


static void ngx_pay_sandbox_body(ngx_http_request_t *r);
static ngx_int_t ngx_pay_simulate(ngx_http_request_t *r,
    ngx_pay_loc_conf_t *plcf, pay_arena_t *arena);


ngx_int_t
ngx_pay_sandbox_handler(ngx_http_request_t *r)
{
    ngx_int_t  rc;

    if (r != r->main) {
        return NGX_HTTP_NOT_FOUND;
    }

    if (ngx_pay_ctx_make(r, NGX_PAY_ROLE_SANDBOX) == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_POST))) {
        return ngx_pay_not_allowed(r);
    }

    rc = ngx_http_read_client_request_body(r, ngx_pay_sandbox_body);

    return rc >= NGX_HTTP_SPECIAL_RESPONSE ? rc : NGX_DONE;
}


static void
ngx_pay_sandbox_body(ngx_http_request_t *r)
{
    ngx_int_t            rc;
    pay_arena_t         *arena;
    ngx_pay_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_pay_module);

    arena = ngx_pay_arena(r, NULL);

    if (arena == NULL) {
        rc = NGX_HTTP_INTERNAL_SERVER_ERROR;

    } else if (plcf->sandbox == NGX_PAY_SANDBOX_SIMULATOR) {
        rc = ngx_pay_simulate(r, plcf, arena);

    } else if (plcf->sandbox == NGX_PAY_SANDBOX_INBOX) {
        rc = ngx_pay_inbox(r, arena);

    } else {
        rc = ngx_pay_checkout(r, plcf, arena);
    }

    if (rc != NGX_DONE) {
        ngx_http_finalize_request(r, rc);
    }
}


ngx_int_t
ngx_pay_sandbox_sim(ngx_http_request_t *r, ngx_pay_loc_conf_t *plcf,
    pay_arena_t *arena, pay_sim_t *s)
{
    u_char     *p;
    ngx_str_t   body, base;

    ngx_memzero(s, sizeof(pay_sim_t));

    if (pay_random(s->random, sizeof(s->random)) != 0
        || ngx_pay_headers(r->pool, &r->headers_in.headers, &s->headers)
           != NGX_OK
        || ngx_pay_body(r, NGX_PAY_SANDBOX_BODY, &body) != NGX_OK)
    {
        return NGX_ERROR;
    }

    base.len = sizeof("https://") + r->headers_in.server.len + 8;

    if (r->headers_in.host) {
        base.len += r->headers_in.host->value.len;
    }

    base.data = ngx_pnalloc(r->pool, base.len);
    if (base.data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(base.data, "http", 4);

#if (NGX_HTTP_SSL)
    if (r->connection->ssl) {
        *p++ = 's';
    }
#endif

    p = ngx_cpymem(p, "://", 3);

    if (r->headers_in.host) {
        p = ngx_cpymem(p, r->headers_in.host->value.data,
                       r->headers_in.host->value.len);

    } else {
        p = ngx_cpymem(p, r->headers_in.server.data,
                       r->headers_in.server.len);
    }

    base.len = p - base.data;

    s->arena = arena;
    s->now = ngx_time();
    s->channels = plcf->simulated->elts;
    s->base = ngx_pay_str(&base);
    s->method = ngx_pay_str(&r->method_name);
    s->target = ngx_pay_str(&r->unparsed_uri);
    s->body = ngx_pay_str(&body);

    return NGX_OK;
}


/* the channel sends its notices by itself */

static ngx_int_t
ngx_pay_simulate_store(ngx_pay_zone_t *zone, pay_sim_t *s)
{
    ngx_int_t  rc;

    rc = ngx_pay_sandbox_store(zone, s);

    if (rc == NGX_OK && s->changed) {
        ngx_pay_errand_add(zone, s, 0);
    }

    return rc;
}


static ngx_int_t
ngx_pay_simulate_once(ngx_pay_zone_t *zone, const pay_simulator_t *sim,
    pay_sim_t *s)
{
    pay_rc_t    rc;
    ngx_uint_t  fetches;

    rc = sim->open(s);

    if (rc != PAY_OK) {
        return rc == PAY_DONE ? NGX_OK : NGX_ERROR;
    }

    /* an order_id alone is loaded, too, before the first time */

    if (ngx_pay_sandbox_load(zone, s) == NGX_ERROR) {
        return NGX_ERROR;
    }

    for (fetches = 0; fetches < NGX_PAY_SANDBOX_FETCHES; fetches++) {
        rc = sim->serve(s);

        if (rc != PAY_FETCH) {
            return rc == PAY_DONE ? ngx_pay_simulate_store(zone, s)
                                  : NGX_ERROR;
        }

        if (ngx_pay_sandbox_load(zone, s) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_ERROR;
}


/* half of the body, under the Content-Length of all of it */

static ngx_int_t
ngx_pay_simulate_cut(ngx_http_request_t *r, pay_sim_t *s, char *type)
{
    ngx_buf_t    *b;
    ngx_int_t     rc;
    ngx_chain_t   out;

    r->keepalive = 0;
    r->headers_out.status = s->status;
    r->headers_out.content_length_n = s->reply_body.len;

    if (type) {
        r->headers_out.content_type.data = (u_char *) type;
        r->headers_out.content_type.len = ngx_strlen(type);
        r->headers_out.content_type_len = r->headers_out.content_type.len;
    }

    b = ngx_create_temp_buf(r->pool, s->reply_body.len);
    if (b == NULL) {
        return NGX_ERROR;
    }

    b->last = ngx_cpymem(b->pos, s->reply_body.data, s->reply_body.len / 2);
    b->flush = 1;

    out.buf = b;
    out.next = NULL;

    rc = ngx_http_send_header(r);

    if (rc == NGX_OK) {
        (void) ngx_http_output_filter(r, &out);
    }

    return NGX_ERROR;
}


static ngx_int_t
ngx_pay_simulate_reply(ngx_http_request_t *r, pay_sim_t *s)
{
    char          *type, *name;
    size_t         i;
    ngx_str_t      value;
    pay_header_t  *h;

    type = NULL;

    for (i = 0; i < s->nreply_headers; i++) {
        h = &s->reply_headers[i];

        value = ngx_pay_keep(r, h->value);
        name = ngx_pnalloc(r->pool, h->name.len + 1);

        if (name == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        ngx_cpystrn((u_char *) name, (u_char *) h->name.data,
                    h->name.len + 1);

        if (pay_str_caseeqz(h->name, "Content-Type")) {
            type = ngx_pnalloc(r->pool, value.len + 1);

            if (type == NULL) {
                return NGX_HTTP_INTERNAL_SERVER_ERROR;
            }

            ngx_cpystrn((u_char *) type, value.data, value.len + 1);
            continue;
        }

        if (ngx_pay_add_header(r, name, &value) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    if (s->wire == PAY_SIM_CUT && s->reply_body.len > 1) {
        return ngx_pay_simulate_cut(r, s, type);
    }

    return ngx_pay_reply(r, s->status, type, s->reply_body);
}


static void
ngx_pay_simulate_timer(ngx_event_t *ev)
{
    ngx_pay_late_t    *late = ev->data;

    ngx_connection_t  *c;

    c = late->request->connection;
    ngx_http_set_log_request(c->log, late->request);

    ngx_http_finalize_request(late->request,
                              ngx_pay_simulate_reply(late->request,
                                                     &late->core));
    ngx_http_run_posted_requests(c);
}


static void
ngx_pay_simulate_cleanup(void *data)
{
    ngx_pay_late_t  *late = data;

    if (late->timer.timer_set) {
        ngx_del_timer(&late->timer);
    }
}


/* NGX_DONE: the answer is kept until nobody waits for it any more */

static ngx_int_t
ngx_pay_simulate_late(ngx_http_request_t *r, pay_sim_t *s)
{
    ngx_pay_late_t      *late;
    ngx_http_cleanup_t  *cln;

    late = ngx_pcalloc(r->pool, sizeof(ngx_pay_late_t));
    cln = ngx_http_cleanup_add(r, 0);

    if (late == NULL || cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    cln->handler = ngx_pay_simulate_cleanup;
    cln->data = late;

    late->request = r;
    late->core = *s;
    late->timer.handler = ngx_pay_simulate_timer;
    late->timer.data = late;
    late->timer.log = r->connection->log;

    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = ngx_http_request_empty_handler;

    ngx_add_timer(&late->timer, NGX_PAY_SANDBOX_LATE);

    return NGX_DONE;
}


static ngx_int_t
ngx_pay_simulate_answer(ngx_http_request_t *r, pay_sim_t *s)
{
    switch (s->wire) {

    case PAY_SIM_LOST:
        return NGX_HTTP_CLOSE;

    case PAY_SIM_LATE:
        return ngx_pay_simulate_late(r, s);

    default:
        return ngx_pay_simulate_reply(r, s);
    }
}


static ngx_int_t
ngx_pay_simulate(ngx_http_request_t *r, ngx_pay_loc_conf_t *plcf,
    pay_arena_t *arena)
{
    pay_sim_t             s;
    ngx_int_t             rc;
    ngx_uint_t            tries;
    ngx_pay_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_pay_module);

    for (tries = 0; tries < NGX_PAY_SANDBOX_TRIES; tries++) {

        if (ngx_pay_sandbox_sim(r, plcf, arena, &s) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        rc = ngx_pay_simulate_once(mcf->zone, plcf->simulator, &s);

        if (rc != NGX_AGAIN) {
            return rc == NGX_OK ? ngx_pay_simulate_answer(r, &s)
                                : NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    return NGX_HTTP_SERVICE_UNAVAILABLE;
}


ngx_uint_t
ngx_pay_sandbox_json(ngx_http_request_t *r)
{
    ngx_str_t  accept;

    return ngx_pay_header_once(r, "Accept", &accept) == NGX_OK
           && ngx_strlcasestrn(accept.data, accept.data + accept.len,
                               (u_char *) "application/json",
                               sizeof("application/json") - 2) != NULL;
}


pay_lang_t
ngx_pay_sandbox_lang(ngx_http_request_t *r)
{
    ngx_str_t  accept;

    return ngx_pay_header_once(r, "Accept-Language", &accept) == NGX_OK
           ? pay_page_lang(ngx_pay_str(&accept)) : PAY_LANG_EN;
}


/* a page or a JSON text of the sandbox: nothing in it may run or be framed */

ngx_int_t
ngx_pay_sandbox_page(ngx_http_request_t *r, ngx_uint_t status, pay_str_t text,
    ngx_uint_t json)
{
    ngx_str_t  csp = ngx_string("default-src 'none'; style-src "
                                "'unsafe-inline'; form-action 'self'; "
                                "frame-ancestors 'none'; base-uri 'none'");
    ngx_str_t  store = ngx_string("no-store");
    ngx_str_t  sniff = ngx_string("nosniff");

    if (text.data == NULL
        || ngx_pay_add_header(r, "Content-Security-Policy", &csp) != NGX_OK
        || ngx_pay_add_header(r, "Cache-Control", &store) != NGX_OK
        || ngx_pay_add_header(r, "X-Content-Type-Options", &sniff) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_pay_reply(r, status, json ? "application/json"
                                         : "text/html; charset=utf-8", text);
}
