#!/usr/bin/env node
/*
 * Copyright (C) the ngx_pay authors
 *
 * wechatpay-node-v3 as the judge of what our driver sends: a recorder stands
 * between the gateway and the simulated channel.
 */

import crypto from 'node:crypto';

import { forward, recorder, send } from './lib/http.mjs';
import { sandbox, secret } from './lib/sandbox.mjs';
import { block, is, like, main, ok } from './lib/tap.mjs';
import { call, create, now, orderId } from './lib/gateway.mjs';
import * as wechat from './lib/wechatpay.mjs';

const NATIVE = '/v3/pay/transactions/native';
const NUMBER = '/v3/pay/transactions/out-trade-no';


await main(async () => {
    let channel;
    let alter = (answer) => answer;

    const wire = await recorder(async (request) =>
        alter(await forward(channel, request)));

    const { ports } = await sandbox({
        edits: () => [['host                  http://127.0.0.1:8082;',
                       `host http://127.0.0.1:${wire.port};`]]
    });

    const { gateway } = ports;
    channel = ports.channel;

    const notify = `http://127.0.0.1:${gateway}/notify/wechat`;
    const judge = wechat.sdk();

    // the requests since the last look

    let seen = 0;
    const recorded = () => {
        const list = wire.requests.slice(seen);
        seen = wire.requests.length;
        return list;
    };


    // what holds for each of our requests, whatever it asks for

    const nonces = new Set();

    const sound = (name, request, method, target) => {
        const { headers, list, body } = request;

        is([request.method, request.target], [method, target],
           `${name}: method and target`);

        const names = ['accept', 'authorization', 'host', 'user-agent',
                       'wechatpay-serial'];

        if (method === 'POST') {
            names.push('content-length', 'content-type');
            is(headers['content-type'], 'application/json',
               `${name}: Content-Type`);
            is(headers['content-length'], String(request.bytes.length),
               `${name}: Content-Length`);

        } else {
            is(body, '', `${name}: no body`);
        }

        is(list.map(([header]) => header.toLowerCase()).sort(), names.sort(),
           `H-3: ${name}: these headers, each once, and no other`);
        is([headers.host, headers.accept, headers['user-agent'],
            headers['wechatpay-serial']],
           [`127.0.0.1:${wire.port}`, 'application/json', 'ngx_pay',
            wechat.platform], `${name}: their values`);

        const auth = wechat.authorization(headers.authorization);

        is(Object.keys(auth ?? {}).sort(),
           ['mchid', 'nonce_str', 'scheme', 'serial_no', 'signature',
            'timestamp'], `${name}: Authorization has its five parts`);
        is([auth.scheme, auth.mchid, auth.serial_no],
           [judge.authType, wechat.mchid, wechat.serial],
           `${name}: scheme, merchant, serial number of the certificate`);
        is(auth.serial_no.toLowerCase(), judge.getSN(),
           `${name}: the number that the SDK reads from the certificate`);
        like(auth.nonce_str, /^[0-9A-Za-z]{32}$/, `${name}: nonce`);
        like(auth.timestamp, /^[0-9]{10}$/, `${name}: timestamp`);
        ok(Math.abs(Number(auth.timestamp) - now()) <= 10,
           `${name}: the timestamp is now`, auth.timestamp);
        ok(!nonces.has(auth.nonce_str), `${name}: a nonce never used before`);
        nonces.add(auth.nonce_str);

        const signature = judge.getSignature(
            method, auth.nonce_str, auth.timestamp, target,
            body === '' ? undefined : body);

        is(auth.signature, signature,
           `${name}: the signature is the one that the SDK makes`);
        is(auth.signature.length, 344, `${name}: 344 characters of base64`);

        const text = [method, target, auth.timestamp, auth.nonce_str, body, '']
            .join('\n');
        const holds = (changed) => crypto.verify(
            'RSA-SHA256', Buffer.from(changed), wechat.certificate.publicKey,
            Buffer.from(auth.signature, 'base64'));

        is([holds(text), holds(`${text}\n`), holds(text.replace('/v3', '/v4'))],
           [true, false, false],
           `${name}: it holds under the certificate's key, for this text only`);
    };

    const one = (name, list) => {
        is(list.length, 1, `U-1: ${name}: one request`);

        if (list.length !== 1) {
            throw new Error(`${list.length} requests`);
        }

        return list[0];
    };


    // the SDK's request for the same, caught before it leaves

    const official = async (ask) => {
        const pay = wechat.sdk();
        const calls = wechat.connect(pay, channel);

        await ask(pay);

        const { method, target, headers, body } = calls[0].request;

        return {
            method,
            target,
            headers: Object.keys(headers).map((name) => name.toLowerCase()),
            body: body === undefined ? undefined : JSON.parse(body)
        };
    };

    const like_official = async (name, request, ask) => {
        const theirs = await official(ask);
        const extra = ['accept-encoding'];

        is([request.method, request.target], [theirs.method, theirs.target],
           `${name}: the SDK asks with the same method and target`);
        is(theirs.headers.filter((header) => !(header in request.headers)),
           extra, `${name}: we send what the SDK sends, but ask for no gzip`);
        is(request.body === '' ? undefined : JSON.parse(request.body),
           theirs.body, `${name}: the SDK sends the same body`);
    };


    const id = orderId();
    let made;

    await block('prepay', async () => {
        const description = '互操作 "测试" \\ / <&> € \u{1f600}';

        const answer = await create(gateway, {
            order_id: id, amount: 12345, description
        }, {
            headers: [['Cookie', 'session=1'], ['X-Forwarded-For', '1.2.3.4'],
                      ['X-Pay-Verified', '1'], ['traceparent', '00-0-0-00'],
                      ['Wechatpay-Serial', 'forged'],
                      ['User-Agent', 'merchant'], ['Accept', 'text/html']]
        });

        is(answer.status, 200, 'prepay: the merchant gets 200');
        made = answer.json();

        const request = one('prepay', recorded());
        sound('prepay', request, 'POST', NATIVE);

        const body = JSON.parse(request.body);

        is(Object.keys(body).sort(),
           ['amount', 'appid', 'attach', 'description', 'mchid', 'notify_url',
            'out_trade_no', 'time_expire'], 'prepay: these members only');

        const { attach, time_expire: expire, ...plain } = body;

        is(plain, {
            appid: wechat.appid,
            mchid: wechat.mchid,
            description,
            out_trade_no: id,
            notify_url: notify,
            amount: { total: 12345, currency: 'CNY' }
        }, 'prepay: their values and types');

        like(expire, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00$/,
             'prepay: time_expire in seconds, of Beijing');
        is(Date.parse(expire), Date.parse(made.expires_at),
           'prepay: time_expire is the object\'s expires_at');
        ok(Math.abs(Date.parse(expire) / 1000 - now() - 7200) <= 10,
           'prepay: two hours from now', expire);

        const sum = crypto.createHmac('sha256', secret('echo.key'))
            .update(`demo\n${id}\n12345\nCNY\n`).digest('base64url');

        is(attach, `p1.demo.${sum}`,
           'W-6: attach proves merchant, number, amount and currency');
        ok(attach.length <= 128, 'prepay: attach fits', attach.length);

        is(request.body, JSON.stringify(body),
           'C-19: parsed and written again, the body is the same bytes');

        await like_official('prepay', request, (pay) =>
            pay.transactions_native({
                description,
                out_trade_no: id,
                time_expire: expire,
                attach,
                notify_url: notify,
                amount: { total: 12345, currency: 'CNY' }
            }));

        is(made.next_action, {
            type: 'qr_code',
            url: `http://127.0.0.1:${wire.port}/sandbox/checkout/wechat/${id}`
        }, 'the merchant gets the code_url of the channel');
    });


    await block('the same again', async () => {
        const again = await create(gateway, {
            order_id: id,
            amount: 12345,
            description: '互操作 "测试" \\ / <&> € \u{1f600}'
        });

        is([again.status, again.json()], [200, made],
           'R-15: the object as it was');
        is(recorded().length, 0, 'R-15: the channel was not asked again');
    });


    await block('query', async () => {
        const answer = await call(gateway, 'GET', `/v1/payments/${id}`);
        is([answer.status, answer.json().status], [200, 'pending'],
           'query: the merchant gets 200, pending');

        const request = one('query', recorded());
        sound('query', request, 'GET', `${NUMBER}/${id}?mchid=${wechat.mchid}`);

        await like_official('query', request,
                            (pay) => pay.query({ out_trade_no: id }));
    });


    await block('close', async () => {
        const answer = await call(gateway, 'POST', `/v1/payments/${id}/close`);
        is([answer.status, answer.json().status], [200, 'closed'],
           'close: the merchant gets 200, closed');

        const list = recorded();
        const closing = list.filter(({ method }) => method === 'POST');
        const request = one('close', closing);

        sound('close', request, 'POST', `${NUMBER}/${id}/close`);
        is(JSON.parse(request.body), { mchid: wechat.mchid },
           'close: mchid is the only member');

        await like_official('close', request, (pay) => pay.close(id));

        for (const other of list.filter((each) => each !== request)) {
            sound('a look beside the close', other, 'GET',
                  `${NUMBER}/${id}?mchid=${wechat.mchid}`);
        }
    });


    await block('every member that a merchant may give', async () => {
        const full = orderId();

        const answer = await create(gateway, {
            order_id: full,
            payer: { ip: '203.0.113.7' },
            store: { id: 'S1' },
            expires_at: new Date(Date.now() + 600000).toISOString()
                .replace(/\.\d+Z$/, 'Z'),
            metadata: { colour: 'red' },
            split: 'later'
        });

        is(answer.status, 200, 'the merchant gets 200');

        const request = one('prepay', recorded());
        sound('the long prepay', request, 'POST', NATIVE);

        const { scene_info: scene, settle_info: settle,
                time_expire: expire } = JSON.parse(request.body);

        is([scene, settle], [{
            payer_client_ip: '203.0.113.7', store_info: { id: 'S1' }
        }, { profit_sharing: true }], 'payer, store and split are told');
        is(Date.parse(expire), Date.parse(answer.json().expires_at),
           'and the time that the merchant wants');
        ok(!request.body.includes('colour'),
           'metadata is no business of the channel');

        const longest = `L${'x'.repeat(31)}`;
        is((await create(gateway, { order_id: longest })).status, 200,
           'a number of 32 characters');
        sound('the longest number', one('prepay', recorded()), 'POST', NATIVE);
    });


    await block('what is never sent', async () => {
        const refused = async (order, want, name) => {
            const answer = await create(gateway, order);
            const { code, param } = answer.json();
            is([answer.status, code, param], want, name);
            is(recorded().length, 0, `${name}: nothing was sent`);
        };

        await refused({ order_id: '../../v3/refund' },
                      [422, 'field_invalid', 'order_id'],
                      'S-8: a path for a number');
        await refused({ order_id: `L${'x'.repeat(32)}` },
                      [422, 'field_invalid', 'order_id'],
                      'a number of 33 characters');
        await refused({ order_id: orderId(), notify_url: 'http://127.0.0.1/' },
                      [422, 'field_unknown', 'notify_url'],
                      'S-1: a notify_url of the merchant\'s');
    });


    // the same bytes before both judges

    await block('S-5: answers that the SDK does not believe', async () => {
        const change = (what) => (answer) => {
            const list = answer.list.map(([name, value]) => [
                name,
                what.header === name.toLowerCase() ? what.to(value) : value
            ]);

            const text = answer.bytes.toString();
            const bytes = Buffer.from(what.body ? what.body(text) : text);

            return { ...answer, list, bytes, body: bytes.toString(),
                     headers: Object.fromEntries(list.map(([name, value]) =>
                         [name.toLowerCase(), value])) };
        };

        const judged = async (name, what, believed) => {
            const order = orderId();
            alter = change(what);
            const answer = await create(gateway, { order_id: order });
            alter = (same) => same;

            const request = one(name, recorded());
            const theirs = await judge.verifySign(
                wechat.signed(request.answer)).catch((e) => e.message);

            is(theirs === true, believed,
               `${name}: the SDK ${believed ? 'believes' : 'refuses'}`);
            is([answer.status, answer.json().code],
               believed ? [200, undefined] : [504, 'outcome_unknown'],
               `${name}: ${believed ? 'so do we' : 'we do not know, either'}`);

            const found = await call(gateway, 'GET', `/v1/payments/${order}`);
            is([found.status, found.json().status], [200, 'pending'],
               `${name}: the query tells`);
            recorded();
        };

        await judged('an answer as it came', {}, true);
        await judged('another code_url', {
            body: (text) => text.replace('checkout', 'checkin')
        }, false);
        await judged('a space in the body', {
            body: (text) => text.replace(':', ': ')
        }, false);
        await judged('another nonce', {
            header: 'wechatpay-nonce', to: (value) => `${value}0`
        }, false);
        await judged('another timestamp', {
            header: 'wechatpay-timestamp',
            to: (value) => String(Number(value) - 1)
        }, false);
        await judged('an unknown serial', {
            header: 'wechatpay-serial', to: (value) => `${value}0`
        }, false);
        await judged('W-12: a probe', {
            header: 'wechatpay-signature',
            to: (value) => `WECHATPAY/SIGNTEST/${value.slice(19)}`
        }, false);
    });


    await block('the internal location', async () => {
        const { status } = await send(gateway, { target: '/_pay' });
        is([status, recorded().length], [404, 0],
           'H-5: nobody calls the channel past the gateway');
    });
});
