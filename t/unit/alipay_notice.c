
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver alipay: notices, and certificates that the channel changes.  The
 * certificates are made here, of throwaway keys.
 */

#include "alipay.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>


#define BYTES(p, n)  ((pay_str_t) { (n), (const pay_u8 *) (p) })

static const char  *media_type;
static const char  *post_method;


static pay_rc_t
notify(pay_str_t body)
{
    pay_header_t  h;
    pay_notice_t  n;

    h.name = PAY_STR("Content-Type");
    h.value = pay_strz(media_type);

    n.method = pay_strz(post_method);
    n.args = PAY_STR("");
    n.headers.elts = &h;
    n.headers.nelts = 1;
    n.body = body;

    return pay_alipay.notice(&t, &n);
}


/* form, with its signature over all but sign_type (V1) or over all (V2) */

static pay_str_t
signed_form(const char *form, int v2)
{
    pay_buf_t   b;
    pay_form_t  f;

    if (pay_form_bytes(t.arena, pay_strz(form), 100, &f) != PAY_OK) {
        bail("form", form);
    }

    if (v2) {
        f.elts = memcpy(pay_alloc(t.arena, (f.nelts + 1) * sizeof(*f.elts)),
                        f.elts, f.nelts * sizeof(*f.elts));
        f.elts[f.nelts].name = PAY_STR("sign_type");
        f.elts[f.nelts++].value = PAY_STR("RSA2");
    }

    pay_alipay_sort(&f);

    pay_buf_init(&b, t.arena, 2048);
    pay_buf_addz(&b, form);
    pay_buf_addz(&b, "&sign_type=RSA2&sign=");
    pay_buf_adds(&b, pay_percent_encode(t.arena,
                         alipay_sign(pay_alipay_canon(t.arena, f.elts,
                                                      f.nelts, 0))));

    return pay_buf_str(&b);
}


static pay_rc_t
notice(const char *form)
{
    open_talk(PAY_OP_NONE, PAY_KNOWN_NEW);
    media_type = "application/x-www-form-urlencoded;charset=utf-8";
    post_method = "POST";

    return notify(signed_form(form, 0));
}


#define BASE                                                                 \
    "charset=utf-8&app_id=" APP_ID "&notify_type=trade_status_sync"          \
    "&out_trade_no=" ORDER "&trade_no=" TRADE "&total_amount=88.88"          \
    "&gmt_payment=2026-11-22+08%3A00%3A10&buyer_open_id=074a"

#define OURS(status)  BASE "&seller_id=" SELLER "&trade_status=" status


static void
test_payment(void)
{
    pay_reply_t  reply;

    is_int(notice(OURS("TRADE_SUCCESS") "&buyer_pay_amount=80.00"
                  "&passback_params=" ECHO), PAY_DONE, "paid");
    is_int(t.notice, PAY_NOTICE_OBJECT, "of an object");
    is_int(t.fact.kind, PAY_KIND_PAYMENT, "a payment");
    is_int(t.fact.state, PAY_STATE_SUCCEEDED, "succeeded");
    is(t.fact.number, ORDER, "number");
    is(t.fact.channel_number, TRADE, "channel number");
    is_int(t.fact.amount, 8888, "amount");
    is_int(t.fact.amount_paid, 8000, "amount_paid");
    is(t.fact.payer, "074a", "payer");
    ok(!t.fact.user_id, "... by an openid");
    is(t.fact.echo, ECHO, "W: the text that we had sent");
    is_int(t.fact.done_at, NOW + 10, "time");
    is(t.notice_type, "trade_status_sync", "type");
    ok(pay_str_starts(t.notice_data, "{\"app_id\":"), "data is JSON");

    pay_alipay.acknowledge(&t, PAY_ACK_OK, &reply);
    is(reply.body, "success", "acknowledged by seven bytes");
    is_int(reply.status, 200, "and 200");
    pay_alipay.acknowledge(&t, PAY_ACK_LATER, &reply);
    is(reply.body, "fail", "later");
    is_int(reply.status, 503, "later");

    is_int(notice(OURS("TRADE_CLOSED")), PAY_DONE, "closed");
    is_int(t.fact.state, PAY_STATE_CLOSED, "closed");
    is_int(notice(OURS("TRADE_FINISHED")), PAY_DONE, "finished");
    is_int(t.fact.state, PAY_STATE_SUCCEEDED, "paid, no refunds any more");

    is_int(notice("charset=utf-8&app_id=" APP_ID
                  "&notify_type=dut_user_sign"), PAY_DONE, "an agreement");
    is_int(t.notice, PAY_NOTICE_OTHER, "of another kind");
}


static void
refused(pay_rc_t rc, pay_code_t code, const char *reason, const char *name)
{
    failed(rc, code, reason, name);
    ok(t.notice == PAY_NOTICE_REFUSED && t.fact.state == PAY_STATE_NONE,
       "%s: refused, no fact", name);
}


static void
test_refused(void)
{
    pay_str_t    body;
    pay_reply_t  reply;

    refused(notice("charset=utf-8&app_id=2021000000000002"
                   "&seller_id=" SELLER), PAY_E_CHANNEL_FORBIDDEN,
            "identity", "W-2: another application's");
    refused(notice(BASE "&seller_id=2088000000000002"
                   "&trade_status=TRADE_SUCCESS"), PAY_E_CHANNEL_FORBIDDEN,
            "identity", "W-2: another seller's");
    refused(notice(BASE "&trade_status=TRADE_SUCCESS"),
            PAY_E_CHANNEL_FORBIDDEN, "identity", "W-2: nobody's");
    pay_alipay.acknowledge(&t, PAY_ACK_REFUSED, &reply);
    is_int(reply.status, 403, "its answer");
    is(reply.body, "fail", "its answer");

    refused(notice(OURS("NEW_STATUS")), PAY_E_STATE_CONFLICT, "trade_status",
            "an unknown state");
    refused(notice("charset=latin1&app_id=" APP_ID),
            PAY_E_ENCODING_UNSUPPORTED, "charset", "another charset");
    refused(notice("charset=utf-8&subject=%B2%E2&app_id=" APP_ID),
            PAY_E_ENCODING_UNSUPPORTED, "charset", "no UTF-8");

    open_talk(PAY_OP_NONE, PAY_KNOWN_NEW);
    body = signed_form(OURS("TRADE_SUCCESS"), 0);
    memcpy(strstr((char *) body.data, "88.88"), "88.89", 5);
    refused(notify(body), PAY_E_SIGNATURE_MISMATCH, "signature",
            "W-1: a changed amount");

    open_talk(PAY_OP_NONE, PAY_KNOWN_NEW);
    refused(notify(PAY_STR(OURS("TRADE_SUCCESS"))), PAY_E_SIGNATURE_MISSING,
            "missing_field", "W-1: no signature");
    open_talk(PAY_OP_NONE, PAY_KNOWN_NEW);
    refused(notify(PAY_STR("a=1&sign_type=RSA&sign=x")),
            PAY_E_ALGORITHM_NOT_ALLOWED, "sign_type",
            "W-3: a weaker algorithm");
    open_talk(PAY_OP_NONE, PAY_KNOWN_NEW);
    refused(notify(PAY_STR("a=1&a=2&sign=x")), PAY_E_JSON_INVALID, "form",
            "a field twice");

    open_talk(PAY_OP_NONE, PAY_KNOWN_NEW);
    body = signed_form(OURS("TRADE_SUCCESS"), 0);
    media_type = "application/json";
    refused(notify(body), PAY_E_MEDIA_TYPE_UNSUPPORTED, "media_type",
            "another media type");
    media_type = "application/x-www-form-urlencoded";
    post_method = "GET";
    refused(notify(body), PAY_E_METHOD_NOT_ALLOWED, "method", "GET");
}


#define REFUND  "R202601020001"

#define FOUND(amount, status)                                                \
    "\"out_trade_no\":\"" ORDER "\",\"trade_no\":\"" TRADE "\","             \
    "\"out_request_no\":\"" REFUND "\",\"refund_amount\":\"" amount "\","    \
    "\"total_amount\":\"88.88\"" status

#define SUCCESS  ",\"refund_status\":\"REFUND_SUCCESS\""

static void
test_refund(void)
{
    is_int(notice(OURS("TRADE_SUCCESS") "&refund_fee=18.88&out_biz_no="
                  REFUND "&gmt_refund=2026-11-22+08%3A01%3A00.5"), PAY_SIGN,
           "a refund: only sums are told");
    is(biz(), "{\"out_trade_no\":\"" ORDER "\",\"out_request_no\":\"" REFUND
       "\",\"query_options\":[\"gmt_refund_pay\"]}", "asked for");
    is_int(pay_alipay.sign(&t), PAY_SEND, "signed");
    done_as(accepts(FOUND("8.88", SUCCESS)), PAY_STATE_SUCCEEDED, "refunded");
    is_int(t.notice, PAY_NOTICE_OBJECT, "of an object");
    is_int(t.fact.kind, PAY_KIND_REFUND, "a refund");
    is(t.fact.number, REFUND, "its number");
    is(t.fact.order_id, ORDER, "the payment");
    is_int(t.fact.amount, 888, "its amount");
    is_int(t.fact.amount_refunded, 1888, "the sum");

    is_int(notice(OURS("TRADE_CLOSED") "&refund_fee=88.88&out_biz_no="
                  REFUND), PAY_SIGN, "a full refund");
    is_int(pay_alipay.sign(&t), PAY_SEND, "signed");
    failed(outcome(PAY_UNANSWERED), PAY_E_INTERNAL_ERROR, "unanswered",
           "no answer: the channel shall come again");
    is_int(t.notice, PAY_NOTICE_OBJECT, "not refused");

    is_int(notice(OURS("TRADE_SUCCESS") "&refund_fee=8.88&out_biz_no="
                  REFUND), PAY_SIGN, "a refund");
    is_int(pay_alipay.sign(&t), PAY_SEND, "signed");
    failed(accepts("\"out_trade_no\":\"X\",\"trade_no\":\"1\","
                   "\"out_request_no\":\"" REFUND "\","
                   "\"refund_amount\":\"8.88\"" SUCCESS),
           PAY_E_INTERNAL_ERROR, "echo_mismatch", "another's answer");

    is_int(notice(OURS("TRADE_CLOSED") "&refund_fee=88.88"), PAY_DONE,
           "a full refund without a number");
    is_int(t.fact.kind, PAY_KIND_PAYMENT, "of the payment");
    is_int(t.fact.state, PAY_STATE_SUCCEEDED, "which was paid");
    is_int(t.fact.refund_status, PAY_REFUND_FULL, "and paid back");
    is_int(t.fact.amount_refunded, 8888, "all of it");
}


static void
test_message(void)
{
    open_talk(PAY_OP_NONE, PAY_KNOWN_NEW);
    media_type = "application/x-www-form-urlencoded";
    post_method = "POST";

    is_int(notify(signed_form("charset=utf-8&app_id=" APP_ID "&version=1.1"
                  "&msg_method=alipay.fund.trans.order.changed&biz_content="
                  "%7B%22out_biz_no%22%3A%22P1%22%2C%22order_id%22%3A%2220%22"
                  "%2C%22status%22%3A%22SUCCESS%22%2C%22trans_amount%22%3A"
                  "%221.00%22%7D", 1)), PAY_DONE, "a message, V2");
    is_int(t.notice, PAY_NOTICE_OBJECT, "of an object");
    is_int(t.fact.kind, PAY_KIND_TRANSFER, "a transfer");
    is(t.fact.number, "P1", "its number");
    is_int(t.fact.state, PAY_STATE_SUCCEEDED, "succeeded");
    is_int(t.fact.amount, 100, "its amount");

    open_talk(PAY_OP_NONE, PAY_KNOWN_NEW);
    is_int(notify(signed_form("charset=utf-8&app_id=" APP_ID
                  "&msg_method=alipay.other&biz_content=%7B%7D", 1)),
           PAY_DONE, "another message");
    is_int(t.notice, PAY_NOTICE_OTHER, "of another kind");
}


/* a certificate of key, by ca (itself where NULL), as PEM */

typedef struct {
    EVP_PKEY  *key;
    X509      *x;
} holder_t;


static void
certify(holder_t *h, const char *name, long serial, const holder_t *ca,
    int is_ca, const char *md)
{
    X509V3_CTX       ctx;
    X509_NAME       *n;
    X509_EXTENSION  *e;

    h->x = X509_new();
    X509_set_version(h->x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(h->x), serial);
    ASN1_TIME_set(X509_getm_notBefore(h->x), NOW - 1000);
    ASN1_TIME_set(X509_getm_notAfter(h->x), NOW + 100000);
    n = X509_get_subject_name(h->x);
    X509_NAME_add_entry_by_txt(n, "C", MBSTRING_ASC, (pay_u8 *) "CN", -1, -1,
                               0);
    X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_ASC, (pay_u8 *) name, -1, -1,
                               0);
    X509_set_issuer_name(h->x, ca ? X509_get_subject_name(ca->x) : n);
    X509_set_pubkey(h->x, h->key);

    X509V3_set_ctx(&ctx, ca ? ca->x : h->x, h->x, NULL, NULL, 0);
    e = X509V3_EXT_conf_nid(NULL, &ctx, NID_basic_constraints,
                            is_ca ? "critical,CA:TRUE" : "CA:FALSE");
    X509_add_ext(h->x, e, -1);
    X509_EXTENSION_free(e);

    if (X509_sign(h->x, ca ? ca->key : h->key, EVP_get_digestbyname(md))
        == 0)
    {
        bail("cannot certify", name);
    }
}


static pay_str_t
pem_of_certs(holder_t *a, holder_t *b)
{
    char       *p;
    long        n;
    BIO        *bio;
    pay_str_t   s;

    bio = BIO_new(BIO_s_mem());
    BIO_puts(bio, "some text\n");
    PEM_write_bio_X509(bio, a->x);

    if (b) {
        PEM_write_bio_X509(bio, b->x);
    }

    n = BIO_get_mem_data(bio, &p);
    s = pay_str_dup(keys_arena, BYTES(p, n));
    BIO_free(bio);

    return s;
}


static EVP_PKEY *
key_of_pem(pay_str_t pem)
{
    BIO       *bio;
    EVP_PKEY  *key;

    bio = BIO_new_mem_buf(pem.data, (int) pem.len);
    key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    BIO_free(bio);

    return key;
}


static pay_certs_t *
certs_of(pay_str_t pem)
{
    const char   *why;
    pay_certs_t  *certs;

    if (pay_certs_pem(pem, &certs, &why) != PAY_OK) {
        bail("certificates", why);
    }

    return certs;
}


static holder_t   root, issuer, leaf, newer, app, strange;
static pay_key_t  *kept;


static void
holders_open(void)
{
    root.key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t) 2048);
    issuer.key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t) 2048);
    strange.key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t) 2048);
    leaf.key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t) 2048);
    newer.key = key_of_pem(key_text("alipay_private_pkcs8_pem"));
    app.key = key_of_pem(key_text("app_private_pkcs8_pem"));

    certify(&root, "root", 1, NULL, 1, "SHA256");
    certify(&issuer, "issuer", 2, &root, 1, "SHA256");
    certify(&leaf, "leaf", 3, &issuer, 0, "SHA256");
    certify(&newer, "newer", 4, &issuer, 0, "SHA256");
    certify(&app, "app", 5, &issuer, 0, "SHA256");
    certify(&strange, "strange", 6, NULL, 1, "SHA256");

    kept = conf.alipay_public_key;
    conf.alipay_public_key = NULL;
    conf.app_certificate = certs_of(pem_of_certs(&app, NULL));
    conf.alipay_certificate = certs_of(pem_of_certs(&leaf, &issuer));
    conf.root_certificate = certs_of(pem_of_certs(&root, NULL));
}


static void
holders_close(void)
{
    size_t     i;
    holder_t  *all[] = { &root, &issuer, &leaf, &newer, &app, &strange };

    for (i = 0; i < pay_nelts(all); i++) {
        EVP_PKEY_free(all[i]->key);
        X509_free(all[i]->x);
    }

    pay_certs_destroy(conf.app_certificate);
    pay_certs_destroy(conf.alipay_certificate);
    pay_certs_destroy(conf.root_certificate);
    conf.app_certificate = NULL;
    conf.alipay_certificate = NULL;
    conf.root_certificate = NULL;
    conf.app_cert_sn[0] = conf.alipay_cert_sn[0] = '\0';
    conf.root_cert_sn[0] = '\0';
    conf.alipay_public_key = kept;
}


static void
sn_of(holder_t *h, char sn[PAY_CERT_SN])
{
    pay_certs_t  *certs;

    certs = certs_of(pem_of_certs(h, NULL));
    pay_certs_sn(certs, 0, sn);
    pay_certs_destroy(certs);
}


/* an answer to a query, under the newer certificate, by its key */

static pay_str_t
by_newer(void)
{
    char       sn[PAY_CERT_SN];
    pay_buf_t  b;

    sn_of(&newer, sn);

    pay_buf_init(&b, t.arena, 100);
    pay_buf_addz(&b, ",\"alipay_cert_sn\":\"");
    pay_buf_addz(&b, sn);
    pay_buf_addz(&b, "\"");
    pay_buf_addc(&b, '\0');

    return envelope("{\"code\":\"10000\",\"msg\":\"Success\"," PAID "}",
                    (const char *) pay_buf_str(&b).data);
}


static pay_rc_t
download(pay_str_t pem)
{
    pay_buf_t  b;

    pay_buf_init(&b, t.arena, 4096);
    pay_buf_addz(&b, "{\"alipay_open_app_alipaycert_download_response\":"
                     "{\"code\":\"10000\",\"alipay_cert_content\":\"");
    pay_buf_adds(&b, pay_base64_encode(t.arena, pem));
    pay_buf_addz(&b, "\"},\"sign\":\"x\"}");

    return answer(200, pay_buf_str(&b));
}


static void
test_certificates(void)
{
    char         sn[PAY_CERT_SN], want[128];
    pay_str_t    cache;
    const char  *why;

    why = "";
    is_int(pay_alipay.check(&channel, &why), PAY_OK, "certificate mode");

    sn_of(&app, sn);
    is(pay_strz(conf.app_cert_sn), sn, "app_cert_sn");
    sn_of(&leaf, sn);
    is(pay_strz(conf.alipay_cert_sn), sn, "alipay_cert_sn");
    sn_of(&root, sn);
    is(pay_strz(conf.root_cert_sn), sn, "alipay_root_cert_sn");

    begin_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
    is(field("app_cert_sn"), conf.app_cert_sn, "sent");
    is(field("alipay_root_cert_sn"), conf.root_cert_sn, "sent");

    /* another certificate than ours is asked for, and then the talk goes on */

    is_int(answer(200, by_newer()), PAY_SIGN, "an unknown certificate");
    is(field("method"), "alipay.open.app.alipaycert.download", "asked for");
    sn_of(&newer, sn);
    snprintf(want, sizeof(want), "{\"alipay_cert_sn\":\"%s\"}", sn);
    is(biz(), want, "by its number");
    is_int(pay_alipay.sign(&t), PAY_SEND, "sent");
    done_as(download(pem_of_certs(&newer, &issuer)), PAY_STATE_SUCCEEDED,
            "verified by it");
    ok(t.cache_put.len > 0 && t.cache_put.len <= 3072
       && pay_str_starts(t.cache_put, sn), "and kept");
    is_int(t.cache_until, NOW + 100000, "until it ends");

    cache = pay_str_dup(keys_arena, t.cache_put);

    begin_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
    t.cache = cache;
    t.cache_at = NOW - 10;
    done_as(answer(200, by_newer()), PAY_STATE_SUCCEEDED,
            "the next time it is known");

    begin_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
    t.cache = cache;
    t.now = NOW + 100001;
    is_int(answer(200, by_newer()), PAY_SIGN, "until it has run out");

    /* trust is by the chain alone */

    begin_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
    is_int(answer(200, by_newer()), PAY_SIGN, "asked for");
    is_int(pay_alipay.sign(&t), PAY_SEND, "sent");
    failed(download(pem_of_certs(&strange, NULL)),
           PAY_E_CHANNEL_RESPONSE_INVALID, "certificate",
           "another one is not taken");
    ok(t.cache_put.data != NULL && t.cache_put.len == 0,
       "when that was, is kept");

    X509_free(newer.x);
    certify(&newer, "newer", 4, &strange, 0, "SHA256");

    begin_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
    is_int(answer(200, by_newer()), PAY_SIGN, "of another root: asked for");
    is_int(pay_alipay.sign(&t), PAY_SEND, "sent");
    failed(download(pem_of_certs(&newer, &strange)),
           PAY_E_CHANNEL_RESPONSE_INVALID, "certificate", "not believed");
    is_int(t.fact.state, PAY_STATE_NONE, "no fact");

    begin_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
    t.cache_at = NOW - 59;
    failed(answer(200, by_newer()), PAY_E_CHANNEL_RESPONSE_INVALID,
           "certificate", "once a minute");
    begin_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
    t.cache_at = NOW - 60;
    is_int(answer(200, by_newer()), PAY_SIGN, "... and again");

    /* the same for a notice */

    X509_free(newer.x);
    certify(&newer, "newer", 4, &issuer, 0, "SHA256");
    sn_of(&newer, sn);
    snprintf(want, sizeof(want), "&alipay_cert_sn=%s", sn);

    open_talk(PAY_OP_NONE, PAY_KNOWN_NEW);
    media_type = "application/x-www-form-urlencoded";
    post_method = "POST";

    {
        pay_buf_t  b;

        pay_buf_init(&b, t.arena, 1024);
        pay_buf_adds(&b, signed_form(OURS("TRADE_SUCCESS"), 0));
        pay_buf_addz(&b, want);
        is_int(notify(pay_buf_str(&b)), PAY_SIGN,
               "a notice under an unknown certificate");
    }

    is_int(pay_alipay.sign(&t), PAY_SEND, "asked for");
    done_as(download(pem_of_certs(&newer, NULL)), PAY_STATE_SUCCEEDED,
            "verified, its issuer is in our own file");
    is_int(t.notice, PAY_NOTICE_OBJECT, "taken");
}


static void
checked(const char *wanted, const char *name)
{
    const char  *why;

    why = "";
    is_int(pay_alipay.check(&channel, &why), PAY_INVALID, name);
    ok(strstr(why, wanted) != NULL, "%s: %s", name, why);
}


static void
test_check(void)
{
    const char   *why;
    pay_certs_t  *certs;

    conf.sign_type = PAY_STR("SM2");
    checked("not a key of sign_type", "an RSA key for SM2");
    conf.sign_type = PAY_STR("RSA");
    checked("RSA2 or SM2", "SHA-1");
    conf.sign_type = PAY_STR("");

    conf.seller_id = PAY_STR("1088000000000001");
    checked("2088", "no account");
    conf.seller_id = PAY_STR(SELLER);

    conf.encrypt_key = PAY_STR("AAAAAAAAAAAAAAAAAAAAAAAA");
    checked("encrypt_key", "18 bytes");
    conf.encrypt_key = PAY_STR("");

    conf.alipay_public_key = app_public;
    checked("either", "both modes");

    certs = conf.root_certificate;
    conf.root_certificate = NULL;
    conf.alipay_public_key = NULL;
    checked("either", "neither mode");
    conf.root_certificate = conf.app_certificate;
    checked("no chain", "another root");
    conf.root_certificate = certs;

    conf.sandbox_key = alipay_private;
    checked("sandbox_alipay_key", "another's key");
    conf.sandbox_key = NULL;

    certs = conf.app_certificate;
    conf.app_certificate = conf.alipay_certificate;
    checked("not the key of app_certificate", "another's certificate");
    conf.app_certificate = certs;

    certs = conf.app_certificate;
    conf.app_certificate = NULL;
    checked("either", "two of three files");
    conf.app_certificate = certs;

    /* key mode */

    holders_close();
    conf.alipay_public_key = app_public;
    checked("the application's own key", "the most frequent mistake");
    conf.alipay_public_key = kept;
    why = "";
    is_int(pay_alipay.check(&channel, &why), PAY_OK, "key mode");
    conf.sandbox_key = alipay_private;
    is_int(pay_alipay.check(&channel, &why), PAY_OK, "with the simulator's");
    conf.sandbox_key = NULL;
}


int
main(void)
{
    channel_open();

    test_payment();
    test_refused();
    test_refund();
    test_message();

    holders_open();
    test_certificates();
    test_check();

    channel_close();

    return done();
}
