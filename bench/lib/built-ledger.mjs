// The built ledger, its estimator and the leak detector, which the package does not export.
const FOLDER = new URL('../../packages/instrumentation/dist/profiler-thread/', import.meta.url);
const built = (file) => import(new URL(file, FOLDER));

export const { CallTree, Ledger, ROOT } = await built('ledger/index.js');
export const { ShortLivedEstimator } = await built('ledger/estimates/short-lived-estimator.js');
export const { LeakDetector } = await built('leaks/leak-detector.js');
