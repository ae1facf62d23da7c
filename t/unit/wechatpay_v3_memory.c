
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver wechatpay_v3: memory ends at every place once, in every operation.
 */

#include "wechatpay_v3_made.h"


#define REFUNDED                                                             \
    "{\"refund_id\":\"5030000001\",\"out_refund_no\":\"number0001\","        \
    "\"out_trade_no\":\"" ORDER "\",\"status\":\"SUCCESS\","                 \
    "\"amount\":{\"total\":100,\"refund\":40,\"currency\":\"CNY\"}}"

#define TRANSFERRED                                                          \
    "{\"out_bill_no\":\"number0001\",\"transfer_bill_no\":\"133\","          \
    "\"state\":\"WAIT_USER_CONFIRM\",\"package_info\":\"x\"}"

#define SPLIT                                                                \
    "{\"transaction_id\":\"4200000001\",\"out_order_no\":\"number0001\","    \
    "\"order_id\":\"300\",\"state\":\"FINISHED\",\"receivers\":["            \
    "{\"amount\":40,\"type\":\"MERCHANT_ID\",\"account\":\"1900000111\","    \
    "\"result\":\"SUCCESS\"}]}"

#define PREPAID  "{\"prepay_id\":\"wx201410272009395522657a690389285100\"}"

#define PLACE                                                                \
    "{\"hash_type\":\"SHA1\","                                               \
    "\"hash_value\":\"31745f87b1984608c9afafcb0e23d63c8a9f78e8\","           \
    "\"download_url\":\"https://api.mch.weixin.qq.com/f?token=x\"}"


typedef struct {
    pay_op_t       op;
    pay_method_t   method;
    const char    *body;            /* of the answer at last */
    int            look_up;         /* a 500 first */
} scene_t;

static const scene_t  scenes[] = {
    { PAY_OP_PAY, PAY_METHOD_JSAPI, PREPAID, 0 },
    { PAY_OP_PAY, PAY_METHOD_APP, PREPAID, 0 },
    { PAY_OP_REFUND, 0, REFUNDED, 1 },
    { PAY_OP_REFUND_QUERY, 0, REFUNDED, 0 },
    { PAY_OP_TRANSFER, 0, TRANSFERRED, 1 },
    { PAY_OP_TRANSFER_CANCEL, 0, TRANSFERRED, 0 },
    { PAY_OP_SPLIT, 0, SPLIT, 1 },
    { PAY_OP_SPLIT_FINISH, 0, SPLIT, 0 },
    { PAY_OP_STATEMENT, 0, PLACE, 0 }
};

static const pay_report_t    reports[] = { { pay_str("a"), pay_str("b") } };
static const pay_receiver_t  receivers[] = {
    { .type = pay_str("merchant"), .account = pay_str("1900000111"),
      .name = pay_str("x"), .amount = 40, .ratio = -1 }
};
static pay_object_t          object;
static pay_account_t         account;


static void
open_scene(const scene_t *s)
{
    open_talk(s->op, PAY_KNOWN_UNKNOWN);

    account.prefix = PAY_STR("number");

    memset(&object, 0, sizeof(object));
    object.kind = pay_op_info(s->op)->kind;
    object.number = PAY_STR("0001");
    object.amount = 40;
    payment.channel_number = PAY_STR("4200000001");

    t.ask = &ask;

    if (s->op == PAY_OP_PAY) {
        by_method(s->method);
        ask.openid = PAY_STR("o1");
        return;
    }

    ask.number = s->op == PAY_OP_STATEMENT ? PAY_STR("2026-11-21")
                                           : object.number;
    ask.to_type = PAY_STR("openid");
    ask.to_account = PAY_STR("o1");
    ask.to_name = PAY_STR("x");
    ask.purpose = PAY_STR("1005");
    ask.reports = reports;
    ask.nreports = 1;
    ask.receivers = receivers;
    ask.nreceivers = 1;

    t.object = &object;
    t.payment = &payment;
    t.account = &account;
    payment.number = PAY_STR("");
    object.order_id = PAY_STR("");
}


static pay_rc_t
play(const scene_t *s, pay_arena_t *whole)
{
    pay_rc_t  rc;

    rc = pay_wechatpay_v3.begin(&t);
    rc = rc == PAY_SIGN ? pay_wechatpay_v3.sign(&t) : rc;

    if (rc == PAY_SEND && s->look_up) {
        memset(&headers, 0, sizeof(headers));
        header_add(&headers, "Content-Type", PAY_STR("application/json"));
        rc = resume(500, ERR("SYSTEM_ERROR"));
        rc = rc == PAY_SIGN ? pay_wechatpay_v3.sign(&t) : rc;
    }

    if (rc == PAY_SEND) {
        platform_sign(whole, &headers, t.now, pay_strz(s->body));
        rc = resume(200, s->body);
    }

    return rc == PAY_SIGN ? pay_wechatpay_v3.sign(&t) : rc;
}


static void
test_scene(const scene_t *s)
{
    size_t        limit;
    pay_rc_t      rc;
    pay_arena_t  *whole;

    rc = PAY_ERROR;

    for (limit = 1; limit < 65536; limit += 61) {

        open_scene(s);
        whole = t.arena;
        t.arena = pay_arena_create(limit);

        rc = play(s, whole);

        talk_close(&t);
        t.arena = whole;

        if (rc == PAY_FETCH
            || (rc == PAY_DONE && t.error.code == PAY_E_NONE))
        {
            break;
        }

        /* less is an error, or an outcome that nobody knows: never a fact */

        if (rc != PAY_ERROR
            && (rc != PAY_DONE || t.fact.state != PAY_STATE_NONE))
        {
            break;
        }
    }

    ok((rc == PAY_FETCH || rc == PAY_DONE) && t.error.code == PAY_E_NONE
       && limit > 1000 && limit < 65536, "%s: %zu bytes are enough, with less "
       "it is an error", pay_op_info(s->op)->name, limit);
}


static void
test_rows(void)
{
    size_t        limit;
    pay_rc_t      rc;
    pay_arena_t  *whole;

    rc = PAY_ERROR;

    for (limit = 1; limit < 65536 && rc == PAY_ERROR; limit += 997) {
        open_scene(&scenes[pay_nelts(scenes) - 1]);

        if (pay_wechatpay_v3.begin(&t) != PAY_SIGN) {
            bail("cannot", "begin");
        }

        whole = t.arena;
        t.arena = pay_arena_create(limit);
        rc = pay_wechatpay_v3.rows(&t, PAY_STR(""), 1);
        talk_close(&t);
        t.arena = whole;
    }

    ok(rc == PAY_OK && limit > PAY_WECHATPAY_REF_MAX, "rows: %zu bytes",
       limit);
}


int
main(void)
{
    size_t  i;

    channel_open();

    for (i = 0; i < pay_nelts(scenes); i++) {
        test_scene(&scenes[i]);
    }

    test_rows();

    talk_close(&t);
    channel_close();

    return done();
}
