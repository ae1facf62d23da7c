
/*
 * Copyright (C) the ngx_pay authors
 *
 * Alipay simulator: the buyer's buttons, and the trade as the page shows it.
 */

#include <sandbox/pay_sim_alipay.h>


/* a press on a trade that cannot take it; NULL: it can */

static const char *
pay_alis_no(const pay_alis_trade_t *t, pay_press_t press)
{
    if (t->state == PAY_ALIS_PAID) {
        return "The order is already paid.";
    }

    if (t->state != PAY_ALIS_WAIT && t->state != PAY_ALIS_CODE
        && press != PAY_PRESS_PAY_LATE)
    {
        return "The order is closed or expired. Only a late payment can"
               " reach it now.";
    }

    return NULL;
}


static pay_rc_t
pay_alis_press_pay(pay_sim_t *s, pay_alis_trade_t *t, size_t n)
{
    pay_rc_t  rc;

    rc = pay_alis_journal_today(s);

    if (rc != PAY_OK) {
        return rc;
    }

    while (t->npayments < n) {
        if (pay_alis_paid(s, t) != PAY_OK) {
            return PAY_ERROR;
        }
    }

    return pay_alis_save(s, t);
}


pay_rc_t
pay_alis_press(pay_sim_t *s, pay_press_t press, const char **why)
{
    pay_rc_t          rc;
    pay_alis_trade_t  t;

    *why = NULL;
    rc = pay_alis_load(s, &t);

    if (rc != PAY_OK) {
        *why = "There is no such order.";
        return rc;
    }

    /* section 7.8: a refund is done at once */

    *why = press > PAY_PRESS_PAY_LATE ? "The refund is over."
                                      : pay_alis_no(&t, press);
    if (*why != NULL) {
        return PAY_DECLINED;
    }

    if (press != PAY_PRESS_DECLINE
        && pay_magic(t.total) != PAY_MAGIC_DECLINED)
    {
        return pay_alis_press_pay(s, &t, press == PAY_PRESS_PAY_TWICE ? 2 : 1);
    }

    /* section 8.4: WAIT_BUYER_PAY is not sent, but now there is a trade */

    t.refused = 1;
    *why = "The payment was declined. Alipay sends no notice of that: the"
           " trade waits for its buyer.";

    rc = pay_alis_scan(s, &t);

    return rc == PAY_OK ? pay_alis_save(s, &t) : rc;
}


/* before a scan there is no word of the channel's */

static const char *
pay_alis_word(const pay_alis_trade_t *t, int64_t now)
{
    if (t->state == PAY_ALIS_CODE || t->state == PAY_ALIS_DROPPED) {
        return "TRADE_NOT_EXIST";
    }

    return pay_alis_status(t, 0, now);
}


static pay_rc_t
pay_alis_parts(pay_sim_t *s, const pay_alis_trade_t *t, pay_sim_view_t *out)
{
    size_t           i;
    pay_sim_part_t  *p;

    p = pay_calloc(s->arena, t->nrefunds * sizeof(pay_sim_part_t));

    if (p == NULL) {
        return PAY_ERROR;
    }

    for (i = 0; i < t->nrefunds; i++) {
        p[i].id = t->refunds[i].number;
        p[i].kind = "refund";
        p[i].amount = t->refunds[i].amount;
        p[i].state = "REFUND_SUCCESS";
    }

    out->parts = p;
    out->nparts = t->nrefunds;

    return PAY_OK;
}


pay_rc_t
pay_alis_view(pay_sim_t *s, pay_sim_view_t *out)
{
    pay_rc_t                  rc;
    pay_alis_trade_t          t;
    const pay_alipay_conf_t  *conf;

    rc = pay_alis_load(s, &t);

    if (rc != PAY_OK) {
        return rc;
    }

    conf = s->channel->conf;

    out->kind = "payment";
    out->order_id = t.out_trade_no;
    out->description = t.subject;
    out->amount = t.total;
    out->currency = PAY_STR("CNY");
    out->account = conf->app_id;
    out->state = pay_alis_word(&t, s->now);
    out->expires_at = t.expires_at;
    out->notify_url = t.notify_url;
    out->payable = t.state == PAY_ALIS_CODE || t.state == PAY_ALIS_WAIT;

    if (pay_alis_parts(s, &t, out) != PAY_OK) {
        return PAY_ERROR;
    }

    if (t.npayments == 0) {
        return PAY_OK;
    }

    out->return_url = pay_alis_way_back(s, &t, 0);

    return out->return_url.data != NULL ? PAY_OK : PAY_ERROR;
}
