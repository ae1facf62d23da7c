
/*
 * Copyright (C) the ngx_pay authors
 *
 * Operations, methods and states by name.
 */

#include <model/pay_model.h>


static const pay_op_info_t  pay_ops[PAY_OP_MAX] = {
    [PAY_OP_NONE] = { "none", "", "", 0 },
    [PAY_OP_PAY] = { "pay", "POST", "/v1/payments", 1 },
    [PAY_OP_QUERY] = { "query", "GET", "/v1/payments/{}", 0 },
    [PAY_OP_CLOSE] = { "close", "POST", "/v1/payments/{}/close", 1 },
    [PAY_OP_CAPTURE] = { "capture", "POST", "/v1/payments/{}/capture", 1 },
    [PAY_OP_REFUND] = { "refund", "POST", "/v1/payments/{}/refunds", 1 },
    [PAY_OP_REFUND_QUERY] = { "refund_query", "GET", "/v1/refunds/{}", 0 },
    [PAY_OP_TRANSFER] = { "transfer", "POST", "/v1/transfers", 1 },
    [PAY_OP_TRANSFER_QUERY] =
        { "transfer_query", "GET", "/v1/transfers/{}", 0 },
    [PAY_OP_TRANSFER_CANCEL] =
        { "transfer_cancel", "POST", "/v1/transfers/{}/cancel", 1 },
    [PAY_OP_SPLIT] = { "split", "POST", "/v1/payments/{}/splits", 1 },
    [PAY_OP_SPLIT_QUERY] = { "split_query", "GET", "/v1/splits/{}", 0 },
    [PAY_OP_SPLIT_RETURN] =
        { "split_return", "POST", "/v1/splits/{}/returns", 1 },
    [PAY_OP_SPLIT_RETURN_QUERY] =
        { "split_return_query", "GET", "/v1/splits/{}/returns/{}", 0 },
    [PAY_OP_SPLIT_FINISH] =
        { "split_finish", "POST", "/v1/payments/{}/splits/finish", 1 },
    [PAY_OP_RECEIVER_ADD] = { "receiver_add", "POST", "/v1/receivers", 0 },
    [PAY_OP_RECEIVER_DELETE] =
        { "receiver_delete", "DELETE", "/v1/receivers", 0 },
    [PAY_OP_STATEMENT] = { "statement", "GET", "/v1/statements/{}", 0 },
    [PAY_OP_CHANNELS] = { "channels", "GET", "/v1/channels", 0 }
};


static const char *const  pay_methods[PAY_METHOD_MAX] = {
    "none", "qr_code", "barcode", "jsapi", "mini_program", "app", "h5",
    "page", "card"
};


static const char *const  pay_states[PAY_STATE_MAX] = {
    "none", "pending", "processing", "authorized", "succeeded", "failed",
    "closed"
};


static const char *const  pay_refund_statuses[PAY_REFUND_MAX] = {
    "none", "partial", "full", "unknown"
};


#define PAY_BIT(s)  (1u << PAY_STATE_ ## s)

/* docs/design.md section 8; the late success of a closed order is one */

static const unsigned  pay_arrows[PAY_STATE_MAX] = {
    [PAY_STATE_PENDING] = PAY_BIT(PROCESSING) | PAY_BIT(AUTHORIZED)
                          | PAY_BIT(SUCCEEDED) | PAY_BIT(FAILED)
                          | PAY_BIT(CLOSED),
    [PAY_STATE_PROCESSING] = PAY_BIT(PENDING) | PAY_BIT(AUTHORIZED)
                             | PAY_BIT(SUCCEEDED) | PAY_BIT(FAILED)
                             | PAY_BIT(CLOSED),
    [PAY_STATE_AUTHORIZED] = PAY_BIT(SUCCEEDED) | PAY_BIT(CLOSED),
    [PAY_STATE_FAILED] = PAY_BIT(SUCCEEDED),
    [PAY_STATE_CLOSED] = PAY_BIT(SUCCEEDED)
};


const pay_op_info_t *
pay_op_info(pay_op_t op)
{
    return &pay_ops[op < PAY_OP_MAX ? op : PAY_OP_NONE];
}


pay_op_t
pay_op_by_name(pay_str_t name)
{
    unsigned  i;

    for (i = PAY_OP_NONE + 1; i < PAY_OP_MAX; i++) {
        if (pay_str_eqz(name, pay_ops[i].name)) {
            return (pay_op_t) i;
        }
    }

    return PAY_OP_NONE;
}


/* {} stands for one segment; the last one that matched is the number */

static int
pay_route_match(const char *route, pay_str_t path, pay_str_t *number)
{
    const pay_u8  *p, *last;

    p = path.data;
    last = path.data + path.len;

    while (*route) {

        if (route[0] == '{') {
            number->data = p;

            while (p < last && *p != '/') {
                p++;
            }

            number->len = p - number->data;

            if (number->len == 0) {
                return 0;
            }

            route += 2;
            continue;
        }

        if (p == last || *p != (pay_u8) *route) {
            return 0;
        }

        p++;
        route++;
    }

    return p == last;
}


pay_rc_t
pay_op_route(pay_str_t method, pay_str_t path, pay_op_t *op,
    pay_str_t *number)
{
    unsigned   i;
    pay_rc_t   rc;
    pay_str_t  n;

    rc = PAY_DECLINED;

    for (i = PAY_OP_NONE + 1; i < PAY_OP_MAX; i++) {

        n = PAY_STR("");

        if (!pay_route_match(pay_ops[i].route, path, &n)) {
            continue;
        }

        if (pay_str_eqz(method, pay_ops[i].method)) {
            *op = (pay_op_t) i;
            *number = n;
            return PAY_OK;
        }

        rc = PAY_INVALID;
    }

    return rc;
}


const char *
pay_method_name(pay_method_t m)
{
    return pay_methods[m < PAY_METHOD_MAX ? m : PAY_METHOD_NONE];
}


pay_method_t
pay_method_by_name(pay_str_t name)
{
    unsigned  i;

    for (i = PAY_METHOD_NONE + 1; i < PAY_METHOD_MAX; i++) {
        if (pay_str_eqz(name, pay_methods[i])) {
            return (pay_method_t) i;
        }
    }

    return PAY_METHOD_NONE;
}


const char *
pay_state_name(pay_state_t s)
{
    return pay_states[s < PAY_STATE_MAX ? s : PAY_STATE_NONE];
}


int
pay_state_may(pay_state_t from, pay_state_t to)
{
    if (from >= PAY_STATE_MAX || to >= PAY_STATE_MAX) {
        return 0;
    }

    return (pay_arrows[from] >> to) & 1;
}


const char *
pay_refund_status_name(pay_refund_status_t s)
{
    return pay_refund_statuses[s < PAY_REFUND_MAX ? s : PAY_REFUND_UNKNOWN];
}
