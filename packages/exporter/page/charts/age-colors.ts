// From light to dark, so that the order is seen without telling hues apart.
const COLORS: ReadonlyMap<string, string> = new Map([
  ['<10s', '#fbe3a4'],
  ['10s-1m', '#f6b56b'],
  ['1m-10m', '#e57f4d'],
  ['10m-1h', '#bc4a4b'],
  ['>1h', '#7a2a5c'],
]);
const UNKNOWN = '#98a2ae';

/** Ages that heapray knows, the youngest first. */
export const KNOWN_AGES: readonly string[] = [...COLORS.keys(), 'unknown'];

/** Returns the colour of an age. */
export function ageColor(name: string): string {
  return COLORS.get(name) ?? UNKNOWN;
}
