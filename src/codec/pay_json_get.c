
/*
 * Copyright (C) the ngx_pay authors
 *
 * Looking into a parsed tree.
 */

#include <codec/pay_json.h>


pay_json_t *
pay_json_get(const pay_json_t *o, const char *key)
{
    pay_json_t  *node;

    if (o == NULL || o->type != PAY_JSON_OBJECT) {
        return NULL;
    }

    for (node = o->child; node != NULL; node = node->next) {
        if (pay_str_eqz(node->key, key)) {
            return node;
        }
    }

    return NULL;
}


/* a member of one type */

static pay_rc_t
pay_json_member(const pay_json_t *o, const char *key, pay_json_type_t type,
    pay_str_t *out)
{
    pay_json_t  *node;

    node = pay_json_get(o, key);

    if (node == NULL || node->type == PAY_JSON_NULL) {
        return PAY_DECLINED;
    }

    if (node->type != type) {
        return PAY_INVALID;
    }

    *out = node->text;

    return PAY_OK;
}


pay_rc_t
pay_json_string(const pay_json_t *o, const char *key, pay_str_t *out)
{
    return pay_json_member(o, key, PAY_JSON_STRING, out);
}


pay_rc_t
pay_json_int(const pay_json_t *o, const char *key, int64_t *out)
{
    int        minus;
    uint64_t   n;
    pay_rc_t   rc;
    pay_str_t  s;

    rc = pay_json_member(o, key, PAY_JSON_NUMBER, &s);
    if (rc != PAY_OK) {
        return rc;
    }

    minus = s.data[0] == '-';
    s.data += minus;
    s.len -= minus;

    if (pay_str_uint(s, (uint64_t) INT64_MAX + minus, &n) != PAY_OK) {
        return PAY_INVALID;
    }

    *out = minus ? (int64_t) (0 - n) : (int64_t) n;

    return PAY_OK;
}
