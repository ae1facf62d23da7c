
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver wechatpay_v3: payments by other methods than a code, apps by method,
 * and the partner form.
 */

#include "wechatpay_v3_talk.h"


#define PREPAY_ID   "wx201410272009395522657a690389285100"
#define H5_URL      "https://wx.tenpay.com/cgi-bin/mmpayweb-bin/checkmweb?a=1"

#define PRE(path)   "/v3/pay/transactions/" path
#define SUB(path)   "/v3/pay/partner/transactions/" path

#define BODY(apps, mchs, more)                                               \
    "{" apps "," mchs ",\"description\":\"Tea\","                            \
    "\"out_trade_no\":\"" ORDER "\","                                        \
    "\"time_expire\":\"2026-11-22T10:00:00+08:00\","                         \
    "\"attach\":\"" ECHO "\","                                               \
    "\"notify_url\":\"https://pay.example.com/notify/wechat\","              \
    "\"amount\":{\"total\":100,\"currency\":\"CNY\"}" more "}"

#define APP      "\"appid\":\"wxd678efh567hg6787\""
#define MCH      "\"mchid\":\"1900000109\""
#define SP_MCH   "\"sp_mchid\":\"1900000109\",\"sub_mchid\":\"1900000110\""

static pay_account_t  account;


static void
open_method(pay_method_t m, pay_known_t known)
{
    open_talk(PAY_OP_PAY, known);
    by_method(m);
    ask.openid = PAY_STR("oUpF8uMuAJO");
    ask.payer_ip = PAY_STR("");
}


static void
test_requests(void)
{
    size_t  i;

    static const struct {
        pay_method_t  method;
        const char   *app;          /* of the method alone */
        const char   *ip;
        const char   *sub_app;      /* NULL: the direct form */
        const char   *target;
        const char   *body;
    } rows[] = {
        { PAY_METHOD_JSAPI, NULL, NULL, NULL, PRE("jsapi"),
          BODY(APP, MCH, ",\"payer\":{\"openid\":\"oUpF8uMuAJO\"}") },
        { PAY_METHOD_MINI_PROGRAM, "wxmini", NULL, NULL, PRE("jsapi"),
          BODY("\"appid\":\"wxmini\"", MCH,
               ",\"payer\":{\"openid\":\"oUpF8uMuAJO\"}") },
        { PAY_METHOD_APP, NULL, NULL, NULL, PRE("app"), BODY(APP, MCH, "") },
        { PAY_METHOD_H5, NULL, "192.0.2.1", NULL, PRE("h5"),
          BODY(APP, MCH, ",\"scene_info\":{\"payer_client_ip\":\"192.0.2.1\","
               "\"h5_info\":{\"type\":\"Wap\"}}") },
        { PAY_METHOD_QR_CODE, NULL, NULL, "", SUB("native"),
          BODY("\"sp_appid\":\"wxd678efh567hg6787\"", SP_MCH, "") },
        { PAY_METHOD_JSAPI, NULL, NULL, "", SUB("jsapi"),
          BODY("\"sp_appid\":\"wxd678efh567hg6787\"", SP_MCH,
               ",\"payer\":{\"sp_openid\":\"oUpF8uMuAJO\"}") },
        { PAY_METHOD_JSAPI, NULL, NULL, "wxsub", SUB("jsapi"),
          BODY("\"sp_appid\":\"wxd678efh567hg6787\",\"sub_appid\":\"wxsub\"",
               SP_MCH, ",\"payer\":{\"sub_openid\":\"oUpF8uMuAJO\"}") }
    };

    for (i = 0; i < pay_nelts(rows); i++) {
        open_method(rows[i].method, PAY_KNOWN_NEW);

        if (rows[i].app) {
            conf.appids.text[rows[i].method] = pay_strz(rows[i].app);
        }

        if (rows[i].ip) {
            ask.payer_ip = pay_strz(rows[i].ip);
        }

        if (rows[i].sub_app) {
            account.sub_merchant = PAY_STR("1900000110");
            account.app_id = pay_strz(rows[i].sub_app);
            t.account = &account;
        }

        is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, rows[i].target);
        is(t.request.target, rows[i].target, "target");
        is(t.request.body, rows[i].body, "body, byte by byte");

        conf.appids.text[rows[i].method == PAY_METHOD_QR_CODE
                         ? PAY_METHOD_CARD : rows[i].method] = PAY_STR("");
    }
}


static void
test_refused(void)
{
    pay_str_t  appid = conf.appid;

    open_method(PAY_METHOD_JSAPI, PAY_KNOWN_NEW);
    ask.openid = PAY_STR("");
    failed(pay_wechatpay_v3.begin(&t), PAY_E_FIELD_MISSING, "field",
           "jsapi needs an openid");
    is(t.error.param, "payer.openid", "the field");

    open_method(PAY_METHOD_H5, PAY_KNOWN_NEW);
    failed(pay_wechatpay_v3.begin(&t), PAY_E_FIELD_MISSING, "field",
           "h5 needs an address");
    is(t.error.param, "payer.ip", "the field");

    conf.appid = PAY_STR("");
    conf.appids.text[PAY_METHOD_APP] = PAY_STR("wxapp");
    open_method(PAY_METHOD_QR_CODE, PAY_KNOWN_NEW);
    failed(pay_wechatpay_v3.begin(&t), PAY_E_OPERATION_UNSUPPORTED, "field",
           "no app for this method");

    open_method(PAY_METHOD_APP, PAY_KNOWN_NEW);
    is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, "one for another");
    ok(pay_str_starts(t.request.body, "{\"appid\":\"wxapp\","), "its own");

    conf.appids.text[PAY_METHOD_APP] = PAY_STR("");
    conf.appid = appid;
}


static pay_str_t
param(const char *name)
{
    pay_str_t    text;
    const char  *why;
    pay_json_t  *o;

    text = PAY_STR("(absent)");

    if (pay_json_parse(t.arena, t.fact.action.value, &o, &why) != PAY_OK) {
        return PAY_STR("(no JSON)");
    }

    (void) pay_json_string(o, name, &text);

    return text;
}


static void
begin_method(pay_method_t m)
{
    open_method(m, PAY_KNOWN_NEW);
    ask.payer_ip = PAY_STR("192.0.2.1");

    if (pay_wechatpay_v3.begin(&t) != PAY_SIGN
        || pay_wechatpay_v3.sign(&t) != PAY_SEND)
    {
        ok(0, "begin and sign");
    }
}


static void
holds(const char *canonical, const char *name)
{
    pay_str_t  sig;

    is_int(pay_base64_decode(t.arena, param(name), &sig), PAY_OK, "base64");
    is_int(pay_rsa_sha256_verify(sig, pay_strz(canonical),
                                 conf.certificate.key),
           PAY_OK, "signed is exactly this");
}


static void
test_params(void)
{
    size_t  i;

    static const pay_method_t  methods[] = {
        PAY_METHOD_JSAPI, PAY_METHOD_MINI_PROGRAM, PAY_METHOD_APP
    };

    for (i = 0; i < pay_nelts(methods); i++) {
        begin_method(methods[i]);
        is_int(answer_signed(200, "{\"prepay_id\":\"" PREPAY_ID "\"}"),
               PAY_SIGN, "prepaid: now the parameters");
        is_int(t.fact.state, PAY_STATE_PENDING, "a fact before");
        is(t.fact.ref, PREPAY_ID, "that keeps the prepay_id");
        is_int(t.fact.action.kind, PAY_ACTION_NONE, "and nothing else");

        is_int(pay_wechatpay_v3.sign(&t), PAY_DONE, "signed");
        is_int(t.error.code, PAY_E_NONE, "no error");
        is_int(t.fact.action.kind, PAY_ACTION_PARAMS, "parameters");

        if (methods[i] == PAY_METHOD_APP) {
            is(param("prepayid"), PREPAY_ID, "prepayid");
            is(param("partnerid"), "1900000109", "partnerid");
            holds("wxd678efh567hg6787\n1795305600\n" NONCE_2 "\n"
                  PREPAY_ID "\n", "sign");
            continue;
        }

        is(param("appId"), methods[i] == PAY_METHOD_JSAPI
                           ? "wxd678efh567hg6787" : "(absent)", "appId");
        is(param("package"), "prepay_id=" PREPAY_ID, "package");
        holds("wxd678efh567hg6787\n1795305600\n" NONCE_2 "\nprepay_id="
              PREPAY_ID "\n", "paySign");
    }

    /* the same order again, and its query, by what the store has kept */

    open_method(PAY_METHOD_JSAPI, PAY_KNOWN_OPEN);
    payment.ref = PAY_STR(PREPAY_ID);
    payment.created_at = NOW - 7199;
    is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, "known: no request");
    is_int(t.step, PAY_WECHATPAY_PARAMS, "but a signature");
    is_int(pay_wechatpay_v3.sign(&t), PAY_DONE, "signed");
    is(param("package"), "prepay_id=" PREPAY_ID, "package");

    payment.created_at = NOW - 7200;
    is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, "after two hours");
    is_int(t.step, PAY_WECHATPAY_PREPAY, "it is asked for again");

    open_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
    by_method(PAY_METHOD_APP);
    payment.ref = PAY_STR(PREPAY_ID);
    is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, "a query");
    is_int(pay_wechatpay_v3.sign(&t), PAY_SEND, "signed");
    is_int(answer_signed(200, NOTPAY), PAY_SIGN, "unpaid");
    is_int(pay_wechatpay_v3.sign(&t), PAY_DONE, "signed");
    is(param("prepayid"), PREPAY_ID, "with parameters");

    begin_method(PAY_METHOD_JSAPI);
    failed(answer_signed(200, "{\"code_url\":\"x\"}"), PAY_E_OUTCOME_UNKNOWN,
           "prepay_id", "another method's answer");
    no_fact();
}


static void
test_h5(void)
{
    begin_method(PAY_METHOD_H5);
    is_int(answer_signed(200, "{\"h5_url\":\"" H5_URL "\"}"), PAY_DONE,
           "prepaid");
    is_int(t.fact.action.kind, PAY_ACTION_REDIRECT, "redirect");
    is(t.fact.action.value, H5_URL, "to");
    is(t.fact.ref, H5_URL, "kept");

    begin_method(PAY_METHOD_H5);
    ask.return_url = PAY_STR("https://shop.example.com/done?a=1&b=2");
    is_int(answer_signed(200, "{\"h5_url\":\"" H5_URL "\"}"), PAY_DONE,
           "prepaid, with a way back");
    is(t.fact.action.value, H5_URL "&redirect_url="
       "https%3A%2F%2Fshop.example.com%2Fdone%3Fa%3D1%26b%3D2", "to");

    open_method(PAY_METHOD_H5, PAY_KNOWN_OPEN);
    ask.payer_ip = PAY_STR("192.0.2.1");
    payment.ref = PAY_STR(H5_URL);
    payment.created_at = NOW - 299;
    is_int(pay_wechatpay_v3.begin(&t), PAY_DONE, "known, within 5 minutes");
    is(t.fact.action.value, H5_URL, "to");

    payment.created_at = NOW - 300;
    is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, "later: asked for again");
}


#define SP_FOUND(sub)                                                        \
    "{\"sp_appid\":\"wxd678efh567hg6787\",\"sp_mchid\":\"1900000109\","      \
    "\"sub_mchid\":\"" sub "\",\"out_trade_no\":\"ab" ORDER "\","            \
    "\"trade_state\":\"NOTPAY\",\"trade_state_desc\":\"x\"}"

static void
test_partner(void)
{
    account.prefix = PAY_STR("ab");
    account.sub_merchant = PAY_STR("1900000110");
    account.app_id = PAY_STR("");

    open_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
    t.account = &account;
    is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, "a query");
    is(t.request.target, SUB("out-trade-no/ab" ORDER
       "?sp_mchid=1900000109&sub_mchid=1900000110"), "target");
    is_int(answer_signed(200, SP_FOUND("1900000110")), PAY_DONE, "answered");
    is_int(t.fact.state, PAY_STATE_PENDING, "pending");
    is(t.fact.number, "ab" ORDER, "its number, as on the wire");
    is(t.fact.sub_merchant, "1900000110", "whose");

    is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, "again");
    failed(answer_signed(200, SP_FOUND("1900000111")),
           PAY_E_CHANNEL_RESPONSE_INVALID, "echo_mismatch",
           "of another sub-merchant");
    no_fact();

    open_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
    is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, "the direct form");
    failed(answer_signed(200, SP_FOUND("1900000110")),
           PAY_E_CHANNEL_RESPONSE_INVALID, "echo_mismatch",
           "answered in the other");

    open_talk(PAY_OP_CLOSE, PAY_KNOWN_OPEN);
    t.account = &account;
    is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, "a close");
    is(t.request.target, SUB("out-trade-no/ab" ORDER "/close"), "target");
    is(t.request.body, "{" SP_MCH "}", "body");
}


int
main(void)
{
    channel_open();

    test_requests();
    test_refused();
    test_params();
    test_h5();
    test_partner();

    talk_close(&t);
    channel_close();

    return done();
}
