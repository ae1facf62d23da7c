
/*
 * Copyright (C) the ngx_pay authors
 *
 * What simulators keep: orders and the things beside them, in the zone.
 */

#include <ngx_pay_sandbox.h>


#if (PAY_SIM_TEXT_MAX > PAY_REC_MAX)
#error a text of a simulator has to fit into a record
#endif


static pay_rc_t
ngx_pay_sandbox_read(ngx_pay_zone_t *zone, pay_sim_t *s, pay_str_t id,
    pay_u8 key[16], pay_str_t *text, uint32_t *version)
{
    pay_rc_t   rc;
    pay_rec_t  rec;

    if (ngx_pay_record_key(zone, key, "sandbox", s->channel->name, id)
        != NGX_OK)
    {
        return PAY_ERROR;
    }

    rc = ngx_pay_record_read(zone, s->arena, key, text, &rec);

    *version = rc == PAY_OK ? rec.version : 0;

    if (rc == PAY_DECLINED) {
        text->len = 0;
        return PAY_OK;
    }

    return rc;
}


/* what is named and not there yet; NGX_DECLINED: there is nothing of that */

ngx_int_t
ngx_pay_sandbox_load(ngx_pay_zone_t *zone, pay_sim_t *s)
{
    ngx_int_t         rc;
    pay_sim_thing_t  *t;

    rc = NGX_DECLINED;

    if (s->order_id.len && !pay_str_eq(s->order_id, s->loaded)) {

        if (ngx_pay_sandbox_read(zone, s, s->order_id, s->key, &s->order,
                                 &s->version)
            != PAY_OK)
        {
            return NGX_ERROR;
        }

        s->loaded = s->order_id;
        rc = NGX_OK;
    }

    for (t = s->things; t; t = t->next) {

        if (t->loaded) {
            continue;
        }

        if (ngx_pay_sandbox_read(zone, s, t->id, t->key, &t->text,
                                 &t->version)
            != PAY_OK)
        {
            return NGX_ERROR;
        }

        t->loaded = 1;
        rc = NGX_OK;
    }

    return rc;
}


/* the order as it is now, and nothing else; what was said is forgotten */

ngx_int_t
ngx_pay_sandbox_reload(ngx_pay_zone_t *zone, pay_sim_t *s)
{
    s->changed = 0;
    s->things = NULL;
    s->loaded.len = 0;
    s->order.len = 0;

    return ngx_pay_sandbox_load(zone, s) == NGX_ERROR ? NGX_ERROR : NGX_OK;
}


/* under the lock */

static ngx_uint_t
ngx_pay_sandbox_same(ngx_pay_zone_t *zone, const pay_u8 key[16],
    uint32_t version)
{
    pay_rec_t  rec;

    if (pay_records_find(zone->records, key, &rec) != PAY_OK) {
        return version == 0;
    }

    return rec.version == version;
}


static ngx_int_t
ngx_pay_sandbox_check(ngx_pay_zone_t *zone, pay_sim_t *s)
{
    ngx_uint_t        fresh;
    pay_sim_thing_t  *t;

    if (s->changed && !ngx_pay_sandbox_same(zone, s->key, s->version)) {
        return NGX_AGAIN;
    }

    fresh = s->changed && s->version == 0;

    for (t = s->things; t; t = t->next) {

        if (!t->changed) {
            continue;
        }

        if (!ngx_pay_sandbox_same(zone, t->key, t->version)) {
            return NGX_AGAIN;
        }

        fresh |= t->version == 0;
    }

    return fresh && ngx_pay_zone_frozen(zone) ? NGX_ERROR : NGX_OK;
}


static ngx_int_t
ngx_pay_sandbox_put(ngx_pay_zone_t *zone, pay_sim_t *s)
{
    time_t            now;
    pay_sim_thing_t  *t;

    now = ngx_time();

    for (t = s->things; t; t = t->next) {

        if (t->changed
            && pay_records_put(zone->records, t->key, t->text.data,
                               t->text.len, PAY_REC_OPEN, now)
               != PAY_OK)
        {
            return NGX_ERROR;
        }
    }

    if (s->changed
        && pay_records_put(zone->records, s->key, s->order.data, s->order.len,
                           PAY_REC_OPEN, now)
           != PAY_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* all that has changed; NGX_AGAIN: somebody was faster, nothing is stored */

ngx_int_t
ngx_pay_sandbox_store(ngx_pay_zone_t *zone, pay_sim_t *s)
{
    ngx_int_t         rc;
    pay_sim_thing_t  *t;

    /* a thing that was made needs no look at it, but its place */

    for (t = s->things; t; t = t->next) {

        if (t->changed && t->version == 0
            && ngx_pay_record_key(zone, t->key, "sandbox", s->channel->name,
                                  t->id)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    ngx_pay_zone_lock(zone);

    rc = ngx_pay_sandbox_check(zone, s);

    if (rc == NGX_OK) {
        rc = ngx_pay_sandbox_put(zone, s);
    }

    ngx_pay_zone_unlock(zone);

    return rc;
}
