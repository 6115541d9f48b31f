// The native heap from dumps on disk, as jemalloc writes them without being provoked.
import { existsSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ProfileBuilder, topOf } from '@heapray/exporter/profile';
import { expect, test } from 'vitest';
import { tempFolder } from '../../../../../test/support/temp-folder.js';
import { NativeHeap } from '../../../src/profiler-thread/native/native-heap.js';
import { NativePart } from '../../../src/profiler-thread/native/native-part.js';
import { HEAP_COLUMNS, InUseByKind } from '../../../src/profiler-thread/profiles/index.js';

const MIB = 2 ** 20;
const SETTINGS = { library: '/usr/lib/libjemalloc.so.2', dumpInterval: undefined };
/** 8 MiB in one block, by code without a file. */
const DUMP = `heap_v2/131072
  t*: 1: 8388608 [2: 16777216]
  t1: 1: 8388608 [2: 16777216]
@ 0x7f12 0x55aa
  t*: 1: 8388608 [2: 16777216]
  t1: 1: 8388608 [2: 16777216]

MAPPED_LIBRARIES:
`;

/** Starts to follow a folder with one dump that was written some seconds ago. */
function followed(dump: string, uptimeMillis = 60_000) {
  const folder = tempFolder();
  const file = path.join(folder, 'heap.7.0.i0.heap');
  writeFileSync(file, dump);
  const before = new Date(Date.now() - 5_000);
  utimesSync(file, before, before);
  const said: string[] = [];
  let dropped = 0;
  const heap = NativeHeap.start(
    {
      folder,
      pid: 7,
      uptimeMillis,
      log: (level, text) => said.push(`${level}: ${text}`),
      onDropped: () => {
        dropped += 1;
      },
    },
    SETTINGS,
  );
  heap?.close();
  return { heap: heap!, folder, said, dropped: () => dropped };
}

function profileOf(heap: NativeHeap, inUse: InUseByKind) {
  const builder = new ProfileBuilder({ columns: HEAP_COLUMNS, timeNanos: 0n, durationNanos: 0n });
  new NativePart({ heap, component: () => 'shop', packageOf: () => '' }).addTo(builder, inUse);
  return builder.build();
}

test('a dump is read, deleted, and becomes a part of profiles', () => {
  const { heap, folder, said, dropped } = followed(DUMP);
  expect(readdirSync(folder)).toEqual([]);
  expect(said).toEqual([`info: native heap: profiled by dumps of jemalloc in ${folder}`]);
  expect(dropped()).toBe(0);
  const inUse = new InUseByKind();
  const profile = profileOf(heap, inUse);
  const [row] = topOf(profile, { column: 'inuse_space', groupBy: 'function' });
  expect(row).toMatchObject({ name: '(JIT)', flat: 8 * MIB });
  expect(profile.labelsOf(0)).toEqual({ component: 'shop', kind: 'native' });
  expect(inUse.bytes('native')).toBe(8 * MIB);
});

test.each([
  ['text', 'hello'],
  ['a cut dump', DUMP.slice(0, 100)],
  ['damaged amounts', DUMP.replaceAll('8388608 [2', '83886x8 [2')],
])('%s is counted as dropped, and reported in one line', (_, dump) => {
  const { heap, folder, said, dropped } = followed(dump);
  expect(heap.current()).toBeUndefined();
  expect(dropped()).toBeGreaterThan(0);
  expect(said).toEqual([`warn: native heap: no dump of jemalloc can be read in ${folder}`]);
});

test('a dump of an earlier process with the same id is deleted, and not read', () => {
  const { heap, folder } = followed(DUMP, 1_000);
  expect(heap.current()).toBeUndefined();
  expect(readdirSync(folder)).toEqual([]);
});

test('a folder that does not exist is reported in one line', () => {
  const { folder } = followed(DUMP);
  const missing = path.join(folder, 'missing');
  const said: string[] = [];
  const deps = {
    folder: missing,
    pid: 7,
    log: (_: string, text: string) => said.push(text),
    onDropped: () => {},
  };
  NativeHeap.start(deps, SETTINGS)?.close();
  expect(said).toHaveLength(1);
  expect(existsSync(missing)).toBe(false);
});
