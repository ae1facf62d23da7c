
/*
 * Copyright (C) the ngx_pay authors
 *
 * pay_channel NAME { driver ...; ... }: the lines that every channel has.
 * Those of its driver are in ngx_pay_conf_param.c.
 */

#include <ngx_pay.h>


static char *ngx_pay_channel_driver(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_pay_channel_mode(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_pay_channel_host(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


static ngx_command_t  ngx_pay_channel_commands[] = {

    { ngx_string("driver"), NGX_CONF_TAKE1, ngx_pay_channel_driver, 0, 0,
      NULL },

    { ngx_string("mode"), NGX_CONF_TAKE1, ngx_pay_channel_mode, 0, 0, NULL },

    { ngx_string("host"), NGX_CONF_TAKE1, ngx_pay_channel_host, 0, 0, NULL },

    { ngx_string("notify_url"), NGX_CONF_TAKE1, ngx_conf_set_str_slot, 0,
      offsetof(ngx_pay_channel_t, notify_url), NULL },

    { ngx_string("upstream"), NGX_CONF_TAKE1, ngx_conf_set_str_slot, 0,
      offsetof(ngx_pay_channel_t, upstream), NULL },

    { ngx_string("pay_call"), NGX_CONF_TAKE1, ngx_conf_set_str_slot, 0,
      offsetof(ngx_pay_channel_t, call), NULL },

    { ngx_string("order_expires"), NGX_CONF_TAKE1, ngx_conf_set_sec_slot, 0,
      offsetof(ngx_pay_channel_t, order_expires), NULL },

      ngx_null_command
};


static void
ngx_pay_channel_cleanup(void *data)
{
    ngx_pay_conf_params_free(data);
}


static ngx_pay_channel_t *
ngx_pay_channel_create(ngx_conf_t *cf, ngx_pay_main_conf_t *mcf,
    ngx_str_t *name)
{
    ngx_pay_channel_t   *ch, **p;
    ngx_pool_cleanup_t  *cln;

    ch = ngx_pcalloc(cf->pool, sizeof(ngx_pay_channel_t));
    cln = ngx_pool_cleanup_add(cf->pool, 0);
    p = ngx_array_push(&mcf->channels);

    if (ch == NULL || cln == NULL || p == NULL
        || ngx_array_init(&ch->accounts, cf->pool, 2, sizeof(void *))
           != NGX_OK)
    {
        return NULL;
    }

    cln->handler = ngx_pay_channel_cleanup;
    cln->data = ch;
    *p = ch;

    ch->name = *name;
    ch->core.name = ngx_pay_str(name);
    ch->order_expires = NGX_CONF_UNSET;
    ch->file = cf->conf_file->file.name.data;
    ch->line = cf->conf_file->line;

    return ch;
}


static char *
ngx_pay_channel_fail(ngx_conf_t *cf, ngx_pay_channel_t *ch, const char *what,
    const char *why)
{
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "pay_channel \"%V\": %s%s",
                       &ch->name, what, why);

    return NGX_CONF_ERROR;
}


static ngx_uint_t
ngx_pay_channel_url(ngx_str_t *url, ngx_uint_t sandbox)
{
    ngx_uint_t  i;

    if (url->len > 256
        || !((url->len > 8 && ngx_strncmp(url->data, "https://", 8) == 0)
             || (sandbox && url->len > 7
                 && ngx_strncmp(url->data, "http://", 7) == 0)))
    {
        return 0;
    }

    for (i = 0; i < url->len; i++) {
        if (url->data[i] <= 0x20 || url->data[i] >= 0x7f
            || ngx_strchr("?#@\"\\<>", url->data[i]))
        {
            return 0;
        }
    }

    return 1;
}


static char *
ngx_pay_channel_hosts(ngx_conf_t *cf, ngx_pay_channel_t *ch)
{
    const char *const  *h;

    h = ch->core.driver->can->hosts;

    if (ch->core.host.len == 0) {

        if (ch->core.sandbox) {
            return ngx_pay_channel_fail(cf, ch, "\"mode sandbox\" needs a ",
                           "\"host\", as \"host http://127.0.0.1:8082;\"");
        }

        ch->core.host = pay_strz(*h);
        return NGX_CONF_OK;
    }

    if (ch->core.sandbox) {

        for ( /* void */ ; *h; h++) {
            if (pay_str_eqz(ch->core.host, *h)) {
                return ngx_pay_channel_fail(cf, ch, "\"host\" is a real one,",
                                            " and \"mode\" is sandbox");
            }
        }

        return NGX_CONF_OK;
    }

    for ( /* void */ ; *h; h++) {
        if (pay_str_eqz(ch->core.host, *h)) {
            return NGX_CONF_OK;
        }
    }

    return ngx_pay_channel_fail(cf, ch, "\"host\" is none of the driver's: ",
                                "another needs \"mode sandbox\"");
}


static void
ngx_pay_channel_tell(ngx_conf_t *cf, ngx_pay_channel_t *ch)
{
    time_t     left;
    int64_t    not_after;
    ngx_str_t  driver, s;
    pay_str_t  serial;

    serial = PAY_STR("");
    not_after = 0;

    if (ch->core.driver->expiry) {
        ch->core.driver->expiry(&ch->core, &serial, &not_after);
    }

    driver = ngx_pay_nstr(ch->core.driver->name);
    s = ngx_pay_nstr(serial);
    left = (time_t) not_after - ngx_time();

    ngx_conf_log_error(NGX_LOG_NOTICE, cf, 0,
                       "pay_channel \"%V\": driver %V%s, serial %V, "
                       "%T days left",
                       &ch->name, &driver,
                       ch->core.sandbox ? " (sandbox)" : "", &s,
                       left / 86400);

    if (not_after && left < 30 * 86400) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "pay_channel \"%V\": its certificate %s",
                           &ch->name, left < 0 ? "has expired"
                                      : "expires within 30 days");
    }
}


static char *
ngx_pay_channel_finish(ngx_conf_t *cf, ngx_pay_channel_t *ch)
{
    const char  *why;

    if (ch->core.driver == NULL) {
        return ngx_pay_channel_fail(cf, ch, "has no ", "\"driver\"");
    }

    if (ch->notify_url.len == 0
        || !ngx_pay_channel_url(&ch->notify_url, ch->core.sandbox))
    {
        return ngx_pay_channel_fail(cf, ch, "\"notify_url\" must be there: ",
                                    "https:// (http:// in mode sandbox), at "
                                    "most 256 characters, no query string");
    }

    ngx_conf_init_value(ch->order_expires, 7200);

    if (ch->order_expires < ch->core.driver->can->expires_min
        || ch->order_expires > ch->core.driver->can->expires_max)
    {
        return ngx_pay_channel_fail(cf, ch, "\"order_expires\" is outside ",
                                    "of the channel's limits");
    }

    ch->core.notify_url = ngx_pay_str(&ch->notify_url);
    ch->core.order_expires = ch->order_expires;

    if (ngx_pay_channel_hosts(cf, ch) != NGX_CONF_OK
        || ngx_pay_conf_required(cf, ch) != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (ch->core.driver->check
        && ch->core.driver->check(&ch->core, &why) != PAY_OK)
    {
        return ngx_pay_channel_fail(cf, ch, "", why);
    }

    ngx_pay_channel_tell(cf, ch);

    return NGX_CONF_OK;
}


char *
ngx_pay_conf_channel(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_pay_main_conf_t  *mcf = conf;

    char                 *rv;
    ngx_str_t            *value;
    ngx_pay_channel_t    *ch;

    value = cf->args->elts;

    if (!pay_str_token(ngx_pay_str(&value[1]), "._-", 1, 63)) {
        return "must have a name of 1 to 63 characters of A-Z a-z 0-9 . _ -";
    }

    if (ngx_pay_channel_find(mcf, &value[1])) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "pay_channel \"%V\" is duplicate", &value[1]);
        return NGX_CONF_ERROR;
    }

    ch = ngx_pay_channel_create(cf, mcf, &value[1]);
    if (ch == NULL) {
        return NGX_CONF_ERROR;
    }

    rv = ngx_pay_conf_block(cf, ngx_pay_channel_commands, ch, "pay_channel",
                            &ch->name, ngx_pay_conf_param);

    return rv == NGX_CONF_OK ? ngx_pay_channel_finish(cf, ch) : rv;
}


static char *
ngx_pay_channel_driver(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_pay_channel_t  *ch = conf;

    ngx_str_t          *value;

    if (ch->core.driver) {
        return "is duplicate";
    }

    value = cf->args->elts;

    ch->core.driver = pay_driver_find(ngx_pay_str(&value[1]));

    if (ch->core.driver == NULL) {
        return "is not a driver that this module has";
    }

    ch->core.conf = ngx_pcalloc(cf->pool, ch->core.driver->conf_size);

    return ch->core.conf ? NGX_CONF_OK : NGX_CONF_ERROR;
}


static char *
ngx_pay_channel_mode(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_pay_channel_t  *ch = conf;

    ngx_str_t          *value = cf->args->elts;

    if (ch->mode) {
        return "is duplicate";
    }

    ch->mode = 1;

    if (ngx_strcmp(value[1].data, "sandbox") == 0) {
        ch->core.sandbox = 1;
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(value[1].data, "live") == 0) {
        ch->core.sandbox = 0;
        return NGX_CONF_OK;
    }

    return "must be \"live\" or \"sandbox\"";
}


static char *
ngx_pay_channel_host(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_pay_channel_t  *ch = conf;

    ngx_str_t          *value = cf->args->elts;

    if (ch->core.host.len) {
        return "is duplicate";
    }

    /* scheme://name[:port], no path */

    if (!ngx_pay_channel_url(&value[1], 1)
        || ngx_strchr(value[1].data + 8, '/'))
    {
        return "must be scheme://name[:port]";
    }

    ch->core.host = ngx_pay_str(&value[1]);

    return NGX_CONF_OK;
}
