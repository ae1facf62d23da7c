
/*
 * Copyright (C) the ngx_pay authors
 *
 * Objects in the store: claimed for a talk, changed by what a channel says,
 * given back (docs/design.md, what is kept).
 */

#ifndef NGX_PAY_RECORD_H_INCLUDED
#define NGX_PAY_RECORD_H_INCLUDED


#include <ngx_pay_store.h>

#include <model/pay_object.h>


typedef enum {
    NGX_PAY_CLAIM_NEW = 0,
    NGX_PAY_CLAIM_OPEN,             /* known, and ours now */
    NGX_PAY_CLAIM_UNKNOWN,          /* known, its outcome is not; ours now */
    NGX_PAY_CLAIM_BUSY,             /* somebody works on it */
    NGX_PAY_CLAIM_CONFLICT,         /* the number has other fields */
    NGX_PAY_CLAIM_PAID,             /* paid, as a notice told: for how much
                                       it was asked nobody knows */
    NGX_PAY_CLAIM_ABSENT,           /* not there, and not to be made */
    NGX_PAY_CLAIM_FULL,             /* no room, or no answer: nothing may be
                                       sent */
    NGX_PAY_CLAIM_ERROR
} ngx_pay_claim_t;

typedef enum {
    NGX_PAY_END_KEEP = 0,           /* give it back as it is */
    NGX_PAY_END_UNKNOWN,            /* a call's outcome is not known */
    NGX_PAY_END_DROP                /* nothing happened: forget it, if it is
                                       still as it was when claimed */
} ngx_pay_end_t;

typedef struct ngx_pay_record_s  ngx_pay_record_t;
typedef void (*ngx_pay_record_pt)(ngx_pay_record_t *o);

/* changes o->edited; PAY_DECLINED: there is nothing to change */
typedef pay_rc_t (*ngx_pay_record_edit_pt)(ngx_pay_record_t *o);

/*
 * The record of an object in the store.  One thing at a time is done with it;
 * the handler is called exactly once, maybe before the function returns.
 */

struct ngx_pay_record_s {
    ngx_pay_store_op_t    op;           /* op.key: which */
    void                 *data;         /* the owner's */
    pay_arena_t          *arena;        /* of what is read */
    pay_object_t         *object;       /* as stored */

    ngx_pay_claim_t       claim;        /* what claim found */
    pay_rc_t              rc;           /* of load, apply and change;
                                           PAY_DECLINED: not there, or no
                                           room */
    pay_change_t          change;       /* what apply did */
    pay_object_t         *edited;       /* what an edit works on ... */
    pay_arena_t          *work;         /* ... and in */

    /* private */
    ngx_pay_record_pt     handler;
    ngx_pay_record_edit_pt  edit;
    ngx_pay_record_pt     then;
    const pay_object_t   *fresh;
    const pay_fact_t     *fact;
    pay_object_t          given;
    pay_arena_t          *scratch;
    uint32_t              version;      /* when it was claimed */
    ngx_uint_t            tries;
    unsigned              from_query:1;
    unsigned              create:1;
    unsigned              stored:1;
};

void ngx_pay_record_init(ngx_pay_record_t *o, ngx_http_request_t *r,
    pay_arena_t *a, pay_object_t *p, void *data);

/*
 * Takes the object for this talk.  fresh: what to store when there is none,
 * or NULL
 */
void ngx_pay_record_claim(ngx_pay_record_t *o, const pay_object_t *fresh,
    ngx_pay_record_pt handler);
void ngx_pay_record_release(ngx_pay_record_t *o, ngx_pay_end_t end,
    ngx_pay_record_pt handler);

void ngx_pay_record_load(ngx_pay_record_t *o, ngx_pay_record_pt handler);

/*
 * Applies a verified fact to the stored object.  object: as stored
 * afterwards; where the store has none, it is taken as it is, and stored if
 * create.
 */
void ngx_pay_record_apply(ngx_pay_record_t *o, const pay_fact_t *fact,
    ngx_uint_t from_query, ngx_uint_t create, ngx_pay_record_pt handler);

/*
 * Changes the stored object by an edit, which may be called several times:
 * another may have been faster.
 */
void ngx_pay_record_change(ngx_pay_record_t *o, ngx_pay_record_edit_pt edit,
    ngx_pay_record_pt handler);


#endif /* NGX_PAY_RECORD_H_INCLUDED */
