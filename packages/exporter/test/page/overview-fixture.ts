import type { OverviewData, OverviewSubject } from '../../src/page/index.js';

const MIB = 1024 * 1024;
/** Number of times of the series, and their distance. */
const TIMES = 60;
const STEP_MILLIS = 10_000;

/** Returns a subject without anything. */
export function emptySubject(name = 'shop'): OverviewSubject {
  return {
    name,
    state: { level: 'ok', text: 'no leak suspects' },
    notes: [],
    facts: [],
    timesMillis: [],
    resident: [],
    lines: [],
    limits: [],
    ages: [],
    suspects: [],
    sites: [],
    profiler: [],
    parts: [],
    momentsMillis: [],
    downloads: [],
  };
}

/** Returns a process that leaks 1 MiB every 10 s, with all that an overview can have, at a time in ms since the Unix epoch. */
export function leakingSubject(name: string, atMillis: number, pid = 4242): OverviewSubject {
  const steps = Array.from({ length: TIMES }, (_, at) => at);
  const series = (title: string, unit: string, valueAt: (step: number) => number) => {
    return { name: title, unit, values: steps.map((step) => Math.round(valueAt(step))) };
  };
  return {
    ...emptySubject(name),
    state: { level: 'problem', text: '1 leak suspect; heap limit in 3 h at this rate' },
    notes: [
      {
        level: 'warning',
        text: 'allocation by call site is not known: the sampler was started in the mode live',
      },
    ],
    facts: [
      { name: 'Process', text: `${pid}` },
      { name: 'Node.js', text: 'v24.0.0' },
      { name: 'Profiled for', text: '2 h' },
    ],
    timesMillis: steps.map((step) => atMillis - (TIMES - 1 - step) * STEP_MILLIS),
    resident: [
      series('Heap in use', 'By', (step) => (60 + step) * MIB),
      series('Heap, free', 'By', (step) => (20 + 8 * Math.sin(step / 3)) * MIB),
      series('Buffers', 'By', (step) => (30 + 6 * Math.cos(step / 7)) * MIB),
      series('Code and stacks', 'By', () => 18 * MIB),
      series('Other', 'By', (step) => (25 + (step % 4)) * MIB),
    ],
    lines: [
      series('heap used', 'By', (step) => (70 + step) * MIB),
      series('in use', 'By', (step) => (60 + step) * MIB),
      series('allocation rate', 'By/s', (step) => (12 + 5 * Math.sin(step / 5)) * MIB),
    ],
    inUseByAge: [
      series('<10s', 'By', () => 4 * MIB),
      series('10s-1m', 'By', () => 6 * MIB),
      series('1m-10m', 'By', () => 50 * MIB),
      series('10m-1h', 'By', (step) => step * MIB),
      series('>1h', 'By', (step) => (step > 40 ? 2 * (step - 40) : 0) * MIB),
      series('unknown', 'By', () => 0),
    ],
    limits: [
      { name: 'heap', bytes: 256 * MIB },
      { name: 'cgroup', bytes: 512 * MIB },
    ],
    ages: [
      { name: '<10s', bytes: 4 * MIB },
      { name: '10s-1m', bytes: 6 * MIB },
      { name: '1m-10m', bytes: 50 * MIB },
      { name: '10m-1h', bytes: 30 * MIB },
      { name: '>1h', bytes: 22 * MIB },
      { name: 'unknown', bytes: 1 * MIB },
    ],
    secondsToLimit: 3 * 3600,
    suspects: [
      {
        functionName: 'cacheOrder',
        place: 'cache.js:9:1',
        packageName: '',
        bytes: 90 * MIB,
        bytesPerSecond: 0.1 * MIB,
        message: 'in use grew in 6 of 6 windows, by 6.0 MiB per minute; none of it was collected',
        values: steps.map((step) => (30 + step) * MIB),
      },
    ],
    sites: [
      {
        functionName: 'cacheOrder',
        place: 'cache.js:9:1',
        packageName: '',
        inUseBytes: 90 * MIB,
        inUseObjects: 120_000,
        standardError: 6 * MIB,
        allocatedBytes: 95 * MIB,
        survivedShare: 0.97,
        values: steps.map((step) => (30 + step) * MIB),
      },
      {
        functionName: 'route',
        place: 'node_modules/router/index.js:5:1',
        packageName: 'router@1.2.0',
        inUseBytes: 1.5 * MIB,
        inUseObjects: 900,
        standardError: 0.9 * MIB,
        allocatedBytes: 900 * MIB,
        survivedShare: 0.002,
      },
      {
        functionName: 'render',
        place: 'render.js:3:1',
        packageName: '',
        inUseBytes: 1 * MIB,
        inUseObjects: 12,
        standardError: 0.7 * MIB,
        allocatedBytes: 40 * MIB,
        survivedShare: null,
      },
    ],
    profiler: [
      { name: 'CPU', text: '0.42 % of a core since the start; budget 1.00 %' },
      { name: 'Memory', text: '11.2 MiB' },
      { name: 'Polls', text: '720; they stop the program for 0.41 ms on average' },
      { name: 'Dropped', text: 'poll 2', level: 'warning' },
    ],
    parts: [
      {
        name: 'main',
        facts: [
          { name: 'Heap', text: '120 MiB' },
          { name: 'State', text: 'running' },
        ],
      },
      {
        name: 'worker 1',
        facts: [
          { name: 'Heap', text: '12 MiB' },
          { name: 'State', text: 'waiting', level: 'warning' },
        ],
      },
    ],
    momentsMillis: [atMillis - 600_000, atMillis - 300_000, atMillis - 60_000],
    downloads: [
      { title: 'heap: in use, pprof', href: '/debug/pprof/heap' },
      { title: 'heap as text', href: '/debug/pprof/heap?debug=1' },
    ],
  };
}

/** Returns an overview of subjects. */
export function overviewOf(
  subjects: readonly OverviewSubject[],
  atMillis: number,
  refreshSeconds = 5,
): OverviewData {
  return {
    format: 'heapray-overview',
    version: 1,
    title: 'shop',
    timeMillis: atMillis,
    refreshSeconds,
    subjects,
  };
}
