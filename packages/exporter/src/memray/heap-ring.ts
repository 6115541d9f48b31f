import { EVENT_WORDS } from './heap-events.js';

const PIECES = 8;
/** Small enough that both threads find them in their caches. */
const PIECE_WORDS = 16_384 * EVENT_WORDS;

/** Words both threads read and write with Atomics. */
const FILLED = 0;
const REPLAYED = 1;
const STATE = 2;
/** Where the lengths of the pieces begin. */
const LENGTHS = 3;

const STARTING = 0;
const RUNNING = 1;
const ABANDONED = 2;
const ANSWERED = 3;

/** What the two threads share. */
export interface HeapRingBuffers {
  readonly control: Int32Array<SharedArrayBuffer>;
  readonly words: Uint32Array<SharedArrayBuffer>;
}

/**
 * Pieces full of events on their way from the thread that reads a capture to the one that follows its heap. Each side
 * waits for the other without an event loop.
 */
export class HeapRing {
  readonly buffers: HeapRingBuffers;
  readonly #control: Int32Array<SharedArrayBuffer>;
  readonly #pieces: readonly Uint32Array[];

  constructor(buffers: HeapRingBuffers = newBuffers()) {
    this.buffers = buffers;
    this.#control = buffers.control;
    this.#pieces = Array.from({ length: PIECES }, (_, at) =>
      buffers.words.subarray(at * PIECE_WORDS, (at + 1) * PIECE_WORDS),
    );
  }

  // The reading thread's side.

  /** The piece to fill next; it must not be one that {@link full} says is not free. */
  get nextToFill(): Uint32Array {
    return this.#pieces[this.#filled % PIECES]!;
  }

  get full(): boolean {
    return this.#filled - this.#replayed === PIECES;
  }

  /** Hands the next piece over; `length` of its words are filled, none means that this was all. */
  handOver(length: number): void {
    Atomics.store(this.#control, LENGTHS + (this.#filled % PIECES), length);
    Atomics.add(this.#control, FILLED, 1);
    Atomics.notify(this.#control, FILLED);
  }

  /** Whether the other thread has ended and left an answer. */
  get answered(): boolean {
    return Atomics.load(this.#control, STATE) === ANSWERED;
  }

  /** Waits until a piece more was replayed, or the answer is there; false if neither came in time. */
  awaitReplay(millis: number): boolean {
    const replayed = this.#replayed;
    if (this.answered) return true;
    Atomics.wait(this.#control, REPLAYED, replayed, millis);
    return this.answered || this.#replayed !== replayed;
  }

  /** Takes the other thread's work from it if it has not begun; whether it is taken. */
  abandon(): boolean {
    return Atomics.compareExchange(this.#control, STATE, STARTING, ABANDONED) === STARTING;
  }

  // The side of the thread that follows the heap.

  /** Whether there is still somebody who wants the work to be done. */
  begin(): boolean {
    return Atomics.compareExchange(this.#control, STATE, STARTING, RUNNING) === STARTING;
  }

  /** What is to be replayed next, in the end undefined. Waits for it, for as long as it takes. */
  nextToReplay(): Uint32Array | undefined {
    const replayed = this.#replayed;
    // One wait is not enough: the other thread may wake this one late, for a piece it has found by itself long ago.
    while (!this.hasFilled) Atomics.wait(this.#control, FILLED, replayed);
    const length = Atomics.load(this.#control, LENGTHS + (replayed % PIECES));
    return length === 0 ? undefined : this.#pieces[replayed % PIECES]!.subarray(0, length);
  }

  /** Whether {@link nextToReplay} has something without waiting. */
  get hasFilled(): boolean {
    return this.#filled !== this.#replayed;
  }

  /** The piece may be filled again. */
  markReplayed(): void {
    Atomics.add(this.#control, REPLAYED, 1);
    Atomics.notify(this.#control, REPLAYED);
  }

  /** The answer was sent. The number changes, too, so that nobody begins to wait for it just now. */
  markAnswered(): void {
    Atomics.store(this.#control, STATE, ANSWERED);
    this.markReplayed();
  }

  get #filled(): number {
    return Atomics.load(this.#control, FILLED);
  }

  get #replayed(): number {
    return Atomics.load(this.#control, REPLAYED);
  }
}

function newBuffers(): HeapRingBuffers {
  return {
    control: new Int32Array(new SharedArrayBuffer(4 * (LENGTHS + PIECES))),
    words: new Uint32Array(new SharedArrayBuffer(4 * PIECES * PIECE_WORDS)),
  };
}
