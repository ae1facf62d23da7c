
/*
 * Copyright (C) the ngx_pay authors
 *
 * The sandbox (docs/design.md section 11).  A simulator answers as the
 * channel's server does, by the channel's own documents; it is a pure
 * function of (stored order, request).  The pages show what happens.
 */

#ifndef PAY_SANDBOX_H_INCLUDED
#define PAY_SANDBOX_H_INCLUDED


#include <base/pay_base.h>
#include <channel/pay_driver.h>


typedef struct pay_sim_s  pay_sim_t;

typedef enum {
    PAY_PRESS_PAY = 0,
    PAY_PRESS_DECLINE,
    PAY_PRESS_PAY_TWICE,        /* two real payments of one order */
    PAY_PRESS_PAY_LATE,         /* paid although closed or expired */

    /* of a part of the order: part_id says which */
    PAY_PRESS_REFUND,           /* the refund reaches the payer */
    PAY_PRESS_REFUND_FAIL,      /* ... it cannot, somebody has to see to it */
    PAY_PRESS_REFUND_CLOSE      /* ... it is given up */
} pay_press_t;

/*
 * What is stored beside an order: an index that leads to one, a page of a
 * journal.  id is the simulator's own, text too, at most PAY_SIM_TEXT_MAX
 * bytes; empty when there is none.
 */

#define PAY_SIM_TEXT_MAX  4096

typedef struct pay_sim_thing_s  pay_sim_thing_t;

struct pay_sim_thing_s {
    pay_str_t             id;
    pay_str_t             text;
    unsigned              loaded:1;     /* text is what the store has */
    unsigned              changed:1;    /* text is to be stored */
    pay_sim_thing_t      *next;

    pay_u8                key[16];      /* the glue's */
    uint32_t              version;
};

/*
 * A notice that is still to be sent.  They stand in the order in which they
 * are to be sent; one that is not due yet holds up none behind it.
 */

typedef struct {
    int64_t               id;       /* within its order */
    const char           *kind;     /* of what it tells: payment, refund ... */
    pay_str_t             number;   /* the merchant's, of that */
    size_t                payment;  /* which of the order, from 1; 0: none */
    int64_t               due_at;
} pay_sim_due_t;

#define PAY_SIM_DUE  16

/* what the wire does to an answer that stands */

typedef enum {
    PAY_SIM_WHOLE = 0,
    PAY_SIM_LOST,               /* the connection is closed instead */
    PAY_SIM_LATE,               /* it comes when nobody waits any more */
    PAY_SIM_CUT                 /* the body ends before its Content-Length */
} pay_sim_wire_t;

/*
 * One request to the simulator, or one press of a button.  order is JSON text
 * of the simulator's own, as it was stored; empty when there is none.
 */

struct pay_sim_s {
    /* given */
    pay_arena_t          *arena;
    int64_t               now;
    pay_u8                random[128];
    size_t                random_used;
    const pay_channel_t  *const *channels;  /* those that it may be: driver
                                               and mode sandbox fit; up to
                                               NULL */
    pay_str_t             base;     /* scheme://host of the checkout pages */
    pay_str_t             method;
    pay_str_t             target;   /* raw path?query */
    pay_headers_t         headers;
    pay_str_t             body;

    /* found by open() */
    const pay_channel_t  *channel;
    pay_str_t             order_id;

    /* given between open() and serve() */
    pay_str_t             order;
    pay_str_t             part_id;  /* with a press */

    /* said */
    pay_sim_thing_t      *things;   /* named, then given, then said */
    int                   changed;  /* order is to be stored */
    int                   status;
    pay_header_t          reply_headers[12];
    size_t                nreply_headers;
    pay_str_t             reply_body;
    pay_sim_wire_t        wire;

    /* by everything that was done with the order: what it still has to send */
    pay_sim_due_t         due[PAY_SIM_DUE];
    size_t                ndue;

    /* the glue's: of which order it is, and where that is */
    pay_str_t             loaded;
    pay_u8                key[16];
    uint32_t              version;
};

/* a part of the order on its page: a refund */

typedef struct {
    pay_str_t    id;            /* the merchant's number */
    const char  *kind;          /* "refund" */
    int64_t      amount;
    const char  *state;         /* the channel's word */
    int          open;          /* its buttons make sense now */
} pay_sim_part_t;

/* what the checkout page shows of an order */

typedef struct {
    const char  *kind;          /* "payment", "transfer" */
    pay_str_t    order_id;
    pay_str_t    description;
    int64_t      amount;
    pay_str_t    currency;
    pay_str_t    account;       /* mchid or the like */
    const char  *state;         /* the channel's word */
    int64_t      expires_at;
    pay_str_t    notify_url;
    int          payable;       /* pay and decline make sense now */
    pay_str_t    return_url;    /* where the payer goes now, or empty */

    const pay_sim_part_t  *parts;
    size_t                 nparts;

    const pay_sim_due_t   *due;     /* not sent yet; the glue's */
    size_t                 ndue;
} pay_sim_view_t;

typedef struct {
    pay_str_t     name;         /* of the driver that it stands against */

    /*
     * Reads and checks the request, its signature first, as strictly as the
     * channel.  PAY_OK: channel and order_id are set (order_id may be empty)
     * and the order is to be loaded; PAY_DONE: the answer, an error, stands.
     */
    pay_rc_t    (*open)(pay_sim_t *s);

    /*
     * With order loaded: PAY_DONE, the answer stands.  PAY_FETCH: another
     * order_id or more things are named; to be called again when they are
     * loaded.  What has changed is stored all at once, or none of it, if it
     * is still as it was loaded.
     */
    pay_rc_t    (*serve)(pay_sim_t *s);

    /*
     * A button: changes order and says what is due.  PAY_DECLINED: it makes
     * no sense now.  PAY_FETCH: as above.  *why, where it is set, is a
     * sentence for the page.
     */
    pay_rc_t    (*press)(pay_sim_t *s, pay_press_t press, const char **why);

    /*
     * A notice of the list by its id, freshly signed and encrypted: to be
     * posted to where the merchant wants it.  PAY_DECLINED: it is not in the
     * list any more.
     */
    pay_rc_t    (*notice)(pay_sim_t *s, int64_t id, pay_request_t *out);

    /* it was sent, as often as it is going to be: takes it off the list */
    pay_rc_t    (*sent)(pay_sim_t *s, int64_t id);

    /* 1 if a status and a body are the acknowledgement that it wants */
    int         (*acknowledged)(int status, pay_str_t body);

    pay_rc_t    (*view)(pay_sim_t *s, pay_sim_view_t *out);
} pay_simulator_t;

extern const pay_simulator_t *const  pay_simulators[];      /* up to NULL */
extern const pay_simulator_t  pay_sim_wechatpay_v3;
extern const pay_simulator_t  pay_sim_alipay;

const pay_simulator_t *pay_simulator_find(pay_str_t name);


/*
 * What the last three digits of an amount make of it, in minor units: of the
 * payment for what becomes of the payment, of the refund or the transfer for
 * what becomes of that.  A table up to digits of 0.
 */

typedef enum {
    PAY_MAGIC_NONE = 0,
    PAY_MAGIC_DECLINED,
    PAY_MAGIC_LOST,             /* the answer to what makes it, and only to */
    PAY_MAGIC_LATE,             /* that: asked again, it is told */
    PAY_MAGIC_CUT,
    PAY_MAGIC_BROKEN,           /* 500, though it is done */
    PAY_MAGIC_DOWN,             /* 503, nothing is done */
    PAY_MAGIC_UNSIGNED,
    PAY_MAGIC_PAYING,
    PAY_MAGIC_DELAYED,          /* of a notice, all that follow */
    PAY_MAGIC_REPEATED,
    PAY_MAGIC_REORDERED,
    PAY_MAGIC_FORGED,
    PAY_MAGIC_OTHER,
    PAY_MAGIC_OPEN,             /* of a refund, a transfer */
    PAY_MAGIC_FAILED,
    PAY_MAGIC_CLOSED,
    PAY_MAGIC_POOR
} pay_magic_t;

typedef struct {
    int          digits;
    pay_magic_t  magic;
    const char  *name;
    const char  *sentence;
} pay_magic_row_t;

extern const pay_magic_row_t  pay_magic_rows[];

/* seconds */
#define PAY_MAGIC_TIME   5              /* the payer's, to enter a password */
#define PAY_MAGIC_DELAY  10
#define PAY_MAGIC_HOLD   30

pay_magic_t pay_magic(int64_t amount);


/* pages; language: of the Accept-Language header, "zh" or "en" */

typedef enum { PAY_LANG_EN = 0, PAY_LANG_ZH } pay_lang_t;

pay_lang_t pay_page_lang(pay_str_t accept_language);

/* what became of one notice */

typedef struct {
    pay_sim_due_t  notice;
    size_t         attempt;             /* from 1 */
    pay_str_t      url;
    int            status;              /* of the acknowledgement, 0: none */
    pay_str_t      acknowledgement;     /* its body */
    int            acknowledged;
    pay_str_t      event;               /* the event's id, or empty */
    int            application_status;  /* 0: not asked */
} pay_sim_sent_t;

pay_str_t pay_page_checkout(pay_arena_t *a, pay_lang_t lang,
    pay_str_t channel, const pay_sim_view_t *view, const char *message,
    const pay_sim_sent_t *sent, size_t nsent);

/* the JSON answer of the same post */
pay_str_t pay_json_checkout(pay_arena_t *a, pay_str_t channel,
    const pay_sim_view_t *view, const char *action, const char *message,
    const pay_sim_sent_t *sent, size_t nsent);


/* one event in the inbox */

typedef struct {
    int64_t        received_at;
    int            verified;        /* its webhook signature held */
    pay_headers_t  headers;
    pay_str_t      body;            /* JSON text */
} pay_inbox_item_t;

/* to and from the bytes that are stored */
pay_str_t pay_inbox_pack(pay_arena_t *a, const pay_inbox_item_t *item);
pay_rc_t pay_inbox_unpack(pay_arena_t *a, pay_str_t bytes,
    pay_inbox_item_t *item);

pay_str_t pay_page_inbox(pay_arena_t *a, pay_lang_t lang,
    const pay_inbox_item_t *items, size_t nitems);
pay_str_t pay_json_inbox(pay_arena_t *a, const pay_inbox_item_t *items,
    size_t nitems);


#endif /* PAY_SANDBOX_H_INCLUDED */
