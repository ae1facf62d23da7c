
/*
 * Copyright (C) the ngx_pay authors
 *
 * The driver contract (docs/design.md section 9).  One driver is one file in
 * this folder that exports one const struct; pay_drivers.c names them all.
 *
 * A talk is one conversation with a channel.  A driver's function reads its
 * talk, writes its talk, and says by its return value what comes next.  It
 * does no I/O, keeps no state, reads no clock, touches no nginx: a pure
 * function of its talk.
 */

#ifndef PAY_DRIVER_H_INCLUDED
#define PAY_DRIVER_H_INCLUDED


#include <base/pay_base.h>
#include <base/pay_money.h>
#include <base/pay_time.h>
#include <codec/pay_codec.h>
#include <codec/pay_json.h>
#include <crypto/pay_crypto.h>
#include <model/pay_ask.h>
#include <model/pay_event.h>
#include <model/pay_object.h>
#include <model/pay_row.h>


typedef struct pay_driver_s   pay_driver_t;
typedef struct pay_channel_s  pay_channel_t;
typedef struct pay_talk_s     pay_talk_t;


/* the directives of a channel block that belong to the driver */

typedef enum {
    PAY_PARAM_TEXT,             /* pay_str_t */
    PAY_PARAM_TEXT_BY_METHOD,   /* TEXT [METHOD ...], repeated ->
                                   pay_text_by_method_t */
    PAY_PARAM_SECRET,           /* FILE -> pay_str_t, its bytes */
    PAY_PARAM_CERTIFICATE,      /* FILE -> pay_cert_t */
    PAY_PARAM_CERTIFICATES,     /* FILE -> pay_certs_t *, one or more */
    PAY_PARAM_PUBLIC_KEY,       /* FILE -> pay_key_t * */
    PAY_PARAM_PRIVATE_KEY,      /* FILE -> pay_key_t * */
    PAY_PARAM_KEY_SET           /* ID FILE, repeated -> pay_key_set_t */
} pay_param_kind_t;

/* of PAY_METHOD_NONE: of every method that has none of its own */

typedef struct {
    pay_str_t   text[PAY_METHOD_MAX];
} pay_text_by_method_t;

#define PAY_KEY_SET_MAX  8

typedef struct {
    pay_str_t   id[PAY_KEY_SET_MAX];
    pay_key_t  *key[PAY_KEY_SET_MAX];
    size_t      nkeys;
} pay_key_set_t;

typedef struct {
    const char        *name;
    pay_param_kind_t   kind;
    size_t             offset;      /* in the driver's conf struct */
    size_t             min, max;    /* length of a text or a secret; of a
                                       key, max is a set of PAY_KEYS_..., and
                                       0 is RSA alone */
    unsigned           required:1;
    unsigned           sandbox:1;   /* only with "mode sandbox" */
    const char        *doc;
} pay_param_t;


/* what a channel can do: what a table can say */

typedef struct {
    pay_op_t      op;
    pay_method_t  method;           /* NONE: any */
} pay_can_op_t;

/* a number as the channel takes it, with its prefix; max 0: no such kind */

typedef struct {
    size_t               min, max;
    const char          *extra;             /* beside A-Za-z0-9 */
} pay_can_number_t;

typedef struct {
    const pay_can_op_t  *ops;       /* up to PAY_OP_NONE */
    const char *const   *hosts;     /* "https://host", first is the default */
    const char *const   *currencies;/* up to NULL */
    pay_can_number_t     numbers[PAY_KIND_MAX];
    size_t               description_max;   /* characters */
    int64_t              amount_min, amount_max;
    int64_t              expires_min, expires_max;  /* seconds from now */
    unsigned             notice_deadline_ms;/* the channel's own */

    /*
     * Locators: what a call on an object needs when the store has forgotten
     * the payment or the object, by operation: PAY_NEEDS_... bits.
     */
    unsigned             needs[PAY_OP_MAX];

    unsigned             dedupes:1;         /* by our number: send again */
    unsigned             echoes:1;          /* gives a text of ours back */
    unsigned             user_id:1;         /* payer is no openid */
    unsigned             test_only:1;       /* never in production */
} pay_can_t;

#define PAY_NEEDS_ORDER_ID          0x01
#define PAY_NEEDS_CHANNEL_ORDER_ID  0x02
#define PAY_NEEDS_CHANNEL_NUMBER    0x04
#define PAY_NEEDS_CREATED_AT        0x08
#define PAY_NEEDS_ORDER_AMOUNT      0x10


/* a channel's words and ours: the last row has NULL */

typedef struct {
    const char  *theirs;
    int          ours;              /* pay_state_t or pay_code_t */
} pay_word_t;

int pay_word_find(const pay_word_t *words, pay_str_t theirs, int otherwise);


struct pay_channel_s {
    pay_str_t            name;
    const pay_driver_t  *driver;
    void                *conf;          /* the driver's, filled by its params */
    pay_str_t            host;          /* scheme://name[:port] */
    pay_str_t            notify_url;
    int64_t              order_expires; /* seconds */
    unsigned             sandbox:1;
};


/*
 * A merchant's part of a channel: "channel NAME prefix= sub_merchant=
 * app_id=".  What was not said is empty.
 */

typedef struct {
    pay_str_t  prefix;          /* of his numbers, on the wire */
    pay_str_t  sub_merchant;
    pay_str_t  app_id;
} pay_account_t;


/* a request that a driver wants sent */

#define PAY_REQUEST_HEADERS  12

typedef struct {
    const char    *method;              /* "GET", "POST" ... */
    pay_str_t      host;                /* scheme://name[:port] */
    pay_str_t      target;              /* path?query, as signed */
    pay_header_t   headers[PAY_REQUEST_HEADERS];
    size_t         nheaders;
    pay_str_t      body;                /* empty: none */
} pay_request_t;

/* PAY_ERROR when there is no room or a value has a byte under 0x20 */
pay_rc_t pay_request_header(pay_request_t *q, const char *name, pay_str_t v);


/* what came of it */

typedef enum {
    PAY_ANSWERED = 0,           /* complete, within the limit, not verified */
    PAY_NOT_SENT,               /* certainly nothing reached the channel */
    PAY_UNANSWERED,             /* it may have: cut short, too big, late ... */
    PAY_WAITED                  /* a PAY_WAIT is over */
} pay_outcome_t;

typedef struct {
    pay_outcome_t  outcome;
    int            status;
    pay_headers_t  headers;
    pay_str_t      body;
} pay_answer_t;


/*
 * A download into a file, whose hash is checked before anybody reads it.  The
 * request of the talk says from where.  200 and the right hash: rows() is
 * next, and not resume(); else resume() is told of the answer, with its body,
 * as after PAY_SEND.
 */

typedef struct {
    pay_hash_kind_t  hash;
    pay_str_t        digest;            /* raw bytes; empty: there is none */
    unsigned         gzip:1;            /* it is a gzip file: digest and rows
                                           are of what is in it */
} pay_fetch_t;


/* the channel calls us */

typedef struct {
    pay_str_t      method;
    pay_str_t      args;                /* query string, raw */
    pay_headers_t  headers;
    pay_str_t      body;
} pay_notice_t;

typedef enum {
    PAY_NOTICE_REFUSED = 0,     /* not verified or not ours; error says why */
    PAY_NOTICE_OBJECT,          /* fact speaks of an object, fact.kind */
    PAY_NOTICE_OTHER            /* verified, of no kind that we know */
} pay_notice_kind_t;


/* what we answer to a notice */

typedef enum {
    PAY_ACK_OK = 0,             /* the application has it */
    PAY_ACK_REFUSED,            /* we do not believe it */
    PAY_ACK_LATER               /* not now: send it again */
} pay_verdict_t;

typedef struct {
    int          status;
    const char  *content_type;  /* NULL: no body */
    pay_str_t    body;
} pay_reply_t;


/* what the store knew of the object when the talk began */

typedef enum {
    PAY_KNOWN_NEW = 0,          /* this talk creates it */
    PAY_KNOWN_OPEN,             /* the channel has answered for it */
    PAY_KNOWN_UNKNOWN,          /* sent once, outcome not known */
    PAY_KNOWN_FORGOTTEN         /* the store has it no more: locators only */
} pay_known_t;

/* six nonces of 32 characters: as many requests and signatures */
#define PAY_TALK_RANDOM  192

struct pay_talk_s {
    /* given */
    const pay_channel_t      *channel;
    const pay_account_t      *account;  /* NULL: none, or not known yet */
    pay_arena_t              *arena;    /* of this talk alone */
    int64_t                   now;
    pay_u8                    random[PAY_TALK_RANDOM];
    size_t                    random_used;
    pay_op_t                  op;
    const pay_ask_t          *ask;      /* empty members: not asked for */
    const pay_object_t       *object;   /* as stored, or as asked for */
    const pay_object_t       *payment;  /* behind a refund or a split: as
                                           stored, or by locators; or NULL */
    pay_known_t               known;    /* of the object */
    pay_str_t                 echo;     /* to be echoed, or empty */
    pay_str_t                 cache;    /* what the driver keeps of the channel
                                           (public things: certificates) */
    int64_t                   cache_at; /* when it was written; 0: never */

    /* said */
    pay_request_t             request;  /* with PAY_SEND */
    unsigned                  wait_ms;  /* with PAY_WAIT */
    pay_fetch_t               fetch;    /* with PAY_FETCH, beside request */
    pay_fact_t                fact;     /* verified, with PAY_DONE or before */
    pay_error_t               error;    /* with PAY_DONE */
    pay_notice_kind_t         notice;
    pay_str_t                 notice_type;  /* in the channel's words */
    pay_str_t                 notice_data;  /* decrypted JSON */
    pay_str_t                 cache_put;    /* <= 3 KiB, with PAY_DONE or
                                               before; data NULL: as it is */
    int64_t                   cache_until;  /* ... and when to refresh it */

    void                    (*row)(pay_talk_t *t, const pay_row_t *row);
    pay_arena_t              *scratch;      /* given to rows(): what is in it
                                               goes when that returns */

    int                       step;     /* the driver's own */
    void                     *own;      /* the driver's own, in the arena */
};


struct pay_driver_s {
    pay_str_t           name;
    size_t              conf_size;
    const pay_param_t  *params;         /* up to a NULL name */
    const pay_can_t    *can;

    /* at nginx -t: what a table can't say; *why for the operator */
    pay_rc_t          (*check)(pay_channel_t *ch, const char **why);

    /* the serial and the end of life of what must be renewed, for nginx -t */
    void              (*expiry)(const pay_channel_t *ch, pay_str_t *serial,
                            int64_t *not_after);

    /*
     * An operation starts.  PAY_SIGN, PAY_SEND, PAY_WAIT, PAY_FETCH or
     * PAY_DONE, as of all that follow.
     */
    pay_rc_t          (*begin)(pay_talk_t *t);

    /* after PAY_SIGN, in a thread: the private-key work, and nothing else */
    pay_rc_t          (*sign)(pay_talk_t *t);

    /* the channel answered, or did not, or the wait is over */
    pay_rc_t          (*resume)(pay_talk_t *t, const pay_answer_t *a);

    /* the channel calls us: PAY_DONE with t->notice set */
    pay_rc_t          (*notice)(pay_talk_t *t, const pay_notice_t *n);

    /*
     * A statement, fetched and checked, piece by piece: calls row() of the
     * talk for each row.  last: these bytes are the last, maybe none.  PAY_OK
     * or an error.  A statement has any length: what is kept from one call to
     * the next has a bound.
     */
    pay_rc_t          (*rows)(pay_talk_t *t, pay_str_t bytes, int last);

    void              (*acknowledge)(pay_talk_t *t, pay_verdict_t v,
                            pay_reply_t *out);
};


extern const pay_driver_t *const  pay_drivers[];            /* up to NULL */
extern const pay_driver_t  pay_wechatpay_v3;
extern const pay_driver_t  pay_alipay;

const pay_driver_t *pay_driver_find(pay_str_t name);

/* 1 if the driver has the operation, by that method if not NONE */
int pay_driver_can(const pay_driver_t *d, pay_op_t op, pay_method_t m);

/*
 * A number of ours as it is on the wire: behind the merchant's prefix.  data
 * NULL: no memory.
 */
pay_str_t pay_talk_number(const pay_talk_t *t, pay_str_t number);

/* 1 if a number behind this prefix is one that the channel takes */
int pay_can_number(const pay_can_t *can, pay_kind_t kind, pay_str_t prefix,
    pay_str_t number);

/* n characters of [0-9A-Za-z], out of the talk's random bytes */
pay_str_t pay_talk_nonce(pay_talk_t *t, size_t n);

/* PAY_DONE with an error */
pay_rc_t pay_talk_fail(pay_talk_t *t, pay_code_t code, const char *reason);

/*
 * For an answer that is not PAY_ANSWERED: PAY_DONE with channel_unreachable
 * where nothing was sent, else with outcome_unknown (money) or
 * channel_response_invalid (the rest).
 */
pay_rc_t pay_talk_unanswered(pay_talk_t *t, const pay_answer_t *a);


#endif /* PAY_DRIVER_H_INCLUDED */
