
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver wechatpay_v3 as a pure function: begin, sign, resume, step by step.
 */

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
static pay_payment_t      payment;
static pay_payment_ask_t  ask;
static headers_t          headers;


static void
open_talk(pay_op_t op, pay_known_t known)
{
    if (t.arena) {
        talk_close(&t);
    }

    talk_open(&t, op);

    memset(&payment, 0, sizeof(payment));
    memset(&ask, 0, sizeof(ask));

    t.payment = &payment;
    t.known = known;

    if (op == PAY_OP_PAY) {
        t.ask = &ask;
        t.echo = PAY_STR(ECHO);
    }

    ask.order_id = PAY_STR(ORDER);
    ask.amount = 100;
    ask.currency = PAY_STR("CNY");
    ask.description = PAY_STR("Tea");
    ask.method = PAY_METHOD_QR_CODE;

    payment.order_id = ask.order_id;
    payment.amount = ask.amount;
    payment.currency = ask.currency;
    payment.state = PAY_STATE_PENDING;
    payment.created_at = NOW;
    payment.expires_at = NOW + 7200;
}


/* up to the first request, which is signed */

static void
begin_talk(pay_op_t op, pay_known_t known)
{
    open_talk(op, known);

    if (pay_wechatpay_v3.begin(&t) != PAY_SIGN
        || pay_wechatpay_v3.sign(&t) != PAY_SEND)
    {
        ok(0, "begin and sign");
    }
}


static pay_rc_t
resume(int status, const char *body)
{
    pay_answer_t  a;

    memset(&a, 0, sizeof(a));
    a.status = status;
    a.headers = headers_of(&headers);
    a.body = pay_strz(body);

    return pay_wechatpay_v3.resume(&t, &a);
}


static pay_rc_t
answer_signed(int status, const char *body)
{
    platform_sign(t.arena, &headers, t.now, pay_strz(body));

    return resume(status, body);
}


/* errors may come without a signature */

static pay_rc_t
answer_unsigned(int status, const char *body)
{
    memset(&headers, 0, sizeof(headers));
    header_add(&headers, "Content-Type", PAY_STR("application/json"));

    return resume(status, body);
}


static void
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


static void
no_fact(void)
{
    ok(t.fact.state == PAY_STATE_NONE && t.fact.amount == -1
       && t.fact.ref.len == 0 && t.fact.channel_order_id.len == 0
       && t.fact.action.kind == PAY_ACTION_NONE, "no fact");
}


static void
is_header(size_t i, const char *name, const char *value)
{
    ok(i < t.request.nheaders, "header %zu", i);
    is(t.request.headers[i].name, name, name);
    is(t.request.headers[i].value, value, "its value");
}


/* the Authorization header, its signature against the certificate's key */

static void
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


#define NONCE_1  "0123456789ABCDEFGHIJKLMNOPQRSTUV"
#define NONCE_2  "WXYZabcdefghijklmnopqrstuvwxyz01"

#define BODY_MIN                                                             \
    "{\"appid\":\"wxd678efh567hg6787\",\"mchid\":\"1900000109\","            \
    "\"description\":\"Tea\",\"out_trade_no\":\"" ORDER "\","                \
    "\"time_expire\":\"2026-11-22T10:00:00+08:00\","                         \
    "\"attach\":\"" ECHO "\","                                               \
    "\"notify_url\":\"https://pay.example.com/notify/wechat\","              \
    "\"amount\":{\"total\":100,\"currency\":\"CNY\"}}"

#define BODY_MAX                                                             \
    "{\"appid\":\"wxd678efh567hg6787\",\"mchid\":\"1900000109\","            \
    "\"description\":\"\xe8\x8c\xb6 \\\"A\\\"/B\","                          \
    "\"out_trade_no\":\"" ORDER "\","                                        \
    "\"notify_url\":\"https://pay.example.com/notify/wechat\","              \
    "\"amount\":{\"total\":10000000000000,\"currency\":\"CNY\"},"            \
    "\"scene_info\":{\"payer_client_ip\":\"2001:db8::1\","                   \
    "\"store_info\":{\"id\":\"store-7\"}},"                                  \
    "\"settle_info\":{\"profit_sharing\":true}}"

static void
test_prepay_request(void)
{
    open_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, "pay begins with a request");

    is(pay_strz(t.request.method), "POST", "POST");
    is(t.request.host, "https://api.mch.weixin.qq.com", "host");
    is(t.request.target, "/v3/pay/transactions/native", "target");
    is(t.request.body, BODY_MIN, "body, byte by byte");

    is_int(t.request.nheaders, 4, "headers before signing");
    is_header(0, "Accept", "application/json");
    is_header(1, "User-Agent", "ngx_pay");
    is_header(2, "Wechatpay-Serial",
              "PUB_KEY_ID_0119000001092026112200000000000001");
    is_header(3, "Content-Type", "application/json");

    is_signed("POST\n/v3/pay/transactions/native\n1795305600\n" NONCE_1 "\n"
              BODY_MIN "\n", NONCE_1);
    is_int(t.random_used, 32, "32 random bytes are used up");

    open_talk(PAY_OP_PAY, PAY_KNOWN_FORGOTTEN);
    t.echo = PAY_STR("");
    ask.description = PAY_STR("\xe8\x8c\xb6 \"A\"/B");
    ask.payer_ip = PAY_STR("2001:db8::1");
    ask.store_id = PAY_STR("store-7");
    ask.split = 1;
    payment.amount = PAY_AMOUNT_MAX;
    payment.expires_at = 0;
    is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, "with every member");
    is(t.request.body, BODY_MAX, "body, byte by byte");

    /* payer_client_ip is required inside scene_info */

    open_talk(PAY_OP_PAY, PAY_KNOWN_UNKNOWN);
    ask.store_id = PAY_STR("store-7");
    is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, "a store, no address");
    is(t.request.body, BODY_MIN, "no scene_info");
}


static void
test_description(void)
{
    size_t      i;
    pay_str_t   text;
    pay_json_t *o;
    pay_buf_t   b;
    const char *why;

    open_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    pay_buf_init(&b, t.arena, 0);

    for (i = 0; i < 130; i++) {
        pay_buf_addz(&b, "\xe8\x8c\xb6");
    }

    ask.description = pay_buf_str(&b);

    is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, "130 characters");
    is_int(pay_json_parse(t.arena, t.request.body, &o, &why), PAY_OK, "JSON");
    is_int(pay_json_string(o, "description", &text), PAY_OK, "a string");
    is_int(pay_utf8_length(text), 127, "cut at 127 characters");
    is_int(text.len, 127 * 3, "and at a character");
}


static void
test_query_request(void)
{
    open_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
    is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, "query");
    is(pay_strz(t.request.method), "GET", "GET");
    is(t.request.target, "/v3/pay/transactions/out-trade-no/" ORDER
       "?mchid=1900000109", "target");
    is_int(t.request.body.len, 0, "no body");
    is_int(t.request.nheaders, 3, "no Content-Type");
    is_signed("GET\n/v3/pay/transactions/out-trade-no/" ORDER
              "?mchid=1900000109\n1795305600\n" NONCE_1 "\n\n", NONCE_1);

    open_talk(PAY_OP_QUERY, PAY_KNOWN_FORGOTTEN);
    payment.channel_order_id = PAY_STR("4200000001");
    is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, "both numbers");
    is(t.request.target, "/v3/pay/transactions/out-trade-no/" ORDER
       "?mchid=1900000109", "ours is taken");

    payment.order_id = PAY_STR("");
    t.random_used = 0;
    is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, "the channel's number");
    is(t.request.target, "/v3/pay/transactions/id/4200000001"
       "?mchid=1900000109", "target");

    payment.channel_order_id = PAY_STR("a/b|c?d");
    t.random_used = 0;
    is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, "an odd number");
    is(t.request.target, "/v3/pay/transactions/id/a%2Fb%7Cc%3Fd"
       "?mchid=1900000109", "percent-encoded");
    is_signed("GET\n/v3/pay/transactions/id/a%2Fb%7Cc%3Fd?mchid=1900000109\n"
              "1795305600\n" NONCE_1 "\n\n", NONCE_1);

    payment.channel_order_id = PAY_STR("");
    t.random_used = 0;
    failed(pay_wechatpay_v3.begin(&t), PAY_E_FIELD_MISSING, "locator",
           "no number at all");
    is(t.error.param, "order_id", "the field");
}


static void
test_close_request(void)
{
    open_talk(PAY_OP_CLOSE, PAY_KNOWN_OPEN);
    is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, "close");
    is(pay_strz(t.request.method), "POST", "POST");
    is(t.request.target, "/v3/pay/transactions/out-trade-no/" ORDER "/close",
       "target");
    is(t.request.body, "{\"mchid\":\"1900000109\"}", "body");
    is_signed("POST\n/v3/pay/transactions/out-trade-no/" ORDER "/close\n"
              "1795305600\n" NONCE_1 "\n{\"mchid\":\"1900000109\"}\n",
              NONCE_1);

    open_talk(PAY_OP_CLOSE, PAY_KNOWN_FORGOTTEN);
    payment.order_id = PAY_STR("");
    payment.channel_order_id = PAY_STR("4200000001");
    failed(pay_wechatpay_v3.begin(&t), PAY_E_FIELD_MISSING, "locator",
           "close needs our number");
}


static void
test_refused_at_once(void)
{
    open_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    ask.method = PAY_METHOD_JSAPI;
    failed(pay_wechatpay_v3.begin(&t), PAY_E_OPERATION_UNSUPPORTED, "field",
           "another method");
    is(t.error.param, "method", "the field");

    open_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    ask.manual_capture = 1;
    failed(pay_wechatpay_v3.begin(&t), PAY_E_OPERATION_UNSUPPORTED, "field",
           "manual capture");
    is(t.error.param, "capture", "the field");

    open_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    ask.store_id = PAY_STR("123456789012345678901234567890123");
    failed(pay_wechatpay_v3.begin(&t), PAY_E_FIELD_INVALID, "field",
           "a long store");
    is(t.error.param, "store.id", "the field");

    open_talk(PAY_OP_REFUND, PAY_KNOWN_OPEN);
    failed(pay_wechatpay_v3.begin(&t), PAY_E_OPERATION_UNSUPPORTED,
           "operation", "refund");

    open_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    t.random_used = PAY_TALK_RANDOM - 31;
    is_int(pay_wechatpay_v3.begin(&t), PAY_ERROR, "no random bytes left");
}


static void
test_known_open(void)
{
    open_talk(PAY_OP_PAY, PAY_KNOWN_OPEN);
    payment.ref = PAY_STR(CODE_URL);
    is_int(pay_wechatpay_v3.begin(&t), PAY_DONE, "a stored code: not sent");
    is_int(t.error.code, PAY_E_NONE, "no error");
    is_int(t.fact.state, PAY_STATE_NONE, "the channel said nothing");
    is_int(t.fact.action.kind, PAY_ACTION_QR_CODE, "a code to show");
    is(t.fact.action.value, CODE_URL, "the stored one");

    open_talk(PAY_OP_PAY, PAY_KNOWN_OPEN);
    is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, "no stored code: sent again");
    is(t.request.body, BODY_MIN, "the same request");

    open_talk(PAY_OP_PAY, PAY_KNOWN_OPEN);
    payment.ref = PAY_STR(CODE_URL);
    payment.expires_at = NOW;
    is_int(pay_wechatpay_v3.begin(&t), PAY_DONE, "expired: not sent");
    no_fact();

    open_talk(PAY_OP_PAY, PAY_KNOWN_OPEN);
    payment.expires_at = NOW;
    is_int(pay_wechatpay_v3.begin(&t), PAY_DONE, "expired without a code");
    no_fact();

    open_talk(PAY_OP_PAY, PAY_KNOWN_OPEN);
    payment.state = PAY_STATE_SUCCEEDED;
    is_int(pay_wechatpay_v3.begin(&t), PAY_DONE, "paid: never sent again");
    is_int(t.error.code, PAY_E_NONE, "no error");
    no_fact();

    open_talk(PAY_OP_PAY, PAY_KNOWN_OPEN);
    payment.state = PAY_STATE_CLOSED;
    payment.ref = PAY_STR(CODE_URL);
    is_int(pay_wechatpay_v3.begin(&t), PAY_DONE, "closed: no code");
    no_fact();
}


static void
test_prepaid(void)
{
    char       body[1024], url[600];
    size_t     i;
    pay_rc_t   rc;

    static const char *const  bad[] = {
        "{}", "{\"code_url\":null}", "{\"code_url\":\"\"}",
        "{\"code_url\":1}", "{\"code_url\":\"weixin://a b\"}",
        "{\"code_url\":\"weixin://\\u0001\"}",
        "{\"code_url\":\"weixin://\xe8\x8c\xb6\"}"
    };

    begin_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    is_int(answer_signed(200, "{\"code_url\":\"" CODE_URL "\"}"), PAY_DONE,
           "a code");
    is_int(t.error.code, PAY_E_NONE, "no error");
    is_int(t.fact.state, PAY_STATE_PENDING, "pending");
    is(t.fact.ref, CODE_URL, "ref");
    is(t.fact.action.value, CODE_URL, "action");
    is_int(t.fact.action.kind, PAY_ACTION_QR_CODE, "qr_code");
    is_int(t.fact.amount, -1, "the amount was not spoken of");

    for (i = 0; i < pay_nelts(bad); i++) {
        begin_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
        failed(answer_signed(200, bad[i]), PAY_E_OUTCOME_UNKNOWN, "code_url",
               bad[i]);
        no_fact();
    }

    for (i = 256; i <= 513; i += i == 256 ? 1 : i == 257 ? 255 : 1) {
        memset(url, 'x', i);
        url[i] = '\0';
        snprintf(body, sizeof(body), "{\"code_url\":\"%s\"}", url);

        begin_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
        rc = answer_signed(200, body);

        if (i > 512) {
            failed(rc, PAY_E_OUTCOME_UNKNOWN, "code_url", "513 bytes");
            continue;
        }

        is_int(rc, PAY_DONE, "a long code");
        is_int(t.fact.action.value.len, i, "is shown");
        is_int(t.fact.ref.len, i > 256 ? 0 : i, "kept up to 256 bytes");
    }
}


/* answers that prove nothing */

static void
test_doubtful(void)
{
    size_t             i, n;
    pay_rc_t           rc;
    pay_code_t         code;
    const char        *good;

    static const struct {
        pay_op_t       op;
        int            status;      /* the wanted one */
        const char    *body;
    } ops[] = {
        { PAY_OP_PAY, 200, "{\"code_url\":\"" CODE_URL "\"}" },
        { PAY_OP_QUERY, 200, PAID },
        { PAY_OP_CLOSE, 204, "" }
    };

    static const struct {
        int            status;
        const char    *body;
        const char    *reason;
    } wrong[] = {
        { 100, "", "status" },
        { 201, "{\"code_url\":\"" CODE_URL "\"}", "status" },
        { 202, "{\"code\":\"USERPAYING\",\"message\":\"m\"}", "status" },
        { 301, "", "status" },
        { 307, "{\"code\":\"PARAM_ERROR\",\"message\":\"m\"}", "status" },
        { 500, ERR("SYSTEM_ERROR"), "channel_code" },
        { 500, ERR("ORDER_PAID"), "channel_code" },
        { 502, "<html></html>", "json" },
        { 503, "", "json" },
        { 600, ERR("PARAM_ERROR"), "status" },
        { 400, "", "json" },
        { 400, "{\"code\":\"PARAM_ERROR\"", "json" },
        { 400, "{\"code\":\"PARAM_ERROR\",\"code\":\"PARAM_ERROR\"}", "json" },
        { 400, "{\"message\":\"m\"}", "json" },
        { 400, "{\"code\":400}", "json" },
        { 400, "{\"code\":\"param error\"}", "json" },
        { 400, "[\"PARAM_ERROR\"]", "json" },
        { 400, "{\"code\":\"PARAM_ERROR\",\"message\":\"\xff\"}", "json" },
        { 404, "<html>not here</html>", "json" },
        { 400, ERR("A_CODE_THAT_IS_NEW"), "channel_code" },
        { 400, ERR("SYSTEM_ERROR"), "channel_code" },
        { 403, ERR("BANKERROR"), "channel_code" }
    };

    for (n = 0; n < pay_nelts(ops); n++) {

        code = ops[n].op == PAY_OP_QUERY ? PAY_E_CHANNEL_RESPONSE_INVALID
                                         : PAY_E_OUTCOME_UNKNOWN;
        good = ops[n].body;

        for (i = 0; i < pay_nelts(wrong); i++) {
            begin_talk(ops[n].op, PAY_KNOWN_OPEN);
            failed(answer_unsigned(wrong[i].status, wrong[i].body), code,
                   wrong[i].reason, wrong[i].body);
            no_fact();
        }

        begin_talk(ops[n].op, PAY_KNOWN_OPEN);
        failed(answer_unsigned(ops[n].status, good), code, "missing_header",
               "the right answer, unsigned");
        no_fact();

        begin_talk(ops[n].op, PAY_KNOWN_OPEN);
        platform_sign(t.arena, &headers, t.now, PAY_STR("{}"));
        failed(resume(ops[n].status, good), code, "signature",
               "signed is another body");
        no_fact();

        begin_talk(ops[n].op, PAY_KNOWN_OPEN);
        platform_sign(t.arena, &headers, t.now - 300, pay_strz(good));
        failed(resume(ops[n].status, good), code, "timestamp", "stale");
        no_fact();

        begin_talk(ops[n].op, PAY_KNOWN_OPEN);
        platform_sign(t.arena, &headers, t.now + 300, pay_strz(good));
        failed(resume(ops[n].status, good), code, "timestamp",
               "from the future");

        begin_talk(ops[n].op, PAY_KNOWN_OPEN);
        platform_sign(t.arena, &headers, t.now, pay_strz(good));
        header_add(&headers, "wechatpay-nonce", PAY_STR("again"));
        failed(resume(ops[n].status, good), code, "missing_header",
               "a header twice");

        begin_talk(ops[n].op, PAY_KNOWN_OPEN);
        platform_sign(t.arena, &headers, t.now, pay_strz(good));
        header_add(&headers, "Wechatpay-Signature-Type",
                   PAY_STR(PAY_WECHATPAY_V3_SCHEME));
        failed(resume(ops[n].status, good), code, "signature_type",
               "the type twice");

        begin_talk(ops[n].op, PAY_KNOWN_OPEN);
        rc = answer_signed(ops[n].status, "{\"code_url\":");
        failed(rc, code, "json", "signed, but cut short");
        no_fact();

        begin_talk(ops[n].op, PAY_KNOWN_OPEN);
        rc = answer_signed(ops[n].status == 204 ? 200 : 204, "");
        failed(rc, code, "status", "204 for 200, or 200 for 204");
        no_fact();
    }

    /* the last instant that holds */

    begin_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
    platform_sign(t.arena, &headers, t.now + 299, PAY_STR(PAID));
    is_int(resume(200, PAID), PAY_DONE, "299 s ahead");
    is_int(t.error.code, PAY_E_NONE, "holds");

    /* the hex of a certificate in either case; the id of a key in its own */

    begin_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
    platform_sign(t.arena, &headers, t.now, PAY_STR(PAID));
    *header_at(&headers, "Wechatpay-Serial") =
        PAY_STR("0a0b0c0d0e0f101112131415161718191a1b1c1d");
    failed(resume(200, PAID), PAY_E_CHANNEL_RESPONSE_INVALID, "signature",
           "the key of another serial, in lower case, is found");

    begin_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
    platform_sign(t.arena, &headers, t.now, PAY_STR(PAID));
    *header_at(&headers, "Wechatpay-Serial") =
        PAY_STR("pub_key_id_0119000001092026112200000000000001");
    failed(resume(200, PAID), PAY_E_CHANNEL_RESPONSE_INVALID, "serial",
           "an id in lower case");
}


/* every row of the error table, for each request: LOOK_UP is a query */

#define UNKNOWN  PAY_E_OUTCOME_UNKNOWN
#define LOOK_UP  PAY_E_MAX

static void
test_errors(void)
{
    char        body[256];
    size_t      i, n;
    pay_rc_t    rc;
    pay_code_t  want;

    static const pay_op_t  ops[] = {
        PAY_OP_PAY, PAY_OP_QUERY, PAY_OP_CLOSE
    };

    static const struct {
        int          status;
        const char  *code;
        pay_code_t   ours[3];
    } rows[] = {
        { 400, "PARAM_ERROR", { PAY_E_CHANNEL_REJECTED,
          PAY_E_CHANNEL_REJECTED, PAY_E_CHANNEL_REJECTED } },
        { 400, "INVALID_REQUEST", { PAY_E_CHANNEL_REJECTED,
          PAY_E_CHANNEL_REJECTED, PAY_E_CHANNEL_REJECTED } },
        { 400, "APPID_MCHID_NOT_MATCH", { PAY_E_CHANNEL_REJECTED,
          PAY_E_CHANNEL_REJECTED, PAY_E_CHANNEL_REJECTED } },
        { 400, "MCH_NOT_EXISTS", { PAY_E_CHANNEL_AUTH_FAILED,
          PAY_E_CHANNEL_AUTH_FAILED, PAY_E_CHANNEL_AUTH_FAILED } },
        { 401, "SIGN_ERROR", { PAY_E_CHANNEL_AUTH_FAILED,
          PAY_E_CHANNEL_AUTH_FAILED, PAY_E_CHANNEL_AUTH_FAILED } },
        { 401, "SOMETHING", { PAY_E_CHANNEL_AUTH_FAILED,
          PAY_E_CHANNEL_AUTH_FAILED, PAY_E_CHANNEL_AUTH_FAILED } },
        { 403, "NO_AUTH", { PAY_E_CHANNEL_PERMISSION,
          PAY_E_CHANNEL_PERMISSION, PAY_E_CHANNEL_PERMISSION } },
        { 403, "NOAUTH", { PAY_E_CHANNEL_PERMISSION,
          PAY_E_CHANNEL_PERMISSION, PAY_E_CHANNEL_PERMISSION } },
        { 403, "TRADE_ERROR", { PAY_E_CHANNEL_REJECTED,
          PAY_E_CHANNEL_REJECTED, PAY_E_CHANNEL_REJECTED } },
        { 403, "RULELIMIT", { PAY_E_CHANNEL_REJECTED,
          PAY_E_CHANNEL_REJECTED, PAY_E_CHANNEL_REJECTED } },
        { 403, "ACCOUNTERROR", { PAY_E_CHANNEL_REJECTED,
          PAY_E_CHANNEL_REJECTED, PAY_E_CHANNEL_REJECTED } },
        { 403, "NOTENOUGH", { PAY_E_BALANCE_INSUFFICIENT, UNKNOWN,
          UNKNOWN } },
        { 429, "FREQUENCY_LIMITED", { PAY_E_CHANNEL_QUOTA,
          PAY_E_CHANNEL_QUOTA, LOOK_UP } },
        { 429, "RATELIMIT_EXCEED", { PAY_E_CHANNEL_QUOTA,
          PAY_E_CHANNEL_QUOTA, LOOK_UP } },
        { 403, "RATELIMIT_EXCEEDED", { PAY_E_CHANNEL_QUOTA,
          PAY_E_CHANNEL_QUOTA, LOOK_UP } },
        { 400, "FREQUENCY_LIMIT_EXCEED", { PAY_E_CHANNEL_QUOTA,
          PAY_E_CHANNEL_QUOTA, LOOK_UP } },
        { 429, "SOMETHING", { PAY_E_CHANNEL_QUOTA, PAY_E_CHANNEL_QUOTA,
          LOOK_UP } },
        { 404, "ORDER_NOT_EXIST", { UNKNOWN, PAY_E_NOT_FOUND,
          PAY_E_NOT_FOUND } },
        { 404, "ORDERNOTEXIST", { UNKNOWN, PAY_E_NOT_FOUND,
          PAY_E_NOT_FOUND } },
        { 404, "RESOURCE_NOT_EXISTS", { UNKNOWN, PAY_E_NOT_FOUND,
          PAY_E_NOT_FOUND } },
        { 404, "NOT_A_CODE", { UNKNOWN, UNKNOWN, UNKNOWN } },
        { 403, "OUT_TRADE_NO_USED", { LOOK_UP, UNKNOWN, UNKNOWN } },
        { 403, "OUTTRADENOUSED", { LOOK_UP, UNKNOWN, UNKNOWN } },
        { 400, "ORDER_PAID", { LOOK_UP, UNKNOWN, LOOK_UP } },
        { 403, "ORDERPAID", { LOOK_UP, UNKNOWN, LOOK_UP } },
        { 400, "ORDER_CLOSED", { LOOK_UP, UNKNOWN, LOOK_UP } },
        { 400, "ORDERCLOSED", { LOOK_UP, UNKNOWN, LOOK_UP } },
        { 400, "ORDER_CLOSEDX", { UNKNOWN, UNKNOWN, UNKNOWN } },
        { 400, "ORDER", { UNKNOWN, UNKNOWN, UNKNOWN } },
        { 400, "PARAM_ERRORED", { PAY_E_CHANNEL_REJECTED,
          PAY_E_CHANNEL_REJECTED, PAY_E_CHANNEL_REJECTED } },
        { 500, "OPENID_MISMATCH", { UNKNOWN, UNKNOWN, UNKNOWN } },
        { 500, "INVALID_TRANSACTIONID", { UNKNOWN, UNKNOWN, UNKNOWN } },
        { 500, "BANK_ERROR", { UNKNOWN, UNKNOWN, UNKNOWN } },
        { 500, "SYSTEMERROR", { UNKNOWN, UNKNOWN, UNKNOWN } },
        { 500, "PARAM_ERROR", { UNKNOWN, UNKNOWN, UNKNOWN } }
    };

    for (i = 0; i < pay_nelts(rows); i++) {

        snprintf(body, sizeof(body),
                 "{\"code\":\"%s\",\"message\":\"why not\"}", rows[i].code);

        for (n = 0; n < 6; n++) {
            begin_talk(ops[n % 3], PAY_KNOWN_NEW);

            rc = n < 3 ? answer_unsigned(rows[i].status, body)
                       : answer_signed(rows[i].status, body);
            want = rows[i].ours[n % 3];

            if (want == LOOK_UP) {
                is_int(rc, PAY_SIGN, rows[i].code);
                is(t.request.target, "/v3/pay/transactions/out-trade-no/"
                   ORDER "?mchid=1900000109", "is looked up");
                is_int(t.error.code, PAY_E_NONE, "nothing is decided");
                no_fact();
                continue;
            }

            if (want == UNKNOWN && ops[n % 3] == PAY_OP_QUERY) {
                want = PAY_E_CHANNEL_RESPONSE_INVALID;
            }

            failed(rc, want, rows[i].ours[n % 3] == UNKNOWN ? "channel_code"
                                                            : "refused",
                   rows[i].code);
            is(t.error.channel_code, rows[i].code, "the channel's code");
            is(t.error.channel_message, "why not", "its message");
            no_fact();
        }
    }
}


static void
test_error_details(void)
{
    char    body[1200];
    size_t  i, n;

    /* a signature that is there must hold: section 3.4 */

    begin_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
    platform_sign(t.arena, &headers, t.now, PAY_STR("{}"));
    failed(resume(404, ERR("ORDER_NOT_EXIST")),
           PAY_E_CHANNEL_RESPONSE_INVALID, "signature",
           "an error with a wrong signature");
    is_int(t.error.channel_code.len, 0, "its code is not repeated");

    begin_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    platform_sign(t.arena, &headers, t.now, PAY_STR(ERR("PARAM_ERROR")));
    *header_at(&headers, "Wechatpay-Signature") =
        PAY_STR("WECHATPAY/SIGNTEST/xyz");
    failed(resume(400, ERR("PARAM_ERROR")), PAY_E_OUTCOME_UNKNOWN, "probe",
           "a probe");

    begin_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    memset(&headers, 0, sizeof(headers));
    header_add(&headers, "Wechatpay-Signature", PAY_STR("x"));
    failed(resume(400, ERR("PARAM_ERROR")), PAY_E_OUTCOME_UNKNOWN,
           "missing_header", "a signature without its other headers");

    begin_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    memset(&headers, 0, sizeof(headers));
    header_add(&headers, "Content-Type", PAY_STR("text/html"));
    failed(resume(400, ERR("PARAM_ERROR")), PAY_E_OUTCOME_UNKNOWN,
           "media_type", "no JSON by its own word");

    begin_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    memset(&headers, 0, sizeof(headers));
    header_add(&headers, "Content-Type",
               PAY_STR("Application/JSON; charset=utf-8"));
    failed(resume(400, ERR("PARAM_ERROR")), PAY_E_CHANNEL_REJECTED, "refused",
           "a charset is fine");

    begin_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    memset(&headers, 0, sizeof(headers));
    failed(resume(400, ERR("PARAM_ERROR")), PAY_E_CHANNEL_REJECTED, "refused",
           "and so is no word at all");

    n = snprintf(body, sizeof(body), "{\"code\":\"PARAM_ERROR\","
                 "\"message\":\"");

    for (i = 0; i < 300; i++) {
        n += snprintf(body + n, sizeof(body) - n, "\xe8\x8c\xb6");
    }

    snprintf(body + n, sizeof(body) - n, "\"}");

    begin_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    failed(answer_unsigned(400, body), PAY_E_CHANNEL_REJECTED, "refused",
           "a long message");
    is_int(pay_utf8_length(t.error.channel_message), 256, "is cut");

    begin_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    failed(answer_unsigned(400, "{\"code\":\"PARAM_ERROR\",\"message\":7}"),
           PAY_E_CHANNEL_REJECTED, "refused", "a message of another type");
    is_int(t.error.channel_message.len, 0, "is left out");
}


static void
test_unanswered(void)
{
    size_t        i, n;
    pay_answer_t  a;

    static const struct {
        pay_op_t    op;
        pay_code_t  code;
    } ops[] = {
        { PAY_OP_PAY, PAY_E_OUTCOME_UNKNOWN },
        { PAY_OP_QUERY, PAY_E_CHANNEL_RESPONSE_INVALID },
        { PAY_OP_CLOSE, PAY_E_OUTCOME_UNKNOWN }
    };

    memset(&a, 0, sizeof(a));

    for (i = 0; i < pay_nelts(ops); i++) {
        begin_talk(ops[i].op, PAY_KNOWN_NEW);
        a.outcome = PAY_NOT_SENT;
        failed(pay_wechatpay_v3.resume(&t, &a), PAY_E_CHANNEL_UNREACHABLE,
               "not_sent", "nothing was sent");

        begin_talk(ops[i].op, PAY_KNOWN_NEW);
        a.outcome = PAY_UNANSWERED;
        failed(pay_wechatpay_v3.resume(&t, &a), ops[i].code, "unanswered",
               "no answer");
        no_fact();
    }

    /* the look-up did not leave, but the first request had arrived */

    for (n = 0; n < 3; n += 2) {
        begin_talk(ops[n].op, PAY_KNOWN_NEW);
        is_int(answer_unsigned(403, ERR("ORDER_PAID")), PAY_SIGN, "look up");
        a.outcome = PAY_NOT_SENT;
        failed(pay_wechatpay_v3.resume(&t, &a), PAY_E_OUTCOME_UNKNOWN,
               "unanswered", "a look-up that was not sent");
        no_fact();
    }
}


static void
test_query_states(void)
{
    size_t  i;

    static const struct {
        const char          *body;
        pay_state_t          state;
        pay_refund_status_t  refund;
    } rows[] = {
        { NOTPAY, PAY_STATE_PENDING, PAY_REFUND_NONE },
        { FOUND "\"trade_state\":\"USERPAYING\"}", PAY_STATE_PROCESSING, 0 },
        { FOUND "\"trade_state\":\"ACCEPT\"}", PAY_STATE_PROCESSING, 0 },
        { PAID, PAY_STATE_SUCCEEDED, PAY_REFUND_NONE },
        { PAID_AS("REFUND", "100", ""), PAY_STATE_SUCCEEDED,
          PAY_REFUND_UNKNOWN },
        { CLOSED, PAY_STATE_CLOSED, PAY_REFUND_NONE },
        { FOUND "\"trade_state\":\"REVOKED\"}", PAY_STATE_CLOSED, 0 },
        { FOUND "\"trade_state\":\"PAYERROR\"}", PAY_STATE_FAILED, 0 }
    };

    for (i = 0; i < pay_nelts(rows); i++) {
        begin_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
        payment.ref = PAY_STR(CODE_URL);

        is_int(answer_signed(200, rows[i].body), PAY_DONE, "query");
        is_int(t.error.code, PAY_E_NONE, "no error");
        is_int(t.fact.state, rows[i].state, rows[i].body);
        is_int(t.fact.refund_status, rows[i].refund, "refund_status");
        is(t.fact.order_id, ORDER, "order_id");
        is_int(t.fact.action.kind, rows[i].state == PAY_STATE_PENDING
               ? PAY_ACTION_QR_CODE : PAY_ACTION_NONE, "the stored code");
        ok(pay_str_eqz(t.fact.failure, rows[i].state == PAY_STATE_FAILED
                                       ? "PAYERROR" : ""), "failure");
    }

    begin_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
    is_int(answer_signed(200, PAID), PAY_DONE, "paid");
    is(t.fact.channel_order_id, "4200000001", "channel_order_id");
    is(t.fact.payer, "oUpF8uMuAJO", "payer");
    is(t.fact.echo, ECHO, "echo");
    is(t.fact.currency, "CNY", "currency");
    is_int(t.fact.amount, 100, "amount");
    is_int(t.fact.amount_paid, 90, "amount_paid");
    is_int(t.fact.paid_at, 1795305600, "paid_at");

    begin_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
    is_int(answer_signed(200, NOTPAY), PAY_DONE, "pending, no stored code");
    is_int(t.fact.action.kind, PAY_ACTION_NONE, "nothing to show");
    is_int(t.fact.amount, -1, "an unpaid order tells no amount");

    begin_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
    payment.ref = PAY_STR(CODE_URL);
    payment.expires_at = NOW;
    is_int(answer_signed(200, NOTPAY), PAY_DONE, "pending, expired");
    is_int(t.fact.action.kind, PAY_ACTION_NONE, "nothing to show");

    /* by the channel's number, and with nothing known of the order */

    open_talk(PAY_OP_QUERY, PAY_KNOWN_FORGOTTEN);
    memset(&payment, 0, sizeof(payment));
    payment.channel_order_id = PAY_STR("4200000001");
    is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, "by the channel's number");
    is_int(answer_signed(200, PAID), PAY_DONE, "found");
    is_int(t.error.code, PAY_E_NONE, "no error");
    is(t.fact.order_id, ORDER, "order_id");
    is_int(t.fact.amount, 100, "amount");
}


/* verified answers that speak of something else, or make no sense */

static void
test_query_wrong(void)
{
    size_t  i;

    static const struct {
        const char  *body;
        const char  *reason;
    } rows[] = {
        { "{\"appid\":\"wxd678efh567hg6787\",\"mchid\":\"1900000109\","
          "\"out_trade_no\":\"order-0002\",\"trade_state\":\"NOTPAY\"}",
          "echo_mismatch" },
        { "{\"appid\":\"wxd678efh567hg6787\",\"mchid\":\"1900000110\","
          "\"out_trade_no\":\"" ORDER "\",\"trade_state\":\"NOTPAY\"}",
          "echo_mismatch" },
        { "{\"appid\":\"wx0\",\"mchid\":\"1900000109\","
          "\"out_trade_no\":\"" ORDER "\",\"trade_state\":\"NOTPAY\"}",
          "echo_mismatch" },
        { "{\"mchid\":\"1900000109\",\"out_trade_no\":\"" ORDER "\","
          "\"trade_state\":\"NOTPAY\"}", "echo_mismatch" },
        { "{\"sp_mchid\":\"1900000109\",\"sp_appid\":\"wxd678efh567hg6787\","
          "\"sub_mchid\":\"1900000110\",\"out_trade_no\":\"" ORDER "\","
          "\"trade_state\":\"NOTPAY\"}", "echo_mismatch" },
        { PAID_AS("SUCCESS", "101", ""), "echo_mismatch" },
        { PAID_AS("REFUND", "99", ""), "echo_mismatch" },
        { FOUND "\"trade_state\":\"SUCCESS\",\"transaction_id\":\"1\","
          "\"amount\":{\"total\":100,\"currency\":\"USD\"}}",
          "echo_mismatch" },
        { FOUND "\"trade_state\":\"NOTPAY\",\"amount\":{\"total\":99}}",
          "echo_mismatch" },
        { FOUND "\"trade_state\":\"PAID\"}", "trade_state" },
        { FOUND "\"trade_state\":\"success\"}", "trade_state" },
        { FOUND "\"trade_state\":7}", "json" },
        { FOUND "\"trade_state_desc\":\"x\"}", "json" },
        { "{\"appid\":\"wxd678efh567hg6787\",\"mchid\":\"1900000109\","
          "\"trade_state\":\"NOTPAY\"}", "json" },
        { "[" NOTPAY "]", "json" },
        { "\"NOTPAY\"", "json" },
        { "", "json" },
        { FOUND "\"trade_state\":\"CLOSED\",\"trade_state\":\"SUCCESS\"}",
          "json" },
        { FOUND "\"trade_state\":\"SUCCESS\",\"transaction_id\":\"1\"}",
          "json" },
        { FOUND "\"trade_state\":\"SUCCESS\",\"amount\":{\"total\":100,"
          "\"currency\":\"CNY\"}}", "json" },
        { FOUND "\"trade_state\":\"SUCCESS\",\"transaction_id\":\"1\","
          "\"amount\":{\"total\":100}}", "json" },
        { FOUND "\"trade_state\":\"SUCCESS\",\"transaction_id\":\"1\","
          "\"amount\":{\"total\":\"100\",\"currency\":\"CNY\"}}", "json" },
        { PAID_AS("SUCCESS", "100.0", ""), "json" },
        { PAID_AS("SUCCESS", "1e2", ""), "json" },
        { PAID_AS("SUCCESS", "0", ""), "json" },
        { PAID_AS("SUCCESS", "-100", ""), "json" },
        { PAID_AS("SUCCESS", "10000000000001", ""), "json" },
        { PAID_AS("SUCCESS", "100", "\"attach\":7,"), "json" },
        { FOUND "\"trade_state\":\"NOTPAY\",\"amount\":100}", "json" },
        { FOUND "\"trade_state\":\"NOTPAY\",\"transaction_id\":7}", "json" }
    };

    for (i = 0; i < pay_nelts(rows); i++) {
        begin_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
        failed(answer_signed(200, rows[i].body),
               PAY_E_CHANNEL_RESPONSE_INVALID, rows[i].reason, rows[i].body);
        no_fact();
    }

    open_talk(PAY_OP_QUERY, PAY_KNOWN_FORGOTTEN);
    memset(&payment, 0, sizeof(payment));
    payment.channel_order_id = PAY_STR("4200000002");
    is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, "by the channel's number");
    failed(answer_signed(200, PAID), PAY_E_CHANNEL_RESPONSE_INVALID,
           "echo_mismatch", "another number");

    begin_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
    is_int(answer_signed(200, FOUND "\"trade_state\":\"SUCCESS\","
                         "\"transaction_id\":\"1\",\"success_time\":\"?\","
                         "\"amount\":{\"total\":100,\"currency\":\"CNY\"}}"),
           PAY_DONE, "an odd date");
    is_int(t.fact.state, PAY_STATE_SUCCEEDED, "loses no payment");
    is_int(t.fact.paid_at, 0, "and is not believed");
    is_int(t.fact.amount_paid, -1, "an amount that was not told");
}


/* a prepay for a number that is in use: design.md section 7 */

static void
test_pay_used(void)
{
    size_t    i;
    pay_rc_t  rc;

    static const struct {
        const char   *name;
        pay_known_t   known;
        const char   *first;
        int           status;
        const char   *body;         /* of the query */
        pay_code_t    code;
        const char   *reason;
        pay_state_t   state;
    } rows[] = {
        { "paid, same amount and echo", PAY_KNOWN_NEW, "ORDER_PAID", 200,
          PAID, PAY_E_NONE, NULL, PAY_STATE_SUCCEEDED },
        { "paid, same amount, no echo", PAY_KNOWN_FORGOTTEN, "ORDER_PAID",
          200, PAID_AS("SUCCESS", "100", ""), PAY_E_NONE, NULL,
          PAY_STATE_SUCCEEDED },
        { "refunded", PAY_KNOWN_FORGOTTEN, "OUT_TRADE_NO_USED", 200,
          PAID_AS("REFUND", "100", ""), PAY_E_NONE, NULL,
          PAY_STATE_SUCCEEDED },
        { "paid, another amount", PAY_KNOWN_NEW, "ORDER_PAID", 200,
          PAID_AS("SUCCESS", "101", ""), PAY_E_IDEMPOTENCY_CONFLICT,
          "number_used", PAY_STATE_NONE },
        { "ours, paid, another amount", PAY_KNOWN_UNKNOWN, "ORDER_PAID", 200,
          PAID_AS("SUCCESS", "101", ""), PAY_E_IDEMPOTENCY_CONFLICT,
          "number_used", PAY_STATE_NONE },
        { "paid, another merchant's echo", PAY_KNOWN_NEW, "ORDER_PAID", 200,
          PAID_AS("SUCCESS", "100", "\"attach\":\"p1.shop-b.x\","),
          PAY_E_IDEMPOTENCY_CONFLICT, "number_used", PAY_STATE_NONE },
        { "ours, although its echo is older", PAY_KNOWN_UNKNOWN, "ORDER_PAID",
          200, PAID_AS("SUCCESS", "100", "\"attach\":\"p1.shop-a.x\","),
          PAY_E_NONE, NULL, PAY_STATE_SUCCEEDED },
        { "ours, open", PAY_KNOWN_UNKNOWN, "INVALID_REQUEST", 200, NOTPAY,
          PAY_E_NONE, NULL, PAY_STATE_PENDING },
        { "open, whose is not known", PAY_KNOWN_FORGOTTEN, "INVALID_REQUEST",
          200, NOTPAY, PAY_E_IDEMPOTENCY_CONFLICT, "number_used",
          PAY_STATE_NONE },
        { "open, ours by its echo", PAY_KNOWN_FORGOTTEN, "OUT_TRADE_NO_USED",
          200, FOUND "\"trade_state\":\"NOTPAY\",\"attach\":\"" ECHO "\"}",
          PAY_E_NONE, NULL, PAY_STATE_PENDING },
        { "ours, closed", PAY_KNOWN_UNKNOWN, "ORDER_CLOSED", 200, CLOSED,
          PAY_E_NONE, NULL, PAY_STATE_CLOSED },
        { "closed, whose is not known", PAY_KNOWN_NEW, "ORDER_CLOSED", 200,
          CLOSED, PAY_E_ALREADY_CLOSED, "number_used", PAY_STATE_NONE },
        { "refused, and not there", PAY_KNOWN_UNKNOWN, "PARAM_ERROR", 404,
          ERR("ORDER_NOT_EXIST"), PAY_E_CHANNEL_REJECTED, "refused",
          PAY_STATE_NONE },
        { "used by another product", PAY_KNOWN_NEW, "OUT_TRADE_NO_USED", 404,
          ERR("ORDER_NOT_EXIST"), PAY_E_IDEMPOTENCY_CONFLICT, "refused",
          PAY_STATE_NONE },
        { "paid, and not there", PAY_KNOWN_NEW, "ORDER_PAID", 404,
          ERR("ORDER_NOT_EXIST"), PAY_E_OUTCOME_UNKNOWN, "refused",
          PAY_STATE_NONE },
        { "the query fails", PAY_KNOWN_NEW, "ORDER_PAID", 500,
          ERR("SYSTEM_ERROR"), PAY_E_OUTCOME_UNKNOWN, "channel_code",
          PAY_STATE_NONE },
        { "the query is refused", PAY_KNOWN_NEW, "ORDER_PAID", 401,
          ERR("SIGN_ERROR"), PAY_E_OUTCOME_UNKNOWN, "refused",
          PAY_STATE_NONE },
        { "another account's order", PAY_KNOWN_NEW, "ORDER_PAID", 200,
          "{\"appid\":\"wx0\",\"mchid\":\"1900000109\",\"out_trade_no\":\""
          ORDER "\",\"trade_state\":\"NOTPAY\"}", PAY_E_OUTCOME_UNKNOWN,
          "echo_mismatch", PAY_STATE_NONE }
    };

    for (i = 0; i < pay_nelts(rows); i++) {
        char  body[128];

        snprintf(body, sizeof(body), "{\"code\":\"%s\"}", rows[i].first);

        begin_talk(PAY_OP_PAY, rows[i].known);
        is_int(answer_unsigned(403, body), PAY_SIGN, rows[i].name);
        is(pay_strz(t.request.method), "GET", "a query");
        is_int(t.request.body.len, 0, "without a body");
        is_signed("GET\n/v3/pay/transactions/out-trade-no/" ORDER
                  "?mchid=1900000109\n1795305600\n" NONCE_2 "\n\n", NONCE_2);

        rc = rows[i].status == 200 ? answer_signed(200, rows[i].body)
                                   : answer_unsigned(rows[i].status,
                                                     rows[i].body);
        if (rows[i].code != PAY_E_NONE) {
            failed(rc, rows[i].code, rows[i].reason, rows[i].name);
            no_fact();
            continue;
        }

        is_int(rc, PAY_DONE, "done");
        is_int(t.error.code, PAY_E_NONE, "no error");
        is_int(t.fact.state, rows[i].state, "its state");
        is(t.fact.order_id, ORDER, "its number");
    }

    /* unsigned, or unverified: never a state */

    begin_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    is_int(answer_unsigned(403, ERR("ORDER_PAID")), PAY_SIGN, "look up");
    failed(answer_unsigned(200, PAID), PAY_E_OUTCOME_UNKNOWN,
           "missing_header", "an unsigned answer to the look-up");
    no_fact();

    /* the first time, a broken rule is a broken rule */

    begin_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
    failed(answer_unsigned(400, ERR("INVALID_REQUEST")),
           PAY_E_CHANNEL_REJECTED, "refused", "INVALID_REQUEST, first time");

    /* ours and open, and the store still has the code */

    begin_talk(PAY_OP_PAY, PAY_KNOWN_UNKNOWN);
    payment.ref = PAY_STR(CODE_URL);
    is_int(answer_unsigned(400, ERR("INVALID_REQUEST")), PAY_SIGN, "look up");
    is_int(answer_signed(200, NOTPAY), PAY_DONE, "pending");
    is(t.fact.action.value, CODE_URL, "with the stored code");
}


static void
test_close(void)
{
    size_t    i;
    pay_rc_t  rc;

    static const struct {
        const char   *name;
        const char   *first;
        int           status;
        const char   *body;
        pay_code_t    code;
        const char   *reason;
        pay_state_t   state;
    } rows[] = {
        { "paid", "ORDER_PAID", 200, PAID, PAY_E_ALREADY_PAID, "paid",
          PAY_STATE_SUCCEEDED },
        { "refunded", "ORDERPAID", 200, PAID_AS("REFUND", "100", ""),
          PAY_E_ALREADY_PAID, "paid", PAY_STATE_SUCCEEDED },
        { "limited, and paid", "FREQUENCY_LIMITED", 200, PAID,
          PAY_E_ALREADY_PAID, "paid", PAY_STATE_SUCCEEDED },
        { "limited, not paid", "FREQUENCY_LIMITED", 200, NOTPAY,
          PAY_E_PAYER_BUSY, "payer_busy", PAY_STATE_PENDING },
        { "limited, being paid", "FREQUENCY_LIMITED", 200,
          FOUND "\"trade_state\":\"USERPAYING\"}", PAY_E_PAYER_BUSY,
          "payer_busy", PAY_STATE_PROCESSING },
        { "limited, closed", "FREQUENCY_LIMITED", 200, CLOSED, PAY_E_NONE,
          NULL, PAY_STATE_CLOSED },
        { "closed before", "ORDER_CLOSED", 200, CLOSED, PAY_E_NONE, NULL,
          PAY_STATE_CLOSED },
        { "paid, says the error alone", "ORDER_PAID", 200, NOTPAY,
          PAY_E_OUTCOME_UNKNOWN, "look_up", PAY_STATE_NONE },
        { "closed, says the error alone", "ORDER_CLOSED", 200, NOTPAY,
          PAY_E_OUTCOME_UNKNOWN, "look_up", PAY_STATE_NONE },
        { "closed, but paid", "ORDER_CLOSED", 200, PAID, PAY_E_ALREADY_PAID,
          "paid", PAY_STATE_SUCCEEDED },
        { "paid, with another amount", "ORDER_PAID", 200,
          PAID_AS("SUCCESS", "101", ""), PAY_E_OUTCOME_UNKNOWN,
          "echo_mismatch", PAY_STATE_NONE },
        { "paid, and not there", "ORDER_PAID", 404, ERR("ORDER_NOT_EXIST"),
          PAY_E_OUTCOME_UNKNOWN, "refused", PAY_STATE_NONE },
        { "the query is limited", "FREQUENCY_LIMITED", 429,
          ERR("FREQUENCY_LIMITED"), PAY_E_OUTCOME_UNKNOWN, "refused",
          PAY_STATE_NONE }
    };

    begin_talk(PAY_OP_CLOSE, PAY_KNOWN_OPEN);
    is_int(answer_signed(204, ""), PAY_DONE, "204, signed");
    is_int(t.error.code, PAY_E_NONE, "no error");
    is_int(t.fact.state, PAY_STATE_CLOSED, "closed");

    begin_talk(PAY_OP_CLOSE, PAY_KNOWN_OPEN);
    failed(answer_signed(204, "{}"), PAY_E_OUTCOME_UNKNOWN, "json",
           "204 with a body, signed");
    no_fact();

    begin_talk(PAY_OP_CLOSE, PAY_KNOWN_OPEN);
    failed(answer_signed(200, "{}"), PAY_E_OUTCOME_UNKNOWN, "status",
           "200, signed");
    no_fact();

    for (i = 0; i < pay_nelts(rows); i++) {
        char  body[128];

        snprintf(body, sizeof(body), "{\"code\":\"%s\"}", rows[i].first);

        begin_talk(PAY_OP_CLOSE, PAY_KNOWN_OPEN);
        is_int(answer_unsigned(400, body), PAY_SIGN, rows[i].name);
        is_int(pay_wechatpay_v3.sign(&t), PAY_SEND, "a query");

        rc = rows[i].status == 200 ? answer_signed(200, rows[i].body)
                                   : answer_unsigned(rows[i].status,
                                                     rows[i].body);
        is_int(t.fact.state, rows[i].state, "its state");

        if (rows[i].code == PAY_E_NONE) {
            is_int(rc, PAY_DONE, "done");
            is_int(t.error.code, PAY_E_NONE, "no error");
            continue;
        }

        failed(rc, rows[i].code, rows[i].reason, rows[i].name);

        if (rows[i].code == PAY_E_ALREADY_PAID) {
            is(t.fact.channel_order_id, "4200000001", "the verified fact");
            is(t.error.channel_code, rows[i].first, "the channel's code");
        }
    }
}


/* memory ends at every place once */

static void
test_memory(void)
{
    size_t        limit, n;
    pay_rc_t      rc;
    pay_arena_t  *whole;

    static const pay_op_t  ops[] = {
        PAY_OP_PAY, PAY_OP_QUERY, PAY_OP_CLOSE
    };

    for (n = 0; n < pay_nelts(ops); n++) {

        rc = PAY_ERROR;

        for (limit = 1; limit < 65536 && rc == PAY_ERROR; limit += 61) {

            open_talk(ops[n], PAY_KNOWN_UNKNOWN);
            whole = t.arena;
            platform_sign(whole, &headers, t.now, PAY_STR(PAID));

            t.arena = pay_arena_create(limit);

            rc = pay_wechatpay_v3.begin(&t);
            rc = rc == PAY_SIGN ? pay_wechatpay_v3.sign(&t) : rc;

            if (rc == PAY_SEND) {
                memset(&headers, 0, sizeof(headers));
                rc = resume(403, ops[n] == PAY_OP_QUERY ? ERR("NO_AUTH")
                                                        : ERR("ORDER_PAID"));
            }

            if (rc == PAY_SIGN) {
                rc = pay_wechatpay_v3.sign(&t);
            }

            if (rc == PAY_SEND) {
                platform_sign(whole, &headers, t.now, PAY_STR(PAID));
                rc = resume(200, PAID);
            }

            talk_close(&t);
            t.arena = whole;

            if (rc != PAY_ERROR && rc != PAY_DONE) {
                break;
            }
        }

        ok(rc == PAY_DONE && limit > 1000, "%s: %zu bytes are enough, with "
           "less it is an error", pay_op_info(ops[n])->name, limit);
    }
}


static void
check_fails(const char *want)
{
    const char  *why;

    why = NULL;
    is_int(pay_wechatpay_v3.check(&channel, &why), PAY_INVALID, want);
    ok(why && strstr(why, want), "why: %s", why ? why : "(null)");
}


static void
test_check(void)
{
    int64_t                  end;
    pay_str_t                serial;
    const char              *why;
    pay_wechatpay_v3_conf_t  good = conf;

    is_int(pay_wechatpay_v3.check(&channel, &why), PAY_OK, "a good channel");

    conf.sandbox_key = platform_key;
    is_int(pay_wechatpay_v3.check(&channel, &why), PAY_OK,
           "with the sandbox's key");

    conf.platform_keys.key[0] = good.certificate.key;
    check_fails("sandbox_platform_key");
    conf = good;

    conf.sandbox_key = good.certificate_key;
    check_fails("sandbox_platform_key");
    conf = good;

    conf.certificate_key = platform_key;
    check_fails("certificate_key is not");
    conf = good;

    conf.platform_keys.nkeys = 0;
    check_fails("no platform_key");
    conf = good;

    conf.platform_keys.id[1] = PAY_STR("");
    check_fails("the id of a platform_key");
    conf.platform_keys.id[1] = PAY_STR("A\r\nB");
    check_fails("the id of a platform_key");
    conf.platform_keys.id[1] = conf.platform_keys.id[2];
    check_fails("the same id");
    conf = good;

    conf.appid = PAY_STR("");
    check_fails("appid");
    conf = good;

    conf.mchid = PAY_STR("19\"00");
    check_fails("mchid");
    conf = good;

    conf.api_v3_key = PAY_STR("0123456789abcdef0123456789ABCDE");
    check_fails("api_v3_key");
    conf = good;

    pay_wechatpay_v3.expiry(&channel, &serial, &end);
    is(serial, "1DDE55AD98ED71D6EDD4A4A16996DE7B4777AAAA", "the serial");
    is_int(end, conf.certificate.not_after, "the certificate's end");
}


static void
test_tables(void)
{
    size_t              i, n;
    const pay_can_t    *can = pay_wechatpay_v3.can;
    const pay_param_t  *p = pay_wechatpay_v3.params;

    static const char *const  names[] = {
        "appid", "mchid", "certificate", "certificate_key", "platform_key",
        "api_v3_key", "sandbox_platform_key"
    };

    for (i = 0; i < pay_nelts(names); i++) {
        ok(p[i].name && strcmp(p[i].name, names[i]) == 0, "%s", names[i]);
        ok(p[i].doc != NULL, "has its line of help");
        is_int(p[i].required, i != 6, "required");
        is_int(p[i].sandbox, i == 6, "with mode sandbox only");
        ok(p[i].offset < sizeof(pay_wechatpay_v3_conf_t), "its place");

        for (n = 0; n < i; n++) {
            ok(p[n].offset != p[i].offset, "which is its own");
        }
    }

    ok(p[i].name == NULL, "and no more");
    is_int(pay_wechatpay_v3.conf_size, sizeof(conf), "conf_size");

    is_int(p[5].min, 32, "api_v3_key: 32 bytes");
    is_int(p[5].max, 32, "no more");

    is(pay_strz(can->hosts[0]), "https://api.mch.weixin.qq.com", "host");
    is(pay_strz(can->hosts[1]), "https://api2.mch.weixin.qq.com", "host 2");
    ok(can->hosts[2] == NULL, "no more hosts");
    is(pay_strz(can->currencies[0]), "CNY", "CNY");
    ok(can->currencies[1] == NULL, "alone");
    is_int(can->order_id_min, 6, "order_id_min");
    is_int(can->order_id_max, 32, "order_id_max");
    is(pay_strz(can->order_id_extra), "_-", "order_id_extra");
    is_int(can->description_max, 127, "description_max");
    is_int(can->amount_min, 1, "amount_min");
    is_int(can->amount_max, PAY_AMOUNT_MAX, "amount_max");
    is_int(can->expires_min, 60, "expires_min");
    is_int(can->expires_max, 604800, "expires_max");
    is_int(can->notice_deadline_ms, 5000, "notice deadline");
    ok(can->dedupes && can->echoes && !can->test_only, "dedupes, echoes");
}


int
main(void)
{
    channel_open();

    test_tables();
    test_check();
    test_prepay_request();
    test_description();
    test_query_request();
    test_close_request();
    test_refused_at_once();
    test_known_open();
    test_prepaid();
    test_doubtful();
    test_errors();
    test_error_details();
    test_unanswered();
    test_query_states();
    test_query_wrong();
    test_pay_used();
    test_close();
    test_memory();

    talk_close(&t);
    channel_close();

    return done();
}
