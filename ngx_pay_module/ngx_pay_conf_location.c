
/*
 * Copyright (C) the ngx_pay authors
 *
 * The directives that say what a location is for.
 */

#include <ngx_pay.h>
#include <sandbox/pay_sandbox.h>


/* where a complaint about the location is to send its reader */

static void
ngx_pay_conf_place(ngx_conf_t *cf, ngx_pay_loc_conf_t *plcf)
{
    plcf->file = cf->conf_file->file.name.data;
    plcf->line = cf->conf_file->line;
}


static char *
ngx_pay_conf_handler(ngx_conf_t *cf, ngx_pay_loc_conf_t *plcf,
    ngx_http_handler_pt handler)
{
    ngx_http_core_loc_conf_t  *clcf;

    ngx_pay_conf_place(cf, plcf);

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->handler) {
        return "conflicts with another handler of this location";
    }

    clcf->handler = handler;

    return NGX_CONF_OK;
}


char *
ngx_pay_conf_auth(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_pay_loc_conf_t  *plcf = conf;

    if (plcf->file == NULL) {
        ngx_pay_conf_place(cf, plcf);
    }

    return ngx_conf_set_flag_slot(cf, cmd, conf);
}


char *
ngx_pay_conf_store_error(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_str_t            *value = cf->args->elts;
    ngx_pay_loc_conf_t   *plcf = conf;
    ngx_pay_main_conf_t  *mcf;

    if (plcf->store_error != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    if (ngx_strcmp(value[1].data, "deny") == 0) {
        plcf->store_error = NGX_PAY_STORE_DENY;

    } else if (ngx_strcmp(value[1].data, "zone") == 0) {
        plcf->store_error = NGX_PAY_STORE_ZONE;

    } else if (ngx_strcmp(value[1].data, "allow") == 0) {
        plcf->store_error = NGX_PAY_STORE_ALLOW;

    } else {
        return "must be \"deny\", \"zone\" or \"allow\"";
    }

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_pay_module);

    if (plcf->store_error == NGX_PAY_STORE_ZONE
        && mcf->zone_policy_file == NULL)
    {
        mcf->zone_policy_file = cf->conf_file->file.name.data;
        mcf->zone_policy_line = cf->conf_file->line;
    }

    return NGX_CONF_OK;
}


char *
ngx_pay_conf_api(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_pay_loc_conf_t  *plcf = conf;

    if (plcf->api) {
        return "is duplicate";
    }

    plcf->api = 1;

    return ngx_pay_conf_handler(cf, plcf, ngx_pay_api_handler);
}


char *
ngx_pay_conf_notify(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_str_t           *value = cf->args->elts;
    ngx_pay_loc_conf_t  *plcf = conf;

    if (plcf->notify_name.data) {
        return "is duplicate";
    }

    plcf->notify_name = value[1];

    ngx_pay_conf_place(cf, plcf);

    if (ngx_strcmp(value[1].data, "off") == 0) {
        plcf->notify_name.len = 0;
    }

    return NGX_CONF_OK;
}


char *
ngx_pay_conf_call(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_str_t           *value = cf->args->elts;
    ngx_pay_loc_conf_t  *plcf = conf;

    if (plcf->call.data) {
        return "is duplicate";
    }

    if (value[1].len == 0 || value[1].data[0] != '/') {
        return "must be the URI of an internal location, as /_pay";
    }

    plcf->call = value[1];

    return NGX_CONF_OK;
}


char *
ngx_pay_conf_status(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_str_t           *value = cf->args->elts;
    ngx_pay_loc_conf_t  *plcf = conf;

    if (plcf->status) {
        return "is duplicate";
    }

    if (ngx_strcmp(value[1].data, "json") == 0) {
        plcf->status = NGX_PAY_STATUS_JSON;

    } else if (ngx_strcmp(value[1].data, "prometheus") == 0) {
        plcf->status = NGX_PAY_STATUS_PROMETHEUS;

    } else {
        return "must be \"json\" or \"prometheus\"";
    }

    return ngx_pay_conf_handler(cf, plcf, ngx_pay_status_handler);
}


char *
ngx_pay_conf_sandbox(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_str_t           *value = cf->args->elts;
    ngx_pay_loc_conf_t  *plcf = conf;

    if (plcf->sandbox) {
        return "is duplicate";
    }

    if (ngx_strcmp(value[1].data, "checkout") == 0) {
        plcf->sandbox = NGX_PAY_SANDBOX_CHECKOUT;

    } else if (ngx_strcmp(value[1].data, "inbox") == 0) {
        plcf->sandbox = NGX_PAY_SANDBOX_INBOX;

    } else {
        plcf->sandbox = NGX_PAY_SANDBOX_SIMULATOR;
        plcf->simulator = pay_simulator_find(ngx_pay_str(&value[1]));

        if (plcf->simulator == NULL) {
            return "must be \"checkout\", \"inbox\" or the name of a driver "
                   "that has a simulator";
        }
    }

    return ngx_pay_conf_handler(cf, plcf, ngx_pay_sandbox_handler);
}
