import type { OverviewSite } from '../../src/page/overview-data.ts';
import { place } from '../basics/text.ts';
import { endsWithPath, siteName } from '../model/find-function.ts';
import type { SurvivalOf } from '../model/model.ts';

/**
 * Returns a function that finds the survival of a function's allocations in the overview; undefined if the overview has none.
 * Places of the overview may have fewer folders than those of the profile.
 */
export function survivalIn(sites: readonly OverviewSite[]): SurvivalOf | undefined {
  const known = sites.filter(({ survivedShare }) => survivedShare !== null);
  if (known.length === 0) return undefined;
  const byName = new Map<string, OverviewSite[]>();
  for (const site of known) {
    const name = siteName(site);
    byName.set(name, [...(byName.get(name) ?? []), site]);
  }
  return (fn) => {
    const where = place(fn);
    const found = byName.get(fn.name)?.find((site) => endsWithPath(where, site.place));
    return found?.survivedShare ?? null;
  };
}
