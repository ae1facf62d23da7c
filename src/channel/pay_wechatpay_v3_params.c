
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver wechatpay_v3: what the front end pays by (section 9).  What is
 * stored is the channel's answer; parameters are signed anew each time.
 */

#include <channel/pay_wechatpay_v3_int.h>


/* section 8.1: for how long the channel's answer can be used */

static const unsigned  pay_wechatpay_life[PAY_METHOD_MAX] = {
    [PAY_METHOD_QR_CODE] = 7200,
    [PAY_METHOD_JSAPI] = 7200,
    [PAY_METHOD_MINI_PROGRAM] = 7200,
    [PAY_METHOD_APP] = 7200,
    [PAY_METHOD_H5] = 300
};


pay_method_t
pay_wechatpay_method(const pay_talk_t *t)
{
    return t->op == PAY_OP_PAY ? t->ask->method : t->object->method;
}


/*
 * The time counts from the order's creation.  An answer that came later is
 * taken for dead too early and asked for again: the channel dedupes.
 */

int
pay_wechatpay_lives(const pay_talk_t *t, pay_str_t ref)
{
    const pay_object_t  *p = t->object;

    return ref.len
           && (p->expires_at == 0 || t->now < p->expires_at)
           && (p->created_at == 0
               || t->now < p->created_at
                           + pay_wechatpay_life[pay_wechatpay_method(t)]);
}


pay_rc_t
pay_wechatpay_show(pay_talk_t *t, pay_str_t ref)
{
    pay_action_t         *action;
    pay_wechatpay_own_t  *own;

    action = &t->fact.action;

    switch (pay_wechatpay_method(t)) {

    case PAY_METHOD_QR_CODE:
        action->kind = PAY_ACTION_QR_CODE;
        action->value = ref;
        return PAY_DONE;

    case PAY_METHOD_H5:
        action->kind = PAY_ACTION_REDIRECT;
        action->value = ref;
        return PAY_DONE;

    case PAY_METHOD_JSAPI:
    case PAY_METHOD_MINI_PROGRAM:
    case PAY_METHOD_APP:
        own = t->own;
        own->prepay_id = ref;

        return pay_wechatpay_stamp(t, PAY_WECHATPAY_PARAMS) == PAY_OK
               ? PAY_SIGN : PAY_ERROR;

    default:
        return PAY_DONE;
    }
}


/* section 8.3: of the two apps the one that invokes the cashier */

static pay_str_t
pay_wechatpay_front_app(const pay_talk_t *t)
{
    if (t->account && t->account->sub_merchant.len && t->account->app_id.len) {
        return t->account->app_id;
    }

    return pay_wechatpay_appid(t, pay_wechatpay_method(t));
}


static void
pay_wechatpay_params_app(pay_json_writer_t *w, pay_talk_t *t, pay_str_t appid,
    pay_str_t sig)
{
    pay_wechatpay_own_t            *own = t->own;
    const pay_wechatpay_v3_conf_t  *conf = t->channel->conf;

    pay_jw_str(w, "appid", appid);
    pay_jw_str(w, "partnerid", conf->mchid);
    pay_jw_str(w, "prepayid", own->prepay_id);
    pay_jw_strz(w, "package", "Sign=WXPay");
    pay_jw_str(w, "noncestr", own->nonce);
    pay_jw_str(w, "timestamp", own->timestamp);
    pay_jw_str(w, "sign", sig);
}


/* a mini program knows its own id, a web page has to be told */

static void
pay_wechatpay_params_web(pay_json_writer_t *w, pay_talk_t *t, pay_str_t appid,
    pay_str_t package, pay_str_t sig)
{
    pay_wechatpay_own_t  *own = t->own;

    if (pay_wechatpay_method(t) == PAY_METHOD_JSAPI) {
        pay_jw_str(w, "appId", appid);
    }

    pay_jw_str(w, "timeStamp", own->timestamp);
    pay_jw_str(w, "nonceStr", own->nonce);
    pay_jw_str(w, "package", package);
    pay_jw_strz(w, "signType", "RSA");
    pay_jw_str(w, "paySign", sig);
}


pay_rc_t
pay_wechatpay_sign_params(pay_talk_t *t)
{
    int                   app;
    pay_buf_t             b;
    pay_str_t             sig, lines[4];
    pay_json_writer_t    *w;
    pay_wechatpay_own_t  *own;

    own = t->own;
    app = pay_wechatpay_method(t) == PAY_METHOD_APP;

    pay_buf_init(&b, t->arena, own->prepay_id.len + 16);
    pay_buf_addz(&b, app ? "" : "prepay_id=");
    pay_buf_adds(&b, own->prepay_id);

    lines[0] = pay_wechatpay_front_app(t);
    lines[1] = own->timestamp;
    lines[2] = own->nonce;
    lines[3] = pay_buf_str(&b);

    if (lines[3].data == NULL) {
        return PAY_ERROR;
    }

    sig = pay_wechatpay_signature(t, lines, 4);
    w = pay_json_writer(t->arena);

    if (sig.data == NULL || w == NULL) {
        return PAY_ERROR;
    }

    pay_jw_object(w, NULL);

    if (app) {
        pay_wechatpay_params_app(w, t, lines[0], sig);

    } else {
        pay_wechatpay_params_web(w, t, lines[0], lines[3], sig);
    }

    pay_jw_end(w);

    t->fact.action.value = pay_jw_text(w);
    if (t->fact.action.value.data == NULL) {
        return PAY_ERROR;
    }

    t->fact.action.kind = PAY_ACTION_PARAMS;
    t->fact.action.type = pay_method_name(pay_wechatpay_method(t));

    return PAY_DONE;
}
