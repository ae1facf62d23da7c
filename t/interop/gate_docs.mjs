#!/usr/bin/env node
/*
 * Copyright (C) the ngx_pay authors
 *
 * What docs/gate.md tells an operator to do, done: each block of commands is
 * run, and each block of nginx.conf is given to nginx -t.
 */

import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

import { createSigner, httpbis } from 'http-message-signatures';

import { answer, directory, gate, root, run } from './lib/gate.mjs';
import { block, is, main, ok } from './lib/tap.mjs';

const LIMIT_MS = 120000;

const page = fs.readFileSync(path.join(root, 'docs/gate.md'), 'utf8');


// what is not included from a file: that is run by the tests of snippets

function blocks(language) {
    const own = page.replace(/^<!-- \S.*? -->\n.*?^<!-- end -->\n/gms, '');
    const fence = new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms');

    return [...own.matchAll(fence)].map((match) => match[1]);
}


function first(text) {
    return text.split('\n').find((line) => line !== '').trim();
}


await main(async () => {
    const dir = directory();
    const commands = blocks('sh');
    const asks = (text) => text.includes('http://');

    // the directory of nginx.conf is ours here

    const sh = async (text) => {
        const script = text.replaceAll('/etc/nginx/', `${dir}/`);
        const { status, out, err } =
            await run('sh', ['-euc', script], { cwd: dir });

        ok(status === 0, `runs: ${first(script)} ...`, script, err);

        return out;
    };

    for (const name of ['docs', 'tools']) {
        fs.symlinkSync(path.join(root, name), path.join(dir, name));
    }


    await block('keys', async () => {
        for (const script of commands.filter((text) => !asks(text))) {
            await sh(script);
        }
    });

    const keys = fs.readdirSync(path.join(dir, 'keys'));
    const files = Object.fromEntries(keys.map((name) =>
        [`keys/${name}`, fs.readFileSync(path.join(dir, 'keys', name))]));

    is(keys, ['shop-a.e1.pem', 'shop-a.k1', 'shop-a.p1.pem', 'shop-a.r1.pem',
              'shop-a.s1.pem'], 'a file for each key');
    is(fs.statSync(path.join(dir, 'keys/shop-a.k1')).mode & 0o77, 0,
       'nobody else reads the secret');


    await block('requests', async () => {
        const { ports, app } = await gate({
            files,
            merchant: '        public_key e1 keys/shop-a.e1.pem;\n'
        });

        const outs = [];

        for (const script of commands.filter(asks)) {
            outs.push(await sh(script.replaceAll(
                '127.0.0.1:8080', `127.0.0.1:${ports.gateway}`)));
        }

        is(JSON.parse(outs[0]).code, 'signature_missing',
           'without a signature');
        is(outs.slice(1), [answer, answer, `${answer}\n200\n`],
           'by paycurl with a secret, with a private key, by Python');
        is(app.requests.map((each) =>
            [each.target, each.headers['x-merchant'], each.body]),
           Array(3).fill(['/admin/orders', 'shop-a', '{"any":"thing"}']),
           'the application has them');
    });


    await block('the example of RFC 9421', async () => {
        const message = blocks('').find((each) => each.startsWith('POST /'));
        const [head, body] = message.split('\n\n');
        const [line, ...lines] = head.split('\n');
        const target = line.split(' ')[1];
        const given = Object.fromEntries(lines.map((each) =>
            each.split(/: (.*)/)));
        const digest = crypto.createHash('sha256').update(body.trim())
            .digest('base64');

        const { headers } = await httpbis.signMessage({
            key: createSigner('ngx-pay-demo-secret', 'hmac-sha256'),
            name: 'pay',
            fields: ['@method', '@authority', '@path', '@query',
                     'content-digest'],
            params: ['created', 'nonce', 'keyid', 'tag'],
            paramValues: {
                created: new Date(1795305600000),
                nonce: '9f3c1f0a6f3b4b1e8d1c7a0e5b2d4c66',
                keyid: 'shop-a/k1',
                tag: 'ngx-pay'
            }
        }, {
            method: 'POST',
            url: `https://${given.Host}${target}`,
            headers: { 'Content-Digest': `sha-256=:${digest}:` }
        });

        is({ ...headers, Host: given.Host }, given,
           'is what http-message-signatures makes of it');
    });


    await block('nginx.conf', async () => {
        const module = process.env.PAY_MODULE ??
            path.join(root, 'build/module/ngx_http_pay_module.so');

        for (const name of ['logs', 'html']) {
            fs.mkdirSync(path.join(dir, name));
        }

        for (const text of blocks('nginx')) {
            const conf = [
                module === '' ? '' : `load_module ${module};`,
                'pid logs/pid; error_log stderr; events { } http {',
                text.replaceAll('127.0.0.1:8080', 'unix:test.sock'),
                '}'
            ].join('\n');

            fs.writeFileSync(path.join(dir, 'nginx.conf'), conf);

            const { status, err } = await run(
                process.env.NGINX_BIN || '/usr/sbin/nginx',
                ['-t', '-e', 'stderr', '-p', `${dir}/`, '-c', 'nginx.conf'],
                { cwd: dir });

            ok(status === 0, `nginx -t: ${first(text)} ...`, text, err);
        }
    });
}, LIMIT_MS);
