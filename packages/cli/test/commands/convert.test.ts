// `heapray convert`: all formats and outputs.
import { execFileSync } from 'node:child_process';
import { lstatSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { decodePprof, encodePprof } from '@heapray/exporter/pprof';
import { type Profile, ProfileBuilder } from '@heapray/exporter/profile';
import { describe, expect, test } from 'vitest';
import { describeWithPeer } from '../../../../test/support/peer-test.js';
import { goPprof } from '../../../../test/support/peers.js';
import { pollUntil } from '../../../../test/support/poll.js';
import { startNode } from '../../../../test/support/start-node.js';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { formatProfile } from '../../../exporter/test/profile/format-profile.js';
import { decodeHeapProfile } from '../support/decode-heap-profile.js';
import { MAIN, shell } from '../support/heapray.js';
import { heapray } from '../support/loaded-heapray.js';
import { fileWith, SHOP_HEAPPROFILE, shopPprof, shopProfile } from '../support/sample-files.js';

/** Start of the shop's folded stacks. */
const FOLDED = /^\(none\) 65536\nmain /;

/** Converts into a new file of this name. Returns its path. */
async function convert(input: string, name: string, ...args: readonly string[]): Promise<string> {
  const output = path.join(tempFolder(), name);
  await succeed('convert', input, '-o', output, ...args);
  expect(readdirSync(path.dirname(output))).toEqual([name]);
  return output;
}

/** Runs a command that must print nothing. */
async function succeed(...args: readonly string[]): Promise<void> {
  expect(await heapray(args)).toEqual({ status: 0, signal: null, stdout: '', stderr: '' });
}

describe('formats', () => {
  test.each(['json', 'folded', 'heapprofile'])('converts a pprof to %s', async (format) => {
    const text = readFileSync(await convert(shopPprof(), `shop.${format}`), 'utf8');
    await expect(text).toMatchFileSnapshot(`../golden/shop-pprof.${format}.txt`);
  });

  test.each(['json', 'folded', 'heapprofile'])('converts a heap profile to %s', async (format) => {
    const text = readFileSync(await convert(SHOP_HEAPPROFILE, `shop.${format}`), 'utf8');
    await expect(text).toMatchFileSnapshot(`../golden/shop-heapprofile.${format}.txt`);
  });

  test('pprof to pprof keeps the profile', async () => {
    const output = await convert(shopPprof(), 'shop.pb.gz');
    expect(formatProfile(decodePprof(readFileSync(output)))).toBe(formatProfile(shopProfile()));
  });

  test.each(['shop.otlp', 'shop.otlp.json'])('pprof to %s and back keeps the profile', async (name) => {
    const back = await convert(await convert(shopPprof(), name), 'shop.pb');
    expect(formatProfile(decodePprof(readFileSync(back)))).toBe(formatProfile(shopProfile()));
  });

  test('a heap profile is restored from its own format and from pprof', async () => {
    const expected = formatProfile(decodeHeapProfile(readFileSync(SHOP_HEAPPROFILE)));
    const same = await convert(SHOP_HEAPPROFILE, 'same.heapprofile');
    expect(formatProfile(decodeHeapProfile(readFileSync(same)))).toBe(expected);
    const pprof = await convert(SHOP_HEAPPROFILE, 'shop.pb');
    expect(formatProfile(decodePprof(readFileSync(pprof)))).toBe(expected);
    const back = await convert(pprof, 'back.heapprofile');
    expect(formatProfile(decodeHeapProfile(readFileSync(back)))).toBe(expected);
  });

  test('pprof is gzipped unless the name ends in .pb', async () => {
    const gzip = [0x1f, 0x8b];
    const begin = async (name: string, ...args: readonly string[]) => [
      ...readFileSync(await convert(shopPprof(), name, ...args)).subarray(0, 2),
    ];
    expect(await begin('a.pb.gz')).toEqual(gzip);
    expect(await begin('a.pprof')).toEqual(gzip);
    expect(await begin('heap', '--to', 'pprof')).toEqual(gzip);
    expect(await begin('a.PB')).not.toEqual(gzip);
  });

  test('--to takes precedence over the name', async () => {
    expect(readFileSync(await convert(shopPprof(), 'a.pb', '--to', 'folded'), 'utf8')).toMatch(FOLDED);
  });

  test('--by selects the column', async () => {
    const text = readFileSync(await convert(shopPprof(), 'a.folded', '--by', 'alloc'), 'utf8');
    expect(text).toContain('load (/srv/app/load.js:3);(JSON.parse) 40960000\n');
  });

  test('a difference loses negative values when the format has none', async () => {
    const builder = new ProfileBuilder({
      columns: [{ type: 'inuse_space', unit: 'bytes' }],
      timeNanos: 0n,
      durationNanos: 0n,
    });
    const grown = builder.stack(undefined, builder.frame('grown', '/a.js', 1));
    const shrunk = builder.stack(undefined, builder.frame('shrunk', '/a.js', 2));
    builder.add(grown, [5]);
    builder.add(shrunk, [-7]);
    const file = fileWith(encodePprof(builder.build()));
    expect(readFileSync(await convert(file, 'a.folded'), 'utf8')).toBe('grown (/a.js:1) 5\n');
    const profile = decodeHeapProfile(readFileSync(await convert(file, 'a.heapprofile')));
    expect(formatProfile(profile)).toMatch(/samples: 1\n {2}5 \{package=\(none\)\}\n/);
  });

  test('functions of equal name stay separate in formats with names only', async () => {
    const builder = new ProfileBuilder({
      columns: [{ type: 'inuse_space', unit: 'bytes' }],
      timeNanos: 0n,
      durationNanos: 0n,
    });
    const add = (bytes: number, ...frame: Parameters<ProfileBuilder['frame']>) =>
      builder.add(builder.stack(undefined, builder.frame(...frame)), [bytes]);
    add(1, 'get', '/a.js', 5, 13);
    add(2, 'get', '/a.js', 5, 40);
    add(4, 'get', '/a.js', 9, 2);
    add(8, '__init__', '/a.py', 12, 0, 10);
    add(16, '__init__', '/a.py', 14, 0, 10);
    const file = fileWith(encodePprof(builder.build()));
    expect(
      readFileSync(await convert(file, 'a.folded'), 'utf8')
        .trim()
        .split('\n'),
    ).toEqual([
      '__init__ (/a.py:12) 8',
      '__init__ (/a.py:14) 16',
      'get (/a.js:5:13) 1',
      'get (/a.js:5:40) 2',
      'get (/a.js:9) 4',
    ]);
    // V8's format contains where a function starts, not the line that ran.
    const profile = decodeHeapProfile(readFileSync(await convert(file, 'a.heapprofile')));
    expect([...formatProfile(profile).matchAll(/^ +(\d+) .*\n +(.*)$/gm)].map(([, ...row]) => row)).toEqual([
      ['24', '__init__ /a.py:10:0'],
      ['1', 'get /a.js:5:13'],
      ['2', 'get /a.js:5:40'],
      ['4', 'get /a.js:9:2'],
    ]);
  });

  test('supports stacks of a hundred thousand frames', async () => {
    const builder = new ProfileBuilder({
      columns: [{ type: 'inuse_space', unit: 'bytes' }],
      timeNanos: 0n,
      durationNanos: 0n,
    });
    let stack = builder.stack(undefined, builder.frame('f', '/a.js', 1));
    for (let depth = 1; depth < 100_000; depth++) {
      stack = builder.stack(stack, builder.frame('f', '/a.js', depth % 100));
    }
    builder.add(stack, [8]);
    const deep = await convert(fileWith(encodePprof(builder.build())), 'deep.heapprofile');
    const flat = await convert(deep, 'deep.folded');
    expect(readFileSync(flat, 'utf8').split(';')).toHaveLength(100_000);
  });

  test.each([
    ['deep.folded', /as folded stacks it takes \d+ bytes, over the limit of 1073741824; /],
    ['deep.pb', /as pprof its samples have \d+ stack entries, over the limit of 134217728; /],
    ['deep.otlp', /as OTLP its stacks take more than the limit of 67108864 bytes; /],
  ])('rejects quadratic output in %s with one line', async (name, reason) => {
    const frame = { scriptId: '1', url: '/a.js', lineNumber: 0, columnNumber: 0 };
    const start = (at: number) =>
      `{"callFrame":${JSON.stringify({ functionName: `f${at}`, ...frame })},"selfSize":1,"children":[`;
    const depth = 50_000;
    const nodes = Array.from({ length: depth }, (_, at) => start(at)).join('');
    const input = fileWith(`{"head":${nodes}${']}'.repeat(depth)}}`, 'deep.heapprofile');
    const folder = tempFolder();
    const result = await heapray(['convert', input, '-o', path.join(folder, name)]);
    expect(result).toMatchObject({ status: 1, signal: null, stdout: '' });
    expect(result.stderr).toMatch(reason);
    expect(result.stderr).toMatch(/^[^\n]+\n$/);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('rejects sums that a format cannot represent with one line', async () => {
    const one = '{"callFrame":{"functionName":"f","url":""},"selfSize":9007199254740991}';
    const head = `{"head":{"selfSize":0,"children":[${Array(1025).fill(one).join()}]}}`;
    const input = fileWith(head);
    const output = path.join(tempFolder(), 'a.pb');
    const { status, stderr } = await heapray(['convert', input, '-o', output]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^heapray: \/.*\/input: value 92323792361\d+ does not fit into 64 bits\n$/);
    expect(readdirSync(path.dirname(output))).toEqual([]);
  });
});

describeWithPeer('go tool pprof', 'go-pprof', () => {
  test('top reads a converted heap profile', async () => {
    const file = await convert(SHOP_HEAPPROFILE, 'shop.pb.gz');
    const { status, stdout } = await goPprof(['-top', '-unit=B', file]);
    expect(status).toBe(0);
    const { stdout: ours } = await heapray(['top', '--json', SHOP_HEAPPROFILE]);
    const { total, rows } = JSON.parse(ours) as { total: number; rows: { name: string; flat: number }[] };
    expect(stdout).toContain(`of ${total}B total`);
    expect(stdout).toMatch(new RegExp(`\\n *${rows[0]!.flat}B .* ${rows[0]!.name}\\n`));
  });

  test('keeps labels and all columns of a pprof', async () => {
    const { status, stdout } = await goPprof(['-raw', await convert(shopPprof(), 'shop.pb.gz')]);
    expect(status).toBe(0);
    expect(stdout).toContain(
      'alloc_objects/count alloc_space/bytes inuse_objects/count inuse_space/bytes[dflt]',
    );
    expect(stdout).toContain('package:[order-cache]');
  });
});

describe('outputs', () => {
  test('replaces an existing file as a whole, and keeps its permissions', async () => {
    const output = fileWith('old', 'out.folded');
    execFileSync('chmod', ['600', output]);
    await succeed('convert', shopPprof(), '-o', output);
    expect(readFileSync(output, 'utf8')).toMatch(FOLDED);
    expect(statSync(output).mode & 0o777).toBe(0o600);
    expect(readdirSync(path.dirname(output))).toEqual(['out.folded']);
  });

  test('can use the input as the output', async () => {
    const file = shopPprof();
    await succeed('convert', file, '-o', file, '--to', 'folded');
    expect(readFileSync(file, 'utf8')).toMatch(FOLDED);
  });

  test('keeps a link', async () => {
    const target = fileWith('old', 'target');
    const link = path.join(tempFolder(), 'link.folded');
    symlinkSync(target, link);
    await succeed('convert', shopPprof(), '-o', link);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readFileSync(target, 'utf8')).toMatch(FOLDED);
  });

  test('writes bytes to standard output for -', async () => {
    const line = 'heapray convert "$FILE" -o - --to pprof | heapray convert - -o - --to folded';
    const { status, stdout, stderr } = await shell(line, { env: { FILE: shopPprof() } });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(FOLDED);
  });

  test('writes to devices and pipes directly', async () => {
    await succeed('convert', shopPprof(), '-o', '/dev/null', '--to', 'json');
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
    const pipe = path.join(tempFolder(), 'pipe.folded');
    execFileSync('mkfifo', [pipe]);
    const line = 'cat "$PIPE" & heapray convert "$FILE" -o "$PIPE"; wait';
    const { stdout } = await shell(line, { env: { FILE: shopPprof(), PIPE: pipe } });
    expect(stdout).toMatch(FOLDED);
    expect(lstatSync(pipe).isFIFO()).toBe(true);
  });

  test.each([
    ['a folder', () => tempFolder(), 'is a directory'],
    ['in a missing folder', () => path.join(tempFolder(), 'a', 'b'), 'no such file or directory'],
    ['in a file', () => path.join(fileWith(''), 'b'), 'not a directory'],
    ['in a folder that allows no new files', () => '/proc/heapray', 'no such file or directory'],
    ['on a full disk', () => '/dev/full', 'no space left on device'],
  ])('%s: one line, status 1', async (_, place, reason) => {
    const output = place();
    expect(await heapray(['convert', shopPprof(), '-o', output, '--to', 'json'])).toEqual({
      status: 1,
      signal: null,
      stdout: '',
      stderr: `heapray: ${output}: ${reason}\n`,
    });
  });

  test('ending the command while it writes leaves the whole file or none', async () => {
    const input = fileWith(encodePprof(wideProfile(300_000)), 'wide.pb');
    const endWhileItWrites = async () => {
      const folder = tempFolder();
      const output = path.join(folder, 'out.json');
      const command = startNode({ args: [MAIN, 'convert', input, '-o', output] });
      await pollUntil(() => readdirSync(folder).length > 0, { what: 'the first bytes', everyMillis: 1 });
      const end = await command.stop('SIGTERM');
      const left = readdirSync(folder);
      if (left.length > 0 || end.signal === null) {
        expect(left).toEqual(['out.json']);
        expect(JSON.parse(readFileSync(output, 'utf8'))).toHaveProperty('samples.length', 300_000);
      }
      // On a busy machine the signal may come too late: then the command ended normally.
      if (end.signal === null) return false;
      expect(end).toEqual({ status: null, signal: 'SIGTERM' });
      return true;
    };
    await pollUntil(endWhileItWrites, { what: 'a signal that comes in time' });
  });

  test('a disk that fills up leaves no file, or the old one', async () => {
    const folder = tempFolder();
    const old = path.join(folder, 'old.json');
    writeFileSync(old, 'old');
    // The shell's limit for the size of a file, in KiB.
    const line = 'trap "" XFSZ; ulimit -f 1; heapray convert "$FILE" -o "$OUT"; echo "$?"';
    for (const output of [old, path.join(folder, 'new.json')]) {
      const env = { FILE: SHOP_HEAPPROFILE, OUT: output };
      const { stdout, stderr } = await shell(line, { env });
      expect({ stdout, stderr }).toEqual({ stdout: '1\n', stderr: `heapray: ${output}: file too large\n` });
    }
    expect(readdirSync(folder)).toEqual(['old.json']);
    expect(readFileSync(old, 'utf8')).toBe('old');
  });
});

/** Returns a profile with one stack and sample per function. */
function wideProfile(functions: number): Profile {
  const builder = new ProfileBuilder({
    columns: [{ type: 'inuse_space', unit: 'bytes' }],
    timeNanos: 0n,
    durationNanos: 0n,
  });
  for (let at = 1; at <= functions; at++) {
    builder.add(builder.stack(undefined, builder.frame(`f${at}`, '/srv/app/a.js', at)), [at]);
  }
  return builder.build();
}
