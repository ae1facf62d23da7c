
/*
 * Copyright (C) the ngx_pay authors
 *
 * Records in chains of 512-byte cells, found by hash chains, and in a list
 * for each class, oldest first.
 *
 * A process may be killed inside any call.  A put composes the new first cell
 * aside (scratch) and says whose it is by one store to home: before that the
 * old record is whole, after that the copying can be repeated.  The next call
 * finds the table busy and puts the rest right (pay_cells.h).
 */

#include <store/pay_cells.h>


static uint32_t
records_buckets(uint32_t cells)
{
    uint32_t  n;

    for (n = 1; n < cells; n *= 2) { /* void */ }

    return n;
}


size_t
pay_records_size(uint32_t cells)
{
    return sizeof(pay_records_t)
           + ((size_t) cells + PAY_CELLS_SPARE) * sizeof(pay_cell_t)
           + (size_t) records_buckets(cells) * sizeof(uint32_t);
}


uint32_t
pay_records_capacity(size_t size)
{
    size_t  n;

    if (size < pay_records_size(1)) {
        return 0;
    }

    n = (size - pay_records_size(0)) / sizeof(pay_cell_t) + 1;

    if (n > PAY_CELLS_MAX) {
        n = PAY_CELLS_MAX;
    }

    while (pay_records_size(n) > size) {
        n--;
    }

    return n;
}


pay_records_t *
pay_records_init(void *mem, uint32_t cells)
{
    pay_records_t  *t;

    if (cells == 0 || cells > PAY_CELLS_MAX) {
        return NULL;
    }

    memset(mem, 0, pay_records_size(cells));

    t = mem;
    t->cells = cells;
    t->mask = records_buckets(cells) - 1;
    t->check = pay_store_check(t->cells, t->mask);

    pay_cells_recover(t);

    return t;
}


/* the link that leads to the record, or the 0 at the end; NULL: broken */

static uint32_t *
records_walk(pay_records_t *t, const pay_u8 *key)
{
    uint32_t     steps, *link;
    pay_cell_t  *c;

    link = pay_cells_bucket(t, key);

    for (steps = t->cells; *link != 0; steps--) {
        c = pay_cells_first(t, *link);

        if (c == NULL || steps == 0) {
            t->broken = 1;
            return NULL;
        }

        if (memcmp(c->key, key, sizeof(c->key)) == 0) {
            break;
        }

        link = &c->chain;
    }

    return link;
}


/*
 * The record's first cell or 0, in a table that is in order.  An order must
 * not be taken for a new one because a call died or a link is broken.
 */

static pay_rc_t
records_lookup(pay_records_t *t, const pay_u8 *key, uint32_t *i)
{
    uint32_t  *link;

    if (!pay_cells_sound(t)) {
        return PAY_DECLINED;
    }

    link = t->busy || t->broken ? NULL : records_walk(t, key);

    if (link == NULL) {
        pay_cells_recover(t);
        link = records_walk(t, key);
    }

    if (link == NULL) {
        return PAY_DECLINED;
    }

    *i = *link;

    return PAY_OK;
}


static void
records_enter(pay_records_t *t)
{
    t->busy = 1;
    pay_in_order();
}


static void
records_leave(pay_records_t *t)
{
    pay_in_order();
    t->busy = 0;
}


static void
records_discard(pay_records_t *t, uint32_t i)
{
    uint32_t     n, *link;
    pay_cell_t  *c;

    c = pay_cells_first(t, i);
    if (c == NULL) {
        t->broken = 1;
        return;
    }

    n = pay_cells_count(c->len);
    link = records_walk(t, c->key);

    if (link != NULL && *link == i) {
        *link = c->chain;

    } else {
        t->broken = 1;
    }

    pay_cells_unlist(t, i);

    pay_in_order();
    c->state = PAY_CELL_IS_MORE;        /* from here on it is gone */
    pay_in_order();

    pay_cells_give(t, i, n);
    t->used -= n;
}


/*
 * Drops finished records before open ones, oldest first, until want cells
 * are free; none at all when so many cannot be had.
 */

static int
records_evict(pay_records_t *t, uint32_t want, uint32_t keep)
{
    uint32_t     i, k, n, cells, class_, steps;
    uint32_t     victims[1 + PAY_CELLS_SPARE];
    pay_cell_t  *c;

    n = 0;
    cells = 0;
    steps = t->cells;

    for (class_ = PAY_REC_FINISHED; class_ <= PAY_REC_OPEN; class_++) {

        for (i = t->list[class_].oldest; i != 0; i = c->newer) {
            c = pay_cells_first(t, i);

            if (c == NULL || c->class_ != class_ || steps-- == 0) {
                t->broken = 1;
                return 0;
            }

            if (cells >= want) {
                break;
            }

            if (c->owner == 0 && i != keep) {
                cells += pay_cells_count(c->len);
                victims[n++] = i;
            }
        }
    }

    if (cells < want) {
        return 0;
    }

    for (k = 0; k < n; k++) {
        records_discard(t, victims[k]);
        t->dropped++;
    }

    return 1;
}


static int
records_room(pay_records_t *t, size_t len, uint32_t old)
{
    uint32_t  want, have;

    want = pay_cells_count(len);
    have = t->used < t->cells ? t->cells - t->used : 0;

    if (old != 0) {
        have += pay_cells_count(pay_cells_at(t, old)->len);
    }

    return want <= have || records_evict(t, want - have, old);
}


/* the data, into scratch and further cells */

static int
records_write(pay_records_t *t, const pay_u8 *data, size_t len)
{
    size_t       n;
    uint32_t     i;
    pay_cell_t  *c, *s;

    s = &t->scratch;
    s->len = len;
    s->next = 0;

    for (i = pay_cells_count(len); i > 1; i--) {
        s->next = pay_cells_take(t, s->next);
        if (s->next == 0) {
            return 0;
        }
    }

    if (len == 0) {
        return 1;
    }

    n = len < PAY_CELL_FIRST ? len : PAY_CELL_FIRST;
    memcpy(s->data, data, n);

    for (i = s->next; i != 0; i = c->next) {
        c = pay_cells_at(t, i);
        data += n;
        len -= n;
        n = len < PAY_CELL_MORE ? len : PAY_CELL_MORE;
        memcpy(pay_cell_more(c), data, n);
    }

    return 1;
}


/* what scratch holds becomes a record, or the old one */

static int
records_install(pay_records_t *t, uint32_t old)
{
    uint32_t     home, rest, n, *bucket;
    pay_cell_t  *c;

    home = old ? old : pay_cells_take(t, 0);
    c = pay_cells_at(t, home);

    if (c == NULL) {
        return 0;
    }

    bucket = pay_cells_bucket(t, t->scratch.key);
    rest = c->next;
    n = 0;

    if (old) {
        n = pay_cells_count(c->len);
        pay_cells_unlist(t, home);

    } else {
        t->scratch.chain = *bucket;
    }

    pay_in_order();
    t->home = home;
    pay_in_order();

    *c = t->scratch;

    if (!old) {
        *bucket = home;
    }

    pay_cells_list(t, home);

    pay_in_order();
    t->home = 0;

    pay_cells_give(t, rest, n ? n - 1 : 0);
    t->used += pay_cells_count(c->len) - n;

    return 1;
}


pay_rc_t
pay_records_put(pay_records_t *t, const pay_u8 key[16], const void *data,
    size_t len, pay_rec_class_t class_, int64_t now)
{
    int          done;
    uint32_t     old;
    pay_cell_t  *s;

    if (len > PAY_REC_MAX || (uint32_t) class_ >= PAY_REC_CLASSES) {
        return PAY_INVALID;
    }

    if (records_lookup(t, key, &old) != PAY_OK) {
        return PAY_DECLINED;
    }

    records_enter(t);

    if (!records_room(t, len, old)) {
        t->refused++;
        records_leave(t);
        return PAY_DECLINED;
    }

    s = &t->scratch;
    memset(s, 0, sizeof(pay_cell_t));

    if (old) {
        memcpy(s, pay_cells_at(t, old), offsetof(pay_cell_t, data));
    }

    memcpy(s->key, key, sizeof(s->key));
    s->state = PAY_CELL_IS_FIRST;
    s->class_ = class_;
    s->version++;
    s->updated = now;

    done = records_write(t, data, len) && records_install(t, old);

    records_leave(t);

    return done ? PAY_OK : PAY_DECLINED;
}


pay_rc_t
pay_records_find(const pay_records_t *t, const pay_u8 key[16],
    pay_rec_t *rec)
{
    uint32_t           i;
    const pay_cell_t  *c;

    /* const to the caller; it may put right what a killed call left */

    if (records_lookup((pay_records_t *) t, key, &i) != PAY_OK || i == 0) {
        return PAY_DECLINED;
    }

    c = pay_cells_at(t, i);

    rec->index = i;
    rec->len = c->len;
    rec->version = c->version;
    rec->class_ = c->class_;
    rec->owner = c->owner;
    rec->claim_end = c->claim_end;
    rec->updated = c->updated;

    return PAY_OK;
}


/* fewer than rec->len: the chain is broken */

size_t
pay_records_read(const pay_records_t *t, const pay_rec_t *rec, void *out,
    size_t size)
{
    size_t             got, left, n;
    const pay_u8      *from;
    const pay_cell_t  *c;

    c = pay_cells_sound(t) ? pay_cells_first(t, rec->index) : NULL;
    if (c == NULL) {
        return 0;
    }

    got = 0;
    left = c->len;
    from = c->data;
    n = left < PAY_CELL_FIRST ? left : PAY_CELL_FIRST;

    for ( ;; ) {

        if (got < size && n != 0) {
            memcpy((pay_u8 *) out + got, from,
                   n < size - got ? n : size - got);
        }

        got += n;
        left -= n;
        c = left ? pay_cells_at(t, c->next) : NULL;

        if (c == NULL || c->state != PAY_CELL_IS_MORE) {
            return got;
        }

        from = pay_cell_more(c);
        n = left < PAY_CELL_MORE ? left : PAY_CELL_MORE;
    }
}


void
pay_records_claim(pay_records_t *t, const pay_rec_t *rec, int32_t owner,
    int64_t end)
{
    pay_cell_t  *c;

    c = pay_cells_sound(t) ? pay_cells_first(t, rec->index) : NULL;
    if (c == NULL) {
        return;
    }

    c->claim_end = end;

    pay_in_order();
    c->owner = owner;
}


void
pay_records_release(pay_records_t *t, const pay_rec_t *rec)
{
    pay_records_claim(t, rec, 0, 0);
}


void
pay_records_drop(pay_records_t *t, const pay_u8 key[16])
{
    uint32_t  i;

    if (records_lookup(t, key, &i) != PAY_OK || i == 0) {
        return;
    }

    records_enter(t);
    records_discard(t, i);
    records_leave(t);
}


void
pay_records_stat(const pay_records_t *t, pay_records_stat_t *out)
{
    size_t  i;

    memset(out, 0, sizeof(pay_records_stat_t));

    if (!pay_cells_sound(t)) {
        return;
    }

    out->cells = t->cells;
    out->cells_free = t->used < t->cells ? t->cells - t->used : 0;
    out->dropped = t->dropped;
    out->refused = t->refused;

    for (i = 0; i < PAY_REC_CLASSES; i++) {
        out->records[i] = t->list[i].n;
    }
}
