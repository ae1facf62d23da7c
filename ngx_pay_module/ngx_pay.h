
/*
 * Copyright (C) the ngx_pay authors
 *
 * The glue: what its files share.  The rooms are
 *
 *   ngx_http_pay_module.c   directives, phases, the module itself
 *   ngx_pay_conf.c          names, and what they stand for
 *   ngx_pay_conf_block.c    blocks of our own, key files
 *   ngx_pay_conf_*.c        pay_channel, pay_merchant, locations, the last
 *                           checks
 *   ngx_pay_merchant.c      merchants by name, and on their channels
 *   ngx_pay_zone.c          shared memory: lock, nonces, counters
 *   ngx_pay_resize.c        ... and a reload with another size of it
 *   ngx_pay_store.c         what is kept, behind one interface
 *   ngx_pay_store_zone.c    ... in the zone of this node
 *   ngx_pay_store_redis.c   ... in Redis, which all nodes share
 *   ngx_pay_store_server.c  ... whichever Redis that is
 *   ngx_pay_store_script.c  ... by its commands and scripts
 *   ngx_pay_record.c        objects in the store: claim, apply, release
 *   ngx_pay_http.c          body in, answer out, the request's context
 *   ngx_pay_gate.c          the check of a merchant's request, in order
 *   ngx_pay_signed.c        ... its signature, in one of two forms
 *   ngx_pay_auth.c          pay_auth: the gate in front of any location
 *   ngx_pay_guard.c         ... and what must not get out of one
 *   ngx_pay_call.c          one HTTP call by a subrequest, captured whole
 *   ngx_pay_talk.c          runs a driver: threads, calls, waits
 *   ngx_pay_talk_store.c    ... and what it wants of the store
 *   ngx_pay_cache.c         ... and what its driver keeps of the channel
 *   ngx_pay_api.c           pay_api: the unified API, its entry and answers
 *   ngx_pay_operation.c     ... what is asked for, and what makes an object
 *   ngx_pay_fresh.c         ... that object, within the channel's limits
 *   ngx_pay_lookup.c        ... what is asked about one that is there
 *   ngx_pay_outcome.c       ... and what came of it, into the store
 *   ngx_pay_refund.c        the refunds of a payment, in sum
 *   ngx_pay_fetch.c         downloads into a temporary file
 *   ngx_pay_statement.c     ... whose rows leave piece by piece
 *   ngx_pay_notify.c        pay_notify: the callback desk
 *   ngx_pay_fact.c          ... what a notice says, and of whose object
 *   ngx_pay_delivery.c      ... and what it sends to the application
 *   ngx_pay_sandbox.c       pay_sandbox: its locations, and the simulators
 *   ngx_pay_sandbox_store.c ... and what simulators keep
 *   ngx_pay_inbox.c         ... and the inbox
 *   ngx_pay_checkout.c      ... and the checkout page
 *   ngx_pay_courier.c       ... and notices on their way
 *   ngx_pay_errand.c        ... also those that nobody waits for
 *   ngx_pay_tick.c          pay_tick: what is due, done without a client
 *   ngx_pay_tick_conf.c     ... and the listener that it is reached by
 *   ngx_pay_ticker.c        ... and the worker that calls it
 *   ngx_pay_redis*.c        the Redis client (ngx_pay_redis.h)
 *   ngx_pay_count.c         the closed lists that are counted by
 *   ngx_pay_status.c        pay_status: what is told
 *   ngx_pay_status_*.c      ... as JSON and for Prometheus
 *   ngx_pay_variables.c     $pay_...
 */

#ifndef NGX_PAY_H_INCLUDED
#define NGX_PAY_H_INCLUDED


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include <channel/pay_driver.h>
#include <model/pay_auth.h>
#include <store/pay_jobs.h>
#include <store/pay_store.h>

#include <ngx_pay_count.h>
#include <ngx_pay_record.h>
#include <ngx_pay_store.h>


#define NGX_PAY_VERSION  "0.1.0"


typedef struct ngx_pay_main_conf_s ngx_pay_main_conf_t;
typedef struct ngx_pay_zone_s      ngx_pay_zone_t;
typedef struct ngx_pay_channel_s   ngx_pay_channel_t;
typedef struct ngx_pay_merchant_s  ngx_pay_merchant_t;
typedef struct ngx_pay_account_s   ngx_pay_account_t;
typedef struct ngx_pay_ctx_s       ngx_pay_ctx_t;
typedef struct ngx_pay_call_s      ngx_pay_call_t;
typedef struct ngx_pay_talk_s      ngx_pay_talk_t;
typedef struct ngx_pay_fetch_s     ngx_pay_fetch_t;
typedef struct ngx_pay_tick_conf_s ngx_pay_tick_conf_t;

typedef void (*ngx_pay_gate_pt)(ngx_http_request_t *r, ngx_pay_ctx_t *ctx);


/* the border between the two kinds of string: same layout, other names */

static ngx_inline pay_str_t
ngx_pay_str(const ngx_str_t *s)
{
    pay_str_t  p;

    p.len = s->len;
    p.data = s->data;

    return p;
}


static ngx_inline ngx_str_t
ngx_pay_nstr(pay_str_t p)
{
    ngx_str_t  s;

    s.len = p.len;
    s.data = (u_char *) p.data;

    return s;
}


/* configuration */

struct ngx_pay_channel_s {
    pay_channel_t         core;
    ngx_str_t             name;
    ngx_str_t             notify_url;
    ngx_str_t             upstream;     /* empty: the host */
    ngx_str_t             call;         /* empty: the location's pay_call */
    time_t                order_expires;
    ngx_uint_t            mode;         /* "mode" was given */
    ngx_uint_t            number;       /* of its counters in the zone */
    ngx_array_t           accounts;     /* ngx_pay_account_t *: whose orders
                                           it carries */
    pay_u8                cache[16];    /* the record of its cache */
    u_char               *file;         /* where it was configured */
    ngx_uint_t            line;
};

/* a merchant on a channel */

struct ngx_pay_account_s {
    pay_account_t         core;
    ngx_pay_merchant_t   *merchant;
    ngx_pay_channel_t    *channel;      /* NULL until resolved */
    ngx_str_t             name;         /* of the channel */
    u_char               *file;
    ngx_uint_t            line;
};

/* one of a merchant's keys: mac or public_key, the other is NULL */

typedef struct {
    ngx_str_t             id;
    pay_alg_t             alg;
    pay_mac_key_t        *mac;          /* HMAC */
    pay_key_t            *public_key;   /* all else */
    pay_u8                digest[PAY_SHA256_LEN];   /* of what was read */
    time_t                not_after;    /* of a certificate; 0: none */
    u_char               *file;
    ngx_uint_t            line;
} ngx_pay_key_t;

typedef struct {
    ngx_array_t           cidr;         /* one ngx_cidr_t; none: all */
    unsigned              deny:1;
} ngx_pay_rule_t;

struct ngx_pay_merchant_s {
    ngx_str_t             id;
    uint32_t              hash;         /* of it */
    ngx_array_t           keys;         /* ngx_pay_key_t */
    ngx_array_t           rules;        /* ngx_pay_rule_t */
    ngx_array_t           channels;     /* ngx_pay_account_t */
    ngx_array_t           webhook_keys; /* pay_mac_key_t * */
    uint32_t              operations;   /* bits by pay_op_t */
    u_char               *file;
    ngx_uint_t            line;
};

typedef struct {
    ngx_pay_merchant_t  **slots;
    ngx_uint_t            mask;         /* the number of them, less 1 */
    ngx_uint_t            used;
    ngx_uint_t            longest;      /* slots that a search looks at */
} ngx_pay_merchants_t;

struct ngx_pay_main_conf_s {
    ngx_pay_zone_t       *zone;
    ngx_pay_redis_t      *redis;        /* NULL: the zone alone */
    ngx_array_t           channels;     /* ngx_pay_channel_t * */
    ngx_pay_merchants_t   merchants;
    ngx_array_t           merchant_list;    /* ngx_pay_merchant_t * */
    ngx_array_t           places;       /* ngx_pay_place_t */
    pay_mac_key_t        *secret;       /* signs the echoed text */
    pay_mac_key_t        *dummy;        /* for merchants that do not exist */
    pay_key_t            *dummies[PAY_ALG_MAX];     /* ... by algorithm, where
                                                       a merchant uses it */
    pay_key_reader_t     *reader;       /* while the configuration is read */
    time_t                window_max;
    ngx_int_t             request_id;   /* index of $request_id */
    ngx_flag_t            debug_core;
    u_char               *zone_policy_file;     /* "pay_store_error zone" */
    ngx_uint_t            zone_policy_line;
    ngx_thread_pool_t    *threads;
    ngx_pay_tick_conf_t  *tick;         /* NULL: no pay_tick */
};

typedef enum {
    NGX_PAY_SANDBOX_NONE = 0,
    NGX_PAY_SANDBOX_SIMULATOR,
    NGX_PAY_SANDBOX_CHECKOUT,
    NGX_PAY_SANDBOX_INBOX
} ngx_pay_sandbox_kind_t;

typedef struct {
    ngx_flag_t            auth;
    ngx_flag_t            dry_run;
    ngx_uint_t            store_error;  /* ngx_pay_store_policy_t */
    time_t                window;
    ngx_flag_t            api;
    ngx_pay_channel_t    *notify;       /* NULL: off */
    ngx_str_t             notify_name;
    ngx_str_t             call;
    ngx_uint_t            status;       /* NGX_PAY_STATUS_ */
    ngx_uint_t            tick;         /* pay_tick is here */
    off_t                 statement_size;
    ngx_uint_t            sandbox;      /* ngx_pay_sandbox_kind_t */
    const void           *simulator;    /* pay_simulator_t */
    ngx_array_t          *simulated;    /* pay_channel_t *, up to NULL */
    u_char               *file;         /* of the directive, if it told */
    ngx_uint_t            line;
} ngx_pay_loc_conf_t;

#define NGX_PAY_STATEMENT_SIZE     ((off_t) 1024 * 1024 * 1024)

#define NGX_PAY_STATUS_JSON        1
#define NGX_PAY_STATUS_PROMETHEUS  2

/* a location of ours that must be looked at when all is known */

typedef struct {
    ngx_http_core_srv_conf_t  *server;
    ngx_http_core_loc_conf_t  *location;
    ngx_pay_loc_conf_t        *conf;
} ngx_pay_place_t;


extern ngx_module_t  ngx_http_pay_module;


#include <ngx_pay_conf.h>


ngx_pay_channel_t *ngx_pay_channel_find(ngx_pay_main_conf_t *mcf,
    ngx_str_t *name);

/* the name is not there yet */
ngx_int_t ngx_pay_merchant_add(ngx_pool_t *pool, ngx_pay_merchants_t *t,
    ngx_pay_merchant_t *m);
ngx_pay_merchant_t *ngx_pay_merchant_find(ngx_pay_main_conf_t *mcf,
    pay_str_t id);

/* NULL: the merchant may not use the channel */
ngx_pay_account_t *ngx_pay_merchant_account(ngx_pay_merchant_t *m,
    ngx_pay_channel_t *ch);

/* the names of channels in pay_merchant, and whose order a notice speaks of */
ngx_int_t ngx_pay_conf_accounts(ngx_conf_t *cf, ngx_pay_main_conf_t *mcf);


/* the zone */

#define NGX_PAY_CHANNELS_MAX   64

typedef struct {
    uint32_t              magic;
    uint32_t              layout;
    int64_t               born;
    uint64_t              size;
    ngx_atomic_t          dirty;        /* somebody is inside the lock */
    ngx_atomic_t          frozen;       /* another zone has the content */
    ngx_atomic_t          repairs;
    pay_u8                nonce_key[32];
    int64_t               window;       /* the largest ever configured */
    int64_t               narrow;       /* ... and the one before it, */
    int64_t               grown;        /* until then */
    uint64_t              nonces;       /* offsets from this struct */
    uint64_t              records;
    uint64_t              events;
    ngx_atomic_t          inbox;        /* the next number */
    pay_jobs_t            jobs;
    ngx_atomic_t          tick_owner;   /* the worker that sends ticks */
    int64_t               tick_seen;    /* ... when it last did */
    ngx_pay_redis_stat_t  redis;
    int64_t               redis_born;   /* since when it is answered for */
    uint64_t              redis_id_len; /* the run_id of the one that this */
    u_char                redis_id[NGX_PAY_REDIS_RUN_ID];   /* node met last */
    int64_t               missed;       /* when it took a nonce for which there
                                           was no room here */
    ngx_atomic_t          store_errors; /* times that Redis did not know, */
    ngx_atomic_t          store_passed; /* ... and the policy went on */
    ngx_atomic_t          store_allowed;    /* ... and it was "allow" */
    ngx_atomic_t          gate[PAY_E_MAX];
    ngx_atomic_t          gate_reasons[NGX_PAY_REASONS_MAX];
    ngx_atomic_t          gate_dry;     /* refused, had it not been dry */
    ngx_atomic_t          signatures[NGX_PAY_FORM_MAX][PAY_ALG_MAX]
                                    [NGX_PAY_SIGNATURE_MAX];
    ngx_atomic_t          requests[PAY_OP_MAX][NGX_PAY_OUTCOME_MAX];
    ngx_atomic_t          errors[PAY_E_MAX];
    ngx_pay_channel_stat_t  channels[NGX_PAY_CHANNELS_MAX];
} ngx_pay_shared_t;

struct ngx_pay_zone_s {
    ngx_shm_zone_t       *shm_zone;
    ngx_slab_pool_t      *shpool;
    ngx_pay_shared_t     *sh;
    ngx_pay_main_conf_t  *conf;
    pay_nonces_t         *nonces;
    pay_records_t        *records;
    pay_events_t         *events;
    ngx_pay_zone_t       *prev;         /* of another size, while loading */
    ngx_uint_t            froze;        /* prev, unless the reload succeeds */
};

char *ngx_pay_conf_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* between the two nothing allocates, logs, waits or returns */
void ngx_pay_zone_lock(ngx_pay_zone_t *zone);
void ngx_pay_zone_unlock(ngx_pay_zone_t *zone);

/*
 * Under the lock, before what must not be forgotten is begun: a nonce, a
 * claim, a new record.  What has begun may end in a frozen zone: a reload
 * that fails thaws it.
 */
static ngx_inline ngx_uint_t
ngx_pay_zone_frozen(ngx_pay_zone_t *zone)
{
    return zone->sh->frozen != 0;
}

#define ngx_pay_count(zone, member)                                          \
    (void) ngx_atomic_fetch_add(&(zone)->sh->member, 1)

int ngx_pay_alive(int32_t owner);

/*
 * 16-byte key of a record: the zone's own secret, kind, then the parts, so
 * that nobody outside can make keys that meet in one chain
 */
ngx_int_t ngx_pay_record_key(ngx_pay_zone_t *zone, pay_u8 key[16],
    const char *kind, pay_str_t a, pay_str_t b);

/* a record's bytes, into the arena; PAY_DECLINED: not there */
pay_rc_t ngx_pay_record_read(ngx_pay_zone_t *zone, pay_arena_t *a,
    const pay_u8 key[16], pay_str_t *out, pay_rec_t *rec);

/*
 * Writes if the version is still that of rec (version 0: if it is not there).
 * PAY_INVALID: another was faster; PAY_DECLINED: no room, or frozen.
 */
pay_rc_t ngx_pay_record_write(ngx_pay_zone_t *zone, const pay_u8 key[16],
    pay_str_t bytes, pay_rec_class_t class_, uint32_t version);


/* the request's context */

typedef enum {
    NGX_PAY_ROLE_NONE = 0,
    NGX_PAY_ROLE_AUTH, NGX_PAY_ROLE_API, NGX_PAY_ROLE_NOTIFY,
    NGX_PAY_ROLE_SANDBOX, NGX_PAY_ROLE_CALL, NGX_PAY_ROLE_TICK
} ngx_pay_role_t;

struct ngx_pay_ctx_s {
    ngx_uint_t            role;
    ngx_pay_call_t       *call;         /* of a subrequest of ours */
    ngx_pay_talk_t       *talk;
    void                 *data;         /* the role's own */

    unsigned              reading:1;    /* the body is on its way */
    unsigned              body_done:1;
    unsigned              waiting:1;    /* the gate waits for the store */
    unsigned              decided:1;    /* the gate has spoken */
    unsigned              verified:1;   /* ... and let it pass */
    unsigned              dry:1;        /* ... or would not have */
    unsigned              answered:1;   /* the decision has been acted on */
    unsigned              replied:1;    /* the answer is ours */

    /* for $pay_...: in the request's pool */
    ngx_pay_merchant_t   *merchant;
    ngx_str_t             key;
    ngx_pay_gate_pt       resume;       /* when the gate has spoken */
    time_t                retry_after;  /* seconds; 0: one */
    pay_code_t            auth;         /* NONE and decided: passed */
    const char           *reason;
    pay_op_t              op;
    ngx_pay_channel_t    *channel;
    pay_kind_t            kind;         /* of the object, and its number */
    ngx_str_t             number;
    ngx_str_t             order_id;     /* ... or that of what is behind it */
    int64_t               amount;
    ngx_str_t             currency;
    pay_state_t           state;
    pay_code_t            error;
    ngx_str_t             channel_code;
    ngx_msec_t            channel_time;
    ngx_uint_t            called;
    ngx_str_t             event;
    const char           *notify_result;

    ngx_event_t           deadline;     /* of a notice that makes calls */
};

/* NULL: none yet; found again after an internal redirect */
ngx_pay_ctx_t *ngx_pay_ctx_get(ngx_http_request_t *r);
ngx_pay_ctx_t *ngx_pay_ctx_make(ngx_http_request_t *r, ngx_uint_t role);

/*
 * Reads the body, then runs the phases again, with body_done set: what a
 * phase handler returns.  NGX_DONE or a status
 */
ngx_int_t ngx_pay_body_read(ngx_http_request_t *r, ngx_pay_ctx_t *ctx);

/* the whole body in one piece; NGX_DECLINED: larger than limit */
ngx_int_t ngx_pay_body(ngx_http_request_t *r, size_t limit, ngx_str_t *out);

/* ... or piece by piece */
ngx_int_t ngx_pay_body_each(ngx_http_request_t *r, pay_sink_pt sink,
    void *data);

/* its bytes */
off_t ngx_pay_body_size(ngx_http_request_t *r);

/* the received headers, or NGX_ERROR */
ngx_int_t ngx_pay_headers(ngx_pool_t *pool, ngx_list_t *list,
    pay_headers_t *out);

/* value of a header that may come once: NGX_DECLINED none, NGX_ABORT many */
ngx_int_t ngx_pay_header_once(ngx_http_request_t *r, const char *name,
    ngx_str_t *value);

pay_str_t ngx_pay_request_id(ngx_http_request_t *r);

/*
 * An arena that goes with the request, or, when the caller clears
 * (*cln)->handler, with somebody else.  cln may be NULL.  NULL: no memory
 */
pay_arena_t *ngx_pay_arena(ngx_http_request_t *r, ngx_pool_cleanup_t **cln);

/* a copy in the request's pool, for variables: they outlive every arena */
ngx_str_t ngx_pay_keep(ngx_http_request_t *r, pay_str_t s);

/* sends an answer of ours; the return value goes to finalize_request */
ngx_int_t ngx_pay_reply(ngx_http_request_t *r, ngx_uint_t status,
    const char *type, pay_str_t body);
ngx_int_t ngx_pay_reply_error(ngx_http_request_t *r, const pay_error_t *e);
ngx_int_t ngx_pay_challenge(ngx_http_request_t *r);     /* for every 401 */
ngx_int_t ngx_pay_add_header(ngx_http_request_t *r, const char *name,
    ngx_str_t *value);


/* the gate */

/*
 * NGX_OK: it is decided, by ctx->auth, ctx->reason and ctx->verified;
 * NGX_AGAIN: then resume is called.
 */
ngx_int_t ngx_pay_gate(ngx_http_request_t *r, ngx_pay_ctx_t *ctx,
    time_t window, size_t limit, ngx_pay_gate_pt resume);

ngx_int_t ngx_pay_auth_handler(ngx_http_request_t *r);
ngx_int_t ngx_pay_auth_subrequest(ngx_http_request_t *r);

/* NGX_DECLINED: this answer was not checked, and is not to be sent */
ngx_int_t ngx_pay_guard(ngx_http_request_t *r);

/*
 * An error page's status is taken away before "return", and given back when
 * the request is checked.
 */
ngx_int_t ngx_pay_guard_page(ngx_http_request_t *r);
void ngx_pay_guard_restore(ngx_http_request_t *r);

ngx_int_t ngx_pay_api_handler(ngx_http_request_t *r);
ngx_int_t ngx_pay_notify_handler(ngx_http_request_t *r);
ngx_int_t ngx_pay_sandbox_handler(ngx_http_request_t *r);
ngx_int_t ngx_pay_status_handler(ngx_http_request_t *r);

/* one answer for HEAD, OPTIONS ... on locations of ours */
ngx_int_t ngx_pay_not_allowed(ngx_http_request_t *r);


ngx_int_t ngx_pay_variables(ngx_conf_t *cf);


#endif /* NGX_PAY_H_INCLUDED */
