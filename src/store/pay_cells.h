
/*
 * Copyright (C) the ngx_pay authors
 *
 * The cells that records are made of, for pay_records.c.
 *
 * What counts as true is the state of a record's first cell and what that
 * cell holds.  All links between records, the free cells and the counts can
 * be made anew from it (pay_cells_recover), which is done when a call finds
 * that another died, or that a link leads nowhere.
 */

#ifndef PAY_CELLS_H_INCLUDED
#define PAY_CELLS_H_INCLUDED


#include <store/pay_store_memory.h>


#define PAY_CELL_FIRST   448            /* bytes of data in a first cell */
#define PAY_CELL_MORE    504            /* in each further one */
#define PAY_CELLS_SPARE  8              /* further ones of PAY_REC_MAX */
#define PAY_CELLS_MAX    0x40000000


enum {
    PAY_CELL_IS_FREE = 0,
    PAY_CELL_IS_FIRST,
    PAY_CELL_IS_MORE
};


/* 512 bytes; links are index + 1; 0 ends a chain */

typedef struct {
    uint32_t  next;             /* of this record, or the next free one */
    uint16_t  state;
    uint16_t  class_;

    /* of a first cell; the others have data from here on */

    pay_u8    key[16];
    int64_t   claim_end;
    int64_t   updated;
    uint32_t  len;
    uint32_t  version;
    int32_t   owner;
    uint32_t  chain;            /* the next in the bucket */
    uint32_t  older;
    uint32_t  newer;
    pay_u8    data[PAY_CELL_FIRST];
} pay_cell_t;

#define pay_cell_more(c)  ((pay_u8 *) (c) + offsetof(pay_cell_t, key))


typedef struct {
    uint32_t  oldest;
    uint32_t  newest;
    uint32_t  n;
} pay_cell_list_t;


/*
 * Behind it: the cells and a few to spare, so that a new text can be written
 * while the old one stands; then the buckets.
 */

struct pay_records_s {
    uint32_t         cells;
    uint32_t         mask;
    uint32_t         check;             /* over the two above */
    uint32_t         busy;              /* in a call, or one died */
    uint32_t         broken;            /* a link led nowhere */
    uint32_t         home;              /* what scratch is to replace */
    uint32_t         free;
    uint32_t         used;
    pay_cell_list_t  list[PAY_REC_CLASSES];
    uint32_t         pad;
    uint64_t         dropped;
    uint64_t         refused;
    pay_cell_t       scratch;
};


/* whether the bounds can be believed that all else is checked against */
int pay_cells_sound(const pay_records_t *t);

/* a cell; a first cell that makes sense; NULL: there is none */
pay_cell_t *pay_cells_at(const pay_records_t *t, uint32_t i);
pay_cell_t *pay_cells_first(const pay_records_t *t, uint32_t i);

uint32_t pay_cells_count(size_t len);
uint32_t *pay_cells_bucket(const pay_records_t *t, const pay_u8 *key);

/* i: a first cell; in, or out of, the list of its class */
void pay_cells_list(pay_records_t *t, uint32_t i);
void pay_cells_unlist(pay_records_t *t, uint32_t i);

/* a free cell, put in front of next; 0: there is none */
uint32_t pay_cells_take(pay_records_t *t, uint32_t next);
void pay_cells_give(pay_records_t *t, uint32_t i, uint32_t n);

void pay_cells_recover(pay_records_t *t);


#endif /* PAY_CELLS_H_INCLUDED */
