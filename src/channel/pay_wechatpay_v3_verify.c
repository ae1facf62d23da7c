
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver wechatpay_v3: what answers and notices have in common, their
 * signature and the members of an order.
 */

#include <channel/pay_canon.h>
#include <channel/pay_wechatpay_v3_int.h>


#define PAY_WECHATPAY_WINDOW  300


static const pay_word_t  pay_wechatpay_states[] = {
    { "NOTPAY", PAY_STATE_PENDING },
    { "USERPAYING", PAY_STATE_PROCESSING },
    { "ACCEPT", PAY_STATE_PROCESSING },
    { "SUCCESS", PAY_STATE_SUCCEEDED },
    { "REFUND", PAY_STATE_SUCCEEDED },
    { "CLOSED", PAY_STATE_CLOSED },
    { "REVOKED", PAY_STATE_CLOSED },
    { "PAYERROR", PAY_STATE_FAILED },
    { NULL, 0 }
};


/* of the two limits that SDKs have at exactly 300 s the strict one is taken */

static int
pay_wechatpay_fresh(pay_str_t timestamp, int64_t now)
{
    uint64_t  at;

    if (pay_str_uint(timestamp, INT64_MAX / 2, &at) != PAY_OK) {
        return 0;
    }

    return (int64_t) at > now - PAY_WECHATPAY_WINDOW
           && (int64_t) at < now + PAY_WECHATPAY_WINDOW;
}


/*
 * Section 4.3: the id of a public key is matched byte by byte, and so is the
 * hex of a certificate, but for its case: openssl and the channel may differ.
 */

static int
pay_wechatpay_serial_eq(pay_str_t ours, pay_str_t theirs)
{
    size_t  i;
    pay_u8  c;

    if (ours.len != theirs.len) {
        return 0;
    }

    if (pay_str_starts(ours, "PUB_KEY_ID_")) {
        return pay_str_eq(ours, theirs);
    }

    for (i = 0; i < ours.len; i++) {
        c = ours.data[i] ^ theirs.data[i];

        if (c != 0 && (c != 0x20 || (ours.data[i] | 0x20) < 'a'
                       || (ours.data[i] | 0x20) > 'f'))
        {
            return 0;
        }
    }

    return 1;
}


static const pay_key_t *
pay_wechatpay_key(const pay_talk_t *t, pay_str_t serial)
{
    size_t                          i;
    const pay_wechatpay_v3_conf_t  *conf = t->channel->conf;

    for (i = 0; i < conf->platform_keys.nkeys; i++) {
        if (pay_wechatpay_serial_eq(conf->platform_keys.id[i], serial)) {
            return conf->platform_keys.key[i];
        }
    }

    return NULL;
}


static int
pay_wechatpay_type_known(const pay_headers_t *h)
{
    pay_rc_t   rc;
    pay_str_t  type;

    rc = pay_header_get(h, "Wechatpay-Signature-Type", &type);

    return rc == PAY_DECLINED
           || (rc == PAY_OK && pay_str_eqz(type, PAY_WECHATPAY_V3_SCHEME));
}


pay_rc_t
pay_wechatpay_verify(pay_talk_t *t, const pay_headers_t *h, pay_str_t body,
    const char **why)
{
    pay_rc_t          rc;
    pay_str_t         text, sig, serial, lines[3];
    const pay_key_t  *key;

    *why = "missing_header";

    if (pay_header_get(h, "Wechatpay-Timestamp", &lines[0]) != PAY_OK
        || pay_header_get(h, "Wechatpay-Nonce", &lines[1]) != PAY_OK
        || pay_header_get(h, "Wechatpay-Signature", &sig) != PAY_OK
        || pay_header_get(h, "Wechatpay-Serial", &serial) != PAY_OK)
    {
        return PAY_INVALID;
    }

    *why = "timestamp";

    if (!pay_wechatpay_fresh(lines[0], t->now)) {
        return PAY_INVALID;
    }

    *why = "signature_type";

    if (!pay_wechatpay_type_known(h)) {
        return PAY_INVALID;
    }

    *why = "serial";

    key = pay_wechatpay_key(t, serial);
    if (key == NULL) {
        return PAY_INVALID;
    }

    /* section 3.5: a probe fails like any other, and is told from an attack */

    *why = pay_str_starts(sig, "WECHATPAY/SIGNTEST/") ? "probe" : "signature";

    rc = pay_base64_decode(t->arena, sig, &sig);
    if (rc != PAY_OK) {
        return rc;
    }

    lines[2] = body;
    text = pay_canon_lines(t->arena, lines, 3);
    if (text.data == NULL) {
        return PAY_ERROR;
    }

    rc = pay_rsa_sha256_verify(sig, text, key);

    return rc == PAY_DECLINED ? PAY_INVALID : rc;
}


int
pay_wechatpay_json(pay_str_t media_type)
{
    size_t  n;

    for (n = 0; n < media_type.len; n++) {
        if (media_type.data[n] == ';' || media_type.data[n] == ' ') {
            break;
        }
    }

    media_type.len = n;

    return pay_str_caseeqz(media_type, "application/json");
}


/* a text that may be absent; longer ones than ever seen are no such text */

static int
pay_wechatpay_text(const pay_json_t *o, const char *key, size_t max,
    pay_str_t *out)
{
    return pay_json_string(o, key, out) != PAY_INVALID && out->len <= max;
}


/* an integer that may be absent, and is left alone then */

static int
pay_wechatpay_amount(const pay_json_t *o, const char *key, int64_t min,
    int64_t *out)
{
    int64_t   n;
    pay_rc_t  rc;

    rc = pay_json_int(o, key, &n);

    if (rc != PAY_OK) {
        return rc == PAY_DECLINED;
    }

    if (n < min || n > PAY_AMOUNT_MAX) {
        return 0;
    }

    *out = n;

    return 1;
}


static int
pay_wechatpay_amounts(const pay_json_t *o, pay_fact_t *f)
{
    const pay_json_t  *amount;

    amount = pay_json_get(o, "amount");

    if (amount == NULL || amount->type == PAY_JSON_NULL) {
        return 1;
    }

    return amount->type == PAY_JSON_OBJECT
           && pay_wechatpay_amount(amount, "total", 1, &f->amount)
           && pay_wechatpay_amount(amount, "payer_total", 0, &f->amount_paid)
           && pay_wechatpay_text(amount, "currency", 3, &f->currency);
}


pay_rc_t
pay_wechatpay_order(const pay_json_t *o, pay_fact_t *f)
{
    pay_str_t  state, time;

    pay_fact_init(f);
    time = PAY_STR("");

    if (pay_json_string(o, "out_trade_no", &f->number) != PAY_OK
        || !pay_str_token(f->number, "_-|*@", 1, 32)
        || pay_json_string(o, "trade_state", &state) != PAY_OK
        || !pay_wechatpay_text(o, "transaction_id", 32, &f->channel_number)
        || !pay_wechatpay_text(o, "attach", 512, &f->echo)
        || !pay_wechatpay_text(o, "success_time", 64, &time)
        || !pay_wechatpay_text(pay_json_get(o, "payer"), "openid", 128,
                               &f->payer)
        || !pay_wechatpay_amounts(o, f))
    {
        return PAY_INVALID;
    }

    f->state = pay_word_find(pay_wechatpay_states, state, PAY_STATE_NONE);

    if (f->state == PAY_STATE_FAILED) {
        f->failure = state;
    }

    if (f->state != PAY_STATE_SUCCEEDED) {
        return PAY_OK;
    }

    /* nobody may believe that it is paid without knowing what, and how much */

    if (f->channel_number.len == 0 || f->amount < 0 || f->currency.len == 0)
    {
        return PAY_INVALID;
    }

    /* a payment is not lost for a date */

    if (pay_time_parse(time, &f->done_at) != PAY_OK) {
        f->done_at = 0;
    }

    /* section 12.1: it says that there is a refund, not of how much */

    if (pay_str_eqz(state, "REFUND")) {
        f->refund_status = PAY_REFUND_UNKNOWN;
    }

    return PAY_OK;
}


int
pay_wechatpay_own_order(const pay_channel_t *ch, const pay_json_t *o)
{
    pay_str_t                       mchid, appid;
    const pay_wechatpay_v3_conf_t  *conf = ch->conf;

    return pay_json_get(o, "sp_mchid") == NULL
           && pay_json_get(o, "sub_mchid") == NULL
           && pay_json_string(o, "mchid", &mchid) == PAY_OK
           && pay_json_string(o, "appid", &appid) == PAY_OK
           && pay_str_eq(mchid, conf->mchid)
           && pay_str_eq(appid, conf->appid);
}
