
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver alipay: the key that verifies; in certificate mode a new certificate
 * is asked for and believed by its chain alone (section 4.3).
 *
 * The channel's cache is the serial number of the latest one, LF, and its
 * PEM: public, and checked again whenever it is used.
 */

#include <channel/pay_alipay_int.h>
#include <codec/pay_json_span.h>


#define PAY_ALIPAY_CACHE_MAX  3072
#define PAY_ALIPAY_CERT_RATE  60        /* seconds */
#define PAY_ALIPAY_SPANS      8


static unsigned
pay_alipay_kinds(const pay_alipay_conf_t *conf)
{
    return 1u << pay_key_alg(conf->app_private_key);
}


static pay_rc_t
pay_alipay_leaf(const pay_alipay_conf_t *conf, const pay_certs_t *certs,
    pay_key_t **key)
{
    pay_rc_t     rc;
    pay_cert_t   cert;
    const char  *why;

    rc = pay_certs_get(certs, 0, pay_alipay_kinds(conf), &cert, &why);

    *key = cert.key;

    return rc;
}


/* the first one is that of the serial number, and its chain holds */

static pay_rc_t
pay_alipay_trusted(const pay_talk_t *t, const pay_certs_t *certs,
    pay_str_t sn)
{
    char                      name[PAY_CERT_SN];
    const pay_alipay_conf_t  *conf = t->channel->conf;

    if (pay_certs_sn(certs, 0, name) != 0) {
        return PAY_ERROR;
    }

    if (!pay_str_eqz(sn, name)) {
        return PAY_DECLINED;
    }

    return pay_certs_verify(certs, conf->alipay_certificate,
                            conf->root_certificate, t->now);
}


static pay_rc_t
pay_alipay_cached(const pay_talk_t *t, pay_str_t sn, pay_key_t **key)
{
    pay_rc_t      rc;
    pay_str_t     pem;
    const char   *why;
    pay_certs_t  *certs;

    if (t->cache.len <= sn.len || t->cache.data[sn.len] != '\n'
        || memcmp(t->cache.data, sn.data, sn.len) != 0)
    {
        return PAY_DECLINED;
    }

    pem.data = t->cache.data + sn.len + 1;
    pem.len = t->cache.len - sn.len - 1;

    rc = pay_certs_pem(pem, &certs, &why);
    if (rc != PAY_OK) {
        return rc == PAY_ERROR ? rc : PAY_DECLINED;
    }

    rc = pay_alipay_trusted(t, certs, sn);

    if (rc == PAY_OK) {
        rc = pay_alipay_leaf(t->channel->conf, certs, key);
    }

    pay_certs_destroy(certs);

    return rc == PAY_INVALID ? PAY_DECLINED : rc;
}


pay_rc_t
pay_alipay_key(pay_talk_t *t, pay_str_t sn, pay_key_t **key)
{
    pay_alipay_conf_t  *conf = t->channel->conf;

    *key = NULL;

    if (conf->alipay_public_key) {
        *key = pay_key_ref(conf->alipay_public_key);
        return PAY_OK;
    }

    if (sn.len == 0 || pay_str_eqz(sn, conf->alipay_cert_sn)) {
        return pay_alipay_leaf(conf, conf->alipay_certificate, key);
    }

    if (sn.len != PAY_CERT_SN - 1
        || !pay_str_token(sn, "", PAY_CERT_SN - 1, PAY_CERT_SN - 1))
    {
        return PAY_INVALID;
    }

    return pay_alipay_cached(t, sn, key);
}


/* whoever sends us serial numbers shall not make us ask for each of them */

int
pay_alipay_cert_wanted(const pay_talk_t *t)
{
    const pay_alipay_own_t  *own = t->own;

    return !own->downloaded
           && (t->cache_at == 0
               || t->now - t->cache_at >= PAY_ALIPAY_CERT_RATE);
}


pay_rc_t
pay_alipay_cert_ask(pay_talk_t *t, pay_str_t sn)
{
    pay_json_writer_t  *w;
    pay_alipay_own_t   *own = t->own;

    own->downloaded = 1;
    own->sn = pay_str_dup(t->arena, sn);

    w = pay_json_writer(t->arena);

    if (w == NULL || own->sn.data == NULL) {
        return PAY_ERROR;
    }

    pay_jw_object(w, NULL);
    pay_jw_str(w, "alipay_cert_sn", sn);
    pay_jw_end(w);

    return pay_alipay_request(t, PAY_ALIPAY_CERT, pay_jw_text(w));
}


/* the PEM text in the answer, whose own signature says nothing yet */

static pay_rc_t
pay_alipay_cert_text(pay_talk_t *t, const pay_answer_t *a, pay_str_t *pem)
{
    size_t                  n;
    pay_rc_t                rc;
    pay_json_t             *o;
    const char             *why;
    pay_json_span_t         spans[PAY_ALIPAY_SPANS];
    const pay_json_span_t  *span;

    if (a->outcome != PAY_ANSWERED || a->status != 200
        || pay_json_spans(a->body, 0, spans, PAY_ALIPAY_SPANS, &n) != PAY_OK)
    {
        return PAY_DECLINED;
    }

    span = pay_json_span(spans, n,
                   PAY_STR("alipay_open_app_alipaycert_download_response"));
    if (span == NULL) {
        return PAY_DECLINED;
    }

    rc = pay_json_parse(t->arena, span->value, &o, &why);

    if (rc == PAY_OK) {
        rc = pay_json_string(o, "alipay_cert_content", pem);
    }

    if (rc == PAY_OK) {
        rc = pay_base64_decode(t->arena, *pem, pem);
    }

    return rc == PAY_INVALID ? PAY_DECLINED : rc;
}


/* what fits is kept: all, or the leaf, whose issuer is in our own file then */

static pay_rc_t
pay_alipay_cert_keep(pay_talk_t *t, pay_str_t pem, int64_t until)
{
    size_t             i, n;
    pay_buf_t          b;
    pay_alipay_own_t  *own = t->own;

    static const char  mark[] = "-----END CERTIFICATE-----";

    n = sizeof(mark) - 1;

    if (own->sn.len + 1 + pem.len > PAY_ALIPAY_CACHE_MAX) {

        for (i = 0; i + n < pem.len; i++) {
            if (memcmp(pem.data + i, mark, n) == 0) {
                pem.len = i + n;
                break;
            }
        }
    }

    if (own->sn.len + 2 + pem.len > PAY_ALIPAY_CACHE_MAX) {
        return PAY_DECLINED;
    }

    pay_buf_init(&b, t->arena, own->sn.len + pem.len + 2);
    pay_buf_adds(&b, own->sn);
    pay_buf_addc(&b, '\n');
    pay_buf_adds(&b, pem);
    pay_buf_addc(&b, '\n');

    t->cache_put = pay_buf_str(&b);
    t->cache_until = until;

    if (t->cache_put.data == NULL) {
        return PAY_ERROR;
    }

    t->cache = t->cache_put;
    t->cache_at = t->now;

    return PAY_OK;
}


static pay_rc_t
pay_alipay_cert_take(pay_talk_t *t, pay_str_t pem)
{
    pay_rc_t           rc;
    pay_cert_t         cert;
    const char        *why;
    pay_certs_t       *certs;
    pay_alipay_own_t  *own = t->own;

    rc = pay_certs_pem(pem, &certs, &why);
    if (rc != PAY_OK) {
        return rc;
    }

    rc = pay_alipay_trusted(t, certs, own->sn);

    if (rc == PAY_OK) {
        rc = pay_certs_get(certs, 0, pay_alipay_kinds(t->channel->conf),
                           &cert, &why);
    }

    pay_certs_destroy(certs);

    if (rc != PAY_OK) {
        return rc;
    }

    pay_key_unref(cert.key);

    return pay_alipay_cert_keep(t, pem, cert.not_after);
}


pay_rc_t
pay_alipay_cert_resume(pay_talk_t *t, const pay_answer_t *a)
{
    pay_rc_t            rc;
    pay_str_t           pem;
    pay_alipay_own_t   *own;
    pay_alipay_said_t   s;

    own = t->own;
    pem = PAY_STR("");

    rc = pay_alipay_cert_text(t, a, &pem);

    if (rc == PAY_OK) {
        rc = pay_alipay_cert_take(t, pem);
    }

    if (rc == PAY_ERROR) {
        return rc;
    }

    /* the same, written again, tells when it was asked for last */

    if (rc != PAY_OK) {
        t->cache_put = t->cache.len ? t->cache : PAY_STR("");
    }

    t->step = own->held_step;

    if (own->held_step == PAY_ALIPAY_NONE) {
        return pay_alipay_notice_verify(t);
    }

    rc = pay_alipay_read(t, 200, own->held, &s);

    return rc == PAY_OK ? pay_alipay_resumed(t, &s) : rc;
}
