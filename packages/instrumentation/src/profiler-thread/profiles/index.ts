export {
  changeProfile,
  type EndedByKind,
  HEAP_COLUMNS,
  type HeapProfileOptions,
  heapProfile,
  objectBytes,
  peakProfile,
  type SourceChange,
  type SourceState,
  stateProfile,
} from './heap-profile.js';
export { type ObjectCounts, objectCountsByNode } from './object-counts.js';
export { InUseByKind, type ProfilePart } from './profile-part.js';
export { ResidentRemainder } from './resident-remainder.js';
export { type TextViewOptions, textView } from './text-view.js';
