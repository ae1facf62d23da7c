#!/usr/bin/env node
/*
 * Copyright (C) the ngx_pay authors
 *
 * A payment by the channel alipay through the gateway and back: our driver
 * and our simulator, which two authors wrote by one document.
 */

import { call, create, inbox, orderId, press } from './lib/gateway.mjs';
import { sandbox } from './lib/sandbox.mjs';
import { block, is, main } from './lib/tap.mjs';


await main(async () => {
    const { ports } = await sandbox();

    const events = async (id) => (await inbox(ports.channel))
        .map((e) => [e.verified, e.body])
        .filter(([, body]) => JSON.stringify(body).includes(id));


    await block('pay, press, event, refund', async () => {
        const id = orderId();
        const made = await create(ports.gateway, { order_id: id, amount: 8888,
                                                   channel: 'alipay' });
        is([made.status, made.json().status], [200, 'pending'], 'created');
        is(made.json().next_action.url,
           `http://127.0.0.1:${ports.channel}/sandbox/checkout/alipay/${id}`,
           'the code is the pay page');

        const done = await press(ports.channel, id, 'pay', 'alipay');
        is(done.notices.map((n) => n.acknowledgement),
           [{ status: 200, body: 'success', accepted: true }],
           'the notice is acknowledged');

        const got = await events(id);
        is(got.map(([verified, body]) => [verified, body.type]),
           [[true, 'payment.succeeded']], 'one event, verified');

        const found = await call(ports.gateway, 'GET', `/v1/payments/${id}`);
        is([found.status, found.json().status, found.json().amount],
           [200, 'succeeded', 8888], 'query: succeeded');

        const back = await call(ports.gateway, 'POST',
            `/v1/payments/${id}/refunds`,
            JSON.stringify({ refund_id: `${id}R`, amount: 888,
                             reason: 'test' }));
        is([back.status, back.json().status], [200, 'succeeded'],
           'a part of it is refunded');
    });
});
