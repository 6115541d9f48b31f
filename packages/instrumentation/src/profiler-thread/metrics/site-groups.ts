import type { SiteReading } from '@heapray/exporter/call-sites';
import type { GroupBy } from '../../config/index.js';
import type { PointAttributes } from '../../protocol/metric-points.js';
import {
  ATTR_CODE_COLUMN_NUMBER,
  ATTR_CODE_FILE_PATH,
  ATTR_CODE_FUNCTION_NAME,
  ATTR_CODE_LINE_NUMBER,
  ATTR_COMPONENT,
  ATTR_PACKAGE_NAME,
  ATTR_PACKAGE_VERSION,
} from '../../protocol/semconv.js';
import { bytesByAge } from '../history/retention-age.js';
import { type CallSite, type Ledger, type SiteIndex, TYPICAL_OBJECT_BYTES } from '../ledger/index.js';
import { SiteSum } from './site-values.js';

/** Group of a series: a call site, or several together. Fields that are summed over are undefined. */
export interface SiteGroup {
  readonly functionName?: string;
  readonly file?: string;
  /** Start of the function, counted from 1; 0 when unknown. */
  readonly line?: number;
  readonly column?: number;
  /** True if the column is needed to identify the function on its line. */
  readonly sharesLine?: boolean;
  readonly packageName?: string;
  /** Undefined for a package summed over all its versions. */
  readonly packageVersion?: string | undefined;
  readonly component: string;
}

/** Index of a group. Dense, from 0. */
export type GroupIndex = number;

/** Name under which the sites without a series of their own are summed. */
export const OTHER_SITES = 'other';

/** Index for a package or component itself named `other`: two series of one name would conflict. */
const IN_OTHER: GroupIndex = -1;

/** Returns a group that is not a call site's. The name takes the place of the grouping's main attribute. */
export function namedGroup(groupBy: GroupBy, name: string, component: string): SiteGroup {
  if (groupBy === 'function') return { functionName: name, file: '', packageName: '', component };
  if (groupBy === 'file') return { file: name, packageName: '', component };
  if (groupBy === 'package') return { packageName: name, component };
  return { component: name };
}

/** Returns the group of a call site. */
export function groupOf(groupBy: GroupBy, site: CallSite): SiteGroup {
  // Return the site itself: `sharesLine` is computed only for groups that are shown.
  if (groupBy === 'function') return site;
  const { file, packageName, packageVersion, component } = site;
  if (groupBy === 'file') return { file, packageName, packageVersion, component };
  if (groupBy === 'package') return { packageName, component };
  return { component };
}

/**
 * Returns the attribute that `namedGroup` uses for the name; undefined if other groups cannot have that name.
 */
function nameOf(groupBy: GroupBy, group: SiteGroup): string | undefined {
  if (groupBy === 'package') return group.packageName;
  return groupBy === 'component' ? group.component : undefined;
}

/**
 * Returns the attributes of a call site or group. Leaves out what is summed over and what is unknown, because
 * Prometheus treats an empty label as absent.
 */
export function siteAttributes(group: SiteGroup): PointAttributes {
  const { functionName, file, packageName, packageVersion, component } = group;
  const { line, column, sharesLine } = group;
  const attributes: Record<string, string | number> = {};
  if (functionName !== undefined) attributes[ATTR_CODE_FUNCTION_NAME] = functionName;
  if (file !== undefined) attributes[ATTR_CODE_FILE_PATH] = file;
  if (line) attributes[ATTR_CODE_LINE_NUMBER] = line;
  if (column && sharesLine) attributes[ATTR_CODE_COLUMN_NUMBER] = column;
  if (packageName !== undefined) attributes[ATTR_PACKAGE_NAME] = packageName;
  if (packageVersion !== undefined) attributes[ATTR_PACKAGE_VERSION] = packageVersion;
  attributes[ATTR_COMPONENT] = component;
  return attributes;
}

/** Returns a key that identifies a group. */
export function groupKey({ functionName, file, line, column, packageName, component }: SiteGroup): string {
  // The file determines the package and its version, so these are left out beside a file.
  return `${functionName ?? ''}\n${file || (packageName ?? '')}\n${line ?? 0}:${column ?? 0}\n${component}`;
}

/** Sums a ledger's call sites by the selected grouping. */
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

  /** Returns the index of a call site's group; undefined if nothing of it was summed yet. */
  indexOf(site: CallSite): GroupIndex | undefined {
    return this.#indexByKey.get(groupKey(groupOf(this.#groupBy, site)));
  }

  /**
   * Returns the values of all groups at one moment.
   *
   * @param ledger must be the same in all calls
   * @param atMillis present time on the clock of the ledger's polls
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
    // Keep `(unobserved)` apart under every grouping, as it belongs to no file or package.
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

  /** Returns the sum of a group, to add to. */
  at(group: GroupIndex): SiteSum {
    let sum = this.sites.get(group);
    if (!sum) {
      sum = new SiteSum();
      this.sites.set(group, sum);
    }
    return sum;
  }

  /** Returns a group's share of the bytes in use, from 0 to 1. */
  retainedShare(group: GroupIndex): number {
    return (this.sites.get(group)?.gauges[0] ?? 0) / (this.total.gauges[0] || 1);
  }
}
