
/*
 * Copyright (C) the ngx_pay authors
 *
 * pay_status: what has been counted, for people and for Prometheus.  Labels
 * come from the configuration and closed lists, never from a request.
 */

#include <ngx_pay_status.h>


/* nothing here depends on how much there is in the zone */

static void
ngx_pay_status_facts(ngx_pay_status_t *t)
{
    ngx_pay_zone_t      *zone;
    ngx_pay_facts_t     *f;
    pay_events_stat_t    events;
    pay_nonces_stat_t    nonces;
    pay_records_stat_t   records;

    f = &t->facts;
    zone = t->conf->zone;

    ngx_pay_zone_lock(zone);

    pay_nonces_stat(zone->nonces, &nonces);
    pay_records_stat(zone->records, &records);
    pay_events_stat(zone->events, &events);
    f->frozen = ngx_pay_zone_frozen(zone);

    ngx_pay_zone_unlock(zone);

    f->zone_born = t->sh->born;
    f->nonces = nonces.live;
    f->nonces_capacity = nonces.capacity;
    f->nonces_refused[0] = nonces.full;
    f->nonces_refused[1] = nonces.half;
    f->nonces_refused[2] = nonces.clock;
    f->cells = records.cells;
    f->cells_free = records.cells_free;
    f->records[PAY_REC_FINISHED] = records.records[PAY_REC_FINISHED];
    f->records[PAY_REC_OPEN] = records.records[PAY_REC_OPEN];
    f->records[PAY_REC_KEPT] = records.records[PAY_REC_KEPT];
    f->records_dropped = records.dropped;
    f->records_refused = records.refused;
    f->events_accepted = events.accepted;
    f->events_in_flight = events.in_flight;
    f->events_capacity = events.capacity;
    f->redis_born = t->sh->redis_born;
}


int64_t
ngx_pay_family_value(ngx_pay_status_t *t, const ngx_pay_family_t *f,
    ngx_pay_channel_t *ch, ngx_uint_t i)
{
    u_char  *p;

    switch (f->of) {

    case NGX_PAY_OF_FACTS:
        p = (u_char *) &t->facts + f->offset;
        return ((int64_t *) p)[i];

    case NGX_PAY_OF_SHARED:
        p = (u_char *) t->sh + f->offset;
        break;

    default: /* NGX_PAY_OF_CHANNEL */
        p = (u_char *) &t->sh->channels[ch->number] + f->offset;
    }

    return (int64_t) ((ngx_atomic_t *) p)[i];
}


ngx_uint_t
ngx_pay_family_told(ngx_pay_status_t *t, const ngx_pay_family_t *f)
{
    return !(f->how & NGX_PAY_TELL_REDIS) || t->conf->redis;
}


ngx_uint_t
ngx_pay_family_size(const ngx_pay_family_t *f, ngx_uint_t depth)
{
    ngx_uint_t  n;

    for (n = 1; depth < NGX_PAY_LISTS && f->lists[depth]; depth++) {
        n *= f->lists[depth]->n;
    }

    return n;
}


const char *
ngx_pay_list_name(ngx_pay_status_t *t, const ngx_pay_list_t *list,
    ngx_uint_t i, ngx_uint_t counted)
{
    if (!counted && list->usual && !list->usual(t->conf, i)) {
        return NULL;
    }

    return list->names ? list->names[i] : list->name(i);
}


void
ngx_pay_status_calls(ngx_pay_status_t *t, ngx_pay_channel_t *ch,
    uint64_t counts[NGX_PAY_CALL_BOUNDS + 1], int64_t *ms)
{
    ngx_uint_t               i;
    ngx_pay_channel_stat_t  *st;

    st = &t->sh->channels[ch->number];

    for (i = 0; i < NGX_PAY_CALL_BOUNDS + 1; i++) {
        counts[i] = st->call_buckets[i];
    }

    *ms = st->call_ms;
}


int64_t
ngx_pay_status_expiry(ngx_pay_channel_t *ch)
{
    int64_t    not_after;
    pay_str_t  serial;

    not_after = 0;

    if (ch->core.driver->expiry) {
        ch->core.driver->expiry(&ch->core, &serial, &not_after);
    }

    return not_after;
}


ngx_int_t
ngx_pay_status_handler(ngx_http_request_t *r)
{
    ngx_int_t            rc;
    pay_str_t            text;
    const char          *type;
    pay_arena_t         *arena;
    ngx_pay_status_t     t;
    ngx_pay_loc_conf_t  *plcf;

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return NGX_HTTP_NOT_ALLOWED;
    }

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_pay_module);

    t.conf = ngx_http_get_module_main_conf(r, ngx_http_pay_module);
    t.sh = t.conf->zone->sh;

    arena = pay_arena_create(0);
    if (arena == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_pay_status_facts(&t);

    if (plcf->status == NGX_PAY_STATUS_JSON) {
        type = "application/json";
        text = ngx_pay_status_json(&t, arena);

    } else {
        type = "text/plain; version=0.0.4; charset=utf-8";
        text = ngx_pay_status_prometheus(&t, arena);
    }

    rc = text.data ? ngx_pay_reply(r, NGX_HTTP_OK, type, text)
                   : NGX_HTTP_INTERNAL_SERVER_ERROR;

    pay_arena_destroy(arena);

    return rc;
}
