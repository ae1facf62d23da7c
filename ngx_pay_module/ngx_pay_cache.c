
/*
 * Copyright (C) the ngx_pay authors
 *
 * What a driver keeps of its channel: given to every talk, taken as a part of
 * its result.  It is in the zone of this node only.
 */

#include <ngx_pay_tick.h>
#include <store/pay_cache.h>


/*
 * Another account, host or mode of the channel has another cache: what a
 * simulated platform said must not be believed of the real one.
 */

static ngx_int_t
ngx_pay_cache_key(ngx_pay_zone_t *zone, ngx_pay_channel_t *ch)
{
    pay_u8              digest[PAY_SHA256_LEN];
    pay_str_t          *s, id;
    pay_hash_t         *h;
    const pay_param_t  *p;

    h = pay_hash_begin(PAY_HASH_SHA256);
    if (h == NULL) {
        return NGX_ERROR;
    }

    pay_hash_add(h, ch->core.driver->name.data, ch->core.driver->name.len);
    pay_hash_add(h, ch->core.sandbox ? "|test|" : "|live|", 6);
    pay_hash_add(h, ch->core.host.data, ch->core.host.len);

    for (p = ch->core.driver->params; p->name; p++) {

        if (p->kind != PAY_PARAM_TEXT && p->kind != PAY_PARAM_SECRET) {
            continue;
        }

        s = (pay_str_t *) ((u_char *) ch->core.conf + p->offset);

        pay_hash_add(h, &s->len, sizeof(size_t));

        if (s->len) {
            pay_hash_add(h, s->data, s->len);
        }
    }

    if (pay_hash_end(digest, h) != 0) {
        return NGX_ERROR;
    }

    id.data = digest;
    id.len = PAY_SHA256_LEN;

    return ngx_pay_record_key(zone, ch->cache, "cache",
                              ngx_pay_str(&ch->name), id);
}


ngx_int_t
ngx_pay_cache_init(ngx_pay_zone_t *zone, ngx_log_t *log)
{
    ngx_uint_t           i;
    ngx_pay_channel_t  **ch;

    ch = zone->conf->channels.elts;

    for (i = 0; i < zone->conf->channels.nelts; i++) {

        if (ngx_pay_cache_key(zone, ch[i]) != NGX_OK) {
            ngx_log_error(NGX_LOG_EMERG, log, 0,
                          "pay_channel \"%V\": libcrypto has no SHA-256",
                          &ch[i]->name);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* no cache is a cache that is empty: the driver asks the channel */

void
ngx_pay_cache_give(ngx_pay_zone_t *zone, ngx_pay_channel_t *ch,
    pay_talk_t *talk)
{
    u_char            *p;
    pay_rc_t           rc;
    pay_str_t          bytes;
    pay_cache_head_t   head;

    pay_u8             buf[PAY_CACHE_SIZE];

    ngx_pay_zone_lock(zone);
    rc = pay_cache_get(zone->records, ch->cache, buf, &bytes, &head);
    ngx_pay_zone_unlock(zone);

    p = rc == PAY_OK ? pay_alloc(talk->arena, bytes.len + 1) : NULL;

    if (p == NULL) {
        return;
    }

    ngx_memcpy(p, bytes.data, bytes.len);

    talk->cache.data = p;
    talk->cache.len = bytes.len;
    talk->cache_at = head.at;
}


void
ngx_pay_cache_take(ngx_pay_zone_t *zone, ngx_pay_channel_t *ch,
    pay_talk_t *talk)
{
    time_t    now;
    pay_rc_t  rc;

    if (talk->cache_put.data == NULL) {
        return;
    }

    now = ngx_time();

    ngx_pay_zone_lock(zone);
    rc = pay_cache_put(zone->records, ch->cache, talk->cache_put,
                       talk->cache_until, now);
    ngx_pay_zone_unlock(zone);

    if (rc != PAY_OK) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "pay: the cache of channel \"%V\" is not kept: %s",
                      &ch->name, rc == PAY_INVALID ? "it is too long"
                                                   : "pay_zone is full");
    }

    talk->cache = talk->cache_put;
    talk->cache_at = now;
    talk->cache_put.data = NULL;
    talk->cache_put.len = 0;
}


/* a channel whose cache is to be refreshed now: the caller does it */

ngx_pay_channel_t *
ngx_pay_cache_claim(ngx_pay_main_conf_t *mcf)
{
    pay_rc_t             rc;
    ngx_uint_t           i;
    ngx_pay_channel_t  **ch;

    ch = mcf->channels.elts;

    for (i = 0; i < mcf->channels.nelts; i++) {

        ngx_pay_zone_lock(mcf->zone);
        rc = pay_cache_take(mcf->zone->records, ch[i]->cache, ngx_time());
        ngx_pay_zone_unlock(mcf->zone);

        if (rc == PAY_OK) {
            return ch[i];
        }
    }

    return NULL;
}


ngx_uint_t
ngx_pay_cache_due(ngx_pay_main_conf_t *mcf)
{
    int                  due;
    ngx_uint_t           i;
    ngx_pay_channel_t  **ch;

    ch = mcf->channels.elts;

    ngx_pay_zone_lock(mcf->zone);

    for (due = 0, i = 0; i < mcf->channels.nelts && !due; i++) {
        due = pay_cache_due(mcf->zone->records, ch[i]->cache, ngx_time());
    }

    ngx_pay_zone_unlock(mcf->zone);

    return due;
}
