
/*
 * Copyright (C) the ngx_pay authors
 *
 * Tables into tables of another size: a reload with a new size of the zone.
 */

#include <unistd.h>

#include <store/pay_cells.h>

#include "test.h"


#define LIFE  600


static uint64_t  seed;


static uint32_t
rnd(uint32_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;

    return (uint32_t) (seed >> 32) % n;
}


static const pay_u8 *
key(uint32_t id)
{
    static pay_u8  k[16];

    memset(k, 0, sizeof(k));
    memcpy(k + (id & 8), &id, sizeof(id));

    return k;
}


/* nonces */

static pay_nonces_t *
ring(uint32_t capacity, uint32_t nslots)
{
    return pay_nonces_init(malloc(pay_nonces_size(capacity, nslots)),
                           capacity, nslots);
}


static pay_nonce_rc_t
add(pay_nonces_t *n, uint32_t id, uint32_t merchant, int64_t now)
{
    return pay_nonces_add(n, key(id), merchant, now, LIFE);
}


/* 0 .. n - 1 at 1000, 1001 ..., by the merchants 0, 1, 2, 0, ... */

static pay_nonces_t *
used(uint32_t capacity, uint32_t nslots, uint32_t n)
{
    uint32_t       i;
    pay_nonces_t  *r;

    r = ring(capacity, nslots);

    for (i = 0; i < n; i++) {
        (void) add(r, i, i % 3, 1000 + i);
    }

    return r;
}


static int
not_seen(pay_nonces_t *n, uint32_t from, uint32_t to, int64_t now)
{
    int  bad;

    for (bad = 0; from < to; from++) {
        bad += add(n, from, 5, now) != PAY_NONCE_SEEN;
    }

    return bad;
}


static void
nonces_sizes(void)
{
    int            bad;
    uint32_t       c, i;
    pay_nonces_t  *from, *to;

    from = used(30, 4, 30);
    bad = 0;

    for (c = 30; c < 70; c++) {
        to = ring(c, 1);
        bad += pay_nonces_copy(to, from, 1100) != PAY_OK;
        bad += pay_nonces_live(to) != 30;
        bad += not_seen(to, 0, 30, 1100);

        /* the room is what it is, the order too */

        for (i = 30; i < c; i++) {
            bad += add(to, i, i, 1100) != PAY_NONCE_NEW;
        }

        bad += add(to, c, c, 1100) != PAY_NONCE_FULL;
        bad += add(to, c, c, 1000 + LIFE) != PAY_NONCE_NEW;
        bad += not_seen(to, 1, c + 1, 1000 + LIFE);
        bad += add(to, 0, 0, 1001 + LIFE) != PAY_NONCE_NEW;
        free(to);
    }

    is_int(bad, 0, "R-7: nonces into rings of 30 to 69: all are known");
    bad = 0;

    for (c = 1; c < 30; c++) {
        to = ring(c, 2);
        bad += pay_nonces_good(from, 1000 + LIFE + 29 - c) != c;
        bad += pay_nonces_copy(to, from, 1000 + LIFE + 28 - c)
               != PAY_DECLINED;
        free(to);

        to = ring(c, 2);
        bad += pay_nonces_copy(to, from, 1000 + LIFE + 29 - c) != PAY_OK;
        bad += pay_nonces_live(to) != c;
        bad += not_seen(to, 30 - c, 30, 1000 + LIFE + 29 - c);
        free(to);
    }

    is_int(bad, 0, "R-8: smaller ones take what is good, or refuse");
    is_int(pay_nonces_live(from), 30, "what they are copied from stays");

    free(from);
}


/* what the old one forgot by a clock that ran ahead is not new in this one */

static void
nonces_floor(void)
{
    pay_nonces_t       *from, *to;
    pay_nonces_stat_t   s;

    from = ring(8, 1);
    (void) add(from, 1, 0, 10000);
    (void) add(from, 2, 0, 20000);

    to = ring(20, 1);
    is_int(pay_nonces_copy(to, from, 10001), PAY_OK, "a clock set back");
    is_int(add(to, 1, 0, 10001), PAY_NONCE_FULL, "R-16: still forgotten");
    is_int(add(to, 2, 0, 10001), PAY_NONCE_SEEN, "R-16: still known");
    free(to);

    to = ring(20, 1);
    is_int(pay_nonces_copy(to, from, 20000 + LIFE), PAY_OK, "all expired");
    is_int(pay_nonces_live(to), 0, "nothing is copied");
    is_int(add(to, 2, 0, 20001), PAY_NONCE_FULL,
           "R-16: nor taken for new when the clock is set back");
    free(to);
    free(from);

    from = ring(2, 2);
    (void) add(from, 1, 0, 1000);
    (void) add(from, 2, 0, 1000);
    (void) add(from, 3, 1, 1000);
    (void) add(from, 4, 1, 1000);

    to = ring(20, 1);
    (void) pay_nonces_copy(to, from, 1001);
    pay_nonces_stat(to, &s);
    ok(s.full == 1 && s.half == 1 && s.clock == 0, "the counts go along");
    free(to);
    free(from);
}


/* merchants are told apart by as many bits as the new ring has */

static void
nonces_halves(void)
{
    uint32_t       i;
    pay_nonces_t  *from, *to;

    from = ring(40, 1);

    for (i = 0; i < 20; i++) {
        (void) add(from, i, i < 10 ? 3 : 3 + 256, 1000);
    }

    to = ring(20, 1024);
    is_int(pay_nonces_copy(to, from, 1001), PAY_OK, "two merchants");
    is_int(add(to, 90, 3, 1001), PAY_NONCE_FULL, "a ring that is full");
    free(to);

    to = ring(22, 1024);
    (void) pay_nonces_copy(to, from, 1001);
    is_int(add(to, 90, 3, 1001), PAY_NONCE_NEW, "R-8: the 11th is its last");
    is_int(add(to, 91, 3, 1001), PAY_NONCE_FULL, "of 22");
    is_int(add(to, 91, 3 + 256, 1001), PAY_NONCE_NEW, "and the other's too");
    free(to);

    to = ring(30, 256);
    (void) pay_nonces_copy(to, from, 1001);
    is_int(add(to, 90, 3, 1001), PAY_NONCE_FULL,
           "R-8: more than the half, with what shares its count");
    is_int(add(to, 90, 4, 1001), PAY_NONCE_NEW, "others are served");
    is_int(add(to, 91, 3, 1000 + LIFE), PAY_NONCE_NEW, "until it expires");
    free(to);

    free(from);
}


/* rings that went round, again and again into another size */

static void
nonces_chain(void)
{
    int            bad;
    int64_t        now;
    uint32_t       i, n, first;
    pay_nonces_t  *r, *to;

    seed = 99;
    r = ring(64, 4);
    now = 1000;
    bad = 0;

    for (n = 0, i = 0; i < 200; i++) {

        for (first = n; n < first + 20; n++) {
            bad += add(r, n, n & 3, now) != PAY_NONCE_NEW;
        }

        now += LIFE / 2;

        to = ring(60 + rnd(100), 1 + rnd(9));
        bad += pay_nonces_copy(to, r, now) != PAY_OK;
        free(r);
        r = to;

        bad += not_seen(r, first, n, now);
    }

    is_int(bad, 0, "200 new sizes, no nonce is lost");
    free(r);
}


/* records */

static pay_records_t *
table(uint32_t cells)
{
    return pay_records_init(malloc(pay_records_size(cells)), cells);
}


static void
put(pay_records_t *t, uint32_t id, size_t len, pay_rec_class_t class_,
    int32_t owner)
{
    size_t     i;
    pay_u8     data[PAY_REC_MAX];
    pay_rec_t  r;

    for (i = 0; i < len; i++) {
        data[i] = id * 31 + i + i / 251;
    }

    (void) pay_records_put(t, key(id), data, len, class_, 1000 + id);

    if (owner && pay_records_find(t, key(id), &r) == PAY_OK) {
        pay_records_claim(t, &r, owner, 5000 + id);
    }
}


static int
there(pay_records_t *t, uint32_t id)
{
    pay_rec_t  r;

    return pay_records_find(t, key(id), &r) == PAY_OK;
}


/* all of it is the same in both, but for the claim */

static int
same(pay_records_t *a, pay_records_t *b, uint32_t id, int32_t owner)
{
    pay_u8     x[PAY_REC_MAX], y[PAY_REC_MAX];
    pay_rec_t  r, s;

    if (pay_records_find(a, key(id), &r) != PAY_OK
        || pay_records_find(b, key(id), &s) != PAY_OK)
    {
        return 0;
    }

    return r.len == s.len && r.version == s.version && r.class_ == s.class_
           && r.updated == s.updated && r.claim_end == s.claim_end
           && s.owner == owner
           && pay_records_read(a, &r, x, sizeof(x)) == r.len
           && pay_records_read(b, &s, y, sizeof(y)) == s.len
           && memcmp(x, y, r.len) == 0;
}


static pay_records_stat_t
stat_of(const pay_records_t *t)
{
    pay_records_stat_t  s;

    pay_records_stat(t, &s);

    return s;
}


static void
records_sizes(void)
{
    int             bad;
    uint32_t        c, i;
    pay_records_t  *from, *to;

    from = table(40);
    bad = 0;

    for (i = 0; i < 12; i++) {
        put(from, i, i * 100, i % 3, i % 4 == 3 ? 7 : 0);
    }

    put(from, 5, 500, PAY_REC_KEPT, 0);
    put(from, 0, 0, PAY_REC_FINISHED, 0);

    for (c = 21; c < 80; c++) {
        to = table(c);
        bad += pay_records_copy(to, from) != PAY_OK;

        for (i = 0; i < 12; i++) {
            bad += !same(from, to, i, i % 4 == 3 ? PAY_OWNER_GONE : 0);
        }

        bad += stat_of(to).cells_free != c - 21 || stat_of(to).dropped != 0;
        bad += memcmp(stat_of(to).records, stat_of(from).records,
                      sizeof(stat_of(to).records)) != 0;
        free(to);
    }

    is_int(stat_of(from).cells_free, 40 - 21, "12 records of 21 cells");
    is_int(bad, 0, "into tables of 21 to 79: all of them, claims abandoned");

    free(from);
}


/* lists and chains of the new one are whole, whatever is done to it then */

static void
records_after(void)
{
    int             bad;
    uint32_t        i;
    pay_records_t  *from, *to;

    from = table(20);
    bad = 0;

    for (i = 0; i < 20; i++) {
        put(from, i, 10, i < 10 ? PAY_REC_FINISHED : PAY_REC_OPEN, 0);
    }

    to = table(21);
    bad += pay_records_copy(to, from) != PAY_OK;

    put(to, 3, 20, PAY_REC_FINISHED, 0);
    put(to, 50, 10, PAY_REC_OPEN, 0);
    is_int(stat_of(to).cells_free, 0, "a copy is used on");

    for (i = 51; i < 60; i++) {
        put(to, i, 10, PAY_REC_KEPT, 0);
        bad += there(to, i > 53 ? i - 50 : i - 51) || !there(to, i);
    }

    bad += !there(to, 3) || !there(to, 10);
    is_int(bad, 0, "what was the oldest of a class is the first to go");
    is_int(stat_of(to).dropped, 9, "nine have gone");

    for (i = 0; i < 60; i++) {
        pay_records_drop(to, key(i));
    }

    is_int(stat_of(to).cells_free, 21, "no cell is lost");
    free(to);
    free(from);
}


static void
records_smaller(void)
{
    int             bad;
    uint32_t        c, i;
    pay_records_t  *from, *to;

    /* 0 .. 4 finished, 5 .. 9 open, 10 .. 14 kept; 0 and 5 are claimed; 4 has
       two cells */

    from = table(20);
    bad = 0;

    for (i = 0; i < 15; i++) {
        put(from, i, i == 4 ? 500 : 10, i / 5, i == 0 || i == 5 ? 7 : 0);
    }

    is_int(pay_records_bound(from), 7, "seven cells that cannot be left out");

    to = table(6);
    is_int(pay_records_copy(to, from), PAY_DECLINED, "six are too few");
    free(to);

    for (c = 7; c < 16; c++) {
        to = table(c);
        bad += pay_records_copy(to, from) != PAY_OK;
        bad += !same(from, to, 0, PAY_OWNER_GONE);
        bad += !same(from, to, 5, PAY_OWNER_GONE);

        for (i = 10; i < 15; i++) {
            bad += !same(from, to, i, 0);
        }

        /* of 16 cells: first 1, 2, 3, then 4 with two, then 6 ... */

        for (i = 1; i < 4; i++) {
            bad += there(to, i) != (16 - c < i);
        }

        bad += there(to, 4) != (16 - c < 4);

        for (i = 6; i < 10; i++) {
            bad += there(to, i) != (16 - c < i);
        }

        bad += stat_of(to).dropped
               != 11u - stat_of(to).records[0] - stat_of(to).records[1] - 1;
        free(to);
    }

    is_int(bad, 0, "finished ones are left out first, then open ones, by age");

    is_int(stat_of(from).cells_free, 4, "what they are copied from stays");
    free(from);
}


static void
records_counts(void)
{
    uint32_t        i;
    pay_records_t  *from, *to;

    from = table(2);

    for (i = 0; i < 4; i++) {
        put(from, i, 10, PAY_REC_OPEN, 0);
    }

    put(from, 9, 2000, PAY_REC_KEPT, 0);

    to = table(1);
    is_int(pay_records_copy(to, from), PAY_OK, "from a full one");
    is_int(stat_of(to).dropped, 3, "what was dropped before, and now");
    is_int(stat_of(to).refused, 1, "what was refused");
    ok(!there(to, 2) && same(from, to, 3, 0), "the newest is there");
    free(to);
    free(from);
}


/* a call died in the old one */

static void
records_broken(void)
{
    uint32_t        i;
    pay_records_t  *from, *to;

    from = table(20);

    for (i = 0; i < 10; i++) {
        put(from, i, 700, PAY_REC_OPEN, 0);
    }

    from->list[PAY_REC_OPEN].newest = 3;
    from->used = 7;
    from->busy = 1;
    *pay_cells_bucket(from, key(4)) = 77;

    to = table(30);
    is_int(pay_records_copy(to, from), PAY_OK, "D-14: a busy table");

    for (i = 0; i < 10 && same(from, to, i, 0); i++) { /* void */ }

    is_int(i, 10, "... has all of its records");
    is_int(stat_of(to).cells_free, 10, "... and so has the copy");
    free(to);

    from->check++;
    to = table(30);
    is_int(pay_records_copy(to, from), PAY_INVALID, "D-14: damage");
    is_int(pay_records_bound(from), 0, "... has no records");
    free(to);
    free(from);
}


/* events */

static int
alive(int32_t owner)
{
    return owner < 100;
}


static pay_events_t *
events(uint32_t capacity)
{
    return pay_events_init(malloc(pay_events_size(capacity)), capacity);
}


static pay_ev_rc_t
claim(pay_events_t *t, uint32_t id)
{
    return pay_events_claim(t, key(id), 10, 2000, 1000, alive);
}


static void
accept(pay_events_t *t, uint32_t id)
{
    (void) claim(t, id);
    pay_events_settle(t, key(id), 10, 1, 200 + id % 5, 1000);
}


static int
counts(const pay_events_t *t, uint32_t accepted, uint32_t in_flight)
{
    pay_events_stat_t  s;

    pay_events_stat(t, &s);

    return s.accepted == accepted && s.in_flight == in_flight;
}


/* 0 .. 49 through 20 places: 40 is in flight, 41 has failed */

static pay_events_t *
some(void)
{
    uint32_t       i;
    pay_events_t  *t;

    t = events(20);

    for (i = 0; i < 50; i++) {

        if (i != 40 && i != 41) {
            accept(t, i);
            continue;
        }

        (void) claim(t, i);
    }

    pay_events_settle(t, key(41), 10, 0, 500, 1000);

    return t;
}


static void
events_sizes(void)
{
    int            bad;
    uint32_t       c, i, n;
    pay_events_t  *from, *to;

    from = some();
    ok(counts(from, 18, 1), "18 accepted, one in flight, one failed");
    bad = 0;

    for (c = 1; c < 50; c++) {
        to = events(c);
        bad += pay_events_copy(to, from) != PAY_OK;
        n = c < 18 ? c : 18;
        bad += !counts(to, n, 0);

        /* from the newest on */

        for (i = 49; n != 0; i--) {

            if (i == 40 || i == 41) {
                continue;
            }

            n--;
            bad += pay_events_status(to, key(i)) != (int) (200 + i % 5);
            bad += claim(to, i) != PAY_EV_ACCEPTED;
        }

        bad += pay_events_status(to, key(i)) != -1;
        bad += claim(to, 40) != PAY_EV_CLAIMED || claim(to, 40)
                                                  != PAY_EV_IN_FLIGHT;
        free(to);
    }

    is_int(bad, 0, "W-8: accepted ones are, into 1 to 49 places, the newest");
    is_int(claim(from, 40), PAY_EV_IN_FLIGHT, "the old one stays as it is");

    free(from);
}


static void
events_after(void)
{
    int            bad;
    uint32_t       i;
    pay_events_t  *from, *to;

    from = some();
    to = events(19);
    is_int(pay_events_copy(to, from), PAY_OK, "18 events into 19 places");

    accept(to, 60);
    ok(counts(to, 19, 0), "one more has room");
    is_int(pay_events_status(to, key(30)), 200, "the oldest is there");
    accept(to, 61);
    ok(counts(to, 19, 0), "the next one has not");
    is_int(pay_events_status(to, key(30)), -1, "the oldest has gone");

    for (bad = 0, i = 100; i < 118; i++) {
        accept(to, i);
        bad += pay_events_status(to, key(i)) < 200;
    }

    bad += pay_events_status(to, key(49)) != -1;
    bad += claim(to, 61) != PAY_EV_ACCEPTED;
    is_int(bad, 0, "the ring goes round");
    free(to);

    memset(from, 0xee, 8);
    to = events(5);
    is_int(pay_events_copy(to, from), PAY_INVALID, "D-14: damage");
    free(to);
    free(from);
}


/* exact allocations, so that ASan sees a step outside; alarm ends a loop */

static int
damaged(const void *good, size_t size, uint32_t c, int what)
{
    pay_u8         *p;
    pay_rc_t        rc;
    uint32_t        i;
    pay_events_t   *e;
    pay_nonces_t   *n;
    pay_records_t  *r;

    p = malloc(size);
    memcpy(p, good, size);

    for (i = rnd(3) ? rnd(5) : rnd(size / 4); i != 0; i--) {
        p[rnd(2) ? rnd(size) : rnd(64)] = rnd(256);
    }

    n = ring(c, 3);
    r = table(c);
    e = events(c);

    rc = what == 0 ? pay_nonces_copy(n, (void *) p, 1000)
         : what == 1 ? pay_records_copy(r, (void *) p)
         : pay_events_copy(e, (void *) p);

    free(n);
    free(r);
    free(e);
    free(p);

    return rc == PAY_OK;
}


static void
damage(void)
{
    int             n, good;
    uint32_t        i;
    pay_events_t   *e;
    pay_nonces_t   *r;
    pay_records_t  *t;

    seed = 515;
    r = used(20, 3, 20);
    t = table(20);
    e = some();

    for (i = 0; i < 12; i++) {
        put(t, i, i * 90, i % 3, i & 1);
    }

    for (good = 0, n = 0; n < 1500; n++) {
        good += damaged(r, pay_nonces_size(20, 3), 1 + rnd(40), 0);
        good += damaged(t, pay_records_size(20), 1 + rnd(40), 1);
        good += damaged(e, pay_events_size(20), 1 + rnd(40), 2);
    }

    ok(good > 0 && good < 4500, "D-14: damage, no crash, no loop: %d copied",
       good);

    free(r);
    free(t);
    free(e);
}


int
main(void)
{
    alarm(60);

    nonces_sizes();
    nonces_floor();
    nonces_halves();
    nonces_chain();

    records_sizes();
    records_after();
    records_smaller();
    records_counts();
    records_broken();

    events_sizes();
    events_after();

    damage();

    return done();
}
