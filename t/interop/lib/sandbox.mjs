/*
 * Copyright (C) the ngx_pay authors
 *
 * The sandbox of conf-examples, or another example, running: its own nginx, on
 * free ports, in a directory of its own.
 */

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { cleanup, ok } from './tap.mjs';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const examples = path.join(root, 'conf-examples');

// what the examples listen on: 127.0.0.1:8080 ...
const NAMES = { gateway: 8080, status: 8081, channel: 8082 };

const START_MS = 10000;
const STOP_MS = 5000;

const BAD = /\[(alert|emerg|crit)\]|exited on signal|Sanitizer|runtime error:/;


export function key(name, example = 'sandbox') {
    return fs.readFileSync(path.join(examples, example, 'keys', name));
}


// a text secret, without the line end that an editor leaves

export function secret(name) {
    return key(name).toString('latin1').replace(/\r?\n$/, '');
}


// all n at once, so that they differ; taken again by nginx in a moment

async function freePorts(n) {
    const servers = [];

    for (let i = 0; i < n; i++) {
        const server = net.createServer();

        await new Promise((resolve, reject) => {
            server.once('error', reject);
            server.listen(0, '127.0.0.1', resolve);
        });

        servers.push(server);
    }

    const ports = servers.map((server) => server.address().port);

    await Promise.all(servers.map((server) =>
        new Promise((resolve) => server.close(resolve))));

    return ports;
}


/*
 * The example's text with what a test needs otherwise.  Each edit must find
 * its place once: a changed example is noticed.
 */

function edit(text, edits) {
    for (const [from, to] of edits) {
        const parts = text.split(from);

        if (parts.length !== 2) {
            throw new Error(`the example has "${from}" ${parts.length - 1} ` +
                            'times, not once');
        }

        text = parts.join(to);
    }

    return text;
}


function configuration(example, ports, edits) {
    const module = process.env.PAY_MODULE ??
        path.join(root, 'build/module/ngx_http_pay_module.so');

    let text = edit(
        fs.readFileSync(path.join(examples, example, 'nginx.conf'), 'utf8'),
        [['load_module modules/ngx_http_pay_module.so;',
          module === '' ? '' : `load_module ${module};`],
         ...edits(ports)]);

    for (const [name, port] of Object.entries(NAMES)) {
        text = text.replaceAll(`127.0.0.1:${port}`,
                               `127.0.0.1:${ports[name]}`);
    }

    return text;
}


function directory(example, text, files) {
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'pay-interop-'));
    const conf = path.join(dir, 'conf');

    // where the master is root, the workers are somebody else

    fs.chmodSync(dir, 0o755);

    for (const name of ['conf', 'conf/keys', 'logs', 'temp']) {
        fs.mkdirSync(path.join(dir, name));
    }

    for (const name of fs.readdirSync(path.join(examples, example, 'keys'))) {
        fs.writeFileSync(path.join(conf, 'keys', name), key(name, example),
                         { mode: 0o600 });
    }

    for (const [name, bytes] of Object.entries(files)) {
        fs.writeFileSync(path.join(conf, name), bytes, { mode: 0o600 });
    }


    for (const name of ['pay_proxy.conf', 'pay_tick.conf']) {
        fs.copyFileSync(path.join(examples, name), path.join(dir, name));
    }

    fs.writeFileSync(path.join(conf, 'nginx.conf'), text);

    return dir;
}


function connects(port) {
    return new Promise((resolve) => {
        const socket = net.connect(port, '127.0.0.1');

        socket.once('connect', () => { socket.destroy(); resolve(true); });
        socket.once('error', () => resolve(false));
    });
}


function pause(ms) {
    return new Promise((resolve) => { setTimeout(resolve, ms); });
}


// { child, ended: a promise, said() } or, where it does not come up, null

async function launch(dir, ports) {
    const child = spawn(process.env.NGINX_BIN || '/usr/sbin/nginx', [
        '-p', `${dir}/`, '-c', 'conf/nginx.conf', '-e', 'logs/error.log',
        '-g', 'daemon off;'
    ], { stdio: ['ignore', 'ignore', 'pipe'] });

    let stderr = '';
    let running = true;

    child.stderr.on('data', (chunk) => { stderr += chunk; });

    const ended = new Promise((resolve) => {
        child.once('error', (e) => { stderr += e; resolve(); });
        child.once('exit', resolve);
    }).then(() => { running = false; });

    const kill = () => { if (running) child.kill('SIGTERM'); };
    process.once('exit', kill);

    const server = {
        child,
        ended,
        said: () => stderr,
        async stop() {
            kill();

            const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
            await ended;
            clearTimeout(timer);
            process.removeListener('exit', kill);

            return child.signalCode === null && child.exitCode === 0;
        }
    };

    for (const end = Date.now() + START_MS; running && Date.now() < end;
         await pause(20))
    {
        const up = await Promise.all(Object.values(ports).map(connects));

        if (up.every(Boolean) && running) {
            return server;
        }
    }

    await server.stop();
    throw new Error(`nginx did not start: ${stderr}`);
}


/*
 * edits(ports): [from, to] pairs; files: more of them, for the directory of
 * the configuration.  At the end, its log must be clean.
 */

export async function sandbox({
    example = 'sandbox', edits = () => [], files = {}
} = {}) {
    let server, dir, ports;

    for (let tries = 3; server === undefined; tries--) {
        const [gateway, status, channel] = await freePorts(3);

        ports = { gateway, status, channel };
        dir = directory(example, configuration(example, ports, edits), files);

        try {
            server = await launch(dir, ports);

        } catch (e) {
            fs.rmSync(dir, { recursive: true });

            // somebody else was faster

            if (tries === 1 || !/Address already in use/.test(e.message)) {
                throw e;
            }
        }
    }

    const log = () => fs.readFileSync(path.join(dir, 'logs/error.log'),
                                      'utf8');

    cleanup(async () => {
        const clean = await server.stop();
        const bad = `${log()}\n${server.said()}`.split('\n')
            .filter((text) => BAD.test(text));

        ok(clean, 'nginx ended by itself when it was asked to');
        ok(bad.length === 0, 'no alert, crash or sanitizer line in the log',
           ...bad);

        fs.rmSync(dir, { recursive: true });
    });

    return { ports, log, conf: path.join(dir, 'conf') };
}
