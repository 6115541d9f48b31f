import type { GroupBy } from '../../config/index.js';
import type { MemoryOrigin } from '../../protocol/memory-origin.js';
import type { PointAttributes } from '../../protocol/metric-points.js';
import { ATTR_LEAK_GROWTH, ATTR_LEAK_OLD_BYTES } from '../../protocol/semconv.js';
import type { CallSite } from '../ledger/index.js';
import { type Series, seriesOf } from './series.js';
import { groupOf, siteAttributes } from './site-groups.js';

/** A call site that seems to leak. Default of its origin: the main thread's heap. */
export interface Suspect extends CallSite, Partial<MemoryOrigin> {
  readonly bytesPerSecond: number;
}

/**
 * Returns the attributes of the log event about a new suspect: those of its call site in metrics, and its
 * figures.
 */
export function leakEventAttributes(suspect: Suspect & { readonly oldBytes: number }): PointAttributes {
  return {
    ...siteAttributes(suspect),
    [ATTR_LEAK_GROWTH]: Math.round(suspect.bytesPerSecond),
    [ATTR_LEAK_OLD_BYTES]: Math.round(suspect.oldBytes),
  };
}

/** Returns the growth of each group that has a suspect, fastest first. */
export function growthOf(groupBy: GroupBy, suspects: readonly Suspect[]): Series[] {
  const growth = new Map<string, Series>();
  for (const suspect of suspects) {
    const { key, attributes, value } = seriesOf(
      siteAttributes(groupOf(groupBy, suspect, suspect)),
      suspect.bytesPerSecond,
    );
    growth.set(key, { key, attributes, value: value + (growth.get(key)?.value ?? 0) });
  }
  return [...growth.values()].sort((a, b) => b.value - a.value);
}

/** Returns the series that are chosen, and the sum of the others as one. */
export function withOther(
  growth: readonly Series[],
  isChosen: (series: Series, rank: number) => boolean,
  other: Series,
): Series[] {
  const chosen = growth.filter(isChosen);
  const keys = new Set(chosen.map(({ key }) => key));
  const rest = growth.reduce((sum, { key, value }) => (keys.has(key) ? sum : sum + value), 0);
  return [...chosen, { ...other, value: rest }];
}
