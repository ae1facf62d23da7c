
/*
 * Copyright (C) the ngx_pay authors
 *
 * Locators: what finds an object that the store has forgotten, from the query
 * string or the JSON body (docs/design.md section 7).
 */

#include <ngx_pay_api.h>


static pay_rc_t
ngx_pay_api_locator(ngx_pay_locators_t *l, pay_str_t name, pay_str_t value,
    pay_error_t *e)
{
    if (pay_str_eqz(name, "channel")) {
        l->channel = value;
        return PAY_OK;
    }

    if (pay_str_eqz(name, "channel_order_id")) {
        l->channel_order_id = value;

        return pay_str_token(value, "_-", 1, 64) ? PAY_OK
               : pay_error_set(e, PAY_E_FIELD_INVALID, "channel_order_id");
    }

    if (pay_str_eqz(name, "created_at")) {
        return pay_time_parse(value, &l->created_at) == PAY_OK ? PAY_OK
               : pay_error_set(e, PAY_E_FIELD_INVALID, "created_at");
    }

    e->param = pay_utf8_cut(name, 64);

    return pay_error_set(e, PAY_E_FIELD_UNKNOWN, NULL);
}


pay_rc_t
ngx_pay_api_locators(ngx_http_request_t *r, pay_arena_t *a, pay_str_t body,
    ngx_pay_locators_t *l, pay_error_t *e)
{
    size_t       i;
    pay_rc_t     rc;
    pay_form_t   form;
    const char  *why;
    pay_json_t  *root, *m;

    ngx_memzero(l, sizeof(ngx_pay_locators_t));

    if (r->args.len) {

        if (pay_form_parse(a, ngx_pay_str(&r->args), 16, &form) != PAY_OK) {
            return pay_error_set(e, PAY_E_FIELD_INVALID, NULL);
        }

        for (i = 0; i < form.nelts; i++) {
            rc = ngx_pay_api_locator(l, form.elts[i].name,
                                     form.elts[i].value, e);
            if (rc != PAY_OK) {
                return rc;
            }
        }
    }

    if (body.len == 0) {
        return PAY_OK;
    }

    if (pay_json_parse(a, body, &root, &why) != PAY_OK
        || root->type != PAY_JSON_OBJECT)
    {
        return pay_error_set(e, PAY_E_JSON_INVALID, NULL);
    }

    for (m = root->child; m; m = m->next) {

        if (m->type != PAY_JSON_STRING) {
            e->param = pay_utf8_cut(m->key, 64);
            return pay_error_set(e, PAY_E_FIELD_INVALID, NULL);
        }

        rc = ngx_pay_api_locator(l, m->key, m->text, e);
        if (rc != PAY_OK) {
            return rc;
        }
    }

    return PAY_OK;
}
