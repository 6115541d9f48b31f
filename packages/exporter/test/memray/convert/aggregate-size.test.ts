// The size limit of an aggregated capture.
import { expect, test } from 'vitest';
import { type AllocatorName, MemrayAggregator, MemrayWriter } from '../../../src/memray/index.js';

const ALLOCATORS: readonly AllocatorName[] = ['MALLOC', 'CALLOC', 'REALLOC', 'VALLOC'];

/** Returns the aggregator of a program with this many threads, each with a name and sites of all allocators. */
function aggregator(threads: number): MemrayAggregator {
  const writer = new MemrayWriter({ commandLine: 'x', pid: 1, startTimeMillis: 1_700_000_000_000 });
  let address = 4096;
  for (let thread = 1; thread <= threads; thread += 1) {
    writer.threadName(thread, `worker ${'é'.repeat(50)} ${thread}`);
    for (const allocator of ALLOCATORS) {
      for (let depth = 0; depth < 5; depth += 1) {
        address += 4096;
        const stack = writer.stack(undefined, writer.frame(`f${thread} ${depth}`, '/app/a.js', 1));
        writer.allocation(thread, address, 16 * thread, stack, allocator);
      }
    }
  }
  writer.finish(1e6, 1_700_000_001_000);
  const result = new MemrayAggregator(13);
  result.push(writer.take());
  result.end();
  return result;
}

function sizeOf(capture: MemrayAggregator, maxBytes?: number) {
  let leftOut = 0;
  const onLeftOut = (sites: number) => {
    leftOut = sites;
  };
  const pieces = [
    ...capture.encode({ note: 'nöte', onLeftOut, ...(maxBytes !== undefined && { maxBytes }) }),
  ];
  return { bytes: pieces.reduce((sum, { length }) => sum + length, 0), leftOut };
}

test('is kept with many named threads and many sums of sites that are left out', () => {
  const capture = aggregator(40);
  const { bytes: whole } = sizeOf(capture);
  for (const part of [0.9, 0.7, 0.5]) {
    const maxBytes = Math.floor(whole * part);
    const { bytes, leftOut } = sizeOf(capture, maxBytes);
    expect(bytes).toBeLessThanOrEqual(maxBytes);
    expect(leftOut).toBeGreaterThan(0);
  }
  expect(sizeOf(capture, whole * 2)).toEqual({ bytes: whole, leftOut: 0 });
});
