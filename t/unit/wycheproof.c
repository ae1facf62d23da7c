
/*
 * Copyright (C) the ngx_pay authors
 *
 * Project Wycheproof's vectors against src/crypto.  They are read from the
 * shared folder (PAY_SHARED, by default ../shared) and are no part of this
 * repository; without them this test is skipped.
 * Rows of the threat catalogue: K-4, K-8, K-9, K-10, K-15.
 */

#include "vectors.h"

#include <codec/pay_codec.h>
#include <crypto/pay_crypto.h>

#include <openssl/ec.h>
#include <openssl/err.h>


typedef struct {
    int  cases;
    int  good;          /* valid, and taken */
    int  bad;           /* invalid, and refused */
    int  policy;        /* of a size or a key that we do not take: refused */
    int  wrong;
} tally_t;

typedef void (*case_pt)(tally_t *t, yajl_val group, yajl_val test);


static pay_arena_t  *arena;


static const char *
text(yajl_val v, const char *name)
{
    return YAJL_GET_STRING(member(v, name));
}


static pay_str_t
bytes(yajl_val v, const char *name)
{
    pay_str_t  s = pay_str_null;

    pay_hex_decode(arena, pay_strz(text(v, name)), &s);

    return s;
}


/* NULL when it is not there */

static yajl_val
load(const char *name)
{
    char  path[128];

    snprintf(path, sizeof(path), "third-party/wycheproof/%s_test.json", name);

    return tree_shared(path);
}


/* a case went as it should, or it is named */

static void
count(tally_t *t, int *where, int yes, yajl_val test)
{
    if (yes) {
        (*where)++;
        return;
    }

    t->wrong++;
    printf("# tcId %s: %s\n", YAJL_GET_NUMBER(member(test, "tcId")),
           text(test, "comment"));
}


static int
is_valid(yajl_val test)
{
    /* "acceptable" is a legacy form: we do not accept it */

    return strcmp(text(test, "result"), "valid") == 0;
}


static void
rsa_case(tally_t *t, yajl_val group, yajl_val test)
{
    pay_rc_t     rc;
    pay_key_t   *k;
    const char  *why;

    rc = pay_key_public_pem(pay_strz(text(group, "publicKeyPem")), PAY_KEYS_RSA,
                            &k, &why);

    if (rc != PAY_OK) {
        count(t, &t->policy, k == NULL
              && strstr(why, "exponent is too small") != NULL
              && strcmp(text(member(group, "publicKey"), "publicExponent"),
                        "03") == 0, test);
        return;
    }

    rc = pay_rsa_sha256_verify(bytes(test, "sig"), bytes(test, "msg"), k);
    pay_key_unref(k);

    if (is_valid(test)) {
        count(t, &t->good, rc == PAY_OK, test);

    } else {
        count(t, &t->bad, rc == PAY_DECLINED && ERR_peek_error() == 0, test);
    }
}


/* 64 bytes, as they come where DER is not used */

static pay_str_t
raw(pay_str_t sig)
{
    pay_u8        *p;
    ECDSA_SIG     *pair;
    const pay_u8  *q;

    q = sig.data;
    p = pay_alloc(arena, 64);
    pair = d2i_ECDSA_SIG(NULL, &q, sig.len);
    BN_bn2binpad(ECDSA_SIG_get0_r(pair), p, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair), p + 32, 32);
    ECDSA_SIG_free(pair);

    return (pay_str_t) { 64, p };
}


static pay_rc_t
verify(pay_key_t *k, pay_str_t sig, pay_str_t in, pay_sig_form_t form)
{
    pay_verify_t  *v;

    v = pay_verify_begin(k);
    pay_verify_add(v, in.data, in.len);

    return pay_verify_end(v, sig, form);
}


static void
key_case(tally_t *t, yajl_val group, yajl_val test)
{
    pay_rc_t      rc, raw_rc;
    pay_str_t     in, sig;
    pay_key_t    *k;
    const char   *why;

    rc = pay_key_public_pem(pay_strz(text(group, "publicKeyPem")),
                            PAY_KEYS_ANY, &k, &why);
    if (rc != PAY_OK) {
        printf("# %s\n", why);
        count(t, NULL, 0, test);
        return;
    }

    in = bytes(test, "msg");
    sig = bytes(test, "sig");
    rc = raw_rc = verify(k, sig, in, PAY_SIG_DER);

    if (rc == PAY_OK && pay_key_alg(k) == PAY_ALG_ECDSA_P256_SHA256) {
        raw_rc = verify(k, raw(sig), in, PAY_SIG_RAW);
    }

    pay_key_unref(k);

    if (is_valid(test)) {
        count(t, &t->good, rc == PAY_OK && raw_rc == PAY_OK, test);

    } else {
        count(t, &t->bad, rc == PAY_DECLINED && ERR_peek_error() == 0, test);
    }
}


static void
hmac_case(tally_t *t, yajl_val group, yajl_val test)
{
    int             same;
    pay_u8          mac[PAY_SHA256_LEN];
    pay_str_t       tag;
    pay_mac_key_t  *k;

    (void) group;

    k = pay_mac_key_create(bytes(test, "key"));
    if (k == NULL || pay_hmac_sha256(mac, bytes(test, "msg"), k) != 0) {
        count(t, NULL, 0, test);
        pay_mac_key_destroy(k);
        return;
    }

    pay_mac_key_destroy(k);

    tag = bytes(test, "tag");
    same = pay_equal_secret(mac, tag.data, tag.len);

    if (same != is_valid(test)) {
        count(t, NULL, 0, test);
        return;
    }

    /* a cut tag has the right bytes, and no function of ours takes it */

    if (tag.len != PAY_SHA256_LEN) {
        t->policy++;
        return;
    }

    count(t, same ? &t->good : &t->bad, 1, test);
}


static void
gcm_case(tally_t *t, yajl_val group, yajl_val test)
{
    pay_rc_t   rc;
    pay_buf_t  b;
    pay_str_t  key, iv, aad, in, sealed, out, again;

    (void) group;

    key = bytes(test, "key");
    iv = bytes(test, "iv");
    aad = bytes(test, "aad");
    in = bytes(test, "msg");

    pay_buf_init(&b, arena, 0);
    pay_buf_adds(&b, bytes(test, "ct"));
    pay_buf_adds(&b, bytes(test, "tag"));
    sealed = pay_buf_str(&b);

    rc = pay_aes256_gcm_open(arena, &out, sealed, iv, aad, key);

    if (key.len != PAY_GCM_KEY_LEN || iv.len != PAY_GCM_NONCE_LEN) {
        count(t, &t->policy, rc == PAY_INVALID && out.data == NULL
              && pay_aes256_gcm_seal(arena, &again, in, iv, aad, key)
                 == PAY_INVALID, test);
        return;
    }

    if (!is_valid(test)) {
        count(t, &t->bad, rc == PAY_DECLINED && out.data == NULL
              && ERR_peek_error() == 0, test);
        return;
    }

    count(t, &t->good, rc == PAY_OK && pay_str_eq(out, in)
          && pay_aes256_gcm_seal(arena, &again, in, iv, aad, key) == PAY_OK
          && pay_str_eq(again, sealed), test);
}


static void
run(const char *name, case_pt one)
{
    size_t    i, j;
    tally_t   t;
    yajl_val  root, groups, group, tests;

    root = load(name);

    if (root == NULL) {
        printf("ok %d # skip %s: no third-party vectors here\n", ++test_n,
               name);
        return;
    }

    memset(&t, 0, sizeof(t));
    groups = member(root, "testGroups");

    for (i = 0; i < YAJL_GET_ARRAY(groups)->len; i++) {
        group = YAJL_GET_ARRAY(groups)->values[i];
        tests = member(group, "tests");

        for (j = 0; j < YAJL_GET_ARRAY(tests)->len; j++) {
            t.cases++;
            one(&t, group, YAJL_GET_ARRAY(tests)->values[j]);
        }
    }

    printf("# %s: %d cases, %d valid taken, %d invalid refused, "
           "%d refused by policy, %d wrong\n", name, t.cases, t.good, t.bad,
           t.policy, t.wrong);

    is_int(t.wrong, 0, name);
    is_int(t.good + t.bad + t.policy, YAJL_GET_INTEGER(member(root,
           "numberOfTests")), name);
    ok(t.good > 0 && t.bad > 0, "%s: both kinds were there", name);

    yajl_tree_free(root);
}


int
main(void)
{
    arena = pay_arena_create(0);

    run("rsa_signature_2048_sha256", rsa_case);
    run("rsa_signature_3072_sha256", rsa_case);
    run("rsa_signature_4096_sha256", rsa_case);
    run("ecdsa_secp256r1_sha256", key_case);
    run("ed25519", key_case);
    run("hmac_sha256", hmac_case);
    run("aes_gcm", gcm_case);

    pay_arena_destroy(arena);

    return done();
}
