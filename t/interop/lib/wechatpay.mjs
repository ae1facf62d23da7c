/*
 * Copyright (C) the ngx_pay authors
 *
 * wechatpay-node-v3 with the sandbox's keys, talking to the simulated channel
 * by its createHttp hook.
 */

import crypto from 'node:crypto';

import Pay from 'wechatpay-node-v3';

import { send } from './http.mjs';
import { key } from './sandbox.mjs';

const OFFICIAL = 'https://api.mch.weixin.qq.com';

export const appid = 'wx8888888888888888';
export const mchid = '1900000001';
export const platform = 'PUB_KEY_ID_0119000000012026112500000000000001';
export const apiV3Key = key('apiv3.key').toString();

export const certificate =
    new crypto.X509Certificate(key('apiclient_cert.pem'));

// upper case, as the channel's documents write it
export const serial = certificate.serialNumber;

// the public key mode has no list to fetch: the key is put there by hand
Pay.certificates[platform] = key('platform_pub.pem').toString();


export function sdk(options = {}) {
    return new Pay({
        appid,
        mchid,
        publicKey: key('apiclient_cert.pem'),
        privateKey: key('apiclient_key.pem'),
        serial_no: serial,
        userAgent: 'interop',
        key: apiV3Key,
        ...options
    });
}


/*
 * The SDK's requests go to the simulator, or to what takes its place.
 * change(request) may alter what has been signed; calls: what was asked and
 * what came back.
 */

export function connect(pay, port, change = (request) => request) {
    const calls = [];

    const call = async (method, url, headers, params) => {
        const request = change({
            method,
            target: url.replace(OFFICIAL, ''),
            headers,
            body: params === undefined ? undefined : JSON.stringify(params)
        });

        const answer = await send(port, request);
        calls.push({ request, answer });

        return {
            status: answer.status,
            data: answer.headers['content-type'] === 'application/json'
                ? JSON.parse(answer.body) : {},
            answer
        };
    };

    pay.createHttp({
        get: (url, headers) => call('GET', url, headers),
        post: (url, params, headers) => call('POST', url, headers, params)
    });

    return calls;
}


// what the SDK's verifySign wants, of an answer or a notice

export function signed({ headers, body }) {
    return {
        timestamp: headers['wechatpay-timestamp'],
        nonce: headers['wechatpay-nonce'],
        signature: headers['wechatpay-signature'],
        serial: headers['wechatpay-serial'],
        body
    };
}


// Authorization in its parts: { scheme, mchid, ... }; null: not of that form

export function authorization(text) {
    const [scheme, rest, ...more] = text.split(' ');

    if (rest === undefined || more.length !== 0) {
        return null;
    }

    const parts = { scheme };

    for (const pair of rest.split(',')) {
        const match = /^([a-z_]+)="([^"]+)"$/.exec(pair);

        if (match === null || match[1] in parts) {
            return null;
        }

        parts[match[1]] = match[2];
    }

    return parts;
}


// what the channel wants to be told of a notice: 10.6 of its documents

export const taken = '{"code":"SUCCESS","message":"成功"}';
