import type { ProfileBuilder } from '@heapray/exporter/profile';

/**
 * A part of a heap profile that does not come from a ledger. Parts are added after the memory sources, in order. The last
 * one can make the whole add up to the resident memory of the process.
 */
export interface ProfilePart {
  /**
   * Adds samples with the columns `HEAP_COLUMNS`. Each has the label `kind`.
   *
   * @param inUse sums of `inuse_space` that were added before; the part adds its own
   */
  addTo(builder: ProfileBuilder, inUse: InUseByKind): void;

  /**
   * Returns the part as it was at a past moment, or how it has changed since an earlier one. A part without this method
   * has no past.
   *
   * @param from earlier moment, on the clock of `performance.now()`; undefined for the whole
   * @param to moment; undefined for now
   */
  past?(from: number | undefined, to: number | undefined): ProfilePart;

  /** Returns lines for the text view; none if there is nothing to say. */
  text?(): readonly string[];
}

/**
 * Bytes in use that were added to a profile, by kind of memory. Heaps of worker threads count as `worker`, and their Buffers as
 * `native`, because the kinds of the main thread do not include them.
 */
export class InUseByKind {
  readonly #bytes = new Map<string, number>();

  add(kind: string, bytes: number): void {
    this.#bytes.set(kind, this.bytes(kind) + bytes);
  }

  bytes(kind: string): number {
    return this.#bytes.get(kind) ?? 0;
  }
}
