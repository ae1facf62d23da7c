
/*
 * Copyright (C) the ngx_pay authors
 *
 * Redis: replies are looked at before hiredis makes them.
 */

#include <ngx_pay_redis.h>

#include <hiredis/hiredis.h>
#include <hiredis/async.h>


#define NGX_PAY_REDIS_ELEMENTS  1024    /* of an array that is read at all */


/*
 * hiredis 0.14 aborts the process on a reply that nobody asked for, and
 * allocates whatever an array claims to have.  Its own functions make the
 * replies, ours look first; NULL is "no memory" to it, and it closes.
 */

static redisReplyObjectFunctions  *ngx_pay_redis_make;
static redisReplyObjectFunctions   ngx_pay_redis_guarded;


static ngx_uint_t
ngx_pay_redis_expected(const redisReadTask *task)
{
    ngx_pay_redis_t  *rd = task->privdata;

    return task->parent != NULL || rd->inflight != 0;
}


static void *
ngx_pay_redis_make_string(const redisReadTask *task, char *s, size_t len)
{
    if (!ngx_pay_redis_expected(task)
        || (task->type != REDIS_REPLY_STRING
            && task->type != REDIS_REPLY_STATUS
            && task->type != REDIS_REPLY_ERROR))
    {
        return NULL;
    }

    return ngx_pay_redis_make->createString(task, s, len);
}


static void *
#if (HIREDIS_MAJOR >= 1)
ngx_pay_redis_make_array(const redisReadTask *task, size_t n)
#else
ngx_pay_redis_make_array(const redisReadTask *task, int n)
#endif
{
    if (!ngx_pay_redis_expected(task) || task->type != REDIS_REPLY_ARRAY
        || n > NGX_PAY_REDIS_ELEMENTS)
    {
        return NULL;
    }

    return ngx_pay_redis_make->createArray(task, n);
}


static void *
ngx_pay_redis_make_integer(const redisReadTask *task, long long n)
{
    if (!ngx_pay_redis_expected(task)) {
        return NULL;
    }

    return ngx_pay_redis_make->createInteger(task, n);
}


static void *
ngx_pay_redis_make_nil(const redisReadTask *task)
{
    if (!ngx_pay_redis_expected(task)) {
        return NULL;
    }

    return ngx_pay_redis_make->createNil(task);
}


#if (HIREDIS_MAJOR >= 1)

/* RESP3, which nobody asked for either */

static void *
ngx_pay_redis_make_double(const redisReadTask *task, double d, char *s,
    size_t len)
{
    return NULL;
}


static void *
ngx_pay_redis_make_bool(const redisReadTask *task, int b)
{
    return NULL;
}

#endif


void
ngx_pay_redis_guard(ngx_pay_redis_t *rd)
{
    redisReader  *reader = rd->ac->c.reader;

    ngx_pay_redis_make = reader->fn;
    ngx_pay_redis_guarded = *ngx_pay_redis_make;

    ngx_pay_redis_guarded.createString = ngx_pay_redis_make_string;
    ngx_pay_redis_guarded.createArray = ngx_pay_redis_make_array;
    ngx_pay_redis_guarded.createInteger = ngx_pay_redis_make_integer;
    ngx_pay_redis_guarded.createNil = ngx_pay_redis_make_nil;

#if (HIREDIS_MAJOR >= 1)
    ngx_pay_redis_guarded.createDouble = ngx_pay_redis_make_double;
    ngx_pay_redis_guarded.createBool = ngx_pay_redis_make_bool;
#endif

    reader->fn = &ngx_pay_redis_guarded;
    reader->privdata = rd;
}
