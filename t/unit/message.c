
/*
 * Copyright (C) the ngx_pay authors
 *
 * src/model/pay_message*.c and pay_content_digest.c: which signature is ours,
 * what it must cover, the text that was signed, and the body's digest.
 * Rows of the threat catalogue: C-1, C-2, C-16, C-17, C-20, C-21, C-22, C-23,
 * K-1, K-5, P-1.
 */

#define _GNU_SOURCE

#include "message.h"


#define NOW    1767225605
#define TAG    PAY_STR(PAY_MESSAGE_TAG)

#define COVERS "\"@method\" \"@authority\" \"@path\" \"@query\" "            \
               "\"content-digest\" \"content-type\""
#define NONCE  "nonce=\"0123456789abcdef\""
#define PARAMS "created=1767225600;expires=1767225900;" NONCE                 \
               ";keyid=\"shop-a/k1\";tag=\"ngx-pay\""
#define INPUT  "pay=(" COVERS ");" PARAMS
#define AAAA   "pay=:AAAA:"

#define HEAD                                                                  \
    "POST /v1/payments?lang=zh&x=1 HTTP/1.1\r\n"                              \
    "Host: pay.example.com\r\n"                                               \
    "Content-Type: application/json\r\n"                                      \
    "Content-Digest: sha-256="                                                \
        ":X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:\r\n"                  \
    "X-Free: not covered\r\n"

#define BODY   "{\"hello\": \"world\"}"


static void
request(message_t *m, const char *input, const char *signature)
{
    pay_buf_t  b;

    pay_buf_init(&b, arena, 0);
    pay_buf_addz(&b, HEAD);

    if (input != NULL) {
        pay_buf_addz(&b, "Signature-Input: ");
        pay_buf_addz(&b, input);
        pay_buf_addz(&b, "\r\n");
    }

    if (signature != NULL) {
        pay_buf_addz(&b, "Signature: ");
        pay_buf_addz(&b, signature);
        pay_buf_addz(&b, "\r\n");
    }

    pay_buf_addz(&b, "\r\n" BODY);
    pay_buf_addc(&b, '\0');

    message_read(m, (const char *) pay_buf_str(&b).data, "https");
}


/* signed with the only key */

static void
request_signed(message_t *m, const char *input)
{
    pay_u8              mac[PAY_SHA256_LEN];
    pay_str_t           base, s = { sizeof(mac), mac };
    pay_buf_t           b;
    const char         *why;
    pay_message_sig_t   sig;

    request(m, input, "pay=:AAAA:");

    if (pay_message_parse(arena, &m->m, TAG, &sig, &why) != PAY_OK
        || pay_message_base(arena, &m->m, &sig, &base, &why) != PAY_OK
        || pay_hmac_sha256(mac, base, test_keys[0].mac) != 0)
    {
        bail("cannot be signed", input);
    }

    pay_buf_init(&b, arena, 0);
    pay_buf_addz(&b, "pay=:");
    pay_buf_adds(&b, pay_base64_encode(arena, s));
    pay_buf_addz(&b, ":");
    header_set(m, "Signature", exact(pay_buf_str(&b)));
}


/* --- which signature ----------------------------------------------------- */

static const struct {
    const char  *input;         /* NULL: no such header */
    const char  *signature;
    pay_rc_t     rc;
    const char  *why;           /* or the label */
} choices[] = {
    { INPUT, AAAA, PAY_OK, "pay" },
    { "a=();tag=\"other\", " INPUT, AAAA, PAY_OK, "pay" },
    { INPUT ", a=()", AAAA ", a=:AAAA:", PAY_OK, "pay" },
    { "a=(), b=(), c=(), " INPUT, AAAA, PAY_OK, "pay" },
    { "pay=();tag=\"ngx-pay\"", AAAA, PAY_OK, "pay" },
    { INPUT, "a=1, b=(), " AAAA ";x=1", PAY_OK, "pay" },

    { NULL, NULL, PAY_DECLINED, NULL },
    { NULL, AAAA, PAY_DECLINED, NULL },
    { "", AAAA, PAY_DECLINED, NULL },
    { "pay=()", AAAA, PAY_DECLINED, NULL },
    { "pay=();tag=\"ngx-pa\"", AAAA, PAY_DECLINED, NULL },
    { "pay=();tag=\"ngx-pay2\"", AAAA, PAY_DECLINED, NULL },
    { "pay=();tag=\"NGX-PAY\"", AAAA, PAY_DECLINED, NULL },
    { "pay=();tag=\"\"", AAAA, PAY_DECLINED, NULL },
    { "pay=();tag=ngx-pay", AAAA, PAY_DECLINED, NULL },
    { "pay=(\"x\";tag=\"ngx-pay\")", AAAA, PAY_DECLINED, NULL },

    { "a=();tag=\"ngx-pay\", " INPUT, AAAA, PAY_INVALID, "tag_repeated" },
    { INPUT ", " INPUT, AAAA, PAY_INVALID, "input_syntax" },
    { "a, " INPUT, AAAA, PAY_INVALID, "input_syntax" },
    { "a=1, " INPUT, AAAA, PAY_INVALID, "input_syntax" },
    { "a=(1), " INPUT, AAAA, PAY_INVALID, "input_syntax" },
    { "pay=(@method);tag=\"ngx-pay\"", AAAA, PAY_INVALID, "input_syntax" },
    { "pay=(\"@method\", \"@path\");tag=\"ngx-pay\"", AAAA, PAY_INVALID,
      "input_syntax" },
    { "pay=(\"@method\"", AAAA, PAY_INVALID, "input_syntax" },
    { "pay=();tag=\"ngx-pay\";tag=\"ngx-pay\"", AAAA, PAY_INVALID,
      "input_syntax" },
    { "a=(), b=(), c=(), d=(), " INPUT, AAAA, PAY_INVALID, "labels" },

    { INPUT, NULL, PAY_INVALID, "signature_missing" },
    { INPUT, "", PAY_INVALID, "signature_missing" },
    { INPUT, "pay2=:AAAA:", PAY_INVALID, "signature_missing" },
    { INPUT, "pay=AAAA", PAY_INVALID, "signature_syntax" },
    { INPUT, "pay", PAY_INVALID, "signature_syntax" },
    { INPUT, "pay=(:AAAA:)", PAY_INVALID, "signature_syntax" },
    { INPUT, "pay=::", PAY_INVALID, "signature_syntax" },
    { INPUT, "pay=:AAA:", PAY_INVALID, "signature_syntax" },
    { INPUT, AAAA ", " AAAA, PAY_INVALID, "signature_syntax" },
    { INPUT, "a=:AA, " AAAA, PAY_INVALID, "signature_syntax" },
    { INPUT, "a, b, c, d, " AAAA, PAY_INVALID, "labels" },

    { "pay=();tag=\"ngx-pay\";created=\"1\"", AAAA, PAY_INVALID,
      "created_type" },
    { "pay=();tag=\"ngx-pay\";created=0", AAAA, PAY_INVALID, "created_type" },
    { "pay=();tag=\"ngx-pay\";created=-1", AAAA, PAY_INVALID, "created_type" },
    { "pay=();tag=\"ngx-pay\";created", AAAA, PAY_INVALID, "created_type" },
    { "pay=();tag=\"ngx-pay\";created=1.0", AAAA, PAY_INVALID,
      "input_syntax" },
    { "pay=();tag=\"ngx-pay\";expires=0", AAAA, PAY_INVALID, "expires_type" },
    { "pay=();tag=\"ngx-pay\";expires=\"9\"", AAAA, PAY_INVALID,
      "expires_type" },
    { "pay=();tag=\"ngx-pay\";nonce=1", AAAA, PAY_INVALID, "nonce_type" },
    { "pay=();tag=\"ngx-pay\";nonce=:AAAA:", AAAA, PAY_INVALID,
      "nonce_type" },
    { "pay=();tag=\"ngx-pay\";alg=ed25519", AAAA, PAY_INVALID, "alg_type" },
    { "pay=();tag=\"ngx-pay\";keyid=k1", AAAA, PAY_INVALID, "keyid_type" }
};


static void
test_choice(void)
{
    size_t              i;
    pay_rc_t            rc;
    message_t           m;
    const char         *why;
    pay_message_sig_t   s;

    for (i = 0; i < pay_nelts(choices); i++) {
        request(&m, choices[i].input, choices[i].signature);

        why = NULL;
        rc = pay_message_parse(arena, &m.m, TAG, &s, &why);

        ok(rc == choices[i].rc, "%s | %s",
           choices[i].input ? choices[i].input : "none",
           choices[i].signature ? choices[i].signature : "none");

        if (rc == PAY_OK) {
            is(s.label, choices[i].why, "by its tag");

        } else if (rc == PAY_INVALID) {
            is_why(why, choices[i].why, "for this reason");
        }
    }
}


static void
test_parsed(void)
{
    message_t           m;
    const char         *why;
    pay_message_sig_t   s;

    request(&m, INPUT ";alg=\"ed25519\";x=1", "pay=:AP8=:");

    is_int(pay_message_parse(arena, &m.m, TAG, &s, &why), PAY_OK, "parsed");
    is(s.label, "pay", "label");
    is(s.keyid, "shop-a/k1", "keyid");
    is(s.nonce, "0123456789abcdef", "nonce");
    is(s.tag, "ngx-pay", "tag");
    is(s.alg, "ed25519", "alg");
    is_int(s.created, 1767225600, "created");
    is_int(s.expires, 1767225900, "expires");
    is_int(s.input->nitems, 6, "components");
    ok(s.signature.len == 2 && s.signature.data[1] == 0xff, "signature");

    request(&m, "x=()", "x=:AAAA:");

    is_int(pay_message_parse(arena, &m.m, PAY_STR(""), &s, &why), PAY_OK,
           "the only one, whatever its tag");
    ok(s.keyid.data == NULL && s.nonce.data == NULL && s.tag.data == NULL
       && s.alg.data == NULL && s.created == 0 && s.expires == 0,
       "and nothing that is not there");

    request(&m, "x=(), y=()", "x=:AAAA:");
    is_int(pay_message_parse(arena, &m.m, PAY_STR(""), &s, &why), PAY_INVALID,
           "which of the two?");
    is_why(why, "tag_repeated", "nobody knows");
}


/* C-17: as long as may be, and longer */

static void
test_limits(void)
{
    int                 n;
    pay_rc_t            rc;
    pay_buf_t           b;
    message_t           m;
    const char         *why;
    pay_message_sig_t   s;

    for (n = 31; n < 34; n++) {
        pay_buf_init(&b, arena, 0);
        pay_buf_addz(&b, "pay=(");

        while (b.len < 5 + 4 * (size_t) n) {
            pay_buf_addz(&b, "\"x\" ");
        }

        pay_buf_addz(&b, ");tag=\"ngx-pay\"");
        pay_buf_addc(&b, '\0');

        request(&m, (const char *) pay_buf_str(&b).data, "pay=:AAAA:");
        rc = pay_message_parse(arena, &m.m, TAG, &s, &why);

        ok(n < 33 ? rc == PAY_OK
                  : rc == PAY_INVALID && strcmp(why, "components") == 0,
           "C-17: %d components", n);
    }

    for (n = 8191; n < 8194; n++) {
        pay_buf_init(&b, arena, 0);
        pay_buf_addz(&b, "pay=();tag=\"ngx-pay\";x=\"");

        while (b.len < (size_t) n - 1) {
            pay_buf_addc(&b, 'x');
        }

        pay_buf_addz(&b, "\"");
        pay_buf_addc(&b, '\0');

        request(&m, (const char *) pay_buf_str(&b).data, "pay=:AAAA:");
        rc = pay_message_parse(arena, &m.m, TAG, &s, &why);

        ok(n < 8193 ? rc == PAY_OK
                    : rc == PAY_INVALID && strcmp(why, "input_syntax") == 0,
           "C-17: %d bytes", n);
    }
}


/* the lines of a field are one list (RFC 9110), in either order */

static void
test_lines(void)
{
    message_t           m;
    const char         *why;
    pay_message_sig_t   s;

    message_read(&m, HEAD "Signature-Input: a=()\r\nSignature: a=:AAAA:\r\n"
                 "signature-input:\t" INPUT " \r\nSIGNATURE: pay=:AAAA:\r\n"
                 "\r\n", "https");
    is_int(pay_message_parse(arena, &m.m, TAG, &s, &why), PAY_OK,
           "two lines are one list");

    message_read(&m, HEAD "Signature-Input: " INPUT "\r\n"
                 "Signature-Input: " INPUT "\r\nSignature: pay=:AAAA:\r\n\r\n",
                 "https");
    is_int(pay_message_parse(arena, &m.m, TAG, &s, &why), PAY_INVALID,
           "C-21: one label on two lines");

    message_read(&m, HEAD "Signature-Input: " INPUT "\r\n"
                 "Signature: pay=:AAAA:\r\nSignature: pay=:AAAB:\r\n\r\n",
                 "https");
    is_int(pay_message_parse(arena, &m.m, TAG, &s, &why), PAY_INVALID,
           "C-21: one signature on two lines");
}


/* --- the base ------------------------------------------------------------ */

static const char *
base_of(const message_t *m, const char *components, pay_str_t *base)
{
    pay_buf_t           b;
    const char         *why;
    pay_sf_dict_t       d;
    pay_message_sig_t   s;

    pay_buf_init(&b, arena, 0);
    pay_buf_addz(&b, "x=(");
    pay_buf_addz(&b, components);
    pay_buf_addz(&b, ");a;b=1");

    memset(&s, 0, sizeof(s));

    if (pay_sf_parse(arena, exact(pay_buf_str(&b)), &d, &why) != PAY_OK) {
        bail("not components", components);
    }

    s.input = d.elts;
    why = NULL;
    *base = PAY_STR("");

    switch (pay_message_base(arena, &m->m, &s, base, &why)) {

    case PAY_OK:
        return NULL;

    case PAY_INVALID:
        return why;

    default:
        return "?";
    }
}


static const char  target_text[] =
    "GET /a%2Fb/../c//?x=%2f&y=a+b&y=c&e=&z&%61b=1&t=~*'(!)&n=%0A&&u=%C3%A4 "
    "HTTP/1.1\r\n"
    "Host: Shop.Example.COM:443\r\n"
    "X-List: a\r\n"
    "x-list:\t b \t\r\n"
    "X-List:\r\n"
    "X-LIST: c,d\r\n"
    "X-Empty: \r\n"
    "X-Tab: a\tb\r\n"
    "X-Latin: caf\xe9\r\n"
    "X-Control: a\x01" "b\r\n"
    "X-Del: a\x7f" "b\r\n"
    "Content-Digest: sha-256=:AAA=:;q=1 ,  md5=:AA==:\r\n"
    "Priority: u=1 , i=?1\r\n"
    "Repr-Digest: oh no\r\n"
    "Bad-Dict: a=1, a=2\r\n"
    "@method: PUT\r\n"
    "\r\n";


static const struct {
    const char  *components;
    const char  *base;          /* without the last line */
} bases[] = {
    { "", "" },
    { "\"@method\"", "\"@method\": GET\n" },
    { "\"@authority\"", "\"@authority\": shop.example.com\n" },
    { "\"@scheme\"", "\"@scheme\": https\n" },
    { "\"@path\"", "\"@path\": /a%2Fb/../c//\n" },
    { "\"x-list\"", "\"x-list\": a, b, , c,d\n" },
    { "\"x-list\";bs", "\"x-list\";bs: :YQ==:, :Yg==:, ::, :Yyxk:\n" },
    { "\"x-empty\"", "\"x-empty\": \n" },
    { "\"x-empty\";bs", "\"x-empty\";bs: ::\n" },
    { "\"x-tab\"", "\"x-tab\": a\tb\n" },
    { "\"x-latin\";bs", "\"x-latin\";bs: :Y2Fm6Q==:\n" },
    { "\"content-digest\";sf",
      "\"content-digest\";sf: sha-256=:AAA=:;q=1, md5=:AA==:\n" },
    { "\"content-digest\";key=\"sha-256\"",
      "\"content-digest\";key=\"sha-256\": :AAA=:;q=1\n" },
    { "\"content-digest\";key=\"md5\";sf",
      "\"content-digest\";key=\"md5\";sf: :AA==:\n" },
    { "\"priority\";sf", "\"priority\";sf: u=1, i\n" },
    { "\"priority\";key=\"i\"", "\"priority\";key=\"i\": ?1\n" },
    { "\"priority\" \"priority\";sf \"priority\";key=\"u\"",
      "\"priority\": u=1 , i=?1\n\"priority\";sf: u=1, i\n"
      "\"priority\";key=\"u\": 1\n" },
    { "\"@query-param\";name=\"x\"", "\"@query-param\";name=\"x\": %2F\n" },
    { "\"@query-param\";name=\"ab\"", "\"@query-param\";name=\"ab\": 1\n" },
    { "\"@query-param\";name=\"e\" \"@query-param\";name=\"z\"",
      "\"@query-param\";name=\"e\": \n\"@query-param\";name=\"z\": \n" },
    { "\"@query-param\";name=\"t\"",
      "\"@query-param\";name=\"t\": %7E*%27%28%21%29\n" },
    { "\"@query-param\";name=\"n\"", "\"@query-param\";name=\"n\": %0A\n" },
    { "\"@query-param\";name=\"u\"", "\"@query-param\";name=\"u\": %C3%A4\n" }
};


static void
test_bases(void)
{
    size_t       i;
    pay_buf_t    b;
    pay_str_t    base;
    message_t    m;

    message_read(&m, target_text, "https");

    for (i = 0; i < pay_nelts(bases); i++) {
        pay_buf_init(&b, arena, 0);
        pay_buf_addz(&b, bases[i].base);
        pay_buf_addz(&b, "\"@signature-params\": (");
        pay_buf_addz(&b, bases[i].components);
        pay_buf_addz(&b, ");a;b=1");
        pay_buf_addc(&b, '\0');

        is_why(base_of(&m, bases[i].components, &base), "", "built");
        is(base, (const char *) pay_buf_str(&b).data, bases[i].components);
    }
}


static const struct {
    const char  *components;
    const char  *why;
} wrong[] = {
    { "\"@method\" \"@path\" \"@method\"", "component_repeated" },
    { "\"x-list\" \"x-list\"", "component_repeated" },
    { "\"x-list\";bs \"x-list\";bs=?1", "component_repeated" },
    { "\"priority\";key=\"u\";sf \"priority\";sf;key=\"u\"",
      "component_repeated" },

    { "\"@signature-params\"", "component_unknown" },
    { "\"@status\"", "component_unknown" },
    { "\"@foo\"", "component_unknown" },
    { "\"@\"", "component_unknown" },
    { "\"@Method\"", "component_unknown" },
    { "\"@method \"", "component_unknown" },

    { "\"@method\";req", "component_req" },
    { "\"x-list\";req", "component_req" },
    { "\"x-list\";bs;req=?0", "component_req" },
    { "\"x-list\";tr", "component_trailer" },

    { "\"@method\";sf", "component_param" },
    { "\"@path\";key=\"a\"", "component_param" },
    { "\"@query\";name=\"x\"", "component_param" },
    { "\"@query-param\"", "component_param" },
    { "\"@query-param\";key=\"x\"", "component_param" },
    { "\"@query-param\";name", "component_param" },
    { "\"@query-param\";name=x", "component_param" },
    { "\"@query-param\";name=\"x\";sf", "component_param" },
    { "\"x-list\";zz", "component_param" },
    { "\"x-list\";name=\"x\"", "component_param" },
    { "\"priority\";sf=?0", "component_param" },
    { "\"priority\";sf=1", "component_param" },
    { "\"priority\";key=u", "component_param" },
    { "\"priority\";key", "component_param" },
    { "\"x-list\";bs=?0", "component_param" },

    { "\"priority\";bs;sf", "component_params" },
    { "\"priority\";sf;bs", "component_params" },
    { "\"priority\";key=\"u\";bs", "component_params" },

    { "\"X-List\"", "component_name" },
    { "\"x-lisT\"", "component_name" },
    { "\"\"", "component_name" },
    { "\"x list\"", "component_name" },
    { "\" x-list\"", "component_name" },
    { "\"x-list:\"", "component_name" },
    { "\"x\\\\y\"", "component_name" },

    { "\"x-none\"", "component_missing" },
    { "\"x-none\";bs", "component_missing" },
    { "\"x-lis\"", "component_missing" },
    { "\"priority\";key=\"x\"", "component_missing" },
    { "\"@query-param\";name=\"X\"", "component_missing" },
    { "\"@query-param\";name=\"\"", "component_missing" },
    { "\"@query-param\";name=\"%61b\"", "component_missing" },
    { "\"@query-param\";name=\"u=\"", "component_missing" },
    { "\"@query-param\";name=\"y\"", "query_param_repeated" },

    { "\"x-list\";sf", "component_unstructured" },
    { "\"repr-digest\";sf", "component_syntax" },
    { "\"repr-digest\";key=\"oh\"", "component_syntax" },
    { "\"bad-dict\";key=\"a\"", "component_syntax" },

    { "\"x-latin\"", "component_bytes" },
    { "\"x-control\"", "component_bytes" },
    { "\"x-del\"", "component_bytes" }
};


static void
test_wrong(void)
{
    size_t     i;
    pay_str_t  base;
    message_t  m;

    message_read(&m, target_text, "https");

    for (i = 0; i < pay_nelts(wrong); i++) {
        is_why(base_of(&m, wrong[i].components, &base), wrong[i].why,
           wrong[i].components);
    }

    /* a field that looks like a component is none */

    is_why(base_of(&m, "\"@method\"", &base), "", "not the field");
    is(base, "\"@method\": GET\n\"@signature-params\": (\"@method\");a;b=1",
       "C-23: @method is that of the request line");
}


/* what a field's bytes would make of the lines: C-1, C-16 */

static void
test_lines_apart(void)
{
    size_t     i;
    pay_str_t  base;
    message_t  m;

    static const struct {
        const char  *text;
        size_t       len;
    } values[] = {
        { "a\n\"@method\": GET", 16 }, { "a\r\nb", 4 }, { "a\rb", 3 },
        { "a\nb", 3 }, { "a\0b", 3 }, { "\n", 1 }, { "a\x0b", 2 },
        { "\x80", 1 }
    };

    message_read(&m, target_text, "https");

    for (i = 0; i < pay_nelts(values); i++) {
        m.list[1].value.data = (const pay_u8 *) values[i].text;
        m.list[1].value.len = values[i].len;
        is_why(base_of(&m, "\"x-list\"", &base), "component_bytes",
           "C-16: in a field");

        m.m.method = m.list[1].value;
        is_why(base_of(&m, "\"@method\"", &base), "component_bytes",
           "C-16: in the method");
        m.m.method = PAY_STR("GET");

        m.m.authority = m.list[1].value;
        is_why(base_of(&m, "\"@authority\"", &base), "component_bytes",
           "C-16: in the authority");
    }
}


static const struct {
    const char  *target;
    const char  *path;          /* NULL: refused */
    const char  *query;
    const char  *uri;
} targets[] = {
    { "/", "/", "?", "https://h/" },
    { "/a", "/a", "?", "https://h/a" },
    { "/a?", "/a", "?", "https://h/a?" },
    { "/a?b?c", "/a", "?b?c", "https://h/a?b?c" },
    { "/?", "/", "?", "https://h/?" },
    { "//x/y", "//x/y", "?", "https://h//x/y" },
    { "/a://b", "/a://b", "?", "https://h/a://b" },
    { "/%2e%2E/A", "/%2e%2E/A", "?", "https://h/%2e%2E/A" },
    { "*", "/", "?", "https://h/" },
    { "https://h", "/", "?", "https://h/" },
    { "https://h/", "/", "?", "https://h/" },
    { "https://h?x", "/", "?x", "https://h/?x" },
    { "https://h/a?x", "/a", "?x", "https://h/a?x" },
    { "HTTPS://H/a?x", "/a", "?x", "https://h/a?x" },
    { "https://h:443/a", "/a", "?", "https://h/a" },
    { "https://h:/a", "/a", "?", "https://h/a" },

    { "/a#b", NULL, NULL, NULL },
    { "/a?b#c", NULL, NULL, NULL },
    { "https://h/a#b", NULL, NULL, NULL },
    { "http://h/a", NULL, NULL, NULL },
    { "https://g/a", NULL, NULL, NULL },
    { "https://h:80/a", NULL, NULL, NULL },
    { "https://u@h/a", NULL, NULL, NULL },
    { "https:///a", NULL, NULL, NULL },
    { "https:/h/a", NULL, NULL, NULL },
    { "https:h/a", NULL, NULL, NULL },
    { "https", NULL, NULL, NULL },
    { "h:443", NULL, NULL, NULL },
    { "", NULL, NULL, NULL },
    { "*x", NULL, NULL, NULL },
    { "?x", NULL, NULL, NULL },
    { "a", NULL, NULL, NULL }
};


static void
is_derived(const message_t *m, const char *name, const char *want)
{
    char         line[256];
    pay_str_t    base;
    const char  *why;

    snprintf(line, sizeof(line), "\"%s\"", name);
    why = base_of(m, line, &base);

    if (want == NULL) {
        is_why(why, "target", name);
        return;
    }

    snprintf(line, sizeof(line),
             "\"%s\": %s\n\"@signature-params\": (\"%s\");a;b=1", name, want,
             name);
    is(base, line, name);
}


static void
test_targets(void)
{
    size_t     i;
    message_t  m;

    message_read(&m, target_text, "https");
    m.m.authority = PAY_STR("h");

    for (i = 0; i < pay_nelts(targets); i++) {
        m.m.target = exact(pay_strz(targets[i].target));

        ok(1, "C-20, C-22: target <%s>", targets[i].target);
        is_derived(&m, "@path", targets[i].path);
        is_derived(&m, "@query", targets[i].query);
        is_derived(&m, "@target-uri", targets[i].uri);
        is_derived(&m, "@request-target", targets[i].target);
    }
}


static const struct {
    const char  *scheme;
    const char  *host;
    const char  *want;
} authorities[] = {
    { "https", "h", "h" },
    { "https", "H.Example", "h.example" },
    { "https", "h:443", "h" },
    { "https", "h:80", "h:80" },
    { "http", "h:80", "h" },
    { "http", "h:443", "h:443" },
    { "http", "h:080", "h:080" },
    { "http", "h:8080", "h:8080" },
    { "https", "h:", "h" },
    { "https", "[::1]", "[::1]" },
    { "https", "[::1]:443", "[::1]" },
    { "https", "[::443]", "[::443]" },
    { "https", "192.0.2.1:8443", "192.0.2.1:8443" },
    { "https", "443", "443" },
    { "ftp", "h:443", "h:443" }
};


static void
test_authorities(void)
{
    size_t     i;
    pay_str_t  base;
    message_t  m;

    message_read(&m, target_text, "https");

    for (i = 0; i < pay_nelts(authorities); i++) {
        m.m.scheme = pay_strz(authorities[i].scheme);
        m.m.authority = exact(pay_strz(authorities[i].host));
        is_derived(&m, "@authority", authorities[i].want);
    }

    m.m.scheme = PAY_STR("https");
    m.m.authority = PAY_STR("");
    is_why(base_of(&m, "\"@authority\"", &base), "component_missing",
       "no Host");
    is_why(base_of(&m, "\"@target-uri\"", &base), "component_missing",
       "and no URI");
    m.m.authority = PAY_STR(":443");
    is_why(base_of(&m, "\"@authority\"", &base), "component_missing",
       "an empty one");
    m.m.authority = PAY_STR("h");
    m.m.scheme = PAY_STR("HTTPS");
    is_derived(&m, "@scheme", "https");
}


static void
test_queries(void)
{
    int          n;
    pay_buf_t    b;
    pay_str_t    base;
    message_t    m;
    const char  *why;

    static const char  name[] = "\"@query-param\";name=\"a\"";

    message_read(&m, target_text, "https");

    m.m.target = PAY_STR("/x");
    is_why(base_of(&m, name, &base), "component_missing", "no query");
    m.m.target = PAY_STR("/x?a=1&%61=2");
    is_why(base_of(&m, name, &base), "query_param_repeated",
       "C-4: one name in two forms");
    m.m.target = PAY_STR("/x?a=%0");
    is_why(base_of(&m, name, &base), "query_syntax", "a cut escape");
    m.m.target = PAY_STR("/x?a=1&b=%C3%28");
    is_why(base_of(&m, name, &base), "query_syntax", "not UTF-8");
    m.m.target = PAY_STR("/x?a=1&b=%00");
    is_why(base_of(&m, name, &base), "query_syntax", "C-15: a NUL");
    m.m.target = PAY_STR("/x?a=1&=2");
    is_why(base_of(&m, name, &base), "query_syntax", "no name");
    m.m.target = PAY_STR("/x?&&a=%2541&&");
    is_why(base_of(&m, name, &base), "", "empty ones are nothing");
    ok(memmem(base.data, base.len, ": %2541\n", 8) != NULL,
       "C-9: decoded once");

    for (n = PAY_MESSAGE_QUERY_MAX; n < PAY_MESSAGE_QUERY_MAX + 2; n++) {
        pay_buf_init(&b, arena, 0);
        pay_buf_addz(&b, "/x?a=1");

        while (b.len < 6 + 2 * (size_t) (n - 1)) {
            pay_buf_addz(&b, "&b");
        }

        m.m.target = exact(pay_buf_str(&b));
        why = base_of(&m, name, &base);
        is_why(why,
           n > PAY_MESSAGE_QUERY_MAX ? "query_too_many" : "",
           "C-17: as many as may be, and one more");
    }
}


/* --- the profile --------------------------------------------------------- */

static const struct {
    const char  *input;
    const char  *with;          /* content; NULL: in order */
    const char  *without;
} profiles[] = {
    { INPUT, NULL, NULL },
    { "pay=(\"@method\" \"@authority\" \"@path\" \"@query\");" PARAMS,
      "digest_not_covered", NULL },
    { "pay=();" PARAMS, "method_not_covered", "method_not_covered" },
    { "pay=(\"@authority\" \"@path\" \"@query\" \"content-digest\");" PARAMS,
      "method_not_covered", "method_not_covered" },
    { "pay=(\"@method\" \"@path\" \"@query\" \"content-digest\");" PARAMS,
      "authority_not_covered", "authority_not_covered" },
    { "pay=(\"@method\" \"@authority\" \"@query\" \"content-digest\");" PARAMS,
      "path_not_covered", "path_not_covered" },
    { "pay=(\"@method\" \"@authority\" \"@path\" \"content-digest\");" PARAMS,
      "query_not_covered", "query_not_covered" },
    { "pay=(\"@method\" \"@authority\" \"@path\" \"@query\" "
      "\"content-digest\";key=\"md5\");" PARAMS, "digest_not_covered", NULL },
    { "pay=(\"@method\" \"@authority\" \"@path\" \"@query\" "
      "\"content-digest\";bs);" PARAMS, "digest_not_covered", NULL },
    { "pay=(\"@method\";req \"@authority\" \"@path\" \"@query\" "
      "\"content-digest\");" PARAMS, "method_not_covered",
      "method_not_covered" },
    { "pay=(\"@Method\" \"@authority\" \"@path\" \"@query\" "
      "\"content-digest\");" PARAMS, "method_not_covered",
      "method_not_covered" },
    { "pay=(" COVERS ");" NONCE ";keyid=\"a/b\";tag=\"ngx-pay\"",
      "created_missing", "created_missing" },
    { "pay=(" COVERS ");created=1;" NONCE ";tag=\"ngx-pay\"",
      "keyid_missing", "keyid_missing" },
    { "pay=(" COVERS ");created=1;" NONCE ";keyid=\"a/b\"",
      "tag_missing", "tag_missing" },
    { "pay=(" COVERS ");created=1;keyid=\"a/b\";tag=\"ngx-pay\"",
      "nonce_missing", "nonce_missing" },
    { "pay=(" COVERS ");nonce=\"\";keyid=\"a/b\";tag=\"ngx-pay\"",
      "created_missing", "created_missing" }
};


static void
test_profile(void)
{
    size_t              i;
    message_t           m;
    const char         *why;
    pay_message_sig_t   s;

    for (i = 0; i < pay_nelts(profiles); i++) {
        request(&m, profiles[i].input, "pay=:AAAA:");

        is_int(pay_message_parse(arena, &m.m, PAY_STR(""), &s, &why), PAY_OK,
               profiles[i].input);

        why = pay_message_profile(&s, 1);
        is_why(why, profiles[i].with ? profiles[i].with : "",
           "C-23: with content");
        why = pay_message_profile(&s, 0);
        is_why(why, profiles[i].without ? profiles[i].without : "",
           "C-23: without");
    }
}


static void
test_nonces(void)
{
    size_t              i;
    message_t           m;
    const char         *why;
    pay_message_sig_t   s;

    static const struct {
        const char  *nonce;
        const char  *why;
    } nonces[] = {
        { "0123456789abcdef", "" }, { "b3k2pp5k7z-50gnwp.yemd", "" },
        { "AZaz09._-AZaz09._", "" },
        { "0123456789abcde", "nonce_syntax" }, { "", "nonce_syntax" },
        { "0123456789abcdef ", "nonce_syntax" },
        { "0123456789abcdef/", "nonce_syntax" },
        { "0123456789abcdef+", "nonce_syntax" },
        { "0123456789abcdef=", "nonce_syntax" },
        { "a123456789b123456789c123456789d123456789e123456789f123456789g123",
          "" },
        { "a123456789b123456789c123456789d123456789e123456789f123456789g1234",
          "nonce_syntax" }
    };

    request(&m, INPUT, "pay=:AAAA:");
    pay_message_parse(arena, &m.m, TAG, &s, &why);

    for (i = 0; i < pay_nelts(nonces); i++) {
        s.nonce = exact(pay_strz(nonces[i].nonce));
        is_why(pay_message_profile(&s, 1), nonces[i].why,
           nonces[i].nonce);
    }
}


static void
test_keyids(void)
{
    size_t     i;
    pay_str_t  merchant, key;

    static const char *const  refused[] = {
        "", "/", "a/", "/b", "a", "a/b/c", "a//b", "a b/c", "a/b ", "a\\b/c",
        "a:b/c", "a/b\n", "\xc3\xa4/b", "a/\"b\"",
        "a123456789b123456789c123456789d123456789e123456789f123456789g1234/k",
        "k/a123456789b123456789c123456789d123456789e123456789f123456789g1234"
    };

    is_int(pay_message_keyid(PAY_STR("shop-a/k1"), &merchant, &key), 1,
           "keyid");
    is(merchant, "shop-a", "its merchant");
    is(key, "k1", "its key");

    is_int(pay_message_keyid(PAY_STR(
        "a123456789b123456789c123456789d123456789e123456789f123456789g123/"
        "A._-56789b123456789c123456789d123456789e123456789f123456789g123"),
        &merchant, &key), 1, "64 characters each");
    is_int(merchant.len + key.len, 127, "all of them");

    for (i = 0; i < pay_nelts(refused); i++) {
        is_int(pay_message_keyid(exact(pay_strz(refused[i])), &merchant, &key),
               0, "no keyid");
    }

    is_int(pay_message_keyid(PAY_STR("a\0b/c"), &merchant, &key), 0,
           "C-15: no keyid with a NUL");
}


static void
test_algs(void)
{
    pay_alg_t    alg;
    const char  *name;

    for (alg = PAY_ALG_NONE + 1; alg < PAY_ALG_MAX; alg++) {
        name = pay_alg_name(alg);
        ok(name != NULL && pay_alg_by_name(pay_strz(name)) == alg, "alg %s",
           name ? name : "?");
    }

    ok(pay_alg_name(PAY_ALG_NONE) == NULL && pay_alg_name(PAY_ALG_MAX) == NULL,
       "no name");
    is_int(pay_alg_by_name(PAY_STR("")), PAY_ALG_NONE, "K-5: empty");
    is_int(pay_alg_by_name(PAY_STR("none")), PAY_ALG_NONE, "K-5: none");
    is_int(pay_alg_by_name(PAY_STR("HS256")), PAY_ALG_NONE, "K-5: HS256");
    is_int(pay_alg_by_name(PAY_STR("HMAC-SHA256")), PAY_ALG_NONE,
           "K-5: names have a case");
    is_int(pay_alg_by_name(PAY_STR("hmac-sha2567")), PAY_ALG_NONE,
           "K-5: and an end");
}


/* --- digests ------------------------------------------------------------- */

static const char *
digest_why(const char *field)
{
    pay_rc_t               rc;
    pay_str_t              value;
    const char            *why;
    pay_header_t           h = { pay_str("Content-Digest"), pay_str_null };
    pay_headers_t          headers = { &h, 1 };
    pay_content_digest_t   d;

    h.value = exact(pay_strz(field));
    value = h.value;
    why = "?";
    rc = pay_content_digest_parse(arena, &headers, &d, &why);

    if (rc == PAY_OK) {
        ok(d.hash[0] == NULL && d.hash[1] == NULL, "nothing is held");
        return "";
    }

    ok(rc == PAY_INVALID, "refused: %.*s", (int) value.len, value.data);

    return why;
}


#define SHA256  "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"
#define SHA512  "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwA" \
                "gBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:"
#define WRONG   "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"


static void
test_digest_fields(void)
{
    size_t  i;

    static const struct {
        const char  *field;
        const char  *why;
    } fields[] = {
        { SHA256, "" }, { SHA512, "" }, { SHA512 "," SHA256, "" },
        { "md5=:AA==:, x=::;y, " SHA256, "" },
        { SHA256 ", md5", "digest_syntax" },
        { SHA256 ", md5=1", "digest_syntax" },
        { SHA256 ", md5=(:AA==:)", "digest_syntax" },
        { SHA256 ", " SHA256, "digest_syntax" },
        { SHA256 ", md5=:AA==:, md5=:AA==:", "digest_syntax" },
        { "sha-256=\"x\"", "digest_syntax" },
        { "sha-256=(:AAAA:)", "digest_syntax" },
        { "sha-256=::", "digest_length" },
        { "sha-256=:AAAA:", "digest_length" },
        { "sha-512=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:",
          "digest_length" },
        { "", "digest_algorithm" },
        { "md5=:AA==:", "digest_algorithm" },
        { "sha256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:",
          "digest_algorithm" },
        { "sha-384=:AA==:", "digest_algorithm" }
    };

    for (i = 0; i < pay_nelts(fields); i++) {
        is_why(digest_why(fields[i].field), fields[i].why,
           fields[i].field);
    }
}


static pay_rc_t
digest_check(const pay_headers_t *h, const char *body, size_t first)
{
    pay_rc_t               rc;
    const char            *why;
    pay_content_digest_t   d;

    rc = pay_content_digest_parse(arena, h, &d, &why);
    if (rc != PAY_OK) {
        return rc;
    }

    if (pay_content_digest_begin(&d) != PAY_OK) {
        return PAY_ERROR;
    }

    pay_content_digest_add(&d, body, first);
    pay_content_digest_add(&d, "", 0);
    pay_content_digest_add(&d, body + first, strlen(body) - first);

    rc = pay_content_digest_end(&d);

    if (d.hash[0] != NULL || d.hash[1] != NULL) {
        return PAY_ERROR;
    }

    return rc;
}


static void
test_digests(void)
{
    size_t                 n;
    const char            *why;
    pay_header_t           h[2];
    pay_headers_t          headers = { h, 2 };
    pay_content_digest_t   d;

    h[0].name = PAY_STR("Content-Digest");
    h[0].value = PAY_STR(SHA256);
    h[1].name = PAY_STR("content-DIGEST");
    h[1].value = PAY_STR(SHA512);

    for (n = 0; n <= strlen(BODY); n++) {
        is_int(digest_check(&headers, BODY, n), PAY_OK,
               "two lines, a body in pieces");
    }

    is_int(digest_check(&headers, BODY " ", 3), PAY_DECLINED, "one byte more");
    is_int(digest_check(&headers, "", 0), PAY_DECLINED, "no body");

    h[0].value = PAY_STR(WRONG);
    is_int(digest_check(&headers, BODY, 3), PAY_DECLINED,
           "one right, one wrong");
    is_int(digest_check(&headers, "", 0), PAY_DECLINED, "the other way");

    h[1].value = PAY_STR(WRONG);
    is_int(digest_check(&headers, "", 0), PAY_INVALID, "C-21: twice");

    h[1].name = PAY_STR("Repr-Digest");
    is_int(digest_check(&headers, "", 0), PAY_OK, "of an empty body");
    h[0].name = PAY_STR("Digest");
    is_int(digest_check(&headers, "", 0), PAY_DECLINED, "no Content-Digest");

    /* dropped half-way, and ended without a beginning */

    h[0].name = PAY_STR("Content-Digest");
    is_int(pay_content_digest_parse(arena, &headers, &d, &why), PAY_OK,
           "parsed");
    is_int(pay_content_digest_end(&d), PAY_DECLINED, "never begun");
    is_int(pay_content_digest_begin(&d), PAY_OK, "begun");
    pay_content_digest_add(&d, "x", 1);
    pay_content_digest_drop(&d);
    is_int(pay_content_digest_end(&d), PAY_DECLINED, "dropped");
}


/* --- whole requests ------------------------------------------------------ */

static void
test_judge(void)
{
    message_t  m;

    request_signed(&m, INPUT);
    is_why(judge(&m, TAG, NOW), "", "accepted");
    is_why(judge(&m, TAG, NOW + 300), "window", "R-13: too late");

    m.body = PAY_STR(BODY " ");
    is_why(judge(&m, TAG, NOW), "digest", "C-23: another body");

    request_signed(&m, INPUT ";alg=\"hmac-sha256\"");
    is_why(judge(&m, TAG, NOW), "", "its own algorithm");
    request_signed(&m, INPUT ";alg=\"none\"");
    is_why(judge(&m, TAG, NOW), "alg", "K-1: no algorithm");
    request_signed(&m, INPUT ";alg=\"ed25519\"");
    is_why(judge(&m, TAG, NOW), "alg", "K-1: another algorithm");

    request_signed(&m, "pay=(" COVERS ");" PARAMS ";zz=\"extension\"");
    is_why(judge(&m, TAG, NOW), "", "a parameter of somebody else");

    request_signed(&m, INPUT);
    header_set(&m, "X-Free", PAY_STR("changed"));
    is_why(judge(&m, TAG, NOW), "", "what is not covered is free");
}


/* the signed fields, the cut ones must be refused or be none of ours */

static int
cut_accepted(message_t *m, const char *name)
{
    int         n;
    pay_str_t   value, cut;
    message_t   copy;

    n = 0;
    value = header_of(m, name);

    for (cut = value, cut.len = 0; cut.len < value.len; cut.len++) {
        copy = *m;
        copy.headers.elts = copy.list;
        copy.m.headers = &copy.headers;
        header_set(&copy, name, exact(cut));
        n += judge(&copy, TAG, NOW) == NULL;
    }

    return n;
}


static void
test_cuts(void)
{
    message_t  m;

    request_signed(&m, INPUT);

    is_int(cut_accepted(&m, "Signature-Input"), 0, "P-1: Signature-Input cut");
    is_int(cut_accepted(&m, "Signature"), 0, "P-1: Signature cut");
    is_int(cut_accepted(&m, "Content-Digest"), 0, "P-1: Content-Digest cut");
    is_int(cut_accepted(&m, "Content-Type"), 0, "P-1: Content-Type cut");
    is_int(cut_accepted(&m, "X-Free"), (int) strlen(" not covered"),
           "and what is free is free");
}


/*
 * Every bit of *s, which belongs to m.  What is left is a change of case in
 * the name of a field or of a host, which RFC 9421 says is none.
 */

static int
flips_accepted(const message_t *m, pay_str_t *s, int any_case)
{
    int         bit, n;
    size_t      i;
    pay_u8     *p;
    pay_str_t   sent;

    n = 0;
    sent = *s;
    *s = exact(sent);
    p = (pay_u8 *) s->data;

    for (i = 0; i < s->len; i++) {
        for (bit = 0; bit < 8; bit++) {

            if (any_case && bit == 5
                && pay_str_token((pay_str_t) { 1, p + i }, "", 1, 1)
                && (p[i] > '9'))
            {
                continue;
            }

            p[i] ^= 1 << bit;
            n += judge(m, TAG, NOW) == NULL;
            p[i] ^= 1 << bit;
        }
    }

    *s = sent;

    return n;
}


static void
test_flips(void)
{
    size_t      i;
    message_t   m;

    request_signed(&m, INPUT);

    is_int(flips_accepted(&m, &m.m.method, 0), 0, "C-22: method");
    is_int(flips_accepted(&m, &m.m.target, 0), 0, "C-20: target");
    is_int(flips_accepted(&m, &m.m.authority, 1), 0, "C-22: authority");
    is_int(flips_accepted(&m, &m.body, 0), 0, "C-23: body");

    for (i = 0; i < m.headers.nelts; i++) {

        if (pay_str_eqz(m.list[i].name, "X-Free")
            || pay_str_eqz(m.list[i].name, "Host"))
        {
            continue;
        }

        is_int(flips_accepted(&m, &m.list[i].name, 1), 0, "name of a field");

        /* the space in front is no part of it, but a tab is none, either */

        m.list[i].value = pay_str_trim(m.list[i].value);
        is_int(flips_accepted(&m, &m.list[i].value, 0), 0, "its value");
    }

    is_why(judge(&m, TAG, NOW), "", "and as it was it is accepted");
}


static void
test_garbage(void)
{
    size_t      i, n;
    pay_u8      text[80];
    uint32_t    seed;
    pay_str_t   s;
    message_t   m;

    static const char  alphabet[] = "pay=(\"@methodqury-s\");:;tag= ,1\\?*";

    request_signed(&m, INPUT);

    seed = 1;
    s.data = text;

    for (n = 0; n < 5000; n++) {
        s.len = n % sizeof(text);

        for (i = 0; i < s.len; i++) {
            seed = seed * 1103515245 + 12345;
            text[i] = alphabet[(seed >> 16) % (sizeof(alphabet) - 1)];
        }

        header_set(&m, n % 2 ? "Signature-Input" : "Content-Digest", exact(s));

        if (judge(&m, n % 4 < 2 ? TAG : PAY_STR(""), n % 3 ? NOW : 0)
            == NULL)
        {
            break;
        }
    }

    is_int(n, 5000, "P-1: garbage is never accepted");
}


/* no memory, at each place where some is taken */

static void
test_memory(void)
{
    size_t              limit;
    pay_rc_t            rc;
    pay_str_t           base;
    message_t           m;
    const char         *why;
    pay_arena_t        *a;
    pay_message_sig_t   s;

    request_signed(&m, "pay=(\"@target-uri\" \"@query-param\";name=\"x\" "
                   "\"content-digest\";sf \"content-type\";bs " COVERS ");"
                   PARAMS);
    rc = PAY_ERROR;

    for (limit = 16; rc == PAY_ERROR && limit < 65536; limit += 16) {
        a = pay_arena_create(limit);
        rc = pay_message_parse(a, &m.m, TAG, &s, &why);

        if (rc == PAY_OK) {
            rc = pay_message_base(a, &m.m, &s, &base, &why);
        }

        pay_arena_destroy(a);
    }

    ok(rc == PAY_OK && limit > 1024, "no memory is PAY_ERROR up to %zu bytes",
       limit);
}


int
main(void)
{
    arena = pay_arena_create(0);

    test_keys[0].keyid = "shop-a/k1";
    test_keys[0].alg = PAY_ALG_HMAC_SHA256;
    test_keys[0].mac = pay_mac_key_create(PAY_STR("ngx-pay-demo-secret"));
    test_nkeys = 1;

    test_choice();
    test_parsed();
    test_limits();
    test_lines();
    test_bases();
    test_wrong();
    test_lines_apart();
    test_targets();
    test_authorities();
    test_queries();
    test_profile();
    test_nonces();
    test_keyids();
    test_algs();
    test_digest_fields();
    test_digests();
    test_judge();
    test_cuts();
    test_flips();
    test_garbage();
    test_memory();

    keys_close();
    pay_arena_destroy(arena);

    return done();
}
