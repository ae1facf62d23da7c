
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver alipay: splits and their receivers (section 7.12).
 */

#include <channel/pay_alipay_int.h>


#define PAY_ALIPAY_REQUEST_NO  32


static const pay_word_t  pay_alipay_split_states[] = {
    { "SUCCESS", PAY_STATE_SUCCEEDED },
    { "FAIL", PAY_STATE_FAILED },
    { "PROCESSING", PAY_STATE_PENDING },
    { NULL, 0 }
};

static const struct {
    const char  *ours;
    const char  *theirs;
} pay_alipay_receivers[] = {
    { "user_id", "userId" },
    { "merchant", "userId" },
    { "login_id", "loginName" },
    { "openid", "openId" }
};


static const char *
pay_alipay_receiver_type(pay_str_t ours)
{
    size_t  i;

    for (i = 0; i < pay_nelts(pay_alipay_receivers); i++) {
        if (pay_str_eqz(ours, pay_alipay_receivers[i].ours)) {
            return pay_alipay_receivers[i].theirs;
        }
    }

    return NULL;
}


static pay_str_t
pay_alipay_receiver_ours(pay_str_t theirs)
{
    size_t  i;

    for (i = 0; i < pay_nelts(pay_alipay_receivers); i++) {
        if (pay_str_eqz(theirs, pay_alipay_receivers[i].theirs)) {
            return pay_strz(pay_alipay_receivers[i].ours);
        }
    }

    return theirs;
}


/* PAY_OK, or what is wrong with a receiver */

static pay_rc_t
pay_alipay_receivers_check(pay_talk_t *t, size_t max)
{
    size_t                 i;
    const pay_receiver_t  *r;

    if (t->ask->nreceivers == 0) {
        return pay_alipay_refuse(t, PAY_E_FIELD_MISSING, "receivers");
    }

    if (t->ask->nreceivers > max) {
        return pay_alipay_refuse(t, PAY_E_SPLIT_LIMIT, "receivers");
    }

    for (i = 0; i < t->ask->nreceivers; i++) {
        r = &t->ask->receivers[i];

        if (pay_alipay_receiver_type(r->type) == NULL) {
            return pay_alipay_refuse(t, PAY_E_RECEIVER_INVALID, "type");
        }
    }

    return PAY_OK;
}


/* of a receiver: bound to, or no longer, by a number that is used once */

pay_rc_t
pay_alipay_bind(pay_talk_t *t, pay_alipay_step_t step)
{
    pay_rc_t               rc;
    pay_json_writer_t     *w;
    const pay_receiver_t  *r;

    rc = pay_alipay_receivers_check(t, 1);
    if (rc != PAY_OK) {
        return rc;
    }

    r = t->ask->receivers;

    if (pay_str_eqz(r->type, "login_id") && r->name.len == 0) {
        return pay_alipay_refuse(t, PAY_E_FIELD_MISSING, "name");
    }

    w = pay_json_writer(t->arena);
    if (w == NULL) {
        return PAY_ERROR;
    }

    pay_jw_object(w, NULL);
    pay_jw_array(w, "receiver_list");
    pay_jw_object(w, NULL);
    pay_jw_strz(w, "type", pay_alipay_receiver_type(r->type));
    pay_jw_str(w, "account", r->account);

    if (r->name.len) {
        pay_jw_str(w, "name", r->name);
    }

    if (r->relation.len) {
        pay_jw_str(w, "memo", r->relation);
    }

    pay_jw_end(w);
    pay_jw_end(w);
    pay_jw_str(w, "out_request_no",
               pay_talk_nonce(t, PAY_ALIPAY_REQUEST_NO));
    pay_jw_end(w);

    return pay_alipay_request(t, step, pay_jw_text(w));
}


pay_rc_t
pay_alipay_bound(pay_talk_t *t, pay_alipay_said_t *s)
{
    pay_str_t  result;

    if (s->code != PAY_E_NONE) {
        return pay_alipay_fail(t, s);
    }

    if (pay_alipay_text(s->node, "result_code", 32, &result) != PAY_OK) {
        return pay_alipay_doubt(t, s, "json");
    }

    if (!pay_str_eqz(result, "SUCCESS")) {
        s->code = PAY_E_CHANNEL_REJECTED;
        s->reason = "result_code";
        s->channel_code = result;

        return pay_alipay_fail(t, s);
    }

    return PAY_DONE;
}


static pay_str_t
pay_alipay_split_trade(const pay_talk_t *t)
{
    return t->payment && t->payment->channel_number.len
           ? t->payment->channel_number : t->object->channel_order_id;
}


static void
pay_alipay_royalty(pay_talk_t *t, pay_json_writer_t *w,
    const pay_receiver_t *r)
{
    pay_jw_object(w, NULL);
    pay_jw_strz(w, "royalty_type", "transfer");
    pay_jw_strz(w, "trans_in_type", pay_alipay_receiver_type(r->type));
    pay_jw_str(w, "trans_in", r->account);

    if (r->name.len) {
        pay_jw_str(w, "trans_in_name", r->name);
    }

    pay_jw_str(w, "amount", pay_amount_to_decimal(t->arena, r->amount,
                                                  PAY_ALIPAY_EXPONENT));

    if (r->description.len) {
        pay_jw_str(w, "desc", r->description);
    }

    pay_jw_end(w);
}


pay_rc_t
pay_alipay_split(pay_talk_t *t)
{
    size_t              i;
    pay_rc_t            rc;
    pay_str_t           trade_no;
    pay_json_writer_t  *w;

    rc = pay_alipay_receivers_check(t, PAY_RECEIVERS_MAX);
    if (rc != PAY_OK) {
        return rc;
    }

    trade_no = pay_alipay_split_trade(t);

    if (trade_no.len == 0) {
        return pay_alipay_refuse(t, PAY_E_FIELD_MISSING, "channel_order_id");
    }

    w = pay_json_writer(t->arena);
    if (w == NULL) {
        return PAY_ERROR;
    }

    pay_jw_object(w, NULL);
    pay_jw_str(w, "out_request_no", pay_talk_number(t, t->object->number));
    pay_jw_str(w, "trade_no", trade_no);
    pay_jw_array(w, "royalty_parameters");

    for (i = 0; i < t->ask->nreceivers; i++) {
        pay_alipay_royalty(t, w, &t->ask->receivers[i]);
    }

    pay_jw_end(w);

    if (t->ask->finish) {
        pay_jw_object(w, "extend_params");
        pay_jw_strz(w, "royalty_finish", "true");
        pay_jw_end(w);
    }

    pay_jw_end(w);

    return pay_alipay_request(t, PAY_ALIPAY_SETTLE, pay_jw_text(w));
}


pay_rc_t
pay_alipay_split_query(pay_talk_t *t)
{
    pay_str_t           settle_no, trade_no;
    pay_json_writer_t  *w;

    settle_no = t->fact.channel_number.len ? t->fact.channel_number
                                           : t->object->channel_number;
    trade_no = pay_alipay_split_trade(t);

    if (settle_no.len == 0 && trade_no.len == 0) {
        return pay_alipay_refuse(t, PAY_E_FIELD_MISSING, "channel_order_id");
    }

    w = pay_json_writer(t->arena);
    if (w == NULL) {
        return PAY_ERROR;
    }

    pay_jw_object(w, NULL);

    if (settle_no.len) {
        pay_jw_str(w, "settle_no", settle_no);

    } else {
        pay_jw_str(w, "out_request_no",
                   pay_talk_number(t, t->object->number));
        pay_jw_str(w, "trade_no", trade_no);
    }

    pay_jw_end(w);

    return pay_alipay_request(t, PAY_ALIPAY_SETTLE_QUERY, pay_jw_text(w));
}


/* accepted; what came of each receiver only the query tells */

pay_rc_t
pay_alipay_settled(pay_talk_t *t, pay_alipay_said_t *s)
{
    pay_fact_t        *f;
    pay_alipay_own_t  *own;

    f = &t->fact;
    own = t->own;

    if (s->code == PAY_E_IDEMPOTENCY_CONFLICT) {
        own->first = *s;
        return pay_alipay_split_query(t);
    }

    if (s->code != PAY_E_NONE) {
        return pay_alipay_fail(t, s);
    }

    pay_fact_init(f);
    f->kind = PAY_KIND_SPLIT;

    if (pay_alipay_text(s->node, "trade_no", 64, &f->channel_order_id)
        != PAY_OK
        || !pay_str_eq(f->channel_order_id, pay_alipay_split_trade(t))
        || pay_alipay_text(s->node, "settle_no", 64, &f->channel_number)
           == PAY_INVALID)
    {
        pay_fact_init(f);
        f->kind = PAY_KIND_SPLIT;
        return pay_alipay_doubt(t, s, "json");
    }

    f->number = pay_talk_number(t, t->object->number);
    f->state = PAY_STATE_PENDING;

    return pay_alipay_split_query(t);
}


/* one of the list into the writer; PAY_STATE_NONE: it is none */

static pay_state_t
pay_alipay_split_part(const pay_json_t *o, pay_json_writer_t *w,
    int64_t *amount)
{
    pay_rc_t     rc;
    pay_state_t  state;
    pay_str_t    type, account, status, failure;

    failure = PAY_STR("");

    if (pay_alipay_text(o, "trans_in_type", 32, &type) != PAY_OK
        || pay_alipay_text(o, "trans_in", 128, &account) != PAY_OK
        || pay_alipay_text(o, "state", 32, &status) != PAY_OK
        || pay_alipay_amount(o, "amount", amount) != PAY_OK)
    {
        return PAY_STATE_NONE;
    }

    state = pay_word_find(pay_alipay_split_states, status, PAY_STATE_NONE);
    rc = pay_alipay_text(o, "error_code", 64, &failure);

    if (state == PAY_STATE_NONE || rc == PAY_INVALID) {
        return PAY_STATE_NONE;
    }

    pay_jw_object(w, NULL);
    pay_jw_str(w, "type", pay_alipay_receiver_ours(type));
    pay_jw_str(w, "account", account);
    pay_jw_int(w, "amount", *amount);
    pay_jw_strz(w, "status", pay_state_name(state));
    pay_jw_opt(w, "failure", failure);
    pay_jw_end(w);

    return state;
}


/* the list of an answer; *sum of what was to be paid.  NULL, or why not */

static const char *
pay_alipay_split_parts(pay_talk_t *t, const pay_json_t *list, pay_fact_t *f,
    int64_t *sum)
{
    size_t              n[PAY_STATE_MAX];
    int64_t             amount;
    pay_str_t           type;
    pay_state_t         state;
    const pay_json_t   *o;
    pay_json_writer_t  *w;

    memset(n, 0, sizeof(n));
    *sum = 0;

    if (list == NULL || list->type != PAY_JSON_ARRAY) {
        return "json";
    }

    w = pay_json_writer(t->arena);
    if (w == NULL) {
        return "memory";
    }

    pay_jw_array(w, NULL);

    for (o = list->child; o; o = o->next) {

        /* what was taken back, and what was put in, are others' rows */

        if (pay_alipay_text(o, "operation_type", 32, &type) == PAY_OK
            && !pay_str_eqz(type, "transfer"))
        {
            continue;
        }

        state = pay_alipay_split_part(o, w, &amount);

        if (state == PAY_STATE_NONE
            || pay_amount_add(*sum, amount, sum) != PAY_OK)
        {
            return "json";
        }

        n[state]++;
    }

    pay_jw_end(w);

    f->receivers = pay_jw_text(w);

    if (f->receivers.data == NULL) {
        return "memory";
    }

    f->state = n[PAY_STATE_PENDING] ? PAY_STATE_PENDING
               : n[PAY_STATE_SUCCEEDED] && n[PAY_STATE_FAILED]
                 ? PAY_STATE_PARTIALLY_SUCCEEDED
               : n[PAY_STATE_SUCCEEDED] ? PAY_STATE_SUCCEEDED
               : n[PAY_STATE_FAILED] ? PAY_STATE_FAILED
               : PAY_STATE_PENDING;

    return NULL;
}


static int64_t
pay_alipay_split_sum(const pay_ask_t *ask)
{
    size_t   i;
    int64_t  sum;

    for (sum = 0, i = 0; i < ask->nreceivers; i++) {
        sum += ask->receivers[i].amount;
    }

    return sum;
}


/* a query that only looks into an answer of the split itself */

static pay_rc_t
pay_alipay_split_looked(pay_talk_t *t, pay_alipay_said_t *s,
    const pay_fact_t *f, const char *why, int64_t sum)
{
    pay_alipay_own_t  *own = t->own;

    if (s->code == PAY_E_NONE && why == NULL
        && (own->first.code == PAY_E_NONE
            || sum == pay_alipay_split_sum(t->ask)))
    {
        t->fact = *f;
        return PAY_DONE;
    }

    /* accepted: how far it is, a query will tell */

    if (own->first.code == PAY_E_NONE) {
        return PAY_DONE;
    }

    if (why || (s->code != PAY_E_NONE && s->code != PAY_E_NOT_FOUND)) {
        return pay_alipay_doubt(t, &own->first, "look_up");
    }

    return pay_alipay_fail(t, &own->first);
}


pay_rc_t
pay_alipay_split_queried(pay_talk_t *t, pay_alipay_said_t *s)
{
    int64_t      sum;
    pay_str_t    number;
    pay_fact_t   f;
    const char  *why;

    why = NULL;
    sum = 0;
    number = PAY_STR("");

    pay_fact_init(&f);
    f.kind = PAY_KIND_SPLIT;

    if (s->code == PAY_E_NONE) {

        f.number = pay_talk_number(t, t->object->number);
        f.channel_number = t->fact.channel_number;
        f.channel_order_id = pay_alipay_split_trade(t);

        why = pay_alipay_text(s->node, "out_request_no", 64, &number)
              != PAY_OK ? "json"
              : !pay_str_eq(number, f.number) ? "echo_mismatch"
              : pay_alipay_split_parts(t, pay_json_get(s->node,
                                                "royalty_detail_list"),
                                       &f, &sum);
    }

    if (t->op == PAY_OP_SPLIT) {
        return pay_alipay_split_looked(t, s, &f, why, sum);
    }

    if (s->code != PAY_E_NONE) {
        return pay_alipay_fail(t, s);
    }

    if (why) {
        return pay_alipay_doubt(t, s, why);
    }

    t->fact = f;

    return PAY_DONE;
}
