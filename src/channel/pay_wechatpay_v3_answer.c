
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver wechatpay_v3: reading an answer, verified or not.
 */

#include <channel/pay_wechatpay_v3_int.h>


#define PAY_WECHATPAY_MESSAGE_MAX  256


/*
 * Sections 11.2 and 11.3.  What is not here, or came with a 5xx, leaves the
 * outcome open.  An error may be unsigned: it tells where to look, never a
 * state.
 */

static const pay_word_t  pay_wechatpay_codes[] = {
    { "PARAM_ERROR", PAY_E_CHANNEL_REJECTED },
    { "INVALID_REQUEST", PAY_E_CHANNEL_REJECTED },
    { "APPID_MCHID_NOT_MATCH", PAY_E_CHANNEL_REJECTED },
    { "RULE_LIMIT", PAY_E_CHANNEL_REJECTED },
    { "TRADE_ERROR", PAY_E_CHANNEL_REJECTED },
    { "ACCOUNT_ERROR", PAY_E_CHANNEL_REJECTED },
    { "USER_ACCOUNT_ABNORMAL", PAY_E_CHANNEL_REJECTED },
    { "NOT_ENOUGH", PAY_E_BALANCE_INSUFFICIENT },
    { "BALANCE_NOT_ENOUGH", PAY_E_BALANCE_INSUFFICIENT },
    { "BUDGET_NOT_ENOUGH", PAY_E_BALANCE_INSUFFICIENT },
    { "SIGN_ERROR", PAY_E_CHANNEL_AUTH_FAILED },
    { "MCH_NOT_EXISTS", PAY_E_CHANNEL_AUTH_FAILED },
    { "NO_AUTH", PAY_E_CHANNEL_PERMISSION },
    { "FREQUENCY_LIMITED", PAY_E_CHANNEL_QUOTA },
    { "FREQUENCY_LIMIT_EXCEED", PAY_E_CHANNEL_QUOTA },
    { "RATELIMIT_EXCEEDED", PAY_E_CHANNEL_QUOTA },
    { "QUOTA_EXCEED", PAY_E_CHANNEL_QUOTA },
    { "NOT_FOUND", PAY_E_NOT_FOUND },
    { "NO_STATEMENT_EXIST", PAY_E_STATEMENT_NOT_READY },
    { "STATEMENT_CREATING", PAY_E_STATEMENT_NOT_READY },
    { "ORDER_NOT_EXIST", PAY_E_NOT_FOUND },
    { "RESOURCE_NOT_EXISTS", PAY_E_NOT_FOUND },
    { "OUT_TRADE_NO_USED", PAY_E_IDEMPOTENCY_CONFLICT },
    { "ALREADY_EXISTS", PAY_E_IDEMPOTENCY_CONFLICT },
    { "ORDER_PAID", PAY_E_ALREADY_PAID },
    { "ORDER_CLOSED", PAY_E_ALREADY_CLOSED },
    { NULL, 0 }
};


/* section 11.1: products write '_' and a final ED as they like */

static int
pay_wechatpay_code_eq(pay_str_t a, pay_str_t b)
{
    size_t  i, j;

    for (i = 0, j = 0; /* void */ ; i++, j++) {

        while (i < a.len && a.data[i] == '_') {
            i++;
        }

        while (j < b.len && b.data[j] == '_') {
            j++;
        }

        if (i == a.len || j == b.len || a.data[i] != b.data[j]) {
            break;
        }
    }

    a.data += i;
    a.len -= i;
    b.data += j;
    b.len -= j;

    return (a.len == 0 || pay_str_eqz(a, "ED"))
           && (b.len == 0 || pay_str_eqz(b, "ED"));
}


static pay_code_t
pay_wechatpay_code(int status, pay_str_t theirs)
{
    const pay_word_t  *w;

    if (status >= 500) {
        return PAY_E_OUTCOME_UNKNOWN;
    }

    if (status == 401) {
        return PAY_E_CHANNEL_AUTH_FAILED;
    }

    if (status == 429) {
        return PAY_E_CHANNEL_QUOTA;
    }

    for (w = pay_wechatpay_codes; w->theirs; w++) {
        if (pay_wechatpay_code_eq(theirs, pay_strz(w->theirs))) {
            return w->ours;
        }
    }

    return PAY_E_OUTCOME_UNKNOWN;
}


/* the rule that a split breaks has a name of its own */

static pay_code_t
pay_wechatpay_judge(const pay_talk_t *t, int status, pay_str_t theirs)
{
    pay_code_t            code;
    pay_wechatpay_own_t  *own = t->own;

    code = pay_wechatpay_code(status, theirs);

    return code == PAY_E_CHANNEL_REJECTED && own->kind == PAY_KIND_SPLIT
           && pay_wechatpay_code_eq(theirs, PAY_STR("RULE_LIMIT"))
           ? PAY_E_SPLIT_LIMIT : code;
}


/* what a request can't be answered with leaves its outcome open, too */

static int
pay_wechatpay_fits(int step, pay_code_t code)
{
    switch (code) {

    case PAY_E_ALREADY_PAID:
    case PAY_E_ALREADY_CLOSED:
        return step == PAY_WECHATPAY_PREPAY || step == PAY_WECHATPAY_CLOSE;

    case PAY_E_IDEMPOTENCY_CONFLICT:
    case PAY_E_BALANCE_INSUFFICIENT:
        return step == PAY_WECHATPAY_PREPAY || step == PAY_WECHATPAY_CREATE;

    case PAY_E_STATEMENT_NOT_READY:
        return step == PAY_WECHATPAY_STATEMENT;

    case PAY_E_NOT_FOUND:
        return step != PAY_WECHATPAY_PREPAY;

    default:
        return 1;
    }
}


/* section 3.4 */

static pay_rc_t
pay_wechatpay_read_error(pay_talk_t *t, const pay_answer_t *a,
    pay_wechatpay_said_t *s)
{
    pay_rc_t     rc;
    pay_str_t    text;
    const char  *why;

    s->code = PAY_E_OUTCOME_UNKNOWN;
    s->reason = "status";

    if (a->status < 400 || a->status > 599) {
        return PAY_OK;
    }

    if (pay_header_get(&a->headers, "Wechatpay-Signature", &text)
        != PAY_DECLINED)
    {
        rc = pay_wechatpay_verify(t, &a->headers, a->body, &s->reason);
        if (rc != PAY_OK) {
            return rc == PAY_ERROR ? PAY_ERROR : PAY_OK;
        }
    }

    s->reason = "media_type";

    rc = pay_header_get(&a->headers, "Content-Type", &text);
    if (rc == PAY_INVALID || (rc == PAY_OK && !pay_wechatpay_json(text))) {
        return PAY_OK;
    }

    s->reason = "json";

    rc = pay_json_parse(t->arena, a->body, &s->body, &why);
    if (rc != PAY_OK) {
        return rc == PAY_ERROR ? PAY_ERROR : PAY_OK;
    }

    if (pay_json_string(s->body, "code", &text) != PAY_OK
        || !pay_str_token(text, "_", 1, 64))
    {
        return PAY_OK;
    }

    s->channel_code = text;

    if (pay_json_string(s->body, "message", &text) == PAY_OK) {
        s->channel_message = pay_utf8_cut(text, PAY_WECHATPAY_MESSAGE_MAX);
    }

    s->reason = "refused";
    s->code = pay_wechatpay_judge(t, a->status, s->channel_code);

    if (s->code == PAY_E_OUTCOME_UNKNOWN
        || !pay_wechatpay_fits(t->step, s->code))
    {
        s->code = PAY_E_OUTCOME_UNKNOWN;
        s->reason = "channel_code";
    }

    return PAY_OK;
}


pay_rc_t
pay_wechatpay_read(pay_talk_t *t, const pay_answer_t *a,
    pay_wechatpay_said_t *s)
{
    int          wanted;
    pay_rc_t     rc;
    const char  *why;

    memset(s, 0, sizeof(pay_wechatpay_said_t));

    wanted = t->step == PAY_WECHATPAY_CLOSE ? 204 : 200;

    if (a->status != wanted) {
        return pay_wechatpay_read_error(t, a, s);
    }

    s->code = PAY_E_OUTCOME_UNKNOWN;

    rc = pay_wechatpay_verify(t, &a->headers, a->body, &s->reason);
    if (rc != PAY_OK) {
        return rc == PAY_ERROR ? PAY_ERROR : PAY_OK;
    }

    s->reason = "json";

    if (wanted == 204) {

        if (a->body.len) {
            return PAY_OK;
        }

    } else {

        rc = pay_json_parse(t->arena, a->body, &s->body, &why);
        if (rc != PAY_OK) {
            return rc == PAY_ERROR ? PAY_ERROR : PAY_OK;
        }
    }

    s->code = PAY_E_NONE;
    s->reason = NULL;

    return PAY_OK;
}
