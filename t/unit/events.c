
/*
 * Copyright (C) the ngx_pay authors
 *
 * The events table: budgets, claims, age, a model, copies, damage.
 */

#include <unistd.h>

#include <store/pay_store.h>

#include "store.h"


/* processes below 100 live */

static int
alive(int32_t owner)
{
    return owner < 100;
}


static pay_events_t *
table(uint32_t capacity)
{
    return pay_events_init(malloc(pay_events_size(capacity)), capacity);
}


static pay_ev_rc_t
claim(pay_events_t *t, uint32_t id, int32_t owner, int64_t now)
{
    return pay_events_claim(t, key(id), owner, now + 10, now, alive);
}


static void
settle(pay_events_t *t, uint32_t id, int32_t owner, int status)
{
    pay_events_settle(t, key(id), owner, status / 100 == 2, status, 0);
}


static int
status(const pay_events_t *t, uint32_t id)
{
    return pay_events_status(t, key(id));
}


static int
counts(const pay_events_t *t, uint32_t accepted, uint32_t in_flight)
{
    pay_events_stat_t  s;

    pay_events_stat(t, &s);

    return s.accepted == accepted && s.in_flight == in_flight;
}


static void
budget(void)
{
    int                bad;
    uint32_t           c;
    pay_events_t      *t;
    pay_events_stat_t  s;

    bad = 0;

    for (c = 1; c < 500; c++) {
        bad += pay_events_size(c + 1) - pay_events_size(c) > 48;
        bad += pay_events_capacity(pay_events_size(c)) != c;
        bad += pay_events_capacity(pay_events_size(c) - 1) != c - 1;
    }

    is_int(bad, 0, "an event costs at most 48 bytes");
    ok(pay_events_size(0) <= 64, "the rest is %d bytes",
       (int) pay_events_size(0));
    is_int(pay_events_capacity(0), 0, "nothing fits into nothing");
    ok(pay_events_capacity((size_t) -1) < UINT32_MAX, "capacity is capped");
    ok(pay_events_init(NULL, 0) == NULL
       && pay_events_init(NULL, UINT32_MAX) == NULL, "no table of 0 or 2^32");

    t = table(7);
    pay_events_stat(t, &s);
    ok(s.capacity == 7 && counts(t, 0, 0), "7 places, empty");
    free(t);
}


static void
claims(void)
{
    pay_events_t  *t;

    t = table(4);

    is_int(status(t, 1), -1, "not known");
    is_int(claim(t, 1, 10, 1000), PAY_EV_CLAIMED, "claimed");
    is_int(status(t, 1), 0, "known, nothing told yet");
    is_int(claim(t, 1, 11, 1000), PAY_EV_IN_FLIGHT, "not by another");
    is_int(claim(t, 1, 10, 1000), PAY_EV_IN_FLIGHT, "nor by itself");
    ok(counts(t, 0, 1), "one in flight");

    settle(t, 1, 10, 500);
    is_int(status(t, 1), 500, "it failed");
    ok(counts(t, 0, 0), "none in flight");
    is_int(claim(t, 1, 11, 1001), PAY_EV_CLAIMED, "claimed again");
    is_int(status(t, 1), 500, "the last status stays until the next");

    settle(t, 1, 10, 404);
    is_int(status(t, 1), 500, "whose claim it is not tells no failure");
    is_int(claim(t, 1, 12, 1001), PAY_EV_IN_FLIGHT, "and ends nothing");

    settle(t, 1, 11, 204);
    is_int(status(t, 1), 204, "accepted");
    is_int(claim(t, 1, 11, 1001), PAY_EV_ACCEPTED, "and that is told");
    is_int(claim(t, 1, 11, 99999), PAY_EV_ACCEPTED, "at any time");
    settle(t, 1, 11, 500);
    is_int(claim(t, 1, 11, 1001), PAY_EV_ACCEPTED, "a failure undoes it not");
    is_int(status(t, 1), 204, "nor does it change the status");
    ok(counts(t, 1, 0), "one accepted");

    settle(t, 2, 10, 200);
    is_int(status(t, 2), -1, "settling what is not known does nothing");

    free(t);
}


static void
owners(void)
{
    pay_events_t  *t;

    t = table(4);

    claim(t, 1, 100, 1000);
    is_int(claim(t, 1, 10, 1000), PAY_EV_CLAIMED, "a dead owner's is free");
    is_int(claim(t, 1, 11, 1009), PAY_EV_IN_FLIGHT, "before the end");
    is_int(claim(t, 1, 11, 1010), PAY_EV_CLAIMED, "at the end it is free");

    settle(t, 1, 10, 0);
    is_int(claim(t, 1, 12, 1010), PAY_EV_IN_FLIGHT,
           "the first one's late failure is nothing");
    settle(t, 1, 10, 200);
    is_int(claim(t, 1, 12, 1010), PAY_EV_ACCEPTED,
           "its late 2xx is: the application has it");
    settle(t, 1, 11, 500);
    is_int(claim(t, 1, 12, 1010), PAY_EV_ACCEPTED,
           "whatever the second one hears");

    claim(t, 2, 10, 1000);
    is_int(claim(t, 2, 11, 500), PAY_EV_IN_FLIGHT, "time may step back");
    is_int(claim(t, 2, 11, 99999), PAY_EV_CLAIMED, "and forth");

    free(t);
}


static void
age(void)
{
    int            bad, i;
    pay_events_t  *t;

    t = table(3);
    bad = 0;

    for (i = 1; i <= 3; i++) {
        bad += claim(t, i, 10, 1000) != PAY_EV_CLAIMED;
    }

    is_int(bad, 0, "three are in flight");
    is_int(claim(t, 4, 10, 1000), PAY_EV_FULL, "no place for a fourth");
    is_int(status(t, 4), -1, "it is not kept");

    settle(t, 2, 10, 200);
    is_int(claim(t, 4, 10, 1000), PAY_EV_CLAIMED, "one is accepted");
    is_int(status(t, 2), -1, "and pushed out");
    is_int(status(t, 1) + status(t, 3) + status(t, 4), 0, "not the others");

    settle(t, 3, 10, 500);
    is_int(claim(t, 5, 10, 1000), PAY_EV_CLAIMED, "or failed");
    is_int(status(t, 3), -1, "and pushed out");

    is_int(claim(t, 6, 10, 1009), PAY_EV_FULL, "none ends yet");
    is_int(claim(t, 6, 10, 1010), PAY_EV_CLAIMED, "a passed end is room");
    settle(t, 6, 10, 200);

    free(t);
    t = table(3);

    for (i = 1; i <= 3; i++) {
        claim(t, i, i == 2 ? 200 : 10, 1000);
    }

    is_int(claim(t, 4, 10, 1000), PAY_EV_CLAIMED, "a dead owner is room");
    is_int(status(t, 2), -1, "it was the second's");
    free(t);

    t = table(5);
    bad = 0;

    for (i = 0; i < 100; i++) {
        claim(t, i, 10, 1000);
        settle(t, i, 10, 200);
        bad += i > 4 && status(t, i - 5) != -1;
        bad += i > 3 && status(t, i - 4) != 200;
    }

    is_int(bad, 0, "the oldest goes first");
    ok(counts(t, 5, 0), "five stay");
    free(t);

    t = table(1);
    claim(t, 1, 10, 1000);
    is_int(claim(t, 2, 10, 1000), PAY_EV_FULL, "capacity 1");
    settle(t, 1, 10, 200);
    is_int(claim(t, 2, 10, 1000), PAY_EV_CLAIMED, "takes turns");
    is_int(claim(t, 1, 10, 1010), PAY_EV_CLAIMED, "by the end too");
    free(t);
}


/* the same with an array and no hash */

typedef struct {
    int       state, status, owner;     /* 0 free, 1 in flight, 2 yes, 3 no */
    uint32_t  id;
    int64_t   end;
} place_t;

typedef struct {
    uint32_t  capacity, hand;
    place_t   place[128];
} model_t;


static place_t *
model_find(model_t *m, uint32_t id)
{
    uint32_t  i;

    for (i = 0; i < m->capacity; i++) {
        if (m->place[i].state && m->place[i].id == id) {
            return &m->place[i];
        }
    }

    return NULL;
}


static int
model_runs(place_t *p, int64_t now)
{
    return p->state == 1 && p->end > now && p->owner < 100;
}


static pay_ev_rc_t
model_claim(model_t *m, uint32_t id, int owner, int64_t now)
{
    uint32_t  n;
    place_t  *p;

    p = model_find(m, id);

    if (p && p->state == 2) {
        return PAY_EV_ACCEPTED;
    }

    if (p && model_runs(p, now)) {
        return PAY_EV_IN_FLIGHT;
    }

    for (n = 0; p == NULL && n < m->capacity; n++) {
        p = &m->place[(m->hand + n) % m->capacity];

        if (model_runs(p, now)) {
            p = NULL;
            continue;
        }

        m->hand = (m->hand + n + 1) % m->capacity;
        p->status = 0;
        p->id = id;
        break;
    }

    if (p == NULL) {
        return PAY_EV_FULL;
    }

    p->state = 1;
    p->owner = owner;
    p->end = now + 10;

    return PAY_EV_CLAIMED;
}


static void
model_settle(model_t *m, uint32_t id, int owner, int status)
{
    place_t  *p;

    p = model_find(m, id);

    if (p && (status / 100 == 2 || (p->state == 1 && p->owner == owner))) {
        p->state = status / 100 == 2 ? 2 : 3;
        p->status = status;
    }
}


static int
model_counts(model_t *m, pay_events_t *t)
{
    uint32_t  i, n[4];

    memset(n, 0, sizeof(n));

    for (i = 0; i < m->capacity; i++) {
        n[m->place[i].state]++;
    }

    return counts(t, n[2], n[1]);
}


static void
walk(uint32_t capacity)
{
    int            bad, n, owner, told, count[4];
    int64_t        now;
    uint32_t       id;
    model_t        m;
    place_t       *p;
    pay_events_t  *t;
    pay_ev_rc_t    got, want;

    t = table(capacity);
    memset(&m, 0, sizeof(m));
    memset(count, 0, sizeof(count));
    m.capacity = capacity;
    seed = 99 + capacity;
    now = 1000;
    bad = 0;

    for (n = 0; n < 30000; n++) {
        now += rnd(3) ? 0 : rnd(100) ? rnd(2) : (int64_t) rnd(60) - 30;
        id = rnd(3 * capacity + 2);
        owner = rnd(40) ? rnd(3) : 100;

        if (rnd(2)) {
            want = model_claim(&m, id, owner, now);
            got = claim(t, id, owner, now);
            count[want]++;
            bad += got != want;

        } else {
            told = rnd(2) ? 200 : rnd(2) ? 500 : 0;
            model_settle(&m, id, owner, told);
            settle(t, id, owner, told);
        }

        p = model_find(&m, id);
        bad += status(t, id) != (p ? p->status : -1);
        bad += n % 16 == 0 && !model_counts(&m, t);
    }

    ok(bad == 0 && count[0] && count[1] && count[2]
       && (count[3] || capacity > 31),
       "walk: capacity %d: %d claimed, %d in flight, %d accepted, %d refused",
       capacity, count[0], count[1], count[2], count[3]);

    free(t);
}


static void
moved(void)
{
    int            bad, i;
    size_t         size;
    pay_events_t  *a, *b;

    size = pay_events_size(20);
    a = table(20);

    for (i = 0; i < 50; i++) {
        claim(a, i, 10, 1000);
        settle(a, i, 10, i & 1 ? 200 : 500);
    }

    b = malloc(size);
    memcpy(b, a, size);
    memset(a, 0xff, size);
    free(a);

    bad = !counts(b, 10, 0);

    for (i = 30; i < 50; i++) {
        bad += status(b, i) != (i & 1 ? 200 : 500);
    }

    bad += claim(b, 49, 10, 1000) != PAY_EV_ACCEPTED;
    bad += claim(b, 48, 10, 1000) != PAY_EV_CLAIMED;
    bad += claim(b, 50, 10, 1000) != PAY_EV_CLAIMED;
    is_int(bad, 0, "a copy at another address works");

    free(b);
}


/* exact allocations, so that ASan sees a step outside; alarm ends a loop */

static void
damage(uint32_t capacity)
{
    int                 n, i, known;
    size_t              size;
    pay_u8             *p;
    pay_events_t       *good, *bad;
    pay_events_stat_t   s;

    good = table(capacity);
    size = pay_events_size(capacity);
    known = 0;
    seed = 815 + capacity;

    for (n = 0; n < (int) capacity * 3; n++) {
        claim(good, n, 10, 1000);
        settle(good, n, 10, n % 3 ? 200 : 500);
    }

    for (n = 0; n < 4000; n++) {
        bad = malloc(size);
        p = (pay_u8 *) bad;
        memcpy(p, good, size);

        for (i = rnd(3) ? rnd(4) : rnd(size); i >= 0; i--) {
            p[rnd(rnd(4) ? size : 16)] = rnd(256);
        }

        for (i = 0; i < 20; i++) {
            (void) claim(bad, rnd(capacity * 4), rnd(200), rnd(2000));
            settle(bad, rnd(capacity * 4), rnd(200), rnd(600));
            known += status(bad, rnd(capacity * 4)) != -1;
            pay_events_stat(bad, &s);
        }

        free(bad);
    }

    ok(known > 0, "D-14 damage: capacity %d: no crash, no loop", capacity);
    free(good);
}


int
main(void)
{
    alarm(60);

    budget();
    claims();
    owners();
    age();

    walk(1);
    walk(2);
    walk(3);
    walk(8);
    walk(31);
    walk(100);

    moved();

    damage(1);
    damage(2);
    damage(5);
    damage(30);

    return done();
}
