
/*
 * Copyright (C) the ngx_pay authors
 *
 * Reading structured fields: keys and Bare Items.  The numbers are those of
 * the algorithms of RFC 8941.
 */

#include <codec/pay_codec.h>
#include <codec/pay_sf.h>
#include <codec/pay_sf_reader.h>


static pay_rc_t pay_sf_integer(pay_sf_reader_t *r, pay_sf_bare_t *out);
static pay_rc_t pay_sf_string(pay_sf_reader_t *r, pay_sf_bare_t *out);
static pay_rc_t pay_sf_token(pay_sf_reader_t *r, pay_sf_bare_t *out);
static pay_rc_t pay_sf_bytes(pay_sf_reader_t *r, pay_sf_bare_t *out);
static pay_rc_t pay_sf_boolean(pay_sf_reader_t *r, pay_sf_bare_t *out);
static pay_str_t pay_sf_run(pay_sf_reader_t *r, const char *extra);
static int pay_sf_within(const pay_sf_reader_t *r, int first, int last);


/* 4.2.3.3 */

pay_rc_t
pay_sf_key(pay_sf_reader_t *r, pay_str_t *out)
{
    size_t  i;

    if (pay_sf_peek(r) != '*' && !pay_sf_within(r, 'a', 'z')) {
        return pay_sf_bad(r, "key");
    }

    *out = pay_sf_run(r, "_-.*");

    for (i = 0; i < out->len; i++) {
        if (out->data[i] >= 'A' && out->data[i] <= 'Z') {
            return pay_sf_bad(r, "key");
        }
    }

    return PAY_OK;
}


/* 4.2.3.1 */

pay_rc_t
pay_sf_bare(pay_sf_reader_t *r, pay_sf_bare_t *out)
{
    memset(out, 0, sizeof(pay_sf_bare_t));

    if (pay_sf_take(r, '"')) {
        return pay_sf_string(r, out);
    }

    if (pay_sf_take(r, ':')) {
        return pay_sf_bytes(r, out);
    }

    if (pay_sf_take(r, '?')) {
        return pay_sf_boolean(r, out);
    }

    if (pay_sf_peek(r) == '-' || pay_sf_within(r, '0', '9')) {
        return pay_sf_integer(r, out);
    }

    if (pay_sf_peek(r) == '*' || pay_sf_within(r, 'A', 'Z')
        || pay_sf_within(r, 'a', 'z'))
    {
        return pay_sf_token(r, out);
    }

    return pay_sf_bad(r, "value");
}


/* 4.2.4, without Decimals */

static pay_rc_t
pay_sf_integer(pay_sf_reader_t *r, pay_sf_bare_t *out)
{
    int     minus;
    size_t  n;

    out->type = PAY_SF_INTEGER;
    minus = pay_sf_take(r, '-');

    for (n = 0; pay_sf_within(r, '0', '9'); n++) {

        if (n == 15) {
            return pay_sf_bad(r, "integer");
        }

        out->number = out->number * 10 + (pay_sf_peek(r) - '0');
        pay_sf_take(r, pay_sf_peek(r));
    }

    if (n == 0 || pay_sf_peek(r) == '.') {
        return pay_sf_bad(r, "integer");
    }

    if (minus) {
        out->number = -out->number;
    }

    return PAY_OK;
}


/* 4.2.5, behind its quote */

static pay_rc_t
pay_sf_string(pay_sf_reader_t *r, pay_sf_bare_t *out)
{
    int        c;
    pay_buf_t  b;

    out->type = PAY_SF_STRING;
    pay_buf_init(&b, r->arena, 0);

    while (!pay_sf_take(r, '"')) {

        if (pay_sf_take(r, '\\') && pay_sf_peek(r) != '"'
            && pay_sf_peek(r) != '\\')
        {
            return pay_sf_bad(r, "string");
        }

        if (!pay_sf_within(r, 0x20, 0x7e)) {
            return pay_sf_bad(r, "string");
        }

        c = pay_sf_peek(r);
        pay_buf_addc(&b, c);
        pay_sf_take(r, c);
    }

    out->text = pay_buf_str(&b);

    return out->text.data == NULL ? PAY_ERROR : PAY_OK;
}


/* 4.2.6: the first character is known to be one that may begin a Token */

static pay_rc_t
pay_sf_token(pay_sf_reader_t *r, pay_sf_bare_t *out)
{
    out->type = PAY_SF_TOKEN;
    out->text = pay_sf_run(r, "!#$%&'*+-.^_`|~:/");

    return PAY_OK;
}


/* 4.2.7, behind its colon */

static pay_rc_t
pay_sf_bytes(pay_sf_reader_t *r, pay_sf_bare_t *out)
{
    pay_rc_t   rc;
    pay_str_t  text;

    out->type = PAY_SF_BYTES;
    text = pay_sf_run(r, "+/=");

    if (!pay_sf_take(r, ':')) {
        return pay_sf_bad(r, "bytes");
    }

    rc = pay_base64_decode(r->arena, text, &out->text);

    return rc == PAY_INVALID ? pay_sf_bad(r, "bytes") : rc;
}


/* 4.2.8, behind its question mark */

static pay_rc_t
pay_sf_boolean(pay_sf_reader_t *r, pay_sf_bare_t *out)
{
    out->type = PAY_SF_BOOLEAN;

    if (pay_sf_take(r, '1')) {
        out->number = 1;
        return PAY_OK;
    }

    return pay_sf_take(r, '0') ? PAY_OK : pay_sf_bad(r, "boolean");
}


/* the letters, digits and characters of extra that are next */

static pay_str_t
pay_sf_run(pay_sf_reader_t *r, const char *extra)
{
    pay_str_t  run, c;

    run = r->text;

    for (run.len = 0; run.len < r->text.len; run.len++) {
        c.data = run.data + run.len;
        c.len = 1;

        if (!pay_str_token(c, extra, 1, 1)) {
            break;
        }
    }

    if (run.len > 0) {
        r->text.data += run.len;
        r->text.len -= run.len;
    }

    return run;
}


void
pay_sf_skip(pay_sf_reader_t *r, const char *blanks)
{
    while (pay_sf_peek(r) > 0 && strchr(blanks, pay_sf_peek(r)) != NULL) {
        pay_sf_take(r, pay_sf_peek(r));
    }
}


int
pay_sf_take(pay_sf_reader_t *r, int c)
{
    if (pay_sf_peek(r) != c) {
        return 0;
    }

    r->text.data++;
    r->text.len--;

    return 1;
}


/* -1 at the end */

int
pay_sf_peek(const pay_sf_reader_t *r)
{
    return r->text.len == 0 ? -1 : r->text.data[0];
}


static int
pay_sf_within(const pay_sf_reader_t *r, int first, int last)
{
    return pay_sf_peek(r) >= first && pay_sf_peek(r) <= last;
}


pay_rc_t
pay_sf_bad(pay_sf_reader_t *r, const char *why)
{
    r->why = why;

    return PAY_INVALID;
}
