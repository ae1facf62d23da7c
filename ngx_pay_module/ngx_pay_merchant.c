
/*
 * Copyright (C) the ngx_pay authors
 *
 * Who a merchant's name is: an open table, at most half full, so that a
 * request costs the same with ten merchants and with ten thousand.
 */

#include <ngx_pay.h>


#define NGX_PAY_MERCHANTS_MIN  16


/* the table is never full: there is an empty slot for each name */

static void
ngx_pay_merchant_place(ngx_pay_merchants_t *t, ngx_pay_merchant_t *m)
{
    ngx_uint_t  n;

    for (n = 0; t->slots[(m->hash + n) & t->mask]; n++) { /* void */ }

    t->slots[(m->hash + n) & t->mask] = m;

    if (t->longest < n + 1) {
        t->longest = n + 1;
    }
}


static ngx_int_t
ngx_pay_merchant_grow(ngx_pool_t *pool, ngx_pay_merchants_t *t)
{
    ngx_uint_t           i;
    ngx_pay_merchants_t  larger;

    larger.mask = t->slots ? 2 * t->mask + 1 : NGX_PAY_MERCHANTS_MIN - 1;
    larger.used = t->used;
    larger.longest = 0;
    larger.slots = ngx_pcalloc(pool, (larger.mask + 1) * sizeof(void *));

    if (larger.slots == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; t->slots && i <= t->mask; i++) {
        if (t->slots[i]) {
            ngx_pay_merchant_place(&larger, t->slots[i]);
        }
    }

    if (t->slots) {
        ngx_pfree(pool, t->slots);
    }

    *t = larger;

    return NGX_OK;
}


ngx_int_t
ngx_pay_merchant_add(ngx_pool_t *pool, ngx_pay_merchants_t *t,
    ngx_pay_merchant_t *m)
{
    if (2 * t->used >= t->mask && ngx_pay_merchant_grow(pool, t) != NGX_OK) {
        return NGX_ERROR;
    }

    m->hash = ngx_crc32_short(m->id.data, m->id.len);
    t->used++;

    ngx_pay_merchant_place(t, m);

    return NGX_OK;
}


ngx_pay_merchant_t *
ngx_pay_merchant_find(ngx_pay_main_conf_t *mcf, pay_str_t id)
{
    uint32_t              hash;
    ngx_uint_t            n;
    ngx_pay_merchant_t   *m;
    ngx_pay_merchants_t  *t;

    t = &mcf->merchants;
    hash = ngx_crc32_short((u_char *) id.data, id.len);

    for (n = 0; n < t->longest; n++) {

        m = t->slots[(hash + n) & t->mask];

        if (m == NULL) {
            return NULL;
        }

        if (m->hash == hash && pay_str_eq(ngx_pay_str(&m->id), id)) {
            return m;
        }
    }

    return NULL;
}


ngx_pay_account_t *
ngx_pay_merchant_account(ngx_pay_merchant_t *m, ngx_pay_channel_t *ch)
{
    ngx_uint_t          i;
    ngx_pay_account_t  *account;

    account = m->channels.elts;

    for (i = 0; i < m->channels.nelts; i++) {
        if (account[i].channel == ch) {
            return &account[i];
        }
    }

    return NULL;
}
