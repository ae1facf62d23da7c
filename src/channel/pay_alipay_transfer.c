
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver alipay: transfers (section 7.11).
 */

#include <channel/pay_alipay_int.h>


#define PAY_ALIPAY_TO_ACCOUNT  "TRANS_ACCOUNT_NO_PWD"
#define PAY_ALIPAY_TO_CARD     "TRANS_BANKCARD_NO_PWD"
#define PAY_ALIPAY_SCENE       "DIRECT_TRANSFER"
#define PAY_ALIPAY_TO_MIN      10


static const pay_word_t  pay_alipay_transfer_states[] = {
    { "SUCCESS", PAY_STATE_SUCCEEDED },
    { "DEALING", PAY_STATE_PENDING },
    { "WAIT_PAY", PAY_STATE_PENDING },
    { "FAIL", PAY_STATE_FAILED },
    { "REFUND", PAY_STATE_FAILED },
    { "CLOSED", PAY_STATE_CLOSED },
    { NULL, 0 }
};

/* ... and whether the name of the receiver must be told */

static const struct {
    const char  *ours;
    const char  *theirs;
    int          named;
} pay_alipay_identities[] = {
    { "user_id", "ALIPAY_USER_ID", 0 },
    { "login_id", "ALIPAY_LOGON_ID", 1 },
    { "openid", "ALIPAY_OPEN_ID", 0 },
    { "card", "BANKCARD_ACCOUNT", 1 }
};


static size_t
pay_alipay_identity(pay_str_t type)
{
    size_t  i;

    for (i = 0; i < pay_nelts(pay_alipay_identities); i++) {
        if (pay_str_eqz(type, pay_alipay_identities[i].ours)) {
            break;
        }
    }

    return i;
}


static void
pay_alipay_payee(pay_json_writer_t *w, const pay_ask_t *ask, const char *type,
    int card)
{
    pay_jw_object(w, "payee_info");
    pay_jw_str(w, "identity", ask->to_account);
    pay_jw_strz(w, "identity_type", type);

    if (ask->to_name.len) {
        pay_jw_str(w, "name", ask->to_name);
    }

    if (card) {
        pay_jw_object(w, "bankcard_ext_info");
        pay_jw_strz(w, "account_type", "2");

        if (ask->to_bank.len) {
            pay_jw_str(w, "inst_name", ask->to_bank);
        }

        pay_jw_end(w);
    }

    pay_jw_end(w);
}


static void
pay_alipay_purpose(pay_json_writer_t *w, const pay_ask_t *ask)
{
    size_t  i;

    if (ask->purpose.len == 0) {
        return;
    }

    pay_jw_str(w, "transfer_scene_name", ask->purpose);

    if (ask->nreports == 0) {
        return;
    }

    pay_jw_array(w, "transfer_scene_report_infos");

    for (i = 0; i < ask->nreports; i++) {
        pay_jw_object(w, NULL);
        pay_jw_str(w, "info_type", ask->reports[i].type);
        pay_jw_str(w, "info_content", ask->reports[i].content);
        pay_jw_end(w);
    }

    pay_jw_end(w);
}


pay_rc_t
pay_alipay_transfer(pay_talk_t *t)
{
    int                  card;
    size_t               i;
    pay_str_t            number;
    pay_json_writer_t   *w;
    const pay_ask_t     *ask;

    ask = t->ask;
    i = pay_alipay_identity(ask->to_type);

    if (i == pay_nelts(pay_alipay_identities)) {
        return pay_alipay_refuse(t, PAY_E_RECEIVER_INVALID, "to.type");
    }

    if (pay_alipay_identities[i].named && ask->to_name.len == 0) {
        return pay_alipay_refuse(t, PAY_E_FIELD_MISSING, "to.name");
    }

    card = pay_str_eqz(ask->to_type, "card");

    if (!card && t->object->amount < PAY_ALIPAY_TO_MIN) {
        return pay_alipay_refuse(t, PAY_E_AMOUNT_INVALID, "amount");
    }

    w = pay_json_writer(t->arena);
    if (w == NULL) {
        return PAY_ERROR;
    }

    number = pay_talk_number(t, t->object->number);

    pay_jw_object(w, NULL);
    pay_jw_str(w, "out_biz_no", number);
    pay_jw_str(w, "trans_amount",
               pay_amount_to_decimal(t->arena, t->object->amount,
                                     PAY_ALIPAY_EXPONENT));
    pay_jw_strz(w, "product_code", card ? PAY_ALIPAY_TO_CARD
                                        : PAY_ALIPAY_TO_ACCOUNT);
    pay_jw_strz(w, "biz_scene", PAY_ALIPAY_SCENE);
    pay_jw_str(w, "order_title", ask->description.len ? ask->description
                                                      : number);
    pay_alipay_payee(w, ask, pay_alipay_identities[i].theirs, card);
    pay_alipay_purpose(w, ask);
    pay_jw_end(w);

    return pay_alipay_request(t, PAY_ALIPAY_TRANSFER, pay_jw_text(w));
}


/* by our number, which needs the product, that is kept where it is not usual */

pay_rc_t
pay_alipay_transfer_query(pay_talk_t *t)
{
    pay_json_writer_t   *w;
    const pay_object_t  *p = t->object;

    w = pay_json_writer(t->arena);
    if (w == NULL) {
        return PAY_ERROR;
    }

    pay_jw_object(w, NULL);

    if (t->known == PAY_KNOWN_FORGOTTEN && p->channel_number.len) {
        pay_jw_str(w, "order_id", p->channel_number);

    } else {
        pay_jw_str(w, "out_biz_no", pay_talk_number(t, p->number));
    }

    pay_jw_strz(w, "product_code",
                pay_str_eqz(p->ref, PAY_ALIPAY_TO_CARD)
                ? PAY_ALIPAY_TO_CARD : PAY_ALIPAY_TO_ACCOUNT);
    pay_jw_strz(w, "biz_scene", PAY_ALIPAY_SCENE);
    pay_jw_end(w);

    return pay_alipay_request(t, PAY_ALIPAY_TRANSFER_QUERY, pay_jw_text(w));
}


const char *
pay_alipay_transfer_fact(const pay_json_t *o, pay_fact_t *f)
{
    pay_rc_t   rc;
    pay_str_t  status, time;

    pay_fact_init(f);
    f->kind = PAY_KIND_TRANSFER;
    f->currency = PAY_ALIPAY_CURRENCY;
    time = PAY_STR("");

    if (pay_alipay_text(o, "out_biz_no", 64, &f->number) != PAY_OK
        || pay_alipay_text(o, "order_id", 64, &f->channel_number)
           == PAY_INVALID
        || pay_alipay_text(o, "status", 32, &status) != PAY_OK
        || pay_alipay_amount(o, "trans_amount", &f->amount) == PAY_INVALID)
    {
        return "json";
    }

    f->state = pay_word_find(pay_alipay_transfer_states, status,
                             PAY_STATE_NONE);

    if (f->state == PAY_STATE_NONE) {
        return "status";
    }

    rc = pay_alipay_text(o, "pay_date", 32, &time);

    if (rc == PAY_DECLINED) {
        rc = pay_alipay_text(o, "trans_date", 32, &time);
    }

    if (f->state == PAY_STATE_SUCCEEDED && rc == PAY_OK
        && pay_alipay_time_parse(time, &f->done_at) != PAY_OK)
    {
        f->done_at = 0;
    }

    if (f->state == PAY_STATE_FAILED
        && pay_alipay_text(o, "error_code", 64, &f->failure) != PAY_OK)
    {
        f->failure = status;
    }

    return NULL;
}


/* of both requests: their answers have the same members */

pay_rc_t
pay_alipay_transferred(pay_talk_t *t, pay_alipay_said_t *s)
{
    pay_fact_t           f;
    const char          *why;
    const pay_object_t  *p = t->object;

    if (s->code != PAY_E_NONE) {
        return pay_alipay_fail(t, s);
    }

    why = pay_alipay_transfer_fact(s->node, &f);

    if (why == NULL
        && (!pay_str_eq(f.number, pay_talk_number(t, p->number))
            || (f.amount >= 0 && p->amount && f.amount != p->amount)))
    {
        why = "echo_mismatch";
    }

    if (why) {
        return pay_alipay_doubt(t, s, why);
    }

    if (t->op == PAY_OP_TRANSFER && pay_str_eqz(t->ask->to_type, "card")) {
        f.ref = PAY_STR(PAY_ALIPAY_TO_CARD);
    }

    t->fact = f;

    return PAY_DONE;
}
