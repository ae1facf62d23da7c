
/*
 * Copyright (C) the ngx_pay authors
 *
 * A zip archive of stored files.  Its time is 1980-01-01, the first that the
 * format has.
 */

#include <codec/pay_zip_write.h>


#define PAY_ZIP_VERSION  20
#define PAY_ZIP_DATE     0x21


/* CRC-32 of ISO 3309, bit by bit: statements of a sandbox are small */

static uint32_t
pay_zip_crc(pay_str_t text)
{
    int       bit;
    size_t    i;
    uint32_t  crc;

    crc = UINT32_C(0xffffffff);

    for (i = 0; i < text.len; i++) {
        crc ^= text.data[i];

        for (bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xedb88320) : 0);
        }
    }

    return ~crc;
}


static void
pay_zip_add(pay_buf_t *b, uint32_t n, int bytes)
{
    for ( /* void */ ; bytes != 0; bytes--, n >>= 8) {
        pay_buf_addc(b, (pay_u8) (n & 0xff));
    }
}


/* what a file's own header and that of the directory have in common */

static void
pay_zip_describe(pay_buf_t *b, const pay_zip_file_t *f)
{
    pay_zip_add(b, PAY_ZIP_VERSION, 2);
    pay_zip_add(b, 0, 2);                           /* flags */
    pay_zip_add(b, 0, 2);                           /* stored */
    pay_zip_add(b, 0, 2);
    pay_zip_add(b, PAY_ZIP_DATE, 2);
    pay_zip_add(b, pay_zip_crc(f->text), 4);
    pay_zip_add(b, (uint32_t) f->text.len, 4);
    pay_zip_add(b, (uint32_t) f->text.len, 4);
    pay_zip_add(b, (uint32_t) f->name.len, 2);
    pay_zip_add(b, 0, 2);                           /* extra field */
}


static void
pay_zip_directory(pay_buf_t *b, const pay_zip_file_t *files, size_t n)
{
    size_t    i;
    uint32_t  at;

    for (at = 0, i = 0; i < n; i++) {
        pay_buf_addz(b, "PK\1\2");
        pay_zip_add(b, PAY_ZIP_VERSION, 2);
        pay_zip_describe(b, &files[i]);
        pay_zip_add(b, 0, 2);                       /* comment */
        pay_zip_add(b, 0, 2);                       /* disk */
        pay_zip_add(b, 0, 2);
        pay_zip_add(b, 0, 4);
        pay_zip_add(b, at, 4);
        pay_buf_adds(b, files[i].name);

        at += (uint32_t) (30 + files[i].name.len + files[i].text.len);
    }
}


pay_str_t
pay_zip_write(pay_arena_t *a, const pay_zip_file_t *files, size_t n)
{
    size_t     i, start, end;
    pay_buf_t  b;

    pay_buf_init(&b, a, 4096);

    for (i = 0; i < n; i++) {
        pay_buf_addz(&b, "PK\3\4");
        pay_zip_describe(&b, &files[i]);
        pay_buf_adds(&b, files[i].name);
        pay_buf_adds(&b, files[i].text);
    }

    start = b.len;
    pay_zip_directory(&b, files, n);
    end = b.len;

    pay_buf_addz(&b, "PK\5\6");
    pay_zip_add(&b, 0, 4);                          /* disks */
    pay_zip_add(&b, (uint32_t) n, 2);
    pay_zip_add(&b, (uint32_t) n, 2);
    pay_zip_add(&b, (uint32_t) (end - start), 4);
    pay_zip_add(&b, (uint32_t) start, 4);
    pay_zip_add(&b, 0, 2);                          /* comment */

    return pay_buf_str(&b);
}
