
/*
 * Copyright (C) the ngx_pay authors
 *
 * What is asked about an object that is there, in the store or, by locators,
 * at the channel alone: the queries, close and cancel.
 */

#include <ngx_pay_api.h>


static void ngx_pay_api_found(ngx_pay_talk_t *talk);
static void ngx_pay_api_parent(ngx_pay_talk_t *talk);
static void ngx_pay_api_locate(ngx_pay_talk_t *talk);
static void ngx_pay_api_ending(ngx_pay_talk_t *talk);
static void ngx_pay_api_ended(ngx_pay_talk_t *talk);


void
ngx_pay_api_lookup(ngx_pay_talk_t *talk)
{
    if (ngx_pay_api_key(talk, &talk->rec, pay_op_info(talk->core.op)->kind,
                        talk->ask.number) == NGX_OK)
    {
        ngx_pay_talk_load(talk, ngx_pay_api_found);
    }
}


static void
ngx_pay_api_forgotten(ngx_pay_talk_t *talk)
{
    pay_ask_t     *ask;
    pay_object_t  *p;

    p = &talk->object;
    ask = &talk->ask;

    ngx_memzero(p, sizeof(pay_object_t));

    p->kind = pay_op_info(talk->core.op)->kind;
    p->number = ask->number;
    p->merchant = ngx_pay_str(&talk->ctx->merchant->id);
    p->channel = ask->channel;
    p->channel_number = ask->channel_number;
    p->created_at = ask->created_at;

    switch (p->kind) {

    case PAY_KIND_PAYMENT:
        p->amount = ask->order_amount;
        break;

    case PAY_KIND_SPLIT_RETURN:
        p->order_id = talk->path;
        break;

    default:
        p->order_id = ask->order_id;
        p->channel_order_id = ask->channel_order_id;
    }
}


static void
ngx_pay_api_found(ngx_pay_talk_t *talk)
{
    pay_object_t  *p;

    p = &talk->object;

    switch (talk->rec.rc) {

    case PAY_OK:
        talk->core.known = p->unknown || !p->answered ? PAY_KNOWN_UNKNOWN
                                                      : PAY_KNOWN_OPEN;
        break;

    case PAY_DECLINED:
        talk->core.known = PAY_KNOWN_FORGOTTEN;
        ngx_pay_api_forgotten(talk);
        break;

    default:
        ngx_pay_api_error(talk->request, PAY_E_STORE_UNAVAILABLE, NULL);
        return;
    }

    /* a return is looked for in its split */

    if (talk->path.len && !pay_str_eq(p->order_id, talk->path)) {
        ngx_pay_api_error(talk->request, PAY_E_NOT_FOUND, NULL);
        return;
    }

    if ((p->kind != PAY_KIND_REFUND && p->kind != PAY_KIND_SPLIT)
        || p->order_id.len == 0)
    {
        ngx_pay_api_locate(talk);
        return;
    }

    if (ngx_pay_api_key(talk, &talk->behind, PAY_KIND_PAYMENT, p->order_id)
        == NGX_OK)
    {
        talk->ledger = p->kind == PAY_KIND_REFUND;
        ngx_pay_talk_load_behind(talk, ngx_pay_api_parent);
    }
}


/* what is known of the payment need not be told */

static void
ngx_pay_api_parent(ngx_pay_talk_t *talk)
{
    pay_object_t  *p, *payment;

    p = &talk->object;
    payment = &talk->payment;

    if (talk->behind.rc != PAY_OK && talk->behind.rc != PAY_DECLINED) {
        ngx_pay_api_error(talk->request, PAY_E_STORE_UNAVAILABLE, NULL);
        return;
    }

    if (talk->behind.rc == PAY_OK && p->channel.len
        && !pay_str_eq(p->channel, payment->channel))
    {
        talk->behind.rc = PAY_DECLINED;
        talk->ledger = 0;
    }

    if (talk->behind.rc == PAY_DECLINED) {
        ngx_pay_api_payment(talk, p->order_id);
    }

    talk->core.payment = payment;

    if (talk->core.known == PAY_KNOWN_FORGOTTEN) {

        if (p->channel.len == 0) {
            p->channel = payment->channel;
        }

        if (p->channel_order_id.len == 0) {
            p->channel_order_id = payment->channel_number;
        }

        p->currency = payment->currency;

    } else if (talk->behind.rc == PAY_DECLINED) {
        payment->channel = p->channel;
        payment->currency = p->currency;

        if (payment->channel_number.len == 0) {
            payment->channel_number = p->channel_order_id;
        }
    }

    ngx_pay_api_locate(talk);
}


static void
ngx_pay_api_locate(ngx_pay_talk_t *talk)
{
    pay_op_t             op;
    pay_error_t          e;
    pay_object_t        *p;
    ngx_http_request_t  *r;

    r = talk->request;
    op = talk->core.op;
    p = &talk->object;

    if (!ngx_pay_api_channel(talk, p->channel)) {
        return;
    }

    if (!pay_can_number(talk->channel->core.driver->can, p->kind,
                        talk->core.account->prefix, talk->ask.number))
    {
        ngx_pay_api_error(r, PAY_E_FIELD_INVALID, pay_kind_number(p->kind));
        return;
    }

    ngx_memzero(&e, sizeof(pay_error_t));

    if (talk->core.known == PAY_KNOWN_FORGOTTEN
        && ngx_pay_api_needs(talk, &e) != PAY_OK)
    {
        ngx_pay_api_fail(r, &e);
        return;
    }

    ngx_pay_api_note(r, talk->ctx, p);

    if ((op == PAY_OP_CLOSE || op == PAY_OP_TRANSFER_CANCEL)
        && talk->core.known != PAY_KNOWN_FORGOTTEN)
    {
        ngx_pay_talk_claim(talk, NULL, ngx_pay_api_ending);
        return;
    }

    ngx_pay_api_begin(talk);
}


/* a close or a cancel: of what is over there is nothing to do */

static void
ngx_pay_api_ending(ngx_pay_talk_t *talk)
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
        ngx_pay_api_refuse(talk, talk->core.op == PAY_OP_CLOSE
                                 ? PAY_E_ALREADY_PAID : PAY_E_STATE_CONFLICT,
                           NULL);
        return;

    case PAY_STATE_CLOSED:
    case PAY_STATE_FAILED:
        ngx_pay_talk_release(talk, ngx_pay_api_ended);
        return;

    default:
        ngx_pay_api_begin(talk);
    }
}


static void
ngx_pay_api_ended(ngx_pay_talk_t *talk)
{
    ngx_pay_api_object(talk->request, talk, &talk->object, NULL);
}
