
/*
 * Copyright (C) the ngx_pay authors
 *
 * WeChat Pay APIv3 simulator: notices (section 10 of the channel document).
 */

#include <sandbox/pay_sim_wechatpay_v3.h>


static const struct {
    const char  *event;
    const char  *summary;
} pay_wxs_refund_events[] = {
    { NULL, NULL },
    { "REFUND.SUCCESS", "退款成功" },
    { "REFUND.CLOSED", "退款关闭" },
    { "REFUND.ABNORMAL", "退款异常" }
};


static void
pay_wxs_notice_put(pay_wxs_order_t *o, const pay_wxs_notice_t *notice)
{
    if (o->nnotices == PAY_WXS_NOTICES) {
        o->nnotices--;
        memmove(&o->notices[0], &o->notices[1],
                o->nnotices * sizeof(pay_wxs_notice_t));
    }

    o->notices[o->nnotices] = *notice;
    o->notices[o->nnotices++].id = ++o->last_notice;
}


/* what was held back until the next one comes goes behind that */

static void
pay_wxs_notice_release(pay_wxs_order_t *o, int64_t now)
{
    size_t            i;
    pay_wxs_notice_t  held;

    if (o->nnotices < 2 || o->notices[0].of != PAY_WXS_OF_PAYMENT
        || pay_magic(o->total) != PAY_MAGIC_REORDERED)
    {
        return;
    }

    held = o->notices[0];
    memmove(&o->notices[0], &o->notices[1],
            (o->nnotices - 1) * sizeof(pay_wxs_notice_t));
    o->notices[o->nnotices - 1] = held;

    for (i = 0; i < o->nnotices; i++) {
        o->notices[i].due_at = now;
    }
}


void
pay_wxs_notice_add(pay_wxs_order_t *o, pay_wxs_of_t of, size_t index,
    int64_t now)
{
    pay_magic_t       magic;
    pay_wxs_notice_t  n;

    if (of == PAY_WXS_OF_REFUND && o->refunds[index].notify_url.len == 0) {
        return;
    }

    magic = pay_magic(of == PAY_WXS_OF_REFUND ? o->refunds[index].amount
                                              : o->total);
    memset(&n, 0, sizeof(pay_wxs_notice_t));

    n.of = of;
    n.index = index;
    n.due_at = pay_magic_due(magic, now);

    if (magic == PAY_MAGIC_FORGED) {
        n.how = PAY_WXS_FORGED;
        pay_wxs_notice_put(o, &n);
    }

    n.how = magic == PAY_MAGIC_OTHER ? PAY_WXS_OTHER : PAY_WXS_TRUE;
    pay_wxs_notice_put(o, &n);

    if (magic == PAY_MAGIC_REPEATED) {
        pay_wxs_notice_put(o, &n);
    }

    pay_wxs_notice_release(o, now);
}


/* the same for each copy of one notice */

pay_str_t
pay_wxs_event_id(pay_arena_t *a, pay_str_t number, const char *event)
{
    pay_u8           hash[PAY_SHA256_LEN];
    pay_buf_t        b;
    pay_str_t        text;
    const pay_str_t  word = pay_strz(event);
    const pay_str_t *const  parts[] = { &number, &word, NULL };

    text = pay_concat(a, parts);

    if (text.data == NULL || pay_sha256(hash, text) != 0) {
        return (pay_str_t) pay_str_null;
    }

    pay_buf_init(&b, a, 35);
    pay_buf_addz(&b, "EV-");
    pay_buf_addhex(&b, hash, 16);

    return pay_buf_str(&b);
}


static pay_rc_t
pay_wxs_letter_payment(pay_sim_t *s, const pay_wxs_order_t *o, size_t i,
    pay_wxs_letter_t *out)
{
    out->url = o->notify_url;
    out->plain = pay_wxs_transaction(s->arena, o, i);
    out->time = o->payments[i].time;
    out->event = "TRANSACTION.SUCCESS";
    out->summary = "支付成功";
    out->type = "transaction";
    out->id = pay_wxs_event_id(s->arena, o->payments[i].transaction_id,
                               out->event);

    return PAY_OK;
}


/* a refund that went on since is told of as it is: PROCESSING never is */

static pay_rc_t
pay_wxs_letter_refund(pay_sim_t *s, const pay_wxs_order_t *o, size_t i,
    pay_wxs_letter_t *out)
{
    const pay_wxs_refund_t  *r;

    r = &o->refunds[i];

    if (r->state == PAY_WXS_PROCESSING) {
        return PAY_DECLINED;
    }

    out->url = r->notify_url;
    out->plain = pay_wxs_refund_told(s->arena, o, r);
    out->time = r->ends;
    out->event = pay_wxs_refund_events[r->state].event;
    out->summary = pay_wxs_refund_events[r->state].summary;
    out->type = "refund";
    out->id = pay_wxs_event_id(s->arena, r->number, out->event);

    return PAY_OK;
}


/* the plaintext under the APIv3 key, as base64 (section 5) */

static pay_str_t
pay_wxs_ciphertext(pay_sim_t *s, const pay_wxs_letter_t *letter,
    pay_str_t nonce)
{
    pay_str_t                       sealed;
    const pay_wechatpay_v3_conf_t  *conf;

    conf = s->channel->conf;

    if (pay_aes256_gcm_seal(s->arena, &sealed, letter->plain, nonce,
                            pay_strz(letter->type), conf->api_v3_key)
        != PAY_OK)
    {
        return (pay_str_t) pay_str_null;
    }

    return pay_base64_encode(s->arena, sealed);
}


static pay_str_t
pay_wxs_envelope(pay_sim_t *s, const pay_wxs_letter_t *letter)
{
    pay_str_t           time, ciphertext, nonce;
    pay_json_writer_t  *w;

    time = pay_time_format(s->arena, letter->time, PAY_BEIJING);
    nonce = pay_sim_nonce(s, PAY_GCM_NONCE_LEN);
    w = pay_json_writer(s->arena);

    if (letter->plain.data == NULL || letter->id.data == NULL
        || time.data == NULL || nonce.data == NULL || w == NULL)
    {
        return (pay_str_t) pay_str_null;
    }

    ciphertext = pay_wxs_ciphertext(s, letter, nonce);

    if (ciphertext.data == NULL) {
        return ciphertext;
    }

    pay_jw_object(w, NULL);
    pay_jw_str(w, "id", letter->id);
    pay_jw_str(w, "create_time", time);
    pay_jw_strz(w, "resource_type", "encrypt-resource");
    pay_jw_strz(w, "event_type", letter->event);
    pay_jw_strz(w, "summary", letter->summary);

    pay_jw_object(w, "resource");
    pay_jw_strz(w, "original_type", letter->type);
    pay_jw_strz(w, "algorithm", "AEAD_AES_256_GCM");
    pay_jw_str(w, "ciphertext", ciphertext);
    pay_jw_strz(w, "associated_data", letter->type);
    pay_jw_str(w, "nonce", nonce);
    pay_jw_end(w);
    pay_jw_end(w);

    return pay_jw_text(w);
}


static pay_rc_t
pay_wxs_notice_headers(pay_request_t *q, pay_str_t id,
    const pay_wxs_signature_t *sig)
{
    size_t  i;

    const struct {
        const char  *name;
        pay_str_t    value;
    } headers[] = {
        { "Content-Type", pay_str("application/json") },
        { "User-Agent", pay_str("Mozilla/4.0") },
        { "Pragma", pay_str("no-cache") },
        { "Request-ID", id },
        { "Wechatpay-Timestamp", sig->timestamp },
        { "Wechatpay-Nonce", sig->nonce },
        { "Wechatpay-Signature", sig->signature },
        { "Wechatpay-Serial", sig->serial },
        { "Wechatpay-Signature-Type", pay_str(PAY_WECHATPAY_V3_SCHEME) }
    };

    for (i = 0; i < pay_nelts(headers); i++) {

        if (pay_request_header(q, headers[i].name, headers[i].value)
            != PAY_OK)
        {
            return PAY_ERROR;
        }
    }

    return PAY_OK;
}


static size_t
pay_wxs_notice_find(const pay_wxs_order_t *o, int64_t id)
{
    size_t  i;

    for (i = 0; i < o->nnotices && o->notices[i].id != id; i++) {
        /* void */
    }

    return i;
}


pay_rc_t
pay_wxs_post(pay_sim_t *s, const pay_wxs_letter_t *letter, pay_request_t *out)
{
    pay_str_t            id;
    pay_wxs_signature_t  sig;

    out->method = "POST";
    out->body = pay_wxs_envelope(s, letter);
    id = pay_sim_hex(s, 8);

    if (out->body.data == NULL || id.data == NULL
        || pay_wxs_sign(s, out->body, &sig) != PAY_OK
        || pay_sim_url(letter->url, &out->host, &out->target) != PAY_OK)
    {
        return PAY_ERROR;
    }

    if (letter->forged) {
        sig.signature = pay_wxs_spoil(s->arena, sig.signature);
    }

    return pay_wxs_notice_headers(out, id, &sig);
}


pay_rc_t
pay_wxs_notice(pay_sim_t *s, int64_t id, pay_request_t *out)
{
    size_t             i;
    pay_rc_t           rc;
    pay_wxs_order_t    o;
    pay_wxs_letter_t   letter;
    pay_wxs_notice_t  *n;

    memset(out, 0, sizeof(pay_request_t));

    if (pay_wxs_is_transfer(s)) {
        return pay_wxs_transfer_notice(s, id, out);
    }

    rc = pay_wxs_order_load(s, &o);

    if (rc != PAY_OK) {
        return rc;
    }

    i = pay_wxs_notice_find(&o, id);

    if (i == o.nnotices) {
        return PAY_DECLINED;
    }

    n = &o.notices[i];
    letter.forged = n->how == PAY_WXS_FORGED;

    if (n->how == PAY_WXS_OTHER) {
        o.total++;
        o.refunds[n->of == PAY_WXS_OF_REFUND ? n->index : 0].amount++;
    }

    rc = n->of == PAY_WXS_OF_PAYMENT
         ? pay_wxs_letter_payment(s, &o, n->index, &letter)
         : pay_wxs_letter_refund(s, &o, n->index, &letter);

    return rc == PAY_OK ? pay_wxs_post(s, &letter, out) : rc;
}


pay_rc_t
pay_wxs_sent(pay_sim_t *s, int64_t id)
{
    size_t           i;
    pay_rc_t         rc;
    pay_wxs_order_t  o;

    if (pay_wxs_is_transfer(s)) {
        return pay_wxs_transfer_sent(s, id);
    }

    rc = pay_wxs_order_load(s, &o);

    if (rc != PAY_OK) {
        return rc;
    }

    i = pay_wxs_notice_find(&o, id);

    if (i == o.nnotices) {
        return PAY_DECLINED;
    }

    o.nnotices--;
    memmove(&o.notices[i], &o.notices[i + 1],
            (o.nnotices - i) * sizeof(pay_wxs_notice_t));

    return pay_wxs_order_save(s, &o);
}


/* section 10.6: the body is optional, but one that says FAIL is no success */

int
pay_wxs_acknowledged(int status, pay_str_t body)
{
    int           yes;
    pay_str_t     code;
    const char   *why;
    pay_json_t   *tree;
    pay_arena_t  *a;

    if (status != 200 && status != 204) {
        return 0;
    }

    if (body.len == 0) {
        return 1;
    }

    a = pay_arena_create(0);

    if (a == NULL) {
        return 0;
    }

    switch (pay_json_parse(a, body, &tree, &why)) {

    case PAY_OK:
        yes = pay_json_string(tree, "code", &code) != PAY_OK
              || !pay_str_eqz(code, "FAIL");
        break;

    case PAY_INVALID:
        yes = 1;
        break;

    default:
        yes = 0;
    }

    pay_arena_destroy(a);

    return yes;
}
