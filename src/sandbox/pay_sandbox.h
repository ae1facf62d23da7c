
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
    PAY_PRESS_PAY_LATE          /* paid although closed or expired */
} pay_press_t;

#define PAY_SIM_NOTICES  4

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

    /* said */
    int                   changed;  /* order is to be stored */
    int                   status;
    pay_header_t          reply_headers[12];
    size_t                nreply_headers;
    pay_str_t             reply_body;

    size_t                npayments;    /* notices to send after a press */
};

/* what the checkout page shows of an order */

typedef struct {
    pay_str_t    order_id;
    pay_str_t    description;
    int64_t      amount;
    pay_str_t    currency;
    pay_str_t    account;       /* mchid or the like */
    const char  *state;         /* the channel's word */
    int64_t      expires_at;
    pay_str_t    notify_url;
    int          payable;       /* pay and decline make sense now */
} pay_sim_view_t;

typedef struct {
    pay_str_t     name;         /* of the driver that it stands against */

    /*
     * Reads and checks the request, its signature first, as strictly as the
     * channel.  PAY_OK: channel and order_id are set (order_id may be empty)
     * and the order is to be loaded; PAY_DONE: the answer, an error, stands.
     */
    pay_rc_t    (*open)(pay_sim_t *s);

    /* with order loaded: PAY_DONE, the answer stands */
    pay_rc_t    (*serve)(pay_sim_t *s);

    /*
     * A button: changes order and sets npayments.  PAY_DECLINED: it makes no
     * sense now.  *why, where it is set, is a sentence for the page.
     */
    pay_rc_t    (*press)(pay_sim_t *s, pay_press_t press, const char **why);

    /*
     * The notice of the n-th payment (from 0), freshly signed and encrypted:
     * to be posted to the order's notify URL.
     */
    pay_rc_t    (*notice)(pay_sim_t *s, size_t n, pay_request_t *out);

    /* 1 if a status and a body are the acknowledgement that it wants */
    int         (*acknowledged)(int status, pay_str_t body);

    pay_rc_t    (*view)(pay_sim_t *s, pay_sim_view_t *out);
} pay_simulator_t;

extern const pay_simulator_t *const  pay_simulators[];      /* up to NULL */
extern const pay_simulator_t  pay_sim_wechatpay_v3;
extern const pay_simulator_t  pay_sim_alipay;

const pay_simulator_t *pay_simulator_find(pay_str_t name);


/* pages; language: of the Accept-Language header, "zh" or "en" */

typedef enum { PAY_LANG_EN = 0, PAY_LANG_ZH } pay_lang_t;

pay_lang_t pay_page_lang(pay_str_t accept_language);

/* what became of one notice */

typedef struct {
    size_t     payment;             /* from 1 */
    size_t     attempt;             /* from 1 */
    pay_str_t  url;
    int        status;              /* of the acknowledgement, 0: none */
    pay_str_t  acknowledgement;     /* its body */
    int        acknowledged;
    pay_str_t  event;               /* the event's id, or empty */
    int        application_status;  /* 0: not asked */
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
