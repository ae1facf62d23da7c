/*
 * Copyright (C) the ngx_pay authors
 *
 * HTTP with nothing done behind our back: targets, names of headers and
 * bodies as they are on the wire.
 */

import http from 'node:http';

import { cleanup } from './tap.mjs';

const TIMEOUT_MS = 15000;


// ['Name', 'value', ...] as [['Name', 'value'], ...]

function pairs(raw) {
    const list = [];

    for (let i = 0; i < raw.length; i += 2) {
        list.push([raw[i], raw[i + 1]]);
    }

    return list;
}


/*
 * headers: by lower-case name; one that was repeated has the values joined by
 * LF, which no single one can have
 */

function byName(list) {
    const headers = {};

    for (const [name, value] of list) {
        const key = name.toLowerCase();
        headers[key] = key in headers ? `${headers[key]}\n${value}` : value;
    }

    return headers;
}


async function read(stream) {
    const chunks = [];

    for await (const chunk of stream) {
        chunks.push(chunk);
    }

    return Buffer.concat(chunks);
}


// target is sent as it is; headers: an object, or a list of pairs

export function send(port, { method = 'GET', target, headers = {}, body }) {
    const given = Array.isArray(headers) ? headers : Object.entries(headers);
    const list = given.slice();
    const has = (name) => name in byName(given);

    if (!has('host')) {
        list.unshift(['Host', `127.0.0.1:${port}`]);
    }

    if (body !== undefined && !has('content-length')) {
        list.push(['Content-Length', String(Buffer.byteLength(body))]);
    }

    if (!has('connection')) {
        list.push(['Connection', 'close']);
    }

    return new Promise((resolve, reject) => {
        const request = http.request({
            host: '127.0.0.1',
            port,
            method,
            path: target,
            headers: list.flat(),
            agent: false
        });

        request.setTimeout(TIMEOUT_MS, () => {
            request.destroy(new Error(`${method} ${target}: no answer in ` +
                                      `${TIMEOUT_MS} ms`));
        });

        request.on('error', reject);

        request.on('response', (response) => {
            read(response).then((bytes) => {
                const answered = pairs(response.rawHeaders);

                resolve({
                    status: response.statusCode,
                    list: answered,
                    headers: byName(answered),
                    bytes,
                    body: bytes.toString('utf8'),
                    json() { return JSON.parse(bytes.toString('utf8')); }
                });
            }, reject);
        });

        request.end(body);
    });
}


const HOP = new Set(['connection', 'keep-alive', 'transfer-encoding',
                     'content-length']);

/*
 * A server that keeps each request and lets answer(request) say what to
 * answer: { status, list, bytes }.
 */

export async function recorder(answer) {
    const requests = [];

    const server = http.createServer(async (incoming, outgoing) => {
        try {
            const list = pairs(incoming.rawHeaders);
            const bytes = await read(incoming);

            const request = {
                method: incoming.method,
                target: incoming.url,
                list,
                headers: byName(list),
                bytes,
                body: bytes.toString('utf8')
            };

            requests.push(request);
            request.answer = await answer(request);

            const { status, list: back = [], bytes: out } = request.answer;
            const kept = back.filter(([name]) => !HOP.has(name.toLowerCase()));

            if (status !== 204) {
                kept.push(['Content-Length', String(out.length)]);
            }

            outgoing.writeHead(status, kept.flat());
            outgoing.end(status === 204 ? undefined : out);

        } catch (e) {
            process.stdout.write(`# recorder: ${e.stack}\n`);
            outgoing.destroy();
        }
    });

    await new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(0, '127.0.0.1', resolve);
    });

    cleanup(() => new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
    }));

    return { port: server.address().port, requests };
}


// passes a recorded request on, byte for byte

export function forward(port, request) {
    return send(port, {
        method: request.method,
        target: request.target,
        headers: request.list.filter(([name]) =>
            name.toLowerCase() !== 'connection'),
        body: request.bytes.length === 0 ? undefined : request.bytes
    });
}


export function reply(status, body = '', list = []) {
    return { status, list, bytes: Buffer.from(body) };
}
