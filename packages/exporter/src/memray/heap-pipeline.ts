import { availableParallelism } from 'node:os';
// Without `node:`, because webpack makes of `new Worker` with that prefix something that throws.
// biome-ignore lint/style/useNodejsImportProtocol: see above.
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'worker_threads';
import { FormatError } from '../wire/errors.js';
import type { FollowedHeap } from './followed-heap.js';
import { HeapEventWriter, replayHeapEvents } from './heap-events.js';
import type { HeapListener } from './heap-listener.js';
import { HeapRing } from './heap-ring.js';
import type { HeapThreadAnswer, HeapThreadData } from './heap-thread-main.js';
import { HighWaterMark } from './high-water-mark.js';
import type { MemrayLimits } from './limits.js';
import { SiteAmounts } from './site-amounts.js';

/** How long one wait for the other thread takes at most: a process that was stopped meanwhile counts it once. */
const WAIT_MILLIS = 1_000;
/** Waits for a thread that does not start. */
const START_WAITS = 10;
/** Waits for one that runs: its longest step is to move a table of 1 GiB. */
const STEP_WAITS = 120;
/** Threads of captures that were given up without a word: they would wait for more for ever. */
const forsaken: FinalizationRegistry<Worker> = new FinalizationRegistry((worker) => void worker.terminate());

/**
 * Follows the heap of a capture on a thread of its own, while this one reads on. The thread is started once there is
 * something to do for it; short captures, and machines with one processor, do without.
 *
 * The reading thread blocks while it is ahead too far, and in {@link finish}.
 */
export class HeapPipeline implements FollowedHeap {
  /** To be told what happens to the heap. */
  readonly listeners: readonly HeapListener[];
  readonly #limits: MemrayLimits;
  readonly #ring: HeapRing = new HeapRing();
  readonly #writer: HeapEventWriter = new HeapEventWriter(() => this.#handOver());
  /** What this thread follows itself: aggregated captures, and the events of all that do without another one. */
  readonly #own: HighWaterMark;
  #thread: { readonly worker: Worker; readonly port: MessagePort } | undefined;
  /** Whether this thread does it all. */
  #alone: boolean;
  #cancelled = false;
  #amounts: SiteAmounts | undefined;

  constructor(limits: MemrayLimits, processors: number = availableParallelism()) {
    this.#limits = limits;
    this.#alone = processors < 2;
    this.#own = new HighWaterMark(limits);
    this.listeners = [this.#writer, { aggregated: (site, row) => this.#own.aggregated(site, row) }];
    this.#writer.fill(this.#ring.nextToFill);
  }

  /** Amounts of all that was told; known after {@link finish}. */
  get amounts(): SiteAmounts {
    if (this.#amounts === undefined)
      throw new Error('amounts are known when the capture was read to its end');
    return this.#amounts;
  }

  /**
   * Says that nothing more will be told.
   *
   * @throws FormatError when a limit was reached
   */
  finish(): void {
    if (this.#amounts !== undefined || this.#cancelled) return;
    if (this.#writer.length > 0) this.#handOver();
    if (this.#thread !== undefined) {
      this.#ring.handOver(0);
      this.#await(() => this.#ring.answered);
    }
    this.#amounts = this.#thread === undefined ? this.#finishAlone() : amountsOf(this.#receive());
  }

  /** Gives up; there will be no amounts. */
  cancel(): void {
    void this.#thread?.worker.terminate();
    this.#thread = undefined;
    this.#cancelled = true;
  }

  #handOver(): void {
    if (!this.#cancelled) this.#ring.handOver(this.#writer.length);
    if (this.#ring.full && !this.#cancelled) this.#makeRoom();
    this.#writer.fill(this.#ring.nextToFill);
  }

  #makeRoom(): void {
    if (this.#thread === undefined && !this.#alone) this.#startThread();
    if (this.#thread === undefined) this.#replayAlone();
    else this.#await(() => !this.#ring.full);
  }

  /** Waits for the other thread to do what it must have done; if it does not even start, this one does it all. */
  #await(isDone: () => boolean): void {
    for (let waits = 0; !isDone(); ) {
      if (this.#ring.answered) throw failureOf(this.#receive());
      waits = this.#ring.awaitReplay(WAIT_MILLIS) ? 0 : waits + 1;
      if (waits >= START_WAITS && this.#ring.abandon()) {
        this.#thread = undefined;
        this.#alone = true;
        return this.#replayAlone();
      }
      if (waits >= STEP_WAITS) throw new Error('the thread that follows the heap does not answer');
    }
  }

  #replayAlone(): void {
    while (this.#ring.hasFilled) {
      const events = this.#ring.nextToReplay();
      if (events !== undefined) replayHeapEvents(events, this.#own);
      this.#ring.markReplayed();
    }
  }

  #finishAlone(): SiteAmounts {
    this.#replayAlone();
    return this.#own.amounts;
  }

  #startThread(): void {
    const { port1: port, port2 } = new MessageChannel();
    const workerData: HeapThreadData = { buffers: this.#ring.buffers, limits: this.#limits, port: port2 };
    try {
      const worker = new Worker(new URL('./heap-thread-main.js', import.meta.url), {
        name: 'heapray capture',
        workerData,
        transferList: [port2],
        // Preloads of the program stay out of it.
        env: {},
        execArgv: [],
        stdout: true,
        stderr: true,
      });
      // One that fails to start is noticed by its silence.
      worker.on('error', () => {});
      worker.unref();
      forsaken.register(this, worker);
      this.#thread = { worker, port };
    } catch {
      // Node's permissions may forbid it.
      this.#alone = true;
      port.close();
    }
  }

  #receive(): HeapThreadAnswer {
    return receiveMessageOnPort(this.#thread!.port)!.message as HeapThreadAnswer;
  }
}

function amountsOf(answer: HeapThreadAnswer): SiteAmounts {
  if ('amounts' in answer) return SiteAmounts.of(answer.amounts);
  throw failureOf(answer);
}

function failureOf(answer: HeapThreadAnswer): Error {
  if ('limitReached' in answer) return new FormatError('memray', answer.limitReached);
  const reason = 'failure' in answer ? answer.failure : 'it ended too early';
  return new Error(`the thread that follows the heap failed: ${reason}`);
}
