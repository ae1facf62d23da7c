
/*
 * Copyright (C) the ngx_pay authors
 *
 * src/sandbox: the WeChat Pay APIv3 simulator's prepay by all methods, the
 * paths of partners, and the platform's certificates (sections 4, 8.1, 8.3 of
 * the channel document).
 */

#include "sim_wechatpay_v3.h"


#define SUB      "1900000200"
#define PARTNER  "/v3/pay/partner/transactions/"
#define SP       "\"sp_appid\":\"wxd678efh567hg6787\",\"sp_mchid\":\"" MCHID \
                 "\","
#define BODY(parties, more)                                                  \
    "{" parties "\"description\":\"d\",\"out_trade_no\":\"" NUMBER "\","     \
    "\"notify_url\":\"http://127.0.0.1:8080/n\"," more                       \
    "\"amount\":{\"total\":1050}}"
#define DIRECT   "\"appid\":\"wxd678efh567hg6787\",\"mchid\":\"" MCHID "\","
#define H5       "\"scene_info\":{\"payer_client_ip\":\"203.0.113.9\","      \
                 "\"h5_info\":{\"type\":\"Wap\"}},"


static int
post(const char *target, const char *json, int status, const char *code,
    const char *name)
{
    request("POST", target, json);

    return expect(status, code, name);
}


static void
test_methods(void)
{
    size_t       i;
    pay_str_t    id;
    const char  *why;
    static const struct {
        const char  *path;
        const char  *more;
        const char  *member;
        const char  *type;
    } rows[] = {
        { "native", "", "code_url", "NATIVE" },
        { "jsapi", "\"payer\":{\"openid\":\"oUpF8uMuAJO\"},", "prepay_id",
          "JSAPI" },
        { "app", "", "prepay_id", "APP" },
        { "h5", H5, "h5_url", "MWEB" }
    };

    for (i = 0; i < pay_nelts(rows); i++) {
        const char  *target = (const char *)
            text("/v3/pay/transactions/%s", rows[i].path).data;
        const char  *json = (const char *)
            text("{" DIRECT "\"description\":\"d\",\"out_trade_no\":\"" NUMBER
                 "\",\"notify_url\":\"http://127.0.0.1:8080/n\",%s"
                 "\"amount\":{\"total\":1050}}", rows[i].more).data;

        now = NOW;
        forget();
        post(target, json, 200, NULL, rows[i].path);
        id = member(s.reply_body, rows[i].member);
        ok(id.len > 10 && id.len <= 64, "%s", rows[i].member);

        if (strcmp(rows[i].member, "prepay_id") == 0) {
            ok(pay_str_token(id, "", 34, 34), "its characters");
        }

        post(target, json, 200, NULL, "the same again");
        ok(pay_str_eq(member(s.reply_body, rows[i].member), id),
           "has the same answer");

        press(PAY_PRESS_PAY, &why);
        request("GET", QUERY, "");
        expect(200, NULL, "query");
        is(member(s.reply_body, "trade_type"), rows[i].type, "trade_type");
        (void) pay_json_string(pay_json_get(parse(s.reply_body), "payer"),
                               "openid", &id);

        if (strcmp(rows[i].type, "JSAPI") == 0) {
            is(id, "oUpF8uMuAJO", "its payer is the one that was asked");

        } else {
            is_int((long long) id.len, 28, "a payer");
        }
    }
}


static void
test_members(void)
{
    forget();
    post("/v3/pay/transactions/jsapi", BODY(DIRECT, ""), 400, "PARAM_ERROR",
         "jsapi without a payer");
    is(detail("field"), "/payer", "detail.field");
    post("/v3/pay/transactions/jsapi", BODY(DIRECT, "\"payer\":{},"), 400,
         "PARAM_ERROR", "without an openid");
    is(detail("field"), "/payer/openid", "detail.field");
    post("/v3/pay/transactions/app", BODY(DIRECT,
         "\"payer\":{\"openid\":\"o\"},"), 400, "PARAM_ERROR",
         "app with a payer");
    post("/v3/pay/transactions/h5", BODY(DIRECT, ""), 400, "PARAM_ERROR",
         "h5 without scene_info");
    is(detail("field"), "/scene_info", "detail.field");
    post("/v3/pay/transactions/h5", BODY(DIRECT,
         "\"scene_info\":{\"payer_client_ip\":\"203.0.113.9\"},"), 400,
         "PARAM_ERROR", "without h5_info");
    post("/v3/pay/transactions/h5", BODY(DIRECT,
         "\"scene_info\":{\"payer_client_ip\":\"203.0.113.9\","
         "\"h5_info\":{\"type\":\"PC\"}},"), 400, "PARAM_ERROR",
         "of another type");
    is(detail("field"), "/scene_info/h5_info/type", "detail.field");

    /* one number, one method */

    post("/v3/pay/transactions/app", BODY(DIRECT, ""), 200, NULL, "app");
    post("/v3/pay/transactions/native", BODY(DIRECT, ""), 400,
         "INVALID_REQUEST", "the same number by another method");

    conf.appids.text[1] = PAY_STR("wx3333333333333333");
    forget();
    post("/v3/pay/transactions/app", BODY("\"appid\":\"wx3333333333333333\","
         "\"mchid\":\"" MCHID "\",", ""), 200, NULL,
         "an appid of another method");
    conf.appids.text[1] = (pay_str_t) pay_str_null;
}


#define PARTY   SP "\"sub_mchid\":\"" SUB "\","
#define PQUERY  PARTNER "out-trade-no/" NUMBER "?sp_mchid=" MCHID            \
                "&sub_mchid=" SUB

static void
test_partner(void)
{
    pay_str_t       id, plain;
    const char     *why;
    pay_json_t     *payer;
    pay_request_t   q;

    forget();
    post(PARTNER "native", BODY(DIRECT, ""), 400, "PARAM_ERROR",
         "a direct body");
    post(PARTNER "native", BODY(SP, ""), 400, "PARAM_ERROR", "no sub_mchid");
    post(PARTNER "native", BODY("\"sp_appid\":\"wxd678efh567hg6787\","
         "\"sp_mchid\":\"1\",\"sub_mchid\":\"" SUB "\",", ""), 400,
         "PARAM_ERROR", "an sp_mchid that did not sign");
    is(detail("field"), "/sp_mchid", "detail.field");
    post(PARTNER "native", BODY("\"sp_appid\":\"wx0\",\"sp_mchid\":\"" MCHID
         "\",\"sub_mchid\":\"" SUB "\",", ""), 400, "APPID_MCHID_NOT_MATCH",
         "an sp_appid of somebody else");
    post(PARTNER "native", BODY(PARTY, "\"settle_info\":{\"profit_sharing\":"
         "true,\"subsidy_amount\":1},"), 200, NULL, "prepay");
    is(member(s.reply_body, "code_url"),
       "http://127.0.0.1:8080/sandbox/checkout/wechat/" SUB "/" NUMBER,
       "code_url");
    is(s.order_id, SUB "/" NUMBER, "order_id");

    request("GET", QUERY, "");
    expect(404, "ORDER_NOT_EXIST", "the provider's own order of that number");
    request("GET", PARTNER "out-trade-no/" NUMBER "?sp_mchid=" MCHID
            "&sub_mchid=1900000201", "");
    expect(404, "ORDER_NOT_EXIST", "another merchant's");
    request("GET", PARTNER "out-trade-no/" NUMBER "?sp_mchid=" MCHID, "");
    expect(400, "PARAM_ERROR", "no sub_mchid");
    request("GET", PQUERY, "");
    expect(200, NULL, "query");
    is(member(s.reply_body, "sub_mchid"), SUB, "sub_mchid");
    is(member(s.reply_body, "sp_mchid"), MCHID, "sp_mchid");

    s.order = get(s.order_id);
    is_int(again(PAY_PRESS_PAY, &why), PAY_OK, "paid");
    save();
    request("GET", PQUERY, "");
    expect(200, NULL, "query");
    ok(has_only(s.reply_body, " sp_appid sp_mchid sub_mchid out_trade_no"
                " trade_state trade_state_desc transaction_id trade_type"
                " bank_type success_time payer amount promotion_detail "),
       "its members");
    id = member(s.reply_body, "transaction_id");
    payer = pay_json_get(parse(s.reply_body), "payer");
    ok(pay_json_get(payer, "sp_openid") != NULL
       && pay_json_get(payer, "openid") == NULL, "its payer");

    is_int(sim->notice(&s, 1, &q), PAY_OK, "notice");
    plain = opened(&q);
    ok(pay_str_eq(plain, s.reply_body), "says the same");

    request("GET", (const char *) text(PARTNER "id/%.*s?sp_mchid=" MCHID
            "&sub_mchid=" SUB, (int) id.len, id.data).data, "");
    expect(200, NULL, "query by transaction_id");
    request("GET", (const char *) text(PARTNER "id/%.*s?sp_mchid=" MCHID
            "&sub_mchid=1900000201", (int) id.len, id.data).data, "");
    expect(404, "ORDER_NOT_EXIST", "of another merchant");

    /* refunds have one path, and sub_mchid */

    post("/v3/refund/domestic/refunds", "{\"sub_mchid\":\"" SUB "\","
         "\"out_trade_no\":\"" NUMBER "\",\"out_refund_no\":\"R\","
         "\"amount\":{\"refund\":1,\"total\":1050,\"currency\":\"CNY\"}}", 200,
         NULL, "refund");
    request("GET", "/v3/refund/domestic/refunds/R?sub_mchid=" SUB, "");
    expect(200, NULL, "its query");
    request("GET", "/v3/refund/domestic/refunds/R", "");
    expect(404, "RESOURCE_NOT_EXISTS", "not the provider's own");

    request("POST", PARTNER "out-trade-no/" NUMBER "/close",
            "{\"sp_mchid\":\"" MCHID "\",\"sub_mchid\":\"" SUB "\"}");
    expect(400, "ORDER_PAID", "close");
}


static void
test_partner_jsapi(void)
{
    const char  *why;

    forget();
    post(PARTNER "jsapi", BODY(PARTY, "\"payer\":{},"), 400, "PARAM_ERROR",
         "neither openid");
    post(PARTNER "jsapi", BODY(PARTY, "\"payer\":{\"sp_openid\":\"a\","
         "\"sub_openid\":\"b\"},"), 400, "PARAM_ERROR", "both");
    post(PARTNER "jsapi", BODY(PARTY, "\"payer\":{\"sub_openid\":\"b\"},"),
         400, "PARAM_ERROR", "sub_openid without sub_appid");
    is(detail("field"), "/sub_appid", "detail.field");
    post(PARTNER "jsapi", BODY(PARTY "\"sub_appid\":\"wx4\",",
         "\"payer\":{\"sub_openid\":\"b\"},"), 200, NULL, "with it");

    s.order = get(s.order_id);
    again(PAY_PRESS_PAY, &why);
    save();
    request("GET", PQUERY, "");
    expect(200, NULL, "query");
    is(member(s.reply_body, "sub_appid"), "wx4", "sub_appid");
    ok(strstr((const char *) pay_str_dup(arena, s.reply_body).data,
              "\"payer\":{\"sub_openid\":\"b\"}") != NULL, "its payer");
}


/* section 4.1: decrypt, look at the serial number, verify with what is in it */

static void
test_certificates(void)
{
    int          n;
    pay_str_t    sealed, nonce, aad, pem, serial, last;
    pay_cert_t   cert;
    pay_json_t  *e, *seal;
    const char  *why;

    request("GET", "/v3/certificates", "");
    expect(200, NULL, "certificates");
    last = s.reply_body;

    for (n = 0, e = pay_json_get(parse(last), "data")->child; e != NULL;
         n++, e = e->next)
    {
        seal = pay_json_get(e, "encrypt_certificate");

        ok(pay_json_string(seal, "ciphertext", &sealed) == PAY_OK
           && pay_json_string(seal, "nonce", &nonce) == PAY_OK
           && pay_json_string(seal, "associated_data", &aad) == PAY_OK
           && pay_base64_decode(arena, sealed, &sealed) == PAY_OK
           && pay_aes256_gcm_open(arena, &pem, sealed, nonce, aad,
                                  PAY_STR(V3_KEY)) == PAY_OK, "opened");
        is(aad, "certificate", "associated_data");

        if (pay_cert_pem(pem, PAY_KEYS_RSA, &cert, &why) != PAY_OK) {
            ok(0, "a certificate: %s", why);
            continue;
        }

        (void) pay_json_string(e, "serial_no", &serial);
        is(serial, cert.serial, "its serial number");
        is_int((long long) serial.len, 40, "of 40 digits");
        ok(cert.not_before < NOW && cert.not_after > NOW, "it is valid");
        ok(pay_key_match(conf.sandbox_key, cert.key), "of the platform's key");
        pay_key_unref(cert.key);

        request("GET", "/v3/certificates", "");
        set("Wechatpay-Serial", (const char *) pay_str_dup(arena, serial)
            .data);
        signer = (const char *) pay_str_dup(arena, serial).data;
        expect(200, NULL, "asked for by it: it signs the answer");
        signer = PUB_ID;
    }

    is_int(n, 2, "two of them");

    request("GET", "/v3/certificates?algorithm_type=RSA", "");
    expect(200, NULL, "algorithm_type=RSA");
    request("GET", "/v3/certificates?algorithm_type=SM2", "");
    expect(400, "PARAM_ERROR", "algorithm_type=SM2");

    /* without a public key, certificates are all that there is */

    conf.platform_keys.nkeys = 0;
    request("GET", "/v3/certificates", "");
    set("Wechatpay-Serial", NULL);
    (void) pay_json_string(pay_json_get(parse(last), "data")->child,
                           "serial_no", &serial);
    signer = (const char *) pay_str_dup(arena, serial).data;
    expect(200, NULL, "the first certificate signs");
    request("GET", "/v3/certificates", "");
    expect(400, "PARAM_ERROR", "an id that is not known any more");
    conf.platform_keys.nkeys = 2;
}


int
main(void)
{
    static void (*const  tests[])(void) = {
        test_methods, test_members, test_partner, test_partner_jsapi,
        test_certificates
    };

    return run_tests(tests, pay_nelts(tests));
}
