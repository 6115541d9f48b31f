/** Longest delay that a Node timer accepts, in ms. */
const LONG = 2 ** 31 - 1;

/** Keeps this thread alive until the process ends. */
export function stayIdle(): void {
  setInterval(() => {}, LONG);
}
