
/*
 * Copyright (C) the ngx_pay authors
 *
 * The table of jobs: order, claims, room, deaths.
 */

#include <store/pay_jobs.h>

#include "test.h"


static pay_jobs_t  t;


/* processes below 100 live */

static int
alive(int32_t owner)
{
    return owner < 100;
}


static int
add(uint32_t kind, int64_t due, const char *key)
{
    return pay_jobs_add(&t, kind, due, pay_strz(key));
}


static const char *
claim(int64_t now, int32_t owner, pay_job_t *j)
{
    static char  text[PAY_JOB_KEY + 1];

    if (pay_jobs_claim(&t, now, owner, now + 10, alive, j) != PAY_OK) {
        return "none";
    }

    memcpy(text, j->key, j->len);
    text[j->len] = '\0';

    return text;
}


static int
claims(int64_t now, int32_t owner, pay_job_t *j, const char *want)
{
    const char  *got;

    got = claim(now, owner, j);

    return ok(strcmp(got, want) == 0, "at %d, process %d: %s (%s)", (int) now,
              owner, want, got);
}


static void
test_order(void)
{
    pay_job_t  j;

    memset(&t, 0, sizeof(t));

    is_int(pay_jobs_next(&t, 0, alive), 0, "an empty table");
    claims(1000, 1, &j, "none");

    is_int(add(1, 300, "c"), PAY_OK, "add");
    is_int(add(1, 100, "a"), PAY_OK, "add an earlier one");
    is_int(add(2, 200, "b"), PAY_OK, "add one of another kind");
    is_int(pay_jobs_waiting(&t), 3, "three wait");
    is_int(pay_jobs_next(&t, 0, alive), 100, "the first");

    claims(99, 1, &j, "none");
    claims(100, 1, &j, "a");
    is_int(j.kind, 1, "... its kind");
    is_int(pay_jobs_next(&t, 100, alive), 200, "the next");
    claims(100, 2, &j, "none");
    claims(300, 2, &j, "a");

    pay_jobs_done(&t, &j);
    is_int(pay_jobs_waiting(&t), 2, "done is gone");
    claims(300, 2, &j, "b");
    is_int(j.kind, 2, "... its kind");
    claims(300, 2, &j, "c");
    claims(300, 2, &j, "none");
}


static void
test_same(void)
{
    pay_job_t  j, k;

    memset(&t, 0, sizeof(t));

    (void) add(1, 300, "a");
    is_int(add(1, 200, "a"), PAY_OK, "the same, earlier");
    is_int(pay_jobs_waiting(&t), 1, "is one");
    is_int(pay_jobs_next(&t, 0, alive), 200, "... and earlier");
    (void) add(1, 400, "a");
    is_int(pay_jobs_next(&t, 0, alive), 200, "a later one changes nothing");
    (void) add(2, 500, "a");
    is_int(pay_jobs_waiting(&t), 2, "of another kind is another");

    claims(200, 1, &j, "a");
    is_int(add(1, 205, "a"), PAY_OK, "the same while it is being done");
    is_int(pay_jobs_waiting(&t), 3, "... waits by itself");
    pay_jobs_done(&t, &j);
    is_int(pay_jobs_waiting(&t), 2, "... and is not done with the other");
    claims(205, 1, &k, "a");

    pay_jobs_done(&t, &j);
    is_int(pay_jobs_waiting(&t), 2, "an end of before ends nothing");
    pay_jobs_again(&t, &k, 400);
    claims(399, 1, &j, "none");
    claims(400, 1, &j, "a");
    is_int(j.tries, 1, "... counted anew");
}


static void
test_death(void)
{
    pay_job_t  j, k;

    memset(&t, 0, sizeof(t));

    (void) add(1, 100, "a");

    claims(100, 100, &j, "a");
    is_int(pay_jobs_next(&t, 100, alive), 100, "its process is gone");
    claims(100, 1, &k, "a");
    pay_jobs_done(&t, &j);
    is_int(pay_jobs_waiting(&t), 1, "the dead end nothing");
    claims(109, 2, &j, "none");
    claims(110, 2, &j, "a");
    is_int(j.tries, 3, "the third time");
    claims(120, 2, &j, "none");
    is_int(pay_jobs_waiting(&t), 0, "nobody came back: no fourth");
    is_int(t.dropped, 1, "... and it is counted");
}


static void
test_room(void)
{
    int        i;
    char       key[PAY_JOB_KEY + 2];
    pay_job_t  j;

    memset(&t, 0, sizeof(t));
    memset(key, 'k', sizeof(key));

    key[PAY_JOB_KEY + 1] = '\0';
    is_int(add(1, 100, key), PAY_INVALID, "a key that is too long");
    key[PAY_JOB_KEY] = '\0';
    is_int(add(1, 100, key), PAY_OK, "the longest");
    claims(100, 1, &j, key);
    pay_jobs_done(&t, &j);

    is_int(add(1, 100, ""), PAY_INVALID, "no key");
    is_int(add(0, 100, "a"), PAY_INVALID, "no kind");

    for (i = 0; i < PAY_JOBS_MAX; i++) {
        sprintf(key, "%d", i);
        (void) add(1, 1000 - i, key);
    }

    is_int(pay_jobs_waiting(&t), PAY_JOBS_MAX, "full");
    is_int(add(1, 1, "more"), PAY_DECLINED, "no room for one more");
    is_int(t.refused, 1, "... which is counted");
    is_int(add(1, 1, "7"), PAY_OK, "one that is there needs none");
    claims(1, 1, &j, "7");

    for (i = 0; i < PAY_JOBS_MAX - 1; i++) {
        pay_jobs_done(&t, &j);
        (void) claim(2000, 1, &j);
    }

    is_int(j.due, 1000, "the last of all is the one that was due last");
}


int
main(void)
{
    test_order();
    test_same();
    test_death();
    test_room();

    return done();
}
