
/*
 * Copyright (C) the ngx_pay authors
 *
 * Times are int64_t Unix seconds.  No time zone of the machine is ever read.
 * Source: RFC 3339; channels in China write +08:00.
 */

#ifndef PAY_TIME_H_INCLUDED
#define PAY_TIME_H_INCLUDED


#include <base/pay_base.h>


#define PAY_UTC        0
#define PAY_BEIJING    (8 * 3600)

/*
 * YYYY-MM-DDTHH:MM:SS[.fraction](Z|+hh:mm|-hh:mm); T and Z in either case;
 * second 60 is taken as the next second; a fraction is dropped.  The day must
 * exist in its month.  Years 1970 to 9999.
 */
pay_rc_t pay_time_parse(pay_str_t text, int64_t *out);

/* seconds; offset in seconds east of Greenwich, 0 is written as Z */
pay_str_t pay_time_format(pay_arena_t *a, int64_t t, int offset);


#endif /* PAY_TIME_H_INCLUDED */
