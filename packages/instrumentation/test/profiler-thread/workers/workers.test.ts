// Worker threads that start, end and misbehave, without real ones.
import { expect, test, vi } from 'vitest';
import type { Ledger } from '../../../src/profiler-thread/ledger/index.js';
import { MemorySources } from '../../../src/profiler-thread/sources/memory-sources.js';
import { ProfilerStats } from '../../../src/profiler-thread/stats/profiler-stats.js';
import { WorkerAdmission } from '../../../src/profiler-thread/workers/worker-admission.js';
import { WorkerTarget } from '../../../src/profiler-thread/workers/worker-target.js';
import type { WorkerTargetHandlers } from '../../../src/profiler-thread/workers/worker-targets.js';
import { Workers } from '../../../src/profiler-thread/workers/workers.js';
import { eventually } from '../../support/eventually.js';
import { newLedger } from '../../support/ledger-sums.js';
import { sourceOf } from '../../support/memory-sources.js';
import { Readings, samplesOf } from '../../support/readings.js';

const NOT_STARTED = { error: { message: 'V8 sampling heap profiler was not started.' } };

const FAILURES = {
  'at once': {
    result: {
      result: {},
      exceptionDetails: { text: 'Uncaught', exception: { description: 'TypeError: no v8\n    at x' } },
    },
  },
  later: {
    result: {
      result: { value: JSON.stringify({ heapLimit: 0, problem: '', failure: 'TypeError: no v8' }) },
    },
  },
};

/** How a fake worker behaves. */
interface Behaviour {
  /** Mode that its start code answers. */
  readonly mode?: 'native-api' | 'binding' | 'none';
  /** True if other code has started a sampler. */
  readonly isTaken?: boolean;
  /** True if it answers nothing, as in native code. */
  readonly isSilent?: boolean;
  /** Command that it does not answer. */
  readonly unanswered?: string;
  /** Number of evaluations that it answers before its own code runs. */
  readonly early?: number;
  /** How its set-up fails: it throws at once, or later. */
  readonly fails?: 'at once' | 'later';
}

/** A worker thread as the inspector shows it. */
class FakeWorker {
  readonly target: WorkerTarget;
  readonly asked: string[] = [];
  readonly readings = new Readings();
  #isSampling: boolean;
  #early: number;

  constructor(
    title: string,
    { mode = 'binding', isTaken = false, isSilent = false, early = 0, unanswered, fails }: Behaviour,
  ) {
    this.#isSampling = isTaken;
    this.#early = early;
    this.target = new WorkerTarget(title, (text) => {
      const { id, method, params } = JSON.parse(text) as { id: number; method: string; params: never };
      this.asked.push(method);
      if (isSilent || method === unanswered) return;
      const answer = () =>
        method === 'Runtime.evaluate' && fails !== undefined
          ? FAILURES[fails]
          : this.#answer(method, params, mode);
      queueMicrotask(() => this.target.receive(JSON.stringify({ id, ...answer() })));
    });
  }

  #answer(method: string, { expression = '' }: { expression?: string }, mode: string) {
    if (method === 'HeapProfiler.getSamplingProfile') {
      const profile = this.readings.of(samplesOf('crawl', 2 ** 20, [1, 2]));
      return this.#isSampling ? { result: { profile } } : NOT_STARTED;
    }
    if (method === 'HeapProfiler.startSampling') this.#isSampling = true;
    if (method === 'HeapProfiler.disable') this.#isSampling = false;
    if (method !== 'Runtime.evaluate') return { result: {} };
    if (this.#early-- > 0) return { result: { result: { value: '' } } };
    if (expression.includes('.start(')) this.#isSampling ||= mode !== 'none';
    const values = {
      take: { scavenges: 0, majors: [], heapBytes: 5 },
      start: { mode, problem: '' },
      setUp: { heapLimit: 2 ** 30, problem: '' },
    };
    const call = expression.endsWith('.take()') ? 'take' : /\.start\(\d/.test(expression) ? 'start' : 'setUp';
    return { result: { result: { value: JSON.stringify(values[call]) } } };
  }
}

/** Makes a process in which workers can be started. */
function newProcess() {
  const main: Ledger = newLedger();
  const sources = new MemorySources(sourceOf(main));
  const stats = new ProfilerStats();
  const logged: string[] = [];
  let handlers: WorkerTargetHandlers | undefined;
  const close = vi.fn();
  const workers = new Workers(
    {
      sources,
      stats,
      newLedger: () => newLedger({ samplingInterval: 1024 }),
      connect: (some) => {
        handlers = some;
        return { close };
      },
      onReading: () => {},
      readyForRestart: async () => {},
      onReplaced: () => {},
      isFollowed: () => false,
      log: (level, text) => void logged.push(`${level}: ${text}`),
    },
    {
      cpuBudget: 0.005,
      traced: false,
      maxLiveSamples: 20_000,
      isAdaptive: false,
      leakWindowSeconds: 20,
      samplerBinding: '/binding.js',
    },
  );
  workers.start();
  const start = (title: string, behaviour: Behaviour = {}) => {
    const worker = new FakeWorker(title, behaviour);
    handlers!.attached(worker.target);
    return worker;
  };
  const end = ({ target }: FakeWorker) => {
    target.end();
    handlers!.detached(target);
  };
  const names = () => sources.all.map(({ thread }) => (thread ? `${thread.id} ${thread.name}` : 'main'));
  return { workers, sources, stats, logged, start, end, names, close };
}

test('profiles a worker under its number and name, until it ends', async () => {
  const { workers, start, end, names, sources } = newProcess();
  const worker = start('[worker 3] crawler');
  start('[worker 4]');
  await eventually(() => expect(names()).toEqual(['main', '3 crawler', '4 worker']));
  await eventually(() => expect(worker.asked).toContain('HeapProfiler.startSampling'));
  await eventually(async () => {
    await workers.pollNow();
    expect(sources.all[1]?.ledger.totalInUseBytes).toBeGreaterThan(0);
  });
  expect(workers.heapBytes).toBe(10);
  end(worker);
  expect(names()).toEqual(['main', '4 worker']);
  expect(sources.ended.counts.samples).toBe(2);
  workers.close();
});

test('waits until the code of a worker runs', async () => {
  const { workers, start, names } = newProcess();
  start('[worker 3]', { early: 2 });
  await eventually(() => expect(names()).toEqual(['main', '3 worker']));
  workers.close();
});

test('counts a worker that ends before it was set up', async () => {
  const { workers, start, end, names, stats } = newProcess();
  end(start('[worker 3]', { isSilent: true }));
  await eventually(() => expect(stats.drops).toEqual({ worker_skipped: 1 }));
  expect(names()).toEqual(['main']);
  workers.close();
});

test.each(['at once', 'later'] as const)(
  'gives up and counts a worker whose set-up fails %s',
  async (fails) => {
    const { workers, start, names, stats, logged } = newProcess();
    const failing = start('[worker 3]', { fails });
    await eventually(() => expect(stats.drops).toEqual({ worker_skipped: 1 }));
    expect(failing.asked).toHaveLength(fails === 'at once' ? 5 : 1);
    expect(names()).toEqual(['main']);
    expect(logged).toEqual(['warn: worker thread 3 is not profiled: TypeError: no v8']);
    workers.close();
  },
);

test('does not wait for a worker that does not answer, and polls the others', async () => {
  const { workers, start, names, sources } = newProcess();
  start('[worker 3]', { isSilent: true });
  start('[worker 4]');
  await eventually(() => expect(names()).toEqual(['main', '4 worker']));
  await eventually(async () => {
    await workers.pollNow();
    expect(sources.all[1]?.ledger.counts.samples).toBe(2);
  });
  workers.close();
});

test('samples a worker that starts after tracing has begun as finely as the others', async () => {
  const { workers, start, sources } = newProcess();
  workers.trace(512);
  start('[worker 3]');
  await eventually(() => expect(sources.all[1]?.ledger.samplingInterval).toBe(512));
  workers.close();
});

test('does not count a worker that ends while its sampler is started as a lost sampler', async () => {
  const { workers, start, end, names, stats } = newProcess();
  const unanswered = 'HeapProfiler.startSampling';
  const worker = start('[worker 3]', { mode: 'none', unanswered });
  await eventually(() => expect(worker.asked).toContain(unanswered));
  end(worker);
  expect(names()).toEqual(['main']);
  await new Promise((resolve) => setTimeout(resolve, 0));
  expect(stats.lostSampler).toEqual({});
  workers.close();
});

test('leaves a sampler of other code alone', async () => {
  const { workers, start, stats, names } = newProcess();
  const worker = start('[worker 3]', { isTaken: true });
  await eventually(() => expect(stats.lostSampler).toEqual({ taken: 1 }));
  expect(names()).toEqual(['main', '3 worker']);
  expect(worker.asked).not.toContain('HeapProfiler.startSampling');
  // The state of the main thread's sampler is not that of a worker's.
  expect(stats.lastLost).toBe('starting');
  workers.close();
});

test('says once that polls force collections where there is no other way to start the sampler', async () => {
  const { workers, start, logged, sources } = newProcess();
  for (const id of [3, 4]) start(`[worker ${id}]`, { mode: 'none' });
  await eventually(() =>
    expect(sources.all.filter(({ ledger }) => !ledger.knowsAllocationBySite)).toHaveLength(2),
  );
  expect(logged.filter((line) => line.includes('force a garbage collection'))).toHaveLength(1);
  workers.close();
});

test('profiles neither its own thread nor one without a number', async () => {
  const { threadId } = await import('node:worker_threads');
  const { workers, start } = newProcess();
  const others = [start(`[worker ${threadId}] heapray`), start('loader')];
  expect(others.map(({ asked }) => asked)).toEqual([[], []]);
  workers.close();
});

test('logs why workers cannot be reached, and goes on without them', () => {
  const logged: string[] = [];
  const refuse = () => {
    throw new Error('access denied');
  };
  const deps = {
    connect: refuse,
    log: (level: string, text: string) => void logged.push(`${level}: ${text}`),
  };
  new Workers(deps as never, {} as never).start();
  expect(logged).toEqual(['warn: worker threads cannot be profiled: access denied']);
});

test('delays profiling when many workers start at once, and no longer when few do', () => {
  const admission = new WorkerAdmission();
  const delays = Array.from({ length: 20 }, () => admission.delayMillis(0));
  expect(delays.filter((delay) => delay === 0)).toHaveLength(16);
  expect(delays.at(-1)).toBe(5_000);
  expect(admission.delayMillis(2_000)).toBe(0);
  expect(admission.delayMillis(2_001)).toBe(5_000);
});
