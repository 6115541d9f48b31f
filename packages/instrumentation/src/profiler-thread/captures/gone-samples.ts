import type { LedgerSource, NodeIndex } from '../ledger/index.js';
import type { HeapEvent } from './heap-event.js';

/** Sums up samples that are born and gone, by stack. */
export class GoneSamples {
  readonly #sums = new Map<LedgerSource, Map<NodeIndex, { samples: number; bytes: number }>>();

  add(source: LedgerSource, node: NodeIndex, samples: number, bytes: number): void {
    const sums = this.#sums.get(source) ?? new Map<NodeIndex, { samples: number; bytes: number }>();
    this.#sums.set(source, sums);
    const sum = sums.get(node) ?? { samples: 0, bytes: 0 };
    sum.samples += samples;
    sum.bytes += bytes;
    sums.set(node, sum);
  }

  /** Returns and forgets the sums for which the condition holds. Default: all. */
  take(
    isWanted: (source: LedgerSource, node: NodeIndex) => boolean = () => true,
  ): Extract<HeapEvent, { kind: 'estimated' }>[] {
    const taken: Extract<HeapEvent, { kind: 'estimated' }>[] = [];
    for (const [source, sums] of this.#sums) {
      for (const [node, sum] of sums) {
        if (!isWanted(source, node)) continue;
        taken.push({ kind: 'estimated', source, node, ...sum });
        sums.delete(node);
      }
      if (sums.size === 0) this.#sums.delete(source);
    }
    return taken;
  }
}
