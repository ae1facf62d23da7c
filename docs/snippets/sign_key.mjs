// Signs and sends one request with a private key (PEM; RSA, P-256, Ed25519):
// node sign_key.mjs METHOD URL [BODY]

import { createPrivateKey, randomBytes, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';

const [method, url, body = ''] = process.argv.slice(2);
const { PAY_MERCHANT, PAY_KEY, PAY_PRIVATE_KEY_FILE } = process.env;

const key = createPrivateKey(readFileSync(PAY_PRIVATE_KEY_FILE));
const [scheme, digest] = {
    rsa: ['PAY-RSA-SHA256', 'sha256'],
    ec: ['PAY-ECDSA-P256-SHA256', 'sha256'],
    ed25519: ['PAY-ED25519', null]
}[key.asymmetricKeyType];

const { pathname, search } = new URL(url);
const target = pathname + search;               // path and query as sent
const timestamp = Math.floor(Date.now() / 1000);
const nonce = randomBytes(16).toString('hex');

const text = [method, target, timestamp, nonce, body, ''].join('\n');
const signature = sign(digest, Buffer.from(text), key).toString('base64');

const answer = await fetch(url, {
    method,
    body: body || undefined,
    headers: {
        'Authorization': `${scheme} ` + [
            `merchant="${PAY_MERCHANT}"`,
            `key="${PAY_KEY}"`,
            `timestamp="${timestamp}"`,
            `nonce="${nonce}"`,
            `signature="${signature}"`
        ].join(','),
        'Content-Type': 'application/json'
    }
});

console.log(await answer.text());
console.log(answer.status);
