
/*
 * Copyright (C) the ngx_pay authors
 *
 * Work without a client: the channels' cache, jobs, and the tick that starts
 * them (docs/design.md section 10).
 */

#ifndef NGX_PAY_TICK_H_INCLUDED
#define NGX_PAY_TICK_H_INCLUDED


#include <ngx_pay_talk.h>


/* when the zone is there: the names of the channels' caches in it */
ngx_int_t ngx_pay_cache_init(ngx_pay_main_conf_t *mcf);

/* to a talk that begins; and what it said of it */
void ngx_pay_cache_give(ngx_pay_zone_t *zone, ngx_pay_channel_t *ch,
    pay_talk_t *talk);
void ngx_pay_cache_take(ngx_pay_zone_t *zone, ngx_pay_channel_t *ch,
    pay_talk_t *talk);

/* a channel to be refreshed by the caller, or NULL; 1 if there is one */
ngx_pay_channel_t *ngx_pay_cache_claim(ngx_pay_main_conf_t *mcf);
ngx_uint_t ngx_pay_cache_due(ngx_pay_main_conf_t *mcf);


#endif /* NGX_PAY_TICK_H_INCLUDED */
