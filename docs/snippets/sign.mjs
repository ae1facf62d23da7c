// Signs and sends one request:  node sign.mjs METHOD URL [BODY]

import { createHmac, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';

const [method, url, body = ''] = process.argv.slice(2);
const { PAY_MERCHANT, PAY_KEY, PAY_SECRET_FILE } = process.env;

const secret = Buffer.from(
    readFileSync(PAY_SECRET_FILE, 'latin1').replace(/\r?\n$/, ''), 'latin1');

const { pathname, search } = new URL(url);
const target = pathname + search;               // path and query as sent
const timestamp = Math.floor(Date.now() / 1000);
const nonce = randomBytes(16).toString('hex');

const text = [method, target, timestamp, nonce, body, ''].join('\n');
const signature = createHmac('sha256', secret).update(text).digest('base64');

const answer = await fetch(url, {
    method,
    body: body || undefined,
    headers: {
        'Authorization': 'PAY-HMAC-SHA256 ' + [
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
