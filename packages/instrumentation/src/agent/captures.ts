import type { CaptureError } from '@heapray/exporter/sinks';
import type { ComponentCapture, ComponentCaptureOptions } from '../capture/component-capture.js';
import type { Ledger } from '../ledger/index.js';
import type { SelfAccount } from './self-account.js';
import { steadyClock } from './steady-clock.js';

export interface CapturesPorts {
  readonly ledger: Ledger;
  readonly account: SelfAccount;
  readonly pollNow: () => Promise<void>;
  /** Attributes what is still pending. */
  readonly settle: () => void;
  readonly log: (level: 'info' | 'warn' | 'error', text: string) => void;
}

/** What all captures have in common. */
export type CapturesOptions = Omit<ComponentCaptureOptions, 'component' | 'now' | 'onNotPruned'>;

/** So many files are told of that could not be deleted. */
const MAX_TOLD = 1000;

/** The captures being written. One that fails is given up with one message; the service goes on untraced. */
export class Captures {
  readonly #ports: CapturesPorts;
  readonly #options: CapturesOptions;
  readonly #open = new Map<number, ComponentCapture>();
  readonly #told = new Set<string>();
  #queue: Promise<void> = Promise.resolve();

  constructor(ports: CapturesPorts, options: CapturesOptions) {
    this.#ports = ports;
    this.#options = options;
  }

  get count(): number {
    return this.#open.size;
  }

  /**
   * Begins a capture, with a reading, so that it holds what is allocated from now on. The writer is loaded
   * with the first one: most processes never need it.
   */
  begin(key: number, component: string): void {
    this.#inOrder(async () => {
      const { ComponentCapture } = await import('../capture/component-capture.js');
      await this.#ports.pollNow();
      // What is still to be attributed was allocated before.
      this.#ports.settle();
      this.#guard(key, component, () => {
        const capture = new ComponentCapture(this.#ports.ledger, {
          ...this.#options,
          component,
          now: steadyClock(),
          onNotPruned: (problem) => this.#notPruned(problem),
        });
        this.#open.set(key, capture);
        this.#ports.log('info', `profiling memory of component ${component}: ${capture.path}`);
      });
    });
  }

  /** Each file is told of, and counted, once, however often it is tried. */
  #notPruned({ path, operation, message }: CaptureError): void {
    if (this.#told.has(path) || this.#told.size >= MAX_TOLD) return;
    this.#told.add(path);
    if (operation !== 'prune') return this.#ports.log('warn', message);
    this.#ports.account.drop('not_pruned');
    this.#ports.log('warn', `${message}; more captures may be kept than maxCaptures`);
  }

  /** Ends a capture, with a last reading. */
  end(key: number): void {
    this.#inOrder(async () => {
      await this.#ports.pollNow();
      this.#ports.settle();
      this.#finish(key);
    });
  }

  /** Ends all captures with what is known. */
  endAll(): void {
    for (const key of [...this.#open.keys()]) this.#finish(key);
  }

  /** Resolves when everything asked for so far is done. */
  idle(): Promise<void> {
    return this.#queue;
  }

  /** Writes out what the last reading brought. */
  flush(): void {
    for (const [key, capture] of this.#open) this.#guard(key, capture.path, () => capture.flush());
  }

  #finish(key: number): void {
    const capture = this.#open.get(key);
    if (!capture) return;
    this.#guard(key, capture.path, () => capture.finish());
    this.#open.delete(key);
  }

  /** A capture must have begun before it can end. */
  #inOrder(work: () => Promise<void>): void {
    const failed = (error: Error) => this.#ports.log('error', `captures: ${error.message}`);
    this.#queue = this.#queue.then(work).catch(failed);
  }

  #guard(key: number, what: string, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#ports.account.drop('capture');
      this.#ports.log('error', `capture of ${what} given up: ${(error as Error).message}`);
      const capture = this.#open.get(key);
      this.#open.delete(key);
      capture?.abandon();
    }
  }
}
