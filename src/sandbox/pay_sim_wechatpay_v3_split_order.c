
/*
 * Copyright (C) the ngx_pay authors
 *
 * WeChat Pay APIv3 simulator: a profit sharing order as stored and as
 * answered (section 8.8 of the channel document).
 */

#include <sandbox/pay_sim_wechatpay_v3.h>


static const struct {
    const char  *name;
    size_t       offset;
} pay_wxs_split_members[] = {
    { "order", offsetof(pay_wxs_split_t, order) },
    { "transaction_id", offsetof(pay_wxs_split_t, transaction_id) },
    { "number", offsetof(pay_wxs_split_t, number) },
    { "order_id", offsetof(pay_wxs_split_t, order_id) },
    { "sub", offsetof(pay_wxs_split_t, sub) },
    { "hash", offsetof(pay_wxs_split_t, hash) }
};


static pay_str_t *
pay_wxs_split_member(const pay_wxs_split_t *split, size_t i)
{
    return (pay_str_t *) ((pay_u8 *) split + pay_wxs_split_members[i].offset);
}


static pay_rc_t
pay_wxs_receiver_load(pay_wxs_split_t *split, const pay_json_t *e)
{
    pay_wxs_receiver_t  *r;

    if (split->nreceivers == PAY_WXS_RECEIVERS) {
        return PAY_ERROR;
    }

    r = &split->receivers[split->nreceivers++];

    (void) pay_json_string(e, "f", &r->fail_reason);

    if (pay_json_string(e, "t", &r->type) != PAY_OK
        || pay_json_string(e, "a", &r->account) != PAY_OK
        || pay_json_string(e, "d", &r->description) != PAY_OK)
    {
        return PAY_ERROR;
    }

    return pay_json_int(e, "n", &r->amount);
}


static pay_rc_t
pay_wxs_return_load(pay_wxs_split_t *split, const pay_json_t *e)
{
    pay_wxs_return_t  *r;

    if (split->nreturns == PAY_WXS_RETURNS) {
        return PAY_ERROR;
    }

    r = &split->returns[split->nreturns++];

    if (pay_json_string(e, "r", &r->number) != PAY_OK
        || pay_json_string(e, "a", &r->account) != PAY_OK
        || pay_json_string(e, "d", &r->description) != PAY_OK
        || pay_json_int(e, "n", &r->amount) != PAY_OK)
    {
        return PAY_ERROR;
    }

    return pay_json_int(e, "at", &r->time);
}


pay_rc_t
pay_wxs_split_load(pay_sim_t *s, const pay_sim_thing_t *thing,
    pay_wxs_split_t *split)
{
    size_t             i;
    pay_json_t        *tree;
    const char        *why;
    const pay_json_t  *e;

    memset(split, 0, sizeof(pay_wxs_split_t));

    if (thing->text.len == 0) {
        return PAY_DECLINED;
    }

    if (pay_json_parse(s->arena, thing->text, &tree, &why) != PAY_OK
        || pay_json_int(tree, "time", &split->time) != PAY_OK
        || pay_json_get(tree, "receivers") == NULL
        || pay_json_get(tree, "returns") == NULL)
    {
        return PAY_ERROR;
    }

    for (i = 0; i < pay_nelts(pay_wxs_split_members); i++) {
        if (pay_json_string(tree, pay_wxs_split_members[i].name,
                            pay_wxs_split_member(split, i)) != PAY_OK)
        {
            return PAY_ERROR;
        }
    }

    for (e = pay_json_get(tree, "receivers")->child; e != NULL; e = e->next) {
        if (pay_wxs_receiver_load(split, e) != PAY_OK) {
            return PAY_ERROR;
        }
    }

    for (e = pay_json_get(tree, "returns")->child; e != NULL; e = e->next) {
        if (pay_wxs_return_load(split, e) != PAY_OK) {
            return PAY_ERROR;
        }
    }

    return PAY_OK;
}


pay_rc_t
pay_wxs_split_save(pay_sim_t *s, pay_sim_thing_t *thing,
    const pay_wxs_split_t *split)
{
    size_t                     i;
    pay_json_writer_t         *w;
    const pay_wxs_return_t    *b;
    const pay_wxs_receiver_t  *r;

    w = pay_json_writer(s->arena);

    if (w == NULL) {
        return PAY_ERROR;
    }

    pay_jw_object(w, NULL);

    for (i = 0; i < pay_nelts(pay_wxs_split_members); i++) {
        pay_jw_str(w, pay_wxs_split_members[i].name,
                   *pay_wxs_split_member(split, i));
    }

    pay_jw_int(w, "time", split->time);
    pay_jw_array(w, "receivers");

    for (i = 0; i < split->nreceivers; i++) {
        r = &split->receivers[i];

        pay_jw_object(w, NULL);
        pay_jw_str(w, "t", r->type);
        pay_jw_str(w, "a", r->account);
        pay_jw_str(w, "d", r->description);
        pay_jw_int(w, "n", r->amount);

        if (r->fail_reason.len != 0) {
            pay_jw_str(w, "f", r->fail_reason);
        }

        pay_jw_end(w);
    }

    pay_jw_end(w);
    pay_jw_array(w, "returns");

    for (i = 0; i < split->nreturns; i++) {
        b = &split->returns[i];

        pay_jw_object(w, NULL);
        pay_jw_str(w, "r", b->number);
        pay_jw_str(w, "a", b->account);
        pay_jw_str(w, "d", b->description);
        pay_jw_int(w, "n", b->amount);
        pay_jw_int(w, "at", b->time);
        pay_jw_end(w);
    }

    pay_jw_end(w);
    pay_jw_end(w);

    return pay_sim_put(thing, pay_jw_text(w));
}


static void
pay_wxs_receiver_answer(pay_json_writer_t *w, pay_arena_t *a,
    const pay_wxs_split_t *split, size_t i, int fresh, pay_str_t time)
{
    pay_buf_t                  b;
    const pay_wxs_receiver_t  *r;

    r = &split->receivers[i];

    pay_buf_init(&b, a, 64);
    pay_buf_adds(&b, split->order_id);
    pay_buf_addi(&b, (int64_t) i + 1);

    pay_jw_object(w, NULL);
    pay_jw_int(w, "amount", r->amount);
    pay_jw_str(w, "description", r->description);
    pay_jw_str(w, "type", r->type);
    pay_jw_str(w, "account", r->account);
    pay_jw_strz(w, "result", fresh ? "PENDING"
                             : r->fail_reason.len != 0 ? "CLOSED"
                             : "SUCCESS");

    if (!fresh && r->fail_reason.len != 0) {
        pay_jw_str(w, "fail_reason", r->fail_reason);
    }

    pay_jw_str(w, "detail_id", pay_buf_str(&b));
    pay_jw_str(w, "create_time", time);

    if (!fresh) {
        pay_jw_str(w, "finish_time", time);
    }

    pay_jw_end(w);
}


pay_str_t
pay_wxs_split_answer(pay_arena_t *a, const pay_wxs_split_t *split, int fresh)
{
    size_t              i;
    pay_str_t           time;
    pay_json_writer_t  *w;

    time = pay_time_format(a, split->time, PAY_BEIJING);
    w = pay_json_writer(a);

    if (time.data == NULL || w == NULL) {
        return (pay_str_t) pay_str_null;
    }

    pay_jw_object(w, NULL);

    if (split->sub.len != 0) {
        pay_jw_str(w, "sub_mchid", split->sub);
    }

    pay_jw_str(w, "transaction_id", split->transaction_id);
    pay_jw_str(w, "out_order_no", split->number);
    pay_jw_str(w, "order_id", split->order_id);
    pay_jw_strz(w, "state", fresh ? "PROCESSING" : "FINISHED");
    pay_jw_array(w, "receivers");

    for (i = 0; i < split->nreceivers; i++) {
        pay_wxs_receiver_answer(w, a, split, i, fresh, time);
    }

    pay_jw_end(w);
    pay_jw_end(w);

    return pay_jw_text(w);
}


pay_str_t
pay_wxs_return_answer(pay_arena_t *a, const pay_wxs_split_t *split,
    const pay_wxs_return_t *r, int fresh)
{
    pay_str_t           time, id;
    pay_json_writer_t  *w;

    time = pay_time_format(a, r->time, PAY_BEIJING);
    id = pay_wxs_digits(a, "3008", r->number, 24);
    w = pay_json_writer(a);

    if (time.data == NULL || id.data == NULL || w == NULL) {
        return (pay_str_t) pay_str_null;
    }

    pay_jw_object(w, NULL);

    if (split->sub.len != 0) {
        pay_jw_str(w, "sub_mchid", split->sub);
    }

    pay_jw_str(w, "order_id", split->order_id);
    pay_jw_str(w, "out_order_no", split->number);
    pay_jw_str(w, "out_return_no", r->number);
    pay_jw_str(w, "return_id", id);
    pay_jw_str(w, "return_mchid", r->account);
    pay_jw_int(w, "amount", r->amount);
    pay_jw_str(w, "description", r->description);
    pay_jw_strz(w, "result", fresh ? "PROCESSING" : "SUCCESS");
    pay_jw_str(w, "create_time", time);

    if (!fresh) {
        pay_jw_str(w, "finish_time", time);
    }

    pay_jw_end(w);

    return pay_jw_text(w);
}
