
/*
 * Copyright (C) the ngx_pay authors
 *
 * Redis: the connection.  hiredis has the socket and the protocol, nginx the
 * events; rd->state says what rd->timer is for.
 *
 * Nothing is ever connected from a callback of hiredis: it closes the old
 * socket after the last of them, by a number that the new one would have.
 */

#include <ngx_pay_redis.h>

#include <hiredis/hiredis.h>
#include <hiredis/async.h>


/*
 * Level-triggered: hiredis reads some 16k at a time, and does not tell
 * whether there is more.
 */

static void
ngx_pay_redis_add(ngx_connection_t *c, ngx_event_t *ev, ngx_int_t event)
{
    redisAsyncContext  *ac = c->data;
    ngx_pay_redis_t    *rd = ac->data;

    if (!ev->active && rd->state != NGX_PAY_REDIS_BROKEN) {
        (void) ngx_add_event(ev, event, NGX_LEVEL_EVENT);
    }
}


static void
ngx_pay_redis_del(ngx_event_t *ev, ngx_int_t event)
{
    if (ev->active) {
        (void) ngx_del_event(ev, event, 0);
    }
}


static void
ngx_pay_redis_add_read(void *data)
{
    ngx_connection_t  *c = data;

    ngx_pay_redis_add(c, c->read, NGX_READ_EVENT);
}


static void
ngx_pay_redis_del_read(void *data)
{
    ngx_connection_t  *c = data;

    ngx_pay_redis_del(c->read, NGX_READ_EVENT);
}


static void
ngx_pay_redis_add_write(void *data)
{
    ngx_connection_t  *c = data;

    ngx_pay_redis_add(c, c->write, NGX_WRITE_EVENT);
}


static void
ngx_pay_redis_del_write(void *data)
{
    ngx_connection_t  *c = data;

    ngx_pay_redis_del(c->write, NGX_WRITE_EVENT);
}


/*
 * Half a reply that nobody asked for would be the beginning of the next
 * command's.
 */

static void
ngx_pay_redis_leftover(ngx_pay_redis_t *rd)
{
    redisReader  *reader = rd->ac->c.reader;

    if (rd->inflight == 0 && reader->pos < reader->len) {
        ngx_pay_redis_log(rd, NGX_PAY_REDIS_PROTOCOL,
                          "a part of an unexpected reply");
        ngx_pay_redis_close(rd, NGX_PAY_REDIS_PROTOCOL);
    }
}


static void
ngx_pay_redis_handler(ngx_event_t *ev)
{
    ngx_connection_t   *c = ev->data;
    redisAsyncContext  *ac = c->data;
    ngx_pay_redis_t    *rd = ac->data;

    /* worker_shutdown_timeout */

    if (c->close) {
        ngx_pay_redis_close(rd, NGX_PAY_REDIS_CLOSED);
        return;
    }

    if (ev->write) {
        redisAsyncHandleWrite(ac);
        return;
    }

    redisAsyncHandleRead(ac);

    /* ac may be gone */

    if (rd->ac) {
        ngx_pay_redis_leftover(rd);
    }
}


/* hiredis closes the socket: our part of it is the events */

static void
ngx_pay_redis_cleanup(void *data)
{
    ngx_connection_t   *c = data;
    redisAsyncContext  *ac = c->data;

    ngx_pay_redis_dropped(ac->data);
    ngx_pay_redis_tls_clear(ac->data);

    ngx_pay_redis_del(c->read, NGX_READ_EVENT);
    ngx_pay_redis_del(c->write, NGX_WRITE_EVENT);

    if (c->read->posted) {
        ngx_delete_posted_event(c->read);
    }

    if (c->write->posted) {
        ngx_delete_posted_event(c->write);
    }

    ngx_free_connection(c);

    c->fd = (ngx_socket_t) -1;
    ac->ev.data = NULL;
}


void
ngx_pay_redis_after(ngx_pay_redis_t *rd, ngx_msec_t delay)
{
    /* not only because of the state: a set timer is moved by 300 ms at least */

    if (rd->timer.timer_set) {
        ngx_del_timer(&rd->timer);
    }

    if (!rd->exiting) {
        ngx_add_timer(&rd->timer, delay);
    }
}


/* at once for the first, and for each address; then more and more slowly */

static ngx_msec_t
ngx_pay_redis_backoff(ngx_pay_redis_t *rd)
{
    ngx_uint_t  round;
    ngx_msec_t  most;

    round = rd->attempts++ / rd->naddrs;

    if (round == 0) {
        return 10 + ngx_random() % 41;
    }

    most = round < 6 ? 25 << round : 1000;

    return most / 2 + ngx_random() % (most / 2 + 1);
}


static void
ngx_pay_redis_lost(ngx_pay_redis_t *rd)
{
    /* a worker that goes tells nothing of the server */

    if (!rd->exiting) {

        if (!ngx_pay_redis_up(rd)) {
            ngx_pay_redis_count(rd, connect_errors);
        }

        rd->stat->up = 0;
    }

    rd->ac = NULL;
    rd->state = NGX_PAY_REDIS_DOWN;
    rd->opened = 1;
    rd->addr = (rd->addr + 1) % rd->naddrs;

    ngx_pay_redis_after(rd, ngx_pay_redis_backoff(rd));
    ngx_pay_redis_flush(rd);
}


/* TLS is not among the errors that hiredis has words for */

static const char *
ngx_pay_redis_text(ngx_pay_redis_t *rd)
{
    const char  *text;

    text = ngx_pay_redis_tls_error(rd);

    return text ? text : rd->ac->c.errstr;
}


void
ngx_pay_redis_dropped(ngx_pay_redis_t *rd)
{
    redisAsyncContext  *ac = rd->ac;

    if (ac == NULL) {
        return;
    }

    switch (ac->c.err) {

    case REDIS_ERR_OOM:
        rd->why = NGX_PAY_REDIS_PROTOCOL;
        ngx_pay_redis_log(rd, rd->why, "an unexpected reply, or no memory");
        break;

    case REDIS_ERR_PROTOCOL:
        rd->why = NGX_PAY_REDIS_PROTOCOL;
        ngx_pay_redis_log(rd, rd->why, ac->c.errstr);
        break;

    default:
        rd->why = NGX_PAY_REDIS_CLOSED;
        ngx_pay_redis_log(rd, ngx_pay_redis_up(rd)
                              ? NGX_PAY_REDIS_CLOSED
                              : NGX_PAY_REDIS_NOT_CONNECTED,
                          ngx_pay_redis_text(rd));
    }

    ngx_pay_redis_lost(rd);
}


void
ngx_pay_redis_close(ngx_pay_redis_t *rd, ngx_uint_t why)
{
    redisAsyncContext  *ac = rd->ac;

    if (ac == NULL) {
        return;
    }

    rd->why = why;

    ngx_pay_redis_lost(rd);
    redisAsyncFree(ac);
}


void
ngx_pay_redis_break(ngx_pay_redis_t *rd)
{
    ngx_connection_t  *c = rd->ac->ev.data;

    rd->state = NGX_PAY_REDIS_BROKEN;

    ngx_pay_redis_del(c->read, NGX_READ_EVENT);
    ngx_pay_redis_del(c->write, NGX_WRITE_EVENT);

    ngx_pay_redis_after(rd, 1);
}


static void
ngx_pay_redis_keepalive(int fd)
{
    int  on = 1;

    /* a hint to the kernel: where it is not taken, PING is left */

    (void) setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(int));
    (void) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(int));

#if (NGX_HAVE_KEEPALIVE_TUNABLE)
    {
    int  idle = 15, interval = 5, count = 3;

    (void) setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(int));
    (void) setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(int));
    (void) setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof(int));
    }
#endif
}


/*
 * hiredis frees the context after a failure; in 0.14 nobody may free it
 * inside of here.
 */

static void
ngx_pay_redis_connected(const redisAsyncContext *ac, int status)
{
    ngx_pay_redis_t  *rd = ac->data;

    if (status != REDIS_OK) {
        ngx_pay_redis_dropped(rd);
        return;
    }

    rd->state = NGX_PAY_REDIS_GREETING;
    rd->run_id.len = 0;

    if (rd->timer.timer_set) {
        ngx_del_timer(&rd->timer);
    }

    if (rd->addrs[rd->addr].sockaddr->sa_family != AF_UNIX) {
        ngx_pay_redis_keepalive(ac->c.fd);
    }

    if (rd->tls && ngx_pay_redis_tls_start(rd) != NGX_OK) {
        ngx_pay_redis_log(rd, NGX_PAY_REDIS_NOT_CONNECTED,
                          ngx_pay_redis_text(rd));
        ngx_pay_redis_break(rd);
        return;
    }

    ngx_pay_redis_greet(rd);
}


static redisAsyncContext *
ngx_pay_redis_socket(ngx_addr_t *addr)
{
    size_t               len;
    u_char               text[NGX_SOCKADDR_STRLEN + 1];
    struct sockaddr_un  *saun;

    if (addr->sockaddr->sa_family == AF_UNIX) {
        saun = (struct sockaddr_un *) addr->sockaddr;
        return redisAsyncConnectUnix(saun->sun_path);
    }

    /* a number to getaddrinfo(), which then asks nobody */

    len = ngx_sock_ntop(addr->sockaddr, addr->socklen, text,
                        NGX_SOCKADDR_STRLEN, 0);
    text[len] = '\0';

    return redisAsyncConnect((char *) text,
                             ngx_inet_get_port(addr->sockaddr));
}


static ngx_connection_t *
ngx_pay_redis_attach(ngx_pay_redis_t *rd, redisAsyncContext *ac)
{
    ngx_connection_t  *c;

    c = ngx_get_connection(ac->c.fd, rd->log);
    if (c == NULL) {
        return NULL;
    }

    c->data = ac;
    c->read->handler = ngx_pay_redis_handler;
    c->read->log = rd->log;
    c->write->handler = ngx_pay_redis_handler;
    c->write->log = rd->log;
    c->number = ngx_atomic_fetch_add(ngx_connection_counter, 1);

    ac->data = rd;
    ac->ev.data = c;
    ac->ev.addRead = ngx_pay_redis_add_read;
    ac->ev.delRead = ngx_pay_redis_del_read;
    ac->ev.addWrite = ngx_pay_redis_add_write;
    ac->ev.delWrite = ngx_pay_redis_del_write;
    ac->ev.cleanup = ngx_pay_redis_cleanup;

    return c;
}


static void
ngx_pay_redis_connect(ngx_pay_redis_t *rd)
{
    redisAsyncContext  *ac;

    rd->state = NGX_PAY_REDIS_CONNECTING;

    ac = ngx_pay_redis_socket(&rd->addrs[rd->addr]);

    if (ac == NULL || ac->err || ngx_pay_redis_attach(rd, ac) == NULL) {

        ngx_pay_redis_log(rd, NGX_PAY_REDIS_NOT_CONNECTED,
                          ac == NULL ? "no memory"
                          : ac->err ? ac->errstr : "no connection is free");
        if (ac) {
            redisAsyncFree(ac);
        }

        ngx_pay_redis_lost(rd);
        return;
    }

    rd->ac = ac;

    ngx_pay_redis_guard(rd);
    ngx_pay_redis_after(rd, rd->connect_timeout);

    /* the first event to come is asked for here */

    (void) redisAsyncSetConnectCallback(ac, ngx_pay_redis_connected);
}


static void
ngx_pay_redis_idle(ngx_pay_redis_t *rd)
{
    ngx_msec_t  quiet;

    quiet = ngx_current_msec - rd->last;

    if (quiet < rd->idle) {
        ngx_pay_redis_after(rd, rd->idle - quiet);
        return;
    }

    ngx_pay_redis_after(rd, rd->idle);

    /* else it is being found out */

    if (rd->inflight) {
        return;
    }

    ngx_pay_redis_ping(rd);
}


static void
ngx_pay_redis_tick(ngx_event_t *ev)
{
    ngx_pay_redis_t  *rd = ev->data;

    switch (rd->state) {

    case NGX_PAY_REDIS_DOWN:
        ngx_pay_redis_connect(rd);
        return;

    case NGX_PAY_REDIS_UP:
        ngx_pay_redis_idle(rd);
        return;

    case NGX_PAY_REDIS_CONNECTING:
        ngx_pay_redis_log(rd, NGX_PAY_REDIS_NOT_CONNECTED, "timed out");
        /* fall through */

    default:
        ngx_pay_redis_close(rd, NGX_PAY_REDIS_CLOSED);
    }
}


ngx_int_t
ngx_pay_redis_init(ngx_pay_redis_t *rd, ngx_cycle_t *cycle,
    ngx_pay_redis_stat_t *stat, ngx_pay_redis_ready_pt ready, void *data)
{
    /* the cache's processes have no requests */

    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
    {
        return NGX_OK;
    }

    if (stat) {
        rd->stat = stat;
    }

    rd->log = cycle->log;
    rd->ready = ready;
    rd->data = data;

    rd->timer.handler = ngx_pay_redis_tick;
    rd->timer.data = rd;
    rd->timer.log = rd->log;
    rd->timer.cancelable = 1;

    ngx_pay_redis_connect(rd);

    return NGX_OK;
}


void
ngx_pay_redis_exit(ngx_pay_redis_t *rd)
{
    if (rd->timer.handler == NULL) {
        return;
    }

    rd->exiting = 1;

    ngx_pay_redis_close(rd, NGX_PAY_REDIS_CLOSED);
    ngx_pay_redis_flush(rd);

    if (rd->timer.timer_set) {
        ngx_del_timer(&rd->timer);
    }
}
