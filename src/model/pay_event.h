
/*
 * Copyright (C) the ngx_pay authors
 *
 * Events: what the merchant's application is told (docs/design.md section 8).
 */

#ifndef PAY_EVENT_H_INCLUDED
#define PAY_EVENT_H_INCLUDED


#include <model/pay_object.h>


typedef enum {
    PAY_EVENT_NONE = 0,
    PAY_EVENT_PAYMENT_SUCCEEDED, PAY_EVENT_PAYMENT_FAILED,
    PAY_EVENT_PAYMENT_CLOSED, PAY_EVENT_PAYMENT_AUTHORIZED,
    PAY_EVENT_PAYMENT_DUPLICATE, PAY_EVENT_PAYMENT_MISMATCH,
    PAY_EVENT_REFUND_SUCCEEDED, PAY_EVENT_REFUND_FAILED,
    PAY_EVENT_REFUND_CLOSED, PAY_EVENT_REFUND_REQUIRES_ACTION,
    PAY_EVENT_REFUND_MISMATCH,
    PAY_EVENT_TRANSFER_SUCCEEDED, PAY_EVENT_TRANSFER_FAILED,
    PAY_EVENT_TRANSFER_CLOSED, PAY_EVENT_TRANSFER_REQUIRES_ACTION,
    PAY_EVENT_TRANSFER_MISMATCH,
    PAY_EVENT_SPLIT_SUCCEEDED, PAY_EVENT_SPLIT_PARTIALLY_SUCCEEDED,
    PAY_EVENT_SPLIT_FAILED, PAY_EVENT_SPLIT_MISMATCH,
    PAY_EVENT_CHANNEL_NOTICE,
    PAY_EVENT_MAX
} pay_event_type_t;

const char *pay_event_name(pay_event_type_t t);

/* the event that a state makes; NONE for pending, processing */
pay_event_type_t pay_event_of_state(pay_kind_t kind, pay_state_t s);

/* ... and one with another amount or currency than the object's */
pay_event_type_t pay_event_of_mismatch(pay_kind_t kind);

typedef struct {
    pay_event_type_t     type;
    char                 id[32];        /* "evt_" + 26 characters, NUL */
    int64_t              created_at;
    pay_str_t            merchant;
    pay_str_t            channel;
    const char          *source;        /* "notice" or "query" */
    unsigned             test:1;
    unsigned             amount_checked:1;
    const pay_object_t  *object;        /* NULL for channel.notice */
    pay_str_t            channel_type;  /* the channel's name of the notice */
    pay_str_t            channel_data;  /* JSON text, or empty */
} pay_event_t;

/*
 * Fills id: the same for the same merchant, channel, number, channel number
 * and type, whatever else the notice says.  0 on success.
 */
int pay_event_id(pay_event_t *e, pay_str_t number, pay_str_t channel_number);

pay_str_t pay_event_json(pay_arena_t *a, const pay_event_t *e);


#endif /* PAY_EVENT_H_INCLUDED */
