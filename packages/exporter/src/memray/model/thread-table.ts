import { beyond, type MemrayLimits } from '../format/limits.js';

/** A thread of a capture. */
export interface MemrayThread {
  /** ID in the file: 64 bits, unsigned. */
  readonly id: bigint;
  /** Empty if the thread was never named. */
  readonly name: string;
}

/** The threads of a {@link ThreadTable} by number, for another thread of this process. */
export interface ThreadTableState {
  readonly ids: readonly bigint[];
  readonly names: readonly string[];
}

/** The threads of a capture, numbered from 0 in the order of their first use. */
export class ThreadTable {
  readonly #limits: MemrayLimits;
  readonly #indexes: Map<number, Map<number, number>> = new Map();
  readonly #ids: bigint[];
  readonly #names: string[];
  #textBytes = 0;

  /**
   * Creates a table.
   *
   * @param state data of another table; the new one is for look-ups only and accepts no threads
   */
  constructor(limits: MemrayLimits, { ids, names }: ThreadTableState = { ids: [], names: [] }) {
    this.#limits = limits;
    this.#ids = [...ids];
    this.#names = [...names];
  }

  /** Copy of the threads. */
  get state(): ThreadTableState {
    return { ids: [...this.#ids], names: [...this.#names] };
  }

  get size(): number {
    return this.#ids.length;
  }

  index(high: number, low: number): number {
    let lows = this.#indexes.get(high);
    if (lows === undefined) {
      lows = new Map();
      this.#indexes.set(high, lows);
    }
    const known = lows.get(low);
    if (known !== undefined) return known;
    const index = this.#ids.length;
    if (index >= this.#limits.maxFrames) throw beyond('threads', this.#limits.maxFrames, 'maxFrames');
    lows.set(low, index);
    this.#ids.push((BigInt(high) << 32n) | BigInt(low));
    this.#names.push('');
    return index;
  }

  /** Names a thread. The last name counts, for the whole capture. */
  name(index: number, name: string): void {
    this.#textBytes += name.length - this.#names[index]!.length;
    if (this.#textBytes > this.#limits.maxTextBytes) {
      throw beyond('bytes of thread names', this.#limits.maxTextBytes, 'maxTextBytes');
    }
    this.#names[index] = name;
  }

  thread(index: number): MemrayThread {
    return { id: this.#ids[index]!, name: this.#names[index]! };
  }
}
