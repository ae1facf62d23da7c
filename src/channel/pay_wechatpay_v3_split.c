
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver wechatpay_v3: splits of a payment, and what is left of it (sections
 * 8.8, 10.5).
 */

#include <channel/pay_wechatpay_v3_int.h>


#define PAY_WECHATPAY_SPLITS  "/v3/profitsharing/orders"

#define PAY_WECHATPAY_REMARK_MAX  80

/* of the 4 KiB of a record */
#define PAY_WECHATPAY_PARTS_MAX   3072


static const pay_word_t  pay_wechatpay_parts[] = {
    { "PENDING", PAY_STATE_PENDING },
    { "SUCCESS", PAY_STATE_SUCCEEDED },
    { "CLOSED", PAY_STATE_FAILED },
    { NULL, 0 }
};


/* the payment, in the channel's words */

static pay_str_t
pay_wechatpay_transaction(const pay_talk_t *t)
{
    pay_wechatpay_own_t  *own = t->own;

    if (own->notice) {
        return own->transaction;
    }

    if (t->object->channel_order_id.len) {
        return t->object->channel_order_id;
    }

    if (t->payment && t->payment->channel_number.len) {
        return t->payment->channel_number;
    }

    return t->ask->channel_order_id;
}


static pay_str_t
pay_wechatpay_remark(pay_str_t first, pay_str_t second)
{
    return pay_utf8_cut(first.len ? first : second.len ? second
                                                       : PAY_STR("split"),
                        PAY_WECHATPAY_REMARK_MAX);
}


/* sealed names first: a key may have to be fetched for them */

static pay_rc_t
pay_wechatpay_names(pay_talk_t *t, pay_str_t *names)
{
    size_t     i;
    pay_rc_t   rc;

    for (i = 0; i < t->ask->nreceivers; i++) {
        rc = pay_wechatpay_secret(t, t->ask->receivers[i].name, "receivers",
                                  &names[i]);
        if (rc != PAY_OK) {
            return rc;
        }
    }

    return PAY_OK;
}


static pay_str_t
pay_wechatpay_split_body(pay_talk_t *t, const pay_str_t *names)
{
    size_t                  i;
    const pay_ask_t        *ask;
    pay_json_writer_t      *w;
    const pay_receiver_t   *r;
    pay_wechatpay_own_t    *own;

    ask = t->ask;
    own = t->own;

    w = pay_wechatpay_body(t);
    if (w == NULL) {
        return (pay_str_t) pay_str_null;
    }

    pay_wechatpay_split_apps(t, w);
    pay_jw_str(w, "transaction_id", pay_wechatpay_transaction(t));
    pay_jw_str(w, "out_order_no", own->number);
    pay_jw_array(w, "receivers");

    for (i = 0; i < ask->nreceivers; i++) {
        r = &ask->receivers[i];

        pay_jw_object(w, NULL);
        pay_wechatpay_receiver(t, w, r, names[i]);
        pay_jw_int(w, "amount", r->amount);
        pay_jw_str(w, "description",
                   pay_wechatpay_remark(r->description, ask->description));
        pay_jw_end(w);
    }

    pay_jw_end(w);
    pay_jw_bool(w, "unfreeze_unsplit", ask->finish);
    pay_jw_end(w);

    return pay_jw_text(w);
}


pay_rc_t
pay_wechatpay_split(pay_talk_t *t)
{
    size_t            i;
    pay_rc_t          rc;
    pay_str_t         names[PAY_RECEIVERS_MAX];
    const pay_ask_t  *ask;

    if (t->known == PAY_KNOWN_OPEN) {
        return PAY_DONE;
    }

    ask = t->ask;

    if (pay_wechatpay_transaction(t).len == 0) {
        return pay_wechatpay_refuse(t, PAY_E_FIELD_MISSING,
                                    "channel_order_id");
    }

    for (i = 0; i < ask->nreceivers; i++) {

        if (!pay_wechatpay_receives(&ask->receivers[i])) {
            return pay_wechatpay_refuse(t, PAY_E_RECEIVER_INVALID,
                                        "receivers");
        }

        if (ask->receivers[i].amount < 1) {
            return pay_wechatpay_refuse(t, PAY_E_AMOUNT_INVALID, "receivers");
        }
    }

    rc = pay_wechatpay_names(t, names);
    if (rc != PAY_OK) {
        return rc;
    }

    return pay_wechatpay_send(t, PAY_WECHATPAY_CREATE, "POST",
                              PAY_STR(PAY_WECHATPAY_SPLITS),
                              pay_wechatpay_split_body(t, names));
}


pay_rc_t
pay_wechatpay_split_finish(pay_talk_t *t)
{
    pay_json_writer_t    *w;
    pay_wechatpay_own_t  *own = t->own;

    if (t->known == PAY_KNOWN_OPEN) {
        return PAY_DONE;
    }

    if (pay_wechatpay_transaction(t).len == 0) {
        return pay_wechatpay_refuse(t, PAY_E_FIELD_MISSING,
                                    "channel_order_id");
    }

    w = pay_wechatpay_body(t);
    if (w == NULL) {
        return PAY_ERROR;
    }

    pay_jw_str(w, "transaction_id", pay_wechatpay_transaction(t));
    pay_jw_str(w, "out_order_no", own->number);
    pay_jw_str(w, "description",
               pay_wechatpay_remark(t->ask->description, PAY_STR("")));
    pay_jw_end(w);

    return pay_wechatpay_send(t, PAY_WECHATPAY_CREATE, "POST",
                              PAY_STR(PAY_WECHATPAY_SPLITS "/unfreeze"),
                              pay_jw_text(w));
}


static pay_rc_t
pay_wechatpay_split_find(pay_talk_t *t)
{
    pay_str_t             target;
    pay_wechatpay_own_t  *own = t->own;

    target = pay_wechatpay_transaction(t);

    if (target.len == 0) {
        return pay_wechatpay_refuse(t, PAY_E_FIELD_MISSING,
                                    "channel_order_id");
    }

    target = pay_wechatpay_target(t, PAY_WECHATPAY_SPLITS "/", own->number,
                                  "?transaction_id=", target);

    return pay_wechatpay_send(t, PAY_WECHATPAY_FIND, "GET",
                              pay_wechatpay_target_sub(t, target),
                              PAY_STR(""));
}


/* one of the answer's receivers, as the object has it; NONE: not readable */

static pay_state_t
pay_wechatpay_part(pay_talk_t *t, pay_json_writer_t *w, const pay_json_t *o,
    int why)
{
    int64_t      amount, at;
    pay_str_t    type, account, result, failure;
    pay_state_t  state;

    amount = -1;
    failure = PAY_STR("");

    if (pay_json_string(o, "type", &type) != PAY_OK
        || pay_json_string(o, "account", &account) != PAY_OK
        || pay_json_string(o, "result", &result) != PAY_OK
        || !pay_wechatpay_amount(o, "amount", 0, &amount) || amount < 0
        || !pay_wechatpay_text(o, "fail_reason", 64, &failure))
    {
        return PAY_STATE_NONE;
    }

    state = pay_word_find(pay_wechatpay_parts, result, PAY_STATE_NONE);

    pay_jw_object(w, NULL);
    pay_jw_strz(w, "type", pay_wechatpay_receiver_type(type));
    pay_jw_str(w, "account", account);
    pay_jw_int(w, "amount", amount);
    pay_jw_strz(w, "status", pay_state_name(state));
    pay_jw_opt(w, "failure", why ? failure : PAY_STR(""));
    pay_jw_end(w);

    at = pay_wechatpay_time(o, "finish_time");

    if (state == PAY_STATE_SUCCEEDED && at > t->fact.done_at) {
        t->fact.done_at = at;
    }

    return state;
}


/* "finished" does not mean success: section 8.8 */

static pay_state_t
pay_wechatpay_split_state(const unsigned *seen)
{
    if (seen[PAY_STATE_PENDING]) {
        return PAY_STATE_PENDING;
    }

    if (seen[PAY_STATE_FAILED]) {
        return seen[PAY_STATE_SUCCEEDED] ? PAY_STATE_PARTIALLY_SUCCEEDED
                                         : PAY_STATE_FAILED;
    }

    return PAY_STATE_SUCCEEDED;
}


/* who was asked for is there, with the same amount */

static int
pay_wechatpay_split_has(const pay_json_t *list, const pay_receiver_t *r)
{
    int64_t    amount;
    pay_str_t  account;

    for (list = list->child; list; list = list->next) {

        if (pay_json_string(list, "account", &account) == PAY_OK
            && pay_str_eq(account, r->account)
            && pay_json_int(list, "amount", &amount) == PAY_OK
            && amount == r->amount)
        {
            return 1;
        }
    }

    return 0;
}


static int
pay_wechatpay_split_asked(pay_talk_t *t, const pay_json_t *list)
{
    size_t  i;

    for (i = 0; t->op == PAY_OP_SPLIT && i < t->ask->nreceivers; i++) {
        if (!pay_wechatpay_split_has(list, &t->ask->receivers[i])) {
            return 0;
        }
    }

    return 1;
}


static const char *
pay_wechatpay_split_receivers(pay_talk_t *t, const pay_json_t *list,
    unsigned *seen, int why)
{
    pay_state_t         state;
    const pay_json_t   *o;
    pay_json_writer_t  *w;

    w = pay_json_writer(t->arena);
    if (w == NULL) {
        return "memory";
    }

    pay_jw_array(w, NULL);

    for (o = list->child; o; o = o->next) {

        state = pay_wechatpay_part(t, w, o, why);
        if (state == PAY_STATE_NONE) {
            return "json";
        }

        seen[state]++;
    }

    pay_jw_end(w);

    t->fact.receivers = pay_jw_text(w);

    if (t->fact.receivers.data == NULL) {
        return "memory";
    }

    /* who got what is kept, if need be without why somebody did not */

    return why && t->fact.receivers.len > PAY_WECHATPAY_PARTS_MAX
           ? pay_wechatpay_split_receivers(t, list, seen, 0) : NULL;
}


static const char *
pay_wechatpay_split_take(pay_talk_t *t, const pay_json_t *o)
{
    unsigned              seen[PAY_STATE_MAX] = { 0 };
    pay_str_t             state, sub;
    pay_fact_t           *f;
    const char           *why;
    const pay_json_t     *list;
    pay_wechatpay_own_t  *own;

    f = &t->fact;
    own = t->own;
    list = pay_json_get(o, "receivers");
    sub = own->sub_mchid;

    if (!pay_wechatpay_id(o, "out_order_no", &f->number)
        || pay_json_string(o, "order_id", &f->channel_number) != PAY_OK
        || f->channel_number.len == 0 || f->channel_number.len > 64
        || pay_json_string(o, "state", &state) != PAY_OK
        || pay_json_string(o, "transaction_id", &f->channel_order_id) != PAY_OK
        || !pay_wechatpay_text(o, "sub_mchid", 32, &sub)
        || (list && list->type != PAY_JSON_ARRAY))
    {
        return "json";
    }

    if (!pay_str_eq(f->channel_order_id, pay_wechatpay_transaction(t))
        || !pay_str_eq(sub, own->sub_mchid))
    {
        return "echo_mismatch";
    }

    f->sub_merchant = sub;
    own->same = list == NULL || pay_wechatpay_split_asked(t, list);

    why = list ? pay_wechatpay_split_receivers(t, list, seen, 1) : NULL;
    if (why) {
        return why;
    }

    if (pay_str_eqz(state, "PROCESSING") || (list == NULL || !list->child)) {
        f->state = PAY_STATE_PENDING;

    } else if (pay_str_eqz(state, "FINISHED")) {
        f->state = pay_wechatpay_split_state(seen);
    }

    if (f->state != PAY_STATE_SUCCEEDED
        && f->state != PAY_STATE_PARTIALLY_SUCCEEDED)
    {
        f->done_at = 0;
    }

    return NULL;
}


static int
pay_wechatpay_split_same(pay_talk_t *t)
{
    pay_wechatpay_own_t  *own = t->own;

    return own->same;
}


const pay_wechatpay_kind_t  pay_wechatpay_splits = {
    .find = pay_wechatpay_split_find,
    .take = pay_wechatpay_split_take,
    .same = pay_wechatpay_split_same
};


/* it tells of one receiver only: a query tells of the split */

pay_rc_t
pay_wechatpay_notice_split(pay_talk_t *t, const pay_json_t *o)
{
    pay_wechatpay_own_t  *own = t->own;

    if (!pay_wechatpay_own_account(t, o, &own->sub_mchid)) {
        return pay_wechatpay_refused(t, "identity");
    }

    if (!pay_wechatpay_id(o, "out_order_no", &own->number)
        || !pay_wechatpay_id(o, "transaction_id", &own->transaction))
    {
        return pay_wechatpay_refused(t, "json");
    }

    own->kind = PAY_KIND_SPLIT;

    return pay_wechatpay_split_find(t);
}
