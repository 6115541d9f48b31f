import { inspect, isDeepStrictEqual } from 'node:util';
import type { OptionName, ResolvedConfig } from '../../config/index.js';
import { ObjectKeys } from '../../protocol/primordials.js';

/**
 * Lists the options that code has set on one instance while profiling uses other values.
 *
 * @param given options of that instance
 * @param inForce options that profiling uses
 * @returns `option value (in force: value)` for each, in the order of the options
 */
export function ignoredOptions(given: ResolvedConfig, inForce: ResolvedConfig): string[] {
  return (ObjectKeys(given.options) as OptionName[])
    .filter((option) => option !== 'enabled' && given.sources[option] === 'code')
    .filter((option) => !isDeepStrictEqual(given.options[option], inForce.options[option]))
    .map((option) => {
      if (option === 'debugToken') return `${option} (hidden)`;
      return `${option} ${shown(given.options[option])} (in force: ${shown(inForce.options[option])})`;
    });
}

/** Formats a value as users write it. */
function shown(value: ResolvedConfig['options'][OptionName]): string {
  if (value === undefined) return 'off';
  if (typeof value !== 'object') return `${value}`;
  if ('port' in value) return `${value.host.includes(':') ? `[${value.host}]` : value.host}:${value.port}`;
  return inspect(value, { breakLength: 10_000 });
}
