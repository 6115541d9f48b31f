import { optionSpec } from './table/option-spec.js';
import { OPTION_NAMES } from './table/options.js';
import type { HeaprayOptions } from './table/types.js';

/** Options with today's names, and a warning for each that was given by a former one. */
export interface RenamedOptions {
  readonly options: HeaprayOptions | undefined;
  readonly warnings: readonly string[];
}

/** Replaces former names of options by today's; a value under today's name wins. */
export function withoutFormerNames(given: HeaprayOptions | undefined): RenamedOptions {
  const former = OPTION_NAMES.flatMap((name) => {
    const { formerly } = optionSpec(name);
    return formerly !== undefined && given && Object.hasOwn(given, formerly) ? [{ name, formerly }] : [];
  });
  if (!given || former.length === 0) return { options: given, warnings: [] };
  const old = new Set(former.map(({ formerly }) => formerly));
  const entries = Object.entries(given).filter(([key]) => !old.has(key));
  const renamed = former.map(({ name, formerly }) => [name, Reflect.get(given, formerly)]);
  return {
    options: Object.fromEntries([...renamed, ...entries]),
    warnings: former.map(({ name, formerly }) => `the option ${formerly} is called ${name} now`),
  };
}
