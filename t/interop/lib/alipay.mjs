/*
 * Copyright (C) the ngx_pay authors
 *
 * alipay-sdk with the sandbox's keys, talking to the simulated channel.
 */

import { AlipaySdk } from 'alipay-sdk';

import { key } from './sandbox.mjs';

// timestamps are those of Beijing; the SDK writes the local time

process.env.TZ = 'Asia/Shanghai';

export const appId = '2021000000000001';
export const sellerId = '2088000000000001';


// the SDK wants the texts without their armour, as the console gives them

function bare(name) {
    return key(name).toString().replace(/-----[^-]+-----|\s/g, '');
}


export function sdk(port, options = {}) {
    return new AlipaySdk({
        appId,
        privateKey: bare('alipay_app_key.pem'),
        keyType: 'PKCS8',
        alipayPublicKey: bare('alipay_pub.pem'),
        gateway: `http://127.0.0.1:${port}/gateway.do`,
        ...options
    });
}
