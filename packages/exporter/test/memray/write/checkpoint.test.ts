// A capture that is complete for readers while it continues.
import { describe, expect, test } from 'vitest';
import { describeWithPeer } from '../../../../../test/support/peer-test.js';
import { analyzeMemray, MEMRAY_FORMATS, type MemrayFormat, MemrayWriter } from '../../../src/memray/index.js';
import { captureFile, MEMRAY_OF, runMemray } from '../support/oracle.js';

const START = 1_700_000_000_000;

function begin(format: MemrayFormat): MemrayWriter {
  const writer = new MemrayWriter({ format, commandLine: 'x', pid: 1, startTimeMillis: START });
  writer.memoryRecord(1000, START);
  writer.allocation(1, 64, 100, writer.stack(undefined, writer.frame('main', '/a.js', 1)));
  writer.allocation(2, 128, 10, undefined);
  return writer;
}

function goOn(writer: MemrayWriter): void {
  writer.free(2, 64);
  writer.allocation(1, 192, 7, writer.stack(undefined, writer.frame('late', '/a.js', 9)));
  writer.finish(3000, START + 20);
}

describe.each(MEMRAY_FORMATS)('a checkpoint of format %d', (format) => {
  const writer = begin(format);
  const trailer = writer.checkpoint(2000, START + 10);
  const soFar = writer.take();
  const finished = Buffer.concat([soFar, trailer]);
  goOn(writer);
  const whole = Buffer.concat([soFar, writer.take()]);

  test('is a finished capture with its trailer, including its last memory record', () => {
    const analyzer = analyzeMemray([finished]);
    expect([analyzer.complete, analyzer.damage]).toEqual([true, undefined]);
    expect(analyzer.liveBytes).toBe(110);
    expect(analyzer.events).toBe(3);
    expect(analyzer.snapshots().at(-1)).toEqual({ millis: START + 10, residentBytes: 2000, heapBytes: 110 });
  });

  test('does not affect the rest of the capture without the trailer', () => {
    const analyzer = analyzeMemray([whole]);
    expect([analyzer.complete, analyzer.damage]).toEqual([true, undefined]);
    const other = begin(format);
    goOn(other);
    const plain = analyzeMemray([other.take()]);
    expect(analyzer.liveBytes).toBe(plain.liveBytes);
    expect(analyzer.peakBytes).toBe(plain.peakBytes);
    const placesOf = (of: typeof plain) =>
      of.leaks().map((record) => [record.bytes, record.count, of.locations(record)]);
    expect(placesOf(analyzer)).toEqual(placesOf(plain));
    expect(analyzer.events).toBe(plain.events + 1);
    expect(writer.deallocations).toBe(3);
  });

  test('is empty after the end', () => {
    expect(writer.checkpoint(1, START).length).toBe(0);
    expect(writer.take().length).toBe(0);
  });

  describeWithPeer('for memray', `memray-${MEMRAY_OF[format]}`, () => {
    test('is a valid capture, and so is its continuation', async () => {
      expect(await runMemray(format, ['stats', captureFile(finished)])).toContain('110.000B');
      expect(await runMemray(format, ['stats', captureFile(whole)])).toContain('117.000B');
    });
  });
});
