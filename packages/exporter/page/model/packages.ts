import { rowFunctions } from './call-sites.ts';
import type { Model } from './model.ts';

const KEY = 'package';

/** Returns the package of each function that allocates; undefined for functions without one, or with samples of several. */
export function packagesOf(model: Model): (string | undefined)[] {
  const packages = new Array<string | undefined>(model.functions.length).fill(undefined);
  const key = model.labelKeys.indexOf(KEY);
  if (key < 0) return packages;
  const rows = rowFunctions(model);
  const mixed = new Set<number>();
  for (const { nodes, sets } of model.profiles) {
    for (let sample = 0; sample < nodes.length; sample++) {
      const name = model.labelSets[sets[sample]!]![key];
      if (name === undefined) continue;
      const fn = rows[nodes[sample]!]!;
      if (packages[fn] !== undefined && packages[fn] !== name) mixed.add(fn);
      packages[fn] = name;
    }
  }
  for (const fn of mixed) packages[fn] = undefined;
  return packages;
}
