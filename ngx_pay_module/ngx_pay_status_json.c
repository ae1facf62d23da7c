
/*
 * Copyright (C) the ngx_pay authors
 *
 * pay_status json.
 */

#include <ngx_pay_status.h>


static void ngx_pay_json_level(pay_json_writer_t *w, ngx_pay_status_t *t,
    const ngx_pay_family_t *f, ngx_pay_channel_t *ch, ngx_uint_t depth,
    ngx_uint_t first, const char *key);


/* below a name of lists[depth - 1]: 1 if anything was counted */

static ngx_uint_t
ngx_pay_json_counted(ngx_pay_status_t *t, const ngx_pay_family_t *f,
    ngx_pay_channel_t *ch, ngx_uint_t depth, ngx_uint_t first)
{
    ngx_uint_t  i, n;

    n = ngx_pay_family_size(f, depth);

    for (i = 0; i < n; i++) {
        if (ngx_pay_family_value(t, f, ch, first + i)) {
            return 1;
        }
    }

    return 0;
}


static void
ngx_pay_json_names(pay_json_writer_t *w, ngx_pay_status_t *t,
    const ngx_pay_family_t *f, ngx_pay_channel_t *ch, ngx_uint_t depth,
    ngx_uint_t first)
{
    ngx_uint_t             i, place, counted;
    const char            *name;
    const ngx_pay_list_t  *list;

    list = f->lists[depth];

    for (i = 0; i < list->n; i++) {
        place = first + i * ngx_pay_family_size(f, depth + 1);
        counted = ngx_pay_json_counted(t, f, ch, depth + 1, place);

        if (!counted && (f->how & NGX_PAY_TELL_BRIEF)) {
            continue;
        }

        name = ngx_pay_list_name(t, list, i, counted);

        if (name) {
            ngx_pay_json_level(w, t, f, ch, depth + 1, place, name);
        }
    }
}


static void
ngx_pay_json_level(pay_json_writer_t *w, ngx_pay_status_t *t,
    const ngx_pay_family_t *f, ngx_pay_channel_t *ch, ngx_uint_t depth,
    ngx_uint_t first, const char *key)
{
    int64_t  n;

    if (depth < NGX_PAY_LISTS && f->lists[depth]) {
        pay_jw_object(w, key);
        ngx_pay_json_names(w, t, f, ch, depth, first);
        pay_jw_end(w);
        return;
    }

    n = ngx_pay_family_value(t, f, ch, first);

    if (n == 0 && (f->how & NGX_PAY_TELL_KNOWN)) {
        pay_jw_null(w, key);
        return;
    }

    pay_jw_int(w, key, n);
}


static void
ngx_pay_json_calls(pay_json_writer_t *w, ngx_pay_status_t *t,
    ngx_pay_channel_t *ch)
{
    int64_t     ms, total;
    uint64_t    counts[NGX_PAY_CALL_BOUNDS + 1];
    ngx_uint_t  i;

    ngx_pay_status_calls(t, ch, counts, &ms);

    pay_jw_int(w, "call_milliseconds", ms);
    pay_jw_object(w, "calls_within_seconds");

    for (total = 0, i = 0; i < NGX_PAY_CALL_BOUNDS; i++) {
        total += (int64_t) counts[i];
        pay_jw_int(w, ngx_pay_call_bounds[i], total);
    }

    pay_jw_end(w);
}


static void
ngx_pay_json_channel(pay_json_writer_t *w, ngx_pay_status_t *t,
    ngx_pay_channel_t *ch)
{
    int64_t                  not_after;
    ngx_uint_t               i;
    const ngx_pay_family_t  *f;

    not_after = ngx_pay_status_expiry(ch);

    pay_jw_object(w, NULL);
    pay_jw_str(w, "channel", ngx_pay_str(&ch->name));
    pay_jw_str(w, "driver", ch->core.driver->name);
    pay_jw_bool(w, "test", ch->core.sandbox);
    pay_jw_int(w, "certificate_not_after", not_after);

    for (i = 0; i < ngx_pay_nchannel_families; i++) {
        f = &ngx_pay_channel_families[i];
        ngx_pay_json_level(w, t, f, ch, 0, 0, f->key);
    }

    ngx_pay_json_calls(w, t, ch);
    pay_jw_end(w);
}


static void
ngx_pay_json_keys(pay_json_writer_t *w, ngx_pay_merchant_t *m)
{
    ngx_uint_t      i;
    ngx_pay_key_t  *key;

    key = m->keys.elts;

    for (i = 0; i < m->keys.nelts; i++) {

        if (key[i].not_after == 0) {
            continue;
        }

        pay_jw_object(w, NULL);
        pay_jw_str(w, "merchant", ngx_pay_str(&m->id));
        pay_jw_str(w, "key", ngx_pay_str(&key[i].id));
        pay_jw_int(w, "certificate_not_after", key[i].not_after);
        pay_jw_end(w);
    }
}


/* a group is the families that stand together in the table */

static void
ngx_pay_json_families(pay_json_writer_t *w, ngx_pay_status_t *t)
{
    ngx_uint_t               i;
    const char              *group;
    const ngx_pay_family_t  *f;

    group = NULL;

    for (i = 0; i < ngx_pay_nfamilies; i++) {
        f = &ngx_pay_families[i];

        if (!ngx_pay_family_told(t, f)) {
            continue;
        }

        if (group && (f->group == NULL || ngx_strcmp(group, f->group) != 0)) {
            pay_jw_end(w);
            group = NULL;
        }

        if (group == NULL && f->group) {
            group = f->group;
            pay_jw_object(w, group);
        }

        ngx_pay_json_level(w, t, f, NULL, 0, 0, f->key);
    }

    if (group) {
        pay_jw_end(w);
    }
}


pay_str_t
ngx_pay_status_json(ngx_pay_status_t *t, pay_arena_t *a)
{
    ngx_uint_t            i;
    pay_json_writer_t    *w;
    ngx_pay_channel_t   **ch;
    ngx_pay_merchant_t  **m;

    w = pay_json_writer(a);
    if (w == NULL) {
        return (pay_str_t) pay_str_null;
    }

    pay_jw_object(w, NULL);
    pay_jw_strz(w, "version", NGX_PAY_VERSION);
    pay_jw_strz(w, "nginx_version", NGINX_VERSION);

    ngx_pay_json_families(w, t);

    pay_jw_array(w, "channels");
    ch = t->conf->channels.elts;

    for (i = 0; i < t->conf->channels.nelts; i++) {
        ngx_pay_json_channel(w, t, ch[i]);
    }

    pay_jw_end(w);
    pay_jw_array(w, "keys");
    m = t->conf->merchant_list.elts;

    for (i = 0; i < t->conf->merchant_list.nelts; i++) {
        ngx_pay_json_keys(w, m[i]);
    }

    pay_jw_end(w);
    pay_jw_end(w);

    return pay_jw_text(w);
}
