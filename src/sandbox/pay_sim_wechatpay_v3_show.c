
/*
 * Copyright (C) the ngx_pay authors
 *
 * WeChat Pay APIv3 simulator: what is told of an order, as a transaction of
 * section 8.4, as a refund of 8.6 and 10.3, and on the checkout page.
 */

#include <sandbox/pay_sim_wechatpay_v3.h>


/* section 8.4: REFUND says that a refund exists, no more */

typedef enum {
    PAY_WXS_SAY_NOTPAY = 0,
    PAY_WXS_SAY_SUCCESS,
    PAY_WXS_SAY_CLOSED,
    PAY_WXS_SAY_PAYING,
    PAY_WXS_SAY_REFUND,
    PAY_WXS_SAY_REFUSED
} pay_wxs_say_t;

static const struct {
    const char  *name;
    const char  *desc;
} pay_wxs_words[] = {
    { "NOTPAY", "订单未支付" },
    { "SUCCESS", "支付成功" },
    { "CLOSED", "订单已关闭" },
    { "USERPAYING", "用户支付中" },
    { "REFUND", "转入退款" },
    { "NOTPAY", "支付失败，余额不足" }
};

static const char *const  pay_wxs_refund_words[] = {
    "PROCESSING", "SUCCESS", "CLOSED", "ABNORMAL"
};


static pay_wxs_say_t
pay_wxs_say(const pay_wxs_order_t *o, size_t payment)
{
    size_t  i;

    for (i = 0; i < o->nrefunds; i++) {
        if (o->refunds[i].payment == payment) {
            return PAY_WXS_SAY_REFUND;
        }
    }

    if (o->state == PAY_WXS_NOTPAY && o->refused) {
        return PAY_WXS_SAY_REFUSED;
    }

    return (pay_wxs_say_t) o->state;
}


/* one payer for each app: an openid belongs to its appid */

static pay_str_t
pay_wxs_openid(pay_arena_t *a, pay_str_t appid)
{
    pay_u8           hash[PAY_SHA256_LEN];
    pay_str_t        id;
    const pay_str_t  bytes = { 20, hash };
    const pay_str_t  o = pay_str("o");
    const pay_str_t *const  parts[] = { &o, &id, NULL };

    if (pay_sha256(hash, appid) != 0) {
        return (pay_str_t) pay_str_null;
    }

    id = pay_base64url_encode(a, bytes);

    if (id.data == NULL) {
        return id;
    }

    return pay_concat(a, parts);
}


static pay_rc_t
pay_wxs_payer(pay_json_writer_t *w, pay_arena_t *a, const pay_wxs_order_t *o)
{
    int        partner;
    pay_str_t  openid, sub_openid;

    partner = o->sub_mchid.len != 0;
    openid = o->openid;
    sub_openid = o->sub_openid;

    if (openid.len == 0 && sub_openid.len == 0) {
        openid = pay_wxs_openid(a, o->appid);

        if (o->sub_appid.len != 0) {
            sub_openid = pay_wxs_openid(a, o->sub_appid);
        }

        if (openid.data == NULL
            || (o->sub_appid.len != 0 && sub_openid.data == NULL))
        {
            return PAY_ERROR;
        }
    }

    pay_jw_object(w, "payer");

    if (openid.len != 0) {
        pay_jw_str(w, partner ? "sp_openid" : "openid", openid);
    }

    if (sub_openid.len != 0) {
        pay_jw_str(w, "sub_openid", sub_openid);
    }

    pay_jw_end(w);

    return PAY_OK;
}


static pay_rc_t
pay_wxs_paid(pay_json_writer_t *w, pay_arena_t *a, const pay_wxs_order_t *o,
    const pay_wxs_payment_t *p)
{
    pay_str_t  time;

    time = pay_time_format(a, p->time, PAY_BEIJING);

    if (time.data == NULL) {
        return PAY_ERROR;
    }

    pay_jw_str(w, "transaction_id", p->transaction_id);
    pay_jw_strz(w, "trade_type", o->type);
    pay_jw_strz(w, "bank_type", "OTHERS");

    if (o->attach.len != 0) {
        pay_jw_str(w, "attach", o->attach);
    }

    pay_jw_str(w, "success_time", time);

    if (pay_wxs_payer(w, a, o) != PAY_OK) {
        return PAY_ERROR;
    }

    pay_jw_object(w, "amount");
    pay_jw_int(w, "total", o->total);
    pay_jw_int(w, "payer_total", o->total);
    pay_jw_strz(w, "currency", "CNY");
    pay_jw_strz(w, "payer_currency", "CNY");
    pay_jw_end(w);

    if (o->device_id.len != 0) {
        pay_jw_object(w, "scene_info");
        pay_jw_str(w, "device_id", o->device_id);
        pay_jw_end(w);
    }

    pay_jw_array(w, "promotion_detail");
    pay_jw_end(w);

    return PAY_OK;
}


static void
pay_wxs_parties(pay_json_writer_t *w, const pay_wxs_order_t *o)
{
    if (o->sub_mchid.len == 0) {
        pay_jw_str(w, "appid", o->appid);
        pay_jw_str(w, "mchid", o->mchid);
        return;
    }

    pay_jw_str(w, "sp_appid", o->appid);
    pay_jw_str(w, "sp_mchid", o->mchid);

    if (o->sub_appid.len != 0) {
        pay_jw_str(w, "sub_appid", o->sub_appid);
    }

    pay_jw_str(w, "sub_mchid", o->sub_mchid);
}


/* an order never paid has the starred members only */

pay_str_t
pay_wxs_transaction(pay_arena_t *a, const pay_wxs_order_t *o, size_t payment)
{
    pay_wxs_say_t       say;
    pay_json_writer_t  *w;

    w = pay_json_writer(a);

    if (w == NULL) {
        return (pay_str_t) pay_str_null;
    }

    say = pay_wxs_say(o, payment);

    pay_jw_object(w, NULL);
    pay_wxs_parties(w, o);
    pay_jw_str(w, "out_trade_no", o->out_trade_no);
    pay_jw_strz(w, "trade_state", pay_wxs_words[say].name);
    pay_jw_strz(w, "trade_state_desc", pay_wxs_words[say].desc);

    if (payment < o->npayments && o->state == PAY_WXS_SUCCESS
        && pay_wxs_paid(w, a, o, &o->payments[payment]) != PAY_OK)
    {
        return (pay_str_t) pay_str_null;
    }

    pay_jw_end(w);

    return pay_jw_text(w);
}


const char *
pay_wxs_refund_word(const pay_wxs_refund_t *r)
{
    return pay_wxs_refund_words[r->state];
}


pay_str_t
pay_wxs_digits(pay_arena_t *a, const char *prefix, pay_str_t text, size_t n)
{
    pay_u8     hash[PAY_SHA256_LEN];
    size_t     i;
    pay_buf_t  b;

    if (pay_sha256(hash, text) != 0 || n > sizeof(hash)) {
        return (pay_str_t) pay_str_null;
    }

    pay_buf_init(&b, a, n + 8);
    pay_buf_addz(&b, prefix);

    for (i = 0; i < n; i++) {
        pay_buf_addc(&b, (pay_u8) ('0' + hash[i] % 10));
    }

    return pay_buf_str(&b);
}


pay_str_t
pay_wxs_refund_id(pay_arena_t *a, const pay_wxs_order_t *o,
    const pay_wxs_refund_t *r)
{
    pay_str_t         text;
    const pay_str_t  *parts[] = {
        &o->payments[r->payment].transaction_id, &r->number, NULL
    };

    text = pay_concat(a, parts);

    return text.data != NULL ? pay_wxs_digits(a, "50", text, 27) : text;
}


/* the numbers of both sides, and success_time, as both texts have them */

static pay_rc_t
pay_wxs_refund_head(pay_json_writer_t *w, pay_arena_t *a,
    const pay_wxs_order_t *o, const pay_wxs_refund_t *r)
{
    pay_str_t  id, time;

    id = pay_wxs_refund_id(a, o, r);
    time = pay_time_format(a, r->ends, PAY_BEIJING);

    if (id.data == NULL || time.data == NULL) {
        return PAY_ERROR;
    }

    pay_jw_str(w, "refund_id", id);
    pay_jw_str(w, "out_refund_no", r->number);
    pay_jw_str(w, "transaction_id", o->payments[r->payment].transaction_id);
    pay_jw_str(w, "out_trade_no", o->out_trade_no);
    pay_jw_strz(w, "user_received_account", "支付用户零钱");

    if (r->state == PAY_WXS_REFUNDED) {
        pay_jw_str(w, "success_time", time);
    }

    return PAY_OK;
}


pay_str_t
pay_wxs_refund_answer(pay_arena_t *a, const pay_wxs_order_t *o,
    const pay_wxs_refund_t *r)
{
    pay_str_t           created;
    pay_json_writer_t  *w;

    created = pay_time_format(a, r->created, PAY_BEIJING);
    w = pay_json_writer(a);

    if (created.data == NULL || w == NULL) {
        return (pay_str_t) pay_str_null;
    }

    pay_jw_object(w, NULL);

    if (pay_wxs_refund_head(w, a, o, r) != PAY_OK) {
        return (pay_str_t) pay_str_null;
    }

    pay_jw_strz(w, "channel", "ORIGINAL");
    pay_jw_str(w, "create_time", created);
    pay_jw_strz(w, "status", pay_wxs_refund_word(r));
    pay_jw_str(w, "funds_account", r->account.len != 0
                                   ? r->account : PAY_STR("UNSETTLED"));

    pay_jw_object(w, "amount");
    pay_jw_int(w, "total", o->total);
    pay_jw_int(w, "refund", r->amount);
    pay_jw_array(w, "from");
    pay_jw_end(w);
    pay_jw_int(w, "payer_total", o->total);
    pay_jw_int(w, "payer_refund", r->amount);
    pay_jw_int(w, "settlement_refund", r->amount);
    pay_jw_int(w, "settlement_total", o->total);
    pay_jw_int(w, "discount_refund", 0);
    pay_jw_strz(w, "currency", "CNY");
    pay_jw_int(w, "refund_fee", 0);
    pay_jw_end(w);

    pay_jw_array(w, "promotion_detail");
    pay_jw_end(w);
    pay_jw_end(w);

    return pay_jw_text(w);
}


pay_str_t
pay_wxs_refund_told(pay_arena_t *a, const pay_wxs_order_t *o,
    const pay_wxs_refund_t *r)
{
    pay_json_writer_t  *w;

    w = pay_json_writer(a);

    if (w == NULL) {
        return (pay_str_t) pay_str_null;
    }

    pay_jw_object(w, NULL);

    if (o->sub_mchid.len == 0) {
        pay_jw_str(w, "mchid", o->mchid);

    } else {
        pay_jw_str(w, "sp_mchid", o->mchid);
        pay_jw_str(w, "sub_mchid", o->sub_mchid);
    }

    if (pay_wxs_refund_head(w, a, o, r) != PAY_OK) {
        return (pay_str_t) pay_str_null;
    }

    pay_jw_strz(w, "refund_status", pay_wxs_refund_word(r));

    pay_jw_object(w, "amount");
    pay_jw_int(w, "total", o->total);
    pay_jw_int(w, "refund", r->amount);
    pay_jw_int(w, "payer_total", o->total);
    pay_jw_int(w, "payer_refund", r->amount);
    pay_jw_end(w);
    pay_jw_end(w);

    return pay_jw_text(w);
}


static pay_rc_t
pay_wxs_view_parts(pay_arena_t *a, const pay_wxs_order_t *o,
    pay_sim_view_t *out)
{
    size_t                   i;
    pay_sim_part_t          *part;
    const pay_wxs_refund_t  *r;

    part = pay_calloc(a, (o->nrefunds + 1) * sizeof(pay_sim_part_t));

    if (part == NULL) {
        return PAY_ERROR;
    }

    out->parts = part;
    out->nparts = o->nrefunds;

    for (i = 0; i < o->nrefunds; i++) {
        r = &o->refunds[i];

        part[i].id = r->number;
        part[i].kind = "refund";
        part[i].amount = r->amount;
        part[i].state = pay_wxs_refund_word(r);
        part[i].open = r->state == PAY_WXS_PROCESSING
                       || r->state == PAY_WXS_ABNORMAL;
    }

    return PAY_OK;
}


pay_rc_t
pay_wxs_view(pay_sim_t *s, pay_sim_view_t *out)
{
    pay_rc_t         rc;
    pay_wxs_order_t  o;

    if (pay_wxs_is_transfer(s)) {
        return pay_wxs_transfer_view(s, out);
    }

    rc = pay_wxs_order_load(s, &o);

    if (rc != PAY_OK) {
        return rc;
    }

    out->kind = "payment";
    out->order_id = o.out_trade_no;
    out->description = o.description;
    out->amount = o.total;
    out->currency = PAY_STR("CNY");
    out->account = o.sub_mchid.len != 0 ? o.sub_mchid : o.mchid;
    out->state = pay_wxs_words[pay_wxs_say(&o, 0)].name;
    out->expires_at = o.expires_at;
    out->notify_url = o.notify_url;
    out->payable = o.state == PAY_WXS_NOTPAY;

    return pay_wxs_view_parts(s->arena, &o, out);
}
