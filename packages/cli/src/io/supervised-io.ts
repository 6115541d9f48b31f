import type { MessagePort } from 'node:worker_threads';
import type { CommandIo } from './command-io.js';
import { errorOf, type FromCommand, type SupervisedData, type ToCommand } from './messages.js';

/** The connection of a command on a supervised thread to its process, by messages only. */
export class SupervisedIo implements CommandIo {
  readonly columns: number | undefined;
  readonly #port: MessagePort;
  readonly #progress: BigInt64Array;
  readonly #waiting: ((answer: ToCommand) => void)[] = [];

  constructor({ columns, port, progress }: SupervisedData) {
    this.columns = columns;
    this.#port = port;
    this.#progress = new BigInt64Array(progress);
    port.on('message', (answer: ToCommand) => this.#waiting.shift()?.(answer));
  }

  async write(bytes: Uint8Array): Promise<boolean> {
    // Copy: for a part of a buffer, the whole buffer would be sent.
    const answer = await this.#ask({ kind: 'write', bytes: new Uint8Array(bytes) });
    if (answer.error !== undefined) throw errorOf(answer.error);
    return answer.kind === 'written' && answer.isRead;
  }

  writeError(text: string): void {
    this.#send({ kind: 'error text', text });
  }

  async *stdin(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const answer = await this.#ask({ kind: 'read stdin' });
      if (answer.error !== undefined) throw errorOf(answer.error);
      if (answer.kind !== 'stdin' || answer.bytes === undefined) return;
      yield answer.bytes;
    }
  }

  removeAtEnd(path: string): () => void {
    this.#send({ kind: 'remove at end', path, wanted: true });
    return () => this.#send({ kind: 'remove at end', path, wanted: false });
  }

  reading(name: string): void {
    this.#send({ kind: 'reading', name });
  }

  read(bytes: number): void {
    Atomics.add(this.#progress, 0, BigInt(bytes));
  }

  /** Reports the exit status, and lets the thread end. */
  done(status: number): void {
    this.#send({ kind: 'done', status });
    this.#port.close();
  }

  #ask(question: FromCommand): Promise<ToCommand> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#send(question);
    });
  }

  #send(message: FromCommand): void {
    this.#port.postMessage(message);
  }
}
