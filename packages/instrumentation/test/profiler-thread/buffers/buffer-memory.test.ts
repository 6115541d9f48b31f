import { expect, test } from 'vitest';
import { BufferMemory } from '../../../src/profiler-thread/buffers/buffer-memory.js';
import { Ledger } from '../../../src/profiler-thread/ledger/index.js';
import { ProfilerStats } from '../../../src/profiler-thread/stats/profiler-stats.js';
import type { BufferBatch } from '../../../src/protocol/buffer-events.js';
import type { SuspectView } from '../../../src/protocol/messages.js';
import { onlySource } from '../../support/memory-sources.js';

const WINDOW_MILLIS = 1000;
const MIB = 2 ** 20;

function setUp() {
  const code = { packageOf: () => 'app' };
  const sources = onlySource(new Ledger({ ...code, samplingInterval: 1000, component: 'api' }));
  const stats = new ProfilerStats();
  const suspects: SuspectView[] = [];
  const memory = new BufferMemory({
    sources,
    stats,
    code,
    windowMillis: WINDOW_MILLIS,
    pastMillis: 3 * WINDOW_MILLIS,
    onSuspect: (suspect) => suspects.push(suspect),
  });
  const take = (batch: Partial<BufferBatch>, atMillis: number) => {
    const empty = {
      oldestStack: 1,
      stacks: [],
      born: [],
      died: [],
      leftInPool: [],
      dropped: 0,
      costMillis: 0,
    };
    memory.take({ ...empty, atMillis, arrayBuffers: 100 * MIB, ...batch }, 0, atMillis);
  };
  return { sources, stats, suspects, memory, take };
}

const stackOf = (id: number, functionName: string) => ({
  id,
  frames: [{ functionName, url: 'file:///app/main.js', lineNumber: 10 * id, columnNumber: 2 }],
  isCut: false,
});

test('adds a source of Buffers with the first batch, and counts drops and cost', () => {
  const { sources, stats, memory, take } = setUp();
  expect(memory.offHeap).toBeUndefined();
  take({ stacks: [stackOf(1, 'keep')], born: [1, 1, 5 * MIB, 5 * MIB, 10], dropped: 3, costMillis: 2 }, 20);
  expect(sources.all.map(({ kind, thread }) => [kind, thread])).toEqual([
    ['heap', undefined],
    ['array_buffer', undefined],
  ]);
  expect(sources.all[1]?.ledger.sites.components.own).toBe('api');
  expect(memory.offHeap?.arrayBuffers).toBe(100 * MIB);
  expect(memory.offHeap?.ledger.shownBytes).toBe(5 * MIB);
  expect(stats.drops).toEqual({ buffer_samples: 3 });
  expect(stats.cpuParts().pauses).toBe(2);
});

test('suspects the function whose Buffers stay and grow, and no other', () => {
  const { suspects, memory, take } = setUp();
  let id = 0;
  const dropped: number[] = [];
  for (let tick = 1; tick <= 30; tick++) {
    const atMillis = tick * WINDOW_MILLIS;
    const born: number[] = [];
    for (let i = 0; i < 8; i++) {
      born.push(++id, 1, MIB, MIB, atMillis - 100);
      born.push(++id, 2, MIB, MIB, atMillis - 100);
      dropped.push(id);
    }
    const stacks = tick === 1 ? [stackOf(1, 'leak'), stackOf(2, 'serve')] : [];
    const before = atMillis - 300;
    memory.collected([{ markMillis: before, sweepMillis: before + 10, turnMillis: before + 20 }]);
    // The collection has freed all that was dropped before.
    take({ stacks, born, died: dropped.splice(0, dropped.length - 8) }, atMillis);
  }
  expect(suspects.map(({ functionName, kind, line }) => [functionName, kind, line])).toEqual([
    ['leak', 'array_buffer', 11],
  ]);
  expect(suspects[0]?.message).toMatch(/`leak .*main\.js:11.*Buffers.* grows/);
  // V8's heap limit is not theirs.
  expect(suspects[0]?.message).not.toContain('heap limit');
});
