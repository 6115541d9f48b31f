export { isRuntimeFrame } from './allocating-frame.js';
export { type CallSite, CallSites, type CodeFacts, type SiteIndex } from './call-site.js';
export { CallTree, CUT_OFF, type Frame, type NodeIndex, type RawFrame, ROOT } from './call-tree.js';
export type { LeakProgress, LeakSuspect } from './growth-detector.js';
export type { Absorbed, HeapReading } from './heap-reading.js';
export { type HighWaterMark, HighWaterMarkTracker } from './high-water-mark.js';
export { LeakDetector, type LeakDetectorOptions } from './leak-detector.js';
export { byteText, durationText, leakVerdict, type SurvivedShare } from './leak-verdict.js';
export {
  Ledger,
  type LedgerCounts,
  type LedgerListener,
  type LedgerOptions,
  TYPICAL_OBJECT_BYTES,
} from './ledger.js';
export { type PastState, PastStates, presentState } from './past-states.js';
export type { Collections, MajorCollection } from './reachability.js';
export { AGE_BUCKETS, type AgeBucket, ageBucketOf, bytesByAge } from './retention-age.js';
export { siteLabel } from './site-label.js';
export type { FunctionLocation } from './stack-components.js';
export { SURVIVAL_SPANS, type Survival, SurvivalTracker } from './survival.js';
