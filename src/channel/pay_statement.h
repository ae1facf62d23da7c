
/*
 * Copyright (C) the ngx_pay authors
 *
 * The rows of a statement on their way to a merchant: which of them are his,
 * and whether they add up to what the channel says.
 */

#ifndef PAY_STATEMENT_H_INCLUDED
#define PAY_STATEMENT_H_INCLUDED


#include <channel/pay_driver.h>


#define PAY_STATEMENT_SUMS  7

typedef struct {
    const pay_account_t  *account;      /* NULL: all rows are his */
    int64_t               rows;
    int64_t               sums[PAY_STATEMENT_SUMS];
    unsigned              told;         /* sums of which there was one */
    pay_u8                currency[8];
    size_t                currency_len;
    pay_row_t             theirs;       /* the channel's own summary */
    unsigned              summed:1;     /* ... which there was */
    unsigned              mixed:1;      /* currencies */
    unsigned              overflow:1;
    unsigned              foreign:1;    /* rows of others were left out */
} pay_statement_t;


/*
 * 1: the row is to be told; its numbers are the merchant's then.  0: it is
 * another merchant's, or the channel's summary.
 */
int pay_statement_row(pay_statement_t *s, pay_row_t *row);

/* 1: our sums and the channel's are the same; 0: not; -1: there are none */
int pay_statement_matches(const pay_statement_t *s);

/* the last row, a line of NDJSON or CSV; data NULL: no memory */
pay_str_t pay_statement_json(pay_arena_t *a, const pay_statement_t *s,
    pay_str_t channel);
pay_str_t pay_statement_csv(pay_arena_t *a, const pay_statement_t *s,
    pay_str_t channel);


#endif /* PAY_STATEMENT_H_INCLUDED */
