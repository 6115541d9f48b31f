// Reading `.heapprofile` files.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type Profile, topOf } from '@heapray/exporter/profile';
import { describe, expect, test } from 'vitest';
import { runCommand } from '../../../../../test/support/run-command.js';
import { tempFolder } from '../../../../../test/support/temp-folder.js';
import { checkProfile } from '../../../../exporter/test/profile/check-profile.js';
import { formatProfile } from '../../../../exporter/test/profile/format-profile.js';
import { HeapProfileDecoder } from '../../../src/inputs/heapprofile/heapprofile.js';
import { decodeHeapProfile } from '../../support/decode-heap-profile.js';
import { SHOP_HEAPPROFILE } from '../../support/sample-files.js';

interface PlainNode {
  readonly name?: unknown;
  readonly url?: unknown;
  readonly size?: unknown;
  readonly line?: unknown;
  readonly column?: unknown;
  readonly children?: readonly PlainNode[];
}

function node({
  name = 'f',
  url = '/a.js',
  size = 0,
  line = 0,
  column = 0,
  children = [],
}: PlainNode): unknown {
  const callFrame = { functionName: name, scriptId: '1', url, lineNumber: line, columnNumber: column };
  return { callFrame, selfSize: size, id: 1, children: children.map(node) };
}

/** Returns the profile of a root with these callees. */
function decode(...children: readonly PlainNode[]): Profile {
  const head = node({ name: '(root)', url: '', line: -1, column: -1, children });
  return decodeText(JSON.stringify({ head, samples: [] }));
}

function decodeText(text: string): Profile {
  return decodeHeapProfile(Buffer.from(text));
}

/** Returns the samples of the text dump. */
function samples(profile: Profile): string {
  checkProfile(profile);
  const text = formatProfile(profile);
  const heading = text.indexOf('\nsamples: ') + 1;
  return text.slice(text.indexOf('\n', heading) + 1);
}

/** Returns the message of a failed decode. Fails when there is none. */
function failure(bytes: Uint8Array): string {
  try {
    decodeHeapProfile(bytes);
  } catch (error) {
    expect((error as Error).name).toBe('FormatError');
    return (error as Error).message;
  }
  throw new Error('the input was accepted');
}

test('a file from Node 24 gives the golden text', async () => {
  const profile = decodeHeapProfile(readFileSync(SHOP_HEAPPROFILE));
  checkProfile(profile);
  await expect(formatProfile(profile)).toMatchFileSnapshot('../../golden/shop.heapprofile.txt');
});

test('reads a new file of this Node', async () => {
  const folder = tempFolder();
  const script = 'function remember() { return new Array(4e6).fill(1) }; globalThis.kept = remember()';
  const args = [
    '--heap-prof',
    `--heap-prof-dir=${folder}`,
    '--heap-prof-name=fresh.heapprofile',
    '-e',
    script,
  ];
  expect((await runCommand(process.execPath, args)).status).toBe(0);
  const profile = decodeHeapProfile(readFileSync(path.join(folder, 'fresh.heapprofile')));
  const [first] = topOf(profile, { column: 'inuse_space', groupBy: 'function' });
  expect(first?.name).toBe('remember');
  expect(first?.flat).toBeGreaterThan(3.1e7);
});

describe('frames', () => {
  test('count lines and columns from 1, with 0 for unknown', () => {
    expect(samples(decode({ size: 8, line: 0, column: 4 }))).toBe('  8 {package=(none)}\n    f /a.js:1:5\n');
    expect(samples(decode({ size: 8, line: -1, column: -1 }))).toBe(
      '  8 {package=(none)}\n    f /a.js:0:0\n',
    );
    expect(samples(decode({ size: 8, line: 1.5, column: 'x' }))).toBe(
      '  8 {package=(none)}\n    f /a.js:0:0\n',
    );
    expect(samples(decode({ size: 8, line: 2 ** 31, column: 1e300 }))).toBe(
      '  8 {package=(none)}\n    f /a.js:0:0\n',
    );
  });

  test('have file paths, whether V8 has a path or a URL', () => {
    expect(samples(decode({ size: 8, url: 'file:///srv/a%20b.mjs' }))).toBe(
      '  8 {package=(none)}\n    f "/srv/a b.mjs":1:1\n',
    );
    expect(samples(decode({ size: 8, url: 'file://host/%00' }))).toBe(
      '  8 {package=(none)}\n    f file://host/%00:1:1\n',
    );
    expect(samples(decode({ size: 8, url: 'wasm://x' }))).toBe('  8 {package=(none)}\n    f wasm://x:1:1\n');
  });

  test('omit the root but keep its size', () => {
    const head = node({ name: '(root)', url: '', size: 24 });
    expect(samples(decodeText(JSON.stringify({ head })))).toBe('  24\n');
  });

  test('may be a hundred thousand deep', () => {
    const one = JSON.stringify(node({ size: 1 })).replace('[]}', '[');
    const root = JSON.stringify(node({ name: '(root)' })).replace('[]}', '[');
    const depth = 100_000;
    const profile = decodeText(`{"head":${root}${one.repeat(depth)}${']}'.repeat(depth + 1)}}`);
    expect(profile.stackCount).toBe(depth);
  });
});

describe('packages', () => {
  const packageIn = (...children: readonly PlainNode[]) =>
    decode(...children).labelsOf(decode(...children).sampleCount - 1).package;

  test.each([
    ['/srv/node_modules/a/index.js', 'a'],
    ['/srv/node_modules/@s/a/index.js', '@s/a'],
    ['/srv/node_modules/.pnpm/a@1/node_modules/b/index.js', 'b'],
    ['C:\\srv\\node_modules\\a\\index.js', 'a'],
    ['node:fs', 'node:'],
    ['file:///srv/node_modules/%40s/a/index.mjs?v=1', '@s/a'],
    ['/srv/app.js', '(none)'],
    ['', '(none)'],
  ])('the package of %s', (url, name) => {
    expect(packageIn({ size: 8, url })).toBe(name);
  });

  test('the runtime is attributed to its caller', () => {
    const native = { size: 8, name: 'set', url: '' };
    const internal = { name: 'readFileSync', url: 'node:fs', children: [native] };
    expect(packageIn({ url: '/node_modules/a/i.js', children: [native] })).toBe('a');
    expect(packageIn({ url: '/node_modules/a/i.js', children: [internal] })).toBe('a');
    expect(packageIn({ url: '/app.js', children: [internal] })).toBe('(none)');
    expect(packageIn(internal)).toBe('node:');
  });
});

test('samples of one stack are summed', () => {
  expect(samples(decode({ size: 8 }, { size: 16 }))).toBe('  24 {package=(none)}\n    f /a.js:1:1\n');
});

describe('each kind of invalid input has its own message', () => {
  test.each([
    ['{"head":', 'the JSON is cut off at byte 8'],
    ['{"head":{"callFrame":"a', 'the JSON is cut off at byte 23'],
    ['{"ä":}}', 'the JSON is damaged at byte 6'],
    ['{"ä":1}}', 'the JSON is damaged at byte 8'],
    ['{"head":1}', 'there is no `head`'],
    ['{}', 'there is no `head`'],
    ['{"head":{}}', '`selfSize` is undefined and not a number of bytes at byte 9'],
    ['{"head":{"selfSize":-1}}', '`selfSize` is -1 and not a number of bytes at byte 20'],
    ['{"head":{"selfSize":1e999}}', '`selfSize` is Infinity and not a number of bytes at byte 20'],
    ['{"head":{"selfSize":[[]]}}', '`selfSize` is object and not a number of bytes at byte 20'],
    ['{"head":{"selfSize":0,"children":{}}}', '`children` is not a list at byte 33'],
    ['{"head":{"selfSize":0,"children":null}}', '`children` is not a list at byte 33'],
    ['{"head":{"selfSize":0,"children":[],"children":[]}}', 'a node has `children` twice at byte 47'],
    ['{"head":{"selfSize":0},"head":{}}', 'there is a second `head` at byte 30'],
    [
      '{"head":{"selfSize":0,"children":[null]}}',
      'a node has no `callFrame` with `functionName` and `url` at byte 34',
    ],
    [
      '{"head":{"selfSize":0,"children":[{"callFrame":{"url":""}}]}}',
      'a node has no `callFrame` with `functionName` and `url` at byte 57',
    ],
    ['{"snapshot":{},"nodes":[]}', 'this is a heap snapshot, not a heap profile at byte 11'],
    ['{"nodes":[],"samples":[]}', 'this is a CPU profile, not a heap profile at byte 8'],
  ])('%s', (text, reason) => {
    expect(failure(Buffer.from(text))).toBe(`V8 heap profile: ${reason}`);
  });

  test('for text in another encoding', () => {
    const latin1 = Buffer.from('{"ä":1}', 'latin1');
    expect(failure(latin1)).toBe('V8 heap profile: the text is not UTF-8 at byte 1');
  });

  test('for a text that is too long', () => {
    const long = Buffer.concat([Buffer.from('{"a":"'), Buffer.alloc(2 ** 24, 'a')]);
    expect(failure(long)).toBe('V8 heap profile: a text or number of more than 16777216 bytes at byte 5');
  });

  test('for endlessly nested lists', () => {
    const many = Buffer.concat([Buffer.from('{"a":'), Buffer.alloc(2 ** 22, '[')]);
    expect(failure(many)).toBe(`V8 heap profile: the JSON is cut off at byte ${many.length}`);
  });
});

test('the order of members and unknown members do not matter', () => {
  const callFrame = { columnNumber: 1, url: '/a.js', lineNumber: 0, functionName: 'f', more: [{ url: 1 }] };
  const inner = { selfSize: 8, callFrame };
  const outer = { children: [inner], later: { selfSize: [], children: 1 }, callFrame, selfSize: 16 };
  const text = JSON.stringify({ samples: [{ head: 1 }], head: { children: [outer], selfSize: 1 } });
  expect(samples(decodeText(text))).toBe(
    samples(decode({ size: 16, url: '/a.js', column: 1, children: [{ size: 8, column: 1 }] })).replace(
      /^/,
      '  1\n',
    ),
  );
});

test('pieces of any length give the same profile', () => {
  const bytes = readFileSync(SHOP_HEAPPROFILE);
  const expected = formatProfile(decodeHeapProfile(bytes));
  for (const length of [1, 7, 64, 1000]) {
    const decoder = new HeapProfileDecoder();
    for (let at = 0; at < bytes.length; at += length) decoder.push(bytes.subarray(at, at + length));
    expect(formatProfile(decoder.end())).toBe(expected);
  }
});
