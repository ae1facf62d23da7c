
/*
 * Copyright (C) the ngx_pay authors
 *
 * The JSON writer, over yajl_gen.  yajl_gen checks neither UTF-8 nor whether
 * a string stands where a key belongs; here both make the text fail.
 */

#include <yajl/yajl_gen.h>

#include <codec/pay_json.h>
#include <codec/pay_json_guard.h>


struct pay_json_writer_s {
    pay_json_mem_t   mem;
    yajl_gen         gen;
    pay_buf_t        buf;
    int              failed;
    size_t           depth;
    pay_json_type_t  types[PAY_JSON_DEPTH];
};


static void
pay_jw_print(void *ctx, const char *p, size_t len)
{
    pay_buf_add(ctx, p, len);
}


/* with a print function yajl_gen allocates no more after this */

static pay_rc_t
pay_jw_start(pay_json_writer_t *w)
{
    yajl_alloc_funcs  funcs;

    funcs.malloc = pay_json_guard_alloc;
    funcs.realloc = pay_json_guard_realloc;
    funcs.free = pay_json_guard_free;
    funcs.ctx = &w->mem;

    if (setjmp(w->mem.jump) != 0) {
        return PAY_ERROR;
    }

    w->mem.armed = 1;
    w->gen = yajl_gen_alloc(&funcs);
    yajl_gen_config(w->gen, yajl_gen_print_callback, pay_jw_print, &w->buf);
    w->mem.armed = 0;

    return PAY_OK;
}


pay_json_writer_t *
pay_json_writer(pay_arena_t *a)
{
    pay_json_writer_t  *w;

    w = pay_calloc(a, sizeof(pay_json_writer_t));
    if (w == NULL) {
        return NULL;
    }

    w->mem.arena = a;
    pay_buf_init(&w->buf, a, 512);

    if (w->buf.failed || pay_jw_start(w) != PAY_OK) {
        return NULL;
    }

    return w;
}


static void
pay_jw_check(pay_json_writer_t *w, yajl_gen_status status)
{
    if (status != yajl_gen_status_ok) {
        w->failed = 1;
    }
}


static void
pay_jw_text_value(pay_json_writer_t *w, pay_str_t s)
{
    if (pay_utf8_length(s) < 0) {
        w->failed = 1;
        return;
    }

    pay_jw_check(w, yajl_gen_string(w->gen, s.len == 0 ? (const pay_u8 *) ""
                                                       : s.data, s.len));
}


/* writes the key where there is one; 0: nothing may be written here */

static int
pay_jw_at(pay_json_writer_t *w, const pay_str_t *key)
{
    int  object;

    if (w->failed) {
        return 0;
    }

    object = w->depth > 0 && w->types[w->depth - 1] == PAY_JSON_OBJECT;

    if (object != (key != NULL)) {
        w->failed = 1;
        return 0;
    }

    if (key != NULL) {
        pay_jw_text_value(w, *key);
    }

    return !w->failed;
}


static int
pay_jw_place(pay_json_writer_t *w, const char *key)
{
    pay_str_t  s;

    if (key == NULL) {
        return pay_jw_at(w, NULL);
    }

    s = pay_strz(key);

    return pay_jw_at(w, &s);
}


static void
pay_jw_open(pay_json_writer_t *w, pay_json_type_t type)
{
    if (w->depth == PAY_JSON_DEPTH) {
        w->failed = 1;
        return;
    }

    w->types[w->depth++] = type;
    pay_jw_check(w, type == PAY_JSON_OBJECT ? yajl_gen_map_open(w->gen)
                                            : yajl_gen_array_open(w->gen));
}


void
pay_jw_object(pay_json_writer_t *w, const char *key)
{
    if (pay_jw_place(w, key)) {
        pay_jw_open(w, PAY_JSON_OBJECT);
    }
}


void
pay_jw_array(pay_json_writer_t *w, const char *key)
{
    if (pay_jw_place(w, key)) {
        pay_jw_open(w, PAY_JSON_ARRAY);
    }
}


void
pay_jw_end(pay_json_writer_t *w)
{
    if (w->failed || w->depth == 0) {
        w->failed = 1;
        return;
    }

    w->depth--;
    pay_jw_check(w, w->types[w->depth] == PAY_JSON_OBJECT
                    ? yajl_gen_map_close(w->gen)
                    : yajl_gen_array_close(w->gen));
}


void
pay_jw_str(pay_json_writer_t *w, const char *key, pay_str_t s)
{
    if (pay_jw_place(w, key)) {
        pay_jw_text_value(w, s);
    }
}


void
pay_jw_strz(pay_json_writer_t *w, const char *key, const char *z)
{
    pay_jw_str(w, key, pay_strz(z));
}


void
pay_jw_int(pay_json_writer_t *w, const char *key, int64_t n)
{
    if (pay_jw_place(w, key)) {
        pay_jw_check(w, yajl_gen_integer(w->gen, n));
    }
}


void
pay_jw_bool(pay_json_writer_t *w, const char *key, int yes)
{
    if (pay_jw_place(w, key)) {
        pay_jw_check(w, yajl_gen_bool(w->gen, yes != 0));
    }
}


void
pay_jw_null(pay_json_writer_t *w, const char *key)
{
    if (pay_jw_place(w, key)) {
        pay_jw_check(w, yajl_gen_null(w->gen));
    }
}


void
pay_jw_opt(pay_json_writer_t *w, const char *key, pay_str_t s)
{
    if (s.len == 0) {
        pay_jw_null(w, key);
        return;
    }

    pay_jw_str(w, key, s);
}


void
pay_jw_pair(pay_json_writer_t *w, pay_str_t key, pay_str_t value)
{
    if (pay_jw_at(w, &key)) {
        pay_jw_text_value(w, value);
    }
}


static void
pay_jw_scalar(pay_json_writer_t *w, const pay_json_t *t)
{
    switch (t->type) {

    case PAY_JSON_STRING:
        pay_jw_text_value(w, t->text);
        break;

    case PAY_JSON_NUMBER:
        pay_jw_check(w, yajl_gen_number(w->gen, (const char *) t->text.data,
                                        t->text.len));
        break;

    case PAY_JSON_NULL:
        pay_jw_check(w, yajl_gen_null(w->gen));
        break;

    default:
        pay_jw_check(w, yajl_gen_bool(w->gen, t->type == PAY_JSON_TRUE));
    }
}


/* pay_jw_open() ends the recursion at PAY_JSON_DEPTH */

static void
pay_jw_node(pay_json_writer_t *w, const pay_str_t *key, const pay_json_t *t)
{
    const pay_json_t  *child;

    if (!pay_jw_at(w, key)) {
        return;
    }

    if (t->type != PAY_JSON_OBJECT && t->type != PAY_JSON_ARRAY) {
        pay_jw_scalar(w, t);
        return;
    }

    pay_jw_open(w, t->type);

    for (child = t->child; child != NULL && !w->failed; child = child->next) {
        pay_jw_node(w, t->type == PAY_JSON_OBJECT ? &child->key : NULL, child);
    }

    pay_jw_end(w);
}


void
pay_jw_tree(pay_json_writer_t *w, const char *key, const pay_json_t *t)
{
    pay_str_t  s;

    if (t == NULL) {
        pay_jw_null(w, key);
        return;
    }

    s = pay_strz(key);
    pay_jw_node(w, key == NULL ? NULL : &s, t);
}


pay_str_t
pay_jw_text(pay_json_writer_t *w)
{
    pay_str_t  s = pay_str_null;

    /* an empty text is no JSON: nothing was written */

    if (!w->failed && w->depth == 0 && w->buf.len > 0) {
        s = pay_buf_str(&w->buf);
    }

    w->failed = 1;

    return s;
}
