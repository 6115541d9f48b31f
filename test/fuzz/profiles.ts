// The profiles that are damaged: pprof, plain and gzipped, and V8 heap profiles.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { encodePprof } from '@heapray/exporter/pprof';
import { ProfileBuilder, type StackHandle } from '@heapray/exporter/profile';

const HEAP_PROFILE = new URL('../../packages/cli/test/golden/shop.heapprofile', import.meta.url);

/** Returns small profiles, so that a change is likely to hit something important. */
export function readProfiles(): readonly Uint8Array[] {
  const plain = [encodePprof(smallProfile()), encodePprof(nativeProfile())];
  return [...plain, ...plain.map((bytes) => gzipSync(bytes)), heapProfile(), readFileSync(HEAP_PROFILE)];
}

function builderOf(...types: readonly string[]): ProfileBuilder {
  return new ProfileBuilder({
    columns: types.map((type) => ({ type, unit: 'bytes' })),
    period: { type: 'space', unit: 'bytes', value: 524_288 },
    timeNanos: 1_700_000_000_000_000_000n,
    durationNanos: 1_000_000_000n,
    comments: ['made for this'],
    labelUnits: { age: 'seconds' },
  });
}

function smallProfile(): ReturnType<ProfileBuilder['build']> {
  const builder = builderOf('alloc_space', 'inuse_space');
  let stack: StackHandle | undefined;
  for (let depth = 1; depth <= 12; depth += 1) {
    stack = builder.stack(
      stack,
      builder.frame(`f${depth % 5}`, `/srv/node_modules/p${depth % 3}/a.js`, depth),
    );
    builder.add(stack, [depth * 100, depth], builder.labels({ package: `p${depth % 3}`, age: depth }));
  }
  return builder.build();
}

function nativeProfile(): ReturnType<ProfileBuilder['build']> {
  const builder = builderOf('inuse_space');
  const mapping = { path: '/usr/lib/libc.so.6', start: 0x4000, limit: 0x9000, fileOffset: 0x1000 };
  const main = builder.stack(undefined, builder.frame('main', '/srv/main.py', 1));
  for (let at = 0; at < 6; at += 1) {
    const frame = builder.nativeFrame(`0x${at}`, { address: 0x4100 + at, mapping });
    builder.add(builder.stack(main, frame), [at + 1], builder.labels({ thread: 'main', tid: at }));
  }
  return builder.build();
}

function heapProfile(): Uint8Array {
  const node = (depth: number): unknown => ({
    callFrame: {
      functionName: `f${depth}`,
      scriptId: '1',
      url: 'file:///a%20b.js',
      lineNumber: depth,
      columnNumber: 0,
    },
    selfSize: depth * 8,
    id: depth,
    children: depth === 0 ? [] : [node(depth - 1), node(0)],
  });
  return Buffer.from(JSON.stringify({ head: node(5), samples: [{ size: 8, nodeId: 1, ordinal: 1 }] }));
}
