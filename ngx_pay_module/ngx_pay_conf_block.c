
/*
 * Copyright (C) the ngx_pay authors
 *
 * Configuration: blocks of our own directives, key files.
 */

#include <ngx_pay.h>


#define NGX_PAY_FILE_MAX  (64 * 1024)


typedef struct {
    ngx_command_t          *cmds;
    void                   *conf;
    const char             *what;
    ngx_str_t              *name;
    ngx_pay_conf_other_pt   other;
} ngx_pay_block_t;


static const ngx_uint_t  ngx_pay_args[] = {
    NGX_CONF_NOARGS, NGX_CONF_TAKE1, NGX_CONF_TAKE2, NGX_CONF_TAKE3,
    NGX_CONF_TAKE4, NGX_CONF_TAKE5, NGX_CONF_TAKE6, NGX_CONF_TAKE7
};


/* "name args;" of a block of ours, by a command table of ours */

static char *
ngx_pay_conf_item(ngx_conf_t *cf, ngx_command_t *dummy, void *conf)
{
    ngx_pay_block_t  *block = conf;

    char             *rv;
    ngx_str_t        *value;
    ngx_uint_t        n;
    ngx_command_t    *cmd;

    value = cf->args->elts;
    n = cf->args->nelts - 1;

    if (ngx_strcmp(value[0].data, "include") == 0 && n == 1) {
        return ngx_conf_include(cf, dummy, conf);
    }

    for (cmd = block->cmds; cmd->name.len; cmd++) {

        if (cmd->name.len == value[0].len
            && ngx_strcmp(cmd->name.data, value[0].data) == 0)
        {
            break;
        }
    }

    if (cmd->name.len == 0) {
        rv = block->other ? block->other(cf, block->conf)
                          : "is not a directive of this block";

    } else if (!(cmd->type & NGX_CONF_1MORE && n >= 1)
               && !(n < NGX_CONF_MAX_ARGS && cmd->type & ngx_pay_args[n]))
    {
        rv = "has an invalid number of arguments";

    } else {
        rv = cmd->set(cf, cmd, block->conf);
    }

    if (rv == NGX_CONF_OK || rv == NGX_CONF_ERROR) {
        return rv;
    }

    if (block->name) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"%V\" in %s \"%V\" %s",
                           &value[0], block->what, block->name, rv);

    } else {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"%V\" in %s %s",
                           &value[0], block->what, rv);
    }

    return NGX_CONF_ERROR;
}


char *
ngx_pay_conf_block(ngx_conf_t *cf, ngx_command_t *cmds, void *conf,
    const char *what, ngx_str_t *name, ngx_pay_conf_other_pt other)
{
    char             *rv;
    ngx_conf_t        save;
    ngx_pay_block_t   block;

    block.cmds = cmds;
    block.conf = conf;
    block.what = what;
    block.name = name;
    block.other = other;

    save = *cf;

    cf->handler = ngx_pay_conf_item;
    cf->handler_conf = (void *) &block;

    rv = ngx_conf_parse(cf, NULL);

    *cf = save;

    return rv;
}


void
ngx_pay_conf_wipe(ngx_str_t *s)
{
    if (s->len) {
        ngx_explicit_memzero(s->data, s->len);
        s->len = 0;
    }
}


static void
ngx_pay_conf_wipe_cleanup(void *data)
{
    ngx_pay_conf_wipe(data);
}


static ngx_int_t
ngx_pay_conf_read(ngx_conf_t *cf, ngx_pool_t *pool, ngx_fd_t fd,
    ngx_str_t *path, ngx_str_t *out, ngx_uint_t secret)
{
    size_t            size;
    ssize_t           n;
    ngx_file_info_t   fi;

    if (ngx_fd_info(fd, &fi) == NGX_FILE_ERROR || !ngx_is_file(&fi)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" is not a regular file", path);
        return NGX_ERROR;
    }

    size = (size_t) ngx_file_size(&fi);

    if (size == 0 || size > NGX_PAY_FILE_MAX) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"%V\" is %s", path,
                           size ? "larger than 64 KiB" : "empty");
        return NGX_ERROR;
    }

    if (secret && (ngx_file_access(&fi) & 0044)) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "\"%V\" is a secret that others may read: chmod "
                           "go-r", path);
    }

    out->data = ngx_pnalloc(pool, size);
    if (out->data == NULL) {
        return NGX_ERROR;
    }

    n = ngx_read_fd(fd, out->data, size);

    if (n != (ssize_t) size) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           "reading \"%V\" failed", path);
        return NGX_ERROR;
    }

    out->len = size;

    return NGX_OK;
}


static ngx_int_t
ngx_pay_conf_open(ngx_conf_t *cf, ngx_pool_t *pool, ngx_str_t *name,
    ngx_str_t *out, ngx_uint_t secret)
{
    ngx_fd_t             fd;
    ngx_int_t            rc;
    ngx_str_t            path, *kept;
    ngx_pool_cleanup_t  *cln;

    path = *name;

    if (ngx_conf_full_name(cf->cycle, &path, 1) != NGX_OK) {
        return NGX_ERROR;
    }

    cln = ngx_pool_cleanup_add(pool, sizeof(ngx_str_t));
    if (cln == NULL) {
        return NGX_ERROR;
    }

    kept = cln->data;
    ngx_str_null(kept);
    cln->handler = ngx_pay_conf_wipe_cleanup;

    fd = ngx_open_file(path.data, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_open_file_n " \"%V\" failed", &path);
        return NGX_ERROR;
    }

    rc = ngx_pay_conf_read(cf, pool, fd, &path, out, secret);

    if (ngx_close_file(fd) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, ngx_errno,
                           ngx_close_file_n " \"%V\" failed", &path);
    }

    if (rc == NGX_OK) {
        *kept = *out;
    }

    return rc;
}


ngx_int_t
ngx_pay_conf_file(ngx_conf_t *cf, ngx_pool_t *pool, ngx_str_t *name,
    ngx_str_t *out)
{
    return ngx_pay_conf_open(cf, pool, name, out, 0);
}


ngx_int_t
ngx_pay_conf_file_secret(ngx_conf_t *cf, ngx_pool_t *pool, ngx_str_t *name,
    ngx_str_t *out)
{
    return ngx_pay_conf_open(cf, pool, name, out, 1);
}
