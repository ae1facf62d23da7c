
/*
 * Copyright (C) the ngx_pay authors
 *
 * What is to be done later, without a client: a small table in shared memory.
 * Plain memory; the caller holds a lock around every call.  A job is done at
 * least once: who claims it may die, or take longer than he said.
 */

#ifndef PAY_JOBS_H_INCLUDED
#define PAY_JOBS_H_INCLUDED


#include <base/pay_base.h>


#define PAY_JOBS_MAX    128
#define PAY_JOB_KEY     144             /* bytes of a key */
#define PAY_JOB_TRIES   3               /* claims that nobody ended */

typedef struct {
    uint32_t  kind;                     /* the caller's; 0: free */
    uint32_t  tries;
    int32_t   owner;                    /* 0: not claimed */
    uint32_t  len;                      /* of the key */
    int64_t   due;
    int64_t   end;                      /* of the claim */
    pay_u8    key[PAY_JOB_KEY];
} pay_job_t;

typedef struct {
    pay_job_t  job[PAY_JOBS_MAX];
    uint64_t   refused;                 /* no room */
    uint64_t   dropped;                 /* tried too often */
} pay_jobs_t;


/*
 * One that waits already with this kind and key is due at the earlier of both
 * times.  PAY_DECLINED: no room; PAY_INVALID: the key is too long.
 */
pay_rc_t pay_jobs_add(pay_jobs_t *t, uint32_t kind, int64_t due,
    pay_str_t key);

/* when the next one is due; 0: none is there that nobody works on */
int64_t pay_jobs_next(const pay_jobs_t *t, int64_t now,
    int (*alive)(int32_t owner));

/* the one that is due first, for owner until end; PAY_DECLINED: none is due */
pay_rc_t pay_jobs_claim(pay_jobs_t *t, int64_t now, int32_t owner,
    int64_t end, int (*alive)(int32_t owner), pay_job_t *out);

/* it has been done, or never will be */
void pay_jobs_done(pay_jobs_t *t, const pay_job_t *job);

/* not now: at another time */
void pay_jobs_again(pay_jobs_t *t, const pay_job_t *job, int64_t due);

uint32_t pay_jobs_waiting(const pay_jobs_t *t);


#endif /* PAY_JOBS_H_INCLUDED */
