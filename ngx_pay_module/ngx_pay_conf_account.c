
/*
 * Copyright (C) the ngx_pay authors
 *
 * Merchants on channels: each is there, and where several share one, a notice
 * can be told to be of one of them (docs/design.md section 9).
 */

#include <ngx_pay.h>


static ngx_int_t
ngx_pay_account_fail(ngx_conf_t *cf, ngx_pay_account_t *a,
    ngx_pay_account_t *b, const char *why)
{
    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "pay_channel \"%V\" is named by pay_merchant \"%V\" and by "
                  "pay_merchant \"%V\": %s (%s:%ui) in %s:%ui",
                  &b->name, &a->merchant->id, &b->merchant->id, why, a->file,
                  a->line, b->file, b->line);

    return NGX_ERROR;
}


/* the later one in the configuration is what is wrong */

static ngx_int_t
ngx_pay_account_same(ngx_conf_t *cf, ngx_pay_account_t *a,
    ngx_pay_account_t *b, const char *why)
{
    return a->line > b->line
           ? ngx_pay_account_fail(cf, b, a, why)
           : ngx_pay_account_fail(cf, a, b, why);
}


static int
ngx_pay_account_by_prefix(const void *one, const void *two)
{
    ngx_pay_account_t *const  *a = one;
    ngx_pay_account_t *const  *b = two;

    return pay_str_cmp((*a)->core.prefix, (*b)->core.prefix);
}


static int
ngx_pay_account_by_sub_merchant(const void *one, const void *two)
{
    ngx_pay_account_t *const  *a = one;
    ngx_pay_account_t *const  *b = two;

    return pay_str_cmp((*a)->core.sub_merchant, (*b)->core.sub_merchant);
}


/*
 * In their order a prefix stands right before one that it begins.  Those
 * without a prefix need another sub_merchant than all others have.
 */

static ngx_int_t
ngx_pay_account_apart(ngx_conf_t *cf, ngx_pay_account_t **a, ngx_uint_t n)
{
    ngx_uint_t  i;
    pay_str_t   p, q;

    qsort(a, n, sizeof(ngx_pay_account_t *), ngx_pay_account_by_prefix);

    for (i = 1; i < n; i++) {

        p = a[i - 1]->core.prefix;
        q = a[i]->core.prefix;

        if (p.len && p.len <= q.len && ngx_memcmp(p.data, q.data, p.len) == 0)
        {
            return ngx_pay_account_same(cf, a[i - 1], a[i], "the prefix of "
                                        "one begins that of the other");
        }
    }

    if (n < 2 || a[0]->core.prefix.len) {
        return NGX_OK;
    }

    qsort(a, n, sizeof(ngx_pay_account_t *), ngx_pay_account_by_sub_merchant);

    for (i = 1; i < n; i++) {

        if (a[i - 1]->core.sub_merchant.len == 0
            || pay_str_eq(a[i - 1]->core.sub_merchant,
                          a[i]->core.sub_merchant))
        {
            return ngx_pay_account_same(cf, a[i - 1], a[i], "whose order a "
                                        "notice speaks of could not be told: "
                                        "give each its own \"prefix=\", or "
                                        "its own \"sub_merchant=\"");
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_pay_account_resolve(ngx_conf_t *cf, ngx_pay_main_conf_t *mcf,
    ngx_pay_account_t *account)
{
    ngx_pay_account_t  **p;
    const pay_can_t     *can;

    account->channel = ngx_pay_channel_find(mcf, &account->name);

    if (account->channel == NULL) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"channel %V\" in pay_merchant \"%V\": there is no "
                      "such pay_channel in %s:%ui",
                      &account->name, &account->merchant->id, account->file,
                      account->line);
        return NGX_ERROR;
    }

    can = account->channel->core.driver->can;

    if (account->core.prefix.len >= can->numbers[PAY_KIND_PAYMENT].max) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "the prefix of \"channel %V\" in pay_merchant \"%V\" "
                      "leaves no room for a number in %s:%ui",
                      &account->name, &account->merchant->id, account->file,
                      account->line);
        return NGX_ERROR;
    }

    p = ngx_array_push(&account->channel->accounts);
    if (p == NULL) {
        return NGX_ERROR;
    }

    *p = account;

    return NGX_OK;
}


ngx_int_t
ngx_pay_conf_accounts(ngx_conf_t *cf, ngx_pay_main_conf_t *mcf)
{
    ngx_uint_t            i, k;
    ngx_pay_account_t    *account;
    ngx_pay_channel_t   **ch;
    ngx_pay_merchant_t  **m;

    m = mcf->merchant_list.elts;

    for (i = 0; i < mcf->merchant_list.nelts; i++) {

        account = m[i]->channels.elts;

        for (k = 0; k < m[i]->channels.nelts; k++) {
            if (ngx_pay_account_resolve(cf, mcf, &account[k]) != NGX_OK) {
                return NGX_ERROR;
            }
        }
    }

    ch = mcf->channels.elts;

    for (i = 0; i < mcf->channels.nelts; i++) {
        if (ngx_pay_account_apart(cf, ch[i]->accounts.elts,
                                  ch[i]->accounts.nelts) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}
