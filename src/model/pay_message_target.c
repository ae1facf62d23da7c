
/*
 * Copyright (C) the ngx_pay authors
 *
 * A signed request's target, taken apart: authority, path, query, and the
 * parameters of the query.  Nothing of it is decoded but the parameters.
 */

#include <model/pay_message.h>
#include <model/pay_message_int.h>


static pay_rc_t pay_message_absolute(pay_message_base_t *b, pay_str_t *target);
static pay_str_t pay_message_until(pay_str_t s, const char *stops);
static pay_str_t pay_message_behind(pay_str_t s, size_t n);


/*
 * The target's path and query, as they were sent: "/path?query", the same
 * with "scheme://authority" before it, or "*" (RFC 9112 section 3.2).
 */

pay_rc_t
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

pay_str_t
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

pay_rc_t
pay_message_params(pay_message_base_t *b)
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
