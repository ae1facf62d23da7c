
/*
 * Copyright (C) the ngx_pay authors
 *
 * The members of a request, each by its kind (docs/design.md section 7).
 */

#include <base/pay_money.h>
#include <base/pay_time.h>
#include <model/pay_ask_int.h>

#include <arpa/inet.h>


#define PAY_METADATA_VALUES  20
#define PAY_METADATA_BYTES   2048


pay_rc_t
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


pay_rc_t
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


pay_rc_t
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
    *(pay_str_t *) ((char *) c->base + offset) = s;
}


pay_rc_t
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


pay_rc_t
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


pay_rc_t
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


pay_rc_t
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


pay_rc_t
pay_ask_amount(pay_ask_ctx_t *c, const pay_json_t *v, size_t offset,
    const void *rule)
{
    (void) rule;

    if (v->type != PAY_JSON_NUMBER
        || pay_amount_parse(v->text, (int64_t *) ((char *) c->base + offset))
           != PAY_OK)
    {
        return pay_ask_fail(c, PAY_E_AMOUNT_INVALID);
    }

    return PAY_OK;
}


pay_rc_t
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


pay_rc_t
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

    *(pay_method_t *) ((char *) c->base + offset) = m;

    return PAY_OK;
}


pay_rc_t
pay_ask_time(pay_ask_ctx_t *c, const pay_json_t *v, size_t offset,
    const void *rule)
{
    int64_t  *t = (int64_t *) ((char *) c->base + offset);

    (void) rule;

    /* 0 is "not asked for" */

    if (v->type != PAY_JSON_STRING || pay_time_parse(v->text, t) != PAY_OK
        || *t == 0)
    {
        return pay_ask_fail(c, PAY_E_FIELD_INVALID);
    }

    return PAY_OK;
}


pay_rc_t
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

    *(unsigned *) ((char *) c->base + offset) = yes;

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


pay_rc_t
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

pay_rc_t
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


/* each element by the same table, behind path[0] */

pay_rc_t
pay_ask_array(pay_ask_ctx_t *c, const pay_json_t *v, size_t offset,
    const void *rule)
{
    char                  *elements;
    void                  *base;
    size_t                 n;
    pay_rc_t               rc;
    pay_buf_t              b;
    pay_str_t              path;
    const pay_json_t      *m;
    const pay_ask_array_t *array = rule;

    for (n = 0, m = v->child; v->type == PAY_JSON_ARRAY && m; m = m->next) {
        n++;
    }

    if (n == 0 || n > array->max) {
        return pay_ask_fail(c, PAY_E_FIELD_INVALID);
    }

    elements = pay_calloc(c->arena, n * array->size);
    if (elements == NULL) {
        return PAY_ERROR;
    }

    base = c->base;
    path = c->path;

    *(void **) ((char *) base + offset) = elements;
    *(size_t *) ((char *) base + array->count) = n;

    for (n = 0, m = v->child; m; m = m->next, n++) {

        pay_buf_init(&b, c->arena, path.len + 8);
        pay_buf_adds(&b, path);
        pay_buf_addc(&b, '[');
        pay_buf_addi(&b, (int64_t) n);
        pay_buf_addc(&b, ']');

        c->path = pay_buf_str(&b);
        c->base = elements + n * array->size;

        if (c->path.data == NULL) {
            return PAY_ERROR;
        }

        if (array->init) {
            array->init(c->base);
        }

        rc = pay_ask_object(c, m, 0, array->fields);
        if (rc != PAY_OK) {
            return rc;
        }
    }

    c->base = base;
    c->path = path;

    return PAY_OK;
}


pay_rc_t
pay_ask_points(pay_ask_ctx_t *c, const pay_json_t *v, size_t offset,
    const void *rule)
{
    int64_t  *n = (int64_t *) ((char *) c->base + offset);

    (void) rule;

    if (v->type != PAY_JSON_NUMBER || pay_amount_parse(v->text, n) != PAY_OK
        || *n < 1 || *n > 10000)
    {
        return pay_ask_fail(c, PAY_E_FIELD_INVALID);
    }

    return PAY_OK;
}


/* an array of one, written as an object */

pay_rc_t
pay_ask_one(pay_ask_ctx_t *c, const pay_json_t *v, size_t offset,
    const void *rule)
{
    void       *base;
    pay_rc_t    rc;
    pay_ask_t  *ask;

    base = c->base;
    ask = base;

    c->base = pay_calloc(c->arena, sizeof(pay_receiver_t));
    if (c->base == NULL) {
        return PAY_ERROR;
    }

    *(void **) ((char *) base + offset) = c->base;
    ask->nreceivers = 1;

    rc = pay_ask_object(c, v, 0, rule);
    c->base = base;

    return rc;
}
