
/*
 * Copyright (C) the ngx_pay authors
 *
 * The list of simulators, and what they share.
 */

#include <sandbox/pay_sim.h>


const pay_simulator_t *const  pay_simulators[] = {
    &pay_sim_wechatpay_v3,
    &pay_sim_alipay,
    NULL
};


const pay_simulator_t *
pay_simulator_find(pay_str_t name)
{
    size_t  i;

    for (i = 0; pay_simulators[i] != NULL; i++) {
        if (pay_str_eq(pay_simulators[i]->name, name)) {
            return pay_simulators[i];
        }
    }

    return NULL;
}


const pay_u8 *
pay_sim_random(pay_sim_t *s, size_t n)
{
    const pay_u8  *p;

    if (n > sizeof(s->random) - s->random_used) {
        return NULL;
    }

    p = s->random + s->random_used;
    s->random_used += n;

    return p;
}


pay_str_t
pay_sim_hex(pay_sim_t *s, size_t n)
{
    pay_str_t  bytes;

    bytes.len = n;
    bytes.data = pay_sim_random(s, n);

    if (bytes.data == NULL) {
        return (pay_str_t) pay_str_null;
    }

    return pay_hex_encode(s->arena, bytes);
}


pay_str_t
pay_sim_nonce(pay_sim_t *s, size_t n)
{
    size_t               i;
    pay_buf_t            b;
    const pay_u8        *p;
    static const pay_u8  chars[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "abcdefghijklmnopqrstuvwxyz";

    p = pay_sim_random(s, n);

    if (p == NULL) {
        return (pay_str_t) pay_str_null;
    }

    pay_buf_init(&b, s->arena, n);

    for (i = 0; i < n; i++) {
        pay_buf_addc(&b, chars[p[i] % (sizeof(chars) - 1)]);
    }

    return pay_buf_str(&b);
}


pay_rc_t
pay_sim_header(pay_sim_t *s, const char *name, pay_str_t value)
{
    pay_header_t  *h;

    if (value.data == NULL
        || s->nreply_headers == pay_nelts(s->reply_headers))
    {
        return PAY_ERROR;
    }

    h = &s->reply_headers[s->nreply_headers++];

    h->name = pay_strz(name);
    h->value = value;

    return PAY_OK;
}


pay_rc_t
pay_sim_thing(pay_sim_t *s, pay_str_t id, pay_sim_thing_t **out)
{
    pay_sim_thing_t  *t;

    if (id.data == NULL) {
        return PAY_ERROR;
    }

    for (t = s->things; t != NULL; t = t->next) {

        if (pay_str_eq(t->id, id)) {
            *out = t;
            return t->loaded ? PAY_OK : PAY_FETCH;
        }
    }

    t = pay_calloc(s->arena, sizeof(pay_sim_thing_t));

    if (t == NULL) {
        return PAY_ERROR;
    }

    t->id = id;
    t->next = s->things;
    s->things = t;
    *out = t;

    return PAY_FETCH;
}


pay_rc_t
pay_sim_keep(pay_sim_t *s, pay_json_writer_t *w)
{
    pay_str_t  text;

    text = pay_jw_text(w);

    if (text.data == NULL) {
        return PAY_ERROR;
    }

    if (text.len > PAY_SIM_TEXT_MAX) {
        return PAY_INVALID;
    }

    s->order = text;
    s->changed = 1;

    return PAY_OK;
}


pay_rc_t
pay_sim_put(pay_sim_thing_t *thing, pay_str_t text)
{
    if (text.data == NULL) {
        return PAY_ERROR;
    }

    if (text.len > PAY_SIM_TEXT_MAX) {
        return PAY_INVALID;
    }

    thing->text = text;
    thing->changed = 1;

    return PAY_OK;
}


pay_rc_t
pay_sim_make(pay_sim_t *s, pay_str_t id, pay_str_t text)
{
    pay_sim_thing_t  *thing;

    if (pay_sim_thing(s, id, &thing) != PAY_FETCH) {
        return PAY_ERROR;
    }

    thing->loaded = 1;

    return pay_sim_put(thing, text);
}


pay_str_t
pay_sim_after(pay_str_t s, const char *prefix)
{
    size_t  n;

    if (!pay_str_starts(s, prefix)) {
        return (pay_str_t) pay_str_null;
    }

    n = strlen(prefix);

    s.data += n;
    s.len -= n;

    return s;
}


pay_rc_t
pay_sim_url(pay_str_t url, pay_str_t *host, pay_str_t *target)
{
    size_t     i;
    pay_str_t  rest;

    rest = pay_sim_after(url, "https://");

    if (rest.data == NULL) {
        rest = pay_sim_after(url, "http://");
    }

    if (rest.data == NULL) {
        return PAY_INVALID;
    }

    for (i = 0; i < url.len; i++) {
        if (url.data[i] <= 0x20 || url.data[i] >= 0x7f
            || strchr("#\"<>\\^`{}|", url.data[i]) != NULL)
        {
            return PAY_INVALID;
        }
    }

    for (i = 0; i < rest.len && strchr("/?", rest.data[i]) == NULL; i++) {
        if (rest.data[i] == '@') {
            return PAY_INVALID;
        }
    }

    /* a query without a path has no target that could be sent as it is */

    if (i == 0 || rest.data[0] == ':' || (i < rest.len && rest.data[i] == '?'))
    {
        return PAY_INVALID;
    }

    *host = (pay_str_t) { (size_t) (rest.data - url.data) + i, url.data };
    *target = (pay_str_t) { rest.len - i, rest.data + i };

    if (target->len == 0) {
        *target = PAY_STR("/");
    }

    return PAY_OK;
}
