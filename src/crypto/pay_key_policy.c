
/*
 * Copyright (C) the ngx_pay authors
 *
 * What a key must be to be taken: libcrypto itself verifies with RSA-512, and
 * with e = 1 any forgery (docs/security.md, keys).  A private key may be in a
 * token, whose provider need not tell its numbers: what is told is judged.
 */

#include <base/pay_base.h>
#include <crypto/pay_crypto.h>
#include <crypto/pay_key.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>


#define PAY_RSA_MIN  2048
#define PAY_RSA_MAX  8192


typedef struct {
    const char   *name;         /* as libcrypto's key managers have it */
    pay_alg_t     alg;
    const char *(*check)(EVP_PKEY *pkey, int private);
    const char   *why;          /* ... it is never taken */
} pay_key_type_t;

typedef struct {
    const char   *name;
    const char   *why;
} pay_key_curve_t;


static const char *pay_key_wanted(const pay_key_type_t *type, unsigned kinds);
static const char *pay_key_rsa(EVP_PKEY *pkey, int private);
static const char *pay_key_exponent(const BIGNUM *e);
static const char *pay_key_ec(EVP_PKEY *pkey, int private);
static const char *pay_key_sm2(EVP_PKEY *pkey, int private);
static const char *pay_key_curve(const EVP_PKEY *pkey);
static const char *pay_key_ed25519(EVP_PKEY *pkey, int private);


static const pay_key_type_t  pay_key_types[] = {

    { "RSA", PAY_ALG_RSA_SHA256, pay_key_rsa, NULL },
    { "EC", PAY_ALG_ECDSA_P256_SHA256, pay_key_ec, NULL },
    { "ED25519", PAY_ALG_ED25519, pay_key_ed25519, NULL },
    { "SM2", PAY_ALG_SM2_SM3, pay_key_sm2, NULL },

    { "RSA-PSS", PAY_ALG_NONE, NULL,
      "the key is of type RSA-PSS, a plain RSA key is needed" },
    { "DSA", PAY_ALG_NONE, NULL, "the key is a DSA key" },
    { "ED448", PAY_ALG_NONE, NULL,
      "the key is an Ed448 key, Ed25519 is the one that is taken" },
    { "X25519", PAY_ALG_NONE, NULL,
      "the key is an X25519 key, which cannot sign" },
    { "X448", PAY_ALG_NONE, NULL,
      "the key is an X448 key, which cannot sign" },
    { "DH", PAY_ALG_NONE, NULL,
      "the key is a Diffie-Hellman key, which cannot sign" },
    { "DHX", PAY_ALG_NONE, NULL,
      "the key is a Diffie-Hellman key, which cannot sign" }
};


static const pay_key_curve_t  pay_key_curves[] = {

    { "prime256v1", NULL },
    { "P-256", NULL },
    { "secp384r1", "the curve of the EC key is P-384, P-256 is needed" },
    { "P-384", "the curve of the EC key is P-384, P-256 is needed" },
    { "secp521r1", "the curve of the EC key is P-521, P-256 is needed" },
    { "P-521", "the curve of the EC key is P-521, P-256 is needed" },
    { "secp256k1", "the curve of the EC key is secp256k1, P-256 is needed" },
    { "SM2", "the curve of the EC key is SM2, but its type is not" }
};


/*
 * Points of order 1, 2, 4 and 8, with those written above p, least byte
 * first and without the sign: under each of them anybody can sign.
 */

static const pay_u8  pay_key_small[][32] = {

    { 0x00 },
    { 0x01 },
    { 0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0,
      0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
      0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39,
      0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05 },
    { 0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f,
      0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
      0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6,
      0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a },
    { 0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f },
    { 0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f },
    { 0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f }
};


pay_alg_t
pay_key_policy(EVP_PKEY *pkey, unsigned kinds, int private, const char **why)
{
    size_t                 i;
    const pay_key_type_t  *type;

    type = NULL;

    for (i = 0; i < pay_nelts(pay_key_types); i++) {
        if (EVP_PKEY_is_a(pkey, pay_key_types[i].name)) {
            type = &pay_key_types[i];
            break;
        }
    }

    if (type == NULL) {
        *why = "the key is of a type that is not known here";
        return PAY_ALG_NONE;
    }

    *why = pay_key_wanted(type, kinds);

    if (*why == NULL && type->check != NULL) {
        *why = type->check(pkey, private);
    }

    if (*why != NULL) {
        return PAY_ALG_NONE;
    }

    if (type->alg == PAY_ALG_RSA_SHA256 && (kinds & PAY_KEYS_RSA) == 0) {
        return PAY_ALG_RSA_PSS_SHA512;
    }

    return type->alg;
}


static const char *
pay_key_wanted(const pay_key_type_t *type, unsigned kinds)
{
    if (type->alg == PAY_ALG_NONE) {
        return type->why;
    }

    if (type->alg == PAY_ALG_RSA_SHA256
        && (kinds & (PAY_KEYS_RSA | PAY_KEYS_RSA_PSS)))
    {
        return NULL;
    }

    if (kinds & 1u << type->alg) {
        return NULL;
    }

    if ((kinds & ~(PAY_KEYS_RSA | PAY_KEYS_RSA_PSS)) == 0) {
        return "the key is not an RSA key";
    }

    return "a key of this type is not taken here";
}


static const char *
pay_key_rsa(EVP_PKEY *pkey, int private)
{
    int          bits;
    BIGNUM      *e;
    const char  *why;

    bits = EVP_PKEY_get_bits(pkey);

    if (bits < PAY_RSA_MIN) {
        return "the RSA key is too small, 2048 bits is the least";
    }

    if (bits > PAY_RSA_MAX) {
        return "the RSA key is too large, 8192 bits is the most";
    }

    e = NULL;

    if (EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e) != 1) {
        return private ? NULL : "the RSA key has no exponent";
    }

    why = pay_key_exponent(e);

    BN_free(e);

    return why;
}


static const char *
pay_key_exponent(const BIGNUM *e)
{
    if (!BN_is_odd(e)) {
        return "the RSA exponent is even";
    }

    /* of the odd numbers 65537 is the first with 17 bits */

    if (BN_num_bits(e) < 17) {
        return "the RSA exponent is too small, 65537 is the least";
    }

    /* libcrypto refuses longer ones at each use, if the modulus is large */

    if (BN_num_bits(e) > 64) {
        return "the RSA exponent is too large";
    }

    return NULL;
}


static const char *
pay_key_ec(EVP_PKEY *pkey, int private)
{
    int          explicit;
    const char  *why;

    /* whoever writes the curve out may write another base point */

    if (EVP_PKEY_get_int_param(pkey,
                               OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS,
                               &explicit)
        == 1 && explicit)
    {
        return "the EC key spells its curve out, a named curve is needed";
    }

    why = pay_key_curve(pkey);
    if (why != NULL) {
        return why;
    }

    return pay_key_sm2(pkey, private);
}


static const char *
pay_key_curve(const EVP_PKEY *pkey)
{
    char    name[64];
    size_t  i, len;

    if (EVP_PKEY_get_group_name(pkey, name, sizeof(name), &len) != 1) {
        return "the EC key does not tell its curve, P-256 is needed";
    }

    for (i = 0; i < pay_nelts(pay_key_curves); i++) {
        if (strcmp(name, pay_key_curves[i].name) == 0) {
            return pay_key_curves[i].why;
        }
    }

    return "the curve of the EC key is not P-256";
}


/*
 * The point at infinity can be read, and is no key.  A point may be written
 * in three ways, and the key shall have one digest.
 */

static const char *
pay_key_sm2(EVP_PKEY *pkey, int private)
{
    int            good;
    EVP_PKEY_CTX  *ctx;

    if (private) {
        return NULL;
    }

    ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);

    good = ctx != NULL
           && EVP_PKEY_public_check_quick(ctx) == 1
           && EVP_PKEY_set_utf8_string_param(pkey,
                        OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                        OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED)
              == 1;

    EVP_PKEY_CTX_free(ctx);

    return good ? NULL : "the EC key's point is not one of the curve's";
}


static const char *
pay_key_ed25519(EVP_PKEY *pkey, int private)
{
    size_t  i, len;
    pay_u8  point[32];

    len = sizeof(point);

    if (EVP_PKEY_get_raw_public_key(pkey, point, &len) != 1
        || len != sizeof(point))
    {
        return private ? NULL : "the Ed25519 key has no point";
    }

    point[31] &= 0x7f;

    for (i = 0; i < pay_nelts(pay_key_small); i++) {
        if (memcmp(point, pay_key_small[i], sizeof(point)) == 0) {
            return "the Ed25519 key is a point of small order";
        }
    }

    return NULL;
}
