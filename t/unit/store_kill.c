
/*
 * Copyright (C) the ngx_pay authors
 *
 * D-14: a process killed inside a call.  Calls are made on memory that is
 * write-protected: each instruction that writes to it faults, is let through
 * by itself, and traps behind it.  Each state that the memory goes through
 * is what a kill would leave there, and has to do for those who come after.
 */

#define _GNU_SOURCE

#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <store/pay_store.h>

#include "test.h"


#define LIFE    600
#define STATES  1000
#define ZONE    16384
#define TRAP    0x100


typedef struct {
    const char  *name;
    void       (*call)(void *zone, int what);
    int        (*check)(void *zone, int what);  /* the number of faults */
    int          what;
    size_t     (*make)(void *zone);     /* the bytes of it */
} kill_t;


static int
alive(int32_t owner)
{
    return owner < 100;
}


static const pay_u8 *
key(uint32_t id)
{
    static pay_u8  k[16];

    memset(k, 0, sizeof(k));
    k[0] = id;

    return k;
}


/* nonces: 1 and 2 expire before the call, 3 and 4 do not */

static pay_nonce_rc_t
add(void *zone, uint32_t id, uint32_t slot, int64_t now)
{
    return pay_nonces_add(zone, key(id), slot, now, LIFE);
}


static size_t
nonces_make(void *zone)
{
    (void) pay_nonces_init(zone, 4, 2);
    (void) add(zone, 1, 0, 1000);
    (void) add(zone, 2, 1, 1001);
    (void) add(zone, 3, 0, 1500);
    (void) add(zone, 4, 1, 1500);

    return pay_nonces_size(4, 2);
}


static void
nonces_call(void *zone, int what)
{
    (void) add(zone, what, 0, 1650);
}


/* whatever comes next, in this bucket or another, costs none of the others */

static int
nonces_next(const void *zone, uint32_t id)
{
    int     bad;
    void   *p;
    size_t  n;

    n = pay_nonces_size(4, 2);
    p = malloc(n);
    memcpy(p, zone, n);

    bad = add(p, id, 1, 1650) != PAY_NONCE_NEW;
    bad += add(p, id, 1, 1650) != PAY_NONCE_SEEN;
    bad += add(p, 3, 0, 1650) != PAY_NONCE_SEEN;
    bad += add(p, 4, 1, 1650) != PAY_NONCE_SEEN;

    free(p);

    return bad;
}


static int
nonces_check(void *zone, int what)
{
    int             bad, n;
    uint32_t        id;
    pay_nonce_rc_t  rc;

    for (bad = 0, id = 10; id < 20; id++) {
        bad += nonces_next(zone, id);
    }

    bad += add(zone, 3, 0, 1650) != PAY_NONCE_SEEN;
    bad += add(zone, 4, 1, 1650) != PAY_NONCE_SEEN;
    rc = add(zone, what, 0, 1650);
    bad += rc == PAY_NONCE_FULL;
    bad += add(zone, what, 0, 1650) != PAY_NONCE_SEEN;

    /* when all have expired, all room and both halves are there again */

    for (n = 0, id = 20; id < 40; id++) {
        n += add(zone, id, id & 1, 9000) == PAY_NONCE_NEW;
    }

    bad += n != 4 || add(zone, 50, 0, 9000) != PAY_NONCE_FULL;
    bad += pay_nonces_live(zone) != 4;

    (void) add(zone, 60, 0, 19000);
    (void) add(zone, 61, 0, 19000);
    bad += add(zone, 62, 0, 19000) != PAY_NONCE_FULL;

    return bad;
}


/* events: 1 is accepted, 2 in flight, 3 has failed */

static pay_ev_rc_t
claim(void *zone, uint32_t id, int32_t owner)
{
    return pay_events_claim(zone, key(id), owner, 2000, 1000, alive);
}


static void
settle(void *zone, uint32_t id, int32_t owner, int status)
{
    pay_events_settle(zone, key(id), owner, status == 200, status, 1000);
}


static size_t
events_make(void *zone)
{
    (void) pay_events_init(zone, 3);
    (void) claim(zone, 1, 10);
    (void) claim(zone, 2, 10);
    (void) claim(zone, 3, 10);
    settle(zone, 1, 10, 200);
    settle(zone, 3, 10, 500);

    return pay_events_size(3);
}


/* the owner is dead for all who come after */

static void
events_call(void *zone, int what)
{
    if (what == 2) {
        settle(zone, 2, 10, 200);
        return;
    }

    (void) claim(zone, what, 200);
}


static int
events_check(void *zone, int what)
{
    int                bad, id;
    pay_ev_rc_t        rc;
    pay_events_stat_t  s;

    pay_events_stat(zone, &s);
    bad = s.accepted + s.in_flight < 1 || s.accepted + s.in_flight > 3;

    rc = claim(zone, 2, 11);
    bad += rc != PAY_EV_IN_FLIGHT && (what != 2 || rc != PAY_EV_ACCEPTED);
    bad += what != 2 && claim(zone, what, 11) != PAY_EV_CLAIMED;
    bad += what == 3 && claim(zone, 1, 11) != PAY_EV_ACCEPTED;

    settle(zone, 2, 10, 200);
    settle(zone, what, 11, 200);
    bad += claim(zone, 2, 11) != PAY_EV_ACCEPTED;
    bad += claim(zone, what, 11) != PAY_EV_ACCEPTED;

    for (id = 20; id < 23; id++) {
        bad += claim(zone, id, 11) != PAY_EV_CLAIMED;
    }

    for (id = 20; id < 23; id++) {
        bad += claim(zone, id, 11) != PAY_EV_IN_FLIGHT;
    }

    bad += claim(zone, 30, 11) != PAY_EV_FULL;

    /* nobody is counted twice, or not at all */

    pay_events_stat(zone, &s);
    bad += s.accepted != 0 || s.in_flight != 3;

    return bad;
}


/*
 * Records: 1 is kept and claimed, 2 is finished and has three cells, 3 is
 * open and has two; of seven cells one is free.
 */

static pay_rc_t
put(void *zone, uint32_t id, pay_u8 text, size_t len, pay_rec_class_t class_)
{
    pay_u8  data[PAY_REC_MAX];

    memset(data, text, len);

    return pay_records_put(zone, key(id), data, len, class_, 1000 + text);
}


/* the length of a record if all of it is text and as new as that, or -1 */

static int
says(void *zone, uint32_t id, pay_u8 text)
{
    size_t     i;
    pay_u8     data[PAY_REC_MAX];
    pay_rec_t  r;

    if (pay_records_find(zone, key(id), &r) != PAY_OK) {
        return -1;
    }

    if (pay_records_read(zone, &r, data, sizeof(data)) != r.len
        || r.updated != 1000 + text)
    {
        return -1;
    }

    for (i = 0; i < r.len; i++) {
        if (data[i] != text) {
            return -1;
        }
    }

    return r.len;
}


static int
there(void *zone, uint32_t id)
{
    pay_rec_t  r;

    return pay_records_find(zone, key(id), &r) == PAY_OK;
}


static size_t
records_make(void *zone)
{
    pay_rec_t  r;

    (void) pay_records_init(zone, 7);
    (void) put(zone, 1, 'a', 10, PAY_REC_KEPT);
    (void) put(zone, 2, 'b', 1000, PAY_REC_FINISHED);
    (void) put(zone, 3, 'c', 500, PAY_REC_OPEN);
    (void) pay_records_find(zone, key(1), &r);
    pay_records_claim(zone, &r, 77, 5000);

    return pay_records_size(7);
}


/* also their places in kills[] */

enum {
    PUT_NEW,
    PUT_EVICTS,
    PUT_SAME,
    PUT_LONGER,
    PUT_SHORTER,
    DROP,
    RELEASE
};


static void
records_call(void *zone, int what)
{
    pay_rec_t  r;

    switch (what) {

    case PUT_NEW:
        (void) put(zone, 4, 'd', 20, PAY_REC_OPEN);
        break;

    case PUT_EVICTS:
        (void) put(zone, 4, 'd', 1000, PAY_REC_OPEN);
        break;

    case PUT_SAME:
        (void) put(zone, 1, 'A', 10, PAY_REC_KEPT);
        break;

    case PUT_LONGER:
        (void) put(zone, 1, 'A', 900, PAY_REC_FINISHED);
        break;

    case PUT_SHORTER:
        (void) put(zone, 3, 'C', 20, PAY_REC_FINISHED);
        break;

    case DROP:
        pay_records_drop(zone, key(2));
        break;

    default:
        (void) pay_records_find(zone, key(1), &r);
        pay_records_release(zone, &r);
    }
}


static void
records_find(void *zone, int what)
{
    (void) there(zone, what);
}


static int
records_check(void *zone, int what)
{
    int                  bad;
    uint32_t             id;
    pay_rec_t            r;
    pay_records_stat_t   s;

    bad = says(zone, 1, 'a') != 10
          && (what != PUT_SAME || says(zone, 1, 'A') != 10)
          && (what != PUT_LONGER || says(zone, 1, 'A') != 900);

    bad += says(zone, 2, 'b') != 1000
           && ((what != DROP && what != PUT_EVICTS) || there(zone, 2));

    bad += says(zone, 3, 'c') != 500
           && (what != PUT_SHORTER || says(zone, 3, 'C') != 20);

    bad += there(zone, 4) && says(zone, 4, 'd') != (what ? 1000 : 20);

    (void) pay_records_find(zone, key(1), &r);
    bad += r.owner != 77 && (what != RELEASE || r.owner != 0);
    bad += r.version != (says(zone, 1, 'a') == 10 ? 1 : 2);

    /* each record can go, by itself and for others, and no cell is lost */

    (void) put(zone, 1, 'x', 10, PAY_REC_FINISHED);
    (void) pay_records_find(zone, key(1), &r);
    pay_records_release(zone, &r);

    for (id = 20; id < 27; id++) {
        bad += put(zone, id, 'z', 448, PAY_REC_KEPT) != PAY_OK;
    }

    bad += put(zone, 27, 'z', 1, PAY_REC_KEPT) != PAY_DECLINED;

    for (id = 20; id < 27; id++) {
        bad += says(zone, id, 'z') != 448;
        pay_records_drop(zone, key(id));
    }

    pay_records_stat(zone, &s);
    bad += s.cells_free != 7 || s.records[0] || s.records[1] || s.records[2];
    bad += put(zone, 30, 'y', 3000, PAY_REC_OPEN) != PAY_OK;
    bad += says(zone, 30, 'y') != 3000;

    return bad;
}


static const kill_t  kills[] = {
    { "records: a new one", records_call, records_check, PUT_NEW,
      records_make },
    { "records: a new one for another", records_call, records_check,
      PUT_EVICTS, records_make },
    { "records: over an old one", records_call, records_check, PUT_SAME,
      records_make },
    { "records: longer", records_call, records_check, PUT_LONGER,
      records_make },
    { "records: shorter", records_call, records_check, PUT_SHORTER,
      records_make },
    { "records: dropped", records_call, records_check, DROP, records_make },
    { "records: released", records_call, records_check, RELEASE,
      records_make },
    { "nonces: a new one, two expire", nonces_call, nonces_check, 5,
      nonces_make },
    { "nonces: a new one before another", nonces_call, nonces_check, 7,
      nonces_make },
    { "nonces: one that had expired", nonces_call, nonces_check, 1,
      nonces_make },
    { "nonces: a replay, two expire", nonces_call, nonces_check, 3,
      nonces_make },
    { "events: a new one", events_call, events_check, 4, events_make },
    { "events: a failed one again", events_call, events_check, 3,
      events_make },
    { "events: settled", events_call, events_check, 2, events_make }
};


static pay_u8  *zone, *states;
static size_t   size;
static int      nstates;


#if (__x86_64__)

static void
fault(int sig, siginfo_t *info, void *context)
{
    pay_u8  *at;

    at = info->si_addr;

    if (at < zone || at >= zone + ZONE) {
        signal(sig, SIG_DFL);
        return;
    }

    mprotect(zone, ZONE, PROT_READ|PROT_WRITE);
    ((ucontext_t *) context)->uc_mcontext.gregs[REG_EFL] |= TRAP;
}


static void
trap(int sig, siginfo_t *info, void *context)
{
    (void) sig;
    (void) info;

    if (nstates < STATES
        && memcmp(states + (nstates - 1) * size, zone, size) != 0)
    {
        memcpy(states + nstates++ * size, zone, size);
    }

    mprotect(zone, ZONE, PROT_READ);
    ((ucontext_t *) context)->uc_mcontext.gregs[REG_EFL] &= ~TRAP;
}


/* 1 if the last state that was seen is the one at the end */

static int
trace(const kill_t *k)
{
    struct sigaction  sa;

    memset(&sa, 0, sizeof(sa));
    sa.sa_flags = SA_SIGINFO;
    sa.sa_sigaction = fault;
    sigaction(SIGSEGV, &sa, NULL);
    sa.sa_sigaction = trap;
    sigaction(SIGTRAP, &sa, NULL);

    memcpy(states, zone, size);
    nstates = 1;

    mprotect(zone, ZONE, PROT_READ);
    k->call(zone, k->what);
    mprotect(zone, ZONE, PROT_READ|PROT_WRITE);

    signal(SIGSEGV, SIG_DFL);

    return memcmp(states + (nstates - 1) * size, zone, size) == 0;
}

#else

static int
trace(const kill_t *k)
{
    (void) k;
    return -1;
}

#endif


/* in an allocation of just its size, where ASan watches */

static int
check(const kill_t *k, int state)
{
    int      bad;
    pay_u8  *p;

    p = malloc(size);
    memcpy(p, states + state * size, size);
    bad = k->check(p, k->what);
    free(p);

    return bad != 0;
}


static void
killed(const kill_t *k)
{
    int  i, bad, all;

    all = trace(k);

    if (all == -1) {
        printf("ok %d # skip no trap flag\n", ++test_n);
        return;
    }

    for (bad = 0, i = 0; i < nstates; i++) {
        bad += check(k, i);
    }

    ok(bad == 0 && all && nstates > 2, "D-14 %s: %d states, %d bad", k->name,
       nstates, bad);
}


/* one is killed in a put, the next one while it puts that right */

static void
twice(const kill_t *k, int part)
{
    kill_t   find;
    pay_u8  *p;

    size = k->make(zone);
    (void) trace(k);

    p = states + nstates * part / 8 * size;
    memcpy(zone, p, size);

    find = *k;
    find.name = "records: killed twice";
    find.call = records_find;
    killed(&find);
}


int
main(void)
{
    size_t  i;

    alarm(60);

    zone = mmap(NULL, ZONE, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS,
                -1, 0);
    states = malloc(pay_records_size(7) * STATES);

    for (i = 0; i < pay_nelts(kills); i++) {
        size = kills[i].make(zone);
        killed(&kills[i]);
    }

    for (i = 1; i < 8; i += 3) {
        twice(&kills[PUT_EVICTS], i);
        twice(&kills[PUT_LONGER], i);
    }

    munmap(zone, ZONE);
    free(states);

    return done();
}
