// More than 400 lines: all that the main thread asks of the profiler thread, and how it waits for that and ends it.
import { MessageChannel, type MessagePort, receiveMessageOnPort, type Worker } from 'node:worker_threads';
import { describeThrown } from '../../protocol/describe-thrown.js';
import type {
  FromProfilerThread,
  LeakEvent,
  MadePage,
  MainMemory,
  MainMemoryRequest,
  NearLimit,
  SamplerRequest,
  Served,
  ServerKind,
  ToProfilerThread,
} from '../../protocol/messages.js';
import {
  ABANDONED,
  CONTROL_BYTES,
  ControlWord,
  type ProfilerThreadOptions,
  WORKING,
} from '../../protocol/messages.js';
import type { PointsAnswer, PointsRequest } from '../../protocol/metric-points.js';
import type { ObjectCountTable } from '../../protocol/object-count-table.js';
import {
  AtomicsAdd,
  AtomicsLoad,
  AtomicsNotify,
  AtomicsStore,
  clearTimeout,
  EmitterOn,
  MathRound,
  PortOn,
  PortPost,
  PortRef,
  PortUnref,
  SafeInt32Array,
  SafeMap,
  SafePromise,
  SafeSharedArrayBuffer,
  StreamDestroy,
  setTimeout,
} from '../../protocol/primordials.js';
import type {
  MadeProfile,
  PageAnswer,
  PageQuestion,
  WantedProfile,
} from '../../protocol/profiles/profile-requests.js';
import { startThread } from '../../start-thread.js';
import { transferredBuffers } from '../buffers/transferred-buffers.js';
import { containAsync, contained } from '../containment/contain.js';
import { BlockingWaits } from './blocking-waits.js';
import { beginsExactly, type ThreadOptions } from './thread-options.js';

/** Handles requests and events of the profiler thread, on the main thread. */
export interface ProfilerThreadHandlers {
  log(level: 'debug' | 'info' | 'warn' | 'error', text: string): void;
  /** Called when the thread has fully started. */
  begun(): void;
  startSampler(request: SamplerRequest): void;
  objectCounts(): ObjectCountTable | undefined;
  mainMemory(request: MainMemoryRequest): MainMemory;
  /** Makes the page of metrics. Never rejects. */
  metricsPage(): Promise<MadePage>;
  /** Called when it is known who serves the pages of this process, and each time that this changes. */
  served(server: ServerKind, served: Served): void;
  leakSuspect(event: LeakEvent): void;
  /** Called when a memory limit has come near. */
  nearLimit(near: NearLimit): void;
  /** Called when the thread is about to end and needs neither the sampler nor its ports any more. */
  released(): void;
  /** Called when the thread died by itself; `hasBegun` is true if it had fully started. */
  died(reason: string, hasBegun: boolean): void;
  /** Called when a Node callback has thrown, so that the thread cannot be relied on any more. */
  failed(thrown: unknown): void;
}

/** Longest wait of a metric reader for the profiler thread, in ms. */
const POINTS_MILLIS = 1_000;
/** Longest wait for a profile or page, in ms, beyond the time that it covers: the CPU budget may make it wait. */
const PROFILE_MILLIS = 15_000;
/** Longest wait for a regular stop, in ms: twice what its steps may take together. It does not block. */
const STOP_MILLIS = 10_000;
const TOO_EARLY = 'the process ends before the profiler thread has begun: there is no capture';
const TOO_LATE_TO_EXPORT = 'the process ends before the last profile is exported';
const TOO_LATE = 'the process ends before the last of the capture is written';

/**
 * Controls the profiler thread from the main thread. The thread never keeps the process alive, inherits
 * neither preloads nor environment, and has a small heap of its own.
 */
export class ProfilerThread {
  readonly #worker: Worker;
  /** Node's id of the thread; identifies it after it has ended. */
  readonly threadId: number;
  /** A port of our own, because it can be read while the process is exiting; the worker's channel cannot. */
  readonly #port: MessagePort;
  readonly #handlers: ProfilerThreadHandlers;
  readonly #control: Int32Array;
  readonly #waits: BlockingWaits;
  readonly #questions = new SafeMap<number, (answer: FromProfilerThread | undefined) => void>();
  #nextRequest = 1;
  /** Number of questions that keep the process alive. */
  #held = 0;
  #stopping: Promise<void> | undefined;
  #onStopped: (() => void) | undefined;
  #gone = false;
  #finished = false;
  #abandoned = false;

  /** @param file path of the file that the thread runs; undefined for the one that came with this code */
  constructor(options: ThreadOptions, handlers: ProfilerThreadHandlers, file?: string | undefined) {
    const control = new SafeSharedArrayBuffer(CONTROL_BYTES);
    this.#control = new SafeInt32Array(control);
    this.#waits = new BlockingWaits(this.#control, beginsExactly(options));
    this.#handlers = handlers;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    transferredBuffers.pause();
    this.#worker = startThread(file, {
      name: 'heapray',
      workerData: { ...options, control, port: port2 } satisfies ProfilerThreadOptions,
      transferList: [port2],
      // With an empty environment, preloads from NODE_OPTIONS stay out of the profiler thread.
      env: {},
      execArgv: [],
      stdin: false,
      stdout: true,
      stderr: true,
      // A small young generation is the main reason why the thread is light. The large replies of a traced
      // process would only overflow it, so tracing gets a larger one.
      resourceLimits: { maxYoungGenerationSizeMb: options.traced ? 16 : 1, maxOldGenerationSizeMb: 512 },
    });
    this.threadId = this.#worker.threadId;
    const { failed } = handlers;
    // Listen for errors before anything else: an error without a listener would end the application.
    EmitterOn(
      this.#worker,
      'error',
      contained((error: unknown) => this.#end(describeThrown(error)), failed),
    );
    transferredBuffers.watch(this.threadId);
    PortOn(
      this.#port,
      'message',
      contained((message: FromProfilerThread) => this.#receive(message), failed),
    );
    EmitterOn(
      this.#worker,
      'exit',
      contained((code: number) => this.#end(`exit code ${code}`), failed),
    );
    // The first text in a stream of the thread, e.g. a warning of Node, would keep the process alive from then on.
    StreamDestroy(this.#worker.stdout);
    StreamDestroy(this.#worker.stderr);
    // Unref last: adding a message listener refs the port again.
    this.#hold(false);
  }

  /** Counts young-generation collections, without a message. */
  scavenged(count: number): void {
    AtomicsAdd(this.#control, ControlWord.scavenges, count);
  }

  /** Adds the duration of the main thread's collections, in ms, without a message. */
  collectionsTook(millis: number): void {
    AtomicsAdd(this.#control, ControlWord.collectionMicros, MathRound(millis * 1000));
  }

  /** Number of `buffers` messages that the thread has taken. */
  get bufferBatches(): number {
    return AtomicsLoad(this.#control, ControlWord.bufferBatches);
  }

  /** Records that the sampler is about to be replaced without a request of the thread. */
  samplerChanged(): void {
    AtomicsAdd(this.#control, ControlWord.samplerChanges, 1);
  }

  /** Number of such replacements. */
  get samplerChanges(): number {
    return AtomicsLoad(this.#control, ControlWord.samplerChanges);
  }

  /** Number of times that the thread has found the sampler stopped or replaced by other code. */
  get samplerLosses(): number {
    return AtomicsLoad(this.#control, ControlWord.samplerLosses);
  }

  /** Control words, see `ControlWord`. */
  get control(): Int32Array {
    return this.#control;
  }

  /** Blocks until the thread has begun the exact capture that it was started with, 10 s at most; false on timeout. */
  waitForExactStart(): boolean {
    return this.#isEnding || this.#waits.untilExactCaptures(0);
  }

  /** Blocks until the thread has done one more request for an exact capture, 10 s at most; false on timeout. */
  waitForExactCapture(): boolean {
    return this.#isEnding || this.#waits.untilExactCaptures(1);
  }

  /** True if the thread does not answer requests any more. */
  get #isEnding(): boolean {
    return this.#gone || this.#abandoned || this.#finished || this.#stopping !== undefined;
  }

  send(message: ToProfilerThread): void {
    if (!this.#gone && !this.#abandoned) PortPost(this.#port, message);
  }

  /**
   * Returns the answers to requests for metric points; undefined if the thread does not answer in time. Keeps
   * the process alive meanwhile.
   */
  async points(wanted: readonly PointsRequest[]): Promise<readonly PointsAnswer[] | undefined> {
    const answer = await this.#ask((request) => ({ type: 'points', request, wanted }), POINTS_MILLIS);
    return answer?.type === 'points' ? answer.answers : undefined;
  }

  /**
   * Returns a profile; undefined if the thread does not answer in time.
   *
   * @param holds true to keep the process alive meanwhile
   */
  async profile(wanted: WantedProfile, holds: boolean): Promise<MadeProfile | undefined> {
    const millis = PROFILE_MILLIS + (wanted.seconds ?? 0) * 1000;
    const answer = await this.#ask((request) => ({ type: 'profile', request, wanted }), millis, holds);
    return answer?.type === 'profile' ? answer : undefined;
  }

  /**
   * Returns a page of the debug server; undefined if the thread does not answer in time.
   *
   * @param onCancel called with a function that takes the request back
   */
  async page(
    question: PageQuestion,
    millis: number,
    onCancel: (cancel: () => void) => void,
  ): Promise<PageAnswer | undefined> {
    const ask = (request: number): ToProfilerThread => {
      onCancel(() => this.#questions.get(request)?.(undefined));
      return { type: 'page', request, question };
    };
    const answer = await this.#ask(ask, PROFILE_MILLIS + millis);
    return answer?.type === 'page' ? answer : undefined;
  }

  /** @param holds true to keep the process alive until the answer */
  #ask(
    question: (request: number) => ToProfilerThread,
    millis: number,
    holds = true,
  ): Promise<FromProfilerThread | undefined> {
    return new SafePromise((resolve) => {
      if (this.#isEnding) return resolve(undefined);
      const request = this.#nextRequest++;
      const asked = question(request);
      const answer = (message: FromProfilerThread | undefined) => {
        clearTimeout(timer);
        this.#questions.delete(request);
        if (holds && --this.#held === 0) this.#hold(false);
        if (!message && asked.type !== 'points') this.send({ type: 'cancel', request });
        resolve(message);
      };
      const timer = setTimeout(
        contained(() => answer(undefined), this.#handlers.failed),
        millis,
      );
      this.#questions.set(request, answer);
      if (!holds) timer.unref();
      else if (++this.#held === 1) this.#hold(true);
      this.send(asked);
    });
  }

  /** Frees a server's port. Blocks until that is done, or until a timeout; then it returns false. */
  yieldPort(server: ServerKind): boolean {
    this.send({ type: 'yield-port', server });
    return this.#waits.untilPortFree(server);
  }

  /** Stops the thread: last poll, captures finished. Keeps the process alive meanwhile. */
  stop(): Promise<void> {
    this.#stopping ??= new SafePromise((resolve) => {
      if (this.#gone || this.#abandoned) return resolve();
      const terminate = contained(() => void this.#terminate(resolve), this.#handlers.failed);
      const timer = setTimeout(terminate, STOP_MILLIS);
      this.#onStopped = () => {
        clearTimeout(timer);
        this.#hold(false);
        resolve();
      };
      this.#hold(true);
      this.send({ type: 'stop' });
    });
    return this.#stopping;
  }

  /** Abandons the thread: requests its end and sends nothing more. The process need not wait for it. */
  abandon(): void {
    this.#abandoned = true;
    this.#tellToExit(ABANDONED);
    this.#hold(false);
    this.#questions.forEach((answer) => {
      answer(undefined);
    });
  }

  async #terminate(resolve: () => void): Promise<void> {
    await containAsync(() => this.#worker.terminate(), this.#handlers.failed);
    resolve();
  }

  #tellToExit(how: number): void {
    AtomicsStore(this.#control, ControlWord.exit, how);
    AtomicsNotify(this.#control, ControlWord.exit);
  }

  /**
   * Ends the thread while the process is exiting and messages cannot be received any more. Blocks as long as
   * {@link BlockingWaits.untilFinished} does, and only the first time, because a signal and the exit that follows
   * are one end. Without it, Node waits for the profiler thread's inspector session and prints a message on stderr.
   *
   * @param capturing true if a capture is open or about to be; then a last poll is worth waiting for
   * @param exporting true if profiles are exported; so is a last one
   */
  finishNow(capturing: boolean, exporting = false): void {
    if (this.#gone || this.#finished) return;
    this.#finished = true;
    if (!this.#abandoned) this.#tellToExit(1);
    const end = this.#waits.untilFinished(capturing || exporting);
    if (end === 'not-started') {
      if (capturing) this.#handlers.log('warn', TOO_EARLY);
      return;
    }
    if (end === 'late' && (capturing || exporting))
      this.#handlers.log('warn', capturing ? TOO_LATE : TOO_LATE_TO_EXPORT);
    for (let last = receiveMessageOnPort(this.#port); last; last = receiveMessageOnPort(this.#port)) {
      this.#receive(last.message as FromProfilerThread);
    }
  }

  /** Sets if the thread keeps the process alive. */
  #hold(hold: boolean): void {
    if (hold) {
      this.#worker.ref();
      PortRef(this.#port);
    } else {
      this.#worker.unref();
      PortUnref(this.#port);
    }
  }

  #receive(message: FromProfilerThread): void {
    switch (message.type) {
      case 'log':
        return this.#handlers.log(message.level, message.text);
      case 'begun':
        return this.#handlers.begun();
      case 'start-sampler':
        return this.#handlers.startSampler(message);
      case 'points':
      case 'profile':
      case 'page':
        // Ignore an answer that comes too late.
        return this.#questions.get(message.request)?.(message);
      case 'object-counts-wanted': {
        const { request } = message;
        return this.send({ type: 'object-counts', request, table: this.#handlers.objectCounts() });
      }
      case 'main-memory-wanted': {
        const { request } = message;
        return this.send({ type: 'main-memory', request, memory: this.#handlers.mainMemory(message) });
      }
      case 'leak-suspect':
        return this.#handlers.leakSuspect(message);
      case 'metrics-page-wanted':
        return void this.#sendPage(message.request);
      case 'served':
        return this.#handlers.served(message.server, message.served);
      case 'near-limit':
        return this.#handlers.nearLimit(message);
      case 'released':
        return this.#stopping && this.#handlers.released();
      case 'stopped':
        return this.#onStopped?.();
    }
  }

  async #sendPage(request: number): Promise<void> {
    const send = async () =>
      this.send({ type: 'metrics-page', request, ...(await this.#handlers.metricsPage()) });
    await containAsync(send, this.#handlers.failed);
  }

  #end(reason: string): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#questions.forEach((answer) => {
      answer(undefined);
    });
    this.#onStopped?.();
    if (this.#stopping || AtomicsLoad(this.#control, ControlWord.exit) !== 0) return;
    this.#handlers.died(reason, AtomicsLoad(this.#control, ControlWord.ready) === WORKING);
  }
}
