
/*
 * Copyright (C) the ngx_pay authors
 *
 * Payments of the unified API: pay, query, close.  The record is written
 * before the first byte leaves and holds the outcome whoever hears of it
 * (docs/design.md section 7, idempotency).
 */

#include <ngx_pay_api.h>


static void ngx_pay_api_record(ngx_http_request_t *r, ngx_pay_talk_t *talk);
static void ngx_pay_api_done(ngx_http_request_t *r, ngx_pay_talk_t *talk);


static ngx_pay_talk_t *
ngx_pay_api_talk(ngx_http_request_t *r, ngx_pay_ctx_t *ctx,
    ngx_pay_channel_t *ch)
{
    ngx_pay_talk_t  *talk;

    talk = ngx_pay_talk_create(r, ctx, ch, ctx->op);
    if (talk == NULL) {
        return NULL;
    }

    ctx->channel = ch;
    talk->record = ngx_pay_api_record;
    talk->done = ngx_pay_api_done;

    return talk;
}


/* a channel that the merchant may use; another's is as good as none */

static ngx_pay_channel_t *
ngx_pay_api_channel(ngx_http_request_t *r, ngx_pay_ctx_t *ctx,
    pay_str_t name)
{
    ngx_str_t             s;
    ngx_pay_channel_t    *ch;
    ngx_pay_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_pay_module);

    s = ngx_pay_nstr(name);
    ch = ngx_pay_channel_find(mcf, &s);

    return ch && ngx_pay_merchant_has(ctx->merchant, ch) ? ch : NULL;
}


static pay_rc_t
ngx_pay_api_limits(const pay_can_t *can, const pay_payment_ask_t *ask,
    pay_error_t *e)
{
    const char *const  *c;

    if (ask->manual_capture) {
        return pay_error_set(e, PAY_E_OPERATION_UNSUPPORTED, "capture");
    }

    if (!pay_str_token(ask->order_id, can->order_id_extra,
                       can->order_id_min, can->order_id_max))
    {
        return pay_error_set(e, PAY_E_FIELD_INVALID, "order_id");
    }

    for (c = can->currencies; *c && !pay_str_eqz(ask->currency, *c); c++) {
        /* void */
    }

    if (*c == NULL) {
        return pay_error_set(e, PAY_E_CURRENCY_UNSUPPORTED, "currency");
    }

    if (ask->amount < can->amount_min || ask->amount > can->amount_max) {
        return pay_error_set(e, PAY_E_AMOUNT_INVALID, "amount");
    }

    return PAY_OK;
}


static pay_rc_t
ngx_pay_api_fresh(ngx_pay_ctx_t *ctx, ngx_pay_channel_t *ch,
    pay_arena_t *a, const pay_payment_ask_t *ask, pay_payment_t *p)
{
    ngx_memzero(p, sizeof(pay_payment_t));

    p->order_id = ask->order_id;
    p->merchant = ngx_pay_str(&ctx->merchant->node.str);
    p->channel = ask->channel;
    p->method = ask->method;
    p->state = PAY_STATE_PENDING;
    p->currency = ask->currency;
    p->amount = ask->amount;
    p->created_at = ngx_time();
    p->expires_at = ask->expires_at ? ask->expires_at
                                    : p->created_at + ch->order_expires;
    p->metadata = ask->metadata;

    return pay_payment_fingerprint(p->fingerprint, a, ask) == 0 ? PAY_OK
                                                                : PAY_ERROR;
}


static void
ngx_pay_api_claimed(ngx_http_request_t *r, ngx_pay_ctx_t *ctx,
    ngx_pay_talk_t *talk, ngx_pay_claim_t claim)
{
    ngx_pay_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_pay_module);

    switch (claim) {

    case NGX_PAY_CLAIM_NEW:
        talk->core.known = PAY_KNOWN_NEW;
        break;

    case NGX_PAY_CLAIM_OPEN:
        talk->core.known = PAY_KNOWN_OPEN;
        break;

    case NGX_PAY_CLAIM_UNKNOWN:
        talk->core.known = PAY_KNOWN_UNKNOWN;
        break;

    case NGX_PAY_CLAIM_BUSY:
        ngx_pay_api_error(r, PAY_E_IN_PROGRESS, NULL);
        return;

    case NGX_PAY_CLAIM_CONFLICT:
        ngx_pay_api_error(r, PAY_E_IDEMPOTENCY_CONFLICT, "order_id");
        return;

    case NGX_PAY_CLAIM_PAID:
        ngx_pay_api_error(r, PAY_E_ALREADY_PAID, NULL);
        return;

    case NGX_PAY_CLAIM_ABSENT:
    case NGX_PAY_CLAIM_FULL:
        ngx_pay_api_error(r, PAY_E_STORE_UNAVAILABLE, NULL);
        return;

    default:
        ngx_pay_api_error(r, PAY_E_INTERNAL_ERROR, NULL);
        return;
    }

    talk->claimed = 1;
    ngx_pay_api_note(r, ctx, &talk->payment);

    /* an order that is over, or whose code has expired, needs no channel */

    if (claim == NGX_PAY_CLAIM_OPEN
        && (talk->payment.state != PAY_STATE_PENDING
            || talk->payment.expires_at <= ngx_time()))
    {
        ngx_pay_talk_release(mcf->zone, talk);
        ngx_pay_api_object(r, talk, &talk->payment, NULL);
        return;
    }

    if (claim == NGX_PAY_CLAIM_NEW
        && (talk->payment.expires_at
            < ngx_time() + talk->channel->core.driver->can->expires_min
            || talk->payment.expires_at
               > ngx_time() + talk->channel->core.driver->can->expires_max))
    {
        ngx_pay_talk_release(mcf->zone, talk);
        ngx_pay_api_error(r, PAY_E_FIELD_INVALID, "expires_at");
        return;
    }

    ngx_pay_talk_run(talk, talk->channel->core.driver->begin(&talk->core));
}


void
ngx_pay_api_pay(ngx_http_request_t *r, ngx_pay_ctx_t *ctx, pay_str_t number,
    pay_str_t body)
{
    pay_rc_t              rc;
    pay_arena_t          *arena;
    pay_error_t           e;
    pay_payment_t         fresh;
    ngx_pay_talk_t       *talk;
    ngx_pool_cleanup_t   *cln;
    pay_payment_ask_t     ask;
    ngx_pay_channel_t    *ch;
    ngx_pay_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_pay_module);

    /* the body must be read before it is known whose talk it begins */

    cln = ngx_pool_cleanup_add(r->pool, 0);
    arena = cln ? pay_arena_create(0) : NULL;

    if (arena == NULL) {
        ngx_pay_api_error(r, PAY_E_INTERNAL_ERROR, NULL);
        return;
    }

    cln->handler = (ngx_pool_cleanup_pt) pay_arena_destroy;
    cln->data = arena;

    ngx_memzero(&e, sizeof(pay_error_t));

    rc = pay_payment_ask_parse(arena, body, &ask, &e);

    if (rc != PAY_OK) {
        if (rc == PAY_ERROR) {
            e.code = PAY_E_INTERNAL_ERROR;
        }

        ngx_pay_api_fail(r, &e);
        return;
    }

    ctx->order_id = ngx_pay_keep(r, ask.order_id);

    ch = ngx_pay_api_channel(r, ctx, ask.channel);
    if (ch == NULL) {
        ngx_pay_api_error(r, PAY_E_CHANNEL_FORBIDDEN, "channel");
        return;
    }

    ctx->channel = ch;

    if (!pay_driver_can(ch->core.driver, PAY_OP_PAY, ask.method)) {
        ngx_pay_api_error(r, PAY_E_OPERATION_UNSUPPORTED, "method");
        return;
    }

    if (ngx_pay_api_limits(ch->core.driver->can, &ask, &e) != PAY_OK) {
        ngx_pay_api_fail(r, &e);
        return;
    }

    talk = ngx_pay_api_talk(r, ctx, ch);

    if (talk == NULL
        || ngx_pay_record_key(mcf->zone, talk->key, "payment",
                              ngx_pay_str(&ctx->merchant->node.str),
                              ask.order_id) != NGX_OK
        || ngx_pay_api_fresh(ctx, ch, talk->core.arena, &ask, &fresh)
           != PAY_OK)
    {
        ngx_pay_api_error(r, PAY_E_INTERNAL_ERROR, NULL);
        return;
    }

    talk->ask = ask;
    talk->asked = arena;
    cln->handler = NULL;

    if (mcf->secret && ch->core.driver->can->echoes) {
        talk->core.echo = pay_echo_make(talk->core.arena, fresh.merchant,
                                        fresh.order_id, fresh.amount,
                                        fresh.currency, mcf->secret);

        if (talk->core.echo.data == NULL) {
            ngx_pay_api_error(r, PAY_E_INTERNAL_ERROR, NULL);
            return;
        }
    }

    ngx_pay_api_claimed(r, ctx, talk,
                        ngx_pay_object_claim(mcf->zone, talk->core.arena,
                                             talk->key, &fresh,
                                             &talk->payment,
                                             &talk->version));
}


/*
 * A talk about an order that exists: from the store, or by locators.  NULL:
 * the answer has been sent.
 */

static ngx_pay_talk_t *
ngx_pay_api_existing(ngx_http_request_t *r, ngx_pay_ctx_t *ctx,
    pay_str_t number, pay_str_t body)
{
    pay_u8                key[16];
    pay_rc_t              rc;
    pay_str_t             name;
    pay_arena_t          *arena;
    pay_error_t           e;
    pay_payment_t         stored;
    const pay_can_t      *can;
    ngx_pay_talk_t       *talk;
    ngx_pay_channel_t    *ch;
    ngx_pool_cleanup_t   *cln;
    ngx_pay_locators_t    l;
    ngx_pay_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_pay_module);

    if (!pay_number_valid(number)) {
        ngx_pay_api_error(r, PAY_E_FIELD_INVALID, "order_id");
        return NULL;
    }

    cln = ngx_pool_cleanup_add(r->pool, 0);
    arena = cln ? pay_arena_create(0) : NULL;

    if (arena == NULL
        || ngx_pay_record_key(mcf->zone, key, "payment",
                              ngx_pay_str(&ctx->merchant->node.str), number)
           != NGX_OK)
    {
        pay_arena_destroy(arena);
        ngx_pay_api_error(r, PAY_E_INTERNAL_ERROR, NULL);
        return NULL;
    }

    cln->handler = (ngx_pool_cleanup_pt) pay_arena_destroy;
    cln->data = arena;

    ngx_memzero(&e, sizeof(pay_error_t));

    if (ngx_pay_api_locators(r, arena, body, &l, &e) != PAY_OK) {
        ngx_pay_api_fail(r, &e);
        return NULL;
    }

    rc = ngx_pay_object_load(mcf->zone, arena, key, &stored);

    if (rc == PAY_OK) {
        name = stored.channel;

    } else if (rc != PAY_DECLINED) {
        ngx_pay_api_error(r, PAY_E_INTERNAL_ERROR, NULL);
        return NULL;

    } else if (l.channel.len == 0) {
        ngx_pay_api_error(r, PAY_E_FIELD_MISSING, "channel");
        return NULL;

    } else {
        name = l.channel;

        ngx_memzero(&stored, sizeof(pay_payment_t));
        stored.order_id = number;
        stored.merchant = ngx_pay_str(&ctx->merchant->node.str);
        stored.channel = name;
        stored.channel_order_id = l.channel_order_id;
        stored.created_at = l.created_at;
    }

    ch = ngx_pay_api_channel(r, ctx, name);
    if (ch == NULL) {
        ngx_pay_api_error(r, PAY_E_CHANNEL_FORBIDDEN, "channel");
        return NULL;
    }

    can = ch->core.driver->can;

    if (!pay_str_token(number, can->order_id_extra, can->order_id_min,
                       can->order_id_max))
    {
        ngx_pay_api_error(r, PAY_E_FIELD_INVALID, "order_id");
        return NULL;
    }

    talk = ngx_pay_api_talk(r, ctx, ch);
    if (talk == NULL) {
        ngx_pay_api_error(r, PAY_E_INTERNAL_ERROR, NULL);
        return NULL;
    }

    ngx_memcpy(talk->key, key, sizeof(key));
    talk->payment = stored;
    talk->asked = arena;
    cln->handler = NULL;
    talk->core.known = rc != PAY_OK ? PAY_KNOWN_FORGOTTEN
                       : stored.unknown || !stored.answered
                       ? PAY_KNOWN_UNKNOWN : PAY_KNOWN_OPEN;

    ngx_pay_api_note(r, ctx, &stored);

    return talk;
}


void
ngx_pay_api_query(ngx_http_request_t *r, ngx_pay_ctx_t *ctx,
    pay_str_t number, pay_str_t body)
{
    ngx_pay_talk_t  *talk;

    talk = ngx_pay_api_existing(r, ctx, number, body);
    if (talk == NULL) {
        return;
    }

    ngx_pay_talk_run(talk, talk->channel->core.driver->begin(&talk->core));
}


void
ngx_pay_api_close(ngx_http_request_t *r, ngx_pay_ctx_t *ctx,
    pay_str_t number, pay_str_t body)
{
    ngx_pay_talk_t       *talk;
    ngx_pay_claim_t       claim;
    ngx_pay_main_conf_t  *mcf;

    talk = ngx_pay_api_existing(r, ctx, number, body);
    if (talk == NULL) {
        return;
    }

    mcf = ngx_http_get_module_main_conf(r, ngx_http_pay_module);

    if (talk->core.known != PAY_KNOWN_FORGOTTEN) {

        claim = ngx_pay_object_claim(mcf->zone, talk->core.arena, talk->key,
                                     NULL, &talk->payment, &talk->version);

        switch (claim) {

        case NGX_PAY_CLAIM_OPEN:
        case NGX_PAY_CLAIM_UNKNOWN:
            talk->claimed = 1;
            break;

        case NGX_PAY_CLAIM_ABSENT:
            break;

        case NGX_PAY_CLAIM_BUSY:
            ngx_pay_api_error(r, PAY_E_IN_PROGRESS, NULL);
            return;

        default:
            ngx_pay_api_error(r, PAY_E_INTERNAL_ERROR, NULL);
            return;
        }
    }

    if (talk->payment.state == PAY_STATE_SUCCEEDED) {
        ngx_pay_talk_release(mcf->zone, talk);
        ngx_pay_api_error(r, PAY_E_ALREADY_PAID, NULL);
        return;
    }

    if (talk->payment.state == PAY_STATE_CLOSED
        || talk->payment.state == PAY_STATE_FAILED)
    {
        ngx_pay_talk_release(mcf->zone, talk);
        ngx_pay_api_object(r, talk, &talk->payment, NULL);
        return;
    }

    ngx_pay_talk_run(talk, talk->channel->core.driver->begin(&talk->core));
}


/*
 * Into the store, also when nobody will hear the answer.  A refusal that is
 * definite leaves no trace of an order that this call would have made; one
 * of an order that was sent before says nothing about the first time.
 */

static void
ngx_pay_api_record(ngx_http_request_t *r, ngx_pay_talk_t *talk)
{
    pay_fact_t           *f;
    pay_change_t          change;
    pay_payment_t         p;
    ngx_pay_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_pay_module);

    f = &talk->core.fact;

    if (f->state != PAY_STATE_NONE) {

        p = talk->payment;

        if (talk->core.known == PAY_KNOWN_FORGOTTEN) {
            p.amount = f->amount < 0 ? 0 : f->amount;
            p.currency = f->currency;
        }

        if (ngx_pay_object_apply(mcf->zone, talk->core.arena, talk->key, f,
                                 1, 0, &p, &change) == PAY_OK
            && change != PAY_CHANGE_MISMATCH)
        {
            /* what a notice made does not know what was asked for */

            if (p.amount == 0 && f->amount > 0) {
                p.amount = f->amount;
                p.currency = f->currency;
            }

            talk->payment = p;
            talk->core.known = PAY_KNOWN_OPEN;
            talk->sent = talk->recorded ? 0 : talk->sent;
        }

    } else if (talk->recorded) {

        switch (talk->core.error.code) {

        case PAY_E_NONE:
        case PAY_E_OUTCOME_UNKNOWN:
        case PAY_E_INTERNAL_ERROR:
        case PAY_E_CHANNEL_RESPONSE_INVALID:
            break;

        default:
            talk->sent = 0;
        }
    }

    if (talk->recorded) {
        ngx_pay_talk_release(mcf->zone, talk);
    }
}


static void
ngx_pay_api_done(ngx_http_request_t *r, ngx_pay_talk_t *talk)
{
    pay_error_t   *e;
    pay_action_t  *action;

    e = &talk->core.error;

    ngx_pay_api_note(r, talk->ctx, &talk->payment);

    if (e->code != PAY_E_NONE) {
        e->channel = ngx_pay_str(&talk->channel->name);
        ngx_pay_api_fail(r, e);
        return;
    }

    action = talk->payment.state == PAY_STATE_PENDING
             && talk->payment.expires_at > ngx_time()
             ? &talk->core.fact.action : NULL;

    ngx_pay_api_object(r, talk, &talk->payment, action);
}
