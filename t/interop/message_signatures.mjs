#!/usr/bin/env node
/*
 * Copyright (C) the ngx_pay authors
 *
 * http-message-signatures as a merchant's client: RFC 9421 with RFC 9530, by
 * each kind of key, and what the gate refuses of it.
 */

import crypto from 'node:crypto';

import { createSigner, httpbis } from 'http-message-signatures';

import { answer, gate } from './lib/gate.mjs';
import { send } from './lib/http.mjs';
import { key } from './lib/sandbox.mjs';
import { block, is, main } from './lib/tap.mjs';
import { now, sign } from './lib/gateway.mjs';

const LIMIT_MS = 120000;

const HOST = 'app.example.com';
const TARGET = '/admin/orders?lang=zh&q=%2Fa+b';
const BODY = '{"any":"thing","名":"值"}';

const FIELDS = ['@method', '@authority', '@path', '@query'];
const PARAMS = ['created', 'nonce', 'keyid', 'tag'];

const secret = key('shop-a.k1', 'gate').toString().trim();

const pem = { type: 'spki', format: 'pem' };
const pairs = {
    rsa: crypto.generateKeyPairSync('rsa', { modulusLength: 2048 }),
    p256: crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    ed25519: crypto.generateKeyPairSync('ed25519')
};

// the names that RFC 9421 has for them

const KEYS = {
    k1: [secret, 'hmac-sha256'],
    rsa: [pairs.rsa.privateKey, 'rsa-v1_5-sha256'],
    p256: [pairs.p256.privateKey, 'ecdsa-p256-sha256'],
    ed25519: [pairs.ed25519.privateKey, 'ed25519']
};


function digest(body, name = 'sha256', label = 'sha-256') {
    return `${label}=:${crypto.createHash(name).update(body)
        .digest('base64')}:`;
}


function nonce() {
    return crypto.randomBytes(16).toString('hex');
}


/*
 * A signed request, ready for send().  by: the key; values: parameters that
 * differ, null for one that is left out; fields, params, headers: in place of
 * the usual ones; with: a signature that is there before.
 */

async function signed({
    by = 'k1', method = 'POST', target = TARGET, body = BODY,
    headers = body === undefined ? {} : { 'Content-Digest': digest(body) },
    fields = body === undefined ? FIELDS : [...FIELDS, 'content-digest'],
    params = PARAMS, values = {}, signer
} = {}) {
    const [bytes, alg] = KEYS[by];

    const message = await httpbis.signMessage({
        key: signer ?? createSigner(bytes, alg),
        name: 'pay',
        fields,
        params: params.filter((name) => values[name] !== null),
        paramValues: {
            created: new Date((now() + 2) * 1000),
            nonce: nonce(),
            keyid: `shop-a/${by}`,
            tag: 'ngx-pay',
            ...values
        }
    }, { method, url: `http://${HOST}${target}`, headers });

    return {
        method,
        target,
        body,
        headers: { Host: HOST, ...message.headers }
    };
}


await main(async () => {
    const files = {};
    let merchant = '';

    for (const [name, { publicKey }] of Object.entries(pairs)) {
        files[`keys/${name}.pem`] = publicKey.export(pem);
        merchant += `        public_key ${name} keys/${name}.pem;\n`;
    }

    const { ports, app } = await gate({ merchant, files });

    const tell = async (request) => {
        const got = await send(ports.gateway, request);
        return got.status === 200 ? 200 : [got.status, got.json().code];
    };

    // refused, and the application has not seen it

    const refused = async (name, want, request) => {
        const before = app.requests.length;

        is(await tell(await request), want, name);
        is(app.requests.length, before, `${name}: not forwarded`);
    };

    const mismatch = [401, 'signature_mismatch'];
    const malformed = [400, 'signature_malformed'];
    const missing = [401, 'signature_missing'];
    const late = [401, 'timestamp_out_of_window'];


    for (const by of Object.keys(KEYS)) {
        await block(`RFC 9421, ${by}`, async () => {
            const request = await signed({ by });
            const got = await send(ports.gateway, request);
            const seen = app.requests.at(-1);

            is([got.status, got.body], [200, answer], `${by}: a POST`);
            is([seen.method, seen.target, seen.body,
                seen.headers['x-merchant']],
               ['POST', TARGET, BODY, 'shop-a'],
               `${by}: the application sees it, and the merchant`);

            await refused(`R-1: ${by}: the same bytes again`,
                          [409, 'nonce_replayed'], request);
            await refused(`C-23: ${by}: another body`, mismatch,
                          signed({ by }).then((each) => ({
                              ...each, body: BODY.replace('thing', 'other')
                          })));
            await refused(`C-23: ${by}: another body and its digest`,
                          mismatch, signed({ by }).then((each) => ({
                              ...each,
                              body: 'other',
                              headers: { ...each.headers,
                                         'Content-Digest': digest('other') }
                          })));
            is(await tell(await signed({ by, method: 'GET',
                                         body: undefined })), 200,
               `${by}: a GET without a digest`);
            is(await tell(await signed({ by, params: [...PARAMS, 'alg'] })),
               200, `${by}: with the algorithm's name`);

            const other = by === 'k1' ? 'ed25519' : 'hmac-sha256';

            await refused(`K-2: ${by}: with the name ${other}`, mismatch,
                          signed({
                by, params: [...PARAMS, 'alg'], values: { alg: other }
            }));
            await refused(`K-1: ${by}: with a name that nobody has`,
                          [401, 'algorithm_not_allowed'], signed({
                by, params: [...PARAMS, 'alg'], values: { alg: 'none' }
            }));
        });
    }


    await block('what a signature may have', async () => {
        const good = async (name, options) => {
            is(await tell(await signed(options)), 200, name);
        };

        await good('more components', {
            fields: ['content-type', ...FIELDS, 'content-digest',
                     '@target-uri', '@scheme'],
            headers: { 'Content-Type': 'application/json',
                       'Content-Digest': digest(BODY) }
        });
        await good('expires, in time', {
            params: [...PARAMS, 'expires'],
            values: { expires: new Date((now() + 60) * 1000) }
        });
        await good('parameters in another order', {
            params: ['tag', 'keyid', 'nonce', 'created']
        });
        await good('an empty query', { target: '/admin/' });
        await good('sha-512', {
            headers: { 'Content-Digest': digest(BODY, 'sha512', 'sha-512') }
        });
        await good('both digests', {
            headers: { 'Content-Digest': [
                digest(BODY), digest(BODY, 'sha512', 'sha-512')].join(', ') }
        });
        await good('the application\'s own Authorization', {
            headers: { 'Content-Digest': digest(BODY),
                       'Authorization': 'Bearer token' }
        });

        // a signature for somebody else is there already

        const first = await signed({ values: { tag: 'other-app' } });
        const { Host: _, ...headers } = first.headers;

        await good('a second signature, of another tag', { headers });
    });


    await block('what it must have', async () => {
        for (const field of [...FIELDS, 'content-digest']) {
            await refused(`C-23: without ${field}`, malformed, signed({
                fields: [...FIELDS, 'content-digest'].filter((each) =>
                    each !== field)
            }));
        }

        for (const param of ['created', 'keyid', 'nonce']) {
            await refused(`without ${param}`, malformed,
                          signed({ values: { [param]: null },
                                   params: PARAMS.filter((each) =>
                                       each !== param) }));
        }

        await refused('without a tag', missing,
                      signed({ params: ['created', 'nonce', 'keyid'] }));
        await refused('with another tag', missing,
                      signed({ values: { tag: 'other-app' } }));
        await refused('R-13: a short nonce', [400, 'nonce_invalid'],
                      signed({ values: { nonce: 'abcdefghijklmno' } }));
        await refused('one of two digests is wrong', mismatch, signed({
            headers: { 'Content-Digest': [
                digest(BODY), digest('x', 'sha512', 'sha-512')].join(', ') }
        }));
        await refused('a digest that does not count', malformed, signed({
            headers: { 'Content-Digest': digest(BODY, 'md5', 'md5') }
        }));
        await refused('C-11: Signature-Input alone', malformed,
                      signed().then(({ headers: { Signature: _, ...rest },
                                       ...each }) =>
                          ({ ...each, headers: rest })));
    });


    await block('what does not hold', async () => {
        await refused('K-13: an unknown key', mismatch,
                      signed({ values: { keyid: 'shop-a/none' } }));
        await refused('K-13: an unknown merchant', mismatch,
                      signed({ values: { keyid: 'nobody/k1' } }));
        await refused('another secret', mismatch, signed({
            signer: createSigner('another-secret-of-it', 'hmac-sha256')
        }));
        await refused('K-3: HMAC by the text of a public key', mismatch,
                      signed({
            values: { keyid: 'shop-a/rsa' },
            signer: createSigner(files['keys/rsa.pem'], 'hmac-sha256')
        }));
        await refused('another host', mismatch, signed().then((each) => ({
            ...each, headers: { ...each.headers, Host: 'evil.example.com' }
        })));
        await refused('another query', mismatch, signed().then((each) => ({
            ...each, target: TARGET.replace('zh', 'en')
        })));
        await refused('C-7: another encoding of the query', mismatch,
                      signed().then((each) => ({
            ...each, target: TARGET.replace('%2F', '%2f')
        })));
        await refused('R-10: 302 s old', late, signed({
            values: { created: new Date((now() - 302) * 1000) }
        }));
        await refused('R-12: 302 s ahead', late, signed({
            values: { created: new Date((now() + 310) * 1000) }
        }));
        await refused('expired', late, signed({
            params: [...PARAMS, 'expires'],
            values: { expires: new Date((now() - 1) * 1000) }
        }));
    });


    await block('both forms share their nonces', async () => {
        const used = nonce();
        const timestamp = String(now() + 2);
        const signature = sign({ method: 'GET', target: '/admin/', nonce: used,
                                 timestamp }, secret);

        const request = {
            target: '/admin/',
            headers: {
                Host: HOST,
                Authorization: 'PAY-HMAC-SHA256 merchant="shop-a",key="k1",' +
                    `timestamp="${timestamp}",nonce="${used}",` +
                    `signature="${signature}"`
            }
        };

        is(await tell(await signed({ values: { nonce: used } })), 200,
           'a message signature');
        await refused('R-1: its nonce in the five lines',
                      [409, 'nonce_replayed'], request);
    });
}, LIMIT_MS);
