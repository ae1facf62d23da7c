
/*
 * Copyright (C) the ngx_pay authors
 *
 * The Redis client: one pipelined connection per worker, by hiredis' async
 * API inside of nginx's event loop.
 *
 *   ngx_pay_redis_conf.c    pay_redis { ... }
 *   ngx_pay_redis.c         commands, replies, reasons, counters
 *   ngx_pay_redis_event.c   the connection: events, timer, back-off
 *   ngx_pay_redis_greeting.c  what it is asked before others may use it
 *   ngx_pay_redis_guard.c   replies, before hiredis believes them
 *   ngx_pay_redis_tls.c     TLS, where hiredis has it
 *
 * What cannot be told is told at once: there is no queue for better times.
 * The one exception: while a process that has just started opens its first
 * connection, commands wait for it, for at most their timeout, so that a
 * reload refuses nobody.  A connection on which a command was not answered in
 * time is closed and never used again, so that no reply can meet another
 * command.
 *
 * Not for SUBSCRIBE, MONITOR, and whatever else answers other than once.
 */

#ifndef NGX_PAY_REDIS_H_INCLUDED
#define NGX_PAY_REDIS_H_INCLUDED


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>


struct redisAsyncContext;

typedef struct ngx_pay_redis_s      ngx_pay_redis_t;
typedef struct ngx_pay_redis_job_s  ngx_pay_redis_job_t;
typedef struct ngx_pay_redis_cmd_s  ngx_pay_redis_cmd_t;


#define NGX_PAY_REDIS_VALUES  8
#define NGX_PAY_REDIS_WORD    64      /* the longest name in pay_redis */
#define NGX_PAY_REDIS_RUN_ID  64      /* bytes of a server's, at most */
#define NGX_PAY_REDIS_ARGS    32    /* of a command, at most */
#define NGX_PAY_REDIS_STEPS   5     /* of the greeting */


typedef enum {
    NGX_PAY_REDIS_NONE = 0,
    NGX_PAY_REDIS_NIL,
    NGX_PAY_REDIS_INTEGER,
    NGX_PAY_REDIS_STRING,           /* bulk and status */
    NGX_PAY_REDIS_ERROR             /* an element of an array only */
} ngx_pay_redis_type_t;

typedef struct {
    ngx_uint_t            type;     /* ngx_pay_redis_type_t */
    int64_t               integer;
    ngx_str_t             str;
} ngx_pay_redis_value_t;


/* why nothing is known; the order is that of the names in ngx_pay_redis.c */

typedef enum {
    NGX_PAY_REDIS_NOT_CONNECTED = 0,
    NGX_PAY_REDIS_TIMEOUT,
    NGX_PAY_REDIS_CLOSED,           /* with the command under way */
    NGX_PAY_REDIS_PROTOCOL,         /* a reply of a form that nobody expects */
    NGX_PAY_REDIS_MEMORY,           /* no memory for the command */
    NGX_PAY_REDIS_OTHER,            /* an error reply of another word */
    NGX_PAY_REDIS_WORDS,            /* error replies by their first word */
    NGX_PAY_REDIS_REASONS = NGX_PAY_REDIS_WORDS + 18
} ngx_pay_redis_reason_t;

/* the token of a reason, for the log and the status */
const char *ngx_pay_redis_reason(ngx_uint_t reason);


/*
 * One command.  The job is its owner's, who fills in handler and data, and
 * keeps it until the handler was called or ngx_pay_redis_abandon().
 */

struct ngx_pay_redis_job_s {
    /*
     * NGX_OK: answered, by something other than an error.
     * NGX_ERROR: nothing is known, as reason says, a token.  sent: it may have
     * been executed, or may still be.
     */
    ngx_int_t             rc;
    const char           *reason;
    unsigned              sent:1;

    /* during the handler only: the elements of an array, or the one value */
    ngx_uint_t            nvalues;
    ngx_pay_redis_value_t  values[NGX_PAY_REDIS_VALUES];

    /* once, from the event loop, never inside of ngx_pay_redis_send() */
    void                (*handler)(ngx_pay_redis_job_t *job);
    void                 *data;

    ngx_pay_redis_cmd_t  *cmd;      /* the client's */
};


/* shared by all workers: the memory is the caller's, zeroed */

typedef struct {
    ngx_atomic_t          connects;         /* connections that were ready */
    ngx_atomic_t          connect_errors;   /* attempts that came to nothing */
    ngx_atomic_t          reconnects;       /* ... after a process' first */
    ngx_atomic_t          commands;         /* taken by ngx_pay_redis_send() */
    ngx_atomic_t          answered;         /* ... with rc NGX_OK */
    ngx_atomic_t          errors[NGX_PAY_REDIS_REASONS];
    ngx_atomic_t          timeouts;         /* connections closed for them */
    ngx_atomic_t          evicting;         /* connects to a server whose
                                               maxmemory-policy may evict */
    ngx_atomic_t          up;               /* 1, 0: as the last worker saw,
                                               by an answer or a loss */
    ngx_atomic_t          last_answer;      /* seconds; 0: none yet */
    ngx_atomic_t          last_error;
    ngx_atomic_t          latency;          /* of the last answer, in us */
    ngx_atomic_t          latency_sum;      /* ... of all that are answered */
} ngx_pay_redis_stat_t;


typedef enum {
    NGX_PAY_REDIS_DOWN = 0,         /* the timer is to the next attempt */
    NGX_PAY_REDIS_CONNECTING,       /* ... for the connection */
    NGX_PAY_REDIS_GREETING,         /* ... for AUTH, SELECT, INFO, PING */
    NGX_PAY_REDIS_UP,               /* ... to the next look for idleness */
    NGX_PAY_REDIS_BROKEN            /* ... to the close: not possible here */
} ngx_pay_redis_state_t;

/*
 * The connection is usable; run_id is the server's, empty where INFO is not
 * permitted.  Commands sent inside of it come before all others.
 */
typedef void (*ngx_pay_redis_ready_pt)(ngx_pay_redis_t *rd,
    ngx_str_t *run_id);

struct ngx_pay_redis_s {

    /* configuration */

    ngx_str_t             server;           /* as it was written */
    ngx_str_t             host;             /* its name or address */
    ngx_addr_t           *addrs;
    ngx_uint_t            naddrs;
    ngx_str_t             user;
    ngx_str_t             password;
    ngx_str_t             key_prefix;
    ngx_int_t             database;
    ngx_msec_t            connect_timeout;
    ngx_msec_t            timeout;
    ngx_msec_t            idle;             /* then a PING */
    ngx_flag_t            tls;
    ngx_str_t             tls_ca;
    ngx_str_t             tls_name;
    void                 *tls_ctx;          /* an SSL_CTX */

    /* this worker's connection */

    ngx_log_t            *log;
    ngx_pay_redis_stat_t  *stat;
    ngx_pay_redis_ready_pt  ready;
    void                 *data;             /* the caller's */

    ngx_uint_t            state;
    struct redisAsyncContext  *ac;          /* NULL: DOWN */
    ngx_event_t           timer;            /* housekeeping, by state */
    ngx_uint_t            why;              /* the reason it is closed for */
    ngx_uint_t            addr;             /* index of the next address */
    ngx_uint_t            attempts;         /* since the last good answer */
    ngx_msec_t            last;             /* good answer */
    ngx_uint_t            inflight;         /* replies that are awaited */
    ngx_queue_t           waiting;          /* for the first connection */
    ngx_pay_redis_job_t   own[NGX_PAY_REDIS_STEPS];
    ngx_str_t             run_id;
    u_char                run_id_buf[NGX_PAY_REDIS_RUN_ID];
    time_t                logged[NGX_PAY_REDIS_REASONS];
    ngx_pay_redis_stat_t  own_stat;

    unsigned              opened:1;         /* the first attempt is over */
    unsigned              greeted:1;        /* was ready before */
    unsigned              warned:1;         /* INFO is not permitted */
    unsigned              exiting:1;
};


/*
 * NGX_OK: the handler will be called.
 * NGX_DECLINED: not connected, or no memory: nothing was sent, job->reason
 * says why, the handler will not be called.
 */
ngx_int_t ngx_pay_redis_send(ngx_pay_redis_t *rd, ngx_pay_redis_job_t *job,
    ngx_uint_t argc, const ngx_str_t *argv);

/* the owner goes: the handler will not be called, the job not be touched */
void ngx_pay_redis_abandon(ngx_pay_redis_job_t *job);

#define ngx_pay_redis_up(rd)  ((rd)->state == NGX_PAY_REDIS_UP)


/* pay_redis { ... }: into the pointer at cmd->offset of conf */
char *ngx_pay_conf_redis(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/*
 * init_process and exit_process.  stat: in shared memory, or NULL; ready may
 * be NULL.
 */
ngx_int_t ngx_pay_redis_init(ngx_pay_redis_t *rd, ngx_cycle_t *cycle,
    ngx_pay_redis_stat_t *stat, ngx_pay_redis_ready_pt ready, void *data);
void ngx_pay_redis_exit(ngx_pay_redis_t *rd);


/* between the files of the client */

#define ngx_pay_redis_count(rd, member)                                      \
    (void) ngx_atomic_fetch_add(&(rd)->stat->member, 1)

/* as ngx_pay_redis_send(), for the client's own commands, in any state */
ngx_int_t ngx_pay_redis_own(ngx_pay_redis_t *rd, ngx_pay_redis_job_t *job,
    ngx_uint_t argc, const ngx_str_t *argv);

/* sends, or gives up, what has waited for the first connection */
void ngx_pay_redis_flush(ngx_pay_redis_t *rd);

/* closes: pending jobs are told why, and an attempt is scheduled */
void ngx_pay_redis_close(ngx_pay_redis_t *rd, ngx_uint_t why);

/* ... from where hiredis or the caller cannot bear it: later */
void ngx_pay_redis_break(ngx_pay_redis_t *rd);

/* hiredis is closing it, or has closed it; may be called twice */
void ngx_pay_redis_dropped(ngx_pay_redis_t *rd);

void ngx_pay_redis_after(ngx_pay_redis_t *rd, ngx_msec_t delay);
void ngx_pay_redis_guard(ngx_pay_redis_t *rd);
void ngx_pay_redis_greet(ngx_pay_redis_t *rd);
void ngx_pay_redis_ping(ngx_pay_redis_t *rd);

/* a line a second for each reason; text may be NULL */
void ngx_pay_redis_log(ngx_pay_redis_t *rd, ngx_uint_t why, const char *text);

/* an error has been logged with file and line */
ngx_int_t ngx_pay_redis_tls_conf(ngx_conf_t *cf, ngx_pay_redis_t *rd);
ngx_int_t ngx_pay_redis_tls_start(ngx_pay_redis_t *rd);
const char *ngx_pay_redis_tls_error(ngx_pay_redis_t *rd);
void ngx_pay_redis_tls_clear(ngx_pay_redis_t *rd);


#endif /* NGX_PAY_REDIS_H_INCLUDED */
