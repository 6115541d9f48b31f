/** Number of reports that must all show a full heap: a minute's, so that garbage alone does not count. */
const REPORTS = 120;
const FULL_SHARE = 0.8;

/** Notices from a process's reports when its heap is nearly full. */
export class HeapWatch {
  #full;
  #reports = 0;

  constructor(limitBytes) {
    this.#full = FULL_SHARE * limitBytes;
  }

  /** Takes a report; returns true once the heap has been nearly full for a minute. */
  isFull(heapUsed) {
    this.#reports = heapUsed > this.#full ? this.#reports + 1 : 0;
    return this.#reports >= REPORTS;
  }
}
