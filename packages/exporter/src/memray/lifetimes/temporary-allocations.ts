/** Numbers stored for an allocation: both halves of the address, site, size. */
const ROW = 4;
const INITIAL_THREADS = 8;

/**
 * Finds temporary allocations as memray's option `--temporary-allocations` does: a thread frees them before it has made
 * more than a number of further allocations. Like memray, it looks at the latest allocations of the thread that frees, and
 * forgets none of them when it is freed.
 */
export class TemporaryAllocations {
  readonly #kept: number;
  readonly #onTemporary: (site: number, bytes: number) => void;
  /** The latest allocations of each thread, in a ring. A site of 0 means that there is none. */
  #rows: Float64Array<ArrayBuffer>;
  /** Place of the next allocation in the ring of each thread. */
  #next: Int32Array<ArrayBuffer> = new Int32Array(INITIAL_THREADS);

  /**
   * Creates a finder.
   *
   * @param threshold maximum number of further allocations of the thread, from 0
   */
  constructor(threshold: number, onTemporary: (site: number, bytes: number) => void) {
    this.#kept = threshold + 1;
    this.#onTemporary = onTemporary;
    this.#rows = new Float64Array(INITIAL_THREADS * this.#kept * ROW);
  }

  allocated(thread: number, site: number, high: number, low: number, size: number): void {
    if (thread >= this.#next.length) this.#grow(thread);
    const place = this.#next[thread]!;
    const at = (thread * this.#kept + place) * ROW;
    const rows = this.#rows;
    rows[at] = high;
    rows[at + 1] = low;
    rows[at + 2] = site;
    rows[at + 3] = size;
    this.#next[thread] = place + 1 === this.#kept ? 0 : place + 1;
  }

  freed(thread: number, high: number, low: number): void {
    this.#find(thread, high, low, -1);
  }

  unmapped(thread: number, high: number, low: number, size: number): void {
    this.#find(thread, high, low, size);
  }

  /**
   * Reports the latest allocation at this address.
   *
   * @param size required size; -1 for any
   */
  #find(thread: number, high: number, low: number, size: number): void {
    if (thread >= this.#next.length) return;
    const rows = this.#rows;
    const start = thread * this.#kept;
    let place = this.#next[thread]!;
    for (let left = this.#kept; left > 0; left -= 1) {
      place = place === 0 ? this.#kept - 1 : place - 1;
      const at = (start + place) * ROW;
      const site = rows[at + 2]!;
      if (site === 0) return;
      if (rows[at] !== high || rows[at + 1] !== low) continue;
      if (size >= 0 && rows[at + 3] !== size) continue;
      return this.#onTemporary(site, rows[at + 3]!);
    }
  }

  #grow(thread: number): void {
    const threads = Math.max(this.#next.length * 2, thread + 1);
    const next = new Int32Array(threads);
    next.set(this.#next);
    this.#next = next;
    const rows = new Float64Array(threads * this.#kept * ROW);
    rows.set(this.#rows);
    this.#rows = rows;
  }
}
