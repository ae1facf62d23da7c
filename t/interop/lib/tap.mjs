/*
 * Copyright (C) the ngx_pay authors
 *
 * TAP for prove, a line per assertion: the runner's own output has changed
 * between the releases of node that these tests have to run with.
 */

import { isDeepStrictEqual, inspect } from 'node:util';

// all of a file, with its nginx and its waits
const LIMIT_MS = 50000;

const cleanups = [];

const never = new Promise(() => {});

let count = 0;
let failed = 0;
let stopped = false;


function plain(name) {
    return String(name).replace(/#/g, '\\#').replace(/\n/g, ' ');
}


function line(pass, name, notes = []) {
    count++;

    if (!pass) {
        failed++;
    }

    const text = plain(name);
    const comments = pass || notes.length === 0
        ? [] : notes.join('\n').split('\n');

    process.stdout.write([
        `${pass ? 'ok' : 'not ok'} ${count} - ${text}`,
        ...comments.map((note) => `# ${note}`)
    ].join('\n') + '\n');

    return pass;
}


function show(value) {
    return inspect(value, { depth: 6, breakLength: 100 });
}


export function ok(pass, name, ...notes) {
    return line(pass === true, name, notes.map(show));
}


// what cannot be tried here, and why

export function skip(name, why) {
    process.stdout.write(`ok ${++count} - ${plain(name)} # SKIP ${why}\n`);
}


// the same value and the same type, all the way down

export function is(got, want, name) {
    return line(isDeepStrictEqual(got, want), name,
                [`got:  ${show(got)}`, `want: ${show(want)}`]);
}


export function like(got, pattern, name) {
    return line(typeof got === 'string' && pattern.test(got), name,
                [`got:  ${show(got)}`, `want: ${pattern}`]);
}


// f throws, or rejects, with a message like the pattern

export async function dies(f, pattern, name) {
    try {
        const got = await f();
        return line(false, name, [`no exception, but ${show(got)}`]);

    } catch (e) {
        return like(e.message, pattern, name);
    }
}


// a group of assertions: an exception in it is one that failed

export async function block(name, f) {
    process.stdout.write(`# ${name}\n`);

    try {
        await f();

    } catch (e) {
        await (stopped ? never : undefined);
        line(false, `${name}: no exception`, [e.stack || String(e)]);
    }

    await (stopped ? never : undefined);
}


// what is to be undone at the end, come what may; the last one first

export function cleanup(f) {
    cleanups.push(f);
}


async function finish() {
    while (cleanups.length !== 0) {
        const f = cleanups.pop();

        try {
            await f();

        } catch (e) {
            line(false, 'cleaned up', [e.stack || String(e)]);
        }
    }
}


export async function main(f, limit = LIMIT_MS) {
    const stop = async (why) => {
        stopped = true;
        line(false, why);
        await finish();
        process.exit(1);
    };

    const timer = setTimeout(stop, limit, `ended in ${limit} ms`);

    for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM']) {
        process.once(signal, () => stop(`not ended by ${signal}`));
    }

    try {
        await f();

    } catch (e) {
        await (stopped ? never : undefined);
        line(false, 'no exception', [e.stack || String(e)]);
    }

    await finish();
    clearTimeout(timer);

    process.stdout.write(`1..${count}\n`);
    process.exitCode = failed === 0 && count !== 0 ? 0 : 1;
}
