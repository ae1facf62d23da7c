
/*
 * Copyright (C) the ngx_pay authors
 *
 * Around yajl: the check of the text before it, and its memory, where each
 * block has its size in front for realloc.
 */

#include <codec/pay_hex.h>
#include <codec/pay_json_guard.h>


typedef struct {
    size_t  size;
    pay_u8  data[] __attribute__((aligned(16)));
} pay_json_block_t;


/* four hex digits; a space if they are none, which yajl refuses */

static unsigned
pay_json_hex4(const pay_u8 *p, const pay_u8 *end)
{
    int       i, digit;
    unsigned  n;

    if (end - p < 4) {
        return 0x20;
    }

    for (n = 0, i = 0; i < 4; i++) {
        digit = pay_hex_digit(p[i]);
        if (digit < 0) {
            return 0x20;
        }

        n = n << 4 | digit;
    }

    return n;
}


/*
 * One escape at p, which is moved behind it.  A backslash outside of a string
 * is a syntax error anyway, so there is no need to know where we are.
 */

static const char *
pay_json_escape(const pay_u8 **p, const pay_u8 *end)
{
    unsigned       code;
    const pay_u8  *q;

    q = *p;
    *p = end - q < 2 ? end : q + 2;

    if (end - q < 2 || q[1] != 'u') {
        return NULL;
    }

    code = pay_json_hex4(q + 2, end);

    if (code == 0) {
        return "nul";
    }

    if (code < 0xd800 || code > 0xdfff) {
        return NULL;
    }

    /* a high half, and a low one right behind it */

    if (code > 0xdbff || end - q < 12 || q[6] != '\\' || q[7] != 'u'
        || (pay_json_hex4(q + 8, end) & 0xfc00) != 0xdc00)
    {
        return "surrogate";
    }

    *p = q + 12;

    return NULL;
}


const char *
pay_json_guard_scan(pay_str_t text)
{
    const char    *why;
    const pay_u8  *p, *end;

    if (text.len == 0) {
        return "syntax";
    }

    if (pay_str_starts(text, "\xef\xbb\xbf")) {
        return "bom";
    }

    if (pay_utf8_length(text) < 0) {
        return memchr(text.data, 0, text.len) == NULL ? "utf8" : "nul";
    }

    /* yajl skips both, and a string may have neither */

    if (memchr(text.data, '\f', text.len) != NULL
        || memchr(text.data, '\v', text.len) != NULL)
    {
        return "white space";
    }

    p = text.data;
    end = p + text.len;

    while (p < end && (p = memchr(p, '\\', end - p)) != NULL) {
        why = pay_json_escape(&p, end);
        if (why != NULL) {
            return why;
        }
    }

    return NULL;
}


void *
pay_json_guard_alloc(void *mem, size_t n)
{
    pay_json_mem_t    *m = mem;
    pay_json_block_t  *b;

    b = n > SIZE_MAX / 2 ? NULL
                         : pay_alloc(m->arena, sizeof(pay_json_block_t) + n);

    if (b == NULL) {
        if (m->armed) {
            longjmp(m->jump, 1);
        }

        return NULL;
    }

    b->size = n;

    return b->data;
}


void *
pay_json_guard_realloc(void *mem, void *p, size_t n)
{
    void              *new;
    pay_json_block_t  *b;

    if (p == NULL) {
        return pay_json_guard_alloc(mem, n);
    }

    b = (pay_json_block_t *) ((pay_u8 *) p - offsetof(pay_json_block_t, data));

    new = pay_json_guard_alloc(mem, n);

    if (new != NULL) {
        memcpy(new, p, b->size < n ? b->size : n);
    }

    return new;
}


void
pay_json_guard_free(void *mem, void *p)
{
    /* the arena goes as a whole */

    (void) mem;
    (void) p;
}
