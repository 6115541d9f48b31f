export { callSite, displayName, isRuntimeFrame } from './frame-kind.js';
export { type FunctionPlace, functionPlace } from './function-place.js';
export type { FrameHandle, FrameRef, LabelsHandle, StackHandle, StackRef } from './handles.js';
export { type MergeOptions, mergeProfiles } from './merge-profiles.js';
export type { Profile } from './profile.js';
export { ProfileBuilder } from './profile-builder.js';
export { meaningOfPseudoFrame } from './pseudo-frames.js';
export { renameNativeFrames } from './rename-frames.js';
export { stacksInCallOrder } from './stack-order.js';
export { subtractProfiles } from './subtract-profiles.js';
export { type TopGroup, type TopOptions, type TopRow, topOf } from './top-of.js';
export { totals } from './totals.js';
export type {
  Labels,
  NativeMapping,
  NativePlace,
  Period,
  ProfileFrame,
  ProfileOptions,
  ValueColumn,
} from './types.js';
