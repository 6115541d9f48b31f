import type { HeapListener } from '../model/heap-listener.js';

/**
 * Number of words of a heap event: the site (0 for a free, the highest bit set for mappings), the address in two words,
 * and the size. A size that does not fit is in a second row.
 */
export const EVENT_WORDS = 4;
const MAPPING = 0x8000_0000;
/** Size of an event whose size is in the next row, as high and low half. */
const BIG = 0xffff_ffff;
const TWO_32 = 2 ** 32;

/** Collects rows of events in one thread, to be replayed in another. */
export class HeapEventWriter implements HeapListener {
  readonly #onFull: () => void;
  #words: Uint32Array = new Uint32Array();
  #at = 0;
  /** From this index on, the longest event does not fit. */
  #full = 0;

  /**
   * Creates a writer.
   *
   * @param onFull must consume the {@link length} filled words, and call {@link fill} with another piece
   */
  constructor(onFull: () => void) {
    this.#onFull = onFull;
  }

  /** Writes into `words` from now on, from its start. */
  fill(words: Uint32Array): void {
    this.#words = words;
    this.#at = 0;
    this.#full = words.length - 2 * EVENT_WORDS;
  }

  /** Number of filled words in the piece. */
  get length(): number {
    return this.#at;
  }

  allocated(site: number, high: number, low: number, size: number): void {
    this.#add(site, high, low, size);
  }

  freed(_thread: number, high: number, low: number): void {
    this.#add(0, high, low, 0);
  }

  mapped(site: number, high: number, low: number, size: number): void {
    this.#add(site + MAPPING, high, low, size);
  }

  unmapped(_thread: number, high: number, low: number, size: number): void {
    this.#add(MAPPING, high, low, size);
  }

  #add(what: number, high: number, low: number, size: number): void {
    const at = this.#at;
    const words = this.#words;
    words[at] = what;
    words[at + 1] = high;
    words[at + 2] = low;
    words[at + 3] = size < BIG ? size : BIG;
    this.#at = at + EVENT_WORDS;
    if (size >= BIG) this.#addSize(size);
    if (this.#at > this.#full) this.#onFull();
  }

  #addSize(size: number): void {
    this.#words[this.#at] = Math.floor(size / TWO_32);
    this.#words[this.#at + 1] = size % TWO_32;
    this.#at += EVENT_WORDS;
  }
}

/** Reports the events of a {@link HeapEventWriter} to a listener. The thread is always 0. */
export function replayHeapEvents(words: Uint32Array, listener: Required<ReplayedListener>): void {
  for (let at = 0; at < words.length; at += EVENT_WORDS) {
    const what = words[at]!;
    const high = words[at + 1]!;
    const low = words[at + 2]!;
    let size = words[at + 3]!;
    if (size === BIG) {
      at += EVENT_WORDS;
      size = words[at]! * TWO_32 + words[at + 1]!;
    }
    if (what === 0) listener.freed(0, high, low);
    else if (what < MAPPING) listener.allocated(what, high, low, size);
    else if (what === MAPPING) listener.unmapped(0, high, low, size);
    else listener.mapped(what - MAPPING, high, low, size);
  }
}

type ReplayedListener = Pick<HeapListener, 'allocated' | 'freed' | 'mapped' | 'unmapped'>;
