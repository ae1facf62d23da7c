
/*
 * Copyright (C) the ngx_pay authors
 *
 * pay_sandbox inbox: a stand-in for an application, which verifies the events
 * that it is sent, and lists them.
 */

#include <ngx_pay_sandbox.h>


#define NGX_PAY_INBOX        100
#define NGX_PAY_INBOX_BEGIN  1024


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


ngx_int_t
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
