import type { Ledger, LedgerOptions, RawFrame } from '../../src/ledger/index.js';
import { newLedger } from './ledger-sums.js';
import { Readings, type ShownSample } from './readings.js';

export interface ProgramOptions {
  readonly ledger?: Partial<LedgerOptions>;
  /** Where functions are; each in a file of its own when absent. */
  readonly frameOf?: (functionName: string) => RawFrame;
}

/** A program without a heap: says what its functions allocate and retain, and a ledger that believes it. */
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

  /** A function allocates bytes and retains none of them. */
  allocate(name: string, bytes: number): void {
    this.#show([{ ordinal: ++this.#ordinal, stack: name, size: bytes }]);
    this.#show([]);
  }

  /** From now on a function retains so many bytes, which it allocates for that. */
  retain(name: string, bytes: number): void {
    if (bytes === 0) this.#retained.delete(name);
    else this.#retained.set(name, { ordinal: ++this.#ordinal, stack: name, size: bytes });
    this.#show([]);
  }

  /** So many samples are taken of what nobody ever sees; a reading tells by the next that is seen. */
  allocateUnseen(samples: number): void {
    this.#ordinal += samples;
  }

  /** Time goes by. */
  wait(millis: number): void {
    this.#now += millis;
  }

  /** Somebody restarts the sampler: nothing from before is sampled any more. */
  restartSampler(): void {
    this.#retained.clear();
    this.#ordinal = 0;
    this.#readings = new Readings(this.#options.frameOf);
    this.ledger.samplerLost();
  }

  #show(more: readonly ShownSample[]): void {
    const samples = [...this.#retained.values(), ...more];
    const change = this.ledger.absorb(this.#readings.of(samples), ++this.#now);
    if (change.status !== 'ok') throw new Error('not this sampler');
  }
}
