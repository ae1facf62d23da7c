
/*
 * Copyright (C) the ngx_pay authors
 *
 * zlib over pieces, with a bound on what comes out.
 */

#include <codec/pay_gunzip.h>

#include <stdlib.h>
#include <zlib.h>


#define PAY_GUNZIP_OUT  16384

/* of inflateInit2: the largest window, behind a gzip header */
#define PAY_GUNZIP_BITS  (16 + MAX_WBITS)


struct pay_gunzip_s {
    z_stream      z;
    uint64_t      left;                 /* that may still come out */
    pay_sink_pt   sink;
    void         *data;
    unsigned      ended:1;              /* a member is complete */
    pay_u8        out[PAY_GUNZIP_OUT];
};


pay_gunzip_t *
pay_gunzip_begin(uint64_t limit, pay_sink_pt sink, void *data)
{
    pay_gunzip_t  *g;

    g = malloc(sizeof(pay_gunzip_t));
    if (g == NULL) {
        return NULL;
    }

    memset(&g->z, 0, sizeof(z_stream));

    g->left = limit;
    g->sink = sink;
    g->data = data;
    g->ended = 0;

    if (inflateInit2(&g->z, PAY_GUNZIP_BITS) != Z_OK) {
        free(g);
        return NULL;
    }

    return g;
}


/* what was inflated by one call */

static pay_rc_t
pay_gunzip_give(pay_gunzip_t *g)
{
    size_t  n;

    n = PAY_GUNZIP_OUT - g->z.avail_out;

    if (n > g->left) {
        return PAY_DECLINED;
    }

    g->left -= n;

    if (n) {
        g->sink(g->data, g->out, n);
    }

    return PAY_OK;
}


static pay_rc_t
pay_gunzip_step(pay_gunzip_t *g)
{
    int  rc;

    /* one member may follow another, and nothing else may */

    if (g->ended) {

        if (inflateReset(&g->z) != Z_OK) {
            return PAY_ERROR;
        }

        g->ended = 0;
    }

    g->z.next_out = g->out;
    g->z.avail_out = PAY_GUNZIP_OUT;

    rc = inflate(&g->z, Z_NO_FLUSH);

    switch (rc) {

    case Z_STREAM_END:
        g->ended = 1;
        return pay_gunzip_give(g);

    case Z_OK:
        return pay_gunzip_give(g);

    /* all of the input is used up, and nothing is left to come out */

    case Z_BUF_ERROR:
        return PAY_DONE;

    case Z_MEM_ERROR:
        return PAY_ERROR;

    default:
        return PAY_INVALID;
    }
}


pay_rc_t
pay_gunzip_add(pay_gunzip_t *g, const void *p, size_t n)
{
    pay_rc_t  rc;

    g->z.next_in = (Bytef *) p;
    g->z.avail_in = (uInt) n;

    while (g->z.avail_in || (!g->ended && g->z.avail_out == 0 && n)) {

        rc = pay_gunzip_step(g);

        if (rc == PAY_DONE) {
            break;
        }

        if (rc != PAY_OK) {
            return rc;
        }
    }

    return PAY_OK;
}


pay_rc_t
pay_gunzip_end(pay_gunzip_t *g)
{
    int  ended;

    ended = g->ended;

    pay_gunzip_drop(g);

    return ended ? PAY_OK : PAY_INVALID;
}


void
pay_gunzip_drop(pay_gunzip_t *g)
{
    if (g == NULL) {
        return;
    }

    (void) inflateEnd(&g->z);

    free(g);
}
