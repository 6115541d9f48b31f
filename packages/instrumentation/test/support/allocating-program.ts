import type { Ledger } from '../../src/ledger/index.js';
import { newLedger } from './ledger-sums.js';
import { Readings, type ShownSample } from './readings.js';

/** A program without a heap: says what its functions allocate and retain, and a ledger that believes it. */
export class AllocatingProgram {
  readonly ledger: Ledger = newLedger();
  readonly #readings = new Readings();
  readonly #retained = new Map<string, ShownSample>();
  #ordinal = 0;
  #now = 0;

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

  #show(more: readonly ShownSample[]): void {
    const samples = [...this.#retained.values(), ...more];
    const change = this.ledger.absorb(this.#readings.of(samples), ++this.#now);
    if (change.status !== 'ok') throw new Error('not this sampler');
  }
}
