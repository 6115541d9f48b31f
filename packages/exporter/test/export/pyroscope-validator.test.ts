// The stand-in for Pyroscope refuses what the server refuses. Without this, pushes would prove nothing.
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { encodePprof } from '../../src/pprof/index.js';
import { ProfileBuilder } from '../../src/profile/index.js';
import { START } from './support/growing-service.js';
import { PyroscopeValidator } from './support/pyroscope-validator.js';

interface Parts {
  readonly path?: string;
  readonly encoding?: string;
  readonly labels?: readonly { readonly name: string; readonly value: string }[];
  readonly id?: string;
  readonly types?: readonly string[];
  readonly millis?: number;
  readonly samples?: number;
  readonly depth?: number;
  readonly sampleLabels?: number;
  readonly value?: number;
  readonly name?: string;
  readonly change?: (pprof: Buffer) => Buffer;
}

const NAMES = [
  { name: '__name__', value: 'memory' },
  { name: 'service_name', value: 'shop' },
];
/** A sample with two values and without a stack. */
const SAMPLE = Buffer.from([0x12, 4, 0x12, 2, 1, 1]);
const ID = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff';

function push(parts: Parts): unknown {
  const { types = ['alloc_space', 'inuse_space'], millis = START, samples = 3, depth = 3 } = parts;
  const builder = new ProfileBuilder({
    columns: types.map((type) => ({ type, unit: 'bytes' })),
    timeNanos: BigInt(millis) * 1_000_000n,
    durationNanos: 0n,
  });
  const labels = builder.labels(
    Object.fromEntries(Array.from({ length: parts.sampleLabels ?? 1 }, (_, n) => [`l${n}`, 'x'])),
  );
  for (let sample = 0; sample < samples; sample += 1) {
    let stack: ReturnType<typeof builder.stack> | undefined;
    for (let at = 0; at < depth; at += 1)
      stack = builder.stack(stack, builder.frame(parts.name ?? 'f', '/a.js', at === 0 ? sample + 1 : at));
    builder.add(
      stack,
      types.map(() => parts.value ?? 1),
      labels,
    );
  }
  const encoded = Buffer.from(encodePprof(builder.build()));
  const rawProfile = gzipSync(parts.change?.(encoded) ?? encoded).toString('base64');
  const series = [{ labels: parts.labels ?? NAMES, samples: [{ ID: parts.id ?? ID, rawProfile }] }];
  return new PyroscopeValidator({ now: () => START, steady: () => 0 }).push({
    method: 'POST',
    path: parts.path ?? '/push.v1.PusherService/Push',
    headers: { 'content-type': 'application/json', 'content-encoding': parts.encoding ?? 'gzip' },
    body: Buffer.from(JSON.stringify({ series })),
  });
}

test('takes a push within all limits', () => {
  expect(push({})).toMatchObject([
    { series: { service_name: 'shop' }, samples: [{ values: [1, 1] }, {}, {}] },
  ]);
});

test.each<[string, Parts]>([
  ['POST /push', { path: '/ingest' }],
  ['content encoding', { encoding: 'zstd' }],
  ['service_name', { labels: NAMES.slice(0, 1) }],
  ['__name__', { labels: NAMES.slice(1) }],
  [
    'at most 30 labels',
    { labels: [...NAMES, ...Array.from({ length: 29 }, (_, n) => ({ name: `n${n}`, value: 'x' }))] },
  ],
  ['label names are unique', { labels: [...NAMES, NAMES[1]!] }],
  ['label name a.b', { labels: [...NAMES, { name: 'a.b', value: 'x' }] }],
  ['length of a label name', { labels: [...NAMES, { name: 'n'.repeat(1025), value: 'x' }] }],
  ['length of a label value', { labels: [...NAMES, { name: 'n', value: 'ä'.repeat(1025) }] }],
  ['ID is a UUID', { id: '1' }],
  ['no - in sample type', { types: ['peak-space'] }],
  [
    'sample types are unique',
    { change: (pprof) => Buffer.concat([pprof, Buffer.from([0x0a, 4, 8, 1, 16, 2])]) },
  ],
  ['time ', { millis: START - 3_600_001 }],
  ['time ', { millis: START + 600_001 }],
  ['samples', { samples: 0 }],
  ['16003 samples', { change: (pprof) => Buffer.concat([pprof, ...Array<Buffer>(16_000).fill(SAMPLE)]) }],
  ['depth 1001', { depth: 1001 }],
  ['101 labels of a sample', { sampleLabels: 101 }],
  ['value -1', { value: -1 }],
  ['ID of a function is not 0', { change: (pprof) => Buffer.concat([pprof, Buffer.from([0x2a, 2, 16, 1])]) }],
  ['ID of a location is not 0', { change: (pprof) => Buffer.concat([pprof, Buffer.from([0x22, 2, 16, 1])]) }],
  ['one value per type', { change: (pprof) => Buffer.concat([pprof, Buffer.from([0x12, 3, 0x12, 1, 1])]) }],
  ['at most 4194304 bytes', { name: 'n'.repeat(4_200_000) }],
  ['rate limit', { name: 'n'.repeat(2_100_000) }],
])('refuses a push when it breaks the rule: %s', (rule, parts) => {
  expect(() => push(parts)).toThrow(`Pyroscope refuses: ${rule}`);
});

test('refuses a push when a text is no UTF-8, or the first is not empty', () => {
  const replace = (from: string, to: Buffer) => (pprof: Buffer) => {
    const at = pprof.indexOf(from);
    return Buffer.concat([pprof.subarray(0, at), to, pprof.subarray(at + from.length)]);
  };
  expect(() => push({ change: replace('/a.js', Buffer.from([0xff, 0xfe, 0xff, 0xff, 0xff])) })).toThrow();
  // The empty text is the first: tag 0x32, length 0.
  expect(() => push({ change: (pprof) => Buffer.concat([Buffer.from([0x32, 1, 0x61]), pprof]) })).toThrow(
    'string_table[0] is empty',
  );
});
