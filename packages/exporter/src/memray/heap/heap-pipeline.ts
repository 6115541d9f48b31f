import { availableParallelism } from 'node:os';
// Import without the prefix `node:`: webpack turns `new Worker` with that prefix into code that throws.
// biome-ignore lint/style/useNodejsImportProtocol: see above.
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'worker_threads';
import { FormatError } from '../../wire/errors.js';
import type { MemrayLimits } from '../format/limits.js';
import type { HeapListener } from '../model/heap-listener.js';
import type { FollowedHeap } from './followed-heap.js';
import { HeapEventWriter, replayHeapEvents } from './heap-events.js';
import { HeapRing } from './heap-ring.js';
import type { HeapThreadAnswer, HeapThreadData } from './heap-thread-main.js';
import { HighWaterMark } from './high-water-mark.js';
import { SiteAmounts } from './site-amounts.js';

/** Maximum length of one wait for the other thread, in ms. A process that was suspended meanwhile counts it once. */
const WAIT_MILLIS = 1_000;
/** Number of waits after which a thread that has not started is abandoned. */
const START_WAITS = 10;
/** Number of waits after which a running thread is considered stuck. Its longest step is copying a table of 1 GiB. */
const STEP_WAITS = 120;
/** Terminates the threads of captures that were dropped without `finish` or `cancel`, which would wait forever. */
const forsaken: FinalizationRegistry<Worker> = new FinalizationRegistry((worker) => void worker.terminate());

/**
 * Follows the heap of a capture on a separate thread, while this one continues to read. The thread is started when
 * there is enough to do; short captures, and machines with one processor, do without.
 *
 * The reading thread blocks while it is too far ahead, and in {@link finish}.
 */
export class HeapPipeline implements FollowedHeap {
  /** Listeners to register for heap events. */
  readonly listeners: readonly HeapListener[];
  readonly #limits: MemrayLimits;
  readonly #ring: HeapRing = new HeapRing();
  readonly #writer: HeapEventWriter = new HeapEventWriter(() => this.#handOver());
  /** The part followed by this thread: aggregated captures, and all events without another thread. */
  readonly #own: HighWaterMark;
  #thread: { readonly worker: Worker; readonly port: MessagePort } | undefined;
  /** True if this thread does all the work. */
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

  /** Amounts of all events. Available after {@link finish}. */
  get amounts(): SiteAmounts {
    if (this.#amounts === undefined)
      throw new Error('amounts are known when the capture was read to its end');
    return this.#amounts;
  }

  /**
   * Ends the events, and waits for the result.
   *
   * @throws FormatError when a limit was exceeded
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

  /** Stops without a result: amounts are not available. */
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

  /** Waits for the other thread until `isDone`. If that thread does not even start, this one does all the work. */
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
        // Do not load the program's preloads.
        env: {},
        execArgv: [],
        stdout: true,
        stderr: true,
      });
      // A thread that fails to start is detected by a timeout.
      worker.on('error', () => {});
      // The first text in one of them, e.g. a warning of Node, would keep the process alive from then on.
      worker.stdout.destroy();
      worker.stderr.destroy();
      worker.unref();
      forsaken.register(this, worker);
      this.#thread = { worker, port };
    } catch {
      // Node's permissions may forbid threads.
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
