
/*
 * Copyright (C) the ngx_pay authors
 *
 * The signature base, RFC 9421 section 2.5, and the components that are
 * fields, section 2.1.
 */

#include <model/pay_message.h>
#include <model/pay_message_int.h>


static pay_rc_t pay_message_line(pay_message_base_t *b,
    const pay_sf_item_t *id, pay_buf_t *text);
static pay_rc_t pay_message_value(pay_message_base_t *b,
    const pay_sf_item_t *id, pay_str_t *out);
static int pay_message_repeated(const pay_sf_member_t *input, size_t n);
static int pay_message_same(const pay_sf_item_t *a, const pay_sf_item_t *b);
static int pay_message_visible(pay_str_t s);
static int pay_message_field_name(pay_str_t s);
static const char *pay_message_field_params(const pay_sf_params_t *p);
static pay_rc_t pay_message_strict(pay_message_base_t *b, pay_str_t text,
    const pay_sf_bare_t *key, pay_str_t *out);
static int pay_message_structured(pay_str_t name);
static pay_rc_t pay_message_wrapped(pay_message_base_t *b, pay_str_t name,
    pay_str_t *out);


/*
 * Fields that are known to be Dictionaries; the last is the example of
 * RFC 9421 and belongs to nobody.
 */

static const char *const  pay_message_dictionaries[] = {
    "accept-signature", "content-digest", "priority", "repr-digest",
    "signature", "signature-input", "want-content-digest",
    "want-repr-digest", "example-dict"
};


pay_rc_t
pay_message_base(pay_arena_t *a, const pay_message_t *m,
    const pay_message_sig_t *s, pay_str_t *base, const char **why)
{
    size_t              i;
    pay_rc_t            rc;
    pay_buf_t           text;
    pay_message_base_t  b;

    memset(&b, 0, sizeof(pay_message_base_t));

    b.arena = a;
    b.message = m;

    pay_buf_init(&text, a, 512);

    for (i = 0; i < s->input->nitems; i++) {

        rc = pay_message_repeated(s->input, i)
             ? pay_message_bad(&b, "component_repeated")
             : pay_message_line(&b, &s->input->items[i], &text);

        if (rc != PAY_OK) {
            *why = b.why;
            return rc;
        }
    }

    pay_buf_addz(&text, "\"@signature-params\": ");
    pay_sf_write_value(&text, s->input);

    *base = pay_buf_str(&text);

    return base->data == NULL ? PAY_ERROR : PAY_OK;
}


static pay_rc_t
pay_message_line(pay_message_base_t *b, const pay_sf_item_t *id,
    pay_buf_t *text)
{
    pay_rc_t   rc;
    pay_str_t  value;

    rc = pay_message_value(b, id, &value);
    if (rc != PAY_OK) {
        return rc;
    }

    if (!pay_message_visible(value)) {
        return pay_message_bad(b, "component_bytes");
    }

    pay_sf_write_item(text, id);
    pay_buf_addz(text, ": ");
    pay_buf_adds(text, value);
    pay_buf_addc(text, '\n');

    return PAY_OK;
}


static pay_rc_t
pay_message_value(pay_message_base_t *b, const pay_sf_item_t *id,
    pay_str_t *out)
{
    /* of a request in its response, section 2.4; of a trailer, 2.1.4 */

    if (pay_sf_param(&id->params, "req") != NULL) {
        return pay_message_bad(b, "component_req");
    }

    if (pay_sf_param(&id->params, "tr") != NULL) {
        return pay_message_bad(b, "component_trailer");
    }

    return pay_str_starts(id->bare.text, "@")
           ? pay_message_derived(b, id, out)
           : pay_message_field(b, id, out);
}


static int
pay_message_repeated(const pay_sf_member_t *input, size_t n)
{
    size_t  i;

    for (i = 0; i < n; i++) {
        if (pay_message_same(&input->items[i], &input->items[n])) {
            return 1;
        }
    }

    return 0;
}


/* section 2: the order of parameters makes no other component */

static int
pay_message_same(const pay_sf_item_t *a, const pay_sf_item_t *b)
{
    size_t          i, j;
    pay_sf_param_t  p, q;

    if (!pay_str_eq(a->bare.text, b->bare.text)
        || a->params.nelts != b->params.nelts)
    {
        return 0;
    }

    for (i = 0; i < a->params.nelts; i++) {
        p = a->params.elts[i];

        for (j = 0; j < b->params.nelts; j++) {
            q = b->params.elts[j];

            if (pay_str_eq(p.key, q.key) && pay_sf_bare_eq(&p.value, &q.value))
            {
                break;
            }
        }

        if (j == b->params.nelts) {
            return 0;
        }
    }

    return 1;
}


/* no line end, and nothing that is not ASCII */

static int
pay_message_visible(pay_str_t s)
{
    size_t  i;

    for (i = 0; i < s.len; i++) {
        if ((s.data[i] < 0x20 && s.data[i] != '\t') || s.data[i] > 0x7e) {
            return 0;
        }
    }

    return 1;
}


/* section 2.1 */

pay_rc_t
pay_message_field(pay_message_base_t *b, const pay_sf_item_t *id,
    pay_str_t *out)
{
    pay_rc_t              rc;
    const char           *why;
    const pay_sf_bare_t  *key;

    why = pay_message_field_name(id->bare.text)
          ? pay_message_field_params(&id->params) : "component_name";

    if (why != NULL) {
        return pay_message_bad(b, why);
    }

    rc = pay_header_join(b->arena, b->message->headers, id->bare.text, out);

    if (rc == PAY_DECLINED) {
        return pay_message_bad(b, "component_missing");
    }

    if (rc != PAY_OK || id->params.nelts == 0) {
        return rc;
    }

    if (pay_sf_param(&id->params, "bs") != NULL) {
        return pay_message_wrapped(b, id->bare.text, out);
    }

    key = pay_sf_param(&id->params, "key");

    if (key == NULL && !pay_message_structured(id->bare.text)) {
        return pay_message_bad(b, "component_unstructured");
    }

    return pay_message_strict(b, *out, key, out);
}


/* a token of RFC 9110, in lower case */

static int
pay_message_field_name(pay_str_t s)
{
    size_t  i;

    for (i = 0; i < s.len; i++) {
        if (s.data[i] >= 'A' && s.data[i] <= 'Z') {
            return 0;
        }
    }

    return pay_str_token(s, "!#$%&'*+-.^_`|~", 1, PAY_SF_SIZE_MAX);
}


static const char *
pay_message_field_params(const pay_sf_params_t *p)
{
    size_t                 i;
    const pay_sf_param_t  *param;

    for (i = 0; i < p->nelts; i++) {
        param = &p->elts[i];

        if (pay_str_eqz(param->key, "key")
            && param->value.type == PAY_SF_STRING)
        {
            continue;
        }

        /* only true: what "sf=?0" means is said nowhere */

        if ((pay_str_eqz(param->key, "sf") || pay_str_eqz(param->key, "bs"))
            && param->value.type == PAY_SF_BOOLEAN && param->value.number)
        {
            continue;
        }

        return "component_param";
    }

    return pay_sf_param(p, "bs") != NULL && p->nelts > 1
           ? "component_params" : NULL;
}


/* sections 2.1.1 and 2.1.2: the whole Dictionary, or one member */

static pay_rc_t
pay_message_strict(pay_message_base_t *b, pay_str_t text,
    const pay_sf_bare_t *key, pay_str_t *out)
{
    pay_rc_t                rc;
    pay_buf_t               strict;
    const char             *why;
    pay_sf_dict_t           d;
    const pay_sf_member_t  *m;

    rc = pay_sf_parse(b->arena, text, &d, &why);

    if (rc != PAY_OK) {
        return rc == PAY_INVALID ? pay_message_bad(b, "component_syntax") : rc;
    }

    m = key == NULL ? NULL : pay_sf_member(&d, key->text);

    if (key != NULL && m == NULL) {
        return pay_message_bad(b, "component_missing");
    }

    pay_buf_init(&strict, b->arena, text.len);

    if (m != NULL) {
        pay_sf_write_value(&strict, m);

    } else {
        pay_sf_write(&strict, &d);
    }

    *out = pay_buf_str(&strict);

    return out->data == NULL ? PAY_ERROR : PAY_OK;
}


static int
pay_message_structured(pay_str_t name)
{
    size_t  i;

    for (i = 0; i < pay_nelts(pay_message_dictionaries); i++) {
        if (pay_str_eqz(name, pay_message_dictionaries[i])) {
            return 1;
        }
    }

    return 0;
}


/* section 2.1.3: each instance as a Byte Sequence */

static pay_rc_t
pay_message_wrapped(pay_message_base_t *b, pay_str_t name, pay_str_t *out)
{
    size_t                i;
    pay_buf_t             text;
    pay_sf_item_t         item;
    const pay_headers_t  *h;

    memset(&item, 0, sizeof(pay_sf_item_t));
    item.bare.type = PAY_SF_BYTES;

    h = b->message->headers;
    pay_buf_init(&text, b->arena, 0);

    for (i = 0; i < h->nelts; i++) {

        if (!pay_str_caseeq(h->elts[i].name, name)) {
            continue;
        }

        if (text.len > 0) {
            pay_buf_addz(&text, ", ");
        }

        item.bare.text = pay_str_trim(h->elts[i].value);
        pay_sf_write_item(&text, &item);
    }

    *out = pay_buf_str(&text);

    return out->data == NULL ? PAY_ERROR : PAY_OK;
}


pay_rc_t
pay_message_bad(pay_message_base_t *b, const char *why)
{
    b->why = why;

    return PAY_INVALID;
}
