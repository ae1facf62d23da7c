#!/usr/bin/env node
/*
 * Copyright (C) the ngx_pay authors
 *
 * wechatpay-node-v3 as a client of the simulator: what its users have works,
 * and what the channel would refuse is refused.
 */

import { createRequire } from 'node:module';

import { recorder, reply } from './lib/http.mjs';
import { key, sandbox } from './lib/sandbox.mjs';
import { block, dies, is, like, main, ok } from './lib/tap.mjs';
import { now, orderId, press } from './lib/gateway.mjs';
import * as wechat from './lib/wechatpay.mjs';

const require = createRequire(import.meta.url);


await main(async () => {
    const { ports } = await sandbox();
    const app = await recorder(() =>
        reply(200, wechat.taken, [['Content-Type', 'application/json']]));

    const page = `http://127.0.0.1:${ports.channel}/sandbox/checkout/wechat`;

    const pay = wechat.sdk();
    wechat.connect(pay, ports.channel);

    const order = (more = {}) => ({
        out_trade_no: orderId(),
        description: '互操作 "测试" \\ / <&> €',
        notify_url: `http://127.0.0.1:${app.port}/notify`,
        attach: 'of the SDK\'s user',
        amount: { total: 101, currency: 'CNY' },
        ...more
    });

    const holds = async (answer, name) => {
        is(await pay.verifySign(wechat.signed(answer)), true, name);
    };


    await block('prepay, query, close', async () => {
        const asked = order();
        const id = asked.out_trade_no;

        const prepaid = await pay.transactions_native(asked);
        is(prepaid.status, 200, 'prepay: 200');
        is(prepaid.data, { code_url: `${page}/${id}` },
           'prepay: code_url is the pay page');
        is(prepaid.answer.headers['content-type'], 'application/json',
           'prepay: JSON');
        is(prepaid.answer.headers['wechatpay-serial'], wechat.platform,
           'prepay: signed with the platform key');
        is(prepaid.answer.headers['wechatpay-signature-type'],
           'WECHATPAY2-SHA256-RSA2048', 'prepay: signature type');
        like(prepaid.answer.headers['request-id'], /^[0-9a-f]+-0$/i,
             'prepay: Request-ID');
        await holds(prepaid.answer, 'prepay: the SDK verifies the answer');

        const found = await pay.query({ out_trade_no: id });
        is(found.status, 200, 'query: 200');
        is(found.data, {
            appid: wechat.appid,
            mchid: wechat.mchid,
            out_trade_no: id,
            trade_state: 'NOTPAY',
            trade_state_desc: '订单未支付'
        }, 'query: an order never paid, and nothing else');
        await holds(found.answer, 'query: verified, Chinese text included');

        const again = await pay.transactions_native(asked);
        is([again.status, again.data], [200, prepaid.data],
           'the same prepay again: the same code');

        const other = await pay.transactions_native(
            { ...asked, amount: { total: 102, currency: 'CNY' } });
        is([other.status, other.data.code], [400, 'INVALID_REQUEST'],
           'the same number with another amount: refused');
        await holds(other.answer, 'an error is signed, too');

        const closed = await pay.close(id);
        is([closed.status, closed.answer.bytes.length], [204, 0],
           'close: 204 without a body');
        await holds(closed.answer, 'close: verified over no bytes');

        is((await pay.query({ out_trade_no: id })).data.trade_state, 'CLOSED',
           'query: closed');
        is((await pay.close(id)).status, 204, 'close again: 204');

        const late = await pay.transactions_native(asked);
        is([late.status, late.data.code], [400, 'ORDER_CLOSED'],
           'prepay of a closed order: refused');

        const none = await pay.query({ out_trade_no: orderId() });
        is([none.status, none.data.code], [404, 'ORDER_NOT_EXIST'],
           'query of an unknown order: 404');
        is(Object.keys(none.data), ['code', 'message', 'detail'],
           'an error has code, message and detail');
    });


    await block('S-5: what the SDK makes of an altered answer', async () => {
        const { answer } = await pay.transactions_native(order());
        const text = answer.body;
        const good = wechat.signed(answer);
        const flipped = Buffer.from(good.signature, 'base64');
        flipped[100] ^= 1;

        const verify = (change) => pay.verifySign({ ...good, ...change });

        is(await verify({}), true, 'as it came: verified');
        is(await verify({ body: JSON.parse(text) }), true,
           'parsed and written again by the SDK: verified');
        is(await verify({ body: text.replace('code_url', 'code_urI') }),
           false, 'a byte of the body: refused');
        is(await verify({ body: `${text}\n` }), false,
           'a line feed behind the body: refused');
        is(await verify({ body: '' }), false, 'no body: refused');
        is(await verify({ timestamp: String(Number(good.timestamp) + 1) }),
           false, 'another timestamp: refused');
        is(await verify({ nonce: `${good.nonce}0` }), false,
           'another nonce: refused');
        is(await verify({ signature: flipped.toString('base64') }), false,
           'a bit of the signature: refused');
        is(await verify({ signature: `WECHATPAY/SIGNTEST/${good.signature}` }),
           false, 'a probe: refused');

        // it asks for /v3/certificates, and there is none of that number

        await dies(() => verify({ serial: `${good.serial}0`,
                                  apiSecret: wechat.apiV3Key }),
                   /^平台证书序列号不相符/, 'a serial that is not known: refused');
    });


    await block('a payment without our gateway', async () => {
        const asked = order();
        const id = asked.out_trade_no;

        await pay.transactions_native(asked);

        const pressed = await press(ports.channel, id);
        is(pressed.notices.map((n) => n.acknowledgement.accepted), [true],
           'one notice, and the SDK\'s user took it');
        is(app.requests.length, 1, 'it came once');

        const notice = app.requests[0];
        is([notice.method, notice.target], ['POST', '/notify'],
           'to the notify_url of the prepay');
        await holds(notice, 'the SDK verifies it');

        const { resource } = JSON.parse(notice.body);
        const plain = pay.decipher_gcm(resource.ciphertext,
                                       resource.associated_data,
                                       resource.nonce);

        const found = await pay.query({ out_trade_no: id });
        is(found.data, plain, 'the query answers what the notice says');
        is([found.data.trade_state, found.data.attach, found.data.amount],
           ['SUCCESS', asked.attach, {
               total: 101,
               payer_total: 101,
               currency: 'CNY',
               payer_currency: 'CNY'
           }], 'paid, with what was asked for');

        const closed = await pay.close(id);
        is([closed.status, closed.data.code], [400, 'ORDER_PAID'],
           'close of a paid order: refused');

        const again = await pay.transactions_native(asked);
        is([again.status, again.data.code], [400, 'ORDER_PAID'],
           'prepay of a paid order: refused');
    });


    // getSN of the certificate gives lower case, and that is the default

    await block('the SDK finds the serial number by itself', async () => {
        const plain = wechat.sdk({ serial_no: undefined });
        wechat.connect(plain, ports.channel);

        is(plain.serial_no, wechat.serial.toLowerCase(),
           'it writes the serial number in lower case');

        const { status, data } = await plain.transactions_native(order());
        is([status, data.code], [200, undefined],
           'serial_no is compared as a number: case does not count');
    });


    // superagent's headers, its JSON and its reading of the answers

    await block('the SDK\'s own transport', async () => {
        const { PayRequest } =
            require('wechatpay-node-v3/dist/lib/pay-request.js');

        const real = new PayRequest();
        const local = (url) => url.replace('https://api.mch.weixin.qq.com',
                                           `http://127.0.0.1:${ports.channel}`);

        const plain = wechat.sdk();
        plain.createHttp({
            get: (url, headers) => real.get(local(url), headers),
            post: (url, params, headers) =>
                real.post(local(url), params, headers)
        });

        const asked = order();
        const id = asked.out_trade_no;

        is(await plain.transactions_native(asked),
           { status: 200, data: { code_url: `${page}/${id}` } }, 'prepay');
        is((await plain.query({ out_trade_no: id })).data.trade_state,
           'NOTPAY', 'query');
        is((await plain.close(id)).status, 204, 'close');
        is((await plain.query({ out_trade_no: orderId() })).status, 404,
           'query of an unknown order');
    });


    await block('who the simulator believes', async () => {
        const refused = async (name, options, change) => {
            const plain = wechat.sdk(options);
            wechat.connect(plain, ports.channel, change);

            const asked = order();
            const { status, data, answer } =
                await plain.transactions_native(asked);

            is([status, data.code], [401, 'SIGN_ERROR'],
               `${name}: 401 SIGN_ERROR`);
            is(answer.headers['wechatpay-signature'], undefined,
               `${name}: not signed, there is nobody to sign for`);

            const { out_trade_no } = asked;
            is((await pay.query({ out_trade_no })).status, 404,
               `${name}: no order was made`);
        };

        const header = (name, value) => (request) => ({
            ...request,
            headers: { ...request.headers, [name]: value }
        });

        await refused('another private key',
                      { privateKey: key('platform_key.pem') });
        await refused('another merchant', { mchid: '1900000002' });
        await refused('another certificate',
                      { serial_no: wechat.serial.replace(/.$/, (c) =>
                          (c === '0' ? '1' : '0')) });
        await refused('another scheme',
                      { authType: 'WECHATPAY2-SM2-WITH-SM3' });
        await refused('no Authorization', {}, ({ headers, ...request }) => {
            const { Authorization: _, ...rest } = headers;
            return { ...request, headers: rest };
        });
        await refused('C-19: a changed body', {}, (request) => ({
            ...request,
            body: request.body.replace('"total":101', '"total":1')
        }));
        await refused('a space more in the body', {}, (request) => ({
            ...request, body: request.body.replace('{', '{ ')
        }));
        await refused('another method', {}, (request) => ({
            ...request, method: 'GET'
        }));
        await refused('another target', {}, (request) => ({
            ...request, target: `${request.target}?`
        }));

        const wrong = wechat.sdk();
        const asked = order();

        const at = async (age) => {
            const nonce = 'interopinterop00';
            const timestamp = String(now() - age);
            const target = '/v3/pay/transactions/out-trade-no/' +
                           `${asked.out_trade_no}?mchid=${wechat.mchid}`;
            const signature = wrong.getSignature('GET', nonce, timestamp,
                                                 target);

            wechat.connect(wrong, ports.channel,
                           header('Authorization', wrong.getAuthorization(
                               nonce, timestamp, signature)));

            const { status, data } =
                await wrong.query({ out_trade_no: asked.out_trade_no });

            return [status, data.code];
        };

        is(await at(290), [404, 'ORDER_NOT_EXIST'], '290 s old: taken');
        is(await at(-290), [404, 'ORDER_NOT_EXIST'], '290 s ahead: taken');
        is(await at(302), [401, 'SIGN_ERROR'], '302 s old: refused');
        is(await at(-302), [401, 'SIGN_ERROR'], '302 s ahead: refused');
    });


    await block('what the simulator takes', async () => {
        const asks = async (more, want, name) => {
            const { status, data } =
                await pay.transactions_native(order(more));
            is([status, data.code, data.detail?.field], want, name);
        };

        await asks({ appid: 'wx0000000000000000' },
                   [400, 'APPID_MCHID_NOT_MATCH', '/appid'],
                   'another appid: refused');
        await asks({ out_trade_no: 'short' },
                   [400, 'PARAM_ERROR', '/out_trade_no'],
                   'out_trade_no of 5 characters: refused');
        await asks({ amount: { total: 0, currency: 'CNY' } },
                   [400, 'PARAM_ERROR', '/amount/total'],
                   'an amount of 0: refused');
        await asks({ amount: { total: 1.5, currency: 'CNY' } },
                   [400, 'PARAM_ERROR', '/amount/total'],
                   'half a fen: refused');
        await asks({ amount: { total: 1, currency: 'USD' } },
                   [400, 'PARAM_ERROR', '/amount/currency'],
                   'dollars: refused');
        await asks({ notify_url: undefined },
                   [400, 'PARAM_ERROR', '/notify_url'],
                   'no notify_url: refused');
        await asks({ payer: { openid: 'o' } },
                   [400, 'PARAM_ERROR', '/payer'],
                   'a member that native prepay does not have: refused');
        await asks({ goods_tag: '' }, [400, 'PARAM_ERROR', '/goods_tag'],
                   'an empty member: refused');

        ok(!(await pay.transactions_native(order({
            time_expire: new Date(Date.now() + 600000).toISOString()
                .replace(/\.\d+Z$/, '+00:00'),
            goods_tag: 'TAG',
            support_fapiao: false,
            limit_pay: ['no_credit'],
            detail: {
                cost_price: 101,
                invoice_id: 'I1',
                goods_detail: [{
                    merchant_goods_id: 'G1',
                    goods_name: '手机',
                    quantity: 1,
                    unit_price: 101
                }]
            },
            scene_info: {
                payer_client_ip: '203.0.113.7',
                device_id: 'D1',
                store_info: { id: 'S1', name: '一号店' }
            },
            settle_info: { profit_sharing: false }
        }))).data.code, 'every member that it has: taken');
    });
});
