
/*
 * Copyright (C) the ngx_pay authors
 *
 * UTF-8 to GBK, by the iconv of libc.
 */

#include <codec/pay_gbk_write.h>

#include <errno.h>
#include <iconv.h>


/* over what could not be converted: a character, or a byte of none */

static void
pay_gbk_skip(char **in, size_t *rest)
{
    do {
        (*in)++;
        (*rest)--;
    } while (*rest != 0 && (**in & 0xc0) == 0x80);
}


pay_str_t
pay_gbk_encode(pay_arena_t *a, pay_str_t text)
{
    char     *in, *out, *start;
    size_t    rest, room;
    iconv_t   cd;

    cd = iconv_open("GBK", "UTF-8");

    if (cd == (iconv_t) -1) {
        return (pay_str_t) pay_str_null;
    }

    /* two bytes for one that cannot be read are the most */

    room = 2 * text.len + 1;
    start = pay_alloc(a, room);

    if (start == NULL) {
        iconv_close(cd);
        return (pay_str_t) pay_str_null;
    }

    in = (char *) text.data;
    out = start;
    rest = text.len;

    while (rest != 0
           && iconv(cd, &in, &rest, &out, &room) == (size_t) -1
           && errno != E2BIG)
    {
        *out++ = '?';
        room--;
        pay_gbk_skip(&in, &rest);
    }

    iconv_close(cd);

    return (pay_str_t) { (size_t) (out - start), (pay_u8 *) start };
}
