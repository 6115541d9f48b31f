/** The longest that a timer waits, ms. */
const LONG = 2 ** 31 - 1;

/** Keeps this thread from ending before the process does. */
export function stayIdle(): void {
  setInterval(() => {}, LONG);
}
