
/*
 * Copyright (C) the ngx_pay authors
 *
 * Content-Digest, RFC 9530 section 2.
 */

#include <codec/pay_sf.h>
#include <model/pay_content_digest.h>


static pay_rc_t pay_content_digest_take(const pay_sf_dict_t *fields,
    pay_content_digest_t *out, const char **why);
static pay_rc_t pay_content_digest_holds(pay_hash_t *hash, pay_str_t expected);


/* section 5, those whose status is "Active" */

static const struct {
    const char       *name;
    pay_hash_kind_t   kind;
    size_t            len;
} pay_content_digest_algs[PAY_CONTENT_DIGESTS] = {
    { "sha-256", PAY_HASH_SHA256, 32 },
    { "sha-512", PAY_HASH_SHA512, 64 }
};


pay_rc_t
pay_content_digest_parse(pay_arena_t *a, const pay_headers_t *h,
    pay_content_digest_t *out, const char **why)
{
    pay_rc_t       rc;
    pay_str_t      text;
    pay_sf_dict_t  fields;

    memset(out, 0, sizeof(pay_content_digest_t));

    rc = pay_header_join(a, h, PAY_STR("Content-Digest"), &text);
    if (rc != PAY_OK) {
        return rc;
    }

    rc = pay_sf_parse(a, text, &fields, why);

    if (rc == PAY_INVALID) {
        *why = "digest_syntax";
    }

    if (rc != PAY_OK) {
        return rc;
    }

    return pay_content_digest_take(&fields, out, why);
}


static pay_rc_t
pay_content_digest_take(const pay_sf_dict_t *fields,
    pay_content_digest_t *out, const char **why)
{
    size_t                  i, n;
    const pay_sf_member_t  *m;

    for (i = 0; i < fields->nelts; i++) {
        m = &fields->elts[i];

        if (m->inner_list || m->item.bare.type != PAY_SF_BYTES) {
            *why = "digest_syntax";
            return PAY_INVALID;
        }
    }

    for (n = 0, i = 0; i < PAY_CONTENT_DIGESTS; i++) {
        m = pay_sf_member(fields, pay_strz(pay_content_digest_algs[i].name));

        if (m == NULL) {
            continue;
        }

        if (m->item.bare.text.len != pay_content_digest_algs[i].len) {
            *why = "digest_length";
            return PAY_INVALID;
        }

        out->expected[i] = m->item.bare.text;
        n++;
    }

    if (n == 0) {
        *why = "digest_algorithm";
        return PAY_INVALID;
    }

    return PAY_OK;
}


pay_rc_t
pay_content_digest_begin(pay_content_digest_t *d)
{
    size_t  i;

    for (i = 0; i < PAY_CONTENT_DIGESTS; i++) {

        if (d->expected[i].len == 0) {
            continue;
        }

        d->hash[i] = pay_hash_begin(pay_content_digest_algs[i].kind);

        if (d->hash[i] == NULL) {
            pay_content_digest_drop(d);
            return PAY_ERROR;
        }
    }

    return PAY_OK;
}


void
pay_content_digest_add(pay_content_digest_t *d, const void *p, size_t n)
{
    size_t  i;

    for (i = 0; i < PAY_CONTENT_DIGESTS; i++) {
        if (d->hash[i] != NULL) {
            pay_hash_add(d->hash[i], p, n);
        }
    }
}


/* without one digest that was begun nothing holds */

pay_rc_t
pay_content_digest_end(pay_content_digest_t *d)
{
    size_t    i, n;
    pay_rc_t  rc;

    rc = PAY_OK;

    for (n = 0, i = 0; i < PAY_CONTENT_DIGESTS && rc == PAY_OK; i++) {
        if (d->hash[i] != NULL) {
            rc = pay_content_digest_holds(d->hash[i], d->expected[i]);
            d->hash[i] = NULL;
            n++;
        }
    }

    pay_content_digest_drop(d);

    return n == 0 ? PAY_DECLINED : rc;
}


static pay_rc_t
pay_content_digest_holds(pay_hash_t *hash, pay_str_t expected)
{
    pay_u8  got[64];

    if (pay_hash_end(got, hash) != 0) {
        return PAY_ERROR;
    }

    return pay_equal_secret(got, expected.data, expected.len)
           ? PAY_OK : PAY_DECLINED;
}


void
pay_content_digest_drop(pay_content_digest_t *d)
{
    size_t  i;

    for (i = 0; i < PAY_CONTENT_DIGESTS; i++) {
        pay_hash_drop(d->hash[i]);
        d->hash[i] = NULL;
    }
}
