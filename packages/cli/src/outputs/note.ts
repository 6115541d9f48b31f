import { printable } from '../text/printable.js';

/** Tells the person at the terminal something, on stderr, which is never data. */
export function note(text: string): void {
  process.stderr.write(`heapray: ${printable(text)}\n`);
}
