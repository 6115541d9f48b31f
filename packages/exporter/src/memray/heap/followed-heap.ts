import type { HeapListener } from '../model/heap-listener.js';
import type { SiteAmounts } from './site-amounts.js';

/** A consumer of a capture's heap events, on this thread or another. */
export interface FollowedHeap {
  /** Listeners to register for heap events. */
  readonly listeners: readonly HeapListener[];
  /** Amounts by site. If another thread computes them, they are available after {@link finish}. */
  readonly amounts: SiteAmounts;
  /** Ends the events. Throws as {@link HeapPipeline.finish} does. */
  finish(): void;
  /** Stops without a result. */
  cancel(): void;
}
