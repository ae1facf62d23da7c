
/*
 * Copyright (C) the ngx_pay authors
 *
 * src/crypto: digest, MAC, keys and their policy, RSA, AES-256-GCM, secrets.
 * All keys are made at run time and thrown away.
 * Rows of the threat catalogue: K-4, K-10, K-15, K-20.
 */

#include "test.h"

#include <crypto/pay_crypto.h>

#include <pthread.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>


#define TEXT(z)  ((pay_str_t) { strlen(z), (const pay_u8 *) (z) })
#define BYTES(p, n)  ((pay_str_t) { (n), (const pay_u8 *) (p) })


typedef pay_rc_t (*load_pt)(pay_str_t pem, unsigned kinds, pay_key_t **out,
    const char **why);


static pay_arena_t  *arena;
static EVP_PKEY     *rsa, *other, *ec;


/* --- making things ------------------------------------------------------- */

static EVP_PKEY *
make_rsa(size_t bits, unsigned long exponent)
{
    EVP_PKEY      *pkey;
    EVP_PKEY_CTX  *ctx;
    OSSL_PARAM     params[3];

    params[0] = OSSL_PARAM_construct_size_t(OSSL_PKEY_PARAM_RSA_BITS, &bits);
    params[1] = OSSL_PARAM_construct_ulong(OSSL_PKEY_PARAM_RSA_E, &exponent);
    params[2] = OSSL_PARAM_construct_end();

    pkey = NULL;
    ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY_keygen_init(ctx);
    EVP_PKEY_CTX_set_params(ctx, params);
    EVP_PKEY_generate(ctx, &pkey);
    EVP_PKEY_CTX_free(ctx);

    return pkey;
}


/* no one has the private part: good enough to be refused, or taken */

static EVP_PKEY *
make_public(int bits, const char *exponent)
{
    BIGNUM          *n, *e;
    EVP_PKEY        *pkey;
    OSSL_PARAM      *params;
    EVP_PKEY_CTX    *ctx;
    OSSL_PARAM_BLD  *bld;

    n = BN_new();
    e = NULL;
    BN_rand(n, bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD);
    BN_hex2bn(&e, exponent);

    bld = OSSL_PARAM_BLD_new();
    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n);
    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, e);
    params = OSSL_PARAM_BLD_to_param(bld);

    pkey = NULL;
    ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY_fromdata_init(ctx);
    EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params);

    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(bld);
    BN_free(n);
    BN_free(e);

    return pkey;
}


static pay_str_t
take_bio(BIO *bio)
{
    long        n;
    char       *p;
    pay_str_t   s;

    n = BIO_get_mem_data(bio, &p);
    s = pay_str_dup(arena, BYTES(p, n));
    BIO_free(bio);

    return s;
}


static pay_str_t
pem_private(EVP_PKEY *pkey, const EVP_CIPHER *cipher, int traditional)
{
    BIO  *bio;

    bio = BIO_new(BIO_s_mem());

    if (traditional) {
        PEM_write_bio_PrivateKey_traditional(bio, pkey, cipher,
                                             (unsigned char *) "pass", 4,
                                             NULL, NULL);
    } else {
        PEM_write_bio_PrivateKey(bio, pkey, cipher, (unsigned char *) "pass",
                                 cipher ? 4 : 0, NULL, NULL);
    }

    return take_bio(bio);
}


static pay_str_t
pem_public(EVP_PKEY *pkey)
{
    BIO  *bio;

    bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PUBKEY(bio, pkey);

    return take_bio(bio);
}


static pay_str_t
pem_cert(EVP_PKEY *pkey, int type, const char *serial, size_t len,
    int64_t from, int64_t to)
{
    BIO           *bio;
    X509          *x;
    X509_NAME     *name;
    ASN1_INTEGER  *n;

    x = X509_new();
    X509_set_version(x, X509_VERSION_3);

    n = ASN1_STRING_type_new(type);
    ASN1_STRING_set(n, serial, (int) len);
    X509_set_serialNumber(x, n);
    ASN1_INTEGER_free(n);

    name = X509_NAME_new();
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               (unsigned char *) "throwaway", -1, -1, 0);
    X509_set_subject_name(x, name);
    X509_set_issuer_name(x, name);
    X509_NAME_free(name);

    ASN1_TIME_set(X509_getm_notBefore(x), from);
    ASN1_TIME_set(X509_getm_notAfter(x), to);

    X509_set_pubkey(x, pkey);
    X509_sign(x, rsa, EVP_sha256());

    bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, x);
    X509_free(x);

    return take_bio(bio);
}


/* any bytes under any label */

static pay_str_t
pem_label(const char *label, const pay_u8 *der, long len)
{
    BIO  *bio;

    bio = BIO_new(BIO_s_mem());
    PEM_write_bio(bio, label, "", der, len);

    return take_bio(bio);
}


static pay_str_t
join(pay_str_t a, pay_str_t b)
{
    pay_buf_t  buf;

    pay_buf_init(&buf, arena, a.len + b.len + 1);
    pay_buf_adds(&buf, a);
    pay_buf_adds(&buf, b);

    return pay_buf_str(&buf);
}


static int
clean(const char *name)
{
    return ok(ERR_peek_error() == 0, "%s: the error queue is empty", name);
}


static int
is_hex(const pay_u8 *p, size_t n, const char *want, const char *name)
{
    pay_buf_t  b;

    pay_buf_init(&b, arena, 2 * n + 1);
    pay_buf_addhex(&b, p, n);

    return is(pay_buf_str(&b), want, name);
}


/* --- digest, random ------------------------------------------------------ */

static void
test_digest(void)
{
    pay_u8     a[64], b[64];
    pay_str_t  none = pay_str_null;

    is_int(pay_sha256(a, PAY_STR("abc")), 0, "sha256 works");
    is_hex(a, 32,
           "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
           "sha256 of abc (FIPS 180-4)");

    pay_sha256(a, none);
    is_hex(a, 32,
           "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
           "sha256 of nothing, without a pointer");

    memset(a, 0, sizeof(a));
    memset(b, 0, sizeof(b));
    is_int(pay_random(a, 32), 0, "random works");
    is_int(pay_random(b, 32), 0, "random works again");
    ok(memcmp(a, b, 32) != 0, "random differs");
    ok(a[32] == 0 && b[32] == 0, "random writes no more than asked for");
    is_int(pay_random(a, 0), 0, "no random bytes at all");

    ERR_raise(ERR_LIB_USER, 1);
    is_int(pay_sha256(a, PAY_STR("abc")), 0, "somebody's error is no matter");
    clean("digest");
}


/* --- MAC ----------------------------------------------------------------- */

static void
test_mac_vector(const pay_u8 *key, size_t key_len, const char *text,
    const char *want, const char *name)
{
    pay_u8          out[PAY_SHA256_LEN];
    pay_mac_key_t  *k;

    k = pay_mac_key_create(BYTES(key, key_len));
    is_int(pay_hmac_sha256(out, TEXT(text), k), 0, name);
    is_hex(out, sizeof(out), want, name);
    pay_mac_key_destroy(k);
}


static void
test_mac(void)
{
    size_t          i;
    pay_u8          key[131], out[PAY_SHA256_LEN], again[PAY_SHA256_LEN];
    pay_str_t       none = pay_str_null;
    pay_mac_t      *m, *n;
    pay_mac_key_t  *k;

    memset(key, 0x0b, sizeof(key));
    test_mac_vector(key, 20, "Hi There",
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        "hmac (RFC 4231 4.2)");
    test_mac_vector((const pay_u8 *) "Jefe", 4, "what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        "hmac (RFC 4231 4.3)");
    memset(key, 0xaa, sizeof(key));
    test_mac_vector(key, 131,
        "Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        "hmac, key longer than a block (RFC 4231 4.7)");

    k = pay_mac_key_create(PAY_STR("ngx-pay-demo-secret"));
    pay_hmac_sha256(out, PAY_STR("one piece"), k);

    m = pay_mac_begin(k);
    n = pay_mac_begin(k);

    for (i = 0; i < 9; i++) {
        pay_mac_add(m, &"one piece"[i], 1);
        pay_mac_add(n, "x", 1);
        pay_mac_add(m, NULL, 0);
    }

    is_int(pay_mac_end(again, m), 0, "pieces");
    ok(memcmp(out, again, sizeof(out)) == 0, "pieces give the same MAC");
    is_int(pay_mac_end(again, n), 0, "two at a time");
    ok(memcmp(out, again, sizeof(out)) != 0, "and they do not mix");

    pay_hmac_sha256(again, PAY_STR("one piece"), k);
    ok(memcmp(out, again, sizeof(out)) == 0, "the key is as it was");

    is_int(pay_hmac_sha256(out, none, k), 0, "no message");
    m = pay_mac_begin(k);
    is_int(pay_mac_end(again, m), 0, "no piece");
    ok(memcmp(out, again, sizeof(out)) == 0, "both are the empty message");

    m = pay_mac_begin(k);
    pay_mac_add(m, "dropped", 7);
    pay_mac_drop(m);
    pay_mac_drop(NULL);
    pay_mac_key_destroy(k);
    pay_mac_key_destroy(NULL);

    ok(pay_mac_key_create(none) == NULL
       && pay_mac_key_create(BYTES("x", 0)) == NULL, "K-4: no empty key");
    clean("mac");
}


/* --- keys: what is refused ----------------------------------------------- */

static void
refused(load_pt load, pay_str_t pem, const char *want, const char *name)
{
    pay_rc_t     rc;
    pay_key_t   *k;
    const char  *why;

    k = (pay_key_t *) &rc;
    why = NULL;
    rc = load(pem, PAY_KEYS_RSA, &k, &why);

    is_int(rc, PAY_INVALID, name);
    ok(k == NULL, "%s: no key", name);
    is(pay_strz(why), want, name);
    clean(name);

    if (rc == PAY_OK) {
        pay_key_unref(k);
    }
}


static void
refused_cert(pay_str_t pem, const char *want, const char *name)
{
    pay_rc_t     rc;
    pay_cert_t   c;
    const char  *why;

    why = NULL;
    rc = pay_cert_pem(pem, PAY_KEYS_RSA, &c, &why);

    is_int(rc, PAY_INVALID, name);
    ok(c.key == NULL && c.serial[0] == '\0', "%s: nothing is left", name);
    is(pay_strz(why), want, name);
    clean(name);
}


static void
test_weak_public(int bits, const char *e, const char *want, const char *name)
{
    EVP_PKEY  *pkey;

    pkey = make_public(bits, e);
    refused(pay_key_public_pem, pem_public(pkey), want, name);
    refused_cert(pem_cert(pkey, V_ASN1_INTEGER, "\1", 1, 0, 1), want, name);
    EVP_PKEY_free(pkey);
}


static void
test_weak(void)
{
    EVP_PKEY  *pkey;

    static const char  small[] =
        "the RSA key is too small, 2048 bits is the least";
    static const char  exponent[] =
        "the RSA exponent is too small, 65537 is the least";
    static const char  type[] = "the key is not an RSA key";

    pkey = make_rsa(1024, 65537);
    refused(pay_key_private_pem, pem_private(pkey, NULL, 0), small,
            "K-4: private RSA 1024");
    refused(pay_key_public_pem, pem_public(pkey), small,
            "K-4: public RSA 1024");
    EVP_PKEY_free(pkey);

    pkey = make_rsa(2048, 3);
    refused(pay_key_private_pem, pem_private(pkey, NULL, 1), exponent,
            "K-4: private, e = 3");
    refused(pay_key_public_pem, pem_public(pkey), exponent,
            "K-4: public, e = 3");
    EVP_PKEY_free(pkey);

    test_weak_public(512, "010001", small, "K-4: RSA 512");
    test_weak_public(2047, "010001", small, "K-4: RSA 2047");
    test_weak_public(8193, "010001",
                     "the RSA key is too large, 8192 bits is the most",
                     "K-20: RSA 8193");
    test_weak_public(16385, "010001",
                     "the RSA key is too large, 8192 bits is the most",
                     "K-20: RSA 16385");
    test_weak_public(2048, "01", exponent, "K-4: e = 1");
    test_weak_public(2048, "FFFF", exponent, "K-4: e = 65535");
    test_weak_public(2048, "010002", "the RSA exponent is even",
                     "K-4: e = 65538");
    test_weak_public(2048, "010000000000000001",
                     "the RSA exponent is too large", "K-4: e of 65 bits");

    refused(pay_key_private_pem, pem_private(ec, NULL, 0), type,
            "K-4: private EC key, PKCS #8");
    refused(pay_key_private_pem, pem_private(ec, NULL, 1), type,
            "K-4: private EC key, old form");
    refused(pay_key_public_pem, pem_public(ec), type, "K-4: public EC key");
    refused_cert(pem_cert(ec, V_ASN1_INTEGER, "\1", 1, 0, 1), type,
                 "K-4: certificate of an EC key");

    pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    refused(pay_key_private_pem, pem_private(pkey, NULL, 0), type,
            "K-4: Ed25519 key");
    EVP_PKEY_free(pkey);
}


static void
test_pss(void)
{
    EVP_PKEY      *pkey;
    EVP_PKEY_CTX  *ctx;

    pkey = NULL;
    ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
    EVP_PKEY_keygen_init(ctx);
    EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 2048);
    EVP_PKEY_generate(ctx, &pkey);
    EVP_PKEY_CTX_free(ctx);

    refused(pay_key_public_pem, pem_public(pkey),
            "the key is of type RSA-PSS, a plain RSA key is needed",
            "K-4: RSA-PSS key");
    EVP_PKEY_free(pkey);
}


static void
test_wrong_kind(void)
{
    pay_str_t  private, public, cert;

    private = pem_private(rsa, NULL, 0);
    public = pem_public(rsa);
    cert = pem_cert(rsa, V_ASN1_INTEGER, "\1", 1, 0, 1);

    refused(pay_key_private_pem, public,
            "a private key is needed, this is a public key", "kind 1");
    refused(pay_key_private_pem, cert,
            "a private key is needed, this is a certificate", "kind 2");
    refused(pay_key_public_pem, private,
            "a public key is needed, this is a private key", "kind 3");
    refused(pay_key_public_pem, cert,
            "a public key is needed, this is a certificate", "kind 4");
    refused_cert(private, "a certificate is needed, this is a private key",
                 "kind 5");
    refused_cert(public, "a certificate is needed, this is a public key",
                 "kind 6");
    refused(pay_key_private_pem,
            pem_label("DH PARAMETERS", (const pay_u8 *) "\x30\0", 2),
            "a private key is needed, this is another kind of PEM object",
            "kind 7");

    refused(pay_key_private_pem,
            pem_private(rsa, EVP_aes_256_cbc(), 0),
            "the key is protected by a passphrase", "encrypted PKCS #8");
    refused(pay_key_private_pem,
            pem_private(rsa, EVP_aes_256_cbc(), 1),
            "the key is protected by a passphrase", "encrypted, old form");
}


/* nothing may ask on the terminal, whatever the label says */

static void
test_hidden_passphrase(void)
{
    BIO        *bio;
    char       *label, *header;
    long        len;
    pay_u8     *der;
    pay_str_t   pem;

    pem = pem_private(rsa, EVP_aes_256_cbc(), 0);
    bio = BIO_new_mem_buf(pem.data, (int) pem.len);
    PEM_read_bio(bio, &label, &header, &der, &len);

    refused(pay_key_private_pem, pem_label("PRIVATE KEY", der, len),
            "the PEM object is damaged", "encrypted under a plain label");
    refused(pay_key_private_pem, pem_label("RSA PRIVATE KEY", der, len),
            "the PEM object is damaged", "encrypted under the old label");

    OPENSSL_free(label);
    OPENSSL_free(header);
    OPENSSL_free(der);
    BIO_free(bio);
}


static void
test_two_objects(void)
{
    pay_str_t  private, public, cert;

    static const char  two[] =
        "there is more than one PEM object in the file";

    private = pem_private(rsa, NULL, 0);
    public = pem_public(rsa);
    cert = pem_cert(rsa, V_ASN1_INTEGER, "\1", 1, 0, 1);

    refused(pay_key_private_pem, join(private, private), two, "two keys");
    refused(pay_key_private_pem, join(private, cert), two, "key, certificate");
    refused(pay_key_private_pem, join(cert, private), two, "certificate, key");
    refused(pay_key_public_pem, join(public, private), two, "public, private");
    refused(pay_key_public_pem, join(public, PAY_STR("-----BEGIN X")), two,
            "the start of a second one");
    refused_cert(join(cert, cert), two, "K-20: a chain");
}


static void
test_damaged(void)
{
    size_t     len;
    pay_u8    *big, *p, *der;
    pay_str_t  public, s, none = pay_str_null;

    static const char  absent[] = "there is no PEM object in the file";
    static const char  broken[] = "the PEM object is damaged";

    public = pem_public(rsa);

    refused(pay_key_public_pem, none, absent, "an empty file");
    refused(pay_key_public_pem, PAY_STR("garbage\n"), absent, "garbage");
    refused_cert(PAY_STR("\0\0\0\0"), absent, "NUL bytes");
    refused(pay_key_public_pem, BYTES(public.data + 1, public.len - 1), absent,
            "the first dash is missing");
    refused(pay_key_public_pem, BYTES(public.data, 27), broken,
            "only the first line");
    refused(pay_key_public_pem, BYTES(public.data, public.len - 30), broken,
            "cut before its end");
    refused(pay_key_public_pem, join(PAY_STR("x"), public), broken,
            "not at the start of a line");
    refused(pay_key_public_pem,
            PAY_STR("-----BEGIN PUBLIC KEY-----\n"
                    "-----END PUBLIC KEY-----\n"), broken, "empty object");
    refused(pay_key_public_pem, pem_label("PUBLIC KEY",
            (const pay_u8 *) "\x30\x03\x02\x01\x05", 5), broken,
            "an object that is no key");
    refused(pay_key_private_pem, pem_label("PRIVATE KEY",
            (const pay_u8 *) "\x30\x03\x02\x01\x05", 5), broken,
            "an object that is no private key");
    refused_cert(pem_label("CERTIFICATE",
                 (const pay_u8 *) "\x30\x03\x02\x01\x05", 5), broken,
                 "an object that is no certificate");

    p = (pay_u8 *) pay_str_dup(arena, public).data;
    p[40] = '*';
    refused(pay_key_public_pem, BYTES(p, public.len), broken,
            "a character outside base64");

    /* a byte behind the DER structure */

    der = NULL;
    len = i2d_PUBKEY(rsa, &der);
    p = pay_calloc(arena, len + 1);
    memcpy(p, der, len);
    refused(pay_key_public_pem, pem_label("PUBLIC KEY", p, len + 1), broken,
            "a byte behind the structure");
    OPENSSL_free(der);

    /* 16 KiB: filled with text in front, which is allowed */

    big = pay_alloc(arena, 16385);
    memset(big, '\n', 16385);
    memcpy(big + 16384 - public.len, public.data, public.len);
    s = BYTES(big, 16385);
    refused(pay_key_public_pem, s, "the file is larger than 16 KiB",
            "K-20: 16 KiB and a byte");
    memset(big, '-', 16385);
    refused_cert(s, "the file is larger than 16 KiB", "K-20: large garbage");
}


/* what one wrong character in the file does */

static void
test_wrong_private(void)
{
    long         i, len;
    int          taken;
    pay_u8      *der;
    pay_key_t   *k;
    const char  *why;

    der = NULL;
    len = i2d_PrivateKey(rsa, &der);
    taken = 0;

    for (i = 300; i < len; i += len / 12) {
        der[i] ^= 0x10;

        if (pay_key_private_pem(pem_label("RSA PRIVATE KEY", der, len),
                                PAY_KEYS_RSA, &k, &why)
            == PAY_OK)
        {
            /* libcrypto found its way without the damaged number */
            taken += !pay_key_match(k, k);
            pay_key_unref(k);

        } else {
            taken += (k != NULL || why == NULL);
        }

        der[i] ^= 0x10;
    }

    is_int(taken, 0, "a damaged private key is refused, or does not matter");
    clean("damaged private key");

    /* a bit of the modulus */

    der[14] ^= 0x10;
    refused(pay_key_private_pem, pem_label("RSA PRIVATE KEY", der, len),
            "the private key makes no valid signature", "another modulus");

    OPENSSL_free(der);
}


/* --- keys: what is taken ------------------------------------------------- */

static void
taken(load_pt load, pay_str_t pem, const char *name)
{
    pay_key_t   *k;
    const char  *why;

    is_int(load(pem, PAY_KEYS_RSA, &k, &why), PAY_OK, name);

    if (k != NULL) {
        is_int(pay_key_alg(k), PAY_ALG_RSA_SHA256, name);
        ok(pay_key_ref(k) == k, "%s: reference", name);
        pay_key_unref(k);
        is_int(pay_key_alg(k), PAY_ALG_RSA_SHA256, "it lives on");
        pay_key_unref(k);
    }

    clean(name);
}


static void
test_good(void)
{
    pay_u8    *big;
    EVP_PKEY  *pkey;
    pay_str_t  public;

    public = pem_public(rsa);

    taken(pay_key_private_pem, pem_private(rsa, NULL, 0), "private, PKCS #8");
    taken(pay_key_private_pem, pem_private(rsa, NULL, 1), "private, old form");
    taken(pay_key_public_pem, public, "public");
    taken(pay_key_public_pem, join(PAY_STR("of the channel\n\n"), public),
          "text in front");
    taken(pay_key_public_pem, join(public, PAY_STR("\n\n")),
          "empty lines behind");
    taken(pay_key_public_pem, BYTES(public.data, public.len - 1),
          "no line end at the end");

    big = pay_alloc(arena, 16384);
    memset(big, '\n', 16384);
    memcpy(big + 16384 - public.len, public.data, public.len);
    taken(pay_key_public_pem, BYTES(big, 16384), "16 KiB");

    pkey = make_public(8192, "010001");
    taken(pay_key_public_pem, pem_public(pkey), "RSA 8192");
    EVP_PKEY_free(pkey);

    pkey = make_public(2049, "010003");
    taken(pay_key_public_pem, pem_public(pkey), "RSA 2049, e = 65539");
    EVP_PKEY_free(pkey);

    pay_key_unref(NULL);
}


static void
test_cert(const char *serial, size_t len, int64_t from, int64_t to,
    const char *want)
{
    pay_cert_t   c;
    const char  *why;

    is_int(pay_cert_pem(pem_cert(rsa, V_ASN1_INTEGER, serial, len, from, to),
                        PAY_KEYS_RSA, &c, &why), PAY_OK, want);
    is(pay_strz(c.serial), want, "its serial");
    is_int(c.not_before, from, "valid from");
    is_int(c.not_after, to, "valid to");
    is_int(pay_key_alg(c.key), PAY_ALG_RSA_SHA256, "an RSA key");
    pay_key_unref(c.key);
    clean("certificate");
}


static void
test_certs(void)
{
    char  long_serial[32];

    test_cert("\x51\x57\xF0\x9E\xFD\xC0\x96\xDE\x15\xEB\xE8\x1A\x47\x05\x7A"
              "\x72\x32\xF1\xB8\xE1", 20, 1700000000, 1857679999,
              "5157F09EFDC096DE15EBE81A47057A7232F1B8E1");
    test_cert("\x0a\x00\xff", 3, 0, 4102444800, "0A00FF");
    test_cert("\x80\x01", 2, -86400, 2524608000, "8001");
    test_cert("\x07", 1, 951782400, 1709164800, "07");
    test_cert("\0", 1, 2524607999, 253402300799, "00");

    memset(long_serial, 0x5a, sizeof(long_serial));
    test_cert(long_serial, 31, 1, 2, "5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A"
              "5A5A5A5A5A5A5A5A5A5A5A");

    refused_cert(pem_cert(rsa, V_ASN1_INTEGER, long_serial, 32, 1, 2),
                 "the certificate's serial number is too long",
                 "K-20: serial of 32 bytes");
    refused_cert(pem_cert(rsa, V_ASN1_NEG_INTEGER, "\x05", 1, 1, 2),
                 "the certificate's serial number is negative",
                 "a negative serial");
}


static void
test_match(void)
{
    pay_key_t   *private, *public, *stranger;
    pay_cert_t   c;
    const char  *why;

    pay_key_private_pem(pem_private(rsa, NULL, 0), PAY_KEYS_RSA, &private,
                        &why);
    pay_key_public_pem(pem_public(rsa), PAY_KEYS_RSA, &public, &why);
    pay_key_public_pem(pem_public(other), PAY_KEYS_RSA, &stranger, &why);
    pay_cert_pem(pem_cert(rsa, V_ASN1_INTEGER, "\1", 1, 0, 1), PAY_KEYS_RSA, &c,
                 &why);

    is_int(pay_key_match(private, public), 1, "key and public key match");
    is_int(pay_key_match(private, c.key), 1, "key and certificate match");
    is_int(pay_key_match(private, stranger), 0, "another key does not");
    is_int(pay_key_match(public, public), 0, "a public key is not private");
    clean("match");

    pay_key_unref(private);
    pay_key_unref(public);
    pay_key_unref(stranger);
    pay_key_unref(c.key);
}


/* --- RSA ----------------------------------------------------------------- */

/* a signature as someone else would make it */

static pay_str_t
foreign(EVP_PKEY *pkey, const EVP_MD *md, int padding, pay_str_t in)
{
    size_t         len;
    pay_u8        *sig;
    EVP_MD_CTX    *ctx;
    EVP_PKEY_CTX  *pctx;

    len = EVP_PKEY_get_size(pkey);
    sig = pay_alloc(arena, len);

    ctx = EVP_MD_CTX_new();
    EVP_DigestSignInit(ctx, &pctx, md, NULL, pkey);
    EVP_PKEY_CTX_set_rsa_padding(pctx, padding);
    EVP_DigestSign(ctx, sig, &len, in.data, in.len);
    EVP_MD_CTX_free(ctx);

    return BYTES(sig, len);
}


static void
declined(pay_str_t sig, pay_str_t in, const pay_key_t *k, const char *name)
{
    is_int(pay_rsa_sha256_verify(sig, in, k), PAY_DECLINED, name);
    clean(name);
}


static void
test_rsa_negative(const pay_key_t *public, pay_str_t in, pay_str_t sig)
{
    size_t   i;
    int      wrong;
    pay_u8  *p;

    p = pay_alloc(arena, sig.len + 1);
    memcpy(p, sig.data, sig.len);
    p[sig.len] = 0;
    wrong = 0;

    for (i = 0; i < sig.len * 8; i += 41) {
        p[i / 8] ^= 1 << i % 8;
        wrong += pay_rsa_sha256_verify(BYTES(p, sig.len), in, public)
                 != PAY_DECLINED;
        p[i / 8] ^= 1 << i % 8;
    }

    is_int(wrong, 0, "flipped bits of a signature");
    clean("flipped bits");

    declined(BYTES(p, sig.len - 1), in, public, "K-10: a byte short");
    declined(BYTES(p, sig.len + 1), in, public, "K-10: a byte long");
    declined(BYTES(NULL, 0), in, public, "K-10: no signature");
    declined(sig, BYTES(in.data, in.len - 1), public, "a shorter text");
    declined(sig, BYTES(NULL, 0), public, "no text");

    memset(p, 0, sig.len);
    declined(BYTES(p, sig.len), in, public, "K-10: all zero");
    memset(p, 0xff, sig.len);
    declined(BYTES(p, sig.len), in, public, "K-10: larger than the modulus");
    memset(p, 0, sig.len);
    p[sig.len - 1] = 1;
    declined(BYTES(p, sig.len), in, public, "K-10: one");

    declined(foreign(other, EVP_sha256(), RSA_PKCS1_PADDING, in), in, public,
             "another key's signature");
    declined(foreign(rsa, EVP_sha256(), RSA_PKCS1_PSS_PADDING, in), in,
             public, "K-1: PSS padding");
    declined(foreign(rsa, EVP_sha1(), RSA_PKCS1_PADDING, in), in, public,
             "K-2: SHA-1");
    declined(foreign(rsa, EVP_sha512(), RSA_PKCS1_PADDING, in), in, public,
             "K-2: SHA-512");
    is_int(pay_rsa_sha256_verify(sig, in, public), PAY_OK,
           "K-10: the next good one holds");
}


static void
test_rsa(void)
{
    pay_key_t    *private, *public;
    pay_str_t     sig, in = pay_str("POST\n/v3/pay\n1\n2\n{}\n"), none;
    const char   *why;
    pay_arena_t  *tiny;

    none.len = 0;
    none.data = NULL;

    pay_key_private_pem(pem_private(rsa, NULL, 0), PAY_KEYS_RSA, &private,
                        &why);
    pay_key_public_pem(pem_public(rsa), PAY_KEYS_RSA, &public, &why);

    is_int(pay_rsa_sha256_sign(arena, &sig, in, private), PAY_OK, "sign");
    is_int(sig.len, 256, "raw bytes");
    is_int(pay_rsa_sha256_verify(sig, in, public), PAY_OK, "verify");
    is_int(pay_rsa_sha256_verify(sig, in, private), PAY_OK,
           "verify with the private key's public part");
    ok(pay_str_eq(sig, foreign(rsa, EVP_sha256(), RSA_PKCS1_PADDING, in)),
       "as libcrypto makes it");

    test_rsa_negative(public, in, sig);

    is_int(pay_rsa_sha256_sign(arena, &sig, none, private), PAY_OK,
           "sign nothing");
    is_int(pay_rsa_sha256_verify(sig, none, public), PAY_OK,
           "verify nothing");

    is_int(pay_rsa_sha256_sign(arena, &sig, in, public), PAY_ERROR,
           "K-3: a public key does not sign");
    ok(sig.data == NULL && sig.len == 0, "and leaves no signature");
    clean("sign with a public key");

    tiny = pay_arena_create(100);
    is_int(pay_rsa_sha256_sign(tiny, &sig, in, private), PAY_ERROR,
           "no memory for the signature");
    ok(sig.data == NULL && sig.len == 0, "and no signature");
    pay_arena_destroy(tiny);

    ERR_raise(ERR_LIB_USER, 1);
    is_int(pay_rsa_sha256_verify(sig, in, public), PAY_DECLINED,
           "an empty signature on a dirty queue");
    ERR_raise(ERR_LIB_USER, 1);
    pay_rsa_sha256_sign(arena, &sig, in, private);
    is_int(pay_rsa_sha256_verify(sig, in, public), PAY_OK,
           "a good one on a dirty queue");
    clean("dirty queue");

    pay_key_unref(private);
    pay_key_unref(public);
}


/* --- AES-256-GCM --------------------------------------------------------- */

static void
test_gcm_vectors(void)
{
    pay_u8     zero[32];
    pay_str_t  out, back, none = pay_str_null;

    memset(zero, 0, sizeof(zero));

    is_int(pay_aes256_gcm_seal(arena, &out, none, BYTES(zero, 12), none,
                               BYTES(zero, 32)), PAY_OK, "seal nothing");
    is_hex(out.data, out.len, "530f8afbc74536b9a963b4f1c4cb738b",
           "GCM test case 13");
    is_int(pay_aes256_gcm_open(arena, &back, out, BYTES(zero, 12), none,
                               BYTES(zero, 32)), PAY_OK,
           "K-15: an empty plaintext with a good tag");
    ok(back.len == 0 && back.data != NULL, "is empty");

    is_int(pay_aes256_gcm_seal(arena, &out, BYTES(zero, 16), BYTES(zero, 12),
                               none, BYTES(zero, 32)), PAY_OK, "seal 16");
    is_hex(out.data, out.len, "cea7403d4d606b6e074ec5d3baf39d18"
           "d0d1c8a799996bf0265b98b5d48ab919", "GCM test case 14");
}


static void
gcm_sizes(size_t in, size_t nonce, size_t key, const char *name)
{
    pay_u8     zero[64];
    pay_str_t  out, none = pay_str_null;

    memset(zero, 0, sizeof(zero));

    is_int(pay_aes256_gcm_open(arena, &out, BYTES(zero, in),
                               BYTES(zero, nonce), none, BYTES(zero, key)),
           PAY_INVALID, name);
    ok(out.data == NULL && out.len == 0, "%s: no plaintext", name);

    if (in >= 16) {
        is_int(pay_aes256_gcm_seal(arena, &out, BYTES(zero, in),
                                   BYTES(zero, nonce), none,
                                   BYTES(zero, key)), PAY_INVALID, name);
        ok(out.data == NULL && out.len == 0, "%s: no ciphertext", name);
    }

    clean(name);
}


static void
gcm_declined(pay_str_t in, pay_str_t nonce, pay_str_t aad, pay_str_t key,
    const char *name)
{
    pay_str_t  out;

    is_int(pay_aes256_gcm_open(arena, &out, in, nonce, aad, key),
           PAY_DECLINED, name);
    ok(out.data == NULL && out.len == 0, "%s: no plaintext", name);
    clean(name);
}


static void
test_gcm(void)
{
    size_t        i;
    int           wrong;
    pay_u8       *p;
    pay_str_t     out, back, plain, nonce, aad, key, none = pay_str_null;
    pay_arena_t  *tiny;

    plain = PAY_STR("{\"out_trade_no\":\"1\"}");
    nonce = PAY_STR("0123456789ab");
    aad = PAY_STR("transaction");
    key = PAY_STR("0123456789abcdef0123456789ABCDEF");

    is_int(pay_aes256_gcm_seal(arena, &out, plain, nonce, aad, key), PAY_OK,
           "seal");
    is_int(out.len, plain.len + 16, "ciphertext and tag");
    is_int(pay_aes256_gcm_open(arena, &back, out, nonce, aad, key), PAY_OK,
           "open");
    is(back, "{\"out_trade_no\":\"1\"}", "what was sealed");

    p = (pay_u8 *) pay_str_dup(arena, out).data;
    wrong = 0;

    for (i = 0; i < out.len * 8; i++) {
        p[i / 8] ^= 1 << i % 8;
        wrong += pay_aes256_gcm_open(arena, &back, BYTES(p, out.len), nonce,
                                     aad, key) != PAY_DECLINED
                 || back.data != NULL || back.len != 0;
        p[i / 8] ^= 1 << i % 8;
    }

    is_int(wrong, 0, "K-15: each bit of ciphertext and tag flipped");
    clean("flipped bits");

    gcm_declined(BYTES(p, out.len - 1), nonce, aad, key, "K-15: cut");
    gcm_declined(BYTES(p, 16), nonce, aad, key, "K-15: 16 bytes");
    gcm_declined(out, nonce, none, key, "K-15: no aad");
    gcm_declined(out, nonce, PAY_STR("transactioN"), key, "K-15: another aad");
    gcm_declined(out, PAY_STR("0123456789aB"), aad, key, "another nonce");
    gcm_declined(out, nonce, aad, PAY_STR("0123456789abcdef0123456789ABCDEf"),
                 "another key");

    gcm_sizes(15, 12, 32, "K-15: 15 bytes");
    gcm_sizes(0, 12, 32, "K-15: no bytes");
    gcm_sizes(32, 11, 32, "K-15: nonce of 11");
    gcm_sizes(32, 13, 32, "K-15: nonce of 13");
    gcm_sizes(32, 0, 32, "K-15: no nonce");
    gcm_sizes(32, 12, 31, "key of 31");
    gcm_sizes(32, 12, 33, "key of 33");
    gcm_sizes(32, 12, 16, "key of 16");
    gcm_sizes(32, 12, 0, "no key");
    gcm_sizes((size_t) INT32_MAX - 15, 12, 32, "longer than an int");

    tiny = pay_arena_create(8);
    is_int(pay_aes256_gcm_open(tiny, &back, out, nonce, aad, key), PAY_ERROR,
           "no memory to open");
    is_int(pay_aes256_gcm_seal(tiny, &back, plain, nonce, aad, key),
           PAY_ERROR, "no memory to seal");
    ok(back.data == NULL && back.len == 0, "and nothing given");
    pay_arena_destroy(tiny);
}


/* --- secrets ------------------------------------------------------------- */

static void
secret_is(const char *file, size_t len, const char *want, const char *name)
{
    pay_str_t    s;
    const char  *why;

    is_int(pay_secret_file(BYTES(file, len), PAY_SECRET_MIN, &s, &why),
           PAY_OK, name);
    is(s, want, name);
}


static void
secret_refused(const char *file, size_t len, const char *want)
{
    pay_str_t    s;
    const char  *why;

    is_int(pay_secret_file(BYTES(file, len), PAY_SECRET_MIN, &s, &why),
           PAY_INVALID, want);
    is(pay_strz(why), want, "and why");
}


static void
test_secret(void)
{
    char         big[PAY_SECRET_MAX + 2];
    pay_str_t    s;
    const char  *why;

    static const char  end[] = "the secret has a NUL or a line end inside";

    secret_is("0123456789abcdef", 16, "0123456789abcdef", "16 bytes");
    secret_is("0123456789abcdef\n", 17, "0123456789abcdef", "LF is cut");
    secret_is("0123456789abcdef\r\n", 18, "0123456789abcdef", "CR LF is cut");
    secret_is(" 123456789abcde ", 16, " 123456789abcde ", "spaces are not");

    secret_refused("", 0, "the secret is empty");
    secret_refused("\n", 1, "the secret is empty");
    secret_refused("\r\n", 2, "the secret is empty");
    secret_refused("0123456789abcde", 15,
                   "the secret is too short: 16 bytes are the least");
    secret_refused("0123456789abcde\n", 16,
                   "the secret is too short: 16 bytes are the least");
    secret_refused("0123456789abcdef\n\n", 18, end);
    secret_refused("0123456789abcdef\r", 17, end);
    secret_refused("0123456789\nabcdef", 17, end);
    secret_refused("\n0123456789abcdef", 17, end);
    secret_refused("0123456789abcdef\0", 17, end);
    secret_refused("\0" "0123456789abcdef", 17, end);
    secret_refused("aaaaaaaaaaaaaaaaaaaaaaaa", 24,
                   "the secret is one repeated byte");
    secret_refused("aaaaaaaaaaaaaaaaaaaaaaaa\n", 25,
                   "the secret is one repeated byte");

    memset(big, 'x', sizeof(big));
    big[0] = 'y';
    secret_refused(big, PAY_SECRET_MAX + 1,
                   "the secret is too long: 4096 bytes are the most");
    big[PAY_SECRET_MAX] = '\n';
    is_int(pay_secret_file(BYTES(big, PAY_SECRET_MAX + 1), PAY_SECRET_MIN, &s,
                           &why), PAY_OK, "the longest secret");
    is_int(s.len, PAY_SECRET_MAX, "and its line end is cut");
    ok(s.data == (const pay_u8 *) big, "it points into the file");

    is_int(pay_secret_file(PAY_STR("0123456789abcdef"), 32, &s, &why),
           PAY_INVALID, "another minimum");
    is_int(pay_secret_file(PAY_STR("x"), 1, &s, &why), PAY_INVALID,
           "one byte is one repeated byte");
    is_int(pay_secret_file(PAY_STR("xy"), 0, &s, &why), PAY_OK, "no minimum");
}


/* --- threads ------------------------------------------------------------- */

typedef struct {
    pay_key_t      *private;
    pay_key_t      *public;
    pay_mac_key_t  *mac;
    pay_u8          want[PAY_SHA256_LEN];
    int             failed;         /* atomic */
} shared_t;


static void *
work(void *data)
{
    int           i, bad;
    pay_u8        got[PAY_SHA256_LEN];
    shared_t     *s;
    pay_str_t     sig, text = pay_str("one text");
    pay_arena_t  *a;

    s = data;
    a = pay_arena_create(0);
    bad = 0;

    for (i = 0; i < 20; i++) {
        pay_key_ref(s->public);
        bad += pay_hmac_sha256(got, text, s->mac) != 0;
        bad += memcmp(got, s->want, sizeof(got)) != 0;
        bad += pay_rsa_sha256_sign(a, &sig, text, s->private) != PAY_OK;
        bad += pay_rsa_sha256_verify(sig, text, s->public) != PAY_OK;
        pay_key_unref(s->public);
    }

    __atomic_add_fetch(&s->failed, bad, __ATOMIC_RELAXED);
    pay_arena_destroy(a);

    return NULL;
}


static void
test_threads(void)
{
    size_t       i;
    shared_t     s;
    pthread_t    t[4];
    const char  *why;

    s.failed = 0;
    s.mac = pay_mac_key_create(PAY_STR("0123456789abcdef"));
    pay_hmac_sha256(s.want, PAY_STR("one text"), s.mac);
    pay_key_private_pem(pem_private(rsa, NULL, 0), PAY_KEYS_RSA, &s.private,
                        &why);
    pay_key_public_pem(pem_public(rsa), PAY_KEYS_RSA, &s.public, &why);

    for (i = 0; i < 4; i++) {
        pthread_create(&t[i], NULL, work, &s);
    }

    for (i = 0; i < 4; i++) {
        pthread_join(t[i], NULL);
    }

    is_int(s.failed, 0, "four threads use the same keys");

    pay_key_unref(s.private);
    pay_key_unref(s.public);
    pay_mac_key_destroy(s.mac);
}


int
main(void)
{
    arena = pay_arena_create(0);
    rsa = make_rsa(2048, 65537);
    other = make_rsa(2048, 65537);
    ec = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    ERR_clear_error();

    test_digest();
    test_mac();
    test_weak();
    test_pss();
    test_wrong_kind();
    test_hidden_passphrase();
    test_two_objects();
    test_damaged();
    test_wrong_private();
    test_good();
    test_certs();
    test_match();
    test_rsa();
    test_gcm_vectors();
    test_gcm();
    test_secret();
    test_threads();

    EVP_PKEY_free(rsa);
    EVP_PKEY_free(other);
    EVP_PKEY_free(ec);
    pay_arena_destroy(arena);

    return done();
}
