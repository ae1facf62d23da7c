
/*
 * Copyright (C) the ngx_pay authors
 *
 * The check of a merchant's request (docs/design.md sections 4.8 and 6).
 * Size, syntax, key, signature, window, allowlist, nonce: in this order, so
 * that nothing is stored, and nothing told about who exists, before the
 * signature holds.
 */

#include <ngx_pay_gate.h>


static void ngx_pay_gate_stored(ngx_pay_store_op_t *op);


static ngx_pay_key_t *
ngx_pay_gate_key(ngx_pay_merchant_t *m, pay_str_t id)
{
    ngx_uint_t      i;
    ngx_pay_key_t  *key;

    key = m->keys.elts;

    for (i = 0; i < m->keys.nelts; i++) {
        if (pay_str_eq(ngx_pay_str(&key[i].id), id)) {
            return &key[i];
        }
    }

    return NULL;
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
ngx_pay_gate_time(const ngx_pay_signed_t *s, time_t window,
    const char **reason)
{
    int64_t  age;

    age = ngx_time() - s->time;

    if (age > window || age < -window) {
        *reason = age > 0 ? "ts_old" : "ts_future";
        return PAY_E_TIMESTAMP_OUT_OF_WINDOW;
    }

    if (s->expires && ngx_time() > s->expires) {
        *reason = "expired";
        return PAY_E_TIMESTAMP_OUT_OF_WINDOW;
    }

    return PAY_E_NONE;
}


/* all but the nonce */

static pay_code_t
ngx_pay_gate_check(ngx_http_request_t *r, ngx_pay_ctx_t *ctx,
    ngx_pay_signed_t *s, time_t window, size_t limit)
{
    pay_code_t            code;
    ngx_pay_key_t        *key;
    ngx_pay_merchant_t   *merchant;
    ngx_pay_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_pay_module);

    if (limit && ngx_pay_body_size(r) > (off_t) limit) {
        return PAY_E_BODY_TOO_LARGE;
    }

    code = ngx_pay_signed_read(r, s, &ctx->reason);
    if (code != PAY_E_NONE) {
        return code;
    }

    merchant = ngx_pay_merchant_find(mcf, s->merchant);
    key = merchant ? ngx_pay_gate_key(merchant, s->key) : NULL;

    code = ngx_pay_signed_verify(r, s, key, &ctx->reason);
    if (code != PAY_E_NONE) {
        return code;
    }

    ctx->merchant = merchant;
    ctx->key = key->id;

    code = ngx_pay_gate_time(s, window, &ctx->reason);
    if (code != PAY_E_NONE) {
        return code;
    }

    if (!ngx_pay_gate_allowed(r, merchant)) {
        ctx->reason = "allowlist";
        return PAY_E_IP_NOT_ALLOWED;
    }

    return PAY_E_NONE;
}


/*
 * Who signed, or, as long as nothing proves it, who says so: a name and no
 * other text, as it is a stranger's.
 */

static u_char *
ngx_pay_gate_who(u_char *p, u_char *last, ngx_pay_ctx_t *ctx,
    const ngx_pay_signed_t *s)
{
    ngx_str_t  merchant, key;

    if (ctx->merchant) {
        return ngx_slprintf(p, last, "merchant \"%V\", key \"%V\"",
                            &ctx->merchant->id, &ctx->key);
    }

    p = ngx_slprintf(p, last, "merchant \"\"");

    if (!pay_str_token(s->merchant, "._-", 1, 64)
        || !pay_str_token(s->key, "._-", 1, 64))
    {
        return p;
    }

    merchant = ngx_pay_nstr(s->merchant);
    key = ngx_pay_nstr(s->key);

    return ngx_slprintf(p, last, ", claimed \"%V/%V\"", &merchant, &key);
}


/* a fault of ours is an error, one line a second; a reject is info */

static void
ngx_pay_gate_log(ngx_http_request_t *r, ngx_pay_ctx_t *ctx,
    const ngx_pay_signed_t *s)
{
    static time_t  last;

    u_char         who[192], *p;
    ngx_str_t      id;
    ngx_uint_t     level;

    level = NGX_LOG_INFO;

    if (ctx->auth == PAY_E_STORE_UNAVAILABLE
        || ctx->auth == PAY_E_INTERNAL_ERROR)
    {
        if (last != ngx_time()) {
            last = ngx_time();
            level = NGX_LOG_ERR;
        }
    }

    p = ngx_pay_gate_who(who, who + sizeof(who), ctx, s);
    id = ngx_pay_nstr(ngx_pay_request_id(r));

    ngx_log_error(level, r->connection->log, 0,
                  "pay: gate refused: %s, reason \"%s\", %*s, "
                  "request_id \"%V\"",
                  pay_code_info(ctx->auth)->name, ctx->reason,
                  (size_t) (p - who), who, &id);
}


/* s: what it says of itself, where the signature does not hold */

static void
ngx_pay_gate_decide(ngx_http_request_t *r, ngx_pay_ctx_t *ctx,
    pay_code_t code, const ngx_pay_signed_t *s)
{
    ngx_pay_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_pay_module);

    ctx->decided = 1;
    ctx->verified = code == PAY_E_NONE;
    ctx->auth = code;

    ngx_pay_count(mcf->zone, gate[code]);

    if (code != PAY_E_NONE) {
        ngx_pay_count(mcf->zone, gate_reasons[ngx_pay_reason(ctx->reason)]);
        ngx_pay_gate_log(r, ctx, s);
    }
}


static ngx_pay_store_op_t *
ngx_pay_gate_op(ngx_http_request_t *r, ngx_pay_ctx_t *ctx,
    const ngx_pay_signed_t *s)
{
    ngx_http_cleanup_t  *cln;
    ngx_pay_store_op_t  *op;

    op = ngx_palloc(r->pool, sizeof(ngx_pay_store_op_t));
    if (op == NULL) {
        return NULL;
    }

    ngx_pay_store_init(op, r, ctx);

    op->time = s->time;
    op->slot = ctx->merchant->hash & 0xffff;

    if (ngx_pay_store_key(op, "nonce", s->merchant, s->key, s->nonce)
        != NGX_OK)
    {
        return NULL;
    }

    if (op->conf->redis) {
        cln = ngx_http_cleanup_add(r, 0);
        if (cln == NULL) {
            return NULL;
        }

        cln->handler = (ngx_http_cleanup_pt) ngx_pay_store_abandon;
        cln->data = op;
    }

    return op;
}


ngx_int_t
ngx_pay_gate(ngx_http_request_t *r, ngx_pay_ctx_t *ctx, time_t window,
    size_t limit, ngx_pay_gate_pt resume)
{
    pay_code_t           code;
    ngx_pay_signed_t     s;
    ngx_pay_store_op_t  *op;

    ctx->reason = "";
    ngx_memzero(&s, sizeof(ngx_pay_signed_t));

    code = ngx_pay_gate_check(r, ctx, &s, window, limit);

    if (code != PAY_E_NONE) {
        ngx_pay_gate_decide(r, ctx, code, &s);
        return NGX_OK;
    }

    op = ngx_pay_gate_op(r, ctx, &s);

    if (op == NULL) {
        ngx_pay_gate_decide(r, ctx, PAY_E_INTERNAL_ERROR, &s);
        return NGX_OK;
    }

    ngx_pay_store(op, NGX_PAY_STORE_NONCE, ngx_pay_gate_stored);

    if (ctx->decided) {
        return NGX_OK;
    }

    /* the client may leave: the nonce is used all the same */

    r->read_event_handler = ngx_http_block_reading;
    r->write_event_handler = ngx_http_request_empty_handler;

    ctx->waiting = 1;
    ctx->resume = resume;

    return NGX_AGAIN;
}


/*
 * "Don't know" is never "new", but where the operator wants it so: he is
 * told how often.
 */

static pay_code_t
ngx_pay_gate_nonce(ngx_pay_store_op_t *op, ngx_pay_ctx_t *ctx)
{
    if (op->rc != PAY_OK) {

        if (op->policy == NGX_PAY_STORE_ALLOW) {
            ngx_pay_count(op->conf->zone, store_allowed);
            return PAY_E_NONE;
        }

        ctx->reason = op->reason ? op->reason : "store";
        ctx->retry_after = op->wait;
        return PAY_E_STORE_UNAVAILABLE;
    }

    if (op->nonce == PAY_NONCE_SEEN) {
        ctx->reason = "replay";
        return PAY_E_NONCE_REPLAYED;
    }

    return PAY_E_NONE;
}


static void
ngx_pay_gate_stored(ngx_pay_store_op_t *op)
{
    ngx_pay_ctx_t  *ctx = op->data;

    ngx_pay_gate_decide(op->request, ctx, ngx_pay_gate_nonce(op, ctx), NULL);

    if (ctx->waiting) {
        ctx->waiting = 0;
        ctx->resume(op->request, ctx);
    }
}
