
/*
 * Copyright (C) the ngx_pay authors
 *
 * Query and close: what is asked about an order that exists, in the store or,
 * by locators, at the channel alone.
 */

#include <ngx_pay_api.h>


/* what is asked about an order, until the store has told of it */

typedef struct {
    ngx_pay_record_t      rec;
    ngx_http_request_t   *request;
    ngx_pay_ctx_t        *ctx;
    ngx_pool_cleanup_t   *cln;          /* of the arena */
    pay_object_t          object;
    pay_str_t             number;
    ngx_pay_locators_t    locators;
} ngx_pay_lookup_t;


static void ngx_pay_api_found(ngx_pay_record_t *o);
static void ngx_pay_api_closing(ngx_pay_talk_t *talk);
static void ngx_pay_api_closed(ngx_pay_talk_t *talk);
static void ngx_pay_api_paid(ngx_pay_talk_t *talk);


static void
ngx_pay_api_lookup(ngx_http_request_t *r, ngx_pay_ctx_t *ctx,
    pay_str_t number, pay_str_t body)
{
    pay_arena_t         *arena;
    pay_error_t          e;
    ngx_pay_lookup_t    *l;
    ngx_http_cleanup_t  *abandon;

    if (!pay_number_valid(number)) {
        ngx_pay_api_error(r, PAY_E_FIELD_INVALID, "order_id");
        return;
    }

    l = ngx_pcalloc(r->pool, sizeof(ngx_pay_lookup_t));
    abandon = ngx_http_cleanup_add(r, 0);
    arena = l && abandon ? ngx_pay_arena(r, &l->cln) : NULL;

    if (arena == NULL) {
        ngx_pay_api_error(r, PAY_E_INTERNAL_ERROR, NULL);
        return;
    }

    l->request = r;
    l->ctx = ctx;
    l->number = number;

    ngx_pay_record_init(&l->rec, r, arena, &l->object, l);

    abandon->handler = (ngx_http_cleanup_pt) ngx_pay_store_abandon;
    abandon->data = &l->rec.op;

    ngx_memzero(&e, sizeof(pay_error_t));

    if (ngx_pay_api_locators(r, arena, body, &l->locators, &e) != PAY_OK) {
        ngx_pay_api_fail(r, &e);
        return;
    }

    if (ngx_pay_store_key(&l->rec.op, "payment",
                          ngx_pay_str(&ctx->merchant->id), number,
                          PAY_STR("")) != NGX_OK)
    {
        ngx_pay_api_error(r, PAY_E_INTERNAL_ERROR, NULL);
        return;
    }

    ngx_pay_record_load(&l->rec, ngx_pay_api_found);
}


static void
ngx_pay_api_forgotten(ngx_pay_lookup_t *l)
{
    ngx_memzero(&l->object, sizeof(pay_object_t));

    l->object.kind = PAY_KIND_PAYMENT;
    l->object.number = l->number;
    l->object.merchant = ngx_pay_str(&l->ctx->merchant->id);
    l->object.channel = l->locators.channel;
    l->object.channel_number = l->locators.channel_order_id;
    l->object.created_at = l->locators.created_at;
}


static void
ngx_pay_api_found(ngx_pay_record_t *o)
{
    ngx_pay_lookup_t    *l = o->data;

    ngx_pay_ctx_t       *ctx;
    ngx_pay_talk_t      *talk;
    const pay_can_t     *can;
    ngx_pay_channel_t   *ch;
    ngx_http_request_t  *r;

    r = l->request;
    ctx = l->ctx;

    if (o->rc != PAY_OK && o->rc != PAY_DECLINED) {
        ngx_pay_api_error(r, PAY_E_STORE_UNAVAILABLE, NULL);
        return;
    }

    if (o->rc == PAY_DECLINED) {

        if (l->locators.channel.len == 0) {
            ngx_pay_api_error(r, PAY_E_FIELD_MISSING, "channel");
            return;
        }

        ngx_pay_api_forgotten(l);
    }

    ch = ngx_pay_api_channel(r, ctx, l->object.channel);
    if (ch == NULL) {
        ngx_pay_api_error(r, PAY_E_CHANNEL_FORBIDDEN, "channel");
        return;
    }

    can = ch->core.driver->can;

    if (!pay_can_number(can, PAY_KIND_PAYMENT, PAY_STR(""), l->number))
    {
        ngx_pay_api_error(r, PAY_E_FIELD_INVALID, "order_id");
        return;
    }

    talk = ngx_pay_api_talk(r, ctx, ch);
    if (talk == NULL) {
        ngx_pay_api_error(r, PAY_E_INTERNAL_ERROR, NULL);
        return;
    }

    talk->rec.op.key = o->op.key;
    talk->rec.op.local = o->op.local;
    talk->object = l->object;
    talk->asked = o->arena;
    l->cln->handler = NULL;
    talk->core.known = o->rc != PAY_OK ? PAY_KNOWN_FORGOTTEN
                       : l->object.unknown || !l->object.answered
                       ? PAY_KNOWN_UNKNOWN : PAY_KNOWN_OPEN;

    ngx_pay_api_note(r, ctx, &talk->object);

    if (ctx->op == PAY_OP_CLOSE && talk->core.known != PAY_KNOWN_FORGOTTEN) {
        ngx_pay_talk_claim(talk, NULL, ngx_pay_api_closing);
        return;
    }

    ngx_pay_api_begin(talk);
}


void
ngx_pay_api_query(ngx_http_request_t *r, ngx_pay_ctx_t *ctx,
    pay_str_t number, pay_str_t body)
{
    ngx_pay_api_lookup(r, ctx, number, body);
}


void
ngx_pay_api_close(ngx_http_request_t *r, ngx_pay_ctx_t *ctx,
    pay_str_t number, pay_str_t body)
{
    ngx_pay_api_lookup(r, ctx, number, body);
}


static void
ngx_pay_api_closing(ngx_pay_talk_t *talk)
{
    switch (talk->rec.claim) {

    case NGX_PAY_CLAIM_OPEN:
    case NGX_PAY_CLAIM_UNKNOWN:
    case NGX_PAY_CLAIM_ABSENT:
        break;

    case NGX_PAY_CLAIM_BUSY:
        ngx_pay_api_error(talk->request, PAY_E_IN_PROGRESS, NULL);
        return;

    case NGX_PAY_CLAIM_FULL:
        ngx_pay_api_error(talk->request, PAY_E_STORE_UNAVAILABLE, NULL);
        return;

    default:
        ngx_pay_api_error(talk->request, PAY_E_INTERNAL_ERROR, NULL);
        return;
    }

    switch (talk->object.state) {

    case PAY_STATE_SUCCEEDED:
        ngx_pay_talk_release(talk, ngx_pay_api_paid);
        return;

    case PAY_STATE_CLOSED:
    case PAY_STATE_FAILED:
        ngx_pay_talk_release(talk, ngx_pay_api_closed);
        return;

    default:
        ngx_pay_api_begin(talk);
    }
}


static void
ngx_pay_api_paid(ngx_pay_talk_t *talk)
{
    ngx_pay_api_error(talk->request, PAY_E_ALREADY_PAID, NULL);
}


static void
ngx_pay_api_closed(ngx_pay_talk_t *talk)
{
    ngx_pay_api_object(talk->request, talk, &talk->object, NULL);
}
