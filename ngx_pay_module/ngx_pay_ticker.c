
/*
 * Copyright (C) the ngx_pay authors
 *
 * One worker, the one that holds the lease, looks once a second whether
 * something is due, and then sends a small request to the listener of
 * pay_tick.  Housekeeping: its timers hold up no reload.
 */

#include <ngx_pay_tick.h>

#include <ngx_event_connect.h>


#define NGX_PAY_TICK_EVERY  1000        /* ms */
#define NGX_PAY_TICK_LEASE  10          /* s without a sign of life */
#define NGX_PAY_TICK_TIME   5000        /* ms; then the next is not held up */


static void ngx_pay_ticker_timer(ngx_event_t *ev);
static void ngx_pay_ticker_write(ngx_event_t *wev);
static void ngx_pay_ticker_read(ngx_event_t *rev);


/* of this worker */

static struct {
    ngx_event_t             timer;
    ngx_connection_t        dummy;      /* what a debug log looks at */
    ngx_peer_connection_t   peer;       /* connection: NULL, or under way */
    ngx_str_t               name;
    ngx_str_t               rest;       /* of the request, still to be sent */
    u_char                  answer[sizeof("HTTP/1.1 204") - 1];
    size_t                  got;
    time_t                  told;       /* when a failure was logged */
    ngx_pay_zone_t         *zone;       /* whose lease is held */
    ngx_pid_t               pid;
} ngx_pay_ticker;


void
ngx_pay_ticker_start(ngx_cycle_t *cycle)
{
    ngx_event_t          *ev;
    ngx_pay_main_conf_t  *mcf;

    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
    {
        return;
    }

    mcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_pay_module);

    /* a single process is not started again by a reload */

    if ((mcf == NULL || mcf->tick == NULL)
        && ngx_process == NGX_PROCESS_WORKER)
    {
        return;
    }

    ngx_memzero(&ngx_pay_ticker, sizeof(ngx_pay_ticker));

    ngx_pay_ticker.dummy.fd = (ngx_socket_t) -1;

    ev = &ngx_pay_ticker.timer;
    ev->handler = ngx_pay_ticker_timer;
    ev->data = &ngx_pay_ticker.dummy;
    ev->log = cycle->log;
    ev->cancelable = 1;

    ngx_add_timer(ev, NGX_PAY_TICK_EVERY);
}


static ngx_uint_t
ngx_pay_ticker_lease(ngx_pay_zone_t *zone)
{
    time_t              now;
    ngx_atomic_uint_t   owner;
    ngx_pay_shared_t   *sh;

    sh = zone->sh;
    now = ngx_time();
    owner = sh->tick_owner;

    if (owner != (ngx_atomic_uint_t) ngx_pid) {

        if (owner && ngx_pay_alive((int32_t) owner) && sh->tick_seen <= now
            && now - sh->tick_seen <= NGX_PAY_TICK_LEASE)
        {
            return 0;
        }

        if (!ngx_atomic_cmp_set(&sh->tick_owner, owner, ngx_pid)) {
            return 0;
        }
    }

    sh->tick_seen = now;
    ngx_pay_ticker.zone = zone;

    return 1;
}


static void
ngx_pay_ticker_close(void)
{
    if (ngx_pay_ticker.peer.connection) {
        ngx_close_connection(ngx_pay_ticker.peer.connection);
        ngx_pay_ticker.peer.connection = NULL;
    }
}


void
ngx_pay_ticker_stop(void)
{
    if (ngx_pay_ticker.zone) {
        (void) ngx_atomic_cmp_set(&ngx_pay_ticker.zone->sh->tick_owner,
                                  ngx_pid, 0);
        ngx_pay_ticker.zone = NULL;
    }

    if (ngx_pay_ticker.timer.timer_set) {
        ngx_del_timer(&ngx_pay_ticker.timer);
    }

    ngx_pay_ticker_close();
}


/* one line a minute: it is tried again and again */

static void
ngx_pay_ticker_fail(const char *what)
{
    ngx_pay_ticker_close();

    if (ngx_time() - ngx_pay_ticker.told < 60) {
        return;
    }

    ngx_pay_ticker.told = ngx_time();

    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                  "pay: the tick at %V %s", &ngx_pay_ticker.name, what);
}


static void
ngx_pay_ticker_connect(ngx_pay_tick_conf_t *tick)
{
    ngx_int_t               rc;
    ngx_connection_t       *c;
    ngx_peer_connection_t  *pc;

    pc = &ngx_pay_ticker.peer;
    ngx_memzero(pc, sizeof(ngx_peer_connection_t));

    /* what is sent may come from a configuration that goes */

    ngx_pay_ticker.name = tick->name;
    ngx_pay_ticker.rest = tick->request;
    ngx_pay_ticker.got = 0;

    pc->sockaddr = tick->sockaddr;
    pc->socklen = tick->socklen;
    pc->name = &ngx_pay_ticker.name;
    pc->get = ngx_event_get_peer;
    pc->log = ngx_cycle->log;
    pc->log_error = NGX_ERROR_ERR;

    rc = ngx_event_connect_peer(pc);

    if (rc != NGX_OK && rc != NGX_AGAIN) {
        ngx_pay_ticker_fail("cannot be reached");
        return;
    }

    c = pc->connection;
    c->data = NULL;
    c->idle = 1;
    c->read->handler = ngx_pay_ticker_read;
    c->write->handler = ngx_pay_ticker_write;
    c->read->cancelable = 1;

    ngx_add_timer(c->read, NGX_PAY_TICK_TIME);

    if (rc == NGX_OK) {
        ngx_pay_ticker_write(c->write);
    }
}


static void
ngx_pay_ticker_timer(ngx_event_t *ev)
{
    ngx_pay_main_conf_t  *mcf;

    if (ngx_exiting || ngx_terminate || ngx_quit) {
        ngx_pay_ticker_stop();
        return;
    }

    ngx_add_timer(ev, NGX_PAY_TICK_EVERY);

    mcf = ngx_http_cycle_get_module_main_conf(((ngx_cycle_t *) ngx_cycle),
                                              ngx_http_pay_module);

    if (mcf == NULL || mcf->tick == NULL || ngx_pay_zone_frozen(mcf->zone)
        || !ngx_pay_ticker_lease(mcf->zone)
        || ngx_pay_ticker.peer.connection || !ngx_pay_tick_due(mcf))
    {
        return;
    }

    ngx_pay_ticker_connect(mcf->tick);
}


static void
ngx_pay_ticker_write(ngx_event_t *wev)
{
    ssize_t            n;
    ngx_connection_t  *c;

    c = wev->data;

    while (ngx_pay_ticker.rest.len) {

        n = c->send(c, ngx_pay_ticker.rest.data, ngx_pay_ticker.rest.len);

        if (n == NGX_ERROR) {
            ngx_pay_ticker_fail("cannot be reached");
            return;
        }

        if (n == NGX_AGAIN) {
            break;
        }

        ngx_pay_ticker.rest.data += n;
        ngx_pay_ticker.rest.len -= n;
    }

    if (ngx_handle_write_event(wev, 0) != NGX_OK
        || ngx_handle_read_event(c->read, 0) != NGX_OK)
    {
        ngx_pay_ticker_fail("cannot be waited for");
    }
}


static void
ngx_pay_ticker_keep(u_char *p, size_t n)
{
    size_t  room;

    room = sizeof(ngx_pay_ticker.answer) - ngx_pay_ticker.got;
    n = ngx_min(n, room);

    ngx_memcpy(ngx_pay_ticker.answer + ngx_pay_ticker.got, p, n);
    ngx_pay_ticker.got += n;
}


/* the answer is dropped, but for its status */

static void
ngx_pay_ticker_read(ngx_event_t *rev)
{
    u_char             buf[512];
    ssize_t            n;
    ngx_connection_t  *c;

    c = rev->data;

    /* what it began goes on without us */

    if (rev->timedout || c->close) {
        ngx_pay_ticker_close();
        return;
    }

    do {
        n = c->recv(c, buf, sizeof(buf));

        if (n > 0) {
            ngx_pay_ticker_keep(buf, n);
        }

    } while (n > 0);

    if (n == NGX_AGAIN) {

        if (ngx_handle_read_event(rev, 0) != NGX_OK) {
            ngx_pay_ticker_fail("cannot be waited for");
        }

        return;
    }

    if (ngx_pay_ticker.got != sizeof(ngx_pay_ticker.answer)
        || ngx_memcmp(ngx_pay_ticker.answer + 8, " 204", 4) != 0)
    {
        ngx_pay_ticker_fail("does not answer 204: does another server or an "
                            "access rule stand in its way?");
        return;
    }

    ngx_pay_ticker_close();
}
