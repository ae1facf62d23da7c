
/*
 * Copyright (C) the ngx_pay authors
 *
 * The channels' cache: bounds, refreshes, room, copies.
 */

#include <store/pay_cache.h>

#include "store.h"


static pay_records_t *
table(uint32_t cells)
{
    return pay_records_init(malloc(pay_records_size(cells)), cells);
}


static pay_str_t
bytes(size_t n)
{
    static pay_u8  p[PAY_REC_MAX];

    memset(p, 'c', sizeof(p));

    return (pay_str_t) { n, p };
}


static void
test_put(void)
{
    pay_u8             buf[PAY_CACHE_SIZE];
    pay_str_t          out;
    pay_records_t     *t;
    pay_cache_head_t   head;

    t = table(32);

    is_int(pay_cache_get(t, key(1), buf, &out, &head), PAY_DECLINED,
           "a fresh table has no cache");

    is_int(pay_cache_put(t, key(1), PAY_STR("one"), 500, 100), PAY_OK, "put");
    is_int(pay_cache_put(t, key(2), PAY_STR(""), 0, 100), PAY_OK,
           "an empty one of another channel");

    is_int(pay_cache_get(t, key(1), buf, &out, &head), PAY_OK, "get");
    is(out, "one", "... what was put");
    is_int(head.at, 100, "... at");
    is_int(head.until, 500, "... until");

    is_int(pay_cache_get(t, key(2), buf, &out, &head), PAY_OK, "the other");
    is_int(out.len, 0, "... is empty");

    is_int(pay_cache_put(t, key(1), bytes(PAY_CACHE_MAX), 600, 200), PAY_OK,
           "the longest");
    is_int(pay_cache_get(t, key(1), buf, &out, &head), PAY_OK, "get it");
    is_int(out.len, PAY_CACHE_MAX, "... whole");
    is_int(head.at, 200, "... written now");

    is_int(pay_cache_put(t, key(1), bytes(PAY_CACHE_MAX + 1), 700, 300),
           PAY_INVALID, "one byte more");
    is_int(pay_cache_get(t, key(1), buf, &out, &head), PAY_OK, "get");
    is_int(head.at, 200, "... is what was there");

    free(t);
}


static void
test_due(void)
{
    pay_u8             buf[PAY_CACHE_SIZE];
    pay_str_t          out;
    pay_records_t     *t;
    pay_cache_head_t   head;

    t = table(32);

    is_int(pay_cache_due(t, key(1), 1000), 0, "nothing is due");
    is_int(pay_cache_take(t, key(1), 1000), PAY_DECLINED, "nothing to take");

    (void) pay_cache_put(t, key(1), PAY_STR("one"), 500, 100);
    (void) pay_cache_put(t, key(2), PAY_STR("two"), 0, 100);

    is_int(pay_cache_due(t, key(1), 499), 0, "not before its time");
    is_int(pay_cache_due(t, key(1), 500), 1, "but then");
    is_int(pay_cache_due(t, key(2), INT64_MAX), 0, "never, as it was said");

    is_int(pay_cache_take(t, key(1), 500), PAY_OK, "taken");
    is_int(pay_cache_due(t, key(1), 501), 0, "not twice at once");
    is_int(pay_cache_take(t, key(1), 559), PAY_DECLINED,
           "... nor within a minute");
    is_int(pay_cache_due(t, key(1), 560), 1, "again after a minute");
    is_int(pay_cache_due(t, key(1), 400), 0, "a clock set back: until");

    is_int(pay_cache_get(t, key(1), buf, &out, &head), PAY_OK, "get");
    is(out, "one", "what is there stays");
    is_int(head.at, 100, "... and so does its time");

    (void) pay_cache_put(t, key(1), PAY_STR("new"), 2000, 600);
    is_int(pay_cache_due(t, key(1), 1999), 0, "a new one has its own time");
    is_int(pay_cache_due(t, key(1), 2000), 1, "... which comes");

    (void) pay_cache_put(t, key(1), PAY_STR("new"), 100, 3000);
    is_int(pay_cache_due(t, key(1), 200), 1,
           "a time in the future when it was tried is none");

    free(t);
}


/* never dropped, and no room is no loss of what is there */

static void
test_room(void)
{
    pay_u8             buf[PAY_CACHE_SIZE];
    uint32_t           i;
    pay_str_t          out;
    pay_records_t     *t, *copy;
    pay_cache_head_t   head;

    t = table(12);

    (void) pay_cache_put(t, key(1), bytes(1000), 500, 100);

    for (i = 2; i < 40; i++) {
        (void) pay_records_put(t, key(i), "x", 1, PAY_REC_OPEN, 200);
    }

    is_int(pay_cache_get(t, key(1), buf, &out, &head), PAY_OK,
           "open records do not push it out");
    is_int(out.len, 1000, "... whole");

    for (i = 2; i < 40; i++) {
        (void) pay_records_put(t, key(i), "x", 1, PAY_REC_KEPT, 200);
    }

    is_int(pay_cache_put(t, key(1), bytes(PAY_CACHE_MAX), 900, 300),
           PAY_DECLINED, "no room for a longer one");
    is_int(pay_cache_get(t, key(1), buf, &out, &head), PAY_OK, "get");
    is_int(out.len, 1000, "... is what was there");
    is_int(head.until, 500, "... and when it was to be refreshed");

    copy = table(64);
    is_int(pay_records_copy(copy, t), PAY_OK, "into a table of another size");
    is_int(pay_cache_get(copy, key(1), buf, &out, &head), PAY_OK, "get");
    is_int(out.len, 1000, "... it came along");
    is_int(head.at, 100, "... with its time");

    free(copy);
    free(t);
}


int
main(void)
{
    seed = 1;
    (void) rnd(1);

    test_put();
    test_due();
    test_room();

    return done();
}
