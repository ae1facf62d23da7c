
/*
 * Copyright (C) the ngx_pay authors
 *
 * A JSON body against the table of what it may hold.  As the channels do, it
 * refuses what it does not know: a misspelt member is seen in the sandbox.
 */

#include <sandbox/pay_sim.h>


/* what is shown of a wrong value */
#define PAY_SIM_VALUE  64


static pay_rc_t pay_sim_value(pay_arena_t *a, const pay_sim_rule_t *r,
    const pay_json_t *v, pay_sim_fault_t *fault);
static void pay_sim_write(pay_json_writer_t *w, const char *key,
    const pay_sim_rule_t *rules, const pay_json_t *tree);


static pay_rc_t
pay_sim_wrong(pay_sim_fault_t *fault, const pay_json_t *v, const char *issue)
{
    fault->field = (pay_str_t) pay_str_null;
    fault->value = (pay_str_t) pay_str_null;
    fault->issue = issue;
    fault->unknown = 0;

    if (v != NULL) {
        fault->value = pay_utf8_cut(v->text, PAY_SIM_VALUE);
    }

    return PAY_INVALID;
}


/* the path is built from its end, while the error goes up */

static pay_rc_t
pay_sim_within(pay_arena_t *a, pay_sim_fault_t *fault, pay_str_t name)
{
    const pay_str_t  slash = pay_str("/");
    const pay_str_t  below = fault->field;
    const pay_str_t *const  parts[] = { &slash, &name, &below, NULL };

    fault->field = pay_concat(a, parts);

    return fault->field.data != NULL ? PAY_INVALID : PAY_ERROR;
}


static const pay_sim_rule_t *
pay_sim_rule(const pay_sim_rule_t *rules, pay_str_t name)
{
    for ( /* void */ ; rules->name != NULL; rules++) {
        if (pay_str_eqz(name, rules->name)) {
            return rules;
        }
    }

    return NULL;
}


static pay_rc_t
pay_sim_string(const pay_sim_rule_t *r, const pay_json_t *v,
    pay_sim_fault_t *fault)
{
    long  n;

    if (v->type != PAY_JSON_STRING) {
        return pay_sim_wrong(fault, v, "must be a string");
    }

    /* the limits of an array are those of its length */

    if (r->kind == PAY_SIM_STRING) {
        n = pay_utf8_length(v->text);

        if (n < r->min || n > r->max) {
            return pay_sim_wrong(fault, v, "is too short or too long");
        }
    }

    if (r->fits != NULL && !r->fits(v->text)) {
        return pay_sim_wrong(fault, v, "has a value that is not allowed");
    }

    return PAY_OK;
}


static pay_rc_t
pay_sim_integer(const pay_sim_rule_t *r, const pay_json_t *v,
    pay_sim_fault_t *fault)
{
    uint64_t  n;

    if (v->type != PAY_JSON_NUMBER
        || pay_str_uint(v->text, INT64_MAX, &n) != PAY_OK)
    {
        return pay_sim_wrong(fault, v, "must be a whole number, not negative");
    }

    if ((int64_t) n < r->min || (int64_t) n > r->max) {
        return pay_sim_wrong(fault, v, "is too small or too large");
    }

    return PAY_OK;
}


static pay_rc_t
pay_sim_object(pay_arena_t *a, const pay_sim_rule_t *r, const pay_json_t *v,
    pay_sim_fault_t *fault)
{
    pay_rc_t            rc;
    pay_str_t           text;
    pay_json_writer_t  *w;

    rc = pay_sim_fields_check(a, r->members, v, fault);

    if (rc != PAY_OK || r->kind != PAY_SIM_OBJECT || r->max == 0) {
        return rc;
    }

    w = pay_json_writer(a);

    if (w == NULL) {
        return PAY_ERROR;
    }

    pay_jw_tree(w, NULL, v);
    text = pay_jw_text(w);

    if (text.data == NULL) {
        return PAY_ERROR;
    }

    if (text.len > (size_t) r->max) {
        return pay_sim_wrong(fault, NULL, "is too long");
    }

    return PAY_OK;
}


static pay_rc_t
pay_sim_array(pay_arena_t *a, const pay_sim_rule_t *r, const pay_json_t *v,
    pay_sim_fault_t *fault)
{
    int64_t            n;
    pay_rc_t           rc;
    pay_buf_t          index;
    const pay_json_t  *e;

    if (v->type != PAY_JSON_ARRAY) {
        return pay_sim_wrong(fault, v, "must be an array");
    }

    for (n = 0, e = v->child; e != NULL; n++, e = e->next) {

        rc = r->kind == PAY_SIM_STRINGS ? pay_sim_string(r, e, fault)
                                        : pay_sim_object(a, r, e, fault);
        if (rc == PAY_INVALID) {
            pay_buf_init(&index, a, 8);
            pay_buf_addi(&index, n);
            return pay_sim_within(a, fault, pay_buf_str(&index));
        }

        if (rc != PAY_OK) {
            return rc;
        }
    }

    if (n < r->min || n > r->max) {
        return pay_sim_wrong(fault, NULL, "has too few or too many elements");
    }

    return PAY_OK;
}


static pay_rc_t
pay_sim_value(pay_arena_t *a, const pay_sim_rule_t *r, const pay_json_t *v,
    pay_sim_fault_t *fault)
{
    switch (r->kind) {

    case PAY_SIM_STRING:
        return pay_sim_string(r, v, fault);

    case PAY_SIM_INTEGER:
        return pay_sim_integer(r, v, fault);

    case PAY_SIM_BOOLEAN:
        if (v->type != PAY_JSON_TRUE && v->type != PAY_JSON_FALSE) {
            return pay_sim_wrong(fault, v, "must be true or false");
        }

        return PAY_OK;

    case PAY_SIM_OBJECT:
        return pay_sim_object(a, r, v, fault);

    case PAY_SIM_STRINGS:
    case PAY_SIM_OBJECTS:
        return pay_sim_array(a, r, v, fault);
    }

    return PAY_ERROR;
}


pay_rc_t
pay_sim_fields_check(pay_arena_t *a, const pay_sim_rule_t *rules,
    const pay_json_t *tree, pay_sim_fault_t *fault)
{
    pay_rc_t               rc;
    const pay_json_t      *v;
    const pay_sim_rule_t  *r;

    if (tree->type != PAY_JSON_OBJECT) {
        return pay_sim_wrong(fault, tree, "must be an object");
    }

    for (v = tree->child; v != NULL; v = v->next) {

        if (pay_sim_rule(rules, v->key) == NULL) {
            pay_sim_wrong(fault, v, "is not a member of this request");
            fault->unknown = 1;
            return pay_sim_within(a, fault, v->key);
        }
    }

    for (r = rules; r->name != NULL; r++) {
        v = pay_json_get(tree, r->name);
        rc = PAY_OK;

        if (v != NULL) {
            rc = pay_sim_value(a, r, v, fault);

        } else if (r->required) {
            rc = pay_sim_wrong(fault, NULL, "is required");
        }

        if (rc == PAY_INVALID) {
            return pay_sim_within(a, fault, pay_strz(r->name));
        }

        if (rc != PAY_OK) {
            return rc;
        }
    }

    return PAY_OK;
}


static void
pay_sim_write_elements(pay_json_writer_t *w, const pay_sim_rule_t *r,
    const pay_json_t *array)
{
    const pay_json_t  *e;

    pay_jw_array(w, r->name);

    for (e = array->child; e != NULL; e = e->next) {
        pay_sim_write(w, NULL, r->members, e);
    }

    pay_jw_end(w);
}


static void
pay_sim_write(pay_json_writer_t *w, const char *key,
    const pay_sim_rule_t *rules, const pay_json_t *tree)
{
    const pay_json_t      *v;
    const pay_sim_rule_t  *r;

    pay_jw_object(w, key);

    for (r = rules; r->name != NULL; r++) {
        v = pay_json_get(tree, r->name);

        if (v == NULL) {
            continue;
        }

        if (r->kind == PAY_SIM_OBJECT) {
            pay_sim_write(w, r->name, r->members, v);

        } else if (r->kind == PAY_SIM_OBJECTS) {
            pay_sim_write_elements(w, r, v);

        } else {
            pay_jw_tree(w, r->name, v);
        }
    }

    pay_jw_end(w);
}


pay_str_t
pay_sim_fields_text(pay_arena_t *a, const pay_sim_rule_t *rules,
    const pay_json_t *tree)
{
    pay_json_writer_t  *w;

    w = pay_json_writer(a);

    if (w == NULL) {
        return (pay_str_t) pay_str_null;
    }

    pay_sim_write(w, NULL, rules, tree);

    return pay_jw_text(w);
}
