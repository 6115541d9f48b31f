import type { HeapListener } from '../model/heap-listener.js';

/** The memory of the process at one moment. */
export interface MemorySnapshot {
  /** Time in ms since the Unix epoch. */
  readonly millis: number;
  readonly residentBytes: number;
  /** Bytes allocated according to the capture. */
  readonly heapBytes: number;
}

/** Maximum number kept before thinning: these take 24 MiB, and no graph shows more. */
const MAX_KEPT = 2 ** 20;
const DEFAULT_MAX = 10_000;

/** Stores the memory records of a capture. */
export class MemorySnapshots implements HeapListener {
  readonly #heapBytes: () => number;
  readonly #maxKept: number;
  #kept: MemorySnapshot[] = [];
  #seen = 0;
  #last: MemorySnapshot | undefined;
  /** One in this many records is kept. */
  #stride = 1;

  /**
   * Creates an empty list.
   *
   * @param heapBytes called at each memory record
   * @param maxKept when there are this many, every second one is dropped. Default 2^20
   */
  constructor(heapBytes: () => number, maxKept: number = MAX_KEPT) {
    this.#heapBytes = heapBytes;
    this.#maxKept = maxKept;
  }

  /** The latest record, which {@link list} may have omitted. */
  get last(): MemorySnapshot | undefined {
    return this.#last;
  }

  /** Returns at most `max` records, evenly spaced, starting with the first. Default 10,000. */
  list(max: number = DEFAULT_MAX): readonly MemorySnapshot[] {
    const every = Math.ceil(this.#kept.length / max);
    return every <= 1 ? [...this.#kept] : this.#kept.filter((_, at) => at % every === 0);
  }

  memoryRecord(millis: number, residentBytes: number): void {
    this.#add({ millis, residentBytes, heapBytes: this.#heapBytes() });
  }

  memorySnapshot(millis: number, residentBytes: number, heapBytes: number): void {
    this.#add({ millis, residentBytes, heapBytes });
  }

  #add(snapshot: MemorySnapshot): void {
    this.#last = snapshot;
    if (this.#seen % this.#stride === 0) this.#kept.push(snapshot);
    this.#seen += 1;
    if (this.#kept.length < this.#maxKept) return;
    this.#kept = this.#kept.filter((_, at) => at % 2 === 0);
    this.#stride *= 2;
  }
}
