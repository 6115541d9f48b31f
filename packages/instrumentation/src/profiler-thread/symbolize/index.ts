export { ANONYMOUS, displayName, type FrameKind, frameKind, isModuleCode, shortPath } from './frame-names.js';
export { FrameResolver, type FrameResolverOptions, type ResolvedFrame } from './frame-resolver.js';
export type { SourceMapLimits } from './source-map/source-map-store.js';
