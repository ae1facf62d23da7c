
/*
 * Copyright (C) the ngx_pay authors
 *
 * One path for all operations of the unified API: what is asked for is read,
 * what is behind it is loaded, and its record is claimed before the first
 * byte leaves (docs/design.md section 7).
 */

#include <ngx_pay_api.h>


#define NGX_PAY_LOCATORS_MAX  16


static void ngx_pay_api_behind(ngx_pay_talk_t *talk);
static void ngx_pay_api_remembered(ngx_pay_talk_t *talk);
static void ngx_pay_api_make(ngx_pay_talk_t *talk, pay_str_t channel);
static void ngx_pay_api_claimed(ngx_pay_talk_t *talk);
static void ngx_pay_api_reserved(ngx_pay_talk_t *talk);
static void ngx_pay_api_known(ngx_pay_talk_t *talk);
static void ngx_pay_api_refused(ngx_pay_talk_t *talk);


static const pay_kind_t  ngx_pay_api_paths[PAY_OP_MAX] = {
    [PAY_OP_REFUND] = PAY_KIND_PAYMENT,
    [PAY_OP_SPLIT] = PAY_KIND_PAYMENT,
    [PAY_OP_SPLIT_FINISH] = PAY_KIND_PAYMENT,
    [PAY_OP_SPLIT_RETURN] = PAY_KIND_SPLIT,
    [PAY_OP_SPLIT_RETURN_QUERY] = PAY_KIND_SPLIT
};


pay_kind_t
ngx_pay_api_path(pay_op_t op)
{
    return ngx_pay_api_paths[op];
}


ngx_pay_talk_t *
ngx_pay_api_talk(ngx_http_request_t *r, ngx_pay_ctx_t *ctx)
{
    ngx_pay_talk_t  *talk;

    talk = ngx_pay_talk_create(r, ctx, ctx->op);
    if (talk == NULL) {
        return NULL;
    }

    talk->record = ngx_pay_api_record;
    talk->done = ngx_pay_api_done;

    return talk;
}


/* a channel that the merchant may use; another's is as good as none */

ngx_uint_t
ngx_pay_api_channel(ngx_pay_talk_t *talk, pay_str_t name)
{
    ngx_str_t             s;
    ngx_pay_channel_t    *ch;
    ngx_pay_account_t    *account;
    ngx_http_request_t   *r;
    ngx_pay_main_conf_t  *mcf;

    r = talk->request;
    mcf = ngx_http_get_module_main_conf(r, ngx_http_pay_module);

    if (name.len == 0) {
        ngx_pay_api_error(r, PAY_E_FIELD_MISSING, "channel");
        return 0;
    }

    s = ngx_pay_nstr(name);
    ch = ngx_pay_channel_find(mcf, &s);
    account = ch ? ngx_pay_merchant_account(talk->ctx->merchant, ch) : NULL;

    if (account == NULL) {
        ngx_pay_api_error(r, PAY_E_CHANNEL_FORBIDDEN, "channel");
        return 0;
    }

    ngx_pay_talk_with(talk, ch);
    talk->core.account = &account->core;

    if (!pay_driver_can(ch->core.driver, talk->core.op, talk->ask.method)) {
        ngx_pay_api_error(r, PAY_E_OPERATION_UNSUPPORTED,
                          talk->ask.method ? "method" : NULL);
        return 0;
    }

    return 1;
}


ngx_int_t
ngx_pay_api_key(ngx_pay_talk_t *talk, ngx_pay_record_t *o, pay_kind_t kind,
    pay_str_t number)
{
    if (ngx_pay_store_key(&o->op, pay_kind_name(kind),
                          ngx_pay_str(&talk->ctx->merchant->id), number,
                          PAY_STR("")) == NGX_OK)
    {
        return NGX_OK;
    }

    ngx_pay_api_error(talk->request, PAY_E_INTERNAL_ERROR, NULL);

    return NGX_ERROR;
}


/* a number of the path, in the arena of the talk, which outlives the request */

static pay_rc_t
ngx_pay_api_number(ngx_pay_talk_t *talk, pay_str_t number, pay_kind_t kind,
    pay_str_t *out, pay_error_t *e)
{
    if (!pay_number_valid(number)) {
        return pay_error_set(e, PAY_E_FIELD_INVALID, pay_kind_number(kind));
    }

    *out = pay_str_dup(talk->core.arena, number);

    return out->data ? PAY_OK : PAY_ERROR;
}


static pay_rc_t
ngx_pay_api_numbers(ngx_pay_talk_t *talk, const pay_str_t *numbers,
    pay_error_t *e)
{
    pay_rc_t              rc;
    pay_kind_t            path;
    const pay_op_info_t  *info;

    info = pay_op_info(talk->core.op);
    path = ngx_pay_api_path(talk->core.op);

    if (path != PAY_KIND_NONE) {
        rc = ngx_pay_api_number(talk, *numbers++, path, &talk->path, e);
        if (rc != PAY_OK) {
            return rc;
        }
    }

    if (path == PAY_KIND_PAYMENT) {

        if (talk->ask.order_id.len
            && !pay_str_eq(talk->ask.order_id, talk->path))
        {
            return pay_error_set(e, PAY_E_FIELD_INVALID, "order_id");
        }

        talk->ask.order_id = talk->path;
    }

    if (info->creates || info->kind == PAY_KIND_NONE) {
        return PAY_OK;
    }

    return ngx_pay_api_number(talk, *numbers, info->kind, &talk->ask.number,
                              e);
}


/* what makes an object has a body; all else has locators, there or here */

static pay_rc_t
ngx_pay_api_ask(ngx_pay_talk_t *talk, const pay_str_t *numbers,
    pay_str_t body, pay_error_t *e)
{
    pay_rc_t              rc;
    pay_str_t             args;
    pay_form_t            form;
    pay_arena_t          *a;
    const pay_op_info_t  *info;

    a = talk->core.arena;
    args = ngx_pay_str(&talk->request->args);
    info = pay_op_info(talk->core.op);

    if (args.len && body.len) {
        return pay_error_set(e, PAY_E_FIELD_INVALID, NULL);
    }

    if (body.len || info->creates || info->kind == PAY_KIND_NONE) {
        rc = pay_ask_parse(a, talk->core.op, body, &talk->ask, e);

    } else {
        ngx_memzero(&form, sizeof(pay_form_t));

        if (args.len && pay_form_parse(a, args, NGX_PAY_LOCATORS_MAX, &form)
                        != PAY_OK)
        {
            return pay_error_set(e, PAY_E_FIELD_INVALID, NULL);
        }

        rc = pay_ask_form(a, talk->core.op, &form, &talk->ask, e);
    }

    return rc == PAY_OK ? ngx_pay_api_numbers(talk, numbers, e) : rc;
}


static void
ngx_pay_api_receiver(ngx_pay_talk_t *talk)
{
    if (!ngx_pay_api_channel(talk, talk->ask.channel)) {
        return;
    }

    talk->object.merchant = ngx_pay_str(&talk->ctx->merchant->id);
    talk->object.channel = talk->ask.channel;

    ngx_pay_api_begin(talk);
}


void
ngx_pay_api_operation(ngx_http_request_t *r, ngx_pay_ctx_t *ctx,
    const pay_str_t *numbers, pay_str_t body)
{
    pay_rc_t              rc;
    pay_error_t           e;
    ngx_pay_talk_t       *talk;
    const pay_op_info_t  *info;

    ngx_memzero(&e, sizeof(pay_error_t));

    info = pay_op_info(ctx->op);
    talk = ngx_pay_api_talk(r, ctx);
    rc = talk ? ngx_pay_api_ask(talk, numbers, body, &e) : PAY_ERROR;

    if (rc != PAY_OK) {

        if (rc == PAY_ERROR) {
            e.code = PAY_E_INTERNAL_ERROR;
        }

        ngx_pay_api_fail(r, &e);
        return;
    }

    ctx->kind = info->kind;
    ctx->number = ngx_pay_keep(r, talk->ask.number);
    ctx->order_id = info->kind == PAY_KIND_PAYMENT
                    ? ctx->number : ngx_pay_keep(r, talk->ask.order_id);

    if (info->kind == PAY_KIND_NONE) {
        ngx_pay_api_receiver(talk);
        return;
    }

    if (!info->creates) {
        ngx_pay_api_lookup(talk);
        return;
    }

    if (ngx_pay_api_path(ctx->op) == PAY_KIND_NONE) {
        ngx_pay_api_make(talk, talk->ask.channel);
        return;
    }

    if (ngx_pay_api_key(talk, &talk->behind, ngx_pay_api_path(ctx->op),
                        talk->path) != NGX_OK)
    {
        return;
    }

    talk->ledger = ctx->op == PAY_OP_REFUND;

    ngx_pay_talk_load_behind(talk, ngx_pay_api_behind);
}


/* nobody refunds or splits what was not paid */

static void
ngx_pay_api_behind(ngx_pay_talk_t *talk)
{
    switch (talk->behind.rc) {

    case PAY_OK:
        break;

    case PAY_DECLINED:
        ngx_pay_api_payment(talk, talk->path);

        if (talk->ask.channel.len) {
            ngx_pay_api_make(talk, talk->ask.channel);
            return;
        }

        /* the object itself may tell the channel */

        if (ngx_pay_api_key(talk, &talk->rec, pay_op_info(talk->core.op)->kind,
                            talk->ask.number) == NGX_OK)
        {
            ngx_pay_talk_load(talk, ngx_pay_api_remembered);
        }

        return;

    default:
        ngx_pay_api_error(talk->request, PAY_E_STORE_UNAVAILABLE, NULL);
        return;
    }

    if (talk->payment.kind == PAY_KIND_PAYMENT
        && talk->payment.state != PAY_STATE_SUCCEEDED)
    {
        ngx_pay_api_error(talk->request, PAY_E_STATE_CONFLICT, NULL);
        return;
    }

    ngx_pay_api_make(talk, talk->payment.channel);
}


static void
ngx_pay_api_remembered(ngx_pay_talk_t *talk)
{
    if (talk->rec.rc != PAY_OK && talk->rec.rc != PAY_DECLINED) {
        ngx_pay_api_error(talk->request, PAY_E_STORE_UNAVAILABLE, NULL);
        return;
    }

    if (talk->rec.rc == PAY_OK) {
        talk->payment.channel = talk->object.channel;
        talk->payment.channel_number = talk->object.channel_order_id;
        talk->payment.currency = talk->object.currency;
    }

    ngx_pay_api_make(talk, talk->payment.channel);
}


/* the text that the channel gives back proves whose payment it is */

static pay_rc_t
ngx_pay_api_echo(ngx_pay_talk_t *talk)
{
    pay_object_t         *p;
    ngx_pay_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(talk->request, ngx_http_pay_module);
    p = &talk->fresh;

    if (mcf->secret == NULL || p->kind != PAY_KIND_PAYMENT
        || !talk->channel->core.driver->can->echoes)
    {
        return PAY_OK;
    }

    talk->core.echo = pay_echo_make(talk->core.arena, p->merchant, p->number,
                                    p->amount, p->currency, mcf->secret);

    return talk->core.echo.data ? PAY_OK : PAY_ERROR;
}


static void
ngx_pay_api_make(ngx_pay_talk_t *talk, pay_str_t channel)
{
    pay_rc_t     rc;
    pay_error_t  e;

    if (!ngx_pay_api_channel(talk, channel)) {
        return;
    }

    if (ngx_pay_api_path(talk->core.op) == PAY_KIND_PAYMENT) {
        talk->payment.channel = ngx_pay_str(&talk->channel->name);
        talk->core.payment = &talk->payment;
    }

    ngx_memzero(&e, sizeof(pay_error_t));

    rc = ngx_pay_api_limits(talk, &e);
    rc = rc == PAY_OK ? ngx_pay_api_fresh(talk, &e) : rc;
    rc = rc == PAY_OK ? ngx_pay_api_echo(talk) : rc;

    if (rc != PAY_OK) {

        if (rc == PAY_ERROR) {
            e.code = PAY_E_INTERNAL_ERROR;
        }

        ngx_pay_api_fail(talk->request, &e);
        return;
    }

    if (ngx_pay_api_key(talk, &talk->rec, talk->fresh.kind,
                        talk->fresh.number) == NGX_OK)
    {
        ngx_pay_talk_claim(talk, &talk->fresh, ngx_pay_api_claimed);
    }
}


/* an object that is over needs no channel, nor a code that has expired */

static ngx_uint_t
ngx_pay_api_over(const pay_object_t *p)
{
    if (p->kind == PAY_KIND_PAYMENT) {
        return p->state != PAY_STATE_PENDING || p->expires_at <= ngx_time();
    }

    return p->state == PAY_STATE_FAILED || pay_state_final(p->kind, p->state);
}


static void
ngx_pay_api_claimed(ngx_pay_talk_t *talk)
{
    pay_error_t          e;
    pay_object_t        *p;
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
        ngx_pay_api_error(r, PAY_E_IDEMPOTENCY_CONFLICT,
                          pay_kind_number(talk->fresh.kind));
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

    if (talk->core.known == PAY_KNOWN_OPEN && ngx_pay_api_over(p)) {
        ngx_pay_talk_release(talk, ngx_pay_api_known);
        return;
    }

    if (talk->core.known == PAY_KNOWN_NEW && p->kind == PAY_KIND_PAYMENT
        && (p->expires_at < ngx_time() + can->expires_min
            || p->expires_at > ngx_time() + can->expires_max))
    {
        ngx_pay_api_refuse(talk, PAY_E_FIELD_INVALID, "expires_at");
        return;
    }

    /* what a notice made does not know what was asked for */

    if (p->amount == 0) {
        p->amount = talk->fresh.amount;
        p->currency = talk->fresh.currency;
    }

    ngx_memzero(&e, sizeof(pay_error_t));

    if (talk->core.payment && talk->behind.rc == PAY_DECLINED
        && talk->core.known != PAY_KNOWN_OPEN
        && ngx_pay_api_needs(talk, &e) != PAY_OK)
    {
        talk->core.error = e;
        ngx_pay_talk_release(talk, ngx_pay_api_refused);
        return;
    }

    if (talk->ledger) {
        ngx_pay_refund_reserve(talk, ngx_pay_api_reserved);
        return;
    }

    ngx_pay_api_begin(talk);
}


/* the store may have forgotten the payment: then the channel alone knows */

static void
ngx_pay_api_reserved(ngx_pay_talk_t *talk)
{
    if (talk->verdict != PAY_E_NONE) {
        ngx_pay_api_refuse(talk, talk->verdict,
                           talk->verdict == PAY_E_AMOUNT_EXCEEDS_ORDER
                           ? "amount" : NULL);
        return;
    }

    if (talk->behind.rc != PAY_OK
        && (talk->behind.rc != PAY_DECLINED || talk->reserved))
    {
        ngx_pay_api_refuse(talk, PAY_E_STORE_UNAVAILABLE, NULL);
        return;
    }

    ngx_pay_api_begin(talk);
}


static void
ngx_pay_api_known(ngx_pay_talk_t *talk)
{
    ngx_pay_api_object(talk->request, talk, &talk->object, NULL);
}


void
ngx_pay_api_refuse(ngx_pay_talk_t *talk, pay_code_t code, const char *param)
{
    (void) pay_error_set(&talk->core.error, code, param);

    ngx_pay_talk_release(talk, ngx_pay_api_refused);
}


static void
ngx_pay_api_refused(ngx_pay_talk_t *talk)
{
    ngx_pay_api_fail(talk->request, &talk->core.error);
}


void
ngx_pay_api_begin(ngx_pay_talk_t *talk)
{
    ngx_pay_talk_run(talk, talk->channel->core.driver->begin(&talk->core));
}
