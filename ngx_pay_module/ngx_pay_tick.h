
/*
 * Copyright (C) the ngx_pay authors
 *
 * Work without a client: the channels' cache, jobs, and the tick that starts
 * them (docs/design.md section 10).
 */

#ifndef NGX_PAY_TICK_H_INCLUDED
#define NGX_PAY_TICK_H_INCLUDED


#include <ngx_pay_talk.h>


typedef struct ngx_pay_tick_s  ngx_pay_tick_t;

/* when the zone is there: the names of the channels' caches in it */
ngx_int_t ngx_pay_cache_init(ngx_pay_zone_t *zone, ngx_log_t *log);

/* to a talk that begins; and what it said of it */
void ngx_pay_cache_give(ngx_pay_zone_t *zone, ngx_pay_channel_t *ch,
    pay_talk_t *talk);
void ngx_pay_cache_take(ngx_pay_zone_t *zone, ngx_pay_channel_t *ch,
    pay_talk_t *talk);

/* a channel to be refreshed by the caller, or NULL; 1 if there is one */
ngx_pay_channel_t *ngx_pay_cache_claim(ngx_pay_main_conf_t *mcf);
ngx_uint_t ngx_pay_cache_due(ngx_pay_main_conf_t *mcf);


/*
 * Jobs: a closed list of kinds.  key says of what, at most PAY_JOB_KEY bytes;
 * one that waits already is not doubled.  PAY_DECLINED: no room.
 */

typedef enum {
    NGX_PAY_JOB_NONE = 0,
    NGX_PAY_JOB_NOTICE,             /* of the sandbox: ngx_pay_errand.c */
    NGX_PAY_JOB_MAX
} ngx_pay_job_kind_t;

pay_rc_t ngx_pay_job_add(ngx_pay_zone_t *zone, ngx_pay_job_kind_t kind,
    time_t due, pay_str_t key);


/*
 * What does one, on the request of a tick.  NGX_OK: it is done; NGX_AGAIN:
 * ngx_pay_tick_done() will be called; else it is to be done later.
 */
typedef ngx_int_t (*ngx_pay_job_pt)(ngx_pay_tick_t *t, ngx_http_request_t *r,
    pay_str_t key);

ngx_int_t ngx_pay_errand(ngx_pay_tick_t *t, ngx_http_request_t *r,
    pay_str_t key);

/* the job is over, or due again then; done: and the tick goes on */
void ngx_pay_tick_end(ngx_pay_tick_t *t, time_t again);
void ngx_pay_tick_done(ngx_pay_tick_t *t, time_t again);


/* where a tick is sent to */

struct ngx_pay_tick_conf_s {
    struct sockaddr      *sockaddr;
    socklen_t             socklen;
    ngx_str_t             name;         /* of it, for the log */
    ngx_str_t             request;
};

char *ngx_pay_conf_tick(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* finds it; *why: what is wrong with the location */
ngx_int_t ngx_pay_tick_listener(ngx_conf_t *cf, ngx_pay_main_conf_t *mcf,
    ngx_pay_place_t *place, const char **why);

ngx_int_t ngx_pay_tick_handler(ngx_http_request_t *r);

/* 1 if there is something to do */
ngx_uint_t ngx_pay_tick_due(ngx_pay_main_conf_t *mcf);

/* in a worker */
void ngx_pay_ticker_start(ngx_cycle_t *cycle);
void ngx_pay_ticker_stop(void);


#endif /* NGX_PAY_TICK_H_INCLUDED */
