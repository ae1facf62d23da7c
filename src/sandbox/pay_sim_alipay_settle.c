
/*
 * Copyright (C) the ngx_pay authors
 *
 * Alipay simulator: parts of a payment for others (order.settle and its
 * query, section 7.12 of the channel document).  A settlement is a thing of
 * its own, the trade knows their sum.
 */

#include <sandbox/pay_sim_alipay.h>


static pay_str_t
pay_alis_settle_id(pay_sim_t *s, pay_str_t trade_no, pay_str_t number)
{
    const pay_str_t  kind = pay_str("settle/"), slash = pay_str("/");
    const pay_str_t *const  parts[] = { &kind, &trade_no, &slash, &number,
                                        NULL };

    return pay_concat(s->arena, parts);
}


static pay_rc_t
pay_alis_settle_reply(pay_sim_t *s, const pay_alis_call_t *c,
    pay_str_t settle_no)
{
    pay_json_writer_t  *w;

    w = pay_alis_answer(s);

    if (w == NULL) {
        return PAY_ERROR;
    }

    pay_jw_str(w, "trade_no", c->trade_no);
    pay_jw_str(w, "settle_no", settle_no);

    return pay_alis_reply(s, c, w);
}


static pay_rc_t
pay_alis_settle_again(pay_sim_t *s, const pay_alis_call_t *c,
    const pay_sim_thing_t *thing, pay_str_t fingerprint)
{
    pay_str_t    known, settle_no;
    const char  *why;
    pay_json_t  *tree;

    if (pay_json_parse(s->arena, thing->text, &tree, &why) != PAY_OK
        || pay_json_string(tree, "fingerprint", &known) != PAY_OK
        || pay_json_string(tree, "settle_no", &settle_no) != PAY_OK)
    {
        return PAY_ERROR;
    }

    return pay_str_eq(known, fingerprint)
           ? pay_alis_settle_reply(s, c, settle_no)
           : pay_alis_fail(s, c, PAY_ALIS_REFUND_REPEAT, PAY_STR(""));
}


/* amount, or a part of the order's; 0: neither */

static int64_t
pay_alis_royalty(const pay_json_t *e, int64_t total)
{
    int64_t    n;
    pay_str_t  text;

    if (pay_json_string(e, "amount", &text) == PAY_OK
        && pay_amount_from_decimal(text, 2, &n) == PAY_OK)
    {
        return n;
    }

    return pay_json_int(e, "amount_percentage", &n) == PAY_OK
           ? total * n / 100 : 0;
}


static void
pay_alis_royalty_to(const pay_json_t *e, pay_str_t *type, pay_str_t *account)
{
    if (pay_json_string(e, "trans_in_type", type) != PAY_OK
        || type->len == 0)
    {
        *type = PAY_STR("userId");
    }

    (void) pay_json_string(e, "trans_in", account);
}


static int
pay_alis_finishes(const pay_alis_call_t *c)
{
    pay_str_t  word;

    return pay_json_string(pay_json_get(c->biz, "extend_params"),
                           "royalty_finish", &word) == PAY_OK
           && pay_str_eqz(word, "true");
}


/* PAY_OK with the sum of all, or PAY_DONE: an error */

static pay_rc_t
pay_alis_settle_check(pay_sim_t *s, const pay_alis_call_t *c,
    const pay_alis_trade_t *t, size_t n, const pay_json_t *bound,
    int64_t *sum)
{
    int64_t            amount;
    pay_str_t          type, account;
    const pay_json_t  *e, *list;

    *sum = 0;

    if (strcmp(pay_alis_status(t, n, s->now), "TRADE_SUCCESS") != 0) {
        return pay_alis_fail(s, c, PAY_ALIS_SETTLE_ERROR, PAY_STR(""));
    }

    if (!t->freeze) {
        return pay_alis_fail(s, c, PAY_ALIS_NO_ROYALTY, PAY_STR(""));
    }

    if (t->released) {
        return pay_alis_fail(s, c, PAY_ALIS_SETTLED, PAY_STR(""));
    }

    list = pay_json_get(c->biz, "royalty_parameters");

    if (list->child == NULL && !pay_alis_finishes(c)) {
        return pay_alis_wrong(s, c, PAY_STR("/royalty_parameters"),
                              "is empty");
    }

    for (e = list->child; e != NULL; e = e->next) {
        pay_alis_royalty_to(e, &type, &account);
        amount = pay_alis_royalty(e, t->total);

        if (!pay_alis_receiver(bound, type, account)) {
            return pay_alis_fail(s, c, PAY_ALIS_RECEIVER, account);
        }

        *sum += amount;

        if (amount == 0
            || *sum > t->total - pay_alis_refunded(t, n) - t->settled)
        {
            return pay_alis_fail(s, c, PAY_ALIS_ALLOC_AMOUNT, account);
        }
    }

    return PAY_OK;
}


static void
pay_alis_settle_detail(pay_json_writer_t *w, pay_sim_t *s,
    const pay_json_t *e, int64_t amount)
{
    pay_str_t                 type, account;
    const pay_alipay_conf_t  *conf;

    conf = s->channel->conf;
    pay_alis_royalty_to(e, &type, &account);

    pay_jw_object(w, NULL);
    pay_jw_strz(w, "operation_type", "transfer");
    pay_alis_put(w, "execute_dt", pay_alis_time(s->arena, s->now));
    pay_jw_str(w, "trans_out", pay_alis_seller(conf));
    pay_jw_strz(w, "trans_out_type", "userId");
    pay_jw_str(w, "trans_in", account);
    pay_jw_str(w, "trans_in_type", type);
    pay_alis_put_money(w, s, "amount", amount);
    pay_jw_strz(w, "state", "SUCCESS");
    pay_alis_put(w, "detail_id", pay_sim_hex(s, 4));
    pay_jw_end(w);
}


static pay_str_t
pay_alis_settle_text(pay_sim_t *s, const pay_alis_call_t *c,
    const pay_alis_trade_t *t, pay_str_t settle_no, pay_str_t fingerprint)
{
    const pay_json_t   *e, *list;
    pay_json_writer_t  *w;

    w = pay_json_writer(s->arena);

    if (w == NULL) {
        return (pay_str_t) pay_str_null;
    }

    list = pay_json_get(c->biz, "royalty_parameters");

    pay_jw_object(w, NULL);
    pay_jw_str(w, "out_request_no", pay_alis_field(c, "out_request_no"));
    pay_jw_str(w, "settle_no", settle_no);
    pay_jw_str(w, "fingerprint", fingerprint);
    pay_alis_put(w, "operation_dt", pay_alis_time(s->arena, s->now));
    pay_jw_array(w, "royalty_detail_list");

    for (e = list->child; e != NULL; e = e->next) {
        pay_alis_settle_detail(w, s, e, pay_alis_royalty(e, t->total));
    }

    pay_jw_end(w);
    pay_jw_end(w);

    return pay_jw_text(w);
}


static pay_rc_t
pay_alis_settle_do(pay_sim_t *s, const pay_alis_call_t *c,
    pay_alis_trade_t *t, pay_sim_thing_t *thing, int64_t sum)
{
    pay_rc_t   rc;
    pay_str_t  settle_no, fingerprint;

    settle_no = pay_alis_serial(s, "002530");
    fingerprint = pay_alis_fingerprint(s, c);

    if (settle_no.data == NULL || fingerprint.data == NULL
        || pay_alis_index(s, settle_no, thing->id) != PAY_OK)
    {
        return PAY_ERROR;
    }

    t->settled += sum;
    t->released = pay_alis_finishes(c);

    rc = pay_sim_put(thing, pay_alis_settle_text(s, c, t, settle_no,
                                                 fingerprint));
    if (rc == PAY_INVALID) {
        return pay_alis_wrong(s, c, PAY_STR("/royalty_parameters"),
                              "is too long for the sandbox");
    }

    return rc == PAY_OK && pay_alis_save(s, t) == PAY_OK
           ? pay_alis_settle_reply(s, c, settle_no) : PAY_ERROR;
}


pay_rc_t
pay_alis_settle(pay_sim_t *s, const pay_alis_call_t *c)
{
    size_t             n;
    int64_t            sum;
    pay_rc_t           rc;
    pay_str_t          id;
    pay_json_t        *bound;
    pay_sim_thing_t   *thing, *relations;
    pay_alis_trade_t   t;

    rc = pay_alis_find(s, c, &t, &n);

    if (rc != PAY_OK) {
        return rc;
    }

    id = pay_alis_settle_id(s, c->trade_no,
                            pay_alis_field(c, "out_request_no"));
    rc = pay_sim_thing(s, id, &thing);

    if (rc == PAY_OK) {
        rc = pay_alis_receivers(s, &relations, &bound);
    }

    if (rc != PAY_OK) {
        return rc;
    }

    if (thing->text.len != 0) {
        return pay_alis_settle_again(s, c, thing, pay_alis_fingerprint(s, c));
    }

    rc = pay_alis_settle_check(s, c, &t, n, bound, &sum);

    return rc == PAY_OK ? pay_alis_settle_do(s, c, &t, thing, sum) : rc;
}


/* by settle_no, or by both of the other numbers */

static pay_rc_t
pay_alis_settle_find(pay_sim_t *s, const pay_alis_call_t *c,
    pay_sim_thing_t **out)
{
    pay_rc_t   rc;
    pay_str_t  id, settle_no, kind = pay_str("no/");
    const pay_str_t *const  parts[] = { &kind, &settle_no, NULL };

    settle_no = pay_alis_field(c, "settle_no");

    if (settle_no.len == 0) {
        id = pay_alis_settle_id(s, pay_alis_field(c, "trade_no"),
                                pay_alis_field(c, "out_request_no"));
        return pay_sim_thing(s, id, out);
    }

    rc = pay_sim_thing(s, pay_concat(s->arena, parts), out);

    return rc == PAY_OK && (*out)->text.len != 0
           ? pay_sim_thing(s, (*out)->text, out) : rc;
}


pay_rc_t
pay_alis_settle_query(pay_sim_t *s, const pay_alis_call_t *c)
{
    pay_rc_t            rc;
    pay_str_t           number;
    const char         *why;
    pay_json_t         *tree;
    pay_sim_thing_t    *thing;
    pay_json_writer_t  *w;

    rc = pay_alis_settle_find(s, c, &thing);

    if (rc != PAY_OK) {
        return rc;
    }

    if (thing->text.len == 0) {
        return pay_alis_fail(s, c, PAY_ALIS_NOT_EXIST, PAY_STR(""));
    }

    w = pay_alis_answer(s);

    if (w == NULL || pay_json_parse(s->arena, thing->text, &tree, &why)
                     != PAY_OK
        || pay_json_string(tree, "out_request_no", &number) != PAY_OK)
    {
        return PAY_ERROR;
    }

    pay_jw_str(w, "out_request_no", number);
    pay_jw_tree(w, "operation_dt", pay_json_get(tree, "operation_dt"));
    pay_jw_tree(w, "royalty_detail_list",
                pay_json_get(tree, "royalty_detail_list"));

    return pay_alis_reply(s, c, w);
}
