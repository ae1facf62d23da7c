
/*
 * Copyright (C) the ngx_pay authors
 *
 * A good client of the WeChat Pay APIv3 simulator for its tests, written by
 * the channel document (sections 2, 3, 5, 8, 10), not taken from the driver,
 * and the store that is below the simulator.  Keys are throwaway ones, made
 * when the test starts.
 */

#ifndef PAY_TEST_SIM_WECHATPAY_V3_H_INCLUDED
#define PAY_TEST_SIM_WECHATPAY_V3_H_INCLUDED


#include "test.h"

#include <unistd.h>

#include <channel/pay_wechatpay_v3.h>
#include <sandbox/pay_sandbox.h>
#include <sandbox/pay_sim.h>


#define NOW      INT64_C(1795305600)                /* 2026-11-22T08:00:00+08 */
#define MCHID    "1900000109"
#define NUMBER   "order-0001"
#define NATIVE   "/v3/pay/transactions/native"
#define QUERY    "/v3/pay/transactions/out-trade-no/" NUMBER "?mchid=" MCHID
#define CLOSE    "/v3/pay/transactions/out-trade-no/" NUMBER "/close"
#define CLOSING  "{\"mchid\":\"" MCHID "\"}"
#define PUB_ID   "PUB_KEY_ID_0119000001092026112200000000000001"
#define PUB_ID2  "PUB_KEY_ID_0119000001092026112200000000000002"
#define V3_KEY   "0123456789abcdef0123456789ABCDEF"


static const pay_simulator_t   *sim = &pay_sim_wechatpay_v3;
static pay_arena_t             *arena;          /* of the running block */
static pay_key_t               *merchant, *stranger, *platform;
static pay_wechatpay_v3_conf_t  conf, conf2;
static pay_channel_t            channel, channel2;
static const pay_channel_t     *channels[3];
static pay_sim_t                s;
static pay_header_t             headers[16];
static pay_str_t                order;          /* the store: one order, */
static int64_t                  now = NOW;


/* keys */

static UNUSED pay_str_t
slurp(const char *dir, const char *name, pay_u8 *buf, size_t size)
{
    FILE       *f;
    char        path[128];
    pay_str_t   text = { 0, buf };

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    f = fopen(path, "rb");

    if (f != NULL) {
        text.len = fread(buf, 1, size, f);
        fclose(f);
    }

    unlink(path);

    return text;
}


static UNUSED void
sh(const char *dir, const char *command)
{
    char  line[512];

    snprintf(line, sizeof(line), "cd %s && openssl %s 2>/dev/null", dir,
             command);

    if (system(line) != 0) {
        printf("Bail out! openssl: %s\n", command);
        exit(1);
    }
}


static UNUSED void
need(pay_rc_t rc, const char *what)
{
    if (rc != PAY_OK) {
        printf("Bail out! %s\n", what);
        exit(1);
    }
}


static UNUSED void
keys(void)
{
    char         dir[] = "/tmp/pay_sim_XXXXXX";
    pay_u8       buf[16384];
    const char  *why;

    if (mkdtemp(dir) == NULL) {
        printf("Bail out! no temporary directory\n");
        exit(1);
    }

    sh(dir, "req -x509 -newkey rsa:2048 -nodes -keyout m.key -out m.crt"
            " -subj /CN=throwaway -days 2"
            " -set_serial 0x0DDE55AD98ED71D6EDD4A4A16996DE7B4777AAAA");
    sh(dir, "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048"
            " -out p.key");
    sh(dir, "pkey -in p.key -pubout -out p.pub");
    sh(dir, "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048"
            " -out o.key");

    need(pay_key_private_pem(slurp(dir, "m.key", buf, sizeof(buf)),
                             PAY_KEYS_RSA, &merchant, &why), "merchant key");
    need(pay_key_private_pem(slurp(dir, "o.key", buf, sizeof(buf)),
                             PAY_KEYS_RSA, &stranger, &why), "other key");
    need(pay_key_private_pem(slurp(dir, "p.key", buf, sizeof(buf)),
                             PAY_KEYS_RSA, &conf.sandbox_key, &why),
         "platform key");
    need(pay_key_public_pem(slurp(dir, "p.pub", buf, sizeof(buf)),
                            PAY_KEYS_RSA, &platform, &why),
         "platform public key");
    need(pay_cert_pem(slurp(dir, "m.crt", buf, sizeof(buf)),
                      PAY_KEYS_RSA, &conf.certificate, &why), "certificate");

    rmdir(dir);

    conf.appid = PAY_STR("wxd678efh567hg6787");
    conf.mchid = PAY_STR(MCHID);
    conf.certificate_key = merchant;
    conf.api_v3_key = PAY_STR(V3_KEY);
    conf.platform_keys.nkeys = 2;
    conf.platform_keys.id[0] = PAY_STR(PUB_ID);
    conf.platform_keys.id[1] = PAY_STR(PUB_ID2);
    conf.platform_keys.key[0] = platform;
    conf.platform_keys.key[1] = platform;

    conf2 = conf;
    conf2.appid = PAY_STR("wx2222222222222222");

    channel.name = PAY_STR("wechat");
    channel.conf = &conf;
    channel.sandbox = 1;

    channel2 = channel;
    channel2.name = PAY_STR("wechat-mini");
    channel2.conf = &conf2;

    channels[0] = &channel;
}


static UNUSED void
keys_free(void)
{
    pay_key_unref(merchant);
    pay_key_unref(stranger);
    pay_key_unref(platform);
    pay_key_unref(conf.sandbox_key);
    pay_key_unref(conf.certificate.key);
}


/* the client */

static UNUSED pay_str_t
text(const char *fmt, ...)
{
    char     buf[16384];
    va_list  ap;

    va_start(ap, fmt);
    vsnprintf(buf, sizeof(buf), fmt, ap);
    va_end(ap);

    return pay_str_dup(arena, pay_strz(buf));
}


/* replaces the header, takes it away (value NULL), or adds one */

static UNUSED void
set(const char *name, const char *value)
{
    size_t  i, n;

    for (i = 0, n = 0; i < s.headers.nelts; i++) {
        if (!pay_str_caseeqz(headers[i].name, name)) {
            headers[n++] = headers[i];
        }
    }

    if (value != NULL) {
        headers[n].name = text("%s", name);
        headers[n++].value = text("%s", value);
    }

    s.headers.nelts = n;
}


static UNUSED void
add(const char *name, const char *value)
{
    headers[s.headers.nelts].name = text("%s", name);
    headers[s.headers.nelts++].value = text("%s", value);
}


static UNUSED const char *
signature(const pay_key_t *key, const char *method, const char *target,
    const char *timestamp, const char *nonce, pay_str_t body)
{
    pay_str_t  sig, lines;

    lines = text("%s\n%s\n%s\n%s\n%.*s\n", method, target, timestamp, nonce,
                 (int) body.len, (const char *) body.data);

    need(pay_rsa_sha256_sign(arena, &sig, lines, key), "signing");
    sig = pay_base64_encode(arena, sig);

    return (const char *) pay_str_dup(arena, sig).data;
}


static UNUSED void
fresh(void)
{
    memset(&s, 0, sizeof(pay_sim_t));

    s.arena = arena;
    s.now = now;
    s.channels = channels;
    s.base = PAY_STR("http://127.0.0.1:8080");
    s.channel = &channel;
    s.order_id = PAY_STR(NUMBER);
    s.order = order;
    pay_random(s.random, sizeof(s.random));
}


/* a good request; each test then spoils what it is about */

static UNUSED void
request(const char *method, const char *target, const char *body)
{
    char  timestamp[24];

    fresh();

    s.channel = NULL;
    s.order_id = (pay_str_t) pay_str_null;
    s.order = (pay_str_t) pay_str_null;
    s.method = text("%s", method);
    s.target = text("%s", target);
    s.body = text("%s", body);
    s.headers.elts = headers;

    set("accept", "application/json");
    set("USER-AGENT", "test/1");
    set("Wechatpay-Serial", PUB_ID);

    if (s.body.len != 0) {
        set("Content-Type", "application/json");
    }

    snprintf(timestamp, sizeof(timestamp), "%lld", (long long) now);

    set("Authorization", (const char *) text(
        PAY_WECHATPAY_V3_SCHEME " mchid=\"%s\",nonce_str=\"%s\","
        "signature=\"%s\",timestamp=\"%s\",serial_no=\"%s\"", MCHID,
        "593BEC0C930BF1AFEB40B4A08C8FB242",
        signature(merchant, method, target, timestamp,
                  "593BEC0C930BF1AFEB40B4A08C8FB242", s.body), timestamp,
        conf.certificate.serial).data);
}


/* ... and all else */

#define STORED  600

static struct {
    pay_str_t  id;
    pay_str_t  text;
} stored[STORED];

static size_t  nstored;


static UNUSED pay_str_t
get(pay_str_t id)
{
    size_t  i;

    if (pay_str_eqz(id, NUMBER)) {
        return order;
    }

    for (i = 0; i < nstored; i++) {
        if (pay_str_eq(stored[i].id, id)) {
            return stored[i].text;
        }
    }

    return (pay_str_t) pay_str_null;
}


static UNUSED void
put(pay_str_t id, pay_str_t value)
{
    size_t  i;

    if (pay_str_eqz(id, NUMBER)) {
        order = value;
        return;
    }

    for (i = 0; i < nstored && !pay_str_eq(stored[i].id, id); i++) {
        /* void */
    }

    if (i == STORED || value.len > PAY_SIM_TEXT_MAX) {
        printf("Bail out! the store is full\n");
        exit(1);
    }

    stored[i].id = id;
    stored[i].text = value;
    nstored += i == nstored;
}


/* what the glue does */

static UNUSED void
load(void)
{
    pay_sim_thing_t  *t;

    s.order = get(s.order_id);

    for (t = s.things; t != NULL; t = t->next) {
        if (!t->loaded) {
            t->text = get(t->id);
            t->loaded = 1;
        }
    }
}


static UNUSED void
save(void)
{
    pay_sim_thing_t  *t;

    for (t = s.things; t != NULL; t = t->next) {
        if (t->changed) {
            put(t->id, t->text);
        }
    }

    if (s.changed) {
        put(s.order_id, s.order);
    }
}


static UNUSED pay_rc_t
run(void)
{
    int       n;
    pay_rc_t  rc;

    rc = sim->open(&s);

    for (n = 0; rc == PAY_OK || (rc == PAY_FETCH && n < 16); n++) {
        load();
        rc = sim->serve(&s);
    }

    if (rc == PAY_DONE) {
        save();
    }

    return rc;
}


static UNUSED pay_str_t
reply_header(const char *name)
{
    pay_str_t      value = pay_str_null;
    pay_headers_t  h = { s.reply_headers, s.nreply_headers };

    (void) pay_header_get(&h, name, &value);

    return value;
}


static const char  *signer = PUB_ID;       /* whose name is expected */

static UNUSED int
signed_well(const pay_headers_t *h, pay_str_t body)
{
    pay_str_t  sig, type, serial, timestamp, nonce;

    return pay_header_get(h, "Wechatpay-Timestamp", &timestamp) == PAY_OK
           && pay_header_get(h, "Wechatpay-Nonce", &nonce) == PAY_OK
           && pay_header_get(h, "Wechatpay-Signature", &sig) == PAY_OK
           && pay_header_get(h, "Wechatpay-Serial", &serial) == PAY_OK
           && pay_header_get(h, "Wechatpay-Signature-Type", &type) == PAY_OK
           && pay_str_eqz(type, PAY_WECHATPAY_V3_SCHEME)
           && pay_str_eqz(serial, signer)
           && pay_str_token(nonce, "", 16, 32)
           && pay_str_eq(timestamp, text("%lld", (long long) now))
           && pay_base64_decode(arena, sig, &sig) == PAY_OK
           && pay_rsa_sha256_verify(sig, text("%.*s\n%.*s\n%.*s\n",
                                    (int) timestamp.len, timestamp.data,
                                    (int) nonce.len, nonce.data,
                                    (int) body.len,
                                    body.len ? (const char *) body.data : ""),
                                    platform) == PAY_OK;
}


static UNUSED pay_json_t *
parse(pay_str_t body)
{
    pay_json_t  *tree;
    const char  *why;

    return pay_json_parse(arena, body, &tree, &why) == PAY_OK ? tree : NULL;
}


static UNUSED pay_str_t
member(pay_str_t body, const char *key)
{
    pay_str_t  value = pay_str_null;

    (void) pay_json_string(parse(body), key, &value);

    return value;
}


static UNUSED int
reply_signed(void)
{
    pay_headers_t  h = { s.reply_headers, s.nreply_headers };

    return signed_well(&h, s.reply_body);
}


/* the request is served with status and, where it is an error, code */

static UNUSED int
expect(int status, const char *code, const char *name)
{
    int         good;
    pay_rc_t    rc;
    pay_str_t   type;
    pay_json_t *tree;

    rc = run();
    type = reply_header("Content-Type");

    good = rc == PAY_DONE && s.status == status
           && reply_header("Request-ID").len >= 18
           && (status == 401 ? reply_header("Wechatpay-Signature").len == 0
                             : reply_signed());

    if (status == 204) {
        good = good && s.reply_body.len == 0 && type.len == 0;

    } else {
        tree = parse(s.reply_body);
        good = good && tree != NULL && pay_str_eqz(type, "application/json");
    }

    if (code != NULL) {
        good = good && pay_str_eqz(member(s.reply_body, "code"), code)
               && member(s.reply_body, "message").len != 0
               && pay_json_get(parse(s.reply_body), "detail") != NULL
               && !s.changed;
    }

    ok(good, "%s: %d %s", name, status, code ? code : "");

    if (!good) {
        printf("# rc %d, status %d, body %.*s\n", rc, s.status,
               (int) s.reply_body.len, s.reply_body.data);
    }

    return good;
}


static UNUSED pay_str_t
detail(const char *key)
{
    pay_str_t  value = pay_str_null;

    (void) pay_json_string(pay_json_get(parse(s.reply_body), "detail"), key,
                           &value);

    return value;
}


/* the body of a prepay: members that may be replaced, NULL: left out */

#define MEMBERS  15

static const struct {
    const char  *key;
    const char  *value;
} members[MEMBERS] = {
    { "appid", "\"wxd678efh567hg6787\"" },
    { "mchid", "\"" MCHID "\"" },
    { "description", "\"一杯茶 & \\\"cake\\\"\"" },
    { "out_trade_no", "\"" NUMBER "\"" },
    { "time_expire", "\"2026-11-22T10:00:00+08:00\"" },
    { "attach", "\"p1.shop.0123\"" },
    { "notify_url", "\"http://127.0.0.1:8080/notify/wechat\"" },
    { "goods_tag", NULL },
    { "support_fapiao", NULL },
    { "limit_pay", NULL },
    { "amount", "{\"total\":1050,\"currency\":\"CNY\"}" },
    { "detail", NULL },
    { "scene_info", "{\"payer_client_ip\":\"203.0.113.9\","
                    "\"device_id\":\"till-1\"}" },
    { "settle_info", NULL },
    { "extra", NULL }
};


static UNUSED const char *
body(const char *key, const char *value)
{
    int          n;
    size_t       i;
    const char  *v;
    static char  buf[32768];

    for (n = 0, i = 0; i < MEMBERS; i++) {
        v = key != NULL && strcmp(key, members[i].key) == 0
            ? value : members[i].value;

        if (v != NULL) {
            n += sprintf(buf + n, "%c\"%s\":%s", n == 0 ? '{' : ',',
                         members[i].key, v);
        }
    }

    sprintf(buf + n, "}");

    return buf;
}


static UNUSED void
forget(void)
{
    order = (pay_str_t) pay_str_null;
    nstored = 0;
}


/* an order in the store */

static UNUSED void
prepay(void)
{
    forget();
    request("POST", NATIVE, body(NULL, NULL));

    if (run() != PAY_DONE || s.status != 200 || order.len == 0) {
        ok(0, "prepay");
    }
}


static UNUSED int
has_only(pay_str_t body, const char *names)
{
    pay_json_t  *tree, *v;

    tree = parse(body);

    if (tree == NULL) {
        return 0;
    }

    for (v = tree->child; v != NULL; v = v->next) {
        if (strstr(names, (const char *) text(" %.*s ", (int) v->key.len,
                                              v->key.data).data) == NULL)
        {
            return 0;
        }
    }

    return 1;
}


static pay_str_t  part;             /* whose button is pressed */


/* a button of what is in s, as far as it needs */

static UNUSED pay_rc_t
again(pay_press_t what, const char **why)
{
    pay_rc_t  rc;

    rc = sim->press(&s, what, why);

    while (rc == PAY_FETCH) {
        load();
        rc = sim->press(&s, what, why);
    }

    return rc;
}


static UNUSED pay_rc_t
press(pay_press_t what, const char **why)
{
    pay_rc_t  rc;

    fresh();
    *why = "not set";
    s.part_id = part;
    rc = again(what, why);
    save();

    return rc;
}


static UNUSED pay_str_t
opened(const pay_request_t *q)
{
    pay_str_t    sealed, nonce, aad, plain = pay_str_null;
    pay_json_t  *r;

    r = pay_json_get(parse(q->body), "resource");

    if (pay_json_string(r, "ciphertext", &sealed) != PAY_OK
        || pay_json_string(r, "nonce", &nonce) != PAY_OK
        || pay_json_string(r, "associated_data", &aad) != PAY_OK
        || pay_base64_decode(arena, sealed, &sealed) != PAY_OK
        || pay_aes256_gcm_open(arena, &plain, sealed, nonce, aad,
                               PAY_STR(V3_KEY)) != PAY_OK)
    {
        return (pay_str_t) pay_str_null;
    }

    return plain;
}


static UNUSED pay_str_t
notice_header(const pay_request_t *q, const char *name)
{
    pay_str_t      value = pay_str_null;
    pay_headers_t  h = { q->headers, q->nheaders };

    (void) pay_header_get(&h, name, &value);

    return value;
}


static UNUSED int
verified(const pay_request_t *q)
{
    pay_headers_t  h = { q->headers, q->nheaders };

    return signed_well(&h, q->body);
}


/* each test begins with an empty store, at NOW */

static UNUSED int
run_tests(void (*const *tests)(void), size_t n)
{
    size_t  i;

    keys();

    for (i = 0; i < n; i++) {
        arena = pay_arena_create(0);
        now = NOW;
        part = (pay_str_t) pay_str_null;
        signer = PUB_ID;
        forget();
        tests[i]();
        pay_arena_destroy(arena);
    }

    keys_free();

    return done();
}


#endif /* PAY_TEST_SIM_WECHATPAY_V3_H_INCLUDED */
