import type { MessagePort } from 'node:worker_threads';
import {
  ABANDONED,
  ControlWord,
  type FromProfilerThread,
  type MadePage,
  type MainMemory,
  type MainMemoryRequest,
  type ServerKind,
  type ToProfilerThread,
} from '../protocol/messages.js';
import type { ObjectCountTable } from '../protocol/object-count-table.js';

/**
 * Longest wait of a profile for the object counts of a busy main thread, in ms; `go tool pprof` waits 1.5 N
 * for N seconds.
 */
const OBJECT_COUNTS_MILLIS = 250;
/** Longest wait for the memory of a busy main thread, in ms: less than a step of the history. */
const MAIN_MEMORY_MILLIS = 8_000;
/** Longest wait for a page of metrics of a busy main thread, in ms: less than the owner of a group waits. */
const METRICS_MILLIS = 2_000;
const ANSWERS: ReadonlySet<string> = new Set(['object-counts', 'main-memory', 'metrics-page']);

/**
 * The profiler thread's connection to the main thread: messages, and the words of a shared buffer for the
 * very end, when the main thread can no longer receive messages.
 */
export class MainThreadLink {
  readonly #port: MessagePort;
  readonly #control: Int32Array;
  readonly #waiting = new Map<number, (answer: ToProfilerThread | undefined) => void>();
  #requests = 0;

  /** @param control see `ControlWord` */
  constructor(port: MessagePort, control: Int32Array) {
    this.#port = port;
    this.#control = control;
  }

  /** True if the main thread has given this thread up: nothing is sent any more. */
  get isAbandoned(): boolean {
    return Atomics.load(this.#control, ControlWord.exit) === ABANDONED;
  }

  /** True if the process is about to exit, so that the main thread takes no more messages. */
  get isExiting(): boolean {
    return Atomics.load(this.#control, ControlWord.exit) !== 0;
  }

  /** Calls back for each message except answers to requests of this thread. */
  receive(listener: (message: ToProfilerThread) => void): void {
    this.#port.on('message', (message: ToProfilerThread) => {
      if (ANSWERS.has(message.type) && 'request' in message) {
        this.#waiting.get(message.request)?.(message);
      } else listener(message);
    });
  }

  /** Resolves when the process is about to exit, or this thread is abandoned. */
  async exit(): Promise<void> {
    const { async: waiting, value } = Atomics.waitAsync(this.#control, ControlWord.exit, 0);
    if (waiting) await value;
  }

  /** @param transferred memory that the main thread gets without a copy */
  send(message: FromProfilerThread, transferred: readonly ArrayBuffer[] = []): void {
    if (!this.isAbandoned) this.#port.postMessage(message, transferred);
  }

  log(level: 'debug' | 'info' | 'warn' | 'error', text: string): void {
    this.send({ type: 'log', level, text });
  }

  /** Asks the main thread for V8's object counts; undefined if it does not answer in time. */
  async objectCounts(): Promise<ObjectCountTable | undefined> {
    const answer = await this.#ask(OBJECT_COUNTS_MILLIS, (request) => {
      return { type: 'object-counts-wanted', request };
    });
    return answer?.type === 'object-counts' ? answer.table : undefined;
  }

  /** Asks the main thread for its memory; undefined if it does not answer in time. */
  async mainMemory(wanted: MainMemoryRequest): Promise<MainMemory | undefined> {
    const answer = await this.#ask(MAIN_MEMORY_MILLIS, (request) => {
      return { type: 'main-memory-wanted', request, ...wanted };
    });
    return answer?.type === 'main-memory' ? answer.memory : undefined;
  }

  /** Asks the main thread for its page of metrics; undefined if it does not answer in time. */
  async metricsPage(): Promise<MadePage | undefined> {
    const answer = await this.#ask(METRICS_MILLIS, (request) => {
      return { type: 'metrics-page-wanted', request };
    });
    return answer?.type === 'metrics-page' ? answer : undefined;
  }

  #ask(
    millis: number,
    question: (request: number) => FromProfilerThread,
  ): Promise<ToProfilerThread | undefined> {
    const request = ++this.#requests;
    return new Promise((resolve) => {
      const answer = (message: ToProfilerThread | undefined) => {
        clearTimeout(timer);
        this.#waiting.delete(request);
        resolve(message);
      };
      // Unreferenced: a thread that ends must not wait for an answer.
      const timer = setTimeout(() => answer(undefined), millis).unref();
      this.#waiting.set(request, answer);
      this.send(question(request));
    });
  }

  /** Returns the number of young-generation collections since the last call. */
  takeScavenges(): number {
    return Atomics.exchange(this.#control, ControlWord.scavenges, 0);
  }

  /** Number of times that the main thread has replaced the sampler by itself. */
  samplerChanges(): number {
    return Atomics.load(this.#control, ControlWord.samplerChanges);
  }

  /** Tells the main thread, also while it is busy, that the sampler is not heapray's any more. */
  samplerLost(): void {
    Atomics.add(this.#control, ControlWord.samplerLosses, 1);
  }

  /** Sets, for a waiting main thread, whether a poll of exact mode is being read. */
  setReading(isReading: boolean): void {
    Atomics.store(this.#control, ControlWord.reading, isReading ? 1 : 0);
  }

  /** Sets if the main thread is held before a poll of exact mode. */
  setHeld(isHeld: boolean): void {
    Atomics.store(this.#control, ControlWord.held, isHeld ? 1 : 0);
  }

  /** Wakes a waiting main thread when an exact capture has begun or ended. */
  exactCaptureDone(): void {
    Atomics.add(this.#control, ControlWord.exactCaptures, 1);
    Atomics.notify(this.#control, ControlWord.exactCaptures);
  }

  /** True once the program has not waited until an exact capture had begun or ended. */
  get isExactLate(): boolean {
    return Atomics.load(this.#control, ControlWord.exactLate) !== 0;
  }

  /** Sets the time that the end of this thread needs beyond the usual, in ms. */
  setEndMillis(millis: number): void {
    Atomics.store(this.#control, ControlWord.endMillis, millis);
  }

  /** Counts a batch of Buffers as taken. */
  tookBuffers(): void {
    Atomics.add(this.#control, ControlWord.bufferBatches, 1);
  }

  /** Signals to a waiting main thread that a server's port is free. */
  portFreed(server: ServerKind): void {
    this.#set(server === 'debug' ? ControlWord.debugPortFree : ControlWord.metricsPortFree, 1);
  }

  /** Signals to a waiting main thread that the last poll is over. */
  polledLast(): void {
    this.#set(ControlWord.done, 1);
  }

  /** Signals to a waiting main thread that everything is written. */
  finished(): void {
    this.#set(ControlWord.done, 2);
  }

  close(): void {
    this.#port.close();
  }

  #set(word: number, value: number): void {
    Atomics.store(this.#control, word, value);
    Atomics.notify(this.#control, word);
  }
}
