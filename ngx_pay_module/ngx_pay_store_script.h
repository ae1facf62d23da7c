
/*
 * Copyright (C) the ngx_pay authors
 *
 * How an operation of the store becomes a command for Redis, and its reply
 * the end of the operation.
 */

#ifndef NGX_PAY_STORE_SCRIPT_H_INCLUDED
#define NGX_PAY_STORE_SCRIPT_H_INCLUDED


#include <ngx_pay.h>


#define NGX_PAY_REDIS_KEY  (NGX_PAY_REDIS_WORD + 2 + 32)


/*
 * Redis may have lost what it knew: by a restart, or by somebody's FLUSHALL.
 * What was signed before its memory begins is not answered for, but what it
 * does know is, and so is what comes again.  Each command says which server
 * its connection has met, so that no other one, with older data, can answer
 * for it; an empty word says that INFO is not permitted, or that the command
 * waits for the first connection.  more: another condition, in Lua.
 */

#define NGX_PAY_REDIS_BORN(more)                                             \
    "local s = redis.call('HMGET', KEYS[1], 'run_id', 'born') "              \
    "if ARGV[1] ~= '' and s[1] ~= ARGV[1] or not s[2] " more "then "         \
        "s[2] = redis.call('TIME')[1] "                                      \
        "redis.call('HSET', KEYS[1], 'run_id', ARGV[1], 'born', s[2]) "      \
        "redis.call('HDEL', KEYS[1], 'window', 'narrow', 'grown') "          \
    "end "


/* the arguments; all that is not the caller's is in here */

typedef struct {
    ngx_uint_t            argc;
    ngx_uint_t            nkeys;
    ngx_uint_t            nnumbers;
    ngx_str_t             argv[12];
    u_char                key[2][NGX_PAY_REDIS_KEY];
    u_char                number[4][NGX_INT64_LEN];
} ngx_pay_script_t;


/* a plain command, or a script with so many keys; its arguments follow */
void ngx_pay_script_command(ngx_pay_script_t *a, char *name);
void ngx_pay_script_begin(ngx_pay_script_t *a, ngx_str_t *script,
    char *nkeys);

void ngx_pay_script_add(ngx_pay_script_t *a, u_char *data, size_t len);
void ngx_pay_script_number(ngx_pay_script_t *a, int64_t n);

/* PREFIX kind HEX; key may be NULL */
void ngx_pay_script_key(ngx_pay_redis_t *rd, ngx_pay_script_t *a,
    const char *kind, const pay_u8 *key);
void ngx_pay_script_op_key(ngx_pay_store_op_t *op, ngx_pay_script_t *a,
    const char *kind);

#define ngx_pay_script_const(a, s)                                            \
    ngx_pay_script_add(a, (u_char *) s, sizeof(s) - 1)

/* NGX_AGAIN: the handler will be called; NGX_ERROR: don't know */
ngx_int_t ngx_pay_script_run(ngx_pay_store_op_t *op, ngx_pay_script_t *a,
    void (*handler)(ngx_pay_redis_job_t *job));

/* 1 if that value of the reply is the word */
ngx_uint_t ngx_pay_script_is(ngx_pay_redis_job_t *job, ngx_uint_t i,
    const char *word);

/* the last thing that a handler does */
void ngx_pay_script_end(ngx_pay_store_op_t *op, ngx_int_t rc);


#endif /* NGX_PAY_STORE_SCRIPT_H_INCLUDED */
