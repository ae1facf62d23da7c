
/*
 * Copyright (C) the ngx_pay authors
 *
 * A payment request: JSON text to validated fields (docs/design.md section 7).
 */

#include <base/pay_money.h>
#include <base/pay_time.h>
#include <model/pay_model.h>

#include <arpa/inet.h>


#define PAY_METADATA_VALUES  20
#define PAY_METADATA_BYTES   2048


typedef struct {
    pay_arena_t        *arena;
    pay_payment_ask_t  *ask;
    pay_error_t        *error;
    pay_str_t           path;       /* of the member at hand, for param */
} pay_ask_ctx_t;

typedef pay_rc_t (*pay_ask_set_pt)(pay_ask_ctx_t *c, const pay_json_t *v,
    size_t offset, const void *rule);

typedef struct {
    const char      *name;
    pay_ask_set_pt   set;
    size_t           offset;
    const void      *rule;
    unsigned         required:1;
} pay_ask_field_t;

typedef struct {
    size_t           min, max;      /* characters */
} pay_ask_length_t;

typedef struct {
    const char      *extra;
    size_t           min, max;      /* bytes of [A-Za-z0-9] and extra */
} pay_ask_token_t;

typedef struct {
    const char      *no, *yes;
} pay_ask_words_t;


static pay_rc_t pay_ask_object(pay_ask_ctx_t *c, const pay_json_t *v,
    size_t offset, const void *rule);
static pay_rc_t pay_ask_text(pay_ask_ctx_t *c, const pay_json_t *v,
    size_t offset, const void *rule);
static pay_rc_t pay_ask_token(pay_ask_ctx_t *c, const pay_json_t *v,
    size_t offset, const void *rule);
static pay_rc_t pay_ask_ip(pay_ask_ctx_t *c, const pay_json_t *v,
    size_t offset, const void *rule);
static pay_rc_t pay_ask_url(pay_ask_ctx_t *c, const pay_json_t *v,
    size_t offset, const void *rule);
static pay_rc_t pay_ask_amount(pay_ask_ctx_t *c, const pay_json_t *v,
    size_t offset, const void *rule);
static pay_rc_t pay_ask_currency(pay_ask_ctx_t *c, const pay_json_t *v,
    size_t offset, const void *rule);
static pay_rc_t pay_ask_method(pay_ask_ctx_t *c, const pay_json_t *v,
    size_t offset, const void *rule);
static pay_rc_t pay_ask_time(pay_ask_ctx_t *c, const pay_json_t *v,
    size_t offset, const void *rule);
static pay_rc_t pay_ask_flag(pay_ask_ctx_t *c, const pay_json_t *v,
    size_t offset, const void *rule);
static pay_rc_t pay_ask_metadata(pay_ask_ctx_t *c, const pay_json_t *v,
    size_t offset, const void *rule);
static pay_rc_t pay_ask_options(pay_ask_ctx_t *c, const pay_json_t *v,
    size_t offset, const void *rule);


static const pay_ask_token_t   pay_ask_number = { "_-", 1, 64 };
static const pay_ask_token_t   pay_ask_name = { "_-.", 1, 64 };
static const pay_ask_token_t   pay_ask_id = { "_-.@:", 1, 128 };
static const pay_ask_length_t  pay_ask_description = { 1, 127 };
static const pay_ask_words_t   pay_ask_capture = { "auto", "manual" };
static const pay_ask_words_t   pay_ask_split = { "none", "later" };


#define pay_ask_offset(m)  offsetof(pay_payment_ask_t, m)

static const pay_ask_field_t  pay_ask_payer[] = {
    { "openid", pay_ask_token, pay_ask_offset(openid), &pay_ask_id, 0 },
    { "user_id", pay_ask_token, pay_ask_offset(user_id), &pay_ask_id, 0 },
    { "ip", pay_ask_ip, pay_ask_offset(payer_ip), NULL, 0 },
    { "device", pay_ask_token, pay_ask_offset(payer_device), &pay_ask_id, 0 },
    { "auth_code", pay_ask_token, pay_ask_offset(auth_code), &pay_ask_id, 0 },
    { NULL, NULL, 0, NULL, 0 }
};

static const pay_ask_field_t  pay_ask_store[] = {
    { "id", pay_ask_token, pay_ask_offset(store_id), &pay_ask_id, 0 },
    { "terminal_id", pay_ask_token, pay_ask_offset(terminal_id), &pay_ask_id,
      0 },
    { "operator_id", pay_ask_token, pay_ask_offset(operator_id), &pay_ask_id,
      0 },
    { NULL, NULL, 0, NULL, 0 }
};

static const pay_ask_field_t  pay_ask_fields[] = {
    { "order_id", pay_ask_token, pay_ask_offset(order_id), &pay_ask_number,
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
    { NULL, NULL, 0, NULL, 0 }
};


static pay_rc_t
pay_ask_fail(pay_ask_ctx_t *c, pay_code_t code)
{
    c->error->code = code;
    c->error->param = c->path;

    return PAY_INVALID;
}


/* prefix.name, or name at the top; an unknown name is data: it is cut */

static pay_str_t
pay_ask_path(pay_arena_t *a, pay_str_t prefix, pay_str_t name)
{
    pay_buf_t  b;

    pay_buf_init(&b, a, prefix.len + 72);

    if (prefix.len) {
        pay_buf_adds(&b, prefix);
        pay_buf_addc(&b, '.');
    }

    pay_buf_adds(&b, pay_utf8_cut(name, 64));

    return pay_buf_str(&b);
}


static pay_rc_t
pay_ask_members(pay_ask_ctx_t *c, const pay_json_t *o,
    const pay_ask_field_t *fields)
{
    pay_rc_t                rc;
    pay_str_t               prefix;
    const pay_json_t       *v;
    const pay_ask_field_t  *f;

    prefix = c->path;

    for (v = o->child; v; v = v->next) {

        c->path = pay_ask_path(c->arena, prefix, v->key);
        if (c->path.data == NULL) {
            return PAY_ERROR;
        }

        for (f = fields; f->name && !pay_str_eqz(v->key, f->name); f++) {
            /* void */
        }

        if (f->name == NULL) {
            return pay_ask_fail(c, PAY_E_FIELD_UNKNOWN);
        }

        rc = f->set(c, v, f->offset, f->rule);
        if (rc != PAY_OK) {
            return rc;
        }
    }

    for (f = fields; f->name; f++) {

        if (f->required && pay_json_get(o, f->name) == NULL) {
            c->path = pay_ask_path(c->arena, prefix, pay_strz(f->name));
            return pay_ask_fail(c, PAY_E_FIELD_MISSING);
        }
    }

    c->path = prefix;

    return PAY_OK;
}


static pay_rc_t
pay_ask_object(pay_ask_ctx_t *c, const pay_json_t *v, size_t offset,
    const void *rule)
{
    (void) offset;

    if (v->type != PAY_JSON_OBJECT) {
        return pay_ask_fail(c, PAY_E_FIELD_INVALID);
    }

    return pay_ask_members(c, v, rule);
}


static void
pay_ask_keep(pay_ask_ctx_t *c, size_t offset, pay_str_t s)
{
    *(pay_str_t *) ((char *) c->ask + offset) = s;
}


static pay_rc_t
pay_ask_text(pay_ask_ctx_t *c, const pay_json_t *v, size_t offset,
    const void *rule)
{
    long                     n;
    size_t                   i;
    const pay_ask_length_t  *length = rule;

    if (v->type != PAY_JSON_STRING) {
        return pay_ask_fail(c, PAY_E_FIELD_INVALID);
    }

    n = pay_utf8_length(v->text);

    if (n < (long) length->min || n > (long) length->max) {
        return pay_ask_fail(c, PAY_E_FIELD_INVALID);
    }

    for (i = 0; i < v->text.len; i++) {
        if (v->text.data[i] < 0x20 || v->text.data[i] == 0x7f) {
            return pay_ask_fail(c, PAY_E_FIELD_INVALID);
        }
    }

    pay_ask_keep(c, offset, v->text);

    return PAY_OK;
}


static pay_rc_t
pay_ask_token(pay_ask_ctx_t *c, const pay_json_t *v, size_t offset,
    const void *rule)
{
    const pay_ask_token_t  *token = rule;

    if (v->type != PAY_JSON_STRING
        || !pay_str_token(v->text, token->extra, token->min, token->max))
    {
        return pay_ask_fail(c, PAY_E_FIELD_INVALID);
    }

    pay_ask_keep(c, offset, v->text);

    return PAY_OK;
}


static pay_rc_t
pay_ask_ip(pay_ask_ctx_t *c, const pay_json_t *v, size_t offset,
    const void *rule)
{
    char           text[INET6_ADDRSTRLEN];
    unsigned char  address[sizeof(struct in6_addr)];

    (void) rule;

    if (v->type != PAY_JSON_STRING || v->text.len >= sizeof(text)) {
        return pay_ask_fail(c, PAY_E_FIELD_INVALID);
    }

    memcpy(text, v->text.data, v->text.len);
    text[v->text.len] = '\0';

    if (inet_pton(AF_INET, text, address) != 1
        && inet_pton(AF_INET6, text, address) != 1)
    {
        return pay_ask_fail(c, PAY_E_FIELD_INVALID);
    }

    pay_ask_keep(c, offset, v->text);

    return PAY_OK;
}


static pay_rc_t
pay_ask_url(pay_ask_ctx_t *c, const pay_json_t *v, size_t offset,
    const void *rule)
{
    size_t  i;

    (void) rule;

    if (v->type != PAY_JSON_STRING || v->text.len > 1024
        || (!pay_str_starts(v->text, "https://")
            && !pay_str_starts(v->text, "http://")))
    {
        return pay_ask_fail(c, PAY_E_FIELD_INVALID);
    }

    for (i = 0; i < v->text.len; i++) {
        if (v->text.data[i] <= 0x20 || v->text.data[i] >= 0x7f) {
            return pay_ask_fail(c, PAY_E_FIELD_INVALID);
        }
    }

    pay_ask_keep(c, offset, v->text);

    return PAY_OK;
}


static pay_rc_t
pay_ask_amount(pay_ask_ctx_t *c, const pay_json_t *v, size_t offset,
    const void *rule)
{
    (void) rule;

    if (v->type != PAY_JSON_NUMBER
        || pay_amount_parse(v->text, (int64_t *) ((char *) c->ask + offset))
           != PAY_OK)
    {
        return pay_ask_fail(c, PAY_E_AMOUNT_INVALID);
    }

    return PAY_OK;
}


static pay_rc_t
pay_ask_currency(pay_ask_ctx_t *c, const pay_json_t *v, size_t offset,
    const void *rule)
{
    (void) rule;

    if (v->type != PAY_JSON_STRING || pay_currency_exponent(v->text) < 0) {
        return pay_ask_fail(c, PAY_E_CURRENCY_UNSUPPORTED);
    }

    pay_ask_keep(c, offset, v->text);

    return PAY_OK;
}


static pay_rc_t
pay_ask_method(pay_ask_ctx_t *c, const pay_json_t *v, size_t offset,
    const void *rule)
{
    pay_method_t  m;

    (void) rule;

    m = v->type == PAY_JSON_STRING ? pay_method_by_name(v->text)
                                   : PAY_METHOD_NONE;

    if (m == PAY_METHOD_NONE) {
        return pay_ask_fail(c, PAY_E_FIELD_INVALID);
    }

    *(pay_method_t *) ((char *) c->ask + offset) = m;

    return PAY_OK;
}


static pay_rc_t
pay_ask_time(pay_ask_ctx_t *c, const pay_json_t *v, size_t offset,
    const void *rule)
{
    int64_t  *t = (int64_t *) ((char *) c->ask + offset);

    (void) rule;

    /* 0 is "not asked for" */

    if (v->type != PAY_JSON_STRING || pay_time_parse(v->text, t) != PAY_OK
        || *t == 0)
    {
        return pay_ask_fail(c, PAY_E_FIELD_INVALID);
    }

    return PAY_OK;
}


static pay_rc_t
pay_ask_flag(pay_ask_ctx_t *c, const pay_json_t *v, size_t offset,
    const void *rule)
{
    int                     yes;
    const pay_ask_words_t  *words = rule;

    if (v->type != PAY_JSON_STRING) {
        return pay_ask_fail(c, PAY_E_FIELD_INVALID);
    }

    yes = pay_str_eqz(v->text, words->yes);

    if (!yes && !pay_str_eqz(v->text, words->no)) {
        return pay_ask_fail(c, PAY_E_FIELD_INVALID);
    }

    *(unsigned *) ((char *) c->ask + offset) = yes;

    return PAY_OK;
}


/* by key: many languages write a map in another order each time */

static void
pay_ask_sort(const pay_json_t **m, size_t n)
{
    size_t             i, k;
    const pay_json_t  *t;

    for (i = 1; i < n; i++) {
        for (k = i; k && pay_str_cmp(m[k]->key, m[k - 1]->key) < 0; k--) {
            t = m[k];
            m[k] = m[k - 1];
            m[k - 1] = t;
        }
    }
}


static pay_rc_t
pay_ask_metadata(pay_ask_ctx_t *c, const pay_json_t *v, size_t offset,
    const void *rule)
{
    size_t              i, n;
    pay_str_t           text;
    const pay_json_t   *m, *sorted[PAY_METADATA_VALUES];
    pay_json_writer_t  *w;

    (void) rule;

    if (v->type != PAY_JSON_OBJECT) {
        return pay_ask_fail(c, PAY_E_FIELD_INVALID);
    }

    for (n = 0, m = v->child; m; m = m->next) {
        if (m->type != PAY_JSON_STRING || m->key.len == 0
            || n == PAY_METADATA_VALUES)
        {
            return pay_ask_fail(c, PAY_E_FIELD_INVALID);
        }

        sorted[n++] = m;
    }

    pay_ask_sort(sorted, n);

    w = pay_json_writer(c->arena);
    if (w == NULL) {
        return PAY_ERROR;
    }

    pay_jw_object(w, NULL);

    for (i = 0; i < n; i++) {
        pay_jw_pair(w, sorted[i]->key, sorted[i]->text);
    }

    pay_jw_end(w);
    text = pay_jw_text(w);

    if (text.data == NULL) {
        return PAY_ERROR;
    }

    if (text.len > PAY_METADATA_BYTES) {
        return pay_ask_fail(c, PAY_E_FIELD_INVALID);
    }

    pay_ask_keep(c, offset, text);

    return PAY_OK;
}


/* no channel has an option that its block allows yet: an empty object only */

static pay_rc_t
pay_ask_options(pay_ask_ctx_t *c, const pay_json_t *v, size_t offset,
    const void *rule)
{
    (void) offset;
    (void) rule;

    if (v->type != PAY_JSON_OBJECT) {
        return pay_ask_fail(c, PAY_E_FIELD_INVALID);
    }

    if (v->child) {
        c->path = pay_ask_path(c->arena, c->path, v->child->key);
        return pay_ask_fail(c, PAY_E_FIELD_UNKNOWN);
    }

    return PAY_OK;
}


int
pay_number_valid(pay_str_t number)
{
    return pay_str_token(number, "_-", 1, 64);
}


pay_rc_t
pay_payment_ask_parse(pay_arena_t *a, pay_str_t body, pay_payment_ask_t *ask,
    pay_error_t *e)
{
    pay_rc_t       rc;
    const char    *why;
    pay_json_t    *root;
    pay_ask_ctx_t  c;

    memset(ask, 0, sizeof(pay_payment_ask_t));

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

    c.arena = a;
    c.ask = ask;
    c.error = e;
    c.path = PAY_STR("");

    return pay_ask_members(&c, root, pay_ask_fields);
}
