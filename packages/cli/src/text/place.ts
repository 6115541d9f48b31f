/** memray's text for the place of allocations without a stack. */
export const NO_STACK = '<stack trace unavailable>';

/** A function and where it starts; 0 for unknown parts. */
export interface PlacedFunction {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Returns the name for a table that has a column for the place, so that an anonymous function need not contain it. */
export function nameText({ name, line }: PlacedFunction): string {
  return line > 0 && name.startsWith('(anonymous ') ? '(anonymous)' : name;
}

/** Returns where a function starts, for example `/app/orders.js:33:41`, without unknown parts. */
export function placeText({ file, line, column }: Omit<PlacedFunction, 'name'>): string {
  return [file, line || '', column || ''].filter((part) => part !== '').join(':');
}

/** Returns a function and its place for a sentence: `load (/app/orders.js:33:41)`. */
export function rowText(row: PlacedFunction): string {
  const place = placeText(row);
  return place === '' || place === row.name ? row.name : `${nameText(row)} (${place})`;
}
