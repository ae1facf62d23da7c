
/*
 * Copyright (C) the ngx_pay authors
 *
 * pay_status: what has been counted, for people and for Prometheus.  Labels
 * come from the configuration and closed lists, never from a request.
 */

#include <ngx_pay_notify.h>


typedef struct {
    uint32_t              nonces_live;
    uint32_t              nonces_cap;
    pay_records_stat_t    records;
    pay_events_stat_t     events;
} ngx_pay_fill_t;


static const char *const  ngx_pay_call_names[NGX_PAY_CALL_MAX] = {
    "answered", "not_sent", "unknown"
};


static void
ngx_pay_status_fill(ngx_pay_zone_t *zone, ngx_pay_fill_t *f)
{
    ngx_pay_zone_lock(zone);

    f->nonces_live = pay_nonces_live(zone->nonces);
    f->nonces_cap = pay_nonces_cap(zone->nonces);
    pay_records_stat(zone->records, &f->records);
    pay_events_stat(zone->events, &f->events);

    ngx_pay_zone_unlock(zone);
}


static void
ngx_pay_status_expiry(ngx_pay_channel_t *ch, int64_t *not_after)
{
    pay_str_t  serial;

    *not_after = 0;

    if (ch->core.driver->expiry) {
        ch->core.driver->expiry(&ch->core, &serial, not_after);
    }
}


static void
ngx_pay_status_zone(pay_json_writer_t *w, ngx_pay_fill_t *f,
    ngx_pay_shared_t *sh)
{
    pay_jw_object(w, "zone");
    pay_jw_int(w, "born", sh->born);
    pay_jw_int(w, "repairs", sh->repairs);
    pay_jw_int(w, "nonces", f->nonces_live);
    pay_jw_int(w, "nonces_capacity", f->nonces_cap);
    pay_jw_int(w, "cells_capacity", f->records.cells);
    pay_jw_int(w, "cells_free", f->records.cells_free);
    pay_jw_int(w, "records_finished", f->records.records[PAY_REC_FINISHED]);
    pay_jw_int(w, "records_open", f->records.records[PAY_REC_OPEN]);
    pay_jw_int(w, "records_kept", f->records.records[PAY_REC_KEPT]);
    pay_jw_int(w, "records_dropped", f->records.dropped);
    pay_jw_int(w, "records_refused", f->records.refused);
    pay_jw_int(w, "events_accepted", f->events.accepted);
    pay_jw_int(w, "events_in_flight", f->events.in_flight);
    pay_jw_int(w, "events_capacity", f->events.capacity);
    pay_jw_end(w);
}


static void
ngx_pay_status_channel(pay_json_writer_t *w, ngx_pay_channel_t *ch,
    ngx_pay_channel_stat_t *st)
{
    int64_t     not_after;
    ngx_uint_t  i;

    ngx_pay_status_expiry(ch, &not_after);

    pay_jw_object(w, NULL);
    pay_jw_str(w, "channel", ngx_pay_str(&ch->name));
    pay_jw_str(w, "driver", ch->core.driver->name);
    pay_jw_bool(w, "test", ch->core.sandbox);
    pay_jw_int(w, "certificate_not_after", not_after);
    pay_jw_int(w, "last_notice", st->last_notice);
    pay_jw_int(w, "call_milliseconds", st->call_ms);

    pay_jw_object(w, "calls");

    for (i = 0; i < NGX_PAY_CALL_MAX; i++) {
        pay_jw_int(w, ngx_pay_call_names[i], st->calls[i]);
    }

    pay_jw_end(w);
    pay_jw_object(w, "notices");

    for (i = 0; i < NGX_PAY_NOTICE_MAX; i++) {
        pay_jw_int(w, ngx_pay_notice_names[i], st->notices[i]);
    }

    pay_jw_end(w);
    pay_jw_end(w);
}


static pay_str_t
ngx_pay_status_json(ngx_pay_main_conf_t *mcf, pay_arena_t *a,
    ngx_pay_fill_t *f)
{
    ngx_uint_t           i;
    ngx_pay_shared_t    *sh;
    ngx_pay_channel_t  **ch;
    pay_json_writer_t   *w;

    sh = mcf->zone->sh;
    w = pay_json_writer(a);

    if (w == NULL) {
        return (pay_str_t) pay_str_null;
    }

    pay_jw_object(w, NULL);
    pay_jw_object(w, "gate");
    pay_jw_int(w, "ok", sh->gate[PAY_E_NONE]);

    for (i = PAY_E_NONE + 1; i < PAY_E_MAX; i++) {
        if (sh->gate[i]) {
            pay_jw_int(w, pay_code_info(i)->name, sh->gate[i]);
        }
    }

    pay_jw_end(w);
    pay_jw_object(w, "requests");

    for (i = PAY_OP_NONE + 1; i < PAY_OP_MAX; i++) {

        if (sh->requests[i][0] + sh->requests[i][1] == 0) {
            continue;
        }

        pay_jw_object(w, pay_op_info(i)->name);
        pay_jw_int(w, "ok", sh->requests[i][0]);
        pay_jw_int(w, "error", sh->requests[i][1]);
        pay_jw_end(w);
    }

    pay_jw_end(w);
    pay_jw_object(w, "errors");

    for (i = PAY_E_NONE + 1; i < PAY_E_MAX; i++) {
        if (sh->errors[i]) {
            pay_jw_int(w, pay_code_info(i)->name, sh->errors[i]);
        }
    }

    pay_jw_end(w);
    pay_jw_array(w, "channels");

    ch = mcf->channels.elts;

    for (i = 0; i < mcf->channels.nelts; i++) {
        ngx_pay_status_channel(w, ch[i], &sh->channels[ch[i]->number]);
    }

    pay_jw_end(w);
    ngx_pay_status_zone(w, f, sh);
    pay_jw_end(w);

    return pay_jw_text(w);
}


/* Prometheus text format 0.0.4 */

static void
ngx_pay_prom_family(pay_buf_t *b, const char *name, const char *type,
    const char *help)
{
    pay_buf_addz(b, "# HELP nginx_pay_");
    pay_buf_addz(b, name);
    pay_buf_addc(b, ' ');
    pay_buf_addz(b, help);
    pay_buf_addz(b, "\n# TYPE nginx_pay_");
    pay_buf_addz(b, name);
    pay_buf_addc(b, ' ');
    pay_buf_addz(b, type);
    pay_buf_addc(b, '\n');
}


/* one or two labels; their values need no escape: names and constants */

static void
ngx_pay_prom_value(pay_buf_t *b, const char *name, const char *l1,
    pay_str_t v1, const char *l2, const char *v2, int64_t n)
{
    pay_buf_addz(b, "nginx_pay_");
    pay_buf_addz(b, name);

    if (l1) {
        pay_buf_addc(b, '{');
        pay_buf_addz(b, l1);
        pay_buf_addz(b, "=\"");
        pay_buf_adds(b, v1);
        pay_buf_addc(b, '"');

        if (l2) {
            pay_buf_addc(b, ',');
            pay_buf_addz(b, l2);
            pay_buf_addz(b, "=\"");
            pay_buf_addz(b, v2);
            pay_buf_addc(b, '"');
        }

        pay_buf_addc(b, '}');
    }

    pay_buf_addc(b, ' ');
    pay_buf_addi(b, n);
    pay_buf_addc(b, '\n');
}


static void
ngx_pay_prom_requests(pay_buf_t *b, ngx_pay_shared_t *sh)
{
    ngx_uint_t  i;

    ngx_pay_prom_family(b, "gate_total", "counter",
                        "Requests that the gate checked, by result.");

    for (i = 0; i < PAY_E_MAX; i++) {
        if (i == PAY_E_NONE || sh->gate[i]) {
            ngx_pay_prom_value(b, "gate_total", "result",
                               i ? pay_strz(pay_code_info(i)->name)
                                 : PAY_STR("ok"),
                               NULL, NULL, sh->gate[i]);
        }
    }

    ngx_pay_prom_family(b, "requests_total", "counter",
                        "Requests to the unified API, by operation.");

    for (i = PAY_OP_NONE + 1; i < PAY_OP_MAX; i++) {

        if (sh->requests[i][0] + sh->requests[i][1] == 0) {
            continue;
        }

        ngx_pay_prom_value(b, "requests_total", "operation",
                           pay_strz(pay_op_info(i)->name), "outcome", "ok",
                           sh->requests[i][0]);
        ngx_pay_prom_value(b, "requests_total", "operation",
                           pay_strz(pay_op_info(i)->name), "outcome", "error",
                           sh->requests[i][1]);
    }

    ngx_pay_prom_family(b, "errors_total", "counter",
                        "Errors that the unified API answered, by code.");

    for (i = PAY_E_NONE + 1; i < PAY_E_MAX; i++) {
        if (sh->errors[i]) {
            ngx_pay_prom_value(b, "errors_total", "code",
                               pay_strz(pay_code_info(i)->name), NULL, NULL,
                               sh->errors[i]);
        }
    }
}


static void
ngx_pay_prom_channels(pay_buf_t *b, ngx_pay_main_conf_t *mcf,
    ngx_pay_shared_t *sh)
{
    int64_t                  not_after;
    ngx_uint_t               i, k;
    ngx_pay_channel_t      **ch;
    ngx_pay_channel_stat_t  *st;

    ch = mcf->channels.elts;

    ngx_pay_prom_family(b, "channel_calls_total", "counter",
                        "Calls to channels, by what came of them.");

    for (i = 0; i < mcf->channels.nelts; i++) {
        st = &sh->channels[ch[i]->number];

        for (k = 0; k < NGX_PAY_CALL_MAX; k++) {
            ngx_pay_prom_value(b, "channel_calls_total", "channel",
                               ngx_pay_str(&ch[i]->name), "result",
                               ngx_pay_call_names[k], st->calls[k]);
        }
    }

    ngx_pay_prom_family(b, "channel_call_milliseconds_total", "counter",
                        "Time spent in calls to channels.");

    for (i = 0; i < mcf->channels.nelts; i++) {
        ngx_pay_prom_value(b, "channel_call_milliseconds_total", "channel",
                           ngx_pay_str(&ch[i]->name), NULL, NULL,
                           sh->channels[ch[i]->number].call_ms);
    }

    ngx_pay_prom_family(b, "notices_total", "counter",
                        "Notices of channels, by result.");

    for (i = 0; i < mcf->channels.nelts; i++) {
        st = &sh->channels[ch[i]->number];

        for (k = 0; k < NGX_PAY_NOTICE_MAX; k++) {
            ngx_pay_prom_value(b, "notices_total", "channel",
                               ngx_pay_str(&ch[i]->name), "result",
                               ngx_pay_notice_names[k], st->notices[k]);
        }
    }

    ngx_pay_prom_family(b, "last_notice_timestamp_seconds", "gauge",
                        "When the last verified notice came.");

    for (i = 0; i < mcf->channels.nelts; i++) {
        ngx_pay_prom_value(b, "last_notice_timestamp_seconds", "channel",
                           ngx_pay_str(&ch[i]->name), NULL, NULL,
                           sh->channels[ch[i]->number].last_notice);
    }

    ngx_pay_prom_family(b, "certificate_expiry_timestamp_seconds", "gauge",
                        "When the channel's certificate ends.");

    for (i = 0; i < mcf->channels.nelts; i++) {
        ngx_pay_status_expiry(ch[i], &not_after);

        if (not_after) {
            ngx_pay_prom_value(b, "certificate_expiry_timestamp_seconds",
                               "channel", ngx_pay_str(&ch[i]->name), NULL,
                               NULL, not_after);
        }
    }
}


static void
ngx_pay_prom_gauge(pay_buf_t *b, const char *name, const char *help,
    int64_t n)
{
    ngx_pay_prom_family(b, name, "gauge", help);
    ngx_pay_prom_value(b, name, NULL, PAY_STR(""), NULL, NULL, n);
}


static pay_str_t
ngx_pay_status_prometheus(ngx_pay_main_conf_t *mcf, pay_arena_t *a,
    ngx_pay_fill_t *f)
{
    pay_buf_t          b;
    ngx_pay_shared_t  *sh;

    sh = mcf->zone->sh;

    pay_buf_init(&b, a, 8192);

    ngx_pay_prom_requests(&b, sh);
    ngx_pay_prom_channels(&b, mcf, sh);

    ngx_pay_prom_gauge(&b, "zone_nonces", "Live nonces.", f->nonces_live);
    ngx_pay_prom_gauge(&b, "zone_nonces_capacity", "Room for nonces.",
                       f->nonces_cap);
    ngx_pay_prom_gauge(&b, "zone_cells", "Cells for records.",
                       f->records.cells);
    ngx_pay_prom_gauge(&b, "zone_cells_free", "Free cells for records.",
                       f->records.cells_free);
    ngx_pay_prom_gauge(&b, "zone_events_in_flight",
                       "Events on their way to the application.",
                       f->events.in_flight);

    ngx_pay_prom_family(&b, "zone_records_dropped_total", "counter",
                        "Records dropped for want of room.");
    ngx_pay_prom_value(&b, "zone_records_dropped_total", NULL, PAY_STR(""),
                       NULL, NULL, f->records.dropped);
    ngx_pay_prom_family(&b, "zone_records_refused_total", "counter",
                        "Records that found no room.");
    ngx_pay_prom_value(&b, "zone_records_refused_total", NULL, PAY_STR(""),
                       NULL, NULL, f->records.refused);
    ngx_pay_prom_family(&b, "zone_repairs_total", "counter",
                        "Times a worker died inside of the zone's lock.");
    ngx_pay_prom_value(&b, "zone_repairs_total", NULL, PAY_STR(""), NULL, NULL,
                       sh->repairs);

    return pay_buf_str(&b);
}


ngx_int_t
ngx_pay_status_handler(ngx_http_request_t *r)
{
    ngx_int_t             rc;
    pay_str_t             text;
    pay_arena_t          *arena;
    ngx_pay_fill_t        fill;
    ngx_pay_loc_conf_t   *plcf;
    ngx_pay_main_conf_t  *mcf;

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return NGX_HTTP_NOT_ALLOWED;
    }

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_pay_module);
    mcf = ngx_http_get_module_main_conf(r, ngx_http_pay_module);

    arena = pay_arena_create(0);
    if (arena == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_pay_status_fill(mcf->zone, &fill);

    text = plcf->status == NGX_PAY_STATUS_JSON
           ? ngx_pay_status_json(mcf, arena, &fill)
           : ngx_pay_status_prometheus(mcf, arena, &fill);

    rc = text.data == NULL
         ? NGX_HTTP_INTERNAL_SERVER_ERROR
         : ngx_pay_reply(r, NGX_HTTP_OK,
                         plcf->status == NGX_PAY_STATUS_JSON
                         ? "application/json"
                         : "text/plain; version=0.0.4; charset=utf-8", text);

    pay_arena_destroy(arena);

    return rc;
}
