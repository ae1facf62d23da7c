
/*
 * Copyright (C) the ngx_pay authors
 *
 * Alipay simulator: trades that begin without a scan, trade.create and the
 * bar code of a buyer (sections 7.3 and 7.4 of the channel document).
 */

#include <sandbox/pay_sim_alipay.h>


/*
 * What a bar code does is in its first two digits.  Codes of the "fp" form
 * are paid.
 */

typedef enum {
    PAY_ALIS_BAR_PAYS = 0,
    PAY_ALIS_BAR_THINKS,        /* 10003; the second query finds it paid */
    PAY_ALIS_BAR_LEAVES,        /* 10003, and it stays unpaid */
    PAY_ALIS_BAR_INVALID,
    PAY_ALIS_BAR_POOR,
    PAY_ALIS_BAR_LOST           /* paid, but the answer does not tell */
} pay_alis_bar_t;

static const struct {
    const char      *prefix;
    pay_alis_bar_t   bar;
} pay_alis_bars[] = {
    { "25", PAY_ALIS_BAR_INVALID },
    { "26", PAY_ALIS_BAR_POOR },
    { "27", PAY_ALIS_BAR_LOST },
    { "28", PAY_ALIS_BAR_PAYS },
    { "29", PAY_ALIS_BAR_THINKS },
    { "30", PAY_ALIS_BAR_LEAVES }
};

#define PAY_ALIS_ASKS  2


pay_rc_t
pay_alis_create(pay_sim_t *s, const pay_alis_call_t *c)
{
    pay_rc_t            rc;
    pay_alis_trade_t    t;
    pay_json_writer_t  *w;

    if (pay_alis_field(c, "buyer_id").len == 0
        && pay_alis_field(c, "buyer_open_id").len == 0)
    {
        return pay_alis_fail(s, c, PAY_ALIS_ACQ_PARAMETER,
                             PAY_STR("buyer_id: or buyer_open_id is"
                                     " required"));
    }

    rc = pay_alis_begin(s, c, PAY_ALIS_LIFE, &t);

    if (rc == PAY_OK) {
        rc = pay_alis_scan(s, &t);
    }

    if (rc == PAY_OK) {
        rc = pay_alis_save(s, &t);
    }

    if (rc != PAY_OK) {
        return rc;
    }

    w = pay_alis_answer(s);

    if (w == NULL) {
        return PAY_ERROR;
    }

    pay_jw_str(w, "out_trade_no", t.out_trade_no);
    pay_jw_str(w, "trade_no", t.trade_no);

    return pay_alis_reply(s, c, w);
}


static pay_rc_t
pay_alis_pay_waiting(pay_sim_t *s, const pay_alis_call_t *c,
    const pay_alis_trade_t *t)
{
    pay_json_writer_t  *w;

    w = pay_alis_answer_waiting(s);

    if (w == NULL) {
        return PAY_ERROR;
    }

    pay_jw_str(w, "trade_no", t->trade_no);
    pay_jw_str(w, "out_trade_no", t->out_trade_no);
    pay_jw_strz(w, "buyer_logon_id", PAY_ALIS_LOGON);
    pay_jw_strz(w, "buyer_user_id", PAY_ALIS_BUYER);

    return pay_alis_reply(s, c, w);
}


static pay_rc_t
pay_alis_pay_wait(pay_sim_t *s, const pay_alis_call_t *c, pay_alis_trade_t *t,
    int64_t asks)
{
    t->asks = asks;

    return pay_alis_scan(s, t) == PAY_OK && pay_alis_save(s, t) == PAY_OK
           ? pay_alis_pay_waiting(s, c, t) : PAY_ERROR;
}


static pay_rc_t
pay_alis_pay_done(pay_sim_t *s, const pay_alis_call_t *c, pay_alis_trade_t *t)
{
    pay_json_writer_t  *w;

    w = pay_alis_answer(s);

    if (w == NULL || pay_alis_paid(s, t) != PAY_OK
        || pay_alis_save(s, t) != PAY_OK)
    {
        return PAY_ERROR;
    }

    pay_alis_put_trade(w, s, t, 0);
    pay_alis_put(w, "gmt_payment", pay_alis_time(s->arena, s->now));

    return pay_alis_reply(s, c, w);
}


static pay_alis_bar_t
pay_alis_bar(pay_str_t code)
{
    size_t  i;

    for (i = 0; i < pay_nelts(pay_alis_bars); i++) {
        if (pay_str_starts(code, pay_alis_bars[i].prefix)) {
            return pay_alis_bars[i].bar;
        }
    }

    return PAY_ALIS_BAR_PAYS;
}


/* a code that is refused makes no trade */

pay_rc_t
pay_alis_pay(pay_sim_t *s, const pay_alis_call_t *c)
{
    pay_rc_t          rc;
    pay_alis_trade_t  t;

    rc = pay_alis_begin(s, c, PAY_ALIS_FACE_LIFE, &t);

    if (rc != PAY_OK) {
        return rc;
    }

    if (t.trade_no.len != 0) {
        return pay_alis_pay_waiting(s, c, &t);
    }

    rc = pay_alis_journal_today(s);

    if (rc != PAY_OK) {
        return rc;
    }

    switch (pay_magic(t.total)) {

    case PAY_MAGIC_DECLINED:
        return pay_alis_fail(s, c, PAY_ALIS_NO_BALANCE, PAY_STR(""));

    case PAY_MAGIC_PAYING:
        return pay_alis_pay_wait(s, c, &t, PAY_ALIS_ASKS);

    default:
        break;
    }

    switch (pay_alis_bar(pay_alis_field(c, "auth_code"))) {

    case PAY_ALIS_BAR_PAYS:
        break;

    case PAY_ALIS_BAR_THINKS:
        return pay_alis_pay_wait(s, c, &t, PAY_ALIS_ASKS);

    case PAY_ALIS_BAR_LEAVES:
        return pay_alis_pay_wait(s, c, &t, 0);

    case PAY_ALIS_BAR_INVALID:
        return pay_alis_fail(s, c, PAY_ALIS_AUTH_CODE, PAY_STR(""));

    case PAY_ALIS_BAR_POOR:
        return pay_alis_fail(s, c, PAY_ALIS_NO_BALANCE, PAY_STR(""));

    case PAY_ALIS_BAR_LOST:
        return pay_alis_paid(s, &t) == PAY_OK
               && pay_alis_save(s, &t) == PAY_OK
               ? pay_alis_fail(s, c, PAY_ALIS_UNKNOWN, PAY_STR(""))
               : PAY_ERROR;
    }

    return pay_alis_pay_done(s, c, &t);
}
