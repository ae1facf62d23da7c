
/*
 * Copyright (C) the ngx_pay authors
 *
 * How the zone is made, and made in another size: for ngx_pay_zone.c and
 * ngx_pay_resize.c.
 */

#ifndef NGX_PAY_ZONE_H_INCLUDED
#define NGX_PAY_ZONE_H_INCLUDED


#include <ngx_pay.h>


#define NGX_PAY_ZONE_MIN  (256 * 1024)
#define NGX_PAY_WINDOW    300           /* the default */


/* how the memory is cut; offsets from ngx_pay_shared_t */

typedef struct {
    size_t                nonces;
    size_t                events;
    size_t                records;
    uint32_t              slots;
    uint32_t              nonces_cap;
    uint32_t              events_cap;
    uint32_t              cells;
} ngx_pay_cut_t;

void ngx_pay_zone_cut(ngx_pay_cut_t *cut, size_t size);
void ngx_pay_zone_map(ngx_pay_zone_t *zone);

/* what follows each way of taking the lock */
void ngx_pay_zone_locked(ngx_pay_zone_t *zone);

/* while parsing: the zone of that name in the running configuration */
ngx_int_t ngx_pay_resize_prepare(ngx_conf_t *cf, ngx_pay_zone_t *zone);

/* takes over what zone->prev holds, and freezes it */
ngx_int_t ngx_pay_resize(ngx_pay_zone_t *zone, ngx_log_t *log);

/* the module's init_module: nothing can fail any more */
ngx_int_t ngx_pay_resize_done(ngx_cycle_t *cycle);


#endif /* NGX_PAY_ZONE_H_INCLUDED */
