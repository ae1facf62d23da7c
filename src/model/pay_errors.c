
/*
 * Copyright (C) the ngx_pay authors
 *
 * Errors: one cause, one code, one retry (docs/design.md section 8).
 */

#include <model/pay_model.h>


static const pay_code_info_t  pay_codes[PAY_E_MAX] = {
    [PAY_E_NONE] = { "none", 200, "never", "" },

    [PAY_E_SIGNATURE_MALFORMED] = { "signature_malformed", 400, "never",
        "The Authorization header is not of the documented form." },
    [PAY_E_NONCE_INVALID] = { "nonce_invalid", 400, "never",
        "The nonce must be 16 to 64 characters of A-Z a-z 0-9 _ -." },
    [PAY_E_JSON_INVALID] = { "json_invalid", 400, "never",
        "The body is not a strict JSON object." },

    [PAY_E_SIGNATURE_MISSING] = { "signature_missing", 401, "never",
        "The request carries no signature." },
    [PAY_E_SIGNATURE_MISMATCH] = { "signature_mismatch", 401, "never",
        "The signature does not hold for this merchant, key and request." },
    [PAY_E_ALGORITHM_NOT_ALLOWED] = { "algorithm_not_allowed", 401, "never",
        "The gate does not know this signature scheme." },
    [PAY_E_TIMESTAMP_OUT_OF_WINDOW] = { "timestamp_out_of_window", 401,
        "never", "The timestamp is too old or too far ahead: check the "
        "clock and sign again." },

    [PAY_E_DECLINED] = { "declined", 402, "new",
        "The payment was declined: use a new order_id to try again." },
    [PAY_E_AUTH_CODE_INVALID] = { "auth_code_invalid", 402, "new",
        "The buyer's code is wrong or expired: scan again." },

    [PAY_E_IP_NOT_ALLOWED] = { "ip_not_allowed", 403, "never",
        "The client address is not on the merchant's list." },
    [PAY_E_OPERATION_FORBIDDEN] = { "operation_forbidden", 403, "never",
        "The merchant may not use this operation." },
    [PAY_E_CHANNEL_FORBIDDEN] = { "channel_forbidden", 403, "never",
        "The merchant may not use this channel." },
    [PAY_E_RISK_REJECTED] = { "risk_rejected", 403, "never",
        "The channel's risk control refused." },

    [PAY_E_NOT_FOUND] = { "not_found", 404, "never",
        "There is no such object." },
    [PAY_E_ROUTE_UNKNOWN] = { "route_unknown", 404, "never",
        "There is no such call." },
    [PAY_E_METHOD_NOT_ALLOWED] = { "method_not_allowed", 405, "never",
        "The call exists with another method." },

    [PAY_E_NONCE_REPLAYED] = { "nonce_replayed", 409, "query",
        "This signed request was received before: query its object, or sign "
        "again with a new nonce." },
    [PAY_E_IDEMPOTENCY_CONFLICT] = { "idempotency_conflict", 409, "never",
        "The number is in use with other fields." },
    [PAY_E_IN_PROGRESS] = { "in_progress", 409, "same",
        "The same call is running: repeat it, or query." },
    [PAY_E_ALREADY_PAID] = { "already_paid", 409, "never",
        "The order is paid." },
    [PAY_E_ALREADY_CLOSED] = { "already_closed", 409, "never",
        "The order is closed." },
    [PAY_E_PAYER_BUSY] = { "payer_busy", 409, "later",
        "The buyer may be paying at this moment." },
    [PAY_E_STATE_CONFLICT] = { "state_conflict", 409, "never",
        "The object's state does not allow this." },
    [PAY_E_STATEMENT_NOT_READY] = { "statement_not_ready", 409, "later",
        "The channel has not made this statement yet." },

    [PAY_E_BODY_TOO_LARGE] = { "body_too_large", 413, "never",
        "The body is over the limit." },
    [PAY_E_MEDIA_TYPE_UNSUPPORTED] = { "media_type_unsupported", 415,
        "never", "The body must be application/json in UTF-8." },
    [PAY_E_ENCODING_UNSUPPORTED] = { "encoding_unsupported", 415, "never",
        "The body must not be compressed." },

    [PAY_E_FIELD_MISSING] = { "field_missing", 422, "never",
        "A required field is missing." },
    [PAY_E_FIELD_INVALID] = { "field_invalid", 422, "never",
        "A field has a value that is not allowed." },
    [PAY_E_FIELD_UNKNOWN] = { "field_unknown", 422, "never",
        "There is no such field." },
    [PAY_E_AMOUNT_INVALID] = { "amount_invalid", 422, "never",
        "The amount must be an integer of minor units, 1 or more, within "
        "the channel's limits." },
    [PAY_E_AMOUNT_EXCEEDS_ORDER] = { "amount_exceeds_order", 422, "never",
        "The amount is more than the order has left." },
    [PAY_E_CURRENCY_UNSUPPORTED] = { "currency_unsupported", 422, "never",
        "The currency is unknown, or the channel does not take it." },
    [PAY_E_RECEIVER_INVALID] = { "receiver_invalid", 422, "never",
        "A receiver is not valid." },
    [PAY_E_SPLIT_LIMIT] = { "split_limit", 422, "never",
        "The split is over the channel's limits." },
    [PAY_E_BALANCE_INSUFFICIENT] = { "balance_insufficient", 422, "later",
        "The account's balance is too small: repeat the same number later." },
    [PAY_E_CHANNEL_REJECTED] = { "channel_rejected", 422, "never",
        "The channel refused the request." },

    [PAY_E_LIMIT_EXCEEDED] = { "limit_exceeded", 429, "later",
        "Too many requests." },

    [PAY_E_INTERNAL_ERROR] = { "internal_error", 500, "never",
        "The gateway failed." },
    [PAY_E_OPERATION_UNSUPPORTED] = { "operation_unsupported", 501, "never",
        "The channel does not have this operation or method." },

    [PAY_E_CHANNEL_UNREACHABLE] = { "channel_unreachable", 502, "same",
        "The channel could not be reached and nothing was sent: repeat the "
        "same request." },
    [PAY_E_CHANNEL_AUTH_FAILED] = { "channel_auth_failed", 502, "never",
        "The channel does not accept the gateway's credentials." },
    [PAY_E_CHANNEL_PERMISSION] = { "channel_permission", 502, "never",
        "The account at the channel lacks a permission." },
    [PAY_E_CHANNEL_RESPONSE_INVALID] = { "channel_response_invalid", 502,
        "query", "The channel's answer could not be verified." },

    [PAY_E_STORE_UNAVAILABLE] = { "store_unavailable", 503, "same",
        "The gateway's store cannot decide now; nothing was sent: repeat "
        "the same request, signed again." },
    [PAY_E_CHANNEL_BUSY] = { "channel_busy", 503, "same",
        "The gateway is at its limit; nothing was sent: repeat the same "
        "request." },
    [PAY_E_CHANNEL_QUOTA] = { "channel_quota", 503, "later",
        "The channel's rate limit was reached." },

    [PAY_E_OUTCOME_UNKNOWN] = { "outcome_unknown", 504, "query",
        "The request may have reached the channel: query; while the order "
        "is not_found, repeat the same number and body; never use a new "
        "number." }
};


static const struct {
    int          status;
    const char  *phrase;
} pay_phrases[] = {
    { 400, "Bad Request" },
    { 401, "Unauthorized" },
    { 402, "Payment Required" },
    { 403, "Forbidden" },
    { 404, "Not Found" },
    { 405, "Method Not Allowed" },
    { 409, "Conflict" },
    { 413, "Content Too Large" },
    { 415, "Unsupported Media Type" },
    { 422, "Unprocessable Content" },
    { 429, "Too Many Requests" },
    { 500, "Internal Server Error" },
    { 501, "Not Implemented" },
    { 502, "Bad Gateway" },
    { 503, "Service Unavailable" },
    { 504, "Gateway Timeout" }
};


const pay_code_info_t *
pay_code_info(pay_code_t code)
{
    return &pay_codes[code < PAY_E_MAX ? code : PAY_E_INTERNAL_ERROR];
}


pay_rc_t
pay_error_set(pay_error_t *e, pay_code_t code, const char *param)
{
    e->code = code;

    if (param) {
        e->param = pay_strz(param);
    }

    return PAY_INVALID;
}


/* RFC 9457 section 4.2.1: with about:blank the title is the HTTP phrase */

static const char *
pay_status_phrase(int status)
{
    size_t  i;

    for (i = 0; i < pay_nelts(pay_phrases); i++) {
        if (pay_phrases[i].status == status) {
            return pay_phrases[i].phrase;
        }
    }

    return "Error";
}


pay_str_t
pay_error_json(pay_arena_t *a, const pay_error_t *e, pay_str_t request_id,
    int money)
{
    const char             *retry;
    pay_json_writer_t      *w;
    const pay_code_info_t  *info;

    info = pay_code_info(e->code);
    retry = info->retry;

    /* an internal error may come after the request has left */

    if (e->code == PAY_E_INTERNAL_ERROR && money) {
        retry = "query";
    }

    w = pay_json_writer(a);
    if (w == NULL) {
        return (pay_str_t) pay_str_null;
    }

    pay_jw_object(w, NULL);
    pay_jw_strz(w, "type", "about:blank");
    pay_jw_strz(w, "title", pay_status_phrase(info->status));
    pay_jw_int(w, "status", info->status);
    pay_jw_str(w, "detail", e->detail.len ? e->detail
                                          : pay_strz(info->detail));
    pay_jw_strz(w, "code", info->name);
    pay_jw_strz(w, "retry", retry);

    if (e->param.len) {
        pay_jw_str(w, "param", e->param);
    }

    if (e->channel.len) {
        pay_jw_str(w, "channel", e->channel);
        pay_jw_opt(w, "channel_code", e->channel_code);
        pay_jw_opt(w, "channel_message", e->channel_message);
    }

    pay_jw_str(w, "request_id", request_id);
    pay_jw_end(w);

    return pay_jw_text(w);
}
