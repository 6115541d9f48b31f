// Measures how soon a leak is suspected, and which innocent call sites are: simulated services of 100 MiB at the defaults,
// by how often major collections come. Time is simulated, so every machine gives the same numbers.
import { SimulatedHeap } from './leaks/simulated-heap.mjs';
import { LeakDetector } from './lib/built-ledger.mjs';
import { figure } from './lib/figure.mjs';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const READING = 5 * SECOND;
const HEAP_SAMPLES = 1_600;
const LEAK_PER_MINUTE = HEAP_SAMPLES / 100;
const FULL = { seeds: 40, minutes: 45 };
const QUICK = { seeds: 6, minutes: 20 };
/** Goal in minutes, for a leak of one percent of the heap a minute. */
const TARGET = { atMost: 5 };
const NONE = { atMost: 0 };

const COLLECTIONS = {
  'every 5 s': { gap: 5 * SECOND },
  'every 20 s': { gap: 20 * SECOND },
  'every 50 s': { gap: 50 * SECOND },
  'every 2 min': { gap: 2 * MINUTE },
  'every 10 min': { gap: 10 * MINUTE },
  'none for 30 min': { gap: MINUTE, first: 30 * MINUTE },
};

/** Call sites that do not leak, by name: samples a minute, and how long each is reachable. */
const INNOCENT = {
  requests: { perMinute: () => 120, life: (random) => random.exponential(SECOND) },
  sessions: { perMinute: () => 30, life: (random) => random.exponential(40 * SECOND) },
  scrapes: { perMinute: () => 24, life: (random) => 10 * SECOND * random.next() },
  'a cache with a time limit': { perMinute: () => 40, life: () => 2 * MINUTE },
  'a cache that fills ever slower': {
    perMinute: (minute) => (200 / 1.5) * Math.exp(-minute / 1.5),
    life: () => Number.POSITIVE_INFINITY,
  },
};

class Random {
  #state;
  constructor(seed) {
    this.#state = seed >>> 0;
  }
  next() {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return (this.#state + 0.5) / 2 ** 32;
  }
  exponential(mean) {
    return -Math.log(1 - this.next()) * mean;
  }
  poisson(mean) {
    let count = 0;
    for (let at = this.exponential(1); at < mean; at += this.exponential(1)) count++;
    return count;
  }
}

export async function run({ quick, report }) {
  const { seeds, minutes } = quick ? QUICK : FULL;
  const details = {};
  for (const [name, pattern] of Object.entries(COLLECTIONS)) {
    const runs = Array.from({ length: seeds }, (_, i) => simulate(i + 1, pattern, minutes));
    details[name] = runs;
    const part = `collections ${name}`;
    const detected = runs.map(({ leakMinutes }) => leakMinutes ?? Number.POSITIVE_INFINITY);
    const known = pattern.gap < 2 * MINUTE && pattern.first === undefined;
    report([
      figure({
        part,
        what: 'leak suspected after',
        unit: 'min',
        values: detected,
        ...(known && { target: TARGET }),
      }),
      figure({
        part,
        what: 'others suspected',
        unit: 'in all runs',
        values: [runs.reduce((sum, { others }) => sum + others.length, 0)],
        target: NONE,
      }),
    ]);
  }
  return details;
}

function simulate(seed, { gap, first = 2 * SECOND }, minutes) {
  const random = new Random(seed);
  const heap = new SimulatedHeap();
  const detector = new LeakDetector({ samplingInterval: heap.samplingInterval });
  for (let i = 0; i < HEAP_SAMPLES; i++) heap.allocate('start', Number.POSITIVE_INFINITY);
  let nextMajor = first;
  let leakMinutes;
  const others = [];
  const step = READING / MINUTE;
  for (let minute = 0; minute < minutes; minute += step) {
    for (const [name, { perMinute, life }] of Object.entries(INNOCENT)) {
      for (let i = random.poisson(perMinute(minute) * step); i > 0; i--)
        heap.allocate(name, heap.now + life(random));
    }
    for (let i = random.poisson(LEAK_PER_MINUTE * step); i > 0; i--)
      heap.allocate('leak', Number.POSITIVE_INFINITY);
    if (heap.now >= nextMajor) {
      heap.collect();
      nextMajor = heap.now + gap * (0.5 + random.next());
    }
    heap.read(READING);
    for (const { site } of detector.observe(heap.ledger, heap.now)) {
      const { functionName } = heap.ledger.sites.site(site);
      if (functionName === 'leak') leakMinutes ??= heap.now / MINUTE;
      else others.push(functionName);
    }
  }
  return { leakMinutes, others };
}
