
/*
 * Copyright (C) the ngx_pay authors
 *
 * The table of records: budgets, cells, eviction, a model, copies, damage.
 */

#include <unistd.h>

#include <store/pay_cells.h>

#include "store.h"


#define ONE   448                       /* bytes that fit into one cell */
#define MORE  504                       /* and into each further one */

#define cell(t, id)  pay_cells_at(t, rec(t, id).index)


static pay_records_t *
table(uint32_t cells)
{
    return pay_records_init(malloc(pay_records_size(cells)), cells);
}


/* what a record says is told by two numbers */

static void
text(pay_u8 *p, uint32_t id, uint32_t version, size_t len)
{
    size_t  i;

    for (i = 0; i < len; i++) {
        p[i] = id * 31 + version * 7 + i + i / 251;
    }
}


static pay_rc_t
put(pay_records_t *t, uint32_t id, uint32_t version, size_t len,
    pay_rec_class_t class_, int64_t now)
{
    pay_u8  data[PAY_REC_MAX + 1];

    text(data, id, version, len);

    return pay_records_put(t, key(id), len ? data : NULL, len, class_, now);
}


static int
there(const pay_records_t *t, uint32_t id)
{
    pay_rec_t  r;

    return pay_records_find(t, key(id), &r) == PAY_OK;
}


/* the whole text is there, and reading stays in its buffer */

static int
whole(const pay_records_t *t, uint32_t id, uint32_t version, size_t len)
{
    size_t     half;
    pay_u8     want[PAY_REC_MAX], got[PAY_REC_MAX + 1];
    pay_rec_t  r;

    if (pay_records_find(t, key(id), &r) != PAY_OK || r.len != len) {
        return 0;
    }

    text(want, id, version, len);
    half = len / 2;
    got[len] = 0xee;

    if (pay_records_read(t, &r, got, len) != len || got[len] != 0xee
        || memcmp(got, want, len) != 0)
    {
        return 0;
    }

    memset(got, 0xee, sizeof(got));

    return pay_records_read(t, &r, got, half) == len && got[half] == 0xee
           && memcmp(got, want, half) == 0
           && pay_records_read(t, &r, NULL, 0) == len;
}


static pay_rec_t
rec(const pay_records_t *t, uint32_t id)
{
    pay_rec_t  r;

    memset(&r, 0, sizeof(r));
    (void) pay_records_find(t, key(id), &r);

    return r;
}


static pay_records_stat_t
stat_of(const pay_records_t *t)
{
    pay_records_stat_t  s;

    pay_records_stat(t, &s);

    return s;
}


static void
budget(void)
{
    int             bad;
    size_t          len;
    uint32_t        c, n;
    pay_records_t  *t;

    bad = 0;

    for (c = 1; c < 400; c++) {
        for (n = 1; n < c; n *= 2) { /* void */ }

        bad += c < n && pay_records_size(c + 1) - pay_records_size(c) != 512;
        bad += pay_records_size(c) < c * 512 + n * 4;
        bad += pay_records_capacity(pay_records_size(c)) != c;
        bad += pay_records_capacity(pay_records_size(c) - 1) >= c;
    }

    is_int(bad, 0, "a cell costs 512 bytes");

    for (len = pay_records_size(1); len < 400000; len += 97) {
        c = pay_records_capacity(len);
        bad += pay_records_size(c) > len || pay_records_size(c + 1) <= len;
    }

    is_int(bad, 0, "the capacity is the largest that fits");
    is_int(pay_records_capacity(0), 0, "nothing fits into nothing");
    ok(pay_records_capacity(16 << 20) > 32300, "16 MB: 32 300 cells");
    ok(pay_records_size(0) < 5120, "the rest is %d bytes",
       (int) pay_records_size(0));
    ok(pay_records_init(NULL, 0) == NULL
       && pay_records_init(NULL, UINT32_MAX) == NULL, "no table of 0 or 2^32");

    t = table(9);

    for (len = 0; len <= PAY_REC_MAX; len++) {
        bad += put(t, 1, len, len, PAY_REC_OPEN, 1) != PAY_OK;
        bad += !whole(t, 1, len, len);
        n = len <= ONE ? 1 : 1 + (len - ONE + MORE - 1) / MORE;
        bad += stat_of(t).cells_free != 9 - n;
    }

    is_int(bad, 0, "0 to 448 bytes: one cell, 504 more: another; 4096: nine");
    is_int(put(t, 1, 0, PAY_REC_MAX + 1, PAY_REC_OPEN, 1), PAY_INVALID,
           "4097 are too many");
    is_int(put(t, 1, 0, 1, PAY_REC_CLASSES, 1), PAY_INVALID,
           "and there is no fourth class");
    ok(whole(t, 1, PAY_REC_MAX, PAY_REC_MAX), "the old one is whole");
    is_int(rec(t, 1).version, PAY_REC_MAX + 1, "each put is a version");

    free(t);
}


static void
fields(void)
{
    pay_rec_t       r;
    pay_records_t  *t;

    t = table(8);

    is_int(pay_records_find(t, key(1), &r), PAY_DECLINED, "not there");
    pay_records_drop(t, key(1));

    put(t, 1, 1, 100, PAY_REC_KEPT, 5000);
    r = rec(t, 1);
    ok(r.len == 100 && r.version == 1 && r.class_ == PAY_REC_KEPT
       && r.owner == 0 && r.claim_end == 0 && r.updated == 5000, "a new one");

    pay_records_claim(t, &r, 77, 6000);
    put(t, 1, 2, 2000, PAY_REC_OPEN, 4000);
    r = rec(t, 1);
    ok(r.len == 2000 && r.version == 2 && r.class_ == PAY_REC_OPEN
       && r.owner == 77 && r.claim_end == 6000 && r.updated == 4000,
       "written over, longer, the claim stays");

    put(t, 1, 3, 3, PAY_REC_FINISHED, 4001);
    pay_records_release(t, &r);
    r = rec(t, 1);
    ok(r.len == 3 && r.version == 3 && r.owner == 0,
       "shorter; what was found before the put still names it");
    is_int(stat_of(t).cells_free, 7, "cells come back");

    pay_records_drop(t, key(1));
    ok(!there(t, 1) && stat_of(t).cells_free == 8, "dropped");
    is_int(pay_records_read(t, &r, &r, sizeof(r)), 0,
           "nothing is read of what is not there");
    pay_records_claim(t, &r, 1, 1);
    put(t, 1, 1, 3, PAY_REC_FINISHED, 1);
    r = rec(t, 1);
    ok(r.version == 1 && r.owner == 0, "nor claimed");

    r.index = 0;
    pay_records_claim(t, &r, 1, 1);
    r.index = UINT32_MAX;
    pay_records_claim(t, &r, 1, 1);
    is_int(pay_records_read(t, &r, &r, sizeof(r)), 0, "no such cell");

    is_int(stat_of(t).dropped + stat_of(t).refused, 0, "no want of room");

    free(t);
}


static void
eviction(void)
{
    pay_rec_t            r;
    pay_records_t       *t;
    pay_records_stat_t   s;

    t = table(5);

    put(t, 1, 0, 10, PAY_REC_OPEN, 100);
    put(t, 2, 0, 10, PAY_REC_KEPT, 101);
    put(t, 3, 0, 10, PAY_REC_FINISHED, 102);
    put(t, 4, 0, 10, PAY_REC_FINISHED, 103);
    put(t, 5, 0, 10, PAY_REC_OPEN, 50);

    s = stat_of(t);
    ok(s.cells == 5 && s.cells_free == 0 && s.records[PAY_REC_OPEN] == 2
       && s.records[PAY_REC_FINISHED] == 2 && s.records[PAY_REC_KEPT] == 1,
       "five records");

    put(t, 3, 1, 10, PAY_REC_FINISHED, 104);
    is_int(put(t, 6, 0, 10, PAY_REC_KEPT, 105), PAY_OK, "room for a sixth");
    ok(!there(t, 4) && there(t, 3), "the oldest finished one went");
    is_int(put(t, 7, 0, 10, PAY_REC_KEPT, 106), PAY_OK, "for a seventh");
    ok(!there(t, 3), "the last finished one went");
    is_int(put(t, 8, 0, 10, PAY_REC_KEPT, 107), PAY_OK, "for an eighth");
    ok(!there(t, 1) && there(t, 5), "the oldest open one, by when it was put");

    r = rec(t, 5);
    pay_records_claim(t, &r, 7, 1);
    is_int(put(t, 9, 0, 10, PAY_REC_OPEN, 108), PAY_DECLINED,
           "none that is claimed, even by a dead owner");
    ok(there(t, 5) && !there(t, 9), "it stays");
    pay_records_release(t, &r);
    is_int(put(t, 9, 0, 10, PAY_REC_KEPT, 108), PAY_OK, "released, it goes");
    is_int(put(t, 1, 0, 10, PAY_REC_KEPT, 109), PAY_DECLINED, "kept ones not");

    is_int(put(t, 2, 1, ONE, PAY_REC_KEPT, 110), PAY_OK,
           "a full table can be written over");
    is_int(put(t, 2, 2, ONE + 1, PAY_REC_KEPT, 111), PAY_DECLINED,
           "but not with more cells");
    ok(whole(t, 2, 1, ONE), "the old one is whole");
    is_int(rec(t, 2).version, 2, "and its version the old");

    s = stat_of(t);
    ok(s.dropped == 4 && s.refused == 3, "4 dropped, 3 refused");

    free(t);
}


static void
wide(void)
{
    int             i;
    pay_records_t  *t;

    t = table(12);

    for (i = 1; i <= 6; i++) {
        put(t, i, 0, 10, i < 3 ? PAY_REC_OPEN : PAY_REC_FINISHED, 100);
    }

    put(t, 9, 0, ONE + MORE, PAY_REC_KEPT, 100);
    is_int(stat_of(t).cells_free, 4, "four cells are free");

    is_int(put(t, 8, 0, PAY_REC_MAX, PAY_REC_KEPT, 101), PAY_OK,
           "a record of nine needs five");
    ok(!there(t, 3) && !there(t, 4) && !there(t, 5) && !there(t, 6)
       && !there(t, 1) && there(t, 2), "four finished go and one open");

    is_int(put(t, 7, 0, ONE + MORE, PAY_REC_KEPT, 102), PAY_DECLINED,
           "two are not to be had");
    ok(there(t, 2), "then none is dropped");
    is_int(put(t, 2, 1, ONE + MORE, PAY_REC_OPEN, 102), PAY_DECLINED,
           "nor can it grow into itself");
    ok(whole(t, 2, 0, 10), "it is whole");
    is_int(put(t, 9, 1, 10, PAY_REC_OPEN, 103), PAY_OK, "one that shrinks");
    is_int(put(t, 2, 2, ONE + MORE, PAY_REC_OPEN, 104), PAY_OK, "makes room");
    ok(whole(t, 9, 1, 10) && whole(t, 8, 0, PAY_REC_MAX)
       && whole(t, 2, 2, ONE + MORE), "all are whole");

    free(t);
}


static void
tiny(void)
{
    pay_records_t  *t;

    t = table(1);

    is_int(put(t, 1, 0, ONE, PAY_REC_KEPT, 1), PAY_OK, "one cell: a record");
    is_int(put(t, 1, 1, 5, PAY_REC_KEPT, 1), PAY_OK, "written over");
    ok(whole(t, 1, 1, 5), "and whole");
    is_int(put(t, 2, 0, 5, PAY_REC_OPEN, 1), PAY_DECLINED, "no other");
    is_int(put(t, 1, 2, 5, PAY_REC_FINISHED, 1), PAY_OK, "finished");
    is_int(put(t, 2, 0, ONE + 1, PAY_REC_OPEN, 1), PAY_DECLINED,
           "too wide: refused for good");
    ok(there(t, 1), "and nothing lost");
    is_int(put(t, 2, 0, 5, PAY_REC_OPEN, 1), PAY_OK, "makes room");
    ok(!there(t, 1) && whole(t, 2, 0, 5), "for another");

    free(t);
}


/* the same with an array in the order of the last put */

typedef struct {
    uint32_t         id, version, text;
    size_t           len;
    pay_rec_class_t  class_;
    int32_t          owner;
    int64_t          updated;
} entry_t;

typedef struct {
    uint32_t  cells, n;
    uint64_t  dropped, refused;
    entry_t   e[256];
} model_t;


static uint32_t
width(size_t len)
{
    return len <= ONE ? 1 : 1 + (len - ONE + MORE - 1) / MORE;
}


static entry_t *
model_find(model_t *m, uint32_t id)
{
    uint32_t  i;

    for (i = 0; i < m->n; i++) {
        if (m->e[i].id == id) {
            return &m->e[i];
        }
    }

    return NULL;
}


static void
model_drop(model_t *m, entry_t *e)
{
    uint32_t  i;

    i = e - m->e;
    memmove(e, e + 1, (--m->n - i) * sizeof(entry_t));
}


static uint32_t
model_used(model_t *m)
{
    uint32_t  i, n;

    for (n = 0, i = 0; i < m->n; i++) {
        n += width(m->e[i].len);
    }

    return n;
}


static entry_t *
model_victim(model_t *m, uint32_t keep)
{
    int       c;
    uint32_t  i;

    for (c = PAY_REC_FINISHED; c <= PAY_REC_OPEN; c++) {
        for (i = 0; i < m->n; i++) {
            if ((int) m->e[i].class_ == c && m->e[i].owner == 0
                && m->e[i].id != keep)
            {
                return &m->e[i];
            }
        }
    }

    return NULL;
}


static pay_rc_t
model_put(model_t *m, uint32_t id, uint32_t say, size_t len,
    pay_rec_class_t class_, int64_t now)
{
    uint32_t  old;
    entry_t  *e, new;
    model_t   saved;

    saved = *m;
    e = model_find(m, id);
    old = e ? width(e->len) : 0;
    memset(&new, 0, sizeof(new));

    while (model_used(m) - old + width(len) > m->cells) {
        e = model_victim(m, id);

        if (e == NULL) {
            *m = saved;
            m->refused++;
            return PAY_DECLINED;
        }

        model_drop(m, e);
        m->dropped++;
    }

    e = model_find(m, id);

    if (e) {
        new = *e;
        model_drop(m, e);
    }

    new.id = id;
    new.text = say;
    new.version++;
    new.len = len;
    new.class_ = class_;
    new.updated = now;
    m->e[m->n++] = new;

    return PAY_OK;
}


static int
same(model_t *m, const pay_records_t *t, uint32_t ids)
{
    uint32_t             id, n[PAY_REC_CLASSES];
    entry_t             *e;
    pay_rec_t            r;
    pay_records_stat_t   s;

    memset(n, 0, sizeof(n));

    for (id = 0; id < ids; id++) {
        e = model_find(m, id);

        if (e == NULL) {
            if (there(t, id)) {
                return 0;
            }

            continue;
        }

        n[e->class_]++;
        r = rec(t, id);

        if (!whole(t, id, e->text, e->len) || r.version != e->version
            || r.class_ != e->class_ || r.owner != e->owner
            || r.updated != e->updated)
        {
            return 0;
        }
    }

    s = stat_of(t);

    return s.cells == m->cells && s.cells_free == m->cells - model_used(m)
           && s.dropped == m->dropped && s.refused == m->refused
           && memcmp(n, s.records, sizeof(n)) == 0;
}


static size_t
some_len(void)
{
    switch (rnd(8)) {
    case 0:
        return rnd(PAY_REC_MAX + 1);
    case 1:
        return ONE + rnd(3) - 1 + rnd(4) * MORE;
    case 2:
        return ONE + rnd(MORE);
    default:
        return rnd(ONE + 1);
    }
}


static void
walk(uint32_t cells, uint32_t ids, int steps)
{
    int              bad, n;
    size_t           len;
    int64_t          now;
    uint32_t         id, c;
    model_t          m;
    entry_t         *e;
    pay_rec_t        r;
    pay_records_t   *t;

    t = table(cells);
    memset(&m, 0, sizeof(m));
    m.cells = cells;
    seed = 31337 + cells;
    now = 1000;
    bad = 0;

    for (n = 0; n < steps && !bad; n++) {
        now += (int64_t) rnd(20) - 9;
        id = rnd(ids);
        e = model_find(&m, id);
        r = rec(t, id);

        switch (rnd(8)) {

        case 0:
            if (e) {
                model_drop(&m, e);
            }

            pay_records_drop(t, key(id));
            break;

        case 1:
            if (e) {
                e->owner = 1 + rnd(5);
                pay_records_claim(t, &r, e->owner, now);
            }

            break;

        case 2:
        case 3:
            if (e) {
                e->owner = 0;
                pay_records_release(t, &r);
            }

            break;

        default:
            len = some_len();
            c = rnd(7);
            c = c < 3 ? PAY_REC_FINISHED : c < 6 ? PAY_REC_OPEN : PAY_REC_KEPT;
            bad += model_put(&m, id, n, len, c, now)
                   != put(t, id, n, len, c, now);
        }

        bad += n % 8 == 0 && !same(&m, t, ids);
    }

    ok(bad == 0 && same(&m, t, ids) && m.dropped
       && (m.refused || cells > 20),
       "walk: %d cells: %d dropped, %d refused", cells, (int) m.dropped,
       (int) m.refused);

    for (id = 0; id < ids; id++) {
        pay_records_drop(t, key(id));
    }

    is_int(stat_of(t).cells_free, cells, "no cell is lost");
    free(t);
}


static void
moved(void)
{
    int             bad, i;
    size_t          size;
    pay_records_t  *a, *b;

    size = pay_records_size(30);
    a = table(30);

    for (i = 0; i < 20; i++) {
        put(a, i, 0, i * 40, PAY_REC_OPEN, i);
    }

    b = malloc(size);
    memcpy(b, a, size);
    memset(a, 0xff, size);
    free(a);

    for (bad = 0, i = 0; i < 20; i++) {
        bad += !whole(b, i, 0, i * 40);
    }

    bad += put(b, 30, 0, PAY_REC_MAX, PAY_REC_KEPT, 99) != PAY_OK;
    bad += !whole(b, 30, 0, PAY_REC_MAX);
    bad += put(b, 19, 1, 600, PAY_REC_KEPT, 99) != PAY_OK;
    bad += !whole(b, 19, 1, 600);
    is_int(bad, 0, "a copy at another address works");

    free(b);
}


/* damage where it would hurt most */

static void
links(void)
{
    pay_u8          out[PAY_REC_MAX];
    pay_rec_t       r;
    pay_records_t  *t;

    t = table(4);

    put(t, 1, 0, 10, PAY_REC_FINISHED, 1);
    put(t, 2, 0, 10, PAY_REC_FINISHED, 1);
    put(t, 3, 0, 10, PAY_REC_KEPT, 1);
    put(t, 4, 0, 10, PAY_REC_KEPT, 1);
    cell(t, 1)->owner = 1;
    cell(t, 2)->owner = 1;
    cell(t, 2)->newer = rec(t, 1).index;
    is_int(put(t, 5, 0, 10, PAY_REC_OPEN, 1), PAY_DECLINED,
           "D-14 a list that is a ring ends");
    cell(t, 2)->owner = 0;
    is_int(put(t, 5, 0, 10, PAY_REC_OPEN, 1), PAY_OK, "and is mended");
    ok(there(t, 1) && !there(t, 2), "the right one went");

    cell(t, 1)->newer = rec(t, 3).index;
    cell(t, 5)->owner = 1;
    is_int(put(t, 6, 0, 10, PAY_REC_OPEN, 1), PAY_DECLINED,
           "D-14 a list that leads to kept ones");
    ok(there(t, 3) && there(t, 4), "drops none of them");

    cell(t, 5)->owner = 0;
    cell(t, 1)->owner = 0;
    cell(t, 1)->older = 77;
    put(t, 1, 1, 10, PAY_REC_FINISHED, 1);
    cell(t, 5)->newer = rec(t, 3).index;
    put(t, 5, 1, 10, PAY_REC_FINISHED, 1);
    is_int(put(t, 6, 0, 10, PAY_REC_KEPT, 1), PAY_OK, "D-14 links gone wild");
    is_int(put(t, 7, 0, 10, PAY_REC_KEPT, 1), PAY_OK, "are mended");
    ok(there(t, 3) && there(t, 4) && !there(t, 1) && !there(t, 5),
       "and the right ones go");

    free(t);
    t = table(5);

    put(t, 1, 0, 1000, PAY_REC_OPEN, 1);
    put(t, 2, 0, 10, PAY_REC_OPEN, 1);
    r = rec(t, 1);
    cell(t, 1)->next = rec(t, 2).index;
    is_int(pay_records_read(t, &r, out, sizeof(out)), ONE,
           "D-14 a broken record tells less than it has");
    cell(t, 1)->chain = 99;
    (void) there(t, 1);
    *pay_cells_bucket(t, key(1)) = 99;
    ok(!there(t, 1) && there(t, 2), "and is given up when that is seen");
    is_int(stat_of(t).cells_free, 4, "its cells come back");

    cell(t, 2)->len = PAY_REC_MAX + 1;
    ok(!there(t, 2), "D-14 a length out of bounds");
    put(t, 2, 0, 10, PAY_REC_OPEN, 1);
    cell(t, 2)->class_ = PAY_REC_CLASSES;
    ok(!there(t, 2), "a class out of bounds");
    put(t, 2, 0, 10, PAY_REC_OPEN, 1);
    cell(t, 2)->chain = rec(t, 2).index;
    *pay_cells_bucket(t, key(3)) = rec(t, 2).index;
    ok(!there(t, 3) && there(t, 2), "a chain that is a ring ends");
    t->free = rec(t, 2).index;
    is_int(put(t, 3, 0, 600, PAY_REC_OPEN, 1), PAY_DECLINED,
           "free cells that are not free are not taken");
    is_int(put(t, 3, 0, 600, PAY_REC_OPEN, 1), PAY_OK, "and are mended");
    t->free = 0;
    is_int(put(t, 2, 1, 600, PAY_REC_OPEN, 1), PAY_DECLINED,
           "nor is an old one half written over");
    ok(whole(t, 2, 0, 10) && whole(t, 3, 0, 600), "all is whole");

    t->cells++;
    ok(!there(t, 2) && put(t, 2, 0, 1, PAY_REC_OPEN, 1) == PAY_DECLINED
       && stat_of(t).cells == 0, "with wrong bounds nothing is believed");

    free(t);
}


static int
poke(pay_records_t *t)
{
    int         n, bad;
    pay_u8      out[PAY_REC_MAX];
    uint32_t    id;
    pay_rec_t   r;

    for (bad = 0, n = 0; n < 20; n++) {
        id = rnd(60);

        if (pay_records_find(t, key(id), &r) == PAY_OK) {
            bad += r.len > PAY_REC_MAX || r.class_ >= PAY_REC_CLASSES;
            (void) pay_records_read(t, &r, out, rnd(sizeof(out)));

            if (rnd(2)) {
                pay_records_claim(t, &r, 1, 1);
            }

            if (rnd(2)) {
                pay_records_release(t, &r);
            }
        }

        if (rnd(4) == 0) {
            pay_records_drop(t, key(rnd(60)));
        }

        (void) put(t, rnd(60), n, some_len(), rnd(3), n);
        bad += stat_of(t).cells_free > stat_of(t).cells;
    }

    return bad;
}


/* exact allocations, so that ASan sees a step outside; alarm ends a loop */

static void
damage(uint32_t cells, int rounds)
{
    int             n, i, where, lost, wrong;
    size_t          size, at;
    pay_u8         *p;
    pay_records_t  *good, *bad;

    good = table(cells);
    size = pay_records_size(cells);
    seed = 2718 + cells;
    lost = 0;
    wrong = 0;

    for (n = 0; n < (int) cells; n++) {
        (void) put(good, n, 0, some_len(), rnd(3), n);
    }

    for (n = 0; n < rounds; n++) {
        bad = malloc(size);
        p = (pay_u8 *) bad;
        memcpy(p, good, size);
        where = rnd(4);

        /* anywhere; the heads of cells; the head of all; the buckets */

        for (i = rnd(4) ? rnd(6) : rnd(400); i >= 0; i--) {
            at = rnd(size);
            at = where == 1 ? (pay_records_size(0) - 4 - 8 * 512) % 512
                              + at / 512 * 512 + rnd(64) : at;
            at = where == 2 ? rnd(96) : at;
            at = where == 3 ? size - 1 - rnd(cells * 4) : at;
            p[at < size ? at : 0] = rnd(3) ? rnd(cells + 10) : rnd(256);
        }

        wrong += poke(bad);
        lost += stat_of(bad).cells != cells;
        free(bad);
    }

    ok(lost > 0 && lost < rounds && !wrong,
       "D-14 damage: %d cells: no crash, no loop; %d of %d given up", cells,
       lost, rounds);
    free(good);
}


int
main(void)
{
    alarm(60);

    budget();
    fields();
    eviction();
    wide();
    tiny();

    walk(1, 4, 3000);
    walk(2, 6, 3000);
    walk(3, 8, 3000);
    walk(9, 12, 3000);
    walk(17, 20, 2000);
    walk(64, 60, 2000);

    moved();

    links();

    damage(1, 500);
    damage(2, 500);
    damage(7, 1000);
    damage(40, 1000);

    return done();
}
