
/*
 * Copyright (C) the ngx_pay authors
 *
 * src/codec: the text format of Prometheus.
 */

#include "test.h"

#include <codec/pay_metrics.h>


static const pay_metric_t  requests = {
    "x_requests_total", PAY_COUNTER, 0, "Requests, by result."
};

static const pay_metric_t  level = {
    "x_level", PAY_GAUGE, 0, "A level."
};

static const pay_metric_t  offset = {
    "x_offset_seconds", PAY_GAUGE, 3, "An offset."
};

static const pay_metric_t  duration = {
    "x_duration_seconds", PAY_HISTOGRAM, 3, "Durations."
};


static void
test_samples(pay_arena_t *a)
{
    pay_label_t    labels[2] = {
        { "result", pay_str("ok") }, { "channel", pay_str("wechat") }
    };
    pay_metrics_t  w;

    pay_metrics_init(&w, a);
    is(pay_metrics_text(&w), "", "metrics: nothing");

    pay_metrics_init(&w, a);
    pay_metrics_sample(&w, &requests, labels, 1, 7);
    pay_metrics_sample(&w, &requests, labels, 2, 0);
    pay_metrics_sample(&w, &level, NULL, 0, -1);
    pay_metrics_sample(&w, &offset, NULL, 0, -1500);
    is(pay_metrics_text(&w),
       "# HELP x_requests_total Requests, by result.\n"
       "# TYPE x_requests_total counter\n"
       "x_requests_total{result=\"ok\"} 7\n"
       "x_requests_total{result=\"ok\",channel=\"wechat\"} 0\n"
       "# HELP x_level A level.\n"
       "# TYPE x_level gauge\n"
       "x_level -1\n"
       "# HELP x_offset_seconds An offset.\n"
       "# TYPE x_offset_seconds gauge\n"
       "x_offset_seconds -1.500\n", "metrics: families and samples");
}


static void
test_escape(pay_arena_t *a)
{
    pay_label_t    label = { "v", pay_str("a\\b\"c\nd\xc3\xa9}=, e") };
    pay_metrics_t  w;

    pay_metrics_init(&w, a);
    pay_metrics_sample(&w, &level, &label, 1, 1);

    label.value = PAY_STR("");
    pay_metrics_sample(&w, &level, &label, 1, 2);

    is(pay_metrics_text(&w),
       "# HELP x_level A level.\n"
       "# TYPE x_level gauge\n"
       "x_level{v=\"a\\\\b\\\"c\\nd\xc3\xa9}=, e\"} 1\n"
       "x_level{v=\"\"} 2\n", "metrics: a label's value is escaped");
}


static void
test_histogram(pay_arena_t *a)
{
    uint64_t            counts[] = { 1, 0, 5, 2 };
    pay_label_t         label = { "channel", pay_str("c") };
    pay_buckets_t       b;
    pay_metrics_t       w;
    static const char  *bounds[] = { "0.05", "1", "2.5" };

    b.n = 3;
    b.bounds = bounds;
    b.counts = counts;
    b.sum = 12045;

    pay_metrics_init(&w, a);
    pay_metrics_histogram(&w, &duration, &label, 1, &b);
    is(pay_metrics_text(&w),
       "# HELP x_duration_seconds Durations.\n"
       "# TYPE x_duration_seconds histogram\n"
       "x_duration_seconds_bucket{channel=\"c\",le=\"0.05\"} 1\n"
       "x_duration_seconds_bucket{channel=\"c\",le=\"1\"} 1\n"
       "x_duration_seconds_bucket{channel=\"c\",le=\"2.5\"} 6\n"
       "x_duration_seconds_bucket{channel=\"c\",le=\"+Inf\"} 8\n"
       "x_duration_seconds_sum{channel=\"c\"} 12.045\n"
       "x_duration_seconds_count{channel=\"c\"} 8\n",
       "metrics: buckets are added up");

    b.n = 0;

    pay_metrics_init(&w, a);
    pay_metrics_histogram(&w, &duration, NULL, 0, &b);
    is(pay_metrics_text(&w),
       "# HELP x_duration_seconds Durations.\n"
       "# TYPE x_duration_seconds histogram\n"
       "x_duration_seconds_bucket{le=\"+Inf\"} 1\n"
       "x_duration_seconds_sum 12.045\n"
       "x_duration_seconds_count 1\n", "metrics: one bucket, no label");
}


static void
test_fails(void)
{
    int            i;
    pay_str_t      s;
    pay_arena_t   *a;
    pay_metrics_t  w;

    a = pay_arena_create(20000);
    pay_metrics_init(&w, a);

    for (i = 0; i < 3000; i++) {
        pay_metrics_sample(&w, &level, NULL, 0, i);
    }

    s = pay_metrics_text(&w);
    ok(s.data == NULL && s.len == 0, "metrics: no memory, no text");
    pay_arena_destroy(a);
}


int
main(void)
{
    pay_arena_t  *a;

    a = pay_arena_create(0);

    test_samples(a);
    test_escape(a);
    test_histogram(a);
    test_fails();

    pay_arena_destroy(a);

    return done();
}
