
/*
 * Copyright (C) the ngx_pay authors
 *
 * The sandbox's part of the glue.
 */

#ifndef NGX_PAY_SANDBOX_H_INCLUDED
#define NGX_PAY_SANDBOX_H_INCLUDED


#include <ngx_pay_talk.h>
#include <sandbox/pay_sandbox.h>


#define NGX_PAY_SANDBOX_BODY  (256 * 1024)

/* times that it is begun again because another was faster */
#define NGX_PAY_SANDBOX_TRIES  8

/* times that a simulator names more of what it needs */
#define NGX_PAY_SANDBOX_FETCHES  16


/* what the simulator is given of the request */
ngx_int_t ngx_pay_sandbox_sim(ngx_http_request_t *r, ngx_pay_loc_conf_t *plcf,
    pay_arena_t *arena, pay_sim_t *s);

/* NGX_DECLINED: nothing is named that is not there yet */
ngx_int_t ngx_pay_sandbox_load(ngx_pay_zone_t *zone, pay_sim_t *s);
ngx_int_t ngx_pay_sandbox_reload(ngx_pay_zone_t *zone, pay_sim_t *s);

/* NGX_AGAIN: somebody was faster */
ngx_int_t ngx_pay_sandbox_store(ngx_pay_zone_t *zone, pay_sim_t *s);

ngx_uint_t ngx_pay_sandbox_json(ngx_http_request_t *r);
pay_lang_t ngx_pay_sandbox_lang(ngx_http_request_t *r);
ngx_int_t ngx_pay_sandbox_page(ngx_http_request_t *r, ngx_uint_t status,
    pay_str_t text, ngx_uint_t json);

ngx_int_t ngx_pay_inbox(ngx_http_request_t *r, pay_arena_t *arena);
ngx_int_t ngx_pay_checkout(ngx_http_request_t *r, ngx_pay_loc_conf_t *plcf,
    pay_arena_t *arena);


/*
 * Sends the notices of a simulated order that are due, one after the other,
 * each up to three times, as a channel would; what was sent is taken off the
 * order's list.
 */

#define NGX_PAY_COURIER_ATTEMPTS  3
#define NGX_PAY_COURIER_SENT      (PAY_SIM_DUE * NGX_PAY_COURIER_ATTEMPTS)

typedef struct ngx_pay_courier_s  ngx_pay_courier_t;
typedef void (*ngx_pay_courier_pt)(ngx_pay_courier_t *c);

struct ngx_pay_courier_s {
    /* given */
    ngx_http_request_t     *request;    /* whose subrequests carry them */
    ngx_pay_ctx_t          *ctx;
    ngx_pay_zone_t         *zone;
    ngx_str_t               location;   /* of calls */
    const pay_simulator_t  *sim;
    pay_sim_t              *core;       /* channel, order_id, order */
    void                   *data;
    ngx_pay_courier_pt      done;

    /* said */
    pay_sim_sent_t          sent[NGX_PAY_COURIER_SENT];
    size_t                  nsent;

    pay_sim_due_t           notice;     /* the one at hand */
    size_t                  attempt;    /* from 0 */
    size_t                  rounds;
    pay_request_t           letter;
    ngx_event_t             timer;
};

/*
 * By core->due.  NGX_OK: nothing is due; NGX_AGAIN: they are on their way,
 * done is called; NGX_ERROR.
 */
ngx_int_t ngx_pay_courier(ngx_pay_courier_t *c);

/*
 * What an order still has to send is sent by a tick, where there is one: what
 * is due now, not within the next hold seconds.
 */
void ngx_pay_errand_add(ngx_pay_zone_t *zone, pay_sim_t *s, time_t hold);


#endif /* NGX_PAY_SANDBOX_H_INCLUDED */
