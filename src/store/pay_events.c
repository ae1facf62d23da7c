
/*
 * Copyright (C) the ngx_pay authors
 *
 * Events accepted by the application, or being sent to it: a ring in the
 * order of claiming, found by hash chains.  A hand goes round it and takes
 * the next place whose event nobody is delivering.
 *
 * A process may be killed inside any call: a place is unlinked by one store
 * before it is written, and linked by one store after that.  The most that a
 * kill leaves is a place nobody finds, which the hand takes when it comes by;
 * the counts are made anew by the next call.
 */

#include <store/pay_store_memory.h>


#define PAY_EVENTS_MAX  0x7fffffff


enum {
    PAY_EVENT_FREE = 0,
    PAY_EVENT_IN_FLIGHT,
    PAY_EVENT_ACCEPTED,
    PAY_EVENT_FAILED,
    PAY_EVENT_STATES
};


/* 44 bytes with its bucket; links are index + 1; 0 ends a chain */

typedef struct {
    pay_u8    key[16];
    int64_t   end;
    int32_t   owner;
    int32_t   status;
    uint32_t  state;
    uint32_t  next;
} pay_event_t;


/* behind it: the places, as many buckets */

struct pay_events_s {
    uint32_t  capacity;
    uint32_t  check;            /* over the one above */
    uint32_t  hand;
    uint32_t  busy;             /* in a call, or one died */
    uint32_t  count[PAY_EVENT_STATES];
};


static pay_event_t *
events_at(const pay_events_t *t, uint32_t i)
{
    return (pay_event_t *) (t + 1) + i;
}


static uint32_t *
events_bucket(const pay_events_t *t, const pay_u8 *key)
{
    uint32_t  hash;

    hash = pay_store_hash(key, 16);

    return (uint32_t *) events_at(t, t->capacity) + hash % t->capacity;
}


static int
events_sound(const pay_events_t *t)
{
    return t->capacity != 0 && t->check == pay_store_check(t->capacity, 0);
}


size_t
pay_events_size(uint32_t capacity)
{
    return sizeof(pay_events_t)
           + (size_t) capacity * (sizeof(pay_event_t) + sizeof(uint32_t));
}


uint32_t
pay_events_capacity(size_t size)
{
    size_t  n;

    if (size < sizeof(pay_events_t)) {
        return 0;
    }

    n = (size - sizeof(pay_events_t))
        / (sizeof(pay_event_t) + sizeof(uint32_t));

    return n < PAY_EVENTS_MAX ? n : PAY_EVENTS_MAX;
}


pay_events_t *
pay_events_init(void *mem, uint32_t capacity)
{
    pay_events_t  *t;

    if (capacity == 0 || capacity > PAY_EVENTS_MAX) {
        return NULL;
    }

    memset(mem, 0, pay_events_size(capacity));

    t = mem;
    t->capacity = capacity;
    t->check = pay_store_check(capacity, 0);
    t->count[PAY_EVENT_FREE] = capacity;

    return t;
}


static uint32_t *
events_count(pay_events_t *t, const pay_event_t *e)
{
    return &t->count[e->state % PAY_EVENT_STATES];
}


static void
events_recount(pay_events_t *t)
{
    uint32_t  i;

    memset(t->count, 0, sizeof(t->count));

    for (i = 0; i < t->capacity; i++) {
        (*events_count(t, events_at(t, i)))++;
    }

    pay_in_order();
    t->busy = 0;
}


static void
events_enter(pay_events_t *t)
{
    if (t->busy) {
        events_recount(t);
    }

    t->busy = 1;
    pay_in_order();
}


static void
events_leave(pay_events_t *t)
{
    pay_in_order();
    t->busy = 0;
}


static void
events_become(pay_events_t *t, pay_event_t *e, uint32_t state)
{
    (*events_count(t, e))--;

    pay_in_order();
    e->state = state;
    pay_in_order();

    (*events_count(t, e))++;
}


static pay_event_t *
events_find(const pay_events_t *t, const pay_u8 *key)
{
    uint32_t      link, steps;
    pay_event_t  *e;

    if (!events_sound(t)) {
        return NULL;
    }

    link = *events_bucket(t, key);

    for (steps = t->capacity; steps != 0; steps--) {

        if (link == 0 || link > t->capacity) {
            return NULL;
        }

        e = events_at(t, link - 1);

        if (memcmp(e->key, key, sizeof(e->key)) == 0) {
            return e;
        }

        link = e->next;
    }

    return NULL;
}


/* safe for a place that is not linked */

static void
events_unlink(pay_events_t *t, pay_event_t *e)
{
    uint32_t      steps, *link;
    pay_event_t  *at;

    link = events_bucket(t, e->key);

    for (steps = t->capacity; steps != 0; steps--) {

        if (*link == 0 || *link > t->capacity) {
            break;
        }

        at = events_at(t, *link - 1);

        if (at == e) {
            *link = e->next;
            break;
        }

        link = &at->next;
    }

    events_become(t, e, PAY_EVENT_FREE);
}


static int
events_running(const pay_event_t *e, int64_t now, int (*alive)(int32_t owner))
{
    return e->state == PAY_EVENT_IN_FLIGHT && e->end > now && alive(e->owner);
}


/* the next place in the ring that is not in flight, made free */

static pay_event_t *
events_place(pay_events_t *t, int64_t now, int (*alive)(int32_t owner))
{
    uint32_t      i, n;
    pay_event_t  *e;

    i = t->hand;

    for (n = 0; n < t->capacity; n++) {

        if (i >= t->capacity) {
            i = 0;
        }

        e = events_at(t, i++);

        if (events_running(e, now, alive)) {
            continue;
        }

        events_unlink(t, e);
        t->hand = i;

        return e;
    }

    return NULL;
}


/* linked while still free: who is killed here leaves one to be claimed */

static void
events_link(pay_events_t *t, pay_event_t *e, const pay_u8 *key)
{
    uint32_t  *link;

    link = events_bucket(t, key);

    memcpy(e->key, key, sizeof(e->key));
    e->status = 0;
    e->next = *link;

    pay_in_order();
    *link = e - events_at(t, 0) + 1;
}


static pay_ev_rc_t
events_claim(pay_events_t *t, const pay_u8 *key, int32_t owner, int64_t end,
    int64_t now, int (*alive)(int32_t owner))
{
    pay_event_t  *e;

    e = events_find(t, key);

    if (e == NULL) {
        e = events_place(t, now, alive);
        if (e == NULL) {
            return PAY_EV_FULL;
        }

        events_link(t, e, key);

    } else if (e->state == PAY_EVENT_ACCEPTED) {
        return PAY_EV_ACCEPTED;

    } else if (events_running(e, now, alive)) {
        return PAY_EV_IN_FLIGHT;
    }

    e->end = end;
    e->owner = owner;

    events_become(t, e, PAY_EVENT_IN_FLIGHT);

    return PAY_EV_CLAIMED;
}


pay_ev_rc_t
pay_events_claim(pay_events_t *t, const pay_u8 key[16], int32_t owner,
    int64_t end, int64_t now, int (*alive)(int32_t owner))
{
    pay_ev_rc_t  rc;

    if (!events_sound(t)) {
        return PAY_EV_FULL;
    }

    events_enter(t);
    rc = events_claim(t, key, owner, end, now, alive);
    events_leave(t);

    return rc;
}


void
pay_events_settle(pay_events_t *t, const pay_u8 key[16], int32_t owner,
    int accepted, int status, int64_t now)
{
    pay_event_t  *e;

    (void) now;                 /* age is the place in the ring */

    e = events_find(t, key);
    if (e == NULL) {
        return;
    }

    /*
     * That the application has it stays true, whoever heard it, and though
     * another may have claimed the event since; a failure is told only by
     * who is delivering now.
     */

    if (!accepted
        && (e->state != PAY_EVENT_IN_FLIGHT || e->owner != owner))
    {
        return;
    }

    events_enter(t);

    e->status = status;
    events_become(t, e, accepted ? PAY_EVENT_ACCEPTED : PAY_EVENT_FAILED);

    events_leave(t);
}


int
pay_events_status(const pay_events_t *t, const pay_u8 key[16])
{
    const pay_event_t  *e;

    e = events_find(t, key);

    return e != NULL ? e->status : -1;
}


void
pay_events_stat(const pay_events_t *t, pay_events_stat_t *out)
{
    memset(out, 0, sizeof(pay_events_stat_t));

    if (!events_sound(t)) {
        return;
    }

    /* const to the caller; it may put right what a killed call left */

    if (t->busy) {
        events_recount((pay_events_t *) t);
    }

    out->capacity = t->capacity;
    out->accepted = t->count[PAY_EVENT_ACCEPTED];
    out->in_flight = t->count[PAY_EVENT_IN_FLIGHT];
}


/* the n'th place, beginning with the oldest, if its event is accepted */

static pay_event_t *
events_accepted(const pay_events_t *t, uint32_t n)
{
    pay_event_t  *e;

    e = events_at(t, ((uint64_t) t->hand + n) % t->capacity);

    return e->state == PAY_EVENT_ACCEPTED ? e : NULL;
}


pay_rc_t
pay_events_copy(pay_events_t *to, const pay_events_t *from)
{
    uint32_t      n, all;
    pay_event_t  *e, *copy;

    if (!events_sound(to) || !events_sound(from)) {
        return PAY_INVALID;
    }

    all = 0;

    for (n = 0; n < from->capacity; n++) {
        all += events_accepted(from, n) != NULL;
    }

    for (n = 0; n < from->capacity; n++) {

        e = events_accepted(from, n);

        if (e == NULL || all-- > to->capacity) {
            continue;
        }

        copy = events_at(to, to->hand++);
        events_link(to, copy, e->key);

        copy->status = e->status;
        events_become(to, copy, PAY_EVENT_ACCEPTED);
    }

    return PAY_OK;
}
