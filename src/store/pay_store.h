
/*
 * Copyright (C) the ngx_pay authors
 *
 * The memory layout of what is kept: a nonce ring, a table of records and a
 * table of events.  Plain memory, given by the caller: indices instead of
 * pointers, so it may be mapped anywhere; no locking, no system call.  The
 * caller holds a lock around every call.
 *
 * Time is int64_t Unix seconds, and may step: it is only compared.
 *
 * A table may be copied into a fresh one of another capacity, which nobody
 * else uses yet.  Claims in it are abandoned: who holds them goes on with the
 * old table.
 */

#ifndef PAY_STORE_H_INCLUDED
#define PAY_STORE_H_INCLUDED


#include <base/pay_base.h>


/* nonces: a ring with one lifetime, 28 bytes each */

typedef struct pay_nonces_s  pay_nonces_t;

typedef enum {
    PAY_NONCE_NEW = 0,
    PAY_NONCE_SEEN,
    PAY_NONCE_FULL              /* the ring, or the merchant's half of it */
} pay_nonce_rc_t;

#define PAY_NONCE_SLOTS  65536

/*
 * How many nonces go into size bytes with nslots counts (4 bytes each), the
 * bytes that so many need, and how many counts suit size bytes.
 */
uint32_t pay_nonces_capacity(size_t size, uint32_t nslots);
size_t pay_nonces_size(uint32_t capacity, uint32_t nslots);
uint32_t pay_nonces_slots_for(size_t size);

/* mem: aligned to 8 */
pay_nonces_t *pay_nonces_init(void *mem, uint32_t capacity, uint32_t nslots);

/*
 * fp: the first 14 bytes of a keyed hash over merchant, key and nonce.
 * merchant: 16 bits of a hash over the merchant, whatever nslots is.  Those
 * that share a count (merchant % nslots) hold at most half of the ring
 * together (all of it when nslots == 1).  Drops at most 8 expired ones per
 * call, so no call is long; PAY_NONCE_FULL only when no expired one is left.
 */
pay_nonce_rc_t pay_nonces_add(pay_nonces_t *n, const pay_u8 fp[14],
    uint32_t merchant, int64_t now, uint32_t lifetime);

uint32_t pay_nonces_live(const pay_nonces_t *n);
uint32_t pay_nonces_cap(const pay_nonces_t *n);
uint32_t pay_nonces_slots(const pay_nonces_t *n);

typedef struct {
    uint32_t  capacity;
    uint32_t  live;             /* expired ones count until they are dropped */
    uint32_t  slots;
    uint32_t  oldest;           /* when it expires, Unix seconds; 0: none */
    uint64_t  full;             /* refused, since the start: the ring, */
    uint64_t  half;             /* the merchant's half of it, */
    uint64_t  clock;            /* a clock that was set back */
} pay_nonces_stat_t;

void pay_nonces_stat(const pay_nonces_t *n, pay_nonces_stat_t *out);

/*
 * Into a fresh ring of another capacity, in order; what has expired is left
 * out.  PAY_DECLINED: it has no room for all of them (to is of no use then);
 * PAY_INVALID: damaged.  good: how many there are to copy.
 */
pay_rc_t pay_nonces_copy(pay_nonces_t *to, const pay_nonces_t *from,
    int64_t now);
uint32_t pay_nonces_good(const pay_nonces_t *n, int64_t now);


/*
 * Records: bytes by a 16-byte key, in chains of 512-byte cells.  Their class
 * says what may be dropped when room is needed: finished ones first, then
 * open ones, each oldest first; never busy or unknown ones.
 */

typedef struct pay_records_s  pay_records_t;

typedef enum {
    PAY_REC_FINISHED = 0,
    PAY_REC_OPEN,
    PAY_REC_KEPT,               /* outcome unknown, or a channel that does not
                                   dedupe: never dropped */
    PAY_REC_CLASSES
} pay_rec_class_t;

#define PAY_REC_MAX  4096       /* bytes of one record */

uint32_t pay_records_capacity(size_t size);                 /* cells */
size_t pay_records_size(uint32_t cells);
pay_records_t *pay_records_init(void *mem, uint32_t cells);

/* the owner of an abandoned claim: no process, it never lives */
#define PAY_OWNER_GONE  (-1)

/*
 * A claim says that somebody works on the record: owner (a process id) and
 * an end as a backstop.  It is the caller's part to know whether the owner
 * lives.  A claimed record is never dropped.
 */

typedef struct {
    uint32_t         index;     /* of the first cell; valid under this lock */
    uint32_t         len;
    uint32_t         version;   /* grows with every put */
    pay_rec_class_t  class_;
    int32_t          owner;     /* 0: not claimed */
    int64_t          claim_end;
    int64_t          updated;
} pay_rec_t;

/* PAY_DECLINED: not there */
pay_rc_t pay_records_find(const pay_records_t *t, const pay_u8 key[16],
    pay_rec_t *rec);

/* copies at most size bytes, returns how many the record has */
size_t pay_records_read(const pay_records_t *t, const pay_rec_t *rec,
    void *out, size_t size);

/*
 * Writes a new record or over an old one; the claim stays as it is.
 * PAY_DECLINED: no room (and nothing could be dropped): the old one is kept.
 * PAY_INVALID: len > PAY_REC_MAX.
 */
pay_rc_t pay_records_put(pay_records_t *t, const pay_u8 key[16],
    const void *data, size_t len, pay_rec_class_t class_, int64_t now);

void pay_records_claim(pay_records_t *t, const pay_rec_t *rec, int32_t owner,
    int64_t end);
void pay_records_release(pay_records_t *t, const pay_rec_t *rec);
void pay_records_drop(pay_records_t *t, const pay_u8 key[16]);

typedef struct {
    uint32_t  cells;
    uint32_t  cells_free;
    uint32_t  records[PAY_REC_CLASSES];
    uint64_t  dropped;          /* for want of room, since the start */
    uint64_t  refused;          /* puts that found no room */
} pay_records_stat_t;

void pay_records_stat(const pay_records_t *t, pay_records_stat_t *out);

/*
 * Each class in its order.  Where there is less room, what would be dropped
 * first is left out, and counted as dropped.  PAY_DECLINED: not even what is
 * never dropped has room; bound: how many cells that is.  from is put in
 * order first.
 */
pay_rc_t pay_records_copy(pay_records_t *to, pay_records_t *from);
uint32_t pay_records_bound(pay_records_t *t);


/*
 * Events: which the application has accepted, and which are being sent to it
 * now.  A ring by age; only accepted and failed ones are pushed out.
 */

typedef struct pay_events_s  pay_events_t;

typedef enum {
    PAY_EV_CLAIMED = 0,         /* it is ours to deliver now */
    PAY_EV_IN_FLIGHT,           /* another is delivering it */
    PAY_EV_ACCEPTED,            /* the application has it */
    PAY_EV_FULL                 /* no room: everything is in flight */
} pay_ev_rc_t;

uint32_t pay_events_capacity(size_t size);
size_t pay_events_size(uint32_t capacity);
pay_events_t *pay_events_init(void *mem, uint32_t capacity);

/*
 * alive: tells whether a process lives; a claim whose owner is gone or whose
 * end has passed is free again.
 */
pay_ev_rc_t pay_events_claim(pay_events_t *t, const pay_u8 key[16],
    int32_t owner, int64_t end, int64_t now, int (*alive)(int32_t owner));

/* the delivery ended; accepted or not.  status: the application's, 0: none */
void pay_events_settle(pay_events_t *t, const pay_u8 key[16], int32_t owner,
    int accepted, int status, int64_t now);

/* the last status that settle told, or -1 if the event is not known */
int pay_events_status(const pay_events_t *t, const pay_u8 key[16]);

typedef struct {
    uint32_t  capacity;
    uint32_t  accepted;
    uint32_t  in_flight;
} pay_events_stat_t;

void pay_events_stat(const pay_events_t *t, pay_events_stat_t *out);

/*
 * The accepted ones, and where there is less room the newest of them.
 * PAY_INVALID: damaged.
 */
pay_rc_t pay_events_copy(pay_events_t *to, const pay_events_t *from);


#endif /* PAY_STORE_H_INCLUDED */
