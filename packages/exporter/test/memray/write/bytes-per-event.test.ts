// Our writer must need no more bytes than memray for the events of captures that memray wrote.
import { expect, test } from 'vitest';
import { DEFAULT_LIMITS } from '../../../src/memray/format/limits.js';
import {
  ALLOCATORS,
  type MemrayFormat,
  MemrayWriter,
  RecordStream,
  type StackHandle,
} from '../../../src/memray/index.js';
import { CaptureModel } from '../../../src/memray/model/capture-model.js';
import type { HeapListener } from '../../../src/memray/model/heap-listener.js';
import { formatOf, golden, goldenNames } from '../support/golden.js';

/**
 * Returns the number of events, and the size of all records after the header: memray's, and ours for the same events.
 */
function rewritten(bytes: Uint8Array, format: MemrayFormat) {
  const writer = new MemrayWriter({ format, commandLine: '', pid: 1, startTimeMillis: 0 });
  const headerBytes = writer.bytesEncoded;
  const handles: StackHandle[] = [];
  const stackOf = (stack: number): StackHandle | undefined => {
    if (stack === 0) return undefined;
    const { functionName, file, line } = model.location(model.innermostFrame(stack));
    handles[stack] ??= writer.stack(stackOf(model.caller(stack)), writer.frame(functionName, file, line));
    return handles[stack];
  };
  const address = (high: number, low: number) => high * 2 ** 32 + low;
  const threadId = (index: number) => Number(model.thread(index).id);
  const born = (site: number, high: number, low: number, size: number) => {
    const name = ALLOCATORS.find(({ id }) => id === model.sites.allocator(site))!.name;
    const thread = threadId(model.sites.thread(site));
    writer.allocation(thread, address(high, low), size, stackOf(model.sites.stack(site)), name);
  };
  const listener: HeapListener = {
    allocated: born,
    mapped: born,
    freed: (thread, high, low) => writer.free(threadId(thread), address(high, low)),
    unmapped: (thread, high, low, size) =>
      writer.allocation(threadId(thread), address(high, low), size, undefined, 'MUNMAP'),
    memoryRecord: (millis, resident) =>
      writer.memoryRecord(resident, millis - stream.header!.startTimeMillis),
    aggregated: () => {},
    memorySnapshot: () => {},
  };
  const model = new CaptureModel(DEFAULT_LIMITS, [listener]);
  let theirs = 0;
  const stream = new RecordStream(model, {
    ...DEFAULT_LIMITS,
    onRecords: (records) => {
      theirs += records.length;
    },
  });
  stream.push(bytes);
  stream.end();
  return {
    events: writer.allocations + writer.deallocations,
    theirs,
    ours: writer.bytesEncoded - headerBytes,
  };
}

const captures = goldenNames().filter((name) =>
  /^(threads|pymalloc|killed|fork|uncompressed|live)/.test(name),
);

test.each(captures)('%s', (name) => {
  const { events, theirs, ours } = rewritten(golden(name).bytes, formatOf(name));
  expect(events).toBeGreaterThan(0);
  expect(ours / events).toBeLessThanOrEqual(theirs / events);
});
