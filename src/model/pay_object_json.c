
/*
 * Copyright (C) the ngx_pay authors
 *
 * An object as the merchant sees it (docs/design.md section 7).
 */

#include <base/pay_time.h>
#include <model/pay_object.h>


static void
pay_json_time(pay_json_writer_t *w, pay_arena_t *a, const char *key, int64_t t)
{
    if (t == 0) {
        pay_jw_null(w, key);
        return;
    }

    pay_jw_str(w, key, pay_time_format(a, t, PAY_UTC));
}


static void
pay_action_json(pay_json_writer_t *w, pay_arena_t *a,
    const pay_action_t *action)
{
    const char  *why;
    pay_json_t  *params;

    if (action == NULL || action->kind == PAY_ACTION_NONE) {
        pay_jw_null(w, "next_action");
        return;
    }

    pay_jw_object(w, "next_action");

    switch (action->kind) {

    case PAY_ACTION_QR_CODE:
        pay_jw_strz(w, "type", "qr_code");
        pay_jw_str(w, "url", action->value);
        break;

    case PAY_ACTION_REDIRECT:
        pay_jw_strz(w, "type", "redirect");
        pay_jw_str(w, "url", action->value);
        break;

    case PAY_ACTION_FORM:
        pay_jw_strz(w, "type", "form");
        pay_jw_str(w, "html", action->value);
        break;

    case PAY_ACTION_PARAMS:
        pay_jw_strz(w, "type", action->type);

        if (pay_json_parse(a, action->value, &params, &why) == PAY_OK) {
            pay_jw_tree(w, "params", params);
        }

        break;

    default:
        pay_jw_strz(w, "type", "wait");
        break;
    }

    pay_jw_end(w);
}


static void
pay_payer_json(pay_json_writer_t *w, const pay_object_t *p)
{
    if (p->payer.len == 0) {
        pay_jw_null(w, "payer");
        return;
    }

    pay_jw_object(w, "payer");
    pay_jw_str(w, p->user_id ? "user_id" : "openid", p->payer);
    pay_jw_end(w);
}


static void
pay_tree_json(pay_json_writer_t *w, pay_arena_t *a, const char *key,
    pay_str_t text)
{
    const char  *why;
    pay_json_t  *tree;

    if (text.len && pay_json_parse(a, text, &tree, &why) == PAY_OK) {
        pay_jw_tree(w, key, tree);

    } else {
        pay_jw_null(w, key);
    }
}


static void
pay_payment_json(pay_json_writer_t *w, pay_arena_t *a, const pay_object_t *p,
    const pay_action_t *action)
{
    if (p->method == PAY_METHOD_NONE) {
        pay_jw_null(w, "method");

    } else {
        pay_jw_strz(w, "method", pay_method_name(p->method));
    }

    pay_jw_opt(w, "channel_order_id", p->channel_number);
    pay_jw_strz(w, "status", pay_state_name(p->state));
    pay_jw_int(w, "amount", p->amount);
    pay_jw_opt(w, "currency", p->currency);
    pay_jw_int(w, "amount_paid", p->amount_paid);
    pay_jw_int(w, "amount_refunded", p->amount_refunded);
    pay_jw_strz(w, "refund_status", pay_refund_status_name(p->refund_status));
    pay_action_json(w, a, action);
    pay_payer_json(w, p);
    pay_jw_opt(w, "failure", p->failure);
    pay_jw_bool(w, "closing", p->closing);
    pay_jw_bool(w, "late", p->late);
    pay_json_time(w, a, "created_at", p->created_at);
    pay_json_time(w, a, "expires_at", p->expires_at);
    pay_json_time(w, a, "paid_at", p->done_at);
    pay_json_time(w, a, "closed_at", p->closed_at);
}


static void
pay_refund_json(pay_json_writer_t *w, pay_arena_t *a, const pay_object_t *p,
    const pay_action_t *action)
{
    (void) action;

    pay_jw_opt(w, "order_id", p->order_id);
    pay_jw_opt(w, "channel_order_id", p->channel_order_id);
    pay_jw_opt(w, "channel_refund_id", p->channel_number);
    pay_jw_strz(w, "status", pay_state_name(p->state));
    pay_jw_int(w, "amount", p->amount);
    pay_jw_opt(w, "currency", p->currency);
    pay_jw_opt(w, "account", p->account);
    pay_jw_opt(w, "failure", p->failure);
    pay_json_time(w, a, "created_at", p->created_at);
    pay_json_time(w, a, "succeeded_at", p->done_at);
}


static void
pay_transfer_json(pay_json_writer_t *w, pay_arena_t *a,
    const pay_object_t *p, const pay_action_t *action)
{
    pay_jw_opt(w, "channel_transfer_id", p->channel_number);
    pay_jw_strz(w, "status", pay_state_name(p->state));
    pay_jw_int(w, "amount", p->amount);
    pay_jw_opt(w, "currency", p->currency);
    pay_action_json(w, a, action);
    pay_jw_opt(w, "failure", p->failure);
    pay_json_time(w, a, "created_at", p->created_at);
    pay_json_time(w, a, "succeeded_at", p->done_at);
}


/* receivers: [{type, account, amount, status, failure}] as the driver wrote */

static void
pay_split_json(pay_json_writer_t *w, pay_arena_t *a, const pay_object_t *p,
    const pay_action_t *action)
{
    (void) action;

    pay_jw_opt(w, "order_id", p->order_id);
    pay_jw_opt(w, "channel_order_id", p->channel_order_id);
    pay_jw_opt(w, "channel_split_id", p->channel_number);
    pay_jw_strz(w, "status", pay_state_name(p->state));
    pay_tree_json(w, a, "receivers", p->receivers);
    pay_jw_opt(w, "failure", p->failure);
    pay_json_time(w, a, "created_at", p->created_at);
    pay_json_time(w, a, "succeeded_at", p->done_at);
}


static void
pay_split_return_json(pay_json_writer_t *w, pay_arena_t *a,
    const pay_object_t *p, const pay_action_t *action)
{
    (void) action;

    pay_jw_opt(w, "split_id", p->order_id);
    pay_jw_opt(w, "channel_return_id", p->channel_number);
    pay_jw_strz(w, "status", pay_state_name(p->state));
    pay_jw_int(w, "amount", p->amount);
    pay_jw_opt(w, "failure", p->failure);
    pay_json_time(w, a, "created_at", p->created_at);
    pay_json_time(w, a, "succeeded_at", p->done_at);
}


static void (*const  pay_kinds_json[PAY_KIND_MAX])(pay_json_writer_t *w,
    pay_arena_t *a, const pay_object_t *p, const pay_action_t *action) = {

    [PAY_KIND_PAYMENT] = pay_payment_json,
    [PAY_KIND_REFUND] = pay_refund_json,
    [PAY_KIND_TRANSFER] = pay_transfer_json,
    [PAY_KIND_SPLIT] = pay_split_json,
    [PAY_KIND_SPLIT_RETURN] = pay_split_return_json
};


void
pay_object_json(pay_json_writer_t *w, pay_arena_t *a, const char *key,
    const pay_object_t *p, const pay_action_t *action, int test)
{
    pay_jw_object(w, key);
    pay_jw_strz(w, "object", pay_kind_name(p->kind));
    pay_jw_str(w, pay_kind_number(p->kind), p->number);
    pay_jw_str(w, "merchant", p->merchant);
    pay_jw_str(w, "channel", p->channel);

    if (p->kind < PAY_KIND_MAX && pay_kinds_json[p->kind]) {
        pay_kinds_json[p->kind](w, a, p, action);
    }

    pay_tree_json(w, a, "metadata", p->metadata);
    pay_jw_bool(w, "test", test);
    pay_jw_end(w);
}
