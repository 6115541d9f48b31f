import type { LedgerSource } from '../ledger/ledger-source.js';
import type { NodeIndex } from '../ledger/state/call-tree.js';

/** The poll with the most bytes in use of all sources together. */
export interface HighWaterMark {
  readonly totalBytes: number;
  /** Time on the ledger's clock, in ms. */
  readonly atMillis: number;
  readonly parts: readonly PeakPart[];
}

/** Bytes in use of one source at the mark, by stack. The source may have ended since. */
export interface PeakPart {
  readonly source: LedgerSource;
  readonly bytesByNode: ReadonlyMap<NodeIndex, number>;
  /** Part of these bytes that was already carried over then. */
  readonly carriedOverByNode: ReadonlyMap<NodeIndex, number>;
}

/** Factor by which a new mark must exceed the last one, to be worth copying every stack. */
const WORTH_COPYING = 1.005;

/** Keeps the profile of the poll with the most bytes in use, within 0.5 %. */
export class HighWaterMarkTracker {
  #mark: HighWaterMark | undefined;

  get mark(): HighWaterMark | undefined {
    return this.#mark;
  }

  /** Updates the mark. Call after each poll of any source. */
  observe(sources: readonly LedgerSource[], atMillis: number): void {
    const least = (this.#mark?.totalBytes ?? 0) * WORTH_COPYING;
    // Check the shown bytes first: they are never less than those in use, and cheap to compute.
    if (sources.reduce((sum, { ledger }) => sum + ledger.shownBytes, 0) <= least) return;
    const totalBytes = sources.reduce((sum, { ledger }) => sum + ledger.totalInUseBytes, 0);
    if (totalBytes <= least) return;
    this.#mark = { totalBytes, atMillis, parts: sources.map(partOf) };
  }
}

function partOf({ kind, thread, ledger }: LedgerSource): PeakPart {
  const bytesByNode = new Map<NodeIndex, number>();
  for (let node = 0; node < ledger.tree.size; node++) {
    const bytes = ledger.inUseBytes(node);
    if (bytes > 0) bytesByNode.set(node, bytes);
  }
  const carriedOverByNode = new Map<NodeIndex, number>();
  ledger.carriedOver.forEach((bytes, node) => void carriedOverByNode.set(node, bytes));
  return { source: { kind, thread, ledger }, bytesByNode, carriedOverByNode };
}
