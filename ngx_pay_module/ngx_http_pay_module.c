
/*
 * Copyright (C) the ngx_pay authors
 *
 * The module: directives, phases, processes.
 */

#include <ngx_pay_tick.h>
#include <ngx_pay_zone.h>
#include <sandbox/pay_sandbox.h>

#include <sys/prctl.h>


static void *ngx_pay_create_main_conf(ngx_conf_t *cf);
static char *ngx_pay_init_main_conf(ngx_conf_t *cf, void *conf);
static void *ngx_pay_create_loc_conf(ngx_conf_t *cf);
static char *ngx_pay_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);
static char *ngx_pay_merge_noname(ngx_conf_t *cf, ngx_pay_loc_conf_t *prev,
    ngx_pay_loc_conf_t *conf, ngx_http_core_loc_conf_t *clcf);
static ngx_int_t ngx_pay_preconfiguration(ngx_conf_t *cf);
static ngx_int_t ngx_pay_postconfiguration(ngx_conf_t *cf);
static ngx_int_t ngx_pay_init_process(ngx_cycle_t *cycle);
static void ngx_pay_exit_process(ngx_cycle_t *cycle);


static ngx_command_t  ngx_pay_commands[] = {

    { ngx_string("pay_zone"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_pay_conf_zone,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("pay_secret"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_pay_conf_secret,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("pay_channel"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_BLOCK|NGX_CONF_TAKE1,
      ngx_pay_conf_channel,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("pay_merchant"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_BLOCK|NGX_CONF_TAKE1,
      ngx_pay_conf_merchant,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("pay_redis"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_BLOCK|NGX_CONF_NOARGS,
      ngx_pay_conf_redis,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_pay_main_conf_t, redis),
      NULL },

    { ngx_string("pay_debug_core"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_pay_main_conf_t, debug_core),
      NULL },

    { ngx_string("pay_auth"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_pay_conf_auth,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_pay_loc_conf_t, auth),
      NULL },

    { ngx_string("pay_auth_window"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_sec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_pay_loc_conf_t, window),
      NULL },

    { ngx_string("pay_auth_dry_run"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_pay_loc_conf_t, dry_run),
      NULL },

    { ngx_string("pay_store_error"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_pay_conf_store_error,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("pay_api"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_pay_conf_api,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("pay_notify"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_pay_conf_notify,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("pay_call"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_pay_conf_call,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("pay_status"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_pay_conf_status,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("pay_statement_size"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_off_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_pay_loc_conf_t, statement_size),
      NULL },

    { ngx_string("pay_tick"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_pay_conf_tick,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("pay_sandbox"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_pay_conf_sandbox,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_pay_module_ctx = {
    ngx_pay_preconfiguration,              /* preconfiguration */
    ngx_pay_postconfiguration,             /* postconfiguration */

    ngx_pay_create_main_conf,              /* create main configuration */
    ngx_pay_init_main_conf,                /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_pay_create_loc_conf,               /* create location configuration */
    ngx_pay_merge_loc_conf                 /* merge location configuration */
};


ngx_module_t  ngx_http_pay_module = {
    NGX_MODULE_V1,
    &ngx_pay_module_ctx,                   /* module context */
    ngx_pay_commands,                      /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    ngx_pay_resize_done,                   /* init module */
    ngx_pay_init_process,                  /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    ngx_pay_exit_process,                  /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static void *
ngx_pay_create_main_conf(ngx_conf_t *cf)
{
    pay_u8                random[32];
    pay_str_t             secret;
    ngx_pay_main_conf_t  *mcf;

    mcf = ngx_pcalloc(cf->pool, sizeof(ngx_pay_main_conf_t));
    if (mcf == NULL) {
        return NULL;
    }

    mcf->debug_core = NGX_CONF_UNSET;

    if (ngx_array_init(&mcf->channels, cf->pool, 8, sizeof(void *)) != NGX_OK
        || ngx_array_init(&mcf->merchant_list, cf->pool, 8, sizeof(void *))
           != NGX_OK
        || ngx_array_init(&mcf->places, cf->pool, 8, sizeof(ngx_pay_place_t))
           != NGX_OK)
    {
        return NULL;
    }

    secret.data = random;
    secret.len = sizeof(random);

    if (pay_random(random, sizeof(random)) == 0) {
        mcf->dummy = ngx_pay_conf_mac(cf, secret);
    }

    /* a configuration of its own may leave libcrypto without any provider */

    if (mcf->dummy == NULL) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "pay: libcrypto has no random bytes, or no HMAC");
        return NULL;
    }

    return mcf;
}


static char *
ngx_pay_init_main_conf(ngx_conf_t *cf, void *conf)
{
    ngx_pay_main_conf_t  *mcf = conf;

    ngx_conf_init_value(mcf->debug_core, 0);

    return ngx_pay_conf_init(cf, mcf);
}


static void *
ngx_pay_create_loc_conf(ngx_conf_t *cf)
{
    ngx_pay_loc_conf_t  *plcf;

    plcf = ngx_pcalloc(cf->pool, sizeof(ngx_pay_loc_conf_t));
    if (plcf == NULL) {
        return NULL;
    }

    plcf->auth = NGX_CONF_UNSET;
    plcf->dry_run = NGX_CONF_UNSET;
    plcf->store_error = NGX_CONF_UNSET_UINT;
    plcf->window = NGX_CONF_UNSET;
    plcf->statement_size = NGX_CONF_UNSET;

    return plcf;
}


/*
 * proxy_pass is inherited there, so our check has to be; a handler of its own
 * in the block would get around pay_api.
 */

static char *
ngx_pay_merge_noname(ngx_conf_t *cf, ngx_pay_loc_conf_t *prev,
    ngx_pay_loc_conf_t *conf, ngx_http_core_loc_conf_t *clcf)
{
    if (conf->notify_name.data || conf->api || conf->status || conf->sandbox
        || conf->tick)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "pay_api, pay_notify, pay_status, pay_sandbox and "
                           "pay_tick are not for \"if\" or "
                           "\"limit_except\"");
        return NGX_CONF_ERROR;
    }

    conf->api = prev->api;
    conf->notify = prev->notify;
    conf->notify_name = prev->notify_name;
    conf->status = prev->status;
    conf->tick = prev->tick;
    conf->sandbox = prev->sandbox;
    conf->simulator = prev->simulator;
    conf->simulated = prev->simulated;

    if (ngx_pay_conf_gate_pages(cf, clcf, conf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (prev->notify && ngx_pay_conf_pages(clcf, 0)) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "an \"error_page ... =\" within \"if\" that makes a "
                      "success of a failure does not go together with "
                      "\"pay_notify\" in %s:%ui", conf->file, conf->line);
        return NGX_CONF_ERROR;
    }

    if (!prev->api && !prev->status && !prev->sandbox && !prev->tick) {
        return NGX_CONF_OK;
    }

    if (clcf->handler) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "a handler within \"if\" or \"limit_except\" does not "
                      "go together with the directive of its location in "
                      "%s:%ui", conf->file, conf->line);
        return NGX_CONF_ERROR;
    }

    clcf->handler = prev->api ? ngx_pay_api_handler
                    : prev->status ? ngx_pay_status_handler
                    : prev->tick ? ngx_pay_tick_handler
                    : ngx_pay_sandbox_handler;

    return NGX_CONF_OK;
}


/*
 * What a name means is known by now: channels and merchants are all read.
 * What a location needs of its neighbours is looked at in
 * ngx_pay_conf_check(), when all locations are merged.
 */

static char *
ngx_pay_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_pay_loc_conf_t  *prev = parent;
    ngx_pay_loc_conf_t  *conf = child;

    ngx_pay_place_t            *place;
    ngx_http_conf_ctx_t        *ctx;
    ngx_pay_main_conf_t        *mcf;
    ngx_http_core_loc_conf_t   *clcf;

    if (conf->file == NULL) {
        conf->file = prev->file;
        conf->line = prev->line;
    }

    ngx_conf_merge_value(conf->auth, prev->auth, 0);
    ngx_conf_merge_value(conf->dry_run, prev->dry_run, 0);
    ngx_conf_merge_uint_value(conf->store_error, prev->store_error,
                              NGX_PAY_STORE_DENY);
    ngx_conf_merge_sec_value(conf->window, prev->window, NGX_PAY_WINDOW);
    ngx_conf_merge_off_value(conf->statement_size, prev->statement_size,
                             NGX_PAY_STATEMENT_SIZE);
    ngx_conf_merge_str_value(conf->call, prev->call, "/_pay");

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_pay_module);
    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    /* "if" and "limit_except" are their location under another name */

    if (clcf->noname) {
        return ngx_pay_merge_noname(cf, prev, conf, clcf);
    }

    if (conf->notify_name.len) {
        conf->notify = ngx_pay_channel_find(mcf, &conf->notify_name);

        if (conf->notify == NULL) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"pay_notify %V\" in location \"%V\": there "
                               "is no such pay_channel",
                               &conf->notify_name, &clcf->name);
            return NGX_CONF_ERROR;
        }
    }

    if (conf->window < 1 || conf->window > 3600) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"pay_auth_window\" in location \"%V\" must be "
                           "1s to 1h", &clcf->name);
        return NGX_CONF_ERROR;
    }

    if (!conf->auth && !conf->api && !conf->notify && !conf->sandbox
        && !conf->status && !conf->tick)
    {
        return NGX_CONF_OK;
    }

    if ((conf->auth || conf->api) && conf->window > mcf->window_max) {
        mcf->window_max = conf->window;
    }

    if (conf->sandbox) {
        conf->simulated = ngx_array_create(cf->pool, 4, sizeof(void *));
        if (conf->simulated == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    place = ngx_array_push(&mcf->places);
    if (place == NULL) {
        return NGX_CONF_ERROR;
    }

    ctx = cf->ctx;
    place->server = ctx->srv_conf[ngx_http_core_module.ctx_index];
    place->location = clcf;
    place->conf = conf;

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_pay_preconfiguration(ngx_conf_t *cf)
{
    return ngx_pay_variables(cf);
}


static ngx_int_t
ngx_pay_phase(ngx_http_core_main_conf_t *cmcf, ngx_http_phases phase,
    ngx_http_handler_pt handler)
{
    ngx_http_handler_pt  *h;

    h = ngx_array_push(&cmcf->phases[phase].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = handler;

    return NGX_OK;
}


static ngx_int_t
ngx_pay_postconfiguration(ngx_conf_t *cf)
{
    ngx_str_t                   name = ngx_string("request_id");
    ngx_pay_main_conf_t        *mcf;
    ngx_http_core_main_conf_t  *cmcf;

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_pay_module);
    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    mcf->request_id = ngx_http_get_variable_index(cf, &name);
    if (mcf->request_id == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (ngx_pay_conf_check(cf, mcf) != NGX_OK) {
        return NGX_ERROR;
    }

    if (mcf->places.nelts == 0) {
        return NGX_OK;
    }

    if (ngx_pay_phase(cmcf, NGX_HTTP_ACCESS_PHASE, ngx_pay_auth_handler)
        != NGX_OK
        || ngx_pay_phase(cmcf, NGX_HTTP_PRECONTENT_PHASE,
                         ngx_pay_notify_handler) != NGX_OK
        || ngx_pay_phase(cmcf, NGX_HTTP_PREACCESS_PHASE,
                         ngx_pay_auth_subrequest) != NGX_OK
        || ngx_pay_phase(cmcf, NGX_HTTP_SERVER_REWRITE_PHASE,
                         ngx_pay_guard_page) != NGX_OK
        || ngx_pay_phase(cmcf, NGX_HTTP_REWRITE_PHASE,
                         ngx_pay_guard_page) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_pay_call_init();
}


static ngx_int_t
ngx_pay_init_process(ngx_cycle_t *cycle)
{
    ngx_uint_t            i;
    ngx_pay_channel_t   **ch;
    ngx_pay_main_conf_t  *mcf;

    mcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_pay_module);

    /* keys are in this process: no core, no ptrace by its own user */

    if (mcf && mcf->places.nelts && !mcf->debug_core
        && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1)
    {
        ngx_log_error(NGX_LOG_WARN, cycle->log, ngx_errno,
                      "pay: prctl(PR_SET_DUMPABLE) failed");
    }

    if (mcf == NULL) {
        return NGX_OK;
    }

    ch = mcf->channels.elts;

    for (i = 0; i < mcf->channels.nelts; i++) {
        ngx_pay_conf_params_wake(ch[i], cycle->log);
    }

    ngx_pay_ticker_start(cycle);

    if (mcf->redis == NULL || mcf->zone == NULL) {
        return NGX_OK;
    }

    return ngx_pay_redis_init(mcf->redis, cycle, &mcf->zone->sh->redis,
                              ngx_pay_store_redis_ready, mcf);
}


static void
ngx_pay_exit_process(ngx_cycle_t *cycle)
{
    ngx_pay_main_conf_t  *mcf;

    ngx_pay_ticker_stop();

    mcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_pay_module);

    if (mcf && mcf->redis) {
        ngx_pay_redis_exit(mcf->redis);
    }
}
