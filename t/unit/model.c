
/*
 * Copyright (C) the ngx_pay authors
 *
 * The tables of the model: routes, arrows, errors, payments as bytes, events.
 */

#include "test.h"
#include <model/pay_model.h>


static const struct {
    const char  *method;
    const char  *path;
    pay_rc_t     rc;
    pay_op_t     op;
    const char  *number;
} routes[] = {
    { "POST", "/v1/payments", PAY_OK, PAY_OP_PAY, "" },
    { "GET", "/v1/payments/A1", PAY_OK, PAY_OP_QUERY, "A1" },
    { "POST", "/v1/payments/A1/close", PAY_OK, PAY_OP_CLOSE, "A1" },
    { "POST", "/v1/payments/A1/capture", PAY_OK, PAY_OP_CAPTURE, "A1" },
    { "POST", "/v1/payments/A1/refunds", PAY_OK, PAY_OP_REFUND, "A1" },
    { "GET", "/v1/refunds/R1", PAY_OK, PAY_OP_REFUND_QUERY, "R1" },
    { "POST", "/v1/transfers", PAY_OK, PAY_OP_TRANSFER, "" },
    { "POST", "/v1/transfers/T/cancel", PAY_OK, PAY_OP_TRANSFER_CANCEL, "T" },
    { "GET", "/v1/splits/S/returns/Q", PAY_OK, PAY_OP_SPLIT_RETURN_QUERY,
      "Q" },
    { "POST", "/v1/payments/A1/splits/finish", PAY_OK, PAY_OP_SPLIT_FINISH,
      "A1" },
    { "DELETE", "/v1/receivers", PAY_OK, PAY_OP_RECEIVER_DELETE, "" },
    { "GET", "/v1/channels", PAY_OK, PAY_OP_CHANNELS, "" },
    { "GET", "/v1/payments", PAY_INVALID, 0, "" },
    { "PUT", "/v1/payments/A1", PAY_INVALID, 0, "" },
    { "get", "/v1/payments/A1", PAY_INVALID, 0, "" },
    { "POST", "/v1/payments/", PAY_DECLINED, 0, "" },
    { "POST", "/v1/payments//close", PAY_DECLINED, 0, "" },
    { "POST", "/v1/payments/A1/close/", PAY_DECLINED, 0, "" },
    { "POST", "/v1/payments/A1/closed", PAY_DECLINED, 0, "" },
    { "POST", "/v2/payments", PAY_DECLINED, 0, "" },
    { "POST", "", PAY_DECLINED, 0, "" }
};


static void
test_routes(void)
{
    size_t     i;
    pay_op_t   op;
    pay_rc_t   rc;
    pay_str_t  n;

    for (i = 0; i < pay_nelts(routes); i++) {
        rc = pay_op_route(pay_strz(routes[i].method),
                          pay_strz(routes[i].path), &op, &n);

        ok(rc == routes[i].rc
           && (rc != PAY_OK || (op == routes[i].op
                                && pay_str_eqz(n, routes[i].number))),
           "route %s %s", routes[i].method, routes[i].path);
    }
}


/* docs/design.md section 8, as a picture: from in rows, to in columns */

static const char *const  arrows[] = {
    /*             - P r A S F C */
    /* none */    ". . . . . . .",
    /* pending */ ". . x x x x x",
    /* process */ ". x . x x x x",
    /* author. */ ". . . . x . x",
    /* succ. */   ". . . . . . .",
    /* failed */  ". . . . x . .",
    /* closed */  ". . . . x . ."
};


static void
test_arrows(void)
{
    unsigned       from, to;
    int            may, expected;
    pay_fact_t     f;
    pay_payment_t  p;
    pay_change_t   change;

    for (from = 0; from < PAY_STATE_MAX; from++) {
        for (to = 0; to < PAY_STATE_MAX; to++) {
            may = pay_state_may(from, to);
            ok(may == (arrows[from][2 * to] == 'x'), "arrow %s -> %s: %s",
               pay_state_name(from), pay_state_name(to), may ? "yes" : "no");

            if (from == 0 || to == 0) {
                continue;
            }

            memset(&p, 0, sizeof(p));
            p.state = from;
            p.answered = 1;
            pay_fact_init(&f);
            f.state = to;

            change = pay_payment_apply(&p, &f, 0, 1000);
            expected = from == to ? PAY_CHANGE_NONE
                       : may ? PAY_CHANGE_STATE : PAY_CHANGE_DROPPED;

            ok((int) change == expected
               && p.state == (change == PAY_CHANGE_STATE ? to : from),
               "a notice takes it: %s -> %s", pay_state_name(from),
               pay_state_name(to));

            if (to == PAY_STATE_SUCCEEDED) {
                ok(p.late == (from == PAY_STATE_FAILED
                              || from == PAY_STATE_CLOSED),
                   "late after %s", pay_state_name(from));
            }
        }
    }

    memset(&p, 0, sizeof(p));
    p.state = PAY_STATE_FAILED;
    pay_fact_init(&f);
    f.state = PAY_STATE_PENDING;
    is_int(pay_payment_apply(&p, &f, 1, 1), PAY_CHANGE_STATE,
           "a verified query outranks a notice");

    p.state = PAY_STATE_SUCCEEDED;
    is_int(pay_payment_apply(&p, &f, 1, 1), PAY_CHANGE_DROPPED,
           "but nothing leads out of succeeded");

    p.state = PAY_STATE_CLOSED;
    is_int(pay_payment_apply(&p, &f, 1, 1), PAY_CHANGE_DROPPED,
           "nor an old query back out of closed");
}


static void
test_apply(void)
{
    pay_fact_t     f;
    pay_payment_t  p;

    memset(&p, 0, sizeof(p));
    p.state = PAY_STATE_PENDING;
    p.amount = 100;
    p.currency = PAY_STR("CNY");
    p.unknown = 1;

    pay_fact_init(&f);
    f.state = PAY_STATE_SUCCEEDED;
    f.amount = 101;
    f.currency = PAY_STR("CNY");
    f.channel_order_id = PAY_STR("420001");
    is_int(pay_payment_apply(&p, &f, 0, 9), PAY_CHANGE_MISMATCH,
           "W-6: another amount");
    is_int(p.state, PAY_STATE_PENDING, "... changes nothing");

    f.amount = 100;
    f.currency = PAY_STR("USD");
    is_int(pay_payment_apply(&p, &f, 0, 9), PAY_CHANGE_MISMATCH,
           "W-6: another currency");

    f.currency = PAY_STR("CNY");
    f.paid_at = 8;
    f.amount_paid = 90;
    is_int(pay_payment_apply(&p, &f, 0, 9), PAY_CHANGE_STATE, "paid");
    ok(p.amount_paid == 90 && p.paid_at == 8 && !p.unknown && p.answered
       && !p.late && pay_str_eqz(p.channel_order_id, "420001"),
       "paid: members");
    is_int(pay_payment_apply(&p, &f, 0, 9), PAY_CHANGE_NONE, "told again");

    f.channel_order_id = PAY_STR("420002");
    is_int(pay_payment_apply(&p, &f, 0, 9), PAY_CHANGE_DUPLICATE,
           "a second real payment");
    ok(pay_str_eqz(p.channel_order_id, "420001"), "... changes nothing");
}


static void
test_pack(void)
{
    size_t         n;
    pay_str_t      bytes, cut;
    pay_arena_t   *a;
    pay_payment_t  p, q;

    a = pay_arena_create(0);
    memset(&p, 0, sizeof(p));
    memset(p.fingerprint, 0x5a, 16);
    p.order_id = PAY_STR("order-1");
    p.merchant = PAY_STR("demo");
    p.channel = PAY_STR("wechat");
    p.method = PAY_METHOD_QR_CODE;
    p.state = PAY_STATE_PENDING;
    p.currency = PAY_STR("CNY");
    p.amount = 12345;
    p.created_at = 1795305600;
    p.expires_at = 1795312800;
    p.ref = PAY_STR("weixin://wxpay/bizpayurl?pr=abcdefghi");
    p.metadata = PAY_STR("{\"a\":\"b\"}");
    p.unknown = 1;

    bytes = pay_payment_pack(a, &p);
    ok(bytes.data && bytes.len <= 400,
       "a payment of usual size fits one cell: %zu bytes", bytes.len);
    is_int(pay_payment_unpack(a, bytes, &q), PAY_OK, "unpack");
    ok(memcmp(q.fingerprint, p.fingerprint, 16) == 0
       && pay_str_eq(q.order_id, p.order_id)
       && pay_str_eq(q.ref, p.ref) && pay_str_eq(q.metadata, p.metadata)
       && q.amount == 12345 && q.unknown && !q.answered
       && q.expires_at == p.expires_at && q.method == PAY_METHOD_QR_CODE,
       "the same members");

    for (n = 0; n < bytes.len; n++) {
        cut = bytes;
        cut.len = n;

        if (pay_payment_unpack(a, cut, &q) == PAY_OK) {
            break;
        }
    }

    ok(n == bytes.len, "cut at every byte: refused");

    ((pay_u8 *) bytes.data)[0] = 77;
    is_int(pay_payment_unpack(a, bytes, &q), PAY_INVALID, "another layout");

    pay_arena_destroy(a);
}


static void
test_echo(void)
{
    pay_str_t       e, f, m;
    pay_arena_t    *a;
    pay_mac_key_t  *k;

    a = pay_arena_create(0);
    k = pay_mac_key_create(PAY_STR("0123456789abcdef"));

    e = pay_echo_make(a, PAY_STR("a.b"), PAY_STR("o1"), 100, PAY_STR("CNY"),
                      k);
    ok(e.data && e.len <= 128 && pay_str_starts(e, "p1.a.b."), "echo");
    ok(pay_echo_merchant(e, &m) == PAY_OK && pay_str_eqz(m, "a.b"),
       "the merchant in it");

    f = pay_echo_make(a, PAY_STR("a.b"), PAY_STR("o1"), 101, PAY_STR("CNY"),
                      k);
    ok(!pay_str_eq(e, f), "another amount, another text");
    f = pay_echo_make(a, PAY_STR("a.b"), PAY_STR("o2"), 100, PAY_STR("CNY"),
                      k);
    ok(!pay_str_eq(e, f), "another order, another text");

    is_int(pay_echo_merchant(PAY_STR(""), &m), PAY_DECLINED, "empty");
    is_int(pay_echo_merchant(PAY_STR("p1."), &m), PAY_DECLINED, "no merchant");
    is_int(pay_echo_merchant(PAY_STR("p1..x"), &m), PAY_DECLINED, "empty one");
    is_int(pay_echo_merchant(PAY_STR("hello.you"), &m), PAY_DECLINED,
           "a text that is not ours");

    pay_mac_key_destroy(k);
    pay_arena_destroy(a);
}


static void
test_event(void)
{
    char          id[32];
    pay_str_t     text;
    const char   *why;
    pay_json_t   *root, *o;
    pay_arena_t  *a;
    pay_event_t   e;
    pay_payment_t p;

    a = pay_arena_create(0);
    memset(&p, 0, sizeof(p));
    p.order_id = PAY_STR("order-1");
    p.merchant = PAY_STR("demo");
    p.channel = PAY_STR("wechat");
    p.state = PAY_STATE_SUCCEEDED;
    p.amount = 100;

    memset(&e, 0, sizeof(e));
    e.type = PAY_EVENT_PAYMENT_SUCCEEDED;
    e.merchant = PAY_STR("demo");
    e.channel = PAY_STR("wechat");
    e.source = "notice";
    e.created_at = 1795305600;
    e.payment = &p;

    is_int(pay_event_id(&e, PAY_STR("order-1"), PAY_STR("42")), 0, "id");
    ok(strlen(e.id) == 30 && memcmp(e.id, "evt_", 4) == 0, "id: %s", e.id);
    strcpy(id, e.id);

    e.created_at++;
    pay_event_id(&e, PAY_STR("order-1"), PAY_STR("42"));
    ok(strcmp(id, e.id) == 0, "the same id when it is told again");

    pay_event_id(&e, PAY_STR("order-1"), PAY_STR("43"));
    ok(strcmp(id, e.id) != 0, "another one for a second payment");
    pay_event_id(&e, PAY_STR("order-14"), PAY_STR("2"));
    ok(strcmp(id, e.id) != 0, "C-1: no field runs into the next");

    text = pay_event_json(a, &e);
    ok(text.data && pay_json_parse(a, text, &root, &why) == PAY_OK, "JSON");
    o = pay_json_get(pay_json_get(root, "data"), "object");
    ok(o && pay_json_get(o, "order_id"), "data.object");

    pay_arena_destroy(a);
}


static void
test_errors(void)
{
    unsigned               i, k;
    pay_str_t              text, s;
    const char            *why;
    pay_json_t            *root;
    pay_arena_t           *a;
    pay_error_t            e;
    const pay_code_info_t *info;

    a = pay_arena_create(0);

    for (i = 1; i < PAY_E_MAX; i++) {
        info = pay_code_info(i);
        ok(info->name && info->status >= 400 && info->detail[0], "error %s",
           info->name);

        for (k = 1; k < i; k++) {
            if (strcmp(pay_code_info(k)->name, info->name) == 0) {
                ok(0, "error %s is there twice", info->name);
            }
        }
    }

    memset(&e, 0, sizeof(e));
    pay_error_set(&e, PAY_E_FIELD_MISSING, "amount");
    text = pay_error_json(a, &e, PAY_STR("r1"), 1);
    ok(pay_json_parse(a, text, &root, &why) == PAY_OK
       && pay_json_string(root, "code", &s) == PAY_OK
       && pay_str_eqz(s, "field_missing")
       && pay_json_string(root, "param", &s) == PAY_OK
       && pay_str_eqz(s, "amount")
       && pay_json_string(root, "retry", &s) == PAY_OK
       && pay_str_eqz(s, "never"), "problem details");

    memset(&e, 0, sizeof(e));
    e.code = PAY_E_INTERNAL_ERROR;
    text = pay_error_json(a, &e, PAY_STR("r1"), 1);
    pay_json_parse(a, text, &root, &why);
    pay_json_string(root, "retry", &s);
    ok(pay_str_eqz(s, "query"), "internal_error where money moves: query");

    pay_arena_destroy(a);
}


int
main(void)
{
    test_routes();
    test_arrows();
    test_apply();
    test_pack();
    test_echo();
    test_event();
    test_errors();

    return done();
}
