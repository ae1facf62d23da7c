
/*
 * Copyright (C) the ngx_pay authors
 *
 * Notices of simulated channels that nobody waits for: those that a channel
 * sends by itself, later or again.  The job's key is CHANNEL "/" ORDER.
 */

#include <ngx_pay_sandbox.h>
#include <ngx_pay_tick.h>


typedef struct {
    pay_sim_t             core;
    ngx_pay_courier_t     courier;
    ngx_pay_tick_t       *tick;
    const pay_channel_t  *channels[2];
} ngx_pay_errand_t;


static void ngx_pay_errand_done(ngx_pay_courier_t *c);


/* when the next one is due, or 0; what is due now is not before then */

static time_t
ngx_pay_errand_next(pay_sim_t *s, time_t then)
{
    size_t  i;
    time_t  due, next;

    next = 0;

    for (i = 0; i < s->ndue; i++) {
        due = ngx_max((time_t) s->due[i].due_at, then);

        if (next == 0 || due < next) {
            next = due;
        }
    }

    return next;
}


void
ngx_pay_errand_add(ngx_pay_zone_t *zone, pay_sim_t *s, time_t hold)
{
    u_char     buf[PAY_JOB_KEY + 1], *p;
    time_t     due;
    pay_str_t  key;

    due = ngx_pay_errand_next(s, ngx_time() + hold);

    if (due == 0 || zone->conf->tick == NULL
        || s->channel->name.len + 1 + s->order_id.len > PAY_JOB_KEY)
    {
        return;
    }

    p = ngx_cpymem(buf, s->channel->name.data, s->channel->name.len);
    *p++ = '/';
    p = ngx_cpymem(p, s->order_id.data, s->order_id.len);

    key.data = buf;
    key.len = p - buf;

    if (ngx_pay_job_add(zone, NGX_PAY_JOB_NOTICE, due, key) != PAY_OK) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "pay: no room for a notice of the sandbox that is to be "
                      "sent later");
    }
}


static ngx_int_t
ngx_pay_errand_find(ngx_pay_errand_t *e, ngx_pay_main_conf_t *mcf,
    pay_str_t key)
{
    u_char             *slash;
    ngx_str_t           name;
    ngx_pay_channel_t  *ch;

    name.data = (u_char *) key.data;
    slash = ngx_strlchr(name.data, name.data + key.len, '/');

    if (slash == NULL) {
        return NGX_DECLINED;
    }

    name.len = slash - name.data;
    ch = ngx_pay_channel_find(mcf, &name);

    if (ch == NULL || !ch->core.sandbox) {
        return NGX_DECLINED;
    }

    e->channels[0] = &ch->core;
    e->courier.sim = pay_simulator_find(ch->core.driver->name);

    e->core.channel = &ch->core;
    e->core.channels = e->channels;
    e->core.order_id.data = slash + 1;
    e->core.order_id.len = key.data + key.len - slash - 1;
    e->core.order_id = pay_str_dup(e->core.arena, e->core.order_id);

    return e->courier.sim && e->core.order_id.data ? NGX_OK : NGX_DECLINED;
}


ngx_int_t
ngx_pay_errand(ngx_pay_tick_t *t, ngx_http_request_t *r, pay_str_t key)
{
    ngx_int_t             rc;
    pay_sim_view_t        view;
    ngx_pay_errand_t     *e;
    ngx_pay_loc_conf_t   *plcf;
    ngx_pay_main_conf_t  *mcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_pay_module);
    mcf = ngx_http_get_module_main_conf(r, ngx_http_pay_module);

    e = ngx_pcalloc(r->pool, sizeof(ngx_pay_errand_t));

    if (e == NULL || (e->core.arena = ngx_pay_arena(r, NULL)) == NULL) {
        return NGX_ERROR;
    }

    e->tick = t;
    e->core.now = ngx_time();
    e->courier.request = r;
    e->courier.ctx = ngx_http_get_module_ctx(r, ngx_http_pay_module);
    e->courier.zone = mcf->zone;
    e->courier.location = plcf->call;
    e->courier.core = &e->core;
    e->courier.data = e;
    e->courier.done = ngx_pay_errand_done;

    /* an order, or a channel, that is there no more has nothing to send */

    if (ngx_pay_errand_find(e, mcf, key) != NGX_OK
        || ngx_pay_sandbox_load(mcf->zone, &e->core) == NGX_ERROR
        || e->core.order.len == 0)
    {
        return NGX_OK;
    }

    ngx_memzero(&view, sizeof(pay_sim_view_t));

    if (e->courier.sim->view(&e->core, &view) != PAY_OK) {
        return NGX_OK;
    }

    rc = ngx_pay_courier(&e->courier);

    if (rc == NGX_OK) {
        ngx_pay_errand_add(mcf->zone, &e->core, 1);
    }

    return rc == NGX_AGAIN ? NGX_AGAIN : NGX_OK;
}


static void
ngx_pay_errand_done(ngx_pay_courier_t *c)
{
    ngx_pay_errand_t  *e = c->data;

    ngx_pay_tick_done(e->tick, ngx_pay_errand_next(&e->core, ngx_time() + 1));
}
