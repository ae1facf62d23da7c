
/*
 * Copyright (C) the ngx_pay authors
 *
 * HTTP Message Signatures against t/vectors/message-signatures.json, against
 * the examples of RFC 9421 and what was computed after them; Content-Digest
 * against those of RFC 9530.  The RFCs' are read from the shared files, where
 * they are at hand.
 * Rows of the threat catalogue: C-1, C-20, C-21, C-23, K-1, R-13.
 */

#include "message.h"

#include <openssl/decoder.h>
#include <openssl/pem.h>


#define NOW  1767225605     /* of the vectors' profile */
#define TAG  PAY_STR(PAY_MESSAGE_TAG)


static yajl_val  root;


/* --- keys ---------------------------------------------------------------- */

/* PKCS #1 is no form of ours: the same key as a SubjectPublicKeyInfo */

static pay_str_t
key_spki(const char *pem)
{
    BIO              *bio;
    char             *data;
    size_t            n;
    EVP_PKEY         *pkey;
    pay_str_t         s;
    const pay_u8     *p;
    OSSL_DECODER_CTX *ctx;

    p = (const pay_u8 *) pem;
    n = strlen(pem);
    pkey = NULL;
    bio = BIO_new(BIO_s_mem());
    ctx = OSSL_DECODER_CTX_new_for_pkey(&pkey, "PEM", NULL, NULL,
                                        EVP_PKEY_PUBLIC_KEY, NULL, NULL);

    if (ctx == NULL || OSSL_DECODER_from_data(ctx, &p, &n) != 1
        || PEM_write_bio_PUBKEY(bio, pkey) != 1)
    {
        bail("not a key", pem);
    }

    s.len = BIO_get_mem_data(bio, &data);
    s.data = (const pay_u8 *) data;
    s = pay_str_dup(arena, s);

    OSSL_DECODER_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    BIO_free(bio);

    return s;
}


static void
key_add(const char *keyid, yajl_val v)
{
    pay_str_t    secret;
    test_key_t  *k;
    const char  *why;

    k = &test_keys[test_nkeys++];
    k->keyid = keyid;
    k->alg = pay_alg_by_name(pay_strz(text_of(v, "alg")));

    is(pay_strz(pay_alg_name(k->alg)), text_of(v, "alg"), keyid);

    if (k->alg == PAY_ALG_HMAC_SHA256) {
        pay_base64_decode(arena, pay_strz(text_of(v, "secret_base64")),
                          &secret);
        k->mac = pay_mac_key_create(secret);
        return;
    }

    is_int(pay_key_public_pem(key_spki(text_of(v, "public_pem")),
                              1u << k->alg, &k->key, &why),
           PAY_OK, "its public half");
}


static void
keys_open(size_t n)
{
    size_t    i;
    yajl_val  keys;

    keys = member(root, "keys");
    is_int(keys->u.object.len, n, "keys");

    for (i = 0; i < keys->u.object.len; i++) {
        key_add(keys->u.object.keys[i], keys->u.object.values[i]);
    }
}


/* --- what the vectors say ------------------------------------------------ */

static int
is_response(const char *text)
{
    return strncmp(text, "HTTP/", 5) == 0;
}


static int
vector_holds(yajl_val v)
{
    pay_str_t  sig;

    pay_base64_decode(arena, pay_strz(text_of(v, "signature_base64")), &sig);

    return holds(key_find(pay_strz(text_of(v, "keyid"))),
                 pay_strz(text_of(v, "signature_base")), sig);
}


/* both fields with this member alone: the choice that no tag can make */

static void
keep_label(message_t *m, const char *label)
{
    size_t          i;
    pay_buf_t       b;
    const char     *why;
    pay_sf_dict_t   d;

    static const char *const  names[] = { "Signature-Input", "Signature" };

    for (i = 0; i < pay_nelts(names); i++) {
        pay_sf_parse(arena, header_of(m, names[i]), &d, &why);
        d.elts = pay_sf_member(&d, pay_strz(label));
        d.nelts = d.elts != NULL;

        pay_buf_init(&b, arena, 0);
        pay_sf_write(&b, &d);
        header_set(m, names[i], pay_buf_str(&b));
    }
}


static void
is_base(const message_t *m, pay_str_t tag, yajl_val v)
{
    pay_str_t           base = pay_str_null;
    pay_buf_t           b;
    const char         *why;
    pay_message_sig_t   s;

    why = "";

    is_int(pay_message_parse(arena, &m->m, tag, &s, &why), PAY_OK, "parsed");
    is_int(pay_message_base(arena, &m->m, &s, &base, &why), PAY_OK, "built");
    is(base, text_of(v, "signature_base"), "signature base");

    pay_buf_init(&b, arena, 0);
    pay_sf_write_value(&b, s.input);
    is(pay_buf_str(&b), text_of(v, "signature_input"), "signature params");
    is(pay_base64_encode(arena, s.signature), text_of(v, "signature_base64"),
       "signature");
    is(s.keyid, text_of(v, "keyid"), "keyid");
}


/* --- RFC 9421 ------------------------------------------------------------ */

static void
rfc_request(yajl_val v, const char *text, const char *label,
    const char *authority)
{
    message_t  m;

    message_read(&m, text, "https");

    if (label != NULL) {
        keep_label(&m, label);
    }

    if (authority != NULL) {
        m.m.authority = pay_strz(authority);
    }

    is_base(&m, PAY_STR(""), v);
    is_why(judge(&m, PAY_STR(""), 0), NULL, "it holds");
}


/*
 * One message of section 4.3 has two signatures; that of the client, who
 * spoke to another authority, is a vector without a message.
 */

static void
rfc_vectors(void)
{
    int          responses;
    size_t       i;
    yajl_val     list, v;
    const char  *name, *text, *two;

    list = section(root, "rfc_vectors", 14);
    two = NULL;
    responses = 0;

    for (i = 0; i < list->u.array.len; i++) {
        v = list->u.array.values[i];
        name = text_of(v, "name");
        text = text_of(v, "message");

        ok(vector_holds(v), "%s", name);

        if (is_response(text)) {
            skip("%s: we make no signature base of a response", name);
            responses++;
            continue;
        }

        if (*text == '\0') {
            rfc_request(v, two, "sig1", "example.com");
            continue;
        }

        if (strncmp(name, "section 4.3 ", 12) == 0) {
            two = text;
            rfc_request(v, text, "proxy_sig", NULL);
            continue;
        }

        rfc_request(v, text, NULL, NULL);
    }

    is_int(responses, 3, "responses");
}


static void
transformations(void)
{
    size_t       i;
    yajl_val     list, v;
    message_t    m;
    const char  *want;

    list = section(root, "transformations", 5);

    for (i = 0; i < list->u.array.len; i++) {
        v = list->u.array.values[i];
        want = strcmp(text_of(v, "expect"), "accept") == 0 ? NULL
                                                           : "signature";

        message_read(&m, text_of(v, "message"), "https");
        is_why(judge(&m, PAY_STR(""), 0), want, text_of(v, "name"));
    }
}


/* the base of one component: its line, and the last */

static void
canonical(const message_t *m, yajl_val c)
{
    pay_buf_t           b;
    pay_str_t           base = pay_str_null;
    const char         *why;
    pay_sf_dict_t       d;
    pay_message_sig_t   s;

    pay_buf_init(&b, arena, 0);
    pay_buf_addz(&b, "x=(");
    pay_buf_addz(&b, text_of(c, "id"));
    pay_buf_addz(&b, ")");

    memset(&s, 0, sizeof(s));
    why = "";

    if (pay_sf_parse(arena, pay_buf_str(&b), &d, &why) != PAY_OK) {
        bail("not a component", text_of(c, "id"));
    }

    s.input = d.elts;

    is_int(pay_message_base(arena, &m->m, &s, &base, &why), PAY_OK, why);

    pay_buf_init(&b, arena, 0);
    pay_buf_addz(&b, text_of(c, "base_line"));
    pay_buf_addz(&b, "\n\"@signature-params\": (");
    pay_buf_addz(&b, text_of(c, "id"));
    pay_buf_add(&b, ")", 2);

    is(base, (const char *) pay_buf_str(&b).data, text_of(c, "id"));
}


static void
canonicalization(void)
{
    size_t     i, k, n;
    yajl_val   list, v, c;
    message_t  m;

    list = section(root, "canonicalization", 15);
    n = 0;

    for (i = 0; i < list->u.array.len; i++) {
        v = list->u.array.values[i];

        message_read(&m, text_of(v, "message"),
                     strstr(text_of(v, "note"), "https") ? "https" : "http");

        c = member(v, "components");

        for (k = 0; k < c->u.array.len; k++) {
            canonical(&m, c->u.array.values[k]);
            n++;
        }
    }

    is_int(n, 38, "components");
}


static void
computed_vectors(size_t n)
{
    size_t     i;
    yajl_val   list, v;
    message_t  m;

    list = section(root, "computed_vectors", n);

    for (i = 0; i < list->u.array.len; i++) {
        v = list->u.array.values[i];

        ok(vector_holds(v), "%s", text_of(v, "name"));
        message_read(&m, text_of(v, "message"), "https");
        is_base(&m, TAG, v);
        is_why(judge(&m, TAG, NOW), NULL, "it holds");
        is_why(judge(&m, TAG, NOW + MAX_AGE), "window", "not for ever");
    }
}


static const struct {
    const char  *name;
    const char  *want;          /* NULL: accepted */
} verdicts[] = {
    { "unchanged", NULL },
    { "method changed", "signature" },
    { "host changed", "signature" },
    { "path changed", "signature" },
    { "query changed", "signature" },
    { "query removed", "signature" },
    { "body changed, digest left", "digest" },
    { "body and digest changed", "signature" },
    { "digest field removed", "component_missing" },
    { "digest field sent twice", "signature" },
    { "unsigned extra header", NULL },
    { "header named @method", NULL },       /* it is not looked at */
    { "expired", "window" },
    { "created in the future", "window" },
    { "no created parameter", "created_missing" },
    { "no nonce parameter", "nonce_missing" },
    { "same nonce again", NULL },           /* and again: the store's task */
    { "unknown keyid", "key" },
    { "alg parameter disagrees with the key", "alg" },
    { "hmac made with the RSA public key text", "signature" },
    { "content-digest not covered", "digest_not_covered" },
    { "component listed twice", "component_repeated" },
    { "@signature-params listed", "component_unknown" },
    { "unknown derived component", "component_unknown" },
    { "@status in a request", "component_unknown" },
    { "req parameter in a request signature", "method_not_covered" },
    { "unknown component parameter", "component_param" },
    { "bs together with sf", "component_params" },
    { "uppercase component name", "component_name" },
    { "parameters reordered in Signature-Input", "signature" },
    { "whitespace inside the inner list", NULL },
    { "label only in Signature-Input", "signature_missing" },
    { "no Signature field", "signature_missing" },
    { "Signature not a Byte Sequence", "signature_syntax" },
    { "Signature truncated", "signature" },
    { "tag of another application", "declined" },
    { "created as string", "created_type" },
    { "query parameter twice with @query-param", "query_param_repeated" },
    { "query parameter named but absent", "component_missing" }
};


static void
negative(void)
{
    size_t       i;
    yajl_val     list, v;
    message_t    m;
    const char  *name, *want;

    list = section(root, "negative", pay_nelts(verdicts));

    for (i = 0; i < list->u.array.len; i++) {
        v = list->u.array.values[i];
        name = text_of(v, "name");
        want = verdicts[i].want;

        if (strcmp(name, verdicts[i].name) != 0) {
            bail("another vector", name);
        }

        ok((want == NULL) == (strcmp(text_of(v, "expect"), "reject") != 0),
           "%s", text_of(v, "expect"));

        message_read(&m, text_of(v, "message"), "https");
        is_why(judge(&m, TAG, YAJL_GET_INTEGER(member(v, "now"))), want,
                   name);
    }

    skip("same nonce again: the second one is refused by the nonce store, "
         "which is tested in nonces.c");
}


static void
ecdsa_raw_to_der(void)
{
    yajl_val           v;
    pay_str_t          raw, der, base;
    pay_verify_t      *check;
    const test_key_t  *k;

    v = member(root, "ecdsa_raw_to_der");
    pay_hex_decode(arena, pay_strz(text_of(v, "raw_hex")), &raw);
    pay_hex_decode(arena, pay_strz(text_of(v, "der_hex")), &der);

    v = member(root, "computed_vectors")->u.array.values[2];
    k = key_find(PAY_STR("test-key-ecc-p256"));
    base = pay_strz(text_of(v, "signature_base"));

    is(pay_base64_encode(arena, raw), text_of(v, "signature_base64"),
       "ecdsa_raw_to_der: raw");
    ok(holds(k, base, raw), "the raw form holds");
    ok(!holds(k, base, der), "and only where it is expected");

    check = pay_verify_begin(k->key);
    pay_verify_add(check, base.data, base.len);
    is_int(pay_verify_end(check, der, PAY_SIG_DER), PAY_OK, "DER holds");
}


/* --- RFC 9530 ------------------------------------------------------------ */

/* the body in pieces of n bytes */

static const char *
digest_verdict(pay_str_t field, pay_str_t body, size_t n)
{
    size_t                i, len;
    pay_rc_t              rc;
    const char           *why;
    pay_header_t          h = { pay_str("content-digest"), pay_str_null };
    pay_headers_t         headers = { &h, 1 };
    pay_content_digest_t  d;

    h.value = exact(field);

    rc = pay_content_digest_parse(arena, &headers, &d, &why);
    if (rc != PAY_OK) {
        return rc == PAY_INVALID ? why : "?";
    }

    if (pay_content_digest_begin(&d) != PAY_OK) {
        return "memory";
    }

    for (i = 0; i < body.len; i += len) {
        len = body.len - i < n ? body.len - i : n;
        pay_content_digest_add(&d, body.data + i, len);
    }

    rc = pay_content_digest_end(&d);

    return rc == PAY_OK ? NULL : rc == PAY_DECLINED ? "digest" : "?";
}


static void
digests(void)
{
    size_t       i, k;
    yajl_val     list, v;
    pay_buf_t    b;
    pay_str_t    body;
    const char  *text;

    static const char *const  names[] = { "sha-256", "sha-512" };

    list = section(root, "digests", 7);

    for (i = 0; i < list->u.array.len; i++) {
        v = list->u.array.values[i];
        pay_base64_decode(arena, pay_strz(text_of(v, "body_base64")), &body);

        for (k = 0; k < pay_nelts(names); k++) {
            text = text_of(v, names[k]);

            if (*text == '\0') {
                continue;
            }

            pay_buf_init(&b, arena, 0);
            pay_buf_addz(&b, names[k]);
            pay_buf_addz(&b, "=:");
            pay_buf_addz(&b, text);
            pay_buf_addz(&b, ":");

            is_why(digest_verdict(pay_buf_str(&b), body, 5), NULL,
                       text_of(v, "note"));
        }
    }
}


static const struct {
    const char  *name;
    const char  *want;          /* NULL: accepted */
} digest_verdicts[] = {
    { "sha-256", NULL },
    { "sha-512", NULL },
    { "both, single field, comma and space", NULL },
    { "both, no space after comma", NULL },
    { "empty content", NULL },
    { "unknown algorithm beside a known one", NULL },
    { "right sha-256, wrong sha-512", "digest" },
    { "only md5", "digest_algorithm" },
    { "only sha (SHA-1)", "digest_algorithm" },
    { "digest of other body", "digest" },
    { "RFC 3230 syntax", "digest_syntax" },
    { "no closing colon", "digest_syntax" },
    { "hex instead of base64", "digest_length" },
    { "one \"=\" too many (as printed in some RFC 9530 examples)",
      "digest_syntax" },
    { "upper-case key", "digest_syntax" },
    { "key twice, last wins and is wrong", "digest_syntax" },
    { "key twice, last wins and is right", "digest_syntax" },
    { "parameter after the value", NULL },
    { "empty field", "digest_algorithm" }
};


static void
digest_cases(void)
{
    size_t       i, n;
    yajl_val     list, v;
    pay_str_t    body;
    const char  *name, *want;

    list = section(root, "cases", pay_nelts(digest_verdicts));

    for (i = 0; i < list->u.array.len; i++) {
        v = list->u.array.values[i];
        name = text_of(v, "name");
        want = digest_verdicts[i].want;

        if (strcmp(name, digest_verdicts[i].name) != 0) {
            bail("another vector", name);
        }

        /* RFC 8941 takes the last of two; nobody may choose here: C-2 */

        ok((want == NULL) == (strcmp(text_of(v, "expect"), "accept") == 0)
           || strcmp(name, "key twice, last wins and is right") == 0,
           "%s", text_of(v, "expect"));

        pay_base64_decode(arena, pay_strz(text_of(v, "body_base64")), &body);

        for (n = 1; n < 100; n += 31) {
            is_why(digest_verdict(pay_strz(text_of(v, "content_digest")),
                                      body, n), want, name);
        }
    }
}


static void
want_digests(void)
{
    size_t          i;
    yajl_val        list;
    const char     *why, *text;
    pay_buf_t       b;
    pay_sf_dict_t   d;

    list = section(root, "want_digest_examples", 2);

    for (i = 0; i < list->u.array.len; i++) {
        text = YAJL_GET_STRING(list->u.array.values[i]);

        is_int(pay_sf_parse(arena, pay_strz(text), &d, &why), PAY_OK, text);
        pay_buf_init(&b, arena, 0);
        pay_sf_write(&b, &d);
        is(pay_buf_str(&b), text, "and written again");
    }
}


static void
own(void)
{
    root = tree_read("t/vectors/message-signatures.json");

    if (root == NULL) {
        bail("no vectors", "t/vectors/message-signatures.json");
    }

    keys_open(6);
    computed_vectors(8);
    keys_close();

    yajl_tree_free(root);
}


static void
rfc9421(void)
{
    root = tree_shared("rfc9421.json");

    if (root == NULL) {
        skip("rfc9421.json: the shared vectors are not at hand");
        return;
    }

    keys_open(5);
    rfc_vectors();
    transformations();
    canonicalization();
    computed_vectors(5);
    negative();
    ecdsa_raw_to_der();
    keys_close();

    yajl_tree_free(root);
}


static void
rfc9530(void)
{
    root = tree_shared("rfc9530.json");

    if (root == NULL) {
        skip("rfc9530.json: the shared vectors are not at hand");
        return;
    }

    digests();
    digest_cases();
    want_digests();

    yajl_tree_free(root);
}


int
main(void)
{
    arena = pay_arena_create(0);

    own();
    rfc9421();
    rfc9530();

    pay_arena_destroy(arena);

    return done();
}
