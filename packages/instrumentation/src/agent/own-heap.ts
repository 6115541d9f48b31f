import { Session } from 'node:inspector';
import v8 from 'node:v8';
import { threadCpuMillis } from './self-account.js';

export interface OwnHeapPorts {
  /** Bytes in use on this thread's heap, garbage included. */
  readonly usedBytes: () => number;
  /**
   * Collects garbage on this thread's heap.
   *
   * @param thoroughly until nothing more is found, and gives memory back to the system: two collections or more
   */
  readonly collect: (thoroughly: boolean) => void;
  /** CPU time of this thread so far, ms. */
  readonly cpuMillis: () => number;
}

/** So much garbage is worth a collection of some ten milliseconds; of a large heap, so much of what is alive. */
const WORTH_COLLECTING = 2 * 2 ** 20;
const WORTH_COLLECTING_SHARE = 1 / 4;
/** Collections are farther apart than this, and by so many times what the last one took: 0.05 % of a core at most. */
const MIN_GAP_MILLIS = 15_000;
/** The first collection takes longer than all others, so it is not to fall into the start. */
const FIRST_GAP_MILLIS = 60_000;
const MIN_GAP = 2_000;

/**
 * Keeps the profiler thread's own heap small. Loading the code leaves garbage, and every reply of the inspector is some
 * soon after; V8 would let megabytes of it pile up before it collects them: it cannot know that this heap is to be a
 * small guest.
 */
export class OwnHeap {
  readonly #ports: OwnHeapPorts;
  #collectedAt: number | undefined;
  /** The heap's size some time after the last collection; nothing before the first, which is always worth it. */
  #floor = 0;
  #gapMillis = FIRST_GAP_MILLIS;
  #isFirst = true;

  constructor(ports: OwnHeapPorts) {
    this.#ports = ports;
  }

  /** Call now and then, e.g. after each reading. */
  tend(atMillis: number): void {
    this.#collectedAt ??= atMillis;
    const used = this.#ports.usedBytes();
    if (used < this.#floor) this.#floor = used;
    const worth = Math.max(WORTH_COLLECTING, this.#floor * WORTH_COLLECTING_SHARE);
    if (used - this.#floor < worth || atMillis - this.#collectedAt < this.#gapMillis) return;
    this.#collectedAt = atMillis;
    const before = this.#ports.cpuMillis();
    this.#ports.collect(this.#isFirst);
    this.#isFirst = false;
    this.#gapMillis = Math.max(MIN_GAP_MILLIS, MIN_GAP * (this.#ports.cpuMillis() - before));
    this.#floor = this.#ports.usedBytes();
  }
}

/** Such an interval that nothing is sampled. */
const NO_SAMPLES = { samplingInterval: 2 ** 30 };

/**
 * The heap of this thread, collected through an inspector session of its own. Reading a sampler that the inspector has started
 * collects once; `HeapProfiler.collectGarbage` does so twice or more, until nothing more is found.
 */
export function connectOwnHeap(): OwnHeapPorts & { close(): void } {
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
