import { describe, expect, test } from 'vitest';
import { analyzeMemray, type NativeFrame, RecordPrinter, RecordStream } from '../../../src/memray/index.js';
import { captureOf, THREAD_1 } from '../support/craft.js';
import { golden } from '../support/golden.js';

describe.each(['native.v11.bin', 'native.v12.bin', 'native.v13.bin', 'native-aggregate.v13.bin'])(
  '%s',
  (name) => {
    const { bytes, parse } = golden(name);
    const analyzer = analyzeMemray([bytes]);

    test('has the native stacks that the records describe', () => {
      const chains = chainsOf(parse);
      const records = analyzer.leaks().filter(({ native }) => native !== 0);
      expect(records.length).toBeGreaterThan(20);
      for (const record of records) {
        expect(analyzer.nativeFrames(record).map(({ address }) => address)).toEqual(chains[record.native]);
      }
    });

    test('has most of their addresses in a loaded file', () => {
      const frames = analyzer.leaks().flatMap((record) => analyzer.nativeFrames(record));
      const known = frames.filter(({ path }) => path !== undefined);
      expect(known.length / frames.length).toBeGreaterThan(0.9);
      const paths = new Set(
        parse.map((line) => /^SEGMENT_HEADER filename=(.*) num_segments/.exec(line)?.[1]),
      );
      for (const { path, fileAddress } of known) {
        expect(paths).toContain(path);
        expect(fileAddress).toBeGreaterThan(0n);
        expect(fileAddress).toBeLessThan(2n ** 32n);
      }
    });
  },
);

test('an address belongs to the file that was loaded when it was recorded', () => {
  const image = (path: string) =>
    `06 07 ${path} 00 01 00 10 00 00 00 00 00 00  08 00 01 00 00 00 00 00 00 20`;
  // ip 0x1110 (zigzag 2220), parent 0; then the same stack with each map
  const analyzer = analyzeMemray([
    captureOf(`${image('61')} 05 a0 44 00 ${THREAD_1} fe 02 02 05 ${image('62')} fe 02 00 06 01`, {
      nativeTraces: true,
    }),
  ]);
  expect(analyzer.damage).toBeUndefined();
  const frames = analyzer.leaks().map((record) => analyzer.nativeFrames(record));
  const frame = (path: string): NativeFrame => {
    return {
      address: 0x1110n,
      path,
      fileAddress: 0x110n,
      start: 0x1100n,
      limit: 0x1120n,
      fileOffset: 0x100n,
    };
  };
  // One stack, so one record: it uses the map it was first seen with.
  expect(frames).toEqual([[frame('a')]]);
});

test('reads surviving objects of an aggregated file', () => {
  const lines: string[] = [];
  const stream = new RecordStream(new RecordPrinter((line) => lines.push(line)));
  const header = { fileFormat: 'AGGREGATED_ALLOCATIONS', objectLifetimes: true } as const;
  stream.push(captureOf('0d 80 04 0d 01 0f', header));
  stream.push(new Uint8Array());
  expect(stream.end().complete).toBe(true);
  expect(lines.slice(1)).toEqual([
    'SURVIVING_OBJECT address=0x1000 native_frame_id=0',
    'SURVIVING_OBJECT address=0x8 native_frame_id=0',
    'AGGREGATED_TRAILER',
  ]);
});

/** Returns the addresses of each native frame ID, from the innermost outwards, according to the printed records. */
function chainsOf(parse: readonly string[]): readonly (readonly bigint[])[] {
  const chains: (readonly bigint[])[] = [[]];
  for (const line of parse) {
    const match = /^NATIVE_\w+ ip=(0x[0-9a-f]+) index=(\d+)$/.exec(line);
    if (match) chains.push([BigInt(match[1]!), ...chains[Number(match[2])]!]);
  }
  return chains;
}
