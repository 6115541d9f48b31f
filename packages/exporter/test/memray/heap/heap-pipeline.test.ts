// The heap followed on a separate thread. Uses dist, because the thread runs the built code.
import { writeFileSync } from 'node:fs';
import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { beforeAll, describe, expect, test } from 'vitest';
import { pollUntil } from '../../../../../test/support/poll.js';
import { runCommand } from '../../../../../test/support/run-command.js';
import { tempFolder } from '../../../../../test/support/temp-folder.js';
import {
  FormatError,
  type GroupOptions,
  MemrayAnalyzer,
  MemrayProfiler,
} from '../../../dist/memray/index.js';
import { HeapEventWriter, replayHeapEvents } from '../../../src/memray/heap/heap-events.js';
import { HeapPipeline as UnbuiltPipeline } from '../../../src/memray/heap/heap-pipeline.js';
import { HeapRing } from '../../../src/memray/heap/heap-ring.js';
import { HighWaterMark } from '../../../src/memray/heap/high-water-mark.js';
import { DEFAULT_LIMITS, type MemrayAnalyzerOptions } from '../../../src/memray/index.js';
import { randomCapture } from '../support/random-capture.js';

/** More events than fit into the ring between the threads. */
const EVENTS = 160_000;
const DIST = new URL('../../../dist/memray/index.js', import.meta.url).href;
const THREAD = new URL('../../../dist/memray/heap/heap-thread-main.js', import.meta.url);

let bytes: Uint8Array;
beforeAll(() => {
  ({ bytes } = randomCapture({ seed: 1, events: EVENTS, format: 13 }));
});

function analyze(capture: Uint8Array, options: MemrayAnalyzerOptions): MemrayAnalyzer {
  const analyzer = new MemrayAnalyzer(options);
  for (let at = 0; at < capture.length; at += 65_536) analyzer.push(capture.subarray(at, at + 65_536));
  analyzer.end();
  return analyzer;
}

function longFile(): string {
  const file = `${tempFolder()}/long.bin`;
  writeFileSync(file, bytes);
  return file;
}

function resultsOf(analyzer: MemrayAnalyzer) {
  const merged: GroupOptions = { mergeThreads: true };
  return {
    events: analyzer.events,
    peak: analyzer.peakBytes,
    live: analyzer.liveBytes,
    damage: analyzer.damage,
    records: [analyzer.highWaterMark(), analyzer.leaks(), analyzer.allocated(), analyzer.leaks(merged)],
    stats: analyzer.stats(),
  };
}

describe('a long capture', () => {
  test('has the same results on two threads as on one', () => {
    const one = resultsOf(analyze(bytes, { stats: true }));
    expect(one.events).toBeGreaterThan(140_000);
    expect(one.records[0]!.length).toBeGreaterThan(100);
    expect(resultsOf(analyze(bytes, { stats: true, ownThread: true }))).toEqual(one);
  });

  test('has the results before the cut when it ends inside a record', () => {
    const cut = bytes.subarray(0, bytes.length * 0.9);
    const two = analyze(cut, { stats: true, ownThread: true });
    expect(two.complete).toBe(false);
    expect(resultsOf(two)).toEqual(resultsOf(analyze(cut, { stats: true })));
  });

  test('has the same profile', () => {
    const profiles = [false, true].map((ownThread) => {
      const profiler = new MemrayProfiler({ ownThread });
      profiler.push(bytes);
      profiler.end();
      return profiler.profile();
    });
    expect(profiles[1]).toEqual(profiles[0]);
  });

  test('is rejected as on one thread when it exceeds a limit of live allocations', () => {
    const limits = { maxLive: 1000 };
    const refusals = [false, true].map((ownThread) => {
      try {
        analyze(bytes, { limits, ownThread });
      } catch (error) {
        expect((error as Error).name).toBe(FormatError.name);
        return (error as Error).message;
      }
      return undefined;
    });
    expect(refusals).toEqual(Array(2).fill('memray: more than 1000 allocations alive at once (maxLive)'));
  });
});

test('a capture that is not read to its end does not keep the process alive', async () => {
  const program = `
    import { readFileSync } from 'node:fs';
    import { MemrayAnalyzer } from '${DIST}';
    const bytes = readFileSync('${longFile()}');
    new MemrayAnalyzer({ ownThread: true }).push(bytes.subarray(0, bytes.length / 2));
    process.stdout.write('left');
  `;
  const { status, stdout, stderr } = await runCommand(process.execPath, [
    '--input-type=module',
    '-e',
    program,
  ]);
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'left', stderr: '' });
});

test('the thread of a dropped capture ends', async () => {
  const program = `
    import { MemrayAnalyzer } from '${DIST}';
    import { readFileSync } from 'node:fs';
    process.on('worker', (worker) => {
      worker.ref();
      const collecting = setInterval(gc, 10);
      worker.on('exit', () => clearInterval(collecting));
    });
    new MemrayAnalyzer({ ownThread: true }).push(readFileSync('${longFile()}').subarray(0, -1));
    process.on('exit', () => process.stdout.write('ended'));
  `;
  const args = ['--expose-gc', '--input-type=module', '-e', program];
  const { status, stdout, stderr } = await runCommand(process.execPath, args);
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'ended', stderr: '' });
});

test('a thread keeps waiting when it is woken late, for a piece it has already replayed', async () => {
  const ring = new HeapRing();
  const { port1, port2 } = new MessageChannel();
  const workerData = { buffers: ring.buffers, limits: DEFAULT_LIMITS, port: port2 };
  const worker = new Worker(THREAD, { workerData, transferList: [port2] });
  const plain = new HighWaterMark(DEFAULT_LIMITS);
  const handOver = (low: number): void => {
    plain.allocated(1, 0, low, 100);
    ring.nextToFill.set([1, 0, low, 100]);
    ring.handOver(4);
  };
  handOver(16);
  await pollUntil(() => !ring.hasFilled, { what: 'the first piece to be done' });
  // Simulates a reader that was suspended between publishing a piece and waking the other thread.
  const wake = () => Atomics.notify(ring.buffers.control, 0) > 0;
  await pollUntil(wake, { what: 'the thread to wait for the second piece', everyMillis: 1 });
  // Either the thread waits again, or it has continued with a missing piece.
  await pollUntil(() => wake() || ring.answered, { what: 'what comes of it', everyMillis: 1 });
  handOver(32);
  ring.handOver(0);
  await pollUntil(() => ring.answered, { what: 'the answer' });
  expect(receiveMessageOnPort(port1)?.message).toEqual({ amounts: plain.amounts.state });
  await worker.terminate();
});

describe('without a second thread', () => {
  // The sources contain no built file for the thread to run.
  test.each([
    ['which does not start', 2],
    ['for which there is no processor', 1],
  ])('%s, all work is done on this thread', (_, processors) => {
    const pipeline = new UnbuiltPipeline(DEFAULT_LIMITS, processors);
    const plain = new HighWaterMark(DEFAULT_LIMITS);
    for (const listener of [pipeline.listeners[0]!, plain]) {
      for (let at = 0; at < 300_000; at += 1) {
        listener.allocated!(1 + (at % 7), 1, at * 16, at);
        if (at % 3 === 0) listener.freed!(0, 1, at * 16);
      }
    }
    expect(() => pipeline.amounts).toThrow('read to its end');
    pipeline.finish();
    expect(pipeline.amounts.state).toEqual(plain.amounts.state);
  });
});

test('keeps the kind, address and size of events, however large', () => {
  const told: unknown[][] = [];
  const heard: unknown[][] = [];
  const noteIn = (list: unknown[][]) => ({
    allocated: (...event: number[]) => list.push(['allocated', ...event]),
    freed: (_: number, ...event: number[]) => list.push(['freed', ...event]),
    mapped: (...event: number[]) => list.push(['mapped', ...event]),
    unmapped: (_: number, ...event: number[]) => list.push(['unmapped', ...event]),
  });
  const words = new Uint32Array(64);
  const writer: HeapEventWriter = new HeapEventWriter(() => {
    replayHeapEvents(words.subarray(0, writer.length), noteIn(heard));
    writer.fill(words);
  });
  writer.fill(words);
  const sizes = [0, 1, 2 ** 32 - 2, 2 ** 32 - 1, 2 ** 32, 2 ** 40 + 3, Number.MAX_SAFE_INTEGER];
  for (const listener of [writer, noteIn(told)]) {
    for (const size of sizes) {
      listener.allocated(2 ** 31 - 1, 0xffff_ffff, 0xffff_fff8, size);
      listener.freed(3, 0, size % 2 ** 32);
      listener.mapped(2 ** 31 - 1, 0x7fff, 0xffff_f000, size);
      listener.unmapped(3, 0x7fff, 0xffff_f000, size);
    }
  }
  replayHeapEvents(words.subarray(0, writer.length), noteIn(heard));
  expect(heard).toEqual(told);
});
