
/*
 * Copyright (C) the ngx_pay authors
 *
 * The nonce ring: budgets, rules, a model, copies, damage.
 */

#include <unistd.h>

#include <store/pay_store.h>

#include "store.h"


#define LIFE  600


static pay_nonces_t *
ring(uint32_t capacity, uint32_t nslots)
{
    return pay_nonces_init(malloc(pay_nonces_size(capacity, nslots)),
                           capacity, nslots);
}


/* the number of a nonce, at both ends of its fingerprint */

static pay_nonce_rc_t
add_for(pay_nonces_t *n, uint32_t id, uint32_t slot, int64_t now,
    uint32_t life)
{
    pay_u8  fp[14];

    memset(fp, 0, sizeof(fp));
    memcpy(fp, &id, 2);
    memcpy(fp + 12, (char *) &id + 2, 2);

    return pay_nonces_add(n, fp, slot, now, life);
}


static pay_nonce_rc_t
add(pay_nonces_t *n, uint32_t id, uint32_t slot, int64_t now)
{
    return add_for(n, id, slot, now, LIFE);
}


static void
budget(void)
{
    int       bad;
    size_t    size;
    uint32_t  c, s;

    bad = 0;

    for (c = 1; c < 300; c++) {
        for (s = 1; s < 5; s++) {
            size = pay_nonces_size(c, s);
            bad += pay_nonces_size(c + 1, s) - size != 28;
            bad += pay_nonces_size(c, s + 1) - size != 4;
            bad += pay_nonces_capacity(size, s) != c;
            bad += pay_nonces_capacity(size + 27, s) != c;
            bad += pay_nonces_capacity(size - 1, s) != c - 1;
        }
    }

    is_int(bad, 0, "a nonce costs 28 bytes, a merchant 4");

    ok(pay_nonces_size(0, 0) <= 64, "the rest is %d bytes",
       (int) pay_nonces_size(0, 0));
    is_int(pay_nonces_capacity(0, 1), 0, "nothing fits into nothing");
    is_int(pay_nonces_capacity(100, PAY_NONCE_SLOTS), 0,
           "nor where the counts do not fit");
    ok(pay_nonces_capacity(10 << 20, 100) > 370000, "10 MB hold 370 000");
    ok(pay_nonces_capacity((size_t) -1, 1) < UINT32_MAX, "capacity is capped");

    bad = pay_nonces_slots_for(0) != 1 || pay_nonces_slots_for(95) != 1;

    for (size = 96, s = 2; s <= PAY_NONCE_SLOTS; size *= 2, s *= 2) {
        bad += pay_nonces_slots_for(size - 1) != s / 2;
        bad += pay_nonces_slots_for(size) != s;
        bad += pay_nonces_capacity(size, s) < size * 11 / 12 / 28 - 3;
    }

    bad += pay_nonces_slots_for((size_t) -1) != PAY_NONCE_SLOTS;
    is_int(bad, 0, "the counts take at most a twelfth");

    ok(pay_nonces_init(NULL, 0, 1) == NULL
       && pay_nonces_init(NULL, 5, 0) == NULL
       && pay_nonces_init(NULL, 5, PAY_NONCE_SLOTS + 1) == NULL
       && pay_nonces_init(NULL, UINT32_MAX, 1) == NULL,
       "no ring without entries, without slots, with too many");
}


static void
once(void)
{
    pay_u8         fp[14];
    size_t         i, seen;
    pay_nonces_t  *n;

    n = ring(64, 1);

    is_int(add(n, 1, 0, 1000), PAY_NONCE_NEW, "R-1 new");
    is_int(add(n, 1, 0, 1000), PAY_NONCE_SEEN, "R-1 replayed");
    is_int(add(n, 2, 0, 1000), PAY_NONCE_NEW, "another");
    is_int(add(n, 1, 0, 1000 + LIFE - 1), PAY_NONCE_SEEN, "the last second");
    is_int(add(n, 1, 0, 1000 + LIFE), PAY_NONCE_NEW, "its life is over");
    is_int(add(n, 1, 0, 1000 + LIFE), PAY_NONCE_SEEN, "and begins again");
    is_int(pay_nonces_live(n), 1, "the others are gone");
    is_int(pay_nonces_cap(n), 64, "capacity");

    free(n);
    n = ring(64, 1);
    memset(fp, 7, sizeof(fp));
    seen = pay_nonces_add(n, fp, 0, 1, 9) != PAY_NONCE_NEW;

    for (i = 0; i < sizeof(fp); i++) {
        fp[i]++;
        seen += pay_nonces_add(n, fp, 0, 1, 9) != PAY_NONCE_NEW;
    }

    is_int(seen, 0, "each byte of the fingerprint counts");

    free(n);
}


static void
full(void)
{
    int            bad;
    uint32_t       c, i;
    pay_nonces_t  *n;

    for (c = 1; c < 8; c++) {
        n = ring(c, 1);
        bad = 0;

        for (i = 0; i < c; i++) {
            bad += add(n, i, 0, 1000 + i) != PAY_NONCE_NEW;
        }

        bad += add(n, c, 0, 1010) != PAY_NONCE_FULL;
        bad += add(n, 0, 0, 1010) != PAY_NONCE_SEEN;
        bad += add(n, c - 1, 0, 1010) != PAY_NONCE_SEEN;
        bad += add(n, c, 0, 1000 + LIFE - 1) != PAY_NONCE_FULL;
        bad += add(n, c, 0, 1000 + LIFE) != PAY_NONCE_NEW;
        bad += pay_nonces_live(n) != c;
        bad += add(n, 0, 0, 1000 + LIFE) != PAY_NONCE_FULL;

        ok(bad == 0, "R-8 a full ring of %d refuses, evicts nothing", c);
        free(n);
    }
}


static int
counted(const pay_nonces_t *n, uint64_t full, uint64_t half, uint64_t clock)
{
    pay_nonces_stat_t  s;

    pay_nonces_stat(n, &s);

    return s.full == full && s.half == half && s.clock == clock;
}


static void
stat_of(void)
{
    pay_nonces_t       *n;
    pay_nonces_stat_t   s;

    n = ring(5, 3);
    pay_nonces_stat(n, &s);
    ok(s.capacity == 5 && s.slots == 3 && s.live == 0 && s.oldest == 0,
       "an empty ring");

    add(n, 1, 0, 1000);
    add(n, 2, 0, 1007);
    pay_nonces_stat(n, &s);
    ok(s.live == 2 && s.oldest == 1000 + LIFE, "the oldest of two");
    is_int(pay_nonces_slots(n), 3, "slots");

    add(n, 3, 0, 1000 + LIFE);
    pay_nonces_stat(n, &s);
    ok(s.live == 2 && s.oldest == 1007 + LIFE, "it has gone");

    memset(n, 0xff, pay_nonces_size(0, 0));
    pay_nonces_stat(n, &s);
    ok(s.capacity == 0 && s.live == 0 && s.oldest == 0, "damaged: nothing");

    free(n);
}


static void
halves(void)
{
    int            bad;
    uint32_t       i;
    pay_nonces_t  *n;

    n = ring(11, 3);
    bad = 0;

    for (i = 0; i < 5; i++) {
        bad += add(n, i, 0, 1000) != PAY_NONCE_NEW;
    }

    is_int(bad, 0, "R-8 a merchant gets half of 11, which is 5");
    is_int(add(n, 5, 0, 1000), PAY_NONCE_FULL, "and not more");
    is_int(add(n, 4, 0, 1000), PAY_NONCE_SEEN, "its old ones are known");

    for (i = 10; i < 15; i++) {
        bad += add(n, i, 1, 1001) != PAY_NONCE_NEW;
    }

    is_int(bad, 0, "another one gets as many");
    is_int(add(n, 20, 2, 1001), PAY_NONCE_NEW, "a third gets the rest");
    is_int(add(n, 21, 2, 1001), PAY_NONCE_FULL, "then the ring is full");
    is_int(add(n, 20, 1 << 16, 1001), PAY_NONCE_FULL,
           "more than 16 bits of a merchant");
    ok(counted(n, 1, 1, 0), "counted: the ring once, a half once");

    is_int(add(n, 30, 0, 1000 + LIFE), PAY_NONCE_NEW, "expired ones count off");
    is_int(pay_nonces_live(n), 7, "five of them");

    for (i = 31; i < 35; i++) {
        bad += add(n, i, 0, 1000 + LIFE) != PAY_NONCE_NEW;
    }

    is_int(bad, 0, "half of it again");
    is_int(add(n, 35, 0, 1000 + LIFE), PAY_NONCE_FULL, "and no more again");

    free(n);
    n = ring(1, 2);
    is_int(add(n, 1, 1, 1000), PAY_NONCE_NEW, "half of one is one");
    is_int(add(n, 2, 0, 1000), PAY_NONCE_FULL, "for whoever comes first");

    free(n);
    n = ring(8, 4);

    for (i = 0; i < 4; i++) {
        bad += add(n, i, 3 + 4 * i, 1000) != PAY_NONCE_NEW;
    }

    is_int(bad, 0, "R-8 four merchants that share one of four counts");
    is_int(add(n, 9, 0xffff, 1000), PAY_NONCE_FULL, "share one half");
    is_int(add(n, 9, 0xfffe, 1000), PAY_NONCE_NEW, "their neighbour does not");
    is_int(add(n, 9, 0xffff, 1000), PAY_NONCE_SEEN,
           "what is known is known to all");

    free(n);
}


/* D-16, and who is at its half only because of what has expired */

static void
drops(void)
{
    int            bad;
    uint32_t       i, live;
    pay_nonces_t  *n;

    n = ring(200, 2);
    bad = 0;

    for (i = 0; i < 200; i++) {
        bad += add(n, i, i < 100 ? 0 : 1, 1000) != PAY_NONCE_NEW;
    }

    is_int(bad, 0, "two fill it");
    is_int(add(n, 200, 1, 1000), PAY_NONCE_FULL, "it is full");

    for (i = 0; i < 20; i++) {
        live = pay_nonces_live(n);
        bad += add(n, 1000 + i, 1, 1000 + LIFE) != PAY_NONCE_NEW;
        bad += live - pay_nonces_live(n) != 7;
    }

    is_int(bad, 0, "D-16 eight go for each that comes, nobody is refused");
    is_int(add(n, 199, 1, 1000 + LIFE), PAY_NONCE_SEEN,
           "expired and not yet dropped is still seen");

    while (pay_nonces_live(n) > 30) {
        add(n, 1000, 1, 1000 + LIFE);
    }

    for (i = 0; i < 300; i++) {
        add(n, 2000 + i, 1, 1000 + LIFE);
    }

    is_int(pay_nonces_live(n), 100, "then the half holds");

    free(n);
}


/* */

static void
steps(void)
{
    pay_nonces_t  *n;

    n = ring(10, 1);

    add(n, 1, 0, 10000);
    is_int(add(n, 2, 0, 6400), PAY_NONCE_NEW, "R-16 an hour back");
    is_int(add(n, 1, 0, 6400), PAY_NONCE_SEEN, "nothing is forgotten");
    is_int(add(n, 2, 0, 6400 + 2 * LIFE), PAY_NONCE_SEEN,
           "the oldest holds those behind it");
    is_int(add(n, 1, 0, 10000), PAY_NONCE_SEEN, "and forth");
    is_int(add(n, 2, 0, 10000 + LIFE), PAY_NONCE_NEW, "both expire");
    is_int(pay_nonces_live(n), 1, "and are dropped");

    free(n);
    n = ring(10, 1);

    add(n, 1, 0, 10000);
    add(n, 2, 0, 20000);
    is_int(add(n, 1, 0, 10001), PAY_NONCE_FULL,
           "R-16 forgotten by a clock ahead: not known to be new");
    is_int(add(n, 3, 0, 10000 + LIFE / 2 - 1), PAY_NONCE_FULL,
           "nor is any other");
    ok(counted(n, 0, 0, 2), "counted: the clock twice");
    is_int(add(n, 2, 0, 10001), PAY_NONCE_SEEN, "what is held is seen");
    is_int(add(n, 3, 0, 10000 + LIFE / 2), PAY_NONCE_NEW,
           "until their window is over");

    free(n);
    n = ring(10, 1);

    add(n, 1, 0, 10000);
    add(n, 2, 0, 10000 + LIFE);
    is_int(add(n, 3, 0, 10000 + LIFE - 5), PAY_NONCE_NEW,
           "a small step back refuses nobody");

    free(n);
    n = ring(10, 1);

    add_for(n, 1, 0, 10000, 500);
    add_for(n, 2, 0, 10000, 100);
    is_int(add_for(n, 2, 0, 10499, 100), PAY_NONCE_SEEN,
           "a shorter life waits for a longer one before it");
    is_int(add_for(n, 2, 0, 10500, 100), PAY_NONCE_NEW, "and both end");
    is_int(pay_nonces_live(n), 1, "at once");

    is_int(add(n, 9, 0, -1), PAY_NONCE_FULL, "before 1970");
    is_int(add(n, 9, 0, (int64_t) UINT32_MAX - LIFE + 1), PAY_NONCE_FULL,
           "after 2106");
    is_int(add(n, 9, 0, INT64_MAX), PAY_NONCE_FULL, "at the end of time");
    is_int(add(n, 9, 0, INT64_MIN), PAY_NONCE_FULL, "at its beginning");
    is_int(pay_nonces_live(n), 1, "drop nothing");
    is_int(add(n, 9, 0, (int64_t) UINT32_MAX - LIFE), PAY_NONCE_NEW,
           "the last second of 2106");

    free(n);
}


/* the same with an array and no hash */

typedef struct {
    uint32_t  id, slot;
    int64_t   expires;
} held_t;

typedef struct {
    uint32_t  capacity, nslots, n;
    int64_t   floor;
    held_t    held[256];
} model_t;


static pay_nonce_rc_t
model_add(model_t *m, uint32_t id, uint32_t slot, int64_t now, uint32_t life)
{
    uint32_t  i, mine;

    for (i = 0; i < 8 && m->n && m->held[0].expires <= now; i++) {
        if (m->floor < m->held[0].expires) {
            m->floor = m->held[0].expires;
        }

        memmove(m->held, m->held + 1, --m->n * sizeof(held_t));
    }

    mine = 0;

    for (i = 0; i < m->n; i++) {
        mine += m->held[i].slot == slot;

        if (m->held[i].id == id) {
            return PAY_NONCE_SEEN;
        }
    }

    if (m->n == m->capacity || now + life / 2 < m->floor) {
        return PAY_NONCE_FULL;
    }

    if (m->nslots > 1 && mine && mine >= m->capacity / 2
        && m->held[0].expires > now)
    {
        return PAY_NONCE_FULL;
    }

    m->held[m->n].id = id;
    m->held[m->n].slot = slot;
    m->held[m->n++].expires = now + life;

    return PAY_NONCE_NEW;
}


static int64_t
step(int64_t now)
{
    switch (rnd(200)) {
    case 0:
        return now - rnd(20);
    case 1:
        return now + rnd(400);
    case 2:
        return now - rnd(200);
    default:
        return now + rnd(2) * rnd(10);
    }
}


static void
walk(uint32_t capacity, uint32_t nslots)
{
    int              bad, n, count[3];
    int64_t          now;
    uint32_t         id, slot, life;
    model_t          m;
    pay_nonces_t    *r;
    pay_nonce_rc_t   got, want;

    r = ring(capacity, nslots);
    memset(&m, 0, sizeof(m));
    memset(count, 0, sizeof(count));
    m.capacity = capacity;
    m.nslots = nslots;

    seed = capacity * 77 + nslots;
    now = 100000;
    life = 100;
    bad = 0;

    for (n = 0; n < 20000; n++) {
        now = step(now);
        id = rnd(2 * capacity + 3);
        slot = rnd(3) ? 0 : rnd(nslots);
        life = rnd(1000) ? life : 50 + rnd(100);

        want = model_add(&m, id, slot, now, life);
        got = add_for(r, id, slot, now, life);
        count[want]++;

        bad += got != want || pay_nonces_live(r) != m.n;
    }

    ok(bad == 0 && count[0] && count[1] && count[2],
       "walk: capacity %d, %d slots: %d new, %d seen, %d refused",
       capacity, nslots, count[0], count[1], count[2]);

    free(r);
}


static void
moved(void)
{
    size_t         size;
    uint32_t       i, bad;
    pay_nonces_t  *a, *b;

    size = pay_nonces_size(33, 2);
    a = ring(33, 2);

    for (i = 0; i < 90; i++) {
        add(a, i, i & 1, 1000 + i * 20);
    }

    b = malloc(size);
    memcpy(b, a, size);
    memset(a, 0xff, size);
    free(a);

    bad = pay_nonces_live(b) != 30;

    for (i = 60; i < 90; i++) {
        bad += add(b, i, i & 1, 1000 + 89 * 20) != PAY_NONCE_SEEN;
    }

    bad += add(b, 90, 0, 1000 + 90 * 20) != PAY_NONCE_NEW;
    bad += add(b, 91, 1, 1000 + 90 * 20) != PAY_NONCE_NEW;
    is_int(bad, 0, "a copy at another address works");

    free(b);
}


/* exact allocations, so that ASan sees a step outside; alarm ends a loop */

static void
damage(uint32_t capacity, uint32_t nslots)
{
    int            n, i, unknown;
    size_t         size;
    pay_u8        *p;
    pay_nonces_t  *good, *bad;

    good = ring(capacity, nslots);
    size = pay_nonces_size(capacity, nslots);
    unknown = 0;
    seed = 4711 + capacity;

    for (n = 0; n < (int) capacity * 3; n++) {
        add(good, n, n % nslots, 1000 + n);
    }

    for (n = 0; n < 4000; n++) {
        bad = malloc(size);
        p = (pay_u8 *) bad;
        memcpy(p, good, size);

        for (i = rnd(3) ? rnd(4) : rnd(size); i >= 0; i--) {
            p[rnd(rnd(2) ? size : size < 64 ? size : 64)] = rnd(256);
        }

        for (i = 0; i < 20; i++) {
            unknown += add_for(bad, rnd(capacity * 4), rnd(nslots),
                               rnd(9) ? 1000 + rnd(1000) : rnd(UINT32_MAX),
                               LIFE)
                       == PAY_NONCE_FULL;
            (void) pay_nonces_live(bad);
        }

        free(bad);
    }

    ok(unknown > 0, "D-14 damage: capacity %d: no crash, no loop", capacity);
    free(good);
}


/* one byte of the head: what is held is never new, no count is beyond all */

static void
head(void)
{
    int            bad;
    size_t         i, size;
    pay_u8        *p;
    uint32_t       id, value;
    pay_nonces_t  *good, *n;

    good = ring(5, 2);
    size = pay_nonces_size(5, 2);
    n = malloc(size);
    p = (pay_u8 *) n;
    bad = 0;

    for (id = 0; id < 4; id++) {
        add(good, id, id & 1, 1000);
    }

    for (i = 0; i < pay_nonces_size(0, 0); i++) {
        for (value = 0; value < 256; value++) {
            memcpy(n, good, size);
            p[i] = value;

            for (id = 0; id < 4; id++) {
                bad += add(n, id, id & 1, 1001) == PAY_NONCE_NEW;
            }

            bad += pay_nonces_live(n) > 5;
        }
    }

    is_int(bad, 0, "D-14 damage to the head: nothing held is taken for new");
    free(good);
    free(n);
}


int
main(void)
{
    alarm(60);

    budget();
    once();
    full();
    stat_of();
    halves();
    drops();
    steps();

    walk(1, 1);
    walk(1, 2);
    walk(2, 1);
    walk(2, 2);
    walk(3, 2);
    walk(7, 3);
    walk(8, 1);
    walk(63, 2);
    walk(64, 4);

    moved();

    damage(1, 1);
    damage(2, 2);
    damage(5, 3);
    damage(40, 2);
    head();

    return done();
}
