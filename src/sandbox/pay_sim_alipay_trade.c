
/*
 * Copyright (C) the ngx_pay authors
 *
 * Alipay simulator: precreate, query, close, cancel (sections 7.2, 7.6, 7.7
 * of the channel document).
 */

#include <sandbox/pay_sim_alipay.h>


/* section 7.7; the name of its error is all that is known of it */
#define PAY_ALIS_CANCEL_WINDOW  86400


pay_rc_t
pay_alis_find(pay_sim_t *s, const pay_alis_call_t *c, pay_alis_trade_t *t,
    size_t *n)
{
    pay_rc_t  rc;

    *n = 0;
    rc = pay_alis_load(s, t);

    if (rc == PAY_ERROR) {
        return rc;
    }

    if (rc != PAY_OK || t->trade_no.len == 0) {
        return pay_alis_fail(s, c, PAY_ALIS_NOT_EXIST, PAY_STR(""));
    }

    if (c->trade_no.len == 0 || pay_str_eq(c->trade_no, t->trade_no)) {
        return PAY_OK;
    }

    for (*n = 0; *n < t->npayments; (*n)++) {
        if (pay_str_eq(c->trade_no, t->payments[*n].trade_no)) {
            return PAY_OK;
        }
    }

    return pay_alis_fail(s, c, PAY_ALIS_NOT_EXIST, PAY_STR(""));
}


pay_str_t
pay_alis_page_url(pay_sim_t *s, pay_str_t number)
{
    pay_str_t         encoded;
    const pay_str_t   path = pay_str("/sandbox/checkout/");
    const pay_str_t   slash = pay_str("/");
    const pay_str_t  *parts[] = {
        &s->base, &path, &s->channel->name, &slash, &encoded, NULL
    };

    encoded = pay_percent_encode(s->arena, number);

    return encoded.data != NULL ? pay_concat(s->arena, parts) : encoded;
}


pay_rc_t
pay_alis_precreate(pay_sim_t *s, const pay_alis_call_t *c)
{
    pay_rc_t            rc;
    pay_str_t           url;
    pay_alis_trade_t    t;
    pay_json_writer_t  *w;

    rc = pay_alis_begin(s, c, PAY_ALIS_CODE_LIFE, &t);

    if (rc == PAY_OK) {
        rc = pay_alis_save(s, &t);
    }

    if (rc != PAY_OK) {
        return rc;
    }

    url = pay_alis_page_url(s, c->number);
    w = pay_alis_answer(s);

    if (url.data == NULL || w == NULL) {
        return PAY_ERROR;
    }

    pay_jw_str(w, "out_trade_no", t.out_trade_no);
    pay_jw_str(w, "qr_code", url);

    return pay_alis_reply(s, c, w);
}


/* what could not be made is no UTF-8, which makes the whole fail */

void
pay_alis_put(pay_json_writer_t *w, const char *key, pay_str_t text)
{
    pay_jw_str(w, key, text.data != NULL ? text : PAY_STR("\377"));
}


void
pay_alis_put_money(pay_json_writer_t *w, pay_sim_t *s, const char *key,
    int64_t amount)
{
    pay_alis_put(w, key, pay_alis_money(s->arena, amount));
}


static void
pay_alis_put_buyer(pay_json_writer_t *w)
{
    pay_jw_strz(w, "buyer_logon_id", PAY_ALIS_LOGON);
    pay_jw_strz(w, "buyer_user_id", PAY_ALIS_BUYER);
}


static void
pay_alis_put_paid(pay_json_writer_t *w, pay_sim_t *s,
    const pay_alis_trade_t *t, size_t n)
{
    int64_t  paid;

    paid = n < t->npayments ? t->total : 0;

    pay_alis_put_money(w, s, "buyer_pay_amount", paid);
    pay_alis_put_money(w, s, "invoice_amount", paid);
    pay_alis_put_money(w, s, "point_amount", 0);
    pay_alis_put_money(w, s, "receipt_amount", paid);

    if (n >= t->npayments) {
        return;
    }

    pay_jw_array(w, "fund_bill_list");
    pay_jw_object(w, NULL);
    pay_alis_put_money(w, s, "amount", t->total);
    pay_jw_strz(w, "fund_channel", "ALIPAYACCOUNT");
    pay_jw_end(w);
    pay_jw_end(w);
}


void
pay_alis_put_trade(pay_json_writer_t *w, pay_sim_t *s,
    const pay_alis_trade_t *t, size_t n)
{
    pay_jw_str(w, "trade_no", n < t->npayments ? t->payments[n].trade_no
                                               : t->trade_no);
    pay_jw_str(w, "out_trade_no", t->out_trade_no);
    pay_alis_put_buyer(w);
    pay_alis_put_money(w, s, "total_amount", t->total);
    pay_alis_put_paid(w, s, t, n);
}


/* a buyer who thinks has paid at the last of these queries */

static pay_rc_t
pay_alis_ask(pay_sim_t *s, pay_alis_trade_t *t)
{
    pay_rc_t  rc;

    if (t->state != PAY_ALIS_WAIT || t->asks == 0) {
        return PAY_OK;
    }

    rc = pay_alis_journal_today(s);

    if (rc != PAY_OK) {
        return rc;
    }

    t->asks--;

    if (t->asks == 0 && pay_alis_paid(s, t) != PAY_OK) {
        return PAY_ERROR;
    }

    return pay_alis_save(s, t);
}


pay_rc_t
pay_alis_query(pay_sim_t *s, const pay_alis_call_t *c)
{
    size_t              n;
    pay_rc_t            rc;
    pay_alis_trade_t    t;
    pay_json_writer_t  *w;

    rc = pay_alis_find(s, c, &t, &n);

    if (rc == PAY_OK) {
        rc = pay_alis_ask(s, &t);
    }

    if (rc != PAY_OK) {
        return rc;
    }

    w = pay_alis_answer(s);

    if (w == NULL) {
        return PAY_ERROR;
    }

    pay_alis_put_trade(w, s, &t, n);
    pay_jw_strz(w, "trade_status", pay_alis_status(&t, n, s->now));

    if (n < t.npayments) {
        pay_alis_put(w, "send_pay_date", pay_alis_time(s->arena,
                                                       t.payments[n].time));
    }

    if (t.store_id.len != 0) {
        pay_jw_str(w, "store_id", t.store_id);
    }

    if (t.terminal_id.len != 0) {
        pay_jw_str(w, "terminal_id", t.terminal_id);
    }

    if (t.passback.len != 0) {
        pay_jw_str(w, "passback_params", t.passback);
    }

    return pay_alis_reply(s, c, w);
}


/* section 7.7: an unpaid trade that exists; a code that is none is none */

pay_rc_t
pay_alis_close(pay_sim_t *s, const pay_alis_call_t *c)
{
    size_t              n;
    pay_rc_t            rc;
    pay_alis_trade_t    t;
    pay_json_writer_t  *w;

    rc = pay_alis_find(s, c, &t, &n);

    if (rc != PAY_OK) {
        return rc;
    }

    if (t.state != PAY_ALIS_WAIT) {
        return pay_alis_fail(s, c, PAY_ALIS_STATUS, PAY_STR(""));
    }

    t.state = PAY_ALIS_CLOSED;
    t.closed_at = s->now;
    pay_alis_tell(s, &t, PAY_ALIS_TELL_CLOSE, 0);

    w = pay_alis_answer(s);

    if (w == NULL || pay_alis_save(s, &t) != PAY_OK) {
        return PAY_ERROR;
    }

    pay_jw_str(w, "trade_no", t.trade_no);
    pay_jw_str(w, "out_trade_no", t.out_trade_no);

    return pay_alis_reply(s, c, w);
}


/* action: NULL where no trade was found */

static pay_rc_t
pay_alis_cancelled(pay_sim_t *s, const pay_alis_call_t *c,
    const pay_alis_trade_t *t, const char *action)
{
    pay_json_writer_t  *w;

    w = pay_alis_answer(s);

    if (w == NULL) {
        return PAY_ERROR;
    }

    if (t->trade_no.len != 0) {
        pay_jw_str(w, "trade_no", t->trade_no);
    }

    pay_jw_str(w, "out_trade_no", t->out_trade_no.len != 0 ? t->out_trade_no
                                                           : c->number);
    pay_jw_strz(w, "retry_flag", "N");

    if (action != NULL) {
        pay_jw_strz(w, "action", action);
    }

    return pay_alis_reply(s, c, w);
}


/* all that is not given back yet */

static pay_rc_t
pay_alis_cancel_paid(pay_sim_t *s, const pay_alis_call_t *c,
    pay_alis_trade_t *t)
{
    pay_rc_t            rc;
    int64_t             rest;
    pay_alis_refund_t  *r;

    rest = t->total - pay_alis_refunded(t, 0);

    if (rest == 0) {
        return pay_alis_cancelled(s, c, t, "refund");
    }

    if (s->now >= t->payments[0].time + PAY_ALIS_CANCEL_WINDOW) {
        return pay_alis_fail(s, c, PAY_ALIS_CANCEL_LATE, PAY_STR(""));
    }

    if (t->nrefunds == PAY_ALIS_REFUNDS) {
        return pay_alis_fail(s, c, PAY_ALIS_NO_REFUND, PAY_STR(""));
    }

    rc = pay_alis_journal_today(s);

    if (rc != PAY_OK) {
        return rc;
    }

    r = &t->refunds[t->nrefunds++];

    r->payment = 0;
    r->number = t->out_trade_no;
    r->reason = PAY_STR("cancel");
    r->amount = rest;
    r->time = s->now;

    t->closed_at = s->now;
    pay_alis_tell(s, t, PAY_ALIS_TELL_REFUND, t->nrefunds - 1);

    if (pay_alis_journal_add(s, t, 0, r) != PAY_OK) {
        return PAY_ERROR;
    }

    rc = pay_alis_save(s, t);

    if (rc == PAY_INVALID) {
        return pay_alis_fail(s, c, PAY_ALIS_NO_REFUND, PAY_STR(""));
    }

    return rc == PAY_OK ? pay_alis_cancelled(s, c, t, "refund") : rc;
}


pay_rc_t
pay_alis_cancel(pay_sim_t *s, const pay_alis_call_t *c)
{
    pay_rc_t          rc;
    const char       *action;
    pay_alis_trade_t  t;

    rc = pay_alis_load(s, &t);

    if (rc == PAY_DECLINED) {
        memset(&t, 0, sizeof(pay_alis_trade_t));
        return pay_alis_cancelled(s, c, &t, NULL);
    }

    if (rc != PAY_OK) {
        return rc;
    }

    if (t.state == PAY_ALIS_PAID) {
        return pay_alis_cancel_paid(s, c, &t);
    }

    action = t.trade_no.len != 0 ? "close" : NULL;

    if (t.state == PAY_ALIS_WAIT || t.state == PAY_ALIS_CODE) {
        t.state = action != NULL ? PAY_ALIS_CLOSED : PAY_ALIS_DROPPED;
        t.closed_at = s->now;

        if (action != NULL) {
            pay_alis_tell(s, &t, PAY_ALIS_TELL_CLOSE, 0);
        }

        rc = pay_alis_save(s, &t);
    }

    return rc == PAY_OK ? pay_alis_cancelled(s, c, &t, action) : rc;
}
