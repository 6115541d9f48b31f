export { Blame, type Blamed, type BlameOptions } from './blame.js';
export { ANONYMOUS, displayName, type FrameKind, frameKind, isModuleCode, shortPath } from './frame-names.js';
export type { SourceMapLimits } from './source-map-store.js';
