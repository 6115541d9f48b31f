import { formatBytes } from '../../text/quantity.js';

/** Formats bytes for a narrow column, with a binary unit of one letter: `12.3M`. */
export function shortBytes(bytes: number): string {
  return formatBytes(Math.round(bytes))
    .replace(/ ([KMGTPE])iB$/, '$1')
    .replace(/ B$/, 'B');
}

/** Formats a number for a narrow column: `12,345`, `1.2M`. */
export function shortCount(count: number): string {
  const rounded = Math.round(count);
  if (Math.abs(rounded) < 100_000) return rounded.toLocaleString('en-US');
  if (Math.abs(rounded) < 999_500) return `${Math.round(rounded / 1000)}k`;
  return Math.abs(rounded) < 999_500_000
    ? `${(rounded / 1e6).toFixed(1)}M`
    : `${(rounded / 1e9).toFixed(1)}G`;
}

/** Formats a change, with its sign. */
export function signed(value: number, format: (value: number) => string): string {
  return `${value > 0 ? '+' : ''}${format(value)}`;
}

/** Formats a duration: `42 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function formatDuration(millis: number): string {
  const seconds = Math.max(0, Math.floor(millis / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (minutes === 0) return `${seconds} s`;
  if (hours === 0) return `${minutes} min ${seconds % 60} s`;
  if (hours < 24) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
