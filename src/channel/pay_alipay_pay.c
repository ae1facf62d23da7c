
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver alipay: payments are asked for (sections 7.1 to 7.7).
 */

#include <channel/pay_alipay_int.h>


/* by method: what is called, and for which product */

typedef struct {
    pay_method_t        method;
    pay_alipay_step_t   step;
    const char         *product;
} pay_alipay_product_t;

static const pay_alipay_product_t  pay_alipay_products[] = {
    { PAY_METHOD_QR_CODE, PAY_ALIPAY_PRECREATE, "FACE_TO_FACE_PAYMENT" },
    { PAY_METHOD_BARCODE, PAY_ALIPAY_PAY, "FACE_TO_FACE_PAYMENT" },
    { PAY_METHOD_PAGE, PAY_ALIPAY_PAGE, "FAST_INSTANT_TRADE_PAY" },
    { PAY_METHOD_H5, PAY_ALIPAY_WAP, "QUICK_WAP_WAY" },
    { PAY_METHOD_APP, PAY_ALIPAY_APP, "QUICK_MSECURITY_PAY" },
    { PAY_METHOD_JSAPI, PAY_ALIPAY_CREATE, "JSAPI_PAY" },
    { PAY_METHOD_MINI_PROGRAM, PAY_ALIPAY_CREATE, "JSAPI_PAY" },
    { PAY_METHOD_NONE, PAY_ALIPAY_NONE, NULL }
};


pay_rc_t
pay_alipay_refuse(pay_talk_t *t, pay_code_t code, const char *param)
{
    pay_error_set(&t->error, code, param);

    return pay_talk_fail(t, code, "field");
}


void
pay_alipay_trade(pay_talk_t *t, pay_json_writer_t *w)
{
    pay_str_t            number, trade_no;
    const pay_object_t  *p;

    p = t->payment ? t->payment : t->object;

    number = p->kind == PAY_KIND_PAYMENT ? p->number : p->order_id;
    trade_no = p->kind == PAY_KIND_PAYMENT ? p->channel_number
                                           : p->channel_order_id;

    /* of the two trade_no wins, so that ours is sent where we have it */

    if (number.len) {
        pay_jw_str(w, "out_trade_no", pay_talk_number(t, number));

    } else {
        pay_jw_str(w, "trade_no", trade_no);
    }
}


int
pay_alipay_is_trade(pay_talk_t *t, pay_str_t number, pay_str_t trade_no)
{
    pay_str_t            ours, theirs;
    const pay_object_t  *p;

    p = t->payment ? t->payment : t->object;

    ours = p->kind == PAY_KIND_PAYMENT ? p->number : p->order_id;
    theirs = p->kind == PAY_KIND_PAYMENT ? p->channel_number
                                         : p->channel_order_id;

    return ours.len ? pay_str_eq(number, pay_talk_number(t, ours))
                    : theirs.len && pay_str_eq(trade_no, theirs);
}


/*
 * Section 7.1: a subject without '/', '=' and '&'.  Their wide forms tell the
 * payer the same.
 */

static pay_str_t
pay_alipay_subject(pay_talk_t *t)
{
    size_t     i;
    pay_buf_t  b;
    pay_str_t  s;

    s = t->ask->description;
    pay_buf_init(&b, t->arena, s.len + 16);

    for (i = 0; i < s.len; i++) {

        switch (s.data[i]) {

        case '/':
            pay_buf_addz(&b, "\xef\xbc\x8f");
            break;

        case '=':
            pay_buf_addz(&b, "\xef\xbc\x9d");
            break;

        case '&':
            pay_buf_addz(&b, "\xef\xbc\x86");
            break;

        default:
            pay_buf_addc(&b, s.data[i]);
        }
    }

    return pay_buf_str(&b);
}


/* what the methods have in common */

static void
pay_alipay_common(pay_talk_t *t, pay_json_writer_t *w, const char *product)
{
    const pay_ask_t     *ask;
    const pay_object_t  *p;

    p = t->object;
    ask = t->ask;

    pay_jw_str(w, "out_trade_no", pay_talk_number(t, p->number));
    pay_jw_str(w, "total_amount",
               pay_amount_to_decimal(t->arena, p->amount,
                                     PAY_ALIPAY_EXPONENT));
    pay_jw_str(w, "subject", pay_alipay_subject(t));
    pay_jw_strz(w, "product_code", product);

    if (p->expires_at) {
        pay_jw_str(w, "time_expire", pay_alipay_time(t->arena, p->expires_at));
    }

    if (t->echo.len) {
        pay_jw_str(w, "passback_params",
                   pay_percent_encode(t->arena, t->echo));
    }

    if (ask->store_id.len) {
        pay_jw_str(w, "store_id", ask->store_id);
    }

    if (ask->terminal_id.len) {
        pay_jw_str(w, "terminal_id", ask->terminal_id);
    }

    if (ask->operator_id.len) {
        pay_jw_str(w, "operator_id", ask->operator_id);
    }

    if (ask->split) {
        pay_jw_object(w, "extend_params");
        pay_jw_strz(w, "royalty_freeze", "true");
        pay_jw_end(w);
    }

    if (t->account && t->account->sub_merchant.len) {
        pay_jw_object(w, "sub_merchant");
        pay_jw_str(w, "merchant_id", t->account->sub_merchant);
        pay_jw_end(w);
    }
}


static void
pay_alipay_special(pay_talk_t *t, pay_json_writer_t *w,
    pay_alipay_step_t step)
{
    const pay_ask_t          *ask;
    const pay_alipay_conf_t  *conf;

    ask = t->ask;
    conf = t->channel->conf;

    switch (step) {

    case PAY_ALIPAY_PAY:
        pay_jw_strz(w, "scene", "bar_code");
        pay_jw_str(w, "auth_code", ask->auth_code);
        break;

    case PAY_ALIPAY_CREATE:

        if (ask->user_id.len) {
            pay_jw_str(w, "buyer_id", ask->user_id);

        } else {
            pay_jw_str(w, "buyer_open_id", ask->openid);
        }

        pay_jw_str(w, "op_app_id", t->account && t->account->app_id.len
                                   ? t->account->app_id : conf->app_id);
        break;

    case PAY_ALIPAY_WAP:

        if (ask->cancel_url.len) {
            pay_jw_str(w, "quit_url", ask->cancel_url);
        }

        break;

    default:
        break;
    }
}


static pay_rc_t
pay_alipay_order_new(pay_talk_t *t, const pay_alipay_product_t *product)
{
    pay_json_writer_t  *w;

    w = pay_json_writer(t->arena);
    if (w == NULL) {
        return PAY_ERROR;
    }

    pay_jw_object(w, NULL);
    pay_alipay_common(t, w, product->product);
    pay_alipay_special(t, w, product->step);
    pay_jw_end(w);

    return pay_alipay_request(t, product->step, pay_jw_text(w));
}


/* the lengths of section 7.1; NULL, or the field that breaks one */

static const char *
pay_alipay_bad_field(const pay_ask_t *ask)
{
    if (ask->store_id.len > 32) {
        return "store.id";
    }

    if (ask->terminal_id.len > 32) {
        return "store.terminal_id";
    }

    if (ask->operator_id.len > 28) {
        return "store.operator_id";
    }

    if (ask->return_url.len > 256) {
        return "return_url";
    }

    if (ask->cancel_url.len > 400) {
        return "cancel_url";
    }

    return NULL;
}


/* 7.3: 16 to 24 digits from 25.. to 30.., or 35 characters from "fp" */

static int
pay_alipay_auth_code(pay_str_t code)
{
    size_t  i;

    if (code.len == 35 && pay_str_starts(code, "fp")) {
        return pay_str_token(code, "", 35, 35);
    }

    for (i = 0; i < code.len; i++) {
        if (code.data[i] < '0' || code.data[i] > '9') {
            return 0;
        }
    }

    return code.len >= 16 && code.len <= 24
           && ((code.data[0] == '2' && code.data[1] >= '5')
               || (code.data[0] == '3' && code.data[1] == '0'));
}


static pay_rc_t
pay_alipay_fields_check(pay_talk_t *t)
{
    const char       *bad;
    const pay_ask_t  *ask;

    ask = t->ask;

    if (ask->manual_capture) {
        return pay_alipay_refuse(t, PAY_E_OPERATION_UNSUPPORTED, "capture");
    }

    bad = pay_alipay_bad_field(ask);
    if (bad) {
        return pay_alipay_refuse(t, PAY_E_FIELD_INVALID, bad);
    }

    switch (ask->method) {

    case PAY_METHOD_BARCODE:

        if (ask->auth_code.len == 0) {
            return pay_alipay_refuse(t, PAY_E_FIELD_MISSING,
                                     "payer.auth_code");
        }

        return pay_alipay_auth_code(ask->auth_code)
               ? PAY_OK
               : pay_alipay_refuse(t, PAY_E_FIELD_INVALID, "payer.auth_code");

    case PAY_METHOD_JSAPI:
    case PAY_METHOD_MINI_PROGRAM:

        return ask->user_id.len || ask->openid.len
               ? PAY_OK
               : pay_alipay_refuse(t, PAY_E_FIELD_MISSING, "payer.user_id");

    default:
        return PAY_OK;
    }
}


/* 7.4: what the client's tradePay() wants */

static int
pay_alipay_client(pay_talk_t *t, pay_method_t method, pay_str_t trade_no)
{
    pay_action_t       *action;
    pay_json_writer_t  *w;

    w = pay_json_writer(t->arena);
    if (w == NULL) {
        return 0;
    }

    pay_jw_object(w, NULL);
    pay_jw_str(w, "tradeNO", trade_no);
    pay_jw_end(w);

    action = &t->fact.action;
    action->kind = PAY_ACTION_PARAMS;
    action->type = method == PAY_METHOD_JSAPI ? "jsapi" : "mini_program";
    action->value = pay_jw_text(w);

    return action->value.data != NULL;
}


/*
 * Page, h5 and app are not shown here: they would have to be signed again, by
 * what only a request for the payment tells.
 */

void
pay_alipay_show(pay_talk_t *t)
{
    pay_str_t            trade_no;
    const pay_object_t  *p;

    p = t->object;

    if (p->expires_at && t->now >= p->expires_at) {
        return;
    }

    switch (p->method) {

    case PAY_METHOD_QR_CODE:

        if (p->ref.len) {
            t->fact.action.kind = PAY_ACTION_QR_CODE;
            t->fact.action.value = p->ref;
        }

        return;

    case PAY_METHOD_JSAPI:
    case PAY_METHOD_MINI_PROGRAM:

        trade_no = t->fact.channel_number.len ? t->fact.channel_number
                                              : p->channel_number;

        if (trade_no.len && !pay_alipay_client(t, p->method, trade_no)) {
            t->fact.action.kind = PAY_ACTION_NONE;
        }

        return;

    default:
        return;
    }
}


/* of a payment that the channel has answered for; PAY_OK: ask it again */

static pay_rc_t
pay_alipay_again(pay_talk_t *t, const pay_alipay_product_t *product)
{
    const pay_object_t  *p = t->object;

    if ((p->state != PAY_STATE_PENDING && p->state != PAY_STATE_NONE)
        || (p->expires_at && t->now >= p->expires_at))
    {
        return PAY_DONE;
    }

    switch (product->step) {

    case PAY_ALIPAY_PAY:
        return PAY_DONE;

    case PAY_ALIPAY_PRECREATE:
    case PAY_ALIPAY_CREATE:
        pay_alipay_show(t);

        return t->fact.action.kind == PAY_ACTION_NONE ? PAY_OK : PAY_DONE;

    default:
        return PAY_OK;
    }
}


pay_rc_t
pay_alipay_pay(pay_talk_t *t)
{
    pay_rc_t                     rc;
    pay_alipay_own_t            *own;
    const pay_alipay_product_t  *product;

    own = t->own;

    for (product = pay_alipay_products; product->product; product++) {
        if (product->method == t->ask->method) {
            break;
        }
    }

    if (product->product == NULL) {
        return pay_alipay_refuse(t, PAY_E_OPERATION_UNSUPPORTED, "method");
    }

    rc = pay_alipay_fields_check(t);
    if (rc != PAY_OK) {
        return rc;
    }

    if (t->known == PAY_KNOWN_OPEN) {

        rc = pay_alipay_again(t, product);
        if (rc != PAY_OK) {
            return rc;
        }
    }

    /* a code that was used once is refused: then nobody would know why */

    if (product->step == PAY_ALIPAY_PAY && t->known != PAY_KNOWN_NEW
        && !own->looked)
    {
        own->looked = 1;
        own->first.code = PAY_E_NOT_FOUND;
        return pay_alipay_query(t);
    }

    return pay_alipay_order_new(t, product);
}


static pay_rc_t
pay_alipay_of_trade(pay_talk_t *t, pay_alipay_step_t step)
{
    pay_json_writer_t  *w;

    w = pay_json_writer(t->arena);
    if (w == NULL) {
        return PAY_ERROR;
    }

    pay_jw_object(w, NULL);
    pay_alipay_trade(t, w);
    pay_jw_end(w);

    return pay_alipay_request(t, step, pay_jw_text(w));
}


pay_rc_t
pay_alipay_query(pay_talk_t *t)
{
    return pay_alipay_of_trade(t, PAY_ALIPAY_QUERY);
}


/* a barcode payment is looked at first: cancel would pay back what is paid */

pay_rc_t
pay_alipay_close(pay_talk_t *t)
{
    pay_alipay_own_t  *own = t->own;

    if (t->object->method != PAY_METHOD_BARCODE) {
        return pay_alipay_of_trade(t, PAY_ALIPAY_CLOSE);
    }

    if (t->step == PAY_ALIPAY_NONE) {
        return pay_alipay_query(t);
    }

    own->tries++;

    return pay_alipay_of_trade(t, PAY_ALIPAY_CANCEL);
}
