// `heapray lifetimes`. Lifetimes are compared with a simple model, and temporary allocations with memray, in packages/exporter.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { encodePprof } from '@heapray/exporter/pprof';
import { ProfileBuilder } from '@heapray/exporter/profile';
import { describe, expect, test } from 'vitest';
import { atEnd } from '../../../../test/support/cleanup.js';
import { captureFile, expectedOf, sumOf } from '../support/captures.js';
import { heapray } from '../support/loaded-heapray.js';
import { fileWith, shopPprof } from '../support/sample-files.js';

const THREADS = captureFile('threads.v13.bin');

interface Amounts {
  readonly allocated: { readonly bytes: number; readonly count: number };
  readonly by_lifetime: readonly { readonly bytes: number }[];
  readonly temporary: object;
  readonly cells: readonly {
    readonly birth: number;
    readonly death: number | null;
    readonly bytes: number;
  }[];
}

interface Lifetimes extends Amounts {
  readonly lifetimes: readonly string[];
  readonly windows: readonly { readonly from_seconds: number; readonly until_seconds: number }[];
  readonly windows_summed: number;
  readonly omitted: number;
  readonly rows: readonly (Amounts & { readonly name: string })[];
}

async function lifetimes(...args: readonly string[]): Promise<Lifetimes> {
  const { status, stdout, stderr } = await heapray(['lifetimes', '--json', ...args]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout) as Lifetimes;
}

describe('of a capture', () => {
  test('prints tables', async () => {
    const { status, stdout, stderr } = await heapray(['lifetimes', THREADS, '-n', '5']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    await expect(stdout).toMatchFileSnapshot('../golden/lifetimes-threads.v13.txt');
  });

  test('prints Markdown with the cells of the text', async () => {
    const { status, stdout } = await heapray(['lifetimes', '--md', THREADS, '-n', '5']);
    expect(status).toBe(0);
    const text = readFileSync(new URL('../golden/lifetimes-threads.v13.txt', import.meta.url), 'utf8');
    const cells = text.split('\n').find((line) => line.endsWith('alive at the end'))!;
    expect(stdout).toContain(
      `| ${cells.trim().split(/ {2,}/).slice(0, -1).join(' | ')} | \`alive at the end\` |`,
    );
  });

  test("prints JSON with memray's temporary allocations, and cells that add up", async () => {
    const read = await lifetimes(THREADS, '-n', '1000', '--windows', '4');
    const expected = expectedOf('threads.v13.bin');
    expect(read.temporary).toEqual(sumOf(expected.temporary_threshold_1));
    expect(read.by_lifetime.at(-1)!.bytes).toBe(sumOf(expected.leaks.by_thread).bytes);
    expect(read.windows.length).toBeLessThanOrEqual(4);
    expect(read.windows_summed).toBe(1);
    expect(read.omitted).toBe(0);
    const total = (amounts: readonly { readonly bytes: number }[]) =>
      amounts.reduce((sum, { bytes }) => sum + bytes, 0);
    for (const { allocated, by_lifetime, cells } of [read, ...read.rows]) {
      expect(total(by_lifetime)).toBe(allocated.bytes);
      expect(total(cells)).toBe(allocated.bytes);
    }
    expect(total(read.rows.map(({ allocated }) => allocated))).toBe(read.allocated.bytes);
  });

  test('takes another threshold and a part of the time', async () => {
    const all = await lifetimes(THREADS);
    const more = await lifetimes(THREADS, '--temporary-allocations', '1000');
    expect((more.temporary as { count: number }).count).toBeGreaterThan(
      (all.temporary as { count: number }).count,
    );
    const demo = captureFile('synthetic/node-demo.v13.bin');
    const part = await lifetimes(demo, '--from', '0.5', '--until', '2');
    expect(part.by_lifetime.at(-1)!.bytes).toBe(919_794);
  });

  test('reads standard input', async () => {
    const { status, stdout } = await heapray(['lifetimes', '-'], { input: readFileSync(THREADS) });
    expect(status).toBe(0);
    expect(stdout).toContain('By lifetime');
  });
});

describe('of a profile with ages', () => {
  test('shows what is in use by age', async () => {
    const { status, stdout } = await heapray(['lifetimes', fileWith(ages(), 'heap.pb')]);
    expect(status).toBe(0);
    expect(stdout).toBe(`inuse_space by age: 4.0 KiB in all

By age
  BYTES  SHARE  AGE
1.0 KiB  25.0%  <10s
3.0 KiB  75.0%  >1h
    0 B   0.0%  unknown

inuse_space by function
    ALL   <10S      >1H  UNKNOWN  FUNCTION  FILE
3.5 KiB  512 B  3.0 KiB      0 B  cache     /app/a.js:1
  512 B  512 B      0 B      0 B  parse     /app/a.js:9
`);
  });

  test('tells ten unknown ages apart, and counts the others as unknown', async () => {
    const builder = newBuilder();
    const cache = builder.stack(undefined, builder.frame('cache', '/app/a.js', 1));
    for (let age = 10; age < 40; age++) builder.add(cache, [100], builder.labels({ age: `age ${age}` }));
    const { stdout } = await heapray([
      'lifetimes',
      '--json',
      fileWith(encodePprof(builder.build()), 'heap.pb'),
    ]);
    const tenAges = Array.from({ length: 10 }, (_, at) => `age ${10 + at}`);
    expect(JSON.parse(stdout)).toMatchObject({
      ages: ['unknown', ...tenAges],
      total: 3000,
      by_age: [2000, ...tenAges.map(() => 100)],
    });
  });

  test('asks a server for it', async () => {
    const asked: string[] = [];
    const server = createServer(({ url = '' }, response) => {
      asked.push(url);
      if (url.startsWith('/debug/pprof/heap')) response.end(ages());
      else response.writeHead(404).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    atEnd(() => server.close());
    const { port } = server.address() as AddressInfo;
    for (const source of [`${port}`, `127.0.0.1:${port}`, `http://127.0.0.1:${port}/debug/ui`]) {
      const { status, stdout, stderr } = await heapray(['lifetimes', '--json', source]);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(JSON.parse(stdout)).toMatchObject({
        format: 'pprof',
        column: 'inuse_space',
        ages: ['<10s', '>1h', 'unknown'],
        total: 4096,
        by_age: [1024, 3072, 0],
        rows: [{ name: 'cache', by_age: [512, 3072, 0] }, { name: 'parse' }],
      });
    }
    expect(asked.filter((url) => url === '/debug/pprof/heap')).toHaveLength(3);
    server.close();
    server.closeAllConnections();
    const { status, stderr } = await heapray(['lifetimes', `${port}`]);
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^heapray: http:\/\/127\.0\.0\.1:\d+\/debug\/pprof\/heap: no server listens there\n$/,
    );
  });
});

describe('refuses', () => {
  test('a profile without ages', async () => {
    const file = shopPprof();
    const { status, stderr } = await heapray(['lifetimes', file]);
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: `heapray: ${file}: its samples have no ages; lifetimes need a memray capture, or a heap profile of heapray\n`,
    });
  });

  test.each([
    [['--windows', '0'], "'--windows <count>' argument '0' is invalid. Must be an integer from 1 to 100."],
    [
      ['--temporary-allocations', '1001'],
      "'--temporary-allocations <count>' argument '1001' is invalid. Must be an integer from 0 to 1000.",
    ],
  ])('%j', async (args, line) => {
    const { status, stderr } = await heapray(['lifetimes', THREADS, ...args]);
    expect({ status, stderr }).toEqual({ status: 2, stderr: `heapray: option ${line}\n` });
  });
});

/** Returns a heap profile with ages, as heapray's debug server has it. */
function ages(): Uint8Array {
  const builder = newBuilder();
  const cache = builder.stack(undefined, builder.frame('cache', '/app/a.js', 1));
  const parse = builder.stack(cache, builder.frame('parse', '/app/a.js', 9));
  builder.add(cache, [512], builder.labels({ age: '<10s' }));
  builder.add(cache, [3072], builder.labels({ age: '>1h' }));
  builder.add(parse, [512], builder.labels({ age: '<10s' }));
  return encodePprof(builder.build());
}

function newBuilder(): ProfileBuilder {
  return new ProfileBuilder({
    columns: [{ type: 'inuse_space', unit: 'bytes' }],
    timeNanos: 0n,
    durationNanos: 0n,
  });
}
