import type { LedgerSource, NodeIndex } from '../ledger/index.js';

/** A heap change from a ledger that is not in the capture yet. */
export type HeapEvent =
  | {
      readonly kind: 'allocated';
      readonly id: number;
      readonly source: LedgerSource;
      readonly node: NodeIndex;
      readonly bytes: number;
    }
  | { readonly kind: 'freed'; readonly id: number }
  /** The last event of a source. */
  | { readonly kind: 'ended'; readonly source: LedgerSource }
  | {
      readonly kind: 'estimated';
      readonly source: LedgerSource;
      readonly node: NodeIndex;
      readonly samples: number;
      readonly bytes: number;
    };

/** Returns the events to be written next, the present one first. */
export type EventsAhead = () => readonly HeapEvent[];

/** Returns the ids of the samples that these events allocate. */
export function allocatedBy(events: readonly HeapEvent[]): ReadonlySet<number> {
  const ids = new Set<number>();
  for (const event of events) if (event.kind === 'allocated') ids.add(event.id);
  return ids;
}
