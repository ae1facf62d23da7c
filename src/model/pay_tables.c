
/*
 * Copyright (C) the ngx_pay authors
 *
 * Operations, methods and states by name.
 */

#include <model/pay_model.h>


static const char *const  pay_kinds[PAY_KIND_MAX][2] = {
    [PAY_KIND_NONE] = { "none", "" },
    [PAY_KIND_PAYMENT] = { "payment", "order_id" },
    [PAY_KIND_REFUND] = { "refund", "refund_id" },
    [PAY_KIND_TRANSFER] = { "transfer", "transfer_id" },
    [PAY_KIND_SPLIT] = { "split", "split_id" },
    [PAY_KIND_SPLIT_RETURN] = { "split_return", "return_id" }
};


static const pay_op_info_t  pay_ops[PAY_OP_MAX] = {

    [PAY_OP_NONE] = { "none", "", "", PAY_KIND_NONE, 0, 0 },

    [PAY_OP_PAY] =
        { "pay", "POST", "/v1/payments", PAY_KIND_PAYMENT, 1, 1 },
    [PAY_OP_QUERY] =
        { "query", "GET", "/v1/payments/{}", PAY_KIND_PAYMENT, 0, 0 },
    [PAY_OP_CLOSE] =
        { "close", "POST", "/v1/payments/{}/close", PAY_KIND_PAYMENT, 1, 0 },
    [PAY_OP_CAPTURE] =
        { "capture", "POST", "/v1/payments/{}/capture", PAY_KIND_PAYMENT, 1,
          0 },

    [PAY_OP_REFUND] =
        { "refund", "POST", "/v1/payments/{}/refunds", PAY_KIND_REFUND, 1,
          1 },
    [PAY_OP_REFUND_QUERY] =
        { "refund_query", "GET", "/v1/refunds/{}", PAY_KIND_REFUND, 0, 0 },

    [PAY_OP_TRANSFER] =
        { "transfer", "POST", "/v1/transfers", PAY_KIND_TRANSFER, 1, 1 },
    [PAY_OP_TRANSFER_QUERY] =
        { "transfer_query", "GET", "/v1/transfers/{}", PAY_KIND_TRANSFER, 0,
          0 },
    [PAY_OP_TRANSFER_CANCEL] =
        { "transfer_cancel", "POST", "/v1/transfers/{}/cancel",
          PAY_KIND_TRANSFER, 1, 0 },

    [PAY_OP_SPLIT] =
        { "split", "POST", "/v1/payments/{}/splits", PAY_KIND_SPLIT, 1, 1 },
    [PAY_OP_SPLIT_QUERY] =
        { "split_query", "GET", "/v1/splits/{}", PAY_KIND_SPLIT, 0, 0 },
    [PAY_OP_SPLIT_RETURN] =
        { "split_return", "POST", "/v1/splits/{}/returns",
          PAY_KIND_SPLIT_RETURN, 1, 1 },
    [PAY_OP_SPLIT_RETURN_QUERY] =
        { "split_return_query", "GET", "/v1/splits/{}/returns/{}",
          PAY_KIND_SPLIT_RETURN, 0, 0 },
    [PAY_OP_SPLIT_FINISH] =
        { "split_finish", "POST", "/v1/payments/{}/splits/finish",
          PAY_KIND_SPLIT, 1, 1 },

    [PAY_OP_RECEIVER_ADD] =
        { "receiver_add", "POST", "/v1/receivers", PAY_KIND_NONE, 0, 0 },
    [PAY_OP_RECEIVER_DELETE] =
        { "receiver_delete", "DELETE", "/v1/receivers", PAY_KIND_NONE, 0, 0 },
    [PAY_OP_STATEMENT] =
        { "statement", "GET", "/v1/statements/{}", PAY_KIND_NONE, 0, 0 },
    [PAY_OP_CHANNELS] =
        { "channels", "GET", "/v1/channels", PAY_KIND_NONE, 0, 0 },
    [PAY_OP_REFRESH] = { "refresh", "", "", PAY_KIND_NONE, 0, 0 }
};


static const char *const  pay_methods[PAY_METHOD_MAX] = {
    "none", "qr_code", "barcode", "jsapi", "mini_program", "app", "h5",
    "page", "card"
};


static const char *const  pay_states[PAY_STATE_MAX] = {
    "none", "pending", "processing", "authorized", "succeeded", "failed",
    "closed", "requires_action", "partially_succeeded"
};


static const char *const  pay_refund_statuses[PAY_REFUND_MAX] = {
    "none", "partial", "full", "unknown"
};


#define PAY_BIT(s)  (1u << PAY_STATE_ ## s)

/* docs/design.md section 8 */

#define PAY_ARROWS_PAID_OUT                                                  \
    [PAY_STATE_PENDING] = PAY_BIT(SUCCEEDED) | PAY_BIT(FAILED)               \
                          | PAY_BIT(CLOSED) | PAY_BIT(REQUIRES_ACTION),      \
    [PAY_STATE_REQUIRES_ACTION] = PAY_BIT(PENDING) | PAY_BIT(SUCCEEDED)      \
                                  | PAY_BIT(FAILED) | PAY_BIT(CLOSED),       \
    [PAY_STATE_SUCCEEDED] = PAY_BIT(FAILED)

#define PAY_ARROWS_SPLIT                                                     \
    [PAY_STATE_PENDING] = PAY_BIT(SUCCEEDED) | PAY_BIT(FAILED)               \
                          | PAY_BIT(PARTIALLY_SUCCEEDED)

static const unsigned  pay_arrows[PAY_KIND_MAX][PAY_STATE_MAX] = {

    [PAY_KIND_PAYMENT] = {
        [PAY_STATE_PENDING] = PAY_BIT(PROCESSING) | PAY_BIT(AUTHORIZED)
                              | PAY_BIT(SUCCEEDED) | PAY_BIT(FAILED)
                              | PAY_BIT(CLOSED),
        [PAY_STATE_PROCESSING] = PAY_BIT(PENDING) | PAY_BIT(AUTHORIZED)
                                 | PAY_BIT(SUCCEEDED) | PAY_BIT(FAILED)
                                 | PAY_BIT(CLOSED),
        [PAY_STATE_AUTHORIZED] = PAY_BIT(SUCCEEDED) | PAY_BIT(CLOSED),
        [PAY_STATE_FAILED] = PAY_BIT(SUCCEEDED),
        [PAY_STATE_CLOSED] = PAY_BIT(SUCCEEDED)
    },

    [PAY_KIND_REFUND] = { PAY_ARROWS_PAID_OUT },
    [PAY_KIND_TRANSFER] = { PAY_ARROWS_PAID_OUT },
    [PAY_KIND_SPLIT] = { PAY_ARROWS_SPLIT },
    [PAY_KIND_SPLIT_RETURN] = { PAY_ARROWS_SPLIT }
};


const char *
pay_kind_name(pay_kind_t k)
{
    return pay_kinds[k < PAY_KIND_MAX ? k : PAY_KIND_NONE][0];
}


const char *
pay_kind_number(pay_kind_t k)
{
    return pay_kinds[k < PAY_KIND_MAX ? k : PAY_KIND_NONE][1];
}


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
        if (pay_ops[i].route[0] && pay_str_eqz(name, pay_ops[i].name)) {
            return (pay_op_t) i;
        }
    }

    return PAY_OP_NONE;
}


/* {} stands for one segment */

static int
pay_route_match(const char *route, pay_str_t path, pay_str_t numbers[2])
{
    size_t         n;
    const pay_u8  *p, *last;

    n = 0;
    p = path.data;
    last = path.data + path.len;

    while (*route) {

        if (route[0] == '{') {
            numbers[n].data = p;

            while (p < last && *p != '/') {
                p++;
            }

            numbers[n].len = p - numbers[n].data;

            if (numbers[n].len == 0) {
                return 0;
            }

            n++;
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
    pay_str_t numbers[2])
{
    unsigned   i;
    pay_rc_t   rc;
    pay_str_t  n[2];

    rc = PAY_DECLINED;

    for (i = PAY_OP_NONE + 1; i < PAY_OP_MAX; i++) {

        n[0] = PAY_STR("");
        n[1] = PAY_STR("");

        if (pay_ops[i].route[0] == '\0'
            || !pay_route_match(pay_ops[i].route, path, n))
        {
            continue;
        }

        if (pay_str_eqz(method, pay_ops[i].method)) {
            *op = (pay_op_t) i;
            numbers[0] = n[0];
            numbers[1] = n[1];
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
pay_state_may(pay_kind_t kind, pay_state_t from, pay_state_t to)
{
    if (kind >= PAY_KIND_MAX || from >= PAY_STATE_MAX || to >= PAY_STATE_MAX) {
        return 0;
    }

    return (pay_arrows[kind][from] >> to) & 1;
}


int
pay_state_final(pay_kind_t kind, pay_state_t s)
{
    switch (s) {

    case PAY_STATE_SUCCEEDED:
    case PAY_STATE_CLOSED:
    case PAY_STATE_PARTIALLY_SUCCEEDED:
        return 1;

    case PAY_STATE_FAILED:
        return kind != PAY_KIND_PAYMENT;

    default:
        return 0;
    }
}


const char *
pay_refund_status_name(pay_refund_status_t s)
{
    return pay_refund_statuses[s < PAY_REFUND_MAX ? s : PAY_REFUND_UNKNOWN];
}
