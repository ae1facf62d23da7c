
/*
 * Copyright (C) the ngx_pay authors
 *
 * Alipay simulator: refunds (sections 7.8 and 7.9 of the channel document).
 * They are done at once, and live in the record of their trade.
 */

#include <sandbox/pay_sim_alipay.h>


/* what is kept of a reason */
#define PAY_ALIS_REASON  40


static const pay_alis_refund_t *
pay_alis_refund_find(const pay_alis_trade_t *t, size_t n, pay_str_t number)
{
    size_t  i;

    for (i = 0; i < t->nrefunds; i++) {

        if (t->refunds[i].payment == n
            && pay_str_eq(t->refunds[i].number, number))
        {
            return &t->refunds[i];
        }
    }

    return NULL;
}


/* refund_fee is what was given back of the trade in all */

static pay_rc_t
pay_alis_refund_reply(pay_sim_t *s, const pay_alis_call_t *c,
    const pay_alis_trade_t *t, const pay_alis_refund_t *r, int change)
{
    pay_json_writer_t  *w;

    w = pay_alis_answer(s);

    if (w == NULL) {
        return PAY_ERROR;
    }

    pay_jw_str(w, "trade_no", t->payments[r->payment].trade_no);
    pay_jw_str(w, "out_trade_no", t->out_trade_no);
    pay_jw_strz(w, "buyer_logon_id", PAY_ALIS_LOGON);
    pay_jw_strz(w, "buyer_user_id", PAY_ALIS_BUYER);
    pay_jw_strz(w, "fund_change", change ? "Y" : "N");
    pay_alis_put_money(w, s, "refund_fee", pay_alis_refunded(t, r->payment));
    pay_alis_put_money(w, s, "send_back_fee", change ? r->amount : 0);
    pay_alis_put(w, "gmt_refund_pay", pay_alis_time(s->arena, r->time));

    return pay_alis_reply(s, c, w);
}


/* the number of this refund: that of the trade, where all of it goes back */

static pay_rc_t
pay_alis_refund_number(pay_sim_t *s, const pay_alis_call_t *c,
    const pay_alis_trade_t *t, int64_t amount, pay_str_t *out)
{
    *out = pay_alis_field(c, "out_request_no");

    if (out->len != 0) {
        return PAY_OK;
    }

    *out = t->out_trade_no;

    return amount == t->total ? PAY_OK
           : pay_alis_fail(s, c, PAY_ALIS_ACQ_PARAMETER,
                           PAY_STR("out_request_no: is required for a part"));
}


/* PAY_OK: it can be given back; PAY_DONE: an error */

static pay_rc_t
pay_alis_refund_check(pay_sim_t *s, const pay_alis_call_t *c,
    const pay_alis_trade_t *t, size_t n, int64_t amount)
{
    const char  *status;

    status = pay_alis_status(t, n, s->now);

    if (n >= t->npayments) {
        return pay_alis_fail(s, c, t->state == PAY_ALIS_WAIT
                                   ? PAY_ALIS_STATUS : PAY_ALIS_HAS_CLOSE,
                             PAY_STR(""));
    }

    if (strcmp(status, "TRADE_FINISHED") == 0) {
        return pay_alis_fail(s, c, PAY_ALIS_HAS_FINISHED, PAY_STR(""));
    }

    if (strcmp(status, "TRADE_CLOSED") == 0) {
        return pay_alis_fail(s, c, PAY_ALIS_HAS_CLOSE, PAY_STR(""));
    }

    if (amount > t->total - pay_alis_refunded(t, n)) {
        return pay_alis_fail(s, c, PAY_ALIS_REFUND_TOTAL, PAY_STR(""));
    }

    if (pay_magic(amount) == PAY_MAGIC_POOR) {
        return pay_alis_fail(s, c, PAY_ALIS_SELLER_POOR, PAY_STR(""));
    }

    if (t->nrefunds == PAY_ALIS_REFUNDS) {
        return pay_alis_fail(s, c, PAY_ALIS_NO_REFUND, PAY_STR(""));
    }

    return PAY_OK;
}


static pay_rc_t
pay_alis_refund_do(pay_sim_t *s, const pay_alis_call_t *c,
    pay_alis_trade_t *t, size_t n, pay_str_t number, int64_t amount)
{
    pay_rc_t            rc;
    pay_alis_refund_t  *r;

    rc = pay_alis_journal_today(s);

    if (rc != PAY_OK) {
        return rc;
    }

    r = &t->refunds[t->nrefunds++];

    r->payment = n;
    r->number = number;
    r->reason = pay_utf8_cut(pay_alis_field(c, "refund_reason"),
                             PAY_ALIS_REASON);
    r->amount = amount;
    r->time = s->now;

    if (n == 0 && pay_alis_refunded(t, n) == t->total) {
        t->closed_at = s->now;
    }

    pay_alis_tell(s, t, PAY_ALIS_TELL_REFUND, t->nrefunds - 1);

    if (pay_alis_journal_add(s, t, n, r) != PAY_OK) {
        return PAY_ERROR;
    }

    rc = pay_alis_save(s, t);

    if (rc == PAY_INVALID) {
        return pay_alis_fail(s, c, PAY_ALIS_NO_REFUND, PAY_STR(""));
    }

    return rc == PAY_OK ? pay_alis_refund_reply(s, c, t, r, 1) : rc;
}


pay_rc_t
pay_alis_refund(pay_sim_t *s, const pay_alis_call_t *c)
{
    size_t                    n;
    int64_t                   amount;
    pay_rc_t                  rc;
    pay_str_t                 number;
    pay_alis_trade_t          t;
    const pay_alis_refund_t  *known;

    rc = pay_alis_find(s, c, &t, &n);

    if (rc != PAY_OK) {
        return rc;
    }

    if (pay_alis_money_field(c, "refund_amount", &amount) != PAY_OK) {
        return PAY_ERROR;
    }

    rc = pay_alis_refund_number(s, c, &t, amount, &number);

    if (rc != PAY_OK) {
        return rc;
    }

    known = pay_alis_refund_find(&t, n, number);

    if (known != NULL) {
        return known->amount == amount
               ? pay_alis_refund_reply(s, c, &t, known, 0)
               : pay_alis_fail(s, c, PAY_ALIS_REFUND_REPEAT, PAY_STR(""));
    }

    rc = pay_alis_refund_check(s, c, &t, n, amount);

    return rc == PAY_OK ? pay_alis_refund_do(s, c, &t, n, number, amount)
                        : rc;
}


/* section 7.9: a refund that is not there is no error, only no refund_status */

pay_rc_t
pay_alis_refund_query(pay_sim_t *s, const pay_alis_call_t *c)
{
    size_t                    n;
    pay_rc_t                  rc;
    pay_alis_trade_t          t;
    pay_json_writer_t        *w;
    const pay_alis_refund_t  *r;

    rc = pay_alis_find(s, c, &t, &n);

    if (rc != PAY_OK) {
        return rc;
    }

    w = pay_alis_answer(s);

    if (w == NULL) {
        return PAY_ERROR;
    }

    r = pay_alis_refund_find(&t, n, pay_alis_field(c, "out_request_no"));

    if (r == NULL) {
        return pay_alis_reply(s, c, w);
    }

    pay_jw_str(w, "trade_no", t.payments[n].trade_no);
    pay_jw_str(w, "out_trade_no", t.out_trade_no);
    pay_jw_str(w, "out_request_no", r->number);

    if (r->reason.len != 0) {
        pay_jw_str(w, "refund_reason", r->reason);
    }

    pay_alis_put_money(w, s, "total_amount", t.total);
    pay_alis_put_money(w, s, "refund_amount", r->amount);
    pay_alis_put_money(w, s, "send_back_fee", r->amount);
    pay_jw_strz(w, "refund_status", "REFUND_SUCCESS");
    pay_alis_put(w, "gmt_refund_pay", pay_alis_time(s->arena, r->time));

    return pay_alis_reply(s, c, w);
}
