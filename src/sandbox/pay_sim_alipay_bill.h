
/*
 * Copyright (C) the ngx_pay authors
 *
 * Alipay simulator: a statement's two files.  Internal to the simulator.
 */

#ifndef PAY_SIM_ALIPAY_BILL_H_INCLUDED
#define PAY_SIM_ALIPAY_BILL_H_INCLUDED


#include <codec/pay_zip_write.h>
#include <sandbox/pay_sim_alipay.h>


/* the rows and their sums, GBK; the journal of the day is open */
pay_rc_t pay_alis_bill_files(pay_sim_t *s, pay_str_t type, pay_str_t day,
    pay_zip_file_t out[2]);


#endif /* PAY_SIM_ALIPAY_BILL_H_INCLUDED */
