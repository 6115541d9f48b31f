import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { memoryUsage } from '../../protocol/memory-usage.js';
import { MathMax } from '../../protocol/primordials.js';
import { contained } from '../containment/contain.js';

/** Node's diagnostics channel for new worker threads, whoever creates them. */
const CHANNEL = 'worker_threads';

type Usage = Pick<NodeJS.MemoryUsage, 'arrayBuffers' | 'external'>;

/**
 * Estimates the bytes of array buffers that this thread holds but another thread has created.
 *
 * Node counts an array buffer (`arrayBuffers`) in the thread that created it, until it is freed. V8 counts it
 * (`external`) in the thread that holds it, together with large strings outside its heap. No counter
 * separates the two. So the excess of `external` over `arrayBuffers` is taken for transferred buffers. Only
 * its increase since the application's first worker thread counts, because no buffer can have come from a
 * worker before.
 */
export class TransferredBuffers {
  /**
   * Excess of `external` over `arrayBuffers` before the application's first worker; undefined without one.
   */
  #before: number | undefined;
  /** Number of heapray's own threads so far. */
  #ownThreads = 0;
  readonly #onWorker = contained(
    () => this.#workerMade(),
    () => {},
  );

  /**
   * Waits for the application's first worker thread.
   *
   * @param ownThreadId id of heapray's own thread, which was created just before
   */
  watch(ownThreadId: number): void {
    this.#ownThreads++;
    // Thread ids count from 1, so a larger one than heapray's own threads explain shows that there were others.
    if (ownThreadId > this.#ownThreads) this.#workerMade();
    subscribe(CHANNEL, this.#onWorker);
  }

  /** Stops waiting while heapray creates a thread of its own. */
  pause(): void {
    unsubscribe(CHANNEL, this.#onWorker);
  }

  #workerMade(): void {
    this.#before ??= beyond(memoryUsage());
  }

  /** True if the application has, or had, worker threads. */
  get hasWorkers(): boolean {
    return this.#before !== undefined;
  }

  /**
   * Returns the estimate, in bytes, for these figures of the process; 0 without worker threads of the
   * application.
   */
  bytes(usage: Usage): number {
    return this.#before === undefined ? 0 : MathMax(0, beyond(usage) - this.#before);
  }
}

/** The instance of this thread. */
export const transferredBuffers: TransferredBuffers = new TransferredBuffers();

function beyond({ external, arrayBuffers }: Usage): number {
  return MathMax(0, external - arrayBuffers);
}
