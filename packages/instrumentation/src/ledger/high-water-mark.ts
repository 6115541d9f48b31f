import type { NodeIndex } from './call-tree.js';
import type { Ledger } from './ledger.js';

/** The reading with the most in use, kept by stack. */
export interface HighWaterMark {
  readonly totalBytes: number;
  /** On the ledger's clock. */
  readonly atMillis: number;
  readonly bytesByNode: ReadonlyMap<NodeIndex, number>;
  /** What of them was a frozen remainder even then. */
  readonly frozenByNode: ReadonlyMap<NodeIndex, number>;
}

/** A new mark must be so much higher to be worth copying every stack. */
const WORTH_COPYING = 1.005;

/** Keeps the profile of the reading with the largest in-use total, to half a percent. */
export class HighWaterMarkTracker {
  #mark: HighWaterMark | undefined;

  get mark(): HighWaterMark | undefined {
    return this.#mark;
  }

  /** Call after each reading. */
  observe(ledger: Ledger, atMillis: number): void {
    const least = (this.#mark?.totalBytes ?? 0) * WORTH_COPYING;
    // What is shown is never less than what is in use, and known without looking at each sample.
    if (ledger.shownBytes <= least) return;
    const totalBytes = ledger.totalInUseBytes;
    if (totalBytes <= least) return;
    const bytesByNode = new Map<NodeIndex, number>();
    for (let node = 0; node < ledger.tree.size; node++) {
      const bytes = ledger.inUseBytes(node);
      if (bytes > 0) bytesByNode.set(node, bytes);
    }
    const frozenByNode = new Map<NodeIndex, number>();
    ledger.frozen.forEach((bytes, node) => void frozenByNode.set(node, bytes));
    this.#mark = { totalBytes, atMillis, bytesByNode, frozenByNode };
  }
}
