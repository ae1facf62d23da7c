
/*
 * Copyright (C) the ngx_pay authors
 *
 * pay_status prometheus.
 */

#include <ngx_pay_status.h>


static const pay_metric_t  ngx_pay_build_info = {
    "nginx_pay_build_info", PAY_GAUGE, 0, "1, by version."
};

static const pay_metric_t  ngx_pay_channel_info = {
    "nginx_pay_channel_info", PAY_GAUGE, 0,
    "1 for each channel, by its driver and mode."
};

static const pay_metric_t  ngx_pay_call_duration = {
    "nginx_pay_channel_call_duration_seconds", PAY_HISTOGRAM, 3,
    "How long calls to channels took, whatever came of them."
};

static const pay_metric_t  ngx_pay_certificate_expiry = {
    "nginx_pay_certificate_expiry_timestamp_seconds", PAY_GAUGE, 0,
    "When the certificate of a channel, or of a merchant's key, ends."
};


static void
ngx_pay_prom_one(pay_metrics_t *w, ngx_pay_status_t *t,
    const ngx_pay_family_t *f, ngx_pay_channel_t *ch, ngx_uint_t i)
{
    int64_t                n;
    ngx_uint_t             d, k, size;
    const char            *name;
    pay_label_t            labels[1 + NGX_PAY_LISTS], *label;
    const ngx_pay_list_t  *list;

    n = ngx_pay_family_value(t, f, ch, i);
    label = labels;

    if (n == 0 && (f->how & NGX_PAY_TELL_KNOWN)) {
        return;
    }

    if (ch) {
        label->name = "channel";
        label->value = ngx_pay_str(&ch->name);
        label++;
    }

    for (d = 0; d < NGX_PAY_LISTS && f->lists[d]; d++) {
        list = f->lists[d];
        size = ngx_pay_family_size(f, d + 1);
        k = i / size % list->n;

        name = ngx_pay_list_name(t, list, k, n != 0);
        if (name == NULL) {
            return;
        }

        label->name = list->label;
        label->value = pay_strz(name);
        label++;
    }

    pay_metrics_sample(w, &f->metric, labels, label - labels, n);
}


static void
ngx_pay_prom_family(pay_metrics_t *w, ngx_pay_status_t *t,
    const ngx_pay_family_t *f, ngx_pay_channel_t *ch)
{
    ngx_uint_t  i, n;

    if (!ngx_pay_family_told(t, f)) {
        return;
    }

    n = ngx_pay_family_size(f, 0);

    for (i = 0; i < n; i++) {
        ngx_pay_prom_one(w, t, f, ch, i);
    }
}


static void
ngx_pay_prom_info(pay_metrics_t *w, ngx_pay_status_t *t)
{
    ngx_uint_t           i;
    pay_label_t          labels[3];
    ngx_pay_channel_t  **ch;

    labels[0].name = "version";
    labels[0].value = PAY_STR(NGX_PAY_VERSION);
    labels[1].name = "nginx_version";
    labels[1].value = PAY_STR(NGINX_VERSION);

    pay_metrics_sample(w, &ngx_pay_build_info, labels, 2, 1);

    ch = t->conf->channels.elts;

    for (i = 0; i < t->conf->channels.nelts; i++) {
        labels[0].name = "channel";
        labels[0].value = ngx_pay_str(&ch[i]->name);
        labels[1].name = "driver";
        labels[1].value = ch[i]->core.driver->name;
        labels[2].name = "mode";
        labels[2].value = ch[i]->core.sandbox ? PAY_STR("sandbox")
                                              : PAY_STR("live");

        pay_metrics_sample(w, &ngx_pay_channel_info, labels, 3, 1);
    }
}


static void
ngx_pay_prom_calls(pay_metrics_t *w, ngx_pay_status_t *t)
{
    uint64_t             counts[NGX_PAY_CALL_BOUNDS + 1];
    ngx_uint_t           i;
    pay_label_t          label;
    pay_buckets_t        b;
    ngx_pay_channel_t  **ch;

    ch = t->conf->channels.elts;

    label.name = "channel";
    b.n = NGX_PAY_CALL_BOUNDS;
    b.bounds = ngx_pay_call_bounds;
    b.counts = counts;

    for (i = 0; i < t->conf->channels.nelts; i++) {
        label.value = ngx_pay_str(&ch[i]->name);
        ngx_pay_status_calls(t, ch[i], counts, &b.sum);

        pay_metrics_histogram(w, &ngx_pay_call_duration, &label, 1, &b);
    }
}


static void
ngx_pay_prom_keys(pay_metrics_t *w, ngx_pay_merchant_t *m)
{
    ngx_uint_t      i;
    pay_label_t     labels[2];
    ngx_pay_key_t  *key;

    key = m->keys.elts;

    labels[0].name = "merchant";
    labels[0].value = ngx_pay_str(&m->id);
    labels[1].name = "key";

    for (i = 0; i < m->keys.nelts; i++) {

        if (key[i].not_after == 0) {
            continue;
        }

        labels[1].value = ngx_pay_str(&key[i].id);

        pay_metrics_sample(w, &ngx_pay_certificate_expiry, labels, 2,
                           key[i].not_after);
    }
}


static void
ngx_pay_prom_certificates(pay_metrics_t *w, ngx_pay_main_conf_t *mcf)
{
    int64_t               not_after;
    ngx_uint_t            i;
    pay_label_t           label;
    ngx_pay_channel_t   **ch;
    ngx_pay_merchant_t  **m;

    ch = mcf->channels.elts;
    m = mcf->merchant_list.elts;

    label.name = "channel";

    for (i = 0; i < mcf->channels.nelts; i++) {
        label.value = ngx_pay_str(&ch[i]->name);
        not_after = ngx_pay_status_expiry(ch[i]);

        if (not_after) {
            pay_metrics_sample(w, &ngx_pay_certificate_expiry, &label, 1,
                               not_after);
        }
    }

    for (i = 0; i < mcf->merchant_list.nelts; i++) {
        ngx_pay_prom_keys(w, m[i]);
    }
}


pay_str_t
ngx_pay_status_prometheus(ngx_pay_status_t *t, pay_arena_t *a)
{
    ngx_uint_t           i, k;
    pay_metrics_t        w;
    ngx_pay_channel_t  **ch;

    pay_metrics_init(&w, a);

    ngx_pay_prom_info(&w, t);

    for (i = 0; i < ngx_pay_nfamilies; i++) {
        ngx_pay_prom_family(&w, t, &ngx_pay_families[i], NULL);
    }

    ch = t->conf->channels.elts;

    for (i = 0; i < ngx_pay_nchannel_families; i++) {
        for (k = 0; k < t->conf->channels.nelts; k++) {
            ngx_pay_prom_family(&w, t, &ngx_pay_channel_families[i], ch[k]);
        }
    }

    ngx_pay_prom_calls(&w, t);
    ngx_pay_prom_certificates(&w, t->conf);

    return pay_metrics_text(&w);
}
