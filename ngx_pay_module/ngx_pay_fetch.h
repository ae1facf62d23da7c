
/*
 * Copyright (C) the ngx_pay authors
 *
 * Downloads into a temporary file, and statements out of one.
 */

#ifndef NGX_PAY_FETCH_H_INCLUDED
#define NGX_PAY_FETCH_H_INCLUDED


#include <ngx_pay_talk.h>

#include <codec/pay_gunzip.h>


/* in the request's pool, whose end closes the file and frees the rest */

struct ngx_pay_fetch_s {
    ngx_file_t       file;              /* has no name any more */
    off_t            size;              /* of what has been written */
    off_t            limit;
    pay_hash_t      *hash;              /* NULL: there is no digest */
    pay_gunzip_t    *gunzip;            /* NULL: it is taken as it is */
    const char      *failed;            /* the reason */
};

/* the answer of a call that is about to be made goes into a file */
ngx_int_t ngx_pay_fetch_open(ngx_pay_talk_t *talk, ngx_pay_call_t *call);

/*
 * The answer is there.  NGX_OK: the file is whole, and what it should be;
 * NGX_DECLINED: there is another answer, for the driver; NGX_ERROR: it is
 * not, reason in failed.
 */
ngx_int_t ngx_pay_fetch_close(ngx_pay_talk_t *talk, ngx_pay_call_t *call);


#endif /* NGX_PAY_FETCH_H_INCLUDED */
