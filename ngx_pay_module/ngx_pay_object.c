
/*
 * Copyright (C) the ngx_pay authors
 *
 * Payments in the zone.  Packing is done outside of the lock; a version tells
 * whether somebody was faster.
 */

#include <ngx_pay.h>


/* the backstop of a claim whose holder lives but never ends */
#define NGX_PAY_CLAIM_TIME  3600
#define NGX_PAY_TRIES       16


static pay_rec_class_t
ngx_pay_object_class(const pay_payment_t *p)
{
    if (p->unknown || !p->answered) {
        return PAY_REC_KEPT;
    }

    switch (p->state) {

    case PAY_STATE_SUCCEEDED:
    case PAY_STATE_FAILED:
    case PAY_STATE_CLOSED:
        return PAY_REC_FINISHED;

    default:
        return PAY_REC_OPEN;
    }
}


/*
 * Under the lock: the record is this process's, or the reason why not.  A
 * claim whose holder died in the middle left an outcome that nobody knows.
 */

static ngx_pay_claim_t
ngx_pay_object_take(ngx_pay_zone_t *zone, const pay_u8 key[16],
    pay_str_t *fresh, pay_u8 *buf, size_t *len, uint32_t *version)
{
    time_t           now;
    pay_rec_t        rec;
    ngx_pay_claim_t  claim;

    now = ngx_time();
    *len = 0;
    claim = NGX_PAY_CLAIM_OPEN;

    if (pay_records_find(zone->records, key, &rec) != PAY_OK) {

        if (fresh == NULL) {
            return NGX_PAY_CLAIM_ABSENT;
        }

        if (pay_records_put(zone->records, key, fresh->data, fresh->len,
                            PAY_REC_KEPT, now) != PAY_OK
            || pay_records_find(zone->records, key, &rec) != PAY_OK)
        {
            return NGX_PAY_CLAIM_FULL;
        }

        claim = NGX_PAY_CLAIM_NEW;

    } else if (rec.owner) {

        if (rec.claim_end > now && ngx_pay_alive(rec.owner)) {
            *len = pay_records_read(zone->records, &rec, buf, PAY_REC_MAX);
            return NGX_PAY_CLAIM_BUSY;
        }

        claim = NGX_PAY_CLAIM_UNKNOWN;
    }

    pay_records_claim(zone->records, &rec, ngx_pid, now + NGX_PAY_CLAIM_TIME);

    *len = pay_records_read(zone->records, &rec, buf, PAY_REC_MAX);
    *version = rec.version;

    return claim;
}


/*
 * A record that a notice made has no wish of the merchant's in it: the same
 * money on the same channel is the same order.
 */

static ngx_pay_claim_t
ngx_pay_object_same(const pay_payment_t *fresh, const pay_payment_t *p)
{
    static const pay_u8  none[16];

    if (ngx_memcmp(fresh->fingerprint, p->fingerprint, 16) == 0) {
        return NGX_PAY_CLAIM_OPEN;
    }

    if (ngx_memcmp(p->fingerprint, none, 16) != 0
        || !pay_str_eq(fresh->channel, p->channel))
    {
        return NGX_PAY_CLAIM_CONFLICT;
    }

    if (p->amount == 0) {
        return NGX_PAY_CLAIM_PAID;
    }

    return fresh->amount == p->amount && pay_str_eq(fresh->currency,
                                                    p->currency)
           ? NGX_PAY_CLAIM_OPEN : NGX_PAY_CLAIM_CONFLICT;
}


ngx_pay_claim_t
ngx_pay_object_claim(ngx_pay_zone_t *zone, pay_arena_t *a,
    const pay_u8 key[16], const pay_payment_t *fresh, pay_payment_t *p,
    uint32_t *version)
{
    pay_u8           *buf;
    pay_str_t         bytes, stored;
    ngx_pay_claim_t   claim, same;

    buf = pay_alloc(a, PAY_REC_MAX);
    if (buf == NULL) {
        return NGX_PAY_CLAIM_ERROR;
    }

    if (fresh) {
        bytes = pay_payment_pack(a, fresh);
        if (bytes.data == NULL) {
            return NGX_PAY_CLAIM_ERROR;
        }

        if (bytes.len > PAY_REC_MAX) {
            return NGX_PAY_CLAIM_FULL;
        }
    }

    ngx_pay_zone_lock(zone);

    claim = ngx_pay_object_take(zone, key, fresh ? &bytes : NULL, buf,
                                &stored.len, version);

    ngx_pay_zone_unlock(zone);

    if (claim == NGX_PAY_CLAIM_ABSENT || claim == NGX_PAY_CLAIM_FULL) {
        return claim;
    }

    stored.data = buf;

    if (pay_payment_unpack(a, stored, p) != PAY_OK) {
        if (claim != NGX_PAY_CLAIM_BUSY) {
            ngx_pay_object_release(zone, a, key, NGX_PAY_END_KEEP, 0);
        }

        return NGX_PAY_CLAIM_ERROR;
    }

    same = fresh ? ngx_pay_object_same(fresh, p) : NGX_PAY_CLAIM_OPEN;

    if (same != NGX_PAY_CLAIM_OPEN) {
        if (claim != NGX_PAY_CLAIM_BUSY) {
            ngx_pay_object_release(zone, a, key,
                                   claim == NGX_PAY_CLAIM_UNKNOWN
                                   ? NGX_PAY_END_UNKNOWN : NGX_PAY_END_KEEP,
                                   0);
        }

        return same;
    }

    if (claim == NGX_PAY_CLAIM_OPEN && (p->unknown || !p->answered)) {
        return NGX_PAY_CLAIM_UNKNOWN;
    }

    return claim;
}


static void
ngx_pay_object_free(ngx_pay_zone_t *zone, const pay_u8 key[16],
    ngx_uint_t drop, uint32_t version)
{
    pay_rec_t  rec;

    ngx_pay_zone_lock(zone);

    if (pay_records_find(zone->records, key, &rec) == PAY_OK
        && rec.owner == ngx_pid)
    {
        pay_records_release(zone->records, &rec);

        /* a notice may have filled it meanwhile */

        if (drop && rec.version == version) {
            pay_records_drop(zone->records, key);
        }
    }

    ngx_pay_zone_unlock(zone);
}


void
ngx_pay_object_release(ngx_pay_zone_t *zone, pay_arena_t *a,
    const pay_u8 key[16], ngx_pay_end_t end, uint32_t version)
{
    ngx_uint_t     tries;
    pay_rc_t       rc;
    pay_str_t      bytes;
    pay_rec_t      rec;
    pay_payment_t  p;

    /* the word of the channel may have come meanwhile by a notice */

    for (tries = 0; end == NGX_PAY_END_UNKNOWN && tries < NGX_PAY_TRIES;
         tries++)
    {
        rc = ngx_pay_record_read(zone, a, key, &bytes, &rec);

        if (rc != PAY_OK || pay_payment_unpack(a, bytes, &p) != PAY_OK
            || (p.answered && p.state != PAY_STATE_PENDING))
        {
            break;
        }

        p.unknown = 1;

        bytes = pay_payment_pack(a, &p);
        if (bytes.data == NULL) {
            break;
        }

        if (ngx_pay_record_write(zone, key, bytes, PAY_REC_KEPT, rec.version)
            != PAY_INVALID)
        {
            break;
        }
    }

    ngx_pay_object_free(zone, key, end == NGX_PAY_END_DROP, version);
}


pay_rc_t
ngx_pay_object_load(ngx_pay_zone_t *zone, pay_arena_t *a,
    const pay_u8 key[16], pay_payment_t *p)
{
    pay_rc_t   rc;
    pay_str_t  bytes;
    pay_rec_t  rec;

    rc = ngx_pay_record_read(zone, a, key, &bytes, &rec);

    return rc == PAY_OK ? pay_payment_unpack(a, bytes, p) : rc;
}


pay_rc_t
ngx_pay_object_apply(ngx_pay_zone_t *zone, pay_arena_t *a,
    const pay_u8 key[16], const pay_fact_t *fact, ngx_uint_t from_query,
    ngx_uint_t create, pay_payment_t *p, pay_change_t *change)
{
    pay_rc_t       rc;
    pay_str_t      bytes;
    pay_rec_t      rec;
    ngx_uint_t     tries;
    pay_payment_t  given;

    given = *p;

    for (tries = 0; tries < NGX_PAY_TRIES; tries++) {

        rc = ngx_pay_record_read(zone, a, key, &bytes, &rec);

        if (rc == PAY_OK) {
            rc = pay_payment_unpack(a, bytes, p);
        }

        if (rc == PAY_DECLINED) {
            *p = given;
            rec.version = 0;

        } else if (rc != PAY_OK) {
            return rc;
        }

        *change = pay_payment_apply(p, fact, from_query, ngx_time());

        if (*change != PAY_CHANGE_STATE
            || (rc == PAY_DECLINED && !create))
        {
            return PAY_OK;
        }

        bytes = pay_payment_pack(a, p);
        if (bytes.data == NULL) {
            return PAY_ERROR;
        }

        rc = ngx_pay_record_write(zone, key, bytes, ngx_pay_object_class(p),
                                  rec.version);

        if (rc != PAY_INVALID) {
            return rc;
        }
    }

    return PAY_ERROR;
}
