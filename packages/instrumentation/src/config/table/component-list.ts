import { ConfigError } from './config-error.js';
import { name } from './kinds.js';
import type { FileKey } from './options.js';
import { printable, quote } from './text.js';

/** The components that Airflow can trace. */
export const AIRFLOW_COMPONENTS: readonly string[] = ['scheduler', 'dag_processor', 'api', 'triggerer'];

/**
 * Checks the component names that a program declares.
 *
 * @throws {ConfigError} when `names` is not an array, or one of them is not valid
 */
export function checkComponentNames(names: unknown): asserts names is readonly string[] {
  if (!Array.isArray(names)) throw new ConfigError('declared components', names, 'an array of names');
  for (const one of names) {
    // Reject surrounding blanks: such a name would never match an item, since items are stripped.
    if (typeof one !== 'string' || name.fromCode(one)?.value !== one) {
      throw new ConfigError('declared component', one, name.allowed);
    }
  }
}

/**
 * Returns the names that a list may hold: Airflow's, that of the process, and those that the program declares.
 *
 * @throws {ConfigError} when a declared name is not valid
 */
export function allowedComponents(declared: readonly string[], component: string): readonly string[] {
  checkComponentNames(declared);
  return [...new Set([...AIRFLOW_COMPONENTS, component, ...declared])];
}

/** The valid part of a list, and a warning for each dropped item. */
export interface ComponentList {
  readonly components: string[];
  readonly warnings: string[];
}

/**
 * Keeps the allowed items, in order and with duplicates. Case-sensitive.
 *
 * @param setting key and section named in warnings
 * @param source origin of the list, as in `ResolvedConfig.sources`
 */
export function filterComponents(
  items: readonly string[],
  allowed: readonly string[],
  setting: FileKey,
  source: string,
): ComponentList {
  const warnings = items
    .filter((item) => !allowed.includes(item))
    .map(
      (item) =>
        `${quote(item)} is no component that can be traced and is ignored: ${setting.key} in section ` +
        `[${setting.section}] (${printable(source)}) takes ${allowed.join(', ')}`,
    );
  return { components: items.filter((item) => allowed.includes(item)), warnings };
}
