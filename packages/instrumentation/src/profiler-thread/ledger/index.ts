export { AGE_BUCKETS, type AgeBucket } from '../../protocol/age-buckets.js';
export type { FunctionLocation, RawFrame } from '../../protocol/code-place.js';
export type { Collections, MajorCollection } from './estimates/reachability.js';
export {
  Ledger,
  type LedgerListener,
  type LedgerOptions,
} from './ledger.js';
export type { LedgerCounts } from './ledger-counts.js';
export type { LedgerSource } from './ledger-source.js';
export { isRuntimeFrame } from './state/allocating-frame.js';
export { type CallSite, CallSites, type CodeFacts, type SiteIndex } from './state/call-site.js';
export { CallTree, CUT_OFF, type Frame, type NodeIndex, ROOT } from './state/call-tree.js';
export type { BornSample, SampleEvents } from './state/sample-events.js';
export type { SampleSnapshot, UpdateResult } from './state/sample-snapshot.js';
export { siteLabel, sitePlace } from './state/site-label.js';
export { TYPICAL_OBJECT_BYTES } from './state/stack-totals.js';
