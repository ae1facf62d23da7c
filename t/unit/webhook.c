
/*
 * Copyright (C) the ngx_pay authors
 *
 * src/model/pay_webhook.c: Standard Webhooks 1.0.0, symmetric form.  The
 * cases of standard-webhooks.json are read from the shared folder
 * (PAY_SHARED, by default ../shared); its asymmetric ones (v1a) are not ours.
 */

#include "vectors.h"

#include <codec/pay_codec.h>
#include <model/pay_auth.h>


#define TEXT(z)  ((pay_str_t) { strlen(z), (const pay_u8 *) (z) })


/* 24 bytes, counted up from 1 */

#define SECRET  "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcY"


static pay_arena_t  *arena;


/* --- the secret ---------------------------------------------------------- */

static void
secret_refused(const char *text, const char *want)
{
    pay_rc_t     rc;
    pay_str_t    key = pay_str_null;
    const char  *why;

    rc = pay_webhook_secret(arena, TEXT(text), &key, &why);

    is_int(rc, PAY_INVALID, want);
    ok(key.data == NULL, "no key");

    if (rc == PAY_INVALID) {
        is(pay_strz(why), want, "and why");
    }
}


static void
secret_taken(const char *text, size_t len)
{
    pay_str_t    key = pay_str_null;
    const char  *why;

    is_int(pay_webhook_secret(arena, TEXT(text), &key, &why), PAY_OK, text);
    is_int(key.len, len, "its length");
}


static pay_str_t
secret_of(size_t len, int same)
{
    size_t     i;
    pay_u8     raw[80];
    pay_buf_t  b;
    pay_str_t  s;

    for (i = 0; i < len; i++) {
        raw[i] = same ? 'a' : i;
    }

    s.len = len;
    s.data = raw;

    pay_buf_init(&b, arena, 0);
    pay_buf_addz(&b, "whsec_");
    pay_buf_adds(&b, pay_base64_encode(arena, s));
    pay_buf_addc(&b, '\0');

    return pay_buf_str(&b);
}


static void
test_secret(void)
{
    pay_arena_t  *tiny;
    pay_str_t     key;
    const char   *why;

    static const char  size[] = "the webhook secret is not 24 to 64 bytes long";
    static const char  prefix[] =
        "the webhook secret does not begin with whsec_";
    static const char  base64[] =
        "the webhook secret is not base64 behind whsec_";

    secret_taken(SECRET, 24);
    secret_taken((const char *) secret_of(24, 0).data, 24);
    secret_taken((const char *) secret_of(32, 0).data, 32);
    secret_taken((const char *) secret_of(64, 0).data, 64);

    secret_refused((const char *) secret_of(23, 0).data, size);
    secret_refused((const char *) secret_of(65, 0).data, size);
    secret_refused("whsec_", size);
    secret_refused((const char *) secret_of(32, 1).data,
                   "the webhook secret is one repeated byte");

    secret_refused("", prefix);
    secret_refused("whsec", prefix);
    secret_refused("AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcY", prefix);
    secret_refused("WHSEC_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcY", prefix);
    secret_refused("whsk_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcY", prefix);
    secret_refused(" " SECRET, prefix);

    secret_refused(SECRET "\n", base64);
    secret_refused(SECRET " ", base64);
    secret_refused(SECRET "=", base64);
    secret_refused("whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhc", base64);
    secret_refused("whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhc-", base64);
    secret_refused("whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGR==", base64);

    tiny = pay_arena_create(8);
    is_int(pay_webhook_secret(tiny, TEXT(SECRET), &key, &why), PAY_ERROR,
           "no memory");
    pay_arena_destroy(tiny);
}


/* --- sign and verify ----------------------------------------------------- */

static pay_mac_key_t *
key_of(const char *text)
{
    pay_str_t    key;
    const char  *why;

    if (pay_webhook_secret(arena, TEXT(text), &key, &why) != PAY_OK) {
        return NULL;
    }

    return pay_mac_key_create(key);
}


static void
test_sign(void)
{
    int             half;
    size_t          i;
    pay_u8          mac[PAY_SHA256_LEN];
    pay_str_t       one, two, s, none = pay_str_null, body;
    pay_arena_t    *tiny;
    pay_mac_key_t  *k[2];

    k[0] = key_of(SECRET);
    k[1] = key_of((const char *) secret_of(32, 0).data);
    body = PAY_STR("{\"a\":1}");

    pay_hmac_sha256(mac, PAY_STR("evt_1.1732190400.{\"a\":1}"), k[0]);
    s.len = sizeof(mac);
    s.data = mac;
    s = pay_base64_encode(arena, s);

    one = pay_webhook_sign(arena, PAY_STR("evt_1"), 1732190400, body, k, 1);
    is_int(one.len, 47, "one token");
    ok(pay_str_starts(one, "v1,") && memcmp(one.data + 3, s.data, 44) == 0,
       "v1 and the MAC of id, timestamp, body");

    two = pay_webhook_sign(arena, PAY_STR("evt_1"), 1732190400, body, k, 2);
    is_int(two.len, 95, "two tokens");
    ok(memcmp(one.data, two.data, 47) == 0 && two.data[47] == ' ',
       "the first key's first");

    is_int(pay_webhook_verify(arena, PAY_STR("evt_1"), PAY_STR("1732190400"),
                              two, body, 1732190400, k + 1, 1), PAY_OK,
           "rotation: who has only the new key");
    is_int(pay_webhook_verify(arena, PAY_STR("evt_1"), PAY_STR("1732190400"),
                              one, body, 1732190400, k + 1, 1), PAY_DECLINED,
           "another key");
    is_int(pay_webhook_verify(arena, PAY_STR("evt_1"), PAY_STR("1732190400"),
                              one, body, 1732190400, k, 2), PAY_OK,
           "rotation: who has both");
    is_int(pay_webhook_verify(arena, PAY_STR("evt_1"), PAY_STR("1732190400"),
                              one, body, 1732190400, k, 0), PAY_DECLINED,
           "no key at all");

    s = pay_webhook_sign(arena, PAY_STR("evt_1"), 1732190400, none, k, 1);
    is_int(pay_webhook_verify(arena, PAY_STR("evt_1"), PAY_STR("1732190400"),
                              s, none, 1732190400, k, 1), PAY_OK, "no body");

    ok(pay_webhook_sign(arena, PAY_STR("evt_1"), 1, body, k, 0).data == NULL,
       "nothing to sign with");
    ok(pay_webhook_sign(arena, PAY_STR("evt.1"), 1, body, k, 1).data == NULL,
       "an id with a point is not signed");
    ok(pay_webhook_sign(arena, none, 1, body, k, 1).data == NULL,
       "no id is not signed");

    half = 0;

    for (i = 1; i < 400; i++) {
        tiny = pay_arena_create(i);
        s = pay_webhook_sign(tiny, PAY_STR("evt_1"), 1, body, k, 2);
        half += s.data != NULL && s.len != 95;
        pay_arena_destroy(tiny);
    }

    is_int(half, 0, "no memory: no half of a signature");
    tiny = pay_arena_create(8);
    is_int(pay_webhook_verify(tiny, PAY_STR("evt_1"), PAY_STR("1732190400"),
                              one, body, 1732190400, k, 1), PAY_ERROR,
           "no memory: don't know");
    pay_arena_destroy(tiny);

    pay_mac_key_destroy(k[0]);
    pay_mac_key_destroy(k[1]);
}


static void
verify(const char *format, const char *sig, pay_rc_t want)
{
    char            list[512];
    pay_mac_key_t  *k;

    k = key_of(SECRET);
    snprintf(list, sizeof(list), format, sig);

    is_int(pay_webhook_verify(arena, PAY_STR("evt_1"), PAY_STR("1732190400"),
                              TEXT(list), PAY_STR("{}"), 1732190400, &k, 1),
           want, format);
    pay_mac_key_destroy(k);
}


static void
test_list(void)
{
    char            sig[64];
    pay_str_t       s;
    pay_mac_key_t  *k;

    k = key_of(SECRET);
    s = pay_webhook_sign(arena, PAY_STR("evt_1"), 1732190400, PAY_STR("{}"),
                         &k, 1);
    pay_mac_key_destroy(k);

    /* without "v1," */

    snprintf(sig, sizeof(sig), "%.*s", (int) s.len - 3, s.data + 3);

    verify("v1,%s", sig, PAY_OK);
    verify("v2,AAAA v1,%s", sig, PAY_OK);
    verify("v1,AAAA v1,%s v1,", sig, PAY_OK);
    verify("v1a,%s", sig, PAY_DECLINED);
    verify("v2,%s", sig, PAY_DECLINED);
    verify("V1,%s", sig, PAY_DECLINED);
    verify("v1 %s", sig, PAY_DECLINED);
    verify("v1=%s", sig, PAY_DECLINED);
    verify("v1,%s=", sig, PAY_DECLINED);
    verify("v1,%s,", sig, PAY_DECLINED);
    verify("v1, %s", sig, PAY_DECLINED);
    verify("v1,%s\t", sig, PAY_DECLINED);
    verify("xv1,%s", sig, PAY_DECLINED);
    verify("v1,%.43s", sig, PAY_DECLINED);
    verify("v1,%.40s", sig, PAY_DECLINED);
    verify(" ", sig, PAY_DECLINED);
    verify("", sig, PAY_DECLINED);
    verify("v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", sig,
           PAY_DECLINED);

    /* two spare bits of the last digit: K-11 */

    sig[42]++;
    verify("v1,%s", sig, PAY_DECLINED);
    sig[42]--;
    sig[0] ^= 1;
    verify("v1,%s", sig, PAY_DECLINED);
}


/* "" stays apart from a header that is not there: the first has a pointer */

static pay_str_t
str(yajl_val v, const char *name)
{
    return pay_strz(YAJL_GET_STRING(member(v, name)));
}


static void
test_known(yajl_val v, const char *secret, const char *want)
{
    pay_mac_key_t  *k;

    k = key_of(secret);
    is(pay_webhook_sign(arena, str(v, "id"),
                        YAJL_GET_INTEGER(member(v, "timestamp")),
                        str(v, "payload"), &k, 1), want, want);
    pay_mac_key_destroy(k);
}


static void
test_case(yajl_val v)
{
    size_t          i, n;
    pay_rc_t        rc, want;
    yajl_val        secrets, headers;
    pay_str_t       body;
    const char     *name;
    pay_mac_key_t  *k[4];

    name = YAJL_GET_STRING(member(v, "name"));
    secrets = member(v, "secrets");
    headers = member(v, "headers");
    want = pay_str_eqz(str(v, "expect"), "accept") ? PAY_OK : PAY_DECLINED;
    n = YAJL_GET_ARRAY(secrets)->len;

    if (n == 0 && want == PAY_OK) {
        printf("ok %d # skip %s: v1a only\n", ++test_n, name);
        return;
    }

    /* the specification lets the prefix out, our configuration does not */

    if (strcmp(name, "secret without whsec_ prefix") == 0) {
        ok(key_of(YAJL_GET_STRING(YAJL_GET_ARRAY(secrets)->values[0]))
           == NULL, "%s: refused by our policy", name);
        return;
    }

    for (i = 0; i < n; i++) {
        k[i] = key_of(YAJL_GET_STRING(YAJL_GET_ARRAY(secrets)->values[i]));
    }

    pay_base64_decode(arena, str(v, "body_base64"), &body);

    rc = pay_webhook_verify(arena, str(headers, "webhook-id"),
                            str(headers, "webhook-timestamp"),
                            str(headers, "webhook-signature"), body,
                            YAJL_GET_INTEGER(member(v, "now")), k, n);
    is_int(rc, want, name);

    for (i = 0; i < n; i++) {
        pay_mac_key_destroy(k[i]);
    }
}


static void
test_shared(void)
{
    size_t       i;
    yajl_val     root, v1, cases;
    const char  *secret;

    root = tree_shared("standard-webhooks.json");

    if (root == NULL) {
        printf("ok %d # skip no shared vectors here\n", ++test_n);
        return;
    }

    v1 = member(root, "v1");
    secret = YAJL_GET_STRING(member(v1, "secret"));
    test_known(v1, secret, YAJL_GET_STRING(member(v1, "signature")));

    v1 = member(root, "spec_example");
    test_known(v1, secret,
               YAJL_GET_STRING(member(v1, "signature_with_v1_secret_above")));

    cases = member(root, "cases");

    for (i = 0; i < YAJL_GET_ARRAY(cases)->len; i++) {
        test_case(YAJL_GET_ARRAY(cases)->values[i]);
    }

    printf("# %d shared cases\n", (int) i);
    yajl_tree_free(root);
}


/* --- id and time --------------------------------------------------------- */

static void
test_id(const char *id, const char *timestamp, int64_t now, pay_rc_t want)
{
    pay_u8          mac[PAY_SHA256_LEN];
    pay_buf_t       b;
    pay_str_t       s;
    pay_mac_key_t  *k;

    k = key_of(SECRET);

    pay_buf_init(&b, arena, 0);
    pay_buf_addz(&b, id);
    pay_buf_addc(&b, '.');
    pay_buf_addz(&b, timestamp);
    pay_buf_addz(&b, ".{}");
    pay_hmac_sha256(mac, pay_buf_str(&b), k);

    s.len = sizeof(mac);
    s.data = mac;
    s = pay_base64_encode(arena, s);

    pay_buf_init(&b, arena, 0);
    pay_buf_addz(&b, "v1,");
    pay_buf_adds(&b, s);

    if (!ok(pay_webhook_verify(arena, TEXT(id), TEXT(timestamp),
                               pay_buf_str(&b), PAY_STR("{}"), now, &k, 1)
            == want, "id [%s] time [%s]", id, timestamp))
    {
        printf("# now %lld\n", (long long) now);
    }

    pay_mac_key_destroy(k);
}


static void
test_ids(void)
{
    test_id("evt_0123456789ABCDEFGHJKMNPQRS", "1732190400", 1732190400,
            PAY_OK);
    test_id("7d444840-9dc0-11d1-b245-5ffdce74fad2", "1732190400", 1732190400,
            PAY_OK);
    test_id("a:b", "1732190400", 1732190400, PAY_OK);
    test_id("", "1732190400", 1732190400, PAY_DECLINED);
    test_id("a.b", "1732190400", 1732190400, PAY_DECLINED);
    test_id("a b", "1732190400", 1732190400, PAY_DECLINED);

    test_id("a", "1732190400", 1732190700, PAY_OK);
    test_id("a", "1732190400", 1732190701, PAY_DECLINED);
    test_id("a", "1732190400", 1732190100, PAY_OK);
    test_id("a", "1732190400", 1732190099, PAY_DECLINED);
    test_id("a", "4102444800", 4102444800, PAY_OK);
    test_id("a", "01732190400", 1732190400, PAY_DECLINED);
    test_id("a", "1732190400000", 1732190400, PAY_DECLINED);
    test_id("a", "-1", 0, PAY_DECLINED);
    test_id("a", "", 0, PAY_DECLINED);
    test_id("a", "1732190400.0", 1732190400, PAY_DECLINED);
    test_id("a", "18446744073709551615", -1, PAY_DECLINED);
}


int
main(void)
{
    arena = pay_arena_create(0);

    test_secret();
    test_sign();
    test_list();
    test_ids();
    test_shared();

    pay_arena_destroy(arena);

    return done();
}
