
/*
 * Copyright (C) the ngx_pay authors
 *
 * WeChat Pay APIv3 simulator: a transfer bill as stored, as its payee sees it
 * on the checkout page, and as its notice tells (sections 8.10, 10.4 of the
 * channel document).
 */

#include <sandbox/pay_sim_wechatpay_v3.h>


/* not confirmed within this, it fails */
#define PAY_WXS_TRANSFER_LIFE  86400

/* a bill has one notice */
#define PAY_WXS_TRANSFER_NOTICE  1


static const char *const  pay_wxs_transfer_words[] = {
    "WAIT_USER_CONFIRM", "SUCCESS", "FAIL", "CANCELING", "CANCELLED"
};

static const struct {
    const char  *name;
    size_t       offset;
    int          required;
} pay_wxs_transfer_members[] = {
    { "number", offsetof(pay_wxs_transfer_t, number), 1 },
    { "bill_no", offsetof(pay_wxs_transfer_t, bill_no), 1 },
    { "appid", offsetof(pay_wxs_transfer_t, appid), 1 },
    { "mchid", offsetof(pay_wxs_transfer_t, mchid), 1 },
    { "openid", offsetof(pay_wxs_transfer_t, openid), 1 },
    { "remark", offsetof(pay_wxs_transfer_t, remark), 1 },
    { "notify_url", offsetof(pay_wxs_transfer_t, notify_url), 0 },
    { "fingerprint", offsetof(pay_wxs_transfer_t, fingerprint), 1 },
    { "fail_reason", offsetof(pay_wxs_transfer_t, fail_reason), 0 }
};


int
pay_wxs_is_transfer(const pay_sim_t *s)
{
    return pay_str_starts(s->order_id, PAY_WXS_TRANSFER);
}


const char *
pay_wxs_transfer_word(const pay_wxs_transfer_t *t)
{
    return pay_wxs_transfer_words[t->state];
}


static pay_str_t *
pay_wxs_transfer_member(const pay_wxs_transfer_t *t, size_t i)
{
    return (pay_str_t *) ((pay_u8 *) t + pay_wxs_transfer_members[i].offset);
}


pay_rc_t
pay_wxs_transfer_read_text(pay_arena_t *a, pay_str_t text,
    pay_wxs_transfer_t *t)
{
    size_t       i;
    int64_t      state;
    pay_rc_t     rc;
    pay_json_t  *tree;
    const char  *why;

    memset(t, 0, sizeof(pay_wxs_transfer_t));

    if (pay_json_parse(a, text, &tree, &why) != PAY_OK) {
        return PAY_ERROR;
    }

    for (i = 0; i < pay_nelts(pay_wxs_transfer_members); i++) {
        rc = pay_json_string(tree, pay_wxs_transfer_members[i].name,
                             pay_wxs_transfer_member(t, i));

        if (rc != PAY_OK
            && (rc != PAY_DECLINED || pay_wxs_transfer_members[i].required))
        {
            return PAY_ERROR;
        }
    }

    if (pay_json_int(tree, "amount", &t->amount) != PAY_OK
        || pay_json_int(tree, "created", &t->created) != PAY_OK
        || pay_json_int(tree, "updated", &t->updated) != PAY_OK
        || pay_json_int(tree, "due_at", &t->due_at) != PAY_OK
        || pay_json_int(tree, "state", &state) != PAY_OK
        || state < 0 || state > PAY_WXS_CANCELLED)
    {
        return PAY_ERROR;
    }

    t->state = (pay_wxs_transfer_state_t) state;

    return PAY_OK;
}


static void
pay_wxs_transfer_due(pay_sim_t *s, const pay_wxs_transfer_t *t)
{
    pay_sim_due_t  *due;

    s->ndue = t->due_at != 0;

    due = &s->due[0];

    due->id = PAY_WXS_TRANSFER_NOTICE;
    due->kind = "transfer";
    due->number = t->number;
    due->payment = 0;
    due->due_at = t->due_at;
}


pay_rc_t
pay_wxs_transfer_save(pay_sim_t *s, const pay_wxs_transfer_t *t)
{
    size_t              i;
    pay_str_t          *member;
    pay_json_writer_t  *w;

    w = pay_json_writer(s->arena);

    if (w == NULL) {
        return PAY_ERROR;
    }

    pay_jw_object(w, NULL);

    for (i = 0; i < pay_nelts(pay_wxs_transfer_members); i++) {
        member = pay_wxs_transfer_member(t, i);

        if (member->len != 0 || pay_wxs_transfer_members[i].required) {
            pay_jw_str(w, pay_wxs_transfer_members[i].name, *member);
        }
    }

    pay_jw_int(w, "amount", t->amount);
    pay_jw_int(w, "created", t->created);
    pay_jw_int(w, "updated", t->updated);
    pay_jw_int(w, "due_at", t->due_at);
    pay_jw_int(w, "state", t->state);
    pay_jw_end(w);

    if (pay_sim_keep(s, w) != PAY_OK) {
        return PAY_ERROR;
    }

    pay_wxs_transfer_due(s, t);

    return PAY_OK;
}


/* a state that is told of */

static void
pay_wxs_transfer_end(pay_wxs_transfer_t *t, pay_wxs_transfer_state_t state,
    const char *reason, int64_t now)
{
    t->state = state;
    t->updated = now;
    t->fail_reason = pay_strz(reason);

    if (t->notify_url.len != 0) {
        t->due_at = pay_magic_due(pay_magic(t->amount), now);
    }
}


pay_rc_t
pay_wxs_transfer_load(pay_sim_t *s, pay_wxs_transfer_t *t)
{
    s->ndue = 0;

    if (s->order.len == 0) {
        return PAY_DECLINED;
    }

    if (pay_wxs_transfer_read_text(s->arena, s->order, t) != PAY_OK) {
        return PAY_ERROR;
    }

    pay_wxs_transfer_due(s, t);

    if (t->state == PAY_WXS_CANCELING) {
        pay_wxs_transfer_end(t, PAY_WXS_CANCELLED, "", t->updated);

    } else if (t->state == PAY_WXS_WAIT
               && s->now >= t->created + PAY_WXS_TRANSFER_LIFE)
    {
        pay_wxs_transfer_end(t, PAY_WXS_FAILED, "OVERDUE_CLOSE", s->now);

    } else {
        return PAY_OK;
    }

    return pay_wxs_transfer_save(s, t);
}


pay_rc_t
pay_wxs_transfer_press(pay_sim_t *s, pay_press_t press, const char **why)
{
    pay_rc_t            rc;
    pay_wxs_transfer_t  t;

    rc = pay_wxs_transfer_load(s, &t);

    if (rc != PAY_OK) {
        *why = "There is no such order.";
        return rc;
    }

    if (t.state != PAY_WXS_WAIT) {
        *why = "The transfer is over.";
        return PAY_DECLINED;
    }

    switch (press) {

    case PAY_PRESS_PAY:
        rc = pay_wxs_journal_open(s);

        if (rc != PAY_OK) {
            return rc;
        }

        if (pay_magic(t.amount) == PAY_MAGIC_FAILED) {
            pay_wxs_transfer_end(&t, PAY_WXS_FAILED, "TRANSFER_RISK", s->now);

        } else {
            pay_wxs_transfer_end(&t, PAY_WXS_DONE, "", s->now);
            rc = pay_wxs_journal(s, "T", t.number, s->order_id);
        }

        return rc == PAY_OK ? pay_wxs_transfer_save(s, &t) : rc;

    case PAY_PRESS_DECLINE:
        pay_wxs_transfer_end(&t, PAY_WXS_FAILED, "PAYEE_ACCOUNT_ABNORMAL",
                             s->now);
        return pay_wxs_transfer_save(s, &t);

    default:
        *why = "A transfer can be confirmed or declined.";
        return PAY_DECLINED;
    }
}


pay_rc_t
pay_wxs_transfer_view(pay_sim_t *s, pay_sim_view_t *out)
{
    pay_rc_t            rc;
    pay_wxs_transfer_t  t;

    rc = pay_wxs_transfer_load(s, &t);

    if (rc != PAY_OK) {
        return rc;
    }

    out->kind = "transfer";
    out->order_id = t.number;
    out->description = t.remark;
    out->amount = t.amount;
    out->currency = PAY_STR("CNY");
    out->account = t.mchid;
    out->state = pay_wxs_transfer_word(&t);
    out->expires_at = t.created + PAY_WXS_TRANSFER_LIFE;
    out->notify_url = t.notify_url;
    out->payable = t.state == PAY_WXS_WAIT;

    return PAY_OK;
}


static pay_str_t
pay_wxs_transfer_told(pay_arena_t *a, const pay_wxs_transfer_t *t)
{
    pay_str_t           created, updated;
    pay_json_writer_t  *w;

    created = pay_time_format(a, t->created, PAY_BEIJING);
    updated = pay_time_format(a, t->updated, PAY_BEIJING);
    w = pay_json_writer(a);

    if (created.data == NULL || updated.data == NULL || w == NULL) {
        return (pay_str_t) pay_str_null;
    }

    pay_jw_object(w, NULL);
    pay_jw_str(w, "out_bill_no", t->number);
    pay_jw_str(w, "transfer_bill_no", t->bill_no);
    pay_jw_strz(w, "state", pay_wxs_transfer_word(t));
    pay_jw_str(w, "mch_id", t->mchid);
    pay_jw_int(w, "transfer_amount", t->amount);
    pay_jw_str(w, "openid", t->openid);

    if (t->fail_reason.len != 0) {
        pay_jw_str(w, "fail_reason", t->fail_reason);
    }

    pay_jw_str(w, "create_time", created);
    pay_jw_str(w, "update_time", updated);
    pay_jw_end(w);

    return pay_jw_text(w);
}


pay_rc_t
pay_wxs_transfer_notice(pay_sim_t *s, int64_t id, pay_request_t *out)
{
    pay_rc_t            rc;
    pay_wxs_letter_t    letter;
    pay_wxs_transfer_t  t;

    rc = pay_wxs_transfer_load(s, &t);

    if (rc != PAY_OK || id != PAY_WXS_TRANSFER_NOTICE || t.due_at == 0) {
        return rc != PAY_OK ? rc : PAY_DECLINED;
    }

    if (pay_magic(t.amount) == PAY_MAGIC_OTHER) {
        t.amount++;
    }

    letter.forged = 0;
    letter.url = t.notify_url;
    letter.plain = pay_wxs_transfer_told(s->arena, &t);
    letter.time = t.updated;
    letter.event = "MCHTRANSFER.BILL.FINISHED";
    letter.summary = "商家转账单据终态通知";
    letter.type = "mch_payment";
    letter.id = pay_wxs_event_id(s->arena, t.bill_no, letter.event);

    return pay_wxs_post(s, &letter, out);
}


pay_rc_t
pay_wxs_transfer_sent(pay_sim_t *s, int64_t id)
{
    pay_rc_t            rc;
    pay_wxs_transfer_t  t;

    rc = pay_wxs_transfer_load(s, &t);

    if (rc != PAY_OK || id != PAY_WXS_TRANSFER_NOTICE || t.due_at == 0) {
        return rc != PAY_OK ? rc : PAY_DECLINED;
    }

    t.due_at = 0;

    return pay_wxs_transfer_save(s, &t);
}
