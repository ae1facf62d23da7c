#!/usr/bin/env node
/*
 * Copyright (C) the ngx_pay authors
 *
 * standardwebhooks as the judge of the events that an application gets, and
 * the sandbox's inbox as the judge of what standardwebhooks signs.
 */

import crypto from 'node:crypto';

import { Webhook } from 'standardwebhooks';

import { recorder, reply, send } from './lib/http.mjs';
import { sandbox, secret } from './lib/sandbox.mjs';
import { block, dies, is, like, main, ok } from './lib/tap.mjs';
import { create, inbox, now, orderId, press } from './lib/gateway.mjs';

const WINDOW = 300;


await main(async () => {
    let answer = () => reply(200);

    const app = await recorder((request) => answer(request));

    // a second secret, as while one is being replaced

    const rotated = `whsec_${crypto.randomBytes(24).toString('base64')}`;

    const { ports } = await sandbox({
        files: { 'keys/rotated.whsec': `${rotated}\n` },
        edits: () => [
            ['webhook_secret  keys/demo.whsec;',
             'webhook_secret  keys/demo.whsec;\n' +
             '        webhook_secret  keys/rotated.whsec;'],
            ['stand-in that lists what it gets\n            ' +
             'proxy_pass  http://127.0.0.1:8082/sandbox/inbox;',
             'stand-in\n            ' +
             `proxy_pass http://127.0.0.1:${app.port}/pay?from=location;`]
        ]
    });

    const judge = new Webhook(secret('demo.whsec'));
    const other = new Webhook(
        `whsec_${crypto.randomBytes(32).toString('base64')}`);

    const paid = async () => {
        const order_id = orderId();
        await create(ports.gateway, { order_id });
        const pressed = await press(ports.channel, order_id);
        return { order_id, notices: pressed.notices };
    };

    // the library reads the clock: for once it is another time

    const at = (ms, f) => {
        const real = Date.now;
        Date.now = () => ms;

        try {
            return f();

        } finally {
            Date.now = real;
        }
    };


    await block('an event', async () => {
        const { order_id: id, notices } = await paid();

        is(app.requests.length, 1, 'one event');

        const event = app.requests[0];
        const { headers, body } = event;
        const names = event.list.map(([name]) => name.toLowerCase());

        is(event.method, 'POST', 'by POST');
        is(event.target, '/pay?from=location',
           'to what proxy_pass says, without a query of the channel\'s');
        is(headers['content-type'], 'application/json', 'JSON');
        is(names.filter((name) => /^(wechatpay|authorization|pragma)/
            .test(name)), [], 'H-3: none of the channel\'s headers');
        is(names.filter((name) => name.startsWith('webhook-')).sort(),
           ['webhook-id', 'webhook-signature', 'webhook-timestamp'],
           'H-4: the three headers of Standard Webhooks, each once');

        const got = judge.verify(body, headers);

        is(got, JSON.parse(body), 'the library verifies it');
        is(new Webhook(rotated).verify(body, headers), got,
           'K-17: and under the other secret, too');
        is(judge.verify(event.bytes, headers), got, 'and its bytes');
        is([got.type, got.data.object.order_id, headers['webhook-id']],
           ['payment.succeeded', id, got.id],
           'webhook-id is the id of the event');
        like(got.id, /^evt_[a-z2-7]{26}$/, 'the form of an id');
        like(headers['webhook-timestamp'], /^[0-9]{10}$/, 'timestamp');
        ok(Math.abs(Number(headers['webhook-timestamp']) - now()) <= 10,
           'the timestamp is now', headers['webhook-timestamp']);
        like(headers['webhook-signature'],
             /^v1,[0-9A-Za-z+/]{43}= v1,[0-9A-Za-z+/]{43}=$/,
             'a signature for each secret');

        const timestamp = new Date(headers['webhook-timestamp'] * 1000);

        is(headers['webhook-signature'],
           [judge, new Webhook(rotated)].map((each) =>
               each.sign(got.id, timestamp, body)).join(' '),
           'they are those that the library makes');
        is(notices.map((each) => [each.event, each.application_status]),
           [[got.id, 200]], 'the checkout page tells of this event');
    });


    await block('what the library refuses', async () => {
        const { headers, body } = app.requests[0];
        const verify = (change, text = body) =>
            judge.verify(text, { ...headers, ...change });
        const none = /^No matching signature found$/;

        is(verify({}).object, undefined, 'as it came: verified');

        await dies(() => verify({}, body.replace('"amount":100',
                                                 '"amount":101')),
                   none, 'W-1: another amount');
        await dies(() => verify({}, body.replace('{', '{ ')), none,
                   'C-19: a space in the body');
        await dies(() => verify({}, ''), none, 'no body');
        await dies(() => verify({ 'webhook-id': 'evt_other' }), none,
                   'another id');
        await dies(() => verify({
            'webhook-timestamp': String(Number(headers['webhook-timestamp']) +
                                        1)
        }), none, 'R-12: another timestamp');
        await dies(() => verify({
            'webhook-signature': headers['webhook-signature']
                .replaceAll('v1,', 'v2,')
        }), none, 'K-1: another version');
        await dies(() => verify({
            'webhook-signature': headers['webhook-signature']
                .replace(/v1,./g, (text) =>
                    (text === 'v1,A' ? 'v1,B' : 'v1,A'))
        }), none, 'another signature');
        await dies(() => verify({ 'webhook-signature': undefined }),
                   /^Missing required headers$/, 'C-11: no signature');
        await dies(() => other.verify(body, headers), none,
                   'another secret');
    });


    await block('R-10: a stale timestamp', async () => {
        const { headers, body } = app.requests[0];
        const made = Number(headers['webhook-timestamp']) * 1000;
        const verify = (s) => at(made + s * 1000,
                                 () => judge.verify(body, headers).type);

        is(verify(WINDOW), 'payment.succeeded', 'after 300 s: verified');
        await dies(() => verify(WINDOW + 1), /too old/,
                   'after 301 s: refused');
        await dies(() => verify(-WINDOW - 1), /too new/,
                   '301 s too early: refused');
    });


    await block('an event that the application does not take', async () => {
        const before = app.requests.length;
        let copies = 0;
        answer = () => reply(++copies === 1 ? 500 : 200);

        const { notices } = await paid();
        answer = () => reply(200);

        const [first, second, ...more] = app.requests.slice(before);

        is(more.length, 0, 'it comes twice');
        is(notices.map((each) => [each.application_status,
                                  each.acknowledgement.status]),
           [[500, 503], [200, 204]],
           'W-9: the channel is told so, and then that it was taken');
        is([second.headers['webhook-id'], second.body.length > 0],
           [first.headers['webhook-id'], true], 'with the same id');
        is([judge.verify(first.body, first.headers).id,
            judge.verify(second.body, second.headers).id],
           [first.headers['webhook-id'], first.headers['webhook-id']],
           'and verified both times');
        ok(Number(second.headers['webhook-timestamp']) >
           Number(first.headers['webhook-timestamp']),
           'signed anew, with the time of the second try');
    });


    // the inbox is what we show an application's author: it must be right

    await block('the inbox verifies what the library signs', async () => {
        const body = JSON.stringify({ id: 'evt_1', merchant: 'demo',
                                      text: '中文 \u{1f600}' });

        const post = async (signer, change = {}, seconds = now()) => {
            const headers = {
                'Content-Type': 'application/json',
                'webhook-id': 'evt_1',
                'webhook-timestamp': String(seconds),
                'webhook-signature': signer.sign(
                    'evt_1', new Date(seconds * 1000), body),
                ...change.headers
            };

            const { status } = await send(ports.channel, {
                method: 'POST', target: '/sandbox/inbox', headers,
                body: change.body ?? body
            });

            const [newest] = await inbox(ports.channel);
            return [status, newest.verified];
        };

        is(await post(judge), [200, true], 'taken');
        is(await post(new Webhook(rotated)), [200, true],
           'taken under the other secret');
        is(await post(judge, {
            headers: { 'webhook-signature':
                `v1,AAAA v1a,x ${judge.sign('evt_1', new Date(now() * 1000),
                                            body)}`,
                       'webhook-timestamp': String(now()) }
        }), [200, true], 'taken among signatures for others');
        is(await post(judge, {}, now() - 290), [200, true], '290 s old: taken');
        is(await post(judge, {}, now() - 302), [401, false],
           '302 s old: refused');
        is(await post(judge, {}, now() + 302), [401, false],
           '302 s ahead: refused');
        is(await post(other), [401, false], 'another secret: refused');
        is(await post(judge, { body: `${body} ` }), [401, false],
           'another body: refused');
        is(await post(judge, { headers: { 'webhook-id': 'evt_2' } }),
           [401, false], 'another id: refused');
    });
});
