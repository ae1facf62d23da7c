
/*
 * Copyright (C) the ngx_pay authors
 *
 * The sandbox's part of the glue.
 */

#ifndef NGX_PAY_SANDBOX_H_INCLUDED
#define NGX_PAY_SANDBOX_H_INCLUDED


#include <ngx_pay_talk.h>
#include <sandbox/pay_sandbox.h>


ngx_int_t ngx_pay_sandbox_sim(ngx_http_request_t *r, ngx_pay_loc_conf_t *plcf,
    pay_arena_t *arena, pay_sim_t *s);
ngx_int_t ngx_pay_sandbox_load(ngx_pay_zone_t *zone, pay_sim_t *s,
    pay_u8 key[16], pay_rec_t *rec);
ngx_uint_t ngx_pay_sandbox_json(ngx_http_request_t *r);
pay_lang_t ngx_pay_sandbox_lang(ngx_http_request_t *r);
ngx_int_t ngx_pay_sandbox_page(ngx_http_request_t *r, ngx_uint_t status,
    pay_str_t text, ngx_uint_t json);

ngx_int_t ngx_pay_checkout(ngx_http_request_t *r, ngx_pay_loc_conf_t *plcf,
    pay_arena_t *arena);


#endif /* NGX_PAY_SANDBOX_H_INCLUDED */
