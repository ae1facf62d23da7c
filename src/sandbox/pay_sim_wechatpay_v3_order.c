
/*
 * Copyright (C) the ngx_pay authors
 *
 * WeChat Pay APIv3 simulator: the order as JSON text in the store.  Refunds
 * and notices are rows without names: all of an order has to fit into one
 * record.
 */

#include <sandbox/pay_sim_wechatpay_v3.h>


/* a notify_url that is the order's */
#define PAY_WXS_SAME_URL  "="


static const char *const  pay_wxs_states[] = {
    "NOTPAY", "SUCCESS", "CLOSED", "USERPAYING"
};

static const char *const  pay_wxs_types[] = {
    "NATIVE", "JSAPI", "APP", "MWEB"
};

/* the members that are texts */

static const struct {
    const char  *name;
    size_t       offset;
    int          required;
} pay_wxs_members[] = {
    { "id", offsetof(pay_wxs_order_t, id), 1 },
    { "appid", offsetof(pay_wxs_order_t, appid), 1 },
    { "mchid", offsetof(pay_wxs_order_t, mchid), 1 },
    { "sub_appid", offsetof(pay_wxs_order_t, sub_appid), 0 },
    { "sub_mchid", offsetof(pay_wxs_order_t, sub_mchid), 0 },
    { "openid", offsetof(pay_wxs_order_t, openid), 0 },
    { "sub_openid", offsetof(pay_wxs_order_t, sub_openid), 0 },
    { "out_trade_no", offsetof(pay_wxs_order_t, out_trade_no), 1 },
    { "description", offsetof(pay_wxs_order_t, description), 1 },
    { "attach", offsetof(pay_wxs_order_t, attach), 0 },
    { "device_id", offsetof(pay_wxs_order_t, device_id), 0 },
    { "notify_url", offsetof(pay_wxs_order_t, notify_url), 1 },
    { "fingerprint", offsetof(pay_wxs_order_t, fingerprint), 1 }
};


static pay_str_t *
pay_wxs_member(const pay_wxs_order_t *o, size_t i)
{
    return (pay_str_t *) ((pay_u8 *) o + pay_wxs_members[i].offset);
}


/* the next cell of a row */

static pay_rc_t
pay_wxs_cell(const pay_json_t **row, pay_json_type_t type, pay_str_t *text)
{
    const pay_json_t  *cell;

    cell = *row;

    if (cell == NULL || cell->type != type) {
        return PAY_ERROR;
    }

    *text = cell->text;
    *row = cell->next;

    return PAY_OK;
}


static pay_rc_t
pay_wxs_cell_int(const pay_json_t **row, int64_t max, int64_t *out)
{
    uint64_t   n;
    pay_str_t  text;

    if (pay_wxs_cell(row, PAY_JSON_NUMBER, &text) != PAY_OK
        || pay_str_uint(text, (uint64_t) max, &n) != PAY_OK)
    {
        return PAY_ERROR;
    }

    *out = (int64_t) n;

    return PAY_OK;
}


static pay_rc_t
pay_wxs_payment_load(pay_wxs_order_t *o, const pay_json_t *row)
{
    pay_wxs_payment_t  *p;

    if (o->npayments == PAY_WXS_PAYMENTS) {
        return PAY_ERROR;
    }

    p = &o->payments[o->npayments++];

    if (pay_wxs_cell(&row, PAY_JSON_STRING, &p->transaction_id) != PAY_OK) {
        return PAY_ERROR;
    }

    return pay_wxs_cell_int(&row, INT64_MAX, &p->time);
}


static pay_rc_t
pay_wxs_refund_load(pay_wxs_order_t *o, const pay_json_t *row)
{
    int64_t            state, payment;
    pay_wxs_refund_t  *r;

    if (o->nrefunds == PAY_WXS_REFUNDS || o->npayments == 0) {
        return PAY_ERROR;
    }

    r = &o->refunds[o->nrefunds++];

    if (pay_wxs_cell(&row, PAY_JSON_STRING, &r->number) != PAY_OK
        || pay_wxs_cell(&row, PAY_JSON_STRING, &r->notify_url) != PAY_OK
        || pay_wxs_cell(&row, PAY_JSON_STRING, &r->account) != PAY_OK
        || pay_wxs_cell(&row, PAY_JSON_STRING, &r->hash) != PAY_OK
        || pay_wxs_cell_int(&row, (int64_t) o->npayments - 1, &payment)
           != PAY_OK
        || pay_wxs_cell_int(&row, PAY_AMOUNT_MAX, &r->amount) != PAY_OK
        || pay_wxs_cell_int(&row, INT64_MAX, &r->created) != PAY_OK
        || pay_wxs_cell_int(&row, INT64_MAX, &r->ends) != PAY_OK
        || pay_wxs_cell_int(&row, PAY_WXS_ABNORMAL, &state) != PAY_OK)
    {
        return PAY_ERROR;
    }

    r->payment = (size_t) payment;
    r->state = (pay_wxs_refund_state_t) state;

    if (pay_str_eqz(r->notify_url, PAY_WXS_SAME_URL)) {
        r->notify_url = o->notify_url;
    }

    return PAY_OK;
}


static pay_rc_t
pay_wxs_notice_load(pay_wxs_order_t *o, const pay_json_t *row)
{
    int64_t            of, index, max, how;
    pay_wxs_notice_t  *n;

    if (o->nnotices == PAY_WXS_NOTICES) {
        return PAY_ERROR;
    }

    n = &o->notices[o->nnotices++];

    if (pay_wxs_cell_int(&row, INT64_MAX, &n->id) != PAY_OK
        || pay_wxs_cell_int(&row, PAY_WXS_OF_REFUND, &of) != PAY_OK)
    {
        return PAY_ERROR;
    }

    max = (int64_t) (of == PAY_WXS_OF_PAYMENT ? o->npayments : o->nrefunds);

    if (max == 0
        || pay_wxs_cell_int(&row, max - 1, &index) != PAY_OK
        || pay_wxs_cell_int(&row, INT64_MAX, &n->due_at) != PAY_OK
        || pay_wxs_cell_int(&row, PAY_WXS_OTHER, &how) != PAY_OK)
    {
        return PAY_ERROR;
    }

    n->how = (pay_wxs_how_t) how;
    n->of = (pay_wxs_of_t) of;
    n->index = (size_t) index;

    return PAY_OK;
}


static pay_rc_t
pay_wxs_rows_load(pay_wxs_order_t *o, const pay_json_t *list,
    pay_rc_t (*load)(pay_wxs_order_t *o, const pay_json_t *row))
{
    const pay_json_t  *row;

    if (list == NULL || list->type != PAY_JSON_ARRAY) {
        return PAY_ERROR;
    }

    for (row = list->child; row != NULL; row = row->next) {

        if (row->type != PAY_JSON_ARRAY || load(o, row->child) != PAY_OK) {
            return PAY_ERROR;
        }
    }

    return PAY_OK;
}


/* the place of the member's text in a list, or -1 */

static int
pay_wxs_word(const pay_json_t *tree, const char *key, const char *const *words,
    size_t n)
{
    size_t     i;
    pay_str_t  text;

    if (pay_json_string(tree, key, &text) != PAY_OK) {
        return -1;
    }

    for (i = 0; i < n; i++) {
        if (pay_str_eqz(text, words[i])) {
            return (int) i;
        }
    }

    return -1;
}


pay_rc_t
pay_wxs_order_read(pay_arena_t *a, pay_str_t text, pay_wxs_order_t *o)
{
    int          type, state;
    size_t       i;
    int64_t      refused, sharing, released;
    pay_rc_t     rc;
    pay_json_t  *tree;
    const char  *why;

    memset(o, 0, sizeof(pay_wxs_order_t));

    if (pay_json_parse(a, text, &tree, &why) != PAY_OK) {
        return PAY_ERROR;
    }

    for (i = 0; i < pay_nelts(pay_wxs_members); i++) {
        rc = pay_json_string(tree, pay_wxs_members[i].name,
                             pay_wxs_member(o, i));

        if (rc != PAY_OK
            && (rc != PAY_DECLINED || pay_wxs_members[i].required))
        {
            return PAY_ERROR;
        }
    }

    type = pay_wxs_word(tree, "type", pay_wxs_types, pay_nelts(pay_wxs_types));
    state = pay_wxs_word(tree, "state", pay_wxs_states,
                         pay_nelts(pay_wxs_states));

    if (type < 0 || state < 0
        || pay_json_int(tree, "total", &o->total) != PAY_OK
        || pay_json_int(tree, "expires_at", &o->expires_at) != PAY_OK
        || pay_json_int(tree, "refused", &refused) != PAY_OK
        || pay_json_int(tree, "sharing", &sharing) != PAY_OK
        || pay_json_int(tree, "released", &released) != PAY_OK
        || pay_json_int(tree, "shared", &o->shared) != PAY_OK
        || pay_json_int(tree, "last_notice", &o->last_notice) != PAY_OK
        || pay_wxs_rows_load(o, pay_json_get(tree, "payments"),
                             pay_wxs_payment_load) != PAY_OK
        || pay_wxs_rows_load(o, pay_json_get(tree, "refunds"),
                             pay_wxs_refund_load) != PAY_OK
        || pay_wxs_rows_load(o, pay_json_get(tree, "notices"),
                             pay_wxs_notice_load) != PAY_OK)
    {
        return PAY_ERROR;
    }

    o->type = pay_wxs_types[type];
    o->state = (pay_wxs_state_t) state;
    o->refused = refused != 0;
    o->sharing = sharing != 0;
    o->released = released != 0;

    return PAY_OK;
}


pay_wxs_refund_state_t
pay_wxs_refund_end(int64_t amount)
{
    switch (pay_magic(amount)) {

    case PAY_MAGIC_FAILED:
        return PAY_WXS_ABNORMAL;

    case PAY_MAGIC_CLOSED:
        return PAY_WXS_REFUND_CLOSED;

    default:
        return PAY_WXS_REFUNDED;
    }
}


/* what becomes of an order by time alone: 1 if something did */

static int
pay_wxs_order_ripen(pay_wxs_order_t *o, int64_t now)
{
    int                changed;
    size_t             i;
    pay_wxs_refund_t  *r;

    changed = 0;

    if (o->state == PAY_WXS_NOTPAY && now >= o->expires_at) {
        o->state = PAY_WXS_CLOSED;
        changed = 1;
    }

    if (o->state == PAY_WXS_PAYING && now >= o->payments[0].time) {
        o->state = PAY_WXS_SUCCESS;
        changed = 1;
    }

    for (i = 0; i < o->nrefunds; i++) {
        r = &o->refunds[i];

        if (r->state == PAY_WXS_PROCESSING && r->ends != 0 && now >= r->ends) {
            r->state = pay_wxs_refund_end(r->amount);
            changed = 1;
        }
    }

    return changed;
}


static void
pay_wxs_due(pay_sim_t *s, const pay_wxs_order_t *o)
{
    size_t                   i;
    pay_sim_due_t           *due;
    const pay_wxs_notice_t  *n;

    for (i = 0; i < o->nnotices; i++) {
        n = &o->notices[i];
        due = &s->due[i];

        due->id = n->id;
        due->due_at = n->due_at;

        if (n->of == PAY_WXS_OF_PAYMENT) {
            due->kind = "payment";
            due->number = o->out_trade_no;
            due->payment = n->index + 1;

        } else {
            due->kind = "refund";
            due->number = o->refunds[n->index].number;
            due->payment = 0;
        }
    }

    s->ndue = o->nnotices;
}


pay_rc_t
pay_wxs_order_load(pay_sim_t *s, pay_wxs_order_t *o)
{
    s->ndue = 0;

    if (s->order.len == 0) {
        return PAY_DECLINED;
    }

    if (pay_wxs_order_read(s->arena, s->order, o) != PAY_OK) {
        return PAY_ERROR;
    }

    pay_wxs_due(s, o);

    if (!pay_wxs_order_ripen(o, s->now)) {
        return PAY_OK;
    }

    return pay_wxs_order_save(s, o);
}


static void
pay_wxs_rows_save(pay_json_writer_t *w, const pay_wxs_order_t *o)
{
    size_t                   i;
    const pay_wxs_refund_t  *r;
    const pay_wxs_notice_t  *n;

    pay_jw_array(w, "payments");

    for (i = 0; i < o->npayments; i++) {
        pay_jw_array(w, NULL);
        pay_jw_str(w, NULL, o->payments[i].transaction_id);
        pay_jw_int(w, NULL, o->payments[i].time);
        pay_jw_end(w);
    }

    pay_jw_end(w);
    pay_jw_array(w, "refunds");

    for (i = 0; i < o->nrefunds; i++) {
        r = &o->refunds[i];

        pay_jw_array(w, NULL);
        pay_jw_str(w, NULL, r->number);
        pay_jw_str(w, NULL, pay_str_eq(r->notify_url, o->notify_url)
                            ? PAY_STR(PAY_WXS_SAME_URL) : r->notify_url);
        pay_jw_str(w, NULL, r->account);
        pay_jw_str(w, NULL, r->hash);
        pay_jw_int(w, NULL, (int64_t) r->payment);
        pay_jw_int(w, NULL, r->amount);
        pay_jw_int(w, NULL, r->created);
        pay_jw_int(w, NULL, r->ends);
        pay_jw_int(w, NULL, r->state);
        pay_jw_end(w);
    }

    pay_jw_end(w);
    pay_jw_array(w, "notices");

    for (i = 0; i < o->nnotices; i++) {
        n = &o->notices[i];

        pay_jw_array(w, NULL);
        pay_jw_int(w, NULL, n->id);
        pay_jw_int(w, NULL, n->of);
        pay_jw_int(w, NULL, (int64_t) n->index);
        pay_jw_int(w, NULL, n->due_at);
        pay_jw_int(w, NULL, n->how);
        pay_jw_end(w);
    }

    pay_jw_end(w);
}


pay_rc_t
pay_wxs_order_save(pay_sim_t *s, const pay_wxs_order_t *o)
{
    size_t              i;
    pay_rc_t            rc;
    pay_str_t          *member;
    pay_json_writer_t  *w;

    w = pay_json_writer(s->arena);

    if (w == NULL) {
        return PAY_ERROR;
    }

    pay_jw_object(w, NULL);

    for (i = 0; i < pay_nelts(pay_wxs_members); i++) {
        member = pay_wxs_member(o, i);

        if (member->len != 0 || pay_wxs_members[i].required) {
            pay_jw_str(w, pay_wxs_members[i].name, *member);
        }
    }

    pay_jw_strz(w, "type", o->type);
    pay_jw_int(w, "total", o->total);
    pay_jw_int(w, "expires_at", o->expires_at);
    pay_jw_strz(w, "state", pay_wxs_states[o->state]);
    pay_jw_int(w, "refused", o->refused);
    pay_jw_int(w, "sharing", o->sharing);
    pay_jw_int(w, "released", o->released);
    pay_jw_int(w, "shared", o->shared);
    pay_jw_int(w, "last_notice", o->last_notice);
    pay_wxs_rows_save(w, o);
    pay_jw_end(w);

    rc = pay_sim_keep(s, w);

    if (rc == PAY_OK) {
        pay_wxs_due(s, o);
    }

    return rc;
}


pay_wxs_refund_t *
pay_wxs_refund_find(pay_wxs_order_t *o, pay_str_t number)
{
    size_t  i;

    for (i = 0; i < o->nrefunds; i++) {
        if (pay_str_eq(o->refunds[i].number, number)) {
            return &o->refunds[i];
        }
    }

    return NULL;
}


int64_t
pay_wxs_refunded(const pay_wxs_order_t *o, size_t payment)
{
    size_t   i;
    int64_t  sum;

    for (sum = 0, i = 0; i < o->nrefunds; i++) {

        if (o->refunds[i].payment == payment
            && o->refunds[i].state != PAY_WXS_REFUND_CLOSED)
        {
            sum += o->refunds[i].amount;
        }
    }

    return sum;
}
