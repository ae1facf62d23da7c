
/*
 * Copyright (C) the ngx_pay authors
 *
 * pay_merchant ID { ... }
 */

#include <ngx_pay.h>


static char *ngx_pay_merchant_rule(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_pay_merchant_channel(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_pay_merchant_operations(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_pay_merchant_webhook(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


/* money leaves only where it is named */

#define NGX_PAY_OPERATIONS                                                   \
    (~((1u << PAY_OP_TRANSFER) | (1u << PAY_OP_TRANSFER_QUERY)               \
       | (1u << PAY_OP_TRANSFER_CANCEL)))


static ngx_command_t  ngx_pay_merchant_commands[] = {

    { ngx_string("secret"), NGX_CONF_TAKE2, ngx_pay_conf_key_secret, 0, 0,
      NULL },

    { ngx_string("public_key"), NGX_CONF_TAKE23, ngx_pay_conf_key_public, 0, 0,
      NULL },

    { ngx_string("allow"), NGX_CONF_TAKE1, ngx_pay_merchant_rule, 0, 0,
      NULL },

    { ngx_string("deny"), NGX_CONF_TAKE1, ngx_pay_merchant_rule, 0, 0,
      NULL },

    { ngx_string("channel"), NGX_CONF_TAKE1234, ngx_pay_merchant_channel, 0,
      0, NULL },

    { ngx_string("operations"), NGX_CONF_1MORE, ngx_pay_merchant_operations,
      0, 0, NULL },

    { ngx_string("webhook_secret"), NGX_CONF_TAKE1, ngx_pay_merchant_webhook,
      0, 0, NULL },

      ngx_null_command
};


static ngx_pay_merchant_t *
ngx_pay_merchant_create(ngx_conf_t *cf)
{
    ngx_pay_merchant_t  *m;

    m = ngx_pcalloc(cf->pool, sizeof(ngx_pay_merchant_t));

    if (m == NULL
        || ngx_array_init(&m->keys, cf->pool, 2, sizeof(ngx_pay_key_t))
           != NGX_OK
        || ngx_array_init(&m->rules, cf->pool, 2, sizeof(ngx_pay_rule_t))
           != NGX_OK
        || ngx_array_init(&m->channels, cf->pool, 2,
                          sizeof(ngx_pay_account_t)) != NGX_OK
        || ngx_array_init(&m->webhook_keys, cf->pool, 2, sizeof(void *))
           != NGX_OK)
    {
        return NULL;
    }

    m->file = cf->conf_file->file.name.data;
    m->line = cf->conf_file->line;

    return m;
}


char *
ngx_pay_conf_merchant(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_pay_main_conf_t  *mcf = conf;

    char                 *rv;
    ngx_str_t            *value;
    ngx_pay_merchant_t   *m, **p;

    value = cf->args->elts;

    if (!pay_str_token(ngx_pay_str(&value[1]), "._-", 1, 64)) {
        return "must have a name of 1 to 64 characters of A-Z a-z 0-9 . _ -";
    }

    if (ngx_pay_merchant_find(mcf, ngx_pay_str(&value[1]))) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "pay_merchant \"%V\" is duplicate", &value[1]);
        return NGX_CONF_ERROR;
    }

    m = ngx_pay_merchant_create(cf);
    p = ngx_array_push(&mcf->merchant_list);

    if (m == NULL || p == NULL) {
        return NGX_CONF_ERROR;
    }

    *p = m;
    m->id = value[1];

    if (ngx_pay_merchant_add(cf->pool, &mcf->merchants, m) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    rv = ngx_pay_conf_block(cf, ngx_pay_merchant_commands, m, "pay_merchant",
                            &m->id, NULL);

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (m->keys.nelts == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "pay_merchant \"%V\" has neither \"secret\" nor "
                           "\"public_key\"", &m->id);
        return NGX_CONF_ERROR;
    }

    if (m->operations == 0) {
        m->operations = NGX_PAY_OPERATIONS;
    }

    return NGX_CONF_OK;
}


static char *
ngx_pay_merchant_rule(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_pay_merchant_t  *m = conf;

    ngx_int_t            rc;
    ngx_str_t           *value;
    ngx_cidr_t          *cidr;
    ngx_pay_rule_t      *rule;

    value = cf->args->elts;

    rule = ngx_array_push(&m->rules);

    if (rule == NULL
        || ngx_array_init(&rule->cidr, cf->pool, 1, sizeof(ngx_cidr_t))
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    rule->deny = value[0].data[0] == 'd';

    if (ngx_strcmp(value[1].data, "all") == 0) {
        return NGX_CONF_OK;
    }

    cidr = ngx_array_push(&rule->cidr);
    if (cidr == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(cidr, sizeof(ngx_cidr_t));

#if (NGX_HAVE_UNIX_DOMAIN)
    if (ngx_strcmp(value[1].data, "unix:") == 0) {
        cidr->family = AF_UNIX;
        return NGX_CONF_OK;
    }
#endif

    rc = ngx_ptocidr(&value[1], cidr);

    if (rc == NGX_ERROR) {
        return "has an invalid address or network";
    }

#if (NGX_HAVE_INET6)

    /* nginx looks at such a client as at one of IPv4: it would never match */

    if (cidr->family == AF_INET6
        && IN6_IS_ADDR_V4MAPPED(&cidr->u.in6.addr)
        && cidr->u.in6.mask.s6_addr[11] == 0xff)
    {
        return "has an IPv4 address in IPv6 notation: write it as a.b.c.d";
    }

#endif

    if (rc == NGX_DONE) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "low address bits of %V are meaningless",
                           &value[1]);
    }

    return NGX_CONF_OK;
}


/* channel NAME [prefix=ab] [sub_merchant=ID] [app_id=ID]; */

static const struct {
    const char  *name;
    size_t       offset;
    size_t       max;
} ngx_pay_merchant_options[] = {
    { "prefix=", offsetof(pay_account_t, prefix), 16 },
    { "sub_merchant=", offsetof(pay_account_t, sub_merchant), 64 },
    { "app_id=", offsetof(pay_account_t, app_id), 64 },
};


static const char *
ngx_pay_merchant_option(pay_account_t *account, pay_str_t text)
{
    size_t      n;
    pay_str_t  *s;
    ngx_uint_t  i;

    for (i = 0; i < pay_nelts(ngx_pay_merchant_options); i++) {

        n = ngx_strlen(ngx_pay_merchant_options[i].name);

        if (!pay_str_starts(text, ngx_pay_merchant_options[i].name)) {
            continue;
        }

        s = (pay_str_t *) ((char *) account
                           + ngx_pay_merchant_options[i].offset);

        if (s->len) {
            return "is duplicate";
        }

        s->data = text.data + n;
        s->len = text.len - n;

        return pay_str_token(*s, "_-", 1, ngx_pay_merchant_options[i].max)
               ? NULL : "has a value that is too long or none, or has other "
                        "characters than A-Z a-z 0-9 _ -";
    }

    return "is none of prefix=, sub_merchant= and app_id=";
}


static char *
ngx_pay_merchant_channel(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_pay_merchant_t  *m = conf;

    ngx_str_t           *value;
    ngx_uint_t           i;
    const char          *why;
    ngx_pay_account_t   *account;

    value = cf->args->elts;
    account = m->channels.elts;

    for (i = 0; i < m->channels.nelts; i++) {
        if (ngx_strcmp(account[i].name.data, value[1].data) == 0) {
            return "is duplicate";
        }
    }

    account = ngx_array_push(&m->channels);
    if (account == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(account, sizeof(ngx_pay_account_t));

    account->name = value[1];
    account->merchant = m;
    account->file = cf->conf_file->file.name.data;
    account->line = cf->conf_file->line;

    for (i = 2; i < cf->args->nelts; i++) {

        why = ngx_pay_merchant_option(&account->core, ngx_pay_str(&value[i]));

        if (why) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"%V\" of \"channel %V\" in pay_merchant "
                               "\"%V\" %s", &value[i], &value[1], &m->id,
                               why);
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_pay_merchant_operations(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_pay_merchant_t  *m = conf;

    pay_op_t             op;
    ngx_str_t           *value;
    ngx_uint_t           i;

    if (m->operations) {
        return "is duplicate";
    }

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        op = pay_op_by_name(ngx_pay_str(&value[i]));

        if (op == PAY_OP_NONE) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "unknown operation \"%V\" in pay_merchant "
                               "\"%V\"", &value[i], &m->id);
            return NGX_CONF_ERROR;
        }

        m->operations |= 1u << op;
    }

    return NGX_CONF_OK;
}


static char *
ngx_pay_merchant_webhook(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_pay_merchant_t  *m = conf;

    pay_rc_t             rc;
    pay_str_t            text, key;
    ngx_str_t           *value, file;
    const char          *why;
    pay_arena_t         *arena;
    pay_mac_key_t      **mac;

    value = cf->args->elts;

    if (ngx_pay_conf_file_secret(cf, cf->temp_pool, &value[1], &file)
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    arena = pay_arena_create(0);
    mac = ngx_array_push(&m->webhook_keys);

    if (arena == NULL || mac == NULL) {
        pay_arena_destroy(arena);
        return NGX_CONF_ERROR;
    }

    rc = pay_secret_file(ngx_pay_str(&file), PAY_SECRET_MIN, &text, &why);

    if (rc == PAY_OK) {
        rc = pay_webhook_secret(arena, text, &key, &why);
    }

    *mac = rc == PAY_OK ? ngx_pay_conf_mac(cf, key) : NULL;

    pay_arena_destroy(arena);
    ngx_pay_conf_wipe(&file);

    if (rc != PAY_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "webhook_secret \"%V\" of pay_merchant \"%V\": %s",
                           &value[1], &m->id, why);
        return NGX_CONF_ERROR;
    }

    return *mac ? NGX_CONF_OK : NGX_CONF_ERROR;
}
