
/*
 * Copyright (C) the ngx_pay authors
 *
 * A talk of driver wechatpay_v3 for its tests: the order that it is about,
 * the channel's answers, and what is expected of both.
 */

#ifndef PAY_TEST_WECHATPAY_V3_TALK_H_INCLUDED
#define PAY_TEST_WECHATPAY_V3_TALK_H_INCLUDED


#include "wechatpay_v3.h"


#define ORDER     "order-0001"
#define CODE_URL  "weixin://wxpay/bizpayurl?pr=JyC91EIz1"
#define ECHO      "p1.shop-a.MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"

#define FOUND     "{\"appid\":\"wxd678efh567hg6787\"," \
                  "\"mchid\":\"1900000109\",\"out_trade_no\":\"" ORDER "\","

#define NOTPAY    FOUND "\"trade_state\":\"NOTPAY\"," \
                  "\"trade_state_desc\":\"x\"}"

#define PAID_AS(state, total, attach)                                        \
    FOUND "\"trade_state\":\"" state "\"," attach                            \
    "\"transaction_id\":\"4200000001\","                                     \
    "\"success_time\":\"2026-11-22T08:00:00+08:00\","                        \
    "\"payer\":{\"openid\":\"oUpF8uMuAJO\"},"                                \
    "\"amount\":{\"total\":" total ",\"payer_total\":90,"                    \
    "\"currency\":\"CNY\",\"payer_currency\":\"CNY\"}}"

#define PAID      PAID_AS("SUCCESS", "100", "\"attach\":\"" ECHO "\",")
#define CLOSED    FOUND "\"trade_state\":\"CLOSED\"}"

#define ERR(code)  "{\"code\":\"" code "\",\"message\":\"m\",\"detail\":{}}"


static pay_talk_t         t;
static pay_object_t       payment;
static pay_ask_t          ask;
static headers_t          headers;


static UNUSED void
open_talk(pay_op_t op, pay_known_t known)
{
    if (t.arena) {
        talk_close(&t);
    }

    talk_open(&t, op);

    memset(&payment, 0, sizeof(payment));
    memset(&ask, 0, sizeof(ask));

    t.object = &payment;
    t.known = known;

    if (op == PAY_OP_PAY) {
        t.ask = &ask;
        t.echo = PAY_STR(ECHO);
    }

    ask.number = PAY_STR(ORDER);
    ask.amount = 100;
    ask.currency = PAY_STR("CNY");
    ask.description = PAY_STR("Tea");
    ask.method = PAY_METHOD_QR_CODE;

    payment.kind = PAY_KIND_PAYMENT;
    payment.number = ask.number;
    payment.amount = ask.amount;
    payment.currency = ask.currency;
    payment.method = ask.method;
    payment.state = PAY_STATE_PENDING;
    payment.created_at = NOW;
    payment.expires_at = NOW + 7200;
}


/* up to the first request, which is signed */

static UNUSED void
begin_talk(pay_op_t op, pay_known_t known)
{
    open_talk(op, known);

    if (pay_wechatpay_v3.begin(&t) != PAY_SIGN
        || pay_wechatpay_v3.sign(&t) != PAY_SEND)
    {
        ok(0, "begin and sign");
    }
}


static UNUSED pay_rc_t
resume(int status, const char *body)
{
    pay_answer_t  a;

    memset(&a, 0, sizeof(a));
    a.status = status;
    a.headers = headers_of(&headers);
    a.body = pay_strz(body);

    return pay_wechatpay_v3.resume(&t, &a);
}


static UNUSED pay_rc_t
answer_signed(int status, const char *body)
{
    platform_sign(t.arena, &headers, t.now, pay_strz(body));

    return resume(status, body);
}


/* errors may come without a signature */

static UNUSED pay_rc_t
answer_unsigned(int status, const char *body)
{
    memset(&headers, 0, sizeof(headers));
    header_add(&headers, "Content-Type", PAY_STR("application/json"));

    return resume(status, body);
}


static UNUSED void
failed(pay_rc_t rc, pay_code_t code, const char *reason, const char *name)
{
    ok(rc == PAY_DONE && t.error.code == code && t.error.reason
       && strcmp(t.error.reason, reason) == 0,
       "%s: %s, %s", name, pay_code_info(code)->name, reason);

    if (t.error.code != code || !t.error.reason
        || strcmp(t.error.reason, reason) != 0)
    {
        printf("#      got: rc %d, %s, %s\n", rc,
               pay_code_info(t.error.code)->name,
               t.error.reason ? t.error.reason : "(no reason)");
    }

    is(t.error.channel, "wechat", "with the channel's name");
}


static UNUSED void
no_fact(void)
{
    ok(t.fact.state == PAY_STATE_NONE && t.fact.amount == -1
       && t.fact.ref.len == 0 && t.fact.channel_number.len == 0
       && t.fact.action.kind == PAY_ACTION_NONE, "no fact");
}


/* the Authorization header, its signature against the certificate's key */

static UNUSED void
is_signed(const char *canonical, const char *nonce)
{
    char        head[512];
    size_t      n;
    pay_str_t   v, sig;

    is_int(pay_wechatpay_v3.sign(&t), PAY_SEND, "sign");

    is(t.request.headers[t.request.nheaders - 1].name, "Authorization",
       "the last header");
    v = t.request.headers[t.request.nheaders - 1].value;

    n = snprintf(head, sizeof(head), "WECHATPAY2-SHA256-RSA2048 "
                 "mchid=\"1900000109\",nonce_str=\"%s\","
                 "timestamp=\"1795305600\",serial_no="
                 "\"1DDE55AD98ED71D6EDD4A4A16996DE7B4777AAAA\",signature=\"",
                 nonce);

    ok(pay_str_starts(v, head) && v.data[v.len - 1] == '"', "its form");

    sig.data = v.data + n;
    sig.len = v.len - n - 1;

    is_int(sig.len, 344, "base64 of 256 bytes");
    is_int(pay_base64_decode(t.arena, sig, &sig), PAY_OK, "strict base64");
    is_int(pay_rsa_sha256_verify(sig, pay_strz(canonical),
                                 conf.certificate.key),
           PAY_OK, "signed is exactly this");
}


/* a method other than the usual one */

static UNUSED void
by_method(pay_method_t m)
{
    ask.method = m;
    payment.method = m;
}


#define NONCE_1  "0123456789ABCDEFGHIJKLMNOPQRSTUV"
#define NONCE_2  "WXYZabcdefghijklmnopqrstuvwxyz01"


#endif /* PAY_TEST_WECHATPAY_V3_TALK_H_INCLUDED */
