
/*
 * Copyright (C) the ngx_pay authors
 *
 * pay_redis { ... }
 */

#include <ngx_pay.h>
#include <ngx_pay_redis.h>


#define NGX_PAY_REDIS_TIMEOUT_MAX   10000
#define NGX_PAY_REDIS_DATABASE_MAX  65535


static char *ngx_pay_redis_conf_server(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_pay_redis_conf_password(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_pay_redis_check_tls(ngx_conf_t *cf, void *post, void *data);
static char *ngx_pay_redis_check_time(ngx_conf_t *cf, void *post, void *data);
static char *ngx_pay_redis_check_word(ngx_conf_t *cf, void *post, void *data);
static char *ngx_pay_redis_check_database(ngx_conf_t *cf, void *post,
    void *data);


static ngx_conf_post_t  ngx_pay_redis_tls = { ngx_pay_redis_check_tls };
static ngx_conf_post_t  ngx_pay_redis_time = { ngx_pay_redis_check_time };
static ngx_conf_post_t  ngx_pay_redis_word = { ngx_pay_redis_check_word };
static ngx_conf_post_t  ngx_pay_redis_db = { ngx_pay_redis_check_database };


static ngx_command_t  ngx_pay_redis_commands[] = {

    { ngx_string("server"), NGX_CONF_TAKE1, ngx_pay_redis_conf_server, 0, 0,
      NULL },

    { ngx_string("user"), NGX_CONF_TAKE1, ngx_conf_set_str_slot, 0,
      offsetof(ngx_pay_redis_t, user), &ngx_pay_redis_word },

    { ngx_string("password_file"), NGX_CONF_TAKE1,
      ngx_pay_redis_conf_password, 0, 0, NULL },

    { ngx_string("database"), NGX_CONF_TAKE1, ngx_conf_set_num_slot, 0,
      offsetof(ngx_pay_redis_t, database), &ngx_pay_redis_db },

    { ngx_string("key_prefix"), NGX_CONF_TAKE1, ngx_conf_set_str_slot, 0,
      offsetof(ngx_pay_redis_t, key_prefix), &ngx_pay_redis_word },

    { ngx_string("connect_timeout"), NGX_CONF_TAKE1, ngx_conf_set_msec_slot,
      0, offsetof(ngx_pay_redis_t, connect_timeout), &ngx_pay_redis_time },

    { ngx_string("timeout"), NGX_CONF_TAKE1, ngx_conf_set_msec_slot, 0,
      offsetof(ngx_pay_redis_t, timeout), &ngx_pay_redis_time },

    { ngx_string("tls"), NGX_CONF_TAKE1, ngx_conf_set_flag_slot, 0,
      offsetof(ngx_pay_redis_t, tls), &ngx_pay_redis_tls },

    { ngx_string("tls_ca"), NGX_CONF_TAKE1, ngx_conf_set_str_slot, 0,
      offsetof(ngx_pay_redis_t, tls_ca), NULL },

    { ngx_string("tls_name"), NGX_CONF_TAKE1, ngx_conf_set_str_slot, 0,
      offsetof(ngx_pay_redis_t, tls_name), &ngx_pay_redis_word },

      ngx_null_command
};


static ngx_pay_redis_t *
ngx_pay_redis_conf_create(ngx_conf_t *cf)
{
    ngx_pay_redis_t  *rd;

    rd = ngx_pcalloc(cf->pool, sizeof(ngx_pay_redis_t));
    if (rd == NULL) {
        return NULL;
    }

    rd->database = NGX_CONF_UNSET;
    rd->connect_timeout = NGX_CONF_UNSET_MSEC;
    rd->timeout = NGX_CONF_UNSET_MSEC;
    rd->tls = NGX_CONF_UNSET;
    rd->idle = 30000;

    /* so that it may be asked in a process that has no connection */

    rd->log = cf->log;
    rd->stat = &rd->own_stat;
    ngx_queue_init(&rd->waiting);

    return rd;
}


/* what takes more than one line to see; NULL: all is well */

static const char *
ngx_pay_redis_lacks(ngx_pay_redis_t *rd)
{
    if (rd->naddrs == 0) {
        return "has no \"server\"";
    }

    if (rd->user.len && rd->password.len == 0) {
        return "has \"user\", but no \"password_file\"";
    }

    if (!rd->tls) {
        return rd->tls_ca.len || rd->tls_name.len
               ? "has \"tls_ca\" or \"tls_name\", but not \"tls on\"" : NULL;
    }

    if (rd->addrs[0].sockaddr->sa_family == AF_UNIX) {
        return "has \"tls on\" for a unix socket";
    }

    if (rd->tls_ca.len == 0) {
        return "has \"tls on\", but no \"tls_ca\" to verify the server by";
    }

    return NULL;
}


char *
ngx_pay_conf_redis(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char  *p = conf;

    char             *rv;
    const char       *why;
    ngx_pay_redis_t  *rd, **slot;

    slot = (ngx_pay_redis_t **) (p + cmd->offset);

    if (*slot) {
        return "is duplicate";
    }

    rd = ngx_pay_redis_conf_create(cf);
    if (rd == NULL) {
        return NGX_CONF_ERROR;
    }

    *slot = rd;

    rv = ngx_pay_conf_block(cf, ngx_pay_redis_commands, rd, "pay_redis", NULL,
                            NULL);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    ngx_conf_init_value(rd->database, 0);
    ngx_conf_init_msec_value(rd->connect_timeout, 200);
    ngx_conf_init_msec_value(rd->timeout, 200);
    ngx_conf_init_value(rd->tls, 0);

    if (rd->key_prefix.len == 0) {
        ngx_str_set(&rd->key_prefix, "ngxpay:");
    }

    why = ngx_pay_redis_lacks(rd);

    if (why) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "pay_redis %s", why);
        return NGX_CONF_ERROR;
    }

    if (!rd->tls) {
        return NGX_CONF_OK;
    }

    if (rd->tls_name.len == 0) {
        rd->tls_name = rd->host;
    }

    return ngx_pay_redis_tls_conf(cf, rd) == NGX_OK ? NGX_CONF_OK
                                                    : NGX_CONF_ERROR;
}


/* "[::1]" -> "::1", with a NUL behind it */

static ngx_int_t
ngx_pay_redis_host(ngx_conf_t *cf, ngx_pay_redis_t *rd, ngx_str_t host)
{
    if (host.len > 2 && host.data[0] == '[') {
        host.data++;
        host.len -= 2;
    }

    rd->host.len = host.len;
    rd->host.data = ngx_pnalloc(cf->pool, host.len + 1);

    if (rd->host.data == NULL) {
        return NGX_ERROR;
    }

    ngx_cpystrn(rd->host.data, host.data, host.len + 1);

    return NGX_OK;
}


static char *
ngx_pay_redis_conf_server(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_pay_redis_t  *rd = conf;

    ngx_url_t         u;
    ngx_str_t        *value;

    if (rd->naddrs) {
        return "is duplicate";
    }

    value = cf->args->elts;

    ngx_memzero(&u, sizeof(ngx_url_t));
    u.url = value[1];

    if (ngx_parse_url(cf->pool, &u) != NGX_OK) {

        if (u.err) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"server\" in pay_redis: %s in \"%V\"",
                               u.err, &u.url);
        }

        return NGX_CONF_ERROR;
    }

    if (u.family != AF_UNIX && (u.no_port || u.host.len == 0)) {
        return "must be \"host:port\" or \"unix:/path\"";
    }

    rd->server = value[1];
    rd->addrs = u.addrs;
    rd->naddrs = u.naddrs;

    return ngx_pay_redis_host(cf, rd, u.host) == NGX_OK ? NGX_CONF_OK
                                                        : NGX_CONF_ERROR;
}


static char *
ngx_pay_redis_conf_password(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_pay_redis_t  *rd = conf;

    pay_str_t         secret;
    ngx_str_t        *value, file;
    const char       *why;

    if (rd->password.data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_pay_conf_file_secret(cf, cf->pool, &value[1], &file) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (pay_secret_file(ngx_pay_str(&file), 1, &secret, &why) != PAY_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "password_file \"%V\" in pay_redis: %s",
                           &value[1], why);
        return NGX_CONF_ERROR;
    }

    /* it is sent with every connect; the file's bytes are wiped at the end */

    rd->password = ngx_pay_nstr(secret);

    return NGX_CONF_OK;
}


static char *
ngx_pay_redis_check_tls(ngx_conf_t *cf, void *post, void *data)
{
#if !(NGX_PAY_REDIS_TLS && NGX_OPENSSL)
    ngx_flag_t  *tls = data;

    /* here, where the line is known */

    if (*tls) {
        (void) ngx_pay_redis_tls_conf(cf, NULL);
        return NGX_CONF_ERROR;
    }
#endif

    return NGX_CONF_OK;
}


static char *
ngx_pay_redis_check_time(ngx_conf_t *cf, void *post, void *data)
{
    ngx_msec_t  *time = data;

    if (*time < 1 || *time > NGX_PAY_REDIS_TIMEOUT_MAX) {
        return "must be 1ms to 10s";
    }

    return NGX_CONF_OK;
}


static char *
ngx_pay_redis_check_word(ngx_conf_t *cf, void *post, void *data)
{
    ngx_str_t  *s = data;

    if (!pay_str_token(ngx_pay_str(s), "._:{}@/-", 1,
                       NGX_PAY_REDIS_WORD))
    {
        return "must be 1 to 64 characters of A-Z a-z 0-9 . _ : { } @ / -";
    }

    return NGX_CONF_OK;
}


static char *
ngx_pay_redis_check_database(ngx_conf_t *cf, void *post, void *data)
{
    ngx_int_t  *n = data;

    if (*n > NGX_PAY_REDIS_DATABASE_MAX) {
        return "must be 0 to 65535";
    }

    return NGX_CONF_OK;
}
