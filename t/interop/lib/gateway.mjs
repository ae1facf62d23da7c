/*
 * Copyright (C) the ngx_pay authors
 *
 * The gateway as a merchant meets it, in node's own crypto: a request signed
 * by section 6 of docs/design.md, the buttons, the inbox.
 */

import crypto from 'node:crypto';

import { send } from './http.mjs';
import { secret } from './sandbox.mjs';


export function now() {
    return Math.floor(Date.now() / 1000);
}


let orders = 0;

// fits every channel: 8 to 30 characters of [A-Za-z0-9]

export function orderId() {
    return `I${now()}${process.pid % 100000}N${++orders}`;
}


export function sign({ method, target, timestamp, nonce, body }, bytes) {
    return crypto.createHmac('sha256', bytes)
        .update(`${method}\n${target}\n${timestamp}\n${nonce}\n`)
        .update(body ?? '')
        .update('\n')
        .digest('base64');
}


/*
 * A signed request, ready for send().  The timestamp is ahead by two seconds:
 * a zone that has just been made takes nothing from before its birth.
 */

export function request(method, target, body, options = {}) {
    const {
        timestamp = String(now() + 2),
        nonce = crypto.randomBytes(16).toString('hex'),
        headers = []
    } = options;

    const signature = sign({ method, target, timestamp, nonce, body },
                           secret('demo.k1'));

    return {
        method,
        target,
        body,
        headers: [
            ['Authorization',
             'PAY-HMAC-SHA256 merchant="demo",key="k1",' +
             `timestamp="${timestamp}",nonce="${nonce}",` +
             `signature="${signature}"`],
            ...(body === undefined
                ? [] : [['Content-Type', 'application/json']]),
            ...headers
        ]
    };
}


export function call(port, method, target, body, options) {
    return send(port, request(method, target, body, options));
}


export function create(port, order, options) {
    return call(port, 'POST', '/v1/payments', JSON.stringify({
        amount: 100,
        currency: 'CNY',
        description: 'interop',
        method: 'qr_code',
        channel: 'wechat',
        ...order
    }), options);
}


// a button of the pay page; the JSON of what it did

export async function press(port, id, action = 'pay', channel = 'wechat') {
    const answer = await send(port, {
        method: 'POST',
        target: `/sandbox/checkout/${channel}/${id}`,
        headers: [['Accept', 'application/json'],
                  ['Content-Type', 'application/x-www-form-urlencoded']],
        body: `action=${action}`
    });

    if (answer.status !== 200) {
        throw new Error(`${action} ${id}: ${answer.status} ${answer.body}`);
    }

    return answer.json();
}


// the events that the stand-in of an application has got, newest first

export async function inbox(port) {
    const answer = await send(port, {
        target: '/sandbox/inbox',
        headers: [['Accept', 'application/json']]
    });

    return answer.json().events;
}
