
/*
 * Copyright (C) the ngx_pay authors
 *
 * WeChat Pay APIv3 simulator: refunds (section 8.6 of the channel document).
 * A refund lives in its order; an index leads from its number to that.
 */

#include <sandbox/pay_sim_wechatpay_v3.h>


/* a refund's parameters in 16 digits: it has to fit into the order's record */
#define PAY_WXS_HASH  16


static pay_rc_t
pay_wxs_broken(pay_sim_t *s, const char *field, const char *issue)
{
    return pay_wxs_refuse(s, PAY_WXS_INVALID_REQUEST, "body", field, issue);
}


/* out_trade_no or transaction_id: PAY_OK when s->order is that order's */

static pay_rc_t
pay_wxs_refund_order(pay_sim_t *s, const pay_wxs_call_t *c)
{
    pay_rc_t          rc;
    pay_str_t         number, id;
    pay_sim_thing_t  *index;

    if ((pay_json_get(c->body, "out_trade_no") != NULL)
        == (pay_json_get(c->body, "transaction_id") != NULL))
    {
        return pay_wxs_refuse(s, PAY_WXS_PARAM_ERROR, "body", "/out_trade_no",
                              "it or transaction_id is required, one of them");
    }

    if (pay_json_string(c->body, "out_trade_no", &number) == PAY_OK) {
        return pay_wxs_want(s, pay_wxs_id(s, "", c->sub, number));
    }

    if (pay_json_string(c->body, "transaction_id", &number) != PAY_OK) {
        return PAY_ERROR;
    }

    id = pay_wxs_id(s, "transaction/", (pay_str_t) pay_str_null, number);
    rc = pay_sim_thing(s, id, &index);

    if (rc != PAY_OK) {
        return rc;
    }

    return index->text.len != 0
           ? pay_wxs_want(s, index->text)
           : pay_wxs_fail(s, PAY_WXS_NO_RESOURCE, NULL);
}


/* the payment that is meant: PAY_DECLINED, it is none of this order */

static pay_rc_t
pay_wxs_refund_payment(const pay_wxs_order_t *o, const pay_wxs_call_t *c,
    size_t *out)
{
    size_t     i;
    pay_str_t  id;

    if (o->state != PAY_WXS_SUCCESS) {
        return PAY_DECLINED;
    }

    if (pay_json_string(c->body, "transaction_id", &id) != PAY_OK) {
        *out = 0;
        return o->npayments != 0 ? PAY_OK : PAY_DECLINED;
    }

    for (i = 0; i < o->npayments; i++) {

        if (pay_str_eq(o->payments[i].transaction_id, id)) {
            *out = i;
            return PAY_OK;
        }
    }

    return PAY_DECLINED;
}


static int64_t
pay_wxs_refund_from(const pay_json_t *amount)
{
    int64_t            n, sum;
    const pay_json_t  *e, *from;

    from = pay_json_get(amount, "from");

    for (sum = 0, e = from != NULL ? from->child : NULL; e != NULL;
         e = e->next)
    {
        if (pay_json_int(e, "amount", &n) != PAY_OK) {
            return 0;
        }

        sum += n;
    }

    return sum;
}


static pay_rc_t
pay_wxs_refund_sums(pay_sim_t *s, const pay_wxs_call_t *c,
    const pay_wxs_order_t *o, const pay_wxs_refund_t *r)
{
    int64_t            total;
    const pay_json_t  *amount;

    amount = pay_json_get(c->body, "amount");

    if (pay_json_int(amount, "total", &total) != PAY_OK) {
        return PAY_ERROR;
    }

    if (total != o->total) {
        return pay_wxs_broken(s, "/amount/total", "is not that of the order");
    }

    /* section 8.8: what was shared has to come back first */

    if (r->payment == 0
        && r->amount > o->total - pay_wxs_refunded(o, 0) - o->shared
        && r->amount <= o->total - pay_wxs_refunded(o, 0))
    {
        return pay_wxs_fail(s, PAY_WXS_NOT_ENOUGH, NULL);
    }

    if (r->amount > o->total - pay_wxs_refunded(o, r->payment)) {
        return pay_wxs_broken(s, "/amount/refund",
                              "is more than what is left of the payment");
    }

    if (pay_json_get(amount, "from") != NULL
        && pay_wxs_refund_from(amount) != r->amount)
    {
        return pay_wxs_broken(s, "/amount/from", "does not add up to refund");
    }

    return PAY_OK;
}


static pay_rc_t
pay_wxs_refund_read(pay_sim_t *s, const pay_wxs_call_t *c,
    pay_wxs_refund_t *r)
{
    memset(r, 0, sizeof(pay_wxs_refund_t));

    (void) pay_json_string(c->body, "notify_url", &r->notify_url);
    (void) pay_json_string(c->body, "funds_account", &r->account);

    r->created = s->now;
    r->hash = pay_wxs_fingerprint(s->arena, c, PAY_WXS_HASH);

    if (r->hash.data == NULL
        || pay_json_int(pay_json_get(c->body, "amount"), "refund", &r->amount)
           != PAY_OK)
    {
        return PAY_ERROR;
    }

    r->ends = pay_magic(r->amount) == PAY_MAGIC_OPEN ? 0 : s->now;

    return pay_json_string(c->body, "out_refund_no", &r->number);
}


/* index: of the number, which leads nowhere yet */

static pay_rc_t
pay_wxs_refund_new(pay_sim_t *s, pay_wxs_order_t *o,
    const pay_wxs_refund_t *r, pay_sim_thing_t *index)
{
    pay_rc_t  rc;

    if (o->nrefunds == PAY_WXS_REFUNDS) {
        return pay_wxs_broken(s, "/out_refund_no",
                              "the order has 50 refunds already");
    }

    rc = pay_wxs_journal_open(s);

    if (rc == PAY_OK && r->ends != 0
        && pay_wxs_refund_end(r->amount) == PAY_WXS_REFUNDED)
    {
        rc = pay_wxs_journal(s, "R", r->number, o->id);
    }

    if (rc != PAY_OK) {
        return rc;
    }

    o->refunds[o->nrefunds++] = *r;

    if (r->ends != 0) {
        pay_wxs_notice_add(o, PAY_WXS_OF_REFUND, o->nrefunds - 1, s->now);
    }

    rc = pay_wxs_order_save(s, o);

    if (rc == PAY_INVALID) {
        s->things = NULL;
        return pay_wxs_broken(s, "/out_refund_no",
                              "the sandbox has no room for another refund of"
                              " this order");
    }

    if (rc != PAY_OK || pay_sim_put(index, s->order_id) != PAY_OK) {
        return PAY_ERROR;
    }

    return pay_wxs_made(s, r->amount,
                        pay_wxs_reply(s, 200,
                                      pay_wxs_refund_answer(s->arena, o, r)));
}


/* the order is there: a new refund of it, or one that came before */

static pay_rc_t
pay_wxs_refund_of(pay_sim_t *s, const pay_wxs_call_t *c, pay_wxs_order_t *o,
    pay_sim_thing_t *index)
{
    pay_rc_t           rc;
    pay_wxs_refund_t   asked, *known;

    if (pay_wxs_refund_read(s, c, &asked) != PAY_OK) {
        return PAY_ERROR;
    }

    known = pay_wxs_refund_find(o, asked.number);

    if (known != NULL && pay_str_eq(known->hash, asked.hash)) {
        return pay_wxs_reply(s, 200,
                             pay_wxs_refund_answer(s->arena, o, known));
    }

    if (index->text.len != 0) {
        return pay_wxs_refuse(s, PAY_WXS_REPEATED, "body", "/out_refund_no",
                              "came before with other parameters");
    }

    if (!pay_str_eq(o->sub_mchid, c->sub)
        || pay_wxs_refund_payment(o, c, &asked.payment) != PAY_OK)
    {
        return pay_wxs_fail(s, PAY_WXS_NO_RESOURCE, NULL);
    }

    if (pay_magic(asked.amount) == PAY_MAGIC_POOR) {
        return pay_wxs_fail(s, PAY_WXS_NOT_ENOUGH, NULL);
    }

    rc = pay_wxs_refund_sums(s, c, o, &asked);

    if (rc == PAY_OK) {
        rc = pay_wxs_down(s, asked.amount);
    }

    return rc == PAY_OK ? pay_wxs_refund_new(s, o, &asked, index) : rc;
}


pay_rc_t
pay_wxs_refund(pay_sim_t *s, const pay_wxs_call_t *c)
{
    pay_rc_t          rc, named;
    pay_str_t         number;
    pay_wxs_order_t   o;
    pay_sim_thing_t  *index;

    if (pay_json_string(c->body, "out_refund_no", &number) != PAY_OK) {
        return PAY_ERROR;
    }

    named = pay_sim_thing(s, pay_wxs_id(s, "refund/", c->sub, number), &index);
    rc = pay_wxs_refund_order(s, c);

    if (named == PAY_ERROR || rc != PAY_OK) {
        return named == PAY_ERROR ? PAY_ERROR : rc;
    }

    if (named != PAY_OK) {
        return named;
    }

    rc = pay_wxs_order_load(s, &o);

    if (rc == PAY_DECLINED) {
        return pay_wxs_fail(s, PAY_WXS_NO_RESOURCE, NULL);
    }

    return rc == PAY_OK ? pay_wxs_refund_of(s, c, &o, index) : rc;
}


pay_rc_t
pay_wxs_refund_query(pay_sim_t *s, const pay_wxs_call_t *c)
{
    pay_rc_t           rc;
    pay_wxs_order_t    o;
    pay_sim_thing_t   *index;
    pay_wxs_refund_t  *r;

    rc = pay_sim_thing(s, pay_wxs_id(s, "refund/", c->sub, c->number), &index);

    if (rc != PAY_OK) {
        return rc;
    }

    if (index->text.len == 0) {
        return pay_wxs_fail(s, PAY_WXS_NO_RESOURCE, NULL);
    }

    rc = pay_wxs_want(s, index->text);

    if (rc == PAY_OK) {
        rc = pay_wxs_order_load(s, &o);
    }

    if (rc != PAY_OK && rc != PAY_DECLINED) {
        return rc;
    }

    r = rc == PAY_OK ? pay_wxs_refund_find(&o, c->number) : NULL;

    return r != NULL
           ? pay_wxs_reply(s, 200, pay_wxs_refund_answer(s->arena, &o, r))
           : pay_wxs_fail(s, PAY_WXS_NO_RESOURCE, NULL);
}
