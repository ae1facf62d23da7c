
/*
 * Copyright (C) the ngx_pay authors
 *
 * src/model/pay_auth.c: the Authorization header of a merchant's request and
 * the string to sign (docs/design.md, merchant signature).
 * Rows of the threat catalogue: C-1, K-1, K-5, K-11, R-11, R-13.
 */

#include "test.h"

#include <codec/pay_codec.h>
#include <model/pay_auth.h>


#define NONCE  "9f3c1f0a6f3b4b1e8d1c7a0e5b2d4c66"
#define BODY1                                                                 \
    "{\"out_trade_no\":\"T20241121-0001\",\"amount\":100,"                    \
    "\"currency\":\"CNY\",\"channel\":\"sandbox\",\"method\":\"qr\","         \
    "\"subject\":\"demo\"}"

#define M  "merchant=\"shop-a\""
#define K  "key=\"k1\""
#define T  "timestamp=\"1732190400\""
#define N  "nonce=\"" NONCE "\""
#define S  "signature=\"QUJD\""
#define H  "PAY-HMAC-SHA256 "


static pay_arena_t  *arena;


/* a copy without a byte behind it, so that a read over its end is seen */

static pay_str_t
exact(const char *z)
{
    pay_u8     *p;
    pay_str_t   s;

    s = pay_strz(z);
    p = pay_alloc(arena, s.len);
    memcpy(p, s.data, s.len);
    s.data = p;

    return s;
}


/* a name for a test line */

static const char *
shown(const char *value)
{
    size_t      i;
    pay_u8     *p;
    pay_str_t   s;

    s = pay_str_dup(arena, pay_strz(value));
    p = (pay_u8 *) s.data;

    for (i = 0; i < s.len; i++) {
        if (p[i] < 0x20 || p[i] > 0x7e) {
            p[i] = '?';
        }
    }

    return (const char *) p;
}


static int
parses(const char *value)
{
    pay_rc_t     rc;
    pay_auth_t   a;
    const char  *why;

    why = NULL;
    rc = pay_auth_parse(exact(value), &a, &why);

    if (!ok(rc == PAY_OK && a.alg == PAY_ALG_HMAC_SHA256, "%s",
            shown(value))) {
        printf("# rc %d why %s\n", rc, why ? why : "(none)");
        return 0;
    }

    return pay_str_eqz(a.merchant, "shop-a") && pay_str_eqz(a.key, "k1")
           && pay_str_eqz(a.timestamp, "1732190400") && a.time == 1732190400
           && pay_str_eqz(a.nonce, NONCE) && pay_str_eqz(a.signature, "QUJD");
}


static void
good(const char *value)
{
    ok(parses(value), "all five are there");
}


static void
bad(const char *value, const char *want)
{
    pay_rc_t     rc;
    pay_auth_t   a;
    const char  *why;

    why = NULL;
    rc = pay_auth_parse(exact(value), &a, &why);

    if (!ok(rc == PAY_INVALID && why != NULL && strcmp(why, want) == 0,
            "%s: %s", want, shown(value)))
    {
        printf("# rc %d why %s\n", rc, why ? why : "(none)");
    }
}


static void
foreign(const char *value)
{
    pay_auth_t   a;
    const char  *why;

    is_int(pay_auth_parse(exact(value), &a, &why), PAY_DECLINED,
           shown(value));
}


static void
unknown(const char *value)
{
    pay_auth_t   a;
    const char  *why;

    is_int(pay_auth_parse(exact(value), &a, &why), PAY_OK, value);
    is_int(a.alg, PAY_ALG_NONE, "none of ours");
}


static void
known(const char *value, pay_alg_t alg)
{
    pay_auth_t   a;
    const char  *why;

    is_int(pay_auth_parse(exact(value), &a, &why), PAY_OK, value);
    is_int(a.alg, alg, "the algorithm of its word");
}


/* --- the vectors of the design ------------------------------------------- */

static pay_str_t
sign(const char *secret, const char *method, const char *target,
    const pay_auth_t *auth, const char *body)
{
    pay_u8          mac[PAY_SHA256_LEN];
    pay_mac_t      *m;
    pay_str_t       s = pay_str_null;
    pay_mac_key_t  *k;

    k = pay_mac_key_create(pay_strz(secret));
    m = pay_mac_begin(k);
    pay_auth_head(auth, pay_strz(method), pay_strz(target),
                  (pay_sink_pt) pay_mac_add, m);
    pay_mac_add(m, body, strlen(body));
    pay_mac_add(m, "\n", 1);

    if (pay_mac_end(mac, m) == 0) {
        s.len = sizeof(mac);
        s.data = mac;
        s = pay_base64_encode(arena, s);
    }

    pay_mac_key_destroy(k);

    return s;
}


static void
test_vector(const char *value, const char *method, const char *target,
    const char *body, const char *want)
{
    pay_auth_t   a;
    const char  *why;

    is_int(pay_auth_parse(exact(value), &a, &why), PAY_OK, value);
    is(sign("ngx-pay-demo-secret", method, target, &a, body), want, target);
    is(a.signature, want, "as in the header");
}


static void
test_vectors(void)
{
    is_int(strlen(BODY1), 114, "the body of vector 1");

    test_vector(H M "," K "," T "," N
        ",signature=\"eW8T+8G4yIB/8iUO2i59zSzJ4PMEP68/3xIxy45zcdg=\"",
        "POST", "/v1/payments?lang=zh", BODY1,
        "eW8T+8G4yIB/8iUO2i59zSzJ4PMEP68/3xIxy45zcdg=");

    test_vector(H M "," K ",timestamp=\"1732190401\","
        "nonce=\"abcdefghijklmnop\","
        "signature=\"6TUps/pwkXprgR/l70jrKa7CZrnMDOUfAQ4UG+aUy+M=\"",
        "GET", "/v1/payments/T20241121-0001", "",
        "6TUps/pwkXprgR/l70jrKa7CZrnMDOUfAQ4UG+aUy+M=");
}


/* what is behind the four lines is the caller's, and the lines are these */

static void
test_prefix(void)
{
    pay_u8          one[PAY_SHA256_LEN], two[PAY_SHA256_LEN];
    pay_mac_t      *m;
    pay_auth_t      a;
    const char     *why;
    pay_mac_key_t  *k;

    static const char  lines[] =
        "POST\n/v1/a%20b?x=1&y=%0A\n1732190400\n" NONCE "\n";

    pay_auth_parse(exact(H M "," K "," T "," N "," S), &a, &why);

    k = pay_mac_key_create(PAY_STR("ngx-pay-demo-secret"));

    m = pay_mac_begin(k);
    pay_auth_head(&a, PAY_STR("POST"), PAY_STR("/v1/a%20b?x=1&y=%0A"),
                  (pay_sink_pt) pay_mac_add, m);
    pay_mac_end(one, m);

    pay_hmac_sha256(two, PAY_STR(lines), k);
    ok(memcmp(one, two, sizeof(one)) == 0, "the prefix is four lines");

    m = pay_mac_begin(k);
    pay_auth_head(&a, PAY_STR("POST"), PAY_STR("/v1/a%20b?x=1&y=%0a"),
                  (pay_sink_pt) pay_mac_add, m);
    pay_mac_end(one, m);
    ok(memcmp(one, two, sizeof(one)) != 0,
       "C-3: the target is signed as it was sent");

    pay_mac_key_destroy(k);
}


/* no two requests have one string to sign */

static void
test_boundaries(void)
{
    size_t       i, j;
    pay_str_t    s[8];
    pay_auth_t   a, b;
    const char  *why;

    pay_auth_parse(exact(H M "," K "," T "," N "," S), &a, &why);
    pay_auth_parse(exact(H M "," K ",timestamp=\"1732190401\"," N "," S), &b,
                   &why);

    s[0] = sign("ngx-pay-demo-secret", "POST", "/a", &a, "b");
    s[1] = sign("ngx-pay-demo-secret", "POST", "/ab", &a, "");
    s[2] = sign("ngx-pay-demo-secret", "POST", "/a", &a, "b\n");
    s[3] = sign("ngx-pay-demo-secret", "POST", "/a", &a, "\nb");
    s[4] = sign("ngx-pay-demo-secret", "GET", "/a", &a, "b");
    s[5] = sign("ngx-pay-demo-secret", "POST", "/a", &b, "b");
    s[6] = sign("ngx-pay-demo-secre", "POST", "/a", &a, "b");
    s[7] = sign("ngx-pay-demo-secret", "post", "/a", &a, "b");

    for (i = 0; i < pay_nelts(s); i++) {
        for (j = 0; j < i; j++) {
            ok(!pay_str_eq(s[i], s[j]), "C-1: %d and %d sign apart", (int) i,
               (int) j);
        }
    }
}


/* --- the header ---------------------------------------------------------- */

static void
test_good(void)
{
    good(H M "," K "," T "," N "," S);
    good(H S "," N "," T "," K "," M);
    good(H N "," M "," S "," K "," T);
    good(H M ", " K ", " T ", " N ", " S);
    good(H M " ," K " , " T "  ,  " N "," S);
    good(H "   " M "," K "," T "," N "," S);
}


static void
test_scheme(void)
{
    foreign("");
    foreign(" ");
    foreign("P");
    foreign("PAY");
    foreign("PAY ");
    foreign("PAYX-HMAC-SHA256 " M "," K "," T "," N "," S);
    foreign("Basic dXNlcjpwYXNz");
    foreign("Bearer PAY-HMAC-SHA256");
    foreign(" PAY-HMAC-SHA256 " M "," K "," T "," N "," S);

    known("PAY-HMAC-SHA256 " M "," K "," T "," N "," S,
          PAY_ALG_HMAC_SHA256);
    known("PAY-RSA-SHA256 " M "," K "," T "," N "," S, PAY_ALG_RSA_SHA256);
    known("PAY-ECDSA-P256-SHA256 " M "," K "," T "," N "," S,
          PAY_ALG_ECDSA_P256_SHA256);
    known("PAY-ED25519 " M "," K "," T "," N "," S, PAY_ALG_ED25519);
    known("PAY-SM2-SM3 " M "," K "," T "," N "," S, PAY_ALG_SM2_SM3);
    unknown("PAY-RSA-SHA1 " M "," K "," T "," N "," S);
    unknown("PAY-RSA-PSS-SHA512 " M "," K "," T "," N "," S);
    unknown("PAY-NONE " M "," K "," T "," N "," S);
    unknown("PAY-HMAC-SHA1 " M "," K "," T "," N "," S);
    unknown("PAY-HMAC-SHA2566 " M "," K "," T "," N "," S);
    unknown("pay-hmac-sha256 " M "," K "," T "," N "," S);
    unknown("Pay-Hmac-Sha256 " M "," K "," T "," N "," S);

    bad("PAY-", "scheme_syntax");
    bad("PAY- " M "," K "," T "," N "," S, "scheme_syntax");
    bad("PAY-HMAC-SHA256\t" M "," K "," T "," N "," S, "scheme_syntax");
    bad("PAY-HMAC-SHA256," M "," K "," T "," N "," S, "scheme_syntax");
    bad("PAY-HMAC/SHA256 " M "," K "," T "," N "," S, "scheme_syntax");
    bad("PAY-HMAC-SHA256" M "," K "," T "," N "," S, "scheme_syntax");
}


static void
test_params(void)
{
    bad("PAY-HMAC-SHA256", "param_missing");
    bad(H, "param_missing");
    bad(H K "," T "," N "," S, "param_missing");
    bad(H M "," T "," N "," S, "param_missing");
    bad(H M "," K "," N "," S, "param_missing");
    bad(H M "," K "," T "," S, "param_missing");
    bad(H M "," K "," T "," N, "param_missing");
    bad(H S, "param_missing");

    bad(H M "," M "," K "," T "," N "," S, "param_repeated");
    bad(H M "," K "," T "," N "," S "," N, "param_repeated");
    bad(H M "," K "," T "," N "," S ",nonce=\"abcdefghijklmnop\"",
        "param_repeated");
    bad(H M "," K "," T "," S "," S, "param_repeated");
    bad(H "merchant=\"\"," M "," K "," T "," N "," S, "param_repeated");

    bad(H M "," K "," T "," N "," S ",alg=\"none\"", "param_unknown");
    bad(H "realm=\"x\"," M "," K "," T "," N "," S, "param_unknown");
    bad(H "Merchant=\"shop-a\"," K "," T "," N "," S, "param_unknown");
    bad(H M ",KEY=\"k1\"," T "," N "," S, "param_unknown");
    bad(H M "," K ",timestamp*=\"1732190400\"," N "," S, "param_syntax");
}


static void
test_syntax(void)
{
    static const char  *const  values[] = {
        "merchant=shop-a," K "," T "," N "," S,
        "merchant='shop-a'," K "," T "," N "," S,
        "merchant =\"shop-a\"," K "," T "," N "," S,
        "merchant= \"shop-a\"," K "," T "," N "," S,
        "merchant," K "," T "," N "," S,
        "merchant=," K "," T "," N "," S,
        "=\"shop-a\"," K "," T "," N "," S,
        "\"merchant\"=\"shop-a\"," K "," T "," N "," S,
        M " " K "," T "," N "," S,
        M ";" K "," T "," N "," S,
        M ",," K "," T "," N "," S,
        M K "," T "," N "," S,
        M "x," K "," T "," N "," S,
        M "\t," K "," T "," N "," S,
        M ",\t" K "," T "," N "," S,
        "," M "," K "," T "," N "," S,
        M "," K "," T "," N "," S ",",
        M "," K "," T "," N "," S ", ",
        M "," K "," T "," N "," S " ",
        M "," K "," T "," N "," S "\n",
        M "," K "," T "," N "," S " x",
        M "," K "," T "," N "," S "\"",
        M "," K "," T "," N ",signature=\"QUJD",
        M "," K "," T "," N ",signature=\"",
        M "," K "," T "," N ",signature=",
        M "," K "," T "," N ",signature",
        M "," K "," T "," N ",",
        "\"",
        "=",
        ",",
    };

    size_t     i;
    pay_buf_t  b;

    for (i = 0; i < pay_nelts(values); i++) {
        pay_buf_init(&b, arena, 0);
        pay_buf_addz(&b, H);
        pay_buf_addz(&b, values[i]);
        pay_buf_addc(&b, '\0');
        bad((const char *) pay_buf_str(&b).data, "param_syntax");
    }
}


/* every cut of a good header is bad, or is another one */

static void
test_cuts(void)
{
    size_t       n;
    int          taken;
    pay_str_t    s;
    pay_auth_t   a;
    const char  *why;

    static const char  whole[] = H M ", " K "," T "," N "," S;

    taken = 0;

    for (n = 4; n < sizeof(whole) - 1; n++) {
        s = exact(whole);
        s = pay_str_dup(arena, (pay_str_t) { n, s.data });
        why = NULL;
        taken += pay_auth_parse(s, &a, &why) != PAY_INVALID || why == NULL;
    }

    is_int(taken, 0, "every cut is refused with a word");
}


/* a byte of any value in place of each byte: never another merchant's bytes */

static void
test_bytes(void)
{
    int          c, crossed;
    size_t       i;
    pay_u8      *p;
    pay_str_t    s;
    pay_auth_t   a;
    const char  *why;

    static const char  whole[] = H M "," K "," T "," N "," S;

    s = exact(whole);
    p = (pay_u8 *) s.data;
    crossed = 0;

    for (i = 0; i < s.len; i++) {
        for (c = 0; c < 256; c += (c > 126) ? 32 : 1) {
            p[i] = c;

            if (pay_auth_parse(s, &a, &why) == PAY_OK) {
                crossed += !pay_str_token(a.merchant, "._-", 1, 64)
                           || !pay_str_token(a.key, "._-", 1, 64)
                           || !pay_str_token(a.nonce, "_-", 16, 64)
                           || a.timestamp.len != 10;
            }
        }

        p[i] = whole[i];
    }

    is_int(crossed, 0, "no changed byte leaves the rules of a field");
}


/* --- the fields ---------------------------------------------------------- */

static void
test_names(void)
{
    pay_auth_t   a;
    const char  *why;

    static const char  long64[] = "a123456789b123456789c123456789d123456789"
                                  "e123456789f123456789g123";
    char  value[512];

    snprintf(value, sizeof(value),
             H "merchant=\"%s\",key=\"%s\"," T "," N "," S, long64, long64);
    is_int(pay_auth_parse(exact(value), &a, &why), PAY_OK, "64 characters");
    is(a.merchant, long64, "merchant of 64");
    is(a.key, long64, "key of 64");

    snprintf(value, sizeof(value), H "merchant=\"%s4\"," K "," T "," N "," S,
             long64);
    bad(value, "merchant_syntax");
    snprintf(value, sizeof(value), H M ",key=\"%s4\"," T "," N "," S, long64);
    bad(value, "key_syntax");

    bad(H "merchant=\"\"," K "," T "," N "," S, "merchant_syntax");
    bad(H "merchant=\"shop a\"," K "," T "," N "," S, "merchant_syntax");
    bad(H "merchant=\" shop-a\"," K "," T "," N "," S, "merchant_syntax");
    bad(H "merchant=\"shop/a\"," K "," T "," N "," S, "merchant_syntax");
    bad(H "merchant=\"shop\\a\"," K "," T "," N "," S, "merchant_syntax");
    bad(H "merchant=\"shop,a\"," K "," T "," N "," S, "merchant_syntax");
    bad(H "merchant=\"sh\xc3\xb6p\"," K "," T "," N "," S, "merchant_syntax");
    bad(H "merchant=\"sho\\\"p\"," K "," T "," N "," S, "param_syntax");
    bad(H M ",key=\"\"," T "," N "," S, "key_syntax");
    bad(H M ",key=\"k=1\"," T "," N "," S, "key_syntax");
    bad(H M ",key=\"k\n1\"," T "," N "," S, "key_syntax");

    is_int(pay_auth_parse(exact(H "merchant=\"A.b_c-9\",key=\"._-\"," T "," N
                                "," S), &a, &why), PAY_OK, "all characters");
    is(a.merchant, "A.b_c-9", "case is kept");
}


static void
test_timestamp(void)
{
    size_t  i;
    char    value[256];

    static const char  *const  values[] = {
        "", "1", "173219040", "17321904000", "1732190400000", "-1",
        "-732190400", "+732190400", "1732190.50", "173219040.", " 173219040",
        "173219040 ", " 1732190400", "1732190400 ", "01732190400",
        "0732190400", "0000000000", "1e9", "0x65f3d4a1", "173219040a",
        "1732190400.5", "\xef\xbc\x91\xef\xbc\x91\xef\xbc\x91" "1",
        "now"
    };

    for (i = 0; i < pay_nelts(values); i++) {
        snprintf(value, sizeof(value),
                 H M "," K ",timestamp=\"%s\"," N "," S, values[i]);
        bad(value, "ts_syntax");
    }
}


static void
test_timestamp_range(void)
{
    pay_auth_t   a;
    const char  *why;

    pay_auth_parse(exact(H M "," K ",timestamp=\"9999999999\"," N "," S), &a,
                   &why);
    is_int(a.time, 9999999999, "R-11: the last second");
    pay_auth_parse(exact(H M "," K ",timestamp=\"1000000000\"," N "," S), &a,
                   &why);
    is_int(a.time, 1000000000, "R-11: the first second");
}


static void
test_nonce(void)
{
    size_t       i;
    char         value[512];
    pay_auth_t   a, b;
    const char  *why;

    static const char  *const  bad_ones[] = {
        "", "abcdefghijklmno", "abc%0Adefabcdefghij", "abcdefgh ijklmnop",
        "abcdefghijklmnop ", " abcdefghijklmnop", "abcdefghijklmnop\n",
        "abcdefghijklmno.", "abcdefghijklmno+", "abcdefghijklmno/",
        "abcdefghijklmno=", "abcdefghijklmno\xc3\xa9",
        "0123456789012345678901234567890123456789012345678901234567890123x"
    };
    static const char  *const  good_ones[] = {
        "abcdefghijklmnop", "ABCDEFGHIJKLMNOP", "0123456789-_-_-_",
        "0123456789012345678901234567890123456789012345678901234567890123"
    };

    for (i = 0; i < pay_nelts(bad_ones); i++) {
        snprintf(value, sizeof(value), H M "," K "," T ",nonce=\"%s\"," S,
                 bad_ones[i]);
        bad(value, "nonce_syntax");
    }

    for (i = 0; i < pay_nelts(good_ones); i++) {
        snprintf(value, sizeof(value), H M "," K "," T ",nonce=\"%s\"," S,
                 good_ones[i]);
        is_int(pay_auth_parse(exact(value), &a, &why), PAY_OK, good_ones[i]);
        is(a.nonce, good_ones[i], "as it was sent");
    }

    pay_auth_parse(exact(H M "," K "," T ",nonce=\"abcdefghijklmnop\"," S), &a,
                   &why);
    pay_auth_parse(exact(H M "," K "," T ",nonce=\"ABCDEFGHIJKLMNOP\"," S), &b,
                   &why);
    ok(!pay_str_eq(a.nonce, b.nonce), "R-13: case makes another nonce");

    /* the word "nonce_syntax" alone says that the rest is in order */

    bad(H "merchant=\"\"," K "," T ",nonce=\"x\"," S, "merchant_syntax");
    bad(H M ",key=\"\"," T ",nonce=\"x\"," S, "key_syntax");
    bad(H M "," K ",timestamp=\"1\",nonce=\"x\"," S, "ts_syntax");
    bad(H M "," K "," T ",nonce=\"x\",signature=\"\"", "signature_syntax");
    bad(H M "," K "," T ",nonce=\"x\"", "param_missing");
    bad(H M "," K "," T ",nonce=\"x\"," S ",nonce=\"x\"", "param_repeated");
}


/* K-11: a signature that is no base64 is one that does not hold */

static void
test_signature(void)
{
    size_t       i;
    char         value[4096], sig[2050];
    pay_auth_t   a;
    const char  *why;

    static const char  *const  values[] = {
        "QUJD", "QUI=", "QQ==", "Q", "QUJD=", "QU JD", " QUJD", "QUJD ",
        "-_-_", "QUJ\\", "0"
    };

    for (i = 0; i < pay_nelts(values); i++) {
        snprintf(value, sizeof(value), H M "," K "," T "," N
                 ",signature=\"%s\"", values[i]);
        is_int(pay_auth_parse(exact(value), &a, &why), PAY_OK, values[i]);
        is(a.signature, values[i], "as it was sent");
    }

    bad(H M "," K "," T "," N ",signature=\"\"", "signature_syntax");
    bad(H M "," K "," T "," N ",signature=\"QUJD\n\"", "signature_syntax");
    bad(H M "," K "," T "," N ",signature=\"QU\tJD\"", "signature_syntax");
    bad(H M "," K "," T "," N ",signature=\"QU\x80\"", "signature_syntax");
    bad(H M "," K "," T "," N ",signature=\"QU\x7f\"", "signature_syntax");

    memset(sig, 'A', sizeof(sig));
    sig[2049] = '\0';
    snprintf(value, sizeof(value), H M "," K "," T "," N ",signature=\"%s\"",
             sig);
    bad(value, "signature_syntax");
    sig[2048] = '\0';
    snprintf(value, sizeof(value), H M "," K "," T "," N ",signature=\"%s\"",
             sig);
    is_int(pay_auth_parse(exact(value), &a, &why), PAY_OK, "2048 characters");
}


static void
test_nul(void)
{
    pay_str_t    s;
    pay_auth_t   a;
    const char  *why;

    static const char  one[] = H "merchant=\"shop\0a\"," K "," T "," N "," S;
    static const char  two[] = H M "," K "," T "," N "," S "\0";
    static const char  three[] = H M "," K "," T "," N ",signature=\"QU\0D\"";

    s.data = (const pay_u8 *) one;
    s.len = sizeof(one) - 1;
    is_int(pay_auth_parse(s, &a, &why), PAY_INVALID, "NUL in the merchant");
    s.data = (const pay_u8 *) two;
    s.len = sizeof(two) - 1;
    is_int(pay_auth_parse(s, &a, &why), PAY_INVALID, "NUL behind");
    s.data = (const pay_u8 *) three;
    s.len = sizeof(three) - 1;
    is_int(pay_auth_parse(s, &a, &why), PAY_INVALID, "NUL in the signature");

    s.data = NULL;
    s.len = 0;
    is_int(pay_auth_parse(s, &a, &why), PAY_DECLINED, "no header");
}


int
main(void)
{
    arena = pay_arena_create(0);

    test_vectors();
    test_prefix();
    test_boundaries();
    test_good();
    test_scheme();
    test_params();
    test_syntax();
    test_cuts();
    test_bytes();
    test_names();
    test_timestamp();
    test_timestamp_range();
    test_nonce();
    test_signature();
    test_nul();

    pay_arena_destroy(arena);

    return done();
}
