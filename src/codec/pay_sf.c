
/*
 * Copyright (C) the ngx_pay authors
 *
 * Structured fields: looking into what was read, and writing it again in its
 * one strict form (RFC 8941 section 4.1).
 */

#include <codec/pay_codec.h>
#include <codec/pay_sf.h>


static void pay_sf_write_list(pay_buf_t *b, const pay_sf_member_t *m);
static void pay_sf_write_bare(pay_buf_t *b, const pay_sf_bare_t *v);
static void pay_sf_write_params(pay_buf_t *b, const pay_sf_params_t *p);
static void pay_sf_write_string(pay_buf_t *b, pay_str_t s);
static void pay_sf_write_bytes(pay_buf_t *b, pay_str_t s);
static int pay_sf_is_true(const pay_sf_bare_t *v);


const pay_sf_member_t *
pay_sf_member(const pay_sf_dict_t *d, pay_str_t key)
{
    size_t  i;

    for (i = 0; i < d->nelts; i++) {
        if (pay_str_eq(d->elts[i].key, key)) {
            return &d->elts[i];
        }
    }

    return NULL;
}


const pay_sf_bare_t *
pay_sf_param(const pay_sf_params_t *p, const char *key)
{
    size_t  i;

    for (i = 0; i < p->nelts; i++) {
        if (pay_str_eqz(p->elts[i].key, key)) {
            return &p->elts[i].value;
        }
    }

    return NULL;
}


int
pay_sf_bare_eq(const pay_sf_bare_t *a, const pay_sf_bare_t *b)
{
    return a->type == b->type && a->number == b->number
           && pay_str_eq(a->text, b->text);
}


/* 4.1.2 */

void
pay_sf_write(pay_buf_t *b, const pay_sf_dict_t *d)
{
    size_t                  i;
    const pay_sf_member_t  *m;

    for (i = 0; i < d->nelts; i++) {
        m = &d->elts[i];

        if (i > 0) {
            pay_buf_addz(b, ", ");
        }

        pay_buf_adds(b, m->key);

        if (!m->inner_list && pay_sf_is_true(&m->item.bare)) {
            pay_sf_write_params(b, &m->item.params);
            continue;
        }

        pay_buf_addc(b, '=');
        pay_sf_write_value(b, m);
    }
}


void
pay_sf_write_value(pay_buf_t *b, const pay_sf_member_t *m)
{
    if (m->inner_list) {
        pay_sf_write_list(b, m);
        return;
    }

    pay_sf_write_item(b, &m->item);
}


/* 4.1.1.1 */

static void
pay_sf_write_list(pay_buf_t *b, const pay_sf_member_t *m)
{
    size_t  i;

    pay_buf_addc(b, '(');

    for (i = 0; i < m->nitems; i++) {
        if (i > 0) {
            pay_buf_addc(b, ' ');
        }

        pay_sf_write_item(b, &m->items[i]);
    }

    pay_buf_addc(b, ')');
    pay_sf_write_params(b, &m->item.params);
}


/* 4.1.3 */

void
pay_sf_write_item(pay_buf_t *b, const pay_sf_item_t *item)
{
    pay_sf_write_bare(b, &item->bare);
    pay_sf_write_params(b, &item->params);
}


/* 4.1.3.1 */

static void
pay_sf_write_bare(pay_buf_t *b, const pay_sf_bare_t *v)
{
    switch (v->type) {

    case PAY_SF_INTEGER:
        pay_buf_addi(b, v->number);
        break;

    case PAY_SF_STRING:
        pay_sf_write_string(b, v->text);
        break;

    case PAY_SF_TOKEN:
        pay_buf_adds(b, v->text);
        break;

    case PAY_SF_BYTES:
        pay_sf_write_bytes(b, v->text);
        break;

    case PAY_SF_BOOLEAN:
        pay_buf_addz(b, v->number ? "?1" : "?0");
        break;
    }
}


/* 4.1.1.2 */

static void
pay_sf_write_params(pay_buf_t *b, const pay_sf_params_t *p)
{
    size_t  i;

    for (i = 0; i < p->nelts; i++) {
        pay_buf_addc(b, ';');
        pay_buf_adds(b, p->elts[i].key);

        if (!pay_sf_is_true(&p->elts[i].value)) {
            pay_buf_addc(b, '=');
            pay_sf_write_bare(b, &p->elts[i].value);
        }
    }
}


/* 4.1.6 */

static void
pay_sf_write_string(pay_buf_t *b, pay_str_t s)
{
    size_t  i;

    pay_buf_addc(b, '"');

    for (i = 0; i < s.len; i++) {
        if (s.data[i] == '"' || s.data[i] == '\\') {
            pay_buf_addc(b, '\\');
        }

        pay_buf_addc(b, s.data[i]);
    }

    pay_buf_addc(b, '"');
}


/* 4.1.8 */

static void
pay_sf_write_bytes(pay_buf_t *b, pay_str_t s)
{
    pay_str_t  text;

    text = pay_base64_encode(b->arena, s);

    /* no memory there is a failure here, too */

    b->failed |= text.data == NULL;

    pay_buf_addc(b, ':');
    pay_buf_adds(b, text);
    pay_buf_addc(b, ':');
}


static int
pay_sf_is_true(const pay_sf_bare_t *v)
{
    return v->type == PAY_SF_BOOLEAN && v->number == 1;
}
