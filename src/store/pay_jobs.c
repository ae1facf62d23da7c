
/*
 * Copyright (C) the ngx_pay authors
 *
 * The table of jobs.  kind is written last and cleared first: a process that
 * dies in between leaves a job or none.
 */

#include <store/pay_jobs.h>


static int
pay_job_is(const pay_job_t *j, uint32_t kind, pay_str_t key)
{
    return j->kind == kind && j->len == key.len
           && memcmp(j->key, key.data, key.len) == 0;
}


static int
pay_job_free(const pay_job_t *j, int64_t now, int (*alive)(int32_t owner))
{
    return j->kind != 0
           && (j->owner == 0 || j->end <= now || !alive(j->owner));
}


pay_rc_t
pay_jobs_add(pay_jobs_t *t, uint32_t kind, int64_t due, pay_str_t key)
{
    size_t      i;
    pay_job_t  *j, *room;

    if (kind == 0 || key.len == 0 || key.len > PAY_JOB_KEY) {
        return PAY_INVALID;
    }

    room = NULL;

    for (i = 0; i < PAY_JOBS_MAX; i++) {
        j = &t->job[i];

        /* one that is being done does not see what is new */

        if (pay_job_is(j, kind, key) && j->owner == 0) {
            j->due = due < j->due ? due : j->due;
            return PAY_OK;
        }

        if (j->kind == 0 && room == NULL) {
            room = j;
        }
    }

    if (room == NULL) {
        t->refused++;
        return PAY_DECLINED;
    }

    room->tries = 0;
    room->owner = 0;
    room->due = due;
    room->end = 0;
    room->len = (uint32_t) key.len;
    memcpy(room->key, key.data, key.len);
    room->kind = kind;

    return PAY_OK;
}


int64_t
pay_jobs_next(const pay_jobs_t *t, int64_t now, int (*alive)(int32_t owner))
{
    size_t            i;
    int64_t           next;
    const pay_job_t  *j;

    next = 0;

    for (i = 0; i < PAY_JOBS_MAX; i++) {
        j = &t->job[i];

        if (j->kind && (next == 0 || j->due < next)
            && pay_job_free(j, now, alive))
        {
            next = j->due;
        }
    }

    return next;
}


static pay_job_t *
pay_jobs_first(pay_jobs_t *t, int64_t now, int (*alive)(int32_t owner))
{
    size_t      i;
    pay_job_t  *j, *first;

    first = NULL;

    for (i = 0; i < PAY_JOBS_MAX; i++) {
        j = &t->job[i];

        if (j->kind == 0 || j->due > now || (first && first->due <= j->due)
            || !pay_job_free(j, now, alive))
        {
            continue;
        }

        /* nobody came back from it: it may be what they die of */

        if (j->owner && j->tries >= PAY_JOB_TRIES) {
            j->kind = 0;
            t->dropped++;
            continue;
        }

        first = j;
    }

    return first;
}


pay_rc_t
pay_jobs_claim(pay_jobs_t *t, int64_t now, int32_t owner, int64_t end,
    int (*alive)(int32_t owner), pay_job_t *out)
{
    pay_job_t  *j;

    j = pay_jobs_first(t, now, alive);

    if (j == NULL) {
        return PAY_DECLINED;
    }

    j->tries++;
    j->end = end;
    j->owner = owner;

    *out = *j;

    return PAY_OK;
}


/* the claim, if it is still the caller's */

static pay_job_t *
pay_jobs_find(pay_jobs_t *t, const pay_job_t *job)
{
    size_t      i;
    pay_job_t  *j;
    pay_str_t   key;

    key.data = job->key;
    key.len = job->len;

    for (i = 0; i < PAY_JOBS_MAX; i++) {
        j = &t->job[i];

        if (pay_job_is(j, job->kind, key) && j->owner == job->owner
            && j->end == job->end)
        {
            return j;
        }
    }

    return NULL;
}


void
pay_jobs_done(pay_jobs_t *t, const pay_job_t *job)
{
    pay_job_t  *j;

    j = pay_jobs_find(t, job);

    if (j) {
        j->kind = 0;
    }
}


void
pay_jobs_again(pay_jobs_t *t, const pay_job_t *job, int64_t due)
{
    pay_job_t  *j;

    j = pay_jobs_find(t, job);

    if (j) {
        j->due = due;
        j->tries = 0;
        j->owner = 0;
    }
}


uint32_t
pay_jobs_waiting(const pay_jobs_t *t)
{
    size_t    i;
    uint32_t  n;

    for (n = 0, i = 0; i < PAY_JOBS_MAX; i++) {
        n += t->job[i].kind != 0;
    }

    return n;
}
