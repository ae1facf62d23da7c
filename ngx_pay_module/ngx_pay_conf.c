
/*
 * Copyright (C) the ngx_pay authors
 *
 * Configuration: names, and what they stand for.
 */

#include <ngx_pay.h>


/* pay_secret FILE: signs the text that channels give back */

char *
ngx_pay_conf_secret(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_pay_main_conf_t  *mcf = conf;

    pay_str_t             secret;
    ngx_str_t            *value, file;
    const char           *why;

    if (mcf->secret) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_pay_conf_file(cf, cf->temp_pool, &value[1], &file) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (pay_secret_file(ngx_pay_str(&file), PAY_SECRET_MIN, &secret, &why)
        != PAY_OK)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "pay_secret \"%V\": %s",
                           &value[1], why);
        return NGX_CONF_ERROR;
    }

    mcf->secret = ngx_pay_conf_mac(cf, secret);
    if (mcf->secret == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_pay_conf_wipe(&file);

    return NGX_CONF_OK;
}


ngx_pay_channel_t *
ngx_pay_channel_find(ngx_pay_main_conf_t *mcf, ngx_str_t *name)
{
    ngx_uint_t           i;
    ngx_pay_channel_t  **ch;

    ch = mcf->channels.elts;

    for (i = 0; i < mcf->channels.nelts; i++) {

        if (ch[i]->name.len == name->len
            && ngx_memcmp(ch[i]->name.data, name->data, name->len) == 0)
        {
            return ch[i];
        }
    }

    return NULL;
}


static ngx_int_t
ngx_pay_conf_resolve(ngx_conf_t *cf, ngx_pay_main_conf_t *mcf,
    ngx_pay_merchant_t *m)
{
    ngx_str_t           *name;
    ngx_uint_t           i;
    ngx_pay_channel_t   *ch, **p;

    name = m->channel_names.elts;

    for (i = 0; i < m->channel_names.nelts; i++) {

        ch = ngx_pay_channel_find(mcf, &name[i]);

        if (ch == NULL) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "\"channel %V\" in pay_merchant \"%V\": there is "
                          "no such pay_channel in %s:%ui",
                          &name[i], &m->id, m->file, m->line);
            return NGX_ERROR;
        }

        if (ch->merchant) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "pay_channel \"%V\" is named by pay_merchant \"%V\""
                          " and by pay_merchant \"%V\": whose order a notice "
                          "speaks of could not be told in %s:%ui",
                          &ch->name, &ch->merchant->id, &m->id,
                          m->file, m->line);
            return NGX_ERROR;
        }

        p = ngx_array_push(&m->channels);
        if (p == NULL) {
            return NGX_ERROR;
        }

        *p = ch;
        ch->merchant = m;
    }

    return NGX_OK;
}


char *
ngx_pay_conf_init(ngx_conf_t *cf, ngx_pay_main_conf_t *mcf)
{
    ngx_uint_t            i;
    ngx_pay_merchant_t  **m;

    m = mcf->merchant_list.elts;

    for (i = 0; i < mcf->merchant_list.nelts; i++) {
        if (ngx_pay_conf_resolve(cf, mcf, m[i]) != NGX_OK) {
            return NGX_CONF_ERROR;
        }
    }

    if (ngx_pay_conf_keys(cf, mcf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (mcf->channels.nelts) {
        mcf->threads = ngx_thread_pool_add(cf, NULL);

        if (mcf->threads == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}
