
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver alipay against the vectors of t/vectors/alipay.json, negatives
 * included, and against real messages of ../shared where these are at hand.
 */

#include "alipay.h"

#include <codec/pay_gbk.h>


#define str(v, name)  pay_strz(text_of(v, name))


static const char *
name_of(yajl_val v)
{
    return text_of(v, "name");
}


/* the parameters of a vector as the fields of a request, by name */

static void
fields_of(yajl_val params)
{
    size_t             i, n;
    pay_field_t        f;
    pay_alipay_own_t  *own;

    own = pay_calloc(t.arena, sizeof(pay_alipay_own_t));
    t.own = own;

    for (i = 0; i < params->u.object.len; i++) {

        f.name = pay_strz(params->u.object.keys[i]);
        f.value = str(params, params->u.object.keys[i]);

        if (f.value.len == 0) {
            continue;
        }

        for (n = own->nfields++;
             n && pay_str_cmp(own->fields[n - 1].name, f.name) > 0; n--)
        {
            own->fields[n] = own->fields[n - 1];
        }

        own->fields[n] = f;
    }
}


static void
is_after(pay_str_t got, const char *prefix, const char *want,
    const char *name)
{
    if (!ok(pay_str_starts(got, prefix), "%s: %s", name, prefix)) {
        return;
    }

    got.data += strlen(prefix);
    got.len -= strlen(prefix);
    is(got, want, name);
}


static void
test_requests(void)
{
    size_t             i;
    yajl_val           list, v;
    pay_alipay_own_t  *own;

    list = section(vectors, "request_sign", 16);

    for (i = 0; i < list->u.array.len; i++) {
        v = list->u.array.values[i];

        /* the driver never asks for these two */

        if (strcmp(text_of(v, "sign_type"), "RSA") == 0
            || strcmp(text_of(v, "charset"), "gbk") == 0)
        {
            skip("%s: not made here", name_of(v));
            continue;
        }

        open_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
        fields_of(member(v, "params"));
        own = t.own;
        t.step = PAY_ALIPAY_QUERY;

        is(pay_alipay_canon(t.arena, own->fields, own->nfields, 0),
           text_of(v, "canonical"), name_of(v));
        is_int(pay_alipay.sign(&t), PAY_SEND, name_of(v));
        is_after(t.request.target, "/gateway.do?",
                 text_of(member(v, "http"), "query"), name_of(v));
        is(t.request.body, text_of(member(v, "http"), "body"), name_of(v));
    }
}


static void
test_artefacts(void)
{
    size_t       i;
    yajl_val     list, v;
    pay_str_t    text;
    const char  *kind, *why;
    pay_json_t  *o;

    list = section(vectors, "artefacts", 4);

    for (i = 0; i < list->u.array.len; i++) {
        v = list->u.array.values[i];
        kind = text_of(v, "kind");

        if (strcmp(kind, "form") == 0) {
            skip("%s: a page is a redirect here", name_of(v));
            continue;
        }

        open_talk(PAY_OP_PAY, PAY_KNOWN_NEW);
        fields_of(member(v, "params"));
        t.step = strcmp(kind, "redirect") == 0 ? PAY_ALIPAY_PAGE
                                               : PAY_ALIPAY_APP;

        done_as(pay_alipay.sign(&t), PAY_STATE_PENDING, name_of(v));

        if (t.step == PAY_ALIPAY_PAGE) {
            is_int(t.fact.action.kind, PAY_ACTION_REDIRECT, name_of(v));
            is(t.fact.action.value, text_of(v, "url"), name_of(v));
            continue;
        }

        is_int(t.fact.action.kind, PAY_ACTION_PARAMS, name_of(v));
        is(pay_strz(t.fact.action.type), "app", name_of(v));
        is_int(pay_json_parse(t.arena, t.fact.action.value, &o, &why), PAY_OK,
               name_of(v));
        is_int(pay_json_string(o, "order_string", &text), PAY_OK, name_of(v));
        is(text, text_of(v, "order_string"), name_of(v));
    }
}


static int
step_of(const char *method)
{
    int  step;

    for (step = 1; step < PAY_ALIPAY_STEP_MAX; step++) {
        if (strcmp(pay_alipay_method(step), method) == 0) {
            return step;
        }
    }

    bail("no step of", method);

    return 0;
}


static pay_str_t
raw_of(yajl_val v)
{
    pay_str_t  s;

    s = str(v, "raw_base64");

    if (s.len == 0) {
        return str(v, "raw");
    }

    if (pay_base64_decode(t.arena, s, &s) != PAY_OK) {
        bail("not base64", name_of(v));
    }

    return s;
}


static void
judged(yajl_val v, const pay_alipay_said_t *s)
{
    const char  *outcome = text_of(v, "outcome");

    if (strncmp(outcome, "REJECT", 6) == 0) {
        is_int(s->code, PAY_E_OUTCOME_UNKNOWN, name_of(v));
        ok(!s->verified, "%s: not verified", name_of(v));

    } else if (strncmp(outcome, "ERROR not_found", 15) == 0) {
        is_int(s->code, PAY_E_NOT_FOUND, name_of(v));
        ok(s->verified, "%s: verified", name_of(v));
        is(s->channel_code, "ACQ.TRADE_NOT_EXIST", name_of(v));
        ok(pay_utf8_length(s->channel_message) > 0, "%s: a message",
           name_of(v));

    } else if (strncmp(outcome, "ERROR auth", 10) == 0) {
        is_int(s->code, PAY_E_CHANNEL_AUTH_FAILED, name_of(v));
        ok(!s->verified, "%s: unsigned", name_of(v));

    } else if (strncmp(outcome, "ERROR invalid", 13) == 0) {
        ok(s->code != PAY_E_NONE && s->code != PAY_E_OUTCOME_UNKNOWN
           && !s->verified, "%s: an error, unsigned", name_of(v));

    } else {
        is_int(s->code, PAY_E_NONE, name_of(v));
        ok(s->verified, "%s: verified", name_of(v));
    }
}


static void
test_responses(void)
{
    size_t              i;
    yajl_val            list, v;
    pay_str_t           text;
    pay_alipay_said_t   s;

    list = section(vectors, "response", 17);

    for (i = 0; i < list->u.array.len; i++) {
        v = list->u.array.values[i];

        open_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
        t.own = pay_calloc(t.arena, sizeof(pay_alipay_own_t));
        t.step = step_of(text_of(v, "method"));
        conf.encrypt_key = key_text("aes_key_base64");

        is_int(pay_alipay_read(&t, 200, raw_of(v), &s), PAY_OK, name_of(v));
        judged(v, &s);

        conf.encrypt_key = PAY_STR("");

        if (strcmp(name_of(v), "AES encrypted response") == 0) {
            is_int(pay_json_string(s.node, "trade_status", &text), PAY_OK,
                   name_of(v));
            is(text, "TRADE_SUCCESS", name_of(v));

            is_int(pay_alipay_read(&t, 200, raw_of(v), &s), PAY_OK,
                   "the same without a key");
            is_int(s.code, PAY_E_OUTCOME_UNKNOWN, "nobody can read it");
        }
    }
}


static pay_rc_t
notify(const char *body)
{
    pay_header_t  h;
    pay_notice_t  n;

    h.name = PAY_STR("Content-Type");
    h.value = PAY_STR("application/x-www-form-urlencoded; charset=utf-8");

    n.method = PAY_STR("POST");
    n.args = PAY_STR("");
    n.headers.elts = &h;
    n.headers.nelts = 1;
    n.body = pay_strz(body);

    return pay_alipay.notice(&t, &n);
}


static void
noticed(yajl_val v, pay_rc_t rc)
{
    const char  *outcome = text_of(v, "outcome");

    if (strncmp(outcome, "REJECT", 6) == 0
        || strstr(outcome, "only if the merchant configured sign_type RSA"))
    {
        is_int(rc, PAY_DONE, name_of(v));
        is_int(t.notice, PAY_NOTICE_REFUSED, name_of(v));
        ok(t.error.code != PAY_E_NONE && t.fact.state == PAY_STATE_NONE,
           "%s: no fact", name_of(v));
        return;
    }

    /* a refund is asked for by its number */

    if (strncmp(outcome, "PARTIALLY_REFUNDED", 18) == 0
        || (strncmp(outcome, "REFUNDED", 8) == 0
            && strstr(text_of(v, "body"), "out_biz_no")))
    {
        is_int(rc, PAY_SIGN, name_of(v));
        is(field("method"), "alipay.trade.fastpay.refund.query", name_of(v));
        return;
    }

    is_int(rc, PAY_DONE, name_of(v));
    is_int(t.error.code, PAY_E_NONE, name_of(v));

    if (strncmp(outcome, "PAID", 4) == 0) {
        is_int(t.notice, PAY_NOTICE_OBJECT, name_of(v));
        is_int(t.fact.state, PAY_STATE_SUCCEEDED, name_of(v));
        is(t.fact.number, ORDER, name_of(v));
        is(t.fact.channel_number, TRADE, name_of(v));
        is_int(t.fact.amount, 8888, name_of(v));
        is(t.fact.currency, "CNY", name_of(v));
        return;
    }

    if (strncmp(outcome, "CLOSED", 6) == 0) {
        is_int(t.notice, PAY_NOTICE_OBJECT, name_of(v));
        is_int(t.fact.state, PAY_STATE_CLOSED, name_of(v));
        return;
    }

    if (strncmp(outcome, "transfer", 8) == 0) {
        ok(t.notice != PAY_NOTICE_REFUSED, "%s: taken", name_of(v));
        is(t.notice_type, "alipay.fund.trans.order.changed", name_of(v));
        return;
    }

    is_int(t.notice, PAY_NOTICE_OTHER, name_of(v));
}


static void
test_notices(void)
{
    size_t    i;
    yajl_val  list, v;

    list = section(vectors, "notify", 15);

    for (i = 0; i < list->u.array.len; i++) {
        v = list->u.array.values[i];

        open_talk(PAY_OP_NONE, PAY_KNOWN_NEW);
        noticed(v, notify(text_of(v, "body")));

        if (strcmp(text_of(v, "charset"), "gbk") == 0) {
            ok(pay_utf8_length(t.notice_data) > 0, "GBK: data is UTF-8");
        }
    }
}


static void
test_certificates(void)
{
    char          sn[PAY_CERT_SN];
    size_t        i, n;
    yajl_val      list, v, entries;
    pay_str_t     pem;
    const char   *why;
    pay_certs_t  *certs;

    list = member(vectors, "cert_sn");

    for (i = 0; i < list->u.array.len; i++) {
        v = list->u.array.values[i];
        pem = str(v, "pem");
        entries = member(v, "entries");

        if (pem.len == 0) {
            continue;
        }

        is_int(pay_certs_pem(pem, &certs, &why), PAY_OK, name_of(v));

        if (entries == NULL) {
            is_int(pay_certs_sn(certs, 0, sn), 0, name_of(v));
            is(pay_strz(sn), text_of(v, "sn"), name_of(v));
            is_int(pay_certs_signer(certs, 0), PAY_KEYS_RSA, name_of(v));
            pay_certs_destroy(certs);
            continue;
        }

        is_int(pay_certs_count(certs), entries->u.array.len, name_of(v));

        for (n = 0; n < entries->u.array.len; n++) {
            is_int(pay_certs_sn(certs, n, sn), 0, name_of(v));
            is(pay_strz(sn), text_of(entries->u.array.values[n], "sn"),
               name_of(v));
        }

        pay_certs_destroy(certs);
    }
}


static void
test_aes(void)
{
    size_t     i;
    yajl_val   list, v;
    pay_str_t  key, iv, text, out;

    list = section(vectors, "aes", 6);
    open_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);

    for (i = 0; i < list->u.array.len; i++) {
        v = list->u.array.values[i];

        if (strcmp(text_of(v, "encrypt_type"), "AES") != 0) {
            skip("AES_V2: the iv is a part of the text");
            continue;
        }

        if (pay_base64_decode(t.arena, str(v, "key_base64"), &key) != PAY_OK
            || pay_hex_decode(t.arena, str(v, "iv_hex"), &iv) != PAY_OK
            || pay_base64_decode(t.arena, str(v, "ciphertext_base64"), &text)
               != PAY_OK)
        {
            bail("vector", "aes");
        }

        is_int(pay_aes_cbc_open(t.arena, &out, text, iv, key), PAY_OK,
               "AES opens");
        is(out, text_of(v, "plaintext"), "its text");
        is_int(pay_aes_cbc_seal(t.arena, &out, out, iv, key), PAY_OK,
               "AES seals");
        is(pay_base64_encode(t.arena, out), text_of(v, "ciphertext_base64"),
           "the same again");

        text.len--;
        is_int(pay_aes_cbc_open(t.arena, &out, text, iv, key), PAY_INVALID,
               "no whole block");
        iv.len--;
        is_int(pay_aes_cbc_seal(t.arena, &out, text, iv, key), PAY_INVALID,
               "a short iv");
    }
}


/* of its categories, which of our codes each may become */

static const struct {
    const char  *category;
    pay_code_t   codes[8];
} categories[] = {
    { "retryable", { PAY_E_OUTCOME_UNKNOWN, PAY_E_CHANNEL_QUOTA } },
    { "invalid_request", { PAY_E_CHANNEL_REJECTED, PAY_E_AUTH_CODE_INVALID } },
    { "auth", { PAY_E_CHANNEL_AUTH_FAILED, PAY_E_CHANNEL_PERMISSION } },
    { "duplicate", { PAY_E_IDEMPOTENCY_CONFLICT, PAY_E_ALREADY_PAID } },
    { "state_conflict", { PAY_E_STATE_CONFLICT, PAY_E_ALREADY_CLOSED,
                          PAY_E_AMOUNT_EXCEEDS_ORDER } },
    { "not_found", { PAY_E_NOT_FOUND, PAY_E_STATEMENT_NOT_READY,
                     PAY_E_RECEIVER_INVALID, PAY_E_DECLINED,
                     PAY_E_CHANNEL_REJECTED } },
    { "insufficient_funds", { PAY_E_BALANCE_INSUFFICIENT, PAY_E_DECLINED } },
    { "limit", { PAY_E_CHANNEL_QUOTA, PAY_E_DECLINED, PAY_E_AMOUNT_INVALID } },
    { "payer_declined", { PAY_E_DECLINED, PAY_E_RISK_REJECTED } }
};


static const char *
gateway_of(const char *code)
{
    if (code[0] >= '0' && code[0] <= '9') {
        return code;
    }

    if (strncmp(code, "aop.", 4) == 0) {
        return strcmp(code, "aop.unknow-error") == 0 ? "20000" : "20001";
    }

    return strncmp(code, "isp.", 4) == 0 ? "20000"
           : strncmp(code, "isv.", 4) == 0 ? "40002" : "40004";
}


static void
test_errors(void)
{
    size_t       i, n, k;
    yajl_val     list;
    pay_code_t   code;
    const char  *name;

    for (i = 0; i < pay_nelts(categories); i++) {

        list = member(member(member(vectors, "error_map"), "categories"),
                      categories[i].category);

        ok(list && list->u.array.len > 0, "%s", categories[i].category);

        for (n = 0; n < list->u.array.len; n++) {
            name = YAJL_GET_STRING(list->u.array.values[n]);

            /* names of the other protocol, without "isv." */

            if (strchr(name, '-') && !strchr(name, '.')) {
                continue;
            }

            code = pay_alipay_code(PAY_ALIPAY_PAY, pay_strz(gateway_of(name)),
                                   pay_strz(name));

            for (k = 0; k < 8 && categories[i].codes[k] != code; k++) {
                /* void */
            }

            ok(k < 8 && code != PAY_E_NONE, "%s: %s is %s",
               categories[i].category, name, pay_code_info(code)->name);
        }
    }

    is_int(pay_alipay_code(PAY_ALIPAY_PAY, PAY_STR("40004"),
                           PAY_STR("ACQ.WHAT")), PAY_E_DECLINED,
           "an unknown failure of pay");
    is_int(pay_alipay_code(PAY_ALIPAY_REFUND, PAY_STR("40004"),
                           PAY_STR("ACQ.WHAT")), PAY_E_CHANNEL_REJECTED,
           "... of refund");
    is_int(pay_alipay_code(PAY_ALIPAY_REFUND, PAY_STR("40004"),
                           PAY_STR("ACQ.NEW_SYSTEM_ERROR")),
           PAY_E_OUTCOME_UNKNOWN, "any system error");
    is_int(pay_alipay_code(PAY_ALIPAY_REFUND, PAY_STR("50000"),
                           PAY_STR("x")), PAY_E_OUTCOME_UNKNOWN,
           "an unknown gateway code");
}


static void
test_sm2(void)
{
    yajl_val      v;
    pay_str_t     sig;
    pay_key_t    *private, *public;
    const char   *why;

    v = member(vectors, "sm2")->u.array.values[1];
    open_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);

    if (pay_key_private_pem(str(v, "private_pem"), PAY_KEYS_ANY, &private,
                            &why) != PAY_OK
        || pay_key_public_pem(str(v, "public_pem"), PAY_KEYS_ANY, &public,
                              &why) != PAY_OK)
    {
        bail("sm2", why);
    }

    is_int(pay_alipay_verify(&t, str(v, "sign_base64_der"),
                             str(v, "canonical"), public), PAY_OK,
           "SM2: the vector's signature");

    is_int(pay_sign(t.arena, &sig, str(v, "canonical"), private, PAY_SIG_DER),
           PAY_OK, "SM2: ours");
    is_int(pay_alipay_verify(&t, pay_base64_encode(t.arena, sig),
                             str(v, "canonical"), public), PAY_OK, "holds");
    is_int(pay_alipay_verify(&t, pay_base64_encode(t.arena, sig),
                             PAY_STR("x"), public), PAY_DECLINED,
           "but not for another text");

    pay_key_unref(private);
    pay_key_unref(public);
}


/* messages that the channel itself has signed */

static void
test_real(void)
{
    size_t             i, n;
    yajl_val           root, third, list, v, params;
    pay_key_t         *key;
    pay_rc_t           rc;
    const char        *why;
    pay_form_t         form;
    pay_alipay_own_t  *own;

    root = tree_shared("alipay.json");
    if (root == NULL) {
        skip("the shared vectors are not here");
        return;
    }

    third = member(root, "third_party");
    list = member(third, "response");

    for (i = 0; i < list->u.array.len; i++) {
        v = list->u.array.values[i];

        if (*text_of(v, "signed_content") == '\0') {
            continue;
        }

        open_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);

        if (pay_key_public_pem(str(member(third, "public_keys"),
                                   text_of(v, "key")), PAY_KEYS_RSA, &key,
                               &why) != PAY_OK)
        {
            bail(text_of(v, "key"), why);
        }

        is_int(pay_alipay_verify(&t, str(v, "sign"),
                                 str(v, "signed_content"), key),
               YAJL_IS_TRUE(member(v, "valid")) ? PAY_OK : PAY_DECLINED,
               name_of(v));
        pay_key_unref(key);
    }

    list = member(third, "notify");

    for (i = 0; i < list->u.array.len; i++) {
        v = list->u.array.values[i];
        params = member(v, "params");

        open_talk(PAY_OP_NONE, PAY_KNOWN_NEW);

        own = pay_calloc(t.arena, sizeof(pay_alipay_own_t));
        form.elts = pay_alloc(t.arena, params->u.object.len
                                       * sizeof(pay_field_t));
        form.nelts = params->u.object.len;
        own->form = &form;
        t.own = own;

        for (n = 0; n < form.nelts; n++) {
            form.elts[n].name = pay_strz(params->u.object.keys[n]);
            form.elts[n].value = str(params, params->u.object.keys[n]);
        }

        key = conf.alipay_public_key;

        if (pay_key_public_pem(str(member(third, "public_keys"),
                                   text_of(v, "key")), PAY_KEYS_RSA,
                               &conf.alipay_public_key, &why) != PAY_OK)
        {
            bail(text_of(v, "key"), why);
        }

        /* none of them is ours: behind the signature, that is what is said */

        pay_alipay_sort(&form);
        rc = pay_alipay_notice_verify(&t);
        failed(rc, PAY_E_CHANNEL_FORBIDDEN, "identity", name_of(v));

        pay_key_unref(conf.alipay_public_key);
        conf.alipay_public_key = key;
    }

    yajl_tree_free(root);
}


int
main(void)
{
    channel_open();

    test_requests();
    test_artefacts();
    test_responses();
    test_notices();
    test_certificates();
    test_aes();
    test_errors();
    test_sm2();
    test_real();

    channel_close();

    return done();
}
