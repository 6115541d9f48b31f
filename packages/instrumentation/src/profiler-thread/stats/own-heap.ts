import { Session } from 'node:inspector';
import v8 from 'node:v8';
import { threadCpuMillis } from './profiler-stats.js';

export interface OwnHeapDeps {
  /** Bytes in use on this thread's heap, garbage included. */
  readonly usedBytes: () => number;
  /**
   * Collects garbage on this thread's heap.
   *
   * @param thoroughly collects twice or more, until no garbage is left, and returns memory to the system
   */
  readonly collect: (thoroughly: boolean) => void;
  /** CPU time of this thread so far, in ms. */
  readonly cpuMillis: () => number;
  /** Ends the connection to the heap. */
  readonly close?: () => void;
}

/** Growth that is worth a collection of some 10 ms: this many bytes, or this share of a large heap. */
const WORTH_COLLECTING = 2 * 2 ** 20;
const WORTH_COLLECTING_SHARE = 1 / 4;
/** Minimum gap between collections, in ms. See also `MIN_GAP`. */
const MIN_GAP_MILLIS = 15_000;
/** Minimum time before the first collection, in ms: it takes longest, so it must not delay the start. */
const FIRST_GAP_MILLIS = 60_000;
const MIN_GAP = 2_000;

/**
 * Keeps the profiler thread's own heap small by collecting its garbage. Loading the code leaves garbage, and
 * so does each reply of the inspector. V8 alone would let megabytes pile up, because it does not know that
 * this heap should stay small.
 */
export class OwnHeap {
  readonly #deps: OwnHeapDeps;
  #collectedAt: number | undefined;
  /** Size of the heap after the last collection, in bytes; 0 before the first, which is always worthwhile. */
  #floor = 0;
  #gapMillis = FIRST_GAP_MILLIS;
  #isFirst = true;

  constructor(deps: OwnHeapDeps) {
    this.#deps = deps;
  }

  /** Collects if there is enough garbage and the gap has passed. Call often, e.g. after each poll. */
  collectIfWorthwhile(atMillis: number): void {
    this.#collectedAt ??= atMillis;
    const used = this.#deps.usedBytes();
    if (used < this.#floor) this.#floor = used;
    const worth = Math.max(WORTH_COLLECTING, this.#floor * WORTH_COLLECTING_SHARE);
    if (used - this.#floor < worth || atMillis - this.#collectedAt < this.#gapMillis) return;
    this.#collectedAt = atMillis;
    const before = this.#deps.cpuMillis();
    this.#deps.collect(this.#isFirst);
    this.#isFirst = false;
    this.#gapMillis = Math.max(MIN_GAP_MILLIS, MIN_GAP * (this.#deps.cpuMillis() - before));
    this.#floor = this.#deps.usedBytes();
  }

  close(): void {
    this.#deps.close?.();
  }
}

/** Interval so large that nothing is sampled. */
const NO_SAMPLES = { samplingInterval: 2 ** 30 };

/**
 * Connects to this thread's heap through an inspector session of its own. Reading the inspector's sampler
 * collects garbage once; `HeapProfiler.collectGarbage` does so repeatedly until no garbage is left.
 */
export function connectOwnHeap(): OwnHeapDeps {
  const session = new Session();
  session.connect();
  return {
    usedBytes: () => v8.getHeapStatistics().used_heap_size,
    collect: (thoroughly) => {
      if (thoroughly) return void session.post('HeapProfiler.collectGarbage');
      session.post('HeapProfiler.startSampling', NO_SAMPLES);
      session.post('HeapProfiler.getSamplingProfile');
      session.post('HeapProfiler.disable');
    },
    cpuMillis: threadCpuMillis,
    close: () => session.disconnect(),
  };
}
