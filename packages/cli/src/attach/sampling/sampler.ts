import { OriginalFunctions } from '../../inputs/original-functions.js';
import { called } from '../guard.js';
import type { Target } from '../target.js';
import { type Reading, readingOf } from './reading.js';

/**
 * How V8's sampler runs in the target:
 *
 * - `without collections`: started by code in the target (Node 26), so that reading costs no collection
 * - `with collections`: started through the inspector, so that each reading costs a major collection
 * - `all allocations`: started through the inspector, and keeps the samples of what was freed
 * - `others`: was running, started by heapray or another profiler. It is only read
 */
export type SamplerKind = 'without collections' | 'with collections' | 'all allocations' | 'others';

export interface SamplerOptions {
  /** Mean bytes between two samples. */
  readonly interval: number;
  /** True to keep the samples of what was freed. Then the sampler does not know what is in use. */
  readonly all: boolean;
}

/** The last reading, and how long it has stopped the program. */
export interface LastReading {
  readonly reading: Reading;
  /** Number of all samples since the start; a lower bound where readings show only what is in use. */
  readonly lastOrdinal: number;
  readonly millis: number;
}

interface SampledTarget {
  readonly target: Target;
  readonly originals: OriginalFunctions;
}

const STACK_DEPTH = 64;

/** V8's sampler in a target. */
export class Sampler {
  readonly kind: SamplerKind;
  readonly interval: number;
  /** The reading that has shown that a sampler of others runs. */
  readonly first: Reading | undefined;
  readonly #target: Target;
  readonly #originals: OriginalFunctions;

  private constructor(
    { target, originals }: SampledTarget,
    kind: SamplerKind,
    interval: number,
    first?: Reading,
  ) {
    this.#target = target;
    this.#originals = originals;
    this.kind = kind;
    this.interval = interval;
    this.first = first;
  }

  /** Starts the sampler, unless one is running. It ends with the connection, in whatever way that ends. */
  static async start(target: Target, { interval, all }: SamplerOptions): Promise<Sampler> {
    const sampled = { target, originals: new OriginalFunctions() };
    const running = await readIfRunning(sampled);
    if (running !== undefined) return new Sampler(sampled, 'others', 0, running);
    const options = { samplingInterval: interval, stackDepth: STACK_DEPTH };
    if (all) {
      const flags = { includeObjectsCollectedByMajorGC: true, includeObjectsCollectedByMinorGC: true };
      await target.post('HeapProfiler.startSampling', { ...options, ...flags });
      return new Sampler(sampled, 'all allocations', interval);
    }
    // The second changes nothing about a sampler that code has started, except that it ends with this connection. Send both at
    // once, so that the death of this process leaves no sampler behind.
    const [isOwn] = await Promise.all([
      target.evaluate(startCode(interval)),
      target.post('HeapProfiler.startSampling', options),
    ]);
    return new Sampler(sampled, isOwn ? 'without collections' : 'with collections', interval);
  }

  async read(): Promise<Reading> {
    const { profile } = await this.#target.post('HeapProfiler.getSamplingProfile');
    return readingOf(profile, this.#originals);
  }

  /** Reads what is in use after a major collection. */
  async readCollected(): Promise<Reading> {
    // The reading itself collects where code of the inspector has started the sampler.
    if (this.kind === 'without collections') await this.#collect();
    return this.read();
  }

  /** Reads for the last time, after a collection, and stops the sampler if it is ours. */
  async finish(): Promise<LastReading> {
    if (this.kind === 'others') {
      const started = performance.now();
      const reading = await this.read();
      return { reading, lastOrdinal: reading.lastOrdinal, millis: performance.now() - started };
    }
    const before = this.kind === 'without collections' ? await this.read() : undefined;
    const started = performance.now();
    if (before !== undefined) await this.#collect();
    const { profile } = await this.#target.post('HeapProfiler.stopSampling');
    const millis = performance.now() - started;
    const reading = readingOf(profile, this.#originals);
    return { reading, lastOrdinal: Math.max(before?.lastOrdinal ?? 0, reading.lastOrdinal), millis };
  }

  async #collect(): Promise<void> {
    const done = await this.#target.evaluate(COLLECT_CODE).catch(() => false);
    // Collects several times, and so takes longer.
    if (!done) await this.#target.post('HeapProfiler.collectGarbage');
  }
}

async function readIfRunning({ target, originals }: SampledTarget): Promise<Reading | undefined> {
  try {
    const { profile } = await target.post('HeapProfiler.getSamplingProfile');
    return readingOf(profile, originals);
  } catch {
    // The sampler was not started, or the connection is gone, which the next call shows.
    return undefined;
  }
}

function startCode(interval: number): string {
  return called(`
    const v8 = process.getBuiltinModule?.('node:v8');
    if (typeof v8?.startHeapProfile !== 'function') return false;
    try {
      v8.startHeapProfile({ sampleInterval: ${interval}, stackDepth: ${STACK_DEPTH} });
      return true;
    } catch {
      return false;
    }
`);
}

/** One major collection. */
const COLLECT_CODE = called(`
  if (typeof globalThis.gc === 'function') {
    globalThis.gc();
    return true;
  }
  const v8 = process.getBuiltinModule('node:v8');
  v8.setFlagsFromString('--expose-gc');
  const collect = process.getBuiltinModule('node:vm').runInNewContext('gc');
  v8.setFlagsFromString('--no-expose-gc');
  collect();
  return true;
`);
