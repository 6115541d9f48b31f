import type { LedgerSource, NodeIndex } from '../../ledger/index.js';
import { GoneSamples } from '../gone-samples.js';
import type { HeapEvent } from '../heap-event.js';

type Allocated = Extract<HeapEvent, { readonly kind: 'allocated' }>;

/** Maximum number of live samples that are remembered. */
const MAX_ALIVE = 100_000;

/** Keeps the samples whose component is not known yet, until it is. */
export class UnknownSamples {
  readonly #alive = new Map<number, Allocated>();
  readonly #gone = new GoneSamples();
  #bytes = 0;

  /** Bytes of all samples that were added and not taken. */
  get bytes(): number {
    return this.#bytes;
  }

  allocated(event: Allocated): void {
    this.#bytes += event.bytes;
    if (this.#alive.size < MAX_ALIVE) this.#alive.set(event.id, event);
  }

  freed(id: number): void {
    const known = this.#alive.get(id);
    if (!known) return;
    this.#alive.delete(id);
    this.#gone.add(known.source, known.node, 1, known.bytes);
  }

  estimated(source: LedgerSource, node: NodeIndex, samples: number, bytes: number): void {
    this.#bytes += bytes;
    this.#gone.add(source, node, samples, bytes);
  }

  /** Adds bytes of samples whose component will never be known. */
  lost(bytes: number): void {
    this.#bytes += bytes;
  }

  /** Returns and forgets the samples of stacks for which the condition holds now. */
  take(isKnown: (source: LedgerSource, node: NodeIndex) => boolean): readonly (Allocated | Estimated)[] {
    const taken: (Allocated | Estimated)[] = this.#gone.take(isKnown);
    for (const event of this.#alive.values()) {
      if (!isKnown(event.source, event.node)) continue;
      this.#alive.delete(event.id);
      taken.push(event);
    }
    for (const { bytes } of taken) this.#bytes -= bytes;
    return taken;
  }
}

type Estimated = Extract<HeapEvent, { readonly kind: 'estimated' }>;
