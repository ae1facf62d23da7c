
/*
 * Copyright (C) the ngx_pay authors
 *
 * What reads the configuration; a part of ngx_pay.h.
 */

#ifndef NGX_PAY_CONF_H_INCLUDED
#define NGX_PAY_CONF_H_INCLUDED


char *ngx_pay_conf_channel(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_pay_conf_merchant(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_pay_conf_secret(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_pay_conf_auth(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_pay_conf_store_error(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_pay_conf_api(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_pay_conf_notify(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_pay_conf_status(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_pay_conf_sandbox(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_pay_conf_call(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_pay_conf_init(ngx_conf_t *cf, ngx_pay_main_conf_t *mcf);
ngx_int_t ngx_pay_conf_check(ngx_conf_t *cf, ngx_pay_main_conf_t *mcf);

/*
 * The status of which an error_page of that location may make a success, or
 * 0; gate: only of those that the gate gives.  And the complaint about it.
 */
ngx_uint_t ngx_pay_conf_pages(ngx_http_core_loc_conf_t *clcf, ngx_uint_t gate);
ngx_int_t ngx_pay_conf_gate_pages(ngx_conf_t *cf,
    ngx_http_core_loc_conf_t *clcf, ngx_pay_loc_conf_t *plcf);

/*
 * A small file, whole, in the pool, which wipes it when it goes; an error has
 * been logged with file and line.  ..._secret: one that is nobody else's to
 * read, else there is a warning.
 */
ngx_int_t ngx_pay_conf_file(ngx_conf_t *cf, ngx_pool_t *pool, ngx_str_t *name,
    ngx_str_t *out);
ngx_int_t ngx_pay_conf_file_secret(ngx_conf_t *cf, ngx_pool_t *pool,
    ngx_str_t *name, ngx_str_t *out);
void ngx_pay_conf_wipe(ngx_str_t *s);

/* lines of pay_merchant; and the checks when all keys are known */
char *ngx_pay_conf_key_secret(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_pay_conf_key_public(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
ngx_int_t ngx_pay_conf_keys(ngx_conf_t *cf, ngx_pay_main_conf_t *mcf);

/* lives as long as the configuration */
pay_mac_key_t *ngx_pay_conf_mac(ngx_conf_t *cf, pay_str_t secret);

/* a line of a channel's block that is its driver's; the block's end */
char *ngx_pay_conf_param(ngx_conf_t *cf, void *conf);
char *ngx_pay_conf_required(ngx_conf_t *cf, ngx_pay_channel_t *ch);
void ngx_pay_conf_params_wake(ngx_pay_channel_t *ch, ngx_log_t *log);
void ngx_pay_conf_params_free(ngx_pay_channel_t *ch);

/*
 * Runs a block of "name args;" lines through a table of ours.  name may be
 * NULL.
 */
typedef char *(*ngx_pay_conf_other_pt)(ngx_conf_t *cf, void *conf);

char *ngx_pay_conf_block(ngx_conf_t *cf, ngx_command_t *cmds, void *conf,
    const char *what, ngx_str_t *name, ngx_pay_conf_other_pt other);


#endif /* NGX_PAY_CONF_H_INCLUDED */
