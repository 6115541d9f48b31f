import type { CaptureCompression } from '@heapray/exporter/sinks';
import type { SelfAccount } from './self-account.js';

export interface CompressionsPorts {
  readonly account: SelfAccount;
  readonly log: (level: 'warn' | 'error', text: string) => void;
}

/** A step is a mebibyte, about 10 ms: readings come in between. */
const PAUSE_MILLIS = 5;

/** Compresses finished captures, one after another, while the profiler goes on. Failures cost no capture. */
export class Compressions {
  readonly #ports: CompressionsPorts;
  readonly #queue: CaptureCompression[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(ports: CompressionsPorts) {
    this.#ports = ports;
  }

  /** Whether anything is still to be compressed. */
  get busy(): boolean {
    return this.#queue.length > 0;
  }

  add(begin: () => CaptureCompression): void {
    try {
      this.#queue.push(begin());
    } catch (error) {
      this.#failed(error as Error);
    }
    this.#plan();
  }

  /**
   * Does what can be done in that time, without a pause. What does not fit is not begun or given up early, and stays
   * uncompressed.
   */
  finish(millis: number): void {
    clearTimeout(this.#timer);
    const start = performance.now();
    let done = 0;
    for (let next = this.#queue[0]; next; next = this.#queue[0]) {
      const before = next.bytesLeft;
      this.#step(next);
      done += before - next.bytesLeft;
      if (this.#queue[0] !== next) continue;
      const spent = performance.now() - start;
      if (spent + (next.bytesLeft * spent) / Math.max(1, done) <= millis) continue;
      next.abandon();
      this.#queue.shift();
      this.#ports.account.drop('compression');
      this.#ports.log('warn', `no time left to compress ${next.path}: it stays as it is`);
    }
  }

  #plan(): void {
    if (!this.busy) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const [next] = this.#queue;
      if (next) this.#step(next);
      this.#plan();
    }, PAUSE_MILLIS);
  }

  #step(compression: CaptureCompression): void {
    try {
      if (compression.step()) this.#queue.shift();
    } catch (error) {
      this.#queue.shift();
      this.#failed(error as Error);
    }
  }

  #failed(error: Error): void {
    this.#ports.account.drop('compression');
    this.#ports.log('error', `${error.message}; the capture stays as it is`);
  }
}
