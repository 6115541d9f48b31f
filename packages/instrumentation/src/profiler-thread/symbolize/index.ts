export { ANONYMOUS, type FrameKind, frameKind, shortPath } from './frame-names.js';
export { FrameResolver, type FrameResolverOptions } from './frame-resolver.js';
export type { SourceMapLimits } from './source-map/source-map-store.js';
