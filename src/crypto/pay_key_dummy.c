
/*
 * Copyright (C) the ngx_pay authors
 *
 * Public keys whose private halves were thrown away when they were made.
 * Nothing is ever taken because it verifies under one of them: they are here
 * for the time that it takes to find that it does not.
 */

#include <base/pay_base.h>
#include <crypto/pay_crypto.h>


static const char  pay_dummy_rsa[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAriBj/E/MfcMegNQM9hE9\n"
    "h3BboH2oQK74SBmCXifSbHtYPk0HK6Ha+goeVGxEg6pIe1GbGMgSlgeQmp04snT6\n"
    "JqQzWdSPmLwUSWPWm4xjhrbN1s1lUIouJQXKAnnP4s5O3Hlt3rSGxs3pQWQIeATU\n"
    "00KAN0b0g11nzuqChZbsR6RTxbmVbM/Em5a6xPVeNQrDearBs8cSub9bHCS2kJiH\n"
    "PRchB1oPao6NsDPfx4cwaGoTPAE00dmpQyh63vOdSRuE4g1dIDhKX5HaCBjFfvW6\n"
    "2WfunAnsNbRWLtkcxYVub5Aao3lVSc1W5iw9seLs9FaVcLyruVRfet4k6YDIO8ob\n"
    "nwIDAQAB\n"
    "-----END PUBLIC KEY-----\n";

static const char  pay_dummy_ec[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEJZQzzJBeFP0WS9JJkj7SOB+JlZie\n"
    "V+JKYGHfjou4kFg31nPF0LzecLh5nQO0U05E7dwmIqsC870W5sMjEWX/XQ==\n"
    "-----END PUBLIC KEY-----\n";

static const char  pay_dummy_ed25519[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEANRI6W1gb+/Foi9PjJIi9BHfrWjjWfTjDSKLRc2XRXGc=\n"
    "-----END PUBLIC KEY-----\n";

static const char  pay_dummy_sm2[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoEcz1UBgi0DQgAEe+lzNL1tBa37e2XPGFK8QmhhgfYG\n"
    "WJsqpxvAixjqKiZdp7luSphgxAMhy/xoZzPzeOncrEQCYcnoha0oMsWNeA==\n"
    "-----END PUBLIC KEY-----\n";


static const char *const  pay_dummies[PAY_ALG_MAX] = {
    [PAY_ALG_RSA_SHA256] = pay_dummy_rsa,
    [PAY_ALG_RSA_PSS_SHA512] = pay_dummy_rsa,
    [PAY_ALG_ECDSA_P256_SHA256] = pay_dummy_ec,
    [PAY_ALG_ED25519] = pay_dummy_ed25519,
    [PAY_ALG_SM2_SM3] = pay_dummy_sm2
};


pay_key_t *
pay_key_dummy(pay_alg_t alg)
{
    pay_key_t   *k;
    const char  *why;

    if (alg >= PAY_ALG_MAX || pay_dummies[alg] == NULL) {
        return NULL;
    }

    pay_key_public_pem(pay_strz(pay_dummies[alg]), 1u << alg, &k, &why);

    return k;
}
