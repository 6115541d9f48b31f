import { ConfigError } from './table/config-error.js';
import { optionSpec } from './table/option-spec.js';
import type { HeaprayOptions, OptionName, ResolvedOptions } from './table/types.js';

/**
 * Checks an option that code gave outside the configuration. Returns `undefined` if it was not given.
 *
 * @throws {ConfigError} when the value is not valid
 */
export function checkedOption<K extends OptionName & keyof HeaprayOptions>(
  option: K,
  value: HeaprayOptions[K],
): ResolvedOptions[K] | undefined {
  if (value === undefined) return undefined;
  const { kind } = optionSpec(option);
  const accepted = kind.fromCode(value);
  if (accepted === undefined) throw new ConfigError(option, value, kind.allowed);
  return accepted.value;
}
