
/*
 * Copyright (C) the ngx_pay authors
 *
 * Alipay simulator: transfers (section 7.11 of the channel document).  A
 * transfer has a record of its own; its other numbers lead to it.
 */

#include <sandbox/pay_sim_alipay.h>


/* 0.10 of TRANS_ACCOUNT_NO_PWD */
#define PAY_ALIS_TRANSFER_MIN   10

#define PAY_ALIS_TRANSFER_ASKS  2


typedef struct {
    pay_str_t  out_biz_no;
    pay_str_t  order_id;
    pay_str_t  fund_id;
    pay_str_t  fingerprint;
    pay_str_t  status;
    pay_str_t  fail;            /* error_code, where it failed */
    int64_t    amount;
    int64_t    time;
    int64_t    asks;            /* queries until it is through; 0: it is */
} pay_alis_transfer_t;


static pay_rc_t
pay_alis_transfer_load(pay_sim_t *s, pay_alis_transfer_t *t)
{
    const char  *why;
    pay_json_t  *tree;

    memset(t, 0, sizeof(pay_alis_transfer_t));

    if (s->order.len == 0) {
        return PAY_DECLINED;
    }

    if (pay_json_parse(s->arena, s->order, &tree, &why) != PAY_OK
        || pay_json_string(tree, "out_biz_no", &t->out_biz_no) != PAY_OK
        || pay_json_string(tree, "order_id", &t->order_id) != PAY_OK
        || pay_json_string(tree, "fund_id", &t->fund_id) != PAY_OK
        || pay_json_string(tree, "fingerprint", &t->fingerprint) != PAY_OK
        || pay_json_string(tree, "status", &t->status) != PAY_OK
        || pay_json_string(tree, "fail", &t->fail) == PAY_INVALID
        || pay_json_int(tree, "amount", &t->amount) != PAY_OK
        || pay_json_int(tree, "time", &t->time) != PAY_OK
        || pay_json_int(tree, "asks", &t->asks) != PAY_OK)
    {
        return PAY_ERROR;
    }

    return PAY_OK;
}


static pay_rc_t
pay_alis_transfer_save(pay_sim_t *s, const pay_alis_transfer_t *t)
{
    pay_json_writer_t  *w;

    w = pay_json_writer(s->arena);

    if (w == NULL) {
        return PAY_ERROR;
    }

    pay_jw_object(w, NULL);
    pay_jw_str(w, "out_biz_no", t->out_biz_no);
    pay_jw_str(w, "order_id", t->order_id);
    pay_jw_str(w, "fund_id", t->fund_id);
    pay_jw_str(w, "fingerprint", t->fingerprint);
    pay_jw_str(w, "status", t->status);
    pay_jw_opt(w, "fail", t->fail);
    pay_jw_int(w, "amount", t->amount);
    pay_jw_int(w, "time", t->time);
    pay_jw_int(w, "asks", t->asks);
    pay_jw_end(w);

    s->order = pay_jw_text(w);
    s->changed = 1;

    return s->order.data != NULL ? PAY_OK : PAY_ERROR;
}


static pay_rc_t
pay_alis_transfer_reply(pay_sim_t *s, const pay_alis_call_t *c,
    const pay_alis_transfer_t *t)
{
    pay_json_writer_t  *w;

    w = pay_alis_answer(s);

    if (w == NULL) {
        return PAY_ERROR;
    }

    pay_jw_str(w, "out_biz_no", t->out_biz_no);
    pay_jw_str(w, "order_id", t->order_id);
    pay_jw_str(w, "pay_fund_order_id", t->fund_id);
    pay_jw_str(w, "status", t->status);
    pay_alis_put(w, "trans_date", pay_alis_time(s->arena, t->time));

    return pay_alis_reply(s, c, w);
}


/* the numbers of this side, and the ways from them to the record */

static pay_rc_t
pay_alis_transfer_numbers(pay_sim_t *s, pay_alis_transfer_t *t)
{
    t->order_id = pay_alis_serial(s, "110075");
    t->fund_id = pay_alis_serial(s, "110076");

    if (t->order_id.data == NULL || t->fund_id.data == NULL
        || pay_alis_index(s, t->order_id, s->order_id) != PAY_OK
        || pay_alis_index(s, t->fund_id, s->order_id) != PAY_OK)
    {
        return PAY_ERROR;
    }

    return PAY_OK;
}


/* who is paid: a name with an account that is no id (section 7.11) */

static pay_rc_t
pay_alis_payee(pay_sim_t *s, const pay_alis_call_t *c)
{
    pay_str_t          type, name;
    const pay_json_t  *payee;

    payee = pay_json_get(c->biz, "payee_info");

    if (pay_json_string(payee, "identity_type", &type) != PAY_OK) {
        return PAY_ERROR;
    }

    if ((pay_str_eqz(type, "ALIPAY_LOGON_ID")
         || pay_str_eqz(type, "BANKCARD_ACCOUNT"))
        && pay_json_string(payee, "name", &name) != PAY_OK)
    {
        return pay_alis_fail(s, c, PAY_ALIS_PARAMETER,
                             PAY_STR("/payee_info/name: is required"));
    }

    return PAY_OK;
}


static void
pay_alis_transfer_fate(pay_alis_transfer_t *t)
{
    switch (pay_magic(t->amount)) {

    case PAY_MAGIC_DECLINED:
    case PAY_MAGIC_FAILED:
        t->status = PAY_STR("FAIL");
        t->fail = PAY_STR("PAYEE_ACC_OCUPIED");
        break;

    case PAY_MAGIC_PAYING:
        t->status = PAY_STR("DEALING");
        t->asks = PAY_ALIS_TRANSFER_ASKS;
        break;

    default:
        break;
    }
}


pay_rc_t
pay_alis_transfer(pay_sim_t *s, const pay_alis_call_t *c)
{
    pay_rc_t             rc;
    pay_str_t            fingerprint;
    pay_alis_transfer_t  t;

    fingerprint = pay_alis_fingerprint(s, c);
    rc = pay_alis_transfer_load(s, &t);

    if (fingerprint.data == NULL || rc == PAY_ERROR) {
        return PAY_ERROR;
    }

    if (rc == PAY_OK) {
        return pay_str_eq(t.fingerprint, fingerprint)
               ? pay_alis_transfer_reply(s, c, &t)
               : pay_alis_fail(s, c, PAY_ALIS_TRANSFER_REPEAT, PAY_STR(""));
    }

    rc = pay_alis_payee(s, c);

    if (rc != PAY_OK) {
        return rc;
    }

    t.out_biz_no = c->number;
    t.fingerprint = fingerprint;
    t.status = PAY_STR("SUCCESS");
    t.time = s->now;

    if (pay_alis_money_field(c, "trans_amount", &t.amount) != PAY_OK) {
        return PAY_ERROR;
    }

    if (t.amount < PAY_ALIS_TRANSFER_MIN
        && pay_str_eqz(pay_alis_field(c, "product_code"),
                       "TRANS_ACCOUNT_NO_PWD"))
    {
        return pay_alis_wrong(s, c, PAY_STR("/trans_amount"), "is too small");
    }

    if (pay_alis_magic(c) == PAY_MAGIC_POOR) {
        return pay_alis_fail(s, c, PAY_ALIS_PAYER_POOR, PAY_STR(""));
    }

    pay_alis_transfer_fate(&t);

    if (pay_alis_transfer_numbers(s, &t) != PAY_OK
        || pay_alis_transfer_save(s, &t) != PAY_OK)
    {
        return PAY_ERROR;
    }

    return pay_alis_transfer_reply(s, c, &t);
}


/* what is under way is through at the last of these queries */

static pay_rc_t
pay_alis_transfer_ask(pay_sim_t *s, pay_alis_transfer_t *t)
{
    if (t->asks == 0) {
        return PAY_OK;
    }

    t->asks--;

    if (t->asks == 0) {
        t->status = PAY_STR("SUCCESS");
    }

    return pay_alis_transfer_save(s, t);
}


pay_rc_t
pay_alis_transfer_query(pay_sim_t *s, const pay_alis_call_t *c)
{
    pay_rc_t             rc;
    pay_json_writer_t   *w;
    pay_alis_transfer_t  t;

    if (c->number.len != 0
        && (pay_alis_field(c, "product_code").len == 0
            || pay_alis_field(c, "biz_scene").len == 0))
    {
        return pay_alis_fail(s, c, PAY_ALIS_PARAMETER,
                             PAY_STR("product_code: and biz_scene are"
                                     " required"));
    }

    rc = pay_alis_transfer_load(s, &t);

    if (rc == PAY_DECLINED) {
        return pay_alis_fail(s, c, PAY_ALIS_ORDER_NOT_EXIST, PAY_STR(""));
    }

    if (rc != PAY_OK || pay_alis_transfer_ask(s, &t) != PAY_OK) {
        return PAY_ERROR;
    }

    w = pay_alis_answer(s);

    if (w == NULL) {
        return PAY_ERROR;
    }

    pay_jw_str(w, "out_biz_no", t.out_biz_no);
    pay_jw_str(w, "order_id", t.order_id);
    pay_jw_str(w, "pay_fund_order_id", t.fund_id);
    pay_jw_str(w, "status", t.status);
    pay_alis_put_money(w, s, "trans_amount", t.amount);
    pay_alis_put_money(w, s, "order_fee", 0);
    pay_alis_put(w, "pay_date", pay_alis_time(s->arena, t.time));

    if (t.fail.len != 0) {
        pay_jw_str(w, "error_code", t.fail);
        pay_jw_str(w, "fail_reason", t.fail);
    }

    return pay_alis_reply(s, c, w);
}
