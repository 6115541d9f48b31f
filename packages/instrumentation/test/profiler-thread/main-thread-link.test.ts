import { MessageChannel } from 'node:worker_threads';
import { afterEach, expect, test, vi } from 'vitest';
import { atEnd } from '../../../../test/support/cleanup.js';
import { mainMemory } from '../../src/main-thread/metrics/resident-memory.js';
import { MainThreadLink } from '../../src/profiler-thread/main-thread-link.js';
import {
  CONTROL_BYTES,
  type FromProfilerThread,
  type ToProfilerThread,
} from '../../src/protocol/messages.js';
import { eventually } from '../support/eventually.js';

afterEach(() => void vi.restoreAllMocks());

const WANTED = { profilerBytes: 1_000_000, kernel: { file: 2_000_000, shared: 0, stack: 4_096 } };

/** Makes a link, and the main thread's end of it. */
function newLink(answer: (question: FromProfilerThread) => ToProfilerThread | undefined) {
  const { port1, port2 } = new MessageChannel();
  const asked: FromProfilerThread[] = [];
  const passedOn: ToProfilerThread[] = [];
  const link = new MainThreadLink(port1, new Int32Array(new SharedArrayBuffer(CONTROL_BYTES)));
  link.receive((message) => passedOn.push(message));
  port2.on('message', (question: FromProfilerThread) => {
    asked.push(question);
    const message = answer(question);
    if (message) port2.postMessage(message);
  });
  atEnd(() => port1.close());
  return { link, asked, passedOn };
}

test("the main thread's memory adds up to the resident set, to the byte", async () => {
  vi.spyOn(process, 'memoryUsage').mockReturnValue({
    rss: 123_456_789,
    heapTotal: 0,
    heapUsed: 0,
    external: 3_000_001,
    arrayBuffers: 1_000_003,
  });
  const { link, passedOn } = newLink((question) => {
    if (question.type !== 'main-memory-wanted') return undefined;
    return { type: 'main-memory', request: question.request, memory: mainMemory(question) };
  });
  const { resident, heapUsedBytes } = (await link.mainMemory(WANTED))!;
  expect(Object.values(resident).reduce((sum, bytes) => sum + bytes, 0)).toBe(123_456_789);
  expect(resident).toMatchObject({ profiler: 1_000_000, mapped_file: 2_000_000, stack: 4_096 });
  expect(heapUsedBytes).toBeGreaterThan(1_000_000);
  expect(passedOn).toEqual([]);
});

test('gives up when the main thread does not answer in time', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const { link, asked, passedOn } = newLink(() => undefined);
  const memory = link.mainMemory(WANTED);
  const counts = link.objectCounts();
  await vi.advanceTimersByTimeAsync(8_000);
  expect([await memory, await counts]).toEqual([undefined, undefined]);
  vi.useRealTimers();
  await eventually(() => expect(asked).toHaveLength(2));
  expect(passedOn).toEqual([]);
});
