// Conversion between format versions: copied records must be the same bytes, rewritten ones must have the same
// contents.
import { describe, expect, test } from 'vitest';
import { describeWithPeer } from '../../../../../test/support/peer-test.js';
import { MemrayConverter } from '../../../src/memray/convert/convert-memray.js';
import { analyzeMemray, MEMRAY_FORMATS, type MemrayFormat, RecordStream } from '../../../src/memray/index.js';
import { RecordPrinter } from '../../../src/memray/reports/format-records.js';
import { analyzerRows } from '../support/analyzer-rows.js';
import { formatOf, golden, goldenNames } from '../support/golden.js';
import { askOracle, captureFile, MEMRAY_OF, type Oracle } from '../support/oracle.js';
import { randomCapture } from '../support/random-capture.js';

/** Converts a capture to another format, pushed in pieces of `size` bytes. */
function converted(bytes: Uint8Array, format: MemrayFormat, size = bytes.length): Uint8Array {
  const converter = new MemrayConverter(format);
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    converter.push(bytes.subarray(at, at + size));
    pieces.push(converter.take());
  }
  converter.end();
  pieces.push(converter.take());
  const whole = Buffer.concat(pieces);
  for (const { offset, bytes: patch } of converter.headerPatches()) whole.set(patch, offset);
  return whole;
}

/** Returns the bytes of all records, and their printed lines. */
function records(bytes: Uint8Array): { raw: Buffer; lines: readonly string[] } {
  const raw: Uint8Array[] = [];
  const lines: string[] = [];
  const printer = new RecordPrinter((line) => lines.push(line));
  const stream = new RecordStream(printer, { onRecords: (part) => raw.push(part.slice()) });
  stream.push(bytes);
  stream.end();
  return { raw: Buffer.concat(raw), lines: lines.slice(1) };
}

/** Returns the results of all analyses, without numbers that formats assign themselves. */
function saysOf(bytes: Uint8Array, firstLines = true): unknown {
  const analyzer = analyzeMemray([bytes], { stats: true });
  const { allocations, allocatedBytes, sizes, allocators } = analyzer.stats(10_000);
  const { header } = analyzer;
  const { commandLine, pid, startTimeMillis, endTimeMillis, mainThreadId, skippedFrames } = header!;
  return {
    header: { commandLine, pid, startTimeMillis, endTimeMillis, mainThreadId, skippedFrames },
    events: analyzer.events,
    peak: analyzer.peakBytes,
    snapshots: analyzer.snapshots(),
    threads: analyzer.threads,
    stats: { allocations, allocatedBytes, sizes, allocators: [...allocators].sort() },
    highWaterMark: analyzerRows(analyzer, analyzer.highWaterMark(), firstLines),
    leaks: analyzerRows(analyzer, analyzer.leaks(), firstLines),
    allocated: analyzerRows(analyzer, analyzer.allocated(), firstLines),
  };
}

describe.each(goldenNames())('%s', (name) => {
  const { bytes } = golden(name);
  const from = formatOf(name);

  test.each(MEMRAY_FORMATS)('keeps the contents when converted to %d', (to) => {
    const result = converted(bytes, to);
    expect(analyzeMemray([result]).header!.format).toBe(to);
    const firstLines = to !== 11;
    expect(saysOf(result, firstLines)).toEqual(saysOf(bytes, firstLines));
  });

  test('copies records that are equal in both formats byte by byte', () => {
    const original = records(bytes);
    for (const to of MEMRAY_FORMATS.filter((format) => (format === 11) === (from === 11))) {
      const result = records(converted(bytes, to));
      // A cut capture may get a trailer, so that the zeros of its last record are kept.
      expect(result.raw.subarray(0, original.raw.length).equals(original.raw)).toBe(true);
      expect(result.lines.slice(0, original.lines.length)).toEqual(original.lines);
      expect(result.raw.length - original.raw.length).toBeLessThanOrEqual(
        analyzeMemray([bytes]).complete ? 0 : 1,
      );
    }
  });

  test('accepts pieces of any size', () => {
    for (const to of MEMRAY_FORMATS) {
      for (const size of [7, 1000]) {
        expect(Buffer.from(converted(bytes, to, size)).equals(converted(bytes, to))).toBe(true);
      }
    }
  });

  test('restores the capture when converted there and back', () => {
    for (const via of MEMRAY_FORMATS) {
      const firstLines = via !== 11;
      expect(saysOf(converted(converted(bytes, via), from), firstLines)).toEqual(saysOf(bytes, firstLines));
    }
  });
});

describe.each(['synthetic/node-demo.v13.bin', 'synthetic/node-demo.v11.bin', 'synthetic/node-agg.v12.bin'])(
  'a capture cut anywhere: %s',
  (name) => {
    test.each(MEMRAY_FORMATS)('is converted up to the cut, to %d', (to) => {
      const { bytes } = golden(name);
      let readable = 0;
      // Each format has every third length, and all formats have every length.
      for (let length = 1 + (to % 3); length < bytes.length; length += 3) {
        const cut = bytes.subarray(0, length);
        if (!isReadable(cut)) continue;
        readable += 1;
        const result = converted(cut, to);
        expect(isReadable(result), `cut after ${length} bytes`).toBe(true);
        expect(saysOf(result), `cut after ${length} bytes`).toEqual(saysOf(cut));
      }
      expect(readable).toBeGreaterThan(40);
    });
  },
);

function isReadable(bytes: Uint8Array): boolean {
  try {
    const analyzer = analyzeMemray([bytes]);
    return analyzer.offset > 0;
  } catch {
    return false;
  }
}

test('pieces may reuse one Buffer', () => {
  const { bytes } = golden('synthetic/node-demo.v13.bin');
  const converter = new MemrayConverter(12);
  const piece = Buffer.alloc(10);
  for (let at = 0; at < bytes.length; at += piece.length) {
    const length = piece.write(
      Buffer.from(bytes.subarray(at, at + piece.length)).toString('latin1'),
      'latin1',
    );
    converter.push(piece.subarray(0, length));
  }
  converter.end();
  expect(saysOf(converter.take())).toEqual(saysOf(bytes));
});

test('rejects a capture cut in its header', () => {
  const converter = new MemrayConverter(12);
  converter.push(golden('uncompressed.v13.bin').bytes.subarray(0, 40));
  expect(() => converter.end()).toThrow(/header/);
});

describe.each([
  [13, 12],
  [13, 11],
  [12, 13],
  [11, 13],
  [11, 12],
] as const)('%d to %d', (from, to) => {
  const peers = [`memray-${MEMRAY_OF[from]}`, `memray-${MEMRAY_OF[to]}`] as const;
  describeWithPeer('the other memray reads the same', peers, () => {
    test.each([1, 2])('random capture %d', async (seed) => {
      const { bytes } = randomCapture({ seed: seed * 77 + from, events: 1500, format: from, minPages: 1 });
      await expectSameOracle(bytes, from, to);
    });

    const captures = goldenNames().filter((name) => {
      return (
        formatOf(name) === from &&
        !name.includes('agg') &&
        /threads|native|pymalloc|cache|killed|demo/.test(name)
      );
    });
    test.each(captures)('%s', (name) => expectSameOracle(golden(name).bytes, from, to));
  });
});

async function expectSameOracle(bytes: Uint8Array, from: MemrayFormat, to: MemrayFormat): Promise<void> {
  const original = await askOracle(from, captureFile(bytes));
  const other = await askOracle(to, captureFile(converted(bytes, to)));
  expect(comparable(other)).toEqual(comparable(original));
}

/** Returns the result with spelled-out stacks, sorted. */
function comparable(oracle: Oracle): unknown {
  const { locations, temporalHighWaterMark, temporalLeaks, ...rest } = oracle;
  const text = JSON.stringify({ ...rest, temporalHighWaterMark, temporalLeaks }, (key, value: unknown) => {
    return key === 'stack' ? (value as number[]).map((at) => locations[at]) : value;
  });
  const parsed = JSON.parse(text, (_, value: unknown) => {
    const isRows =
      Array.isArray(value) && typeof value[0] === 'object' && value[0] !== null && !Array.isArray(value[0]);
    return isRows ? value.map((row) => JSON.stringify(row)).sort() : value;
  }) as { events: [number, number, number, string, number[]][] };
  return {
    ...parsed,
    events: parsed.events.map(([tid, address, size, name, stack]) => [
      tid,
      address,
      size,
      name,
      stack.map((at) => locations[at]),
    ]),
  };
}
