
/*
 * Copyright (C) the ngx_pay authors
 *
 * The list of drivers: a new channel adds its line here.
 */

#include <channel/pay_driver.h>


const pay_driver_t *const  pay_drivers[] = {
    &pay_wechatpay_v3,
    &pay_alipay,
    NULL
};


const pay_driver_t *
pay_driver_find(pay_str_t name)
{
    size_t  i;

    for (i = 0; pay_drivers[i]; i++) {
        if (pay_str_eq(pay_drivers[i]->name, name)) {
            return pay_drivers[i];
        }
    }

    return NULL;
}
