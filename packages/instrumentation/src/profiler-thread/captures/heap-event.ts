import type { NodeIndex } from '../ledger/index.js';

/** A heap change from the ledger that is not in the capture yet. */
export type HeapEvent =
  | { readonly kind: 'allocated'; readonly id: number; readonly node: NodeIndex; readonly bytes: number }
  | { readonly kind: 'freed'; readonly id: number }
  | {
      readonly kind: 'estimated';
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
