import { ConfigError } from './config-error.js';
import { name } from './kinds.js';
import type { FileKey } from './options.js';
import { printable, quote } from './text.js';

/** The components that Airflow can trace. */
export const AIRFLOW_COMPONENTS: readonly string[] = ['scheduler', 'dag_processor', 'api', 'triggerer'];

/**
 * Checks the names that a program declares as its components.
 * @throws {ConfigError} when it is no array, or one of them cannot be a component's name.
 */
export function checkComponentNames(names: unknown): asserts names is readonly string[] {
  if (!Array.isArray(names)) throw new ConfigError('declared components', names, 'an array of names');
  for (const one of names) {
    // A name with blanks round it would never match an item, since items are stripped.
    if (typeof one !== 'string' || name.fromCode(one)?.value !== one) {
      throw new ConfigError('declared component', one, name.allowed);
    }
  }
}

/**
 * The names a list may hold: Airflow's, and those the program declares or, when it declares none, its own.
 * @throws {ConfigError} when a declared name cannot be a component's.
 */
export function allowedComponents(declared: readonly string[], component: string): readonly string[] {
  const own = declared.length === 0 ? [component] : declared;
  checkComponentNames(own);
  return [...new Set([...AIRFLOW_COMPONENTS, ...own])];
}

/** The valid part of a list, and a warning for each item that was dropped. */
export interface ComponentList {
  readonly components: string[];
  readonly warnings: string[];
}

/**
 * Keeps the items that are allowed, in order, twice when given twice. Case counts.
 * @param setting the key and section that warnings name.
 * @param source where the list came from, as in `ResolvedConfig.sources`.
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
