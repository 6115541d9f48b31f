const prices = new Map();

/** Keeps the prices of every order without limit; 32 KiB each. */
export function priceOf(number) {
  const found = prices.get(number);
  if (found) return found;
  const list = new Array(4096).fill(number);
  prices.set(number, list);
  return list;
}
