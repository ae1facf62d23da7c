
/*
 * Copyright (C) the ngx_pay authors
 *
 * The store in Redis: what all nodes share.  Each operation is one script,
 * so that it happens whole or not at all; a reply that does not come, or is
 * none of a script's, is "don't know".
 *
 *   PREFIX server       the Redis that answers now, and since when we know it
 *   PREFIX n:HEX        a nonce that was used
 *   PREFIX o:HEX        a record: v version, c class, d bytes, o owner, e end
 *   PREFIX e:HEX        an event: "+" status when accepted, else who has it
 */

#include <ngx_pay_store_script.h>


#define NGX_PAY_REDIS_CLAIM   "120000"      /* ms; then its outcome is
                                               unknown */
#define NGX_PAY_REDIS_EVENT   "90000"       /* ms; then it may be sent again */
#define NGX_PAY_REDIS_KEEP    "2592000"     /* s: 30 days */


/*
 * A nonce lives for twice the largest window that any node has told, and a
 * minute for clocks that differ.  What was accepted under a narrower one is
 * forgotten earlier: for its timestamps that one stays, as in the zone
 * (ngx_pay_zone_window).
 */

static ngx_str_t  ngx_pay_redis_nonce = ngx_string(
    NGX_PAY_REDIS_BORN("")
    "local time, window = tonumber(ARGV[2]), tonumber(ARGV[3]) "
    "local now = tonumber(redis.call('TIME')[1]) "
    "local w = redis.call('HMGET', KEYS[1], 'window', 'narrow', 'grown') "
    "local widest = tonumber(w[1] or 0) "
    "local narrow, grown = tonumber(w[2] or 0), tonumber(w[3] or 0) "
    "if window > widest then "
        "if widest > 0 then "
            "if grown + narrow + 60 < now then narrow = widest end "
            "grown = now "
            "redis.call('HSET', KEYS[1], 'narrow', narrow, 'grown', now) "
        "end "
        "widest = window "
        "redis.call('HSET', KEYS[1], 'window', window) "
    "end "
    "if not redis.call('SET', KEYS[2], '1', 'NX', 'EX', 2 * widest + 60) then "
        "return 'seen' "
    "end "
    "if time <= tonumber(s[2]) then return 'cold' end "
    "if time <= grown + narrow + 60 and now - time > narrow then "
        "return 'grown' "
    "end "
    "return 'new'");

static ngx_str_t  ngx_pay_redis_write = ngx_string(
    "local v = redis.call('HGET', KEYS[1], 'v') or '0' "
    "if v ~= ARGV[1] then return 0 end "
    "redis.call('HSET', KEYS[1], 'v', v + 1, 'c', ARGV[2], 'd', ARGV[3]) "
    "if ARGV[2] == '2' or redis.call('HEXISTS', KEYS[1], 'o') == 1 then "
        "redis.call('PERSIST', KEYS[1]) "
    "else redis.call('EXPIRE', KEYS[1], ARGV[4]) end "
    "return 1");

/* a claim has its end: its holder may be on a node that is no more */

static ngx_str_t  ngx_pay_redis_claim = ngx_string(
    "local t = redis.call('TIME') "
    "local now = t[1] * 1000 + math.floor(t[2] / 1000) "
    "local r = redis.call('HMGET', KEYS[1], 'v', 'd', 'o', 'e') "
    "local state = 'claimed' "
    "if not r[1] then "
        "if ARGV[3] == '' then return {'absent', '0', ''} end "
        "r[1] = '1' "
        "r[2] = ARGV[3] "
        "state = ARGV[4] "
        "redis.call('HSET', KEYS[1], 'v', r[1], 'c', ARGV[5], 'd', r[2]) "
    "elseif r[3] then "
        "if tonumber(r[4]) > now then return {'busy', r[1], r[2]} end "
        "state = 'orphan' "
    "end "
    "redis.call('HSET', KEYS[1], 'o', ARGV[1], 'e', now + ARGV[2]) "
    "redis.call('PERSIST', KEYS[1]) "
    "return {state, r[1], r[2]}");

/* what a holder may drop is what is still as it was when it was claimed */

static ngx_str_t  ngx_pay_redis_release = ngx_string(
    "local r = redis.call('HMGET', KEYS[1], 'v', 'c', 'o') "
    "if r[3] ~= ARGV[1] then return 0 end "
    "if r[1] == ARGV[2] then return redis.call('DEL', KEYS[1]) end "
    "redis.call('HDEL', KEYS[1], 'o', 'e') "
    "if r[2] ~= '2' then redis.call('EXPIRE', KEYS[1], ARGV[3]) end "
    "return 1");

static ngx_str_t  ngx_pay_redis_event = ngx_string(
    "local v = redis.call('GET', KEYS[1]) "
    "if v then return v end "
    "redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) "
    "return ''");

static ngx_str_t  ngx_pay_redis_failed = ngx_string(
    "if redis.call('GET', KEYS[1]) == ARGV[1] then "
        "redis.call('DEL', KEYS[1]) "
    "end "
    "return 1");


static void
ngx_pay_redis_nonce_done(ngx_pay_redis_job_t *job)
{
    ngx_pay_store_op_t  *op = job->data;

    if (ngx_pay_script_is(job, 0, "new")) {

        /* the zone alone must not answer for it later */

        if (op->nonce == PAY_NONCE_FULL) {
            op->conf->zone->sh->missed = ngx_time();
        }

        op->nonce = PAY_NONCE_NEW;

    } else if (ngx_pay_script_is(job, 0, "seen")) {
        op->nonce = PAY_NONCE_SEEN;

    } else {
        op->reason = ngx_pay_script_is(job, 0, "grown") ? "window_grown"
                                                        : NULL;

        if (ngx_pay_script_is(job, 0, "cold")) {
            op->reason = "cold_redis";
        }

        ngx_pay_script_end(op, NGX_ERROR);
        return;
    }

    ngx_pay_script_end(op, NGX_OK);
}


/*
 * The zone is asked, too: what this node has accepted it knows by itself,
 * whatever becomes of Redis.  Where that is the policy, a worker whose zone
 * was copied into another one takes nothing that the new one does not know.
 */

static ngx_int_t
ngx_pay_store_redis_nonce(ngx_pay_store_op_t *op)
{
    ngx_pay_script_t  a;

    op->zone_rc = ngx_pay_store_zone[NGX_PAY_STORE_NONCE](op);
    op->zone_reason = op->reason;
    op->asked = 1;

    if (op->zone_rc == NGX_OK && op->nonce == PAY_NONCE_SEEN) {
        return NGX_OK;
    }

    if (op->policy == NGX_PAY_STORE_ZONE
        && ngx_pay_zone_frozen(op->conf->zone))
    {
        return NGX_ERROR;
    }

    ngx_pay_script_begin(&a, &ngx_pay_redis_nonce, "2");
    ngx_pay_script_key(op->conf->redis, &a, "server", NULL);
    ngx_pay_script_op_key(op, &a, "n:");
    ngx_pay_script_add(&a, op->conf->redis->run_id.data,
                       op->conf->redis->run_id.len);
    ngx_pay_script_number(&a, op->time);
    ngx_pay_script_number(&a, ngx_max(op->conf->window_max,
                                      op->conf->zone->sh->window));

    return ngx_pay_script_run(op, &a, ngx_pay_redis_nonce_done);
}


static ngx_int_t
ngx_pay_redis_take(ngx_pay_store_op_t *op, ngx_pay_redis_value_t *version,
    ngx_pay_redis_value_t *bytes)
{
    ngx_int_t  n;

    if (version->type != NGX_PAY_REDIS_STRING
        || bytes->type != NGX_PAY_REDIS_STRING)
    {
        return NGX_ERROR;
    }

    n = ngx_atoi(version->str.data, version->str.len);

    if (n <= 0 || n > (ngx_int_t) NGX_MAX_UINT32_VALUE
        || bytes->str.len > PAY_REC_MAX)
    {
        return NGX_ERROR;
    }

    op->version = (uint32_t) n;
    op->bytes = pay_str_dup(op->arena, ngx_pay_str(&bytes->str));

    return op->bytes.data ? NGX_OK : NGX_ERROR;
}


static void
ngx_pay_redis_read_done(ngx_pay_redis_job_t *job)
{
    ngx_pay_store_op_t  *op = job->data;

    ngx_int_t  rc;

    rc = NGX_ERROR;

    if (job->rc == NGX_OK && job->nvalues == 2) {

        if (job->values[0].type == NGX_PAY_REDIS_NIL) {

            /* it may have been made here while Redis was away */

            rc = ngx_pay_store_zone[NGX_PAY_STORE_READ](op);
            op->local = rc == NGX_OK && op->rc == PAY_OK;

        } else {
            rc = ngx_pay_redis_take(op, &job->values[0], &job->values[1]);
        }
    }

    ngx_pay_script_end(op, rc);
}


static ngx_int_t
ngx_pay_store_redis_read(ngx_pay_store_op_t *op)
{
    ngx_pay_script_t  a;

    ngx_pay_script_command(&a, "HMGET");
    ngx_pay_script_op_key(op, &a, "o:");
    ngx_pay_script_const(&a, "v");
    ngx_pay_script_const(&a, "d");

    return ngx_pay_script_run(op, &a, ngx_pay_redis_read_done);
}


static void
ngx_pay_redis_write_done(ngx_pay_redis_job_t *job)
{
    ngx_pay_store_op_t  *op = job->data;

    if (job->rc != NGX_OK || job->nvalues != 1
        || job->values[0].type != NGX_PAY_REDIS_INTEGER)
    {
        ngx_pay_script_end(op, NGX_ERROR);
        return;
    }

    op->rc = job->values[0].integer ? PAY_OK : PAY_INVALID;

    ngx_pay_script_end(op, NGX_OK);
}


static ngx_int_t
ngx_pay_store_redis_write(ngx_pay_store_op_t *op)
{
    ngx_pay_script_t  a;

    ngx_pay_script_begin(&a, &ngx_pay_redis_write, "1");
    ngx_pay_script_op_key(op, &a, "o:");
    ngx_pay_script_number(&a, op->version);
    ngx_pay_script_number(&a, op->class_);
    ngx_pay_script_add(&a, (u_char *) op->bytes.data, op->bytes.len);
    ngx_pay_script_const(&a, NGX_PAY_REDIS_KEEP);

    return ngx_pay_script_run(op, &a, ngx_pay_redis_write_done);
}


/* a word that no other holder has */

static ngx_int_t
ngx_pay_redis_owner(ngx_pay_store_op_t *op)
{
    u_char  random[NGX_PAY_OWNER_LEN / 2];

    if (pay_random(random, sizeof(random)) != 0) {
        return NGX_ERROR;
    }

    ngx_hex_dump(op->owner, random, sizeof(random));

    return NGX_OK;
}


static void
ngx_pay_redis_claim_done(ngx_pay_redis_job_t *job)
{
    ngx_pay_store_op_t  *op = job->data;

    ngx_int_t  rc;

    static const char *const  words[] = {
        [NGX_PAY_STORE_NEW] = "new",
        [NGX_PAY_STORE_CLAIMED] = "claimed",
        [NGX_PAY_STORE_ORPHAN] = "orphan",
        [NGX_PAY_STORE_BUSY] = "busy",
        [NGX_PAY_STORE_ABSENT] = "absent"
    };

    for (op->claim = 0; op->claim < pay_nelts(words); op->claim++) {
        if (ngx_pay_script_is(job, 0, words[op->claim])) {
            break;
        }
    }

    if (op->claim == pay_nelts(words) || job->nvalues != 3) {
        ngx_pay_script_end(op, NGX_ERROR);
        return;
    }

    if (op->claim == NGX_PAY_STORE_ABSENT) {
        op->rc = PAY_DECLINED;
        ngx_pay_script_end(op, NGX_OK);
        return;
    }

    rc = ngx_pay_redis_take(op, &job->values[1], &job->values[2]);

    /* all nodes know it from now on */

    if (rc == NGX_OK && op->seeded) {
        ngx_pay_zone_lock(op->conf->zone);
        pay_records_drop(op->conf->zone->records, op->key.zone);
        ngx_pay_zone_unlock(op->conf->zone);
    }

    ngx_pay_script_end(op, rc);
}


/*
 * A record that this node made while Redis was away goes there as it is, if
 * nobody has made one there meanwhile.
 */

static ngx_int_t
ngx_pay_store_redis_claim(ngx_pay_store_op_t *op)
{
    pay_str_t         bytes;
    pay_rec_t         rec;
    const char       *state;
    pay_rec_class_t   class_;
    ngx_pay_script_t  a;

    if (ngx_pay_redis_owner(op) != NGX_OK) {
        return NGX_ERROR;
    }

    bytes = op->bytes;
    state = "new";
    class_ = PAY_REC_KEPT;
    op->seeded = 0;

    switch (ngx_pay_record_read(op->conf->zone, op->arena, op->key.zone,
                                &bytes, &rec))
    {
    case PAY_OK:

        /* it is being worked on here, by a talk that began without Redis */

        if (rec.owner && ngx_pay_alive(rec.owner)) {
            op->local = 1;
            return ngx_pay_store_zone[NGX_PAY_STORE_CLAIM](op);
        }

        op->seeded = 1;
        state = rec.owner ? "orphan" : "claimed";
        class_ = rec.class_;
        break;

    case PAY_DECLINED:
        bytes = op->bytes;
        break;

    default:
        return NGX_ERROR;
    }

    ngx_pay_script_begin(&a, &ngx_pay_redis_claim, "1");
    ngx_pay_script_op_key(op, &a, "o:");
    ngx_pay_script_add(&a, op->owner, NGX_PAY_OWNER_LEN);
    ngx_pay_script_const(&a, NGX_PAY_REDIS_CLAIM);
    ngx_pay_script_add(&a, (u_char *) bytes.data, bytes.len);
    ngx_pay_script_add(&a, (u_char *) state, ngx_strlen(state));
    ngx_pay_script_number(&a, class_);

    return ngx_pay_script_run(op, &a, ngx_pay_redis_claim_done);
}


/* nothing in the reply matters but that it came */

static void
ngx_pay_redis_plain_done(ngx_pay_redis_job_t *job)
{
    ngx_pay_store_op_t  *op = job->data;

    ngx_pay_script_end(op, job->rc);
}


static ngx_int_t
ngx_pay_store_redis_release(ngx_pay_store_op_t *op)
{
    ngx_pay_script_t  a;

    ngx_pay_script_begin(&a, &ngx_pay_redis_release, "1");
    ngx_pay_script_op_key(op, &a, "o:");
    ngx_pay_script_add(&a, op->owner, NGX_PAY_OWNER_LEN);
    ngx_pay_script_number(&a, op->drop ? op->version : 0);
    ngx_pay_script_const(&a, NGX_PAY_REDIS_KEEP);

    return ngx_pay_script_run(op, &a, ngx_pay_redis_plain_done);
}


static void
ngx_pay_redis_event_done(ngx_pay_redis_job_t *job)
{
    ngx_pay_store_op_t     *op = job->data;

    ngx_int_t               status;
    ngx_pay_redis_value_t  *v;

    v = &job->values[0];

    if (job->rc != NGX_OK || job->nvalues != 1
        || v->type != NGX_PAY_REDIS_STRING)
    {
        /* by "deny" it is not delivered: others may try */

        if (op->policy == NGX_PAY_STORE_DENY) {
            op->accepted = 0;
            (void) ngx_pay_store_zone[NGX_PAY_STORE_SETTLE](op);
        }

        ngx_pay_script_end(op, NGX_ERROR);
        return;
    }

    if (v->str.len == 0) {
        op->event = PAY_EV_CLAIMED;
        ngx_pay_script_end(op, NGX_OK);
        return;
    }

    op->accepted = v->str.data[0] == '+';
    op->event = op->accepted ? PAY_EV_ACCEPTED : PAY_EV_IN_FLIGHT;

    status = ngx_atoi(v->str.data + 1, v->str.len - 1);
    op->status = op->accepted && status > 0 ? status : 0;

    /* the zone's own claim ends here */

    (void) ngx_pay_store_zone[NGX_PAY_STORE_SETTLE](op);

    ngx_pay_script_end(op, NGX_OK);
}


static ngx_int_t
ngx_pay_store_redis_event(ngx_pay_store_op_t *op)
{
    ngx_int_t         rc;
    ngx_pay_script_t  a;

    op->zone_rc = ngx_pay_store_zone[NGX_PAY_STORE_EVENT](op);
    op->asked = 1;

    if (op->zone_rc == NGX_OK && op->event != PAY_EV_CLAIMED
        && op->event != PAY_EV_FULL)
    {
        return NGX_OK;
    }

    rc = ngx_pay_redis_owner(op);

    if (rc == NGX_OK) {
        ngx_pay_script_begin(&a, &ngx_pay_redis_event, "1");
        ngx_pay_script_op_key(op, &a, "e:");
        ngx_pay_script_add(&a, op->owner, NGX_PAY_OWNER_LEN);
        ngx_pay_script_const(&a, NGX_PAY_REDIS_EVENT);

        rc = ngx_pay_script_run(op, &a, ngx_pay_redis_event_done);
    }

    if (rc == NGX_ERROR && op->policy == NGX_PAY_STORE_DENY) {
        op->accepted = 0;
        (void) ngx_pay_store_zone[NGX_PAY_STORE_SETTLE](op);
    }

    return  rc;
}


/* the zone knows it first, whatever becomes of Redis */

static ngx_int_t
ngx_pay_store_redis_settle(ngx_pay_store_op_t *op)
{
    u_char                buf[1 + NGX_INT_T_LEN];
    ngx_pay_script_t  a;

    op->zone_rc = ngx_pay_store_zone[NGX_PAY_STORE_SETTLE](op);
    op->asked = 1;

    if (!op->accepted) {
        ngx_pay_script_begin(&a, &ngx_pay_redis_failed, "1");
        ngx_pay_script_op_key(op, &a, "e:");
        ngx_pay_script_add(&a, op->owner, NGX_PAY_OWNER_LEN);

        return ngx_pay_script_run(op, &a, ngx_pay_redis_plain_done);
    }

    ngx_pay_script_command(&a, "SET");
    ngx_pay_script_op_key(op, &a, "e:");
    ngx_pay_script_add(&a, buf, ngx_sprintf(buf, "+%d", op->status) - buf);
    ngx_pay_script_const(&a, "EX");
    ngx_pay_script_const(&a, NGX_PAY_REDIS_KEEP);

    return ngx_pay_script_run(op, &a, ngx_pay_redis_plain_done);
}


const ngx_pay_store_do_pt  ngx_pay_store_redis[NGX_PAY_STORE_KINDS] = {
    [NGX_PAY_STORE_NONCE] = ngx_pay_store_redis_nonce,
    [NGX_PAY_STORE_READ] = ngx_pay_store_redis_read,
    [NGX_PAY_STORE_WRITE] = ngx_pay_store_redis_write,
    [NGX_PAY_STORE_CLAIM] = ngx_pay_store_redis_claim,
    [NGX_PAY_STORE_RELEASE] = ngx_pay_store_redis_release,
    [NGX_PAY_STORE_EVENT] = ngx_pay_store_redis_event,
    [NGX_PAY_STORE_SETTLE] = ngx_pay_store_redis_settle
};
