
/*
 * Copyright (C) the ngx_pay authors
 *
 * What simulators share: randomness, answer headers, URLs, and a strict check
 * of JSON bodies by tables.  Internal to this room.
 */

#ifndef PAY_SIM_H_INCLUDED
#define PAY_SIM_H_INCLUDED


#include <sandbox/pay_sandbox.h>


/*
 * Bytes of s->random that nobody has had yet; NULL when they are used up: a
 * simulator has no other source.
 */
const pay_u8 *pay_sim_random(pay_sim_t *s, size_t n);

/* n random bytes as 2n hexadecimal digits, or as n of [0-9A-Za-z] */
pay_str_t pay_sim_hex(pay_sim_t *s, size_t n);
pay_str_t pay_sim_nonce(pay_sim_t *s, size_t n);

pay_rc_t pay_sim_header(pay_sim_t *s, const char *name, pay_str_t value);

/*
 * A thing beside the order.  PAY_OK: as it is stored, or as it was put;
 * PAY_FETCH: it is named now, and the caller returns that.
 */
pay_rc_t pay_sim_thing(pay_sim_t *s, pay_str_t id, pay_sim_thing_t **out);

/* to be stored; PAY_INVALID: it is too long */
pay_rc_t pay_sim_put(pay_sim_thing_t *thing, pay_str_t text);

/* ... what was written, as the order itself */
pay_rc_t pay_sim_keep(pay_sim_t *s, pay_json_writer_t *w);

/* a thing that cannot be there yet: its id is a number just made */
pay_rc_t pay_sim_make(pay_sim_t *s, pay_str_t id, pay_str_t text);

/* 1 if the magic is one of the wire's: it is set */
int pay_magic_wire(pay_sim_t *s, pay_magic_t magic);

/* when the notice of something that happens now is to be sent */
int64_t pay_magic_due(pay_magic_t magic, int64_t now);

/*
 * An absolute http or https URL as scheme://name[:port] and path?query ("/"
 * when there is none).  PAY_INVALID: a login, a fragment, no name, or bytes
 * that no URL has.
 */
pay_rc_t pay_sim_url(pay_str_t url, pay_str_t *host, pay_str_t *target);

/* what follows prefix, or data == NULL */
pay_str_t pay_sim_after(pay_str_t s, const char *prefix);


/* the members that an object may have: up to a NULL name */

typedef enum {
    PAY_SIM_STRING,             /* min to max characters */
    PAY_SIM_INTEGER,            /* min to max, no point, no exponent */
    PAY_SIM_BOOLEAN,
    PAY_SIM_OBJECT,             /* of members; max bytes when written */
    PAY_SIM_STRINGS,            /* array of 1 to max strings */
    PAY_SIM_OBJECTS             /* array of min to max objects of members */
} pay_sim_kind_t;

typedef struct pay_sim_rule_s  pay_sim_rule_t;

struct pay_sim_rule_s {
    const char            *name;
    pay_sim_kind_t         kind;
    int                    required;
    int64_t                min, max;
    const pay_sim_rule_t  *members;
    int                  (*fits)(pay_str_t text);   /* of each string */
};

/* the first thing that is wrong with a request */

typedef struct {
    pay_str_t    field;         /* "/amount/currency" */
    pay_str_t    value;         /* as sent, or empty */
    const char  *issue;         /* a sentence */
    const char  *location;      /* body, uri, header, authorization */
    int          unknown;       /* a member that no rule has */
} pay_sim_fault_t;

/* PAY_INVALID: fault is set, but for its location */
pay_rc_t pay_sim_fields_check(pay_arena_t *a, const pay_sim_rule_t *rules,
    const pay_json_t *tree, pay_sim_fault_t *fault);

/*
 * The checked tree as text with its members in the order of the rules: equal
 * for equal parameters, whatever order they were sent in.
 */
pay_str_t pay_sim_fields_text(pay_arena_t *a, const pay_sim_rule_t *rules,
    const pay_json_t *tree);


#endif /* PAY_SIM_H_INCLUDED */
