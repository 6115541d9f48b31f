import { EVENT_WORDS } from './heap-events.js';

const PIECES = 8;
/** Small enough for the caches of both threads. */
const PIECE_WORDS = 16_384 * EVENT_WORDS;

/** Indices of the words that both threads access with Atomics. */
const FILLED = 0;
const REPLAYED = 1;
const STATE = 2;
/** Index of the first length of a piece. */
const LENGTHS = 3;

const STARTING = 0;
const RUNNING = 1;
const ABANDONED = 2;
const ANSWERED = 3;

/** Memory shared by the two threads. */
export interface HeapRingBuffers {
  readonly control: Int32Array<SharedArrayBuffer>;
  readonly words: Uint32Array<SharedArrayBuffer>;
}

/**
 * A ring of pieces with events, from the thread that reads a capture to the one that follows its heap. Each side waits
 * for the other without an event loop.
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

  // Side of the reading thread.

  /** The next piece to fill. Not free while {@link full} is true. */
  get nextToFill(): Uint32Array {
    return this.#pieces[this.#filled % PIECES]!;
  }

  get full(): boolean {
    return this.#filled - this.#replayed === PIECES;
  }

  /** Passes the next piece to the other thread. `length` is the number of filled words; 0 marks the end. */
  handOver(length: number): void {
    Atomics.store(this.#control, LENGTHS + (this.#filled % PIECES), length);
    Atomics.add(this.#control, FILLED, 1);
    Atomics.notify(this.#control, FILLED);
  }

  /** True if the other thread has ended and sent an answer. */
  get answered(): boolean {
    return Atomics.load(this.#control, STATE) === ANSWERED;
  }

  /** Waits until another piece was replayed or the answer was sent. Returns false after the timeout. */
  awaitReplay(millis: number): boolean {
    const replayed = this.#replayed;
    if (this.answered) return true;
    Atomics.wait(this.#control, REPLAYED, replayed, millis);
    return this.answered || this.#replayed !== replayed;
  }

  /** Takes over the work if the other thread has not started. Returns whether it was taken over. */
  abandon(): boolean {
    return Atomics.compareExchange(this.#control, STATE, STARTING, ABANDONED) === STARTING;
  }

  // Side of the thread that follows the heap.

  /** Starts the work. Returns false if the reading thread has taken it over. */
  begin(): boolean {
    return Atomics.compareExchange(this.#control, STATE, STARTING, RUNNING) === STARTING;
  }

  /** Returns the next piece to replay, or undefined at the end. Blocks until it is available. */
  nextToReplay(): Uint32Array | undefined {
    const replayed = this.#replayed;
    // Wait in a loop: a late notification may be for a piece that this thread has found without waiting.
    while (!this.hasFilled) Atomics.wait(this.#control, FILLED, replayed);
    const length = Atomics.load(this.#control, LENGTHS + (replayed % PIECES));
    return length === 0 ? undefined : this.#pieces[replayed % PIECES]!.subarray(0, length);
  }

  /** True if {@link nextToReplay} would not block. */
  get hasFilled(): boolean {
    return this.#filled !== this.#replayed;
  }

  /** Marks the piece as free. */
  markReplayed(): void {
    Atomics.add(this.#control, REPLAYED, 1);
    Atomics.notify(this.#control, REPLAYED);
  }

  /** Marks the answer as sent. The counter changes too, so that a wait that is about to begin does not block. */
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
