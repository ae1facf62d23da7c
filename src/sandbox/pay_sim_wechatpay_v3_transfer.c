
/*
 * Copyright (C) the ngx_pay authors
 *
 * WeChat Pay APIv3 simulator: transfer bills, which their payee confirms
 * (section 8.10 of the channel document).
 */

#include <sandbox/pay_sim_wechatpay_v3.h>


/* fen; below the first a name is forbidden, from the second on required */
#define PAY_WXS_NAME_FROM  30
#define PAY_WXS_NAME_MUST  200000


static const struct {
    const char  *scene;
    const char  *infos[4];
} pay_wxs_scenes[] = {
    { "1000", { "活动名称", "奖励说明", NULL, NULL } },
    { "1002", { "补贴类型", NULL, NULL, NULL } },
    { "1004", { "保险产品备案编号", "保险名称", "保险操作单号", NULL } },
    { "1005", { "岗位类型", "报酬说明", NULL, NULL } },
    { "1009", { "采购商品名称", NULL, NULL, NULL } },
    { "1010", { "回收商品名称", NULL, NULL, NULL } },
    { "1011", { "赔付原因", NULL, NULL, NULL } },
    { "1013", { "公益活动名称", "公益活动备案编号", NULL, NULL } }
};


/* all of the scene's texts, in its order */

static int
pay_wxs_scene(const pay_json_t *body)
{
    size_t             i, k;
    pay_str_t          scene, type;
    const pay_json_t  *e, *list;

    list = pay_json_get(body, "transfer_scene_report_infos");

    if (list == NULL
        || pay_json_string(body, "transfer_scene_id", &scene) != PAY_OK)
    {
        return 0;
    }

    for (i = 0; i < pay_nelts(pay_wxs_scenes); i++) {
        if (pay_str_eqz(scene, pay_wxs_scenes[i].scene)) {
            break;
        }
    }

    if (i == pay_nelts(pay_wxs_scenes)) {
        return 0;
    }

    for (k = 0, e = list->child; e != NULL; k++, e = e->next) {

        if (pay_wxs_scenes[i].infos[k] == NULL
            || pay_json_string(e, "info_type", &type) != PAY_OK
            || !pay_str_eqz(type, pay_wxs_scenes[i].infos[k]))
        {
            return 0;
        }
    }

    return pay_wxs_scenes[i].infos[k] == NULL;
}


/* PAY_OK with the payee's name in clear, or without one; or PAY_DONE */

static pay_rc_t
pay_wxs_transfer_name(pay_sim_t *s, const pay_wxs_call_t *c,
    const pay_wxs_transfer_t *t, pay_str_t *name)
{
    pay_rc_t    rc;
    pay_str_t   text, serial;
    const char *issue;

    *name = PAY_STR("");

    if (pay_json_string(c->body, "user_name", &text) != PAY_OK) {
        return t->amount < PAY_WXS_NAME_MUST ? PAY_OK
               : pay_wxs_refuse(s, PAY_WXS_PARAM_ERROR, "body", "/user_name",
                                "is required from 2000.00 yuan on");
    }

    rc = PAY_OK;
    issue = NULL;

    if (t->amount < PAY_WXS_NAME_FROM) {
        issue = "is forbidden below 0.30 yuan";

    } else if (pay_header_get(&s->headers, "Wechatpay-Serial", &serial)
               != PAY_OK)
    {
        issue = "needs the header Wechatpay-Serial";

    } else {
        rc = pay_wxs_sensitive(s, text, name);
        issue = rc == PAY_DECLINED ? "is not encrypted for the platform"
                                   : NULL;
    }

    if (issue != NULL) {
        return pay_wxs_refuse(s, PAY_WXS_PARAM_ERROR, "body", "/user_name",
                              issue);
    }

    return rc;
}


/* every parameter, but of the name what it says: its text differs each time */

static pay_str_t
pay_wxs_transfer_hash(pay_arena_t *a, const pay_wxs_call_t *c, pay_str_t name)
{
    pay_u8             hash[PAY_SHA256_LEN];
    pay_str_t          text;
    pay_json_t        *v;
    const pay_str_t    bytes = { sizeof(hash), hash };

    v = pay_json_get(c->body, "user_name");

    if (v != NULL) {
        v->text = name;
    }

    text = pay_sim_fields_text(a, c->op->rules, c->body);

    if (text.data == NULL || pay_sha256(hash, text) != 0) {
        return (pay_str_t) pay_str_null;
    }

    return pay_hex_encode(a, bytes);
}


static pay_rc_t
pay_wxs_transfer_read(pay_sim_t *s, const pay_wxs_call_t *c,
    pay_wxs_transfer_t *t)
{
    const pay_wechatpay_v3_conf_t  *conf;

    conf = s->channel->conf;

    memset(t, 0, sizeof(pay_wxs_transfer_t));

    t->mchid = conf->mchid;
    t->created = s->now;
    t->updated = s->now;
    t->bill_no = pay_wxs_digits(s->arena, "1330000", s->order_id, 25);

    (void) pay_json_string(c->body, "notify_url", &t->notify_url);

    if (t->bill_no.data == NULL
        || pay_json_string(c->body, "appid", &t->appid) != PAY_OK
        || pay_json_string(c->body, "openid", &t->openid) != PAY_OK
        || pay_json_string(c->body, "out_bill_no", &t->number) != PAY_OK
        || pay_json_string(c->body, "transfer_remark", &t->remark) != PAY_OK
        || pay_json_int(c->body, "transfer_amount", &t->amount) != PAY_OK)
    {
        return PAY_ERROR;
    }

    return PAY_OK;
}


/* full: of the query; else of the one that made it, or of a cancel */

static pay_rc_t
pay_wxs_transfer_reply(pay_sim_t *s, const pay_wxs_transfer_t *t, int full)
{
    pay_str_t           created, updated;
    pay_json_writer_t  *w;

    created = pay_time_format(s->arena, t->created, PAY_BEIJING);
    updated = pay_time_format(s->arena, t->updated, PAY_BEIJING);
    w = pay_json_writer(s->arena);

    if (created.data == NULL || updated.data == NULL || w == NULL) {
        return PAY_ERROR;
    }

    pay_jw_object(w, NULL);
    pay_jw_str(w, "out_bill_no", t->number);
    pay_jw_str(w, "transfer_bill_no", t->bill_no);
    pay_jw_str(w, "create_time", created);
    pay_jw_str(w, "update_time", updated);
    pay_jw_strz(w, "state", pay_wxs_transfer_word(t));

    if (t->fail_reason.len != 0) {
        pay_jw_str(w, "fail_reason", t->fail_reason);
    }

    if (full) {
        pay_jw_str(w, "mch_id", t->mchid);
        pay_jw_str(w, "appid", t->appid);
        pay_jw_int(w, "transfer_amount", t->amount);
        pay_jw_str(w, "transfer_remark", t->remark);
        pay_jw_str(w, "openid", t->openid);

    } else if (t->state == PAY_WXS_WAIT) {
        pay_jw_str(w, "package_info",
                   pay_wxs_digits(s->arena, "pkg", t->bill_no, 32));
    }

    pay_jw_end(w);

    return pay_wxs_reply(s, 200, pay_jw_text(w));
}


static pay_rc_t
pay_wxs_transfer_new(pay_sim_t *s, const pay_wxs_transfer_t *t)
{
    pay_rc_t          rc;
    pay_sim_thing_t  *index;

    rc = pay_sim_thing(s, pay_wxs_id(s, "bill/", (pay_str_t) pay_str_null,
                                     t->bill_no), &index);
    if (rc != PAY_OK) {
        return rc;
    }

    if (pay_magic(t->amount) == PAY_MAGIC_POOR) {
        return pay_wxs_fail(s, PAY_WXS_NOT_ENOUGH, NULL);
    }

    rc = pay_wxs_down(s, t->amount);

    if (rc != PAY_OK) {
        return rc;
    }

    if (pay_wxs_transfer_save(s, t) != PAY_OK
        || pay_sim_put(index, s->order_id) != PAY_OK)
    {
        return PAY_ERROR;
    }

    return pay_wxs_made(s, t->amount, pay_wxs_transfer_reply(s, t, 0));
}


pay_rc_t
pay_wxs_transfer(pay_sim_t *s, const pay_wxs_call_t *c)
{
    pay_rc_t            rc;
    pay_str_t           number, name;
    pay_wxs_transfer_t  asked, known;

    if (pay_json_string(c->body, "out_bill_no", &number) != PAY_OK) {
        return PAY_ERROR;
    }

    rc = pay_wxs_want(s, pay_wxs_id(s, PAY_WXS_TRANSFER,
                                    (pay_str_t) pay_str_null, number));
    if (rc == PAY_OK) {
        rc = pay_wxs_transfer_read(s, c, &asked);
    }

    if (rc != PAY_OK) {
        return rc;
    }

    if (!pay_wxs_bound(s, asked.appid)) {
        return pay_wxs_refuse(s, PAY_WXS_APPID, "body", "/appid",
                              "is not bound to the merchant");
    }

    if (!pay_wxs_scene(c->body)) {
        return pay_wxs_refuse(s, PAY_WXS_PARAM_ERROR, "body",
                              "/transfer_scene_report_infos",
                              "is not what the scene needs");
    }

    rc = pay_wxs_transfer_name(s, c, &asked, &name);

    if (rc != PAY_OK) {
        return rc;
    }

    asked.fingerprint = pay_wxs_transfer_hash(s->arena, c, name);

    if (asked.fingerprint.data == NULL) {
        return PAY_ERROR;
    }

    rc = pay_wxs_transfer_load(s, &known);

    if (rc == PAY_DECLINED) {
        return pay_wxs_transfer_new(s, &asked);
    }

    if (rc == PAY_OK && !pay_str_eq(known.fingerprint, asked.fingerprint)) {
        return pay_wxs_fail(s, PAY_WXS_EXISTS, NULL);
    }

    return rc == PAY_OK ? pay_wxs_transfer_reply(s, &known, 0) : rc;
}


pay_rc_t
pay_wxs_transfer_query(pay_sim_t *s, const pay_wxs_call_t *c)
{
    pay_rc_t            rc;
    pay_wxs_transfer_t  t;

    rc = pay_wxs_want(s, pay_wxs_id(s, PAY_WXS_TRANSFER,
                                    (pay_str_t) pay_str_null, c->number));
    if (rc == PAY_OK) {
        rc = pay_wxs_transfer_load(s, &t);
    }

    if (rc == PAY_DECLINED) {
        return pay_wxs_fail(s, PAY_WXS_NO_BILL, NULL);
    }

    return rc == PAY_OK ? pay_wxs_transfer_reply(s, &t, 1) : rc;
}


pay_rc_t
pay_wxs_transfer_query_id(pay_sim_t *s, const pay_wxs_call_t *c)
{
    pay_rc_t            rc;
    pay_sim_thing_t    *index;
    pay_wxs_transfer_t  t;

    rc = pay_sim_thing(s, pay_wxs_id(s, "bill/", (pay_str_t) pay_str_null,
                                     c->number), &index);
    if (rc != PAY_OK) {
        return rc;
    }

    if (index->text.len == 0) {
        return pay_wxs_fail(s, PAY_WXS_NO_BILL, NULL);
    }

    rc = pay_wxs_want(s, index->text);

    if (rc == PAY_OK) {
        rc = pay_wxs_transfer_load(s, &t);
    }

    return rc == PAY_OK ? pay_wxs_transfer_reply(s, &t, 1)
           : rc == PAY_DECLINED ? pay_wxs_fail(s, PAY_WXS_NO_BILL, NULL) : rc;
}


/* before its payee has confirmed, and again and again */

pay_rc_t
pay_wxs_transfer_cancel(pay_sim_t *s, const pay_wxs_call_t *c)
{
    pay_rc_t            rc;
    pay_wxs_transfer_t  t;

    rc = pay_wxs_want(s, pay_wxs_id(s, PAY_WXS_TRANSFER,
                                    (pay_str_t) pay_str_null, c->number));
    if (rc == PAY_OK) {
        rc = pay_wxs_transfer_load(s, &t);
    }

    if (rc != PAY_OK) {
        return rc == PAY_DECLINED ? pay_wxs_fail(s, PAY_WXS_NO_BILL, NULL)
                                  : rc;
    }

    if (t.state == PAY_WXS_DONE || t.state == PAY_WXS_FAILED) {
        return pay_wxs_refuse(s, PAY_WXS_INVALID_REQUEST, "uri",
                              "out_bill_no", "is of a bill that is over");
    }

    if (t.state == PAY_WXS_WAIT) {
        t.state = PAY_WXS_CANCELING;
        t.updated = s->now;

        if (pay_wxs_transfer_save(s, &t) != PAY_OK) {
            return PAY_ERROR;
        }
    }

    return pay_wxs_transfer_reply(s, &t, 0);
}
