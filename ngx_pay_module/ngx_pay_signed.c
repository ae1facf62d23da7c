
/*
 * Copyright (C) the ngx_pay authors
 *
 * The two forms in which a request may be signed: five lines, in the
 * Authorization header, and HTTP Message Signatures (RFC 9421) with
 * Content-Digest (RFC 9530).
 */

#include <ngx_pay_gate.h>

#include <model/pay_content_digest.h>


#define NGX_PAY_MAC_TEXT  ngx_base64_encoded_length(PAY_SHA256_LEN)


static pay_code_t
ngx_pay_lines_read(ngx_http_request_t *r, ngx_pay_signed_t *s,
    const char **reason)
{
    ngx_str_t    value;
    pay_auth_t  *auth;

    switch (ngx_pay_header_once(r, "Authorization", &value)) {

    case NGX_DECLINED:
        *reason = "no_authorization";
        return PAY_E_SIGNATURE_MISSING;

    case NGX_ABORT:
        *reason = "repeated_authorization";
        return PAY_E_SIGNATURE_MALFORMED;
    }

    auth = &s->auth;

    switch (pay_auth_parse(ngx_pay_str(&value), auth, reason)) {

    case PAY_OK:
        break;

    case PAY_DECLINED:
        *reason = "other_scheme";
        return PAY_E_SIGNATURE_MISSING;

    default:
        return ngx_strcmp(*reason, "nonce_syntax") == 0
               ? PAY_E_NONCE_INVALID : PAY_E_SIGNATURE_MALFORMED;
    }

    s->merchant = auth->merchant;
    s->key = auth->key;

    if (auth->alg == PAY_ALG_NONE) {
        *reason = "scheme";
        return PAY_E_ALGORITHM_NOT_ALLOWED;
    }

    s->nonce = auth->nonce;
    s->time = auth->time;
    s->alg = auth->alg;

    return PAY_E_NONE;
}


static void
ngx_pay_message_request(ngx_http_request_t *r, ngx_pay_signed_t *s)
{
    pay_message_t  *m;

    m = &s->message;

    m->method = ngx_pay_str(&r->method_name);
    m->target = ngx_pay_str(&r->unparsed_uri);
    m->authority = ngx_pay_str(r->headers_in.host
                               ? &r->headers_in.host->value
                               : &r->headers_in.server);
    m->scheme = PAY_STR("http");
    m->headers = &s->headers;

#if (NGX_HTTP_SSL)
    if (r->connection->ssl) {
        m->scheme = PAY_STR("https");
    }
#endif
}


static pay_code_t
ngx_pay_message_read(ngx_http_request_t *r, ngx_pay_signed_t *s,
    const char **reason)
{
    pay_rc_t            rc;
    pay_message_sig_t  *sig;

    s->arena = ngx_pay_arena(r, NULL);

    if (s->arena == NULL
        || ngx_pay_headers(r->pool, &r->headers_in.headers, &s->headers)
           != NGX_OK)
    {
        return PAY_E_INTERNAL_ERROR;
    }

    ngx_pay_message_request(r, s);
    sig = &s->sig;

    rc = pay_message_parse(s->arena, &s->message, PAY_STR(PAY_MESSAGE_TAG),
                           sig, reason);

    if (rc == PAY_DECLINED) {
        *reason = "other_tag";
        return PAY_E_SIGNATURE_MISSING;
    }

    if (rc != PAY_OK) {
        return rc == PAY_INVALID ? PAY_E_SIGNATURE_MALFORMED
                                 : PAY_E_INTERNAL_ERROR;
    }

    *reason = pay_message_profile(sig, ngx_pay_body_size(r) != 0);

    if (*reason) {
        return ngx_strcmp(*reason, "nonce_syntax") == 0
               ? PAY_E_NONCE_INVALID : PAY_E_SIGNATURE_MALFORMED;
    }

    if (!pay_message_keyid(sig->keyid, &s->merchant, &s->key)) {
        *reason = "keyid_syntax";
        return PAY_E_SIGNATURE_MALFORMED;
    }

    s->alg = pay_alg_by_name(sig->alg);

    if (sig->alg.data && s->alg == PAY_ALG_NONE) {
        *reason = "alg";
        return PAY_E_ALGORITHM_NOT_ALLOWED;
    }

    *reason = "";

    s->nonce = sig->nonce;
    s->time = sig->created;
    s->expires = sig->expires;

    return PAY_E_NONE;
}


/* Authorization is the application's where there is a signature field */

pay_code_t
ngx_pay_signed_read(ngx_http_request_t *r, ngx_pay_signed_t *s,
    const char **reason)
{
    ngx_str_t   value;
    pay_code_t  code;

    /* the host is not signed: a target that names another one is refused */

    if (r->http_version < NGX_HTTP_VERSION_20 && r->schema_start) {
        *reason = "absolute_form";
        return PAY_E_SIGNATURE_MALFORMED;
    }

    code = ngx_pay_lines_read(r, s, reason);

    if (ngx_pay_header_once(r, "Signature-Input", &value) == NGX_DECLINED) {
        return code;
    }

    if (code == PAY_E_SIGNATURE_MISSING) {
        return ngx_pay_message_read(r, s, reason);
    }

    /* what other signatures are for is not known here: ours is the header */

    return code;
}


/*
 * The key that a request without one is tried with.  A name that does not
 * exist behaves as one that does, always the same.
 */

static pay_alg_t
ngx_pay_signed_alg(ngx_pay_main_conf_t *mcf, const ngx_pay_signed_t *s,
    ngx_pay_key_t *key)
{
    ngx_pay_key_t        *first;
    ngx_pay_merchant_t  **m;

    if (s->alg != PAY_ALG_NONE) {
        return s->alg;
    }

    if (key) {
        return key->alg;
    }

    if (mcf->merchant_list.nelts == 0) {
        return PAY_ALG_HMAC_SHA256;
    }

    m = mcf->merchant_list.elts;
    first = m[ngx_crc32_short((u_char *) s->merchant.data, s->merchant.len)
              % mcf->merchant_list.nelts]->keys.elts;

    return first->alg;
}


static pay_code_t
ngx_pay_lines_hmac(ngx_http_request_t *r, ngx_pay_signed_t *s,
    const pay_mac_key_t *key)
{
    u_char      mac[PAY_SHA256_LEN], text[NGX_PAY_MAC_TEXT + 1];
    ngx_int_t   rc;
    ngx_str_t   in, out;
    pay_mac_t  *m;

    m = pay_mac_begin(key);
    if (m == NULL) {
        return PAY_E_INTERNAL_ERROR;
    }

    pay_auth_head(&s->auth, ngx_pay_str(&r->method_name),
                  ngx_pay_str(&r->unparsed_uri), (pay_sink_pt) pay_mac_add, m);

    rc = ngx_pay_body_each(r, (pay_sink_pt) pay_mac_add, m);
    pay_mac_add(m, "\n", 1);

    if (pay_mac_end(mac, m) != 0 || rc != NGX_OK) {
        return PAY_E_INTERNAL_ERROR;
    }

    /* one text only is right: no leniency of a decoder can matter */

    in.data = mac;
    in.len = sizeof(mac);
    out.data = text;
    ngx_encode_base64(&out, &in);

    return s->auth.signature.len == out.len
           && pay_equal_secret(s->auth.signature.data, out.data, out.len)
           ? PAY_E_NONE : PAY_E_SIGNATURE_MISMATCH;
}


/* what libcrypto said, as the gate's word */

static pay_code_t
ngx_pay_signed_code(pay_rc_t rc, const char **reason)
{
    switch (rc) {

    case PAY_OK:
        return PAY_E_NONE;

    case PAY_INVALID:
        *reason = "too_long";
        return PAY_E_BODY_TOO_LARGE;

    case PAY_ERROR:
        return PAY_E_INTERNAL_ERROR;

    default:
        return PAY_E_SIGNATURE_MISMATCH;
    }
}


static pay_code_t
ngx_pay_lines_verify(ngx_http_request_t *r, ngx_pay_signed_t *s,
    const pay_key_t *key, const char **reason)
{
    pay_rc_t       rc;
    pay_str_t      sig;
    pay_arena_t   *arena;
    pay_verify_t  *v;

    arena = ngx_pay_arena(r, NULL);
    v = arena ? pay_verify_begin(key) : NULL;

    if (v == NULL) {
        return PAY_E_INTERNAL_ERROR;
    }

    rc = pay_base64_decode(arena, s->auth.signature, &sig);

    if (rc != PAY_OK) {
        sig.len = 0;
    }

    pay_auth_head(&s->auth, ngx_pay_str(&r->method_name),
                  ngx_pay_str(&r->unparsed_uri),
                  (pay_sink_pt) pay_verify_add, v);

    if (ngx_pay_body_each(r, (pay_sink_pt) pay_verify_add, v) != NGX_OK) {
        pay_verify_drop(v);
        return PAY_E_INTERNAL_ERROR;
    }

    pay_verify_add(v, "\n", 1);

    return ngx_pay_signed_code(pay_verify_end(v, sig, PAY_SIG_DER), reason);
}


static pay_code_t
ngx_pay_message_hmac(ngx_pay_signed_t *s, pay_str_t base,
    const pay_mac_key_t *key)
{
    pay_u8  mac[PAY_SHA256_LEN];

    if (pay_hmac_sha256(mac, base, key) != 0) {
        return PAY_E_INTERNAL_ERROR;
    }

    return s->sig.signature.len == sizeof(mac)
           && pay_equal_secret(s->sig.signature.data, mac, sizeof(mac))
           ? PAY_E_NONE : PAY_E_SIGNATURE_MISMATCH;
}


static pay_code_t
ngx_pay_message_public(pay_str_t base, pay_str_t sig, const pay_key_t *key,
    const char **reason)
{
    pay_verify_t  *v;

    v = pay_verify_begin(key);
    if (v == NULL) {
        return PAY_E_INTERNAL_ERROR;
    }

    pay_verify_add(v, base.data, base.len);

    return ngx_pay_signed_code(pay_verify_end(v, sig, PAY_SIG_RAW), reason);
}


/* a signature over a digest that nobody checked protects nothing */

static pay_code_t
ngx_pay_message_digest(ngx_http_request_t *r, ngx_pay_signed_t *s,
    const char **reason)
{
    pay_rc_t              rc;
    pay_content_digest_t  d;

    rc = pay_content_digest_parse(s->arena, &s->headers, &d, reason);

    /* that there is one for a body is of the profile */

    if (rc == PAY_DECLINED && ngx_pay_body_size(r) == 0) {
        return PAY_E_NONE;
    }

    if (rc == PAY_INVALID || rc == PAY_DECLINED) {
        return PAY_E_SIGNATURE_MALFORMED;
    }

    if (rc != PAY_OK || pay_content_digest_begin(&d) != PAY_OK) {
        return PAY_E_INTERNAL_ERROR;
    }

    if (ngx_pay_body_each(r, (pay_sink_pt) pay_content_digest_add, &d)
        != NGX_OK)
    {
        pay_content_digest_drop(&d);
        return PAY_E_INTERNAL_ERROR;
    }

    rc = pay_content_digest_end(&d);

    if (rc == PAY_DECLINED) {
        *reason = "content_digest";
    }

    return ngx_pay_signed_code(rc, reason);
}


static pay_code_t
ngx_pay_message_verify(ngx_http_request_t *r, ngx_pay_signed_t *s,
    const pay_mac_key_t *mac, const pay_key_t *key, const char **reason)
{
    pay_rc_t    rc;
    pay_str_t   base;
    pay_code_t  code;

    rc = pay_message_base(s->arena, &s->message, &s->sig, &base, reason);

    if (rc != PAY_OK) {
        return rc == PAY_INVALID ? PAY_E_SIGNATURE_MALFORMED
                                 : PAY_E_INTERNAL_ERROR;
    }

    code = mac ? ngx_pay_message_hmac(s, base, mac)
               : ngx_pay_message_public(base, s->sig.signature, key, reason);

    return code == PAY_E_NONE ? ngx_pay_message_digest(r, s, reason) : code;
}


static pay_code_t
ngx_pay_signed_try(ngx_http_request_t *r, ngx_pay_signed_t *s, pay_alg_t alg,
    ngx_pay_key_t *key, const char **reason)
{
    pay_code_t            code;
    const pay_key_t      *public_key;
    const pay_mac_key_t  *mac;
    ngx_pay_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_pay_module);

    mac = NULL;
    public_key = NULL;

    if (alg == PAY_ALG_HMAC_SHA256) {
        mac = key ? key->mac : mcf->dummy;

    } else {
        public_key = key ? key->public_key : mcf->dummies[alg];
    }

    /* nobody has a key of that kind */

    if (mac == NULL && public_key == NULL) {
        return PAY_E_SIGNATURE_MISMATCH;
    }

    if (s->arena) {
        code = ngx_pay_message_verify(r, s, mac, public_key, reason);

    } else {
        code = mac ? ngx_pay_lines_hmac(r, s, mac)
                   : ngx_pay_lines_verify(r, s, public_key, reason);
    }

    return code == PAY_E_NONE && key == NULL ? PAY_E_SIGNATURE_MISMATCH : code;
}


pay_code_t
ngx_pay_signed_verify(ngx_http_request_t *r, ngx_pay_signed_t *s,
    ngx_pay_key_t *key, const char **reason)
{
    pay_alg_t             alg;
    pay_code_t            code;
    ngx_uint_t            form;
    ngx_pay_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_pay_module);

    *reason = "signature";

    alg = ngx_pay_signed_alg(mcf, s, key);

    /* the algorithm is the key's: under another it is no key at all */

    if (key && key->alg != alg) {
        key = NULL;
    }

    code = ngx_pay_signed_try(r, s, alg, key, reason);

    if (code == PAY_E_NONE) {
        *reason = "";
    }

    form = s->arena ? NGX_PAY_FORM_MESSAGE : NGX_PAY_FORM_LINES;

    ngx_pay_count(mcf->zone, signatures[form][alg]
                                       [code == PAY_E_NONE
                                        ? NGX_PAY_SIGNATURE_VALID
                                        : NGX_PAY_SIGNATURE_INVALID]);

    return code;
}
