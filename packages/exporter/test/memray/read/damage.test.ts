import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  analyzeMemray,
  FormatError,
  MemrayAnalyzer,
  RecordPrinter,
  RecordStream,
} from '../../../src/memray/index.js';
import { captureBy, captureOf, headerBytes, THREAD_1 } from '../support/craft.js';
import { golden, goldenNames } from '../support/golden.js';
import { hex } from '../support/hex.js';
import { randomCapture } from '../support/random-capture.js';

/** Reads a capture, and returns its damage or the thrown error. */
function problem(bytes: Uint8Array): string | undefined {
  try {
    const { damage } = analyzeMemray([bytes]);
    return damage && `${damage.reason} @${damage.offset - headerBytes().length}`;
  } catch (error) {
    if (error instanceof FormatError) return error.message;
    throw error;
  }
}

describe('rejects other files', () => {
  test.each([
    ['nothing', '', 'memray: the header is cut at byte 0'],
    ['a few letters', '6d 65 6d', 'memray: the header is cut at byte 3'],
    ['something else', '7f 45 4c 46 02 01 01 00', 'memray: not a memray capture at byte 0'],
    ['zeros', '00 00 00 00 00 00 00 00', 'memray: the header is cut at byte 0'],
    [
      'format 10',
      '6d 65 6d 72 61 79 00 0a 00 00 00 01',
      'memray: capture format 10 is not supported (11, 12, 13 are) at byte 7',
    ],
    [
      'a negative format',
      '6d 65 6d 72 61 79 00 ff ff ff ff 01',
      'memray: capture format -1 is not supported (11, 12, 13 are) at byte 7',
    ],
    ['LZ4 of nothing', '04 22 4d 18 60 40 82 00 00 00 00', 'memray: the header is cut at byte 0'],
  ])('%s', (_, bytes, message) => {
    expect(problem(hex(bytes))).toBe(message);
  });

  test('rejects an unknown kind of file', () => {
    const bytes = headerBytes();
    bytes[16] = 2;
    expect(problem(Buffer.concat([bytes, hex('02 01 01')]))).toBe(
      'memray: unknown kind of capture 2 at byte 16',
    );
  });

  test('rejects a header without end', () => {
    const analyzer = new MemrayAnalyzer();
    const endless = new Uint8Array(1 << 20).fill(0x61);
    analyzer.push(headerBytes().subarray(0, 49));
    expect(() => {
      for (let at = 0; at < 100; at += 1) analyzer.push(endless);
    }).toThrow('memray: a record of more than 16777216 bytes at byte 0');
  });
});

describe('stops reading at damage', () => {
  test.each([
    ['an unknown record', `${THREAD_1} fe 02 05 03`, 'unknown record type 0x03 @12'],
    ['a zero', `${THREAD_1} fe 02 05 00 01`, 'unknown record type 0x00 @12'],
    ['an allocation without a thread', 'fe 02 05', 'an allocation before any context switch @0'],
    ['a frame without a thread', '41 00 02', 'a frame before any context switch @0'],
    ['a name without a thread', '0a 61 00 01', 'a thread name before any context switch @0'],
    ['an object without a thread', '3f 02', 'an object before any context switch @0'],
    ['allocator 0', `${THREAD_1} f8 02 00 05`, 'unknown allocator 0 @9'],
    ['allocator 16', `${THREAD_1} f8 02 10 05`, 'unknown allocator 16 @9'],
    ['a pop too many', `${THREAD_1} 41 00 00 11`, 'more frames are popped than were pushed @12'],
    [
      'an impossible size',
      `${THREAD_1} fe 02 ff ff ff ff ff ff ff 7f`,
      'an impossible size 72057594037927940 @9',
    ],
    ['a number without end', `${THREAD_1} fe 02 ${'ff '.repeat(11)}`, 'a number of more than 64 bits @9'],
    ['a segment without an image', '08 01 00 00 00 00 00 00 00 05', 'a segment outside of an image @0'],
    ['a missing segment', `06 07 61 00 02 ${'00 '.repeat(8)} 02 01 01`, 'a segment is missing @13'],
    [
      'a missing segment before an allocation',
      `${THREAD_1} 06 07 61 00 02 ${'00 '.repeat(8)} fe 02 05`,
      'a segment is missing @22',
    ],
  ])('%s', (_, records, reason) => {
    expect(problem(captureOf(records))).toBe(reason);
  });

  test.each([
    ['an unknown record', '1e', 'unknown record type 0x1e'],
    ['a trailer with wrong flags', '00 05', 'unknown record type 0x00'],
    ['allocator 0', `0c ${THREAD_1.slice(3)} 01 02 05`, 'unknown allocator 0'],
  ])('format 11: %s', (_, records, reason) => {
    expect(problem(captureOf(records, { format: 11 }))).toContain(reason);
  });

  test.each([
    ['an unknown record', '63', 'unknown record type 0x63'],
    ['a stack of an unknown frame', '03 00 00 0f', 'frame 0 is not known'],
    [
      'a stack with an unknown parent',
      '0e 00 61 00 62 00 02 00 04 00 00 00 01 03 00 01 0f',
      'stack 1 is not known',
    ],
    [
      'a stack twice',
      '0e 00 61 00 62 00 02 00 04 00 00 00 01 03 00 00 03 00 00 0f',
      'a stack is there twice',
    ],
    ['an allocation of an unknown stack', `02 ${row(6, 1)} 0f`, 'stack 1 is not known'],
    ['a deallocator', `02 ${row(5, 0)} 0f`, 'impossible allocator 5'],
  ])('aggregated: %s', (_, records, reason) => {
    expect(problem(captureOf(records, { fileFormat: 'AGGREGATED_ALLOCATIONS' }))).toContain(reason);
  });

  test('uses the data before damage', () => {
    const analyzer = analyzeMemray([captureOf(`02 05 01 ${THREAD_1} fe 02 05 03 fe 02 05`)]);
    expect([analyzer.events, analyzer.liveBytes, analyzer.snapshots().length]).toEqual([1, 5, 1]);
    expect([analyzer.complete, analyzer.stopped]).toEqual([false, true]);
  });

  test('ignores data after the trailer', () => {
    const analyzer = analyzeMemray([captureOf(`${THREAD_1} fe 02 05 01 ff ff ff`)]);
    expect([analyzer.complete, analyzer.damage, analyzer.liveBytes]).toEqual([true, undefined, 5]);
  });
});

describe('for a truncated file', () => {
  test('raw, at every byte: uses all complete records, and reports the name and offset of the last one', () => {
    const { bytes, events } = randomCapture({ seed: 9, events: 150, format: 13 });
    const header = firstRecord(bytes);
    let last = 0;
    for (let length = 0; length <= bytes.length; length += 1) {
      const part = bytes.slice(0, length);
      if (length <= header) {
        expect(() => analyzeMemray([part])).toThrow('memray: the header is cut at byte');
        continue;
      }
      const { events: count, damage, complete, offset } = analyzeMemray([part]);
      expect(count).toBeGreaterThanOrEqual(last);
      expect(complete).toBe(length === bytes.length);
      if (damage) {
        expect(damage.offset).toBe(offset);
        expect(damage.reason).toMatch(/^the file ends inside a record \([a-z ]+\), after \d+ bytes of it$/);
      }
      last = count;
    }
    expect(last).toBe(events.length);
  });

  test('with zeros at the end, as a killed memray leaves it: gives the same result', () => {
    const { bytes } = randomCapture({ seed: 10, events: 40, format: 13 });
    for (let length = firstRecord(bytes) + 1; length < bytes.length; length += 1) {
      const cut = analyzeMemray([bytes.slice(0, length)]);
      const padded = analyzeMemray([Buffer.concat([bytes.slice(0, length), new Uint8Array(5000)])]);
      expect(padded.events).toBe(cut.events);
      expect(padded.damage).toEqual(cut.damage);
    }
  });

  test('zeros inside are data, wherever the pieces end', () => {
    const bytes = captureBy((records) => {
      records.memoryRecord(1, 0);
      records.contextSwitch(2 ** 40);
      records.memoryRecord(2 ** 40, 0);
      records.trailer();
    });
    for (let size = 1; size < 30; size += 1) {
      const pieces: Uint8Array[] = [];
      for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
      const analyzer = analyzeMemray(pieces);
      expect(analyzer.complete).toBe(true);
      expect(analyzer.threads).toEqual([{ id: 2n ** 40n, name: '' }]);
    }
  });

  test.each([
    'threads.v13.bin',
    'native.v11.bin',
    'aggregate.v12.bin',
    'synthetic/node-lz4-stored-two-frames.v13.bin',
  ])('LZ4 (%s), at many bytes: reads the available data, and reports where the file ends', (name) => {
    const bytes = new Uint8Array(golden(name).bytes);
    const counts: number[] = [];
    for (let length = 0; length < bytes.length; length += 1 + (bytes.length >> 8)) {
      const lines: string[] = [];
      const stream = new RecordStream(new RecordPrinter((line) => lines.push(line)));
      expect(cutReason(stream, bytes.subarray(0, length))).toMatch(
        /^none$|^the file ends inside a record|the header is cut|the last LZ4 frame is cut/,
      );
      counts.push(lines.length);
    }
    expect(counts.length).toBeGreaterThan(100);
    expect(counts.every((count, at) => at === 0 || count >= counts[at - 1]!)).toBe(true);
  });
});

describe('for arbitrary data', () => {
  test('changed bytes never crash the reader or make it slow', () => {
    const names = goldenNames();
    const mutation = fc.record({
      name: fc.constantFrom(...names),
      changes: fc.array(fc.tuple(fc.nat(2 ** 20), fc.nat(255)), { minLength: 1, maxLength: 6 }),
    });
    const files = new Map(names.map((name) => [name, golden(name).bytes]));
    fc.assert(
      fc.property(mutation, ({ name, changes }) => {
        const bytes = new Uint8Array(files.get(name)!);
        for (const [offset, value] of changes) bytes[offset % bytes.length] = value;
        expect(outcome(bytes)).toBe('fine');
      }),
      { numRuns: 1500 },
    );
  });

  test('random records never crash the reader or make it slow', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(11, 12, 13),
        fc.boolean(),
        fc.uint8Array({ maxLength: 400, size: 'max' }),
        (format, aggregated, records) => {
          const fileFormat = aggregated ? 'AGGREGATED_ALLOCATIONS' : 'ALL_ALLOCATIONS';
          const header = headerBytes({
            format: format as 11 | 12 | 13,
            fileFormat,
            nativeTraces: aggregated,
          });
          expect(outcome(Buffer.concat([header, hex(THREAD_1), records]))).toBe('fine');
        },
      ),
      { numRuns: 3000 },
    );
  });
});

/** Reads with all analyses and requests all results. Returns `fine`, also when the file is rejected properly. */
function outcome(bytes: Uint8Array): string {
  try {
    const analyzer = analyzeMemray([bytes], { stats: true });
    for (const record of [...analyzer.highWaterMark(), ...analyzer.leaks({ mergeThreads: true })]) {
      analyzer.locations(record);
      analyzer.nativeFrames(record);
    }
    analyzer.stats();
    const stream = new RecordStream(new RecordPrinter(() => {}));
    stream.push(bytes);
    stream.end();
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
  }
  return 'fine';
}

/** Reads a truncated compressed capture. Returns why it ended. */
function cutReason(stream: RecordStream, bytes: Uint8Array): string {
  try {
    stream.push(bytes);
    const { damage } = stream.end();
    if (damage?.compressed) expect(damage.offset).toBe(bytes.length);
    return damage?.reason ?? 'none';
  } catch (error) {
    return String(error);
  }
}

/** Returns the offset of the first record: the memory record at the start of every random capture. */
function firstRecord(bytes: Uint8Array): number {
  for (let length = 50; ; length += 1) {
    try {
      analyzeMemray([bytes.slice(0, length)]);
      return length - 1;
    } catch {}
  }
}

/** Returns the fields of an aggregated allocation. */
function row(allocator: number, stack: number): string {
  const word = (value: number) => `${value.toString(16).padStart(2, '0')} ${'00 '.repeat(7)}`;
  return [1, allocator, 0, stack, 0, 1, 1, 1, 1].map(word).join(' ');
}
