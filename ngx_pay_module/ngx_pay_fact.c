
/*
 * Copyright (C) the ngx_pay authors
 *
 * What a verified notice says: of whose object, and for how much; what that
 * changes in the store, and the event that it makes (docs/design.md section
 * 8, notice rules).
 */

#include <ngx_pay_notify.h>


static void ngx_pay_fact_loaded(ngx_pay_talk_t *talk);
static void ngx_pay_fact_known(ngx_pay_talk_t *talk);
static void ngx_pay_fact_applied(ngx_pay_talk_t *talk);
static void ngx_pay_fact_settled(ngx_pay_talk_t *talk);
static void ngx_pay_fact_event(ngx_pay_talk_t *talk);


/* the same number on another channel is another object */

static const char *const  ngx_pay_fact_others[PAY_KIND_MAX] = {
    "", "other", "other_refund", "other_transfer", "other_split",
    "other_return"
};


/* the merchant's number behind his prefix; 0: it is not his */

static ngx_uint_t
ngx_pay_fact_number(const pay_account_t *account, pay_str_t *number)
{
    size_t  n;

    n = account->prefix.len;

    if (number->len <= n || ngx_memcmp(number->data, account->prefix.data, n)
                            != 0)
    {
        return 0;
    }

    number->data += n;
    number->len -= n;

    return 1;
}


/* 1 if the text that the channel gives back was made for this merchant */

static ngx_uint_t
ngx_pay_fact_proven(ngx_pay_talk_t *talk, ngx_pay_account_t *account)
{
    pay_str_t             echo, named, number;
    pay_fact_t           *f;
    ngx_pay_main_conf_t  *mcf;

    f = &talk->core.fact;
    mcf = talk->rec.op.conf;
    number = f->number;

    if (mcf->secret == NULL || f->kind != PAY_KIND_PAYMENT
        || pay_echo_merchant(f->echo, &named) != PAY_OK
        || !pay_str_eq(named, ngx_pay_str(&account->merchant->id))
        || !ngx_pay_fact_number(&account->core, &number))
    {
        return 0;
    }

    echo = pay_echo_make(talk->core.arena, named, number, f->amount,
                         f->currency, mcf->secret);

    return echo.data && echo.len == f->echo.len
           && pay_equal_secret(echo.data, f->echo.data, echo.len);
}


/*
 * Whose it is: nothing that the channel tells may speak against it; of
 * several the text decides that we had sent, else the longest prefix.  NULL:
 * nobody's.
 */

static ngx_pay_account_t *
ngx_pay_fact_account(ngx_pay_talk_t *talk)
{
    pay_str_t            number;
    pay_fact_t          *f;
    ngx_uint_t           i, same;
    ngx_pay_account_t  **all, *a, *best;

    f = &talk->core.fact;
    all = talk->channel->accounts.elts;
    best = NULL;
    same = 0;

    for (i = 0; i < talk->channel->accounts.nelts; i++) {

        a = all[i];
        number = f->number;

        if (!ngx_pay_fact_number(&a->core, &number)
            || (f->sub_merchant.len
                && !pay_str_eq(f->sub_merchant, a->core.sub_merchant)))
        {
            continue;
        }

        if (talk->channel->accounts.nelts > 1 && ngx_pay_fact_proven(talk, a))
        {
            return a;
        }

        if (best && best->core.prefix.len == a->core.prefix.len) {
            same = 1;

        } else if (best == NULL
                   || best->core.prefix.len < a->core.prefix.len)
        {
            best = a;
            same = 0;
        }
    }

    return same ? NULL : best;
}


/*
 * For how much it was: by the store, or by the text that the channel echoes.
 * NGX_OK: it is right; NGX_DECLINED: nobody knows; NGX_ABORT: it is wrong.
 */

static ngx_int_t
ngx_pay_fact_amount(ngx_pay_main_conf_t *mcf, ngx_pay_talk_t *talk,
    pay_str_t merchant, ngx_uint_t stored)
{
    pay_str_t      echo, named;
    pay_fact_t    *f;
    pay_object_t  *p;

    f = &talk->core.fact;
    p = &talk->object;

    if (stored && p->amount) {

        /* what was paid must be told; of the rest a channel may be silent */

        if (f->amount < 0 && !(f->kind == PAY_KIND_PAYMENT
                               && f->state == PAY_STATE_SUCCEEDED))
        {
            return NGX_DECLINED;
        }

        return f->amount == p->amount
               && (pay_str_eq(f->currency, p->currency)
                   || (f->kind != PAY_KIND_PAYMENT && f->currency.len == 0))
               ? NGX_OK : NGX_ABORT;
    }

    if (f->kind != PAY_KIND_PAYMENT || mcf->secret == NULL
        || pay_echo_merchant(f->echo, &named) != PAY_OK)
    {
        return NGX_DECLINED;
    }

    echo = pay_echo_make(talk->core.arena, merchant, f->number, f->amount,
                         f->currency, mcf->secret);

    if (echo.data == NULL) {
        return NGX_ERROR;
    }

    return echo.len == f->echo.len
           && pay_equal_secret(echo.data, f->echo.data, echo.len) ? NGX_OK
                                                                  : NGX_ABORT;
}


/* an amount that nobody could check is not kept: a copy would prove it */

static void
ngx_pay_fact_blank(ngx_pay_talk_t *talk, pay_str_t merchant,
    ngx_uint_t checked)
{
    pay_fact_t    *f;
    pay_object_t  *p;

    f = &talk->core.fact;
    p = &talk->object;

    ngx_memzero(p, sizeof(pay_object_t));

    p->kind = f->kind;
    p->number = f->number;
    p->merchant = merchant;
    p->channel = ngx_pay_str(&talk->channel->name);
    p->order_id = f->order_id;
    p->channel_order_id = f->channel_order_id;
    p->state = PAY_STATE_PENDING;
    p->answered = 1;

    if (checked) {
        p->amount = f->amount;
        p->currency = f->currency;
    }
}


/* the event says what the channel said where nobody knows better */

static void
ngx_pay_fact_told(ngx_pay_talk_t *talk)
{
    if (talk->object.amount == 0 && talk->core.fact.amount > 0) {
        talk->object.amount = talk->core.fact.amount;

        if (talk->core.fact.currency.len) {
            talk->object.currency = talk->core.fact.currency;
        }
    }
}


static void
ngx_pay_fact_load(ngx_pay_talk_t *talk, const char *what, pay_str_t a,
    pay_str_t b, pay_str_t c, ngx_pay_talk_pt next)
{
    if (ngx_pay_store_key(&talk->rec.op, what, a, b, c) != NGX_OK) {
        ngx_pay_notify_later(talk);
        return;
    }

    ngx_pay_talk_load(talk, next);
}


void
ngx_pay_notify_fact(ngx_pay_talk_t *talk)
{
    pay_fact_t          *f;
    ngx_pay_ctx_t       *ctx;
    ngx_pay_account_t   *account;
    ngx_http_request_t  *r;

    r = talk->request;
    ctx = talk->ctx;
    f = &talk->core.fact;

    account = ngx_pay_fact_account(talk);

    if (account == NULL) {
        (void) pay_talk_fail(&talk->core, PAY_E_CHANNEL_FORBIDDEN, "identity");
        ngx_pay_notify_refuse(talk);
        return;
    }

    talk->core.account = &account->core;

    (void) ngx_pay_fact_number(&account->core, &f->number);

    if (f->order_id.len && !ngx_pay_fact_number(&account->core, &f->order_id))
    {
        f->order_id = PAY_STR("");
    }

    ctx->merchant = account->merchant;
    ctx->kind = f->kind;
    ctx->number = ngx_pay_keep(r, f->number);
    ctx->order_id = f->kind == PAY_KIND_PAYMENT
                    ? ctx->number : ngx_pay_keep(r, f->order_id);
    ctx->currency = ngx_pay_keep(r, f->currency);
    ctx->amount = ngx_max(f->amount, 0);

    ngx_pay_fact_load(talk, pay_kind_name(f->kind),
                      ngx_pay_str(&ctx->merchant->id), f->number, PAY_STR(""),
                      ngx_pay_fact_loaded);
}


static void
ngx_pay_fact_loaded(ngx_pay_talk_t *talk)
{
    pay_str_t  channel;

    channel = ngx_pay_str(&talk->channel->name);

    if (talk->rec.rc != PAY_OK
        || pay_str_eq(talk->object.channel, channel))
    {
        ngx_pay_fact_known(talk);
        return;
    }

    ngx_pay_fact_load(talk, ngx_pay_fact_others[talk->core.fact.kind], channel,
                      talk->core.fact.number,
                      ngx_pay_str(&talk->ctx->merchant->id),
                      ngx_pay_fact_known);
}


static void
ngx_pay_fact_mismatch(ngx_pay_talk_t *talk)
{
    pay_fact_t     *f;
    pay_event_t    *event;
    ngx_pay_ctx_t  *ctx;

    ctx = talk->ctx;
    f = &talk->core.fact;
    event = ctx->data;

    if (f->kind == PAY_KIND_PAYMENT) {
        ngx_log_error(NGX_LOG_ERR, talk->request->connection->log, 0,
                      "pay: channel \"%V\" says that order \"%V\" was paid "
                      "with %L %V: that is not the amount of the order",
                      &talk->channel->name, &ctx->order_id, f->amount,
                      &ctx->currency);
    } else {
        ngx_log_error(NGX_LOG_ERR, talk->request->connection->log, 0,
                      "pay: channel \"%V\" says that %s \"%V\" is of %L %V: "
                      "that is not its amount", &talk->channel->name,
                      pay_kind_name(f->kind), &ctx->number, f->amount,
                      &ctx->currency);
    }

    event->type = pay_event_of_mismatch(f->kind);
    ngx_pay_fact_told(talk);
    talk->object.amount_paid = ngx_max(f->amount, 0);
    talk->object.channel_number = f->channel_number;

    ngx_pay_notify_deliver(talk->request, talk, event);
}


static void
ngx_pay_fact_known(ngx_pay_talk_t *talk)
{
    pay_rc_t              rc;
    pay_str_t             merchant;
    ngx_int_t             amount;
    pay_event_t          *event;
    ngx_pay_ctx_t        *ctx;
    ngx_pay_main_conf_t  *mcf;

    mcf = talk->rec.op.conf;
    ctx = talk->ctx;
    rc = talk->rec.rc;
    merchant = ngx_pay_str(&ctx->merchant->id);

    amount = rc == PAY_OK || rc == PAY_DECLINED
             ? ngx_pay_fact_amount(mcf, talk, merchant, rc == PAY_OK)
             : NGX_ERROR;

    event = ngx_pcalloc(talk->request->pool, sizeof(pay_event_t));

    if (amount == NGX_ERROR || event == NULL) {
        ngx_pay_notify_later(talk);
        return;
    }

    if (rc == PAY_DECLINED) {
        ngx_pay_fact_blank(talk, merchant, amount == NGX_OK);
    }

    event->created_at = ngx_time();
    event->merchant = merchant;
    event->channel = ngx_pay_str(&talk->channel->name);
    event->source = "notice";
    event->test = talk->channel->core.sandbox;
    event->amount_checked = amount == NGX_OK;
    event->object = &talk->object;

    ctx->data = event;

    if (amount == NGX_ABORT) {
        ngx_pay_fact_mismatch(talk);
        return;
    }

    talk->applied = talk->object;
    ngx_pay_talk_apply(talk, 0, 1, ngx_pay_fact_applied);
}


/* a refund changes the sum of its payment before anybody hears of it */

static void
ngx_pay_fact_applied(ngx_pay_talk_t *talk)
{
    pay_object_t  *p;
    pay_change_t   change;

    /* the store is full: the event is worth more than the record */

    if (talk->rec.rc != PAY_OK && talk->rec.rc != PAY_DECLINED) {
        ngx_pay_notify_later(talk);
        return;
    }

    p = &talk->object;
    *p = talk->applied;
    talk->ctx->state = p->state;

    if (talk->ctx->currency.len == 0) {
        talk->ctx->currency = ngx_pay_keep(talk->request, p->currency);
    }

    change = talk->rec.change;

    if (p->order_id.len == 0) {
        p->order_id = talk->core.fact.order_id;
    }

    if (p->kind != PAY_KIND_REFUND || p->order_id.len == 0
        || (change != PAY_CHANGE_STATE && change != PAY_CHANGE_NONE))
    {
        ngx_pay_fact_event(talk);
        return;
    }

    talk->ctx->order_id = ngx_pay_keep(talk->request, p->order_id);

    if (ngx_pay_store_key(&talk->behind.op, pay_kind_name(PAY_KIND_PAYMENT),
                          ngx_pay_str(&talk->ctx->merchant->id), p->order_id,
                          PAY_STR("")) != NGX_OK)
    {
        ngx_pay_notify_later(talk);
        return;
    }

    ngx_pay_refund_settle(talk, p->state, ngx_pay_fact_settled);
}


static void
ngx_pay_fact_settled(ngx_pay_talk_t *talk)
{
    if (talk->behind.rc != PAY_OK && talk->behind.rc != PAY_DECLINED) {
        ngx_pay_notify_later(talk);
        return;
    }

    ngx_pay_fact_event(talk);
}


static void
ngx_pay_fact_event(ngx_pay_talk_t *talk)
{
    pay_fact_t          *f;
    pay_event_t         *event;
    ngx_pay_ctx_t       *ctx;
    ngx_http_request_t  *r;

    r = talk->request;
    ctx = talk->ctx;
    event = ctx->data;
    f = &talk->core.fact;

    ngx_pay_fact_told(talk);

    switch (talk->rec.change) {

    case PAY_CHANGE_DROPPED:
        ngx_pay_notify_reply(r, talk, PAY_ACK_OK, NGX_PAY_NOTICE_DROPPED, 0);
        return;

    case PAY_CHANGE_DUPLICATE:

        if (f->kind != PAY_KIND_PAYMENT) {
            event->type = pay_event_of_mismatch(f->kind);
            break;
        }

        event->type = PAY_EVENT_PAYMENT_DUPLICATE;
        talk->object.channel_number = f->channel_number;
        talk->object.done_at = f->done_at;

        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "pay: order \"%V\" of channel \"%V\" was paid twice",
                      &ctx->order_id, &talk->channel->name);
        break;

    case PAY_CHANGE_MISMATCH:
        event->type = pay_event_of_mismatch(f->kind);
        break;

    default:
        event->type = pay_event_of_state(f->kind, f->state);
        break;
    }

    if (event->type == PAY_EVENT_NONE) {
        ngx_pay_notify_reply(r, talk, PAY_ACK_OK, NGX_PAY_NOTICE_DROPPED, 0);
        return;
    }

    ngx_pay_notify_deliver(r, talk, event);
}
