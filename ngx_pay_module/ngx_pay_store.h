
/*
 * Copyright (C) the ngx_pay authors
 *
 * The store: what is kept between requests, behind one interface with the
 * zone and Redis below it (docs/design.md, what is kept).
 *
 * An operation is submitted with a handler, which is called exactly once:
 * before ngx_pay_store() returns where the zone answers, later where Redis
 * does.  So the call is the last thing that its caller does.
 *
 * Where Redis does not know, the policy decides: deny makes rc PAY_ERROR;
 * zone and allow go on with the zone of this node, counted and logged.
 */

#ifndef NGX_PAY_STORE_H_INCLUDED
#define NGX_PAY_STORE_H_INCLUDED


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include <model/pay_auth.h>
#include <store/pay_store.h>

#include <ngx_pay_redis.h>


typedef struct ngx_pay_store_op_s  ngx_pay_store_op_t;
typedef void (*ngx_pay_store_pt)(ngx_pay_store_op_t *op);

typedef enum {
    NGX_PAY_STORE_DENY = 0,
    NGX_PAY_STORE_ZONE,
    NGX_PAY_STORE_ALLOW
} ngx_pay_store_policy_t;

typedef enum {
    NGX_PAY_STORE_NONCE = 0,    /* a nonce, used once */
    NGX_PAY_STORE_READ,         /* a record */
    NGX_PAY_STORE_WRITE,        /* ... if it is still of that version */
    NGX_PAY_STORE_CLAIM,        /* ... to work on it, made if need be */
    NGX_PAY_STORE_RELEASE,      /* ... and given back */
    NGX_PAY_STORE_EVENT,        /* an event, claimed for its delivery */
    NGX_PAY_STORE_SETTLE,       /* ... delivered, or not */
    NGX_PAY_STORE_KINDS
} ngx_pay_store_kind_t;

typedef enum {
    NGX_PAY_STORE_NEW = 0,      /* made now, and claimed */
    NGX_PAY_STORE_CLAIMED,      /* it was there, and is claimed now */
    NGX_PAY_STORE_ORPHAN,       /* ... its last holder never gave it back */
    NGX_PAY_STORE_BUSY,         /* another works on it */
    NGX_PAY_STORE_ABSENT        /* not there, and not to be made */
} ngx_pay_store_claim_t;

/* two names of one thing: the zone's are keyed by a secret of its own */

typedef struct {
    pay_u8                    zone[16];
    pay_u8                    redis[16];
} ngx_pay_store_key_t;

#define NGX_PAY_OWNER_LEN  32

struct ngx_pay_store_op_s {
    struct ngx_pay_main_conf_s  *conf;
    ngx_http_request_t       *request;  /* whose log; NULL: nobody waits */
    ngx_pay_store_policy_t    policy;
    void                     *data;     /* the owner's */

    ngx_pay_store_key_t       key;
    pay_arena_t              *arena;    /* of what is read */

    /* in, by kind */
    uint32_t                  slot;     /* NONCE: the merchant's 16 bits */
    int64_t                   time;     /* NONCE: when it was signed */
    pay_str_t                 bytes;    /* WRITE; CLAIM: what to make, or
                                           empty.  READ, CLAIM: as stored */
    pay_rec_class_t           class_;   /* WRITE */
    uint32_t                  version;  /* WRITE, RELEASE; 0: not there */
    int                       status;   /* SETTLE: the application's; EVENT */
    unsigned                  drop:1;   /* RELEASE: if still of version */
    unsigned                  accepted:1;   /* SETTLE */

    /* CLAIM, RELEASE, EVENT, SETTLE: who; kept from one to the other */
    u_char                    owner[NGX_PAY_OWNER_LEN];
    unsigned                  local:1;  /* it is in the zone: there only */

    /*
     * PAY_OK; PAY_DECLINED: not there, or no room; PAY_INVALID: another was
     * faster; PAY_ERROR: nobody knows
     */
    pay_rc_t                  rc;
    const char               *reason;   /* why nobody knows: a token */
    pay_nonce_rc_t            nonce;
    time_t                    wait;     /* NONCE: no room before so long; 0:
                                           not known */
    ngx_pay_store_claim_t     claim;
    pay_ev_rc_t               event;

    /* private */
    ngx_pay_store_kind_t      kind;
    ngx_pay_store_pt          handler;
    unsigned                  waiting:1;
    unsigned                  asked:1;  /* the zone has answered already: */
    ngx_int_t                 zone_rc;  /* ... so, */
    const char               *zone_reason;  /* ... and why not */
    unsigned                  seeded:1;
    ngx_pay_redis_job_t       job;
};


void ngx_pay_store(ngx_pay_store_op_t *op, ngx_pay_store_kind_t kind,
    ngx_pay_store_pt handler);

/* the owner goes: the handler is not called any more */
void ngx_pay_store_abandon(ngx_pay_store_op_t *op);

/*
 * Sets op->key.  what: the kind of thing, as "payment"; a, b, c: its names,
 * c may be empty.  NGX_ERROR: libcrypto failed, or they are too long.
 */
ngx_int_t ngx_pay_store_key(ngx_pay_store_op_t *op, const char *what,
    pay_str_t a, pay_str_t b, pay_str_t c);

/* a cleared operation, by the conf and the policy of a request */
void ngx_pay_store_init(ngx_pay_store_op_t *op, ngx_http_request_t *r,
    void *data);


/* the rooms below: NGX_OK: done; NGX_AGAIN: later; NGX_ERROR: don't know */

typedef ngx_int_t (*ngx_pay_store_do_pt)(ngx_pay_store_op_t *op);

/*
 * 1 if Redis may have taken a nonce of that time that the zone knows not of;
 * op->wait: how long that may be so
 */
ngx_uint_t ngx_pay_store_missed(ngx_pay_store_op_t *op);

extern const ngx_pay_store_do_pt  ngx_pay_store_zone[NGX_PAY_STORE_KINDS];
extern const ngx_pay_store_do_pt  ngx_pay_store_redis[NGX_PAY_STORE_KINDS];

/* a connection to Redis is usable: whether it is the one that we knew */
void ngx_pay_store_redis_ready(ngx_pay_redis_t *rd, ngx_str_t *run_id);

/* an operation that answered NGX_AGAIN has its answer */
void ngx_pay_store_done(ngx_pay_store_op_t *op, ngx_int_t rc);


#endif /* NGX_PAY_STORE_H_INCLUDED */
