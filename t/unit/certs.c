
/*
 * Copyright (C) the ngx_pay authors
 *
 * Files of several certificates, and chains: of RSA and of SM2, by throwaway
 * keys.  Driver alipay with sign_type SM2, on such certificates.
 */

#include "alipay.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>


typedef struct {
    EVP_PKEY  *key;
    X509      *x;
} holder_t;


/* SM2 signs with the id that the standard has; X509_sign() has none */

static int
sign_cert(X509 *x, EVP_PKEY *key)
{
    int            rc, sm2;
    EVP_MD_CTX    *ctx;
    EVP_PKEY_CTX  *pctx;

    sm2 = EVP_PKEY_is_a(key, "SM2");
    ctx = EVP_MD_CTX_new();

    rc = EVP_DigestSignInit(ctx, &pctx, sm2 ? EVP_sm3() : EVP_sha256(), NULL,
                            key) == 1
         && (!sm2 || EVP_PKEY_CTX_set1_id(pctx, "1234567812345678", 16) == 1)
         && X509_sign_ctx(x, ctx) > 0;

    EVP_MD_CTX_free(ctx);

    return rc;
}


static int
certify(holder_t *h, const char *name, const holder_t *ca, int is_ca)
{
    X509V3_CTX       ctx;
    X509_NAME       *n;
    X509_EXTENSION  *e;

    h->x = X509_new();
    X509_set_version(h->x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(h->x), strlen(name));
    ASN1_TIME_set(X509_getm_notBefore(h->x), NOW);
    ASN1_TIME_set(X509_getm_notAfter(h->x), NOW + 1000);
    n = X509_get_subject_name(h->x);
    X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_ASC, (pay_u8 *) name, -1, -1,
                               0);
    X509_set_issuer_name(h->x, ca ? X509_get_subject_name(ca->x) : n);
    X509_set_pubkey(h->x, h->key);

    X509V3_set_ctx(&ctx, ca ? ca->x : h->x, h->x, NULL, NULL, 0);
    e = X509V3_EXT_conf_nid(NULL, &ctx, NID_basic_constraints,
                            is_ca ? "critical,CA:TRUE" : "CA:FALSE");
    X509_add_ext(h->x, e, -1);
    X509_EXTENSION_free(e);

    return sign_cert(h->x, ca ? ca->key : h->key);
}


static pay_str_t
pem_of_certs(const holder_t *const *h, const char *between)
{
    char       *p;
    long        n;
    BIO        *bio;
    pay_str_t   s, copy;

    bio = BIO_new(BIO_s_mem());

    for ( /* void */ ; *h; h++) {
        BIO_puts(bio, between);
        PEM_write_bio_X509(bio, (*h)->x);
    }

    n = BIO_get_mem_data(bio, &p);
    s.data = (const pay_u8 *) p;
    s.len = n;
    copy = pay_str_dup(keys_arena, s);
    BIO_free(bio);

    return copy;
}


static pay_certs_t *
certs_of(const holder_t *a, const holder_t *b)
{
    const char      *why;
    pay_certs_t     *certs;
    const holder_t  *list[3] = { NULL, NULL, NULL };

    list[0] = a;
    list[1] = b;
    certs = NULL;
    why = "";

    ok(pay_certs_pem(pem_of_certs(list, ""), &certs, &why) == PAY_OK,
       "certificates %s", why ? why : "");

    return certs;
}


static pay_key_t *
key_of(EVP_PKEY *pkey)
{
    char        *p;
    long         n;
    BIO         *bio;
    pay_str_t    s;
    pay_key_t   *key;
    const char  *why;

    bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL);
    n = BIO_get_mem_data(bio, &p);
    s.data = (const pay_u8 *) p;
    s.len = n;

    if (pay_key_private_pem(s, PAY_KEYS_ANY, &key, &why) != PAY_OK) {
        bail("key", why);
    }

    BIO_free(bio);

    return key;
}


static void
test_file(const holder_t *h)
{
    size_t           i;
    pay_buf_t        b;
    pay_str_t        pem;
    const char      *why;
    pay_certs_t     *certs;
    const holder_t  *list[PAY_CERTS_MAX + 2];

    for (i = 0; i <= PAY_CERTS_MAX; i++) {
        list[i] = h;
    }

    list[PAY_CERTS_MAX] = NULL;
    is_int(pay_certs_pem(pem_of_certs(list, "a text\n"), &certs, &why),
           PAY_OK, "16 certificates, text between them");
    is_int(pay_certs_count(certs), PAY_CERTS_MAX, "all of them");
    pay_certs_destroy(certs);

    list[PAY_CERTS_MAX] = h;
    list[PAY_CERTS_MAX + 1] = NULL;
    is_int(pay_certs_pem(pem_of_certs(list, ""), &certs, &why), PAY_INVALID,
           "17 are too many");
    ok(certs == NULL, "nothing");

    is_int(pay_certs_pem(PAY_STR(""), &certs, &why), PAY_INVALID, "nothing");
    is_int(pay_certs_pem(PAY_STR("no certificate\n"), &certs, &why),
           PAY_INVALID, "a text");
    is_int(pay_certs_pem(key_text("app_public_pem"), &certs, &why),
           PAY_INVALID, "a key");

    list[1] = NULL;
    pem = pem_of_certs(list, "");
    pay_buf_init(&b, keys_arena, 4096);
    pay_buf_adds(&b, pem);
    pay_buf_adds(&b, key_text("app_public_pem"));
    is_int(pay_certs_pem(pay_buf_str(&b), &certs, &why), PAY_INVALID,
           "a key behind it");

    pem.len -= 40;
    is_int(pay_certs_pem(pem, &certs, &why), PAY_INVALID, "cut short");
}


static void
test_chain(const char *type)
{
    char          sn[PAY_CERT_SN];
    unsigned      kind;
    holder_t      root, issuer, leaf, other;
    pay_cert_t    cert;
    const char   *why;
    pay_certs_t  *roots, *leaves, *alone, *issuers, *others;

    kind = strcmp(type, "SM2") == 0 ? 1u << PAY_ALG_SM2_SM3 : PAY_KEYS_RSA;

    root.key = strcmp(type, "SM2") == 0
               ? EVP_PKEY_Q_keygen(NULL, NULL, "SM2")
               : EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t) 2048);

    if (root.key == NULL) {
        skip("libcrypto has no %s", type);
        return;
    }

    issuer.key = EVP_PKEY_dup(root.key);
    leaf.key = EVP_PKEY_dup(root.key);
    other.key = EVP_PKEY_dup(root.key);

    ok(certify(&root, "root", NULL, 1) && certify(&issuer, "issuer", &root, 1)
       && certify(&leaf, "leafleaf", &issuer, 0)
       && certify(&other, "otherroot", NULL, 1), "%s: certificates", type);

    roots = certs_of(&root, NULL);
    leaves = certs_of(&leaf, &issuer);
    alone = certs_of(&leaf, NULL);
    issuers = certs_of(&issuer, NULL);
    others = certs_of(&other, NULL);

    is_int(pay_certs_verify(leaves, NULL, roots, NOW + 1), PAY_OK,
           "a chain of three");
    is_int(pay_certs_verify(alone, issuers, roots, NOW + 1), PAY_OK,
           "its issuer from elsewhere");
    is_int(pay_certs_verify(alone, NULL, roots, NOW + 1), PAY_DECLINED,
           "no issuer");
    is_int(pay_certs_verify(leaves, NULL, others, NOW + 1), PAY_DECLINED,
           "another root");
    is_int(pay_certs_verify(leaves, others, others, NOW + 1), PAY_DECLINED,
           "another root, twice");
    is_int(pay_certs_verify(leaves, NULL, roots, NOW - 1), PAY_DECLINED,
           "not valid yet");
    is_int(pay_certs_verify(leaves, NULL, roots, NOW + 1001), PAY_DECLINED,
           "not valid any more");
    is_int(pay_certs_verify(others, NULL, roots, NOW + 1), PAY_DECLINED,
           "a root of one's own");

    is_int(pay_certs_signer(leaves, 0), kind, "who signs");
    is_int(pay_certs_sn(leaves, 0, sn), 0, "a serial number");
    is_int(strlen(sn), 32, "of 32 digits");

    is_int(pay_certs_get(leaves, 0, kind, &cert, &why), PAY_OK, "its key");
    is_int(cert.not_after, NOW + 1000, "its end");
    pay_key_unref(cert.key);
    is_int(pay_certs_get(leaves, 0, 1u << PAY_ALG_ED25519, &cert, &why),
           PAY_INVALID, "not as another kind");

    if (kind == PAY_KEYS_RSA) {
        test_file(&leaf);
    }

    pay_certs_destroy(roots);
    pay_certs_destroy(leaves);
    pay_certs_destroy(alone);
    pay_certs_destroy(issuers);
    pay_certs_destroy(others);

    EVP_PKEY_free(root.key);
    EVP_PKEY_free(issuer.key);
    EVP_PKEY_free(leaf.key);
    EVP_PKEY_free(other.key);
    X509_free(root.x);
    X509_free(issuer.x);
    X509_free(leaf.x);
    X509_free(other.x);
}


static void
test_sm2(void)
{
    holder_t       root, theirs, ours;
    pay_str_t      text, sign;
    pay_key_t     *rsa_app, *rsa_alipay, *rsa_public;
    pay_cert_t     cert;
    const char    *why;

    root.key = EVP_PKEY_Q_keygen(NULL, NULL, "SM2");
    theirs.key = EVP_PKEY_Q_keygen(NULL, NULL, "SM2");
    ours.key = EVP_PKEY_Q_keygen(NULL, NULL, "SM2");

    if (root.key == NULL || theirs.key == NULL || ours.key == NULL) {
        skip("libcrypto has no SM2");
        return;
    }

    ok(certify(&root, "root", NULL, 1) && certify(&theirs, "theirs", &root, 0)
       && certify(&ours, "ours", &root, 0), "SM2: certificates");

    rsa_app = conf.app_private_key;
    rsa_alipay = alipay_private;
    rsa_public = conf.alipay_public_key;

    conf.app_private_key = key_of(ours.key);
    alipay_private = key_of(theirs.key);
    conf.alipay_public_key = NULL;
    conf.app_certificate = certs_of(&ours, NULL);
    conf.alipay_certificate = certs_of(&theirs, NULL);
    conf.root_certificate = certs_of(&root, NULL);
    conf.sign_type = PAY_STR("SM2");

    ok(pay_alipay.check(&channel, &why) == PAY_OK, "sign_type SM2");
    is_int(strlen(conf.root_cert_sn), 32, "the root of SM2 is named");

    begin_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);
    is(field("sign_type"), "SM2", "sign_type");

    text = pay_alipay_canon(t.arena, ((pay_alipay_own_t *) t.own)->fields,
                            ((pay_alipay_own_t *) t.own)->nfields, 0);
    is_int(pay_certs_get(conf.app_certificate, 0, 1u << PAY_ALG_SM2_SM3,
                         &cert, &why), PAY_OK, "our certificate");
    is_int(pay_sign(t.arena, &sign, text, conf.app_private_key, PAY_SIG_DER),
           PAY_OK, "signed");
    is_int(pay_alipay_verify(&t, pay_base64_encode(t.arena, sign), text,
                             cert.key), PAY_OK, "SM3 with SM2, DER");
    pay_key_unref(cert.key);

    done_as(accepts(PAID), PAY_STATE_SUCCEEDED, "their answer is verified");

    conf.sign_type = PAY_STR("");
    pay_key_unref(conf.app_private_key);
    pay_key_unref(alipay_private);
    conf.app_private_key = rsa_app;
    alipay_private = rsa_alipay;
    conf.alipay_public_key = rsa_public;

    EVP_PKEY_free(root.key);
    EVP_PKEY_free(theirs.key);
    EVP_PKEY_free(ours.key);
    X509_free(root.x);
    X509_free(theirs.x);
    X509_free(ours.x);
}


/* section 5: what is sent is sealed, and what comes is opened */

static void
test_aes(void)
{
    pay_str_t  key, iv, text;

    static const pay_u8  zeros[16];

    conf.encrypt_key = key_text("aes_key_base64");
    begin_talk(PAY_OP_QUERY, PAY_KNOWN_OPEN);

    is(field("encrypt_type"), "AES", "encrypt_type");
    iv.data = zeros;
    iv.len = 16;
    is_int(pay_base64_decode(t.arena, biz(), &text), PAY_OK, "base64");
    is_int(pay_base64_decode(t.arena, conf.encrypt_key, &key), PAY_OK, "key");
    is_int(pay_aes_cbc_open(t.arena, &text, text, iv, key), PAY_OK, "opens");
    is(text, "{\"out_trade_no\":\"" ORDER "\"}", "its content");

    conf.encrypt_key = PAY_STR("");
}


int
main(void)
{
    channel_open();

    test_aes();
    test_chain("RSA");
    test_chain("SM2");
    test_sm2();

    channel_close();

    return done();
}
