import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { contained } from '../containment/contain.js';
import { MathMax, process } from '../containment/primordials.js';

/** Node tells here of each worker thread that is made, whoever makes it. */
const CHANNEL = 'worker_threads';

type Usage = Pick<NodeJS.MemoryUsage, 'arrayBuffers' | 'external'>;

/**
 * Estimates the bytes of array buffers that this thread holds and another thread has made.
 *
 * Node counts an array buffer (`arrayBuffers`) with the thread that made it, until it is freed. V8 counts it (`external`) with
 * the thread that holds it, together with large strings outside of its heap. No counter tells these two kinds apart. So what
 * `external` has beyond `arrayBuffers` is taken for transferred buffers, but only what came since the application made its
 * first worker thread: before, no buffer can have come from one.
 */
export class TransferredBuffers {
  /** What `external` had beyond `arrayBuffers` before the first worker of the application; undefined without one. */
  #before: number | undefined;
  readonly #onWorker = contained(
    () => this.#workerMade(),
    () => {},
  );

  /**
   * Waits for the application's first worker thread.
   *
   * @param ownThreadId number of heapray's own thread, which was made just before
   */
  watch(ownThreadId: number): void {
    // Threads are numbered from 1: there were others before heapray began.
    if (ownThreadId > 1) this.#workerMade();
    subscribe(CHANNEL, this.#onWorker);
  }

  /** Stops waiting, for as long as heapray makes a thread of its own. */
  pause(): void {
    unsubscribe(CHANNEL, this.#onWorker);
  }

  #workerMade(): void {
    this.#before ??= beyond(process.memoryUsage());
  }

  /** Returns the estimate for these figures of the process; 0 without worker threads of the application. */
  bytes(usage: Usage): number {
    return this.#before === undefined ? 0 : MathMax(0, beyond(usage) - this.#before);
  }
}

/** The one of this thread. */
export const transferredBuffers: TransferredBuffers = new TransferredBuffers();

function beyond({ external, arrayBuffers }: Usage): number {
  return MathMax(0, external - arrayBuffers);
}
