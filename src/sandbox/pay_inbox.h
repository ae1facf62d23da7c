
/*
 * Copyright (C) the ngx_pay authors
 *
 * Of the inbox, internal to this room.
 */

#ifndef PAY_INBOX_H_INCLUDED
#define PAY_INBOX_H_INCLUDED


#include <sandbox/pay_sandbox.h>


/*
 * Pointers to the items, newest first; those of one second stay as given.
 * NULL: no memory.
 */
const pay_inbox_item_t **pay_inbox_sort(pay_arena_t *a,
    const pay_inbox_item_t *items, size_t nitems);


#endif /* PAY_INBOX_H_INCLUDED */
