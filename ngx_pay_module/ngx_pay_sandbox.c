
/*
 * Copyright (C) the ngx_pay authors
 *
 * pay_sandbox: simulators and the inbox.  The checkout page, which sends
 * notices, is in ngx_pay_checkout.c.
 */

#include <ngx_pay.h>
#include <ngx_pay_sandbox.h>


#define NGX_PAY_SANDBOX_BODY   (256 * 1024)
#define NGX_PAY_SANDBOX_TRIES  8
#define NGX_PAY_INBOX          100
#define NGX_PAY_INBOX_BEGIN    1024


static void ngx_pay_sandbox_body(ngx_http_request_t *r);
static ngx_int_t ngx_pay_simulate(ngx_http_request_t *r,
    ngx_pay_loc_conf_t *plcf, pay_arena_t *arena);
static ngx_int_t ngx_pay_inbox(ngx_http_request_t *r, pay_arena_t *arena);


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


/* what the simulator is given of the request */

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


/* s->order as it is stored now; its version is kept in rec */

ngx_int_t
ngx_pay_sandbox_load(ngx_pay_zone_t *zone, pay_sim_t *s, pay_u8 key[16],
    pay_rec_t *rec)
{
    pay_rc_t  rc;

    if (ngx_pay_record_key(zone, key, "sandbox", s->channel->name, s->order_id)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    rc = ngx_pay_record_read(zone, s->arena, key, &s->order, rec);

    if (rc == PAY_DECLINED) {
        rec->version = 0;
        s->order.len = 0;
        return NGX_OK;
    }

    return rc == PAY_OK ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_pay_simulate_once(ngx_pay_zone_t *zone, const pay_simulator_t *sim,
    pay_sim_t *s)
{
    pay_u8     key[16];
    pay_rc_t   rc;
    pay_rec_t  rec;

    rc = sim->open(s);

    if (rc != PAY_OK) {
        return rc == PAY_DONE ? NGX_OK : NGX_ERROR;
    }

    if (ngx_pay_sandbox_load(zone, s, key, &rec) != NGX_OK
        || sim->serve(s) != PAY_DONE)
    {
        return NGX_ERROR;
    }

    if (!s->changed) {
        return NGX_OK;
    }

    rc = ngx_pay_record_write(zone, key, s->order, PAY_REC_OPEN, rec.version);

    return rc == PAY_OK ? NGX_OK : rc == PAY_INVALID ? NGX_AGAIN : NGX_ERROR;
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

    return ngx_pay_reply(r, s->status, type, s->reply_body);
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
            return rc == NGX_OK ? ngx_pay_simulate_reply(r, &s)
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


static ngx_int_t
ngx_pay_inbox_key(ngx_pay_zone_t *zone, pay_u8 key[16], ngx_uint_t number)
{
    u_char     buf[NGX_INT_T_LEN];
    pay_str_t  s;

    s.data = buf;
    s.len = ngx_sprintf(buf, "%ui", number) - buf;

    return ngx_pay_record_key(zone, key, "inbox", s, PAY_STR(""));
}


static ngx_uint_t
ngx_pay_inbox_verified(ngx_http_request_t *r, ngx_pay_main_conf_t *mcf,
    pay_arena_t *arena, pay_str_t body)
{
    pay_str_t            name;
    ngx_str_t            id, timestamp, signature;
    const char          *why;
    pay_json_t          *root;
    ngx_pay_merchant_t  *m;

    if (ngx_pay_header_once(r, "webhook-id", &id) != NGX_OK
        || ngx_pay_header_once(r, "webhook-timestamp", &timestamp) != NGX_OK
        || ngx_pay_header_once(r, "webhook-signature", &signature) != NGX_OK
        || pay_json_parse(arena, body, &root, &why) != PAY_OK
        || pay_json_string(root, "merchant", &name) != PAY_OK)
    {
        return 0;
    }

    m = ngx_pay_merchant_find(mcf, name);

    return m && m->webhook_keys.nelts
           && pay_webhook_verify(arena, ngx_pay_str(&id),
                                 ngx_pay_str(&timestamp),
                                 ngx_pay_str(&signature), body, ngx_time(),
                                 m->webhook_keys.elts, m->webhook_keys.nelts)
              == PAY_OK;
}


static ngx_int_t
ngx_pay_inbox_put(ngx_http_request_t *r, ngx_pay_main_conf_t *mcf,
    pay_arena_t *arena, pay_inbox_item_t *item)
{
    pay_u8      key[16], old[16];
    pay_str_t   bytes;
    ngx_uint_t  number;

    bytes = pay_inbox_pack(arena, item);

    /* no event of ours is so long: its begin will do */

    if (bytes.len > PAY_REC_MAX && item->body.len > NGX_PAY_INBOX_BEGIN) {
        item->body.len = NGX_PAY_INBOX_BEGIN;
        bytes = pay_inbox_pack(arena, item);
    }

    if (bytes.data == NULL || bytes.len > PAY_REC_MAX) {
        return NGX_ERROR;
    }

    number = ngx_atomic_fetch_add(&mcf->zone->sh->inbox, 1);

    if (ngx_pay_inbox_key(mcf->zone, key, number) != NGX_OK
        || ngx_pay_inbox_key(mcf->zone, old, number - NGX_PAY_INBOX)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_pay_zone_lock(mcf->zone);

    pay_records_drop(mcf->zone->records, old);

    if (ngx_pay_zone_frozen(mcf->zone)
        || pay_records_put(mcf->zone->records, key, bytes.data, bytes.len,
                           PAY_REC_FINISHED, ngx_time()) != PAY_OK)
    {
        bytes.len = 0;
    }

    ngx_pay_zone_unlock(mcf->zone);

    return bytes.len ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_pay_inbox_post(ngx_http_request_t *r, ngx_pay_main_conf_t *mcf,
    pay_arena_t *arena)
{
    ngx_str_t         body;
    pay_inbox_item_t  item;

    if (ngx_pay_body(r, NGX_PAY_SANDBOX_BODY, &body) != NGX_OK
        || ngx_pay_headers(r->pool, &r->headers_in.headers, &item.headers)
           != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    item.body = ngx_pay_str(&body);
    item.received_at = ngx_time();
    item.verified = ngx_pay_inbox_verified(r, mcf, arena, item.body);

    if (ngx_pay_inbox_put(r, mcf, arena, &item) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return item.verified
           ? ngx_pay_reply(r, NGX_HTTP_OK, "application/json",
                           PAY_STR("{\"received\":true}"))
           : ngx_pay_reply(r, NGX_HTTP_UNAUTHORIZED, "application/json",
                           PAY_STR("{\"received\":false}"));
}


static ngx_int_t
ngx_pay_inbox(ngx_http_request_t *r, pay_arena_t *arena)
{
    pay_u8                key[16];
    pay_str_t             bytes;
    pay_rec_t             rec;
    ngx_uint_t            n, first, last, json;
    pay_inbox_item_t     *items;
    ngx_pay_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_pay_module);

    if (r->method == NGX_HTTP_POST) {
        return ngx_pay_inbox_post(r, mcf, arena);
    }

    items = pay_alloc(arena, NGX_PAY_INBOX * sizeof(pay_inbox_item_t));
    if (items == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    last = mcf->zone->sh->inbox;
    first = last > NGX_PAY_INBOX ? last - NGX_PAY_INBOX : 0;

    for (n = 0; last > first; last--) {

        if (ngx_pay_inbox_key(mcf->zone, key, last - 1) == NGX_OK
            && ngx_pay_record_read(mcf->zone, arena, key, &bytes, &rec)
               == PAY_OK
            && pay_inbox_unpack(arena, bytes, &items[n]) == PAY_OK)
        {
            n++;
        }
    }

    json = ngx_pay_sandbox_json(r);

    return ngx_pay_sandbox_page(r, NGX_HTTP_OK,
                                json ? pay_json_inbox(arena, items, n)
                                     : pay_page_inbox(arena,
                                                      ngx_pay_sandbox_lang(r),
                                                      items, n),
                                json);
}
