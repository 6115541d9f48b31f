import type { FunctionInfo } from '../model/model.ts';

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

/** Formats a time with its date: `2026-07-01 12:00:00 UTC`. */
export function timeText(millis: number): string {
  return `${isoText(millis).replace('T', ' ')} UTC`;
}

/** Formats a time of the day: `12:00:00`, in UTC. */
export function clockText(millis: number): string {
  return isoText(millis).slice(11);
}

function isoText(millis: number): string {
  return new Date(millis).toISOString().slice(0, 19);
}

/** Formats a share from 0 to 1 as a percentage; without decimals from 10% on. */
export function percent(part: number): string {
  const value = 100 * part;
  return `${value.toFixed(Math.abs(value) < 9.95 ? 1 : 0)}%`;
}

const DURATIONS = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
  ['s', 1],
] as const;

/** Formats a duration with its two largest units: `45 s`, `12 min`, `1 h 6 min`, `4 d`. */
export function durationText(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds >= 365 * 86_400) return 'over a year';
  let left = Math.max(0, Math.round(seconds));
  const first = DURATIONS.findIndex(([, size]) => left >= size);
  if (first < 0) return '0 s';
  const parts: string[] = [];
  for (const [unit, size] of DURATIONS.slice(first, first + 2)) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) parts.push(`${count} ${unit}`);
  }
  return parts.join(' ');
}

/** Returns a text with a capital at its start. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Formats bytes; whole ones below 1 KiB. */
export function byteText(bytes: number): string {
  return quantity(Math.round(bytes), 'bytes');
}

/** Time from which on the past that is shown counts as an hour. */
const HOUR_MILLIS = 58 * 60_000;

/** Returns the title of what happened at ascending times. */
export function pastTitle(timesMillis: readonly number[]): string {
  const [first = 0] = timesMillis;
  return (timesMillis.at(-1) ?? 0) - first < HOUR_MILLIS ? 'Since the start' : 'Last hour';
}

/** Formats a standard error relative to its value; `isLeast` is true if it may be larger. */
export function errorText(relative: number, isLeast: boolean): string {
  return relative > 1 ? '> 100%' : `${isLeast ? '≥' : ''}${percent(relative)}`;
}
