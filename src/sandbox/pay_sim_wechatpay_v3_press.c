
/*
 * Copyright (C) the ngx_pay authors
 *
 * WeChat Pay APIv3 simulator: the buttons of the checkout page.
 */

#include <sandbox/pay_sim_wechatpay_v3.h>


/* 28 digits: 420000, the day in Beijing, 14 random ones */

static pay_str_t
pay_wxs_transaction_id(pay_sim_t *s)
{
    size_t         i;
    uint64_t       n, unit;
    pay_str_t      day;
    pay_buf_t      b;
    const pay_u8  *p;

    p = pay_sim_random(s, 8);
    day = pay_time_format(s->arena, s->now, PAY_BEIJING);

    if (p == NULL || day.data == NULL) {
        return (pay_str_t) pay_str_null;
    }

    for (n = 0, i = 0; i < 8; i++) {
        n = n << 8 | p[i];
    }

    pay_buf_init(&b, s->arena, 28);
    pay_buf_addz(&b, "420000");
    pay_buf_add(&b, day.data, 4);
    pay_buf_add(&b, day.data + 5, 2);
    pay_buf_add(&b, day.data + 8, 2);

    for (unit = UINT64_C(10000000000000); unit != 0; unit /= 10) {
        pay_buf_addc(&b, (pay_u8) ('0' + n / unit % 10));
    }

    return pay_buf_str(&b);
}


/* a press on an order that cannot take it; NULL: it can */

static const char *
pay_wxs_no(const pay_wxs_order_t *o, pay_press_t press)
{
    if (o->state == PAY_WXS_SUCCESS || o->state == PAY_WXS_PAYING) {
        return "The order is already paid.";
    }

    if (o->state == PAY_WXS_CLOSED && press != PAY_PRESS_PAY_LATE) {
        return "The order is closed or expired. Only a late payment can"
               " reach it now.";
    }

    return NULL;
}


static pay_rc_t
pay_wxs_press_pay(pay_sim_t *s, pay_wxs_order_t *o, size_t n)
{
    int64_t             time;
    pay_str_t           id;
    pay_wxs_payment_t  *p;

    o->state = PAY_WXS_SUCCESS;
    time = s->now;

    if (pay_magic(o->total) == PAY_MAGIC_PAYING) {
        o->state = PAY_WXS_PAYING;
        time += PAY_MAGIC_TIME;
    }

    while (o->npayments < n) {
        p = &o->payments[o->npayments];
        p->time = time;
        p->transaction_id = pay_wxs_transaction_id(s);

        if (p->transaction_id.data == NULL) {
            return PAY_ERROR;
        }

        id = pay_wxs_id(s, "transaction/", (pay_str_t) pay_str_null,
                        p->transaction_id);

        if (id.data == NULL || pay_sim_make(s, id, o->id) != PAY_OK
            || pay_wxs_journal(s, "P", o->npayments == 0 ? PAY_STR("0")
                                                         : PAY_STR("1"),
                               o->id) != PAY_OK)
        {
            return PAY_ERROR;
        }

        pay_wxs_notice_add(o, PAY_WXS_OF_PAYMENT, o->npayments++, s->now);
    }

    return pay_wxs_order_save(s, o);
}


static pay_rc_t
pay_wxs_press_order(pay_sim_t *s, pay_wxs_order_t *o, pay_press_t press,
    const char **why)
{
    pay_rc_t  rc;

    *why = pay_wxs_no(o, press);

    if (*why != NULL) {
        return PAY_DECLINED;
    }

    /* section 10.2: a notice tells of success only */

    if (press == PAY_PRESS_DECLINE
        || pay_magic(o->total) == PAY_MAGIC_DECLINED)
    {
        o->refused = 1;
        *why = "The payment was declined. WeChat Pay sends no notice of that:"
               " the order stays unpaid.";
        return pay_wxs_order_save(s, o);
    }

    rc = pay_wxs_journal_open(s);

    return rc == PAY_OK
           ? pay_wxs_press_pay(s, o, press == PAY_PRESS_PAY_TWICE ? 2 : 1)
           : rc;
}


/* what was ABNORMAL may end well, or be given up: section 8.6 */

static pay_rc_t
pay_wxs_press_refund(pay_sim_t *s, pay_wxs_order_t *o, pay_press_t press,
    const char **why)
{
    pay_rc_t                 rc;
    pay_wxs_refund_t        *r;
    pay_wxs_refund_state_t   state;

    r = pay_wxs_refund_find(o, s->part_id);

    if (r == NULL) {
        *why = "There is no such refund.";
        return PAY_DECLINED;
    }

    state = press == PAY_PRESS_REFUND ? PAY_WXS_REFUNDED
            : press == PAY_PRESS_REFUND_FAIL ? PAY_WXS_ABNORMAL
            : PAY_WXS_REFUND_CLOSED;

    if (r->state == state || r->state == PAY_WXS_REFUNDED
        || r->state == PAY_WXS_REFUND_CLOSED)
    {
        *why = "The refund is over.";
        return PAY_DECLINED;
    }

    rc = pay_wxs_journal_open(s);

    if (rc == PAY_OK && state == PAY_WXS_REFUNDED) {
        rc = pay_wxs_journal(s, "R", r->number, o->id);
    }

    if (rc != PAY_OK) {
        return rc;
    }

    r->state = state;
    r->ends = s->now;

    pay_wxs_notice_add(o, PAY_WXS_OF_REFUND, (size_t) (r - o->refunds),
                       s->now);

    return pay_wxs_order_save(s, o);
}


pay_rc_t
pay_wxs_press(pay_sim_t *s, pay_press_t press, const char **why)
{
    pay_rc_t         rc;
    pay_wxs_order_t  o;

    *why = NULL;

    if (pay_wxs_is_transfer(s)) {
        return pay_wxs_transfer_press(s, press, why);
    }

    rc = pay_wxs_order_load(s, &o);

    if (rc != PAY_OK) {
        *why = "There is no such order.";
        return rc;
    }

    switch (press) {

    case PAY_PRESS_PAY:
    case PAY_PRESS_DECLINE:
    case PAY_PRESS_PAY_TWICE:
    case PAY_PRESS_PAY_LATE:
        return pay_wxs_press_order(s, &o, press, why);

    default:
        return pay_wxs_press_refund(s, &o, press, why);
    }
}
