import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  ALLOCATORS,
  type AllocatorName,
  analyzeMemray,
  MEMRAY_FORMATS,
  MemrayWriter,
  type StackHandle,
} from '../../../src/memray/index.js';

const number = fc.oneof(
  fc.double(),
  fc.maxSafeInteger(),
  fc.constantFrom(
    0,
    -0,
    -1,
    0.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    2 ** 53,
    2 ** 64,
  ),
);
const text = fc.string({ unit: 'binary', maxLength: 20 });
const step = fc.oneof(
  fc.record({
    kind: fc.constant('allocation' as const),
    tid: number,
    address: number,
    size: fc.oneof(fc.nat(), fc.constantFrom(-1, Number.NaN, 0.4)),
    allocator: fc.constantFrom<AllocatorName>(...ALLOCATORS.map(({ name }) => name)),
    frames: fc.array(fc.tuple(text, text, number), { maxLength: 4 }),
  }),
  fc.record({ kind: fc.constant('free' as const), tid: number, address: number }),
  fc.record({ kind: fc.constant('name' as const), tid: number, name: text }),
  fc.record({ kind: fc.constant('memory' as const), resident: number, time: number }),
);

test('the writer does not throw for any values, and what it writes is valid', () => {
  const input = fc.record({
    format: fc.constantFrom(...MEMRAY_FORMATS),
    commandLine: text,
    pid: number,
    startTimeMillis: number,
    mainThreadId: number,
    libdest: text,
    sitePackages: fc.array(text, { maxLength: 3 }),
    sysPath: fc.array(text, { maxLength: 3 }),
    steps: fc.array(step, { maxLength: 30 }),
  });
  fc.assert(
    fc.property(input, ({ steps, ...options }) => {
      const w = new MemrayWriter(options);
      for (const each of steps) {
        if (each.kind === 'allocation') {
          let stack: StackHandle | undefined;
          for (const [name, file, line] of each.frames) stack = w.stack(stack, w.frame(name, file, line));
          w.allocation(each.tid, each.address, each.size, stack, each.allocator);
        } else if (each.kind === 'free') w.free(each.tid, each.address);
        else if (each.kind === 'name') w.threadName(each.tid, each.name);
        else w.memoryRecord(each.resident, each.time);
      }
      w.finish(Number.NaN, Number.NaN);
      const bytes = w.take();
      expect(bytes.length).toBe(w.bytesEncoded);
      for (const { offset, bytes: patch } of w.headerPatches(Number.NaN)) bytes.set(patch, offset);
      const analyzer = analyzeMemray([bytes]);
      expect([analyzer.complete, analyzer.damage]).toEqual([true, undefined]);
      expect(analyzer.events).toBe(w.allocations + w.deallocations);
      expect(analyzer.header).toMatchObject({ allocationCount: analyzer.events, format: options.format });
    }),
    { numRuns: 500 },
  );
});
