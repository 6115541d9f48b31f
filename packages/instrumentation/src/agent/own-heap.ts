import { Session } from 'node:inspector';
import v8 from 'node:v8';

export interface OwnHeapPorts {
  /** Bytes in use on this thread's heap, garbage included. */
  readonly usedBytes: () => number;
  /** Collects garbage on this thread's heap; may do so a little later. */
  readonly collect: () => void;
}

/** So much garbage is worth a collection of some ten milliseconds; of a large heap, so much of what is alive. */
const WORTH_COLLECTING = 2 * 2 ** 20;
const WORTH_COLLECTING_SHARE = 1 / 4;
/** A collection that often is a tenth of a percent of a core at most. */
const MIN_GAP_MILLIS = 15_000;

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
  #settling = false;

  constructor(ports: OwnHeapPorts) {
    this.#ports = ports;
  }

  /** Call now and then, e.g. after each reading. */
  tend(atMillis: number): void {
    this.#collectedAt ??= atMillis;
    const used = this.#ports.usedBytes();
    // A collection that was asked for is done by the next call.
    if (this.#settling || used < this.#floor) this.#floor = used;
    this.#settling = false;
    const worth = Math.max(WORTH_COLLECTING, this.#floor * WORTH_COLLECTING_SHARE);
    if (used - this.#floor < worth || atMillis - this.#collectedAt < MIN_GAP_MILLIS) return;
    this.#collectedAt = atMillis;
    this.#settling = true;
    this.#ports.collect();
  }
}

/** The heap of this thread, collected through an inspector session of its own. */
export function connectOwnHeap(): OwnHeapPorts & { close(): void } {
  const session = new Session();
  session.connect();
  return {
    usedBytes: () => v8.getHeapStatistics().used_heap_size,
    collect: () => session.post('HeapProfiler.collectGarbage'),
    close: () => session.disconnect(),
  };
}
