
/*
 * Copyright (C) the ngx_pay authors
 *
 * The refunds of a payment, in its record: their sum is known before the
 * channel is asked for another one (docs/design.md sections 7 and 8).
 */

#include <model/pay_object.h>


/* bytes of a record are few: what comes behind is for the channel to judge */
#define PAY_REFUNDS_MAX  50


typedef struct {
    pay_u8    id[8];        /* of a digest of the number */
    int64_t   twice;        /* the amount, and 1 when it has succeeded */
} pay_refund_t;


static size_t
pay_refunds_read(const pay_object_t *p, pay_refund_t *list)
{
    size_t  n;

    n = p->refunds.len / sizeof(pay_refund_t);

    if (n > PAY_REFUNDS_MAX) {
        n = PAY_REFUNDS_MAX;
    }

    if (n) {
        memcpy(list, p->refunds.data, n * sizeof(pay_refund_t));
    }

    return n;
}


static size_t
pay_refunds_find(const pay_refund_t *list, size_t n, const pay_u8 id[8])
{
    size_t  i;

    for (i = 0; i < n; i++) {
        if (memcmp(list[i].id, id, 8) == 0) {
            break;
        }
    }

    return i;
}


static pay_rc_t
pay_refunds_write(pay_arena_t *a, pay_object_t *p, const pay_refund_t *list,
    size_t n)
{
    pay_str_t  s;

    if (n == 0) {
        p->refunds = PAY_STR("");
        return PAY_OK;
    }

    s.data = (const pay_u8 *) list;
    s.len = n * sizeof(pay_refund_t);
    s = pay_str_dup(a, s);

    if (s.data == NULL) {
        return PAY_ERROR;
    }

    p->refunds = s;

    return PAY_OK;
}


pay_rc_t
pay_refunds_reserve(pay_arena_t *a, pay_object_t *p, pay_str_t refund_id,
    int64_t amount)
{
    size_t        i, n;
    pay_u8        digest[PAY_SHA256_LEN];
    int64_t       left;
    pay_refund_t  list[PAY_REFUNDS_MAX];

    if (pay_sha256(digest, refund_id) != 0) {
        return PAY_ERROR;
    }

    n = pay_refunds_read(p, list);

    if (pay_refunds_find(list, n, digest) < n) {
        return PAY_OK;
    }

    left = p->amount;

    for (i = 0; i < n; i++) {
        left -= list[i].twice / 2;
    }

    if (amount > left) {
        return PAY_DECLINED;
    }

    if (n == PAY_REFUNDS_MAX) {
        return PAY_INVALID;
    }

    memcpy(list[n].id, digest, 8);
    list[n].twice = amount * 2;

    return pay_refunds_write(a, p, list, n + 1);
}


/* what has succeeded, in sum */

static int
pay_refunds_sum(pay_object_t *p, const pay_refund_t *list, size_t n)
{
    size_t               i;
    int64_t              sum;
    pay_refund_status_t  status;

    sum = 0;

    for (i = 0; i < n; i++) {
        sum += (list[i].twice & 1) ? list[i].twice / 2 : 0;
    }

    status = sum == 0 ? PAY_REFUND_NONE
             : sum < p->amount ? PAY_REFUND_PARTIAL : PAY_REFUND_FULL;

    if (p->amount_refunded == sum && p->refund_status == status) {
        return 0;
    }

    p->amount_refunded = sum;
    p->refund_status = status;

    return 1;
}


int
pay_refunds_settle(pay_arena_t *a, pay_object_t *p, pay_str_t refund_id,
    int64_t amount, pay_state_t s)
{
    int           gone, changed;
    size_t        i, n;
    pay_u8        digest[PAY_SHA256_LEN];
    pay_refund_t  list[PAY_REFUNDS_MAX];

    if (pay_sha256(digest, refund_id) != 0) {
        return 0;
    }

    gone = s == PAY_STATE_FAILED || s == PAY_STATE_CLOSED;

    n = pay_refunds_read(p, list);
    i = pay_refunds_find(list, n, digest);

    changed = 0;

    if (i == n && (gone || n == PAY_REFUNDS_MAX)) {
        return 0;
    }

    if (i == n) {
        memcpy(list[n].id, digest, 8);
        list[n].twice = amount * 2;
        n++;
        changed = 1;
    }

    if (gone) {
        memmove(&list[i], &list[i + 1], (n - i - 1) * sizeof(pay_refund_t));
        n--;
        changed = 1;

    } else if ((list[i].twice & 1) != (s == PAY_STATE_SUCCEEDED)) {
        list[i].twice ^= 1;
        changed = 1;
    }

    if (changed && pay_refunds_write(a, p, list, n) != PAY_OK) {
        return 0;
    }

    return pay_refunds_sum(p, list, n) | changed;
}
