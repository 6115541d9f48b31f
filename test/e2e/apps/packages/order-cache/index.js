const orders = new Map();

/** Keeps every order without limit, 256 KiB each. */
export function rememberOrder(number) {
  const lines = new Array(8192).fill(number);
  const prices = new Array(8192).fill(number);
  const notes = new Array(8192).fill(number);
  const tags = new Array(8192).fill(number);
  orders.set(number, { lines, prices, notes, tags });
}
