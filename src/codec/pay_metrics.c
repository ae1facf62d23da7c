
/*
 * Copyright (C) the ngx_pay authors
 *
 * The text format of Prometheus.
 */

#include <codec/pay_metrics.h>


static void pay_metrics_head(pay_metrics_t *w, const pay_metric_t *m);
static void pay_metrics_line(pay_metrics_t *w, const char *suffix,
    const pay_label_t *labels, size_t nlabels, const char *le, int64_t n,
    unsigned digits);
static void pay_metrics_label(pay_buf_t *b, const char *name, pay_str_t value,
    int first);


static const char *const  pay_metric_types[] = {
    [PAY_COUNTER]   = "counter",
    [PAY_GAUGE]     = "gauge",
    [PAY_HISTOGRAM] = "histogram"
};


void
pay_metrics_init(pay_metrics_t *w, pay_arena_t *a)
{
    pay_buf_init(&w->buf, a, 16384);
    w->open = NULL;
}


void
pay_metrics_sample(pay_metrics_t *w, const pay_metric_t *m,
    const pay_label_t *labels, size_t nlabels, int64_t n)
{
    pay_metrics_head(w, m);
    pay_metrics_line(w, "", labels, nlabels, NULL, n, m->digits);
}


void
pay_metrics_histogram(pay_metrics_t *w, const pay_metric_t *m,
    const pay_label_t *labels, size_t nlabels, const pay_buckets_t *b)
{
    size_t   i;
    int64_t  total;

    pay_metrics_head(w, m);

    for (total = 0, i = 0; i <= b->n; i++) {
        total += (int64_t) b->counts[i];
        pay_metrics_line(w, "_bucket", labels, nlabels,
                         i < b->n ? b->bounds[i] : "+Inf", total, 0);
    }

    pay_metrics_line(w, "_sum", labels, nlabels, NULL, b->sum, m->digits);
    pay_metrics_line(w, "_count", labels, nlabels, NULL, total, 0);
}


pay_str_t
pay_metrics_text(pay_metrics_t *w)
{
    return pay_buf_str(&w->buf);
}


static void
pay_metrics_head(pay_metrics_t *w, const pay_metric_t *m)
{
    pay_buf_t  *b;

    if (w->open == m) {
        return;
    }

    w->open = m;
    b = &w->buf;

    pay_buf_addz(b, "# HELP ");
    pay_buf_addz(b, m->name);
    pay_buf_addc(b, ' ');
    pay_buf_addz(b, m->help);
    pay_buf_addz(b, "\n# TYPE ");
    pay_buf_addz(b, m->name);
    pay_buf_addc(b, ' ');
    pay_buf_addz(b, pay_metric_types[m->type]);
    pay_buf_addc(b, '\n');
}


static void
pay_metrics_line(pay_metrics_t *w, const char *suffix,
    const pay_label_t *labels, size_t nlabels, const char *le, int64_t n,
    unsigned digits)
{
    size_t      i;
    pay_buf_t  *b;

    b = &w->buf;

    pay_buf_addz(b, w->open->name);
    pay_buf_addz(b, suffix);

    for (i = 0; i < nlabels; i++) {
        pay_metrics_label(b, labels[i].name, labels[i].value, i == 0);
    }

    if (le != NULL) {
        pay_metrics_label(b, "le", pay_strz(le), nlabels == 0);
    }

    if (nlabels != 0 || le != NULL) {
        pay_buf_addc(b, '}');
    }

    pay_buf_addc(b, ' ');
    pay_buf_addfix(b, n, digits);
    pay_buf_addc(b, '\n');
}


static void
pay_metrics_label(pay_buf_t *b, const char *name, pay_str_t value, int first)
{
    size_t  i;

    pay_buf_addc(b, first ? '{' : ',');
    pay_buf_addz(b, name);
    pay_buf_addz(b, "=\"");

    for (i = 0; i < value.len; i++) {

        switch (value.data[i]) {

        case '\n':
            pay_buf_addz(b, "\\n");
            break;

        case '"':
        case '\\':
            pay_buf_addc(b, '\\');

            /* fall through */

        default:
            pay_buf_addc(b, value.data[i]);
        }
    }

    pay_buf_addc(b, '"');
}
