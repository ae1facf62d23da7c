
/*
 * Copyright (C) the ngx_pay authors
 *
 * Alipay simulator: the trade, as JSON text in the store.
 */

#include <sandbox/pay_sim_alipay.h>


/* how long a payment can be refunded (section 7.8: usually) */
#define PAY_ALIS_REFUND_PERIOD  (365 * 86400)


static const char *const  pay_alis_states[] = {
    "code", "wait", "paid", "closed", "dropped"
};


/* the texts and numbers of a trade, as members of the same names */

static const struct {
    const char  *name;
    size_t       offset;
} pay_alis_texts[] = {
    { "method", offsetof(pay_alis_trade_t, method) },
    { "out_trade_no", offsetof(pay_alis_trade_t, out_trade_no) },
    { "trade_no", offsetof(pay_alis_trade_t, trade_no) },
    { "subject", offsetof(pay_alis_trade_t, subject) },
    { "body", offsetof(pay_alis_trade_t, body) },
    { "passback", offsetof(pay_alis_trade_t, passback) },
    { "store_id", offsetof(pay_alis_trade_t, store_id) },
    { "terminal_id", offsetof(pay_alis_trade_t, terminal_id) },
    { "notify_url", offsetof(pay_alis_trade_t, notify_url) },
    { "return_url", offsetof(pay_alis_trade_t, return_url) },
    { "fingerprint", offsetof(pay_alis_trade_t, fingerprint) }
};

static const struct {
    const char  *name;
    size_t       offset;
} pay_alis_numbers[] = {
    { "total", offsetof(pay_alis_trade_t, total) },
    { "created_at", offsetof(pay_alis_trade_t, created_at) },
    { "expires_at", offsetof(pay_alis_trade_t, expires_at) },
    { "closed_at", offsetof(pay_alis_trade_t, closed_at) },
    { "asks", offsetof(pay_alis_trade_t, asks) },
    { "letter", offsetof(pay_alis_trade_t, letter) },
    { "settled", offsetof(pay_alis_trade_t, settled) },
    { "freeze", offsetof(pay_alis_trade_t, freeze) },
    { "released", offsetof(pay_alis_trade_t, released) }
};


static pay_str_t *
pay_alis_text_at(const pay_alis_trade_t *t, size_t i)
{
    return (pay_str_t *) ((pay_u8 *) t + pay_alis_texts[i].offset);
}


static int64_t *
pay_alis_number_at(const pay_alis_trade_t *t, size_t i)
{
    return (int64_t *) ((pay_u8 *) t + pay_alis_numbers[i].offset);
}


static pay_rc_t
pay_alis_payments_load(pay_alis_trade_t *t, const pay_json_t *list)
{
    const pay_json_t    *e;
    pay_alis_payment_t  *p;

    for (e = list != NULL ? list->child : NULL; e != NULL; e = e->next) {

        if (t->npayments == PAY_ALIS_PAYMENTS) {
            return PAY_ERROR;
        }

        p = &t->payments[t->npayments++];

        if (pay_json_string(e, "trade_no", &p->trade_no) != PAY_OK
            || pay_json_int(e, "time", &p->time) != PAY_OK)
        {
            return PAY_ERROR;
        }
    }

    return PAY_OK;
}


static pay_rc_t
pay_alis_refunds_load(pay_alis_trade_t *t, const pay_json_t *list)
{
    int64_t             n;
    const pay_json_t   *e;
    pay_alis_refund_t  *r;

    for (e = list != NULL ? list->child : NULL; e != NULL; e = e->next) {

        if (t->nrefunds == PAY_ALIS_REFUNDS) {
            return PAY_ERROR;
        }

        r = &t->refunds[t->nrefunds++];

        if (pay_json_int(e, "payment", &n) != PAY_OK
            || pay_json_string(e, "number", &r->number) != PAY_OK
            || pay_json_string(e, "reason", &r->reason) == PAY_INVALID
            || pay_json_int(e, "amount", &r->amount) != PAY_OK
            || pay_json_int(e, "time", &r->time) != PAY_OK)
        {
            return PAY_ERROR;
        }

        r->payment = (size_t) n;
    }

    return PAY_OK;
}


static pay_rc_t
pay_alis_letters_load(pay_alis_trade_t *t, const pay_json_t *list)
{
    int64_t             tell, index, how;
    const pay_json_t   *e;
    pay_alis_letter_t  *l;

    for (e = list != NULL ? list->child : NULL; e != NULL; e = e->next) {

        if (t->nletters == PAY_SIM_DUE) {
            return PAY_ERROR;
        }

        l = &t->letters[t->nletters++];

        if (pay_json_int(e, "id", &l->id) != PAY_OK
            || pay_json_int(e, "tell", &tell) != PAY_OK
            || pay_json_int(e, "of", &index) != PAY_OK
            || pay_json_int(e, "how", &how) != PAY_OK
            || pay_json_int(e, "due", &l->due_at) != PAY_OK)
        {
            return PAY_ERROR;
        }

        l->how = (pay_alis_how_t) how;
        l->tell = (pay_alis_tell_t) tell;
        l->index = (size_t) index;
    }

    return PAY_OK;
}


static pay_rc_t
pay_alis_state_load(pay_alis_trade_t *t, const pay_json_t *tree)
{
    size_t     i;
    int64_t    refused;
    pay_str_t  name;

    if (pay_json_string(tree, "state", &name) != PAY_OK
        || pay_json_int(tree, "refused", &refused) != PAY_OK)
    {
        return PAY_ERROR;
    }

    t->refused = refused != 0;

    for (i = 0; i < pay_nelts(pay_alis_states); i++) {

        if (pay_str_eqz(name, pay_alis_states[i])) {
            t->state = (pay_alis_state_t) i;
            return PAY_OK;
        }
    }

    return PAY_ERROR;
}


static pay_rc_t
pay_alis_parse(pay_arena_t *a, pay_str_t text, pay_alis_trade_t *t)
{
    size_t       i;
    const char  *why;
    pay_json_t  *tree;

    memset(t, 0, sizeof(pay_alis_trade_t));

    if (pay_json_parse(a, text, &tree, &why) != PAY_OK
        || pay_alis_state_load(t, tree) != PAY_OK)
    {
        return PAY_ERROR;
    }

    for (i = 0; i < pay_nelts(pay_alis_texts); i++) {

        if (pay_json_string(tree, pay_alis_texts[i].name,
                            pay_alis_text_at(t, i)) == PAY_INVALID)
        {
            return PAY_ERROR;
        }
    }

    for (i = 0; i < pay_nelts(pay_alis_numbers); i++) {

        if (pay_json_int(tree, pay_alis_numbers[i].name,
                         pay_alis_number_at(t, i)) != PAY_OK)
        {
            return PAY_ERROR;
        }
    }

    if (pay_alis_payments_load(t, pay_json_get(tree, "payments")) != PAY_OK
        || pay_alis_refunds_load(t, pay_json_get(tree, "refunds")) != PAY_OK)
    {
        return PAY_ERROR;
    }

    return pay_alis_letters_load(t, pay_json_get(tree, "letters"));
}


static void
pay_alis_due(pay_sim_t *s, const pay_alis_trade_t *t)
{
    size_t                    i;
    pay_sim_due_t            *due;
    const pay_alis_letter_t  *l;

    for (i = 0; i < t->nletters; i++) {
        l = &t->letters[i];
        due = &s->due[i];

        due->id = l->id;
        due->due_at = l->due_at;
        due->kind = l->tell == PAY_ALIS_TELL_REFUND ? "refund" : "payment";
        due->number = l->tell == PAY_ALIS_TELL_REFUND
                      ? t->refunds[l->index].number : t->out_trade_no;
        due->payment = l->tell == PAY_ALIS_TELL_PAYMENT ? l->index + 1 : 0;
    }

    s->ndue = t->nletters;
}


/* section 8.4: which products tell of a trade that nobody has paid */

static int
pay_alis_tells_closed(const pay_alis_trade_t *t)
{
    return pay_str_eqz(t->method, "alipay.trade.wap.pay")
           || pay_str_eqz(t->method, "alipay.trade.app.pay");
}


static void
pay_alis_letter(pay_alis_trade_t *t, const pay_alis_letter_t *letter,
    pay_alis_how_t how)
{
    pay_alis_letter_t  *l;

    if (t->nletters == PAY_SIM_DUE) {
        return;
    }

    l = &t->letters[t->nletters++];

    *l = *letter;
    l->how = how;
    l->id = ++t->letter;
}


/* what was held back until the next one comes goes behind that */

static void
pay_alis_release(pay_alis_trade_t *t, int64_t now)
{
    size_t             i;
    pay_alis_letter_t  held;

    if (t->nletters < 2 || t->letters[0].tell != PAY_ALIS_TELL_PAYMENT
        || pay_magic(t->total) != PAY_MAGIC_REORDERED)
    {
        return;
    }

    held = t->letters[0];
    memmove(&t->letters[0], &t->letters[1],
            (t->nletters - 1) * sizeof(pay_alis_letter_t));
    t->letters[t->nletters - 1] = held;

    for (i = 0; i < t->nletters; i++) {
        t->letters[i].due_at = now;
    }
}


void
pay_alis_tell(const pay_sim_t *s, pay_alis_trade_t *t, pay_alis_tell_t tell,
    size_t index)
{
    pay_magic_t        magic;
    pay_alis_letter_t  l;

    if (t->notify_url.len == 0
        || (tell == PAY_ALIS_TELL_CLOSE && !pay_alis_tells_closed(t)))
    {
        return;
    }

    magic = pay_magic(tell == PAY_ALIS_TELL_REFUND ? t->refunds[index].amount
                                                   : t->total);
    l.tell = tell;
    l.index = index;
    l.due_at = magic != PAY_MAGIC_PAYING ? pay_magic_due(magic, s->now)
                                         : s->now;

    if (magic == PAY_MAGIC_FORGED) {
        pay_alis_letter(t, &l, PAY_ALIS_FORGED);
    }

    pay_alis_letter(t, &l, magic == PAY_MAGIC_OTHER ? PAY_ALIS_OTHER
                                                    : PAY_ALIS_TRUE);
    if (magic == PAY_MAGIC_REPEATED) {
        pay_alis_letter(t, &l, PAY_ALIS_TRUE);
    }

    pay_alis_release(t, s->now);
}


pay_rc_t
pay_alis_load(pay_sim_t *s, pay_alis_trade_t *t)
{
    s->ndue = 0;

    if (s->order.len == 0) {
        return PAY_DECLINED;
    }

    if (pay_alis_parse(s->arena, s->order, t) != PAY_OK) {
        return PAY_ERROR;
    }

    pay_alis_due(s, t);

    if (s->now < t->expires_at
        || (t->state != PAY_ALIS_WAIT && t->state != PAY_ALIS_CODE))
    {
        return PAY_OK;
    }

    t->closed_at = t->expires_at;

    if (t->state == PAY_ALIS_WAIT) {
        t->state = PAY_ALIS_CLOSED;
        pay_alis_tell(s, t, PAY_ALIS_TELL_CLOSE, 0);

    } else {
        t->state = PAY_ALIS_DROPPED;
    }

    return pay_alis_save(s, t);
}


static void
pay_alis_write_lists(pay_json_writer_t *w, const pay_alis_trade_t *t)
{
    size_t  i;

    pay_jw_array(w, "payments");

    for (i = 0; i < t->npayments; i++) {
        pay_jw_object(w, NULL);
        pay_jw_str(w, "trade_no", t->payments[i].trade_no);
        pay_jw_int(w, "time", t->payments[i].time);
        pay_jw_end(w);
    }

    pay_jw_end(w);
    pay_jw_array(w, "refunds");

    for (i = 0; i < t->nrefunds; i++) {
        pay_jw_object(w, NULL);
        pay_jw_int(w, "payment", (int64_t) t->refunds[i].payment);
        pay_jw_str(w, "number", t->refunds[i].number);
        pay_jw_opt(w, "reason", t->refunds[i].reason);
        pay_jw_int(w, "amount", t->refunds[i].amount);
        pay_jw_int(w, "time", t->refunds[i].time);
        pay_jw_end(w);
    }

    pay_jw_end(w);
    pay_jw_array(w, "letters");

    for (i = 0; i < t->nletters; i++) {
        pay_jw_object(w, NULL);
        pay_jw_int(w, "id", t->letters[i].id);
        pay_jw_int(w, "tell", t->letters[i].tell);
        pay_jw_int(w, "of", (int64_t) t->letters[i].index);
        pay_jw_int(w, "how", t->letters[i].how);
        pay_jw_int(w, "due", t->letters[i].due_at);
        pay_jw_end(w);
    }

    pay_jw_end(w);
}


pay_rc_t
pay_alis_save(pay_sim_t *s, const pay_alis_trade_t *t)
{
    size_t              i;
    pay_rc_t            rc;
    pay_json_writer_t  *w;

    w = pay_json_writer(s->arena);

    if (w == NULL) {
        return PAY_ERROR;
    }

    pay_jw_object(w, NULL);
    pay_jw_strz(w, "state", pay_alis_states[t->state]);
    pay_jw_int(w, "refused", t->refused);

    for (i = 0; i < pay_nelts(pay_alis_texts); i++) {
        if (pay_alis_text_at(t, i)->len != 0) {
            pay_jw_str(w, pay_alis_texts[i].name, *pay_alis_text_at(t, i));
        }
    }

    for (i = 0; i < pay_nelts(pay_alis_numbers); i++) {
        pay_jw_int(w, pay_alis_numbers[i].name, *pay_alis_number_at(t, i));
    }

    pay_alis_write_lists(w, t);
    pay_jw_end(w);

    rc = pay_sim_keep(s, w);

    if (rc == PAY_OK) {
        pay_alis_due(s, t);
    }

    return rc;
}


/* one more number that the trade is found by */

static pay_rc_t
pay_alis_trade_no(pay_sim_t *s, const pay_alis_trade_t *t, pay_str_t *out)
{
    *out = pay_alis_serial(s, "22001");

    return out->data != NULL ? pay_alis_index(s, *out, t->out_trade_no)
                             : PAY_ERROR;
}


pay_rc_t
pay_alis_scan(pay_sim_t *s, pay_alis_trade_t *t)
{
    if (t->trade_no.len == 0) {
        t->created_at = s->now;

        if (pay_alis_trade_no(s, t, &t->trade_no) != PAY_OK) {
            return PAY_ERROR;
        }
    }

    if (t->state == PAY_ALIS_CODE) {
        t->state = PAY_ALIS_WAIT;
    }

    return PAY_OK;
}


pay_rc_t
pay_alis_paid(pay_sim_t *s, pay_alis_trade_t *t)
{
    pay_alis_payment_t  *p;

    if (pay_alis_scan(s, t) != PAY_OK) {
        return PAY_ERROR;
    }

    p = &t->payments[t->npayments];

    p->time = s->now;
    p->trade_no = t->trade_no;

    if (t->npayments != 0
        && pay_alis_trade_no(s, t, &p->trade_no) != PAY_OK)
    {
        return PAY_ERROR;
    }

    pay_alis_tell(s, t, PAY_ALIS_TELL_PAYMENT, t->npayments++);
    t->state = PAY_ALIS_PAID;

    return pay_alis_journal_add(s, t, t->npayments - 1, NULL);
}


int64_t
pay_alis_refunded(const pay_alis_trade_t *t, size_t n)
{
    size_t   i;
    int64_t  sum;

    for (sum = 0, i = 0; i < t->nrefunds; i++) {
        if (t->refunds[i].payment == n) {
            sum += t->refunds[i].amount;
        }
    }

    return sum;
}


const char *
pay_alis_status(const pay_alis_trade_t *t, size_t n, int64_t now)
{
    if (n >= t->npayments) {
        return t->state == PAY_ALIS_WAIT ? "WAIT_BUYER_PAY" : "TRADE_CLOSED";
    }

    if (pay_alis_refunded(t, n) == t->total) {
        return "TRADE_CLOSED";
    }

    return now < t->payments[n].time + PAY_ALIS_REFUND_PERIOD
           ? "TRADE_SUCCESS" : "TRADE_FINISHED";
}
