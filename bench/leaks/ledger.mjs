// The built ledger, which the package does not export.
export const LEDGER = await import(
  new URL('./profiler-thread/ledger/index.js', import.meta.resolve('@heapray/instrumentation'))
);
