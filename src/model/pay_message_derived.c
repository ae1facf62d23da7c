
/*
 * Copyright (C) the ngx_pay authors
 *
 * The derived components of a request, RFC 9421 section 2.2: what is said by
 * its request line.
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
static pay_rc_t pay_message_target(pay_message_base_t *b);
static pay_rc_t pay_message_absolute(pay_message_base_t *b, pay_str_t *target);
static pay_str_t pay_message_host(pay_str_t authority, pay_str_t scheme);
static pay_rc_t pay_message_query_parse(pay_message_base_t *b);
static pay_str_t pay_message_lower(pay_arena_t *a, pay_str_t s);
static pay_str_t pay_message_until(pay_str_t s, const char *stops);
static pay_str_t pay_message_behind(pay_str_t s, size_t n);


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

    rc = pay_message_query_parse(b);
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


/*
 * The target's path and query, as they were sent: "/path?query", the same
 * with "scheme://authority" before it, or "*" (RFC 9112 section 3.2).
 */

static pay_rc_t
pay_message_target(pay_message_base_t *b)
{
    pay_rc_t   rc;
    pay_str_t  target;

    target = b->message->target;

    /* a fragment is no part of a target: readers differ on what follows it */

    if (pay_message_until(target, "#").len != target.len) {
        return pay_message_bad(b, "target");
    }

    if (pay_str_eqz(target, "*")) {
        target.len = 0;

    } else if (!pay_str_starts(target, "/")) {
        rc = pay_message_absolute(b, &target);

        if (rc != PAY_OK) {
            return rc;
        }
    }

    b->path = pay_message_until(target, "?");
    b->query = pay_message_behind(target, b->path.len);

    if (b->path.len == 0) {
        b->path = PAY_STR("/");
    }

    return PAY_OK;
}


/* cuts scheme and authority, which must be those of the message */

static pay_rc_t
pay_message_absolute(pay_message_base_t *b, pay_str_t *target)
{
    pay_str_t             scheme, authority, rest;
    const pay_message_t  *m;

    m = b->message;
    scheme = pay_message_until(*target, ":");
    rest = pay_message_behind(*target, scheme.len);

    if (!pay_str_starts(rest, "://")) {
        return pay_message_bad(b, "target");
    }

    rest = pay_message_behind(rest, 3);
    authority = pay_message_until(rest, "/?");

    if (!pay_str_caseeq(scheme, m->scheme)
        || !pay_str_caseeq(pay_message_host(authority, m->scheme),
                           pay_message_host(m->authority, m->scheme)))
    {
        return pay_message_bad(b, "target");
    }

    *target = pay_message_behind(rest, authority.len);

    return PAY_OK;
}


/* without the port where it is the scheme's own */

static pay_str_t
pay_message_host(pay_str_t authority, pay_str_t scheme)
{
    size_t     n;
    pay_str_t  port;

    for (n = authority.len; n > 0 && authority.data[n - 1] >= '0'
                            && authority.data[n - 1] <= '9'; n--)
    {
        /* void */
    }

    port = pay_message_behind(authority, n);

    if (n > 0 && authority.data[n - 1] == ':'
        && (port.len == 0
            || (pay_str_caseeqz(scheme, "http") && pay_str_eqz(port, "80"))
            || (pay_str_caseeqz(scheme, "https") && pay_str_eqz(port, "443"))))
    {
        authority.len = n - 1;
    }

    return authority;
}


/*
 * One by one, as a name that is there twice may do so where it is not
 * covered.  What is empty between two "&" is nothing.
 */

static pay_rc_t
pay_message_query_parse(pay_message_base_t *b)
{
    pay_rc_t      rc;
    pay_str_t     rest, one;
    pay_form_t    form;
    pay_field_t  *fields;

    if (b->params.elts != NULL) {
        return PAY_OK;
    }

    rc = pay_message_target(b);
    if (rc != PAY_OK) {
        return rc;
    }

    fields = pay_alloc(b->arena, PAY_MESSAGE_QUERY_MAX * sizeof(pay_field_t));
    if (fields == NULL) {
        return PAY_ERROR;
    }

    b->params.elts = fields;

    for (rest = b->query; rest.len > 0;
         rest = pay_message_behind(rest, one.len))
    {
        rest = pay_message_behind(rest, 1);     /* "?" or "&" */
        one = pay_message_until(rest, "&");

        if (one.len == 0) {
            continue;
        }

        if (b->params.nelts == PAY_MESSAGE_QUERY_MAX) {
            return pay_message_bad(b, "query_too_many");
        }

        rc = pay_form_parse(b->arena, one, 1, &form);

        if (rc != PAY_OK) {
            return rc == PAY_INVALID ? pay_message_bad(b, "query_syntax") : rc;
        }

        fields[b->params.nelts++] = form.elts[0];
    }

    return PAY_OK;
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


/* up to the first byte that is one of stops */

static pay_str_t
pay_message_until(pay_str_t s, const char *stops)
{
    size_t  i;

    for (i = 0; i < s.len; i++) {
        if (memchr(stops, s.data[i], strlen(stops)) != NULL) {
            break;
        }
    }

    s.len = i;

    return s;
}


static pay_str_t
pay_message_behind(pay_str_t s, size_t n)
{
    if (n > 0) {
        s.data += n;
        s.len -= n;
    }

    return s;
}
