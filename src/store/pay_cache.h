
/*
 * Copyright (C) the ngx_pay authors
 *
 * What a driver keeps of its channel (certificates of the platform: public
 * things), as a record that is never dropped.  The caller holds a lock around
 * every call.
 */

#ifndef PAY_CACHE_H_INCLUDED
#define PAY_CACHE_H_INCLUDED


#include <store/pay_store.h>


#define PAY_CACHE_MAX    3072
#define PAY_CACHE_EVERY  60             /* seconds between two refreshes */

typedef struct {
    int64_t    at;                      /* when it was written */
    int64_t    until;                   /* when to refresh it; 0: never */
    int64_t    tried;                   /* the last time that it was begun */
} pay_cache_head_t;

#define PAY_CACHE_SIZE   (sizeof(pay_cache_head_t) + PAY_CACHE_MAX)


/* bytes: in buf; PAY_DECLINED: there is none */
pay_rc_t pay_cache_get(const pay_records_t *t, const pay_u8 key[16],
    pay_u8 buf[PAY_CACHE_SIZE], pay_str_t *bytes, pay_cache_head_t *head);

/* PAY_INVALID: too long; PAY_DECLINED: no room, what was there is kept */
pay_rc_t pay_cache_put(pay_records_t *t, const pay_u8 key[16],
    pay_str_t bytes, int64_t until, int64_t now);

/* 1 if it is to be refreshed now */
int pay_cache_due(const pay_records_t *t, const pay_u8 key[16], int64_t now);

/* ... and takes that upon the caller: PAY_OK once in PAY_CACHE_EVERY */
pay_rc_t pay_cache_take(pay_records_t *t, const pay_u8 key[16], int64_t now);


#endif /* PAY_CACHE_H_INCLUDED */
