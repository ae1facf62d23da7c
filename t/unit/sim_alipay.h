
/*
 * Copyright (C) the ngx_pay authors
 *
 * For the tests of the Alipay simulator: a client, written by the channel
 * document (sections 2 and 8), not taken from the driver.  Keys are throwaway
 * ones, made when the test starts.
 */

#ifndef PAY_TEST_SIM_ALIPAY_H_INCLUDED
#define PAY_TEST_SIM_ALIPAY_H_INCLUDED


#include "test.h"

#include <channel/pay_alipay.h>
#include <sandbox/pay_sandbox.h>
#include <sandbox/pay_sim.h>

#include <openssl/evp.h>
#include <openssl/pem.h>


#define NOW      INT64_C(1795305600)                /* 2026-11-22T08:00:00+08 */
#define NOW_TEXT "2026-11-22 08:00:00"
#define APP      "2021000000000001"
#define NUMBER   "order_0001"
#define NOTIFY   "http://127.0.0.1:8080/notify?ch=a&t=1"


static const pay_simulator_t  *sim = &pay_sim_alipay;
static pay_arena_t            *arena;           /* of the running block */
static pay_key_t              *app_key, *stranger, *gate_key, *gate_public;
static pay_alipay_conf_t       conf;
static pay_channel_t           channel;
static const pay_channel_t    *channels[3];
static pay_sim_t               s;
static int64_t                 now = NOW;

/* the store: a record of each number */

static struct {
    char    id[128];
    char    text[4097];
    size_t  len;
} records[128];

static pay_field_t   params[40];
static size_t        nparams;
static pay_header_t  headers[4];


static UNUSED void
need(pay_rc_t rc, const char *what)
{
    if (rc != PAY_OK) {
        printf("Bail out! %s\n", what);
        exit(1);
    }
}


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


static UNUSED void
make_key(const char *kind, unsigned kinds, pay_key_t **private,
    pay_key_t **public)
{
    BIO         *bio;
    char        *p;
    long         n;
    EVP_PKEY    *pkey;
    const char  *why;

    pkey = strcmp(kind, "RSA") == 0
           ? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t) 2048)
           : EVP_PKEY_Q_keygen(NULL, NULL, kind);

    bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL);
    n = BIO_get_mem_data(bio, &p);
    need(pay_key_private_pem((pay_str_t) { n, (pay_u8 *) p }, kinds, private,
                             &why), "private key");
    BIO_free(bio);

    if (public != NULL) {
        bio = BIO_new(BIO_s_mem());
        PEM_write_bio_PUBKEY(bio, pkey);
        n = BIO_get_mem_data(bio, &p);
        need(pay_key_public_pem((pay_str_t) { n, (pay_u8 *) p }, kinds,
                                public, &why), "public key");
        BIO_free(bio);
    }

    EVP_PKEY_free(pkey);
}


static UNUSED void
keys(void)
{
    make_key("RSA", PAY_KEYS_RSA, &app_key, NULL);
    make_key("RSA", PAY_KEYS_RSA, &stranger, NULL);
    make_key("RSA", PAY_KEYS_RSA, &gate_key, &gate_public);

    conf.app_id = PAY_STR(APP);
    conf.app_private_key = app_key;
    conf.alipay_public_key = gate_public;
    conf.sandbox_key = gate_key;

    channel.name = PAY_STR("alipay");
    channel.conf = &conf;
    channel.sandbox = 1;

    channels[0] = &channel;
}


static UNUSED void
keys_free(void)
{
    pay_key_unref(app_key);
    pay_key_unref(stranger);
    pay_key_unref(gate_key);
    pay_key_unref(gate_public);
}


/* replaces a parameter, or takes it away (value NULL), or adds it */

static UNUSED void
set(const char *name, const char *value)
{
    size_t  i, n;

    for (i = 0, n = 0; i < nparams; i++) {
        if (!pay_str_eqz(params[i].name, name)) {
            params[n++] = params[i];
        }
    }

    if (value != NULL) {
        params[n].name = text("%s", name);
        params[n++].value = text("%s", value);
    }

    nparams = n;
}


/* section 2.1, by another way than the simulator's: the next name, again */

static UNUSED pay_str_t
canonical(const pay_field_t *f, size_t n, int v1)
{
    size_t     i, k, next;
    pay_buf_t  b;
    pay_str_t  last = pay_str("");

    pay_buf_init(&b, arena, 256);

    for (k = 0; ; k++) {
        next = n;

        for (i = 0; i < n; i++) {
            if (pay_str_eqz(f[i].name, "sign") || f[i].value.len == 0
                || (v1 && pay_str_eqz(f[i].name, "sign_type"))
                || pay_str_cmp(f[i].name, last) <= 0
                || (next != n && pay_str_cmp(f[i].name, f[next].name) > 0))
            {
                continue;
            }

            next = i;
        }

        if (next == n) {
            return pay_buf_str(&b);
        }

        pay_buf_addz(&b, k ? "&" : "");
        pay_buf_adds(&b, f[next].name);
        pay_buf_addc(&b, '=');
        pay_buf_adds(&b, f[next].value);
        last = f[next].name;
    }
}


static UNUSED pay_str_t
encoded(const pay_field_t *f, size_t n)
{
    size_t     i;
    pay_buf_t  b;

    pay_buf_init(&b, arena, 256);

    for (i = 0; i < n; i++) {
        pay_buf_addz(&b, i ? "&" : "");
        pay_buf_adds(&b, f[i].name);
        pay_buf_addc(&b, '=');
        pay_buf_adds(&b, pay_percent_encode(arena, f[i].value));
    }

    return pay_buf_str(&b);
}


static UNUSED void
sign_with(const pay_key_t *key)
{
    pay_str_t  sig;

    set("sign", NULL);
    need(pay_sign(arena, &sig, canonical(params, nparams, 0), key,
                  PAY_SIG_DER), "signing");
    set("sign", (const char *) pay_str_dup(arena,
                                    pay_base64_encode(arena, sig)).data);
}


/* the parameters of a good request; each test then spoils what it is about */

static UNUSED void
request(const char *method, const char *biz)
{
    char      when[24];
    int64_t   t;
    pay_str_t z;

    nparams = 0;
    t = now;
    z = pay_time_format(arena, t, PAY_BEIJING);
    snprintf(when, sizeof(when), "%.10s %.8s", z.data, z.data + 11);

    set("app_id", APP);
    set("method", method);
    set("format", "JSON");
    set("charset", "utf-8");
    set("sign_type", "RSA2");
    set("timestamp", when);
    set("version", "1.0");
    set("notify_url", NOTIFY);
    set("biz_content", biz);
}


/* what the glue does: the record that open() names, loaded and stored */

static UNUSED size_t
record(pay_str_t id)
{
    size_t  i;

    for (i = 0; records[i].id[0] != '\0'; i++) {
        if (pay_str_eqz(id, records[i].id)) {
            return i;
        }
    }

    if (i == pay_nelts(records) - 1) {
        printf("Bail out! no room for records\n");
        exit(1);
    }

    memcpy(records[i].id, id.data, id.len);

    return i;
}


static UNUSED void
forget(void)
{
    memset(records, 0, sizeof(records));
}


static UNUSED void
fresh(void)
{
    memset(&s, 0, sizeof(pay_sim_t));

    s.arena = arena;
    s.now = now;
    s.channels = channels;
    s.base = PAY_STR("http://127.0.0.1:8082");
    s.method = PAY_STR("POST");
    s.target = PAY_STR("/gateway.do");
    s.headers.elts = headers;
    s.headers.nelts = 1;
    headers[0].name = PAY_STR("content-type");
    headers[0].value = PAY_STR("application/x-www-form-urlencoded;"
                               "charset=utf-8");
    pay_random(s.random, sizeof(s.random));
}


static UNUSED void
load(pay_str_t id)
{
    size_t  i;

    i = record(id);
    s.order_id = id;
    s.order = (pay_str_t) { records[i].len, (pay_u8 *) records[i].text };
    s.order = records[i].len ? pay_str_dup(arena, s.order)
                             : (pay_str_t) pay_str_null;
}


static UNUSED void
load_all(void)
{
    size_t            i;
    pay_sim_thing_t  *t;

    if (s.order_id.len != 0 && !pay_str_eq(s.order_id, s.loaded)) {
        load(s.order_id);
        s.loaded = s.order_id;
    }

    for (t = s.things; t != NULL; t = t->next) {

        if (!t->loaded) {
            i = record(t->id);
            t->text = (pay_str_t) { records[i].len,
                                    (pay_u8 *) records[i].text };
            t->text = pay_str_dup(arena, t->text);
            t->loaded = 1;
        }
    }
}


static UNUSED void
keep(pay_str_t id, pay_str_t text)
{
    size_t  i;

    i = record(id);
    records[i].len = text.len;
    memcpy(records[i].text, text.data, text.len);
}


static UNUSED void
store(void)
{
    pay_sim_thing_t  *t;

    if (s.changed) {
        keep(s.order_id, s.order);
    }

    for (t = s.things; t != NULL; t = t->next) {
        if (t->changed) {
            keep(t->id, t->text);
        }
    }
}


static UNUSED pay_rc_t
serve(void)
{
    pay_rc_t  rc;

    rc = sim->open(&s);

    if (rc != PAY_OK) {
        return rc;
    }

    do {
        load_all();
        rc = sim->serve(&s);
    } while (rc == PAY_FETCH);

    store();

    return rc;
}


/* signed and sent: the parameters as they are now */

static UNUSED pay_rc_t
sent_by(const pay_key_t *key)
{
    if (key != NULL) {
        sign_with(key);
    }

    fresh();
    s.body = encoded(params, nparams);

    return serve();
}


static UNUSED pay_rc_t
call(const char *method, const char *biz)
{
    request(method, biz);

    return sent_by(app_key);
}


/* the answer, section 2.4 by the plainest of ways: our own texts only */

static UNUSED pay_str_t
node(void)
{
    int            depth, quoted;
    size_t         i;
    pay_str_t      t;
    const pay_u8  *p;

    p = memchr(s.reply_body.data, ':', s.reply_body.len);

    if (p == NULL) {
        return (pay_str_t) pay_str_null;
    }

    t.data = ++p;
    t.len = s.reply_body.data + s.reply_body.len - p;

    for (i = 0, depth = 0, quoted = 0; i < t.len; i++) {

        if (quoted && t.data[i] == '\\') {
            i++;

        } else if (t.data[i] == '"') {
            quoted = !quoted;

        } else if (!quoted && t.data[i] == '{') {
            depth++;

        } else if (!quoted && t.data[i] == '}') {
            depth--;
        }

        if (depth == 0 && !quoted) {
            t.len = i + 1;
            return t;
        }
    }

    return (pay_str_t) pay_str_null;
}


static UNUSED pay_json_t *
parse(pay_str_t body)
{
    pay_json_t  *tree;
    const char  *why;

    return body.data != NULL
           && pay_json_parse(arena, body, &tree, &why) == PAY_OK ? tree
                                                                 : NULL;
}


static UNUSED pay_str_t
got(const char *key)
{
    pay_str_t  value = pay_str_null;

    (void) pay_json_string(parse(node()), key, &value);

    return value;
}


static UNUSED int
answer_signed(void)
{
    pay_str_t      sign, sig;
    pay_verify_t  *v;
    pay_str_t      n;

    n = node();

    if (pay_json_string(parse(s.reply_body), "sign", &sign) != PAY_OK
        || pay_base64_decode(arena, sign, &sig) != PAY_OK)
    {
        return 0;
    }

    v = pay_verify_begin(conf.alipay_public_key);
    pay_verify_add(v, n.data, n.len);

    return pay_verify_end(v, sig, PAY_SIG_DER) == PAY_OK;
}


/* code, sub_code (NULL: none), and whether it has to be signed */

static UNUSED int
expect(const char *code, const char *sub_code, int sign, const char *name)
{
    int  good;

    good = s.status == 200 && pay_str_eqz(got("code"), code)
           && (sub_code == NULL ? got("sub_code").data == NULL
               : pay_str_eqz(got("sub_code"), sub_code)
                 && got("sub_msg").len != 0 && !s.changed)
           && got("msg").len != 0 && answer_signed() == sign;

    ok(good, "%s: %s %s", name, code, sub_code ? sub_code : "");

    if (!good) {
        printf("# status %d, signed %d, body %.*s\n", s.status,
               answer_signed(), (int) s.reply_body.len, s.reply_body.data);
    }

    return good;
}


static UNUSED pay_rc_t
press(const char *number, pay_press_t how)
{
    pay_rc_t     rc;
    const char  *why;

    fresh();
    s.channel = &channel;
    s.order_id = text("%s", number);

    do {
        load_all();
        rc = sim->press(&s, how, &why);
    } while (rc == PAY_FETCH);

    store();

    return rc;
}


/* the n-th notice that is due is sent, and taken off the list, or is not */

static UNUSED pay_rc_t
post(size_t n, int taken, pay_form_t *f, pay_request_t *q)
{
    int64_t   id;
    pay_rc_t  rc;

    f->nelts = 0;
    s.random_used = 0;

    if (n >= s.ndue) {
        return PAY_DECLINED;
    }

    id = s.due[n].id;
    rc = sim->notice(&s, id, q);

    if (rc != PAY_OK || pay_form_parse(arena, q->body, 64, f) != PAY_OK) {
        return PAY_ERROR;
    }

    if (!taken) {
        return PAY_OK;
    }

    rc = sim->sent(&s, id);
    store();

    return rc;
}


/* a field of a notice */

static UNUSED pay_str_t
of(const pay_form_t *f, const char *name)
{
    const pay_str_t  *v;

    v = pay_form_get(f, name);

    return v != NULL ? *v : (pay_str_t) pay_str_null;
}


static UNUSED int
notice_signed(const pay_form_t *f)
{
    pay_str_t      sig, t;
    pay_verify_t  *v;

    if (pay_base64_decode(arena, of(f, "sign"), &sig) != PAY_OK) {
        return 0;
    }

    t = canonical(f->elts, f->nelts, 1);
    v = pay_verify_begin(conf.alipay_public_key);
    pay_verify_add(v, t.data, t.len);

    return pay_verify_end(v, sig, PAY_SIG_DER) == PAY_OK;
}


#endif /* PAY_TEST_SIM_ALIPAY_H_INCLUDED */
