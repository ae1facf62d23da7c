
/*
 * Copyright (C) the ngx_pay authors
 *
 * The text format of Prometheus, version 0.0.4 ("Exposition formats" of its
 * documentation): families of samples, each with HELP and TYPE.
 */

#ifndef PAY_METRICS_H_INCLUDED
#define PAY_METRICS_H_INCLUDED


#include <base/pay_base.h>


typedef enum {
    PAY_COUNTER = 0,
    PAY_GAUGE,
    PAY_HISTOGRAM
} pay_metric_type_t;

/* all constant: names are [a-z0-9_]+, help is a line of plain text */

typedef struct {
    const char         *name;
    pay_metric_type_t   type;
    unsigned            digits;     /* a value n is n / 10^digits */
    const char         *help;
} pay_metric_t;

typedef struct {
    const char         *name;
    pay_str_t           value;      /* UTF-8; escaped here */
} pay_label_t;

/* what fell between two bounds; the last of n + 1 counts is above all */

typedef struct {
    size_t              n;
    const char *const  *bounds;     /* rising, as they are to be written */
    const uint64_t     *counts;     /* each on its own, not added up */
    int64_t             sum;
} pay_buckets_t;


typedef struct {
    pay_buf_t           buf;
    const pay_metric_t *open;       /* whose samples are being written */
} pay_metrics_t;


/*
 * The samples of one family come one after another: HELP and TYPE are
 * written with the first of them.  Failures are those of pay_buf_t.
 */

void pay_metrics_init(pay_metrics_t *w, pay_arena_t *a);
void pay_metrics_sample(pay_metrics_t *w, const pay_metric_t *m,
    const pay_label_t *labels, size_t nlabels, int64_t n);
void pay_metrics_histogram(pay_metrics_t *w, const pay_metric_t *m,
    const pay_label_t *labels, size_t nlabels, const pay_buckets_t *b);

/* data == NULL: no memory */
pay_str_t pay_metrics_text(pay_metrics_t *w);


#endif /* PAY_METRICS_H_INCLUDED */
