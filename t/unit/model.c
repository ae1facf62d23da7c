
/*
 * Copyright (C) the ngx_pay authors
 *
 * The tables of the model: routes, arrows, errors, payments as bytes, events.
 */

#include "test.h"
#include <model/pay_ask.h>
#include <model/pay_event.h>


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
    pay_str_t  n[2];

    for (i = 0; i < pay_nelts(routes); i++) {
        rc = pay_op_route(pay_strz(routes[i].method),
                          pay_strz(routes[i].path), &op, n);

        ok(rc == routes[i].rc
           && (rc != PAY_OK
               || (op == routes[i].op
                   && pay_str_eqz(n[n[1].len ? 1 : 0], routes[i].number))),
           "route %s %s", routes[i].method, routes[i].path);
    }
}


/* docs/design.md section 8, as pictures: from in rows, to in columns */

static const char *const  arrows[PAY_KIND_MAX][PAY_STATE_MAX] = {

    [PAY_KIND_PAYMENT] = {
        /*             - P r A S F C q p */
        /* none */    ". . . . . . . . .",
        /* pending */ ". . x x x x x . .",
        /* process */ ". x . x x x x . .",
        /* author. */ ". . . . x . x . .",
        /* succ. */   ". . . . . . . . .",
        /* failed */  ". . . . x . . . .",
        /* closed */  ". . . . x . . . .",
        /* action */  ". . . . . . . . .",
        /* partly */  ". . . . . . . . ."
    },

    [PAY_KIND_REFUND] = {
        /*             - P r A S F C q p */
        /* none */    ". . . . . . . . .",
        /* pending */ ". . . . x x x x .",
        /* process */ ". . . . . . . . .",
        /* author. */ ". . . . . . . . .",
        /* succ. */   ". . . . . x . . .",
        /* failed */  ". . . . . . . . .",
        /* closed */  ". . . . . . . . .",
        /* action */  ". x . . x x x . .",
        /* partly */  ". . . . . . . . ."
    },

    [PAY_KIND_SPLIT] = {
        /*             - P r A S F C q p */
        /* none */    ". . . . . . . . .",
        /* pending */ ". . . . x x . . x",
        /* process */ ". . . . . . . . .",
        /* author. */ ". . . . . . . . .",
        /* succ. */   ". . . . . . . . .",
        /* failed */  ". . . . . . . . .",
        /* closed */  ". . . . . . . . .",
        /* action */  ". . . . . . . . .",
        /* partly */  ". . . . . . . . ."
    }
};


static void
test_arrow(pay_kind_t kind, const char *const *picture, unsigned from,
    unsigned to)
{
    int            may, expected;
    pay_fact_t     f;
    pay_object_t   p;
    pay_change_t   change;

    may = pay_state_may(kind, from, to);
    ok(may == (picture[from][2 * to] == 'x'), "arrow of a %s %s -> %s: %s",
       pay_kind_name(kind), pay_state_name(from), pay_state_name(to),
       may ? "yes" : "no");

    if (from == 0 || to == 0) {
        return;
    }

    memset(&p, 0, sizeof(p));
    p.kind = kind;
    p.state = from;
    p.answered = 1;
    pay_fact_init(&f);
    f.kind = kind;
    f.state = to;

    change = pay_object_apply(&p, &f, 0, 1000);
    expected = from == to ? PAY_CHANGE_NONE
               : may ? PAY_CHANGE_STATE : PAY_CHANGE_DROPPED;

    ok((int) change == expected
       && p.state == (change == PAY_CHANGE_STATE ? to : from),
       "a notice takes it: %s %s -> %s", pay_kind_name(kind),
       pay_state_name(from), pay_state_name(to));
}


static void
test_arrows(void)
{
    unsigned                  kind, from, to;
    const char *const        *picture;

    for (kind = PAY_KIND_PAYMENT; kind < PAY_KIND_MAX; kind++) {

        /* a transfer is as a refund, a return as a split */

        picture = arrows[kind == PAY_KIND_TRANSFER ? PAY_KIND_REFUND
                         : kind == PAY_KIND_SPLIT_RETURN ? PAY_KIND_SPLIT
                         : kind];

        for (from = 0; from < PAY_STATE_MAX; from++) {
            for (to = 0; to < PAY_STATE_MAX; to++) {
                test_arrow(kind, picture, from, to);
            }
        }
    }
}


static void
test_refunds(void)
{
    int           i;
    char          id[16];
    pay_str_t     bytes;
    pay_arena_t  *a;
    pay_object_t  p, q;

    a = pay_arena_create(0);
    memset(&p, 0, sizeof(p));
    p.kind = PAY_KIND_PAYMENT;
    p.state = PAY_STATE_SUCCEEDED;
    p.amount = 100;

#define reserve(id, n)  pay_refunds_reserve(a, &p, PAY_STR(id), n)
#define settle(id, n, s)                                                     \
    pay_refunds_settle(a, &p, PAY_STR(id), n, PAY_STATE_ ## s)

    is_int(reserve("r1", 101), PAY_DECLINED, "more than was paid");
    is_int(reserve("r1", 60), PAY_OK, "60 of 100");
    is_int(reserve("r1", 60), PAY_OK, "the same one again");
    is_int(reserve("r2", 41), PAY_DECLINED, "41 of the 40 left");
    is_int(reserve("r2", 40), PAY_OK, "40 of the 40 left");
    is_int(reserve("r3", 1), PAY_DECLINED, "nothing is left");
    ok(p.amount_refunded == 0 && p.refund_status == PAY_REFUND_NONE,
       "nothing is refunded yet");

    is_int(settle("r1", 60, SUCCEEDED), 1, "60 are");
    ok(p.amount_refunded == 60 && p.refund_status == PAY_REFUND_PARTIAL,
       "partial");
    is_int(settle("r1", 60, SUCCEEDED), 0, "told again");
    is_int(p.amount_refunded, 60, "... counted once");

    is_int(settle("r2", 40, FAILED), 1, "the other one failed");
    is_int(reserve("r3", 40), PAY_OK, "... and its part is free");
    is_int(settle("r3", 40, SUCCEEDED), 1, "all of it");
    ok(p.amount_refunded == 100 && p.refund_status == PAY_REFUND_FULL,
       "full");

    bytes = pay_object_pack(a, &p);
    is_int(pay_object_unpack(a, bytes, &q), PAY_OK, "stored");
    ok(pay_str_eq(p.refunds, q.refunds), "... with its refunds");

    is_int(settle("r1", 60, FAILED), 1, "one bounced");
    ok(p.amount_refunded == 40 && p.refund_status == PAY_REFUND_PARTIAL,
       "... and is refunded no more");

    is_int(settle("r9", 10, SUCCEEDED), 1, "one that nobody asked us for");
    is_int(p.amount_refunded, 50, "... counts");

    memset(&p, 0, sizeof(p));
    p.amount = 1000;

    for (i = 0; i < 50; i++) {
        snprintf(id, sizeof(id), "m%d", i);
        pay_refunds_reserve(a, &p, pay_strz(id), 1);
    }

    is_int(reserve("m50", 1), PAY_INVALID, "the 51st: the channel knows");
    ok(p.refunds.len <= 800, "... and a record stays small");

    pay_arena_destroy(a);
}


static void
test_split_amounts(void)
{
    pay_receiver_t  r[3];

    memset(r, 0, sizeof(r));

#define part(i, a, p)  (r[i].amount = (a), r[i].ratio = (p))

    part(0, -1, 3333);
    part(1, -1, 3333);
    part(2, -1, 3334);
    is_int(pay_split_amounts(r, 3, 100), PAY_OK, "thirds of 100");
    ok(r[0].amount == 33 && r[1].amount == 33 && r[2].amount == 34,
       "33, 33, 34");

    part(0, -1, 5000);
    part(1, -1, 5000);
    is_int(pay_split_amounts(r, 2, 1), PAY_OK, "halves of 1");
    ok(r[0].amount == 1 && r[1].amount == 0, "the first of equal ones");

    part(0, -1, 1000);
    part(1, -1, 1000);
    is_int(pay_split_amounts(r, 2, 999), PAY_OK, "tenths of 999");
    ok(r[0].amount == 100 && r[1].amount == 99, "199 together");

    part(0, 90, -1);
    part(1, -1, 1000);
    is_int(pay_split_amounts(r, 2, 100), PAY_OK, "an amount and a ratio");
    ok(r[0].amount == 90 && r[1].amount == 10, "90, 10");

    part(0, 91, -1);
    part(1, -1, 1000);
    is_int(pay_split_amounts(r, 2, 100), PAY_INVALID, "101 of 100");

    part(0, -1, 9000);
    part(1, -1, 1001);
    is_int(pay_split_amounts(r, 2, 100), PAY_INVALID, "100.01 percent");

    part(0, -1, -1);
    is_int(pay_split_amounts(r, 1, 100), PAY_INVALID, "neither");
    part(0, 1, 1);
    is_int(pay_split_amounts(r, 1, 100), PAY_INVALID, "both");

    part(0, -1, 10000);
    is_int(pay_split_amounts(r, 1, INT64_C(9007199254740991)), PAY_OK,
           "all of the most");
    ok(r[0].amount == INT64_C(9007199254740991), "... exactly");
}


static void
test_apply(void)
{
    pay_fact_t     f;
    pay_object_t   p;

    memset(&p, 0, sizeof(p));
    p.kind = PAY_KIND_PAYMENT;
    p.state = PAY_STATE_PENDING;
    p.amount = 100;
    p.currency = PAY_STR("CNY");
    p.unknown = 1;

    pay_fact_init(&f);
    f.state = PAY_STATE_SUCCEEDED;
    f.amount = 101;
    f.currency = PAY_STR("CNY");
    f.channel_number = PAY_STR("420001");
    is_int(pay_object_apply(&p, &f, 0, 9), PAY_CHANGE_MISMATCH,
           "W-6: another amount");
    is_int(p.state, PAY_STATE_PENDING, "... changes nothing");

    f.amount = 100;
    f.currency = PAY_STR("USD");
    is_int(pay_object_apply(&p, &f, 0, 9), PAY_CHANGE_MISMATCH,
           "W-6: another currency");

    f.currency = PAY_STR("CNY");
    f.done_at = 8;
    f.amount_paid = 90;
    is_int(pay_object_apply(&p, &f, 0, 9), PAY_CHANGE_STATE, "paid");
    ok(p.amount_paid == 90 && p.done_at == 8 && !p.unknown && p.answered
       && !p.late && pay_str_eqz(p.channel_number, "420001"),
       "paid: members");
    is_int(pay_object_apply(&p, &f, 0, 9), PAY_CHANGE_NONE, "told again");

    f.channel_number = PAY_STR("420002");
    is_int(pay_object_apply(&p, &f, 0, 9), PAY_CHANGE_DUPLICATE,
           "a second real payment");
    ok(pay_str_eqz(p.channel_number, "420001"), "... changes nothing");
}


static void
test_pack(void)
{
    size_t         n;
    pay_str_t      bytes, cut;
    pay_arena_t   *a;
    pay_object_t   p, q;

    a = pay_arena_create(0);
    memset(&p, 0, sizeof(p));
    p.kind = PAY_KIND_PAYMENT;
    memset(p.fingerprint, 0x5a, 16);
    p.number = PAY_STR("order-1");
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

    bytes = pay_object_pack(a, &p);
    ok(bytes.data && bytes.len <= 400,
       "a payment of usual size fits one cell: %zu bytes", bytes.len);
    is_int(pay_object_unpack(a, bytes, &q), PAY_OK, "unpack");
    ok(memcmp(q.fingerprint, p.fingerprint, 16) == 0
       && pay_str_eq(q.number, p.number)
       && pay_str_eq(q.ref, p.ref) && pay_str_eq(q.metadata, p.metadata)
       && q.kind == p.kind && q.amount == 12345 && q.unknown && !q.answered
       && q.expires_at == p.expires_at && q.method == PAY_METHOD_QR_CODE,
       "the same members");

    for (n = 0; n < bytes.len; n++) {
        cut = bytes;
        cut.len = n;

        if (pay_object_unpack(a, cut, &q) == PAY_OK) {
            break;
        }
    }

    ok(n == bytes.len, "cut at every byte: refused");

    ((pay_u8 *) bytes.data)[0] = 77;
    is_int(pay_object_unpack(a, bytes, &q), PAY_INVALID, "another layout");

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
    pay_object_t  p;

    a = pay_arena_create(0);
    memset(&p, 0, sizeof(p));
    p.kind = PAY_KIND_PAYMENT;
    p.number = PAY_STR("order-1");
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
    e.object = &p;

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
    test_refunds();
    test_split_amounts();
    test_apply();
    test_pack();
    test_echo();
    test_event();
    test_errors();

    return done();
}
