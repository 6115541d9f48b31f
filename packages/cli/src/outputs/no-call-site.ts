import type { MemoryPart } from '@heapray/exporter/profile';
import { formatQuantity } from '../text/quantity.js';
import { wrapLine } from './table.js';

/** Describes the memory that belongs to no call site, the largest part first; undefined if there is none. */
export function noCallSiteText(parts: readonly MemoryPart[], unit: string): string | undefined {
  if (parts.length === 0) return undefined;
  const total = parts.reduce((sum, { value }) => sum + value, 0);
  const listed = parts.map(({ name, value }) => `${name.slice(1, -1)} ${formatQuantity(value, unit)}`);
  return `Without a call site: ${formatQuantity(total, unit)}: ${listed.join(', ')}`;
}

/** Returns that description as lines after an empty one. */
export function noCallSiteNotes(parts: readonly MemoryPart[], unit: string): string[] {
  const text = noCallSiteText(parts, unit);
  return text === undefined ? [] : [`\n${wrapLine(text)}\n`];
}
