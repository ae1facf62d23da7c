
/*
 * Copyright (C) the ngx_pay authors
 *
 * The families that pay_status tells, and the closed lists of their labels:
 * docs/metrics.md says what each of them means.
 */

#include <ngx_pay_status.h>

#include <model/pay_message.h>


#define NGX_PAY_FAMILY(name, type, digits, help)                             \
    { "nginx_pay_" name, type, digits, help }

#define NGX_PAY_FACT(member)                                                 \
    NGX_PAY_OF_FACTS, offsetof(ngx_pay_facts_t, member)

#define NGX_PAY_SHARED(member)                                               \
    NGX_PAY_OF_SHARED, offsetof(ngx_pay_shared_t, member)

#define NGX_PAY_CHANNEL(member)                                              \
    NGX_PAY_OF_CHANNEL, offsetof(ngx_pay_channel_stat_t, member)

#define NGX_PAY_NONE  { NULL, NULL, NULL }


static const char *const  ngx_pay_names_forms[NGX_PAY_FORM_MAX] = {
    "five_lines", "message"
};

static const char *const  ngx_pay_names_signatures[NGX_PAY_SIGNATURE_MAX] = {
    "valid", "invalid"
};

static const char *const  ngx_pay_names_outcomes[NGX_PAY_OUTCOME_MAX] = {
    "ok", "refused", "failed", "unknown"
};

static const char *const  ngx_pay_names_calls[NGX_PAY_CALL_MAX] = {
    "answered", "not_sent", "unknown"
};

static const char *const  ngx_pay_names_nonces[NGX_PAY_NONCE_REFUSALS] = {
    "ring", "merchant", "clock"
};

static const char *const  ngx_pay_names_classes[PAY_REC_CLASSES] = {
    "finished", "open", "kept"
};


static const char *
ngx_pay_name_result(ngx_uint_t i)
{
    return i == PAY_E_NONE ? "ok" : pay_code_info(i)->name;
}


/* the gate's; those of operations come later */

static ngx_uint_t
ngx_pay_usual_result(ngx_pay_main_conf_t *mcf, ngx_uint_t i)
{
    return i == PAY_E_NONE || ngx_pay_gate_gives(i);
}


static ngx_uint_t
ngx_pay_usual_reason(ngx_pay_main_conf_t *mcf, ngx_uint_t i)
{
    return i < ngx_pay_reason_redis() || mcf->redis;
}


static const char *
ngx_pay_name_alg(ngx_uint_t i)
{
    return pay_alg_name(i);
}


/* there is a key of that kind */

static ngx_uint_t
ngx_pay_usual_alg(ngx_pay_main_conf_t *mcf, ngx_uint_t i)
{
    return i == PAY_ALG_HMAC_SHA256 || mcf->dummies[i];
}


static const char *
ngx_pay_name_operation(ngx_uint_t i)
{
    return pay_op_info(i)->name;
}


static ngx_uint_t
ngx_pay_usual_operation(ngx_pay_main_conf_t *mcf, ngx_uint_t i)
{
    ngx_uint_t            k;
    const pay_can_op_t   *can;
    ngx_pay_channel_t   **ch;

    if (i == PAY_OP_CHANNELS) {
        return 1;
    }

    ch = mcf->channels.elts;

    for (k = 0; k < mcf->channels.nelts; k++) {
        for (can = ch[k]->core.driver->can->ops; can->op; can++) {
            if (can->op == i) {
                return 1;
            }
        }
    }

    return 0;
}


static const char *
ngx_pay_name_error(ngx_uint_t i)
{
    return i == PAY_E_NONE ? NULL : pay_code_info(i)->name;
}


static const ngx_pay_list_t  ngx_pay_list_results = {
    "result", PAY_E_MAX, NULL,
    ngx_pay_name_result, ngx_pay_usual_result
};

static const ngx_pay_list_t  ngx_pay_list_reasons = {
    "reason", NGX_PAY_REASONS_MAX, NULL,
    ngx_pay_reason_name, ngx_pay_usual_reason
};

static const ngx_pay_list_t  ngx_pay_list_forms = {
    "form", NGX_PAY_FORM_MAX, ngx_pay_names_forms,
    NULL, NULL
};

static const ngx_pay_list_t  ngx_pay_list_algs = {
    "algorithm", PAY_ALG_MAX, NULL,
    ngx_pay_name_alg, ngx_pay_usual_alg
};

static const ngx_pay_list_t  ngx_pay_list_signatures = {
    "result", NGX_PAY_SIGNATURE_MAX, ngx_pay_names_signatures,
    NULL, NULL
};

static const ngx_pay_list_t  ngx_pay_list_operations = {
    "operation", PAY_OP_MAX, NULL,
    ngx_pay_name_operation, ngx_pay_usual_operation
};

static const ngx_pay_list_t  ngx_pay_list_outcomes = {
    "outcome", NGX_PAY_OUTCOME_MAX, ngx_pay_names_outcomes,
    NULL, NULL
};

static const ngx_pay_list_t  ngx_pay_list_errors = {
    "code", PAY_E_MAX, NULL,
    ngx_pay_name_error, NULL
};

static const ngx_pay_list_t  ngx_pay_list_calls = {
    "result", NGX_PAY_CALL_MAX, ngx_pay_names_calls,
    NULL, NULL
};

static const ngx_pay_list_t  ngx_pay_list_notices = {
    "result", NGX_PAY_NOTICE_MAX, ngx_pay_notice_names,
    NULL, NULL
};

static const ngx_pay_list_t  ngx_pay_list_nonces = {
    "reason", NGX_PAY_NONCE_REFUSALS, ngx_pay_names_nonces,
    NULL, NULL
};

static const ngx_pay_list_t  ngx_pay_list_classes = {
    "class", PAY_REC_CLASSES, ngx_pay_names_classes,
    NULL, NULL
};

static const ngx_pay_list_t  ngx_pay_list_redis = {
    "reason", NGX_PAY_REDIS_REASONS, NULL,
    ngx_pay_redis_reason, NULL
};


const ngx_pay_family_t  ngx_pay_families[] = {

    /* the gate */

    { NGX_PAY_FAMILY("gate_requests_total", PAY_COUNTER, 0,
                     "Requests that the gate checked, by result."),
      NULL, "gate", NGX_PAY_SHARED(gate), 0,
      { &ngx_pay_list_results, NULL, NULL } },

    { NGX_PAY_FAMILY("gate_refused_total", PAY_COUNTER, 0,
                     "Requests that the gate refused, by reason."),
      NULL, "gate_reasons", NGX_PAY_SHARED(gate_reasons), NGX_PAY_TELL_BRIEF,
      { &ngx_pay_list_reasons, NULL, NULL } },

    { NGX_PAY_FAMILY("gate_dry_run_total", PAY_COUNTER, 0,
                     "Refused requests that pay_auth_dry_run let pass."),
      NULL, "gate_dry_run", NGX_PAY_SHARED(gate_dry), 0, NGX_PAY_NONE },

    { NGX_PAY_FAMILY("signatures_total", PAY_COUNTER, 0,
                     "Signatures of merchants that were checked."),
      NULL, "signatures", NGX_PAY_SHARED(signatures), NGX_PAY_TELL_BRIEF,
      { &ngx_pay_list_forms, &ngx_pay_list_algs, &ngx_pay_list_signatures } },

    /* the unified API */

    { NGX_PAY_FAMILY("requests_total", PAY_COUNTER, 0,
                     "Signed requests to the unified API that ended."),
      NULL, "requests", NGX_PAY_SHARED(requests), NGX_PAY_TELL_BRIEF,
      { &ngx_pay_list_operations, &ngx_pay_list_outcomes, NULL } },

    { NGX_PAY_FAMILY("errors_total", PAY_COUNTER, 0,
                     "Errors that the unified API answered, by code."),
      NULL, "errors", NGX_PAY_SHARED(errors), NGX_PAY_TELL_BRIEF,
      { &ngx_pay_list_errors, NULL, NULL } },

    /* the zone */

    { NGX_PAY_FAMILY("zone_created_timestamp_seconds", PAY_GAUGE, 0,
                     "Since when the zone remembers."),
      "zone", "born", NGX_PAY_FACT(zone_born), 0, NGX_PAY_NONE },

    { NGX_PAY_FAMILY("zone_frozen", PAY_GAUGE, 0,
                     "1 while a zone of another size takes over."),
      "zone", "frozen", NGX_PAY_FACT(frozen), 0, NGX_PAY_NONE },

    { NGX_PAY_FAMILY("zone_repairs_total", PAY_COUNTER, 0,
                     "Times a worker died inside of the zone's lock."),
      "zone", "repairs", NGX_PAY_SHARED(repairs), 0, NGX_PAY_NONE },

    { NGX_PAY_FAMILY("zone_nonces", PAY_GAUGE, 0,
                     "Nonces that are held, good or about to be dropped."),
      "zone", "nonces", NGX_PAY_FACT(nonces), 0, NGX_PAY_NONE },

    { NGX_PAY_FAMILY("zone_nonces_capacity", PAY_GAUGE, 0,
                     "Room for nonces."),
      "zone", "nonces_capacity", NGX_PAY_FACT(nonces_capacity), 0,
      NGX_PAY_NONE },

    { NGX_PAY_FAMILY("zone_nonces_refused_total", PAY_COUNTER, 0,
                     "Nonces that found no room, by reason."),
      "zone", "nonces_refused", NGX_PAY_FACT(nonces_refused), 0,
      { &ngx_pay_list_nonces, NULL, NULL } },

    { NGX_PAY_FAMILY("zone_cells", PAY_GAUGE, 0, "Cells for records."),
      "zone", "cells_capacity", NGX_PAY_FACT(cells), 0, NGX_PAY_NONE },

    { NGX_PAY_FAMILY("zone_cells_free", PAY_GAUGE, 0,
                     "Free cells for records."),
      "zone", "cells_free", NGX_PAY_FACT(cells_free), 0, NGX_PAY_NONE },

    { NGX_PAY_FAMILY("zone_records", PAY_GAUGE, 0, "Records, by class."),
      "zone", "records", NGX_PAY_FACT(records), 0,
      { &ngx_pay_list_classes, NULL, NULL } },

    { NGX_PAY_FAMILY("zone_records_dropped_total", PAY_COUNTER, 0,
                     "Records dropped for want of room."),
      "zone", "records_dropped", NGX_PAY_FACT(records_dropped), 0,
      NGX_PAY_NONE },

    { NGX_PAY_FAMILY("zone_records_refused_total", PAY_COUNTER, 0,
                     "Records that found no room."),
      "zone", "records_refused", NGX_PAY_FACT(records_refused), 0,
      NGX_PAY_NONE },

    { NGX_PAY_FAMILY("zone_events_accepted", PAY_GAUGE, 0,
                     "Events that the application has accepted."),
      "zone", "events_accepted", NGX_PAY_FACT(events_accepted), 0,
      NGX_PAY_NONE },

    { NGX_PAY_FAMILY("zone_events_in_flight", PAY_GAUGE, 0,
                     "Events on their way to the application."),
      "zone", "events_in_flight", NGX_PAY_FACT(events_in_flight), 0,
      NGX_PAY_NONE },

    { NGX_PAY_FAMILY("zone_events_capacity", PAY_GAUGE, 0,
                     "Room for events."),
      "zone", "events_capacity", NGX_PAY_FACT(events_capacity), 0,
      NGX_PAY_NONE },

    /* the store */

    { NGX_PAY_FAMILY("store_errors_total", PAY_COUNTER, 0,
                     "Operations of the store that Redis could not decide."),
      "store", "errors", NGX_PAY_SHARED(store_errors), 0, NGX_PAY_NONE },

    { NGX_PAY_FAMILY("store_passed_total", PAY_COUNTER, 0,
                     "... and that the zone decided, by pay_store_error."),
      "store", "passed", NGX_PAY_SHARED(store_passed), 0, NGX_PAY_NONE },

    { NGX_PAY_FAMILY("store_allowed_total", PAY_COUNTER, 0,
                     "Nonces that nobody could look up, let pass by "
                     "\"pay_store_error allow\"."),
      "store", "allowed", NGX_PAY_SHARED(store_allowed), 0, NGX_PAY_NONE },

    /* Redis */

    { NGX_PAY_FAMILY("redis_up", PAY_GAUGE, 0,
                     "1 if the last worker that looked had a connection."),
      "redis", "up", NGX_PAY_SHARED(redis.up), NGX_PAY_TELL_REDIS,
      NGX_PAY_NONE },

    { NGX_PAY_FAMILY("redis_created_timestamp_seconds", PAY_GAUGE, 0,
                     "Since when Redis remembers."),
      "redis", "born", NGX_PAY_FACT(redis_born),
      NGX_PAY_TELL_REDIS|NGX_PAY_TELL_KNOWN, NGX_PAY_NONE },

    { NGX_PAY_FAMILY("redis_connects_total", PAY_COUNTER, 0,
                     "Connections to Redis that were ready for use."),
      "redis", "connects", NGX_PAY_SHARED(redis.connects),
      NGX_PAY_TELL_REDIS, NGX_PAY_NONE },

    { NGX_PAY_FAMILY("redis_connect_errors_total", PAY_COUNTER, 0,
                     "Attempts to connect that came to nothing."),
      "redis", "connect_errors", NGX_PAY_SHARED(redis.connect_errors),
      NGX_PAY_TELL_REDIS, NGX_PAY_NONE },

    { NGX_PAY_FAMILY("redis_reconnects_total", PAY_COUNTER, 0,
                     "Connections after the first one of a process."),
      "redis", "reconnects", NGX_PAY_SHARED(redis.reconnects),
      NGX_PAY_TELL_REDIS, NGX_PAY_NONE },

    { NGX_PAY_FAMILY("redis_evicting_connects_total", PAY_COUNTER, 0,
                     "Connections to a Redis that may evict keys."),
      "redis", "evicting", NGX_PAY_SHARED(redis.evicting),
      NGX_PAY_TELL_REDIS, NGX_PAY_NONE },

    { NGX_PAY_FAMILY("redis_timeouts_total", PAY_COUNTER, 0,
                     "Connections closed because a reply was late."),
      "redis", "timeouts", NGX_PAY_SHARED(redis.timeouts),
      NGX_PAY_TELL_REDIS, NGX_PAY_NONE },

    { NGX_PAY_FAMILY("redis_commands_total", PAY_COUNTER, 0,
                     "Commands that were taken to be sent."),
      "redis", "commands", NGX_PAY_SHARED(redis.commands),
      NGX_PAY_TELL_REDIS, NGX_PAY_NONE },

    { NGX_PAY_FAMILY("redis_answered_total", PAY_COUNTER, 0,
                     "Commands that Redis answered, other than by an error."),
      "redis", "answered", NGX_PAY_SHARED(redis.answered),
      NGX_PAY_TELL_REDIS, NGX_PAY_NONE },

    { NGX_PAY_FAMILY("redis_answer_seconds_total", PAY_COUNTER, 6,
                     "Time until the answers, added up."),
      "redis", "answer_microseconds", NGX_PAY_SHARED(redis.latency_sum),
      NGX_PAY_TELL_REDIS, NGX_PAY_NONE },

    { NGX_PAY_FAMILY("redis_errors_total", PAY_COUNTER, 0,
                     "Commands without an answer, sent or not, by reason."),
      "redis", "errors", NGX_PAY_SHARED(redis.errors),
      NGX_PAY_TELL_REDIS|NGX_PAY_TELL_BRIEF,
      { &ngx_pay_list_redis, NULL, NULL } },

    { NGX_PAY_FAMILY("redis_last_answer_timestamp_seconds", PAY_GAUGE, 0,
                     "When Redis answered last."),
      "redis", "last_answer", NGX_PAY_SHARED(redis.last_answer),
      NGX_PAY_TELL_REDIS|NGX_PAY_TELL_KNOWN, NGX_PAY_NONE },

    { NGX_PAY_FAMILY("redis_last_error_timestamp_seconds", PAY_GAUGE, 0,
                     "When a command had no answer last."),
      "redis", "last_error", NGX_PAY_SHARED(redis.last_error),
      NGX_PAY_TELL_REDIS|NGX_PAY_TELL_KNOWN, NGX_PAY_NONE }
};

const ngx_uint_t  ngx_pay_nfamilies = pay_nelts(ngx_pay_families);


const ngx_pay_family_t  ngx_pay_channel_families[] = {

    { NGX_PAY_FAMILY("channel_calls_total", PAY_COUNTER, 0,
                     "Calls to channels, by what came of them."),
      NULL, "calls", NGX_PAY_CHANNEL(calls), 0,
      { &ngx_pay_list_calls, NULL, NULL } },

    { NGX_PAY_FAMILY("notices_total", PAY_COUNTER, 0,
                     "Notices of channels, by result."),
      NULL, "notices", NGX_PAY_CHANNEL(notices), 0,
      { &ngx_pay_list_notices, NULL, NULL } },

    { NGX_PAY_FAMILY("last_notice_timestamp_seconds", PAY_GAUGE, 0,
                     "When the last verified notice came."),
      NULL, "last_notice", NGX_PAY_CHANNEL(last_notice), NGX_PAY_TELL_KNOWN,
      NGX_PAY_NONE }
};

const ngx_uint_t  ngx_pay_nchannel_families
    = pay_nelts(ngx_pay_channel_families);
