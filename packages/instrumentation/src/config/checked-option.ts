import { ConfigError } from './config-error.js';
import { OPTIONS } from './options.js';
import type { HeaprayOptions, OptionName, ResolvedOptions } from './types.js';

/**
 * The value of an option that code gave outside of the configuration; `undefined` when it gave none.
 * @throws {ConfigError} when it is not allowed.
 */
export function checkedOption<K extends OptionName & keyof HeaprayOptions>(
  option: K,
  value: HeaprayOptions[K],
): ResolvedOptions[K] | undefined {
  if (value === undefined) return undefined;
  const { kind } = OPTIONS[option];
  const accepted = kind.fromCode(value);
  if (accepted === undefined) throw new ConfigError(option, value, kind.allowed);
  return accepted.value;
}
