/** A function and where it starts; 0 for what is not known. */
export interface PlacedFunction {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** The name in a table that has the place beside it: there an anonymous function need not be called by its place. */
export function nameText({ name, line }: PlacedFunction): string {
  return line > 0 && name.startsWith('(anonymous ') ? '(anonymous)' : name;
}

/** Where a function starts, e.g. `/app/orders.js:33:41`, as far as it is known. */
export function placeText({ file, line, column }: Omit<PlacedFunction, 'name'>): string {
  return [file, line || '', column || ''].filter((part) => part !== '').join(':');
}

/** A function and its place in a sentence: `load (/app/orders.js:33:41)`. */
export function rowText(row: PlacedFunction): string {
  const place = placeText(row);
  return place === '' || place === row.name ? row.name : `${nameText(row)} (${place})`;
}
