
/*
 * Copyright (C) the ngx_pay authors
 *
 * The lines of a channel's block that belong to its driver, by the driver's
 * own table (pay_param_t).
 */

#include <ngx_pay.h>


/* values of the driver's own lines */

static char *
ngx_pay_param_text(const pay_param_t *p, ngx_str_t *value, pay_str_t *out)
{
    if (out->len) {
        return "is duplicate";
    }

    if (value->len < p->min || value->len > p->max) {
        return "has a value that is too short or too long";
    }

    *out = ngx_pay_str(value);

    return NGX_CONF_OK;
}


/* TEXT [METHOD ...]: without a method, of all that have none of their own */

static char *
ngx_pay_param_by_method(ngx_conf_t *cf, const pay_param_t *p,
    pay_text_by_method_t *out)
{
    char          *rv;
    ngx_str_t     *value;
    ngx_uint_t     i;
    pay_method_t   m;

    value = cf->args->elts;

    if (cf->args->nelts == 2) {
        return ngx_pay_param_text(p, &value[1], &out->text[PAY_METHOD_NONE]);
    }

    for (i = 2; i < cf->args->nelts; i++) {

        m = pay_method_by_name(ngx_pay_str(&value[i]));
        if (m == PAY_METHOD_NONE) {
            return "names a method that there is not";
        }

        rv = ngx_pay_param_text(p, &value[1], &out->text[m]);
        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_pay_param_secret(ngx_conf_t *cf, const pay_param_t *p, ngx_str_t *value,
    pay_str_t *out)
{
    ngx_str_t    file;
    const char  *why;

    if (out->len) {
        return "is duplicate";
    }

    if (ngx_pay_conf_file_secret(cf, cf->pool, value, &file) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (pay_secret_file(ngx_pay_str(&file), p->min, out, &why) != PAY_OK) {
        return (char *) why;
    }

    return out->len > p->max ? "is too long for this channel" : NGX_CONF_OK;
}


static unsigned
ngx_pay_param_kinds(const pay_param_t *p)
{
    return p->kind != PAY_PARAM_KEY_SET && p->max ? (unsigned) p->max
                                                  : PAY_KEYS_RSA;
}


/* store:URI, as nginx itself has it for ssl_certificate_key */

static char *
ngx_pay_param_store(ngx_conf_t *cf, const pay_param_t *p, ngx_str_t *value,
    pay_key_t **key)
{
    char         detail[256];
    const char  *why;

    if (*key) {
        return "is duplicate";
    }

    if (pay_key_private_store((char *) value->data + sizeof("store:") - 1,
                              ngx_pay_param_kinds(p), key, &why, detail,
                              sizeof(detail))
        == PAY_OK)
    {
        return NGX_CONF_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"%s\" by URI: %s%s%s%s",
                       p->name, why, detail[0] ? " (" : "", detail,
                       detail[0] ? ")" : "");

    return NGX_CONF_ERROR;
}


/* whether it was said, by where it goes */

static ngx_uint_t
ngx_pay_param_there(const pay_param_t *p, void *out)
{
    ngx_uint_t             i;
    pay_text_by_method_t  *texts;

    switch (p->kind) {

    case PAY_PARAM_TEXT_BY_METHOD:
        texts = out;

        for (i = 0; i < PAY_METHOD_MAX; i++) {
            if (texts->text[i].len) {
                return 1;
            }
        }

        return 0;

    case PAY_PARAM_CERTIFICATE:
        return ((pay_cert_t *) out)->key != NULL;

    case PAY_PARAM_CERTIFICATES:
        return *(pay_certs_t **) out != NULL;

    case PAY_PARAM_PUBLIC_KEY:
    case PAY_PARAM_PRIVATE_KEY:
        return *(pay_key_t **) out != NULL;

    case PAY_PARAM_KEY_SET:
        return ((pay_key_set_t *) out)->nkeys != 0;

    default:
        return ((pay_str_t *) out)->len != 0;
    }
}


static char *
ngx_pay_param_key(ngx_conf_t *cf, const pay_param_t *p, ngx_str_t *value,
    void *out)
{
    pay_rc_t         rc;
    unsigned         kinds;
    ngx_str_t        pem;
    const char      *why;
    pay_cert_t      *cert;
    pay_key_t      **key;
    pay_certs_t    **certs;
    pay_key_set_t   *set;

    ngx_int_t      (*read)(ngx_conf_t *cf, ngx_pool_t *pool, ngx_str_t *name,
                           ngx_str_t *out);

    cert = out;
    key = out;
    certs = out;
    set = out;
    kinds = ngx_pay_param_kinds(p);

    if (p->kind != PAY_PARAM_KEY_SET && ngx_pay_param_there(p, out)) {
        return "is duplicate";
    }

    read = p->kind == PAY_PARAM_PRIVATE_KEY ? ngx_pay_conf_file_secret
                                            : ngx_pay_conf_file;

    if (read(cf, cf->temp_pool, value, &pem) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    switch (p->kind) {

    case PAY_PARAM_CERTIFICATE:
        rc = pay_cert_pem(ngx_pay_str(&pem), kinds, cert, &why);
        break;

    case PAY_PARAM_CERTIFICATES:
        rc = pay_certs_pem(ngx_pay_str(&pem), certs, &why);
        break;

    case PAY_PARAM_PRIVATE_KEY:
        rc = pay_key_private_pem(ngx_pay_str(&pem), kinds, key, &why);
        break;

    case PAY_PARAM_PUBLIC_KEY:
        rc = pay_key_public_pem(ngx_pay_str(&pem), kinds, key, &why);
        break;

    default:
        rc = pay_key_public_pem(ngx_pay_str(&pem), kinds,
                                &set->key[set->nkeys], &why);
        break;
    }

    ngx_pay_conf_wipe(&pem);

    return rc == PAY_OK ? NGX_CONF_OK
           : rc == PAY_INVALID ? (char *) why : NGX_CONF_ERROR;
}


static char *
ngx_pay_param_set(ngx_conf_t *cf, const pay_param_t *p, ngx_str_t *value,
    pay_key_set_t *set)
{
    char    *rv;
    size_t   i;

    if (set->nkeys == PAY_KEY_SET_MAX) {
        return "has too many keys";
    }

    for (i = 0; i < set->nkeys; i++) {
        if (pay_str_eq(set->id[i], ngx_pay_str(&value[1]))) {
            return "is duplicate: the id is in use";
        }
    }

    if (value[1].len < p->min || (p->max && value[1].len > p->max)) {
        return "has an id that is too short or too long";
    }

    rv = ngx_pay_param_key(cf, p, &value[2], set);

    if (rv == NGX_CONF_OK) {
        set->id[set->nkeys++] = ngx_pay_str(&value[1]);
    }

    return rv;
}


char *
ngx_pay_conf_param(ngx_conf_t *cf, void *conf)
{
    ngx_pay_channel_t  *ch = conf;

    void               *out;
    ngx_str_t          *value;
    const pay_param_t  *p;

    if (ch->core.driver == NULL) {
        return "comes before \"driver\"";
    }

    value = cf->args->elts;

    for (p = ch->core.driver->params; p->name; p++) {
        if (pay_str_eqz(ngx_pay_str(&value[0]), p->name)) {
            break;
        }
    }

    if (p->name == NULL) {
        return "is not a directive of this driver";
    }

    if (p->kind == PAY_PARAM_TEXT_BY_METHOD
        ? cf->args->nelts < 2
        : cf->args->nelts != (p->kind == PAY_PARAM_KEY_SET ? 3 : 2))
    {
        return "has an invalid number of arguments";
    }

    out = (u_char *) ch->core.conf + p->offset;

    switch (p->kind) {

    case PAY_PARAM_TEXT:
        return ngx_pay_param_text(p, &value[1], out);

    case PAY_PARAM_TEXT_BY_METHOD:
        return ngx_pay_param_by_method(cf, p, out);

    case PAY_PARAM_SECRET:
        return ngx_pay_param_secret(cf, p, &value[1], out);

    case PAY_PARAM_KEY_SET:
        return ngx_pay_param_set(cf, p, value, out);

    case PAY_PARAM_PRIVATE_KEY:

        if (ngx_strncmp(value[1].data, "store:", sizeof("store:") - 1) == 0) {
            return ngx_pay_param_store(cf, p, &value[1], out);
        }

        /* fall through */

    default:
        return ngx_pay_param_key(cf, p, &value[1], out);
    }
}


char *
ngx_pay_conf_required(ngx_conf_t *cf, ngx_pay_channel_t *ch)
{
    ngx_uint_t          there;
    const pay_param_t  *p;

    for (p = ch->core.driver->params; p->name; p++) {

        there = ngx_pay_param_there(p, (u_char *) ch->core.conf + p->offset);

        if (p->required && !there) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "pay_channel \"%V\" has no \"%s\": %s",
                               &ch->name, p->name, p->doc);
            return NGX_CONF_ERROR;
        }

        if (p->sandbox && there && !ch->core.sandbox) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "pay_channel \"%V\": %s is for \"mode "
                               "sandbox\" only", &ch->name, p->name);
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


/* in a worker, before its threads start */

void
ngx_pay_conf_params_wake(ngx_pay_channel_t *ch, ngx_log_t *log)
{
    pay_key_t          *key;
    const pay_param_t  *p;

    for (p = ch->core.driver->params; p->name; p++) {

        if (p->kind != PAY_PARAM_PRIVATE_KEY) {
            continue;
        }

        key = *(pay_key_t **) ((u_char *) ch->core.conf + p->offset);

        if (key && pay_key_wake(key) != 0) {
            ngx_log_error(NGX_LOG_ERR, log, 0,
                          "pay: the key of %s of pay_channel \"%V\" makes no "
                          "valid signature in this process", p->name,
                          &ch->name);
        }
    }
}


void
ngx_pay_conf_params_free(ngx_pay_channel_t *ch)
{
    size_t              i;
    pay_str_t          *s;
    pay_key_set_t      *set;
    const pay_param_t  *p;

    if (ch->core.driver == NULL) {
        return;
    }

    for (p = ch->core.driver->params; p->name; p++) {

        switch (p->kind) {

        case PAY_PARAM_SECRET:
            s = (pay_str_t *) ((u_char *) ch->core.conf + p->offset);
            ngx_explicit_memzero((u_char *) s->data, s->len);
            break;

        case PAY_PARAM_CERTIFICATE:
            pay_key_unref(((pay_cert_t *)
                           ((u_char *) ch->core.conf + p->offset))->key);
            break;

        case PAY_PARAM_CERTIFICATES:
            pay_certs_destroy(*(pay_certs_t **)
                              ((u_char *) ch->core.conf + p->offset));
            break;

        case PAY_PARAM_PUBLIC_KEY:
        case PAY_PARAM_PRIVATE_KEY:
            pay_key_unref(*(pay_key_t **)
                          ((u_char *) ch->core.conf + p->offset));
            break;

        case PAY_PARAM_KEY_SET:
            set = (pay_key_set_t *) ((u_char *) ch->core.conf + p->offset);

            for (i = 0; i < set->nkeys; i++) {
                pay_key_unref(set->key[i]);
            }

            break;

        default:
            break;
        }
    }
}
