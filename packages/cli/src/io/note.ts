import { printable } from '../text/printable.js';
import { commandIo } from './current-io.js';

/** Writes a message for the user to stderr, which never contains data. */
export function note(text: string): void {
  commandIo().writeError(`heapray: ${printable(text)}\n`);
}
