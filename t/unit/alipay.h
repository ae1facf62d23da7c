
/*
 * Copyright (C) the ngx_pay authors
 *
 * What the tests of driver alipay share: a channel with the keys of
 * t/vectors/alipay.json (throwaway keys, made for that file), talks, and the
 * other side's signature.
 */

#ifndef PAY_TEST_ALIPAY_H_INCLUDED
#define PAY_TEST_ALIPAY_H_INCLUDED


#include "vectors.h"

#include <channel/pay_alipay_int.h>


#define NOW       1795305600        /* 2026-11-22 08:00:00 of Beijing */
#define ORDER     "T202601020001"
#define TRADE     "2026010222001400000000000001"
#define QR        "https://qr.alipay.com/bax00000000000000001"
#define ECHO      "p1.shop-a.MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"
#define APP_ID    "2021000000000001"
#define SELLER    "2088000000000001"


static yajl_val            vectors;
static pay_arena_t        *keys_arena;
static pay_key_t          *app_public, *alipay_private;
static pay_alipay_conf_t   conf;
static pay_channel_t       channel;
static pay_account_t       account;

static pay_talk_t          t;
static pay_object_t        object, payment;
static pay_ask_t           ask;


static pay_str_t
key_text(const char *name)
{
    const char  *s;

    s = text_of(member(vectors, "keys"), name);
    if (*s == '\0') {
        bail("no key in the vectors", name);
    }

    return pay_strz(s);
}


static UNUSED pay_str_t
pem_of(size_t n)
{
    return pay_strz(text_of(member(vectors, "cert_sn")->u.array.values[n],
                            "pem"));
}


static UNUSED void
channel_open(void)
{
    const char  *why;

    vectors = tree_read("t/vectors/alipay.json");
    keys_arena = pay_arena_create(0);

    if (vectors == NULL || keys_arena == NULL) {
        bail("no vectors", "t/vectors/alipay.json");
    }

    conf.app_id = PAY_STR(APP_ID);
    conf.seller_id = PAY_STR(SELLER);

    if (pay_key_private_pem(key_text("app_private_pkcs8_pem"), PAY_KEYS_RSA,
                            &conf.app_private_key, &why) != PAY_OK
        || pay_key_public_pem(key_text("app_public_pem"), PAY_KEYS_RSA,
                              &app_public, &why) != PAY_OK
        || pay_key_public_pem(key_text("alipay_public_pem"), PAY_KEYS_RSA,
                              &conf.alipay_public_key, &why) != PAY_OK
        || pay_key_private_pem(key_text("alipay_private_pkcs8_pem"),
                               PAY_KEYS_RSA, &alipay_private, &why) != PAY_OK)
    {
        bail("key", why);
    }

    channel.name = PAY_STR("alipay");
    channel.driver = &pay_alipay;
    channel.conf = &conf;
    channel.host = PAY_STR("https://openapi.alipay.com");
    channel.notify_url = PAY_STR("https://pay.example.com/notify/alipay");
    channel.order_expires = 7200;
}


static UNUSED void
channel_close(void)
{
    pay_arena_destroy(t.arena);
    pay_key_unref(conf.app_private_key);
    pay_key_unref(conf.alipay_public_key);
    pay_certs_destroy(conf.app_certificate);
    pay_certs_destroy(conf.alipay_certificate);
    pay_certs_destroy(conf.root_certificate);
    pay_key_unref(app_public);
    pay_key_unref(alipay_private);
    pay_arena_destroy(keys_arena);
    yajl_tree_free(vectors);
}


static UNUSED void
open_talk(pay_op_t op, pay_known_t known)
{
    pay_arena_destroy(t.arena);

    memset(&t, 0, sizeof(t));
    memset(&object, 0, sizeof(object));
    memset(&payment, 0, sizeof(payment));
    memset(&ask, 0, sizeof(ask));
    memset(&account, 0, sizeof(account));

    t.channel = &channel;
    t.arena = pay_arena_create(0);
    t.now = NOW;
    t.op = op;
    t.ask = &ask;
    t.object = &object;
    t.known = known;

    if (t.arena == NULL) {
        bail("no", "memory");
    }

    if (op == PAY_OP_PAY) {
        t.echo = PAY_STR(ECHO);
    }

    ask.number = PAY_STR(ORDER);
    ask.amount = 8888;
    ask.currency = PAY_STR("CNY");
    ask.description = PAY_STR("Tea");
    ask.method = PAY_METHOD_QR_CODE;

    object.kind = PAY_KIND_PAYMENT;
    object.number = ask.number;
    object.method = ask.method;
    object.amount = ask.amount;
    object.currency = ask.currency;
    object.state = PAY_STATE_PENDING;
    object.created_at = NOW;
    object.expires_at = NOW + 7200;

    payment = object;
}


/* the object is one of the payment */

static UNUSED void
open_talk_of(pay_op_t op, pay_known_t known, pay_kind_t kind,
    const char *number, int64_t amount)
{
    open_talk(op, known);

    t.payment = &payment;
    payment.state = PAY_STATE_SUCCEEDED;
    payment.channel_number = PAY_STR(TRADE);

    object.kind = kind;
    object.number = pay_strz(number);
    object.order_id = payment.number;
    object.channel_order_id = payment.channel_number;
    object.amount = amount;
    ask.number = object.number;
    ask.amount = amount;
    ask.description = PAY_STR("");
}


/* biz_content of the request at hand; data NULL: there is none */

static UNUSED pay_str_t
biz(void)
{
    size_t             i;
    pay_str_t          none = pay_str_null;
    pay_alipay_own_t  *own = t.own;

    for (i = 0; i < own->nfields; i++) {
        if (pay_str_eqz(own->fields[i].name, "biz_content")) {
            return own->fields[i].value;
        }
    }

    return none;
}


static UNUSED pay_str_t
field(const char *name)
{
    size_t             i;
    pay_alipay_own_t  *own = t.own;

    for (i = 0; i < own->nfields; i++) {
        if (pay_str_eqz(own->fields[i].name, name)) {
            return own->fields[i].value;
        }
    }

    return PAY_STR("");
}


/* what is to be sent next is this method with this biz_content */

static UNUSED void
sends(pay_rc_t rc, const char *method, const char *wanted, const char *name)
{
    ok(rc == PAY_SIGN, "%s: is to be signed", name);
    is(field("method"), method, name);
    is(biz(), wanted, name);
    is_int(pay_alipay.sign(&t), PAY_SEND, name);
}


static UNUSED pay_rc_t
begin(void)
{
    return pay_alipay.begin(&t);
}


/* up to the first request, which is signed */

static UNUSED void
begin_talk(pay_op_t op, pay_known_t known)
{
    open_talk(op, known);

    if (begin() != PAY_SIGN || pay_alipay.sign(&t) != PAY_SEND) {
        ok(0, "begin and sign");
    }
}


static UNUSED pay_rc_t
answer(int status, pay_str_t body)
{
    pay_answer_t  a;

    memset(&a, 0, sizeof(a));
    a.status = status;
    a.body = body;

    return pay_alipay.resume(&t, &a);
}


static UNUSED pay_rc_t
outcome(pay_outcome_t o)
{
    pay_answer_t  a;

    memset(&a, 0, sizeof(a));
    a.outcome = o;

    return pay_alipay.resume(&t, &a);
}


/* wait_ms later */

static UNUSED pay_rc_t
waited(void)
{
    t.now += t.wait_ms / 1000;

    return outcome(PAY_WAITED);
}


static UNUSED pay_str_t
alipay_sign(pay_str_t text)
{
    pay_str_t  sig;

    if (pay_sign(t.arena, &sig, text, alipay_private, PAY_SIG_DER) != PAY_OK)
    {
        bail("cannot", "sign");
    }

    return pay_base64_encode(t.arena, sig);
}


/* the envelope of section 2.3 around a node of the method at hand */

static UNUSED pay_str_t
envelope(const char *node, const char *more)
{
    size_t       i;
    pay_buf_t    b;
    const char  *method;

    method = pay_alipay_method(t.step);

    pay_buf_init(&b, t.arena, 2048);
    pay_buf_addz(&b, "{\"");

    for (i = 0; method[i]; i++) {
        pay_buf_addc(&b, method[i] == '.' ? '_' : (pay_u8) method[i]);
    }

    pay_buf_addz(&b, "_response\":");
    pay_buf_addz(&b, node);
    pay_buf_addz(&b, more);
    pay_buf_addz(&b, ",\"sign\":\"");
    pay_buf_adds(&b, alipay_sign(pay_strz(node)));
    pay_buf_addz(&b, "\"}");

    return pay_buf_str(&b);
}


static UNUSED pay_rc_t
answers(const char *node)
{
    return answer(200, envelope(node, ""));
}


/* 10000 with these members */

static UNUSED pay_rc_t
accepts(const char *members)
{
    pay_buf_t  b;

    pay_buf_init(&b, t.arena, 512);
    pay_buf_addz(&b, "{\"code\":\"10000\",\"msg\":\"Success\"");
    pay_buf_addz(&b, *members ? "," : "");
    pay_buf_addz(&b, members);
    pay_buf_addz(&b, "}");
    pay_buf_addc(&b, '\0');

    return answers((const char *) pay_buf_str(&b).data);
}


static UNUSED pay_rc_t
refuses(const char *code)
{
    pay_buf_t  b;

    pay_buf_init(&b, t.arena, 512);
    pay_buf_addz(&b, "{\"code\":\"40004\",\"msg\":\"Business Failed\","
                     "\"sub_code\":\"");
    pay_buf_addz(&b, code);
    pay_buf_addz(&b, "\",\"sub_msg\":\"m\"}");
    pay_buf_addc(&b, '\0');

    return answers((const char *) pay_buf_str(&b).data);
}


static UNUSED void
failed(pay_rc_t rc, pay_code_t code, const char *reason, const char *name)
{
    if (!ok(rc == PAY_DONE && t.error.code == code && t.error.reason
            && strcmp(t.error.reason, reason) == 0,
            "%s: %s, %s", name, pay_code_info(code)->name, reason))
    {
        printf("#      got: rc %d, %s, %s\n", rc,
               pay_code_info(t.error.code)->name,
               t.error.reason ? t.error.reason : "(no reason)");
    }
}


static UNUSED void
done_as(pay_rc_t rc, pay_state_t state, const char *name)
{
    if (!ok(rc == PAY_DONE && t.error.code == PAY_E_NONE
            && t.fact.state == state,
            "%s: %s", name, pay_state_name(state)))
    {
        printf("#      got: rc %d, %s, %s, state %d\n", rc,
               pay_code_info(t.error.code)->name,
               t.error.reason ? t.error.reason : "(no reason)",
               t.fact.state);
    }
}


/* the members of a trade in a query's answer */

#define TRADE_AS(status, more)                                               \
    "\"out_trade_no\":\"" ORDER "\",\"trade_no\":\"" TRADE "\","             \
    "\"trade_status\":\"" status "\",\"total_amount\":\"88.88\"" more

#define PAID                                                                 \
    TRADE_AS("TRADE_SUCCESS", ",\"buyer_user_id\":\"2088000000000009\","     \
             "\"buyer_pay_amount\":\"80.00\","                               \
             "\"send_pay_date\":\"2026-11-22 08:00:10\"")


#endif /* PAY_TEST_ALIPAY_H_INCLUDED */
