import { ControlWord, type ServerKind } from '../../protocol/messages.js';
import { AtomicsLoad, AtomicsStore, AtomicsWait, MathMin, now } from '../../protocol/primordials.js';

/** Longest wait for a port to be freed, in ms; a thread busy with a profile may take as long. */
const CLOSE_MILLIS = 500;
/** Longest wait for the end of the thread when nothing is captured, in ms. */
const DISCONNECT_MILLIS = 500;
/**
 * Longest wait for captures at the end of a process, in ms: the thread's start, its last poll, and writing.
 */
const END_MILLIS = 2_500;
/** Longest wait for an exact capture to begin or end, in ms: the thread's start, a poll of all objects, and writing them. */
const EXACT_MILLIS = 10_000;
/** Part of that time in which the thread must have loaded its code, in ms: it never does if its file is missing. */
const EXACT_START_MILLIS = 5_000;
/** Part of the time of an end in which JavaScript runs, for the last poll, in ms. */
const LAST_POLL_MILLIS = 1_200;
/** Number of loop turns in a row, in each of which the last poll may interrupt. */
const TURNS = 100;
/**
 * Length of the parts of a wait in which polls come, in ms: a poll interrupts JavaScript between them. On a machine with few
 * processors, the profiler thread needs this one for the poll.
 */
const PART_MILLIS = 2;

/**
 * Blocks the application's thread until the profiler thread has done something, with a limit: at the end of the process, when the
 * application needs the port of a server, and when an exact capture begins or ends. Beside it, only polls of exact mode do so on
 * purpose (`main-thread/sampler/exact-heap.ts`).
 *
 * Other work stops it too, and is not limited here. A poll takes 0.3 to 1 ms at defaults
 * (`profiler-thread/polling/heap-poller.ts`). A collection, with `?gc=1` or for each poll in the mode `inspector`, takes as long
 * as V8 needs, as does a heap snapshot that a client has asked for. Requests to the thread's own inspector session
 * (`main-thread/sampler/`) and reading small files at the start take less than a poll.
 */
export class BlockingWaits {
  readonly #control: Int32Array;
  #exactRequests: number;
  /** Number of requests done when a wait for another timed out; undefined before. */
  #doneInVain: number | undefined;

  /**
   * @param control see `ControlWord`
   * @param beginsExactly true if the thread begins an exact capture without a request
   */
  constructor(control: Int32Array, beginsExactly = false) {
    this.#control = control;
    this.#exactRequests = beginsExactly ? 1 : 0;
  }

  /** Waits 0.5 s at most for a server's port to be freed; returns false on timeout. */
  untilPortFree(server: ServerKind): boolean {
    const word = server === 'debug' ? ControlWord.debugPortFree : ControlWord.metricsPortFree;
    return AtomicsWait(this.#control, word, 0, CLOSE_MILLIS) !== 'timed-out';
  }

  /**
   * Waits until all requests for exact captures are done: 10 s at most, and 5 s for a thread that does not start. Does not wait
   * again before the thread has done a request after a wait in vain.
   *
   * @param more number of requests made since the last call
   * @returns false on timeout; then the captures say that they may lack allocations
   */
  untilExactCaptures(more: 0 | 1): boolean {
    this.#exactRequests += more;
    const start = now();
    for (;;) {
      const done = AtomicsLoad(this.#control, ControlWord.exactCaptures);
      if (done >= this.#exactRequests || done === this.#doneInVain) return true;
      const hasStarted = AtomicsLoad(this.#control, ControlWord.ready) !== 0;
      if (now() - start >= (hasStarted ? EXACT_MILLIS : EXACT_START_MILLIS)) {
        AtomicsStore(this.#control, ControlWord.exactLate, 1);
        this.#doneInVain = done;
        return false;
      }
      AtomicsWait(this.#control, ControlWord.exactCaptures, done, PART_MILLIS);
    }
  }

  /**
   * Waits for the end of the thread: 2.5 s at most with a capture or an export, 0.5 s without. Exact mode needs up to 5 s more.
   *
   * @param isCapturing true if a capture or an export of profiles is open or about to be; then the last poll is waited for
   */
  untilFinished(isCapturing: boolean): 'finished' | 'not-started' | 'late' {
    const more = AtomicsLoad(this.#control, ControlWord.endMillis);
    const end = now() + more + (isCapturing ? END_MILLIS : DISCONNECT_MILLIS);
    if (isCapturing) AtomicsWait(this.#control, ControlWord.ready, 0, END_MILLIS);
    if (AtomicsLoad(this.#control, ControlWord.ready) === 0) return 'not-started';
    // Run some JavaScript, because the last poll needs to interrupt it.
    if (isCapturing) this.#runUntilPolled(MathMin(end, now() + more + LAST_POLL_MILLIS));
    for (let left = end - now(); left > 0; left = end - now()) {
      const done = AtomicsLoad(this.#control, ControlWord.done);
      if (done === 2) return 'finished';
      AtomicsWait(this.#control, ControlWord.done, done, left);
    }
    return AtomicsLoad(this.#control, ControlWord.done) === 2 ? 'finished' : 'late';
  }

  /** @param end time limit on the clock of `now`, in ms */
  #runUntilPolled(end: number): void {
    while (now() < end) {
      for (let turn = 0; turn < TURNS; turn++) {
        if (AtomicsLoad(this.#control, ControlWord.done) !== 0) return;
      }
      AtomicsWait(this.#control, ControlWord.done, 0, PART_MILLIS);
    }
  }
}
