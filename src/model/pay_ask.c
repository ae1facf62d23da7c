
/*
 * Copyright (C) the ngx_pay authors
 *
 * A request: JSON text to validated fields, by tables (docs/design.md section
 * 7).
 */

#include <model/pay_ask_int.h>


static const pay_ask_token_t   pay_ask_number = { "_-", 1, 64 };
static const pay_ask_token_t   pay_ask_name = { "_-.", 1, 64 };
static const pay_ask_token_t   pay_ask_id = { "_-.@:", 1, 128 };
static const pay_ask_token_t   pay_ask_word = { "_-", 1, 64 };
static const pay_ask_token_t   pay_ask_card = { "", 8, 32 };
static const pay_ask_length_t  pay_ask_description = { 1, 127 };
static const pay_ask_length_t  pay_ask_person = { 1, 64 };
static const pay_ask_length_t  pay_ask_line = { 1, 256 };
static const pay_ask_words_t   pay_ask_capture = { "auto", "manual" };
static const pay_ask_words_t   pay_ask_split = { "none", "later" };


#define pay_ask_offset(m)  offsetof(pay_ask_t, m)

static const pay_ask_field_t  pay_ask_payer[] = {
    { "openid", pay_ask_token, pay_ask_offset(openid), &pay_ask_id, 0 },
    { "user_id", pay_ask_token, pay_ask_offset(user_id), &pay_ask_id, 0 },
    { "ip", pay_ask_ip, pay_ask_offset(payer_ip), NULL, 0 },
    { "device", pay_ask_token, pay_ask_offset(payer_device), &pay_ask_id, 0 },
    { "auth_code", pay_ask_token, pay_ask_offset(auth_code), &pay_ask_id, 0 },
    pay_ask_fields_end
};

static const pay_ask_field_t  pay_ask_store[] = {
    { "id", pay_ask_token, pay_ask_offset(store_id), &pay_ask_id, 0 },
    { "terminal_id", pay_ask_token, pay_ask_offset(terminal_id), &pay_ask_id,
      0 },
    { "operator_id", pay_ask_token, pay_ask_offset(operator_id), &pay_ask_id,
      0 },
    pay_ask_fields_end
};

static const pay_ask_field_t  pay_ask_pay[] = {
    { "order_id", pay_ask_token, pay_ask_offset(number), &pay_ask_number,
      1 },
    { "amount", pay_ask_amount, pay_ask_offset(amount), NULL, 1 },
    { "currency", pay_ask_currency, pay_ask_offset(currency), NULL, 1 },
    { "description", pay_ask_text, pay_ask_offset(description),
      &pay_ask_description, 1 },
    { "method", pay_ask_method, pay_ask_offset(method), NULL, 1 },
    { "channel", pay_ask_token, pay_ask_offset(channel), &pay_ask_name, 1 },
    { "capture", pay_ask_flag, pay_ask_offset(manual_capture),
      &pay_ask_capture, 0 },
    { "payer", pay_ask_object, 0, pay_ask_payer, 0 },
    { "store", pay_ask_object, 0, pay_ask_store, 0 },
    { "expires_at", pay_ask_time, pay_ask_offset(expires_at), NULL, 0 },
    { "return_url", pay_ask_url, pay_ask_offset(return_url), NULL, 0 },
    { "cancel_url", pay_ask_url, pay_ask_offset(cancel_url), NULL, 0 },
    { "metadata", pay_ask_metadata, pay_ask_offset(metadata), NULL, 0 },
    { "split", pay_ask_flag, pay_ask_offset(split), &pay_ask_split, 0 },
    { "channel_options", pay_ask_options, 0, NULL, 0 },
    pay_ask_fields_end
};


/* what may find an object that the store has forgotten */

#define PAY_ASK_LOCATORS                                                     \
    { "channel", pay_ask_token, pay_ask_offset(channel), &pay_ask_name, 0 }, \
    { "order_id", pay_ask_token, pay_ask_offset(order_id), &pay_ask_number,  \
      0 },                                                                   \
    { "channel_order_id", pay_ask_token, pay_ask_offset(channel_order_id),   \
      &pay_ask_word, 0 },                                                    \
    { "created_at", pay_ask_time, pay_ask_offset(created_at), NULL, 0 },     \
    { "order_amount", pay_ask_amount, pay_ask_offset(order_amount), NULL, 0 }

#define pay_ask_channel_number(name)                                         \
    { name, pay_ask_token, pay_ask_offset(channel_number), &pay_ask_word, 0 }

static const pay_ask_field_t  pay_ask_of_payment[] = {
    { "channel", pay_ask_token, pay_ask_offset(channel), &pay_ask_name, 0 },
    pay_ask_channel_number("channel_order_id"),
    { "created_at", pay_ask_time, pay_ask_offset(created_at), NULL, 0 },
    { "order_amount", pay_ask_amount, pay_ask_offset(order_amount), NULL, 0 },
    pay_ask_fields_end
};

static const pay_ask_field_t  pay_ask_of_refund[] = {
    PAY_ASK_LOCATORS,
    pay_ask_channel_number("channel_refund_id"),
    pay_ask_fields_end
};

static const pay_ask_field_t  pay_ask_of_transfer[] = {
    { "channel", pay_ask_token, pay_ask_offset(channel), &pay_ask_name, 0 },
    { "created_at", pay_ask_time, pay_ask_offset(created_at), NULL, 0 },
    pay_ask_channel_number("channel_transfer_id"),
    pay_ask_fields_end
};

static const pay_ask_field_t  pay_ask_of_split[] = {
    PAY_ASK_LOCATORS,
    pay_ask_channel_number("channel_split_id"),
    pay_ask_fields_end
};

static const pay_ask_field_t  pay_ask_of_return[] = {
    PAY_ASK_LOCATORS,
    pay_ask_channel_number("channel_return_id"),
    pay_ask_fields_end
};


static const pay_ask_words_t   pay_ask_funds = { "unsettled", "available" };

static const pay_ask_field_t  pay_ask_refund[] = {
    { "refund_id", pay_ask_token, pay_ask_offset(number), &pay_ask_number,
      1 },
    { "amount", pay_ask_amount, pay_ask_offset(amount), NULL, 1 },
    { "currency", pay_ask_currency, pay_ask_offset(currency), NULL, 0 },
    { "reason", pay_ask_text, pay_ask_offset(description),
      &pay_ask_description, 0 },
    { "funds", pay_ask_flag, pay_ask_offset(available), &pay_ask_funds, 0 },
    { "metadata", pay_ask_metadata, pay_ask_offset(metadata), NULL, 0 },
    { "channel", pay_ask_token, pay_ask_offset(channel), &pay_ask_name, 0 },
    { "channel_order_id", pay_ask_token, pay_ask_offset(channel_order_id),
      &pay_ask_word, 0 },
    { "created_at", pay_ask_time, pay_ask_offset(created_at), NULL, 0 },
    { "order_amount", pay_ask_amount, pay_ask_offset(order_amount), NULL, 0 },
    { "channel_options", pay_ask_options, 0, NULL, 0 },
    pay_ask_fields_end
};


static const pay_ask_field_t  pay_ask_to[] = {
    { "type", pay_ask_token, pay_ask_offset(to_type), &pay_ask_word, 1 },
    { "openid", pay_ask_token, pay_ask_offset(to_account), &pay_ask_id, 0 },
    { "user_id", pay_ask_token, pay_ask_offset(to_account), &pay_ask_id, 0 },
    { "login_id", pay_ask_token, pay_ask_offset(to_account), &pay_ask_id, 0 },
    { "card_no", pay_ask_token, pay_ask_offset(to_account), &pay_ask_card,
      0 },
    { "name", pay_ask_text, pay_ask_offset(to_name), &pay_ask_person, 0 },
    { "bank", pay_ask_text, pay_ask_offset(to_bank), &pay_ask_person, 0 },
    pay_ask_fields_end
};

#define pay_report_offset(m)  offsetof(pay_report_t, m)

static const pay_ask_field_t  pay_ask_report[] = {
    { "type", pay_ask_text, pay_report_offset(type), &pay_ask_person, 1 },
    { "content", pay_ask_text, pay_report_offset(content), &pay_ask_line, 1 },
    pay_ask_fields_end
};

static const pay_ask_array_t  pay_ask_reports = {
    pay_ask_report, sizeof(pay_report_t), PAY_REPORTS_MAX,
    pay_ask_offset(nreports), NULL
};

static const pay_ask_field_t  pay_ask_purpose[] = {
    { "scene", pay_ask_token, pay_ask_offset(purpose), &pay_ask_word, 1 },
    { "reports", pay_ask_array, pay_ask_offset(reports), &pay_ask_reports,
      0 },
    pay_ask_fields_end
};

static const pay_ask_field_t  pay_ask_transfer[] = {
    { "transfer_id", pay_ask_token, pay_ask_offset(number), &pay_ask_number,
      1 },
    { "amount", pay_ask_amount, pay_ask_offset(amount), NULL, 1 },
    { "currency", pay_ask_currency, pay_ask_offset(currency), NULL, 1 },
    { "channel", pay_ask_token, pay_ask_offset(channel), &pay_ask_name, 1 },
    { "to", pay_ask_object, 0, pay_ask_to, 1 },
    { "description", pay_ask_text, pay_ask_offset(description),
      &pay_ask_description, 0 },
    { "purpose", pay_ask_object, 0, pay_ask_purpose, 0 },
    { "metadata", pay_ask_metadata, pay_ask_offset(metadata), NULL, 0 },
    { "channel_options", pay_ask_options, 0, NULL, 0 },
    pay_ask_fields_end
};


#define pay_receiver_offset(m)  offsetof(pay_receiver_t, m)

#define PAY_ASK_RECEIVER                                                     \
    { "type", pay_ask_token, pay_receiver_offset(type), &pay_ask_word, 1 },  \
    { "account", pay_ask_token, pay_receiver_offset(account), &pay_ask_id,   \
      1 },                                                                   \
    { "name", pay_ask_text, pay_receiver_offset(name), &pay_ask_person, 0 }

static const pay_ask_field_t  pay_ask_receiver[] = {
    PAY_ASK_RECEIVER,
    { "relation", pay_ask_token, pay_receiver_offset(relation),
      &pay_ask_word, 0 },
    pay_ask_fields_end
};

static const pay_ask_field_t  pay_ask_part[] = {
    PAY_ASK_RECEIVER,
    { "relation", pay_ask_token, pay_receiver_offset(relation),
      &pay_ask_word, 0 },
    { "amount", pay_ask_amount, pay_receiver_offset(amount), NULL, 0 },
    { "ratio", pay_ask_points, pay_receiver_offset(ratio), NULL, 0 },
    { "description", pay_ask_text, pay_receiver_offset(description),
      &pay_ask_description, 0 },
    pay_ask_fields_end
};


static void
pay_ask_receiver_init(void *element)
{
    pay_receiver_t  *r = element;

    r->amount = -1;
    r->ratio = -1;
}


static const pay_ask_array_t  pay_ask_receivers = {
    pay_ask_part, sizeof(pay_receiver_t), PAY_RECEIVERS_MAX,
    pay_ask_offset(nreceivers), pay_ask_receiver_init
};

static const pay_ask_words_t   pay_ask_finish = { "later", "now" };

static const pay_ask_field_t  pay_ask_splitting[] = {
    { "split_id", pay_ask_token, pay_ask_offset(number), &pay_ask_number, 1 },
    { "receivers", pay_ask_array, pay_ask_offset(receivers),
      &pay_ask_receivers, 1 },
    { "base", pay_ask_amount, pay_ask_offset(base), NULL, 0 },
    { "finish", pay_ask_flag, pay_ask_offset(finish), &pay_ask_finish, 0 },
    { "description", pay_ask_text, pay_ask_offset(description),
      &pay_ask_description, 0 },
    { "metadata", pay_ask_metadata, pay_ask_offset(metadata), NULL, 0 },
    PAY_ASK_LOCATORS,
    { "channel_options", pay_ask_options, 0, NULL, 0 },
    pay_ask_fields_end
};

static const pay_ask_field_t  pay_ask_returning[] = {
    { "return_id", pay_ask_token, pay_ask_offset(number), &pay_ask_number,
      1 },
    { "amount", pay_ask_amount, pay_ask_offset(amount), NULL, 1 },
    { "receiver", pay_ask_one, pay_ask_offset(receivers), pay_ask_receiver,
      1 },
    { "description", pay_ask_text, pay_ask_offset(description),
      &pay_ask_description, 0 },
    PAY_ASK_LOCATORS,
    pay_ask_fields_end
};

static const pay_ask_field_t  pay_ask_finishing[] = {
    { "split_id", pay_ask_token, pay_ask_offset(number), &pay_ask_number, 1 },
    { "description", pay_ask_text, pay_ask_offset(description),
      &pay_ask_description, 0 },
    PAY_ASK_LOCATORS,
    pay_ask_fields_end
};

static const pay_ask_field_t  pay_ask_receiving[] = {
    { "channel", pay_ask_token, pay_ask_offset(channel), &pay_ask_name, 1 },
    { "receiver", pay_ask_one, pay_ask_offset(receivers), pay_ask_receiver,
      1 },
    pay_ask_fields_end
};

static const pay_ask_field_t  pay_ask_statement[] = {
    { "channel", pay_ask_token, pay_ask_offset(channel), &pay_ask_name, 1 },
    { "type", pay_ask_token, pay_ask_offset(statement), &pay_ask_word, 0 },
    { "format", pay_ask_token, pay_ask_offset(format), &pay_ask_word, 0 },
    pay_ask_fields_end
};


static const pay_ask_field_t *const  pay_ask_ops[PAY_OP_MAX] = {
    [PAY_OP_PAY] = pay_ask_pay,
    [PAY_OP_QUERY] = pay_ask_of_payment,
    [PAY_OP_CLOSE] = pay_ask_of_payment,
    [PAY_OP_CAPTURE] = pay_ask_of_payment,
    [PAY_OP_REFUND] = pay_ask_refund,
    [PAY_OP_REFUND_QUERY] = pay_ask_of_refund,
    [PAY_OP_TRANSFER] = pay_ask_transfer,
    [PAY_OP_TRANSFER_QUERY] = pay_ask_of_transfer,
    [PAY_OP_TRANSFER_CANCEL] = pay_ask_of_transfer,
    [PAY_OP_SPLIT] = pay_ask_splitting,
    [PAY_OP_SPLIT_QUERY] = pay_ask_of_split,
    [PAY_OP_SPLIT_RETURN] = pay_ask_returning,
    [PAY_OP_SPLIT_RETURN_QUERY] = pay_ask_of_return,
    [PAY_OP_SPLIT_FINISH] = pay_ask_finishing,
    [PAY_OP_RECEIVER_ADD] = pay_ask_receiving,
    [PAY_OP_RECEIVER_DELETE] = pay_ask_receiving,
    [PAY_OP_STATEMENT] = pay_ask_statement
};


int
pay_number_valid(pay_str_t number)
{
    return pay_str_token(number, "_-", 1, 64);
}


static pay_rc_t
pay_ask_read(pay_arena_t *a, pay_op_t op, const pay_json_t *root,
    pay_ask_t *ask, pay_error_t *e)
{
    pay_ask_ctx_t           c;
    const pay_ask_field_t  *fields;

    fields = op < PAY_OP_MAX ? pay_ask_ops[op] : NULL;
    if (fields == NULL) {
        return PAY_ERROR;
    }

    c.arena = a;
    c.base = ask;
    c.error = e;
    c.path = PAY_STR("");

    return pay_ask_members(&c, root, fields);
}


pay_rc_t
pay_ask_parse(pay_arena_t *a, pay_op_t op, pay_str_t body, pay_ask_t *ask,
    pay_error_t *e)
{
    pay_rc_t     rc;
    const char  *why;
    pay_json_t  *root;

    memset(ask, 0, sizeof(pay_ask_t));

    rc = pay_json_parse(a, body, &root, &why);

    if (rc == PAY_INVALID) {
        e->reason = why;
        return pay_error_set(e, PAY_E_JSON_INVALID, NULL);
    }

    if (rc != PAY_OK) {
        return rc;
    }

    if (root->type != PAY_JSON_OBJECT) {
        e->reason = "no object";
        return pay_error_set(e, PAY_E_JSON_INVALID, NULL);
    }

    return pay_ask_read(a, op, root, ask, e);
}


/* amounts are the only numbers that a query string may have */

pay_rc_t
pay_ask_form(pay_arena_t *a, pay_op_t op, const pay_form_t *form,
    pay_ask_t *ask, pay_error_t *e)
{
    size_t       i;
    pay_json_t   root, *m, **next;

    memset(ask, 0, sizeof(pay_ask_t));
    memset(&root, 0, sizeof(pay_json_t));

    root.type = PAY_JSON_OBJECT;
    next = &root.child;

    for (i = 0; i < form->nelts; i++) {

        m = pay_calloc(a, sizeof(pay_json_t));
        if (m == NULL) {
            return PAY_ERROR;
        }

        m->type = pay_str_eqz(form->elts[i].name, "order_amount")
                  ? PAY_JSON_NUMBER : PAY_JSON_STRING;
        m->key = form->elts[i].name;
        m->text = form->elts[i].value;

        *next = m;
        next = &m->next;
    }

    return pay_ask_read(a, op, &root, ask, e);
}
