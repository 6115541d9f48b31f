import type { GroupBy } from '../../config/index.js';
import type { CallSite } from '../../profiler-thread/ledger/index.js';
import { groupKey, groupOf, type SiteGroup } from '../../profiler-thread/metrics/site-groups.js';
import { SafeMap } from '../../protocol/primordials.js';

/** A call site that seems to leak. */
export interface Suspect extends CallSite {
  readonly bytesPerSecond: number;
}

/** Growth rate of a group's suspects together. */
export interface GroupGrowth {
  readonly group: SiteGroup;
  readonly bytesPerSecond: number;
}

/** Returns the growth of each group that has a suspect, by the group's key, fastest first. */
export function growthByGroup(groupBy: GroupBy, suspects: readonly Suspect[]): SafeMap<string, GroupGrowth> {
  const growth = new SafeMap<string, GroupGrowth>();
  for (const suspect of suspects) {
    const group = groupOf(groupBy, suspect);
    const key = groupKey(group);
    const bytesPerSecond = suspect.bytesPerSecond + (growth.get(key)?.bytesPerSecond ?? 0);
    growth.set(key, { group, bytesPerSecond });
  }
  return new SafeMap([...growth].sort(([, a], [, b]) => b.bytesPerSecond - a.bytesPerSecond));
}
