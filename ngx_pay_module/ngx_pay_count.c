
/*
 * Copyright (C) the ngx_pay authors
 *
 * The closed lists that are counted by.
 */

#include <ngx_pay_count.h>
#include <ngx_pay_redis.h>


/*
 * In shared memory a reason is its place: a change here is another layout of
 * the zone.  Those that cost a client least to provoke come first.
 */

static const char *const  ngx_pay_reasons[] = {
    "other",

    /* Authorization */

    "no_authorization", "other_scheme", "repeated_authorization",
    "scheme", "scheme_syntax", "param_syntax", "param_unknown",
    "param_repeated", "param_missing", "merchant_syntax", "key_syntax",
    "ts_syntax", "signature_syntax", "nonce_syntax",

    /* what both forms have */

    "signature", "too_long", "absolute_form", "ts_old", "ts_future",
    "expired", "allowlist", "replay",

    /* the store */

    "cold_store", "window_grown", "zone_full", "zone_frozen", "cold_redis",
    "reply", "store",

    /* Signature-Input and Signature */

    "other_tag", "input_syntax", "labels", "components", "tag_repeated",
    "signature_missing", "created_type", "expires_type", "nonce_type",
    "alg_type", "keyid_type", "tag_type",

    "method_not_covered", "authority_not_covered", "path_not_covered",
    "query_not_covered", "digest_not_covered",

    "created_missing", "keyid_missing", "tag_missing", "nonce_missing",
    "keyid_syntax", "alg",

    "component_repeated", "component_bytes", "component_req",
    "component_trailer", "component_name", "component_missing",
    "component_unstructured", "component_syntax", "component_unknown",
    "component_param", "component_params", "query_param_repeated", "target",
    "query_too_many", "query_syntax",

    /* Content-Digest */

    "digest_syntax", "digest_length", "digest_algorithm", "content_digest"
};

#define NGX_PAY_REASONS  pay_nelts(ngx_pay_reasons)

typedef char  ngx_pay_reasons_fit[
    NGX_PAY_REASONS + NGX_PAY_REDIS_REASONS <= NGX_PAY_REASONS_MAX ? 1 : -1];


static const ngx_msec_t  ngx_pay_call_limits[NGX_PAY_CALL_BOUNDS] = {
    50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000
};

/* the same, in seconds */

const char *const  ngx_pay_call_bounds[NGX_PAY_CALL_BOUNDS] = {
    "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "30"
};


const char *
ngx_pay_reason_name(ngx_uint_t i)
{
    if (i < NGX_PAY_REASONS) {
        return ngx_pay_reasons[i];
    }

    i -= NGX_PAY_REASONS;

    return i < NGX_PAY_REDIS_REASONS ? ngx_pay_redis_reason(i) : NULL;
}


ngx_uint_t
ngx_pay_reason_redis(void)
{
    return NGX_PAY_REASONS;
}


ngx_uint_t
ngx_pay_reason(const char *reason)
{
    ngx_uint_t   i;
    const char  *name;

    for (i = 1; (name = ngx_pay_reason_name(i)) != NULL; i++) {
        if (ngx_strcmp(name, reason) == 0) {
            return i;
        }
    }

    return 0;
}


ngx_uint_t
ngx_pay_gate_gives(pay_code_t code)
{
    switch (code) {

    case PAY_E_SIGNATURE_MALFORMED:
    case PAY_E_NONCE_INVALID:
    case PAY_E_SIGNATURE_MISSING:
    case PAY_E_SIGNATURE_MISMATCH:
    case PAY_E_ALGORITHM_NOT_ALLOWED:
    case PAY_E_TIMESTAMP_OUT_OF_WINDOW:
    case PAY_E_IP_NOT_ALLOWED:
    case PAY_E_NONCE_REPLAYED:
    case PAY_E_BODY_TOO_LARGE:
    case PAY_E_INTERNAL_ERROR:
    case PAY_E_STORE_UNAVAILABLE:
        return 1;

    default:
        return 0;
    }
}


ngx_pay_outcome_t
ngx_pay_outcome(pay_code_t code)
{
    if (code == PAY_E_NONE) {
        return NGX_PAY_OUTCOME_OK;
    }

    if (code == PAY_E_OUTCOME_UNKNOWN) {
        return NGX_PAY_OUTCOME_UNKNOWN;
    }

    return pay_code_info(code)->status < 500 ? NGX_PAY_OUTCOME_REFUSED
                                             : NGX_PAY_OUTCOME_FAILED;
}


ngx_uint_t
ngx_pay_call_bucket(ngx_msec_t ms)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_PAY_CALL_BOUNDS; i++) {
        if (ms <= ngx_pay_call_limits[i]) {
            break;
        }
    }

    return i;
}
