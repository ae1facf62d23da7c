
/*
 * Copyright (C) the ngx_pay authors
 *
 * src/crypto: what the other side of a channel does, for simulators: a text
 * that was encrypted for it, and a certificate that it makes itself.
 */

#include "vectors.h"

#include <codec/pay_codec.h>
#include <crypto/pay_crypto.h>


static pay_arena_t  *arena;


static pay_key_t *
private_key(const char *pem)
{
    pay_key_t   *key;
    const char  *why;

    if (pay_key_private_pem(pay_strz(pem), PAY_KEYS_RSA, &key, &why)
        != PAY_OK)
    {
        bail("a private key", why);
    }

    return key;
}


static void
test_open(yajl_val keys, yajl_val list)
{
    size_t       i;
    pay_str_t    sealed, plain, copy;
    pay_key_t   *key, *other;
    yajl_val     v;
    const char  *id, *with;

    for (i = 0; i < list->u.array.len; i++) {
        v = list->u.array.values[i];
        id = text_of(v, "id");
        with = text_of(v, "decrypt_with");

        if (with[0] == '\0' || text_of(v, "ciphertext")[0] == '\0') {
            continue;
        }

        key = private_key(text_of(keys, with));

        ok(pay_base64_decode(arena, pay_strz(text_of(v, "ciphertext")),
                             &sealed) == PAY_OK
           && pay_rsa_oaep_open(arena, &plain, sealed, key) == PAY_OK,
           "%s: opened", id);
        is(plain, text_of(v, "plaintext"), "what it says");

        copy = pay_str_dup(arena, sealed);
        ((pay_u8 *) copy.data)[copy.len / 2] ^= 1;
        is_int(pay_rsa_oaep_open(arena, &plain, copy, key), PAY_DECLINED,
               "a bit of it: refused");
        copy.len--;
        is_int(pay_rsa_oaep_open(arena, &plain, copy, key), PAY_DECLINED,
               "cut: refused");

        other = private_key(text_of(keys, strcmp(with,
                            "merchant_private_key_pem") == 0
                            ? "platform_private_key_pem_test_side_only"
                            : "merchant_private_key_pem"));
        is_int(pay_rsa_oaep_open(arena, &plain, sealed, other), PAY_DECLINED,
               "another key: refused");

        pay_key_unref(key);
        pay_key_unref(other);
    }
}


static void
test_cert(yajl_val keys)
{
    pay_str_t        pem, again;
    pay_key_t       *key;
    pay_cert_t       cert;
    const char      *why;
    const pay_str_t  serial = pay_str("\x4f\x0e\x0d");

    key = private_key(text_of(keys, "merchant_private_key_pem"));

    is_int(pay_cert_make(arena, &pem, serial, "throwaway", 1577836800,
                         2524608000, key), PAY_OK, "a certificate");
    is_int(pay_cert_pem(pem, PAY_KEYS_RSA, &cert, &why), PAY_OK,
           "can be read");
    is(pay_strz(cert.serial), "4F0E0D", "serial number");
    ok(cert.not_before == 1577836800 && cert.not_after == 2524608000,
       "validity");
    ok(pay_key_match(key, cert.key), "its key");
    pay_cert_make(arena, &again, serial, "throwaway", 1577836800, 2524608000,
                  key);
    ok(pay_str_eq(pem, again), "made again: the same");
    is_int(pay_cert_make(arena, &again, serial, "throwaway", 0, 1, cert.key),
           PAY_ERROR, "a public key signs nothing");

    pay_key_unref(cert.key);
    pay_key_unref(key);
}


int
main(void)
{
    yajl_val  root, keys;

    arena = pay_arena_create(0);
    root = tree_read("t/vectors/wechatpay-v3.json");
    keys = member(root, "keys");

    test_open(keys, section(root, "sensitive_fields", 3));
    test_cert(keys);

    yajl_tree_free(root);
    pay_arena_destroy(arena);

    return done();
}
