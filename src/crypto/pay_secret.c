
/*
 * Copyright (C) the ngx_pay authors
 *
 * What a secret's file may hold.
 */

#include <base/pay_base.h>
#include <crypto/pay_crypto.h>


static pay_str_t pay_secret_cut(pay_str_t file);
static int pay_secret_has_break(pay_str_t s);


pay_rc_t
pay_secret_file(pay_str_t file, size_t min, pay_str_t *out, const char **why)
{
    pay_str_t  s;

    s = pay_secret_cut(file);

    if (s.len == 0) {
        *why = "the secret is empty";
        return PAY_INVALID;
    }

    if (s.len < min) {
        *why = min == PAY_SECRET_MIN
               ? "the secret is too short: 16 bytes are the least"
               : "the secret is too short";
        return PAY_INVALID;
    }

    if (s.len > PAY_SECRET_MAX) {
        *why = "the secret is too long: 4096 bytes are the most";
        return PAY_INVALID;
    }

    if (pay_secret_has_break(s)) {
        *why = "the secret has a NUL or a line end inside";
        return PAY_INVALID;
    }

    /* equal to itself moved by one: all bytes are the same */

    if (memcmp(s.data, s.data + 1, s.len - 1) == 0) {
        *why = "the secret is one repeated byte";
        return PAY_INVALID;
    }

    *out = s;

    return PAY_OK;
}


/* editors write LF or CR LF behind the last line, and only once */

static pay_str_t
pay_secret_cut(pay_str_t file)
{
    if (file.len == 0 || file.data[file.len - 1] != '\n') {
        return file;
    }

    file.len--;

    if (file.len != 0 && file.data[file.len - 1] == '\r') {
        file.len--;
    }

    return file;
}


static int
pay_secret_has_break(pay_str_t s)
{
    return memchr(s.data, '\0', s.len) != NULL
           || memchr(s.data, '\n', s.len) != NULL
           || memchr(s.data, '\r', s.len) != NULL;
}
