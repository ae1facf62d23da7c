
/*
 * Copyright (C) the ngx_pay authors
 *
 * Alipay simulator: who may be given parts of payments (relation bind, unbind
 * and batchquery, section 7.12 of the channel document).
 */

#include <sandbox/pay_sim_alipay.h>


#define PAY_ALIS_PAGE_SIZE  20


pay_rc_t
pay_alis_receivers(pay_sim_t *s, pay_sim_thing_t **thing, pay_json_t **list)
{
    pay_rc_t     rc;
    const char  *why;

    *list = NULL;
    rc = pay_sim_thing(s, PAY_STR("relations"), thing);

    if (rc != PAY_OK || (*thing)->text.len == 0) {
        return rc;
    }

    return pay_json_parse(s->arena, (*thing)->text, list, &why) == PAY_OK
           ? PAY_OK : PAY_ERROR;
}


int
pay_alis_receiver(const pay_json_t *list, pay_str_t type, pay_str_t account)
{
    pay_str_t          t, a;
    const pay_json_t  *e;

    for (e = list != NULL ? list->child : NULL; e != NULL; e = e->next) {

        if (pay_json_string(e, "type", &t) == PAY_OK
            && pay_json_string(e, "account", &a) == PAY_OK
            && pay_str_eq(t, type) && pay_str_eq(a, account))
        {
            return 1;
        }
    }

    return 0;
}


static int
pay_alis_among(const pay_json_t *list, const pay_json_t *e)
{
    pay_str_t  type, account;

    return pay_json_string(e, "type", &type) == PAY_OK
           && pay_json_string(e, "account", &account) == PAY_OK
           && pay_alis_receiver(list, type, account);
}


/* those of one list that are not among the other */

static void
pay_alis_write_others(pay_json_writer_t *w, const pay_json_t *list,
    const pay_json_t *other)
{
    const pay_json_t  *e;

    for (e = list != NULL ? list->child : NULL; e != NULL; e = e->next) {
        if (!pay_alis_among(other, e)) {
            pay_jw_tree(w, NULL, e);
        }
    }
}


static pay_rc_t
pay_alis_result(pay_sim_t *s, const pay_alis_call_t *c)
{
    pay_json_writer_t  *w;

    w = pay_alis_answer(s);

    if (w == NULL) {
        return PAY_ERROR;
    }

    pay_jw_strz(w, "result_code", "SUCCESS");

    return pay_alis_reply(s, c, w);
}


/* section 7.12: an account that is a login name comes with its name */

static pay_rc_t
pay_alis_names(pay_sim_t *s, const pay_alis_call_t *c, const pay_json_t *list)
{
    pay_str_t          type, name;
    const pay_json_t  *e;

    for (e = list->child; e != NULL; e = e->next) {

        if (pay_json_string(e, "type", &type) == PAY_OK
            && pay_str_eqz(type, "loginName")
            && pay_json_string(e, "name", &name) != PAY_OK)
        {
            return pay_alis_wrong(s, c, PAY_STR("/receiver_list/name"),
                                  "is required");
        }
    }

    return PAY_OK;
}


static pay_rc_t
pay_alis_relate(pay_sim_t *s, const pay_alis_call_t *c, int bind)
{
    pay_rc_t            rc;
    pay_json_t         *list;
    pay_sim_thing_t    *thing;
    const pay_json_t   *sent;
    pay_json_writer_t  *w;

    rc = pay_alis_receivers(s, &thing, &list);

    if (rc != PAY_OK) {
        return rc;
    }

    sent = pay_json_get(c->biz, "receiver_list");
    rc = bind ? pay_alis_names(s, c, sent) : PAY_OK;

    if (rc != PAY_OK) {
        return rc;
    }

    w = pay_json_writer(s->arena);

    if (w == NULL) {
        return PAY_ERROR;
    }

    pay_jw_array(w, NULL);
    pay_alis_write_others(w, list, sent);

    if (bind) {
        pay_alis_write_others(w, sent, NULL);
    }

    pay_jw_end(w);

    rc = pay_sim_put(thing, pay_jw_text(w));

    if (rc == PAY_INVALID) {
        return pay_alis_fail(s, c, PAY_ALIS_RELATIONS_FULL, PAY_STR(""));
    }

    return rc == PAY_OK ? pay_alis_result(s, c) : rc;
}


pay_rc_t
pay_alis_bind(pay_sim_t *s, const pay_alis_call_t *c)
{
    return pay_alis_relate(s, c, 1);
}


pay_rc_t
pay_alis_unbind(pay_sim_t *s, const pay_alis_call_t *c)
{
    return pay_alis_relate(s, c, 0);
}


pay_rc_t
pay_alis_relations(pay_sim_t *s, const pay_alis_call_t *c)
{
    int64_t             n, page, size;
    pay_rc_t            rc;
    pay_json_t         *list;
    pay_sim_thing_t    *thing;
    const pay_json_t   *e;
    pay_json_writer_t  *w;

    rc = pay_alis_receivers(s, &thing, &list);

    if (rc != PAY_OK) {
        return rc;
    }

    if (pay_json_int(c->biz, "page_num", &page) != PAY_OK) {
        page = 1;
    }

    if (pay_json_int(c->biz, "page_size", &size) != PAY_OK) {
        size = PAY_ALIS_PAGE_SIZE;
    }

    w = pay_alis_answer(s);

    if (w == NULL) {
        return PAY_ERROR;
    }

    pay_jw_strz(w, "result_code", "SUCCESS");
    pay_jw_array(w, "receiver_list");

    n = 0;

    for (e = list != NULL ? list->child : NULL; e != NULL; e = e->next, n++) {
        if (n / size == page - 1) {
            pay_jw_tree(w, NULL, e);
        }
    }

    pay_jw_end(w);
    pay_jw_int(w, "total_page_num", (n + size - 1) / size);
    pay_jw_int(w, "total_record_num", n);
    pay_jw_int(w, "current_page_num", page);
    pay_jw_int(w, "current_page_size", size);

    return pay_alis_reply(s, c, w);
}
