
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver alipay: reading an answer, verified over the bytes of its node as
 * they were received (sections 2.3 and 2.4).
 */

#include <channel/pay_alipay_int.h>
#include <codec/pay_gbk.h>
#include <codec/pay_json_span.h>


#define PAY_ALIPAY_SPANS        8
#define PAY_ALIPAY_MESSAGE_MAX  256


/* the parts of an answer, each as received; data NULL: not there */

typedef struct {
    pay_str_t  node;
    pay_str_t  sign;        /* base64 */
    pay_str_t  sn;
    int        gbk;
} pay_alipay_parts_t;


pay_rc_t
pay_alipay_text(const pay_json_t *o, const char *key, size_t max,
    pay_str_t *out)
{
    const pay_json_t  *m;

    m = pay_json_get(o, key);

    if (m == NULL || m->type == PAY_JSON_NULL) {
        return PAY_DECLINED;
    }

    if ((m->type != PAY_JSON_STRING && m->type != PAY_JSON_NUMBER)
        || m->text.len > max)
    {
        return PAY_INVALID;
    }

    *out = m->text;

    return m->text.len ? PAY_OK : PAY_DECLINED;
}


pay_rc_t
pay_alipay_amount(const pay_json_t *o, const char *key, int64_t *out)
{
    int64_t    n;
    pay_rc_t   rc;
    pay_str_t  text;

    rc = pay_alipay_text(o, key, 32, &text);
    if (rc != PAY_OK) {
        return rc;
    }

    if (pay_amount_from_decimal(text, PAY_ALIPAY_EXPONENT, &n) != PAY_OK) {
        return PAY_INVALID;
    }

    *out = n;

    return PAY_OK;
}


/* "\/" as "/": some of the channel's servers escape, and sign what is not */

static pay_str_t
pay_alipay_unescaped(pay_arena_t *a, pay_str_t s)
{
    size_t     i;
    pay_buf_t  b;

    pay_buf_init(&b, a, s.len);

    for (i = 0; i < s.len; i++) {

        if (s.data[i] == '\\' && i + 1 < s.len && s.data[i + 1] == '/') {
            continue;
        }

        pay_buf_addc(&b, s.data[i]);
    }

    return pay_buf_str(&b);
}


static int
pay_alipay_quoted(pay_str_t value)
{
    return value.len >= 2 && value.data[0] == '"';
}


/* what is between the quotes of a base64 text */

static pay_rc_t
pay_alipay_unquoted(pay_talk_t *t, const pay_json_span_t *span,
    pay_str_t *out)
{
    if (span == NULL) {
        return PAY_OK;
    }

    if (!pay_alipay_quoted(span->value)) {
        return PAY_INVALID;
    }

    out->data = span->value.data + 1;
    out->len = span->value.len - 2;

    *out = pay_alipay_unescaped(t->arena, *out);

    return out->data ? PAY_OK : PAY_ERROR;
}


static pay_str_t
pay_alipay_node_name(pay_talk_t *t)
{
    size_t       i;
    pay_buf_t    b;
    const char  *method;

    method = pay_alipay_method(t->step);

    pay_buf_init(&b, t->arena, 64);

    for (i = 0; method[i]; i++) {
        pay_buf_addc(&b, method[i] == '.' ? '_' : (pay_u8) method[i]);
    }

    pay_buf_addz(&b, "_response");

    return pay_buf_str(&b);
}


static pay_rc_t
pay_alipay_parts(pay_talk_t *t, pay_str_t body, pay_alipay_parts_t *out)
{
    size_t                  n;
    pay_rc_t                rc;
    pay_str_t               name;
    pay_json_span_t         spans[PAY_ALIPAY_SPANS];
    const pay_json_span_t  *span;

    memset(out, 0, sizeof(pay_alipay_parts_t));
    out->gbk = pay_utf8_length(body) < 0;

    name = pay_alipay_node_name(t);
    if (name.data == NULL) {
        return PAY_ERROR;
    }

    rc = pay_json_spans(body, out->gbk, spans, PAY_ALIPAY_SPANS, &n);
    if (rc != PAY_OK) {
        return rc;
    }

    span = pay_json_span(spans, n, name);
    if (span == NULL) {
        span = pay_json_span(spans, n, PAY_STR("error_response"));
    }

    if (span == NULL) {
        return PAY_INVALID;
    }

    out->node = span->value;

    rc = pay_alipay_unquoted(t, pay_json_span(spans, n, PAY_STR("sign")),
                             &out->sign);

    if (rc == PAY_OK) {
        span = pay_json_span(spans, n, PAY_STR("alipay_cert_sn"));
        rc = pay_alipay_unquoted(t, span, &out->sn);
    }

    return rc;
}


pay_rc_t
pay_alipay_verify(pay_talk_t *t, pay_str_t sig, pay_str_t text,
    const pay_key_t *key)
{
    pay_rc_t       rc;
    pay_verify_t  *v;

    rc = pay_base64_decode(t->arena, sig, &sig);
    if (rc != PAY_OK) {
        return rc == PAY_ERROR ? rc : PAY_DECLINED;
    }

    v = pay_verify_begin(key);
    if (v == NULL) {
        return PAY_ERROR;
    }

    pay_verify_add(v, text.data, text.len);

    return pay_verify_end(v, sig, PAY_SIG_DER);
}


static pay_rc_t
pay_alipay_parts_verify(pay_talk_t *t, const pay_alipay_parts_t *p,
    const pay_key_t *key)
{
    pay_rc_t   rc;
    pay_str_t  text;

    rc = pay_alipay_verify(t, p->sign, p->node, key);
    if (rc != PAY_DECLINED) {
        return rc;
    }

    text = pay_alipay_unescaped(t->arena, p->node);

    if (text.data == NULL) {
        return PAY_ERROR;
    }

    return text.len == p->node.len ? PAY_DECLINED
                                   : pay_alipay_verify(t, p->sign, text, key);
}


/* section 5: behind the signature, never before */

static pay_rc_t
pay_alipay_open(pay_talk_t *t, pay_str_t *node)
{
    pay_rc_t                  rc;
    pay_str_t                 key, iv, text;
    const pay_alipay_conf_t  *conf = t->channel->conf;

    static const pay_u8  zeros[PAY_CBC_IV_LEN];

    if (conf->encrypt_key.len == 0) {
        return PAY_INVALID;
    }

    iv.data = zeros;
    iv.len = sizeof(zeros);

    text.data = node->data + 1;
    text.len = node->len - 2;
    text = pay_alipay_unescaped(t->arena, text);

    if (text.data == NULL
        || pay_base64_decode(t->arena, conf->encrypt_key, &key) != PAY_OK)
    {
        return PAY_ERROR;
    }

    rc = pay_base64_decode(t->arena, text, &text);

    if (rc == PAY_OK) {
        rc = pay_aes_cbc_open(t->arena, node, text, iv, key);
    }

    return rc == PAY_DECLINED ? PAY_INVALID : rc;
}


/* the node as a tree; *s says why it is none */

static pay_rc_t
pay_alipay_tree(pay_talk_t *t, const pay_alipay_parts_t *p,
    pay_alipay_said_t *s)
{
    pay_rc_t     rc;
    pay_str_t    node;
    const char  *why;

    node = p->node;

    if (pay_alipay_quoted(node)) {
        s->reason = "decrypt";

        rc = s->verified ? pay_alipay_open(t, &node) : PAY_INVALID;
        if (rc != PAY_OK) {
            return rc;
        }
    }

    s->reason = "json";

    if (p->gbk) {
        rc = pay_gbk_decode(t->arena, node, &node);
        if (rc != PAY_OK) {
            return rc;
        }
    }

    rc = pay_json_parse(t->arena, node, &s->node, &why);
    if (rc != PAY_OK) {
        return rc;
    }

    return pay_json_string(s->node, "code", &s->gateway) == PAY_OK
           && pay_str_token(s->gateway, "", 1, 8) ? PAY_OK : PAY_INVALID;
}


static int
pay_alipay_accepted(int step, pay_str_t gateway)
{
    return pay_str_eqz(gateway, "10000")
           || (step == PAY_ALIPAY_PAY && pay_str_eqz(gateway, "10003"));
}


/* what a request can't be answered with leaves its outcome open, too */

static int
pay_alipay_fits(int step, pay_code_t code)
{
    switch (step) {

    case PAY_ALIPAY_PRECREATE:
    case PAY_ALIPAY_CREATE:
    case PAY_ALIPAY_PAY:
        return code != PAY_E_NOT_FOUND;

    case PAY_ALIPAY_QUERY:
        return code != PAY_E_ALREADY_PAID && code != PAY_E_ALREADY_CLOSED
               && code != PAY_E_IDEMPOTENCY_CONFLICT;

    default:
        return 1;
    }
}


static void
pay_alipay_judge(pay_talk_t *t, pay_alipay_said_t *s)
{
    pay_str_t  text;

    if (pay_alipay_accepted(t->step, s->gateway)) {

        s->reason = "unsigned";

        if (s->verified) {
            s->code = PAY_E_NONE;
            s->reason = NULL;
        }

        return;
    }

    text = PAY_STR("");
    (void) pay_json_string(s->node, "sub_code", &text);

    s->channel_code = pay_str_token(text, "_.-", 1, 64) ? text : s->gateway;

    if (pay_json_string(s->node, "sub_msg", &text) == PAY_OK
        || pay_json_string(s->node, "msg", &text) == PAY_OK)
    {
        s->channel_message = pay_utf8_cut(text, PAY_ALIPAY_MESSAGE_MAX);
    }

    /* section 2.4: a failure of a trade is always signed */

    s->reason = "unsigned";

    if (!s->verified && pay_str_eqz(s->gateway, "40004")) {
        return;
    }

    s->reason = "refused";
    s->code = pay_alipay_code(t->step, s->gateway, s->channel_code);

    if (s->code == PAY_E_OUTCOME_UNKNOWN
        || !pay_alipay_fits(t->step, s->code))
    {
        s->code = PAY_E_OUTCOME_UNKNOWN;
        s->reason = "channel_code";
    }
}


static pay_rc_t
pay_alipay_check(pay_talk_t *t, pay_str_t body, const pay_alipay_parts_t *p,
    pay_alipay_said_t *s)
{
    pay_rc_t           rc;
    pay_key_t         *key;
    pay_alipay_own_t  *own = t->own;

    s->reason = "certificate";

    rc = pay_alipay_key(t, p->sn, &key);

    if (rc == PAY_DECLINED && pay_alipay_cert_wanted(t)) {

        own->held_step = t->step;
        own->held = pay_str_dup(t->arena, body);

        return own->held.data ? pay_alipay_cert_ask(t, p->sn) : PAY_ERROR;
    }

    if (rc != PAY_OK) {
        return rc;
    }

    s->reason = "signature";

    rc = pay_alipay_parts_verify(t, p, key);

    pay_key_unref(key);

    s->verified = rc == PAY_OK;

    return rc;
}


pay_rc_t
pay_alipay_read(pay_talk_t *t, int status, pay_str_t body,
    pay_alipay_said_t *s)
{
    pay_rc_t            rc;
    pay_alipay_parts_t  p;

    memset(s, 0, sizeof(pay_alipay_said_t));

    s->code = PAY_E_OUTCOME_UNKNOWN;
    s->reason = "status";

    if (status != 200) {
        return PAY_OK;
    }

    s->reason = "json";

    rc = pay_alipay_parts(t, body, &p);

    if (rc == PAY_OK && p.sign.data) {
        rc = pay_alipay_check(t, body, &p, s);
    }

    if (rc == PAY_OK) {
        rc = pay_alipay_tree(t, &p, s);
    }

    if (rc == PAY_ERROR || rc == PAY_SIGN) {
        return rc;
    }

    if (rc == PAY_OK) {
        pay_alipay_judge(t, s);
    }

    return PAY_OK;
}
