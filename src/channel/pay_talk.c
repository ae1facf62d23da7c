
/*
 * Copyright (C) the ngx_pay authors
 *
 * What every driver needs of a talk: words, headers to be sent, nonces,
 * failures.
 */

#include <channel/pay_driver.h>


static const char  pay_talk_alphabet[] =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";


int
pay_word_find(const pay_word_t *words, pay_str_t theirs, int otherwise)
{
    for ( /* void */ ; words->theirs; words++) {
        if (pay_str_eqz(theirs, words->theirs)) {
            return words->ours;
        }
    }

    return otherwise;
}


pay_rc_t
pay_request_header(pay_request_t *q, const char *name, pay_str_t v)
{
    size_t         i;
    pay_header_t  *h;

    if (q->nheaders == PAY_REQUEST_HEADERS || v.data == NULL) {
        return PAY_ERROR;
    }

    for (i = 0; i < v.len; i++) {
        if (v.data[i] < 0x20) {
            return PAY_ERROR;
        }
    }

    h = &q->headers[q->nheaders++];
    h->name = pay_strz(name);
    h->value = v;

    return PAY_OK;
}


int
pay_driver_can(const pay_driver_t *d, pay_op_t op, pay_method_t m)
{
    const pay_can_op_t  *can;

    for (can = d->can->ops; can->op != PAY_OP_NONE; can++) {

        if (can->op == op
            && (m == PAY_METHOD_NONE || can->method == PAY_METHOD_NONE
                || can->method == m))
        {
            return 1;
        }
    }

    return 0;
}


/*
 * One byte makes one character: some are a little more likely than others,
 * which takes nothing from a nonce: it must be new, not secret.
 */

pay_str_t
pay_talk_nonce(pay_talk_t *t, size_t n)
{
    size_t     i;
    pay_u8    *p;
    pay_str_t  s;

    s.len = 0;
    s.data = NULL;

    if (n > PAY_TALK_RANDOM - t->random_used) {
        return s;
    }

    p = pay_alloc(t->arena, n);
    if (p == NULL) {
        return s;
    }

    for (i = 0; i < n; i++) {
        p[i] = (pay_u8) pay_talk_alphabet[t->random[t->random_used++]
                                          % (sizeof(pay_talk_alphabet) - 1)];
    }

    s.len = n;
    s.data = p;

    return s;
}


pay_str_t
pay_talk_number(const pay_talk_t *t, pay_str_t number)
{
    pay_buf_t  b;

    if (t->account == NULL || t->account->prefix.len == 0) {
        return number;
    }

    pay_buf_init(&b, t->arena, t->account->prefix.len + number.len);
    pay_buf_adds(&b, t->account->prefix);
    pay_buf_adds(&b, number);

    return pay_buf_str(&b);
}


int
pay_can_number(const pay_can_t *can, pay_kind_t kind, pay_str_t prefix,
    pay_str_t number)
{
    const pay_can_number_t  *n = &can->numbers[kind];

    return prefix.len + number.len >= n->min && prefix.len < n->max
           && pay_str_token(number, n->extra, 1, n->max - prefix.len);
}


pay_rc_t
pay_talk_fail(pay_talk_t *t, pay_code_t code, const char *reason)
{
    t->error.code = code;
    t->error.reason = reason;
    t->error.channel = t->channel->name;

    return PAY_DONE;
}


pay_rc_t
pay_talk_unanswered(pay_talk_t *t, const pay_answer_t *a)
{
    if (a->outcome == PAY_NOT_SENT) {
        return pay_talk_fail(t, PAY_E_CHANNEL_UNREACHABLE, "not_sent");
    }

    return pay_talk_fail(t, pay_op_info(t->op)->money
                            ? PAY_E_OUTCOME_UNKNOWN
                            : PAY_E_CHANNEL_RESPONSE_INVALID, "unanswered");
}
