
/*
 * Copyright (C) the ngx_pay authors
 *
 * One digit, for the files of this room: hex, percent-encoding, JSON escapes.
 */

#ifndef PAY_HEX_H_INCLUDED
#define PAY_HEX_H_INCLUDED


#include <base/pay_base.h>


/* 0 .. 15, or -1 */
int pay_hex_digit(pay_u8 c);


#endif /* PAY_HEX_H_INCLUDED */
