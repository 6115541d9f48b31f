import type { SitesWanted } from '../../protocol/metric-points.js';
import type { SummedSources } from './site-groups.js';
import type { Suspect } from './site-growth.js';
import type { SelectedSites } from './site-series.js';
import { StickyCallSites } from './sticky-call-sites.js';
import { TopCallSites } from './top-call-sites.js';

/** Input of metrics at one moment. */
export interface Moment {
  /** Must be the same in all calls. */
  readonly sources: SummedSources;
  /** Component name of this process. */
  readonly component: string;
  /** Present time on the clock of the ledger's polls. */
  readonly atMillis: number;
  /** Present time, in ms since the epoch. */
  readonly epochMillis: number;
  /** Present leak suspects, fastest growth first. */
  readonly suspects: readonly Suspect[];
  /** Seconds until the heap limit at the present growth; undefined if nothing grows. */
  readonly secondsToLimit: number | undefined;
}

/** Selects the call sites that have series. */
export interface SiteSelection {
  select(moment: Moment): SelectedSites;
  /** Number of call sites so far that got no series because too many have had one. */
  readonly refused: number;
}

/** @param isProducer false for the instruments, which keep every series for the life of the process */
export type NewSiteSelection = (wanted: SitesWanted, isProducer: boolean) => SiteSelection;

/**
 * Selects exactly the largest call sites for a producer; for instruments, call sites that keep their places.
 */
export const newSiteSelection: NewSiteSelection = (wanted, isProducer) => {
  if (isProducer) {
    const top = new TopCallSites({ ...wanted, continues: wanted.withDropped });
    return {
      refused: 0,
      select: ({ sources, atMillis, epochMillis, suspects }) =>
        top.view(sources, atMillis, epochMillis, suspects),
    };
  }
  const sticky = new StickyCallSites(wanted);
  return {
    get refused() {
      return sticky.refused;
    },
    select: ({ sources, atMillis, suspects }) => sticky.view(sources, atMillis, suspects),
  };
};
