
/*
 * Copyright (C) the ngx_pay authors
 *
 * Reading structured fields: what is made of Bare Items.  Each function is
 * one of the algorithms of RFC 8941 section 4.2, and has its number.
 */

#include <codec/pay_sf.h>
#include <codec/pay_sf_reader.h>


static pay_rc_t pay_sf_dict(pay_sf_reader_t *r, pay_sf_dict_t *out);
static pay_rc_t pay_sf_dict_member(pay_sf_reader_t *r, pay_sf_member_t *out);
static pay_rc_t pay_sf_dict_comma(pay_sf_reader_t *r);
static pay_rc_t pay_sf_list(pay_sf_reader_t *r, pay_sf_member_t *out);
static pay_rc_t pay_sf_list_next(pay_sf_reader_t *r);
static pay_rc_t pay_sf_item(pay_sf_reader_t *r, pay_sf_item_t *out);
static pay_rc_t pay_sf_params(pay_sf_reader_t *r, pay_sf_params_t *out);
static pay_rc_t pay_sf_param_value(pay_sf_reader_t *r, pay_sf_bare_t *out);
static const void *pay_sf_copy(pay_sf_reader_t *r, const void *p, size_t n);


/* 4.2 */

pay_rc_t
pay_sf_parse(pay_arena_t *a, pay_str_t text, pay_sf_dict_t *out,
    const char **why)
{
    pay_rc_t         rc;
    pay_sf_reader_t  r;

    r.text = text;
    r.arena = a;
    r.why = NULL;

    if (text.len > PAY_SF_SIZE_MAX) {
        *why = "size";
        return PAY_INVALID;
    }

    while (r.text.len > 0 && r.text.data[r.text.len - 1] == ' ') {
        r.text.len--;
    }

    pay_sf_skip(&r, " ");

    rc = pay_sf_dict(&r, out);
    *why = r.why;

    return rc;
}


/* 4.2.2 */

static pay_rc_t
pay_sf_dict(pay_sf_reader_t *r, pay_sf_dict_t *out)
{
    size_t           n;
    pay_rc_t         rc;
    pay_sf_dict_t    d;
    pay_sf_member_t  members[PAY_SF_MEMBERS_MAX];

    rc = PAY_OK;
    d.elts = members;

    for (n = 0; r->text.len > 0; n++) {

        if (n == PAY_SF_MEMBERS_MAX) {
            return pay_sf_bad(r, "too_many");
        }

        if (n > 0) {
            rc = pay_sf_dict_comma(r);
        }

        if (rc == PAY_OK) {
            rc = pay_sf_dict_member(r, &members[n]);
        }

        if (rc != PAY_OK) {
            return rc;
        }

        d.nelts = n;

        if (pay_sf_member(&d, members[n].key) != NULL) {
            return pay_sf_bad(r, "key_repeated");
        }

        pay_sf_skip(r, " \t");
    }

    out->nelts = n;
    out->elts = pay_sf_copy(r, members, n * sizeof(pay_sf_member_t));

    return out->elts == NULL ? PAY_ERROR : PAY_OK;
}


static pay_rc_t
pay_sf_dict_member(pay_sf_reader_t *r, pay_sf_member_t *out)
{
    pay_rc_t  rc;

    memset(out, 0, sizeof(pay_sf_member_t));

    rc = pay_sf_key(r, &out->key);
    if (rc != PAY_OK) {
        return rc;
    }

    if (!pay_sf_take(r, '=')) {
        out->item.bare.type = PAY_SF_BOOLEAN;
        out->item.bare.number = 1;
        return pay_sf_params(r, &out->item.params);
    }

    if (pay_sf_take(r, '(')) {
        return pay_sf_list(r, out);
    }

    return pay_sf_item(r, &out->item);
}


static pay_rc_t
pay_sf_dict_comma(pay_sf_reader_t *r)
{
    if (!pay_sf_take(r, ',')) {
        return pay_sf_bad(r, "comma");
    }

    pay_sf_skip(r, " \t");

    return PAY_OK;
}


/* 4.2.1.2, behind its parenthesis */

static pay_rc_t
pay_sf_list(pay_sf_reader_t *r, pay_sf_member_t *out)
{
    size_t         n;
    pay_rc_t       rc;
    pay_sf_item_t  items[PAY_SF_ITEMS_MAX];

    pay_sf_skip(r, " ");

    for (n = 0; !pay_sf_take(r, ')'); n++) {

        if (n == PAY_SF_ITEMS_MAX) {
            return pay_sf_bad(r, "too_many");
        }

        rc = pay_sf_item(r, &items[n]);

        if (rc == PAY_OK) {
            rc = pay_sf_list_next(r);
        }

        if (rc != PAY_OK) {
            return rc;
        }
    }

    out->inner_list = 1;
    out->nitems = n;
    out->items = pay_sf_copy(r, items, n * sizeof(pay_sf_item_t));

    if (out->items == NULL) {
        return PAY_ERROR;
    }

    return pay_sf_params(r, &out->item.params);
}


static pay_rc_t
pay_sf_list_next(pay_sf_reader_t *r)
{
    int  c;

    c = pay_sf_peek(r);

    if (c != ' ' && c != ')') {
        return pay_sf_bad(r, "list");
    }

    pay_sf_skip(r, " ");

    return PAY_OK;
}


/* 4.2.3 */

static pay_rc_t
pay_sf_item(pay_sf_reader_t *r, pay_sf_item_t *out)
{
    pay_rc_t  rc;

    rc = pay_sf_bare(r, &out->bare);
    if (rc != PAY_OK) {
        return rc;
    }

    return pay_sf_params(r, &out->params);
}


/* 4.2.3.2 */

static pay_rc_t
pay_sf_params(pay_sf_reader_t *r, pay_sf_params_t *out)
{
    size_t           i, n;
    pay_rc_t         rc;
    pay_sf_param_t   params[PAY_SF_PARAMS_MAX];

    for (n = 0; pay_sf_take(r, ';'); n++) {

        if (n == PAY_SF_PARAMS_MAX) {
            return pay_sf_bad(r, "too_many");
        }

        pay_sf_skip(r, " ");

        rc = pay_sf_key(r, &params[n].key);

        if (rc == PAY_OK) {
            rc = pay_sf_param_value(r, &params[n].value);
        }

        if (rc != PAY_OK) {
            return rc;
        }

        for (i = 0; i < n; i++) {
            if (pay_str_eq(params[i].key, params[n].key)) {
                return pay_sf_bad(r, "param_repeated");
            }
        }
    }

    out->nelts = n;
    out->elts = pay_sf_copy(r, params, n * sizeof(pay_sf_param_t));

    return out->elts == NULL ? PAY_ERROR : PAY_OK;
}


/* a parameter alone is true */

static pay_rc_t
pay_sf_param_value(pay_sf_reader_t *r, pay_sf_bare_t *out)
{
    if (pay_sf_take(r, '=')) {
        return pay_sf_bare(r, out);
    }

    memset(out, 0, sizeof(pay_sf_bare_t));
    out->type = PAY_SF_BOOLEAN;
    out->number = 1;

    return PAY_OK;
}


static const void *
pay_sf_copy(pay_sf_reader_t *r, const void *p, size_t n)
{
    void  *copy;

    copy = pay_alloc(r->arena, n);

    return copy == NULL ? NULL : memcpy(copy, p, n);
}
