import { OPTION_NAMES, OPTIONS } from './table/options.js';
import type { OptionName } from './table/types.js';

/** Documentation of one option. */
export interface OptionDoc {
  readonly name: OptionName;
  /** Variables, strongest first. */
  readonly env: readonly string[];
  /** `[section] key`, strongest first. */
  readonly file: readonly string[];
  /** Allowed values. */
  readonly allowed: string;
  readonly default: string;
  /** True if lists must not show the value. */
  readonly isSecret: boolean;
  readonly description: string;
}

/** Returns the documentation of every option, in the order of the table. */
export function describeOptions(): OptionDoc[] {
  return OPTION_NAMES.map((name) => {
    const { env, file, kind, default: value, defaultText, description } = OPTIONS[name];
    return {
      name,
      env,
      file: file.map(({ section, key }) => `[${section}] ${key}`),
      allowed: kind.allowed,
      default: defaultText ?? String(value),
      isSecret: kind.isSecret ?? false,
      description,
    };
  });
}
