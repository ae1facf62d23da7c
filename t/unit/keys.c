
/*
 * Copyright (C) the ngx_pay authors
 *
 * src/crypto: which keys are taken and which are not.
 * Rows of the threat catalogue: K-4, K-13, K-16, K-20.
 */

#include "keys.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <unistd.h>


typedef pay_rc_t (*load_pt)(pay_str_t pem, unsigned kinds, pay_key_t **out,
    const char **why);


/* --- making things ------------------------------------------------------- */

static pay_key_reader_t  *reader;


static pay_rc_t
load_many(pay_str_t file, unsigned kinds, pay_key_t **out, const char **why)
{
    return pay_key_reader_file(reader, file, kinds, out, NULL, why);
}


static pay_rc_t
load_file(pay_str_t file, unsigned kinds, pay_key_t **out, const char **why)
{
    return pay_key_public_file(file, kinds, out, NULL, why);
}


static pay_str_t
pem_cert(EVP_PKEY *pkey, int64_t from, int64_t to)
{
    BIO        *bio;
    X509       *x;
    X509_NAME  *name;

    x = X509_new();
    X509_set_version(x, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 7);

    name = X509_NAME_new();
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               (unsigned char *) "throwaway", -1, -1, 0);
    X509_set_subject_name(x, name);
    X509_set_issuer_name(x, name);
    X509_NAME_free(name);

    ASN1_TIME_set(X509_getm_notBefore(x), from);
    ASN1_TIME_set(X509_getm_notAfter(x), to);

    X509_set_pubkey(x, pkey);
    X509_sign(x, rsa->pkey, EVP_sha256());

    bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, x);
    X509_free(x);

    return take_bio(bio);
}


/* a public RSA key to which nobody has the other half */

static EVP_PKEY *
make_rsa(int bits, const char *exponent)
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


/* P-256 with its numbers written out */

static EVP_PKEY *
make_explicit(void)
{
    EVP_PKEY  *pkey;

    pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    EVP_PKEY_set_utf8_string_param(pkey, OSSL_PKEY_PARAM_EC_ENCODING,
                                   OSSL_PKEY_EC_ENCODING_EXPLICIT);

    return pkey;
}


static EVP_PKEY *
make_pss(void)
{
    EVP_PKEY      *pkey;
    EVP_PKEY_CTX  *ctx;

    pkey = NULL;
    ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
    EVP_PKEY_keygen_init(ctx);
    EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 2048);
    EVP_PKEY_generate(ctx, &pkey);
    EVP_PKEY_CTX_free(ctx);

    return pkey;
}


static EVP_PKEY *
make_dsa(void)
{
    EVP_PKEY      *params, *pkey;
    EVP_PKEY_CTX  *ctx;

    params = NULL;
    ctx = EVP_PKEY_CTX_new_from_name(NULL, "DSA", NULL);
    EVP_PKEY_paramgen_init(ctx);
    EVP_PKEY_CTX_set_dsa_paramgen_bits(ctx, 1024);
    EVP_PKEY_paramgen(ctx, &params);
    EVP_PKEY_CTX_free(ctx);

    pkey = NULL;
    ctx = EVP_PKEY_CTX_new_from_pkey(NULL, params, NULL);
    EVP_PKEY_keygen_init(ctx);
    EVP_PKEY_generate(ctx, &pkey);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(params);

    return pkey;
}


/* the prefix of a public key's structure is the same for all of a kind */

static pay_str_t
pem_point(EVP_PKEY *like, const pay_u8 *point, size_t n)
{
    long        len;
    pay_u8     *der, *p;
    pay_str_t   pem;

    der = NULL;
    len = i2d_PUBKEY(like, &der);
    p = der + len - n;
    memcpy(p, point, n);
    pem = pem_label("PUBLIC KEY", der, len);
    OPENSSL_free(der);

    return pem;
}


/* --- what is refused ----------------------------------------------------- */

static void
refused(load_pt load, pay_str_t pem, unsigned kinds, const char *want,
    const char *name)
{
    pay_rc_t     rc;
    pay_key_t   *k;
    const char  *why;

    k = (pay_key_t *) &rc;
    why = NULL;
    rc = load(pem, kinds, &k, &why);

    is_int(rc, PAY_INVALID, name);
    ok(k == NULL, "%s: no key", name);
    is(pay_strz(why), want, name);
    clean(name);

    if (rc == PAY_OK) {
        pay_key_unref(k);
    }

    /* the same by the way for many */

    if (load == load_file) {
        refused(load_many, pem, kinds, want, name);
    }
}


/* as a public key, as a certificate, as a private key; frees it */

static void
refused_all(EVP_PKEY *pkey, const char *want, const char *name)
{
    ERR_clear_error();

    refused(pay_key_public_pem, pem_public(pkey), PAY_KEYS_ANY, want, name);
    refused(load_file, pem_public(pkey), PAY_KEYS_ANY, want, name);
    refused(load_file, pem_cert(pkey, 0, 1), PAY_KEYS_ANY, want, name);
    refused(pay_key_private_pem, pem_private(pkey), PAY_KEYS_ANY, want, name);

    EVP_PKEY_free(pkey);
}


static void
refused_public(EVP_PKEY *pkey, const char *want, const char *name)
{
    refused(pay_key_public_pem, pem_public(pkey), PAY_KEYS_ANY, want, name);
    refused(load_file, pem_public(pkey), PAY_KEYS_RSA_PSS, want, name);
    refused(load_file, pem_cert(pkey, 0, 1), PAY_KEYS_ANY, want, name);

    EVP_PKEY_free(pkey);
}


static void
test_types(void)
{
    refused_all(make_pss(),
                "the key is of type RSA-PSS, a plain RSA key is needed",
                "K-4: a key of type RSA-PSS");
    refused_all(EVP_PKEY_Q_keygen(NULL, NULL, "ED448"),
                "the key is an Ed448 key, Ed25519 is the one that is taken",
                "K-4: Ed448");

    refused_all(EVP_PKEY_Q_keygen(NULL, NULL, "X25519"),
                "the key is an X25519 key, which cannot sign", "K-4: X25519");
    refused_all(EVP_PKEY_Q_keygen(NULL, NULL, "X448"),
                "the key is an X448 key, which cannot sign", "K-4: X448");
    refused_all(make_dsa(), "the key is a DSA key", "K-4: DSA");
}


static void
test_curves(void)
{
    refused_all(EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384"),
                "the curve of the EC key is P-384, P-256 is needed",
                "K-4: P-384");
    refused_all(EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-521"),
                "the curve of the EC key is P-521, P-256 is needed",
                "K-4: P-521");
    refused_all(EVP_PKEY_Q_keygen(NULL, NULL, "EC", "secp256k1"),
                "the curve of the EC key is secp256k1, P-256 is needed",
                "K-4: secp256k1");
    refused_all(EVP_PKEY_Q_keygen(NULL, NULL, "EC", "brainpoolP256r1"),
                "the curve of the EC key is not P-256",
                "K-4: brainpoolP256r1");
    refused_all(EVP_PKEY_Q_keygen(NULL, NULL, "EC", "prime192v1"),
                "the curve of the EC key is not P-256", "K-4: P-192");
    refused_all(make_explicit(),
                "the EC key spells its curve out, a named curve is needed",
                "K-4: P-256 by its numbers");
}


static void
test_rsa_sizes(void)
{
    static const char  small[] =
        "the RSA key is too small, 2048 bits is the least";
    static const char  exponent[] =
        "the RSA exponent is too small, 65537 is the least";

    refused_public(make_rsa(1024, "010001"), small, "K-4: RSA 1024");
    refused_public(make_rsa(2047, "010001"), small, "K-4: RSA 2047");
    refused_public(make_rsa(8193, "010001"),
                   "the RSA key is too large, 8192 bits is the most",
                   "K-20: RSA 8193");
    refused_public(make_rsa(2048, "01"), exponent, "K-4: e = 1");
    refused_public(make_rsa(2048, "03"), exponent, "K-4: e = 3");
    refused_public(make_rsa(2048, "010002"), "the RSA exponent is even",
                   "K-4: e = 65538");
}


/* keys that are bytes without a structure of their own */

static void
test_points(void)
{
    size_t     i;
    pay_u8     p[65], der[27];
    pay_str_t  pem;

    static const pay_u8  infinity[] = {
        0x30, 0x19, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d,
        0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01,
        0x07, 0x03, 0x02, 0x00, 0x00
    };

    static const char  *const  small[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"
    };

    memcpy(der, infinity, sizeof(infinity));
    refused(load_file, pem_label("PUBLIC KEY", der, sizeof(der)),
            PAY_KEYS_ANY, "the EC key's point is not one of the curve's",
            "K-4: the point at infinity");

    memset(p, 0x5a, sizeof(p));
    p[0] = 4;
    refused(load_file, pem_point(ec->pkey, p, 65), PAY_KEYS_ANY,
            "the PEM object is damaged", "K-4: a point beside P-256");
    refused(load_file, pem_point(sm2->pkey, p, 65), PAY_KEYS_ANY,
            "the PEM object is damaged", "K-4: a point beside SM2's curve");

    for (i = 0; i < pay_nelts(small); i++) {
        OPENSSL_hexstr2buf_ex(p, sizeof(p), NULL, small[i], '\0');
        pem = pem_point(ed->pkey, p, 32);
        refused(load_file, pem, PAY_KEYS_ANY,
                "the Ed25519 key is a point of small order", small[i]);
    }
}


static void
test_wanted(void)
{
    kind_t  *k;

    static const char  other[] = "a key of this type is not taken here";
    static const char  not_rsa[] = "the key is not an RSA key";

    for (k = ec; k < KINDS; k++) {
        refused(pay_key_public_pem, pem_public(k->pkey), PAY_KEYS_RSA,
                not_rsa, k->name);
        refused(load_file, pem_public(k->pkey), PAY_KEYS_RSA_PSS, not_rsa,
                k->name);
        refused(pay_key_private_pem, pem_private(k->pkey), PAY_KEYS_RSA,
                not_rsa, k->name);
    }

    refused(pay_key_public_pem, pem_public(rsa->pkey), 1u << PAY_ALG_ED25519,
            other, "RSA where only Ed25519 is taken");
    refused(pay_key_public_pem, pem_public(ec->pkey), 1u << PAY_ALG_SM2_SM3,
            other, "K-16: P-256 where only SM2 is taken");
    refused(pay_key_public_pem, pem_public(sm2->pkey),
            1u << PAY_ALG_ECDSA_P256_SHA256, other,
            "K-16: SM2 where only P-256 is taken");
}


static void
test_files(void)
{
    long       len;
    pay_u8    *der, *p;
    pay_buf_t  b;
    pay_str_t  cert;

    der = NULL;
    len = i2d_PUBKEY(ec->pkey, &der);
    p = pay_calloc(arena, len + 1);
    memcpy(p, der, len);
    refused(load_file, pem_label("PUBLIC KEY", p, len + 1), PAY_KEYS_ANY,
            "the PEM object is damaged", "a byte behind the key");
    refused(load_file, pem_label("PUBLIC KEY", p, len - 1), PAY_KEYS_ANY,
            "the PEM object is damaged", "a byte less");
    OPENSSL_free(der);

    cert = pem_cert(ec->pkey, 0, 1);

    pay_buf_init(&b, arena, 0);
    pay_buf_adds(&b, cert);
    pay_buf_adds(&b, pem_public(ec->pkey));

    refused(load_file, pay_buf_str(&b), PAY_KEYS_ANY,
            "there is more than one PEM object in the file",
            "a certificate and a key");
    refused(load_file, pem_private(ec->pkey), PAY_KEYS_ANY,
            "a public key is needed, this is a private key",
            "a private key for a public one");
    refused(load_file, pem_label("RSA PUBLIC KEY", (const pay_u8 *) "\x30\0",
                                 2), PAY_KEYS_ANY,
            "this is an \"RSA PUBLIC KEY\", the form \"PUBLIC KEY\" is needed "
            "(openssl rsa -RSAPublicKey_in -pubout)", "PKCS #1");
    refused(load_file, PAY_STR(""), PAY_KEYS_ANY,
            "there is no PEM object in the file", "an empty file");
    refused(load_file, BYTES(cert.data, 40), PAY_KEYS_ANY,
            "the PEM object is damaged", "a certificate cut short");
    refused(pay_key_public_pem, cert, PAY_KEYS_ANY,
            "a public key is needed, this is a certificate",
            "a certificate where a bare key is asked for");
    refused(load_file, pem_label("CERTIFICATE", (const pay_u8 *) "\x30\0", 2),
            PAY_KEYS_ANY, "the PEM object is damaged", "no certificate");
}


/* --- what is taken ------------------------------------------------------- */

static void
same_digest(pay_str_t file, unsigned set, const pay_u8 *want, const char *name)
{
    pay_u8       got[PAY_SHA256_LEN];
    pay_key_t   *k;
    const char  *why;

    if (pay_key_reader_file(reader, file, set, &k, NULL, &why) != PAY_OK) {
        ok(0, "%s: %s", name, why);
        return;
    }

    is_int(pay_key_digest(got, k), 0, name);
    ok(memcmp(got, want, sizeof(got)) == 0, "%s: the same digest", name);
    pay_key_unref(k);
    clean(name);
}


static void
test_digest(kind_t *k)
{
    pay_u8   want[PAY_SHA256_LEN], got[PAY_SHA256_LEN], *der;
    size_t   len;

    der = NULL;
    len = i2d_PUBKEY(k->pkey, &der);
    pay_sha256(want, BYTES(der, len));
    OPENSSL_free(der);

    is_int(pay_key_digest(got, k->public), 0, k->name);
    ok(memcmp(got, want, sizeof(got)) == 0,
       "%s: the digest of SubjectPublicKeyInfo", k->name);
    is_int(pay_key_digest(got, k->private), 0, k->name);
    ok(memcmp(got, want, sizeof(got)) == 0, "%s: that of its private key",
       k->name);

    same_digest(pem_cert(k->pkey, 0, 1), k->kinds, want, k->name);

    if (!k->pair) {
        return;
    }

    /* a merchant who writes his point otherwise has no second key */

    EVP_PKEY_set_utf8_string_param(k->pkey,
                                   OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                   "compressed");
    same_digest(pem_public(k->pkey), k->kinds, want, "a compressed point");
    EVP_PKEY_set_utf8_string_param(k->pkey,
                                   OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                   "hybrid");
    same_digest(pem_public(k->pkey), k->kinds, want, "a hybrid point");
    EVP_PKEY_set_utf8_string_param(k->pkey,
                                   OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                   "uncompressed");
}


static void
test_taken(kind_t *k)
{
    int64_t      end;
    pay_key_t   *key;
    const char  *why;

    is_int(pay_key_alg(k->public), k->alg, k->name);
    is_int(pay_key_alg(k->private), k->alg, k->name);

    end = -1;
    is_int(pay_key_public_file(pem_public(k->pkey), k->kinds, &key, &end,
                               &why), PAY_OK, k->name);
    is_int(end, 0, "a bare key does not end");
    is_int(pay_key_alg(key), k->alg, k->name);
    pay_key_unref(key);

    is_int(pay_key_reader_file(reader, pem_public(k->pkey), k->kinds, &key,
                               &end, &why), PAY_OK, k->name);
    is_int(end, 0, "nor one of many");
    is_int(pay_key_alg(key), k->alg, k->name);
    is_int(pay_key_match(k->private, key), 1, "it is that key");
    pay_key_unref(key);

    is_int(pay_key_public_file(pem_cert(k->pkey, 1700000000, 1857679999),
                               k->kinds, &key, &end, &why), PAY_OK, k->name);
    is_int(end, 1857679999, "a certificate does");
    is_int(pay_key_alg(key), k->alg, k->name);
    is_int(pay_key_match(k->private, key), 1, "its private key");

    ok(pay_key_ref(key) == key, "%s: reference", k->name);
    pay_key_unref(key);
    is_int(pay_key_alg(key), k->alg, "it lives on");
    pay_key_unref(key);

    clean(k->name);
    test_digest(k);
}


static void
test_match(void)
{
    kind_t  *a, *b;

    for (a = kinds; a < KINDS; a++) {
        for (b = kinds; b < KINDS; b++) {
            ok(pay_key_match(a->private, b->public) == (a == b),
               "%s and %s %s", a->name, b->name,
               a == b ? "belong together" : "do not");
        }

        is_int(pay_key_match(a->public, a->public), 0,
               "a public key is not private");
    }

    clean("match");
}


/* the forms of a private key that openssl(1) writes */

static void
test_old_form(void)
{
    BIO         *bio;
    pay_key_t   *k;
    pay_str_t    pem;
    const char  *why;

    bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey_traditional(bio, ec->pkey, NULL, NULL, 0, NULL,
                                         NULL);
    pem = take_bio(bio);

    ok(pay_str_starts(pem, "-----BEGIN EC PRIVATE KEY"), "the old form");
    is_int(pay_key_private_pem(pem, PAY_KEYS_ANY, &k, &why), PAY_OK,
           "P-256 in the old form");
    is_int(pay_key_match(k, ec->public), 1, "it is the same key");
    pay_key_unref(k);
}


/* --- keys by URI --------------------------------------------------------- */

/* a file of its own; what is made of it is "file:" and its path */

static const char *
stored(pay_str_t bytes, const char *scheme)
{
    int          fd;
    static char  uri[64];

    static int   used;

    if (used) {
        unlink(strchr(uri, '/'));
    }

    used = 1;
    snprintf(uri, sizeof(uri), "%s/tmp/ngx_pay.keys.XXXXXX", scheme);
    fd = mkstemp(strchr(uri, '/') + (strstr(uri, "///") ? 2 : 0));

    if (fd == -1 || write(fd, bytes.data, bytes.len) != (ssize_t) bytes.len) {
        ok(0, "a file in /tmp");
        exit(1);
    }

    close(fd);

    return uri;
}


static void
not_stored(const char *uri, unsigned set, const char *want,
    const char *detail, const char *name)
{
    char         said[256];
    pay_rc_t     rc;
    pay_key_t   *k;
    const char  *why;

    k = (pay_key_t *) &rc;
    why = NULL;
    memset(said, 'x', sizeof(said));
    rc = pay_key_private_store(uri, set, &k, &why, said, sizeof(said));

    is_int(rc, PAY_INVALID, name);
    ok(k == NULL, "%s: no key", name);
    is(pay_strz(why), want, name);
    ok(memchr(said, 0, sizeof(said)) != NULL
       && (detail[0] ? strstr(said, detail) != NULL : said[0] == 0),
       "%s: said \"%s\"", name, detail);
    clean(name);
}


static void
test_stored(kind_t *k)
{
    char         said[256];
    pay_key_t   *key;
    const char  *why, *uri;

    uri = stored(pem_private(k->pkey), k == ec ? "file://" : "file:");

    is_int(pay_key_private_store(uri, k->kinds, &key, &why, said,
                                 sizeof(said)), PAY_OK, uri);
    is_int(pay_key_alg(key), k->alg, k->name);
    is_int(pay_key_match(key, k->public), 1, "it is that key");
    is_int(pay_key_wake(key), 0, "it may be used");
    pay_key_unref(key);
    clean(k->name);
}


static void
test_not_stored(void)
{
    BIO         *bio;
    char         said[256];
    EVP_PKEY    *pkey;
    pay_buf_t    b;
    pay_str_t    key;
    pay_key_t   *again;
    const char  *why;

    static const char  none[] = "the URI leads to no private key";

    key = pem_private(rsa->pkey);

    pay_buf_init(&b, arena, 0);
    pay_buf_adds(&b, key);
    pay_buf_adds(&b, pem_private(ec->pkey));
    not_stored(stored(pay_buf_str(&b), "file:"), PAY_KEYS_ANY,
               "the URI leads to more than one private key", "", "two keys");

    /* a token may tell of one key twice, and so may a file */

    pay_buf_init(&b, arena, 0);
    pay_buf_adds(&b, key);
    pay_buf_adds(&b, key);
    is_int(pay_key_private_store(stored(pay_buf_str(&b), "file:"),
                                 PAY_KEYS_ANY, &again, &why, said,
                                 sizeof(said)), PAY_OK, "one key, twice");
    is_int(pay_key_match(again, rsa->public), 1, "it is that key");
    pay_key_unref(again);
    clean("one key, twice");

    not_stored(stored(pem_public(rsa->pkey), "file:"), PAY_KEYS_ANY, none,
               "unsupported", "a public key");
    not_stored(stored(PAY_STR("nothing\n"), "file:"), PAY_KEYS_ANY, none, "",
               "no key");

    bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(bio, rsa->pkey, EVP_aes_256_cbc(),
                             (unsigned char *) "pass", 4, NULL, NULL);
    not_stored(stored(take_bio(bio), "file:"), PAY_KEYS_ANY, none,
               "passphrase", "a passphrase that nobody is asked for");

    not_stored(stored(pem_private(ec->pkey), "file:"), PAY_KEYS_RSA,
               "the key is not an RSA key", "", "K-4: stored, not RSA");

    pkey = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t) 1024);
    not_stored(stored(pem_private(pkey), "file:"), PAY_KEYS_ANY,
               "the RSA key is too small, 2048 bits is the least", "",
               "K-4: stored, RSA 1024");
    EVP_PKEY_free(pkey);

    unlink(strchr(stored(key, "file:"), '/'));
    not_stored("file:/nonexistent/key", PAY_KEYS_ANY,
               "the store cannot be opened", "No such file", "no such file");
    not_stored("nosuch:thing", PAY_KEYS_ANY, "the store cannot be opened",
               "error:", "a scheme that nobody knows");
    not_stored("", PAY_KEYS_ANY, "the store cannot be opened", "error:",
               "no URI at all");
    not_stored("pkcs11:object=x?pin-value=1234", PAY_KEYS_ANY,
               "the URI has a PIN inside: name its file by \"pin-source\"", "",
               "a PIN");

    is_int(pay_key_wake(rsa->private), 0, "what is no token is awake");
}


/* --- the public keys of nobody ------------------------------------------- */

static void
test_dummies(void)
{
    pay_u8      digest[PAY_SHA256_LEN], last[PAY_SHA256_LEN];
    kind_t     *k;
    pay_key_t  *dummy;
    pay_str_t   sig;

    ok(pay_key_dummy(PAY_ALG_NONE) == NULL
       && pay_key_dummy(PAY_ALG_HMAC_SHA256) == NULL
       && pay_key_dummy(PAY_ALG_MAX) == NULL, "none for what has no keys");

    memset(last, 0, sizeof(last));

    for (k = kinds; k < KINDS; k++) {
        dummy = pay_key_dummy(k->alg);

        if (!ok(dummy != NULL, "K-13: %s: there is one", k->name)) {
            continue;
        }

        is_int(pay_key_alg(dummy), k->alg, k->name);
        pay_sign(arena, &sig, PAY_STR("text"), k->private, PAY_SIG_DER);
        is_int(verify(sig, PAY_STR("text"), dummy, PAY_SIG_DER), PAY_DECLINED,
               "K-13: nobody signs for it");
        is_int(pay_key_match(k->private, dummy), 0, "K-13: nor do we");

        pay_key_digest(digest, dummy);
        ok((k == pss) == (memcmp(digest, last, sizeof(last)) == 0),
           "%s: a key of its own, but for RSA", k->name);
        memcpy(last, digest, sizeof(last));
        pay_key_unref(dummy);
        clean(k->name);
    }
}


int
main(void)
{
    kind_t  *k;

    make_kinds();
    reader = pay_key_reader_create();

    test_types();
    test_curves();
    test_rsa_sizes();
    test_points();
    test_wanted();
    test_files();

    for (k = kinds; k < KINDS; k++) {
        test_taken(k);
    }

    test_match();
    test_old_form();

    for (k = kinds; k < KINDS; k++) {
        test_stored(k);
    }

    test_not_stored();
    test_dummies();

    pay_key_reader_destroy(reader);
    pay_key_reader_destroy(NULL);
    free_kinds();

    return done();
}
