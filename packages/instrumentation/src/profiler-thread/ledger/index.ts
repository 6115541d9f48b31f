export { AGE_BUCKETS, type AgeBucket } from '../../protocol/age-buckets.js';
export type { FunctionLocation, RawFrame } from '../../protocol/code-place.js';
export { isRuntimeFrame } from './allocating-frame.js';
export { type CallSite, CallSites, type CodeFacts, type SiteIndex } from './call-site.js';
export { CallTree, CUT_OFF, type Frame, type NodeIndex, ROOT } from './call-tree.js';
export type { Collections, MajorCollection } from './estimates/reachability.js';
export { ageBucketOf, bytesByAge } from './estimates/retention-age.js';
export { SURVIVAL_SPANS, type Survival, SurvivalTracker } from './estimates/survival.js';
export { type HighWaterMark, HighWaterMarkTracker } from './high-water-mark.js';
export {
  Ledger,
  type LedgerCounts,
  type LedgerListener,
  type LedgerOptions,
} from './ledger.js';
export { type PastState, PastStates, presentState } from './past-states.js';
export type { SampleSnapshot, UpdateResult } from './sample-snapshot.js';
export { siteLabel } from './site-label.js';
export { TYPICAL_OBJECT_BYTES } from './stack-totals.js';
