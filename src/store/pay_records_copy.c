
/*
 * Copyright (C) the ngx_pay authors
 *
 * Records into a table of another size.  The old one is put in order first,
 * so that every list and chain in it leads somewhere.
 */

#include <store/pay_cells.h>


/* never left out: it would not be dropped either */

static int
copy_bound(const pay_cell_t *c)
{
    return c->owner != 0 || c->class_ == PAY_REC_KEPT;
}


uint32_t
pay_records_bound(pay_records_t *t)
{
    uint32_t           i, n, class_;
    const pay_cell_t  *c;

    if (!pay_cells_sound(t)) {
        return 0;
    }

    pay_cells_recover(t);

    n = 0;

    for (class_ = 0; class_ < PAY_REC_CLASSES; class_++) {

        for (i = t->list[class_].oldest; i != 0; i = c->newer) {
            c = pay_cells_at(t, i);
            n += copy_bound(c) ? pay_cells_count(c->len) : 0;
        }
    }

    return n;
}


/* the record's cells beyond the first; 0: it has none */

static uint32_t
copy_more(pay_records_t *to, const pay_records_t *from, const pay_cell_t *c)
{
    uint32_t     i, k, n;
    pay_cell_t  *d;

    n = pay_cells_count(c->len) - 1;

    for (i = 0, k = n; k != 0; k--) {
        i = pay_cells_take(to, i);
    }

    for (d = pay_cells_at(to, i), k = c->next; n != 0; n--) {
        c = pay_cells_at(from, k);
        k = c->next;

        memcpy(pay_cell_more(d), pay_cell_more(c), PAY_CELL_MORE);
        d = pay_cells_at(to, d->next);
    }

    return i;
}


static void
copy_record(pay_records_t *to, const pay_records_t *from, const pay_cell_t *c)
{
    uint32_t     i, more, *bucket;
    pay_cell_t  *d;

    more = copy_more(to, from, c);
    i = pay_cells_take(to, more);
    d = pay_cells_at(to, i);
    bucket = pay_cells_bucket(to, c->key);

    *d = *c;
    d->next = more;
    d->chain = *bucket;
    *bucket = i;

    if (d->owner != 0) {
        d->owner = PAY_OWNER_GONE;
    }

    pay_cells_list(to, i);
    to->used += pay_cells_count(c->len);
}


pay_rc_t
pay_records_copy(pay_records_t *to, pay_records_t *from)
{
    uint32_t           i, n, over, class_;
    const pay_cell_t  *c;

    if (!pay_cells_sound(to) || !pay_cells_sound(from)) {
        return PAY_INVALID;
    }

    /* puts from in order */

    if (pay_records_bound(from) > to->cells) {
        return PAY_DECLINED;
    }

    to->dropped = from->dropped;
    to->refused = from->refused;
    over = from->used > to->cells ? from->used - to->cells : 0;

    for (class_ = 0; class_ < PAY_REC_CLASSES; class_++) {

        for (i = from->list[class_].oldest; i != 0; i = c->newer) {
            c = pay_cells_at(from, i);
            n = pay_cells_count(c->len);

            if (over == 0 || copy_bound(c)) {
                copy_record(to, from, c);
                continue;
            }

            over -= n < over ? n : over;
            to->dropped++;
        }
    }

    return PAY_OK;
}
