#!/usr/bin/env node
/*
 * Copyright (C) the ngx_pay authors
 *
 * alipay-sdk as the judge of what driver alipay sends, and of what it is
 * answered and told here by keys that were made for this run.
 */

import crypto from 'node:crypto';

import { AlipaySdk } from 'alipay-sdk';

import { recorder, send } from './lib/http.mjs';
import { sandbox } from './lib/sandbox.mjs';
import { block, is, like, main, ok } from './lib/tap.mjs';
import { call, create, orderId } from './lib/gateway.mjs';

const APP = '2021000000000001';
const SELLER = '2088000000000001';
const TRADE = '2026010222001400000000000001';

const pair = () => crypto.generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' }
});

const app = pair();
const alipay = pair();

// what it verifies with is the only difference

const sdk = (publicKey, endpoint) => new AlipaySdk({
    appId: APP,
    privateKey: app.privateKey,
    keyType: 'PKCS8',
    alipayPublicKey: publicKey,
    gateway: endpoint
});

const signed = (text) =>
    crypto.sign('RSA-SHA256', Buffer.from(text), alipay.privateKey)
        .toString('base64');

const node = (method) => `${method.replaceAll('.', '_')}_response`;

const envelope = (method, members, sign = signed) => {
    const text = JSON.stringify({ code: '10000', msg: 'Success', ...members });

    return `{"${node(method)}":${text},"sign":"${sign(text)}"}`;
};


await main(async () => {
    let answer;

    const wire = await recorder(async (request) => {
        const bytes = Buffer.from(answer(params(request)));

        return { status: 200, bytes,
                 list: [['Content-Type', 'text/html;charset=utf-8']] };
    });

    const params = (request) => Object.fromEntries([
        ...new URLSearchParams(request.target.split('?')[1]),
        ...new URLSearchParams(request.body)
    ]);

    const { ports } = await sandbox({
        files: {
            'keys/ali_app.pem': app.privateKey,
            'keys/ali_pub.pem': alipay.publicKey
        },
        edits: () => [
            [['host                http://127.0.0.1:8082;',
              'app_id              2021000000000001;',
              'seller_id           2088000000000001;',
              'app_private_key     keys/alipay_app_key.pem;',
              'alipay_public_key   keys/alipay_pub.pem;'].join('\n        '),
             `host http://127.0.0.1:${wire.port};
              app_id ${APP}; seller_id ${SELLER};
              app_private_key keys/ali_app.pem;
              alipay_public_key keys/ali_pub.pem;`],
            ['sandbox_alipay_key  keys/alipay_key.pem;', '']
        ]
    });

    const { gateway } = ports;
    const judge = sdk(app.publicKey);
    const official = sdk(alipay.publicKey);

    const sound = (name, got, method) => {
        is(got.method, method, `${name}: method`);
        is([got.app_id, got.charset, got.sign_type, got.version, got.format],
           [APP, 'utf-8', 'RSA2', '1.0', 'JSON'], `${name}: parameters`);
        like(got.timestamp, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/,
             `${name}: timestamp`);

        // Beijing, whatever the machine thinks

        const at = Date.parse(`${got.timestamp.replace(' ', 'T')}+08:00`);
        ok(Math.abs(at - Date.now()) < 60000, `${name}: it is now`, got);

        ok(judge.checkNotifySignV2(got),
           `${name}: the SDK verifies the signature`, got);
        ok(!judge.checkNotifySignV2({ ...got, biz_content: '{}' }),
           `${name}: for this content only`);
    };

    const last = () => wire.requests[wire.requests.length - 1];
    const order = orderId();

    await block('precreate', async () => {
        answer = ({ biz_content }) => {
            const text = envelope('alipay.trade.precreate', {
                out_trade_no: JSON.parse(biz_content).out_trade_no,
                qr_code: 'https://qr.alipay.com/bax1'
            });

            official.checkResponseSign(text, node('alipay.trade.precreate'),
                                       JSON.parse(text).sign, '');
            return text;
        };

        const paid = await create(gateway, {
            order_id: order, channel: 'alipay', amount: 8888,
            description: '测试 A+B'
        });

        is(paid.status, 200, 'precreate: 200', paid.body);
        is(paid.json().next_action?.url, 'https://qr.alipay.com/bax1',
           'precreate: the code of an answer that the SDK verifies, too');

        const request = last();
        is(request.method, 'POST', 'precreate: POST');
        like(request.target, /^\/gateway\.do\?/, 'precreate: target');
        is(request.headers['content-type'],
           'application/x-www-form-urlencoded;charset=utf-8',
           'precreate: media type');

        const got = params(request);
        sound('precreate', got, 'alipay.trade.precreate');

        const biz = JSON.parse(got.biz_content);
        is([biz.out_trade_no, biz.total_amount, biz.subject],
           [order, '88.88', '测试 A+B'], 'precreate: content');
    });

    await block('the SDK asks for the same', async () => {
        const client = sdk(alipay.publicKey,
                           `http://127.0.0.1:${wire.port}/gateway.do`);

        const result = await client.exec('alipay.trade.precreate', {
            notifyUrl: 'http://127.0.0.1/n',
            bizContent: { out_trade_no: 'X1', total_amount: '88.88',
                          subject: 's' }
        });

        is(result.qrCode, 'https://qr.alipay.com/bax1',
           'the SDK takes such an answer');

        const [ours, theirs] = wire.requests.slice(-2).map(params)
            .map((got) => Object.keys(got).sort());
        const missing = theirs.filter((name) => !ours.includes(name));

        is(missing.filter((name) => name !== 'alipay_sdk'), [],
           'it sends nothing else but its own name');
    });

    await block('query', async () => {
        answer = () => envelope('alipay.trade.query', {
            out_trade_no: order, trade_no: TRADE,
            trade_status: 'WAIT_BUYER_PAY', total_amount: '88.88'
        });

        const query = () => call(gateway, 'GET',
                                 `/v1/payments/${order}?channel=alipay`);

        let found = await query();
        is([found.status, found.json().status], [200, 'pending'],
           'query: pending');
        sound('query', params(last()), 'alipay.trade.query');

        answer = () => envelope('alipay.trade.query', {
            out_trade_no: order, trade_no: TRADE,
            trade_status: 'TRADE_SUCCESS', total_amount: '88.88'
        }, (text) => signed(`${text} `));

        found = await query();
        is(found.status, 502, 'U: query: a signature that does not hold');
        is(found.json().code, 'channel_response_invalid', 'query: its code');
    });

    await block('notice', async () => {
        const form = {
            notify_time: '2026-01-02 03:05:11', notify_id: 'n1',
            notify_type: 'trade_status_sync', app_id: APP, charset: 'utf-8',
            version: '1.0', sign_type: 'RSA2', trade_no: TRADE,
            out_trade_no: order, trade_status: 'TRADE_SUCCESS',
            total_amount: '88.88', seller_id: SELLER, subject: '测试 A+B',
            gmt_payment: '2026-01-02 03:05:10', body: '',
            fund_bill_list: '[{"amount":"88.88","fundChannel":"ALIPAYACCOUNT"}]'
        };

        form.sign = signed(Object.keys(form)
            .filter((name) => name !== 'sign_type' && form[name] !== '')
            .sort().map((name) => `${name}=${form[name]}`).join('&'));

        const { body: _, ...sent } = form;
        ok(official.checkNotifySignV2(sent), 'notice: the SDK takes it');

        const post = (fields) => send(gateway, {
            method: 'POST', target: '/notify/alipay',
            headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
            body: new URLSearchParams(fields).toString()
        });

        const forged = await post({ ...form, total_amount: '0.01' });
        ok(forged.status >= 400 && forged.body !== 'success',
           'W-1: notice: forged, refused', forged.body);

        const taken = await post(form);
        is([taken.status, taken.body], [200, 'success'],
           'notice: taken, acknowledged by seven bytes');

        const stored = await create(gateway, {
            order_id: order, channel: 'alipay', amount: 8888,
            description: '测试 A+B'
        });

        is(stored.json().status, 'succeeded', 'notice: the payment is paid',
           stored.body);
    });

    await block('page and app', async () => {
        const before = wire.requests.length;

        const page = await create(gateway, {
            order_id: orderId(), channel: 'alipay', method: 'page',
            return_url: 'https://shop.example.com/done?a=1'
        });

        is(page.status, 200, 'page: 200', page.body);

        const url = new URL(page.json().next_action.url);
        const got = Object.fromEntries(url.searchParams);
        sound('page', got, 'alipay.trade.page.pay');
        is(got.return_url, 'https://shop.example.com/done?a=1',
           'page: return_url');

        const mobile = await create(gateway, {
            order_id: orderId(), channel: 'alipay', method: 'app'
        });

        is(mobile.status, 200, 'app: 200', mobile.body);

        const string = mobile.json().next_action.params.order_string;
        sound('app', Object.fromEntries(new URLSearchParams(string)),
              'alipay.trade.app.pay');

        is(wire.requests.length, before, 'page and app: nobody was called');
    });
});
