import { RecentAllocation, type SiteRanking } from '@heapray/exporter/call-sites';
import type { GroupBy } from '../../config/index.js';
import type { CallSite } from '../ledger/index.js';
import {
  type GroupIndex,
  type GroupSums,
  type SiteGroup,
  SiteGroups,
  type SummedSources,
} from './site-groups.js';

export interface RankedReading {
  readonly reading: GroupSums;
  readonly ranking: SiteRanking<GroupIndex>;
}

/**
 * Sums the call sites of all sources by group and ranks the groups. The rank is the share of bytes in use or of
 * recent allocations, whichever is larger. Leak suspects come first.
 */
export class RankedSites {
  readonly #groups: SiteGroups;
  readonly #recent = new RecentAllocation<GroupIndex>();

  constructor(groupBy: GroupBy) {
    this.#groups = new SiteGroups(groupBy);
  }

  group(index: GroupIndex): SiteGroup {
    return this.#groups.group(index);
  }

  /**
   * Returns the sums and the ranking at one moment.
   *
   * @param sources must be of the same process in all calls
   * @param atMillis present time on the clock of the ledger's polls
   * @param suspects fastest growth first
   */
  read(sources: SummedSources, atMillis: number, suspects: readonly CallSite[]): RankedReading {
    const reading = this.#groups.sum(sources, atMillis);
    this.#recent.observe(reading, atMillis);
    const weightOf = (group: GroupIndex) => Math.max(reading.retainedShare(group), this.#recent.share(group));
    const pinned = suspects.flatMap((suspect) => this.#groups.indexOf(suspect) ?? []);
    return { reading, ranking: { weightOf, pinned } };
  }
}
