
/*
 * Copyright (C) the ngx_pay authors
 *
 * The store in the zone of this node: every answer is at hand.
 */

#include <ngx_pay.h>


/* the backstop of a claim whose holder lives but never ends */
#define NGX_PAY_CLAIM_TIME     3600
#define NGX_PAY_DELIVERY_TIME  600


/*
 * What came before our memory begins may have been accepted before, and so
 * what was signed before the window was made wider.
 */

static const char *
ngx_pay_store_zone_cold(ngx_pay_store_op_t *op)
{
    ngx_pay_shared_t  *sh;

    sh = op->conf->zone->sh;

    /* a worker does not wait for the lock while the zone is copied */

    if (ngx_pay_zone_frozen(op->conf->zone)) {
        return "zone_frozen";
    }

    if (op->time <= sh->born) {
        return "cold_store";
    }

    if (op->time <= sh->grown + sh->narrow
        && ngx_time() - op->time > sh->narrow)
    {
        return "window_grown";
    }

    return NULL;
}


static time_t
ngx_pay_store_window(ngx_pay_store_op_t *op)
{
    return ngx_max(op->conf->window_max, op->conf->zone->sh->window);
}


ngx_uint_t
ngx_pay_store_missed(ngx_pay_store_op_t *op)
{
    time_t  end;

    if (op->kind != NGX_PAY_STORE_NONCE) {
        return 0;
    }

    end = op->conf->zone->sh->missed + ngx_pay_store_window(op);

    if (op->time > end) {
        return 0;
    }

    op->wait = end < ngx_time() ? 0 : end + 1 - ngx_time();

    return 1;
}


/*
 * Under the lock.  Whether it is the ring that is full or the merchant's half
 * of it: nothing is freed before the oldest one of all expires.
 */

static time_t
ngx_pay_store_zone_wait(pay_nonces_t *nonces)
{
    pay_nonces_stat_t  st;

    pay_nonces_stat(nonces, &st);

    return (time_t) st.oldest > ngx_time() ? st.oldest - ngx_time() : 0;
}


static ngx_int_t
ngx_pay_store_zone_nonce(ngx_pay_store_op_t *op)
{
    time_t           window;
    ngx_pay_zone_t  *zone;

    zone = op->conf->zone;
    op->reason = ngx_pay_store_zone_cold(op);

    if (op->reason) {
        return NGX_ERROR;
    }

    window = ngx_pay_store_window(op);

    ngx_pay_zone_lock(zone);

    op->nonce = ngx_pay_zone_frozen(zone)
                ? PAY_NONCE_FULL
                : pay_nonces_add(zone->nonces, op->key.zone, op->slot,
                                 ngx_time(), (uint32_t) (2 * window + 2));

    op->wait = op->nonce == PAY_NONCE_FULL
               ? ngx_pay_store_zone_wait(zone->nonces) : 0;

    ngx_pay_zone_unlock(zone);

    if (op->nonce == PAY_NONCE_FULL) {
        op->reason = ngx_pay_zone_frozen(zone) ? "zone_frozen" : "zone_full";
        return NGX_ERROR;
    }

    /* a configuration of before had Redis */

    if (op->nonce == PAY_NONCE_NEW && op->conf->redis == NULL
        && ngx_pay_store_missed(op))
    {
        op->reason = "zone_full";
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_pay_store_zone_read(ngx_pay_store_op_t *op)
{
    pay_rec_t  rec;

    op->rc = ngx_pay_record_read(op->conf->zone, op->arena, op->key.zone,
                                 &op->bytes, &rec);
    op->version = op->rc == PAY_OK ? rec.version : 0;

    return NGX_OK;
}


static ngx_int_t
ngx_pay_store_zone_write(ngx_pay_store_op_t *op)
{
    op->rc = ngx_pay_record_write(op->conf->zone, op->key.zone, op->bytes,
                                  op->class_, op->version);

    return NGX_OK;
}


/*
 * Under the lock.  A claim whose holder died in the middle left an outcome
 * that nobody knows.
 */

static pay_rc_t
ngx_pay_store_zone_take(ngx_pay_store_op_t *op, pay_rec_t *rec)
{
    time_t           now;
    pay_rc_t         rc;
    pay_records_t   *t;

    t = op->conf->zone->records;
    now = ngx_time();
    op->claim = NGX_PAY_STORE_CLAIMED;

    if (pay_records_find(t, op->key.zone, rec) != PAY_OK) {

        if (op->bytes.len == 0) {
            op->claim = NGX_PAY_STORE_ABSENT;
            return PAY_DECLINED;
        }

        op->claim = NGX_PAY_STORE_NEW;

        rc = pay_records_put(t, op->key.zone, op->bytes.data, op->bytes.len,
                             PAY_REC_KEPT, now);
        if (rc != PAY_OK) {
            return rc;
        }

        if (pay_records_find(t, op->key.zone, rec) != PAY_OK) {
            return PAY_ERROR;
        }

    } else if (rec->owner) {

        if (rec->claim_end > now && ngx_pay_alive(rec->owner)) {
            op->claim = NGX_PAY_STORE_BUSY;
            return PAY_OK;
        }

        op->claim = NGX_PAY_STORE_ORPHAN;
    }

    pay_records_claim(t, rec, ngx_pid, now + NGX_PAY_CLAIM_TIME);

    return PAY_OK;
}


static ngx_int_t
ngx_pay_store_zone_claim(ngx_pay_store_op_t *op)
{
    size_t           len;
    pay_u8          *buf;
    pay_rec_t        rec;
    ngx_pay_zone_t  *zone;

    zone = op->conf->zone;
    buf = pay_alloc(op->arena, PAY_REC_MAX);

    if (buf == NULL) {
        return NGX_ERROR;
    }

    len = 0;
    op->claim = NGX_PAY_STORE_NEW;

    ngx_pay_zone_lock(zone);

    op->rc = ngx_pay_zone_frozen(zone) ? PAY_DECLINED
                                       : ngx_pay_store_zone_take(op, &rec);

    if (op->rc == PAY_OK) {
        len = pay_records_read(zone->records, &rec, buf, PAY_REC_MAX);
        op->version = rec.version;
    }

    ngx_pay_zone_unlock(zone);

    op->bytes.data = buf;
    op->bytes.len = len;

    return NGX_OK;
}


static ngx_int_t
ngx_pay_store_zone_release(ngx_pay_store_op_t *op)
{
    pay_rec_t        rec;
    ngx_pay_zone_t  *zone;

    zone = op->conf->zone;

    ngx_pay_zone_lock(zone);

    if (pay_records_find(zone->records, op->key.zone, &rec) == PAY_OK
        && rec.owner == ngx_pid)
    {
        pay_records_release(zone->records, &rec);

        /* a notice may have filled it meanwhile */

        if (op->drop && rec.version == op->version) {
            pay_records_drop(zone->records, op->key.zone);
        }
    }

    ngx_pay_zone_unlock(zone);

    return NGX_OK;
}


static ngx_int_t
ngx_pay_store_zone_event(ngx_pay_store_op_t *op)
{
    time_t           now;
    ngx_pay_zone_t  *zone;

    zone = op->conf->zone;
    now = ngx_time();

    ngx_pay_zone_lock(zone);

    op->event = ngx_pay_zone_frozen(zone)
                ? PAY_EV_FULL
                : pay_events_claim(zone->events, op->key.zone, ngx_pid,
                                   now + NGX_PAY_DELIVERY_TIME, now,
                                   ngx_pay_alive);
    op->status = pay_events_status(zone->events, op->key.zone);

    ngx_pay_zone_unlock(zone);

    return NGX_OK;
}


static ngx_int_t
ngx_pay_store_zone_settle(ngx_pay_store_op_t *op)
{
    ngx_pay_zone_t  *zone;

    zone = op->conf->zone;

    ngx_pay_zone_lock(zone);

    pay_events_settle(zone->events, op->key.zone, ngx_pid, op->accepted,
                      op->status, ngx_time());

    ngx_pay_zone_unlock(zone);

    return NGX_OK;
}


const ngx_pay_store_do_pt  ngx_pay_store_zone[NGX_PAY_STORE_KINDS] = {
    [NGX_PAY_STORE_NONCE] = ngx_pay_store_zone_nonce,
    [NGX_PAY_STORE_READ] = ngx_pay_store_zone_read,
    [NGX_PAY_STORE_WRITE] = ngx_pay_store_zone_write,
    [NGX_PAY_STORE_CLAIM] = ngx_pay_store_zone_claim,
    [NGX_PAY_STORE_RELEASE] = ngx_pay_store_zone_release,
    [NGX_PAY_STORE_EVENT] = ngx_pay_store_zone_event,
    [NGX_PAY_STORE_SETTLE] = ngx_pay_store_zone_settle
};
