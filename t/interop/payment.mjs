#!/usr/bin/env node
/*
 * Copyright (C) the ngx_pay authors
 *
 * A merchant with node's own crypto and nothing of ours: one payment the
 * whole way, and every object against the documents (docs/design.md 6 to 8).
 */

import crypto from 'node:crypto';

import { send } from './lib/http.mjs';
import { sandbox, secret } from './lib/sandbox.mjs';
import { block, is, like, main, ok } from './lib/tap.mjs';
import { call, create, inbox, now, orderId, press, request, sign }
    from './lib/gateway.mjs';

const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$/;

const PAYMENT = [
    'object', 'order_id', 'merchant', 'channel', 'method', 'channel_order_id',
    'status', 'amount', 'currency', 'amount_paid', 'amount_refunded',
    'refund_status', 'next_action', 'payer', 'failure', 'closing', 'late',
    'created_at', 'expires_at', 'paid_at', 'closed_at', 'metadata', 'test'
];

const EVENT = ['id', 'type', 'created_at', 'api_version', 'merchant',
               'channel', 'source', 'test', 'amount_checked', 'data'];

const ERROR = ['type', 'title', 'status', 'detail', 'code', 'retry',
               'request_id'];


function members(got, want, name, optional = []) {
    is(Object.keys(got).filter((each) => !optional.includes(each)).sort(),
       want.slice().sort(), `${name}: the documented members, no other`);
}


await main(async () => {
    const { ports } = await sandbox();
    const { gateway, channel } = ports;

    const recent = (time, name) => {
        like(time, RFC3339, `${name}: RFC 3339`);
        ok(Math.abs(Date.parse(time) / 1000 - now()) <= 10, `${name}: now`,
           time);
    };


    await block('the vectors of section 6', async () => {
        is(secret('demo.k1'), 'ngx-pay-demo-secret', 'the secret');

        is(sign({
            method: 'POST',
            target: '/v1/payments?lang=zh',
            timestamp: '1732190400',
            nonce: '9f3c1f0a6f3b4b1e8d1c7a0e5b2d4c66',
            body: '{"out_trade_no":"T20241121-0001","amount":100,' +
                  '"currency":"CNY","channel":"sandbox","method":"qr",' +
                  '"subject":"demo"}'
        }, secret('demo.k1')), 'eW8T+8G4yIB/8iUO2i59zSzJ4PMEP68/3xIxy45zcdg=',
           'a POST');

        is(sign({
            method: 'GET',
            target: '/v1/payments/T20241121-0001',
            timestamp: '1732190401',
            nonce: 'abcdefghijklmnop'
        }, secret('demo.k1')), '6TUps/pwkXprgR/l70jrKa7CZrnMDOUfAQ4UG+aUy+M=',
           'a GET');
    });


    await block('one payment', async () => {
        const id = orderId();
        const wish = {
            order_id: id,
            amount: 199,
            description: '一杯咖啡',
            metadata: { table: '7', 名: '值' }
        };

        // create

        const answer = await create(gateway, wish);
        is(answer.status, 200, 'create: 200');
        is(answer.headers['content-type'], 'application/json',
           'create: JSON');

        const made = answer.json();
        members(made, PAYMENT, 'create');

        const { created_at: created, expires_at: expires,
                next_action: action, ...rest } = made;

        is(rest, {
            object: 'payment',
            order_id: id,
            merchant: 'demo',
            channel: 'wechat',
            method: 'qr_code',
            channel_order_id: null,
            status: 'pending',
            amount: 199,
            currency: 'CNY',
            amount_paid: 0,
            amount_refunded: 0,
            refund_status: 'none',
            payer: null,
            failure: null,
            closing: false,
            late: false,
            paid_at: null,
            closed_at: null,
            metadata: { table: '7', 名: '值' },
            test: true
        }, 'create: values and types');

        recent(created, 'created_at');
        like(expires, RFC3339, 'expires_at: RFC 3339');
        is(Date.parse(expires) - Date.parse(created), 7200000,
           'it can be paid for two hours');
        is(action, {
            type: 'qr_code',
            url: `http://127.0.0.1:${channel}/sandbox/checkout/wechat/${id}`
        }, 'next_action: a code to show');

        const again = await create(gateway, wish);
        is([again.status, again.json()], [200, made],
           'R-15: the same number again gives the same object');

        // the page behind the code, as the payer's browser gets it

        const page = await send(channel, {
            target: new URL(action.url).pathname,
            headers: { Accept: 'text/html', 'Accept-Language': 'zh-CN' }
        });
        is([page.status, page.headers['content-type']],
           [200, 'text/html; charset=utf-8'], 'the pay page');
        ok(page.body.includes('1.99') && page.body.includes('一杯咖啡'),
           'it shows the amount and what is bought');
        ok(!/<script/i.test(page.body), 'and needs no script');

        // pay

        const pressed = await press(channel, id);

        members(pressed, ['channel', 'order_id', 'action', 'state', 'message',
                          'notices', 'pending', 'refunds'], 'pay');
        is([pressed.channel, pressed.order_id, pressed.action, pressed.state],
           ['wechat', id, 'pay', 'SUCCESS'], 'pay: what was done');
        is(pressed.notices.length, 1, 'pay: one notice');

        const [notice] = pressed.notices;

        members(notice, ['kind', 'number', 'payment', 'attempt', 'url', 'event',
                         'application_status', 'acknowledgement'], 'notice');
        is([notice.url, notice.application_status, notice.acknowledgement],
           [`http://127.0.0.1:${gateway}/notify/wechat`, 200,
            { status: 204, body: '', accepted: true }],
           'notice: taken by the application, then acknowledged');

        // the event

        const events = await inbox(channel);
        is(events.length, 1, 'the application has one event');

        const [item] = events;

        members(item, ['received_at', 'verified', 'headers', 'body'],
                'inbox');
        is([item.verified, item.headers['webhook-id'],
            item.headers['content-type']],
           [true, notice.event, 'application/json'],
           'inbox: the signature holds, the id is the checkout page\'s');

        const event = item.body;

        members(event, EVENT, 'event', ['channel_data']);

        const { created_at: told, data, channel_data: _, ...fields } = event;

        is(fields, {
            id: notice.event,
            type: 'payment.succeeded',
            api_version: 'v1',
            merchant: 'demo',
            channel: 'wechat',
            source: 'notice',
            test: true,
            amount_checked: true
        }, 'event: values and types');
        recent(told, 'event: created_at');
        is(Object.keys(data), ['object'], 'event: data has the object');
        members(data.object, PAYMENT, 'event: data.object');

        // query

        const found = await call(gateway, 'GET', `/v1/payments/${id}`);
        is([found.status, found.headers['content-type']],
           [200, 'application/json'], 'query: 200, JSON');

        const object = found.json();
        members(object, PAYMENT, 'query');

        const { channel_order_id: number, payer, paid_at: paid } = object;

        is(object, {
            ...made,
            next_action: null,
            status: 'succeeded',
            amount_paid: 199,
            channel_order_id: number,
            payer,
            paid_at: paid
        }, 'query: paid, all else as it was');
        like(number, /^[0-9]{28}$/, 'query: the channel\'s number');
        is(Object.keys(payer), ['openid'], 'query: payer');
        like(payer.openid, /^[0-9A-Za-z_-]{28}$/, 'query: payer.openid');
        recent(paid, 'query: paid_at');
        is(data.object, object, 'the event had the same object');

        // and what cannot be any more

        const closing = await call(gateway, 'POST', `/v1/payments/${id}/close`);
        is([closing.status, closing.json().code], [409, 'already_paid'],
           'a paid order is not closed');
        is((await inbox(channel)).length, 1, 'no second event');
    });


    await block('one that is closed', async () => {
        const id = orderId();
        await create(gateway, { order_id: id });

        const closed = await call(gateway, 'POST', `/v1/payments/${id}/close`);
        is(closed.status, 200, 'close: 200');

        const object = closed.json();
        members(object, PAYMENT, 'close');
        is([object.status, object.next_action, object.closing,
            object.paid_at], ['closed', null, false, null],
           'close: closed, nothing left to do');
        recent(object.closed_at, 'close: closed_at');

        const found = await call(gateway, 'GET', `/v1/payments/${id}`);
        is([found.status, found.json()], [200, object],
           'query: the same object');
    });


    await block('what is refused', async () => {
        const refused = async (name, want, { change, options, edit } = {},
                               extra = []) => {
            const id = orderId();
            const body = JSON.stringify({
                order_id: id, amount: 100, currency: 'CNY',
                description: 'x', method: 'qr_code', channel: 'wechat'
            });

            const signed = request('POST', '/v1/payments',
                                   edit ? edit(body) : body, options);
            const answer = await send(gateway,
                                      change ? change(signed) : signed);
            const problem = answer.json();

            is([answer.status, problem.code, problem.retry], want, name);
            is([answer.headers['content-type'], problem.status],
               ['application/problem+json', answer.status],
               `${name}: problem+json`);
            members(problem, [...ERROR, ...extra], name);

            // neither we nor the channel

            const found = await call(gateway, 'GET',
                                     `/v1/payments/${id}?channel=wechat`);
            is([found.status, found.json().code], [404, 'not_found'],
               `${name}: no order was made`);
        };

        const header = (change) => (each) => ({
            ...each,
            headers: each.headers.map(([name, value]) => [
                name, name === 'Authorization' ? change(value) : value])
        });

        const mismatch = [401, 'signature_mismatch', 'never'];

        await refused('C-11: no Authorization',
                      [401, 'signature_missing', 'never'], {
            change: (each) => ({ ...each, headers: each.headers.slice(1) })
        });
        await refused('another body', mismatch, {
            change: (each) => ({
                ...each, body: each.body.replace('"amount":100', '"amount":1')
            })
        });
        await refused('another target', mismatch, {
            change: (each) => ({ ...each, target: `${each.target}?a=b` })
        });
        await refused('R-12: another timestamp', mismatch, {
            change: header((value) => value.replace(
                /timestamp="(\d+)"/,
                (_, digits) => `timestamp="${Number(digits) + 1}"`))
        });
        await refused('another nonce', mismatch, {
            change: header((value) => value.replace('nonce="', 'nonce="0'))
        });
        await refused('K-13: another key', mismatch, {
            change: header((value) => value.replace('key="k1"', 'key="k2"'))
        });
        await refused('K-13: another merchant', mismatch, {
            change: header((value) => value.replace('merchant="demo"',
                                                    'merchant="nobody"'))
        });
        await refused('K-2: the scheme of another kind of key', mismatch, {
            change: header((value) => value.replace('PAY-HMAC-SHA256',
                                                    'PAY-ED25519'))
        });
        await refused('K-2: a scheme that nobody knows',
                      [401, 'algorithm_not_allowed', 'never'], {
            change: header((value) => value.replace('PAY-HMAC-SHA256',
                                                    'PAY-HMAC-MD5'))
        });
        await refused('R-10: 302 s old',
                      [401, 'timestamp_out_of_window', 'never'],
                      { options: { timestamp: String(now() - 302) } });
        await refused('R-13: a nonce of 15 characters',
                      [400, 'nonce_invalid', 'never'],
                      { options: { nonce: 'abcdefghijklmno' } });
        await refused('half an object', [400, 'json_invalid', 'never'],
                      { edit: (body) => body.slice(0, -1) });
        await refused('a missing member', [422, 'field_missing', 'never'],
                      { edit: (body) => body.replace('"currency":"CNY",', '') },
                      ['param']);
        await refused('an unknown member', [422, 'field_unknown', 'never'],
                      { edit: (body) => body.replace('"currency"',
                                                     '"curency"') },
                      ['param']);
        await refused('an amount with a point',
                      [422, 'amount_invalid', 'never'],
                      { edit: (body) => body.replace('100', '1.5') },
                      ['param']);
    });


    await block('an order that nobody knows', async () => {
        const answer = await call(gateway, 'GET',
                                  `/v1/payments/${orderId()}`);
        const problem = answer.json();

        is([answer.status, problem.code, problem.param],
           [422, 'field_missing', 'channel'],
           'without a channel there is nobody to ask');
        members(problem, [...ERROR, 'param'], 'without a channel');
    });


    await block('R-1: replay', async () => {
        const id = orderId();
        await create(gateway, { order_id: id });

        const nonce = crypto.randomBytes(16).toString('hex');
        const once = request('GET', `/v1/payments/${id}`, undefined,
                             { nonce });

        is((await send(gateway, once)).status, 200, 'a request');

        const copy = await send(gateway, once);
        const problem = copy.json();

        is([copy.status, problem.code, problem.retry],
           [409, 'nonce_replayed', 'query'], 'its copy');
        members(problem, ERROR, 'its copy');
    });

});
