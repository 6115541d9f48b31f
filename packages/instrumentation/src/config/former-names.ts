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
  if (!given) return { options: given, warnings: [] };
  const options = new Map<string, unknown>(Object.entries(given));
  const warnings: string[] = [];
  for (const name of OPTION_NAMES) {
    const { formerly } = optionSpec(name);
    if (formerly === undefined || !options.has(formerly)) continue;
    const value = options.get(formerly);
    options.delete(formerly);
    if (value === undefined) continue;
    if (options.get(name) === undefined) options.set(name, value);
    warnings.push(`the option ${formerly} is called ${name} now`);
  }
  return { options: Object.fromEntries(options), warnings };
}
