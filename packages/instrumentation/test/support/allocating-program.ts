import type { Ledger, LedgerOptions, RawFrame } from '../../src/profiler-thread/ledger/index.js';
import { newLedger } from './ledger-sums.js';
import { Readings, type ShownSample } from './readings.js';

export interface ProgramOptions {
  readonly ledger?: Partial<LedgerOptions>;
  /** Returns the frame of a function; by default each is in a file of its own. */
  readonly frameOf?: (functionName: string) => RawFrame;
}

/**
 * A program without a heap: its functions allocate and retain bytes on request, and a ledger records that.
 */
export class AllocatingProgram {
  readonly ledger: Ledger;
  readonly #options: ProgramOptions;
  #readings: Readings;
  readonly #retained = new Map<string, ShownSample>();
  #ordinal = 0;
  #now = 0;

  constructor(options: ProgramOptions = {}) {
    this.#options = options;
    this.ledger = newLedger(options.ledger);
    this.#readings = new Readings(options.frameOf);
  }

  get now(): number {
    return this.#now;
  }

  /** Allocates bytes in a function and retains none of them. */
  allocate(name: string, bytes: number): void {
    this.#show([{ ordinal: ++this.#ordinal, stack: name, size: bytes }]);
    this.#show([]);
  }

  /** Sets the bytes that a function retains; allocates them first. */
  retain(name: string, bytes: number): void {
    if (bytes === 0) this.#retained.delete(name);
    else this.#retained.set(name, { ordinal: ++this.#ordinal, stack: name, size: bytes });
    this.#show([]);
  }

  /** Takes samples that are never seen; the next poll shows them by its ordinals. */
  allocateUnseen(samples: number): void {
    this.#ordinal += samples;
  }

  /** Advances the clock. */
  wait(millis: number): void {
    this.#now += millis;
  }

  /** Restarts the sampler, as other code might: nothing from before is sampled any more. */
  restartSampler(): void {
    this.#retained.clear();
    this.#ordinal = 0;
    this.#readings = new Readings(this.#options.frameOf);
    this.ledger.samplerLost();
  }

  #show(more: readonly ShownSample[]): void {
    const samples = [...this.#retained.values(), ...more];
    const change = this.ledger.update(this.#readings.of(samples), ++this.#now);
    if (change.status !== 'ok') throw new Error('not this sampler');
  }
}
