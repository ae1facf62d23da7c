
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver wechatpay_v3: transfers by bill, which the receiver confirms
 * (sections 8.10, 10.4).
 */

#include <channel/pay_wechatpay_v3_int.h>


#define PAY_WECHATPAY_BILLS  "/v3/fund-app/mch-transfer/transfer-bills"
#define PAY_WECHATPAY_BILL   PAY_WECHATPAY_BILLS "/out-bill-no/"

#define PAY_WECHATPAY_REMARK_MAX  32

/* fen: below it a name is forbidden, from there on required */
#define PAY_WECHATPAY_NAME_FROM   30
#define PAY_WECHATPAY_NAME_MUST   200000


static const pay_word_t  pay_wechatpay_transfer_states[] = {
    { "ACCEPTED", PAY_STATE_PENDING },
    { "PROCESSING", PAY_STATE_PENDING },
    { "WAIT_USER_CONFIRM", PAY_STATE_REQUIRES_ACTION },
    { "TRANSFERING", PAY_STATE_PENDING },
    { "SUCCESS", PAY_STATE_SUCCEEDED },
    { "FAIL", PAY_STATE_FAILED },
    { "CANCELING", PAY_STATE_PENDING },
    { "CANCELLED", PAY_STATE_CLOSED },
    { NULL, 0 }
};


/* what the receiver's app is called with to confirm */

static pay_rc_t
pay_wechatpay_confirm(pay_talk_t *t, pay_str_t package)
{
    pay_json_writer_t              *w;
    const pay_wechatpay_v3_conf_t  *conf = t->channel->conf;

    if (package.len == 0) {
        return PAY_OK;
    }

    w = pay_json_writer(t->arena);
    if (w == NULL) {
        return PAY_ERROR;
    }

    pay_jw_object(w, NULL);
    pay_jw_str(w, "mchId", conf->mchid);
    pay_jw_str(w, "appId", pay_wechatpay_appid(t, PAY_METHOD_NONE));
    pay_jw_str(w, "package", package);
    pay_jw_end(w);

    t->fact.action.value = pay_jw_text(w);
    if (t->fact.action.value.data == NULL) {
        return PAY_ERROR;
    }

    t->fact.action.kind = PAY_ACTION_PARAMS;
    t->fact.action.type = "user_confirm";

    return PAY_OK;
}


static pay_str_t
pay_wechatpay_transfer_body(pay_talk_t *t, pay_str_t name)
{
    size_t                i;
    const pay_ask_t      *ask;
    pay_json_writer_t    *w;
    pay_wechatpay_own_t  *own;

    ask = t->ask;
    own = t->own;

    w = pay_json_writer(t->arena);
    if (w == NULL) {
        return (pay_str_t) pay_str_null;
    }

    pay_jw_object(w, NULL);
    pay_jw_str(w, "appid", pay_wechatpay_appid(t, PAY_METHOD_NONE));
    pay_jw_str(w, "out_bill_no", own->number);
    pay_jw_str(w, "transfer_scene_id", ask->purpose);
    pay_jw_str(w, "openid", ask->to_account);

    if (name.len) {
        pay_jw_str(w, "user_name", name);
    }

    pay_jw_int(w, "transfer_amount", t->object->amount);
    pay_jw_str(w, "transfer_remark",
               pay_utf8_cut(ask->description, PAY_WECHATPAY_REMARK_MAX));
    pay_jw_str(w, "notify_url", t->channel->notify_url);
    pay_jw_array(w, "transfer_scene_report_infos");

    for (i = 0; i < ask->nreports; i++) {
        pay_jw_object(w, NULL);
        pay_jw_str(w, "info_type", ask->reports[i].type);
        pay_jw_str(w, "info_content", ask->reports[i].content);
        pay_jw_end(w);
    }

    pay_jw_end(w);
    pay_jw_end(w);

    return pay_jw_text(w);
}


static pay_rc_t
pay_wechatpay_transferable(pay_talk_t *t)
{
    int64_t               amount;
    const pay_ask_t      *ask;
    pay_wechatpay_own_t  *own;

    ask = t->ask;
    own = t->own;
    amount = t->object->amount;

    if (own->sub_mchid.len) {
        return pay_wechatpay_refuse(t, PAY_E_OPERATION_UNSUPPORTED, NULL);
    }

    if (!pay_str_eqz(ask->to_type, "openid")) {
        return pay_wechatpay_refuse(t, PAY_E_FIELD_INVALID, "to.type");
    }

    if (ask->to_account.len == 0) {
        return pay_wechatpay_refuse(t, PAY_E_FIELD_MISSING, "to.openid");
    }

    if (ask->purpose.len == 0) {
        return pay_wechatpay_refuse(t, PAY_E_FIELD_MISSING, "purpose.scene");
    }

    if (ask->nreports == 0) {
        return pay_wechatpay_refuse(t, PAY_E_FIELD_MISSING, "purpose.reports");
    }

    if (ask->description.len == 0) {
        return pay_wechatpay_refuse(t, PAY_E_FIELD_MISSING, "description");
    }

    if (ask->to_name.len == 0 && amount >= PAY_WECHATPAY_NAME_MUST) {
        return pay_wechatpay_refuse(t, PAY_E_FIELD_MISSING, "to.name");
    }

    if (ask->to_name.len && amount < PAY_WECHATPAY_NAME_FROM) {
        return pay_wechatpay_refuse(t, PAY_E_FIELD_INVALID, "to.name");
    }

    return PAY_OK;
}


pay_rc_t
pay_wechatpay_transfer(pay_talk_t *t)
{
    pay_rc_t             rc;
    pay_str_t            name;
    const pay_object_t  *p;

    p = t->object;

    /* nothing of it can change by being asked for again */

    if (t->known == PAY_KNOWN_OPEN) {
        return p->state != PAY_STATE_REQUIRES_ACTION
               || pay_wechatpay_confirm(t, p->ref) == PAY_OK ? PAY_DONE
                                                             : PAY_ERROR;
    }

    rc = pay_wechatpay_transferable(t);
    if (rc != PAY_OK) {
        return rc;
    }

    rc = pay_wechatpay_secret(t, t->ask->to_name, "to.name", &name);
    if (rc != PAY_OK) {
        return rc;
    }

    return pay_wechatpay_send(t, PAY_WECHATPAY_CREATE, "POST",
                              PAY_STR(PAY_WECHATPAY_BILLS),
                              pay_wechatpay_transfer_body(t, name));
}


static pay_rc_t
pay_wechatpay_transfer_find(pay_talk_t *t)
{
    pay_wechatpay_own_t  *own = t->own;

    return pay_wechatpay_send(t, PAY_WECHATPAY_FIND, "GET",
                              pay_wechatpay_target(t, PAY_WECHATPAY_BILL,
                                                   own->number, "",
                                                   PAY_STR("")),
                              PAY_STR(""));
}


pay_rc_t
pay_wechatpay_transfer_cancel(pay_talk_t *t)
{
    pay_wechatpay_own_t  *own = t->own;

    return pay_wechatpay_send(t, PAY_WECHATPAY_CANCEL, "POST",
                              pay_wechatpay_target(t, PAY_WECHATPAY_BILL,
                                                   own->number, "/cancel",
                                                   PAY_STR("")),
                              PAY_STR(""));
}


static const char *
pay_wechatpay_transfer_read(pay_talk_t *t, const pay_json_t *o,
    pay_str_t *package)
{
    pay_str_t    state, sub;
    pay_fact_t  *f = &t->fact;

    *package = PAY_STR("");

    if (!pay_wechatpay_id(o, "out_bill_no", &f->number)
        || pay_json_string(o, "transfer_bill_no", &f->channel_number) != PAY_OK
        || f->channel_number.len == 0 || f->channel_number.len > 64
        || pay_json_string(o, "state", &state) != PAY_OK
        || !pay_wechatpay_text(o, "openid", 128, &f->payer)
        || !pay_wechatpay_text(o, "fail_reason", 64, &f->failure)
        || !pay_wechatpay_text(o, "package_info", 512, package)
        || !pay_wechatpay_amount(o, "transfer_amount", 1, &f->amount))
    {
        return "json";
    }

    if (pay_wechatpay_foreign(t, o, &sub)) {
        return "echo_mismatch";
    }

    f->state = pay_word_find(pay_wechatpay_transfer_states, state,
                             PAY_STATE_NONE);
    f->closing = pay_str_eqz(state, "CANCELING");

    if (f->state == PAY_STATE_SUCCEEDED) {
        f->done_at = pay_wechatpay_time(o, "update_time");
    }

    return NULL;
}


static const char *
pay_wechatpay_transfer_take(pay_talk_t *t, const pay_json_t *o)
{
    pay_str_t    package;
    const char  *why;

    why = pay_wechatpay_transfer_read(t, o, &package);

    if (why || t->fact.state != PAY_STATE_REQUIRES_ACTION) {
        return why;
    }

    /* a query does not tell it again */

    if (package.len && package.len <= PAY_WECHATPAY_REF_MAX) {
        t->fact.ref = package;
    }

    if (package.len == 0 && t->object) {
        package = t->object->ref;
    }

    return pay_wechatpay_confirm(t, package) == PAY_OK ? NULL : "memory";
}


static int
pay_wechatpay_transfer_same(pay_talk_t *t)
{
    pay_str_t          who;
    const pay_fact_t  *f = &t->fact;

    who = t->op == PAY_OP_TRANSFER ? t->ask->to_account : t->object->payer;

    return (f->amount < 0 || t->object->amount == 0
            || f->amount == t->object->amount)
           && (f->payer.len == 0 || who.len == 0 || pay_str_eq(f->payer, who));
}


const pay_wechatpay_kind_t  pay_wechatpay_transfers = {
    .find = pay_wechatpay_transfer_find,
    .take = pay_wechatpay_transfer_take,
    .same = pay_wechatpay_transfer_same
};


/* a cancel was refused, or its answer says nothing: what is it now? */

pay_rc_t
pay_wechatpay_not_cancelled(pay_talk_t *t)
{
    pay_wechatpay_own_t   *own;
    pay_wechatpay_said_t  *first;

    own = t->own;
    first = &own->first;

    if (t->fact.state == PAY_STATE_CLOSED || t->fact.closing) {
        return PAY_DONE;
    }

    if (first->code == PAY_E_OUTCOME_UNKNOWN
        && !pay_state_final(PAY_KIND_TRANSFER, t->fact.state))
    {
        return pay_wechatpay_doubt(t, first, first->reason);
    }

    first->code = PAY_E_STATE_CONFLICT;
    first->reason = "state";

    return pay_wechatpay_fail(t, first);
}


pay_rc_t
pay_wechatpay_notice_transfer(pay_talk_t *t, const pay_json_t *o)
{
    pay_str_t    package;
    const char  *why;

    t->fact.kind = PAY_KIND_TRANSFER;

    if (!pay_wechatpay_own_account(t, o, &t->fact.sub_merchant)) {
        return pay_wechatpay_refused(t, "identity");
    }

    why = pay_wechatpay_transfer_read(t, o, &package);
    if (why) {
        return pay_wechatpay_refused(t, why);
    }

    if (t->fact.state == PAY_STATE_NONE) {
        return pay_wechatpay_refused(t, "state");
    }

    t->notice = PAY_NOTICE_OBJECT;

    return PAY_DONE;
}
