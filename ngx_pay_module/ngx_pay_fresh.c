
/*
 * Copyright (C) the ngx_pay authors
 *
 * What is asked for, as an object: within the limits of the channel, which
 * are told before anything is sent.
 */

#include <ngx_pay_api.h>


/* of the 4 KiB of a record, with metadata: the rest has room */
#define NGX_PAY_RECEIVERS  3328


static const char *const  ngx_pay_channel_numbers[PAY_KIND_MAX] = {
    "", "channel_order_id", "channel_refund_id", "channel_transfer_id",
    "channel_split_id", "channel_return_id"
};


void
ngx_pay_api_payment(ngx_pay_talk_t *talk, pay_str_t order_id)
{
    pay_ask_t     *ask;
    pay_object_t  *p;

    p = &talk->payment;
    ask = &talk->ask;

    ngx_memzero(p, sizeof(pay_object_t));

    p->kind = PAY_KIND_PAYMENT;
    p->number = order_id;
    p->merchant = ngx_pay_str(&talk->ctx->merchant->id);
    p->channel = ask->channel;
    p->channel_number = ask->channel_order_id;
    p->currency = ask->currency;
    p->amount = ask->order_amount;
    p->created_at = ask->created_at;
}


pay_rc_t
ngx_pay_api_needs(ngx_pay_talk_t *talk, pay_error_t *e)
{
    int64_t              amount, created_at;
    unsigned             needs;
    pay_str_t            order_id, channel_order_id;
    const pay_ask_t     *ask;
    const pay_object_t  *p, *payment;

    needs = talk->channel->core.driver->can->needs[talk->core.op];

    ask = &talk->ask;
    p = &talk->object;
    payment = talk->core.payment;

    if (payment) {
        order_id = payment->number;
        channel_order_id = payment->channel_number;
        amount = payment->amount;
        created_at = payment->created_at ? payment->created_at
                                         : p->created_at;

    } else {
        order_id = p->kind == PAY_KIND_PAYMENT ? p->number : ask->order_id;
        channel_order_id = p->kind == PAY_KIND_PAYMENT ? p->channel_number
                                                       : ask->channel_order_id;
        amount = ask->order_amount;
        created_at = ask->created_at;
    }

    if ((needs & PAY_NEEDS_ORDER_ID) && order_id.len == 0) {
        return pay_error_set(e, PAY_E_FIELD_MISSING, "order_id");
    }

    if ((needs & PAY_NEEDS_CHANNEL_ORDER_ID) && channel_order_id.len == 0) {
        return pay_error_set(e, PAY_E_FIELD_MISSING, "channel_order_id");
    }

    if ((needs & PAY_NEEDS_CHANNEL_NUMBER) && p->channel_number.len == 0) {
        return pay_error_set(e, PAY_E_FIELD_MISSING,
                             ngx_pay_channel_numbers[p->kind]);
    }

    if ((needs & PAY_NEEDS_CREATED_AT) && created_at == 0) {
        return pay_error_set(e, PAY_E_FIELD_MISSING, "created_at");
    }

    if ((needs & PAY_NEEDS_ORDER_AMOUNT) && amount == 0) {
        return pay_error_set(e, PAY_E_FIELD_MISSING, "order_amount");
    }

    return PAY_OK;
}


/* the payment's, where there is one; a channel may have a single one */

static pay_rc_t
ngx_pay_api_currency(ngx_pay_talk_t *talk, pay_str_t *currency,
    pay_error_t *e)
{
    pay_str_t            asked, behind;
    const char *const   *c;

    c = talk->channel->core.driver->can->currencies;
    asked = talk->ask.currency;
    behind = talk->payment.currency;

    if (asked.len == 0) {
        *currency = behind.len || c[1] ? behind : pay_strz(c[0]);
        return PAY_OK;
    }

    while (*c && !pay_str_eqz(asked, *c)) {
        c++;
    }

    if (*c == NULL || (behind.len && !pay_str_eq(asked, behind))) {
        return pay_error_set(e, PAY_E_CURRENCY_UNSUPPORTED, "currency");
    }

    *currency = asked;

    return PAY_OK;
}


static pay_rc_t
ngx_pay_api_amount(ngx_pay_talk_t *talk, pay_error_t *e)
{
    int64_t           amount;
    const pay_can_t  *can;

    amount = talk->ask.amount;

    switch (talk->core.op) {

    case PAY_OP_SPLIT:
    case PAY_OP_SPLIT_FINISH:
        return PAY_OK;

    case PAY_OP_SPLIT_RETURN:
        return amount > 0 ? PAY_OK
               : pay_error_set(e, PAY_E_AMOUNT_INVALID, "amount");

    default:
        break;
    }

    can = talk->channel->core.driver->can;

    if (amount < can->amount_min || amount > can->amount_max) {
        return pay_error_set(e, PAY_E_AMOUNT_INVALID, "amount");
    }

    if (talk->core.op == PAY_OP_REFUND && talk->payment.amount
        && amount > talk->payment.amount)
    {
        return pay_error_set(e, PAY_E_AMOUNT_EXCEEDS_ORDER, "amount");
    }

    return PAY_OK;
}


pay_rc_t
ngx_pay_api_limits(ngx_pay_talk_t *talk, pay_error_t *e)
{
    pay_rc_t          rc;
    pay_str_t         prefix;
    pay_kind_t        kind, path;
    pay_ask_t        *ask;
    const pay_can_t  *can;

    ask = &talk->ask;
    can = talk->channel->core.driver->can;
    kind = pay_op_info(talk->core.op)->kind;
    path = ngx_pay_api_path(talk->core.op);
    prefix = talk->core.account->prefix;

    if (ask->manual_capture) {
        return pay_error_set(e, PAY_E_OPERATION_UNSUPPORTED, "capture");
    }

    if (!pay_can_number(can, kind, prefix, ask->number)) {
        return pay_error_set(e, PAY_E_FIELD_INVALID, pay_kind_number(kind));
    }

    if (path != PAY_KIND_NONE
        && !pay_can_number(can, path, prefix, talk->path))
    {
        return pay_error_set(e, PAY_E_FIELD_INVALID, pay_kind_number(path));
    }

    rc = ngx_pay_api_currency(talk, &talk->fresh.currency, e);
    rc = rc == PAY_OK ? ngx_pay_api_amount(talk, e) : rc;

    if (rc != PAY_OK) {
        return rc;
    }

    if (talk->core.op == PAY_OP_TRANSFER && ask->to_account.len == 0) {
        return pay_error_set(e, PAY_E_FIELD_MISSING, "to");
    }

    return PAY_OK;
}


/* the parts of a split, by amounts from here on */

static pay_rc_t
ngx_pay_api_receivers(ngx_pay_talk_t *talk, pay_error_t *e)
{
    size_t           i, n;
    int64_t          base;
    pay_ask_t       *ask;
    pay_receiver_t  *r;

    ask = &talk->ask;
    n = ask->nreceivers;
    base = ask->base ? ask->base : talk->payment.amount;

    if (talk->payment.amount && base > talk->payment.amount) {
        return pay_error_set(e, PAY_E_AMOUNT_EXCEEDS_ORDER, "base");
    }

    r = pay_alloc(talk->core.arena, n * sizeof(pay_receiver_t));
    if (r == NULL) {
        return PAY_ERROR;
    }

    ngx_memcpy(r, ask->receivers, n * sizeof(pay_receiver_t));

    for (i = 0; i < n; i++) {

        if ((r[i].amount < 0) == (r[i].ratio < 0)) {
            return pay_error_set(e, PAY_E_FIELD_INVALID, "receivers");
        }

        if (r[i].ratio >= 0 && base == 0) {
            return pay_error_set(e, PAY_E_FIELD_MISSING, "base");
        }
    }

    if (pay_split_amounts(r, n, base ? base : INT64_MAX / 2) != PAY_OK) {
        return pay_error_set(e, PAY_E_SPLIT_LIMIT, "receivers");
    }

    for (i = 0; i < n; i++) {

        if (r[i].amount == 0) {
            return pay_error_set(e, PAY_E_AMOUNT_INVALID, "receivers");
        }

        talk->fresh.amount += r[i].amount;
    }

    ask->receivers = r;

    return PAY_OK;
}


/* ... and as the driver writes them, until it does */

static pay_rc_t
ngx_pay_api_receivers_text(ngx_pay_talk_t *talk, pay_error_t *e)
{
    size_t                 i;
    const pay_receiver_t  *r;
    pay_json_writer_t     *w;

    w = pay_json_writer(talk->core.arena);
    if (w == NULL) {
        return PAY_ERROR;
    }

    pay_jw_array(w, NULL);

    for (i = 0; i < talk->ask.nreceivers; i++) {
        r = &talk->ask.receivers[i];

        pay_jw_object(w, NULL);
        pay_jw_str(w, "type", r->type);
        pay_jw_str(w, "account", r->account);
        pay_jw_int(w, "amount", r->amount);
        pay_jw_strz(w, "status", pay_state_name(PAY_STATE_PENDING));
        pay_jw_null(w, "failure");
        pay_jw_end(w);
    }

    pay_jw_end(w);

    talk->fresh.receivers = pay_jw_text(w);

    if (talk->fresh.receivers.data == NULL) {
        return PAY_ERROR;
    }

    return talk->fresh.receivers.len + talk->fresh.metadata.len
           <= NGX_PAY_RECEIVERS ? PAY_OK
           : pay_error_set(e, PAY_E_SPLIT_LIMIT, "receivers");
}


pay_rc_t
ngx_pay_api_fresh(ngx_pay_talk_t *talk, pay_error_t *e)
{
    pay_rc_t       rc;
    pay_ask_t     *ask;
    pay_object_t  *p;

    p = &talk->fresh;
    ask = &talk->ask;

    p->kind = pay_op_info(talk->core.op)->kind;
    p->number = ask->number;
    p->merchant = ngx_pay_str(&talk->ctx->merchant->id);
    p->channel = ngx_pay_str(&talk->channel->name);
    p->method = ask->method;
    p->state = PAY_STATE_PENDING;
    p->amount = ask->amount;
    p->created_at = ngx_time();
    p->metadata = ask->metadata;

    /* ratios are what is asked for, the amounts follow */

    if (pay_ask_fingerprint(p->fingerprint, talk->core.arena, talk->core.op,
                            ask) != 0)
    {
        return PAY_ERROR;
    }

    if (talk->path.len) {
        p->order_id = talk->path;
        p->channel_order_id = talk->payment.channel_number;
    }

    switch (talk->core.op) {

    case PAY_OP_PAY:
        p->expires_at = ask->expires_at
                        ? ask->expires_at
                        : p->created_at + talk->channel->order_expires;
        return PAY_OK;

    case PAY_OP_TRANSFER:

        /* the number of a card is not kept */

        if (!pay_str_eqz(ask->to_type, "card")) {
            p->payer = ask->to_account;
            p->user_id = !pay_str_eqz(ask->to_type, "openid");
        }

        return PAY_OK;

    case PAY_OP_SPLIT:
        rc = ngx_pay_api_receivers(talk, e);
        return rc == PAY_OK ? ngx_pay_api_receivers_text(talk, e) : rc;

    default:
        return PAY_OK;
    }
}
