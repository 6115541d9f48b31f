// The ledger as it is built; it is no part of what the package exports.
export const LEDGER = await import(
  new URL('./ledger/index.js', import.meta.resolve('@heapray/instrumentation'))
);
