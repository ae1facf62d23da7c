#!/usr/bin/env node
/*
 * Copyright (C) the ngx_pay authors
 *
 * The programs of docs/snippets that sign by a secret, each run against the
 * gate of conf-examples.
 */

import path from 'node:path';

import { directory, gate, judge, judgeGet, snippet } from './lib/gate.mjs';
import { block, main } from './lib/tap.mjs';

const LIMIT_MS = 600000;

const SNIPPETS = ['sign.sh', 'sign.py', 'sign.mjs', 'sign.php', 'sign.go',
                  'Sign.java', 'sign_rfc9421.py'];


await main(async () => {
    const site = await gate({
        files: { 'keys/other.k1': 'another-secret-of-the-shop\n' }
    });
    const dir = directory();

    const file = (name) => path.join(site.conf, 'keys', name);

    for (const name of SNIPPETS) {
        await block(name, async () => {
            const program = snippet(name, dir);

            if (program === null) {
                return;
            }

            const env = {
                PAY_MERCHANT: 'shop-a',
                PAY_KEY: 'k1',
                PAY_SECRET_FILE: file('shop-a.k1')
            };

            await judge(site, name, program, {
                env, wrong: { PAY_SECRET_FILE: file('other.k1') }
            });
            await judgeGet(site, name, program, { env });
        });
    }
}, LIMIT_MS);
