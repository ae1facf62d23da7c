
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver wechatpay_v3: who may get a part of a payment, and parts that are
 * given back (section 8.8).
 */

#include <channel/pay_wechatpay_v3_int.h>


#define PAY_WECHATPAY_RECEIVERS   "/v3/profitsharing/receivers/"
#define PAY_WECHATPAY_RETURNS     "/v3/profitsharing/return-orders"

#define PAY_WECHATPAY_ACCOUNT_MAX   64
#define PAY_WECHATPAY_RELATION_MAX  10
#define PAY_WECHATPAY_REMARK_MAX    80


static const char *const  pay_wechatpay_relations[] = {
    "SERVICE_PROVIDER", "STORE", "STAFF", "STORE_OWNER", "PARTNER",
    "HEADQUARTER", "BRAND", "DISTRIBUTOR", "USER", "SUPPLIER"
};

static const pay_word_t  pay_wechatpay_return_states[] = {
    { "PROCESSING", PAY_STATE_PENDING },
    { "SUCCESS", PAY_STATE_SUCCEEDED },
    { "FAILED", PAY_STATE_FAILED },
    { NULL, 0 }
};


int
pay_wechatpay_receives(const pay_receiver_t *r)
{
    return (pay_str_eqz(r->type, "merchant") || pay_str_eqz(r->type, "openid"))
           && r->account.len && r->account.len <= PAY_WECHATPAY_ACCOUNT_MAX;
}


const char *
pay_wechatpay_receiver_type(pay_str_t theirs)
{
    return pay_str_eqz(theirs, "MERCHANT_ID") ? "merchant" : "openid";
}


/* an openid belongs to an app: in the partner form to either of two */

void
pay_wechatpay_split_apps(pay_talk_t *t, pay_json_writer_t *w)
{
    pay_wechatpay_own_t  *own = t->own;

    pay_jw_str(w, "appid", pay_wechatpay_appid(t, PAY_METHOD_NONE));

    if (own->sub_mchid.len && t->account->app_id.len) {
        pay_jw_str(w, "sub_appid", t->account->app_id);
    }
}


void
pay_wechatpay_receiver(pay_talk_t *t, pay_json_writer_t *w,
    const pay_receiver_t *r, pay_str_t name)
{
    const char           *type;
    pay_wechatpay_own_t  *own = t->own;

    type = pay_str_eqz(r->type, "merchant") ? "MERCHANT_ID"
           : own->sub_mchid.len && t->account->app_id.len
           ? "PERSONAL_SUB_OPENID" : "PERSONAL_OPENID";

    pay_jw_strz(w, "type", type);
    pay_jw_str(w, "account", r->account);

    if (name.len) {
        pay_jw_str(w, "name", name);
    }
}


/* our word or theirs, in either case; what is none of theirs is custom */

static int
pay_wechatpay_relation(pay_json_writer_t *w, pay_str_t relation)
{
    size_t  i;

    for (i = 0; i < pay_nelts(pay_wechatpay_relations); i++) {
        if (pay_str_caseeqz(relation, pay_wechatpay_relations[i])) {
            pay_jw_strz(w, "relation_type", pay_wechatpay_relations[i]);
            return 1;
        }
    }

    pay_jw_strz(w, "relation_type", "CUSTOM");
    pay_jw_str(w, "custom_relation", relation);

    return pay_utf8_length(relation) <= PAY_WECHATPAY_RELATION_MAX;
}


/* receiver_add, receiver_delete */

pay_rc_t
pay_wechatpay_receivers(pay_talk_t *t)
{
    int                    add;
    pay_rc_t               rc;
    pay_str_t              name;
    pay_json_writer_t     *w;
    const pay_receiver_t  *r;

    add = t->op == PAY_OP_RECEIVER_ADD;
    r = t->ask->nreceivers == 1 ? t->ask->receivers : NULL;

    if (r == NULL || !pay_wechatpay_receives(r)) {
        return pay_wechatpay_refuse(t, PAY_E_RECEIVER_INVALID, "receiver");
    }

    if (add && r->relation.len == 0) {
        return pay_wechatpay_refuse(t, PAY_E_FIELD_MISSING,
                                    "receiver.relation");
    }

    rc = pay_wechatpay_secret(t, add ? r->name : PAY_STR(""), "receiver.name",
                              &name);
    if (rc != PAY_OK) {
        return rc;
    }

    w = pay_wechatpay_body(t);
    if (w == NULL) {
        return PAY_ERROR;
    }

    pay_wechatpay_split_apps(t, w);
    pay_wechatpay_receiver(t, w, r, name);

    if (add && !pay_wechatpay_relation(w, r->relation)) {
        return pay_wechatpay_refuse(t, PAY_E_RECEIVER_INVALID,
                                    "receiver.relation");
    }

    pay_jw_end(w);

    return pay_wechatpay_send(t, PAY_WECHATPAY_RECEIVER, "POST",
                              add ? PAY_STR(PAY_WECHATPAY_RECEIVERS "add")
                                  : PAY_STR(PAY_WECHATPAY_RECEIVERS "delete"),
                              pay_jw_text(w));
}


pay_rc_t
pay_wechatpay_received(pay_talk_t *t, pay_wechatpay_said_t *s)
{
    pay_str_t  account;

    if (s->code != PAY_E_NONE) {
        return pay_wechatpay_fail(t, s);
    }

    if (pay_json_string(s->body, "account", &account) != PAY_OK
        || !pay_str_eq(account, t->ask->receivers[0].account))
    {
        return pay_wechatpay_doubt(t, s, "echo_mismatch");
    }

    return PAY_DONE;
}


pay_rc_t
pay_wechatpay_split_return(pay_talk_t *t)
{
    pay_str_t              remark;
    const pay_ask_t       *ask;
    pay_json_writer_t     *w;
    const pay_receiver_t  *r;
    pay_wechatpay_own_t   *own;

    if (t->known == PAY_KNOWN_OPEN) {
        return PAY_DONE;
    }

    ask = t->ask;
    own = t->own;
    r = ask->nreceivers == 1 ? ask->receivers : NULL;

    /* persons keep what they have got */

    if (r == NULL || !pay_wechatpay_receives(r)
        || !pay_str_eqz(r->type, "merchant"))
    {
        return pay_wechatpay_refuse(t, PAY_E_RECEIVER_INVALID, "receiver");
    }

    if (own->order.len == 0) {
        return pay_wechatpay_refuse(t, PAY_E_FIELD_MISSING, "split_id");
    }

    w = pay_wechatpay_body(t);
    if (w == NULL) {
        return PAY_ERROR;
    }

    remark = ask->description.len ? ask->description : PAY_STR("return");

    pay_jw_str(w, "out_order_no", own->order);
    pay_jw_str(w, "out_return_no", own->number);
    pay_jw_str(w, "return_mchid", r->account);
    pay_jw_int(w, "amount", t->object->amount);
    pay_jw_str(w, "description",
               pay_utf8_cut(remark, PAY_WECHATPAY_REMARK_MAX));
    pay_jw_end(w);

    return pay_wechatpay_send(t, PAY_WECHATPAY_CREATE, "POST",
                              PAY_STR(PAY_WECHATPAY_RETURNS), pay_jw_text(w));
}


static pay_rc_t
pay_wechatpay_return_find(pay_talk_t *t)
{
    pay_str_t             target;
    pay_wechatpay_own_t  *own = t->own;

    if (own->order.len == 0) {
        return pay_wechatpay_refuse(t, PAY_E_FIELD_MISSING, "split_id");
    }

    target = pay_wechatpay_target(t, PAY_WECHATPAY_RETURNS "/", own->number,
                                  "?out_order_no=", own->order);

    return pay_wechatpay_send(t, PAY_WECHATPAY_FIND, "GET",
                              pay_wechatpay_target_sub(t, target),
                              PAY_STR(""));
}


static const char *
pay_wechatpay_return_take(pay_talk_t *t, const pay_json_t *o)
{
    pay_str_t    result;
    pay_fact_t  *f = &t->fact;

    if (!pay_wechatpay_id(o, "out_return_no", &f->number)
        || pay_json_string(o, "return_id", &f->channel_number) != PAY_OK
        || f->channel_number.len == 0 || f->channel_number.len > 64
        || !pay_wechatpay_id(o, "out_order_no", &f->order_id)
        || pay_json_string(o, "result", &result) != PAY_OK
        || !pay_wechatpay_text(o, "return_mchid", 32, &f->account)
        || !pay_wechatpay_text(o, "fail_reason", 64, &f->failure)
        || !pay_wechatpay_amount(o, "amount", 1, &f->amount))
    {
        return "json";
    }

    f->state = pay_word_find(pay_wechatpay_return_states, result,
                             PAY_STATE_NONE);

    if (f->state == PAY_STATE_SUCCEEDED) {
        f->done_at = pay_wechatpay_time(o, "finish_time");
    }

    return NULL;
}


static int
pay_wechatpay_return_same(pay_talk_t *t)
{
    const pay_fact_t     *f = &t->fact;
    pay_wechatpay_own_t  *own = t->own;

    return pay_str_eq(f->order_id, own->order)
           && (f->amount < 0 || t->object->amount == 0
               || f->amount == t->object->amount)
           && (t->op != PAY_OP_SPLIT_RETURN || f->account.len == 0
               || pay_str_eq(f->account, t->ask->receivers[0].account));
}


const pay_wechatpay_kind_t  pay_wechatpay_returns = {
    .find = pay_wechatpay_return_find,
    .take = pay_wechatpay_return_take,
    .same = pay_wechatpay_return_same
};
