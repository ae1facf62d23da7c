
/*
 * Copyright (C) the ngx_pay authors
 *
 * ZIP by its local headers.
 */

#include <codec/pay_zip.h>

#include <zlib.h>


#define PAY_ZIP_OUT         8192
#define PAY_ZIP_HEADER      30
#define PAY_ZIP_DESCRIPTOR  12

#define PAY_ZIP_LOCAL       0x04034b50
#define PAY_ZIP_CENTRAL     0x02014b50
#define PAY_ZIP_DESCRIBES   0x08074b50

/* flags: encrypted, sizes behind the data, a patch, strong encryption */
#define PAY_ZIP_BEHIND      0x0008
#define PAY_ZIP_REFUSED     (0x0001 | 0x0020 | 0x0040 | 0x2000)


typedef enum {
    PAY_ZIP_AT_HEADER = 0,
    PAY_ZIP_AT_NAME,
    PAY_ZIP_AT_EXTRA,
    PAY_ZIP_AT_STORED,
    PAY_ZIP_AT_DEFLATED,
    PAY_ZIP_AT_MARK,            /* of a descriptor, which may have none */
    PAY_ZIP_AT_DESCRIPTOR,
    PAY_ZIP_AT_END              /* nothing behind it is read */
} pay_zip_state_t;


struct pay_zip_s {
    pay_arena_t       *arena;
    pay_zip_open_pt    open;
    pay_zip_bytes_pt   bytes;
    void              *data;
    uint64_t           left;            /* that may still come out */
    z_stream           z;
    pay_zip_state_t    state;
    size_t             entries;
    unsigned           flags;
    int                stored;
    uint32_t           crc, packed, size;       /* as told */
    uint32_t           got_crc;
    uint64_t           got_packed, got_size;
    size_t             name_len, extra_len;
    size_t             n;               /* in buf, or of extra */
    pay_u8             buf[PAY_ZIP_NAME];
    pay_u8             out[PAY_ZIP_OUT];
};


static voidpf
pay_zip_alloc(voidpf arena, uInt n, uInt size)
{
    return pay_alloc(arena, (size_t) n * size);
}


static void
pay_zip_free(voidpf arena, voidpf p)
{
    (void) arena;
    (void) p;
}


pay_zip_t *
pay_zip_create(pay_arena_t *a, uint64_t limit, pay_zip_open_pt open,
    pay_zip_bytes_pt bytes, void *data)
{
    pay_zip_t  *z;

    z = pay_calloc(a, sizeof(pay_zip_t));
    if (z == NULL) {
        return NULL;
    }

    z->arena = a;
    z->open = open;
    z->bytes = bytes;
    z->data = data;
    z->left = limit;
    z->z.zalloc = pay_zip_alloc;
    z->z.zfree = pay_zip_free;
    z->z.opaque = a;

    return inflateInit2(&z->z, -MAX_WBITS) == Z_OK ? z : NULL;
}


static uint32_t
pay_zip_u32(const pay_u8 *p)
{
    return p[0] | (uint32_t) p[1] << 8 | (uint32_t) p[2] << 16
           | (uint32_t) p[3] << 24;
}


static unsigned
pay_zip_u16(const pay_u8 *p)
{
    return p[0] | (unsigned) p[1] << 8;
}


/* 1: n bytes are in buf */

static int
pay_zip_collect(pay_zip_t *z, pay_str_t *in, size_t n)
{
    size_t  k;

    k = n - z->n < in->len ? n - z->n : in->len;

    if (k) {
        memcpy(z->buf + z->n, in->data, k);
    }

    z->n += k;
    in->data += k;
    in->len -= k;

    return z->n == n;
}


static pay_rc_t
pay_zip_give(pay_zip_t *z, const pay_u8 *p, size_t n, int last)
{
    pay_str_t  s;

    if (n == 0 && !last) {
        return PAY_OK;
    }

    if (n > z->left) {
        return PAY_DECLINED;
    }

    z->left -= n;
    z->got_size += n;
    z->got_crc = (uint32_t) crc32(z->got_crc, p, (uInt) n);

    s.data = p;
    s.len = n;

    return z->bytes(z->data, s, last);
}


static pay_rc_t
pay_zip_checked(pay_zip_t *z)
{
    z->state = PAY_ZIP_AT_HEADER;
    z->n = 0;

    return z->got_crc == z->crc && z->got_size == z->size
           && z->got_packed == z->packed ? PAY_OK : PAY_INVALID;
}


/* the data is complete: what is told of it is known, or comes now */

static pay_rc_t
pay_zip_done(pay_zip_t *z)
{
    z->n = 0;

    if (z->flags & PAY_ZIP_BEHIND) {
        z->state = PAY_ZIP_AT_MARK;
        return PAY_OK;
    }

    return pay_zip_checked(z);
}


static pay_rc_t
pay_zip_header(pay_zip_t *z)
{
    unsigned  method;

    method = pay_zip_u16(z->buf + 8);

    z->flags = pay_zip_u16(z->buf + 6);
    z->crc = pay_zip_u32(z->buf + 14);
    z->packed = pay_zip_u32(z->buf + 18);
    z->size = pay_zip_u32(z->buf + 22);
    z->name_len = pay_zip_u16(z->buf + 26);
    z->extra_len = pay_zip_u16(z->buf + 28);

    z->got_crc = (uint32_t) crc32(0, NULL, 0);
    z->got_packed = 0;
    z->got_size = 0;

    if ((z->flags & PAY_ZIP_REFUSED) || ++z->entries > PAY_ZIP_ENTRIES
        || z->packed == UINT32_MAX || z->size == UINT32_MAX
        || z->name_len == 0 || z->name_len > PAY_ZIP_NAME
        || (method != 0 && method != 8)
        || (method == 0 && ((z->flags & PAY_ZIP_BEHIND)
                            || z->packed != z->size)))
    {
        return PAY_INVALID;
    }

    z->stored = method == 0;

    z->n = 0;
    z->state = PAY_ZIP_AT_NAME;

    return PAY_OK;
}


/* a header, or what stands behind the last of the files */

static pay_rc_t
pay_zip_begin(pay_zip_t *z, pay_str_t *in)
{
    uint32_t  mark;

    if (z->n < 4 && !pay_zip_collect(z, in, 4)) {
        return PAY_OK;
    }

    mark = pay_zip_u32(z->buf);

    if (mark == PAY_ZIP_CENTRAL && z->entries) {
        z->state = PAY_ZIP_AT_END;
        return PAY_OK;
    }

    if (mark != PAY_ZIP_LOCAL) {
        return PAY_INVALID;
    }

    return pay_zip_collect(z, in, PAY_ZIP_HEADER) ? pay_zip_header(z)
                                                  : PAY_OK;
}


static pay_rc_t
pay_zip_named(pay_zip_t *z, pay_str_t *in)
{
    pay_str_t  name;

    if (!pay_zip_collect(z, in, z->name_len)) {
        return PAY_OK;
    }

    name.data = z->buf;
    name.len = z->name_len;
    z->n = 0;
    z->state = PAY_ZIP_AT_EXTRA;

    return z->open(z->data, name);
}


static pay_rc_t
pay_zip_extra(pay_zip_t *z, pay_str_t *in)
{
    size_t  k;

    k = z->extra_len - z->n < in->len ? z->extra_len - z->n : in->len;

    z->n += k;
    in->data += k;
    in->len -= k;

    if (z->n < z->extra_len) {
        return PAY_OK;
    }

    z->state = z->stored ? PAY_ZIP_AT_STORED : PAY_ZIP_AT_DEFLATED;

    return inflateReset(&z->z) == Z_OK ? PAY_OK : PAY_ERROR;
}


static pay_rc_t
pay_zip_stored(pay_zip_t *z, pay_str_t *in)
{
    size_t     k;
    pay_rc_t   rc;
    uint64_t   left;

    left = z->packed - z->got_packed;
    k = left < in->len ? (size_t) left : in->len;

    if (k == 0 && left) {
        return PAY_OK;
    }

    z->got_packed += k;

    rc = pay_zip_give(z, in->data, k, z->got_packed == z->packed);

    in->data += k;
    in->len -= k;

    return rc == PAY_OK && z->got_packed == z->packed ? pay_zip_done(z) : rc;
}


static pay_rc_t
pay_zip_deflated(pay_zip_t *z, pay_str_t *in)
{
    int       rc;
    size_t    k;
    pay_rc_t  given;

    do {
        z->z.next_in = (Bytef *) in->data;
        z->z.avail_in = in->len < UINT32_MAX ? (uInt) in->len : UINT32_MAX;
        z->z.next_out = z->out;
        z->z.avail_out = PAY_ZIP_OUT;

        k = z->z.avail_in;
        rc = inflate(&z->z, Z_NO_FLUSH);
        k -= z->z.avail_in;

        in->data += k;
        in->len -= k;
        z->got_packed += k;

        if (rc == Z_MEM_ERROR) {
            return PAY_ERROR;
        }

        if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR) {
            return PAY_INVALID;
        }

        given = pay_zip_give(z, z->out, PAY_ZIP_OUT - z->z.avail_out,
                             rc == Z_STREAM_END);
        if (given != PAY_OK) {
            return given;
        }

        if (rc == Z_STREAM_END) {
            return pay_zip_done(z);
        }

    } while (z->z.avail_out == 0 || (in->len && rc == Z_OK));

    return in->len ? PAY_INVALID : PAY_OK;
}


static pay_rc_t
pay_zip_described(pay_zip_t *z, pay_str_t *in)
{
    if (z->state == PAY_ZIP_AT_MARK) {

        if (!pay_zip_collect(z, in, 4)) {
            return PAY_OK;
        }

        if (pay_zip_u32(z->buf) == PAY_ZIP_DESCRIBES) {
            z->n = 0;
        }

        z->state = PAY_ZIP_AT_DESCRIPTOR;
    }

    if (!pay_zip_collect(z, in, PAY_ZIP_DESCRIPTOR)) {
        return PAY_OK;
    }

    z->crc = pay_zip_u32(z->buf);
    z->packed = pay_zip_u32(z->buf + 4);
    z->size = pay_zip_u32(z->buf + 8);

    return pay_zip_checked(z);
}


static pay_rc_t
pay_zip_step(pay_zip_t *z, pay_str_t *in)
{
    switch (z->state) {

    case PAY_ZIP_AT_HEADER:
        return pay_zip_begin(z, in);

    case PAY_ZIP_AT_NAME:
        return pay_zip_named(z, in);

    case PAY_ZIP_AT_EXTRA:
        return pay_zip_extra(z, in);

    case PAY_ZIP_AT_STORED:
        return pay_zip_stored(z, in);

    case PAY_ZIP_AT_DEFLATED:
        return pay_zip_deflated(z, in);

    case PAY_ZIP_AT_END:
        in->len = 0;
        return PAY_OK;

    default:
        return pay_zip_described(z, in);
    }
}


pay_rc_t
pay_zip_feed(pay_zip_t *z, pay_str_t bytes, int last)
{
    pay_rc_t         rc;
    pay_zip_state_t  state;

    /* a state that needs nothing more is left at once, without input */

    do {
        state = z->state;

        rc = pay_zip_step(z, &bytes);
        if (rc != PAY_OK) {
            return rc;
        }

    } while (bytes.len || z->state != state);

    return last && z->state != PAY_ZIP_AT_END ? PAY_INVALID : PAY_OK;
}
