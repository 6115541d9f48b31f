export { ProfileBuilder } from './build/profile-builder.js';
export { type MergeOptions, mergeProfiles } from './change/merge-profiles.js';
export { renameNativeFrames } from './change/rename-frames.js';
export { callSitesOnly, type MemoryPart, partsWithoutCallSite } from './change/split-call-sites.js';
export { subtractProfiles } from './change/subtract-profiles.js';
export { callSite, displayName, isRuntimeFrame } from './model/frame-kind.js';
export type { FrameHandle, FrameRef, LabelsHandle, StackHandle, StackRef } from './model/handles.js';
export type { Profile } from './model/profile.js';
export { meaningOfPseudoFrame, NO_CALL_SITE } from './model/pseudo-frames.js';
export type { ResourceAttributes } from './model/resource.js';
export type {
  Labels,
  NativeMapping,
  NativePlace,
  Period,
  ProfileFrame,
  ProfileOptions,
  ValueColumn,
} from './model/types.js';
export { type FunctionPlace, functionPlace } from './query/function-place.js';
export { stacksInCallOrder } from './query/stack-order.js';
export { type TopGroup, type TopOptions, type TopRow, topOf } from './query/top-of.js';
export { totals } from './query/totals.js';
export { buffersOf, type PackedProfile, packProfile, unpackProfile } from './transfer/index.js';
