
/*
 * Copyright (C) the ngx_pay authors
 *
 * A gzip file of one piece: what pay_gunzip.c reads.
 */

#include <codec/pay_gunzip.h>

#include <zlib.h>


/* of deflateInit2: the largest window, behind a gzip header */
#define PAY_GZIP_BITS  (16 + MAX_WBITS)

#define PAY_GZIP_MEM   8


pay_str_t
pay_gzip(pay_arena_t *a, pay_str_t in)
{
    int        rc;
    pay_u8    *p;
    uLong      size;
    z_stream   z;
    pay_str_t  out = pay_str_null;

    memset(&z, 0, sizeof(z_stream));

    if (in.len > UINT32_MAX / 2
        || deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, PAY_GZIP_BITS,
                        PAY_GZIP_MEM, Z_DEFAULT_STRATEGY) != Z_OK)
    {
        return out;
    }

    size = deflateBound(&z, (uLong) in.len);
    p = pay_alloc(a, size);
    rc = Z_MEM_ERROR;

    if (p != NULL) {
        z.next_in = (Bytef *) in.data;
        z.avail_in = (uInt) in.len;
        z.next_out = p;
        z.avail_out = (uInt) size;

        rc = deflate(&z, Z_FINISH);
    }

    if (rc == Z_STREAM_END) {
        out.len = z.total_out;
        out.data = p;
    }

    deflateEnd(&z);

    return out;
}
