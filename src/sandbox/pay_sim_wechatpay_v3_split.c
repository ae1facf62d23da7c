
/*
 * Copyright (C) the ngx_pay authors
 *
 * WeChat Pay APIv3 simulator: profit sharing (section 8.8 of the channel
 * document).  What is asked for is done when it is answered; only the answer
 * says PROCESSING, as the channel's does.
 */

#include <sandbox/pay_sim_wechatpay_v3.h>


#define PAY_WXS_HASH  32


/* the order of a transaction, loaded into o: PAY_OK, PAY_DONE: an error */

static pay_rc_t
pay_wxs_split_order(pay_sim_t *s, pay_str_t sub, pay_str_t transaction_id,
    pay_wxs_order_t *o)
{
    pay_rc_t          rc;
    pay_sim_thing_t  *index;

    rc = pay_sim_thing(s, pay_wxs_id(s, "transaction/",
                                     (pay_str_t) pay_str_null,
                                     transaction_id), &index);
    if (rc == PAY_OK && index->text.len == 0) {
        return pay_wxs_fail(s, PAY_WXS_NO_RESOURCE, NULL);
    }

    if (rc == PAY_OK) {
        rc = pay_wxs_want(s, index->text);
    }

    if (rc == PAY_OK) {
        rc = pay_wxs_order_load(s, o);
    }

    if (rc == PAY_DECLINED
        || (rc == PAY_OK && !pay_str_eq(o->sub_mchid, sub)))
    {
        return pay_wxs_fail(s, PAY_WXS_NO_RESOURCE, NULL);
    }

    return rc;
}


static int64_t
pay_wxs_left(const pay_wxs_order_t *o)
{
    return o->released ? 0 : o->total - pay_wxs_refunded(o, 0) - o->shared;
}


static pay_rc_t
pay_wxs_split_receiver(pay_sim_t *s, const pay_json_t *e,
    pay_wxs_split_t *split)
{
    pay_rc_t             rc;
    pay_str_t            name;
    pay_wxs_receiver_t  *r;

    r = &split->receivers[split->nreceivers++];

    if (pay_json_string(e, "type", &r->type) != PAY_OK
        || pay_json_string(e, "account", &r->account) != PAY_OK
        || pay_json_string(e, "description", &r->description) != PAY_OK
        || pay_json_int(e, "amount", &r->amount) != PAY_OK)
    {
        return PAY_ERROR;
    }

    if (pay_json_string(e, "name", &name) == PAY_OK
        && pay_wxs_sensitive(s, name, &name) != PAY_OK)
    {
        return pay_wxs_refuse(s, PAY_WXS_PARAM_ERROR, "body", "/receivers",
                              "a name is not encrypted for the platform");
    }

    rc = pay_wxs_receiver_known(s, split->sub, r->type, r->account);

    if (rc == PAY_DECLINED) {
        r->fail_reason = PAY_STR("NO_RELATION");
        return PAY_OK;
    }

    return rc;
}


/* what is left goes to the merchant itself */

static pay_rc_t
pay_wxs_split_rest(const pay_wxs_call_t *c, const pay_wxs_order_t *o,
    pay_wxs_split_t *split)
{
    pay_wxs_receiver_t  *r;

    r = &split->receivers[split->nreceivers++];

    r->type = PAY_STR("MERCHANT_ID");
    r->account = o->sub_mchid.len != 0 ? o->sub_mchid : o->mchid;
    r->amount = pay_wxs_left(o);

    return pay_json_string(c->body, "description", &r->description);
}


/* the names of receivers are encrypted, and differ each time */

static pay_str_t
pay_wxs_split_hash(pay_arena_t *a, const pay_wxs_call_t *c)
{
    pay_str_t          text;
    pay_json_t        *name;
    const pay_json_t  *e, *list;

    list = pay_json_get(c->body, "receivers");

    for (e = list != NULL ? list->child : NULL; e != NULL; e = e->next) {
        name = pay_json_get(e, "name");

        if (name != NULL) {
            name->text = PAY_STR("");
        }
    }

    text = pay_wxs_fingerprint(a, c, PAY_WXS_HASH);

    return text;
}


static pay_rc_t
pay_wxs_split_read(pay_sim_t *s, const pay_wxs_call_t *c,
    const pay_wxs_order_t *o, pay_wxs_split_t *split)
{
    pay_rc_t           rc;
    const pay_json_t  *e, *list;

    list = pay_json_get(c->body, "receivers");

    if (list == NULL) {
        return pay_wxs_split_rest(c, o, split);
    }

    for (e = list->child; e != NULL; e = e->next) {
        rc = pay_wxs_split_receiver(s, e, split);

        if (rc != PAY_OK) {
            return rc;
        }
    }

    return PAY_OK;
}


static int64_t
pay_wxs_split_sum(const pay_wxs_split_t *split, int done)
{
    size_t   i;
    int64_t  sum;

    for (sum = 0, i = 0; i < split->nreceivers; i++) {
        if (!done || split->receivers[i].fail_reason.len == 0) {
            sum += split->receivers[i].amount;
        }
    }

    return sum;
}


/* index: from the platform's number of it */

static pay_rc_t
pay_wxs_split_new(pay_sim_t *s, const pay_wxs_call_t *c, pay_wxs_order_t *o,
    pay_sim_thing_t *thing, pay_wxs_split_t *split)
{
    pay_rc_t           rc;
    pay_sim_thing_t   *index;
    const pay_json_t  *unfreeze;

    rc = pay_sim_thing(s, pay_wxs_id(s, "share/", split->sub,
                                     split->order_id), &index);
    if (rc != PAY_OK) {
        return rc;
    }

    if (!o->sharing) {
        return pay_wxs_refuse(s, PAY_WXS_INVALID_REQUEST, "body",
                              "/transaction_id", "is of an order without"
                              " settle_info.profit_sharing");
    }

    if (o->released || pay_wxs_split_sum(split, 0) > pay_wxs_left(o)) {
        return pay_wxs_fail(s, PAY_WXS_NOT_ENOUGH, NULL);
    }

    unfreeze = pay_json_get(c->body, "unfreeze_unsplit");

    if (unfreeze == NULL || unfreeze->type == PAY_JSON_TRUE) {
        o->released = 1;
    }

    /* the merchant's own part is not given away */

    if (pay_json_get(c->body, "receivers") != NULL) {
        o->shared += pay_wxs_split_sum(split, 1);
    }

    if (pay_wxs_split_save(s, thing, split) != PAY_OK) {
        return pay_wxs_refuse(s, PAY_WXS_INVALID_REQUEST, "body",
                              "/receivers", "the sandbox has no room for"
                              " them all");
    }

    if (pay_wxs_order_save(s, o) != PAY_OK
        || pay_sim_put(index, split->number) != PAY_OK)
    {
        return PAY_ERROR;
    }

    return pay_wxs_reply(s, 200, pay_wxs_split_answer(s->arena, split, 1));
}


pay_rc_t
pay_wxs_split(pay_sim_t *s, const pay_wxs_call_t *c)
{
    pay_rc_t          rc;
    pay_str_t         id;
    pay_wxs_order_t   o;
    pay_wxs_split_t   asked, known;
    pay_sim_thing_t  *thing;

    memset(&asked, 0, sizeof(pay_wxs_split_t));

    asked.sub = c->sub;
    asked.time = s->now;

    if (pay_json_string(c->body, "out_order_no", &asked.number) != PAY_OK
        || pay_json_string(c->body, "transaction_id", &asked.transaction_id)
           != PAY_OK)
    {
        return PAY_ERROR;
    }

    id = pay_wxs_id(s, "split/", c->sub, asked.number);
    rc = pay_sim_thing(s, id, &thing);

    if (rc == PAY_OK) {
        rc = pay_wxs_split_order(s, c->sub, asked.transaction_id, &o);
    }

    if (rc == PAY_OK) {
        rc = pay_wxs_split_read(s, c, &o, &asked);
    }

    if (rc != PAY_OK) {
        return rc;
    }

    asked.order = s->order_id;
    asked.order_id = pay_wxs_digits(s->arena, "3008", id, 24);
    asked.hash = pay_wxs_split_hash(s->arena, c);

    if (asked.order_id.data == NULL || asked.hash.data == NULL) {
        return PAY_ERROR;
    }

    rc = pay_wxs_split_load(s, thing, &known);

    if (rc == PAY_DECLINED) {
        return pay_wxs_split_new(s, c, &o, thing, &asked);
    }

    if (rc == PAY_OK && !pay_str_eq(known.hash, asked.hash)) {
        return pay_wxs_refuse(s, PAY_WXS_REPEATED, "body", "/out_order_no",
                              "came before with other parameters");
    }

    return rc == PAY_OK
           ? pay_wxs_reply(s, 200, pay_wxs_split_answer(s->arena, &known, 0))
           : rc;
}


/* by the merchant's number: PAY_OK, PAY_DONE: an error, or PAY_FETCH */

static pay_rc_t
pay_wxs_split_find(pay_sim_t *s, pay_str_t sub, pay_str_t number,
    pay_sim_thing_t **thing, pay_wxs_split_t *split)
{
    pay_rc_t  rc;

    rc = pay_sim_thing(s, pay_wxs_id(s, "split/", sub, number), thing);

    if (rc == PAY_OK) {
        rc = pay_wxs_split_load(s, *thing, split);
    }

    return rc == PAY_DECLINED ? pay_wxs_fail(s, PAY_WXS_NO_RESOURCE, NULL)
                              : rc;
}


pay_rc_t
pay_wxs_split_query(pay_sim_t *s, const pay_wxs_call_t *c)
{
    pay_rc_t          rc;
    pay_str_t         id;
    pay_wxs_split_t   split;
    pay_sim_thing_t  *thing;

    rc = pay_wxs_split_find(s, c->sub, c->number, &thing, &split);

    if (rc != PAY_OK) {
        return rc;
    }

    if (pay_json_string(c->body, "transaction_id", &id) != PAY_OK) {
        return PAY_ERROR;
    }

    return pay_str_eq(id, split.transaction_id)
           ? pay_wxs_reply(s, 200, pay_wxs_split_answer(s->arena, &split, 0))
           : pay_wxs_fail(s, PAY_WXS_NO_RESOURCE, NULL);
}


pay_rc_t
pay_wxs_split_left(pay_sim_t *s, const pay_wxs_call_t *c)
{
    pay_rc_t            rc;
    pay_str_t           none = pay_str_null;
    pay_wxs_order_t     o;
    pay_sim_thing_t    *index;
    pay_json_writer_t  *w;

    /* no sub_mchid is asked for: of whomever the transaction is */

    rc = pay_sim_thing(s, pay_wxs_id(s, "transaction/", none, c->number),
                       &index);
    if (rc == PAY_OK && index->text.len == 0) {
        return pay_wxs_fail(s, PAY_WXS_NO_RESOURCE, NULL);
    }

    if (rc == PAY_OK) {
        rc = pay_wxs_want(s, index->text);
    }

    if (rc == PAY_OK) {
        rc = pay_wxs_order_load(s, &o);
    }

    w = pay_json_writer(s->arena);

    if (rc != PAY_OK || w == NULL) {
        return rc == PAY_FETCH ? PAY_FETCH : PAY_ERROR;
    }

    pay_jw_object(w, NULL);
    pay_jw_str(w, "transaction_id", c->number);
    pay_jw_int(w, "unsplit_amount", o.sharing ? pay_wxs_left(&o) : 0);
    pay_jw_end(w);

    return pay_wxs_reply(s, 200, pay_jw_text(w));
}


/* what the merchant of that number still has of it */

static int64_t
pay_wxs_split_holds(const pay_wxs_split_t *split, pay_str_t mchid)
{
    size_t                     i;
    int64_t                    sum;
    const pay_wxs_receiver_t  *r;

    for (sum = 0, i = 0; i < split->nreceivers; i++) {
        r = &split->receivers[i];

        if (pay_str_eqz(r->type, "MERCHANT_ID")
            && pay_str_eq(r->account, mchid) && r->fail_reason.len == 0)
        {
            sum += r->amount;
        }
    }

    for (i = 0; i < split->nreturns; i++) {
        if (pay_str_eq(split->returns[i].account, mchid)) {
            sum -= split->returns[i].amount;
        }
    }

    return sum;
}


static pay_wxs_return_t *
pay_wxs_return_find(pay_wxs_split_t *split, pay_str_t number)
{
    size_t  i;

    for (i = 0; i < split->nreturns; i++) {
        if (pay_str_eq(split->returns[i].number, number)) {
            return &split->returns[i];
        }
    }

    return NULL;
}


static pay_rc_t
pay_wxs_return_new(pay_sim_t *s, const pay_wxs_call_t *c,
    pay_wxs_split_t *split, pay_sim_thing_t *thing,
    const pay_wxs_return_t *asked)
{
    pay_rc_t         rc;
    pay_wxs_order_t  o;

    rc = pay_wxs_split_order(s, c->sub, split->transaction_id, &o);

    if (rc != PAY_OK) {
        return rc;
    }

    if (asked->amount > pay_wxs_split_holds(split, asked->account)) {
        return pay_wxs_fail(s, PAY_WXS_NOT_ENOUGH, NULL);
    }

    if (split->nreturns == PAY_WXS_RETURNS) {
        return pay_wxs_fail(s, PAY_WXS_INVALID_REQUEST, NULL);
    }

    split->returns[split->nreturns++] = *asked;
    o.shared -= asked->amount;

    if (pay_wxs_split_save(s, thing, split) != PAY_OK
        || pay_wxs_order_save(s, &o) != PAY_OK)
    {
        return PAY_ERROR;
    }

    return pay_wxs_reply(s, 200,
                         pay_wxs_return_answer(s->arena, split, asked, 1));
}


/* out_order_no, or what order_id leads to */

static pay_rc_t
pay_wxs_return_of(pay_sim_t *s, const pay_wxs_call_t *c, pay_str_t *number)
{
    pay_rc_t          rc;
    pay_str_t         id;
    pay_sim_thing_t  *index;

    if (pay_json_string(c->body, "out_order_no", number) == PAY_OK) {
        return PAY_OK;
    }

    if (pay_json_string(c->body, "order_id", &id) != PAY_OK) {
        return pay_wxs_refuse(s, PAY_WXS_PARAM_ERROR, "body", "/out_order_no",
                              "it or order_id is required");
    }

    rc = pay_sim_thing(s, pay_wxs_id(s, "share/", c->sub, id), &index);

    if (rc == PAY_OK && index->text.len == 0) {
        return pay_wxs_fail(s, PAY_WXS_NO_RESOURCE, NULL);
    }

    if (rc == PAY_OK) {
        *number = index->text;
    }

    return rc;
}


pay_rc_t
pay_wxs_split_return(pay_sim_t *s, const pay_wxs_call_t *c)
{
    pay_rc_t           rc;
    pay_str_t          number;
    pay_wxs_split_t    split;
    pay_sim_thing_t   *thing;
    pay_wxs_return_t   asked, *known;

    rc = pay_wxs_return_of(s, c, &number);

    if (rc == PAY_OK) {
        rc = pay_wxs_split_find(s, c->sub, number, &thing, &split);
    }

    if (rc != PAY_OK) {
        return rc;
    }

    asked.time = s->now;

    if (pay_json_string(c->body, "out_return_no", &asked.number) != PAY_OK
        || pay_json_string(c->body, "return_mchid", &asked.account) != PAY_OK
        || pay_json_string(c->body, "description", &asked.description)
           != PAY_OK
        || pay_json_int(c->body, "amount", &asked.amount) != PAY_OK)
    {
        return PAY_ERROR;
    }

    known = pay_wxs_return_find(&split, asked.number);

    if (known == NULL) {
        return pay_wxs_return_new(s, c, &split, thing, &asked);
    }

    if (known->amount != asked.amount
        || !pay_str_eq(known->account, asked.account)
        || !pay_str_eq(known->description, asked.description))
    {
        return pay_wxs_refuse(s, PAY_WXS_REPEATED, "body", "/out_return_no",
                              "came before with other parameters");
    }

    return pay_wxs_reply(s, 200,
                         pay_wxs_return_answer(s->arena, &split, known, 0));
}


pay_rc_t
pay_wxs_split_return_query(pay_sim_t *s, const pay_wxs_call_t *c)
{
    pay_rc_t           rc;
    pay_str_t          number;
    pay_wxs_split_t    split;
    pay_sim_thing_t   *thing;
    pay_wxs_return_t  *r;

    if (pay_json_string(c->body, "out_order_no", &number) != PAY_OK) {
        return PAY_ERROR;
    }

    rc = pay_wxs_split_find(s, c->sub, number, &thing, &split);

    if (rc != PAY_OK) {
        return rc;
    }

    r = pay_wxs_return_find(&split, c->number);

    return r != NULL
           ? pay_wxs_reply(s, 200, pay_wxs_return_answer(s->arena, &split, r,
                                                         0))
           : pay_wxs_fail(s, PAY_WXS_NO_RESOURCE, NULL);
}
