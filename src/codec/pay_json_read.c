
/*
 * Copyright (C) the ngx_pay authors
 *
 * JSON into a tree, by yajl's events.  What yajl lets through is refused in
 * front of it (BOM, UTF-8, escapes, white space) or between its events (depth,
 * count, duplicate keys).  Source: RFC 8259; RFC 7493 section 2.
 */

#include <stdlib.h>

#include <yajl/yajl_parse.h>

#include <codec/pay_json.h>
#include <codec/pay_json_guard.h>


typedef struct {
    pay_json_t        *node;
    pay_json_t       **tail;        /* where the next child goes */
    size_t             nelts;
} pay_json_level_t;

typedef struct {
    pay_json_mem_t     mem;
    pay_json_t        *root;
    pay_str_t          key;
    const char        *why;
    size_t             nodes;
    size_t             depth;
    pay_json_level_t   levels[PAY_JSON_DEPTH];
} pay_json_reader_t;


/* memory for our own part of the tree: fails as yajl's does */

static void *
pay_json_need(pay_json_reader_t *r, void *p)
{
    if (p == NULL) {
        longjmp(r->mem.jump, 1);
    }

    return p;
}


static pay_str_t
pay_json_copy(pay_json_reader_t *r, const pay_u8 *p, size_t len)
{
    pay_str_t  s;

    s.len = len;
    s.data = p;
    s = pay_str_dup(r->mem.arena, s);
    pay_json_need(r, (void *) s.data);

    return s;
}


/* a new value at its place, NULL when there are too many */

static pay_json_t *
pay_json_add(pay_json_reader_t *r, pay_json_type_t type)
{
    pay_json_t        *node;
    pay_json_level_t  *level;

    if (r->nodes == PAY_JSON_NODES) {
        r->why = "nodes";
        return NULL;
    }

    node = pay_json_need(r, pay_calloc(r->mem.arena, sizeof(pay_json_t)));
    node->type = type;
    r->nodes++;

    if (r->depth == 0) {
        r->root = node;
        return node;
    }

    level = &r->levels[r->depth - 1];
    *level->tail = node;
    level->tail = &node->next;
    level->nelts++;

    if (level->node->type == PAY_JSON_OBJECT) {
        node->key = r->key;
    }

    return node;
}


static int
pay_json_open(pay_json_reader_t *r, pay_json_type_t type)
{
    pay_json_t        *node;
    pay_json_level_t  *level;

    if (r->depth == PAY_JSON_DEPTH) {
        r->why = "depth";
        return 0;
    }

    node = pay_json_add(r, type);
    if (node == NULL) {
        return 0;
    }

    level = &r->levels[r->depth++];
    level->node = node;
    level->tail = &node->child;
    level->nelts = 0;

    return 1;
}


static int
pay_json_compare(const void *a, const void *b)
{
    return pay_str_cmp((*(pay_json_t *const *) a)->key,
                       (*(pay_json_t *const *) b)->key);
}


/* sorted, not hashed: no choice of keys makes it slow */

static int
pay_json_unique(pay_json_reader_t *r, pay_json_level_t *level)
{
    size_t        i, n;
    pay_json_t  **sorted, *node;

    n = level->nelts;

    if (n < 2) {
        return 1;
    }

    sorted = pay_json_need(r, pay_alloc(r->mem.arena, n * sizeof(node)));

    for (node = level->node->child, i = 0; i < n; node = node->next, i++) {
        sorted[i] = node;
    }

    qsort(sorted, n, sizeof(node), pay_json_compare);

    for (i = 1; i < n; i++) {
        if (pay_str_eq(sorted[i - 1]->key, sorted[i]->key)) {
            r->why = "duplicate key";
            return 0;
        }
    }

    return 1;
}


static int
pay_json_on_null(void *r)
{
    return pay_json_add(r, PAY_JSON_NULL) != NULL;
}


static int
pay_json_on_boolean(void *r, int yes)
{
    return pay_json_add(r, yes ? PAY_JSON_TRUE : PAY_JSON_FALSE) != NULL;
}


static int
pay_json_on_text(pay_json_reader_t *r, pay_json_type_t type, const pay_u8 *p,
    size_t len)
{
    pay_json_t  *node;

    node = pay_json_add(r, type);
    if (node == NULL) {
        return 0;
    }

    node->text = pay_json_copy(r, p, len);

    return 1;
}


static int
pay_json_on_number(void *r, const char *p, size_t len)
{
    return pay_json_on_text(r, PAY_JSON_NUMBER, (const pay_u8 *) p, len);
}


static int
pay_json_on_string(void *r, const pay_u8 *p, size_t len)
{
    return pay_json_on_text(r, PAY_JSON_STRING, p, len);
}


static int
pay_json_on_key(void *ctx, const pay_u8 *p, size_t len)
{
    pay_json_reader_t  *r = ctx;

    r->key = pay_json_copy(r, p, len);

    return 1;
}


static int
pay_json_on_map(void *r)
{
    return pay_json_open(r, PAY_JSON_OBJECT);
}


static int
pay_json_on_array(void *r)
{
    return pay_json_open(r, PAY_JSON_ARRAY);
}


static int
pay_json_on_map_end(void *ctx)
{
    pay_json_reader_t  *r = ctx;

    return pay_json_unique(r, &r->levels[--r->depth]);
}


static int
pay_json_on_array_end(void *ctx)
{
    pay_json_reader_t  *r = ctx;

    r->depth--;

    return 1;
}


/* with yajl_number set, yajl converts nothing: no overflow, no rounding */

static const yajl_callbacks  pay_json_callbacks = {
    .yajl_null = pay_json_on_null,
    .yajl_boolean = pay_json_on_boolean,
    .yajl_number = pay_json_on_number,
    .yajl_string = pay_json_on_string,
    .yajl_start_map = pay_json_on_map,
    .yajl_map_key = pay_json_on_key,
    .yajl_end_map = pay_json_on_map_end,
    .yajl_start_array = pay_json_on_array,
    .yajl_end_array = pay_json_on_array_end
};


static pay_rc_t
pay_json_feed(yajl_handle h, pay_str_t text, size_t n)
{
    size_t  done;

    for (done = 0; done < text.len; done += n) {
        n = n > text.len - done ? text.len - done : n;

        if (yajl_parse(h, text.data + done, n) != yajl_status_ok) {
            return PAY_INVALID;
        }
    }

    /*
     * yajl takes a string that is begun behind the text and never closed.
     * No token may hold a raw line feed, so one shows that nothing is open.
     */

    if (yajl_parse(h, (const pay_u8 *) "\n", 1) != yajl_status_ok) {
        return PAY_INVALID;
    }

    return yajl_complete_parse(h) == yajl_status_ok ? PAY_OK : PAY_INVALID;
}


/* the frame that failed allocations jump to: no local of it may change */

static pay_rc_t
pay_json_run(pay_json_reader_t *r, pay_str_t text, size_t n)
{
    yajl_alloc_funcs  funcs;

    funcs.malloc = pay_json_guard_alloc;
    funcs.realloc = pay_json_guard_realloc;
    funcs.free = pay_json_guard_free;
    funcs.ctx = &r->mem;

    if (setjmp(r->mem.jump) != 0) {
        return PAY_ERROR;
    }

    r->mem.armed = 1;

    return pay_json_feed(yajl_alloc(&pay_json_callbacks, &funcs, r), text, n);
}


pay_rc_t
pay_json_parse_chunked(pay_arena_t *a, pay_str_t text, size_t n,
    pay_json_t **out, const char **why)
{
    pay_rc_t           rc;
    pay_json_reader_t  r;

    *out = NULL;
    *why = pay_json_guard_scan(text);

    if (*why != NULL) {
        return PAY_INVALID;
    }

    memset(&r, 0, sizeof(pay_json_reader_t));
    r.mem.arena = a;
    r.why = "syntax";

    rc = pay_json_run(&r, text, n == 0 ? text.len : n);

    if (rc == PAY_OK) {
        *out = r.root;
        return PAY_OK;
    }

    *why = rc == PAY_ERROR ? "memory" : r.why;

    return rc;
}


pay_rc_t
pay_json_parse(pay_arena_t *a, pay_str_t text, pay_json_t **out,
    const char **why)
{
    return pay_json_parse_chunked(a, text, 0, out, why);
}
