
/*
 * Copyright (C) the ngx_pay authors
 *
 * The check of a merchant's request (docs/design.md sections 4.8 and 6).
 * Size, syntax, key, signature, window, allowlist, nonce: in this order, so
 * that nothing is stored, and nothing told about who exists, before the
 * signature holds.
 */

#include <ngx_pay.h>


#define NGX_PAY_MAC_TEXT  ngx_base64_encoded_length(PAY_SHA256_LEN)


static ngx_uint_t
ngx_pay_gate_too_large(ngx_http_request_t *r, size_t limit)
{
    off_t         size;
    ngx_chain_t  *cl;

    if (limit == 0 || r->request_body == NULL) {
        return 0;
    }

    for (size = 0, cl = r->request_body->bufs; cl; cl = cl->next) {
        size += ngx_buf_size(cl->buf);
    }

    return size > (off_t) limit;
}


static pay_code_t
ngx_pay_gate_syntax(ngx_http_request_t *r, pay_auth_t *auth,
    const char **reason)
{
    ngx_str_t  value;

    /* the host is not signed: a target that names another one is refused */

    if (r->http_version < NGX_HTTP_VERSION_20 && r->schema_start) {
        *reason = "absolute_form";
        return PAY_E_SIGNATURE_MALFORMED;
    }

    switch (ngx_pay_header_once(r, "Authorization", &value)) {

    case NGX_DECLINED:
        *reason = "no_authorization";
        return PAY_E_SIGNATURE_MISSING;

    case NGX_ABORT:
        *reason = "repeated_authorization";
        return PAY_E_SIGNATURE_MALFORMED;
    }

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

    if (auth->scheme == PAY_SCHEME_UNKNOWN) {
        *reason = "scheme";
        return PAY_E_ALGORITHM_NOT_ALLOWED;
    }

    return PAY_E_NONE;
}


static ngx_pay_secret_t *
ngx_pay_gate_secret(ngx_pay_merchant_t *m, pay_str_t id)
{
    ngx_uint_t         i;
    ngx_pay_secret_t  *secret;

    secret = m->secrets.elts;

    for (i = 0; i < m->secrets.nelts; i++) {
        if (pay_str_eq(ngx_pay_str(&secret[i].id), id)) {
            return &secret[i];
        }
    }

    return NULL;
}


/* an unknown merchant or key costs as much as a wrong signature */

static pay_code_t
ngx_pay_gate_signature(ngx_http_request_t *r, ngx_pay_main_conf_t *mcf,
    pay_auth_t *auth, ngx_pay_merchant_t **merchant, ngx_pay_secret_t **secret)
{
    u_char      mac[PAY_SHA256_LEN], text[NGX_PAY_MAC_TEXT + 1];
    ngx_int_t   rc;
    ngx_str_t   in, out;
    pay_mac_t  *m;

    *secret = NULL;
    *merchant = ngx_pay_merchant_find(mcf, auth->merchant);

    if (*merchant) {
        *secret = ngx_pay_gate_secret(*merchant, auth->key);
    }

    m = pay_mac_begin(*secret ? (*secret)->mac : mcf->dummy);
    if (m == NULL) {
        return PAY_E_INTERNAL_ERROR;
    }

    pay_auth_mac_head(m, ngx_pay_str(&r->method_name),
                      ngx_pay_str(&r->unparsed_uri), auth);

    rc = ngx_pay_body_mac(r, m);
    pay_mac_add(m, "\n", 1);

    if (pay_mac_end(mac, m) != 0 || rc != NGX_OK) {
        return PAY_E_INTERNAL_ERROR;
    }

    /* one text only is right: no leniency of a decoder can matter */

    in.data = mac;
    in.len = sizeof(mac);
    out.data = text;
    ngx_encode_base64(&out, &in);

    if (auth->signature.len != out.len
        || !pay_equal_secret(auth->signature.data, out.data, out.len)
        || *secret == NULL)
    {
        return PAY_E_SIGNATURE_MISMATCH;
    }

    return PAY_E_NONE;
}


static ngx_uint_t
ngx_pay_gate_allowed(ngx_http_request_t *r, ngx_pay_merchant_t *m)
{
    ngx_uint_t       i;
    ngx_pay_rule_t  *rule;

    rule = m->rules.elts;

    for (i = 0; i < m->rules.nelts; i++) {

        if (rule[i].cidr.nelts == 0
            || ngx_cidr_match(r->connection->sockaddr, &rule[i].cidr)
               == NGX_OK)
        {
            return !rule[i].deny;
        }
    }

    return 1;
}


static pay_code_t
ngx_pay_gate_nonce(ngx_pay_main_conf_t *mcf, pay_auth_t *auth,
    const char **reason)
{
    u_char           buf[32 + 3 * 65], *p;
    pay_u8           fp[PAY_SHA256_LEN], slot[PAY_SHA256_LEN];
    pay_str_t        s;
    ngx_pay_zone_t  *zone;
    pay_nonce_rc_t   rc;

    zone = mcf->zone;

    /* what came before our memory begins may have been accepted before */

    if (auth->time <= zone->sh->born) {
        *reason = "cold_store";
        return PAY_E_STORE_UNAVAILABLE;
    }

    /* ... and so what was signed before the window was made wider */

    if (auth->time <= zone->sh->grown + zone->sh->narrow
        && ngx_time() - auth->time > zone->sh->narrow)
    {
        *reason = "window_grown";
        return PAY_E_STORE_UNAVAILABLE;
    }

    p = ngx_cpymem(buf, zone->sh->nonce_key, 32);
    p = ngx_cpymem(p, auth->merchant.data, auth->merchant.len);
    *p++ = '\0';

    s.data = buf;
    s.len = p - buf;

    if (pay_sha256(slot, s) != 0) {
        return PAY_E_INTERNAL_ERROR;
    }

    p = ngx_cpymem(p, auth->key.data, auth->key.len);
    *p++ = '\0';
    p = ngx_cpymem(p, auth->nonce.data, auth->nonce.len);

    s.len = p - buf;

    if (pay_sha256(fp, s) != 0) {
        return PAY_E_INTERNAL_ERROR;
    }

    ngx_pay_zone_lock(zone);

    rc = pay_nonces_add(zone->nonces, fp,
                        (slot[0] << 8 | slot[1]) % NGX_PAY_SLOTS, ngx_time(),
                        (uint32_t) (2 * ngx_max(mcf->window_max,
                                                zone->sh->window) + 2));

    ngx_pay_zone_unlock(zone);

    switch (rc) {

    case PAY_NONCE_NEW:
        return PAY_E_NONE;

    case PAY_NONCE_SEEN:
        *reason = "replay";
        return PAY_E_NONCE_REPLAYED;

    default:
        *reason = "zone_full";
        return PAY_E_STORE_UNAVAILABLE;
    }
}


static pay_code_t
ngx_pay_gate_check(ngx_http_request_t *r, ngx_pay_main_conf_t *mcf,
    ngx_pay_ctx_t *ctx, time_t window, size_t limit, const char **reason)
{
    int64_t              age;
    pay_code_t           code;
    pay_auth_t           auth;
    ngx_pay_secret_t    *secret;
    ngx_pay_merchant_t  *merchant;

    *reason = "";

    if (ngx_pay_gate_too_large(r, limit)) {
        return PAY_E_BODY_TOO_LARGE;
    }

    code = ngx_pay_gate_syntax(r, &auth, reason);
    if (code != PAY_E_NONE) {
        return code;
    }

    code = ngx_pay_gate_signature(r, mcf, &auth, &merchant, &secret);
    if (code != PAY_E_NONE) {
        *reason = "signature";
        return code;
    }

    ctx->merchant = merchant;
    ctx->key = secret->id;

    age = ngx_time() - auth.time;

    if (age > window || age < -window) {
        *reason = age > 0 ? "ts_old" : "ts_future";
        return PAY_E_TIMESTAMP_OUT_OF_WINDOW;
    }

    if (!ngx_pay_gate_allowed(r, merchant)) {
        *reason = "allowlist";
        return PAY_E_IP_NOT_ALLOWED;
    }

    return ngx_pay_gate_nonce(mcf, &auth, reason);
}


/* a fault of ours is an error, one line a second; a reject is info */

static void
ngx_pay_gate_log(ngx_http_request_t *r, ngx_pay_ctx_t *ctx, pay_code_t code,
    const char *reason)
{
    static time_t  last;

    ngx_uint_t     level;

    level = NGX_LOG_INFO;

    if (code == PAY_E_STORE_UNAVAILABLE || code == PAY_E_INTERNAL_ERROR) {

        if (last != ngx_time()) {
            last = ngx_time();
            level = NGX_LOG_ERR;
        }
    }

    ngx_log_error(level, r->connection->log, 0,
                  "pay: gate refused: %s, reason \"%s\", merchant \"%V\"",
                  pay_code_info(code)->name, reason,
                  ctx->merchant ? &ctx->merchant->node.str : &ctx->key);
}


pay_code_t
ngx_pay_gate(ngx_http_request_t *r, ngx_pay_ctx_t *ctx, time_t window,
    size_t limit, const char **reason)
{
    pay_code_t            code;
    ngx_pay_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_pay_module);

    code = ngx_pay_gate_check(r, mcf, ctx, window, limit, reason);

    ctx->decided = 1;
    ctx->verified = code == PAY_E_NONE;
    ctx->auth = code;
    ctx->reason = *reason;

    ngx_pay_count(mcf->zone, gate[code]);

    if (code != PAY_E_NONE) {
        ngx_pay_gate_log(r, ctx, code, *reason);
    }

    return code;
}
