
/*
 * Copyright (C) the ngx_pay authors
 *
 * Nonces already used: a ring in the order of arrival, found by hash chains.
 * There is one lifetime, so the oldest expires first: no tree, no allocator.
 *
 * A process may be killed inside any call.  An entry is written first, then
 * taken into the ring by one store to last, then linked; it is unlinked
 * first, then let go by one store to first.  So what is linked is always in
 * the ring, and the most that a kill leaves is an entry nobody finds, which
 * expires like the others.
 */

#include <store/pay_store_memory.h>


#define PAY_NONCES_MAX   0x7fffffff
#define PAY_NONCES_DROP  8


/* links are index + 1; 0 ends a chain */

typedef struct {
    pay_u8    fp[14];
    uint16_t  merchant;
    uint32_t  expires;          /* Unix seconds, good until 2106 */
    uint32_t  next;
} pay_nonce_t;


/* behind it: the ring, as many buckets, a count for each slot */

struct pay_nonces_s {
    uint64_t  first;            /* numbers of entries since the start, */
    uint64_t  last;             /* the ring holds [first, last) */
    uint32_t  capacity;
    uint32_t  nslots;
    uint32_t  check;            /* over the two above */
    uint32_t  floor;            /* the latest expiry that was dropped */
    uint64_t  full;             /* refusals: pay_nonces_stat_t */
    uint64_t  half;
    uint64_t  clock;
};


static pay_nonce_t *
nonces_ring(const pay_nonces_t *n)
{
    return (pay_nonce_t *) (n + 1);
}


static uint32_t *
nonces_bucket(const pay_nonces_t *n, const pay_u8 *fp)
{
    uint32_t  hash;

    hash = pay_store_hash(fp, 14);

    return (uint32_t *) (nonces_ring(n) + n->capacity) + hash % n->capacity;
}


static uint32_t *
nonces_held(const pay_nonces_t *n, uint32_t merchant)
{
    return (uint32_t *) (nonces_ring(n) + n->capacity) + n->capacity
           + merchant % n->nslots;
}


/* the bounds that everything else is checked against */

static int
nonces_sound(const pay_nonces_t *n)
{
    return n->capacity != 0
           && n->check == pay_store_check(n->capacity, n->nslots)
           && n->last - n->first <= n->capacity;
}


size_t
pay_nonces_size(uint32_t capacity, uint32_t nslots)
{
    return sizeof(pay_nonces_t)
           + (size_t) capacity * (sizeof(pay_nonce_t) + sizeof(uint32_t))
           + (size_t) nslots * sizeof(uint32_t);
}


uint32_t
pay_nonces_capacity(size_t size, uint32_t nslots)
{
    size_t  fixed, n;

    fixed = pay_nonces_size(0, nslots);

    if (size < fixed) {
        return 0;
    }

    n = (size - fixed) / (sizeof(pay_nonce_t) + sizeof(uint32_t));

    return n < PAY_NONCES_MAX ? n : PAY_NONCES_MAX;
}


/* a power of two, of at most a twelfth of the bytes */

uint32_t
pay_nonces_slots_for(size_t size)
{
    uint32_t  n;

    for (n = PAY_NONCE_SLOTS; n > 1 && n * sizeof(uint32_t) > size / 12;
         n /= 2)
    { /* void */ }

    return n;
}


pay_nonces_t *
pay_nonces_init(void *mem, uint32_t capacity, uint32_t nslots)
{
    pay_nonces_t  *n;

    if (capacity == 0 || capacity > PAY_NONCES_MAX || nslots == 0
        || nslots > PAY_NONCE_SLOTS)
    {
        return NULL;
    }

    memset(mem, 0, pay_nonces_size(capacity, nslots));

    n = mem;
    n->capacity = capacity;
    n->nslots = nslots;
    n->check = pay_store_check(capacity, nslots);

    return n;
}


static void
nonces_unlink(pay_nonces_t *n, pay_nonce_t *e)
{
    uint32_t      steps, *link;
    pay_nonce_t  *ring;

    ring = nonces_ring(n);
    link = nonces_bucket(n, e->fp);

    for (steps = n->capacity; steps != 0; steps--) {

        if (*link == 0 || *link > n->capacity) {
            return;
        }

        if (&ring[*link - 1] == e) {
            *link = e->next;
            return;
        }

        link = &ring[*link - 1].next;
    }
}


static void
nonces_drop(pay_nonces_t *n, pay_nonce_t *e)
{
    uint32_t  *held;

    nonces_unlink(n, e);

    /* killed here, it is counted off twice: a count errs to the low side
       only, and is right again when the merchant's last one has expired */

    held = nonces_held(n, e->merchant);
    *held -= (*held != 0);

    if (n->floor < e->expires) {
        n->floor = e->expires;
    }

    pay_in_order();
    n->first++;
    pay_in_order();
}


/* 1 if there are more of them than one call drops */

static int
nonces_expire(pay_nonces_t *n, int64_t now)
{
    int           i;
    pay_nonce_t  *e;

    for (i = 0; n->first != n->last; i++) {

        e = &nonces_ring(n)[n->first % n->capacity];

        if (e->expires > now) {
            return 0;
        }

        if (i == PAY_NONCES_DROP) {
            return 1;
        }

        nonces_drop(n, e);
    }

    return 0;
}


static pay_nonce_rc_t
nonces_find(const pay_nonces_t *n, const pay_u8 *fp)
{
    uint32_t            link, steps;
    const pay_nonce_t  *e;

    link = *nonces_bucket(n, fp);

    for (steps = n->capacity; link != 0; steps--) {

        /* a broken chain: whether it is new is not known */

        if (link > n->capacity || steps == 0) {
            return PAY_NONCE_FULL;
        }

        e = &nonces_ring(n)[link - 1];

        if (memcmp(e->fp, fp, sizeof(e->fp)) == 0) {
            return PAY_NONCE_SEEN;
        }

        link = e->next;
    }

    return PAY_NONCE_NEW;
}


static void
nonces_insert(pay_nonces_t *n, const pay_u8 *fp, uint32_t merchant,
    uint32_t expires)
{
    uint32_t     *link, i;
    pay_nonce_t  *e;

    i = n->last % n->capacity;
    e = &nonces_ring(n)[i];
    link = nonces_bucket(n, fp);

    memcpy(e->fp, fp, sizeof(e->fp));
    e->merchant = merchant;
    e->expires = expires;
    e->next = *link;

    pay_in_order();
    n->last++;
    pay_in_order();
    *link = i + 1;
    pay_in_order();

    (*nonces_held(n, merchant))++;
}


/*
 * The merchant's half holds as soon as nothing expired is left in the ring:
 * before that its count may be one of expired ones, and it gives back eight
 * entries for each that it takes.
 */

static int
nonces_room(pay_nonces_t *n, uint32_t merchant, int expired)
{
    uint32_t  half;

    if (n->last - n->first == n->capacity) {
        n->full++;
        return 0;
    }

    if (n->nslots == 1 || expired) {
        return 1;
    }

    half = n->capacity / 2;

    if (*nonces_held(n, merchant) < (half ? half : 1)) {
        return 1;
    }

    n->half++;

    return 0;
}


pay_nonce_rc_t
pay_nonces_add(pay_nonces_t *n, const pay_u8 fp[14], uint32_t merchant,
    int64_t now, uint32_t lifetime)
{
    int             expired;
    pay_nonce_rc_t  rc;

    if (!nonces_sound(n) || merchant > UINT16_MAX || now < 0
        || now > (int64_t) UINT32_MAX - lifetime)
    {
        return PAY_NONCE_FULL;
    }

    expired = nonces_expire(n, now);

    rc = nonces_find(n, fp);
    if (rc != PAY_NONCE_NEW) {
        return rc;
    }

    if (!nonces_room(n, merchant, expired)) {
        return PAY_NONCE_FULL;
    }

    /*
     * The clock ran ahead, expired what was good, and was set back: those
     * requests are in their window again and we have forgotten them.  Half
     * a lifetime is one window: smaller steps matter only to clients whose
     * own clock is ahead by the rest of it.
     */

    if (now + lifetime / 2 < n->floor) {
        n->clock++;
        return PAY_NONCE_FULL;
    }

    nonces_insert(n, fp, merchant, now + lifetime);

    return PAY_NONCE_NEW;
}


uint32_t
pay_nonces_live(const pay_nonces_t *n)
{
    return nonces_sound(n) ? n->last - n->first : 0;
}


uint32_t
pay_nonces_cap(const pay_nonces_t *n)
{
    return n->capacity;
}


uint32_t
pay_nonces_slots(const pay_nonces_t *n)
{
    return n->nslots;
}


void
pay_nonces_stat(const pay_nonces_t *n, pay_nonces_stat_t *out)
{
    memset(out, 0, sizeof(pay_nonces_stat_t));

    if (!nonces_sound(n)) {
        return;
    }

    out->capacity = n->capacity;
    out->live = n->last - n->first;
    out->slots = n->nslots;
    out->full = n->full;
    out->half = n->half;
    out->clock = n->clock;

    if (out->live) {
        out->oldest = nonces_ring(n)[n->first % n->capacity].expires;
    }
}


uint32_t
pay_nonces_good(const pay_nonces_t *n, int64_t now)
{
    uint64_t  i;
    uint32_t  good;

    if (!nonces_sound(n)) {
        return 0;
    }

    good = 0;

    for (i = n->first; i != n->last; i++) {
        good += nonces_ring(n)[i % n->capacity].expires > now;
    }

    return good;
}


/* who is over the half of a smaller ring gets nothing until that expires */

pay_rc_t
pay_nonces_copy(pay_nonces_t *to, const pay_nonces_t *from, int64_t now)
{
    uint64_t            i;
    const pay_nonce_t  *e;

    if (!nonces_sound(to) || !nonces_sound(from)) {
        return PAY_INVALID;
    }

    to->floor = from->floor;
    to->full = from->full;
    to->half = from->half;
    to->clock = from->clock;

    for (i = from->first; i != from->last; i++) {
        e = &nonces_ring(from)[i % from->capacity];

        if (e->expires <= now) {
            to->floor = to->floor < e->expires ? e->expires : to->floor;
            continue;
        }

        if (to->last - to->first == to->capacity) {
            return PAY_DECLINED;
        }

        nonces_insert(to, e->fp, e->merchant, e->expires);
    }

    return PAY_OK;
}
