#!/usr/bin/env node
/*
 * Copyright (C) the ngx_pay authors
 *
 * wechatpay-node-v3 as a client of the simulator, beyond codes: refunds and
 * their notices, front ends, certificates, encrypted fields, bills, shares.
 */

import crypto from 'node:crypto';

import { recorder, reply, send } from './lib/http.mjs';
import { sandbox } from './lib/sandbox.mjs';
import { block, is, like, main, ok } from './lib/tap.mjs';
import { now, orderId, press } from './lib/gateway.mjs';
import * as wechat from './lib/wechatpay.mjs';

const OFFICIAL = 'https://api.mch.weixin.qq.com';


await main(async () => {
    const { ports } = await sandbox();
    const app = await recorder(() => reply(204));
    const notify = `http://127.0.0.1:${app.port}/notify`;

    const pay = wechat.sdk();
    wechat.connect(pay, ports.channel);

    const holds = async (answer, name) => {
        is(await pay.verifySign(wechat.signed(answer)), true, name);
    };

    const order = (more = {}) => ({
        out_trade_no: orderId(),
        description: '互操作',
        notify_url: notify,
        amount: { total: 1000, currency: 'CNY' },
        ...more
    });

    const paid = async (more) => {
        const asked = order(more);
        await pay.transactions_native(asked);
        await press(ports.channel, asked.out_trade_no);
        const { data } = await pay.query(asked);
        is(data.trade_state, 'SUCCESS', `${asked.out_trade_no} is paid`);
        return { ...asked, transaction_id: data.transaction_id };
    };

    const open = ({ body }) => {
        const { resource } = JSON.parse(body);
        return pay.decipher_gcm(resource.ciphertext,
                                resource.associated_data, resource.nonce);
    };


    await block('refunds', async () => {
        const { out_trade_no, transaction_id } = await paid();
        const out_refund_no = `R${out_trade_no}`;

        const asked = {
            out_trade_no,
            out_refund_no,
            reason: '退货',
            notify_url: notify,
            amount: { refund: 300, total: 1000, currency: 'CNY' }
        };

        const refund = await pay.refunds(asked);
        is([refund.status, refund.data.status], [200, 'PROCESSING'],
           'a refund is accepted');
        await holds(refund.answer, 'its answer is verified');

        const found = await pay.find_refunds(out_refund_no);
        is([found.data.status, found.data.refund_id,
            found.data.transaction_id, found.data.amount.refund],
           ['SUCCESS', refund.data.refund_id, transaction_id, 300],
           'its query');
        await holds(found.answer, 'verified');

        is((await pay.query({ transaction_id })).data.trade_state, 'REFUND',
           'the payment by transaction_id');
        is((await pay.refunds(asked)).data.status, 'SUCCESS',
           'the same again: the same refund');
        is((await pay.refunds({ ...asked, reason: 'x' })).status, 400,
           'with another reason: refused');
        is((await pay.refunds({
            ...asked, out_refund_no: `S${out_trade_no}`,
            amount: { ...asked.amount, refund: 701 }
        })).data.code, 'INVALID_REQUEST', 'more than is left: refused');

        // whoever looks has the notice sent, if a tick was not faster

        const page = await send(ports.channel, {
            target: `/sandbox/checkout/wechat/${out_trade_no}`,
            headers: [['Accept', 'application/json']]
        });
        is(page.json().refunds, [{ refund_id: out_refund_no, amount: 300,
                                   state: 'SUCCESS' }], 'the page shows it');

        const told = () => app.requests.find(({ body }) =>
            JSON.parse(body).event_type === 'REFUND.SUCCESS');

        for (let n = 0; told() === undefined && n < 100; n++) {
            await new Promise((resolve) => { setTimeout(resolve, 100); });
        }

        const notice = told();
        await holds(notice, 'the SDK verifies it');
        is(JSON.parse(notice.body).event_type, 'REFUND.SUCCESS',
           'event_type');

        const plain = open(notice);
        is([plain.refund_status, plain.out_refund_no, plain.amount],
           ['SUCCESS', out_refund_no, {
               total: 1000, refund: 300, payer_total: 1000,
               payer_refund: 300
           }], 'what it tells');
    });


    await block('front ends', async () => {
        const jsapi = await pay.transactions_jsapi(
            order({ payer: { openid: 'oUpF8uMuAJO' } }));
        is(jsapi.status, 200, 'jsapi');
        like(jsapi.data.package, /^prepay_id=wx[0-9]{32}$/, 'package');

        const inApp = await pay.transactions_app(order());
        is(inApp.status, 200, 'app');
        like(inApp.data.prepayid, /^wx[0-9]{32}$/, 'prepayid');
    });


    await block('certificates', async () => {
        const list = await pay.get_certificates(wechat.apiV3Key);
        is(list.length, 2, 'two certificates');

        for (const { serial_no: serial, publicKey } of list) {
            like(serial, /^[0-9A-F]{40}$/, 'serial_no');
            ok(crypto.createPublicKey(publicKey).equals(
                crypto.createPublicKey(
                    pay.constructor.certificates[wechat.platform])),
               'of the platform\'s key');
        }

        // an answer in the name of a certificate, which the SDK fetches

        const plain = wechat.sdk();
        wechat.connect(plain, ports.channel, (request) => ({
            ...request,
            headers: { ...request.headers,
                       'Wechatpay-Serial': list[1].serial_no }
        }));

        const { answer } = await plain.query({ out_trade_no: orderId() });
        is(answer.headers['wechatpay-serial'], list[1].serial_no,
           'signed in the name that was asked for');
        is(await plain.verifySign({ ...wechat.signed(answer),
                                    apiSecret: wechat.apiV3Key }), true,
           'the SDK fetches it, and verifies');
    });


    await block('a transfer to somebody by name', async () => {
        const key = pay.constructor.certificates[wechat.platform];
        const out_bill_no = orderId();

        const call = async (method, target, body) => {
            const url = `${OFFICIAL}${target}`;
            const headers = pay.getHeaders(
                pay.buildAuthorization(method, url, body), {
                    'Content-Type': 'application/json',
                    'Wechatpay-Serial': wechat.platform
                });

            return method === 'GET' ? pay.httpService.get(url, headers)
                : pay.httpService.post(url, body, headers);
        };

        const bills = '/v3/fund-app/mch-transfer/transfer-bills';
        const bill = (user_name) => ({
            appid: wechat.appid,
            out_bill_no,
            transfer_scene_id: '1000',
            openid: 'oUpF8uMuAJO',
            user_name,
            transfer_amount: 200000,
            transfer_remark: '奖励',
            notify_url: notify,
            transfer_scene_report_infos: [
                { info_type: '活动名称', info_content: '新会员' },
                { info_type: '奖励说明', info_content: '一等奖' }
            ]
        });

        is((await call('POST', bills, bill('张三'))).data.detail?.field,
           '/user_name', 'a name in clear: refused');

        const made = await call('POST', bills,
                                bill(pay.publicEncrypt('张三', key)));
        is([made.status, made.data.state], [200, 'WAIT_USER_CONFIRM'],
           'the SDK encrypts it: taken');
        await holds(made.answer, 'verified');
        is((await call('POST', bills, bill(pay.publicEncrypt('张三', key))))
            .data.transfer_bill_no, made.data.transfer_bill_no,
           'encrypted once more: the same bill');

        await press(ports.channel, `transfer/${out_bill_no}`);

        const found = await call('GET', `${bills}/out-bill-no/${out_bill_no}`);
        is(found.data.state, 'SUCCESS', 'confirmed');

        const notice = app.requests.at(-1);
        await holds(notice, 'its notice is verified');
        is([JSON.parse(notice.body).event_type, open(notice).state],
           ['MCHTRANSFER.BILL.FINISHED', 'SUCCESS'], 'and tells so');
    });


    await block('bills', async () => {
        const day = new Date((now() + 8 * 3600) * 1000).toISOString()
            .slice(0, 10);
        const { out_trade_no } = await paid();

        for (const tar_type of [undefined, 'GZIP']) {
            const bill = await pay.tradebill({ bill_date: day, tar_type });
            is([bill.status, bill.data.hash_type], [200, 'SHA1'],
               'tradebill');
            await holds(bill.answer, 'verified');

            const { pathname, search } = new URL(bill.data.download_url);
            const file = await pay.downloadBill(
                `${OFFICIAL}${pathname}${search}`);
            is(file.status, 200, 'its file');

            const bytes = tar_type === undefined ? file.answer.bytes
                : (await import('node:zlib')).gunzipSync(file.answer.bytes);

            is(crypto.createHash('sha1').update(bytes).digest('hex'),
               bill.data.hash_value, 'its hash');
            ok(bytes.toString().includes(`,\`${out_trade_no},`),
               'it has the payment');
        }

        const fund = await pay.fundflowbill({ bill_date: day });
        is(fund.status, 200, 'fundflowbill');
        is((await pay.tradebill({ bill_date: '2020-01-01' })).data.code,
           'NO_STATEMENT_EXIST', 'a day without trades');
    });


    await block('shares', async () => {
        const { transaction_id } = await paid({
            settle_info: { profit_sharing: true }
        });
        const receiver = { type: 'MERCHANT_ID', account: '1900000300' };
        const appid = wechat.appid;

        is((await pay.profitsharing_receivers_add({
            appid,
            ...receiver,
            relation_type: 'STORE',
            wx_serial_no: wechat.platform
        })).status, 200, 'receivers/add');

        const out_order_no = orderId();
        const split = await pay.create_profitsharing_orders({
            appid,
            transaction_id,
            out_order_no,
            receivers: [{ ...receiver, amount: 200, description: '分账' }],
            unfreeze_unsplit: false,
            wx_serial_no: wechat.platform
        });
        is([split.status, split.data.state], [200, 'PROCESSING'], 'orders');

        const { data } = await pay.query_profitsharing_orders(
            transaction_id, out_order_no);
        is([data.state, data.receivers[0].result], ['FINISHED', 'SUCCESS'],
           'its query');
        is((await pay.query_profitsharing_amounts(transaction_id))
            .data.unsplit_amount, 800, 'amounts');

        const out_return_no = orderId();
        is((await pay.profitsharing_return_orders({
            out_order_no,
            out_return_no,
            return_mchid: receiver.account,
            amount: 200,
            description: '退回'
        })).status, 200, 'return-orders');
        is((await pay.query_profitsharing_return_orders(
            out_return_no, out_order_no)).data.result, 'SUCCESS',
           'its query');
        is((await pay.profitsharing_orders_unfreeze({
            transaction_id, out_order_no: orderId(), description: '解冻'
        })).status, 200, 'unfreeze');
        is((await pay.profitsharing_receivers_delete({ appid, ...receiver }))
            .status, 200, 'receivers/delete');
    });
});
