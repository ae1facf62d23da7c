
/*
 * Copyright (C) the ngx_pay authors
 *
 * The last checks, when every location is known: what would be unsafe or
 * could not work is refused before the first request.
 */

#include <ngx_pay_tick.h>
#include <sandbox/pay_sandbox.h>


static ngx_int_t
ngx_pay_check_fail(ngx_conf_t *cf, ngx_pay_place_t *place, const char *what,
    const char *why)
{
    if (place->conf->file) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"%s\" in location \"%V\" %s in %s:%ui", what,
                      &place->location->name, why, place->conf->file,
                      place->conf->line);

    } else {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"%s\" in location \"%V\" of server \"%V\" %s", what,
                      &place->location->name, &place->server->server_name,
                      why);
    }

    return NGX_ERROR;
}


/* location = URI of a server, or NULL */

static ngx_http_core_loc_conf_t *
ngx_pay_check_exact(ngx_http_core_srv_conf_t *server, ngx_str_t *uri)
{
    u_char                          *p;
    size_t                           len, n;
    ngx_int_t                        rc;
    ngx_http_core_loc_conf_t        *clcf;
    ngx_http_location_tree_node_t   *node;

    clcf = server->ctx->loc_conf[ngx_http_core_module.ctx_index];
    node = clcf->static_locations;

    p = uri->data;
    len = uri->len;

    while (node) {
        n = ngx_min(len, (size_t) node->len);
        rc = ngx_filename_cmp(p, node->name, n);

        if (rc != 0) {
            node = rc < 0 ? node->left : node->right;
            continue;
        }

        if (len > (size_t) node->len) {

            if (node->inclusive) {
                node = node->tree;
                p += n;
                len -= n;
                continue;
            }

            node = node->right;
            continue;
        }

        if (len == (size_t) node->len) {
            return node->exact;
        }

        node = node->left;
    }

    return NULL;
}


static void *
ngx_pay_check_proxy(ngx_conf_t *cf, ngx_http_core_loc_conf_t *clcf)
{
    ngx_uint_t  i;

    for (i = 0; cf->cycle->modules[i]; i++) {
        if (ngx_strcmp(cf->cycle->modules[i]->name, "ngx_http_proxy_module")
            == 0)
        {
            return clcf->loc_conf[cf->cycle->modules[i]->ctx_index];
        }
    }

    return NULL;
}


/*
 * The proxy module's configuration begins with that of its upstream, as that
 * of every module of nginx that uses one.
 */

static ngx_int_t
ngx_pay_check_upstream(ngx_conf_t *cf, ngx_pay_place_t *place,
    ngx_http_core_loc_conf_t *clcf, ngx_uint_t live)
{
    ngx_http_upstream_conf_t  *u;

    u = ngx_pay_check_proxy(cf, clcf);

    if (u == NULL || clcf->handler == NULL) {
        return ngx_pay_check_fail(cf, place, "pay_call", "names a location "
                   "without proxy_pass: include pay_proxy.conf there");
    }

    if ((u->next_upstream & NGX_HTTP_UPSTREAM_FT_OFF) == 0) {
        return ngx_pay_check_fail(cf, place, "pay_call", "names a location "
                   "that may send a payment twice: it needs "
                   "\"proxy_next_upstream off\", as in pay_proxy.conf");
    }

    if (u->intercept_errors) {
        return ngx_pay_check_fail(cf, place, "pay_call", "names a location "
                   "with \"proxy_intercept_errors on\"");
    }

#if (NGX_HTTP_SSL)
    if (live && !u->ssl_verify) {
        return ngx_pay_check_fail(cf, place, "pay_call", "names a location "
                   "that does not verify the channel's certificate: it needs "
                   "\"proxy_ssl_verify on\", as in pay_proxy.conf");
    }
#endif

    return NGX_OK;
}


static ngx_uint_t
ngx_pay_check_is_upstream(ngx_conf_t *cf, ngx_str_t *host)
{
    ngx_uint_t                       i;
    ngx_http_upstream_srv_conf_t   **uscf;
    ngx_http_upstream_main_conf_t   *umcf;

    umcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_upstream_module);
    uscf = umcf->upstreams.elts;

    for (i = 0; i < umcf->upstreams.nelts; i++) {

        if (uscf[i]->host.len == host->len && uscf[i]->port == 0
            && ngx_strncasecmp(uscf[i]->host.data, host->data, host->len)
               == 0)
        {
            return 1;
        }
    }

    return 0;
}


/* a name needs somebody who resolves it, an address or an upstream does not */

static ngx_int_t
ngx_pay_check_host(ngx_conf_t *cf, ngx_pay_place_t *place,
    ngx_pay_channel_t *ch, ngx_http_core_loc_conf_t *clcf)
{
    u_char      *p;
    ngx_url_t    u;
    ngx_str_t    host;

    host = ngx_pay_nstr(ch->core.host);
    p = ngx_strlchr(host.data, host.data + host.len, ':');
    host.len -= p + 3 - host.data;
    host.data = p + 3;

    if (ch->upstream.len) {
        host = ch->upstream;
    }

    ngx_memzero(&u, sizeof(ngx_url_t));
    u.url = host;
    u.no_resolve = 1;
    u.default_port = 443;

    if (ngx_parse_url(cf->temp_pool, &u) != NGX_OK) {
        return ngx_pay_check_fail(cf, place, "pay_call",
                                  u.err ? u.err : "has an invalid host");
    }

    if (u.naddrs || ngx_pay_check_is_upstream(cf, &host)
        || (clcf->resolver && clcf->resolver->connections.nelts))
    {
        return NGX_OK;
    }

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "pay_channel \"%V\": host \"%V\" needs a \"resolver\" in "
                  "location \"%V\", or an \"upstream\" block of that name in "
                  "%s:%ui", &ch->name, &host, &clcf->name, ch->file, ch->line);

    return NGX_ERROR;
}


/*
 * api: any channel may be called from here; notify and sandbox: what the
 * location's own pay_call names.
 */

static ngx_int_t
ngx_pay_check_calls(ngx_conf_t *cf, ngx_pay_main_conf_t *mcf,
    ngx_pay_place_t *place)
{
    ngx_str_t                  *uri;
    ngx_uint_t                  i;
    ngx_pay_channel_t         **ch;
    ngx_http_core_loc_conf_t   *clcf;

    ch = mcf->channels.elts;

    for (i = 0; i < mcf->channels.nelts; i++) {

        if (place->conf->notify && place->conf->notify != ch[i]) {
            continue;
        }

        uri = ch[i]->call.len && place->conf->sandbox == 0
              ? &ch[i]->call : &place->conf->call;
        clcf = ngx_pay_check_exact(place->server, uri);

        if (clcf == NULL || !clcf->internal) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "location \"%V\" of server \"%V\" calls channel "
                          "\"%V\" through \"%V\": there must be a "
                          "\"location = %V { internal; include "
                          "pay_proxy.conf; }\" in that server in %s:%ui",
                          &place->location->name, &place->server->server_name,
                          &ch[i]->name, uri, uri, place->conf->file,
                          place->conf->line);
            return NGX_ERROR;
        }

        if (ngx_pay_check_upstream(cf, place, clcf, !ch[i]->core.sandbox)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (place->conf->sandbox == 0
            && ngx_pay_check_host(cf, place, ch[i], clcf) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_pay_conf_gate_status(ngx_int_t status)
{
    pay_code_t  code;

    for (code = PAY_E_NONE; code < PAY_E_MAX; code++) {
        if (ngx_pay_gate_gives(code)
            && (ngx_int_t) pay_code_info(code)->status == status)
        {
            return 1;
        }
    }

    return 0;
}


/* "=" alone: the status of the page, whatever it will be */

ngx_uint_t
ngx_pay_conf_pages(ngx_http_core_loc_conf_t *clcf, ngx_uint_t gate)
{
    ngx_uint_t            i;
    ngx_http_err_page_t  *page;

    if (clcf->error_pages == NULL) {
        return 0;
    }

    page = clcf->error_pages->elts;

    for (i = 0; i < clcf->error_pages->nelts; i++) {
        if (page[i].overwrite < 0 || page[i].overwrite >= 300
            || (gate && !ngx_pay_conf_gate_status(page[i].status)))
        {
            continue;
        }

        return page[i].status;
    }

    return 0;
}


/* who is refused, and sees a success, believes it */

ngx_int_t
ngx_pay_conf_gate_pages(ngx_conf_t *cf, ngx_http_core_loc_conf_t *clcf,
    ngx_pay_loc_conf_t *plcf)
{
    ngx_uint_t  status;

    if (!plcf->auth || plcf->api || plcf->notify) {
        return NGX_OK;
    }

    status = ngx_pay_conf_pages(clcf, 1);

    if (status == 0) {
        return NGX_OK;
    }

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "\"pay_auth\" in location \"%V\" does not go together with "
                  "an \"error_page %ui =\" that may make a success of a "
                  "refusal: without \"=\" the page keeps the status in %s:%ui",
                  &clcf->name, status, plcf->file, plcf->line);

    return NGX_ERROR;
}


static ngx_int_t
ngx_pay_check_notify(ngx_conf_t *cf, ngx_pay_place_t *place)
{
    ngx_uint_t           i;
    ngx_array_t         *accounts;
    ngx_pay_account_t  **account;

    accounts = &place->conf->notify->accounts;
    account = accounts->elts;

    if (accounts->nelts == 0) {
        return ngx_pay_check_fail(cf, place, "pay_notify",
                                  "is for a channel that no pay_merchant "
                                  "names");
    }

    for (i = 0; i < accounts->nelts; i++) {
        if (account[i]->merchant->webhook_keys.nelts == 0) {
            return ngx_pay_check_fail(cf, place, "pay_notify",
                                      "is for a channel whose pay_merchant "
                                      "has no \"webhook_secret\": its events "
                                      "could not be signed");
        }
    }

    if (place->location->handler == NULL) {
        return ngx_pay_check_fail(cf, place, "pay_notify",
                                  "needs proxy_pass, fastcgi_pass or the "
                                  "like: where events go");
    }

    /* a page in place of a failure would be an acknowledgement */

    if (ngx_pay_conf_pages(place->location, 0)) {
        return ngx_pay_check_fail(cf, place, "pay_notify", "does not go "
                                  "together with an \"error_page ... =\" "
                                  "that makes a success of a failure");
    }

    return NGX_OK;
}


/* the channels that a simulator or a checkout page may be */

static ngx_int_t
ngx_pay_check_sandbox(ngx_conf_t *cf, ngx_pay_main_conf_t *mcf,
    ngx_pay_place_t *place)
{
    ngx_uint_t                i;
    ngx_pay_channel_t       **ch;
    const pay_channel_t     **p;
    const pay_simulator_t    *sim;

    sim = place->conf->simulator;
    ch = mcf->channels.elts;

    for (i = 0; i < mcf->channels.nelts; i++) {

        if (!ch[i]->core.sandbox
            || (sim && !pay_str_eq(sim->name, ch[i]->core.driver->name)))
        {
            continue;
        }

        p = ngx_array_push(place->conf->simulated);
        if (p == NULL) {
            return NGX_ERROR;
        }

        *p = &ch[i]->core;
    }

    if (sim && place->conf->simulated->nelts == 0) {
        return ngx_pay_check_fail(cf, place, "pay_sandbox",
                                  "has no pay_channel of that driver with "
                                  "\"mode sandbox\"");
    }

    p = ngx_array_push(place->conf->simulated);
    if (p == NULL) {
        return NGX_ERROR;
    }

    *p = NULL;

    return NGX_OK;
}


/*
 * proxy_pass and the like take a location over without a word when they come
 * behind a directive of ours: then nobody would check anything.
 */

static ngx_int_t
ngx_pay_check_handler(ngx_conf_t *cf, ngx_pay_place_t *place)
{
    ngx_uint_t            ours;
    const char           *what;
    ngx_http_handler_pt   handler;

    handler = place->location->handler;
    ours = handler == ngx_pay_api_handler || handler == ngx_pay_status_handler
           || handler == ngx_pay_sandbox_handler
           || handler == ngx_pay_tick_handler;

    what = place->conf->api ? "pay_api"
           : place->conf->status ? "pay_status"
           : place->conf->tick ? "pay_tick"
           : place->conf->sandbox ? "pay_sandbox" : NULL;

    if (what && !ours) {
        return ngx_pay_check_fail(cf, place, what, "does not go together with "
                                  "proxy_pass or another handler");
    }

    if (place->conf->notify && ours) {
        return ngx_pay_check_fail(cf, place, "pay_notify", "does not go "
                                  "together with another directive of ours");
    }

    return NGX_OK;
}


static ngx_int_t
ngx_pay_check_place(ngx_conf_t *cf, ngx_pay_main_conf_t *mcf,
    ngx_pay_place_t *place)
{
    const char          *why;
    ngx_pay_loc_conf_t  *plcf;

    plcf = place->conf;

    if (ngx_pay_check_handler(cf, place) != NGX_OK) {
        return NGX_ERROR;
    }

    if ((plcf->auth || plcf->notify)
        && place->location->satisfy == NGX_HTTP_SATISFY_ANY)
    {
        return ngx_pay_check_fail(cf, place,
                                  plcf->notify ? "pay_notify" : "pay_auth",
                                  "does not go together with \"satisfy any\":"
                                  " another access rule could stand in for "
                                  "the check");
    }

    if (ngx_pay_conf_gate_pages(cf, place->location, plcf) != NGX_OK) {
        return NGX_ERROR;
    }

    if (plcf->notify && ngx_pay_check_notify(cf, place) != NGX_OK) {
        return NGX_ERROR;
    }

    if (plcf->sandbox && ngx_pay_check_sandbox(cf, mcf, place) != NGX_OK) {
        return NGX_ERROR;
    }

    if (plcf->tick
        && ngx_pay_tick_listener(cf, mcf, place, &why) != NGX_OK)
    {
        return ngx_pay_check_fail(cf, place, "pay_tick", why);
    }

    if (plcf->api || plcf->notify || plcf->tick
        || plcf->sandbox == NGX_PAY_SANDBOX_CHECKOUT)
    {
        return ngx_pay_check_calls(cf, mcf, place);
    }

    return NGX_OK;
}


/* what works, but hardly as it was meant */

static void
ngx_pay_check_warn(ngx_conf_t *cf, ngx_pay_main_conf_t *mcf)
{
    ngx_uint_t        i;
    ngx_pay_place_t  *place;

    if (mcf->zone_policy_file && mcf->redis == NULL) {
        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "\"pay_store_error zone\" has no effect without "
                      "pay_redis: the zone decides as it is in %s:%ui",
                      mcf->zone_policy_file, mcf->zone_policy_line);
    }

    if (mcf->merchant_list.nelts) {
        return;
    }

    place = mcf->places.elts;

    for (i = 0; i < mcf->places.nelts; i++) {

        if (place[i].conf->auth || place[i].conf->api) {
            ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                          "location \"%V\" lets nobody in: there is no "
                          "pay_merchant in %s:%ui", &place[i].location->name,
                          place[i].conf->file, place[i].conf->line);
            return;
        }
    }
}


ngx_int_t
ngx_pay_conf_check(ngx_conf_t *cf, ngx_pay_main_conf_t *mcf)
{
    ngx_uint_t        i;
    ngx_pay_place_t  *place;

    place = mcf->places.elts;

    if (mcf->places.nelts && mcf->zone == NULL) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "pay_auth, pay_api, pay_notify, pay_status, "
                      "pay_sandbox and pay_tick need \"pay_zone "
                      "zone=name:size;\" at http level in %s:%ui",
                      place->conf->file, place->conf->line);
        return NGX_ERROR;
    }

    if (mcf->channels.nelts >= NGX_PAY_CHANNELS_MAX) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0, "too many pay_channel");
        return NGX_ERROR;
    }

    ngx_pay_check_warn(cf, mcf);

    for (i = 0; i < mcf->places.nelts; i++) {
        if (ngx_pay_check_place(cf, mcf, &place[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}
