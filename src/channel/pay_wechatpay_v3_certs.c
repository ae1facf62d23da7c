
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver wechatpay_v3: the platform's certificates, downloaded and kept
 * (section 4.1).
 *
 * What is kept is text: of each certificate a line "SERIAL NOT_AFTER" and its
 * public key in PEM.
 */

#include <channel/pay_wechatpay_v3_int.h>


#define PAY_WECHATPAY_CACHE_MAX    3072
#define PAY_WECHATPAY_CERTS_FRESH  (12 * 3600)
#define PAY_WECHATPAY_CERTS_NONE   (30 * 86400)
#define PAY_WECHATPAY_CERTS_AGAIN  60


typedef struct {
    pay_str_t  serial;
    int64_t    not_after;
    pay_str_t  pem;
} pay_wechatpay_cert_t;


/* what was downloaded in this talk is newer than what it was given */

static pay_str_t
pay_wechatpay_cache(const pay_talk_t *t)
{
    pay_wechatpay_own_t  *own = t->own;

    return own && own->certs.len ? own->certs : t->cache;
}


static int
pay_wechatpay_cert_cut(pay_str_t *text, pay_u8 end, pay_str_t *out)
{
    const pay_u8  *p;

    p = text->len ? memchr(text->data, end, text->len) : NULL;
    if (p == NULL) {
        return 0;
    }

    out->data = text->data;
    out->len = p - text->data;

    text->data += out->len + 1;
    text->len -= out->len + 1;

    return 1;
}


/* the next one of *text; 0: there is none */

static int
pay_wechatpay_cert_next(pay_str_t *text, pay_wechatpay_cert_t *c)
{
    uint64_t   end;
    pay_str_t  line;

    if (!pay_wechatpay_cert_cut(text, ' ', &c->serial)
        || !pay_wechatpay_cert_cut(text, '\n', &line)
        || pay_str_uint(line, INT64_MAX, &end) != PAY_OK)
    {
        return 0;
    }

    c->not_after = (int64_t) end;
    c->pem.data = text->data;

    do {
        if (!pay_wechatpay_cert_cut(text, '\n', &line)) {
            return 0;
        }
    } while (!pay_str_starts(line, "-----END"));

    c->pem.len = text->data - c->pem.data;

    return 1;
}


static pay_key_t *
pay_wechatpay_cert_key(const pay_wechatpay_cert_t *c)
{
    pay_key_t   *key;
    const char  *why;

    return pay_key_public_pem(c->pem, PAY_KEYS_RSA, &key, &why) == PAY_OK
           ? key : NULL;
}


pay_key_t *
pay_wechatpay_platform_key(const pay_talk_t *t, pay_str_t serial)
{
    size_t                          i;
    pay_str_t                       text;
    pay_wechatpay_cert_t            c;
    const pay_wechatpay_v3_conf_t  *conf = t->channel->conf;

    for (i = 0; i < conf->platform_keys.nkeys; i++) {
        if (pay_wechatpay_serial_eq(conf->platform_keys.id[i], serial)) {
            return pay_key_ref(conf->platform_keys.key[i]);
        }
    }

    text = pay_wechatpay_cache(t);

    while (pay_wechatpay_cert_next(&text, &c)) {
        if (c.not_after > t->now && pay_wechatpay_serial_eq(c.serial, serial)) {
            return pay_wechatpay_cert_key(&c);
        }
    }

    return NULL;
}


pay_str_t
pay_wechatpay_platform_id(const pay_talk_t *t)
{
    int64_t                         end;
    pay_str_t                       id, text;
    pay_wechatpay_cert_t            c;
    const pay_wechatpay_v3_conf_t  *conf = t->channel->conf;

    if (conf->platform_keys.nkeys) {
        return conf->platform_keys.id[0];
    }

    id = PAY_STR("");
    end = t->now;
    text = pay_wechatpay_cache(t);

    while (pay_wechatpay_cert_next(&text, &c)) {
        if (c.not_after > end) {
            end = c.not_after;
            id = c.serial;
        }
    }

    return id;
}


pay_rc_t
pay_wechatpay_seal(pay_talk_t *t, pay_str_t text, pay_str_t *out)
{
    pay_rc_t    rc;
    pay_key_t  *key;

    key = pay_wechatpay_platform_key(t, pay_wechatpay_platform_id(t));
    if (key == NULL) {
        return PAY_DECLINED;
    }

    rc = pay_rsa_oaep_seal(t->arena, out, text, key);

    pay_key_unref(key);

    if (rc != PAY_OK) {
        return rc;
    }

    *out = pay_base64_encode(t->arena, *out);

    return out->data ? PAY_OK : PAY_ERROR;
}


pay_rc_t
pay_wechatpay_secret(pay_talk_t *t, pay_str_t text, const char *param,
    pay_str_t *out)
{
    pay_rc_t              rc;
    pay_wechatpay_own_t  *own = t->own;

    *out = PAY_STR("");

    if (text.len == 0) {
        return PAY_OK;
    }

    rc = pay_wechatpay_seal(t, text, out);

    switch (rc) {

    case PAY_INVALID:
        return pay_wechatpay_refuse(t, PAY_E_FIELD_INVALID, param);

    case PAY_DECLINED:
        return own->fetched ? pay_talk_fail(t, PAY_E_CHANNEL_UNREACHABLE,
                                            "certificates")
                            : pay_wechatpay_certs(t);

    default:
        return rc;
    }
}


/* the id of a public key is never in a list of certificates */

int
pay_wechatpay_certs_may(const pay_talk_t *t, const pay_headers_t *h)
{
    pay_str_t             serial;
    pay_wechatpay_own_t  *own = t->own;

    return !own->fetched
           && (t->cache_at == 0
               || t->now >= t->cache_at + PAY_WECHATPAY_CERTS_AGAIN)
           && pay_header_get(h, "Wechatpay-Serial", &serial) == PAY_OK
           && !pay_str_starts(serial, "PUB_KEY_ID_")
           && pay_str_token(serial, "", 8, 40);
}


/*
 * The time of the attempt is kept from here on, so that nobody makes us ask
 * more often by what he sends.
 */

pay_rc_t
pay_wechatpay_certs(pay_talk_t *t)
{
    pay_wechatpay_own_t  *own = t->own;

    own->fetched = 1;
    t->cache_put = t->cache.len ? t->cache : PAY_STR("");
    t->cache_until = t->now + PAY_WECHATPAY_CERTS_AGAIN * 10;

    return pay_wechatpay_send(t, PAY_WECHATPAY_CERTS, "GET",
                              PAY_STR("/v3/certificates"), PAY_STR(""));
}


/* who has public keys alone has no certificates: section 4.2 */

pay_rc_t
pay_wechatpay_refresh(pay_talk_t *t)
{
    size_t                          i;
    const pay_wechatpay_v3_conf_t  *conf = t->channel->conf;

    for (i = 0; i < conf->platform_keys.nkeys; i++) {
        if (!pay_str_starts(conf->platform_keys.id[i], "PUB_KEY_ID_")) {
            return pay_wechatpay_certs(t);
        }
    }

    if (i == 0) {
        return pay_wechatpay_certs(t);
    }

    t->cache_put = PAY_STR("");
    t->cache_until = t->now + PAY_WECHATPAY_CERTS_NONE;

    return PAY_DONE;
}


/* one of the list, to the text; NULL, or why not */

static const char *
pay_wechatpay_cert_add(pay_talk_t *t, pay_buf_t *b, const pay_json_t *o)
{
    pay_rc_t     rc;
    pay_str_t    serial, plain;
    pay_cert_t   cert;
    const char  *why;

    if (pay_json_string(o, "serial_no", &serial) != PAY_OK) {
        return "json";
    }

    rc = pay_wechatpay_open(t, pay_json_get(o, "encrypt_certificate"), &plain,
                            &why);
    if (rc != PAY_OK) {
        return rc == PAY_ERROR ? "memory" : why;
    }

    rc = pay_cert_pem(plain, PAY_KEYS_RSA, &cert, &why);
    if (rc != PAY_OK) {
        return "certificate";
    }

    plain = pay_key_public_text(t->arena, cert.key);
    pay_key_unref(cert.key);

    if (!pay_wechatpay_serial_eq(pay_strz(cert.serial), serial)) {
        return "certificate";
    }

    if (plain.data == NULL) {
        return "memory";
    }

    if (cert.not_before > t->now || cert.not_after <= t->now
        || b->len + plain.len + 64 > PAY_WECHATPAY_CACHE_MAX)
    {
        return NULL;
    }

    pay_buf_addz(b, cert.serial);
    pay_buf_addc(b, ' ');
    pay_buf_addi(b, cert.not_after);
    pay_buf_addc(b, '\n');
    pay_buf_adds(b, plain);

    return NULL;
}


/* section 4.1: GCM proves what is in it, and that proves the whole answer */

static const char *
pay_wechatpay_certs_read(pay_talk_t *t, const pay_answer_t *a)
{
    pay_rc_t              rc;
    pay_buf_t             b;
    pay_json_t           *o;
    const char           *why;
    pay_wechatpay_own_t  *own = t->own;

    if (a->outcome != PAY_ANSWERED || a->status != 200) {
        return "certificates";
    }

    rc = pay_json_parse(t->arena, a->body, &o, &why);
    if (rc != PAY_OK) {
        return "json";
    }

    pay_buf_init(&b, t->arena, 1024);

    o = pay_json_get(o, "data");
    o = o && o->type == PAY_JSON_ARRAY ? o->child : NULL;

    for ( /* void */ ; o; o = o->next) {
        why = pay_wechatpay_cert_add(t, &b, o);
        if (why) {
            return why;
        }
    }

    own->certs = pay_buf_str(&b);

    if (own->certs.data == NULL || own->certs.len == 0) {
        own->certs = PAY_STR("");
        return "certificates";
    }

    if (pay_wechatpay_verify(t, &a->headers, a->body, &why) != PAY_OK) {
        own->certs = PAY_STR("");
        return why;
    }

    t->cache_put = own->certs;
    t->cache_until = t->now + PAY_WECHATPAY_CERTS_FRESH;

    return NULL;
}


pay_rc_t
pay_wechatpay_certified(pay_talk_t *t, const pay_answer_t *a)
{
    const char           *why;
    pay_wechatpay_own_t  *own = t->own;

    why = pay_wechatpay_certs_read(t, a);

    if (t->op == PAY_OP_REFRESH) {
        return why == NULL ? PAY_DONE
               : pay_talk_fail(t, a->outcome == PAY_NOT_SENT
                                  ? PAY_E_CHANNEL_UNREACHABLE
                                  : PAY_E_CHANNEL_RESPONSE_INVALID, why);
    }

    if (own->notice) {
        return pay_wechatpay_notice_again(t);
    }

    if (own->withheld) {
        t->step = own->step;
        return pay_wechatpay_answered(t, own->withheld);
    }

    /* it was for a key to seal by, and nothing else was sent yet */

    if (why) {
        return pay_talk_fail(t, PAY_E_CHANNEL_UNREACHABLE, why);
    }

    return pay_wechatpay_start(t);
}


/* headers and body in the arena, until the certificates are there */

pay_rc_t
pay_wechatpay_keep(pay_talk_t *t, const pay_headers_t *from,
    pay_headers_t *h, pay_str_t *body)
{
    size_t         i;
    pay_header_t  *elts;

    elts = pay_calloc(t->arena, from->nelts * sizeof(pay_header_t) + 1);
    if (elts == NULL) {
        return PAY_ERROR;
    }

    for (i = 0; i < from->nelts; i++) {
        elts[i].name = pay_str_dup(t->arena, from->elts[i].name);
        elts[i].value = pay_str_dup(t->arena, from->elts[i].value);

        if (elts[i].name.data == NULL || elts[i].value.data == NULL) {
            return PAY_ERROR;
        }
    }

    h->elts = elts;
    h->nelts = from->nelts;

    *body = pay_str_dup(t->arena, *body);

    return body->data ? PAY_OK : PAY_ERROR;
}
