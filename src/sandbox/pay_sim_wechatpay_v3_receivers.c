
/*
 * Copyright (C) the ngx_pay authors
 *
 * WeChat Pay APIv3 simulator: who may have a share (section 8.8 of the
 * channel document): a line for each in one thing; the oldest goes where
 * there is no room.
 */

#include <sandbox/pay_sim_wechatpay_v3.h>


static pay_rc_t
pay_wxs_receivers(pay_sim_t *s, pay_str_t sub, pay_sim_thing_t **out)
{
    return pay_sim_thing(s, pay_wxs_id(s, "receivers/", sub, PAY_STR("")),
                         out);
}


/* "TYPE account LF": an account with a line feed is refused before */

static pay_str_t
pay_wxs_receiver_line(pay_arena_t *a, pay_str_t type, pay_str_t account)
{
    const pay_str_t  space = pay_str(" ");
    const pay_str_t  lf = pay_str("\n");
    const pay_str_t *const  parts[] = { &type, &space, &account, &lf, NULL };

    return pay_concat(a, parts);
}


/* all lines but this one; *had: it was there */

static pay_str_t
pay_wxs_receivers_less(pay_arena_t *a, pay_str_t text, pay_str_t line,
    int *had)
{
    pay_buf_t      b;
    pay_str_t      one;
    const pay_u8  *p;

    *had = 0;
    pay_buf_init(&b, a, text.len + line.len);

    while (text.len != 0) {
        p = memchr(text.data, '\n', text.len);
        one.data = text.data;
        one.len = p != NULL ? (size_t) (p + 1 - text.data) : text.len;

        text.data += one.len;
        text.len -= one.len;

        if (pay_str_eq(one, line)) {
            *had = 1;
            continue;
        }

        pay_buf_adds(&b, one);
    }

    return pay_buf_str(&b);
}


pay_rc_t
pay_wxs_receiver_known(pay_sim_t *s, pay_str_t sub, pay_str_t type,
    pay_str_t account)
{
    int               had;
    pay_rc_t          rc;
    pay_str_t         line;
    pay_sim_thing_t  *list;

    rc = pay_wxs_receivers(s, sub, &list);

    if (rc != PAY_OK) {
        return rc;
    }

    line = pay_wxs_receiver_line(s->arena, type, account);

    if (line.data == NULL
        || pay_wxs_receivers_less(s->arena, list->text, line, &had).data
           == NULL)
    {
        return PAY_ERROR;
    }

    return had ? PAY_OK : PAY_DECLINED;
}


/* what both operations have; rest: the list without this one */

static pay_rc_t
pay_wxs_receiver_read(pay_sim_t *s, const pay_wxs_call_t *c,
    pay_sim_thing_t **list, pay_str_t *line, pay_str_t *rest)
{
    int        had;
    pay_rc_t   rc;
    pay_str_t  type, account, appid;

    rc = pay_wxs_receivers(s, c->sub, list);

    if (rc != PAY_OK) {
        return rc;
    }

    if (pay_json_string(c->body, "type", &type) != PAY_OK
        || pay_json_string(c->body, "account", &account) != PAY_OK
        || pay_json_string(c->body, "appid", &appid) != PAY_OK)
    {
        return PAY_ERROR;
    }

    if (!pay_wxs_bound(s, appid)) {
        return pay_wxs_refuse(s, PAY_WXS_APPID, "body", "/appid",
                              "is not bound to the merchant");
    }

    if (memchr(account.data, '\n', account.len) != NULL) {
        return pay_wxs_refuse(s, PAY_WXS_PARAM_ERROR, "body", "/account",
                              "has a line feed");
    }

    *line = pay_wxs_receiver_line(s->arena, type, account);

    if (line->data == NULL) {
        return PAY_ERROR;
    }

    *rest = pay_wxs_receivers_less(s->arena, (*list)->text, *line, &had);

    return rest->data != NULL ? PAY_OK : PAY_ERROR;
}


static pay_rc_t
pay_wxs_receiver_reply(pay_sim_t *s, const pay_wxs_call_t *c)
{
    size_t                    i;
    pay_str_t                 value;
    pay_json_writer_t        *w;
    static const char *const  echoed[] = {
        "sub_mchid", "type", "account", "name", "relation_type",
        "custom_relation"
    };

    w = pay_json_writer(s->arena);

    if (w == NULL) {
        return PAY_ERROR;
    }

    pay_jw_object(w, NULL);

    for (i = 0; i < pay_nelts(echoed); i++) {
        if (pay_json_string(c->body, echoed[i], &value) == PAY_OK) {
            pay_jw_str(w, echoed[i], value);
        }
    }

    pay_jw_end(w);

    return pay_wxs_reply(s, 200, pay_jw_text(w));
}


pay_rc_t
pay_wxs_receiver_add(pay_sim_t *s, const pay_wxs_call_t *c)
{
    pay_rc_t          rc;
    pay_str_t         line, rest, all, relation, name;
    pay_sim_thing_t  *list;
    const pay_str_t  *parts[] = { &rest, &line, NULL };
    const pay_u8     *p;

    rc = pay_wxs_receiver_read(s, c, &list, &line, &rest);

    if (rc != PAY_OK) {
        return rc;
    }

    if (pay_json_string(c->body, "relation_type", &relation) == PAY_OK
        && pay_str_eqz(relation, "CUSTOM")
           != (pay_json_get(c->body, "custom_relation") != NULL))
    {
        return pay_wxs_refuse(s, PAY_WXS_PARAM_ERROR, "body",
                              "/custom_relation", "belongs to CUSTOM");
    }

    if (pay_json_string(c->body, "name", &name) == PAY_OK) {
        rc = pay_wxs_sensitive(s, name, &name);
    }

    if (rc == PAY_DECLINED) {
        return pay_wxs_refuse(s, PAY_WXS_PARAM_ERROR, "body", "/name",
                              "is not encrypted for the platform");
    }

    while (rest.len + line.len > PAY_SIM_TEXT_MAX) {
        p = memchr(rest.data, '\n', rest.len);
        rest.len -= (size_t) (p + 1 - rest.data);
        rest.data = p + 1;
    }

    all = pay_concat(s->arena, parts);

    return rc == PAY_OK && pay_sim_put(list, all) == PAY_OK
           ? pay_wxs_receiver_reply(s, c) : PAY_ERROR;
}


pay_rc_t
pay_wxs_receiver_delete(pay_sim_t *s, const pay_wxs_call_t *c)
{
    pay_rc_t          rc;
    pay_str_t         line, rest;
    pay_sim_thing_t  *list;

    rc = pay_wxs_receiver_read(s, c, &list, &line, &rest);

    if (rc != PAY_OK) {
        return rc;
    }

    /* a line feed alone: the store keeps no empty text */

    if (rest.len == 0) {
        rest = PAY_STR("\n");
    }

    return pay_sim_put(list, rest) == PAY_OK ? pay_wxs_receiver_reply(s, c)
                                             : PAY_ERROR;
}
