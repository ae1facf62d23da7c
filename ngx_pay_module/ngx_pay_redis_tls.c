
/*
 * Copyright (C) the ngx_pay authors
 *
 * Redis: TLS, where config has found hiredis' library for it.  The server is
 * always verified, by CA and name; hiredis itself would not look at the name.
 */

#include <ngx_pay_redis.h>


#if (NGX_PAY_REDIS_TLS && NGX_OPENSSL)

#include <hiredis/hiredis.h>
#include <hiredis/async.h>
#include <hiredis/hiredis_ssl.h>


static void
ngx_pay_redis_tls_cleanup(void *data)
{
    SSL_CTX_free(data);
}


ngx_int_t
ngx_pay_redis_tls_conf(ngx_conf_t *cf, ngx_pay_redis_t *rd)
{
    SSL_CTX             *ctx;
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    ctx = cln ? SSL_CTX_new(TLS_client_method()) : NULL;

    if (ctx == NULL) {
        ERR_clear_error();
        return NGX_ERROR;
    }

    cln->handler = ngx_pay_redis_tls_cleanup;
    cln->data = ctx;

    if (ngx_conf_full_name(cf->cycle, &rd->tls_ca, 1) != NGX_OK) {
        return NGX_ERROR;
    }

    if (SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1
        || SSL_CTX_load_verify_locations(ctx, (char *) rd->tls_ca.data, NULL)
           != 1)
    {
        ERR_clear_error();
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"tls_ca\" in pay_redis: \"%V\" has no "
                           "certificates that can be read", &rd->tls_ca);
        return NGX_ERROR;
    }

    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);

    rd->tls_ctx = ctx;

    return NGX_OK;
}


static ngx_int_t
ngx_pay_redis_tls_name(SSL *ssl, const char *name)
{
    X509_VERIFY_PARAM  *param = SSL_get0_param(ssl);

    if (X509_VERIFY_PARAM_set1_ip_asc(param, name) == 1) {
        return NGX_OK;
    }

    ERR_clear_error();

    if (SSL_set1_host(ssl, name) != 1
        || SSL_set_tlsext_host_name(ssl, (char *) name) != 1)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


/*
 * hiredis leaves its functions for TLS behind when the handshake fails at
 * once, but not what they need.
 */

ngx_int_t
ngx_pay_redis_tls_start(ngx_pay_redis_t *rd)
{
    SSL                      *ssl;
    redisContext             *c = &rd->ac->c;
    const redisContextFuncs  *plain = c->funcs;

    ssl = SSL_new(rd->tls_ctx);

    if (ssl == NULL
        || ngx_pay_redis_tls_name(ssl, (char *) rd->tls_name.data) != NGX_OK
        || redisInitiateSSL(c, ssl) != REDIS_OK)
    {
        c->funcs = plain;
        SSL_free(ssl);
        return NGX_ERROR;
    }

    ERR_clear_error();

    return NGX_OK;
}


const char *
ngx_pay_redis_tls_error(ngx_pay_redis_t *rd)
{
    return rd->tls ? ERR_reason_error_string(ERR_peek_last_error()) : NULL;
}


void
ngx_pay_redis_tls_clear(ngx_pay_redis_t *rd)
{
    /* what hiredis leaves behind, nginx would take for another connection's */

    if (rd->tls) {
        ERR_clear_error();
    }
}


#else


ngx_int_t
ngx_pay_redis_tls_conf(ngx_conf_t *cf, ngx_pay_redis_t *rd)
{
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"tls on\" in pay_redis needs a build with hiredis "
                       "1.0 or newer and its TLS library; a local TLS tunnel "
                       "is another way");

    return NGX_ERROR;
}


ngx_int_t
ngx_pay_redis_tls_start(ngx_pay_redis_t *rd)
{
    return NGX_ERROR;
}


const char *
ngx_pay_redis_tls_error(ngx_pay_redis_t *rd)
{
    return NULL;
}


void
ngx_pay_redis_tls_clear(ngx_pay_redis_t *rd)
{
}

#endif
