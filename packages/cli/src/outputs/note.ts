import { commandIo } from '../io/command-io.js';
import { printable } from '../text/printable.js';

/** Tells the person at the terminal something, on stderr, which is never data. */
export function note(text: string): void {
  commandIo().writeError(`heapray: ${printable(text)}\n`);
}
