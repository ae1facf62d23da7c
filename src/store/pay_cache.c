
/*
 * Copyright (C) the ngx_pay authors
 *
 * The channels' cache, on top of the records.
 */

#include <store/pay_cache.h>


pay_rc_t
pay_cache_get(const pay_records_t *t, const pay_u8 key[16],
    pay_u8 buf[PAY_CACHE_SIZE], pay_str_t *bytes, pay_cache_head_t *head)
{
    size_t     n;
    pay_rec_t  rec;

    if (pay_records_find(t, key, &rec) != PAY_OK) {
        return PAY_DECLINED;
    }

    n = pay_records_read(t, &rec, buf, PAY_CACHE_SIZE);

    if (n < sizeof(pay_cache_head_t) || n > PAY_CACHE_SIZE) {
        return PAY_DECLINED;
    }

    memcpy(head, buf, sizeof(pay_cache_head_t));

    bytes->data = buf + sizeof(pay_cache_head_t);
    bytes->len = n - sizeof(pay_cache_head_t);

    return PAY_OK;
}


static pay_rc_t
pay_cache_write(pay_records_t *t, const pay_u8 key[16],
    const pay_cache_head_t *head, pay_str_t bytes, int64_t now)
{
    pay_u8  buf[PAY_CACHE_SIZE];

    memcpy(buf, head, sizeof(pay_cache_head_t));

    if (bytes.len) {
        memmove(buf + sizeof(pay_cache_head_t), bytes.data, bytes.len);
    }

    return pay_records_put(t, key, buf, sizeof(pay_cache_head_t) + bytes.len,
                           PAY_REC_KEPT, now);
}


pay_rc_t
pay_cache_put(pay_records_t *t, const pay_u8 key[16], pay_str_t bytes,
    int64_t until, int64_t now)
{
    pay_cache_head_t  head;

    if (bytes.len > PAY_CACHE_MAX) {
        return PAY_INVALID;
    }

    memset(&head, 0, sizeof(pay_cache_head_t));

    head.at = now;
    head.until = until;
    head.tried = now;

    return pay_cache_write(t, key, &head, bytes, now);
}


static int
pay_cache_late(const pay_cache_head_t *head, int64_t now)
{
    return head->until != 0 && head->until <= now
           && (head->tried > now || now - head->tried >= PAY_CACHE_EVERY);
}


int
pay_cache_due(const pay_records_t *t, const pay_u8 key[16], int64_t now)
{
    pay_rec_t         rec;
    pay_cache_head_t  head;

    return pay_records_find(t, key, &rec) == PAY_OK
           && pay_records_read(t, &rec, &head, sizeof(pay_cache_head_t))
              >= sizeof(pay_cache_head_t)
           && pay_cache_late(&head, now);
}


pay_rc_t
pay_cache_take(pay_records_t *t, const pay_u8 key[16], int64_t now)
{
    pay_u8            buf[PAY_CACHE_SIZE];
    pay_str_t         bytes;
    pay_cache_head_t  head;

    if (pay_cache_get(t, key, buf, &bytes, &head) != PAY_OK
        || !pay_cache_late(&head, now))
    {
        return PAY_DECLINED;
    }

    head.tried = now;

    return pay_cache_write(t, key, &head, bytes, now);
}
