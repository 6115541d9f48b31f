import type { HeapUsage } from '../polling/heap-poller.js';
import { type LimitUse, NEAR_SHARE } from './limit-use.js';

export interface HeapUseDeps {
  /** Limit of the main thread's old generation, in bytes. */
  readonly limitBytes: number;
  /** Resident memory of the process, swapped memory included, in bytes. */
  readonly residentBytes: () => number;
  /** Asks V8 for the use of the main thread's heap; undefined if it cannot be asked. */
  readonly heapUsage: () => Promise<HeapUsage | undefined>;
}

/** Distance from 80 % of the limit below which V8 is asked, in bytes: 0.5 s of the fastest growth. */
const ASK_WITHIN_BYTES = 150 * 2 ** 20;
/** Time after which an answer says nothing any more, in ms. */
const FORGET_MILLIS = 5_000;
/** Longest wait for an answer, in ms. The main thread answers in a loop, but not inside native code. */
const ANSWER_MILLIS = 100;

interface Answer extends HeapUsage {
  readonly residentBytes: number;
  readonly atMillis: number;
}

/**
 * Measures how much of V8's heap is used. Resident memory is an upper bound that costs the main thread nothing. V8 is
 * asked only where that bound does not rule out that the limit is near.
 */
export class HeapUse {
  readonly #deps: HeapUseDeps;
  #last: Answer | undefined;
  #pending: Promise<HeapUsage | undefined> | undefined;
  #askedMillis: number | undefined;

  constructor(deps: HeapUseDeps) {
    this.#deps = deps;
  }

  /** The newest answer of V8, if any. */
  get last(): HeapUsage | undefined {
    return this.#last;
  }

  /** Time since the main thread was asked without answering so far, in ms; 0 if it has answered. */
  get unansweredMillis(): number {
    return this.#askedMillis === undefined ? 0 : performance.now() - this.#askedMillis;
  }

  /** Returns the use of the heap, or an upper bound while it is far from its limit. */
  async read(): Promise<LimitUse> {
    const { limitBytes } = this.#deps;
    const residentBytes = this.#deps.residentBytes();
    const bound = this.#bound(residentBytes);
    if (bound < NEAR_SHARE * limitBytes - ASK_WITHIN_BYTES) return heap(bound, limitBytes);
    const usage = await this.#ask();
    if (usage === undefined) return heap(this.#estimate(residentBytes), limitBytes);
    this.#last = { ...usage, residentBytes, atMillis: performance.now() };
    return { ...heap(usage.usedBytes, limitBytes), committedBytes: usage.committedBytes };
  }

  /** Upper bound: what V8 had committed, and all growth of the process since then. */
  #bound(residentBytes: number): number {
    const last = this.#last;
    if (last === undefined || performance.now() - last.atMillis > FORGET_MILLIS) return residentBytes;
    return Math.min(residentBytes, last.committedBytes + Math.max(0, residentBytes - last.residentBytes));
  }

  /** Without an answer, all growth of the process is taken for growth of the heap. */
  #estimate(residentBytes: number): number {
    const last = this.#last;
    if (last === undefined) return 0;
    return last.usedBytes + Math.max(0, residentBytes - last.residentBytes);
  }

  async #ask(): Promise<HeapUsage | undefined> {
    this.#askedMillis ??= performance.now();
    this.#pending ??= this.#deps.heapUsage().finally(() => {
      this.#pending = undefined;
      this.#askedMillis = undefined;
    });
    return Promise.race([this.#pending, timeout(ANSWER_MILLIS)]);
  }
}

function heap(usedBytes: number, limitBytes: number): LimitUse {
  return { kind: 'heap', usedBytes, limitBytes };
}

const timeout = (millis: number) =>
  new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), millis).unref());
