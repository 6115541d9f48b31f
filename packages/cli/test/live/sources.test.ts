// Sources of `heapray live`: URLs, files, and how arguments name them.
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { atEnd } from '../../../../test/support/cleanup.js';
import { freePort } from '../../../../test/support/free-port.js';
import { pollUntil } from '../../../../test/support/poll.js';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { sumsOf } from '../../src/live/model/live-rows.js';
import { FileSource } from '../../src/live/sources/file-source.js';
import {
  HttpSource,
  type HttpSourceOptions,
  profileUrl,
  retryAfterMillis,
} from '../../src/live/sources/http-source.js';
import { openSource } from '../../src/live/sources/open-source.js';
import { parseStatus } from '../../src/live/sources/resident-memory.js';
import { captureFile, expectedOf, sumOf } from '../support/captures.js';
import { heapray } from '../support/heapray.js';
import { startWatch } from '../watch/support/start-watch.js';
import { type ProfileAnswer, serveProfile, startDebugService } from './support/programs.js';
import { MIB, profileOf } from './support/states.js';

const DEFAULTS = { intervalMillis: undefined, component: undefined, isWaiting: false };
const NEVER = new AbortController().signal;

async function httpSource(answer: ProfileAnswer, options: Partial<HttpSourceOptions> = {}) {
  const server = await serveProfile(answer);
  const source = new HttpSource(new URL(server.url), {
    intervalMillis: 1000,
    component: undefined,
    isWaiting: false,
    ...options,
  });
  return { server, source };
}

describe('an argument', () => {
  test.each([
    ['7777', 'port 7777'],
    ['http://h:1', 'http://h:1/debug/pprof/heap'],
    ['127.0.0.1:6464', 'http://127.0.0.1:6464/debug/pprof/heap'],
    ['[::1]:6464', 'http://[::1]:6464/debug/pprof/heap'],
    ['localhost:6464', 'http://localhost:6464/debug/pprof/heap'],
    ['./7777', './7777'],
    ['70000', 'process 70000'],
    ['a:b', 'a:b'],
  ])('%j names %j', (argument, name) => {
    expect(openSource(argument, DEFAULTS).name).toBe(name);
  });

  test.each([
    ['0', 'port 0 is not valid: expected a port from 1 to 65535'],
    ['http://', 'URL http:// is not valid: expected http://HOST:PORT'],
    ['http://me:secret@h', 'the URL must not have a user name or a password'],
  ])('%j is refused', async (argument, line) => {
    expect(await heapray(['live', argument])).toMatchObject({
      status: 2,
      stdout: '',
      stderr: `heapray: ${line}\n`,
    });
  });

  test('that is an ID of a process has no port, and takes no other source', async () => {
    expect(openSource(7777, DEFAULTS)).toMatchObject({ name: 'process 7777', intervalMillis: 5000 });
    expect(() => openSource(7777, { ...DEFAULTS, isWaiting: true })).toThrow('--wait is not for a process');
    expect(await heapray(['live', 'file.bin', '--pid', '7'])).toMatchObject({
      status: 2,
      stderr: 'heapray: needs a source, or --pid with the ID of a process\n',
    });
  });

  test('is read rarely if each read costs the program something', () => {
    expect(openSource('http://h', DEFAULTS).intervalMillis).toBe(5000);
    expect(openSource('file', DEFAULTS).intervalMillis).toBe(1000);
    expect(openSource('file', { ...DEFAULTS, intervalMillis: 200 }).intervalMillis).toBe(200);
  });

  test('--component is for URLs', async () => {
    const { status, stderr } = await heapray(['live', 'file.bin', '--component', 'a']);
    expect([status, stderr]).toEqual([2, 'heapray: --component is for the URL of heapray watch\n']);
  });
});

test.each([
  ['http://h:1/', 'http://h:1/debug/pprof/heap'],
  ['http://h:1/debug/pprof/', 'http://h:1/debug/pprof/heap'],
  ['http://h:1/debug/ui', 'http://h:1/debug/pprof/heap'],
  ['http://h:1/proxy/debug/pprof/heap?x=1#y', 'http://h:1/proxy/debug/pprof/heap?x=1'],
  ['http://h:1/proxy/', 'http://h:1/proxy/debug/pprof/heap'],
])('the profile of %s is at %s', (address, profile) => {
  expect(profileUrl(new URL(address), undefined).href).toBe(profile);
  expect(profileUrl(new URL(address), 'a b').searchParams.get('component')).toBe('a b');
});

describe('a URL', () => {
  test('is polled, and the state has the sums of the profile', async () => {
    const { source } = await httpSource((request) => profileOf([{ name: 'load', inUse: request * MIB }]));
    for (const request of [1, 2]) {
      const { state } = await source.poll(NEVER);
      expect(sumsOf(state!.profile).inUse).toBe(request * MIB);
    }
  });

  test('is one run as long as its start stays, within a second', async () => {
    const starts = [10_000, 10_001, 10_900, 60_000, 60_001];
    const { source } = await httpSource((request) => {
      const time = {
        timeNanos: 100_000_000_000n,
        durationNanos: BigInt(100_000 - starts[request - 1]!) * 1_000_000n,
      };
      return profileOf([{ name: 'load', inUse: 1 }], time);
    });
    const runs: string[] = [];
    for (const _ of starts) runs.push((await source.poll(NEVER)).state!.run);
    expect(runs).toEqual(['10000', '10000', '10000', '60000', '60000']);
  });

  test.each([429, 503])('that answers %i is asked again when it says', async (status) => {
    const { source } = await httpSource(() => ({
      status,
      headers: { 'Retry-After': '7' },
      body: 'busy\nmore',
    }));
    expect(await source.poll(NEVER)).toEqual({
      state: undefined,
      status: `HTTP ${status}: busy; trying again in 7 s`,
      waitMillis: 7000,
    });
  });

  test('that refuses the request is an error in one line', async () => {
    const { source } = await httpSource(() => ({ status: 400, body: 'component: expected one of a, b\n' }));
    await expect(source.poll(NEVER)).rejects.toThrow(/: HTTP 400: component: expected one of a, b$/);
  });

  test('that returns something else is an error', async () => {
    const { source } = await httpSource(() => ({ status: 200, body: '<html>' }));
    await expect(source.poll(NEVER)).rejects.toThrow(/pprof/);
  });

  test('waits for a server, and ends when it is gone', async () => {
    const absent = new HttpSource(new URL(`http://127.0.0.1:${await freePort()}`), {
      ...DEFAULTS,
      intervalMillis: 1000,
    });
    expect((await absent.poll(NEVER)).status).toMatch(/^waiting for http:/);
    const { server, source } = await httpSource(() => profileOf([{ name: 'load', inUse: 1 }]));
    await source.poll(NEVER);
    server.close();
    expect((await source.poll(NEVER)).end).toMatchObject({ kind: 'lost' });
  });

  test('waits for the next server with --wait', async () => {
    const { server, source } = await httpSource(() => profileOf([{ name: 'load', inUse: 1 }]), {
      isWaiting: true,
    });
    await source.poll(NEVER);
    server.close();
    expect(await source.poll(NEVER)).toMatchObject({
      state: undefined,
      status: expect.stringMatching(/^waiting/),
    });
  });
});

test.each([
  [null, 0],
  ['5', 5000],
  ['Sun, 06 Nov 1994 08:49:37 GMT', 10_000],
  ['Sun, 06 Nov 1994 08:49:00 GMT', 0],
  ['soon', 0],
])('Retry-After %j means %i ms', (header, millis) => {
  expect(retryAfterMillis(header, Date.UTC(1994, 10, 6, 8, 49, 27))).toBe(millis);
});

test('a debug server names its process and the parts of its memory', async () => {
  const { service, port } = await startDebugService();
  const source = openSource(`${port}`, DEFAULTS);
  atEnd(() => source.close());
  // A port that does not send a capture is asked for HTTP.
  const { state } = await pollUntil(
    async () => {
      const poll = await source.poll(NEVER);
      return (poll.state?.residentParts.length ?? 0) > 0 && poll;
    },
    { what: 'a state' },
  );
  expect(state).toMatchObject({ program: 'service', pid: service.pid, heapLimit: expect.any(Number) });
  expect(state!.residentParts.map(({ name }) => name)).toContain('heap');
  expect(state!.residentBytes).toBeGreaterThan(10 * MIB);
});

test('heapray watch is read by component', async () => {
  const folder = tempFolder();
  for (const name of ['scheduler', 'worker']) {
    copyFileSync(captureFile('threads.v13.bin'), path.join(folder, `${name}_memory.bin`));
  }
  const { url } = await startWatch([folder]);
  const without = openSource(url, DEFAULTS);
  // The server refuses with other reasons until it has found and read the captures.
  const refusal = /component: expected one of scheduler, worker/;
  await pollUntil(async () => refusal.test(await without.poll(NEVER).then(() => '', String)), {
    what: 'the names of the components',
  });
  const source = openSource(url, { ...DEFAULTS, component: 'worker' });
  const state = await pollUntil(async () => (await source.poll(NEVER)).state, { what: 'a state' });
  const leaks = sumOf(expectedOf('threads.v13.bin').leaks.by_thread);
  expect(sumsOf(state.profile).inUse).toBe(leaks.bytes);
  expect(state.program).toContain('worker');
});

describe('a live port', () => {
  const capture = readFileSync(captureFile('live.v13.bin'));

  /** Starts a program that sends to each viewer what the test says, and ends the connection. */
  async function livePort(
    dataFor: (viewer: number) => Uint8Array,
  ): Promise<{ port: number; viewers: () => number }> {
    let viewers = 0;
    const server = net.createServer((socket) => socket.on('error', () => {}).end(dataFor(++viewers)));
    atEnd(() => server.close());
    await new Promise<void>((resolve) => {
      server.listen(0, 'localhost', resolve);
    });
    return { port: (server.address() as net.AddressInfo).port, viewers: () => viewers };
  }

  function open(port: number, isWaiting = false) {
    const source = openSource(`${port}`, { ...DEFAULTS, isWaiting });
    atEnd(() => source.close());
    return source;
  }

  test('that is left while it is being connected to is not kept open', async () => {
    const sockets: net.Socket[] = [];
    const server = net.createServer((socket) => sockets.push(socket.on('error', () => {}).resume()));
    atEnd(() => server.close());
    await new Promise<void>((resolve) => {
      server.listen(0, 'localhost', resolve);
    });
    const source = open((server.address() as net.AddressInfo).port);
    const polled = source.poll(NEVER);
    await source.close();
    expect(await polled).toEqual({ state: undefined, status: '' });
    await pollUntil(() => sockets.length === 1 && sockets[0]!.destroyed, {
      what: 'the end of the connection',
    });
  });

  test('is a capture until the program ends', async () => {
    const source = open((await livePort(() => capture)).port);
    const poll = () => source.poll(NEVER);
    const { end, state } = await pollUntil(
      async () => {
        const found = await poll();
        return found.end !== undefined && found;
      },
      { what: 'the end' },
    );
    expect(end).toMatchObject({
      kind: 'ended',
      message: 'the program has ended',
      capture: { complete: true },
    });
    expect(state?.peakBytes).toBe(expectedOf('live.v13.bin').metadata.peak_memory);
  });

  test('is connected to again for the next program with --wait', async () => {
    const { port, viewers } = await livePort(() => capture);
    const source = open(port, true);
    const statuses = new Set<string>();
    await pollUntil(
      async () => {
        const { status, end } = await source.poll(NEVER);
        expect(end).toBeUndefined();
        statuses.add(status);
        return viewers() > 2;
      },
      { what: 'three connections' },
    );
    expect(statuses).toContain('the program has ended; waiting for the next one');
  });

  test('that is busy with another viewer is tried again', async () => {
    const { port } = await livePort((viewer) => (viewer < 3 ? new Uint8Array() : capture));
    const source = open(port);
    const statuses = new Set<string>();
    await pollUntil(
      async () => {
        const { status, state } = await source.poll(NEVER);
        statuses.add(status);
        return state;
      },
      { what: 'a state' },
    );
    expect(statuses).toContain(
      `waiting for port ${port}: another viewer is connected, or the program is ending`,
    );
  });
});

describe('a file', () => {
  const options = { intervalMillis: 1000, isWaiting: false };

  test.each(['threads.v13.bin', 'threads.v12.bin', 'threads.v11.bin', 'aggregate.v13.bin'])(
    'that is a finished capture is complete: %s',
    async (name) => {
      const source = new FileSource(captureFile(name), options);
      atEnd(() => source.close());
      const { state, end } = await pollUntil(
        async () => {
          const poll = await source.poll();
          return poll.end !== undefined && poll;
        },
        { what: 'the end' },
      );
      const { leaks, metadata } = expectedOf(name);
      expect(end).toMatchObject({ kind: 'complete', capture: { complete: true } });
      expect(sumsOf(state!.profile).inUse).toBe(sumOf(leaks.by_thread).bytes);
      expect(state!.peakBytes).toBe(metadata.peak_memory);
      expect(sumsOf(state!.profile).allocated === undefined).toBe(name.startsWith('aggregate'));
    },
  );

  test('that does not exist is an error, or waited for', async () => {
    const file = path.join(tempFolder(), 'a_memory.bin');
    const source = new FileSource(file, options);
    await expect(source.poll()).rejects.toThrow(`${file}: no such file; --wait waits for it`);
    const waiting = new FileSource(file, { ...options, isWaiting: true });
    atEnd(() => waiting.close());
    expect(await waiting.poll()).toEqual({ state: undefined, status: `waiting for ${file}` });
    copyFileSync(captureFile('threads.v13.bin'), file);
    await pollUntil(async () => (await waiting.poll()).state, { what: 'a state' });
  });

  test('that is no capture is an error', async () => {
    const file = path.join(tempFolder(), 'text');
    writeFileSync(file, 'x'.repeat(100));
    const source = new FileSource(file, options);
    // The first bytes of a file that is being written are not believed at once.
    const message = await pollUntil(() => source.poll().then(() => undefined, String), { what: 'an error' });
    expect(message).toContain(`${file}: memray: not a memray capture`);
  });

  test('is printed as lines and a table without a terminal', async () => {
    const { status, stdout } = await heapray(['live', captureFile('threads.v13.bin'), '-n', '2']);
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /^\d\d:\d\d:\d\d {2}alive 735\.2 KiB {2}peak 3\.8 MiB {2}events \d+ {2}threads \d+ {2}first: .*\n\n +ALIVE +COUNT {2}FUNCTION +FILE\n(?:.*\n){2}$/,
    );
  });
});

test('the resident set of a process has parts that add up to it', () => {
  const status =
    'Name:\tnode\nVmRSS:\t  60 kB\nRssAnon:\t      40 kB\nRssFile:\t      20 kB\nRssShmem:\t       0 kB\n';
  expect(parseStatus(status)).toEqual({
    bytes: 60 * 1024,
    parts: [
      { name: 'anonymous', bytes: 40 * 1024 },
      { name: 'files', bytes: 20 * 1024 },
    ],
  });
  expect(parseStatus('Name:\tnode\nState:\tZ (zombie)\n')).toBeUndefined();
});
