#!/usr/bin/env node
/*
 * Copyright (C) the ngx_pay authors
 *
 * The programs of docs/snippets that sign by a private key, each run with
 * each kind of key against the gate of conf-examples.
 */

import path from 'node:path';

import { directory, gate, judge, run, snippet } from './lib/gate.mjs';
import { block, main } from './lib/tap.mjs';

const LIMIT_MS = 600000;

// what openssl genpkey needs, and what Java calls it

const KINDS = {
    rsa: ['RSA', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'],
    p256: ['EC', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
    ed25519: ['Ed25519', '-algorithm', 'ed25519'],
    sm2: ['SM2', '-algorithm', 'SM2']
};

const SNIPPETS = {
    'sign_key.sh': ['rsa', 'p256', 'ed25519', 'sm2'],
    'sign_key.py': ['rsa', 'p256'],
    'sign_key.mjs': ['rsa', 'p256', 'ed25519'],
    'sign_key.php': ['rsa', 'p256'],
    'sign_key.go': ['rsa', 'p256', 'ed25519'],
    'SignKey.java': ['rsa', 'p256', 'ed25519']
};


async function pair(dir, name, options) {
    const key = path.join(dir, `${name}.key`);

    await run('openssl', ['genpkey', ...options, '-out', key]);
    const { out } = await run('openssl', ['pkey', '-in', key, '-pubout']);

    return out;
}


await main(async () => {
    const dir = directory();
    const files = {};
    let merchant = '';

    for (const [kind, [, ...options]] of Object.entries(KINDS)) {
        files[`keys/${kind}.pem`] = await pair(dir, kind, options);
        await pair(dir, `other_${kind}`, options);
        merchant += `        public_key ${kind} keys/${kind}.pem;\n`;
    }

    const site = await gate({ merchant, files });

    for (const [name, kinds] of Object.entries(SNIPPETS)) {
        for (const kind of kinds) {
            const args = name.endsWith('.sh') ? [kind]
                : name.endsWith('.java') ? [KINDS[kind][0]] : [];

            await block(`${name}, ${kind}`, async () => {
                const program = snippet(name, dir, args);

                if (program === null) {
                    return;
                }

                await judge(site, `${name}, ${kind}`, program, {
                    env: {
                        PAY_MERCHANT: 'shop-a',
                        PAY_KEY: kind,
                        PAY_PRIVATE_KEY_FILE: path.join(dir, `${kind}.key`)
                    },
                    wrong: {
                        PAY_PRIVATE_KEY_FILE:
                            path.join(dir, `other_${kind}.key`)
                    }
                });
            });
        }
    }
}, LIMIT_MS);
