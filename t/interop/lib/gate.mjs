/*
 * Copyright (C) the ngx_pay authors
 *
 * conf-examples/gate, running, with an application that keeps what it gets;
 * a wire in front of the gate, which keeps what is sent; and the programs of
 * docs/snippets.
 */

import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { forward, recorder, reply, send } from './http.mjs';
import { sandbox } from './sandbox.mjs';
import { cleanup, is, like, skip } from './tap.mjs';

export const root = fileURLToPath(new URL('../../../', import.meta.url));

const snippets = path.join(root, 'docs/snippets');

// a compiler that is started for the first time, on a machine that is busy
const RUN_MS = 240000;

export const answer = '{"taken":"谢谢"}';


export function directory() {
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'pay-gate-'));

    cleanup(() => fs.rmSync(dir, { recursive: true }));

    return dir;
}


/*
 * { status, out, err } of a program; status: null where a signal ended it.
 * A proxy of this machine's is not for us.
 */

export function run(command, args, { env = {}, cwd = root } = {}) {
    return new Promise((resolve) => {
        const child = execFile(command, args, {
            cwd,
            env: { ...process.env, LC_ALL: 'C.UTF-8', no_proxy: '127.0.0.1',
                   NO_PROXY: '127.0.0.1', ...env },
            timeout: RUN_MS
        }, (e, out, err) => {
            resolve({ status: child.exitCode, out, err: `${err}${e ?? ''}` });
        });

        child.stdin.end();
    });
}


function onPath(program) {
    return process.env.PATH.split(':').some((dir) => {
        try {
            fs.accessSync(path.join(dir, program), fs.constants.X_OK);
            return true;

        } catch {
            return false;
        }
    });
}


/*
 * The gate, an application behind it and a wire before it; a zone that has
 * just been made refuses what is signed in its first second.
 */

export async function gate({ merchant = '', files = {} } = {}) {
    const app = await recorder(() => reply(200, answer,
        [['Content-Type', 'application/json']]));

    const site = await sandbox({
        example: 'gate',
        files,
        edits: () => [
            ['proxy_pass        http://127.0.0.1:8082;',
             `proxy_pass        http://127.0.0.1:${app.port};`],
            ['secret  k1 keys/shop-a.k1;',
             `secret  k1 keys/shop-a.k1;\n${merchant}`]
        ]
    });

    const wire = await recorder(async (request) => {
        const back = await forward(site.ports.gateway, request);
        return { status: back.status, list: back.list, bytes: back.bytes };
    });

    const status = await send(site.ports.status, { target: '/status' });
    const { born } = status.json().zone;

    while (Date.now() < (born + 1) * 1000) {
        await new Promise((resolve) => { setTimeout(resolve, 50); });
    }

    return { ...site, app, wire };
}


/*
 * What is tried with each of docs/snippets.  name: the file; tools: what it
 * needs; args: before method and URL; env: merchant, key, file.
 */

const languages = {
    php: { tools: ['php'], command: (file) => ['php', file] },
    java: { tools: ['java', 'javac'], command: (file) => ['java', file] },
    py: { tools: ['python3'], command: (file) => ['python3', file] },
    mjs: { tools: ['node'], command: (file) => [process.execPath, file] },
    sh: { tools: ['openssl', 'curl'], command: (file) => ['sh', file] },
    go: {
        tools: ['go'],
        env: { GOCACHE: path.join(root, 'build/gocache'), GOFLAGS: '' },
        command: async (file, dir, env) => {
            const program = path.join(dir, `${path.basename(file)}.out`);

            if (!fs.existsSync(program)) {
                const built = await run('go', ['build', '-o', program, file],
                                        { env });
                is([built.status, built.err], [0, ''],
                   `${path.basename(file)}: go build`);
            }

            return [program];
        }
    }
};


// a function (method, url, body, env) that runs it, or null where it cannot

export function snippet(name, dir, args = []) {
    const language = languages[name.split('.').pop()];
    const missing = language.tools.filter((tool) => !onPath(tool));

    if (missing.length !== 0) {
        skip(`docs/snippets/${name}`, `not installed: ${missing.join(', ')}`);
        return null;
    }

    return async (method, url, body, env) => {
        const file = path.join(snippets, name);
        const all = { ...language.env, ...env };
        const [command, ...first] = await language.command(file, dir, all);

        return run(command, [...first, ...args, method, url,
                             ...(body === undefined ? [] : [body])],
                   { env: all });
    };
}


const body = '{"name":"一杯茶 & \\"more\\"","odd":"%41+%s\\\\n $HOME"}';
const target = '/admin/orders?lang=zh&q=%2Fa+b';


/*
 * A program against the gate: a request with a body, its copy, and one that
 * is signed by what the gate does not know.
 */

export async function judge(site, name, program, { env, wrong }) {
    const { app, wire, ports } = site;
    const url = `http://127.0.0.1:${wire.port}${target}`;
    const before = app.requests.length;

    const posted = await program('POST', url, body, env);

    is([posted.status, posted.out, posted.err], [0, `${answer}\n200\n`, ''],
       `${name}: POST: the answer and its status`);

    const [seen] = app.requests.slice(before);

    is([seen?.method, seen?.target, seen?.body, seen?.headers['x-merchant']],
       ['POST', target, body, 'shop-a'],
       `${name}: the application sees method, target, body and merchant`);
    is([seen?.headers.authorization, seen?.headers['content-type']],
       [undefined, 'application/json'],
       `${name}: and the type, but not the signature`);

    const copy = await forward(ports.gateway, wire.requests.at(-1));

    is([copy.status, copy.json().code], [409, 'nonce_replayed'],
       `R-1: ${name}: the same bytes again`);

    const refused = await program('POST', url, body, { ...env, ...wrong });

    is(refused.status, 0, `${name}: with another key it ends as well`);
    like(refused.out, /"code":"signature_mismatch".*\n401\n$/s,
         `${name}: with another key: 401 signature_mismatch`);
    is(app.requests.length, before + 1,
       `${name}: the application has seen one request`);
}


export async function judgeGet(site, name, program, { env }) {
    const { app, wire } = site;
    const url = `http://127.0.0.1:${wire.port}/admin/orders/7`;
    const before = app.requests.length;

    const got = await program('GET', url, undefined, env);

    is([got.status, got.out, got.err], [0, `${answer}\n200\n`, ''],
       `${name}: GET: the answer and its status`);
    is(app.requests.slice(before).map((each) =>
        [each.method, each.target, each.body]), [['GET', '/admin/orders/7', '']],
       `${name}: GET: what the application sees`);
}
