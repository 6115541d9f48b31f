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
  #samples = 0;

  /** Bytes of all samples that were added and not taken. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Number of these samples. */
  get samples(): number {
    return this.#samples;
  }

  allocated(event: Allocated): void {
    this.lost(1, event.bytes);
    if (this.#alive.size < MAX_ALIVE) this.#alive.set(event.id, event);
  }

  freed(id: number): void {
    const known = this.#alive.get(id);
    if (!known) return;
    this.#alive.delete(id);
    this.#gone.add(known.source, known.node, 1, known.bytes);
  }

  estimated(source: LedgerSource, node: NodeIndex, samples: number, bytes: number): void {
    this.lost(samples, bytes);
    this.#gone.add(source, node, samples, bytes);
  }

  /** Adds samples whose component will never be known. */
  lost(samples: number, bytes: number): void {
    this.#samples += samples;
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
    for (const event of taken) this.lost(event.kind === 'allocated' ? -1 : -event.samples, -event.bytes);
    return taken;
  }
}

type Estimated = Extract<HeapEvent, { readonly kind: 'estimated' }>;
