
/*
 * Copyright (C) the ngx_pay authors
 *
 * For tests of HTTP Message Signatures: a request out of its text, and a
 * judge that goes the way of the gate.
 */

#ifndef PAY_TEST_MESSAGE_H_INCLUDED
#define PAY_TEST_MESSAGE_H_INCLUDED


#include "vectors.h"

#include <codec/pay_codec.h>
#include <model/pay_content_digest.h>
#include <model/pay_message.h>


#define HEADERS_MAX  32
#define KEYS_MAX     8

/* what the vectors' profile says */

#define MAX_AGE      300
#define FUTURE_SKEW  60


typedef struct {
    pay_message_t  m;
    pay_header_t   list[HEADERS_MAX];
    pay_headers_t  headers;
    pay_str_t      body;
} message_t;

typedef struct {
    const char     *keyid;
    pay_alg_t       alg;
    pay_mac_key_t  *mac;        /* of HMAC */
    pay_key_t      *key;        /* of the others */
} test_key_t;


static pay_arena_t  *arena;
static test_key_t    test_keys[KEYS_MAX];
static size_t        test_nkeys;


/* a copy without a byte behind it, so that a read over its end is seen */

static UNUSED pay_str_t
exact(pay_str_t s)
{
    pay_u8  *p;

    p = pay_alloc(arena, s.len);
    memcpy(p, s.len ? s.data : (const pay_u8 *) "", s.len);
    s.data = p;

    return s;
}


static UNUSED void
header_set(message_t *m, const char *name, pay_str_t value)
{
    size_t  i;

    for (i = 0; i < m->headers.nelts; i++) {
        if (pay_str_caseeqz(m->list[i].name, name)) {
            m->list[i].value = value;
            return;
        }
    }
}


static UNUSED pay_str_t
header_of(const message_t *m, const char *name)
{
    pay_str_t  value = pay_str_null;

    pay_header_get(&m->headers, name, &value);

    return value;
}


/* none is NULL or empty */

static UNUSED void
is_why(const char *got, const char *want, const char *name)
{
    got = got ? got : "";
    want = want ? want : "";

    if (!ok(strcmp(got, want) == 0, "%s%s%s", name, *want ? ": " : "", want)) {
        printf("#      got: %s\n", got);
    }
}


/* up to an end, which is skipped */

static pay_str_t
message_until(const char **p, const char *end)
{
    pay_str_t    s;
    const char  *found;

    found = strstr(*p, end);
    if (found == NULL) {
        bail("not a message", *p);
    }

    s.data = (const pay_u8 *) *p;
    s.len = found - *p;
    *p = found + strlen(end);

    return exact(s);
}


/*
 * A server unfolds a line that goes on before anybody sees it (RFC 9112
 * section 5.2), or refuses it as nginx does.
 */

static pay_str_t
message_unfolded(const char **p)
{
    pay_buf_t  b;

    pay_buf_init(&b, arena, 0);
    pay_buf_adds(&b, message_until(p, "\r\n"));

    while (**p == ' ') {
        *p += strspn(*p, " ");
        pay_buf_addc(&b, ' ');
        pay_buf_adds(&b, message_until(p, "\r\n"));
    }

    return exact(pay_buf_str(&b));
}


static UNUSED void
message_read(message_t *m, const char *text, const char *scheme)
{
    size_t  n;

    memset(m, 0, sizeof(message_t));

    m->m.method = message_until(&text, " ");
    m->m.target = message_until(&text, " HTTP/1.1\r\n");
    m->m.scheme = pay_strz(scheme);
    m->m.headers = &m->headers;
    m->headers.elts = m->list;

    for (n = 0; strncmp(text, "\r\n", 2) != 0; n++) {
        if (n == HEADERS_MAX) {
            bail("too many headers", text);
        }

        m->list[n].name = message_until(&text, ":");
        m->list[n].value = message_unfolded(&text);
        m->headers.nelts++;
    }

    m->m.authority = pay_str_trim(header_of(m, "Host"));
    m->body = exact(pay_strz(text + 2));
}


/* --- the judge, in the order of the gate --------------------------------- */

static const test_key_t *
key_find(pay_str_t keyid)
{
    size_t  i;

    for (i = 0; i < test_nkeys; i++) {
        if (pay_str_eqz(keyid, test_keys[i].keyid)) {
            return &test_keys[i];
        }
    }

    return NULL;
}


static int
holds(const test_key_t *k, pay_str_t base, pay_str_t sig)
{
    pay_u8         mac[PAY_SHA256_LEN];
    pay_verify_t  *v;

    if (k->mac != NULL) {
        return pay_hmac_sha256(mac, base, k->mac) == 0
               && sig.len == sizeof(mac)
               && memcmp(sig.data, mac, sizeof(mac)) == 0;
    }

    v = pay_verify_begin(k->key);
    if (v == NULL) {
        bail("no verification with", k->keyid);
    }

    pay_verify_add(v, base.data, base.len);

    return pay_verify_end(v, sig, PAY_SIG_RAW) == PAY_OK;
}


static const char *
judge_times(const pay_message_sig_t *s, int64_t now)
{
    return s->created > now + FUTURE_SKEW || s->created < now - MAX_AGE
           || (s->expires != 0 && s->expires < now) ? "window" : NULL;
}


static const char *
judge_body(const message_t *m)
{
    pay_rc_t               rc;
    const char            *why;
    pay_content_digest_t   d;

    rc = pay_content_digest_parse(arena, &m->headers, &d, &why);

    if (rc == PAY_INVALID) {
        return why;
    }

    /* covered, so that it is there, or there is no body */

    if (rc == PAY_DECLINED) {
        return NULL;
    }

    if (pay_content_digest_begin(&d) != PAY_OK) {
        return "memory";
    }

    pay_content_digest_add(&d, m->body.data, m->body.len);

    return pay_content_digest_end(&d) == PAY_OK ? NULL : "digest";
}


/* NULL: accepted; now == 0: by the RFC alone, as its own vectors want it */

static UNUSED const char *
judge(const message_t *m, pay_str_t tag, int64_t now)
{
    pay_str_t           base;
    const char         *why;
    const test_key_t   *k;
    pay_message_sig_t   s;

    why = "?";

    switch (pay_message_parse(arena, &m->m, tag, &s, &why)) {

    case PAY_OK:
        break;

    case PAY_DECLINED:
        return "declined";

    case PAY_INVALID:
        return why;

    default:
        return "memory";
    }

    why = now == 0 ? NULL : pay_message_profile(&s, m->body.len > 0);
    why = why == NULL && now != 0 ? judge_times(&s, now) : why;

    if (why != NULL) {
        return why;
    }

    k = key_find(s.keyid);

    if (k == NULL) {
        return "key";
    }

    if (s.alg.data != NULL && pay_alg_by_name(s.alg) != k->alg) {
        return "alg";
    }

    if (pay_message_base(arena, &m->m, &s, &base, &why) != PAY_OK) {
        return why;
    }

    if (!holds(k, base, s.signature)) {
        return "signature";
    }

    return judge_body(m);
}


static UNUSED void
keys_close(void)
{
    while (test_nkeys > 0) {
        test_nkeys--;
        pay_mac_key_destroy(test_keys[test_nkeys].mac);
        pay_key_unref(test_keys[test_nkeys].key);
    }

    memset(test_keys, 0, sizeof(test_keys));
}


#endif /* PAY_TEST_MESSAGE_H_INCLUDED */
