import type { ValueColumn } from '../model/types.js';

/** Returns the problem with a list of value columns, or undefined when the list is valid. */
export function columnProblem(columns: readonly ValueColumn[], defaultColumn?: string): string | undefined {
  if (columns.length === 0) return 'a profile needs at least one value column';
  const types = new Set<string>();
  for (const { type } of columns) {
    if (type === '') return 'a value column needs a type';
    if (types.has(type)) return `value column ${type} is given twice`;
    types.add(type);
  }
  if (defaultColumn === undefined || types.has(defaultColumn)) return undefined;
  return `default column ${defaultColumn} is not one of ${[...types].join(', ')}`;
}
