
/*
 * Copyright (C) the ngx_pay authors
 *
 * The small parsing tables of headers.json, as far as a function of the core
 * can be asked.  They are read from the shared files, where they are at hand.
 */

#include "vectors.h"

#include <base/pay_time.h>
#include <codec/pay_sf.h>


static pay_arena_t  *arena;
static yajl_val      root;


/* "note": what is open in RFC 3339, and how pay_time.h decides it */

static void
rfc3339(void)
{
    size_t       i;
    int64_t      t, want;
    yajl_val     list, v, epoch;
    const char  *text;

    list = section(root, "rfc3339", 14);

    for (i = 0; i < list->u.array.len; i++) {
        v = list->u.array.values[i];
        text = text_of(v, "value");
        epoch = member(v, "epoch");
        want = epoch ? YAJL_GET_INTEGER(epoch) : -1;

        if (strstr(text_of(v, "note"), "leap second")) {
            want = 1483228800;
        }

        if (pay_time_parse(pay_strz(text), &t) != PAY_OK) {
            t = -1;
        }

        is_int(t, want, text);
    }
}


/* what is a bare item there is a member's value here */

static pay_rc_t
item(const char *text, pay_sf_dict_t *d)
{
    pay_buf_t    b;
    const char  *why;

    pay_buf_init(&b, arena, 0);
    pay_buf_addz(&b, "k=");
    pay_buf_addz(&b, text);

    return pay_sf_parse(arena, pay_buf_str(&b), d, &why);
}


static void
idempotency_key(void)
{
    size_t          i;
    pay_rc_t        rc;
    yajl_val        list, v;
    const char     *text;
    pay_sf_dict_t   d;

    list = section(root, "idempotency_key", 8);

    for (i = 0; i < list->u.array.len; i++) {
        v = list->u.array.values[i];
        text = text_of(v, "header");

        if (*text != '"' && *text != '\0') {
            skip("%s: the bare form, of a header that we do not have", text);
            continue;
        }

        rc = item(text, &d);

        if (strstr(text_of(v, "note"), "policy: 1..255")) {
            ok(rc == PAY_OK && d.elts[0].item.bare.text.len > 255,
               "too long for a key, and a String nonetheless");
            continue;
        }

        is_int(rc, member(v, "error") ? PAY_INVALID : PAY_OK, text);

        if (rc == PAY_OK) {
            is(d.elts[0].item.bare.text, text_of(v, "key"), "its text");
        }
    }
}


static void
ratelimit(void)
{
    char            one[128];
    size_t          i, n;
    yajl_val        list, v;
    const char     *text, *end;
    pay_buf_t       b;
    pay_sf_dict_t   d;

    list = section(root, "ratelimit", 3);

    for (i = 0; i < list->u.array.len; i++) {
        v = list->u.array.values[i];
        text = *text_of(v, "policy") ? text_of(v, "policy")
                                     : text_of(v, "field");

        for ( /* void */ ; *text; text = *end ? end + 1 : end) {
            end = strchr(text, ',') ? strchr(text, ',')
                                    : text + strlen(text);
            n = end - text;
            snprintf(one, sizeof(one), "%.*s", (int) n, text);

            /* its spare bits are not zero, which RFC 8941 lets us refuse */

            if (strstr(one, "pk=:cHsdsRa894==:")) {
                is_int(item(one, &d), PAY_INVALID, one);
                continue;
            }

            is_int(item(one, &d), PAY_OK, one);

            pay_buf_init(&b, arena, 0);
            pay_sf_write_value(&b, d.elts);
            is(pay_buf_str(&b), one, "and written again");
        }
    }
}


static void
others(void)
{
    size_t  i, n;

    static const struct {
        const char  *name;
        const char  *why;
    } sections[] = {
        { "traceparent", "passed on as it came, nothing reads it" },
        { "retry_after", "no channel's answer is asked for it" },
        { "real_ip", "nginx's own module, tested where nginx runs" },
        { "proxy_protocol", "nginx's own parser, tested where nginx runs" },
        { "pan_truncation", "no card number passes through us" },
        { "sad_keys", "no card data passes through us" }
    };

    for (i = 0; i < pay_nelts(sections); i++) {
        n = member(root, sections[i].name)->u.array.len;
        skip("%s: %zu vectors: %s", sections[i].name, n, sections[i].why);
    }
}


int
main(void)
{
    root = tree_shared("headers.json");

    if (root == NULL) {
        skip("headers.json: the shared vectors are not at hand");
        return done();
    }

    arena = pay_arena_create(0);

    rfc3339();
    idempotency_key();
    ratelimit();
    others();

    pay_arena_destroy(arena);
    yajl_tree_free(root);

    return done();
}
