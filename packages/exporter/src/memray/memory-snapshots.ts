import type { HeapListener } from './heap-listener.js';

/** The memory of the process at a moment. */
export interface MemorySnapshot {
  /** Milliseconds since the Unix epoch. */
  readonly millis: number;
  readonly residentBytes: number;
  /** What the capture knows to be allocated. */
  readonly heapBytes: number;
}

/** More are thinned out as they come: this many take 24 MiB, and no graph shows more. */
const MAX_KEPT = 2 ** 20;
const DEFAULT_MAX = 10_000;

/** Keeps the memory records of a capture. */
export class MemorySnapshots implements HeapListener {
  readonly #heapBytes: () => number;
  readonly #maxKept: number;
  #kept: MemorySnapshot[] = [];
  #seen = 0;
  #last: MemorySnapshot | undefined;
  /** Every how manieth is kept. */
  #stride = 1;

  /** `heapBytes` is asked at each memory record. At least half of `maxKept` are kept once there are so many. */
  constructor(heapBytes: () => number, maxKept: number = MAX_KEPT) {
    this.#heapBytes = heapBytes;
    this.#maxKept = maxKept;
  }

  /** Memory records so far, kept or not. */
  get seen(): number {
    return this.#seen;
  }

  /** The newest one, which {@link list} may have thinned out. */
  get last(): MemorySnapshot | undefined {
    return this.#last;
  }

  /** At most `max` of them, evenly taken, from the first on. */
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
