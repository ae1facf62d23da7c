
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

    if (ngx_pay_conf_file_secret(cf, cf->temp_pool, &value[1], &file)
        != NGX_OK)
    {
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


char *
ngx_pay_conf_init(ngx_conf_t *cf, ngx_pay_main_conf_t *mcf)
{
    if (ngx_pay_conf_accounts(cf, mcf) != NGX_OK
        || ngx_pay_conf_keys(cf, mcf) != NGX_OK)
    {
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
