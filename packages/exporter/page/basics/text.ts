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

const DURATIONS: readonly (readonly [seconds: number, unit: string])[] = [
  [86_400, 'days'],
  [3600, 'h'],
  [60, 'min'],
  [0, 's'],
];

/** Formats a duration with its largest unit: `45 s`, `12 min`, `3.5 h`, `4 days`. */
export function durationText(seconds: number): string {
  const [unitSeconds, unit] = DURATIONS.find(([least]) => seconds >= 2 * least) ?? [0, 's'];
  const value = unitSeconds === 0 ? seconds : seconds / unitSeconds;
  const isFine = unitSeconds >= 3600 && value < 10;
  return `${Number(value.toFixed(isFine ? 1 : 0))} ${unit}`;
}

/** Returns a text with a capital at its start. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Formats bytes; whole ones below 1 KiB. */
export function byteText(bytes: number): string {
  return quantity(Math.round(bytes), 'bytes');
}
