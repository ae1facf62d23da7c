
/*
 * Copyright (C) the ngx_pay authors
 *
 * The keys of merchants: secret and public_key; no key under two names; and
 * the keys of nobody, under which strangers are verified.
 */

#include <ngx_pay.h>


typedef struct {
    ngx_pay_merchant_t  *merchant;
    ngx_pay_key_t       *key;
    ngx_uint_t           n;         /* as they were read */
} ngx_pay_named_key_t;


static ngx_pay_key_t *
ngx_pay_conf_key_add(ngx_conf_t *cf, ngx_pay_merchant_t *m, ngx_str_t *id)
{
    ngx_pay_key_t  *key;

    key = ngx_array_push(&m->keys);
    if (key == NULL) {
        return NULL;
    }

    ngx_memzero(key, sizeof(ngx_pay_key_t));

    key->id = *id;
    key->file = cf->conf_file->file.name.data;
    key->line = cf->conf_file->line;

    return key;
}


static char *
ngx_pay_conf_key_name(ngx_pay_merchant_t *m, ngx_str_t *id)
{
    ngx_uint_t      i;
    ngx_pay_key_t  *key;

    if (!pay_str_token(ngx_pay_str(id), "._-", 1, 64)) {
        return "must have a key name of 1 to 64 characters of "
               "A-Z a-z 0-9 . _ -";
    }

    key = m->keys.elts;

    for (i = 0; i < m->keys.nelts; i++) {
        if (pay_str_eq(ngx_pay_str(&key[i].id), ngx_pay_str(id))) {
            return "is duplicate: the key name is in use";
        }
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_pay_conf_key_kept(ngx_conf_t *cf, void *key, ngx_pool_cleanup_pt handler)
{
    ngx_pool_cleanup_t  *cln;

    if (key == NULL) {
        return NGX_ERROR;
    }

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        handler(key);
        return NGX_ERROR;
    }

    cln->handler = handler;
    cln->data = key;

    return NGX_OK;
}


/*
 * A worker that ends leaves its keys to the kernel: to free thousands of them
 * it would copy all the pages that it shares with the master, and may be
 * killed over it.
 */

static void
ngx_pay_conf_mac_free(void *data)
{
    if (ngx_process != NGX_PROCESS_WORKER) {
        pay_mac_key_destroy(data);
    }
}


static void
ngx_pay_conf_public_free(void *data)
{
    if (ngx_process != NGX_PROCESS_WORKER) {
        pay_key_unref(data);
    }
}


pay_mac_key_t *
ngx_pay_conf_mac(ngx_conf_t *cf, pay_str_t secret)
{
    pay_mac_key_t  *mac;

    mac = pay_mac_key_create(secret);

    return ngx_pay_conf_key_kept(cf, mac, ngx_pay_conf_mac_free) == NGX_OK
           ? mac : NULL;
}


/* secret NAME FILE */

char *
ngx_pay_conf_key_secret(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_pay_merchant_t  *m = conf;

    char                *rv;
    pay_str_t            secret;
    ngx_str_t           *value, file;
    const char          *why;
    ngx_pay_key_t       *key;

    value = cf->args->elts;

    rv = ngx_pay_conf_key_name(m, &value[1]);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (ngx_pay_conf_file_secret(cf, cf->temp_pool, &value[2], &file)
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (pay_secret_file(ngx_pay_str(&file), PAY_SECRET_MIN, &secret, &why)
        != PAY_OK)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "secret \"%V\" of pay_merchant \"%V\": %s",
                           &value[1], &m->id, why);
        return NGX_CONF_ERROR;
    }

    key = ngx_pay_conf_key_add(cf, m, &value[1]);
    if (key == NULL) {
        return NGX_CONF_ERROR;
    }

    key->alg = PAY_ALG_HMAC_SHA256;
    key->mac = ngx_pay_conf_mac(cf, secret);

    if (key->mac == NULL || pay_sha256(key->digest, secret) != 0) {
        return NGX_CONF_ERROR;
    }

    ngx_pay_conf_wipe(&file);

    return NGX_CONF_OK;
}


static void
ngx_pay_conf_reader_free(void *data)
{
    pay_key_reader_destroy(data);
}


/* the configuration's own, as long as it is read */

static pay_key_reader_t *
ngx_pay_conf_reader(ngx_conf_t *cf)
{
    ngx_pool_cleanup_t   *cln;
    ngx_pay_main_conf_t  *mcf;

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_pay_module);

    if (mcf->reader == NULL) {
        cln = ngx_pool_cleanup_add(cf->temp_pool, 0);
        mcf->reader = cln ? pay_key_reader_create() : NULL;

        if (mcf->reader) {
            cln->handler = ngx_pay_conf_reader_free;
            cln->data = mcf->reader;
        }
    }

    return mcf->reader;
}


static char *
ngx_pay_conf_key_load(ngx_conf_t *cf, ngx_pay_merchant_t *m,
    ngx_pay_key_t *key, ngx_str_t *name, unsigned kinds)
{
    int64_t            end;
    ngx_str_t          file;
    const char        *why;
    pay_key_reader_t  *reader;

    reader = ngx_pay_conf_reader(cf);

    if (reader == NULL
        || ngx_pay_conf_file(cf, cf->temp_pool, name, &file) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (pay_key_reader_file(reader, ngx_pay_str(&file), kinds,
                            &key->public_key, &end, &why)
        != PAY_OK)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "public_key \"%V\" of pay_merchant \"%V\": %s",
                           &key->id, &m->id, why);
        return NGX_CONF_ERROR;
    }

    if (ngx_pay_conf_key_kept(cf, key->public_key, ngx_pay_conf_public_free)
        != NGX_OK
        || pay_key_digest(key->digest, key->public_key) != 0)
    {
        return NGX_CONF_ERROR;
    }

    key->alg = pay_key_alg(key->public_key);
    key->not_after = (time_t) end;

    if (end && end < ngx_time()) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "the certificate of public_key \"%V\" of "
                           "pay_merchant \"%V\" has expired", &key->id,
                           &m->id);
    }

    return NGX_CONF_OK;
}


/* public_key NAME FILE [rsa-pss-sha512] */

char *
ngx_pay_conf_key_public(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_pay_merchant_t  *m = conf;

    char                *rv;
    unsigned             kinds;
    ngx_str_t           *value;
    ngx_pay_key_t       *key;

    value = cf->args->elts;

    rv = ngx_pay_conf_key_name(m, &value[1]);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    kinds = PAY_KEYS_ANY;

    if (cf->args->nelts == 4) {

        if (ngx_strcmp(value[3].data, "rsa-pss-sha512") != 0) {
            return "may have \"rsa-pss-sha512\" behind the file, nothing else";
        }

        kinds = PAY_KEYS_RSA_PSS;
    }

    key = ngx_pay_conf_key_add(cf, m, &value[1]);
    if (key == NULL) {
        return NGX_CONF_ERROR;
    }

    return ngx_pay_conf_key_load(cf, m, key, &value[2], kinds);
}


static int ngx_libc_cdecl
ngx_pay_conf_key_cmp(const void *one, const void *two)
{
    const ngx_pay_named_key_t  *a = one;
    const ngx_pay_named_key_t  *b = two;

    int                         rc;

    rc = ngx_memcmp(a->key->digest, b->key->digest, PAY_SHA256_LEN);

    return rc ? rc : (a->n > b->n) - (a->n < b->n);
}


static ngx_int_t
ngx_pay_conf_keys_all(ngx_array_t *all, ngx_pay_main_conf_t *mcf)
{
    ngx_uint_t             i, k;
    ngx_pay_key_t         *key;
    ngx_pay_merchant_t   **m;
    ngx_pay_named_key_t   *named;

    m = mcf->merchant_list.elts;

    for (i = 0; i < mcf->merchant_list.nelts; i++) {
        key = m[i]->keys.elts;

        for (k = 0; k < m[i]->keys.nelts; k++) {
            named = ngx_array_push(all);
            if (named == NULL) {
                return NGX_ERROR;
            }

            named->merchant = m[i];
            named->key = &key[k];
            named->n = all->nelts;
        }
    }

    return NGX_OK;
}


static const char *
ngx_pay_conf_key_word(ngx_pay_key_t *key)
{
    return key->mac ? "secret" : "public_key";
}


/*
 * The merchant's name is not in the signed string: one key under two names
 * would let each sign for the other.
 */

static ngx_int_t
ngx_pay_conf_keys_unique(ngx_conf_t *cf, ngx_array_t *all)
{
    ngx_uint_t            i;
    ngx_pay_named_key_t  *a, *b;

    ngx_qsort(all->elts, all->nelts, sizeof(ngx_pay_named_key_t),
              ngx_pay_conf_key_cmp);

    for (i = 1; i < all->nelts; i++) {

        a = (ngx_pay_named_key_t *) all->elts + i - 1;
        b = a + 1;

        if (ngx_memcmp(a->key->digest, b->key->digest, PAY_SHA256_LEN) == 0) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "%s \"%V\" of pay_merchant \"%V\" is the same as "
                          "%s \"%V\" of pay_merchant \"%V\" (%s:%ui) in %s:%ui",
                          ngx_pay_conf_key_word(b->key), &b->key->id,
                          &b->merchant->id,
                          ngx_pay_conf_key_word(a->key), &a->key->id,
                          &a->merchant->id, a->key->file, a->key->line,
                          b->key->file, b->key->line);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* what strangers are verified under, so that nobody sees who exists */

static ngx_int_t
ngx_pay_conf_dummies(ngx_conf_t *cf, ngx_pay_main_conf_t *mcf,
    ngx_array_t *all)
{
    pay_alg_t             alg;
    ngx_uint_t            i;
    ngx_pay_named_key_t  *named;

    named = all->elts;

    for (i = 0; i < all->nelts; i++) {

        alg = named[i].key->alg;

        if (alg == PAY_ALG_HMAC_SHA256 || mcf->dummies[alg]) {
            continue;
        }

        mcf->dummies[alg] = pay_key_dummy(alg);

        if (ngx_pay_conf_key_kept(cf, mcf->dummies[alg],
                                  ngx_pay_conf_public_free)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_pay_conf_keys(ngx_conf_t *cf, ngx_pay_main_conf_t *mcf)
{
    ngx_array_t  all;

    if (ngx_array_init(&all, cf->temp_pool, 16, sizeof(ngx_pay_named_key_t))
        != NGX_OK
        || ngx_pay_conf_keys_all(&all, mcf) != NGX_OK
        || ngx_pay_conf_keys_unique(cf, &all) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_pay_conf_dummies(cf, mcf, &all);
}
