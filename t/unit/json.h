
/*
 * Copyright (C) the ngx_pay authors
 *
 * For the tests of JSON.  A text is read from the end of a page, with nothing
 * readable behind it, in one piece and in pieces of 1 to 16 bytes: the
 * verdict must be the same.
 */

#ifndef PAY_TEST_JSON_H_INCLUDED
#define PAY_TEST_JSON_H_INCLUDED


#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "test.h"

#include <sys/mman.h>

#include <codec/pay_json.h>


#define ROOM   (4 << 20)
#define PAGE   4096
#define CHUNK  16


static pay_u8  *room;       /* ROOM bytes, then a page that can't be read */


typedef struct {
    pay_rc_t     rc;
    char         why[32];
    char        *tree;      /* written again; NULL where refused */
    size_t       len;
} verdict_t;


static int
room_open(void)
{
    room = mmap(NULL, ROOM + PAGE, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return ok(room != MAP_FAILED
              && mprotect(room + ROOM, PAGE, PROT_NONE) == 0,
              "a page that can't be read");
}


static void
room_close(void)
{
    munmap(room, ROOM + PAGE);
}


static pay_str_t
at_end(pay_str_t text)
{
    pay_str_t  s;

    s.len = text.len;
    s.data = room + ROOM - text.len;

    if (text.len > 0) {
        memcpy((void *) s.data, text.data, text.len);
    }

    return s;
}


static pay_str_t
tree_text(pay_arena_t *a, const pay_json_t *t)
{
    pay_json_writer_t  *w;

    w = pay_json_writer(a);
    pay_jw_tree(w, NULL, t);

    return pay_jw_text(w);
}


static verdict_t
judge(pay_str_t text, size_t n)
{
    pay_str_t     s;
    verdict_t     v;
    pay_json_t   *root;
    const char   *why;
    pay_arena_t  *a;

    memset(&v, 0, sizeof(v));
    a = pay_arena_create(0);

    root = (pay_json_t *) 1;
    why = "unset";
    v.rc = n == 0 ? pay_json_parse(a, at_end(text), &root, &why)
                  : pay_json_parse_chunked(a, at_end(text), n, &root, &why);

    if (v.rc == PAY_OK) {
        memset(room + ROOM - text.len, '!', text.len);
        s = tree_text(a, root);
        v.tree = malloc(s.len + 1);
        memcpy(v.tree, s.data, s.len);
        v.tree[s.len] = '\0';
        v.len = s.len;

    } else {
        snprintf(v.why, sizeof(v.why), "%s", why);
        v.rc = root == NULL ? v.rc : 4711;
    }

    pay_arena_destroy(a);

    return v;
}


/* the verdict in one piece; *same: whether all other ways agree */

static verdict_t __attribute__((unused))
judge_all(pay_str_t text, int *same)
{
    size_t     n;
    verdict_t  v, w;

    v = judge(text, 0);
    *same = v.rc == PAY_OK || v.rc == PAY_INVALID;

    for (n = 1; n <= CHUNK; n++) {
        w = judge(text, n);

        if (w.rc != v.rc || strcmp(v.why, w.why) != 0 || v.len != w.len
            || (v.len > 0 && memcmp(v.tree, w.tree, v.len) != 0))
        {
            printf("# in pieces of %zu: %d %s\n", n, w.rc, w.why);
            *same = 0;
        }

        free(w.tree);
    }

    return v;
}


#endif /* PAY_TEST_JSON_H_INCLUDED */
