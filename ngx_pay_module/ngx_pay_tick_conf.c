
/*
 * Copyright (C) the ngx_pay authors
 *
 * pay_tick: its location, and the listener through which it is reached.
 */

#include <ngx_pay_tick.h>


char *
ngx_pay_conf_tick(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_pay_loc_conf_t  *plcf = conf;

    ngx_pay_main_conf_t       *mcf;
    ngx_http_core_loc_conf_t  *clcf;

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_pay_module);
    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (mcf->tick) {
        return "is duplicate: one location is enough";
    }

    if (clcf->handler) {
        return "conflicts with another handler of this location";
    }

    mcf->tick = ngx_pcalloc(cf->pool, sizeof(ngx_pay_tick_conf_t));
    if (mcf->tick == NULL) {
        return NGX_CONF_ERROR;
    }

    plcf->tick = 1;
    plcf->file = cf->conf_file->file.name.data;
    plcf->line = cf->conf_file->line;

    clcf->handler = ngx_pay_tick_handler;

    return NGX_CONF_OK;
}


static ngx_uint_t
ngx_pay_tick_loopback(struct sockaddr *sa)
{
    struct sockaddr_in   *sin;
#if (NGX_HAVE_INET6)
    struct sockaddr_in6  *sin6;
#endif

    switch (sa->sa_family) {

    case AF_INET:
        sin = (struct sockaddr_in *) sa;
        return (ntohl(sin->sin_addr.s_addr) >> 24) == 127;

#if (NGX_HAVE_INET6)
    case AF_INET6:
        sin6 = (struct sockaddr_in6 *) sa;
        return IN6_IS_ADDR_LOOPBACK(&sin6->sin6_addr);
#endif

    default:
        return 0;
    }
}


/* one that speaks plain HTTP/1, to this machine only */

static ngx_uint_t
ngx_pay_tick_fits(ngx_http_conf_addr_t *addr, ngx_http_core_srv_conf_t *server)
{
    ngx_uint_t                  i;
    ngx_http_core_srv_conf_t  **cscf;

    if (!ngx_pay_tick_loopback(addr->opt.sockaddr) || addr->opt.ssl
        || addr->opt.http2 || addr->opt.proxy_protocol)
    {
        return 0;
    }

#if (NGX_HTTP_V3)
    if (addr->opt.quic) {
        return 0;
    }
#endif

    cscf = addr->servers.elts;

    for (i = 0; i < addr->servers.nelts; i++) {
        if (cscf[i] == server) {
            return 1;
        }
    }

    return 0;
}


static ngx_http_conf_addr_t *
ngx_pay_tick_find(ngx_conf_t *cf, ngx_http_core_srv_conf_t *server)
{
    ngx_uint_t                  p, a;
    ngx_http_conf_addr_t       *addr;
    ngx_http_conf_port_t       *port;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    if (cmcf->ports == NULL) {
        return NULL;
    }

    port = cmcf->ports->elts;

    for (p = 0; p < cmcf->ports->nelts; p++) {
        addr = port[p].addrs.elts;

        for (a = 0; a < port[p].addrs.nelts; a++) {
            if (ngx_pay_tick_fits(&addr[a], server)) {
                return &addr[a];
            }
        }
    }

    return NULL;
}


/* a name that leads to this server, where it shares its address */

static ngx_str_t
ngx_pay_tick_host(ngx_http_core_srv_conf_t *server)
{
    ngx_str_t  host = ngx_string("localhost");

    if (pay_str_token(ngx_pay_str(&server->server_name), ".-", 1, 255)) {
        return server->server_name;
    }

    return host;
}


static ngx_int_t
ngx_pay_tick_request(ngx_conf_t *cf, ngx_str_t *out, ngx_str_t *uri,
    ngx_str_t *host)
{
    u_char     *p;
    uintptr_t   escape;

    static const char  text[] = "GET  HTTP/1.0" CRLF "Host: " CRLF
                                "Connection: close" CRLF CRLF;

    escape = 2 * ngx_escape_uri(NULL, uri->data, uri->len, NGX_ESCAPE_URI);

    out->data = ngx_pnalloc(cf->pool, sizeof(text) + uri->len + escape
                                      + host->len);
    if (out->data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(out->data, "GET ", 4);
    p = (u_char *) ngx_escape_uri(p, uri->data, uri->len, NGX_ESCAPE_URI);
    p = ngx_sprintf(p, " HTTP/1.0" CRLF "Host: %V" CRLF
                       "Connection: close" CRLF CRLF, host);

    out->len = p - out->data;

    return NGX_OK;
}


ngx_int_t
ngx_pay_tick_listener(ngx_conf_t *cf, ngx_pay_main_conf_t *mcf,
    ngx_pay_place_t *place, const char **why)
{
    u_char                buf[NGX_SOCKADDR_STRLEN];
    ngx_str_t             host, name;
    ngx_pay_tick_conf_t  *tick;
    ngx_http_conf_addr_t *addr;

    tick = mcf->tick;

    if (!place->location->exact_match) {
        *why = "must be in a location with \"=\", as "
               "\"location = /_pay/tick\"";
        return NGX_ERROR;
    }

    addr = ngx_pay_tick_find(cf, place->server);

    if (addr == NULL) {
        *why = "needs a listener of its server on a loopback address, for "
               "plain HTTP/1, as \"listen 127.0.0.1:8089\"";
        return NGX_ERROR;
    }

    tick->sockaddr = addr->opt.sockaddr;
    tick->socklen = addr->opt.socklen;

    name.data = buf;
    name.len = ngx_sock_ntop(tick->sockaddr, tick->socklen, buf,
                             NGX_SOCKADDR_STRLEN, 1);

    tick->name.len = name.len;
    tick->name.data = ngx_pstrdup(cf->pool, &name);

    host = ngx_pay_tick_host(place->server);
    *why = "has no memory";

    return tick->name.data
           && ngx_pay_tick_request(cf, &tick->request, &place->location->name,
                                   &host) == NGX_OK ? NGX_OK : NGX_ERROR;
}
