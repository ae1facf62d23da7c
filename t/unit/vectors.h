
/*
 * Copyright (C) the ngx_pay authors
 *
 * For tests that read vectors: a JSON file as a tree, by another parser than
 * the one that is tested.
 */

#ifndef PAY_TEST_VECTORS_H_INCLUDED
#define PAY_TEST_VECTORS_H_INCLUDED


#include "test.h"

#include <yajl/yajl_tree.h>


static UNUSED void
bail(const char *what, const char *which)
{
    printf("Bail out! %s: %s\n", what, which);
    exit(1);
}


static UNUSED char *
file_read(const char *path)
{
    long   n;
    char  *text;
    FILE  *f;

    f = fopen(path, "rb");
    if (f == NULL) {
        return NULL;
    }

    fseek(f, 0, SEEK_END);
    n = ftell(f);
    rewind(f);

    text = malloc(n + 1);
    if (text == NULL || fread(text, 1, n, f) != (size_t) n) {
        bail("cannot read", path);
    }

    text[n] = '\0';
    fclose(f);

    return text;
}


static UNUSED yajl_val
tree_read(const char *path)
{
    char      *text, error[256];
    yajl_val   v;

    text = file_read(path);
    if (text == NULL) {
        return NULL;
    }

    v = yajl_tree_parse(text, error, sizeof(error));
    if (v == NULL) {
        bail(path, error);
    }

    free(text);

    return v;
}


static UNUSED yajl_val
member(yajl_val v, const char *name)
{
    const char  *path[2] = { NULL, NULL };

    path[0] = name;

    return yajl_tree_get(v, path, yajl_t_any);
}


/* "" when it is not there, or null */

static UNUSED const char *
text_of(yajl_val v, const char *name)
{
    yajl_val  m;

    m = member(v, name);

    return m && YAJL_IS_STRING(m) ? YAJL_GET_STRING(m) : "";
}


/* a list of just so many: one that was dropped would not be missed */

static UNUSED yajl_val
section(yajl_val root, const char *name, size_t n)
{
    yajl_val  v;

    v = member(root, name);

    if (v == NULL || !YAJL_IS_ARRAY(v)) {
        bail("no section", name);
    }

    ok(v->u.array.len == n, "%s: %zu vectors", name, n);

    return v;
}


/* of the shared files, which may not be at hand: NULL then */

static UNUSED yajl_val
tree_shared(const char *name)
{
    char         path[1024];
    const char  *shared;

    shared = getenv("PAY_SHARED");

    snprintf(path, sizeof(path), "%s/reference/vectors/%s",
             shared ? shared : "../shared", name);

    return tree_read(path);
}


static UNUSED void
skip(const char *fmt, ...)
{
    va_list  ap;

    printf("ok %d # skip ", ++test_n);
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    putchar('\n');
}


#endif /* PAY_TEST_VECTORS_H_INCLUDED */
