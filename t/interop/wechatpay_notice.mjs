#!/usr/bin/env node
/*
 * Copyright (C) the ngx_pay authors
 *
 * wechatpay-node-v3 as the judge of the notices that our simulator makes: a
 * recorder stands between the simulated channel and the gateway.
 */

import crypto from 'node:crypto';

import { forward, recorder, reply, send } from './lib/http.mjs';
import { sandbox } from './lib/sandbox.mjs';
import { block, dies, is, like, main, ok } from './lib/tap.mjs';
import { call, create, inbox, now, orderId, press } from './lib/gateway.mjs';
import * as wechat from './lib/wechatpay.mjs';

const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00$/;


await main(async () => {
    let gateway;
    let deliver = (request) => forward(gateway, request);

    const wire = await recorder((request) => deliver(request));

    const { ports } = await sandbox({
        edits: () => [['notify_url            http://127.0.0.1:8080',
                       `notify_url http://127.0.0.1:${wire.port}`]]
    });

    gateway = ports.gateway;

    const judge = wechat.sdk();
    wechat.connect(judge, ports.channel);

    let seen = 0;
    const recorded = () => {
        const list = wire.requests.slice(seen);
        seen = wire.requests.length;
        return list;
    };

    const paid = async (order = {}, action = 'pay') => {
        const order_id = orderId();
        const { status } = await create(gateway, { order_id, ...order });
        is(status, 200, `an order to ${action}`);
        return { order_id, pressed: await press(ports.channel, order_id,
                                                action) };
    };

    const open = ({ resource }) => judge.decipher_gcm(
        resource.ciphertext, resource.associated_data, resource.nonce);


    // what holds for each notice

    const sound = async (name, notice) => {
        const { headers, body } = notice;

        is([notice.method, notice.target], ['POST', '/notify/wechat'],
           `${name}: POST to the path of notify_url`);
        is([headers.host, headers['content-type'], headers['content-length']],
           [`127.0.0.1:${wire.port}`, 'application/json',
            String(notice.bytes.length)], `${name}: JSON, of known length`);
        is([headers['wechatpay-serial'], headers['wechatpay-signature-type']],
           [wechat.platform, judge.authType], `${name}: key and algorithm`);
        like(headers['wechatpay-timestamp'], /^[0-9]{10}$/,
             `${name}: timestamp`);
        ok(Math.abs(Number(headers['wechatpay-timestamp']) - now()) <= 10,
           `${name}: the timestamp is now`, headers['wechatpay-timestamp']);
        like(headers['wechatpay-nonce'], /^[0-9A-Za-z]{16,32}$/,
             `${name}: nonce`);
        like(headers['request-id'], /./, `${name}: Request-ID`);
        is(headers.authorization, undefined,
           `${name}: the platform does not authorize itself`);

        is(await judge.verifySign(wechat.signed(notice)), true,
           `${name}: the SDK verifies it`);
        is(await judge.verifySign({
            ...wechat.signed(notice), body: JSON.parse(body)
        }), true, `${name}: and when its body was parsed before`);
    };


    const envelope = (name, notice) => {
        const got = JSON.parse(notice.body);
        const { id, create_time: created, resource, ...rest } = got;

        is(Object.keys(got).sort(),
           ['create_time', 'event_type', 'id', 'resource', 'resource_type',
            'summary'], `${name}: members of the envelope`);
        like(id, /^EV-[0-9a-f]{32}$/, `${name}: id`);
        like(created, RFC3339, `${name}: create_time`);
        is(rest, {
            resource_type: 'encrypt-resource',
            event_type: 'TRANSACTION.SUCCESS',
            summary: '支付成功'
        }, `${name}: it says that something was paid`);

        const { ciphertext, nonce, ...seal } = resource;

        is(seal, {
            original_type: 'transaction',
            algorithm: 'AEAD_AES_256_GCM',
            associated_data: 'transaction'
        }, `${name}: how it is sealed`);
        like(nonce, /^[0-9A-Za-z]{12}$/, `${name}: nonce of 12 characters`);
        like(ciphertext, /^[0-9A-Za-z+/]+={0,2}$/, `${name}: base64`);

        return got;
    };


    await block('a payment', async () => {
        const { order_id: id, pressed } = await paid({
            amount: 4321, description: '一杯咖啡'
        });

        const list = recorded();
        is(list.length, 1, 'one notice');

        const notice = list[0];
        await sound('notice', notice);

        const got = envelope('notice', notice);
        const plain = open(got);

        is(Object.keys(plain).sort(),
           ['amount', 'appid', 'attach', 'bank_type', 'mchid', 'out_trade_no',
            'payer', 'promotion_detail', 'success_time', 'trade_state',
            'trade_state_desc', 'trade_type', 'transaction_id'],
           'the SDK decrypts it: members of the transaction');

        const { attach, payer, success_time: time, transaction_id: number,
                ...rest } = plain;

        is(rest, {
            appid: wechat.appid,
            mchid: wechat.mchid,
            out_trade_no: id,
            trade_state: 'SUCCESS',
            trade_state_desc: '支付成功',
            trade_type: 'NATIVE',
            bank_type: 'OTHERS',
            amount: {
                total: 4321,
                payer_total: 4321,
                currency: 'CNY',
                payer_currency: 'CNY'
            },
            promotion_detail: []
        }, 'their values and types');

        like(number, /^420000[0-9]{22}$/, 'transaction_id');
        like(time, RFC3339, 'success_time');
        ok(Math.abs(Date.parse(time) / 1000 - now()) <= 10,
           'success_time is now', time);
        is(got.create_time, time, 'create_time is the same');
        is(Object.keys(payer), ['openid'], 'payer');
        like(payer.openid, /^o[0-9A-Za-z_-]{27}$/, 'payer.openid');
        like(attach, /^p1\.demo\.[0-9A-Za-z_-]{43}$/, 'attach comes back');

        is((await judge.query({ out_trade_no: id })).data, plain,
           'the SDK\'s query answers the same');

        is([notice.answer.status, notice.answer.bytes.length], [204, 0],
           'the gateway acknowledges in the channel\'s way');
        is([pressed.state, pressed.notices.map((each) => [
            each.payment, each.attempt, each.url,
            each.application_status, each.acknowledgement
        ])], ['SUCCESS', [[
            1, 1, `http://127.0.0.1:${wire.port}/notify/wechat`, 200,
            { status: 204, body: '', accepted: true }
        ]]], 'and the checkout page tells so');

        const object = (await call(gateway, 'GET', `/v1/payments/${id}`))
            .json();

        is([object.status, object.amount_paid, object.channel_order_id,
            object.payer, Date.parse(object.paid_at)],
           ['succeeded', 4321, number, payer, Date.parse(time)],
           'the gateway knows what the notice said');
    });


    await block('W-1: an altered notice', async () => {
        // a real one, and nobody has seen it yet

        deliver = () => reply(500);
        const { order_id: id } = await paid();
        deliver = (request) => forward(gateway, request);

        const notice = recorded().pop();
        const good = wechat.signed(notice);
        const events = (await inbox(ports.channel)).length;

        const altered = async (name, { header, to, body }, status) => {
            const request = {
                ...notice,
                list: notice.list.map(([each, value]) => [
                    each, each.toLowerCase() === header ? to(value) : value
                ]).filter(([each]) =>
                    each.toLowerCase() !== 'content-length'),
                bytes: Buffer.from(body ? body(notice.body) : notice.body)
            };

            request.headers = Object.fromEntries(request.list.map(
                ([each, value]) => [each.toLowerCase(), value]));
            request.body = request.bytes.toString();

            const theirs = await judge.verifySign(wechat.signed(request))
                .catch((e) => e.message);

            ok(theirs !== true, `${name}: the SDK refuses`, theirs);
            is((await forward(gateway, request)).status, status,
               `${name}: so does the gateway, ${status}`);
        };

        is(await judge.verifySign(good), true, 'as it was made: verified');

        await altered('a byte of the body', {
            body: (text) => text.replace('SUCCESS', 'SUCCESs')
        }, 401);
        await altered('a space in the body', {
            body: (text) => text.replace(':', ': ')
        }, 401);
        await altered('another nonce', {
            header: 'wechatpay-nonce', to: (value) => `${value}0`
        }, 401);
        await altered('another timestamp', {
            header: 'wechatpay-timestamp',
            to: (value) => String(Number(value) + 1)
        }, 401);
        await altered('W-4: an unknown serial', {
            header: 'wechatpay-serial', to: (value) => `${value}0`
        }, 401);
        await altered('W-12: a probe', {
            header: 'wechatpay-signature',
            to: (value) => `WECHATPAY/SIGNTEST/${value.slice(19)}`
        }, 401);

        // the SDK's decipher_gcm does not look at the tag: node's crypto does

        const { ciphertext, nonce } = JSON.parse(notice.body).resource;
        const sealed = Buffer.from(ciphertext, 'base64');

        const unseal = (aad, bytes = sealed) => {
            const decipher = crypto.createDecipheriv(
                'aes-256-gcm', wechat.apiV3Key, nonce);

            decipher.setAAD(Buffer.from(aad));
            decipher.setAuthTag(bytes.subarray(-16));

            return decipher.update(bytes.subarray(0, -16), null, 'utf8') +
                   decipher.final('utf8');
        };

        is(JSON.parse(unseal('transaction')), open(JSON.parse(notice.body)),
           'the tag holds over the associated data, and both read the same');
        await dies(() => unseal('refund'), /authenticate/,
                   'other associated data: the tag does not hold');

        const flipped = Buffer.from(sealed);
        flipped[0] ^= 1;
        await dies(() => unseal('transaction', flipped), /authenticate/,
                   'a bit of the ciphertext: the tag does not hold');

        is((await inbox(ports.channel)).length, events,
           'W-1: none of it came to the application');

        // the gateway learns from an answer what no notice has told it

        const closing = await call(gateway, 'POST',
                                   `/v1/payments/${id}/close`);
        const { code, channel, channel_code: theirs } = closing.json();

        is([closing.status, code, channel, theirs],
           [409, 'already_paid', 'wechat', 'ORDER_PAID'],
           'close: the channel says that it is paid');

        is((await forward(gateway, notice)).status, 204,
           'the notice as it was made: acknowledged');

        const [newest, ...older] = await inbox(ports.channel);

        is([older.length, newest.body.type, newest.body.data.object.order_id],
           [events, 'payment.succeeded', id], 'and its event has come');

        is((await forward(gateway, notice)).status, 204,
           'the same bytes again: acknowledged');
        is((await inbox(ports.channel)).length, events + 1,
           'W-7: and not told again');
    });


    await block('the channel comes again', async () => {
        let copies = 0;
        deliver = (request) => (++copies === 1
            ? reply(500, '{"code":"FAIL","message":"later"}',
                    [['Content-Type', 'application/json']])
            : forward(gateway, request));

        const { pressed } = await paid();
        deliver = (request) => forward(gateway, request);

        const list = recorded();
        is(list.length, 2, 'a notice that was not taken comes once more');
        is(pressed.notices.map((each) => [
            each.payment, each.attempt, each.acknowledgement.status,
            each.acknowledgement.accepted
        ]), [[1, 1, 500, false], [1, 2, 204, true]],
           'the checkout page lists both tries');

        const [first, second] = list;
        await sound('first try', first);
        await sound('second try', second);

        const [one, two] = list.map((each, i) => envelope(`try ${i + 1}`,
                                                          each));

        is(two.id, one.id, 'it is the same notice by its id');
        is(open(two), open(one), 'it says the same');

        for (const header of ['nonce', 'signature']) {
            ok(first.headers[`wechatpay-${header}`] !==
               second.headers[`wechatpay-${header}`],
               `signed anew: another ${header}`);
        }

        ok(two.resource.nonce !== one.resource.nonce,
           'K-15: no nonce is used twice under the APIv3 key');
    });


    await block('pay_twice: two payments of one order', async () => {
        const { order_id: id, pressed } = await paid({}, 'pay_twice');

        const list = recorded();
        is(list.length, 2, 'a notice each');

        await sound('the first payment', list[0]);
        await sound('the second payment', list[1]);

        const [one, two] = list.map((each) => JSON.parse(each.body));
        const plain = [one, two].map(open);

        ok(one.id !== two.id, 'they have an id each');
        is(plain.map((each) => each.out_trade_no), [id, id],
           'of the same order');
        ok(plain[0].transaction_id !== plain[1].transaction_id,
           'by two transactions');
        is(pressed.notices.map((each) => each.acknowledgement.accepted),
           [true, true], 'both acknowledged');

        const events = (await inbox(ports.channel))
            .map((event) => event.body)
            .filter((event) => event.data.object.order_id === id);

        is(events.map((event) => [event.type,
                                  event.data.object.channel_order_id]),
           [['payment.duplicate', plain[1].transaction_id],
            ['payment.succeeded', plain[0].transaction_id]],
           'the application hears of both, newest first');
    });


    await block('decline: the channel says nothing', async () => {
        const { order_id: id, pressed } = await paid({}, 'decline');

        is([recorded().length, pressed.notices], [0, []], 'no notice');
        is((await judge.query({ out_trade_no: id })).data.trade_state,
           'NOTPAY', 'the order can still be paid');
    });


    await block('pay_late: paid after it was closed', async () => {
        const order_id = orderId();
        await create(gateway, { order_id });
        is((await call(gateway, 'POST', `/v1/payments/${order_id}/close`))
            .json().status, 'closed', 'closed');

        const refused = await send(ports.channel, {
            method: 'POST',
            target: `/sandbox/checkout/wechat/${order_id}`,
            headers: [['Accept', 'application/json'], [
                'Content-Type', 'application/x-www-form-urlencoded']],
            body: 'action=pay'
        });
        is([refused.status, recorded().length], [409, 0],
           'the page takes no ordinary payment any more');

        await press(ports.channel, order_id, 'pay_late');

        const list = recorded();
        is(list.length, 1, 'one notice');
        await sound('late notice', list[0]);

        const object = (await call(gateway, 'GET',
                                   `/v1/payments/${order_id}`)).json();
        is([object.status, object.late], ['succeeded', true],
           'the gateway takes it, and says that it was late');
    });
});
