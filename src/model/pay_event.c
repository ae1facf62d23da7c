
/*
 * Copyright (C) the ngx_pay authors
 *
 * Events for the merchant's application, and the text that a channel echoes
 * (docs/design.md section 8).
 */

#include <base/pay_time.h>
#include <model/pay_event.h>


#define PAY_API_VERSION  "v1"


static const char *const  pay_events[PAY_EVENT_MAX] = {
    "none",
    "payment.succeeded",
    "payment.failed",
    "payment.closed",
    "payment.authorized",
    "payment.duplicate",
    "payment.mismatch",
    "refund.succeeded",
    "refund.failed",
    "refund.closed",
    "refund.requires_action",
    "refund.mismatch",
    "transfer.succeeded",
    "transfer.failed",
    "transfer.closed",
    "transfer.requires_action",
    "transfer.mismatch",
    "split.succeeded",
    "split.partially_succeeded",
    "split.failed",
    "split.mismatch",
    "channel.notice"
};


/* a return is a part of its split, and told as that */

static const pay_u8  pay_events_of[PAY_KIND_MAX][PAY_STATE_MAX] = {

    [PAY_KIND_PAYMENT] = {
        [PAY_STATE_AUTHORIZED] = PAY_EVENT_PAYMENT_AUTHORIZED,
        [PAY_STATE_SUCCEEDED] = PAY_EVENT_PAYMENT_SUCCEEDED,
        [PAY_STATE_FAILED] = PAY_EVENT_PAYMENT_FAILED,
        [PAY_STATE_CLOSED] = PAY_EVENT_PAYMENT_CLOSED
    },

    [PAY_KIND_REFUND] = {
        [PAY_STATE_SUCCEEDED] = PAY_EVENT_REFUND_SUCCEEDED,
        [PAY_STATE_FAILED] = PAY_EVENT_REFUND_FAILED,
        [PAY_STATE_CLOSED] = PAY_EVENT_REFUND_CLOSED,
        [PAY_STATE_REQUIRES_ACTION] = PAY_EVENT_REFUND_REQUIRES_ACTION
    },

    [PAY_KIND_TRANSFER] = {
        [PAY_STATE_SUCCEEDED] = PAY_EVENT_TRANSFER_SUCCEEDED,
        [PAY_STATE_FAILED] = PAY_EVENT_TRANSFER_FAILED,
        [PAY_STATE_CLOSED] = PAY_EVENT_TRANSFER_CLOSED,
        [PAY_STATE_REQUIRES_ACTION] = PAY_EVENT_TRANSFER_REQUIRES_ACTION
    },

    [PAY_KIND_SPLIT] = {
        [PAY_STATE_SUCCEEDED] = PAY_EVENT_SPLIT_SUCCEEDED,
        [PAY_STATE_PARTIALLY_SUCCEEDED] = PAY_EVENT_SPLIT_PARTIALLY_SUCCEEDED,
        [PAY_STATE_FAILED] = PAY_EVENT_SPLIT_FAILED
    },

    [PAY_KIND_SPLIT_RETURN] = {
        [PAY_STATE_SUCCEEDED] = PAY_EVENT_SPLIT_SUCCEEDED,
        [PAY_STATE_FAILED] = PAY_EVENT_SPLIT_FAILED
    }
};

static const pay_u8  pay_mismatches[PAY_KIND_MAX] = {
    [PAY_KIND_PAYMENT] = PAY_EVENT_PAYMENT_MISMATCH,
    [PAY_KIND_REFUND] = PAY_EVENT_REFUND_MISMATCH,
    [PAY_KIND_TRANSFER] = PAY_EVENT_TRANSFER_MISMATCH,
    [PAY_KIND_SPLIT] = PAY_EVENT_SPLIT_MISMATCH,
    [PAY_KIND_SPLIT_RETURN] = PAY_EVENT_SPLIT_MISMATCH
};


static const pay_u8  pay_base32[] = "abcdefghijklmnopqrstuvwxyz234567";


const char *
pay_event_name(pay_event_type_t t)
{
    return pay_events[t < PAY_EVENT_MAX ? t : PAY_EVENT_NONE];
}


pay_event_type_t
pay_event_of_state(pay_kind_t kind, pay_state_t s)
{
    return kind < PAY_KIND_MAX && s < PAY_STATE_MAX
           ? (pay_event_type_t) pay_events_of[kind][s] : PAY_EVENT_NONE;
}


pay_event_type_t
pay_event_of_mismatch(pay_kind_t kind)
{
    return kind < PAY_KIND_MAX ? (pay_event_type_t) pay_mismatches[kind]
                               : PAY_EVENT_NONE;
}


/* 26 characters carry 130 bits: the first 130 of the digest */

static void
pay_event_text(char *out, const pay_u8 *digest)
{
    unsigned  i, bit, v;

    memcpy(out, "evt_", 4);

    for (i = 0; i < 26; i++) {
        bit = i * 5;
        v = (unsigned) digest[bit / 8] << 8 | digest[bit / 8 + 1];
        out[4 + i] = (char) pay_base32[(v >> (11 - bit % 8)) & 31];
    }

    out[30] = '\0';
}


int
pay_event_id(pay_event_t *e, pay_str_t number, pay_str_t channel_number)
{
    size_t        i;
    pay_u8        digest[PAY_SHA256_LEN];
    pay_str_t     parts[5];
    pay_arena_t  *a;
    pay_buf_t     b;
    int           rc;

    parts[0] = e->merchant;
    parts[1] = e->channel;
    parts[2] = pay_strz(pay_event_name(e->type));
    parts[3] = number;
    parts[4] = channel_number;

    a = pay_arena_create(0);
    if (a == NULL) {
        return -1;
    }

    pay_buf_init(&b, a, 256);

    for (i = 0; i < pay_nelts(parts); i++) {
        pay_buf_addi(&b, (int64_t) parts[i].len);
        pay_buf_addc(&b, ':');
        pay_buf_adds(&b, parts[i]);
    }

    rc = b.failed ? -1 : pay_sha256(digest, pay_buf_str(&b));

    pay_arena_destroy(a);

    if (rc == 0) {
        pay_event_text(e->id, digest);
    }

    return rc;
}


pay_str_t
pay_event_json(pay_arena_t *a, const pay_event_t *e)
{
    const char         *why;
    pay_json_t         *data;
    pay_json_writer_t  *w;

    w = pay_json_writer(a);
    if (w == NULL) {
        return (pay_str_t) pay_str_null;
    }

    pay_jw_object(w, NULL);
    pay_jw_strz(w, "id", e->id);
    pay_jw_strz(w, "type", pay_event_name(e->type));
    pay_jw_str(w, "created_at", pay_time_format(a, e->created_at, PAY_UTC));
    pay_jw_strz(w, "api_version", PAY_API_VERSION);
    pay_jw_opt(w, "merchant", e->merchant);
    pay_jw_str(w, "channel", e->channel);
    pay_jw_strz(w, "source", e->source);
    pay_jw_bool(w, "test", e->test);
    pay_jw_bool(w, "amount_checked", e->amount_checked);

    pay_jw_object(w, "data");

    if (e->object) {
        pay_object_json(w, a, "object", e->object, NULL, e->test);

    } else {
        pay_jw_object(w, "object");
        pay_jw_strz(w, "object", "notice");
        pay_jw_opt(w, "channel_type", e->channel_type);
        pay_jw_end(w);
    }

    pay_jw_end(w);

    if (e->channel_data.len
        && pay_json_parse(a, e->channel_data, &data, &why) == PAY_OK)
    {
        pay_jw_tree(w, "channel_data", data);
    }

    pay_jw_end(w);

    return pay_jw_text(w);
}


pay_str_t
pay_echo_make(pay_arena_t *a, pay_str_t merchant, pay_str_t order_id,
    int64_t amount, pay_str_t currency, const pay_mac_key_t *secret)
{
    pay_u8     mac[PAY_SHA256_LEN];
    pay_str_t  sum;
    pay_buf_t  b;

    pay_buf_init(&b, a, 256);
    pay_buf_adds(&b, merchant);
    pay_buf_addc(&b, '\n');
    pay_buf_adds(&b, order_id);
    pay_buf_addc(&b, '\n');
    pay_buf_addi(&b, amount);
    pay_buf_addc(&b, '\n');
    pay_buf_adds(&b, currency);
    pay_buf_addc(&b, '\n');

    if (b.failed || pay_hmac_sha256(mac, pay_buf_str(&b), secret) != 0) {
        return (pay_str_t) pay_str_null;
    }

    sum.data = mac;
    sum.len = sizeof(mac);
    sum = pay_base64url_encode(a, sum);

    pay_buf_init(&b, a, 128);
    pay_buf_addz(&b, "p1.");
    pay_buf_adds(&b, merchant);
    pay_buf_addc(&b, '.');
    pay_buf_adds(&b, sum);

    return sum.data ? pay_buf_str(&b) : (pay_str_t) pay_str_null;
}


pay_rc_t
pay_echo_merchant(pay_str_t echo, pay_str_t *merchant)
{
    size_t  i;

    if (!pay_str_starts(echo, "p1.")) {
        return PAY_DECLINED;
    }

    /* the merchant's name may have points, the sum has none */

    for (i = echo.len; i > 3 && echo.data[i - 1] != '.'; i--) {
        /* void */
    }

    if (i <= 4) {
        return PAY_DECLINED;
    }

    merchant->data = echo.data + 3;
    merchant->len = i - 4;

    return pay_str_token(*merchant, "_-.", 1, 64) ? PAY_OK : PAY_DECLINED;
}
