import { setTimeout as delay } from 'node:timers/promises';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { onEndingSignal } from '../io/ending-signals.js';
import { type FromCommand, type SupervisedData, systemError, type ToCommand } from '../io/messages.js';
import { ProcessIo, removeQuietly } from '../io/process-io.js';
import { printable } from '../text/printable.js';
import { formatBytes } from '../text/quantity.js';
import { type BoundOptions, type Bounds, boundOptions, boundsFor, inputBytes, readsPipe } from './bounds.js';

const MIB = 2 ** 20;
const CHECK_MILLIS = 10;
/**
 * Margin for the growth of memory until the next check and until the thread has ended, in multiples of the last growth.
 */
const MARGIN_GROWTHS = 3;
const MIN_MARGIN = 32 * MIB;
const MAX_MARGIN = 96 * MIB;
/**
 * Memory outside the heap of the command: the main thread, code, buffers. This is generous, so that the memory limit is
 * reached before the heap is full: Node ends a thread whose heap is full with a message, but aborts when a single
 * object of more than 16 MiB fills it.
 */
const BESIDE_HEAP = 64 * MIB;
/** Assumed input size for a pipe: the heap of a command cannot be enlarged while it reads. */
const PIPE_BYTES = 2 ** 27;
/** Timeout for ending a thread, in ms: it cannot be ended during a system call. */
const TERMINATE_MILLIS = 2_000;
const FAILED = 1;

export interface SuperviseOptions {
  readonly args: readonly string[];
  /** Script of the thread. Default: the command line. */
  readonly script?: URL;
  /** Heap of the thread in MiB. Default: what the limits allow. */
  readonly heapMib?: number;
}

/**
 * Runs a command on a separate thread, and ends it when it uses more memory or time than allowed for its input: it
 * writes one line, removes temporary files, and returns status 1. Running out of heap is handled in the same way, while
 * on the main thread it would abort the process.
 *
 * Resolves to the exit status. Throws the error of {@link Worker} when no thread may be started.
 */
export function supervise(options: SuperviseOptions): Promise<number> {
  return new Supervisor(options).run();
}

class Supervisor {
  readonly #io: ProcessIo = new ProcessIo();
  readonly #port: MessagePort;
  readonly #worker: Worker;
  readonly #options: BoundOptions;
  /** Size of the input files in bytes. Data from pipes is added as it is read. */
  readonly #fileBytes: number;
  readonly #progress: BigInt64Array = new BigInt64Array(new SharedArrayBuffer(8));
  readonly #temporary: Set<string> = new Set();
  readonly #ended: PromiseWithResolvers<number> = Promise.withResolvers<number>();
  readonly #start = { millis: Date.now(), cpu: process.cpuUsage() };
  #stdin: AsyncIterator<Uint8Array> | undefined;
  #input = '';
  #stopping = false;
  /** Resident memory at the last check, in bytes. */
  #resident = process.memoryUsage.rss();

  constructor({ args, script, heapMib }: SuperviseOptions) {
    this.#options = boundOptions(args);
    this.#fileBytes = inputBytes(args);
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const workerData: SupervisedData = {
      args,
      columns: this.#io.columns,
      progress: this.#progress.buffer as SharedArrayBuffer,
      port: port2,
    };
    this.#worker = new Worker(script ?? new URL('./supervised-main.js', import.meta.url), {
      name: 'heapray command',
      workerData,
      transferList: [port2],
      // Do not load the preloads of this process.
      env: { ...process.env, NODE_OPTIONS: '' },
      execArgv: [],
      // At the end of a thread, Node closes the descriptors that the thread has opened, also those that a socket has taken over and
      // closed: by then, they may be this thread's.
      trackUnmanagedFds: false,
      resourceLimits: { maxOldGenerationSizeMb: heapMib ?? this.#heapMib(readsPipe(args)) },
    });
  }

  async run(): Promise<number> {
    const timer = setInterval(() => this.#checkLimits(), CHECK_MILLIS);
    const stopListening = onEndingSignal((signal) => void this.#endBy(signal, stopListening));
    this.#port.on('message', (message: FromCommand) => this.#handle(message));
    this.#worker.on('error', (error) => this.#failed(error));
    this.#worker.on('exit', (code) => {
      // The thread's last messages may arrive after its exit event.
      this.#handleRest();
      this.#ended.resolve(code || FAILED);
    });
    try {
      return await this.#ended.promise;
    } finally {
      clearInterval(timer);
      this.#removeTemporary();
      this.#port.close();
      await this.#stdin?.return?.();
      stopListening();
    }
  }

  #heapMib(isPipeRead: boolean): number {
    const { memory } = boundsFor(Math.max(this.#fileBytes, isPipeRead ? PIPE_BYTES : 0), this.#options);
    return Math.max(memory / 2, memory - BESIDE_HEAP) / MIB;
  }

  #handle(message: FromCommand): void {
    switch (message.kind) {
      case 'write':
        void this.#write(message.bytes);
        return;
      case 'read stdin':
        void this.#readStdin();
        return;
      case 'error text':
        return this.#io.writeError(message.text);
      case 'remove at end':
        if (message.wanted) this.#temporary.add(message.path);
        else this.#temporary.delete(message.path);
        return;
      case 'reading':
        this.#input = message.name;
        return;
      case 'done':
        return this.#ended.resolve(message.status);
    }
  }

  async #write(bytes: Uint8Array): Promise<void> {
    try {
      this.#answer({ kind: 'written', isRead: await this.#io.write(bytes), error: undefined });
    } catch (error) {
      this.#answer({ kind: 'written', isRead: false, error: systemError(error) });
    }
  }

  async #readStdin(): Promise<void> {
    try {
      this.#stdin ??= this.#io.stdin()[Symbol.asyncIterator]();
      const next = await this.#stdin.next();
      this.#answer({
        kind: 'stdin',
        bytes: next.done ? undefined : new Uint8Array(next.value),
        error: undefined,
      });
    } catch (error) {
      this.#answer({ kind: 'stdin', bytes: undefined, error: systemError(error) });
    }
  }

  #answer(answer: ToCommand): void {
    this.#port.postMessage(answer);
  }

  /** Ends the command when it exceeds its limits. */
  #checkLimits(): void {
    if (this.#stopping) return;
    const read = Math.max(this.#fileBytes, this.#readBytes());
    const bounds = boundsFor(read, this.#options);
    if (this.#isFull(bounds.memory)) void this.#stop(this.#memoryLine(bounds));
    else if (this.#seconds() > bounds.seconds) {
      void this.#stop(
        `needs more than ${Math.round(bounds.seconds)} s, the limit for ${this.#size()}; --max-seconds allows more`,
      );
    }
  }

  /** Returns whether memory may exceed the limit before the next check. Faster growth needs a larger margin. */
  #isFull(bound: number): boolean {
    const resident = process.memoryUsage.rss();
    const growth = resident - this.#resident;
    this.#resident = resident;
    return resident > bound - Math.min(MAX_MARGIN, Math.max(MIN_MARGIN, MARGIN_GROWTHS * growth));
  }

  /**
   * Returns the processor time used, or the elapsed time if that is less: neither a busy machine nor waiting counts.
   */
  #seconds(): number {
    const { user, system } = process.cpuUsage(this.#start.cpu);
    return Math.min((user + system) / 1e6, (Date.now() - this.#start.millis) / 1e3);
  }

  #readBytes(): number {
    return Number(Atomics.load(this.#progress, 0));
  }

  #memoryLine({ memory }: Bounds): string {
    return `needs more than ${formatBytes(memory)} of memory, the limit for ${this.#size()}; --max-memory allows more`;
  }

  #size(): string {
    const read = this.#readBytes();
    const size = Math.max(this.#fileBytes, read);
    return `an input of ${formatBytes(size)} (${read} bytes were read)`;
  }

  #failed(error: unknown): void {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_WORKER_OUT_OF_MEMORY') {
      const bounds = boundsFor(Math.max(this.#fileBytes, this.#readBytes()), this.#options);
      this.#report(this.#memoryLine(bounds));
    } else {
      this.#report(`internal error, please report it (NODE_DEBUG=heapray tells more): ${message}`);
    }
    this.#ended.resolve(FAILED);
  }

  async #stop(line: string): Promise<void> {
    this.#stopping = true;
    await this.#terminate();
    this.#report(line);
    this.#ended.resolve(FAILED);
  }

  async #endBy(signal: NodeJS.Signals, stopListening: () => void): Promise<void> {
    // A second signal does not wait.
    if (!this.#stopping) {
      this.#stopping = true;
      await this.#terminate();
    }
    this.#removeTemporary();
    stopListening();
    process.kill(process.pid, signal);
  }

  async #terminate(): Promise<void> {
    // The exit caused by `terminate` is not the result of the command.
    this.#worker
      .removeAllListeners('exit')
      .removeAllListeners('error')
      .on('error', () => {});
    await Promise.race([this.#worker.terminate(), delay(TERMINATE_MILLIS, undefined, { ref: false })]);
  }

  /** Removes files that the command has started to write but not moved to their place. */
  #removeTemporary(): void {
    this.#handleRest();
    for (const path of this.#temporary) removeQuietly(path);
  }

  #handleRest(): void {
    for (;;) {
      const left = receiveMessageOnPort(this.#port);
      if (left === undefined) return;
      this.#handle(left.message as FromCommand);
    }
  }

  #report(text: string): void {
    this.#io.writeError(`heapray: ${printable(this.#input === '' ? text : `${this.#input}: ${text}`)}\n`);
  }
}
