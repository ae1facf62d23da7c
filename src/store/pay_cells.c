
/*
 * Copyright (C) the ngx_pay authors
 *
 * Cells: bounds, the lists of classes, the free ones, and putting all of it
 * right after a call has died.
 */

#include <store/pay_cells.h>


#define PAY_CELL_UNLISTED  UINT32_MAX


static pay_cell_t *
cells_all(const pay_records_t *t)
{
    return (pay_cell_t *) (t + 1);
}


static uint32_t
cells_total(const pay_records_t *t)
{
    return t->cells + PAY_CELLS_SPARE;
}


static uint32_t *
cells_buckets(const pay_records_t *t)
{
    return (uint32_t *) (cells_all(t) + cells_total(t));
}


int
pay_cells_sound(const pay_records_t *t)
{
    return t->cells != 0 && t->check == pay_store_check(t->cells, t->mask);
}


pay_cell_t *
pay_cells_at(const pay_records_t *t, uint32_t i)
{
    if (i == 0 || i > cells_total(t)) {
        return NULL;
    }

    return &cells_all(t)[i - 1];
}


pay_cell_t *
pay_cells_first(const pay_records_t *t, uint32_t i)
{
    pay_cell_t  *c;

    c = pay_cells_at(t, i);

    if (c == NULL || c->state != PAY_CELL_IS_FIRST || c->len > PAY_REC_MAX
        || c->class_ >= PAY_REC_CLASSES)
    {
        return NULL;
    }

    return c;
}


uint32_t
pay_cells_count(size_t len)
{
    if (len <= PAY_CELL_FIRST) {
        return 1;
    }

    return 1 + (len - PAY_CELL_FIRST + PAY_CELL_MORE - 1) / PAY_CELL_MORE;
}


uint32_t *
pay_cells_bucket(const pay_records_t *t, const pay_u8 *key)
{
    return &cells_buckets(t)[pay_store_hash(key, 16) & t->mask];
}


void
pay_cells_list(pay_records_t *t, uint32_t i)
{
    pay_cell_t       *c, *tail;
    pay_cell_list_t  *l;

    c = pay_cells_at(t, i);
    l = &t->list[c->class_];
    tail = pay_cells_first(t, l->newest);

    c->older = tail ? l->newest : 0;
    c->newer = 0;

    pay_in_order();
    *(tail ? &tail->newer : &l->oldest) = i;
    l->newest = i;
    l->n++;
}


void
pay_cells_unlist(pay_records_t *t, uint32_t i)
{
    pay_cell_t       *c, *older, *newer;
    pay_cell_list_t  *l;

    c = pay_cells_at(t, i);
    l = &t->list[c->class_];
    older = pay_cells_first(t, c->older);
    newer = pay_cells_first(t, c->newer);

    if ((older ? older->newer : l->oldest) != i
        || (newer ? newer->older : l->newest) != i)
    {
        t->broken = 1;
        return;
    }

    *(older ? &older->newer : &l->oldest) = c->newer;
    *(newer ? &newer->older : &l->newest) = c->older;
    l->n--;
}


uint32_t
pay_cells_take(pay_records_t *t, uint32_t next)
{
    uint32_t     i;
    pay_cell_t  *c;

    i = t->free;
    c = pay_cells_at(t, i);

    if (c == NULL || c->state != PAY_CELL_IS_FREE) {
        t->broken = 1;
        return 0;
    }

    t->free = c->next;
    c->state = PAY_CELL_IS_MORE;
    c->next = next;

    return i;
}


void
pay_cells_give(pay_records_t *t, uint32_t i, uint32_t n)
{
    uint32_t     next;
    pay_cell_t  *c;

    for ( /* void */ ; n != 0; n--) {
        c = pay_cells_at(t, i);

        if (c == NULL || c->state != PAY_CELL_IS_MORE) {
            t->broken = 1;
            return;
        }

        next = c->next;
        c->state = PAY_CELL_IS_FREE;
        c->next = t->free;
        t->free = i;
        i = next;
    }
}


/*
 * Marks the further cells of a record as used.  A chain that is broken, or
 * goes through the cells of another, is not from a kill: the record goes.
 */

static void
cells_own(pay_records_t *t, pay_cell_t *first)
{
    uint32_t     n;
    pay_cell_t  *c;

    c = first;

    for (n = pay_cells_count(first->len); n > 1; n--) {
        c = pay_cells_at(t, c->next);

        if (c == NULL || c->state != PAY_CELL_IS_FREE) {
            first->state = PAY_CELL_IS_FREE;
            return;
        }

        c->state = PAY_CELL_IS_MORE;
    }

    t->used += pay_cells_count(first->len);
}


/* what of a list can be reached is kept in its order */

static void
cells_relist(pay_records_t *t, uint32_t class_)
{
    uint32_t          i, tail;
    pay_cell_t       *c;
    pay_cell_list_t  *l;

    l = &t->list[class_];
    l->n = 0;
    tail = 0;

    for (i = l->oldest; i != 0; i = c->newer) {
        c = pay_cells_first(t, i);

        if (c == NULL || c->class_ != class_
            || c->older != PAY_CELL_UNLISTED)
        {
            break;
        }

        c->older = tail;
        tail = i;
        l->n++;
    }

    *(tail ? &cells_all(t)[tail - 1].newer : &l->oldest) = 0;
    l->newest = tail;
}


/* into its bucket, and into the list where a kill left it out of one */

static void
cells_relink(pay_records_t *t, uint32_t i)
{
    uint32_t    *bucket;
    pay_cell_t  *c;

    c = pay_cells_at(t, i);

    if (c->state == PAY_CELL_IS_FREE) {
        c->next = t->free;
        t->free = i;
    }

    if (c->state != PAY_CELL_IS_FIRST) {
        return;
    }

    bucket = pay_cells_bucket(t, c->key);
    c->chain = *bucket;
    *bucket = i;

    if (c->older == PAY_CELL_UNLISTED) {
        pay_cells_list(t, i);
    }
}


/* may die itself at any point: busy or broken stays set, it is done again */

void
pay_cells_recover(pay_records_t *t)
{
    uint32_t     i, total;
    pay_cell_t  *c;

    total = cells_total(t);

    c = pay_cells_at(t, t->home);
    if (c != NULL) {
        *c = t->scratch;
    }

    pay_in_order();
    t->home = 0;
    t->free = 0;
    t->used = 0;
    memset(cells_buckets(t), 0, ((size_t) t->mask + 1) * sizeof(uint32_t));

    for (i = 1; i <= total; i++) {
        c = pay_cells_at(t, i);

        if (pay_cells_first(t, i) != NULL) {
            c->older = PAY_CELL_UNLISTED;

        } else {
            c->state = PAY_CELL_IS_FREE;
        }
    }

    for (i = 1; i <= total; i++) {
        c = pay_cells_first(t, i);

        if (c != NULL) {
            cells_own(t, c);
        }
    }

    for (i = 0; i < PAY_REC_CLASSES; i++) {
        cells_relist(t, i);
    }

    for (i = total; i != 0; i--) {
        cells_relink(t, i);
    }

    pay_in_order();
    t->broken = 0;
    t->busy = 0;
}
