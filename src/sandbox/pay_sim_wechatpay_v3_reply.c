
/*
 * Copyright (C) the ngx_pay authors
 *
 * WeChat Pay APIv3 simulator: signed answers (section 3 of the channel
 * document) and errors (section 11).
 */

#include <channel/pay_canon.h>
#include <sandbox/pay_sim_wechatpay_v3.h>


/*
 * number: what ends the Request-ID (section 11.4), 0 where none is known.
 * Whether ORDER_PAID has 400 or 403 is not certain; nobody may depend on it.
 */

static const struct {
    const char  *code;
    int          status;
    const char  *number;
    const char  *message;
} pay_wxs_errors[] = {
    { "SIGN_ERROR", 401, "268443699", "the signature does not hold" },
    { "PARAM_ERROR", 400, "268435461", "a parameter is wrong" },
    { "PARAM_ERROR", 400, "270924358", "there is a parameter too many" },
    { "PARAM_ERROR", 406, "268435461", "Accept must be application/json" },
    { "PARAM_ERROR", 415, "268435461", "the body must be application/json" },
    { "NOT_FOUND", 404, "0", "this sandbox has no such URL" },
    { "INVALID_REQUEST", 405, "0", "this URL has another method" },
    { "APPID_MCHID_NOT_MATCH", 400, "268445527",
      "appid does not belong to mchid" },
    { "ORDER_NOT_EXIST", 404, "268512771", "there is no such order" },
    { "ORDER_PAID", 400, "268449538", "the order is paid" },
    { "ORDER_CLOSED", 400, "268447914", "the order is closed" },
    { "INVALID_REQUEST", 400, "268498688",
      "the same number came before with other parameters" },
    { "RESOURCE_NOT_EXISTS", 404, "0", "there is nothing of that number" },
    { "INVALID_REQUEST", 400, "0", "a rule of the operation is broken" },
    { "NOT_FOUND", 404, "0", "there is no such bill" },
    { "ALREADY_EXISTS", 400, "0",
      "the same number came before with other parameters" },
    { "NOT_ENOUGH", 403, "0", "there is not enough money for that" },
    { "FREQUENCY_LIMITED", 429, "0", "the payer is paying right now" },
    { "SYSTEM_ERROR", 500, "0", "the system is busy" },
    { "NO_STATEMENT_EXIST", 400, "0", "nothing happened on that day" }
};


/*
 * Section 4.3: an answer is signed with the key that the request names.
 * Without that, and in a notice, with the public key where there is one.
 */

static pay_str_t
pay_wxs_signer(pay_sim_t *s)
{
    pay_str_t                       serial;
    const pay_wechatpay_v3_conf_t  *conf;

    conf = s->channel->conf;

    if (pay_header_get(&s->headers, "Wechatpay-Serial", &serial) == PAY_OK
        && pay_wxs_is_platform(s, serial))
    {
        return serial;
    }

    return conf->platform_keys.nkeys != 0 ? conf->platform_keys.id[0]
                                          : pay_wxs_serial(s, 0);
}


pay_rc_t
pay_wxs_sign(pay_sim_t *s, pay_str_t body, pay_wxs_signature_t *out)
{
    pay_buf_t                       b;
    pay_str_t                       text, sig, lines[3];
    const pay_wechatpay_v3_conf_t  *conf;

    conf = s->channel->conf;

    if (conf->sandbox_key == NULL) {
        return PAY_ERROR;
    }

    pay_buf_init(&b, s->arena, 20);
    pay_buf_addi(&b, s->now);

    out->timestamp = pay_buf_str(&b);
    out->nonce = pay_sim_hex(s, 16);
    out->serial = pay_wxs_signer(s);

    if (out->timestamp.data == NULL || out->nonce.data == NULL
        || out->serial.data == NULL)
    {
        return PAY_ERROR;
    }

    lines[0] = out->timestamp;
    lines[1] = out->nonce;
    lines[2] = body;

    text = pay_canon_lines(s->arena, lines, 3);

    if (text.data == NULL
        || pay_rsa_sha256_sign(s->arena, &sig, text, conf->sandbox_key)
           != PAY_OK)
    {
        return PAY_ERROR;
    }

    out->signature = pay_base64_encode(s->arena, sig);

    return out->signature.data != NULL ? PAY_OK : PAY_ERROR;
}


static pay_rc_t
pay_wxs_reply_headers(pay_sim_t *s, const char *number, int sign)
{
    pay_str_t            id;
    pay_wxs_signature_t  sig;
    const pay_str_t      dash = pay_str("-");
    const pay_str_t      digits = pay_strz(number);
    const pay_str_t     *parts[] = { &id, &dash, &digits, NULL };

    id = pay_sim_hex(s, 8);

    if (id.data == NULL
        || pay_sim_header(s, "Request-ID", pay_concat(s->arena, parts))
           != PAY_OK)
    {
        return PAY_ERROR;
    }

    if (s->reply_body.len != 0
        && pay_sim_header(s, "Content-Type", PAY_STR("application/json"))
           != PAY_OK)
    {
        return PAY_ERROR;
    }

    if (!sign) {
        return PAY_OK;
    }

    if (pay_wxs_sign(s, s->reply_body, &sig) != PAY_OK
        || pay_sim_header(s, "Wechatpay-Timestamp", sig.timestamp) != PAY_OK
        || pay_sim_header(s, "Wechatpay-Nonce", sig.nonce) != PAY_OK
        || pay_sim_header(s, "Wechatpay-Signature", sig.signature) != PAY_OK
        || pay_sim_header(s, "Wechatpay-Serial", sig.serial) != PAY_OK
        || pay_sim_header(s, "Wechatpay-Signature-Type",
                          PAY_STR(PAY_WECHATPAY_V3_SCHEME)) != PAY_OK)
    {
        return PAY_ERROR;
    }

    return PAY_OK;
}


pay_rc_t
pay_wxs_reply(pay_sim_t *s, int status, pay_str_t body)
{
    if (body.data == NULL && status != 204) {
        return PAY_ERROR;
    }

    s->status = status;
    s->reply_body = body;

    return pay_wxs_reply_headers(s, "0", 1) == PAY_OK ? PAY_DONE : PAY_ERROR;
}


pay_rc_t
pay_wxs_fail(pay_sim_t *s, pay_wxs_error_t e, const pay_sim_fault_t *fault)
{
    pay_json_writer_t  *w;

    w = pay_json_writer(s->arena);

    if (w == NULL) {
        return PAY_ERROR;
    }

    pay_jw_object(w, NULL);
    pay_jw_strz(w, "code", pay_wxs_errors[e].code);
    pay_jw_strz(w, "message", pay_wxs_errors[e].message);

    pay_jw_object(w, "detail");

    if (fault != NULL) {
        pay_jw_str(w, "field", fault->field);
        pay_jw_str(w, "value", fault->value);
        pay_jw_strz(w, "issue", fault->issue);
        pay_jw_strz(w, "location", fault->location);
    }

    pay_jw_end(w);
    pay_jw_end(w);

    s->status = pay_wxs_errors[e].status;
    s->reply_body = pay_jw_text(w);

    /* before the signature holds there is nobody to sign for (section 3.4) */

    if (s->reply_body.data == NULL
        || pay_wxs_reply_headers(s, pay_wxs_errors[e].number,
                                 e != PAY_WXS_SIGN_ERROR) != PAY_OK)
    {
        return PAY_ERROR;
    }

    return PAY_DONE;
}


pay_rc_t
pay_wxs_refuse(pay_sim_t *s, pay_wxs_error_t e, const char *location,
    const char *field, const char *issue)
{
    pay_sim_fault_t  fault;

    fault.field = pay_strz(field);
    fault.value = (pay_str_t) pay_str_null;
    fault.issue = issue;
    fault.location = location;
    fault.unknown = 0;

    return pay_wxs_fail(s, e, &fault);
}


pay_str_t
pay_wxs_spoil(pay_arena_t *a, pay_str_t signature)
{
    pay_u8     first;
    pay_buf_t  b;

    first = signature.data[0] == 'A' ? 'B' : 'A';

    pay_buf_init(&b, a, signature.len);
    pay_buf_addc(&b, first);
    pay_buf_add(&b, signature.data + 1, signature.len - 1);

    return pay_buf_str(&b);
}


static pay_rc_t
pay_wxs_unsign(pay_sim_t *s)
{
    size_t         i;
    pay_header_t  *h;

    for (i = 0; i < s->nreply_headers; i++) {
        h = &s->reply_headers[i];

        if (pay_str_caseeqz(h->name, "Wechatpay-Signature")) {
            h->value = pay_wxs_spoil(s->arena, h->value);
            return h->value.data != NULL ? PAY_DONE : PAY_ERROR;
        }
    }

    return PAY_DONE;
}


pay_rc_t
pay_wxs_made(pay_sim_t *s, int64_t amount, pay_rc_t rc)
{
    pay_magic_t  magic;

    magic = pay_magic(amount);

    if (rc != PAY_DONE || pay_magic_wire(s, magic)) {
        return rc;
    }

    if (magic == PAY_MAGIC_UNSIGNED) {
        return pay_wxs_unsign(s);
    }

    if (magic == PAY_MAGIC_BROKEN) {
        s->nreply_headers = 0;
        return pay_wxs_fail(s, PAY_WXS_SYSTEM, NULL);
    }

    return rc;
}


/* a proxy in front of the platform: no JSON, and not signed */

pay_rc_t
pay_wxs_down(pay_sim_t *s, int64_t amount)
{
    if (pay_magic(amount) != PAY_MAGIC_DOWN) {
        return PAY_OK;
    }

    s->status = 503;
    s->reply_body = PAY_STR("<html><h1>503 Service Unavailable</h1></html>");

    return pay_sim_header(s, "Content-Type", PAY_STR("text/html")) == PAY_OK
           ? PAY_DONE : PAY_ERROR;
}
