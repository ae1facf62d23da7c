#!/usr/bin/env node
/*
 * Copyright (C) the ngx_pay authors
 *
 * alipay-sdk as a client of the simulator: what its users have works, its
 * checks of answers and notices hold, and what the channel would refuse is
 * refused.
 */

import { sdk, sellerId } from './lib/alipay.mjs';
import { orderId, press } from './lib/gateway.mjs';
import { recorder, reply, send } from './lib/http.mjs';
import { sandbox } from './lib/sandbox.mjs';
import { block, is, like, main, ok } from './lib/tap.mjs';


await main(async () => {
    const { ports } = await sandbox();
    const app = await recorder(() =>
        reply(200, 'success', [['Content-Type', 'text/plain']]));

    const alipay = sdk(ports.channel);
    const page = `http://127.0.0.1:${ports.channel}/sandbox/checkout/alipay`;
    const notifyUrl = `http://127.0.0.1:${app.port}/notify?a=1`;

    // the SDK itself refuses an answer whose signature does not hold

    const exec = (method, bizContent, more = {}) =>
        alipay.exec(`alipay.${method}`, { bizContent, ...more },
                    { validateSign: true });

    const pressed = (id, action) =>
        press(ports.channel, id, action, 'alipay');

    const notice = () => {
        const { body } = app.requests.at(-1);
        return Object.fromEntries(new URLSearchParams(body.toString()));
    };


    await block('a code, paid, refunded', async () => {
        const id = orderId();
        const order = { out_trade_no: id, total_amount: '88.88',
                        subject: '互操作 "测试" <€>' };

        const made = await exec('trade.precreate', order, { notifyUrl });
        is([made.code, made.qrCode], ['10000', `${page}/${id}`],
           'precreate: the code is the pay page');

        const early = await exec('trade.query', { out_trade_no: id });
        is([early.code, early.subCode], ['40004', 'ACQ.TRADE_NOT_EXIST'],
           'query before the scan');

        const done = await pressed(id, 'pay');
        is(done.notices.map((n) => n.acknowledgement.accepted), [true],
           'one notice, acknowledged by success');
        is(app.requests.at(-1).target, '/notify?a=1',
           'the query of notify_url is kept');
        ok(alipay.checkNotifySign(notice()), 'the SDK verifies the notice');
        ok(alipay.checkNotifySignV2(notice()), '... its other way, too');
        ok(!alipay.checkNotifySign({ ...notice(), total_amount: '0.01' }),
           'S-5: ... with another amount it does not');
        is([notice().trade_status, notice().total_amount, notice().seller_id],
           ['TRADE_SUCCESS', '88.88', sellerId], 'what it says');

        const paid = await exec('trade.query', { out_trade_no: id });
        is([paid.tradeStatus, paid.buyerPayAmount],
           ['TRADE_SUCCESS', '88.88'], 'query: paid');

        const back = await exec('trade.refund', {
            trade_no: paid.tradeNo, refund_amount: '8.88',
            out_request_no: 'R1', refund_reason: '退' });
        is([back.fundChange, back.refundFee], ['Y', '8.88'], 'refund');

        const found = await exec('trade.fastpay.refund.query',
                                 { out_trade_no: id, out_request_no: 'R1' });
        is([found.refundStatus, found.refundAmount],
           ['REFUND_SUCCESS', '8.88'], 'refund query');
    });


    await block('the pages', async () => {
        const id = orderId();
        const more = {
            bizContent: { out_trade_no: id, total_amount: '1.00',
                          subject: 'tea',
                          product_code: 'FAST_INSTANT_TRADE_PAY' },
            returnUrl: 'http://shop.example/back?a=1', notifyUrl
        };

        const url = new URL(alipay.pageExec('alipay.trade.page.pay', 'GET',
                                            more));
        const shown = await send(ports.channel, {
            method: 'GET', target: url.pathname + url.search });
        is([shown.status, shown.headers.location], [302, `${page}/${id}`],
           'page.pay: on to the cashier');

        const form = alipay.pageExec('alipay.trade.page.pay', 'POST', more);
        const action = new URL(form.match(/action="([^"]+)"/)[1]);
        const inputs = [...form.matchAll(/name="(\w+)" value="([^"]*)"/g)]
            .map(([, name, value]) => [name, value.replaceAll('&quot;', '"')]);
        const posted = await send(ports.channel, {
            method: 'POST', target: action.pathname + action.search,
            headers: [['Content-Type', 'application/x-www-form-urlencoded']],
            body: new URLSearchParams(inputs).toString() });
        is([posted.status, posted.body], [302, 'on to the cashier\n'],
           'page.pay by a form: the same');

        const done = await pressed(id, 'pay');
        like(done.return_url, /^http:\/\/shop\.example\/back\?a=1&/,
             'the way back');

        const args = Object.fromEntries(new URL(done.return_url).searchParams);
        delete args.a;
        ok(alipay.checkNotifySign(args), 'the SDK verifies it');
    });


    await block('transfers, statements', async () => {
        const id = orderId();
        const moved = await exec('fund.trans.uni.transfer', {
            out_biz_no: id, trans_amount: '1.00', order_title: 't',
            product_code: 'TRANS_ACCOUNT_NO_PWD',
            biz_scene: 'DIRECT_TRANSFER',
            payee_info: { identity: '2088000000000009',
                          identity_type: 'ALIPAY_USER_ID' } });
        is(moved.status, 'SUCCESS', 'transfer');

        const day = new Date(Date.now() + 8 * 3600e3).toISOString()
            .slice(0, 10);
        const bill = await exec('data.dataservice.bill.downloadurl.query',
                                { bill_type: 'trade', bill_date: day });
        const url = new URL(bill.billDownloadUrl);
        const zip = await send(ports.channel, {
            method: 'GET', target: url.pathname + url.search });
        is([zip.status, zip.bytes.subarray(0, 4).toString('latin1')],
           [200, 'PK\x03\x04'], 'the zip of a statement');
    });


    await block('S-2: another key', async () => {
        const other = sdk(ports.channel, { appId: '2021000000000002' });
        const refused = await other.exec('alipay.trade.query',
            { bizContent: { out_trade_no: 'x' } });
        is(refused.subCode, 'isv.invalid-app-id', 'another app is refused');
    });
});
