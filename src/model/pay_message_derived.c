
/*
 * Copyright (C) the ngx_pay authors
 *
 * The derived components of a request, RFC 9421 section 2.2.
 */

#include <model/pay_message.h>
#include <model/pay_message_int.h>


typedef pay_rc_t (*pay_message_derived_pt)(pay_message_base_t *b,
    const pay_sf_item_t *id, pay_str_t *out);


static pay_rc_t pay_message_method(pay_message_base_t *b,
    const pay_sf_item_t *id, pay_str_t *out);
static pay_rc_t pay_message_target_uri(pay_message_base_t *b,
    const pay_sf_item_t *id, pay_str_t *out);
static pay_rc_t pay_message_authority(pay_message_base_t *b,
    const pay_sf_item_t *id, pay_str_t *out);
static pay_rc_t pay_message_scheme(pay_message_base_t *b,
    const pay_sf_item_t *id, pay_str_t *out);
static pay_rc_t pay_message_request_target(pay_message_base_t *b,
    const pay_sf_item_t *id, pay_str_t *out);
static pay_rc_t pay_message_path(pay_message_base_t *b,
    const pay_sf_item_t *id, pay_str_t *out);
static pay_rc_t pay_message_query(pay_message_base_t *b,
    const pay_sf_item_t *id, pay_str_t *out);
static pay_rc_t pay_message_query_param(pay_message_base_t *b,
    const pay_sf_item_t *id, pay_str_t *out);
static pay_str_t pay_message_lower(pay_arena_t *a, pay_str_t s);


/* @status is of a response, and @signature-params is the last line only */

static const struct {
    const char              *name;
    size_t                   params;    /* how many it has */
    pay_message_derived_pt   value;
} pay_message_derived_list[] = {
    { "@method",         0, pay_message_method },
    { "@target-uri",     0, pay_message_target_uri },
    { "@authority",      0, pay_message_authority },
    { "@scheme",         0, pay_message_scheme },
    { "@request-target", 0, pay_message_request_target },
    { "@path",           0, pay_message_path },
    { "@query",          0, pay_message_query },
    { "@query-param",    1, pay_message_query_param }
};


pay_rc_t
pay_message_derived(pay_message_base_t *b, const pay_sf_item_t *id,
    pay_str_t *out)
{
    size_t  i, n;

    n = pay_nelts(pay_message_derived_list);

    for (i = 0; i < n; i++) {
        if (pay_str_eqz(id->bare.text, pay_message_derived_list[i].name)) {
            break;
        }
    }

    if (i == n) {
        return pay_message_bad(b, "component_unknown");
    }

    if (id->params.nelts != pay_message_derived_list[i].params) {
        return pay_message_bad(b, "component_param");
    }

    return pay_message_derived_list[i].value(b, id, out);
}


/* 2.2.1 */

static pay_rc_t
pay_message_method(pay_message_base_t *b, const pay_sf_item_t *id,
    pay_str_t *out)
{
    (void) id;

    *out = b->message->method;

    return PAY_OK;
}


/* 2.2.2 */

static pay_rc_t
pay_message_target_uri(pay_message_base_t *b, const pay_sf_item_t *id,
    pay_str_t *out)
{
    pay_rc_t                rc;
    pay_str_t               scheme, authority;
    const pay_str_t        *parts[6];
    static const pay_str_t  slashes = pay_str("://");

    rc = pay_message_target(b);

    if (rc == PAY_OK) {
        rc = pay_message_authority(b, id, &authority);
    }

    if (rc == PAY_OK) {
        rc = pay_message_scheme(b, id, &scheme);
    }

    if (rc != PAY_OK) {
        return rc;
    }

    parts[0] = &scheme;
    parts[1] = &slashes;
    parts[2] = &authority;
    parts[3] = &b->path;
    parts[4] = &b->query;
    parts[5] = NULL;

    *out = pay_concat(b->arena, parts);

    return out->data == NULL ? PAY_ERROR : PAY_OK;
}


/* 2.2.3 */

static pay_rc_t
pay_message_authority(pay_message_base_t *b, const pay_sf_item_t *id,
    pay_str_t *out)
{
    pay_str_t  host;

    (void) id;

    host = pay_message_host(b->message->authority, b->message->scheme);

    if (host.len == 0) {
        return pay_message_bad(b, "component_missing");
    }

    *out = pay_message_lower(b->arena, host);

    return out->data == NULL ? PAY_ERROR : PAY_OK;
}


/* 2.2.4 */

static pay_rc_t
pay_message_scheme(pay_message_base_t *b, const pay_sf_item_t *id,
    pay_str_t *out)
{
    (void) id;

    *out = pay_message_lower(b->arena, b->message->scheme);

    return out->data == NULL ? PAY_ERROR : PAY_OK;
}


/* 2.2.5 */

static pay_rc_t
pay_message_request_target(pay_message_base_t *b, const pay_sf_item_t *id,
    pay_str_t *out)
{
    (void) id;

    *out = b->message->target;

    return PAY_OK;
}


/* 2.2.6 */

static pay_rc_t
pay_message_path(pay_message_base_t *b, const pay_sf_item_t *id,
    pay_str_t *out)
{
    pay_rc_t  rc;

    (void) id;

    rc = pay_message_target(b);
    *out = b->path;

    return rc;
}


/* 2.2.7 */

static pay_rc_t
pay_message_query(pay_message_base_t *b, const pay_sf_item_t *id,
    pay_str_t *out)
{
    pay_rc_t  rc;

    (void) id;

    rc = pay_message_target(b);
    *out = b->query.len == 0 ? PAY_STR("?") : b->query;

    return rc;
}


/* 2.2.8: named in its encoded form, and there exactly once */

static pay_rc_t
pay_message_query_param(pay_message_base_t *b, const pay_sf_item_t *id,
    pay_str_t *out)
{
    size_t                i;
    pay_rc_t              rc;
    pay_str_t             encoded;
    const pay_field_t    *found;
    const pay_sf_bare_t  *name;

    name = pay_sf_param(&id->params, "name");

    if (name == NULL || name->type != PAY_SF_STRING) {
        return pay_message_bad(b, "component_param");
    }

    rc = pay_message_params(b);
    if (rc != PAY_OK) {
        return rc;
    }

    found = NULL;

    for (i = 0; i < b->params.nelts; i++) {
        encoded = pay_form_encode(b->arena, b->params.elts[i].name);

        if (encoded.data == NULL) {
            return PAY_ERROR;
        }

        if (!pay_str_eq(encoded, name->text)) {
            continue;
        }

        if (found != NULL) {
            return pay_message_bad(b, "query_param_repeated");
        }

        found = &b->params.elts[i];
    }

    if (found == NULL) {
        return pay_message_bad(b, "component_missing");
    }

    *out = pay_form_encode(b->arena, found->value);

    return out->data == NULL ? PAY_ERROR : PAY_OK;
}


static pay_str_t
pay_message_lower(pay_arena_t *a, pay_str_t s)
{
    size_t   i;
    pay_u8  *p;

    s = pay_str_dup(a, s);
    p = (pay_u8 *) s.data;

    for (i = 0; p != NULL && i < s.len; i++) {
        if (p[i] >= 'A' && p[i] <= 'Z') {
            p[i] |= 0x20;
        }
    }

    return s;
}
