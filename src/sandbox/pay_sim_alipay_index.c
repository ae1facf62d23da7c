
/*
 * Copyright (C) the ngx_pay authors
 *
 * Alipay simulator: the numbers of this side, and the ways from them to the
 * records.
 */

#include <sandbox/pay_sim_alipay.h>


pay_str_t
pay_alis_serial(pay_sim_t *s, const char *mark)
{
    size_t         i;
    uint64_t       n, unit;
    pay_str_t      day;
    pay_buf_t      b;
    const pay_u8  *p;

    p = pay_sim_random(s, 8);
    day = pay_time_format(s->arena, s->now, PAY_BEIJING);

    if (p == NULL || day.data == NULL) {
        return (pay_str_t) pay_str_null;
    }

    for (n = 0, i = 0; i < 8; i++) {
        n = n << 8 | p[i];
    }

    pay_buf_init(&b, s->arena, 28);
    pay_buf_add(&b, day.data, 4);
    pay_buf_add(&b, day.data + 5, 2);
    pay_buf_add(&b, day.data + 8, 2);
    pay_buf_addz(&b, mark);

    for (unit = 1; b.len < 28; unit *= 10) {
        pay_buf_addc(&b, (pay_u8) ('0' + n / unit % 10));
    }

    return pay_buf_str(&b);
}


static pay_str_t
pay_alis_index_id(pay_sim_t *s, pay_str_t number)
{
    const pay_str_t  kind = pay_str("no/");
    const pay_str_t *const  parts[] = { &kind, &number, NULL };

    return pay_concat(s->arena, parts);
}


pay_rc_t
pay_alis_index(pay_sim_t *s, pay_str_t number, pay_str_t order_id)
{
    pay_str_t  id;

    id = pay_alis_index_id(s, number);

    return id.data != NULL ? pay_sim_make(s, id, order_id) : PAY_ERROR;
}


pay_rc_t
pay_alis_lead(pay_sim_t *s, pay_str_t number)
{
    pay_rc_t          rc;
    pay_str_t         id;
    pay_sim_thing_t  *thing;

    id = pay_alis_index_id(s, number);

    if (id.data == NULL) {
        return PAY_ERROR;
    }

    rc = pay_sim_thing(s, id, &thing);

    if (rc != PAY_OK) {
        return rc;
    }

    if (thing->text.len == 0) {
        return PAY_DECLINED;
    }

    if (pay_str_eq(s->order_id, thing->text)) {
        return PAY_OK;
    }

    s->order_id = thing->text;

    return PAY_FETCH;
}
