
/*
 * Copyright (C) the ngx_pay authors
 *
 * GBK to UTF-8.
 */

#include <codec/pay_gbk.h>

#include <errno.h>
#include <iconv.h>


#define PAY_GBK_BAD  "\xef\xbf\xbd"


/*
 * As much of in as there are whole characters; what is left is the beginning
 * of one.  Four bytes make one of at most four, two one of at most three, and
 * a bad byte makes three.
 */

static pay_rc_t
pay_gbk_run(iconv_t cd, pay_str_t *in, int last, pay_buf_t *b)
{
    char    *from, *to, room[512];
    size_t   left, space, rc;

    from = (char *) in->data;
    left = in->len;

    while (left) {

        to = room;
        space = sizeof(room);

        rc = iconv(cd, &from, &left, &to, &space);

        pay_buf_add(b, room, sizeof(room) - space);

        if (rc != (size_t) -1 || errno == E2BIG) {
            continue;
        }

        if (errno == EINVAL && !last) {
            break;
        }

        if (errno != EILSEQ && errno != EINVAL) {
            return PAY_ERROR;
        }

        pay_buf_addz(b, PAY_GBK_BAD);
        iconv(cd, NULL, NULL, NULL, NULL);
        from++;
        left--;
    }

    in->data = (const pay_u8 *) from;
    in->len = left;

    return PAY_OK;
}


static pay_rc_t
pay_gbk_convert(pay_gbk_t *g, pay_arena_t *a, pay_str_t in, int last,
    pay_str_t *out)
{
    iconv_t    cd;
    pay_rc_t   rc;
    pay_buf_t  b;

    cd = iconv_open("UTF-8", "GB18030");
    if (cd == (iconv_t) -1) {
        return PAY_ERROR;
    }

    pay_buf_init(&b, a, in.len + in.len / 2 + 4);

    rc = pay_gbk_run(cd, &in, last, &b);

    iconv_close(cd);

    if (rc != PAY_OK || in.len > sizeof(g->kept)) {
        return PAY_ERROR;
    }

    g->n = in.len;

    if (in.len) {
        memcpy(g->kept, in.data, in.len);
    }

    *out = pay_buf_str(&b);

    return out->data == NULL ? PAY_ERROR : PAY_OK;
}


pay_rc_t
pay_gbk_piece(pay_gbk_t *g, pay_arena_t *a, pay_str_t piece, int last,
    pay_str_t *out)
{
    pay_buf_t  b;

    if (g->n) {

        pay_buf_init(&b, a, g->n + piece.len);
        pay_buf_add(&b, g->kept, g->n);
        pay_buf_adds(&b, piece);

        piece = pay_buf_str(&b);
        if (piece.data == NULL) {
            return PAY_ERROR;
        }
    }

    return pay_gbk_convert(g, a, piece, last, out);
}


pay_rc_t
pay_gbk_decode(pay_arena_t *a, pay_str_t text, pay_str_t *out)
{
    pay_gbk_t  g;

    memset(&g, 0, sizeof(pay_gbk_t));

    return pay_gbk_piece(&g, a, text, 1, out);
}
