
/*
 * Copyright (C) the ngx_pay authors
 *
 * Payments of the unified API: pay, and how the outcome of all that is asked
 * gets into the store.  The record is written before the first byte leaves
 * and holds the outcome whoever hears of it (docs/design.md, what is kept).
 */

#include <ngx_pay_api.h>


static void ngx_pay_api_claimed(ngx_pay_talk_t *talk);
static void ngx_pay_api_unclaimed(ngx_pay_talk_t *talk);
static void ngx_pay_api_out_of_time(ngx_pay_talk_t *talk);
static void ngx_pay_api_record(ngx_pay_talk_t *talk);
static void ngx_pay_api_applied(ngx_pay_talk_t *talk);
static void ngx_pay_api_recorded(ngx_pay_talk_t *talk);
static void ngx_pay_api_done(ngx_pay_talk_t *talk);


ngx_pay_talk_t *
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

ngx_pay_channel_t *
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
ngx_pay_api_limits(const pay_can_t *can, const pay_ask_t *ask,
    pay_error_t *e)
{
    const char *const  *c;

    if (ask->manual_capture) {
        return pay_error_set(e, PAY_E_OPERATION_UNSUPPORTED, "capture");
    }

    if (!pay_can_number(can, PAY_KIND_PAYMENT, PAY_STR(""), ask->number))
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
    pay_arena_t *a, const pay_ask_t *ask, pay_object_t *p)
{
    ngx_memzero(p, sizeof(pay_object_t));

    p->kind = PAY_KIND_PAYMENT;
    p->number = ask->number;
    p->merchant = ngx_pay_str(&ctx->merchant->id);
    p->channel = ask->channel;
    p->method = ask->method;
    p->state = PAY_STATE_PENDING;
    p->currency = ask->currency;
    p->amount = ask->amount;
    p->created_at = ngx_time();
    p->expires_at = ask->expires_at ? ask->expires_at
                                    : p->created_at + ch->order_expires;
    p->metadata = ask->metadata;

    return pay_ask_fingerprint(p->fingerprint, a, PAY_OP_PAY, ask) == 0 ? PAY_OK
                                                                : PAY_ERROR;
}


static void
ngx_pay_api_claimed(ngx_pay_talk_t *talk)
{
    pay_object_t       *p;
    const pay_can_t     *can;
    ngx_http_request_t  *r;

    r = talk->request;
    p = &talk->object;
    can = talk->channel->core.driver->can;

    switch (talk->rec.claim) {

    case NGX_PAY_CLAIM_NEW:
    case NGX_PAY_CLAIM_OPEN:
    case NGX_PAY_CLAIM_UNKNOWN:
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

    ngx_pay_api_note(r, talk->ctx, p);

    /* an order that is over, or whose code has expired, needs no channel */

    if (talk->core.known == PAY_KNOWN_OPEN
        && (p->state != PAY_STATE_PENDING || p->expires_at <= ngx_time()))
    {
        ngx_pay_talk_release(talk, ngx_pay_api_unclaimed);
        return;
    }

    if (talk->core.known == PAY_KNOWN_NEW
        && (p->expires_at < ngx_time() + can->expires_min
            || p->expires_at > ngx_time() + can->expires_max))
    {
        ngx_pay_talk_release(talk, ngx_pay_api_out_of_time);
        return;
    }

    ngx_pay_api_begin(talk);
}


static void
ngx_pay_api_unclaimed(ngx_pay_talk_t *talk)
{
    ngx_pay_api_object(talk->request, talk, &talk->object, NULL);
}


static void
ngx_pay_api_out_of_time(ngx_pay_talk_t *talk)
{
    ngx_pay_api_error(talk->request, PAY_E_FIELD_INVALID, "expires_at");
}


void
ngx_pay_api_begin(ngx_pay_talk_t *talk)
{
    ngx_pay_talk_run(talk, talk->channel->core.driver->begin(&talk->core));
}


void
ngx_pay_api_pay(ngx_http_request_t *r, ngx_pay_ctx_t *ctx, pay_str_t number,
    pay_str_t body)
{
    pay_rc_t              rc;
    pay_arena_t          *arena;
    pay_error_t           e;
    ngx_pay_talk_t       *talk;
    ngx_pool_cleanup_t   *cln;
    pay_ask_t     ask;
    ngx_pay_channel_t    *ch;
    ngx_pay_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_pay_module);

    /* the body must be read before it is known whose talk it begins */

    arena = ngx_pay_arena(r, &cln);

    if (arena == NULL) {
        ngx_pay_api_error(r, PAY_E_INTERNAL_ERROR, NULL);
        return;
    }

    ngx_memzero(&e, sizeof(pay_error_t));

    rc = pay_ask_parse(arena, PAY_OP_PAY, body, &ask, &e);

    if (rc != PAY_OK) {
        if (rc == PAY_ERROR) {
            e.code = PAY_E_INTERNAL_ERROR;
        }

        ngx_pay_api_fail(r, &e);
        return;
    }

    ctx->order_id = ngx_pay_keep(r, ask.number);

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
        || ngx_pay_store_key(&talk->rec.op, "payment",
                             ngx_pay_str(&ctx->merchant->id),
                             ask.number, PAY_STR("")) != NGX_OK
        || ngx_pay_api_fresh(ctx, ch, talk->core.arena, &ask, &talk->fresh)
           != PAY_OK)
    {
        ngx_pay_api_error(r, PAY_E_INTERNAL_ERROR, NULL);
        return;
    }

    talk->ask = ask;
    talk->asked = arena;
    cln->handler = NULL;

    if (mcf->secret && ch->core.driver->can->echoes) {
        talk->core.echo = pay_echo_make(talk->core.arena,
                                        talk->fresh.merchant,
                                        talk->fresh.number,
                                        talk->fresh.amount,
                                        talk->fresh.currency, mcf->secret);

        if (talk->core.echo.data == NULL) {
            ngx_pay_api_error(r, PAY_E_INTERNAL_ERROR, NULL);
            return;
        }
    }

    ngx_pay_talk_claim(talk, &talk->fresh, ngx_pay_api_claimed);
}


/*
 * Into the store, also when nobody will hear the answer.  A refusal that is
 * definite leaves no trace of an order that this call would have made; one
 * of an order that was sent before says nothing about the first time.
 */

static void
ngx_pay_api_record(ngx_pay_talk_t *talk)
{
    pay_fact_t  *f;

    f = &talk->core.fact;

    if (f->state != PAY_STATE_NONE) {

        talk->applied = talk->object;

        if (talk->core.known == PAY_KNOWN_FORGOTTEN) {
            talk->applied.amount = f->amount < 0 ? 0 : f->amount;
            talk->applied.currency = f->currency;
        }

        ngx_pay_talk_apply(talk, 1, 0, ngx_pay_api_applied);
        return;
    }

    if (talk->recorded) {

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

    ngx_pay_api_recorded(talk);
}


/* the answer tells what the channel said, though the store may not know */

static void
ngx_pay_api_applied(ngx_pay_talk_t *talk)
{
    pay_fact_t     *f;
    pay_change_t    change;
    pay_object_t  *p;

    f = &talk->core.fact;
    p = &talk->applied;

    if (talk->rec.rc == PAY_OK) {
        change = talk->rec.change;

    } else {
        *p = talk->object;
        change = pay_object_apply(p, f, 1, ngx_time());
    }

    if (change != PAY_CHANGE_MISMATCH) {

        /* what a notice made does not know what was asked for */

        if (p->amount == 0 && f->amount > 0) {
            p->amount = f->amount;
            p->currency = f->currency;
        }

        talk->object = *p;

        if (talk->rec.rc == PAY_OK) {
            talk->core.known = PAY_KNOWN_OPEN;
            talk->sent = talk->recorded ? 0 : talk->sent;
        }
    }

    ngx_pay_api_recorded(talk);
}


static void
ngx_pay_api_recorded(ngx_pay_talk_t *talk)
{
    if (talk->recorded) {
        ngx_pay_talk_release(talk, ngx_pay_talk_recorded);
        return;
    }

    ngx_pay_talk_recorded(talk);
}


static void
ngx_pay_api_done(ngx_pay_talk_t *talk)
{
    pay_error_t         *e;
    pay_action_t        *action;
    ngx_http_request_t  *r;

    r = talk->request;
    e = &talk->core.error;

    ngx_pay_api_note(r, talk->ctx, &talk->object);

    if (e->code != PAY_E_NONE) {
        e->channel = ngx_pay_str(&talk->channel->name);
        ngx_pay_api_fail(r, e);
        return;
    }

    action = talk->object.state == PAY_STATE_PENDING
             && talk->object.expires_at > ngx_time()
             ? &talk->core.fact.action : NULL;

    ngx_pay_api_object(r, talk, &talk->object, action);
}
