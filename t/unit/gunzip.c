
/*
 * Copyright (C) the ngx_pay authors
 *
 * gzip: any cut of the input, damage, members, bombs.
 */

#include <codec/pay_gunzip.h>

#include <zlib.h>

#include "test.h"


#define SIZE  (256 * 1024)


static pay_u8  plain[SIZE], packed[SIZE + 1024], got[SIZE + 1];
static size_t  npacked, ngot, largest;


static void
sink(void *data, const void *p, size_t n)
{
    (void) data;

    largest = n > largest ? n : largest;

    if (ngot + n <= sizeof(got)) {
        memcpy(got + ngot, p, n);
    }

    ngot += n;
}


static size_t
pack(const pay_u8 *p, size_t n, pay_u8 *out, size_t room)
{
    z_stream  z;

    memset(&z, 0, sizeof(z));
    (void) deflateInit2(&z, 9, Z_DEFLATED, 31, 9, Z_DEFAULT_STRATEGY);

    z.next_in = (pay_u8 *) p;
    z.avail_in = (uInt) n;
    z.next_out = out;
    z.avail_out = (uInt) room;

    (void) deflate(&z, Z_FINISH);
    (void) deflateEnd(&z);

    return room - z.avail_out;
}


/* in pieces of that size: the last return code, end's where all were PAY_OK */

static pay_rc_t
run(const pay_u8 *p, size_t n, size_t piece, uint64_t limit)
{
    size_t         i;
    pay_rc_t       rc;
    pay_gunzip_t  *g;

    ngot = 0;
    largest = 0;
    g = pay_gunzip_begin(limit, sink, NULL);

    for (i = 0; i < n; i += piece) {

        rc = pay_gunzip_add(g, p + i, n - i < piece ? n - i : piece);

        if (rc != PAY_OK) {
            pay_gunzip_drop(g);
            return rc;
        }
    }

    return pay_gunzip_end(g);
}


static int
whole(size_t n)
{
    return ngot == n && memcmp(got, plain, n) == 0;
}


static void
test_pieces(void)
{
    size_t                i;
    static const size_t   pieces[] = { 1, 2, 3, 7, 100, 4096, 1 << 20 };

    for (i = 0; i < pay_nelts(pieces); i++) {
        is_int(run(packed, npacked, pieces[i], SIZE), PAY_OK, "unpacked");
        ok(whole(SIZE), "... whole, in pieces of %d", (int) pieces[i]);
        ok(largest <= 16384, "... at most 16 KiB at a time");
    }

    is_int(run(packed, 0, 1, SIZE), PAY_INVALID, "nothing is no gzip file");
    is_int(run(packed, npacked - 1, 100, SIZE), PAY_INVALID,
           "the last byte is missing");
    is_int(run(packed, npacked / 2, 100, SIZE), PAY_INVALID, "half of it");
}


static void
test_damage(void)
{
    pay_u8  saved;
    size_t  at[] = { 0, 1, 2, npacked / 2, npacked - 5, npacked - 1 };
    size_t  i;

    for (i = 0; i < pay_nelts(at); i++) {
        saved = packed[at[i]];
        packed[at[i]] ^= 0x40;
        is_int(run(packed, npacked, 1000, SIZE), PAY_INVALID,
               "a byte is another");
        packed[at[i]] = saved;
    }

    is_int(run((const pay_u8 *) "plain text", 10, 10, SIZE), PAY_INVALID,
           "no gzip file");

    memcpy(packed + npacked, "\0\0\0", 3);
    is_int(run(packed, npacked + 3, 1000, SIZE), PAY_INVALID,
           "something behind it");
}


static void
test_limit(void)
{
    is_int(run(packed, npacked, 1000, SIZE - 1), PAY_DECLINED,
           "one byte more than the limit");
    is_int(run(packed, npacked, 1000, 0), PAY_DECLINED, "no byte at all");
    ok(ngot == 0, "... and none came");
}


static void
test_members(void)
{
    size_t  n, m;
    pay_u8  two[4096];

    n = pack((const pay_u8 *) "first\n", 6, two, sizeof(two));
    m = pack((const pay_u8 *) "second\n", 7, two + n, sizeof(two) - n);

    is_int(run(two, n + m, 1, 100), PAY_OK, "two members, byte by byte");
    is((pay_str_t) { ngot, got }, "first\nsecond\n", "... one text");
    is_int(run(two, n + m, 4096, 100), PAY_OK, "two members at once");
    is((pay_str_t) { ngot, got }, "first\nsecond\n", "... one text");
    is_int(run(two, n + m - 1, 1, 100), PAY_INVALID, "the second is cut");
    is_int(run(two, n + m, 1, 12), PAY_DECLINED, "one limit for both");
}


/* 10 MB of one byte in 10 KB */

static void
test_bomb(void)
{
    size_t         n;
    uint64_t       limit;
    pay_u8        *zeros;
    static pay_u8  out[64 * 1024];

    zeros = calloc(1, 10000000);
    n = pack(zeros, 10000000, out, sizeof(out));
    free(zeros);

    ok(n < 20000, "a bomb of %d bytes", (int) n);

    for (limit = 1; limit < 10000000; limit *= 10) {
        is_int(run(out, n, 4096, limit), PAY_DECLINED, "a bomb is stopped");
        ok(ngot <= limit, "... at its limit");
    }

    is_int(run(out, n, 4096, 10000000), PAY_OK, "... unless it may");
    ok(ngot == 10000000, "... come out whole");
}


int
main(void)
{
    size_t    i;
    uint32_t  x = 1;

    for (i = 0; i < SIZE; i++) {
        x = x * 1103515245 + 12345;
        plain[i] = i % 5 ? "row, of a bill\n"[i % 15] : (pay_u8) (x >> 16);
    }

    npacked = pack(plain, SIZE, packed, SIZE);
    pay_gunzip_drop(NULL);

    test_pieces();
    test_damage();
    test_limit();
    test_members();
    test_bomb();

    return done();
}
