
/*
 * Copyright (C) the ngx_pay authors
 *
 * src/crypto: signatures of every kind.  The vectors are read from the shared
 * folder (PAY_SHARED, by default ../shared), and passed over where that is
 * not to be had.  Rows of the threat catalogue: K-1, K-2, K-8, K-9, K-10,
 * K-16.
 */

#include "keys.h"
#include "vectors.h"

#include <codec/pay_codec.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>

#include <pthread.h>


static const pay_str_t  text = pay_str("POST\n/v1/payments\n1732190400\n{}\n");


static void
expect(pay_rc_t want, pay_str_t sig, pay_str_t in, const pay_key_t *k,
    pay_sig_form_t form, const char *name)
{
    is_int(verify(sig, in, k, form), want, name);
    clean(name);
}


static pay_str_t
make(const kind_t *k, pay_sig_form_t form)
{
    pay_str_t  sig;

    if (pay_sign(arena, &sig, text, k->private, form) != PAY_OK) {
        ok(0, "%s: sign", k->name);
        exit(1);
    }

    return sig;
}


/* --- every kind ---------------------------------------------------------- */

static void
test_bits(const kind_t *k, pay_sig_form_t form)
{
    size_t     i;
    int        wrong;
    pay_u8    *p;
    pay_str_t  sig, in;

    sig = make(k, form);
    p = (pay_u8 *) pay_str_dup(arena, sig).data;
    wrong = 0;

    for (i = 0; i < sig.len * 8; i += sig.len / 50) {
        p[i / 8] ^= 1 << i % 8;
        wrong += verify(BYTES(p, sig.len), text, k->public, form)
                 != PAY_DECLINED;
        wrong += ERR_peek_error() != 0;
        p[i / 8] ^= 1 << i % 8;
    }

    ok(wrong == 0, "%s: no flipped bit of a signature holds", k->name);

    in.len = text.len;
    in.data = p = (pay_u8 *) pay_str_dup(arena, text).data;
    wrong = 0;

    for (i = 0; i < in.len * 8; i += 11) {
        p[i / 8] ^= 1 << i % 8;
        wrong += verify(sig, in, k->public, form) != PAY_DECLINED;
        p[i / 8] ^= 1 << i % 8;
    }

    ok(wrong == 0, "%s: no flipped bit of a text holds", k->name);
    expect(PAY_OK, sig, text, k->public, form, k->name);
}


static void
test_round(const kind_t *k)
{
    pay_u8        *p;
    pay_str_t      sig, none, other;
    pay_arena_t   *tiny;
    const kind_t  *o;

    none.len = 0;
    none.data = NULL;

    test_bits(k, PAY_SIG_DER);

    sig = make(k, PAY_SIG_DER);
    expect(PAY_OK, sig, text, k->private, PAY_SIG_DER, k->name);

    p = pay_calloc(arena, sig.len + 1);
    memcpy(p, sig.data, sig.len);
    expect(PAY_DECLINED, BYTES(p, sig.len - 1), text, k->public, PAY_SIG_DER,
           "K-10: a byte short");
    expect(PAY_DECLINED, BYTES(p, sig.len + 1), text, k->public, PAY_SIG_DER,
           "K-9: a byte long");
    expect(PAY_DECLINED, none, text, k->public, PAY_SIG_DER,
           "K-10: no signature");
    expect(PAY_DECLINED, sig, none, k->public, PAY_SIG_DER, "no text");

    memset(p, 0, sig.len);
    expect(PAY_DECLINED, BYTES(p, sig.len), text, k->public, PAY_SIG_DER,
           "K-10: all zero");
    memset(p, 0xff, sig.len);
    expect(PAY_DECLINED, BYTES(p, sig.len), text, k->public, PAY_SIG_DER,
           "K-10: all ones");

    /* any other kind's, of the same text: K-1 */

    for (o = kinds; o < KINDS; o++) {
        if (o != k) {
            expect(PAY_DECLINED, make(o, PAY_SIG_DER), text, k->public,
                   PAY_SIG_DER, o->name);
        }
    }

    is_int(pay_sign(arena, &other, none, k->private, PAY_SIG_DER), PAY_OK,
           "sign nothing");
    expect(PAY_OK, other, none, k->public, PAY_SIG_DER, "nothing, signed");

    is_int(pay_sign(arena, &other, text, k->public, PAY_SIG_DER), PAY_ERROR,
           "K-3: a public key does not sign");
    ok(other.data == NULL && other.len == 0, "and leaves no signature");

    tiny = pay_arena_create(60);
    is_int(pay_sign(tiny, &other, text, k->private, PAY_SIG_DER), PAY_ERROR,
           "no memory for a signature");
    ok(other.data == NULL && other.len == 0, "and no signature");
    pay_arena_destroy(tiny);

    is_int(pay_rsa_sha256_sign(arena, &other, text, k->private),
           k == rsa ? PAY_OK : PAY_ERROR, "RSA-SHA256 by this key");
    is_int(pay_rsa_sha256_verify(sig, text, k->public),
           k == rsa ? PAY_OK : PAY_ERROR, "RSA-SHA256 under this key");

    ERR_raise(ERR_LIB_USER, 1);
    expect(PAY_OK, sig, text, k->public, PAY_SIG_DER, "a dirty queue");
    pay_verify_drop(pay_verify_begin(k->public));
    pay_verify_drop(NULL);
    clean(k->name);
}


/* the same in pieces, and from a buffer that is gone */

static void
test_pieces(const kind_t *k)
{
    char           byte;
    size_t         i;
    pay_str_t      sig;
    pay_key_t     *key;
    const char    *why;
    pay_verify_t  *v;

    sig = make(k, PAY_SIG_DER);

    pay_key_public_pem(pem_public(k->pkey), k->kinds, &key, &why);
    v = pay_verify_begin(key);
    pay_key_unref(key);

    for (i = 0; i < text.len; i++) {
        byte = text.data[i];
        pay_verify_add(v, &byte, 1);
        pay_verify_add(v, NULL, 0);
    }

    ok(pay_verify_end(v, sig, PAY_SIG_DER) == PAY_OK, "%s: in pieces",
       k->name);
}


static void
test_long(const kind_t *k)
{
    size_t         i;
    pay_str_t      sig, in;
    pay_verify_t  *v;

    in.len = 1000003;
    in.data = memset(pay_alloc(arena, in.len), 'x', in.len);
    pay_sign(arena, &sig, in, k->private, PAY_SIG_DER);

    v = pay_verify_begin(k->public);

    for (i = 0; i < in.len; i += 4099) {
        pay_verify_add(v, in.data + i,
                       in.len - i < 4099 ? in.len - i : 4099);
    }

    ok(pay_verify_end(v, sig, PAY_SIG_DER) == PAY_OK, "%s: a megabyte",
       k->name);
}


static void
test_too_long(void)
{
    size_t         i;
    pay_u8        *big;
    pay_str_t      sig;
    pay_verify_t  *v;

    big = calloc(1, PAY_VERIFY_KEPT_MAX + 1);
    pay_sign(arena, &sig, BYTES(big, PAY_VERIFY_KEPT_MAX), ed->private,
             PAY_SIG_DER);

    v = pay_verify_begin(ed->public);
    for (i = 0; i < PAY_VERIFY_KEPT_MAX; i += 1 << 20) {
        pay_verify_add(v, big + i, 1 << 20);
    }
    is_int(pay_verify_end(v, sig, PAY_SIG_DER), PAY_OK, "16 MiB are kept");

    v = pay_verify_begin(ed->public);
    pay_verify_add(v, big, PAY_VERIFY_KEPT_MAX);
    pay_verify_add(v, big, 1);
    pay_verify_add(v, big, 1);
    is_int(pay_verify_end(v, sig, PAY_SIG_DER), PAY_INVALID,
           "... and not a byte more");

    v = pay_verify_begin(ed->public);
    pay_verify_add(v, big, PAY_VERIFY_KEPT_MAX + 1);
    is_int(pay_verify_end(v, sig, PAY_SIG_DER), PAY_INVALID, "in one piece");

    pay_sign(arena, &sig, BYTES(big, PAY_VERIFY_KEPT_MAX + 1), rsa->private,
             PAY_SIG_DER);
    expect(PAY_OK, sig, BYTES(big, PAY_VERIFY_KEPT_MAX + 1), rsa->public,
           PAY_SIG_DER, "a digest keeps nothing");

    free(big);
}


/* --- RSA ----------------------------------------------------------------- */

static pay_str_t
foreign(const char *md, int padding, int salt)
{
    size_t         len;
    pay_u8        *sig;
    EVP_MD_CTX    *ctx;
    EVP_PKEY_CTX  *pctx;

    len = EVP_PKEY_get_size(rsa->pkey);
    sig = pay_alloc(arena, len);

    ctx = EVP_MD_CTX_new();
    EVP_DigestSignInit_ex(ctx, &pctx, md, NULL, NULL, rsa->pkey, NULL);
    EVP_PKEY_CTX_set_rsa_padding(pctx, padding);

    if (padding == RSA_PKCS1_PSS_PADDING) {
        EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, salt);
    }

    EVP_DigestSign(ctx, sig, &len, text.data, text.len);
    EVP_MD_CTX_free(ctx);

    return BYTES(sig, len);
}


static void
test_rsa_forms(void)
{
    expect(PAY_OK, foreign("SHA256", RSA_PKCS1_PADDING, 0), text, rsa->public,
           PAY_SIG_DER, "PKCS #1");
    expect(PAY_DECLINED, foreign("SHA1", RSA_PKCS1_PADDING, 0), text,
           rsa->public, PAY_SIG_DER, "K-2: SHA-1");
    expect(PAY_DECLINED, foreign("MD5", RSA_PKCS1_PADDING, 0), text,
           rsa->public, PAY_SIG_DER, "K-2: MD5");
    expect(PAY_DECLINED, foreign("SHA512", RSA_PKCS1_PADDING, 0), text,
           rsa->public, PAY_SIG_DER, "K-2: SHA-512");
    expect(PAY_DECLINED, foreign("SHA256", RSA_PKCS1_PSS_PADDING, 32), text,
           rsa->public, PAY_SIG_DER, "K-1: PSS under a key for PKCS #1");

    expect(PAY_OK, foreign("SHA512", RSA_PKCS1_PSS_PADDING, 64), text,
           pss->public, PAY_SIG_DER, "PSS");
    expect(PAY_DECLINED, foreign("SHA512", RSA_PKCS1_PSS_PADDING, 32), text,
           pss->public, PAY_SIG_DER, "PSS, salt of 32");
    expect(PAY_DECLINED, foreign("SHA512", RSA_PKCS1_PSS_PADDING, 0), text,
           pss->public, PAY_SIG_DER, "PSS, no salt");
    expect(PAY_DECLINED, foreign("SHA512", RSA_PKCS1_PSS_PADDING, 190), text,
           pss->public, PAY_SIG_DER, "PSS, the longest salt");
    expect(PAY_DECLINED, foreign("SHA256", RSA_PKCS1_PSS_PADDING, 32), text,
           pss->public, PAY_SIG_DER, "K-2: PSS with SHA-256");
    expect(PAY_DECLINED, foreign("SHA512", RSA_PKCS1_PADDING, 0), text,
           pss->public, PAY_SIG_DER, "K-1: PKCS #1 under a key for PSS");
}


/* --- pairs --------------------------------------------------------------- */

static pay_str_t
der_of(const BIGNUM *r, const BIGNUM *s)
{
    int         len;
    pay_u8     *p, *start;
    ECDSA_SIG  *sig;

    sig = ECDSA_SIG_new();
    ECDSA_SIG_set0(sig, BN_dup(r), BN_dup(s));
    start = p = pay_alloc(arena, 256);
    len = i2d_ECDSA_SIG(sig, &p);
    ECDSA_SIG_free(sig);

    return BYTES(start, len);
}


static pay_str_t
raw_of(const BIGNUM *r, const BIGNUM *s)
{
    pay_u8  *p;

    p = pay_alloc(arena, 64);
    BN_bn2binpad(r, p, 32);
    BN_bn2binpad(s, p + 32, 32);

    return BYTES(p, 64);
}


static BIGNUM *
order_of(const kind_t *k)
{
    BIGNUM    *n;
    EC_GROUP  *group;

    group = EC_GROUP_new_by_curve_name(k == ec ? NID_X9_62_prime256v1
                                               : NID_sm2);
    n = BN_dup(EC_GROUP_get0_order(group));
    EC_GROUP_free(group);

    return n;
}


/*
 * K-8: libcrypto takes (r, n - s) with (r, s); nothing may be found by its
 * signature.  SM2 has not that weakness.
 */

static void
test_malleable(const kind_t *k, const BIGNUM *r, const BIGNUM *s,
    const BIGNUM *n)
{
    BIGNUM    *t;
    pay_rc_t   want;

    want = (k == ec) ? PAY_OK : PAY_DECLINED;

    t = BN_new();
    BN_sub(t, n, s);
    expect(want, der_of(r, t), text, k->public, PAY_SIG_DER,
           "K-8: (r, n - s), DER");
    expect(want, raw_of(r, t), text, k->public, PAY_SIG_RAW,
           "K-8: (r, n - s), raw");

    BN_add(t, n, s);
    expect(PAY_DECLINED, der_of(r, t), text, k->public, PAY_SIG_DER,
           "K-8: (r, n + s)");
    BN_add(t, n, r);
    expect(PAY_DECLINED, der_of(t, s), text, k->public, PAY_SIG_DER,
           "K-8: (n + r, s)");
    BN_copy(t, r);
    BN_set_negative(t, 1);
    expect(PAY_DECLINED, der_of(t, s), text, k->public, PAY_SIG_DER,
           "K-9: (-r, s)");
    BN_free(t);
}


/* CVE-2022-21449 and its kin */

static void
test_range(const kind_t *k, const BIGNUM *n)
{
    size_t   i, j;
    int      wrong;
    BIGNUM  *v[5];

    for (i = 0; i < 5; i++) {
        v[i] = BN_new();
    }

    BN_zero(v[0]);
    BN_one(v[1]);
    BN_copy(v[2], n);
    BN_copy(v[3], n);
    BN_sub_word(v[3], 1);
    BN_hex2bn(&v[4], "ffffffffffffffffffffffffffffffff"
                     "ffffffffffffffffffffffffffffffff");
    wrong = 0;

    for (i = 0; i < 5; i++) {
        for (j = 0; j < 5; j++) {
            wrong += verify(der_of(v[i], v[j]), text, k->public, PAY_SIG_DER)
                     != PAY_DECLINED;
            wrong += verify(raw_of(v[i], v[j]), text, k->public, PAY_SIG_RAW)
                     != PAY_DECLINED;
            wrong += ERR_peek_error() != 0;
        }
    }

    ok(wrong == 0, "K-9: %s: 0, 1, n - 1, n, 2^256 - 1 as r and s", k->name);

    for (i = 0; i < 5; i++) {
        BN_free(v[i]);
    }
}


/* K-9: another spelling of the same numbers; p has room for 16 bytes more */

static void
test_spelling(const kind_t *k, pay_str_t sig)
{
    pay_u8  *p, *s;
    size_t   n, rlen;

    n = sig.len;
    p = pay_alloc(arena, n + 16);
    rlen = sig.data[3];
    s = p + 4 + rlen;

    memcpy(p, sig.data, n);
    expect(PAY_OK, BYTES(p, n), text, k->public, PAY_SIG_DER, "K-9: DER");

    p[n] = 0;
    expect(PAY_DECLINED, BYTES(p, n + 1), text, k->public, PAY_SIG_DER,
           "K-9: a byte behind it");

    p[1]++;
    expect(PAY_DECLINED, BYTES(p, n + 1), text, k->public, PAY_SIG_DER,
           "K-9: a byte at the end inside");

    memcpy(p + n, "\x02\x01\x01", 3);
    p[1] = sig.data[1] + 3;
    expect(PAY_DECLINED, BYTES(p, n + 3), text, k->public, PAY_SIG_DER,
           "K-9: a third number");

    memcpy(p, "\x30\x81", 2);
    memcpy(p + 2, sig.data + 1, n - 1);
    expect(PAY_DECLINED, BYTES(p, n + 1), text, k->public, PAY_SIG_DER,
           "K-9: the length in long form");

    memcpy(p, "\x30\x80", 2);
    memcpy(p + 2, sig.data + 2, n - 2);
    memcpy(p + n, "\0\0", 2);
    expect(PAY_DECLINED, BYTES(p, n + 2), text, k->public, PAY_SIG_DER,
           "K-9: BER, indefinite length");

    memcpy(p, sig.data, 4);
    p[1]++;
    p[3]++;
    p[4] = 0;
    memcpy(p + 5, sig.data + 4, n - 4);
    expect(PAY_DECLINED, BYTES(p, n + 1), text, k->public, PAY_SIG_DER,
           "K-9: r with a zero in front");

    memcpy(p, sig.data, n);
    p[0] = 0x31;
    expect(PAY_DECLINED, BYTES(p, n), text, k->public, PAY_SIG_DER,
           "K-9: a set");
    p[0] = 0x30;
    s[0] = 0x04;
    expect(PAY_DECLINED, BYTES(p, n), text, k->public, PAY_SIG_DER,
           "K-9: s as a string of bytes");

    expect(PAY_DECLINED, BYTES(sig.data, n - 1), text, k->public,
           PAY_SIG_DER, "K-9: cut");
    expect(PAY_DECLINED, PAY_STR("\x30\x00"), text, k->public, PAY_SIG_DER,
           "K-9: an empty sequence");
    expect(PAY_DECLINED, PAY_STR("0"), text, k->public, PAY_SIG_DER,
           "K-9: one byte");
    expect(PAY_OK, sig, text, k->public, PAY_SIG_DER,
           "K-10: the next good one holds");
}


static void
test_pair(const kind_t *k)
{
    pay_u8        *p;
    BIGNUM        *n;
    ECDSA_SIG     *pair;
    pay_str_t      sig, raw;
    const pay_u8  *q;
    const BIGNUM  *r, *s;

    n = order_of(k);

    /* r and s of 33 and 32 bytes, so that their places are known */

    do {
        sig = make(k, PAY_SIG_DER);
    } while (sig.data[3] != 33);

    q = sig.data;
    pair = d2i_ECDSA_SIG(NULL, &q, sig.len);
    ECDSA_SIG_get0(pair, &r, &s);

    raw = raw_of(r, s);
    expect(PAY_OK, raw, text, k->public, PAY_SIG_RAW, "raw");
    expect(PAY_DECLINED, raw, text, k->public, PAY_SIG_DER,
           "K-9: raw where DER is asked for");
    expect(PAY_DECLINED, sig, text, k->public, PAY_SIG_RAW,
           "DER where raw is asked for");

    p = pay_calloc(arena, 65);
    memcpy(p, raw.data, 64);
    expect(PAY_DECLINED, BYTES(p, 65), text, k->public, PAY_SIG_RAW,
           "raw, a byte long");
    expect(PAY_DECLINED, BYTES(p, 63), text, k->public, PAY_SIG_RAW,
           "raw, a byte short");
    expect(PAY_DECLINED, BYTES(NULL, 0), text, k->public, PAY_SIG_RAW,
           "raw, nothing");

    test_malleable(k, r, s, n);
    test_range(k, n);
    test_spelling(k, sig);
    test_bits(k, PAY_SIG_RAW);

    is_int(make(k, PAY_SIG_RAW).len, 64, "a raw signature has 64 bytes");

    ECDSA_SIG_free(pair);
    BN_free(n);
}


/* --- SM2 ----------------------------------------------------------------- */

/* as libcrypto makes it: with the id, or without one */

static pay_str_t
sm2_foreign(EVP_PKEY *pkey, const char *md, const char *id)
{
    size_t         len;
    pay_u8        *sig;
    EVP_MD_CTX    *ctx;
    EVP_PKEY_CTX  *pctx;

    len = EVP_PKEY_get_size(pkey);
    sig = pay_alloc(arena, len);

    ctx = EVP_MD_CTX_new();
    EVP_DigestSignInit_ex(ctx, &pctx, md, NULL, NULL, pkey, NULL);

    if (id != NULL) {
        EVP_PKEY_CTX_set1_id(pctx, id, strlen(id));
    }

    EVP_DigestSign(ctx, sig, &len, text.data, text.len);
    EVP_MD_CTX_free(ctx);

    return BYTES(sig, len);
}


static void
test_sm2_id(void)
{
    expect(PAY_OK, sm2_foreign(sm2->pkey, "SM3", "1234567812345678"), text,
           sm2->public, PAY_SIG_DER, "K-16: the id");
    expect(PAY_DECLINED, sm2_foreign(sm2->pkey, "SM3", "ALICE123@YAHOO.COM"),
           text, sm2->public, PAY_SIG_DER, "K-16: another id");
    expect(PAY_DECLINED, sm2_foreign(sm2->pkey, "SM3", NULL), text,
           sm2->public, PAY_SIG_DER, "K-16: no id");
}


/* the same numbers as a key of type EC: ECDSA with SM3 is no SM2 */

static void
test_sm2_as_ec(void)
{
    EVP_PKEY    *pkey;
    pay_str_t    pem;
    pay_key_t   *k;
    const char  *why;

    pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "SM2");
    ERR_clear_error();

    ok(!EVP_PKEY_is_a(pkey, "SM2"), "a key of type EC on the curve of SM2");

    pem = pem_public(pkey);

    if (pay_key_public_pem(pem, PAY_KEYS_ANY, &k, &why) == PAY_OK) {
        is_int(pay_key_alg(k), PAY_ALG_SM2_SM3, "K-16: read as SM2");
        expect(PAY_DECLINED, sm2_foreign(pkey, "SM3", NULL), text, k,
               PAY_SIG_DER, "K-16: ECDSA on the curve of SM2");
        pay_key_unref(k);

    } else {
        ok(0, "K-16: read as SM2: %s", why);
    }

    EVP_PKEY_free(pkey);
}


static pay_str_t
string(yajl_val v, const char *name)
{
    const char  *z;

    z = YAJL_GET_STRING(member(v, name));

    return pay_strz(z ? z : "");
}


static yajl_val
at(yajl_val v, size_t i)
{
    return v && YAJL_IS_ARRAY(v) && i < YAJL_GET_ARRAY(v)->len
           ? YAJL_GET_ARRAY(v)->values[i] : NULL;
}


static yajl_val
load(const char *name)
{
    yajl_val  root;

    root = tree_shared(name);

    if (root == NULL) {
        skip("%s: no vectors here", name);
    }

    return root;
}


static void
vector(pay_rc_t want, pay_str_t pem, unsigned set, pay_str_t in,
    pay_str_t sig, pay_sig_form_t form, const char *name)
{
    pay_u8      *p;
    pay_key_t   *k;
    const char  *why;

    if (pay_key_public_pem(pem, set, &k, &why) != PAY_OK) {
        ok(0, "%s: the key: %s", name, why);
        return;
    }

    expect(want, sig, in, k, form, name);

    p = (pay_u8 *) pay_str_dup(arena, in).data;
    p[in.len / 2] ^= 1;
    expect(PAY_DECLINED, sig, BYTES(p, in.len), k, form, "another text");
    pay_key_unref(k);
}


static pay_str_t
unbase64(yajl_val v, const char *name)
{
    pay_str_t  s = pay_str_null;

    pay_base64_decode(arena, string(v, name), &s);

    return s;
}


static pay_str_t
unhex(yajl_val v, const char *name)
{
    pay_str_t  s = pay_str_null;

    pay_hex_decode(arena, string(v, name), &s);

    return s;
}


static void
test_sm2_vectors(void)
{
    yajl_val  root, gm, keys, v;

    root = load("alipay.json");
    if (root != NULL) {
        v = at(member(root, "sm2"), 0);
        vector(PAY_OK, string(v, "public_pem"), PAY_KEYS_ANY,
               string(v, "message"), unhex(v, "signature_der_hex"),
               PAY_SIG_DER, "K-16: GB/T 32918.5");
        v = at(member(root, "sm2"), 1);
        vector(PAY_OK, string(v, "public_pem"), PAY_KEYS_ANY,
               string(v, "canonical"), unbase64(v, "sign_base64_der"),
               PAY_SIG_DER, "SM2: alipay");
        yajl_tree_free(root);
    }

    root = load("wechatpay-v3.json");
    if (root != NULL) {
        gm = member(root, "shangmi");
        keys = member(gm, "keys");
        v = at(member(gm, "request_sign"), 0);
        vector(PAY_OK, string(keys, "merchant_sm2_public_key_pem"),
               PAY_KEYS_ANY, string(v, "canonical"), unbase64(v, "signature"),
               PAY_SIG_DER, "SM2: wechatpay request");
        v = at(member(gm, "response_verify"), 0);
        vector(PAY_OK, string(keys, "platform_sm2_public_key_pem"),
               PAY_KEYS_ANY, string(v, "canonical"), unbase64(v, "signature"),
               PAY_SIG_DER, "SM2: wechatpay answer");
        yajl_tree_free(root);
    }

    /* UnionPay signs under its certificate's number as id */

    root = load("unionpay.json");
    if (root != NULL) {
        v = at(member(root, "gm"), 0);
        vector(PAY_DECLINED, string(v, "public_pem"), PAY_KEYS_ANY,
               string(v, "sm3_hex"), unbase64(v, "signature_rs_base64"),
               PAY_SIG_RAW, "K-16: unionpay, another id");
        vector(PAY_DECLINED, string(v, "public_pem"), PAY_KEYS_ANY,
               string(v, "sm3_hex"), unhex(v, "signature_der_hex"),
               PAY_SIG_DER, "K-16: unionpay, another id, DER");
        yajl_tree_free(root);
    }
}


/* signature bases of RFC 9421: raw ECDSA, PSS, Ed25519 */

static void
test_message_vector(yajl_val keys, yajl_val v, int *n)
{
    size_t       i;
    unsigned     set;
    pay_str_t    alg, pem, sig;
    const char  *id, *name;

    static const struct {
        const char  *name;
        unsigned     set;
    } algs[] = {
        { "rsa-pss-sha512", PAY_KEYS_RSA_PSS },
        { "ecdsa-p256-sha256", 1u << PAY_ALG_ECDSA_P256_SHA256 },
        { "ed25519", 1u << PAY_ALG_ED25519 }
    };

    alg = string(v, "alg");
    id = YAJL_GET_STRING(member(v, "keyid"));
    name = YAJL_GET_STRING(member(v, "name"));
    set = 0;

    for (i = 0; i < pay_nelts(algs); i++) {
        if (pay_str_eqz(alg, algs[i].name)) {
            set = algs[i].set;
        }
    }

    sig = unbase64(v, "signature_base64");
    pem = string(member(keys, id ? id : ""), "public_pem");

    if (set == 0 || sig.len == 0 || string(v, "signature_base").len == 0) {
        return;
    }

    vector(PAY_OK, pem, set, string(v, "signature_base"), sig, PAY_SIG_RAW,
           name);
    (*n)++;
}


static void
test_message_vectors(void)
{
    int        n;
    size_t     i, j;
    yajl_val   root, list;

    static const char  *const  lists[] = { "rfc_vectors", "computed_vectors" };

    root = load("rfc9421.json");
    if (root == NULL) {
        return;
    }

    n = 0;

    for (i = 0; i < pay_nelts(lists); i++) {
        list = member(root, lists[i]);

        for (j = 0; at(list, j); j++) {
            test_message_vector(member(root, "keys"), at(list, j), &n);
        }
    }

    ok(n == 15, "RFC 9421: %d signature bases", n);
    yajl_tree_free(root);
}


/* --- digests ------------------------------------------------------------- */

static void
test_hash_vector(pay_hash_kind_t kind, const char *in, const char *want)
{
    size_t       i, n;
    pay_u8       out[64];
    pay_buf_t    b;
    pay_hash_t  *h;

    n = (kind == PAY_HASH_SHA512) ? 64 : 32;

    h = pay_hash_begin(kind);
    for (i = 0; in[i]; i++) {
        pay_hash_add(h, in + i, 1);
    }
    pay_hash_add(h, NULL, 0);
    is_int(pay_hash_end(out, h), 0, "digest");

    pay_buf_init(&b, arena, 130);
    pay_buf_addhex(&b, out, n);
    is(pay_buf_str(&b), want, in);
}


static void
test_hash(void)
{
    /* FIPS 180-2, appendices B and C */

    test_hash_vector(PAY_HASH_SHA256, "",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    test_hash_vector(PAY_HASH_SHA256, "abc",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    test_hash_vector(PAY_HASH_SHA512, "abc",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
        "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
    test_hash_vector(PAY_HASH_SHA512, "",
        "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
        "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e");

    pay_hash_drop(pay_hash_begin(PAY_HASH_SHA512));
    pay_hash_drop(NULL);
    clean("digests");
}


/* --- threads ------------------------------------------------------------- */

static void *
work(void *data)
{
    int            i, bad;
    pay_str_t      sig;
    const kind_t  *k;
    pay_arena_t   *a;

    a = pay_arena_create(0);
    bad = 0;

    for (i = 0; i < 5; i++) {
        for (k = kinds; k < KINDS; k++) {
            bad += pay_sign(a, &sig, text, k->private, PAY_SIG_DER) != PAY_OK;
            bad += verify(sig, text, k->public, PAY_SIG_DER) != PAY_OK;
        }
    }

    __atomic_add_fetch((int *) data, bad, __ATOMIC_RELAXED);
    pay_arena_destroy(a);

    return NULL;
}


static void
test_threads(void)
{
    int        bad;
    size_t     i;
    pthread_t  t[4];

    bad = 0;

    for (i = 0; i < 4; i++) {
        pthread_create(&t[i], NULL, work, &bad);
    }

    for (i = 0; i < 4; i++) {
        pthread_join(t[i], NULL);
    }

    is_int(bad, 0, "four threads use the same keys");
}


int
main(void)
{
    kind_t  *k;

    make_kinds();

    for (k = kinds; k < KINDS; k++) {
        printf("# %s\n", k->name);
        test_round(k);
        test_pieces(k);
        test_long(k);

        if (k->pair) {
            test_pair(k);
        }
    }

    test_too_long();
    test_rsa_forms();
    test_sm2_id();
    test_sm2_as_ec();
    test_sm2_vectors();
    test_message_vectors();
    test_hash();
    test_threads();

    free_kinds();

    return done();
}
