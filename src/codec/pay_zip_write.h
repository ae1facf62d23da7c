
/*
 * Copyright (C) the ngx_pay authors
 *
 * A zip archive of stored files, as a sandbox gives its statements.  Source:
 * PKWARE APPNOTE 4.3.7, 4.3.12, 4.3.16.
 */

#ifndef PAY_ZIP_WRITE_H_INCLUDED
#define PAY_ZIP_WRITE_H_INCLUDED


#include <base/pay_base.h>


typedef struct {
    pay_str_t  name;            /* bytes as they are: no flag tells which */
    pay_str_t  text;
} pay_zip_file_t;

/* n < 65536, less than 4 GiB in all; data NULL: no memory */
pay_str_t pay_zip_write(pay_arena_t *a, const pay_zip_file_t *files,
    size_t n);


#endif /* PAY_ZIP_WRITE_H_INCLUDED */
