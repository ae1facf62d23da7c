#!/usr/bin/env node
/*
 * Copyright (C) the ngx_pay authors
 *
 * wechatpay-node-v3 as the judge of our driver's other operations: parameters
 * for the front end, refunds and their notices, certificates.  The channel is
 * played here, by node's own crypto.
 */

import { execFileSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { recorder, reply, send } from './lib/http.mjs';
import { key, sandbox } from './lib/sandbox.mjs';
import { block, is, like, main } from './lib/tap.mjs';
import { call, create, inbox, now, orderId } from './lib/gateway.mjs';
import * as wechat from './lib/wechatpay.mjs';

const PREPAY_ID = 'wx201410272009395522657a690389285100';
const JSON_TYPE = ['Content-Type', 'application/json'];


// a certificate of the platform, for this test alone

function certificate() {
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'pay-cert-'));

    try {
        execFileSync('openssl', [
            'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '30',
            '-subj', '/CN=Tenpay.com sign', '-set_serial',
            '0x0A0B0C0D0E0F101112131415161718191A1B1C1D',
            '-keyout', path.join(dir, 'key.pem'),
            '-out', path.join(dir, 'cert.pem')
        ], { stdio: 'ignore' });

        const pem = fs.readFileSync(path.join(dir, 'cert.pem'), 'utf8');

        return {
            pem,
            serial: '0A0B0C0D0E0F101112131415161718191A1B1C1D',
            key: fs.readFileSync(path.join(dir, 'key.pem'))
        };

    } finally {
        fs.rmSync(dir, { recursive: true });
    }
}


const byKey = { serial: wechat.platform, key: key('platform_key.pem') };


// headers of what the channel signs: section 3 of its documents

function signature(by, body) {
    const timestamp = String(now());
    const nonce = crypto.randomBytes(16).toString('hex');

    return [
        JSON_TYPE,
        ['Wechatpay-Timestamp', timestamp],
        ['Wechatpay-Nonce', nonce],
        ['Wechatpay-Serial', by.serial],
        ['Wechatpay-Signature', crypto.sign('RSA-SHA256', Buffer.from(
            `${timestamp}\n${nonce}\n${body}\n`), by.key).toString('base64')]
    ];
}


function answer(by, object) {
    const body = JSON.stringify(object);
    return reply(200, body, signature(by, body));
}


function sealed(text, aad) {
    const nonce = crypto.randomBytes(6).toString('hex');
    const cipher = crypto.createCipheriv('aes-256-gcm', wechat.apiV3Key, nonce);

    cipher.setAAD(Buffer.from(aad));

    const bytes = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(),
                                 cipher.getAuthTag()]);

    return {
        algorithm: 'AEAD_AES_256_GCM',
        ciphertext: bytes.toString('base64'),
        associated_data: aad,
        nonce
    };
}


function noticeOf(event, kind, object) {
    return JSON.stringify({
        id: crypto.randomUUID(),
        create_time: '2026-11-22T08:00:00+08:00',
        resource_type: 'encrypt-resource',
        event_type: event,
        summary: 'x',
        resource: { original_type: kind,
                    ...sealed(JSON.stringify(object), kind) }
    });
}


await main(async () => {
    let by = byKey;
    let says = () => ({});

    const wire = await recorder((request) => answer(by, says(request)));

    const { ports } = await sandbox({
        edits: () => [
            ['host                  http://127.0.0.1:8082;',
             `host http://127.0.0.1:${wire.port};`],
            ['appid                 wx8888888888888888;',
             'appid wx8888888888888888; appid wxmini mini_program;']
        ]
    });

    const { gateway } = ports;
    const notify = `http://127.0.0.1:${gateway}/notify/wechat`;
    const judge = wechat.sdk();

    let seen = 0;
    const recorded = () => {
        const list = wire.requests.slice(seen);
        seen = wire.requests.length;
        return list;
    };

    // what the SDK sends and makes of the answer, for the same wish

    const official = async (ask) => {
        const pay = wechat.sdk();
        const calls = wechat.connect(pay, wire.port);
        const { data } = await ask(pay);

        recorded();

        const { target, body } = calls[0].request;
        return { target, body: JSON.parse(body), data };
    };

    const ordered = (body) => {
        const { attach, time_expire, ...rest } = JSON.parse(body);

        like(attach, /^p1\.demo\./, 'attach');
        like(time_expire, /\+08:00$/, 'time_expire');

        return rest;
    };


    for (const [method, openid, appid] of [
        ['jsapi', 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o', wechat.appid],
        ['mini_program', 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o', 'wxmini']
    ]) {
        await block(method, async () => {
            says = () => ({ prepay_id: PREPAY_ID });

            const id = orderId();
            const made = await create(gateway, {
                order_id: id, method, payer: { openid }
            });
            is(made.status, 200, `${method}: 200`);

            const [request] = recorded();
            const theirs = await official((pay) => pay.transactions_jsapi({
                appid,
                description: 'interop',
                out_trade_no: id,
                notify_url: notify,
                amount: { total: 100, currency: 'CNY' },
                payer: { openid }
            }));

            is([request.target, ordered(request.body)],
               [theirs.target, theirs.body],
               `${method}: the SDK asks for the same`);

            const { type, params } = made.json().next_action;
            const { paySign, ...plain } = params;
            const { paySign: other, ...names } = theirs.data;

            if (method === 'mini_program') {
                delete names.appId;
            }

            is(type, method, `${method}: its parameters`);
            is(Object.keys(plain).sort(), Object.keys(names).sort(),
               `${method}: with the SDK's members`);
            is([plain.package, plain.signType], [names.package,
               names.signType], `${method}: and its values`);
            is(paySign, judge.sign([appid, plain.timeStamp, plain.nonceStr,
                                    plain.package, ''].join('\n')),
               `${method}: the signature is the one that the SDK makes`);

            const again = await create(gateway, {
                order_id: id, method, payer: { openid }
            });
            is(recorded().length, 0,
               `${method}: the same again is signed, not asked for`);
            is(again.json().next_action.params.package, plain.package,
               `${method}: of the same prepay_id`);
        });
    }


    await block('app', async () => {
        says = () => ({ prepay_id: PREPAY_ID });

        const id = orderId();
        const made = await create(gateway, { order_id: id, method: 'app' });
        const [request] = recorded();

        const theirs = await official((pay) => pay.transactions_app({
            description: 'interop',
            out_trade_no: id,
            notify_url: notify,
            amount: { total: 100, currency: 'CNY' }
        }));

        is([request.target, ordered(request.body)],
           [theirs.target, theirs.body], 'app: the SDK asks for the same');

        const { sign, ...plain } = made.json().next_action.params;
        const { sign: other, ...names } = theirs.data;

        is(Object.keys(plain).sort(), Object.keys(names).sort(),
           'app: with the SDK\'s members');
        is([plain.appid, plain.partnerid, plain.prepayid, plain.package],
           [names.appid, names.partnerid, names.prepayid, names.package],
           'app: and its values');
        is(sign, judge.sign([plain.appid, plain.timestamp, plain.noncestr,
                             plain.prepayid, ''].join('\n')),
           'app: the signature is the one that the SDK makes');
    });


    await block('h5', async () => {
        says = () => ({ h5_url: 'https://wx.tenpay.com/checkmweb?p=1' });

        const id = orderId();
        const made = await create(gateway, {
            order_id: id, method: 'h5', payer: { ip: '203.0.113.7' },
            return_url: 'https://shop.example.com/?a=b'
        });
        const [request] = recorded();

        const theirs = await official((pay) => pay.transactions_h5({
            description: 'interop',
            out_trade_no: id,
            notify_url: notify,
            amount: { total: 100, currency: 'CNY' },
            scene_info: { payer_client_ip: '203.0.113.7',
                          h5_info: { type: 'Wap' } }
        }));

        is([request.target, ordered(request.body)],
           [theirs.target, theirs.body], 'h5: the SDK asks for the same');
        is(made.json().next_action, {
            type: 'redirect',
            url: 'https://wx.tenpay.com/checkmweb?p=1&redirect_url=' +
                 encodeURIComponent('https://shop.example.com/?a=b')
        }, 'h5: where the buyer goes, and comes back to');
    });


    await block('refund', async () => {
        const order = orderId();
        const refund = `R${order}`;

        says = () => ({ code_url: 'weixin://x' });
        await create(gateway, { order_id: order });

        // it is paid, says a notice

        const account = { mchid: wechat.mchid, appid: wechat.appid };
        const notify_of = (body) => send(gateway, {
            method: 'POST',
            target: '/notify/wechat',
            headers: signature(by, body),
            body
        });

        const paid = await notify_of(noticeOf('TRANSACTION.SUCCESS',
                                              'transaction', {
            ...account,
            out_trade_no: order,
            trade_state: 'SUCCESS',
            transaction_id: '4200000001',
            success_time: '2026-11-22T08:00:00+08:00',
            payer: { openid: 'o1' },
            amount: { total: 100, payer_total: 100, currency: 'CNY' }
        }));
        is(paid.status, 204, 'the payment\'s notice is taken');
        recorded();

        const object = {
            refund_id: '5030000001',
            out_refund_no: refund,
            transaction_id: '4200000001',
            out_trade_no: order,
            channel: 'ORIGINAL',
            user_received_account: 'x 0403',
            create_time: '2026-11-22T08:30:00+08:00',
            status: 'PROCESSING',
            amount: { total: 100, refund: 40, payer_total: 100,
                      payer_refund: 40, currency: 'CNY' }
        };

        says = () => object;

        const made = await call(gateway, 'POST',
                                `/v1/payments/${order}/refunds`,
                                JSON.stringify({ refund_id: refund, amount: 40,
                                                 reason: 'sold out' }));
        is([made.status, made.json().status], [200, 'pending'],
           'a refund of a part');

        const [request] = recorded();
        const theirs = await official((pay) => pay.refunds({
            out_trade_no: order,
            out_refund_no: refund,
            reason: 'sold out',
            notify_url: notify,
            amount: { refund: 40, total: 100, currency: 'CNY' }
        }));

        is([request.target, JSON.parse(request.body)],
           [theirs.target, theirs.body], 'the SDK asks for the same');

        const { status, amount, create_time, channel, ...told } = object;
        const body = noticeOf('REFUND.SUCCESS', 'refund', {
            ...told,
            mchid: wechat.mchid,
            refund_status: 'SUCCESS',
            success_time: '2026-11-22T09:00:00+08:00',
            amount: { total: 100, refund: 40, payer_total: 100,
                      payer_refund: 40 }
        });
        const { resource } = JSON.parse(body);

        is(judge.decipher_gcm(resource.ciphertext, resource.associated_data,
                              resource.nonce).refund_status, 'SUCCESS',
           'the SDK reads the notice of it');
        is((await notify_of(body)).status, 204, 'and so does the gateway');

        const [newest] = await inbox(ports.channel);
        is([newest.body.type, newest.body.data.object.refund_id,
            newest.body.data.object.amount],
           ['refund.succeeded', refund, 40], 'the application is told');
    });


    await block('certificates', async () => {
        const own = certificate();

        by = own;

        const list = () => ({
            data: [{
                serial_no: own.serial,
                effective_time: '2026-11-22T03:34:18+08:00',
                expire_time: '2036-11-19T03:34:18+08:00',
                encrypt_certificate: sealed(own.pem, 'certificate')
            }]
        });

        says = ({ target }) => target === '/v3/certificates'
            ? list() : { code_url: 'weixin://y' };

        const pay = wechat.sdk();
        wechat.connect(pay, wire.port);
        const [theirs] = await pay.get_certificates(wechat.apiV3Key);
        is(theirs.serial_no, own.serial, 'the SDK reads the list');
        recorded();

        const first = await create(gateway, { order_id: orderId() });
        is([first.status, first.json().next_action?.url],
           [200, 'weixin://y'], 'an answer of an unknown serial holds');
        is(recorded().map(({ target }) => target),
           ['/v3/pay/transactions/native', '/v3/certificates'],
           'as its certificate was fetched');

        const second = await create(gateway, { order_id: orderId() });
        is([second.status, recorded().length], [200, 1],
           'the next one is known');

        by = { serial: own.serial, key: byKey.key };
        const forged = await create(gateway, { order_id: orderId() });
        is([forged.status, forged.json().code, recorded().length],
           [504, 'outcome_unknown', 1], 'another key under its serial is not');

        by = { serial: 'FF0B0C0D0E0F101112131415161718191A1B1C1D',
               key: own.key };
        await create(gateway, { order_id: orderId() });
        is(recorded().length, 1, 'and nobody makes us ask again so soon');
    });
});
