import { OPTIONS, type OptionName, type OptionSpec } from './options.js';
import type { ResolvedOptions } from './types.js';

/** Returns the row of an option. */
export function optionSpec<Name extends OptionName>(name: Name): OptionSpec<ResolvedOptions[Name]> {
  return OPTIONS[name] as unknown as OptionSpec<ResolvedOptions[Name]>;
}
