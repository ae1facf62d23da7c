
/*
 * Copyright (C) the ngx_pay authors
 *
 * A talk with a channel, and the HTTP calls that it makes.
 */

#ifndef NGX_PAY_TALK_H_INCLUDED
#define NGX_PAY_TALK_H_INCLUDED


#include <ngx_pay.h>


/* one HTTP call */

typedef void (*ngx_pay_call_pt)(ngx_pay_call_t *call);
typedef ngx_int_t (*ngx_pay_call_sink_pt)(ngx_pay_call_t *call, ngx_buf_t *b,
    size_t n);

struct ngx_pay_call_s {
    ngx_http_request_t   *parent;
    ngx_http_request_t   *sr;
    ngx_str_t             location;     /* empty: a clone of the parent's */
    pay_request_t        *request;
    ngx_str_t             url;          /* $pay_url */
    ngx_str_t             host;         /* $pay_host */
    ngx_str_t             upstream;
    ngx_pay_ctx_t        *owner;        /* the parent's context */
    size_t                limit;
    ngx_msec_t            time;         /* that it may take, at the most */
    void                 *data;

    /* takes the answer instead of memory; NGX_ERROR: no more of it */
    ngx_pay_call_sink_pt  sink;

    /* inside finalize_request of sr: to record only; may be NULL */
    ngx_pay_call_pt       settle;
    /* later, from the posted parent */
    ngx_pay_call_pt       resume;

    ngx_chain_t          *out;
    ngx_chain_t         **last;
    size_t                size;
    ngx_uint_t            status;       /* 0: no HTTP answer */
    ngx_msec_t            start;
    unsigned              complete:1;
    unsigned              too_big:1;
    unsigned              failed:1;     /* no memory for the answer */
    unsigned              sent:1;       /* something may have left */
    unsigned              done:1;
    unsigned              abandoned:1;  /* nobody waits for resume */
};

ngx_int_t ngx_pay_call(ngx_http_request_t *r, ngx_pay_call_t *call);
ngx_int_t ngx_pay_call_body(ngx_pay_call_t *call, pay_str_t *out);
ngx_int_t ngx_pay_call_copy(ngx_pay_call_t *call, ngx_buf_t *in, size_t n);
ngx_int_t ngx_pay_call_init(void);
ngx_uint_t ngx_pay_call_whole(ngx_pay_call_t *call);
ngx_uint_t ngx_pay_call_strayed(ngx_http_request_t *sr);


/* a talk with a channel */

typedef void (*ngx_pay_talk_pt)(ngx_pay_talk_t *talk);

struct ngx_pay_talk_s {
    pay_talk_t            core;
    ngx_http_request_t   *request;      /* NULL: orphaned */
    ngx_pay_ctx_t        *ctx;
    ngx_pay_channel_t    *channel;      /* NULL: not known yet */
    ngx_str_t             call;         /* the call location */
    pay_ask_t             ask;
    pay_str_t             path;         /* the number in it of what is behind */
    pay_object_t          fresh;        /* what is asked for, to be stored */
    pay_object_t          object;
    pay_object_t          applied;      /* ... with what was said of it */
    pay_object_t          payment;      /* behind it; of a return: the split */
    ngx_pay_record_t      rec;
    ngx_pay_record_t      behind;       /* of payment */
    pay_code_t            verdict;      /* of a reservation */
    pay_state_t           settle;       /* the state that a refund is in */
    ngx_msec_t            started;
    ngx_msec_t            waited;
    ngx_pay_call_t       *call_now;     /* that is under way, or NULL */
    pay_answer_t          answer;
    pay_rc_t              rc;           /* what the driver wants next */

    /*
     * A fact or an error is there: into the store; once more at the end.  It
     * ends by ngx_pay_talk_recorded(), maybe when the request is gone.
     */
    ngx_pay_talk_pt       record;
    ngx_pay_talk_pt       done;         /* all is over: answer */

    ngx_pay_talk_pt       next;         /* when the store has answered */
    ngx_pay_talk_pt       released;     /* ... to what was claimed */
    ngx_pay_fetch_t      *fetch;        /* what was downloaded, or NULL */
    void                 *data;         /* the operation's own */
    ngx_http_cleanup_t   *cleanup;
    ngx_event_t           timer;
    ngx_thread_task_t     task;
    unsigned              in_thread:1;
    unsigned              storing:1;    /* the store has not answered yet */
    unsigned              recording:1;
    unsigned              proceed:1;    /* ... and then it goes on */
    unsigned              sent:1;       /* something may have arrived */
    unsigned              money:1;
    unsigned              claimed:1;    /* the record is ours */
    unsigned              reserved:1;   /* a refund, in its payment, for us */
    unsigned              ledger:1;     /* behind.op.key is of its payment */
    unsigned              recorded:1;   /* the end is in the store */
};

ngx_pay_talk_t *ngx_pay_talk_create(ngx_http_request_t *r, ngx_pay_ctx_t *ctx,
    pay_op_t op);
void ngx_pay_talk_with(ngx_pay_talk_t *talk, ngx_pay_channel_t *ch);
void ngx_pay_talk_run(ngx_pay_talk_t *talk, pay_rc_t rc);

/*
 * What the talk wants of the store: next is called when it has answered,
 * maybe before these return, and not at all when the request is gone, unless
 * it is of talk->record
 */
void ngx_pay_talk_claim(ngx_pay_talk_t *talk, const pay_object_t *fresh,
    ngx_pay_talk_pt next);
void ngx_pay_talk_load(ngx_pay_talk_t *talk, ngx_pay_talk_pt next);

/* talk->behind, into talk->payment; or a change of it */
void ngx_pay_talk_load_behind(ngx_pay_talk_t *talk, ngx_pay_talk_pt next);
void ngx_pay_talk_change_behind(ngx_pay_talk_t *talk,
    ngx_pay_record_edit_pt edit, ngx_pay_talk_pt next);

/* talk->core.fact, to talk->applied */
void ngx_pay_talk_apply(ngx_pay_talk_t *talk, ngx_uint_t from_query,
    ngx_uint_t create, ngx_pay_talk_pt next);

/* gives a claimed record back, by what is known of the call's outcome */
void ngx_pay_talk_release(ngx_pay_talk_t *talk, ngx_pay_talk_pt next);

void ngx_pay_talk_recorded(ngx_pay_talk_t *talk);

/*
 * Nobody waits for it any more, though its request lives.  NGX_AGAIN: a
 * thread has it, and it is an orphan now.
 */
ngx_int_t ngx_pay_talk_abandon(ngx_pay_talk_t *talk);


/*
 * The refunds of a payment, in its record (talk->ledger).  reserve: before
 * talk->object is sent; talk->verdict says why it must not be.  settle: it is
 * in that state now.
 */
void ngx_pay_refund_reserve(ngx_pay_talk_t *talk, ngx_pay_talk_pt next);
void ngx_pay_refund_settle(ngx_pay_talk_t *talk, pay_state_t s,
    ngx_pay_talk_pt next);


/* between the files of the talk */

void ngx_pay_talk_next(ngx_pay_talk_t *talk);
void ngx_pay_talk_record(ngx_pay_talk_t *talk);
void ngx_pay_talk_orphan(ngx_pay_talk_t *talk);
void ngx_pay_talk_leave(ngx_pay_talk_t *talk);
void ngx_pay_talk_free(ngx_pay_talk_t *talk);


#endif /* NGX_PAY_TALK_H_INCLUDED */
