
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver wechatpay_v3: the platform's certificates, downloaded and used.
 */

#include "wechatpay_v3_made.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>


#define SERIAL_1  "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"
#define SERIAL_2  "0A0B0C0D0E0F101112131415161718191A1B1C1D"

static pay_key_set_t  keys;


/* of certificate 1 or 2, sealed as the channel does it */

static void
cert_add(pay_json_writer_t *w, const char *name, const char *serial,
    pay_str_t key)
{
    pay_str_t  sealed;

    if (pay_aes256_gcm_seal(t.arena, &sealed,
                            pay_strz(text_of(member(member(vectors, "keys"),
                                                    name), "pem")),
                            PAY_STR("0123456789ab"), PAY_STR("certificate"),
                            key) != PAY_OK)
    {
        bail("cannot", "seal");
    }

    pay_jw_object(w, NULL);
    pay_jw_strz(w, "serial_no", serial);
    pay_jw_strz(w, "effective_time", "2026-11-22T03:34:18+08:00");
    pay_jw_object(w, "encrypt_certificate");
    pay_jw_strz(w, "algorithm", "AEAD_AES_256_GCM");
    pay_jw_strz(w, "nonce", "0123456789ab");
    pay_jw_strz(w, "associated_data", "certificate");
    pay_jw_str(w, "ciphertext", pay_base64_encode(t.arena, sealed));
    pay_jw_end(w);
    pay_jw_end(w);
}


/* certificates 1 and 2 are of platform_key */

static pay_str_t
list_of(const char *serial_1, pay_str_t key)
{
    pay_json_writer_t  *w;

    w = pay_json_writer(t.arena);
    pay_jw_object(w, NULL);
    pay_jw_array(w, "data");
    cert_add(w, "platform_certificate_1", serial_1, key);
    pay_jw_end(w);
    pay_jw_end(w);

    return pay_jw_text(w);
}


static pay_rc_t
answer_as(const char *serial, int status, pay_str_t body)
{
    pay_answer_t  a;

    platform_sign(t.arena, &headers, t.now, body);
    *header_at(&headers, "Wechatpay-Serial") = pay_strz(serial);

    memset(&a, 0, sizeof(a));
    a.status = status;
    a.headers = headers_of(&headers);
    a.body = body;

    return pay_wechatpay_v3.resume(&t, &a);
}


/* certificate 1 has a key of its own in the vectors */

static int
cert_signs(void)
{
    pay_key_t  *key;
    int         yes;

    key = keys.key[1];
    yes = pay_key_match(platform_key, key);

    return yes;
}


static void
asks_for_certs(pay_rc_t rc, const char *name)
{
    is_int(rc, PAY_SIGN, name);
    is(t.request.target, "/v3/certificates", "asks for certificates");
    is(pay_strz(t.request.method), "GET", "GET");
    ok(t.cache_put.data != NULL, "and notes that it did");
    is_int(pay_wechatpay_v3.sign(&t), PAY_SEND, "signed");
}


static void
test_answer(void)
{
    /* an answer with an unknown serial, its key, and the answer again */

    begin_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
    asks_for_certs(answer_as(SERIAL_1, 200, PAY_STR(PAID)), "unknown serial");
    is_int(t.fact.state, PAY_STATE_NONE, "nothing is believed yet");

    is_int(answer_as(SERIAL_1, 200, list_of(SERIAL_1, conf.api_v3_key)),
           PAY_DONE, "the certificates");
    is_int(t.error.code, PAY_E_NONE, "no error");
    is_int(t.fact.state, PAY_STATE_SUCCEEDED, "the withheld answer holds");
    is(t.fact.channel_number, "4200000001", "and is read");
    ok(pay_str_starts(t.cache_put, SERIAL_1 " "), "its key is kept");
    is_int(t.cache_until, NOW + 43200, "for half a day");

    /* what was kept is known to the next one */

    conf.platform_keys.nkeys = 0;
    {
        pay_arena_t  *old = t.arena;
        pay_str_t     cache = t.cache_put;

        t.arena = NULL;
        begin_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
        t.cache = cache;
        t.cache_at = NOW - 1;
        is_int(answer_as(SERIAL_1, 200, PAY_STR(PAID)), PAY_DONE,
               "kept, and known");
        is_int(t.fact.state, PAY_STATE_SUCCEEDED, "verified");
        ok(t.cache_put.data == NULL, "nothing new to keep");

        t.random_used = 0;
        is_int(pay_wechatpay_v3.begin(&t), PAY_SIGN, "the next request");
        is(t.request.headers[2].name, "Wechatpay-Serial", "asks");
        is(t.request.headers[2].value, SERIAL_1, "for its signature");

        t.now = INT64_C(2111111111);
        ok(pay_wechatpay_platform_key(&t, PAY_STR(SERIAL_1)) == NULL,
           "until it ends");
        pay_arena_destroy(old);
    }
    conf.platform_keys.nkeys = 1;
}


static void
test_refused(void)
{
    size_t     i;
    pay_rc_t   rc;
    pay_str_t  body;

    static const char *const  names[] = {
        "a certificate of another serial", "another APIv3 key",
        "an empty list", "no list", "an error", "signed by nobody",
        "not an answer"
    };

    for (i = 0; i < pay_nelts(names); i++) {
        begin_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
        asks_for_certs(answer_as(SERIAL_1, 200, PAY_STR(PAID)), names[i]);

        body = i == 0 ? list_of(SERIAL_2, conf.api_v3_key)
               : i == 1 ? list_of(SERIAL_1,
                                  PAY_STR("0123456789abcdef0123456789abcdef"))
               : i == 2 ? PAY_STR("{\"data\":[]}")
               : i == 3 ? PAY_STR("{\"data\":{}}")
               : list_of(SERIAL_1, conf.api_v3_key);

        if (i == 6) {
            pay_answer_t  a;

            memset(&a, 0, sizeof(a));
            a.outcome = PAY_UNANSWERED;
            rc = pay_wechatpay_v3.resume(&t, &a);

        } else {
            rc = answer_as(i == 5 ? SERIAL_2 : SERIAL_1, i == 4 ? 404 : 200,
                           body);
        }

        failed(rc, PAY_E_CHANNEL_RESPONSE_INVALID, "serial", names[i]);
        no_fact();
        is_int(t.cache_put.len, 0, "nothing is kept");
        is_int(t.cache_until, NOW + 600, "and it is tried again");
    }

    /* not more than once a minute, and never for the id of a public key */

    begin_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
    t.cache_at = NOW - 59;
    failed(answer_as(SERIAL_1, 200, PAY_STR(PAID)),
           PAY_E_CHANNEL_RESPONSE_INVALID, "serial", "59 s after the last");
    ok(t.cache_put.data == NULL, "which stays the last");

    begin_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
    t.cache_at = NOW - 60;
    asks_for_certs(answer_as(SERIAL_1, 200, PAY_STR(PAID)), "60 s");

    begin_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
    failed(answer_as("PUB_KEY_ID_01", 200, PAY_STR(PAID)),
           PAY_E_CHANNEL_RESPONSE_INVALID, "serial", "an unknown key's id");

    begin_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
    failed(answer_as("'); --", 200, PAY_STR(PAID)),
           PAY_E_CHANNEL_RESPONSE_INVALID, "serial", "no serial at all");
}


static void
test_notice(void)
{
    pay_str_t  body;

    open_notice();
    t.cache_at = 0;
    body = envelope(&right);
    platform_sign(t.arena, &headers, t.now, body);
    *header_at(&headers, "Wechatpay-Serial") = PAY_STR(SERIAL_1);

    asks_for_certs(deliver("POST", body), "a notice with an unknown serial");
    is_int(t.notice, PAY_NOTICE_REFUSED, "nothing is believed yet");
    is_int(answer_as(SERIAL_1, 200, list_of(SERIAL_1, conf.api_v3_key)),
           PAY_DONE, "the certificates");
    is_int(t.notice, PAY_NOTICE_OBJECT, "the withheld notice holds");
    is_int(t.fact.state, PAY_STATE_SUCCEEDED, "and is read");

    open_notice();
    t.cache_at = 0;
    body = envelope(&right);
    platform_sign(t.arena, &headers, t.now, body);
    *header_at(&headers, "Wechatpay-Serial") = PAY_STR(SERIAL_1);
    *header_at(&headers, "Wechatpay-Nonce") = PAY_STR("another");

    asks_for_certs(deliver("POST", body), "a forged one");
    is_int(answer_as(SERIAL_1, 200, list_of(SERIAL_1, conf.api_v3_key)),
           PAY_DONE, "the certificates");
    is_int(t.notice, PAY_NOTICE_REFUSED, "does not hold");
    is(pay_strz(t.error.reason), "signature", "for its signature");
    ok(t.cache_put.len > 0, "the certificates are kept nevertheless");
}


static void
test_refresh(void)
{
    pay_answer_t  a;

    begin_talk(PAY_OP_REFRESH, PAY_KNOWN_OPEN);
    is(t.request.target, "/v3/certificates", "a refresh");
    failed(answer_as(SERIAL_1, 500, PAY_STR("")),
           PAY_E_CHANNEL_RESPONSE_INVALID, "certificates", "an error");

    begin_talk(PAY_OP_REFRESH, PAY_KNOWN_OPEN);
    memset(&a, 0, sizeof(a));
    a.outcome = PAY_NOT_SENT;
    is_int(pay_wechatpay_v3.resume(&t, &a), PAY_SEND, "the second host");
    failed(pay_wechatpay_v3.resume(&t, &a), PAY_E_CHANNEL_UNREACHABLE,
           "certificates", "nothing was sent");

    conf.platform_keys = keys;
    conf.platform_keys.nkeys = 1;
    open_talk(PAY_OP_REFRESH, PAY_KNOWN_OPEN);
    is_int(pay_wechatpay_v3.begin(&t), PAY_DONE,
           "public keys alone: there are no certificates");
    is_int(t.error.code, PAY_E_NONE, "no error");
    is_int(t.cache_until, NOW + 30 * 86400, "and no hurry");
}


/* by libcrypto itself, with the private half */

static pay_str_t
unseal(pay_str_t text)
{
    BIO           *bio;
    size_t         len;
    pay_u8        *p;
    EVP_PKEY      *pkey;
    pay_str_t      out;
    EVP_PKEY_CTX  *ctx;

    bio = BIO_new_mem_buf(text_of(member(vectors, "keys"),
                          "platform_private_key_pem_test_side_only"), -1);
    pkey = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    ctx = EVP_PKEY_CTX_new(pkey, NULL);
    out = PAY_STR("(failed)");

    if (pay_base64_decode(t.arena, text, &text) == PAY_OK
        && EVP_PKEY_decrypt_init(ctx) == 1
        && EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1
        && EVP_PKEY_decrypt(ctx, NULL, &len, text.data, text.len) == 1)
    {
        p = pay_alloc(t.arena, len);

        if (EVP_PKEY_decrypt(ctx, p, &len, text.data, text.len) == 1) {
            out.data = p;
            out.len = len;
        }
    }

    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    BIO_free(bio);

    return out;
}


static void
test_seal(void)
{
    char        text[215];
    size_t      i;
    yajl_val    list, v;
    pay_str_t   sealed, again, s;

    conf.platform_keys = keys;
    open_talk(PAY_OP_TRANSFER, PAY_KNOWN_NEW);

    list = section(vectors, "sensitive_fields", 3);

    for (i = 0; i < list->u.array.len; i += 2) {
        v = list->u.array.values[i];
        is(unseal(pay_strz(text_of(v, "ciphertext"))), text_of(v, "plaintext"),
           text_of(v, "id"));

        s = pay_strz(text_of(v, "plaintext"));
        is_int(pay_wechatpay_seal(&t, s, &sealed), PAY_OK, "sealed here");
        is(unseal(sealed), text_of(v, "plaintext"), "opens");
        is_int(pay_wechatpay_seal(&t, s, &again), PAY_OK, "and again");
        ok(!pay_str_eq(sealed, again), "never the same");
    }

    memset(text, 'a', sizeof(text));
    s.data = (const pay_u8 *) text;
    s.len = sizeof(text);
    is_int(pay_wechatpay_seal(&t, s, &sealed), PAY_INVALID, "215 bytes");

    conf.platform_keys.nkeys = 0;
    s.len = 1;
    is_int(pay_wechatpay_seal(&t, s, &sealed), PAY_DECLINED, "no key yet");
    conf.platform_keys = keys;
}


int
main(void)
{
    channel_open();

    keys = conf.platform_keys;

    if (cert_signs()) {

        /* the public key alone, then, is configured; no certificate is */

        conf.platform_keys.nkeys = 1;
        test_answer();
        test_refused();
        test_notice();

        conf.platform_keys = keys;
        test_refresh();

    } else {
        bail("certificate 1", "is of another key");
    }

    test_seal();

    conf.platform_keys = keys;
    talk_close(&t);
    channel_close();

    return done();
}
