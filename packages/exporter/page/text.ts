import type { FunctionInfo } from './model.ts';

const BINARY_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];

/** Formats a value in the unit of its column, as the command line does. */
export function quantity(value: number, unit: string): string {
  if (unit !== 'bytes') return value.toLocaleString('en-US');
  let size = value;
  let power = 0;
  while (Math.abs(size) >= 1023.95 && power < BINARY_UNITS.length - 1) {
    size /= 1024;
    power++;
  }
  return `${power === 0 ? size : size.toFixed(1)} ${BINARY_UNITS[power]}`;
}

/** Formats a change with its sign. */
export function signed(value: number, unit: string): string {
  return `${value > 0 ? '+' : ''}${quantity(value, unit)}`;
}

/** Formats `part` as a percentage of `whole`. */
export function share(part: number, whole: number): string {
  return whole === 0 ? '0%' : `${((100 * part) / whole).toFixed(1)}%`;
}

const MEANINGS: ReadonlyMap<string, string> = new Map([
  ['inuse', 'In use'],
  ['alloc', 'Allocated'],
  ['peak', 'Peak'],
  ['leaked', 'Leaked'],
  ['growth', 'Growth'],
]);

/** Returns the title of a column: `In use (bytes)` for `inuse_space`. */
export function columnTitle({ type, unit }: { readonly type: string; readonly unit: string }): string {
  const [, what = '', counted = ''] = /^(.+)_(space|objects)$/.exec(type) ?? [];
  const meaning = MEANINGS.get(what);
  if (meaning === undefined) return `${type} (${unit})`;
  return `${meaning} (${counted === 'space' ? 'bytes' : 'objects'})`;
}

/** Returns where a function starts: `/app/orders.js:33:41`. */
export function place({ file, line, column }: FunctionInfo): string {
  return [file, line || '', column || ''].filter((part) => part !== '').join(':');
}

/** Returns a function with its place, for a line of a stack. */
export function functionText(fn: FunctionInfo): string {
  const where = place(fn);
  return where === '' ? fn.name : `${fn.name} (${where})`;
}
