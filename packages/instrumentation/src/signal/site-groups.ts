import type { SiteReading } from '@heapray/exporter/call-sites';
import type { GroupBy } from '../config/index.js';
import {
  bytesByAge,
  type CallSite,
  type Ledger,
  type SiteIndex,
  TYPICAL_OBJECT_BYTES,
} from '../ledger/index.js';
import { SiteSum } from './site-values.js';

/** What a series stands for: a call site, or several together. What is summed over is undefined. */
export interface SiteGroup {
  readonly functionName?: string;
  readonly file?: string;
  /** Where the function starts, counted from 1; 0 when unknown. */
  readonly line?: number;
  readonly column?: number;
  /** Whether only the column tells which function of the line this is. */
  readonly sharesLine?: boolean;
  readonly packageName?: string;
  /** Of a package summed over all its versions there is none. */
  readonly packageVersion?: string | undefined;
  readonly component: string;
}

/** The index of a group. Dense, from 0. */
export type GroupIndex = number;

/** The name under which the sites without a series of their own are summed. */
export const OTHER_SITES = 'other';

/** A package or component may have that name, and is then part of it: two series of one name are none. */
const IN_OTHER: GroupIndex = -1;

/** A group that is no call site's, under a name that stands where the grouping has its own. */
export function namedGroup(groupBy: GroupBy, name: string, component: string): SiteGroup {
  if (groupBy === 'function') return { functionName: name, file: '', packageName: '', component };
  if (groupBy === 'file') return { file: name, packageName: '', component };
  if (groupBy === 'package') return { packageName: name, component };
  return { component: name };
}

/** The group of a call site. */
export function groupOf(groupBy: GroupBy, site: CallSite): SiteGroup {
  // The site itself: what it says of its line is only found out for groups that are shown.
  if (groupBy === 'function') return site;
  const { file, packageName, packageVersion, component } = site;
  if (groupBy === 'file') return { file, packageName, packageVersion, component };
  if (groupBy === 'package') return { packageName, component };
  return { component };
}

/** What stands where `namedGroup` has the name; undefined where nothing else can be called so. */
function nameOf(groupBy: GroupBy, group: SiteGroup): string | undefined {
  if (groupBy === 'package') return group.packageName;
  return groupBy === 'component' ? group.component : undefined;
}

/** Tells groups apart. */
export function groupKey({ functionName, file, line, column, packageName, component }: SiteGroup): string {
  // A file is of one package in one version, so beside a file these tell nothing more.
  return `${functionName ?? ''}\n${file || (packageName ?? '')}\n${line ?? 0}:${column ?? 0}\n${component}`;
}

/** Sums a ledger's call sites by what an operator wants to see. */
export class SiteGroups {
  readonly #groupBy: GroupBy;
  readonly #groups: SiteGroup[] = [];
  readonly #indexByKey = new Map<string, GroupIndex>();
  readonly #indexBySite: GroupIndex[] = [];

  constructor(groupBy: GroupBy) {
    this.#groupBy = groupBy;
  }

  group(index: GroupIndex): SiteGroup {
    const group = this.#groups[index];
    if (!group) throw new RangeError(`no group ${index}`);
    return group;
  }

  /** The index of a call site's group; undefined when nothing of it was summed yet. */
  indexOf(site: CallSite): GroupIndex | undefined {
    return this.#indexByKey.get(groupKey(groupOf(this.#groupBy, site)));
  }

  /**
   * The values of all groups now.
   *
   * @param ledger always the same one
   * @param atMillis now, on the clock of the ledger's readings
   */
  sum(ledger: Ledger, atMillis: number): GroupSums {
    const sums = new GroupSums();
    const ages = bytesByAge(ledger, atMillis);
    for (let node = 0; node < ledger.tree.size; node++) {
      const allocated = ledger.allocatedBytes(node);
      const retained = ledger.inUseBytes(node);
      if (allocated <= 0 && retained <= 0) continue;
      const objects = retained / (ledger.likelyObjectBytes(node) ?? TYPICAL_OBJECT_BYTES);
      const group = this.#indexOf(ledger, ledger.sites.siteOf(node));
      for (const sum of group === IN_OTHER ? [sums.total] : [sums.total, sums.at(group)]) {
        sum.add(allocated, ledger.allocatedObjects(node), retained, objects);
        sum.addAges(ages.get(node) ?? []);
      }
    }
    return sums;
  }

  #indexOf(ledger: Ledger, site: SiteIndex): GroupIndex {
    const known = this.#indexBySite[site];
    if (known !== undefined) return known;
    const group = this.#groupOf(ledger, site);
    const index = nameOf(this.#groupBy, group) === OTHER_SITES ? IN_OTHER : this.#intern(group);
    this.#indexBySite[site] = index;
    return index;
  }

  #groupOf(ledger: Ledger, index: SiteIndex): SiteGroup {
    const site = ledger.sites.site(index);
    // What nobody observed is no file's and no package's, so it stays apart under every grouping.
    const observed = index !== ledger.sites.siteOf(ledger.unobservedNode);
    return observed
      ? groupOf(this.#groupBy, site)
      : namedGroup(this.#groupBy, site.functionName, site.component);
  }

  #intern(group: SiteGroup): GroupIndex {
    const key = groupKey(group);
    const known = this.#indexByKey.get(key);
    if (known !== undefined) return known;
    const index = this.#groups.length;
    this.#groups.push(group);
    this.#indexByKey.set(key, index);
    return index;
  }
}

/** The values of all groups at one moment. */
export class GroupSums implements SiteReading<GroupIndex> {
  readonly total: SiteSum = new SiteSum();
  readonly sites: Map<GroupIndex, SiteSum> = new Map();

  /** The sum of a group, to add to. */
  at(group: GroupIndex): SiteSum {
    let sum = this.sites.get(group);
    if (!sum) {
      sum = new SiteSum();
      this.sites.set(group, sum);
    }
    return sum;
  }

  /** A group's share of what is in use, from 0 to 1. */
  retainedShare(group: GroupIndex): number {
    return (this.sites.get(group)?.gauges[0] ?? 0) / (this.total.gauges[0] || 1);
  }
}
