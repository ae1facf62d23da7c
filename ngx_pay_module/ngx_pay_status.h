
/*
 * Copyright (C) the ngx_pay authors
 *
 * What pay_status tells: one table of families, written by two writers.  A
 * family is one number, or one for each name of up to three closed lists.
 */

#ifndef NGX_PAY_STATUS_H_INCLUDED
#define NGX_PAY_STATUS_H_INCLUDED


#include <ngx_pay_notify.h>

#include <codec/pay_metrics.h>


#define NGX_PAY_NONCE_REFUSALS  3       /* the ring, a merchant's half, the
                                           clock */

/* the zone at one moment */

typedef struct {
    int64_t               zone_born;
    int64_t               frozen;
    int64_t               nonces;
    int64_t               nonces_capacity;
    int64_t               nonces_refused[NGX_PAY_NONCE_REFUSALS];
    int64_t               cells;
    int64_t               cells_free;
    int64_t               records[PAY_REC_CLASSES];
    int64_t               records_dropped;
    int64_t               records_refused;
    int64_t               events_accepted;
    int64_t               events_in_flight;
    int64_t               events_capacity;
    int64_t               redis_born;
} ngx_pay_facts_t;

typedef struct {
    ngx_pay_main_conf_t  *conf;
    ngx_pay_shared_t     *sh;
    ngx_pay_facts_t       facts;
} ngx_pay_status_t;


typedef struct {
    const char           *label;
    ngx_uint_t            n;

    /* one of the two; NULL: there is no such name */
    const char *const    *names;
    const char         *(*name)(ngx_uint_t i);

    /* 1: told though nothing was counted.  NULL: all are */
    ngx_uint_t          (*usual)(ngx_pay_main_conf_t *mcf, ngx_uint_t i);
} ngx_pay_list_t;

#define NGX_PAY_LISTS  3


typedef enum {
    NGX_PAY_OF_FACTS = 0,           /* int64_t in ngx_pay_facts_t */
    NGX_PAY_OF_SHARED,              /* ngx_atomic_t in ngx_pay_shared_t */
    NGX_PAY_OF_CHANNEL              /* ... in ngx_pay_channel_stat_t */
} ngx_pay_of_t;

#define NGX_PAY_TELL_REDIS  1       /* only where there is one */
#define NGX_PAY_TELL_KNOWN  2       /* 0: not known */
#define NGX_PAY_TELL_BRIEF  4       /* as JSON: only what was counted */

typedef struct {
    pay_metric_t          metric;
    const char           *group;    /* of the JSON; NULL: its top */
    const char           *key;
    ngx_pay_of_t          of;
    size_t                offset;   /* of the first number */
    ngx_uint_t            how;      /* NGX_PAY_TELL_ */
    const ngx_pay_list_t *lists[NGX_PAY_LISTS];     /* the last varies first */
} ngx_pay_family_t;


/* those of the node, by group; and those that each channel has */

extern const ngx_pay_family_t  ngx_pay_families[];
extern const ngx_uint_t        ngx_pay_nfamilies;
extern const ngx_pay_family_t  ngx_pay_channel_families[];
extern const ngx_uint_t        ngx_pay_nchannel_families;


/* ch: NULL but for families of channels.  i: of the numbers of the family */
int64_t ngx_pay_family_value(ngx_pay_status_t *t, const ngx_pay_family_t *f,
    ngx_pay_channel_t *ch, ngx_uint_t i);

/* 1 if it is told where it is */
ngx_uint_t ngx_pay_family_told(ngx_pay_status_t *t,
    const ngx_pay_family_t *f);

/* how many numbers there are for each name of lists[depth - 1] */
ngx_uint_t ngx_pay_family_size(const ngx_pay_family_t *f, ngx_uint_t depth);

/* NULL: name i of the list is not told */
const char *ngx_pay_list_name(ngx_pay_status_t *t, const ngx_pay_list_t *list,
    ngx_uint_t i, ngx_uint_t counted);


/* of how many there are, added up, and when the channel's certificate ends */

void ngx_pay_status_calls(ngx_pay_status_t *t, ngx_pay_channel_t *ch,
    uint64_t counts[NGX_PAY_CALL_BOUNDS + 1], int64_t *ms);
int64_t ngx_pay_status_expiry(ngx_pay_channel_t *ch);


/* data == NULL: no memory */
pay_str_t ngx_pay_status_json(ngx_pay_status_t *t, pay_arena_t *a);
pay_str_t ngx_pay_status_prometheus(ngx_pay_status_t *t, pay_arena_t *a);


#endif /* NGX_PAY_STATUS_H_INCLUDED */
